"""In: tables indicators and reports. Out: figure 3, which core indicators are stated by whom."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from analysis import intervals
from analysis.errors import FigureError
from analysis.present import fonts, labels, theme
from analysis.present.corpus import FEW
from analysis.present.drawing import Figure, hashes

Drawn = tuple[Canvas, pd.DataFrame]

# What counts when a report states an indicator in several ways, first that which says most.
STATES = ("stated", "corrected", "zero_in_words", "implied", "not_stated")
_MARKS = {  # marker, face, edge
    "stated": ("s", theme.MAIN, theme.MAIN),
    "corrected": ("D", theme.MAIN, theme.MAIN),
    "zero_in_words": ("o", "white", theme.INK),
    "implied": ("^", theme.ACCENT, theme.ACCENT),
    "not_stated": (".", theme.LIGHT, theme.LIGHT),
}


@theme.styled
def fig03_disclosure(indicators: pd.DataFrame, reports: pd.DataFrame, lang: str) -> Figure:
    """Draw which core indicators (tier 1 of the codebook) each report states; what is not stated is not zero.

    Up to 40 reports: a matrix. More: the share of reports that state each indicator, with 95 % Wilson intervals.
    Indicators that no report states are counted in the caption, not drawn.

    Parameters
    ----------
    indicators, reports : DataFrame
        The tables. Any scope counts as stated; rows of reports that are not in `reports` are left aside.
    lang : str
        zh or en.

    Returns
    -------
    Figure
        Its data: one row per report × indicator (state, one of `STATES`), or per indicator (n, share, interval in %).

    Raises
    ------
    FigureError
        No report states a core indicator, or the language is unknown.
    """
    say = labels.load(lang)
    reports = labels.in_order(reports)
    core = say.core()
    ids, codes = reports["report_id"].tolist(), core.index.tolist()
    stated = indicators.loc[indicators["indicator"].isin(codes) & indicators["report_id"].isin(ids)]
    if stated.empty:
        raise FigureError(
            f"none of the {len(reports)} reports states one of the {len(core)} core indicators: there is nothing to "
            "draw. Look at the table review, or add wordings to data/codebook/wordings.csv."
        )
    states = stated.assign(rank=[STATES.index(basis) for basis in stated["basis"]])
    states = states.sort_values(["report_id", "indicator", "rank"], kind="stable")
    states = states.drop_duplicates(["report_id", "indicator"])
    counts = states["indicator"].value_counts()
    shown = core.loc[core.index.isin(counts.index)].assign(n=counts)
    areas = shown["area"].drop_duplicates().tolist()  # in the codebook's order; within, the most stated first
    shown = shown.assign(rank=[areas.index(area) for area in shown["area"]])
    shown = shown.sort_values(["rank", "n"], ascending=[True, False], kind="stable")
    few = len(reports) <= FEW
    figure, data = (_matrix if few else _shares)(states, shown, reports, say)
    caption = say(
        "caption.fig03.matrix" if few else "caption.fig03.shares",
        n=len(reports),
        core=len(core),
        shown=len(shown),
        nobody=len(core) - len(shown),
        **{state: states["basis"].tolist().count(state) for state in STATES[:-1]},
        not_stated=len(reports) * len(shown) - len(states),
    )
    return Figure(
        figure, data, "fig03_disclosure", say("title.fig03"), caption, lang, {"tier": 1},
        hashes(indicators=indicators, reports=reports), len(reports),
    )  # fmt: skip


def _frame(shown: pd.DataFrame, say: labels.Labels, head: float, foot: float, right: float) -> tuple[Canvas, Axes]:
    """Return a figure with one row per indicator, grouped by area, between `head` and `foot` mm."""
    names = [theme.wrap(name, 60, theme.SMALL, 2) for name in shown["name"]]
    pitch = 5.6 if any("\n" in name for name in names) else min(3.4, (theme.PAGE - head - foot) / len(names))
    figure = theme.canvas(theme.DOUBLE, head + len(shown) * pitch + foot)
    areas = [say(f"area.{area}") for area in shown["area"]]
    return figure, theme.grouped(figure, head, areas, names, pitch, right)


def _matrix(states: pd.DataFrame, shown: pd.DataFrame, reports: pd.DataFrame, say: labels.Labels) -> Drawn:
    """Reports in columns; a mark per state."""
    called = say.reports(reports)
    step = 82 / len(called)
    flat = step >= 10  # room for a name across
    heads = [
        theme.wrap(name, step - 1, theme.SMALL, 3) if flat else theme.cut(name, 40, theme.SMALL) for name in called
    ]
    tall = max(2.8 * (head.count("\n") + 1) if flat else fonts.width(head, theme.SMALL) for head in heads)
    figure, drawn = _frame(shown, say, tall + 4, 9, 3)
    drawn.set_xlim(-0.5, len(called) - 0.5)
    drawn.set_xticks(range(len(called)), heads, rotation=0 if flat else 90, linespacing=1.05)
    drawn.tick_params(labeltop=True, labelbottom=False)
    drawn.grid(visible=False)
    said = dict(zip(zip(states["report_id"], states["indicator"], strict=True), states["basis"], strict=True))
    data = pd.DataFrame(
        {"report_id": report_id, "report": report, "indicator": code, "name": about["name"], "area": about["area"],
         "state": said.get((report_id, code), "not_stated"), "column": column, "row": row}
        for column, (report_id, report) in enumerate(called.items())
        for row, (code, about) in enumerate(shown.iterrows())
    )  # fmt: skip
    used = []
    for state, (marker, face, edge) in _MARKS.items():
        cells = data.loc[data["state"] == state]
        if cells.empty:
            continue
        look = {"s": min(13, (step * 2.2) ** 2), "linewidth": 0.7, "label": say(f"basis.{state}")}
        used.append(drawn.scatter(cells["column"], cells["row"], marker=marker, facecolor=face, edgecolor=edge, **look))
    figure.legend(handles=used, loc="lower right", ncols=len(used), frameon=False, handletextpad=0.2, borderpad=0.1)
    return figure, data.drop(columns=["column", "row"])


def _shares(states: pd.DataFrame, shown: pd.DataFrame, reports: pd.DataFrame, say: labels.Labels) -> Drawn:
    """A dot per indicator: share of reports that state it in any way."""
    data = shown[["name", "area", "n"]].rename_axis("indicator").reset_index()
    low, high = intervals.wilson(data["n"], len(reports))
    data = data.assign(
        n_reports=len(reports), share_pct=100 * data["n"] / len(reports), ci_low_pct=100 * low, ci_high_pct=100 * high
    )
    figure, drawn = _frame(shown, say, 6, 10, 14)
    drawn.hlines(range(len(data)), data["ci_low_pct"], data["ci_high_pct"], color=theme.MAIN)
    drawn.plot(data["share_pct"], range(len(data)), "o", color=theme.MAIN, ms=3)
    drawn.set_xlim(0, 100)
    drawn.set_xlabel(say("axis.share_reports"))
    for row, count in enumerate(data["n"]):
        drawn.text(
            1.015, row, f"{count:,}", transform=drawn.get_yaxis_transform(), size=theme.SMALL, va="center_baseline"
        )
    drawn.text(
        1.015, -1, "n", transform=drawn.get_yaxis_transform(), size=theme.SMALL, color=theme.MUTED, va="center_baseline"
    )
    return figure, data
