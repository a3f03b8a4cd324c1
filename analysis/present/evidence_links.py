"""In: a figure's or table's CSV. Out: HTML that leads from its points and cells to the sentences behind them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from html import escape
from pathlib import Path
from urllib.parse import quote

import pandas as pd

from analysis import cells, paths, tables
from analysis.present.evidence_page import stem
from analysis.present.labels import Labels

LINKS = 400  # more would hide the figure: then only the indicators' pages are named


def site_of(figures: Path) -> Path:
    """Return where the evidence of a figure set stands: beside the set's own tables, else the project's."""
    return figures / "evidence" if (figures / "tables").is_dir() else paths.EVIDENCE


def behind(csv: Path, say: Labels) -> str:
    """Return a closed list of links to the evidence pages for the values in `csv`, or nothing when it has none.

    Rows with report_id and indicator (or a ratio's name) lead to that report's sentence on the indicator's page, rows
    with report_id and item_id, problem or plan to the item in its report, with start and end to that passage, rows
    with report_id alone to the report; report_id_a and report_id_b of a pair likewise. Groups of reports lead to the
    indicator's page. The links are relative and are written whether or not the pages are there.

    Parameters
    ----------
    csv : Path
        The numbers of a figure or table, as `figures.save` wrote them.
    say : Labels
        The words of one language.
    """
    if not csv.stat().st_size:  # a figure without numbers
        return ""
    rows = cells.read_texts(csv)
    found = list(dict.fromkeys(_targets(rows, say)))  # one link a place
    if not found:
        return ""
    up = quote(Path(os.path.relpath(site_of(csv.parent), csv.parent)).as_posix())
    groups: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for name, page, label, anchor in found:
        group = groups.setdefault((name, page), [])
        if label:
            group.append((label, anchor))
    if len(groups) > LINKS:  # as many reports or indicators: their list
        groups = {(say("evidence.nav.reports"), "index.html"): list(groups)}
    few = sum(map(len, groups.values())) <= LINKS
    items = "".join(f"<li>{_group(up, *key, links, few)}</li>" for key, links in groups.items())
    return (
        f'<details class="behind"><summary>{escape(say("evidence.figure", n=len(found)))}</summary>'
        f"<p>{escape(say('evidence.figure.made'))}</p><ul>{items}</ul></details>"
    )


def _targets(rows: pd.DataFrame, say: Labels) -> Iterator[tuple[str, str, str, str]]:
    """Yield what a link belongs to, that page, the report's name (empty: a group of reports) and its anchor."""
    if "state" in rows:
        rows = rows.loc[rows["state"] != "not_stated"]
    for raw in rows.to_dict("records"):
        row = {str(key): str(value) for key, value in raw.items()}
        group = row.get("group", "")
        report = row.get("report_id") or (group if group not in (*tables.LEVELS, "unknown") else "")
        label = row.get("report") or row.get("label") or report
        if row.get("indicator"):
            for code in _codes(row, say):
                name = str(say.indicators["name"].get(code, code))
                page = f"indicators/{quote(stem(code))}.html"
                yield name, page, label if report else "", f"{page}#{quote(f'r-{stem(report)}')}"
            continue
        for end in ("", "_a", "_b"):  # of one report, or of the two of a pair
            if one := report if not end else row.get(f"report_id{end}", ""):
                page = f"reports/{quote(stem(one))}.html"
                for name, anchor in _places(row, end, say) or [("", "")]:
                    yield one if end else label, page, name, f"{page}#{anchor}"


def _places(row: dict[str, str], end: str, say: Labels) -> list[tuple[str, str]]:
    """The items and the passage of a report that a row is about: what they are called and their anchors."""
    items = [] if end else [row[key] for key in ("item_id", "problem", "plan") if row.get(key, "").isdigit()]
    found = [(f"{say('evidence.item')} {item}", f"i{item}") for item in items]
    left, right = row.get(f"start{end}", ""), row.get(f"end{end}", "")
    return [*found, (f"{left}–{right}", f"c{left}-{right}")] if left.isdigit() and right.isdigit() else found


def _codes(row: dict[str, str], say: Labels) -> list[str]:
    """The indicators behind a row: its own, or those that its ratio is printed or computed from."""
    code = row["indicator"]
    if code not in say.ratios.index:
        return [code]
    ratio = say.ratios.loc[code]
    printed = str(row.get("kind", "")).startswith("printed") and ratio["stated_indicator"]
    return [ratio["stated_indicator"]] if printed else [ratio["numerator_indicator"], ratio["denominator_indicator"]]


def _group(up: str, name: str, page: str, links: list[tuple[str, str]], few: bool) -> str:
    head = f'<a href="{up}/{escape(page)}">{escape(name)}</a>'
    if not links or not few:
        return f"{head} ({len(links)})" if links else head
    return f"{head}: " + ", ".join(f'<a href="{up}/{escape(anchor)}">{escape(label)}</a>' for label, anchor in links)
