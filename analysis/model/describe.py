"""In: the tables. Out: who states what and how large it is, ratios, attention and report variables, per group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from analysis import codebook, intervals, paths, values
from analysis.errors import ParameterError, closest
from analysis.model.samples import need
from analysis.model.variables import TASKS, evenness
from analysis.tables import AREAS, BASES, QUALIFIERS

ALL = "all"  # the group of everything, when nothing is grouped
UNKNOWN = "unknown"  # the group of reports that do not say it


@dataclass(frozen=True, eq=False)
class Description:
    """What was found, and what had to be left aside.

    Attributes
    ----------
    summary : DataFrame
        One row as the function that made it says.
    dropped : DataFrame
        One row per value left aside: the columns it came with, and `reason`.
    """

    summary: pd.DataFrame
    dropped: pd.DataFrame

    def _repr_html_(self) -> str:
        return self.summary.to_html(index=False, na_rep="", float_format=values.plain) + f"<p>{escape(str(self))}</p>"

    def __str__(self) -> str:
        n = self.dropped["reason"].value_counts()
        said = "; ".join(f"{reason}: {count}" for reason, count in n.items())
        return f"{len(self.summary)} rows. Left aside {len(self.dropped)}" + (f": {said}." if said else ".")


def groups(frame: pd.DataFrame, by: str) -> pd.Series:
    """Return the group of each row as text: the value of column `by`, `unknown` where missing; `all` when `by` is "".

    Raises
    ------
    ParameterError
        The frame has no such column.
    """
    if not by:
        return pd.Series(ALL, index=frame.index, dtype="str")
    need(frame, [by])
    named = [UNKNOWN if pd.isna(value) else str(value) for value in frame[by]]
    return pd.Series(named, index=frame.index, dtype="str")


def indicators(
    indicators: pd.DataFrame,
    reports: pd.DataFrame,
    by: str = "",
    *,
    codes: Sequence[str] = (),
    scope: str = "own",
) -> Description:
    """Describe each indicator in each group of reports: how many state it, and how large it is.

    Whether it is stated counts any scope and any wording. Its size is that of one scope: figures of the government
    itself, of its whole area, of lower levels and of departments are not of one kind. It rests on printed numbers,
    corrected ones and zeros said in words; what words only imply (all, every) is counted, not averaged. Values in
    another unit than most reports use are left aside, as are several different values of a report in this scope.

    Parameters
    ----------
    indicators, reports : DataFrame
        The tables; rows of reports that are not in `reports` are left out.
    by : str
        Column of `reports`; empty: one group `all`.
    codes : sequence of str
        Indicators of the codebook to describe; empty: all that a report states.
    scope : str
        own, area, departments or lower.

    Returns
    -------
    Description
        summary: one row per indicator × group. indicator, group, n_reports (in the group), n_stating, share (0 to 1)
        with Wilson's 95 % interval ci_low, ci_high; of the n_stating: n_stated … n_implied (a column per basis; a
        report counts once, a number before words); n (values described), unit, median, q1, q3 (linear interpolation,
        type 7 of Hyndman & Fan 1996), min, max; how many of the n are n_about, n_at_least, n_at_most.
        dropped: one row per value left aside.

    Raises
    ------
    ParameterError
        A code, scope or column is unknown.
    """
    known = [row["code"] for row in codebook.read_csv(paths.CODEBOOK / "indicators.csv", ["code"])]
    wrong = [f"no indicator '{code}' in the codebook.{closest(code, known)}" for code in codes if code not in known]
    if scope not in values.NEAREST:
        wrong.append(f"no scope '{scope}'. There is: {', '.join(values.NEAREST)}.")
    if wrong:
        raise ParameterError(wrong)
    group = pd.Series(groups(reports, by).to_numpy(), index=reports["report_id"].to_numpy(), dtype="str")
    mine = indicators.loc[indicators["report_id"].isin(group.index.tolist())]
    wanted = list(codes) or [code for code in known if code in set(mine["indicator"])]
    mine = mine.loc[mine["indicator"].isin(wanted)]
    mine = mine.assign(group=group.loc[mine["report_id"]].to_numpy(), unit=values.canonical(mine["unit"]))
    sized, dropped = values.single(mine.loc[mine["basis"] != "implied"], [scope])
    usual = values.usual_unit(sized)
    other = sized.loc[sized["unit"] != usual]
    other = other.assign(reason="other unit: " + other["unit"] + " instead of " + usual.loc[other.index])
    sized = sized.loc[sized["unit"] == usual]

    words = ("zero_in_words", "implied")  # a printed number says more
    bases = [*(basis for basis in BASES if basis not in words), *words]
    once = mine.assign(_rank=[bases.index(basis) for basis in mine["basis"]]).sort_values("_rank", kind="stable")
    once = once.drop_duplicates(["report_id", "indicator"])
    sizes = group.value_counts()
    said = dict(iter(once.groupby(["indicator", "group"])))
    found = dict(iter(sized.groupby(["indicator", "group"])))
    rows = []
    for code in wanted:
        for name in ordered(group):
            basis = said[code, name]["basis"].tolist() if (code, name) in said else []
            part = found.get((code, name), sized.iloc[:0])
            qualifiers = part["qualifier"].tolist()
            rows.append(
                {"indicator": code, "group": name, "n_reports": int(sizes.loc[name]), "n_stating": len(basis)}
                | {f"n_{one}": basis.count(one) for one in bases}
                | {"unit": part["unit"].iloc[0] if len(part) else ""}
                | five_numbers(part["value"].to_numpy(float))
                | {f"n_{one}": qualifiers.count(one) for one in QUALIFIERS if one != "exact"}
            )
    summary = pd.DataFrame(rows)
    if rows:
        low, high = intervals.wilson(summary["n_stating"], summary["n_reports"])
        share = summary["n_stating"] / summary["n_reports"]
        for place, (name, column) in enumerate({"share": share, "ci_low": low, "ci_high": high}.items(), 4):
            summary.insert(place, name, column)
    return Description(summary, pd.concat([dropped, other], ignore_index=True).drop(columns="group"))


def ordered(group: pd.Series) -> list[str]:
    """Return the groups in the order in which figures and tables name them: as they sort, `unknown` last."""
    return sorted(set(group), key=lambda name: (name == UNKNOWN, name))


def five_numbers(numbers: np.ndarray) -> dict[str, float]:
    """Return n, median, q1, q3, min, max of an array without missing values; all but n missing when it is empty."""
    if not len(numbers):
        return {"n": 0, **dict.fromkeys(("median", "q1", "q3", "min", "max"), np.nan)}
    low, q1, median, q3, high = np.quantile(numbers, (0, 0.25, 0.5, 0.75, 1))
    return {"n": len(numbers), "median": median, "q1": q1, "q3": q3, "min": low, "max": high}


def ratios(derived: pd.DataFrame, reports: pd.DataFrame, by: str = "") -> Description:
    """Describe the recomputed ratios of each group.

    Returns
    -------
    Description
        summary: one row per ratio × group: ratio, group, n (reports), pooled (sum of numerators over sum of
        denominators, in % for ratios in %) with ci_low, ci_high (Wilson's, sample size cut by the design effect between
        reports, see `intervals.pooled`; missing for ratios that are no shares), median, q1, q3, min, max over reports,
        n_printed (reports that also print the rate), n_agree.
        dropped: rows whose numerator is above the denominator of a share.
    """
    named = {row["ratio"]: row["unit"] for row in codebook.read_csv(paths.CODEBOOK / "ratios.csv", ("ratio", "unit"))}
    group = pd.Series(groups(reports, by).to_numpy(), index=reports["report_id"].to_numpy(), dtype="str")
    mine = derived.loc[derived["report_id"].isin(group.index.tolist()) & derived["ratio"].isin(list(named))]
    mine = mine.assign(group=group.loc[mine["report_id"]].to_numpy(), percent=mine["ratio"].map(named) == "%")
    broken = mine["percent"] & (mine["numerator"] > mine["denominator"])
    rows = []
    for (ratio, name), part in sorted(mine.loc[~broken].groupby(["ratio", "group"])):
        top, base = part["numerator"].to_numpy(float), part["denominator"].to_numpy(float)
        percent = bool(part["percent"].iloc[0])
        share = intervals.pooled(top, base) if percent else (top.sum() / base.sum(), np.nan, np.nan)
        pooled, low, high = np.array(share) * (100 if percent else 1)
        agrees = part["agrees"].dropna()
        rows.append(
            {"ratio": ratio, "group": name, "pooled": pooled, "ci_low": low, "ci_high": high}
            | five_numbers(part["value"].to_numpy(float))
            | {"n_printed": len(agrees), "n_agree": int(agrees.sum())}
        )
    left = mine.loc[broken].drop(columns=["group", "percent"]).assign(reason="numerator above denominator")
    return Description(pd.DataFrame(rows), left.reset_index(drop=True))


def attention(sections: pd.DataFrame) -> pd.DataFrame:
    """Return how many characters of each report stand under each area and role.

    A character belongs to the innermost section that holds it. Only work and duty sections have areas.

    Returns
    -------
    DataFrame
        One row per report × role × area that has text: report_id, role, area (A1 … A9, S; unclassified: no area),
        chars (all characters between the section's offsets), share (of the report's characters in sections, 0 to 1).
    """
    columns = ["report_id", "section_id", "parent_id", "start", "end"]
    rows = [*sections.loc[:, columns].itertuples(index=False, name=None)]
    own = {(report_id, section_id): end - start for report_id, section_id, _, start, end in rows}
    for report_id, _, parent_id, start, end in rows:
        if not pd.isna(parent_id):
            own[report_id, parent_id] -= end - start
    flat = sections.assign(chars=[float(max(0, size)) for size in own.values()])
    flat = flat.assign(area=flat["area"].fillna("unclassified"))
    made = flat.groupby(["report_id", "role", "area"], as_index=False).agg({"chars": "sum"})
    made = made.loc[made["chars"] > 0].reset_index(drop=True)
    return made.assign(share=made["chars"] / made.groupby("report_id")["chars"].transform("sum"))


def attention_of_reports(sections: pd.DataFrame) -> pd.DataFrame:
    """Return how each report spreads its text over the areas, of its work and duty parts.

    Returns
    -------
    DataFrame
        One row per report with work or duty sections: report_id; share_A1 … share_A9, share_S, share_unclassified (of
        the characters of work and duty, sum 1); evenness (Shannon entropy over the nine tasks divided by its maximum,
        0 one task only to 1 all alike; missing when none has text).
    """
    found = attention(sections)
    found = found.loc[found["role"].isin(["work", "duty"])]
    columns = [*AREAS, "unclassified"]
    wide = found.pivot_table(index="report_id", columns="area", values="chars", aggfunc="sum", fill_value=0)
    wide = wide.reindex(columns=columns, fill_value=0).astype(float)
    shares = wide.div(wide.sum(axis=1), axis=0).add_prefix("share_")
    shares["evenness"] = [evenness(row) for row in wide[TASKS].to_numpy()]
    return shares.rename_axis(columns=None).reset_index()


def numbers(frame: pd.DataFrame, columns: Sequence[str], by: str = "") -> pd.DataFrame:
    """Describe columns of a frame with one row per report, such as `variables.of_reports` or `attention_of_reports`.

    Returns
    -------
    DataFrame
        One row per column × group. Numbers: variable, group, n_reports, missing, n, median, q1, q3, min, max, mean, sd
        (missing for one value). Texts and yes/no: one row per value, with value, n, share and Wilson's 95 % interval
        ci_low, ci_high among the reports where it is not missing.

    Raises
    ------
    ParameterError
        The frame has no such column.
    """
    need(frame, columns)
    rows = [row for name in columns for row in _column(frame, name, groups(frame, by))]
    order = ["variable", "value", "group", "n_reports", "missing", "n", "share", "ci_low", "ci_high", "median", "q1",
             "q3", "min", "max", "mean", "sd"]  # fmt: skip
    made = pd.DataFrame(rows)
    return made.loc[:, [column for column in order if column in made]]


def _column(frame: pd.DataFrame, name: str, group: pd.Series) -> Iterator[dict[str, Any]]:
    counted = pd.api.types.is_bool_dtype(frame[name]) or not pd.api.types.is_numeric_dtype(frame[name])
    everything = sorted(frame[name].dropna().unique())
    for one in ordered(group):
        part = frame.loc[group == one, name]
        known = part.dropna()
        about = {"variable": name, "group": one, "n_reports": len(part), "missing": len(part) - len(known)}
        if not counted:
            found = known.to_numpy(float)
            spread = {
                "mean": found.mean() if len(found) else np.nan,
                "sd": found.std(ddof=1) if len(found) > 1 else np.nan,
            }
            yield about | five_numbers(found) | spread
            continue
        for value in everything:
            n = int((known == value).sum())
            low, high = intervals.wilson(n, len(known)) if len(known) else (np.nan, np.nan)
            share = n / len(known) if len(known) else np.nan
            yield about | {"value": value, "n": n, "share": share, "ci_low": float(low), "ci_high": float(high)}


def identities(indicators: pd.DataFrame) -> pd.DataFrame:
    """Return every sum of identities.csv that a report states in full, in one scope: it adds up, or by how much not.

    Returns
    -------
    DataFrame
        One row per report × identity (named by its total): report_id, total, relation (equal, at_most), scope, parts
        (the indicators, by `;`), n_parts, stated (the total's value), added (sum of the parts), gap (added - stated),
        holds, approximate (a part or the total is not exact: a small gap is rounding). Values said several ways in one
        scope are left out.
    """
    rules = codebook.read_csv(paths.CODEBOOK / "identities.csv", ("total", "parts", "relation"))
    used = {code for rule in rules for code in (rule["total"], *rule["parts"].split(";"))}
    printed = indicators.loc[indicators["indicator"].isin(sorted(used)) & (indicators["basis"] != "implied")]
    by_scope = [values.single(printed, [scope])[0] for scope in values.NEAREST]
    found = {(one["report_id"], one["scope"], one["indicator"]): one for one in pd.concat(by_scope).to_dict("records")}
    rows = []
    for report_id in sorted(set(printed["report_id"])):
        for rule in rules:
            for scope in values.NEAREST:
                codes = [rule["total"], *rule["parts"].split(";")]
                ones = [found[key] for code in codes if (key := (report_id, scope, code)) in found]
                if len(ones) < len(codes):
                    continue
                total, added = ones[0]["value"], sum(one["value"] for one in ones[1:])
                rows.append(
                    {"report_id": report_id, "total": rule["total"], "relation": rule["relation"], "scope": scope,
                     "parts": rule["parts"], "n_parts": len(ones) - 1, "stated": total, "added": added,
                     "gap": added - total,
                     "holds": added <= total if rule["relation"] == "at_most" else added == total,
                     "approximate": any(one["qualifier"] != "exact" for one in ones)}
                )  # fmt: skip
    columns = ["report_id", "total", "relation", "scope", "parts", "n_parts", "stated", "added", "gap", "holds",
               "approximate"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)
