"""The same report through every format; what is refused, and with which words."""

import html

import pytest

from analysis import paths, tables
from analysis.errors import DocumentError
from analysis.extract import build, documents, formats, report


def as_docx(title, paragraphs, make_docx, typeset, make_pdf):
    return make_docx("".join(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>" for text in [title, *paragraphs]))


def as_pdf(title, paragraphs, make_docx, typeset, make_pdf):
    return make_pdf(typeset(title, paragraphs))


def as_page(title, paragraphs, make_docx, typeset, make_pdf):
    shown = "".join(f"<p>　　{html.escape(text)}</p>\r\n" for text in paragraphs)
    return f"<html><title>{title}</title><h1>{title}</h1><div class=TRS_Editor>{shown}</div></html>".encode("gbk")


@pytest.fixture
def read(tmp_path, readers):
    def one(content: bytes, name: str):
        (tmp_path / name).write_bytes(content)
        return documents.read(tmp_path / name, tmp_path, readers.codebook)

    return one


def found(document, readers):
    """What the tables say of a report, without where it stands."""
    rows, _ = report.extract(document, readers)
    about = rows["reports"][0]
    return (
        [(one["depth"], one["number"], one["heading"], one["role"]) for one in rows["sections"]],
        [(one["text"], one["value"], one["unit"], one["role"]) for one in rows["quantities"]],
        [(one["indicator"], one["value"]) for one in rows["indicators"]],
        [about[column] for column in ("title", "issuer", "report_year", "signed_on", "chars")],
        [one["text"] for one in rows["items"]],
    )


@pytest.mark.parametrize("suffix", ["html", "docx", "pdf"])
def test_the_same_report_in_every_format(suffix, read, report, readers, make_docx, typeset, make_pdf):
    title, body, signature = report
    made = {"html": as_page, "docx": as_docx, "pdf": as_pdf}[suffix]
    plain = read("\n".join([title, *body, *signature]).encode(), "a.txt")
    other = read(made(title, [*body, *signature], make_docx, typeset, make_pdf), f"b.{suffix}")
    expected = found(plain, readers)
    assert len(expected[0]) == 11 and len(expected[1]) >= 14
    assert found(other, readers) == expected
    assert other.text == plain.text + "\n"


def test_the_stored_text_is_the_extracted_one(tmp_path, report, make_docx, typeset, make_pdf):
    title, body, signature = report
    reports, out = tmp_path / "reports", tmp_path / "tables"
    reports.mkdir()
    (reports / "一.docx").write_bytes(as_docx(title, [*body, *signature], make_docx, typeset, make_pdf))
    (reports / "二.pdf").write_bytes(b"%PDF-1.7 broken")
    made = build.build(reports, out)
    text = (out / "text" / "一.txt").read_text(encoding="utf-8")
    assert text.startswith(f"{title}\n市人民政府:\n2022年")
    frame = tables.read("quantities", out)
    assert all(text[row.start : row.end] == row.text for row in frame.itertuples())
    sha256 = tables.read("reports", out)["sha256"].item()
    assert sha256 == documents.hashlib.sha256((reports / "一.docx").read_bytes()).hexdigest()
    assert made.failures[0].startswith("二.pdf: damaged")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.doc", r"a\.doc: cannot read '\.doc' files\. Save the report as \.docx or \.pdf"),
        ("a.WPS", r"cannot read '\.wps' files\. Save the report as \.docx or \.pdf"),
        ("a.ofd", r"OFD reader or WPS and save the report as \.pdf"),
        ("a.jpg", r"text recognition \(OCR\)"),
        ("a.mht", r"save the page as \.html"),
        ("a.xlsx", r"cannot read '\.xlsx' files\. Save the report as one of \.docx, \.htm, .*\.txt"),
        ("a", r"a: cannot read 'no suffix' files"),
    ],
)
def test_formats_that_cannot_be_read_say_what_to_do(read, name, message):
    with pytest.raises(DocumentError, match=message):
        read("一、工作情况".encode(), name)


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (
            b"%PDF-1.7",
            "a.docx",
            r"a\.docx: not a \.docx file, its content is that of a \.pdf file\. Rename it to \.pdf",
        ),
        (b"PK\x03\x04", "a.pdf", r"Rename it to \.docx"),
        (b"PK\x03\x04", "a.doc", r"cannot read '\.doc' files\. Its content is that of a \.docx file: rename it"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1",
            "a.docx",
            r"an old \.doc file, or of one protected by a password\. Save the report",
        ),
        (b"\x89PNG\r\n", "a.html", r"content is that of a \.png file\. A picture has no text"),
        (b"", "a.pdf", r"a\.pdf: the file is empty"),
        (b" \r\n", "a.html", r"a\.html: the file is empty"),
        (b"<html><p>only English</p>", "a.html", "no Chinese character"),
    ],
)
def test_files_that_are_not_what_their_name_says(read, content, name, message):
    with pytest.raises(DocumentError, match=message):
        read(content, name)


def test_files_beyond_reason(read, monkeypatch):
    monkeypatch.setattr(formats, "LARGEST", 100)
    with pytest.raises(DocumentError, match="more than 100 bytes"):
        read("法".encode() * 40, "a.txt")


def test_what_a_browser_saves_beside_a_page_is_no_report(tmp_path):
    for name in ("报告.html", "报告_files/a.js", "报告_files/sub/b.html", "other_files/c.txt", "报告/d.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text("x")
    shown = [path.relative_to(tmp_path).as_posix() for path in documents.find(tmp_path)]
    assert shown == ["other_files/c.txt", "报告.html", "报告/d.txt"]


def test_every_word_list_of_pages_has_a_known_kind(readers):
    assert {row["kind"] for row in readers.codebook.files["webpage"]} == {"container", "button", "opener", "meta"}
    assert paths.CODEBOOK.joinpath("webpage.csv").read_bytes().startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [("utf-8", "utf-8"), ("gb2312", "gbk"), ("", "gb18030"), ("", "utf-8"), ("gbk", "utf-8"), ("utf-8", "gb18030"),
     ("big5", "big5"), ("", "utf-16"), ("utf-8", "utf-8-sig")],
)  # fmt: skip
def test_pages_in_any_encoding_whatever_they_declare(declared, encoding):
    page = f'<meta http-equiv=Content-Type content="text/html; charset={declared}"><p>行政年度第一,一、二、三</p>'
    assert formats.decode_page(page.encode(encoding), "a.html") == page


@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_a_page_with_a_character_cut_in_two_is_read(encoding):
    page = f"<meta charset={encoding}>" + "<p>依法行政各项工作</p>" * 200
    content = page.encode(encoding)
    at = content.rindex("政".encode(encoding))
    read = formats.decode_page(content[: at + 1] + content[at + len("政".encode(encoding)) :], "a.html")
    assert read.count("依法行") == 200 and 1 <= read.count("\ufffd") <= 2
    with pytest.raises(DocumentError, match=r"a\.html: no encoding fits"):
        formats.decode_page(bytes(range(128, 256)) * 20, "a.html")
