"""In: counts and topics to begin from. Out: topics by collapsed updates (CVB0; Asuncion, Welling, Smyth & Teh 2009).

A word of an item is handed out by what the other words say, itself left out. In short items that is most of what keeps
EM from finding topics that share their words: a word that counts itself confirms what it was handed to.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

HINT = 0.02  # of the tokens are handed out by the start
BATCHES, DELAY, DECAY = 80, 10, 0.7  # how many, and what each weighs
INNER, BLOCK = 5, 128  # updates of an item, and items updated together


def online(begin: np.ndarray, counts: csr_array, alpha: float, eta: float | np.ndarray, seed: int) -> np.ndarray:
    """Return the topics' Dirichlet parameters K×V after one pass over the items by batches (Foulds et al. 2013).

    The t-th batch, scaled up to all items, replaces (10 + t) ** -0.7 of what was known before. Batches are drawn by
    chance from the items in their order, so the order that they were given in does not matter.

    The start `begin` hands out 2 % of the tokens, the others go evenly to all topics. That tells the topics apart, and
    leaves to the items which of them share a word.
    """
    n_items = len(counts.indptr) - 1
    tokens = HINT * begin + (1 - HINT) * counts.sum(axis=0) / len(begin)
    for number, rows in enumerate(np.array_split(np.random.default_rng(seed).permutation(n_items), BATCHES)):
        _, handed = step(eta + tokens, counts[rows], alpha)
        rate = (DELAY + number) ** -DECAY
        tokens = (1 - rate) * tokens + rate * (n_items / len(rows)) * handed
    return eta + tokens


def step(topics: np.ndarray, counts: csr_array, alpha: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the items' Dirichlet parameters N×K and the tokens of each word in each topic K×V, topics held fixed.

    Each word of an item is handed out by what its other words say, and by the topics, whose own count of it is not
    taken off as in `refine`: of many items it is nothing. Single precision: the noise of a batch is larger.
    """
    n_items = len(counts.indptr) - 1
    by_word = np.ascontiguousarray((topics / topics.sum(axis=1, keepdims=True)).T, dtype=np.float32)
    made, tokens = np.empty((n_items, len(topics))), np.zeros_like(by_word)
    for begin in range(0, n_items, BLOCK):
        part = counts[begin : begin + BLOCK].astype(np.float32)
        cells, rows = np.arange(len(part.data)), np.repeat(np.arange(part.shape[0]), np.diff(part.indptr))
        by_item = csr_array((part.data, cells, part.indptr), shape=(part.shape[0], len(cells)))
        seen = by_word[part.indices]
        parts = seen / seen.sum(axis=1, keepdims=True)
        for _ in range(INNER):
            others = np.maximum((by_item @ parts)[rows] - parts, 0)  # rounded, it may be just below
            parts = seen * (np.float32(alpha) + others)
            parts /= parts.sum(axis=1, keepdims=True)
        made[begin : begin + BLOCK] = alpha + by_item @ parts
        by_cell = csr_array((part.data, part.indices, np.arange(len(cells) + 1)), shape=(len(cells), len(by_word)))
        tokens += by_cell.T @ parts
    return made, tokens.T.astype(float)


def refine(
    topics: np.ndarray, gamma: np.ndarray, counts: csr_array, alpha: float, eta: float | np.ndarray, steps: int
) -> np.ndarray:
    """Return the topics' Dirichlet parameters K×V after collapsed variational steps (CVB0; Asuncion et al. 2009).

    Each word of an item is handed out by what all other tokens say, without the penalty on small topics that EM has:
    unseen items are predicted better, the bound of EM gets worse. Takes memory for three numbers per word of an item
    and topic.
    """
    cells = np.arange(len(counts.data))
    rows, words, times = np.repeat(np.arange(len(gamma)), np.diff(counts.indptr)), counts.indices, counts.data[:, None]
    by_item = csr_array((np.ones(len(cells)), cells, counts.indptr), shape=(len(gamma), len(cells)))
    by_word = csr_array((np.ones(len(cells)), (words, cells)), shape=(topics.shape[1], len(cells)))
    prior = np.broadcast_to(np.asarray(eta, dtype=float), topics.shape)
    of_word, total = np.ascontiguousarray(prior.T), prior.sum(axis=1)
    parts = (gamma / gamma.sum(axis=1, keepdims=True))[rows] * (topics / topics.sum(axis=1, keepdims=True)).T[words]
    parts /= parts.sum(axis=1, keepdims=True)
    for _ in range(steps):
        handed = parts * times
        items, tokens = by_item @ handed, by_word @ handed
        parts = (
            (items[rows] - parts + alpha) * ((tokens + of_word)[words] - parts) / (tokens.sum(axis=0) - parts + total)
        )
        parts /= parts.sum(axis=1, keepdims=True)
    return prior + (by_word @ (parts * times)).T
