"""In: the files of some neighbouring reports. Out: their rows as one part of the tables, and their texts, on disk."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from traceback import extract_tb
from typing import Any, NamedTuple

import pandas as pd

from analysis import files, parts, paths, tables
from analysis.cells import csv_text
from analysis.codebook import Row
from analysis.errors import CodebookError, DocumentError, FolderError
from analysis.extract import documents
from analysis.extract.report import NEEDED, STAY, Readers, Rows, extract, judge_again, readers

ROW: Row = {}


class Task(NamedTuple):
    """One file to read: the id of its report, its path below the folder, its content's hash, what is told of it.

    `same` is a file before it with the same content, or empty; `like` one whose report_id is other only by capital
    letters or by the form of its accents. A row of the ledger without a file has no hash. `lost`: who reads it dies.
    """

    report_id: str
    file: str
    sha256: str
    same: str = ""
    like: str = ""
    known: Row = ROW
    corrected: tuple[Row, ...] = ()
    lost: bool = False


@dataclass(frozen=True)
class Work:
    """The files of one part, and what of the tables before may stand.

    Attributes
    ----------
    number : int
        Its place among the parts.
    tasks : list of Task
        In the order of their report_ids; all files of an id.
    kept : frozenset of str
        report_ids whose rows and text are those of the tables before.
    judged : frozenset of str
        report_ids for which only what follows from wordings and corrections is other than before.
    before : list of Part
        The parts of the tables before that hold them.
    """

    number: int
    tasks: Sequence[Task]
    kept: frozenset[str] = frozenset()
    judged: frozenset[str] = frozenset()
    before: Sequence[parts.Part] = ()


@dataclass
class Made:
    """What a part gave: what to put on the list, ids with a new text, and what was found wrong.

    `failures` are sentences about files that gave no report, by report_id; `faults` corrections that do not fit;
    `unsure` reports to read again in the next build: the file changed while it was read, or was not at fault.
    """

    part: parts.Part
    texts: list[str] = field(default_factory=list)
    failures: dict[str, list[str]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)


class Place(NamedTuple):
    """Where a build reads and writes: its reports and codebook, the tables' folder, the folder where new ones wait."""

    reports: Path
    codebook: Path
    out: Path
    staging: Path
    fmt: tables.Format


def under_way(place: Place, work: Work) -> int | None:
    """Return which file of a part was being read when its process ended, or None."""
    with suppress(FileNotFoundError, ValueError):
        return int(_trail(place, work).read_bytes())
    return None


def _trail(place: Place, work: Work) -> Path:
    return place.staging / f"reading.{work.number}"


def make(place: Place, tick: Callable[[], None] | None, work: Work) -> Made:
    """Read the files of one part, write its rows and texts where new ones wait, and return what to tell.

    A file that cannot be read, or whose rows fit no table, is told in `review`, so that the others still run.
    """
    made = Made(parts.Part("", "", {}, {}))
    frames, with_, stand = _before(place.out, work), readers(place.codebook), set(work.kept)
    found, texts = list[tuple[Task, Rows]](), dict[str, bytes]()
    old = _rows(frames, work.judged) if work.judged else {}
    with files.telling(place.out), files.noting(_trail(place, work)) as note:
        for number, one in enumerate(work.tasks):
            if tick:
                tick()
            if one.report_id in old and not one.lost:
                note(number)
                text = (place.out / "text" / f"{one.report_id}.txt").read_bytes().decode()
                try:
                    rows, unfit = judge_again(old[one.report_id], text, with_, one.corrected)
                except (CodebookError, FolderError):
                    raise
                except Exception:  # reading it anew says what is wrong
                    pass
                else:
                    made.faults += unfit
                    found.append((one, _named(one, rows)))
                    stand.add(one.report_id)
            if one.report_id not in stand:
                note(number)
                found.append((one, _named(one, _read(one, place, with_, texts, made))))
    whole = _tables(found, frames, work.kept, stand, texts, made)
    with files.telling(place.out):
        folder = str(place.staging / "text")
        for name, text in texts.items():
            files.write_new(f"{folder}/{name}.txt", text)
        made.texts = list(texts)
        first, last = work.tasks[0].report_id, work.tasks[-1].report_id
        if place.fmt == "parquet":
            made.part = parts.write(first, last, whole, place.staging)
        else:
            for name, frame in whole.items():
                files.write_new(place.staging / f"{name}.{work.number}", csv_text(frame, header=False).encode())
            made.part = parts.Part(first, last, {}, {name: len(frame) for name, frame in whole.items()})
    return made


def _read(one: Task, place: Place, with_: Readers, texts: dict[str, bytes], made: Made) -> Rows:
    """Read one file into rows and text, or into a row of review that says why not."""
    file = documents.as_text(one.file)
    if not one.sha256:
        why = f"in the ledger, but no such file below {place.reports.name}. Add the file or remove the row."
        return _left_out(one, made, why)
    if one.same or one.like or one.report_id in texts:
        why = f"another file has report_id {one.report_id} too"
        if one.same:
            why = f"the same content as {documents.as_text(one.same)}"
        elif one.like:
            other = documents.as_text(one.like)
            why = f"on some disks its report_id {one.report_id} is the same file's name as that of {other}"
        return _left_out(one, made, f"left out, {why}. Remove one of the two, or name them apart in the ledger.")
    try:
        if one.lost:
            raise MemoryError
        document = documents.read(place.reports / one.file, place.reports, with_.codebook, one.report_id)
        rows, unfit = extract(document, with_, one.known, one.corrected)
        text = document.text.encode("utf-8")
    except DocumentError as error:
        return _left_out(one, made, str(error).removeprefix(f"{file}: "))
    except (CodebookError, FolderError):
        raise
    except Exception as error:
        return _left_out(one, made, _fault(one, made, error))
    if document.sha256 != one.sha256:
        made.unsure.append(one.report_id)
    made.faults += unfit
    texts[one.report_id] = text
    return rows


def _left_out(one: Task, made: Made, why: str) -> Rows:
    """Say why a file gives no report, in what is told and in a row of review; of names that look alike in one row."""
    file, told = documents.as_text(one.file), made.failures.setdefault(one.report_id, [])
    message = f"{file}: {why}"
    told.append(message)
    row = {"kind": "metadata", "text": file, "message": message,
           "suggestion": "mend or remove the file, then build again"}  # fmt: skip
    return {"review": [row]} if told.count(message) == 1 else {}


def _tables(
    found: list[tuple[Task, Rows]],
    frames: dict[str, pd.DataFrame],
    kept: frozenset[str],
    stand: set[str],
    texts: dict[str, bytes],
    made: Made,
) -> dict[str, pd.DataFrame]:
    """Return the part of each table; a report whose rows do not fit one is left out of all, and its text too.

    Of the tables before, rows of `kept` stand, and in `STAY` those of `stand`, which has the reports judged again too.
    """

    def whole() -> dict[str, pd.DataFrame]:
        new = {name: [row for _, rows in found for row in rows.get(name, ())] for name in tables.SCHEMAS}
        standing = dict.fromkeys(tables.SCHEMAS, kept) | dict.fromkeys(STAY, stand)
        return {name: _whole(name, frames.get(name), standing[name], rows) for name, rows in new.items()}

    try:
        return whole()
    except MemoryError:
        raise
    except Exception:  # now one by one: whose rows are they?
        for index, (one, rows) in enumerate(found):
            try:
                for name in tables.SCHEMAS:
                    tables.frame(name, rows.get(name, ()))
            except Exception as error:
                texts.pop(one.report_id, None)
                stand.discard(one.report_id)
                found[index] = one, _named(one, _left_out(one, made, _fault(one, made, error)))
        return whole()


def _named(one: Task, rows: Rows) -> Rows:
    """Write the report_id into its rows."""
    for found in rows.values():
        for row in found:
            row["report_id"] = one.report_id
    return rows


def _fault(one: Task, made: Made, error: Exception) -> str:
    """Say what went wrong that nobody foresaw: the kind of error, and its place in this package, for who mends it.

    The next build tries the file again: another disk, more memory, other wordings may do.
    """
    made.unsure.append(one.report_id)
    if isinstance(error, OSError):
        return f"could not be read: {error.strerror or error}. Look whether the disk is there, then build again."
    if isinstance(error, MemoryError):
        return (
            "could not be read: the process that reads it was ended, or memory was not enough for it. Close what else "
            "takes memory or use fewer --jobs, then build again; or take the file out."
        )
    steps = extract_tb(error.__traceback__)
    own = [one for one in steps if Path(one.filename).is_relative_to(paths.ROOT / "analysis")] or steps
    way = " < ".join(f"{Path(one.filename).name}:{one.lineno}" for one in reversed(own[-3:]))
    return (
        f"could not be read: {type(error).__name__} ({str(error)[:100]}) at {way}. This is a fault of the program; "
        "please report it, with the file, and take the file out until it is mended."
    )


def _before(out: Path, work: Work) -> dict[str, pd.DataFrame]:
    """Return the rows of the tables before, for the reports of which some may stand."""
    stand = work.kept | work.judged
    if not stand:
        return {}
    return {
        name: parts.read([out / parts.FOLDER / name / one.files[name] for one in work.before], stand)
        for name in tables.SCHEMAS
    }


def _rows(frames: dict[str, pd.DataFrame], ids: Iterable[str]) -> dict[str, Rows]:
    """Return what judging some reports again needs of their rows: report_id → table → rows, missing values as None."""
    import pyarrow as pa

    found: dict[str, Rows] = {name: {table: [] for table in NEEDED} for name in sorted(ids)}
    for table in NEEDED:
        names = list(frames[table])
        values = [pa.array(frames[table][name], from_pandas=True).to_pylist() for name in names]
        for row in zip(*values, strict=True):  # by `to_dict` it takes four times as long
            named = dict(zip(names, row, strict=True))
            if named["report_id"] in found:
                found[named["report_id"]][table].append(named)
    return found


def _whole(
    name: str, before: pd.DataFrame | None, kept: Collection[str], new: Sequence[dict[str, Any]]
) -> pd.DataFrame:
    """Put rows that stand and new ones together, as if all had been new."""
    if before is None or not kept:
        return tables.frame(name, new)
    old = before.loc[before["report_id"].isin(list(kept)).to_numpy()]
    if not new:
        return old.reset_index(drop=True)
    return tables.ordered(name, pd.concat([old, tables.frame(name, new)], ignore_index=True))
