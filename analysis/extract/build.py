"""In: a folder of reports, an optional ledger, the codebook. Out: all tables and the texts their offsets point into."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache, partial
from itertools import count, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import pandas as pd

from analysis import codebook, paths, tables, workers
from analysis.codebook import Codebook, Row
from analysis.errors import CodebookError, DocumentError, closest
from analysis.extract import corrections as overrides
from analysis.extract import documents, formats, frameworks, incremental, indicators, metadata, quantities, structure
from analysis.extract import ledger as ledgers
from analysis.extract.characters import HAN, one_width
from analysis.extract.documents import Document
from analysis.extract.quantities import Quantity
from analysis.extract.structure import Structure

Rows = dict[str, list[dict[str, object]]]


@dataclass(frozen=True)
class Readers:
    """Everything that is built once from the codebook and then reads any number of reports."""

    codebook: Codebook
    structure: structure.Reader
    quantities: quantities.Reader
    indicators: indicators.Reader
    places: metadata.Places


@dataclass
class Built:
    """What a build made: row counts per table, and one sentence for each file or ledger row that gave no report."""

    folder: Path
    rows: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)


@cache
def readers(folder: Path) -> Readers:
    """Load the codebook in `folder` and build its readers, once per process."""
    book = codebook.load(folder)
    return Readers(
        book,
        structure.Reader(book),
        quantities.Reader(book),
        indicators.Reader(book),
        metadata.load_places(folder / "places.csv"),
    )


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

    In Parquet (`fmt`) only what has changed is read: a report whose file, ledger row and corrections are those of the
    tables already in `out` keeps its rows there, unless codebook or code are others. The tables are the same as new.

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
    """
    with_ = readers(codebook_folder)  # a faulty codebook stops the build before the first report
    corrected = overrides.read(corrections, with_.codebook) if corrections and corrections.exists() else {}
    known = ledgers.read(ledger) if ledger and ledger.exists() else {}
    files = documents.find(reports)
    if not files:
        raise DocumentError(f"no file in {reports}. Put txt, html, pdf or docx files there.")
    tasks = _tasks(files, reports, known)
    with_what, keys = "", {}
    if fmt == "parquet":
        times = Counter(one.report_id for one in tasks)
        keys = {
            one.report_id: incremental.key(one.path, one.file, one.known, corrected.get(one.report_id, []))
            for one in tasks
            if times[one.report_id] == 1 and not one.same and not one.fault
        }
        with_what = incremental.made_with(codebook_folder)
        kept = incremental.unchanged(out, with_what, keys)
        tasks = [one._replace(kept=one.report_id in kept) for one in tasks]
    work = _in_parts(tasks, jobs)
    ticks = count(1)
    tick = (lambda: progress(next(ticks), len(files))) if progress and jobs == 1 and not cluster else None
    made, faults, seen = Built(out), [], set[str]()
    out.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=out, prefix=".building-") as temporary:
        folder = Path(temporary)
        (folder / "text").mkdir()
        with tables.Writer(folder, fmt) as writer:
            task = partial(_part, reports, codebook_folder, corrected, out, fmt, tick)
            done = 0
            for given, part in zip(work, workers.each(task, work, jobs, chunk=1, cluster=cluster), strict=True):
                for name, text in part.texts.items():
                    with open(folder / "text" / f"{name}.txt", "wb") as file:  # noqa: PTH123 -- faster, and there are many
                        file.write(text)
                for name in part.kept:
                    incremental.again(out / "text" / f"{name}.txt", folder / "text" / f"{name}.txt")
                seen.update(part.texts, part.kept)
                faults += part.faults
                made.failures += part.failures
                for name, rows in part.tables.items():
                    writer.add(name, rows)
                    made.rows[name] = made.rows.get(name, 0) + part.rows[name]
                done += len(given)
                if progress and not tick:
                    progress(done, len(files))
            lost = []
            for file in sorted(set(known) - {one.file for part in work for one in part}):
                why = f"in the ledger, but no such file below {reports.name}. Add the file or remove the row."
                message = f"{file}: {why}"
                lost.append(_left_out(known[file]["report_id"] or documents.name(file), file, message))
                made.failures.append(message)
            writer.add("review", tables.frame("review", lost))
            made.rows["review"] += len(lost)
            for report_id in sorted(set(corrected) - seen):
                where = corrected[report_id][0]["_where"]
                faults.append(
                    f"{where}: no report '{report_id}' in this build.{closest(report_id, seen)} Remove the row."
                )
            if faults:
                raise CodebookError(faults)
            if not seen:
                raise DocumentError(made.failures)
            writer.finish()
        (out / incremental.NOTE).unlink(missing_ok=True)
        _replace(folder, out, fmt)
        if fmt == "parquet":
            incremental.write(out, with_what, keys, sorted(seen))
    return made


PART = 250  # reports that are read, checked and written together


class Task(NamedTuple):
    """One file to read: its path, its path below the folder, its row of the ledger, the id of its report.

    `same` is a file before it with the same content; a `kept` one has its rows in the tables; a `fault` bars it.
    """

    path: Path
    file: str
    known: Row
    report_id: str
    same: str = ""
    kept: bool = False
    fault: str = ""


@dataclass
class Part:
    """What some files gave: parts of the tables as `tables.Writer` takes them, their row counts, and the texts.

    `kept` are reports whose text and rows are those of the tables before.
    """

    tables: dict[str, Any]
    rows: dict[str, int]
    texts: dict[str, bytes]
    failures: list[str]
    faults: list[str]
    kept: list[str]


def _tasks(files: Sequence[Path], reports: Path, known: dict[str, Row]) -> list[Task]:
    """Return what is to be read, in the order of the reports' ids; files of one size are compared."""
    made = []
    for path in files:
        file, fault = documents.shown(path, reports), documents.refused(path, reports)
        row = known.get(file, {})
        made.append(Task(path, file, row, row.get("report_id") or documents.name(file), fault=fault))
    made.sort(key=lambda one: one.report_id)  # stable: of one id the first path comes first
    sizes = [-1 if one.fault else one.path.stat().st_size for one in made]
    several = {size for size, number in Counter(sizes).items() if number > 1}
    first: dict[bytes, str] = {}
    for index, (one, size) in enumerate(zip(made, sizes, strict=True)):
        if size in several and not one.fault and one.path.suffix.lower() in formats.READABLE:
            with one.path.open("rb") as file:
                same = first.setdefault(hashlib.file_digest(file, "sha256").digest(), one.file)
            made[index] = one._replace(same=same if same != one.file else "")
    return made


def _in_parts(tasks: list[Task], jobs: int) -> list[list[Task]]:
    """Share out the files; those of one report_id stay together."""
    size = min(PART, max(1, len(tasks) // (4 * jobs))) if jobs > 1 else PART
    parts: list[list[Task]] = [[]]
    for one in tasks:
        if len(parts[-1]) >= size and parts[-1][-1].report_id != one.report_id:
            parts.append([])
        parts[-1].append(one)
    return parts


def _left_out(report_id: str, file: str, message: str) -> dict[str, object]:
    return {"report_id": report_id, "kind": "metadata", "text": file, "message": message,
            "suggestion": "mend or remove the file, then build again"}  # fmt: skip


def _part(
    reports: Path,
    codebook_folder: Path,
    corrected: dict[str, list[Row]],
    out: Path,
    fmt: tables.Format,
    tick: Callable[[], None] | None,
    tasks: Sequence[Task],
) -> Part:
    """Read some files; one that cannot be read is told in `review`, so that the others still run."""
    with_ = readers(codebook_folder)
    rows: Rows = {name: [] for name in tables.SCHEMAS}
    made = Part({}, {}, {}, [], [], [one.report_id for one in tasks if one.kept])

    def leave_out(one: Task, message: str) -> None:
        made.failures.append(message)
        rows["review"].append(_left_out(documents.name(one.file), one.file, message))

    for one in tasks:
        if tick:
            tick()
        if one.kept:
            continue
        if one.report_id in made.texts or one.same:
            why = f"the same content as {one.same}" if one.same else f"another file has report_id {one.report_id} too"
            leave_out(one, f"{one.file}: left out, {why}. Remove one of the two, or name them apart in the ledger.")
            continue
        try:
            document = documents.read(one.path, reports, with_.codebook, one.report_id)
        except DocumentError as error:
            leave_out(one, str(error))
            continue
        found, unfit = extract(document, with_, one.known, corrected.get(one.report_id, []))
        made.faults += unfit
        made.texts[one.report_id] = document.text.encode("utf-8")
        for name, new in found.items():
            rows[name] += [{"report_id": one.report_id} | row for row in new]
    for name, new in rows.items():
        parts = [tables.read(name, out, made.kept, checked=False)] if made.kept else []
        parts += [tables.frame(name, new)] if new or not parts else []
        frame = parts[0] if len(parts) == 1 else tables.ordered(name, pd.concat(parts, ignore_index=True))
        made.rows[name] = len(frame)
        made.tables[name] = frame if tables.is_late(name) else tables.encoded(frame, fmt)
    return made


def extract(
    document: Document, with_: Readers, known: Row | None = None, corrected: Sequence[Row] = ()
) -> tuple[Rows, list[str]]:
    """Return the rows of every table for one report, without their report_id, and the corrections that do not fit."""
    about, review = metadata.read_metadata(document, with_.places, known or {})
    year, level = about.get("report_year"), about.get("level")
    tree = with_.structure.read(document)
    year, level = year if isinstance(year, int) else None, level if isinstance(level, str) else None
    numbers = with_.quantities.read(document.text, *document.body, report_year=year)
    starts = [section.start for section in tree.sections]
    homes = [structure.section_at(tree.sections, starts, one.start) for one in numbers]
    numbers = [_planned(one, home) for one, home in zip(numbers, homes, strict=True)]
    found, doubts = with_.indicators.read(document.text, document.body, tree.sections, numbers, year, level)
    found, unfit = overrides.apply(found, list(corrected), document.text)
    review = [*review, *tree.review, *doubts]
    review += with_.indicators.out_of_range(found, level)
    review += with_.indicators.identities(found) + with_.indicators.several(found)
    read: set[int | None] = {one.quantity for one in found}
    at = [one.start for one in numbers]
    for one in (one for one in found if one.basis == "summed"):
        read.update(range(bisect_left(at, one.start), bisect_left(at, one.end)))
    review += [
        _unmatched(document.text, one) for index, one in enumerate(numbers) if one.role == "fact" and index not in read
    ]
    ids = {id(section): index for index, section in enumerate(tree.sections, 1)}
    rows: Rows = {
        "reports": [_report(document, with_.codebook, about, tree, numbers, review)],
        "sections": [_section(section, ids) for section in tree.sections],
        "items": [
            {"item_id": index, "role": item.role, "number": item.number, "heading": item.heading, "start": item.start,
             "text": document.text[item.start : item.end], "end": item.end, "problem_type": item.problem_type,
             "cause": item.cause}
            for index, item in enumerate(tree.items, 1)
        ],
        "quantities": [
            {"quantity_id": index, "section_id": ids.get(id(home)),
             "start": one.start, "end": one.end, "text": document.text[one.start : one.end], "value": one.value,
             "unit": one.unit, "qualifier": one.qualifier, "role": one.role, "label": one.label}
            for index, (one, home) in enumerate(zip(numbers, homes, strict=True), 1)
        ],
        "indicators": [
            {"indicator": one.code, "value": one.value, "unit": one.unit, "qualifier": one.qualifier,
             "basis": one.basis, "scope": one.scope, "start": one.start, "end": one.end, "evidence": one.evidence,
             "quantity_id": None if one.quantity is None else one.quantity + 1}
            for one in found
        ],
        "derived": with_.indicators.derived(found),
        "review": review,
    }  # fmt: skip
    return rows, unfit


def _unmatched(text: str, one: Quantity) -> dict[str, object]:
    left, right = indicators.sentence(text, one.start, one.end)
    return {"kind": "unmatched", "start": one.start, "end": one.end, "text": text[left:right],
            "message": f"{text[one.start : one.end]} feeds no indicator ({one.label})",
            "suggestion": "add a wording if the codebook has an indicator for it; many figures are none"}  # fmt: skip


def _planned(one: Quantity, section: structure.Section | None) -> Quantity:
    """A number in the plan part is a target, whatever its clause says."""
    planned = section and section.role == "plan" and one.role in ("fact", "change")
    return replace(one, role="target") if planned else one


def _section(section: structure.Section, ids: dict[int, int]) -> dict[str, object]:
    return {
        "section_id": ids[id(section)], "parent_id": ids.get(id(section.parent)), "depth": section.depth,
        "number": section.number, "heading": section.heading, "role": section.role, "area": section.area,
        "area_confidence": section.confidence,
        "start": section.start, "end": section.end,
    }  # fmt: skip


def _report(
    document: Document,
    book: Codebook,
    about: dict[str, object],
    tree: Structure,
    numbers: Sequence[Quantity],
    review: Sequence[dict[str, object]],
) -> dict[str, object]:
    text, (start, end) = document.text, document.body
    edges = [*(section.start for section in tree.sections), end]
    share: dict[str, int] = dict.fromkeys(tables.SECTION_ROLES, 0)
    for section, (left, right) in zip(tree.sections, pairwise(edges), strict=True):
        share[section.role] += len(HAN.findall(text, left, right))
    body = one_width(text[start:end]).replace(" ", "")
    year, published = about.get("report_year"), about.get("published_on")
    left = (date(year + 1, 4, 1) - published).days if isinstance(year, int) and isinstance(published, date) else None
    formula, cites = book.marker_pattern("stale_formula"), book.marker_pattern("cites_2021")
    counts = {kind: sum(row["kind"] == kind for row in review) for kind in tables.REVIEW_KINDS}
    return about | {
        "file": document.file, "sha256": document.sha256,
        "framework": frameworks.follows([section.heading for section in tree.sections if section.area], book),
        "stale_formula": frameworks.says(formula, body) and frameworks.says(cites, body),
        "chars": len(HAN.findall(text, start, end)),
        "chars_work": share["work"], "chars_problems": share["problems"], "chars_duty": share["duty"],
        "chars_plan": share["plan"], "states_causes": any(item.cause for item in tree.items),
        "n_problems": sum(item.role == "problems" for item in tree.items),
        "n_plans": sum(item.role == "plan" for item in tree.items), "n_quantities": len(numbers),
        "days_to_deadline": left,
        "warnings": "; ".join(f"{kind} {count}" for kind, count in counts.items() if count),
    }  # fmt: skip


def _replace(folder: Path, out: Path, fmt: tables.Format) -> None:
    """Put new tables and texts in the place of earlier ones, and remove tables of the other format."""
    old = folder / "old"
    if (out / "text").exists():
        (out / "text").rename(old)
    (folder / "text").rename(out / "text")
    for name in tables.SCHEMAS:
        (folder / f"{name}.{fmt}").replace(out / f"{name}.{fmt}")
        (out / f"{name}.{'parquet' if fmt == 'csv' else 'csv'}").unlink(missing_ok=True)
