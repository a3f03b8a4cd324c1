"""In: a notebook's parameters cell, and values given for it. Out: the values as a run takes them, or every fault."""

from __future__ import annotations

import ast
import io
import json
import math
import re
import tokenize
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis import paths
from analysis.errors import ParameterError, closest
from analysis.execute import yamllines

TYPES: dict[str, type | tuple[type, ...]] = {"str": str, "int": int, "float": (int, float), "bool": bool, "list": list}
_NUMBER = r"-?\d+(?:\.\d+)?(?:e-?\d+)?"
_LIMITS = re.compile(
    rf"(?P<least>{_NUMBER}) or more|above (?P<over>{_NUMBER})|"
    rf"(?P<above>above )?(?P<low>{_NUMBER}) to (?P<high>{_NUMBER})"
)
_INSIDE = re.compile(r"\[([^\[\]]+)\]\s*$")


@dataclass(frozen=True)
class Allowed:
    """The values a parameter takes, or each element of a list: one of `words`, or numbers from `low` to `high`.

    Written in square brackets at the end of the parameter's comment: `[problems, plan]`, `[2 or more]`, `[2 to 50]`,
    `[above 0 to 1]`, `[above 0]`.
    """

    text: str
    words: tuple[str, ...] = ()
    low: float = -math.inf
    high: float = math.inf
    low_is_out: bool = False

    def takes(self, value: Any) -> bool:
        """Whether one value is allowed; a list when each of its elements is."""
        if isinstance(value, list):
            return all(self.takes(part) for part in value)
        if self.words:
            return value in self.words
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return number and self.low <= value <= self.high and not (self.low_is_out and value == self.low)


@dataclass(frozen=True)
class Parameter:
    """One line of a notebook's parameters cell: `name: type = default  # help [allowed values]`."""

    name: str
    type: str
    default: Any
    help: str
    allowed: Allowed | None = None

    def fault(self, value: Any) -> str:
        """Return what is wrong with a value, or an empty string."""
        boolean = isinstance(value, bool) and self.type in ("int", "float")  # bool is an int in Python, but not here
        if boolean or not isinstance(value, TYPES[self.type]):
            return f"{self.name} = {value!r} is a {type(value).__name__}, expected {self.type}."
        if not _is_plain(value):
            return f"{self.name} = {value!r} holds more than text, finite numbers, true and false, and lists of them."
        if self.allowed and not self.allowed.takes(value):
            near = closest(str(value), self.allowed.words)
            return f"{self.name} = {value!r} is not allowed, expected [{self.allowed.text}].{near}"
        return ""


def declared(notebook: Path) -> dict[str, Parameter]:
    """Read the parameters a notebook takes from its cell tagged `parameters`, without starting a kernel.

    Raises
    ------
    ParameterError
        There is no such notebook, it has no such cell, a line of it is not `name: type = value`, or a default is not
        among its own allowed values.
    """
    if not notebook.exists():
        known = sorted(path.name for path in paths.NOTEBOOKS.glob("*.ipynb"))
        raise ParameterError(f"no notebook {notebook}.{closest(notebook.name, known)} There is: {', '.join(known)}.")
    try:
        cells = json.loads(notebook.read_text("utf-8"))["cells"]
    except (ValueError, KeyError, TypeError):
        raise ParameterError(f"{notebook}: is no notebook (.ipynb).") from None
    tagged = [cell for cell in cells if "parameters" in cell.get("metadata", {}).get("tags", [])]
    if len(tagged) != 1:
        raise ParameterError(f"{notebook.name}: {len(tagged)} cells tagged 'parameters', expected 1.")
    source = "".join(tagged[0]["source"])
    try:
        body = ast.parse(source).body
    except SyntaxError as error:
        raise ParameterError(f"{notebook.name}, parameters line {error.lineno}: not Python: {error.msg}.") from None
    found, faults = {}, []
    comments = _comments(source)
    for node in body:
        where = f"{notebook.name}, parameters line {node.lineno}"
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name) or node.value is None:
            faults.append(f"{where}: expected 'name: type = value'.")
            continue
        name, kind = node.target.id, ast.unparse(node.annotation)
        if kind not in TYPES:
            faults.append(f"{notebook.name}, '{name}': type {kind} is not one of {', '.join(TYPES)}.")
            continue
        try:
            default = ast.literal_eval(node.value)
            one = Parameter(name, kind, default, *_described(comments.get(node.end_lineno or node.lineno, "")))
        except ValueError as error:
            faults.append(f"{where}, '{name}': {error}")
            continue
        wrong = one.fault(default)
        faults += [f"{where}, default of {wrong}"] if wrong else []
        found[name] = one
    if faults:
        raise ParameterError(faults)
    return found


def read(notebook: Path, file: Path | None = None, words: Iterable[str] = ()) -> dict[str, Any]:
    """Join a YAML file of parameters with NAME=VALUE words, which win; a word is read as its parameter's type.

    Raises
    ------
    ParameterError
        The file is not there or is no mapping in YAML, or a word cannot be read.
    """
    given: dict[str, Any] = {}
    if file:
        try:
            given = yamllines.plain(file.read_text("utf-8-sig"), file.name) or {}
        except FileNotFoundError:
            raise ParameterError(f"no parameter file {file}.") from None
        except UnicodeDecodeError:
            raise ParameterError(f"{file}: is not UTF-8 text.") from None
        if not isinstance(given, dict):
            raise ParameterError(f"{file}: expected lines 'name: value', found a {type(given).__name__}.")
    known, faults = declared(notebook), []
    for word in words:
        name, equals, value = word.partition("=")
        plain = name in known and known[name].type == "str"  # 440300 for a text stays a text
        try:
            given[name] = value if plain else yamllines.plain(value, name)
        except ParameterError:
            faults.append(f"-p {word}: '{value}' cannot be read as a value.")
        if not equals:
            faults.append(f"-p {word}: expected NAME=VALUE.")
    if faults:
        raise ParameterError(faults)
    return given


def faults(notebook: Path, given: Mapping[str, Any]) -> list[str]:
    """Return one sentence for every unknown name, wrong type and value that is not allowed."""
    known = declared(notebook)
    found = []
    for name, value in given.items():
        if name in known:
            wrong = known[name].fault(value)
            found += [f"{notebook.name}: {wrong}"] if wrong else []
        else:
            near = closest(str(name), known)
            found.append(f"{notebook.name} has no parameter '{name}'.{near} It has: {', '.join(known)}.")
    return found


def check(notebook: Path, given: Mapping[str, Any]) -> None:
    """Raise `ParameterError` with every fault of the values given, see `faults`."""
    wrong = faults(notebook, given)
    if wrong:
        raise ParameterError(wrong)


def _comments(source: str) -> dict[int, str]:
    """Line → its comment; a # inside a text is none."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {token.start[0]: token.string.lstrip("# ").strip() for token in tokens if token.type == tokenize.COMMENT}


def _described(comment: str) -> tuple[str, Allowed | None]:
    """Split a comment into help and allowed values; brackets that say neither words nor limits are an error."""
    found = _INSIDE.search(comment)
    if not found:
        return comment, None
    text = found[1].strip()
    limits = _LIMITS.fullmatch(text)
    if limits:
        least, above, low, high, over = limits.group("least", "above", "low", "high", "over")
        start, end = float(least or low or over), float(high or math.inf)
        return comment[: found.start()].strip(), Allowed(text, (), start, end, bool(above or over))
    words = tuple(word.strip() for word in text.split(","))
    if len(words) < 2 or not all(words) or len(set(words)) < len(words):
        raise ValueError(
            f"the comment's [{text}] is neither two or more words with commas nor limits "
            "('2 or more', '2 to 50', 'above 0 to 1', 'above 0')."
        )
    return comment[: found.start()].strip(), Allowed(text, words)


def _is_plain(value: Any) -> bool:
    """Whether papermill writes a value into the notebook as it is: tuples, dates and not-a-number it does not."""
    if isinstance(value, list):
        return all(map(_is_plain, value))
    return isinstance(value, str | bool | int) or (isinstance(value, float) and math.isfinite(value))
