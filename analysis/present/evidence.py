"""In: a tables folder with its texts. Out: the evidence site, pages in which every number stands in its sentence.

`write` is the whole flow: shared files, a page a report (one at a time), a page an indicator, the lists.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from analysis import codebook, files, paths, tables
from analysis.errors import DataError
from analysis.present import evidence_page, evidence_plain, evidence_text, labels
from analysis.present.evidence_page import Site, Words, as_json, both, page, stem
from analysis.present.evidence_report import Row, cell, report_pages

_OF_REPORT = ("sections", "items", "quantities", "indicators", "derived", "review")
_SHOWN = ("code", "zh_name", "en_name", "area_2021", "unit", "kind", "tier", "definition", "county_low", "county_high",
          "comparability_warning")  # fmt: skip
_BLOCK = 200  # reports whose rows are turned into Python objects at once: few passes over the tables, little memory
_WORDS = ("evidence.", "level.", "role.", "area.", "basis.", "ratio.", "unknown")  # what the script says


@dataclass(frozen=True)
class Written:
    """What `write` did.

    Attributes
    ----------
    index : Path
        The page to open.
    files, removed : int
        Files written; pages of an earlier site removed.
    bytes, largest : int
        Size of all files and of the largest.
    """

    index: Path
    files: int
    removed: int
    bytes: int
    largest: int


def folder(of: Path) -> Path:
    """Return where the site of a tables folder stands: `evidence/` of the project, or beside other tables."""
    return paths.EVIDENCE if of.resolve() == paths.TABLES else of.resolve().parent / "evidence"


def write(of: Path, out: Path | None = None, progress: Callable[[int, int], None] | None = None) -> Written:
    """Write the evidence site of the tables in `of`; the same tables and texts give the same bytes.

    Pages of reports that an earlier run wrote and that are gone are removed; nothing else in `out` is touched.

    Raises
    ------
    DataError
        A table or a text is missing, or they are of different builds.
    ParameterError
        `out` holds other files than an evidence site.
    FolderError
        The disk is full or read-only, or another process writes there or builds the tables.
    """
    site = Site(out or folder(of))
    with files.alone(site.out), files.unchanging(of):
        return _write(of, site, progress)


def _write(of: Path, site: Site, progress: Callable[[int, int], None] | None) -> Written:
    frames = {name: tables.read(name, of) for name in tables.SCHEMAS}
    frames["review"] = tables.by_kind(frames["review"])
    reports = labels.in_order(frames.pop("reports"))
    _texts_are_there(reports, of)
    say = evidence_page.words()
    book = _indicators(frames["indicators"])
    _shared(site, say, book)
    names = labels.load("zh").reports(reports)
    listed = list(_report_rows(reports, names, frames))
    report_files = site.write_chunks("reports", "data/reports", listed)
    numbers, places = _write_reports(site, say, of, reports, names, frames, progress)
    _write_indicators(site, say, book, frames["indicators"], reports, numbers, places, report_files)
    order = {report_id: number for number, report_id in enumerate(reports["report_id"])}
    counts = _numbered(frames["review"])
    doubts = site.write_chunks("review", "data/review", _review_rows(frames["review"], counts, order))
    texts = site.write_chunks("text", "data/text", _texts(of, reports))
    _lists(site, say, evidence_plain.reports(listed, say), report_files, doubts, texts)
    removed = site.close()
    return Written(site.out / "index.html", len(site.written), removed, site.bytes, site.largest)


def _text(of: Path, report_id: str) -> str:
    with (of / "text" / f"{report_id}.txt").open(encoding="utf-8", newline="") as handle:  # line ends as they are
        return handle.read()


def _texts_are_there(reports: pd.DataFrame, of: Path) -> None:
    there = {path.stem for path in (of / "text").glob("*.txt")}  # an id that is a path is none of them
    lost = [report_id for report_id in reports["report_id"] if report_id not in there]
    if lost:
        raise DataError(
            f"no text {of / 'text' / report_id}.txt. Texts are not committed; make them with: python -m analysis build"
            for report_id in lost
        )


def _indicators(stated: pd.DataFrame) -> dict[str, dict[str, str]]:
    """Code → its row of the codebook, in its order; codes that only the table knows come last."""
    rows = codebook.read_csv(paths.CODEBOOK / "indicators.csv", _SHOWN)
    found = {row["code"]: row for row in rows}
    for code in sorted(set(stated["indicator"]) - set(found)):
        found[code] = dict.fromkeys(_SHOWN, "") | {"code": code, "zh_name": code, "en_name": code}
    return found


def _shared(site: Site, say: Words, book: Mapping[str, Row]) -> None:
    """Write the style, the script and the words that every page uses."""
    here = Path(__file__)
    for name in ("evidence.css", "evidence.js"):
        content = here.with_name(name).read_text(encoding="utf-8")
        if name == "evidence.js":  # the reading of one page, the lists: two sources, one file
            content += here.with_name("evidence_reading.js").read_text(encoding="utf-8")
        site.write(f"assets/{name}", content)
    texts = {key: [say.zh.texts[key], say.en.texts[key]] for key in say.zh.texts if key.startswith(_WORDS)}
    types = codebook.read_csv(paths.CODEBOOK / "problem_types.csv", ("problem_type", "name_zh", "name_en"))
    texts |= {f"type.{row['problem_type']}": [row["name_zh"], row["name_en"]] for row in types}
    site.write("data/words.js", f"evidence('words',{as_json(texts)});\n")
    codes = [
        [row["code"], row["zh_name"], row["en_name"], row["area_2021"], row["unit"], stem(row["code"])]
        for row in book.values()
    ]
    site.write("data/codes.js", f"evidence('codes',{as_json(codes)});\n")


def _report_rows(reports: pd.DataFrame, names: pd.Series, frames: Mapping[str, pd.DataFrame]) -> Iterator[list[Any]]:
    """Yield a row per report for the script: the order of columns is the one that evidence.js names."""
    counts = {name: frames[name]["report_id"].value_counts().to_dict() for name in ("indicators", "review")}
    for row in reports.to_dict("records"):
        report_id = str(row["report_id"])
        yield [
            report_id, stem(report_id), names[report_id],
            *(cell(row[name]) for name in ("report_year", "level", "province", "published_on", "n_quantities")),
            counts["indicators"].get(report_id, 0), cell(row["n_problems"]), cell(row["n_plans"]),
            counts["review"].get(report_id, 0), cell(row["title"]),
        ]  # fmt: skip


def _numbered(frame: pd.DataFrame) -> list[int]:
    """Return each row's number among those of its report, from 1: its anchor on the report's page."""
    return [number + 1 for number in frame.groupby("report_id").cumcount()]


def _write_reports(
    site: Site, say: Words, of: Path, reports: pd.DataFrame, names: pd.Series, frames: Mapping[str, pd.DataFrame],
    progress: Callable[[int, int], None] | None,
) -> tuple[list[int], array[int]]:  # fmt: skip
    """Write the reports' pages; return each indicator row's number there and where its figure stands in `evidence`."""
    numbers = {name: _numbered(frames[name]) for name in ("indicators", "review")}
    places = array("q", [-1]) * len(frames["indicators"])
    done = 0
    for first in range(0, len(reports), _BLOCK):
        block = reports.iloc[first : first + _BLOCK]
        rows = {name: _by_report(frames[name], block["report_id"], numbers.get(name)) for name in _OF_REPORT}
        for report in block.to_dict("records"):
            report_id = str(report["report_id"])
            text = _text(of, report_id)
            own = {name: rows[name].get(report_id, []) for name in _OF_REPORT}
            for row in own["indicators"]:
                places[row["at"]] = evidence_text.place(text, row["start"], row["end"], row["evidence"])
            for file, content in report_pages(report, str(names[report_id]), text, own, say, ["data/codes.js"]):
                site.write(f"reports/{file}", content)
            done += 1
            if progress:
                progress(done, len(reports))
    return numbers["indicators"], places


def _by_report(frame: pd.DataFrame, block: pd.Series, numbers: Sequence[int] | None) -> dict[str, list[dict[str, Any]]]:
    """Return report_id → its rows, with their place in the table (`at`) and their `ordinal` among the report's."""
    found: dict[str, list[dict[str, Any]]] = {}
    at = frame["report_id"].isin(block).to_numpy().nonzero()[0]
    for row, index in zip(frame.take(at).to_dict("records"), at.tolist(), strict=True):
        found.setdefault(str(row["report_id"]), []).append(
            {**row, "at": index, "ordinal": numbers[index] if numbers else 0}
        )
    return found


def _write_indicators(
    site: Site, say: Words, book: Mapping[str, Row], stated: pd.DataFrame, reports: pd.DataFrame,
    numbers: Sequence[int], places: Sequence[int], report_files: Sequence[str],
) -> None:  # fmt: skip
    """Write the pages of the indicators, those that no report states included, and their list."""
    order = {report_id: number for number, report_id in enumerate(reports["report_id"])}
    homes = stated.groupby("indicator", sort=False).indices
    listed = []
    for code, about in book.items():
        at = homes.get(code, [])
        rows = sorted(
            zip(stated.take(at).to_dict("records"), at, strict=True), key=lambda one: order[one[0]["report_id"]]
        )
        values = (_value_row(row, order, numbers[index], places[index]) for row, index in rows)
        files = site.write_chunks("values", f"indicators/{stem(code)}", values)
        n = len({row["report_id"] for row, _ in rows})
        listed.append([code, n, len(rows), *(about[name] for name in ("kind", "tier"))])
        site.write(
            f"indicators/{stem(code)}.html", _indicator_page(say, about, n, len(reports), [*report_files, *files])
        )
    files = site.write_chunks("listed", "data/indicators", listed)
    title = say.pair("evidence.nav.indicators")
    body = f'<h1>{both(*title)}</h1>\n<div class="list" data-list="indicators"></div>'
    body += "\n" + evidence_plain.indicators(listed, book, say)
    site.write("indicators.html", page(say, "indicators", (title[0], title[1]), body, data=["data/codes.js", *files]))


def _value_row(row: Row, order: Mapping[str, int], number: int, place: int) -> list[Any]:
    said = evidence_text.parts(row["evidence"], place, int(row["end"]) - int(row["start"]))
    cells = (cell(row[name]) for name in ("value", "unit", "qualifier", "basis", "scope"))
    return [order[row["report_id"]], f"n{number}", *cells, *said]


def _indicator_page(say: Words, about: Row, n: int, of: int, data: Sequence[str]) -> str:
    name = (about["zh_name"], about["en_name"])
    area = about["area_2021"]
    entries = [
        ("code", f"<code>{escape(about['code'])}</code>"),
        ("area", say(f"area.{area}") if f"area.{area}" in say.zh.texts else escape(area)),
        ("unit", f'<span lang="zh-Hans">{escape(about["unit"])}</span>'),
        ("tier", escape(about["tier"])),
        ("definition", f'<span lang="en">{escape(about["definition"])}</span>'),
        ("warning", f'<span lang="en">{escape(about["comparability_warning"])}</span>'),
    ]
    facts = "".join(
        f"<div><dt>{say(f'evidence.{key}')}</dt><dd>{value}</dd></div>"
        for key, value in entries
        if value and not value.endswith("></span>")
    )
    said = say("evidence.stated_by", n=n, of=of)
    body = f"""<p class="crumbs"><a href="../indicators.html">{say("evidence.nav.indicators")}</a></p>
<h1>{both(*name)}</h1>
<dl class="about">{facts}</dl>
<p>{said}</p>
<div class="list" data-list="stated"></div>"""
    return page(say, "indicator", name, body, data=["data/codes.js", *data], up="../", head={"code": about["code"]})


def _review_rows(review: pd.DataFrame, numbers: Sequence[int], order: Mapping[str, int]) -> Iterator[list[Any]]:
    """Yield the rows of review in the frame's order, what matters most first; -1 stands for a file without a page."""
    blocks = (review.iloc[first : first + 10_000] for first in range(0, len(review), 10_000))
    rows = (row for block in blocks for row in block.to_dict("records"))
    for row, number in zip(rows, numbers, strict=True):
        text = cell(row["text"]) or ""
        cells = (cell(row[name]) for name in ("kind", "message", "suggestion"))
        yield [
            order.get(row["report_id"], -1),
            row["report_id"],
            f"r{number}",
            *cells,
            text[:120] + "…" * (len(text) > 120),
        ]


def _texts(of: Path, reports: pd.DataFrame) -> Iterator[list[Any]]:
    for number, report_id in enumerate(reports["report_id"]):
        yield [number, _text(of, report_id)]


def _lists(
    site: Site, say: Words, plain: str, report_files: Iterable[str], doubts: Iterable[str], texts: Sequence[str]
) -> None:
    """Write the pages that are a list or a search; the search loads the texts file after file when it is asked."""
    for kind, file, data in (
        ("reports", "index.html", ()),
        ("review", "review.html", doubts),
        ("search", "search.html", ()),
    ):
        zh, en = say.pair(f"evidence.nav.{kind}")
        lead = f'<p class="lead">{say(f"evidence.lead.{kind}")}</p>'
        body = f'<h1>{both(zh, en)}</h1>\n{lead}\n<div class="list" data-list="{kind}"></div>'
        body += f"\n{plain}" if kind == "reports" else ""
        head = {"texts": str(len(texts))} if kind == "search" else None
        site.write(file, page(say, kind, (zh, en), body, data=[*report_files, *data], head=head))
