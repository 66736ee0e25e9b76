"""One CPU and N unsynchronised sleepers are the machine-repairman model: it idles with Erlang-B's probability.

Each of N allocators sleeps for T = k + 1/2 ticks on average (uniform on k..k+1, ``timer_mode`` 1) and then needs c of
the one CPU. Idle means that all N sleep. Two cases have the closed form B(N, T / c), whatever the law of the sleeps:

- c is exponential, and the scheduler does not look ahead: then any order of service will do. (Attempts shorter than a
  tick mostly run to their end, one after the other.)
- c has any law and the CPU is shared evenly (slices much shorter than c). Then only the mean of c matters.

It does *not* hold for constant c shorter than a slice, the attempts of a real herd: served one after the other they
leave less idle than Erlang-B, more than the fluid bound 1 - N c / (T + c). Nor is it seen within any reasonable time
for evenly shared constant c and nearly constant T: nothing drives the threads apart.

Statistical: mean over R independent episodes; the threshold is Student's t at an error rate of 1e-6 per comparison.
"""

import numpy as np
import pytest
from scipy import stats

from mcoom.codes import Preempt, Sched
from tests.validation.herd import STARTS_NS, herd_policy, idle_share
from tests.validation.rows import CONSTANT, EXPONENTIAL, MS, UNIFORM, S, class_row

ERROR_RATE = 1e-6
SHORT = ((2, 0, 0.25), (3, 1, 0.5), (5, 1, 0.3), (10, 1, 0.15), (5, 2, 0.5))
"""(N, k, c in ticks) of attempts shorter than a tick."""
LONG = ((5, 300, 60), (3, 300, 150))
"""The same of attempts of many slices of one tick."""
EVENLY_SHARED = {"latency_ns": MS // 10, "min_gran_ns": MS // 10, "wakeup_gran_ns": MS // 10, "pass_points": 1000}
ONE_TICK_SLICES = 0.01
"""Relative error allowed for slices that are not infinitely short."""


def erlang_b(n, load):
    """Erlang's loss probability of n servers at a load, by the usual recursion."""
    loss = 1.0
    for servers in range(1, n + 1):
        loss = load * loss / (servers + load * loss)
    return loss


def idle(case, shape, seed, hz=1000, episodes=64, cycles=1500, **machine):
    """(mean, threshold) of the idle share over the episodes, for an attempt cost of a shape."""
    n, k, c_ticks = case
    tick_ns = S // hz
    machine = {
        "hz": hz, "n_cpus": 1, "timer_mode": 1, "pass_ns": int(c_ticks * tick_ns), "pass_shape": shape, **machine,
    }  # fmt: skip
    spread = {"start_ns": STARTS_NS, "start_var_ns": (k + 1) * tick_ns // 2, "start_shape": UNIFORM}
    rows = [(machine, [class_row(count=n, **spread)])] * episodes
    window_ns = cycles * (k + 1) * tick_ns
    policy = herd_policy(lock_k=k, sched=Sched.CFS61 if hz == 250 else Sched.CFS413)
    shares = idle_share(rows, policy, window_ns // 10, window_ns, seed=seed)
    quantile = stats.t.isf(ERROR_RATE / 2, episodes - 1)
    return shares.mean(), quantile * shares.std(ddof=1) / np.sqrt(episodes)


@pytest.mark.parametrize("case", SHORT, ids=str)
@pytest.mark.parametrize("hz", [250, 1000])
def test_exponential_attempts(case, hz, base_seed):
    """Law B(N, T / c). Twins: T longer by 4 %, and c uniform with the same mean, must fail."""
    n, k, c_ticks = case
    load = (k + 0.5) / c_ticks
    # Fully preemptible: a completed attempt that waits for its CPU at a resched point would not be memoryless.
    mean, threshold = idle(case, EXPONENTIAL, base_seed, hz, preempt=Preempt.FULL)
    assert abs(mean - erlang_b(n, load)) < threshold
    assert abs(mean - erlang_b(n, 1.04 * load)) > threshold
    uniform, threshold = idle(case, UNIFORM, base_seed, hz, preempt=Preempt.FULL)
    assert abs(uniform - erlang_b(n, load)) > threshold


@pytest.mark.parametrize("case", LONG, ids=str)
@pytest.mark.parametrize("shape", [UNIFORM, EXPONENTIAL])
def test_evenly_shared_attempts_of_any_law(case, shape, base_seed):
    """Law B(N, T / c) within 1 % + threshold. Twin: T longer by 10 % must fail."""
    n, k, c_ticks = case
    load = (k + 0.5) / c_ticks
    mean, threshold = idle(case, shape, base_seed, cycles=400, **EVENLY_SHARED)
    assert abs(mean - erlang_b(n, load)) < threshold + ONE_TICK_SLICES * erlang_b(n, load)
    assert abs(mean - erlang_b(n, 1.1 * load)) > threshold + ONE_TICK_SLICES * erlang_b(n, load)


@pytest.mark.parametrize("case", SHORT, ids=str)
def test_constant_attempts_lie_between_the_fluid_bound_and_erlang(case, base_seed):
    """Neither law holds for short constant attempts; both are missed by more than the threshold."""
    n, k, c_ticks = case
    load = (k + 0.5) / c_ticks
    mean, threshold = idle(case, CONSTANT, base_seed)
    assert 1 - n / (1 + load) + threshold < mean < erlang_b(n, load) - threshold
