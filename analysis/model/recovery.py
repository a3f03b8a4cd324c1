"""In: a size of corpus. Out: how well planted topics are found again, and how well a given model's would be.

``python -m analysis.model.recovery`` computes the table of the figure anew (`FILE`).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_array

from analysis import paths, tables
from analysis.model import lda, quality
from analysis.model.result import TopicModel
from analysis.model.stability import MOST

FILE = paths.ROOT / "data" / "recovery.csv"
GRID = {"items": (15, 30, 60, 120, 250, 500, 1000), "length": (10, 20, 40, 80), "topics": (4, 10)}
RUNS, SEED = 3, 20240601
ALPHA, ETA, STEPS = 0.1, 0.01, 50
VOCABULARY, SPARSE, COMMON = 800, 0.02, 0.35  # words; Dirichlet of a topic's own; share of words all topics have


def simulate(n_items: int, length: float, n_topics: int, rng: np.random.Generator) -> tuple[csr_array, np.ndarray]:
    """Draw items whose topics are known.

    A topic mixes words of its own with words that all share, both as unevenly frequent as words are (Zipf). Items have
    `length` words on average (Poisson, at least 2), and shares from a Dirichlet distribution of 0.1.

    Returns
    -------
    counts : csr_array, shape N×V
    words : ndarray, shape K×V
    """
    zipf = 1 / np.arange(1, VOCABULARY + 1)
    common = rng.permutation(zipf / zipf.sum())
    own = rng.dirichlet(SPARSE * VOCABULARY * common + 1e-3, n_topics)
    words = COMMON * common + (1 - COMMON) * own
    shares = rng.dirichlet(np.full(n_topics, ALPHA), n_items)
    return _draw(words, shares, np.maximum(rng.poisson(length, n_items), 2), rng), words


def match(words: np.ndarray, truth: np.ndarray, n: int = quality.TOP) -> tuple[np.ndarray, np.ndarray]:
    """Match topics one to one by the cosine of their words (Hungarian method).

    Parameters
    ----------
    words, truth : ndarray, shape K×V

    Returns
    -------
    cosine, jaccard : ndarray, shape K
        Of each topic of `truth` with its partner: of all words, and of the `n` likeliest ones.
    """
    lengths = (np.linalg.norm(each, axis=1, keepdims=True) for each in (truth, words))
    left, right = (each / length for each, length in zip((truth, words), lengths, strict=True))
    cosine = left @ right.T
    topics, partners = linear_sum_assignment(-cosine)
    best, planted = quality.top(words, n), quality.top(truth, n)
    pairs = [(set(planted[k].tolist()), set(best[p].tolist())) for k, p in zip(topics, partners, strict=True)]
    return cosine[topics, partners], np.array([len(one & two) / len(one | two) for one, two in pairs])


def recover(
    n_items: int, length: float, n_topics: int, *, seed: int, runs: int = RUNS
) -> tuple[float, float, float, float]:
    """Plant topics and fit again, `runs` times.

    Returns
    -------
    tuple of float
        Mean cosine and mean top-ten Jaccard of the matched topics; and the same of topics fitted to the same items
        after all words were shuffled among them, which is what nothing gives.
    """
    rng = np.random.default_rng([seed, n_items, int(length), n_topics])
    found = []
    for _ in range(runs):
        counts, truth = simulate(n_items, length, n_topics, rng)
        found.append([*_again(counts, truth, seed), *_again(_shuffled(counts, rng), truth, seed)])
    means = np.mean(found, axis=0)
    return float(means[0]), float(means[1]), float(means[2]), float(means[3])


def grid(
    items: Iterable[int] = GRID["items"], lengths: Iterable[int] = GRID["length"],
    topics: Iterable[int] = GRID["topics"], *, seed: int = SEED, runs: int = RUNS,
) -> pd.DataFrame:  # fmt: skip
    """Run `recover` over sizes: one row per topics × length × items, with what it returns."""
    rows = [
        (k, length, n, *recover(n, length, k, seed=seed, runs=runs))
        for k in topics
        for length in lengths
        for n in items
    ]
    columns = ["topics", "length", "items", "cosine", "jaccard", "cosine_noise", "jaccard_noise"]
    return pd.DataFrame(rows, columns=columns)


def table(path: Path = FILE) -> pd.DataFrame:
    """Read what `grid` found when it was last run.

    Raises
    ------
    DataError
        The file is not there.
    """
    return tables.read_computed(path, "python -m analysis.model.recovery")


def standing(model: TopicModel, runs: int = 0, seed: int | None = None) -> pd.DataFrame:
    """Ask what these data could give back if the fitted topics were the truth: fit again to items drawn from the model.

    Each run draws as many items of the same lengths from the model's own words and prior (a parametric bootstrap), fits
    K topics and matches them. A topic that does not come back from data it made cannot be told from these items.
    Without `runs` there are 10; 2 for more items than `stability.MOST`, among which draws hardly differ.

    Returns
    -------
    DataFrame
        One row per topic: topic, cosine, jaccard (means over runs), jaccard_noise (after shuffling the words among the
        items, mean of all topics).
    """
    seed = int(model.settings["seed"]) if seed is None else seed
    runs = runs or (10 if len(model.tokens) <= MOST else 2)
    rng = np.random.default_rng(seed)
    lengths = np.asarray(model.tokens, dtype=int)
    prior = np.full(model.n_topics, model.settings["alpha"])
    found = np.empty((runs, 3, model.n_topics))
    for run in range(runs):
        counts = _draw(model.words, rng.dirichlet(prior, len(lengths)), lengths, rng)
        found[run, 0], found[run, 1] = _matched(counts, model.words, seed)
        found[run, 2] = _matched(_shuffled(counts, rng), model.words, seed)[1].mean()
    cosine, jaccard, noise = found.mean(axis=0)
    made = {"topic": range(1, model.n_topics + 1), "cosine": cosine, "jaccard": jaccard, "jaccard_noise": noise}
    return pd.DataFrame(made)


def carries(found: pd.DataFrame, least: float = 0.45) -> str:
    """Say in one sentence what `standing` means for the reader.

    `least` is a convention: with ten words of each, six in common give 0.43.
    """
    jaccard, noise = found["jaccard"].to_numpy(float), found["jaccard_noise"].mean()
    mean, back = jaccard.mean(), int((jaccard >= least).sum())
    first = (
        f"If these {len(found)} topics were the truth, items as many and as short as these would give back "
        f"{mean:.0%} of their ten likeliest words (Jaccard; shuffled words: {noise:.0%})"
    )
    if back == len(found):
        return f"{first}: the size of the corpus is no objection to reading them."
    if not back:
        return f"{first}: too little for any of them. They sort the items at hand and say nothing beyond these reports."
    return f"{first}; {back} of them would come back well enough (at least {least:.0%}) to mean more than these items."


def seeding(
    n_items: int, length: float, n_topics: int, *, seed: int = SEED, n_seeds: int = 4, runs: int = RUNS
) -> pd.DataFrame:
    """Measure what seeds gain: fit planted topics without seeds, and with the words that set each of them apart.

    Returns
    -------
    DataFrame
        Two rows: seeds (0 or `n_seeds`, per topic), cosine, jaccard (matched, as in `recover`), and in_place (cosine
        with the planted topic of the same number: whether one knows which topic is which).
    """
    rng = np.random.default_rng([seed, n_items, int(length), n_topics])
    rows = []
    for _ in range(runs):
        counts, truth = simulate(n_items, length, n_topics, rng)
        seen = np.flatnonzero(np.asarray(counts.sum(axis=0)) > 0)
        marked = np.zeros_like(truth)
        np.put_along_axis(marked, seen[quality.top(quality.frex(truth[:, seen]), n_seeds)], 1, axis=1)
        for used in (0, n_seeds):
            words = lda.refit(counts, _settings(n_topics, seed), marked if used else None)[0].words
            lengths = np.linalg.norm(words, axis=1) * np.linalg.norm(truth, axis=1)
            cosine, jaccard = match(words, truth)
            rows.append((used, cosine.mean(), jaccard.mean(), ((words * truth).sum(axis=1) / lengths).mean()))
    made = pd.DataFrame(rows, columns=["seeds", "cosine", "jaccard", "in_place"])
    return pd.DataFrame(made.groupby("seeds").mean()).reset_index()


def _draw(words: np.ndarray, shares: np.ndarray, lengths: np.ndarray, rng: np.random.Generator) -> csr_array:
    """Draw each item's tokens per topic, then each topic's words."""
    per_topic = rng.multinomial(lengths, shares / shares.sum(axis=1, keepdims=True))
    rows = [np.repeat(np.arange(len(lengths)), column) for column in per_topic.T]
    columns = [rng.choice(words.shape[1], len(row), p=own / own.sum()) for row, own in zip(rows, words, strict=True)]
    return _counted(np.concatenate(rows), np.concatenate(columns), (len(lengths), words.shape[1]))


def _counted(rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int]) -> csr_array:
    made = csr_array((np.ones(len(rows)), (rows, columns)), shape=shape)
    made.sum_duplicates()
    return made


def _shuffled(counts: csr_array, rng: np.random.Generator) -> csr_array:
    """Deal all words out anew to items of the same lengths."""
    lengths, times = (np.asarray(counts.sum(axis=axis)).astype(int) for axis in (1, 0))
    pool = rng.permutation(np.repeat(np.arange(len(times)), times))
    return _counted(np.repeat(np.arange(len(lengths)), lengths), pool, (len(lengths), len(times)))


def _matched(counts: csr_array, truth: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Fit as many topics as `truth` has and match them; words that no item has are words of no topic."""
    return match(lda.refit(counts, _settings(len(truth), seed))[0].words, truth)


def _settings(n_topics: int, seed: int) -> dict[str, float]:
    limits = {"min_df": 1, "max_df": 1.0}
    return {"n_topics": n_topics, "seed": seed, "alpha": ALPHA, "eta": ETA, "max_iter": STEPS, **limits}


def _again(counts: csr_array, truth: np.ndarray, seed: int) -> tuple[float, float]:
    cosine, jaccard = _matched(counts, truth, seed)
    return float(cosine.mean()), float(jaccard.mean())


if __name__ == "__main__":
    tables.write_bytes(FILE, tables.csv_bytes(grid().round(4)))
