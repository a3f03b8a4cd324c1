"""In: recovery of planted topics by size of corpus. Out: figure 6b, what a corpus of a size can carry, and this one."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, NullLocator

from analysis.errors import FigureError
from analysis.present import labels, theme
from analysis.present.drawing import Figure
from analysis.present.effects import Shares

HIGH, ROOM = 52.0, 31.0  # mm: a panel, the names beside the last one
_MARKERS = "osD^vP"


@theme.styled
def fig06b_recovery(grid: pd.DataFrame, standing: pd.DataFrame, model: Shares, lang: str) -> Figure:
    """Draw how many of a planted topic's ten likeliest words come back, against the number of items.

    A panel per number of topics, a line per length of items, and the corpus at hand in the panel of the nearest number.

    Parameters
    ----------
    grid : DataFrame
        `analysis.model.recovery.table`: topics, length, items, jaccard, jaccard_noise.
    standing : DataFrame
        `analysis.model.recovery.standing` of the model: topic, jaccard, jaccard_noise.
    model : TopicModel
        The model that `standing` is of.
    lang : str
        zh or en.

    Returns
    -------
    Figure
        Its data: one row per point: panel (grid, corpus), topics, length, items, jaccard, jaccard_noise.

    Raises
    ------
    FigureError
        The grid has no rows, or the language is unknown.
    """
    say = labels.load(lang)
    if grid.empty:
        raise FigureError("figure 6b: the table of recovery has no rows. Make it: python -m analysis.model.recovery")
    n_items, n_topics = model.shares.shape
    own = {"panel": "corpus", "topics": n_topics, "length": float(np.mean(model.tokens)), "items": n_items}
    own |= {name: standing[name].mean() for name in ("jaccard", "jaccard_noise")}
    counts = sorted(set(grid["topics"]))
    nearest = min(counts, key=lambda k: abs(np.log(k / n_topics)))
    wide = (theme.DOUBLE - 14 - 8 * (len(counts) - 1) - ROOM) / len(counts)
    figure = theme.canvas(theme.DOUBLE, 8 + HIGH + 11)
    ends = sorted({int(one) for one in grid["items"]})
    limits = (min(ends[0], n_items) / 1.25, max(ends[-1], n_items) * 1.25)
    for number, topics in enumerate(counts):
        drawn = theme.axes(figure, 14 + number * (wide + 8), 8, wide, HIGH)
        part = grid.loc[grid["topics"] == topics]
        _lines(drawn, part, say)
        if topics == nearest:
            _here(drawn, own)
        drawn.set_xscale("log")
        drawn.set_xlim(*limits)
        drawn.xaxis.set_major_locator(FixedLocator(ends))
        drawn.xaxis.set_minor_locator(NullLocator())
        drawn.set_xticklabels([f"{one:,}" if place % 2 == 0 else "" for place, one in enumerate(ends)])
        drawn.set_ylim(0, 1.03)  # a mark at 1 is whole
        drawn.set_xlabel(say("axis.items"))
        if number == 0:
            drawn.set_ylabel(say("axis.jaccard"))
        theme.write(figure, 14 + number * (wide + 8), 2, f"{'abcdef'[number]}  {say('panel.planted', topics=topics)}")
    _legend(figure, say, own)
    caption = say(
        "caption.fig06b", items=n_items, length=own["length"], topics=n_topics, jaccard=own["jaccard"],
        noise=own["jaccard_noise"],
    )  # fmt: skip
    data = pd.concat([grid.assign(panel="grid"), pd.DataFrame([own])], ignore_index=True)
    data = data.reindex(columns=["panel", "topics", "length", "items", "jaccard", "jaccard_noise"])
    return Figure(
        figure, data, "fig06b_recovery", say("title.fig06b"), caption, lang, {"model": dict(model.settings)}, {},
        len(set(model.items["report_id"])), model.settings.get("seed"),
    )  # fmt: skip


def _legend(figure: Canvas, say: labels.Labels, own: dict) -> None:
    """Name the lines once, to the right of the panels, and the star below them."""
    last = figure.axes[-1]
    lines = last.get_legend_handles_labels()[0]
    star = Line2D([], [], linestyle="", marker="*", markersize=9, color=theme.ACCENT, markeredgecolor=theme.INK,
                  markeredgewidth=0.6, label=theme.wrap(say("line.corpus", **own), ROOM - 9, theme.SMALL))  # fmt: skip
    last.legend(handles=[*lines, star], loc="upper left", bbox_to_anchor=(1.02, 1.02), frameon=False, borderaxespad=0,
                handlelength=1.6, handletextpad=0.6, labelspacing=0.7, fontsize=theme.SMALL)  # fmt: skip


def _lines(drawn: Axes, part: pd.DataFrame, say: labels.Labels) -> None:
    """One line a length, the longest first and darkest; what nothing gives as a dashed one."""
    lengths = sorted(set(part["length"]), reverse=True)
    for number, length in enumerate(lengths):
        line = part.loc[part["length"] == length].sort_values("items")
        shade = 1 - 0.65 * number / len(lengths)
        color = tuple(1 - shade * (1 - np.array([0x1F, 0x5A, 0x89]) / 255))
        marker, name = _MARKERS[number % len(_MARKERS)], say("line.length", length=length)
        drawn.plot(line["items"], line["jaccard"], color=color, marker=marker, markersize=3, label=name)
    sizes = sorted({int(one) for one in part["items"]})
    noise = [float(np.mean(part["jaccard_noise"].to_numpy(float)[part["items"].to_numpy() == n])) for n in sizes]
    drawn.plot(sizes, noise, color=theme.MUTED, linestyle=(0, (3, 2)), label=say("line.noise"))


def _here(drawn: Axes, own: dict) -> None:
    drawn.plot([own["items"]], [own["jaccard"]], linestyle="", marker="*", markersize=9, color=theme.ACCENT,
               markeredgecolor=theme.INK, markeredgewidth=0.6, zorder=4)  # fmt: skip
