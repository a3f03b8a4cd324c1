from analysis import load, tables


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
