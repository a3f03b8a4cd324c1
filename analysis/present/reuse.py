"""In: how alike reports are, and the passages they share. Out: figure 10, a clustered matrix with passages below."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure as Canvas
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator
from scipy.cluster import hierarchy
from scipy.spatial.distance import squareform

from analysis.errors import FigureError
from analysis.present import fonts, labels, theme
from analysis.present.drawing import Figure, hashes
from analysis.tables import LEVELS

NAMED, CELLS = 60, 300  # reports up to which rows have names; cells a side up to which each report has its own
WRITTEN = 12  # reports up to which the number stands in the cell
SHOWN = 6  # passages
ROOMY = 40  # reports up to which passages have three lines
ALIKE = 5  # % from which a cluster is drawn when rows have no names
_LOST = "〓"


@theme.styled
def fig10_reuse(
    alike: pd.DataFrame,
    reports: pd.DataFrame,
    lang: str,
    passages: pd.DataFrame | None = None,
    size: int = 8,
    searched: int | None = None,
) -> Figure:
    """Draw which reports are alike, in the order of their clusters, and the longest passages that two of them share.

    Up to 60 reports: a matrix with names and a dendrogram. More: the ordered matrix without names (over 300 reports in
    blocks of neighbours), means between levels, and how much each report resembles its most similar other.

    Parameters
    ----------
    alike : DataFrame
        Reports × reports, 0 to 1, symmetric, by report_id: `similarity.matrix`.
    reports : DataFrame
        Table `reports`, all that are in `alike`; with others, the caption says that these are a sample of whole places.
    lang : str
        zh or en. Passages stay Chinese.
    passages : DataFrame, optional
        `passages.shared(…).frame`.
    size : int
        Characters of the shingles that `alike` was computed with, for the caption.
    searched : int, optional
        Pairs that passages were looked for in, the most similar ones, for the caption; default: all.

    Returns
    -------
    Figure
        Its data: one row per mark, `panel` says which: matrix (report_id_a, report_id_b, resemblance in %; of blocks
        the first report of each), levels (level_a, level_b), nearest (report_id_a, report_id_b) or passages.

    Raises
    ------
    FigureError
        Fewer than two reports, a report of the matrix that is not in the table, or the language is unknown.
    """
    say = labels.load(lang)
    ids = [report_id for report_id in labels.in_order(reports)["report_id"] if report_id in alike.index]
    lost = sorted(set(alike.index) - set(ids))
    if lost:
        raise FigureError(
            f"figure 10: the table reports has no {report_id}, which the matrix has." for report_id in lost
        )
    if len(ids) < 2:
        raise FigureError(f"figure 10 compares reports, and there is {len(ids)}. Add reports, or leave the figure out.")
    about = reports.set_index("report_id").loc[ids].reset_index()
    values = 100 * alike.loc[ids, ids].to_numpy(float)
    pairs = values[np.triu_indices(len(ids), 1)]
    tree, order = _clusters(values)
    few = len(ids) <= NAMED
    lines = 2 if ROOMY < len(ids) <= NAMED else 3
    listed = _listed(passages, say.reports(about), say, lines)
    tall = (_tall(len(ids)) if few else 118) + 12 + sum(row["height"] for row in listed)
    figure = theme.canvas(theme.DOUBLE, tall)
    theme.write(figure, 2, 2, "a  " + say("panel.resemblance"))
    names = say.reports(about).iloc[order]
    step = 1 if len(ids) <= CELLS else -(-len(ids) // CELLS)
    drawn = [_named(figure, values, tree, names, say) if few else _large(figure, values, tree, names, say, step)]
    if not few:
        drawn += [_levels(figure, values, about, say), _nearest(figure, values, ids, say)]
    drawn.append(_written(figure, tall - 8 - sum(row["height"] for row in listed), listed, say, "b" if few else "d"))
    said: str = ""
    if passages is not None:
        said = say(
            "caption.fig10.passages", length=min(passages["chars"], default="—"), found=len(passages),
            cited=np.count_nonzero(passages["cited"]), shown=sum("text" in row for row in listed),
        )  # fmt: skip
        if searched is not None:
            said = say.said(said, say("caption.fig10.searched", pairs=f"{searched:,}"))
    caption = say(
        "caption.fig10.each" if few else "caption.fig10.many", n=len(ids), size=size, passages=said,
        median=f"{np.median(pairs):.1f}", largest=f"{pairs.max():.1f}",
        blocks=say("caption.fig10.blocks" if step > 1 else "caption.fig10.tree", step=step, alike=ALIKE),
        unleveled=int(about["level"].isna().sum()),
    )  # fmt: skip
    if len(ids) < len(reports):
        caption = say.said(say("caption.fig10.sampled", n=f"{len(ids):,}", all=f"{len(reports):,}"), caption)
    data = pd.concat([part for part in drawn if len(part)], ignore_index=True)
    return Figure(
        figure, data, "fig10_reuse", say("title.fig10"), caption, lang, {"size": size}, hashes(reports=about), len(ids)
    )


def _clusters(values: np.ndarray) -> tuple[np.ndarray, list[int]]:
    """Average linkage of 100 − resemblance, and the order of the leaves."""
    apart = 100 - values
    np.fill_diagonal(apart, 0)
    apart = squareform((apart + apart.T) / 2, checks=False)
    tree = hierarchy.linkage(apart, "average", optimal_ordering=len(values) <= CELLS)
    return tree, hierarchy.leaves_list(tree).tolist()


def _pitch(n: int) -> float:
    """Height of a row in mm: beyond 40 the page gives more to the rows and less to the passages."""
    return min(9.0, (96 if n <= ROOMY else 128) / n)


def _tall(n: int) -> float:
    return 10 + n * _pitch(n) + 22


def _dendrogram(drawn: Axes, tree: np.ndarray, n: int) -> None:
    """Draw the tree from right to left beside the rows, the root at the left edge.

    Without names to follow, only what resembles by `ALIKE` or more is drawn: the rest would be one grey block.
    """
    links = hierarchy.dendrogram(tree, no_plot=True)
    whole = n <= NAMED
    lines = [
        [(across, (high - 5) / 10) for across, high in zip(far, along, strict=True)]
        for far, along in zip(links["dcoord"], links["icoord"], strict=True)
        if whole or max(far) <= 100 - ALIKE
    ]
    drawn.add_collection(LineCollection(lines, colors=theme.MUTED, linewidths=0.5 if whole else 0.3))
    low, top = tree[:, 2].min(), tree[:, 2].max()
    room = max(top - low, 0.5)  # the merges are drawn, not the empty way from 0 to the first of them
    drawn.set_xlim(*((top + 0.05 * room, low - 0.6 * room) if whole else (100 - ALIKE, 0)))
    drawn.set_ylim(n - 0.5, -0.5)
    drawn.set_axis_off()


def _apart(values: np.ndarray) -> np.ndarray:
    """The matrix without its diagonal: that a report equals itself says nothing."""
    shown = values.copy()
    np.fill_diagonal(shown, np.nan)
    return shown


def _colours() -> PowerNorm:
    """Always 0 to 100, so that little reuse looks like little; the root parts the small values, which most are."""
    return PowerNorm(0.5, 0, 100)


def _bar(figure: Canvas, image: AxesImage, left: float, top: float, say: labels.Labels) -> None:
    drawn = theme.axes(figure, left, top, 50, 2.4)
    bar = figure.colorbar(image, cax=drawn, orientation="horizontal", ticks=[0, 1, 5, 20, 50, 100])
    bar.outline.set_linewidth(0.4)
    drawn.tick_params(labelsize=theme.SMALL)
    drawn.set_xlabel(say("axis.resemblance"), size=theme.SMALL)


def _named(figure: Canvas, values: np.ndarray, tree: np.ndarray, names: pd.Series, say: labels.Labels) -> pd.DataFrame:
    """A row and a column per report."""
    order = hierarchy.leaves_list(tree)
    n, pitch = len(names), _pitch(len(names))
    size = min(theme.SMALL, pitch / 0.4)
    heads = [f"{number}" for number in range(1, n + 1)]
    called = [f"{theme.cut(name, 40, size)}  {head}" for name, head in zip(names, heads, strict=True)]
    left = 2 + 26 + 4 + max(fonts.width(name, size) for name in called)
    tall = n * pitch
    wide = min(theme.DOUBLE - 4 - left, tall if n > WRITTEN else n * 18)
    _dendrogram(theme.axes(figure, 2, 10, 26, tall), tree, n)
    drawn = theme.axes(figure, left, 10, wide, tall)
    shown, norm = _apart(values[np.ix_(order, order)]), _colours()
    image = drawn.imshow(shown, cmap=theme.TILES, norm=norm, aspect="auto")
    theme.rows(drawn, n, called)
    drawn.tick_params(axis="y", labelsize=size)
    drawn.grid(visible=False)
    every = max(1, int(np.ceil(3.2 / pitch)))
    drawn.set_xticks(range(0, n, every), heads[::every], size=theme.SMALL)
    if n <= WRITTEN:
        _numbers(drawn, shown, theme.SMALL)
    _bar(figure, image, left, 10 + tall + 7, say)
    return _cells("matrix", shown, names.index.tolist())


def _numbers(drawn: Axes, shown: np.ndarray, size: float) -> None:
    """Write each value into its cell, readable on its colour."""
    norm = _colours()
    for (row, column), value in np.ndenumerate(shown):
        if np.isfinite(value):
            color = "white" if float(norm(value)) > 0.5 else theme.INK
            drawn.text(column, row, f"{value:.1f}", ha="center", va="center_baseline", size=size, color=color)


def _large(
    figure: Canvas, values: np.ndarray, tree: np.ndarray, names: pd.Series, say: labels.Labels, step: int
) -> pd.DataFrame:
    """The ordered matrix without names; neighbours are averaged when there are more than `CELLS`."""
    order = hierarchy.leaves_list(tree)
    shown = _apart(values[np.ix_(order, order)])
    starts = np.arange(0, len(shown), step)
    if step > 1:
        known = np.isfinite(shown)
        total = np.add.reduceat(np.add.reduceat(np.where(known, shown, 0), starts), starts, axis=1)
        counts = np.add.reduceat(np.add.reduceat(known.astype(float), starts), starts, axis=1)
        shown = np.divide(total, counts, out=np.full_like(total, np.nan), where=counts > 0)
    else:
        _dendrogram(theme.axes(figure, 2, 8, 14, 86), tree, len(values))
    drawn = theme.axes(figure, 17, 8, 86, 86)
    image = drawn.imshow(shown, cmap=theme.TILES, norm=_colours(), aspect="auto", interpolation="nearest")
    drawn.set_xticks([])
    drawn.set_yticks([])
    drawn.grid(visible=False)
    _bar(figure, image, 17, 98, say)
    return _cells("matrix", shown, names.index[starts].tolist())


def _cells(panel: str, shown: np.ndarray, ids: Sequence[object]) -> pd.DataFrame:
    """The drawn cells above the diagonal, and of blocks those on it."""
    rows, columns = np.triu_indices(len(ids))
    values = shown[rows, columns]
    kept = np.isfinite(values)
    return pd.DataFrame(
        {"panel": panel, "report_id_a": np.array(ids, object)[rows[kept]],
         "report_id_b": np.array(ids, object)[columns[kept]], "resemblance_pct": values[kept]}
    )  # fmt: skip


def _levels(figure: Canvas, values: np.ndarray, about: pd.DataFrame, say: labels.Labels) -> pd.DataFrame:
    """Mean resemblance of reports of one level to those of another."""
    known = set(about["level"])
    there = [level for level in LEVELS if level in known]
    theme.write(figure, 108, 2, "b  " + say("panel.levels"))
    rows, apart = [], ~np.eye(len(values), dtype=bool)
    table = np.full((len(there), len(there)), np.nan)
    for (row, one), (column, two) in ((a, b) for a in enumerate(there) for b in enumerate(there)):
        pairs = np.outer(about["level"] == one, about["level"] == two) & apart
        if np.any(pairs):
            table[row, column] = values[pairs].mean()
            rows.append({"panel": "levels", "level_a": one, "level_b": two, "resemblance_pct": table[row, column]})
    named = [say(f"level.{level}") for level in there]
    room = 4 + max((fonts.width(name, theme.SMALL) for name in named), default=0)
    wide = theme.DOUBLE - 2 - 108 - room
    drawn = theme.axes(figure, 108 + room, 8, wide, 5 * max(1, len(there)))
    theme.rows(drawn, max(1, len(there)), named)
    drawn.tick_params(axis="y", labelsize=theme.SMALL)
    drawn.grid(visible=False)
    if there:
        drawn.imshow(table, cmap=theme.TILES, aspect="auto", norm=_colours())
        drawn.set_xticks(range(len(there)), named, size=theme.SMALL, rotation=90)
        _numbers(drawn, table, 5.6)
    return pd.DataFrame(rows)


def _nearest(figure: Canvas, values: np.ndarray, ids: list[str], say: labels.Labels) -> pd.DataFrame:
    """How many reports resemble their most similar other by how much."""
    apart = values.copy()
    np.fill_diagonal(apart, -1)
    partner = apart.argmax(axis=1)
    most = apart.max(axis=1)
    theme.write(figure, 108, 54, "c  " + say("panel.nearest"))
    drawn = theme.axes(figure, 120, 60, theme.DOUBLE - 124, 34)
    edges = np.linspace(0, max(5.0, float(most.max())) * 1.0001, 26)
    drawn.hist(most, bins=edges.tolist(), color=theme.MAIN, edgecolor="white", linewidth=0.3)
    drawn.set_xlim(0, edges[-1])
    drawn.set_xlabel(say("axis.nearest"))
    drawn.set_ylabel(say("axis.reports"))
    drawn.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    drawn.tick_params(axis="y", labelsize=theme.SMALL)
    drawn.grid(axis="x", visible=False)
    others = [ids[at] for at in partner]
    return pd.DataFrame({"panel": "nearest", "report_id_a": ids, "report_id_b": others, "resemblance_pct": most})


def _listed(passages: pd.DataFrame | None, called: pd.Series, say: labels.Labels, lines: int) -> list[dict]:
    """The longest passages that do not repeat one another, broken into lines."""
    if passages is None:
        return []
    rows, seen = [], []
    for row in passages.to_dict("records"):
        plain = re.sub(r"[\W_]+", "", row["text"])
        if any(plain in other or other in plain for other in seen):
            continue
        seen.append(plain)
        text = "".join(_LOST if char in fonts.missing(row["text"]) else char for char in " ".join(row["text"].split()))
        text = theme.wrap(text, theme.DOUBLE - 8, theme.SMALL, lines)
        a, b = (called.get(row[f"report_id_{of}"], row[f"report_id_{of}"]) for of in "ab")
        where = theme.wrap(
            say("passage.where", chars=row["chars"], n=row["n_reports"], a=a, b=b), theme.DOUBLE - 8, theme.SMALL, 1
        )
        about = {
            key: row[key]
            for key in (
                "report_id_a",
                "report_id_b",
                "start_a",
                "end_a",
                "start_b",
                "end_b",
                "chars",
                "n_reports",
                "text",
            )
        }
        rows.append({"lines": text, "where": where, "height": 2.7 * (text.count("\n") + 2) + 1.8, **about})
        if len(rows) == SHOWN:
            break
    return rows or [{"lines": say("passage.none"), "where": "", "height": 5.0}]


def _written(figure: Canvas, top: float, rows: list[dict], say: labels.Labels, letter: str) -> pd.DataFrame:
    """Write the passages, each with its length and the reports it stands in."""
    if not rows:
        return pd.DataFrame()
    theme.write(figure, 2, top, f"{letter}  {say('panel.passages')}")
    y = top + 5
    for row in rows:
        theme.write(figure, 4, y, row["lines"], size=theme.SMALL, linespacing=1.15)
        below = y + 2.7 * (row["lines"].count("\n") + 1)
        theme.write(figure, 4, below, row["where"], size=theme.SMALL, color=theme.MUTED)
        y += row["height"]
    kept = [{"panel": "passages", **row} for row in rows if "text" in row]
    return pd.DataFrame(kept).drop(columns=["lines", "where", "height"], errors="ignore")
