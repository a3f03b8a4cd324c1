"""In: wordings.csv and the units and filler words of a codebook. Out: the wordings worth trying on a sentence."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from operator import add

from analysis.codebook import Codebook
from analysis.errors import CodebookError
from analysis.extract.wordings import Part, parse, probes, to_regex, unit_letters

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
    def wanted(self) -> frozenset[str]:
        """Letters of which a sentence must hold one; none when the wording has no number."""
        numbers = [part.words for part in self.parts if part.kind == "number"]
        units = (numbers[-1] or self.meant or self.letters) if numbers else ()
        return frozenset(self.letters[unit] for unit in units)

    @cached_property
    def needed(self) -> tuple[tuple[str, ...], ...]:
        """Words of which a sentence must hold one each, shortest lists first; told quicker than a match with gaps."""
        lists = [part.words for part in self.parts if part.kind in ("word", "choice") and all(part.words)]
        gaps = any(part.kind == "gap" for part in self.parts)
        return tuple(sorted(lists, key=len)) if gaps and len(lists) > 1 else ()

    def may_match(self, words: str) -> bool:
        """Whether a sentence holds all words that this wording cannot do without."""
        for needed in self.needed:
            for word in needed:
                if word in words:
                    break
            else:
                return False
        return True

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
    def filler(self) -> re.Pattern[str]:
        """Words that may stand between a label and its number."""
        return re.compile(rf"(?:{self._codebook.marker_pattern('filler')}|[ \t])*$")

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
            if not probes(parts, {}):
                faults.append(f"{row['_where']}: wording '{row['wording']}' needs a word outside [ ] to be found by.")
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
    def by_probe(self) -> dict[str, list[Wording]]:
        """Word → the wordings that need it and are tried where it stands."""
        frequency = Counter(word for one in self.rows for part in one.parts for word in part.words)
        made: dict[str, list[Wording]] = {}
        for one in self.rows:
            for probe in probes(one.parts, frequency):
                made.setdefault(probe, []).append(one)
        return made

    @cached_property
    def _by_pair(self) -> dict[str, list[str]]:
        """First two characters of a probe → the probes."""
        made: dict[str, list[str]] = {}
        for probe in self.by_probe:
            made.setdefault(probe[:2], []).append(probe)
        return made

    @cached_property
    def _unnumbered(self) -> list[str]:
        """Probes of the wordings without a number, the only ones to try where no number stands."""
        return [probe for probe, wordings in self.by_probe.items() if any(not one.wanted for one in wordings)]

    def to_try(self, words: str) -> Iterator[Wording]:
        """Wordings that may match a sentence of a skeleton."""
        letters = set(words)
        if letters.isdisjoint(self.letters.values()):
            held = self._unnumbered
        else:
            pairs = sorted(self._by_pair.keys() & ({*map(add, words, words[1:])} | letters))
            held = [probe for pair in pairs for probe in self._by_pair[pair]]
        for probe in held:
            if probe in words:
                for one in self.by_probe[probe]:
                    if (not one.wanted or not letters.isdisjoint(one.wanted)) and one.may_match(words):
                        yield one
