"""In: the tables of an earlier build, and what a new one is made of. Out: the reports that need not be read again."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
from collections.abc import Iterable, Mapping, Sequence
from importlib import metadata
from pathlib import Path

from analysis import paths, tables
from analysis.codebook import Row

NOTE = "build.json"  # beside Parquet tables: what they were made of, report by report


def made_with(codebook: Path) -> str:
    """Return a hash of what reads a report: codebook, code, and the packages that take files apart."""
    digest = hashlib.sha256(platform.python_version().encode())
    for name in ("pandas", "pyarrow", "lxml", "python-docx", "pypdfium2"):
        try:
            digest.update(f"{name} {metadata.version(name)}\n".encode())
        except metadata.PackageNotFoundError:
            continue
    package = paths.ROOT / "analysis"
    for file in sorted([*codebook.glob("*.csv"), *package.glob("*.py"), *(package / "extract").glob("*.py")]):
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def key(file: Path, name: str, known: Row, corrected: Sequence[Row]) -> str:
    """Return a hash of all that one report's rows depend on: its file, the ledger's row, its corrections."""
    told = [{column: cell for column, cell in row.items() if column != "_where"} for row in (known, *corrected)]
    digest = hashlib.sha256(json.dumps([name, told], ensure_ascii=False, sort_keys=True).encode())
    with file.open("rb") as handle:
        digest.update(hashlib.file_digest(handle, "sha256").digest())
    return digest.hexdigest()[:32]


def unchanged(out: Path, with_: str, keys: Mapping[str, str]) -> set[str]:
    """Return the report_ids of `keys` whose rows and text in `out` would come out the same.

    None, when something else has touched the tables since they were written.
    """
    try:
        note = json.loads((out / NOTE).read_text("utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return set()
    if note.get("with") != with_ or note.get("tables") != _stamps(out):
        return set()
    texts = {path.stem for path in (out / "text").glob("*.txt")}
    return {name for name, value in note["reports"].items() if keys.get(name) == value and name in texts}


def write(out: Path, with_: str, keys: Mapping[str, str], reports: Iterable[str]) -> None:
    """Note beside the tables what they were made of."""
    note = {"with": with_, "tables": _stamps(out), "reports": {name: keys[name] for name in reports if name in keys}}
    tables.write_bytes(out / NOTE, json.dumps(note, ensure_ascii=False).encode())


def again(old: Path, new: Path) -> None:
    """Let an unchanged text stand in the new folder too, without copying it where the disk can do that."""
    try:
        os.link(old, new)
    except OSError:
        shutil.copyfile(old, new)


def _stamps(out: Path) -> dict[str, list[int]]:
    found = {name: (out / f"{name}.parquet") for name in tables.SCHEMAS}
    return {name: [path.stat().st_size, path.stat().st_mtime_ns] for name, path in found.items() if path.exists()}
