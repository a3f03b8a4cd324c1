"""In: the text of a YAML file. Out: its plain values, and on which line each of them stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from analysis.errors import ParameterError

LARGEST, MOST, DEEPEST = 1_000_000, 100_000, 30  # characters of a file; values; values inside each other
Where = tuple[Any, ...]  # the way to a value: names and positions, as in ("grid", 0, "alpha")


def read(file: Path) -> tuple[Any, dict[Where, int]]:
    """Read a YAML file: only plain values, no name twice.

    Returns
    -------
    value : Any
        Mappings, lists and scalars.
    lines : dict
        Way to a value → its line, from 1. A mapping's entry stands where its name does.

    Raises
    ------
    ParameterError
        There is no such file, it is not YAML, or a name stands twice in a mapping.
    """
    try:
        text = file.read_text("utf-8-sig")
    except FileNotFoundError:
        raise ParameterError(f"no file {file}.") from None
    except UnicodeDecodeError:
        raise ParameterError(f"{file}: is not UTF-8 text.") from None
    value = plain(text, file.name)
    node = yaml.compose(text, yaml.SafeLoader)
    lines: dict[Where, int] = {}
    twice: list[str] = []
    if node:
        _walk(node, (), lines, twice, file.name)
    if twice:
        raise ParameterError(twice)
    return value, lines


def plain(text: str, name: str) -> Any:
    """Return the plain values that a text says in YAML.

    Raises
    ------
    ParameterError
        It is not YAML, has a tag of a program, or says more or deeper values than anybody writes.
    """
    try:
        if len(text) > LARGEST:
            raise yaml.YAMLError(f"more than {LARGEST:,} characters")
        _measure(text)
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error)
        raise ParameterError(f"{name}{line}: not YAML: {problem}.") from None
    except (TypeError, ValueError) as error:  # a list as a name, the 31st of February
        raise ParameterError(f"{name}: not YAML: {str(error)[:200]}.") from None


def _measure(text: str) -> None:
    """Raise an error of YAML where references (&a, *a) make more values of a few lines than memory holds."""
    sizes: dict[str, int] = {}  # anchor → values
    inside: list[tuple[str | None, int]] = [(None, 0)]  # of each collection that is open: its anchor, values so far
    for event in yaml.parse(text, yaml.SafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            inside.append((event.anchor, 1))
            size, problem = 0, f"more than {DEEPEST} values inside each other" if len(inside) > DEEPEST else ""
        elif isinstance(event, yaml.CollectionEndEvent | yaml.ScalarEvent):
            anchor, size = inside.pop() if isinstance(event, yaml.CollectionEndEvent) else (event.anchor, 1)
            sizes |= {anchor: size} if anchor else {}
            problem = ""
        elif isinstance(event, yaml.AliasEvent):
            size, problem = sizes.get(event.anchor, 0), "" if event.anchor in sizes else f"*{event.anchor} holds itself"
        else:
            continue
        inside[-1] = (inside[-1][0], inside[-1][1] + size)
        if inside[-1][1] > MOST:
            problem = f"its references (&, *) stand for more than {MOST:,} values"
        if problem:
            raise yaml.MarkedYAMLError(None, None, problem, event.start_mark)


def _walk(node: yaml.Node, way: Where, lines: dict[Where, int], twice: list[str], name: str) -> None:
    lines.setdefault(way, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        for position, part in enumerate(node.value):
            _walk(part, (*way, position), lines, twice, name)
    elif isinstance(node, yaml.MappingNode):
        seen = set()
        for entry, part in node.value:
            called = yaml.safe_load(yaml.serialize(entry)) if entry.tag != "tag:yaml.org,2002:str" else entry.value
            if called in seen:
                twice.append(f"{name} line {entry.start_mark.line + 1}: '{called}' stands twice. Keep one.")
            seen.add(called)
            lines[(*way, called)] = entry.start_mark.line + 1
            _walk(part, (*way, called), lines, twice, name)
