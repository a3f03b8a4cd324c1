"""In: a Document and the words around names. Out: what stands around the body: title, years, dates, signature."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cache, cached_property
from typing import Any, NamedTuple

from analysis.extract.characters import chinese_value, han, one_width
from analysis.extract.documents import Document
from analysis.extract.lines import HEADING, filled
from analysis.extract.places import Places

Span = tuple[int, int]

LEAD, FOOT, SEARCHED = 800, 1500, 3000  # characters: of the lead, of the end, of the stretch where the lead begins

_KINDS = ("summary", "title", "tail")
_DASH = r"\-—–~至到"
_YEAR = "(20[0-9]{2}|二[零0O][零一二三四五六七八九]{2})"
_NUMBER = "([0-9]{1,2}|[一二三四五六七八九十]{1,3})"
_DAY = rf"{_YEAR}\s*+[-年/.]\s*+{_NUMBER}\s*+[-月/.]\s*+{_NUMBER}(?![0-9])"
_DATE = re.compile(rf"(?<![0-9]){_DAY}(?!\s*+日?\s*+(?:星期|在))\s*+日?")
_DATED = re.compile(rf"(?<![\s(])[\s(]*+{_DATE.pattern}[\s)]*+$")
_BRACKETED = re.compile(rf"(?m)\(\s*+{_DAY}\s*+日?\s*+\)\s*$")
_MONTH_ONLY = re.compile(rf"{_YEAR}\s*+年\s*+[0-9xX*]{{0,2}}\s*+月?\s*+[xX*]*+\s*+日?\s*+")
_YEAR_ALONE = re.compile(rf"(?<![0-9〔\[{_DASH}]){_YEAR}(?![0-9〕\]{_DASH}]|年[{_DASH}]|年[0-9]+月)")
_YEARS = re.compile(rf"{_YEAR}年?[{_DASH}]+{_YEAR}")
_YEAR_IN_TEXT = re.compile(rf"(?<![0-9自从{_DASH}]){_YEAR}年(?!\s*[0-9]+\s*月|[{_DASH}])")
_FIRST_LEVEL = re.compile(r"\n[ \t\u3000\xa0]*[一二三四五六七八九十]{1,3}、([^\r\n]{0,60})")
_QUOTED = re.compile(r"《[^》]*》|\([^)]*\)")
_BAR, _CELL, _WORD = re.compile("[|>»›→]"), re.compile("[^|>»›→]+"), re.compile(r"\S+")
_STOP = re.compile("[。;]")
_REPORTS = re.compile("现[将就对把]([^。;]*)")


@dataclass
class Notes:
    """Rows of the review table, each tied to the column it is about."""

    text: str
    rows: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def add(self, column: str, message: str, span: Span | None = None, suggestion: Any = None) -> None:
        """Add a row; `span` is the place in the text that shows it."""
        start, end = span if span and span[0] < span[1] else (None, None)
        shown = self.text[start:end] if end else ""
        row = {"kind": "metadata", "start": start, "end": end, "text": shown, "suggestion": str(suggestion or "")}
        self.rows.append((column, row | {"message": f"{column}: {message}"}))


@dataclass
class Front:
    """A report laid out for reading.

    `text` has the document's length, one width before the body's end of the lead and in its last lines. `head` and
    `foot` are the spans of lines that hold something, `lead` is the beginning of the body up to the first heading,
    `titles` and `tails` are the title's and the advertisements' lines as the document marks them.
    """

    text: str
    head: list[Span]
    lead: Span
    foot: list[Span]
    titles: list[Span]
    tails: list[Span]

    def line(self, span: Span) -> str:
        """Return the text of a span."""
        return self.text[span[0] : span[1]]

    @property
    def opens(self) -> Span:
        """Where the body opens, for a review row to point to."""
        return self.lead[0], min(self.lead[1], self.lead[0] + 60)

    @cached_property
    def opening(self) -> str:
        """The lead without white space and what stands in 《》 and brackets."""
        return _QUOTED.sub("", bare(self.line(self.lead)))

    @cached_property
    def reporting(self) -> str:
        """What is said to be reported: the rest of the sentence with 现将; empty when there is none."""
        found = _REPORTS.search(self.opening)
        return found[1] if found else ""


def front(document: Document) -> Front:
    """Lay out a document; its furniture helps, but the head's end is looked for in the lines themselves."""
    text = document.text
    begin, end = document.body if document.furniture else (0, len(text))
    folded = one_width(text)
    near = folded[: begin + SEARCHED]
    lead = next((left for left, right in filled(near, begin) if _is_running(near[left:right])), begin or len(near))
    first = next((m.start() for m in _FIRST_LEVEL.finditer(near, lead + 1, lead + LEAD)), lead + LEAD)
    stop = max(lead, min(first, end))
    last = max(stop, end - FOOT)
    laid = near[:last] + text[len(near) : last] + folded[last:]
    marked = {kind: [(part.start, part.end) for part in document.furniture if part.kind == kind] for kind in _KINDS}
    head = [span for span in filled(laid, 0, lead) if not _within(span, marked["summary"])]
    foot = list(filled(laid, last))
    return Front(laid, head, (lead, stop), foot, marked["title"], marked["tail"])


def _within(span: Span, spans: list[Span]) -> bool:
    return any(start <= span[0] < end for start, end in spans)


def _is_running(line: str) -> bool:
    """Whether a line is a numbered heading or running text, perhaps broken into short lines."""
    if HEADING.match(line):
        return True
    number = han(line, 0, 200)
    broken = number >= 10 and "," in line and not line.rstrip().endswith(":")  # an addressee may hold commas
    return broken or (number >= 20 and bool(_STOP.search(line)))


def bare(text: str) -> str:
    """Return `text` without white space."""
    return "".join(text.split())


def joined(text: str) -> str:
    """Join lines, squeeze spaces, and close up letter-spaced words (元 谋 县)."""
    lines = []
    for line in text.splitlines():
        words = line.split()
        lines.append(("" if len(words) > 3 and sum(map(len, words)) < 2 * len(words) else " ").join(words))
    return "".join(lines)


# ---------------------------------------------------------------------------------------------------------- title


def title(page: Front, places: Places) -> Span | None:
    """Find the line, or up to three lines, that name a report; a year and a body make a candidate better."""
    shape = _shapes(places).title
    found = []
    for rank, (window, clean) in enumerate(_windows(page, places)):
        lines = [bare(line) for line in page.line(window).splitlines() if line.strip()]
        name = "".join(lines)
        if len(name) > 100 or re.search(r"[。;/\\_]", name) or not shape.search(name):  # a path is no title
            continue
        if len(lines) > 1 and max(map(len, lines)) > 50:
            continue
        score = 2 * bool(re.search(_YEAR, name)) + bool(phrases(name, places)) + clean
        score += _within(window, page.titles)
        found.append((score, -len(lines), -rank, window))
    if not found:
        return (page.titles[0][0], page.titles[-1][1]) if page.titles else None
    return _upward(page, places, max(found)[3])


def _windows(page: Front, places: Places) -> Iterator[tuple[Span, bool]]:
    """Spans that may be the title: one to three lines, cells of a table, steps of a trail (these are not clean)."""
    label, breadcrumb = _shapes(places).name_label, places.patterns["breadcrumb"]
    for rank, span in enumerate(page.head):
        line = page.line(span)
        cells = _CELL if _BAR.search(line) else _WORD if breadcrumb.search(line) else None
        if cells:
            for match in cells.finditer(line):
                skip = label.match(match[0])
                yield (span[0] + match.start() + (skip.end() if skip else 0), span[0] + match.end()), False
        elif skip := label.match(line):
            yield (span[0] + skip.end(), span[1]), False
        else:
            for other in page.head[rank : rank + 3]:
                yield (span[0], other[1]), True


def _upward(page: Front, places: Places, window: Span) -> Span:
    """Take in the line or two above that name the body, when the title itself names none; trim white space."""
    start, end = window
    if not any(places.body(bare(phrase), None).kind for phrase in phrases(bare(page.text[start:end]), places)):
        for above in [span for span in page.head if span[1] <= start][:-3:-1]:
            line = page.line(above).strip()
            if not re.fullmatch(r"[\u3400-\u9fff ]{4,30}", line) or not places.body(bare(line), None).kind:
                break
            start = above[0]
    inside = page.text[start:end]
    return end - len(re.sub(r"^[\s—–-]+", "", inside)), end - len(inside) + len(inside.rstrip())


class _Shapes(NamedTuple):
    """What is looked for with the words of one codebook."""

    title: re.Pattern[str]  # from its topic on
    name_label: re.Pattern[str]
    ends: re.Pattern[str]  # words to take off a phrase that names a body
    empty: re.Pattern[str]  # what says nothing inside it: brackets, years, XX镇
    parts: re.Pattern[str]
    multi_year: re.Pattern[str]
    published: re.Pattern[str]
    signed: re.Pattern[str]
    other_date: re.Pattern[str]
    date_label: re.Pattern[str]


@cache
def _shapes(places: Places) -> _Shapes:
    word = {kind: pattern.pattern for kind, pattern in places.patterns.items()}
    day = rf"\s*+[:|]?\s*+[\[(]?\s*+{_DAY}"
    shapes = (
        rf"{word['topic']}.*{word['title_end']}(?:\([^)]*\))?(?:\.[a-z]{{3,4}})?$",
        rf"\s*(?:{loose(word['name_label'])})\s*:\s*",
        rf"^(?:{word['filler']}|\s)+|(?:{word['filler']}|\s)+$",
        rf"\([^)]*\)|{_YEARS.pattern}年?度?|{_YEAR}年?度?|{word['multi_year']}|{word['part_year']}|[xX×*某]+",
        f"关于|{word['wrapper']}",
        f"(?<![一二三四五六七八九十0-9]){word['multi_year']}",
        rf"(?<![\u3400-\u9fff])({loose(word['published'])}){day}",
        rf"(?:{loose(word['signed'])}){day}",
        "|".join(word[kind] for kind in ("clock", "signed", "other_date")),
        "|".join(loose(word[kind]) for kind in ("published", "clock", "other_date")),
    )
    return _Shapes(*map(re.compile, shapes))


def loose(pattern: str) -> str:
    """Let spaces stand between the characters of the words of a pattern: 名 称."""
    return re.sub(r"(?<=[\u3400-\u9fff])(?=[\u3400-\u9fff])", r"\\s*", pattern)


def phrases(name: str, places: Places) -> list[str]:
    """Return what stands before the topic of a title, split at 关于 and 印发, the part nearest the topic first."""
    words = places.patterns
    cut = words["topic"].search(name) or words["title_end"].search(name)
    parts = re.sub("[《》“”]", "", name[: cut.start()] if cut else name)
    shapes, found = _shapes(places), []
    for part in shapes.parts.split(parts)[::-1]:
        part = shapes.empty.sub("", part)
        found.append(shapes.ends.sub("", shapes.ends.sub("", part)))
    return [phrase for phrase in found if phrase]


# ----------------------------------------------------------------------------------------------------------- year


def number(digits: str) -> int:
    """Value of a year, month or day in Arabic or Chinese digits; 0 when it is not well formed."""
    return int(digits) if digits.isdecimal() else chinese_value(re.sub("[0O]", "零", digits)) or 0


def _years_in(pattern: re.Pattern[str], text: str) -> list[int]:
    return [number(match[1]) for match in pattern.finditer(text)]


def report_year(page: Front, places: Places, named: Span | None, notes: Notes) -> tuple[int | None, int | None]:
    """Read the year reported on: in the title, else the lead, else the first-level headings.

    Returns
    -------
    tuple of (int or None, int or None)
        The report's year (None for a report on several years), and the year in which to read its places.
    """
    words = places.patterns
    name = bare(page.line(named)) if named else ""
    plain = re.sub("《[^》]*》", "", name)
    name = plain if re.search(_YEAR, plain) else name
    topic = words["topic"].search(name)
    titled = [
        number(match[1])
        for match in _YEAR_ALONE.finditer(name)
        if not (topic and match.start() > topic.start() and words["next_year"].search(name, match.end()))
    ]
    told = _years_in(_YEAR_IN_TEXT, page.reporting) or _years_in(_YEAR_IN_TEXT, page.opening[:25])
    headed = [
        year
        for match in _FIRST_LEVEL.finditer("\n" + page.text)
        if not words["next_year"].search(match[1])
        for year in _years_in(_YEAR_IN_TEXT, _QUOTED.sub("", one_width(match[1])))
    ]
    span = _YEARS.search(name)
    where = named or page.opens
    if (span and not titled) or _shapes(places).multi_year.search(name):
        last = number(span[2]) if span else (titled or told or [0])[0]
        notes.add("report_year", "the title covers several years, so no single year is taken", where, last)
        return None, last or None
    if words["part_year"].search(name):
        notes.add("report_year", "the title covers part of a year", where)
    year = (titled or told or headed or [None])[0]
    if year is None:
        notes.add("report_year", "neither the title nor the lead nor a heading names the year reported on", where)
    elif not titled and not told:
        notes.add("report_year", "only a heading names the year", page.opens, year)
    others = {*titled, *told[:1]} - {year} | (set() if year in headed else set(headed))
    if year and others:
        seen = ", ".join(map(str, sorted(others)))
        notes.add("report_year", f"{year} is taken, but title, lead or headings also say {seen}", where, year)
    return year, year


# ---------------------------------------------------------------------------------------------------------- dates


def _day(match: re.Match[str], notes: Notes, column: str) -> date | None:
    year, month, day = match.groups()[-3:]
    try:
        return date(number(year), number(month), number(day))
    except ValueError:
        notes.add(column, "no such day in the calendar", match.span())
        return None


def published(page: Front, places: Places, named: Span | None, notes: Notes) -> tuple[date | None, Span | None]:
    """Read the day of publication: after its label in the head, else in the foot; else the head's only bare date."""
    shapes = _shapes(places)
    ranks = [word for word, _ in places.words["published"]]
    feet = (page.foot[0][0], len(page.text)) if page.foot else (0, 0)
    for begin, end in ((0, page.lead[0]), feet):
        found = list(shapes.published.finditer(page.text, begin, end))
        if found:
            best = min(found, key=lambda match: ranks.index(bare(match[1])))
            return _day(best, notes, "published_on"), best.span()
    loose_dates = {
        _day(match, notes, "published_on"): match.span()
        for span in page.head
        if not shapes.other_date.search(page.line(span)) and not (named and named[0] <= span[0] < named[1])
        for match in _DATE.finditer(page.text, *span)
        if page.text[match.start() - 1 : match.start()] != "("
    }
    if len(loose_dates) == 1:
        return next(iter(loose_dates.items()))
    if loose_dates:
        listed = "; ".join(sorted(str(day) for day in loose_dates if day))
        notes.add("published_on", "several dates without a label stand before the body", page.opens, listed)
    else:
        notes.add("published_on", "no date of publication stands before or after the body")
    return None, None


def signed(page: Front, places: Places, notes: Notes) -> tuple[date | None, Span | None, str]:
    """Read the day and the organ that close the report; else the day of writing that the head gives.

    Returns
    -------
    tuple of (datetime.date or None, span or None, str)
        The day, where it stands, and the organ as printed (empty when none signs).
    """
    shapes = _shapes(places)
    for rank in range(len(page.foot) - 1, -1, -1):
        line = page.line(page.foot[rank])
        if _within(page.foot[rank], page.tails):
            continue
        if _STOP.search(line) and han(line) >= 20:
            break
        dated = _DATED.search(line)
        vague = None if dated else _MONTH_ONLY.fullmatch(line.strip(" ()"))
        if shapes.date_label.search(line) or not (dated or vague):
            continue
        organ = line[: dated.start()].strip() if dated else ""
        organ = organ if organ and places.body(bare(organ), None).kind else _organ_above(page, places, rank)
        if vague:
            notes.add("signed_on", "the closing date is not complete", page.foot[rank])
            return None, None, organ
        assert dated
        return _day(dated, notes, "signed_on"), page.foot[rank], organ
    for pattern in (shapes.signed, _BRACKETED):
        if match := pattern.search(page.text, 0, page.lead[0]):
            return _day(match, notes, "signed_on"), match.span(), ""
    return None, None, ""


def _organ_above(page: Front, places: Places, rank: int) -> str:
    """Return the organ in the one or two short lines above the closing date."""
    organs: list[str] = []
    for span in page.foot[max(0, rank - 2) : rank][::-1]:
        line = page.line(span).strip()
        if len(line) > 40 or re.search("[。;,:]", line) or not places.body(bare(line), None).kind:
            break
        organs.insert(0, joined(line))
    return " ".join(organs)


def labelled(page: Front, places: Places, kind: str, value: str = r"[^\s|:]{2,40}") -> str:
    """Return the value after the surest label of a kind in the head, else in the foot; empty when there is none."""
    ranks = [word for word, _ in places.words[kind]]
    pattern = _label(places, kind, value)
    feet = (page.foot[0][0], len(page.text)) if page.foot else (0, 0)
    for begin, end in ((0, page.lead[0]), feet):
        found = list(pattern.finditer(page.text, begin, end))
        if found:
            return min(found, key=lambda match: ranks.index(bare(match[1])))[2]
    return ""


@cache
def _label(places: Places, kind: str, value: str) -> re.Pattern[str]:
    return re.compile(rf"({loose(places.patterns[kind].pattern)})[ \t]*[:|][ \t]*({value})(?![^\s|]*:)")
