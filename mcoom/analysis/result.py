"""What the analysis gives: small frozen records.

Takes nothing, gives ``Interval``, ``Estimate`` and ``Contrast``, each with its JSON form. Must know nothing about how
they are computed, printed or plotted.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mcoom.analysis.curve_tests import CurveTests

CellKey = Mapping[str, int | float | str]
"""What identifies a cell: point, label, swept parameters and, by stratum, the stratum."""


def finite_or_none(x: float | None) -> float | None:
    """Return a float that JSON can hold, or None."""
    return None if x is None or not math.isfinite(x) else float(x)


@dataclass(frozen=True)
class Interval:
    """A value with its confidence interval."""

    value: float | None
    """Point estimate; None if not estimable."""
    low: float | None
    """Lower limit; None if there is none."""
    high: float | None
    """Upper limit; None if there is none (the data do not bound it)."""
    method: str
    """How it was computed."""
    reason: str | None = None
    """Why something is None; None if nothing is."""
    bin_error: float | None = None
    """The value is this close to that of the raw times; None if it never had bins, or has no value or no bound."""
    any_law: tuple[float, float] | None = None
    """Limits that hold whatever the law between 0 and the horizon is, of a restricted mean or a contrast of two: they
    allow for times up to the horizon that are rare enough not to have been seen. None for all else."""

    def to_json(self) -> dict[str, float | str | None]:
        """Return ``value``, ``low``, ``high``, ``method``; where something is null, ``reason``; and, of what has them,
        ``bin_error``, ``any_law_low`` and ``any_law_high``.
        """
        out: dict[str, float | str | None] = {
            "value": finite_or_none(self.value),
            "low": finite_or_none(self.low),
            "high": finite_or_none(self.high),
            "method": self.method,
        }
        if self.reason is not None:
            out["reason"] = self.reason
        if self.bin_error is not None:
            out["bin_error"] = finite_or_none(self.bin_error)
        if self.any_law is not None:
            out["any_law_low"], out["any_law_high"] = (finite_or_none(x) for x in self.any_law)
        return out

    def spanning_any_law(self) -> "Interval":
        """Return the interval with ``any_law`` at least as wide as the interval itself."""
        if self.any_law is None:
            return self
        low, high = self.any_law
        low = -math.inf if self.low is None else min(low, self.low)
        return replace(self, any_law=(low, math.inf if self.high is None else max(high, self.high)))

    def within(self, bin_error: float | None) -> "Interval":
        """Return the interval with a bound on what bins did to its value."""
        return replace(self, bin_error=None if self.value is None else bin_error)


def not_estimable(method: str, reason: str) -> Interval:
    """Return an interval without numbers."""
    return Interval(None, None, None, method, reason)


def span(value: Interval, others: Sequence[Interval]) -> Interval:
    """Widen an interval so that it covers those of all cases.

    Parameters
    ----------
    value : Interval
        Keeps its value and method.
    others : sequence of Interval
        The same quantity under the best and the worst case. A lower limit that is lacking is beyond the horizon, so
        the others decide; an upper limit that one of them lacks is lacking in the result.
    """
    if not others:
        return value
    every = (value, *others)
    lows = [i.low for i in every if i.low is not None]
    highs = [i.high for i in every if i.high is not None]
    low = min(lows) if lows else None
    high = max(highs) if len(highs) == len(every) else None
    reason = value.reason
    if reason is None and None in (low, high):
        reason = next((i.reason for i in others if i.reason), "unbounded in one of the cases")
    wide = [i.any_law for i in every if i.any_law is not None]
    any_law = (min(x for x, _ in wide), max(x for _, x in wide)) if len(wide) == len(every) else None
    method = value.method + ", spanning exhausted budgets"
    return replace(value, low=low, high=high, method=method, reason=reason, any_law=any_law)


def _fixed(names: tuple[str, ...]) -> dict[str, list[str]]:
    return {"fixed_n": list(names)} if names else {}


@dataclass(frozen=True)
class CurvePoints:
    """A survival curve at the steps where something happened."""

    times_ns: tuple[float, ...]
    """Middle of the bin of each step, ns."""
    survival: tuple[float, ...]
    """Probability of a longer time."""
    low: tuple[float, ...]
    """Lower limit, pointwise."""
    high: tuple[float, ...]
    """Upper limit, pointwise."""
    n_at_risk: tuple[int, ...]
    """Replicates at risk just before the step."""

    def to_json(self) -> dict[str, list[float] | list[int]]:
        """Return the columns as lists."""
        return {
            "time_ns": list(self.times_ns),
            "survival": list(self.survival),
            "low": list(self.low),
            "high": list(self.high),
            "n_at_risk": list(self.n_at_risk),
        }


@dataclass(frozen=True)
class Estimate:
    """One estimand of one cell under one policy."""

    cell: CellKey
    """Which cell."""
    policy: str
    """Which policy."""
    estimand: str
    """Which estimand."""
    tau_ns: int
    """Horizon of the restricted mean, ns."""
    n: int
    """Replicates that count: the invocation was reached for certain."""
    counts: Mapping[str, int]
    """Of these, by what became of the event: ``n_seen``, ``n_horizon``, ``n_budget``, ``n_no_victim``,
    ``n_recovered``; and beside them ``n_not_reached``, ``n_budget_before``."""
    p_reached: Interval
    """Probability that the invocation opens at all."""
    livelock_prob: Interval
    """Probability of livelock."""
    median_ns: Interval
    """Median time, ns."""
    p99_ns: Interval
    """99th percentile of the time, ns."""
    rmst_ns: Interval
    """Mean of min(time, tau), ns."""
    kaplan_meier: CurvePoints | None = None
    """Survival curve, if asked for."""
    p90_ns: Interval | None = None
    """90th percentile of the time, ns."""
    p999_ns: Interval | None = None
    """99.9th percentile of the time, ns."""
    livelock_wilson: Interval | None = None
    """Probability of livelock with Wilson's interval, the exact one where few: shorter than exact where many."""
    cumulative_hazard: Interval | None = None
    """Cumulative hazard up to tau (Nelson-Aalen), dimensionless."""
    fixed_n: tuple[str, ...] = ()
    """Of a run that stopped by its own data: what holds for a number of replicates fixed beforehand only."""

    @property
    def n_censored(self) -> int:
        """Replicates that count but in which the event was not seen."""
        return self.n - self.counts["n_seen"]

    def to_json(self) -> dict[str, Any]:
        """Return the entry of ``estimates``."""
        out: dict[str, Any] = {
            "cell": dict(self.cell),
            "policy": self.policy,
            "estimand": self.estimand,
            "n": self.n,
            "n_censored": self.n_censored,
            **self.counts,
            "tau_ns": self.tau_ns,
        }
        for name in ("p_reached", "livelock_prob", "median_ns", "p99_ns", "rmst_ns"):
            out[name] = getattr(self, name).to_json()
        for name in ("p90_ns", "p999_ns", "livelock_wilson", "cumulative_hazard"):
            if getattr(self, name) is not None:
                out[name] = getattr(self, name).to_json()
        if self.kaplan_meier is not None:
            out["kaplan_meier"] = self.kaplan_meier.to_json()
        return out | _fixed(self.fixed_n)


@dataclass(frozen=True)
class Contrast:
    """One policy against the baseline, in one cell, for one estimand."""

    cell: CellKey
    """Which cell."""
    policy: str
    """The policy."""
    baseline: str
    """What it is compared with."""
    estimand: str
    """Which estimand."""
    paired: bool
    """Whether the replicates are compared one by one (common random numbers)."""
    n: int
    """Replicates that count under the policy."""
    n_baseline: int
    """Replicates that count under the baseline."""
    n_pairs: int | None
    """Replicates that count under both; None if not paired."""
    logrank_z: float | None
    """Log-rank statistic, about normal without a difference; positive: the policy is earlier."""
    logrank_p: float | None
    """Its two-sided p-value; the largest of all cases where budgets ran out."""
    rmst_diff_ns: Interval
    """Restricted mean of the policy minus that of the baseline, ns."""
    rmst_paired: bool
    """Whether the variance of ``rmst_diff_ns`` is the paired one."""
    prob_superiority: Interval
    """P(policy earlier) + P(tie) / 2."""
    livelock_diff: Interval
    """Livelock probability of the policy minus that of the baseline."""
    livelock_p: float | None
    """Exact two-sided p-value: McNemar if paired, else Fisher."""
    outcomes: Mapping[str, int] = field(default_factory=dict)
    """``n_win``, ``n_tie``, ``n_loss`` over the pairs; empty if not paired."""
    rmst_p: float | None = None
    """Two-sided p-value of no difference of restricted means: Student's t if paired, else normal."""
    superiority_p: float | None = None
    """Two-sided p-value of neither being earlier: exact sign test if paired, else Brunner-Munzel."""
    p_adjusted: float | None = None
    """``logrank_p`` adjusted by Holm over the family."""
    rmst_p_adjusted: float | None = None
    """``rmst_p`` adjusted by Holm over a family of its own."""
    superiority_p_adjusted: float | None = None
    """``superiority_p`` adjusted likewise."""
    livelock_p_adjusted: float | None = None
    """``livelock_p`` adjusted likewise."""
    family_size: int = 1
    """Contrasts in the family."""
    family: str = "all"
    """Family that its p-values are adjusted in."""
    rmst_ratio: Interval | None = None
    """Restricted mean of the policy divided by that of the baseline; tested by ``rmst_p``."""
    rmst_variance_ratio: float | None = None
    """Variance of ``rmst_diff_ns`` divided by that of independent replicates: what pairing left; None if not paired."""
    median_diff_ns: Interval | None = None
    """Median of the policy minus that of the baseline, ns, as if independent."""
    p99_diff_ns: Interval | None = None
    """The same for the 99th percentile."""
    livelock_mid_p: float | None = None
    """McNemar's mid-p value; None if not paired, or where a budget ran out."""
    curves: CurveTests | None = None
    """Tests of the whole curves beside the log-rank test."""
    fixed_n: tuple[str, ...] = ()
    """Of a run that stopped by its own data: what holds for a number of replicates fixed beforehand only."""

    def to_json(self) -> dict[str, Any]:
        """Return the entry of ``contrasts``."""
        test = "mcnemar_p" if self.paired else "fisher_p"
        return {
            "cell": dict(self.cell),
            "policy": self.policy,
            "baseline": self.baseline,
            "estimand": self.estimand,
            "paired": self.paired,
            "n": self.n,
            "n_baseline": self.n_baseline,
            "n_pairs": self.n_pairs,
            **self.outcomes,
            "logrank_z": finite_or_none(self.logrank_z),
            "logrank_p": finite_or_none(self.logrank_p),
            "logrank_paired": False,
            "rmst_diff_ns": self._entry(self.rmst_diff_ns, "rmst", self.rmst_paired)
            | {"variance_ratio": finite_or_none(self.rmst_variance_ratio)},
            **self._more(),
            "prob_superiority": self._entry(self.prob_superiority, "superiority", self.paired),
            "livelock_diff": self._entry(self.livelock_diff, "livelock", self.paired),
            test: finite_or_none(self.livelock_p),
            "mcnemar_mid_p": finite_or_none(self.livelock_mid_p),
            "p_adjusted": finite_or_none(self.p_adjusted),
            "family_size": self.family_size,
            "family": self.family,
            **_fixed(self.fixed_n),
        }

    def _more(self) -> dict[str, Any]:
        """Return the effects that not every analysis has."""
        names = ("rmst_ratio", "median_diff_ns", "p99_diff_ns", "curves")
        return {name: getattr(self, name).to_json() for name in names if getattr(self, name) is not None}

    def _entry(self, interval: Interval, test: str, paired: bool) -> dict[str, Any]:
        """Return an interval with its test."""
        return interval.to_json() | {
            "paired": paired,
            "p": finite_or_none(getattr(self, f"{test}_p")),
            "p_adjusted": finite_or_none(getattr(self, f"{test}_p_adjusted")),
        }
