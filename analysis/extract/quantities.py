"""In: a report's text. Out: every number that measures something: span, value, unit, qualifier, role, label."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import NamedTuple

from analysis.codebook import Codebook, one_of
from analysis.extract.characters import ARABIC, CHINESE, MULTIPLIERS, chinese_value, one_width, places

# What looks like a number but names a day, a document, a road, a plan. Masked before anything is read. White space
# before something optional is taken whole (`\s*+`), and letters only from their first on: else a page of them costs its
# square.
_DATES = r"""
    (?:19|20)\d\d\s*+(?:[-—–~至.]\s*+)?(?:19|20)\d\d\s*年度?        # 2021-2025年, 20212025年
  | (?:19|20)\d\d\s*[-—–~至]\s*\d\d\s*年度?
  | (?:19|20)\d\d\s*年度?(?:\s*\d{1,2}\s*+(?:[-—–~至、]\s*+)?(?:\d{1,2}\s*+)?月(?:份|\s*\d{1,2}\s*[日号])?)?
  | (?:19|20)\d\d\s*[-/.]\s*\d{1,2}\s*[-/.]\s*\d{1,2}
  | [一二三四五六七八九零]{4}年度?(?:[一二三四五六七八九十]{1,2}月(?:[一二三四五六七八九十]{1,3}日)?)?
  | \d{1,2}\s*月(?:份|\s*\d{1,2}\s*[日号])?(?:\s*[-—–~至]\s*\d{1,2}\s*[月日号])?
  | \d{1,2}\s*日(?!均) | \d{1,2}:\d\d(?::\d\d)?
  | [一二三四五六七八九十]{1,3}月(?:份|[一二三四五六七八九十]{1,3}日)?
"""
_NAMES = r"""
    《[^《》\n]{0,200}(?:《[^《》\n]*》[^《》\n]*)*》 | 〈[^〈〉\n]*〉 | 〔\d*〕\s*\d*号? | \[\d{4}\]\s*\d*号?
  | “[^“”\n]{1,14}” | "[^"\n]{1,14}"
  | https?://[^\s\u3400-\u9fff]+ | www\.[^\s\u3400-\u9fff]+
  | 第\s*(?:\d+|[一二两三四五六七八九十百零]+)
    (?:\s*[、和至—-]\s*第?(?:\d+|[一二三四五六七八九十百]+))?\s*[\u3400-\u9fff]?
  | 届[一二三四五六七八九十]+[中次](?:[、和]?[一二三四五六七八九十]+[中次])*
  | (?<![A-Za-z])[A-Za-z]++-?\d[\dA-Za-z.-]*
  | (?<!\d)(?:\d+(?:\.\d+)?(?:[·+＋×]\d+)+ | \d+\s*\+ | \d+号(?!线?\d))
"""
_OPENS = (
    r"《〈〔\[“\"hw第届A-Za-z\d一二三四五六七八九十零"  # what a mask can begin with: most characters are passed at once
)
_LONGEST = 20  # characters of a number; longer ones are codes
_FAR = 400  # characters that a clause or sentence is followed back: a report without stops must not cost its square
_CLAUSE, _SENTENCE = ",、。;:!?\n", "。;\n"  # what ends one
_SHARED = re.compile(r"\s*(?:[、和及与至到~-]|[-—–]{1,2}|,?分别为)\s*")
_BEFORE_NUMBER = re.compile(r"\s*\d")
_LASTING = re.compile(r"[多来]?(?:时间|以上|以内|之内|内)|[多来]")
_LATIN_BEFORE = re.compile(r"[A-Za-z·№#+]$")
_RANK_BEFORE = re.compile(r"[第每各这那前首该本数几][、]?$")
_AROUND_UNIT = re.compile(r"[\s()]")
_BY_YEAR = re.compile(r"到(20\d\d)年")
_WORDS = re.compile(r"[\u3400-\u9fff]{2,12}")
_TOLD = re.compile(r"[\u3400-\u9fff()%]+")
_LINE = re.compile(r"[^\n]+")
_CLOSING = re.compile(r"\s*(?:\d|[,。;:、)）\n]|$)")


@dataclass(slots=True)  # not frozen, which takes three times as long to make
class Quantity:
    """One number stated: `text[start:end]` is number, multiplier and unit."""

    start: int
    end: int
    value: float
    unit: str
    qualifier: str
    role: str
    label: str = ""


class _Stated(NamedTuple):
    """A number that measures, before its clause is read."""

    start: int
    end: int
    value: float
    unit: str
    more: bool = False


_BARE_CELL = re.compile(r"(?<=\|)[ \t]*(?!(?:19|20)\d\d[ \t]*(?:\||$))(\d[\d,]*(?:\.\d+)?)[ \t]*(?=\||$)", re.MULTILINE)


class Reader:
    """Reads quantities with the units, names and marker words of one codebook; one Reader serves all reports."""

    def __init__(self, codebook: Codebook):
        self._codebook = codebook

    @cached_property
    def _number(self) -> re.Pattern[str]:
        unit = one_of(self._codebook.units, between=r"\s?") + r"(?:\([次套项件个]\))?"  # 场(次), 双(套)
        times = "|".join(sorted(filter(None, MULTIPLIERS), key=len, reverse=True)).replace("千", "千(?![瓦米克伏焦赫])")
        return re.compile(
            rf"(?=[\d一二两三四五六七八九十百千零])(?<![\d.])(?:(?P<arabic>{ARABIC})|(?P<chinese>{CHINESE}))\s?(?P<more>[余多来])?\s?(?P<times>{times})?"
            rf"\s?(?P<more2>[余多])?\s?(?:(?P<unit>{unit})(?:/(?P<per>(?:万|千|百)?{unit}))?)?(?![A-Za-z])"
        )

    @cached_property
    def _masked(self) -> re.Pattern[str]:
        names = [row["name"] for row in self._codebook.files["names"]]
        firsts = "".join(map(re.escape, sorted({name[0] for name in names})))
        return re.compile(rf"(?=[{_OPENS}{firsts}])(?:{_NAMES}|{_DATES}|{one_of(names)})", re.VERBOSE)

    @cached_property
    def _counted(self) -> re.Pattern[str]:
        """Bodies and places right behind the unit: 四个牵头单位 counts them, 三项制度 does not."""
        nouns = [unit for unit, row in self._codebook.units.items() if row["family"] == "noun"]
        return re.compile(rf"[\u3400-\u9fff]{{0,4}}?(?:{one_of(nouns)})")

    @cached_property
    def _patterns(self) -> dict[str, re.Pattern[str]]:
        book = self._codebook
        link = r"(?:[达到过为了在]|达到)?\s*$"
        bounds = ("at_most", "about", "at_least")
        before = {kind: f"(?:{book.marker_pattern(kind, position='before')}){link}" for kind in bounds}
        after = (f"(?P<{kind}>{book.marker_pattern(kind, position='after')})" for kind in bounds)
        made = before | {"bound": "|".join(before.values()), "bound_after": rf"\s*(?:{'|'.join(after)})"}
        made |= {
            kind: rf"(?:{book.marker_pattern(kind)}){link}"
            for kind in ("threshold", "price", "duration", "change_from", "round", "one_year", "once")
        }
        made["change"] = rf"(?:{book.marker_pattern('change')})(?:率|幅)?[约近超了达为]*\s*$"
        made["change_base"] = book.marker_pattern("change_base")
        made["change_to"] = rf"(?:{book.marker_pattern('change_to')})了?\s*$"
        made["target"] = book.marker_pattern("target")
        made["ahead"] = rf"{made['target']}|{_BY_YEAR.pattern}"
        made["leaning"] = book.marker_pattern("threshold", "change", "change_base")
        return {kind: re.compile(pattern) for kind, pattern in made.items()}

    def read(self, text: str, start: int = 0, end: int | None = None, report_year: int | None = None) -> list[Quantity]:
        """Return the quantities of `text[start:end]` in text order; offsets index the whole text.

        `report_year` tells a target (到2025年达到100%) from a year that is over.
        """
        end = len(text) if end is None else end
        folded = one_width(text)
        holes = [match.span() for match in self._masked.finditer(folded, start, end)]
        found: list[_Stated] = []
        bare: list[_Stated] = []  # numbers waiting for the unit of the next one: 45和30个工作日
        position = start
        for hole in [*holes, (end, end)]:
            for match in self._number.finditer(folded, position, hole[0]):
                if match.lastgroup == "chinese":  # alone, without 余, 万 or a unit: a word
                    continue
                one = self._one(match, folded)
                if one is None:
                    continue
                if bare and not _SHARED.fullmatch(folded, bare[-1].end, one.start):
                    bare = []
                if one.unit or match["times"]:
                    found += [left._replace(unit=one.unit) for left in bare]
                    found.append(one)
                    bare = []
                elif match["arabic"]:
                    bare.append(one)
            position = hole[1]
            bare = []
        if "|" in folded:
            found = sorted([*found, *_cells(folded, start, end, found)], key=lambda one: one.start)
        return list(self._described(found, folded, start, end, report_year))

    def _one(self, match: re.Match[str], folded: str) -> _Stated | None:
        """Read one match as a number that measures, or as None when it only looks like one."""
        start, end = match.start(), match.end(match.lastindex or 0)  # of the last part, without a space behind it
        arabic, chinese, more, times, more2, unit, per = match.groups()
        if arabic and _LATIN_BEFORE.search(folded, max(0, start - 2), start):
            return None
        value = _value(arabic, chinese, times)
        if value is None:
            return None
        unit = _plain(unit) if unit else ""
        if chinese or unit == "年":
            before = folded[max(0, start - 8) : start]
            if chinese and not self._measures(match, before, unit, int(value), folded):
                return None
            if unit == "年" and not self._is_duration(match, before, value, folded):
                return None
            if chinese in ("百", "千") and before.endswith("上"):
                more = "上"
        if times and not unit and folded.startswith("级", match.end()):
            return None  # a class: 3000亿级园区
        if unit and folded.startswith(("多", "余"), end):  # 3年多: the mark stands behind the unit and outside the span
            more = "多"
        if unit and per:
            unit = f"{unit}/{per}".replace(" ", "")
        return _Stated(start, end, value, unit, bool(more or more2))

    def _measures(self, match: re.Match[str], before: str, unit: str, value: int, folded: str) -> bool:
        """Whether a Chinese numeral measures (三千家) rather than names (三项制度)."""
        more = match["more"] or match["more2"]
        if value == 0 or _RANK_BEFORE.search(before):
            return False  # 零部件, 每三年
        if match["chinese"] in ("百", "千") and not more and not self._patterns["round"].search(before):
            return False  # 百亿企业, 千兆光网
        if not unit:
            return bool(more and match["times"])
        if more and value >= 10:
            return True
        kind = self._codebook.units[unit]["numeral"]
        if unit == "年":  # the words before it decide
            return value > 1 or bool(self._patterns["one_year"].search(before))
        closing = bool(_CLOSING.match(folded, match.end()))
        if value == 1 and self._codebook.units[unit]["family"] == "times" and self._patterns["once"].search(before):
            return True  # 召开一次会议
        if value == 1 and kind != "before_number":
            return bool(kind) and closing
        if value >= 20:
            return True
        if kind == "before_number":  # 二期30余人 counts, 二期工程 does not
            return bool(_BEFORE_NUMBER.match(folded, match.end()))
        bodies = self._codebook.units[unit]["family"] == "count" and self._counted.match(folded, match.end())
        return kind == "measures" or (kind == "closing" and (closing or bool(bodies)))

    def _is_duration(self, match: re.Match[str], before: str, value: float, folded: str) -> bool:
        if match["times"] or value != int(value):
            return True
        told = self._patterns["duration"].search(before) or _LASTING.match(folded, match.end())
        return bool(told) or (bool(match["arabic"]) and value < 10)

    # ------------------------------------------------------------------------------------ qualifier, role, label

    def _described(
        self, found: list[_Stated], folded: str, start: int, end: int, report_year: int | None
    ) -> Iterator[Quantity]:
        pairs = self._pairs(found, folded)
        clauses, sentences = places(folded, _CLAUSE), places(folded, _SENTENCE)
        ahead = [match.start() for match in self._patterns["ahead"].finditer(folded, max(0, start - _FAR), end)]
        last, role = 0, ""
        for index, one in enumerate(found):
            clause = max(_begins(clauses, one.start), last)
            before = folded[clause : one.start]
            if last != one.start or not role:  # 较去年22件59人: one statement, one role
                sentence = _begins(sentences, one.start)
                nearest = bisect_left(ahead, sentence - _LONGEST)  # or of a word that runs into the sentence
                told = nearest < len(ahead) and ahead[nearest] < one.start
                role = self._role(one, before, folded[sentence : one.start] if told else "", report_year)
            if index in pairs:
                role = "change"
            last = one.end
            label = _label(folded, clause, one)
            yield Quantity(one.start, one.end, one.value, one.unit, self._qualifier(one, before, folded), role, label)

    def _pairs(self, found: list[_Stated], folded: str) -> set[int]:
        """Indices of quantities that are the two ends of 从 N 减为 N."""
        pairs: set[int] = set()
        for index, (left, right) in enumerate(pairwise(found)):
            if right.start - left.end < 12 and self._patterns["change_to"].search(folded[left.end : right.start]):
                start = max(0, left.start - 4)
                if self._patterns["change_from"].search(folded[start : left.start]):
                    pairs |= {index, index + 1}
        return pairs

    def _qualifier(self, one: _Stated, before: str, folded: str) -> str:
        behind = self._patterns["bound_after"].match(folded, one.end, one.end + 4)
        if behind and behind.lastgroup:
            return behind.lastgroup
        near = before[-6:]
        if self._patterns["bound"].search(near):
            kinds = ("at_most", "about", "at_least")
            told = [(len(match[0]), kind) for kind in kinds if (match := self._patterns[kind].search(near))]
            return max(told)[1]  # 不少于 is longer than 少于
        return "at_least" if one.more else "exact"

    def _role(self, one: _Stated, before: str, ahead: str, report_year: int | None) -> str:
        """Role by the clause before the number, and by the sentence before it where that may tell what lies ahead."""
        if ("元/" in one.unit) or (one.unit.endswith("元") and self._patterns["price"].search(before)):
            return "price"
        leaning = self._patterns["leaning"].search(before)  # most clauses have no such word: one look instead of three
        if leaning and self._patterns["threshold"].search(before):
            return "threshold"
        if ahead and self._is_ahead(ahead, report_year):
            return "target"
        if leaning and (self._patterns["change"].search(before) or self._patterns["change_base"].search(before)):
            return "change"
        return "fact"

    def _is_ahead(self, words: str, report_year: int | None) -> bool:
        years = [int(year) for year in _BY_YEAR.findall(words)]
        later = report_year is not None and any(year > report_year for year in years)
        return later or bool(self._patterns["target"].search(words))


@lru_cache(maxsize=1 << 14)
def _value(arabic: str | None, chinese: str | None, times: str | None) -> float | None:
    if arabic and len(arabic) > _LONGEST:
        return None
    number = float(arabic.replace(",", "")) if arabic else chinese_value(chinese or "")
    return None if number is None else round(number * MULTIPLIERS[times or ""], 6)


@lru_cache(maxsize=1024)
def _plain(unit: str) -> str:
    return _AROUND_UNIT.sub("", unit)


def _begins(ends: Sequence[int], place: int) -> int:
    """Return where the clause or sentence that holds `place` begins, `_FAR` characters back at most."""
    before = bisect_left(ends, place)
    return max(ends[before - 1] + 1 if before else 0, place - _FAR)


def _label(folded: str, clause: int, one: _Stated) -> str:
    """What is counted: the clause's words before the number, else the words after the unit up to the clause's end."""
    before = "".join(_TOLD.findall(folded, clause, one.start))[-16:]
    after = None if before else _WORDS.match(folded, one.end, one.end + 12)
    return after[0] if after else before


def _cells(folded: str, start: int, end: int, found: Sequence[_Stated]) -> Iterator[_Stated]:
    """Bare numbers in a table's row take the unit that all other numbers of the row have: 75件 | 0 | 4件."""
    starts = [one.start for one in found]
    for line in _LINE.finditer(folded, start, end):
        if folded.count("|", *line.span()) < 2:
            continue
        first, last = bisect_left(starts, line.start()), bisect_left(starts, line.end())
        if len({one.unit for one in found[first:last]}) == 1:
            for cell in _BARE_CELL.finditer(folded, *line.span()):
                nearest = bisect_left(starts, cell.end(1), first, last) - 1
                if nearest < first or found[nearest].end <= cell.start(1):
                    yield _Stated(*cell.span(1), float(cell[1].replace(",", "")), found[first].unit)
