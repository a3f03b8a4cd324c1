"""In: Chinese texts and the lexicon. Out: the words of each text, and which were left out and why."""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import jieba
import pandas as pd

from analysis import paths
from analysis.codebook import read_csv
from analysis.errors import CodebookError

REASONS = ("function", "template", "number", "time", "self")  # why a stopword is one
_HAN = re.compile(r"[\u3400-\u9fff]+")


@dataclass(frozen=True)
class Lexicon:
    """What data/lexicon says.

    Attributes
    ----------
    words : mapping
        User word (Chinese characters only) → the form in words.txt, marks included.
    stopwords : mapping
        Word → reason, one of `REASONS`.
    sha256 : str
        Of the content of both files; their order and line ends do not count.
    """

    words: Mapping[str, str]
    stopwords: Mapping[str, str]
    sha256: str


def lexicon(folder: Path = paths.LEXICON) -> Lexicon:
    """Read `folder/words.txt` and `folder/stopwords.csv`.

    Raises
    ------
    CodebookError
        A file is missing, a line is no Chinese word, a word stands twice, or a stopword's reason is unknown.
    """
    path = folder / "words.txt"
    if not path.exists():
        raise CodebookError(f"no file {path}. Restore it from the repository.")
    words: dict[str, str] = {}
    stopwords: dict[str, str] = {}
    faults = []
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), start=1):
        printed = line.partition("#")[0].strip()
        if not printed:
            continue
        word = "".join(_HAN.findall(printed))
        if not (_HAN.match(printed[0]) and _HAN.match(printed[-1])):
            faults.append(f"words.txt line {number}: '{printed}' does not begin and end with a Chinese character.")
        elif word in words:
            faults.append(f"words.txt line {number}: '{printed}' stands twice. Keep one line.")
        words[word] = printed
    for row in read_csv(folder / "stopwords.csv", ("word", "reason")):
        word, reason = row["word"], row["reason"]
        if not _HAN.fullmatch(word):
            faults.append(f"{row['_where']}: '{word}' is not written in Chinese characters only.")
        elif word in stopwords:
            faults.append(f"{row['_where']}: '{word}' stands twice. Keep one row.")
        if reason not in REASONS:
            faults.append(f"{row['_where']}: reason '{reason}' is not one of {', '.join(REASONS)}.")
        stopwords[word] = reason
    if faults:
        raise CodebookError(faults)
    content = json.dumps([sorted(words.items()), sorted(stopwords.items())], ensure_ascii=False)
    return Lexicon(words, stopwords, hashlib.sha256(content.encode()).hexdigest())


@lru_cache(maxsize=4)
def _tokenizer(words: frozenset[str]) -> jieba.Tokenizer:
    """Return a tokenizer of our own that knows `words`; the module-level one of jieba stays as it was."""
    folder = paths.CACHE / f"jieba-{jieba.__version__}"  # jieba itself never notices that its dictionary changed
    folder.mkdir(parents=True, exist_ok=True)
    made = jieba.Tokenizer()
    made.tmp_dir = str(folder)  # pyright: ignore[reportAttributeAccessIssue]  # jieba declares None, reads a path
    log = logging.getLogger("jieba")
    level = log.level
    log.setLevel(logging.WARNING)  # it greets on stderr while it loads
    try:
        made.initialize()
    finally:
        log.setLevel(level)
    # Short words first: a longer one is then made likelier than any cut of it into shorter ones.
    for word in sorted(words, key=lambda word: (len(word), word)):
        made.add_word(word)
    return made


def _place_forms(names: Iterable[object], known: Mapping[str, str]) -> set[str]:
    """Return the names and, from three characters on, each without its last one (宜昌市 → 宜昌), but no known word."""
    full = {name for name in names if isinstance(name, str) and name} - known.keys()
    return (full | {name[:-1] for name in full if len(name) >= 3}) - known.keys()


def tokenize(
    texts: Iterable[str], *, places: Iterable[object] = (), folder: Path = paths.LEXICON
) -> tuple[list[list[str]], pd.DataFrame]:
    """Cut each text into the words that carry content.

    Kept are words of Chinese characters only, of two or more characters unless the lexicon lists them, that are no
    stopwords and no place names. The segmenter is jieba with its hidden Markov model for unknown words.

    Parameters
    ----------
    texts : iterable of str
    places : iterable of str
        Names of the corpus' own places; dropped as words, in full and without their last character, so that a topic is
        not the name of a county. A user word is never dropped so (公安 for 公安县). Missing values are passed over.
    folder : Path
        Where words.txt and stopwords.csv are.

    Returns
    -------
    words : list of list of str
        One list per text, in the order of the text; empty when nothing is left.
    dropped : DataFrame
        One row per word left out: `word`, `reason` (of stopwords.csv, or place, short, not_chinese), `tokens` (how
        often), most frequent first. Punctuation is not counted.

    Raises
    ------
    CodebookError
        The lexicon cannot be used as it stands.
    """
    known = lexicon(folder)
    reasons = dict.fromkeys(_place_forms(places, known.words), "place") | dict(known.stopwords)
    cutter = _tokenizer(frozenset(known.words.keys() | reasons.keys()))
    marked = {word: printed for word, printed in known.words.items() if word != printed}
    joins = [(re.compile(r"\W*".join(_HAN.findall(printed))), word) for word, printed in marked.items()]
    kept, dropped = [], Counter()
    for text in texts:
        for printed, word in joins:
            text = printed.sub(word, text)
        words = []
        for word in cutter.cut(text):
            if word in reasons:
                dropped[word, reasons[word]] += 1
            elif not _HAN.fullmatch(word):
                if any(char.isalnum() for char in word):
                    dropped[word, "not_chinese"] += 1
            elif len(word) == 1 and word not in known.words:
                dropped[word, "short"] += 1
            else:
                words.append(word)
        kept.append(words)
    counts = pd.DataFrame([(*key, n) for key, n in dropped.items()], columns=["word", "reason", "tokens"])
    counts = counts.astype({"word": "str", "reason": "str", "tokens": "int64"})
    return kept, counts.sort_values(["tokens", "word"], ascending=[False, True], ignore_index=True)
