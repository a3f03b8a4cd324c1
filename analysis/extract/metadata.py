"""In: a Document and the table of places. Out: where, when and by whom the report is, and what could not be known."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date
from functools import cache, cached_property
from typing import Any

from analysis.errors import CodebookError
from analysis.extract import front
from analysis.extract.characters import one_width
from analysis.extract.documents import Document
from analysis.extract.front import Front, Notes, Span
from analysis.extract.places import CUES, Body, Place, Places, load_places
from analysis.tables import LEVELS

__all__ = ["COLUMNS", "LEDGER", "load_places", "read_metadata"]

COLUMNS = (
    "title", "place", "place_code", "province", "prefecture", "level", "issuer", "report_year", "published_on",
    "signed_on", "source_url",
)  # fmt: skip
EARLIEST, LATEST = (0, 12, 1), (3, 12, 31)  # plausible dates: years after the report's, month, day

_YEAR_FIRST = re.compile(r"^\s*(?:20\d\d|二[零0O][零一二三四五六七八九]{2})年?度?(?:以来)?")
_ADVERBIAL = re.compile(r"在[^,。;]{0,200}?下,?")  # 在昆明市委的领导下: not who reports
_CUE = re.compile(r"[我本](省|自治区|市|州|盟|县|区|旗|镇|乡|街道|局|厅|委|院)")
_CLAUSE = re.compile("([^,。;:]+)(:?)")
_KIND_ONLY = re.compile(
    r"(?:省|自治区|市|州|盟|县|区|旗)(?:政府|(?!委)[\u3400-\u9fff]{1,10}?[局厅委院])"
)  # 省教育厅坚持…
_NAME_ONLY = re.compile(r"\s*[\u3400-\u9fff]{4,30}\s*$")
_CODE = re.compile(r"\d{6}")
_ADDRESSEE = re.compile(r"\s*[\u3400-\u9fff、,() ]{2,40}:\s*$")
_TOWNSHIP, _DEPARTMENT = ("镇", "乡", "街道"), ("局", "厅", "委", "院")


def read_metadata(
    document: Document, places: Places, ledger_row: Mapping[str, Any] | None = None
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Read who reports, for where and which year, and when it was written and published.

    Parameters
    ----------
    document : Document
        Its furniture helps but need not be right: the lines before the body, the body's first 800 characters and the
        last lines are read. Only a place that stays open sends it through the whole text.
    places : Places
        From `load_places`, once for all reports.
    ledger_row : mapping, optional
        What the researcher knows: place_code, level, report_year, published_on, source_url. Empty values say nothing.

    Returns
    -------
    dict
        The columns of the reports table named in `COLUMNS`; None where unknown, days as datetime.date. A department has
        the place and code of its government; townships, zones and bodies outside the list of divisions have no code.
    list of dict
        Rows of the review table (kind metadata, without report_id), one a thing that is not known or does not fit.

    Raises
    ------
    CodebookError
        A value of the ledger row cannot be read.
    """
    ledger = _ledger(ledger_row or {})
    page, notes = front.front(document), Notes(document.text)
    facts: dict[str, Any] = dict.fromkeys(COLUMNS)
    title = front.title(page, places)
    if title:
        facts["title"] = front.joined(page.line(title))
    else:
        notes.add("title", "no line before the body names a report", page.opens)
    facts["report_year"], as_of = front.report_year(page, places, title, notes)
    facts["published_on"], published_at = front.published(page, places, title, notes)
    facts["signed_on"], signed_at, signer = front.signed(page, places, notes)
    facts["source_url"] = front.labelled(page, places, "url", r"https?(?::)//[^\s|]+") or None
    facts["report_year"] = ledger.get("report_year", facts["report_year"])
    _Where(page, places, title, signer, ledger.get("report_year", as_of), notes).fill(facts)
    _overrule(facts, ledger, places, notes)
    for column, span in (("published_on", published_at), ("signed_on", signed_at)):
        _plausible(facts, column, span, notes)
    known = set(ledger) | ({"place", "province", "prefecture"} if "place_code" in ledger else set())
    return facts, [row for column, row in notes.rows if column not in known]


class _Where:
    """The search for the place of one report."""

    def __init__(
        self, page: Front, places: Places, title: Span | None, signer: str, year: int | None, notes: Notes
    ) -> None:
        self.page, self.places, self.year, self.notes = page, places, year, notes
        self.span = title or page.opens
        self.phrases = front.phrases(front.joined(page.line(title)), places) if title else []
        self.signer = signer
        self.publisher, self.source = (front.labelled(page, places, kind) for kind in ("publisher", "source"))
        self.head = "\n".join(page.line(span) for span in page.head)
        self.seen: list[str] = []

    @cached_property
    def own(self) -> set[Place]:
        """The divisions that the whole text names as its own."""
        return self.places.named_as_own(one_width(self.notes.text), self.year)

    def fill(self, facts: dict[str, Any]) -> None:
        """Fill place, place_code, province, prefecture, level and issuer."""
        body = self.body()
        rows = self.narrow(body.rows)
        codes = {row.code for row in rows}
        row = rows[0] if len(codes) == 1 else None
        if body.kind == "government":
            levels = {row.level for row in rows or body.dated} or {CUES.get(body.cue)}
            facts["level"] = levels.pop() if len(levels) == 1 else None
        else:
            facts["level"] = body.kind or None
        if facts["level"] is None:
            self.notes.add("level", "the kind of body that reports is not clear", self.span)
        if body.name:
            facts["place"] = body.name
        elif row and facts["level"] and facts["level"] != "township":  # 我乡: the county is not who reports
            facts["place"], facts["place_code"] = row.name, row.code
        else:
            self.uncoded(facts, body, rows)
        self.parents(facts, rows or body.dated)
        facts["issuer"] = self.issuer(facts["level"], row)

    def body(self) -> Body:
        """Return who reports: as the title says, else the sentence with 现将, else the lead, signature, publisher."""
        read = [self.read(phrase) for phrase in self.phrases]
        if len(read) > 1 and read[0].cue and not read[0].rows:  # 县司法局关于全县…: the county reports
            read = [read[0]._replace(rows=self.ending(read[1].rows, read[0].cue)), *read[1:]]
        if self.places.patterns["topic"].search(self.page.reporting):
            read += [self.read(phrase) for phrase in front.phrases(self.page.reporting, self.places)]
        read += self.lead()
        read += [self.read(self.signer)] if self.signer else []
        body = next((body for body in read if body.kind or body.rows), Body())
        if body.kind == "township" and not body.name:  # 我镇
            body = next((other for other in read if other.kind == "township" and other.name), body)
        return body if body.rows or body.dated else self.locate(body, read)

    def frame(self, body: Body) -> list[Body]:
        """Bodies that the page around the report names; an addressee is above a government, but a department's own."""
        phrases = [phrase for phrase in (self.publisher, self.source) if phrase]
        government = self.places.patterns["government"]
        for line in self.head.splitlines():
            if _NAME_ONLY.match(line):
                phrases.append(line)
            elif not _ADDRESSEE.match(line):
                phrases += [line[: match.end()].split()[-1] for match in [government.search(line)] if match]
            elif body.kind not in ("", "government"):
                phrases.append(line.strip(" :"))
        return [self.read(phrase) for phrase in phrases]

    def read(self, phrase: str) -> Body:
        """Read a phrase as the name of a body."""
        return self.places.body(front.bare(phrase), self.year)

    @staticmethod
    def ending(rows: tuple[Place, ...], cue: str) -> tuple[Place, ...]:
        """Of some divisions those of the kind that is said: 县, 区, 自治区."""
        return tuple(row for row in rows if row.name.endswith(cue))

    def lead(self) -> list[Body]:
        """Bodies that open a clause of the lead; 我镇 or 我局 tells their kind."""
        opening, places = self.page.opening, self.places
        acting, department = _acting(places)
        cues = Counter(_CUE.findall(opening)).most_common(1)
        cue = cues[0][0] if cues else ""
        found = []
        for rank, part in enumerate(_CLAUSE.finditer(_ADVERBIAL.sub("", opening))):
            if part[2] and not rank:
                continue  # the addressee
            clause = _YEAR_FIRST.sub("", part[1])[:40]
            mentions = places.mentions(clause)
            chain = [m for k, m in enumerate(mentions) if m.start == (mentions[k - 1].end if k else 0)]
            rows = places.meaning(chain, clause, self.year)
            rest = clause[chain[-1].end :] if chain else clause
            if cue in _TOWNSHIP and (
                match := re.match(rf"(?!.{{0,7}}[我全各本]{cue}|[乡城])[\u3400-\u9fff]{{1,8}}?{cue}", rest)
            ):
                found.append(Body("township", match[0], rows))
            elif (cue in _DEPARTMENT and rows and re.match(rf"[\u3400-\u9fff]{{1,14}}?{cue}", rest)) or (
                not cue and rows and department.match(rest)
            ):
                found.append(Body("department", rows=rows))
            elif not cue and (match := acting.match(clause)):  # 北和镇坚持…, 天津经济技术开发区坚持…
                township = match[1].endswith(_TOWNSHIP)
                found.append(Body("township", match[1], rows) if township else self.read(match[1]))
            elif rank < 3 and not chain and (match := _KIND_ONLY.match(clause)):
                found.append(self.read(match[0]))
            elif chain and cue not in (*_TOWNSHIP, *_DEPARTMENT):
                found.append(Body("government", rows=rows, dated=() if rows else chain[-1].rows))
        if not found and cue:
            kind = {**dict.fromkeys(_TOWNSHIP, "township"), **dict.fromkeys(_DEPARTMENT, "department")}
            found.append(Body(kind.get(cue, "government"), cue="" if cue in kind else cue))
        return found

    def locate(self, body: Body, hints: list[Body]) -> Body:
        """Give a body that only says its kind (县司法局, 我县, 元马镇) the place that the page or the text names."""
        frame = self.frame(body)
        for hint in [*hints, *frame]:
            rows = self.ending(hint.rows, body.cue)
            if rows:
                if hint in frame:
                    named = "; ".join(sorted({row.name for row in rows}))
                    self.notes.add("place", "read from the page around the report, which names none", self.span, named)
                return body._replace(rows=rows)
        if body.cue or body.kind == "department":
            below = tuple(row for row in self.own if row.level != "province")  # a province's rules are cited everywhere
            rows = self.ending(tuple(self.own), body.cue) if body.cue else below
            if len({row.name for row in rows}) == 1:
                self.notes.add("place", "named only in the rules and organs of the text", self.span, rows[0].name)
                return body._replace(rows=rows)
            self.seen = sorted({row.name for row in rows})
        return body

    def narrow(self, rows: tuple[Place, ...]) -> tuple[Place, ...]:
        """Choose among places of one name by the city, else the province, that the head or the text names as own."""
        for text in (self.head, self.notes.text):
            if len({row.code for row in rows}) < 2:
                break
            own = {row.name for row in self.places.named_as_own(one_width(text), self.year, rows)}
            for near in ([row for row in rows if (row.prefecture or row.province) in own],
                         [row for row in rows if row.province in own]):  # fmt: skip
                if len({row.code for row in near}) == 1:
                    rows = tuple(near)
        return rows

    def uncoded(self, facts: dict[str, Any], body: Body, rows: tuple[Place, ...]) -> None:
        """Say why there is no code."""
        known = rows or body.dated
        names = {row.name for row in known}
        facts["place"] = names.pop() if len(names) == 1 and facts["level"] != "township" else None
        listed = "; ".join(map(str, known[:10])) or "; ".join(self.seen[:10])
        if len(rows) == 1:
            message = "it is not clear whether the place itself reports, or a body in it"
        elif rows:
            message = f"{len(rows)} places of that name, and nothing says which"
        elif known:
            message = f"no division of that name at the end of {self.year}"
        elif self.seen:
            message = "several places are named as the text's own, none of them as the one that reports"
        elif self.phrases and not body.kind:
            message = f"'{self.phrases[0]}' is neither a division in places.csv nor a known kind of body"
        else:
            message = "no place is named as the one that reports"
        self.notes.add("place_code", message, self.span, listed)

    def parents(self, facts: dict[str, Any], rows: tuple[Place, ...]) -> None:
        """Fill province and prefecture from the place, else from what the text names as its own."""
        for column in ("province", "prefecture"):
            values = {getattr(row, column) for row in rows}
            facts[column] = (values.pop() or None) if len(values) == 1 else None
        if rows:
            return
        cities = {row.prefecture for row in self.own if row.prefecture}
        provinces = {row.province for row in self.own}
        facts["province"] = next(iter(provinces)) if len(provinces) == 1 else None
        facts["prefecture"] = next(iter(cities)) if len(cities) == 1 else None
        told = [facts[column] for column in ("province", "prefecture") if facts[column]]
        message = f"{' and '.join(told)} read from what the text names as its own" if told else ""
        if not facts["prefecture"] and facts["level"] != "province":
            message = "; ".join(filter(None, ["no single city is named as the report's own", message]))
        if not facts["province"]:
            message = "no single province or city is named as the report's own"
        column = "prefecture" if facts["province"] else "province"
        self.notes.add(column, message, self.span, "; ".join(sorted(provinces | cities)))

    def issuer(self, level: str | None, row: Place | None) -> str | None:
        """Return the organ as printed: in the title, signature, publisher's table, site's head, source line."""
        organ = _organ(self.places)
        for phrase in self.phrases:
            if organ.search(phrase) and self.read(phrase).kind:
                return phrase
        government = f"{row.name}人民政府" if row and level == row.level else ""
        on_site = government if government and government in self.head else ""
        return self.signer or self.publisher or on_site or self.source or None


@cache
def _acting(places: Places) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """A township or zone at the head of a clause, a department behind its place; with what they do behind them."""
    zone, acts = (places.patterns[kind].pattern for kind in ("zone", "acts"))
    body = rf"[\u3400-\u9fff]{{0,8}}?(?:{zone})|[\u3400-\u9fff]{{2,6}}?(?:镇|乡|街道)"
    return re.compile(f"({body})(?:{acts})"), re.compile(rf"[\u3400-\u9fff]{{1,12}}?[局厅委院](?:{acts})")


@cache
def _organ(places: Places) -> re.Pattern[str]:
    kinds = ("government", "department", "zone_organ", "township")
    return re.compile(f"(?:{'|'.join(places.patterns[kind].pattern for kind in kinds)})$")


# --------------------------------------------------------------------------------------------- ledger and checks


def _is_day(value: str) -> bool:
    try:
        return bool(date.fromisoformat(value))
    except ValueError:
        return False


# Column of the ledger → whether a cell says what it should, and what that is.
LEDGER: dict[str, tuple[Callable[[str], object], str]] = {
    "place_code": (_CODE.fullmatch, "six digits"),
    "level": (LEVELS.__contains__, f"one of {', '.join(LEVELS)}"),
    "report_year": (re.compile(r"(?:19|20)\d\d").fullmatch, "a year of four digits"),
    "published_on": (_is_day, "a day such as 2023-03-01"),
}
_TYPED: dict[str, Callable[[str], Any]] = {"report_year": int, "published_on": date.fromisoformat}


def _ledger(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the ledger's values with their types, empty ones left out."""
    said: dict[str, Any] = {}
    for column in ("place_code", "level", "report_year", "published_on", "source_url"):
        value = row.get(column)
        if value is None or value == "" or value != value:  # NaN and NaT differ from themselves
            continue
        fits, expected = LEDGER.get(column, (bool, "an address"))
        written = str(value)[:10] if column == "published_on" else str(value)
        if not fits(written):
            raise CodebookError(
                f"ledger, {row.get('file') or row.get('report_id') or 'a row'}: {column} is {value!r}, "
                f"expected {expected}. Correct it or leave it empty."
            )
        said[column] = _TYPED.get(column, str)(written)
    return said


def _overrule(facts: dict[str, Any], ledger: dict[str, Any], places: Places, notes: Notes) -> None:
    """Put the ledger's values over the read ones; a code brings its place, province and prefecture with it."""
    facts.update(ledger)
    code, year = ledger.get("place_code"), facts["report_year"]
    if not code:
        return
    rows = places.codes.get(code, [])
    row = next((row for row in rows if row.valid(year)), rows[-1] if rows else None)
    if row is None or not row.valid(year):
        was = "; ".join(map(str, rows)) or "never in the list of divisions"
        notes.add("ledger", f"place_code {code} is not valid in {year}: {was}", None, code)
    if row is None:
        return
    facts["province"], facts["prefecture"] = row.province, row.prefecture or None
    if facts["level"] in ("township", "development_zone"):
        return
    facts["place"] = row.name
    if "level" not in ledger and facts["level"] != "department":
        facts["level"] = row.level


def _plausible(facts: dict[str, Any], column: str, span: Span | None, notes: Notes) -> None:
    """Note a date more than a month before the end of the report's year, or more than three years after it."""
    day, year = facts[column], facts["report_year"]
    if day is None or year is None:
        return
    first, last = (date(year + years, month, of_month) for years, month, of_month in (EARLIEST, LATEST))
    if not first <= day <= last:
        notes.add("dates", f"{column} {day} does not fit a report on {year}", span, day)
