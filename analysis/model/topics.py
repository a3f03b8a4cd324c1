"""In: the items table (one row per problem or plan item). Out: a fitted topic model, and what its corpus can carry.

>>> from analysis import load, stats, topics
>>> lda = topics.fit(load.items(role="problems"), 6, seed=1)  # doctest: +SKIP
>>> lda.top_words(10)  # doctest: +SKIP

`fit`, `load`
    A model, or one saved before.
`adequacy`, `panel`, `stability`, `sensitivity`
    What the texts can carry, how many topics, which of them come back, which stay with fewer or more.
`reading`, `names`
    Words, typical items and template topics for the reader; the names that the reader gives.
`effects`
    Prevalence by group and effects of columns; `stats.effect` is the same. How well their intervals and tests do on
    simulated corpora is in `coverage`.
`typology`, `intrusion`
    Topics against hand codes; forms on which coders test them, and their score.
`recovery`, `seeds`
    What a fit finds of planted topics; words that a topic should have.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd

from analysis.model import coverage, effects, intrusion, lda, names, reading, recovery, typology
from analysis.model import seeds as seed_words
from analysis.model.choice import panel
from analysis.model.result import KEY, TopicModel, load, ordered
from analysis.model.stability import sensitivity, stability
from analysis.model.tokens import REASONS, lexicon, tokenize

seeds = seed_words  # `seeds` is also an argument of `fit`

__all__ = [
    "TopicModel",
    "adequacy",
    "coverage",
    "effects",
    "fit",
    "intrusion",
    "load",
    "names",
    "panel",
    "reading",
    "recovery",
    "seeds",
    "sensitivity",
    "stability",
    "typology",
]


def __dir__() -> list[str]:
    return __all__  # what a notebook completes after `topics.`


def fit(
    items: pd.DataFrame,
    n_topics: int,
    *,
    seed: int,
    alpha: float = 0.1,
    eta: float = 0.01,
    max_iter: int = 100,
    refine: int = 0,
    min_df: float = 2,
    max_df: float = 0.5,
    places: Iterable[object] = (),
    seeds: Mapping[str, Iterable[str]] | None = None,
    stopwords: Iterable[str] = REASONS,
) -> TopicModel:
    """Fit a latent Dirichlet allocation (Blei, Ng & Jordan 2003) that starts from an NMF of the items.

    In short texts a random start decides what is found. The start here comes from the items, and leads to a higher
    variational bound than the best of many random ones (with a handful of items: to about the same). The order of the
    rows does not matter. Above 20,000 items a pass by batches and few collapsed steps take EM's place (Foulds, Boyles,
    DuBois, Smyth & Welling 2013).

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
    refine : int
        Collapsed variational steps after EM (CVB0; Asuncion, Welling, Smyth & Teh 2009). With thousands of items some
        30 of them predict unseen items better, for more time and memory.
    min_df, max_df : int or float
        A word stays when it stands in at least and at most so many items; a float is a share of the items.
    places : iterable of str
        Place names to leave out, missing ones passed over (see `tokens.tokenize`).
    seeds : mapping, optional
        Name → words that a topic should have (`seeds.typology()` has the problem types'). Topic k is then the k-th of
        them, and topics after the last are free; they are not ordered by share. For few items: what is found is partly
        what was put in. `stability` seeds its runs too, `panel` and `sensitivity` do not.
    stopwords : iterable of str
        Reasons of data/lexicon/stopwords.csv whose words are left out.

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
        "refine": refine,
        "min_df": min_df,
        "max_df": max_df,
        "places": sorted({name for name in places if isinstance(name, str)}),
        "stopwords": sorted(set(stopwords)),
    }
    if seeds:
        settings["seeds"] = {name: list(words) for name, words in seeds.items()}
    lda.check(settings)
    items = ordered(items)
    documents, dropped = tokenize(items["text"], places=settings["places"], stopwords=settings["stopwords"])
    return _fit(items, documents, dropped, settings)


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


def _fit(
    items: pd.DataFrame, documents: list[list[str]], dropped: pd.DataFrame, settings: Mapping[str, Any]
) -> TopicModel:
    """Fit checked, sorted items whose words are known."""
    counts, vocabulary, cut = lda.count(documents, min_df=settings["min_df"], max_df=settings["max_df"])
    marked = seed_words.marks(settings["seeds"], vocabulary, settings["n_topics"]) if "seeds" in settings else None
    fitted, used = lda.refit(counts, {**settings, "min_df": 1, "max_df": 1.0}, marked)
    empty = np.setdiff1d(np.arange(len(items)), used)
    for array in (fitted.words, fitted.shares):
        array.flags.writeable = False
    given = items.filter([*KEY, "text"]).astype("str").to_numpy().tolist()
    ended = {"bound": fitted.bound, "n_iter": fitted.n_iter, "converged": fitted.converged}
    ended |= {"online": True} if fitted.online else {}
    source = {
        "versions": {name: version(name) for name in ("scikit-learn", "jieba", "rjieba", "numpy", "scipy")},
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
