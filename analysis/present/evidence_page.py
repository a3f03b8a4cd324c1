"""In: what a page says. Out: pages of the evidence site: one frame for all, both languages, names and data of files."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path, PurePosixPath

from analysis import files
from analysis.errors import ParameterError
from analysis.present import labels

HTML_LANG = {"zh": "zh-Hans", "en": "en"}
MANIFEST = "manifest.txt"
WRITING = ".writing"  # files of a site that is being written: the manifest stays as it was until it is whole
CHUNK = 1_500_000  # bytes of one data file, so that no file is above 5 MB whatever the number of reports
# Only the site's own files: no server, nothing from elsewhere, no script or style that stands in a page.
_POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; base-uri 'none'; form-action 'none'"
_PAGES = {"reports": "index.html", "indicators": "indicators.html", "review": "review.html", "search": "search.html"}


def stem(key: str) -> str:
    """Return the file name, without suffix, of the page of a report or indicator: a function of its id alone.

    Ids of letters, digits, _ and - name their page; any other gets a part of its hash, and so do ids with capitals,
    which would fall together on disks that do not tell them apart.
    """
    plain = re.fullmatch(r"[\w-]{1,80}", key) and key == unicodedata.normalize("NFC", key).lower()
    if plain and files.plain(key):
        return key
    return f"{re.sub(r'[^a-z0-9_-]+', '_', key.lower())[:40]}-{hashlib.sha256(key.encode()).hexdigest()[:12]}"


@dataclass(frozen=True)
class Words:
    """The interface's texts in both languages."""

    zh: labels.Labels
    en: labels.Labels

    def pair(self, key: str, **values: object) -> list[str]:
        """Return the text of `key` in Chinese and in English."""
        return [self.zh(key, **values), self.en(key, **values)]

    def __call__(self, key: str, **values: object) -> str:
        """Return the text of `key` as HTML that shows one language at a time."""
        return both(*self.pair(key, **values))


def words() -> Words:
    """Read the texts of labels.csv."""
    return Words(labels.load("zh"), labels.load("en"))


def both(zh: str, en: str) -> str:
    """Return two texts as HTML of which the page shows one, by its language."""
    if zh == en:
        return escape(zh)
    return f'<span class="t" lang="zh-Hans">{escape(zh)}</span><span class="t" lang="en">{escape(en)}</span>'


def as_json(value: object) -> str:
    """Return JSON that may stand in a page or a script file: no markup, no line separator of JavaScript."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def chunks(name: str, rows: Iterable[object]) -> Iterator[str]:
    """Yield the content of script files that hand `rows` to the page under `name`, each of about `CHUNK` bytes."""
    held: list[str] = []
    size = 0
    for row in rows:
        one = as_json(row)
        held.append(one)
        size += len(one.encode())
        if size > CHUNK:
            yield f"evidence({as_json(name)},[\n" + ",\n".join(held) + "\n]);\n"
            held, size = [], 0
    if held:
        yield f"evidence({as_json(name)},[\n" + ",\n".join(held) + "\n]);\n"


def page(
    say: Words,
    kind: str,
    title: tuple[str, str],
    body: str,
    *,
    data: Iterable[str] = (),
    up: str = "",
    head: Mapping[str, str] | None = None,
) -> str:
    """Return a whole page.

    Parameters
    ----------
    kind : str
        What the script does with it: reports, indicators, review, search, report or indicator.
    title : tuple of str
        Chinese and English.
    body : str
        HTML of the part that is the page's own.
    data : iterable of str
        Script files with rows, from the site's root.
    up : str
        `../` for pages in a folder.
    head : mapping, optional
        Further data-… attributes of the body.
    """
    scripts = "".join(f'\n<script src="{up}{escape(name)}" defer></script>' for name in ("data/words.js", *data))
    attributes = "".join(f' data-{name}="{escape(value)}"' for name, value in (head or {}).items())
    zh, en = (escape(f"{one} · {name}") for one, name in zip(title, say.pair("evidence.title"), strict=True))
    langs = say.pair("gallery.language")
    nav = "".join(
        f'<a href="{up}{file}"{" aria-current=" + chr(34) + "page" + chr(34) if kind == name else ""}>'
        f"{say(f'evidence.nav.{name}')}</a>"
        for name, file in _PAGES.items()
    )
    return f"""<!doctype html>
<html lang="zh-Hans">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title data-zh="{zh}" data-en="{en}">{zh}</title>
<link rel="stylesheet" href="{up}assets/evidence.css">
<script src="{up}assets/evidence.js"></script>{scripts}
</head>
<body data-page="{kind}" data-up="{up}"{attributes}>
<a class="skip" href="#main">{say("evidence.skip")}</a>
<header>
<nav aria-labelledby="site-name"><span id="site-name" class="name">{say("evidence.title")}</span>{nav}</nav>
<form id="find" role="search"><label for="find-text">{say("evidence.find")}</label>
<input id="find-text" type="search" autocomplete="off"><button>{say("evidence.find.go")}</button></form>
<div class="langs" role="group" aria-label="{escape(" / ".join(langs))}">\
<button type="button" data-lang="zh" lang="zh-Hans" aria-pressed="true">{escape(langs[0])}</button>\
<button type="button" data-lang="en" lang="en" aria-pressed="false">{escape(langs[1])}</button></div>
</header>
<noscript><p class="note">{say("evidence.noscript")}</p></noscript>
<main id="main" tabindex="-1">
{body}
</main>
<div id="live" class="hidden" role="status"></div>
</body>
</html>
"""


class Site:
    """The files of one site in a folder: written one at a time, and those of an earlier site that are gone removed.

    Parameters
    ----------
    out : Path
        A folder that is new, empty or holds an evidence site.

    Raises
    ------
    ParameterError
        The folder holds something else.
    """

    def __init__(self, out: Path):
        self.out, self.written, self.bytes, self.largest = out, set[str](), 0, 0
        self._manifest, self._writing = out / MANIFEST, out / WRITING
        found = {path.name for path in out.iterdir()} if out.is_dir() else set[str]()
        if out.is_file() or (found - {files.LOCK} and not found & {MANIFEST, WRITING}):
            raise ParameterError(
                f"{out} holds other files than an evidence site. Name an empty or new folder with --out."
            )

    def write(self, name: str, content: str) -> None:
        """Write one file, `name` from the site's root."""
        files.add_line(self._writing, name)  # a broken run leaves its files listed
        raw = content.encode()
        files.write_bytes(self.out / name, raw)
        self.written.add(name)
        self.bytes, self.largest = self.bytes + len(raw), max(self.largest, len(raw))

    def write_chunks(self, name: str, file: str, rows: Iterable[object]) -> list[str]:
        """Write rows as script files `file`-1.js, `file`-2.js …; return their names."""
        names = []
        for number, content in enumerate(chunks(name, rows), 1):
            names.append(f"{file}-{number}.js")
            self.write(names[-1], content)
        return names

    def close(self) -> int:
        """Remove files that a manifest lists and this site no longer has; return how many were removed."""
        lists = [path for path in (self._manifest, self._writing) if path.is_file()]
        listed = {name for path in lists for name in path.read_text(encoding="utf-8").splitlines()}
        gone = 0
        for name in sorted(listed - self.written):
            path, parts = self.out / name, PurePosixPath(name).parts
            inside = parts and ".." not in parts and path.resolve().is_relative_to(self.out.resolve())
            if inside and path.is_file() and not path.is_symlink() and name != MANIFEST:
                path.unlink()
                gone += 1
        files.write_bytes(self._manifest, "".join(f"{name}\n" for name in sorted(self.written)).encode())
        self._writing.unlink(missing_ok=True)
        return gone
