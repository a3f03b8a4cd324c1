"""In: tables and hand annotation. Out: precision, recall, F1 per table, and each miss and false hit in its sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from analysis import tables
from analysis.codebook import Codebook, read_csv
from analysis.extract.lines import sentence

Row = dict[str, object]


@dataclass
class Score:
    """How one table compares with the gold.

    Attributes
    ----------
    hits, missed, false : int
        Rows found in both, in the gold only, in the table only.
    attributes : dict of str to int
        Column → hits on which it agrees as well.
    errors : list of str
        One line for each miss, false hit and wrong attribute, with the sentence it stands in.
    """

    table: str
    hits: int = 0
    missed: int = 0
    false: int = 0
    attributes: dict[str, int] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        """Share of the table's rows that the gold has too."""
        return self.hits / (self.hits + self.false) if self.hits + self.false else 1.0

    @property
    def recall(self) -> float:
        """Share of the gold's rows that the table has too."""
        return self.hits / (self.hits + self.missed) if self.hits + self.missed else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def score(folder: Path, gold: Path, book: Codebook, tiers: Iterable[int] = (1,), by_area: bool = False) -> list[Score]:
    """Compare the tables in `folder` with the annotation in `gold`, for the reports that are annotated.

    A quantity matches when its span overlaps and value and unit are equal (units as units.csv equates them); a section
    or an item when it begins at the same place; an indicator when code and value are equal and the evidence overlaps; a
    field of the metadata when it is equal. Everything else (exact span, qualifier, role, scope …) is an attribute.
    `by_area` adds one score for the indicators of each area of the codebook (A1 … A9, S, X: context).
    """
    kept = {str(tier) for tier in tiers}
    annotated = {name: read_csv(gold / f"{name}.csv", ["report_id"]) for name in GOLD}
    ids = sorted({str(row["report_id"]) for row in annotated["metadata"]})
    found = {
        name: [row for row in tables.read(name, folder).to_dict("records") if row["report_id"] in ids]
        for name in ("quantities", "sections", "items", "indicators", "reports")
    }
    texts = {name: (folder / "text" / f"{name}.txt").read_bytes().decode() for name in ids}
    found["sections"] = [row for row in found["sections"] if row["number"] == row["number"]]  # the lead has no number
    tier_of = {code: row["tier"] for code, row in book.indicators.items()}
    for rows in (annotated["indicators"], found["indicators"]):
        rows[:] = [row for row in rows if tier_of.get(str(row["indicator"])) in kept]
    same = _Same(book)
    compared = (
        ("quantities", same.quantity, ("span", "qualifier", "role")),
        ("sections", same.place, ("number", "heading", "depth", "role", "area")),
        ("items", same.place, ("role", "heading", "primary_type", "cause")),
        ("indicators", same.indicator, ("unit", "qualifier", "basis", "scope")),
    )
    made = [_compare(name, annotated[name], found[name], alike, columns, texts) for name, alike, columns in compared]
    made.append(_metadata(annotated["metadata"], found["reports"]))
    area_of = {code: row["area_2021"] for code, row in book.indicators.items()}
    for area in sorted(set(area_of.values())) if by_area else ():
        expected = [row for row in annotated["indicators"] if area_of[row["indicator"]] == area]
        read = [row for row in found["indicators"] if area_of[str(row["indicator"])] == area]
        made.append(_compare(f"indicators {area}", expected, read, same.indicator, compared[-1][2], texts))
    return made


GOLD = ("quantities", "sections", "items", "indicators", "metadata")


class _Same:
    """When a gold row and a table's row speak of the same thing."""

    def __init__(self, book: Codebook):
        self._book = book

    def quantity(self, gold: Row, row: Row) -> bool:
        units = self._book.same_unit(str(gold["unit"]), "" if row["unit"] != row["unit"] else str(row["unit"]))
        return _overlap(gold, row) and units and _number(gold["value"]) == row["value"]

    def indicator(self, gold: Row, row: Row) -> bool:
        return gold["indicator"] == row["indicator"] and _overlap(gold, row) and _number(gold["value"]) == row["value"]

    @staticmethod
    def place(gold: Row, row: Row) -> bool:
        return int(str(gold["start"])) == row["start"]


def _overlap(gold: Row, row: Row) -> bool:
    return int(str(gold["start"])) < _int(row["end"]) and int(str(gold["end"])) > _int(row["start"])


def _int(value: object) -> int:
    return int(str(value))


def _number(value: object) -> float:
    return float(str(value))


def _attribute(name: str, row: Row) -> str:
    if name == "span":
        return f"{row['start']}-{row['end']}"
    if name == "primary_type":
        return _text(row["problem_type"]).split(";")[0]
    return _text(row[name])


def _text(value: object) -> str:
    return "" if value is None or value != value or value is pd.NA else str(value)


def _compare(
    table: str,
    gold: list[dict[str, str]],
    found: list[Row],
    same: Callable[[Row, Row], bool],
    attributes: Iterable[str],
    texts: dict[str, str],
) -> Score:
    made = Score(table, attributes=dict.fromkeys(attributes, 0))
    left = list(found)
    for expected in gold:
        row: Row = dict(expected)
        match = next((one for one in left if one["report_id"] == row["report_id"] and same(row, one)), None)
        if match is None:
            made.missed += 1
            made.errors.append(f"missed {_shown(table, row, texts)}")
            continue
        left.remove(match)
        made.hits += 1
        for name in attributes:
            expects, has = _attribute(name, row), _attribute(name, match)
            made.attributes[name] += expects == has
            if expects != has:
                made.errors.append(f"{name}: gold '{expects}', table '{has}' {_shown(table, row, texts)}")
    for row in left:
        made.false += 1
        made.errors.append(f"false {_shown(table, row, texts)}")
    return made


def _shown(table: str, row: Row, texts: dict[str, str]) -> str:
    text, start = texts[str(row["report_id"])], _int(row["start"])
    named = _text(row.get("heading", row.get("text", "")))
    end = (
        _int(row["end"])
        if row.get("end") and ("indicator" in row or table == "quantities")
        else start + max(1, len(named))
    )
    left, right = sentence(text, start, end)
    left, right = max(left, start - 40), min(right, end + 20)
    code = f"{row['indicator']} = {row['value']} " if "indicator" in row else ""
    return f"[{str(row['report_id'])[:12]}] {code}{text[left:start]}⟦{text[start:end]}⟧{text[end:right]}".replace(
        "\n", " "
    )


def _metadata(gold: list[dict[str, str]], found: list[Row]) -> Score:
    """One cell a report and field; a value where the gold has none is a false hit, and the other way round a miss."""
    made = Score("metadata")
    by_id = {row["report_id"]: row for row in found}
    for row in gold:
        name = row["field"]
        if name not in next(iter(by_id.values()), {}):
            continue
        value = by_id[row["report_id"]][name]
        has = str(value)[:10] if name.endswith("_on") and _text(value) else _text(value).strip()
        has = has.lower() if isinstance(value, bool) or str(value) in ("True", "False") else has
        if has == row["value"]:
            made.hits += bool(has)
            continue
        made.missed += bool(row["value"])
        made.false += bool(has)
        made.errors.append(f"{name}: gold '{row['value']}', table '{has}' [{row['report_id'][:12]}]")
    return made


def as_frame(scores: list[Score]) -> pd.DataFrame:
    """Return one row per table: gold, found, precision, recall, f1, and the share of hits whose attributes agree."""
    return pd.DataFrame(
        {
            "table": one.table,
            "gold": one.hits + one.missed,
            "found": one.hits + one.false,
            "precision": one.precision,
            "recall": one.recall,
            "f1": one.f1,
            "attributes": ", ".join(
                f"{name} {count / one.hits:.3f}" for name, count in one.attributes.items() if one.hits
            ),
        }
        for one in scores
    )
