"""In: a report's quantities and the codebook's wordings. Out: indicators, each with its sentence; ratios; things to look at."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from analysis.codebook import Codebook, Row
from analysis.extract.quantities import Quantity
from analysis.extract.structure import Section
from analysis.extract.wordings import NUMBER, Skeleton, skeleton, specificity, to_regex, units_after

ROLES = ("lead", "work", "duty", "problems", "other")  # plans state targets, never results
Review = dict[str, object]


@dataclass(frozen=True)
class Indicator:
    """One value of one codebook indicator; `quantity` indexes the report's quantities (None: said in words)."""

    code: str
    value: float
    unit: str
    qualifier: str
    basis: str
    scope: str
    quantity: int | None
    start: int
    end: int
    evidence: str


@dataclass(frozen=True)
class _Wording:
    code: str
    pattern: re.Pattern[str]
    units: frozenset[str]
    weight: int
    basis: str
    scope: str
    shared: bool
    probe: str  # a string without which the pattern cannot match: looked for first, because most do not


@dataclass(frozen=True)
class _Hit:
    wording: _Wording
    quantity: int | None
    start: int
    end: int


class Reader:
    """Reads indicators with the wordings of one codebook."""

    def __init__(self, codebook: Codebook):
        self._codebook = codebook

    @cached_property
    def _wordings(self) -> list[_Wording]:
        book = self._codebook
        filler = f"(?:{book.marker_pattern('filler')}){{0,3}}"
        units = "|".join(sorted(map(re.escape, book.units), key=len, reverse=True))
        made = []
        for row in book.files["wordings"]:
            allowed = units_after(row["wording"], units) or [
                unit.lstrip("万亿") for unit in book.indicators[row["indicator"]]["unit"].split(";")
            ]
            made.append(
                _Wording(
                    row["indicator"],
                    re.compile(to_regex(row["wording"], filler, units)),
                    frozenset(map(book.canonical, allowed)),
                    specificity(row["wording"]),
                    row["basis"] or "stated",
                    row["scope"],
                    row["shared"] == "yes",
                    _probe(row["wording"]),
                )
            )
        return made

    @cached_property
    def _scopes(self) -> list[tuple[str, re.Pattern[str]]]:
        kinds = ("departments", "lower", "area")
        return [(kind, re.compile(self._codebook.marker_pattern(f"scope_{kind}"))) for kind in kinds]

    def read(
        self, text: str, body: tuple[int, int], sections: Sequence[Section], quantities: Sequence[Quantity]
    ) -> tuple[list[Indicator], list[Review]]:
        """Return the indicators in text order and the review rows (ambiguous, out_of_range).

        `quantities` are all of the report's, in text order; targets, changes, prices and limits never become indicators.
        """
        view = skeleton(text, [(one.start, one.end) for one in quantities], *body)
        starts = [section.start for section in sections]
        hits = []
        for hit in self._hits(view, quantities):
            section = _section_at(sections, starts, hit.start)
            if section is None or section.role in ROLES:
                hits.append(hit)
        kept, review = self._resolve(hits, quantities, text)
        found = [self._indicator(hit, text, quantities) for hit in kept]
        return _once(sorted(found, key=lambda one: (one.start, one.code))), review

    def _hits(self, view: Skeleton, quantities: Sequence[Quantity]) -> Iterator[_Hit]:
        canonical = self._codebook.canonical
        for wording in self._wordings:
            if wording.probe not in view.text:
                continue
            for match in wording.pattern.finditer(view.text):
                position = match.group().rfind(NUMBER)
                if position < 0:
                    yield _Hit(wording, None, *view.span(*match.span()))
                    continue
                index = view.numbers[match.start() + position]
                one = quantities[index]
                if one.role == "fact" and canonical(one.unit) in wording.units:
                    yield _Hit(wording, index, one.start, one.end)

    def _resolve(self, hits: list[_Hit], quantities: Sequence[Quantity], text: str) -> tuple[list[_Hit], list[Review]]:
        """Give each number to its most specific wording; wordings marked shared go beside it; ties go to review."""
        kept = [hit for hit in hits if hit.quantity is None]
        review: list[Review] = []
        by_quantity: dict[int, dict[str, _Hit]] = {}
        for hit in hits:
            if hit.quantity is not None:
                rivals = by_quantity.setdefault(hit.quantity, {})
                if hit.wording.code not in rivals or rivals[hit.wording.code].wording.weight < hit.wording.weight:
                    rivals[hit.wording.code] = hit
        for index, rivals in by_quantity.items():
            kept += [hit for hit in rivals.values() if hit.wording.shared]
            single = sorted(
                (hit for hit in rivals.values() if not hit.wording.shared), key=lambda hit: -hit.wording.weight
            )
            if len(single) > 1 and single[0].wording.weight == single[1].wording.weight:
                one = quantities[index]
                codes = ", ".join(hit.wording.code for hit in single if hit.wording.weight == single[0].wording.weight)
                review.append(
                    {"kind": "ambiguous", "start": one.start, "end": one.end, "text": text[one.start : one.end],
                     "suggestion": "make one wording more specific, or add the value to corrections.csv",
                     "message": f"wordings of equal weight: {codes}"}
                )  # fmt: skip
            elif single:
                kept.append(single[0])
        return kept, review

    def _indicator(self, hit: _Hit, text: str, quantities: Sequence[Quantity]) -> Indicator:
        row = self._codebook.indicators[hit.wording.code]
        left, right = sentence(text, hit.start, hit.end)
        scope = hit.wording.scope or self._scope(text, left, hit.start)
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

    def _scope(self, text: str, left: int, start: int) -> str:
        """Whose figure it is: the nearest word before it in its sentence that says so, else the reporting government's own."""
        before = text[left:start]
        nearest = [(match.end(), kind) for kind, pattern in self._scopes for match in pattern.finditer(before)]
        return max(nearest)[1] if nearest else "own"

    # ------------------------------------------------------------------------------------------------ what follows

    def out_of_range(self, found: Sequence[Indicator], level: str | None) -> list[Review]:
        """Review rows for county values outside the codebook's range; ranges flag, they never delete."""
        if level != "county":
            return []
        rows: list[Review] = []
        for one in found:
            row = self._codebook.indicators[one.code]
            factor = 10_000 if row["unit"].startswith("万") else 1
            low, high = (float(row[name]) * factor if row[name] else None for name in ("county_low", "county_high"))
            if (low is not None and one.value < low) or (high is not None and one.value > high):
                rows.append(
                    {"kind": "out_of_range", "start": one.start, "end": one.end, "text": one.evidence,
                     "suggestion": "compare with the text; if the value is wrong, add it to corrections.csv",
                     "message": f"{one.code} = {one.value:g} {one.unit}, expected {low:g} to {high:g} for a county"}
                )  # fmt: skip
        return rows

    def derived(self, found: Sequence[Indicator]) -> list[dict[str, object]]:
        """Ratios of ratios.csv recomputed from the report's own counts and compared with the printed rate.

        One row per ratio whose two counts are stated with one scope; `agrees` is whether the recomputed value rounds to the
        printed one (missing when none is printed).
        """
        rows: list[dict[str, object]] = []
        for ratio in self._codebook.files["ratios"]:
            pair = _same_scope(found, ratio["numerator_indicator"], ratio["denominator_indicator"])
            if pair is None or not pair[1].value:
                continue
            value = pair[0].value / pair[1].value * (100 if ratio["unit"] == "%" else 1)
            stated = [one for one in found if one.code == ratio["stated_indicator"] and one.basis == "stated"]
            stated.sort(key=lambda one: (one.scope != pair[0].scope, abs(one.start - pair[0].start)))
            rows.append(
                {"ratio": ratio["ratio"], "value": value, "numerator": pair[0].value, "denominator": pair[1].value,
                 "numerator_indicator": pair[0].code, "denominator_indicator": pair[1].code,
                 "stated_value": stated[0].value if stated else None,
                 "agrees": rounds_to(value, stated[0].value) if stated else None}
            )  # fmt: skip
        return rows

    def identities(self, found: Sequence[Indicator]) -> list[Review]:
        """Review rows where the parts of an identity do not add up to their total; differences are reported, never repaired."""
        rows: list[Review] = []
        for identity in self._codebook.files["identities"]:
            codes = [identity["total"], *identity["parts"].split(";")]
            ones = [next((one for one in found if one.code == code), None) for code in codes]
            total, parts = ones[0], [one for one in ones[1:] if one is not None]
            if total is None or len(parts) < len(ones) - 1:
                continue
            added = sum(one.value for one in parts)
            wrong = added > total.value if identity["relation"] == "at_most" else added != total.value
            if wrong:
                rows.append(_identity_row(identity, total, parts, added))
        return rows


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


def sentence(text: str, start: int, end: int) -> tuple[int, int]:
    """Span of the sentence or line round `text[start:end]`, white space left out."""
    left = max(text.rfind(mark, 0, start) for mark in "。\n\r") + 1
    right = min(
        (place + (mark == "。") for mark in "。\n\r" if (place := text.find(mark, end)) >= 0), default=len(text)
    )
    piece = text[left:right]
    return left + len(piece) - len(piece.lstrip()), left + len(piece.rstrip())


def _probe(wording: str) -> str:
    """Return the longest stretch of a wording without number, gap or alternatives."""
    plain = re.sub(r"\[[^\]]*\]", "…", wording)
    from analysis.extract.characters import one_width

    return max(re.split(r"N[^…]?|…", one_width(plain)), key=len)


def _section_at(sections: Sequence[Section], starts: list[int], position: int) -> Section | None:
    from bisect import bisect_right

    index = bisect_right(starts, position) - 1
    return sections[index] if index >= 0 else None


def _same_scope(found: Sequence[Indicator], left: str, right: str) -> tuple[Indicator, Indicator] | None:
    for one in found:
        if one.code == left:
            for other in found:
                if other.code == right and other.scope == one.scope:
                    return one, other
    return None


def _once(found: list[Indicator]) -> list[Indicator]:
    """Keep the first of rows that say the same indicator, value and scope."""
    seen: set[tuple[str, float, str, str]] = set()
    kept = []
    for one in found:
        key = (one.code, one.value, one.unit, one.scope)
        if key not in seen:
            seen.add(key)
            kept.append(one)
    return kept
