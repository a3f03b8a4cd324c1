"""In: problems with the plan items that answer them. Out: figure 9, problems against topics and against plans."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import pandas as pd
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D

from analysis import codebook, intervals, paths
from analysis.errors import FigureError
from analysis.present import labels, theme
from analysis.present.core import FEW
from analysis.present.drawing import Figure, hashes

NAMED = 12  # topics up to which a column has room for words
PITCH, BLOCK = 4.4, 5.2  # mm: a row, and the line with a report's name
_LINES = {"explicit": (theme.MAIN, "-", 1.5), "partial": (theme.ACCENT, (0, (3, 1.5)), 0.9)}
_MARKS = {"explicit": ("s", theme.MAIN), "partial": ("D", "white"), "none": ("o", "white")}


class Answers(Protocol):
    """What figure 9 needs; `analysis.model.responses.Responses` has it."""

    pairs: pd.DataFrame
    items: pd.DataFrame
    thresholds: Mapping[str, float]

    @property
    def problems(self) -> pd.DataFrame:
        """One row per problem: report_id, problem, problem_type, heading, kind."""
        ...


class Topics(Protocol):
    """What panel a needs of a topic model."""

    shares: np.ndarray
    settings: Mapping[str, Any]

    @property
    def ids(self) -> pd.DataFrame:
        """Report_id and item_id of the rows of `shares`."""
        ...

    def top_words(self, n: int) -> pd.DataFrame:
        """Topic, rank, word, probability."""
        ...


@theme.styled
def fig09_responses(answers: Answers, reports: pd.DataFrame, lang: str, topics: Topics | None = None) -> Figure:
    """Draw which types of problems the topics gather, and which plan items answer which problems.

    Up to 12 reports that fit a page: every problem and every plan item, joined where one answers the other. More: per
    type the share of problems answered, with 95 % intervals.

    Parameters
    ----------
    answers : Responses
        Of the reports in `reports`; others are left aside.
    reports : DataFrame
        Table `reports`.
    lang : str
        zh or en. Headings stay Chinese.
    topics : TopicModel, optional
        Draws panel a: mean share of each topic in the problems of each type. Without it there is no panel a.

    Returns
    -------
    Figure
        Its data: one row per mark, `panel` says which: topics (problem_type, topic, share, n_problems), answers
        (report_id, problem, plan, their headings, kind, score) or types (problem_type, n_problems, kind, share and
        interval in %).

    Raises
    ------
    FigureError
        There are no problems, no topic share for any of them, or the language is unknown.
    """
    say = labels.load(lang)
    reports = labels.in_order(reports)
    ids = reports["report_id"].tolist()
    problems = answers.problems.loc[answers.problems["report_id"].isin(ids)].reset_index(drop=True)
    if problems.empty:
        raise FigureError(f"none of the {len(ids)} reports has a problem item: there is nothing to draw.")
    types = _types(problems, say)
    shares = None if topics is None else _topic_shares(problems, topics, types)
    top = 0.0 if shares is None else _head(topics) + 5.0 + 4 * len(set(shares["problem_type"]))
    asked = set(problems["report_id"])
    few = len(ids) <= FEW
    blocks = [_block(answers, problems, report_id) for report_id in ids if report_id in asked] if few else []
    tall = top + 15 + sum(BLOCK + PITCH * max(len(left), len(right)) for left, right, _ in blocks)
    each = few and tall <= theme.PAGE
    if not each:
        tall = top + 24 + 4 * len(types)
    figure = theme.canvas(theme.DOUBLE, tall)
    drawn = [] if topics is None or shares is None else [_heat(figure, shares, types, topics, say)]
    if each:
        drawn.append(_joined(figure, top, blocks, say.reports(reports), say, "b" if drawn else ""))
    else:
        drawn.append(_dots(figure, top, _shares(problems, types), types, say, "b" if drawn else ""))
    kinds = problems["kind"].tolist()
    panel = say("caption.fig09.each" if each else "caption.fig09.types")
    if shares is not None:
        panel = say("caption.fig09.topics", n=shares.attrs["n"], panel=panel)
    caption = say(
        "caption.fig09", n=len(ids), problems=len(problems), plans=int(_plans(answers, ids)),
        panels=panel,
        silent=len(ids) - len(asked), planless=len(asked - set(answers.pairs["report_id"])),
        **{kind: kinds.count(kind) for kind in _MARKS},
        **{f"from_{kind}": f"{limit:.2f}" for kind, limit in answers.thresholds.items()},
    )  # fmt: skip
    return Figure(
        figure, pd.concat(drawn, ignore_index=True), "fig09_responses", say("title.fig09"), caption, lang,
        {"thresholds": dict(answers.thresholds), "model": {} if topics is None else dict(topics.settings)},
        hashes(reports=reports, items=answers.items.loc[answers.items["report_id"].isin(ids)]), len(ids),
        None if topics is None else topics.settings.get("seed"),
    )  # fmt: skip


def _head(topics: Topics | None) -> float:
    """Height above panel a: words need room."""
    return 21.0 if topics is not None and topics.shares.shape[1] <= NAMED else 12.0


def _plans(answers: Answers, ids: list[str]) -> int:
    plans = answers.items.loc[answers.items["role"] == "plan", "report_id"]
    return plans.isin(ids).sum()


def _types(problems: pd.DataFrame, say: labels.Labels) -> dict[str, str]:
    """Coded type → its name, in the codebook's order, those that occur."""
    rows = codebook.read_csv(paths.CODEBOOK / "problem_types.csv", ("problem_type", f"name_{say.lang}"))
    coded = set(";".join(problems["problem_type"].fillna("other")).split(";"))
    known = {row["problem_type"]: row[f"name_{say.lang}"] for row in rows if row["problem_type"] in coded}
    return known | {kind: kind for kind in sorted(coded - known.keys())}


def _split(problems: pd.DataFrame) -> pd.DataFrame:
    """One row per problem and type."""
    return problems.assign(problem_type=problems["problem_type"].fillna("other").str.split(";")).explode("problem_type")


def _topic_shares(problems: pd.DataFrame, topics: Topics, types: Mapping[str, str]) -> pd.DataFrame:
    """Mean share of each topic over the problems of each type."""
    n_topics = topics.shares.shape[1]
    wide = topics.ids.assign(**{str(topic + 1): topics.shares[:, topic] for topic in range(n_topics)})
    joined = _split(problems).merge(wide.rename(columns={"item_id": "problem"}), on=["report_id", "problem"])
    if joined.empty:
        raise FigureError("the topic model has none of the problems: fit it to the same items, or draw without it.")
    rows = [
        {"panel": "topics", "problem_type": kind, "topic": topic, "share": part[str(topic)].mean(),
         "n_problems": len(part)}
        for kind in types
        for part in [joined.loc[joined["problem_type"] == kind]]
        for topic in range(1, n_topics + 1)
        if len(part)
    ]  # fmt: skip
    made = pd.DataFrame(rows)
    made.attrs["n"] = len(joined.drop_duplicates(["report_id", "problem"]))
    return made


def _heat(
    figure: Canvas, shares: pd.DataFrame, types: Mapping[str, str], topics: Topics, say: labels.Labels
) -> pd.DataFrame:
    """Types × topics, coloured by mean share."""
    table = shares.pivot_table(index="problem_type", columns="topic", values="share").loc[lambda frame: [
        kind for kind in types if kind in frame.index
    ]]  # fmt: skip
    counts = shares.drop_duplicates("problem_type").set_index("problem_type")["n_problems"]
    theme.write(figure, 2, 2, "a  " + say("panel.types_topics"))
    left, wide = 46.0, theme.DOUBLE - 46 - 14
    drawn = theme.axes(figure, left, _head(topics), wide, 4 * len(table))
    named = [theme.wrap(types[kind], left - 4, theme.SMALL, 1) for kind in table.index]
    theme.rows(drawn, len(table), named)
    drawn.tick_params(axis="y", labelsize=theme.SMALL)
    values = table.to_numpy(float)
    drawn.imshow(values, cmap=theme.TILES, aspect="auto", vmin=0, vmax=1)
    step = wide / values.shape[1]
    if step >= 8:
        for (row, column), share in np.ndenumerate(values):
            drawn.text(column, row, f"{100 * share:.0f}", ha="center", va="center_baseline", size=theme.SMALL,
                       color="white" if share > 0.45 else theme.INK)  # fmt: skip
    heads = [f"{topic}" for topic in table.columns]
    if values.shape[1] <= NAMED:
        words = topics.top_words(3).groupby("topic")["word"].agg(list)
        lines = [
            "\n".join(theme.wrap(word, step - 1, theme.SMALL, 1) for word in words[topic]) for topic in words.index
        ]
        heads = [f"{say('axis.topic', topic=topic)}\n{line}" for topic, line in zip(heads, lines, strict=True)]
    every = max(1, int(np.ceil(4 / step)))
    drawn.set_xticks(range(0, values.shape[1], every), heads[::every], linespacing=1.05)
    drawn.tick_params(labeltop=True, labelbottom=False)
    drawn.grid(visible=False)
    for row, kind in enumerate(table.index):
        drawn.text(1.012, row, f"{counts[kind]:,}", transform=drawn.get_yaxis_transform(), size=theme.SMALL,
                   va="center_baseline")  # fmt: skip
    drawn.text(1.012, -1.05, "n", transform=drawn.get_yaxis_transform(), size=theme.SMALL, color=theme.MUTED)
    return shares


def _block(answers: Answers, problems: pd.DataFrame, report_id: str) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Problems, plan items and answering pairs of one report, in the order of the text."""
    left = problems.loc[problems["report_id"] == report_id].reset_index(drop=True)
    plans = answers.items.loc[(answers.items["report_id"] == report_id) & (answers.items["role"] == "plan")]
    right = plans.sort_values("item_id", ignore_index=True).rename(columns={"item_id": "plan"})
    right = right.assign(heading=right["heading"].fillna(right["text"].str.slice(0, 30)))
    pairs = answers.pairs.loc[(answers.pairs["report_id"] == report_id) & (answers.pairs["kind"] != "none")]
    return left, right, pairs.sort_values("score", kind="stable")


def _joined(
    figure: Canvas, top: float, blocks: list, called: pd.Series, say: labels.Labels, letter: str
) -> pd.DataFrame:
    """Problems on the left, plan items on the right, a line for each answer."""
    theme.write(figure, 2, top + 2, f"{letter}  {say('panel.answers')}".strip())
    wide = 66.0
    for x, key in ((2 + wide, "axis.problems"), (theme.DOUBLE - 2 - wide, "axis.plans")):
        theme.write(figure, x, top + 7, say(key), color=theme.MUTED, ha="right" if key == "axis.problems" else "left")
    tall = figure.get_figheight() * 25.4 - top - 15
    drawn = theme.axes(figure, 2 + wide, top + 11, theme.DOUBLE - 4 - 2 * wide, tall)
    drawn.set_axis_off()
    drawn.set_xlim(0, theme.DOUBLE - 4 - 2 * wide)
    drawn.set_ylim(tall, 0)
    far, y, rows = theme.DOUBLE - 4 - 2 * wide - 2, 0.0, []
    for left, right, pairs in blocks:
        report_id = left["report_id"].iloc[0]
        theme.write(
            figure,
            2,
            top + 11 + y + 1,
            theme.cut(str(called[report_id]), wide, theme.SMALL),
            size=theme.SMALL,
            color=theme.MUTED,
        )
        drawn.axhline(
            y, xmin=-wide / (far + 2), xmax=1 + wide / (far + 2), color=theme.LIGHT, linewidth=0.5, clip_on=False
        )
        at = y + BLOCK
        y = at + PITCH * max(len(left), len(right))
        here = {item: at + PITCH * (row + 0.5) for row, item in enumerate(left["problem"])}
        there = {item: at + PITCH * (row + 0.5) for row, item in enumerate(right["plan"])}
        for pair in pairs.to_dict("records"):
            color, dash, thick = _LINES[pair["kind"]]
            drawn.plot([2, far], [here[pair["problem"]], there[pair["plan"]]], color=color, ls=dash, lw=thick, zorder=2)
        for row in left.to_dict("records"):
            marker, face = _MARKS[row["kind"]]
            edge = {"explicit": theme.MAIN, "partial": theme.ACCENT, "none": theme.INK}[row["kind"]]
            drawn.scatter(
                2, here[row["problem"]], marker=marker, facecolor=face, edgecolor=edge, s=11, linewidth=0.8, zorder=3
            )
            text = theme.wrap(row["heading"], wide - 1, theme.SMALL, 1)
            drawn.annotate(text, (0, here[row["problem"]]), ha="right", va="center_baseline", size=theme.SMALL)
        used = set(pairs["plan"])
        for row in right.to_dict("records"):
            color = theme.INK if row["plan"] in used else theme.MUTED
            drawn.plot(far, there[row["plan"]], ".", color=color, ms=4, zorder=3)
            text = theme.wrap(row["heading"], wide - 1, theme.SMALL, 1)
            drawn.annotate(text, (far + 2, there[row["plan"]]), va="center_baseline", size=theme.SMALL, color=color)
        named = left.set_index("problem")["heading"], right.set_index("plan")["heading"]
        lone = left.loc[left["kind"] == "none"].assign(plan=pd.NA, score=np.nan)
        for row in [*pairs.to_dict("records"), *lone.to_dict("records")]:
            rows.append(
                {"panel": "answers", "report_id": report_id, "report": called[report_id], "problem": row["problem"],
                 "problem_heading": named[0][row["problem"]], "plan": row["plan"],
                 "plan_heading": named[1].get(row["plan"]), "kind": row["kind"], "score": row["score"]}
            )  # fmt: skip
    _legend(figure, say, top + 1)
    return pd.DataFrame(rows).astype({"plan": "Int64", "score": "float64"})


def _legend(figure: Canvas, say: labels.Labels, top: float) -> None:
    """What marks and lines mean, at the right of the panel's heading."""
    made = []
    for kind, (marker, face) in _MARKS.items():
        color, dash, thick = _LINES.get(kind, (theme.INK, "none", 0))
        look = {"marker": marker, "mfc": face, "mec": color, "ms": 3.5, "label": say(f"answer.{kind}")}
        made.append(Line2D([], [], color=color, ls=dash, lw=thick, **look))
    high = figure.get_figheight() * 25.4
    figure.legend(
        handles=made, loc="upper right", bbox_to_anchor=(1, 1 - top / high), ncols=3, frameon=False, borderpad=0.1,
        handlelength=3, fontsize=theme.SMALL,
    )  # fmt: skip


def _shares(problems: pd.DataFrame, types: Mapping[str, str]) -> pd.DataFrame:
    """Per type: share of problems with an explicit answer and with any, intervals for problems clustered in reports."""
    split, rows = _split(problems), []
    for kind in types:
        part = split.loc[split["problem_type"] == kind]
        trials = part.groupby("report_id").size()
        for answer, counted in (("any", ["explicit", "partial"]), ("explicit", ["explicit"])):
            hits = part["kind"].isin(counted).groupby(part["report_id"]).sum().reindex(trials.index)
            share, low, high = intervals.pooled(hits.to_numpy(float), trials.to_numpy(float))
            rows.append(
                {"panel": "types", "problem_type": kind, "n_problems": len(part), "n_reports": len(trials),
                 "kind": answer, "share_pct": 100 * share, "ci_low_pct": 100 * low, "ci_high_pct": 100 * high}
            )  # fmt: skip
    return pd.DataFrame(rows)  # in the order of panel a: the codebook's


def _dots(
    figure: Canvas, top: float, rows: pd.DataFrame, types: Mapping[str, str], say: labels.Labels, letter: str
) -> pd.DataFrame:
    """A row per type: any answer above, explicit answer below the middle."""
    theme.write(figure, 2, top + 2, f"{letter}  {say('panel.answered')}".strip())
    order = rows["problem_type"].drop_duplicates().tolist()
    drawn = theme.axes(figure, 46, top + 11, theme.DOUBLE - 46 - 14, 4 * len(order))
    theme.rows(drawn, len(order), [theme.wrap(types[kind], 42, theme.SMALL, 1) for kind in order])
    drawn.tick_params(axis="y", labelsize=theme.SMALL)
    made = []
    for kind, shift, marker, face, color in (
        ("any", -0.17, "o", theme.MAIN, theme.MAIN), ("explicit", 0.17, "s", "white", theme.ACCENT),
    ):  # fmt: skip
        part = rows.loc[rows["kind"] == kind].set_index("problem_type").loc[order]
        y = np.arange(len(order)) + shift
        drawn.hlines(y, part["ci_low_pct"], part["ci_high_pct"], color=color, linewidth=0.8)
        look = {"color": color, "mfc": face, "ms": 3, "label": say(f"answered.{kind}"), "clip_on": False, "zorder": 3}
        made += drawn.plot(part["share_pct"], y, marker, **look)
    drawn.set_xlim(0, 100)
    drawn.set_xlabel(say("axis.share_problems"))
    counts = rows.drop_duplicates("problem_type")["n_problems"]
    for row, count in enumerate(counts):
        drawn.text(
            1.012, row, f"{count:,}", transform=drawn.get_yaxis_transform(), size=theme.SMALL, va="center_baseline"
        )
    drawn.text(1.012, -0.85, "n", transform=drawn.get_yaxis_transform(), size=theme.SMALL, color=theme.MUTED)
    high = figure.get_figheight() * 25.4
    figure.legend(
        handles=made,
        loc="upper right",
        bbox_to_anchor=(0.92, 1 - (top + 5) / high),
        ncols=2,
        frameon=False,
        borderpad=0.1,
    )
    return rows
