"""In: a Document and its body. Out: the tree of headings with roles and areas, and the problem and plan items."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from analysis.codebook import Codebook
from analysis.extract.characters import chinese_value, one_width
from analysis.extract.documents import Document
from analysis.extract.wordings import to_regex

# Numbering styles from the outermost to the innermost; a style not open yet is put below the open ones of lower rank.
_CN = "[一二三四五六七八九十]{1,3}"
STYLES: list[tuple[str, int, str]] = [
    ("part", 0, rf"第(?P<n>{_CN})(?:部分|章|篇)[,:、\s]?"),
    ("cn", 1, rf"(?P<n>{_CN})(?:、|\.(?!\d))"),
    ("cn_bracket", 2, rf"\((?P<n>{_CN})\)|(?P<half>{_CN})\)"),
    ("head", 2, r"【(?=[^】\n]{2,30}】)"),
    ("digit", 3, r"(?P<n>\d{1,2})(?:、|\.(?!\d))\s?"),
    ("digit_bracket", 4, r"\((?P<n>\d{1,2})\)|(?P<half>\d{1,2})\)"),
    ("circled", 5, r"(?P<n>[①-⑳])"),
    ("first_is", 6, rf"(?P<n>{_CN})(?:则|要)?是[,:]?"),
    ("first", 6, rf"第(?P<n>{_CN})(?:[,、:]|是)"),
]
_STYLE_OF = {name: re.compile(pattern) for name, _, pattern in STYLES}
_RANK = {name: rank for name, rank, _ in STYLES}
_START = re.compile("|".join(re.sub(r"\?P<\w+>", "?:", pattern) for _, _, pattern in STYLES))
_LINE_STYLES = {"part", "cn", "cn_bracket", "head", "digit", "digit_bracket", "circled"}
_LOST = re.compile(r"(?<=[。;])\s*是(?=[\u3400-\u9fff])")
_NO_BREAK = "统唯之单同万逐专如第"  # 统一是 holds no marker
_FOUR_HAN = re.compile(r"[\u3400-\u9fff]{4}")
_SPACE = " \t\r\n\u3000\xa0"


@dataclass
class Section:
    """One numbered heading and the text below it: `text[start:end]`, sub-headings included."""

    start: int
    end: int
    number: str
    heading: str
    style: str
    value: int
    depth: int = 1
    parent: Section | None = None
    role: str = "work"
    area: str = ""
    confidence: float | None = None  # share of the key-word characters that speak for the area
    children: list[Section] = field(default_factory=list)


@dataclass(frozen=True)
class Item:
    """One problem or plan item."""

    section: Section
    role: str
    number: str
    heading: str
    start: int
    end: int
    problem_type: str = ""
    cause: str = ""


@dataclass(frozen=True)
class Structure:
    """All sections in text order (the lead first), all items, and the oddities met on the way."""

    sections: list[Section]
    items: list[Item]
    review: list[dict[str, object]]


class Reader:
    """Reads structure with the roles, areas and problem types of one codebook."""

    def __init__(self, codebook: Codebook):
        self._codebook = codebook

    @cached_property
    def _roles(self) -> dict[bool, list[tuple[str, re.Pattern[str]]]]:
        """Whether a heading is of the first level → roles with their wordings, in the file's order.

        `where` in sections.csv: any heading, a top heading, or only the end of a top heading (聚焦问题抓整改 is work).
        """
        rows = self._codebook.files["sections"]
        return {
            top: [
                (row["role"], re.compile(to_regex(row["wording"]) + ("$" if row["where"] == "end" else "")))
                for row in rows
                if top or row["where"] == "any"
            ]
            for top in (True, False)
        }

    @cached_property
    def _areas(self) -> Callable[[str], tuple[str, float | None]]:
        return _classifier({row["area"]: row["words"] for row in self._codebook.files["areas"]})

    @cached_property
    def _types(self) -> dict[str, re.Pattern[str]]:
        return {
            row["problem_type"]: re.compile("|".join(map(re.escape, row["words"].split())))
            for row in self._codebook.files["problem_types"]
            if row["words"]
        }

    @cached_property
    def _cause(self) -> re.Pattern[str]:
        return re.compile(rf"(?:{self._codebook.marker_pattern('cause')}|(?<!原)因(?![此而素为地]))[^,。;\n]{{4,60}}")

    def read(self, document: Document) -> Structure:
        """Find headings, their tree, roles and areas, and cut the problem and plan parts into items."""
        text, (start, end) = document.text, document.body
        folded = one_width(text)
        review: list[dict[str, object]] = []
        sections = _tree(list(_headings(folded, start, end)), end, text)
        for section in sections:
            section.role = self._role(section)
            if section.role in ("work", "duty"):
                section.area, section.confidence = self._area(section, text)
        items = [item for section in sections if _is_root(section) for item in self._items(section, text)]
        lead_end = sections[0].start if sections else end
        lead_start = start + len(text[start:end]) - len(text[start:end].lstrip(_SPACE))
        lead = Section(lead_start, max(lead_start, _trimmed(text, lead_start, lead_end)), "", "", "", 0, role="lead")
        review += _oddities(sections, items)
        return Structure([lead, *sections] if lead.end > lead.start else sections, items, review)

    def _role(self, section: Section) -> str:
        for role, pattern in self._roles[section.parent is None]:
            if pattern.search(one_width(section.heading)):
                inside = section.parent.role if section.parent else ""
                if inside in ("problems", "plan", "duty", "other"):
                    return inside
                return role
        return section.parent.role if section.parent else "work"

    def _area(self, section: Section, text: str) -> tuple[str, float | None]:
        """Area by the heading's words, else the parent's, else by the words of the text."""
        named = self._areas(section.heading)
        if named[0] or (section.parent is None and section.children):  # a part that covers everything has no one area
            return named
        if section.parent and section.parent.area:
            return section.parent.area, section.parent.confidence
        return self._areas(text[section.start : section.end])

    def _items(self, section: Section, text: str) -> list[Item]:
        """Items are the section's children; without children its paragraphs after the heading."""
        if section.children:
            parts = [(child.number, child.heading, child.start, child.end) for child in section.children]
        else:
            after = section.start + len(section.number) + len(section.heading)
            lines = re.finditer(r"[^\r\n]+", text[after : section.end])
            spans = [(after + m.start(), after + m.end()) for m in lines if len(m.group().strip(_SPACE)) > 8]
            parts = [("", "", *_stripped(text, *span)) for span in spans]
        made = []
        for number, heading, start, end in parts:
            body = one_width(text[start:end])
            kinds = self._problem_types(heading, body) if section.role == "problems" else ""
            cause = self._cause.search(body) if section.role == "problems" else None
            made.append(
                Item(
                    section,
                    section.role,
                    number,
                    heading,
                    start,
                    end,
                    kinds,
                    text[slice(*_shift(cause, start))] if cause else "",
                )
            )
        return made

    def _problem_types(self, heading: str, body: str) -> str:
        """Types by their words: the heading decides first, then how often the words stand in the item."""
        scores = {
            kind: 3 * len(pattern.findall(heading)) + len(pattern.findall(body))
            for kind, pattern in self._types.items()
        }
        ranked = sorted((kind for kind in scores if scores[kind] > 0), key=lambda kind: -scores[kind])
        kept = [kind for kind in ranked if scores[kind] >= scores[ranked[0]] / 2][:3]
        return ";".join(kept) or "other"


def _headings(folded: str, start: int, end: int) -> list[Section]:
    """Every marker that opens a heading, in text order, not yet nested."""
    found: list[Section] = []
    open_values: dict[str, int] = {}
    for match in _START.finditer(folded, start, end):
        style, number = _style(folded, match.start())
        if style is None or number is None:
            continue
        follows = number == 1 or number == open_values.get(style, -9) + 1
        if not _opens(folded, start, match, style, number, follows, found):
            continue
        open_values[style] = number
        for other, rank in _RANK.items():
            if rank > _RANK[style]:
                open_values.pop(other, None)
        found.append(Section(match.start(), end, "", "", style, number))
    return found


def _opens(
    folded: str, start: int, match: re.Match[str], style: str, number: int, follows: bool, found: list[Section]
) -> bool:
    """Whether a marker opens a heading where it stands, or only looks like one (统一是, 第二、三产业)."""
    before = folded[max(start, match.start() - 20) : match.start()].rstrip(" \t")[-1:]
    if before in ("", "\n", "\r"):
        return style != "first" or follows
    if number == 1 and found and _RANK[style] > _RANK[found[-1].style] and before not in _NO_BREAK:
        words = folded[found[-1].start : match.start()]
        if len(words) <= 60 and not re.search(r"[。;\n\r]", words):
            return True  # right behind the words of the heading above it: 四、强化创新(一)推进审批
    if style not in _LINE_STYLES:
        return before in "。;:,!?)" and (style != "first" or follows)
    skipped = before == "。" and style in ("cn", "cn_bracket") and bool(_FOUR_HAN.match(folded, match.end()))
    return before in "。:;" and (follows or skipped)


def _style(folded: str, start: int) -> tuple[str | None, int | None]:
    for name, pattern in _STYLE_OF.items():
        match = pattern.match(folded, start)
        if match:
            groups = match.groupdict()
            token = groups.get("n") or groups.get("half") or ""
            if name == "head":
                return name, 0
            if name == "circled":
                return name, ord(token) - ord("①") + 1
            return name, int(token) if token.isdigit() else chinese_value(token)
    return None, None


def _tree(found: list[Section], end: int, text: str) -> list[Section]:
    """Nest the headings, add those whose number is damaged, set their ends and their words."""
    folded = one_width(text)
    found = sorted([*found, *_damaged(found, folded)], key=lambda section: section.start)
    stack: list[Section] = []

    def close(until: int, at: int) -> None:
        for section in stack[until:]:
            section.end = _trimmed(text, section.start, at)
        del stack[until:]

    for section in found:
        styles = [one.style for one in stack]
        inner = [index for index, style in enumerate(styles) if _RANK[style] >= _RANK[section.style]]
        close(styles.index(section.style) if section.style in styles else min(inner, default=len(stack)), section.start)
        section.parent = stack[-1] if stack else None
        section.depth = len(stack) + 1
        if section.parent:
            section.parent.children.append(section)
        stack.append(section)
    close(0, end)
    for index, section in enumerate(found, 1):
        stop = min(section.end, found[index].start if index < len(found) else end)
        section.number, section.heading = _words(folded, text, section, stop)
    return found


def _damaged(found: list[Section], folded: str) -> list[Section]:
    """Headings that lost their numeral: `是…` at a sentence's start where 三是 is followed by 五是."""
    lost = []
    for left, right in pairwise(found):
        if left.style == right.style == "first_is" and right.value == left.value + 2:
            match = _LOST.search(folded, left.start + 2, right.start)
            if match:
                lost.append(Section(match.end() - 1, right.start, "是", "", "first_is", left.value + 1))
    return lost


def _words(folded: str, text: str, section: Section, stop: int) -> tuple[str, str]:
    """Split a heading into its number and its words, as printed."""
    start = section.start
    if section.number:  # damaged
        marker_end = start + len(section.number)
    else:
        match = _STYLE_OF[section.style].match(folded, start)
        marker_end = match.end() if match else start
    number = text[start:marker_end].strip(_SPACE + ",,::")
    line_end = min(
        stop,
        *(position for position in (folded.find("\n", marker_end), folded.find("\r", marker_end)) if position >= 0),
        stop,
    )
    line = folded[marker_end:line_end]
    if section.style == "head":
        return "", line.split("】")[0]
    if section.style in _LINE_STYLES:
        body = line.rstrip(_SPACE)
        cut = body.find("。")
        length = cut if cut >= 0 else len(body)
    else:
        length = _clause_length(line)
    words = text[marker_end : marker_end + length].strip(_SPACE).rstrip("。：:；;，,")
    return number, words


def _clause_length(line: str) -> int:
    """Length up to the first 。 , ; or : that stands outside brackets and quotation marks."""
    depth = 0
    for index, char in enumerate(line):
        if char in "《“(〈":
            depth += 1
        elif char in "》”)〉":
            depth = max(0, depth - 1)
        elif (char in "。,;:" and depth == 0) or char == "。":
            return index
    return len(line)


def section_at(sections: Sequence[Section], starts: Sequence[int], position: int) -> Section | None:
    """Return the innermost section that holds `position`; `starts` are the sections' starts, in text order."""
    index = bisect_right(starts, position) - 1
    return sections[index] if index >= 0 else None


def _is_root(section: Section) -> bool:
    """Whether a problem or plan part begins here."""
    return section.role in ("problems", "plan") and (section.parent is None or section.parent.role != section.role)


def _trimmed(text: str, start: int, end: int) -> int:
    return start + len(text[start:end].rstrip(_SPACE))


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip(_SPACE)), _trimmed(text, start, end)


def _shift(match: re.Match[str], by: int) -> tuple[int, int]:
    return match.start() + by, match.end() + by


def _classifier(words: dict[str, str]) -> Callable[[str], tuple[str, float | None]]:
    """Return a function that names the class whose words cover most characters of a text, and its share of them.

    Without any word it names none.
    """
    patterns = {
        name: re.compile("|".join(sorted(map(re.escape, row.split()), key=len, reverse=True)))
        for name, row in words.items()
    }

    def classify(text: str) -> tuple[str, float | None]:
        scores = {name: sum(len(hit) for hit in pattern.findall(text)) for name, pattern in patterns.items()}
        best = max(scores, key=lambda name: scores[name])
        return (best, scores[best] / sum(scores.values())) if scores[best] else ("", None)

    return classify


def _oddities(sections: list[Section], items: list[Item]) -> list[dict[str, object]]:
    """Rows for a person to look at: no headings, a missing part, numbers skipped or damaged."""
    rows: list[dict[str, object]] = []

    def row(message: str, suggestion: str, section: Section | None = None) -> None:
        made: dict[str, object] = {"kind": "structure", "message": message, "suggestion": suggestion}
        if section:
            printed = section.number + section.heading
            made |= {"text": printed, "start": section.start, "end": section.start + len(printed)}
        rows.append(made)

    if not sections:
        row("no numbered heading found", "check that the file holds a whole report; items and roles are missing")
        return rows
    for role in ("problems", "plan"):
        if not any(item.role == role for item in items):
            row(f"no {role} part found", "look for it in the text; add its heading's words to sections.csv")
    for section in sections:
        if section.number == "是":
            row("heading lost its numeral", "read as the missing number of its series", section)
    siblings: dict[tuple[int, str], list[Section]] = {}
    for section in sections:
        siblings.setdefault((id(section.parent), section.style), []).append(section)
    for run in siblings.values():
        previous = 0
        for section in run:
            if section.value and section.value != previous + 1:
                row(
                    f"number {section.value} follows {previous}",
                    "a number is skipped or repeated in the source",
                    section,
                )
            previous = section.value
    return rows
