"""In: a frame and the names of its columns. Out: the matrix of a regression, or why these data cannot carry it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import linprog

from analysis.errors import ModelError, ParameterError
from analysis.model.samples import few, need, place_of

LEAST_CLUSTERS = 10  # below it, errors clustered by place say nothing (Cameron & Miller 2015 want 40 and more)


@dataclass(frozen=True, eq=False)
class Design:
    """What a regression is fitted to.

    Attributes
    ----------
    X : ndarray, shape N×K
        First column 1; a column per number, and per level of a text or yes/no column but its reference.
    terms : tuple of str
        Names of the K columns: intercept, population, level[prefecture].
    y : ndarray, shape N
        The outcome.
    extra : ndarray, shape N
        Exposure or denominator; ones without either.
    clusters : ndarray of int, shape N
        Number of each row's place, 0 to C - 1.
    rows : DataFrame
        The N rows of the frame.
    references : dict
        Text column → its reference, the most frequent level.
    dropped : DataFrame
        Rows left out, with `reason`.
    """

    X: np.ndarray
    terms: tuple[str, ...]
    y: np.ndarray
    extra: np.ndarray
    clusters: np.ndarray
    rows: pd.DataFrame
    references: dict[str, str]
    dropped: pd.DataFrame

    @property
    def n_clusters(self) -> int:
        """Number of places."""
        return int(self.clusters.max()) + 1


def design(
    frame: pd.DataFrame, outcome: str, predictors: Sequence[str], *, cluster: str, extra: str = "", whole: bool = False
) -> Design:
    """Return the complete rows as arrays.

    Parameters
    ----------
    frame : DataFrame
        One row per report.
    outcome : str
    predictors : sequence of str
        Numbers, texts or yes/no columns. Texts are compared with their most frequent level.
    cluster : str
        Column of places, see `samples.place_of`.
    extra : str
        Column that has to be above 0: an exposure or a denominator.
    whole : bool
        The outcome is a count: whole and not negative.

    Raises
    ------
    ParameterError
        A column is missing from the frame.
    ModelError
        No variance, linear dependence, too few reports or places, or an outcome that is not of the kind asked for.
    """
    named = [outcome, *predictors, *([extra] if extra else [])]
    if not predictors:
        raise ParameterError("predictors = []: name at least one column.")
    need(frame, [*named, cluster])
    gone = pd.Series("", index=frame.index, dtype="str")
    for name in reversed(named):
        gone = gone.mask(frame[name].isna().to_numpy(bool), f"{name} missing")
    if extra:
        none = np.array([not pd.isna(size) and size <= 0 for size in frame[extra]], dtype=bool)
        gone = gone.mask(none & (gone == "").to_numpy(bool), f"{extra} is not above 0")
    rows = frame.loc[(gone == "").to_numpy(bool)]
    dropped = frame.loc[(gone != "").to_numpy(bool)].assign(reason=gone[gone != ""])
    y = np.asarray(rows[outcome].tolist(), dtype=float)
    columns, terms, references = [np.ones(len(rows))], ["intercept"], {}
    faults = []
    for name in predictors:
        column = rows[name]
        if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
            columns.append(np.asarray(column.tolist(), dtype=float))
            terms.append(name)
        else:
            text = np.array([str(value) for value in column])
            levels, sizes = np.unique(text, return_counts=True)
            reference = str(levels[sizes.argmax()]) if len(levels) else ""
            references[name] = reference
            for level in levels:
                if level != reference:
                    columns.append((text == level).astype(float))
                    terms.append(f"{name}[{level}]")
        if column.nunique() < 2:
            faults.append(f"{name} has {column.nunique()} value in the {len(rows)} complete reports: leave it out.")
    x = np.column_stack(columns)
    n, k = x.shape
    places, where = np.unique(np.array(place_of(rows, cluster).tolist(), dtype=str), return_inverse=True)
    if n and len(np.unique(y)) < 2:
        faults.append(f"{outcome} is {y[0]:g} in all {n} reports: there is nothing to explain.")
    if whole and n and ((y < 0).any() or (y != np.round(y)).any()):
        faults.append(f"{outcome} is no count: it holds {y[(y < 0) | (y != np.round(y))][0]:g}.")
    if n < k + 5:
        faults.append(f"{k} coefficients: {few(n, k + 5, 'complete reports')}.")
    elif not faults and (rank := int(np.linalg.matrix_rank(x / np.abs(x).max(axis=0)))) < k:
        faults.append(f"{_dependent(x, terms)} follows from the other predictors ({rank} of {k} columns independent).")
    need_places = max(LEAST_CLUSTERS, k + 1)
    if len(places) < need_places:
        faults.append(f"errors clustered by place: {few(len(places), need_places, 'places')}.")
    if faults:
        raise ModelError([f"{outcome} on {', '.join(predictors)}: {fault}" for fault in faults])
    more = np.asarray(rows[extra].tolist(), dtype=float) if extra else np.ones(n)
    return Design(x, tuple(terms), y, more, where, rows, references, dropped.reset_index(drop=True))


def _dependent(x: np.ndarray, terms: Sequence[str]) -> str:
    """The first term that adds nothing to those before it."""
    ranks = [np.linalg.matrix_rank(x[:, : place + 1]) for place in range(len(terms))]
    return next(term for place, term in enumerate(terms) if ranks[place] < place + 1)


def separated(made: Design, low: np.ndarray, high: np.ndarray) -> list[str]:
    """Return the terms along which the outcome is separated: their estimates would run to infinity.

    Linear programming (Konis 2007): is there a direction in which no report's fit worsens and some report's improves?

    Parameters
    ----------
    made : Design
    low, high : ndarray of bool, shape N
        Whether a report's outcome lies at its lower or upper bound (no event; nothing but events). A report at neither
        must not move at all.
    """
    x = made.X / np.abs(made.X).max(axis=0)
    sign = high.astype(float) - low
    free = sign == 0
    found = linprog(
        -(sign @ x),
        A_ub=-(sign[:, None] * x)[~free] if (~free).any() else None,
        b_ub=np.zeros(int((~free).sum())) if (~free).any() else None,
        A_eq=x[free] if free.any() else None,
        b_eq=np.zeros(int(free.sum())) if free.any() else None,
        bounds=(-1, 1),
        method="highs",
    )
    if found.status != 0 or -found.fun < 1e-6:
        return []
    return [term for term, size in zip(made.terms, found.x, strict=True) if abs(size) > 1e-6]
