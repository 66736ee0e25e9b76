"""What is run to measure speed, by name, as data.

Takes nothing, gives blocks of replicates as the engine takes them. Two kinds: storms, the workloads on which
prototypes of this engine were measured (T allocators of equal weight on 4 CPUs, one lock rule, a small or a big kill,
horizon 10 s), and built-in scenarios. Must not know what is measured.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mcoom.design.build import Design, build_design
from mcoom.engine.inputs import Inputs
from mcoom.lower import lower_block, lower_policy
from mcoom.spec.load import load_scenario, parse_scenario

STORM = """schema_version = 1
[scenario]
title = "Storm of {threads} allocators"
source = "plan of the prototypes: 4 CPUs, HZ 250, reclaim passes with a median of 60 us"
horizon = "10 s"
kills = 1
replicates = 1
seed = 1
block = 64
policies = ["trylock_spin", "linux-4.13", "linux-4.13+seed"]
estimands = ["kill"]
max_events = 20_000_000
[machine]
cpus = 4
hz = 250
preempt = "full"
[memory]
min = "192 pages"
total = "64 MiB"
free_above_min = "0 pages"
[costs]
use = "linux-6.1-measured"
reclaim_pass = "60 us"
reclaim_pass_shape = {{ lognormal = 0.5 }}
entry = "0 us"
trylock = "0 us"
report = "{report}"
[[class]]
name = "storm"
count = {threads}
oom_score_adj = -1000
first_var = "100 us"
touch = "11 us"
[[class]]
name = "victims"
program = "sleeper"
count = 4
rss = "1 MiB"
oom_score_adj = 1000
"""
RULES = {"spin": "trylock_spin", "sleep": "linux-4.13", "mutex": "linux-4.13+seed"}
"""What a loser of the lock does, and the policy that has it do so."""
KILLS = {"small": "1 ms", "big": "50 ms"}
"""What the owner of the lock has to do to kill: the report."""
THREADS = (4, 32, 256, 1024, 4096)
BUILT_IN = ("population", "handa-2017", "handa-2019", "desktop", "sweep-livelock-map")


@dataclass(frozen=True)
class Block:
    """Replicates of one point under one policy."""

    inputs: Inputs
    policy: NDArray[np.int64]

    @property
    def n_replicates(self) -> int:
        """How many rows it has."""
        return self.inputs.machine.shape[0]


@dataclass(frozen=True)
class Workload:
    """Some work with a name."""

    name: str
    design: Design
    policies: tuple[str, ...]
    points: tuple[int, ...] = (0,)

    def blocks(self, replicates: int) -> list[Block]:
        """Return its blocks, ``replicates`` of each point and policy."""
        rows = [lower_policy(p) for p in self.design.scenario.policies if p.name in self.policies]
        inputs = [lower_block(self.design, point, 0, replicates).inputs for point in self.points]
        return [Block(block, row) for block in inputs for row in rows]


def storm(rule: str, kill: str, threads: int) -> Workload:
    """Return one storm; ``rule`` is of ``RULES``, ``kill`` of ``KILLS``."""
    scenario = parse_scenario(STORM.format(threads=threads, report=KILLS[kill]), "storm")
    return Workload(f"{rule}, {kill} kill, T = {threads}", build_design(scenario, 1), (RULES[rule],))


def storms() -> Iterator[Workload]:
    """Give every storm."""
    for rule in RULES:
        for kill in KILLS:
            for threads in THREADS:
                yield storm(rule, kill, threads)


def built_in() -> Iterator[Workload]:
    """Give each policy of each built-in scenario; of a sweep every 25th point, which meets each value of each axis."""
    for name in BUILT_IN:
        design = build_design(load_scenario(name), 1)
        points = tuple(range(0, len(design.points), 25))
        for policy in design.scenario.policies:
            yield Workload(f"{name}, {policy.name}", design, (policy.name,), points)


def find(name: str) -> Workload:
    """Return the workload of this name.

    Raises
    ------
    KeyError
        There is none.
    """
    return {workload.name: workload for workload in (*storms(), *built_in())}[name]
