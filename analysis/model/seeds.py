"""In: words that a topic should have. Out: which words of a corpus those are, topic by topic."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from scipy.sparse import csr_array

from analysis import paths
from analysis.codebook import read_csv
from analysis.errors import ParameterError


def typology(language: str = "zh") -> dict[str, list[str]]:
    """Return the problem types of data/codebook/problem_types.csv as seeds: name → words (none: left out)."""
    rows = read_csv(paths.CODEBOOK / "problem_types.csv", ("problem_type", f"name_{language}", "words"))
    return {row[f"name_{language}"]: row["words"].split() for row in rows if row["words"]}


def found(seeds: Mapping[str, Iterable[str]], vocabulary: Sequence[str]) -> dict[str, list[str]]:
    """Return the words of the vocabulary that each seed topic means: those that are or contain one of its seeds.

    A word that several topics mean goes to the one that names most of it; of equals, to the first.
    """
    best: dict[str, tuple[int, str]] = {}
    for name, words in seeds.items():
        for seed in words:
            for word in vocabulary:
                if seed in word and len(seed) > best.get(word, (0, ""))[0]:
                    best[word] = (len(seed), name)
    return {name: sorted(word for word, (_, owner) in best.items() if owner == name) for name in seeds}


def choose(
    seeds: Mapping[str, Iterable[str]], counts: csr_array, vocabulary: list[str], n: int
) -> dict[str, list[str]]:
    """Return the `n` seed topics whose words the corpus has most often, in the order of `seeds`, with those words."""
    tokens = dict(zip(vocabulary, np.asarray(counts.sum(axis=0)).tolist(), strict=True))
    there = found(seeds, vocabulary)
    ranked = sorted(
        (name for name in there if there[name]), key=lambda name: -sum(tokens[word] for word in there[name])
    )
    kept = set(ranked[:n])
    return {name: words for name, words in there.items() if name in kept}


def marks(seeds: Mapping[str, Iterable[str]], vocabulary: Sequence[str], n_topics: int) -> np.ndarray:
    """Return K×V: 1 where a word is a seed of the k-th of `seeds`; the topics after the last seed are free.

    Raises
    ------
    ParameterError
        There are more seed topics than topics, or one has no word that the items have.
    """
    there = found(seeds, vocabulary)
    empty = [name for name, words in there.items() if not words]
    faults = [f"seeds: no word of '{name}' stands in enough items. Give others, or leave it out." for name in empty]
    if len(there) > n_topics:
        faults.append(f"seeds: {len(there)} seed topics for {n_topics} topics. Choose more topics, or fewer seeds.")
    if faults:
        raise ParameterError(faults)
    column = {word: place for place, word in enumerate(vocabulary)}
    marked = np.zeros((n_topics, len(vocabulary)))
    for topic, words in enumerate(there.values()):
        marked[topic, [column[word] for word in words]] = 1
    return marked
