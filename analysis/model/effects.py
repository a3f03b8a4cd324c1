"""In: a fitted topic model and columns of its items. Out: prevalence by group, effects with intervals and tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
import pandas as pd
from scipy import stats

from analysis.errors import ParameterError
from analysis.model import permute, rearranged
from analysis.model.clustered import TINY, robust, sums
from analysis.model.samples import few, need
from analysis.tables import LEVELS

MIN_REPORTS = 5  # fewer reports have no interval worth drawing: with 4 a t of 2.8 is needed, and normality besides


class Fitted(Protocol):
    """What an effect needs of a topic model."""

    @property
    def shares(self) -> np.ndarray:
        """Topics of each item, shape N×K."""
        ...

    @property
    def items(self) -> pd.DataFrame:
        """One row per item."""
        ...

    @property
    def settings(self) -> Any:
        """What the model was fitted with: alpha, seed."""
        ...

    @property
    def tokens(self) -> np.ndarray:
        """Tokens of each item, shape N."""
        ...


class Term(NamedTuple):
    """One column of the design: `column` (N) of covariate `by`, a number or 1 for `term` and 0 for the others."""

    by: str
    term: str
    reference: str | None
    column: np.ndarray


def posterior(model: Fitted) -> np.ndarray:
    """Return each item's Dirichlet parameters, shape N×K: the variational posterior of its topic shares.

    They need not be stored: the parameters of an item add up to K·alpha plus its tokens, and the shares are the
    parameters divided by that sum (Blei, Ng & Jordan 2003, equation 7).
    """
    return model.shares * (model.shares.shape[1] * model.settings["alpha"] + model.tokens)[:, None]


def effect(
    model: Fitted,
    by: str | Sequence[str],
    *,
    cluster: str = "report_id",
    adjust: Literal["holm", "bh"] = "holm",
    min_reports: int = MIN_REPORTS,
    draws: int | None = None,
    seed: int | None = None,
) -> pd.DataFrame:
    """Regress the topic shares of the items on covariates, with the model's own uncertainty in the intervals.

    The method of composition (Treier & Jackman 2008; `estimateEffect` of R's stm, Roberts et al. 2014) draws shares
    from their posterior, regresses, draws coefficients, and pools. Linear regression needs no draws: the pooled mean is
    the regression on the posterior means, and the pooled variance is E(V | shares) + Var(b | shares), both in closed
    form for a Dirichlet. So there is no simulation error. V is cluster-robust (CR2, Bell & McCaffrey 2002) with
    Satterthwaite degrees of freedom, which keep their promise with few reports (Pustejovsky & Tipton 2018).

    A posterior under one prior for all items draws groups together, more so in short items; and the words of the topics
    are taken as known. The first makes effects too small, the second intervals too short (`tests/model/test_effects.py`
    measures both).

    Parameters
    ----------
    model : TopicModel
        N items, K topics.
    by : str or sequence of str
        Columns of the items. Numbers enter as they are (a year: per year), anything else as groups against the group
        with the most reports. Several columns enter together, each effect given the others.
    cluster : str
        Column of what was sampled: items of one report are not independent.
    adjust : {"holm", "bh"}
        Holm (1979) or Benjamini & Hochberg (1995), over all tests returned.
    min_reports : int
        Clusters that a group must have; a number must be known of twice as many.
    draws : int, optional
        Random rearrangements of whole reports for each test; where at most 10,000 exist, all of them are gone through.
        By default 999, or 25 for every test: with fewer, no p could be small enough to survive the adjustment.
    seed : int, optional
        Of the rearrangements; by default the model's.

    Returns
    -------
    DataFrame
        One row per term × topic: by, term, reference (missing for a number), topic (from 1), estimate (difference in
        mean share, or change per unit), std_error, df, ci_low, ci_high (95 %), p, p_adjusted, test (permutation: of
        whole reports, studentised, between term and reference; t: when the column differs within reports), n
        (items) and n_clusters (of the term), reason. A group that is too small has its row with no estimate and a
        `reason`.

    Raises
    ------
    ParameterError
        A column is unknown, no item has all columns, or they determine each other.
    """
    permute.check_adjust(adjust)
    names = [by] if isinstance(by, str) else list(by)
    used, terms, rows = _terms(model, names, cluster, min_reports)
    shares, groups = model.shares[used], _clusters(model.items[cluster].to_numpy()[used])
    n_topics = shares.shape[1]
    if terms:
        design = np.column_stack([np.ones(len(shares)), *(term.column for term in terms)])
        found = robust(design, shares, groups, _variance(model)[used], "effect")
        start = int(model.settings["seed"]) if seed is None else seed
        draws = max(999, 25 * len(terms) * n_topics) if draws is None else draws
        for place, term in enumerate(terms, start=1):
            estimate, error, df = (each[place] for each in found)
            half = stats.t.ppf(0.975, df) * error
            others = [
                at for at, other in enumerate(terms, start=1) if term.reference and other.by == term.by and at != place
            ]
            tested = rearranged.coefficient(design, place, others, shares, groups, seed=start, draws=draws)
            p = 2 * stats.t.sf(np.abs(estimate / np.maximum(error, TINY)), df) if tested is None else tested
            has = slice(None) if term.reference is None else term.column != 0
            rows += [
                {"by": term.by, "term": term.term, "reference": term.reference, "topic": topic + 1,
                 "estimate": estimate[topic], "std_error": error[topic], "df": df,
                 "ci_low": estimate[topic] - half[topic], "ci_high": estimate[topic] + half[topic], "p": p[topic],
                 "test": "t" if tested is None else "permutation", "n": len(shares[has]),
                 "n_clusters": len(np.unique(groups[has]))}
                for topic in range(n_topics)
            ]  # fmt: skip
    return _tidy(rows, n_topics, adjust)


def prevalence(model: Fitted, by: str, *, cluster: str = "report_id", min_reports: int = MIN_REPORTS) -> pd.DataFrame:
    """Return the mean share of each topic in each group, with intervals as in `effect`, of a beta distribution.

    Returns
    -------
    DataFrame
        One row per group × topic: by, term (the group), topic, estimate, std_error, df, ci_low, ci_high (95 %, between
        0 and 1), n (items), n_clusters, reason. A group below `min_reports` has its mean, no interval and a `reason`.

    Raises
    ------
    ParameterError
        The column is unknown.
    """
    column, reports = _column(model, by, cluster)
    rows = []
    for group in _order(column):
        here = (column == group).to_numpy()
        shares, groups = model.shares[here], _clusters(reports[here])
        n_reports = int(groups.max()) + 1
        row = {"by": by, "term": group, "n": len(shares), "n_clusters": n_reports}
        low = high = error = np.full(shares.shape[1], np.nan)
        df, mean = np.nan, shares.mean(axis=0)
        if n_reports >= min_reports:
            found = robust(np.ones((len(shares), 1)), shares, groups, _variance(model)[here], "prevalence")
            error, df = found[1][0], found[2][0]
            low, high = _bounded(mean, error, df)
        else:
            row["reason"] = few(n_reports, min_reports)
        rows += [
            row | {"topic": k + 1, "estimate": mean[k], "std_error": error[k], "df": df}
            | {"ci_low": low[k], "ci_high": high[k]}
            for k in range(shares.shape[1])
        ]  # fmt: skip
    drop = ["reference", "p", "p_adjusted", "test"]
    return _tidy(rows, model.shares.shape[1], "holm").drop(columns=drop)


def each_report(model: Fitted, *, cluster: str = "report_id") -> pd.DataFrame:
    """Return the mean share of each topic in each report, with the uncertainty of the model alone.

    With few reports this is all there is: what these reports say, not what others would.

    Returns
    -------
    DataFrame
        One row per report × topic: the cluster's column, topic, estimate, ci_low, ci_high (95 %, of the posterior of
        its items' shares), n (items).
    """
    names = model.items[cluster].to_numpy()
    groups = _clusters(names)
    n = np.bincount(groups)[:, None]
    mean, error = sums(model.shares, groups) / n, np.sqrt(sums(_variance(model), groups)) / n
    low, high = _bounded(mean, error, np.inf)
    report, topic = np.indices(mean.shape)
    made = {cluster: np.unique(names.astype(str))[report.ravel()], "topic": topic.ravel() + 1}
    made |= {"estimate": mean.ravel(), "ci_low": low.ravel(), "ci_high": high.ravel(), "n": n[report.ravel(), 0]}
    return pd.DataFrame(made).astype({cluster: "str"})


def _bounded(mean: np.ndarray, error: np.ndarray, df: float) -> tuple[np.ndarray, np.ndarray]:
    """Return both ends of a 95 % interval of a share: of the beta distribution with this mean and this error.

    The error is widened by Student's t over the normal quantile. A symmetric interval of a small share goes below 0.
    """
    inside = np.clip(mean, TINY, 1 - TINY)
    most = inside * (1 - inside)
    variance = np.clip((error * float(stats.t.ppf(0.975, df) / stats.norm.ppf(0.975))) ** 2, TINY**2, 0.99 * most)
    size = most / variance - 1
    low, high = (stats.beta.ppf(side, inside * size, (1 - inside) * size) for side in (0.025, 0.975))
    return np.asarray(low), np.asarray(high)


def permutation_test(
    model: Fitted, by: str, *, cluster: str = "report_id", draws: int = 999, seed: int | None = None
) -> pd.DataFrame:
    """Ask once whether topics differ with a column at all: rearrange its values among whole reports.

    The statistic is the share of the variance between items that the column explains, of all topics together
    (Anderson 2001) and of each. It holds for any number of reports, but five in groups of 3, 1 and 1 can be divided in
    10 ways only, so p cannot be below 0.1.

    Returns
    -------
    DataFrame
        A row for all topics (topic missing) and one per topic: by, topic, explained (0 to 1), p, p_adjusted (Holm, over
        topics), least_p (that these data could give), n_clusters.

    Raises
    ------
    ParameterError
        The column is unknown, has fewer than two values, or differs within a report.
    """
    column, reports = _column(model, by, cluster)
    known = column.notna().to_numpy()
    shares, groups = model.shares[known], _clusters(reports[known])
    values = column.loc[known].to_numpy()
    first = np.unique(groups, return_index=True)[1]
    per_report = values[first]
    if any(values != per_report[groups]):
        raise ParameterError(
            f"permutation_test: '{by}' differs within a {cluster}; whole reports cannot be rearranged."
        )
    kinds, codes = np.unique(per_report.astype(str), return_inverse=True)
    if len(kinds) < 2:
        raise ParameterError(f"permutation_test: '{by}' has {len(kinds)} value; expected two or more.")
    shown = kinds.astype(float)[:, None] if _numeric(column) else np.eye(len(kinds))
    start = int(model.settings["seed"]) if seed is None else seed
    explained, found = rearranged.explained(shown, codes, shares, groups, seed=start, draws=draws)
    topics = pd.array([None, *range(1, shares.shape[1] + 1)], dtype="Int64")
    frame = pd.DataFrame({"by": by, "topic": topics, "explained": explained, "p": found.p})
    frame["p_adjusted"] = permute.adjusted(frame.loc[:, "p"].mask(np.arange(len(frame)) == 0))
    return frame.assign(least_p=found.smallest, n_clusters=len(codes)).astype({"by": "str"})


def sentences(found: pd.DataFrame, level: float = 0.05) -> list[str]:
    """Say in plain words what a result of `effect` or `prevalence` could test, and what came of it."""
    said = []
    for (by, term), part in found.loc[found["reason"].notna()].groupby(["by", "term"], sort=False):
        said.append(f"{by}: {term} is not estimated: {part['reason'].iloc[0]}.")
    if "p" not in found:
        return said
    tested = found.loc[found["p"].notna()]
    if tested.empty:
        return [
            *said,
            "Nothing can be tested: no two groups have reports enough. A difference seen here is of these reports.",
        ]
    clear = tested.loc[tested["p_adjusted"] < level]
    said.append(f"{len(tested)} tests, {len(clear)} of them below {level} after adjustment for their number.")
    if tested["df"].min() < 10:
        said.append(f"Few reports: the intervals rest on {tested['df'].min():.1f} degrees of freedom or a little more.")
    return said


def _terms(model: Fitted, names: list[str], cluster: str, least: int) -> tuple[np.ndarray, list[Term], list[dict]]:
    """Items used, the columns of the design, and the rows of what is left out."""
    columns = {name: _column(model, name, cluster)[0] for name in names}
    reports = model.items[cluster].to_numpy()
    used, rows, groups = np.ones(len(reports), dtype=bool), [], {}
    for name, column in columns.items():
        known = column.notna().to_numpy()
        if not known.all():
            rows.append(_left_out(name, "(missing)", reports[~known], "not known of these items"))
        used &= known
        if _numeric(column):
            if len(np.unique(reports[known])) < 2 * least:
                rows.append(_left_out(name, name, reports[known], few(len(np.unique(reports[known])), 2 * least)))
                groups[name] = []
            continue
        groups[name] = []
        for group in _order(column):
            here = (column == group).to_numpy(dtype=bool, na_value=False)
            n_reports = len(np.unique(reports[here]))
            if n_reports >= least:
                groups[name].append((group, n_reports))
            else:
                rows.append(_left_out(name, group, reports[here], few(n_reports, least)))
                used &= ~here
    terms = []
    for name, column in columns.items():
        if name not in groups:
            values = column.loc[used].to_numpy(dtype=float)
            if len(np.unique(values)) > 1:
                terms.append(Term(name, name, None, values - values.mean() if len(values) else values))
            else:
                rows.append(_left_out(name, name, reports[used], "only one value"))
        elif len(groups[name]) == 1:
            group = groups[name][0][0]
            rows.append(_left_out(name, group, reports[(column == group).to_numpy()], "no other group to compare with"))
        elif groups[name]:
            reference = max(groups[name], key=lambda one: one[1])[0]  # the first of equals
            terms += [
                Term(name, group, reference, (column.loc[used] == group).to_numpy(dtype=float))
                for group, _ in groups[name]
                if group != reference
            ]
    return used, terms, rows


def _left_out(by: str, term: str, reports: np.ndarray, reason: str) -> dict:
    n = {"n": len(reports), "n_clusters": len(np.unique(reports))}
    return {"by": by, "term": term, "topic": None, "reason": reason} | n


def _tidy(rows: list[dict], n_topics: int, adjust: str) -> pd.DataFrame:
    """Spread rows without a topic over all topics, adjust p, order and type the columns."""
    full = [row | {"topic": k} for row in rows for k in ([row["topic"]] if row["topic"] else range(1, n_topics + 1))]
    text, number = (
        ["by", "term", "reference", "test", "reason"],
        ["estimate", "std_error", "df", "ci_low", "ci_high", "p"],
    )
    columns = ["by", "term", "reference", "topic", *number, "p_adjusted", "test", "n", "n_clusters", "reason"]
    made = pd.DataFrame(full, columns=columns)
    made = made.astype(dict.fromkeys(text, "str") | dict.fromkeys(number, "float64"))
    return made.assign(p_adjusted=permute.adjusted(made.loc[:, "p"], adjust))


def _column(model: Fitted, by: str, cluster: str) -> tuple[pd.Series, np.ndarray]:
    need(model.items, [by, cluster])
    column = pd.Series(model.items[by])
    if not column.notna().to_numpy().any():
        raise ParameterError(f"column '{by}' has no value in any of the {len(column)} items.")
    if lost := int(model.items[cluster].isna().to_numpy().sum()):
        raise ParameterError(f"column '{cluster}' has no value in {lost} items: which belong together is not known.")
    return column.reset_index(drop=True), model.items[cluster].to_numpy()


def _numeric(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def _order(column: pd.Series) -> list:
    """Values of a column, sorted; levels of government from the highest."""
    found = column.dropna().unique().tolist()
    return sorted(found, key=lambda one: (LEVELS.index(one) if one in LEVELS else len(LEVELS), one))


def _variance(model: Fitted) -> np.ndarray:
    """Posterior variance of each share, N×K."""
    total = posterior(model).sum(axis=1, keepdims=True)
    return model.shares * (1 - model.shares) / (total + 1)


def _clusters(names: np.ndarray) -> np.ndarray:
    return pd.factorize(names, sort=True)[0]
