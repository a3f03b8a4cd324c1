"""In: frames of extracted rows. Out: checked tables on disk, and typed frames back from it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from analysis import parts
from analysis.cells import csv_text, read_texts
from analysis.errors import DataError
from analysis.files import write_bytes

if TYPE_CHECKING:
    import pandera.pandas as pa
    from pandas.api.extensions import ExtensionArray

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
        ("report_id", "kind", "start", "end", "text", "suggestion", "message"),
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
    return _frame(table, rows) if rows else _no_rows(table).copy()


@cache
def _no_rows(table: str) -> pd.DataFrame:  # of most tables in a part whose files are all missing
    return _frame(table, [])


def _frame(table: str, rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    columns = _columns(table)
    unknown = sorted(set().union(*rows) - set(columns))
    if unknown:
        raise DataError(f"table {table}: unknown columns {unknown}. It has: {', '.join(columns)}.")
    data = {}
    for name, (kind, _) in columns.items():
        try:
            data[name] = _column([row.get(name) for row in rows], kind.lower())
        except (TypeError, ValueError) as error:  # of pandas and of Arrow
            raise DataError(f"table {table}, column {name}: {error}") from error
    made = pd.DataFrame(data, copy=False)
    return ordered(table, check(table, made))


def _column(values: Sequence[Any], kind: str) -> ExtensionArray:
    """Return a column of one type; an empty text is a missing one."""
    dtype = pd.api.types.pandas_dtype(_DTYPES[kind])
    if isinstance(dtype, pd.StringDtype):  # by way of Arrow in half the time
        import pyarrow as pa

        return dtype.__from_arrow__(pa.array([value or None for value in values], pa.large_string()))
    return pd.array(values, dtype=dtype)


def ordered(table: str, made: pd.DataFrame) -> pd.DataFrame:
    """Return `made` sorted by the key of `table`; a column of listed words is sorted in the order of its list."""
    lists = {name: allowed for name, (_, allowed) in _columns(table).items() if allowed}

    def ranks(column: pd.Series) -> pd.Series:
        allowed = lists.get(str(column.name))
        return column.map(list(allowed).index) if allowed else column

    return made.sort_values(key(table), kind="stable", ignore_index=True, key=ranks)


def by_kind(review: pd.DataFrame) -> pd.DataFrame:
    """Return rows of the table review, what matters most first."""
    ranks = review["kind"].map(REVIEW_KINDS.index).to_numpy(int)
    return review.iloc[ranks.argsort(kind="stable")].reset_index(drop=True)


def check(table: str, made: pd.DataFrame) -> pd.DataFrame:
    """Return `made` unchanged when it fits the schema of `table`, else raise `DataError` with every failure."""
    if _fits(table, made):
        return made
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


def _fits(table: str, made: pd.DataFrame) -> bool:
    """Whether a frame is plainly right; pandera, which takes ten times as long, says what is wrong with another."""
    columns = _columns(table)
    if list(made) != list(columns):
        return False
    for name, (kind, allowed) in columns.items():
        column = made[name]
        if str(column.dtype) != _DTYPES[kind.lower()] or (kind.isupper() and column.hasnans):
            return False
        if allowed and not set(column.dropna().unique()).issubset(allowed):
            return False
    return not made.duplicated(key(table)).to_numpy().any()


def write(table: str, made: pd.DataFrame, folder: Path, fmt: Format = "csv") -> Path:
    """Check `made`, sort it by key and write it atomically as the one file `folder/<table>.<fmt>`; return the path."""
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


def read(table: str, folder: Path, reports: Collection[str] | None = None) -> pd.DataFrame:
    """Read a table of `folder`, Parquet where there is some and else CSV, with declared types, and check it.

    With `reports` only the rows of these report_ids; parts of a Parquet table that hold none of them are not read.

    Raises
    ------
    DataError
        The table is not there, or its content does not fit the schema.
    """
    made = _parquet(table, folder, reports)
    made = _csv(table, folder) if made is None else made
    if reports is not None:
        made = made.loc[made["report_id"].isin(list(reports)).to_numpy()].reset_index(drop=True)
    return check(table, made)


def _parquet(table: str, folder: Path, reports: Collection[str] | None) -> pd.DataFrame | None:
    """Return the rows of the parts that may hold `reports`, or None when the tables are not Parquet."""
    single = folder / f"{table}.parquet"
    for last in (False, True):
        found = parts.listed(folder)
        if found is None:
            return pd.read_parquet(single) if single.exists() else None
        chosen = found if reports is None else parts.holding(found, reports)
        if not chosen:
            return frame(table, [])
        try:
            return parts.read([folder / parts.FOLDER / table / one.files[table] for one in chosen], reports)
        except FileNotFoundError as error:  # a build has replaced the list since: read the new one
            if last:
                raise DataError(f"no file {error.filename}. Build again: it is made anew.") from None
    return None


def _csv(table: str, folder: Path) -> pd.DataFrame:
    csv = folder / f"{table}.csv"
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
    return raw
