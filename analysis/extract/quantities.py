"""In: a report's text. Out: every number that measures something: span, value, unit, qualifier, role, label."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

from analysis.codebook import Codebook
from analysis.extract.characters import ARABIC, CHINESE, MULTIPLIERS, chinese_value, one_width

# What looks like a number but names a day, a document, a road, a plan. Masked before anything is read.
_DATES = r"""
    (?:19|20)\d\d\s*[-—–~至.]?\s*(?:(?:19|20)\d\d)\s*年度?        # 2021-2025年, 20212025年
  | (?:19|20)\d\d\s*[-—–~至]\s*\d\d\s*年度?
  | (?:19|20)\d\d\s*年度?(?:\s*\d{1,2}\s*[-—–~至、]?\s*(?:\d{1,2}\s*)?月(?:份|\s*\d{1,2}\s*[日号])?)?
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
_CLAUSE_END = ",。;:!?、\n"
_SHARED = re.compile(r"\s*(?:[、和及与至到~-]|[-—–]{1,2}|,?分别为)\s*")
_BEFORE_NUMBER = re.compile(r"\s*\d")
_LASTING = re.compile(r"[多来]?(?:时间|以上|以内|之内|内)|[多来]")
_CLOSING = re.compile(r"\s*(?:\d|[,。;:、)）\n]|$)")


@dataclass(frozen=True, slots=True)
class Quantity:
    """One number stated: `text[start:end]` is number, multiplier and unit."""

    start: int
    end: int
    value: float
    unit: str
    qualifier: str
    role: str
    label: str = ""


_ROW = re.compile(r"[^\n|]*(?:\|[^\n|]*){2,}")
_BARE_CELL = re.compile(r"(?<=\|)[ \t]*(?!(?:19|20)\d\d[ \t]*(?:\||$))(\d[\d,]*(?:\.\d+)?)[ \t]*(?=\||$)", re.MULTILINE)


class Reader:
    """Reads quantities with the units, names and marker words of one codebook; one Reader serves all reports."""

    def __init__(self, codebook: Codebook):
        self._codebook = codebook

    @cached_property
    def _number(self) -> re.Pattern[str]:
        units = sorted(self._codebook.units, key=lambda unit: (-len(unit), unit))
        unit = "|".join(r"\s?".join(map(re.escape, unit)) for unit in units)
        unit = rf"(?:{unit})(?:\([次套项件个]\))?"  # 场(次), 双(套)
        times = "|".join(sorted(filter(None, MULTIPLIERS), key=len, reverse=True)).replace("千", "千(?![瓦米克伏焦赫])")
        return re.compile(
            rf"(?=[\d一二两三四五六七八九十百千零])(?<![\d.])(?:(?P<arabic>{ARABIC})|(?P<chinese>{CHINESE}))\s?(?P<more>[余多来])?\s?(?P<times>{times})?"
            rf"\s?(?P<more2>[余多])?\s?(?:(?P<unit>{unit})(?:/(?P<per>(?:万|千|百)?{unit}))?)?(?![A-Za-z])"
        )

    @cached_property
    def _masked(self) -> re.Pattern[str]:
        names = sorted((re.escape(row["name"]) for row in self._codebook.files["names"]), key=len, reverse=True)
        firsts = "".join(re.escape(char) for char in sorted({row["name"][0] for row in self._codebook.files["names"]}))
        return re.compile(rf"(?=[{_OPENS}{firsts}])(?:{_NAMES}|{_DATES}|{'|'.join(names)})", re.VERBOSE)

    @cached_property
    def _counted(self) -> re.Pattern[str]:
        """Bodies and places right behind the unit: 四个牵头单位 counts them, 三项制度 does not."""
        nouns = [unit for unit, row in self._codebook.units.items() if row["family"] == "noun"]
        return re.compile(rf"[\u3400-\u9fff]{{0,4}}?(?:{'|'.join(map(re.escape, nouns))})")

    @cached_property
    def _patterns(self) -> dict[str, re.Pattern[str]]:
        book = self._codebook
        link = r"(?:[达到过为了在]|达到)?\s*$"
        made = {
            kind: rf"(?:{book.marker_pattern(kind, position='before')}){link}"
            for kind in ("at_least", "about", "at_most")
        }
        made |= {
            f"{kind}_after": rf"\s*(?:{book.marker_pattern(kind, position='after')})"
            for kind in ("at_least", "about", "at_most")
        }
        made |= {
            kind: rf"(?:{book.marker_pattern(kind)}){link}"
            for kind in ("threshold", "price", "duration", "change_from", "round", "one_year", "once")
        }
        made["change"] = rf"(?:{book.marker_pattern('change')})(?:率|幅)?[约近超了达为]*\s*$"
        made["change_base"] = book.marker_pattern("change_base")
        made["change_to"] = rf"\s*(?:{book.marker_pattern('change_to')})了?\s*$"
        made["target"] = book.marker_pattern("target")
        return {kind: re.compile(pattern) for kind, pattern in made.items()}

    def read(self, text: str, start: int = 0, end: int | None = None, report_year: int | None = None) -> list[Quantity]:
        """Return the quantities of `text[start:end]` in text order; offsets index the whole text.

        `report_year` tells a target (到2025年达到100%) from a year that is over.
        """
        end = len(text) if end is None else end
        folded = one_width(text)
        holes = [match.span() for match in self._masked.finditer(folded, start, end)]
        found: list[Quantity] = []
        bare: list[Quantity] = []  # numbers waiting for the unit of the next one: 45和30个工作日
        position = start
        for hole in [*holes, (end, end)]:
            for match in self._number.finditer(folded, position, hole[0]):
                one = self._one(match, folded, hole[0] if hole[0] < end else -1)
                if one is None:
                    continue
                if bare and not _SHARED.fullmatch(folded, bare[-1].end, one.start):
                    bare = []
                if one.unit or match["times"]:
                    found += [replace(left, unit=one.unit) for left in bare] + [one]
                    bare = []
                elif match["arabic"]:
                    bare.append(one)
            position = hole[1]
            bare = []
        if "|" in folded:
            found = sorted([*found, *_cells(folded, start, end, found)], key=lambda one: one.start)
        return list(self._described(found, folded, report_year))

    def _one(self, match: re.Match[str], folded: str, hole: int) -> Quantity | None:
        """Read one match as a quantity, or as None when it only looks like one."""
        before = folded[max(0, match.start() - 8) : match.start()]
        unit = re.sub(r"[\s()]", "", match["unit"] or "")
        if match["arabic"] and re.search(r"[A-Za-z·№#+]$", before):
            return None
        value = self._value(match)
        if value is None:
            return None
        if match["chinese"] and not self._measures(match, before, unit, int(value), folded):
            return None
        if unit == "年" and not self._is_duration(match, before, value, folded):
            return None
        if match["times"] and not unit and folded.startswith("级", match.end()):
            return None  # a class: 3000亿级园区
        end = (
            match.end("per")
            if match["per"]
            else max(match.end(group) for group in ("arabic", "chinese", "more", "times", "more2", "unit"))
        )
        if unit and match["per"]:
            unit = f"{unit}/{match['per']}".replace(" ", "")
        after = folded[end : end + 1]
        more = bool(match["more"] or match["more2"]) or (match["chinese"] in ("百", "千") and before.endswith("上"))
        if unit and after in ("多", "余") and not more:  # 3年多: the mark stands behind the unit and outside the span
            more = True
        return Quantity(match.start(), end, value, unit, "at_least" if more else "exact", "fact")

    @staticmethod
    def _value(match: re.Match[str]) -> float | None:
        arabic = match["arabic"]
        if arabic and len(arabic) > _LONGEST:
            return None
        number = float(arabic.replace(",", "")) if arabic else chinese_value(match["chinese"])
        if number is None:
            return None
        return round(number * MULTIPLIERS[match["times"] or ""], 6)

    def _measures(self, match: re.Match[str], before: str, unit: str, value: int, folded: str) -> bool:
        """Whether a Chinese numeral measures (三千家) rather than names (三项制度)."""
        more, times = match["more"] or match["more2"], match["times"]
        if value == 0 or re.search(r"[第每各这那前首该本数几][、]?$", before):
            return False  # 零部件, 每三年
        if match["chinese"] in ("百", "千") and not more and not self._patterns["round"].search(before):
            return False  # 百亿企业, 千兆光网
        if not unit:
            return bool(more and (times or value >= 10))
        if times in ("万", "亿", "十万", "百万", "千万") or (more and value >= 10):
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

    def _described(self, found: list[Quantity], folded: str, report_year: int | None) -> Iterator[Quantity]:
        pairs = self._pairs(found, folded)
        last: Quantity | None = None
        for index, one in enumerate(found):
            clause = max(_rfind(folded, _CLAUSE_END, one.start), last.end if last else 0)
            sentence = _rfind(folded, "。;\n", one.start)
            before, earlier = folded[clause : one.start], folded[sentence : one.start]
            after = folded[one.end : one.end + 4]
            qualifier = self._qualifier(one, before, after)
            beside = last is not None and last.end == one.start  # 较去年22件59人: one statement, one role
            role = last.role if beside and last else self._role(one, before, earlier, report_year)
            role = "change" if index in pairs else role
            last = replace(one, qualifier=qualifier, role=role, label=_label(folded, clause, one))
            yield last

    def _pairs(self, found: list[Quantity], folded: str) -> set[int]:
        """Indices of quantities that are the two ends of 从 N 减为 N."""
        pairs: set[int] = set()
        for index, (left, right) in enumerate(pairwise(found)):
            between = folded[left.end : right.start]
            if len(between) < 12 and self._patterns["change_to"].search(between):
                start = max(0, left.start - 4)
                if self._patterns["change_from"].search(folded[start : left.start]):
                    pairs |= {index, index + 1}
        return pairs

    def _qualifier(self, one: Quantity, before: str, after: str) -> str:
        for kind in ("at_most", "about", "at_least"):
            if self._patterns[f"{kind}_after"].match(after):
                return kind
        near = ((self._patterns[kind].search(before[-6:]), kind) for kind in ("at_most", "about", "at_least"))
        told = [(len(match.group()), kind) for match, kind in near if match]  # 不少于 is longer than 少于
        return max(told)[1] if told else one.qualifier

    def _role(self, one: Quantity, before: str, earlier: str, report_year: int | None) -> str:
        if ("元/" in one.unit) or (one.unit.endswith("元") and self._patterns["price"].search(before)):
            return "price"
        if self._patterns["threshold"].search(before):
            return "threshold"
        years = [int(year) for year in re.findall(r"到(20\d\d)年", earlier)]
        ahead = report_year is not None and any(year > report_year for year in years)
        if ahead or self._patterns["target"].search(earlier):
            return "target"
        if self._patterns["change"].search(before) or self._patterns["change_base"].search(before):
            return "change"
        return "fact"


def _rfind(text: str, chars: Iterable[str], end: int) -> int:
    """Position after the last of `chars` before `end`, `_FAR` characters back at most."""
    far = max(0, end - _FAR)
    return max(far, *(text.rfind(char, far, end) + 1 for char in chars))


def _label(folded: str, clause: int, one: Quantity) -> str:
    """What is counted: the words after the unit up to the clause's end, else the clause's words before the number."""
    after = re.match(r"[\u3400-\u9fff]{2,12}", folded[one.end : one.end + 12])
    before = re.sub(r"[^\u3400-\u9fff()%]", "", folded[clause : one.start])[-16:]
    return after.group() if after and not before else before or (after.group() if after else "")


def _cells(folded: str, start: int, end: int, found: Sequence[Quantity]) -> Iterator[Quantity]:
    """Bare numbers in a table's row take the unit that all other numbers of the row have: 75件 | 0 | 4件."""
    starts = [one.start for one in found]
    for line in _ROW.finditer(folded, start, end):
        own = found[bisect_left(starts, line.start()) : bisect_left(starts, line.end())]
        if len({one.unit for one in own}) == 1:
            for cell in _BARE_CELL.finditer(folded, *line.span()):
                if not any(one.start < cell.end(1) and cell.start(1) < one.end for one in own):
                    yield Quantity(*cell.span(1), float(cell[1].replace(",", "")), own[0].unit, "exact", "fact")
