"""In: real texts when given, else simulated ones. Out: one table of what topics cost and give, against other packages.

    BENCH_CORPUS=<folder> python -m tests.bench.bench_topics
    python -m tests.bench.bench_topics --corpus <folder> --only fit,grid

Times are CPU seconds of this process (children too), one thread; every bar is a ratio measured in the same run.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from sklearn.decomposition import LatentDirichletAllocation
from threadpoolctl import threadpool_limits

from analysis.model import lda, quality, tokens, topics
from tests.bench import texts as bench_texts

ALPHA, ETA, SEED = 0.1, 0.01, 1
ALPHAS = (0.01, 0.05, 0.1, 0.3, 1.0)  # every model is scored with the best of these for unseen items


class Row(NamedTuple):
    """One line of the table; `met` is None for a number without a bar."""

    part: str
    what: str
    value: str
    bar: str
    met: bool | None


def clock(work: Callable[[], Any]) -> tuple[Any, float]:
    """Return the result of `work` and its CPU seconds."""
    begin = os.times()
    made = work()
    end = os.times()
    return made, sum(end[:4]) - sum(begin[:4])


def below(part: str, what: str, value: float, bar: float, unit: str = "×") -> Row:
    return Row(part, what, f"{value:.3g} {unit}", f"≤ {bar:g} {unit}", value <= bar)


def above(part: str, what: str, value: float, bar: float, unit: str = "×") -> Row:
    return Row(part, what, f"{value:.4g} {unit}", f"≥ {bar:g} {unit}", value >= bar)


def sklearn_fit(counts: csr_array, n_topics: int, seed: int, **options: Any) -> LatentDirichletAllocation:
    return LatentDirichletAllocation(n_topics, random_state=seed, **options).fit(counts)


def tomotopy_fit(counts: csr_array, n_topics: int, seed: int) -> np.ndarray:
    """Return words K×V of 1,000 Gibbs iterations with the defaults, one worker."""
    import tomotopy

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = tomotopy.LDAModel(k=n_topics, seed=seed)
        for row in range(len(counts.indptr) - 1):
            here = slice(counts.indptr[row], counts.indptr[row + 1])
            model.add_doc([str(word) for word in np.repeat(counts.indices[here], counts.data[here].astype(int))])
        model.train(1000, workers=1)
    words = np.zeros((n_topics, int(counts.indices.max()) + 1))
    columns = [int(word) for word in model.used_vocabs]
    for topic in range(n_topics):
        words[topic, columns] = model.get_topic_word_dist(topic)
    return words


def perplexity(words: np.ndarray, held_out: csr_array) -> float:
    return min(quality.completion_perplexity(words, held_out, alpha=alpha, seed=SEED) for alpha in ALPHAS)


def normed(components: np.ndarray) -> np.ndarray:
    return components / components.sum(axis=1, keepdims=True)


def split(documents: list[list[str]], n_train: int, seed: int, min_df: int = 2) -> tuple[csr_array, csr_array]:
    """Return counts to fit and counts to predict, in the vocabulary of the first."""
    order = np.random.default_rng(seed).permutation(len(documents))
    counts, _, _ = lda.count([documents[row] for row in order], min_df=1, max_df=1.0)
    train, test = counts[:n_train], counts[n_train:]
    stays = lda.limits(train, min_df=min_df, max_df=0.5) == ""
    train, test = train[:, stays], test[:, stays]
    return train[np.flatnonzero(np.diff(train.indptr))], test


def bench_quality(given: bench_texts.Texts, problems: list[list[str]]) -> list[Row]:
    """Unseen items: five splits, the mean perplexity of each package."""
    sets = {"problems 180": (problems, 180)}
    for size in (200, 1000):
        sets[f"short {size}"] = (bench_texts.pieces(given.texts, size + 300, SEED), size)
    rows = []
    for name, (documents, n_train) in sets.items():
        seen = []
        for seed in range(5 if n_train < 1000 else 2):
            train, test = split(documents, n_train, seed)
            ours = lda.fit(train, n_topics=10, seed=seed, alpha=ALPHA, eta=ETA, max_iter=100).words
            theirs = normed(sklearn_fit(train, 10, seed).components_)
            seen.append([perplexity(each, test) for each in (ours, theirs, tomotopy_fit(train, 10, seed))])
        ours, theirs, gibbs = np.mean(seen, axis=0)
        rows += [
            below(
                "quality", f"perplexity, {name}, K=10: {ours:.0f} to scikit-learn's {theirs:.0f}", ours / theirs, 0.92
            ),
            below("quality", f"perplexity, {name}, K=10: {ours:.0f} to tomotopy's {gibbs:.0f}", ours / gibbs, 1.0),
        ]
    return rows


def bench_bound(given: bench_texts.Texts, problems: list[list[str]]) -> list[Row]:
    """Bound by scikit-learn's own `score`, against the best of 20 of its random starts with the same priors."""
    counts, _, _ = lda.count(problems, min_df=2, max_df=0.5)
    rows = []
    for n_topics in (6, 10):
        options = {"doc_topic_prior": ALPHA, "topic_word_prior": ETA}
        random = [sklearn_fit(counts, n_topics, seed, max_iter=50, **options).score(counts) for seed in range(20)]
        made = lda.fit(counts, n_topics=n_topics, seed=SEED, alpha=ALPHA, eta=ETA, max_iter=100)
        theirs = sklearn_fit(counts, n_topics, 0, max_iter=1, **options)
        tokens_of = made.words * made.weights[:, None]
        theirs.components_ = tokens_of
        theirs.exp_dirichlet_component_ = np.exp(lda.expected_log(tokens_of))
        ours = float(theirs.score(counts))
        what = (
            f"bound, K={n_topics}: {ours:,.0f} less the best of 20 starts {max(random):,.0f} (sd {np.std(random):,.0f})"
        )
        rows.append(above("bound", what, ours - max(random), 0, "nats"))
    return rows


def bench_stability(given: bench_texts.Texts, problems: list[list[str]]) -> list[Row]:
    """Top-10 Jaccard with a tenth of the reports left out."""
    found = {
        n: topics.stability(topics.fit(given.problems, n, seed=SEED))["jaccard"].to_numpy().mean() for n in range(6, 11)
    }
    what = "top-10 Jaccard, a tenth of reports left out, least of K=6…10: " + " ".join(
        f"{x:.2f}" for x in found.values()
    )
    return [above("stability", what, min(found.values()), 0.45, "")]


def bench_grid(given: bench_texts.Texts, problems: list[list[str]]) -> list[Row]:
    """Thirty fits: K = 5 … 30 by 5, five seeds."""
    counts, _, _ = lda.count(problems, min_df=2, max_df=0.5)
    pairs = [(n_topics, seed) for n_topics in range(5, 31, 5) for seed in range(5)]
    grid = [lambda n=n, s=s: lda.fit(counts, n_topics=n, seed=s, alpha=ALPHA, eta=ETA, max_iter=20) for n, s in pairs]
    _, ours = clock(lambda: [fit() for fit in grid])
    _, fifty = clock(lambda: [sklearn_fit(counts, n, seed, max_iter=50) for n, seed in pairs])
    _, ten = clock(lambda: [sklearn_fit(counts, n, seed) for n, seed in pairs])
    return [
        below("grid", "30 fits (20 steps each)", ours, 10, "CPU s"),
        below("grid", f"30 fits to scikit-learn's with 50 steps ({fifty:.1f} s)", ours / fifty, 0.3),
        Row(
            "grid",
            f"30 fits to scikit-learn's with its default 10 steps ({ten:.1f} s)",
            f"{ours / ten:.3g} ×",
            "",
            None,
        ),
    ]


def bench_stage(given: bench_texts.Texts, problems: list[list[str]]) -> list[Row]:
    """From texts to the choice of K, with a fit, its stability and its neighbours."""

    def stage() -> None:
        choice = topics.panel(given.problems, seed=SEED, n_runs=5)
        model = topics.fit(given.problems, choice.n_topics or 6, seed=SEED)
        topics.stability(model)
        topics.sensitivity(model)

    _, seconds = clock(stage)
    return [below("stage", "panel K=2…12 with 5 runs, fit, stability, K±2: 228 items", seconds, 30, "CPU s")]


def bench_large(given: bench_texts.Texts, problems: list[list[str]]) -> list[Row]:
    """5,000 paragraphs fitted, 1,000 predicted, K = 20: words of ten paragraphs or more, then of two or more."""
    documents = bench_texts.paragraphs(given.texts, 6000, SEED)
    rows = []
    for min_df in (10, 2):
        train, test = split(documents, 5000, SEED, min_df)
        ours, seconds = clock(
            lambda train=train: lda.fit(train, n_topics=20, seed=SEED, alpha=ALPHA, eta=ETA, max_iter=100)
        )
        gibbs, theirs = clock(lambda train=train: tomotopy_fit(train, 20, SEED))
        size = f"{len(train.indptr) - 1:,} paragraphs, {ours.words.shape[1]:,} words, K=20"
        one, other = perplexity(ours.words, test), perplexity(gibbs, test)
        rows += [
            below("large", f"{size}: {seconds:.1f} s to tomotopy's {theirs:.1f} s", seconds / theirs, 0.5),
            below("large", f"perplexity of 1,000 more: {one:.0f} to tomotopy's {other:.0f}", one / other, 1.0),
        ]
    return rows


def bench_metrics(given: bench_texts.Texts, problems: list[list[str]]) -> list[Row]:
    """NPMI with a document window, one model of K = 20."""
    from gensim.corpora import Dictionary
    from gensim.models.coherencemodel import CoherenceModel

    documents = bench_texts.paragraphs(given.texts, 5000, SEED)
    counts, vocabulary, _ = lda.count(documents, min_df=2, max_df=0.5)
    words = lda.fit(counts, n_topics=20, seed=SEED, alpha=ALPHA, eta=ETA, max_iter=5).words
    names, known = np.array(vocabulary, dtype=object), set(vocabulary)
    lists = [names[row].tolist() for row in quality.top(words)]
    kept = [[word for word in words if word in known] for words in documents]
    options = {"topics": lists, "texts": kept, "dictionary": Dictionary(kept), "coherence": "c_npmi", "topn": 10}
    window = max(map(len, kept))
    theirs, slow = clock(lambda: CoherenceModel(**options, window_size=window, processes=1).get_coherence_per_topic())
    ours, fast = clock(lambda: [quality.npmi(words, counts) for _ in range(50)].pop())
    return [
        below(
            "metrics", "NPMI less gensim's c_npmi, largest of 20 topics", float(np.abs(ours - theirs).max()), 1e-12, ""
        ),
        above("metrics", f"NPMI, times as fast as gensim ({slow:.2f} s)", slow / max(fast / 50, 1e-4), 20),
    ]


def bench_segmentation(given: bench_texts.Texts, problems: list[list[str]]) -> list[Row]:
    """Cutting, with the words of the lexicon; then the same texts again from the cache."""
    every = given.problems["text"].tolist() + given.texts
    known = tokens.lexicon()
    words = frozenset(known.words.keys() | known.stopwords.keys())
    cuts = {name: tokens.cutter(words, name) for name in tokens.ENGINES}
    _, slow = clock(lambda: [list(cuts["jieba"](text)) for text in every])
    _, fast = clock(lambda: [list(cuts["rjieba"](text)) for text in every])
    one, whole = clock(lambda: tokens.tokenize(every, engine="jieba", cached=False))
    other, quick = clock(lambda: tokens.tokenize(every, engine="rjieba", cached=False))
    tokens.tokenize(every)
    begin = time.perf_counter()
    tokens.tokenize(every)
    again = time.perf_counter() - begin
    size = f"{sum(map(len, every)) / 1e6:.1f} million characters"
    same = sum(left != right for left, right in zip(one[0], other[0], strict=True))
    return [
        above("words", f"segmentation of {size}, times as fast as jieba ({slow:.1f} s)", slow / fast, 10),
        Row("words", "the same with joining, stopwords and counts", f"{whole / quick:.3g} ×", "", None),
        below("words", "texts whose words differ from jieba's", same, 0, ""),
        below("words", "second run, wall", again, 1, "s"),
    ]


PARTS = {
    "words": bench_segmentation,
    "metrics": bench_metrics,
    "quality": bench_quality,
    "bound": bench_bound,
    "stability": bench_stability,
    "grid": bench_grid,
    "stage": bench_stage,
    "large": bench_large,
}


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure topic models against other packages.")
    parser.add_argument("--corpus", default="", help="folder of real texts; else BENCH_CORPUS, else simulated texts")
    parser.add_argument("--only", default=",".join(PARTS), help=f"some of: {','.join(PARTS)}")
    asked = parser.parse_args()
    given = bench_texts.load(asked.corpus)
    problems, _ = tokens.tokenize(given.problems["text"])
    rows: list[Row] = []
    for name in asked.only.split(","):
        with threadpool_limits(1):
            made, seconds = clock(lambda name=name: PARTS[name](given, problems))
        rows += made
        print(f"{name}: {seconds:.0f} CPU s", flush=True)
    print(f"\n{given.source}: {len(given.problems)} problem paragraphs, {len(given.texts)} longer texts\n")
    print("| part | what | value | bar | met |\n|---|---|---|---|---|")
    for row in rows:
        print(
            f"| {row.part} | {row.what} | {row.value} | {row.bar} | {'–' if row.met is None else 'yes' if row.met else 'NO'} |"
        )
    bars = pd.Series([row.met for row in rows if row.met is not None])
    print(f"\n{bars.sum()} of {len(bars)} bars met.")


if __name__ == "__main__":
    main()
