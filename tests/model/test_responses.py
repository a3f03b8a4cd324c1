"""Problems and the plan items that answer them: gold, matcher, held-out score, shares by hand, misuse."""

import numpy as np
import pandas as pd
import pytest

from analysis import paths, tables
from analysis.errors import DataError, ParameterError
from analysis.model import responses, topics

LIMITS = {"partial": 0.1, "explicit": 0.3}


def items(*rows):
    frame = pd.DataFrame(rows, columns=["report_id", "item_id", "role", "heading", "text", "problem_type"])
    return frame.astype({"heading": "str", "text": "str", "problem_type": "str"})


SMALL = items(
    ("r1", 1, "problems", "法律顾问作用发挥不足", "法律顾问作用发挥不足,参与决策少。", "legal_adviser"),
    ("r1", 2, "problems", "经费紧张", "经费紧张。", "funding"),
    ("r1", 3, "plan", "用好法律顾问", "用好法律顾问,发挥法律顾问作用。", None),
    ("r1", 4, "plan", "深化普法宣传", "深化普法宣传。", None),
    ("r2", 1, "problems", "普法形式单一", "普法形式单一。", "public_legal_services"),
)


def test_every_pair_of_the_annotated_reports_is_judged_once():
    gold = pd.read_csv(paths.GOLD / "responses.csv", encoding="utf-8-sig")
    own = tables.read("items", paths.TABLES)
    asked, plans = (own.loc[own["role"] == role, ["report_id", "item_id"]] for role in ("problems", "plan"))
    pairs = asked.merge(plans, on="report_id", suffixes=("_problem", "_plan"))
    keys = sorted(zip(gold["report_id"], gold["problem"], gold["plan"], strict=True))
    assert keys == sorted(pairs.itertuples(index=False, name=None))
    assert set(gold["kind"]) == set(responses.KINDS)
    assert (gold["reason"].isna() == (gold["kind"] == "none")).all()


def test_the_plan_that_speaks_of_the_problem_answers_it():
    found = responses.match(SMALL, thresholds=LIMITS)
    assert found.pairs[responses.PAIR].to_numpy().tolist() == [["r1", 1, 3], ["r1", 1, 4], ["r1", 2, 3], ["r1", 2, 4]]
    assert found.pairs["kind"].tolist() == ["explicit", "none", "none", "none"]
    assert "法律顾问" in found.pairs["shared"].iloc[0].split()
    assert found.pairs["topic"].isna().all()
    assert found.problems[["report_id", "problem", "kind"]].to_numpy().tolist() == [
        ["r1", 1, "explicit"], ["r1", 2, "none"], ["r2", 1, "none"],
    ]  # fmt: skip
    assert found.problems["plan"].tolist() == [3, pd.NA, pd.NA]
    assert found.unanswered()["heading"].tolist() == ["经费紧张", "普法形式单一"]
    assert found.table()["plan_heading"].tolist() == ["用好法律顾问"]


def test_score_is_the_weighted_mean_of_its_parts():
    row = responses.match(SMALL, thresholds=LIMITS).pairs.iloc[0]
    assert row["type"] == 1, "the only type whose words the plan item has is the problem's"
    assert row["score"] == pytest.approx((0.8 * row["lexical"] + 0.2) / 1.0)


def test_lexical_is_the_cosine_by_hand():
    """执法人员 has the pairs 执法 法人 人员, 执法行为 has 执法 法行 行为, each twice (text and heading).

    n = 2 items, idf = ln(3 / (1 + df)) + 1: 1 for 执法, 1.4055 for the others; cosine = 1 / (1 + 2 · 1.4055²) = 0.2020.
    """
    two = items(("r", 1, "problems", "执法人员", "执法人员", "other"), ("r", 2, "plan", "执法行为", "执法行为", None))
    row = responses.match(two, thresholds=LIMITS).pairs.iloc[0]
    assert row["lexical"] == pytest.approx(1 / (1 + 2 * (np.log(1.5) + 1) ** 2), abs=1e-9)
    assert np.isnan(row["type"])
    assert row["score"] == row["lexical"]
    assert row["shared"] == "执法"


def test_share_answered_with_exact_interval_against_R():
    """binom.test(1, 3)$conf.int in R 4: 0.008403759 0.905700676; binom.test(1, 2): 0.01257912 0.98742088."""
    found = responses.match(SMALL, thresholds=LIMITS)
    shares = found.answered().set_index("report_id")
    assert shares.loc["all", ["n_problems", "explicit", "partial", "none"]].tolist() == [3, 1, 0, 2]
    assert shares.loc["all", ["share", "ci_low", "ci_high"]].tolist() == pytest.approx(
        [1 / 3, 0.008403759, 0.905700676]
    )
    assert shares.loc["r1", ["ci_low", "ci_high"]].tolist() == pytest.approx([0.01257912, 0.98742088])
    assert shares.loc["r2", ["n_problems", "share"]].tolist() == [1, 0], "a report without a plan answers nothing"


def test_a_problem_of_two_types_counts_in_both_and_once_in_all():
    two = SMALL.assign(problem_type=["legal_adviser;funding", "funding", None, None, None])
    by_type = responses.match(two, thresholds=LIMITS).answered("problem_type")
    assert by_type.set_index("problem_type")["n_problems"].to_dict() == {
        "funding": 2, "legal_adviser": 1, np.nan: 1, "all": 3,
    }  # fmt: skip


def test_by_a_column_of_the_reports():
    by_level = responses.match(SMALL.assign(level="county"), thresholds=LIMITS).answered("level")
    assert by_level["level"].tolist() == ["county", "all"]


def test_order_of_rows_does_not_matter():
    mixed = SMALL.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(
        responses.match(mixed, thresholds=LIMITS).pairs, responses.match(SMALL, thresholds=LIMITS).pairs
    )


def test_thresholds_by_hand():
    """Scores .9+ .7− .6+ .2−: F1 is 2/3 from .8, 4/5 from .4; the cut lies half way between .6 and .2."""
    assert responses._best(np.array([0.9, 0.7, 0.6, 0.2]), np.array([True, False, True, False])) == pytest.approx(0.4)
    assert responses._best(np.array([0.9, 0.7]), np.array([False, False])) == 1.0


def test_held_out_scores_on_the_five_reports():
    """Regression of what the README reports; a change of wording lists or items may move it and should be looked at."""
    found = responses.score().set_index("measure")
    assert found["gold"].to_dict() == {"pair_answered": 19, "pair_explicit": 9, "problem_answered": 14}
    assert found["f1"].between(0.6, 1).all()
    for name in ("precision", "recall", "f1"):
        assert (found[f"{name}_low"] < found[name]).all()
        assert (found[name] <= found[f"{name}_high"]).all()


def test_score_by_hand_with_gold_of_its_own():
    """Two reports with the same clear answer: each finds it with the other's threshold."""
    twin = pd.concat([SMALL.iloc[:4], SMALL.iloc[:4].assign(report_id="r3")], ignore_index=True)
    gold = pd.DataFrame(
        [(name, problem, plan, "explicit" if (problem, plan) == (1, 3) else "none")
         for name in ("r1", "r3") for problem in (1, 2) for plan in (3, 4)],
        columns=[*responses.PAIR, "kind"],
    )  # fmt: skip
    found = responses.score(gold, twin).set_index("measure")
    assert found.loc["pair_answered", ["units", "gold", "found", "hits", "f1"]].tolist() == [8, 2, 2, 2, 1]
    assert found.loc["problem_answered", ["units", "gold", "found", "hits", "f1"]].tolist() == [4, 2, 2, 2, 1]


def test_thresholds_come_from_gold_and_its_items_do_not_enter_the_result():
    found = responses.match(SMALL)
    assert set(found.pairs["report_id"]) == {"r1"}
    assert 0 < found.thresholds["partial"] <= found.thresholds["explicit"] < 1
    assert found.pairs["kind"].tolist()[0] == "explicit"


def test_topics_join_the_score_when_they_cover_both_roles():
    own = tables.read("items", paths.TABLES)
    model = topics.fit(own, 3, seed=1)
    found = responses.match(own, model)
    assert found.pairs["topic"].between(0, 1 + 1e-9).all()
    plain = responses.match(own)
    assert not np.allclose(found.pairs["score"], plain.pairs["score"])
    problems = topics.fit(own.loc[own["role"] == "problems"], 3, seed=1)
    with pytest.raises(ParameterError, match=r"no report with both problems and plans. Fit it to items of both roles"):
        responses.match(own, problems)


def test_topics_without_judged_pairs_need_thresholds():
    own = tables.read("items", paths.TABLES)
    other = own.assign(report_id="x" + own["report_id"])
    model = topics.fit(other, 3, seed=1)
    with pytest.raises(ParameterError, match="covers none of the judged pairs"):
        responses.match(other, model)
    assert len(responses.match(other, model, thresholds=LIMITS).pairs) == 73


def test_a_report_keeps_its_pairs_when_items_are_few_or_missing():
    assert responses.match(SMALL.iloc[[4]], thresholds=LIMITS).problems["kind"].tolist() == ["none"]
    with pytest.raises(ParameterError, match="there are no problem items"):
        responses.match(SMALL.iloc[[2]], thresholds=LIMITS).answered()


def test_html_is_escaped():
    shown = responses.match(SMALL.replace("用好法律顾问", "<i>用好法律顾问"), thresholds=LIMITS)._repr_html_()
    assert "&lt;i&gt;" in shown
    assert "<i>" not in shown
    assert "3 problems of 2 reports, 4 pairs with plan items. Best answer: explicit 1, partial 0, none 2." in shown


def test_misuse():
    with pytest.raises(DataError, match=r"no column problem_type. Take them from load.items\(\)"):
        responses.match(SMALL.drop(columns="problem_type"))
    with pytest.raises(DataError, match="r1 item 1 stands twice"):
        responses.match(pd.concat([SMALL, SMALL]))
    with pytest.raises(DataError, match="r1 item 1 has no text"):
        responses.match(SMALL.assign(text=[None, *SMALL["text"][1:]]))
    with pytest.raises(ParameterError, match="expected 0 ≤ partial ≤ explicit ≤ 1"):
        responses.match(SMALL, thresholds={"partial": 0.5, "explicit": 0.3})
    with pytest.raises(ParameterError, match="no column 'province'"):
        responses.match(SMALL, thresholds=LIMITS).answered("province")
    gold = pd.DataFrame({"report_id": ["r1"], "problem": [1], "plan": [9], "kind": ["none"]})
    with pytest.raises(DataError, match="r1 problem 1, plan 9: no such items"):
        responses.match(SMALL, gold=gold)
    with pytest.raises(DataError, match="kind maybe, expected one of explicit, partial, none"):
        responses.match(SMALL, gold=gold.assign(kind="maybe"))
    with pytest.raises(DataError, match="expected judged pairs of two reports or more"):
        responses.score(gold.assign(plan=3), SMALL)
