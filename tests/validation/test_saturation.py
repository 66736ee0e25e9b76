"""How many losers of the lock fill the CPUs, when each sleeps k jiffies between attempts that cost c.

N allocators on M CPUs fail for ever to get the lock (tests/validation/herd.py). All costs are constant; only the
moments at which the allocators start, and the sleeps where they are not synchronised, are random.
"""

import itertools

import numpy as np
import pytest

from mcoom.codes import Lock, Preempt, Sched
from tests.validation.herd import STARTS_NS, herd_policy, idle_share
from tests.validation.rows import UNIFORM, S, class_row

N_PASSES = 17
"""An attempt is 17 passes and an entry that costs as much as one of them, or one pass and no entry."""
HALF_A_THREAD = 0.5
WARM_UP_TICKS = WINDOW_TICKS = 300

CASES = [
    pytest.param(hz, k, n_cpus, ticks_per_attempt, id=f"hz{hz}-k{k}-{n_cpus}cpu-{ticks_per_attempt:.2f}")
    for hz, k, n_cpus, ticks_per_attempt in itertools.product((100, 250, 1000), (1, 2), (1, 2), (1 / 5.02, 1 / 12.55))
]


def idle(numbers, hz, k, n_cpus, cost_ns, one_pass=False, timer_mode=0, **other):
    """(len(numbers),) idle share by the number of allocators."""
    tick_ns = S // hz
    machine = {"hz": hz, "n_cpus": n_cpus, "timer_mode": timer_mode, "preempt": other.get("preempt", Preempt.NONE)}
    if one_pass:
        machine.update(pass_ns=cost_ns)
    else:
        # Twice the free pages pass the mark, the free pages do not: 17 futile passes before each attempt at the lock.
        machine.update(free_pages=900, pass_ns=cost_ns // (N_PASSES + 1))
        machine.update(entry_ns=cost_ns - N_PASSES * machine["pass_ns"])
    spread = {"start_ns": STARTS_NS, "start_var_ns": (k + 1) * tick_ns // 2, "start_shape": UNIFORM}
    policy = herd_policy(lock=Lock.TRYLOCK_SLEEP, lock_k=k, lru_fallback=not one_pass, sched=other.get("sched", 0))
    rows = [(machine, [class_row(count=n, **spread)]) for n in numbers]
    return idle_share(rows, policy, WARM_UP_TICKS * tick_ns, WINDOW_TICKS * tick_ns, seed=other.get("seed", 0))


def onset(numbers, idle_shares, half_a_thread):
    """Smallest N from which on the idle share stays below what half a thread per CPU would use."""
    return int(numbers[np.flatnonzero(idle_shares >= half_a_thread)[-1]]) + 1


@pytest.mark.parametrize(("hz", "k", "n_cpus", "ticks_per_attempt"), CASES)
def test_tick_aligned_herd(hz, k, n_cpus, ticks_per_attempt, base_seed):
    """Law N* = M (k + 1) tau / c: onset of saturation within one thread per CPU, for every N from 1 to 1.5 N*.

    Below, the idle share is 1 - N / N* within half a thread per CPU (a group of sleepers is a whole number of threads);
    exact bounds, no error rate. Twin: k + 1/2 in place of k + 1, the law of unsynchronised sleeps, must fail both.
    """
    cost_ns = int(ticks_per_attempt * S / hz)
    threshold = n_cpus * (k + 1) * (S // hz) / cost_ns
    numbers = np.arange(1, int(1.5 * threshold) + 2)
    other = {"sched": Sched(k - 1), "preempt": Preempt(n_cpus - 1), "seed": base_seed}
    shares = idle(numbers, hz, k, n_cpus, cost_ns, one_pass=hz == 250, **other)
    half_a_thread = HALF_A_THREAD * n_cpus / threshold
    found = onset(numbers, shares, half_a_thread)
    assert abs(found - threshold) <= n_cpus
    assert np.abs(shares - np.maximum(0, 1 - numbers / threshold)).max() < half_a_thread
    wrong = threshold * (k + 0.5) / (k + 1)
    assert abs(found - wrong) > n_cpus
    assert np.abs(shares - np.maximum(0, 1 - numbers / wrong)).max() > HALF_A_THREAD * n_cpus / wrong


@pytest.mark.parametrize("n_cpus", [1, 2])
@pytest.mark.parametrize("k", [1, 2])
@pytest.mark.parametrize(("hz", "threshold"), [(250, 50), (1000, 150)])
def test_unsynchronised_sleeps(hz, threshold, k, n_cpus, base_seed):
    """Fluid bound N* = M (1 + (k + 1/2) tau / c): the idle share is at least 1 - N / N* and 0.

    It exceeds that by no more than 1 / (2 sqrt N*), largest at N*, and saturation (less than 1 % idle) sets in between
    0.95 N* and 1.1 N*. Statistical: the standard error of a share is below 0.001, 0.005 are allowed below the bound
    (error rate below 1e-6). Twin: the law of the tick-aligned herd must fail.
    """
    tick_ns = S // hz
    cost_ns = int((k + 0.5) * tick_ns / (threshold / n_cpus - 1))
    numbers = np.array([round(f * threshold) for f in (0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 1, 1.1, 1.2, 1.5)])
    blocks = [idle(numbers, hz, k, n_cpus, cost_ns, timer_mode=1, seed=base_seed + n, one_pass=True) for n in range(4)]
    shares = np.mean(blocks, axis=0)
    excess = shares - np.maximum(0, 1 - numbers / threshold)
    assert excess.min() > -0.005
    assert excess.max() < 0.5 / np.sqrt(threshold)
    assert (shares[numbers <= 0.95 * threshold] > 0.01).all()
    assert (shares[numbers >= 1.1 * threshold] < 0.01).all()
    aligned = n_cpus * (k + 1) * tick_ns / cost_ns
    assert (shares - np.maximum(0, 1 - numbers / aligned)).min() < -0.005
