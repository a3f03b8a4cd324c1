"""In: a report's text and the spans that were read in it. Out: the text as HTML, cut where spans begin and end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

MARKS = "qnr"  # quantity, indicator, review: what one can step to; sections (s) and items (p, l) lie under them


@dataclass(frozen=True)
class Span:
    """One thing that was read at `text[start:end]` (Python indices).

    Attributes
    ----------
    kind : str
        s heading of a section, p problem, l plan item, q quantity, n indicator, r row of review.
    anchor : str
        Its id on the page: q12 for quantity 12; empty where it goes on from an earlier page.
    level : int
        Of a heading: h2 is 2.
    """

    kind: str
    anchor: str
    start: int
    end: int
    level: int = 0


def characters(text: str) -> str:
    """Return `text` for HTML such that the page's text content is `text` again, carriage returns included."""
    return escape(text).replace("\r", "&#13;")


def segments(spans: Sequence[Span], length: int) -> Iterator[tuple[int, int, list[Span], list[Span]]]:
    """Cut 0 to `length` wherever a span begins or ends.

    Yields
    ------
    start, end : int
        The stretches follow each other and cover everything.
    over : list of Span
        The spans that cover the stretch, in the order given.
    first : list of Span
        Those of them that begin here.
    """
    begins: dict[int, list[int]] = defaultdict(list)
    ends: dict[int, list[int]] = defaultdict(list)
    for index, span in enumerate(spans):
        begins[span.start].append(index)
        ends[span.end].append(index)
    points = sorted({0, length, *begins, *ends})
    active: set[int] = set()
    for start, end in pairwise(points):
        active.difference_update(ends[start])
        active.update(index for index in begins[start] if spans[index].end > start)
        yield start, end, [spans[index] for index in sorted(active)], [spans[index] for index in begins[start]]


def html(text: str, spans: Sequence[Span]) -> str:
    """Return the text with a `<mark>` for each stretch of numbers and doubts, headings as headings, items tinted.

    A stretch under several spans names all of them in `data-a`; the stretches of one span joined are its text. Each
    span's `anchor` is the id of an element where it begins. Nothing is added to the text and nothing is left out.
    """
    made: list[str] = []
    heading: Span | None = None
    for start, end, over, first in segments(spans, len(text)):
        if heading and start >= heading.end:
            made.append("</span>")
            heading = None
        titles = [
            span
            for span in first
            if span.kind == "s" and span.level and span.anchor and span.end > start and not heading
        ]
        opened = titles[0] if titles else None
        anchors = [span for span in first if span is not opened and span.anchor]
        if opened:
            heading = opened
            made.append(f'<span class="s" role="heading" aria-level="{opened.level}" id="{opened.anchor}">')
        marked = [span for span in over if span.kind in MARKS]
        tints = "".join(f" {span.kind}" for span in over if span.kind in "pl")
        made += [f'<a id="{span.anchor}"></a>' for span in (anchors[1:] if marked and anchors else anchors)]
        inner = characters(text[start:end])
        if marked:
            kinds = " ".join(dict.fromkeys(span.kind for span in marked)) + tints
            step = ' tabindex="-1" role="button"' if any(span.kind in MARKS for span in first) else ""
            at = f' id="{anchors[0].anchor}"' if anchors else ""
            named = " ".join(span.anchor for span in marked)
            made.append(f'<mark{at} class="{kinds}" data-a="{named}"{step}>{inner}</mark>')
        elif tints:
            made.append(f'<span class="{tints.strip()}">{inner}</span>')
        else:
            made.append(inner)
    made.append("</span>" if heading else "")
    return "".join(made)


def place(text: str, start: int, end: int, sentence: str) -> int:
    """Return where in `sentence` the span `text[start:end]` begins, -1 when the sentence does not stand round it."""
    left = text.rfind(sentence, max(0, end - len(sentence)), start + len(sentence))  # it stands nowhere else
    return start - left if 0 <= left <= start else -1


def parts(sentence: str, at: int, length: int, reach: int = 160) -> tuple[str, str, str]:
    """Return what stands before, at and after `sentence[at : at + length]`, each side cut to `reach` characters.

    With `at` -1 the whole sentence stands before and nothing at.
    """
    if at < 0:
        return sentence if len(sentence) <= 2 * reach else sentence[: 2 * reach] + "…", "", ""
    before, after = sentence[:at].lstrip(), sentence[at + length :].rstrip()
    before = before if len(before) <= reach else "…" + before[-reach:]
    after = after if len(after) <= reach else after[:reach] + "…"
    return before, sentence[at : at + length], after


def around(text: str, start: int, end: int) -> tuple[str, int]:
    """Return the sentence or line round `text[start:end]` and where in it the span begins."""
    left = max(text.rfind(mark, 0, start) for mark in "。\n\r") + 1
    right = min((at + (mark == "。") for mark in "。\n\r" if (at := text.find(mark, end)) >= 0), default=len(text))
    return text[left:right], start - left
