"""In: a fitted topic model and a CSV of names. Out: each topic's name, found by its words; names that lost theirs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from analysis import paths, tables
from analysis.codebook import read_csv
from analysis.errors import CodebookError
from analysis.model.result import TopicModel

COLUMNS = ["zh", "en", "words", "note"]
FILE = paths.CODEBOOK / "topic_labels.csv"
N_WORDS = 10  # words that a name is bound to
# Of ten words four must be the same (4 of 16 different ones). Topics of shuffled words share one or two.
FITS = 0.25


def labels(model: TopicModel, path: str | Path = "", fits: float = FITS) -> pd.DataFrame:
    """Give each topic the name that a reader wrote for these words, whatever its number is now.

    A name belongs to the words it was given for (column `words`), not to a number: the likeliest words of each topic
    are compared with them by Jaccard's index, and names go to topics one to one (Hungarian method) where the index
    reaches `fits`. So names survive another seed, order or number of topics. A name whose words no topic has any more
    is returned without a topic; it is never passed on to the next best.

    Parameters
    ----------
    path : str or Path
        CSV with the columns zh, en, words (separated by blanks), note; empty for data/codebook/topic_labels.csv. A
        missing file means that there are no names.
    fits : float
        Jaccard's index, 0 to 1, from which a name fits.

    Returns
    -------
    DataFrame
        A row per topic, then one per name without a topic: topic (from 1, or missing), zh, en (missing: not named yet),
        similarity (Jaccard's index, of the nearest topic when none fits), words (the topic's now), given_for (the
        name's words), note, status (named; unnamed; lost: the name fits no topic, or a better one took its topic).

    Raises
    ------
    CodebookError
        The file lacks a column, or a row has no words, or the words of another row.
    """
    now = _now(model)
    given = _read(path)
    likeness = np.array([[_jaccard(set(row["words"].split()), set(own.split())) for own in now] for row in given])
    rows = [{"topic": topic, "words": own, "status": "unnamed"} for topic, own in enumerate(now, start=1)]
    partner = _pairs(likeness, fits)
    for place, row in enumerate(given):
        name = {key: row[key] or None for key in ("zh", "en", "note")} | {"given_for": row["words"]}
        topic = partner.get(place)
        if topic is None:
            rows.append(name | {"topic": None, "status": "lost", "similarity": likeness[place].max()})
        elif name["zh"] or name["en"]:
            rows[topic] |= name | {"status": "named", "similarity": likeness[place, topic]}
        else:
            rows[topic] |= {"given_for": row["words"], "note": name["note"], "similarity": likeness[place, topic]}
    made = pd.DataFrame(rows, columns=["topic", "zh", "en", "similarity", "words", "given_for", "note", "status"])
    text = ["zh", "en", "words", "given_for", "note", "status"]
    return made.astype({"topic": "Int64", "similarity": "float64"} | dict.fromkeys(text, "str"))


def draft(model: TopicModel, path: str | Path = "", fits: float = FITS) -> pd.DataFrame:
    """Write the CSV that a reader fills in: all rows that are there, unchanged, and a row for each topic without one.

    Returns
    -------
    DataFrame
        As written: zh, en, words, note.
    """
    now, given = _now(model), _read(path)
    likeness = np.array([[_jaccard(set(row["words"].split()), set(own.split())) for own in now] for row in given])
    taken = set(_pairs(likeness, fits).values())
    rows = [{name: row[name] for name in COLUMNS} for row in given]
    rows += [dict.fromkeys(COLUMNS, "") | {"words": own} for topic, own in enumerate(now) if topic not in taken]
    made = pd.DataFrame(rows, columns=COLUMNS).astype("str")
    tables.write_bytes(Path(path or FILE), tables.csv_bytes(made))
    return made


def called(named: pd.DataFrame, lang: str, n_words: int = 3) -> list[str]:
    """Return what to call each topic in `lang` (zh, en): its name, in the other language if need be, else its words."""
    other = "en" if lang == "zh" else "zh"
    topics = named.loc[named["topic"].notna()].sort_values("topic")
    words = [" ".join(own.split()[:n_words]) for own in topics["words"]]
    return topics[lang].fillna(topics[other]).fillna(pd.Series(words, index=topics.index)).tolist()


def _now(model: TopicModel) -> list[str]:
    return model.top_words(N_WORDS).groupby("topic")["word"].agg(" ".join).tolist()


def _read(path: str | Path) -> list[dict[str, str]]:
    path = Path(path or FILE)
    if not path.exists():
        return []
    rows = read_csv(path, COLUMNS)
    faults = [f"{row['_where']}: no words. A name is bound to a topic by them." for row in rows if not row["words"]]
    seen: dict[frozenset[str], str] = {}
    for row in rows:
        own = frozenset(row["words"].split())
        if own and own in seen:
            faults.append(f"{row['_where']}: the same words as in {seen[own]}. Keep one row.")
        seen[own] = row["_where"]
    if faults:
        raise CodebookError(faults)
    return rows


def _pairs(likeness: np.ndarray, fits: float) -> dict[int, int]:
    """Row (name) → column (topic), one to one, only where they fit."""
    if not likeness.size:
        return {}
    # What does not fit counts nothing, so it cannot push a name that fits to another topic.
    rows, columns = linear_sum_assignment(-np.where(likeness >= fits, likeness, 0))
    return {int(r): int(c) for r, c in zip(rows, columns, strict=True) if likeness[r, c] >= fits}


def _jaccard(one: set[str], other: set[str]) -> float:
    return len(one & other) / len(one | other)
