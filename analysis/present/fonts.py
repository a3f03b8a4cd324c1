"""In: the variable Noto Sans SC of a dependency. Out: a static Regular in the cache, known to matplotlib; its metrics.

matplotlib draws a variable font at its default weight, which here is Thin, so weight 400 is instanced once.
"""

from __future__ import annotations

import sys
from functools import cache
from importlib import metadata, resources
from io import BytesIO
from pathlib import Path
from typing import Any

from analysis import paths, tables

FAMILY = "Noto Sans SC"
PACKAGE = "justmytype-intl-cjk"
EDITION = 2  # of what `_instance` makes of it
SOURCE = "fonts/ofl/notosanssc/NotoSansSC[wght].ttf"


def path(folder: Path | None = None) -> Path:
    """Return the static Regular TrueType; the first call makes it (about 15 s), later ones find it.

    The file's name holds the versions it was made from, so an update makes a new one. The same versions give the same
    bytes. Two processes may ask at once: the second waits for the first.
    """
    versions = f"{metadata.version(PACKAGE)}-{metadata.version('fonttools')}-{EDITION}"
    made = (folder or paths.CACHE / "fonts") / f"NotoSansSC-Regular.{versions}.ttf"
    if not made.exists():
        from filelock import FileLock

        made.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{made}.lock"):
            if not made.exists():
                print("Preparing the Chinese font for figures, once (about 15 s) …", file=sys.stderr, flush=True)
                tables.write_bytes(made, _instance())
    return made


def _instance() -> bytes:
    from fontTools.ttLib import TTFont
    from fontTools.varLib import instancer

    source = resources.files(PACKAGE.replace("-", "_")).joinpath(SOURCE)
    with resources.as_file(source) as file:
        font = TTFont(file, recalcTimestamp=False)  # else the second of saving is written into `head`
        # `optimize` packs deltas that a static font does not have; names lose their "Thin"
        instancer.instantiateVariableFont(font, {"wght": 400}, inplace=True, optimize=False, updateFontNames=True)
        # Since 3.11 matplotlib asks the system for its language, and this font has other Latin letters for Chinese:
        # without shapes for languages a figure is the same everywhere, and as wide as `width` says.
        for table in ("GSUB", "GPOS"):
            for script in font[table].table.ScriptList.ScriptRecord:  # pyright: ignore[reportAttributeAccessIssue]
                script.Script.LangSysRecord, script.Script.LangSysCount = [], 0
        out = BytesIO()
        font.save(out)
    return out.getvalue()


@cache
def register() -> str:
    """Make the font known to matplotlib, before any font of the same name on this machine; return its family name."""
    from matplotlib.font_manager import fontManager

    known = fontManager.ttflist
    before = len(known)
    fontManager.addfont(path())
    known[:] = known[before:] + known[:before]  # of equal matches the first is taken
    return FAMILY


@cache
def _metrics() -> tuple[dict[int, str], dict[str, Any], int]:
    """Code point → glyph, glyph → (advance, bearing), units per em."""
    from fontTools.ttLib import TTFont

    with TTFont(path(), lazy=True) as font:
        return font.getBestCmap(), dict(font["hmtx"].metrics), font["head"].unitsPerEm  # pyright: ignore


def missing(text: str) -> set[str]:
    """Return the characters of `text` that the font cannot draw; line breaks do not count."""
    cmap = _metrics()[0]
    return {char for char in text if ord(char) not in cmap and char != "\n"}


def width(text: str, size: float) -> float:
    """Return how wide `text` is on one line, in millimetres at `size` points (kerning left aside)."""
    cmap, advances, em = _metrics()
    units = sum(advances[cmap[ord(char)]][0] if ord(char) in cmap else em for char in text)
    return units / em * size / 72 * 25.4
