"""Figure 10: the clustered matrix, blocks of many reports, passages once each."""

import numpy as np
import pandas as pd
import pytest

from analysis import figures
from analysis.errors import FigureError
from analysis.present import reuse

SAID = "坚持以人民为中心的发展思想,推进严格规范公正文明执法"


def alike(reports: pd.DataFrame, seed: int = 1) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    n = len(reports)
    values = np.triu(draw.uniform(0.002, 0.015, (n, n)), 1)
    for at in range(0, n - 1, 7):
        values[at, at + 1] = 0.4
    values = values + values.T + np.eye(n)
    return pd.DataFrame(values, index=reports["report_id"], columns=reports["report_id"])


def passages(reports: pd.DataFrame, texts=(SAID,)) -> pd.DataFrame:
    one, two = reports["report_id"].iloc[:2]
    rows = [(one, two, 0, len(text), 3, 3 + len(text), len(text), 2, False, text) for text in texts]
    spans = ["start_a", "end_a", "start_b", "end_b"]
    return pd.DataFrame(rows, columns=["report_id_a", "report_id_b", *spans, "chars", "n_reports", "cited", "text"])


@pytest.mark.parametrize(("n", "lang"), [(2, "en"), (5, "zh"), (12, "en"), (60, "zh"), (61, "en"), (400, "zh")])
def test_nothing_overlaps_is_cut_or_outgrows_a_page(make, n, lang):
    reports = make.reports(n)
    said = passages(
        reports, [SAID * 9, "\U0001f600" + "甲乙丙丁戊己庚辛" * 4, *[f"{mark}" * 30 for mark in "一二三四五六"]]
    )
    drawn = figures.fig10_reuse(alike(reports), reports, lang, said)
    assert make.fits_a_page(drawn.figure)


def test_every_pair_is_drawn_once_with_its_value(make):
    reports = make.reports(5)
    values = alike(reports)
    data = figures.fig10_reuse(values, reports, "zh").data
    assert len(data) == 10
    for row in data.to_dict("records"):
        assert row["resemblance_pct"] == pytest.approx(100 * values.loc[row["report_id_a"], row["report_id_b"]])


def test_clusters_stand_together():
    """Average linkage by hand: 1 and 3 (60 %) join first, then 0 and 2 (40 %)."""
    values = np.full((4, 4), 1.0)
    np.fill_diagonal(values, 100)
    values[1, 3] = values[3, 1] = 60
    values[0, 2] = values[2, 0] = 40
    tree, order = reuse._clusters(values)
    assert tree[:, 2].tolist() == [40, 60, 99]
    assert {frozenset(order[:2]), frozenset(order[2:])} == {frozenset({1, 3}), frozenset({0, 2})}


def test_blocks_are_means_of_their_cells(make):
    reports = make.reports(301)
    values = alike(reports)
    data = figures.fig10_reuse(values, reports, "en").data
    drawn = data.loc[data["panel"] == "matrix"]
    assert len(set(drawn["report_id_a"])) <= 151
    pairs = 100 * values.to_numpy()[np.triu_indices(301, 1)]
    blocks = np.where(drawn["report_id_a"] == drawn["report_id_b"], 1, 4)
    assert np.average(drawn["resemblance_pct"], weights=blocks) == pytest.approx(pairs.mean(), rel=0.02)


def test_levels_and_nearest_of_many_reports(make):
    reports = make.reports(70)
    values = alike(reports)
    data = figures.fig10_reuse(values, reports, "en").data
    nearest = data.loc[data["panel"] == "nearest"].set_index("report_id_a")
    apart = values.mask(np.eye(70, dtype=bool))
    assert nearest["resemblance_pct"].to_dict() == pytest.approx((100 * apart.max()).to_dict())
    assert nearest["report_id_b"].to_dict() == apart.idxmax().to_dict()
    levels = data.loc[data["panel"] == "levels"].set_index(["level_a", "level_b"])["resemblance_pct"]
    counties = reports.loc[reports["level"] == "county", "report_id"]
    assert levels["county", "county"] == pytest.approx(100 * np.nanmean(apart.loc[counties, counties].to_numpy()))


def test_caption_has_median_and_largest_and_counts_passages(make):
    reports = make.reports(5)
    values = alike(reports)
    pairs = 100 * values.to_numpy()[np.triu_indices(5, 1)]
    caption = figures.fig10_reuse(values, reports, "en", passages(reports, [SAID, SAID[:20]])).caption
    assert f"Median {np.median(pairs):.1f}%, largest 40.0%." in caption
    assert "Shared passages have 20 characters or more: 2 places, 0 of them inside the name" in caption
    assert "the 1 longest are listed" in caption, "a part of another is not listed again"


@pytest.mark.parametrize(("lang", "said"), [("en", "A sample: 5 of 12 reports, all"), ("zh", "从 12 份报告中随机抽取")])
def test_a_sample_of_the_reports_is_said_first_and_all_of_them_are_no_sample(make, lang, said):
    reports = make.reports(12)
    assert "sample" not in figures.fig10_reuse(alike(reports), reports, "en").caption
    assert figures.fig10_reuse(alike(reports.head(5)), reports, lang).caption.startswith(said)


def test_pairs_that_were_not_searched_are_said(make):
    reports = make.reports(5)
    values, found = alike(reports), passages(reports)
    assert "searched" not in figures.fig10_reuse(values, reports, "en", found).caption
    caption = figures.fig10_reuse(values, reports, "en", found, searched=1500).caption
    assert "once. Only the 1,500 most similar pairs of reports were searched for them." in caption


def test_no_passage_is_said(make):
    reports = make.reports(5)
    drawn = figures.fig10_reuse(alike(reports), reports, "en", passages(reports, []))
    assert "No passage of this length is shared." in {text.get_text() for text in drawn.figure.texts}


def test_misuse(make):
    reports = make.reports(5)
    with pytest.raises(FigureError, match="compares reports, and there is 1"):
        figures.fig10_reuse(alike(reports.iloc[:1]), reports, "zh")
    with pytest.raises(FigureError, match=r"the table reports has no 0004_3f47b3e32dd"):
        figures.fig10_reuse(alike(reports), reports.iloc[:4], "zh")
