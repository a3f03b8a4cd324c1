import shutil

import pandas as pd
import pytest

from analysis import paths, tables
from analysis.errors import CodebookError, DocumentError
from analysis.extract import ledger as ledgers
from analysis.extract.build import build

REPORT = """某县2022年度法治政府建设情况报告
2022年,某县认真贯彻落实各项部署要求,扎实推进法治政府建设,现将有关情况报告如下。
一、主要举措和成效
(一)严格规范公正文明执法。全年受理行政复议案件12件,办结10件。
二、存在的问题
(一)法治人才匮乏。
三、下一步工作安排
(一)加强队伍建设。力争培训执法人员100名。
"""


@pytest.fixture
def folder(tmp_path):
    reports = tmp_path / "reports"
    reports.mkdir()
    (reports / "good.txt").write_text(REPORT, encoding="utf-8")
    return reports


def made(folder, **given):
    out = folder.parent / "tables"
    built = build(folder, out, **given)
    return built, {name: tables.read(name, out) for name in tables.SCHEMAS}


SPANS = ("sections", "items", "quantities", "indicators", "review")


def test_every_span_is_true_to_its_text(built):
    texts = {path.stem: path.read_bytes().decode() for path in (built / "text").glob("*.txt")}
    for name in SPANS:
        for row in tables.read(name, built).dropna(subset=["start", "end"]).to_dict("records"):
            piece = texts[row["report_id"]][row["start"] : row["end"]]
            assert piece, (name, row)
            assert piece == piece.strip(), (name, row)
            if name in ("items", "quantities"):
                assert piece == row["text"]
            if name == "sections" and isinstance(row["number"], str):
                assert piece.startswith(row["number"])
                assert row["heading"] in piece
            if name == "indicators":
                assert piece in row["evidence"]
                assert row["evidence"] in texts[row["report_id"]]


def test_stored_text_is_the_file_as_decoded(built):
    for path in paths.REPORTS.glob("*.txt"):
        assert (built / "text" / path.name).read_bytes() == path.read_bytes()


def test_tables_refer_to_each_other(built):
    sections, quantities = tables.read("sections", built), tables.read("quantities", built)
    known = set(zip(sections["report_id"], sections["section_id"], strict=True))
    assert set(zip(quantities["report_id"], quantities["section_id"], strict=True)) <= known
    parents = sections.dropna(subset=["parent_id"])
    assert set(zip(parents["report_id"], parents["parent_id"], strict=True)) <= known
    indicators = tables.read("indicators", built).dropna(subset=["quantity_id"])
    joined = indicators.merge(quantities, on=["report_id", "quantity_id"], suffixes=("", "_q"), validate="many_to_one")
    assert len(joined) == len(indicators)
    assert (joined["value"] == joined["value_q"]).all()
    assert (joined["role"] == "fact").all()


def test_committed_tables_equal_rebuilt_ones(built):
    for name in tables.SCHEMAS:
        assert (built / f"{name}.csv").read_bytes() == (paths.TABLES / f"{name}.csv").read_bytes(), name


def test_two_processes_give_the_same_bytes(built, tmp_path):
    build(paths.REPORTS, tmp_path, jobs=2)
    for name in tables.SCHEMAS:
        assert (built / f"{name}.csv").read_bytes() == (tmp_path / f"{name}.csv").read_bytes(), name


def test_a_whole_small_report(folder):
    _, tables_ = made(folder)
    report = tables_["reports"].iloc[0]
    assert (report["report_year"], report["n_problems"], report["n_plans"], report["n_quantities"]) == (2022, 1, 1, 3)
    assert dict(zip(tables_["quantities"]["text"], tables_["quantities"]["role"], strict=True)) == {
        "12件": "fact", "10件": "fact", "100名": "target",
    }  # fmt: skip
    values = dict(zip(tables_["indicators"]["indicator"], tables_["indicators"]["value"], strict=True))
    assert values == {"admin_reconsideration_accepted": 12, "admin_reconsideration_closed": 10}


BROKEN = {
    "empty.txt": (b"", "the file is empty"),
    "binary.txt": (b"\x00\x01\x02\xff\xfe\x00", "not a text file"),
    "english.txt": (b"no Chinese here", "no Chinese character"),
    "report.wps": (REPORT.encode(), "cannot read '.wps' files"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_that_is_no_report_is_named_and_the_rest_still_runs(folder, name):
    content, message = BROKEN[name]
    (folder / name).write_bytes(content)
    built, read = made(folder)
    assert list(read["reports"]["report_id"]) == ["good"]
    assert len(built.failures) == 1
    assert f"{name}: {message}" in built.failures[0]
    row = read["review"].set_index("text").loc[name]
    assert message in row["message"]


def test_gbk_gives_the_same_rows_as_utf8(folder):
    (folder / "gbk.txt").write_bytes(REPORT.encode("gbk"))
    _, read = made(folder)
    for name in ("sections", "items", "quantities", "indicators"):
        one, other = (
            read[name][read[name]["report_id"] == which].drop(columns="report_id") for which in ("good", "gbk")
        )
        pd.testing.assert_frame_equal(one.reset_index(drop=True), other.reset_index(drop=True))


def test_a_file_without_headings_is_kept_and_reviewed(folder):
    (folder / "plain.txt").write_text("某区高度重视法治政府建设工作,全年培训执法人员30名,成效明显。", encoding="utf-8")
    _, read = made(folder)
    assert "plain" in set(read["reports"]["report_id"])
    rows = read["review"][read["review"]["report_id"] == "plain"]
    assert "no numbered heading found" in set(rows["message"])
    assert list(read["quantities"].query("report_id == 'plain'")["text"]) == ["30名"]


def test_two_files_of_the_same_content_count_once(folder):
    shutil.copy(folder / "good.txt", folder / "copy.txt")
    built, read = made(folder)
    assert list(read["reports"]["file"]) == ["copy.txt"]
    assert built.failures == [
        "good.txt: left out, the same content as copy.txt. Remove one of the two, or name them apart in the ledger."
    ]
    assert set(read["review"].query("text == 'good.txt'")["report_id"]) == {"good"}


def test_two_files_with_one_name_in_the_tables(folder):
    (folder / "good.v.txt").write_text(REPORT + "完。", encoding="utf-8")
    (folder / "good_v.txt").write_text(REPORT + "完了。", encoding="utf-8")
    built, _ = made(folder)
    assert "another file has report_id good_v too" in built.failures[0]


def test_a_folder_without_any_report_stops(tmp_path):
    (tmp_path / "reports").mkdir()
    with pytest.raises(DocumentError, match="no file in"):
        build(tmp_path / "reports", tmp_path / "out")
    (tmp_path / "reports" / "a.txt").write_bytes(b"")
    with pytest.raises(DocumentError, match=r"a\.txt: the file is empty"):
        build(tmp_path / "reports", tmp_path / "out")


def test_texts_and_formats_of_an_earlier_build_do_not_linger(folder):
    (folder / "other.txt").write_text(REPORT.replace("12件", "13件"), encoding="utf-8")
    made(folder)
    (folder / "other.txt").unlink()
    out = folder.parent / "tables"
    build(folder, out, fmt="parquet")
    assert [path.name for path in (out / "text").iterdir()] == ["good.txt"]
    assert not list(out.glob("*.csv"))
    assert len(tables.read("reports", out)) == 1


HEADER = "file,report_id,place_code,level,report_year,published_on,source_url,note\n"


def ledger(folder, rows):
    path = folder.parent / "reports.csv"
    path.write_text(HEADER + rows, encoding="utf-8-sig")
    return path


def test_the_ledger_overrides_and_names(folder):
    path = ledger(folder, "good.txt,yuanmou_2021,532328,county,2021,2022-02-01,,checked\n")
    _, read = made(folder, ledger=path)
    report = read["reports"].iloc[0]
    assert (report["report_id"], report["place"], report["report_year"]) == ("yuanmou_2021", "元谋县", 2021)
    assert report["published_on"] == pd.Timestamp("2022-02-01")
    assert report["days_to_deadline"] == 59
    assert (folder.parent / "tables" / "text" / "yuanmou_2021.txt").exists()


def test_a_ledger_row_without_file_is_named_and_the_rest_still_runs(folder):
    built, read = made(folder, ledger=ledger(folder, "gone.txt,,,,,,,\n"))
    assert built.failures == [
        "gone.txt: in the ledger, but no such file below reports. Add the file or remove the row."
    ]
    assert len(read["reports"]) == 1
    assert "gone.txt" in set(read["review"]["text"])


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("a.txt,,,,,,,\na.txt,,,,,,,\n", "reports.csv line 3: file 'a.txt' stands twice"),
        ("../a.txt,,,,,,,\n", "must be a path below the reports folder"),
        ("/a.txt,,,,,,,\n", "must be a path below the reports folder"),
        ("a.txt,,53232,,,,,\n", "place_code is '53232', expected six digits"),
        ("a.txt,,,village,,,,\n", "level is 'village', expected one of province, prefecture"),
        ("a.txt,,,,21,,,\n", "report_year is '21', expected a year of four digits"),
        ("a.txt,,,,,1 March,,\n", "published_on is '1 March', expected a day such as 2023-03-01"),
        ("a.txt,x/y,,,,,,\n", "report_id 'x/y' may hold letters, digits and _ only"),
    ],
)
def test_ledger_faults(folder, rows, message):
    with pytest.raises(CodebookError, match=message):
        ledgers.read(ledger(folder, rows))


def test_days_as_excel_writes_them_are_read(folder):
    assert ledgers.read(ledger(folder, "a.txt,,,,,2022/4/2,,\n"))["a.txt"]["published_on"] == "2022-04-02"


def test_parts_of_one_indicator_go_to_review(folder):
    text = REPORT.replace("全年受理", "全县31个社区建成公共法律服务站。全县60个行政村聘请法律顾问。全年受理")
    (folder / "good.txt").write_text(text, encoding="utf-8")
    _, read = made(folder)
    rows = read["review"].query("kind == 'ambiguous'")
    assert rows["message"].tolist() == ["villages_communities (area) has 2 values: 31, 60"]


def test_a_ledger_without_its_columns(folder):
    path = folder.parent / "reports.csv"
    path.write_text("file,id\n", encoding="utf-8")
    with pytest.raises(CodebookError, match="no column report_id, place_code"):
        ledgers.read(path)


def test_both_formats_hold_the_same_tables(built, tmp_path):
    build(paths.REPORTS, tmp_path, fmt="parquet")
    for name in tables.SCHEMAS:
        assert tables.csv_bytes(tables.read(name, tmp_path)) == (built / f"{name}.csv").read_bytes(), name
    assert not list(tmp_path.glob("*.csv"))
