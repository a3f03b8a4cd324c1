"""In: text of a web page, a Word file or a PDF. Out: lines as readers of reports expect them, and sentences."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from analysis.extract.characters import places

ROW = 200  # characters: a table row up to this long stays on one line

_CN = "[一二三四五六七八九十]{1,3}"
# A numbered heading, as a page's lines show it: 一、 （二） 三) 第四章
HEADING = re.compile(rf"\s*(?:第{_CN}[部章节篇条]|{_CN}[、.．]|[(（]?{_CN}[)）])")
# A numbered heading or item: 4. (5) ⑥ too
NUMBERED = re.compile(rf"{HEADING.pattern}|\s*(?:\d{{1,2}}(?:、|[.．](?!\d))|[(（]?\d{{1,2}}[)）]|[①-⑳])")
_LINE = re.compile(r"[^\r\n]+")
_BREAK = re.compile(r"[\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]+")
_SPACE = " \t\u3000\xa0\u2002\u2003"
_UNSEEN = dict.fromkeys(
    [*range(9), *range(14, 28), 0x1F, 0x7F, 0xAD, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2060, 0xFEFF]
)
# PDF fonts and what is pasted from PDFs use radicals for the characters that look like them. Unicode folds most; these
# it does not, or folds to the traditional form.
_RADICALS = dict(
    zip(
        "⺠⻁⻄⻅⻆⻉⻋⻑⻓⻔⻘⻚⻛⻜⻝⻢⻣⻤⻥⻦⻧⻨⻩⻬⻮⻰⼾",
        "民虎西见角贝车长长门青页风飞食马骨鬼鱼鸟卤麦黄齐齿龙户",
        strict=True,
    )
)
_FOLDED = re.compile(r"[\u2e9f\u2ef3\u2f00-\u2fd5\uf900-\ufad9]")
_TABLE = str.maketrans(_RADICALS | {"\u2010": "-", "\u2011": "-"}) | _UNSEEN


def tidy(text: str) -> str:
    """Return `text` with `\\n` for every line end, without empty lines, outer white space and unseen characters."""
    text = _FOLDED.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text.translate(_TABLE))
    lines = (line.strip(_SPACE) for line in _BREAK.split(text))
    return "".join(f"{line}\n" for line in lines if line)


def filled(text: str, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int]]:
    """Yield the spans of the lines of `text[start:end]` that hold something, line ends left out."""
    for match in _LINE.finditer(text, start, len(text) if end is None else end):
        if not match[0].isspace():
            yield match.span()


def row(cells: Sequence[Sequence[str]]) -> list[str]:
    """Join the cells of a table's row to one line, ` | ` between them; long or many-lined cells stay apart.

    Parameters
    ----------
    cells : sequence of sequence of str
        The lines of each cell.
    """
    flat = [line for cell in cells for line in cell]
    if len(cells) < 2 or any(len(cell) > 1 for cell in cells) or sum(map(len, flat)) > ROW:
        return flat
    texts = ["".join(cell).strip(_SPACE) for cell in cells]
    joined = ""
    for before, text in zip(["", *texts], texts, strict=False):
        if text:  # a label and its value need no bar
            joined += (" " if before.endswith((":", "：")) else " | " if joined else "") + text
    return [joined] if joined else []


def joint(left: str, right: str) -> str:
    """Return what belongs between two pieces of a broken line: a space between Latin words, else nothing."""
    latin = re.search(r"[A-Za-z,.;:]$", left) and re.match(r"[A-Za-z]", right)
    return " " if latin else ""


LONGEST = 800  # characters of a sentence on either side of its number; of 669 reports three have one above 500


def sentence(text: str, start: int, end: int) -> tuple[int, int]:
    """Span of the sentence or line round `text[start:end]`, white space left out, cut where it is endless."""
    ends = places(text, "。\n\r")
    first, last = bisect_left(ends, start), bisect_left(ends, end)
    left = max(ends[first - 1] + 1 if first else 0, start - LONGEST)
    right = min(ends[last] + (text[ends[last]] == "。") if last < len(ends) else len(text), end + LONGEST)
    piece = text[left:right]
    return left + len(piece) - len(piece.lstrip()), left + len(piece.rstrip())
