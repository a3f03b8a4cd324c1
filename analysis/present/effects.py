"""In: prevalence and effects of topics as frames. Out: figure 8, topics by group and year, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from analysis.errors import FigureError
from analysis.present import fonts, labels, theme
from analysis.present.drawing import Figure, hashes

PITCH, TOP, FOOT = 3.3, 9.0, 11.0  # mm: a row, above the rows, below them
FEW = 12  # reports that can have a row each
LEVEL = 0.05


class Shares(Protocol):
    """What figure 8 needs of a topic model; `analysis.model.topics.TopicModel` has it."""

    shares: np.ndarray
    items: pd.DataFrame
    settings: Mapping[str, Any]

    @property
    def tokens(self) -> np.ndarray:
        """Tokens of each item, shape N."""
        ...


@theme.styled
def fig08_prevalence(
    model: Shares,
    prevalence: pd.DataFrame,
    effects: pd.DataFrame,
    each: pd.DataFrame,
    lang: str,
    reports: pd.DataFrame | None = None,
    names: Sequence[str] = (),
) -> Figure:
    """Draw the share of each topic by group, and beside it the effects.

    Groups with too few reports are not drawn, only named in the caption. When no group is left and no effect, and there
    are at most 12 reports, each report has a row, with the uncertainty of the model alone.

    Parameters
    ----------
    model : TopicModel
        K topics.
    prevalence, effects, each : DataFrame
        As `analysis.model.effects` gives them: `prevalence`, `effect` and `each_report`.
    lang : str
        zh or en.
    reports : DataFrame, optional
        Table `reports`: reports are then called by place and year.
    names : sequence of str, optional
        K names of topics in the figure's language.

    Returns
    -------
    Figure
        Its data: one row per mark: panel (share, effect, report), by, term, topic, estimate, ci_low, ci_high, and what
        came with it.

    Raises
    ------
    FigureError
        There is nothing to draw, or the language is unknown.
    """
    say = labels.load(lang)
    groups = prevalence.loc[prevalence["ci_low"].notna()].assign(panel="share")
    found = effects.loc[effects["estimate"].notna()].assign(panel="effect")
    few, n_reports = len(groups) + len(found) == 0, len(set(each["report_id"]))
    if few and n_reports > FEW:
        raise FigureError(
            f"figure 8: no group has reports enough for an interval, and {n_reports} reports are too "
            f"many for a row each (at most {FEW}). Choose a column with fewer groups, or a smaller min_reports."
        )
    drawn = _reports(each, say, reports) if few else pd.concat([groups, found], ignore_index=True)
    rows = _rows(drawn, say)
    n_topics = model.shares.shape[1]
    n_drawn = min(n_topics, int((theme.PAGE - TOP - FOOT) / PITCH) // len(rows))
    if not n_drawn:
        raise FigureError(f"figure 8: {len(rows)} groups do not fit on a page. Choose a column with fewer groups.")
    data = drawn.loc[drawn["topic"] <= n_drawn].copy()
    figure = theme.canvas(theme.DOUBLE, TOP + n_drawn * len(rows) * PITCH + FOOT)
    _panels(figure, data, rows, n_drawn, _titles(n_drawn, names, say), say)
    caption = _caption(model, prevalence, effects, found, few, n_topics - n_drawn, say)
    data = data.drop(columns="label", errors="ignore").reset_index(drop=True)
    return Figure(
        figure, data, "fig08_prevalence", say("title.fig08"), caption, lang,
        {"by": list(dict.fromkeys([*prevalence["by"], *effects["by"]])), "model": dict(model.settings)},
        {} if reports is None else hashes(reports=reports), n_reports,
        model.settings.get("seed"),
    )  # fmt: skip


def _reports(each: pd.DataFrame, say: labels.Labels, reports: pd.DataFrame | None) -> pd.DataFrame:
    """One row per report × topic, in the order of all figures, with the report as term."""
    called = {} if reports is None else say.reports(labels.in_order(reports)).to_dict()
    order = [name for name in called if name in set(each["report_id"])] or sorted(set(each["report_id"]))
    made = each.assign(panel="report", by="report_id", term=each["report_id"])
    made["label"] = [called.get(name, name) for name in each["report_id"]]
    return (
        made.assign(_rank=[order.index(name) for name in each["report_id"]])
        .sort_values(["_rank", "topic"])
        .drop(columns="_rank")
    )


def _rows(drawn: pd.DataFrame, say: labels.Labels) -> dict[tuple[str, str], str]:
    """(by, term) of each row inside a topic → how it is called; groups first, then what an effect alone has."""
    rows = {}
    for row in drawn.to_dict("records"):
        known = _called(row["by"], str(row["term"]), say)
        rows.setdefault((row["by"], str(row["term"])), row["label"] if row["panel"] == "report" else known)
    return rows


def _called(by: str, term: str, say: labels.Labels) -> str:
    """Name a group or a number: level.county, term.report_year; a value without a label stands for itself."""
    return say.texts.get(f"{by}.{term}", say.texts.get(f"term.{term}", term))


def _titles(n_topics: int, names: Sequence[str], say: labels.Labels) -> list[str]:
    """Number and name of each topic, cut to a quarter of the page."""
    titles = [say("view.topic", topic=topic + 1) for topic in range(n_topics)]
    return [f"{title} {name}".strip() for title, name in zip(titles, [*names, *[""] * n_topics], strict=False)]


def _panels(
    figure: Any, data: pd.DataFrame, rows: Mapping[tuple[str, str], str], n_topics: int, titles: Sequence[str],
    say: labels.Labels,
) -> None:  # fmt: skip
    """Draw a block of rows per topic; shares to the left, effects to the right, on the same rows."""
    n, high = len(rows), n_topics * len(rows) * PITCH
    called = [theme.cut(name, 38, theme.SMALL) for name in rows.values()]
    # A name may take as many lines as its block has rows.
    wrapped = [theme.wrap(title, 32, theme.SMALL, n) for title in titles]
    head = 4 + max(fonts.width(line, theme.SMALL) for title in wrapped for line in title.split("\n"))
    left = head + 4 + max(fonts.width(name, theme.SMALL) for name in called)
    both = {"share", "effect"} <= set(data["panel"])
    wide = (theme.DOUBLE - left - (14 if both else 6)) / (2 if both else 1)
    panels = [panel for panel in ("share", "report", "effect") if panel in set(data["panel"])]
    for number, panel in enumerate(panels):
        drawn = theme.axes(figure, left + number * (wide + 9), TOP, wide, high)
        theme.rows(drawn, n * n_topics, called * n_topics if number == 0 else [])
        drawn.tick_params(axis="y", labelsize=theme.SMALL)
        letter = f"{'ab'[number]}  " if both else ""
        theme.write(figure, left + number * (wide + 9), 2.5, letter + say(f"panel.{panel}"))
        part = data.loc[data["panel"] == panel]
        _marks(drawn, part, list(rows), n, panel)
        drawn.set_xlabel(say("axis.points" if panel == "effect" else "axis.mean_share"))
        for block in range(1, n_topics):
            drawn.axhline(block * n - 0.5, xmin=(2 - left) / wide if number == 0 else 0, color=theme.MUTED,
                          linewidth=0.4, clip_on=False)  # fmt: skip
    for block, title in enumerate(wrapped):
        theme.write(figure, 2, TOP + block * n * PITCH + 0.5, title, size=theme.SMALL, color=theme.INK, linespacing=1.1)


def _marks(drawn: Axes, part: pd.DataFrame, rows: list[tuple[str, str]], n: int, panel: str) -> None:
    """Point and interval of each row, in per cent; filled where the evidence is: an interval, a test that is clear."""
    place = [(topic - 1) * n + rows.index((by, str(term))) for by, term, topic in
             zip(part["by"], part["term"], part["topic"], strict=True)]  # fmt: skip
    low, value, high = (100 * part[name].to_numpy(float) for name in ("ci_low", "estimate", "ci_high"))
    clear = part["p_adjusted"].to_numpy(float) < LEVEL if panel == "effect" else np.full(len(part), panel == "share")
    color = theme.MUTED if panel == "report" else theme.MAIN
    drawn.hlines(place, low, high, color=color, linewidth=0.9)
    marker = "D" if panel == "effect" else "o"
    drawn.scatter(value, place, s=12, marker=marker, zorder=3, linewidth=0.7, edgecolor=color,
                  facecolor=np.where(clear, color, "white").tolist())  # fmt: skip
    if panel == "effect":
        drawn.axvline(0, color=theme.INK, linewidth=0.6)
        end = 1.05 * float(np.nanmax(np.abs([low, high])))
        drawn.set_xlim(-end, end)
    else:
        drawn.set_xlim(0, min(100, 1.05 * float(np.nanmax([value, high]))))


def _caption(
    model: Shares, prevalence: pd.DataFrame, effects: pd.DataFrame, found: pd.DataFrame, few: bool, hidden: int,
    say: labels.Labels,
) -> str:  # fmt: skip
    drawn = set(zip(prevalence["by"], prevalence["term"].astype(str), prevalence["ci_low"].notna(), strict=True))
    gone = {
        (row["by"], str(row["term"])): row["n_clusters"]
        for frame, value in ((prevalence, "ci_low"), (effects, "estimate"))
        for row in frame.loc[frame[value].isna()].to_dict("records")
        if (row["by"], str(row["term"]), True) not in drawn
    }
    named = [f"{_called(by, term, say)} ({n})" for (by, term), n in gone.items()]
    comma = "、" if say.lang == "zh" else ", "
    shown = comma.join(named[:8]) + ("…" if len(named) > 8 else "") or say("none")
    about = {"items": len(model.items), "reports": len(set(model.items["report_id"])), "gone": shown, "hidden": hidden}
    if few:
        return say("caption.fig08.reports", **about)
    pairs = zip(found["by"], found["reference"], strict=True)
    against = comma.join(dict.fromkeys(_called(by, term, say) for by, term in pairs if isinstance(term, str)))
    clear = (found["p_adjusted"] < LEVEL).to_numpy().sum()
    tests = say(
        "caption.fig08.tests", tests=found["p"].notna().to_numpy().sum(), clear=clear, reference=against or say("none")
    )
    return say("caption.fig08", **about, tests=tests if len(found) else say("caption.fig08.untested"))
