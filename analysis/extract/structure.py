"""In: a Document and its body. Out: the tree of headings with roles and areas, and the problem and plan items."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from analysis.codebook import Codebook
from analysis.extract import headings
from analysis.extract.characters import one_width
from analysis.extract.documents import Document
from analysis.extract.headings import SPACE, Section, trimmed
from analysis.extract.wordings import parse, to_regex

_SENTENCE = re.compile(r"[^。;\n\r]+")
_LINE = re.compile(r"[^\r\n]+")
_MOST = 0.6  # share of its headings that give a part their area


class _Wording:
    """A wording of sections.csv, and the words without which it cannot be there: looked for first, as most are not."""

    def __init__(self, wording: str, after: str = ""):
        self.pattern = re.compile(to_regex(wording) + after)
        needed = [part.words for part in parse(wording) if part.kind in ("word", "choice") and all(part.words)]
        self.needed = max(needed, key=lambda words: min(map(len, words)), default=("",))

    def within(self, text: str) -> bool:
        """Whether `text` says it somewhere."""
        return any(word in text for word in self.needed) and bool(self.pattern.search(text))

    def at(self, text: str, start: int, end: int) -> bool:
        """Whether `text[start:end]` begins with it."""
        return any(text.find(word, start, end) >= 0 for word in self.needed) and bool(
            self.pattern.match(text, start, end)
        )


@dataclass(frozen=True, slots=True)
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
    def _roles(self) -> dict[bool, list[tuple[str, _Wording]]]:
        """Whether a heading is of the first level → roles with their wordings, in the file's order.

        `where` in sections.csv: any heading, a top heading, only the end of a top heading (聚焦问题抓整改 is work).
        """
        rows = self._codebook.files["sections"]
        return {
            top: [
                (row["role"], _Wording(row["wording"], "$" if row["where"] == "end" else ""))
                for row in rows
                if row["where"] == "any" or (top and row["where"] != "sentence")
            ]
            for top in (True, False)
        }

    @cached_property
    def _openers(self) -> dict[str, list[_Wording]]:
        """Role → how a sentence begins that stands for its missing heading."""
        rows = [row for row in self._codebook.files["sections"] if row["where"] == "sentence"]
        return {
            role: [_Wording(row["wording"]) for row in rows if row["role"] == role] for role in ("problems", "plan")
        }

    @cached_property
    def _titles(self) -> re.Pattern[str]:
        """Headings known word by word, and what top headings of the problem and plan parts say."""
        known = [re.escape(one_width(row["heading"])) for row in self._codebook.files["frameworks"]]
        said = [wording.pattern.pattern for role, wording in self._roles[False] if role in ("problems", "plan")]
        return re.compile("|".join([*known, *said]))

    @cached_property
    def _said(self) -> Callable[[str, bool], str]:
        """A heading and whether it is of the first level → the role that it names, or empty."""

        @lru_cache(maxsize=4096)  # many reports have the same headings
        def said(heading: str, top: bool) -> str:
            folded = one_width(heading)
            return next((role for role, wording in self._roles[top] if wording.within(folded)), "")

        return said

    @cached_property
    def _areas(self) -> Callable[[str], tuple[str, float | None]]:
        return _classifier({row["area"]: row["words"] for row in self._codebook.files["areas"]})

    @cached_property
    def _area_named(self) -> Callable[[str], tuple[str, float | None]]:
        return lru_cache(maxsize=4096)(self._areas)

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
        found = headings.find(folded, start, end)
        sections = self._roled(headings.tree(found, end, text, self._titles))
        if told := self._told(folded, start, end, sections):
            found = sorted([*headings.find(folded, start, end), *told], key=lambda section: section.start)
            sections = self._roled(headings.tree(found, end, text, self._titles))
        for section in sections:
            if section.role in ("work", "duty"):
                section.area, section.confidence = self._area(section, text)
        for section in sections:
            if section.role in ("work", "duty") and section.parent is None and not section.area:
                section.area, section.confidence = _common(section.children)
        items = [item for section in sections if _is_root(section) for item in self._items(section, text, folded)]
        lead_end = sections[0].start if sections else end
        lead_start, _ = _stripped(text, start, end)
        lead = Section(lead_start, max(lead_start, trimmed(text, lead_start, lead_end)), "", "", "", 0, role="lead")
        review += _oddities(sections, items)
        return Structure([lead, *sections] if lead.end > lead.start else sections, items, review)

    def _roled(self, sections: list[Section]) -> list[Section]:
        for section in sections:
            section.role = self._role(section)
        return sections

    def _told(self, folded: str, start: int, end: int, sections: Sequence[Section]) -> list[Section]:
        """Find sentences that begin the problem or the plan part where no heading does.

        Of the problem part's the last in the text's second half; of the plan part's the first behind the problems. It
        must begin a paragraph, or a new series of headings or none must follow.
        """
        told: list[Section] = []
        starts = [section.start for section in sections]
        headed = {section.role: section.start for section in reversed(sections)}
        for role in ("problems", "plan"):
            if role in headed:
                continue
            first = max([(start + end) // 2, *(one.start for one in told), headed.get("problems", 0)])
            begin = max(folded.rfind(stop, 0, first) for stop in "。;\n\r") + 1
            sentences = (_stripped(folded, *match.span()) for match in _SENTENCE.finditer(folded, begin, end))
            places = [
                left
                for left, right in sentences
                if right > first
                and any(wording.at(folded, left, right) for wording in self._openers[role])
                and _may_open(folded, left, starts, sections)
            ]
            if places:
                told.append(headings.told(places[-1 if role == "problems" else 0], end, role, sections))
        return told

    def _role(self, section: Section) -> str:
        if section.told:
            return section.role
        inside = section.parent.role if section.parent else "work"
        role = self._said(section.heading, section.parent is None)
        return role if role and inside not in ("problems", "plan", "duty", "other") else inside

    def _area(self, section: Section, text: str) -> tuple[str, float | None]:
        """Area by the heading's words, else the parent's, else by the words of the text."""
        named = self._area_named(section.heading)
        if named[0] or (section.parent is None and section.children):  # a part that covers everything has no one area
            return named
        if section.parent and section.parent.area:
            return section.parent.area, section.parent.confidence
        return self._areas(text[section.start : section.end])

    def _items(self, section: Section, text: str, folded: str) -> list[Item]:
        """Items are the section's children; without children its paragraphs after the heading, a told one's with it."""
        if section.children:
            parts = [(child.number, child.heading, child.start, child.end) for child in section.children]
        else:
            after = section.start + (0 if section.told else len(section.number) + len(section.heading))
            lines = _LINE.finditer(text, after, section.end)
            spans = [line.span() for line in lines if len(line[0].strip(SPACE)) > 8]
            parts = [("", "", *_stripped(text, *span)) for span in spans]
        made = []
        for number, heading, start, end in parts:
            body = folded[start:end]
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
        scores = {kind: len(pattern.findall(body)) for kind, pattern in self._types.items()}
        for kind, number in scores.items():
            if number and heading:  # the item holds its heading
                scores[kind] += 3 * len(self._types[kind].findall(heading))
        ranked = sorted((kind for kind in scores if scores[kind] > 0), key=lambda kind: -scores[kind])
        kept = [kind for kind in ranked if scores[kind] >= scores[ranked[0]] / 2][:3]
        return ";".join(kept) or "other"


def section_at(sections: Sequence[Section], starts: Sequence[int], position: int) -> Section | None:
    """Return the innermost section that holds `position`; `starts` are the sections' starts, in text order."""
    index = bisect_right(starts, position) - 1
    return sections[index] if index >= 0 else None


def _common(children: Sequence[Section]) -> tuple[str, float | None]:
    """Return the area that most of a part's headings have, and their share; none when the part covers everything."""
    areas = Counter(child.area for child in children)
    area, count = areas.most_common(1)[0] if areas else ("", 0)
    return (
        (area, count / len(children)) if area and len(children) > 1 and count >= _MOST * len(children) else ("", None)
    )


def _may_open(folded: str, place: int, starts: Sequence[int], sections: Sequence[Section]) -> bool:
    """Whether a part may begin at `place`: it opens a paragraph, or no heading goes on behind it."""
    if headings.char_before(folded, 0, place) in headings.LINE_STARTS:
        return True
    after = bisect_right(starts, place)
    return after == len(sections) or sections[after].value == 1


def _is_root(section: Section) -> bool:
    """Whether a problem or plan part begins here."""
    return section.role in ("problems", "plan") and (section.parent is None or section.parent.role != section.role)


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    end = trimmed(text, start, end)
    while start < end and text[start] in SPACE:
        start += 1
    return start, end


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
        if section.told:
            row(f"no heading opens the {section.role} part", "read from this sentence on; look where it ends", section)
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
