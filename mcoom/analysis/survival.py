"""Survival curves from tables of deaths and censorings.

Takes a life table, gives the Kaplan-Meier curve, its quantiles and its restricted mean with intervals. Must know
nothing about where the table came from.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from mcoom.analysis.result import CurvePoints, Interval, not_estimable
from mcoom.analysis.share import share_limits

FEW_EVENTS = 5
"""With fewer events before tau the variance of a restricted mean is no guide."""
_TOLERANCE = 1e-9
"""A product of fractions that should be 0.5 is 0.5 within this."""

Transform = Literal["log-log", "log", "plain"]
"""Scale on which the pointwise limits are symmetric (``conf.type`` of R's survfit, whose default is ``log``)."""


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

    @property
    def at_risk(self) -> NDArray[np.int64]:
        """int64[n], replicates at risk just before each row."""
        leaving = self.deaths + self.censored
        at_risk: NDArray[np.int64] = leaving.sum() - np.cumsum(leaving) + leaving
        return at_risk


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
    """float64[m], pointwise lower limit."""
    band_high: NDArray[np.float64]
    """float64[m], pointwise upper limit."""
    last_ns: float
    """Time of the last row of the table, ns: the curve says nothing beyond."""
    n: int
    """Replicates in the table."""
    row_ns: NDArray[np.float64]
    """float64[k], all rows of the table, those in which nobody died too."""
    row_risk: NDArray[np.int64]
    """int64[k], replicates at risk just before each of them."""
    transform: Transform = "log-log"
    """Scale of the band."""
    first_low: float = 1.0
    """Exact lower limit of the survival until just before the first step, where the band has none yet."""

    def at(self, time_ns: float) -> int | None:
        """Return the index of the last step at or before a time; None before the first."""
        index = int(np.searchsorted(self.mid_ns, time_ns, side="right")) - 1
        return index if index >= 0 else None

    def n_left(self, time_ns: float) -> int:
        """Return how many are still at risk just before a time."""
        row = int(np.searchsorted(self.row_ns, time_ns, side="left"))
        return int(self.row_risk[row]) if row < self.row_risk.size else 0

    def points(self) -> CurvePoints:
        """Return the curve as a record."""
        return CurvePoints(
            tuple(self.mid_ns.tolist()),
            tuple(self.survival.tolist()),
            tuple(self.band_low.tolist()),
            tuple(self.band_high.tolist()),
            tuple(self.n_at_risk.tolist()),
        )


def kaplan_meier(table: LifeTable, level: float = 0.95, transform: Transform = "log-log") -> Curve:
    """Estimate the survival curve.

    Parameters
    ----------
    table : LifeTable
    level : float
        Confidence level of the pointwise band.
    transform : {"log-log", "log", "plain"}
        Scale of the band. ``log-log`` stays within 0..1 and covers best (docs/statistics.md has the measurement).

    Returns
    -------
    Curve

    Raises
    ------
    ValueError
        The level is not within 0..1, or the transform is not one of the three.

    Notes
    -----
    Estimand: P(time > t). Assumption: censoring says nothing about the time to come (docs/estimands.md has when
    that holds). Where the estimate is 0 the limits do not exist: the lower is 0, the upper is the one before times the
    exact upper limit of the share of those at risk that could have survived although none did.

    References
    ----------
    1. Kaplan and Meier (1958), Nonparametric estimation from incomplete observations, JASA 53, 457-481.
    2. Kalbfleisch and Prentice (2002), The Statistical Analysis of Failure Time Data, 2nd ed., section 1.4 (log-log).
    """
    if not 0 < level < 1:
        raise ValueError(f"level = {level!r}: must be between 0 and 1")
    if transform not in get_args(Transform):
        raise ValueError(f"transform = {transform!r}: must be one of {', '.join(get_args(Transform))}")
    rows = np.flatnonzero(table.deaths)
    risk, deaths = table.at_risk[rows], table.deaths[rows]
    survival = np.cumprod(1.0 - deaths / risk.astype(np.float64), dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.cumsum(deaths / (risk * (risk - deaths).astype(np.float64)))
        std_error = np.where(survival > 0, survival * np.sqrt(greenwood), 0.0)
        band_low, band_high = _band(survival, np.sqrt(greenwood), float(ndtri(0.5 + level / 2)), transform)
    if survival.size and survival[-1] == 0:
        before = band_high[-2] if survival.size > 1 else 1.0
        band_low[-1], band_high[-1] = 0.0, before * (1 - ((1 - level) / 2) ** (1 / risk[-1]))
    last_rows = np.flatnonzero(table.deaths + table.censored)
    last = float(table.mid_ns[last_rows[-1]]) if last_rows.size else 0.0
    return Curve(
        table.low_ns[rows], table.mid_ns[rows], table.high_ns[rows], risk, deaths,
        survival, std_error, band_low, band_high, last, table.n, table.mid_ns, table.at_risk, transform,
        ((1 - level) / 2) ** (1 / int(risk[0])) if risk.size else 1.0,
    )  # fmt: skip


def _band(
    survival: NDArray[np.float64], error: NDArray[np.float64], z: float, transform: Transform
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Pointwise limits from the standard error of log S; rows with S = 0 are for the caller to fill in."""
    if transform == "log-log":
        half = z * error / np.abs(np.log(survival))
        return survival ** np.exp(half), survival ** np.exp(-half)
    if transform == "log":
        return survival * np.exp(-z * error), np.minimum(1.0, survival * np.exp(z * error))
    half = z * survival * error
    return np.maximum(0.0, survival - half), np.minimum(1.0, survival + half)


def crossing_time(times: NDArray[np.float64], values: NDArray[np.float64], limit: float, last: float) -> float | None:
    """Return where a falling step function meets a level.

    Parameters
    ----------
    times, values : float64[m]
        Increasing times, and the value from each of them on.
    limit : float
        The level.
    last : float
        How far the function is known.

    Returns
    -------
    float or None
        The first time with a value below the level; if a step lies on the level, the middle of that step (its end is
        ``last`` if it is the last one), as R's ``quantile.survfit`` and the median of a sample of even size have it.
        None if the function stays above.
    """
    below = np.flatnonzero(values <= limit + _TOLERANCE)
    if not below.size:
        return None
    first = int(below[0])
    if values[first] < limit - _TOLERANCE:
        return float(times[first])
    under = np.flatnonzero(values < limit - _TOLERANCE)
    end = float(times[under[0]]) if under.size else max(last, float(times[first]))
    return (float(times[first]) + end) / 2


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
        come down so far. Of an early quantile, and few replicates, none may have come so early although some would:
        the lower limit is then 0 (log-log; the other bands are as other programs have them).

    Raises
    ------
    ValueError
        The probability is not within 0..1.

    References
    ----------
    1. Brookmeyer and Crowley (1982), A confidence interval for the median survival time, Biometrics 38, 29-41.
    """
    if not 0 < prob < 1:
        raise ValueError(f"prob = {prob!r}: must be between 0 and 1")
    method = f"Kaplan-Meier, {curve.transform} band inverted"
    if curve.n == 0:
        return not_estimable(method, "no replicates")
    target, last = 1 - prob, curve.last_ns
    value = crossing_time(curve.mid_ns, curve.survival, target, last)
    low = crossing_time(curve.low_ns, curve.band_low, target, last)
    high = crossing_time(curve.high_ns, curve.band_high, target, last)
    if low is not None and curve.transform == "log-log" and target >= curve.first_low:
        low = 0.0
    reason = None
    if value is None:
        reason = f"survival stays above {target:g} up to the horizon"
    elif not np.isfinite(crossing_time(curve.high_ns, curve.survival, target, last) or 0.0):
        value, high, reason = None, None, "beyond the last edge of the bins"
    elif high is None or not np.isfinite(high):
        high, reason = None, f"the upper band stays above {target:g} up to the horizon"
    return Interval(value, low, high, method, reason)


def restricted_mean(
    curve: Curve, tau_ns: float, level: float = 0.95, scale: Literal["share", "plain"] = "share"
) -> Interval:
    """Estimate the mean of min(time, tau): the area under the curve up to tau.

    Parameters
    ----------
    curve : Curve
    tau_ns : float
        Restriction, ns.
    level : float
        Confidence level.
    scale : {"share", "plain"}
        ``share``: the time lost is a share of tau, and its limits those of a share of as many trials as its variance
        amounts to; with fewer than five events before tau it may besides be as much as their share allows.
        ``plain``: symmetric and normal, as survRM2 has it, which misses where events are few (docs/statistics.md).

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
    if scale == "plain":
        half = float(ndtri(0.5 + level / 2)) * variance**0.5
        low, high = max(0.0, area - half), min(float(tau_ns), area + tail + half)
    else:
        method += ", share of tau"
        low, high = _area_limits(curve, float(tau_ns), area, variance, level)
        high = min(float(tau_ns), high + tail)
    if tail > 0:
        return Interval(None, low, high, method, "the last replicate at risk was censored before the horizon")
    return Interval(area, low, high, method)


def _area_limits(curve: Curve, tau: float, area: float, variance: float, level: float) -> tuple[float, float]:
    """Limits of an area under a curve, from the share of tau that is lost."""
    lost = min(1.0, max(0.0, 1 - area / tau))
    low, high = 0.0, lost
    if variance > 0 and 0 < lost < 1:
        low, high = share_limits(lost, lost * (1 - lost) * tau * tau / variance, level)
    steps = curve.mid_ns < tau
    n_events = int(curve.deaths[steps].sum())
    if n_events < FEW_EVENTS:
        # No more is lost than if all who had an event had it at once.
        n = max(1, n_events + curve.n_left(tau))
        high = max(high, share_limits(n_events / n, n, level)[1])
    return tau * (1 - high), tau * (1 - low)


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
