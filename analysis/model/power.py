"""In: sizes of groups and how alike reports of one place are. Out: the smallest effect such a sample detects."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq
from scipy.stats import chi2 as chi2_distribution
from scipy.stats import f as f_distribution
from scipy.stats import ncf, nct, ncx2, norm
from scipy.stats import t as t_distribution

ALPHA, POWER = 0.05, 0.8


def difference(n_a: float, n_b: float) -> float:
    """Smallest difference of two means, in standard deviations (Cohen's d), that a two-sided t test detects.

    With power 0.8 at level 0.05, from the noncentral t distribution; sizes may be effective ones, see `effective`.
    Missing when a group has fewer than two. The rank test needs about 5 % more reports for the same (Lehmann 2006).
    """
    df = n_a + n_b - 2
    if min(n_a, n_b) < 2 or df <= 0:
        return np.nan
    return _solve(lambda d: _t_power(d * np.sqrt(n_a * n_b / (n_a + n_b)), df))


def paired(n: float) -> float:
    """Smallest mean of `n` paired differences, in their standard deviations, that a t test detects."""
    return _solve(lambda d: _t_power(d * np.sqrt(n), n - 1)) if n > 2 else np.nan


def groups(sizes: np.ndarray) -> float:
    """Smallest Cohen's f (spread of the groups' means over the spread within) that an F test detects."""
    n, k = float(sizes.sum()), len(sizes)
    if n <= k:
        return np.nan
    limit = f_distribution.isf(ALPHA, k - 1, n - k)
    return _solve(lambda f: float(ncf.sf(limit, k - 1, n - k, n * f * f)))


def shares(n_a: float, n_b: float) -> float:
    """Smallest difference of two shares as Cohen's h = 2 asin √p₁ - 2 asin √p₂ that a two-sided test detects.

    Normal approximation (Cohen 1988, chapter 6). h above π is more than no against all: no difference is detectable.
    """
    return float((norm.isf(ALPHA / 2) + norm.ppf(POWER)) * np.sqrt(1 / n_a + 1 / n_b))


def table(n: float, df: int) -> float:
    """Smallest Cohen's w of a table with `df` degrees of freedom that a chi-square test detects."""
    limit = chi2_distribution.isf(ALPHA, df)
    return _solve(lambda w: float(ncx2.sf(limit, df, n * w * w)))


def intraclass(values: np.ndarray, clusters: np.ndarray, groups: np.ndarray) -> float:
    """How alike values of one cluster are, by analysis of variance after the groups' means: 0 not at all, 1 the same.

    Donner (1986). Negative estimates are 0; without clusters of two or more it is 0.
    """
    names, where, sizes = np.unique(clusters, return_inverse=True, return_counts=True)
    n, k = len(values), len(names)
    if n == k or k < 2:
        return 0.0
    group = np.unique(groups, return_inverse=True)[1]
    rest = values - (np.bincount(group, values) / np.bincount(group))[group]
    centres = np.bincount(where, rest) / sizes
    within = ((rest - centres[where]) ** 2).sum() / (n - k)
    among = (sizes * centres**2).sum() / (k - 1)
    usual = (n - (sizes**2).sum() / n) / (k - 1)
    total = among + (usual - 1) * within
    return float(np.clip((among - within) / total, 0, 1)) if total > 0 else 0.0


def effective(n: int, n_clusters: int, intraclass: float) -> float:
    """Return how many independent reports `n` reports of `n_clusters` places are worth (Kish's design effect)."""
    return n / (1 + (n / n_clusters - 1) * intraclass)


def _t_power(shift: float, df: float) -> float:
    limit = t_distribution.isf(ALPHA / 2, df)
    # the far tail is not computable for a large shift, and nothing there
    return float(nct.sf(limit, df, shift) + np.nan_to_num(nct.cdf(-limit, df, shift)))


def _solve(power: Callable[[float], float]) -> float:
    """The effect with the wished power; missing when none up to 64 has it."""
    high = 0.125  # doubled until the power is there: far beyond it the noncentral distributions are not computable
    while power(high) < POWER:
        high *= 2
        if high > 64:
            return np.nan
    return brentq(lambda effect: power(effect) - POWER, 0, high)  # pyright: ignore[reportReturnType] -- a float
