"""In: the records of two runs. Out: what differs between them, as a frame, and as one HTML page with their figures."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from analysis import paths
from analysis.execute.runs import Record, find
from analysis.files import write_bytes

_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2em auto; max-width: 80em; padding: 0 1em; color: #222 }
table { border-collapse: collapse }
td, th { text-align: left; padding: .2em .9em .2em 0; border-bottom: 1px solid #ddd }
td { overflow-wrap: anywhere; vertical-align: top } .pair { display: flex; gap: 1em; align-items: flex-start }
.pair div { flex: 1; min-width: 0 } img { max-width: 100% } .same { color: #777 } pre { white-space: pre-wrap }
"""


def differences(one: Record, two: Record, everything: bool = False) -> pd.DataFrame:
    """Return one row per parameter, hash, number and time in which two runs differ: part, name, the two, difference.

    `everything` keeps the equal ones too. `difference` is the second minus the first where both are numbers.
    """
    rows = []
    about = ("status", "seconds", "started", "git_commit")
    parts = [({name: run.get(name) for name in about}, "run") for run in (one, two)]
    for part, left, right in [
        ("parameter", one["parameters"], two["parameters"]),
        ("number", one.get("numbers", {}), two.get("numbers", {})),
        ("depends on", one["hashes"], two["hashes"]),
        ("run", parts[0][0], parts[1][0]),
    ]:
        for name in dict.fromkeys([*left, *right]):
            a, b = left.get(name), right.get(name)
            if everything or a != b:
                rows.append((part, name, a, b, _difference(a, b)))
    return pd.DataFrame(rows, columns=["part", "name", one["key"], two["key"], "difference"])


def page(first: str, second: str, out: Path | None = None) -> Path:
    """Write an HTML page of two runs, their parameters, numbers and figures side by side; return its path.

    Parameters
    ----------
    first, second : str
        Keys, or beginnings that no other key has.
    out : Path, optional
        The page. Default: runs/compare-<key>-<key>.html. It needs no other file.
    """
    one, two = find(first), find(second)
    made = differences(one, two)
    heads = [f"{run['notebook']} {run['key']}" + (f" ({run['name']})" if run["name"] else "") for run in (one, two)]
    body = [
        f"<h1>{escape(heads[0])} · {escape(heads[1])}</h1>",
        "<h2>What differs</h2>",
        made.map(_text).to_html(index=False, border=0) if len(made) else "<p>Nothing.</p>",
        "<h2>Figures</h2>",
        *_pairs(figures(one), figures(two), heads),
        *(
            f"<h2>{escape(head)}: log</h2><pre>{escape(_log(run))}</pre>"
            for head, run in zip(heads, (one, two), strict=True)
        ),
    ]
    text = (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(" · ".join(heads))}</title>'
        f"<style>{_STYLE}</style></head><body>\n" + "\n".join(body) + "\n</body></html>\n"
    )
    path = out or paths.RUNS / f"compare-{one['key']}-{two['key']}.html"
    write_bytes(path, text.encode())
    return path


def figures(run: Record) -> dict[str, bytes]:
    """Return name → PNG of the figures a run saved; of a notebook that saved none, the pictures it showed."""
    folder: Path = run["folder"]
    saved = {file.name: file.read_bytes() for file in sorted((folder / "figures").rglob("*.png"))}
    book = folder / run["notebook"]
    if saved or not book.exists():
        return saved
    shown = {}
    for cell in json.loads(book.read_text("utf-8"))["cells"]:
        pictures = [
            output["data"]["image/png"] for output in cell.get("outputs", []) if "image/png" in output.get("data", {})
        ]
        for number, picture in enumerate(pictures, 1):
            shown[f"{cell.get('id')} {number}"] = base64.b64decode("".join(picture))
    return shown


def _pairs(left: Mapping[str, bytes], right: Mapping[str, bytes], heads: list[str]) -> list[str]:
    made = []
    for name in dict.fromkeys([*left, *right]):
        a, b = left.get(name), right.get(name)
        if a == b:
            digest = hashlib.sha256(a or b"").hexdigest()[:12]
            made.append(
                f'<h3>{escape(name)} <span class="same">the same bytes in both ({digest})</span></h3>{_image(a)}'
            )
        else:
            both = "".join(
                f"<div><p>{escape(head)}</p>{_image(one)}</div>" for head, one in zip(heads, (a, b), strict=True)
            )
            made.append(f'<h3>{escape(name)}</h3><div class="pair">{both}</div>')
    return made or ["<p>Neither run drew a figure.</p>"]


def _image(content: bytes | None) -> str:
    if content is None:
        return "<p>not drawn</p>"
    return f'<img alt="" src="data:image/png;base64,{base64.b64encode(content).decode()}">'


def _log(run: Record) -> str:
    file = run["folder"] / "run.log"
    return file.read_text("utf-8") if file.exists() else "none"


def _difference(a: Any, b: Any) -> str:
    numbers = all(isinstance(one, int | float) and not isinstance(one, bool) for one in (a, b))
    return f"{b - a:+.4g}" if numbers else ""


def _text(value: Any) -> str:
    return "" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)
