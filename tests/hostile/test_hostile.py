"""Hostile files beside whole ones: each ends in the tables, in review or in a clear error, and the others do not change.

All cases, the large ones too: `PYTHONPATH=. python -m tests.hostile`.
"""

import errno
import json
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis import parts, paths, tables, workers
from analysis.errors import CodebookError, DocumentError, FolderError
from analysis.extract import build, documents, incremental, part, report
from analysis.extract.documents import Document, furniture
from tests.hostile import files


def run(*words: str) -> list[dict]:
    environment = os.environ | {"PYTHONPATH": str(paths.ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=paths.ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.stdout, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.mark.slow
def test_every_small_case_ends_in_a_table_a_row_of_review_or_a_clear_error():
    found = run("tests.hostile", "--fast", "--json")
    assert [(one["attack"], one["name"], one["wrong"]) for one in found if one["wrong"]] == []
    assert sum(one["table"] + one["review"] + one["error"] for one in found) == sum(one["cases"] for one in found) > 300
    assert max(one["memory"] for one in found) < 1 << 30


@pytest.mark.slow
def test_no_expression_takes_the_square_of_a_text():
    """All expressions that reading compiles, on texts made to slow them down: CPU time of one and of four."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.hostile.patterns"],
        cwd=paths.ROOT, env=os.environ | {"PYTHONPATH": str(paths.ROOT)}, capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]


# ------------------------------------------------------------------------------------------------ invented texts

NUMBERS = (
    "12件",
    "１２ 件",
    "3.5万余人次",
    "两千余家",
    "99.6%",
    "45和30个工作日",
    "-5件",
    "1,234,567.89万元",
    "〇",
    "²",
    "٣件",
    "10" * 15,
    "二〇二二年",
    "第三",
    "4+2",
    "0件",
)
PIECES = st.one_of(
    st.sampled_from(files.lines()), st.sampled_from(NUMBERS),
    st.sampled_from(("一、", "（一）", "1.", "(1)", "①", "第一章", "一是", "二、存在的问题", "三、下一步工作", "十百、", "99、", "【", "】", "《", "》", "“", "”", "（", "）", "|", "分别为", "其中", "、", "和", "。", "；", "，", "：")),
    st.sampled_from(("受理行政复议案件", "出庭应诉率达", "未发生", "较上年增长", "去年，", "2021年", "到2025年", "市人民政府：", "发布日期：2023-01-01", "北京市", "县司法局")),
    st.sampled_from(("\n", "\r\n", "\r", "\n\n", " ", "\u3000", "\xa0", "\t", "\x0b", "\x0c", "\u2028", "\u202e", "\ufeff", "\u200b", "\x85", "\U00020000", "\U0001f600", "\ue000")),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=40).map("".join)


def check(document: Document, with_: report.Readers) -> None:
    """Read a report and check what holds of every one."""
    text = document.text
    rows, unfit = report.extract(document, with_)
    assert unfit == []
    for name, found in rows.items():
        tables.frame(name, [{"report_id": document.report_id} | row for row in found])
    for name in ("items", "quantities"):
        assert all(text[row["start"] : row["end"]] == row["text"] for row in rows[name])
    for name in ("sections", "indicators", "review"):
        assert all(0 <= row["start"] <= row["end"] <= len(text) for row in rows[name] if row.get("start") is not None)
    sections = {row["section_id"]: row for row in rows["sections"]}
    starts = [row["start"] for row in rows["sections"]]
    assert starts == sorted(starts)
    for row in sections.values():
        above = sections.get(row["parent_id"])
        assert above is None or (
            above["start"] <= row["start"] and row["end"] <= above["end"] and row["depth"] > above["depth"]
        )
    places = [(row["start"], row["end"]) for row in rows["quantities"]]
    assert all(left[1] <= right[0] for left, right in pairwise(places))
    assert all(row["text"] in text or row["basis"] for row in rows["indicators"] if "text" in row)


@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TEXTS)
def test_invented_texts(readers, text):
    check(Document("r", "r.txt", "0" * 64, text, furniture(text, readers.codebook)), readers)


WHOLE = {
    "txt": files.text().encode(), "html": files.page(files.paragraphs(files.lines())), "pdf": files.pdf([files.lines()]),
    "docx": files.word("".join(map(files.paragraph, files.lines()))),
}  # fmt: skip
CHANGES = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 3), st.binary(max_size=6)), max_size=8)


def changed(content: bytes, changes: list[tuple[float, int, bytes]]) -> bytes:
    """Return bytes with some replaced, put in, taken out or repeated."""
    made = bytearray(content)
    for where, how, piece in changes:
        at = int(where * len(made))
        if how == 0:
            made[at : at + len(piece)] = piece
        elif how == 1:
            made[at:at] = piece
        elif how == 2:
            del made[at : at + 50 * len(piece)]
        else:
            made[at:at] = made[at : at + 200] * (1 + len(piece))
    return bytes(made)


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(WHOLE)), CHANGES, st.booleans())
def test_changed_files(readers, tmp_path, kind, changes, inside):
    """Bytes changed anywhere in a file, and inside a Word file's parts."""
    content = changed(WHOLE[kind], changes)
    if kind == "docx" and inside:
        with zipfile.ZipFile(BytesIO(WHOLE[kind])) as archive:
            content = files.archive({name: changed(archive.read(name), changes) for name in archive.namelist()})
    path = tmp_path / f"x.{kind}"
    path.write_bytes(content)
    try:
        document = documents.read(path, tmp_path, readers.codebook)
    except DocumentError as error:
        assert str(error).startswith("x.")
        assert len(str(error)) < 500
    else:
        check(document, readers)


# ------------------------------------------------------------------------------------------------ whole builds


@pytest.fixture(params=["csv", "parquet"])
def fmt(request) -> tables.Format:
    return request.param


def told(out: Path) -> dict[str, str]:
    """Return the messages about files that gave no report, by file."""
    rows = tables.read("review", out)
    return dict(rows.loc[rows["suggestion"].str.startswith("mend or"), ["text", "message"]].to_numpy())


@pytest.fixture
def home(tmp_path) -> Path:
    folder = files.folder(tmp_path)
    for number, name in enumerate("abc"):
        (folder / "reports" / f"{name}.txt").write_text(files.text(2019 + number), "utf-8")
    return folder


def failing(what: Exception, of: str) -> Callable[..., Any]:
    def extract(document: Document, *given: Any) -> Any:
        if document.file == of:
            raise what
        return report.extract(document, *given)

    return extract


def test_a_fault_of_the_program_leaves_one_file_out(home, fmt, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(part, "extract", failing(RecursionError("too deep"), "b.txt"))
        made = build.build(home / "reports", home / "out", fmt=fmt)
    assert made.rows["reports"] == 2
    assert list(told(home / "out")) == ["b.txt"]
    for message in (told(home / "out")["b.txt"], *made.failures):
        assert message.startswith("b.txt: could not be read: RecursionError (too deep) at ")
        assert "part.py:" in message and "please report it" in message
    (home / "reports" / "b.txt").write_text(files.text(2015), "utf-8")
    assert build.build(home / "reports", home / "out", fmt=fmt).failures == []
    assert tables.read("reports", home / "out")["report_id"].tolist() == ["a", "b", "c"]


def test_a_fault_in_judging_again_leaves_one_file_out(home, monkeypatch):
    build.build(home / "reports", home / "out", fmt="parquet")
    row = tables.read("indicators", home / "out").query("report_id == 'b'").iloc[0]
    corrections = home / "corrections.csv"
    corrections.write_text(
        "report_id,indicator,scope,action,old_value,new_value,unit,start,end,reason\n"
        f"b,{row.indicator},{row.scope},drop,{row.value:g},,,,,x\n"
    )

    def judge(*given: Any) -> Any:
        raise IndexError("list index out of range")

    monkeypatch.setattr(part, "judge_again", judge)
    monkeypatch.setattr(part, "extract", failing(IndexError("list index out of range"), "b.txt"))
    with pytest.raises(CodebookError, match="no report 'b' in this build"):
        build.build(home / "reports", home / "out", corrections=corrections, fmt="parquet")
    monkeypatch.setattr(part, "extract", report.extract)
    made = build.build(home / "reports", home / "out", corrections=corrections, fmt="parquet")
    assert made.failures == [] and made.rows["reports"] == 3


BROKEN = {
    "a word that is none of the list": ("items", {"role": "nonsense"}),
    "a key twice": ("items", {"item_id": 1}),
    "nothing where something must be": ("quantities", {"value": None}),
    "a text for a number": ("reports", {"chars": "many"}),
    "a number that is too large": ("quantities", {"start": 10**30}),
    "half a letter": ("sections", {"heading": "\ud800"}),
    "a column too many": ("derived", {"more": 1}),
}


@pytest.mark.parametrize(("table", "cells"), BROKEN.values(), ids=BROKEN)
def test_rows_that_fit_no_table_leave_one_file_out(home, fmt, monkeypatch, table, cells):
    """A report's rows are left out of all tables, and its text; read again with another program it is back."""

    def extract(document: Document, *given: Any) -> Any:
        rows, unfit = report.extract(document, *given)
        assert len(rows[table]) > (table == "items"), "there is something to break"
        if document.file == "b.txt":
            rows[table] = [row | cells for row in rows[table]]
        return rows, unfit

    build.build(home / "reports", home / "whole", fmt=fmt)
    monkeypatch.setattr(part, "extract", extract)
    made = build.build(home / "reports", home / "out", fmt=fmt)
    assert list(told(home / "out")) == ["b.txt"]
    assert made.failures == list(told(home / "out").values())
    assert "This is a fault of the program; please report it" in made.failures[0]
    assert sorted(path.name for path in (home / "out" / "text").iterdir()) == ["a.txt", "c.txt"]
    for name in tables.SCHEMAS:
        whole, left = (tables.read(name, home / folder) for folder in ("whole", "out"))
        expected = whole.loc[(whole["report_id"] != "b").to_numpy()].reset_index(drop=True)
        pd.testing.assert_frame_equal(expected, left.loc[(left["report_id"] != "b").to_numpy()].reset_index(drop=True))


def test_rows_judged_again_that_fit_no_table(home, monkeypatch):
    """With other wordings: nothing of the report stays in the tables, also of what does not depend on wordings."""
    whole = build.build(home / "reports", home / "out", fmt="parquet").rows
    judge_again, made_with = report.judge_again, incremental.made_with

    def broken(rows: report.Rows, *given: Any) -> Any:
        made, unfit = judge_again(rows, *given)
        return made | {"indicators": [{"value": "x"}]} if rows["reports"][0]["report_id"] == "b" else made, unfit

    with monkeypatch.context() as patch:
        patch.setattr(incremental, "made_with", lambda folder: (made_with(folder)[0], "other wordings"))
        patch.setattr(part, "judge_again", broken)
        assert build.build(home / "reports", home / "out", fmt="parquet").rows["reports"] == 2
    assert list(told(home / "out")) == ["b.txt"]
    for name in tables.SCHEMAS:
        assert "b" not in set(tables.read(name, home / "out")["report_id"]) or name == "review"
    assert build.build(home / "reports", home / "out", fmt="parquet").rows == whole


@pytest.mark.skipif(sys.platform != "linux", reason="forked processes have the changed program")
@pytest.mark.parametrize("again", [False, True], ids=["read", "judged again"])
def test_a_report_that_ends_the_process_is_left_out(home, fmt, monkeypatch, again):
    """Two parts on two processes: who dies is told, also with several of them; the other reports are all there."""
    monkeypatch.setattr(parts, "cut", lambda ids: iter([(0, 2), (2, len(ids))]))
    for number, name in enumerate("defgh"):
        (home / "reports" / f"{name}.txt").write_text(files.text(2011 + number), "utf-8")
    whole = build.build(home / "reports", home / "out", fmt=fmt)
    assert whole.rows["reports"] == 8

    def killed(document: Document, *given: Any) -> Any:
        if document.file in ("b.txt", "d.txt", "h.txt"):
            os.kill(os.getpid(), signal.SIGKILL)
        return report.extract(document, *given)

    monkeypatch.setattr(part, "extract", killed)
    ticks = []
    out = home / "out" if again else home / "new"
    if again:  # other wordings: b dies as it is judged, and is not read either
        old = report.judge_again
        monkeypatch.setattr(
            part, "judge_again", lambda rows, *given: killed(Document("b", "b.txt", "", ""), *given)
            if rows["reports"][0]["report_id"] == "b" else old(rows, *given),
        )  # fmt: skip
        monkeypatch.setattr(incremental, "made_with", lambda folder, of=incremental.made_with: (of(folder)[0], "x"))
    made = build.build(home / "reports", out, fmt=fmt, jobs=2, progress=lambda *done: ticks.append(done))
    lost = ["b.txt"] if again and fmt == "parquet" else ["b.txt", "d.txt", "h.txt"]
    assert sorted(told(out)) == lost
    assert all("the process that reads it was ended" in text for text in made.failures)
    assert made.rows["reports"] == 8 - len(lost)
    assert ticks[-1] == (8, 8)
    assert not (out / ".building").exists()
    monkeypatch.undo()
    assert build.build(home / "reports", out, fmt=fmt).rows == whole.rows  # without a change of the files


@pytest.mark.skipif(sys.platform != "linux", reason="forked processes have the changed program")
def test_processes_that_end_whatever_they_read_stop_the_build(home, monkeypatch):
    monkeypatch.setattr(part, "extract", lambda *given: os.kill(os.getpid(), signal.SIGKILL))
    for number in range(12):
        (home / "reports" / f"x{number}.txt").write_text(files.text(2000 + number), "utf-8")
    with pytest.raises(workers.EndedError, match="fewer --jobs"):
        build.build(home / "reports", home / "out", jobs=2)
    monkeypatch.setattr(part, "csv_text", lambda *given, **more: os.kill(os.getpid(), signal.SIGKILL))
    monkeypatch.setattr(part, "extract", report.extract)
    with pytest.raises(workers.EndedError, match="memory ran out"):
        build.build(home / "reports", home / "out", jobs=2)
    assert not (home / "out" / "reports.csv").exists()


def test_memory_that_was_not_enough_leaves_one_file_out_of_this_build(home, fmt, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(part, "extract", failing(MemoryError(), "b.txt"))
        made = build.build(home / "reports", home / "out", fmt=fmt)
    assert made.rows["reports"] == 2
    assert "memory was not enough for it" in told(home / "out")["b.txt"]
    assert build.build(home / "reports", home / "out", fmt=fmt).rows["reports"] == 3


def test_names_that_look_alike_are_told_once(home, fmt):
    r"""Bytes that are no UTF-8 are shown as \xff, and a name may hold just these letters."""
    for number, name in enumerate((b"\xff\xff", b"\\xff\xff", b"\xff\\xff", b"\\xff\\xff")):
        (home / "reports" / os.fsdecode(name + b".txt")).write_text(files.text(2000 + number), "utf-8")
    made = build.build(home / "reports", home / "out", fmt=fmt)
    assert made.rows["reports"] == 4
    assert len(made.failures) == 3
    assert list(told(home / "out")) == [r"\xff\xff.txt"]


@pytest.mark.parametrize("out", ["reports", "reports/out", ".", "link/out"])
def test_tables_and_reports_stand_apart(home, out):
    (home / "link").symlink_to(home / "reports")
    there = sorted(home.rglob("*"))
    with pytest.raises(FolderError, match="must not lie one in the other"):
        build.build(home / "reports", home / out)
    assert sorted(home.rglob("*")) == there


@pytest.mark.parametrize("what", [KeyboardInterrupt(), CodebookError("x")])
def test_what_is_no_fault_of_the_file_stops_the_build(home, monkeypatch, what):
    monkeypatch.setattr(part, "extract", failing(what, "b.txt"))
    with pytest.raises(type(what)):
        build.build(home / "reports", home / "out")


def test_names_that_are_one_on_some_disks(home, fmt):
    for name in ("A", "\u8c48", "\uf900", "D", "stra\u00dfe", "STRASSE"):
        (home / "reports" / f"{name}.txt").write_text(files.text(2019) + name, "utf-8")
    made = build.build(home / "reports", home / "out", fmt=fmt)
    assert made.rows["reports"] == 6
    assert set(told(home / "out")) == {"a.txt", "\uf900.txt", "stra\u00dfe.txt"}
    assert "report_id a is the same file's name as that of A.txt" in told(home / "out")["a.txt"]
    (home / "reports" / "A.txt").unlink()
    build.build(home / "reports", home / "out", fmt=fmt)
    assert "a.txt" not in told(home / "out") and (home / "out" / "text" / "a.txt").exists()


def test_what_is_no_file_of_the_folder_is_told_each_time(home, fmt):
    """A pipe that nobody writes to is not waited for; what a link leads to may change and the link does not."""
    folder, outside = home / "reports", home / "outside.txt"
    outside.write_text(files.text(2011), "utf-8")
    os.mkfifo(folder / "pipe.txt")
    (folder / "circle.txt").symlink_to("circle.txt")
    (folder / "out.txt").symlink_to(outside)
    (folder / "in.txt").symlink_to("kept/in.txt")
    (folder / os.fsdecode(b"\xff.txt")).write_text(files.text(2012), "utf-8")
    (folder / "kept").mkdir()
    (folder / "kept" / "in.txt").write_text("x")
    for _ in range(2):
        assert build.build(folder, home / "out", fmt=fmt).rows["reports"] == 4
        assert set(told(home / "out")) == {"pipe.txt", "circle.txt", "out.txt", "in.txt", "kept/in.txt"}
    (folder / "kept" / "in.txt").write_text(files.text(2013), "utf-8")
    (folder / "pipe.txt").unlink()
    build.build(folder, home / "out", fmt=fmt)
    assert set(told(home / "out")) == {"circle.txt", "out.txt", "kept/in.txt"}
    assert "the same content as in.txt" in told(home / "out")["kept/in.txt"]


def test_a_file_that_the_disk_does_not_give(home, fmt, monkeypatch):
    """An error of the disk while a file is hashed, and while it is read."""

    def refuse(path: Path, *given: Any, **more: Any) -> Any:
        if path.name == "b.txt":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return opened(path, *given, **more)

    opened = Path.open
    monkeypatch.setattr(Path, "open", refuse)
    assert build.build(home / "reports", home / "out", fmt=fmt).rows["reports"] == 2
    assert "Input/output error" in told(home / "out")["b.txt"]
    monkeypatch.setattr(Path, "open", opened)
    assert build.build(home / "reports", home / "out", fmt=fmt).rows["reports"] == 3
