import numpy as np
import pandas as pd
import pytest

from analysis import stats
from analysis.errors import ParameterError
from analysis.model.samples import place_of


def frame(n_places=20, years=1, effect=0.0, seed=1):
    """Places in groups a and b, `years` reports each; x is shifted by `effect` in b."""
    rng = np.random.default_rng(seed)
    place = np.repeat(np.arange(n_places), years)
    group = np.where(place % 2, "b", "a")
    x = np.repeat(rng.normal(size=n_places), years) + rng.normal(0, 0.3, len(place)) + effect * (group == "b")
    return pd.DataFrame(
        {"report_id": [f"r{i}" for i in range(len(place))], "place": [f"p{i}" for i in place], "group": group,
         "report_year": np.tile(np.arange(2020, 2020 + years), n_places), "x": x, "yes": x > 0.5,
         "kind": np.where(x > 0.3, "u", np.where(x < -0.3, "v", "w"))}
    )  # fmt: skip


FIVE = pd.DataFrame(
    {"place": list("abcde"), "level": ["county", "county", "county", "prefecture", "zone"],
     "x": [1.0, 2.0, 3.0, 9.0, 4.0], "same": 3, "yes": [True, False, True, True, False]}
)  # fmt: skip


def test_the_adjustment_asked_for_is_made():
    made = stats.compare(frame(40, effect=0.4), ["x", "yes", "kind"], "group", seed=1, adjust="bh").summary
    expected = stats.adjusted(made["p"], "bh")
    assert made["p_adjusted"].tolist() == pytest.approx(expected.tolist())
    assert not np.allclose(expected, stats.adjusted(made["p"], "holm"))


def test_five_reports_have_reasons_instead_of_p_values():
    made = stats.compare(FIVE, ["x", "same", "yes"], "level", seed=1, min_reports=1)
    assert made.summary["p"].isna().all()
    assert (made.summary["reason"] != "").all()
    x = made.summary[(made.summary["value"] == "x") & (made.summary["group_b"] == "prefecture")].iloc[0]
    assert (x["smallest_p"], x["reason"]) == (0.5, "3 and 1 places: no result could reach p = 0.05")
    assert x["scale"] == "none: too few"
    assert "Not tested, county and prefecture: 3 and 1 places: no result could reach p = 0.05" in str(made)
    assert "(the smallest p there could be: 0.5 to 1)" in str(made)
    assert "all 5 values are 3" in set(made.summary.loc[made.summary["value"] == "same", "reason"])


def test_groups_too_small_are_left_out_with_their_reason():
    made = stats.compare(FIVE, "x", "level", seed=1)
    assert made.summary["reason"].tolist() == ["groups of 2 or more reports: 1 group, 2 are needed"]
    assert sorted(made.dropped["reason"]) == [
        "group prefecture has 1 report, 2 are needed",
        "group zone has 1 report, 2 are needed",
    ]


def test_two_groups_of_single_reports_against_R():
    """R: wilcox.test(a, b, exact = TRUE)$p.value is 0.05194805195; fisher.test(matrix(c(8, 2, 1, 5), 2)): 0.03496503497."""
    a, b = [3.1, 4.7, 5.2, 6.8, 7.7, 9.3], [1.2, 2.4, 3.9, 4.1, 5.0]
    one = pd.DataFrame({"place": [f"p{i}" for i in range(11)], "g": ["a"] * 6 + ["b"] * 5, "x": a + b})
    row = stats.compare(one, "x", "g", seed=1).summary.iloc[0]
    assert (row["p"], row["test"]) == (pytest.approx(0.05194805195), "permuted ranks, exact")
    assert row["estimate"] == pytest.approx(0.7333333333)
    table = pd.DataFrame(
        {"place": [f"p{i}" for i in range(16)], "g": ["a"] * 9 + ["b"] * 7,
         "yes": [True] * 8 + [False] + [True] * 2 + [False] * 5}
    )  # fmt: skip
    row = stats.compare(table, "yes", "g", seed=1).summary.iloc[0]
    assert (row["p"], row["test"]) == (pytest.approx(0.03496503497), "Fisher, exact")
    assert row["estimate"] == pytest.approx(8 / 9 - 2 / 7)


def test_reports_of_a_place_move_together():
    """With places as clusters p rests on 8 places, not on 32 reports: 70 assignments."""
    many = frame(8, years=4, effect=1.5)
    row = stats.compare(many, "x", "group", seed=1).summary.iloc[0]
    assert (row["n_a"], row["places_a"], row["assignments"]) == (16, 4, 70)
    assert row["smallest_p"] == pytest.approx(2 / 70)
    alone = stats.compare(many, "x", "group", seed=1, cluster="report_id").summary.iloc[0]
    assert alone["p"] < row["p"]
    assert alone["detectable"] < row["detectable"]


def test_adjusting_against_R():
    """R: p.adjust(c(.01, .04, .03, .005), "holm") is .03 .06 .06 .02, "BH" .02 .04 .04 .02."""
    p = pd.Series([0.01, 0.04, np.nan, 0.03, 0.005])
    assert stats.adjusted(p).dropna().tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert stats.adjusted(p, "bh").dropna().tolist() == pytest.approx([0.02, 0.04, 0.04, 0.02])
    assert np.isnan(stats.adjusted(p)[2])


def test_all_tests_of_a_call_are_one_family():
    made = stats.compare(frame(30, effect=1), ["x", "yes", "kind"], "group", seed=1)
    assert made.summary["p_adjusted"].tolist() == pytest.approx(stats.adjusted(made.summary["p"]).tolist())
    assert (made.summary["p_adjusted"] >= made.summary["p"]).all()


def test_planted_difference_is_found_with_the_right_sign():
    made = stats.compare(frame(60, effect=2), "x", "group", seed=1)
    row = made.summary.iloc[0]
    assert row["p"] < 0.01
    assert row["ci_low"] < row["estimate"] < row["ci_high"] < 0, "a less b"
    g = made.effects.set_index("effect").loc["hedges_g"]
    assert (g["method"], g["estimate"] < -1) == ("BCa", True)


def test_same_places_over_years_are_paired_against_R():
    """R: wilcox.test(d, exact = TRUE)$p.value is 0.078125 for these seven differences."""
    d = [1.1, -0.3, 2.2, 0.9, 1.7, -0.6, 1.4]
    pairs = pd.DataFrame(
        {
            "place": [f"p{i}" for i in range(7)] * 2,
            "year": [2021] * 7 + [2022] * 7,
            "x": [5 + one for one in d] + [5] * 7,
        }
    )
    row = stats.compare(pairs, "x", "year", seed=1, paired="place").summary.iloc[0]
    assert (row["p"], row["places_a"], row["assignments"]) == (0.078125, 7, 128)
    assert row["estimate"] == pytest.approx(np.mean(d))


def test_years_without_pairing_ask_for_it():
    made = stats.compare(frame(12, years=2), "x", "report_year", seed=1)
    assert "12 places have reports in several of the groups: compare them as pairs" in made.summary["reason"].iloc[0]
    once = frame(12)
    once.loc[:5, "report_year"] = 2021
    made = stats.compare(once, "x", "report_year", seed=1, paired="place")
    assert made.summary["reason"].tolist() == ["no place has reports in both groups"]


def test_namesakes_in_two_provinces_are_two_places():
    twice = pd.DataFrame(
        {
            "place": ["鼓楼区", "鼓楼区", "鼓楼区", None, None],
            "province": ["江苏省", "福建省", "江苏省", "江苏省", None],
        }
    )
    assert place_of(twice, "place").nunique() == 4
    coded = twice.assign(place_code=["320106", "350102", None, "320100", None])
    assert place_of(coded, "place").tolist()[0] == "320106"
    assert place_of(coded, "place").nunique() == 5


def test_missing_values_are_left_out_and_said():
    some = frame(20)
    some.loc[[0, 3], "x"] = np.nan
    some.loc[5, "group"] = None
    made = stats.compare(some, "x", "group", seed=1)
    assert made.dropped["reason"].value_counts().to_dict() == {"x missing": 2, "group missing": 1}
    assert made.summary[["n_a", "n_b"]].sum(axis=1).tolist() == [17]


def test_the_same_seed_gives_the_same_numbers():
    one, other = (stats.compare(frame(40, years=2), ["x", "kind"], "group", seed=7) for _ in range(2))
    pd.testing.assert_frame_equal(one.summary, other.summary)
    pd.testing.assert_frame_equal(one.effects, other.effects)


def test_misuse():
    with pytest.raises(ParameterError, match=r"no column 'grup'. Closest: 'group'"):
        stats.compare(frame(), "x", "grup", seed=1)
    with pytest.raises(ParameterError, match=r"adjust = 'bonferroni': expected holm or bh"):
        stats.compare(frame(), "x", "group", seed=1, adjust="bonferroni")  # pyright: ignore[reportArgumentType]
    with pytest.raises(ParameterError, match=r"draws = 10: expected at least 99"):
        stats.compare(frame(), "x", "group", seed=1, draws=10)


@pytest.mark.slow
def test_sizes_lie_within_their_monte_carlo_error():
    """Without a difference p falls below 0.05 in at most 5 % of simulated sets; reports taken as independent more often."""
    from tests.bench.bench_comparisons import rejected

    cases = 100
    share = rejected(cases, (8, 12), 0.0)
    limit = 0.05 + 2.6 * np.sqrt(0.05 * 0.95 / cases)
    assert max(share[way] for way in ("number", "count", "yes", "paired")) <= limit, share
    assert rejected(30, (15, 15), 1.5)["number"] > 0.8


def test_many_groups_are_compared_with_all_others_not_in_pairs():
    rng = np.random.default_rng(5)
    many = pd.DataFrame({"place": np.arange(90).astype(str), "province": np.arange(90) % 9, "x": rng.normal(size=90)})
    many.loc[many["province"] == 4, "x"] += 3
    made = stats.compare(many.astype({"province": "str"}), "x", "province", seed=1, draws=199)
    assert made.summary["group_a"].tolist() == ["all groups", *"012345678"]
    assert set(made.summary["group_b"][1:]) == {"all others"}
    assert made.summary.loc[1:, ["n_a", "n_b"]].drop_duplicates().to_numpy().tolist() == [[10, 80]]
    assert made.summary.set_index("group_a")["p"].drop("all groups").idxmin() == "4"
    assert "each is compared with the reports of all others" in str(made)
    eight = stats.compare(many.loc[many["province"] < 8].astype({"province": "str"}), "x", "province", seed=1, draws=99)
    assert len(eight.summary) == 29


def test_what_a_notebook_shows_is_escaped():
    odd = frame().assign(group=frame()["group"].astype("str") + "<b>")
    shown = stats.compare(odd, "x", "group", seed=1, min_reports=99)._repr_html_()
    assert "<b>" not in shown
    assert "&lt;b&gt;" in shown
