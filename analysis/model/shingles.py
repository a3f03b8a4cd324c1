"""In: texts of reports. Out: how alike they are, exactly or by MinHash when they are many."""

from __future__ import annotations

import re
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from analysis.errors import DataError, ParameterError

SHINGLE = 8  # characters: longer than nearly every word, shorter than a clause
MANY = 2000  # reports up to which all pairs are computed
CAUGHT = 0.9  # chance that a pair just at the threshold becomes a candidate
PAIR = ["report_id_a", "report_id_b"]

# Half-width and small letters, one code point for one, so that offsets stay.
_FOLD = {full: full - 0xFEE0 for full in range(0xFF01, 0xFF5F)}
_FOLD |= {ord(char): ord(char.lower()) for char in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
_FOLD |= {ord(char) + 0xFEE0: ord(char.lower()) for char in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
_KEPT = re.compile(r"[^\W_]+")
_PRIME = np.uint64(0x9E3779B97F4A7C15)


def normalise(text: str) -> tuple[str, np.ndarray]:
    """Return the letters, digits and Chinese characters of `text`, width and case folded, and where each stood.

    Punctuation, spaces and line ends go: they change when a text is copied from page to page.

    Returns
    -------
    text : str
    offsets : ndarray of int
        `offsets[i]` is the index in the original of the i-th character: a span [i, j) of the result stood at
        [offsets[i], offsets[j - 1] + 1) there.
    """
    folded = text.translate(_FOLD)
    runs = [match.span() for match in _KEPT.finditer(folded)]
    offsets = np.concatenate([np.empty(0, np.int64), *(np.arange(*run) for run in runs)])
    return "".join([folded[start:end] for start, end in runs]), offsets


def hashed(text: str, size: int) -> np.ndarray:
    """Return a 64-bit number for each run of `size` characters of a normalised text, in order; equal for equal runs.

    A text shorter than `size` has one, of all of it; an empty one none.
    """
    codes = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    size = min(size, len(codes))
    found = np.zeros(len(codes) - size + 1 if size else 0, dtype=np.uint64)
    for at in range(size):
        found = found * _PRIME + codes[at : len(codes) - size + 1 + at]
    found ^= found >> np.uint64(31)  # the multiplication above mixes upwards only
    return found * _PRIME


def shingles(text: str, size: int = SHINGLE) -> np.ndarray:
    """Return the set of shingles of a text as a sorted array: `hashed` of the normalised text without repetition."""
    return np.unique(hashed(normalise(text)[0], size))


def jaccard(one: np.ndarray, other: np.ndarray) -> float:
    """Return the resemblance of two sets of shingles, |A∩B| / |A∪B| (Broder 1997); 0 when both are empty."""
    common = len(np.intersect1d(one, other, assume_unique=True))
    return common / max(1, len(one) + len(other) - common)


def containment(one: np.ndarray, other: np.ndarray) -> float:
    """Return how much of the first set is in the second, |A∩B| / |A| (Broder 1997); 0 when the first is empty."""
    return len(np.intersect1d(one, other, assume_unique=True)) / max(1, len(one))


def bodies(texts: pd.DataFrame) -> dict[str, str]:
    """Return report_id → its text between `start` and `end` (all of it without these columns), in the frame's order.

    Raises
    ------
    DataError
        A column is missing, a report stands twice or has no text.
    """
    lost = [name for name in ("report_id", "text") if name not in texts]
    if lost:
        raise DataError(f"texts: no column {', '.join(lost)}. Take them from load.texts().")
    found: dict[str, str] = {}
    faults = []
    for row in texts.to_dict("records"):
        report_id, text = row["report_id"], row["text"]
        if report_id in found:
            faults.append(f"texts: {report_id} stands twice. Keep one row.")
        if not isinstance(text, str):
            faults.append(f"texts: {report_id} has no text. Leave it out.")
            text = ""
        found[report_id] = text[row.get("start", 0) : row.get("end", len(text))]
    if faults:
        raise DataError(faults)
    return found


def matrix(
    texts: pd.DataFrame, size: int = SHINGLE, measure: Literal["jaccard", "containment"] = "jaccard"
) -> pd.DataFrame:
    """Return how alike every two reports are, exactly: reports × reports, 0 to 1, by report_id.

    `jaccard` is symmetric; `containment` says how much of the row's report stands in the column's (Broder 1997).

    Parameters
    ----------
    texts : DataFrame
        One row per report: report_id, text, and start and end of its body if wanted (see `load.texts`).
    size : int
        Characters of a shingle.
    measure : str

    Raises
    ------
    DataError
        The texts are not as said.
    ParameterError
        `size` is below 1 or the measure unknown.
    """
    if measure not in ("jaccard", "containment"):
        raise ParameterError(f"matrix: measure is '{measure}', expected jaccard or containment.")
    sets = _sets(texts, size)
    common, sizes = _common(sets)
    both = common.toarray().astype(float)
    under = sizes[:, None] + sizes[None, :] - both if measure == "jaccard" else np.repeat(sizes[:, None], len(sizes), 1)
    alike = np.divide(both, under, out=np.zeros_like(both), where=under > 0)
    return pd.DataFrame(alike, index=list(sets), columns=list(sets))


def pairs(
    texts: pd.DataFrame,
    threshold: float = 0.1,
    *,
    size: int = SHINGLE,
    method: Literal["auto", "exact", "minhash"] = "auto",
    n_hashes: int = 512,
    seed: int = 1,
) -> pd.DataFrame:
    """Return the pairs of reports whose shingles resemble each other.

    `exact` compares all pairs. `minhash` draws `n_hashes` minima of each report's shingles (Broder 1997), takes as
    candidates the pairs that agree in a band of them (locality-sensitive hashing, Indyk & Motwani 1998; bands as long
    as a pair at the threshold still has nine chances in ten), and computes the resemblance of these exactly: what it
    returns is true, but it may miss pairs, mostly close to the threshold. `auto` is exact up to 2,000 reports.

    Memory: 8 bytes per character of all reports.

    Parameters
    ----------
    texts : DataFrame
        As for `matrix`.
    threshold : float
        Lowest resemblance, above 0 and at most 1.
    size : int
        Characters of a shingle.
    method : str
    n_hashes : int
        Of MinHash; the standard error of its estimate of J is √(J(1 − J) / n_hashes).
    seed : int
        Of the hash functions.

    Returns
    -------
    DataFrame
        One row per pair, most alike first: report_id_a, report_id_b (in the order of the texts), jaccard, containment_a
        (share of a's shingles that b has), containment_b.

    Raises
    ------
    DataError
        The texts are not as said.
    ParameterError
        A setting is out of its range.
    """
    if not 0 < threshold <= 1:
        raise ParameterError(f"pairs: threshold is {threshold!r}, expected above 0 and at most 1.")
    if n_hashes < 16:
        raise ParameterError(f"pairs: n_hashes is {n_hashes!r}, expected 16 or more.")
    if method not in ("auto", "exact", "minhash"):
        raise ParameterError(f"pairs: method is '{method}', expected auto, exact or minhash.")
    sets = _sets(texts, size)
    ids = list(sets)
    if method == "exact" or (method == "auto" and len(ids) <= MANY):
        found = _common(sets)[0].tocoo()
        row, col, data = np.asarray(found.row), np.asarray(found.col), np.asarray(found.data)
        upper = row < col
        one, two, both = row[upper], col[upper], data[upper]
    else:
        one, two = np.array(_candidates(sets, threshold, n_hashes, seed), dtype=int).reshape(-1, 2).T
        shared = [np.intersect1d(sets[ids[a]], sets[ids[b]], assume_unique=True) for a, b in zip(one, two, strict=True)]
        both = np.array([len(each) for each in shared], dtype=int)
    sizes, names = np.array([len(each) for each in sets.values()], dtype=int), np.array(ids, dtype=object)
    left, right = sizes[one], sizes[two]
    alike = both / np.maximum(1, left + right - both)
    kept = np.flatnonzero(alike >= threshold)
    kept = kept[np.lexsort((two[kept], one[kept], -alike[kept]))]
    made = {"report_id_a": names[one[kept]], "report_id_b": names[two[kept]], "jaccard": alike[kept]}
    made |= {"containment_a": (both / left)[kept], "containment_b": (both / right)[kept]}
    return pd.DataFrame(made).astype({"report_id_a": "str", "report_id_b": "str"})


def sketch(shingled: np.ndarray, n_hashes: int = 128, seed: int = 1) -> Any:
    """Return the datasketch.MinHash of a set of shingles; its `.jaccard(other)` estimates their resemblance."""
    from datasketch import MinHash  # 0.3 s that other commands need not wait for

    made = MinHash(num_perm=n_hashes, seed=seed, hashfunc=int, scheme="affine32")
    made.update_batch((shingled >> np.uint64(32)).tolist())
    return made


def _sets(texts: pd.DataFrame, size: int) -> dict[str, np.ndarray]:
    if size < 1:
        raise ParameterError(f"shingles: size is {size!r}, expected a number of characters of 1 or more.")
    return {report_id: shingles(text, size) for report_id, text in bodies(texts).items()}


def _common(sets: dict[str, np.ndarray]) -> tuple[csr_array, np.ndarray]:
    """Shingles in common, N×N, and how many each report has."""
    sizes = np.array([len(found) for found in sets.values()], dtype=np.int64)
    joined = np.concatenate([*sets.values(), np.empty(0, np.uint64)])
    vocabulary, column = np.unique(joined, return_inverse=True)
    shape = (len(sets), max(1, len(vocabulary)))
    # int32 holds any number of shingles in common
    there = csr_array((np.ones(len(column), np.int32), column, np.concatenate([[0], np.cumsum(sizes)])), shape=shape)
    return csr_array(there @ there.T), sizes


def _bands(threshold: float, n_hashes: int) -> tuple[int, int]:
    """Number and length of bands: the longest with which a pair at the threshold is found nine times in ten."""
    lengths = range(1, n_hashes // 2 + 1)  # two bands at least
    caught = [length for length in lengths if 1 - (1 - threshold**length) ** (n_hashes // length) >= CAUGHT]
    length = max(caught, default=1)
    return n_hashes // length, length


def _candidates(sets: dict[str, np.ndarray], threshold: float, n_hashes: int, seed: int) -> list[tuple[int, int]]:
    """Pairs (earlier, later) that agree in a band of their minima and whose estimate is not far below the threshold."""
    from datasketch import MinHashLSH

    index = MinHashLSH(num_perm=n_hashes, params=_bands(threshold, n_hashes))
    minima: dict[int, np.ndarray] = {}
    least = threshold - 4 * np.sqrt(threshold * (1 - threshold) / n_hashes)  # four standard errors
    found = []
    for number, shingled in enumerate(sets.values()):
        if len(shingled):
            one = sketch(shingled, n_hashes, seed)
            minima[number] = one.hashvalues
            others = sorted(int(str(other)) for other in index.query(one))
            found += [(other, number) for other in others if (minima[other] == one.hashvalues).mean() >= least]
            index.insert(number, one)
    return sorted(found)
