"""In: a page of HTML. Out: its lines of text, and which lines each block element holds.

No parser of HTML is used. lxml stops without a word below 256 (at most 2048) unclosed tags and takes minutes over one
tag with many attributes; html.parser takes minutes over unclosed quotation marks. A reader of reports needs less than a
tree, and every step here takes time in proportion to the page.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from analysis.extract.characters import HAN
from analysis.extract.lines import NUMBERED, row

LONGEST_TAG = 10_000  # characters of a tag that has < between its quotation marks
BROKEN_TAGS = 1000  # tags without an end that are looked at so far ahead

_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/<>]*+)((?:[^<>\"']++|\"[^\"<]*+\"|'[^'<]*+'|[\"'])*+)>")
_QUOTING_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/<>]*+)((?:[^<>\"']++|\"[^\"]*+\"|'[^']*+')*+)>")
_ATTRIBUTE = re.compile(r"(?<![\w:-])([\w:-]++)(?:\s*+=\s*+(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+)))?")
_PICTURE = re.compile(r"data:[\w/+.;=-]{0,80}base64,[A-Za-z0-9+/=%\s]*")
_HUGE_REFERENCE = re.compile(r"&#[xX]?[0-9a-fA-F]{8,};?")  # no character has such a number; int() would refuse it
_WRAPPED = re.compile(  # a line of the source that ends or goes on with Chinese: not a space of the text
    r"(?<=[^\x00-\x7f])[ \t]*+[\r\n][ \t\r\n]*+|(?<![ \t\r\n])[ \t]*+[\r\n][ \t\r\n]*+(?=[^\x00-\x7f])"
)
_BLANK = re.compile(r"[ \t\r\n\f]+")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
_KEEPS_LINES = re.compile(r"white-space\s*:\s*(?:pre|break-spaces)", re.I)
_SENTENCE = re.compile("[。；;！？]")
_EDGE = "\x00"  # stands where an inline element begins or ends, until the line is done

_RAW = {"script", "style", "textarea", "xmp", "iframe", "noscript", "noembed", "title"}
_DROPPED = {"template", "select", "button", "svg", "object", "datalist", "map", "audio", "video", "canvas", "math"}
_BESIDE = {"nav", "footer", "aside"}  # treated like hidden elements
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"}
_HEADINGS = {"h1", "h2", "h3"}
_BLOCKS = _HEADINGS | {
    "address", "article", "aside", "blockquote", "body", "br", "caption", "center", "dd", "details", "dir", "div", "dl",
    "dt", "fieldset", "figcaption", "figure", "footer", "form", "h4", "h5", "h6", "header", "hr", "html", "legend",
    "li", "main", "menu", "nav", "ol", "option", "p", "pre", "section", "summary", "table", "tbody", "td", "tfoot",
    "th", "thead", "tr", "ul",
}  # fmt: skip
_NESTING = {"article", "body", "center", "div", "form", "main", "section", "table", "td", "ul"}


class Line(NamedTuple):
    """One line: its text, the same with spaces between inline elements, how many Han it has, how many in links."""

    text: str
    spaced: str
    han: int
    linked: int
    heading: bool = False

    @property
    def link(self) -> bool:
        """Whether more than half of the line is a link."""
        return 2 * self.linked > self.han

    @property
    def running(self) -> bool:
        """Whether the line is running text."""
        return self.han >= 20 and bool(_SENTENCE.search(self.text)) and not self.link

    @property
    def content(self) -> bool:
        """Whether the line is running text or a numbered heading."""
        return self.running or (self.han > 2 and not self.link and bool(NUMBERED.match(self.text)))


class Block(NamedTuple):
    """An element as the lines it holds, `lines[start:end]`; `known` when its class or id was asked for."""

    start: int
    end: int
    known: bool = False


@dataclass
class Page:
    """A page laid out: lines in their order, blocks as they end, `<meta>` and `<title>`, hidden Han characters."""

    lines: list[Line] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    meta: dict[str, str] = field(default_factory=dict)
    hidden: int = 0


def lay(page: str, names: frozenset[str]) -> Page:
    """Lay out a page; `names` are the classes and ids (lower case) to mark as known.

    Scripts, styles, comments and form fields are left out; so are hidden elements and `<nav>`, `<aside>`, `<footer>`,
    unless most of the page's text is in them. The cells of a table's short rows share a line.
    """
    page = _PICTURE.sub("", page.replace(_EDGE, ""))
    made = _Layout(names, unhide=False).lay(page)
    return made if made.hidden <= sum(line.han for line in made.lines) else _Layout(names, unhide=True).lay(page)


def _tokens(page: str) -> Iterator[tuple[str, str, str]]:
    """Yield (`<`, name, attributes), (`/`, name, ``) and (``, ``, text); comments and declarations are left out."""
    at, end, spare = 0, len(page), BROKEN_TAGS
    while at < end:
        tag = page.find("<", at)
        tag = end if tag < 0 else tag
        if tag > at:
            yield "", "", page[at:tag]
        at = tag
        match = _TAG.match(page, tag)
        if not match and spare:
            match = _QUOTING_TAG.match(page, tag, tag + LONGEST_TAG)
            spare -= match is None
        if page.startswith(("<!", "<?"), tag):
            comment = page.startswith("<!--", tag)
            close = page.find("-->", tag + 2) if comment else page.find(">", tag)
            at = end if close < 0 else close + (3 if comment else 1)
        elif match and not match[1] and match[2].lower() in _RAW:
            name = match[2].lower()
            close = re.compile(rf"</{name}[^>]*>?", re.I).search(page, match.end())
            yield "<", name, page[match.end() : close.start() if close else end] if name == "title" else ""
            at = close.end() if close else end
        elif match:
            yield "/" if match[1] else "<", match[2].lower(), match[3]
            at = match.end()
        elif tag < end:
            yield "", "", "<"
            at = tag + 1


def _attributes(text: str) -> dict[str, str]:
    found = _ATTRIBUTE.finditer(text)
    return {match[1].lower(): _unescaped(match[2] or match[3] or match[4] or "") for match in found}


def _unescaped(text: str) -> str:
    return html.unescape(_HUGE_REFERENCE.sub("", text)).replace(_EDGE, "") if "&" in text else text


class _Open(NamedTuple):
    name: str
    start: int
    known: bool
    keeps_lines: bool


@dataclass
class _Row:
    start: int
    blocks: int
    cells: list[int] = field(default_factory=list)


class _Layout:
    """Takes a page's tags and texts one after the other and makes lines and blocks of them."""

    def __init__(self, names: frozenset[str], unhide: bool) -> None:
        self.page = Page()
        self.names, self.unhide = names, unhide
        self.parts: list[str] = []  # of the line that is being read
        self.linked: list[str] = []
        self.in_link = False
        self.headings = 0
        self.open: list[_Open] = []
        self.count: Counter[str] = Counter()  # open elements of each name
        self.nesting = set(_NESTING)
        self.skipped = ""  # the element that is being left out
        self.inside: Counter[str] = Counter()  # open elements inside it
        self.rows: list[_Row | None] = []  # one a table that is open

    def lay(self, page: str) -> Page:
        for kind, name, text in _tokens(page):
            if not kind:
                self.text(text)
            elif kind == "<":
                self.start(name, text)
            else:
                self.end(name)
        self.flush()
        while self.open:
            self.close()
        return self.page

    def text(self, text: str) -> None:
        text = _unescaped(text)
        if self.skipped:
            self.page.hidden += len(HAN.findall(text))
            return
        keeps_lines = self.open and self.open[-1].keeps_lines
        for rank, line in enumerate(text.splitlines() if keeps_lines else [_BLANK.sub(" ", _WRAPPED.sub(_EDGE, text))]):
            if rank:
                self.flush()
            self.parts.append(line)
            if self.in_link:
                self.linked.append(line)

    def start(self, name: str, text: str) -> None:
        if self.skipped == name in ("p", "li"):  # whose end tags may be left out
            self.skipped = ""
        if self.skipped:
            self.inside[name] += 1
            return
        if name in _RAW:
            if name == "title":
                self.page.meta.setdefault("title", _unescaped(text).strip())
            return
        given = _attributes(text) if text.strip(" /") else {}
        style = given.get("style", "")
        hidden = not self.unhide and (name in _BESIDE or "hidden" in given or bool(_HIDDEN.search(style)))
        if name in _DROPPED or (hidden and name not in ("html", "body", *_VOID)):
            self.skipped = name
            self.inside.clear()
            return
        if name == "meta":
            self.page.meta.setdefault(given.get("name", "").lower(), given.get("content", "").strip())
        elif name == "a":
            self.in_link = "href" in given
        known = not self.names.isdisjoint(f"{given.get('class', '')} {given.get('id', '')}".lower().split())
        keeps_lines = name == "pre" or bool(_KEEPS_LINES.search(style))
        self.edge(name, known)
        self.headings += name in _HEADINGS
        if name == "table":
            self.rows.append(None)
        elif name == "tr" and self.rows:
            self.end_row()
            self.rows[-1] = _Row(len(self.page.lines), len(self.page.blocks))
        elif name in ("td", "th") and self.rows and self.rows[-1]:
            self.rows[-1].cells.append(len(self.page.lines))
        if (known or keeps_lines) and name not in _VOID:
            self.nesting.add(name)  # from here on its end tags are matched
        if name in self.nesting:
            keeps_lines = keeps_lines or (bool(self.open) and self.open[-1].keeps_lines)
            self.open.append(_Open(name, len(self.page.lines), known, keeps_lines))
            self.count[name] += 1

    def end(self, name: str) -> None:
        if self.skipped:
            if self.inside[name]:
                self.inside[name] -= 1
                return
            if name != self.skipped and not self.count[name]:
                return
            self.skipped, ended = "", name == self.skipped  # else what it stands in ends: it was never closed
            if ended:
                return
        self.in_link = self.in_link and name != "a"
        self.edge(name, bool(self.count[name]))
        self.headings = max(0, self.headings - (name in _HEADINGS))
        if name in ("tr", "table") and self.rows:
            self.end_row()
            if name == "table":
                self.rows.pop()
        if self.count[name]:
            while self.close() != name:
                pass

    def edge(self, name: str, known: bool) -> None:
        """End the line where a block begins or ends."""
        if name in _BLOCKS or known:
            self.flush()
        else:
            self.parts.append(_EDGE)

    def flush(self) -> None:
        raw = "".join(self.parts)
        text, spaced = raw.replace(_EDGE, "").strip(), re.sub(rf"[{_EDGE} ]+", " ", raw).strip()
        if text:
            linked = len(HAN.findall("".join(self.linked)))
            self.page.lines.append(Line(text, spaced, len(HAN.findall(text)), linked, self.headings > 0))
        self.parts.clear()
        self.linked.clear()

    def close(self) -> str:
        one = self.open.pop()
        self.count[one.name] -= 1
        end = len(self.page.lines)
        self.page.blocks.append(Block(min(one.start, end), end, one.known))
        return one.name

    def end_row(self) -> None:
        """Put the cells of a short row on one line."""
        begun, self.rows[-1] = self.rows[-1], None
        self.flush()
        if not begun or not begun.cells:
            return
        lines = self.page.lines
        edges = pairwise([*begun.cells, len(lines)])
        joined = row([[line.spaced for line in lines[left:right]] for left, right in edges])
        gone = lines[begun.start :]
        if begun.cells[0] == begun.start and len(joined) < len(gone):
            han, linked = sum(line.han for line in gone), sum(line.linked for line in gone)
            lines[begun.start :] = [Line(joined[0], joined[0], han, linked)]
            del self.page.blocks[begun.blocks :]
