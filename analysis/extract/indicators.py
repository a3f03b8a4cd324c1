"""In: a report's quantities and the codebook's wordings. Out: indicators with their sentences; ratios; review rows."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from analysis.codebook import Codebook, Row
from analysis.extract import periods, wholes
from analysis.extract.characters import one_width
from analysis.extract.lines import sentence
from analysis.extract.quantities import Quantity
from analysis.extract.structure import Section, section_at
from analysis.extract.wholes import Indicator
from analysis.extract.wordbook import NONE, Wording, Wordings
from analysis.extract.wordings import LISTED, OTHER, Skeleton, denied, said, skeleton

ROLES = ("lead", "work", "duty", "problems", "other")  # plans state targets, never results
Review = dict[str, object]
Scopes = tuple[re.Pattern[str], list[tuple[str, re.Pattern[str]]]]
_REACH = 200  # characters over which a topic holds
_TOLD = 20  # values listed in a message
_SENTENCE = re.compile("[^。\n]+")
_NAMES = re.compile("《[^》]*》|“[^”]*”")


class _Hit(NamedTuple):
    wording: Wording
    quantity: int | None
    start: int
    end: int
    place: tuple[int, int]  # what it claims: the end of its label and of its number or words
    weight: int


class Reader:
    """Reads indicators with the wordings of one codebook."""

    def __init__(self, codebook: Codebook):
        self._codebook = codebook
        self._periods = periods.Reader(codebook)
        self._wordings = Wordings(codebook)

    @cached_property
    def _scopes(self) -> dict[bool, Scopes]:
        """Whether counties are below the reporting government → what tells that a kind of scope is said, and which."""
        kinds = ("own", "departments", "lower", "area")
        words = {kind: self._codebook.marker_pattern(f"scope_{kind}") for kind in (*kinds, "below")}
        own = [(kind, re.compile(f"(?<!召开)(?:{words[kind]})")) for kind in kinds]
        any_own = re.compile("|".join(words[kind] for kind in kinds))
        any_below = re.compile("|".join(words.values()))
        return {False: (any_own, own), True: (any_below, [*own, ("lower", re.compile(words["below"]))])}

    def read(
        self,
        text: str,
        body: tuple[int, int],
        sections: Sequence[Section],
        quantities: Sequence[Quantity],
        report_year: int | None = None,
        level: str | None = None,
    ) -> tuple[list[Indicator], list[Review]]:
        """Return the indicators in text order and the review rows (ambiguous).

        `quantities` are all of the report's, in text order; targets, changes, prices and limits never become
        indicators, nor do figures said to be of another year than `report_year`. `level` tells whose 县级 is.
        """
        past = self._periods.other(one_width(text), body, [one.start for one in quantities], report_year)
        letters = self._wordings.letters
        spans = [
            (one.start, one.end, OTHER if one.role != "fact" or index in past else letters.get(one.unit, OTHER))
            for index, one in enumerate(quantities)
        ]
        view = skeleton(text, spans, *body, filler=self._wordings.filler)
        starts = [section.start for section in sections]
        hits = []
        for hit in self._hits(view, quantities):
            section = section_at(sections, starts, hit.start)
            role = section.role if section else ""
            if role in ROLES and (hit.wording.basis in ("stated", "summed") or role != "problems"):
                hits.append(hit)
        kept, review = self._resolve(hits, text)
        scopes = self._scopes[level in ("province", "prefecture")]
        found = [self._indicator(hit, text, quantities, scopes) for hit in kept]
        found = sorted(found, key=lambda one: (one.start, one.code))
        whole = wholes.without_parts(found, text, self._codebook.marker_pattern("scope_own"))
        return wholes.once(wholes.summed(whole, text)), review

    def _hits(self, view: Skeleton, quantities: Sequence[Quantity]) -> Iterator[_Hit]:
        text = view.text
        listed = {place for match in LISTED.finditer(text) for place in range(*match.span(1))}
        topics: list[tuple[int, int]] | None = None  # looked for when first needed
        number, word = (pattern.search for pattern in self._wordings.telling)
        for found in _SENTENCE.finditer(text):
            left, right = found.span()
            if not number(text, left, right) and not word(text, left, right):
                continue
            words = found.group()
            for wording in self._wordings.to_try(words):
                search = wording.pattern.search
                match = search(text, left, right)
                if match and wording.topic and topics is None:
                    topics = [one.span() for one in self._wordings.topics.finditer(text)]
                while match:  # from the next character on: a nearer label may stand inside a wide match
                    start, end = match.span()
                    if (
                        not denied(text, start)
                        and not (")" in words and _leaves_bracket(text[start:end]))
                        and not (listed and wording.numbered and match.start("n") in listed)
                        and (not wording.topic or _topic(text, topics or [], start) in wording.topic)
                    ):
                        yield self._hit(wording, match, view, quantities)
                    match = search(text, start + 1, right)

    @staticmethod
    def _hit(wording: Wording, match: re.Match[str], view: Skeleton, quantities: Sequence[Quantity]) -> _Hit:
        weight = said(match) + bool(wording.topic)  # of two that say as much, the one that knows the topic
        end = match.end()
        if not wording.numbered:
            return _Hit(wording, None, *view.span(match.start(), end), (end, end), weight)
        label, after = match.span("n")
        index = view.numbers[label]
        if wording.basis == "implied":  # 规范性文件12件,均按要求备案: the words are the evidence
            return _Hit(wording, index, *view.span(after + (view.text[after] in ",、"), end), (end, end), weight)
        if wording.rates and match["rates"]:  # 办结率、满意率达100%: two labels
            label = match.start("rates")
        return _Hit(wording, index, quantities[index].start, quantities[index].end, (label, after), weight)

    def _resolve(self, hits: list[_Hit], text: str) -> tuple[list[_Hit], list[Review]]:
        """Give each number, or end of words, to its heaviest wording; shared ones go beside it; ties go to review."""
        kept: list[_Hit] = []
        review: list[Review] = []
        places: dict[tuple[int, int], dict[str, _Hit]] = {}
        for hit in hits:
            rivals = places.setdefault(hit.place, {})
            if hit.wording.code not in rivals or rivals[hit.wording.code].weight < hit.weight:
                rivals[hit.wording.code] = hit
        for rivals in places.values():
            if len(rivals) == 1:  # most often
                kept += rivals.values()
                continue
            kept += [hit for hit in rivals.values() if hit.wording.shared]
            best = max((hit.weight for hit in rivals.values() if not hit.wording.shared), default=None)
            single = [hit for hit in rivals.values() if not hit.wording.shared and hit.weight == best]
            if len(single) > 1:
                one = single[0]
                codes = ", ".join(sorted(hit.wording.code for hit in single))
                review.append(
                    {"kind": "ambiguous", "start": one.start, "end": one.end, "text": text[one.start : one.end],
                     "suggestion": "make one wording more specific, or add the value to corrections.csv",
                     "message": f"wordings of equal weight: {codes}"}
                )  # fmt: skip
            else:
                kept += single
        return [hit for hit in _apart(kept) if hit.wording.code != NONE], review

    def _indicator(self, hit: _Hit, text: str, quantities: Sequence[Quantity], scopes: Scopes) -> Indicator:
        row = self._codebook.indicators[hit.wording.code]
        left, right = sentence(text, hit.start, hit.end)
        scope = hit.wording.scope or _scope(text[left : hit.start], scopes)
        if hit.quantity is None:
            unit = row["unit"].split(";")[0].lstrip("万亿")
            value = 0.0 if hit.wording.basis == "zero_in_words" else 100.0
            qualifier = "exact"
        else:
            one = quantities[hit.quantity]
            value, unit, qualifier = one.value, one.unit, one.qualifier
        return Indicator(
            hit.wording.code,
            value,
            unit,
            qualifier,
            hit.wording.basis,
            scope,
            hit.quantity,
            hit.start,
            hit.end,
            text[left:right],
        )

    # ------------------------------------------------------------------------------------------------ what follows

    def out_of_range(self, found: Sequence[Indicator], level: str | None) -> list[Review]:
        """Review rows for county values outside the codebook's range; ranges flag, they never delete."""
        if level != "county":
            return []
        rows: list[Review] = []
        for one in found:
            row = self._codebook.indicators[one.code]
            factor = 10_000 if row["kind"] == "money" else 1  # ranges of money are in 万元
            low, high = float(row["county_low"] or "-inf") * factor, float(row["county_high"] or "inf") * factor
            if not low <= one.value <= high:
                rows.append(
                    {"kind": "out_of_range", "start": one.start, "end": one.end, "text": one.evidence,
                     "suggestion": "compare with the text; if the value is wrong, add it to corrections.csv",
                     "message": f"{one.code} = {one.value:g} {one.unit}, expected {low:g} to {high:g} for a county"}
                )  # fmt: skip
        return rows

    def derived(self, found: Sequence[Indicator]) -> list[dict[str, object]]:
        """Ratios of ratios.csv recomputed from the report's own counts and compared with the printed rate.

        One row per ratio whose two counts are stated with one scope; `agrees` is whether the recomputed value rounds to
        the printed one (missing when none is printed). Counts said in words only are not divided.
        """
        rows: list[dict[str, object]] = []
        found = [one for one in found if one.basis in ("stated", "summed", "corrected")]
        for ratio in self._codebook.files["ratios"]:
            pair = _same_scope(found, ratio["numerator_indicator"], ratio["denominator_indicator"])
            if pair is None or not pair[1].value:
                continue
            top, base = pair
            value = top.value / base.value * (100 if ratio["unit"] == "%" else 1)
            stated = [one for one in found if one.code == ratio["stated_indicator"]]
            stated.sort(key=lambda one, top=top: (one.scope != top.scope, abs(one.start - top.start)))
            printed = stated[0] if stated else None
            rows.append(
                {"ratio": ratio["ratio"], "value": value, "numerator": top.value, "denominator": base.value,
                 "numerator_indicator": top.code, "denominator_indicator": base.code,
                 "stated_value": printed.value if printed else None,
                 "agrees": rounds_to(value, printed.value) if printed else None}
            )  # fmt: skip
        return rows

    def check(self) -> None:
        """Raise `CodebookError` with every wording that cannot be read; `read` meets one only when it needs it."""
        for wording in self._wordings.rows:
            _ = wording.pattern

    def several(self, found: Sequence[Indicator]) -> list[Review]:
        """Review rows where one indicator has several values of one scope: parts to add up, or one is another's."""
        groups: dict[tuple[str, str], list[Indicator]] = {}
        for one in found:
            groups.setdefault((one.code, one.scope), []).append(one)
        shown = {group: ", ".join(f"{one.value:g}" for one in ones[:_TOLD]) for group, ones in groups.items()}
        return [
            {"kind": "ambiguous", "start": ones[1].start, "end": ones[1].end, "text": ones[1].evidence,
             "suggestion": "parts: set one to their sum in corrections.csv, drop the others; else drop the wrong one",
             "message": f"{code} ({scope}) has {len(ones)} values: {shown[code, scope]}{', …' * (len(ones) > _TOLD)}"}
            for (code, scope), ones in groups.items()
            if len({one.value for one in ones}) > 1
        ]  # fmt: skip

    def identities(self, found: Sequence[Indicator]) -> list[Review]:
        """Review rows where the parts of an identity do not add up to their total: reported, never repaired."""
        rows: list[Review] = []
        for identity in self._codebook.files["identities"]:
            codes = identity["parts"].split(";")
            total = next((one for one in found if one.code == identity["total"]), None)
            if total is None:
                continue
            ones = (
                next((one for one in found if one.code == code and one.scope == total.scope), None) for code in codes
            )
            parts = [one for one in ones if one is not None]
            if len(parts) < len(codes):
                continue
            added = sum(one.value for one in parts)
            wrong = added > total.value if identity["relation"] == "at_most" else added != total.value
            if wrong:
                rows.append(_identity_row(identity, total, parts, added))
        return rows


def _leaves_bracket(words: str) -> bool:
    """Whether the label stands in a bracket and its number outside: 纠错(含撤销、确认违法)29件 are no 29 确认违法."""
    opened = 0
    for char in words:
        opened += (char == "(") - (char == ")")
        if opened < 0:
            return True
    return False


def _topic(text: str, topics: Sequence[tuple[int, int]], place: int) -> str:
    """Return the topic named last before `place`, in its line or the one before (its heading); empty when none is."""
    index = bisect_right(topics, (place, -1)) - 1
    if index < 0 or place - topics[index][1] > _REACH or text.count("\n", topics[index][1], place) > 1:
        return ""
    return text[slice(*topics[index])]


def _scope(before: str, scopes: Scopes) -> str:
    """Whose figure it is: the nearest word before it in its sentence that says so, else the government's own."""
    said, kinds = scopes
    before = _NAMES.sub("", before)  # names say nothing about it
    if not said.search(before):  # most often
        return "own"
    nearest = [(match.end(), kind) for kind, pattern in kinds for match in pattern.finditer(before)]
    return max(nearest)[1] if nearest else "own"


def _identity_row(identity: Row, total: Indicator, parts: Sequence[Indicator], added: float) -> Review:
    shown = " + ".join(f"{one.code} {one.value:g}" for one in parts)
    return {
        "kind": "identity", "start": total.start, "end": total.end, "text": total.evidence,
        "suggestion": "compare with the text; the report itself may not add up",
        "message": f"{shown} = {added:g}, but {identity['total']} is {total.value:g}",
    }  # fmt: skip


def rounds_to(value: float, stated: float) -> bool:
    """Whether `value` rounds, or is cut, to the decimals that `stated` has: 99.617 agrees with 99.6, not with 99.7."""
    decimals = len(f"{stated:.10g}".partition(".")[2])
    return abs(value - stated) < 10.0**-decimals


def _same_scope(found: Sequence[Indicator], left: str, right: str) -> tuple[Indicator, Indicator] | None:
    first: dict[str, Indicator] = {}
    for other in found:
        if other.code == right:
            first.setdefault(other.scope, other)
    return next(((one, first[one.scope]) for one in found if one.code == left and one.scope in first), None)


def _apart(hits: Sequence[_Hit]) -> list[_Hit]:
    """Of overlapping wordings without a number keep the heaviest: 未发生行政诉讼案件败诉 is not 未发生行政诉讼案件."""
    kept = [hit for hit in hits if hit.quantity is not None]
    taken: set[int] = set()  # characters: to compare every two would cost the square of a report that repeats itself
    for hit in sorted((hit for hit in hits if hit.quantity is None), key=lambda hit: -hit.weight):
        if hit.wording.shared or taken.isdisjoint(range(hit.start, hit.end)):
            taken.update(range(hit.start, hit.end))
            kept.append(hit)
    return kept
