"""In: counts. Out: confidence intervals of a share, for one report or pooled over several."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike


def wilson(successes: ArrayLike, trials: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return both ends of Wilson's score interval, 95 % (Wilson 1927), elementwise, each between 0 and 1.

    Parameters
    ----------
    successes, trials : array_like
        Trials above 0, successes at most as many; neither need be whole.
    """
    successes, trials = np.asarray(successes, float), np.asarray(trials, float)
    z = NormalDist().inv_cdf(0.975)
    share, shrink = successes / trials, 1 + z**2 / trials
    middle = (share + z**2 / (2 * trials)) / shrink
    half = z / shrink * np.sqrt(share * (1 - share) / trials + z**2 / (4 * trials**2))
    return np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)


def exact(hits: int, n: int) -> tuple[float, float]:
    """Return both ends of the exact interval of a share, 95 % (Clopper & Pearson 1934); missing when n is 0."""
    from scipy.stats import beta

    if not n:
        return float("nan"), float("nan")
    low = beta.ppf(0.025, hits, n - hits + 1) if hits else 0.0
    high = beta.ppf(0.975, hits + 1, n - hits) if hits < n else 1.0
    return float(low), float(high)


def pooled(successes: np.ndarray, trials: np.ndarray) -> tuple[float, float, float]:
    """Return the share pooled over reports, and its Wilson interval with the sample size cut by the design effect.

    The design effect is the variance of the ratio estimate with reports as clusters over that of one binomial sample
    (Rao & Scott 1992), at least 1; with one report, or shares of 0 or 1 throughout, it is 1.
    """
    total, n = trials.sum(), len(trials)
    share = successes.sum() / total
    binomial = share * (1 - share) / total
    between = n / max(n - 1, 1) * ((successes - share * trials) ** 2).sum() / total**2
    effective = total / max(1.0, between / binomial if binomial else 1.0)
    low, high = wilson(share * effective, effective)
    return float(share), float(low), float(high)
