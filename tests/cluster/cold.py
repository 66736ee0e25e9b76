"""One of many processes that start at once: compile or load kernels, say what came out and how many were compiled.

Usage: python -m tests.cluster.cold small|engine GATE. Starts when the file GATE appears.
"""

import hashlib
import json
import sys
import time
from pathlib import Path

import numpy as np

from mcoom._jit import entry, jit
from mcoom.cache.kernel import KernelCache

COMPILED: list[str] = []


@jit
def double(x):
    return 2 * x


@jit
def double_or_more(x, n):
    for _ in range(n):
        x = double(x)
    return x


@entry
def fill(values, n):
    for i in range(values.shape[0]):
        values[i] = double_or_more(i, n)


def small() -> bytes:
    values = np.zeros(50, np.int64)
    fill(values, 3)
    return values.tobytes()


def engine() -> bytes:
    from mcoom.design.build import build_design
    from mcoom.engine.replicates import run_block
    from mcoom.lower import lower_block, lower_policy
    from mcoom.spec.load import load_scenario

    scenario = Path(__file__).parents[1] / "integration" / "small.toml"
    design = build_design(load_scenario(str(scenario), ()), None, None)
    lowered = lower_block(design, 0, 0, 8)
    return run_block(lowered.inputs, lower_policy(design.scenario.policies[0])).tobytes()


def count_compilations() -> None:
    save = KernelCache.save_overload

    def counted(self: KernelCache, sig: object, data: object) -> None:
        COMPILED.append(data.fndesc.qualname)
        save(self, sig, data)

    KernelCache.save_overload = counted


if __name__ == "__main__":
    what, gate = sys.argv[1:]
    count_compilations()
    while not Path(gate).exists():
        time.sleep(0.01)
    start = time.monotonic()
    digest = hashlib.sha256({"small": small, "engine": engine}[what]()).hexdigest()
    print(json.dumps({"digest": digest, "compiled": COMPILED, "seconds": time.monotonic() - start}))
