"""In: a fitted topic model. Out: figure 7, each topic's words with their weights and its most typical item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator

from analysis.present import fonts, labels, theme
from analysis.present.drawing import Figure, hashes

QUOTED = 12  # topics up to which a quotation fits beside the words
_LOST = "〓"  # the printer's mark for a character that no type was at hand for


class Topics(Protocol):
    """What figure 7 needs of a topic model; `analysis.model.topics.TopicModel` has it."""

    shares: np.ndarray
    settings: Mapping[str, Any]

    def top_words(self, n: int) -> pd.DataFrame:
        """Topic, rank, word, probability."""
        ...

    def typical_items(self, n: int) -> pd.DataFrame:
        """Topic, report_id, item_id, share, text."""
        ...


@theme.styled
def topic_words(
    model: Topics,
    lang: str,
    reports: pd.DataFrame | None = None,
    n_words: int = 10,
    names: Sequence[str] = (),
) -> Figure:
    """Draw a panel per topic: its likeliest words with their probabilities, and below a quotation of its typical item.

    More than 12 topics are drawn without quotations; the data have them all the same. Topics that took no word, all of
    them equally likely, are counted in the caption, not drawn.

    Parameters
    ----------
    model : TopicModel
        Fitted to N items, K topics.
    lang : str
        zh or en. Words and quotations stay Chinese.
    reports : DataFrame, optional
        Table `reports`: a quotation is then signed with place and year instead of report_id.
    n_words : int
        Words per topic.
    names : sequence of str, optional
        K names in the figure's language, written after the numbers.

    Returns
    -------
    Figure
        Its data: one row per topic × rank: word, probability; and the topic's mean share over items, its typical
        item's report_id, item_id, share and text.

    Raises
    ------
    FigureError
        A word has a character that the font lacks, or the language is unknown.
    """
    say = labels.load(lang)
    words, typical = model.top_words(n_words), model.typical_items(1)
    n_items, n_topics = model.shares.shape
    called = pd.Series(dtype="str") if reports is None else say.reports(reports)
    typical = typical.assign(report=[called.get(report_id, report_id) for report_id in typical["report_id"]])
    sizes = pd.DataFrame({"topic": range(1, n_topics + 1), "mean_share": model.shares.mean(axis=0)})
    empty = empty_topics(words)
    words = words.loc[~words["topic"].isin(empty)]
    data = words.merge(sizes, on="topic").merge(typical, on="topic", how="left")

    n_drawn = n_topics - len(empty)
    quoted = n_drawn <= QUOTED
    across = (2 if n_drawn <= 4 else 3) if quoted else 4
    step, bars = (theme.DOUBLE - 2) / across, n_words * 2.9
    lines = 4 if quoted else 0
    pitch = 5 + bars + 6 + (lines * 2.55 + 6 if quoted else 0)
    high = 2 + -(-n_drawn // across) * pitch + 5
    figure = theme.canvas(theme.DOUBLE, high)
    lost, longest = 0, words["probability"].to_numpy().max() * 1.03
    room = 3 + max(fonts.width(word, theme.SMALL) for word in words["word"])
    for number, (topic, part) in enumerate(data.groupby("topic")):
        row, column = divmod(number, across)
        x, y = 2 + column * step, 2 + row * pitch
        first = part.iloc[0]
        head = say("panel.topic", topic=topic, share=100 * first["mean_share"])
        if names:
            head = theme.wrap(f"{head} {names[int(first['topic']) - 1]}", step - 4, theme.TEXT, 1)
        theme.write(figure, x, y, head)
        drawn = theme.axes(figure, x + room, y + 4.5, step - room - 4, bars)
        theme.rows(drawn, n_words, [*part["word"], *[""] * (n_words - len(part))])
        drawn.tick_params(axis="y", labelsize=theme.SMALL)
        drawn.barh(part["rank"] - 1, part["probability"], height=0.62, color=theme.MAIN)
        drawn.set_xlim(0, longest)
        drawn.xaxis.set_major_locator(MaxNLocator(4))
        if quoted and isinstance(first["text"], str):
            text, gone = _drawable(first["text"])
            lost += gone
            quote = theme.wrap(f"“{text}”", step - 5, theme.SMALL, lines)
            theme.write(figure, x, y + bars + 9.5, quote, size=theme.SMALL, linespacing=1.15)
            below = y + bars + 10 + 2.55 * (quote.count("\n") + 1)
            source = theme.cut(f"—— {first['report']} ({first['share']:.0%})", step - 5, theme.SMALL)
            theme.write(figure, x + step - 5, below, source, size=theme.SMALL, ha="right", color=theme.MUTED)
    theme.write(figure, 2, high - 4, say("axis.probability"), color=theme.MUTED)
    n_reports = len(set(model.typical_items(n_items)["report_id"]))
    caption = say(
        "caption.fig07", topics=n_topics, items=n_items, reports=n_reports, words=n_words, lost=lost,
        empty=len(empty),
        quotes=say("caption.fig07.quoted" if quoted else "caption.fig07.unquoted"),
    )  # fmt: skip
    return Figure(
        figure, data, "fig07_topic_words", say("title.fig07"), caption, lang,
        {"n_words": n_words, "model": dict(model.settings)},
        {} if reports is None else hashes(reports=reports), n_reports, model.settings.get("seed"),
    )  # fmt: skip


def empty_topics(words: pd.DataFrame) -> list[int]:
    """Return the topics of `top_words` whose words are all equally likely: no token was given to them.

    With one word per topic, or when all topics would be, none is said to be empty.
    """
    ends = {topic: part["probability"].to_numpy(float)[[0, -1]] for topic, part in words.groupby("topic")}
    found = [int(str(topic)) for topic, (first, last) in ends.items() if first - last <= 1e-6 * first]
    return found if len(found) < len(ends) else []


def _drawable(text: str) -> tuple[str, int]:
    """Put 〓 for characters the font lacks (old encodings, emoji); a quotation must not stop a figure."""
    lost = fonts.missing(text) - set("\t\r")
    return "".join(_LOST if char in lost else char for char in text), sum(char in lost for char in text)
