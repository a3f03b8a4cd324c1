"""In: a folder of real texts, or nothing. Out: the sets of texts that the benchmarks measure with."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.model import tokens

LEAST, PIECE = 20, (30, 45)  # words of a paragraph, and of a short piece


@dataclass(frozen=True)
class Texts:
    """Where the texts are from, problem paragraphs (report_id, item_id, text), and longer texts."""

    source: str
    problems: pd.DataFrame
    texts: list[str]


def load(folder: str) -> Texts:
    """Read `folder` (or the environment's BENCH_CORPUS); without one, draw texts from planted topics."""
    root = Path(folder or os.environ.get("BENCH_CORPUS", ""))
    if not (folder or os.environ.get("BENCH_CORPUS")) or not (root / "problem_paragraphs").is_dir():
        return _simulated()
    found = sorted((root / "problem_paragraphs").glob("*.txt"))
    problems = pd.DataFrame(
        {
            "report_id": [path.stem.rpartition("_")[0] for path in found],
            "item_id": range(len(found)),
            "text": [path.read_text(encoding="utf-8") for path in found],
        }
    )
    longer = [path for part in ("city_docx", "smart_policy") for path in sorted((root / part).glob("*.txt"))]
    return Texts("real official texts", problems, [path.read_text(encoding="utf-8") for path in longer])


def _simulated() -> Texts:
    rng = np.random.default_rng(1)
    words = np.array(sorted(set(tokens.lexicon().words) - set(tokens.lexicon().stopwords)))
    topics = rng.dirichlet(np.full(len(words), 0.05), 12)

    def draw(length: int) -> str:
        chosen = rng.choice(len(words), length, p=rng.dirichlet(np.full(12, 0.1)) @ topics)
        return "，".join(words[chosen])

    problems = [draw(74) for _ in range(228)]
    ids = {"report_id": [f"r{number:03d}" for number in range(228)], "item_id": 1}
    texts = ["\n".join(draw(60) for _ in range(25)) for _ in range(364)]
    return Texts("simulated texts", pd.DataFrame({**ids, "text": problems}), texts)


def paragraphs(texts: list[str], n: int, seed: int) -> list[list[str]]:
    """Return the words of `n` paragraphs of `LEAST` words or more, drawn by chance."""
    cut, _ = tokens.tokenize([line for text in texts for line in text.splitlines()])
    kept = [words for words in cut if len(words) >= LEAST]
    chosen = np.random.default_rng(seed).choice(len(kept), min(n, len(kept)), replace=False)
    return [kept[number] for number in chosen]


def pieces(texts: list[str], n: int, seed: int) -> list[list[str]]:
    """Return the words of `n` pieces of 30 to 45 words, each from another place, drawn by chance."""
    rng = np.random.default_rng(seed)
    cut, _ = tokens.tokenize(texts)
    made = []
    while len(made) < n:
        words = cut[rng.integers(len(cut))]
        length = int(rng.integers(*PIECE, endpoint=True))
        if len(words) > length:
            begin = int(rng.integers(len(words) - length))
            made.append(words[begin : begin + length])
    return made
