"""In: a topic model's words and shares, and counts of items. Out: numbers that say how good its topics are."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array
from scipy.stats import rankdata

from analysis.errors import ParameterError
from analysis.model import lda

TOP = 10  # words of a topic that stand for it
EPSILON = 1e-12  # gensim's: keeps the logarithm of words that never meet finite
EXPECTED = 0.01  # stm's: cells expected below this many tokens do not count as observations of a dispersion
BLOCK = 2_000_000  # cells of items × words held at once


def top(words: np.ndarray, n: int = TOP) -> np.ndarray:
    """Return the columns of the `n` largest values of each row, largest first (ties: by column), shape K×n."""
    return np.argsort(-words, axis=1, kind="stable")[:, :n]


def frex(words: np.ndarray, weight: float = 0.5, tokens: np.ndarray | None = None) -> np.ndarray:
    """Score words by frequency and exclusivity (Bischof & Airoldi 2012), as `calcfrex` of the R package stm does.

    The score is the harmonic mean of two ranks within the topic, as shares of V: of the word's probability in it, and
    of the topic's part of the word's probability in all topics. Ties share their mean rank; without ties the ranks are
    R's `ecdf`.

    Parameters
    ----------
    words : ndarray, shape K×V
        Probability of each word in each topic; rows sum to 1.
    weight : float
        Weight of the frequency, 0 to 1.
    tokens : ndarray, shape V, optional
        How often each word was seen: exclusivity is then shrunk towards 1/K (Hausser & Strimmer 2009), so that rare
        words are not the most exclusive ones.

    Returns
    -------
    ndarray, shape K×V
        Above 0, at most 1; the larger the more telling.
    """
    if not 0 <= weight <= 1:
        raise ParameterError(f"frex: weight is {weight!r}, expected a number from 0 (exclusivity) to 1 (frequency).")
    exclusive = words / words.sum(axis=0)
    if tokens is not None:
        exclusive = _shrunk(exclusive, np.asarray(tokens, dtype=float))
    frequent, exclusive = (rankdata(part, axis=1) / words.shape[1] for part in (words, exclusive))
    return 1 / (weight / frequent + (1 - weight) / exclusive)


def _shrunk(parts: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    """Pull each column (a distribution over topics, seen `tokens` times) towards the uniform one."""
    even = 1 / len(parts)
    deviation = ((parts - even) ** 2).sum(axis=0)
    variance = (parts * (1 - parts)).sum(axis=0)
    times = np.maximum(tokens - 1, 0) * deviation
    pull = np.where(tokens <= 1, 1.0, np.divide(variance, times, out=np.ones_like(times), where=times > 0))
    pull = np.where(deviation == 0, 0.0, np.clip(pull, 0, 1))
    return pull * even + (1 - pull) * parts


def exclusivity(words: np.ndarray, n: int = TOP, weight: float = 0.7) -> np.ndarray:
    """Return each topic's sum of FREX scores over its `n` likeliest words, shape K (stm's `exclusivity`).

    Parameters
    ----------
    weight : float
        Weight of exclusivity; stm's default, against one half for labels.
    """
    return np.take_along_axis(frex(words, 1 - weight), top(words, n), axis=1).sum(axis=1)


def diversity(words: np.ndarray, n: int = TOP) -> float:
    """Return the share of different words among the `n` likeliest of all topics, 1/K to 1 (Dieng, Ruiz & Blei 2020)."""
    best = top(words, n)
    return len(np.unique(best)) / best.size


def dispersion(words: np.ndarray, shares: np.ndarray, counts: csr_array) -> float:
    """Return the dispersion of multinomial residuals (Taddy 2012; stm's `checkResiduals`).

    Near 1 when K topics explain the counts; above 1 when they leave something over, which more topics may take up.

    Parameters
    ----------
    words, shares : ndarray, shapes K×V and N×K
    counts : csr_array, shape N×V

    Returns
    -------
    float
        Missing (nan) when there are fewer cells to judge by than parameters: few or short items.
    """
    n_items, n_words = counts.shape  # pyright: ignore[reportGeneralTypeIssues]  # scipy does not say how many axes
    step = max(1, BLOCK // n_words)
    total, cells = 0.0, 0
    for begin in range(0, n_items, step):
        seen = counts[begin : begin + step].toarray()
        lengths = seen.sum(axis=1, keepdims=True)
        likely = shares[begin : begin + step] @ words
        expected = lengths * likely
        total += float(((seen - expected) ** 2 / (expected * (1 - likely))).sum())
        cells += int((expected > EXPECTED).sum())
    parameters = n_items * (len(words) - 1) + len(words) * (n_words - 1)
    freedom = cells - n_words - parameters
    return total / freedom if freedom > 0 else float("nan")


def _together(best: np.ndarray, counts: csr_array) -> tuple[np.ndarray, np.ndarray]:
    """Return in how many items each pair of a topic's best words stands, K×n×n, and each of the words, K×n."""
    used, place = np.unique(best, return_inverse=True)
    there = csr_array((counts[:, used] > 0).astype(float))
    both = np.asarray((there.T @ there).toarray())
    place = place.reshape(best.shape)
    return both[place[:, :, None], place[:, None, :]], both[place, place]


def coherence(words: np.ndarray, counts: csr_array, n: int = TOP) -> np.ndarray:
    """Return each topic's coherence after Mimno et al. (2011), shape K: the larger the better.

    Sum over pairs of its `n` likeliest words of log((items with both + 1) / items with the likelier one).
    """
    both, alone = _together(top(words, n), counts)
    with np.errstate(divide="ignore"):
        pairs = np.log(both + 1) - np.log(alone)[:, None, :]
    later, earlier = np.tril_indices(both.shape[1], -1)
    return pairs[:, later, earlier].sum(axis=1)


def npmi(words: np.ndarray, counts: csr_array, n: int = TOP) -> np.ndarray:
    """Return each topic's mean NPMI over pairs of its `n` likeliest words, shape K, −1 to 1 (Bouma 2009).

    Two words meet when they stand in one item: gensim's `c_npmi` with a window as long as the longest item.

    Parameters
    ----------
    counts : csr_array, shape N×V
        Of the items fitted, or of other texts with the same columns. A pair with a word that stands in none of them is
        left out; a topic without any pair is missing (nan).
    """
    both, alone = _together(top(words, n), counts)
    one, other = np.triu_indices(both.shape[1], 1)
    n_items = counts.shape[0]  # pyright: ignore[reportOptionalSubscript]
    joint = both[:, one, other] / n_items + EPSILON
    with np.errstate(divide="ignore", invalid="ignore"):
        pairs = np.log(joint / ((alone[:, one] / n_items) * (alone[:, other] / n_items))) / -np.log(joint)
    known = (alone[:, one] > 0) & (alone[:, other] > 0)
    return np.divide(
        np.where(known, pairs, 0).sum(axis=1), known.sum(axis=1),
        out=np.full(len(words), np.nan), where=known.any(axis=1),
    )  # fmt: skip


def halves(counts: csr_array, seed: int) -> tuple[csr_array, csr_array]:
    """Deal the tokens of each item into two parts by chance, the odd one to the first; both N×V."""
    counts = csr_array(counts)
    rng = np.random.default_rng(seed)
    times = counts.data.astype(np.intp)
    lengths = np.add.reduceat(np.append(times, 0), counts.indptr[:-1]) * (np.diff(counts.indptr) > 0)
    item = np.repeat(np.arange(len(lengths)), lengths)
    order = np.lexsort((rng.random(len(item)), item))  # items stay in place, their tokens are shuffled
    rank = np.arange(len(item)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    cell = np.repeat(np.arange(len(times)), times)[order]
    first = np.bincount(cell[rank < -(-lengths[item] // 2)], minlength=len(times)).astype(float)
    parts = []
    for data in (first, counts.data - first):
        part = csr_array((data, counts.indices, counts.indptr), shape=counts.shape, copy=True)
        part.eliminate_zeros()
        parts.append(part)
    return parts[0], parts[1]


def completion(words: np.ndarray, counts: csr_array, *, alpha: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Predict one half of unseen items from the other (document completion; Wallach et al. 2009).

    An item's shares are inferred from the first half with the topics' words held fixed; no token is used for both.

    Parameters
    ----------
    words : ndarray, shape K×V
    counts : csr_array, shape N×V
        Items the model was not fitted to, in its vocabulary.
    alpha : float
        Dirichlet prior of the topics in an item.
    seed : int
        Of the halves.

    Returns
    -------
    log_likelihood : ndarray, shape N
        Of the second half, in nats.
    tokens : ndarray, shape N
        How many it has; 0 for an item of one token or none.
    """
    seen, unseen = halves(counts, seed)
    gamma = lda.posterior(words, seen, alpha=alpha, tolerance=1e-5, max_steps=1000)
    shares = gamma / gamma.sum(axis=1, keepdims=True)
    rows = np.repeat(np.arange(len(shares)), np.diff(unseen.indptr))
    likely = np.einsum("ij,ij->i", shares[rows], words.T[unseen.indices])
    log = unseen.data * np.log(np.maximum(likely, np.finfo(float).tiny))
    return np.bincount(rows, log, minlength=len(shares)), unseen.sum(axis=1)


def completion_perplexity(words: np.ndarray, counts: csr_array, *, alpha: float, seed: int) -> float:
    """Return exp(−mean log likelihood of a token) of `completion`: V when the words tell nothing, 1 when everything.

    Raises
    ------
    ParameterError
        No item has two tokens, so nothing can be predicted.
    """
    log, tokens = completion(words, counts, alpha=alpha, seed=seed)
    if not tokens.sum():
        raise ParameterError("completion_perplexity: no item has two tokens or more. Give longer items.")
    return float(np.exp(-log.sum() / tokens.sum()))
