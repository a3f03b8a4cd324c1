"""In: outcomes of items in clusters. Out: robust errors with few clusters, and p from rearranging whole clusters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations, permutations
from math import comb, factorial

import numpy as np

from analysis.errors import ParameterError

TINY = 1e-12
ADJUST = ("holm", "bh")


def robust(
    design: np.ndarray, outcome: np.ndarray, groups: np.ndarray, variance: np.ndarray, where: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return coefficients p×K, their standard errors p×K and degrees of freedom p of `outcome` N×K on `design` N×p.

    `groups` numbers the clusters 0, 1 …; `variance` N×K is that of each outcome around its mean (0: known exactly).
    """
    if np.linalg.matrix_rank(design) < design.shape[1]:
        raise ParameterError(f"{where}: the covariates determine each other in these items. Leave one of them out.")
    order = np.argsort(groups, kind="stable")
    design, outcome, variance = design[order], outcome[order], variance[order]
    begins = np.flatnonzero(np.diff(groups[order], prepend=-1))
    inverse = np.linalg.inv(design.T @ design)
    solve = design @ inverse  # N×p: each item's part in each coefficient
    estimate = solve.T @ outcome
    residual = outcome - design @ estimate
    adjusted = np.empty_like(solve)
    for low, high in zip(begins, np.append(begins[1:], len(design)), strict=True):
        own = design[low:high]
        values, vectors = np.linalg.eigh(np.eye(high - low) - own @ inverse @ own.T)
        scale = np.where(values > 1e-9, 1 / np.sqrt(np.maximum(values, 1e-9)), 0)  # a group of one cluster fits itself
        adjusted[low:high] = (vectors * scale) @ (vectors.T @ solve[low:high])
    error, df = np.empty_like(estimate), np.empty(len(estimate))
    for j in range(len(estimate)):
        part = adjusted[:, j, None]
        sampling = (np.add.reduceat(part * residual, begins) ** 2).sum(axis=0)
        cross = np.add.reduceat(part * design, begins)  # clusters × p
        fitted = cross @ inverse
        weight = np.einsum("ip,pq,iq->i", design, fitted.T @ fitted, design) + adjusted[:, j] ** 2
        weight -= (
            2
            * adjusted[:, j]
            * (design * np.repeat(fitted, np.diff(np.append(begins, len(design))), axis=0)).sum(axis=1)
        )
        error[j] = np.sqrt(sampling + weight @ variance + (solve[:, j] ** 2) @ variance)
        own, shared = np.add.reduceat(adjusted[:, j] ** 2, begins), (cross * fitted).sum(axis=1)
        product = inverse @ (cross.T @ cross)
        spread = ((own - shared) ** 2 - shared**2).sum() + np.trace(product @ product)
        df[j] = max((own - shared).sum() ** 2 / max(spread, TINY), 1.0)
    return estimate, error, df


def sums(values: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Sum of the rows of each cluster, clusters × columns."""
    made = np.zeros((int(groups.max()) + 1, values.shape[1]))
    np.add.at(made, groups, values)
    return made


def permutation_p(
    statistic: Callable[[np.ndarray], np.ndarray], n: int, n_permutations: int, rng: np.random.Generator,
    marks: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Return p and the statistic as it is, from all arrangements when `n_permutations` cover them, else random ones."""
    seen = statistic(np.arange(n))
    every = _every(n, n_permutations, marks)
    if every is not None:
        drawn = np.array([statistic(order) for order in every])
        return (drawn >= seen - 1e-9).mean(axis=0), seen
    drawn = np.array([statistic(rng.permutation(n)) for _ in range(n_permutations)])
    return (1 + (drawn >= seen - 1e-9).sum(axis=0)) / (1 + n_permutations), seen


def _every(n: int, limit: int, marks: np.ndarray | None) -> Iterator[np.ndarray] | None:
    """All arrangements of n reports (of two kinds, when marked 1 and 0), or None when there are more than `limit`."""
    if marks is None:
        return (np.array(order) for order in permutations(range(n))) if n < 13 and factorial(n) <= limit else None
    ones, zeros = np.flatnonzero(marks == 1), np.flatnonzero(marks != 1)
    if comb(n, len(ones)) > limit:
        return None

    def arranged(chosen: tuple[int, ...]) -> np.ndarray:
        order = np.empty(n, dtype=int)
        rest = np.setdiff1d(np.arange(n), chosen)
        order[list(chosen)], order[rest] = ones, zeros
        return order

    return (arranged(chosen) for chosen in combinations(range(n), len(ones)))


def adjusted(p: np.ndarray, how: str) -> np.ndarray:
    """Return p for several tests at once: "holm" (Holm 1979) or "bh" (Benjamini & Hochberg 1995)."""
    order, n = np.argsort(p, kind="stable"), len(p)
    ranked = p[order]
    if how == "holm":
        raised = np.maximum.accumulate(ranked * np.arange(n, 0, -1))
    else:
        raised = np.minimum.accumulate((ranked * n / np.arange(1, n + 1))[::-1])[::-1]
    made = np.empty(n)
    made[order] = np.minimum(raised, 1)
    return made
