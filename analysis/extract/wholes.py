"""In: indicators as a text states them, one by one. Out: wholes: parts left out or added up, each said once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from analysis.extract.lines import LONGEST

_BESIDE = 24  # characters between two parts of one whole
_ASIDES = re.compile(r"[(（][^()（）]*[)）]")


@dataclass(frozen=True)
class Indicator:
    """One value of one codebook indicator; `quantity` indexes the quantities (None: said in words, or several)."""

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


def without_parts(found: Sequence[Indicator], text: str, own: str) -> list[Indicator]:
    """Leave out parts: 受理行政复议案件50件,其中受理公安类行政复议案件20件.

    What is the government's `own` (其中县本级9件) is a figure of another scope, no part.
    """
    last: dict[str, Indicator] = {}
    kept = []
    for one in found:
        before = last.get(one.code)
        if before and one.start - before.end <= LONGEST:
            between = _ASIDES.sub("", text[before.end : one.start])
            part = "" if re.search("[。\n]", between) else between.partition("其中")[2]
            if part and not re.search(own, part):
                continue
        last[one.code] = one
        kept.append(one)
    return kept


def summed(found: Sequence[Indicator], text: str) -> list[Indicator]:
    """Add the parts that a sentence names side by side: 31个社区、60个行政村. A part alone is not the whole."""
    if all(one.basis != "summed" for one in found):  # most often
        return list(found)
    runs: list[list[Indicator]] = []
    for one in sorted(found, key=lambda one: (one.code, one.scope, one.start)):
        last = runs[-1][-1] if runs else None
        beside = last and (last.code, last.scope) == (one.code, one.scope)
        if last and beside and "summed" in (one.basis, last.basis) and _is_next(text[last.end : one.start]):
            runs[-1].append(one)
        else:
            runs.append([one])
    kept = []
    for run in runs:
        first, last = run[0], run[-1]
        if len(run) > 1:
            loose = [one.qualifier for one in run if one.qualifier != "exact"]
            value, qualifier = sum(one.value for one in run), (loose or ["exact"])[0]
            kept.append(replace(first, value=value, qualifier=qualifier, basis="summed", quantity=None, end=last.end))
        elif first.basis != "summed":
            kept.append(first)
    return sorted(kept, key=lambda one: (one.start, one.code))


def _is_next(between: str) -> bool:
    return len(between) <= _BESIDE and not re.search("[。;；\n]", between)


def once(found: list[Indicator]) -> list[Indicator]:
    """Keep the first of rows that say the same indicator and value in the same way."""
    first: dict[tuple[str, float, str], Indicator] = {}
    for one in found:
        first.setdefault((one.code, one.value, one.basis), one)
    return list(first.values())
