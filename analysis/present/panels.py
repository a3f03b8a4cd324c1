"""In: what figure 4 draws, one row per mark. Out: its small multiples: a panel per rate or count, a row per group."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from analysis.present import fonts, labels, theme
from analysis.present.corpus import box

SIGNS = {"about": "≈", "at_least": "≥", "at_most": "≤"}
MARKS = {"recomputed": ("o", theme.MAIN, theme.MAIN), "printed": ("D", "none", theme.ACCENT)}  # marker, face, edge
ROW, ACROSS, HEAD = 3.4, 4, 7.5  # mm a row, panels side by side, mm for their names


def height(groups: pd.Series) -> float:
    """Return how many mm a panel takes with its name."""
    return HEAD + len(groups) * ROW + 2


def _grid(figure: Canvas, titles: Sequence[str], groups: pd.Series, top: float, gap: float) -> list[Axes]:
    """Axes for the panels, named, four across; `gap` mm stay free to the right of each."""
    names = [theme.cut(name, 36, theme.SMALL) for name in groups]
    left = 6 + max(fonts.width(name, theme.SMALL) for name in names)
    step = (theme.DOUBLE - left) / ACROSS
    made = []
    for number, title in enumerate(titles):
        line, column = divmod(number, ACROSS)
        x, y = left + column * step, top + line * height(groups) + HEAD
        drawn = theme.axes(figure, x, y, step - gap, len(groups) * ROW)
        theme.rows(drawn, len(groups), [] if column else names)
        drawn.tick_params(axis="y", labelsize=theme.SMALL)
        drawn.tick_params(labelbottom=number + ACROSS >= len(titles))
        wrapped = theme.wrap(title, step - 4, theme.SMALL, 2)
        theme.write(figure, x, y - 0.8, wrapped, size=theme.SMALL, va="bottom", linespacing=1.05)
        made.append(drawn)
    return made


def rates(figure: Canvas, marks: pd.DataFrame, groups: pd.Series, top: float, say: labels.Labels) -> None:
    """Draw a panel per rate: a filled mark with its interval and a hollow one per group, reports of each at the right.

    `marks` has a row per rate × group × kind, as `rates.by_level` gives them.
    """
    parts = [part for _, part in marks.groupby("rank")]
    places = {group: row for row, group in enumerate(groups.index)}
    widest = max(fonts.width(note, theme.SMALL) for part in parts for note in _reports(part, places).values())
    axes = _grid(figure, [part["name"].iloc[0] for part in parts], groups, top, widest + 5)
    for drawn, part in zip(axes, parts, strict=True):
        drawn.set_xlim(0, 100)
        drawn.set_xticks([0, 50, 100])
        for kind, (marker, face, edge) in MARKS.items():
            some = part.loc[part["kind"] == kind]
            rows = [places[group] for group in some["group"]]
            if kind == "recomputed":
                drawn.hlines(rows, some["ci_low"], some["ci_high"], color=theme.MAIN, linewidth=1.2)
            drawn.plot(some["value"], rows, marker, mfc=face, mec=edge, mew=1.1, ms=3.2, clip_on=False, zorder=3,
                       label=say(f"kind.{kind}.levels"), linestyle="none")  # fmt: skip
        for row, note in _reports(part, places).items():
            _aside(drawn, row, note)
    look = {"loc": "upper right", "ncols": 2, "frameon": False, "borderpad": 0.2, "handletextpad": 0.1}
    figure.legend(*axes[0].get_legend_handles_labels(), **look)


def _reports(part: pd.DataFrame, places: dict[str, int]) -> dict[int, str]:
    """Row → how many reports give a recomputed and how many only a printed rate."""
    n = part.pivot_table(index="group", columns="kind", values="n", aggfunc="sum", fill_value=0)
    n = n.reindex(columns=list(MARKS), fill_value=0)
    return {
        places[str(group)]: f"{one:.0f}+{other:.0f}" for group, (one, other) in zip(n.index, n.to_numpy(), strict=True)
    }


def _aside(drawn: Axes, row: int, note: str) -> None:
    drawn.text(1.05, row, note, transform=drawn.get_yaxis_transform(), size=theme.SMALL, va="center_baseline",
               color=theme.MUTED)  # fmt: skip


def counts(
    figure: Canvas, shown: pd.DataFrame, groups: pd.Series, top: float, say: labels.Labels, few: bool
) -> pd.DataFrame:
    """Draw a panel per count on one logarithmic axis: a dot per report, or a box per group; return what is drawn."""
    parts = [part for _, part in shown.groupby("rank")]
    span = float(shown["value"].to_numpy().min()), float(shown["value"].to_numpy().max())
    titles = []
    for part in parts:
        name, unit = part["name"].iloc[0], say.unit(part["panel_unit"].iloc[0], always=False)
        titles.append(f"{name} ({unit})" if unit else name)
    drawings = []
    for drawn, part in zip(_grid(figure, titles, groups, top, 5 if few else 9), parts, strict=True):
        theme.log_axis(drawn, *span, lambda power: say(f"power.{power}"))
        drawings.append(_dots(drawn, part, groups, say) if few else _boxes(drawn, part, groups))
    return pd.concat(drawings)


def _dots(drawn: Axes, part: pd.DataFrame, groups: pd.Series, say: labels.Labels) -> pd.DataFrame:
    """A dot and its number per report; a value in another unit than the panel's is hollow and names it if it fits."""
    rows = groups.index.get_indexer(part["group"].array)
    spots = drawn.transData.transform(np.column_stack([part["value"], rows]))[:, 0]
    edges = drawn.transAxes.transform([(0, 0), (1, 0)])[:, 0]
    for mark, row, spot in zip(part.to_dict("records"), rows.tolist(), spots, strict=True):
        value, same = mark["value"], mark["unit"] == mark["panel_unit"]
        drawn.plot(value, row, "o", ms=3.4, mec=theme.MAIN, mfc=theme.MAIN if same else "white", clip_on=False)
        text = f"{SIGNS.get(mark['qualifier'], '')}{value:,.10g}"
        named = text if same else f"{text} {say.unit(mark['unit'])}"
        right = bool(spot < edges.mean())
        room = (edges[1] - spot if right else spot - edges[0]) / drawn.figure.dpi * 25.4 - 2  # mm
        theme.beside(drawn, value, row, named if fonts.width(named, theme.SMALL) < room else text, right=right)
    return part


def _boxes(drawn: Axes, part: pd.DataFrame, groups: pd.Series) -> pd.DataFrame:
    """Faint dots, median and middle half per level, and how many reports."""
    found = []
    numbers = {group: row for row, group in enumerate(groups.index)}
    for group, stated in part.groupby("group")["value"]:
        row = numbers[group]
        summary = box(drawn, row, np.sort(stated.to_numpy(float)))
        drawn.text(1.03, row, f"{len(stated)}", transform=drawn.get_yaxis_transform(), size=theme.SMALL,
                   va="center_baseline", color=theme.MUTED)  # fmt: skip
        found.append({"group": group, "n": len(stated), "value": summary.pop("median")} | summary)
    first = part.iloc[0]
    return pd.DataFrame(found).assign(indicator=first["indicator"], name=first["name"], unit=first["unit"])
