import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.model import differences

A, B = np.array([3.1, 4.7, 5.2, 6.8, 7.7, 9.3]), np.array([1.2, 2.4, 3.9, 4.1, 5.0])
Z = np.array([
    0.755, 1.182, 0.146, 0.14, 0.436, 2.895, 1.23, 0.54, 0.957, 0.147, 1.391, 0.762, 1.238, 4.424, 1.055, 1.035, 1.876,
    0.655, 0.337, 0.588, 2.365, 0.642, 0.294, 0.566, 0.106, 0.059, 0.579, 3.959, 1.173, 0.997, 1.435, 0.037, 0.324,
    1.32, 0.204, 1.023, 0.302, 0.725, 0.752, 0.235,
])  # fmt: skip


def once(estimator, *groups):
    return float(estimator(*(np.ones((1, len(group))) for group in groups))[0])


def test_effects_against_R():
    """R: J*(mean(a)-mean(b))/sp with J = gamma(9/2)/(sqrt(9/2)*gamma(4)) is 1.319659187;
    mean(sign(outer(a, b, "-"))) is 0.7333333333; median(a) - median(b) is 2.1."""
    assert once(differences.hedges_g(A, B), A, B) == pytest.approx(1.319659187)
    assert once(differences.cliffs_delta(A, B), A, B) == pytest.approx(0.7333333333)
    assert once(differences.median_difference(A, B), A, B) == pytest.approx(2.1)


def test_shares_by_hand():
    a, b = np.array([1, 1, 1, 0.0]), np.array([0, 1, 0, 0, 0.0])
    assert once(differences.risk_difference(a, b), a, b) == pytest.approx(0.75 - 0.2)
    assert once(differences.odds_ratio(a, b), a, b) == pytest.approx(3.5 * 4.5 / (1.5 * 1.5))
    assert once(differences.odds_ratio(np.ones(3), b), np.ones(3), b) == pytest.approx(3.5 * 4.5 / (0.5 * 1.5))


def test_bca_interval_against_R():
    """R, boot: boot.ci(boot(z, mean, R = 50000), type = "bca") is 0.7347005, 1.3532393 (set.seed(1))."""
    made = differences.interval(differences.mean_of(Z), [np.arange(40)], seed=1, draws=20_000)
    assert [made["ci_low"], made["ci_high"]] == pytest.approx([0.7347, 1.3532], abs=0.012)
    assert made["method"] == "BCa"


def test_bca_of_two_groups_agrees_with_scipy():
    from scipy.stats import bootstrap

    a, b = Z[:25], Z[25:] + 0.3
    made = differences.interval(differences.hedges_g(a, b), [np.arange(25), np.arange(15)], seed=1, draws=9999)

    def standardised(x, y, axis):
        squares = 24 * x.var(axis, ddof=1) + 14 * y.var(axis, ddof=1)
        return (x.mean(axis) - y.mean(axis)) / np.sqrt(squares / 38) * differences._small(np.array(38.0))

    other = bootstrap((a, b), standardised, n_resamples=9999, rng=1, method="BCa").confidence_interval
    assert [made["ci_low"], made["ci_high"]] == pytest.approx([other.low, other.high], abs=0.05)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=8), st.lists(st.integers(0, 9), min_size=1, max_size=8))
def test_delta_of_swapped_groups_changes_its_sign(a, b):
    a, b = np.array(a, float), np.array(b, float)
    delta = once(differences.cliffs_delta(a, b), a, b)
    assert delta == pytest.approx(np.sign(np.subtract.outer(a, b)).mean())
    assert once(differences.cliffs_delta(b, a), b, a) == pytest.approx(-delta)


def test_weights_are_repetitions():
    w = np.array([2, 0, 1, 3, 1, 1])
    again = np.repeat(A, w)
    for make in (differences.hedges_g, differences.cliffs_delta, differences.median_difference):
        weighted = make(A, B)(w[None].astype(float), np.ones((1, 5)))[0]
        assert weighted == pytest.approx(once(make(again, B), again, B))


def test_few_places_have_no_interval_and_say_so():
    made = differences.interval(differences.hedges_g(A, B), [np.arange(6) % 4, np.arange(5)], seed=1, draws=199)
    assert (made["method"], made["note"]) == ("none", "no interval: a group has 4 places, 5 are needed")
    same = np.ones(6)
    made = differences.interval(differences.median_difference(same, same), [np.arange(6)] * 2, seed=1, draws=199)
    assert made["note"] == "no interval: all resamples give the same"
    made = differences.interval(differences.hedges_g(same, same), [np.arange(6)] * 2, seed=1, draws=199)
    assert "no spread" in made["note"]


def test_places_alike_widen_the_interval():
    rng = np.random.default_rng(4)
    place = np.repeat(np.arange(15), 4)
    a, b = (np.repeat(rng.normal(size=15), 4) + rng.normal(0, 0.2, 60) for _ in range(2))
    width = []
    for clusters in ([place, place], [np.arange(60)] * 2):
        made = differences.interval(differences.cliffs_delta(a, b), clusters, seed=1, draws=999)
        width.append(made["ci_high"] - made["ci_low"])
    assert width[0] > 1.4 * width[1]


@pytest.mark.parametrize(("name", "kind"), [
    ("cliffs_delta", "number"), ("hedges_g", "number"), ("median_difference", "number"), ("risk_difference", "share"),
    ("odds_ratio", "share"),
])  # fmt: skip
def test_leaving_out_parts_is_near_resampling(monkeypatch, name, kind):
    """700 clusters of two: the interval of the jackknife and that of 999 resamples have nearly the same ends."""
    rng = np.random.default_rng(5)
    a, b = rng.lognormal(0.3, 1, 600), rng.lognormal(0, 1, 800)
    if kind == "share":
        a, b = (a > 1.5).astype(float), (b > 1.5).astype(float)
    make = {**differences.NUMBERS, **differences.SHARES}[name]
    clusters = [np.arange(600) // 2, np.arange(800) // 2]
    quick = differences.interval(make(a, b), clusters, seed=1, draws=999, ratio=name == "odds_ratio")
    monkeypatch.setattr(differences, "LARGE", 10_000)
    slow = differences.interval(make(a, b), clusters, seed=1, draws=999)
    assert (quick["method"], slow["method"]) == ("jackknife", "BCa")
    assert quick["estimate"] == slow["estimate"]
    wide = slow["ci_high"] - slow["ci_low"]
    assert quick["ci_low"] == pytest.approx(slow["ci_low"], abs=0.2 * wide)
    assert quick["ci_high"] == pytest.approx(slow["ci_high"], abs=0.2 * wide)


def test_no_interval_where_parts_change_nothing():
    same = np.zeros(600)
    made = differences.interval(differences.median_difference(same, same), [np.arange(600)] * 2, seed=1, draws=999)
    assert (made["method"], made["estimate"]) == ("none", 0)
    assert made["note"].startswith("no interval: without a part of the places")
