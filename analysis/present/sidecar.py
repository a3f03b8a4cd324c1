"""In: what a figure, a table or a notebook's numbers rest on. Out: the bytes of its csv and of its json sidecar."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from analysis.errors import FigureError
from analysis.files import plain, write_all


def plain_name(**names: str) -> None:
    """Check that each of `names` (what it is → its value) can be part of a file name.

    Raises
    ------
    FigureError
        It holds anything but letters, digits, `_` and `-`, or Windows keeps it (see `files.plain`).
    """
    wrong = [
        f"{what} '{value}': the {what} of a figure, table, page or notebook holds letters, digits, _ and - only, and "
        "is none that Windows keeps (con, nul …)."
        for what, value in names.items()
        if not plain(value)
    ]
    if wrong:
        raise FigureError(wrong)


def settled(
    one: Any, name: str | None, out: str, seed: int | None, parameters: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return the name, seed and parameters that a figure or table is saved with: those given before its own.

    `one` is a Figure or a Table.

    Raises
    ------
    FigureError
        The name, or `out`, is no plain name.
    """
    plain_name(name=name or one.name, out=out)
    return {
        "name": name or one.name,
        "seed": one.seed if seed is None else seed,
        "parameters": {**one.parameters, **(parameters or {})},
    }


def rests_on(one: Any, notebook: str | None) -> dict[str, Any]:
    """Return the part of the record that says what a figure or table rests on."""
    return {
        "n_reports": one.n_reports,
        "notebook": notebook,
        "parameters": one.parameters,
        "seed": one.seed,
        "inputs": one.inputs,
    }


def write(stem: Path, files: Mapping[str, bytes], record: Mapping[str, Any], names: Iterable[str]) -> None:
    """Write `stem`.<suffix> for each of `files`, then their record with hashes and the versions of packages `names`."""
    record = {**record, "files": digests(files), "packages": packages(names)}
    whole = {**files, "json": dump(record)}
    write_all({stem.with_name(f"{stem.name}.{suffix}"): content for suffix, content in whole.items()})


def packages(names: Iterable[str]) -> dict[str, str]:
    """Return package → version installed."""
    return {name: metadata.version(name) for name in sorted(names)}


def digests(files: Mapping[str, bytes]) -> dict[str, str]:
    """Return suffix → sha256 of its content."""
    return {suffix: hashlib.sha256(content).hexdigest() for suffix, content in files.items()}


def dump(record: Mapping[str, Any]) -> bytes:
    """Return a record as JSON: the order of its keys kept, no NaN, numbers of numpy and pandas as plain ones."""
    return (json.dumps(record, ensure_ascii=False, indent=1, allow_nan=False, default=_plain) + "\n").encode()


def _plain(value: object) -> object:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a sidecar cannot hold {value!r} ({type(value).__name__}): give text, numbers, lists or mappings")
