"""The engine beside hand-written C that does the same (benchmarks/c_twin), on one core.

Takes the workloads by name, gives benchmarks/results/twin.{json,md}. All outputs have to be equal to the bit before
anything is timed. Rounds are interleaved, the order turns, and the ratio is the median of the rounds' ratios against
the faster C: at least 1 means that the engine is at least as fast.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.c_twin.build import Twin, compiler_version, compilers
from benchmarks.instructions import instructions, why_not
from benchmarks.machine import RESULTS, in_words, machine, pin
from benchmarks.record import write
from benchmarks.rounds import fastest, interleave, ratio
from benchmarks.workloads import BUILT_IN, Block, Workload, built_in, storms
from mcoom.engine.layout import OUT
from mcoom.engine.replicates import run_block
from mcoom.report.table import table_lines

ROUNDS = 9
STORM_S, BUILT_IN_S = 0.03, 0.15
"""Seconds that the engine should take for one round of a workload."""
MAX_REPLICATES = 4000
COUNTED = [f"{rule}, big kill, T = {threads}" for threads in (32, 256) for rule in ("spin", "sleep", "mutex")] + [
    "population, linux-4.13+seed",
    "desktop, linux-6.1",
]
"""Workloads whose instructions are counted."""


def run_all(run, blocks: list[Block]) -> list[np.ndarray]:
    return [run(block.inputs, block.policy) for block in blocks]


def cut(workload: Workload, seconds: float) -> list[Block]:
    """Return as many replicates as take about ``seconds``."""
    n = 1
    while True:
        blocks = workload.blocks(n)
        start = time.perf_counter()
        run_all(run_block, blocks)
        took = time.perf_counter() - start
        if took > seconds / 3 or n == MAX_REPLICATES:
            break
        n = min(MAX_REPLICATES, n * 4)
    return workload.blocks(min(MAX_REPLICATES, max(1, round(n * seconds / took))))


def check_equal(outputs: dict[str, list[np.ndarray]], name: str) -> None:
    for way, rows in outputs.items():
        if not all(np.array_equal(a, b) for a, b in zip(rows, outputs["engine"], strict=True)):
            sys.exit(f"{name}: outputs of {way} differ from the engine's")


def measure(workload: Workload, seconds: float, twins: list[Twin], rounds: int) -> dict[str, object]:
    """Time one workload in every way."""
    run_all(run_block, workload.blocks(1))
    blocks = cut(workload, seconds)
    runs = {"engine": run_block, **{twin.compiler: twin.run_block for twin in twins}}
    outputs = {way: run_all(run, blocks) for way, run in runs.items()}
    check_equal(outputs, workload.name)
    rows = np.concatenate(outputs["engine"])
    times = interleave({way: lambda run=run: run_all(run, blocks) for way, run in runs.items()}, rounds)
    faster = fastest(times, [twin.compiler for twin in twins])
    passes = int(rows[:, OUT["n_pass"]].sum() + rows[:, OUT["n_kills_seen"]].sum())
    return {
        "workload": workload.name,
        "replicates": len(rows),
        "events": int(rows[:, OUT["n_events"]].sum()),
        "passes_and_kills": passes,
        "seconds": {way: [round(t, 6) for t in taken] for way, taken in times.items()},
        "faster_c": faster,
        "ratio": ratio(times, faster, "engine")._asdict(),
    }


def line(record: dict) -> tuple[str, ...]:
    """Return the record of a workload as a row of the table."""
    medians = {way: statistics.median(taken) for way, taken in record["seconds"].items()}

    def millions(count: str, way: str) -> str:
        return f"{record[count] / medians[way] / 1e6:.1f}" if way in medians else "-"

    return (
        record["workload"],
        f"{record['events'] / record['replicates']:,.0f}",
        *(millions("events", way) for way in ("engine", "gcc", "clang")),
        millions("passes_and_kills", "engine"),
        f"{record['replicates'] / medians['engine']:,.0f}",
        f"{record['ratio']['median']:.2f}",
        f"{record['ratio']['low']:.2f} .. {record['ratio']['high']:.2f}",
    )


def whole_scenarios(records: list[dict]) -> dict[str, dict[str, object]]:
    """Return the ratio of each built-in scenario under all its policies, each of them with as many replicates."""
    found = {}
    for name in BUILT_IN:
        parts = [r for r in records if r["workload"].partition(", ")[0] == name]
        if parts:
            times = {
                way: [sum(taken) for taken in zip(*(scaled(r, way) for r in parts), strict=True)]
                for way in parts[0]["seconds"]
            }
            faster = fastest(times, [way for way in times if way != "engine"])
            found[name] = {"faster_c": faster, "ratio": ratio(times, faster, "engine")._asdict()}
    return found


def scaled(record: dict, way: str) -> list[float]:
    """Return the seconds of one replicate, by round."""
    return [taken / record["replicates"] for taken in record["seconds"][way]]


def page(record: dict) -> str:
    """Return the results as Markdown."""
    header = (
        "workload", "events / replicate", "engine, M events/s", "gcc", "clang", "engine, M passes/s", "replicates/s",
        "ratio", "its quartiles",
    )  # fmt: skip
    counts = record["instructions"]
    ways = ("engine", *record["compilers"])
    lines = [
        "# The engine beside C",
        "",
        f"{in_words(record['machine'])}",
        f"{'; '.join(record['compilers'].values())}; one core, {record['rounds']} interleaved rounds.",
        "",
        "The ratio is the time of the faster C over that of the engine: at least 1 means that the engine is at least",
        "as fast. All outputs are equal to the bit. Events are those of `n_events` (docs/model.md section 3): ends of",
        "bursts, of length zero too, starts and context switches. Passes are ends of reclaim passes, and kills, alone:",
        "nothing of length zero, no context switch, no sleep and no tick.",
        "",
        "```",
        *table_lines(header, [line(r) for r in record["workloads"]], left=1),
        "```",
        "",
        "Built-in scenarios under all their policies, each with as many replicates:",
        "",
        "```",
        *table_lines(
            ("scenario", "faster C", "ratio", "its quartiles"),
            [
                (
                    name,
                    str(r["faster_c"]),
                    f"{r['ratio']['median']:.2f}",
                    f"{r['ratio']['low']:.2f} .. {r['ratio']['high']:.2f}",
                )
                for name, r in whole_scenarios(record["workloads"]).items()
            ],
            left=2,
        ),
        "```",
        "",
        "Instructions per event, by callgrind, all compiled for x86-64-v3:" if isinstance(counts, dict) else counts,
        "",
    ]
    if isinstance(counts, dict):
        rows = [(name, *(f"{by_way[way]:.1f}" for way in ways)) for name, by_way in counts.items()]
        lines += ["```", *table_lines(("workload", *ways), rows, left=1), "```", ""]
    return "\n".join(lines)


def main() -> None:
    """Measure and write benchmarks/results/twin.{json,md}."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--only", default="", help="workloads whose name contains this")
    parser.add_argument("--output", type=Path, default=RESULTS)
    given = parser.parse_args()
    if not compilers():
        sys.exit("neither gcc nor clang is on the path")
    about = machine()
    reason = why_not()
    counted = [name for name in COUNTED if given.only in name]
    counts = f"Instructions not counted: {reason}." if reason else instructions(counted) if counted else {}
    pin()
    work = [(w, STORM_S) for w in storms()] + [(w, BUILT_IN_S) for w in built_in()]
    with tempfile.TemporaryDirectory() as folder:
        twins = [Twin(compiler, Path(folder)) for compiler in compilers()]
        records = [measure(w, seconds, twins, given.rounds) for w, seconds in work if given.only in w.name]
    record = {
        "machine": about,
        "compilers": {name: compiler_version(name) for name in compilers()},
        "rounds": given.rounds,
        "workloads": records,
        "instructions": counts,
    }
    write(given.output, "twin", record, page(record))


if __name__ == "__main__":
    main()
