"""In: the tables of reports, sections and quantities. Out: one row of comparable variables per report."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.tables import AREAS

HEADS = ("work", "problems", "duty", "plan")  # what Article 24 of the rules of 2019 asks a report to hold
TASKS = [area for area in AREAS if area != "S"]  # the nine tasks of the outline of 2021-2025


def of_reports(reports: pd.DataFrame, sections: pd.DataFrame, quantities: pd.DataFrame) -> pd.DataFrame:
    """Return what reports are compared by, besides their indicators.

    Parameters
    ----------
    reports, sections, quantities : DataFrame
        The tables; rows of other reports are left aside.

    Returns
    -------
    DataFrame
        One row per report: report_id; head_work, head_problems, head_duty, head_plan (own: a first-level heading,
        inside: a heading below another, absent); completeness (heads that are not absent, 0 to 4); share_work,
        share_problems, share_duty, share_plan (of the body's Chinese characters, 0 to 1); density (facts stated per
        1,000 characters); breadth (share of the nine tasks with at least one fact, 0 to 1); evenness (Shannon entropy
        of the facts over the nine tasks divided by its maximum, 0 one task only to 1 all alike; missing without facts);
        days_to_deadline (to 1 April), days_to_submission (to 1 March, when reports go up; negative is late).
    """
    ids = reports["report_id"]
    made = pd.DataFrame({"report_id": ids.to_numpy()})
    for head in HEADS:
        placed = _place(sections, head)
        made[f"head_{head}"] = [placed.get(report_id, "absent") for report_id in ids]
    made["completeness"] = sum((made[f"head_{head}"] != "absent").astype(int) for head in HEADS)
    for head in HEADS:
        made[f"share_{head}"] = (reports[f"chars_{head}"] / reports["chars"]).to_numpy(dtype=float)
    facts = quantities[quantities["role"] == "fact"]
    stated = facts.groupby("report_id").size().reindex(ids, fill_value=0)
    made["density"] = stated.to_numpy(dtype=float) * 1000 / reports["chars"].to_numpy(dtype=float)
    areas = sections.set_index(["report_id", "section_id"])["area"]
    joined = facts.join(areas, on=["report_id", "section_id"])
    counts = pd.crosstab(joined["report_id"], joined["area"]).reindex(index=ids, columns=TASKS, fill_value=0).to_numpy()
    made["breadth"] = (counts > 0).mean(axis=1)
    made["evenness"] = [evenness(row) for row in counts]
    deadline = reports["days_to_deadline"].astype("Float64")
    made["days_to_deadline"] = deadline.to_numpy(dtype=float, na_value=np.nan)
    made["days_to_submission"] = made["days_to_deadline"] - 31  # from 1 March to 1 April, in every year
    return made


def _place(sections: pd.DataFrame, head: str) -> dict[str, str]:
    """Report → whether the head has a first-level heading of its own or stands inside another."""
    found = sections[(sections["role"] == head) & sections["number"].notna()]
    pairs = zip(found["report_id"], found["depth"], strict=True)
    return {report_id: "own" if depth == 1 else "inside" for report_id, depth in sorted(pairs, reverse=True)}


def evenness(counts: np.ndarray) -> float:
    """Return the Shannon entropy of counts over its maximum: 0 one cell only, 1 all alike, missing without any."""
    total = counts.sum()
    if not total:
        return float("nan")
    share = counts[counts > 0] / total
    return float(-(share * np.log(share)).sum() / np.log(len(counts)) + 0.0)
