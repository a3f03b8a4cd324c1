"""In: a report's text and its spans. Out: where a very long one is cut into pages, and which page holds what."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from analysis.present.evidence_text import MARKS, Span

CHARS = 80_000  # of one page; the longest report known has half of it
NUMBERS = 4_000  # numbers and doubts of one page
_ENDS = ("\n", "。", "；", "，")  # where to cut, the best first

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Part:
    """One page's stretch of a report.

    Attributes
    ----------
    number : int
        From 0.
    start, end : int
        Its characters.
    spans : list of Span
        What lies in it, counted from its own first character, cut at its ends. What began before has no anchor here
        unless it is a mark, whose stretches all name it.
    """

    number: int
    start: int
    end: int
    spans: list[Span]


def cut(text: str, spans: Sequence[Span]) -> list[Part]:
    """Cut a text where no page gets more than `CHARS` characters and `NUMBERS` marks; short texts stay whole.

    A cut falls before a heading, else after a line, a sentence or a clause; inside a number or a doubt only where there
    is no other place.
    """
    marks = sorted(span.start for span in spans if span.kind in MARKS)
    closed = _merged(span for span in spans if span.kind in MARKS or (span.kind == "s" and span.level))
    heads = sorted(span.start for span in spans if span.kind == "s")
    starts = [0]
    while (most := _most(starts[-1], marks)) < len(text):
        starts.append(_place(text, starts[-1], most, closed, heads))
    ends = [*starts[1:], len(text)]
    within: list[list[Span]] = [[] for _ in starts]
    for span in spans:
        first = page_of(starts, span.start)
        for number in range(first, max(first, bisect_left(starts, span.end) - 1) + 1):
            begun = number == first or span.kind in MARKS
            low, high = max(span.start, starts[number]), min(span.end, ends[number])
            here = replace(span, start=low - starts[number], end=max(low, high) - starts[number])
            within[number].append(here if begun else replace(here, anchor=""))
    return [Part(number, *rest) for number, rest in enumerate(zip(starts, ends, within, strict=True))]


def page_of(starts: Sequence[int], place: int) -> int:
    """Return the number, from 0, of the page that holds a character."""
    return max(0, bisect_right(starts, place) - 1)


def _most(start: int, marks: Sequence[int]) -> int:
    at = bisect_left(marks, start) + NUMBERS
    return max(start + 1, min(start + CHARS, marks[at] if at < len(marks) else start + CHARS))


def _merged(spans: Iterable[Span]) -> tuple[list[int], list[int]]:
    """Starts and ends of the stretches that one does not cut, in order."""
    starts: list[int] = []
    ends: list[int] = []
    for start, end in sorted((span.start, span.end) for span in spans):
        if ends and start < ends[-1]:
            ends[-1] = max(ends[-1], end)
        else:
            starts.append(start)
            ends.append(end)
    return starts, ends


def _place(text: str, start: int, most: int, closed: tuple[list[int], list[int]], heads: Sequence[int]) -> int:
    least = start + (most - start) // 2

    def free(at: int) -> bool:
        inside = bisect_left(closed[0], at) - 1
        return inside < 0 or closed[1][inside] <= at

    if (at := bisect_right(heads, most) - 1) >= 0 and heads[at] > least and free(heads[at]):
        return heads[at]
    for mark in _ENDS:
        at = most
        while (at := text.rfind(mark, least, at)) >= 0:
            if free(at + 1):
                return at + 1
    return next((at for at in range(most, least, -1) if free(at)), most)


def runs(numbers: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Return pairs of an anchor's number and its page, ordered, only where the page changes.

    >>> runs([(1, 0), (2, 0), (3, 1), (4, 0)])
    [[1, 0], [3, 1], [4, 0]]
    """
    made: list[list[int]] = []
    for number, page in sorted(numbers):
        if not made or made[-1][1] != page:
            made.append([number, page])
    return made
