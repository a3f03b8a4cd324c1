"""In: topic shares of items in reports, and a covariate. Out: p from rearranging the covariate among whole reports."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.model import permute
from analysis.model.clustered import TINY, sums


def coefficient(
    design: np.ndarray, place: int, others: Sequence[int], shares: np.ndarray, groups: np.ndarray,
    *, seed: int, draws: int,
) -> np.ndarray | None:  # fmt: skip
    """Return p per topic of the coefficient of column `place`, or None when a covariate differs within a report.

    None above `permute.LARGE` reports too: the t test with the same error is the limit of this one.

    The statistic is the coefficient over its cluster-robust error, which keeps the test right when groups differ in
    spread (Janssen 1997).

    Parameters
    ----------
    design : ndarray, shape N×p
    others : sequence of int
        Columns of the other groups of the same covariate: their reports stay where they are, so that a group is
        exchanged with its reference only and other groups may differ as they like.
    shares : ndarray, shape N×K
    groups : ndarray of int, shape N
        Report of each item, 0 to C - 1.
    seed, draws : int
        See `permute.labels`.
    """
    first = np.unique(groups, return_index=True)[1]
    if len(first) > permute.LARGE or not np.array_equal(design, design[first][groups]):
        return None
    rows, totals, sizes = design[first], sums(shares, groups), np.bincount(groups).astype(float)
    movable = (rows[:, others] == 0).all(axis=1)
    values, now = np.unique(rows[movable, place], return_inverse=True)

    def studentised(labels: np.ndarray) -> np.ndarray:
        moved = rows.copy()
        moved[movable, place] = values[labels]
        try:
            inverse = np.linalg.inv(moved.T @ (sizes[:, None] * moved))
        except np.linalg.LinAlgError:  # this arrangement leaves nothing to estimate
            return np.zeros(shares.shape[1])
        solve = moved @ inverse[:, place]
        estimate = inverse @ (moved.T @ totals)
        residual = totals - sizes[:, None] * (moved @ estimate)
        return np.abs(estimate[place]) / np.sqrt(np.maximum(solve**2 @ residual**2, TINY))

    return permute.labels(now, lambda assigned: np.stack([*map(studentised, assigned)]), seed=seed, draws=draws).p


def explained(
    values: np.ndarray, codes: np.ndarray, shares: np.ndarray, groups: np.ndarray, *, seed: int, draws: int
) -> tuple[np.ndarray, permute.Permuted]:
    """Return the share of the variance that a covariate explains, of all topics and of each (1 + K), and its test.

    Parameters
    ----------
    values : ndarray, shape G×p
        The columns that stand for each value of the covariate: itself, or one column per group.
    codes : ndarray of int, shape C
        Value of each report, 0 to G - 1.
    shares, groups, seed, draws
        As in `coefficient`.
    """
    totals, sizes = sums(shares, groups), np.bincount(groups).astype(float)
    centred = totals - sizes[:, None] * shares.mean(axis=0)
    total = ((shares - shares.mean(axis=0)) ** 2).sum(axis=0)

    def part_of_variance(labels: np.ndarray) -> np.ndarray:
        moved = values[labels]
        moved = moved - (sizes @ moved) / sizes.sum()
        cross = moved.T @ centred
        part = (cross * (np.linalg.pinv(moved.T @ (sizes[:, None] * moved)) @ cross)).sum(axis=0)
        return np.append(part.sum() / max(total.sum(), TINY), part / np.maximum(total, TINY))

    found = permute.labels(codes, lambda assigned: np.stack([*map(part_of_variance, assigned)]), seed=seed, draws=draws)
    return part_of_variance(codes), found
