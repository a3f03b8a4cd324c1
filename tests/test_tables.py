import os

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import paths, tables
from analysis.errors import DataError

REVIEW = {"report_id": "r1", "kind": "structure", "start": 1, "end": 3, "text": "一、", "message": "m"}


@pytest.mark.parametrize("fmt", ["csv", "parquet"])
def test_a_table_survives_the_disk(tmp_path, fmt):
    made = tables.frame("review", [REVIEW, REVIEW | {"report_id": "r0", "start": None, "end": None, "text": ""}])
    assert list(made["report_id"]) == ["r0", "r1"]
    tables.write("review", made, tmp_path, fmt)
    pd.testing.assert_frame_equal(tables.read("review", tmp_path), made)


def test_csv_opens_in_excel_and_has_one_line_end(tmp_path):
    path = tables.write("review", tables.frame("review", [REVIEW]), tmp_path)
    content = path.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert b"\r" not in content


def test_every_type_survives_the_disk(tmp_path):
    row = dict.fromkeys(tables.SCHEMAS["reports"][1]) | {
        "report_id": "a", "file": "a.txt", "sha256": "0", "place_code": "010000", "framework": "own", "stale_formula": True,
        "states_causes": False, "published_on": pd.Timestamp("2023-02-24"), "report_year": 2022, "days_to_deadline": -3,
    }  # fmt: skip
    row |= dict.fromkeys(("chars", "chars_work", "chars_problems", "chars_duty", "chars_plan"), 1)
    row |= dict.fromkeys(("n_problems", "n_plans", "n_quantities"), 0)
    made = tables.frame("reports", [row])
    tables.write("reports", made, tmp_path)
    read = tables.read("reports", tmp_path)
    pd.testing.assert_frame_equal(read, made)
    assert read["place_code"][0] == "010000"
    assert read["published_on"][0] == pd.Timestamp("2023-02-24")


@given(st.floats(0, 1e15, allow_nan=False))
def test_numbers_keep_ten_digits(value):
    written = float(f"{value:.10g}")
    assert written == pytest.approx(value, rel=1e-9)


def test_two_rows_with_one_key_are_refused():
    with pytest.raises(DataError, match="table review"):
        tables.frame("review", [REVIEW, REVIEW])


def test_unknown_columns_and_values_are_named():
    with pytest.raises(DataError, match=r"unknown columns \['kinds'\]"):
        tables.frame("review", [{"kinds": 1}])
    with pytest.raises(DataError, match=r"column kind.*'structur'"):
        tables.frame("review", [REVIEW | {"kind": "structur"}])


@pytest.mark.parametrize(("column", "value"), [("text", 7), ("start", 1.5), ("message", "\ud800")])
def test_a_value_of_another_type_names_its_column(column, value):
    row = {"report_id": "a", "kind": "identity", "message": "m", column: value}
    with pytest.raises(DataError, match=f"table review, column {column}: "):
        tables.frame("review", [row])


def test_a_missing_table_says_how_to_make_it(tmp_path):
    with pytest.raises(DataError, match="python -m analysis build"):
        tables.read("items", tmp_path)


def test_a_changed_header_is_refused(tmp_path):
    (tmp_path / "review.csv").write_text("report_id,kind\n", encoding="utf-8-sig")
    with pytest.raises(DataError, match=r"expected \['report_id', 'kind', 'start'"):
        tables.read("review", tmp_path)


def test_a_failed_write_keeps_the_old_file(tmp_path, monkeypatch):
    target = tmp_path / "a.csv"
    tables.write_bytes(target, b"old")
    monkeypatch.setattr(os, "fdopen", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        tables.write_bytes(target, b"new")
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]


@pytest.mark.parametrize("table", tables.SCHEMAS)
def test_committed_tables_fit_their_schema(table):
    assert len(tables.read(table, paths.TABLES)) > 0
