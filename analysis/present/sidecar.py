"""In: what a figure, a table or a notebook's numbers rest on. Out: the bytes of its csv and of its json sidecar."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from importlib import metadata
from typing import Any

import numpy as np
import pandas as pd

from analysis import tables
from analysis.errors import FigureError

_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a cell that begins so is run, not shown, by Excel and LibreOffice
_NUMBER = re.compile(r"[+-]?\d[\d,.]*%?")


def plain_name(**names: str) -> None:
    """Check that each of `names` (what it is → its value) can be part of a file name.

    Raises
    ------
    FigureError
        It holds anything but letters, digits, `_` and `-`.
    """
    wrong = [
        f"{what} '{value}': the {what} of a figure, table or notebook holds letters, digits, _ and - only."
        for what, value in names.items()
        if not re.fullmatch(r"[\w-]+", value)
    ]
    if wrong:
        raise FigureError(wrong)


def sheet(frame: pd.DataFrame) -> bytes:
    """Return a frame as CSV in which no text is a formula: Excel shows `'=1+1`, it does not compute it."""
    return tables.csv_bytes(frame.map(_inert).rename(columns=_inert))


def _inert(cell: Any) -> Any:
    risky = isinstance(cell, str) and cell.startswith(_FORMULA) and not _NUMBER.fullmatch(cell)
    return f"'{cell}" if risky else cell


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
