"""In: the rows that pages hand to their script. Out: the same as plain tables, for a browser that runs no script."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from analysis.present.evidence_page import Words, both, stem

FIRST = 500  # rows of a plain table; what comes after it is a list of links, so that the page stays small
_REPORT = (
    "report",
    "year",
    "level",
    "province",
    "published",
    "quantities",
    "indicators",
    "problems",
    "plans",
    "doubts",
)


def reports(rows: Sequence[Sequence[Any]], say: Words) -> str:
    """Return the table of reports, the first `FIRST` with all that the list knows of them, the others by name."""
    body = "".join(_row([_report(row), *_about(row, say)], 5) for row in rows[:FIRST])
    rest = "".join(f"<li>{_report(row)}</li>" for row in rows[FIRST:])
    rest = f"<ul>{rest}</ul>" if rest else ""
    return f"<noscript>{_table([say(f'evidence.{name}') for name in _REPORT], body, 5)}{rest}</noscript>"


def indicators(rows: Iterable[Sequence[Any]], book: Mapping[str, Mapping[str, Any]], say: Words) -> str:
    """Return the table of indicators: name, code, unit, reports that state it, values."""
    body = "".join(
        _row(
            [
                f'<a href="indicators/{stem(code)}.html">{both(book[code]["zh_name"], book[code]["en_name"])}</a>',
                f"<code>{escape(code)}</code>", f'<span lang="zh-Hans">{escape(book[code]["unit"])}</span>', n, values,
            ], 3
        )
        for code, n, values, *_ in rows
    )  # fmt: skip
    heads = [say(f"evidence.{name}") for name in ("indicator", "code", "unit", "reports", "values")]
    return f"<noscript>{_table(heads, body, 3)}</noscript>"


def _report(row: Sequence[Any]) -> str:
    return f'<a href="reports/{row[1]}.html" lang="zh-Hans">{escape(str(row[2]))}</a>'


def _about(row: Sequence[Any], say: Words) -> list[Any]:
    year, level, province, published, quantities, stated, problems, plans, doubts = row[3:12]
    called = say(f"level.{level}" if level else "unknown")
    place = f'<span lang="zh-Hans">{escape(province or "")}</span>'
    return ["" if year is None else year, called, place, published or "", quantities, stated, problems, plans, doubts]


def _table(heads: Sequence[str], body: str, numbers: int) -> str:
    cells = "".join(f'<th scope="col"{_kind(at, numbers)}>{head}</th>' for at, head in enumerate(heads))
    return f'<div class="scroll plain"><table><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table></div>'


def _row(cells: Sequence[Any], numbers: int) -> str:
    return "<tr>" + "".join(f"<td{_kind(at, numbers)}>{cell}</td>" for at, cell in enumerate(cells)) + "</tr>\n"


def _kind(at: int, numbers: int) -> str:
    return ' class="num"' if at >= numbers else ""
