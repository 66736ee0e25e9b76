"""A small probability with its interval, from independent repeats of a splitting.

Takes unbiased estimates that are independent of one another, gives their mean, an interval and what it cost. Must know
nothing about how they were made.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from scipy.special import stdtrit

from mcoom.rare.splitting import Split

REPEATS = 20
"""Repeats behind an interval unless told otherwise."""
METHOD = "mean of independent repeats, Student's t on the logarithm"
"""Method of ``rare_probability``."""


@dataclass(frozen=True)
class RareProbability:
    """A small probability."""

    value: float
    """Mean of the repeats; 0 if none of them got there."""
    low: float
    """Lower limit."""
    high: float | None
    """Upper limit; None if there is none."""
    relative_error: float | None
    """Standard error over the value; None without a value."""
    n_repeats: int
    """Independent repeats."""
    n_zero: int
    """Repeats in which no copy got there."""
    n_events: int
    """Events simulated, pilot included."""
    method: str = METHOD
    """How the interval was computed."""
    reason: str | None = None
    """Why a limit is lacking."""

    def to_json(self) -> dict[str, Any]:
        """Return the record as plain data."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def rare_probability(
    once: Callable[[int], Split], *, repeats: int = REPEATS, pilot_events: int = 0, level: float = 0.95
) -> RareProbability:
    """Estimate a probability by repeating an unbiased estimator.

    Parameters
    ----------
    once : callable
        Gives the estimate number 0, 1, ...
    repeats : int
        Repeats, at least 2.
    pilot_events : int
        Events spent before, to be counted in.
    level : float
        Confidence level.

    Returns
    -------
    RareProbability
    """
    splits = [once(r) for r in range(repeats)]
    n_events = pilot_events + sum(split.n_events for split in splits)
    return combine([split.probability for split in splits], n_events, level)


def combine(estimates: Sequence[float], n_events: int, level: float = 0.95) -> RareProbability:
    """Give the mean of independent unbiased estimates with its interval.

    The limits are m exp(-h) and m exp(h), m the mean and h Student's t times its relative standard error: estimates of
    a product of shares are skewed to the right, and limits on the logarithm follow that. The relative error has to be
    small for it (tests/statistical/test_splitting.py has the cover).

    Parameters
    ----------
    estimates : sequence of float
        At least two, each >= 0.
    n_events : int
        What they cost.
    level : float
        Confidence level.

    Raises
    ------
    ValueError
        Fewer than two estimates.
    """
    n = len(estimates)
    if n < 2:
        raise ValueError(f"{n} repeats: an interval needs at least 2")
    mean = math.fsum(estimates) / n
    n_zero = sum(estimate == 0 for estimate in estimates)
    if mean == 0:
        why = "no copy of any repeat reached the last level: more copies or more levels are needed"
        return RareProbability(0.0, 0.0, None, None, n, n_zero, n_events, reason=why)
    variance = math.fsum((estimate / mean - 1) ** 2 for estimate in estimates) / (n - 1)
    error = math.sqrt(variance / n)
    half = float(stdtrit(n - 1, 0.5 + level / 2)) * error
    return RareProbability(mean, mean * math.exp(-half), min(1.0, mean * math.exp(half)), error, n, n_zero, n_events)


def brute_force_events(probability: float, events_per_run: float, relative_error: float) -> float:
    """Give the events that counting would need for the same relative error.

    Parameters
    ----------
    probability : float
        Of the event, above 0.
    events_per_run : float
        Events of one trajectory from the start to its end, on average.
    relative_error : float
        Standard error over the probability.
    """
    return (1 - probability) / (probability * relative_error**2) * events_per_run
