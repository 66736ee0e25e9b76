"""How each replicate stands with each estimand.

Takes rows of outputs, gives a status and a time per replicate, and from these the restricted times under the cases
that an unfinished episode leaves open. Must know nothing about histograms or statistics; docs/estimands.md has the
reasons.
"""

from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mcoom.codes import EndReason
from mcoom.engine.layout import OUT


class Status(IntEnum):
    """What became of the event that an estimand waits for; the numbers are part of the results format."""

    SEEN = 0
    """It happened; the time is its latency."""
    HORIZON = 1
    """The horizon came first; the time is how long it had been waited for (ordinary censoring)."""
    BUDGET = 2
    """The event budget ran out first; the time is how far the episode got (never ordinary censoring)."""
    NO_VICTIM = 3
    """Nobody was left to kill: the event never comes."""
    RECOVERED = 4
    """The episode ended by recovery while it was waited for: the event never comes."""
    NOT_REACHED = 5
    """The invocation never opened: no member of the population of this estimand."""
    BUDGET_BEFORE = 6
    """The event budget ran out before the invocation opened: member or not, nobody knows."""


class Case(IntEnum):
    """What is assumed about episodes that ran out of their event budget."""

    VALUE = 0
    """BUDGET never comes; BUDGET_BEFORE is left out."""
    BEST = 1
    """BUDGET comes at its time, BUDGET_BEFORE at once."""
    WORST = 2
    """Neither ever comes."""


class Bound(IntEnum):
    """The same for a policy beside its baseline."""

    VALUE = 0
    """Both by ``Case.VALUE``."""
    POLICY_BEST = 1
    """The policy by ``Case.BEST``, the baseline by ``Case.WORST``."""
    BASELINE_BEST = 2
    """The policy by ``Case.WORST``, the baseline by ``Case.BEST``."""


class Standing(NamedTuple):
    """Status and time of every replicate under every policy, for one estimand."""

    status: NDArray[np.int64]
    """int64[P, R], a ``Status``."""
    times_ns: NDArray[np.int64]
    """int64[P, R] >= 0, what the status says; 0 for NOT_REACHED and BUDGET_BEFORE."""
    is_livelock: NDArray[np.bool_]
    """bool[P, R], the livelock that belongs to the estimand; never where the invocation was not reached."""


class Restricted(NamedTuple):
    """Times restricted to the horizon, under one case."""

    is_member: NDArray[np.bool_]
    """bool[P, R], whether the replicate counts."""
    times_ns: NDArray[np.int64]
    """int64[P, R], min(time, horizon); 0 where it does not count."""


def invocation_of(estimand: str) -> int:
    """Return the invocation (0, 1, ...) from whose start an estimand is measured."""
    return int(estimand[len("kill_") :]) - 1 if estimand.startswith("kill_") else 0


def _columns(estimand: str) -> tuple[str, str]:
    """Columns of the time and of the start that it is measured from."""
    j = invocation_of(estimand)
    if estimand.startswith("kill"):
        return f"kill_ns_{j}", f"t0_ns_{j}"
    return {"release": "release_ns_0", "recovery": "recovery_ns", "hold_max": "hold_max_ns"}[estimand], "t0_ns_0"


# A recovery that no rule of the scenario waits for may still be open when the last victim is released: it is then
# censored there, like at a horizon.
_UNSEEN = np.zeros(len(EndReason), dtype=np.int64)
_UNSEEN[EndReason.KILLS_DONE] = Status.HORIZON
_UNSEEN[EndReason.RECOVERED] = Status.RECOVERED
_UNSEEN[EndReason.HORIZON] = Status.HORIZON
_UNSEEN[EndReason.NO_VICTIM] = Status.NO_VICTIM
_UNSEEN[EndReason.BUDGET] = Status.BUDGET


def classify(estimand: str, outputs: NDArray[np.int64]) -> Standing:
    """Return how each replicate stands with an estimand.

    Parameters
    ----------
    estimand : str
        One of ``mcoom.tally.plan.ESTIMANDS``.
    outputs : int64[P, R, len(OUT_FIELDS)]
        Rows of outputs by policy and replicate.
    """
    time_column, start_column = _columns(estimand)
    times = outputs[..., OUT[time_column]]
    starts = outputs[..., OUT[start_column]]
    end = outputs[..., OUT["end_reason"]]
    livelock = outputs[..., OUT["livelock"]]
    if estimand == "hold_max":
        status, times = _classify_hold(outputs, end, times)
    else:
        status = np.where(times >= 0, Status.SEEN, _UNSEEN[end])
        times = np.where(times >= 0, times, outputs[..., OUT["end_ns"]] - starts)
    closed = np.where(end == EndReason.BUDGET, Status.BUDGET_BEFORE, Status.NOT_REACHED)
    is_open = starts >= 0
    status = np.where(is_open, status, closed)
    times = np.where(is_open, times, 0)
    if estimand in ("recovery", "hold_max"):
        is_livelock = livelock >= 0
    else:
        is_livelock = (livelock == invocation_of(estimand)) & (status == Status.HORIZON)
    return Standing(status, times, is_livelock & is_open)


def _classify_hold(
    outputs: NDArray[np.int64], end: NDArray[np.int64], times: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The longest hold of an episode is known unless it was cut short with the lock held.

    Most episodes that come to their end do so with the lock held: the victim's memory comes back while others go on.
    The hold then counts as far as it got; to call it censored would leave nothing seen.
    """
    is_held = (outputs[..., OUT["hold_open"]] != 0) & (end == EndReason.HORIZON)
    status = np.where(is_held, Status.HORIZON, Status.SEEN)
    status = np.where(end == EndReason.NO_VICTIM, Status.NO_VICTIM, status)
    status = np.where(end == EndReason.BUDGET, Status.BUDGET, status)
    return status, np.maximum(times, 0)


def is_early(standing: Standing, horizon_ns: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return where a replicate was censored before its horizon (bool[P, R]; open holds of the lock only)."""
    early: NDArray[np.bool_] = (standing.status == Status.HORIZON) & (standing.times_ns < horizon_ns)
    return early


def has_cases(standing: Standing, horizon_ns: NDArray[np.int64]) -> bool:
    """Return whether the cases differ at all."""
    status = standing.status
    is_budget = (status == Status.BUDGET) | (status == Status.BUDGET_BEFORE)
    return bool(is_budget.any() or is_early(standing, horizon_ns).any())


def restrict(standing: Standing, horizon_ns: NDArray[np.int64], case: Case) -> Restricted:
    """Return the times restricted to each replicate's horizon.

    Parameters
    ----------
    standing : Standing
    horizon_ns : int64[R]
        Horizon of each replicate, ns.
    case : Case
        What to assume about exhausted budgets. Early censoring counts as the event for VALUE and BEST and as never
        for WORST.

    Returns
    -------
    Restricted
        What never comes stands at the horizon.
    """
    status = standing.status
    is_member = status != Status.NOT_REACHED
    is_timed = (status == Status.SEEN) | (status == Status.HORIZON)
    if case == Case.VALUE:
        is_member = is_member & (status != Status.BUDGET_BEFORE)
    elif case == Case.BEST:
        is_timed = is_timed | (status == Status.BUDGET) | (status == Status.BUDGET_BEFORE)
    else:
        is_timed = is_timed & ~is_early(standing, horizon_ns)
    times = np.where(is_timed, np.minimum(standing.times_ns, horizon_ns), horizon_ns)
    return Restricted(is_member, np.where(is_member, times, 0))
