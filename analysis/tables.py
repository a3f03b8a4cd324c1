"""In: frames of extracted rows. Out: checked tables on disk, and typed frames back from it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import pandas as pd

from analysis.cells import csv_text, read_texts
from analysis.errors import DataError

if TYPE_CHECKING:
    import pandera.pandas as pa

Format = Literal["csv", "parquet"]

# Column types: s text, i whole number, f number, b yes/no, d date. A capital letter: never missing.
# The names before the columns are the key: they identify a row and sort the table, words of a list in the list's order.
LEVELS = ("province", "prefecture", "county", "township", "development_zone", "department")
FRAMEWORKS = ("outline_2015", "outline_2021", "index", "own")
QUALIFIERS = ("exact", "about", "at_least", "at_most")
QUANTITY_ROLES = ("fact", "target", "change", "price", "threshold")
SECTION_ROLES = ("lead", "work", "problems", "duty", "plan", "other")
AREAS = ("A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8", "A9", "S")
BASES = ("stated", "summed", "implied", "zero_in_words", "corrected")
SCOPES = ("own", "area", "lower", "departments")
REVIEW_KINDS = (
    "structure",
    "metadata",
    "identity",
    "ambiguous",
    "out_of_range",
    "unmatched",
)  # what matters most first

SCHEMAS: Mapping[str, tuple[Sequence[str], Mapping[str, str | tuple[str, Sequence[str]]]]] = {
    "reports": (
        ("report_id",),
        {
            "report_id": "S", "file": "S", "sha256": "S", "title": "s", "place": "s", "place_code": "s",
            "province": "s", "prefecture": "s", "level": ("s", LEVELS), "issuer": "s", "report_year": "i",
            "published_on": "d", "signed_on": "d", "source_url": "s", "framework": ("S", FRAMEWORKS),
            "stale_formula": "B", "chars": "I", "chars_work": "I", "chars_problems": "I", "chars_duty": "I",
            "chars_plan": "I", "states_causes": "B", "n_problems": "I", "n_plans": "I", "n_quantities": "I",
            "days_to_deadline": "i", "warnings": "s",
        },
    ),
    "sections": (
        ("report_id", "section_id"),
        {
            "report_id": "S", "section_id": "I", "parent_id": "i", "depth": "I", "number": "s", "heading": "s",
            "role": ("S", SECTION_ROLES), "area": ("s", AREAS), "area_confidence": "f", "start": "I",
            "end": "I",
        },
    ),
    "items": (
        ("report_id", "item_id"),
        {
            "report_id": "S", "item_id": "I", "role": ("S", ("problems", "plan")), "number": "s", "heading": "s",
            "text": "S", "start": "I", "end": "I", "problem_type": "s", "cause": "s",
        },
    ),
    "quantities": (
        ("report_id", "quantity_id"),
        {
            "report_id": "S", "quantity_id": "I", "section_id": "i", "start": "I", "end": "I", "text": "S",
            "value": "F", "unit": "s", "qualifier": ("S", QUALIFIERS), "role": ("S", QUANTITY_ROLES), "label": "s",
        },
    ),
    "indicators": (
        ("report_id", "indicator", "scope", "start", "end"),
        {
            "report_id": "S", "indicator": "S", "value": "F", "unit": "s", "qualifier": ("S", QUALIFIERS),
            "basis": ("S", BASES), "scope": ("S", SCOPES), "quantity_id": "i", "start": "I", "end": "I",
            "evidence": "S",
        },
    ),
    "derived": (
        ("report_id", "ratio", "numerator_indicator", "denominator_indicator"),
        {
            "report_id": "S", "ratio": "S", "value": "F", "numerator": "F", "denominator": "F",
            "numerator_indicator": "S", "denominator_indicator": "S", "stated_value": "f", "agrees": "b",
        },
    ),
    "review": (
        ("kind", "report_id", "start", "end", "text", "suggestion", "message"),
        {
            "report_id": "S", "kind": ("S", REVIEW_KINDS), "start": "i", "end": "i", "text": "s", "suggestion": "s",
            "message": "S",
        },
    ),
}  # fmt: skip

_DTYPES = {"s": "str", "i": "Int64", "f": "float64", "b": "boolean", "d": "datetime64[us]"}


def _columns(table: str) -> dict[str, tuple[str, Sequence[str] | None]]:
    """Column → (type letter, allowed values or None)."""
    spec = SCHEMAS[table][1]
    return {name: (kind, None) if isinstance(kind, str) else kind for name, kind in spec.items()}


def key(table: str) -> list[str]:
    """Return the columns that identify and sort the rows of `table`."""
    return list(SCHEMAS[table][0])


@cache
def schema(table: str) -> pa.DataFrameSchema:
    """Return the pandera schema of one table, built from `SCHEMAS`."""
    import pandera.pandas as pa

    columns = {
        name: pa.Column(
            _DTYPES[kind.lower()],
            checks=[pa.Check.isin(list(allowed))] if allowed else None,
            nullable=kind.islower(),
        )
        for name, (kind, allowed) in _columns(table).items()
    }
    return pa.DataFrameSchema(columns, strict=True, ordered=True, unique=key(table), name=table)


def warm() -> None:
    """Import the checker and build the schemas, so that a process forked from this one has them."""
    for table in SCHEMAS:
        frame(table, [])


def frame(table: str, rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Make a typed, sorted frame of `rows` (missing keys become missing values) and check it.

    Raises
    ------
    DataError
        A column is unknown, a value has the wrong type or is not allowed, or two rows share a key.
    """
    columns = _columns(table)
    unknown = sorted({name for row in rows for name in row} - set(columns))
    if unknown:
        raise DataError(f"table {table}: unknown columns {unknown}. It has: {', '.join(columns)}.")
    data = {}
    for name, (kind, _) in columns.items():
        values = [row.get(name) for row in rows]
        if kind.lower() == "s":
            values = [None if value is None or value == "" else value for value in values]
        data[name] = pd.Series(values, dtype=object).astype(_DTYPES[kind.lower()])
    made = pd.DataFrame(data)
    return ordered(table, check(table, made))


def ordered(table: str, made: pd.DataFrame) -> pd.DataFrame:
    """Return `made` sorted by the key of `table`; a column of listed words is sorted in the order of its list."""
    lists = {name: allowed for name, (_, allowed) in _columns(table).items() if allowed}

    def ranks(column: pd.Series) -> pd.Series:
        allowed = lists.get(str(column.name))
        return column.map(list(allowed).index) if allowed else column

    return made.sort_values(key(table), kind="stable", ignore_index=True, key=ranks)


def check(table: str, made: pd.DataFrame) -> pd.DataFrame:
    """Return `made` unchanged when it fits the schema of `table`, else raise `DataError` with every failure."""
    import pandera.errors

    try:
        schema(table).validate(made, lazy=True)
    except pandera.errors.SchemaErrors as error:
        cases = error.failure_cases
        raise DataError(
            f"table {table}, row {case['index']}, column {case['column']}: {case['check']} "
            f"failed for {case['failure_case']!r}"
            for case in cases.to_dict("records")
        ) from error
    return made


def is_late(table: str) -> bool:
    """Whether the rows of a table are sorted by something else than the report, so that they wait for the last."""
    return key(table)[0] != "report_id"


def encoded(made: pd.DataFrame, fmt: Format) -> Any:
    """Return rows as a `Writer` takes them: lines of CSV without the header, or an Arrow table."""
    if fmt == "csv":
        return csv_text(made, header=False).encode()
    import pyarrow as pa

    return pa.Table.from_pandas(made, preserve_index=False)


class Writer:
    """Writes all tables part by part, so that memory does not grow with the number of reports.

    A part holds every row of some reports, and the parts come in the order of their report_ids; then the files are
    sorted by key as those that `write` makes. A part becomes a row group of a Parquet file.
    """

    def __init__(self, folder: Path, fmt: Format) -> None:
        self.folder = folder
        self.fmt: Format = fmt
        self._open: dict[str, Any] = {}
        self._late: dict[str, list[pd.DataFrame]] = {table: [] for table in SCHEMAS if is_late(table)}
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, table: str, part: Any) -> None:
        """Add a part: of a late table a frame, else what `encoded` returns."""
        if isinstance(part, pd.DataFrame):
            self._late[table].append(part)
        elif self.fmt == "csv":
            if table not in self._open:
                self._open[table] = (self.folder / f"{table}.csv").open("wb")
                self._open[table].write(csv_bytes(frame(table, [])))
            self._open[table].write(part)
        else:
            if table not in self._open:
                import pyarrow.parquet as pq

                self._open[table] = pq.ParquetWriter(self.folder / f"{table}.parquet", part.schema)
            if part.num_rows:
                self._open[table].write_table(part)

    def finish(self) -> None:
        """Write what waited for the last part."""
        for table, frames in self._late.items():
            write(table, pd.concat(frames, ignore_index=True) if frames else frame(table, []), self.folder, self.fmt)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for file in self._open.values():
            file.close()


def write(table: str, made: pd.DataFrame, folder: Path, fmt: Format = "csv") -> Path:
    """Check `made`, sort it by key and write it atomically as `folder/<table>.<fmt>`; return the path."""
    made = ordered(table, check(table, made))
    path = folder / f"{table}.{fmt}"
    if fmt == "csv":
        write_bytes(path, csv_bytes(made))
    else:
        write_bytes(path, made.to_parquet(index=False))
    return path


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """Return a frame as the CSV of this project: UTF-8 that Excel opens, no formulas, one kind of line end, ten digits.

    `cells.read_texts` reads it back as it was.
    """
    return csv_text(frame).encode("utf-8-sig")


def read_computed(path: Path, command: str) -> pd.DataFrame:
    """Read a committed table that `command` computes.

    Raises
    ------
    DataError
        The file is not there.
    """
    if not path.exists():
        raise DataError(f"no file {path}. Make it with: {command}")
    return pd.read_csv(path, encoding="utf-8-sig")


def read(table: str, folder: Path, reports: Collection[str] | None = None, checked: bool = True) -> pd.DataFrame:
    """Read `folder/<table>.parquet`, else `.csv`, with declared types, and check it.

    With `reports` only the rows of these report_ids; the others are not read from a Parquet file.
    `checked=False` trusts a Parquet file that this program has just written.

    Raises
    ------
    DataError
        Neither file is there, or its content does not fit the schema.
    """
    parquet, csv = folder / f"{table}.parquet", folder / f"{table}.csv"
    if parquet.exists():
        made = pd.read_parquet(parquet, filters=_of(reports))
        return check(table, made) if checked else made
    if not csv.exists():
        raise DataError(f"no table {csv}. Make it with: python -m analysis build")
    columns = _columns(table)
    raw = read_texts(csv, missing=True)
    if list(raw.columns) != list(columns):
        raise DataError(
            f"{csv} has columns {str(list(raw.columns))[:500]}, expected {list(columns)}. Rebuild the tables."
        )
    for name, (kind, _) in columns.items():
        if kind.lower() == "b":
            raw[name] = raw[name].map({"True": True, "False": False}.get)
        elif kind.lower() in "if":
            raw[name] = pd.to_numeric(raw[name])
        raw[name] = raw[name].astype(_DTYPES[kind.lower()])
    if reports is not None:
        raw = raw.loc[raw["report_id"].isin(list(reports)).to_numpy()].reset_index(drop=True)
    return check(table, raw)


def _of(reports: Collection[str] | None) -> Any:
    """Return the filter of a Parquet file for some reports; the bounds let whole row groups be skipped."""
    if reports is None:
        return None
    ids = sorted(reports) or [""]
    return [("report_id", ">=", ids[0]), ("report_id", "<=", ids[-1]), ("report_id", "in", ids)]


def write_bytes(path: Path, content: bytes) -> None:
    """Write `content` so that a reader sees the old file or the new one, never half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
