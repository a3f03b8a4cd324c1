import numpy as np
import pytest

from analysis import intervals


def test_wilson_agrees_with_statsmodels():
    from statsmodels.stats.proportion import proportion_confint

    k, n = np.array([0, 1, 9, 15, 2339]), np.array([7, 3, 15, 15, 2348])
    low, high = intervals.wilson(k, n)
    expected = proportion_confint(k, n, method="wilson")
    assert low == pytest.approx(expected[0], abs=1e-12)
    assert high == pytest.approx(expected[1], abs=1e-12)


def test_exact_intervals_are_those_of_scipy():
    from scipy.stats import binomtest

    for hits, n in ((0, 7), (3, 9), (15, 15)):
        expected = binomtest(hits, n).proportion_ci(0.95, "exact")
        assert intervals.exact(hits, n) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert np.isnan(intervals.exact(0, 0)).all()


def test_wilson_agrees_with_the_examples_of_newcombe():
    # Newcombe (1998), Statistics in Medicine 17, 857-872: the score interval without continuity correction
    low, high = intervals.wilson([81, 15, 0, 1], [263, 148, 20, 29])
    assert low == pytest.approx([0.2553, 0.0624, 0.0000, 0.0061], abs=5e-5)
    assert high == pytest.approx([0.3662, 0.1605, 0.1611, 0.1718], abs=5e-5)


def test_like_reports_pool_like_one_and_unlike_ones_widen():
    low, high = intervals.wilson(90, 100)
    assert intervals.pooled(np.full(10, 9.0), np.full(10, 10.0)) == pytest.approx((0.9, low, high))
    share, wide_low, wide_high = intervals.pooled(np.array([50.0, 40.0]), np.array([50.0, 50.0]))
    assert share == 0.9
    assert wide_low < low
    assert wide_high > high


def test_the_design_effect_is_the_ratio_of_the_variances():
    k, n = np.array([50.0, 40.0, 30.0]), np.array([60.0, 50.0, 50.0])
    p = k.sum() / n.sum()
    effect = 3 / 2 * ((k - p * n) ** 2).sum() / n.sum() ** 2 / (p * (1 - p) / n.sum())
    assert effect > 1
    size = n.sum() / effect
    assert intervals.pooled(k, n)[1:] == pytest.approx([float(end) for end in intervals.wilson(p * size, size)])


def test_one_report_or_a_share_of_one_has_no_design_effect():
    low, high = intervals.wilson(15, 15)
    assert intervals.pooled(np.array([10.0, 5.0]), np.array([10.0, 5.0])) == pytest.approx((1, low, high))
    assert intervals.pooled(np.array([15.0]), np.array([15.0])) == pytest.approx((1, low, high))
