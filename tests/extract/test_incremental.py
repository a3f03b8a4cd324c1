"""A build that keeps what has not changed: read again is only what must be, and the tables are those of a new build."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from analysis import parts, paths, tables
from analysis.extract import incremental
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
    with (book / "units.csv").open("a", encoding="utf-8") as file:
        file.write("箩筐,箩筐,count,1,,\n")
    assert len(both(reports, out, read, codebook_folder=book)) == 20
    monkeypatch.setattr(incremental, "made_with", lambda codebook: ("other", ""))
    assert len(both(reports, out, read)) == 20


def test_csv_tables_are_always_made_anew(reports: Path, tmp_path: Path, read: list[str]) -> None:
    out = tmp_path / "out"
    build(reports, out, fmt="parquet")
    build(reports, out)
    assert len(read) == 40 and not (out / incremental.NOTE).exists() and not (out / parts.FOLDER).exists()
