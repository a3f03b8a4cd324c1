"""In: a report's headings. Out: which official list of tasks they follow."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from itertools import pairwise

from analysis.codebook import Codebook
from analysis.extract.characters import HAN, one_width

ALIKE = 0.6  # Dice similarity of character pairs from which a heading counts as one of a list
FEWEST = 3  # headings that must match before a report is said to follow a list


def follows(headings: Sequence[str], codebook: Codebook) -> str:
    """Return the framework that most headings come from (outline_2015, outline_2021, index), else own.

    Headings are compared with frameworks.csv by the Dice similarity of their character pairs, so that order and wording
    count but a changed word does not matter.
    """
    lists, alike = _lists(codebook)
    best: dict[int, float] = defaultdict(float)
    for heading in headings:
        for index, value in alike(heading).items():
            best[index] = max(best[index], value)
    scores = {}
    for name, rows in lists.items():
        close = [best[index] for index in rows if index in best]
        scores[name] = sum(close) if len(close) >= FEWEST else 0.0
    winner = max(scores, key=lambda name: scores[name], default="own")
    return winner if scores.get(winner) else "own"


def says(pattern: str, text: str) -> bool:
    """Whether `text` holds one of the marker words of `pattern`, compared at one width."""
    return bool(pattern) and bool(re.search(one_width(pattern), text))


@cache
def _lists(codebook: Codebook) -> tuple[dict[str, list[int]], Callable[[str], dict[int, float]]]:
    """Return the rows of each framework, and a function that tells which rows a heading counts as, and how alike."""
    lists: dict[str, list[int]] = defaultdict(list)
    for index, row in enumerate(codebook.files["frameworks"]):
        lists[row["framework"]].append(index)
    named = [_pairs(row["heading"]) for row in codebook.files["frameworks"]]
    having: dict[str, list[int]] = defaultdict(list)  # pair → rows: only those that share one are compared
    for index, pairs in enumerate(named):
        for pair in pairs:
            having[pair].append(index)

    @lru_cache(maxsize=4096)  # many reports have the same headings
    def alike(heading: str) -> dict[int, float]:
        own = _pairs(heading)
        shared = Counter(index for pair in own for index in having.get(pair, ()))
        dice = {index: 2 * number / (len(own) + len(named[index])) for index, number in shared.items()}
        return {index: value for index, value in dice.items() if value >= ALIKE}

    return lists, alike


def _pairs(heading: str) -> frozenset[str]:
    chars = "".join(HAN.findall(heading))
    return frozenset(map("".join, pairwise(chars)))
