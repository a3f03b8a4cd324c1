"""In: a saved page of a government site. Out: its title, its publisher's lines and the report, nothing of the site."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from analysis.codebook import Codebook
from analysis.errors import DocumentError
from analysis.extract.lines import ROW
from analysis.extract.markup import Block, Line, Page, lay

MOST_TAGS = 300_000  # in one page; a long report has a hundredth of it
OUTSIDE = 0.2  # share of the page's running text that the report's element may leave out
OWN = 150  # characters of running text that the site itself may have: disclaimers, notes on links
LINK = 3  # a character in a link outweighs three of running text
TOP = 10  # lines at the report's beginning that may be its title and publisher's lines

_DAY = re.compile(r"20\d\d\s*[-年/.]\s*\d{1,2}\s*[-月/.]\s*\d{1,2}")
_LABEL = re.compile(r"[\u3400-\u9fff \u3000\xa0]{2,10}[:：]\s*")
_FIRST_PART = re.compile(r"\s*[-_|—–]+\s*(?=[^\d\s])")  # of <title>: the page's name, then the site's
_SAVED_FROM = re.compile(r"(?:saved from url=\(\d+\)|\burl:\s*)(https?://\S+)")  # the browser's own comment


def text(page: str, codebook: Codebook, file: str) -> str:
    """Return a page's title, publisher's lines and report, a line each.

    The report is the smallest element named in webpage.csv that holds most of the page's running text; else the element
    with most running text for its links; else the whole page. What the page says only in its `<meta>` (day and source
    of publication, address) is added as a line.

    Parameters
    ----------
    page : str
        The decoded page.
    file : str
        Its name, for the message.

    Raises
    ------
    DocumentError
        The page has more than `MOST_TAGS` tags.
    """
    if page.count("<") > MOST_TAGS:
        raise DocumentError(f"{file}: more than {MOST_TAGS:,} tags. Print the page to .pdf, or save its text as .txt.")
    words = _words(codebook)
    laid = lay(page, words.containers)
    report = _report(laid, words)
    body = [line for line in laid.lines[report.start : report.end] if not words.is_tool(line)]
    head = _head(laid.lines[: report.start], words)
    if not any(words.is_title(line) for line in [*head, *body[:TOP]]):
        name = laid.meta.get("articletitle") or _FIRST_PART.split(laid.meta.get("title", ""))[0]
        head.insert(0, Line(name, name, 0, 0))
    near = [*head, *body[:TOP]]
    if not any(words.is_label(line) and _DAY.search(line.text) for line in near):
        after = (line for line in laid.lines[report.end :] if words.is_label(line) and _DAY.search(line.text))
        head += [line for line, _ in zip(after, range(1), strict=False)]
    if found := _SAVED_FROM.search(page[:3000]):
        laid.meta.setdefault("url", found[1])
    said = "\n".join(line.text for line in [*head, *body[:TOP]])
    added = [
        f"{label}:{laid.meta[name]}" for name, label in words.meta.items() if laid.meta.get(name) and label not in said
    ]
    return "\n".join([*_shown(head, words), *added, *_shown(body, words)])


def _report(laid: Page, words: _Words) -> Block:
    """Choose the block that is the report."""
    lines, everything = laid.lines, Block(0, len(laid.lines))
    seen: set[str] = set()
    prose, worth = [0], [0]
    for line in lines:
        new = line.content and line.text not in seen  # a page may hold the report twice, for two kinds of screen
        seen.add(line.text)
        prose.append(line.han if new else 0)
        worth.append(line.han if new else -LINK * line.linked)
    prose, worth = list(accumulate(prose)), list(accumulate(worth))
    least = max(prose[-1] / 3, prose[-1] - max(OWN, OUTSIDE * prose[-1]))
    most = [block for block in laid.blocks if prose[block.end] - prose[block.start] >= least > 0]
    known = [block for block in most if block.known]
    if known:
        best = min(known, key=_size)
    else:
        best = max([everything, *most], key=lambda block: (worth[block.end] - worth[block.start], -_size(block)))
    around = [block for block in laid.blocks if block.start <= best.start and best.end <= block.end]
    for block in sorted(around, key=_size):  # an element may be closed too early: then the report goes on behind it
        if block.end == len(lines) or not words.goes_on(lines[block.end]):
            return block
    return everything


def _size(block: Block) -> int:
    return block.end - block.start


def _head(lines: list[Line], words: _Words) -> list[Line]:
    """Keep the title and the publisher's lines of what stands before the report."""
    titles = [rank for rank, line in enumerate(lines) if words.is_title(line)]
    titles = titles or [rank for rank, line in enumerate(lines) if line.heading and not line.link][-1:]
    first = titles[-1] if titles else len(lines)
    above = lines[first - 1] if first else None
    if above and not above.link and (above.heading or words.title_start.search(above.text)):
        first -= 1  # a title of two lines
    kept: list[Line] = []
    for rank, line in enumerate(lines):
        value = bool(kept) and kept[-1] is lines[rank - 1] and bool(_LABEL.fullmatch(kept[-1].text))
        wanted = value or words.is_label(line) or (rank >= first and not words.menu.search(line.text))
        if wanted and not (line.link or line.running or words.is_tool(line)) and len(line.text) <= 2 * ROW:
            kept.append(line)
    return kept


def _shown(lines: list[Line], words: _Words) -> Iterator[str]:
    """Yield lines as text, a value that stands below its label beside it."""
    label = ""
    for line in lines:
        shown = line.spaced if words.is_label(line) and not words.is_title(line) else line.text
        if label and (_LABEL.search(shown) or line.content or len(shown) > ROW):
            yield label
            label = ""
        if not label and _LABEL.fullmatch(shown) and words.is_label(line):
            label = shown
        else:
            yield label + shown
            label = ""
    if label:
        yield label


@dataclass(frozen=True)
class _Words:
    """Class names and words of the codebook."""

    containers: frozenset[str]
    buttons: re.Pattern[str]
    openers: re.Pattern[str]
    meta: dict[str, str]
    label: re.Pattern[str]
    menu: re.Pattern[str]
    tail: re.Pattern[str]
    title: re.Pattern[str]
    title_start: re.Pattern[str]

    def is_tool(self, line: Line) -> bool:
        """Whether the line is nothing but switches and buttons, or the way to another page."""
        if len(line.text) > 80 or line.content or _DAY.search(line.text):
            return False
        return bool(self.buttons.fullmatch(line.text) or self.openers.match(line.text))

    def is_label(self, line: Line) -> bool:
        """Whether the line says who published the page, and when."""
        return bool(self.label.search(line.spaced)) and not line.link and not line.content

    def is_title(self, line: Line) -> bool:
        """Whether the line can be the report's title."""
        if line.link or line.content or len(line.text) > 100 or re.search("[>»›→]", line.text):
            return False
        return bool(self.title.search(line.text)) and not self.menu.search(line.text)

    def goes_on(self, line: Line) -> bool:
        """Whether the line behind an element can only be more of the report."""
        return line.content and not any(kind.search(line.text) for kind in (self.label, self.menu, self.tail))


def _words(codebook: Codebook) -> _Words:
    rows: dict[str, list[tuple[str, str]]] = {"container": [], "button": [], "opener": [], "meta": []}
    for one in codebook.files["webpage"]:
        rows[one["kind"]].append((one["word"], one["label"]))
    longest = {kind: sorted((word for word, _ in rows[kind]), key=len, reverse=True) for kind in rows}
    buttons, openers = ("|".join(map(re.escape, longest[kind])) for kind in ("button", "opener"))
    kinds = ("page_table", "menu", "tail", "title", "title_start")
    return _Words(
        frozenset(word.lower() for word, _ in rows["container"]),
        re.compile(rf"(?:{buttons}|[\W\d_A-Za-z])++"),
        re.compile(rf"[\W_]*(?:{openers})"),
        {word.lower(): label for word, label in rows["meta"]},
        *(codebook.furniture[kind] for kind in kinds),
    )
