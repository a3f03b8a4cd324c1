"""In: a number of simulated problem items. Out: what topics of them cost and give, against gensim and tomotopy.

    python -m tests.bench.bench_online [--items 200000] [--topics 20] [--iterations 50] [--skip multicore] [--overlap]

Every step runs in a process of its own with one thread. CPU seconds are of that process and its children, peak memory too. A
package is measured from the counts on: they are on disk when its clock starts. Ours fits words and the shares of every item,
gensim's fit gives words only. With --overlap a second corpus follows, whose topics share most of their words.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, load_npz, save_npz

from analysis import paths
from analysis.codebook import read_csv
from analysis.model import effects, lda, quality, reading, recovery, tokens, topics
from tests.bench.tables import as_markdown

SEED, HELD_OUT, VOCABULARY, OWN, COMMON, LENGTH = 8, 2_000, 4_000, 300, 0.3, 25
ALPHA, ETA, ALPHAS = 0.1, 0.01, (0.01, 0.05, 0.1, 0.3, 1.0)  # every model is scored with the best of these
SHARED, AROUND = 0.1, 400  # overlapping topics: what all have, and how close the rest is drawn around it
Measured = dict[str, Any]


def _vocabulary(rng: np.random.Generator) -> tuple[np.ndarray, list[list[str]]]:
    """Return words in chance order, and of each of the simulator's problems those that it is told in."""
    rows = read_csv(paths.ROOT / "data" / "simulate" / "problems.csv", ("heading", "sentence"))
    told, _ = tokens.tokenize([f"{row['heading']}，{row['sentence']}" for row in rows])
    known = tokens.lexicon()
    often = sorted(tokens._dictionary().FREQ.items(), key=lambda item: -item[1])
    listed = [word for word, _ in often if len(word) in (2, 3) and word[0] >= "一" and word not in known.stopwords]
    words = list(dict.fromkeys([word for each in told for word in each] + listed))[:VOCABULARY]
    return rng.permutation(words), told


def simulate(n_items: int, n_topics: int, overlap: bool, folder: Path) -> Measured:
    """Write items whose topics are known: each topic has the words of one problem first, then 300 of its own.

    With `overlap` every topic is drawn around the same frequencies of all words: they have a mean cosine of .6. Six items a
    report; words of 、 between them, so that cutting finds them again.
    """
    rng, begin = np.random.default_rng(SEED), os.times()
    words, told = _vocabulary(rng)
    at = {word: number for number, word in enumerate(words)}
    falling = 1 / np.arange(1, VOCABULARY + 1) ** 0.9
    planted = np.tile(COMMON * falling / falling.sum(), (n_topics, 1))
    for topic in range(n_topics):
        first = [at[word] for word in dict.fromkeys(told[topic % len(told)])]
        own = np.array(first + rng.choice(VOCABULARY, OWN - len(first), replace=False).tolist())
        np.add.at(planted[topic], own, (1 - COMMON) * falling[:OWN] / falling[:OWN].sum())
    if overlap:
        usual = falling / falling.sum()
        planted = SHARED * usual + (1 - SHARED) * rng.dirichlet(AROUND * usual + 1e-3, n_topics)
    n = n_items + HELD_OUT
    shares, lengths = rng.dirichlet(np.full(n_topics, ALPHA), n), np.maximum(rng.poisson(LENGTH, n), 2)
    of_topic = rng.multinomial(lengths, shares)
    rows, drawn = [], []
    for topic, times in enumerate(of_topic.T):
        rows.append(np.repeat(np.arange(n), times))
        drawn.append(rng.choice(VOCABULARY, int(times.sum()), p=planted[topic] / planted[topic].sum()))
    order = np.argsort(np.concatenate(rows), kind="stable")
    parts = np.split(words[np.concatenate(drawn)[order]], np.cumsum(lengths)[:-1])
    made = pd.DataFrame({"report_id": [f"r{number // 6:06d}" for number in range(n)], "item_id": range(n)})
    made["text"] = pd.Series(["、".join(part) for part in parts], dtype="str")
    made["level"] = np.array(["county", "township", "department"])[(made["item_id"] // 6) % 3]
    made.to_parquet(folder / "items.parquet")
    np.savez(folder / "planted.npz", words=words.astype(str), planted=planted)
    return {"cpu": _cpu() - sum(begin[:4]), "characters": int(made["text"].str.len().sum())}


def segment(folder: Path) -> Measured:
    """Cut all items and count their words; write the counts to fit and to predict."""
    texts = pd.read_parquet(folder / "items.parquet", columns=["text"])["text"].tolist()
    tokens.warm()
    before = _cpu()
    documents, _ = tokens.tokenize(texts, cached=False)
    cut = _cpu() - before
    counts, vocabulary, _ = lda.count(documents, min_df=5, max_df=0.5)
    spent = _cpu() - before
    save_npz(folder / "train.npz", counts[:-HELD_OUT])
    save_npz(folder / "test.npz", counts[-HELD_OUT:])
    (folder / "vocabulary.txt").write_text("\n".join(vocabulary), encoding="utf-8")
    return {"cpu": spent, "cut": cut, "mib": _peak(), "tokens": int(counts.sum()), "words": len(vocabulary)}


def _words(counts: csr_array) -> int:
    return counts.T.shape[0]


def ours(counts: csr_array, n_topics: int, iterations: int) -> np.ndarray:
    return lda.fit(counts, n_topics=n_topics, seed=SEED, alpha=ALPHA, eta=ETA, max_iter=100).words


def gensim(counts: csr_array, n_topics: int, iterations: int) -> np.ndarray:
    """LdaModel as it comes: one pass, batches of 2,000."""
    from gensim.matutils import Sparse2Corpus
    from gensim.models import LdaModel

    names = {word: str(word) for word in range(_words(counts))}
    return LdaModel(Sparse2Corpus(counts.T.tocsc()), n_topics, names, random_state=SEED).get_topics()


def multicore(counts: csr_array, n_topics: int, iterations: int) -> np.ndarray:
    """LdaMulticore as it comes, with one worker."""
    from gensim.matutils import Sparse2Corpus
    from gensim.models import LdaMulticore

    names = {word: str(word) for word in range(_words(counts))}
    made = LdaMulticore(Sparse2Corpus(counts.T.tocsc()), n_topics, names, workers=1, random_state=SEED)
    return made.get_topics()


def tomotopy(counts: csr_array, n_topics: int, iterations: int) -> np.ndarray:
    """Gibbs sampling with the defaults, one worker."""
    import tomotopy as package

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = package.LDAModel(k=n_topics, seed=SEED)
        for row in range(len(counts.indptr) - 1):
            here = slice(counts.indptr[row], counts.indptr[row + 1])
            if here.start < here.stop:
                model.add_doc([str(word) for word in np.repeat(counts.indices[here], counts.data[here].astype(int))])
        model.train(iterations, workers=1)
    words = np.zeros((n_topics, _words(counts)))
    columns = [int(word) for word in model.used_vocabs]
    for topic in range(n_topics):
        words[topic, columns] = model.get_topic_word_dist(topic)
    return words


FITS: dict[str, Callable[[csr_array, int, int], np.ndarray]] = {
    "ours": ours, "gensim": gensim, "multicore": multicore, "tomotopy": tomotopy,
}  # fmt: skip


def fitted(name: str, folder: Path, n_topics: int, iterations: int) -> Measured:
    """Fit, then score: perplexity of the items held out, and the planted topics found again."""
    train, test = (csr_array(load_npz(folder / f"{part}.npz")) for part in ("train", "test"))
    train = train[np.flatnonzero(np.diff(train.indptr))]
    before = _cpu()
    words = FITS[name](train, n_topics, iterations)
    made = {"cpu": _cpu() - before, "mib": _peak()}
    made["perplexity"] = min(quality.completion_perplexity(words, test, alpha=alpha, seed=SEED) for alpha in ALPHAS)
    with np.load(folder / "planted.npz") as stored:
        column = {word: number for number, word in enumerate(stored["words"].tolist())}
        names = (folder / "vocabulary.txt").read_text(encoding="utf-8").split("\n")
        at = [column.get(word, -1) for word in names]
        truth = np.where(np.array(at) >= 0, stored["planted"][:, at], 0)
    cosine, _ = recovery.match(words, truth / truth.sum(axis=1, keepdims=True))
    return made | {"cosine": float(cosine.mean())}


def downstream(folder: Path, n_topics: int) -> Measured:
    """The whole way of a notebook: frame to model, effects, typical items, what reads the shares."""
    items = pd.read_parquet(folder / "items.parquet")
    reports = items.drop_duplicates("report_id").assign(place="county", report_year=2024)
    begin = _cpu()
    model = topics.fit(items, n_topics, seed=SEED, min_df=5)
    spent = {"fit": _cpu() - begin}
    steps: dict[str, Callable[[], object]] = {
        "effects": lambda: effects.effect(model, "level"),
        "prevalence": lambda: effects.prevalence(model, "level"),
        "each report": lambda: effects.each_report(model),
        "typical items": lambda: reading.typical(model, reports),
        "template": lambda: reading.template(model),
        "adequacy": lambda: topics.adequacy(model),
        "correlation": lambda: reading.correlation(model),
    }
    for name, step in steps.items():
        before = _cpu()
        step()
        spent[name] = _cpu() - before
    return {"steps": spent, "mib": _peak()}


def _cpu() -> float:
    return sum(os.times()[:4])


def _peak() -> float:
    """MiB, of this process and the largest of its children."""
    return sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024


def _apart(function: Callable[..., Measured], *given: Any) -> Measured:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *given).result()


def measure(
    n_items: int, n_topics: int, iterations: int, folder: Path, skip: list[str], overlap: bool = False
) -> pd.DataFrame:
    """Return one row per measure: what, value, bar, and whether it is met."""
    rows: list[tuple[str, str, str, str]] = []
    corpus = "overlapping: " if overlap else ""

    def add(what: str, value: str, bar: str = "", met: bool | None = None) -> None:
        rows.append((corpus + what, value, bar, "–" if met is None else "yes" if met else "no"))
        print(*rows[-1], sep=" | ", file=sys.stderr, flush=True)

    made = _apart(simulate, n_items, n_topics, overlap, folder)
    cut = _apart(segment, folder)
    add(
        f"simulate {n_items:,} items of {made['characters'] / (n_items + HELD_OUT):.0f} characters",
        f"{made['cpu']:.1f} s",
    )
    add(
        f"cut and count: {cut['tokens']:,} tokens of {cut['words']:,} words",
        f"{cut['cpu']:.1f} s, {cut['mib']:,.0f} MiB",
    )
    add("cut alone: characters a CPU second", f"{made['characters'] / cut['cut'] / 1e6:.2f} million")
    found: dict[str, Measured] = {}
    for name in (name for name in FITS if name not in skip):
        one = found[name] = _apart(fitted, name, folder, n_topics, iterations)
        what = f"{name}, {iterations} iterations" if name == "tomotopy" else name
        add(
            f"{what}: K={n_topics}, time, peak memory, unseen items, planted topics",
            f"{one['cpu']:.1f} s, {one['mib']:,.0f} MiB, perplexity {one['perplexity']:.1f}, cosine {one['cosine']:.3f}",
        )
    mine, others = found.pop("ours"), found
    for name, one in others.items():
        gives = name != "tomotopy"  # its time grows with the iterations asked for, and its words are Python's own
        time, memory = mine["cpu"] / one["cpu"], mine["mib"] / one["mib"]
        add(f"time to {name}'s", f"{time:.2f} ×", "≤ 0.5 ×" if gives else "", time <= 0.5 if gives else None)
        add(f"peak memory to {name}'s", f"{memory:.2f} ×", "≤ 1 ×" if gives else "", memory <= 1 if gives else None)
        ratio = mine["perplexity"] / one["perplexity"]
        add(f"perplexity to {name}'s", f"{ratio:.3f} ×", "≤ 1 ×", ratio <= 1)
    add("planted topics found again: mean cosine", f"{mine['cosine']:.3f}", "≥ 0.95", mine["cosine"] >= 0.95)
    if overlap:
        return pd.DataFrame(rows, columns=["what", "value", "bar", "met"])
    whole = _apart(downstream, folder, n_topics)
    steps = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in whole["steps"].items())
    add(f"from frame to effects, {n_items + HELD_OUT:,} items", f"{steps}; {whole['mib']:,.0f} MiB")
    return pd.DataFrame(rows, columns=["what", "value", "bar", "met"])


def main() -> None:
    """Measure and print the table as Markdown."""
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--items", type=int, default=200_000)
    given.add_argument("--topics", type=int, default=20)
    given.add_argument("--iterations", type=int, default=50, help="of tomotopy's sampler")
    given.add_argument("--skip", default="", help=f"some of: {','.join(FITS)}")
    given.add_argument("--overlap", action="store_true", help="a second corpus, whose topics share most of their words")
    asked = given.parse_args()
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"  # before the processes of the measures start
    found = []
    for overlap in (False, True)[: 1 + asked.overlap]:
        with tempfile.TemporaryDirectory() as temporary:
            sizes = (asked.items, asked.topics, asked.iterations)
            found.append(measure(*sizes, Path(temporary), asked.skip.split(","), overlap))
    print(as_markdown(pd.concat(found)))


if __name__ == "__main__":
    main()
