"""In: the annotation folders of two or more coders. Out: Krippendorff's alpha for each variable they coded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from analysis import alpha
from analysis.codebook import read_csv
from analysis.errors import CodebookError

# Table → what identifies a unit, and the variables coded on it. `found` is whether a coder saw the unit at all.
VARIABLES = {
    "quantities": (("report_id", "start"), ("value", "unit", "qualifier", "role")),
    "sections": (("report_id", "start"), ("number", "depth", "role", "area")),
    "items": (("report_id", "start"), ("role", "problem_type")),
    "indicators": (("report_id", "start", "indicator"), ("value", "basis", "scope")),
    "metadata": (("report_id", "field"), ("value",)),
    "responses": (("report_id", "problem", "plan"), ("kind",)),
}


def agreement(folders: Sequence[Path]) -> pd.DataFrame:
    """Return Krippendorff's alpha (nominal) per table and variable (Krippendorff 2019, Content Analysis, ch. 12).

    A unit that only one coder marked is missing for the other and takes no part in the variables; how often both
    marked the same units is the row `found`, the share of all units that every coder has.

    Parameters
    ----------
    folders : sequence of Path
        One folder a coder, with files such as data/gold has. A table that is not in every folder is passed over.

    Returns
    -------
    DataFrame
        One row per table and variable: table, variable, units (coded by two coders or more), alpha (missing when all
        codes are the same or no unit has two), found.

    Raises
    ------
    CodebookError
        Fewer than two folders, or no table is in all of them.
    """
    shared = [name for name in VARIABLES if all((folder / f"{name}.csv").exists() for folder in folders)]
    if len(folders) < 2 or not shared:
        named = ", ".join(str(folder) for folder in folders)
        raise CodebookError(f"agreement: expected two folders or more with a table in common, got {named}.")
    rows = []
    for name in shared:
        keys, variables = VARIABLES[name]
        coders = [_coded(folder / f"{name}.csv", keys, variables) for folder in folders]
        units = sorted(set().union(*coders))
        found = len(set(coders[0]).intersection(*coders[1:])) / len(units) if units else float("nan")
        for place, variable in enumerate(variables):
            codes = [[coder[unit][place] for coder in coders if unit in coder and coder[unit][place]] for unit in units]
            coded = sum(len(unit) > 1 for unit in codes)
            rows.append((name, variable, coded, alpha.nominal(codes), found))
    return pd.DataFrame(rows, columns=["table", "variable", "units", "alpha", "found"])


def _coded(path: Path, keys: Sequence[str], variables: Sequence[str]) -> dict[tuple[str, ...], list[str]]:
    """Unit → its codes; the first of several types decides, for they are ranked."""
    rows = read_csv(path, (*keys, *variables))
    return {tuple(row[key] for key in keys): [row[name].split(";")[0] for name in variables] for row in rows}
