import numpy as np
import pytest

from analysis.model import power


def test_smallest_effects_against_R():
    """R, strict = TRUE: power.t.test(n = 20, power = .8)$delta is 0.9091575375; type = "paired", n = 10: 0.9960006793;
    power.anova.test(groups = 3, n = 20, power = .8, within.var = 1): f = sqrt(between.var * 2/3) is 0.4114853141."""
    assert power.difference(20, 20) == pytest.approx(0.9091575375, abs=1e-4)
    assert power.paired(10) == pytest.approx(0.9960006793, abs=1e-4)
    assert power.groups(np.array([20, 20, 20])) == pytest.approx(0.4114853141, abs=1e-4)


def test_shares_against_R():
    """R: (qnorm(.975) + qnorm(.8)) * sqrt(1/30 + 1/50) is 0.6469983919, about half against a fifth (h 0.6435)."""
    assert power.shares(30, 50) == pytest.approx(0.6469983919)


def test_tables_against_statsmodels():
    from statsmodels.stats.power import GofChisquarePower

    expected = GofChisquarePower().solve_power(nobs=100, n_bins=3, alpha=0.05, power=0.8)
    assert power.table(100, 2) == pytest.approx(expected, abs=1e-4)


def test_intraclass_against_R():
    """R: (msb - msw) / (msb + (n0 - 1) * msw) of anova(lm(y ~ cl)) is 0.5574709143."""
    y = np.array([1.2, 1.9, 3.3, 2.8, 0.4, 1.1, 2.0, 2.9, 1.0])
    clusters = np.array([1, 1, 2, 2, 3, 3, 4, 4, 4])
    assert power.intraclass(y, clusters, np.zeros(9)) == pytest.approx(0.5574709143)
    assert power.intraclass(y, np.arange(9), np.zeros(9)) == 0


def test_reports_of_one_place_are_worth_less():
    assert power.effective(40, 20, 0.5) == pytest.approx(40 / 1.5)
    assert power.effective(40, 40, 0.5) == 40


def test_too_few_have_none():
    assert np.isnan(power.difference(1, 30))
    assert np.isnan(power.paired(2))
    assert np.isnan(power.groups(np.array([1, 1, 1])))
    assert power.difference(3, 2) > 3


def test_few_pairs_and_a_large_shift_are_computable():
    """The far tail of the noncentral t is not computable for few pairs; it adds nothing."""
    found = [power.paired(n) for n in range(3, 40)]
    assert np.isfinite(found).all()
    assert (np.diff(found) < 0).all()
