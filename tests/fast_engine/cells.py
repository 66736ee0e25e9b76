"""Small scenarios in which a fast engine has something to jump over, and their outputs by each engine."""

import itertools
from typing import NamedTuple

import numpy as np
from scipy import stats

from mcoom.codes import Engine
from mcoom.design.build import build_design
from mcoom.engine.layout import MACHINE, OUT
from mcoom.engine.replicates import run_block
from mcoom.lower import lower_block, lower_policy
from mcoom.spec.load import parse_scenario

BASE = """
schema_version = 1
[scenario]
title = "Cell"
source = "none"
horizon = "4 s"
kills = 2
policies = ["trylock_spin", "linux-4.13", "linux-4.13+seed", "linux-4.19", "linux-6.12", "long-sleep"]
max_events = 1000000000000
[[policy]]
name = "long-sleep"
base = "linux-4.13"
title = "Losers of the trylock sleep for three jiffies"
source = "none"
lock_k = 3
[machine]
cpus = 1
hz = 250
preempt = "full"
[memory]
min = "192 pages"
total = "64 MiB"
free_above_min = "64 pages"
[costs]
use = "linux-6.1-measured"
reclaim_pass = "60 us"
[[class]]
name = "owner"
policy = "idle"
oom_score_adj = -1000
touch_var = "1 us"
start = { jitter = "6 ms" }
[[class]]
name = "storm"
count = 8
oom_score_adj = -1000
first_var = "40 us"
touch_var = "1 us"
start = { gate = "first_lock" }
[[class]]
name = "hogs"
program = "hog"
count = 0
oom_score_adj = -1000
start = { jitter = "3 ms" }
[[class]]
name = "victims"
program = "sleeper"
count = 3
rss = "1 MiB"
oom_score_adj = 1000
"""
COMPARED = (
    "kill_ns_0", "kill_ns_1", "release_ns_0", "hold_max_ns", "end_ns", "n_entry", "n_tryfail", "n_pass", "n_futile",
    "futile_ns", "n_switch", "n_events", "busy_ns",
)  # fmt: skip


class Cell(NamedTuple):
    """One scenario and policy."""

    policy: str
    changes: tuple[str, ...]


def cells():
    """List the cells: spin storms, and hogs that starve an owner under every rule."""
    found = []
    for cpus, storm, owner in itertools.product((1, 2, 4, 8), (2, 6, 24, 64), ("idle", "other")):
        hz = (100, 250, 1000)[(cpus + storm) % 3]
        changes = (f"machine.cpus={cpus}", f"class.storm.count={storm}", f"class.owner.policy={owner}")
        shape = "{ lognormal = 0.5 }" if storm in (6, 64) else "exponential" if cpus == 2 else ""
        shapes = (f"costs.reclaim_pass_shape={shape}",) if shape else ()
        found.append(Cell("trylock_spin", (*changes, f"machine.hz={hz}", *shapes)))
    for cpus, policy, preempt in itertools.product(
        (1, 3), ("trylock_spin", "linux-4.13", "linux-4.13+seed"), ("full", "none")
    ):
        changes = (f"machine.cpus={cpus}", f"machine.preempt={preempt}", f"class.hogs.count={cpus + 1}")
        found.append(Cell(policy, (*changes, "class.storm.count=3", "scenario.kills=1")))
    for nice in (-3, 5):
        found.append(Cell("trylock_spin", (f"class.storm.nice={nice}", "class.hogs.count=2", "machine.groups=false")))
    return found


UNGATED = 'class.storm.start={ at = "3 ms", jitter = "3 ms" }'
ALL_RETRIES = ("memory.stuck_lru=1 MiB", "costs.reclaim_pass=9 us")
LOGNORMAL, EXPONENTIAL = "costs.reclaim_pass_shape={ lognormal = 0.3 }", "costs.reclaim_pass_shape=exponential"


def herd_cells():
    """List sleep storms: so many that their CPUs are never idle, barely or by far, stuck or healthy."""
    found = []

    def add(cpus, hz, storm, *changes, policy="linux-4.13", horizon_s=2):
        machine = (f"machine.cpus={cpus}", f"machine.hz={hz}", f"class.storm.count={storm}")
        found.append(Cell(policy, (*machine, f"scenario.horizon={horizon_s} s", *changes)))

    for hz, storm in ((1000, 64), (1000, 160), (1000, 700), (250, 200), (250, 700), (100, 500)):
        add(1, hz, storm, UNGATED)
        add(1, hz, storm)
    for cpus, hz, storm in ((2, 1000, 160), (2, 250, 500), (4, 1000, 256), (4, 1000, 1000), (8, 1000, 1000)):
        add(cpus, hz, storm, UNGATED, horizon_s=1)
    for shape in (LOGNORMAL, EXPONENTIAL):
        add(1, 1000, 800, UNGATED, shape)
        add(2, 1000, 1600, UNGATED, shape, horizon_s=1)
    add(1, 1000, 300, UNGATED, policy="long-sleep")
    add(1, 1000, 200, UNGATED, policy="linux-4.19")
    add(1, 1000, 200, UNGATED, policy="linux-6.12")
    add(2, 1000, 300, UNGATED, policy="linux-6.12")
    add(2, 1000, 300, UNGATED, *ALL_RETRIES, "machine.switch=2 us")
    for storm in (100, 400):
        add(1, 1000, storm, "class.owner.policy=other", horizon_s=4)
        add(1, 1000, storm, "class.owner.policy=other", UNGATED, horizon_s=4)
    add(1, 1000, 400, "class.owner.policy=other", LOGNORMAL, UNGATED, horizon_s=4)
    for cpus, hz in ((1, 1000), (1, 250), (2, 1000)):
        add(cpus, hz, 300 * cpus, horizon_s=8)
    return found


def random_herd(rng):
    """Draw a sleep storm of some number around or beyond that which keeps its CPUs busy."""
    cpus, hz = rng.choice((1, 1, 1, 2, 3, 4)), rng.choice((100, 250, 1000))
    policy = rng.choice(("linux-4.13", "linux-4.13", "linux-4.19", "linux-6.12", "long-sleep"))
    pass_us = rng.choice((20, 35, 60, 90))
    busy = (4 if policy == "long-sleep" else 2) * 1_000_000 // hz // pass_us
    storm = min(1000, int(cpus * busy * rng.uniform(0.8, 6.0)))
    changes = [
        f"machine.cpus={cpus}",
        f"machine.hz={hz}",
        f"class.storm.count={storm}",
        f"costs.reclaim_pass={pass_us} us",
        f"costs.entry={rng.choice((0, 0, 5))} us",
        f"costs.trylock={rng.choice((0, 0, 2))} us",
        f"machine.switch={rng.choice((0, 1, 3))} us",
        f"machine.preempt={rng.choice(('full', 'full', 'none'))}",
        f"class.owner.policy={rng.choice(('idle', 'idle', 'other', 'batch'))}",
        f"scenario.horizon={rng.choice((1, 3))} s",
    ]
    shape = rng.choice(("", "", "{ lognormal = 0.02 }", "{ lognormal = 0.1 }", "{ lognormal = 0.3 }", "uniform"))
    if shape:
        changes.append(f"costs.reclaim_pass_shape={shape}")
    if rng.random() < 0.6:
        changes.append(UNGATED)
    return Cell(policy, tuple(changes))


def inputs_of(cell, n, first=0, seed=1):
    """Lower ``n`` replicates of a cell; return (inputs, policy row)."""
    design = build_design(parse_scenario(BASE, "cell", cell.changes), first + n, seed)
    policy = next(policy for policy in design.scenario.policies if policy.name == cell.policy)
    return lower_block(design, 0, first, n).inputs, lower_policy(policy)


def with_engine(inputs, engine, **columns):
    """Give the same inputs for an engine, with other changes of machine columns."""
    machine = inputs.machine.copy()
    machine[:, MACHINE["engine"]] = int(engine)
    for name, value in columns.items():
        machine[:, MACHINE[name]] = value
    return inputs._replace(machine=machine)


def outputs(cell, engine, n, first=0, seed=1):
    """Run ``n`` replicates of a cell."""
    inputs, policy = inputs_of(cell, n, first, seed)
    return run_block(with_engine(inputs, engine), policy)


def p_value(a, b, rng):
    """Two-sample Kolmogorov-Smirnov test of int64 samples; ties are broken at random (a randomised rank transform)."""
    pooled = np.concatenate((a, b))
    order = np.lexsort((rng.random(pooled.size), pooled))
    ranks = np.empty(pooled.size)
    ranks[order] = np.arange(pooled.size)
    return stats.ks_2samp(ranks[: a.size], ranks[a.size :], method="asymp").pvalue


def p_values(exact, fast, rng):
    """Test every compared output that is not the same constant in both."""
    found = {}
    for name in COMPARED:
        a, b = exact[:, OUT[name]], fast[:, OUT[name]]
        if not (np.ptp(a) == 0 and np.array_equal(a, b)):
            found[name] = p_value(a, b, rng)
    return found


def rejected(p, level):
    """Give the keys that Holm's procedure rejects at a family error of ``level``."""
    names = sorted(p, key=p.get)
    lost = []
    for k, name in enumerate(names):
        if p[name] > level / (len(names) - k):
            break
        lost.append(name)
    return lost


ENGINES = (Engine.EXACT, Engine.SKIP, Engine.FAST)
