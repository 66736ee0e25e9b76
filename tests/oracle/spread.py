"""Spread: how often each mechanism occurs in random scenarios.

Takes numbers of scenarios from the command line, runs them and prints counts.
Must not know any expected value: it is read by the author of the scenarios.
"""

import sys
import time
from collections import Counter
from random import Random

from . import run_episode
from .scenario import random_scenario

TRACE_NAMES = (
    "- SWITCH WAKE SLEEP BLOCK ENTER TRYFAIL ACQUIRE UNLOCK KILL RELEASE EXIT ALLOC MIGRATE BAIL GATE END".split()
)


def spread(first: int, count: int) -> None:
    """Run the scenarios `first` .. `first` + `count` - 1 and print how they spread."""
    scenarios_with: Counter[str] = Counter()
    took = []
    lengths = []
    for index in range(first, first + count):
        machine, policy, classes, shapes = random_scenario(Random(index))
        begin = time.perf_counter()
        result = run_episode(machine, policy, classes, shapes, index, 0, index % 7)
        took.append(time.perf_counter() - begin)
        lengths.append(len(result.trace))
        scenarios_with.update(marks(policy, result.trace, result.out))
    for key in sorted(scenarios_with):
        print(f"{key:28s} {scenarios_with[key]:6d}  {100 * scenarios_with[key] / count:5.1f} %")
    took.sort()
    lengths.sort()
    print(f"seconds: mean {sum(took) / count:.3f}, median {took[count // 2]:.3f}, max {took[-1]:.2f}")
    print(f"trace records: median {lengths[count // 2]}, max {lengths[-1]}")


def marks(policy: dict[str, int], trace: list[tuple[int, int, int, int, int]], out: dict[str, int]) -> set[str]:
    """Return what occurred in one episode."""
    found = {f"trace {TRACE_NAMES[code]}" for _, code, _, _, _ in trace}
    found |= {f"bail {arg}" for _, code, _, _, arg in trace if code == 14}
    found |= {f"gate {arg}" for _, code, _, _, arg in trace if code == 15}
    found |= {f"end {out['end_reason']}", f"invocations {out['n_inv']}"}
    if out["n_kills_seen"]:
        found |= {
            f"kill with {name} {policy[name]}"
            for name in ("sched", "lock", "holder", "release", "reserves", "selection")
        }
    reaper = out["n_tasks"] - 1
    if any(code == 10 and task == reaper for _, code, _, task, _ in trace):
        found.add(f"reaped with release {policy['release']}")
    if any(code == 4 and task == reaper for _, code, _, task, _ in trace):
        found.add("reaper blocks on the lock")
    found |= {f"has {name}" for name in ("n_futile", "needless", "livelock") if out[name] > 0}
    found |= {"has livelock"} if out["livelock"] == 0 else set()
    found |= {"has recovery"} if out["recovery_ns"] >= 0 else set()
    found |= {"hold open"} if out["hold_open"] else set()
    return found


if __name__ == "__main__":
    spread(int(sys.argv[1]), int(sys.argv[2]))
