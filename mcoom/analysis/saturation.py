"""How many losers of the lock fill the CPUs: the closed-form boundary of a livelock map.

Takes the lowered inputs of a point and a policy row, gives N*, the number of allocators from which on the losers of
``oom_lock`` leave no CPU idle. Must know nothing about tallies or drawings: the boundary is theory, and is drawn over
what was simulated. docs/closed_forms.md has the law and the test that the engine obeys it.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mcoom.codes import Lock, Program
from mcoom.design.build import Design
from mcoom.engine.inputs import Inputs
from mcoom.engine.layout import CLASS, MACHINE, POLICY, SHAPE_ONE
from mcoom.lower import lower_block, lower_policy

RETRIES = 17
"""Passes of an attempt where the retry test finds memory above the mark: it gives up after 16 (docs/model.md 8)."""


@dataclass(frozen=True)
class Saturation:
    """Where the losers of the lock begin to fill the CPUs of a point under a policy."""

    n_star: float | None
    """Contending allocators from which on no CPU is idle; None if no number of them does that, or none is known."""
    reason: str | None = None
    """Why ``n_star`` is None."""
    n_losers: float = 0.0
    """Allocators of the point that can lose the lock: all but its one owner, mean over the replicates looked at."""


def saturation(inputs: Inputs, policy: NDArray[np.int64]) -> Saturation:
    """Give the boundary of one point, the mean over its lowered replicates.

    A loser of ``trylock_sleep(k)`` uses c of CPU for an attempt and sleeps to the tick after k whole ticks, so M CPUs
    are full from N* = M (k + 1) tau / c on (docs/closed_forms.md, tick-aligned herd). A loser of ``trylock_spin`` never
    sleeps: N* = M. Under ``lock_killable`` losers wait without the CPU and no number of them fills it.

    Parameters
    ----------
    inputs : Inputs
        Replicates of one point.
    policy : int64[len(POLICY_FIELDS)]
        Row of the policy.

    Returns
    -------
    Saturation
        c is the entry, the way to the trylock, one switch and the passes: 17 of them where the retry test of the policy
        finds memory above the mark though none can be had (``stuck_lru``, or ``lru_fallback`` with empty lists), else
        one.

    Source
    ------
    mm/page_alloc.c:should_reclaim_retry@v4.13, kernel/time/timer.c:schedule_timeout@v4.13.
    """
    machine, classes = inputs.machine, inputs.classes
    n_losers = _allocators(classes).sum(axis=1).mean() - 1.0 if machine.shape[0] else 0.0
    lock, k = int(policy[POLICY["lock"]]), int(policy[POLICY["lock_k"]])
    if machine.shape[0] == 0:
        return Saturation(None, "no replicates", n_losers)
    n_cpus = machine[:, MACHINE["n_cpus"]]
    if lock == Lock.LOCK_KILLABLE:
        return Saturation(None, "losers wait for the lock without using CPU", n_losers)
    if lock == Lock.TRYLOCK_SPIN or k == 0:
        return Saturation(float(n_cpus.mean()), None, n_losers)
    cost_ns = _attempt_ns(inputs, policy)
    if not (cost_ns > 0).all():
        return Saturation(None, "an attempt costs nothing", n_losers)
    wait_ns = (k + 1) * machine[:, MACHINE["tick_ns"]]
    return Saturation(float((n_cpus * wait_ns / cost_ns).mean()), None, n_losers)


def saturation_of(design: Design, point: int, policy: str, n_replicates: int = 16) -> Saturation:
    """Give the boundary of a point of a design.

    Parameters
    ----------
    design : Design
        What was run.
    point : int
        Number of the point.
    policy : str
        Name of the policy.
    n_replicates : int
        Replicates whose drawn parameters are averaged over; one is enough where nothing is drawn.
    """
    record = next(p for p in design.scenario.policies if p.name == policy)
    return saturation(lower_block(design, point, 0, n_replicates).inputs, lower_policy(record))


def axis_boundary(found: Saturation, axis_value: float) -> float | None:
    """Translate N* into a value of an axis that counts the tasks of one class of allocators.

    Parameters
    ----------
    found : Saturation
        Of a point at which the axis has the value below.
    axis_value : float
        Number of tasks of that class at the point; the other allocators of the point stay as they are.

    Returns
    -------
    float or None
        Value of the axis at which the losers are N*, at least 0; None where there is no boundary.
    """
    if found.n_star is None or not math.isfinite(found.n_losers):
        return None
    return max(0.0, found.n_star - (found.n_losers - axis_value))


def _allocators(classes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number of tasks that allocate, (R, C)."""
    allocates = classes[:, :, CLASS["program"]] == int(Program.ALLOCATOR)
    counts: NDArray[np.int64] = np.where(allocates, classes[:, :, CLASS["count"]], 0)
    return counts


def _attempt_ns(inputs: Inputs, policy: NDArray[np.int64]) -> NDArray[np.float64]:
    """Mean CPU time of one attempt at the lock, (R,) ns."""
    machine = inputs.machine
    tables = inputs.shapes.astype(np.float64) / SHAPE_ONE
    # The engine interpolates linearly between the quantiles: the mean of a table is the area of its trapezoids.
    means = (tables[:, :-1] + tables[:, 1:]).mean(axis=1) / 2
    pass_ns = machine[:, MACHINE["pass_ns"]] * means[machine[:, MACHINE["pass_shape"]]]
    stuck = machine[:, MACHINE["stuck_lru_pages"]]
    has_fallback = bool(policy[POLICY["lru_fallback"]])
    n_passes = np.where((stuck > 0) | has_fallback, RETRIES, 1)
    cost: NDArray[np.float64] = (
        machine[:, MACHINE["entry_ns"]]
        + machine[:, MACHINE["trylock_ns"]]
        + machine[:, MACHINE["switch_ns"]]
        + n_passes * pass_ns
    ).astype(np.float64)
    return cost
