"""In: a fitted topic model. Out: words two ways, whole items, doubtful topics, their correlation."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.model import quality
from analysis.model.clustered import sums
from analysis.model.result import TopicModel

# A template topic: all three must hold. See `template`.
NEAR, SPREAD, SHARED = 0.45, 0.85, 0.5


def words(model: TopicModel, n: int = 10, weight: float = 0.5) -> pd.DataFrame:
    """Return the words of each topic by probability and by FREX, side by side.

    The likeliest words say how a topic reads; the words of the largest FREX (Bischof & Airoldi 2012: the harmonic mean
    of a word's ranks by frequency and by exclusivity) say what sets it apart.

    Parameters
    ----------
    n : int
        Words per topic.
    weight : float
        Of frequency in FREX, 0 (exclusive words) to 1 (likely ones).

    Returns
    -------
    DataFrame
        One row per topic × rank: topic (from 1), rank (from 1), word, probability, frex_word, frex.
    """
    likely = model.top_words(n)
    apart = top_frex(model, n, weight)
    return likely.merge(apart.rename(columns={"word": "frex_word"}), on=["topic", "rank"])


def top_frex(model: TopicModel, n: int = 10, weight: float = 0.5) -> pd.DataFrame:
    """Return the `n` words of the largest FREX of each topic: topic, rank, word, frex."""
    scores = quality.frex(model.words, weight)
    order = quality.top(scores, n)
    topic, rank = np.indices(order.shape)
    made = {
        "topic": topic.ravel() + 1,
        "rank": rank.ravel() + 1,
        "word": np.array(model.vocabulary)[order.ravel()],
        "frex": np.take_along_axis(scores, order, axis=1).ravel(),
    }
    return pd.DataFrame(made).astype({"word": "str"})


def typical(model: TopicModel, reports: pd.DataFrame, n: int = 3) -> pd.DataFrame:
    """Return the `n` items with the largest share of each topic, whole, with the report they stand in.

    Returns
    -------
    DataFrame
        One row per topic × item, largest share first: topic, share, place, report_year, report_id, item_id, text.
    """
    about = reports[["report_id", "place", "report_year"]]
    named = model.typical_items(n).merge(about, on="report_id", how="left", validate="many_to_one")
    return named.reindex(columns=["topic", "share", "place", "report_year", "report_id", "item_id", "text"])


def template(
    model: TopicModel, n: int = 10, near: float = NEAR, spread: float = SPREAD, shared: float = SHARED
) -> pd.DataFrame:
    """Flag topics that hold what every report says: set phrases, not a problem of its own.

    After the two distances of AlSumait et al. (2009) from topics that mean nothing: words as frequent as in the whole
    corpus, and items from everywhere. A topic is flagged when it is close to both, and its words are other topics' too.

    Parameters
    ----------
    n : int
        Words that exclusivity looks at.
    near, spread, shared : float
        Flagged is a distance below `near`, an evenness above `spread` and an exclusivity below `shared`. The defaults
        are conventions: look at the topics next to them too.

    Returns
    -------
    DataFrame
        One row per topic: topic, distance (Jensen–Shannon, of its words from the corpus' words; 0 the same, 1 none in
        common), evenness (entropy of its tokens over reports, as a share of that of all tokens; 1: as all tokens),
        exclusivity (of its likeliest words; 0: as likely in every topic, 1: in no other), template (yes or no).
    """
    corpus = np.asarray(model.counts.sum(axis=0), dtype=float)
    corpus = corpus / corpus.sum()
    middle = (model.words + corpus) / 2
    distance = np.sqrt((_divergence(model.words, middle) + _divergence(corpus[None], middle)) / 2)
    reports = pd.factorize(model.items["report_id"])[0]
    tokens = np.zeros((reports.max() + 1, model.n_topics))
    np.add.at(tokens, reports, model.shares * model.tokens[:, None])
    most = _entropy(tokens.sum(axis=1, keepdims=True))[0]
    evenness = _entropy(tokens) / most if most > 0 else np.ones(model.n_topics)
    parts = np.take_along_axis(model.words / model.words.sum(axis=0), quality.top(model.words, n), axis=1).mean(axis=1)
    own = (parts - 1 / model.n_topics) / (1 - 1 / model.n_topics)
    made = pd.DataFrame({"topic": range(1, model.n_topics + 1), "distance": distance, "evenness": evenness})
    return made.assign(exclusivity=own, template=(distance < near) & (evenness > spread) & (own < shared))


def correlation(model: TopicModel, cutoff: float = 0.01, n_samples: int = 500, seed: int | None = None) -> pd.DataFrame:
    """Return which topics stand in the same items: correlations of their shares, as `topicCorr` of R's stm has them.

    Shares add up to 1, so topics that have nothing to do with each other correlate at -1/(K-1), not at 0; with two
    topics the correlation is -1 whatever they are. Intervals come from drawing whole reports anew.

    Parameters
    ----------
    cutoff : float
        Topics are linked when the correlation is above it (stm's default) and so is its interval.
    n_samples : int
        Draws of the reports.
    seed : int, optional
        Of the draws; by default the model's.

    Returns
    -------
    DataFrame
        One row per pair: topic, other, correlation, ci_low, ci_high (95 %; missing below 5 reports), expected
        (-1/(K-1)), linked (missing without an interval).
    """
    reports = pd.factorize(model.items["report_id"], sort=True)[0]
    n_reports, rng = int(reports.max()) + 1, np.random.default_rng(model.settings["seed"] if seed is None else seed)
    one, other = np.triu_indices(model.n_topics, 1)
    found = _correlate(model.shares)[one, other]
    low, high = np.full((2, len(one)), np.nan)
    if n_reports >= 5:
        centred, (left, right) = model.shares - model.shares.mean(axis=0), np.triu_indices(model.n_topics)
        products = centred[:, left] * centred[:, right]  # a draw needs no more than their sums over each report
        held = sums(np.column_stack([np.ones(len(centred)), centred, products]), reports)
        drawn = []
        for _ in range(n_samples):
            times = np.bincount(rng.integers(n_reports, size=n_reports), minlength=n_reports).astype(float)
            total = times @ held
            means, spread = total[1 : 1 + model.n_topics] / total[0], np.empty((model.n_topics, model.n_topics))
            spread[left, right] = spread[right, left] = total[1 + model.n_topics :] / total[0]
            spread -= np.outer(means, means)
            size = np.sqrt(np.maximum(np.diag(spread), np.finfo(float).tiny))
            drawn.append((spread / np.outer(size, size))[one, other])
        low, high = np.quantile(drawn, (0.025, 0.975), axis=0)
    made = pd.DataFrame({"topic": one + 1, "other": other + 1, "correlation": found, "ci_low": low, "ci_high": high})
    linked = pd.Series((found > cutoff) & (low > cutoff)).astype("boolean").mask(np.isnan(low))
    return made.assign(expected=-1 / (model.n_topics - 1), linked=linked)


def _divergence(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Kullback–Leibler divergence in bits, row by row."""
    logs = np.log2(np.where(one > 0, one, 1) / np.where(other > 0, other, 1))
    return np.where(one > 0, one * logs, 0).sum(axis=1)


def _entropy(counts: np.ndarray) -> np.ndarray:
    parts = counts / np.maximum(counts.sum(axis=0), np.finfo(float).tiny)
    return -(parts * np.log(np.where(parts > 0, parts, 1))).sum(axis=0)


def _correlate(shares: np.ndarray) -> np.ndarray:
    centred = shares - shares.mean(axis=0)
    length = np.maximum(np.linalg.norm(centred, axis=0), np.finfo(float).tiny)
    return (centred.T @ centred) / np.outer(length, length)
