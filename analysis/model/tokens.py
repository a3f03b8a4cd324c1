"""In: Chinese texts and the lexicon. Out: the words of each text, and which were left out and why."""

from __future__ import annotations

import copy
import hashlib
import json
import logging
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Literal, NamedTuple

import jieba
import pandas as pd
import rjieba

from analysis import paths
from analysis.codebook import read_csv
from analysis.errors import CodebookError, ParameterError, closest
from analysis.model import cache

Engine = Literal["jieba", "rjieba"]
ENGINES: tuple[Engine, ...] = ("jieba", "rjieba")
VERSION = 1  # of the rules in this module: raise it when the same text gives other words
SAMPLE = 50_000  # characters on which the two engines are compared
REASONS = ("function", "template", "number", "time", "self")  # why a stopword is one
_HAN = re.compile(r"[\u3400-\u9fff]+")
_NEVER = "\U000f0000\U000f0001"  # stands in no text: two code points of a private plane


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


class _Weighed(NamedTuple):
    """A jieba of our own, and what another engine needs to cut alike."""

    jieba: jieba.Tokenizer
    weights: dict[str, int]  # user word → frequency
    replaced: int  # frequencies that jieba's list gave these words: jieba never takes them off its total


@lru_cache(maxsize=1)
def _dictionary() -> jieba.Tokenizer:
    """Load jieba's dictionary into a tokenizer of our own; the module-level one of jieba stays as it was."""
    folder = paths.CACHE / f"jieba-{jieba.__version__}"  # jieba itself never notices that its dictionary changed
    with suppress(OSError):  # where nothing can be written, jieba loads its list anew each time
        folder.mkdir(parents=True, exist_ok=True)
    made = jieba.Tokenizer()
    made.tmp_dir = str(folder)  # pyright: ignore[reportAttributeAccessIssue]  # jieba declares None, reads a path
    log = logging.getLogger("jieba")
    level = log.level
    log.setLevel(logging.CRITICAL)  # it greets on stderr while it loads, and a cache that cannot be kept is no fault
    try:
        made.initialize()
    finally:
        log.setLevel(level)
    for left in folder.glob("tmp*"):  # of a process that was killed while it wrote what is here now
        left.unlink(missing_ok=True)
    return made


def warm() -> None:
    """Load the dictionary, so that a process forked from this one has it."""
    _dictionary()


@lru_cache(maxsize=4)
def _weighed(words: frozenset[str]) -> _Weighed:
    """Return a tokenizer that knows `words` too."""
    made = copy.copy(_dictionary())
    made.FREQ = made.FREQ.copy()
    replaced = sum(made.FREQ.get(word, 0) for word in words)
    # Short words first: a longer one is then made likelier than any cut of it into shorter ones.
    order = sorted(words, key=lambda word: (len(word), word))
    for word in order:
        made.add_word(word)
    return _Weighed(made, {word: made.FREQ[word] for word in order}, replaced)


@lru_cache(maxsize=4)
def _fast(words: frozenset[str]) -> rjieba.Jieba:
    """Return rjieba with the frequencies that jieba gave `words`: its own guesses differ, and so would its cuts."""
    made = rjieba.Jieba()
    weighed = _weighed(words)
    for word, weight in weighed.weights.items():
        made.add_word(word, weight, None)
    made.add_word(_NEVER, weighed.replaced, None)  # jieba's total is larger by this much
    return made


def cutter(words: frozenset[str], engine: Engine) -> Callable[[str], Iterable[str]]:
    """Return what cuts a text into all its words, with `words` among the known ones."""
    return _fast(words).cut if engine == "rjieba" else _weighed(words).jieba.cut


def _engine(texts: list[str], words: frozenset[str]) -> Engine:
    """Return rjieba when it cuts a sample of `texts` into the same Chinese words as jieba, else jieba."""
    if sum(map(len, texts)) <= SAMPLE:
        return "jieba"  # a check would cost as much as it saves
    sample, length = [], 0
    for text in sorted(set(texts), key=_hash):  # by content, so that the order of the rows does not matter
        sample.append(text)
        length += len(text)
        if length > SAMPLE:
            break
    one, other = ([[*filter(_HAN.fullmatch, cutter(words, name)(text))] for text in sample] for name in ENGINES)
    return "rjieba" if one == other else "jieba"


def _place_forms(names: Iterable[object], known: Mapping[str, str]) -> set[str]:
    """Return the names and, from three characters on, each without its last one (宜昌市 → 宜昌), but no known word."""
    full = {name for name in names if isinstance(name, str) and name} - known.keys()
    return (full | {name[:-1] for name in full if len(name) >= 3}) - known.keys()


def tokenize(
    texts: Iterable[str],
    *,
    places: Iterable[object] = (),
    stopwords: Iterable[str] = REASONS,
    folder: Path = paths.LEXICON,
    engine: Engine | Literal["auto"] = "auto",
    cached: bool = True,
) -> tuple[list[list[str]], pd.DataFrame]:
    """Cut each text into the words that carry content.

    Kept are words of Chinese characters only, of two or more characters unless the lexicon lists them, that are no
    stopwords and no place names. The segmenter is jieba with its hidden Markov model for unknown words. The words of
    more than a few texts are kept in the cache; a text, lexicon, place or version that changed is cut anew.

    Parameters
    ----------
    texts : iterable of str
    places : iterable of str
        Names of the corpus' own places; dropped as words, in full and without their last character, so that a topic is
        not the name of a county. A user word is never dropped so (公安 for 公安县). Missing values are passed over.
    stopwords : iterable of str
        Reasons of stopwords.csv whose words are left out; the texts are cut alike whatever is chosen here.
    folder : Path
        Where words.txt and stopwords.csv are.
    engine : str
        jieba, rjieba (the same in Rust, many times faster), or auto: rjieba where there is enough text to gain from it
        and both cut a sample of it into the same words.
    cached : bool
        Look into the cache first, and write there.

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
    ParameterError
        The engine or a reason is unknown.
    """
    chosen = sorted(set(stopwords))
    faults = [
        f"tokenize: stopwords has '{reason}', expected some of {', '.join(REASONS)}.{closest(reason, REASONS)}"
        for reason in chosen
        if reason not in REASONS
    ]
    if engine not in (*ENGINES, "auto"):
        faults.append(f"tokenize: engine is '{engine}', expected one of {', '.join(ENGINES)}, auto.")
    if faults:
        raise ParameterError(faults)
    texts, known = list(texts), lexicon(folder)
    forms = sorted(_place_forms(places, known.words))
    asked = [
        VERSION,
        jieba.__version__,
        version("rjieba"),
        known.sha256,
        forms,
        chosen,
        engine,
        [_hash(text) for text in texts],
    ]
    kept, dropped = cache.through(
        "tokens",
        asked,
        lambda: _tokenize(texts, known, forms, chosen, engine),
        small=not cached or sum(map(len, texts)) < cache.SMALL,
    )
    counts = pd.DataFrame(dropped, columns=["word", "reason", "tokens"])
    one: dict[str, str] = {}  # each word stands in memory once, however often in the texts
    cut = [[one.setdefault(word, word) for word in words.split()] for words in kept]
    return cut, counts.astype({"word": "str", "reason": "str", "tokens": "int64"})


def _tokenize(
    texts: list[str], known: Lexicon, places: list[str], stopwords: list[str], engine: Engine | Literal["auto"]
) -> tuple[list[str], list[tuple[str, str, int]]]:
    """Return each text's words, with blanks between, and (word, reason, tokens) of those left out."""
    reasons = dict.fromkeys(places, "place") | dict(known.stopwords)
    every = frozenset(known.words.keys() | reasons.keys())
    marked = {word: printed for word, printed in known.words.items() if word != printed}
    joins = [(re.compile(r"\W*".join(_HAN.findall(printed))), word) for word, printed in marked.items()]
    for printed, word in joins:
        texts = [printed.sub(word, text) for text in texts]
    cut = cutter(every, _engine(texts, every) if engine == "auto" else engine)
    why = _Reasons({word: why for word, why in reasons.items() if why in ("place", *stopwords)}, known.words)
    seen: Counter[str] = Counter()
    kept = []
    for text in texts:
        words = list(cut(text))
        seen.update(words)
        kept.append(" ".join([word for word in words if not why[word]]))
    dropped = [(word, why[word], tokens) for word, tokens in seen.items() if why[word] not in ("", "mark")]
    return kept, sorted(dropped, key=lambda row: (-row[2], row[0]))


class _Reasons(dict[str, str]):
    """Word → why it is left out ("" when it is not), found out at its first token."""

    def __init__(self, reasons: Mapping[str, str], words: Mapping[str, str]):
        super().__init__(reasons)
        self.words = words

    def __missing__(self, word: str) -> str:
        if not _HAN.fullmatch(word):
            reason = "not_chinese" if any(char.isalnum() for char in word) else "mark"
        else:
            reason = "short" if len(word) == 1 and word not in self.words else ""
        self[word] = reason
        return reason


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
