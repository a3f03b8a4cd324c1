"""In: a path and its content, or a folder to work in. Out: the file, old or new at any moment; the folder to oneself.

The one place of this package that opens files for writing. What is written waits in `.<name>.part` beside its target
and is moved there by one rename. Whoever writes a part holds a lock on it, which the system frees at its death: so a
part that nobody holds is what a killed process left, and may go.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import BinaryIO

from analysis.errors import FolderError

try:
    import fcntl
except ImportError:  # Windows, where a file that somebody has open cannot be removed or replaced anyway
    fcntl = None

LOCK = ".lock"  # in a folder: who works there
# Names that Windows keeps for itself, with any suffix: aux.txt is no file there.
_KEPT = re.compile(r"con|prn|aux|nul|(?:com|lpt)[0-9¹²³]", re.I)
_FULL = {errno.ENOSPC, errno.EDQUOT}
_BARRED = {errno.EROFS, errno.EACCES, errno.EPERM}


def plain(name: str) -> bool:
    """Whether a name can be that of a file or folder on every system: letters, digits, _ and -, and not kept by one."""
    return bool(re.fullmatch(r"[\w-]+", name)) and not _KEPT.fullmatch(name)


def write_bytes(path: Path, content: bytes, *, lasting: bool = False) -> None:
    """Write `content` so that a reader sees the old file or the new one, never half of one.

    Parameters
    ----------
    lasting : bool
        Wait until the disk has it: for what a person wrote and no command can make again.

    Raises
    ------
    FolderError
        The disk is full, or may not be written.
    """
    with replacing(path, lasting=lasting) as out:
        out.write(content)


def write_all(contents: Mapping[Path, bytes], *, lasting: bool = False) -> None:
    """Write files that belong together: none takes its place before all are on the disk. The last one comes last."""
    with ExitStack() as stack:
        for path in reversed([*contents]):  # a stack ends with what was put on it first
            out = stack.enter_context(replacing(path, lasting=lasting))
            out.write(contents[path])
            with telling(path.parent):
                out.flush()


def write_new(path: Path | str, content: bytes) -> None:
    """Write a file, fast, in a folder that nobody reads before it is moved to its place as a whole."""
    with open(path, "wb") as out:  # noqa: PTH123 -- a third of the time of Path.open
        out.write(content)


@contextmanager
def noting(path: Path) -> Iterator[Callable[[int], None]]:
    """Give a function that notes a number, fast: what is under way, for who finds the file after a kill."""
    with path.open("wb", buffering=0) as out:

        def note(number: int) -> None:
            out.seek(0)
            out.write(f"{number:12}".encode())

        yield note
    path.unlink()


@contextmanager
def replacing(path: Path, *, lasting: bool = False) -> Iterator[BinaryIO]:
    """Open a file that takes the place of `path` when the block ends well; see `write_bytes`."""
    with telling(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        part = part_of(path)
        handle = _own(part)
        try:
            with os.fdopen(handle, "wb") as out:
                yield out
                out.flush()
                if lasting:
                    os.fsync(handle)
                if fcntl:  # while the lock is held: it may go with the file, but nobody may come between
                    part.replace(path)
            if not fcntl:
                part.replace(path)
        except BaseException:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise


def part_of(path: Path) -> Path:
    """Return where what is written to `path` waits."""
    return path.with_name(f".{path.name}.part" if fcntl else f".{path.name}.{os.getpid()}.part")


def _own(part: Path) -> int:
    """Open a part and lock it, waiting for whoever writes the same file."""
    while True:
        handle = os.open(part, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
        if fcntl:
            with suppress(OSError):  # a network disk without locks
                fcntl.flock(handle, fcntl.LOCK_EX)
            if not _is(part, handle):  # moved or removed while we waited
                os.close(handle)
                continue
        os.ftruncate(handle, 0)
        return handle


def _is(path: Path, handle: int) -> bool:
    with suppress(FileNotFoundError):
        return path.stat().st_ino == os.fstat(handle).st_ino
    return False


def add_line(path: Path, line: str) -> None:
    """Add a line to a list of what is under way; what stands there already stays, whatever happens."""
    with telling(path.parent), path.open("a", encoding="utf-8", newline="\n") as out:
        out.write(line + "\n")


def copy_folder(origin: Path, target: Path) -> None:
    """Copy a folder with its files, folders and links: `target` is there whole, or not at all."""
    with telling(target.parent):
        new = target.with_name(f".{target.name}.new")
        shutil.rmtree(new, ignore_errors=True)
        shutil.copytree(origin, new, symlinks=True, ignore=_no_files)
        new.rename(target)


def _no_files(folder: str, names: list[str]) -> list[str]:
    """Return what can be neither copied nor read: pipes, sockets, devices."""
    inside = [(name, Path(folder) / name) for name in names]
    return [name for name, path in inside if not (path.is_symlink() or path.is_dir() or path.is_file())]


def swap(new: Path, place: Path) -> None:
    """Put a folder in its place; what stood there then stands at `new`, in one step where the system can do that."""
    if not place.exists():
        new.rename(place)
    elif not _exchanged(new, place):
        old = new.with_name(f"{new.name}.old")
        shutil.rmtree(old, ignore_errors=True)
        place.rename(old)
        new.rename(place)
        old.rename(new)


def _exchanged(one: Path, other: Path) -> bool:
    """Exchange two names, as Linux and most of its file systems can; say whether it was done."""
    if sys.platform != "linux":
        return False
    import ctypes

    renameat2 = getattr(ctypes.CDLL(None), "renameat2", None)
    here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    return bool(renameat2) and renameat2(here, os.fsencode(one), here, os.fsencode(other), exchange) == 0


@contextmanager
def alone(folder: Path, how: str = "Choose another folder with --out.") -> Iterator[None]:
    """Work in a folder while no other process does, and first remove what killed ones left in it.

    The same thread may enter again. The system frees the lock when its holder dies.

    Raises
    ------
    FolderError
        Another process works there, or the folder cannot be written.
    """
    from filelock import FileLock, Timeout

    with telling(folder):
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / LOCK
        lock = FileLock(path, timeout=0, is_singleton=True)
        first = not lock.is_locked
        try:
            lock.acquire()
        except Timeout:
            raise FolderError(f"{folder}: {_holder(path)} is at work there. Wait until it ends. {how}") from None
    try:
        if first:
            with telling(folder):
                path.write_text(f"process {os.getpid()} ({_command()})\n", encoding="utf-8")
                sweep(folder)
        yield
    finally:
        if first:
            with suppress(OSError):
                path.unlink()  # while it is held: whoever waits for it sees that it is gone
        lock.release()


@contextmanager
def unchanging(folder: Path) -> Iterator[None]:
    """Read a folder while no other process changes it; one that cannot be written, nobody changes.

    Raises
    ------
    FolderError
        Another process works there.
    """
    with alone(folder, "Then run it again.") if os.access(folder, os.W_OK) else nullcontext():
        yield


def _holder(lock: Path) -> str:
    try:
        return lock.read_text("utf-8").strip() or "another process"
    except OSError:
        return "another process"


def _command() -> str:
    words = [Path(sys.argv[0]).parent.name if sys.argv[0].endswith("__main__.py") else Path(sys.argv[0]).name]
    return " ".join([*words, *sys.argv[1:2]]).strip() or "python"


def sweep(folder: Path) -> None:
    """Remove parts below `folder` that nobody writes any more."""
    for part in folder.rglob(".*.part"):
        with suppress(OSError):  # another sweep was here first, or the part is in its place now
            if not fcntl:
                part.unlink()
                continue
            handle = os.open(part, os.O_RDWR)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if _is(part, handle):
                    part.unlink()
            finally:
                os.close(handle)


@contextmanager
def telling(folder: Path) -> Iterator[None]:
    """Say what can be done when the disk does not take what is written.

    Raises
    ------
    FolderError
        Instead of an OSError that says the disk is full or may not be written.
    """
    try:
        yield
    except OSError as error:
        told = refusal(error, folder)
        if not told:
            raise
        raise told from error


def refusal(error: OSError, folder: Path | None = None) -> FolderError | None:
    """Return what to say of an error of the disk, or None when it is of another kind."""
    where = folder or Path(error.filename or ".").parent
    kept = "What was there before is as it was."
    if error.errno in _FULL:
        return FolderError(f"{where}: the disk is full. {kept} Make room there, then run the same again.")
    if error.errno in _BARRED:
        return FolderError(
            f"{where}: the system refuses access ({os.strerror(error.errno or 0)}). {kept} Get the right to write "
            "there, or choose another folder."
        )
    if error.errno in (errno.ENOTDIR, errno.EEXIST):
        return FolderError(f"{where}: a folder is needed, and a file stands in its way. Move it, or choose another.")
    return None
