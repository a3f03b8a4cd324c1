import pytest

from analysis import paths, tables
from analysis.errors import CodebookError
from analysis.extract import corrections
from analysis.extract.build import build

HEADER = ",".join(corrections.COLUMNS) + "\n"
TEXT = (
    "某县2022年法治政府建设情况。\n一、主要成效\n全年受理行政复议案件12件,办结10件。\n二、存在的问题\n法治人才匮乏。\n"
)


@pytest.fixture
def run(tmp_path):
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "a.txt").write_text(TEXT, encoding="utf-8")

    def one(rows):
        path = tmp_path / "corrections.csv"
        path.write_text(HEADER + rows, encoding="utf-8-sig")
        build(tmp_path / "reports", tmp_path / "out", corrections=path)
        frame = tables.read("indicators", tmp_path / "out")
        return {row.indicator: (row.value, row.basis) for row in frame.itertuples()}

    return one


START = TEXT.index("12件")


def test_set_drop_and_add(run):
    accepted, closed = "admin_reconsideration_accepted", "admin_reconsideration_closed"
    assert run("") == {accepted: (12, "stated"), closed: (10, "stated")}
    assert run(f"a,{accepted},,set,12,21,,,,typing fault in the source\n")[accepted] == (21, "corrected")
    assert closed not in run(f"a,{closed},own,drop,10,,,,,counted twice\n")
    added = run(f"a,admin_reconsideration_received,,add,,12,件,{START},{START + 3},said in the annex\n")
    assert added["admin_reconsideration_received"] == (12, "corrected")


def test_a_correction_survives_every_rerun(run):
    row = "a,admin_reconsideration_accepted,,set,12,21,,,,typing fault\n"
    assert run(row) == run(row)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            "a,admin_reconsideration_accepted,,set,11,21,,,,r\n",
            r"line 2: a, admin_reconsideration_accepted: set matches 0 rows with value 11, expected 1; the table has 12 \(own\)",
        ),
        (
            "a,admin_reconsideration_acepted,,set,12,21,,,,r\n",
            "no indicator 'admin_reconsideration_acepted'. Closest: 'admin_reconsideration_accepted'",
        ),
        ("a,admin_reconsideration_accepted,,replace,12,21,,,,r\n", "action 'replace' is not one of set, drop, add"),
        ("a,admin_reconsideration_accepted,all,set,12,21,,,,r\n", "scope 'all' is not one of own"),
        ("a,admin_reconsideration_accepted,,set,12,,,,,r\n", "set needs new_value"),
        ("a,admin_reconsideration_accepted,,set,12,21,,,,\n", "set needs reason"),
        ("a,admin_reconsideration_accepted,,set,twelve,21,,,,r\n", "old_value 'twelve' is not a number"),
        ("a,mediation_cases,,add,,5,件,5000,5001,r\n", "are no stretch of a text of"),
        (f"a,admin_reconsideration_accepted,,add,,12,件,{START},{START + 3},r\n", "the table has this row already"),
        ("b,admin_reconsideration_accepted,,set,12,21,,,,r\n", "no report 'b' in this build"),
    ],
)
def test_a_correction_that_does_not_fit_stops_the_build(run, row, message):
    with pytest.raises(CodebookError, match=message):
        run(row)


def test_the_committed_corrections_are_sound(readers):
    corrections.read(paths.CORRECTIONS, readers.codebook)
