"""In: a tables folder. Out: its tables as typed frames, filtered by what is known of the reports."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from analysis import paths, tables
from analysis.errors import DataError, ParameterError, closest

__all__ = [
    "codebook",
    "covariates",
    "derived",
    "indicators",
    "items",
    "quantities",
    "reports",
    "review",
    "sections",
    "texts",
]

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
    places: Iterable[str] = (),
) -> pd.DataFrame:
    """Return one row per report, filtered; an empty filter keeps all.

    Parameters
    ----------
    folder : str or Path
        The tables' folder; empty for the project's own.
    years, levels, provinces : iterable
        Keep reports whose report_year, level or province is one of these.
    places : iterable
        Keep reports of these places and of all below them: names of provinces, prefectures or counties, or codes of
        six digits (530000 is all of 云南省).

    Raises
    ------
    ParameterError
        The folder is not there, a level is unknown, or a year, province or place stands in no report.
    """
    table = tables.read("reports", _base(folder))
    _known("level", levels, tables.LEVELS)
    for column, kept in (("report_year", list(years)), ("level", list(levels)), ("province", list(provinces))):
        if kept:
            if column != "level":
                _known(column, kept, table[column].dropna().unique())
            table = table.loc[table[column].isin(kept).to_numpy()]
    if asked := list(places):
        table = table.loc[_within(table, asked)]
    return table.reset_index(drop=True)


def _within(about: pd.DataFrame, asked: list[str]) -> np.ndarray:
    """Return which reports are of one of the places, or of one below it."""
    names, codes = [about[name] for name in ("place", "prefecture", "province")], about["place_code"].fillna("")
    found = np.zeros(len(about), dtype=bool)
    for one in map(str, asked):
        if re.fullmatch("[0-9]{6}", one):
            digits = re.sub("(00){1,2}$", "", one)
            here = codes.str.startswith(digits).to_numpy(bool)
            if len(digits) < 6:  # a zone or an office has no code, but stands in a province
                above = about["province" if len(digits) == 2 else "prefecture"]
                here = here | (codes.eq("") & above.isin(above.where(here).dropna().to_list())).to_numpy(bool)
        else:
            here = np.any([column.eq(one).to_numpy(bool) for column in names], axis=0)
        if not here.any():
            known = pd.concat([*names, about["place_code"]]).dropna().unique()
            raise ParameterError(f"no report of a place '{one}' here.{closest(one, known)}")
        found |= here
    return found


def _base(folder: str | Path) -> Path:
    base = paths.found(folder) if folder else paths.TABLES
    if folder and not base.is_dir():
        raise ParameterError(
            f"no folder '{folder}'. The first argument is a folder of tables; filters have names: indicator='{folder}'."
        )
    return base


def _table(
    name: str,
    folder: str | Path = "",
    *,
    years: Iterable[int] = (),
    levels: Iterable[str] = (),
    provinces: Iterable[str] = (),
    places: Iterable[str] = (),
    **equal: str,
) -> pd.DataFrame:
    """Return one table with the columns of `ABOUT` joined; keyword filters such as role="problems" keep equal rows.

    With `from analysis import load`, `.evidence.show()` of what is returned shows each row in its sentence.
    """
    about = reports(folder, years=years, levels=levels, provinces=provinces, places=places)[ABOUT]
    chosen = set(about["report_id"]) if any(map(list, (years, levels, provinces, places))) else None
    table = tables.read(name, _base(folder), chosen)
    for column, value in equal.items():
        if column not in table:
            raise ParameterError(f"table {name} has no column '{column}'.{closest(column, table.columns)}")
        if value:
            _known(column, [value], table[column].dropna().unique())
            table = table.loc[table[column].eq(value).to_numpy(dtype=bool, na_value=False)]
    return _from(folder, table.merge(about, on="report_id", how="inner", validate="many_to_one"))


def _from(folder: str | Path, table: pd.DataFrame) -> pd.DataFrame:
    """Note in `table` which folder it is of, so that `.evidence` finds the texts; nothing for the project's own."""
    table.attrs |= {"tables": str(_base(folder))} if folder else {}
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

for _one, _grain, _example in (
    (sections, "numbered heading of any level", 'role="plan"'),
    (items, "problem or plan item", 'role="problems"'),
    (quantities, "number stated", 'role="target"'),
    (indicators, "value of a codebook indicator", 'indicator="head_appearance_rate"'),
    (derived, "ratio recomputed from the report's own counts", 'ratio="head_appearance"'),
):
    _one.__doc__ = f"""Return one row per {_grain}, with what is known of its report: {", ".join(ABOUT[1:])}.

    Parameters
    ----------
    folder : str or Path
        The tables' folder; empty for the project's own.
    years, levels, provinces : iterable
        Keep reports whose report_year, level or province is one of these.
    places : iterable
        Keep reports of these places and of all below them: names of provinces, prefectures or counties, or codes of
        six digits (530000 is all of 云南省).
    **equal : str
        Keep rows in which a column has this value: {_example}.

    Raises
    ------
    ParameterError
        A column, level, year or value is not there; the message names those that are.
    """


def review(folder: str | Path = "") -> pd.DataFrame:
    """Return what a person should look at, what matters most first: one row per doubt or file that gave no report."""
    return _from(folder, tables.by_kind(tables.read("review", _base(folder))))


COVARIATES = ("population", "gdp", "villages", "area_km2")  # persons; 万元; number; square kilometres


def covariates(file: str | Path = "") -> pd.DataFrame:
    """Return what is known of places from elsewhere: statistical yearbooks, censuses.

    The file is optional and yours: data/covariates.csv, one row per place and year, with place_code (6 digits), year,
    and any of population (persons), gdp (万元), villages, area_km2; further columns of numbers are kept as they are.
    To join: ``reports.merge(load.covariates(), left_on=["place_code", "report_year"], right_on=["place_code", "year"],
    how="left")``.

    Returns
    -------
    DataFrame
        One row per place_code × year, numbers as float64; without the file no rows, with the columns named here.

    Raises
    ------
    DataError
        A column is missing, a code has not six digits, a value is no number or not above 0, or a row stands twice.
    """
    path = Path(file) if file else paths.COVARIATES
    if not path.exists():
        if file:
            raise DataError(f"no file {path}. Expected columns: place_code, year, {', '.join(COVARIATES)}.")
        empty = {"place_code": "str", "year": "Int64", **dict.fromkeys(COVARIATES, "float64")}
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in empty.items()})
    raw = pd.read_csv(path, dtype="str", encoding="utf-8-sig", keep_default_na=False, na_values=[""])
    missing = [name for name in ("place_code", "year") if name not in raw]
    if missing:
        raise DataError(f"{path.name}: no column {' and '.join(missing)}. It has: {', '.join(raw.columns)}.")
    made = raw.loc[:, ["place_code"]].copy()
    faults = [
        f"{path.name} line {line}: place_code '{code}', expected six digits. Format the column as text."
        for line, code in enumerate(raw["place_code"].fillna(""), 2)
        if not re.fullmatch("[0-9]{6}", code)
    ]
    for name in raw.columns.drop("place_code"):
        numbers = pd.Series(pd.to_numeric(raw[name], errors="coerce"), dtype="float64")
        wrong = numbers.isna() & raw[name].notna()
        if name in ("year", *COVARIATES):
            wrong |= numbers <= 0
        faults += [
            f"{path.name} line {line + 2}: {name} '{raw[name].iloc[line]}', expected a number above 0 or nothing."
            for line in wrong.to_numpy(bool).nonzero()[0]
        ]
        made[name] = numbers
    if not faults:
        whole = made["year"].notna() & (made["year"] % 1 == 0)
        faults = [f"{path.name} line {line + 2}: no year." for line in (~whole).to_numpy(bool).nonzero()[0]]
    if not faults:
        made["year"] = made["year"].astype("Int64")
        twice = made.loc[made.duplicated(["place_code", "year"])]
        faults = [f"{path.name}: {row.place_code} {row.year} stands twice." for row in twice.itertuples()]
    if faults:
        raise DataError(faults)
    return made.sort_values(["place_code", "year"], ignore_index=True)


def codebook() -> pd.DataFrame:
    """Return one row per indicator of the codebook: code, zh_name, en_name, unit, tier, definition …"""
    return pd.read_csv(paths.CODEBOOK / "indicators.csv", dtype={"tier": "Int64"}, encoding="utf-8-sig")


def texts(
    folder: str | Path = "",
    *,
    years: Iterable[int] = (),
    levels: Iterable[str] = (),
    provinces: Iterable[str] = (),
    places: Iterable[str] = (),
) -> pd.DataFrame:
    """Return one row per report: report_id, text (whole, as the offsets of all tables count), start, end (of its body).

    The body runs from the first to the last section: without site menus before and notices after it.

    Raises
    ------
    DataError
        The text of a report is not beside the tables.
    """
    base = _base(folder)
    ids = reports(folder, years=years, levels=levels, provinces=provinces, places=places)["report_id"]
    files = {report_id: base / "text" / f"{report_id}.txt" for report_id in ids}
    there = {file.name for file in (base / "text").glob("*.txt")}  # an id that is a path is none of them
    lost = [f"no text {files[one]}. Make it with: python -m analysis build" for one in ids if f"{one}.txt" not in there]
    if lost:
        raise DataError(lost)
    made = pd.DataFrame(
        {"report_id": ids, "text": [file.read_bytes().decode() for file in files.values()]}, dtype="str"
    )
    body = tables.read("sections", base, set(ids)).groupby("report_id").agg(start=("start", "min"), end=("end", "max"))
    made = made.merge(body, left_on="report_id", right_index=True, how="left")
    return made.assign(start=made["start"].fillna(0), end=made["end"].fillna(made["text"].str.len())).astype(
        {"start": "int64", "end": "int64"}
    )
