"""In: the ledger, and a folder of reports. Out: its rows by file, and a draft of rows for files that have none."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pandas as pd

from analysis.codebook import Codebook, Row, read_csv
from analysis.errors import CodebookError, DocumentError
from analysis.extract import documents, metadata
from analysis.tables import csv_bytes, write_bytes

COLUMNS = ("file", "report_id", "place_code", "level", "report_year", "published_on", "source_url", "note")


def read(path: Path) -> dict[str, Row]:
    """Read the ledger: file → its row.

    Raises
    ------
    CodebookError
        A file or report_id stands twice, a path leaves the reports folder, or a report_id is not usable as a file name.
    """
    rows = read_csv(path, COLUMNS)
    faults: list[str] = []
    seen: dict[tuple[str, str], str] = {}
    for row in rows:
        for column in ("file", "report_id"):
            if row[column] and (column, row[column]) in seen:
                faults.append(f"{row['_where']}: {column} '{row[column]}' stands twice. Keep one row.")
            seen[(column, row[column])] = row["_where"]
        if not row["file"] or ".." in row["file"].split("/") or Path(row["file"]).is_absolute():
            faults.append(f"{row['_where']}: file '{row['file']}' must be a path below the reports folder.")
        if row["report_id"] and documents.name(row["report_id"] + ".x") != row["report_id"]:
            faults.append(
                f"{row['_where']}: report_id '{row['report_id']}' may hold letters, digits and _ only, at most "
                f"{documents.LONGEST_ID} bytes, and be none that Windows keeps (con, nul …). Possible: "
                f"'{documents.name(row['report_id'] + '.x')}'."
            )
        row["published_on"] = re.sub(
            r"^(\d{4})[/.](\d{1,2})[/.](\d{1,2})$", _iso, row["published_on"]
        )  # as Excel writes
        faults += [
            f"{row['_where']}: {column} is '{row[column]}', expected {expected}. Correct it or leave it empty."
            for column, (fits, expected) in metadata.LEDGER.items()
            if row[column] and not fits(row[column])
        ]
    if faults:
        raise CodebookError(faults)
    return {row["file"]: row for row in rows}


def _iso(match: re.Match[str]) -> str:
    return "-".join(part.zfill(2) for part in match.groups())


def draft(reports: Path, known: dict[str, Row], book: Codebook, places: metadata.Places, out: Path) -> int:
    """Write a row for each file that the ledger does not know: what was read, and in `note` what could not be.

    The researcher corrects the draft and moves its rows to the ledger. Returns the number of rows; without any, no file
    is written and an old draft is removed.
    """
    rows = []
    for path in documents.find(reports):
        file = documents.shown(path, reports)
        if file in known:
            continue
        row: dict[str, object] = {"file": file, "report_id": documents.name(file)}
        try:
            about, doubts = metadata.read_metadata(documents.read(path, reports, book), places, {})
        except DocumentError as error:
            row["note"] = str(error)
        else:
            row |= {name: about[name] for name in ("place_code", "level", "report_year", "published_on")}
            notes = [str(doubt["message"]) for doubt in doubts]
            if about["place_code"] is None and not any("place_code" in note for note in notes):
                notes.append(
                    "place_code: none is known below the county; leave it empty, a code would name another place"
                )
            row["note"] = "; ".join(notes)
        rows.append({name: _cell(row.get(name)) for name in COLUMNS})
    if rows:
        write_bytes(out, csv_bytes(pd.DataFrame(rows, columns=list(COLUMNS))))
    else:
        out.unlink(missing_ok=True)
    return len(rows)


def _cell(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else "" if value is None else str(value)
