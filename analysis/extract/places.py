"""In: places.csv, its aliases and the words around names. Out: which divisions and bodies a phrase names in a year."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from analysis.codebook import read_csv
from analysis.errors import CodebookError, closest
from analysis.paths import CODEBOOK
from analysis.tables import LEVELS

COLUMNS = ("code", "name", "short", "level", "province", "prefecture", "year_from", "year_to")
CUES = {"省": "province", "自治区": "province", "州": "prefecture", "盟": "prefecture", "县": "county", "旗": "county"}
CUES |= {"镇": "township", "乡": "township", "街道": "township"}  # 市 and 区 are of several levels
_CUE = r"(自治区|省|市(?!场|容|政管|政工|政园)|州|盟|县(?!域)|区(?!域)|旗|镇|乡(?!村)|街道)"
_NO_NAME = tuple("级场域")  # 全州县级, 合作市场, 元谋县域 do not name 全州县, 合作市 or the county as such
_MAY_PRECEDE = "于将共年度《"  # a name of two characters (赵县) counts after these, not inside 工作和县
LONGEST = 200  # characters of a body's name that are looked at


class Place(NamedTuple):
    """One division as it was from the end of `year_from` to the end of `year_to` (None: still)."""

    code: str
    name: str
    short: str
    level: str
    province: str
    prefecture: str
    year_from: int
    year_to: int | None

    def valid(self, year: int | None) -> bool:
        """Whether it stood at the end of `year`; without a year, whether it ever did."""
        return year is None or self.year_from <= year <= (self.year_to or year)

    def __str__(self) -> str:
        above = "".join(dict.fromkeys(part for part in (self.province, self.prefecture) if part != self.name))
        return f"{self.code} {above}{self.name} {self.year_from}-{self.year_to or ''}"


class Mention(NamedTuple):
    """A name in a text, and every division of any year that bears it."""

    start: int
    end: int
    rows: tuple[Place, ...]


class Body(NamedTuple):
    """What a phrase such as 开封市祥符区人民政府 or 县司法局 names.

    `kind` is a level without code (township, development_zone, department, or the rank of a body without code),
    `government` for a place as such, or empty when no organ is recognised. `rows` are the divisions it can mean or
    lies in, in the year asked for; `dated` those of other years when there are none. `cue` is the kind of place when
    only that is said (县司法局, 我县).
    """

    kind: str = ""
    name: str = ""
    rows: tuple[Place, ...] = ()
    dated: tuple[Place, ...] = ()
    cue: str = ""


@dataclass(frozen=True, eq=False)  # one is as good as another only if it is the same: caches may ask by it
class Places:
    """The divisions and the words, indexed once; load it with `load_places` and pass it on."""

    rows: tuple[Place, ...]
    aliases: dict[str, str]
    words: dict[str, list[tuple[str, str]]]

    @cached_property
    def names(self) -> dict[str, tuple[Place, ...]]:
        """Full names, regular short forms of autonomous places (峨山县, 峨山自治县) and aliases → divisions."""
        found: dict[str, list[Place]] = defaultdict(list)
        for row in self.rows:
            forms = {row.name}
            if row.short:
                forms |= {row.short + row.name[-1]} if row.level != "province" else set()
                forms |= {row.short + row.name[-3:]} if row.name[-3:-1] == "自治" else set()
            for form in forms:
                found[form].append(row)
        for alias, name in self.aliases.items():
            found[alias] += found[name]
        return {name: tuple(rows) for name, rows in found.items()}

    @cached_property
    def shorts(self) -> dict[str, tuple[Place, ...]]:
        """Bare short names (元谋, 云南) → divisions."""
        found: dict[str, list[Place]] = defaultdict(list)
        for row in self.rows:
            if row.short:
                found[row.short].append(row)
        return {name: tuple(rows) for name, rows in found.items()}

    @cached_property
    def codes(self) -> dict[str, list[Place]]:
        """Code → its divisions, oldest first."""
        found: dict[str, list[Place]] = defaultdict(list)
        for row in self.rows:
            found[row.code].append(row)
        return found

    @cached_property
    def _lengths(self) -> dict[str, list[int]]:
        """First two characters → lengths of the names that begin with them, longest first."""
        found: dict[str, set[int]] = defaultdict(set)
        for name in self.names:
            found[name[:2]].add(len(name))
        return {head: sorted(lengths, reverse=True) for head, lengths in found.items()}

    @cached_property
    def _heads(self) -> re.Pattern[str]:
        """What a name may begin with, by its first and its second character: most of a text is passed at once."""
        heads = [head for head in self._lengths if len(head) == 2]
        first, second = ("".join(map(re.escape, sorted({head[k] for head in heads}))) for k in (0, 1))
        return re.compile(f"[{first}](?=[{second}])")

    @cached_property
    def patterns(self) -> dict[str, re.Pattern[str]]:
        """Kind of word → alternation, longest first; `?` in a word is one character."""
        return {kind: re.compile(f"(?:{alternation(word for word, _ in rows)})") for kind, rows in self.words.items()}

    @cached_property
    def _phrases(self) -> dict[str, re.Pattern[str]]:
        word = {kind: pattern.pattern for kind, pattern in self.patterns.items()}
        government = f"(?:{_CUE[1:-1]})?{word['government']}"
        shapes = {
            "government": f"(?:{government})*",
            "cue": f"[我本全]?{_CUE}(?:{government})*",
            "department_of_cue": f"[我本]?{_CUE}.*{word['department']}",
            "zone": f"(.*?{word['zone']})(?={word['zone_organ']}|$)",
            "department_of_zone": f"(.*?{word['zone']}).+{word['department']}",
            "township": f"(?:{word['government']})?(.{{1,10}}?(?:镇|乡|街道|苏木))(?={word['township']}|$)",
            "department": f".+{word['department']}",
        }
        return {name: re.compile(shape) for name, shape in shapes.items()}

    def mentions(self, text: str) -> list[Mention]:
        """Find the names in `text`, left to right, the longest at each place; not overlapping."""
        found: list[Mention] = []
        lengths, names, last = self._lengths, self.names, 0
        for head in self._heads.finditer(text):
            position = head.start()
            if position < last:
                continue
            for length in lengths.get(text[position : position + 2], ()):
                rows = names.get(text[position : position + length])
                end = position + length
                if rows and text[end : end + 1] not in _NO_NAME and self._stands(text, position, length, found):
                    found.append(Mention(position, end, rows))
                    last = end
                    break
        return found

    @staticmethod
    def _stands(text: str, start: int, length: int, before: list[Mention]) -> bool:
        """Whether a name of two characters stands alone: 赵县 at a boundary, 城区 only after its city."""
        if length > 2:
            return True
        if before and before[-1].end == start:
            return True
        bounded = start == 0 or not "\u3400" <= text[start - 1] <= "\u9fff" or text[start - 1] in _MAY_PRECEDE
        return bounded and text[start + 1] != "区"

    def meaning(self, found: list[Mention], text: str, year: int | None) -> tuple[Place, ...]:
        """Return the divisions that the last name can mean, given the year and the names before it."""
        rows = tuple(row for row in found[-1].rows if row.valid(year)) if found else ()
        for mention in found[:-1]:
            above = {row.name for row in mention.rows}
            rows = tuple(row for row in rows if above & {row.name, row.prefecture, row.province}) or rows
        if len(rows) > 1:  # 宜昌夷陵区, 云南元谋县
            before = text[: found[-1].start]
            near = tuple(row for row in rows if before.endswith(tuple(self._short_above(row))))
            rows = near or rows
        return rows

    def _short_above(self, row: Place) -> Iterator[str]:
        for name in (row.prefecture, row.province):
            yield from (above.short for above in self.names.get(name, ()) if above.short)

    def body(self, phrase: str, year: int | None) -> Body:
        """Read a phrase without spaces, years and filling words as the name of a reporting body."""
        phrase = phrase[:LONGEST].replace("中国共产党", "").replace("中共", "")
        found = self.mentions(phrase)
        organ = self.patterns["zone_organ"]
        while found and not self.meaning(found, phrase, year) and organ.match(phrase, found[-1].end):
            found.pop()  # 两江新区管委会, before there was a division of that name
        rows = self.meaning(found, phrase, year)
        dated = found[-1].rows if found and not rows else ()
        offset = found[-1].end if found else 0
        rest, shape = re.sub("[、和及与·]", "", phrase[offset:]), self._phrases
        if found and shape["government"].fullmatch(rest):
            return Body("government", rows=rows, dated=dated)
        if not found and (uncoded := self._uncoded(phrase)):
            return Body(*uncoded, self._above(phrase, year))
        if not found and (match := shape["cue"].fullmatch(rest)):
            return Body("township") if CUES.get(match[1]) == "township" else Body("government", cue=match[1])
        if match := shape["zone"].match(rest):
            return Body("development_zone", phrase[:offset] + match[1], rows or self._above(phrase, year), dated)
        if match := shape["township"].match(rest):
            return Body("township", match[1], rows, dated)
        if match := shape["department_of_zone"].fullmatch(rest):
            return Body("department", phrase[:offset] + match[1], rows or self._above(phrase, year), dated)
        if not found and (match := shape["department_of_cue"].fullmatch(rest)):
            return Body("department", cue=match[1])
        if shape["department"].fullmatch(rest):
            return Body("department", rows=rows, dated=dated)
        if not found and phrase in self.shorts:
            return Body("government", rows=tuple(row for row in self.shorts[phrase] if row.valid(year)))
        return Body(rows=rows, dated=dated)

    def _uncoded(self, phrase: str) -> tuple[str, str] | None:
        """Return rank and name of a body that no list of divisions holds: 新疆生产建设兵团第三师."""
        found = [
            (match.end(), rank)
            for word, rank in self.words["no_code"]
            if (match := re.search(alternation([word]), phrase))
        ]
        return (max(found)[1], phrase[: max(found)[0]]) if found else None

    def _above(self, phrase: str, year: int | None) -> tuple[Place, ...]:
        """Return the divisions whose short name begins `phrase`: 昆明经济技术开发区."""
        for length in range(min(6, len(phrase)), 1, -1):
            rows = tuple(row for row in self.shorts.get(phrase[:length], ()) if row.valid(year))
            if rows:
                return rows
        return ()

    def named_as_own(self, text: str, year: int | None, of: Collection[Place] = ()) -> set[Place]:
        """Find the divisions that `text` names as its own: itself, or one that it belongs to.

        They stand in the title of a rule (《开封市…》), before an organ (昆明市委), right before a place of `of`
        (开封市鼓楼区, when it is asked which 鼓楼区), or, provinces only, after 法治 and the like (法治云南). A bare
        贵州省 or 杭州市上城区 may be a partner.
        """
        found = self.mentions(text)
        asked = {row.name for row in of}
        own: set[Place] = set()
        for mention, following in zip_longest(found, found[1:]):
            chained = following and following.start == mention.end and any(row.name in asked for row in following.rows)
            titled = text[max(0, mention.start - 2) : mention.start].endswith(("《", "中共"))
            if chained or titled or self._organ_at(text, mention.end):
                own.update(row for row in mention.rows if row.valid(year))
        return own | {self._provinces[match[1]] for match in self._slogan.finditer(text)}

    def _organ_at(self, text: str, position: int) -> bool:
        match = self.patterns["own_after"].match(text, position)
        return bool(match) and not self.patterns["not_organ"].match(text, position)

    @cached_property
    def _slogan(self) -> re.Pattern[str]:
        return re.compile(f"{self.patterns['own_before'].pattern}({alternation(self._provinces)})")

    @cached_property
    def _provinces(self) -> dict[str, Place]:
        """Short names of the provinces (河南 is also a county's) → divisions."""
        return {row.short: row for row in self.rows if row.level == "province"}


def alternation(words: Iterable[str]) -> str:
    """Return a pattern of the words, longest first, in which `?` is one character."""
    return "|".join(
        re.escape(word).replace(r"\?", ".") for word in sorted(set(words), key=lambda word: (-len(word), word))
    )


def load_places(path: Path = CODEBOOK / "places.csv") -> Places:
    """Read the divisions, and place_aliases.csv and metadata_words.csv beside them.

    Raises
    ------
    CodebookError
        With all faults: a code that is not six digits, an unknown level or province, years in the wrong order, a code
        given twice for one year, an alias of a name that is not there.
    """
    faults: list[str] = []
    rows = tuple(_place(row, faults) for row in read_csv(path, COLUMNS))
    provinces = {row.name for row in rows if row.level == "province"}
    last: dict[str, Place] = {}
    for row in sorted(rows, key=lambda row: (row.code, row.year_from)):
        if row.province not in provinces:
            faults.append(f"{path.name}: {row}: no province '{row.province}'.{closest(row.province, provinces)}")
        if row.year_to is not None and row.year_to < row.year_from:
            faults.append(f"{path.name}: {row}: year_to lies before year_from.")
        if row.code in last and last[row.code].valid(row.year_from):
            faults.append(f"{path.name}: {row}: overlaps {last[row.code]}. One code is one division at a time.")
        last[row.code] = row
    aliases = {row["alias"]: row["name"] for row in read_csv(path.with_name("place_aliases.csv"), ("alias", "name"))}
    names = {row.name for row in rows}
    faults += [
        f"place_aliases.csv: no place '{name}'.{closest(name, names)}" for name in aliases.values() if name not in names
    ]
    words: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for word in read_csv(path.with_name("metadata_words.csv"), ("kind", "word", "value")):
        words[word["kind"]].append((word["word"], word["value"]))
    if faults:
        raise CodebookError(faults)
    return Places(rows, aliases, dict(words))


def _place(row: dict[str, str], faults: list[str]) -> Place:
    code, name, short, level, province, prefecture, first, last = (row[column] for column in COLUMNS)
    if not (re.fullmatch(r"\d{6}", code) and level in LEVELS[:3] and first.isdigit() and (last or "0").isdigit()):
        levels = ", ".join(LEVELS[:3])
        faults.append(f"{row['_where']}: expected a code of six digits, one of {levels}, and years as digits.")
        first, last = "0", ""
    return Place(code, name, short, level, province, prefecture, int(first), int(last) if last else None)
