"""In: a frame as it is to be read. Out: a Table; its csv, LaTeX, DOCX and sidecar, the same bytes each time."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from analysis import paths, tables
from analysis.errors import FigureError
from analysis.present import labels, latex, numbers, sidecar

PACKAGES = ("pandas", "python-docx")
FORMATS = ("tex", "docx")
LINE = 92  # characters of small print on a line; a Chinese one counts two
_UNPRINTED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_NUMERIC = re.compile(r"(?=.*\d)[\d.,:–−+()/%‰≥≤≈<>=*† -]+|—")  # numbers, intervals, fractions, dates


@dataclass(frozen=True, eq=False)
class Table:
    """A table as it is printed, with everything its reader may ask for.

    Attributes
    ----------
    frame : DataFrame
        As read: the columns are its heads in the table's language. Texts stay, numbers get thousands and a sensible
        number of decimals, what is missing becomes "not stated"; the index is not printed.
    name : str
        Stem of its files: tab01_corpus.
    title, caption : str
        In the table's language. The title stands above; the caption, below, says n, what is missing and how it was
        computed.
    lang : str
        zh or en.
    notes : sequence of str
        Further paragraphs below.
    data : DataFrame, optional
        The numbers behind it, tidy and unrounded, for the csv; without it the csv holds `frame`.
    parameters, inputs, n_reports, seed
        As in `drawing.Figure`; `inputs` comes from `drawing.hashes`.
    """

    frame: pd.DataFrame
    name: str
    title: str
    caption: str
    lang: str
    notes: Sequence[str] = ()
    data: pd.DataFrame | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    n_reports: int | None = None
    seed: int | None = None

    def __post_init__(self):
        if self.frame.empty:
            raise FigureError(f"{self.name} ({self.lang}): the table has no rows: there is nothing to print.")

    @property
    def head(self) -> list[str]:
        """The printed heads of the columns."""
        return [_clean(str(name)) for name in self.frame.columns]

    @property
    def rows(self) -> list[list[str]]:
        """The printed cells, row by row."""
        missing = labels.load(self.lang)("missing")
        columns = [_texts(self.frame.iloc[:, at], missing) for at in range(self.frame.shape[1])]
        return [list(row) for row in zip(*columns, strict=True)]

    @property
    def right(self) -> list[bool]:
        """Whether each column is set flush right: it holds numbers, or words that stand for one."""
        say = labels.load(self.lang)
        words = {say("missing"), say("untested")}
        return [
            all(_NUMERIC.fullmatch(text) or text in words for text in column) for column in zip(*self.rows, strict=True)
        ]

    def _repr_html_(self) -> str:
        below = "".join(f"<p>{escape(text)}</p>" for text in (self.caption, *self.notes) if text)
        rows = html(self.head, self.rows, self.right, self.title)
        return f'<div style="max-height: 32rem; overflow: auto">{rows}</div>{below}'  # a long table is scrolled


def save_table(
    table: Table,
    out: str = "draft",
    *,
    name: str | None = None,
    notebook: str | None = None,
    seed: int | None = None,
    parameters: Mapping[str, Any] | None = None,
    folder: Path | None = None,
) -> Table:
    """Write `figures/<out>/<name>.<lang>` as csv, tex (booktabs), docx and json (what it rests on, and its cells).

    The same table gives the same bytes. The json comes last, so what the gallery lists is complete. A text cell of the
    csv that a spreadsheet would run as a formula has an apostrophe before it.

    Parameters
    ----------
    table : Table
    out, name, notebook, seed, parameters, folder
        As in `save` of figures.

    Returns
    -------
    Table
        As saved; the last line of a notebook cell shows it.

    Raises
    ------
    FigureError
        `name` or `out` is not a plain name.
    """
    table = replace(table, **sidecar.settled(table, name, out, seed, parameters))
    files = {"csv": tables.csv_bytes(table.frame if table.data is None else table.data)} | printed(table)
    record = {
        "kind": "table",
        "name": table.name,
        "lang": table.lang,
        "title": table.title,
        "caption": table.caption,
        "notes": list(table.notes),
        **sidecar.rests_on(table, notebook),
        "head": table.head,
        "rows": table.rows,
        "right": table.right,
    }
    sidecar.write((folder or paths.FIGURES) / out / f"{table.name}.{table.lang}", files, record, PACKAGES)
    return table


def printed(table: Table) -> dict[str, bytes]:
    """Return the LaTeX and the DOCX of a table."""
    from analysis.present import word

    head, rows, right = table.head, table.rows, table.right
    below = [_clean(text) for text in (table.caption, *table.notes) if text]
    longest = [max(map(_columns, column)) for column in zip(head, *rows, strict=True)]
    shares = _shares(longest, right)
    label = re.sub(r"^tab\d*_?", "", table.name).replace("_", "-") or table.name
    return {
        "tex": latex.table(label, _clean(table.title), below, head, rows, shares, right).encode(),
        "docx": word.table(_clean(table.title), below, head, rows, [min(2.1 * one + 4, 70) for one in longest], right),
    }


def html(head: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool], title: str = "") -> str:
    """Return a table as HTML, every text escaped; cells of columns that are set flush right have the class `number`."""
    kinds = [" class=number" if flush else "" for flush in right]
    heads = "".join(f'<th scope="col"{kind}>{escape(text)}</th>' for text, kind in zip(head, kinds, strict=True))
    lines = ["".join(f"<td{kind}>{escape(text)}</td>" for text, kind in zip(row, kinds, strict=True)) for row in rows]
    body = "\n".join(f"<tr>{line}</tr>" for line in lines)
    caption = f"<caption>{escape(title)}</caption>\n" if title else ""
    return f"<table>\n{caption}<thead><tr>{heads}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"


def _texts(column: pd.Series, missing: str) -> list[str]:
    """Print a column: whole numbers without decimals, others with as many as `numbers.text` gives."""
    return [missing if pd.isna(cell) else _clean(numbers.text(cell)) for cell in column.astype(object)]


def _clean(text: str) -> str:
    """One line, and no character that XML or LaTeX cannot hold."""
    return _UNPRINTED.sub("〓", " ".join(text.split()))


def _columns(text: str) -> int:
    return sum(2 if ord(char) > 0x2E7F else 1 for char in text)


def _shares(longest: Sequence[int], right: Sequence[bool]) -> list[float | None]:
    """Share of the line for each column of text that must wrap so that all fit on it; None for the others."""
    free, wide = LINE - 2 * len(longest), set()
    texts = sorted((at for at, flush in enumerate(right) if not flush), key=lambda at: -longest[at])
    for at in texts:
        if sum(one for other, one in enumerate(longest) if other not in wide) <= free * (0.5 if wide else 1):
            break
        wide.add(at)
    left = max(free - sum(one for at, one in enumerate(longest) if at not in wide), 10 * len(wide))
    total = sum(longest[at] ** 0.5 for at in wide)  # the root: a long text gets more, a short one keeps enough
    return [left * one**0.5 / total / LINE if at in wide else None for at, one in enumerate(longest)]
