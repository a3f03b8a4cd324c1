"""In: the items table (one row per problem or plan item). Out: a fitted topic model, and what its corpus can carry."""

from __future__ import annotations

import hashlib
import html
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_array

from analysis.errors import DataError, ParameterError, closest
from analysis.model import lda
from analysis.model.tokens import lexicon, tokenize

KEY = ["report_id", "item_id"]
TOP = 10  # words of a topic that stability compares
STEPS = 20  # EM steps of its runs: more do not change which words come first


@dataclass(frozen=True, eq=False)
class TopicModel:
    """A latent Dirichlet allocation fitted to N items, K topics, V words.

    Attributes
    ----------
    words : ndarray, shape K×V
        Probability of each word in each topic; rows sum to 1. Topics are ordered by mean share, largest first.
    shares : ndarray, shape N×K
        Share of each topic in each item (posterior mean); rows sum to 1.
    vocabulary : tuple of str
        The V words, in the order of the columns of `words`.
    items : DataFrame
        The N items used, sorted by report_id and item_id, with every column they came with.
    counts : csr_array, shape N×V
        How often each word stands in each item.
    settings : dict
        What makes the fit repeatable (seed, priors, limits, places, versions, sha256 of lexicon and input), and how it
        ended: bound (nats), n_iter, converged.
    dropped_items : DataFrame
        Items with no word left, with the columns they came with and `reason`: stopwords (none was left after them) or
        limits (those left stand in fewer than min_df or more than max_df items).
    dropped_words : DataFrame
        One row per word left out: word, reason (see `tokens.tokenize`; min_df, max_df), tokens.
    """

    words: np.ndarray
    shares: np.ndarray
    vocabulary: tuple[str, ...]
    items: pd.DataFrame
    counts: csr_array
    settings: dict[str, Any]
    dropped_items: pd.DataFrame
    dropped_words: pd.DataFrame

    @property
    def n_topics(self) -> int:
        """K."""
        return len(self.words)

    @property
    def ids(self) -> pd.DataFrame:
        """One row per item used: report_id, item_id, in the order of the rows of `shares`."""
        return self.items.filter(KEY)

    @cached_property
    def tokens(self) -> np.ndarray:
        """Tokens of each item, shape N."""
        return self.counts.sum(axis=1)

    @property
    def dropped(self) -> pd.DataFrame:
        """One row per kind (items, words) and reason: kind, reason, n (how many), examples."""
        rows = [
            (kind, reason, len(part), " ".join(part[column].str[:20].head(5)))
            for kind, left_out, column in (("items", self.dropped_items, "text"), ("words", self.dropped_words, "word"))
            for reason, part in left_out.groupby("reason")
        ]
        return pd.DataFrame(rows, columns=["kind", "reason", "n", "examples"])

    def top_words(self, n: int = TOP) -> pd.DataFrame:
        """Return the `n` likeliest words of each topic: topic (from 1), rank (from 1), word, probability."""
        order = np.argsort(-self.words, axis=1, kind="stable")[:, :n]  # stable: equal words stay in code-point order
        topic, rank = np.indices(order.shape)
        return pd.DataFrame(
            {
                "topic": topic.ravel() + 1,
                "rank": rank.ravel() + 1,
                "word": np.array(self.vocabulary)[order.ravel()],
                "probability": np.take_along_axis(self.words, order, axis=1).ravel(),
            }
        ).astype({"word": "str"})

    def typical_items(self, n: int = 3) -> pd.DataFrame:
        """Return the `n` items with the largest share of each topic: topic, report_id, item_id, share, text."""
        order = np.argsort(-self.shares, axis=0, kind="stable")[:n].T
        found = self.items.filter([*KEY, "text"]).take(order.ravel()).reset_index(drop=True)
        found.insert(0, "topic", np.repeat(np.arange(1, self.n_topics + 1), order.shape[1]))
        found.insert(3, "share", np.take_along_axis(self.shares.T, order, axis=1).ravel())
        return found

    def prevalence(self, by: str) -> pd.DataFrame:
        """Return the mean share of each topic per group, every item counting once.

        Returns
        -------
        DataFrame
            One row per value of the items' column `by` (missing is a group of its own) and topic: the value, topic,
            share, n_items, n_reports. No interval: items of one report are not independent.

        Raises
        ------
        ParameterError
            The items have no such column.
        """
        if by not in self.items:
            raise ParameterError(
                f"prevalence: the items have no column '{by}'.{closest(by, self.items.columns)} "
                f"They have: {', '.join(self.items.columns)}."
            )
        topics = list(range(1, self.n_topics + 1))
        wide = pd.DataFrame(self.shares, columns=topics)
        wide["group"], wide["report"] = self.items[by].array, self.items["report_id"].array
        rows = [
            (group, topic, part[topic].mean(), len(part), part["report"].nunique())
            for group, part in wide.groupby("group", dropna=False)
            for topic in topics
        ]
        made = pd.DataFrame(rows, columns=[by, "topic", "share", "n_items", "n_reports"])
        return made.astype({by: self.items[by].dtype})

    def __str__(self) -> str:
        gone: Counter[str] = Counter()
        for reason, tokens in zip(self.dropped_words["reason"], self.dropped_words["tokens"], strict=True):
            gone[reason] += tokens
        kept, n_items = int(self.tokens.sum()), len(self.items)
        return (
            f"{self.n_topics} topics from {n_items} items of {self.items['report_id'].nunique()} reports: {kept:,} "
            f"tokens of {len(self.vocabulary):,} words. Removed {len(self.dropped_items)} of "
            f"{n_items + len(self.dropped_items)} items and {gone.total():,} of {kept + gone.total():,} tokens: "
            + ", ".join(f"{reason} {tokens:,}" for reason, tokens in gone.most_common())
            + "."
        )

    def _repr_html_(self) -> str:
        lists = self.top_words(8).groupby("topic")["word"].agg(" ".join)
        table = pd.DataFrame({"topic": lists.index, "mean_share": self.shares.mean(axis=0), "words": lists.array})
        return f"<p>{html.escape(str(self))}</p>" + table.to_html(index=False, float_format="{:.2f}".format)


def fit(
    items: pd.DataFrame,
    n_topics: int,
    *,
    seed: int,
    alpha: float = 0.1,
    eta: float = 0.01,
    max_iter: int = 100,
    min_df: float = 2,
    max_df: float = 0.5,
    places: Iterable[object] = (),
) -> TopicModel:
    """Fit a latent Dirichlet allocation (Blei, Ng & Jordan 2003) that starts from an NMF of the items.

    In short texts a random start decides what is found. The start here comes from the items, and leads to a higher
    variational bound than the best of many random ones (with a handful of items: to about the same). The order of the
    rows does not matter.

    Parameters
    ----------
    items : DataFrame
        One row per item: report_id, item_id, text, and any columns to group by later.
    n_topics : int
        K, from 2 to the number of items with words left.
    seed : int
        Of the randomised SVD behind the start, and of EM.
    alpha, eta : float
        Dirichlet priors of the topics in an item and of the words in a topic, above 0 and at most 1.
    max_iter : int
        EM steps at most; `settings["converged"]` says whether they were enough.
    min_df, max_df : int or float
        A word stays when it stands in at least and at most so many items; a float is a share of the items.
    places : iterable of str
        Place names to leave out, missing ones passed over (see `tokens.tokenize`).

    Raises
    ------
    DataError
        A column is missing, there are no items, a text is missing or an id stands twice.
    ParameterError
        A setting is out of its range, or the items are too few or too short for it.
    """
    settings = {
        "n_topics": n_topics,
        "seed": seed,
        "alpha": alpha,
        "eta": eta,
        "max_iter": max_iter,
        "min_df": min_df,
        "max_df": max_df,
        "places": sorted({name for name in places if isinstance(name, str)}),
    }
    _check_settings(settings)
    _check_items(items)
    items = items.sort_values(KEY, ignore_index=True)
    documents, dropped = tokenize(items["text"], places=settings["places"])
    return _fit(items, documents, dropped, settings)


def stability(model: TopicModel, n_runs: int = 10) -> pd.DataFrame:
    """Fit again without some of the reports and see which topics come back.

    With at most `n_runs` reports each run leaves out one, else each leaves out a random tenth of them (the model's
    seed). Reports go, not items: items of one report resemble each other. Topics are matched one to one by the cosine
    of their words (Hungarian method). The runs share most of their items, so even a corpus without topics comes back in
    part: `noise` says how much, from the same runs on items among which all words were shuffled.

    Returns
    -------
    DataFrame
        One row per run and topic of `model`: run (from 1), left_out (report ids, by `;`), topic, jaccard (of the ten
        likeliest words, 0 to 1), noise (the run's mean jaccard after shuffling), cosine (of all words, 0 to 1).

    Raises
    ------
    ParameterError
        Fewer than two reports or runs, or too little is left for as many topics.
    """
    items = pd.concat([model.items, model.dropped_items.drop(columns="reason")]).sort_values(KEY, ignore_index=True)
    reports = sorted(set(items["report_id"]))
    if len(reports) < 2 or n_runs < 2:
        raise ParameterError(
            f"stability: {len(reports)} reports and {n_runs} runs, expected 2 or more of each, for every run leaves "
            "a report out."
        )
    rng = np.random.default_rng(model.settings["seed"])
    parts = [[report] for report in reports]
    if len(reports) > n_runs:
        size = round(len(reports) / 10) or 1
        parts = [sorted(rng.choice(reports, size, replace=False).tolist()) for _ in range(n_runs)]
    documents, dropped = tokenize(items["text"], places=model.settings["places"])
    settings = {**model.settings, "max_iter": min(STEPS, model.settings["max_iter"])}
    shuffled = _shuffled(documents, rng)
    noise = _fit(items, shuffled, dropped, settings)
    found = []
    for run, part in enumerate(parts, start=1):
        kept = np.flatnonzero(~items["report_id"].isin(part))
        try:
            again, noisy = (
                _match(whole, _fit(items.take(kept), [words[row] for row in kept], dropped, settings))
                for whole, words in ((model, documents), (noise, shuffled))
            )
        except ParameterError as error:
            raise ParameterError(f"stability, without {', '.join(part)}: {error}") from error
        found.append(again.assign(run=run, left_out=";".join(part), noise=noisy["jaccard"].mean()))
    columns = ["run", "left_out", "topic", "jaccard", "noise", "cosine"]
    return pd.concat(found, ignore_index=True).reindex(columns=columns)


def adequacy(model: TopicModel) -> pd.DataFrame:
    """Say what the corpus can carry.

    Few or short texts cannot identify topics, however the model is fitted (Tang, Meng, Nguyen, Mei & Zhang 2014). The
    readings are arithmetic, not tests.

    Returns
    -------
    DataFrame
        One row per measure: measure, value, reading (a sentence).
    """
    n_items, n_topics = model.shares.shape
    n_words, n_tokens, lengths = len(model.vocabulary), int(model.tokens.sum()), model.tokens
    parameters = n_topics * (n_words - 1) + n_items * (n_topics - 1)
    reports = pd.factorize(model.items["report_id"])[0]
    by_report = np.zeros((reports.max() + 1, n_topics))  # tokens of each topic from each report
    np.add.at(by_report, reports, model.shares * lengths[:, None])
    single = int((by_report.max(axis=0) > by_report.sum(axis=0) / 2).sum())
    verdict = "more than the texts can determine" if n_tokens < parameters else "not more than there are tokens"
    rows = [
        ("items", n_items, f"{n_items / n_topics:.1f} for each of {n_topics} topics"),
        ("reports", len(by_report), f"a comparison of groups rests on {len(by_report)} reports, not {n_items} items"),
        ("tokens", n_tokens, f"of {n_words:,} different words, after all cuts"),
        ("tokens_per_item", n_tokens / n_items, f"from {lengths.min():.0f} to {lengths.max():.0f}"),
        ("tokens_per_parameter", n_tokens / parameters, f"{parameters:,} free parameters, {verdict}"),
        ("one_report_topics", single, f"of {n_topics} topics take most of their tokens from one report"),
    ]
    return pd.DataFrame(rows, columns=["measure", "value", "reading"]).astype({"value": "float64"})


def _check_settings(settings: Mapping[str, Any]) -> None:
    """Raise ParameterError with every setting that is out of its range."""
    faults = [
        f"fit: {name} is {settings[name]!r}, expected a whole number of {least} or more."
        for name, least in (("n_topics", 2), ("seed", 0), ("max_iter", 1))
        if not isinstance(settings[name], int | np.integer) or settings[name] < least
    ]
    for name in ("alpha", "eta"):
        if not 0 < settings[name] <= 1:
            faults.append(f"fit: {name} is {settings[name]!r}, expected a number above 0 and at most 1.")
    for name in ("min_df", "max_df"):
        limit = settings[name]
        if limit <= 0 or (limit > 1 and not isinstance(limit, int | np.integer)):
            faults.append(f"fit: {name} is {limit!r}, expected a number of items (1, 2 …) or a share (0.5, up to 1.0).")
    if faults:
        raise ParameterError(faults)


def _check_items(items: pd.DataFrame) -> None:
    missing = [name for name in (*KEY, "text") if name not in items]
    if missing:
        raise DataError(f"fit: the items have no column {', '.join(missing)}. They have: {', '.join(items.columns)}.")
    if items.empty:
        raise DataError("fit: there are no items. Look at the role and the reports that were selected.")
    names = items["report_id"].astype("str") + " item " + items["item_id"].astype("str")
    faults = [f"fit: {name} stands twice. Keep one row." for name in names[items.duplicated(KEY)]]
    faults += [f"fit: {name} has no text. Leave the row out." for name in names[items["text"].isna()]]
    if faults:
        raise DataError(faults)


def _fit(
    items: pd.DataFrame, documents: list[list[str]], dropped: pd.DataFrame, settings: Mapping[str, Any]
) -> TopicModel:
    """Fit checked, sorted items whose words are known."""
    counts, vocabulary, cut = lda.count(documents, min_df=settings["min_df"], max_df=settings["max_df"])
    filled = counts.sum(axis=1) > 0
    if settings["n_topics"] > min(filled.sum(), len(vocabulary)):
        raise ParameterError(
            f"fit: n_topics is {settings['n_topics']}, but {filled.sum()} of {len(items)} items have words left, "
            f"{len(vocabulary)} different ones. Choose fewer topics, add reports, or widen min_df and max_df."
        )
    used, empty = np.flatnonzero(filled), np.flatnonzero(~filled)
    options = {name: settings[name] for name in ("n_topics", "seed", "alpha", "eta", "max_iter")}
    fitted = lda.fit(counts[used], **options)
    for array in (fitted.words, fitted.shares):
        array.flags.writeable = False
    given = items.filter([*KEY, "text"]).astype("str").to_numpy().tolist()
    ended = {"bound": fitted.bound, "n_iter": fitted.n_iter, "converged": fitted.converged}
    source = {
        "versions": {name: version(name) for name in ("scikit-learn", "jieba", "numpy")},
        "sha256_lexicon": lexicon().sha256,
        "sha256_input": hashlib.sha256(json.dumps(given, ensure_ascii=False).encode()).hexdigest(),
    }
    return TopicModel(
        words=fitted.words,
        shares=fitted.shares,
        vocabulary=tuple(vocabulary),
        items=items.take(used).reset_index(drop=True),
        counts=counts[used],
        settings={**settings, **ended, **source},
        dropped_items=items.take(empty)
        .assign(reason=["limits" if documents[row] else "stopwords" for row in empty])
        .reset_index(drop=True),
        dropped_words=pd.concat([dropped, cut]).sort_values(
            ["tokens", "word"], ascending=[False, True], ignore_index=True
        ),
    )


def _shuffled(documents: list[list[str]], rng: np.random.Generator) -> list[list[str]]:
    """Return documents of the same lengths, with all words dealt out anew."""
    words = iter(rng.permutation([word for document in documents for word in document]).tolist())
    return [[next(words) for _ in document] for document in documents]


def _match(model: TopicModel, other: TopicModel) -> pd.DataFrame:
    """Return one row per topic of `model`: topic, and jaccard and cosine with its partner in `other`."""
    union = sorted({*model.vocabulary, *other.vocabulary})
    one, two = (
        pd.DataFrame(each.words, columns=list(each.vocabulary)).reindex(columns=union, fill_value=0.0).to_numpy()
        for each in (model, other)
    )
    cosine = (one / np.linalg.norm(one, axis=1, keepdims=True)) @ (two / np.linalg.norm(two, axis=1, keepdims=True)).T
    topics, partners = linear_sum_assignment(-cosine)
    left, right = (each.top_words().groupby("topic")["word"].agg(set).tolist() for each in (model, other))
    pairs = [(left[topic], right[partner]) for topic, partner in zip(topics, partners, strict=True)]
    jaccard = [len(mine & theirs) / len(mine | theirs) for mine, theirs in pairs]
    return pd.DataFrame({"topic": topics + 1, "jaccard": jaccard, "cosine": cosine[topics, partners]})
