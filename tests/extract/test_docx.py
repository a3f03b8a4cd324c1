"""What a Word file shows is what is read: numbers, tables, text boxes, tracked changes; and files that are none."""

import zipfile
from io import BytesIO

import pytest

from analysis.errors import DocumentError
from analysis.extract import docx, numbering


def p(text, properties="", run=""):
    return f'<w:p><w:pPr>{properties}</w:pPr><w:r>{run}<w:t xml:space="preserve">{text}</w:t></w:r></w:p>'


def numbered(text, level, instance=1):
    return p(text, f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{instance}"/></w:numPr>')


def levels(*formats, abstract=0, more=""):
    """Make an abstract list of (format, text) pairs."""
    shown = "".join(
        f'<w:lvl w:ilvl="{level}"><w:start w:val="1"/><w:numFmt w:val="{kind}"/><w:lvlText w:val="{text}"/>{more}</w:lvl>'
        for level, (kind, text) in enumerate(formats)
    )
    return f'<w:abstractNum w:abstractNumId="{abstract}">{shown}</w:abstractNum>'


def instance(number=1, abstract=0, more=""):
    return f'<w:num w:numId="{number}"><w:abstractNumId w:val="{abstract}"/>{more}</w:num>'


@pytest.fixture
def lines(make_docx):
    return lambda body, **parts: docx.text(make_docx(body, **parts), "a.docx").splitlines()


OFFICIAL = levels(
    ("chineseCounting", "%1、"), ("chineseCountingThousand", "（%2）"), ("decimal", "%3."), ("decimal", "(%4)")
)


def test_automatic_numbers_restart_below_each_heading(lines):
    body = "".join(numbered(text, level) for text, level in [
        ("工作", 0), ("制度", 1), ("2022年制定", 2), ("修改", 2), ("执法", 1), ("培训", 2), ("考核", 3), ("问题", 0), ("力量", 1),
    ])  # fmt: skip
    assert lines(body, numbering=OFFICIAL + instance()) == [
        "一、工作", "（一）制度", "1. 2022年制定", "2. 修改", "（二）执法", "1. 培训", "(1)考核", "二、问题", "（一）力量",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "count", "shown"),
    [
        ("chineseCounting", 10, "十"),
        ("chineseCounting", 21, "二十一"),
        ("chineseCountingThousand", 105, "一百零五"),
        ("japaneseCounting", 12, "十二"),
        ("ideographDigital", 10, "一〇"),
        ("chineseLegalSimplified", 3, "叁"),
        ("ideographTraditional", 2, "乙"),
        ("decimalEnclosedCircleChinese", 3, "③"),
        ("decimalEnclosedParen", 2, "⑵"),
        ("decimalFullWidth", 12, "１２"),
        ("decimalZero", 3, "03"),
        ("upperRoman", 14, "XIV"),
        ("lowerLetter", 3, "c"),
        ("unheardOf", 4, "4"),
    ],
)
def test_formats_of_numbers(kind, count, shown, lines):
    start = levels((kind, "%1、")).replace('w:start w:val="1"', f'w:start w:val="{count}"')
    assert lines(numbered("甲", 0), numbering=start + instance()) == [f"{shown}、甲"]


def test_numbers_that_styles_give(lines):
    styles = """<w:style w:type="paragraph" w:styleId="2"><w:name w:val="heading 1"/><w:pPr><w:numPr><w:numId w:val="1"/>
    </w:numPr></w:pPr></w:style><w:style w:type="paragraph" w:styleId="3"><w:name w:val="mine"/><w:basedOn w:val="2"/>
    </w:style><w:style w:type="paragraph" w:styleId="4"><w:pPr><w:numPr><w:ilvl w:val="1"/><w:numId w:val="1"/></w:numPr>
    </w:pPr></w:style>"""
    body = "".join(p(text, f'<w:pStyle w:val="{style}"/>{more}') for text, style, more in [
        ("一级", 2, ""), ("二级", 4, ""), ("也是一级", 3, ""), ("不编号", 2, '<w:numPr><w:numId w:val="0"/></w:numPr>'),
    ])  # fmt: skip
    shown = lines(body, numbering=OFFICIAL + instance(), styles=styles)
    assert shown == ["一、一级", "（一）二级", "二、也是一级", "不编号"]


def test_instances_of_a_list_go_on_unless_they_say_where_to_start(lines):
    override = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride>'
    numbers = OFFICIAL + instance(1) + instance(2) + instance(3, more=override)
    body = "".join(numbered("项", 0, number) for number in (1, 2, 3, 3, 9))
    assert lines(body, numbering=numbers) == ["一、项", "二、项", "一、项", "二、项", "项"]


def test_all_levels_in_one_number_and_bullets_without_any(lines):
    legal = levels(("chineseCounting", "第%1章"), ("chineseCounting", "%1.%2")) + instance()
    legal = legal.replace('"%1.%2"/>', '"%1.%2"/><w:isLgl/>')
    assert lines(numbered("总则", 0) + numbered("目的", 1), numbering=legal) == ["第一章 总则", "1.1 目的"]
    bullets = levels(("bullet", "\uf06c")) + instance()
    assert lines(numbered("要点", 0), numbering=bullets) == ["要点"]


def test_tracked_changes_count_as_accepted(lines):
    body = """<w:p><w:r><w:t>受理</w:t></w:r><w:del><w:r><w:delText>11</w:delText></w:r></w:del><w:ins><w:r><w:t>12</w:t></w:r>
    </w:ins><w:moveFrom><w:r><w:t>旧</w:t></w:r></w:moveFrom><w:moveTo><w:r><w:t>件</w:t></w:r></w:moveTo></w:p>
    <w:p><w:pPr><w:rPr><w:del/></w:rPr></w:pPr><w:r><w:t>上半句</w:t></w:r></w:p><w:p><w:r><w:t>下半句</w:t></w:r></w:p>
    <w:p><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr><w:rPr><w:del/></w:rPr></w:pPr><w:del><w:r><w:delText>x</w:delText></w:r>
    </w:del></w:p>"""
    assert lines(body + numbered("一级", 0), numbering=OFFICIAL + instance()) == [
        "受理12件",
        "上半句下半句",
        "一、一级",
    ]


def test_links_controls_fields_breaks_and_hidden_words(lines):
    body = """<w:sdt><w:sdtPr/><w:sdtContent><w:p><w:hyperlink><w:r><w:t>法治</w:t></w:r></w:hyperlink><w:sdt><w:sdtContent>
    <w:r><w:t>政府</w:t></w:r></w:sdtContent></w:sdt><w:fldSimple><w:r><w:t>建设</w:t></w:r></w:fldSimple></w:p></w:sdtContent>
    </w:sdt><w:p><w:r><w:instrText>PAGE</w:instrText></w:r><w:r><w:t>一行</w:t><w:br/><w:t>二</w:t><w:tab/><w:t>行</w:t>
    <w:noBreakHyphen/></w:r><w:r><w:rPr><w:vanish/></w:rPr><w:t>隐藏</w:t></w:r><w:r><w:rPr><w:vanish w:val="0"/></w:rPr>
    <w:t>可见</w:t></w:r></w:p>"""
    assert lines(body) == ["法治政府建设", "一行", "二\t行-可见"]


def test_tables_and_text_boxes(lines):
    cell = "<w:tc>{}</w:tc>".format
    body = f"""<w:tbl><w:tr>{cell(p("事项"))}{cell(p("件数"))}</w:tr><w:tr>{cell(p("复议"))}{cell(p("58件"))}</w:tr>
    <w:tr><w:trPr><w:del/></w:trPr>{cell(p("删去"))}</w:tr><w:sdt><w:sdtContent><w:tr>{cell(p("一段") + p("二段"))}</w:tr>
    </w:sdtContent></w:sdt></w:tbl>
    <w:p><w:r><w:t>正文</w:t><mc:AlternateContent xmlns:mc="m"><mc:Choice><w:drawing><w:txbxContent>{p("文本框")}</w:txbxContent>
    </w:drawing></mc:Choice><mc:Fallback><w:pict><w:txbxContent>{p("文本框")}</w:txbxContent></w:pict></mc:Fallback>
    </mc:AlternateContent></w:r></w:p>"""
    assert lines(body) == ["事项 | 件数", "复议 | 58件", "一段", "二段", "正文", "文本框"]


def test_contents_headers_and_comments_are_left_out_and_notes_come_last(lines):
    contents = "<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val='Table of Contents'/></w:docPartObj></w:sdtPr>"
    body = f"""{contents}<w:sdtContent>{p("一、工作 1")}</w:sdtContent></w:sdt>{p("二、问题 3", '<w:pStyle w:val="12"/>')}
    {p("正文", run="<w:footnoteReference w:id='2'/>")}"""
    styles = '<w:style w:styleId="12" w:type="paragraph"><w:name w:val="toc 1"/></w:style>'
    notes = f'<w:footnote w:type="separator">{p("—")}</w:footnote><w:footnote>{p("数据截至2022年底。")}</w:footnote>'
    shown = lines(body, styles=styles, footnotes=notes, header1=p("页眉"), comments=p("批注"))
    assert shown == ["正文", "[1] 数据截至2022年底。"]


def test_strict_namespace_and_another_name_for_the_document():
    held = BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        relation = '<Relationships><Relationship Type="x/officeDocument" Target="/word/document2.xml"/></Relationships>'
        archive.writestr("_rels/.rels", relation)
        strict = "http://purl.oclc.org/ooxml/wordprocessingml/main"
        archive.writestr("word/document2.xml", f'<d xmlns="{strict}"><body><p><r><t>法治</t></r></p></body></d>')
    assert docx.text(held.getvalue(), "a.docx") == "法治"


def archive_of(**parts):
    held = BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/"), content)
    return held.getvalue()


BOMB = "<!DOCTYPE a [<!ENTITY x 'aaaaaaaaaa'>" + "".join(f"<!ENTITY x{n} '&x;&x;'>" for n in range(50)) + "]><a>&x;</a>"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (archive_of(**{"xl__workbook.xml": "<a/>"}), "holds no Word document"),
        (archive_of(**{"word__document.xml": "<a>" * 300 + "</a>" * 300}), "more than 200 elements inside each other"),
        (archive_of(**{"word__document.xml": "<a>"}), "damaged or protected by a password .no element found"),
        (archive_of(**{"word__document.xml": BOMB}), "declares a document type, which no Word file does"),
        (archive_of(**{"word__document.xml": BOMB.encode("utf-16")}), "declares a document type"),
        (archive_of(**{"word__document.xml": "<a>" + "<b/>" * 1_000_001 + "</a>"}), "1,000,000 tags. Copy the report"),
        (archive_of(**{"word__document.xml": b" " * 30_000_001}), "unpacks to more than 30,000,000 bytes"),
        (archive_of(**{"..__..__word__document.xml": "<a/>"}), "holds no Word document"),
        (archive_of(**{"_rels__.rels": '<R><r Type="/officeDocument" Target="../../etc/passwd"/></R>'}), "holds no Word"),
        (b"PK\x03\x04" + b"PK\x01\x02" * 10_001, "more than 10,000 files inside"),
        (b"PK\x03\x04 not a zip", "damaged or protected by a password"),
    ],
    ids=lambda part: part if isinstance(part, str) else "file",  # an archive's bytes hold the time: two workers' differ
)  # fmt: skip
def test_files_that_are_no_word_files(content, message):
    with pytest.raises(DocumentError, match=rf"a\.docx: .*{message}"):
        docx.text(content, "a.docx")


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.95])
def test_truncated_files(kept, make_docx):
    content = make_docx(p("法治政府" * 1000))
    with pytest.raises(DocumentError, match="damaged or protected by a password"):
        docx.text(content[: int(len(content) * kept)], "a.docx")


def test_damaged_bytes_inside(make_docx):
    content = bytearray(make_docx(p("法治政府" * 1000)))
    content[60:70] = b"\xff" * 10
    with pytest.raises(DocumentError, match="damaged or protected by a password"):
        docx.text(bytes(content), "a.docx")


def test_styles_that_rest_on_each_other(lines):
    styles = (
        '<w:style w:styleId="1"><w:basedOn w:val="2"/></w:style><w:style w:styleId="2"><w:basedOn w:val="1"/></w:style>'
    )
    assert lines(p("甲", '<w:pStyle w:val="1"/>'), styles=styles, numbering=OFFICIAL + instance()) == ["甲"]
    assert numbering._chinese(0) == "0" and numbering._chinese(12345) == "12345"
