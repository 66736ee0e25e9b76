"""The CUDA kernels beside the engine on the CPU; a program.

Takes names of comparisons, prints one JSON object: how many rows differ. With NUMBA_ENABLE_CUDASIM=1 it runs in Numba's
simulator, where nothing is compiled and an index outside of its table is an error; without it, on a GPU.
"""

import json
import random
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from mcoom.codes import Engine
from mcoom.design.build import Design, build_design
from mcoom.engine.layout import MACHINE, OUT
from mcoom.engine.replicates import run_block
from mcoom.gpu.memory import WARP, Interleaved, sizes_of
from mcoom.gpu.place import make_placer
from mcoom.gpu.replicates import DEFAULT, Launch, Work, run_works
from mcoom.lower import lower_block, lower_policy
from mcoom.spec.load import load_scenario
from tests.oracle.scenario import random_scenario
from tests.oracle_match.test_traces import lower

SMALL = Path(__file__).parents[1] / "integration" / "small.toml"
MOST_EVENTS = 1000
LIVELOCK = (
    "machine.cpus=1",
    "machine.hz=250",
    "class.owner.policy=idle",
    "class.storm.count=4",
    "scenario.horizon=1 s",
)
LAYOUTS = {
    "side by side": Interleaved(),
    "own pieces": Interleaved(g=False, task=False, cpu=False, heap=False),
    "mixed": Interleaved(g=True, task=False, cpu=True, heap=False),
}


def works_of(design: Design, replicates: int, engine: Engine, policies: tuple[str, ...] = ()) -> list[Work]:
    """Return blocks of every point, the second of which begins where the first one ends."""
    rows = [lower_policy(p) for p in design.scenario.policies if not policies or p.name in policies]
    works = []
    for point in range(len(design.points)):
        for first in (0, replicates):
            inputs = lower_block(design, point, first, replicates).inputs
            inputs.machine[:, MACHINE["engine"]] = engine
            inputs.machine[:, MACHINE["max_events"]] = MOST_EVENTS
            works.append(Work(inputs, np.stack(rows)))
    return works


def compare(works: list[Work], launch: Launch) -> dict[str, int]:
    """Run works in both ways and compare them."""
    got = run_works(works, launch)
    wanted = [np.stack([run_block(work.inputs, policy) for policy in work.policies]) for work in works]
    return {
        "rows": sum(rows.shape[0] * rows.shape[1] for rows in wanted),
        "wrong": sum(int(np.any(a != b, axis=2).sum()) for a, b in zip(got, wanted, strict=True)),
        "most_events": max(int(rows[:, :, OUT["n_events"]].max()) for rows in wanted),
    }


def n_words_hit(interleaved: Interleaved) -> tuple[int, int]:
    """Write every entry of the tables of 3 warps; return how many words were written once, and how many there are."""
    sizes = sizes_of(n_tasks=3, n_cpus=2, n_classes=1)
    words = np.zeros(3 * WARP * sizes.words, np.int64)
    place = make_placer(interleaved)
    for slot in range(3 * WARP):
        s = place(words, np.zeros(1, np.int64), slot, sizes)
        for table, n, columns in ((s.task, sizes.task, 56), (s.cpu, sizes.cpu, 34), (s.heap, sizes.heap, 3)):
            for entry in range(n):
                table[entry // columns, entry % columns] += 1
        for entry in range(sizes.g):
            s.g[entry] += 1
    return int((words == 1).sum()), len(words)


def random_works(n: int) -> list[Work]:
    """Return scenarios of the oracle's, each with classes, shapes, policy and engine of its own."""
    works = []
    for seed in range(n):
        inputs, policy = lower(*random_scenario(random.Random(seed)), seed, seed % 3, seed % 7)
        inputs.machine[:, MACHINE["engine"]] = Engine.SKIP if seed % 2 else Engine.EXACT
        works.append(Work(inputs, policy[None, :]))
    return works


def small(replicates: int, *policies: str) -> list[Work]:
    """Return blocks of the scenario of the integration tests."""
    return works_of(build_design(load_scenario(str(SMALL)), 2 * replicates), replicates, Engine.EXACT, policies)


def jumps() -> list[Work]:
    """Return episodes most of which is jumped over."""
    return works_of(build_design(load_scenario("sweep-livelock-map", LIVELOCK), 4), 2, Engine.SKIP, ("trylock_spin",))


FEW = Launch(block=WARP, slots=WARP, n_turns=16, n_rounds=8)
COMPARISONS: dict[str, Callable[[], object]] = {
    **{name: lambda way=way: compare(small(2), FEW._replace(interleaved=way)) for name, way in LAYOUTS.items()},
    **{f"words, {name}": lambda way=way: n_words_hit(way) for name, way in LAYOUTS.items()},
    "queue": lambda: compare(small(18, "linux-4.13"), FEW),
    "two blocks": lambda: compare(small(12, "linux-4.13"), FEW._replace(slots=2 * WARP)),
    "jumps": lambda: compare(jumps(), FEW),
    "random": lambda: compare(random_works(40), FEW),
    "random, a GPU full": lambda: compare(random_works(4000), DEFAULT),
}
"""By name; the last one is for a GPU."""


def main() -> None:
    """Compare and print."""
    print(json.dumps({name: COMPARISONS[name]() for name in sys.argv[1:] or list(COMPARISONS)[:-1]}))


if __name__ == "__main__":
    main()
