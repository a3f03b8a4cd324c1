"""In: the words of each item. Out: counts, and a latent Dirichlet allocation of them that starts from an NMF."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_array
from scipy.special import gammaln, psi
from sklearn.decomposition import NMF
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfTransformer
from threadpoolctl import threadpool_limits

from analysis.errors import ParameterError
from analysis.model import collapsed

TOLERANCE, ROUGH = 1e-4, 5e-2  # steps end when one moves no more than this share of all tokens; of many items
FIRST, INNER = 10, 1  # updates of the items in the first EM step, and in each later one (more do not raise the bound)
BLOCK = 128  # items updated together
MANY = 20_000  # items above which the topics are fitted by batches
SEEDED = 0.1  # prior tokens of a seed word, for each time it stands in the corpus


class Fit(NamedTuple):
    """A fitted allocation.

    Attributes
    ----------
    words : ndarray, shape K×V
        Probability of each word in each topic; rows sum to 1. The topic with the largest mean share comes first.
    shares : ndarray, shape N×K
        Share of each topic in each item (posterior mean); rows sum to 1.
    bound : float
        Variational bound on the log likelihood, in nats.
    n_iter : int
        EM steps taken.
    converged : bool
        Whether the last step moved no more than `TOLERANCE` (of many items: `ROUGH`).
    started : ndarray, shape K×V
        Tokens of each word in each topic as the NMF handed them out, in its order of topics.
    weights : ndarray, shape K
        Tokens of each topic, prior included: `words` times this are the Dirichlet parameters of the words.
    online : bool
        Whether the items were many and taken by batches first.
    """

    words: np.ndarray
    shares: np.ndarray
    bound: float
    n_iter: int
    converged: bool
    started: np.ndarray
    weights: np.ndarray
    online: bool = False


def count(documents: list[list[str]], *, min_df: float, max_df: float) -> tuple[csr_array, list[str], pd.DataFrame]:
    """Count the words that stand in at least `min_df` and at most `max_df` items (a float is a share of the items).

    Returns
    -------
    counts : csr_array, shape N×V
    vocabulary : list of str
        The V words, sorted.
    cut : DataFrame
        One row per word left out: word, reason (min_df, max_df), tokens.
    """
    words = np.array(sorted(set().union(*documents)), dtype=object)
    column = {word: index for index, word in enumerate(words)}
    rows = np.repeat(np.arange(len(documents)), [len(document) for document in documents])
    columns = np.array([column[word] for document in documents for word in document], dtype=np.intp)
    counts = csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(documents), len(words)))
    counts.sum_duplicates()
    reason, tokens = limits(counts, min_df=min_df, max_df=max_df), counts.sum(axis=0).astype("int64")
    stays = reason == ""
    cut = pd.DataFrame({"word": words[~stays], "reason": reason[~stays], "tokens": tokens[~stays]})
    return counts[:, stays], words[stays].tolist(), cut.astype({"word": "str", "reason": "str"})


def limits(counts: csr_array, *, min_df: float, max_df: float) -> np.ndarray:
    """Return why each word is left out, shape V: min_df, max_df, or "" when it stays."""
    n_items, n_words = counts.shape  # pyright: ignore[reportGeneralTypeIssues]  # scipy does not say how many axes
    in_items = np.bincount(counts.indices, minlength=n_words)
    low, high = (limit if isinstance(limit, int | np.integer) else limit * n_items for limit in (min_df, max_df))
    return np.select([in_items < low, in_items > high], ["min_df", "max_df"], "")


def check(settings: Mapping[str, Any]) -> None:
    """Raise ParameterError with every setting of a fit that is out of its range."""
    faults = [
        f"fit: {name} is {settings[name]!r}, expected a whole number of {least} or more."
        for name, least in (("n_topics", 2), ("seed", 0), ("max_iter", 1), ("refine", 0))
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


def refit(counts: csr_array, settings: Mapping[str, Any], marked: np.ndarray | None = None) -> tuple[Fit, np.ndarray]:
    """Fit what the limits leave of `counts`: words of too few or too many items go, then items without a word.

    Parameters
    ----------
    counts : csr_array, shape N×V
    settings : mapping
        n_topics, seed, alpha, eta, max_iter, min_df, max_df.
    marked : ndarray, shape K×V, optional
        1 for the seed words of a topic (see `seeds.marks`).

    Returns
    -------
    fit : Fit
        Its words are those of all V columns, 0 for the words left out.
    used : ndarray
        The rows that were fitted.

    Raises
    ------
    ParameterError
        Fewer items or words are left than topics are asked for.
    """
    stays = np.flatnonzero(limits(counts, min_df=settings["min_df"], max_df=settings["max_df"]) == "")
    part = counts[:, stays]
    filled = np.flatnonzero(np.diff(part.indptr))
    n_items, n_words = counts.shape  # pyright: ignore[reportGeneralTypeIssues]
    if settings["n_topics"] > min(len(filled), len(stays)):
        raise ParameterError(
            f"fit: n_topics is {settings['n_topics']}, but {len(filled)} of {n_items} items have words left, "
            f"{len(stays)} different ones. Choose fewer topics, add reports, or widen min_df and max_df."
        )
    names = ("n_topics", "seed", "alpha", "eta", "max_iter")
    options = {name: settings[name] for name in names} | {"refine": settings.get("refine", 0)}
    if marked is not None:
        options["eta"], options["begin"] = seeded(part[filled], marked[:, stays], **options)
    made = fit(part[filled], **options)
    words, started = np.zeros((2, settings["n_topics"], n_words))
    words[:, stays], started[:, stays] = made.words, made.started
    return made._replace(words=words, started=started), filled


def fit(
    counts: csr_array,
    *,
    n_topics: int,
    seed: int,
    alpha: float,
    eta: float | np.ndarray,
    max_iter: int,
    refine: int = 0,
    begin: np.ndarray | None = None,
) -> Fit:
    """Run variational EM (Blei, Ng & Jordan 2003; Hoffman, Blei & Bach 2010) from the start that `start` gives.

    The formulas are those of scikit-learn's LatentDirichletAllocation, whose `score` gives the same bound. It takes no
    start, infers each item anew from chance in every step, and item by item; here the items of a block are updated
    together and go on from where the last step left them. One thread: two add up in another order.

    Above 20,000 items a pass by batches comes first (`collapsed.online`); it and the one to three steps over all that
    are then enough are collapsed ones (`collapsed.step`), not EM's, which stays where it started when topics share most
    of their words.

    Parameters
    ----------
    counts : csr_array, shape N×V
        No empty row or column.
    eta : float or ndarray of shape K×V
        Prior of the words in a topic.
    refine : int
        Collapsed steps after EM (see `collapsed.refine`).
    begin : ndarray, shape K×V, optional
        Expected counts to begin from instead of those of `start`; the topics then stay in this order.
    """
    counts = csr_array(counts)
    with threadpool_limits(1):
        started = start(counts, n_topics=n_topics, seed=seed) if begin is None else begin
        many = len(counts.indptr) > MANY + 1
        topics = collapsed.online(started, counts, alpha, eta, seed) if many else eta + started
        gamma, n_iter, moved, total = None, 0, 1.0, counts.sum()
        least = ROUGH if many else TOLERANCE
        while moved > least and n_iter < max_iter:
            if many:
                gamma, tokens = collapsed.step(topics, counts, alpha)
            else:
                weights, steps = np.exp(expected_log(topics)), INNER if n_iter else FIRST
                gamma, tokens = _infer(weights, counts, alpha, gamma, max_steps=steps, tolerance=1e-3)
            before, topics = topics, eta + tokens
            n_iter, moved = n_iter + 1, float(np.abs(topics - before).sum() / 2 / total)
        if refine and gamma is not None:
            topics = collapsed.refine(topics, gamma, counts, alpha, eta, refine)
        if gamma is None or refine or not many:  # collapsed steps have given the shares of many items already
            gamma = posterior(np.exp(expected_log(topics)), counts, alpha=alpha, gamma=gamma)
        bound = _bound(topics, gamma, counts, alpha, eta)
    shares = gamma / gamma.sum(axis=1, keepdims=True)
    order = np.argsort(-shares.mean(axis=0), kind="stable") if begin is None else np.arange(n_topics)
    words = topics / topics.sum(axis=1, keepdims=True)
    return Fit(words[order], shares[:, order], bound, n_iter, moved <= least, started, topics.sum(axis=1)[order], many)


def posterior(
    weights: np.ndarray,
    counts: csr_array,
    *,
    alpha: float,
    gamma: np.ndarray | None = None,
    max_steps: int = 100,
    tolerance: float = 1e-3,
) -> np.ndarray:
    """Return the Dirichlet parameters of each item's shares, shape N×K, with the topics' words held fixed.

    Parameters
    ----------
    weights : ndarray, shape K×V
        Probability of each word in each topic, or exp of its expected logarithm.
    counts : csr_array, shape N×V
    gamma : ndarray, shape N×K, optional
        Where to begin; evenly if not given.
    max_steps, tolerance : int, float
        A block of items is done when none of its parameters moves on average by more tokens than this.
    """
    return _infer(weights, csr_array(counts), alpha, gamma, max_steps=max_steps, tolerance=tolerance)[0]


def _infer(
    weights: np.ndarray, counts: csr_array, alpha: float, gamma: np.ndarray | None, *, max_steps: int, tolerance: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the items' Dirichlet parameters N×K and the tokens of each word in each topic K×V (the E-step)."""
    n_items = len(counts.indptr) - 1
    by_word = np.ascontiguousarray(weights.T)
    made = np.ones((n_items, len(weights))) if gamma is None else gamma.copy()
    tokens = np.zeros_like(by_word)
    for begin in range(0, n_items, BLOCK):  # a block's numbers stay in the processor's cache
        part = counts[begin : begin + BLOCK]
        rows = np.repeat(np.arange(part.shape[0]), np.diff(part.indptr))
        seen = by_word[part.indices]
        current = made[begin : begin + BLOCK]
        for _ in range(max_steps):
            topics = np.exp(expected_log(current))
            ratio = _ratio(part, seen, topics[rows])
            last, current = current, alpha + topics * (ratio @ by_word)
            if np.abs(current - last).mean(axis=1).max(initial=0) < tolerance:
                break
        made[begin : begin + BLOCK] = current
        topics = np.exp(expected_log(current))
        tokens += _ratio(part, seen, topics[rows]).T @ topics
    return made, (tokens * by_word).T


def _ratio(counts: csr_array, seen: np.ndarray, topics: np.ndarray) -> csr_array:
    """Return each count over the weight that its item gives its word."""
    weight = np.einsum("ij,ij->i", seen, topics) + np.finfo(float).eps  # scikit-learn's guard against 0
    return csr_array((counts.data / weight, counts.indices, counts.indptr), shape=counts.shape)


def expected_log(parameters: np.ndarray) -> np.ndarray:
    """Return the expected logarithm of Dirichlet variables, one distribution a row."""
    return psi(parameters) - psi(parameters.sum(axis=1, keepdims=True))


def _bound(topics: np.ndarray, gamma: np.ndarray, counts: csr_array, alpha: float, eta: float | np.ndarray) -> float:
    """Return the variational bound on the log likelihood, in nats."""
    of_item, of_word = expected_log(gamma), expected_log(topics)
    items, by_word, total = np.exp(of_item), np.ascontiguousarray(np.exp(of_word).T), 0.0
    for begin in range(0, len(gamma), BLOCK):
        part = counts[begin : begin + BLOCK]
        rows = np.repeat(np.arange(part.shape[0]), np.diff(part.indptr))
        weight = np.einsum("ij,ij->i", by_word[part.indices], items[begin : begin + BLOCK][rows])
        total += float((part.data * np.log(np.maximum(weight, np.finfo(float).tiny))).sum())
    return total + _gain(gamma, of_item, alpha) + _gain(topics, of_word, eta)


def _gain(parameters: np.ndarray, logs: np.ndarray, prior: float | np.ndarray) -> float:
    """Return the expected log density of Dirichlet variables under their prior less that under their own parameters."""
    total = ((prior - parameters) * logs).sum() + (gammaln(parameters) - gammaln(prior)).sum()
    sums = np.broadcast_to(prior, parameters.shape).sum(axis=1)
    return float(total + (gammaln(sums) - gammaln(parameters.sum(axis=1))).sum())


def start(counts: csr_array, *, n_topics: int, seed: int) -> np.ndarray:
    """Return expected counts K×V: each word's tokens, handed out to topics as an NMF of the tf-idf matrix says.

    Of many items up to 40,000 are factorised, drawn by chance, and their counts over the root of each word's tokens: in
    tf-idf frequent words keep the weight to make a topic of their own.

    The factorisation (Lee & Seung 1999) begins at NNDSVD (Boutsidis & Gallopoulos 2008). Every word's tokens are handed
    out in full, evenly where no component explains the word: left at the prior, its weight would underflow in the first
    step and it would never join a topic.
    """
    with warnings.catch_warnings(), np.errstate(invalid="ignore"):  # an exact fit may have an error just below 0
        warnings.simplefilter("ignore", ConvergenceWarning)  # a rough factorisation is start enough
        nmf = NMF(n_topics, init="nndsvd", tol=1e-3, max_iter=200, random_state=seed)  # pyright: ignore[reportArgumentType]  # scikit-learn's default is the text 'auto'
        n_items = len(counts.indptr) - 1
        if n_items <= MANY:
            weighted = TfidfTransformer().fit_transform(counts)
        else:
            weighted = counts[np.random.default_rng(seed).permutation(n_items)[: 2 * MANY]]
            weighted.data = weighted.data / np.sqrt(counts.sum(axis=0))[weighted.indices]
        parts = np.asarray(nmf.fit(weighted).components_)
    parts = parts / np.maximum(parts.sum(axis=1, keepdims=True), np.finfo(float).tiny)
    explained = parts.sum(axis=0)
    split = np.divide(parts, explained, out=np.full_like(parts, 1 / n_topics), where=explained > 0)
    return split * counts.sum(axis=0)


def seeded(
    counts: csr_array, marked: np.ndarray, *, n_topics: int, seed: int, eta: float, weight: float = SEEDED, **_: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Return the prior K×V and the expected counts K×V to begin from when topics have seed words.

    A seed word has `weight` times its own tokens more in the prior of its topic (Jagarlamudi, Daumé & Udupa 2012), so
    the topic may still leave it or take other words. The start is that of `start`, its components given to the topics
    whose seeds they hold, and the seeds' tokens to their topics.

    Parameters
    ----------
    counts : csr_array, shape N×V
    marked : ndarray, shape K×V
        1 for the seed words of a topic; a topic without any is as free as it would be.
    """
    tokens = np.asarray(counts.sum(axis=0), dtype=float)
    begin = start(counts, n_topics=n_topics, seed=seed)
    share = begin / np.maximum(begin.sum(axis=1, keepdims=True), np.finfo(float).tiny)
    begin = begin[linear_sum_assignment(-(marked @ share.T))[1]]
    chosen = marked.sum(axis=0) > 0
    begin[:, chosen] = marked[:, chosen] * tokens[chosen]
    return eta + weight * marked * tokens, begin
