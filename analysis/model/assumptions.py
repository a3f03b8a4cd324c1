"""In: a design and its fit. Out: one row per assumption of a regression: what was found, and what it means."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.stats import chi2

from analysis.model.design import Design

CLUSTERS, PER_TERM, VIF, COOK, SPREAD = 40, 10, 10, 1.0, 1.5


def _row(check: str, value: float, limit: float, ok: bool, reading: str) -> dict[str, Any]:
    return {"check": check, "value": float(value), "limit": float(limit), "ok": bool(ok), "reading": reading}


def overdispersion(poisson: Any, gain: float, alpha: float) -> list[dict[str, Any]]:
    """Whether counts spread wider than Poisson's: Pearson's dispersion, and a likelihood ratio test against NB2.

    The dispersion lies on the edge of its range under Poisson, so half of the test's weight is at 0 (Self & Liang
    1987).
    """
    spread = float(poisson.pearson_chi2 / poisson.df_resid)
    p = 0.5 * float(chi2.sf(gain, 1)) if gain else 1.0
    wide = alpha > 0
    return [
        _row("dispersion (Pearson)", spread, SPREAD, spread <= SPREAD or wide,
             f"Poisson's variance is 1; these counts have {spread:.3g}. "
             + (f"Negative binomial with dispersion {alpha:.3g}." if wide else "No wider: Poisson.")),
        _row("Poisson against negative binomial (p)", p, 0.05, p >= 0.05 or wide,
             f"Likelihood ratio {gain:.4g}: " + ("negative binomial is needed." if p < 0.05 else "Poisson would do.")),
    ]  # fmt: skip


def binomial_spread(fit: Any) -> dict[str, Any]:
    """Pearson's dispersion of a binomial regression."""
    spread = float(fit.pearson_chi2 / fit.df_resid)
    much = spread > SPREAD
    return _row("dispersion (Pearson)", spread, SPREAD, not much,
                f"Cases vary {spread:.3g} times as much as independent ones: "
                + ("errors rest on the clustering by place alone." if much else "as expected."))  # fmt: skip


def events(made: Design, n: int, what: str) -> dict[str, Any]:
    """Events per coefficient (Peduzzi et al. 1996): below ten, estimates are biased away from 0."""
    per = n / (len(made.terms) - 1)
    return _row("events per coefficient", per, PER_TERM, per >= PER_TERM,
                f"{n} {what} for {len(made.terms) - 1} coefficients besides the intercept.")  # fmt: skip


def repeated(sizes: np.ndarray) -> dict[str, Any]:
    """How many places have several reports."""
    n = int((sizes > 1).sum())
    return _row(
        "places with several reports", n, 2, n >= 2, f"{n} of {len(sizes)} places; up to {sizes.max()} reports."
    )


def alike(found: float, method: str) -> dict[str, Any]:
    """The correlation of two reports of one place."""
    inner = 0 < found < 1
    reading = f"Two reports of a place correlate by {found:.3g}."
    if not inner and method == "mixed":
        reading = "The variance between places is 0, at its edge: the model is one of independent reports."
    return _row("correlation within places", found, 0, inner, reading)


def common(made: Design, fit: Any) -> list[dict[str, Any]]:
    """Number of clusters, collinearity (VIF) and influence (Cook's distance), for every model."""
    n = made.n_clusters
    rows = [
        _row("places", n, CLUSTERS, n >= CLUSTERS, f"{n} places: errors clustered by place are "
             + ("reliable." if n >= CLUSTERS else f"too small below about {CLUSTERS} (Cameron & Miller 2015)."))
    ]  # fmt: skip
    inflation = vif(made.X)
    if len(inflation) > 1:
        worst = int(inflation.argmax())
        rows.append(
            _row("variance inflation (largest)", inflation[worst], VIF, inflation[worst] < VIF,
                 f"{made.terms[worst + 1]}: its variance is {inflation[worst]:.3g} times that of a predictor alone.")
        )  # fmt: skip
    distance = cook(made, fit)
    worst = int(distance.argmax())
    who = made.rows["report_id"].iloc[worst] if "report_id" in made.rows else f"row {worst}"
    rows.append(
        _row("Cook's distance (largest)", distance[worst], COOK, distance[worst] < COOK,
             f"{who} moves the estimates most" + ("." if distance[worst] < COOK else ": fit again without it."))
    )  # fmt: skip
    return rows


def vif(x: np.ndarray) -> np.ndarray:
    """Return the variance inflation factor of each column but the first, which is the intercept."""
    rest = x[:, 1:]
    spread = rest - rest.mean(axis=0)
    correlation = spread / np.sqrt((spread**2).sum(axis=0))
    return np.diag(np.linalg.inv(correlation.T @ correlation))


def cook(made: Design, fit: Any) -> np.ndarray:
    """Return Cook's distance of each report, with the model's own weights and dispersion (McCullagh & Nelder 1989)."""
    slope, variance, residual = working(made, fit)
    root = (slope / np.sqrt(variance))[:, None] * made.X
    hat = np.einsum("nk,kj,nj->n", root, np.linalg.inv(root.T @ root), root)
    squared = residual**2 / variance / float(fit.scale)
    return squared * hat / (len(made.terms) * (1 - np.clip(hat, 0, 1 - 1e-12)) ** 2)


def robust(made: Design, fit: Any) -> np.ndarray:
    """Return standard errors clustered by place (Liang & Zeger 1986), with the correction C/(C-1) · (N-1)/(N-K).

    From the expected information, as `vcovCL(type = "HC1")` of R's sandwich; statsmodels takes the observed one, which
    for the negative binomial is another matrix.
    """
    slope, variance, residual = working(made, fit)
    (n, k), c = made.X.shape, made.n_clusters
    bread = np.linalg.inv((made.X * (slope**2 / variance)[:, None]).T @ made.X)
    scores = made.X * (residual * slope / variance)[:, None]
    meat = np.stack([np.bincount(made.clusters, column, minlength=c) for column in scores.T])
    return np.sqrt(np.diag(bread @ meat @ meat.T @ bread) * c / (c - 1) * (n - 1) / (n - k))


def working(made: Design, fit: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return, for each report, the mean's slope in the linear predictor, its variance, and what it misses."""
    mu, family = np.asarray(fit.fittedvalues), fit.model.family
    trials = made.extra if type(family).__name__ == "Binomial" else np.ones(len(mu))
    return 1 / family.link.deriv(mu), family.variance(mu) / trials, made.y / trials - mu
