"""In: a frame. Out: the same rows in a notebook as a table that one can sort, search and page through, offline.

Importing this module gives every DataFrame the method `.browse()`; `from analysis import load` does so.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.errors import ParameterError
from analysis.present import labels
from analysis.present.evidence_page import HTML_LANG, as_json

LONG = 2000  # characters of a cell; the texts of whole reports are no table
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
_WORDS = ("filter", "count", "none", "none_match", "previous", "next")  # of labels.csv, evidence.…


@dataclass(frozen=True, repr=False)
class Browsed:
    """A table as `.browse()` makes it: shown where it stands last in a cell; in a terminal the frame is printed.

    Attributes
    ----------
    frame : DataFrame
        All rows.
    rows, page : int
        Rows handed over to the page, and of these on one page.
    lang : str
        zh or en.
    """

    frame: pd.DataFrame
    rows: int
    page: int
    lang: str

    def __repr__(self) -> str:
        return repr(self.frame)

    def _repr_html_(self) -> str:
        say = labels.load(self.lang)
        html = _page(self.frame.head(self.rows), len(self.frame), self.page, say)
        height = 112 + 27 * max(1, min(self.page, len(self.frame), self.rows))
        return (
            f'<iframe srcdoc="{escape(html)}" sandbox="allow-scripts" width="100%" '
            f'title="{escape(say("browse.title"))}" height="{min(height, 640)}" '
            f'style="border:1px solid #8888; border-radius:.4rem">'
            f"{escape(say('browse.trust'))}</iframe>"
        )


@pd.api.extensions.register_dataframe_accessor("browse")
class Browse:
    """Show a frame as a table that one can sort (click a column's head), search and page through.

    It needs no network and no extension: page and rows stand in the cell's output (some 5 kB and the rows' text).

    >>> load.indicators().browse()                   # doctest: +SKIP
    >>> load.items().browse(rows=5000, lang="en")    # doctest: +SKIP
    """

    def __init__(self, frame: pd.DataFrame):
        self._frame = frame

    def __call__(self, rows: int = 1000, *, page: int = 10, lang: str = "zh") -> Browsed:
        """Return the table; put it last in a cell.

        Parameters
        ----------
        rows : int
            Rows handed over, from the top; a line below the table says how many there are.
        page : int
            Rows seen at a time.
        lang : str
            zh or en.

        Raises
        ------
        ParameterError
            `rows` or `page` is below 1.
        """
        for name, value in (("rows", rows), ("page", page)):
            if value < 1:
                raise ParameterError(f"{name} is {value}, expected 1 or more.")
        labels.load(lang)
        return Browsed(self._frame, rows, page, lang)


def _page(frame: pd.DataFrame, n: int, page: int, say: labels.Labels) -> str:
    if not isinstance(frame.index, pd.RangeIndex):  # what groups are called
        kept = [str(name or "") for name in frame.index.names]
        index = [frame.index.get_level_values(level) for level in range(frame.index.nlevels)]
        columns = [(name, pd.Series(values)) for name, values in zip(kept, index, strict=True)]
    else:
        columns = []
    columns += [(_name(name), frame.iloc[:, at]) for at, name in enumerate(frame.columns)]
    cells = [_cells(values) for _, values in columns]
    cut = any(isinstance(value, str) and len(value) > LONG for column in cells for value in column)
    notes = [say("browse.first", n=f"{len(frame):,}", all=f"{n:,}", rows=n)] if len(frame) < n else []
    notes += [say("browse.cut", n=f"{LONG:,}")] if cut else []
    data = {
        "words": {key: say.texts[f"evidence.{key}"] for key in _WORDS},
        "page": page,
        "columns": [_column(name, values) for (name, _), values in zip(columns, cells, strict=True)],
        "rows": [
            [value[:LONG] + "…" * (len(value) > LONG) if isinstance(value, str) else value for value in row]
            for row in zip(*cells, strict=True)
        ],
    }
    below = "".join(f'<p class="note">{escape(note)}</p>' for note in notes)
    style, script = (Path(__file__).with_name(f"browse.{end}").read_text("utf-8") for end in ("css", "js"))
    return (
        f'<!doctype html><html lang="{HTML_LANG[say.lang]}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}"><title>{escape(say("browse.title"))}</title>'
        f"<style>{style}</style></head><body>{below}"
        f'<script type="application/json" id="data">{as_json(data)}</script><script>{script}</script></body></html>'
    )


def _name(name: Hashable) -> str:
    return " · ".join(str(one) for one in name if str(one)) if isinstance(name, tuple) else str(name)


def _cells(values: pd.Series) -> list[Any]:
    """Return a column for JSON: numbers as numbers, dates and all else as text, nothing for what is missing."""
    numeric = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    return [_cell(value, numeric) for value in values.tolist()]


def _cell(value: Any, numeric: bool) -> Any:
    missing = pd.isna(value)
    if isinstance(missing, bool | np.bool_) and missing:
        return None
    if numeric and not isinstance(value, complex) and math.isfinite(value):
        return int(value) if float(value).is_integer() and abs(value) < 2**53 else float(value)
    return str(value).removesuffix(" 00:00:00")


def _column(name: str, values: list[Any]) -> list[Any]:
    """Name, whether it holds numbers, whether they are grouped by thousands: 29,000 but the year 2022."""
    numbers = [value for value in values if isinstance(value, int | float)]
    return [name, bool(numbers), any(abs(value) >= 10_000 for value in numbers)]
