"""In: a saved page of a government site. Out: its text: title, publisher's lines, the report, nothing of the site.

No parser of HTML is used. lxml stops without a word 256 (at most 2048) unclosed tags deep and takes minutes over one tag
with many attributes; html.parser takes minutes over unclosed quotation marks. What is needed is less than a tree: lines,
and which lines each block element holds. Every step here takes time in proportion to the page.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from typing import NamedTuple

from analysis.codebook import Codebook
from analysis.errors import DocumentError
from analysis.extract.characters import HAN
from analysis.extract.lines import NUMBERED, joint, row

MOST_TAGS = 300_000  # in one page; the longest reports have a hundredth of it
LONGEST_TAG = 10_000  # characters from < to >

_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*)((?:[^>\"']++|\"[^\"]*+\"|'[^']*+'|[\"'])*+)>")
_ATTRIBUTE = re.compile(r"(?<![\w:-])([\w:-]++)(?:\s*+=\s*+(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+)))?")
_INLINE_DATA = re.compile(r"data:[\w/+.;=-]{0,80}base64,[A-Za-z0-9+/=%\s]*")
_RAW = {"script", "style", "textarea", "xmp", "iframe", "noscript", "noembed", "title"}
_DROPPED = {"template", "select", "button", "svg", "object", "datalist", "map", "audio", "video", "canvas", "math"}
_ASIDE = {"nav", "footer", "aside"}  # dropped like hidden elements: unless the report is in there
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"}
_BLOCKS = set(
    "address article aside blockquote body br caption center dd details dir div dl dt fieldset figcaption figure footer "
    "form h1 h2 h3 h4 h5 h6 header hr html legend li main menu nav ol option p pre section summary table tbody td tfoot "
    "th thead tr ul".split()
)
_NESTING = {"article", "body", "center", "div", "form", "main", "section", "table", "td", "ul"}
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
_KEEPS_LINES = re.compile(r"white-space\s*:\s*(?:pre|break-spaces)", re.I)
_SENTENCE = re.compile("[。；！？]")
_ZERO = "\x00"  # marks the edges of inline elements until the line is done


class Line(NamedTuple):
    """One line: its text, with spaces between its inline elements, its Han characters, those in links, in h1 to h3."""

    text: str
    spaced: str
    han: int
    linked: int
    heading: bool

    @property
    def link(self) -> bool:
        """Whether more than half of the line is a link."""
        return 2 * self.linked > self.han

    @property
    def running(self) -> bool:
        """Whether the line can only be a report's, if it is not a link."""
        return self.han >= 20 and bool(_SENTENCE.search(self.text)) and not self.link

    @property
    def content(self) -> bool:
        """Whether the line is running text or a numbered heading."""
        return self.running or (bool(NUMBERED.match(self.text)) and not self.link and self.han > 2)


class Block(NamedTuple):
    """An element as the lines it holds: `lines[start:end]`; known when the codebook names its class or id."""

    start: int
    end: int
    known: bool


@dataclass
class Page:
    """A page laid out: lines, blocks, `<meta>` and `<title>`, Han characters in hidden elements."""

    lines: list[Line] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    meta: dict[str, str] = field(default_factory=dict)
    hidden: int = 0


# ------------------------------------------------------------------------------------------------ tags and lines


def _tokens(page: str) -> Iterator[tuple[str, str, str]]:
    """Yield (`<`, name, attributes), (`/`, name, ``) and (``, ``, text); comments and declarations are left out."""
    at, end = 0, len(page)
    while at < end:
        tag = page.find("<", at)
        if tag < 0 or tag > at:
            yield "", "", page[at : tag if tag >= 0 else end]
        if tag < 0:
            return
        after = page[tag + 1 : tag + 2]
        match = _TAG.match(page, tag, tag + LONGEST_TAG)
        if page.startswith("<!--", tag):
            found = page.find("-->", tag + 2)
            at = found + 3 if found >= 0 else end
        elif after and after in "!?":
            found = page.find(">", tag)
            at = found + 1 if found >= 0 else end
        elif not match:
            yield "", "", "<"
            at = tag + 1
        else:
            name, at = match[2].lower(), match.end()
            if not match[1] and name in _RAW:
                close = re.compile(rf"</{name}[\s/>]", re.I).search(page, at)
                stop = close.start() if close else end
                yield "<", name, page[at:stop] if name == "title" else ""
                at = page.find(">", stop) + 1 if close else end
                at = at or end
            else:
                yield "/" if match[1] else "<", name, match[3]


def _attributes(text: str) -> dict[str, str]:
    return {
        match[1].lower(): html.unescape(match[2] or match[3] or match[4] or "") for match in _ATTRIBUTE.finditer(text)
    }


class _Layout:
    """Lays out a page from its tags and texts."""

    def __init__(self, names: frozenset[str], unhide: bool) -> None:
        self.page = Page()
        self.names, self.unhide = names, unhide
        self.parts: list[str] = []
        self.linked: list[str] = []
        self.in_link = self.pre = False
        self.heading = 0
        self.open: list[tuple[str, int, bool]] = []
        self.count: Counter[str] = Counter()
        self.nesting = set(_NESTING)
        self.skip, self.depth = "", 0
        self.rows: list[tuple[int, int, list[int]] | None] = []

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
        text = html.unescape(re.sub(r"&#[xX]?[0-9a-fA-F]{8,};?", "", text))
        if self.skip:
            self.page.hidden += len(HAN.findall(text))
            return
        lines = text.splitlines() if self.pre else [re.sub(r"[ \t\r\n\f]+", " ", _unwrapped(text))]
        for rank, line in enumerate(lines):
            if rank:
                self.flush()
            self.parts.append(line)
            if self.in_link:
                self.linked.append(line)

    def start(self, name: str, text: str) -> None:
        if self.skip:
            if name == self.skip:
                self.depth += 1
            return
        if name == "title":
            self.page.meta.setdefault("title", html.unescape(text).strip())
            return
        if name in _RAW:
            return
        given = _attributes(text) if text.strip(" /") else {}
        if name == "meta":
            self.page.meta.setdefault(given.get("name", "").lower(), given.get("content", "").strip())
        hidden = "hidden" in given or name in _ASIDE or bool(_HIDDEN.search(given.get("style", "")))
        if name not in _VOID and (name in _DROPPED or (hidden and not self.unhide and name not in ("html", "body"))):
            self.skip, self.depth = name, 1
            self.parts.append(_ZERO)
            return
        if name == "a":
            self.in_link = "href" in given
        elif name in ("h1", "h2", "h3"):
            self.heading += 1
        if name == "pre" or _KEEPS_LINES.search(given.get("style", "")):
            self.pre = True
        known = not self.names.isdisjoint(f"{given.get('class', '')} {given.get('id', '')}".lower().split())
        if name in _BLOCKS or known:
            self.flush()
        else:
            self.parts.append(_ZERO)
        if name == "table":
            self.rows.append(None)
        elif name == "tr" and self.rows:
            self.end_row()
            self.rows[-1] = len(self.page.lines), len(self.page.blocks), []
        elif name in ("td", "th") and self.rows and self.rows[-1]:
            self.rows[-1][2].append(len(self.page.lines))
        if known:
            self.nesting.add(name)
        if name in self.nesting:
            self.open.append((name, len(self.page.lines), known))
            self.count[name] += 1

    def end(self, name: str) -> None:
        if self.skip:
            self.depth -= name == self.skip
            if not self.depth:
                self.skip = ""
            return
        if name == "a":
            self.in_link = False
        if name in _BLOCKS:
            self.flush()
        else:
            self.parts.append(_ZERO)
        if name in ("h1", "h2", "h3"):
            self.heading = max(0, self.heading - 1)
        if name in ("tr", "table") and self.rows:
            self.end_row()
            if name == "table":
                self.rows.pop()
        if self.count[name]:
            self.flush()
            while self.close() != name:
                pass

    def close(self) -> str:
        name, start, known = self.open.pop()
        self.count[name] -= 1
        self.page.blocks.append(Block(min(start, len(self.page.lines)), len(self.page.lines), known))
        return name

    def end_row(self) -> None:
        """Put the cells of a short row on one line."""
        self.flush()
        begun = self.rows[-1]
        self.rows[-1] = None
        if not begun or not begun[2]:
            return
        start, blocks, cells = begun
        lines, edges = self.page.lines, [*begun[2], len(self.page.lines)]
        texts = [[line.spaced for line in lines[left:right]] for left, right in zip(edges, edges[1:], strict=False)]
        joined = row(texts)
        if cells[0] == start and len(joined) < len(lines) - start:
            gone = lines[start:]
            lines[start:] = [
                Line(joined[0], joined[0], sum(one.han for one in gone), sum(one.linked for one in gone), False)
            ]
            del self.page.blocks[blocks:]

    def flush(self) -> None:
        raw = "".join(self.parts)
        text, spaced = raw.replace(_ZERO, "").strip(), re.sub(rf"[{_ZERO} ]+", " ", raw).strip()
        if text:
            linked = len(HAN.findall("".join(self.linked)))
            self.page.lines.append(Line(text, spaced, len(HAN.findall(text)), linked, bool(self.heading)))
        self.parts.clear()
        self.linked.clear()


def _unwrapped(text: str) -> str:
    """Close up lines that were wrapped inside Chinese text, where a space would be none of its characters."""
    return re.sub(r"(?<=[^\x00-\x7f])[ \t]*[\r\n][ \t\r\n]*(?=[^\x00-\x7f])", "", text)
