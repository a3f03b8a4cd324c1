"""In: tables indicators, derived and reports. Out: figure 4, core rates with intervals and core counts."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure as Canvas

from analysis import values
from analysis.errors import FigureError
from analysis.present import fonts, labels, panels, rates, theme
from analysis.present.corpus import banded
from analysis.present.drawing import Figure, hashes
from analysis.tables import LEVELS

FEW = 12  # reports that still get a row each in every panel
_LEAST = 2.55  # mm of a row of rates at least
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
    panel = panels.height(groups)
    most = theme.PAGE - 26 - 2 * panel  # mm for the rates: they leave room for two rows of counts
    if few:
        marks = _rows(found, groups, int(most / _LEAST))
        pitch = min(panels.ROW, most / max(len(set(marks["row"])), 1))
        top = len(set(marks["row"])) * pitch + 15 if len(marks) else 0
    else:
        marks = _most(rates.by_level(found), int(most / panel) * panels.ACROSS)
        pitch = 0.0
        top = 12 - (-len(set(marks["rank"])) // panels.ACROSS) * panel if len(marks) else 0
    crowded = len(set(found["indicator"])) - len(set(marks["indicator"]))
    found = found.loc[found["indicator"].isin(marks["indicator"].tolist())]
    other = counts.loc[:, "unit"] != counts["panel_unit"]
    candidates = counts if few else counts.loc[~other]
    shown = _choose(candidates, 1 if len(reports) == 1 else 2, int((theme.PAGE - 8 - top) / panel) * panels.ACROSS)
    n_panels = shown.loc[:, "indicator"].nunique()
    lines = -(-n_panels // panels.ACROSS)
    if not len(marks) and not lines:
        raise FigureError(
            f"none of the {len(reports)} reports states a core rate, and no core count is stated by two: there is "
            "nothing to draw. Look at the table review, or add wordings to data/codebook/wordings.csv."
        )
    figure = theme.canvas(theme.DOUBLE, top + (lines * panel + 8 if lines else 0))
    if len(marks):
        theme.write(figure, 2, 4, f"a  {say('panel.rates')}{'' if few else ' (%)'}", va="baseline")
    if len(marks) and few:
        _draw_rates(figure, marks, groups, pitch, say)
    elif len(marks):
        panels.rates(figure, marks, groups, 4, say)
    if lines:
        theme.write(figure, 2, top + 4, f"b  {say('panel.counts')}", va="baseline")
        shown = panels.counts(figure, shown, groups, top + 4, say, few)

    drawn = pd.concat([marks.assign(panel="rate", unit="%"), shown.assign(panel="count", kind="stated")])
    drawn = drawn.assign(label=[groups[group] for group in drawn["group"]]).reindex(columns=_COLUMNS)
    caption = say(
        "caption.fig04.each" if few else "caption.fig04.levels",
        n=len(reports),
        recomputed=found.loc[:, "kind"].tolist().count("recomputed"),
        printed=found.loc[:, "kind"].tolist().count("printed"),
        broken=broken,
        crowded=crowded,
        panels=n_panels,
        left_out=counts["indicator"].nunique() - n_panels,
        several=int(stated["indicator"].isin(counts["indicator"].tolist()).sum()) - len(counts),
        other_units=int(other.loc[counts["indicator"].isin(shown["indicator"].tolist())].sum()),
    )
    caption = say.said(caption, banded(drawn, say))
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


def _most(marks: pd.DataFrame, panels: int) -> pd.DataFrame:
    """Keep the rates that most reports give, in the codebook's order."""
    n = {rank: int(part["n"].to_numpy().sum()) for rank, part in marks.groupby("rank")}
    kept = sorted(n, key=lambda rank: -n[rank])[:panels]
    return marks.loc[marks["rank"].isin(kept)]


def _choose(counts: pd.DataFrame, least: int, panels: int) -> pd.DataFrame:
    """Keep the counts that at least `least` reports state, of these the most stated, in the codebook's order."""
    n = counts.loc[:, "indicator"].value_counts(sort=False)
    keep = n.loc[n >= least].sort_values(ascending=False, kind="stable").index[:panels]
    return counts.loc[counts["indicator"].isin(keep)]


def _draw_rates(figure: Canvas, marks: pd.DataFrame, groups: pd.Series, pitch: float, say: labels.Labels) -> None:
    """A row per rate × report: filled and with an interval when recomputed, hollow when only printed."""
    rows = marks.drop_duplicates("row")
    names = [theme.wrap(name, 50, theme.SMALL, 1) for name in rows["name"]]
    called = [theme.cut(groups.loc[group], 40, theme.SMALL) for group in rows["group"]]
    notes = [
        f"{panels.SIGNS.get(mark['qualifier'], '')}{mark['value']:.4g}%"
        + (f" = {mark['numerator']:,.0f}/{mark['denominator']:,.0f}" if mark["kind"] == "recomputed" else "")
        for mark in marks.to_dict("records")
    ]
    right = 5 + max(fonts.width(text, theme.SMALL) for text in notes)
    drawn = theme.grouped(figure, 6, names, called, pitch, right)
    drawn.set_xlim(0, 100)
    drawn.set_xlabel(say("axis.percent"))
    full = marks[marks["kind"] == "recomputed"]
    drawn.hlines(full["row"], full["ci_low"], full["ci_high"], color=theme.MAIN, linewidth=1.2)
    for kind, (marker, face, edge) in panels.MARKS.items():
        part = marks[marks["kind"] == kind]
        drawn.plot(part["value"], part["row"], marker, mfc=face, mec=edge, mew=1.1, ms=3.6, clip_on=False, zorder=3,
                   label=say(f"kind.{kind}"))  # fmt: skip
    for row, note in enumerate(notes):
        drawn.text(1.02, row, note, transform=drawn.get_yaxis_transform(), size=theme.SMALL, va="center_baseline")
    drawn.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, frameon=False, borderpad=0, handletextpad=0.1)
