"""In: a report's headings. Out: which official list of tasks they follow."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from analysis.codebook import Codebook
from analysis.extract.characters import HAN, one_width

ALIKE = 0.6  # Dice similarity of character pairs from which a heading counts as one of a list
FEWEST = 3  # headings that must match before a report is said to follow a list


def follows(headings: Sequence[str], codebook: Codebook) -> str:
    """Return the framework that most headings come from (outline_2015, outline_2021, index), else own.

    Headings are compared with frameworks.csv by the Dice similarity of their character pairs, so that order and wording
    count but a changed word does not matter.
    """
    lists: dict[str, list[frozenset[str]]] = {}
    for row in codebook.files["frameworks"]:
        lists.setdefault(row["framework"], []).append(_pairs(row["heading"]))
    seen = {_pairs(heading) for heading in headings}
    scores = {}
    for name, named in lists.items():
        best = [max((_dice(one, other) for other in seen), default=0.0) for one in named]
        close = [value for value in best if value >= ALIKE]
        scores[name] = sum(close) if len(close) >= FEWEST else 0.0
    winner = max(scores, key=lambda name: scores[name], default="own")
    return winner if scores.get(winner) else "own"


def says(pattern: str, text: str) -> bool:
    """Whether `text` holds one of the marker words of `pattern`, compared at one width."""
    return bool(pattern) and bool(re.search(one_width(pattern), text))


@lru_cache(maxsize=4096)  # many reports have the same headings
def _pairs(heading: str) -> frozenset[str]:
    chars = "".join(HAN.findall(heading))
    return frozenset(chars[index : index + 2] for index in range(len(chars) - 1))


@lru_cache(maxsize=1 << 16)
def _dice(left: frozenset[str], right: frozenset[str]) -> float:
    return 2 * len(left & right) / (len(left) + len(right)) if left and right else 0.0
