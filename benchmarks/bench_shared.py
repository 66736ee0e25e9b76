"""Policies run together, sharing what they have in common, beside the same policies one by one.

Takes the built-in scenarios under all their policies, gives benchmarks/results/shared.{json,md}: one core, rounds
interleaved, the order turns, and the ratio is the median of the rounds' ratios. Outputs have to be equal to the byte.
docs/adr/0024.
"""

import argparse
import statistics
from pathlib import Path

import numpy as np

from benchmarks.machine import RESULTS, in_words, machine, pin
from benchmarks.record import write
from benchmarks.rounds import interleave, ratio
from benchmarks.workloads import BUILT_IN
from mcoom.codes import Engine
from mcoom.design.build import build_design
from mcoom.engine.inputs import Inputs
from mcoom.engine.layout import MACHINE
from mcoom.engine.replicates import run_block, run_policies
from mcoom.lower import lower_block, lower_policy
from mcoom.report.table import table_lines
from mcoom.spec.load import load_scenario

ENGINES = (Engine.EXACT, Engine.FAST)
REPLICATES = {"population": 400, "desktop": 400, "handa-2017": 8, "handa-2019": 4, "sweep-livelock-map": 4}
"""Of each point; of a sweep every 25th point, which meets each value of each axis."""
EVERY_POINT = 25


def blocks_of(name: str, engine: Engine) -> tuple[list[Inputs], np.ndarray]:
    """Return the blocks of a built-in scenario and the rows of its policies."""
    design = build_design(load_scenario(name), 1)
    blocks = [
        lower_block(design, point, 0, REPLICATES[name]).inputs for point in range(0, len(design.points), EVERY_POINT)
    ]
    for block in blocks:
        block.machine[:, MACHINE["engine"]] = engine
    return blocks, np.stack([lower_policy(policy) for policy in design.scenario.policies])


def measure(name: str, engine: Engine, rounds: int) -> dict[str, object]:
    """Time both ways in turn; the outputs of the first, untimed run are compared."""
    blocks, policies = blocks_of(name, engine)

    def together() -> list[np.ndarray]:
        return [run_policies(block, policies) for block in blocks]

    def one_by_one() -> list[np.ndarray]:
        return [np.stack([run_block(block, policy) for policy in policies]) for block in blocks]

    if not all(np.array_equal(a, b) for a, b in zip(together(), one_by_one(), strict=True)):
        raise SystemExit(f"{name}, {engine.name.lower()}: outputs differ")
    times = interleave({"together": together, "one by one": one_by_one}, rounds)
    return {
        "scenario": name,
        "engine": engine.name.lower(),
        "replicates": REPLICATES[name] * len(blocks),
        "policies": len(policies),
        "seconds": {way: [round(t, 6) for t in taken] for way, taken in times.items()},
        "ratio": ratio(times, "one by one", "together")._asdict(),
    }


def line(record: dict) -> tuple[str, ...]:
    """Return a record as a row of the table: milliseconds for one replicate under all policies."""
    each = {way: 1e3 * statistics.median(taken) / record["replicates"] for way, taken in record["seconds"].items()}
    return (
        record["scenario"],
        record["engine"],
        str(record["policies"]),
        f"{each['one by one']:.2f}",
        f"{each['together']:.2f}",
        f"{record['ratio']['median']:.2f}",
        f"{record['ratio']['low']:.2f} .. {record['ratio']['high']:.2f}",
    )


def page(record: dict) -> str:
    """Return the results as Markdown."""
    header = ("scenario", "engine", "policies", "one by one, ms", "together, ms", "ratio", "its quartiles")
    return "\n".join(
        [
            "# Policies together and one by one",
            "",
            in_words(record["machine"]),
            f"One core, {record['rounds']} interleaved rounds; milliseconds for one replicate under all policies. "
            "Outputs are equal to the byte.",
            "",
            "```",
            *table_lines(header, [line(r) for r in record["scenarios"]], left=2),
            "```",
            "",
        ]
    )


def main() -> None:
    """Measure and write benchmarks/results/shared.{json,md}."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--output", type=Path, default=RESULTS)
    given = parser.parse_args()
    about = machine()
    pin()
    scenarios = [measure(name, engine, given.rounds) for name in BUILT_IN for engine in ENGINES]
    record = {"machine": about, "rounds": given.rounds, "scenarios": scenarios}
    write(given.output, "shared", record, page(record))


if __name__ == "__main__":
    main()
