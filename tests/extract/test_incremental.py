"""A build that keeps what has not changed: read again is only what must be, and the tables are those of a new build."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis import parts, paths, tables
from analysis.errors import CodebookError
from analysis.extract import corrections, incremental
from analysis.extract import part as module
from analysis.extract.build import build
from analysis.extract.simulate import simulate


@pytest.fixture
def reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give 24 reports in several parts, of which the last four are not there yet."""
    monkeypatch.setattr(parts, "SIZE", 7)
    simulate(24, 6, tmp_path / "made")
    folder = tmp_path / "made" / "reports"
    (tmp_path / "later").mkdir()
    for number in (3, 11, 12, 23):
        (folder / "000" / f"s{number:06d}.txt").rename(tmp_path / "later" / f"s{number:06d}.txt")
    return folder


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give the names of the reports that are read."""
    names: list[str] = []
    extract = module.extract

    def noted(document, *given):
        names.append(document.report_id)
        return extract(document, *given)

    monkeypatch.setattr(module, "extract", noted)
    return names


def content(out: Path) -> dict[str, bytes]:
    files = [file for file in out.rglob("*") if file.is_file() and file.name != incremental.NOTE]
    assert not list(out.glob(".building*"))
    return {str(file.relative_to(out)): file.read_bytes() for file in files}


def both(reports: Path, out: Path, read: list[str], **options) -> list[str]:
    """Build again and anew, compare every byte, and return what was read for the first."""
    read.clear()
    kept = build(reports, out, fmt="parquet", **options)
    names = sorted(read)
    fresh = out.with_name("fresh")
    shutil.rmtree(fresh, ignore_errors=True)
    anew = build(reports, fresh, fmt="parquet", **options)
    assert content(out) == content(fresh)
    assert kept.rows == anew.rows and kept.failures == anew.failures
    return names


def test_only_new_reports_are_read(reports: Path, tmp_path: Path, read: list[str]) -> None:
    out = tmp_path / "out"
    assert len(both(reports, out, read)) == 20
    assert both(reports, out, read) == []
    for file in (tmp_path / "later").iterdir():
        shutil.copy(file, reports / "000" / file.name)
    assert both(reports, out, read) == ["000_s000003", "000_s000011", "000_s000012", "000_s000023"]


def test_what_has_changed_is_read_and_what_is_gone_goes(reports: Path, tmp_path: Path, read: list[str]) -> None:
    out, file = tmp_path / "out", reports / "000" / "s000005.txt"
    both(reports, out, read)
    file.write_bytes(file.read_bytes() + "\n全年办理法律援助案件77件。".encode())
    (reports / "000" / "s000006.txt").unlink()
    assert both(reports, out, read) == ["000_s000005"]
    assert "000_s000006" not in set(tables.read("sections", out)["report_id"])
    ledger = tmp_path / "ledger.csv"
    ledger.write_text(
        "file,report_id,place_code,level,report_year,published_on,source_url,note\n000/s000007.txt,,,,2019,,,\n"
    )
    assert both(reports, out, read, ledger=ledger) == ["000_s000007"]
    shutil.copy(reports / "000" / "s000008.txt", reports / "000" / "z.txt")  # left out, and told in review
    (reports / "000" / "s000009.html").write_text("")  # a second file of one report_id
    assert both(reports, out, read, ledger=ledger) == ["000_s000009"]


def test_other_code_or_tables_build_all(
    reports: Path, tmp_path: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    both(reports, out, read)
    found = parts.listed(out)
    assert found and len(found) > 2
    os.utime(out / "parquet" / "items" / found[1].files["items"], (1, 1))
    ids = tables.read("reports", out)["report_id"]
    assert both(reports, out, read) == [one for one in ids if found[1].first <= one <= found[1].last]
    (out / "text" / "000_s000001.txt").unlink()
    assert both(reports, out, read) == ["000_s000001"]
    book = tmp_path / "codebook"
    shutil.copytree(paths.CODEBOOK, book)
    with (book / "labels.csv").open("a", encoding="utf-8") as file:
        file.write("only.shown,甲,A\n")
    assert both(reports, out, read, codebook_folder=book) == []
    with (book / "units.csv").open("a", encoding="utf-8") as file:
        file.write("箩筐,箩筐,count,1,,\n")
    assert len(both(reports, out, read, codebook_folder=book)) == 20
    monkeypatch.setattr(incremental, "made_with", lambda codebook: ("other", ""))
    assert len(both(reports, out, read)) == 20


def test_a_file_that_git_would_not_read_is_not_read(
    reports: Path, tmp_path: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Same size, time of change and inode: the same file; but not when it was changed as late as the build began."""
    out, file = tmp_path / "out", reports / "000" / "s000005.txt"
    old = file.read_bytes()
    build(reports, out, fmt="parquet")
    hashed = []
    digest = hashlib.file_digest
    monkeypatch.setattr(hashlib, "file_digest", lambda handle, name: hashed.append(handle.name) or digest(handle, name))
    build(reports, out, fmt="parquet")
    assert len(hashed) == 20, "all were written within the clock's grain of the first build"
    for path in (reports / "000").iterdir():
        os.utime(path, (1e9, 1e9))
    build(reports, out, fmt="parquet")
    hashed.clear()
    build(reports, out, fmt="parquet")
    assert hashed == []
    file.write_bytes(old.replace("。".encode(), "！".encode(), 1))
    os.utime(file, (1e9, 1e9))  # what no list of files can tell: content, not size, time or inode
    read.clear()
    build(reports, out, fmt="parquet")
    assert (hashed, read) == ([], [])
    os.utime(file, (1e9 + 1, 1e9 + 1))
    assert both(reports, out, read) == ["000_s000005"]


def test_other_wordings_and_corrections_read_no_report(
    reports: Path, tmp_path: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out, book = tmp_path / "out", tmp_path / "codebook"
    shutil.copytree(paths.CODEBOOK, book)
    both(reports, out, read, codebook_folder=book)
    judged: list[str] = []
    again = module.judge_again
    monkeypatch.setattr(module, "judge_again", lambda rows, *given: judged.append(rows) or again(rows, *given))
    lines = (book / "wordings.csv").read_text("utf-8").splitlines(keepends=True)
    kept = [line for number, line in enumerate(lines) if number % 3 or not number]
    (book / "wordings.csv").write_text("".join(kept), "utf-8")
    before = tables.read("indicators", out)
    assert both(reports, out, read, codebook_folder=book) == [] and len(judged) == 20
    after = tables.read("indicators", out)
    assert len(after) < len(before)
    one = after.iloc[0]
    path = tmp_path / "corrections.csv"
    cells = [one["report_id"], one["indicator"], one["scope"], "drop", f"{one['value']:.10g}", "", "", "", "", "wrong"]
    path.write_text(f"{','.join(corrections.COLUMNS)}\n{','.join(cells)}\n", "utf-8")
    judged.clear()
    read.clear()
    build(reports, out, fmt="parquet", codebook_folder=book, corrections=path)
    assert (len(judged), read) == (1, [])
    both(reports, out, read, codebook_folder=book, corrections=path)
    assert len(tables.read("indicators", out)) == len(after) - 1


EDITS = st.lists(
    st.tuples(
        st.sampled_from(["add", "remove", "change", "touch", "copy", "ruin", "ledger", "lost", "correct", "wording"]),
        st.integers(0, 11),
    ),
    min_size=1,
    max_size=3,
)


@pytest.mark.slow
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(EDITS, min_size=1, max_size=4))
def test_after_any_edits_the_tables_are_those_of_a_new_build(texts: list[bytes], folder: Path, rounds) -> None:
    """Between two builds anything changes: files, ledger, corrections, wordings. Two formats, the same tables."""
    shutil.rmtree(folder, ignore_errors=True)
    reports, book, ledger, overruled = folder / "r", folder / "book", folder / "r.csv", folder / "c.csv"
    (reports / "a").mkdir(parents=True)
    shutil.copytree(paths.CODEBOOK, book)
    for number in range(6):
        (reports / "a" / f"{number}.txt").write_bytes(texts[number])
    wordings = (book / "wordings.csv").read_text("utf-8").splitlines(keepends=True)
    rows, given_ = {}, {"ledger": ledger, "corrections": overruled, "codebook_folder": book, "fmt": "parquet"}
    build(reports, folder / "out", **given_)
    for edits in rounds:
        overruled.unlink(missing_ok=True)
        for what, number in edits:
            file = reports / "a" / f"{number}.txt"
            if what == "add":
                file.write_bytes(texts[number])
            elif what == "remove" and len(list((reports / "a").iterdir())) > 3:
                file.unlink(missing_ok=True)
            elif what == "change":
                file.write_bytes(texts[number] + "\n全年办理法律援助案件77件。".encode())
            elif what == "touch":
                file.write_bytes(file.read_bytes() if file.exists() else texts[number])
            elif what == "copy":
                file.with_suffix(".html").write_bytes(texts[number])
                (reports / f"{number}.txt").write_bytes(texts[number])
            elif what == "ruin" and number < 3:
                file.write_bytes(b"")
            elif what == "ledger":
                rows[f"a/{number}.txt"] = f"n{11 - number},,,201{number % 10}"
            elif what == "lost":
                rows[f"b/{number}.txt"] = f"a_{number}x,,,"
            elif what == "wording":
                (book / "wordings.csv").write_text("".join(wordings[: -10 * number or None]), "utf-8")
            elif what == "correct":
                stated = tables.read("indicators", folder / "out")
                line = ["", "", "", "drop", "", "", "", "", "", "wrong"]
                for _, one in stated.loc[stated["basis"] != "corrected"].iloc[number:].iterrows():
                    line[:3], line[4] = [one["report_id"], one["indicator"], one["scope"]], f"{one['value']:.10g}"
                    break
                overruled.write_text(f"{','.join(corrections.COLUMNS)}\n{','.join(line)}\n", "utf-8")
        lines = [f"{file},{told},,,\n" for file, told in rows.items()]
        ledger.write_text("file,report_id,place_code,level,report_year,published_on,source_url,note\n" + "".join(lines))
        made = []
        for out, options in (("out", given_), ("fresh", given_), ("csv", given_ | {"fmt": "csv"})):
            if out == "fresh":
                shutil.rmtree(folder / "fresh", ignore_errors=True)
            try:
                built = build(reports, folder / out, **options)
                made.append((built.rows, built.failures))
            except CodebookError as error:  # a correction that no longer fits
                made.append(error.failures)
        assert made[0] == made[1] == made[2]
        if isinstance(made[0], tuple):
            assert content(folder / "out") == content(folder / "fresh")
            for name in tables.SCHEMAS:
                csv = tables.csv_bytes(tables.read(name, folder / "out"))
                assert csv == (folder / "csv" / f"{name}.csv").read_bytes(), name


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    made = tmp_path_factory.mktemp("made")
    simulate(12, 6, made)
    return [file.read_bytes() for file in sorted((made / "reports" / "000").iterdir())]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(parts, "SIZE", 4)
    return tmp_path / "edited"


def test_csv_tables_are_always_made_anew(reports: Path, tmp_path: Path, read: list[str]) -> None:
    out = tmp_path / "out"
    build(reports, out, fmt="parquet")
    build(reports, out)
    assert len(read) == 40 and not (out / incremental.NOTE).exists() and not (out / parts.FOLDER).exists()
