"""In: a result. Out: all of it as text, to be held against the text that is kept of it."""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.errors import AnalysisError


def digits(number: float) -> str:
    """Five digits; what is 0 but for rounding is 0."""
    return f"{round(number, 12) + 0.0:.5g}"


def shown(result: object) -> str:
    """A result as text: all fields, all rows, five digits."""
    if isinstance(result, pd.DataFrame):
        types = " ".join(map(str, result.dtypes))
        return f"{types}\n{result.to_csv(float_format=digits, na_rep='-', lineterminator=chr(10))}"
    if is_dataclass(result) and not isinstance(result, type):
        parts = [f"[{one.name}]\n{shown(getattr(result, one.name))}" for one in fields(result)]
        return "\n".join([*parts, *([str(result)] if type(result).__str__ is not object.__str__ else [])])
    if isinstance(result, dict):
        return "\n".join(f"{key}: {shown(value)}" for key, value in result.items()) + "\n"
    if isinstance(result, list | tuple):
        return "\n".join(map(shown, result))
    if isinstance(result, np.ndarray):
        return " ".join(map(digits, result.ravel().astype(float)))
    return digits(result) if isinstance(result, float) else str(result)


def outcome(case: Callable) -> str:
    """What a case gives, or the error it ends in."""
    try:
        return shown(case())
    except AnalysisError as error:
        return f"{type(error).__name__}: {error}"


def write(folder: Path, cases: Mapping[str, Callable]) -> None:
    """Keep what all cases give."""
    for name, case in cases.items():
        (folder / f"{name}.txt").write_text(outcome(case), encoding="utf-8", newline="")
