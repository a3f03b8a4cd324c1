"""In: new tables and texts that wait in a folder. Out: they stand in the place of the old ones, always whole.

A build writes into `.building` and moves what is ready: one rename a file, so that whoever reads finds the old file or
the new one, whatever kills the build. The next build removes what a killed one left.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from filecmp import cmp
from pathlib import Path

from analysis import files, parts, tables
from analysis.errors import FolderError

STAGING = ".building"


@contextmanager
def alone(out: Path) -> Iterator[Path]:
    """Give an empty folder where new tables wait, for as long as no other build may write to `out`.

    Raises
    ------
    FolderError
        Another process builds there, or the folder cannot be written.
    """
    staging = out / STAGING
    with files.alone(out):
        try:
            with files.telling(out):
                for left in out.glob(f"{STAGING}*"):  # by a build that was killed
                    shutil.rmtree(left)
                (staging / "text").mkdir(parents=True)
            yield staging
        finally:
            shutil.rmtree(staging, ignore_errors=True)


def with_texts(staging: Path, out: Path, new: Iterable[str]) -> None:
    """Move new texts to their place.

    Raises
    ------
    FolderError
        There is a folder `text`, but no table beside it: it is not ours, and we would remove what is in it.
    """
    (out / "text").mkdir(exist_ok=True)
    tables_before = [out / "reports.csv", out / "reports.parquet", out / parts.FOLDER / parts.LIST]
    if not any(map(Path.exists, tables_before)):
        waiting = staging / "text"
        for other in sorted((out / "text").iterdir()):  # those of a first build that was killed are what we have
            if not (waiting / other.name).exists() or not cmp(waiting / other.name, other, shallow=False):
                raise FolderError(
                    f"{other.parent}: holds files that are no texts of tables, for example {other.name}; a build "
                    "there would remove them. Choose another folder with --out."
                )
    waiting, place = str(staging / "text"), str(out / "text")  # no Path of each: there are many
    for name in new:
        os.replace(f"{waiting}/{name}.txt", f"{place}/{name}.txt")  # noqa: PTH105


def with_parquet(staging: Path, out: Path, new: Iterable[parts.Part], whole: Sequence[parts.Part]) -> None:
    """Move new parts to their place and put them on the list, which replaces all tables at once."""
    for one in new:
        for waiting, path in zip(one.paths(staging), one.paths(out), strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            waiting.replace(path)
    files.write_bytes(out / parts.FOLDER / parts.LIST, parts.as_list(whole))
    for name in tables.SCHEMAS:
        for fmt in ("csv", "parquet"):
            (out / f"{name}.{fmt}").unlink(missing_ok=True)
        _remove_others(out / parts.FOLDER / name, {one.files[name] for one in whole})


def with_csv(staging: Path, out: Path, pieces: int) -> None:
    """Make one file of the pieces of each table and move it to its place; Parquet of an earlier build goes."""
    for name in tables.SCHEMAS:
        with files.replacing(staging / f"{name}.csv") as whole:
            whole.write(tables.csv_bytes(tables.frame(name, [])))
            for piece in range(pieces):
                with (staging / f"{name}.{piece}").open("rb") as file:
                    shutil.copyfileobj(file, whole, 1 << 20)
    for name in tables.SCHEMAS:
        (staging / f"{name}.csv").replace(out / f"{name}.csv")
    (out / parts.FOLDER / parts.LIST).unlink(missing_ok=True)  # from now on the tables are those in CSV
    shutil.rmtree(out / parts.FOLDER, ignore_errors=True)
    for name in tables.SCHEMAS:
        (out / f"{name}.parquet").unlink(missing_ok=True)


def without_texts(out: Path, reports: Iterable[str]) -> None:
    """Remove the texts of all but these reports, which no table names any more."""
    _remove_others(out / "text", {f"{name}.txt" for name in reports})


def _remove_others(folder: Path, wanted: Collection[str]) -> None:
    for name in set(os.listdir(folder)).difference(wanted):  # noqa: PTH208 -- faster, and there are many
        if not (folder / name).is_dir():
            (folder / name).unlink()
