"""In: a folder of reports, an optional ledger, the codebook. Out: all tables and the texts their offsets point into."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache, partial
from itertools import pairwise
from pathlib import Path

from analysis import codebook, paths, tables, workers
from analysis.codebook import Codebook, Row
from analysis.errors import CodebookError, DocumentError, closest
from analysis.extract import corrections as overrides
from analysis.extract import documents, frameworks, indicators, metadata, quantities, structure
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
    work = [(path, known.get(path.relative_to(reports).as_posix(), {})) for path in files]
    task = partial(_one_file, reports, codebook_folder, corrected)
    rows: Rows = {name: [] for name in tables.SCHEMAS}
    texts: dict[str, str] = {}
    first_with: dict[str, str] = {}
    faults: list[str] = []
    made = Built(out)

    def leave_out(report_id: str, file: str, message: str) -> None:
        made.failures.append(message)
        rows["review"].append(
            {"report_id": report_id, "kind": "metadata", "text": file, "message": message,
             "suggestion": "mend or remove the file, then build again"}
        )  # fmt: skip

    for done, (path, result) in enumerate(zip(files, workers.each(task, work, jobs, cluster=cluster), strict=True), 1):
        file = path.relative_to(reports).as_posix()
        if isinstance(result, str):
            leave_out(documents.name(file), file, result)
        else:
            document, found, unfit = result
            faults += unfit
            report_id, same = document.report_id, first_with.setdefault(document.sha256, file)
            if same != file or report_id in texts:
                why = f"the same content as {same}" if same != file else f"another file has report_id {report_id} too"
                cure = "Remove one of the two, or name them apart in the ledger."
                leave_out(documents.name(file), file, f"{file}: left out, {why}. {cure}")
            else:
                texts[report_id] = document.text
                for name, new in found.items():
                    rows[name] += [{"report_id": report_id} | row for row in new]
        if progress:
            progress(done, len(files))
    for file in sorted(set(known) - {path.relative_to(reports).as_posix() for path in files}):
        message = f"{file}: in the ledger, but no such file below {reports.name}. Add the file or remove the row."
        leave_out(known[file]["report_id"] or documents.name(file), file, message)
    for report_id in sorted(set(corrected) - set(texts)):
        where = corrected[report_id][0]["_where"]
        faults.append(f"{where}: no report '{report_id}' in this build.{closest(report_id, texts)} Remove the row.")
    if faults:
        raise CodebookError(faults)
    if not texts:
        raise DocumentError(made.failures)
    _write(rows, texts, out, fmt, made)
    return made


def _one_file(
    reports: Path, codebook_folder: Path, corrected: dict[str, list[Row]], given: tuple[Path, Row]
) -> tuple[Document, Rows, list[str]] | str:
    """Read one file; a file that cannot be read gives its message instead, so that the others still run."""
    path, known = given
    with_ = readers(codebook_folder)
    try:
        document = documents.read(path, reports, with_.codebook, known.get("report_id"))
    except DocumentError as error:
        return str(error)
    return document, *extract(document, with_, known, corrected.get(document.report_id, []))


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
    read = {one.quantity for one in found}
    added = [range(one.start, one.end) for one in found if one.basis == "summed"]
    review += [
        _unmatched(document.text, one)
        for index, one in enumerate(numbers)
        if one.role == "fact" and index not in read and not any(one.start in span for span in added)
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


def _write(rows: Rows, texts: dict[str, str], out: Path, fmt: tables.Format, made: Built) -> None:
    """Write tables and texts, then remove the texts and formats of earlier builds."""
    frames = {name: tables.frame(name, new) for name, new in rows.items()}  # checked before one is written
    for report_id, text in texts.items():
        tables.write_bytes(out / "text" / f"{report_id}.txt", text.encode("utf-8"))
    for name, frame in frames.items():
        tables.write(name, frame, out, fmt)
        made.rows[name] = len(frame)
        (out / f"{name}.{'parquet' if fmt == 'csv' else 'csv'}").unlink(missing_ok=True)
    for path in (out / "text").glob("*.txt"):
        if path.stem not in texts:
            path.unlink()
