"""In: millimetres and texts. Out: one look for every figure: colours, fonts, axes in exact places, wrapped text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import matplotlib as mpl
import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import FixedLocator, NullLocator

from analysis.present import fonts

P = ParamSpec("P")
R = TypeVar("R")

SINGLE, DOUBLE, PAGE = 85, 170, 235  # mm: one column, two columns, the tallest figure a page takes
TEXT, SMALL = 7.0, 6.2  # points

# Dark, middle and light also in grey; blue against orange for the colour-blind. Shape always says the same as colour.
INK, MAIN, ACCENT, MUTED, LIGHT = "#222222", "#1f5a89", "#d98a1b", "#7a7a7a", "#d5dbe1"
TILES, DARK = "cividis_r", 0.48  # from this share of the largest value on white is read better than INK

_CLOSING = frozenset("、。,;:?!)》」』】〕”’…%‰,.;:?!)]}%")  # must not begin a line
_STOPS = "".join(_CLOSING - set(")》」』】〕”’%‰)]}%")) + " "
_OPENING = frozenset("(《「『【〔“‘([{")  # must not end a line
_PIECE = re.compile(r"[!-~\u00c0-\u024f]+|\s+|.")


def style() -> AbstractContextManager:
    """Return a context in which matplotlib draws and saves in the project's look; outside it nothing is changed."""
    look: dict[Any, Any] = {
        **sns.axes_style("whitegrid"),
        "font.family": [fonts.register()],
        "font.size": TEXT, "axes.titlesize": TEXT, "axes.labelsize": TEXT, "legend.fontsize": TEXT,
        "xtick.labelsize": SMALL, "ytick.labelsize": TEXT,
        "axes.linewidth": 0.5, "grid.linewidth": 0.4, "lines.linewidth": 0.9, "hatch.linewidth": 0.5,
        "xtick.major.pad": 2, "ytick.major.pad": 2, "axes.titlepad": 3, "axes.labelpad": 2,
        "text.color": INK, "axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK,
        "text.parse_math": False,  # a dollar sign is a dollar sign; mathtext would bring other fonts
        "axes.unicode_minus": True, "figure.dpi": 100, "savefig.dpi": 200,
        "pdf.fonttype": 42, "ps.fonttype": 42, "svg.fonttype": "path", "svg.hashsalt": "analysis",
    }  # fmt: skip
    return mpl.rc_context(look)


def styled(draw: Callable[P, R]) -> Callable[P, R]:
    """Make a figure function draw in `style`, entered at each call: importing must not prepare the font."""

    @wraps(draw)
    def inside(*args: P.args, **kwargs: P.kwargs) -> R:
        with style():
            return draw(*args, **kwargs)

    return inside


def canvas(width: float, height: float) -> Canvas:
    """Return an empty figure of this size in millimetres, not known to pyplot."""
    return Canvas(figsize=(width / 25.4, height / 25.4), facecolor="white")


def axes(figure: Canvas, left: float, top: float, width: float, height: float) -> Axes:
    """Return axes at this place: millimetres from the figure's left and top edge."""
    wide, high = figure.get_size_inches() * 25.4
    return figure.add_axes((left / wide, 1 - (top + height) / high, width / wide, height / high))


def write(figure: Canvas, left: float, top: float, text: str, **look) -> None:
    """Write `text` at millimetres from the figure's left and top edge; by default its top left corner is there."""
    wide, high = figure.get_size_inches() * 25.4
    figure.text(left / wide, 1 - top / high, text, **{"ha": "left", "va": "top", **look})


def beside(drawn: Axes, x: float, row: float, text: str, right: bool = True, **look) -> None:
    """Write `text` close to the mark at (x, row), to its right or left."""
    drawn.annotate(
        text, (x, row), (4 if right else -4, 0), textcoords="offset points", va="center_baseline", size=SMALL,
        ha="left" if right else "right", **look,
    )  # fmt: skip


def rows(drawn: Axes, n: int, labels: Iterable[str] = ()) -> None:
    """Turn the y axis into `n` rows, the first on top, with these labels and no lines between."""
    drawn.set_ylim(n - 0.5, -0.5)
    drawn.yaxis.set_major_locator(FixedLocator(range(n)))
    drawn.set_yticklabels(list(labels) or [""] * n)
    drawn.grid(axis="y", visible=False)


def grouped(
    figure: Canvas, top: float, groups: Sequence[str], names: Sequence[str], pitch: float, right: float
) -> Axes:
    """Return axes with one row per name; to the left the names and, where it changes, the group with a line above.

    Rows are `pitch` mm high, the first begins `top` mm from the figure's edge; `right` mm stay free beside the axes.
    """
    left = 4 + max(fonts.width(group, SMALL) for group in groups)
    left += 4 + max(fonts.width(line, SMALL) for name in names for line in name.split("\n"))
    wide = figure.get_figwidth() * 25.4 - left - right
    drawn = axes(figure, left, top, wide, len(names) * pitch)
    rows(drawn, len(names), names)
    drawn.tick_params(axis="y", labelsize=SMALL)
    for row, group in enumerate(groups):
        if row == 0 or group != groups[row - 1]:
            write(figure, 2, top + (row + 0.5) * pitch, group, size=SMALL, color=MUTED, va="center_baseline")
            drawn.axhline(row - 0.5, xmin=(2 - left) / wide, color=MUTED, linewidth=0.4, clip_on=False)
    return drawn


def shade(drawn: Axes, values: np.ndarray, size: float, top: float | None = None) -> None:
    """Colour a matrix by its values, darker for larger, and write them in; cells of 0 stay white, of missing empty."""
    top = float(np.nanmax(values)) if top is None else top
    drawn.imshow(np.where(values > 0, values, np.nan), cmap=TILES, aspect="auto", vmin=0, vmax=max(top, 1e-9))
    for (row, column), value in np.ndenumerate(values):
        if not np.isnan(value):
            look = {"ha": "center", "va": "center_baseline", "size": size}
            drawn.text(column, row, f"{value:.0f}", color="white" if value > DARK * top else INK, **look)
    drawn.grid(visible=False)


def log_axis(drawn: Axes, low: float, high: float, name: Callable[[int], str]) -> None:
    """Make x logarithmic above 1 and linear from 0 to 1, so that a stated zero has a place.

    `name` says how a power of ten is written ("1万", "10k").
    """
    drawn.set_xscale("symlog", linthresh=1, linscale=0.6)
    top = max(1, int(np.ceil(np.log10(max(high, 1) * 1.01))))
    step = -(-(top + 1) // 4)  # at most four powers of ten are named
    powers = range(0, top + 1, step)
    drawn.set_xlim(-0.5 if low <= 0 else 0, 10**top)
    drawn.set_xticks([0, *(10.0**power for power in powers)], ["0", *(name(power) for power in powers)])
    drawn.xaxis.set_minor_locator(NullLocator())


def wrap(text: str, width: float, size: float = TEXT, lines: int | None = None) -> str:
    """Break `text` into lines at most `width` millimetres wide; past `lines` lines it ends in an ellipsis.

    Breaks between any two Chinese characters but not before closing or after opening marks; Latin words and numbers
    stay whole unless one alone is too wide.
    """
    done, line = [], ""
    for piece in _pieces(text, width, size):
        if line and fonts.width((line + piece).rstrip(), size) > width:
            done.append(line.rstrip())
            line = ""
        line += piece.lstrip() if not line else piece
    done.append(line.rstrip())
    if lines is None or len(done) <= lines:
        return "\n".join(done)
    last = done[lines - 1]
    while last and fonts.width(last + "…", size) > width:
        last = last[:-1]
    return "\n".join([*done[: lines - 1], last.rstrip(_STOPS) + "…"])


def cut(text: str, width: float, size: float = TEXT) -> str:
    """Shorten `text` to `width` millimetres with an ellipsis before its last word: the year of a report."""
    if fonts.width(text, size) <= width:
        return text
    head, gap, tail = text.rpartition(" ")
    while head and fonts.width(f"{head}…{gap}{tail}", size) > width:
        head = head[:-1]
    return f"{head}…{gap}{tail}" if head else wrap(text, width, size, 1)


def _pieces(text: str, width: float, size: float) -> list[str]:
    """Cut `text` where a line may break."""
    whole: list[str] = []
    for piece in _PIECE.findall(" ".join(text.split())):
        if whole and (piece[0] in _CLOSING or whole[-1][-1] in _OPENING):
            whole[-1] += piece
        else:
            whole.append(piece)
    return [part for piece in whole for part in ([piece] if fonts.width(piece, size) <= width else piece)]


def spread(n: int, height: float = 0.5) -> np.ndarray:
    """Return n offsets within ±height/2 that set neighbours in a sorted row apart, the same ones every time."""
    return ((np.arange(n) * 0.6180339887) % 1 - 0.5) * height
