"""In: a folder of reports. Out: the way from files to a folder to send, in steps for a notebook; data/ is not touched.

>>> from analysis import desk
>>> mine = desk.open("mine", "my_reports")  # doctest: +SKIP
>>> mine.enter(mine.draft())                # doctest: +SKIP
>>> mine.build()                            # doctest: +SKIP
"""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from analysis import cells, files, paths, tables
from analysis.errors import CodebookError, DocumentError, ParameterError
from analysis.extract import build as builds
from analysis.extract import corrections as overrides
from analysis.extract import documents
from analysis.extract import ledger as ledgers
from analysis.present import evidence as pages
from analysis.present import parcel, sidecar

__all__ = ["Desk", "changes", "open"]

KEY = ["report_id", "indicator", "scope", "start", "end"]


@dataclass(frozen=True)
class Desk:
    """A folder below figures/ with copies to work on: reports, ledger, corrections, codebook; and what comes of them.

    Attributes
    ----------
    folder : Path
        figures/<out>. The copies stand in its folder `desk`, the tables in `tables`.
    """

    folder: Path

    @property
    def reports(self) -> Path:
        """Folder of the report files."""
        return self.folder / "desk" / "reports"

    @property
    def ledger(self) -> Path:
        """CSV of what you know about each file."""
        return self.folder / "desk" / "reports.csv"

    @property
    def corrections(self) -> Path:
        """CSV of values you overrule."""
        return self.folder / "desk" / "corrections.csv"

    @property
    def codebook(self) -> Path:
        """Folder of the codebook's CSV files."""
        return self.folder / "desk" / "codebook"

    @property
    def tables(self) -> Path:
        """Folder of the tables; for `load.reports(mine.tables)` and all others."""
        return self.folder / "tables"

    def files(self) -> pd.DataFrame:
        """Return one row per report file: file, kilobytes."""
        found = documents.find(self.reports)
        rows = [(documents.shown(path, self.reports), path.lstat().st_size / 1000) for path in found]
        return pd.DataFrame(rows, columns=["file", "kilobytes"])

    def draft(self) -> pd.DataFrame:
        """Return one ledger row per file that the ledger lacks, as texts: what was read, and in `note` what was not."""
        known = ledgers.read(self.ledger) if self.ledger.exists() else {}
        with_, out = builds.readers(self.codebook), self.ledger.with_suffix(".draft.csv")
        if not ledgers.draft(self.reports, known, with_.codebook, with_.places, out):
            return pd.DataFrame(columns=list(ledgers.COLUMNS), dtype="str")
        return cells.read_texts(out)

    def enter(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Write rows to the ledger, in place of those of the same files, and return the whole ledger.

        Raises
        ------
        CodebookError
            A cell is not what the ledger takes; the ledger then stays as it was.
        """
        new = rows.reindex(columns=list(ledgers.COLUMNS)).fillna("").astype("str")
        if self.ledger.exists():
            old = cells.read_texts(self.ledger)
            new = pd.concat([old.loc[~old["file"].isin(new["file"].tolist())], new], ignore_index=True)
        _replace(self.ledger, tables.csv_bytes(new), lambda: ledgers.read(self.ledger))
        return new

    def build(self) -> pd.DataFrame:
        """Read the reports into tables and return one row per table: table, rows.

        Files that give no report are rows of the table `review`.
        """
        made = builds.build(self.reports, self.tables, self.ledger, self.corrections, self.codebook)
        return pd.DataFrame(list(made.rows.items()), columns=["table", "rows"])

    def evidence(self) -> Path:
        """Write the evidence site of the tables and return its first page."""
        return pages.write(self.tables).index

    def correct(self, row: pd.DataFrame, new_value: float | None, reason: str) -> pd.DataFrame:
        """Overrule a value from the next build on, and return all corrections.

        Parameters
        ----------
        row : DataFrame
            One row of `load.indicators(mine.tables)`.
        new_value : float or None
            The right value; None when the row should go.
        reason : str
            For whoever asks later.

        Raises
        ------
        ParameterError
            `row` has not one row.
        CodebookError
            The line is not usable: no reason, for example.
        """
        if len(row) != 1:
            raise ParameterError(f"correct: {len(row)} rows, expected 1. Filter load.indicators until one is left.")
        one = row.iloc[0]
        line = dict.fromkeys(overrides.COLUMNS, "") | {
            "report_id": one["report_id"], "indicator": one["indicator"], "scope": one["scope"],
            "action": "drop" if new_value is None else "set", "old_value": f"{one['value']:.10g}",
            "new_value": "" if new_value is None else f"{new_value:.10g}", "unit": one["unit"], "reason": reason,
        }  # fmt: skip
        book = builds.readers(self.codebook).codebook
        _append(self.corrections, line, lambda: overrides.read(self.corrections, book))
        return cells.read_texts(self.corrections)

    def wording(self, indicator: str, wording: str, basis: str = "", scope: str = "", note: str = "") -> None:
        """Add a wording to this desk's codebook (see data/codebook/README.md); it counts from the next build on.

        Raises
        ------
        CodebookError
            The indicator is unknown, or the wording is faulty or there already; the codebook then stays as it was.
        """
        line = {"indicator": indicator, "wording": wording, "basis": basis, "scope": scope, "note": note}
        _append(self.codebook / "wordings.csv", line, self._readable)

    def _readable(self) -> None:
        builds.readers(self.codebook).indicators.check()

    def export(self) -> pd.DataFrame:
        """Add gallery, captions, methods, numbers and manifest to the figures.

        Returns
        -------
        DataFrame
            What there is to send, one row per folder and kind of file: folder, kind, files, kilobytes.
        """
        parcel.finish(self.folder, self.tables)
        work = self.folder / "desk"
        found = [path for path in self.folder.rglob("*") if path.is_file() and work not in path.parents]
        rows = [
            (path.relative_to(self.folder).parts[0] if path.parent != self.folder else "", path.suffix[1:], path)
            for path in found
        ]
        made = pd.DataFrame(rows, columns=["folder", "kind", "path"])
        made["kilobytes"] = [path.stat().st_size / 1000 for path in made["path"]]
        grouped = made.groupby(["folder", "kind"], as_index=False)
        return grouped.agg(files=("path", "count"), kilobytes=("kilobytes", "sum"))


def open(out: str, reports: str | Path = "", fresh: bool = False) -> Desk:
    """Copy a folder of reports and the codebook to figures/<out>/desk, unless they are there, and return the desk.

    Parameters
    ----------
    out : str
        Name of the folder below figures/.
    reports : str or Path
        Folder of reports, from here or from the project's folder; empty for the project's five.
    fresh : bool
        Begin anew: remove what this desk had before, corrections and wordings too.

    Raises
    ------
    DocumentError
        There is no file in `reports`.
    ParameterError
        `out` is 'paper', which is kept for the project's own figure set.
    """
    sidecar.plain_name(out=out)
    if out == "paper":
        raise ParameterError("'paper' is kept for data/reports; choose another name.")
    made, source = Desk(paths.FIGURES / out), paths.found(reports) if reports else paths.REPORTS
    if not source.is_dir() or not documents.find(source):
        raise DocumentError(f"no file in {source}. Put txt, html, pdf or docx files there.")
    if fresh:
        for folder in (made.reports.parent, made.tables):
            shutil.rmtree(folder, ignore_errors=True)
    for origin, target in ((source, made.reports), (paths.CODEBOOK, made.codebook)):
        if not target.exists():
            files.copy_folder(origin, target)  # the build tells where a link leads
    return made


def changes(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Return what differs between two builds' indicators.

    Returns
    -------
    DataFrame
        One row per value that came, went or changed: report_id, indicator, scope, start, end, before, after, evidence.
    """
    both = [frame[[*KEY, "value", "evidence"]] for frame in (before, after)]
    made = both[0].merge(both[1], on=KEY, how="outer", suffixes=("_before", "_after"))
    same = made["value_before"].eq(made["value_after"]).to_numpy(bool)
    made["evidence"] = made["evidence_after"].fillna(made["evidence_before"])
    made = made.rename(columns={"value_before": "before", "value_after": "after"})
    return made.loc[~same, [*KEY, "before", "after", "evidence"]].reset_index(drop=True)


def _append(path: Path, line: dict[str, str], check: Callable[[], object]) -> None:
    """Add one row to a CSV that a person edits, in the order of its own header."""
    if path.exists():
        content = path.read_bytes().rstrip(b"\r\n") + b"\n"
        header = next(csv.reader(content.decode("utf-8-sig").splitlines()))
    else:
        header = list(line)
        content = b"\xef\xbb\xbf" + _row(header)
    _replace(path, content + _row([line.get(name, "") for name in header]), check)


def _row(values: list[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(map(cells.inert, values))
    return out.getvalue().encode()


def _replace(path: Path, content: bytes, check: Callable[[], object]) -> None:
    """Write a file; when the check of what it then says fails, put back what was there."""
    old = path.read_bytes() if path.exists() else None
    files.write_bytes(path, content, lasting=True)
    try:
        check()
    except CodebookError:
        path.unlink() if old is None else files.write_bytes(path, old, lasting=True)
        raise
