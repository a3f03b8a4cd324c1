"""What a kill, a full or read-only disk, or a second process leaves behind: the old or the new of each file."""

import contextlib
import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis import figures, files, paths, topics
from analysis.errors import FolderError
from analysis.model import cache
from analysis.present import evidence
from tests import crash

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks, /proc and tmpfs")


def test_a_file_that_is_neither_old_nor_new_is_seen():
    """Else the counts below would be worth nothing."""
    old, new = {"a": "1", "b": "1", "gone": "1"}, {"a": "2", "b": "2", "made": "2"}
    counts, faults = crash.judge(old, new, {"a": "1", "b": "2", "tables/.building/a": "3"})
    assert (counts, faults) == ({"old": 1, "new": 1, "waiting": 1}, [])
    counts, faults = crash.judge(old, new, {"a": "half", "made": "1"})
    assert faults == ["half: a", "lost: b", "half: made"]


def test_a_handful_of_kills_of_build(tmp_path, readers):
    count = crash.kills("build", 4, tmp_path)
    assert count.faults == []
    assert (count.kills, count.finished, count.left) == (4, 4, 0)
    assert count.files["half"] == count.files["lost"] == 0
    assert count.events > 40
    assert count.survived < 4


@pytest.mark.slow
def test_twenty_kills_of_all_commands():
    words = [sys.executable, "-m", "tests.crash", "--kills", "20", "--seed", "5"]
    done = subprocess.run(words, cwd=paths.ROOT, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("| `") == len(crash.COMMANDS)


@pytest.fixture
def disk(tmp_path):
    """A small disk of its own, as an object that can be filled, emptied and made read-only."""
    place = tmp_path / "work" / "disk"
    place.mkdir(parents=True)

    def mount(*options):
        return subprocess.run(["mount", *options, str(place)], capture_output=True, check=False).returncode == 0

    if not mount("-t", "tmpfs", "-o", "size=24m", "tmpfs"):
        pytest.skip("mounting a small disk needs more rights than there are")

    class Disk:
        folder = place

        def fill(self, free=0):
            """Leave so many bytes."""
            with (place / "filler").open("wb", buffering=0) as filler, contextlib.suppress(OSError):
                while True:
                    filler.write(bytes(4096))
            with (place / "filler").open("rb+") as filler:
                filler.truncate(max(0, (place / "filler").stat().st_size - free))

        def empty(self):
            (place / "filler").unlink(missing_ok=True)

        def protect(self, wanted=True):
            assert mount("-o", f"remount,{'ro' if wanted else 'rw'}")

    yield Disk()
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.fixture
def project(disk, readers):
    """The small project of the kills, with what it writes on the small disk, and tables, runs and figures there."""
    made = crash.Project(disk.folder.parent)
    made.figures, made.runs, made.tables = (disk.folder / name for name in ("figures", "runs", "tables"))
    made.make()
    made.put(made.old)
    return made


def outputs(project):
    """Hashes of what is there, but for locks and the filler."""
    return {name: value for name, value in crash.snapshot(project).items() if not name.endswith(files.LOCK)}


def refused(project, disk, words, said, *, spoil):
    """Run with a disk that refuses, then with one that does not; return what was there between."""
    before = outputs(project)
    project.put(project.new)
    spoil()
    ended = crash.run(project, words)
    assert ended.code == 1, ended.said
    assert said in ended.said, ended.said
    assert str(disk.folder) in ended.said
    assert "Traceback" not in ended.said, ended.said
    between = outputs(project)
    disk.protect(False)
    disk.empty()
    again = crash.run(project, words)
    assert again.code == 0, again.said
    after = outputs(project)
    assert not [name for name in after if crash.WAITING.search(name)]
    _, faults = crash.judge(before, after, between)
    assert faults == []
    return before, between, after


@pytest.mark.parametrize("command", ["build", "build, Parquet"])
@pytest.mark.parametrize("free", [0, 12_288])
def test_build_on_a_full_disk_keeps_the_old_tables(project, disk, command, free):
    words = crash.command(project, command)
    assert crash.run(project, words).code == 0
    before, between, after = refused(project, disk, words, "the disk is full", spoil=lambda: disk.fill(free))
    assert before != after
    assert {name: between[name] for name in before if "/text/" not in name} == {
        name: value for name, value in before.items() if "/text/" not in name
    }


def test_build_on_a_read_only_disk_says_so_and_changes_nothing(project, disk):
    words = crash.command(project, "build")
    assert crash.run(project, words).code == 0
    before, between, after = refused(project, disk, words, "Read-only file system", spoil=disk.protect)
    assert before == between != after


@pytest.mark.slow
@pytest.mark.parametrize("command", ["paper", "batch"])
@pytest.mark.parametrize("fault", ["full", "nearly full", "read-only"])
def test_notebooks_on_a_disk_that_refuses_keep_the_old_results(project, disk, command, fault):
    crash.warm(True)
    words = crash.command(project, command)
    if command == "batch":
        assert crash.run(project, crash.command(project, "build")).code == 0
        words.append("--again")
    first = crash.run(project, words)
    assert first.code == 0, first.said[-2000:]
    said = "Read-only file system" if fault == "read-only" else "the disk is full"
    spoil = (
        disk.protect
        if fault == "read-only"
        else lambda: disk.fill(0 if fault == "full" else 100_000 if command == "paper" else 8_000)
    )
    refused(project, disk, words, said, spoil=spoil)


def two_topics():
    items = pd.DataFrame(
        {"report_id": ["a", "a", "b", "b"], "item_id": [1, 2, 1, 2], "role": "problems",
         "text": ["执法人员能力不足,培训不够。", "普法宣传形式单一,效果不好。"] * 2}
    )  # fmt: skip
    return topics.fit(items, 2, seed=1, min_df=1)


def test_a_model_that_cannot_be_saved_leaves_the_old_one(disk):
    lda = two_topics()
    lda.save(disk.folder / "model")
    disk.fill()
    with pytest.raises(FolderError, match="the disk is full"):
        lda.save(disk.folder / "model")
    assert np.array_equal(topics.load(disk.folder / "model").words, lda.words)
    disk.protect()
    with pytest.raises(FolderError, match="Read-only file system"):
        lda.save(disk.folder / "model")
    assert sorted(path.name for path in disk.folder.iterdir()) == ["filler", "model.json", "model.npz"]


def test_a_page_of_topics_and_a_figure_that_cannot_be_saved_leave_the_old_ones(disk):
    lda = two_topics()
    page = figures.topic_view(lda)
    page.save("draft", folder=disk.folder)
    drawn = figures.topic_words(lda, "zh")
    figures.save(drawn, "draft", folder=disk.folder)
    before = {path: path.read_bytes() for path in (disk.folder / "draft").iterdir()}
    disk.fill()
    with pytest.raises(FolderError, match="the disk is full"):
        page.save("draft", folder=disk.folder)
    with pytest.raises(FolderError, match="the disk is full"):
        figures.save(drawn, "draft", folder=disk.folder)
    assert {path: path.read_bytes() for path in (disk.folder / "draft").iterdir()} == before


@pytest.mark.slow
@pytest.mark.parametrize("moved", [1, 4])
def test_a_figure_killed_between_its_files_is_told_by_its_record_and_mended_by_the_next_save(
    tmp_path, monkeypatch, moved
):
    """Each file is the old or the new one; the record, which takes its place last, has the hashes of those of one save."""
    lda = two_topics()
    old, new = figures.topic_words(lda, "zh", n_words=3), figures.topic_words(lda, "zh")
    figures.save(new, "undisturbed", folder=tmp_path)
    whole = {path.name: path.read_bytes() for path in (tmp_path / "undisturbed").iterdir()}
    figures.save(old, "draft", folder=tmp_path)
    before = {path.name: path.read_bytes() for path in (tmp_path / "draft").iterdir()}
    pid = os.fork()
    if not pid:
        move, done = Path.replace, []
        kill = partial(os.kill, os.getpid(), signal.SIGKILL)
        monkeypatch.setattr(Path, "replace", lambda *both: kill() if len(done) == moved else done.append(move(*both)))
        figures.save(new, "draft", folder=tmp_path)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    now = {path.name: path.read_bytes() for path in (tmp_path / "draft").iterdir() if path.suffix != ".part"}
    assert all(content in (before[name], whole[name]) for name, content in now.items())
    changed = {name for name in now if now[name] != before[name]}
    record = next(name for name in now if name.endswith(".json"))
    saved = json.loads(now[record])["files"]
    others = {
        suffix for suffix, digest in saved.items() if digest != sha256(now[f"{record[:-5]}.{suffix}"]).hexdigest()
    }
    assert {f"{record[:-5]}.{suffix}" for suffix in others} == changed
    figures.save(new, "draft", folder=tmp_path)
    assert {path.name: path.read_bytes() for path in (tmp_path / "draft").iterdir()} == whole


def test_a_result_that_cannot_be_kept_is_a_result_all_the_same(disk, monkeypatch):
    monkeypatch.setattr(paths, "CACHE", disk.folder)
    assert cache.through("kind", "a", lambda: [1]) == [1]
    disk.fill()
    assert cache.through("kind", "b", lambda: [2]) == [2]
    assert cache.through("kind", "a", lambda: [3]) == [1]
    assert not list(disk.folder.rglob("*.part"))
    shutil.rmtree(disk.folder / "kind")


def test_evidence_that_cannot_be_written_leaves_whole_pages_and_the_next_run_mends_them(disk, built):
    out = disk.folder / "evidence"
    evidence.write(built, out)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    disk.fill(4096)
    with pytest.raises(FolderError, match="the disk is full") as raised:
        evidence.write(built, out)
    assert str(out) in str(raised.value)
    now = {path: path.read_bytes() for path in out.rglob("*") if path.is_file() and path.name != ".writing"}
    assert now == before
    disk.empty()
    evidence.write(built, out)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    disk.protect()
    with pytest.raises(FolderError, match="Read-only file system"):
        evidence.write(built, out)


def test_a_disk_that_has_no_room_for_a_folder_is_no_surprise(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "mkdir", full)
    with pytest.raises(FolderError, match="the disk is full"), files.alone(tmp_path / "new"):
        pass


def at_once(project, *commands):
    """Run commands side by side; return how each ended."""
    with ThreadPoolExecutor(len(commands)) as pool:
        waiting = []
        for words in commands:
            waiting.append(pool.submit(crash.run, project, words))
            time.sleep(0.05)
        return [one.result() for one in waiting]


@pytest.fixture
def plain(tmp_path, readers):
    made = crash.Project(tmp_path)
    made.make()
    made.put(made.old)
    return made


def test_two_builds_in_one_folder_do_not_mix(plain):
    words = crash.command(plain, "build")
    assert crash.run(plain, words).code == 0
    whole = crash.snapshot(plain)
    ends = at_once(plain, words, words, words)
    for one in ends:
        assert one.code in (0, 1)
        assert one.code == 0 or "is at work there. Wait until it ends" in one.said
    assert 0 in [one.code for one in ends]
    assert crash.snapshot(plain) == whole


@pytest.mark.slow
def test_build_and_paper_during_a_paper_are_told_who_is_there_and_change_nothing(plain):
    crash.warm(True)
    words = crash.command(plain, "paper")
    alone = crash.run(plain, words)
    assert alone.code == 0, alone.said
    whole = crash.snapshot(plain)
    build = ["build", "--reports", str(plain.reports), "--out", str(plain.figures / "mine" / "tables")]
    shutil.rmtree(plain.runs)
    ended = at_once(plain, words, words, build)
    told = [one for one in ended if one.code == 1]  # a late one may find the folder free again
    assert 0 < sum(one.code == 0 for one in ended) == len(ended) - len(told), [one.said for one in ended]
    assert all("is at work there. Wait until it ends" in one.said for one in told)
    if 0 in (ended[0].code, ended[1].code):
        assert crash.snapshot(plain) == whole


@pytest.mark.slow
def test_two_batches_of_one_sweep_share_the_work(plain):
    crash.warm(True)
    assert crash.run(plain, crash.command(plain, "build")).code == 0
    words = crash.command(plain, "batch")
    ends = at_once(plain, words, words)
    assert [one.code for one in ends] == [0, 0], [one.said for one in ends]
    assert len(list(plain.runs.glob("count/*/run.json"))) == 3
    assert not [name for name in crash.snapshot(plain) if crash.WAITING.search(name)]
