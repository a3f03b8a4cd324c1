"""In: labels of whole clusters and a statistic. Out: p, exact or Monte Carlo, its least value; p for several tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations, islice
from math import comb, prod
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import gammaln
from scipy.stats import chi2, hypergeom

from analysis.errors import ParameterError

EXACT = 10_000  # assignments up to which all are gone through
_BATCH, _CELLS = 2_000, 20_000_000  # assignments, and labels, whose statistic is computed at once
LARGE, EXPECTED = 500, 5  # clusters from which the limit is taken; of yes and of no in the smallest group
SMALLEST = {"ranks": 8, "means": 30}  # clusters of the smallest group; skewed numbers need more than ranks
ADJUST = ("holm", "bh")
_TOL = 1e-9  # statistics closer than this, relative to the largest, are equal
Statistic = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Permuted:
    """A permutation test's result.

    Attributes
    ----------
    p : float, or ndarray of shape K when the statistic has K values
        Share of the assignments with a statistic at least as large as the observed one; drawn at random, the observed
        one counts too (Phipson & Smyth 2010): never 0.
    smallest : as p
        The p value that the most extreme assignment of these same data would have.
    n : int
        Assignments gone through.
    exact : bool
        All of them, not a random sample.
    mean : as p
        Mean of the statistic over the assignments: what chance gives. Missing for Fisher's test.
    limit : bool
        p is the limit for many clusters; nothing was gone through, and `smallest` is missing: far below any level.
    """

    p: Any
    smallest: Any
    n: int
    exact: bool
    mean: Any = np.nan
    limit: bool = False


def labels(groups: np.ndarray, statistic: Statistic, *, seed: int, draws: int) -> Permuted:
    """Permute the group labels of clusters: exact with at most 10,000 assignments, else `draws` random ones.

    Parameters
    ----------
    groups : ndarray of int, shape C
        Group of each cluster, 0 to G - 1.
    statistic : callable
        Labels of shape A×C to statistics of shape A or A×K; large values speak against equal groups.
    seed, draws : int
        Of the random sample.
    """
    sizes = np.bincount(groups)
    total = prod(comb(int(sizes[: place + 1].sum()), int(size)) for place, size in enumerate(sizes))
    if total <= EXACT:
        return _exact(statistic, groups, _batches(_assignments(sizes)))
    rng = np.random.default_rng(seed)
    if len(sizes) == 2 and len(groups) >= LARGE:
        return _sampled(statistic, groups, lambda n: _two(sizes, n, rng), draws)
    return _sampled(statistic, groups, lambda n: rng.permuted(np.tile(groups, (n, 1)), axis=1), draws)


def _two(sizes: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw `n` assignments to two groups by drawing the smaller: of many clusters far quicker than a permutation."""
    smaller, total = int(sizes.argmin()), int(sizes.sum())
    made = np.full((n, total), 1 - smaller, dtype=np.int8)
    for row in made:
        row[rng.choice(total, int(sizes[smaller]), replace=False, shuffle=False)] = smaller
    return made


def many(
    groups: np.ndarray, scores: np.ndarray, sizes: np.ndarray, *, yes: bool, statistic: str = "ranks"
) -> Permuted | None:
    """Return the limit of the permutation distribution when clusters are many, else None.

    Sums of permuted scores tend to the normal distribution (Hájek 1961), their squares over all groups to chi-square
    with G - 1 degrees of freedom. Taken from 500 clusters on, when each group has 8 or more (for means of skewed
    numbers: 30) and, for yes or no, 5 of either are expected in each: random assignments would cost more than all else,
    and their least p, 1 in the number of draws, survives no adjustment for hundreds of tests.

    Parameters
    ----------
    groups : ndarray of int, shape C
    scores, sizes : ndarray, shape C
        Sum of the scores and number of reports of each cluster, as for `between`.
    yes : bool
        Whether scores count 1 for yes and 0 for no.
    statistic : str
        What scores are: ranks or means.
    """
    members = np.bincount(groups)
    if len(groups) < LARGE or members.min() < SMALLEST[statistic]:
        return None
    rarer = min(scores.sum(), sizes.sum() - scores.sum()) / len(groups)
    if yes and rarer * members.min() < EXPECTED:
        return None
    rest = scores - sizes * (scores.sum() / sizes.sum())
    spread = float((rest**2).sum()) / (len(groups) - 1)
    if not spread:
        return None
    found = float((np.bincount(groups, rest) ** 2 / members).sum()) / spread
    return Permuted(float(chi2.sf(found, len(members) - 1)), np.nan, 0, False, limit=True)


def signs(n: int, statistic: Statistic, *, seed: int, draws: int) -> Permuted:
    """Flip the signs of `n` paired differences: all 2ⁿ when they are at most 10,000, else `draws` random ones.

    `statistic` takes signs (+1, -1) of shape A×n.
    """
    observed = np.ones(n)
    if n and 2**n <= EXACT:
        return _exact(statistic, observed, [1.0 - 2 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)])
    rng = np.random.default_rng(seed)
    return _sampled(statistic, observed, lambda size: rng.choice((-1.0, 1.0), (size, n)), draws)


def fisher(table: np.ndarray) -> Permuted:
    """Fisher's exact test of a 2×2 table, two-sided: all tables with these margins at most as likely as this one."""
    (a, b), (c, d) = table
    support = np.arange(max(0, a - d), min(a + b, a + c) + 1)
    likely = hypergeom.pmf(support, a + b + c + d, a + b, a + c)
    below = 1 + 1e-7  # of two tables as likely, rounding must not part one from the other
    p = likely[likely <= likely[support == a] * below].sum()
    return Permuted(
        min(float(p), 1.0), min(float(likely[likely <= likely.min() * below].sum()), 1.0), len(support), True
    )


def between(sums: np.ndarray, sizes: np.ndarray, n_groups: int) -> Statistic:
    """Return the statistic for numbers: squared differences of the groups' means from the grand mean, by group size.

    `sums` and `sizes` (shape C): sum of the scores and number of reports of each cluster. With two groups it orders
    assignments as the difference of means does; of ranks it is Kruskal and Wallis's, with two groups Wilcoxon's.
    """
    grand = sums.sum() / sizes.sum()

    def statistic(assigned: np.ndarray) -> np.ndarray:
        found = np.zeros(len(assigned))
        for group in range(n_groups):
            there = assigned == group
            n = there @ sizes
            found += n * ((there @ sums) / n - grand) ** 2
        return found

    return statistic


def table_probability(counts: np.ndarray, n_groups: int) -> Statistic:
    """Return the statistic of Freeman & Halton (1951): large when the table of groups by values is improbable.

    `counts` (shape C×V): reports of each cluster with each value. With one report a cluster the exact test is theirs.
    """

    def statistic(assigned: np.ndarray) -> np.ndarray:
        cells = [(assigned == group) @ counts for group in range(n_groups)]
        return sum((gammaln(cell + 1).sum(axis=1) - gammaln(cell.sum(axis=1) + 1) for cell in cells), np.zeros(1))

    return statistic


def _assignments(sizes: np.ndarray) -> Iterator[np.ndarray]:
    """Every way to label clusters so that the groups keep their sizes."""
    if len(sizes) == 2:
        smaller = int(sizes.argmin())
        for chosen in combinations(range(int(sizes.sum())), int(sizes[smaller])):
            one = np.full(int(sizes.sum()), 1 - smaller)
            one[list(chosen)] = smaller
            yield one
        return
    left, made = sizes.copy(), np.empty(int(sizes.sum()), int)

    def fill(place: int) -> Iterator[np.ndarray]:
        if place == len(made):
            yield made.copy()
            return
        for group in np.flatnonzero(left):
            left[group] -= 1
            made[place] = group
            yield from fill(place + 1)
            left[group] += 1

    yield from fill(0)


def _batches(rows: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    while batch := list(islice(rows, _BATCH)):
        yield np.stack(batch)


def _exact(statistic: Statistic, observed: np.ndarray, batches: Iterator[np.ndarray] | list[np.ndarray]) -> Permuted:
    found = np.concatenate([statistic(batch) for batch in batches])
    near = _near(found)
    p = (found >= statistic(observed[None])[0] - near).mean(axis=0)
    return Permuted(p, (found >= found.max(axis=0) - near).mean(axis=0), len(found), True, found.mean(axis=0))


def _sampled(statistic: Statistic, observed: np.ndarray, draw: Callable[[int], np.ndarray], draws: int) -> Permuted:
    at_once = max(1, min(_BATCH, _CELLS // max(1, len(observed))))
    sizes = [min(at_once, draws - start) for start in range(0, draws, at_once)]
    found = np.concatenate([statistic(draw(size)) for size in sizes])
    p = (1 + (found >= statistic(observed[None])[0] - _near(found)).sum(axis=0)) / (draws + 1)
    return Permuted(p, np.full_like(p, 1 / (draws + 1))[()], draws, False, found.mean(axis=0))


def _near(found: np.ndarray) -> np.ndarray:
    return _TOL * np.maximum(1.0, np.abs(found).max(axis=0))


def adjusted(p: pd.Series, method: str = "holm") -> pd.Series:
    """Return p values adjusted for being several; missing ones do not count.

    Parameters
    ----------
    p : Series
    method : {"holm", "bh"}
        Holm (1979: any false finding) or Benjamini & Hochberg (1995: the share of false findings).

    Raises
    ------
    ParameterError
        The method is unknown.
    """
    check_adjust(method)
    known = p.dropna()
    made = pd.Series(np.nan, index=p.index, dtype="float64")
    n, order = len(known), np.argsort(known.to_numpy(float), kind="stable")
    rising = known.to_numpy(float)[order]
    if method == "holm":
        steps = np.maximum.accumulate(rising * np.arange(n, 0, -1))
    else:
        steps = np.minimum.accumulate((rising * n / np.arange(1, n + 1))[::-1])[::-1]
    made.loc[known.index[order]] = np.minimum(steps, 1)
    return made


def check_adjust(method: str) -> None:
    """Raise `ParameterError` when no such adjustment is known."""
    if method not in ADJUST:
        raise ParameterError(f"adjust = {method!r}: expected {' or '.join(ADJUST)}.")
