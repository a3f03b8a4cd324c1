"""In: the researcher's corrections.csv. Out: indicators with those corrections in them, or why one does not fit."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from analysis.codebook import Codebook, Row, read_csv
from analysis.errors import CodebookError, closest
from analysis.extract.indicators import Indicator
from analysis.extract.lines import sentence
from analysis.tables import SCOPES

COLUMNS = ("report_id", "indicator", "scope", "action", "old_value", "new_value", "unit", "start", "end", "reason")
NUMBERS = dict.fromkeys(("old_value", "new_value"), r"[0-9]{1,20}(\.[0-9]{0,20})?|\.[0-9]{1,20}")
NUMBERS |= dict.fromkeys(("start", "end"), "[0-9]{1,9}")
NEEDS = {"set": ("old_value", "new_value"), "drop": ("old_value",), "add": ("new_value", "unit", "start", "end")}


def read(path: Path, book: Codebook) -> dict[str, list[Row]]:
    """Read corrections: report_id → its rows.

    A row says set (old_value becomes new_value), drop (the row with old_value goes) or add (new_value with unit, read
    at start to end of the text). `scope` may be empty unless several rows of that indicator have the old value.

    Raises
    ------
    CodebookError
        A code, action or scope is unknown, a needed cell is empty or no number, or no reason is given.
    """
    faults: list[str] = []
    found: dict[str, list[Row]] = {}
    for row in read_csv(path, COLUMNS):
        where = row["_where"]
        if row["indicator"] not in book.indicators:
            faults.append(f"{where}: no indicator '{row['indicator']}'.{closest(row['indicator'], book.indicators)}")
        if row["scope"] and row["scope"] not in SCOPES:
            faults.append(f"{where}: scope '{row['scope']}' is not one of {', '.join(SCOPES)}.")
        if row["action"] not in NEEDS:
            faults.append(f"{where}: action '{row['action']}' is not one of {', '.join(NEEDS)}.")
        for column in (*NEEDS.get(row["action"], ()), "reason"):
            if not row[column]:
                faults.append(f"{where}: {row['action']} needs {column}.")
        for column, number in NUMBERS.items():
            if row[column] and not re.fullmatch(number, row[column]):
                faults.append(f"{where}: {column} '{row[column][:40]}' is not a number.")
        found.setdefault(row["report_id"], []).append(row)
    if faults:
        raise CodebookError(faults)
    return found


def apply(found: list[Indicator], rows: list[Row], text: str) -> tuple[list[Indicator], list[str]]:
    """Return the indicators corrected (basis `corrected`), and one sentence for each row that does not fit."""
    made, faults = list(found), []
    for row in rows:
        where = f"{row['_where']}: {row['report_id']}, {row['indicator']}"
        same = [one for one in made if one.code == row["indicator"] and row["scope"] in ("", one.scope)]
        if row["action"] == "add":
            faults += _add(made, same, row, where, text)
            continue
        match = [one for one in same if one.value == float(row["old_value"])]
        if len(match) != 1:
            seen = ", ".join(f"{one.value:.10g} ({one.scope})" for one in same) or "none"
            faults.append(
                f"{where}: {row['action']} matches {len(match)} rows with value {row['old_value']}, expected 1; "
                f"the table has {seen}. Update or remove the correction."
            )
            continue
        made.remove(match[0])
        if row["action"] == "set":
            unit = row["unit"] or match[0].unit
            made.append(replace(match[0], value=float(row["new_value"]), unit=unit, basis="corrected"))
    return sorted(made, key=lambda one: (one.start, one.code)), faults


def _add(made: list[Indicator], same: list[Indicator], row: Row, where: str, text: str) -> list[str]:
    """Put an added row into `made`; return why not when it does not fit."""
    start, end = int(row["start"]), int(row["end"])
    if any((one.start, one.end) == (start, end) for one in same):
        return [f"{where}: add, but the table has this row already. Remove the correction."]
    if not start < end <= len(text):
        return [f"{where}: {start} to {end} are no stretch of a text of {len(text)} characters. Look at text/."]
    left, right = sentence(text, start, end)
    value, scope = float(row["new_value"]), row["scope"] or "own"
    made.append(
        Indicator(row["indicator"], value, row["unit"], "exact", "corrected", scope, None, start, end, text[left:right])
    )
    return []
