import csv
import re
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import codebook, paths
from analysis.errors import CodebookError
from analysis.extract import build


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(paths.CODEBOOK, tmp_path / "codebook")


def change(folder, name, alter):
    """Rewrite one file of the codebook with `alter(rows)`, as a person with Excel would."""
    path = folder / f"{name}.csv"
    with path.open(encoding="utf-8-sig", newline="") as handle:
        rows = list(csv.reader(handle))
    alter(rows)
    with path.open("w", encoding="utf-8-sig", newline="") as handle:
        csv.writer(handle).writerows(rows)


@pytest.mark.parametrize("name", codebook.COLUMNS)
def test_each_file_opens_in_excel_and_has_its_columns(name):
    path = paths.CODEBOOK / f"{name}.csv"
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert codebook.read_csv(path, codebook.COLUMNS[name].split())


def test_a_file_saved_by_excel_on_windows_loads(folder):
    path = folder / "wordings.csv"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert (
        codebook.load(folder).files["wordings"][0]["indicator"]
        == build.readers(paths.CODEBOOK).codebook.files["wordings"][0]["indicator"]
    )


def test_276_indicators_and_every_core_one_has_a_wording(readers):
    book = readers.codebook
    assert len(book.indicators) == 276
    worded = {row["indicator"] for row in book.files["wordings"]}
    assert {code for code, row in book.indicators.items() if row["tier"] == "1"} <= worded


def test_every_wording_compiles_and_none_stands_twice(readers):
    rows = [(row["indicator"], row["wording"]) for row in readers.codebook.files["wordings"]]
    assert len(rows) == len(set(rows))
    readers.indicators.read(
        "某县受理行政复议案件12件。", (0, 13), [], readers.quantities.read("某县受理行政复议案件12件。")
    )


def test_units_that_must_never_be_merged(readers):
    same = readers.codebook.same_unit
    for left, right in (("人", "人次"), ("件", "件次"), ("户", "户次"), ("条", "项"), ("%", "个百分点")):
        assert not same(left, right), (left, right)
    assert same("件", "宗")
    assert same("件", "起")
    assert same("人", "名")


FAULTS = {
    "an unknown code, with the closest": (
        "wordings", lambda rows: rows.append(["admin_reconsideration_acepted", "受理N件", "", "", "", ""]),
        r"wordings\.csv line \d+: no indicator 'admin_reconsideration_acepted'\. Closest: 'admin_reconsideration_accepted'\.",
    ),
    "a wording without number": (
        "wordings", lambda rows: rows.append(["mediation_cases", "调解案件", "", "", "", ""]), "'调解案件' has no N, the number",
    ),
    "an unknown basis": (
        "wordings", lambda rows: rows.append(["mediation_cases", "调解N件", "guess", "", "", ""]), "basis 'guess' is not one of",
    ),
    "a doubled code": (
        "indicators", lambda rows: rows.append(rows[1]), "code 'gov_service_items' stands twice",
    ),
    "an unknown unit": (
        "indicators", lambda rows: rows[1].__setitem__(rows[0].index("unit"), "頃"), "unit '頃' is not in units.csv",
    ),
    "an unknown area": ("areas", lambda rows: rows[1].__setitem__(0, "A0"), "area 'A0' is not one of A1, A2"),
    "a ratio of nothing": (
        "ratios", lambda rows: rows.append(["x", "mediation_succes", "mediation_cases", "", "%"]), "Closest: 'mediation_success'",
    ),
    "a lost column": ("units", lambda rows: rows[0].__setitem__(1, "canon"), "no column canonical"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_name_file_line_and_cure(folder, fault):
    name, alter, message = FAULTS[fault]
    change(folder, name, alter)
    with pytest.raises(CodebookError, match=message):
        codebook.load(folder)


def test_all_faults_are_collected_and_ten_shown(folder):
    change(folder, "wordings", lambda rows: rows.extend([f"wrong_{n}", "受理N件", "", "", "", ""] for n in range(15)))
    with pytest.raises(CodebookError, match="and 5 more") as caught:
        codebook.load(folder)
    assert len(caught.value.failures) == 15


def test_a_missing_or_wrongly_encoded_file(folder):
    (folder / "units.csv").write_bytes("单位".encode("gbk"))
    with pytest.raises(CodebookError, match=r"not UTF-8. In Excel save it as"):
        codebook.load(folder)
    (folder / "units.csv").unlink()
    with pytest.raises(CodebookError, match=r"no file .*units.csv"):
        codebook.load(folder)


@given(st.sets(st.text("甲乙.(", min_size=1, max_size=4), min_size=1), st.text("甲乙.( ", max_size=6))
def test_one_of_some_words_is_the_longest_that_fits(words, text):
    match = re.match(codebook.one_of(words), text)
    assert (match[0] if match else "") == max(filter(text.startswith, words), key=len, default="")
    spaced = re.match(codebook.one_of(words, between=r"\s?"), text)
    assert bool(spaced) >= bool(match)


def test_one_of_no_words_says_nothing():
    assert codebook.one_of([]) == ""
    assert re.fullmatch(codebook.one_of(["万元", "万"], between=r"\s?"), "万 元")
