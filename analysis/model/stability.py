"""In: a topic model. Out: which of its topics come back from other reports, and from other numbers of topics."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_array

from analysis.errors import ParameterError
from analysis.model import lda, quality
from analysis.model.result import KEY, TopicModel
from analysis.model.seeds import marks
from analysis.model.tokens import tokenize

MOST = 3_000  # items from which whole reports are drawn where a hundred fits are needed
STEPS = 20  # EM steps of the runs: more do not change which words come first


def stability(model: TopicModel, n_runs: int = 10) -> pd.DataFrame:
    """Fit again without some of the reports and see which topics come back.

    With at most `n_runs` reports each run leaves out one, else each leaves out a tenth of them, dealt by chance (the
    model's seed) so that ten runs leave out every report once. Reports go, not items: items of one report resemble each
    other. Topics are matched one to one by the cosine of their words (Hungarian method). The runs share most of their
    items, so even a corpus without topics comes back in part: `noise` says how much, from the same runs on items among
    which all words were shuffled.

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
    items = items_of(model)
    parts = left_out(items["report_id"].tolist(), n_runs, model.settings["seed"])
    counts, vocabulary = _counts(items, model)
    words = _spread(model, vocabulary)
    settings = {**model.settings, "max_iter": min(STEPS, model.settings["max_iter"])}
    other = shuffled(counts, model.settings["seed"])
    marked = marks(settings["seeds"], vocabulary, model.n_topics) if "seeds" in settings else None
    noise, _ = lda.refit(other, settings, marked)
    found = []
    for run, part in enumerate(parts, start=1):
        kept = np.flatnonzero(~items["report_id"].isin(part))
        try:
            again, noisy = (
                match(whole, lda.refit(texts[kept], settings, marked)[0].words)
                for whole, texts in ((words, counts), (noise.words, other))
            )
        except ParameterError as error:
            raise ParameterError(f"stability, without {', '.join(part)}: {error}") from error
        found.append(again.assign(run=run, left_out=";".join(part), noise=noisy["jaccard"].mean()))
    columns = ["run", "left_out", "topic", "jaccard", "noise", "cosine"]
    return pd.concat(found, ignore_index=True).reindex(columns=columns)


def sensitivity(model: TopicModel, by: int = 2) -> pd.DataFrame:
    """Fit again with up to `by` topics fewer and more, and see which topics stay.

    Returns
    -------
    DataFrame
        One row per other number of topics and topic of `model`: n_topics (the other number), topic, partner (its match
        there; missing when there are fewer topics and it has none), jaccard, cosine (as `stability` has them), words
        (the partner's ten likeliest).

    Raises
    ------
    ParameterError
        `by` is below 1, or no other number of topics can be fitted.
    """
    if by < 1:
        raise ParameterError(f"sensitivity: by is {by!r}, expected 1 or more topics fewer and more.")
    counts, vocabulary = _counts(items_of(model), model)
    words, names = _spread(model, vocabulary), np.array(vocabulary, dtype=object)
    most = min(len(model.items), len(model.vocabulary))
    found = []
    for n_topics in range(max(2, model.n_topics - by), min(model.n_topics + by, most) + 1):
        if n_topics != model.n_topics:
            there = lda.refit(counts, {**model.settings, "n_topics": n_topics})[0].words
            lists = [" ".join(names[row]) for row in quality.top(there)]
            pairs = match(words, there)
            told = [None if pd.isna(partner) else lists[partner - 1] for partner in pairs["partner"]]
            found.append(pairs.assign(n_topics=n_topics, words=pd.array(told, dtype="str")))
    if not found:
        raise ParameterError(f"sensitivity: {len(model.items)} items carry no other number of topics. Add reports.")
    return pd.concat(found, ignore_index=True).reindex(
        columns=["n_topics", "topic", "partner", "jaccard", "cosine", "words"]
    )


def left_out(reports: Sequence[str], n_runs: int, seed: int) -> list[list[str]]:
    """Return the reports that each run leaves out; ten runs leave out every report once, or fewer reports one each.

    Raises
    ------
    ParameterError
        Fewer than two reports or runs.
    """
    names = sorted(set(reports))
    if len(names) < 2 or n_runs < 2:
        raise ParameterError(
            f"stability: {len(names)} reports and {n_runs} runs, expected 2 or more of each, for every run leaves "
            "a report out."
        )
    if len(names) <= n_runs:
        return [[name] for name in names]
    rng = np.random.default_rng(seed)
    parts: list[list[str]] = []
    while len(parts) < n_runs:
        parts += [sorted(part.tolist()) for part in np.array_split(rng.permutation(names), min(10, len(names)))]
    return parts[:n_runs]


def drawn(sizes: pd.Series, most: int, seed: int) -> pd.Index:
    """Return units drawn by chance, whole, as long as their sizes add up to at most `most`."""
    order = sizes.iloc[np.random.default_rng(seed).permutation(len(sizes))]
    return order.index[order.cumsum() <= most]


def sampled(items: pd.DataFrame, most: int, seed: int) -> pd.DataFrame:
    """Return the items of reports drawn by chance, at most `most` of them; up to so many, all as they are."""
    if len(items) <= most:
        return items
    chosen = drawn(items["report_id"].value_counts(sort=False).sort_index(), most, seed)
    return items.loc[items["report_id"].isin(chosen.tolist()).to_numpy(bool)].reset_index(drop=True)


def shuffled(counts: csr_array, seed: int) -> csr_array:
    """Return items of the same lengths, with all words dealt out anew."""
    times = counts.data.astype(np.intp)
    rows = np.repeat(np.arange(len(counts.indptr) - 1), np.diff(counts.indptr))
    words = np.random.default_rng(seed).permutation(np.repeat(counts.indices, times))
    made = csr_array((np.ones(len(words)), (np.repeat(rows, times), words)), shape=counts.shape)
    made.sum_duplicates()
    return made


def match(one: np.ndarray, other: np.ndarray, n: int = quality.TOP) -> pd.DataFrame:
    """Match the topics of two models one to one by the cosine of their words (Kuhn 1955).

    Parameters
    ----------
    one, other : ndarray, shapes K×V and L×V
        Probability of each word, the same words in both; 0 for a word that a model does not have.

    Returns
    -------
    DataFrame
        One row per topic of `one`: topic, partner (both from 1), jaccard (of the `n` likeliest words), cosine. Missing
        where `other` has fewer topics and none is left.
    """
    norms = [np.maximum(np.linalg.norm(each, axis=1, keepdims=True), np.finfo(float).tiny) for each in (one, other)]
    cosine = (one / norms[0]) @ (other / norms[1]).T
    topics, partners = linear_sum_assignment(-cosine)
    left, right = ([set(row.tolist()) for row in quality.top(each, n)] for each in (one, other))
    made = pd.DataFrame({"topic": topics + 1, "partner": pd.array(partners + 1, dtype="Int64")})
    pairs = [(left[topic], right[partner]) for topic, partner in zip(topics, partners, strict=True)]
    made["jaccard"] = [len(mine & theirs) / len(mine | theirs) for mine, theirs in pairs]
    made["cosine"] = cosine[topics, partners]
    return made.set_index("topic").reindex(pd.RangeIndex(1, len(one) + 1, name="topic")).reset_index()


def items_of(model: TopicModel) -> pd.DataFrame:
    """Return the items that `model` was given, those left out too."""
    return pd.concat([model.items, model.dropped_items.drop(columns="reason")]).sort_values(KEY, ignore_index=True)


def _counts(items: pd.DataFrame, model: TopicModel) -> tuple[csr_array, list[str]]:
    """Return the counts of all words of all items, whatever the limits, and the words."""
    documents, _ = tokenize(items["text"], places=model.settings["places"], stopwords=model.settings["stopwords"])
    counts, vocabulary, _ = lda.count(documents, min_df=1, max_df=1.0)
    return counts, vocabulary


def _spread(model: TopicModel, vocabulary: Sequence[str]) -> np.ndarray:
    """Return the words of `model` with a column for every word of `vocabulary`."""
    column = {word: index for index, word in enumerate(vocabulary)}
    words = np.zeros((model.n_topics, len(vocabulary)))
    words[:, [column[word] for word in model.vocabulary]] = model.words
    return words
