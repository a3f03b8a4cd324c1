"""In: texts of reports. Out: the passages that two of them share, word for word, where they stand in both."""

from __future__ import annotations

import heapq
import html
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.errors import DataError, ParameterError
from analysis.model.shingles import MANY, PAIR, bodies, normalise
from analysis.model.stability import drawn

LENGTH = 15  # characters without punctuation; shorter runs are mostly names of laws, offices and campaigns
CONTEXT = 20  # characters shown before and after a passage
_COLUMNS = [*PAIR, "start_a", "end_a", "start_b", "end_b", "chars", "n_reports", "cited", "text"]

Match = tuple[int, int, int]  # start in one, start in the other, length


@dataclass(frozen=True, eq=False, repr=False)
class Passages:
    """Shared passages with the texts they stand in.

    Attributes
    ----------
    frame : DataFrame
        One row per passage, longest first: report_id_a, report_id_b, start_a, end_a, start_b, end_b (offsets into the
        texts, end exclusive), chars (without punctuation), n_reports (how many of the reports have it), cited (whether
        it stands inside 《》 in either), text (as a has it).
    texts : mapping
        report_id → the whole text.
    """

    frame: pd.DataFrame
    texts: Mapping[str, str]

    def html(self, n: int = 10) -> str:
        """Return the `n` longest passages side by side, each in its surroundings, as a table in HTML."""
        rows = []
        for row in self.frame.head(n).to_dict("records"):
            cells = [self._cell(row[f"report_id_{of}"], row[f"start_{of}"], row[f"end_{of}"]) for of in "ab"]
            rows.append(f"<tr><td>{row['chars']}</td><td>{row['n_reports']}</td>{''.join(cells)}</tr>")
        head = "<tr><th>chars</th><th>reports</th><th>a</th><th>b</th></tr>"
        return f"<table><thead>{head}</thead><tbody>{''.join(rows)}</tbody></table>"

    def _cell(self, report_id: str, start: int, end: int) -> str:
        text = self.texts[report_id]
        before, after = text[max(0, start - CONTEXT) : start], text[end : end + CONTEXT]
        parts = f"{html.escape(before)}<mark>{html.escape(text[start:end])}</mark>{html.escape(after)}"
        where = html.escape(f"{report_id} [{start}:{end}]")
        return f'<td style="text-align:left;vertical-align:top"><small>{where}</small><br>{parts}</td>'

    def __str__(self) -> str:
        several = np.count_nonzero(self.frame["n_reports"] > 2)
        return f"{len(self.frame)} shared passages in {len(self.texts)} reports, {several} of them in more than two."

    __repr__ = __str__  # a notebook keeps it beside the table, and all texts would be there

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(str(self))}</p>{self.html()}"


def shared(texts: pd.DataFrame, pairs: pd.DataFrame | None = None, min_length: int = LENGTH) -> Passages:
    """Return every passage that two reports share.

    Compared are letters, digits and Chinese characters alone; a passage may therefore run over a comma that only one
    report has. Passages of a pair do not overlap in either text: the longest are taken first (greedy string tiling,
    Wise 1993), so that `chars` adds up to what is shared. One pair of reports takes about a hundredth of a second.

    Parameters
    ----------
    texts : DataFrame
        One row per report: report_id, text, and start and end of its body if wanted (see `load.texts`).
    pairs : DataFrame, optional
        report_id_a, report_id_b, such as `similarity.pairs` returns; default: all.
    min_length : int
        Characters, from 4.

    Raises
    ------
    DataError
        The texts are not as said, or a pair names a report that they lack.
    ParameterError
        `min_length` is below 4: everything would be shared.
    """
    _check_length(min_length)
    cut = bodies(texts)
    ids = list(cut)
    if pairs is None:
        asked = [(one, two) for at, one in enumerate(ids) for two in ids[at + 1 :]]
    else:
        asked = list(zip(pairs["report_id_a"], pairs["report_id_b"], strict=True))
        lost = sorted({report_id for pair in asked for report_id in pair} - set(ids))
        if lost:
            raise DataError(f"shared: the texts have no report {report_id}, which a pair names." for report_id in lost)
    whole = dict(zip(texts["report_id"], texts["text"], strict=True))
    first = dict(zip(ids, texts["start"] if "start" in texts else [0] * len(ids), strict=True))
    plain = {report_id: normalise(text) for report_id, text in cut.items()}
    rows, found_in = [], {}
    for one, two in asked:
        (left, at), (right, to) = plain[one], plain[two]
        for start, other, length in tiles(left, right, min_length):
            said = left[start : start + length]
            if said not in found_in:
                found_in[said] = sum(said in text for text, _ in plain.values())
            a = (int(at[start]) + first[one], int(at[start + length - 1]) + 1 + first[one])
            b = (int(to[other]) + first[two], int(to[other + length - 1]) + 1 + first[two])
            cited = _cited(whole[one], *a) or _cited(whole[two], *b)
            rows.append((one, two, *a, *b, length, found_in[said], cited, whole[one][slice(*a)]))
    frame = pd.DataFrame(rows, columns=_COLUMNS)
    order = ["chars", *PAIR, "start_a"]
    frame = frame.sort_values(order, ascending=[False, True, True, True], ignore_index=True)
    return Passages(frame.astype({"report_id_a": "str", "report_id_b": "str", "cited": "bool", "text": "str"}), whole)


def self_copying(texts: pd.DataFrame, reports: pd.DataFrame, min_length: int = LENGTH) -> pd.DataFrame:
    """Return how much of each report stands already in the same place's report of the year before.

    Parameters
    ----------
    texts : DataFrame
        As for `shared`.
    reports : DataFrame
        Table `reports`. A place is known by level and place_code, without a code by province and name.
    min_length : int
        Characters of the shortest run that counts.

    Returns
    -------
    DataFrame
        One row per report: report_id, place, report_year, before (report_id of the year before), chars (letters,
        digits, Chinese characters), chars_reused, share (0 to 1), reason (why there is no `before`: no place, no year,
        no report of the year before, several reports of the year before).

    Raises
    ------
    DataError
        The texts are not as said, or a report has none.
    """
    _check_length(min_length)
    plain = {report_id: normalise(text)[0] for report_id, text in bodies(texts).items()}
    lost = sorted(set(reports["report_id"]) - set(plain))
    if lost:
        raise DataError(f"self_copying: no text of {report_id}. Take texts from load.texts()." for report_id in lost)
    known = reports.to_dict("records")
    by_year: dict[object, list[str]] = defaultdict(list)
    for row in known:
        by_year[_place(row), row["report_year"]].append(row["report_id"])
    rows = []
    for row in known:
        report_id, place, year = row["report_id"], _place(row), row["report_year"]
        earlier = [] if place is None or pd.isna(year) else by_year.get((place, year - 1), [])
        start = (report_id, row["place"], year)
        chars = len(plain[report_id])
        if len(earlier) == 1:
            reused = sum(length for _, _, length in tiles(plain[earlier[0]], plain[report_id], min_length))
            rows.append((*start, earlier[0], chars, reused, reused / max(1, chars), None))
            continue
        reason = "several reports of the year before" if earlier else "no report of the year before"
        reason = "no place" if place is None else "no year" if pd.isna(year) else reason
        rows.append((*start, None, chars, None, float("nan"), reason))
    columns = ["report_id", "place", "report_year", "before", "chars", "chars_reused", "share", "reason"]
    types = {"place": "str", "report_year": "Int64", "before": "str", "chars_reused": "Int64", "reason": "str"}
    return pd.DataFrame(rows, columns=columns).astype(types)


def sampled(texts: pd.DataFrame, reports: pd.DataFrame, n: int = MANY, *, seed: int) -> pd.DataFrame:
    """Return the texts of at most `n` reports: of places drawn by chance, each with all its reports.

    The pairs of 2,000 reports are 2 million, of 10,000 they are 50 million. Whole places are drawn, for a report is
    mostly like its own place's others, and a sample of reports would lose these pairs.

    Parameters
    ----------
    texts, reports : DataFrame
        As for `self_copying`; texts of reports that the table lacks are left out.
    n : int
        Up to so many, all are returned as they are.
    seed : int
        Of the draw.
    """
    if len(texts) <= n:
        return texts
    known = [(_place(row) or row["report_id"], row["report_id"]) for row in reports.to_dict("records")]
    place = {report_id: str(place) for place, report_id in sorted(known, key=str)}
    here = set(texts["report_id"])
    sizes = Counter(place[report_id] for report_id in place if report_id in here)
    chosen = set(drawn(pd.Series(sizes), n, seed).tolist())
    kept = [place.get(report_id) in chosen for report_id in texts["report_id"]]
    return texts.loc[kept].reset_index(drop=True)


def _place(row: Mapping[str, object]) -> tuple[object, ...] | None:
    """What makes two reports those of one place, or None."""
    if isinstance(row["place_code"], str):
        return row["level"], row["place_code"]
    return (row["level"], row["province"], row["place"]) if isinstance(row["place"], str) else None


def tiles(one: str, other: str, min_length: int = LENGTH) -> list[Match]:
    """Return runs of at least `min_length` characters that both normalised texts have, none overlapping another.

    The longest first; of equally long ones that which comes first. Swapping the texts swaps the result.

    Returns
    -------
    list of (start in one, start in other, length)
        Sorted by where they stand in `one`.
    """
    if other < one:  # one order for both ways, so that ties fall alike
        return sorted((here, there, length) for there, here, length in tiles(other, one, min_length))
    heap = [(-length, here + there, here, there) for here, there, length in _maximal(one, other, min_length)]
    heapq.heapify(heap)
    used = np.zeros(len(one), dtype=bool), np.zeros(len(other), dtype=bool)
    found: list[Match] = []
    while heap:
        negative, _, here, there = heapq.heappop(heap)
        free = ~(used[0][here : here - negative] | used[1][there : there - negative])
        if free.all():
            found.append((here, there, -negative))
            used[0][here : here - negative] = True
            used[1][there : there - negative] = True
            continue
        edges = np.flatnonzero(np.diff(np.concatenate([[0], free.astype(np.int8), [0]])))
        for start, end in edges.reshape(-1, 2).tolist():
            if end - start >= min_length:
                heapq.heappush(heap, (start - end, here + there + 2 * start, here + start, there + start))
    return sorted(found)


def _maximal(one: str, other: str, size: int) -> list[Match]:
    """Every common run of at least `size` characters that can be extended neither way, found from equal seeds."""
    places: dict[str, tuple[list[int], list[int]]] = {}
    for at in range(len(one) - size + 1):
        places.setdefault(one[at : at + size], ([], []))[0].append(at)
    for at in range(len(other) - size + 1):
        both = places.get(other[at : at + size])
        if both:
            both[1].append(at)
    found = []
    for here, there in places.values():
        if not there:
            continue
        for start in here:
            for begin in there:
                if start and begin and one[start - 1] == other[begin - 1]:
                    continue  # found from the character before
                found.append((start, begin, _extent(one, start, other, begin, size)))
    return found


def _extent(one: str, start: int, other: str, begin: int, known: int) -> int:
    """Length of the common run from here, by doubling steps: comparing slices is faster than characters."""
    length, step = known, known
    room = min(len(one) - start, len(other) - begin)
    while step:
        if (
            length + step <= room
            and one[start + length : start + length + step] == other[begin + length : begin + length + step]
        ):
            length += step
            step *= 2
        else:
            step //= 2
    return length


def _cited(text: str, start: int, end: int) -> bool:
    """Whether the span stands inside one pair of 《》."""
    opened = text.rfind("《", 0, start + 1)
    return opened >= 0 and text.find("》", opened) >= end - 1


def _check_length(min_length: int) -> None:
    if min_length < 4:
        raise ParameterError(
            f"min_length is {min_length!r}, expected 4 characters or more: single words are no passage."
        )
