from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats as distributions

from analysis import stats, topics
from analysis.errors import ParameterError
from analysis.model import clustered, effects


def planted(rng, n_reports=40, per_report=4, length=30, effect=0.0, tokens=True):
    """Items whose shares differ by `effect` between two groups of reports; shares inferred from drawn topic tokens."""
    group = np.arange(n_reports) % 2
    means = 1 / 4 + np.outer(group, [effect, -effect, 0, 0])
    of_report = np.array([rng.dirichlet(20 * mean) for mean in means])
    truth = np.array([rng.dirichlet(2 * of_report[i // per_report] + 1e-3) for i in range(n_reports * per_report)])
    lengths = rng.poisson(length, len(truth)) + 5
    counts = rng.multinomial(lengths, truth)
    shares = (0.1 + counts) / (0.4 + lengths)[:, None] if tokens else truth
    reports = np.arange(len(truth)) // per_report
    items = pd.DataFrame(
        {"report_id": [f"r{i:03d}" for i in reports], "level": np.where(group[reports] == 1, "county", "prefecture"),
         "report_year": pd.array(2018 + reports % 5, dtype="Int64")}
    )  # fmt: skip
    return SimpleNamespace(shares=shares, items=items, settings={"alpha": 0.1, "seed": 1}, tokens=lengths.astype(float))


def test_cluster_errors_against_R():
    """R 4.2: m <- lm(y ~ x + z, d); sqrt(diag(sandwich::vcovCL(m, cluster = d$g, type = "HC2")))."""
    y = np.array([0.1, 0.4, 0.35, 0.8, 0.7, 0.2, 0.5, 0.9, 0.65, 0.3, 0.55, 0.75])[:, None]
    x = np.array([0, 0, 0, 1, 1, 0, 0, 1, 1, 1, 0, 1])
    z = np.array([1, 1, 2, 2, 2, 3, 3, 4, 4, 5, 5, 6])
    groups = np.array([1, 1, 2, 3, 3, 2, 4, 5, 5, 6, 4, 6]) - 1
    found = clustered.robust(np.column_stack([np.ones(12), x, z]), y, groups, np.zeros((12, 1)), "test")
    np.testing.assert_allclose(found[0].ravel(), [0.32089041096, 0.31780821918, 0.01164383562], rtol=1e-8)
    np.testing.assert_allclose(found[1].ravel(), [0.11614090650, 0.15857777364, 0.04846515306], rtol=1e-7)


def test_degrees_of_freedom_of_two_equal_groups_are_those_of_the_t_test():
    """Bell & McCaffrey (2002): with equal clusters and a covariate of whole clusters, clusters less two."""
    design = np.column_stack([np.ones(24), np.repeat([0, 1], 12)])
    df = clustered.robust(
        design, np.random.default_rng(1).random((24, 1)), np.repeat(np.arange(8), 3), np.zeros((24, 1)), ""
    )[2]
    np.testing.assert_allclose(df[1], 6)
    # and with one item a cluster, the error is that of Welch's test
    y = np.random.default_rng(2).random(24)
    estimate, error, _ = clustered.robust(design, y[:, None], np.arange(24), np.zeros((24, 1)), "")
    np.testing.assert_allclose(
        abs(estimate[1, 0] / error[1, 0]), abs(distributions.ttest_ind(y[:12], y[12:], equal_var=False)[0])
    )


def test_the_posterior_adds_up_to_prior_and_tokens():
    model = planted(np.random.default_rng(1))
    np.testing.assert_allclose(effects.posterior(model).sum(axis=1), 0.4 + model.tokens)


def test_composition_in_closed_form_equals_its_simulation():
    """The mean and variance of many draws of shares, each regressed, as stm's estimateEffect pools them."""
    model = planted(np.random.default_rng(3), n_reports=12, length=10, effect=0.1)
    found = effects.effect(model, "level").set_index("topic")
    rng, gamma = np.random.default_rng(4), effects.posterior(model)
    x = (model.items["level"] == found["term"].iloc[0]).to_numpy(float)
    design = np.column_stack([np.ones(len(x)), x])
    groups = pd.factorize(model.items["report_id"])[0]
    estimates, variances = [], []
    for _ in range(1000):
        theta = np.array([rng.dirichlet(row) for row in gamma])
        one = clustered.robust(design, theta, groups, np.zeros_like(theta), "")
        estimates.append(one[0][1])
        variances.append(one[1][1] ** 2)
    pooled = np.mean(variances, axis=0) + np.var(estimates, axis=0)
    np.testing.assert_allclose(found["std_error"], np.sqrt(pooled), rtol=0.05)
    np.testing.assert_allclose(found["estimate"], np.mean(estimates, axis=0), atol=0.003)


@pytest.mark.slow
@pytest.mark.parametrize(("effect", "n_reports"), [(0.0, 12), (0.0, 40), (0.15, 12), (0.15, 40)])
def test_intervals_cover_and_tests_keep_their_size(effect, n_reports):
    """150 corpora of 4 items a report, about 35 tokens an item: 600 intervals and tests that depend on each other in fours."""
    covered, rejected, families = [], [], []
    for run in range(150):
        model = planted(np.random.default_rng([run, n_reports]), n_reports=n_reports, effect=effect)
        found = effects.effect(model, "level", draws=199)
        sign = 1 if found["term"].iloc[0] == "county" else -1
        truth = sign * effect * np.array([1, -1, 0, 0])
        covered.append((found["ci_low"] <= truth) & (truth <= found["ci_high"]))
        rejected.append((found["p"] < 0.05).to_numpy()[truth == 0])
        families.append((found["p_adjusted"] < 0.05).to_numpy()[truth == 0].any())
    assert 0.92 <= np.mean(covered) <= 0.99
    assert np.mean(np.concatenate(rejected)) < 0.085
    assert np.mean(families) < 0.09


def test_a_number_with_two_values_is_a_term():
    """Zeros and ones have one difference to estimate, as have two years."""
    model = planted(np.random.default_rng(5), n_reports=20)
    assert model.items["report_year"].nunique() > 2
    two = model.items.assign(
        report_year=np.where(model.items["report_year"] > model.items["report_year"].median(), 2021, 2020)
    )
    found = effects.effect(SimpleNamespace(**{**vars(model), "items": two}), "report_year")
    assert set(found["term"]) == {"report_year"}
    assert found["estimate"].notna().all()


def test_a_planted_difference_is_found_and_adjusted():
    found = effects.effect(planted(np.random.default_rng(5), n_reports=80, effect=0.2), ["level", "report_year"])
    level = found.loc[found["by"] == "level"].set_index("topic")
    assert (level["p_adjusted"] < 0.05).tolist() == [True, True, False, False]
    assert (found["p_adjusted"] >= found["p"]).all()
    assert set(found["test"]) == {"permutation"}
    assert found["n_clusters"].unique().tolist() == [40, 80]
    again = effects.effect(planted(np.random.default_rng(5), n_reports=80, effect=0.2), ["level", "report_year"])
    pd.testing.assert_frame_equal(found, again)


def test_a_column_that_differs_within_reports_is_tested_by_t():
    model = planted(np.random.default_rng(6))
    model.items["first"] = np.arange(len(model.items)) % 4 == 0
    found = effects.effect(model, "first")
    assert set(found["test"]) == {"t"}
    expected = 2 * distributions.t.sf(abs(found["estimate"] / found["std_error"]), found["df"])
    np.testing.assert_allclose(found["p"], expected)


def test_small_groups_are_returned_with_a_reason_and_not_estimated():
    model = planted(np.random.default_rng(7), n_reports=5)
    found = effects.effect(model, ["level", "report_year"])
    assert found["estimate"].isna().all()
    assert found.drop_duplicates(["by", "term"])[["term", "n_clusters", "reason"]].to_numpy().tolist() == [
        ["prefecture", 3, "3 reports, 5 are needed"],
        ["county", 2, "2 reports, 5 are needed"],
        ["report_year", 5, "5 reports, 10 are needed"],
    ]
    assert effects.sentences(found)[-1].startswith("Nothing can be tested")
    shares = effects.prevalence(model, "level")
    assert shares["ci_low"].isna().all()
    np.testing.assert_allclose(shares["estimate"][:4], model.shares[model.items["level"] == "prefecture"].mean(axis=0))


def test_missing_values_are_counted_not_guessed():
    model = planted(np.random.default_rng(8))
    model.items.loc[:3, "level"] = None
    found = effects.effect(model, "level")
    assert found.loc[found["term"] == "(missing)", ["n", "n_clusters"]].drop_duplicates().to_numpy().tolist() == [
        [4, 1]
    ]


def test_prevalence_stays_between_0_and_1_and_covers_the_mean():
    model = planted(np.random.default_rng(9), n_reports=12)
    model.shares = np.column_stack([np.full(48, 0.001), *([np.full(48, 0.333)] * 3)])
    found = pd.concat([effects.prevalence(model, "level"), effects.each_report(model)])
    assert found["ci_low"].min() >= 0
    assert found["ci_high"].max() <= 1
    assert (found["ci_low"] <= found["estimate"]).all()


def test_all_arrangements_are_used_when_there_are_few():
    model = planted(np.random.default_rng(10), n_reports=6)
    found = effects.effect(model, "level", min_reports=3)
    np.testing.assert_allclose(found["p"] * 20, (found["p"] * 20).round())  # 6 over 3
    whole = effects.permutation_test(model, "level")
    assert whole["least_p"].tolist() == [pytest.approx(0.1)] * 5  # 10 ways to divide 6 reports in half
    assert whole["topic"].isna().tolist() == [True, False, False, False, False]


def test_the_overall_test_keeps_its_size_and_finds_a_difference():
    p = [effects.permutation_test(planted(np.random.default_rng(s), 12), "level", draws=199)["p"][0] for s in range(60)]
    assert np.mean(np.array(p) < 0.05) <= 0.12
    assert effects.permutation_test(planted(np.random.default_rng(1), 60, effect=0.2), "level")["p"][0] < 0.01


def test_misuse():
    model = planted(np.random.default_rng(11))
    with pytest.raises(ParameterError, match=r"^no column 'levle'\. Closest: 'level'\.\sThe frame has: report_id"):
        effects.effect(model, "levle")
    with pytest.raises(ParameterError, match=r"^adjust = 'no': expected holm or bh\.$"):
        effects.effect(model, "level", adjust="no")
    model.items["twice"] = model.items["level"].map({"county": "a", "prefecture": "b"})
    with pytest.raises(ParameterError, match=r"^effect: the covariates determine each other in these items\."):
        effects.effect(model, ["level", "twice"])
    model.items["place"] = np.arange(len(model.items)) % 2
    with pytest.raises(ParameterError, match=r"'place' differs within a report_id; whole reports cannot be rearranged"):
        effects.permutation_test(model, "place")


def test_the_call_of_the_design_page():
    """`stats.effect(lda, "level", cluster="report_id", adjust="holm")` on a model that was fitted, not made up."""
    from planted import simulate

    items, _ = simulate(n_items=60, n_topics=3, length=30, seed=2)
    items["level"] = np.where(pd.factorize(items["report_id"])[0] % 2, "county", "prefecture")
    lda = topics.fit(items, 3, seed=1, max_df=1.0)
    found = stats.effect(lda, "level", cluster="report_id", adjust="holm")
    assert {"term", "reference", "topic", "estimate", "ci_low", "ci_high", "p", "p_adjusted", "n"} <= {*found}
    assert found["topic"].tolist() == [1, 2, 3]
    assert (found["ci_low"] < found["estimate"]).all()
    assert (found["estimate"] < found["ci_high"]).all()
    pd.testing.assert_series_equal(found["p_adjusted"], stats.adjusted(found["p"]), check_names=False)
    whole, shares = stats.permutation_test(lda, "level"), stats.prevalence(lda, "level")
    assert whole["p"].between(0, 1).all()
    wide = shares.set_index(["topic", "term"])["estimate"]
    one = found.iloc[0]
    assert one["estimate"] == pytest.approx(wide[1, one["term"]] - wide[1, one["reference"]])
