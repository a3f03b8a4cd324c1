"""In: one row per specification with the numbers its run quoted. Out: which conclusions hold over all of them.

A specification curve (Simonsohn, Simmons & Nelson 2020): what would have been found had one decided otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from analysis.errors import DataError, ParameterError, closest

STABILITY = "stability"  # topics come back without some reports more fully than topics of shuffled words
TOP = 10
_NUMBER = "numbers."


class Topics(Protocol):
    """What `numbers` needs of a topic model; `analysis.model.topics.TopicModel` has it."""

    @property
    def items(self) -> pd.DataFrame:
        """One row per item: report_id, level."""
        ...

    @property
    def shares(self) -> np.ndarray:
        """Shape N×K."""
        ...

    def top_words(self, n: int) -> pd.DataFrame:
        """Topic, rank, word, probability."""
        ...


def numbers(model: Topics, again: pd.DataFrame) -> dict[str, float | str]:
    """Return what a run of the topics notebook has to quote, so that specifications can be compared.

    Parameters
    ----------
    model : TopicModel
        Its items have a column `level`.
    again : DataFrame
        What `topics.stability` found: one row per run and topic, with jaccard and noise.

    Returns
    -------
    dict
        topics_items, topics_reports, topics_jaccard, topics_noise; and for each topic its mean share topic_1_share, its
        likeliest words topic_1_words (with blanks between), and topic_1_gap_county: its mean share in the items of that
        level minus that in all others, for each level that some but not all items have.
    """
    items, shares = model.items, model.shares
    made: dict[str, float | str] = {
        "topics_items": len(items),
        "topics_reports": len(set(items["report_id"])),
        "topics_jaccard": float(again["jaccard"].to_numpy().mean()),
        "topics_noise": float(again["noise"].to_numpy().mean()),
    }
    words = model.top_words(TOP).groupby("topic")["word"].agg(" ".join)
    for topic, column in enumerate(shares.T, start=1):
        made[f"topic_{topic}_share"] = float(column.mean())
        made[f"topic_{topic}_words"] = str(words[topic])
        for level in sorted(set(items["level"].dropna())):
            there = items["level"].eq(level).to_numpy(dtype=bool, na_value=False)
            if not there.all():
                made[f"topic_{topic}_gap_{level}"] = float(column[there].mean() - column[~there].mean())
    return made


def follow(found: pd.DataFrame, level: str = "", reference: str = "") -> pd.DataFrame:
    """Follow the reference's conclusions through all specifications.

    Topics of two fits have no common number: each topic of the reference is matched one to one with the topic whose ten
    likeliest words overlap most (Jaccard, Hungarian method). Without a common word it has no partner, and with a
    smaller K some topics have none.

    Parameters
    ----------
    found : DataFrame
        One row per specification: point (its name), status, and the columns `numbers.<name>` of `numbers`.
    level : str
        Level of government whose gap to the others is the conclusion: county. Empty for the one that most runs have.
    reference : str
        Point whose topics the others are compared with; empty for the first that is done.

    Returns
    -------
    DataFrame
        One row per specification that is done and conclusion (topic_1, …: the gap; stability: mean jaccard minus
        noise, it alone where all items are of one level): point, conclusion, matched (the topic's number there), words
        (three of the reference's topic), overlap (0 to 1), estimate (missing where there is no partner or no item of
        the level), reference (whether the row is the reference's), level.

    Raises
    ------
    DataError
        No specification is done, or the runs quoted no topics.
    ParameterError
        There is no such point, or it is not done; no run has a gap of this level.
    """
    done = found.loc[found["status"].eq("done").to_numpy()]
    if done.empty or f"{_NUMBER}topic_1_words" not in done:
        raise DataError("follow: no specification is done, or none quoted topics. Run the sweep: analysis batch")
    if reference and reference not in set(done["point"]):
        near = closest(reference, done["point"])
        raise ParameterError(f"follow: no specification '{reference}' is done.{near}")
    gap = f"{_NUMBER}topic_1_gap_"
    counts = {str(name).removeprefix(gap): done[name].count() for name in sorted(done) if str(name).startswith(gap)}
    level = level or max(counts, key=lambda name: counts[name], default="")
    if level and level not in counts:
        raise ParameterError(f"follow: no run has a gap of level '{level}'. There is: {', '.join(counts) or 'none'}.")
    rows = done.to_dict("records")
    home = next((row for row in rows if row["point"] == reference), rows[0])
    topics = _words(home)
    made = []
    for row in rows:
        stable = row[f"{_NUMBER}topics_jaccard"] - row[f"{_NUMBER}topics_noise"]
        made.append((row["point"], STABILITY, None, "", None, stable))
        if not level:  # all items are of one level: there is no gap
            continue
        for topic, (partner, overlap) in _partners(topics, _words(row)).items():
            estimate = row.get(f"{_NUMBER}topic_{partner}_gap_{level}") if partner else None
            made.append((row["point"], f"topic_{topic}", partner, " ".join(topics[topic - 1][:3]), overlap, estimate))
    followed = pd.DataFrame(made, columns=["point", "conclusion", "matched", "words", "overlap", "estimate"])
    followed["reference"], followed["level"] = followed["point"].eq(home["point"]), level
    return followed.astype({"matched": "Int64", "overlap": "float64", "estimate": "float64"})


def summary(followed: pd.DataFrame) -> pd.DataFrame:
    """Return one row per conclusion, and whether it holds.

    Returns
    -------
    DataFrame
        conclusion, words, estimate (the reference's), n (specifications with an estimate), missing, same_sign (of the
        others, the share with the reference's sign, 0 to 1), low, median, high.
    """
    rows = []
    for name, part in followed.groupby("conclusion", sort=False):
        home = part.loc[part["reference"], "estimate"].iloc[0]
        others = part.loc[~part["reference"], "estimate"].dropna()
        every = part["estimate"].dropna()
        same = float((np.sign(others) == np.sign(home)).mean()) if len(others) and home == home else np.nan
        rows.append(
            (
                name,
                part["words"].iloc[0],
                home,
                len(every),
                len(part) - len(every),
                same,
                every.min(),
                every.median(),
                every.max(),
            )
        )
    columns = ["conclusion", "words", "estimate", "n", "missing", "same_sign", "low", "median", "high"]
    return pd.DataFrame(rows, columns=columns)


def influence(followed: pd.DataFrame, choices: pd.DataFrame) -> pd.DataFrame:
    """Say which choices move a result most.

    Parameters
    ----------
    choices : DataFrame
        One row per specification: point, and one column per choice, of any type.

    Returns
    -------
    DataFrame
        One row per conclusion and choice that was varied: conclusion, choice, options (values it took), n, alone (share
        of the estimates' variance between its values, η²), unique (what a linear model of all choices explains less
        without it; 0 to 1), spread (largest minus smallest mean of its values). Missing with no variance at all.

    Raises
    ------
    DataError
        A specification has no row in `choices`.
    """
    lost = sorted(set(followed["point"]) - set(choices["point"]))
    if lost:
        raise DataError(f"influence: no choices are given for the specification '{point}'." for point in lost)
    values = choices.set_index("point").map(str)
    varied = [name for name in values if len(set(values[name])) > 1]
    rows = []
    for conclusion, part in followed.dropna(subset="estimate").groupby("conclusion", sort=False):
        y = part["estimate"].to_numpy()
        chosen = values.loc[part["point"], varied]
        parts = {name: _dummies(chosen[name]) for name in varied}
        whole = _explained(y, list(parts.values()))
        for name in varied:
            rest = _explained(y, [part for other, part in parts.items() if other != name])
            option = chosen[name].to_numpy()
            means = [float(y[option == one].mean()) for one in sorted(set(option))]
            alone, unique = _explained(y, [parts[name]]), whole - rest
            rows.append((conclusion, name, len(means), len(y), alone, unique, max(means) - min(means)))
    columns = ["conclusion", "choice", "options", "n", "alone", "unique", "spread"]
    return pd.DataFrame(rows, columns=columns)


def _words(row: Mapping[Any, Any]) -> list[list[str]]:
    """Return the likeliest words of each topic of one run."""
    found = []
    while isinstance(text := row.get(f"{_NUMBER}topic_{len(found) + 1}_words"), str):
        found.append(text.split())
    return found


def _partners(ours: list[list[str]], theirs: list[list[str]]) -> dict[int, tuple[int | None, float | None]]:
    """Topic of ours (from 1) → its partner among theirs and their overlap, or nothing."""
    overlap = np.array([[len({*one} & {*two}) / len({*one, *two}) for two in theirs] for one in ours])
    pairs: dict[int, tuple[int | None, float | None]] = dict.fromkeys(range(1, len(ours) + 1), (None, None))
    for mine, other in zip(*linear_sum_assignment(-overlap), strict=True):
        if overlap[mine, other] > 0:
            pairs[int(mine) + 1] = (int(other) + 1, float(overlap[mine, other]))
    return pairs


def _dummies(column: pd.Series) -> np.ndarray:
    """Return n×(values − 1) columns of zeros and ones."""
    return pd.get_dummies(column, drop_first=True).to_numpy(dtype=float)


def _explained(y: np.ndarray, parts: list[np.ndarray]) -> float:
    """Return R² of y on an intercept and these columns; missing when y does not vary."""
    total = float(((y - y.mean()) ** 2).sum())
    if total < 1e-24 * max(1.0, float((y**2).sum())):
        return np.nan
    x = np.column_stack([np.ones(len(y)), *parts])
    residual = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    return 1 - float((residual**2).sum()) / total
