"""In: recovery of planted topics by size of corpus. Out: figure 6b, what a corpus of a size can carry, and this one."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator

from analysis.errors import FigureError
from analysis.present import labels, theme
from analysis.present.drawing import Figure
from analysis.present.effects import Shares

HIGH = 52.0  # mm: a panel
_MARKERS = "osD^vP"


@theme.styled
def fig06b_recovery(grid: pd.DataFrame, standing: pd.DataFrame, model: Shares, lang: str) -> Figure:
    """Draw how many of a planted topic's ten likeliest words come back, against the number of items.

    A panel per number of topics, a line per length of items, and the corpus at hand in the panel nearest its own number.

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
    wide = (theme.DOUBLE - 16 - 8 * (len(counts) - 1) - 26) / len(counts)
    figure = theme.canvas(theme.DOUBLE, 8 + HIGH + 11)
    ends = sorted({int(one) for one in grid["items"]})
    limits = (min(ends[0], n_items) / 1.25, max(ends[-1], n_items) * 1.25)
    for number, topics in enumerate(counts):
        drawn = theme.axes(figure, 14 + number * (wide + 8), 8, wide, HIGH)
        part = grid.loc[grid["topics"] == topics]
        _lines(drawn, part, say, last=number == len(counts) - 1)
        if topics == nearest:
            _here(drawn, own, say)
        drawn.set_xscale("log")
        drawn.set_xlim(*limits)
        drawn.xaxis.set_major_locator(FixedLocator(ends))
        drawn.xaxis.set_minor_locator(NullLocator())
        drawn.set_xticklabels([f"{one:,}" if place % 2 == 0 else "" for place, one in enumerate(ends)])
        drawn.set_ylim(0, 1)
        drawn.set_xlabel(say("axis.items"))
        if number == 0:
            drawn.set_ylabel(say("axis.jaccard"))
        theme.write(figure, 14 + number * (wide + 8), 2, f"{'abcdef'[number]}  {say('panel.planted', topics=topics)}")
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


def _lines(drawn: Axes, part: pd.DataFrame, say: labels.Labels, last: bool) -> None:
    """One line a length, lighter the shorter; named at the right of the last panel."""
    lengths = sorted(set(part["length"]))
    for number, length in enumerate(lengths):
        line = part.loc[part["length"] == length].sort_values("items")
        shade = 0.35 + 0.65 * (number + 1) / len(lengths)
        color = tuple(1 - shade * (1 - np.array([0x1F, 0x5A, 0x89]) / 255))
        x, y = line["items"].to_numpy(float), line["jaccard"].to_numpy(float)
        drawn.plot(x, y, color=color, marker=_MARKERS[number % 6], markersize=3)
        if last:
            name = say("line.length", length=length)
            drawn.annotate(name, (x[-1], y[-1]), (8, 0), textcoords="offset points", va="center", fontsize=theme.SMALL,
                           annotation_clip=False)  # fmt: skip
    noise = part.groupby("items")["jaccard_noise"].mean()
    drawn.plot(noise.index.to_numpy(float), noise.to_numpy(float), color=theme.MUTED, linestyle=(0, (3, 2)))
    drawn.annotate(say("line.noise"), (float(noise.index[-1]), float(noise.iloc[-1])), (0, -9), color=theme.MUTED,
                   textcoords="offset points", ha="right", fontsize=theme.SMALL)  # fmt: skip


def _here(drawn: Axes, own: dict, say: labels.Labels) -> None:
    drawn.scatter([own["items"]], [own["jaccard"]], s=70, marker="*", color=theme.ACCENT, edgecolor=theme.INK,
                  linewidth=0.6, zorder=4)  # fmt: skip
    right = own["items"] < 120
    drawn.annotate(say("line.corpus", **own), (own["items"], own["jaccard"]), (8 if right else -8, -11), va="center",
                   textcoords="offset points", ha="left" if right else "right", fontsize=theme.SMALL)  # fmt: skip
