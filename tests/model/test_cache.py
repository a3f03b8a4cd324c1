import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from analysis import paths
from analysis.model import cache


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "paths", SimpleNamespace(CACHE=tmp_path))
    return tmp_path / "numbers"


def test_made_once_per_question(folder):
    made = []

    def make():
        made.append(1)
        return {"a": [1, "信访"]}

    assert [cache.through("numbers", ["x", 1], make) for _ in range(3)] == [{"a": [1, "信访"]}] * 3
    assert len(made) == 1
    cache.through("numbers", ["x", 2], make)
    cache.through("numbers", ["x", 2], make, small=True)
    assert len(made) == 3


@pytest.mark.parametrize("damage", [b"", b"\n", b"abc\n[1]", b"\xff\xfe"])
def test_a_damaged_file_is_made_again(folder, damage):
    cache.through("numbers", 1, lambda: [1])
    (path,) = folder.iterdir()
    whole = path.read_bytes()
    for content in (damage, whole[:-1], whole.replace(b"[1]", b"[2]")):
        path.write_bytes(content)
        assert cache.through("numbers", 1, lambda: [1]) == [1]
        assert path.read_bytes() == whole


def test_what_was_not_used_for_longest_goes_first(folder, monkeypatch):
    monkeypatch.setattr(cache, "FILES", 3)
    for number in range(3):
        cache.through("numbers", number, lambda number=number: number)
        for path in folder.iterdir():
            os.utime(path, (path.stat().st_atime - 100, path.stat().st_mtime - 100))
    cache.through("numbers", 0, lambda: pytest.fail("0 is there"))  # used again: not the oldest
    cache.through("numbers", 3, lambda: 3)
    assert len(list(folder.iterdir())) == 3
    made = []
    for number in (0, 2, 3):
        cache.through("numbers", number, lambda: made.append(1))
    assert not made
    cache.through("numbers", 1, lambda: made.append(1))
    assert made


def test_bytes_are_bounded_and_the_newest_stays(folder, monkeypatch):
    monkeypatch.setattr(cache, "BYTES", 200)
    for number in range(4):
        cache.through("numbers", number, lambda: "x" * 500)
    assert len(list(folder.iterdir())) == 1


def test_two_processes_may_write_and_clear_the_same_folder(tmp_path):
    script = (
        "import sys, pathlib; from analysis import paths; paths.CACHE = pathlib.Path(sys.argv[1])\n"
        "from analysis.model import cache; cache.FILES = 5\n"
        "for number in range(300):\n"
        "    n = number % 11\n"
        "    assert cache.through('numbers', n, lambda: ['信访' * n] * 50) == ['信访' * n] * 50\n"
    )
    runs = [subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], cwd=paths.ROOT) for _ in range(2)]
    assert [run.wait(60) for run in runs] == [0, 0]
    assert 1 <= len(list((tmp_path / "numbers").iterdir())) <= 10
