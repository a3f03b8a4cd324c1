"""In: a canvas, its plotted numbers, where they come from. Out: a Figure; its five files, the same bytes each time."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib.figure
import pandas as pd
from matplotlib.cbook import is_math_text
from matplotlib.text import Text

from analysis import paths, tables
from analysis.errors import FigureError
from analysis.present import fonts, sidecar, theme

PACKAGES = ("fonttools", "justmytype-intl-cjk", "matplotlib", "numpy", "pandas", "seaborn")
FORMATS = ("pdf", "svg", "png")
# Without these, the time of saving and the versions are written into the files.
_METADATA = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Producer": None, "Creator": None},
}


@dataclass(frozen=True, eq=False)
class Figure:
    """A drawn figure with everything its reader may ask for.

    Attributes
    ----------
    figure : matplotlib.figure.Figure
    data : DataFrame
        The numbers that are drawn, tidy: one row per mark.
    name : str
        Stem of its files: fig01_corpus.
    title, caption : str
        In the figure's language; the caption says n, what is missing and how it was computed.
    lang : str
        zh or en.
    parameters : mapping
        What the figure function was asked for.
    inputs : mapping
        Table → sha256 of the rows handed in, with the table's own columns, as `tables.write` writes them: a whole
        table has the hash of its CSV file.
    n_reports : int or None
    seed : int or None
        When chance had a part in the numbers.
    """

    figure: matplotlib.figure.Figure
    data: pd.DataFrame
    name: str
    title: str
    caption: str
    lang: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    n_reports: int | None = None
    seed: int | None = None

    def __post_init__(self):
        check(self)

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        width, height = (int(110 * inches) for inches in self.figure.get_size_inches())
        return _render(self, "png"), {"width": width, "height": height}


def check(drawing: Figure) -> None:
    """Draw in memory and look at every visible text.

    Raises
    ------
    FigureError
        A character has no glyph in the font, a text is in another font, or matplotlib would read it as a formula.
    """
    with theme.style(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")  # said below, of all labels at once
        drawing.figure.draw_without_rendering()
    failures = []
    for text in dict.fromkeys(drawing.figure.findobj(Text)):
        label = text.get_text()
        if not label or not text.get_visible():
            continue
        lost = "".join(sorted(fonts.missing(label)))
        where = f"{drawing.name} ({drawing.lang}), label '{label}'"
        if lost:
            codes = ", ".join(f"'{char}' U+{ord(char):04X}" for char in lost)
            failures.append(
                f"{where}: {fonts.FAMILY} has no glyph for {codes}. Change the label in data/codebook or the report's "
                "entry in data/reports.csv."
            )
        if text.get_fontfamily() != [fonts.FAMILY]:
            failures.append(f"{where}: is set in {text.get_fontfamily()}, not {fonts.FAMILY}. Draw in `theme.style()`.")
        if text.get_parse_math() and is_math_text(label):
            failures.append(
                f"{where}: would be drawn as a formula in another font. Set parse_math=False for this text."
            )
    if failures:
        raise FigureError(failures)


def hashes(**frames: pd.DataFrame) -> dict[str, str]:
    """Return table → sha256 of the table's own columns as the CSV that `tables.write` makes of them."""
    own = {
        name: tables.ordered(name, frame.reindex(columns=[*tables.SCHEMAS[name][1]])) for name, frame in frames.items()
    }
    return {name: hashlib.sha256(tables.csv_bytes(frame)).hexdigest() for name, frame in own.items()}


def save(
    drawing: Figure,
    out: str = "draft",
    *,
    name: str | None = None,
    notebook: str | None = None,
    seed: int | None = None,
    parameters: Mapping[str, Any] | None = None,
    folder: Path | None = None,
) -> Figure:
    """Write `figures/<out>/<name>.<lang>` as pdf, svg, png, csv (the drawn numbers) and json (what they rest on).

    The same figure gives the same bytes. The json comes last, so what the gallery lists is complete.

    Parameters
    ----------
    drawing : Figure
    out : str
        Folder below figures/: "paper" is committed, all others are drafts.
    name : str, optional
        Instead of the figure's own name: letters, digits, `_` and `-`.
    notebook : str, optional
        Name of the notebook that draws it.
    seed, parameters : optional
        Of the notebook; they join the figure's own.
    folder : Path, optional
        Instead of figures/.

    Returns
    -------
    Figure
        As saved; the last line of a notebook cell shows it.

    Raises
    ------
    FigureError
        A glyph is missing, or `name` or `out` is not a plain name.
    """
    drawing = replace(drawing, **sidecar.settled(drawing, name, out, seed, parameters))
    files = {suffix: _render(drawing, suffix) for suffix in FORMATS} | {"csv": tables.csv_bytes(drawing.data)}
    record = {
        "name": drawing.name,
        "lang": drawing.lang,
        "title": drawing.title,
        "caption": drawing.caption,
        "size_mm": [round(25.4 * float(inches), 1) for inches in drawing.figure.get_size_inches()],
        **sidecar.rests_on(drawing, notebook),
    }
    sidecar.write((folder or paths.FIGURES) / out / f"{drawing.name}.{drawing.lang}", files, record, PACKAGES)
    return drawing


def _render(drawing: Figure, suffix: str) -> bytes:
    out = BytesIO()
    title = {} if suffix == "png" else {"Title": drawing.title}
    with theme.style():
        drawing.figure.savefig(out, format=suffix, metadata={**_METADATA[suffix], **title})
    return out.getvalue()
