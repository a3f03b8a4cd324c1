"""In: the values of two groups and their clusters. Out: how far they differ, with intervals by resampling clusters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from scipy.special import gammaln, ndtr, ndtri, stdtrit

from analysis.model.samples import few

LEAST = 5  # clusters a group from which an interval by resampling is given
_CHUNK = 500  # resamples computed at once
LARGE, LEFT_OUT = 500, 100  # clusters of both groups above which parts of them are left out instead, and the parts
Estimator = Callable[..., np.ndarray]  # weights of each group's observations, B×n, to B estimates


def hedges_g(a: np.ndarray, b: np.ndarray) -> Estimator:
    """Difference of means over the pooled standard deviation, exactly corrected for small samples (Hedges 1981)."""

    def estimate(wa: np.ndarray, wb: np.ndarray) -> np.ndarray:
        na, nb = wa.sum(axis=1), wb.sum(axis=1)
        ma, mb = wa @ a / na, wb @ b / nb
        squares = (wa * (a - ma[:, None]) ** 2).sum(axis=1) + (wb * (b - mb[:, None]) ** 2).sum(axis=1)
        return np.divide(_small(na + nb - 2) * (ma - mb), np.sqrt(squares / (na + nb - 2)))

    return estimate


def cliffs_delta(a: np.ndarray, b: np.ndarray) -> Estimator:
    """P(a > b) - P(a < b) for one report of each group (Cliff 1993): -1 to 1, 0 alike."""
    order = np.argsort(b, kind="stable")
    low, high = np.searchsorted(b[order], a, "left"), np.searchsorted(b[order], a, "right")

    def estimate(wa: np.ndarray, wb: np.ndarray) -> np.ndarray:
        below = np.concatenate([np.zeros((len(wb), 1)), np.cumsum(wb[:, order], axis=1)], axis=1)
        total = below[:, -1]
        wins = below[:, low] - (total[:, None] - below[:, high])
        return (wa * wins).sum(axis=1) / (wa.sum(axis=1) * total)

    return estimate


def median_difference(a: np.ndarray, b: np.ndarray) -> Estimator:
    """Median of a less median of b, in the values' unit."""
    return lambda wa, wb: _median(a, wa) - _median(b, wb)


def risk_difference(a: np.ndarray, b: np.ndarray) -> Estimator:
    """Share of yes in a less share of yes in b."""
    return lambda wa, wb: wa @ a / wa.sum(axis=1) - wb @ b / wb.sum(axis=1)


def odds_ratio(a: np.ndarray, b: np.ndarray) -> Estimator:
    """Odds of yes in a over those in b; 0.5 is added to each cell (Gart 1966), so that no cell is empty."""

    def estimate(wa: np.ndarray, wb: np.ndarray) -> np.ndarray:
        yes_a, yes_b = wa @ a, wb @ b
        no_a, no_b = wa.sum(axis=1) - yes_a, wb.sum(axis=1) - yes_b
        return (yes_a + 0.5) * (no_b + 0.5) / ((no_a + 0.5) * (yes_b + 0.5))

    return estimate


def mean_of(d: np.ndarray) -> Estimator:
    """Mean of paired differences."""
    return lambda w: w @ d / w.sum(axis=1)


def median_of(d: np.ndarray) -> Estimator:
    """Median of paired differences."""
    return lambda w: _median(d, w)


def hedges_gz(d: np.ndarray) -> Estimator:
    """Mean of paired differences over their standard deviation, corrected for small samples."""

    def estimate(w: np.ndarray) -> np.ndarray:
        n = w.sum(axis=1)
        mean = w @ d / n
        return _small(n - 1) * mean / np.sqrt((w * (d - mean[:, None]) ** 2).sum(axis=1) / (n - 1))

    return estimate


NUMBERS: Mapping[str, Callable[..., Estimator]] = {
    "cliffs_delta": cliffs_delta, "hedges_g": hedges_g, "median_difference": median_difference,
}  # fmt: skip
SHARES: Mapping[str, Callable[..., Estimator]] = {"risk_difference": risk_difference, "odds_ratio": odds_ratio}
PAIRS: Mapping[str, Callable[..., Estimator]] = {
    "mean_difference": mean_of, "median_difference": median_of, "hedges_gz": hedges_gz,
}  # fmt: skip


def interval(
    estimator: Estimator, clusters: Sequence[np.ndarray], *, seed: int, draws: int, ratio: bool = False
) -> dict[str, Any]:
    """Return the estimate and its 95 % bootstrap interval; whole clusters are resampled within each group.

    The interval is BCa, bias-corrected and accelerated (Efron 1987), its acceleration by leaving out one cluster at a
    time; percentile where the correction is not defined. Above 500 clusters resampling would take hours, and its
    corrections vanish: the error then comes from leaving out each of 100 random parts of each group's clusters (a
    delete-a-group jackknife: Kott 2001; for medians too: Shao & Wu 1989), with Student's t of 99 degrees of freedom.

    Parameters
    ----------
    estimator : callable
        As the functions here make them.
    clusters : sequence of ndarray of int
        For each group the cluster of each of its observations, 0 to C - 1.
    ratio : bool
        The estimate is a ratio: the error is that of its logarithm (for many clusters; resampling needs no such help).

    Returns
    -------
    dict
        estimate, ci_low, ci_high, method (BCa, percentile, jackknife, none), note (why there is none, or what was left
        out).
    """
    counts = [int(one.max()) + 1 for one in clusters]
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate = float(estimator(*(np.ones((1, len(one))) for one in clusters))[0])
        made: dict[str, Any] = {"estimate": estimate, "ci_low": np.nan, "ci_high": np.nan, "method": "none", "note": ""}
        if not np.isfinite(estimate):
            return made | {"estimate": np.nan, "note": "no spread within the groups: not defined"}
        if min(counts) < LEAST:
            return made | {"note": f"no interval: a group has {few(min(counts), LEAST, 'places')}"}
        if sum(counts) > LARGE:
            return made | _left_out(estimator, clusters, counts, estimate, seed, ratio)
        drawn = [
            estimator(*(w[start : start + _CHUNK, one] for w, one in zip(picked, clusters, strict=True)))
            for picked in [_resamples(tuple(counts), seed, draws)]
            for start in range(0, draws, _CHUNK)
        ]
        jack = [_jackknife(estimator, clusters, counts, group) for group in range(len(counts))]
    every = np.concatenate(drawn)
    found = every[np.isfinite(every)]
    lost = len(every) - len(found)
    note = f"{lost} of {draws} resamples without spread left out" if lost else ""
    if lost > draws / 20 or not len(found) or np.ptp(found) == 0:
        return made | {"note": note or "no interval: all resamples give the same"}
    tails = np.array([0.025, 0.975])
    corrected = _bca(found, estimate, jack, tails)
    low, high = np.quantile(found, tails if corrected is None else corrected)
    method = "percentile" if corrected is None else "BCa"
    return made | {"ci_low": float(low), "ci_high": float(high), "method": method, "note": note}


def _left_out(
    estimator: Estimator, clusters: Sequence[np.ndarray], counts: Sequence[int], estimate: float, seed: int, ratio: bool
) -> dict[str, Any]:
    """The interval from leaving out random parts of the clusters of one group at a time."""
    rng = np.random.default_rng(seed)
    scale = np.log if ratio else np.asarray
    variance, freedom = 0.0, LEFT_OUT
    for place, count in enumerate(counts):
        parts = min(count, LEFT_OUT)
        part = rng.permutation(np.arange(count) % parts)
        weights = [np.ones((1, len(one))) for one in clusters]  # one row stands for as many as the other group has
        weights[place] = (part[clusters[place]] != np.arange(parts)[:, None]).astype(float)
        found = scale(estimator(*weights))
        variance += (parts - 1) / parts * float(((found - found.mean()) ** 2).sum())
        freedom = min(freedom, parts)
    if not np.isfinite(variance) or not variance:
        return {"note": "no interval: without a part of the places it is the same, or not defined"}
    half = float(stdtrit(freedom - 1, 0.975)) * np.sqrt(variance)
    low, high = scale(estimate) - half, scale(estimate) + half
    if ratio:
        low, high = np.exp(low), np.exp(high)
    return {"ci_low": float(low), "ci_high": float(high), "method": "jackknife"}


@lru_cache(maxsize=2)  # the effects of one pair of groups rest on the same resamples
def _resamples(counts: tuple[int, ...], seed: int, draws: int) -> list[np.ndarray]:
    """How often each cluster was drawn, draws × clusters, for each group."""
    rng = np.random.default_rng(seed)
    return [rng.multinomial(count, np.full(count, 1 / count), draws).astype(float) for count in counts]


def _bca(found: np.ndarray, estimate: float, jack: Sequence[np.ndarray], tails: np.ndarray) -> np.ndarray | None:
    """The quantiles to take instead of `tails`; None where bias or acceleration are not finite."""
    below = ((found < estimate).sum() + 0.5 * (found == estimate).sum()) / len(found)
    # each group's influence values by leaving one out, as for several independent samples
    influence = [(len(one) - 1) * (one.mean() - one) / len(one) for one in jack]
    cubes, squares = sum((one**3).sum() for one in influence), sum((one**2).sum() for one in influence)
    if not 0 < below < 1 or not np.isfinite(cubes) or not squares > 0:
        return None
    bias, speed, z = ndtri(below), cubes / (6 * squares**1.5), ndtri(tails)
    moved = 1 - speed * (bias + z)
    return ndtr(bias + (bias + z) / moved) if (moved > 0).all() else None


def _jackknife(estimator: Estimator, clusters: Sequence[np.ndarray], counts: Sequence[int], group: int) -> np.ndarray:
    weights = [
        (1 - np.eye(count))[:, one] if place == group else np.ones((counts[group], len(one)))
        for place, (count, one) in enumerate(zip(counts, clusters, strict=True))
    ]
    return estimator(*weights)


def _small(df: np.ndarray) -> np.ndarray:
    return np.exp(gammaln(df / 2) - gammaln((df - 1) / 2)) / np.sqrt(df / 2)


def _median(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Median of each row when each value stands there `weights` times."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[:, order], axis=1)
    half = reached[:, -1:] / 2
    lower, upper = (reached >= half).argmax(axis=1), (reached > half).argmax(axis=1)
    return (values[order][lower] + values[order][upper]) / 2
