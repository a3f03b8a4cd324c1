"""In: nothing. Out: small report files of every format, whole ones to stand beside hostile ones."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from html import escape
from io import BytesIO
from pathlib import Path

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
TITLE = "青禾县人民政府关于{year}年度法治政府建设情况的报告"
BODY = (
    "{year}年，青禾县坚持以习近平法治思想为指导，扎实推进依法行政各项任务，现将有关情况报告如下。",
    "一、主要举措和成效",
    "（一）健全依法行政制度体系。制定行政规范性文件12件，备案审查率达100%；清理规范性文件236件，废止41件，修改9件。",
    "（二）依法化解矛盾纠纷。一是受理行政复议案件58件，办结52件，纠错6件。二是调解纠纷2348件，成功2339件，成功率99.6%。",
    "二、存在的不足和原因",
    "（一）执法力量不足。全县持证执法人员仅412人，因编制所限，乡镇执法队伍难以补充。",
    "（二）宣传形式单一。全年举办法治讲座290余场，发放资料8万余份，但群众知晓率仍然不高。",
    "三、下一步工作安排",
    "（一）加强队伍建设。培训执法人员2000人次以上。",
    "青禾县人民政府",
    "2023年2月20日",
)


def lines(year: int = 2022) -> list[str]:
    """Return the lines of an invented report."""
    return [line.format(year=year) for line in (TITLE, *BODY)]


def text(year: int = 2022) -> str:
    """Return an invented report as text."""
    return "\n".join(lines(year)) + "\n"


def page(inner: str, head: str = '<meta charset="utf-8">') -> bytes:
    """Return a web page."""
    return f"<!doctype html><html><head>{head}</head><body>{inner}</body></html>".encode()


def paragraphs(given: list[str]) -> str:
    """Return lines as paragraphs of a web page."""
    return "".join(f"<p>{escape(line)}</p>" for line in given)


def archive(parts: Mapping[str, str | bytes]) -> bytes:
    """Return a zip archive."""
    held = BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in parts.items():
            out.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)  # with no time: the same bytes each time
    return held.getvalue()


def word(body: str, parts: Mapping[str, str | bytes] | None = None) -> bytes:
    """Return a Word file of the XML inside `<w:body>`, and further parts of the archive."""
    document = f'<w:document xmlns:w="{W}"><w:body>{body}</w:body></w:document>'
    return archive({"word/document.xml": document, **(parts or {})})


def paragraph(line: str) -> str:
    """Return a paragraph of a Word file."""
    return f"<w:p><w:r><w:t>{escape(line)}</w:t></w:r></w:p>"


def pdf(pages: list[list[str]], *, tree: str = "", trailer: str = "", extra: tuple[str, ...] = ()) -> bytes:
    """Return a PDF with a font that every reader knows; `tree` stands in place of its tree of pages."""
    font = (
        "<</Type/Font/Subtype/CIDFontType0/BaseFont/STSong-Light/DW 1000/FontDescriptor 4 0 R"
        "/CIDSystemInfo<</Registry(Adobe)/Ordering(GB1)/Supplement 4>>>>"
    )
    about = (
        "<</Type/FontDescriptor/FontName/STSong-Light/Flags 6/FontBBox[-25 -254 1000 880]/ItalicAngle 0/Ascent 880"
        "/Descent -120/CapHeight 880/StemV 93>>"
    )
    whole = "<</Type/Font/Subtype/Type0/BaseFont/STSong-Light/Encoding/UniGB-UTF16-H/DescendantFonts[3 0 R]>>"
    objects = ["<</Type/Catalog/Pages 2 0 R>>", "", font, about, whole]
    kids = []
    for given in pages:
        shown = " ".join(
            f"1 0 0 1 60 {800 - 24 * row} Tm <{line.encode('utf-16-be').hex()}> Tj" for row, line in enumerate(given)
        )
        stream = f"BT /F1 10 Tf {shown} ET"
        objects.append(f"<</Length {len(stream)}>>stream\n{stream}\nendstream")
        objects.append(
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 900 860]/Contents {len(objects)} 0 R"
            "/Resources<</Font<</F1 5 0 R>>>>>>"
        )
        kids.append(f"{len(objects)} 0 R")
    objects[1] = tree or f"<</Type/Pages/Count {len(kids)}/Kids[{' '.join(kids)}]>>"
    objects += extra
    made, places = bytearray(b"%PDF-1.5\n"), []
    for number, one in enumerate(objects, 1):
        places.append(len(made))
        made += f"{number} 0 obj\n{one}\nendobj\n".encode("latin-1")
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    end = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer<</Size {len(objects) + 1}/Root 1 0 R{trailer}>>"
    return bytes(made) + f"{end}\nstartxref\n{len(made)}\n%%EOF".encode()


def good(folder: Path) -> None:
    """Write a whole report in each format."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "good_txt.txt").write_text(text(2019), "utf-8")
    (folder / "good_html.html").write_bytes(page(paragraphs(lines(2020))))
    (folder / "good_docx.docx").write_bytes(word("".join(map(paragraph, lines(2021)))))
    (folder / "good_pdf.pdf").write_bytes(pdf([lines(2022)]))


def folder(of: str | Path) -> Path:
    """Return a path; a folder for the reports is made in it."""
    (Path(of) / "reports").mkdir(parents=True, exist_ok=True)
    return Path(of)
