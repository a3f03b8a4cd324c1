"""Paragraphs are put together again; scans, protected and damaged files are refused."""

import threading

import pytest

from analysis.errors import DocumentError
from analysis.extract import pdf
from analysis.extract.lines import tidy

IMAGE = "<</Type/XObject/Subtype/Image/Width 1/Height 1/ColorSpace/DeviceGray/BitsPerComponent 8/Length 1>>stream\n0\nendstream"
PICTURE = "q 600 0 0 800 0 0 cm /I1 Do Q"


@pytest.fixture
def lines(make_pdf):
    return lambda pages, **more: tidy(pdf.text(make_pdf(pages, **more), "a.pdf")).splitlines()


def at(*placed):
    """Make a page of (x, text), a line each, 16 points a character."""
    return [(x, 780 - 28 * rank, 16, text) for rank, (x, text) in enumerate(placed)]


@pytest.mark.parametrize("indent", [0, 2])
@pytest.mark.parametrize("rows", [5, 22])
def test_lines_broken_by_the_page_are_joined(indent, rows, lines, report, typeset):
    title, body, signature = report
    pages = typeset(title, [*body, *signature], indent=indent, rows=rows)
    assert lines(pages) == [title, *body, *signature]


@pytest.mark.parametrize("number", ["- {} -", "— {} —", "第 {} 页", "第{}页 共5页", "{}/5", "{}"])
def test_page_numbers_and_running_heads_are_dropped(number, lines, report, typeset):
    title, body, _ = report
    pages = typeset(title, body, rows=5, head="青禾县2022年度法治政府建设报告 12:30", number=number)
    assert len(pages) >= 4
    assert lines(pages) == [title, *body]


def test_only_the_outermost_number_of_a_page_is_its_number(lines):
    page = at((90, "案件办理情况如下表所示，请予审议。"), (90, "件数"), (90, "2022"), (90, "3"))
    assert "".join(lines([page])).endswith("件数2022")


def test_a_full_line_that_ends_a_sentence_goes_on_unless_a_heading_follows(lines):
    full = "依法行政工作扎实推进，取得明显成效，群众满意度提高。"
    page = at((90, full), (90, full), (90, "一、主要举措"), (90, full), (90, "（一）制度"))
    assert lines([page]) == [full * 2, "一、主要举措", full, "（一）制度"]


def test_words_that_did_not_fit_do_not_end_a_paragraph(lines):
    page = at((122, "依法行政工作扎实推进取得明显成效群众满意度提高二十"), (90, "依法行政工作扎实推进取得明显成效群众满意度提高办结"),
              (90, "99.14%以上，法治政府建设取得成效。"), (122, "下一段。"))  # fmt: skip
    joined, last = lines([page])
    assert joined.endswith("提高办结99.14%以上，法治政府建设取得成效。") and last == "下一段。"


def test_blanks_of_typesetting_are_closed_and_wide_ones_kept(lines):
    page = [
        (90, 780, 16, "法"),
        (110, 780, 16, "治"),
        (130, 780, 16, "政 府"),
        (90, 740, 16, "来源：司法局"),
        (300, 740, 16, "日期：2023"),
    ]
    assert lines([page]) == ["法治政府", "来源：司法局 日期：2023"]


def test_radicals_in_place_of_characters_and_other_signs_of_pdfs():
    assert (
        tidy("⼀、⼯作开展⻓效机制，⽤⼾⺠⽣\u200b\r\n2021‑2025年\x0c\u3000二、")
        == "一、工作开展长效机制，用户民生\n2021-2025年\n二、\n"
    )


@pytest.mark.parametrize(
    ("pages", "message"),
    [
        ([PICTURE, PICTURE], r"a\.pdf: none of its 2 pages has text, it is a scan\. Run text recognition \(OCR\)"),
        (["0 0 m 100 100 l S"], r"none of its 1 pages has text"),
        ([at((90, "一、依法行政工作情况和成效")), PICTURE], r"no text on page 2 of 2, only a picture \(a scan\)"),
        ([at((90, "一、依法行政工作情况和成效"), (90, "- 1 -")), [(90, 50, 9, "- 2 -")], PICTURE], r"on page 3 of 3"),
    ],
)
def test_scans_need_text_recognition_first(pages, message, make_pdf):
    made = make_pdf(pages, extra=IMAGE, resources=f"/XObject<</I1 {6 + 2 * len(pages)} 0 R>>")
    with pytest.raises(DocumentError, match=message):
        pdf.text(made, "a.pdf")


def test_an_empty_page_is_no_scan(lines):
    assert lines([at((90, "一、依法行政工作情况和成效")), "", []]) == ["一、依法行政工作情况和成效"]


def test_letters_without_meaning_need_text_recognition(make_pdf):
    page = [at((90, "法治政府\ue001\ue002\ue003"))]
    with pytest.raises(DocumentError, match=r"does not say what 3 of its 7 characters are.*OCR"):
        pdf.text(make_pdf(page), "a.pdf")


def test_protected_files(make_pdf):
    locked = "<</Filter/Standard/V 1/R 2/Length 40/P -44/O<" + "11" * 32 + ">/U<" + "22" * 32 + ">>>"
    made = make_pdf([at((90, "法治"))], extra=locked, trailer=f"/Encrypt 8 0 R/ID[<{'33' * 16}><{'33' * 16}>]")
    with pytest.raises(DocumentError, match=r"a\.pdf: protected by a password\. Save it without one"):
        pdf.text(made, "a.pdf")


@pytest.mark.parametrize(
    "content", [b"%PDF-1.7", b"%PDF-1.7\n" + b"\x00\xff" * 5000, b"%PDF-1.4\ntrailer<</Root 1 0 R>>"]
)
def test_damaged_files(content):
    with pytest.raises(DocumentError, match=r"a\.pdf: damaged \(.*print it to \.pdf anew"):
        pdf.text(content, "a.pdf")


def test_files_beyond_reason(make_pdf, monkeypatch):
    made = make_pdf([at((90, "法治政府"))] * 3)
    monkeypatch.setattr(pdf, "MOST_CHARACTERS", 7)
    with pytest.raises(DocumentError, match="more than 7 characters"):
        pdf.text(made, "a.pdf")
    monkeypatch.setattr(pdf, "MOST_PAGES", 2)
    with pytest.raises(DocumentError, match="3 pages, more than 2"):
        pdf.text(made, "a.pdf")


def test_threads_take_turns(make_pdf, typeset, report):
    title, body, _ = report
    made, read = make_pdf(typeset(title, body)), []
    threads = [threading.Thread(target=lambda: read.append(pdf.text(made, "a.pdf"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read) == 4 and len(set(read)) == 1
