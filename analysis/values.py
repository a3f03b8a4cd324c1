"""In: rows of the table indicators. Out: one value per report and indicator, and what was left aside and why."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analysis import codebook, paths
from analysis.tables import SCOPES

NEAREST = ("own", "area", "departments", "lower")  # whose figure is taken when a report gives several
KEYS = ["report_id", "indicator"]


def single(stated: pd.DataFrame, scopes: Sequence[str] = NEAREST) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return one row per report × indicator: the value of the first of `scopes` in which the report gives one.

    Several different values of that scope are parts nobody added up, or one is wrong: the report then has no value.

    Parameters
    ----------
    stated : DataFrame
        Rows of the table `indicators`.
    scopes : sequence of str
        own, area, departments, lower: which are taken at all, the first before the next. One scope never mixes.

    Returns
    -------
    kept, dropped : DataFrame
        The columns of `stated`; `dropped` has `reason` too (other scope: …, several values, said again).
    """
    order = {scope: scopes.index(scope) if scope in scopes else len(SCOPES) for scope in SCOPES}
    ranked = stated.assign(_rank=[order[scope] for scope in stated["scope"]])
    ranked = ranked.sort_values([*KEYS, "_rank", "start"], kind="stable", ignore_index=True)
    first = ranked.groupby(KEYS)["_rank"].transform("min").to_numpy(int)
    taken = (ranked["_rank"].to_numpy(int) == first) & (first < len(SCOPES))
    best = ranked.loc[taken]
    n_values = best.groupby(KEYS)["value"].transform("nunique").reindex(ranked.index, fill_value=0).to_numpy(int)
    again = best.duplicated(KEYS).reindex(ranked.index, fill_value=False).to_numpy(bool)
    reasons = [
        "several values" if n > 1 else "said again" if twice else "" if best else f"other scope: {scope}"
        for n, twice, best, scope in zip(n_values, again, taken, ranked["scope"], strict=True)
    ]
    ranked = ranked.drop(columns="_rank").assign(reason=pd.Series(reasons, index=ranked.index, dtype="str"))
    kept = ranked.loc[ranked["reason"] == ""].drop(columns="reason")
    return kept, ranked.loc[ranked["reason"] != ""].reset_index(drop=True)


def canonical(units: pd.Series) -> pd.Series:
    """Return each unit in the codebook's canonical form (宗 and 起 are 件), an empty text where none is given."""
    rows = codebook.read_csv(paths.CODEBOOK / "units.csv", ("unit", "canonical"))
    known = {row["unit"]: row["canonical"] for row in rows}
    return pd.Series([known.get(unit, unit) for unit in units.fillna("")], index=units.index, dtype="str")


def usual_unit(chosen: pd.DataFrame) -> pd.Series:
    """Return the unit that most reports use, one per row of `chosen`; of two as frequent the first in order."""
    usual = {code: part["unit"].mode().iloc[0] for code, part in chosen.groupby("indicator")}
    return pd.Series([usual[code] for code in chosen["indicator"]], index=chosen.index, dtype="str")


def plain(number: float) -> str:
    """Return a number as a table shows it: whole ones in full, others with three significant digits or more."""
    if pd.isna(number):
        return ""
    if number == round(number) or abs(number) >= 100:
        return f"{number:,.0f}" if number == round(number) else f"{number:,.1f}"
    return f"{number:.3g}"
