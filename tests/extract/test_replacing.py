"""Whatever stops a build, every file is the old or the new one, and the next build makes what an undisturbed one does."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from analysis import files, parts, paths, tables
from analysis.errors import DataError, FolderError
from analysis.extract import replacing
from analysis.extract.build import build
from analysis.extract.simulate import simulate

CHANGES = ("os.rename", "os.remove", "os.rmdir", "os.mkdir")


def killed(reports: Path, out: Path, fmt: tables.Format, left: int) -> bool:
    """Build in a process that is killed before its step number `left` that changes the folder; whether it was."""

    def counted(event: str, given: tuple) -> None:
        nonlocal left
        steps = event in CHANGES or (event == "open" and given[1] in ("w", "wb"))
        if steps and str(out) in str(given[0]):  # a file opened by its number was counted when it got it
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    process = os.fork()
    if not process:
        sys.addaudithook(counted)
        try:
            build(reports, out, fmt=fmt)
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(process, 0)[1])


def content(out: Path) -> dict[str, bytes]:
    """Return every table and text in a folder: name → bytes. What waits or locks is hidden."""
    found = {file.relative_to(out): file for file in out.rglob("*") if file.is_file() and file.name != "build.json"}
    seen = {name: file for name, file in found.items() if not any(part.startswith(".") for part in name.parts)}
    return {name.as_posix(): file.read_bytes() for name, file in seen.items()}


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills a forked process")
@pytest.mark.parametrize("fmt", ["csv", "parquet"])
def test_a_build_killed_at_any_step_leaves_whole_files_and_the_next_one_mends(tmp_path: Path, fmt: tables.Format):
    """Steps are the files that are opened to write, moved or removed; the process is killed at every other, in turn."""
    simulate(4, 6, tmp_path / "made")
    reports = tmp_path / "made" / "reports"
    old, new, out = tmp_path / "old", tmp_path / "new", tmp_path / "out"
    build(reports, old, fmt=fmt)
    (reports / "000" / "s000001.txt").unlink()
    for name in ("s000002.txt", "s000003.txt"):
        file = reports / "000" / name
        file.write_bytes(file.read_bytes() + "\n全年办理法律援助案件77件。".encode())
    build(reports, new, fmt=fmt)
    before, after = content(old), content(new)
    step, ended = 0, False
    while not ended:
        step += 2
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(old, out, copy_function=shutil.copy2)
        ended = not killed(reports, out, fmt, step)
        found = content(out)
        assert all(found[name] in (before.get(name), after.get(name)) for name in found), step
        assert set(found) >= set(before) & set(after)
        for name in tables.SCHEMAS:
            tables.read(name, out)
        build(reports, out, fmt=fmt)
        assert content(out) == after, step
        assert not list(out.glob(f"{replacing.STAGING}*"))
    assert step > 20


def test_two_builds_do_not_meet(tmp_path: Path) -> None:
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom analysis.extract import replacing\n"
        "with replacing.alone(Path(sys.argv[1])):\n    print('held', flush=True)\n    time.sleep(600)"
    )
    other = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], cwd=paths.ROOT, stdout=subprocess.PIPE)
    try:
        assert other.stdout and other.stdout.readline() == b"held\n"
        with pytest.raises(FolderError, match=rf"process {other.pid} \(.*\) is at work there\. Wait until it ends"):
            build(paths.REPORTS, tmp_path)
    finally:
        other.kill()
        other.wait()
    build(paths.REPORTS, tmp_path)
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("fmt", ["csv", "parquet"])
def test_a_full_disk_is_said_and_the_old_tables_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fmt: tables.Format
) -> None:
    simulate(3, 6, tmp_path / "made")
    reports, out = tmp_path / "made" / "reports", tmp_path / "out"
    build(reports, out, fmt=fmt)
    before = content(out)
    (reports / "000" / "s000001.txt").unlink()

    def full(*_given: object, **_named: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(files, "write_new", full)
        with pytest.raises(FolderError, match=r"out: the disk is full\. What was there before is as it was\."):
            build(reports, out, fmt=fmt)
    assert content(out) == before
    build(reports, out, fmt=fmt)
    assert len(tables.read("reports", out)) == 2


def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(FolderError, match=r"file/out: a folder is needed, and a file stands in its way"):
        build(paths.REPORTS, tmp_path / "file" / "out")


def test_a_reader_that_has_an_old_list_reads_the_new_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    simulate(2, 6, tmp_path / "made")
    reports, out = tmp_path / "made" / "reports", tmp_path / "out"
    build(reports, out, fmt="parquet")
    old = parts.listed(out)
    (reports / "000" / "s000001.txt").unlink()
    build(reports, out, fmt="parquet")
    new, lists = parts.listed(out), [old]
    monkeypatch.setattr(parts, "listed", lambda folder: lists.pop() if lists else new)
    assert tables.read("reports", out)["report_id"].tolist() == ["000_s000000"]
    (out / parts.FOLDER / "reports" / new[0].files["reports"]).unlink()  # pyright: ignore
    with pytest.raises(DataError, match=r"no file .*\. Build again: it is made anew"):
        tables.read("reports", out)
