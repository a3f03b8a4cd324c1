"""In: the words of each item. Out: counts, and a latent Dirichlet allocation of them that starts from an NMF."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.special import psi
from sklearn.decomposition import NMF, LatentDirichletAllocation
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfTransformer
from threadpoolctl import threadpool_limits

TOLERANCE = 1e-4  # EM stops when a step moves no more than this share of all tokens to another topic


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
        Whether the last step moved no more than `TOLERANCE`.
    """

    words: np.ndarray
    shares: np.ndarray
    bound: float
    n_iter: int
    converged: bool


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
    in_items = np.bincount(counts.indices, minlength=len(words))
    low, high = (limit if isinstance(limit, int | np.integer) else limit * len(documents) for limit in (min_df, max_df))
    reason = np.select([in_items < low, in_items > high], ["min_df", "max_df"], "")
    stays, tokens = reason == "", counts.sum(axis=0).astype("int64")
    cut = pd.DataFrame({"word": words[~stays], "reason": reason[~stays], "tokens": tokens[~stays]})
    return counts[:, stays], words[stays].tolist(), cut.astype({"word": "str", "reason": "str"})


def fit(counts: csr_array, *, n_topics: int, seed: int, alpha: float, eta: float, max_iter: int) -> Fit:
    """Run variational EM (Blei, Ng & Jordan 2003) from the start that `start` gives.

    scikit-learn has no argument for a start, but `partial_fit` goes on from `components_`; with the settings below each
    call is one step of batch EM. One thread, one job: two jobs draw other random numbers, and two threads add up in
    another order; either changes the result.

    Parameters
    ----------
    counts : csr_array, shape N×V
        No empty row or column.
    """
    n_items = len(counts.sum(axis=1))
    lda = LatentDirichletAllocation(
        n_topics,
        doc_topic_prior=alpha,
        topic_word_prior=eta,
        learning_method="online",
        learning_decay=0.0,
        learning_offset=1.0,
        batch_size=n_items,
        total_samples=n_items,
        random_state=seed,
        n_jobs=1,
    )
    with threadpool_limits(1):
        lda.partial_fit(counts[:1])  # makes the attributes that are replaced next
        lda.components_ = eta + start(counts, n_topics=n_topics, seed=seed)
        lda.exp_dirichlet_component_ = np.exp(psi(lda.components_) - psi(lda.components_.sum(axis=1, keepdims=True)))
        n_iter, moved = 0, 1.0
        while moved > TOLERANCE and n_iter < max_iter:
            before = lda.components_.copy()
            lda.partial_fit(counts)
            n_iter, moved = n_iter + 1, float(np.abs(lda.components_ - before).sum() / 2 / counts.sum())
        shares, bound = lda.transform(counts), float(lda.score(counts))
    order = np.argsort(-shares.mean(axis=0), kind="stable")
    words = lda.components_ / lda.components_.sum(axis=1, keepdims=True)
    return Fit(words[order], shares[:, order], bound, n_iter, moved <= TOLERANCE)


def start(counts: csr_array, *, n_topics: int, seed: int) -> np.ndarray:
    """Return expected counts K×V: each word's tokens, handed out to topics as an NMF of the tf-idf matrix says.

    The factorisation (Lee & Seung 1999) begins at NNDSVD (Boutsidis & Gallopoulos 2008). Every word's tokens are handed
    out in full, evenly where no component explains the word: left at the prior, its weight would underflow in the first
    step and it would never join a topic.
    """
    with warnings.catch_warnings(), np.errstate(invalid="ignore"):  # an exact fit may have an error just below 0
        warnings.simplefilter("ignore", ConvergenceWarning)  # a rough factorisation is start enough
        nmf = NMF(n_topics, init="nndsvd", tol=1e-3, max_iter=200, random_state=seed)  # pyright: ignore[reportArgumentType]  # scikit-learn's default is the text 'auto'
        parts = np.asarray(nmf.fit(TfidfTransformer().fit_transform(counts)).components_)
    parts = parts / np.maximum(parts.sum(axis=1, keepdims=True), np.finfo(float).tiny)
    explained = parts.sum(axis=0)
    split = np.divide(parts, explained, out=np.full_like(parts, 1 / n_topics), where=explained > 0)
    return split * counts.sum(axis=0)
