"""In: what speaks for each number of topics. Out: figure 6, one small panel per measure, and what the rule says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from analysis.errors import FigureError
from analysis.present import labels, theme
from analysis.present.drawing import Figure

# Measure → which way is better, in the order of the panels.
PANELS = {
    "perplexity": "low", "stability": "high", "npmi": "high", "coherence": "high",
    "exclusivity": "high", "diversity": "high", "dispersion": "one", "nmf": "high",
}  # fmt: skip
ACROSS, GAP, WIDE, HIGH, HEAD = 4, 10.5, 30.5, 27.0, 9.5  # panels in a row; mm: left of a panel, its size, above it


class Choice(Protocol):
    """What figure 6 needs; `analysis.model.choice.Choice` has it."""

    table: pd.DataFrame
    n_topics: int | None
    reason: str
    settings: Mapping[str, Any]


@theme.styled
def fig06_choice(choice: Choice, lang: str) -> Figure:
    """Draw every measure against the number of topics, with errors, and the number that the rule chooses.

    Parameters
    ----------
    choice : Choice
        As `topics.panel` gives it.
    lang : str
        zh or en.

    Returns
    -------
    Figure
        Its data: the table, one row per number of topics × measure: value, se, n; and whether the number is chosen.

    Raises
    ------
    FigureError
        The table has no row to draw, or the language is unknown.
    """
    say = labels.load(lang)
    by = {name: part.set_index("n_topics").sort_index() for name, part in choice.table.groupby("measure")}
    lost = [name for name in ("perplexity", "loss", "noise", *PANELS) if name not in by]
    if lost:
        raise FigureError(
            f"fig06_choice: the table has no rows for {', '.join(lost)}. Give the result of topics.panel."
        )
    n_rows = -(-len(PANELS) // ACROSS)
    pitch = HEAD + HIGH + 7.5
    figure = theme.canvas(theme.DOUBLE, 2 + n_rows * pitch + 8)
    numbers = by["stability"].index.to_numpy()
    for number, (measure, better) in enumerate(PANELS.items()):
        row, column = divmod(number, ACROSS)
        x, y = 2 + column * (GAP + WIDE + 0.5), 2 + row * pitch
        theme.write(figure, x, y, theme.wrap(say(f"panel.choice.{measure}"), GAP + WIDE - 1, lines=1))
        theme.write(figure, x, y + 3.6, say(f"choice.better.{better}"), size=theme.SMALL, color=theme.MUTED)
        drawn = theme.axes(figure, x + GAP, y + HEAD, WIDE, HIGH)
        drawn.tick_params(axis="y", labelsize=theme.SMALL)
        part = by[measure].reindex(numbers)
        error = part["se"].to_numpy(float)
        if measure == "perplexity":
            error = part["value"].to_numpy(float) * by["loss"].reindex(numbers)["se"].to_numpy(float)
        if measure == "stability":
            noise = by["noise"].reindex(numbers)
            _line(drawn, noise, noise["se"].to_numpy(float), filled=False, label=say("choice.shuffled"))
        _line(drawn, part, error, filled=True, label=say("choice.real"))
        if measure == "perplexity":
            _level(drawn, by["perplexity"]["value"].to_dict(), say("choice.words_only"))
        if measure == "stability":
            drawn.set_ylim(0, 1)
            drawn.legend(loc="lower left", frameon=False, fontsize=theme.SMALL, borderaxespad=0, handletextpad=0.3)
        if np.isnan(part["value"].to_numpy(float)).all():
            drawn.text(0.5, 0.5, theme.wrap(say("choice.missing"), WIDE - 4, theme.SMALL), transform=drawn.transAxes,
                       ha="center", va="center", size=theme.SMALL, color=theme.MUTED)  # fmt: skip
            drawn.set_yticks([])
        _frame(drawn, numbers, choice.n_topics)
    theme.write(figure, theme.DOUBLE / 2, 2 + n_rows * pitch - 1, say("axis.n_topics"), ha="center", color=theme.MUTED)
    verdict = say(f"choice.{choice.reason}", chosen=choice.n_topics, low=numbers[0], high=numbers[-1])
    theme.write(figure, 2, 2 + n_rows * pitch + 3, theme.wrap(verdict, theme.DOUBLE - 4))
    n_reports = int(by["perplexity"]["n"].to_numpy().max())
    caption = say("caption.fig06", runs=choice.settings["n_runs"], reports=n_reports, verdict=verdict)
    if "of_items" in choice.settings:
        some, every = (f"{choice.settings[key]:,}" for key in ("n_items", "of_items"))
        caption = say.said(say("caption.fig06.sampled", n=some, all=every), caption)
    made = {"settings": dict(choice.settings), "lowest": int(numbers[0]), "highest": int(numbers[-1])}
    data = choice.table.assign(chosen=choice.table["n_topics"] == (choice.n_topics or -1))
    return Figure(
        figure, data, "fig06_choice", say("title.fig06"), caption, lang, made | {"verdict": choice.reason},
        n_reports=n_reports, seed=choice.settings.get("seed"),
    )  # fmt: skip


def _line(drawn: Axes, part: pd.DataFrame, error: np.ndarray, *, filled: bool, label: str) -> None:
    """Draw values with their errors; filled and dark, or open and light."""
    color = theme.MAIN if filled else theme.ACCENT
    drawn.errorbar(
        part.index.to_numpy(), part["value"].to_numpy(float), np.nan_to_num(error), markersize=2.6, linewidth=0.8,
        elinewidth=0.6, capsize=0, label=label, color=color,
        marker="o", mfc=color if filled else "white",
    )  # fmt: skip


def _level(drawn: Axes, perplexity: Mapping[int, float], name: str) -> None:
    """Draw what word frequencies alone reach; its name stands above the frame, where no error bar crosses it."""
    if 1 not in perplexity:
        return
    level, (low, high) = perplexity[1], drawn.get_ylim()
    margin = 0.05 * (max(high, level) - min(low, level))
    drawn.set_ylim(min(low, level - margin), max(high, level + margin))
    drawn.axhline(level, color=theme.MUTED, linewidth=0.7, linestyle=(0, (4, 2)))
    drawn.annotate(
        f"– – {name}", (1, 1), (0, 1.5), xycoords="axes fraction", textcoords="offset points", ha="right",
        va="bottom", size=theme.SMALL, color=theme.MUTED,
    )  # fmt: skip


def _frame(drawn: Axes, numbers: np.ndarray, chosen: int | None) -> None:
    margin = max(0.4, 0.06 * (numbers[-1] - numbers[0]))
    drawn.set_xlim(numbers[0] - margin, numbers[-1] + margin)
    ticks = [numbers[0]]
    for number in numbers[1:]:  # those tried, where there is room for them
        ticks += [number] if number - ticks[-1] >= 0.13 * (numbers[-1] - numbers[0]) else []
    drawn.set_xticks(ticks)
    if drawn.get_yticks().size:
        drawn.yaxis.set_major_locator(MaxNLocator(4))
        if max(map(abs, drawn.get_ylim())) >= 1000:
            drawn.yaxis.set_major_formatter("{x:,.0f}")
    if chosen is not None:
        drawn.axvline(chosen, color=theme.INK, linewidth=0.6, linestyle=(0, (1, 1.5)), zorder=0)
