"""Figure 9: every problem with its answer, shares by type, topics by type."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from analysis import figures, intervals
from analysis.errors import FigureError

TYPES = ["enforcement_norms", "legal_workforce;enforcement_capacity", "funding", "other"]


def answers(reports: pd.DataFrame, seed: int = 1):
    """Three problems and five plan items a report, the 4th report without problems, the 6th without plans."""
    draw = np.random.default_rng(seed)
    items, pairs, problems = [], [], []
    for number, report_id in enumerate(reports["report_id"]):
        for item in range(1, 9):
            role = "problems" if item <= 3 else "plan"
            if (number % 10 == 3 and role == "problems") or (number % 10 == 5 and role == "plan"):
                continue
            kind = TYPES[(number + item) % 4] if role == "problems" else None
            heading = (
                None
                if item == 2
                else "部分行政执法机关落实行政裁量权基准制度参差不齐、能力水平有待进一步提升"[: 6 + 4 * item]
            )
            items.append((report_id, item, role, heading, f"{heading}。", kind))
        for problem in (1, 2, 3) if number % 10 != 3 else ():
            drawn = draw.choice(["explicit", "partial", "none"], 5, p=[0.1, 0.1, 0.8]) if number % 10 != 5 else []
            pairs += [(report_id, problem, plan, kind, 0.2) for plan, kind in zip(range(4, 9), drawn, strict=False)]
            best = next((kind for kind in ("explicit", "partial") if kind in drawn), "none")
            problems.append((report_id, problem, TYPES[(number + problem) % 4], f"问题{problem}", best))
    return SimpleNamespace(
        items=pd.DataFrame(items, columns=["report_id", "item_id", "role", "heading", "text", "problem_type"]),
        pairs=pd.DataFrame(pairs, columns=["report_id", "problem", "plan", "kind", "score"]),
        problems=pd.DataFrame(problems, columns=["report_id", "problem", "problem_type", "heading", "kind"]),
        thresholds={"partial": 0.1, "explicit": 0.2},
    )


def model(found, make, n_topics):
    ids = found.items[["report_id", "item_id"]]
    shares = np.random.default_rng(2).dirichlet(np.full(n_topics, 0.3), len(ids))
    return SimpleNamespace(ids=ids, shares=shares, settings={"seed": 7}, top_words=make.topics(n_topics).top_words)


@pytest.mark.parametrize(("n", "n_topics", "lang"), [(5, 4, "zh"), (5, 0, "en"), (12, 12, "en"), (300, 30, "zh")])
def test_nothing_overlaps_is_cut_or_outgrows_a_page(make, n, n_topics, lang):
    reports = make.reports(n)
    found = answers(reports)
    drawn = figures.fig09_responses(found, reports, lang, model(found, make, n_topics) if n_topics else None)
    assert make.fits_a_page(drawn.figure)


def test_every_problem_and_every_answer_is_drawn(make):
    reports = make.reports(6)
    found = answers(reports)
    data = figures.fig09_responses(found, reports, "zh").data
    assert set(data["panel"]) == {"answers"}
    linked = data.dropna(subset=["plan"])
    expected = found.pairs.loc[found.pairs["kind"] != "none"]
    key = ["report_id", "problem", "plan", "kind"]
    assert sorted(linked[key].itertuples(index=False)) == sorted(expected[key].itertuples(index=False))
    assert len(data[["report_id", "problem"]].drop_duplicates()) == len(found.problems)


def test_caption_counts_kinds_and_what_is_missing(make):
    reports = make.reports(6)
    found = answers(reports)
    caption = figures.fig09_responses(found, reports, "en").caption
    kinds = found.problems["kind"].tolist()
    assert "Reports: n = 6; 15 problem items, 25 plan items." in caption
    assert (
        f"explicit {kinds.count('explicit')}, partial {kinds.count('partial')}, none {kinds.count('none')}." in caption
    )
    assert "without a problem item: 1; with problems but no plan item: 1 " in caption
    assert "from 0.10 on it counts as partial, from 0.20 on as explicit" in caption


def test_shares_by_type_of_many_reports(make):
    reports = make.reports(40)
    found = answers(reports)
    data = figures.fig09_responses(found, reports, "en").data
    row = data.loc[(data["problem_type"] == "funding") & (data["kind"] == "any")].iloc[0]
    own = found.problems.loc[found.problems["problem_type"] == "funding"]
    hits = (own["kind"] != "none").groupby(own["report_id"]).sum()
    share, low, high = intervals.pooled(hits.to_numpy(float), np.ones(len(hits)))
    assert row[["n_problems", "share_pct", "ci_low_pct", "ci_high_pct"]].tolist() == pytest.approx(
        [len(own), 100 * share, 100 * low, 100 * high]
    )
    assert "legal_workforce" in set(data["problem_type"]), "a problem of two types counts in both"


def test_topics_by_type_are_means_over_problems(make):
    reports = make.reports(5)
    found = answers(reports)
    topics = model(found, make, 3)
    data = figures.fig09_responses(found, reports, "zh", topics).data
    rows = found.problems.loc[found.problems["problem_type"] == "funding", ["report_id", "problem"]]
    keys = set(rows.itertuples(index=False, name=None))
    at = [key in keys for key in topics.ids.itertuples(index=False, name=None)]
    drawn = data.loc[(data["panel"] == "topics") & (data["problem_type"] == "funding")].sort_values("topic")
    assert drawn["share"].tolist() == pytest.approx(topics.shares[at].mean(axis=0).tolist())
    assert drawn["n_problems"].tolist() == [len(rows)] * 3


def test_misuse(make):
    reports = make.reports(4)
    found = answers(reports)
    with pytest.raises(FigureError, match="none of the 1 reports has a problem item"):
        figures.fig09_responses(found, reports.iloc[[3]], "zh")
    topics = model(found, make, 3)
    topics.ids = topics.ids.assign(report_id="other")
    with pytest.raises(FigureError, match="the topic model has none of the problems"):
        figures.fig09_responses(found, reports, "zh", topics)
