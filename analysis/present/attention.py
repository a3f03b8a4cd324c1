"""In: characters per report, role and area, and the reports. Out: figure 2, what reports write about at length."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure as Canvas

from analysis import tables
from analysis.errors import FigureError, ParameterError, closest
from analysis.present import fonts, labels, theme
from analysis.present.corpus import FEW, banded, box
from analysis.present.drawing import Figure, hashes
from analysis.tables import AREAS, LEVELS

ROLES = ("lead", "work", "duty", "problems", "plan", "other")
MOST = 7  # groups side by side
_UNCLASSIFIED = "unclassified"


@theme.styled
def fig02_attention(attention: pd.DataFrame, reports: pd.DataFrame, lang: str, by: str = "level") -> Figure:
    """Draw the share of text per role (of the whole text) and per area (of the work and duty parts).

    Up to 40 reports have a row of tiles each; of more the spread is drawn, one column of panels per group.

    Parameters
    ----------
    attention : DataFrame
        One row per report × role × area: report_id, role, area (A1 … A9, S, unclassified), chars.
    reports : DataFrame
        Table `reports`; rows of `attention` of other reports are left aside.
    lang : str
        zh or en.
    by : str
        Column of `reports` that groups more than 40 reports; the seven largest groups are drawn.

    Returns
    -------
    Figure
        Its data: one row per report × part (role or area) with share_pct, or per group × part with n, median, q1, q3.

    Raises
    ------
    FigureError
        No report has text under a heading, or the language is unknown.
    ParameterError
        `reports` has no column `by`.
    """
    say = labels.load(lang)
    if by not in reports:
        raise ParameterError(f"no column '{by}'.{closest(by, reports.columns)}")
    mine = attention.loc[attention["report_id"].isin(reports["report_id"].tolist())]
    if mine.empty:
        raise FigureError(f"none of the {len(reports)} reports has text under a heading: there is nothing to draw.")
    shares = _shares(mine)
    reports = labels.in_order(reports.loc[reports["report_id"].isin(shares["report_id"].tolist())])
    few = len(reports) <= FEW
    figure, data, left = _each(shares, reports, say) if few else _groups(shares, reports, say, by)
    loose = shares.loc[shares["part"] == _UNCLASSIFIED, "share_pct"]
    caption = say(
        "caption.fig02.each" if few else "caption.fig02.groups",
        n=len(reports),
        unclassified=f"{float(loose.median()) if len(loose) else 0:.1f}",
        left=left,
        by=say.column(by),
    )
    caption = say.said(caption, banded(data, say))
    inputs = hashes(reports=reports) | {"attention": hashlib.sha256(tables.csv_bytes(mine)).hexdigest()}
    return Figure(
        figure, data, "fig02_attention", say("title.fig02"), caption, lang, {} if few else {"by": by}, inputs,
        len(reports),
    )  # fmt: skip


def _shares(attention: pd.DataFrame) -> pd.DataFrame:
    """One row per report × part of each panel (role, area): share_pct, zero where a report has no such text."""
    told = attention.loc[attention["role"].isin(["work", "duty"])]
    made = []
    for panel, part, order in (("role", attention, ROLES), ("area", told, (*AREAS, _UNCLASSIFIED))):
        wide = part.pivot_table(index="report_id", columns=panel, values="chars", aggfunc="sum", fill_value=0)
        wide = wide.reindex(columns=list(order), fill_value=0)
        share = 100 * wide.div(wide.sum(axis=1), axis=0)
        long = (
            share.rename_axis(columns="part").reset_index().melt("report_id", var_name="part", value_name="share_pct")
        )
        made.append(long.assign(panel=panel))
    return pd.concat(made, ignore_index=True).loc[:, ["panel", "report_id", "part", "share_pct"]]


def _names(parts: Sequence[str], panel: str, say: labels.Labels) -> list[str]:
    return [say("area.none") if part == _UNCLASSIFIED else say(f"{panel}.{part}") for part in parts]


def _each(shares: pd.DataFrame, reports: pd.DataFrame, say: labels.Labels) -> tuple[Canvas, pd.DataFrame, int]:
    """Tiles: a row per report, a column per part, the share in whole percent written in."""
    called = say.reports(reports)
    names = [theme.cut(name, 34, theme.SMALL) for name in called]
    left = 5 + max(fonts.width(name, theme.SMALL) for name in names)
    columns = {"role": list(ROLES), "area": [*AREAS, _UNCLASSIFIED]}
    heads = {panel: _names(parts, panel, say) for panel, parts in columns.items()}
    top = 9 + max(fonts.width(head, theme.SMALL) for some in heads.values() for head in some)
    step = (theme.DOUBLE - left - 4 - 5) / sum(len(parts) for parts in columns.values())
    pitch = min(5.4, (theme.PAGE - top - 4) / len(called))
    figure = theme.canvas(theme.DOUBLE, top + len(called) * pitch + 3)
    drawn_parts = []
    for letter, (panel, parts) in zip("ab", columns.items(), strict=True):
        part = shares.loc[shares["panel"] == panel]
        wide = part.pivot_table(index="report_id", columns="part", values="share_pct")
        values = wide.reindex(index=called.index.tolist(), columns=parts).to_numpy(float)
        drawn = theme.axes(figure, left, top, step * len(parts), len(called) * pitch)
        theme.rows(drawn, len(called), names if panel == "role" else [])
        drawn.tick_params(axis="y", labelsize=theme.SMALL)
        drawn.imshow(np.where(values > 0, values, np.nan), cmap=theme.TILES, aspect="auto", vmin=0, vmax=60)
        for (row, column), value in np.ndenumerate(values):
            if np.isfinite(value):
                text = "<1" if 0 < value < 0.5 else f"{value:.0f}"
                look = "white" if value > 30 else theme.INK if value else theme.MUTED
                drawn.text(column, row, text, size=min(theme.SMALL, pitch * 2.2), color=look, ha="center",
                           va="center_baseline")  # fmt: skip
        drawn.grid(visible=False)
        drawn.set_xticks([])
        for column, head in enumerate(heads[panel]):
            x = left + (column + 0.5) * step
            theme.write(figure, x, top - 1, head, size=theme.SMALL, rotation=90, va="bottom", ha="center")
        theme.write(figure, 2 if panel == "role" else left, 2, f"{letter}  {say(f'panel.attention.{panel}')}")
        left += step * len(parts) + 4
        drawn_parts.append(part)
    data = pd.concat(drawn_parts, ignore_index=True)
    data.insert(2, "report", [called[report_id] for report_id in data["report_id"]])
    return figure, data, 0


def _groups(
    shares: pd.DataFrame, reports: pd.DataFrame, say: labels.Labels, by: str
) -> tuple[Canvas, pd.DataFrame, int]:
    """A column of panels per group: dots, median and middle half of each part."""
    group = pd.Series(
        ["unknown" if pd.isna(value) else str(value) for value in reports[by]], index=reports["report_id"].tolist()
    )
    sizes = group.value_counts()
    largest = set(sizes.index[:MOST])
    order = [name for name in (*LEVELS, *sorted(set(group) - {*LEVELS, "unknown"}), "unknown") if name in largest]
    titles = [say.texts.get(f"level.{name}", name) if by == "level" else _plain(name, say) for name in order]
    parts = {"role": list(ROLES), "area": [*AREAS, _UNCLASSIFIED]}
    names = {panel: _names(some, panel, say) for panel, some in parts.items()}
    left = 5 + max(fonts.width(name, theme.SMALL) for some in names.values() for name in some)
    step, pitch, top, gap = (theme.DOUBLE - left - 2) / len(order), 4.6, 14.5, 12.0
    heights = [pitch * len(some) for some in parts.values()]
    figure = theme.canvas(theme.DOUBLE, top + sum(heights) + gap + 11)
    rows, y = [], top
    for letter, (panel, some), height in zip("ab", parts.items(), heights, strict=True):
        theme.write(figure, 2, y - (12.5 if panel == "role" else 6), f"{letter}  {say(f'panel.attention.{panel}')}")
        found = shares.loc[shares["panel"] == panel]
        widest = max(20.0, float(np.ceil(found["share_pct"].max() / 20) * 20))
        for column, name in enumerate(order):
            drawn = theme.axes(figure, left + column * step, y, step - 4, height)
            theme.rows(drawn, len(some), [] if column else names[panel])
            drawn.tick_params(axis="y", labelsize=theme.SMALL)
            drawn.set_xlim(-1, widest)
            drawn.set_xticks([0, widest / 2, widest])
            for row, part in enumerate(some):
                inside = found.loc[(found["part"] == part) & (group.loc[found["report_id"]] == name).to_numpy()]
                values = np.sort(inside["share_pct"].dropna().to_numpy(float))
                rows.append({"panel": panel, "group": name, "part": part, "n": len(values)} | box(drawn, row, values))
            if panel == "role":
                title = f"{theme.wrap(titles[column], step - 2, theme.SMALL, 1)}\nn = {sizes[name]:,}"
                theme.write(figure, left + column * step, y - 1.2, title, size=theme.SMALL, va="bottom")
        y += height + gap
    theme.write(figure, left, y - gap + 6, say("axis.share_text"))
    return figure, pd.DataFrame(rows), int(len(reports) - sizes.loc[order].sum())


def _plain(name: str, say: labels.Labels) -> str:
    return say("unknown") if name == "unknown" else name
