"""Files are written in one place, whole or not at all; a folder has one worker; the disk's refusal is said in words."""

import ast
import errno
import os
import subprocess
import sys
import threading
import time

import pytest

from analysis import files, paths
from analysis.errors import FolderError

ROOMS = sorted((paths.ROOT / "analysis").rglob("*.py"))
# Calls that write a file by themselves. `save` and `savefig`, `write`, `dump` and `to_…` may get a buffer, see below.
_ALWAYS = {"write_text", "write_bytes", "touch", "mkstemp", "NamedTemporaryFile", "TemporaryFile", "fdopen", "symlink_to",
           "copyfile", "copy2", "copytree", "move", "urlretrieve", "open_code", "to_pickle", "make_archive",
           "hardlink_to", "ParquetWriter", "tofile", "truncate", "os.open", "shutil.copy", "json.dump", "marshal.dump",
           "pickle.dump", "np.save"}  # fmt: skip
_TO = {"savefig", "save", "savez", "savez_compressed", "savetxt", "to_csv", "to_parquet", "to_excel", "to_json", "ZipFile",
       "TarFile"}  # fmt: skip
_OURS = {"files.write_bytes", "tables.write_bytes", "write_bytes"}


def calls(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            yield node, ast.unparse(node.func)


def writes(path):
    """Return the calls of a module that open a file for writing, past analysis/files.py."""
    tree = ast.parse(path.read_text("utf-8"))
    buffers = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and "BytesIO()" in ast.unparse(node.value)
        for each in node.targets
        for target in (each.elts if isinstance(each, ast.Tuple) else [each])
        if isinstance(target, ast.Name)
    }
    found = []
    for node, name in calls(tree):
        last, given = name.rpartition(".")[2], [*node.args, *(word.value for word in node.keywords)]
        first = ast.unparse(node.args[0]) if node.args else ""  # without one, `to_csv` returns a text
        texts = [each.value for each in given if isinstance(each, ast.Constant) and isinstance(each.value, str)]
        wrong = (
            (({last, name} & _ALWAYS) and name not in _OURS)
            or (last == "open" and any(set(text) & set("wax+") and len(text) < 4 for text in texts))
            or (last in _TO and first and first not in buffers and not first.startswith("BytesIO"))
        )
        if wrong:
            found.append(f"{path.relative_to(paths.ROOT)}:{node.lineno}: {ast.unparse(node)[:80]}")
    return found


@pytest.mark.parametrize("path", [path for path in ROOMS if path.name != "files.py"], ids=lambda path: path.stem)
def test_one_place_opens_files_for_writing(path):
    assert writes(path) == []


def test_the_look_at_the_code_sees_what_it_should(tmp_path):
    """Else the test above would pass over everything."""
    code = (
        "open(a, 'w')\nPath(a).open('ab')\na.write_text('x')\nframe.to_csv(a)\nnp.savez(a, b)\njson.dump(a, b)\n"
        "zipfile.ZipFile(a, 'w')\nos.open(a, 1)\nshutil.copyfile(a, b)\nfigure.savefig(a)\ntempfile.mkstemp()\n"
    )
    file = tmp_path / "x.py"
    file.write_text(code, encoding="utf-8")
    tree = [node.lineno for node, _ in calls(ast.parse(code))]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "ROOT", tmp_path)
        assert len(writes(file)) == len(set(tree)) == code.count("\n")


def test_a_failed_write_leaves_the_old_file_and_no_part(tmp_path):
    target = tmp_path / "a.csv"
    files.write_bytes(target, b"old")
    with pytest.raises(RuntimeError), files.replacing(target) as out:
        out.write(b"half")
        raise RuntimeError
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_files_that_belong_together_change_together(tmp_path, monkeypatch):
    """The disk is full at the second of three: none of them is new."""
    names = [tmp_path / name for name in ("a", "b", "c")]
    files.write_all(dict.fromkeys(names, b"old"))
    real, asked = files.replacing, []

    def full(path, **options):
        asked.append(path)
        if len(asked) == 2:
            raise OSError(errno.ENOSPC, "full")
        return real(path, **options)

    monkeypatch.setattr(files, "replacing", full)
    with pytest.raises(FolderError, match="full"):
        files.write_all(dict.fromkeys(names, b"new"))
    assert [path.read_bytes() for path in names] == [b"old"] * 3
    assert sorted(tmp_path.iterdir()) == names
    assert asked == names[:0:-1], "the last is the first to be begun and the last to be moved"


def test_writers_of_one_file_take_turns(tmp_path):
    target, contents = tmp_path / "a", [bytes([letter]) * 300_000 for letter in b"abcdefgh"]
    threads = [threading.Thread(target=files.write_bytes, args=(target, content)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert target.read_bytes() in contents
    assert list(tmp_path.iterdir()) == [target]


def test_a_part_that_somebody_writes_stays_and_one_of_a_dead_writer_goes(tmp_path):
    (tmp_path / "deep").mkdir()
    dead = tmp_path / "deep" / ".b.part"
    dead.write_bytes(b"half")
    with files.replacing(tmp_path / "a") as out:
        out.write(b"new")
        files.sweep(tmp_path)
        assert not dead.exists()
    assert (tmp_path / "a").read_bytes() == b"new"
    (tmp_path / ".a.part").write_bytes(b"what a killed process left")
    files.write_bytes(tmp_path / "a", b"newer")
    assert (tmp_path / "a").read_bytes() == b"newer"
    assert not (tmp_path / ".a.part").exists()


def test_folders_change_places(tmp_path):
    for name in ("new", "old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    files.swap(tmp_path / "new", tmp_path / "old")
    assert [path.name for path in (tmp_path / "old").iterdir()] == ["new"]
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["old"]
    files.swap(tmp_path / "new", tmp_path / "third")
    assert not (tmp_path / "new").exists()


def test_folders_change_places_where_the_system_cannot_do_it_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    test_folders_change_places(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["old", "third"]


def test_a_folder_is_copied_whole_or_not_at_all(tmp_path, monkeypatch):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x").write_bytes(b"x")
    with monkeypatch.context() as patch:
        patch.setattr(files.shutil, "copytree", lambda *_, **__: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))
        with pytest.raises(FolderError, match="the disk is full"):
            files.copy_folder(tmp_path / "a", tmp_path / "b")
    assert not (tmp_path / "b").exists()
    files.copy_folder(tmp_path / "a", tmp_path / "b")
    assert [path.name for path in (tmp_path / "b").iterdir()] == ["x"]


HOLD = "import sys, time; from pathlib import Path; from analysis import files\nwith files.alone(Path(sys.argv[1])):\n print('in', flush=True)\n time.sleep(60)"


def test_a_second_process_is_told_who_works_in_a_folder_and_death_frees_it(tmp_path):
    words = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(words, cwd=paths.ROOT, stdout=subprocess.PIPE) as first:
        assert first.stdout is not None
        first.stdout.readline()
        time.sleep(0.05)  # it notes its name after it has the lock
        said = rf"process {first.pid} .*is at work there\. Wait until it ends"
        with pytest.raises(FolderError, match=said), files.alone(tmp_path):
            pass
        (tmp_path / ".x.part").write_bytes(b"left by a killed process")
        first.kill()
    with files.alone(tmp_path), files.alone(tmp_path):  # the same thread may enter again
        assert [path.name for path in tmp_path.iterdir()] == [files.LOCK]
        assert f"process {os.getpid()} " in (tmp_path / files.LOCK).read_text("utf-8")
    assert list(tmp_path.iterdir()) == []


def test_who_reads_a_folder_is_told_who_changes_it(tmp_path, monkeypatch):
    words = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(words, cwd=paths.ROOT, stdout=subprocess.PIPE) as first:
        assert first.stdout is not None
        first.stdout.readline()
        with pytest.raises(FolderError, match=r"is at work there\. Wait until it ends\. Then run it again\."):  # noqa: SIM117
            with files.unchanging(tmp_path):
                pass
        first.kill()
    with files.unchanging(tmp_path):
        assert (tmp_path / files.LOCK).exists()
    with files.unchanging(tmp_path / "none"):
        assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(os, "access", lambda *_: False)
    with files.unchanging(tmp_path):
        assert list(tmp_path.iterdir()) == [], "nothing is written where nothing may be"


@pytest.mark.parametrize(
    ("number", "said"),
    [(errno.ENOSPC, "the disk is full"), (errno.EDQUOT, "the disk is full"), (errno.EROFS, "refuses access"),
     (errno.EACCES, "refuses access"), (errno.ENOTDIR, "a file stands in its way")],
)  # fmt: skip
def test_the_refusal_of_a_disk_says_where_and_what_to_do(tmp_path, number, said):
    with pytest.raises(FolderError, match=said) as raised, files.telling(tmp_path):
        raise OSError(number, "refused")
    assert str(tmp_path) in str(raised.value)


def test_another_fault_of_the_system_stays_what_it_is(tmp_path):
    with pytest.raises(FileNotFoundError), files.telling(tmp_path):
        raise FileNotFoundError(errno.ENOENT, "no such file")
