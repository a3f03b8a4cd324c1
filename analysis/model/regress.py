"""In: a frame with one row per report. Out: regressions of counts, rates, disclosure and panels, with their checks."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Literal

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy.stats import t as t_distribution
from statsmodels.discrete.discrete_model import NegativeBinomial
from statsmodels.tools.sm_exceptions import ConvergenceWarning, HessianInversionWarning

from analysis import values
from analysis.errors import ModelError, ParameterError
from analysis.model import assumptions
from analysis.model.design import Design, design, separated

LIMIT = 1e-8  # relative change at which a fit has converged


@dataclass(frozen=True, eq=False)
class Model:
    """A fitted regression with what its numbers rest on.

    Attributes
    ----------
    summary : DataFrame
        One row per term: term, estimate (on the scale of the link), se (clustered by place), ci_low, ci_high, p (t
        distribution with as many degrees of freedom as places less one), ratio, ratio_low, ratio_high (e to the
        estimate: ratio of counts or odds; missing for the intercept and for a model of the mean itself), n (reports),
        n_clusters (places), model.
    checks : DataFrame
        One row per assumption: check, value, limit, ok, reading.
    dropped : DataFrame
        Reports left out, with `reason`.
    settings : dict
        outcome, predictors, exposure or denominator, cluster, references of texts, dispersion, log_likelihood.
    """

    summary: pd.DataFrame
    checks: pd.DataFrame
    dropped: pd.DataFrame
    settings: dict[str, Any]

    def _repr_html_(self) -> str:
        tables = (self.summary.dropna(axis=1, how="all"), self.checks)
        return f"<pre>{escape(str(self))}</pre>" + "".join(
            one.to_html(index=False, na_rep="", float_format=values.plain) for one in tables
        )

    def __str__(self) -> str:
        first = self.summary.iloc[0]
        numbers = [name for name in self.settings["predictors"] if name not in self.settings["references"]]
        failed = self.checks.loc[~self.checks["ok"], "reading"]
        left = self.dropped["reason"].value_counts()
        lines = [
            f"{self.settings['outcome']}: {first['model']}, {first['n']} reports of {first['n_clusters']} places.",
            *(f"{name} is compared with {level}." for name, level in self.settings["references"].items()),
            *([f"Numbers enter as they are: the intercept is where {_zero(numbers)}."] if numbers else []),
            *(f"Left out, {reason}: {count}." for reason, count in left.items()),
            *(f"Doubt: {reading}" for reading in failed),
        ]
        return "\n".join(lines)


def counts(
    frame: pd.DataFrame,
    outcome: str,
    predictors: Sequence[str],
    *,
    exposure: str = "",
    cluster: str = "place",
) -> Model:
    """Explain a count by a negative binomial regression (NB2), its logarithm linear in the predictors.

    Parameters
    ----------
    frame : DataFrame
        One row per report.
    outcome : str
        A count.
    predictors : sequence of str
        Columns; texts are compared with their most frequent level. Numbers are not centred: the intercept is where they
        are 0.
    exposure : str
        Column whose logarithm is an offset: villages, population. The model is then of the count per unit of it.
    cluster : str
        Column of places; errors are clustered by it.

    Returns
    -------
    Model
        model is "negative binomial", or "Poisson" where the counts spread no wider than Poisson's and the dispersion
        has no estimate above 0. Point estimates, dispersion and likelihood are those of R's MASS::glm.nb, errors those
        of sandwich::vcovCL with type HC1.

    Raises
    ------
    ModelError
        The data cannot carry the model, see `design.design`; a term separates zeros; the fit does not converge.
    """
    made = design(frame, outcome, predictors, cluster=cluster, extra=exposure, whole=True)
    _unseparated(made, outcome, made.y == 0, np.zeros(len(made.y), bool))
    offset = np.log(made.extra)
    poisson = _glm(made, sm.families.Poisson(), outcome, offset=offset)
    alpha, gain = _dispersion(made, offset, poisson)
    name, fit = "Poisson", poisson
    if alpha:
        name = "negative binomial"
        fit = _glm(made, sm.families.NegativeBinomial(alpha=alpha), outcome, offset=offset)
    checks = [
        *assumptions.overdispersion(poisson, gain, alpha),
        assumptions.events(made, int((made.y > 0).sum()), "reports with a count above 0"),
        *assumptions.common(made, fit),
    ]
    settings = {"exposure": exposure or None, "dispersion": alpha}
    return _model(made, fit, name, outcome, predictors, cluster, checks, settings, ratios=True)


def rates(
    frame: pd.DataFrame,
    numerator: str,
    denominator: str,
    predictors: Sequence[str],
    *,
    cluster: str = "place",
) -> Model:
    """Explain a rate by a binomial regression of its two counts, the log odds linear in the predictors.

    A report counts by its denominator. Cases of one report resemble each other more than a binomial allows, which the
    errors clustered by place allow for; `checks` says how much. Parameters as in `counts`.

    Raises
    ------
    ModelError
        As in `counts`; or a numerator is above its denominator.
    """
    made = design(frame, numerator, predictors, cluster=cluster, extra=denominator, whole=True)
    above = made.y > made.extra
    if above.any():
        first = made.rows.loc[above].iloc[0]
        raise ModelError(
            f"{numerator} is above {denominator} in {int(above.sum())} reports (first: {first.get('report_id', '?')}, "
            f"{first[numerator]:g} of {first[denominator]:g}): look at them, correct or leave them out."
        )
    _unseparated(made, numerator, made.y == 0, made.y == made.extra)
    fit = _glm(made, sm.families.Binomial(), numerator, endog=np.column_stack([made.y, made.extra - made.y]))
    scarce = int(min(made.y.sum(), (made.extra - made.y).sum()))
    checks = [
        assumptions.binomial_spread(fit),
        assumptions.events(made, scarce, "cases of the rarer outcome"),
        *assumptions.common(made, fit),
    ]
    return _model(
        made, fit, "binomial", numerator, predictors, cluster, checks, {"denominator": denominator}, ratios=True
    )


def disclosure(frame: pd.DataFrame, outcome: str, predictors: Sequence[str], *, cluster: str = "place") -> Model:
    """Explain whether a report states something by a logistic regression. `outcome` is yes/no; the rest as in `counts`.

    Raises
    ------
    ModelError
        As in `counts`; a term that separates those who state it from those who do not is named.
    """
    made = design(frame, outcome, predictors, cluster=cluster, whole=True)
    if made.y.max() > 1:
        raise ModelError(f"{outcome} is no yes/no column: it holds {made.y.max():g}. Counts are for stats.counts.")
    _unseparated(made, outcome, made.y == 0, made.y == 1)
    fit = _glm(made, sm.families.Binomial(), outcome)
    scarce = int(min(made.y.sum(), (1 - made.y).sum()))
    checks = [assumptions.events(made, scarce, "reports of the rarer outcome"), *assumptions.common(made, fit)]
    return _model(made, fit, "logistic", outcome, predictors, cluster, checks, {}, ratios=True)


_FAMILIES = {"gaussian": sm.families.Gaussian, "poisson": sm.families.Poisson, "binomial": sm.families.Binomial}


def panel(
    frame: pd.DataFrame,
    outcome: str,
    predictors: Sequence[str],
    *,
    method: Literal["gee", "mixed"] = "gee",
    family: Literal["gaussian", "poisson", "binomial"] = "gaussian",
    exposure: str = "",
    cluster: str = "place",
) -> Model:
    """Explain an outcome of places seen in several years.

    Parameters
    ----------
    method : str
        gee: population averages, any two reports of a place alike to the same degree (exchangeable; Liang & Zeger
        1986), errors robust and corrected for few places (Mancl & DeRouen 2001). mixed: a linear model with a random
        intercept for each place, by REML; only for the gaussian family; its errors are the model's own.
    family : str
        Of the outcome, for gee: gaussian (identity), poisson (log; `exposure` as offset), binomial (yes/no, logit).
    frame, outcome, predictors, exposure, cluster
        As in `counts`.

    Raises
    ------
    ParameterError
        Method and family do not go together.
    ModelError
        As in `counts`; or no place has more than one report.
    """
    if method not in ("gee", "mixed") or family not in _FAMILIES or (method == "mixed" and family != "gaussian"):
        raise ParameterError(
            f"method = {method!r}, family = {family!r}: expected gee with {', '.join(_FAMILIES)}; mixed with gaussian."
        )
    if exposure and family != "poisson":
        raise ParameterError(f"exposure = {exposure!r}: only counts, family 'poisson', have an exposure.")
    made = design(frame, outcome, predictors, cluster=cluster, extra=exposure, whole=family != "gaussian")
    if family == "binomial" and made.y.max() > 1:
        raise ModelError(f"{outcome} is no yes/no column: it holds {made.y.max():g}.")
    if family != "gaussian":
        _unseparated(made, outcome, made.y == 0, (made.y == 1) & (family == "binomial"))
    sizes = np.bincount(made.clusters)
    if sizes.max() < 2:
        raise ModelError(
            f"{outcome}: none of the {made.n_clusters} places has two reports: this is no panel. "
            "Use counts, rates or disclosure."
        )
    ordinary = _glm(made, _FAMILIES[family](), outcome, offset=np.log(made.extra) if exposure else None)
    checks = [assumptions.repeated(sizes), *assumptions.common(made, ordinary)]
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        try:
            if method == "mixed":
                fit = sm.MixedLM(made.y, made.X, groups=made.clusters).fit(reml=True, method=["lbfgs", "powell"])
                between, within = float(np.asarray(fit.cov_re)[0, 0]), float(fit.scale)
                alike, label = between / (between + within), "linear mixed, random intercept by place"
                se, estimates, converged = np.asarray(fit.bse_fe), np.asarray(fit.fe_params), bool(fit.converged)
            else:
                structure = sm.cov_struct.Exchangeable()
                gee = sm.GEE(
                    made.y, made.X, groups=made.clusters, family=_FAMILIES[family](), cov_struct=structure,
                    offset=np.log(made.extra) if exposure else None,
                )  # fmt: skip
                fit: Any = gee.fit(cov_type="bias_reduced", ctol=LIMIT, maxiter=200)
                alike, label = float(structure.dep_params), f"GEE {family}, exchangeable"
                se, estimates, converged = np.asarray(fit.bse), np.asarray(fit.params), bool(fit.converged)
        except (ConvergenceWarning, np.linalg.LinAlgError, ValueError) as error:
            raise ModelError(_stuck(outcome, str(error))) from error
    if not converged:
        raise ModelError(_stuck(outcome, "the iterations ended"))
    checks.insert(0, assumptions.alike(alike, method))
    settings = {"method": method, "family": family, "exposure": exposure or None, "intraclass": alike}
    return _tidy(
        made, estimates, se, label, outcome, predictors, cluster, checks, settings, ratios=family != "gaussian"
    )


def _unseparated(made: Design, outcome: str, low: np.ndarray, high: np.ndarray) -> None:
    terms = separated(made, low, high)
    if terms:
        raise ModelError(
            f"{outcome}: {', '.join(terms)} tell{'s' if len(terms) == 1 else ''} some reports apart without exception "
            "(separation): the estimate would be infinite. Join groups, leave the predictor out, or compare with "
            "stats.compare, whose exact test needs no estimate."
        )


def _glm(made: Design, family: Any, outcome: str, *, endog: np.ndarray | None = None, offset: Any = None) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what they would say is asked of the result below
        try:
            fit = sm.GLM(made.y if endog is None else endog, made.X, family=family, offset=offset).fit(
                tol=LIMIT, maxiter=200
            )
        except (np.linalg.LinAlgError, ValueError) as error:
            raise ModelError(_stuck(outcome, str(error))) from error
    if not fit.converged or not np.isfinite(fit.params).all() or not np.isfinite(fit.bse).all():
        raise ModelError(_stuck(outcome, "the iterations ended without an estimate"))
    return fit


def _dispersion(made: Design, offset: np.ndarray, poisson: Any) -> tuple[float, float]:
    """NB2's dispersion by maximum likelihood and twice the log likelihood it gains over Poisson's; 0, 0 without any."""
    pearson = float(poisson.pearson_chi2 / poisson.df_resid)
    if pearson <= 1:
        return 0.0, 0.0
    basis, upper = np.linalg.qr(made.X)  # the dispersion is the same in any basis; this one is well conditioned
    model = NegativeBinomial(made.y, basis, loglike_method="nb2", offset=offset)
    start = np.append(upper @ np.asarray(poisson.params), 0.5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", (ConvergenceWarning, HessianInversionWarning, RuntimeWarning))
        fit = model.fit(start_params=start, method="bfgs", maxiter=500, disp=False)
        fit = model.fit(start_params=fit.params, method="newton", maxiter=200, disp=False, tol=LIMIT)
    alpha = float(fit.params[-1])
    if alpha < 1e-6:
        return 0.0, 0.0
    if not fit.mle_retvals["converged"] or not np.isfinite(fit.llf):
        raise ModelError(_stuck("the dispersion", "the likelihood has no maximum that was found"))
    return alpha, max(0.0, 2 * float(fit.llf - poisson.llf))


def _zero(names: Sequence[str]) -> str:
    return f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} 0"


def _stuck(outcome: str, why: str) -> str:
    return (
        f"{outcome}: no estimate ({why}). Fewer predictors, or predictors on a common scale (thousands of people, "
        "logarithms), often help."
    )


def _model(
    made: Design, fit: Any, name: str, outcome: str, predictors: Sequence[str], cluster: str,
    checks: list[dict[str, Any]], settings: dict[str, Any], *, ratios: bool,
) -> Model:  # fmt: skip
    about = settings | {"log_likelihood": float(fit.llf)}
    estimates, se = np.asarray(fit.params), assumptions.robust(made, fit)
    return _tidy(made, estimates, se, name, outcome, predictors, cluster, checks, about, ratios=ratios)


def _tidy(
    made: Design, estimates: np.ndarray, se: np.ndarray, name: str, outcome: str, predictors: Sequence[str],
    cluster: str, checks: list[dict[str, Any]], settings: dict[str, Any], *, ratios: bool,
) -> Model:  # fmt: skip
    if not (np.isfinite(estimates).all() and np.isfinite(se).all() and (se > 0).all()):
        raise ModelError(_stuck(outcome, "an estimate or its error is not finite"))
    df = made.n_clusters - 1
    half = t_distribution.isf(0.025, df) * se
    summary = pd.DataFrame(
        {"term": pd.Series(made.terms, dtype="str"), "estimate": estimates, "se": se, "ci_low": estimates - half,
         "ci_high": estimates + half, "p": 2 * t_distribution.sf(np.abs(estimates / se), df)}
    )  # fmt: skip
    for column, of in (("ratio", "estimate"), ("ratio_low", "ci_low"), ("ratio_high", "ci_high")):
        summary[column] = np.exp(summary[of].mask(summary["term"] == "intercept")) if ratios else np.nan
    summary = summary.assign(n=len(made.y), n_clusters=made.n_clusters, model=name)
    about = {"outcome": outcome, "predictors": list(predictors), "cluster": cluster, "references": made.references}
    return Model(summary, pd.DataFrame(checks), made.dropped, about | settings)
