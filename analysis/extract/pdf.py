"""In: a PDF's bytes. Out: its paragraphs: lines that the page broke are joined, page numbers and heads dropped."""

from __future__ import annotations

import ctypes
import re
import threading
import zlib
from collections import Counter
from itertools import pairwise
from statistics import median
from typing import Any, NamedTuple

from analysis.errors import DocumentError
from analysis.extract.characters import HAN
from analysis.extract.lines import NUMBERED, joint

MOST_PAGES = 500
MOST_CHARACTERS = 300_000  # of all pages; a long report has thirty thousand
BLANK = 10  # characters: a page with fewer has no text
UNKNOWN = 0.1  # share of characters whose meaning the file does not give
UNPACKED = (
    50_000_000  # bytes of its streams, but for pictures; a hundred pages with their fonts have some twenty million
)
REPEATED = 0.6  # share of the pages that a line must head or foot to be dropped

_EDGE = 2  # lines at a page's top and bottom that may be a running head
_INDENT, _GAP = 1.2, 0.8  # characters: behind the left margin, between words
_SLACK = {False: 1.0, True: 2.5}  # characters before the right margin, where paragraphs are not marked, are marked
_LARGER = 1.15  # times the width of a character, or the distance of lines, that is usual
_FIRST = re.compile(r"[（(《“‘〔【]*(?:[!-~]+|.)[，。、；：！？）》”’]*")  # what a line cannot be broken in
_PAGE_NUMBER = re.compile(
    r"[-—–－·. ]*(?:第 ?)?[0-9０-９]{1,4}(?: ?页)?(?: ?[/,，|]? ?共? ?[0-9０-９]{1,4} ?页?)?[-—–－·. ]*"
)
_CANNOT_BEGIN = tuple("，。、；：！？）》”’】〉,;:!?)")
_SENTENCE_END = ("。", "：", ":", "；", ";", "！", "？")
_STREAM = re.compile(rb"stream\r?\n(?=[\x08\x18\x28\x38\x48\x58\x68\x78])")  # packed with zlib
_HYPHENS = {0x02, 0xAD, 0xFFFE}  # at a line's end, or in a font that has one sign for all
_MEANINGLESS = re.compile("[\x01-\x08\x0e-\x1f\ufffd\ue000-\uf8ff]")
_PDFIUM = threading.Lock()  # pdfium is not safe to use from two threads, not even for two files


class Row(NamedTuple):
    """A line as it stands on a page: text, left and right edge, height and width of a character, all in points."""

    text: str
    left: float
    right: float
    bottom: float
    em: float


class Frame(NamedTuple):
    """What is usual in a document: margins, width of a character, distance of lines.

    `marked` says whether paragraphs begin with an indent or after a gap.
    """

    left: float
    right: float
    em: float
    leading: float
    marked: bool = False


def text(content: bytes, file: str) -> str:
    """Return the paragraphs of a PDF with text.

    Safe to call from several threads: they take turns.

    Parameters
    ----------
    file : str
        Its name, for the message.

    Raises
    ------
    DocumentError
        Damaged, protected by a password, scanned, its characters unknown, or larger than this module's constants.
    """
    with _PDFIUM:
        pages = _pages(content, file)
    shown = "".join(row.text for page in pages for row in page)
    unknown = len(_MEANINGLESS.findall(shown))
    if unknown > UNKNOWN * len(shown):
        why = f"the file does not say what {unknown:,} of its {len(shown):,} characters are"
        raise DocumentError(f"{file}: {why}. Run text recognition (OCR) on it, or save the report from its source.")
    pages = _without_heads(pages)
    rows = [row for page in pages for row in page]
    return "".join(_joined(rows, _frame(rows))) if rows else ""


def _pages(content: bytes, file: str) -> list[list[Row]]:
    """Read the lines of every page."""
    import pypdfium2
    from pypdfium2 import raw

    if _unpacked(content) > UNPACKED:
        raise DocumentError(f"{file}: unpacks to more than {UNPACKED:,} bytes. Print it to .pdf anew.")
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        if raw.FPDF_GetLastError() == raw.FPDF_ERR_PASSWORD or "assword" in str(error):
            raise DocumentError(f"{file}: protected by a password. Save it without one.") from None
        raise DocumentError(f"{file}: damaged ({error}). Download it again, or print it to .pdf anew.") from None
    try:
        if len(document) > MOST_PAGES:
            raise DocumentError(f"{file}: {len(document):,} pages, more than {MOST_PAGES}. Cut the report out of it.")
        pages: list[list[Row]] = []
        scanned: list[int] = []
        left = MOST_CHARACTERS
        for number in range(len(document)):
            page = document[number]
            rows, count = _rows(page, left)
            left -= count
            if left < 0:
                raise DocumentError(f"{file}: more than {MOST_CHARACTERS:,} characters. Cut the report out of it.")
            if sum(len(row.text) for row in rows) < BLANK and _is_picture(page):
                scanned.append(number + 1)
            pages.append(rows)
            page.close()
    except pypdfium2.PdfiumError as error:
        raise DocumentError(f"{file}: damaged ({error}). Download it again, or print it to .pdf anew.") from None
    finally:
        document.close()
    todo = "Run text recognition (OCR) on it first and check the result"
    if not any(rows for rows in pages):
        raise DocumentError(f"{file}: none of its {len(pages)} pages has text, it is a scan. {todo}.")
    if scanned:
        listed = ", ".join(map(str, scanned[:10])) + (" …" if len(scanned) > 10 else "")
        raise DocumentError(f"{file}: no text on page {listed} of {len(pages)}, only a picture (a scan). {todo}.")
    return pages


def _unpacked(content: bytes) -> int:
    """Return how many bytes the packed streams unpack to, counted to the bound only: pdfium itself has none."""
    total = 0
    for begins in _STREAM.finditer(content):
        start = content.rfind(b"obj", max(0, begins.start() - 2000), begins.start())
        about = content[max(start, 0) : begins.start()]
        if b"/Image" not in about and total <= UNPACKED:
            packed = zlib.decompressobj()
            try:
                for at in range(begins.end(), len(content), 1 << 16):
                    piece = content[at : at + (1 << 16)]
                    while piece and total <= UNPACKED:
                        total += len(packed.decompress(piece, 1 << 20))
                        piece = packed.unconsumed_tail
                    if packed.eof or total > UNPACKED:
                        break
            except zlib.error:  # not packed so, or damaged
                continue
    return total


def _is_picture(page: Any) -> bool:
    """Whether a picture covers more than a third of a page."""
    from pypdfium2 import raw

    width, height = page.get_size()
    for one in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=5):
        left, bottom, right, top = one.get_bounds()
        if 3 * (right - left) * (top - bottom) > width * height:
            return True
    return False


def _rows(page: Any, most: int) -> tuple[list[Row], int]:
    """Return a page's lines and its count of characters; no lines when there are more than `most`."""
    from pypdfium2 import raw

    textpage = page.get_textpage()
    count = textpage.count_chars()
    rows: list[Row] = []
    line: list[tuple[str, float, float, float]] = []
    box = raw.FS_RECTF()
    for index in range(count if count <= most else 0):
        code = raw.FPDFText_GetUnicode(textpage, index)
        if code in (0x0A, 0x0D):
            rows += _row(line)
            line = []
        elif raw.FPDFText_GetLooseCharBox(textpage, index, ctypes.byref(box)):
            char = "-" if code in _HYPHENS else chr(code or 0xFFFD)  # 0: the file does not say what it is
            line.append((char, box.left, box.right, box.bottom))
    rows += _row(line)
    textpage.close()
    return rows, count


def _row(line: list[tuple[str, float, float, float]]) -> list[Row]:
    """Make a line of its characters, or nothing when all are blank."""
    inked = [one for one in line if not one[0].isspace()]
    if not inked:
        return []
    widths = [right - left for char, left, right, _ in inked if HAN.match(char)]
    em = median(widths or [2 * (right - left) for _, left, right, _ in inked]) or 1.0
    words, end, blank = "", 0.0, False
    for char, left, right, _ in line:
        if char.isspace():
            blank = True
            continue
        if words and blank:  # typesetting leaves blanks between Chinese characters; only wide ones are meant
            letters = words[-1].isascii() and words[-1].isalpha() and char.isascii() and char.isalpha()
            words += " " if letters or left - end > _GAP * em else ""
        words, end, blank = words + char, right, False
    text = words.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    left, right = min(one[1] for one in inked), max(one[2] for one in inked)
    return [Row(text, left, right, median(one[3] for one in inked), em)]


def _without_heads(pages: list[list[Row]]) -> list[list[Row]]:
    """Drop page numbers, and the lines that head or foot most pages."""
    keys = Counter(
        key for page in pages for key in {_without_digits(row.text) for row in page[:_EDGE] + page[_EDGE:][-_EDGE:]}
    )
    often = {key for key, count in keys.items() if count >= max(3, REPEATED * len(pages))}
    return [_peeled(_peeled(page, often)[::-1], often)[::-1] for page in pages]


def _peeled(page: list[Row], often: set[str]) -> list[Row]:
    """Take running heads and one page number off the beginning of a page's lines."""
    numbered = False
    for place, row in enumerate(page[:_EDGE]):
        number = bool(_PAGE_NUMBER.fullmatch(row.text))
        if (numbered and number) or not (number or _without_digits(row.text) in often):
            return page[place:]
        numbered = numbered or number
    return page[_EDGE:]


def _without_digits(text: str) -> str:
    return re.sub(r"\d+", "#", text.replace(" ", ""))


def _frame(rows: list[Row]) -> Frame:
    """Find what is usual; the margins are where many of the long lines end and begin."""
    em = median(row.em for row in rows)
    long = [row for row in rows if len(row.text) >= 15] or rows
    ends = Counter(round(row.right / em) for row in long)
    starts = Counter(round(row.left / em) for row in long)
    right = max(place for place, count in ends.items() if 4 * count >= max(ends.values())) * em
    left = min(place for place, count in starts.items() if 4 * count >= max(starts.values())) * em
    gaps = [row.bottom - after.bottom for row, after in pairwise(rows) if row.bottom > after.bottom]
    frame = Frame(left, right, em, median(gaps or [2 * em]))
    first = [(row, after) for row, after in pairwise(rows) if _is_short(row, after, frame)]
    return frame._replace(marked=2 * sum(_begins(*pair, frame) for pair in first) >= len(first) > 0)


def _is_short(row: Row, after: Row, frame: Frame) -> bool:
    """Whether the next line's first word would have found room on a line."""
    match = _FIRST.match(after.text)
    width = sum(0.5 if char.isascii() else 1 for char in match[0]) if match else 1
    return row.right + (width + _SLACK[frame.marked]) * row.em < frame.right


def _begins(row: Row, after: Row, frame: Frame) -> bool:
    """Whether a line is indented, or stands apart from the one before."""
    return after.left > frame.left + _INDENT * after.em or row.bottom - after.bottom > _LARGER * frame.leading


def _joined(rows: list[Row], frame: Frame) -> list[str]:
    """Return the text of the lines, with line ends where paragraphs end."""
    pieces: list[str] = []
    for row, after in zip(rows, [*rows[1:], None], strict=True):
        end = "\n" if after is None or _ends(row, after, frame) else joint(row.text, after.text)
        pieces += [row.text, end]
    return pieces


def _ends(row: Row, after: Row, frame: Frame) -> bool:
    """Whether a paragraph ends with a line."""
    numbered = bool(NUMBERED.match(after.text))
    if after.text.startswith(_CANNOT_BEGIN):
        return False
    if max(row.em, after.em) > _LARGER * min(row.em, after.em):
        return True
    if row.em > _LARGER * frame.em:  # lines of a title
        return numbered or row.text.endswith(_SENTENCE_END)
    if _is_short(row, after, frame) or _begins(row, after, frame):
        return True
    # Where nothing marks a paragraph, a full line that ends a sentence ends its paragraph one time in four.
    return not frame.marked and row.text.endswith((":", "：") if not numbered else _SENTENCE_END)
