"""In: a report's text and the year it reports on. Out: which of its numbers are said to be of another time."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from functools import cached_property

from analysis.codebook import Codebook

_NEAR = 40  # characters before a number in which a part of the year is looked for
_CLAUSE = re.compile("[,。;:!?\n]")
_ENDED = re.compile(r"[。;)\n]")


class Reader:
    """Reads times with the marker words (`period_other`, `period_report`) of one codebook."""

    def __init__(self, codebook: Codebook):
        self._codebook = codebook

    @cached_property
    def _times(self) -> tuple[re.Pattern[str], ...]:
        """Times: 2021年, 去年, 全年; not 2019年以来, nor 上年结转. Two patterns are searched quicker than one."""
        words = self._codebook.marker_pattern("period_other", "period_report")
        return re.compile(r"(?:19|20)\d\d年(?!以来|来|起|至|后|[-—–~])"), re.compile(rf"(?:{words})(?!结转|遗留)")

    @cached_property
    def _parts(self) -> re.Pattern[str]:
        """A part of the year."""
        return re.compile(self._codebook.marker_pattern("period_other", position="clause") or "(?!)")

    @cached_property
    def _other(self) -> set[str]:
        return {row["word"] for row in self._codebook.markers["period_other"]}

    def other(
        self, folded: str, body: tuple[int, int], places: Sequence[int], report_year: int | None = None
    ) -> set[int]:
        """Return the indices of `places` in the reach of a time that is not the report's year.

        去年,办理…件 and, in a report of 2022, 2021年,办理…件: the reach ends with the sentence or at another time.
        Years are judged only where `report_year` heads the most clauses, as a wrong year would empty a report.

        Parameters
        ----------
        folded : str
            The text in one width.
        places : sequence of int
            Where the numbers begin.
        """
        marks = sorted(
            (match.start(), match[0])
            for pattern in self._times
            for match in pattern.finditer(folded, *body)
            if _heads_clause(folded, body[0], match.start())
        )
        years = Counter(int(word[:4]) for _, word in marks if word[0] in "12")
        judged = report_year is not None and years[report_year] == max(years.values(), default=0)
        starts = [place for place, _ in marks]
        parts = [match.span() for match in self._parts.finditer(folded)]
        found: set[int] = set()
        for index, place in enumerate(places):
            part = bisect_left(parts, (place, place)) - 1  # anywhere in the number's clause: 发放上半年补贴N元
            if part >= 0 and parts[part][0] >= place - _NEAR and not _CLAUSE.search(folded, parts[part][1], place):
                found.add(index)
                continue
            nearest = bisect_right(starts, place) - 1
            if nearest < 0 or _ENDED.search(folded, starts[nearest], place):
                continue
            word = marks[nearest][1]
            if word in self._other or (word[0] in "12" and judged and int(word[:4]) != report_year):
                found.add(index)
        return found


def _heads_clause(text: str, start: int, place: int) -> bool:
    """Whether a clause of `text[start:]` begins at `place`, white space left out."""
    head = place
    while head > start and text[head - 1].isspace():
        head -= 1
    if head == 0 or "\n" in text[head - 1 : place]:
        return True
    before = text[max(start, head - 2) : head]
    return before.endswith(tuple(",。;:!?、(")) or (before[1:] == "是" and before[0] in "一二三四五六七八九十")
