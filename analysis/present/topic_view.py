"""In: a fitted topic model. Out: one HTML page to read its topics in, for a browser or JupyterLab, without network."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from analysis import paths, tables
from analysis.errors import FigureError
from analysis.present import labels
from analysis.present.sidecar import plain_name

N_WORDS = 24  # words shown of a topic at any setting of the slider
LAMBDAS = np.linspace(0, 1, 21)  # the slider's steps
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
_BODY = """
<header><h1 data-say="view.title"></h1><p id="about"></p>
<button id="switch" type="button" data-say="view.switch"></button></header>
<main>
<nav><ol id="topics"></ol><p class="few" data-say="view.keys"></p></nav>
<section aria-live="polite"><h2 id="name"></h2><span id="size" class="few"></span> <span id="note" class="few"></span>
<div id="tools"><label><span data-say="view.lambda"></span>
<input id="lambda" type="range" min="0" max="1" step="0.05" value="0.6"><output id="value"></output></label>
<label><span data-say="view.search"></span><input id="search" type="search"></label></div>
<h3 data-say="view.words"></h3><ol id="words"></ol>
<h3 data-say="view.items"></h3><p class="few" id="shown"></p><ol id="items"></ol></section>
</main>"""


class Readable(Protocol):
    """What the page needs of a topic model; `analysis.model.topics.TopicModel` has it."""

    words: np.ndarray
    shares: np.ndarray
    vocabulary: tuple[str, ...]
    items: pd.DataFrame
    counts: Any
    settings: Mapping[str, Any]


@dataclass(frozen=True, repr=False)
class TopicView:
    """A page, shown in JupyterLab where it stands last in a cell.

    Attributes
    ----------
    html : str
        The whole page; it refers to nothing outside itself, and its policy forbids the browser to.
    """

    html: str

    def save(self, out: str = "draft", *, name: str = "topics", folder: Path | None = None) -> Path:
        """Write `figures/<out>/<name>.html` and return its path.

        Raises
        ------
        FigureError
            `name` or `out` is not a plain name.
        """
        plain_name(name=name, out=out)
        path = (folder or paths.FIGURES) / out / f"{name}.html"
        tables.write_bytes(path, self.html.encode())
        return path

    def __repr__(self) -> str:
        return f"TopicView({len(self.html):,} characters)"

    def _repr_html_(self) -> str:
        trust = " ".join(
            escape(labels.load(each)("browse.trust")) for each in labels.LANGS
        )  # where scripts are stripped
        return (
            f'<iframe srcdoc="{escape(self.html)}" sandbox="allow-scripts" width="100%" height="760" '
            f'style="border:1px solid #8888; border-radius:.5rem">{trust}</iframe>'
        )


def topic_view(
    model: Readable,
    reports: pd.DataFrame | None = None,
    names: Mapping[str, Sequence[str]] | None = None,
    lang: str = "zh",
    n_items: int = 50,
) -> TopicView:
    """Make a page with the topics in the model's own order and numbers.

    Words are ranked by relevance (Sievert & Shirley 2014); the slider goes from the likeliest words (1) to those of the
    largest lift over the corpus (0). Words found in an item are marked in it.

    Parameters
    ----------
    model : TopicModel
        N items, K topics.
    reports : DataFrame, optional
        Table `reports`: items are then signed with place and year instead of report_id.
    names : mapping, optional
        Language → K names (`analysis.model.names.called`). Numbers are put before them.
    lang : str
        The language that the page opens in; a button changes it.
    n_items : int
        Items per topic, those with its largest shares; all others are not in the page.

    Raises
    ------
    FigureError
        `lang` is unknown, or there are not K names.
    """
    say = {each: labels.load(each) for each in dict.fromkeys([lang, *labels.LANGS])}
    n_topics = len(model.words)
    for each, given in (names or {}).items():
        if len(given) != n_topics:
            raise FigureError(f"topic_view: {len(given)} names in '{each}' for {n_topics} topics.")
    called = {} if reports is None else say[lang].reports(reports).to_dict()
    order = np.argsort(-model.shares, axis=0, kind="stable")[:n_items]
    used = sorted(set(order.ravel().tolist()))
    place = {row: number for number, row in enumerate(used)}
    signed = [(called.get(row.report_id, row.report_id), row.text) for row in model.items.iloc[used].itertuples()]
    main = np.bincount(model.shares.argmax(axis=1), minlength=n_topics)
    rows = []
    for topic, words in enumerate(_candidates(model)):
        number = {each: say[each]("view.topic", topic=topic + 1) for each in labels.LANGS}
        own = {each: (names or {}).get(each, [""] * n_topics)[topic] for each in labels.LANGS}
        items = [[place[row], round(float(model.shares[row, topic]), 4)] for row in order[:, topic].tolist()]
        rows.append(
            {"name": {each: f"{number[each]} {own[each]}".strip() for each in labels.LANGS}, "main": int(main[topic]),
             "share": round(float(model.shares[:, topic].mean()), 4), "words": words, "items": items}
        )  # fmt: skip
    about = {
        "topics": n_topics,
        "items": len(model.items),
        "reports": len(set(model.items["report_id"])),
        "tokens": int(model.counts.sum()),
        "words": len(model.vocabulary),
        "seed": model.settings.get("seed"),
    }
    data = {
        "lang": lang,
        "say": {each: _texts(say[each]) for each in labels.LANGS},
        "about": about,
        "topics": rows,
        "items": signed,
        "n_words": N_WORDS,
    }
    return TopicView(_page(data, say[lang]("view.title"), say[lang]("view.noscript")))


def _candidates(model: Readable) -> list[list[list]]:
    """Return, for each topic, the words that can come first at any step of the slider: word, probability, corpus'."""
    corpus = np.asarray(model.counts.sum(axis=0), dtype=float)
    corpus = corpus / corpus.sum()
    found = []
    for own in model.words:
        likely, lift = np.log(own), np.log(own / corpus)
        ranked = [np.argsort(-(step * likely + (1 - step) * lift), kind="stable")[:N_WORDS] for step in LAMBDAS]
        chosen = np.unique(np.concatenate(ranked))
        chosen = chosen[np.argsort(-own[chosen], kind="stable")]
        found.append([[model.vocabulary[w], float(f"{own[w]:.5g}"), float(f"{corpus[w]:.5g}")] for w in chosen])
    return found


def _texts(say: labels.Labels) -> dict[str, str]:
    return {key: text for key, text in say.texts.items() if key.startswith("view.")}


def _page(data: Mapping[str, Any], title: str, noscript: str) -> str:
    style, script = (Path(__file__).with_name(f"topic_view.{end}").read_text("utf-8") for end in ("css", "js"))
    # In a script element only "<" could end it; as an escape it is the same JSON.
    packed = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
    head = (
        '<!doctype html>\n<html lang="zh-Hans">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>"
    )
    return (
        f'{head}\n<noscript>{escape(noscript)}</noscript>{_BODY}\n<script id="data" type="application/json">{packed}'
        f"</script>\n<script>\n{script}</script>\n</body>\n</html>\n"
    )
