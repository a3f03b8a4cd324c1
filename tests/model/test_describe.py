import numpy as np
import pandas as pd
import pytest

from analysis import load, stats, tables, variables
from analysis.errors import ParameterError

ROW = {"unit": "件", "qualifier": "exact", "basis": "stated", "scope": "own", "evidence": "示例"}
CASES = "admin_reconsideration_accepted"


def stated(*rows):
    """Rows of the table indicators from (report_id, value, what differs from ROW)."""
    return tables.frame(
        "indicators",
        [
            ROW | {"report_id": report_id, "indicator": CASES, "value": float(value), "start": n, "end": n + 1} | more
            for n, (report_id, value, more) in enumerate(rows)
        ],
    )


REPORTS = pd.DataFrame({"report_id": list("abcdef"), "level": ["county"] * 5 + [None]})


def described(*rows, **how):
    return stats.describe.indicators(stated(*rows), REPORTS, "level", codes=[CASES], **how)


def test_not_stated_is_not_zero_and_words_are_counted_apart():
    made = described(
        ("a", 4, {}),
        ("b", 0, {"basis": "zero_in_words"}),
        ("c", 100, {"basis": "implied"}),
        ("d", 8, {"qualifier": "about"}),
    )
    county, unknown = made.summary.to_dict("records")
    assert (county["n_reports"], county["n_stating"], county["n_zero_in_words"], county["n_implied"]) == (5, 4, 1, 1)
    assert (county["n"], county["median"], county["min"], county["max"], county["n_about"]) == (3, 4, 0, 8, 1)
    assert (unknown["group"], unknown["n_stating"], unknown["n"]) == ("unknown", 0, 0)
    assert np.isnan(unknown["median"])
    assert unknown["ci_high"] == pytest.approx(float(stats.wilson(0, 1)[1]))


def test_quartiles_against_R():
    """R: quantile(c(1, 2, 4, 8, 16, 32), c(.25, .5, .75), type = 7) is 2.5 6.0 14.0."""
    found = stats.describe.five_numbers(np.array([1, 2, 4, 8, 16, 32.0]))
    assert (found["q1"], found["median"], found["q3"]) == (2.5, 6.0, 14.0)


def test_scopes_and_units_never_mix_and_what_is_left_aside_is_said():
    made = described(
        ("a", 4, {}), ("a", 90, {"scope": "area"}), ("b", 5, {}), ("b", 6, {}), ("c", 7, {"unit": "起"}),
        ("d", 8, {"unit": "人"}), ("e", 70, {"scope": "departments"}),
    )  # fmt: skip
    county = made.summary.iloc[0]
    assert (county["n_stating"], county["n"], county["unit"], county["max"]) == (5, 2, "件", 7)
    assert sorted(made.dropped["reason"]) == [
        "other scope: area", "other scope: departments", "other unit: 人 instead of 件", "several values", "several values",
    ]  # fmt: skip
    assert described(("a", 90, {"scope": "area"}), scope="area").summary.loc[0, "median"] == 90


def test_misuse():
    with pytest.raises(ParameterError, match=r"no indicator 'admin_reconsideration_acepted' in the codebook. Closest"):
        stats.describe.indicators(stated(), REPORTS, codes=["admin_reconsideration_acepted"])
    with pytest.raises(ParameterError, match=r"no scope 'city'. There is: own, area, departments, lower"):
        described(scope="city")
    with pytest.raises(ParameterError, match=r"no column 'levle'. Closest: 'level'"):
        stats.describe.indicators(stated(), REPORTS, "levle")


def test_characters_belong_to_the_innermost_section():
    sections = pd.DataFrame(
        [("a", 1, None, "work", None, 0, 100), ("a", 2, 1, "work", "A1", 10, 60), ("a", 3, 2, "work", "A4", 20, 30),
         ("a", 4, None, "plan", None, 100, 150)],
        columns=["report_id", "section_id", "parent_id", "role", "area", "start", "end"],
    )  # fmt: skip
    made = stats.describe.attention(sections).set_index(["role", "area"])["chars"].to_dict()
    assert made == {("work", "unclassified"): 50, ("work", "A1"): 40, ("work", "A4"): 10, ("plan", "unclassified"): 50}
    wide = stats.describe.attention_of_reports(sections).iloc[0]
    assert (wide["share_A1"], wide["share_A4"], wide["share_unclassified"]) == (0.4, 0.1, 0.5)
    p = np.array([0.8, 0.2])
    assert wide["evenness"] == pytest.approx(-(p * np.log(p)).sum() / np.log(9))


def test_sums_that_hold_and_sums_that_do_not():
    rows = [
        ("a", 15, {"indicator": "admin_reconsideration_received"}), ("a", 9, {}),
        ("a", 5, {"indicator": "admin_reconsideration_rejected", "qualifier": "about"}),
        ("b", 15, {"indicator": "admin_litigation_heard"}), ("b", 12, {"indicator": "head_appearances", "scope": "area"}),
        ("c", 15, {"indicator": "admin_litigation_heard"}), ("c", 12, {"indicator": "head_appearances"}),
    ]  # fmt: skip
    made = stats.describe.identities(stated(*rows)).set_index("report_id")
    assert made.index.tolist() == ["a", "c"], "scopes are not mixed"
    assert made.loc["a", ["gap", "holds", "approximate"]].tolist() == [-1, False, True]
    assert made.loc["c", ["gap", "holds", "approximate"]].tolist() == [-3, True, False]
    none = stats.describe.identities(stated())
    assert none.empty
    assert none.columns.tolist() == ["report_id", *made.columns]


def test_ratios_pool_counts_and_leave_out_what_cannot_be(built):
    derived = pd.DataFrame(
        {"report_id": list("abc"), "ratio": "head_appearance", "numerator": [9.0, 30, 8], "denominator": [10.0, 40, 6],
         "value": [90.0, 75, 133], "agrees": pd.array([True, None, None], dtype="boolean")}
    )  # fmt: skip
    made = stats.describe.ratios(derived, REPORTS)
    row = made.summary.iloc[0]
    assert (row["pooled"], row["n"], row["n_printed"], row["n_agree"]) == (pytest.approx(78), 2, 1, 1)
    assert made.dropped["reason"].tolist() == ["numerator above denominator"]
    real = stats.describe.ratios(load.derived(built), load.reports(built), "level").summary
    assert real.set_index(["ratio", "group"]).loc[("mediation_success", "county"), "pooled"] == pytest.approx(
        99.6167, abs=1e-4
    )


def test_numbers_of_variables():
    one = pd.DataFrame(
        {"g": ["x", "x", "y"], "v": [1.0, 3.0, np.nan], "t": ["own", "absent", "own"], "b": [True, False, True]}
    )
    made = stats.describe.numbers(one, ["v", "t", "b"], "g")
    v, empty = made[made["variable"] == "v"].to_dict("records")
    assert (v["n"], v["mean"], v["sd"]) == (2, 2, pytest.approx(np.sqrt(2)))
    assert (empty["n_reports"], empty["missing"], empty["n"]) == (1, 1, 0)
    assert made.loc[(made["variable"] == "t") & (made["group"] == "x"), "share"].tolist() == [0.5, 0.5]


def test_wide_frames_for_comparing():
    rows = stated(
        ("a", 4, {}), ("b", 0, {"basis": "implied"}), ("c", 3, {"scope": "area"}), ("d", 0, {"basis": "zero_in_words"})
    )
    assert variables.stating(rows, REPORTS, [CASES])[CASES].tolist() == [True, True, True, True, False, False]
    made, dropped = variables.sizes(rows, REPORTS, [CASES])
    assert made[CASES].dropna().tolist() == [4, 0]
    assert dropped["reason"].tolist() == ["other scope: area"]


def test_the_five_reports(built):
    made = stats.describe.indicators(load.indicators(built), load.reports(built), "level")
    assert (made.summary["n"] <= made.summary["n_stating"]).all()
    assert (made.summary["q1"].dropna() <= made.summary["q3"].dropna()).all()
    shares = stats.describe.attention_of_reports(load.sections(built))
    assert shares.filter(like="share_").sum(axis=1).tolist() == pytest.approx([1] * 5)
