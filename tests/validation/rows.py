"""Rows of engine inputs for the closed-form tests: a quiet default of every field, overridden by keyword.

Takes keywords of docs/model.md section 1, gives arrays. The defaults draw nothing at random, cost nothing and leave
memory short for ever, so that a test names only what its law is about. Must not know any law.
"""

import numpy as np

from mcoom.codes import Holder, Lock, Program
from mcoom.engine.inputs import Inputs
from mcoom.engine.layout import CLASS_FIELDS, LONG_AGO, MACHINE_FIELDS, OUT, POLICY_FIELDS, SHAPE_BINS, SHAPE_ONE

MS = 1_000_000
S = 1_000_000_000
ALL_CPUS = (1 << 62) - 1
NICE_0_WEIGHT = 1024
IDLE_WEIGHT = 3
FOR_EVER = 1 << 24
"""Jiffies that no test lives to see the end of."""

CONSTANT, UNIFORM, EXPONENTIAL = range(3)
"""Shape tables of mean one; the exponential one is linear within a bin, the last of which has the right mean."""


def shape_tables():
    """(3, 257) int64: the quantiles of the three shapes."""
    p = np.arange(SHAPE_BINS + 1) / SHAPE_BINS
    exponential = np.append(-np.log1p(-p[:-1]), np.log(SHAPE_BINS) + 2)
    exponential /= (exponential[:-1] + exponential[1:]).mean() / 2
    return np.rint(np.array([np.ones_like(p), 2 * p, exponential]) * SHAPE_ONE).astype(np.int64)


def row(fields, defaults, given):
    """Values in column order; a field that is neither given nor in the defaults is 0."""
    unknown = set(given) - set(fields)
    assert not unknown, unknown
    values = {**dict.fromkeys(fields, 0), **defaults, **given}
    return [int(values[name]) for name in fields]


def machine_row(hz=1000, n_cpus=1, **given):
    """One CPU of 2017 without switch cost, RT limit or event budget; free memory is one page under the mark."""
    scale = 1 + (n_cpus.bit_length() - 1 if n_cpus < 8 else 3)
    defaults = {
        "n_cpus": n_cpus, "hz": hz, "tick_ns": S // hz,
        "latency_ns": 6 * MS * scale, "min_gran_ns": 3 * MS // 4 * scale, "wakeup_gran_ns": MS * scale,
        "idle_min_gran_ns": 3 * MS // 4,
        "rt_runtime_ns": -1, "rr_slice_ticks": max(1, hz // 10),
        "free_pages": 100, "min_pages": 1000, "high_pages": 1500, "total_pages": 1 << 16,
        "pass_points": 1, "report_burst": 10, "report_interval_ns": 5 * S, "gate_batch": 1 << 20,
        "n_kills": 1, "horizon_ns": 10 * S, "max_events": 1 << 60,
    }  # fmt: skip
    return row(MACHINE_FIELDS, defaults, given)


def class_row(program=Program.ALLOCATOR, **given):
    """One nice-0 task that nobody may kill, at work from time 0."""
    defaults = {
        "program": program, "count": 1, "weight": NICE_0_WEIGHT, "affinity": ALL_CPUS,
        "limit_pages": -1, "fault_pages": 1, "adj": -1000, "gate_vruntime_ns": LONG_AGO,
    }  # fmt: skip
    return row(CLASS_FIELDS, defaults, given)


def victim_row(**given):
    """A sleeper that holds one page: its release leaves memory as short as before."""
    return class_row(Program.SLEEPER, **{"rss_pages": 1, "adj": 0, **given})


def policy_row(**given):
    """Trylock and sleep one jiffy; the owner unlocks after the kill; the victim frees its memory itself."""
    defaults = {"lock": Lock.TRYLOCK_SLEEP, "lock_k": 1, "holder": Holder.NONE, "rt_reserve": 4}
    return np.array(row(POLICY_FIELDS, defaults, given), np.int64)


def inputs(machines, classes, seed=0, first=0):
    """Inputs of R machine rows, each with its own list of class rows (or one list for all)."""
    if not isinstance(classes[0][0], list):
        classes = [classes] * len(machines)
    return Inputs(np.array(machines, np.int64), np.array(classes, np.int64), shape_tables(), seed, 0, first)


def column(outputs, name):
    """Column of a block of outputs, by name."""
    return outputs[:, OUT[name]]
