"""Makes small Word files, PDFs and web pages round an invented report."""

import re
import zipfile
from io import BytesIO

import pytest

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
TITLE = "青禾县人民政府关于2022年度法治政府建设情况的报告"
BODY = [
    "市人民政府:",
    "2022年,青禾县坚持以习近平法治思想为指导,扎实推进依法行政各项任务,现将有关情况报告如下。",
    "一、主要举措和成效",
    "(一)健全依法行政制度体系。制定行政规范性文件12件,备案审查率达100%;清理规范性文件236件,废止41件,修改9件。",
    "(二)依法化解矛盾纠纷。一是受理行政复议案件58件,办结52件,纠错6件。二是人民调解委员会调解纠纷2348件,成功2339件,成功率99.6%。",
    "二、存在的不足和原因",
    "(一)执法力量不足。全县持证执法人员仅412人,因编制所限,乡镇执法队伍难以补充。",
    "(二)宣传形式单一。全年举办法治讲座290余场,发放资料8万余份,但群众知晓率仍然不高。",
    "三、下一步工作安排",
    "(一)加强队伍建设。2023年新增执法人员30名,培训2000人次以上。",
]
SIGNATURE = ["青禾县人民政府", "2023年2月20日"]


@pytest.fixture
def report():
    """Title, paragraphs and signature of the invented report."""
    return TITLE, BODY, SIGNATURE


@pytest.fixture
def make_docx():
    """Make a Word file of the XML inside `<w:body>`; parts are named by their file, `styles`, `numbering`, …."""

    def make(body: str, **parts: str) -> bytes:
        held = BytesIO()
        with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("word/document.xml", f'<w:document xmlns:w="{W}"><w:body>{body}</w:body></w:document>')
            for name, xml in parts.items():
                archive.writestr(f"word/{name}.xml", f'<w:{name} xmlns:w="{W}">{xml}</w:{name}>')
        return held.getvalue()

    return make


@pytest.fixture
def make_pdf():
    """Make a PDF of pages, each a list of (x, y, size, text); or of raw content streams.

    The font is one that every reader has to know, so none is embedded: Chinese letters a square wide, others half.
    """

    def make(pages: list, extra: str = "", trailer: str = "", resources: str = "") -> bytes:
        objects = ["<</Type/Catalog/Pages 2 0 R>>", ""]
        objects.append(
            "<</Type/Font/Subtype/CIDFontType0/BaseFont/STSong-Light/DW 1000/W[1 95 500 814 939 500]/FontDescriptor 4 0 R"
            "/CIDSystemInfo<</Registry(Adobe)/Ordering(GB1)/Supplement 4>>>>"
        )
        objects.append(
            "<</Type/FontDescriptor/FontName/STSong-Light/Flags 6/FontBBox[-25 -254 1000 880]/ItalicAngle 0/Ascent 880"
            "/Descent -120/CapHeight 880/StemV 93>>"
        )
        objects.append(
            "<</Type/Font/Subtype/Type0/BaseFont/STSong-Light/Encoding/UniGB-UTF16-H/DescendantFonts[3 0 R]>>"
        )
        kids = []
        for page in pages:
            stream = page
            if not isinstance(page, str):
                shown = (
                    f"/F1 {size} Tf 1 0 0 1 {x} {y} Tm <{text.encode('utf-16-be').hex()}> Tj"
                    for x, y, size, text in page
                )
                stream = f"BT {' '.join(shown)} ET"
            objects.append(f"<</Length {len(stream)}>>stream\n{stream}\nendstream")
            objects.append(
                f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 620 860]/Contents {len(objects)} 0 R"
                f"/Resources<</Font<</F1 5 0 R>>{resources}>>>>"
            )
            kids.append(f"{len(objects)} 0 R")
        objects[1] = f"<</Type/Pages/Count {len(kids)}/Kids[{' '.join(kids)}]>>"
        objects += [extra] if extra else []
        made, places = "%PDF-1.5\n", []
        for number, one in enumerate(objects, 1):
            places.append(len(made))
            made += f"{number} 0 obj\n{one}\nendobj\n"
        table = "".join(f"{place:010d} 00000 n \n" for place in places)
        return (
            f"{made}xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
            f"trailer<</Size {len(objects) + 1}/Root 1 0 R{trailer}>>\nstartxref\n{len(made)}\n%%EOF"
        ).encode("latin-1")

    return make


@pytest.fixture
def typeset():
    """Set paragraphs in lines of 28 characters, as official documents are; return pages for `make_pdf`."""

    def broken(text: str, first: int, width: int) -> list[str]:
        lines, line, used, room = [], "", 0.0, first
        for word in re.findall(r"[!-~]+|[^!-~][，。、；：！？）》”]*", text):
            wide = sum(0.5 if char.isascii() else 1 for char in word)
            if line and used + wide > room:
                lines.append(line)
                line, used, room = "", 0.0, width
            line, used = line + word, used + wide
        return [*lines, line]

    def pages(
        title: str, paragraphs: list[str], indent: int = 2, rows: int = 12, head: str = "", number: str = "- {} -"
    ):
        lines = [(150, 22, line) for line in broken(title, 14, 14)]
        for text in paragraphs:
            for rank, line in enumerate(broken(text, 28 - indent, 28)):
                lines.append((90 if rank else 90 + 16 * indent, 16, line))
        made = []
        for start in range(0, len(lines), rows):
            page = [(90, 810, 10, head)] if head else []
            page += [(x, 770 - 28 * row, size, line) for row, (x, size, line) in enumerate(lines[start : start + rows])]
            made.append([*page, (300, 50, 12, number.format(len(made) + 1))] if number else page)
        return made

    return pages
