"""In: problem or plan items. Out: the same items without formulas that many reports share, and what was taken out."""

from __future__ import annotations

import re
from collections import defaultdict

import numpy as np
import pandas as pd

from analysis.errors import DataError, ParameterError
from analysis.model.shingles import hashed, normalise

LENGTH = 8  # characters without punctuation
_TITLE = re.compile(r"《[^《》]*(?:《[^《》]*》[^《》]*)*》")
_COLUMNS = ["report_id", "item_id", "start", "end", "kind", "n_reports", "text"]


def formulas(items: pd.DataFrame, min_reports: float = 3, min_length: int = LENGTH, cited: bool = True) -> pd.DataFrame:
    """Return what is formula in the items' texts.

    A run of characters is a formula when each `min_length` of it in a row (letters, digits, Chinese characters) stand
    in items of `min_reports` reports or more. Several items of one report count once: a government that repeats itself
    is no genre.

    Parameters
    ----------
    items : DataFrame
        report_id, item_id, text; whole reports do as well.
    min_reports : int or float
        Reports, 2 or more; a float below 1 is a share of the reports, at least 2.
    min_length : int
        Characters, from 4.
    cited : bool
        Whether names of laws and documents (《…》) count too, however rare.

    Returns
    -------
    DataFrame
        One row per place, in the order of the items: report_id, item_id, start, end (offsets into the item's text, end
        exclusive), kind (formula, cited), n_reports (reports with each part of it, the rarest part counting; missing
        for cited), text.

    Raises
    ------
    DataError
        A column or a text is missing.
    ParameterError
        `min_reports` or `min_length` is too small.
    """
    lost = [name for name in ("report_id", "item_id", "text") if name not in items]
    if lost:
        raise DataError(f"boilerplate: the items have no column {', '.join(lost)}. Take them from load.items().")
    keys = list(zip(items["report_id"], items["item_id"], items["text"], strict=True))
    empty = [f"boilerplate: {one} item {two} has no text. Leave it out." for one, two, text in keys if pd.isna(text)]
    if empty:
        raise DataError(empty)
    n_reports = items["report_id"].nunique()
    least = max(2, int(np.ceil(min_reports * n_reports))) if isinstance(min_reports, float) else min_reports
    if min_reports <= 0 or least < 2 or (isinstance(min_reports, float) and min_reports >= 1):
        raise ParameterError(
            f"boilerplate: min_reports is {min_reports!r}, expected a number of reports (2, 3 …) or a share below 1."
        )
    if min_length < 4:
        raise ParameterError(f"boilerplate: min_length is {min_length!r}, expected 4 characters or more.")
    plain = [normalise(text) for text in items["text"]]
    runs = [hashed(text, min_length) if len(text) >= min_length else np.empty(0, np.uint64) for text, _ in plain]
    reports = pd.factorize(items["report_id"])[0]
    sizes = [len(run) for run in runs]
    seen = pd.DataFrame({"run": np.concatenate([*runs, np.empty(0, np.uint64)]), "report": np.repeat(reports, sizes)})
    known = seen.drop_duplicates()["run"].value_counts()
    counted = np.split(known.reindex(seen["run"]).to_numpy(), np.cumsum(sizes)[:-1]) if len(runs) else []
    rows = []
    for (report_id, item_id, text), (_, offsets), counts in zip(keys, plain, counted, strict=True):
        spans: list[tuple[int, int, str, int | None]] = (
            [(*match.span(), "cited", None) for match in _TITLE.finditer(text)] if cited else []
        )
        for first, last in _stretches(counts >= least):
            start, end = int(offsets[first]), int(offsets[last + min_length - 1]) + 1
            spans.append((start, end, "formula", int(counts[first : last + 1].min())))
        rows += [
            (report_id, item_id, *span, text[span[0] : span[1]]) for span in sorted(spans, key=lambda span: span[:2])
        ]
    made = pd.DataFrame(rows, columns=_COLUMNS)
    return made.astype({"report_id": "str", "kind": "str", "n_reports": "Int64", "text": "str"})


def without_boilerplate(
    items: pd.DataFrame, min_reports: float = 3, min_length: int = LENGTH, cited: bool = True
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the items with formulas and cited names taken out of `text`, and what was taken out.

    A line end stands in the place of what went, so that no new word forms across it. Offsets of the items into their
    report stay those of the whole item.

    Parameters
    ----------
    items, min_reports, min_length, cited
        As for `formulas`.

    Returns
    -------
    items : DataFrame
        As given, with shorter texts; one that was nothing but formula is an empty text.
    removed : DataFrame
        What `formulas` found.
    """
    removed = formulas(items, min_reports, min_length, cited)
    spans: dict[tuple[str, int], list[tuple[int, int]]] = defaultdict(list)
    for report_id, item_id, *span in removed[["report_id", "item_id", "start", "end"]].itertuples(index=False):
        spans[report_id, item_id].append(tuple(span))
    texts = []
    for report_id, item_id, text in zip(items["report_id"], items["item_id"], items["text"], strict=True):
        kept, at = [], 0
        for start, end in spans.get((report_id, item_id), []):
            if end > at:  # a formula may begin inside a cited name
                kept.append(text[at : max(at, start)])
                at = end
        texts.append("\n".join([*kept, text[at:]]))
    return items.assign(text=pd.Series(texts, index=items.index, dtype="str")), removed


def phrases(found: pd.DataFrame) -> pd.DataFrame:
    """Return what `formulas` found once each: text (as first printed), kind, n_reports, n_times; widespread first."""
    known = found.assign(plain=[normalise(text)[0] for text in found["text"]])
    made = known.groupby(["plain", "kind"], sort=True).agg(
        text=("text", "first"), counted=("n_reports", "max"), n_own=("report_id", "nunique"), n_times=("text", "size")
    )
    # a formula also stands inside longer ones, so its own places are not all
    made["n_reports"] = made["counted"].fillna(made["n_own"]).astype("int64")
    made = made.reset_index().sort_values(["n_reports", "n_times", "plain"], ascending=[False, False, True])
    return made.filter(["text", "kind", "n_reports", "n_times"]).reset_index(drop=True)


def _stretches(true: np.ndarray) -> list[tuple[int, int]]:
    """First and last index of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], true.astype(np.int8), [0]])))
    return [(start, end - 1) for start, end in edges.reshape(-1, 2).tolist()]
