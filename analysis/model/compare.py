"""In: a frame with one row per report. Out: how groups differ: tests, effect sizes, what this sample could detect."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import combinations
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from analysis import values
from analysis.errors import ParameterError
from analysis.model import differences, permute, power
from analysis.model.samples import OTHERS, Sample, few, need, place_of, sample

ALPHA = power.ALPHA
MOST = 8  # groups of which all pairs are compared: 28; of 31 provinces it would be 465
EVERY = "all groups"  # stands for group_a in the test of all groups at once
_MAIN = {"ranks": "cliffs_delta", "means": "hedges_g"}  # the effect that belongs to the statistic
_SUMMARY = (
    "value", "kind", "group_a", "group_b", "n_a", "n_b", "places_a", "places_b", "effect", "estimate", "ci_low",
    "ci_high", "p", "p_adjusted", "test", "assignments", "smallest_p", "detectable", "scale", "reason",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Comparison:
    """What groups of reports differ in.

    Attributes
    ----------
    summary : DataFrame
        One row per value × contrast (all groups at once, then each pair; above 8 groups each against the reports of
        all others, group_b "all others"): value, kind (number, share, category),
        group_a, group_b, n_a, n_b (reports), places_a, places_b; the main effect (a less b) with 95 % interval: effect,
        estimate, ci_low, ci_high; p, p_adjusted (over all p of this call), test (how p was found), assignments (gone
        through), smallest_p (that these data could give), detectable (smallest effect found with power 0.8 at level
        0.05) and its scale; reason: why there is no p, else empty.
    effects : DataFrame
        One row per value × pair × effect: estimate, ci_low, ci_high, method (BCa, percentile, none), note.
    dropped : DataFrame
        One row per report and value left out: value, the report's columns, reason.
    settings : dict
        by, cluster, paired, statistic, adjust, draws, seed, min_reports.
    """

    summary: pd.DataFrame
    effects: pd.DataFrame
    dropped: pd.DataFrame
    settings: dict[str, Any] = field(default_factory=dict)

    def _repr_html_(self) -> str:
        shown = self.summary.dropna(axis=1, how="all")
        return shown.to_html(index=False, na_rep="", float_format=values.plain) + f"<pre>{escape(str(self))}</pre>"

    def __str__(self) -> str:
        untested = self.summary.loc[self.summary["reason"] != ""]
        n = len(self.summary)
        lines = [f"{n - len(untested)} of {n} comparisons by {self.settings['by']} tested."]
        if OTHERS in set(self.summary["group_b"]):
            lines.append(f"More than {MOST} groups: each is compared with the reports of all others, not pair by pair.")
        for (a, b, reason), part in untested.groupby(["group_a", "group_b", "reason"], sort=False):
            names = ", ".join(part["value"].head(4)) + (", …" if len(part) > 4 else "")
            pair = f"{a} and {b}" if b else a
            lines.append(f"Not tested, {pair}: {reason}{_range(part['smallest_p'])}. {len(part)}: {names}.")
        left = self.dropped["reason"].value_counts()
        return "\n".join([*lines, *(f"Left out, {reason}: {count}." for reason, count in left.items())])


def _range(smallest: pd.Series) -> str:
    known = smallest.dropna()
    if known.empty:
        return ""
    ends = dict.fromkeys(f"{end:.2g}" for end in (known.min(), known.max()))
    return f" (the smallest p there could be: {' to '.join(ends)})"


def compare(
    frame: pd.DataFrame,
    value: str | Sequence[str],
    by: str,
    *,
    seed: int,
    cluster: str = "place",
    paired: str | None = None,
    statistic: Literal["ranks", "means"] = "ranks",
    min_reports: int = 2,
    adjust: Literal["holm", "bh"] = "holm",
    draws: int = 1999,
) -> Comparison:
    """Compare groups of reports in numbers, in yes or no, or in categories.

    Reports of one place resemble each other, so places are permuted and resampled as a whole. The test is exact where
    at most 10,000 assignments exist, else a random sample of them; from 500 places on its limit (`permute.many`), and
    intervals by leaving places out (`differences.interval`). Of up to 8 groups all pairs are compared, of more
    each with the reports of all others. Numbers: ranks (Wilcoxon's and Kruskal and Wallis's
    statistics; detects shifts of skewed counts) or means. Yes or no and categories: Fisher's and Freeman & Halton's
    exact test. Where no assignment could reach p = 0.05 there is no p but a reason.

    Parameters
    ----------
    frame : DataFrame
        One row per report, with its place (and, if there, place_code and province, which tell namesakes apart).
    value : str or sequence of str
        Columns to compare: numbers, yes/no (bool) or texts. Their p values are adjusted together.
    by : str
        Column of groups.
    seed : int
        Of random permutations and of the bootstrap.
    cluster : str
        Column of what is permuted and resampled as a whole; "report_id" takes reports as independent.
    paired : str, optional
        Compare within units of this column, such as "place" over years: signs of the units' differences are flipped.
    statistic : str
        ranks or means, for numbers. Ranks of differences, without zeros, are Wilcoxon's signed ranks.
    min_reports : int
        Groups with fewer reports with a value are left out.
    adjust : str
        holm (Holm 1979: any false finding) or bh (Benjamini & Hochberg 1995: share of false findings).
    draws : int
        Random assignments, and resamples of the bootstrap.

    Raises
    ------
    ParameterError
        A column is missing, or a setting is unknown.
    """
    columns = [value] if isinstance(value, str) else list(value)
    need(frame, [*columns, by, cluster, *([paired] if paired else [])])
    wrong = [
        f"{name} = {given!r}: expected {' or '.join(known)}."
        for name, given, known in (("adjust", adjust, permute.ADJUST), ("statistic", statistic, _MAIN))
        if given not in known
    ]
    if draws < 99:
        wrong.append(f"draws = {draws}: expected at least 99.")
    if wrong:
        raise ParameterError(wrong)
    clusters = np.unique(place_of(frame, paired or cluster).tolist(), return_inverse=True)[1]
    tests: list[dict[str, Any]] = []
    found: list[dict[str, Any]] = []
    dropped: list[pd.DataFrame] = []
    for name in columns:
        one, left = sample(frame, name, by, clusters, min_reports)
        dropped.append(left)
        present = one.present()
        if len(present) < 2:
            tests.append(
                _untested(one, EVERY, "", f"groups of {min_reports} or more reports: {few(len(present), 2, 'groups')}")
            )
            continue
        if len(present) > 2 and not paired:
            tests.append(_test(one, EVERY, "", statistic, seed, draws))
        few_groups = len(present) <= MOST
        for a, b in combinations(present, 2) if few_groups else [(name, OTHERS) for name in present]:
            pair = one.only(a, b) if few_groups else one.against_others(a)
            if paired:
                test, sizes = _paired(pair, a, b, statistic, seed, draws)
            else:
                test, sizes = _test(pair, a, b, statistic, seed, draws), [*_effects(pair, a, b, seed, draws)]
            tests.append(test)
            found += sizes
    summary = pd.DataFrame(tests).reindex(columns=[column for column in _SUMMARY if column != "p_adjusted"])
    summary = summary.assign(p_adjusted=permute.adjusted(summary.loc[:, "p"], adjust))
    settings = {"by": by, "cluster": cluster, "paired": paired, "statistic": statistic, "adjust": adjust,
                "draws": draws, "seed": seed, "min_reports": min_reports}  # fmt: skip
    keys = ["value", "group_a", "group_b", "effect"]
    sizes = pd.DataFrame(found, columns=[*keys, "estimate", "ci_low", "ci_high", "method", "note"])
    main = dict.fromkeys(("number", "share"), "mean_difference")
    if not paired:
        main = {"number": _MAIN[statistic], "share": "risk_difference"}
    pairs = zip(summary["kind"], summary["group_b"], strict=True)
    summary = summary.assign(effect=[main.get(kind, "") if b else "" for kind, b in pairs])
    summary = summary.drop(columns=["estimate", "ci_low", "ci_high"]).merge(
        sizes.loc[:, [*keys, "estimate", "ci_low", "ci_high"]], on=keys, how="left"
    )
    return Comparison(summary.loc[:, [*_SUMMARY]], sizes, pd.concat(dropped, ignore_index=True), settings)


def _row(one: Sample, a: str, b: str) -> dict[str, Any]:
    if a == EVERY:
        return {"value": one.value, "kind": one.kind, "group_a": a, "group_b": b, "n_a": len(one.x), "n_b": 0,
                "places_a": len(set(one.clusters)), "places_b": 0, "p": np.nan, "test": "", "assignments": 0,
                "smallest_p": np.nan, "detectable": np.nan, "scale": "", "reason": ""}  # fmt: skip
    first, second = one.groups == a, one.groups == b
    return _row(one, EVERY, b) | {
        "group_a": a, "n_a": int(first.sum()), "n_b": int(second.sum()),
        "places_a": len(set(one.clusters[first])), "places_b": len(set(one.clusters[second])),
    }  # fmt: skip


def _untested(one: Sample, a: str, b: str, reason: str) -> dict[str, Any]:
    return _row(one, a, b) | {"reason": reason}


def _judged(row: dict[str, Any], done: permute.Permuted, test: str) -> dict[str, Any]:
    """Add the test's result to `row`; a p that could not have been small is a reason instead."""
    how = "exact" if done.exact else "limit" if done.limit else "random"
    row |= {"test": f"{test}, {how}", "assignments": done.n, "smallest_p": done.smallest, "p": done.p}
    if done.smallest > ALPHA:
        places = f"{row['places_a']} and {row['places_b']}" if row["group_b"] else f"{row['places_a']}"
        why = f"{places} places: no result could reach p = {ALPHA}"
        row |= {"p": np.nan, "reason": why}
    return row


def _test(one: Sample, a: str, b: str, statistic: str, seed: int, draws: int) -> dict[str, Any]:
    row = _row(one, a, b)
    names, group = np.unique(one.groups, return_inverse=True)
    places, first, where = np.unique(one.clusters, return_index=True, return_inverse=True)
    of_place = group[first]
    mixed = len({*where[group != of_place[where]].tolist()})
    row |= _detectable(one, group, where)
    if len(np.unique(one.x)) < 2:
        return row | {"reason": f"all {len(one.x)} values are {one.names[0] if one.names else f'{one.x[0]:g}'}"}
    if mixed:
        return row | {
            "reason": f"{mixed} places have reports in several of the groups: compare them as pairs, paired='place'"
        }
    single, n_groups = len(places) == len(one.x), len(names)
    score = rankdata(one.x) if one.kind == "number" and statistic == "ranks" else one.x
    sums, sizes = np.bincount(where, score), np.bincount(where).astype(float)
    limit = None
    if one.kind != "category":
        by = statistic if one.kind == "number" else "ranks"
        limit = permute.many(of_place, sums, sizes, yes=one.kind == "share", statistic=by)
    if one.kind == "number":
        chosen, test = permute.between(sums, sizes, n_groups), f"permuted {statistic}"
    else:
        values = int(one.x.max()) + 1
        counts = np.zeros((len(places), values))
        np.add.at(counts, (where, one.x.astype(int)), 1)
        if single and n_groups == values == 2:
            table = np.stack([np.bincount(one.x[group == g].astype(int), minlength=2) for g in (0, 1)])
            return _judged(row, permute.fisher(table), "Fisher")
        chosen, test = permute.table_probability(counts, n_groups), "Freeman–Halton" if single else "permuted table"
    return _judged(row, limit or permute.labels(of_place, chosen, seed=seed, draws=draws), test)


def _detectable(one: Sample, group: np.ndarray, where: np.ndarray) -> dict[str, Any]:
    """The smallest effect, with each group's reports counted as what they are worth given how alike places are."""
    parts = [one.x == code for code in np.unique(one.x)] if one.kind == "category" else [one.x]
    alike = float(np.mean([power.intraclass(part.astype(float), where, group) for part in parts]))
    members = [group == number for number in np.unique(group)]
    sizes = np.array([power.effective(int(one.sum()), len(set(where[one])), alike) for one in members])
    if one.kind == "category" or (one.kind == "share" and len(sizes) > 2):
        df = (len(sizes) - 1) * max(len(set(one.x)) - 1, 1)
        found, scale = power.table(sizes.sum(), df), "Cohen's w"
    elif len(sizes) > 2:
        found, scale = power.groups(sizes), "Cohen's f"
    elif one.kind == "share":
        found, scale = power.shares(*sizes), "Cohen's h"
        found = found if found <= np.pi else np.nan  # h is π between none and all
    else:
        found, scale = power.difference(*sizes), "Cohen's d"
    return {"detectable": found, "scale": "none: too few" if np.isnan(found) else scale}


def _effects(one: Sample, a: str, b: str, seed: int, draws: int) -> Iterator[dict[str, Any]]:
    if one.kind == "category":
        return
    parts = [(one.x[one.groups == name], one.clusters[one.groups == name]) for name in (a, b)]
    places = [np.unique(clusters, return_inverse=True)[1] for _, clusters in parts]
    for name, make in (differences.NUMBERS if one.kind == "number" else differences.SHARES).items():
        estimator, ratio = make(parts[0][0], parts[1][0]), name == "odds_ratio"
        made = differences.interval(estimator, places, seed=seed, draws=draws, ratio=ratio)
        yield {"value": one.value, "group_a": a, "group_b": b, "effect": name} | made


def _paired(
    one: Sample, a: str, b: str, statistic: str, seed: int, draws: int
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    row = _row(one, a, b)
    if one.kind == "category":
        return row | {"reason": "texts cannot be paired: make a yes/no column of each"}, []
    means = pd.DataFrame({"x": one.x, "unit": one.clusters, "group": one.groups}).pivot_table(
        index="unit", columns="group", values="x", aggfunc="mean"
    )
    both = means.dropna()
    d = (both[a] - both[b]).to_numpy(float) if len(both) else np.array([])
    row |= {"places_a": len(d), "places_b": len(d)}
    if not len(d):
        return row | {"reason": "no place has reports in both groups"}, []
    smallest = power.paired(len(d))
    row |= {"detectable": smallest, "scale": "none: too few" if np.isnan(smallest) else "Cohen's d of differences"}
    sizes = [
        {"value": one.value, "group_a": a, "group_b": b, "effect": name}
        | differences.interval(make(d), [np.arange(len(d))], seed=seed, draws=draws)
        for name, make in differences.PAIRS.items()
    ]
    if not d.any():
        return row | {"reason": f"all {len(d)} places have the same in both groups"}, sizes
    moved = d[d != 0]
    score = np.sign(moved) * rankdata(np.abs(moved)) if statistic == "ranks" and one.kind == "number" else moved
    done = permute.signs(len(score), lambda signs: np.abs(signs @ score), seed=seed, draws=draws)
    return _judged(row, done, f"flipped signs of {statistic if one.kind == 'number' else 'changes'}"), sizes
