"""In: the numbers that a paper's text quotes. Out: one file a notebook, joined to numbers.json and numbers.tex."""

from __future__ import annotations

import json
import math
import numbers
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from analysis import paths, tables
from analysis.errors import FigureError, ParameterError
from analysis.present import latex, sidecar

FOLDER = "numbers"  # below figures/<out>: one file a notebook
Number = float | str | None

# A name may hold digits and underscores, so it is a key, not a macro of its own.
_TEX = r"""% Every number quoted in the text: \quoted{name}. An unknown name stops LaTeX.
\newcommand{\quoted}[1]{\ifcsname quoted@#1\endcsname\csname quoted@#1\endcsname\else
  \errmessage{numbers.tex has no number named #1}\fi}
"""


def quote(out: str, notebook: str, values: Mapping[str, Number], *, folder: Path | None = None) -> dict[str, str]:
    """Keep numbers that the paper's text quotes under stable names, in `figures/<out>/numbers/<notebook>.json`.

    `python -m analysis paper` joins them to numbers.json and numbers.tex, where `\\quoted{n_reports}` prints one.
    Several calls of a notebook add up; a name that it quotes again is replaced.

    Parameters
    ----------
    out : str
        Folder below figures/.
    notebook : str
        01_corpus, …
    values : mapping
        Name (lower-case letters, digits, underscores, a letter first) → number, or text when it is to be printed in a
        way of its own; None or NaN: could not be computed.
    folder : Path, optional
        Instead of figures/.

    Returns
    -------
    dict of str to str
        Name → as printed.

    Raises
    ------
    ParameterError
        A name is not usable, or a value is neither number, text nor missing.
    """
    sidecar.plain_name(out=out, notebook=notebook)
    faults = [
        f"'{name}': the name of a quoted number has lower-case letters, digits and _ only, a letter first."
        for name in values
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name)
    ]
    faults += [
        f"'{name}': {value!r} is a {type(value).__name__}; quote a number or a text."
        for name, value in values.items()
        if not (value is pd.NA or value is None or isinstance(value, (numbers.Real, str)))
    ]
    if faults:
        raise ParameterError(faults)
    path = (folder or paths.FIGURES) / out / FOLDER / f"{notebook}.json"
    known = json.loads(path.read_text("utf-8")) if path.exists() else {}
    new = {name: None if value is pd.NA or value != value else value for name, value in values.items()}
    tables.write_bytes(path, sidecar.dump(dict(sorted((known | new).items()))))
    return {name: text(value) for name, value in new.items()}


def join(folder: Path) -> dict[str, dict[str, Any]]:
    """Write `numbers.json` and `numbers.tex` of a figure set from what its notebooks quoted; return name → entry.

    An entry holds value (null when it could not be computed), text (as printed) and notebook.

    Raises
    ------
    FigureError
        Two notebooks quote a number under the same name.
    """
    found: dict[str, dict[str, Any]] = {}
    clashes = []
    for path in sorted((folder / FOLDER).glob("*.json")):
        for name, value in json.loads(path.read_text("utf-8")).items():
            if name in found:
                clashes.append(
                    f"number '{name}' is quoted by {found[name]['notebook']} ({found[name]['text']}) and by "
                    f"{path.stem} ({text(value)}). Rename it in one of them."
                )
            found[name] = {"value": value, "text": text(value), "notebook": path.stem}
    if clashes:
        raise FigureError(clashes)
    found = dict(sorted(found.items()))
    lines = [
        f"\\expandafter\\def\\csname quoted@{name}\\endcsname{{{latex.escape(entry['text'])}}}"
        for name, entry in found.items()
    ]
    tables.write_bytes(folder / "numbers.json", sidecar.dump(found))
    tables.write_bytes(folder / "numbers.tex", (_TEX + "\n".join([*lines, ""])).encode())
    return found


def text(value: Any, decimals: int | None = None) -> str:
    """Print a number: thousands apart, a true minus, decimals by its size unless given; a text stays as it is.

    Without `decimals` whole numbers have none, others one at least and three significant digits.
    """
    if isinstance(value, (str, bool)) or not isinstance(value, numbers.Real):
        return "—" if value is None or value is pd.NA else str(value)
    number = float(value)
    if not math.isfinite(number):
        return "—" if math.isnan(number) else "∞" if number > 0 else "−∞"
    if decimals is None:
        size = math.floor(math.log10(abs(number))) if number else 0
        decimals = 0 if number == int(number) else max(1, 2 - size)
    return f"{number:,.{decimals}f}".replace("-", "−")
