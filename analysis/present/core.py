"""In: tables indicators, derived and reports. Out: figure 4, core rates with intervals and core counts."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from analysis import values
from analysis.errors import FigureError
from analysis.present import fonts, labels, rates, theme
from analysis.present.corpus import box
from analysis.present.drawing import Figure, hashes
from analysis.tables import LEVELS

FEW = 12  # reports that still get a row each in every panel
_SIGNS = {"about": "≈", "at_least": "≥", "at_most": "≤"}
_ROW, _LEAST, _ACROSS, _HEAD = 3.4, 2.55, 4, 7.5  # mm a row and at least, panels side by side, mm for their names
_COLUMNS = (
    "panel", "indicator", "name", "unit", "group", "label", "kind", "value", "ci_low", "ci_high", "numerator",
    "denominator", "n", "q1", "q3", "qualifier", "scope",
)  # fmt: skip


@theme.styled
def fig04_core(indicators: pd.DataFrame, derived: pd.DataFrame, reports: pd.DataFrame, lang: str) -> Figure:
    """Draw core rates (dot plot) and core counts (small multiples, logarithmic above 1, zero kept).

    A rate whose numerator and denominator are stated is recomputed and has a 95 % Wilson interval; one that is only
    printed is hollow, without interval. Up to 12 reports each have a row. More are grouped by level: a rate is pooled,
    its interval Wilson's with the sample size divided by the design effect between reports (Rao & Scott 1992); printed
    rates show their median, counts also their middle half.

    Parameters
    ----------
    indicators, derived, reports : DataFrame
        The tables. Rows of reports that are not in `reports` and what words only imply are left aside. Of several
        statements of one indicator in a report the own scope is taken; several values of one scope are left out.
    lang : str
        zh or en.

    Returns
    -------
    Figure
        Its data: one row per mark: panel (rate, count), indicator, name, unit, group (report_id or level), label,
        kind (recomputed, printed, stated), value (% in rates), ci_low, ci_high, numerator, denominator, n, q1, q3,
        qualifier, scope.

    Raises
    ------
    FigureError
        There is no core rate and no core count that two reports state, or the language is unknown.
    """
    say = labels.load(lang)
    reports = labels.in_order(reports)
    few = len(reports) <= FEW
    ids = reports["report_id"].tolist()
    groups, members = _groups(reports, say, few)
    stated = indicators.loc[indicators["report_id"].isin(ids) & (indicators["basis"] != "implied")]
    chosen, _ = values.single(stated)
    found, broken = rates.rates(chosen, derived.loc[derived["report_id"].isin(ids)], say)
    found = found.assign(group=[members[one] for one in found["report_id"]], n=1)
    counts = rates.counts(chosen, say)
    counts = counts.assign(group=[members[one] for one in counts["report_id"]], n=1)
    panel = _HEAD + len(groups) * _ROW + 2
    room = theme.PAGE - 26 - 2 * panel  # rates leave room for two rows of panels
    marks = _rows(found if few else rates.by_level(found), groups, int(room / _LEAST))
    n_rows = len(set(marks["row"]))
    crowded = len(set(found["indicator"])) - len(set(marks["indicator"]))
    found = found.loc[found["indicator"].isin(marks["indicator"].tolist())]
    other = counts.loc[:, "unit"] != counts["panel_unit"]
    candidates = counts if few else counts.loc[~other]

    pitch = min(_ROW, room / max(n_rows, 1))
    top = n_rows * pitch + 15 if n_rows else 0
    shown = _choose(candidates, 1 if len(reports) == 1 else 2, int((theme.PAGE - 8 - top) / panel) * _ACROSS)
    panels = shown.loc[:, "indicator"].nunique()
    lines = -(-panels // _ACROSS)
    if not n_rows and not lines:
        raise FigureError(
            f"none of the {len(reports)} reports states a core rate, and no core count is stated by two: there is "
            "nothing to draw. Look at the table review, or add wordings to data/codebook/wordings.csv."
        )
    figure = theme.canvas(theme.DOUBLE, top + (lines * panel + 8 if lines else 0))
    if n_rows:
        _draw_rates(figure, marks, groups, pitch, say, few)
    if lines:
        shown = _draw_counts(figure, shown, groups, top, say, few)

    drawn = pd.concat([marks.assign(panel="rate", unit="%"), shown.assign(panel="count", kind="stated")])
    drawn = drawn.assign(label=[groups[group] for group in drawn["group"]]).reindex(columns=_COLUMNS)
    caption = say(
        "caption.fig04.each" if few else "caption.fig04.levels",
        n=len(reports),
        recomputed=found.loc[:, "kind"].tolist().count("recomputed"),
        printed=found.loc[:, "kind"].tolist().count("printed"),
        broken=broken,
        crowded=crowded,
        panels=panels,
        left_out=counts["indicator"].nunique() - panels,
        several=int(stated["indicator"].isin(counts["indicator"].tolist()).sum()) - len(counts),
        other_units=int(other.loc[counts["indicator"].isin(shown["indicator"].tolist())].sum()),
    )
    inputs = hashes(indicators=indicators, derived=derived, reports=reports)
    return Figure(
        figure, drawn.reset_index(drop=True), "fig04_core", say("title.fig04"), caption, lang, {"tier": 1}, inputs,
        len(reports),
    )  # fmt: skip


def _groups(reports: pd.DataFrame, say: labels.Labels, few: bool) -> tuple[pd.Series, dict[str, str]]:
    """Group → label in the order of the rows, and report_id → group."""
    ids = reports["report_id"].tolist()
    if few:
        return say.reports(reports), dict(zip(ids, ids, strict=True))
    level = reports["level"].fillna("unknown").tolist()
    present = [name for name in (*LEVELS, "unknown") if name in level]
    return pd.Series([say(f"level.{name}") for name in present], index=present), dict(zip(ids, level, strict=True))


def _rows(marks: pd.DataFrame, groups: pd.Series, most: int) -> pd.DataFrame:
    """Sort by rate and group and number the pairs: both kinds of a pair share a row. Past `most` rows rates are cut."""
    sizes = marks.drop_duplicates(["rank", "group"]).loc[:, "rank"].value_counts(sort=False)
    sizes = sizes.sort_values(ascending=False, kind="stable")
    marks = marks.loc[marks["rank"].isin(sizes.index[sizes.cumsum() <= most].tolist())]
    marks = marks.assign(order=groups.index.get_indexer(marks["group"].array))
    marks = marks.sort_values(["rank", "order", "kind"], kind="stable", ignore_index=True)
    return marks.assign(row=marks.groupby(["rank", "order"]).ngroup())


def _choose(counts: pd.DataFrame, least: int, panels: int) -> pd.DataFrame:
    """Keep the counts that at least `least` reports state, of these the most stated, in the codebook's order."""
    n = counts.loc[:, "indicator"].value_counts(sort=False)
    keep = n.loc[n >= least].sort_values(ascending=False, kind="stable").index[:panels]
    return counts.loc[counts["indicator"].isin(keep)]


def _draw_rates(
    figure: Canvas, marks: pd.DataFrame, groups: pd.Series, pitch: float, say: labels.Labels, few: bool
) -> None:
    """A row per rate × group: filled and with an interval when recomputed, hollow when only printed."""
    rows = marks.drop_duplicates("row")
    names = [theme.wrap(name, 50, theme.SMALL, 1) for name in rows["name"]]
    called = [theme.cut(groups.loc[group], 40, theme.SMALL) for group in rows["group"]]
    notes = _notes(marks, few)
    head = "" if few else "● + ◇"
    right = 5 + max(fonts.width(text, theme.SMALL) for text in (head, *notes))
    theme.write(figure, 2, 4, f"a  {say('panel.rates')}", va="baseline")
    drawn = theme.grouped(figure, 6, names, called, pitch, right)
    drawn.set_xlim(0, 100)
    drawn.set_xlabel(say("axis.percent"))
    full = marks[marks["kind"] == "recomputed"]
    drawn.hlines(full["row"], full["ci_low"], full["ci_high"], color=theme.MAIN, linewidth=1.2)
    for kind, marker, face, edge in (
        ("recomputed", "o", theme.MAIN, theme.MAIN),
        ("printed", "D", "none", theme.ACCENT),
    ):
        part = marks[marks["kind"] == kind]
        text = say(f"kind.{kind}" if few else f"kind.{kind}.levels")
        drawn.plot(part["value"], part["row"], marker, mfc=face, mec=edge, mew=1.1, ms=3.6, clip_on=False, zorder=3,
                   label=text)  # fmt: skip
    for row, note in enumerate([head, *notes], start=-1):
        drawn.text(1.02, row, note, transform=drawn.get_yaxis_transform(), size=theme.SMALL, va="center_baseline",
                   color=theme.INK if row >= 0 else theme.MUTED)  # fmt: skip
    drawn.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, frameon=False, borderpad=0, handletextpad=0.1)


def _notes(marks: pd.DataFrame, few: bool) -> list[str]:
    """What stands to the right of each row: the rate and its parts, or how many reports of each kind."""
    if not few:
        n = marks.pivot_table(index="row", columns="kind", values="n", aggfunc="sum", fill_value=0)
        n = n.reindex(columns=["recomputed", "printed"], fill_value=0)
        return [f"{recomputed:.0f} + {printed:.0f}" for recomputed, printed in n.to_numpy()]
    return [
        f"{_SIGNS.get(mark['qualifier'], '')}{mark['value']:.4g}%"
        + (f" = {mark['numerator']:,.0f}/{mark['denominator']:,.0f}" if mark["kind"] == "recomputed" else "")
        for mark in marks.to_dict("records")
    ]


def _draw_counts(
    figure: Canvas, shown: pd.DataFrame, groups: pd.Series, top: float, say: labels.Labels, few: bool
) -> pd.DataFrame:
    """A panel per count, all on one logarithmic axis; return what is drawn."""
    names = [theme.cut(name, 36, theme.SMALL) for name in groups]
    left = 6 + max(fonts.width(name, theme.SMALL) for name in names)
    step, panel = (theme.DOUBLE - left) / _ACROSS, _HEAD + len(groups) * _ROW + 2
    theme.write(figure, 2, top + 4, f"b  {say('panel.counts')}", va="baseline")
    parts, drawings, span = (
        list(shown.groupby("rank")),
        [],
        (float(shown["value"].to_numpy().min()), float(shown["value"].to_numpy().max())),
    )
    for number, (_, part) in enumerate(parts):
        line, column = divmod(number, _ACROSS)
        x, y = left + column * step, top + 4 + line * panel + _HEAD
        drawn = theme.axes(figure, x, y, step - (3 if few else 9), len(groups) * _ROW)
        theme.rows(drawn, len(groups), [] if column else names)
        drawn.tick_params(axis="y", labelsize=theme.SMALL)
        theme.log_axis(drawn, *span, lambda power: say(f"power.{power}"))
        drawn.tick_params(labelbottom=number + _ACROSS >= len(parts))
        name, unit = part[["name", "panel_unit"]].iloc[0]
        unit = say.unit(unit, always=False)
        title = theme.wrap(f"{name} ({unit})" if unit else name, step - 2, theme.SMALL, 2)
        theme.write(figure, x, y - 0.8, title, size=theme.SMALL, va="bottom", linespacing=1.05)
        drawings.append(_dots(drawn, part, groups, say) if few else _boxes(drawn, part, groups))
    return pd.concat(drawings)


def _dots(drawn: Axes, part: pd.DataFrame, groups: pd.Series, say: labels.Labels) -> pd.DataFrame:
    """A dot and its number per report; a value in another unit than the panel's is hollow and names it."""
    rows = groups.index.get_indexer(part["group"].array)
    spots = drawn.transScale.transform(np.column_stack([part["value"], rows]))[:, 0]
    middle = drawn.transScale.transform([(limit, 0) for limit in drawn.get_xlim()])[:, 0].mean()
    for mark, row, spot in zip(part.to_dict("records"), rows.tolist(), spots, strict=True):
        value, same = mark["value"], mark["unit"] == mark["panel_unit"]
        drawn.plot(value, row, "o", ms=3.4, mec=theme.MAIN, mfc=theme.MAIN if same else "white", clip_on=False)
        text = f"{_SIGNS.get(mark['qualifier'], '')}{value:,.10g}" + ("" if same else f" {say.unit(mark['unit'])}")
        theme.beside(drawn, value, row, text, right=bool(spot < middle))
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
