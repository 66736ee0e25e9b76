"""What each quantity of an answer is, by the functions that users call.

Takes an answer and life tables, gives each of its numbers as a range: from raw times a point, from bins what the bound
on binning leaves. Must know nothing about files or how results are shown.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mcoom.analysis.binning import (
    area_bound,
    cumulative_hazard_bound,
    envelope,
    logrank_ranges,
    quantile_bound,
    survival_bounds,
)
from mcoom.analysis.crossing import maxcombo_test
from mcoom.analysis.hazard import cumulative_hazard, nelson_aalen
from mcoom.analysis.logrank import stratified_logrank, two_sided_p
from mcoom.analysis.restricted import MeanContrast, RestrictedMean, compare_restricted_means
from mcoom.analysis.result import Interval
from mcoom.analysis.superiority import censored_superiority
from mcoom.analysis.survival import Curve, LifeTable, kaplan_meier, quantile, restricted_mean

Range = tuple[float | None, float | None]
"""Within these limits; (None, None): not estimable."""
Numbers = dict[str, Range]
"""Ranges by name: ``value``, ``se``, ``low``, ``high``, ``p``. A name that is lacking has no bound on this path."""


@dataclass(frozen=True, eq=False)
class Question:
    """The life tables that an answer is about."""

    own: LifeTable
    """The group, or everybody."""
    other: LifeTable | None
    """The group it is compared with."""
    strata: Sequence[Sequence[LifeTable]]
    """All groups, by stratum."""
    position: int
    """Place of the group among all groups."""
    options: dict[str, Any]
    """How the answer was computed."""
    is_binned: bool
    """Whether rows are bins."""

    @property
    def level(self) -> float:
        """Confidence level; 95 % unless said otherwise."""
        return float(self.options.get("level", 0.95))

    def curve(self) -> Curve:
        """Return the curve of the group, with the limits that were asked for."""
        return kaplan_meier(self.own, self.level, self.options.get("transform", "log"))

    def contrast(self) -> MeanContrast:
        """Return the contrast of the two restricted means."""
        assert self.other is not None
        return compare_restricted_means(
            self.curve(), kaplan_meier(self.other), self.options["tau"], self.level, "plain"
        )


def _point(x: float | None) -> Range:
    return x, x


def _interval(interval: Interval, p: float | None = None) -> Numbers:
    return {
        "value": _point(interval.value), "low": _point(interval.low), "high": _point(interval.high), "p": _point(p),
    }  # fmt: skip


def _around(value: float | None, bound: float | None) -> Numbers:
    if value is None:
        return {"value": (None, None)}
    return {} if bound is None else {"value": (value - bound, value + bound)}


def _count(q: Question) -> Numbers:
    return {"value": _point(float(q.own.n))}


def _events(q: Question) -> Numbers:
    return {"value": _point(float(q.own.deaths.sum()))}


def _at_risk(q: Question) -> Numbers:
    leaving = q.own.deaths + q.own.censored
    least, most = (float(leaving[t >= q.options["time"]].sum()) for t in (q.own.low_ns, q.own.high_ns))
    return {"value": (least, most)}


def _survival(q: Question) -> Numbers:
    time = q.options["time"]
    if q.is_binned:
        ends = envelope(q.own)
        low, high = survival_bounds(ends, time)
        errors = [_log_error(curve, time) for curve in (ends.high, ends.low)]
        # Where everybody may have died the variance of log S has no bound.
        se: Numbers = {"se": (low * errors[0], high * errors[1])} if math.isfinite(errors[1]) else {}
        return {"value": (low, high)} | se
    curve = q.curve()
    step = curve.at(time)
    if step is None:
        return {name: _point(x) for name, x in (("value", 1.0), ("se", 0.0), ("low", 1.0), ("high", 1.0))}
    columns = {
        "value": curve.survival, "se": curve.std_error, "low": curve.band_low, "high": curve.band_high,
    }  # fmt: skip
    found = {name: _point(float(column[step])) for name, column in columns.items()}
    # Where nobody survives programs print no limits; ours are an extension (docs/estimands.md).
    return (
        found if curve.survival[step] > 0 else found | {"se": (None, None), "low": (None, None), "high": (None, None)}
    )


def _log_error(curve: Curve, time: float) -> float:
    step = curve.at(time)
    if step is None:
        return 0.0
    return float(curve.std_error[step] / curve.survival[step]) if curve.survival[step] > 0 else math.inf


def _quantile(q: Question) -> Numbers:
    prob = float(q.options.get("prob", 0.5))
    found = quantile(q.curve(), prob)
    if not q.is_binned:
        return _interval(found)
    return _around(found.value, quantile_bound(envelope(q.own), prob, found.value))


def _rmst(q: Question) -> Numbers:
    tau = q.options["tau"]
    found = restricted_mean(q.curve(), tau, q.level, "plain")
    if q.is_binned:
        if found.value is None and q.own.high_ns[-1] >= tau:
            return {}  # the last one was censored in the bin of tau: before or at it, bins do not tell
        return _around(found.value, area_bound(envelope(q.own), tau, found.value))
    return _interval(found) | {"se": _point(math.sqrt(RestrictedMean.of_curve(q.curve(), tau).variance))}


def _rmtl(q: Question) -> Numbers:
    found, tau = _rmst(q), q.options["tau"]
    flipped = {"value": "value", "low": "high", "high": "low"}
    out = {name: _less(tau, found[other]) for name, other in flipped.items() if other in found}
    return out | {name: found[name] for name in ("se",) if name in found}


def _less(tau: float, x: Range) -> Range:
    return (None, None) if x[0] is None or x[1] is None else (tau - x[1], tau - x[0])


def _binned_means(q: Question) -> tuple[Range, Range] | None:
    """Ranges of the two restricted means."""
    assert q.other is not None
    tau, ranges = q.options["tau"], []
    for table in (q.own, q.other):
        value = restricted_mean(kaplan_meier(table), tau).value
        bound = area_bound(envelope(table), tau, value)
        if value is None or bound is None:
            return None
        ranges.append((value - bound, value + bound))
    return ranges[0], ranges[1]


def _rmst_difference(q: Question) -> Numbers:
    if not q.is_binned:
        found = q.contrast()
        return _interval(found.difference, found.p_difference)
    means = _binned_means(q)
    return {} if means is None else {"value": (_f(means[0][0]) - _f(means[1][1]), _f(means[0][1]) - _f(means[1][0]))}


def _rmst_ratio(q: Question) -> Numbers:
    if not q.is_binned:
        found = q.contrast()
        return _interval(found.ratio, found.p_ratio)
    means = _binned_means(q)
    return {} if means is None else {"value": (_f(means[0][0]) / _f(means[1][1]), _f(means[0][1]) / _f(means[1][0]))}


def _rmtl_ratio(q: Question) -> Numbers:
    if not q.is_binned:
        found = q.contrast()
        return _interval(found.lost_ratio, found.p_lost_ratio)
    means = _binned_means(q)
    if means is None:
        return {}
    (low, high), (other_low, other_high) = (_less(q.options["tau"], mean) for mean in means)
    return {"value": (_f(low) / _f(other_high), _f(high) / _f(other_low))} if _f(other_low) > 0 else {}


def _cumulative_hazard(q: Question) -> Numbers:
    time = q.options["time"]
    found = cumulative_hazard(q.own, time, q.level)
    if q.is_binned:
        return _around(found.value, cumulative_hazard_bound(q.own, time, found.value))
    curve = nelson_aalen(q.own)
    step = int(np.searchsorted(curve.mid_ns, time, side="right")) - 1
    return _interval(found) | {"se": _point(float(curve.std_error[step]) if step >= 0 else 0.0)}


def _weights(q: Question) -> tuple[float, float]:
    return float(q.options.get("rho", 0.0)), float(q.options.get("gamma", 0.0))


def _pair_ranges(q: Question) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Ranges of excess and variance where they have a bound: two groups, one stratum, constant weights."""
    if _weights(q) != (0.0, 0.0) or len(q.strata) != 1 or len(q.strata[0]) != 2:
        return None
    return logrank_ranges(q.strata[0][0], q.strata[0][1])


def _observed(q: Question) -> Numbers:
    if q.is_binned and _weights(q) != (0.0, 0.0):
        return {}
    return {"value": _point(float(stratified_logrank(q.strata, *_weights(q)).observed[q.position]))}


def _expected(q: Question) -> Numbers:
    test = stratified_logrank(q.strata, *_weights(q))
    if not q.is_binned:
        return {"value": _point(float(test.expected[q.position]))}
    ranges = _pair_ranges(q)
    if ranges is None:
        return {}
    sign, observed = (1 if q.position == 0 else -1), float(test.observed[q.position])
    ends = [observed - sign * excess for excess in ranges[0]]
    return {"value": (min(ends), max(ends))}


def _logrank(q: Question) -> Numbers:
    if not q.is_binned:
        test = stratified_logrank(q.strata, *_weights(q))
        return {"value": _point(test.chisq), "p": _point(test.p)}
    ranges = _pair_ranges(q)
    if ranges is None or ranges[1][0] <= 0:
        return {}
    (least, most), (small, large) = ranges
    nearest = 0.0 if least <= 0 <= most else min(abs(least), abs(most))
    low, high = nearest**2 / large, max(abs(least), abs(most)) ** 2 / small
    return {"value": (low, high), "p": (two_sided_p(math.sqrt(high)), two_sided_p(math.sqrt(low)))}


def _maxcombo(q: Question) -> Numbers:
    if q.is_binned or len(q.strata) != 1 or len(q.strata[0]) != 2:
        return {}
    found = maxcombo_test(q.strata[0][0], q.strata[0][1])
    return {"value": _point(max(abs(z) for z in found.z) if found else None), "p": _point(found.p if found else None)}


def _superiority(q: Question) -> Numbers:
    assert q.other is not None
    if q.is_binned:
        return {}
    return _interval(*censored_superiority(q.own, q.other, q.options["tau"], q.level))


def _f(x: float | None) -> float:
    return math.nan if x is None else x


COMPUTE: dict[str, Callable[[Question], Numbers]] = {
    "n": _count,
    "events": _events,
    "at_risk": _at_risk,
    "survival": _survival,
    "quantile": _quantile,
    "median": _quantile,
    "rmst": _rmst,
    "rmtl": _rmtl,
    "rmst_difference": _rmst_difference,
    "rmst_ratio": _rmst_ratio,
    "rmtl_ratio": _rmtl_ratio,
    "cumulative_hazard": _cumulative_hazard,
    "observed": _observed,
    "expected": _expected,
    "logrank": _logrank,
    "maxcombo": _maxcombo,
    "superiority": _superiority,
}
"""Numbers of each quantity."""
NEEDS: dict[str, tuple[str, ...]] = {
    "at_risk": ("time",), "survival": ("time",), "quantile": ("prob",), "rmst": ("tau",), "rmtl": ("tau",),
    "cumulative_hazard": ("time",), "logrank": ("groups",), "maxcombo": ("groups",),
    **dict.fromkeys(("observed", "expected"), ("groups", "group")),
    **dict.fromkeys(
        ("rmst_difference", "rmst_ratio", "rmtl_ratio", "superiority"), ("groups", "group", "against", "tau")
    ),
}  # fmt: skip
"""Options without which a quantity means nothing."""
