import pytest

from analysis.errors import DocumentError
from analysis.extract import documents

BODY = "一、工作情况\n某县全面推进依法行政,规范执法行为,取得明显成效,群众满意度不断提高。\n"


@pytest.fixture
def read(tmp_path, readers):
    def one(content: bytes, name: str = "a.txt"):
        (tmp_path / name).write_bytes(content)
        return documents.read(tmp_path / name, tmp_path, readers.codebook)

    return one


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
def test_encodings(read, encoding):
    assert read(BODY.encode(encoding)).text == BODY


def test_text_is_kept_exactly_as_stored(read):
    text = " \r\n\u3000" + BODY.replace("\n", "\r\n") + "\r\n\xa0"
    assert read(text.encode()).text == text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "a.txt: the file is empty"),
        (b" \n\n", "a.txt: the file is empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00", "a.txt: not a text file"),
        (b"just English", "a.txt: no Chinese character in 12 characters"),
    ],
)
def test_files_that_are_no_report(read, content, message):
    with pytest.raises(DocumentError, match=message):
        read(content)


def test_unknown_format_says_which_are_known(read):
    with pytest.raises(DocumentError, match=r"report\.wps: cannot read '\.wps' files\. Save the report as .*\.txt"):
        read(BODY.encode(), "report.wps")


def test_missing_folder(tmp_path):
    with pytest.raises(DocumentError, match="Put the reports there"):
        documents.find(tmp_path / "none")


def test_hidden_files_are_left_out(tmp_path):
    for name in (".DS_Store", "b.txt", "a.txt", "~$a.txt"):
        (tmp_path / name).write_text("x")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "c.txt").write_text("x")
    assert [path.name for path in documents.find(tmp_path)] == ["a.txt", "b.txt"]


def test_names_are_made_of_paths():
    assert documents.name("云南/元谋 2022(公开).txt") == "云南_元谋_2022_公开"
    assert documents.name("---.txt") == "report"


def kinds(document, text):
    made = document(text)
    return [(part.kind, text[part.start : part.end].strip()) for part in made.furniture], text[
        slice(*made.body)
    ].strip()


def test_page_head_and_foot_are_furniture(document):
    text = (
        "无障碍 长者模式\n首页 > 政务公开\n某县人民政府关于2022年度\n法治政府建设情况的报告\n发布时间:2023-03-01 来源:司法局 浏览:12\n\n"
        "市人民政府:\n" + BODY + "某县人民政府\n2023年2月20日\n附件:\n【打印】【关闭】\nhttp://a.cn/1.jpg\n"
    )
    furniture, body = kinds(document, text)
    assert [kind for kind, _ in furniture] == [
        "menu",
        "menu",
        "title",
        "title",
        "page_table",
        "signature",
        "signature",
        "tail",
        "tail",
        "tail",
    ]
    assert body.startswith("市人民政府:")
    assert body.endswith("群众满意度不断提高。")


def test_a_lead_printed_twice_counts_once(document):
    lead = "2023年,市政府坚持以习近平新时代中国特色社会主义思想为指导,推动法治政府建设取得新成效,连续六年名列第一。"
    text = f"某市2023年法治政府建设年度报告\n{lead}一、工作举\n\n  {lead}\n  {BODY}"
    furniture, body = kinds(document, text)
    assert [kind for kind, _ in furniture] == ["title", "summary"]
    assert body.count("连续六年") == 1


def test_a_text_without_page_is_all_body(document):
    text = "2022年,某区按照部署要求,扎实推进各项任务,现将有关情况报告如下。\n" + BODY
    assert kinds(document, text) == ([], text.strip())


@pytest.mark.parametrize("text", ["", "\n\n", "标题", "下载"])
def test_texts_without_any_running_text(document, text):
    made = document(text)
    assert made.body == (0, len(text))


@pytest.mark.parametrize(
    "last", ["行政复议综合纠错率为15.3%,同比下降。", "承办人大代表建议12件。", "全年接受媒体和微信投诉2件。"]
)
def test_a_last_sentence_with_a_buttons_word_is_text(read, last):
    one = read((BODY + last + "\n打印本页 关闭\n主办：某县人民政府办公室\n").encode())
    assert one.text[slice(*one.body)].strip().endswith(last)
