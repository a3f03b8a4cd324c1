"""In: the table reports, described and compared groups, a topic model. Out: tables T1 to T4 of the paper, as Tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from analysis.errors import FigureError
from analysis.present import labels
from analysis.present.corpus import FEW, HEADS, required
from analysis.present.drawing import hashes
from analysis.present.labels import Labels
from analysis.present.numbers import text
from analysis.present.printed import Table
from analysis.present.topics import Topics, empty_topics
from analysis.tables import LEVELS

QUOTED = 60  # characters of a typical item
MOST = 60  # comparisons that are printed
_NONE = "—"  # there is nothing to compute from


def tab01_corpus(reports: pd.DataFrame, lang: str) -> Table:
    """Print the corpus: who reports, of which year, published when, with which of the required contents, how long.

    Up to 40 reports have a row each; more are counted by level. The csv has a row per report in any case.

    Parameters
    ----------
    reports : DataFrame
        Table `reports`.
    lang : str
        zh or en.

    Raises
    ------
    FigureError
        There is no report, or the language is unknown.
    """
    say = labels.load(lang)
    if reports.empty:
        raise FigureError(
            "table reports has no rows: there is no corpus to print. Build it from a folder with reports."
        )
    corpus = labels.in_order(reports)
    there = required(corpus)
    few = len(corpus) <= FEW
    frame = (_each if few else _levels)(corpus, there, say)
    days = corpus["days_to_deadline"].to_numpy(float, na_value=np.nan)
    caption = say(
        "caption.tab01.each" if few else "caption.tab01.levels",
        n=len(corpus),
        places=corpus["place_code"].fillna(corpus["place"]).nunique(),
        undated=int(np.isnan(days).sum()),
        late=int((days < 0).sum()),
        complete=int(there.all(axis=1).sum()),
    )
    data = corpus.drop(columns=["sha256", "warnings"]).join(there.add_prefix("has_"))
    return Table(
        frame, "tab01_corpus", say("title.tab01"), caption, lang, data=data, inputs=hashes(reports=reports),
        n_reports=len(corpus),
    )  # fmt: skip


def _each(corpus: pd.DataFrame, there: pd.DataFrame, say: Labels) -> pd.DataFrame:
    lacking = [
        say.listed(say(f"head.{head}") for head, found in zip(HEADS, row, strict=True) if not found)
        for row in there.to_numpy(bool)
    ]
    columns = {
        "report": corpus["place"].fillna(corpus["report_id"]),
        "level": [say(f"level.{level}") for level in corpus["level"].fillna("unknown")],
        "province": [say.province(name) if isinstance(name, str) else None for name in corpus["province"]],
        "year": corpus["report_year"].astype("str"),
        "published": corpus["published_on"].dt.strftime("%Y-%m-%d"),
        "days": -corpus["days_to_deadline"],
        "chars": corpus["chars"],
        "quantities": corpus["n_quantities"],
        "problems": corpus["n_problems"],
        "plans": corpus["n_plans"],
        "lacking": [one or say("list.none") for one in lacking],
    }
    return pd.DataFrame({say(f"column.{key}"): np.asarray(cells, object) for key, cells in columns.items()})


def _levels(corpus: pd.DataFrame, there: pd.DataFrame, say: Labels) -> pd.DataFrame:
    """A row per level, and one of all reports."""
    level = corpus["level"].fillna("unknown")
    present = [one for one in (*LEVELS, "unknown") if one in set(level)]
    rows = []
    for name, inside in [(f"level.{one}", (level == one).to_numpy(bool)) for one in present] + [
        ("group.all", np.full(len(corpus), True))
    ]:
        part, has = corpus.loc[inside], there.loc[inside]
        days = part["days_to_deadline"].dropna().astype(float)
        middle = part[["chars", "n_quantities", "n_problems", "n_plans"]].astype(float).median()
        rows.append(
            {
                "level": say(name), "reports": len(part),
                "places": part["place_code"].fillna(part["place"]).nunique(), "provinces": part["province"].nunique(),
                "years": _range(part["report_year"].dropna()), "dated": len(days),
                "late": int((days < 0).sum()),
            }
            | dict(zip(("chars", "quantities", "problems", "plans"), middle, strict=True))
            | {f"has.{head}": share(has[head].mean()) for head in HEADS}
        )  # fmt: skip
    made = pd.DataFrame(rows).astype(object)
    heads = {key: say(key.replace("has.", "head.") if key.startswith("has.") else f"column.{key}") for key in made}
    return made.rename(columns={key: f"{name} %" if key.startswith("has.") else name for key, name in heads.items()})


def tab02_descriptive(described: pd.DataFrame, lang: str, *, n_reports: int, tier: int = 1) -> Table:
    """Print descriptive statistics: who states each indicator, and how large it is, per group.

    Parameters
    ----------
    described : DataFrame
        `summary` of `describe.indicators`: one row per indicator × group.
    lang : str
        zh or en.
    tier : int
        Indicators up to this tier of the codebook are printed; the csv holds all of them.
    n_reports : int
        Reports that went in.

    Raises
    ------
    FigureError
        No indicator up to this tier is there, or the language is unknown.
    """
    say = labels.load(lang)
    known = say.indicators.loc[say.indicators["tier"].isin([str(one) for one in range(1, tier + 1)])]
    shown = described.loc[described["indicator"].isin(known.index.tolist()) & (described["n_reports"] > 0)]
    there = set(shown.loc[shown["n_stating"] > 0, "indicator"])
    shown = _in_order(shown.loc[shown["indicator"].isin(there)])
    if shown.empty:
        raise FigureError(f"no indicator of tier {tier} or less is stated: there is nothing to print. Raise the tier.")
    groups = shown["group"].drop_duplicates().tolist()
    rows = []
    for one in shown.to_dict("records"):
        unit, first = one["unit"], one["indicator"] not in {row["code"] for row in rows[-1:]}
        rows.append(
            {"code": one["indicator"], "indicator": known.loc[one["indicator"], "name"] if first else "",
             "group": say.group(one["group"]), "stating": f"{one['n_stating']}/{one['n_reports']}",
             "share": f"{share(one['share'], 0)} ({share(one['ci_low'], 0)}–{share(one['ci_high'], 0)})",
             "n": one["n"], "median": size(one["median"], unit) if one["n"] else _NONE,
             "quartiles": span(one["q1"], one["q3"], unit) if one["n"] else _NONE,
             "range": span(one["min"], one["max"], unit) if one["n"] else _NONE,
             "unit": say.unit(unit) if one["n"] else _NONE}
        )  # fmt: skip
    frame = pd.DataFrame(rows).astype(object).drop(columns="code")
    if len(groups) == 1:
        frame = frame.drop(columns="group")
    caption = say(
        "caption.tab02", n=n_reports,
        shown=shown["indicator"].nunique(), known=len(known), groups=len(groups),
    )  # fmt: skip
    frame = frame.rename(columns={key: say(f"column.{key}") for key in frame})
    return Table(
        frame, "tab02_descriptive", say("title.tab02"), caption, lang, data=described,
        parameters={"tier": tier}, n_reports=n_reports,
    )  # fmt: skip


def _in_order(shown: pd.DataFrame) -> pd.DataFrame:
    """Keep the order of the indicators; within one put levels by rank, other groups as they come."""
    groups = shown["group"].drop_duplicates().tolist()
    ranked = sorted(groups, key=lambda name: LEVELS.index(name) if name in LEVELS else len(LEVELS))
    codes = shown["indicator"].drop_duplicates().tolist()
    place = [
        (codes.index(code), ranked.index(name)) for code, name in zip(shown["indicator"], shown["group"], strict=True)
    ]
    return shown.iloc[sorted(range(len(place)), key=place.__getitem__)]


def tab03_comparisons(compared: pd.DataFrame, lang: str, *, n_reports: int, settings: Mapping[str, Any]) -> Table:
    """Print comparisons of groups: effect with interval, p where one could be found, the smallest detectable effect.

    Up to 60 rows are printed, those with the smallest adjusted p first when there are more; the csv holds all of them,
    with the reason why a row has no p.

    Parameters
    ----------
    compared : DataFrame
        `summary` of `compare.compare`: one row per value × contrast.
    lang : str
        zh or en.
    n_reports : int
        Reports that went in.
    settings : mapping
        `settings` of the comparison; they become the table's parameters.

    Raises
    ------
    FigureError
        There is no comparison, or the language is unknown.
    """
    say = labels.load(lang)
    if compared.empty:
        raise FigureError("no groups were compared: there is nothing to print. Choose another `by`, or add reports.")
    called = {**say.indicators["name"].to_dict(), **say.ratios["name"].to_dict()}
    shown = compared if len(compared) <= MOST else compared.sort_values("p_adjusted", kind="stable").head(MOST)
    rows = [
        {
            "value": called.get(one["value"], say.texts.get(f"variable.{one['value']}", one["value"])),
            "contrast": f"{say.group(one['group_a'])} − {say.group(one['group_b'])}" if one["group_b"]
            else say("contrast.all"),
            "n": f"{one['n_a']} + {one['n_b']}" if one["group_b"] else one["n_a"],
            "places": f"{one['places_a']} + {one['places_b']}" if one["group_b"] else one["places_a"],
            "effect": say(f"effect.{one['effect']}") if one["effect"] else _NONE,
            "estimate": _estimate(one),
            "p": probability(one["p"]) if pd.notna(one["p"]) else say("untested"),
            "p_adjusted": probability(one["p_adjusted"]) if pd.notna(one["p_adjusted"]) else say("untested"),
            "smallest_p": probability(one["smallest_p"]) if pd.notna(one["smallest_p"]) else _NONE,
            "detectable": f"{one['detectable']:.2f}" if pd.notna(one["detectable"]) else _NONE,
        }
        for one in shown.to_dict("records")
    ]  # fmt: skip
    frame = pd.DataFrame(rows).astype(object)
    frame = frame.rename(columns={key: say(f"column.{key}") for key in frame})
    caption = say(
        "caption.tab03", n=n_reports, by=say.column(settings["by"]),
        adjust=say(f"value.{settings['adjust']}"), draws=settings["draws"], seed=settings["seed"], rows=len(compared),
        shown=len(shown), untested=compared["p"].isna().tolist().count(True),
    )  # fmt: skip
    if compared["test"].str.endswith("limit").to_numpy(bool).any():
        caption = say.said(caption, say("caption.tab03.many", places=500))
    return Table(
        frame, "tab03_comparisons", say("title.tab03"), caption, lang, data=compared,
        parameters=dict(settings), n_reports=n_reports, seed=settings["seed"],
    )  # fmt: skip


def _estimate(one: Mapping[Any, Any]) -> str:
    if pd.isna(one["estimate"]):
        return _NONE
    if pd.isna(one["ci_low"]):
        return text(one["estimate"], 2)
    return f"{text(one['estimate'], 2)} ({text(one['ci_low'], 2)}, {text(one['ci_high'], 2)})"


def probability(p: float) -> str:
    """Print a p value: three decimals, a smaller one as below 0.001."""
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def tab04_topics(
    model: Topics, lang: str, reports: pd.DataFrame | None = None, names: Sequence[str] = (),
    n_words: int = 10,
) -> Table:  # fmt: skip
    """Print topics: name, mean share, likeliest words, and a quotation of the most typical item.

    Parameters
    ----------
    model : TopicModel
        Fitted to N items, K topics. Topics that took no word are counted in the caption, not printed.
    lang : str
        zh or en. Words and quotations stay Chinese.
    reports : DataFrame, optional
        Table `reports`: a quotation is then signed with place and year instead of report_id.
    names : sequence of str, optional
        K names that a reader gave, in the table's language; without, topics have numbers only.
    n_words : int
        Words per topic.

    Raises
    ------
    FigureError
        The language is unknown.
    """
    say = labels.load(lang)
    words, typical = model.top_words(n_words), model.typical_items(1).set_index("topic")
    called = pd.Series(dtype="str") if reports is None else say.reports(reports)
    n_items, n_topics = model.shares.shape
    rows = []
    empty = empty_topics(words)
    for topic in (one for one in range(1, n_topics + 1) if one not in empty):
        part, item = words.loc[words["topic"] == topic], typical.loc[topic]
        quoted = item["text"] if len(item["text"]) <= QUOTED else item["text"][: QUOTED - 1] + "…"
        rows.append(
            {"topic": str(topic), "name": (names[topic - 1] or _NONE) if names else None,
             "mean_share": share(model.shares[:, topic - 1].mean()), "words": say.listed(part["word"]),
             "typical": f"{quoted} ({called.get(item['report_id'], item['report_id'])}, {share(item['share'])}%)"}
        )  # fmt: skip
    frame = pd.DataFrame(rows).astype(object)
    if not names:
        frame = frame.drop(columns="name")
    frame = frame.rename(columns={key: say(f"column.{key}") for key in frame})
    n_reports = len(set(model.typical_items(n_items)["report_id"]))
    caption = say("caption.tab04", topics=n_topics, items=n_items, reports=n_reports, words=n_words, empty=len(empty))
    data = words.assign(mean_share=model.shares.mean(axis=0)[words["topic"] - 1]).merge(
        typical.reset_index(), on="topic", how="left"
    )
    return Table(
        frame, "tab04_topics", say("title.tab04"), caption, lang, data=data,
        parameters={"n_words": n_words, "model": dict(model.settings)},
        inputs={} if reports is None else hashes(reports=reports), n_reports=n_reports,
        seed=model.settings.get("seed"),
    )  # fmt: skip


def share(part: float, decimals: int = 1) -> str:
    """Print a share of 0 to 1 in percent."""
    return text(100 * float(part), decimals)


def size(value: float, unit: str = "") -> str:
    """Print a value: percentages with one decimal, others with one only when they are not whole."""
    return text(value, 0 if value == int(value) and unit != "%" else 1)


def span(low: float, high: float, unit: str = "") -> str:
    """Print two ends: once when they are the same."""
    return "–".join(dict.fromkeys((size(low, unit), size(high, unit))))


def _range(years: pd.Series) -> str | None:
    return None if years.empty else "–".join(dict.fromkeys(f"{year}" for year in (years.min(), years.max())))
