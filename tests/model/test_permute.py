import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata

from analysis.errors import ParameterError
from analysis.model import permute

A, B = np.array([3.1, 4.7, 5.2, 6.8, 7.7, 9.3]), np.array([1.2, 2.4, 3.9, 4.1, 5.0])


def two_groups(x, n_a, **how):
    groups = np.repeat([0, 1], [n_a, len(x) - n_a])
    return permute.labels(groups, permute.between(x, np.ones(len(x)), 2), **({"seed": 1, "draws": 999} | how))


def test_ranks_against_R():
    """R: wilcox.test(a, b, exact = TRUE)$p.value is 0.05194805195."""
    done = two_groups(rankdata(np.concatenate([A, B])), 6)
    assert (done.p, done.n, done.exact) == (pytest.approx(0.05194805195), 462, True)


def test_means_against_an_enumeration_in_R():
    """R: the share of combn(11, 6) with |sum - 6 mean(x)| at least as large is 0.04545454545."""
    assert two_groups(np.concatenate([A, B]), 6).p == pytest.approx(0.04545454545)


def test_three_groups_against_an_enumeration_in_R():
    """R: kruskal.test's statistic over all 560 ways to label 3 + 3 + 2 values; p 0.1642857143, smallest 0.01071428571."""
    v = rankdata([2.9, 3.0, 5.5, 2.6, 3.2, 3.8, 6.7, 9.0])
    done = permute.labels(np.array([0, 0, 0, 1, 1, 1, 2, 2]), permute.between(v, np.ones(8), 3), seed=1, draws=99)
    assert (done.n, done.p, done.smallest) == (560, pytest.approx(0.1642857143), pytest.approx(0.01071428571))


def test_fisher_against_R():
    """R: fisher.test(matrix(c(8, 2, 1, 5), 2))$p.value is 0.03496503497."""
    assert permute.fisher(np.array([[8, 1], [2, 5]])).p == pytest.approx(0.03496503497)


def test_freeman_halton_against_R():
    """R: fisher.test(matrix(c(3, 0, 2, 1, 4, 0, 0, 2, 4), 3))$p.value is 0.01532990819; all 90,090 labels sampled."""
    table = np.array([[3, 1, 0], [0, 4, 2], [2, 0, 4]])
    groups = np.repeat([0, 1, 2], table.sum(axis=1))
    values = np.concatenate([np.repeat([0, 1, 2], row) for row in table])
    statistic = permute.table_probability(np.eye(3)[values], 3)
    done = permute.labels(groups, statistic, seed=1, draws=19_999)
    assert done.p == pytest.approx(0.01532990819, abs=4 * np.sqrt(0.0153 / 20_000))
    assert not done.exact


def test_a_table_of_two_groups_enumerated_is_fishers():
    yes = np.random.default_rng(3).random(12) < 0.5
    groups = np.repeat([0, 1], [5, 7])
    table = np.stack([np.bincount(yes[groups == g].astype(int), minlength=2) for g in (0, 1)])
    done = permute.labels(groups, permute.table_probability(np.eye(2)[yes.astype(int)], 2), seed=1, draws=99)
    assert done.p == pytest.approx(permute.fisher(table).p)
    assert done.smallest == pytest.approx(permute.fisher(table).smallest)


def test_signed_ranks_and_differences_against_R():
    """R: wilcox.test(d, exact = TRUE)$p.value and the share of all 2^7 signs are both 0.078125."""
    d = np.array([1.1, -0.3, 2.2, 0.9, 1.7, -0.6, 1.4])
    for score in (np.sign(d) * rankdata(np.abs(d)), d):
        done = permute.signs(7, lambda signs, score=score: np.abs(signs @ score), seed=1, draws=99)
        assert (done.p, done.n) == (0.078125, 128)


def test_whole_places_are_permuted_against_an_enumeration_in_R():
    """R: labels of six places with two reports each, |difference of means|: 0.1 of combn(6, 3)."""
    y = np.array([1, 2, 4, 3, 2, 2, 7, 5, 6, 8, 5, 9.0])
    sums = y.reshape(6, 2).sum(axis=1)
    done = permute.labels(np.array([0, 0, 0, 1, 1, 1]), permute.between(sums, np.full(6, 2.0), 2), seed=1, draws=99)
    assert (done.p, done.n) == (0.1, 20)


def test_five_reports_have_no_small_p():
    assert two_groups(np.array([1.0, 2.0, 3.0, 10.0]), 3).smallest == 0.25


def test_random_assignments_never_give_zero_and_repeat_with_their_seed():
    x = np.concatenate([np.arange(30.0), 100 + np.arange(30.0)])
    assert two_groups(x, 30).p == 0.001
    mixed = np.random.default_rng(2).normal(size=60)
    assert two_groups(mixed, 30).p == two_groups(mixed, 30).p
    assert two_groups(mixed, 30).p != two_groups(mixed, 30, seed=2).p


def test_several_statistics_of_one_rearrangement_are_those_of_each():
    rng = np.random.default_rng(4)
    groups, values = np.repeat([0, 1], [4, 5]), rng.normal(size=(9, 3))
    each = [permute.between(column, np.ones(9), 2) for column in values.T]
    for draws in (99, 199):
        together = permute.labels(groups, lambda a: np.stack([one(a) for one in each], axis=1), seed=1, draws=draws)
        apart = [permute.labels(groups, one, seed=1, draws=draws) for one in each]
        assert together.p.tolist() == [one.p for one in apart]
        assert together.smallest.tolist() == [one.smallest for one in apart]


def test_an_unknown_adjustment_is_named():
    with pytest.raises(ParameterError, match=r"^adjust = 'bonferroni': expected holm or bh\.$"):
        permute.adjusted(pd.Series([0.1]), "bonferroni")


@pytest.mark.parametrize("yes", [False, True])
def test_the_limit_for_many_clusters_is_near_random_permutations(yes):
    """600 clusters of one to three reports in groups of 40, 200 and 360: p by chi-square and by 4,999 permutations."""
    rng = np.random.default_rng(3)
    groups, sizes = np.repeat([0, 1, 2], [40, 200, 360]), rng.integers(1, 4, 600).astype(float)
    scores = rng.binomial(sizes.astype(int), 0.3).astype(float) if yes else rng.lognormal(0, 1, 600) * sizes
    scores[:40] *= 1.15
    found = permute.many(groups, scores, sizes, yes=yes)
    drawn = permute.labels(groups, permute.between(scores, sizes, 3), seed=1, draws=4999)
    assert found is not None
    assert found.limit
    assert found.p == pytest.approx(drawn.p, abs=0.03)


def test_no_limit_for_few_clusters_small_groups_or_rare_answers():
    one = np.ones(600)
    groups = np.repeat([0, 1], [300, 300])
    rare = (np.arange(600) < 4).astype(float)
    assert permute.many(groups[:400], one[:400], one[:400], yes=False) is None
    assert permute.many(np.repeat([0, 1], [7, 593]), np.arange(600.0), one, yes=False) is None
    assert permute.many(np.repeat([0, 1], [20, 580]), np.arange(600.0), one, yes=False, statistic="means") is None
    assert permute.many(groups, rare, one, yes=True) is None
    assert permute.many(groups, one, one, yes=False) is None


def test_two_groups_of_many_clusters_are_drawn_by_the_smaller():
    x, groups = np.arange(600.0), np.repeat([0, 1], [12, 588])
    done = permute.labels(groups, permute.between(x, np.ones(600), 2), seed=1, draws=999)
    again = permute.labels(groups, permute.between(x, np.ones(600), 2), seed=1, draws=999)
    assert (done.p, done.n, done.exact) == (0.001, 999, False)
    assert again.p == done.p
    even = permute.labels(np.arange(600) % 50 // 49, permute.between(x, np.ones(600), 2), seed=1, draws=999)
    assert even.p > 0.5
