import pytest

from analysis import desk, load, paths
from analysis.errors import CodebookError, DocumentError, ParameterError


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """A desk of one short report, in a folder of its own."""
    monkeypatch.setattr(paths, "FIGURES", tmp_path / "figures")
    reports = tmp_path / "reports"
    reports.mkdir()
    text = "一、主要工作\n(一)推进普法。全年开展法治宣传活动12场次,悬挂横幅30条,受理行政复议案件7件。\n"
    (reports / "a.txt").write_text(text, encoding="utf-8")
    return desk.open("mine", reports)


def stated(mine):
    return load.indicators(mine.tables).set_index("indicator")["value"].to_dict()


def test_from_files_to_a_correction_and_a_wording_without_touching_data(mine):
    before = (paths.CODEBOOK / "wordings.csv").read_bytes()
    assert mine.files()["file"].tolist() == ["a.txt"]
    ledger = mine.draft()
    ledger["report_year"] = "2022"
    mine.enter(ledger)
    assert len(mine.draft()) == 0, "every file has its row"
    mine.build()
    assert load.reports(mine.tables)["report_year"].tolist() == [2022]
    assert stated(mine) == {"law_publicity_events": 12, "admin_reconsideration_accepted": 7}
    first = load.indicators(mine.tables)
    mine.correct(first[first["indicator"] == "admin_reconsideration_accepted"], 8, "said elsewhere")
    mine.wording("publicity_materials", "悬挂横幅N条")
    mine.build()
    second = load.indicators(mine.tables)
    assert stated(mine)["admin_reconsideration_accepted"] == 8
    changed = desk.changes(first, second).set_index("indicator")
    assert changed[["before", "after"]].fillna(-1).to_numpy().tolist() == [[7, 8], [-1, 30]]
    mine.correct(second[second["indicator"] == "law_publicity_events"], None, "of another year")
    mine.build()
    assert "law_publicity_events" not in stated(mine)
    assert (paths.CODEBOOK / "wordings.csv").read_bytes() == before
    again = desk.open("mine")
    assert again.files()["file"].tolist() == ["a.txt"], "what is there is kept"
    again = desk.open("mine", fresh=True)
    assert len(again.files()) == 5
    assert not again.corrections.exists()


def test_what_is_faulty_is_refused_and_leaves_the_file_as_it_was(mine):
    mine.build()
    wordings = mine.codebook / "wordings.csv"
    before = wordings.read_bytes()
    with pytest.raises(CodebookError, match=r"no indicator 'publicity_material'\. Closest: 'publicity_materials'"):
        mine.wording("publicity_material", "悬挂横幅N条")
    with pytest.raises(CodebookError, match="has no N, the number"):
        mine.wording("publicity_materials", "悬挂横幅")
    assert wordings.read_bytes() == before
    rows = load.indicators(mine.tables)
    with pytest.raises(ParameterError, match="correct: 2 rows, expected 1"):
        mine.correct(rows, 3, "why")
    with pytest.raises(CodebookError, match="set needs reason"):
        mine.correct(rows.head(1), 3, "")
    assert not mine.corrections.exists()
    ledger = mine.draft()
    ledger["level"] = "city"
    with pytest.raises(CodebookError, match="level is 'city'"):
        mine.enter(ledger)
    assert not mine.ledger.exists()


def test_names_that_are_kept_and_folders_without_a_file(tmp_path):
    with pytest.raises(ParameterError, match="'paper' is kept"):
        desk.open("paper")
    with pytest.raises(DocumentError, match="no file in"):
        desk.open("mine", tmp_path)
