import numpy as np
import pandas as pd
import pytest

from analysis import stats
from analysis.errors import ModelError, ParameterError
from analysis.model import regress

# 15 places in two years, simulated once; the same numbers went into R.
D = pd.DataFrame(
    {"place": [f"p{i // 2}" for i in range(30)],
     "report_id": [f"r{i}" for i in range(30)],
     "big": [1] * 14 + [0] * 8 + [1] * 4 + [0] * 4,
     "year": [0, 1] * 15,
     "villages": [167, 43, 163, 41, 104, 166, 74, 81, 70, 149, 65, 198, 100, 106, 110, 124, 119, 111, 199, 165, 162, 146,
                  131, 81, 198, 103, 58, 172, 48, 174],
     "y": [13, 4, 2, 14, 15, 9, 6, 4, 6, 10, 10, 21, 12, 10, 1, 0, 3, 3, 10, 6, 4, 3, 21, 17, 8, 19, 0, 9, 4, 3],
     "m": [38, 37, 25, 51, 12, 15, 41, 42, 50, 33, 25, 21, 25, 41, 34, 21, 16, 44, 18, 16, 23, 51, 30, 37, 9, 23, 46, 47,
           36, 53],
     "k": [33, 24, 21, 39, 10, 12, 23, 13, 37, 17, 18, 16, 19, 24, 14, 8, 12, 22, 7, 8, 11, 20, 28, 29, 5, 15, 31, 24, 24,
           29],
     "s": [1, 1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 1, 1, 0, 0, 1, 1, 1, 1, 0, 0, 1, 1, 0],
     "w": [10.8, 13.2, 11.4, 14.1, 10.9, 13.3, 9.7, 8.9, 10.6, 12.4, 11.9, 11.9, 12.6, 15.2, 7.4, 8.5, 8.2, 10.6, 7.3, 8.4,
           10.1, 8.9, 14.7, 16.1, 11.0, 12.3, 11.9, 10.8, 10.7, 11.0]}
)  # fmt: skip
BOTH = ["big", "year"]


def checked(model, name):
    return model.checks.set_index("check").loc[name]


def test_counts_against_R():
    """R: f <- MASS::glm.nb(y ~ big + year + offset(log(villages))): coef, 1/theta and logLik;
    sqrt(diag(sandwich::vcovCL(f, cluster = place, type = "HC1"))); against Poisson 2 (logLik) = 30.062396."""
    made = stats.counts(D, "y", BOTH, exposure="villages")
    assert made.summary["estimate"].tolist() == pytest.approx([-3.63952402, 1.35668181, 0.14764227], abs=1e-6)
    assert made.settings["dispersion"] == pytest.approx(0.26853424, abs=1e-6)
    assert made.settings["log_likelihood"] == pytest.approx(-86.070811, abs=1e-5)
    assert made.summary["se"].tolist() == pytest.approx([0.27355847, 0.23382591, 0.28754660], abs=1e-6)
    assert "30.06" in checked(made, "Poisson against negative binomial (p)")["reading"]
    assert checked(made, "dispersion (Pearson)")["value"] == pytest.approx(3.5677352)
    assert set(made.summary["model"]) == {"negative binomial"}


def test_rates_against_R():
    """R: b <- glm(cbind(k, m - k) ~ big + year, binomial); vcovCL(b, cluster = place, type = "HC1");
    sum(residuals(b, "pearson")^2)/27 is 2.5353483; max(cooks.distance(b)) is 0.96389156, report 8."""
    made = stats.rates(D, "k", "m", BOTH)
    assert made.summary["estimate"].tolist() == pytest.approx([0.36778360, 0.72082009, -0.50991432], abs=1e-7)
    assert made.summary["se"].tolist() == pytest.approx([0.19805928, 0.29200386, 0.11800689], abs=1e-7)
    spread = checked(made, "dispersion (Pearson)")
    assert (spread["value"], spread["ok"]) == (pytest.approx(2.5353483), False)
    cook = checked(made, "Cook's distance (largest)")
    assert (cook["value"], cook["reading"]) == (pytest.approx(0.96389156), "r7 moves the estimates most.")


def test_disclosure_against_R():
    """R: l <- glm(s ~ big + year, binomial); vcovCL(l, cluster = place, type = "HC1"); logLik -19.594816."""
    made = stats.disclosure(D, "s", BOTH)
    assert made.summary["estimate"].tolist() == pytest.approx([-0.55116295, -0.24043436, 1.10232591], abs=1e-7)
    assert made.summary["se"].tolist() == pytest.approx([0.46479269, 0.57580723, 0.92958539], abs=1e-7)
    assert made.settings["log_likelihood"] == pytest.approx(-19.594816)
    assert checked(made, "events per coefficient")["reading"].startswith("14 reports of the rarer outcome for 2")
    row = made.summary.iloc[2]
    assert (row["ratio"], row["n"], row["n_clusters"]) == (pytest.approx(np.exp(1.10232591)), 30, 15)


def test_mixed_panel_against_R():
    """R: x <- lme4::lmer(w ~ big + year + (1 | place)): fixef, sqrt(diag(vcov(x))), 2.08018759/(2.08018759 + 0.93176186)."""
    made = stats.panel(D, "w", BOTH, method="mixed")
    assert made.summary["estimate"].tolist() == pytest.approx([8.9366667, 2.7944444, 1.0933333], abs=1e-6)
    assert made.summary["se"].tolist() == pytest.approx([0.67483589, 0.84097637, 0.35246974], abs=2e-6)
    assert made.settings["intraclass"] == pytest.approx(0.69064489, abs=1e-5)
    assert made.summary["ratio"].isna().all()


def test_gee_panel_against_R():
    """R: nlme::gls(w ~ big + year, correlation = corCompSymm(form = ~ 1 | place)) has the coefficients of the balanced
    design, 8.9366667 2.7944444 1.0933333, whatever the correlation."""
    made = stats.panel(D, "w", BOTH)
    assert made.summary["estimate"].tolist() == pytest.approx([8.9366667, 2.7944444, 1.0933333], abs=1e-6)
    assert 0.5 < made.settings["intraclass"] < 0.9
    assert (made.summary["se"] > 0).all()


def test_collinearity_against_R():
    """R: 1/(1 - summary(lm(z ~ big + year))$r.squared) with z = villages + 3 year is 1.048903692."""
    made = stats.disclosure(D.assign(z=D["villages"] + 3 * D["year"]), "s", ["z", *BOTH])
    assert checked(made, "variance inflation (largest)")["value"] == pytest.approx(1.048903692)


def test_texts_are_compared_with_their_most_frequent_level():
    level = pd.Series(["county"] * 16 + ["city"] * 14)
    made = stats.counts(D.assign(level=level), "y", ["level"])
    assert made.summary["term"].tolist() == ["intercept", "level[city]"]
    assert made.settings["references"] == {"level": "county"}
    assert "level is compared with county." in str(made)


def test_counts_no_wider_than_poisson_are_poisson():
    even = D.assign(y=[5, 6, 5, 4, 5, 5, 6, 4, 5, 5, 5, 6, 4, 5, 5, 4, 5, 6, 5, 5, 4, 5, 6, 5, 5, 5, 4, 6, 5, 5])
    made = stats.counts(even, "y", BOTH)
    assert set(made.summary["model"]) == {"Poisson"}
    assert "No wider: Poisson." in checked(made, "dispersion (Pearson)")["reading"]


@pytest.mark.parametrize("seed", range(3))
def test_planted_coefficients_are_recovered(seed):
    rng = np.random.default_rng(seed)
    n = 1200
    x, size = rng.normal(size=n), rng.uniform(50, 500, n)
    y = rng.poisson(rng.gamma(2, np.exp(-2 + 0.5 * x) * size / 2))
    frame = pd.DataFrame({"place": np.arange(n).astype(str), "x": x, "size": size, "y": y})
    made = stats.counts(frame, "y", ["x"], exposure="size").summary.set_index("term")
    assert made.loc["x", "ci_low"] - 0.03 < 0.5 < made.loc["x", "ci_high"] + 0.03
    assert made.loc["intercept", "estimate"] == pytest.approx(-2, abs=0.1)


def test_separation_names_the_term():
    perfect = D.assign(s=[1] * 14 + [0, 1] * 4 + [1] * 4 + [0, 1, 0, 0])
    with pytest.raises(ModelError, match=r"s: .*big.* without exception \(separation\).*stats.compare"):
        stats.disclosure(perfect, "s", BOTH)
    with pytest.raises(ModelError, match=r"y: .*big.* \(separation\)"):
        stats.counts(D.assign(y=np.where(D["big"] == 1, D["y"], 0)), "y", BOTH)
    with pytest.raises(ModelError, match=r"k: .*big.* \(separation\)"):
        stats.rates(D.assign(k=np.where(D["big"] == 1, D["m"], D["k"])), "k", "m", BOTH)


def test_what_the_data_cannot_carry_is_said():
    with pytest.raises(ModelError, match=r"y is 4 in all 30 reports: there is nothing to explain"):
        stats.counts(D.assign(y=4), "y", BOTH)
    with pytest.raises(ModelError, match=r"twice follows from the other predictors \(3 of 4 columns independent\)"):
        stats.counts(D.assign(twice=2 * D["big"]), "y", ["big", "twice", "year"])
    with pytest.raises(ModelError, match=r"year has 1 value in the 15 complete reports: leave it out"):
        stats.counts(D[D["year"] == 1], "y", BOTH)
    with pytest.raises(ModelError, match=r"3 coefficients: 5 complete reports, 8 are needed"):
        stats.counts(D.head(5), "y", BOTH)
    with pytest.raises(ModelError, match=r"errors clustered by place: 4 places, 10 are needed"):
        stats.counts(D.assign(place=["a", "b", "c", "d", "d"] * 6), "y", BOTH)
    with pytest.raises(ModelError, match=r"k is above m in 30 reports \(first: r0, 77 of 38\)"):
        stats.rates(D.assign(k=77 + D["year"]), "k", "m", BOTH)
    with pytest.raises(ModelError, match=r"w is no count: it holds 10.8"):
        stats.counts(D, "w", BOTH)
    with pytest.raises(ModelError, match=r"y is no yes/no column"):
        stats.disclosure(D, "y", BOTH)
    with pytest.raises(ModelError, match=r"none of the 15 places has two reports: this is no panel"):
        stats.panel(D.drop_duplicates("place").assign(big=lambda one: one["villages"]), "w", ["big"])


def test_misuse():
    with pytest.raises(ParameterError, match=r"no column 'vilages'. Closest: 'villages'"):
        stats.counts(D, "y", BOTH, exposure="vilages")
    with pytest.raises(ParameterError, match=r"predictors = \[\]: name at least one column"):
        stats.counts(D, "y", [])
    with pytest.raises(ParameterError, match=r"method = 'mixed', family = 'poisson': expected gee"):
        stats.panel(D, "y", BOTH, method="mixed", family="poisson")
    with pytest.raises(ParameterError, match=r"exposure = 'villages': only counts"):
        stats.panel(D, "w", BOTH, exposure="villages")


def test_incomplete_reports_are_left_out_and_said():
    some = D.astype({"villages": "float64"})
    some.loc[0, "villages"], some.loc[1, "villages"] = np.nan, 0
    made = stats.counts(some, "y", BOTH, exposure="villages")
    assert made.dropped["reason"].tolist() == ["villages missing", "villages is not above 0"]
    assert "Left out, villages missing: 1." in str(made)
    assert made._repr_html_().count("<table") == 2


def test_what_the_intercept_stands_for_is_said():
    assert "Numbers enter as they are: the intercept is where big and year are 0." in str(
        stats.disclosure(D, "s", BOTH)
    )
    level = pd.Series(["county"] * 16 + ["city"] * 14)
    assert "Numbers enter" not in str(stats.counts(D.assign(level=level), "y", ["level"]))


@pytest.mark.parametrize(
    ("part", "call"),
    [
        ("GLM", lambda: stats.rates(D, "k", "m", BOTH)),
        ("GEE", lambda: stats.panel(D, "w", BOTH)),
        ("MixedLM", lambda: stats.panel(D, "w", BOTH, method="mixed")),
    ],
)
def test_what_stops_a_fit_is_said(monkeypatch, part, call):
    def stops(*_, **__):
        raise np.linalg.LinAlgError("Singular matrix")

    monkeypatch.setattr(getattr(regress.sm, part), "fit", stops)
    with pytest.raises(
        ModelError, match=r"^[kw]: no estimate \(Singular matrix\)\. Fewer predictors, or predictors on a common"
    ):
        call()


def test_a_fit_that_has_not_converged_is_no_result(monkeypatch):
    fit = regress.sm.GLM.fit

    def unfinished(*given, **how):
        made = fit(*given, **how)
        made.converged = False
        return made

    monkeypatch.setattr(regress.sm.GLM, "fit", unfinished)
    with pytest.raises(ModelError, match=r"^s: no estimate \(the iterations ended without an estimate\)"):
        stats.disclosure(D, "s", BOTH)


def test_a_dispersion_without_a_maximum_is_no_result(monkeypatch):
    fit = regress.NegativeBinomial.fit

    def unfinished(*given, **how):
        made = fit(*given, **how)
        made.mle_retvals["converged"] = False
        return made

    monkeypatch.setattr(regress.NegativeBinomial, "fit", unfinished)
    with pytest.raises(
        ModelError, match=r"^the dispersion: no estimate \(the likelihood has no maximum that was found\)"
    ):
        stats.counts(D, "y", BOTH)
