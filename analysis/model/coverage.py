"""In: a number of reports and a planted difference. Out: how often intervals of `effects` hold it and tests err.

``python -m analysis.model.coverage`` computes the table of the figure anew (`FILE`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis import paths, tables
from analysis.intervals import wilson
from analysis.model import effects

FILE = paths.ROOT / "data" / "coverage.csv"
REPORTS, EFFECTS = (10, 12, 20, 40, 80), (0.0, 0.15)
RUNS, SEED, DRAWS = 200, 20240601, 199
PER_REPORT, LENGTH, TOPICS, ALPHA = 4, 30, 4, 0.1  # items a report, tokens an item
_BETWEEN, _WITHIN = 20, 2  # Dirichlet precision of reports round their group, of items round their report
_Z = 1.959964


@dataclass
class Planted:
    """What `effects` needs of a topic model, with shares as inferred from drawn topic tokens."""

    shares: np.ndarray
    items: pd.DataFrame
    settings: dict[str, Any]
    tokens: np.ndarray


def plant(n_reports: int, effect: float, rng: np.random.Generator) -> Planted:
    """Draw items of two groups of reports between which the shares of the first two topics differ by `effect`.

    Reports differ within a group and items within a report, so items of one report resemble each other.
    """
    group = np.arange(n_reports) % 2
    means = 1 / TOPICS + np.outer(group, [effect, -effect, *[0.0] * (TOPICS - 2)])
    of_report = [rng.dirichlet(_BETWEEN * mean) for mean in means]
    report = np.repeat(np.arange(n_reports), PER_REPORT)
    truth = np.array([rng.dirichlet(_WITHIN * of_report[one] + 1e-3) for one in report])
    lengths = rng.poisson(LENGTH, len(truth)) + 5
    counts = rng.multinomial(lengths, truth)
    shares = (ALPHA + counts) / (TOPICS * ALPHA + lengths)[:, None]
    items = pd.DataFrame({"report_id": report.astype(str), "group": np.where(group[report] == 1, "b", "a")})
    return Planted(shares, items, {"alpha": ALPHA, "seed": SEED}, lengths.astype(float))


def check(n_reports: int, effect: float, *, seed: int = SEED, runs: int = RUNS) -> dict[str, float]:
    """Plant and estimate `runs` times.

    Returns
    -------
    dict
        `covered`: share of the 95 % intervals that hold the planted difference; `covered_items`: the same of intervals
        that take items as independent (two samples, normal); `size`: share of the topics without a difference with p
        below .05; `power`: of those with one (missing when none is planted); `n`: intervals.
    """
    rng = np.random.default_rng([seed, n_reports, round(1000 * effect)])
    truth = effect * np.array([1, -1, *[0] * (TOPICS - 2)])
    covered, naive, wrong, right = [], [], [], []
    for _ in range(runs):
        model = plant(n_reports, effect, rng)
        found = effects.effect(model, "group", draws=DRAWS)
        sign = 1 if found["term"].iloc[0] == "b" else -1
        covered.append((found["ci_low"] <= sign * truth) & (sign * truth <= found["ci_high"]))
        one, other = (model.shares[(model.items["group"] == name).to_numpy()] for name in "ba")
        error = np.sqrt(one.var(axis=0, ddof=1) / len(one) + other.var(axis=0, ddof=1) / len(other))
        naive.append(np.abs(one.mean(axis=0) - other.mean(axis=0) - truth) <= _Z * error)
        small = (found["p"] < 0.05).to_numpy()
        wrong.append(small[truth == 0])
        right.append(small[truth != 0])
    return {
        "covered": float(np.mean(covered)), "covered_items": float(np.mean(naive)),
        "size": float(np.mean(np.concatenate(wrong))),
        "power": float(np.mean(np.concatenate(right))) if effect else float("nan"), "n": runs * TOPICS,
    }  # fmt: skip


def grid(
    reports: Iterable[int] = REPORTS, differences: Iterable[float] = EFFECTS, *, seed: int = SEED, runs: int = RUNS
) -> pd.DataFrame:
    """Run `check` over numbers of reports and differences: one row each, with the Wilson interval of `covered`."""
    rows = [
        {"reports": n, "effect": effect, **check(n, effect, seed=seed, runs=runs)}
        for effect in differences
        for n in reports
    ]
    made = pd.DataFrame(rows)
    low, high = wilson(made["covered"] * made["n"], made["n"])
    return made.assign(covered_low=low, covered_high=high)


def table(path: Path = FILE) -> pd.DataFrame:
    """Read what `grid` found when it was last run.

    Raises
    ------
    DataError
        The file is not there.
    """
    return tables.read_computed(path, "python -m analysis.model.coverage")


if __name__ == "__main__":
    tables.write_bytes(FILE, tables.csv_bytes(grid().round(4)))
