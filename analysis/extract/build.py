"""In: a folder of reports, an optional ledger, the codebook. Out: all tables and the texts their offsets point into."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from pathlib import Path, PurePosixPath
from typing import Any
from unicodedata import normalize

from analysis import files, paths, tables, workers
from analysis.codebook import Row
from analysis.errors import CodebookError, DocumentError, FolderError, closest
from analysis.extract import corrections as overrides
from analysis.extract import documents, formats, incremental, replacing
from analysis.extract import ledger as ledgers
from analysis.extract.incremental import Entry, Index
from analysis.extract.part import Made, Place, Task, Work, make, under_way
from analysis.extract.report import readers

MOST_LOST = 8  # reports of one part that may end the process which reads them, before the machine is thought at fault


@dataclass
class Built:
    """What a build made: row counts per table, and one sentence for each file or ledger row that gave no report."""

    folder: Path
    rows: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)


def build(
    reports: Path,
    out: Path,
    ledger: Path | None = None,
    corrections: Path | None = None,
    codebook_folder: Path = paths.CODEBOOK,
    fmt: tables.Format = "csv",
    jobs: int = 1,
    cluster: str = "",
    progress: Callable[[int, int], None] | None = None,
) -> Built:
    """Read every report below `reports` and write the tables to `out`, the texts to `out/text`.

    In Parquet (`fmt`) only what has changed is read: a report whose file and ledger row are those of the tables already
    in `out` keeps its rows there, and where only wordings or corrections are others, indicators and what follows from
    them are made anew; other code makes everything anew. The tables are always the same as new.

    A file that cannot be read is told in `review` and in what is returned, also when that is a fault of this program or
    (with `jobs` or a cluster) ends the process that reads it; the others are read all the same. Tables and texts are
    replaced when all are ready. Whatever stops a build, each file in `out` is the old one or the new one, and the next
    build makes the rest.

    Parameters
    ----------
    ledger : Path, optional
        CSV of what the researcher knows (see `ledger.COLUMNS`); it overrides what is read. A missing file is an empty
        ledger.
    corrections : Path, optional
        CSV of overrides (see `corrections.read`). A missing file is an empty one.
    jobs : int
        Processes to read with; the tables do not depend on it.
    cluster : str
        Address of a Dask scheduler to read with instead, see `workers.executor`.
    progress : callable, optional
        Called with (done, total) after each file.

    Raises
    ------
    DocumentError
        There is no folder, or not one readable report in it.
    CodebookError
        The codebook or the ledger is not usable, or a correction does not fit what is read.
    FolderError
        Another process builds in `out`, it cannot be written, holds a folder `text` of others, or the disk is full;
        or one of `reports` and `out` lies in the other.
    RunError
        The processes that read were ended, and no report is to blame.
    """
    _apart(reports.resolve(), out.resolve())
    with_ = readers(codebook_folder)  # a faulty codebook stops the build before the first report
    corrected = overrides.read(corrections, with_.codebook) if corrections and corrections.exists() else {}
    known = ledgers.read(ledger) if ledger and ledger.exists() else {}
    listed, found = time.time_ns(), documents.listed(reports)
    if not found:
        raise DocumentError(f"no file in {reports}. Put txt, html, pdf or docx files there.")
    with replacing.alone(out) as staging:
        before = incremental.load(out) if fmt == "parquet" else Index()
        now = Index(*incremental.made_with(codebook_folder), incremental.hashed(reports, found, listed, before))
        tasks = _tasks(now.files, known, corrected)
        planned = incremental.plan(tasks, before, now, out)
        place = Place(reports, codebook_folder, out, staging, fmt)
        work = [one for one in planned if isinstance(one, Work)]
        made = dict(_made(place, work, len(tasks), jobs, cluster, progress))
        return _finish(place, planned, made, before, now, corrected)


def _apart(reports: Path, out: Path) -> None:
    """Refuse to write tables where reports are read, and to read reports where tables are written."""
    if out.is_relative_to(reports) or reports.is_relative_to(out):
        raise FolderError(
            f"{out}: the folder of the tables and that of the reports, {reports}, must not lie one in the other: what "
            "is written would be read as reports or take their place. Choose another folder with --out."
        )


def _made(
    place: Place, work: list[Work], total: int, jobs: int, cluster: str, progress: Callable[[int, int], None] | None
) -> Iterator[tuple[int, Made]]:
    """Yield the number of each part and what it gave."""
    work = sorted(work, key=lambda one: -len(one.tasks))  # the largest first: then all hands end together
    done = total - sum(len(one.tasks) for one in work)
    ticks = count(done + 1)
    tick = (lambda: progress(next(ticks), total)) if progress and jobs <= 1 and not cluster else None
    if progress:
        progress(done, total)
    for one, made in _each(place, tick, work, jobs, cluster):
        yield one.number, made
        done += len(one.tasks)
        if progress and not tick:
            progress(done, total)


def _each(
    place: Place, tick: Callable[[], None] | None, work: list[Work], jobs: int, cluster: str
) -> Iterator[tuple[Work, Made]]:
    """Yield each part and what it gave; those that were under way when a process was ended are made again, alone."""
    while work:
        done = 0
        try:
            for made in workers.each(partial(make, place, tick), work, jobs, 1, cluster, fork=True):
                done += 1
                yield work[done - 1], made
            return
        except workers.EndedError:
            broken = [one for one in work[done:] if under_way(place, one) is not None]
            if not broken:
                raise
            work = [one for one in work[done:] if one not in broken]
        for one in broken:
            yield one, _alone(place, one, cluster)


def _alone(place: Place, one: Work, cluster: str) -> Made:
    """Make a part in a process of its own; a report that ends it is left out."""
    for _ in range(MOST_LOST):
        try:
            with workers.executor(1, cluster, fork=True) as pool:
                return pool.submit(make, place, None, one).result()
        except workers.EndedError:
            last = under_way(place, one)
            if last is None:
                raise
            tasks = [task._replace(lost=task.lost or number == last) for number, task in enumerate(one.tasks)]
            one = replace(one, tasks=tasks)
    with workers.executor(1, cluster, fork=True) as pool:
        return pool.submit(make, place, None, one).result()


def _tasks(
    files: Mapping[str, Sequence[Any]], known: Mapping[str, Row], corrected: Mapping[str, list[Row]]
) -> list[Task]:
    """Return what is to be read, in the order of the reports' ids; of one content or name only the first counts."""
    made, first, alike = [], dict[str, str](), dict[str, Task]()
    shown = {file: documents.as_text(file) for file in files}
    for file in files.keys() | (known.keys() - shown.values()):
        row = known.get(shown.get(file, file), {})
        report_id = row.get("report_id") or documents.name(shown.get(file, file))
        sha256 = files[file][-1] if file in files else ""
        made.append(Task(report_id, file, sha256, known=row, corrected=tuple(corrected.get(report_id, ()))))
    made.sort(key=lambda one: (one.report_id, one.file))
    for index, one in enumerate(made):
        if one.sha256 and PurePosixPath(one.file).suffix.lower() in formats.READABLE:
            same = first.setdefault(one.sha256, one.file)
            like = alike.setdefault(_on_disk(one.report_id), one)
            made[index] = one._replace(
                same=same if same != one.file else "", like=like.file if like.report_id != one.report_id else ""
            )
    return made


def _on_disk(report_id: str) -> str:
    """Return what is the same for names that are one and the same file on the disks of some systems."""
    return normalize("NFC", normalize("NFC", report_id).casefold())


def _finish(
    place: Place,
    planned: Sequence[Entry | Work],
    made: Mapping[int, Made],
    before: Index,
    now: Index,
    corrected: Mapping[str, list[Row]],
) -> Built:
    """Let what was made stand in the place of what was, unless something is wrong with it."""
    entries = [one if isinstance(one, Entry) else incremental.entry(one, made[one.number], before) for one in planned]
    stand = [name for one in entries for name, report in one.reports.items() if report.stands]
    failures = [text for one in entries for report in one.reports.values() for text in report.failures]
    faults = [text for one in made.values() for text in one.faults]
    for report_id in sorted(set(corrected).difference(stand)):
        where = corrected[report_id][0]["_where"]
        faults.append(f"{where}: no report '{report_id}' in this build.{closest(report_id, stand)} Remove the row.")
    if faults:
        raise CodebookError(faults)
    if not stand:
        raise DocumentError(failures)
    with files.telling(place.out):
        new = [one.part for one in made.values()]
        replacing.with_texts(place.staging, place.out, (name for one in made.values() for name in one.texts))
        if place.fmt == "parquet":
            replacing.with_parquet(place.staging, place.out, new, [one.part for one in entries])
        else:
            replacing.with_csv(place.staging, place.out, len(new))
            (place.out / incremental.NOTE).unlink(missing_ok=True)
        replacing.without_texts(place.out, stand)
        if place.fmt == "parquet":
            now.entries += [incremental.stamped(one, place.out) for one in entries]
            files.write_bytes(place.out / incremental.NOTE, incremental.as_note(now))
    rows = {name: sum(one.part.rows[name] for one in entries) for name in tables.SCHEMAS}
    return Built(place.out, rows, failures)
