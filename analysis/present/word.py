"""In: the printed cells of a table. Out: a DOCX with one three-line table, the same bytes each time."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from typing import Any

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

_WHEN = datetime(2000, 1, 1)  # of every file: the time of saving would change the bytes
_LATIN, _CHINESE = "Times New Roman", "SimSun"  # what Chinese journals ask for; Word puts its own where they lack
_PAGE = (210, 297, 25)  # mm: A4 and its margins


def table(
    title: str, notes: Sequence[str], head: Sequence[str], rows: Sequence[Sequence[str]],
    widths: Sequence[float], right: Sequence[bool],
) -> bytes:  # fmt: skip
    """Return a DOCX with title, table (rules at top, below the head, at the bottom; the head repeats) and notes.

    Parameters
    ----------
    title, notes : str, sequence of str
        Above, and a paragraph each below.
    head, rows : sequence of str
        Printed texts.
    widths : sequence of float
        Of the columns in millimetres; wider than a page's text, the page is turned.
    right : sequence of bool
        Whether a column is set flush right: numbers.
    """
    document = Document()
    wide, high, margin = _PAGE
    section = document.sections[0]
    if sum(widths) > wide - 2 * margin:
        section.orientation, wide, high = WD_ORIENT.LANDSCAPE, high, wide
    section.page_width, section.page_height = Mm(wide), Mm(high)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Mm(margin)
    scale = min(1.0, (wide - 2 * margin) / sum(widths))
    _font(document.styles["Normal"])
    _write(document.add_paragraph(), title, 10.5)
    made = document.add_table(rows=0, cols=len(head))
    made.alignment, made.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    for number, texts in enumerate([head, *rows]):
        row = made.add_row()
        for text, cell, width, flush in zip(texts, row.cells, widths, right, strict=True):
            cell.width = Mm(round(width * scale, 1))
            _write(cell.paragraphs[0], text, 9, flush)
            _rule(cell, top=number == 0, bottom=number in (0, len(rows)))
        _mark(row, "cantSplit")
        if number == 0:
            _mark(row, "tblHeader")
    for note in notes:
        _write(document.add_paragraph(), note, 9)
    about = document.core_properties
    about.title = title[:255]  # Word takes no more
    about.author, about.last_modified_by, about.comments = "", "", ""
    about.created = about.modified = _WHEN
    about.revision = 1
    return _same_bytes(document)


def _font(style: Any) -> None:
    style.font.name = _LATIN
    style.element.rPr.rFonts.set(qn("w:eastAsia"), _CHINESE)
    style.paragraph_format.space_after = Pt(3)


def _write(paragraph: Any, text: str, size: float, flush: bool = False) -> None:
    paragraph.add_run(text).font.size = Pt(size)
    paragraph.paragraph_format.space_after = Pt(1)
    if flush:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT


def _rule(cell: Any, **sides: bool) -> None:
    """Draw the cell's own lines: above the head, below it, below the last row."""
    borders = OxmlElement("w:tcBorders")
    for side, drawn in sides.items():
        if drawn:
            line = OxmlElement(f"w:{side}")
            for name, value in (("val", "single"), ("sz", "8"), ("space", "0"), ("color", "auto")):
                line.set(qn(f"w:{name}"), value)
            borders.append(line)
    cell._tc.get_or_add_tcPr().append(borders)


def _mark(row: Any, name: str) -> None:
    row._tr.get_or_add_trPr().append(OxmlElement(f"w:{name}"))


def _same_bytes(document: Any) -> bytes:
    """Write the package again with one date in every entry of the zip."""
    saved, out = BytesIO(), BytesIO()
    document.save(saved)
    with zipfile.ZipFile(saved) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            about = zipfile.ZipInfo(entry.filename, _WHEN.timetuple()[:6])
            about.compress_type, about.create_system = zipfile.ZIP_DEFLATED, 3
            target.writestr(about, source.read(entry))
    return out.getvalue()
