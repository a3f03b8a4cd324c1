"""In: data/simulate, wordings, indicators and places of the codebook. Out: sentences compiled for fast drawing."""

from __future__ import annotations

import math
import re
from bisect import bisect
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from itertools import accumulate
from pathlib import Path

import numpy as np

from analysis import paths
from analysis.codebook import read_csv
from analysis.errors import CodebookError
from analysis.extract.places import Place, load_places

MACROS = ("年", "次年", "名", "级", "机关", "地")  # what a report fills in for {年} …
YEARS = range(2016, 2026)
VARIANTS, CERTAIN = 4, 6  # drawn of a wording; fixed characters from which a wording says by itself what it counts

_SLOT = re.compile(r"<([.\w]+)(?: ([\d.]+)-([\d.]+))? ([^\s>]+)(?: ([^>]*))?>|\{(\w+)\}")
_CHOICE = re.compile(r"\[([^\]]*)\]")


@dataclass(frozen=True, slots=True)
class Slot:
    """A number to draw: `code` is an indicator or empty; the value is log-uniform (counts) or uniform (rates)."""

    code: str
    role: str
    unit: str  # as printed
    canonical: str  # as a table has it: 元 for 万元
    factor: int
    label: str
    rate: bool
    grows: bool  # a count that follows size, year and province
    low: float
    width: float
    capped: bool  # at most the number before it in the sentence
    words: bool  # whether 两次 measures in this unit
    scope: str


Part = str | int | Slot


@dataclass(frozen=True, slots=True)
class Sentence:
    """Literal text, macros (their number in `MACROS`) and slots; `codes` are what a report may say only once."""

    parts: tuple[Part, ...]
    codes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Topic:
    """A planted topic's words: problem and plan, one of each."""

    name: str
    problem: tuple[str, str]
    plan: tuple[str, str]


@dataclass
class Texts:
    """Everything drawn from, built once per process."""

    sentences: dict[str, list[Sentence]] = field(default_factory=dict)  # area → written for data/simulate
    wordings: dict[str, list[Sentence]] = field(default_factory=dict)  # area → made of the codebook's wordings
    remarks: dict[str, list[Sentence]] = field(default_factory=dict)
    headings: dict[tuple[str, str], list[Sentence]] = field(default_factory=dict)
    frameworks: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    topics: list[Topic] = field(default_factory=list)
    causes: list[str] = field(default_factory=list)
    phrases: dict[str, list[Sentence]] = field(default_factory=dict)
    words: dict[str, list[str]] = field(default_factory=dict)
    effects: dict[str, dict[str, float]] = field(default_factory=dict)
    places: list[Place] = field(default_factory=list)
    governments: list[tuple[Place, int]] = field(default_factory=list)
    shared_names: set[str] = field(default_factory=set)
    _weights: dict[tuple[str, int], list[float]] = field(default_factory=dict)

    def weights(self, level: str, year: int) -> list[float]:
        """Return the running sum of the topics' weights at a level in a year: the planted prevalence."""
        if (level, year) in self._weights:
            return self._weights[level, year]
        effects = self.effects
        base, by_level = effects["topic"], effects.get(f"topic_{level}", {})
        by_year, count = effects.get("topic_year", {}), Counter(topic.name for topic in self.topics)
        sums = self._weights[level, year] = list(
            accumulate(
                base.get(topic.name, 0.6)
                * by_level.get(topic.name, 1.0)
                * math.exp(by_year.get(topic.name, 0.0) * (year - 2020))
                / count[topic.name]
                for topic in self.topics
            )
        )
        return sums


@cache
def load(folder: Path = paths.SIMULATE, codebook: Path = paths.CODEBOOK) -> Texts:
    """Compile the templates of `folder` with the wordings of `codebook`, once per process.

    Raises
    ------
    CodebookError
        A template names an unknown indicator, unit or macro.
    """
    made = Texts()
    compiler = _Compiler(codebook)
    for row in _rows(folder, "sentences"):
        made.sentences.setdefault(row["area"], []).append(compiler.sentence(row["sentence"], row, row["scope"]))
    begins = [row["text"] for row in _rows(folder, "phrases") if row["kind"] == "begin"]
    fillers = [row["text"] for row in _rows(folder, "phrases") if row["kind"] == "filler"]
    for area, sentence, row in compiler.wordings(begins, fillers):
        made.wordings.setdefault(area, []).append(compiler.sentence(sentence, row, "own"))
    for row in _rows(folder, "remarks"):
        made.remarks.setdefault(row["kind"], []).append(compiler.sentence(row["sentence"], row))
    for row in _rows(folder, "headings"):
        key = (row["kind"], row["area"])
        made.headings.setdefault(key, []).append(compiler.sentence(row["heading"], row))
    for row in read_csv(codebook / "frameworks.csv", ["framework", "heading"]):
        made.frameworks.setdefault(row["framework"], []).append((row["heading"].replace(",", "，"), ""))
    made.frameworks = {name: compiler.areas(name, found) for name, found in made.frameworks.items()}
    made.topics = [
        Topic(row["problem_type"], (row["heading"], row["sentence"]), (row["plan_heading"], row["plan_sentence"]))
        for row in _rows(folder, "problems")
    ]
    made.causes = [row["cause"] for row in _rows(folder, "causes")]
    for row in _rows(folder, "phrases"):
        made.phrases.setdefault(row["kind"], []).append(compiler.sentence(row["text"], row))
        made.words.setdefault(row["kind"], []).append(row["text"])
    for row in _rows(folder, "effects"):
        made.effects.setdefault(row["effect"], {})[row["group"]] = float(row["value"])
    made.places = list(load_places(codebook / "places.csv").rows)
    made.governments = [(place, year) for year in YEARS for place in made.places if place.valid(year)]
    names = Counter(name for name, _ in {(place.name, place.code) for place in made.places})
    made.shared_names = {name for name, count in names.items() if count > 1}
    if compiler.faults:
        raise CodebookError(compiler.faults)
    return made


def choose(sums: list[float], u: float) -> int:
    """Return the place in running sums of weights that a number between 0 and 1 falls on."""
    return min(bisect(sums, u * sums[-1]), len(sums) - 1)


def _rows(folder: Path, name: str) -> list[dict[str, str]]:
    return read_csv(folder / f"{name}.csv", [])


# Which task of the 2021 outline the eight headings of the older lists speak of.
_OLD = ("A1", "A2", "A3", "A4", "A7", "A6", "A9", "A9")


class _Compiler:
    """Reads the markup of templates; collects faults so that all are shown at once."""

    def __init__(self, codebook: Path) -> None:
        self.indicators = {row["code"]: row for row in read_csv(codebook / "indicators.csv", ["code"])}
        self.units = {row["unit"]: row for row in read_csv(codebook / "units.csv", ["unit"])}
        self._wordings = read_csv(codebook / "wordings.csv", ["indicator", "wording"])
        self.faults: list[str] = []

    def sentence(self, text: str, row: dict[str, str], scope: str = "own") -> Sentence:
        """Compile `受理申请<code 件>` and `发出通知<.fact 3-40 份 label>` and `{年}`."""
        parts: list[Part] = []
        last = 0
        for match in _SLOT.finditer(text):
            parts += [text[last : match.start()]] if match.start() > last else []
            last = match.end()
            if match[6]:
                if match[6] not in MACROS:
                    self.faults.append(f"{row['_where']}: no '{{{match[6]}}}'. There is: {', '.join(MACROS)}.")
                    continue
                parts.append(MACROS.index(match[6]))
            elif slot := self.slot(match, row, scope):
                parts.append(slot)
        parts += [text[last:]] if last < len(text) else []
        codes = frozenset(part.code for part in parts if isinstance(part, Slot) and part.code)
        return Sentence(tuple(parts), codes or frozenset([text]))

    def slot(self, match: re.Match[str], row: dict[str, str], scope: str) -> Slot | None:
        """Compile one number."""
        name, low, high, unit, more = match.group(1, 2, 3, 4, 5)
        more = more or ""
        bare = unit.lstrip("万亿") if unit not in self.units else unit
        known = self.indicators.get(name)
        if not name.startswith(".") and known is None:
            self.faults.append(f"{row['_where']}: no indicator '{name}'.")
            return None
        if unit != "%" and bare not in self.units:
            self.faults.append(f"{row['_where']}: no unit '{unit}' in units.csv.")
            return None
        rate = unit == "%"
        if known:
            low, high = known["county_low"], known["county_high"]
        first, last = float(low or 1), float(high or 100)
        if not rate:
            first = max(first, 1.0)
            first, last = math.log(first), math.log(max(last, 2 * first))
        return Slot(
            code=name if known else "", role="fact" if known else name[1:], unit=unit, canonical=bare,
            factor=10000 if unit.startswith("万") and bare != unit else 1,
            label=known["zh_name"] if known else more, rate=rate, grows=bool(known), low=first, width=last - first,
            capped=bool(known) and "≤" in more, scope=scope or "own",
            words=not rate and self.units.get(bare, {}).get("numeral") == "measures",
        )  # fmt: skip

    def wordings(self, begins: list[str], fillers: list[str]) -> list[tuple[str, str, dict[str, str]]]:
        """Make sentences of the codebook's wordings: alternatives chosen, gaps filled, units put in."""
        made = []
        for row in self._wordings:
            known = self.indicators.get(row["indicator"])
            text = row["wording"]
            if not known or known["tier"] not in "12" or row["basis"] or row["scope"] or row["shared"]:
                continue
            if text.count("N") != 1 or re.search(r"[n{]|……", text):
                continue
            rng = np.random.default_rng(list(text.encode()))
            seen = set()
            pieces = _CHOICE.split(text)  # every second one is the inside of a choice
            for _ in range(VARIANTS):
                flat = "".join(str(rng.choice(piece.split("|"))) if n % 2 else piece for n, piece in enumerate(pieces))
                if len(flat.replace("…", "")) < CERTAIN + 1 or flat in seen:
                    continue
                seen.add(flat)
                filler = str(rng.choice(["", "", *fillers]))  # 受理…案件 → 受理各类案件; before a number nothing
                said = re.sub("…(?![N,，。]|$)", filler, flat, count=1).replace("…", "").replace(",", "，")
                before, after = said.split("N")
                unit = next((after[:n] for n in range(5, 0, -1) if after[:n] in self.units or after[:n] == "%"), "")
                after = after[len(unit) :]
                slot = f"<{row['indicator']} {unit or known['unit'].split(';')[0]}>"
                begin = str(rng.choice(begins)) + ("" if before else "共有")
                made.append((known["area_2021"].replace("X", "A9"), f"{begin}{before}{slot}{after}。", row))
        return made

    @staticmethod
    def areas(name: str, found: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """Give the headings of an official list the tasks they speak of."""
        tasks = [f"A{number}" for number in range(1, 10)] if name == "outline_2021" else _OLD
        return [(heading, task) for (heading, _), task in zip(found, tasks, strict=False)]
