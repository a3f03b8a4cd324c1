"""In: tables derived and reports, and checked sums. Out: figure 5, do printed rates and totals agree with counts."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from analysis import tables
from analysis.errors import FigureError
from analysis.present import fonts, labels, theme
from analysis.present.drawing import Figure, hashes

MOST = 44  # rows that still name their report
EDGE = 200  # % of the total up to which sums are drawn to scale


@theme.styled
def fig05_ratios(derived: pd.DataFrame, identities: pd.DataFrame, reports: pd.DataFrame, lang: str) -> Figure:
    """Draw printed rates less recomputed ones, and sums of parts against their printed total.

    With up to 44 pairs each has a row with its numbers; more are one row per ratio or sum, a mark per report.

    Parameters
    ----------
    derived : DataFrame
        Table `derived`.
    identities : DataFrame
        One row per report × sum: report_id, total (an indicator), relation (equal, at_most), parts (indicators, by
        `;`), stated, added, holds, approximate.
    reports : DataFrame
        Table `reports`; rows of other reports are left aside.
    lang : str
        zh or en.

    Returns
    -------
    Figure
        Its data: one row per mark: panel (ratio, sum), name, report, expected (recomputed rate; sum of parts), stated,
        x (percentage points; % of the total), agrees, text.

    Raises
    ------
    FigureError
        No report prints a rate beside its counts or states a sum in full, or the language is unknown.
    """
    say = labels.load(lang)
    reports = labels.in_order(reports)
    called = say.reports(reports)
    mine = derived.loc[derived["report_id"].isin(called.index.tolist())]
    sums = identities.loc[identities["report_id"].isin(called.index.tolist())]
    printed = mine.loc[mine["stated_value"].notna()]
    marks = pd.concat([_ratios(printed, say), _sums(sums, say)], ignore_index=True)
    if marks.empty:
        raise FigureError(
            f"none of the {len(reports)} reports prints a rate beside its two counts, or a total beside all its parts: "
            "there is nothing to check."
        )
    order = {report_id: place for place, report_id in enumerate(called.index)}
    marks = marks.assign(
        report=[called[one] for one in marks["report_id"]], rank=[order[one] for one in marks["report_id"]]
    )
    marks = marks.sort_values(["panel", "order", "rank"], kind="stable", ignore_index=True)
    few = len(marks) <= MOST
    parts = [(panel, marks.loc[marks["panel"] == panel]) for panel in ("ratio", "sum")]
    sizes = [max(1, len(part) if few else part["name"].nunique()) for _, part in parts]
    pitch, top, gap = (4.6 if few else 6.4), 9.0, 19.0
    figure = theme.canvas(theme.DOUBLE, top + pitch * sum(sizes) + gap + 9)
    y = top
    for letter, (panel, part), size in zip("ab", parts, sizes, strict=True):
        theme.write(figure, 2, y - 6.5, f"{letter}  {say(f'panel.{panel}s')}")
        if part.empty:
            theme.write(figure, 4, y, say(f"empty.{panel}s"), color=theme.MUTED, size=theme.SMALL)
        else:
            _panel(figure, part, y, pitch, say, few)
        y += size * pitch + gap
    wrong = marks.loc[~marks["agrees"].astype(bool)]
    caption = say(
        "caption.fig05.each" if few else "caption.fig05.all",
        n=len(reports),
        ratios=len(printed),
        unprinted=len(mine) - len(printed),
        ratios_wrong=int((wrong["panel"] == "ratio").sum()),
        sums=len(sums),
        sums_wrong=int((wrong["panel"] == "sum").sum()),
        rounded=int((wrong["panel"].eq("sum") & wrong["approximate"].astype(bool)).sum()),
        edge=EDGE,
    )
    inputs = hashes(derived=derived, reports=reports)
    inputs |= {"identities": hashlib.sha256(tables.csv_bytes(identities)).hexdigest()}
    columns = ["panel", "name", "report_id", "report", "expected", "stated", "x", "agrees", "text"]
    return Figure(
        figure, marks.loc[:, columns], "fig05_ratios", say("title.fig05"), caption, lang, {}, inputs, len(reports)
    )


def _ratios(printed: pd.DataFrame, say: labels.Labels) -> pd.DataFrame:
    rank = {ratio: place for place, ratio in enumerate(say.ratios.index)}
    known = printed.loc[printed["ratio"].isin(list(rank))]
    unit = ["%" if say.ratios.loc[ratio, "unit"] == "%" else "" for ratio in known["ratio"]]
    rows = zip(known["stated_value"], known["value"], known["numerator"], known["denominator"], unit, strict=True)
    return pd.DataFrame(
        {
            "panel": "ratio", "order": known["ratio"].map(rank).astype(int),
            "name": [say.ratios.loc[ratio, "name"] for ratio in known["ratio"]], "report_id": known["report_id"],
            "expected": known["value"], "stated": known["stated_value"], "x": known["stated_value"] - known["value"],
            "agrees": known["agrees"].fillna(False).astype(bool), "approximate": False,
            "text": [f"{stated:.10g}{one} | {top:,.10g}/{base:,.10g} = {value:.4g}{one}"
                     for stated, value, top, base, one in rows],
        }
    )  # fmt: skip


def _sums(sums: pd.DataFrame, say: labels.Labels) -> pd.DataFrame:
    names = say.indicators["name"].to_dict()
    made = []
    for one in sums.to_dict("records"):
        parts, sign = one["parts"].split(";"), "=" if one["relation"] == "equal" else "≥"
        what = names.get(parts[0], parts[0]) if len(parts) == 1 else say("sum.parts", n=len(parts))
        x = 100 * one["added"] / one["stated"] if one["stated"] else (100.0 if not one["added"] else np.inf)
        sign_there = sign if one["holds"] else "≠" if sign == "=" else "<"
        made.append(
            {"panel": "sum", "name": f"{names.get(one['total'], one['total'])} {sign} {what}",
             "report_id": one["report_id"], "expected": one["added"], "stated": one["stated"], "x": x,
             "agrees": bool(one["holds"]), "approximate": bool(one["approximate"]),
             "text": f"{one['stated']:,.10g} {sign_there} {one['added']:,.10g}"}
        )  # fmt: skip
    order = {name: place for place, name in enumerate(dict.fromkeys(one["name"] for one in made))}
    return pd.DataFrame([one | {"order": order[one["name"]]} for one in made])


def _panel(figure, part: pd.DataFrame, top: float, pitch: float, say: labels.Labels, few: bool) -> None:
    """Rows of one panel: names left, marks in the middle, numbers right."""
    panel, room = part["panel"].iloc[0], 68 if few else 80
    report_room = 30
    names = [theme.wrap(name, room, theme.SMALL, 1 if few else 2) for name in part["name"]]
    texts, left = [""] * len(part), 2.0
    if few:
        texts = [theme.cut(report, report_room, theme.SMALL) for report in part["report"]]
        right = 4 + max(fonts.width(text, theme.SMALL) for text in part["text"])
        left = 5 + max(fonts.width(text, theme.SMALL) for text in texts)
        edge = left + 4.5 + max(fonts.width(name, theme.SMALL) for name in names)
        n, row_of = len(part), np.arange(len(part))
    else:
        shown = dict.fromkeys(names)
        right, edge = 20.0, 5 + max(fonts.width(line, theme.SMALL) for name in shown for line in name.split("\n"))
        places = {name: place for place, name in enumerate(shown)}
        n, row_of = len(shown), np.array([places[name] for name in names])
    drawn = theme.axes(figure, edge, top, theme.DOUBLE - right - edge, n * pitch)
    theme.rows(drawn, n, [] if few else list(dict.fromkeys(names)))
    drawn.tick_params(axis="y", labelsize=theme.SMALL)
    x = _scale(drawn, panel, part["x"].to_numpy(float))
    drawn.set_xlabel(say(f"axis.{panel}s"))
    agrees = part["agrees"].to_numpy(bool)
    offsets = np.zeros(len(part))
    if not few:
        for row in range(n):
            offsets[row_of == row] = theme.spread(int((row_of == row).sum()), 0.6)
    for kept, look in (
        (agrees, {"marker": "o", "color": theme.MAIN, "ms": 3.4 if few else 2.4}),
        (~agrees, {"marker": "D", "color": theme.ACCENT, "ms": 3.6 if few else 2.8}),
    ):
        drawn.plot(
            x[kept], (row_of + offsets)[kept], linestyle="none", alpha=1 if few else 0.6, clip_on=False, mew=0, **look
        )
    beyond = theme.DOUBLE - right + 2
    for row in range(n):
        y = top + (row + 0.5) * pitch
        look = {"size": theme.SMALL, "va": "center_baseline"}
        if few:
            theme.write(figure, 4, y, texts[row], color=theme.MUTED, **look)
            theme.write(figure, left + 1, y, names[row], **look)
            theme.write(
                figure, beyond, y, part["text"].iloc[row], color=theme.INK if agrees[row] else "#9a5b00", **look
            )
        else:
            there = row_of == row
            theme.write(figure, beyond, y, f"{int(agrees[there].sum()):,}/{int(there.sum()):,}", **look)
    if not few:
        theme.write(figure, beyond, top - 2.5, say("axis.agree"), size=theme.SMALL, color=theme.MUTED, va="baseline")


def _scale(drawn: Axes, panel: str, x: np.ndarray) -> np.ndarray:
    """Set the axis of a panel and return where the marks go: what lies beyond it sits on its edge."""
    drawn.grid(axis="y", visible=False)
    if panel == "ratio":
        far = 10.0 if np.abs(x).max(initial=0) <= 10 else 100.0
        drawn.set_xscale("symlog", linthresh=1)
        drawn.set_xlim(-far, far)
        ticks = [-100, -10, -1, 0, 1, 10, 100] if far > 10 else [-10, -1, 0, 1, 10]
        drawn.set_xticks(ticks, [f"{tick}".replace("-", "−") for tick in ticks])
        drawn.minorticks_off()
        drawn.axvline(0, color=theme.INK, linewidth=0.7)
        return np.clip(x, -far, far)
    drawn.set_xlim(0, EDGE)
    drawn.set_xticks([0, 50, 100, 150, EDGE], ["0", "50", "100", "150", f"≥{EDGE}"])
    drawn.axvline(100, color=theme.INK, linewidth=0.7)
    return np.clip(x, 0, EDGE)
