"""In: tables indicators and derived. Out: what figure 4 draws: core rates and core counts, per report or per level."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis import intervals, values
from analysis.present.labels import Labels


def rates(chosen: pd.DataFrame, derived: pd.DataFrame, say: Labels) -> tuple[pd.DataFrame, int]:
    """Return core rates in %, and how many ratios were left out for a numerator above their denominator.

    Parameters
    ----------
    chosen : DataFrame
        One row per report × indicator, as `values.single` gives them.
    derived : DataFrame
        The table.

    Returns
    -------
    DataFrame
        One row per report × rate, in the codebook's order (`rank`): indicator (the ratio's name in ratios.csv, or the
        code of a rate that no ratio recomputes), name, kind (recomputed, printed), value, and for recomputed ones
        ci_low, ci_high, numerator, denominator; for printed ones qualifier and scope.
    int
    """
    names, printed_as = _core_rates(say)
    known = derived.loc[derived["ratio"].isin(list(names)) & (derived["denominator"] > 0)]
    broken = known["numerator"] > known["denominator"]
    known = known.loc[~broken].drop_duplicates(["report_id", "ratio"])
    low, high = intervals.wilson(known["numerator"], known["denominator"])
    known = known.loc[:, ["report_id", "ratio", "numerator", "denominator"]].rename(columns={"ratio": "indicator"})
    known = known.assign(
        kind="recomputed", value=100 * known["numerator"] / known["denominator"], ci_low=100 * low, ci_high=100 * high
    )
    printed = chosen.loc[chosen["unit"] == "%", ["report_id", "indicator", "value", "qualifier", "scope"]]
    printed = printed.assign(indicator=[printed_as.get(code, code) for code in printed["indicator"]], kind="printed")
    both = pd.concat([known, printed.loc[printed["indicator"].isin(list(names))]], ignore_index=True)
    both = both.drop_duplicates(["report_id", "indicator"])  # what can be recomputed is drawn so
    order = list(names)
    both = both.assign(
        name=[names[code] for code in both["indicator"]], rank=[order.index(code) for code in both["indicator"]]
    )
    return both.sort_values(["rank", "report_id"], kind="stable", ignore_index=True), int(broken.sum())


def _core_rates(say: Labels) -> tuple[dict[str, str], dict[str, str]]:
    """Core rates → name, and a printed rate's code → the ratio that recomputes it.

    A ratio in % is core when its printed rate is, or both its counts are; core rates without a ratio follow.
    """
    core, names, printed_as = set(say.core().index), {}, {}
    for ratio in say.ratios.reset_index().to_dict("records"):
        counted = {ratio["numerator_indicator"], ratio["denominator_indicator"]}
        if ratio["unit"] == "%" and (ratio["stated_indicator"] in core or counted <= core):
            names[ratio["ratio"]] = ratio["name"]
            printed_as[ratio["stated_indicator"]] = ratio["ratio"]
    rest = {code: name for code, name in say.core("rate")["name"].to_dict().items() if code not in printed_as}
    return names | rest, printed_as


def counts(chosen: pd.DataFrame, say: Labels) -> pd.DataFrame:
    """Return core counts, one row per report × indicator in the codebook's order.

    Columns of the table, and name, rank, unit (its canonical form) and panel_unit (the unit that most reports use).
    """
    core = say.core("count", "people")
    found = chosen.loc[chosen["indicator"].isin(core.index.tolist())]
    found = found.assign(unit=values.canonical(found["unit"]))
    found = found.assign(
        panel_unit=values.usual_unit(found),
        name=core.loc[found["indicator"], "name"].to_numpy(),
        rank=core.index.get_indexer(found["indicator"].array),
    )
    return found.sort_values(["rank", "report_id"], kind="stable", ignore_index=True)


def by_level(found: pd.DataFrame) -> pd.DataFrame:
    """Return one row per rate × group × kind of `rates` with a column group: pooled with interval, or median and n."""
    rows = []
    for _, part in found.groupby(["rank", "group", "kind"]):
        row = part[["indicator", "name", "rank", "group", "kind"]].iloc[0].to_dict()
        if row["kind"] == "recomputed":
            numerator, denominator = part["numerator"].to_numpy(float), part["denominator"].to_numpy(float)
            share = 100 * np.array(intervals.pooled(numerator, denominator))
            row |= dict(zip(("value", "ci_low", "ci_high"), share, strict=True))
            row |= {"numerator": numerator.sum(), "denominator": denominator.sum()}
        else:
            row |= dict(zip(("q1", "value", "q3"), np.quantile(part["value"], (0.25, 0.5, 0.75)), strict=True))
        rows.append(row | {"n": len(part)})
    columns = ["indicator", "name", "rank", "group", "kind", "value", "ci_low", "ci_high", "numerator", "denominator"]
    return pd.DataFrame(rows).reindex(columns=[*columns, "q1", "q3", "n"])
