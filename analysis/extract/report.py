"""In: one report and the codebook's readers. Out: its rows of every table."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from analysis import codebook, tables
from analysis.codebook import Codebook, Row
from analysis.extract import corrections as overrides
from analysis.extract import documents, frameworks, indicators, metadata, quantities, structure
from analysis.extract.characters import han_before, one_width
from analysis.extract.documents import Document
from analysis.extract.headings import Section
from analysis.extract.lines import sentence
from analysis.extract.quantities import Quantity
from analysis.extract.structure import Structure

Rows = dict[str, list[dict[str, Any]]]

JUDGES = ("wordings", "indicators", "ratios", "identities")  # files of the codebook that `judge` alone depends on
READ = ("structure", "metadata")  # kinds of review rows that it does not make
STAY = ("sections", "items", "quantities")  # tables that do not depend on what it says
NEEDED = ("reports", "sections", "quantities", "review")  # tables that `judge_again` asks for
NEAR = 250  # characters shown on either side of a number that feeds no indicator


@dataclass(frozen=True)
class Readers:
    """Everything that is built once from the codebook and then reads any number of reports."""

    codebook: Codebook
    structure: structure.Reader
    quantities: quantities.Reader
    indicators: indicators.Reader
    places: metadata.Places


def readers(folder: Path) -> Readers:
    """Load the codebook in `folder` and build its readers, once per process and state of its files."""
    seen = [(file.name, file.stat()) for file in sorted(folder.glob("*.csv"))]
    return _readers(folder, tuple((name, one.st_size, one.st_mtime_ns, one.st_ino) for name, one in seen))


@lru_cache(maxsize=8)
def _readers(folder: Path, _state: tuple[tuple[str, int, int, int], ...]) -> Readers:
    book = codebook.load(folder)
    return Readers(
        book,
        structure.Reader(book),
        quantities.Reader(book),
        indicators.Reader(book),
        metadata.load_places(folder / "places.csv"),
    )


def extract(
    document: Document, with_: Readers, known: Row | None = None, corrected: Sequence[Row] = ()
) -> tuple[Rows, list[str]]:
    """Return the rows of every table for one report, without their report_id, and the corrections that do not fit."""
    about, doubts = metadata.read_metadata(document, with_.places, known or {})
    year, level = about.get("report_year"), about.get("level")
    year, level = year if isinstance(year, int) else None, level if isinstance(level, str) else None
    tree = with_.structure.read(document)
    numbers = with_.quantities.read(document.text, *document.body, report_year=year)
    starts = [section.start for section in tree.sections]
    homes = [structure.section_at(tree.sections, starts, one.start) for one in numbers]
    numbers = [_planned(one, home) for one, home in zip(numbers, homes, strict=True)]
    follows, unfit = judge(document, tree.sections, numbers, year, level, with_, corrected)
    review = [*doubts, *tree.review, *follows["review"]]
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
    }  # fmt: skip
    return rows | follows | {"review": review}, unfit


def judge(
    document: Document,
    sections: Sequence[Section],
    numbers: Sequence[Quantity],
    year: int | None,
    level: str | None,
    with_: Readers,
    corrected: Sequence[Row] = (),
) -> tuple[Rows, list[str]]:
    """Return what follows from wordings and corrections: the indicators, the ratios, and their doubts for review."""
    text = document.text
    found, doubts = with_.indicators.read(text, document.body, sections, numbers, year, level)
    found, unfit = overrides.apply(found, list(corrected), text)
    review = [*doubts, *with_.indicators.out_of_range(found, level)]
    review += with_.indicators.identities(found) + with_.indicators.several(found)
    read: set[int | None] = {one.quantity for one in found}
    at = [one.start for one in numbers]
    for one in found:
        if one.basis == "summed":
            read.update(range(bisect_left(at, one.start), bisect_left(at, one.end)))
    review += [_unmatched(text, one) for index, one in enumerate(numbers) if one.role == "fact" and index not in read]
    rows: Rows = {
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


def judge_again(rows: Rows, text: str, with_: Readers, corrected: Sequence[Row] = ()) -> tuple[Rows, list[str]]:
    """Return the rows of all but `STAY` that `extract` would, from those it once made of this text with other wordings.

    Parameters
    ----------
    rows : dict of str to list of dict
        Those of `NEEDED`.
    """
    about = rows["reports"][0]
    furniture = documents.furniture(text, with_.codebook)
    document = Document(str(about["report_id"]), str(about["file"]), str(about["sha256"]), text, furniture)
    sections = [
        Section(row["start"], row["end"], row["number"] or "", row["heading"] or "", "", 0, role=row["role"])
        for row in rows["sections"]
    ]
    numbers = [
        Quantity(row["start"], row["end"], row["value"], row["unit"] or "", row["qualifier"], row["role"],
                 row["label"] or "")
        for row in rows["quantities"]
    ]  # fmt: skip
    follows, unfit = judge(document, sections, numbers, about["report_year"], about["level"], with_, corrected)
    review = [row for row in rows["review"] if row["kind"] in READ] + follows["review"]
    return follows | {"review": review, "reports": [about | {"warnings": _warnings(review)}]}, unfit


def _unmatched(text: str, one: Quantity) -> dict[str, object]:
    left, right = sentence(text, one.start, one.end)
    left, right = max(left, one.start - NEAR), min(right, one.end + NEAR)  # a clause may hold 100,000 numbers
    return {"kind": "unmatched", "start": one.start, "end": one.end, "text": text[left:right],
            "message": f"{text[one.start : one.end]} feeds no indicator ({one.label})",
            "suggestion": "add a wording if the codebook has an indicator for it; many figures are none"}  # fmt: skip


def _planned(one: Quantity, section: Section | None) -> Quantity:
    """A number in the plan part is a target, whatever its clause says."""
    planned = section and section.role == "plan" and one.role in ("fact", "change")
    return replace(one, role="target") if planned else one


def _section(section: Section, ids: dict[int, int]) -> dict[str, object]:
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
    review: Sequence[dict[str, Any]],
) -> dict[str, object]:
    text, (start, end) = document.text, document.body
    han = han_before(text)[[start, *(section.start for section in tree.sections), end]].tolist()
    share: dict[str, int] = dict.fromkeys(tables.SECTION_ROLES, 0)
    for section, (left, right) in zip(tree.sections, pairwise(han[1:]), strict=True):
        share[section.role] += max(0, right - left)
    body = one_width(text)[start:end].replace(" ", "")
    year, published = about.get("report_year"), about.get("published_on")
    left = (date(year + 1, 4, 1) - published).days if isinstance(year, int) and isinstance(published, date) else None
    formula, cites = book.marker_pattern("stale_formula"), book.marker_pattern("cites_2021")
    return about | {
        "file": document.file, "sha256": document.sha256,
        "framework": frameworks.follows([section.heading for section in tree.sections if section.area], book),
        "stale_formula": frameworks.says(formula, body) and frameworks.says(cites, body),
        "chars": han[-1] - han[0],
        "chars_work": share["work"], "chars_problems": share["problems"], "chars_duty": share["duty"],
        "chars_plan": share["plan"], "states_causes": any(item.cause for item in tree.items),
        "n_problems": sum(item.role == "problems" for item in tree.items),
        "n_plans": sum(item.role == "plan" for item in tree.items), "n_quantities": len(numbers),
        "days_to_deadline": left,
        "warnings": _warnings(review),
    }  # fmt: skip


def _warnings(review: Sequence[dict[str, Any]]) -> str:
    counts = Counter(row["kind"] for row in review)
    return "; ".join(f"{kind} {counts[kind]}" for kind in tables.REVIEW_KINDS if counts[kind])
