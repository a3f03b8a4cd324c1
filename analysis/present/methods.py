"""In: the tables, the codebook, the sidecars of a figure set. Out: its methods paragraph in both languages."""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from analysis import __version__, codebook, paths, tables
from analysis.errors import CodebookError, closest
from analysis.present import labels, latex, markdown
from analysis.present.numbers import text

_FIELD = re.compile(r"\{([^{}]+)\}")
_SET = re.compile(r"(fig|tab)\d\d_\w+")  # a field of these may be absent: its sentence is then left out


def paragraphs(facts: Mapping[str, Any]) -> tuple[dict[str, str], list[str]]:
    """Fill the sentences of data/codebook/methods.csv with what is known of a run.

    A sentence stands only when everything it says is known: without topics nothing is said of them.

    Parameters
    ----------
    facts : mapping
        Field → value, see `facts`.

    Returns
    -------
    dict of str to str
        Language → paragraph.
    list of str
        Keys of the sentences left out.

    Raises
    ------
    CodebookError
        A sentence uses a field that no run can have.
    """
    rows = codebook.read_csv(paths.CODEBOOK / "methods.csv", ("key", *labels.LANGS))
    fields = {row["key"]: set(_FIELD.findall(" ".join(row[lang] for lang in labels.LANGS))) for row in rows}
    faults = [
        f"{row['_where']}: no field {{{field}}}.{closest(field, facts)}"
        for row in rows
        for field in sorted(fields[row["key"]] - set(facts))
        if not (field.startswith("numbers.") or _SET.fullmatch(field.partition(".")[0]))
    ]
    if faults:
        raise CodebookError(faults)
    left_out = [key for key, used in fields.items() if not used <= set(facts)]
    filled = {}
    for lang in labels.LANGS:
        say = labels.load(lang)
        sentences = [
            _FIELD.sub(lambda found, say=say: _printed(facts[found[1]], say), row[lang])
            for row in rows
            if row["key"] not in left_out
        ]
        filled[lang] = ("" if lang == "zh" else " ").join(sentences)
    return filled, left_out


def facts(
    records: Mapping[str, Mapping[str, Mapping[str, Any]]], numbers: Mapping[str, Mapping[str, Any]], folder: Path
) -> dict[str, Any]:
    """Return what is known of a run, by dotted name.

    `tables.…` counts of the tables in `folder`; `codebook.…`; `numbers.<name>` as quoted by the notebooks;
    `<figure or table>.<parameter>` of the sidecars (nested ones by dots) and their `seed`; `software.<package>`.

    Parameters
    ----------
    records : mapping
        Name → language → sidecar, as `export.records` gives them.
    numbers : mapping
        Name → entry, as `numbers.join` gives them.
    folder : Path
        Of the tables.
    """
    found: dict[str, Any] = {f"tables.{key}": value for key, value in _counts(folder).items()}
    known = {name: codebook.read_csv(paths.CODEBOOK / f"{name}.csv", ()) for name in ("indicators", "wordings")}
    found |= {f"codebook.{name}": len(rows) for name, rows in known.items()}
    found["codebook.core"] = sum(row["tier"] == "1" for row in known["indicators"])
    found |= {f"numbers.{name}": entry["text"] for name, entry in numbers.items() if entry["value"] is not None}
    for name, by_language in records.items():
        record = next(iter(by_language.values()))
        found |= dict(_leaves({"seed": record.get("seed"), **record.get("parameters", {})}, name))
    return found | {f"software.{name}": version for name, version in software().items()}


def software() -> dict[str, str]:
    """Return the versions in use of this project, of Python, and of every package of requirements.lock installed."""
    lock = (paths.ROOT / "requirements.lock").read_text(encoding="utf-8")
    names = sorted(set(re.findall(r"^([A-Za-z0-9._-]+)==", lock, re.MULTILINE)))
    installed = {one.name.lower().replace("_", "-"): one.version for one in metadata.distributions()}
    return {"analysis": __version__, "python": platform.python_version()} | {
        name: installed[name] for name in names if name in installed
    }


def files(filled: Mapping[str, str]) -> dict[str, bytes]:
    """Return methods.md, both languages, and methods.<lang>.tex."""
    sections = [f"## {labels.load(lang)('title.methods')}\n\n{markdown.escape(filled[lang])}\n" for lang in filled]
    tex = {f"methods.{lang}.tex": f"{latex.escape(filled[lang])}\n".encode() for lang in filled}
    return {"methods.md": "\n".join(sections).encode(), **tex}


def _counts(folder: Path) -> dict[str, Any]:
    reports, indicators = tables.read("reports", folder), tables.read("indicators", folder)
    years = sorted(reports["report_year"].dropna().astype(str).unique())
    levels = reports["level"].fillna("unknown").tolist()
    return {
        "reports": len(reports),
        "places": reports["place_code"].fillna(reports["place"]).nunique(),
        "years": "–".join(dict.fromkeys((years[0], years[-1]))) if years else "—",
        "levels": {name: levels.count(name) for name in (*tables.LEVELS, "unknown") if name in levels},
        "undated": reports["published_on"].isna().tolist().count(True),
        "indicators": len(indicators),
        "corrected": indicators["basis"].tolist().count("corrected"),
        **{name: len(tables.read(name, folder)) for name in ("quantities", "derived", "review", "items")},
    }


def _leaves(value: Any, name: str) -> list[tuple[str, Any]]:
    if isinstance(value, Mapping):
        return [leaf for key, inner in value.items() for leaf in _leaves(inner, f"{name}.{key}")]
    return [] if value is None else [(name, f"{value:.3g}" if isinstance(value, float) else str(value))]


def _printed(value: Any, say: labels.Labels) -> str:
    if isinstance(value, Mapping):  # reports by level
        return say.listed(say("count.reports", name=say(f"level.{name}"), n=n) for name, n in value.items())
    return say.texts.get(f"value.{value}", text(value))
