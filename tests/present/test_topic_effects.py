from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from analysis import figures
from analysis.errors import FigureError
from analysis.present import fonts

LEVELS = ["province", "prefecture", "county"]


def frames(n_topics, groups=LEVELS, few=()):
    """Frames as the model's effects give them, with numbers of our own; groups in `few` have too few reports."""
    rng = np.random.default_rng(1)
    shares, effects = [], []
    for topic in range(1, n_topics + 1):
        for group in groups:
            small = group in few
            mean = rng.uniform(0.05, 0.3)
            row = {"by": "level", "term": group, "topic": topic, "n": 9, "n_clusters": 2 if small else 30}
            ends = (np.nan, np.nan) if small else (mean - 0.03, mean + 0.05)
            reason = "2 reports, 5 are needed" if small else None
            shares.append(row | {"estimate": mean, "ci_low": ends[0], "ci_high": ends[1], "reason": reason})
            if group != "county":
                value = np.nan if small else mean - 0.1
                effects.append(row | {"reference": "county", "estimate": value, "ci_low": value - 0.04, "ci_high": value + 0.04,
                                      "p": value, "p_adjusted": 0.01 if topic == 1 else 0.5, "reason": reason})  # fmt: skip
        year = {"by": "report_year", "term": "report_year", "topic": topic, "n": 99, "n_clusters": 90}
        small = len(few) == len(groups)
        value = np.nan if small else 0.01
        effects.append(year | {"estimate": value, "ci_low": value - 0.02, "ci_high": value + 0.02, "p": value, "p_adjusted": value,
                               "reference": None, "reason": "5 reports, 10 are needed" if small else None})  # fmt: skip
    text = dict.fromkeys(["by", "term", "reason"], "str")
    return pd.DataFrame(shares).astype(text), pd.DataFrame(effects).astype({**text, "reference": "str"})


def model_of(n_topics, reports):
    ids = np.repeat(reports["report_id"].to_numpy(), 3)
    shares = np.random.default_rng(2).dirichlet(np.full(n_topics, 0.4), len(ids))
    return SimpleNamespace(
        shares=shares, items=pd.DataFrame({"report_id": ids}), settings={"seed": 3}, tokens=np.full(len(ids), 12.0)
    )


def each_of(model):
    mean = pd.DataFrame(model.shares).groupby(model.items["report_id"].to_numpy()).mean()
    long = mean.melt(ignore_index=False, var_name="topic", value_name="estimate").rename_axis("report_id").reset_index()
    return long.assign(
        topic=long["topic"].astype(int) + 1, ci_low=long["estimate"] * 0.8, ci_high=long["estimate"] * 1.1, n=3
    )


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("n_topics", [2, 8, 20])
def test_groups_and_effects_share_rows_and_nothing_overlaps(make, lang, n_topics):
    model = model_of(n_topics, make.reports(20))
    names = [f"很长的主题名称用来试验换行与截断第{i}个" for i in range(n_topics)]
    drawn = figures.fig08_prevalence(model, *frames(n_topics), each_of(model), lang, names=names)
    assert make.clashes(drawn.figure) == []
    assert set(drawn.data["panel"]) == {"share", "effect"}
    assert drawn.data.groupby("panel").size().to_dict() == {
        "effect": 3 * min(n_topics, 16),
        "share": 3 * min(n_topics, 16),
    }
    assert (f"want of room: {max(0, n_topics - 16)}." in drawn.caption) == (lang == "en")


def test_small_groups_are_named_in_the_caption_and_not_drawn(make):
    model = model_of(3, make.reports(20))
    drawn = figures.fig08_prevalence(model, *frames(3, few=["province"]), each_of(model), "en")
    assert "province" not in set(drawn.data["term"])
    assert "for want of reports (their number): Province (2)." in drawn.caption
    assert "difference from the reference (County)" in drawn.caption
    assert "(4 of 6 tests)" in drawn.caption


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_few_reports_have_a_row_each_and_nothing_is_tested(make, lang):
    reports = make.reports(5)
    model = model_of(4, reports)
    drawn = figures.fig08_prevalence(model, *frames(4, few=LEVELS), each_of(model), lang, reports)
    assert make.clashes(drawn.figure) == []
    assert set(drawn.data["panel"]) == {"report"}
    assert len(drawn.data) == 20
    assert (
        ("不作任何比较" in drawn.caption or "不作组间比较" in drawn.caption)
        if lang == "zh"
        else "nothing is compared" in drawn.caption
    )
    many = model_of(4, make.reports(20))
    with pytest.raises(FigureError, match="20 reports are too many for a row each"):
        figures.fig08_prevalence(many, *frames(4, few=LEVELS), each_of(many), lang)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(("n_reports", "n_topics"), [(5, 4), (500, 9)])
def test_recovery_has_a_panel_a_number_of_topics_and_the_corpus_in_the_nearest(make, lang, n_reports, n_topics):
    grid = pd.DataFrame(
        {"topics": k, "length": length, "items": n, "jaccard": min(1, n / 1200 + length / 100), "jaccard_noise": 0.2}
        for k in (4, 10) for length in (10, 20, 40, 80) for n in (15, 30, 60, 120, 250, 500, 1000)
    )  # fmt: skip
    model = model_of(n_topics, make.reports(n_reports))
    standing = pd.DataFrame({"topic": [1, 2], "jaccard": [0.2, 0.4], "jaccard_noise": 0.1})
    drawn = figures.fig06b_recovery(grid, standing, model, lang)
    assert make.clashes(drawn.figure) == []
    own = drawn.data.loc[drawn.data["panel"] == "corpus"].iloc[0]
    assert own[["topics", "length", "items"]].tolist() == [n_topics, 12.0, 3 * n_reports]
    assert own["jaccard"] == pytest.approx(0.3)
    stars = [len([line for line in axes.lines if line.get_marker() == "*"]) for axes in drawn.figure.axes]
    assert stars == ([1, 0] if n_topics == 4 else [0, 1])
    assert "0.30" in drawn.caption
    with pytest.raises(FigureError, match=r"python -m analysis\.model\.recovery"):
        figures.fig06b_recovery(grid[:0], standing, model, lang)


def test_names_stand_beside_the_numbers_in_figure_7(make):
    drawn = figures.topic_words(
        make.topics(3), "zh", names=["执法", "法治人才队伍建设与培训机制不健全的长名称一二三四五六", "普法"]
    )
    heads = [text.get_text() for text in drawn.figure.texts if text.get_text().startswith("主题")]
    assert heads[0].endswith("执法")
    assert heads[1].endswith("…")
    assert fonts.width(heads[1], 7.0) < 84
    assert make.clashes(drawn.figure) == []
