"""In: a frame with a value, a group and a place per report. Out: what can be compared as arrays, and what cannot."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from analysis.errors import ParameterError, closest

OTHERS = "all others"  # stands for group_b where a group is compared with the reports of all others
Kind = Literal["number", "share", "category"]


@dataclass(frozen=True, eq=False)
class Sample:
    """One value of each report, with its group and place.

    Attributes
    ----------
    value : str
        The column.
    kind : str
        number; share (yes or no, as 1 and 0); category (code of a text).
    x : ndarray of float, shape N
    groups : ndarray of str, shape N
    clusters : ndarray of int, shape N
    names : tuple of str
        The texts that the codes of a category stand for.
    """

    value: str
    kind: Kind
    x: np.ndarray
    groups: np.ndarray
    clusters: np.ndarray
    names: tuple[str, ...] = ()

    def only(self, *groups: str) -> Sample:
        """Return the reports of these groups."""
        kept = np.isin(self.groups, groups)
        return Sample(self.value, self.kind, self.x[kept], self.groups[kept], self.clusters[kept], self.names)

    def against_others(self, group: str) -> Sample:
        """Return all reports in two groups: this one and `OTHERS`."""
        groups = np.where(self.groups == group, group, OTHERS)
        return Sample(self.value, self.kind, self.x, groups, self.clusters, self.names)

    def present(self) -> list[str]:
        """Return the groups, sorted."""
        return np.unique(self.groups).tolist()


def place_of(frame: pd.DataFrame, cluster: str) -> pd.Series:
    """Return the place that each row belongs to, as text: rows of one place are not independent.

    Places of one name in two provinces are two: with `cluster` "place" they are told apart by place_code where the
    frame has it, else by province. A row that does not name its place stands alone.
    """
    need(frame, [cluster])
    alone = pd.Series([f"row {place}" for place in range(len(frame))], index=frame.index, dtype="str")
    named = frame[cluster].astype("str")
    if cluster == "place":
        if "province" in frame:
            named = frame["province"].astype("str").fillna("") + " " + named
        if "place_code" in frame:
            named = frame["place_code"].astype("str").fillna(named)
    return pd.Series(named.fillna(alone), index=frame.index, dtype="str")


def need(frame: pd.DataFrame, columns: Iterable[str]) -> None:
    """Raise `ParameterError` with every column that the frame lacks."""
    wrong = [f"no column '{name}'.{closest(name, frame.columns)}" for name in columns if name not in frame]
    if wrong:
        raise ParameterError([*wrong, f"The frame has: {', '.join(map(str, frame.columns))}."])


def few(n: int, least: int, of: str = "reports") -> str:
    """Say that there are too few: "3 reports, 5 are needed"."""
    return f"{n} {of.removesuffix('s') if n == 1 else of}, {least} are needed"


def sample(
    frame: pd.DataFrame, value: str, by: str, clusters: np.ndarray, min_reports: int
) -> tuple[Sample, pd.DataFrame]:
    """Return the rows with value and group in groups of `min_reports`, and the rows left out with `reason`."""
    column = frame[value]
    missing = column.isna().to_numpy(bool)
    ungrouped = frame[by].isna().to_numpy(bool)
    group = np.array([str(one) for one in frame[by]])
    names, sizes = np.unique(group[~missing & ~ungrouped], return_counts=True)
    small = {str(name): int(size) for name, size in zip(names, sizes, strict=True) if size < min_reports}
    reasons = [
        f"{value} missing" if gone else f"{by} missing" if loose
        else f"group {one} has {few(small[one], min_reports)}" if one in small else ""
        for gone, loose, one in zip(missing, ungrouped, group, strict=True)
    ]  # fmt: skip
    reason = np.array(reasons, dtype=object)
    kept = reason == ""
    kind: Kind = "number"
    labels: tuple[str, ...] = ()
    if pd.api.types.is_bool_dtype(column):
        kind = "share"
    elif not pd.api.types.is_numeric_dtype(column):
        kind, labels = "category", tuple(sorted({str(one) for one in column[kept]}))
    x = (
        np.array([labels.index(str(one)) for one in column[kept]], dtype=float)
        if kind == "category"
        else np.asarray(column.loc[kept].tolist(), dtype=float)
    )
    left = frame.loc[~kept].assign(value=value, reason=reason[~kept].astype(str))
    columns = [one for one in ("report_id", "place", "report_year", by) if one in left]
    left = left.loc[:, list(dict.fromkeys(["value", *columns, "reason"]))]
    return Sample(value, kind, x, group[kept], clusters[kept], labels), left
