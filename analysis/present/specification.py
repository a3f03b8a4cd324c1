"""In: estimates over many specifications, and their choices. Out: figure 11, the specification curve."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from analysis.errors import FigureError, closest
from analysis.present import labels, theme
from analysis.present.drawing import Figure

_PITCH, _CURVE, _ROW = 3.1, 42, 4.6  # mm: a row of choices, the curve, a row of conclusions
_DOTS = 80  # specifications up to which a choice is a dot, more are strokes


@theme.styled
def fig11_specification(
    followed: pd.DataFrame,
    choices: pd.DataFrame,
    summary: pd.DataFrame,
    influence: pd.DataFrame,
    lang: str,
    conclusion: str = "stability",
) -> Figure:
    """Draw one conclusion's estimates in order of size, the choices below each, and how all conclusions fare.

    After Simonsohn, Simmons & Nelson (2020).

    Parameters
    ----------
    followed, summary, influence : DataFrame
        What `specification.follow`, `.summary` and `.influence` gave.
    choices : DataFrame
        One row per specification: point, and one column per choice.
    lang : str
        zh or en. Words of topics stay Chinese.
    conclusion : str
        The one whose curve is drawn: stability or topic_1, ….

    Returns
    -------
    Figure
        Its data: one row per specification and conclusion: estimate, same_sign as the reference's, rank, and the
        choices.

    Raises
    ------
    FigureError
        There is no such conclusion, or no specification has an estimate of it.
    """
    say = labels.load(lang)
    level = str(followed["level"].iloc[0])
    known = list(summary["conclusion"])
    if conclusion not in known:
        raise FigureError(f"no conclusion '{conclusion}'.{closest(conclusion, known)} There is: {', '.join(known)}.")
    data = _data(followed, choices)
    shown = data.loc[data["conclusion"].eq(conclusion) & data["estimate"].notna()].sort_values("rank")
    if shown.empty:
        raise FigureError(f"no specification has an estimate of '{conclusion}'. Choose another conclusion.")
    varied = [str(name) for name in choices if name != "point" and len(set(choices[name].map(str))) > 1]
    options = [(name, option) for name in varied for option in _sorted(choices[name])]
    below = 8 + _CURVE + 5
    left_out = int(data.loc[data["conclusion"].eq(conclusion), "estimate"].isna().sum())
    high = below + len(options) * _PITCH + 20 + len(known) * _ROW + 6
    figure = theme.canvas(theme.DOUBLE, high)

    names = [_name(say, f"option.{name}.{option}", str(option)) for name, option in options]
    groups = [_name(say, f"choice.{name}", name) for name, _ in options]
    if options:
        matrix = theme.grouped(figure, below, groups, names, _PITCH, 4)
        _choices(matrix, shown, options)
    else:
        matrix = theme.axes(figure, 25, below, theme.DOUBLE - 29, 1)
        matrix.set_axis_off()
    place = matrix.get_position()
    left, wide = place.x0 * theme.DOUBLE, place.width * theme.DOUBLE
    theme.write(figure, 2, 2, "a")
    theme.write(figure, 6, 2, _conclusion(say, summary, conclusion, level))
    curve = theme.axes(figure, left, 8, wide, _CURVE)
    _curve(curve, shown, say)
    top = below + len(options) * _PITCH + 6
    _conclusions(figure, top, summary, influence, varied, say, level)

    home = summary.set_index("conclusion").loc[conclusion]
    caption = say(
        "caption.fig11", n=choices["point"].nunique(), conclusion=_conclusion(say, summary, conclusion, level),
        drawn=len(shown), missing=left_out, same=int(shown["same_sign"].sum()) - int(shown["reference"].sum()),
        others=len(shown) - int(shown["reference"].sum()), conclusions=len(known),
        median=f"{home['median']:.2f}", reference=_reference(say, data, varied),
    )  # fmt: skip
    return Figure(
        figure, data, "fig11_specification", say("title.fig11"), caption, lang,
        {"conclusion": conclusion, "level": level},
    )  # fmt: skip


def _data(followed: pd.DataFrame, choices: pd.DataFrame) -> pd.DataFrame:
    """Add to each estimate its rank within the conclusion, whether it has the reference's sign, and its choices."""
    home = followed.loc[followed["reference"]].set_index("conclusion")["estimate"]
    sign = np.sign(followed["estimate"]) == np.sign(followed["conclusion"].map(home))
    ranked = followed.assign(
        rank=followed.groupby("conclusion")["estimate"].rank(method="first").astype("Int64"),
        same_sign=sign.astype("boolean").mask(followed["estimate"].isna()),
    )
    return ranked.merge(choices, on="point", how="left", validate="many_to_one")


def _curve(drawn: Axes, shown: pd.DataFrame, say: labels.Labels) -> None:
    """Draw the estimates: filled with the reference's sign, hollow against it, the reference a diamond."""
    rank, estimate = shown["rank"].to_numpy(dtype=float), shown["estimate"].to_numpy()
    same, home = shown["same_sign"].to_numpy(dtype=bool), shown["reference"].to_numpy(dtype=bool)
    size = 16 if len(shown) <= _DOTS else 5
    drawn.axhline(0, color=theme.INK, linewidth=0.6)
    for mask, face in ((same & ~home, theme.MAIN), (~same & ~home, "white")):
        drawn.scatter(rank[mask], estimate[mask], s=size, c=face, edgecolors=theme.MAIN, linewidths=0.7, zorder=3)
    drawn.scatter(rank[home], estimate[home], s=38, marker="D", c=theme.ACCENT, edgecolors=theme.INK, zorder=4)
    drawn.set_xlim(*_ends(shown))
    drawn.margins(y=0.12)
    drawn.tick_params(axis="x", labelbottom=False)
    drawn.grid(axis="x", visible=False)
    drawn.set_ylabel(say("axis.estimate"))


def _ends(shown: pd.DataFrame) -> tuple[float, float]:
    """Return the ends of the axis of ranks: no mark is cut."""
    free = max(0.7, 0.008 * len(shown))
    return 1 - free, len(shown) + free


def _choices(drawn: Axes, shown: pd.DataFrame, options: list[tuple[str, object]]) -> None:
    """Mark under each estimate what was chosen."""
    for row, (name, option) in enumerate(options):
        chosen = shown.loc[shown[name].map(str).eq(str(option)), "rank"].to_numpy(dtype=float)
        look = {"marker": "o", "s": 7} if len(shown) <= _DOTS else {"marker": "|", "s": 14, "linewidths": 0.5}
        drawn.scatter(chosen, np.full(len(chosen), row), c=theme.INK, **look)
    drawn.set_xlim(*_ends(shown))
    drawn.set_xticks([])


def _conclusions(
    figure,
    top: float,
    summary: pd.DataFrame,
    influence: pd.DataFrame,
    varied: list[str],
    say: labels.Labels,
    level: str,
) -> None:
    """Draw the range of each conclusion, and beside it the share of its variance that each choice explains alone."""
    names = [_conclusion(say, summary, name, level, short=True) for name in summary["conclusion"]]
    tile = max(13.0, 39 / max(1, len(varied)))
    tiles = tile * len(varied)
    theme.write(figure, 2, top, "b")
    theme.write(figure, 6, top, say("panel.conclusions"))
    right = tiles + 32
    drawn = theme.grouped(figure, top + 12, [""] * len(names), names, _ROW, right)
    low, high = summary["low"].to_numpy(dtype=float), summary["high"].to_numpy(dtype=float)
    rows = np.arange(len(names))
    drawn.axvline(0, color=theme.INK, linewidth=0.6)
    drawn.hlines(rows, low, high, color=theme.MAIN, linewidth=1.4)
    drawn.scatter(summary["median"], rows, s=16, c="white", edgecolors=theme.MAIN, zorder=3)
    drawn.scatter(summary["estimate"], rows, s=22, marker="D", c=theme.ACCENT, edgecolors=theme.INK, zorder=4)
    drawn.tick_params(axis="x", labelsize=theme.SMALL)
    edge = theme.DOUBLE - right
    theme.write(
        figure,
        edge + 15,
        top + 11.5,
        say("column.same_sign"),
        ha="center",
        va="bottom",
        size=theme.SMALL,
        color=theme.MUTED,
    )
    for row, (same, n) in enumerate(zip(summary["same_sign"], summary["n"], strict=True)):
        share = "–" if np.isnan(same) else f"{same:.0%}"
        y = top + 12 + (row + 0.5) * _ROW
        theme.write(figure, edge + 15, y, f"{share} ({n})", ha="center", va="center_baseline", size=theme.SMALL)
    if not varied:
        return
    wide = pd.DataFrame(influence.set_index(["conclusion", "choice"])["alone"].unstack())  # noqa: PD010  # one row a pair
    wide = wide.reindex(index=list(summary["conclusion"]), columns=varied)
    grid = theme.axes(figure, edge + 30, top + 12, tiles, len(names) * _ROW)
    grid.imshow(wide.to_numpy(dtype=float), aspect="auto", cmap=theme.TILES, vmin=0, vmax=1)
    grid.set_axis_off()
    theme.write(figure, edge + 30, top, theme.wrap(say("panel.influence"), tiles, lines=2), linespacing=1.15)
    for column, name in enumerate(varied):
        text = theme.wrap(_name(say, f"choice.{name}", name), tile - 0.5, theme.SMALL, 2)
        theme.write(
            figure, edge + 30 + tile * (column + 0.5), top + 11.5, text, ha="center", va="bottom", size=theme.SMALL
        )
        for row, value in enumerate(wide[name]):
            dark = value > theme.DARK
            grid.text(
                column, row, "–" if np.isnan(value) else f"{value:.0%}", ha="center", va="center_baseline",
                size=theme.SMALL, color="white" if dark else theme.INK,
            )  # fmt: skip


def _conclusion(say: labels.Labels, summary: pd.DataFrame, name: str, level: str, short: bool = False) -> str:
    """Name a conclusion; short inside a panel."""
    if not name.startswith("topic_"):
        return say(f"conclusion.{name}.short" if short else f"conclusion.{name}")
    words = summary.set_index("conclusion")["words"][name]
    key = "conclusion.topic.short" if short else "conclusion.topic"
    return say(key, topic=name.removeprefix("topic_"), words=words, level=say(f"level.{level}"))


def _reference(say: labels.Labels, data: pd.DataFrame, varied: list[str]) -> str:
    """Say what the reference chose, in the figure's words."""
    home = data.loc[data["reference"]].iloc[0]
    chosen = [
        f"{_name(say, f'choice.{name}', name)} {_name(say, f'option.{name}.{home[name]}', str(home[name]))}"
        for name in varied
    ]
    return (say("joint") + " " * (say.lang == "en")).join(chosen)


def _name(say: labels.Labels, key: str, plain: str) -> str:
    """Return the label of a choice or option; a sweep of one's own has its own words."""
    return say.texts.get(key, plain)


def _sorted(values: Iterable[object]) -> list[object]:
    """Return the distinct values, numbers by size, others as they come."""
    distinct: list[Any] = list(dict.fromkeys(values))
    numbers = all(isinstance(value, int | float | np.number) for value in distinct)
    return sorted(distinct) if numbers else distinct
