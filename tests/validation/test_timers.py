"""A sleep of k jiffies ends on a tick, after more than k and at most k + 1 ticks; coarser from 63 jiffies on.

Law of the timer wheel: with g = 1, 8, 64, 512, 4096 for k from 0, 63, 504, 4032, 32256 on, the sleeper wakes at the
first multiple of g ticks that is later than k ticks after the last tick. Exact for every sleep, no error rate.
"""

import numpy as np
import pytest

from mcoom.codes import Trace
from mcoom.engine.replicates import trace_replicate
from tests.validation.herd import STARTS_NS, TASK_0, herd, herd_policy
from tests.validation.rows import EXPONENTIAL, MS, UNIFORM, S, class_row
from tests.validation.timeline import ARG, TASK, TIME, records

N = 20
N_SLEEPS = 12
START_NS = 100 * MS
JIFFIES = (0, 1, 2, 10, 62, 63, 64, 200, 503, 504, 1000, 4031, 4032, 32255, 32256, 50_000)


def granularity(k):
    """Ticks between the moments at which a sleep of k jiffies may end."""
    return 8 ** sum(k >= limit for limit in (63, 504, 4032, 32256))


def sleeps(hz, k, seed, n_cpus=1, timer_mode=0, n_sleeps=N_SLEEPS):
    """(begin, armed for, woken at): three arrays of all sleeps of a herd that lie within the horizon, ns."""
    tick_ns = S // hz
    machine = {
        "hz": hz, "n_cpus": n_cpus, "timer_mode": timer_mode, "pass_ns": tick_ns // 37, "pass_shape": EXPONENTIAL,
        "horizon_ns": START_NS + n_sleeps * (k + granularity(k) + 1) * tick_ns,
    }  # fmt: skip
    herd_row = class_row(count=N, start_ns=STARTS_NS, start_var_ns=START_NS // 2, start_shape=UNIFORM)
    trace, _ = trace_replicate(herd([(machine, [herd_row])], seed), herd_policy(lock_k=k), 0)
    found = []
    for task in range(TASK_0, TASK_0 + N):
        own = trace[trace[:, TASK] == task]
        slept, woken = records(own, Trace.SLEEP), records(own, Trace.WAKE)[1:]
        assert len(slept) - len(woken) in (0, 1)
        found.append(np.stack([slept[: len(woken), TIME], slept[: len(woken), ARG], woken[:, TIME]]))
    return np.concatenate(found, axis=1)


@pytest.mark.parametrize("hz", [100, 250, 300, 1000])
@pytest.mark.parametrize("n_cpus", [1, 3])
def test_every_sleep_ends_on_the_tick_of_the_wheel(hz, n_cpus, base_seed):
    """Twin: a wheel without coarser levels must fail from 63 jiffies on."""
    tick_ns = S // hz
    for k in JIFFIES:
        begin, armed, woken = sleeps(hz, k, base_seed, n_cpus)
        assert len(begin) >= N * (N_SLEEPS // 3)
        np.testing.assert_array_equal(armed, woken)
        step = granularity(k) * tick_ns
        assert (woken % step == 0).all()
        assert (woken - begin > k * tick_ns).all()
        assert (woken - begin <= k * tick_ns + step).all()
        np.testing.assert_array_equal(woken, ((begin // tick_ns + k) * tick_ns // step + 1) * step)
        is_next_tick = woken == (begin // tick_ns + k + 1) * tick_ns
        assert is_next_tick.all() == (k < 63)


def test_unsynchronised_sleeps_end_between_k_and_k_plus_one_ticks(base_seed):
    """``timer_mode`` 1: uniform on k..k+1 ticks, and ends on no tick.

    Statistical: the mean is k + 1/2 within 4.9 standard errors (error rate 1e-6). Twin: 2 % more must fail.
    """
    k, hz = 1, 250
    begin, armed, woken = sleeps(hz, k, base_seed, timer_mode=1, n_sleeps=400)
    np.testing.assert_array_equal(armed, woken)
    slept = (woken - begin) * hz / S
    assert (slept >= k).all()
    assert (slept < k + 1).all()
    assert np.mean(woken % (S // hz) == 0) < 0.01
    threshold = 4.9 / np.sqrt(12 * len(slept))
    assert abs(slept.mean() - (k + 0.5)) < threshold
    assert abs(slept.mean() - 1.02 * (k + 0.5)) > threshold
