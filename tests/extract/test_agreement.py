import pytest

from analysis import paths
from analysis.errors import CodebookError
from analysis.extract.agreement import agreement


def write(folder, codes):
    folder.mkdir()
    rows = "".join(f"r,{start},problems,{code}\n" for start, code in codes)
    (folder / "items.csv").write_text("report_id,start,role,problem_type\n" + rows, encoding="utf-8-sig")
    return folder


def test_alpha_of_a_published_example(tmp_path):
    """Two coders, ten binary units: alpha = 0.095 (Krippendorff 2011, Computing Krippendorff's Alpha-Reliability, part A)."""
    first, second = "0100000010", "1110010000"
    folders = [write(tmp_path / name, enumerate(codes)) for name, codes in (("a", first), ("b", second))]
    found = agreement(folders).set_index("variable")
    assert found.loc["problem_type", "alpha"] == pytest.approx(0.095, abs=5e-4)
    assert found.loc["problem_type", "units"] == 10
    assert found.loc["problem_type", "found"] == 1


def test_a_coder_agrees_with_itself():
    found = agreement([paths.GOLD, paths.GOLD])
    assert found["alpha"].dropna().eq(1).all()
    assert set(found["table"]) == {"quantities", "sections", "items", "indicators", "metadata", "responses"}


def test_units_of_one_coder_take_no_part(tmp_path):
    folders = [
        write(tmp_path / "a", [(1, "funding"), (2, "other"), (3, "other")]),
        write(tmp_path / "b", [(1, "funding;other"), (2, "other")]),
    ]
    row = agreement(folders).set_index("variable").loc["problem_type"]
    assert (row["units"], row["alpha"]) == (2, 1)
    assert row["found"] == pytest.approx(2 / 3)


def test_misuse(tmp_path):
    with pytest.raises(CodebookError, match="expected two folders or more with a table in common"):
        agreement([paths.GOLD])
    with pytest.raises(CodebookError, match="no column start, role"):
        (tmp_path / "a").mkdir()
        (tmp_path / "a" / "items.csv").write_text("report_id\n")
        agreement([tmp_path / "a", paths.GOLD])
