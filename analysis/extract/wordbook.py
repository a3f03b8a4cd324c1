"""In: wordings.csv and the units and filler words of a codebook. Out: the wordings worth trying on a sentence."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from analysis.codebook import Codebook
from analysis.errors import CodebookError
from analysis.extract.wordings import Filler, Part, pairs, parse, signs, to_regex, unit_letters

NONE = "none"  # wordings of this "indicator" claim a number that belongs to no indicator


@dataclass(frozen=True)
class Wording:
    """One row of wordings.csv; its indicator is `NONE` when it only claims a number."""

    code: str
    parts: list[Part]
    letters: dict[str, str]
    meant: tuple[str, ...]
    basis: str
    scope: str
    shared: bool

    @cached_property
    def numbered(self) -> bool:
        """Whether it claims a number; the others say all in words."""
        return any(part.kind == "number" for part in self.parts)

    @cached_property
    def rates(self) -> bool:
        """Whether its number may be that of a list of rates."""
        return "rates" in self.pattern.groupindex

    @cached_property
    def topic(self) -> tuple[str, ...]:
        """Words of which one must stand earlier in the paragraph; none when the wording names its own subject."""
        return next((part.words for part in self.parts if part.kind == "topic"), ())

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The regular expression, compiled when first needed: most never are."""
        return re.compile(to_regex(self.parts, self.letters, self.meant))


class Wordings:
    """The wordings of one codebook, each found by a word that it needs."""

    def __init__(self, codebook: Codebook):
        self._codebook = codebook

    @cached_property
    def letters(self) -> dict[str, str]:
        """Unit as written → the letter of a number in that unit."""
        book = self._codebook
        letters = unit_letters(set(map(book.canonical, book.units)))
        return letters | {unit: letters[book.canonical(unit)] for unit in book.units}

    @cached_property
    def filler(self) -> Filler:
        """Words that may stand between a label and its number."""
        return Filler(row["word"] for row in self._codebook.markers["filler"])

    @cached_property
    def rows(self) -> list[Wording]:
        """Every wording; raises `CodebookError` with all that cannot be read."""
        book = self._codebook
        made: list[Wording] = []
        faults: list[str] = []
        for row in book.files["wordings"]:
            units = "" if row["indicator"] == NONE else book.indicators[row["indicator"]]["unit"]
            try:
                parts = parse(row["wording"], book.units, self.filler)
            except CodebookError as error:
                faults += [f"{row['_where']}: {failure}" for failure in error.failures]
                continue
            shortest = max((min(map(len, part.words)) for part in parts if part.kind in ("word", "choice")), default=0)
            if not shortest:
                faults.append(f"{row['_where']}: wording '{row['wording']}' needs a word outside [ ] to be found by.")
            elif shortest == 1 and all(part.kind != "number" for part in parts):
                faults.append(
                    f"{row['_where']}: wording '{row['wording']}' needs a number or a word of two characters."
                )
            made.append(
                Wording(
                    row["indicator"],
                    parts,
                    self.letters,
                    tuple(unit.lstrip("万亿") for unit in units.split(";") if unit),
                    row["basis"] or "stated",
                    row["scope"],
                    row["shared"] == "yes",
                )
            )
        if faults:
            raise CodebookError(faults)
        return made

    @cached_property
    def topics(self) -> re.Pattern[str]:
        """Every topic of a wording: the last one before a figure is what it is about."""
        words = {word for one in self.rows for word in one.topic}
        return re.compile("|".join(map(re.escape, sorted(words, key=lambda word: (-len(word), word)))) or "(?!)")

    @cached_property
    def by_sign(self) -> dict[str, list[tuple[int, list[frozenset[str]]]]]:
        """Sign → the wordings tried where it stands: their places in `rows` and the other signs that they need."""
        frequency = Counter(
            sign for one in self.rows for part in one.parts for word in part.words for sign in pairs(word)
        )
        needed = [signs(one.parts, self.letters, one.meant, frequency) for one in self.rows]
        common = Counter(sign for sets in needed for one in sets for sign in one)
        made: dict[str, list[tuple[int, list[frozenset[str]]]]] = {}
        for place, sets in enumerate(needed):
            rarest, *others = sorted(sets, key=lambda one: sum(max(common[sign], frequency[sign]) for sign in one))
            for sign in rarest:
                made.setdefault(sign, []).append((place, others))
        return made

    @cached_property
    def _signs(self) -> frozenset[str]:
        """Every sign that is asked for."""
        others = (one for wordings in self.by_sign.values() for _, sets in wordings for one in sets)
        return frozenset(self.by_sign).union(*others)

    @cached_property
    def telling(self) -> tuple[re.Pattern[str], re.Pattern[str]]:
        """What a sentence holds that a wording matches: a number, or a sign of a wording without a number."""
        number = f"[{''.join(sorted(set(self.letters.values())))}]"
        words = sorted(
            sign
            for sign, wordings in self.by_sign.items()
            if any(not self.rows[place].numbered for place, _ in wordings)
        )
        return re.compile(number), re.compile("|".join(map(re.escape, words)) or "(?!)")

    def to_try(self, words: str) -> list[Wording]:
        """Return the wordings that may match a sentence of a skeleton, in the codebook's order."""
        number, _ = self.telling
        held = self._signs.intersection(chain(pairs(words), number.findall(words)))
        found: set[int] = set()
        for sign in self.by_sign.keys() & held:
            for place, others in self.by_sign[sign]:
                for needed in others:
                    if needed.isdisjoint(held):
                        break
                else:
                    found.add(place)
        return [self.rows[place] for place in sorted(found)]
