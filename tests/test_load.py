import re

import pytest

from analysis import load, parts, tables
from analysis.errors import DataError, ParameterError
from analysis.extract.build import build
from analysis.extract.simulate import simulate


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


def test_parquet_gives_the_same_rows_and_reads_only_the_chosen(built, tmp_path, monkeypatch):
    for name in tables.SCHEMAS:
        tables.write(name, tables.read(name, built), tmp_path, "parquet")
    asked = []
    read = tables.read
    monkeypatch.setattr(
        tables, "read", lambda name, folder, reports=None: asked.append(reports) or read(name, folder, reports)
    )
    chosen = {"years": [2022], "levels": ["county"]}
    assert load.quantities(tmp_path, **chosen).equals(load.quantities(built, **chosen))
    assert [reports and len(reports) for reports in asked] == [None, 2, None, 2]
    assert load.quantities(tmp_path).equals(load.quantities(built)) and asked[-1] is None


def test_places_are_names_or_codes_and_hold_what_is_below_them(built):
    of = {name: set(load.reports(built, places=[name])["place"]) for name in ("云南省", "530000", "532328", "元谋县")}
    assert of["云南省"] == of["530000"] == {"元谋县", "经济技术开发区"}
    assert of["532328"] == of["元谋县"] == {"元谋县"}
    both = load.items(built, places=["元谋县", "宜昌市"], role="problems")
    assert set(both["place"]) == {"元谋县", "宜昌市"}
    assert set(load.texts(built, places=["420000"])["report_id"]) == set(
        load.reports(built, provinces=["湖北省"])["report_id"]
    )
    with pytest.raises(ParameterError, match=r"no report of a place '元某县' here\. Closest: '元谋县'"):
        load.reports(built, places=["元某县"])


def test_parts_without_a_chosen_report_are_not_read(tmp_path, monkeypatch):
    """Of 60 reports in about 15 parts those of one year: bytes of the files that were opened, of all bytes."""
    import pyarrow.parquet as pq

    monkeypatch.setattr(parts, "SIZE", 4)
    simulate(60, 6, tmp_path)
    for year in (2021, 2022):
        (tmp_path / "in" / str(year)).mkdir(parents=True)
    for number, file in enumerate(sorted((tmp_path / "reports").rglob("*.txt"))):
        text = re.sub("20[12][0-9]年", f"{2021 + number % 2}年", file.read_text("utf-8"))
        (tmp_path / "in" / str(2021 + number % 2) / file.name).write_text(text, "utf-8")
    ledger = tmp_path / "ledger.csv"
    rows = [
        f"{year}/{file.name},,,,{year},,,\n"
        for year in (2021, 2022)
        for file in (tmp_path / "in" / str(year)).iterdir()
    ]
    ledger.write_text(
        "file,report_id,place_code,level,report_year,published_on,source_url,note\n" + "".join(rows), "utf-8"
    )
    build(tmp_path / "in", tmp_path / "out", ledger, fmt="parquet")
    opened = []
    read = pq.read_table
    monkeypatch.setattr(pq, "read_table", lambda file, **given: opened.append(file) or read(file, **given))
    whole = load.quantities(tmp_path / "out")
    every = sum(file.stat().st_size for file in opened if file.parent.name == "quantities")
    opened.clear()
    chosen = load.quantities(tmp_path / "out", years=[2021])
    assert chosen.equals(whole.loc[whole["report_year"] == 2021].reset_index(drop=True))
    assert 0 < sum(file.stat().st_size for file in opened if file.parent.name == "quantities") < 0.7 * every


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


def covariates(tmp_path, text):
    file = tmp_path / "covariates.csv"
    file.write_text(text, "utf-8-sig")
    return load.covariates(file)


def test_covariates_are_optional_and_typed(tmp_path):
    assert list(load.covariates().columns[:3]) == ["place_code", "year", "population"]
    made = covariates(tmp_path, "place_code,year,population,gdp,own\n532328,2022,215000,,3.5\n110101,2021,1,2,\n")
    assert made["place_code"].tolist() == ["110101", "532328"]
    assert made["year"].tolist() == [2021, 2022]
    assert made["population"].tolist() == [1, 215000]


def test_covariates_say_every_fault_at_once(tmp_path):
    with pytest.raises(DataError) as caught:
        covariates(tmp_path, "place_code,year,population\n32328,2022,5\n532328,2022,many\n532328,2021,-3\n")
    assert caught.value.failures == [
        "covariates.csv line 2: place_code '32328', expected six digits. Format the column as text.",
        "covariates.csv line 3: population 'many', expected a number above 0 or nothing.",
        "covariates.csv line 4: population '-3', expected a number above 0 or nothing.",
    ]
    with pytest.raises(DataError, match=r"no column year\. It has: place_code"):
        covariates(tmp_path, "place_code,population\n532328,3\n")
    with pytest.raises(DataError, match=r"532328 2022 stands twice"):
        covariates(tmp_path, "place_code,year\n532328,2022\n532328,2022\n")
