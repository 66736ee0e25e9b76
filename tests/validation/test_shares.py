"""Tasks that never sleep share a CPU by weight, within one slice.

Law: task i of weight w_i gets w_i / W of the CPU. Tolerance: a picked task runs at most its slice, to the next tick
and, if its preemption is deferred, to the end of its reclaim pass; so virtual runtimes, equal when all start, part by
no more than the largest run_j / w_j, and the CPU time of i is within w_i times that of the law (twice that for an
interval that begins later). Exact bounds, no error rate. Twin: the first task one nice level lower must fail.
"""

import numpy as np
import pytest

from mcoom.codes import Lock, Preempt, Program, Sched, StartKind, Trace
from mcoom.engine.replicates import trace_replicate
from tests.oracle.scenario import NICE_WEIGHTS
from tests.validation.herd import TASK_0, herd, herd_policy
from tests.validation.rows import MS, class_row
from tests.validation.timeline import TIME, cpu_time, records

HORIZON_NS = 4_000 * MS
PASS_NS = MS // 20
LATENCY_NS = 6 * MS
MIN_GRAN_NS = 3 * MS // 4


def nice(n):
    return NICE_WEIGHTS[n + 20]


CROWDS = {
    "two to one": [2048, 1024],
    "nice 0 and 5": [nice(0), nice(5)],
    "nice 0, 0 and 1": [nice(0), nice(0), nice(1)],
    "nice -5 to 5": [nice(n) for n in (-5, -2, 0, 2, 5)],
    "a dozen": [nice(0)] * 6 + [nice(1)] * 6,
}


def shared_cpu(weights, program, hz, preempt=Preempt.NONE, sched=Sched.CFS413):
    """Trace of one CPU that these tasks share; they start at the first kill, with equal virtual runtimes."""
    classes = [class_row(program, weight=weight, start_kind=StartKind.FIRST_KILL) for weight in weights]
    machine = {"hz": hz, "horizon_ns": HORIZON_NS, "pass_ns": PASS_NS, "preempt": preempt}
    return trace_replicate(herd([(machine, classes)]), herd_policy(lock=Lock.TRYLOCK_SPIN, sched=sched), 0)[0]


def errors(trace, weights, begin_ns):
    """(n,) ns: CPU time from ``begin_ns`` to the horizon minus the law."""
    used = cpu_time(trace, begin_ns, HORIZON_NS, TASK_0 + len(weights) + 1)[TASK_0 : TASK_0 + len(weights)]
    return used - (HORIZON_NS - begin_ns) * np.array(weights) / sum(weights)


def one_slice(weights, hz):
    """(n,) ns: the longest run in virtual time (slice, tick and deferred pass), as CPU time of each task."""
    weights = np.array(weights)
    period = LATENCY_NS if len(weights) <= 8 else len(weights) * MIN_GRAN_NS
    run = np.maximum(period * weights / weights.sum(), MIN_GRAN_NS) + 1_000 * MS / hz + PASS_NS
    return weights * (run / weights).max()


def check_shares(trace, weights, hz):
    starts_ns = int(records(trace, Trace.GATE)[0, TIME])
    assert (np.abs(errors(trace, weights, starts_ns)) <= one_slice(weights, hz)).all()
    for begin_ns in (700 * MS, 2_345 * MS + 678):
        assert (np.abs(errors(trace, weights, begin_ns)) <= 2 * one_slice(weights, hz)).all()
    wrong = [int(weights[0] / 1.25), *weights[1:]]
    assert (np.abs(errors(trace, wrong, starts_ns)) > one_slice(wrong, hz)).any()


@pytest.mark.parametrize("sched", Sched)
@pytest.mark.parametrize("hz", [100, 250, 1000])
@pytest.mark.parametrize("crowd", CROWDS)
def test_allocators_that_spin_for_the_lock(crowd, hz, sched):
    """L0: reclaim pass after reclaim pass; with ``none`` a pass ends before the CPU changes hands."""
    for preempt in Preempt:
        check_shares(shared_cpu(CROWDS[crowd], Program.ALLOCATOR, hz, preempt, sched), CROWDS[crowd], hz)


@pytest.mark.parametrize("sched", Sched)
@pytest.mark.parametrize("hz", [100, 250, 1000])
@pytest.mark.parametrize("crowd", CROWDS)
def test_hogs(crowd, hz, sched):
    check_shares(shared_cpu(CROWDS[crowd], Program.HOG, hz, sched=sched), CROWDS[crowd], hz)
