"""Survival curves from tables of deaths and censorings.

Takes a life table, gives the Kaplan-Meier curve, its quantiles and its restricted mean with intervals. Must know
nothing about where the table came from.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from mcoom.analysis.result import CurvePoints, Interval, not_estimable

_TOLERANCE = 1e-9
"""A product of fractions that should be 0.5 is 0.5 within this."""


@dataclass(frozen=True)
class LifeTable:
    """Deaths and censorings by increasing time; in a row, deaths come before censorings."""

    low_ns: NDArray[np.float64]
    """float64[n], the earliest that a time of the row may be."""
    mid_ns: NDArray[np.float64]
    """float64[n], where the row is put."""
    high_ns: NDArray[np.float64]
    """float64[n], the latest."""
    deaths: NDArray[np.int64]
    """int64[n], events seen."""
    censored: NDArray[np.int64]
    """int64[n], censorings."""

    @classmethod
    def of_times(
        cls, times_ns: NDArray[np.float64], deaths: NDArray[np.int64], censored: NDArray[np.int64]
    ) -> "LifeTable":
        """Return the table of exact times (increasing), without bins."""
        return cls(times_ns, times_ns, times_ns, deaths, censored)

    @property
    def n(self) -> int:
        """Number of replicates in the table."""
        return int(self.deaths.sum() + self.censored.sum())


@dataclass(frozen=True)
class Curve:
    """A Kaplan-Meier curve; arrays have one entry per row of the table in which somebody died."""

    low_ns: NDArray[np.float64]
    """float64[m], as in the table."""
    mid_ns: NDArray[np.float64]
    """float64[m]."""
    high_ns: NDArray[np.float64]
    """float64[m]."""
    n_at_risk: NDArray[np.int64]
    """int64[m], just before."""
    deaths: NDArray[np.int64]
    """int64[m]."""
    survival: NDArray[np.float64]
    """float64[m], just after."""
    std_error: NDArray[np.float64]
    """float64[m], Greenwood."""
    band_low: NDArray[np.float64]
    """float64[m], pointwise lower limit, log-log."""
    band_high: NDArray[np.float64]
    """float64[m], pointwise upper limit, log-log."""
    last_ns: float
    """Time of the last row of the table, ns: the curve says nothing beyond."""
    n: int
    """Replicates in the table."""

    def points(self) -> CurvePoints:
        """Return the curve as a record."""
        return CurvePoints(
            tuple(self.mid_ns.tolist()),
            tuple(self.survival.tolist()),
            tuple(self.band_low.tolist()),
            tuple(self.band_high.tolist()),
            tuple(self.n_at_risk.tolist()),
        )


def kaplan_meier(table: LifeTable, level: float = 0.95) -> Curve:
    """Estimate the survival curve.

    Parameters
    ----------
    table : LifeTable
    level : float
        Confidence level of the pointwise band.

    Returns
    -------
    Curve

    Notes
    -----
    Estimand: P(time > t). Assumption: censoring says nothing about the time to come (docs/estimands.md has when
    that holds). Where the estimate is 0 the log-log limits do not exist: the lower is 0, the upper is the one before
    times the exact upper limit of the share of those at risk that could have survived although none did.

    References
    ----------
    1. Kaplan and Meier (1958), Nonparametric estimation from incomplete observations, JASA 53, 457-481.
    2. Kalbfleisch and Prentice (2002), The Statistical Analysis of Failure Time Data, 2nd ed., section 1.4 (log-log).
    """
    leaving = table.deaths + table.censored
    n = int(leaving.sum())
    at_risk = n - np.concatenate(([0], np.cumsum(leaving)[:-1])) if leaving.size else leaving
    rows = np.flatnonzero(table.deaths)
    risk, deaths = at_risk[rows], table.deaths[rows]
    survival = np.cumprod(1.0 - deaths / risk.astype(np.float64), dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.cumsum(deaths / (risk * (risk - deaths).astype(np.float64)))
        std_error = np.where(survival > 0, survival * np.sqrt(greenwood), 0.0)
        half = float(ndtri(0.5 + level / 2)) * np.sqrt(greenwood) / np.abs(np.log(survival))
        band_low = np.where(survival > 0, survival ** np.exp(half), 0.0)
        band_high = survival ** np.exp(-half)
    if survival.size and survival[-1] == 0:
        before = band_high[-2] if survival.size > 1 else 1.0
        band_high[-1] = before * (1 - ((1 - level) / 2) ** (1 / risk[-1]))
    last_rows = np.flatnonzero(leaving)
    last = float(table.mid_ns[last_rows[-1]]) if last_rows.size else 0.0
    return Curve(
        table.low_ns[rows], table.mid_ns[rows], table.high_ns[rows], risk, deaths,
        survival, std_error, band_low, band_high, last, n,
    )  # fmt: skip


def _first_at_most(values: NDArray[np.float64], limit: float) -> int | None:
    rows = np.flatnonzero(values <= limit + _TOLERANCE)
    return int(rows[0]) if rows.size else None


def quantile(curve: Curve, prob: float) -> Interval:
    """Estimate a quantile of the time, by inverting the curve and its band.

    Parameters
    ----------
    curve : Curve
    prob : float
        Probability, 0 < prob < 1 (0.5 for the median).

    Returns
    -------
    Interval
        In ns. The limits are those of the band, widened to the edges of their bins; None where the band does not
        come down so far.

    References
    ----------
    1. Brookmeyer and Crowley (1982), A confidence interval for the median survival time, Biometrics 38, 29-41.
    """
    method = "Kaplan-Meier, log-log band inverted"
    if curve.n == 0:
        return not_estimable(method, "no replicates")
    first = _first_at_most(curve.survival, 1 - prob)
    first_low = _first_at_most(curve.band_low, 1 - prob)
    first_high = _first_at_most(curve.band_high, 1 - prob)
    value = None if first is None else float(curve.mid_ns[first])
    low = None if first_low is None else float(curve.low_ns[first_low])
    high = None if first_high is None else float(curve.high_ns[first_high])
    reason = None
    if value is None:
        reason = f"survival stays above {1 - prob:g} up to the horizon"
    elif not np.isfinite(curve.high_ns[first if first is not None else 0]):
        value, high, reason = None, None, "beyond the last edge of the bins"
    elif high is None:
        reason = f"the upper band stays above {1 - prob:g} up to the horizon"
    return Interval(value, low, high, method, reason)


def restricted_mean(curve: Curve, tau_ns: float, level: float = 0.95) -> Interval:
    """Estimate the mean of min(time, tau): the area under the curve up to tau.

    Parameters
    ----------
    curve : Curve
    tau_ns : float
        Restriction, ns.
    level : float
        Confidence level.

    Returns
    -------
    Interval
        In ns; the value is None if the last replicate at risk was censored before tau, the limits then cover what
        may come after.

    References
    ----------
    1. Uno et al. (2014), Moving beyond the hazard ratio, J Clin Oncol 32, 2380-2385 (the variance of survRM2).
    """
    method = "area under Kaplan-Meier, Greenwood"
    if curve.n == 0:
        return not_estimable(method, "no replicates")
    area, variance, tail = restricted_area(curve, tau_ns)
    half = float(ndtri(0.5 + level / 2)) * variance**0.5
    low, high = max(0.0, area - half), min(float(tau_ns), area + tail + half)
    if tail > 0:
        return Interval(None, low, high, method, "the last replicate at risk was censored before the horizon")
    return Interval(area, low, high, method)


def restricted_area(curve: Curve, tau_ns: float) -> tuple[float, float, float]:
    """Return the area under a curve to tau, its variance, and the area that censoring leaves unknown.

    Returns
    -------
    area, variance, tail : float
        In ns, ns2 and ns. The tail is 0 if somebody was at risk up to tau, or nobody survived.
    """
    steps = curve.mid_ns < tau_ns
    times = np.concatenate(([0.0], curve.mid_ns[steps]))
    survival = np.concatenate(([1.0], curve.survival[steps]))
    end = float(tau_ns)
    tail = 0.0
    if survival[-1] > 0 and curve.last_ns < tau_ns:
        end = max(curve.last_ns, float(times[-1]))
        tail = float(survival[-1]) * (tau_ns - end)
    areas = survival * np.diff(np.concatenate((times, [end])))
    # Area to the right of each step: what a death there takes away.
    after = np.cumsum(areas[::-1])[::-1][1:]
    risk, deaths = curve.n_at_risk[steps].astype(np.float64), curve.deaths[steps]
    survivors = risk - deaths
    weights = np.divide(deaths, risk * survivors, out=np.zeros_like(risk), where=survivors > 0)
    return float(areas.sum()), float(np.sum(after**2 * weights)), tail
