"""In: the table of reports. Out: figure 1, what the corpus holds: who, when published, how complete."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import MaxNLocator

from analysis import intervals
from analysis.errors import FigureError
from analysis.present import fonts, labels, theme
from analysis.present.drawing import Figure, hashes
from analysis.tables import LEVELS

FEW = 40  # reports that still get a row each
DOTS, MIDDLE, ENDS = 300, (0.05, 0.95), 20  # values up to which each is a dot; of more: band, dots at each end
HEADS = ("work", "problems", "duty", "plan", "causes")


@theme.styled
def fig01_corpus(reports: pd.DataFrame, lang: str) -> Figure:
    """Draw the corpus: level, province, days between 1 April and publication, and the required heads.

    Up to 40 reports have a row each; more are counted: level × year, province, days by level, share with each head.

    Parameters
    ----------
    reports : DataFrame
        Table `reports`.
    lang : str
        zh or en.

    Returns
    -------
    Figure
        Its data: one row per report, or (more than 40) one row per panel × group.

    Raises
    ------
    FigureError
        There is no report, or the language is unknown.
    """
    say = labels.load(lang)
    if reports.empty:
        raise FigureError("table reports has no rows: there is no corpus to draw. Build it from a folder with reports.")
    corpus = _corpus(reports, say)
    figure, data = (_each if len(reports) <= FEW else _counts)(corpus, say)
    days = corpus["days_after_deadline"].to_numpy(float, na_value=np.nan)
    years = sorted(reports["report_year"].dropna())
    caption = say(
        "caption.fig01.each" if len(reports) <= FEW else "caption.fig01.counts",
        n=len(reports),
        undated=int(np.isnan(days).sum()),
        in_time=int((days <= 0).sum()),
        late=int((days > 0).sum()),
        complete=int(corpus[[*HEADS]].to_numpy(bool).all(axis=1).sum()),
        unplaced=int(reports["province"].isna().to_numpy().sum()),
        unleveled=int(reports["level"].isna().to_numpy().sum()),
        years="–".join(dict.fromkeys(str(year) for year in (years[:1] + years[-1:]))) or say("unknown"),
    )
    caption = say.said(caption, banded(data, say))
    return Figure(
        figure, data, "fig01_corpus", say("title.fig01"), caption, lang, {}, hashes(reports=reports), len(reports)
    )


def _corpus(reports: pd.DataFrame, say: labels.Labels) -> pd.DataFrame:
    """One row per report, sorted by level, place code and year: label, days after 1 April, a yes/no per head."""
    reports = labels.in_order(reports)
    return pd.DataFrame(
        {
            "report_id": reports["report_id"],
            "label": say.reports(reports).to_numpy(),
            "level": reports["level"].fillna("unknown"),
            "province": [say("unknown") if pd.isna(name) else say.province(name) for name in reports["province"]],
            "year": reports["report_year"],
            "published_on": reports["published_on"],
            "days_after_deadline": -reports["days_to_deadline"],
        }
    ).join(required(reports))


def required(reports: pd.DataFrame) -> pd.DataFrame:
    """Return which required contents each report has: a yes/no column for each of `HEADS`, on the frame's index."""
    there = {head: reports[f"chars_{head}"] > 0 for head in HEADS[:-1]}
    return pd.DataFrame({**there, "causes": reports["states_causes"].astype(bool)})


def _each(corpus: pd.DataFrame, say: labels.Labels) -> tuple[Canvas, pd.DataFrame]:
    """One row a report: three columns of text, a dot for the day, a mark per head."""
    n, top = len(corpus), 9.0
    heads = [say(f"head.{head}") for head in HEADS]
    sizes = [fonts.width(head, theme.SMALL) for head in heads]
    step = max(9.0, *(1.2 + (one + other) / 2 for one, other in pairwise(sizes)))
    columns = {
        say("axis.report"): [theme.cut(label, 36, theme.SMALL) for label in corpus["label"]],
        say("axis.level"): [say(f"level.{level}") for level in corpus["level"]],
        say("axis.province"): [theme.cut(name, 19, theme.SMALL) for name in corpus["province"]],
    }
    widths = [max(fonts.width(text, theme.SMALL) for text in (head, *cells)) + 3 for head, cells in columns.items()]
    start, edge = 2 + sum(widths), theme.DOUBLE - 2 - step * len(HEADS)
    axis = theme.wrap(say("axis.days"), edge - start + 4)
    foot = 7 + 3 * (axis.count("\n") + 1)
    pitch = min(5.4, (theme.PAGE - top - foot) / n)
    figure = theme.canvas(theme.DOUBLE, top + n * pitch + foot)
    left = 2.0
    for (head, cells), width in zip(columns.items(), widths, strict=True):
        theme.write(figure, left, top - 2, head, va="baseline", color=theme.MUTED, size=theme.SMALL)
        for row, cell in enumerate(cells):
            theme.write(figure, left, top + (row + 0.5) * pitch, cell, va="center_baseline", size=theme.SMALL)
        left += width

    theme.write(figure, start, 3, "a", va="baseline")
    time = theme.axes(figure, start, top, edge - 4 - start, n * pitch)
    theme.rows(time, n)
    _days(time, corpus.loc[:, "days_after_deadline"], edge - 4 - start, 9)
    time.set_xlabel(axis)
    dates = corpus[["days_after_deadline", "published_on", "year"]].itertuples(index=False)
    for row, (days, day, year) in enumerate(dates):
        if pd.isna(days):
            look = {"color": theme.MUTED, "size": theme.SMALL, "va": "center_baseline"}
            time.text(0.02, row, say("undated"), transform=time.get_yaxis_transform(), **look)
            continue
        late = days > 0
        time.plot([0, days], [row, row], color=theme.LIGHT, zorder=1)
        time.plot(days, row, "D" if late else "o", color=theme.ACCENT if late else theme.MAIN, ms=3.5)
        text = f"{day:%m-%d}" if day.year == year + 1 else f"{day:%Y-%m}"
        theme.beside(time, days, row, text, right=late)

    theme.write(figure, edge, 3, "b", va="baseline")
    marks = theme.axes(figure, edge, top, step * len(HEADS), n * pitch)
    theme.rows(marks, n)
    marks.set_xlim(-0.5, len(HEADS) - 0.5)
    marks.set_xticks([])
    for column, head in enumerate(heads):
        theme.write(figure, edge + (column + 0.5) * step, top - 2, head, ha="center", va="baseline", size=theme.SMALL)
    there = corpus[[*HEADS]].to_numpy(bool)
    for drawn, face, line in ((there, theme.MAIN, theme.MAIN), (~there, "none", theme.MUTED)):
        y, x = np.nonzero(drawn)
        marks.scatter(x, y, s=16, marker="s", linewidth=0.6, facecolor=face, edgecolor=line)
    return figure, corpus


def _days(drawn: Axes, days: pd.Series, width: float, room: float) -> None:
    """Days from 1 April on x: linear within 200 days, beyond that logarithmic outwards of ±30.

    `room` mm of the axes' `width` stay free at both ends.
    """
    known = days.dropna().astype(float)
    low, high = min([0, *known]), max([0, *known])
    far = max(-low, high) > 200
    if far:
        drawn.set_xscale("symlog", linthresh=30)
        drawn.minorticks_off()
    else:
        drawn.xaxis.set_major_locator(MaxNLocator(max(2, int(width / 11)), integer=True))
    scale = drawn.transScale  # the room is a share of the axis as drawn, logarithmic or not
    (left, _), (right, _) = scale.transform([(low, 0), (max(high, low + 30), 0)])
    free = (right - left) * room / (width - 2 * room)
    drawn.set_xlim(*scale.inverted().transform([(left - free, 0), (right + free, 0)])[:, 0])
    if far:
        per_mm, ticks = (right - left + 2 * free) / width, {}
        for tick in (0, 100, -100, 1000, 30, -30, 300, -300, -1000, 3000):  # the first that find room
            at = scale.transform((tick, 0))[0]
            if left - free <= at <= right + free and all(abs(at - other) > 7 * per_mm for other in ticks.values()):
                ticks[tick] = at
        drawn.set_xticks(list(ticks), [f"{tick}".replace("-", "−") for tick in ticks])
    drawn.axvline(0, color=theme.INK, linewidth=0.7)


def _counts(corpus: pd.DataFrame, say: labels.Labels) -> tuple[Canvas, pd.DataFrame]:
    """Tiles level × year, days by level, shares of heads on the left; provinces on the right."""
    present = [level for level in (*LEVELS, "unknown") if level in set(corpus["level"])]
    names = [say(f"level.{level}") for level in present]
    tiles = (
        corpus.assign(year=corpus["year"].astype("str").fillna(say("unknown")))
        .pivot_table(index="level", columns="year", values="label", aggfunc="count", fill_value=0).loc[present]
    )  # fmt: skip
    provinces = corpus.loc[:, "province"].value_counts().sort_index().sort_values(ascending=False, kind="stable")
    provinces = provinces.sort_index(key=lambda name: name == say("unknown"), kind="stable")  # the unknown come last
    shares = pd.DataFrame({"head": HEADS, "n": corpus[[*HEADS]].to_numpy(bool).sum(axis=0)})
    low, high = intervals.wilson(shares["n"], len(corpus))
    shares = shares.assign(share_pct=100 * shares["n"] / len(corpus), ci_low_pct=100 * low, ci_high_pct=100 * high)

    left = 5 + max(fonts.width(name, theme.TEXT) for name in (*names, *(say(f"head.{head}") for head in HEADS)))
    wide, pitch, gap, top = 100 - left, 5.2, 17.0, 8.0
    heights = [len(present) * pitch, len(present) * pitch * 1.3, len(HEADS) * pitch]
    total = max(sum(heights) + 2 * gap, len(provinces) * 3.2)
    figure = theme.canvas(theme.DOUBLE, top + total + 11)

    drawn = theme.axes(figure, left, top, wide, heights[0])
    _tiles(drawn, tiles, names)
    theme.write(figure, 2, top - 6.5, f"a  {say('panel.tiles')}")

    y = top + heights[0] + gap
    drawn = theme.axes(figure, left, y, wide, heights[1])
    theme.write(figure, 2, y - 6, f"b  {say('panel.days')}")
    theme.rows(drawn, len(present), names)
    _days(drawn, corpus.loc[:, "days_after_deadline"], wide, 3)
    drawn.set_xlabel(say("axis.days"))
    days = []
    for row, level in enumerate(present):
        known = np.sort(corpus.loc[corpus["level"] == level, "days_after_deadline"].dropna().to_numpy(float))
        days.append({"n": len(known)} | box(drawn, row, known))
        if not len(known):
            look = {"color": theme.MUTED, "size": theme.SMALL, "va": "center_baseline"}
            drawn.text(0.02, row, say("undated"), transform=drawn.get_yaxis_transform(), **look)

    y += heights[1] + gap
    drawn = theme.axes(figure, left, y, wide, heights[2])
    theme.write(figure, 2, y - 6, f"c  {say('panel.heads')}")
    theme.rows(drawn, len(HEADS), [say(f"head.{head}") for head in HEADS])
    drawn.hlines(range(len(HEADS)), shares["ci_low_pct"], shares["ci_high_pct"], color=theme.MAIN)
    drawn.plot(shares["share_pct"], range(len(HEADS)), "o", color=theme.MAIN, ms=3.5)
    drawn.set_xlim(0, 102)
    drawn.set_xlabel(say("axis.share_reports"))

    edge = 108 + max(fonts.width(name, theme.SMALL) for name in provinces.index.tolist())
    drawn = theme.axes(figure, edge, top, theme.DOUBLE - 9 - edge, len(provinces) * total / max(len(provinces), 20))
    theme.write(figure, 106, top - 6.5, f"d  {say('panel.provinces')}")
    theme.rows(drawn, len(provinces), provinces.index)
    drawn.tick_params(axis="y", labelsize=theme.SMALL)
    drawn.barh(range(len(provinces)), provinces, height=0.62, color=theme.MAIN)
    for row, count in enumerate(provinces):
        theme.beside(drawn, count, row, f"{count:,}")
    drawn.set_xlim(0, provinces.max() * 1.2)
    drawn.xaxis.set_major_locator(MaxNLocator(3, integer=True))
    drawn.set_xlabel(say("axis.reports"))

    long = tiles.reset_index().melt("level", var_name="year", value_name="n")
    data = pd.concat(
        [
            long[long["n"] > 0].assign(panel="a"),
            pd.DataFrame(days).assign(panel="b", level=present),
            shares.assign(panel="c"),
            provinces.rename_axis("province").reset_index(name="n").assign(panel="d"),
        ],
        ignore_index=True,
    )
    order = ["panel", "level", "year", "province", "head", "n"]
    return figure, data.reindex(columns=order + [column for column in data if column not in order])


def _tiles(drawn: Axes, tiles: pd.DataFrame, names: list[str]) -> None:
    """Colour each level × year by its count and write the count in; an empty cell stays white."""
    theme.rows(drawn, len(tiles), names)
    counts = tiles.to_numpy(float)
    theme.shade(drawn, np.where(counts > 0, counts, np.nan), min(theme.SMALL, 60 / max(tiles.shape[1], 1)))
    step = -(-tiles.shape[1] // 12)
    drawn.set_xticks(range(0, tiles.shape[1], step), tiles.columns[::step])


def banded(data: pd.DataFrame, say: labels.Labels) -> str:
    """Return what a caption says where a row of `box` has a band."""
    many = "q1" in data and bool((data.loc[data["q1"].notna(), "n"] > DOTS).to_numpy().any())
    return say("caption.band", dots=DOTS, ends=ENDS) if many else ""


def box(drawn: Axes, row: float, values: np.ndarray) -> dict[str, float]:
    """Draw sorted values as faint dots with median and middle half; return median, q1, q3 (empty without values).

    More than 300 dots would run together: then a band holds nine tenths of them, and only the 20 at each end are dots.
    """
    if not len(values):
        return {}
    shown = values
    if len(values) > DOTS:
        low, high = np.quantile(values, MIDDLE)
        drawn.plot([low, high], [row, row], color=theme.LIGHT, linewidth=5, solid_capstyle="butt", zorder=1)
        shown = np.append(values[:ENDS], values[-ENDS:])
    drawn.plot(shown, row + theme.spread(len(shown)), "o", color=theme.MAIN, alpha=0.25, ms=1.8, mew=0)
    q1, median, q3 = np.quantile(values, (0.25, 0.5, 0.75))
    drawn.plot([q1, q3], [row, row], color=theme.INK, linewidth=1.6, solid_capstyle="butt")
    drawn.plot(median, row, "o", mfc="white", mec=theme.INK, ms=3.6, mew=0.9)
    return {"median": median, "q1": q1, "q3": q3}
