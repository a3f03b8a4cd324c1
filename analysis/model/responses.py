"""In: problem and plan items, and pairs judged by hand. Out: which plan item answers which problem, and how surely."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer

from analysis import intervals, paths, tables
from analysis.codebook import read_csv
from analysis.errors import DataError, ParameterError
from analysis.model.samples import need
from analysis.model.tokens import tokenize
from analysis.model.topics import TopicModel

KINDS = ("explicit", "partial", "none")
PAIR = ["report_id", "problem", "plan"]
WEIGHTS = {"lexical": 0.8, "type": 0.2, "topic": 0.2}  # of the score's parts; those that a pair lacks drop out
SHARED = 8  # parts of words that a pair shows
ROWS = 40  # of the table that a notebook shows
_COLUMNS = [*PAIR, "kind", "score", "lexical", "type", "topic", "shared"]


@dataclass(frozen=True, eq=False)
class Responses:
    """Every problem with every plan item of its report.

    Attributes
    ----------
    pairs : DataFrame
        One row per problem × plan item of one report: report_id, problem, plan (item ids), kind (explicit, partial,
        none), score, lexical, type, topic (0 to 1; missing when it cannot be computed), shared (the words or parts of
        words that both have, weightiest first, by spaces).
    items : DataFrame
        The items, as given.
    thresholds : mapping
        Lowest score that counts as partial, and as explicit.
    """

    pairs: pd.DataFrame
    items: pd.DataFrame
    thresholds: Mapping[str, float]

    @cached_property
    def problems(self) -> pd.DataFrame:
        """One row per problem: report_id, problem, problem_type, heading, kind of its best answer, plan, score, shared.

        `plan` is the plan item with the highest score, missing where `kind` is none.
        """
        best = self.pairs.sort_values("score", ascending=False, kind="stable").drop_duplicates(["report_id", "problem"])
        best = best.loc[best["kind"] != "none", [*PAIR, "kind", "score", "shared"]]
        asked = self.items.loc[self.items["role"] == "problems"].rename(columns={"item_id": "problem"})
        asked = asked.reindex(columns=["report_id", "problem", "problem_type", "heading", "text"])
        asked["heading"] = asked["heading"].fillna(asked["text"].str.slice(0, 30))
        made = asked.drop(columns="text").merge(best, on=["report_id", "problem"], how="left")
        made = made.assign(kind=made["kind"].fillna("none"), plan=made["plan"].astype("Int64"))
        return made.sort_values(["report_id", "problem"], ignore_index=True)

    def answered(self, by: str = "report_id") -> pd.DataFrame:
        """Return the share of problems that a plan item answers, with exact 95 % intervals (Clopper & Pearson 1934).

        The intervals take problems as independent; over several reports they are too narrow.

        Parameters
        ----------
        by : str
            report_id, problem_type (a problem of several types counts in each), or any other column of the items.

        Returns
        -------
        DataFrame
            One row per group, the last one, "all", over every problem once: the group, n_problems, explicit, partial,
            none (counts of problems by their best answer), share, ci_low, ci_high (explicit or partial, 0 to 1).

        Raises
        ------
        ParameterError
            The items have no such column, or there are no problems.
        """
        made = self.problems
        if by not in made:
            need(self.items, [by])
            known = self.items.filter(["report_id", "item_id", by]).rename(columns={"item_id": "problem"})
            made = made.merge(known, on=["report_id", "problem"], how="left")
        if made.empty:
            raise ParameterError("answered: there are no problem items. Look at the role of the items handed in.")
        split = made.assign(**{by: made[by].astype("str").str.split(";")}).explode(by)
        parts = [*split.groupby(by, dropna=False), ("all", made)]
        rows = []
        for group, part in parts:
            kinds = [int((part["kind"] == kind).sum()) for kind in KINDS]
            rows.append((group, len(part), *kinds, *_share(len(part) - kinds[2], len(part))))
        return pd.DataFrame(rows, columns=[by, "n_problems", *KINDS, "share", "ci_low", "ci_high"])

    def unanswered(self) -> pd.DataFrame:
        """Return the problems that no plan item answers: report_id, problem, problem_type, heading."""
        found = self.problems.loc[self.problems["kind"] == "none"]
        return found[["report_id", "problem", "problem_type", "heading"]].reset_index(drop=True)

    def table(self) -> pd.DataFrame:
        """Return the answering pairs with their headings: report_id, problem, problem_heading, plan, plan_heading …"""
        heads = self.items.filter(["report_id", "item_id", "heading"])
        made = self.pairs.loc[self.pairs["kind"] != "none"]
        for name in ("problem", "plan"):
            named = heads.rename(columns={"item_id": name, "heading": f"{name}_heading"})
            made = made.merge(named, on=["report_id", name], how="left")
        first = ["report_id", "problem", "problem_heading", "plan", "plan_heading", "kind", "score", "shared"]
        return made[first].sort_values(
            ["report_id", "problem", "score"], ascending=[True, True, False], ignore_index=True
        )

    def __str__(self) -> str:
        kinds = self.problems["kind"].value_counts()
        said = ", ".join(f"{kind} {kinds.get(kind, 0)}" for kind in KINDS)
        limits = ", ".join(f"{kind} from {limit:.3f}" for kind, limit in self.thresholds.items())
        return (
            f"{len(self.problems)} problems of {self.items['report_id'].nunique()} reports, {len(self.pairs)} pairs "
            f"with plan items. Best answer: {said}. Thresholds: {limits}."
        )

    def _repr_html_(self) -> str:
        table = self.table()
        shown = table.head(ROWS).to_html(index=False, float_format="{:.2f}".format)
        more = f"<p>{len(table) - ROWS} more in .table()</p>" if len(table) > ROWS else ""
        return f"<p>{html.escape(str(self))}</p>{shown}{more}"


def match(
    items: pd.DataFrame,
    topics: TopicModel | None = None,
    *,
    gold: pd.DataFrame | None = None,
    thresholds: Mapping[str, float] | None = None,
) -> Responses:
    """Say which plan items answer which problem item of the same report.

    The score of a pair is the weighted mean (`WEIGHTS`) of

    - lexical: the tf-idf cosine of the neighbouring character pairs within content words (执法人员 shares 执法 with
      执法行为), the heading counted twice;
    - type: the cosine of the problem's coded types with how often the plan item has the words of each type;
    - topic: the cosine of both items' topic shares, when a model is given.

    It finds a plan item that speaks of the same thing, not whether the measure would help. Thresholds are set so that
    F1 on the pairs judged by hand is highest, with the same words and parts; `score` says how well they hold.

    Parameters
    ----------
    items : DataFrame
        Table `items`: report_id, item_id, role, heading, text, problem_type; both roles.
    topics : TopicModel, optional
        Fitted to items of both roles.
    gold : DataFrame, optional
        Judged pairs: report_id, problem, plan, kind; default data/gold/responses.csv. Their items are taken from
        `items`, else from data/tables; they set weights and thresholds and are not in the result unless given.
    thresholds : mapping, optional
        partial and explicit, instead of setting them on gold.

    Raises
    ------
    DataError
        A column is missing or an item stands twice; gold names an item that is not there.
    ParameterError
        The thresholds are not partial ≤ explicit; the topic model does not cover both roles or the judged pairs.
    """
    _check(items)
    if thresholds is not None:
        if set(thresholds) != {"partial", "explicit"} or not 0 <= thresholds["partial"] <= thresholds["explicit"] <= 1:
            raise ParameterError(f"match: thresholds are {dict(thresholds)}, expected 0 ≤ partial ≤ explicit ≤ 1.")
        scored = _pairs(items, topics)
    else:
        gold, whole = _with_gold(items, gold)
        scored = _pairs(whole, topics)
        thresholds = _thresholds(_judged(scored, gold, topics))
        scored = scored.loc[scored["report_id"].isin(items["report_id"])].reset_index(drop=True)
    made = scored.assign(kind=_kinds(scored["score"].to_numpy(), thresholds)).filter(_COLUMNS)
    return Responses(made, items, dict(thresholds))


def score(
    gold: pd.DataFrame | None = None, items: pd.DataFrame | None = None, topics: TopicModel | None = None
) -> pd.DataFrame:
    """Compare the matcher with pairs judged by hand, each report with thresholds set on the other reports.

    Held out are the thresholds only: the parts of the score and their weights were chosen with the five reports in
    view, so expect somewhat less on others. Intervals are exact (Clopper & Pearson 1934) and take pairs as independent;
    that of F1 follows from the interval of hits / (hits + misses + false hits), of which F1 is a monotone function.

    Parameters
    ----------
    gold, items, topics : optional
        As in `match`; default: the pairs and the items of the five reports.

    Returns
    -------
    DataFrame
        One row per measure: measure (pair_answered: explicit or partial against none; pair_explicit; problem_answered:
        whether any plan item answers), units, gold, found, hits (counts), precision, recall, f1, each with _low and
        _high (0 to 1; missing where nothing was found).

    Raises
    ------
    DataError
        Fewer than two reports are judged, or gold names an item that is not there.
    """
    gold, whole = _with_gold(items, gold)
    judged = _judged(_pairs(whole, topics), gold, topics)
    if len(set(judged["report_id"])) < 2:
        raise DataError(
            "score: expected judged pairs of two reports or more, for each is scored with the others' help."
        )
    judged["found"] = ""
    for report_id in judged["report_id"].unique():
        own = judged["report_id"] == report_id
        judged.loc[own, "found"] = _kinds(judged.loc[own, "score"].to_numpy(), _thresholds(judged.loc[~own]))
    by_problem = judged.groupby(["report_id", "problem"])[["kind", "found"]].agg(lambda kinds: (kinds != "none").any())
    measures = {
        "pair_answered": (judged["kind"] != "none", judged["found"] != "none"),
        "pair_explicit": (judged["kind"] == "explicit", judged["found"] == "explicit"),
        "problem_answered": (by_problem["kind"].astype(bool), by_problem["found"].astype(bool)),
    }
    rows = []
    for name, (true, found) in measures.items():
        hits, n_true, n_found = int((true & found).sum()), int(true.sum()), int(found.sum())
        agree = np.array(_share(hits, n_true + n_found - hits))
        f1 = 2 * agree / (1 + agree)
        rows.append((name, len(true), n_true, n_found, hits, *_share(hits, n_found), *_share(hits, n_true), *f1))
    ends = [f"{name}{end}" for name in ("precision", "recall", "f1") for end in ("", "_low", "_high")]
    return pd.DataFrame(rows, columns=["measure", "units", "gold", "found", "hits", *ends])


def _check(items: pd.DataFrame) -> None:
    lost = [name for name in ("report_id", "item_id", "role", "heading", "text", "problem_type") if name not in items]
    if lost:
        raise DataError(f"match: the items have no column {', '.join(lost)}. Take them from load.items().")
    rows = list(zip(items["report_id"], items["item_id"], items["text"], strict=True))
    times = Counter((report_id, item_id) for report_id, item_id, _ in rows)
    faults = [f"match: {one} item {two} stands twice. Keep one." for (one, two), n in times.items() if n > 1]
    faults += [f"match: {one} item {two} has no text." for one, two, text in rows if pd.isna(text)]
    if faults:
        raise DataError(faults)


def _with_gold(items: pd.DataFrame | None, gold: pd.DataFrame | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return gold, and the items with those of judged reports that they lack."""
    if gold is None:
        rows = read_csv(paths.GOLD / "responses.csv", (*PAIR, "kind"))
        gold = pd.DataFrame(rows).astype({"problem": "int64", "plan": "int64"})
    wrong = sorted(set(gold["kind"]) - set(KINDS))
    if wrong:
        raise DataError(f"gold of responses: kind {', '.join(wrong)}, expected one of {', '.join(KINDS)}.")
    known = [] if items is None else [items]
    lost = set(gold["report_id"]) - set([] if items is None else items["report_id"])
    if lost:
        own = tables.read("items", paths.TABLES)
        known.append(own.loc[own["report_id"].isin(sorted(lost))])
    return gold, pd.concat(known, ignore_index=True)


def _judged(scored: pd.DataFrame, gold: pd.DataFrame, topics: TopicModel | None) -> pd.DataFrame:
    """Judged pairs with their score and the kind of gold."""
    made = scored.merge(gold[[*PAIR, "kind"]], on=PAIR)
    if len(made) < len(gold):
        found = set(zip(made["report_id"], made["problem"], made["plan"], strict=True))
        pairs = zip(gold["report_id"], gold["problem"], gold["plan"], strict=True)
        raise DataError(
            f"gold of responses: {report_id} problem {problem}, plan {plan}: no such items. Rebuild data/tables or "
            "mend the row."
            for report_id, problem, plan in pairs
            if (report_id, problem, plan) not in found
        )
    if topics is not None and not made["topic"].notna().to_numpy().any():
        raise ParameterError(
            "match: the topic model covers none of the judged pairs, so no threshold can be set with it. Fit it to "
            "problems and plans of reports that are judged too, hand in gold of your own, or hand in thresholds."
        )
    return made


def _pairs(items: pd.DataFrame, topics: TopicModel | None) -> pd.DataFrame:
    """Every problem × plan pair of one report with the parts of its score and the score."""
    items = items.sort_values(["report_id", "item_id"], ignore_index=True)
    asked = items.loc[items["role"] == "problems", ["report_id", "item_id"]].reset_index(names="left")
    plans = items.loc[items["role"] == "plan", ["report_id", "item_id"]].reset_index(names="right")
    made = asked.rename(columns={"item_id": "problem"}).merge(plans.rename(columns={"item_id": "plan"}), on="report_id")
    left, right = made["left"].to_numpy(), made["right"].to_numpy()
    heads = items["heading"].fillna("").tolist()
    words, _ = tokenize([f"{text}\n{head}" for text, head in zip(items["text"], heads, strict=True)])
    pieces = [[word[at : at + 2] for word in each for at in range(max(1, len(word) - 1))] for each in words]
    made["lexical"] = made["type"] = made["topic"] = np.nan
    made["shared"] = ""
    if len(made) and any(pieces):
        vectorizer = TfidfVectorizer(analyzer=list)  # pyright: ignore[reportArgumentType]  # the stub knows names only
        weights = vectorizer.fit_transform(pieces).tocsr()
        made["lexical"] = np.asarray(weights[left].multiply(weights[right]).sum(axis=1)).ravel()
        idf = dict(zip(vectorizer.get_feature_names_out(), vectorizer.idf_, strict=True))
        pools = [set(each) for each in pieces]
        made["shared"] = [_shared(words[one], pools[two], idf) for one, two in zip(left, right, strict=True)]
    coded, said = _types(items)
    made["type"] = _cosine(coded[left], said[right])
    made["type"] = made["type"].where(coded.sum(axis=1)[left] > 0)
    if topics is not None:
        rows = {key: row for row, key in enumerate(topics.ids.itertuples(index=False, name=None))}
        keys = zip(items["report_id"], items["item_id"], strict=True)
        at = np.array([rows.get(key, -1) for key in keys], dtype=int)
        both = (at[left] >= 0) & (at[right] >= 0)
        if len(made) and not both.any():
            raise ParameterError(
                "match: the topic model has no report with both problems and plans. Fit it to items of both roles."
            )
        made["topic"] = np.where(both, _cosine(topics.shares[at[left]], topics.shares[at[right]]), np.nan)
    parts = made[list(WEIGHTS)].to_numpy(dtype=float)
    weight = np.where(np.isnan(parts), 0.0, np.array(list(WEIGHTS.values())))
    total = weight.sum(axis=1)
    made["score"] = np.divide(np.nansum(parts * weight, axis=1), total, out=np.zeros(len(made)), where=total > 0)
    return made.drop(columns=["left", "right"])


def _types(items: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Items × types: which types are coded, and how often each type's words are said, the heading counted twice."""
    rows = read_csv(paths.CODEBOOK / "problem_types.csv", ("problem_type", "words"))
    types = {row["problem_type"]: row["words"].split() for row in rows if row["words"]}
    coded = [str(kinds).split(";") if isinstance(kinds, str) else [] for kinds in items["problem_type"]]
    texts = (items["text"] + "\n" + items["heading"].fillna("")).tolist()
    said = [[sum(text.count(word) for word in words) for words in types.values()] for text in texts]
    shape = (len(items), len(types))
    return (
        np.array([[kind in kinds for kind in types] for kinds in coded], dtype=float).reshape(shape),
        np.array(said, dtype=float).reshape(shape),
    )


def _cosine(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """Cosine of each row of `one` with the same row of `two`; 0 where a row is all zero."""
    length = np.linalg.norm(one, axis=1) * np.linalg.norm(two, axis=1)
    return np.divide((one * two).sum(axis=1), length, out=np.zeros(len(length)), where=length > 0)


def _shared(words: Sequence[str], pool: set[str], idf: Mapping[str, float]) -> str:
    """Longest parts of `words` whose character pairs are all in `pool`, weightiest first."""
    found: dict[str, float] = {}
    for word in words:
        run, weight = "", 0.0
        for at in range(max(1, len(word) - 1)):
            piece = word[at : at + 2]
            if piece in pool:
                run, weight = (run + piece[1:], weight + idf[piece]) if run else (piece, idf[piece])
            if run and (piece not in pool or at >= len(word) - 2):
                found[run] = weight
                run, weight = "", 0.0
    whole = [part for part in found if not any(part != other and part in other for other in found)]
    return " ".join(sorted(whole, key=lambda part: (-found[part], part))[:SHARED])


def _kinds(scores: np.ndarray, thresholds: Mapping[str, float]) -> np.ndarray:
    high, low = scores >= thresholds["explicit"], scores >= thresholds["partial"]
    return np.select([high, low], ["explicit", "partial"], "none").astype(object)


def _thresholds(judged: pd.DataFrame) -> dict[str, float]:
    """Scores above which F1 is highest: half way between two pairs; of equal ones the highest, which finds less."""
    partial = _best(judged["score"].to_numpy(), (judged["kind"] != "none").to_numpy())
    explicit = _best(judged["score"].to_numpy(), (judged["kind"] == "explicit").to_numpy())
    return {"partial": partial, "explicit": max(partial, explicit)}


def _best(scores: np.ndarray, true: np.ndarray) -> float:
    levels = np.unique(scores)
    cuts = np.append((levels[1:] + levels[:-1]) / 2, 1.0)
    hits = (true & (scores >= cuts[:, None])).sum(axis=1)
    f1 = 2 * hits / (true.sum() + (scores >= cuts[:, None]).sum(axis=1)).clip(min=1)
    return float(cuts[np.flatnonzero(f1 == f1.max())[-1]])


def _share(hits: int, n: int) -> tuple[float, float, float]:
    """Share and both ends of its exact 95 % interval; missing when there is nothing to share."""
    return hits / n if n else float("nan"), *intervals.exact(hits, n)
