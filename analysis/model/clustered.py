"""In: outcomes of items in clusters. Out: a regression with errors that hold with few clusters, sums of clusters."""

from __future__ import annotations

import numpy as np

from analysis.errors import ParameterError

TINY = 1e-12


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
