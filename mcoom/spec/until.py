"""What ``stopping.until`` says: how exact an answer has to be before the run may stop.

Takes the text of a condition and the estimands of a scenario, gives a frozen ``StoppingRule``. Must know nothing about
tallies: whether a rule is met is the business of ``mcoom.analysis.stopping``.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mcoom.units import closest, parse_time_ns

PROBABILITIES = ("livelock_prob", "p_reached")
"""Quantities that are probabilities."""
TIMES = ("rmst", "median")
"""Quantities that are times, beside the percentiles ``p1`` to ``p99.99``."""
METRICS = ("ci_width", "half_width", "relative_error")
"""What is compared: high - low, half of that, and the larger distance of a limit from the value, over the value."""
FORM = "[ESTIMAND.]QUANTITY METRIC < VALUE, joined by 'and'"
"""Form of a condition, for messages."""

_CLAUSE = re.compile(r"\s*(?:([a-z_0-9]+)\.)?([a-z_]+|p[0-9]+(?:\.[0-9]+)?)\s+(\w+)\s*(<=?)\s*(.+?)\s*")
_PERCENTILE = re.compile(r"p([0-9]+(?:\.[0-9]+)?)")


@dataclass(frozen=True)
class Clause:
    """One condition on one quantity of one estimand."""

    estimand: str
    """Name of the estimand."""
    quantity: str
    """``livelock_prob``, ``p_reached``, ``rmst``, ``median`` or a percentile such as ``p99``."""
    metric: str
    """One of ``METRICS``."""
    target: float
    """What the metric has to be below: a probability, ns, or for ``relative_error`` a ratio."""
    text: str
    """As it was written, the estimand added."""

    @property
    def prob(self) -> float | None:
        """Probability of the quantile; None for other quantities."""
        if self.quantity == "median":
            return 0.5
        found = _PERCENTILE.fullmatch(self.quantity)
        return float(found.group(1)) / 100 if found else None


@dataclass(frozen=True)
class StoppingRule:
    """All conditions that a cell has to meet."""

    text: str
    """As given."""
    clauses: tuple[Clause, ...]
    """Every one has to hold."""
    level: float = 0.95
    """Confidence with which each quantity of each cell is in its interval at all times at once."""


def parse_rule(text: str, estimands: Sequence[str], level: float = 0.95) -> StoppingRule:
    """Read a condition.

    Parameters
    ----------
    text : str
        Such as ``livelock_prob ci_width < 1e-3`` or ``kill_2.rmst relative_error < 1 % and kill.p99 ci_width < 5 ms``.
        Without an estimand a condition is one on every estimand.
    estimands : sequence of str
        Those of the scenario.
    level : float
        Confidence level of each sequence.

    Returns
    -------
    StoppingRule
        Conditions in the order of the text, then of the estimands.

    Raises
    ------
    ValueError
        If it cannot be read; the text says what is allowed.
    """
    clauses: list[Clause] = []
    for part in re.split(r"\s+and\s+", text.strip()):
        found = _CLAUSE.fullmatch(part)
        if not found:
            raise ValueError(f"{part!r} is no condition; allowed: {FORM}")
        estimand, quantity, metric, _, value = found.groups()
        if estimand is not None and estimand not in estimands:
            why = f"unknown estimand {estimand!r}{closest(estimand, estimands)}"
            raise ValueError(f"{why}; allowed: {', '.join(estimands)}")
        _check_quantity(quantity)
        if metric not in METRICS:
            why = f"unknown metric {metric!r}{closest(metric, METRICS)}"
            raise ValueError(f"{why}; allowed: {', '.join(METRICS)}")
        target = _target(quantity, metric, value)
        for name in (estimand,) if estimand is not None else estimands:
            clauses.append(Clause(name, quantity, metric, target, f"{name}.{quantity} {metric} < {value}"))
    return StoppingRule(text, tuple(dict.fromkeys(clauses)), level)


def _check_quantity(quantity: str) -> None:
    """Refuse an unknown quantity or a percentile out of range."""
    found = _PERCENTILE.fullmatch(quantity)
    if found:
        if not 0 < float(found.group(1)) < 100:
            raise ValueError(f"{quantity} is no percentile; allowed: above p0, below p100")
        return
    known = (*PROBABILITIES, *TIMES)
    if quantity not in known:
        why = f"unknown quantity {quantity!r}{closest(quantity, known)}"
        raise ValueError(f"{why}; allowed: {', '.join(known)}, or a percentile such as p99")


def _target(quantity: str, metric: str, value: str) -> float:
    """Read what the metric is compared with."""
    is_ratio = metric == "relative_error"
    if quantity in PROBABILITIES or is_ratio:
        number = value.removesuffix("%").rstrip()
        try:
            target = float(number) / (100 if number != value else 1)
        except ValueError:
            target = -1.0
        if not 0 < target < (float("inf") if is_ratio else 1):
            allowed = "a ratio above 0" if is_ratio else "a probability between 0 and 1"
            raise ValueError(f"{value!r} is no bound; allowed: {allowed}, such as 0.01 or 1 %")
        return target
    try:
        target = float(parse_time_ns(value))
    except ValueError as error:
        raise ValueError(f"{value!r}: {error}") from None
    if target <= 0:
        raise ValueError(f"{value!r} is no bound; allowed: a time above 0, such as 5 ms")
    return target
