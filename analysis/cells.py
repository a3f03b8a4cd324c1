"""In: frames that hold what files say. Out: CSV in which no cell is a formula, and the same texts back from it."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.errors import DataError

# A cell that begins so is computed, not shown, by Excel and LibreOffice; the wide signs in some of their languages.
_SIGNS = "=+\\-@\t\r\n＝＋－＠"
_FORMULA, _INERT = re.compile(f"'*[{_SIGNS}]"), re.compile(f"'+[{_SIGNS}]")
_NUMBER = re.compile(r"[+-]?\d[\d,.]*%?")


def inert(cell: str) -> str:
    """Return a text as it stands in every CSV of this project: no program takes it for a formula.

    One `'` goes before what begins as a formula does; a number keeps its sign. `original` takes it away again.

    Examples
    --------
    >>> inert("=1+1"), inert("'=1"), inert("-5"), inert("12件")
    ("'=1+1", "''=1", '-5', '12件')
    """
    return f"'{cell}" if _FORMULA.match(cell) and not _NUMBER.fullmatch(cell) else cell


def original(cell: str) -> str:
    """Return the text of which `inert` made a cell.

    Examples
    --------
    >>> original("'=1+1"), original("''=1"), original("-5"), original("'tis")
    ('=1+1', "'=1", '-5', "'tis")
    """
    return cell[1:] if _INERT.match(cell) else cell


def read_texts(path: Path, missing: bool = False) -> pd.DataFrame:
    """Read a CSV of this project as texts, as they were before `inert`; with `missing` empty cells are missing.

    Raises
    ------
    DataError
        The file is no UTF-8 text, or no table.
    """
    empty = [""] if missing else []
    try:
        raw = pd.read_csv(path, dtype="str", encoding="utf-8-sig", keep_default_na=False, na_values=empty)
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise DataError(f"{path} is no table in UTF-8 ({str(error).strip()}). Make it again.") from None
    return _mapped(raw, "'", original)


def _mapped(frame: pd.DataFrame, begins: str | tuple[str, ...], change: Callable[[str], str]) -> pd.DataFrame:
    """Return a frame in which the texts that begin so are changed; most have none."""
    made = frame
    for place in range(frame.shape[1]):
        column = frame.iloc[:, place]
        if column.dtype == object or isinstance(column.dtype, pd.StringDtype):
            cells = column.tolist()
            new = [change(cell) if isinstance(cell, str) and cell.startswith(begins) else cell for cell in cells]
            if new != cells:
                made = frame.copy() if made is frame else made
                made.isetitem(place, pd.Series(new, index=frame.index, dtype=column.dtype))
    return made


def csv_text(frame: pd.DataFrame, header: bool = True) -> str:
    """Return a frame as the CSV of this project, none of whose cells is a formula."""
    if frame.empty and not header:
        return ""
    safe = _mapped(frame, ("'", *_SIGNS.replace("\\", "")), inert)
    safe = safe.rename(columns=lambda name: inert(name) if isinstance(name, str) else name)
    write: Any = safe.to_csv
    options: dict[str, Any] = {
        "index": False, "header": header, "lineterminator": "\n", "float_format": "%.10g", "date_format": "%Y-%m-%d"
    }  # fmt: skip
    made = write(**options)
    if "\r" in made:  # left bare where the line ends with \n only: a reader would take it for the end of a row
        held = _Unix()
        write(held, **options | {"lineterminator": "\r\n"})
        return held.getvalue()
    return made


class _Unix(io.StringIO):
    """Takes rows that end with `\\r\\n`, one at a time, and ends them with `\\n`."""

    def __init__(self) -> None:
        super().__init__(newline="")

    def write(self, text: str, /) -> int:
        return super().write(text.removesuffix("\r\n") + "\n" if text.endswith("\r\n") else text)
