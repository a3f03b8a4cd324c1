"""In: a tables folder. Out: its tables as typed frames, filtered by what is known of the reports."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

import pandas as pd

from analysis import paths, tables
from analysis.errors import ParameterError, closest

ABOUT = [
    "report_id",
    "place",
    "province",
    "level",
    "report_year",
]  # joined to every table so that one can group by them


def reports(
    folder: str | Path = "",
    *,
    years: Iterable[int] = (),
    levels: Iterable[str] = (),
    provinces: Iterable[str] = (),
) -> pd.DataFrame:
    """Return one row per report, filtered; an empty filter keeps all.

    Parameters
    ----------
    folder : str or Path
        The tables' folder; empty for the project's own.
    years, levels, provinces : iterable
        Keep reports whose report_year, level or province is one of these.

    Raises
    ------
    ParameterError
        A level is unknown, or a year or province stands in no report.
    """
    table = tables.read("reports", Path(folder) if folder else paths.TABLES)
    _known("level", levels, tables.LEVELS)
    for column, kept in (("report_year", list(years)), ("level", list(levels)), ("province", list(provinces))):
        if kept:
            if column != "level":
                _known(column, kept, table[column].dropna().unique())
            table = table.loc[table[column].isin(kept).to_numpy()]
    return table.reset_index(drop=True)


def _table(
    name: str,
    folder: str | Path = "",
    *,
    years: Iterable[int] = (),
    levels: Iterable[str] = (),
    provinces: Iterable[str] = (),
    **equal: str,
) -> pd.DataFrame:
    """Return one table with the columns of `ABOUT` joined; keyword filters such as role="problems" keep equal rows.

    With `from analysis import load`, `.evidence.show()` of what is returned shows each row in its sentence.
    """
    about = reports(folder, years=years, levels=levels, provinces=provinces)[ABOUT]
    table = tables.read(name, Path(folder) if folder else paths.TABLES)
    for column, value in equal.items():
        if column not in table:
            raise ParameterError(f"table {name} has no column '{column}'.{closest(column, table.columns)}")
        if value:
            _known(column, [value], table[column].dropna().unique())
            table = table.loc[table[column].eq(value).to_numpy(dtype=bool, na_value=False)]
    return _from(folder, table.merge(about, on="report_id", how="inner", validate="many_to_one"))


def _from(folder: str | Path, table: pd.DataFrame) -> pd.DataFrame:
    """Note in `table` which folder it is of, so that `.evidence` finds the texts; nothing for the project's own."""
    table.attrs |= {"tables": str(folder)} if folder else {}
    return table


def _known(column: str, asked: Iterable[object], known: Iterable[object]) -> None:
    there = {str(value) for value in known}
    wrong = [
        f"no {column} '{value}' here. There is: {', '.join(sorted(there)[:12])}.{closest(str(value), there)}"
        for value in asked
        if str(value) not in there
    ]
    if wrong:
        raise ParameterError(wrong)


sections = partial(_table, "sections")
items = partial(_table, "items")
quantities = partial(_table, "quantities")
indicators = partial(_table, "indicators")
derived = partial(_table, "derived")


def review(folder: str | Path = "") -> pd.DataFrame:
    """Return what a person should look at: one row per doubt, files that gave no report included."""
    return _from(folder, tables.read("review", Path(folder) if folder else paths.TABLES))


def codebook() -> pd.DataFrame:
    """Return one row per indicator of the codebook: code, zh_name, en_name, unit, tier, definition …"""
    return pd.read_csv(paths.CODEBOOK / "indicators.csv", dtype={"tier": "Int64"}, encoding="utf-8-sig")
