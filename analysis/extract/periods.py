"""In: a report's text and the year it reports on. Out: which of its numbers are said to be of another time."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from functools import cached_property

from analysis.codebook import Codebook


class Reader:
    """Reads times with the marker words (`period_other`, `period_report`) of one codebook."""

    def __init__(self, codebook: Codebook):
        self._codebook = codebook

    @cached_property
    def _times(self) -> re.Pattern[str]:
        """A time at the head of a clause: 2021年, 去年, 全年; not 2019年以来, nor 上年结转."""
        words = self._codebook.marker_pattern("period_other", "period_report")
        head = r"(?:^|[,。;:!?、(\n]|[一二三四五六七八九十]是)[^\S\n]*+"  # \s would cost the square of empty lines
        return re.compile(rf"{head}((?:19|20)\d\d年(?!以来|来|起|至|后|[-—–~])|(?:{words})(?!结转|遗留))", re.MULTILINE)

    @cached_property
    def _parts(self) -> re.Pattern[str]:
        """A part of the year anywhere in a number's clause: 发放上半年补贴N元."""
        return re.compile(rf"(?:{self._codebook.marker_pattern('period_other', position='clause')})[^,。;:!?\n]*$")

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
        marks = [(match.start(1), match[1]) for match in self._times.finditer(folded, *body)]
        years = Counter(int(word[:4]) for _, word in marks if word[0] in "12")
        judged = report_year is not None and years[report_year] == max(years.values(), default=0)
        starts = [place for place, _ in marks]
        found: set[int] = set()
        for index, place in enumerate(places):
            if self._parts.search(folded[max(0, place - 40) : place]):
                found.add(index)
                continue
            nearest = bisect_right(starts, place) - 1
            if nearest < 0 or re.search(r"[。;)\n]", folded[starts[nearest] : place]):
                continue
            word = marks[nearest][1]
            if word in self._other or (word[0] in "12" and judged and int(word[:4]) != report_year):
                found.add(index)
        return found
