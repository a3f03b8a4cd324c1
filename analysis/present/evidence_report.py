"""In: one report, its text and its rows of every table. Out: its page: the text with what was read in it marked."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from analysis.errors import DataError
from analysis.present import evidence_parts, evidence_text
from analysis.present.evidence_page import Words, as_json, page, stem
from analysis.present.evidence_text import Span

Row = Mapping[str, Any]

_LEGEND = "qnplsr"  # the order of the switches above the text
_LISTS = ("values", "ratios", "items", "doubts")  # what stands below the text


def is_missing(value: object) -> bool:
    """Whether a cell of a table is empty."""
    return value is None or value != value or str(value) == "<NA>"


def cell(value: Any) -> Any:
    """Return a cell for the page's data: nothing for a missing one, whole numbers without a point."""
    if is_missing(value):
        return None
    if isinstance(value, str | bool):
        return value
    if hasattr(value, "isoformat"):
        return value.strftime("%Y-%m-%d")
    number = float(value)
    if not math.isfinite(number):
        return None
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _cells(row: Row, *columns: str) -> list[Any]:
    return [cell(row[name]) for name in columns]


def _text(value: object) -> str:
    return "" if is_missing(value) else str(value)


def _headings(sections: Sequence[Row], text: str) -> list[tuple[Row, int, int, int]]:
    """Return section, level (3 and deeper without a gap), start and end of its heading's characters."""
    levels: dict[int, int] = {}
    found = []
    for row in sections:
        parent = row["parent_id"]
        level = levels[int(row["section_id"])] = 3 if is_missing(parent) else levels.get(int(parent), 2) + 1
        said = _text(row["number"]) + _text(row["heading"])
        start = int(row["start"])
        end = start + len(said) if text.startswith(said, start) else start + max(1, text[start : row["end"]].find("\n"))
        found.append((row, min(level, 6), start, end if said else start))
    starts = [start for _, _, start, _ in found[1:]] + [len(text)]
    return [(row, level, start, min(end, after)) for (row, level, start, end), after in zip(found, starts, strict=True)]


def spans(rows: Mapping[str, Sequence[Row]], text: str) -> list[Span]:
    """Return everything that was read in the text, what lies under other things first.

    Raises
    ------
    DataError
        A row points outside the text, or a quantity's text is not what stands there: tables and texts differ.
    """
    found = [
        Span("s", f"s{row['section_id']}", start, end, level if start < end else 0)
        for row, level, start, end in _headings(rows["sections"], text)
    ]
    for row in rows["items"]:
        found.append(Span("p" if row["role"] == "problems" else "l", f"i{row['item_id']}", row["start"], row["end"]))
    found += [Span("q", f"q{row['quantity_id']}", row["start"], row["end"]) for row in rows["quantities"]]
    found += [Span("n", f"n{row['ordinal']}", row["start"], row["end"]) for row in rows["indicators"]]
    found += [
        Span("r", f"r{row['ordinal']}", row["start"], row["end"])
        for row in rows["review"]
        if not is_missing(row["start"]) and not is_missing(row["end"])
    ]
    found = [Span(one.kind, one.anchor, int(one.start), int(one.end), one.level) for one in found]
    wrong = [one for one in found if not 0 <= one.start <= one.end <= len(text)]
    said = {f"q{row['quantity_id']}": row["text"] for row in rows["quantities"]}
    wrong += [one for one in found if one.kind == "q" and text[one.start : one.end] != said[one.anchor]]
    if wrong:
        one = wrong[0]
        raise DataError(
            f"{len(wrong)} rows do not fit the text, first {one.anchor} at {one.start} to {one.end} of {len(text)} "
            "characters. Tables and texts are of different builds: python -m analysis build"
        )
    return found


def details(rows: Mapping[str, Sequence[Row]], report: Row) -> dict[str, Any]:
    """Return what the page's script shows of each span and lists below the text."""
    return {
        "report": report["report_id"],
        "q": [
            [f"q{row['quantity_id']}", *_cells(row, "value", "unit", "qualifier", "role", "label")]
            for row in rows["quantities"]
        ],
        "n": [
            [f"n{row['ordinal']}", *_cells(row, "indicator", "value", "unit", "qualifier", "basis", "scope", "start")]
            for row in rows["indicators"]
        ],
        "d": [
            _cells(row, "ratio", "value", "numerator", "denominator", "numerator_indicator", "denominator_indicator",
                   "stated_value", "agrees")
            for row in rows["derived"]
        ],
        "r": [
            [f"r{row['ordinal']}", *_cells(row, "kind", "message", "suggestion", "start", "text")]
            for row in rows["review"]
        ],
        "i": [
            [f"i{row['item_id']}", *_cells(row, "role", "number", "heading", "problem_type", "cause")]
            for row in rows["items"]
        ],
        "s": [_section(row) for row in rows["sections"]],
    }  # fmt: skip


def _section(row: Row) -> list[Any]:
    return [f"s{row['section_id']}", *_cells(row, "number", "heading", "role", "area")]


def _menu(headings: Sequence[tuple[Row, int, int, int]], say: Words) -> str:
    """The headings as nested lists of links."""
    made, depth = [], 2  # below the h2 of the text
    for row, wanted, _, _ in headings:
        level = min(wanted, depth + 1)  # a part may begin deep in a section
        made.append("<ol>" * (level - depth) if level > depth else "</li>" + "</ol></li>" * (depth - level))
        made.append(f'<li><a href="#s{row["section_id"]}">{_called(row, say)}</a>')
        depth = level
    return "".join(made) + "</li></ol>" * (depth - 2)


def _called(section: Row, say: Words) -> str:
    said = escape(_text(section["number"]) + _text(section["heading"]))
    return f'<span lang="zh-Hans">{said}</span>' if said else say(f"role.{section['role']}")


def _about(report: Row, say: Words) -> str:
    """What is known of the report, without what is not."""
    level = _text(report["level"]) or "unknown"
    entries = [
        ("region", escape(" ".join(_text(report[name]) for name in ("province", "prefecture", "place")).strip())),
        ("level", say(f"level.{level}")),
        ("year", escape(_text(report["report_year"]))),
        ("issuer", escape(_text(report["issuer"]))),
        ("published", escape(_text(cell(report["published_on"])))),
        ("source", escape(_text(report["source_url"]))),  # text, not a link: the site leads nowhere else
        ("file", escape(_text(report["file"]))),
    ]
    return "".join(f"<div><dt>{say(f'evidence.{name}')}</dt><dd>{value}</dd></div>" for name, value in entries if value)


def _switches(found: Sequence[Span], say: Words) -> str:
    counts = {kind: sum(span.kind == kind for span in found) for kind in _LEGEND}
    return "".join(
        f'<label class="key {kind}"><input type="checkbox" data-toggle="{kind}" checked> '
        f'<span class="sample">{say(f"evidence.legend.{kind}")}</span> {counts[kind]}</label>'
        for kind in _LEGEND
        if counts[kind]
    )


def report_pages(
    report: Row, name: str, text: str, rows: Mapping[str, Sequence[Row]], say: Words, data: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """Yield file name and content of a report's page; of a very long report, of each part and of what leads to them.

    Parameters
    ----------
    report : mapping
        Its row of the table reports.
    name : str
        What it is called in lists: place and year.
    rows : mapping
        Table → its rows of this report, in table order; those of indicators and review have an `ordinal`, the number
        in their anchor.
    data : sequence of str
        Script files that the page needs besides its own data.
    """
    try:
        found = spans(rows, text)
    except DataError as error:
        raise DataError(f"report {report['report_id']}: {error}") from error
    parts = evidence_parts.cut(text, found)
    files = [stem(report["report_id"]) + f".{number}" * (number > 1) + ".html" for number in range(1, len(parts) + 1)]
    starts = [part.start for part in parts]
    headings = _headings(rows["sections"], text)
    if len(parts) > 1:
        at = defaultdict(list)
        for span in found:
            at[span.anchor[0]].append((int(span.anchor[1:]), evidence_parts.page_of(starts, span.start)))
        where = {kind: evidence_parts.runs(numbers) for kind, numbers in at.items()}
        leads = f"{stem(report['report_id'])}.parts.js"
        yield leads, f"evidence('parts',{as_json({'starts': starts, 'files': files, 'at': where})});\n"
        data = [*data, f"reports/{leads}"]
    for part, own in zip(parts, _of_parts(rows, starts), strict=True):
        own_heads = [one for one in headings if part.start <= one[0]["start"] < part.end or len(parts) == 1]
        before = next((one[0] for one in reversed(headings) if one[0]["start"] < part.start), None)
        told, menu, turn, title = details(own, report), _menu(own_heads, say), "", name
        if len(parts) > 1:
            told |= {"from": part.start, "at": part.number, "before": before and _section(before)}
            turn = _turn(files, part.number, say)
            menu = _part_menu(files, starts, headings, part.number, menu, say)
            title = f"{name} {part.number + 1}/{len(parts)}"
        body = _body(
            report, name, evidence_text.html(text[part.start : part.end], part.spans), part.spans, menu, turn, say
        )
        body += f'\n<script type="application/json" id="data">{as_json(told)}</script>'
        head = {"stem": stem(report["report_id"])}
        yield files[part.number], page(say, "report", (title, title), body, data=data, up="../", head=head)


def _of_parts(rows: Mapping[str, Sequence[Row]], starts: Sequence[int]) -> list[dict[str, list[Row]]]:
    """Return each part's rows: what lies in it; ratios in all, what has no place in the first."""
    made: list[dict[str, list[Row]]] = [{name: [] for name in rows} for _ in starts]
    for name, found in rows.items():
        for row in found:
            if name == "derived":
                within = range(len(starts))
            elif is_missing(row["start"]) or is_missing(row["end"]):
                within = range(1)
            else:
                first = evidence_parts.page_of(starts, int(row["start"]))
                last = first if name == "sections" else evidence_parts.page_of(starts, int(row["end"]) - 1)
                within = range(first, max(first, last) + 1)
            for number in within:
                made[number][name].append(row)
    return made


def _turn(files: Sequence[str], number: int, say: Words) -> str:
    """The line that says which part this is and leads to the one before and after."""
    links = [
        f'<a href="{escape(files[to])}" rel="{rel}">{say(f"evidence.part.{rel}")}</a>'
        for rel, to in (("prev", number - 1), ("next", number + 1))
        if 0 <= to < len(files)
    ]
    said = say("evidence.part", part=number + 1, parts=len(files))
    return f'<p class="turn"><span>{said}</span> {" ".join(links)}</p>'


def _part_menu(
    files: Sequence[str],
    starts: Sequence[int],
    headings: Sequence[tuple[Row, int, int, int]],
    number: int,
    menu: str,
    say: Words,
) -> str:
    """All parts by the heading that they begin with; below this one its own headings."""
    made = []
    for part, (file, start) in enumerate(zip(files, starts, strict=True)):
        begins = [one[0] for one in headings if one[0]["start"] <= start][-1:]
        called = f"{say('evidence.part.name', part=part + 1)} {_called(begins[0], say) if begins else ''}"
        here = ' aria-current="page"' if part == number else ""
        made.append(f'<li><a href="{escape(file)}"{here}>{called}</a>{menu if here else ""}</li>')
    return f'<ol class="parts">{"".join(made)}</ol>'


def _body(report: Row, name: str, text: str, found: Sequence[Span], menu: str, turn: str, say: Words) -> str:
    title = _text(report["title"]) or name
    links = "".join(f'<li><a href="#{key}">{say(f"evidence.{key}")}</a></li>' for key in _LISTS)
    below = "\n".join(
        f'<section id="{key}" class="below"><h2>{say(f"evidence.{key}")}</h2>'
        f'<div class="list" data-list="{key}"></div></section>'
        for key in _LISTS
    )
    return f"""<h1 lang="zh-Hans">{escape(title)}</h1>
<dl class="about">{_about(report, say)}</dl>
<div class="reading">
<nav class="menu" aria-labelledby="menu-head"><details open><summary id="menu-head">{say("evidence.contents")}</summary>
{menu}
<ul class="below">{links}</ul>
</details></nav>
<section class="paper" aria-labelledby="text-head">
<h2 id="text-head" class="hidden">{say("evidence.text")}</h2>
<fieldset class="legend"><legend>{say("evidence.legend")}</legend>{_switches(found, say)}</fieldset>
<p class="note keys">{say("evidence.keys")}</p>
{turn}<div id="text" lang="zh-Hans">{text}</div>{turn}
</section>
<aside id="panel" aria-labelledby="panel-head"><h2 id="panel-head" tabindex="-1">{say("evidence.panel")}</h2>
<button type="button" class="close">{say("evidence.close")}</button>
<div id="panel-body"><p class="note">{say("evidence.panel.hint")}</p></div></aside>
</div>
{below}"""
