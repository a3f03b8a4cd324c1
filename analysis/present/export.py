"""In: the sidecars of saved figures and tables in a folder. Out: index.html beside them, one page in both languages."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from analysis import paths, tables
from analysis.errors import FigureError
from analysis.present import drawing, evidence_links, labels, printed

Record = dict[str, Any]
_HTML_LANG = {"zh": "zh-Hans", "en": "en"}
_NEEDED = {"figure": {"size_mm"}, "table": {"head", "rows", "right", "notes"}}
_ALWAYS = {"name", "lang", "title", "caption", "files"}
FORMATS = {"figure": (*drawing.FORMATS, "csv"), "table": (*printed.FORMATS, "csv")}

_SET = {
    "methods": "methods.md", "captions": "captions.md", "numbers": "numbers.json", "versions": "versions.json",
    "manifest": "manifest.json",
}  # fmt: skip
TOPICS = "topics*.html"  # the pages to read topics in, as `topic_view` saves them


def gallery(folder: Path, title: str | Mapping[str, str] | None = None, *, whole: bool = False) -> Path:
    """Write `folder/index.html` from the `<name>.<lang>.json` sidecars in `folder`; return its path.

    The page needs no server, no script and nothing from elsewhere: it refers to the figures' files by their names, and
    in figures/ to the evidence pages of their values. The same sidecars give the same bytes.

    Parameters
    ----------
    folder : Path
        Where `figures.save` wrote.
    title : str or mapping of language to str, optional
        The page's heading.
    whole : bool
        The folder is one to send: the page links to its methods, captions, numbers, versions and manifest.

    Raises
    ------
    FigureError
        No sidecar is there, one cannot be read, or a file that it names is missing.
    """
    figures = records(folder)
    say = {lang: labels.load(lang) for lang in labels.LANGS}
    heads = title if isinstance(title, Mapping) else {lang: title or say[lang]("gallery.title") for lang in say}
    style = Path(__file__).with_name("gallery.css").read_text(encoding="utf-8")
    page = [
        f'<!doctype html>\n<html lang="{_HTML_LANG[labels.LANGS[0]]}">\n<head>\n<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(' · '.join(dict.fromkeys(heads[lang] for lang in say)))}</title>",
        f"<style>\n{style}</style>\n</head>\n<body>",
        *(_switch(say[lang]) for lang in say),
        *(_view(folder, figures, heads[lang], say[lang], whole=whole) for lang in say),
        "</body>\n</html>\n",
    ]
    path = folder / "index.html"
    tables.write_bytes(path, "\n".join(page).encode())
    return path


def kind(record: Mapping[str, Any]) -> str:
    """Return what a sidecar describes: figure or table."""
    return "table" if record.get("kind") == "table" else "figure"


def records(folder: Path) -> dict[str, dict[str, Record]]:
    """Read the sidecars of a folder: name → language → record, figures before tables, each by its number.

    Raises
    ------
    FigureError
        As `gallery`.
    """
    found: dict[str, dict[str, Record]] = {}
    failures = []
    for path in sorted(path for lang in labels.LANGS for path in folder.glob(f"*.{lang}.json")):
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            stem = f"{record['name']}.{record['lang']}"
            lost = (_ALWAYS | _NEEDED[kind(record)]) - set(record)
        except (ValueError, TypeError, KeyError):  # not JSON, not an object, no name
            record, stem, lost = {}, "", _ALWAYS
        if lost or path.stem != stem:
            failures.append(f"{path}: is not the sidecar of a figure or table. Remove it, or save again.")
            continue
        gone = [suffix for suffix in FORMATS[kind(record)] if not (folder / f"{stem}.{suffix}").exists()]
        if gone:
            failures.append(f"{path}: there is no {stem}.{' .'.join(gone)} beside it. Save it again.")
        found.setdefault(record["name"], {})[record["lang"]] = record
    if not found and not failures:
        failures.append(f"{folder}: holds no figure. Make some with figures.save(…, out='{folder.name}').")
    if failures:
        raise FigureError(failures)
    return dict(sorted(found.items(), key=lambda one: (kind(next(iter(one[1].values()))), one[0])))


def _switch(say: labels.Labels) -> str:
    checked = " checked" if say.lang == labels.LANGS[0] else ""
    return (
        f'<input class="switch" type="radio" name="lang" id="lang-{say.lang}"{checked}>'
        f'<label for="lang-{say.lang}" lang="{_HTML_LANG[say.lang]}">{escape(say("gallery.language"))}</label>'
    )


def _view(
    folder: Path, figures: Mapping[str, Mapping[str, Record]], head: str, say: labels.Labels, *, whole: bool
) -> str:
    """All of the page in one language; a figure that lacks this language is shown in another, with a note."""
    chosen = [records.get(say.lang) or next(iter(records.values())) for records in figures.values()]
    contents = "\n".join(
        f'<li><a href="#{_anchor(record, say)}">{escape(heading(record, say))}</a></li>' for record in chosen
    )
    return (
        f'<div class="view {say.lang}" lang="{_HTML_LANG[say.lang]}">\n<h1>{escape(head)}</h1>\n'
        f'<nav aria-label="{escape(say("gallery.contents"))}"><ol>\n{contents}\n</ol></nav>\n<main>\n'
        + "\n".join(_article(folder, record, say) for record in chosen)
        + f"\n{_set(folder, say, whole=whole)}</main>\n</div>"
    )


def _set(folder: Path, say: labels.Labels, *, whole: bool) -> str:
    """Links to the page of topics, where there is one, and to the files of a whole set."""
    pages = [name for name in (f"topics.{say.lang}.html", "topics.html") if (folder / name).exists()]
    files = ({"topics": pages[0]} if pages else {}) | (_SET if whole else {})
    if not files:
        return ""
    links = "".join(f'<li><a href="{file}">{escape(say(f"gallery.{key}"))}</a></li>' for key, file in files.items())
    return f'<section>\n<h2>{escape(say("gallery.set"))}</h2>\n<ul class="files">{links}</ul>\n</section>\n'


def _article(folder: Path, record: Record, say: labels.Labels) -> str:
    stem, anchor = f"{record['name']}.{record['lang']}", _anchor(record, say)
    note = "" if record["lang"] == say.lang else f'<p class="note">{escape(say("gallery.other"))}</p>\n'
    links = "".join(
        f'<li><a href="{quote(f"{stem}.{suffix}")}">{suffix.upper()}</a></li>'
        for suffix in (*FORMATS[kind(record)], "json")
    )
    own = folder.resolve().is_relative_to(paths.FIGURES)  # from elsewhere links would name local folders
    behind = evidence_links.behind(folder / f"{stem}.csv", say) if own else ""
    shown = _table(record) if kind(record) == "table" else _plot(record, stem, anchor, escape(heading(record, say)))
    return (
        f'<article id="{anchor}" aria-labelledby="{anchor}-head">\n'
        f'<h2 id="{anchor}-head">{escape(heading(record, say))}</h2>\n{note}{shown}\n'
        f'<ul class="files" aria-label="{escape(say("gallery.files"))}">{links}</ul>\n'
        f"{behind}\n<details><summary>{escape(say('gallery.about'))}</summary>\n"
        f"<dl>{_about(record, say)}</dl></details>\n</article>"
    )


def _plot(record: Record, stem: str, anchor: str, heading: str) -> str:
    width, height = (round(96 / 25.4 * size) for size in record["size_mm"])
    return (
        f'<figure lang="{_HTML_LANG[record["lang"]]}">\n<a class="plot" href="{quote(f"{stem}.svg")}">'
        f'<img src="{quote(f"{stem}.svg")}" alt="{heading}" aria-describedby="{anchor}-caption" '
        f'width="{width}" height="{height}"></a>\n'
        f'<figcaption id="{anchor}-caption">{escape(record["caption"])}</figcaption>\n</figure>'
    )


def _table(record: Record) -> str:
    below = "".join(f"<p>{escape(text)}</p>" for text in (record["caption"], *record["notes"]) if text)
    return (
        f'<div class="table" lang="{_HTML_LANG[record["lang"]]}" tabindex="0">\n'
        f"{printed.html(record['head'], record['rows'], record['right'])}\n</div>\n{below}"
    )


def _about(record: Record, say: labels.Labels) -> str:
    """What the sidecar says of the figure's making, entries without a value left out."""
    entries = {"reports": record.get("n_reports")}
    entries |= {key: record.get(key) for key in ("notebook", "seed", "parameters", "inputs", "packages")}
    return "".join(
        f"<dt>{escape(say(f'gallery.{key}'))}</dt><dd>{escape(_text(value))}</dd>"
        for key, value in entries.items()
        if value not in (None, {}, "")
    )


def _text(value: object) -> str:
    if isinstance(value, dict):
        return "\n".join(f"{key}: {part}" for key, part in value.items())
    return str(value)


def _anchor(record: Record, say: labels.Labels) -> str:
    return escape(f"{record['name']}-{say.lang}")


def heading(record: Mapping[str, Any], say: labels.Labels) -> str:
    """Return number and title: `Figure 4  Core rates`, `Figure 6b  …`."""
    number = re.match(r"(?:fig|tab)0*(\d+[a-z]?)_", record["name"])
    return f"{say(f'gallery.{kind(record)}', number=number[1])}\u2003{record['title']}" if number else record["title"]
