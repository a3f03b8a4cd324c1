"""In: coverage of intervals by number of reports. Out: figure 8b, whether intervals and tests keep their word."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator

from analysis.errors import FigureError
from analysis.present import labels, theme
from analysis.present.drawing import Figure

HIGH = 48.0  # mm: a panel
_DASHED = (0, (3, 2))


@theme.styled
def fig08b_coverage(grid: pd.DataFrame, n_reports: int, lang: str) -> Figure:
    """Draw how often intervals of simulated corpora hold the planted difference, and how often tests find one.

    Parameters
    ----------
    grid : DataFrame
        `analysis.model.coverage.table`: reports, effect, covered, covered_low, covered_high, covered_items, size,
        power, n.
    n_reports : int
        Reports of the corpus at hand.
    lang : str
        zh or en.

    Returns
    -------
    Figure
        Its data: the grid.

    Raises
    ------
    FigureError
        The grid has no rows, or the language is unknown.
    """
    say = labels.load(lang)
    if grid.empty:
        raise FigureError("figure 8b: the table of coverage has no rows. Make it: python -m analysis.model.coverage")
    columns = ["covered", "covered_low", "covered_high", "covered_items", "size", "power"]
    mean = pd.DataFrame(grid.groupby("reports")[columns].mean())
    wide = (theme.DOUBLE - 14 - 18 - 4) / 2
    figure = theme.canvas(theme.DOUBLE, 8 + HIGH + 12)
    left, right = (theme.axes(figure, 14 + place * (wide + 18), 8, wide, HIGH) for place in (0, 1))
    error = [mean["covered"] - mean["covered_low"], mean["covered_high"] - mean["covered"]]
    left.errorbar(mean.index, mean["covered"], yerr=error, color=theme.MAIN, marker="o", markersize=3.5, capsize=2,
                  linewidth=1, label=say("line.clustered"))  # fmt: skip
    left.plot(mean.index, mean["covered_items"], color=theme.ACCENT, marker="s", markersize=3, linewidth=1,
              linestyle=(0, (1, 1)), label=say("line.independent"))  # fmt: skip
    right.plot(mean.index, mean["power"], color=theme.MAIN, marker="o", markersize=3.5, linewidth=1,
               label=say("line.power", effect=100 * grid["effect"].max()))  # fmt: skip
    right.plot(mean.index, mean["size"], color=theme.ACCENT, marker="s", markersize=3, linewidth=1,
               linestyle=(0, (1, 1)), label=say("line.size"))  # fmt: skip
    for drawn, level, bottom, name in ((left, 0.95, 0.8, "axis.covered"), (right, 0.05, 0.0, "axis.rejected")):
        drawn.axhline(level, color=theme.MUTED, linestyle=_DASHED, linewidth=0.8, zorder=0)
        drawn.set_ylim(bottom, 1 + (1 - bottom) * 0.03)
        drawn.set_ylabel(say(name))
        _ticks(drawn, [int(one) for one in mean.index], n_reports, say)
    left.legend(loc="lower right", frameon=False, fontsize=theme.SMALL)
    right.legend(loc="lower right", bbox_to_anchor=(1, 0.1), frameon=False, fontsize=theme.SMALL)
    for place, letter in enumerate("ab"):
        theme.write(figure, 14 + place * (wide + 18), 2, f"{letter}  {say(f'panel.coverage.{letter}')}")
    covered, naive = grid["covered"].to_numpy(float), grid["covered_items"].to_numpy(float)
    caption = say(
        "caption.fig08b", here=n_reports, runs=int(grid["n"].iloc[0] // 4), low=100 * covered.min(),
        high=100 * covered.max(), naive=100 * naive.min(), least=min(int(one) for one in mean.index),
    )  # fmt: skip
    return Figure(figure, grid, "fig08b_coverage", say("title.fig08b"), caption, lang, {}, {}, n_reports)


def _ticks(drawn: Axes, sizes: list[int], here: int, say: labels.Labels) -> None:
    drawn.set_xscale("log")
    drawn.set_xlim(min(*sizes, here) / 1.2, max(*sizes, here) * 1.2)
    drawn.xaxis.set_major_locator(FixedLocator(sizes))
    drawn.xaxis.set_minor_locator(NullLocator())
    drawn.set_xticklabels([str(size) if size != 12 else "" for size in sizes])  # 12 stands too near to 10
    drawn.set_xlabel(say("axis.reports.log"))
    drawn.axvline(here, color=theme.INK, linewidth=0.8, linestyle=(0, (4, 1, 1, 1)), zorder=0)
