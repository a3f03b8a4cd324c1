"""In: the files of some neighbouring reports. Out: their rows as one part of the tables, and their texts, on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from traceback import extract_tb
from typing import Any, NamedTuple

import pandas as pd

from analysis import files, parts, paths, tables
from analysis.cells import csv_text
from analysis.codebook import Row
from analysis.errors import AnalysisError, DocumentError
from analysis.extract import documents
from analysis.extract.report import NEEDED, STAY, Readers, Rows, extract, judge_again, readers

ROW: Row = {}


class Task(NamedTuple):
    """One file to read: the id of its report, its path below the folder, its content's hash, what is told of it.

    `same` is a file before it with the same content, or empty; `like` one whose report_id is other only by capital
    letters or by the form of its accents. A row of the ledger without a file has no hash.
    """

    report_id: str
    file: str
    sha256: str
    same: str = ""
    like: str = ""
    known: Row = ROW
    corrected: tuple[Row, ...] = ()


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
    `unsure` reports whose file changed while it was read.
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


def make(place: Place, tick: Callable[[], None] | None, work: Work) -> Made:
    """Read the files of one part, write its rows and texts where new ones wait, and return what to tell.

    A file that cannot be read is told in `review`, so that the others still run.
    """
    made = Made(parts.Part("", "", {}, {}))
    rows: Rows = {name: [] for name in tables.SCHEMAS}
    frames, with_ = _before(place.out, work), readers(place.codebook)
    judged: set[str] = set()

    def add(report_id: str, found: Rows) -> None:
        for name, new in found.items():
            for row in new:
                row["report_id"] = report_id
            rows[name] += new

    if work.judged:
        for name, report in _rows(frames, work.judged).items():
            text = (place.out / "text" / f"{name}.txt").read_bytes().decode()
            corrected = next(one.corrected for one in work.tasks if one.report_id == name)
            try:
                found, unfit = judge_again(report, text, with_, corrected)
            except (AnalysisError, MemoryError):
                raise
            except Exception:  # reading it anew says what is wrong
                continue
            made.faults += unfit
            add(name, found)
            judged.add(name)
    stand, texts = work.kept | judged, dict[str, bytes]()
    standing = dict.fromkeys(tables.SCHEMAS, work.kept) | dict.fromkeys(STAY, stand)
    for one in work.tasks:
        if tick:
            tick()
        if one.report_id not in stand:
            _read(one, place, with_, texts, made, add)
    with files.telling(place.out):
        for name, text in texts.items():
            files.write_new(place.staging / "text" / f"{name}.txt", text)
        made.texts = list(texts)
        whole = {name: _whole(name, frames.get(name), standing[name], new) for name, new in rows.items()}
        first, last = work.tasks[0].report_id, work.tasks[-1].report_id
        if place.fmt == "parquet":
            made.part = parts.write(first, last, whole, place.staging)
        else:
            for name, frame in whole.items():
                files.write_new(place.staging / f"{name}.{work.number}", csv_text(frame, header=False).encode())
            made.part = parts.Part(first, last, {}, {name: len(frame) for name, frame in whole.items()})
    return made


def _read(
    one: Task, place: Place, with_: Readers, texts: dict[str, bytes], made: Made, add: Callable[[str, Rows], None]
) -> None:
    """Read one file into rows and text, or say why not."""
    file = documents.as_text(one.file)

    def leave_out(message: str) -> None:
        made.failures.setdefault(one.report_id, []).append(message)
        row = {"kind": "metadata", "text": file, "message": message,
               "suggestion": "mend or remove the file, then build again"}  # fmt: skip
        add(one.report_id, {"review": [row]})

    if not one.sha256:
        leave_out(
            f"{file}: in the ledger, but no such file below {place.reports.name}. Add the file or remove the row."
        )
        return
    if one.same or one.like or one.report_id in texts:
        why = f"another file has report_id {one.report_id} too"
        if one.same:
            why = f"the same content as {documents.as_text(one.same)}"
        elif one.like:
            other = documents.as_text(one.like)
            why = f"on some disks its report_id {one.report_id} is the same file's name as that of {other}"
        leave_out(f"{file}: left out, {why}. Remove one of the two, or name them apart in the ledger.")
        return
    try:
        document = documents.read(place.reports / one.file, place.reports, with_.codebook, one.report_id)
        found, unfit = extract(document, with_, one.known, one.corrected)
    except DocumentError as error:
        leave_out(str(error))
        return
    except (AnalysisError, MemoryError):
        raise
    except Exception as error:
        leave_out(f"{file}: {_fault(error)}")
        return
    if document.sha256 != one.sha256:
        made.unsure.append(one.report_id)
    made.faults += unfit
    texts[one.report_id] = document.text.encode("utf-8")
    add(one.report_id, found)


def _fault(error: Exception) -> str:
    """Say what went wrong that nobody foresaw: the kind of error, and its place in this package, for who mends it."""
    if isinstance(error, OSError):
        return f"could not be read: {error.strerror or error}. Look whether the disk is there, then build again."
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
    found: dict[str, Rows] = {name: {table: [] for table in NEEDED} for name in sorted(ids)}
    for table in NEEDED:
        frame = frames[table]
        values = frame.astype(object).where(frame.notna(), None)
        for row in zip(*(values[name].tolist() for name in frame), strict=True):  # `to_dict` takes three times as long
            named = dict(zip(frame, row, strict=True))
            if named["report_id"] in found:
                found[named["report_id"]][table].append(named)
    return found


def _whole(name: str, before: pd.DataFrame | None, kept: frozenset[str], new: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Put rows that stand and new ones together, as if all had been new."""
    if before is None or not kept:
        return tables.frame(name, new)
    old = before.loc[before["report_id"].isin(list(kept)).to_numpy()]
    if not new:
        return old.reset_index(drop=True)
    return tables.ordered(name, pd.concat([old, tables.frame(name, new)], ignore_index=True))
