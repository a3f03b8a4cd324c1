import numpy as np
import pandas as pd
import pytest
from planted import WORDS, items_of, simulate

from analysis.errors import DataError, ParameterError
from analysis.model import choice, quality, stability, topics


@pytest.fixture(scope="module")
def planted():
    items, _ = simulate(n_items=120, n_topics=4, length=40, seed=6, alpha=0.05)
    done = []
    found = topics.panel(items, [2, 4, 7], seed=1, max_df=1.0, n_runs=5, progress=lambda *told: done.append(told))
    return items, found, done


def test_planted_topics_are_chosen(planted):
    _, found, done = planted
    assert found.n_topics == 4
    assert found.reason == "chosen"
    assert found.verdict.startswith("4 topics. Of 2 to 7 topics, ")
    assert done == [(1, 3), (2, 3), (3, 3)]
    assert str(found) == f"{found.verdict}\nRule: {found.rule}"
    assert found.verdict in found._repr_html_()


def test_the_table_is_tidy_and_complete(planted):
    _, found, _ = planted
    table = found.table
    assert list(table.columns) == ["n_topics", "measure", "value", "se", "n"]
    assert not table.duplicated(["n_topics", "measure"]).any()
    assert table.groupby("n_topics")["measure"].agg(list).to_dict() == {
        1: ["perplexity", "loss"],
        **{number: list(choice.MEASURES) for number in (2, 4, 7)},
    }
    wide = found.wide()
    assert wide.loc[[2, 4, 7]].notna().all(axis=None)
    assert wide["perplexity"].idxmin() == 4
    assert wide.loc[4, "loss"] == 0
    np.testing.assert_allclose(np.log(wide["perplexity"]) - np.log(wide.loc[4, "perplexity"]), wide["loss"])
    assert (wide["stability"] - wide["noise"]).loc[[2, 4, 7]].to_numpy() == pytest.approx(
        wide["above_noise"].loc[[2, 4, 7]].to_numpy()
    )


def test_values_are_those_of_the_measures(planted):
    items, found, _ = planted
    model = topics.fit(items, 4, seed=1, max_df=1.0, max_iter=20)
    wide = found.wide().loc[4]
    assert wide["npmi"] == pytest.approx(quality.npmi(model.words, model.counts).mean())
    assert wide["exclusivity"] == pytest.approx(quality.exclusivity(model.words).mean())
    assert wide["dispersion"] == pytest.approx(quality.dispersion(model.words, model.shares, model.counts))
    assert wide["stability"] == pytest.approx(topics.stability(model, 5)["jaccard"].mean())


@pytest.mark.slow
def test_order_jobs_and_the_way_in_change_no_bit(planted):
    items, found, _ = planted
    options = {"seed": 1, "max_df": 1.0, "n_runs": 5}
    for again in (
        topics.panel(items.sample(frac=1, random_state=1), [7, 2, 4], **options),
        topics.panel(items, [2, 4, 7], jobs=2, **options),
        topics.panel(topics.fit(items, 3, seed=1, max_df=1.0), [2, 4, 7], n_runs=5),
    ):
        pd.testing.assert_frame_equal(again.table, found.table, check_exact=True)
        assert again.settings == found.settings


def test_words_dealt_by_chance_choose_nothing():
    rng = np.random.default_rng(2)
    items = items_of([list(rng.choice(WORDS[:60], 25)) for _ in range(50)])
    found = topics.panel(items, [2, 3, 5], seed=1, max_df=1.0, n_runs=5)
    assert found.n_topics is None
    assert found.verdict.startswith("These data do not choose a number of topics: ")
    assert found.reason != "chosen"


def table_of(loss, above):
    rows = [(number, "loss", *pair) for number, pair in loss.items()]
    rows += [(number, "above_noise", *pair) for number, pair in above.items()]
    return pd.DataFrame(rows, columns=["n_topics", "measure", "value", "se"])


FIRM = {2: (0.3, 0.05), 3: (0.3, 0.05), 4: (0.3, 0.05)}


@pytest.mark.parametrize(
    ("loss", "above", "number", "reason"),
    [
        ({1: (0.5, 0.1), 2: (0.2, 0.1), 3: (0.05, 0.1), 4: (0, 0)}, FIRM, 3, "chosen"),
        ({1: (0.5, 0.1), 2: (0.2, 0.1), 3: (0.05, 0.1), 4: (0, 0)}, {**FIRM, 3: (0.1, 0.05)}, 4, "chosen"),
        ({1: (0.1, 0.1), 2: (0.2, 0.1), 3: (0.05, 0.1), 4: (0, 0)}, FIRM, None, "no_gain"),
        ({1: (0.5, 0.1), 2: (0.1, 0.1), 3: (0.05, 0.1), 4: (0, 0)}, FIRM, None, "alike"),
        ({1: (0.5, 0.1), 2: (0.2, 0.1), 3: (0.2, 0.1), 4: (0, 0)}, {**FIRM, 4: (-0.1, 0.05)}, None, "not_firm"),
        ({1: (0.5, np.nan), 2: (0.2, np.nan), 3: (0.1, np.nan), 4: (0, np.nan)}, FIRM, 4, "chosen"),
    ],
)
def test_the_rule(loss, above, number, reason):
    chosen, why, verdict = choice._choose(table_of(loss, above))
    assert (chosen, why) == (number, reason)
    assert verdict.endswith(".")
    assert ("try more" in verdict) == (number == 4)


def test_the_error_of_a_ratio_is_that_of_the_survey_package():
    """R: y <- c(3, 1, 4, 1, 5); x <- c(2, 1, 3, 2, 4); r <- sum(y) / sum(x);
    sqrt(5 / 4 * sum((y - r * x)^2)) / sum(x) prints 0.15055196797693612, the linearised error of a ratio."""
    value, error = choice._ratio(np.array([3.0, 1, 4, 1, 5, 0]), np.array([2.0, 1, 3, 2, 4, 0]))
    assert value == pytest.approx(14 / 12)
    assert error == pytest.approx(0.15055196797693612, rel=1e-12)


def test_misuse():
    items = items_of([["信访", "仲裁"], ["信访", "仲裁"], ["公证", "律师"], ["公证", "律师"]], per_report=2)
    with pytest.raises(ParameterError, match=r"^panel: n_topics is \[2\], expected two numbers or more"):
        topics.panel(items, [2], seed=1)
    with pytest.raises(ParameterError, match=r"^fit: seed is None, expected a whole number of 0 or more\."):
        topics.panel(items, [2, 3])
    with pytest.raises(ParameterError, match=r"^panel, with the reports of run 1 left out: fit: n_topics is 3, but 2"):
        topics.panel(items, [2, 3], seed=1, min_df=1, max_df=1.0)
    with pytest.raises(DataError, match="no column text"):
        topics.panel(items.drop(columns="text"), [2, 3], seed=1)


def test_many_items_are_sampled_by_whole_reports():
    items, _ = simulate(n_items=120, n_topics=3, length=40, seed=6, alpha=0.05)
    found = topics.panel(items, [2, 3], seed=1, max_df=1.0, n_runs=3, most=62)
    assert (found.settings["n_items"], found.settings["of_items"]) == (60, 120)
    assert found.verdict.endswith("Computed on 60 of 120 items: whole reports drawn by chance.")
    some = stability.sampled(items, 62, 1)
    assert set(some.groupby("report_id").size()) == {5}
    pd.testing.assert_frame_equal(found.table, topics.panel(some, [2, 3], seed=1, max_df=1.0, n_runs=3).table)
