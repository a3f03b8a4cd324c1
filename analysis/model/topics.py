"""In: the items table (one row per problem or plan item). Out: a fitted topic model, and what its corpus can carry."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from analysis.errors import DataError, ParameterError
from analysis.model import lda
from analysis.model.result import KEY, TopicModel, load
from analysis.model.tokens import REASONS, lexicon, tokenize

__all__ = ["TopicModel", "adequacy", "fit", "load", "stability"]
STEPS = 20  # EM steps of its runs: more do not change which words come first


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
    stopwords: Iterable[str] = REASONS,
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
        "min_df": min_df,
        "max_df": max_df,
        "places": sorted({name for name in places if isinstance(name, str)}),
        "stopwords": sorted(set(stopwords)),
    }
    _check_settings(settings)
    _check_items(items)
    items = items.sort_values(KEY, ignore_index=True)
    documents, dropped = tokenize(items["text"], **_words(settings))
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
    documents, dropped = tokenize(items["text"], **_words(model.settings))
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


def _words(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return which words `tokenize` leaves out for these settings."""
    return {name: settings[name] for name in ("places", "stopwords")}


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
