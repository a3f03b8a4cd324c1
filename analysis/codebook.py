"""In: the CSV files of data/codebook, written by researchers. Out: one checked, compiled Codebook."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from analysis.cells import original
from analysis.errors import CodebookError, closest
from analysis.tables import AREAS, BASES, SCOPES, SECTION_ROLES

Row = dict[str, str]

COLUMNS = {
    "indicators": "code zh_name en_name area_2021 area_2015 unit kind stock_flow tier definition typical_wordings "
    "county_low county_high range_basis comparability_warning derived_ratio",
    "wordings": "indicator wording basis scope shared note",
    "units": "unit canonical family factor numeral en",
    "markers": "kind word position note",
    "names": "name note",
    "areas": "area name_zh name_en words",
    "sections": "role wording where",
    "problem_types": "problem_type name_zh name_en words",
    "furniture": "kind word",
    "webpage": "kind word label",
    "ratios": "ratio numerator_indicator denominator_indicator stated_indicator unit",
    "frameworks": "framework heading",
    "identities": "total parts relation note",
}


def read_csv(path: Path, columns: Iterable[str]) -> list[Row]:
    """Read a hand-edited CSV (UTF-8, with or without byte-order mark) whose header must hold `columns`.

    Every row gets a `_where` entry, `file line N`, for messages.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.DictReader(handle, strict=True)
            rows = [
                {key: original((value or "").strip()) for key, value in row.items() if isinstance(key, str)}
                | {"_where": f"{path.name} line {reader.line_num}"}
                for row in reader
            ]
            header = reader.fieldnames or []
    except FileNotFoundError:
        raise CodebookError(f"no file {path}. Restore it from the repository.") from None
    except csv.Error as error:
        raise CodebookError(f"{path} is no CSV ({error}). Is a quotation mark not closed?") from None
    except UnicodeDecodeError:
        raise CodebookError(f"{path} is not UTF-8. In Excel save it as 'CSV UTF-8 (comma delimited)'.") from None
    missing = [name for name in columns if name not in header]
    if missing:
        raise CodebookError(f"{path}: no column {', '.join(missing)}. It has: {', '.join(header)[:200]}.")
    return rows


@dataclass(frozen=True, eq=False)  # caches ask by it
class Codebook:
    """The codebook's files as rows, and what is compiled from them once.

    Attributes
    ----------
    files : dict of str to list of dict
        File name without suffix → rows as strings.
    """

    files: dict[str, list[Row]]

    @cached_property
    def indicators(self) -> dict[str, Row]:
        """Indicator code → its row."""
        return {row["code"]: row for row in self.files["indicators"]}

    @cached_property
    def units(self) -> dict[str, Row]:
        """Unit as written → its row (canonical form, family, factor to the family's base)."""
        return {row["unit"]: row for row in self.files["units"]}

    @cached_property
    def furniture(self) -> dict[str, re.Pattern[str]]:
        """Kind of page furniture → pattern of the words that give it away."""
        words = _grouped(self.files["furniture"], "kind", "word")
        return {kind: re.compile("|".join(map(re.escape, found))) for kind, found in words.items()}

    @cached_property
    def markers(self) -> dict[str, list[Row]]:
        """Kind of marker → its rows, longest word first."""
        found: dict[str, list[Row]] = defaultdict(list)
        for row in sorted(self.files["markers"], key=lambda row: -len(row["word"])):
            found[row["kind"]].append(row)
        return found

    def marker_pattern(self, *kinds: str, position: str | None = None) -> str:
        """Return an alternation of the words of some kinds of marker, longest first."""
        if (kinds, position) not in self._patterns:
            rows = (row for kind in kinds for row in self.markers[kind])
            words = (row["word"] for row in rows if position is None or row["position"] == position)
            self._patterns[kinds, position] = one_of(words)
        return self._patterns[kinds, position]

    @cached_property
    def _patterns(self) -> dict[tuple[tuple[str, ...], str | None], str]:
        return {}

    def same_unit(self, left: str, right: str) -> bool:
        """Whether two units count the same thing (件, 宗 and 起 do; 人 and 人次 do not)."""
        return self.canonical(left) == self.canonical(right)

    def canonical(self, unit: str) -> str:
        """Return the unit that stands for all its synonyms."""
        row = self.units.get(unit)
        return row["canonical"] if row else unit


def one_of(words: Iterable[str], between: str = "") -> str:
    """Return a pattern of any of some words, longest first, that tries what words have in common only once.

    `between` is a pattern for what may stand between their characters.

    Examples
    --------
    >>> one_of(["件", "人", "人次", "人民币"])
    '(?:人(?:次|民币)?|件)'
    """
    tree: dict[str, Any] = {}
    for word in sorted(words):
        node = tree
        for char in word:
            node = node.setdefault(char, {})
        node[""] = {}

    def shown(node: dict[str, Any], before: str) -> str:
        ends = [before + re.escape(char) + shown(after, between) for char, after in node.items() if char]
        optional = "?" if ends and "" in node else ""
        return f"(?:{'|'.join(ends)}){optional}" if len(ends) > 1 or optional else "".join(ends)

    return shown(tree, "")


def _grouped(rows: Iterable[Row], key: str, value: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        found[row[key]].append(row[value])
    return found


def load(folder: Path) -> Codebook:
    """Read and check every file of the codebook.

    Raises
    ------
    CodebookError
        With all faults: unknown indicator codes, unknown roles or areas, units that are not in units.csv, doubled rows.
    """
    book = Codebook({name: read_csv(folder / f"{name}.csv", columns.split()) for name, columns in COLUMNS.items()})
    faults = list(_faults(book))
    if faults:
        raise CodebookError(faults)
    return book


def _faults(book: Codebook) -> Iterator[str]:
    known = book.indicators
    for name, key in (("indicators", "code"), ("units", "unit"), ("areas", "area"), ("problem_types", "problem_type")):
        seen: set[str] = set()
        for row in book.files[name]:
            if row[key] in seen:
                yield f"{row['_where']}: {key} '{row[key]}' stands twice. Keep one row."
            seen.add(row[key])
    for row in known.values():
        for unit in filter(None, row["unit"].split(";")):
            if unit.lstrip("万亿") not in book.units:
                yield f"{row['_where']}: unit '{unit}' is not in units.csv.{closest(unit, book.units)}"
    said: dict[str, Row] = {}
    for row in book.files["wordings"]:
        if row["indicator"] not in (*known, "none"):
            yield f"{row['_where']}: no indicator '{row['indicator']}'.{closest(row['indicator'], known)}"
        elif (other := said.setdefault(row["wording"], row)) is not row and row["shared"] != "yes":
            yield f"{row['_where']}: '{row['wording']}' stands in {other['_where']} too. Keep one, or say shared yes."
        yield from _not_in(row, "basis", BASES, optional=True)
        yield from _not_in(row, "scope", SCOPES, optional=True)
        stated, numbered = row["basis"] in ("", "stated", "summed"), "N" in row["wording"]
        if stated and not numbered:
            yield f"{row['_where']}: '{row['wording']}' has no N, the number. Add it, or set basis implied."
        if row["basis"] == "zero_in_words" and numbered:
            yield f"{row['_where']}: '{row['wording']}' says zero in words and cannot hold N. Remove it."
    for row in book.files["ratios"]:
        for column in ("numerator_indicator", "denominator_indicator", "stated_indicator"):
            if row[column] and row[column] not in known:
                yield f"{row['_where']}: no indicator '{row[column]}'.{closest(row[column], known)}"
    for row in book.files["identities"]:
        for code in (row["total"], *row["parts"].split(";")):
            if code not in known:
                yield f"{row['_where']}: no indicator '{code}'.{closest(code, known)}"
    for row in book.files["sections"]:
        yield from _not_in(row, "role", SECTION_ROLES)
        yield from _not_in(row, "where", ("any", "top", "end", "sentence"))
    for row in book.files["areas"]:
        yield from _not_in(row, "area", AREAS)
    for row in book.files["webpage"]:
        yield from _not_in(row, "kind", ("container", "button", "opener", "meta"))


def _not_in(row: Row, column: str, allowed: Iterable[str], optional: bool = False) -> Iterator[str]:
    if row[column] not in allowed and not (optional and not row[column]):
        yield f"{row['_where']}: {column} '{row[column]}' is not one of {', '.join(allowed)}."
