import hashlib
import json
import re
import subprocess
import sys
from io import StringIO

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.text import Text

from analysis import figures, paths, tables
from analysis.errors import CodebookError, FigureError, ParameterError
from analysis.present import corpus, drawing, fonts, theme


def draw_all(make, n, lang, n_topics=6):
    reports = make.reports(n)
    indicators, derived = make.indicators(reports), make.derived(reports)
    return {
        "fig01": figures.fig01_corpus(reports, lang),
        "fig02": figures.fig02_attention(make.attention(reports), reports, lang),
        "fig03": figures.fig03_disclosure(indicators, reports, lang),
        "fig04": figures.fig04_core(indicators, derived, reports, lang),
        "fig05": figures.fig05_ratios(make.printed(reports), make.identities(reports), reports, lang),
        "fig07": figures.topic_words(make.topics(n_topics), lang, reports),
    }


@pytest.mark.parametrize(
    ("n", "n_topics", "lang"), [(5, 6, "zh"), (12, 20, "en"), (40, 12, "en"), (500, 3, "zh"), (500, 4, "en")]
)
def test_nothing_overlaps_is_cut_or_outgrows_a_page(make, n, n_topics, lang):
    for drawn in draw_all(make, n, lang, n_topics).values():
        assert make.fits_a_page(drawn.figure)


@pytest.mark.parametrize("n", [5, 60])
def test_english_figures_have_no_chinese_but_names_of_places(make, n):
    reports = make.reports(n)
    places = set(reports["place"].dropna())
    indicators, derived = make.indicators(reports), make.derived(reports)
    for drawn in (
        figures.fig01_corpus(reports, "en"),
        figures.fig03_disclosure(indicators, reports, "en"),
        figures.fig04_core(indicators, derived, reports, "en"),
    ):
        texts = [text.get_text() for text in drawn.figure.findobj(Text) if text.get_visible()]
        chinese = {text for text in texts if re.search("[\u4e00-\u9fff]", text)}
        left = {text for text in chinese if not any(text.replace("\n", "").startswith(place[:4]) for place in places)}
        assert left == set(), drawn.name


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_ticks_of_neighbouring_panels_keep_apart_when_numbers_are_large(make, lang):
    for n in (5, 13):
        reports = make.reports(n)
        indicators, derived = make.indicators(reports), make.derived(reports)
        counts = indicators["unit"] != "%"
        large = indicators.assign(value=indicators["value"].where(~counts, indicators["value"] * 20_000))
        assert make.clashes(figures.fig04_core(large, derived, reports, lang).figure) == []


# figure 1


def test_each_report_has_its_days_and_heads(make):
    reports = make.reports(5)
    data = figures.fig01_corpus(reports, "zh").data.set_index("report_id")
    assert sorted(data.index) == sorted(reports["report_id"])
    for row in reports.to_dict("records"):
        drawn = data.loc[row["report_id"]]
        assert drawn["problems"] == (row["chars_problems"] > 0)
        assert drawn["causes"] == row["states_causes"]
        assert pd.isna(drawn["days_after_deadline"]) == pd.isna(row["days_to_deadline"])
        if not pd.isna(row["days_to_deadline"]):
            assert drawn["days_after_deadline"] == -row["days_to_deadline"]


def test_caption_counts_what_is_late_and_what_has_no_date(make):
    reports = make.reports(5)
    days = reports["days_to_deadline"]
    caption = figures.fig01_corpus(reports, "en").caption
    assert "n = 5" in caption
    assert f"circles in time ({(days >= 0).sum()}), diamonds late ({(days < 0).sum()})" in caption
    assert f"{days.isna().sum()} without a date" in caption


def test_more_than_forty_reports_are_counted(make):
    few, many = make.reports(40), make.reports(41)
    assert len(figures.fig01_corpus(few, "zh").data) == 40
    data = figures.fig01_corpus(many, "zh").data
    for panel, column in (("a", "n"), ("d", "n")):
        assert data.loc[data["panel"] == panel, column].sum() == 41
    assert data.loc[data["panel"] == "b", "n"].sum() == many["days_to_deadline"].notna().sum()
    heads = data[data["panel"] == "c"].set_index("head")
    assert heads.loc["problems", "n"] == (many["chars_problems"] > 0).sum()
    assert (heads["ci_low_pct"] <= heads["share_pct"]).all()
    assert (heads["share_pct"] <= heads["ci_high_pct"]).all()


# figure 2


def test_shares_of_parts_and_of_areas_add_up_to_the_whole(make):
    reports = make.reports(12)
    drawn = figures.fig02_attention(make.attention(reports), reports, "zh")
    sums = drawn.data.groupby(["panel", "report_id"])["share_pct"].sum()
    assert sums.to_numpy() == pytest.approx(100)
    assert len(drawn.data) == 12 * (6 + 11)
    assert "n = 12" in drawn.caption


def test_many_reports_are_grouped_and_the_smaller_groups_counted(make):
    reports = make.reports(60)
    attention = make.attention(reports)
    data = figures.fig02_attention(attention, reports, "en").data
    counties = reports.loc[reports["level"].eq("county").fillna(False), "report_id"]
    told = attention[attention["role"].isin(["work", "duty"]) & attention["report_id"].isin(counties)]
    a4 = told[told["area"] == "A4"].groupby("report_id")["chars"].sum().reindex(counties, fill_value=0)
    share = 100 * a4 / told.groupby("report_id")["chars"].sum()
    row = data[(data["group"] == "county") & (data["part"] == "A4")].iloc[0]
    assert (row["n"], row["median"]) == (len(counties), pytest.approx(share.median()))
    provinces = reports.assign(province=[f"province {i % 9}" for i in range(60)])
    drawn = figures.fig02_attention(attention, provinces, "en", by="province")
    assert drawn.data["group"].nunique() == 7
    assert f"reports left out: {60 - drawn.data[drawn.data['part'] == 'A1']['n'].sum()}" in drawn.caption


def test_attention_needs_text_and_a_known_column(make):
    reports = make.reports(3)
    with pytest.raises(FigureError, match=r"none of the 3 reports has text under a heading"):
        figures.fig02_attention(make.attention(reports).head(0), reports, "zh")
    with pytest.raises(ParameterError, match=r"no column 'levle'. Closest: 'level'"):
        figures.fig02_attention(make.attention(reports), reports, "zh", by="levle")


# figure 3


def test_matrix_says_how_each_is_stated_and_that_not_stated_is_not_zero(make):
    reports = make.reports(5)
    indicators = make.indicators(reports)
    drawn = figures.fig03_disclosure(indicators, reports, "zh")
    said = drawn.data[drawn.data["state"] != "not_stated"]
    pairs = indicators[["report_id", "indicator"]].drop_duplicates()
    assert len(said) == len(pairs)
    assert set(zip(said["report_id"], said["indicator"], strict=True)) == set(pairs.itertuples(index=False, name=None))
    assert len(drawn.data) == 5 * indicators["indicator"].nunique()
    assert "未写出不等于零" in drawn.caption


def test_stated_wins_over_implied_and_other_reports_are_left_aside(make):
    reports = make.reports(2)
    one, other = reports["report_id"]
    row = {"report_id": one, "indicator": "legal_advisers", "value": 3.0, "unit": "名", "qualifier": "exact",
           "scope": "own", "start": 1, "end": 2, "evidence": "示例"}  # fmt: skip
    indicators = tables.frame(
        "indicators", [row | {"basis": "implied"}, row | {"basis": "stated", "start": 5, "end": 6}]
    )
    data = figures.fig03_disclosure(indicators, reports, "zh").data
    assert data.set_index("report_id")["state"].to_dict() == {one: "stated", other: "not_stated"}
    with pytest.raises(FigureError, match=r"none of the 1 reports states one of the"):
        figures.fig03_disclosure(indicators, reports[reports["report_id"] == other], "zh")


def test_shares_of_many_reports_have_their_wilson_interval(make):
    from statsmodels.stats.proportion import proportion_confint

    reports = make.reports(60)
    indicators = make.indicators(reports)
    data = figures.fig03_disclosure(indicators, reports, "en").data
    every, counties = data[data["group"] == "all"], data[data["group"] == "county"]
    level = reports.set_index("report_id")["level"]
    county = indicators["report_id"].map(level.to_dict()) == "county"
    for row in counties.to_dict("records"):
        of_county = indicators.loc[(indicators["indicator"] == row["indicator"]) & county, "report_id"]
        assert [row["n"], row["n_reports"]] == [of_county.nunique(), (level == "county").sum()]
    for row in every.to_dict("records"):
        n = indicators.loc[indicators["indicator"] == row["indicator"], "report_id"].nunique()
        low, high = proportion_confint(n, 60, method="wilson")
        assert [row["n"], row["share_pct"]] == [n, pytest.approx(100 * n / 60)]
        assert [row["ci_low_pct"], row["ci_high_pct"]] == pytest.approx([100 * low, 100 * high])


# figure 4


def rate(make, printed=(), ratios=()):
    """Figure 4 of two reports with these printed appearance rates and (numerator, denominator) pairs."""
    reports = make.reports(2)
    rows = [
        {"report_id": report_id, "indicator": code, "value": value, "unit": "%" if code.endswith("rate") else "件",
         "qualifier": "at_least", "basis": basis, "scope": scope, "start": start, "end": start + 1, "evidence": "示例"}
        for start, (report_id, code, value, basis, scope) in enumerate(printed)
    ]  # fmt: skip
    derived = [
        {"report_id": report_id, "ratio": "head_appearance", "value": 100 * k / n, "numerator": k, "denominator": n,
         "numerator_indicator": "head_appearances", "denominator_indicator": "admin_litigation_heard"}
        for report_id, k, n in ratios
    ]  # fmt: skip
    return figures.fig04_core(tables.frame("indicators", rows), tables.frame("derived", derived), reports, "en")


def test_a_rate_is_recomputed_where_it_can_be_and_else_only_printed(make):
    one, other = make.reports(2)["report_id"]
    drawn = rate(
        make,
        [(one, "head_appearance_rate", 100.0, "stated", "own"), (other, "head_appearance_rate", 84.0, "stated", "own")],
        [(one, 9.0, 15.0)],
    )
    data = drawn.data.set_index("group")
    assert data.loc[one, ["indicator", "kind", "value", "numerator", "denominator"]].to_list() == [
        "head_appearance", "recomputed", 60.0, 9.0, 15.0,
    ]  # fmt: skip
    assert data.loc[one, ["ci_low", "ci_high"]].astype(float).to_list() == pytest.approx([35.7468, 80.1755], abs=1e-4)
    assert data.loc[other, ["kind", "value", "qualifier"]].to_list() == ["printed", 84.0, "at_least"]
    assert data.loc[other, ["ci_low", "ci_high"]].isna().all()
    assert "intervals (1)" in drawn.caption
    assert "no interval (1)" in drawn.caption


def test_a_numerator_above_its_denominator_is_counted_not_drawn(make):
    one, other = make.reports(2)["report_id"]
    drawn = rate(make, ratios=[(one, 9.0, 15.0), (other, 20.0, 15.0)])
    assert drawn.data["group"].to_list() == [one]
    assert "1 ratios with a numerator above the denominator" in drawn.caption


def test_counts_keep_zero_take_the_own_scope_and_leave_out_what_is_implied(make):
    one, other = make.reports(2)["report_id"]
    code = "admin_reconsideration_accepted"
    drawn = rate(
        make,
        [
            (one, code, 900.0, "stated", "area"),
            (one, code, 9.0, "stated", "own"),
            (other, code, 0.0, "zero_in_words", "own"),
            (one, "legality_reviews", 1.0, "implied", "own"),
            (other, "legality_reviews", 1.0, "implied", "own"),
        ],
    )
    assert drawn.data[["group", "indicator", "value"]].to_numpy().tolist() == [[one, code, 9.0], [other, code, 0.0]]
    assert "(1 left out; see the table review)" in drawn.caption
    assert drawn.figure.axes[0].get_xlim()[0] < 0  # zero has a place on the logarithmic axis


def test_many_reports_are_pooled_by_level(make):
    reports = make.reports(13)
    indicators, derived = make.indicators(reports), make.derived(reports)
    drawn = figures.fig04_core(indicators, derived, reports, "zh")
    row = drawn.data[(drawn.data["kind"] == "recomputed") & (drawn.data["group"] == "county")].iloc[0]
    counties = reports.loc[reports["level"].eq("county").fillna(False), "report_id"]
    pool = derived[(derived["ratio"] == row["indicator"]) & derived["report_id"].isin(counties)]
    assert row["n"] == len(pool)
    assert row["value"] == pytest.approx(100 * pool["numerator"].sum() / pool["denominator"].sum())
    counts = drawn.data[drawn.data["panel"] == "count"]
    assert (counts["q1"] <= counts["value"]).all()
    assert (counts["value"] <= counts["q3"]).all()


# figure 5


def test_each_printed_rate_and_each_sum_has_its_mark(make):
    reports = make.reports(3)
    derived, sums = make.printed(reports), make.identities(reports)
    drawn = figures.fig05_ratios(derived, sums, reports, "en")
    printed = derived[derived["stated_value"].notna()]
    ratios, totals = (drawn.data[drawn.data["panel"] == panel] for panel in ("ratio", "sum"))
    assert sorted(ratios["x"]) == pytest.approx(sorted(printed["stated_value"] - printed["value"]))
    assert (len(totals), (~totals["agrees"]).sum()) == (len(sums), (~sums["holds"]).sum())
    wrong = (~printed["agrees"].astype(bool)).sum()
    assert f"the {len(printed)} rates printed" in drawn.caption
    assert f"diamonds do not ({wrong})" in drawn.caption


def test_sums_without_a_total_and_one_empty_panel(make):
    reports = make.reports(2)
    one = make.identities(reports).head(1).assign(stated=0.0, added=3.0, holds=False)
    drawn = figures.fig05_ratios(make.derived(reports).head(0), one, reports, "zh")
    assert drawn.data["x"].tolist() == [np.inf]
    assert make.clashes(drawn.figure) == []
    with pytest.raises(FigureError, match=r"none of the 2 reports prints a rate beside its two counts"):
        figures.fig05_ratios(make.derived(reports), one.head(0), reports, "zh")


def test_nothing_to_draw_is_an_error(make):
    with pytest.raises(FigureError, match=r"none of the 2 reports states a core rate, and no core count"):
        rate(make)
    one, other = make.reports(2)["report_id"]
    with pytest.raises(FigureError, match=r"no core count is stated by two"):
        rate(make, [(one, "legality_reviews", 1.0, "stated", "own"), (other, "mediators_total", 1.0, "stated", "own")])
    with pytest.raises(FigureError, match=r"table reports has no rows"):
        figures.fig01_corpus(make.reports(0), "zh")


# figure 7


def test_topics_show_words_and_the_most_typical_item_with_place_and_year(make):
    model, reports = make.topics(3), make.reports(5)
    drawn = figures.topic_words(model, "zh", reports, n_words=5)
    assert drawn.data.groupby("topic").size().to_list() == [5, 5, 5]
    typical = model.typical_items(1).set_index("topic")
    for topic, part in drawn.data.groupby("topic"):
        assert part["item_id"].unique() == [typical.loc[topic, "item_id"]]
        assert part["mean_share"].iloc[0] == pytest.approx(model.shares[:, topic - 1].mean())
    texts = " ".join(text.get_text() for text in drawn.figure.texts)
    assert "行政执法队伍力量薄弱" in texts
    assert "—— " in texts
    assert set(drawn.data["report"]) <= set(figures.fig01_corpus(reports, "zh").data["label"])
    assert drawn.seed == 7
    assert drawn.parameters["model"]["n_topics"] == 3


def test_topics_without_words_are_counted_not_drawn(make):
    model = make.topics(3)
    words = model.top_words()
    flat = words.assign(probability=words["probability"].where(words["topic"] != 2, 1 / 500))
    model.top_words = lambda n=10: flat[flat["rank"] <= n]
    drawn = figures.topic_words(model, "en", names=["one", "two", "three"])
    assert sorted(set(drawn.data["topic"])) == [1, 3]
    assert "took no word are not drawn (1)" in drawn.caption
    heads = [text.get_text() for text in drawn.figure.texts if text.get_text().startswith("Topic")]
    assert [head.rpartition(" ")[2] for head in heads] == ["one", "three"]
    assert [row[0] for row in figures.tab04_topics(model, "en").rows] == ["1", "3"]


def test_quotations_give_way_when_there_are_many_topics(make):
    assert "data file only" in figures.topic_words(make.topics(13), "en").caption


def test_a_character_without_glyph_is_marked_in_a_quotation_and_counted(make):
    drawn = figures.topic_words(make.topics(2, "案卷\ue004质量"), "en")
    assert "案卷〓质量" in " ".join(text.get_text() for text in drawn.figure.texts)
    assert "〓 (2)" in drawn.caption


# what every figure promises


def test_a_label_without_glyph_is_an_error_that_names_it(make):
    reports = make.reports(2)
    reports["place"] = pd.Series(["甲县", "𠮷县"], dtype="str")
    with pytest.raises(FigureError, match=r"fig01_corpus .zh., label '𠮷县 20.*no glyph for '𠮷' U[+]20BB7"):
        figures.fig01_corpus(reports, "zh")


def test_formulas_and_other_fonts_are_errors(make):
    drawn = figures.fig01_corpus(make.reports(2), "zh")
    drawn.figure.text(0.1, 0.1, "$x$", parse_math=True, family=fonts.FAMILY)
    drawn.figure.text(0.1, 0.2, "plain", family="DejaVu Sans")
    with pytest.raises(FigureError) as caught:
        drawing.check(drawn)
    assert len(caught.value.failures) == 2
    assert "'$x$': would be drawn as a formula" in str(caught.value)
    assert "'plain': is set in ['DejaVu Sans'], not Noto Sans SC" in str(caught.value)


def test_a_dollar_sign_is_a_dollar_sign(make):
    reports = make.reports(2)
    reports["place"] = pd.Series(["$甲$县", "乙县"], dtype="str")
    assert figures.fig01_corpus(reports, "zh").data["label"].str.startswith("$甲$县").any()


def test_drawing_leaves_matplotlib_as_it_was(make):
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    figures.fig01_corpus(make.reports(2), "zh")
    assert dict(mpl.rcParams) == before


def test_sidecars_say_what_is_drawn_and_what_it_rests_on(make, tmp_path):
    reports = make.reports(5)
    drawn = figures.fig01_corpus(reports, "zh")
    shown = figures.save(drawn, "draft", folder=tmp_path, notebook="01_corpus", seed=3, parameters={"years": [2022]})
    names = {path.name for path in (tmp_path / "draft").iterdir()}
    assert names == {f"fig01_corpus.zh.{suffix}" for suffix in ("pdf", "svg", "png", "csv", "json")}
    assert shown._repr_png_()[0].startswith(b"\x89PNG")
    stem = tmp_path / "draft" / "fig01_corpus.zh"
    text = stem.with_suffix(".zh.csv").read_bytes()
    assert text.startswith(b"\xef\xbb\xbf")  # Excel opens it as UTF-8
    again = pd.read_csv(StringIO(text.decode("utf-8-sig")))
    assert list(again.columns) == list(drawn.data.columns)
    assert again["days_after_deadline"].to_list() == pytest.approx(
        drawn.data["days_after_deadline"].astype(float).to_list(), nan_ok=True
    )
    record = json.loads(stem.with_suffix(".zh.json").read_text(encoding="utf-8"))
    assert record["caption"] == drawn.caption
    assert (record["notebook"], record["seed"], record["n_reports"]) == ("01_corpus", 3, 5)
    assert record["parameters"] == {"years": [2022]}
    assert record["files"]["csv"] == hashlib.sha256(text).hexdigest()
    assert record["packages"]["matplotlib"] == __import__("matplotlib").__version__
    whole = tables.write("reports", reports, tmp_path).read_bytes()
    assert record["inputs"] == {"reports": hashlib.sha256(whole).hexdigest()}
    assert str(tmp_path) not in json.dumps(record)


def test_columns_that_were_joined_to_a_table_do_not_change_its_hash(make):
    reports = make.reports(3)
    indicators = make.indicators(reports)
    joined = indicators.merge(reports[["report_id", "place", "level"]], on="report_id").sample(frac=1, random_state=1)
    assert drawing.hashes(indicators=joined) == drawing.hashes(indicators=indicators)


SCRIPT = """
import sys
sys.path[:0] = [{root!r}, {tests!r}]
from pathlib import Path
from conftest import derived, indicators, reports
from analysis import figures
of = reports(5)
figures.save(figures.fig04_core(indicators(of), derived(of), of, "zh"), "b", folder=Path({folder!r}))
"""


def test_a_second_process_writes_the_same_bytes(make, tmp_path):
    of = make.reports(5)
    drawn = figures.fig04_core(make.indicators(of), make.derived(of), of, "zh")
    figures.save(drawn, "a", folder=tmp_path)
    tests = str(paths.ROOT / "tests" / "present")
    script = SCRIPT.format(root=str(paths.ROOT), tests=tests, folder=str(tmp_path))
    subprocess.run([sys.executable, "-c", script], check=True, env={"PYTHONHASHSEED": "7", "PATH": ""}, timeout=120)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes(), path.name


def test_names_and_languages_are_checked(make, tmp_path):
    with pytest.raises(FigureError, match=r"no language 'de'"):
        figures.fig01_corpus(make.reports(2), "de")
    drawn = figures.fig01_corpus(make.reports(2), "zh")
    with pytest.raises(FigureError, match=r"name 'a/b': the name of a figure, table, page or notebook holds"):
        figures.save(drawn, folder=tmp_path, name="a/b")
    with pytest.raises(FigureError, match=r"out '\.\.': the out of a figure"):
        figures.save(drawn, "..", folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_area_without_label_is_named(make, monkeypatch, tmp_path):
    for name in ("labels", "indicators", "ratios", "units"):
        text = (paths.CODEBOOK / f"{name}.csv").read_text(encoding="utf-8-sig")
        lines = [line for line in text.splitlines(keepends=True) if not line.startswith("area.A6,")]
        (tmp_path / f"{name}.csv").write_text("".join(lines), encoding="utf-8")
    reports = make.reports(3)
    indicators = make.indicators(reports)
    monkeypatch.setattr(paths, "CODEBOOK", tmp_path)
    with pytest.raises(CodebookError, match=r"no key 'area.A6'"):
        figures.fig03_disclosure(indicators, reports, "zh")


# rows of many values


def test_more_than_300_values_have_a_band_and_the_20_at_each_end():
    figure, (few, many) = plt.subplots(1, 2)
    values = np.arange(301.0)
    assert corpus.box(few, 0, values[:300]) == {"median": 149.5, "q1": 74.75, "q3": 224.25}
    assert corpus.box(many, 0, values) == {"median": 150.0, "q1": 75.0, "q3": 225.0}
    plt.close(figure)
    assert few.lines[0].get_xdata().tolist() == values[:300].tolist(), "a dot each and no band"
    band, dots = (line.get_xdata() for line in many.lines[:2])
    np.testing.assert_allclose(band, [15, 285])
    assert list(dots) == [*range(20), *range(281, 301)]


@pytest.mark.slow
@pytest.mark.parametrize(("n", "banded"), [(300, False), (900, True)])
def test_a_band_is_said_in_the_captions_of_figures_1_2_and_4(make, n, banded):
    reports = make.reports(n).assign(level="county", days_to_deadline=np.arange(n) % 90 - 60)
    drawn = {
        "fig01": figures.fig01_corpus(reports, "en"),
        "fig02": figures.fig02_attention(make.attention(reports), reports, "en"),
        "fig04": figures.fig04_core(make.indicators(reports), make.derived(reports), reports, "en"),
    }
    for name, one in drawn.items():
        assert ("Rows with more than 300 values: the pale band" in one.caption) == banded, name
        assert make.fits_a_page(one.figure), name


def test_spread_is_the_same_each_time_and_within_its_height():
    assert np.array_equal(theme.spread(50), theme.spread(50))
    assert np.abs(theme.spread(500, 0.4)).max() <= 0.2
