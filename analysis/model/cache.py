"""In: what a result was made from, and how to make it. Out: the result, from disk when it was made before."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from analysis import paths
from analysis.errors import FolderError
from analysis.files import sweep, write_bytes

SMALL = 2_000  # characters of text below which looking up costs more than cutting
FILES, BYTES = 40, 200_000_000  # kept of one kind; the oldest go first


def through(kind: str, asked: Any, make: Callable[[], Any], *, small: bool = False) -> Any:
    """Return `make()`, or what it gave before for an equal `asked`. Both must be JSON.

    A file is written whole or not at all, and read only when its own hash fits: several processes may share the folder,
    and a damaged file is made again.

    Parameters
    ----------
    kind : str
        Folder below the cache.
    asked : JSON
        All that the result depends on, versions too.
    small : bool
        Make it without looking.
    """
    if small:
        return make()
    key = hashlib.sha256(json.dumps(asked, ensure_ascii=False).encode()).hexdigest()
    path = paths.CACHE / kind / f"{key}.json"
    with suppress(FileNotFoundError):  # not made yet, or another process has just removed it
        told, _, content = path.read_bytes().partition(b"\n")
        if told.decode(errors="replace") == hashlib.sha256(content).hexdigest():
            os.utime(path)  # used: not the oldest any more
            return json.loads(content)
    made = make()
    content = json.dumps(made, ensure_ascii=False).encode("utf-8", "surrogatepass")
    with suppress(FolderError):  # a full or read-only disk: the result is as good, and the next run makes it again
        write_bytes(path, hashlib.sha256(content).hexdigest().encode() + b"\n" + content)
        _bound(kind)
    return json.loads(content)


def _bound(kind: str) -> None:
    """Remove the files that were not used for longest, above `FILES` files or `BYTES` bytes, and any half written."""
    sweep(paths.CACHE / kind)
    held = []
    for path in (paths.CACHE / kind).glob("*.json"):
        with suppress(FileNotFoundError):  # another process was here first
            found = path.stat()
            held.append((found.st_mtime, found.st_size, path))
    room = BYTES
    for number, (_, size, path) in enumerate(sorted(held, reverse=True)):
        room -= size
        if number and (number >= FILES or room < 0):
            path.unlink(missing_ok=True)
