"""In: a frame whose rows point into reports. Out: each number in its sentence, in a notebook or a terminal.

Importing this module gives every DataFrame the accessor `.evidence`; `from analysis import load` does so.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from analysis import paths
from analysis.errors import DataError, ParameterError
from analysis.present import evidence, evidence_text, labels
from analysis.present.evidence_page import HTML_LANG, stem
from analysis.present.evidence_report import cell

_REACH = 300  # characters before and after a number that its passage shows
_SIGN = {"at_least": "≥ ", "at_most": "≤ ", "about": "≈ "}
_MARK = "background:#cfe4f7;color:#1c2128;padding:0 .1em;border-bottom:2px solid #1f6aa5"


@dataclass(frozen=True)
class Shown:
    """Sentences as a notebook or a terminal shows them.

    Attributes
    ----------
    lines : list of dict
        One per row shown: report, what, value, before, hit, after; wide_before and wide_after, its passage; page, the
        file of the report's evidence page from here, and the place in it (empty without one).
    notes : list of str
        What is not shown, and why.
    lang : str
        zh or en.
    """

    lines: list[dict[str, str]]
    notes: list[str]
    lang: str

    def __repr__(self) -> str:
        rows = [
            f"{' · '.join(filter(None, (row['report'], row['what'], row['value'])))}\n"
            f"    {row['before']}⟦{row['hit']}⟧{row['after']}" for row in self.lines
        ]  # fmt: skip
        return "\n".join([*rows, *self.notes])

    def _repr_html_(self) -> str:
        say = labels.load(self.lang)
        head = "".join(
            f'<th style="text-align:left">{escape(say(f"evidence.{key}"))}</th>'
            for key in ("report", "indicator", "value", "sentence")
        )
        body = "".join(self._row(row) for row in self.lines)
        notes = "".join(f"<p>{escape(note)}</p>" for note in self.notes)
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        return f'<div lang="{HTML_LANG[self.lang]}">{table}{notes}</div>'

    def _row(self, row: dict[str, str]) -> str:
        hit = f'<mark style="{_MARK}">{escape(row["hit"])}</mark>' if row["hit"] else ""
        said = f"{escape(row['before'])}{hit}{escape(row['after'])}"
        if hit:
            said += self._passage(row, hit)
        value = f'<span style="white-space:nowrap">{escape(row["value"])}</span>'
        cells = (escape(row["report"]), escape(row["what"]), value, said)
        return "<tr>" + "".join(f'<td style="text-align:left;vertical-align:top">{one}</td>' for one in cells) + "</tr>"

    def _passage(self, row: dict[str, str], hit: str) -> str:
        """What opens in place: JupyterLab shows a page of the site without style and script, and at its top."""
        say = labels.load(self.lang)
        page = f"<p>{escape(say('evidence.whole'))} <code>{escape(row['page'])}</code></p>" if row["page"] else ""
        text = f"{escape(row['wide_before'])}{hit}{escape(row['wide_after'])}"
        return (
            f"<details><summary>{escape(say('evidence.around'))}</summary>"
            f'<div style="white-space:pre-wrap;max-width:48rem">{text}</div>{page}</details>'
        )


@pd.api.extensions.register_dataframe_accessor("evidence")
class Evidence:
    """The sentences behind a frame with the columns report_id, start and end, such as `load.indicators()`.

    >>> load.indicators(indicator="head_appearance_rate").evidence.show()  # doctest: +SKIP
    """

    def __init__(self, frame: pd.DataFrame):
        lost = [name for name in ("report_id", "start", "end") if name not in frame]
        if lost:
            raise AttributeError(
                f"no evidence: the frame has no column {', '.join(lost)}. Tables with places in the text are "
                "load.indicators(), load.quantities(), load.items(), load.sections(), load.review()."
            )
        self._frame = frame

    def show(self, rows: int = 20, *, lang: str = "zh", tables: str | Path = "") -> Shown:
        """Show each row's number in its sentence, highlighted.

        Parameters
        ----------
        rows : int
            Rows shown, from the top; a line says how many are left.
        lang : str
            zh or en.
        tables : str or Path
            The tables' folder; empty for the one that `load` read the frame from.

        Returns
        -------
        Shown
            Renders as a table in a notebook and as text in a terminal. Each sentence opens to the passage round it,
            which names the report's evidence page when `python -m analysis evidence` has made it.

        Raises
        ------
        ParameterError
            `rows` is below 1.
        DataError
            A row points outside its text: frame and texts are of different builds.
        """
        if rows < 1:
            raise ParameterError(f"rows is {rows}, expected 1 or more.")
        say = labels.load(lang)
        folder = Path(tables or self._frame.attrs.get("tables", "") or paths.TABLES)
        placed = self._frame.loc[self._frame["start"].notna() & self._frame["end"].notna()]
        texts: dict[str, str | None] = {}
        site = evidence.folder(folder) / "reports"
        made = [_line(row, folder, texts, site, say) for row in placed.head(rows).to_dict("records")]
        notes = [] if made else [say("evidence.none")]
        if len(placed) > rows:
            notes.append(say("evidence.rest", n=len(placed) - rows, all=len(placed)))
        if len(placed) < len(self._frame):
            notes.append(say("evidence.no_place", n=len(self._frame) - len(placed)))
        if None in texts.values():
            notes.append(say("evidence.no_text"))
        return Shown(made, notes, lang)


def _line(
    row: dict[Any, Any], folder: Path, texts: dict[str, str | None], site: Path, say: Callable[..., str]
) -> dict[str, str]:
    report_id, start, end = str(row["report_id"]), int(row["start"]), int(row["end"])
    if report_id not in texts:
        texts[report_id] = _text(folder, report_id)
    text = texts[report_id]
    sentence = cell(row.get("evidence")) or cell(row.get("text")) or ""
    if text is None:
        at, length = -1, 0
    elif not 0 <= start <= end <= len(text):
        raise DataError(
            f"report {report_id}: {start} to {end} lies outside its text of {len(text)} characters. "
            "Frame and texts are of different builds: python -m analysis build, then load again."
        )
    else:
        at, length = evidence_text.place(text, start, end, sentence) if sentence else -1, end - start
        if at < 0 or len(sentence) == length:  # no sentence in the table, or only the number itself
            sentence, at = evidence_text.around(text, start, end)
    before, hit, after = evidence_text.parts(sentence, at, length)
    page = site / f"{stem(report_id)}.html"
    here = f"{Path(os.path.relpath(page)).as_posix()}#c{start}-{end}" if page.is_file() else ""
    text = text or ""
    left, right = text[max(0, start - _REACH) : start].lstrip(), text[end : end + _REACH].rstrip()
    name = " ".join(str(one) for key in ("place", "report_year") if (one := cell(row.get(key))) is not None)
    return {
        "report": name or report_id, "what": _what(row, say), "value": _value(row, say),
        "before": " ".join(before.split()), "hit": hit, "after": " ".join(after.split()), "page": here,
        "wide_before": "…" * (start > _REACH) + left, "wide_after": right + "…" * (end + _REACH < len(text)),
    }  # fmt: skip


def _text(folder: Path, report_id: str) -> str | None:
    path = folder / "text" / f"{report_id}.txt"
    if path.resolve().parent != (folder / "text").resolve() or not path.is_file():
        return None
    with path.open(encoding="utf-8", newline="") as handle:  # line ends as they are: offsets count them
        return handle.read()


def _what(row: dict[Any, Any], say: Any) -> str:
    """What the row is about: the indicator's name, a heading, the kind of doubt or the words before a number."""
    code = cell(row.get("indicator"))
    if code:
        return say.indicators["name"].get(code, code)
    return str(next((one for key in ("heading", "label", "message") if (one := cell(row.get(key)))), ""))


def _value(row: dict[Any, Any], say: Any) -> str:
    value = cell(row.get("value"))
    if value is None:
        return ""
    sign = _SIGN.get(str(row.get("qualifier")), "")
    scope = cell(row.get("scope"))
    return f"{sign}{value:,} {cell(row.get('unit')) or ''}".strip() + (
        f" · {say(f'evidence.scope.{scope}')}" if scope else ""
    )
