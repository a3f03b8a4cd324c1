import pytest

from analysis import load, tables
from analysis.errors import DataError


def test_items_come_with_what_is_known_of_their_report(built):
    items = load.items(built, role="problems")
    assert len(items) == 16
    assert set(load.ABOUT) <= set(items.columns)
    assert set(items["level"]) == {"county", "prefecture", "development_zone"}


def test_filters_keep_whole_reports(built):
    assert set(load.reports(built, years=[2022])["report_year"]) == {2022}
    assert set(load.quantities(built, levels=["prefecture"])["place"]) == {"宜昌市"}
    assert set(load.indicators(built, provinces=["云南省"])["place"]) == {"元谋县", "经济技术开发区"}
    assert len(load.items(built, years=[2022], levels=["county"])["report_id"].unique()) == 2


def test_loading_changes_no_row(built):
    for name in ("sections", "items", "quantities", "indicators"):
        columns = list(tables.SCHEMAS[name][1])
        assert getattr(load, name)(built)[columns].equals(tables.read(name, built))


def test_the_codebook_as_a_frame():
    codebook = load.codebook()
    assert len(codebook) == 276
    assert set(codebook["tier"]) == {1, 2, 3}


def test_texts_are_whole_with_their_bodies(built):
    texts = load.texts(built, years=[2022])
    assert texts["report_id"].tolist() == load.reports(built, years=[2022])["report_id"].tolist()
    sections = load.sections(built, years=[2022])
    for row in texts.to_dict("records"):
        own = sections.loc[sections["report_id"] == row["report_id"]]
        assert (row["start"], row["end"]) == (own["start"].min(), own["end"].max())
        assert 0 <= row["start"] < row["end"] <= len(row["text"])


def test_a_text_that_is_not_there_is_named(built, tmp_path):
    for name in ("reports", "sections"):
        tables.write(name, tables.read(name, built), tmp_path)
    with pytest.raises(DataError, match=r"no text .*000_643f93f47b3e32dd.txt. Make it with: python -m analysis build"):
        load.texts(tmp_path)
