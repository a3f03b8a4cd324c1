"""In: a sweep file (YAML). Out: the points it stands for: each a name, its choices and a run's parameters.

>>> notebook: 03_topics            # the notebook to run
>>> fixed: {lang: []}              # the same in every run
>>> grid:                          # every combination of
>>>   n_topics: [3, 4, 5]          #   a list,
>>>   min_df: {from: 1, to: 3}     #   a range (with step: 2, in twos; the end belongs to it),
>>>   seed: 10                     #   ten seeds derived from the notebook's (or fixed) one,
>>>   priors:                      #   named choices of several parameters
>>>     sparse: {alpha: 0.1, eta: 0.01}
>>>     smooth: {alpha: 0.5, eta: 0.1}
>>> zip: {tables: [a, b], out: [a, b]}  # lists of one length, read side by side
>>> points: {large: {n_topics: 12}}     # single runs
>>> where: {n_topics: [3, 4]}           # of grid and zip keep these,
>>> exclude: {n_topics: 3, min_df: 3}   # and not these; a list of several such is read as "or"

`grid` may be a list of grids: all of their runs.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from analysis import paths
from analysis.errors import ParameterError, closest
from analysis.execute import parameters, yamllines

_WORDS = ("notebook", "fixed", "grid", "zip", "points", "where", "exclude")
_RANGE = {"from", "to", "step"}
_MOST = 100_000  # runs of a sweep; more is a slip of the pen


@dataclass(frozen=True)
class Point:
    """One run of a sweep.

    Attributes
    ----------
    name : str
        "n_topics=3 priors=sparse", or the name it has in the file.
    choices : mapping
        Axis → what was chosen on it, empty for a point with a name of its own.
    parameters : mapping
        What the notebook is given.
    """

    name: str
    choices: Mapping[str, Any]
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class Sweep:
    """A notebook and the points to run it at, no two with the same parameters.

    Attributes
    ----------
    axes : mapping
        Axis of grid or zip → its values: (label, parameters).
    """

    file: Path
    notebook: Path
    points: tuple[Point, ...]
    axes: Mapping[str, list[tuple[Any, Mapping[str, Any]]]]

    def choices(self, ran: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a run with these parameters (defaults included) chose on each axis, missing when none fits."""
        made: dict[str, Any] = {}
        for axis, values in self.axes.items():
            fitting = [(len(given), label) for label, given in values if given.items() <= dict(ran).items()]
            made[axis] = max(fitting, key=lambda pair: pair[0])[1] if fitting else ran.get(axis)
        return made


@dataclass
class _Reader:
    file: Path
    lines: Mapping[yamllines.Where, int]
    known: Mapping[str, parameters.Parameter] = field(default_factory=dict)
    seed: int | None = None
    faults: list[str] = field(default_factory=list)
    axes: dict[str, list[tuple[Any, Mapping[str, Any]]]] = field(default_factory=dict)

    def fault(self, way: yamllines.Where, text: str) -> None:
        while way not in self.lines and way:
            way = way[:-1]
        self.faults.append(f"{self.file.name} line {self.lines.get(way, 1)}: {text}")

    def mapping(self, value: Any, way: yamllines.Where) -> dict[str, Any]:
        if value is None or isinstance(value, dict):
            return value or {}
        self.fault(way, f"'{way[-1]}' is a {type(value).__name__}, expected lines 'name: value'.")
        return {}

    def check(self, given: Mapping[str, Any], way: yamllines.Where) -> None:
        """Note every unknown name and value that the notebook does not take."""
        for name, value in given.items():
            if name not in self.known:
                near = closest(str(name), self.known)
                self.fault((*way, name), f"the notebook has no parameter '{name}'.{near}")
            elif wrong := self.known[name].fault(value):
                self.fault((*way, name), wrong)


def read(file: Path, given: Mapping[str, Any] | None = None) -> Sweep:
    """Read a sweep file and expand it.

    Parameters
    ----------
    given : mapping, optional
        Parameters that overrule `fixed`, such as other tables.

    Raises
    ------
    ParameterError
        With the line of every fault: not YAML, an unknown word, parameter or value, lists of different length, a range
        without end, two points of one name, a filter that keeps nothing.
    """
    content, lines = yamllines.read(file)
    reader = _Reader(file, lines)
    content = reader.mapping(content, ("sweep",))
    for word in content:
        if word not in _WORDS:
            hint = " Put it under grid or fixed." if word == "seed" else closest(str(word), _WORDS)
            reader.fault((word,), f"unknown word '{word}'.{hint} A sweep has: {', '.join(_WORDS)}.")
    if not isinstance(content.get("notebook"), str):
        reader.fault(("notebook",), "expected 'notebook: NAME', for example 'notebook: 03_topics'.")
        raise ParameterError(reader.faults)
    notebook = _notebook(content["notebook"])
    reader.known = parameters.declared(notebook)
    fixed = reader.mapping(content.get("fixed"), ("fixed",))
    reader.check(fixed, ("fixed",))
    fixed = {**fixed, **(given or {})}
    reader.check(given or {}, ("fixed",))
    default = reader.known["seed"].default if "seed" in reader.known else None
    reader.seed = fixed.get("seed", default)
    combined = list(_combined(content, reader))
    named = reader.mapping(content.get("points"), ("points",))
    for name, value in named.items():
        reader.check(reader.mapping(value, ("points", name)), ("points", name))
    if reader.faults:
        raise ParameterError(reader.faults)
    kept = _filtered(content, combined, reader)
    points = [Point(_name(choices), choices, {**fixed, **chosen}) for choices, chosen in kept]
    points += [Point(str(name), {}, {**fixed, **(value or {})}) for name, value in named.items()]
    if not points and not reader.faults:
        points = [Point("defaults" if not fixed else "fixed", {}, fixed)]
    if reader.faults:
        raise ParameterError(reader.faults)
    return Sweep(file, notebook, tuple(_distinct(points, reader)), reader.axes)


def _notebook(name: str) -> Path:
    """Return the notebook of this path, or of this name below notebooks/."""
    path = Path(name) if name.endswith(".ipynb") else Path(f"{name}.ipynb")
    return path if path.exists() else paths.NOTEBOOKS / path


Combined = tuple[dict[str, Any], dict[str, Any]]  # choices, parameters


def _combined(content: Mapping[str, Any], reader: _Reader) -> Iterator[Combined]:
    """Yield the combinations of each grid with the rows of zip."""
    rows = _zipped(reader.mapping(content.get("zip"), ("zip",)), reader)
    grids = content.get("grid")
    several = isinstance(grids, list)
    if not grids and not rows:
        return
    for number, grid in enumerate(grids if several else [grids]):
        way = ("grid", number) if several else ("grid",)
        axes = [_axis(name, value, (*way, name), reader) for name, value in reader.mapping(grid, way).items()]
        for axis in axes:
            for choices, given in axis:
                for name, label in choices.items():
                    reader.axes.setdefault(name, []).append((label, given))
        size = np.prod([len(axis) for axis in [*axes, rows or [0]]], dtype=float)
        if size > _MOST:
            reader.fault(way, f"{size:,.0f} combinations, expected at most {_MOST:,}. Split the sweep.")
            return
        for parts in itertools.product(*axes, rows or [({}, {})]):
            choices: dict[str, Any] = {}
            chosen: dict[str, Any] = {}
            for one, given in parts:
                for name in given.keys() & chosen.keys():
                    reader.fault(way, f"'{name}' is set on two axes. Keep one.")
                    return
                choices |= one
                chosen |= given
            yield choices, chosen


def _axis(name: str, value: Any, way: yamllines.Where, reader: _Reader) -> list[Combined]:
    """Return what one line of a grid stands for."""
    if isinstance(value, dict) and not (value.keys() <= _RANGE):
        for label, given in value.items():
            reader.check(reader.mapping(given, (*way, label)), (*way, label))
        return [({name: label}, given or {}) for label, given in value.items() if isinstance(given, dict | None)]
    if isinstance(value, dict):
        values = _range(value, way, reader)
    elif name == "seed" and isinstance(value, int) and not isinstance(value, bool):
        values = _seeds(value, way, reader)
    elif isinstance(value, list) and value:
        values = value
    else:
        reader.fault(way, f"'{name}' is {value!r}, expected a list, a range {{from: 1, to: 5}} or named choices.")
        return []
    for position, one in enumerate(values):
        reader.check({name: one}, (*way, position) if isinstance(value, list) else way[:-1])
    return [({name: one}, {name: one}) for one in values]


def _range(value: Mapping[str, Any], way: yamllines.Where, reader: _Reader) -> list[int | float]:
    """Return the numbers of a range, its end included when a step falls on it; 0.1 in decimals, not in binary."""
    limits = [value.get("from"), value.get("to"), value.get("step", 1)]
    if any(isinstance(one, bool) or not isinstance(one, int | float) for one in limits):
        reader.fault(way, "a range needs numbers: {from: 1, to: 5} or {from: 0.1, to: 0.5, step: 0.2}.")
        return []
    start, end, step = (Decimal(str(one)) for one in limits)
    if step <= 0 or end < start or (end - start) / step > _MOST:
        reader.fault(way, f"a range from {start} to {end} by {step} is empty or has no end.")
        return []
    whole = all(isinstance(one, int) for one in limits)
    count = int((end - start) / step) + 1
    return [int(start + i * step) if whole else float(start + i * step) for i in range(count)]


def _seeds(n: int, way: yamllines.Where, reader: _Reader) -> list[int]:
    if n < 1 or n > _MOST or reader.seed is None:
        why = "the notebook has no parameter seed" if reader.seed is None else "expected 1 or more"
        reader.fault(way, f"'seed: {n}' asks for {n} seeds, but {why}.")
        return []
    return [int(one) >> 1 for one in np.random.SeedSequence(reader.seed).generate_state(n)]


def _zipped(lists: Mapping[str, Any], reader: _Reader) -> list[Combined]:
    """Return one row per position of the lists."""
    for name, values in lists.items():
        if not isinstance(values, list) or not values:
            reader.fault(("zip", name), f"'{name}' is {values!r}, expected a list.")
            return []
        for position, one in enumerate(values):
            reader.check({name: one}, ("zip", name, position))
    lengths = {name: len(values) for name, values in lists.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        reader.fault(("zip",), f"lists of different length: {told}.")
        return []
    rows = [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]
    for name in lists:
        reader.axes[name] = [(row[name], {name: row[name]}) for row in rows]
    return [(row, row) for row in rows]


def _filtered(content: Mapping[str, Any], combined: list[Combined], reader: _Reader) -> list[Combined]:
    """Keep what `where` names and `exclude` does not."""
    for word, keeps in (("where", True), ("exclude", False)):
        asked = content.get(word)
        if not asked:
            continue
        rules = asked if isinstance(asked, list) else [asked]
        known = {name for choices, chosen in combined for name in choices.keys() | chosen.keys()}
        for number, rule in enumerate(rules):
            way = (word, number) if isinstance(asked, list) else (word,)
            for name in reader.mapping(rule, way):
                if name not in known:
                    near = closest(str(name), known)
                    reader.fault((*way, name), f"'{name}' is on no axis of grid or zip.{near}")
        if reader.faults:
            return []
        before = len(combined)
        combined = [pair for pair in combined if any(_matches(rule, pair) for rule in rules) == keeps]
        if before and len(combined) == (0 if keeps else before):
            reader.fault((word,), f"'{word}' {'keeps' if keeps else 'leaves out'} none of {before} combinations.")
    return combined


def _matches(rule: Mapping[str, Any], pair: Combined) -> bool:
    """Whether a combination has every value that a rule names; a list names several."""
    there = {**pair[1], **pair[0]}
    return all(
        name in there and any(there[name] == value for value in (asked if isinstance(asked, list) else [asked]))
        for name, asked in rule.items()
    )


def _name(choices: Mapping[str, Any]) -> str:
    return " ".join(f"{axis}={value}" for axis, value in choices.items())


def _distinct(points: list[Point], reader: _Reader) -> Iterator[Point]:
    """Yield each point once: two that give the notebook the same values are one run."""
    defaults = {name: one.default for name, one in reader.known.items()}
    seen = set()
    for point in points:
        content = repr(sorted((defaults | dict(point.parameters)).items()))
        if content not in seen:
            seen.add(content)
            yield point
