"""What jumping buys: the exact, the skip and the fast engine on the same replicates, in turns.

Takes cells of ``sweep-livelock-map`` and built-in scenarios, gives a JSON record and a Markdown table in
benchmarks/results/. Must know nothing of how the engines work. Exact and skip are checked to give the same bytes.

The three engines take turns on each cell, so that a busy moment of the machine does not fall on one of them; a ratio
is the median of the ratios of neighbouring runs.
"""

import argparse
import statistics
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.machine import RESULTS, in_words, machine
from benchmarks.record import write
from mcoom.codes import Engine
from mcoom.design.build import build_design
from mcoom.engine.inputs import Inputs
from mcoom.engine.layout import MACHINE, OUT
from mcoom.engine.replicates import run_block
from mcoom.lower import lower_block, lower_policy
from mcoom.report.table import table_lines
from mcoom.spec.load import load_scenario

MAP = "sweep-livelock-map"
ENDLESS = ("scenario.max_events=1000000000000", "scenario.horizon=1000 s", "machine.hz=250")
UNGATED = 'class.storm.start={ at = "3 ms", jitter = "3 ms" }'


class Cell(NamedTuple):
    """One row of the table."""

    what: str
    scenario: str
    policy: str
    changes: tuple[str, ...]
    replicates: int
    """In one repeat; the same ones for each engine."""


def cells() -> list[Cell]:
    """List what is measured."""
    found = []
    for cpus in (1, 8):
        changes = (*ENDLESS, f"machine.cpus={cpus}", "class.owner.policy=idle", "class.storm.count=927")
        found.append(Cell(f"livelock, {cpus} CPU, T = 927, opened in batches", MAP, "trylock_spin", changes, 1))
        found.append(Cell(f"livelock, {cpus} CPU, T = 927", MAP, "trylock_spin", (*changes, UNGATED), 1))
    for storm in (32, 256, 1024, 4096):
        changes = (*ENDLESS, "machine.cpus=4", "class.owner.policy=idle", f"class.storm.count={storm}", UNGATED)
        found.append(Cell(f"spin, 4 CPU, T = {storm}", MAP, "trylock_spin", changes, 1))
    for storm in (4, 32):
        changes = ("machine.cpus=4", "machine.hz=250", "class.owner.policy=other", f"class.storm.count={storm}")
        found.append(Cell(f"healthy spin, 4 CPU, T = {storm}", MAP, "trylock_spin", changes, 400))
    for storm in (32, 256):
        changes = ("machine.cpus=4", "machine.hz=250", "class.owner.policy=other", f"class.storm.count={storm}")
        found.append(Cell(f"sleep, 4 CPU, T = {storm}", MAP, "linux-4.13", changes, 100))
    for cpus, hz, storm in (
        (1, 250, 32),
        (1, 250, 256),
        (1, 250, 1024),
        (1, 250, 4096),
        (4, 1000, 1024),
        (8, 1000, 4096),
    ):
        changes = (*ENDLESS[:2], f"machine.hz={hz}", f"machine.cpus={cpus}", "class.owner.policy=idle")
        changes = (*changes, f"class.storm.count={storm}")
        found.append(Cell(f"sleep, {cpus} CPU, HZ {hz}, T = {storm}", MAP, "linux-4.13", (*changes, UNGATED), 1))
    for cpus, hz in ((1, 1000), (1, 250), (2, 1000)):
        changes = (*ENDLESS[:2], f"machine.hz={hz}", f"machine.cpus={cpus}", "class.owner.policy=idle")
        changes = (*changes, "class.storm.count=1024")
        found.append(Cell(f"sleep, {cpus} CPU, HZ {hz}, T = 1024, in batches", MAP, "linux-4.13", changes, 1))
    found.append(Cell("population", "population", "linux-4.19", (), 400))
    found.append(Cell("handa-2017", "handa-2017", "linux-4.13", (), 4))
    return found


def inputs_of(cell: Cell, engine: Engine, n: int) -> tuple[Inputs, np.ndarray]:
    """Lower ``n`` replicates of a cell for an engine."""
    design = build_design(load_scenario(cell.scenario, cell.changes), max(n, 2))
    policy = next(policy for policy in design.scenario.policies if policy.name == cell.policy)
    inputs = lower_block(design, 0, 0, n).inputs
    inputs.machine[:, MACHINE["engine"]] = engine
    return inputs, lower_policy(policy)


def time_ms(work: tuple[Inputs, np.ndarray]) -> float:
    """Time a run, in ms per replicate."""
    start = time.perf_counter()
    run_block(*work)
    return 1e3 * (time.perf_counter() - start) / len(work[0].machine)


def measure(cell: Cell, repeats: int) -> dict[str, object]:
    """Time a cell with the three engines in turns."""
    work = {engine: inputs_of(cell, engine, cell.replicates) for engine in Engine}
    exact, skip = run_block(*work[Engine.EXACT]), run_block(*work[Engine.SKIP])
    if exact.tobytes() != skip.tobytes():
        raise SystemExit(f"{cell.what}: exact and skip differ")
    times: dict[Engine, list[float]] = {engine: [] for engine in work}
    for _ in range(repeats):
        for engine, block in work.items():
            times[engine].append(time_ms(block))
    return {
        "what": cell.what,
        "policy": cell.policy,
        "changes": list(cell.changes),
        "passes": float(exact[:, OUT["n_pass"]].mean()),
        "milliseconds": {engine.name.lower(): values for engine, values in times.items()},
        "skip_ratio": statistics.median(a / b for a, b in zip(times[Engine.EXACT], times[Engine.SKIP], strict=True)),
        "fast_ratio": statistics.median(a / b for a, b in zip(times[Engine.EXACT], times[Engine.FAST], strict=True)),
    }


def markdown(record: dict) -> str:
    """Return the record as a page."""
    header = ("cell", "policy", "passes", "exact ms", "skip ms", "fast ms", "skip, times", "fast, times")
    rows = [
        (
            r["what"],
            r["policy"],
            f"{r['passes']:,.0f}",
            *(f"{statistics.median(r['milliseconds'][engine]):,.3f}" for engine in ("exact", "skip", "fast")),
            f"{r['skip_ratio']:,.2f}",
            f"{r['fast_ratio']:,.2f}",
        )
        for r in record["cells"]
    ]
    about = record["machine"]
    return "\n".join(
        [
            "# Jumps on one core",
            "",
            in_words(about),
            f"Median of {record['repeats']} interleaved repeats, milliseconds per replicate; times: exact over it. "
            "Livelock, spin: horizon 1000 s.",
            "",
            "```",
            *table_lines(header, rows, left=2),
            "```",
            "",
        ]
    )


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description="Benchmark the engines that jump.")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--output", type=Path, default=RESULTS)
    options = parser.parse_args()
    record = {
        "machine": machine(),
        "repeats": options.repeats,
        "cells": [measure(cell, options.repeats) for cell in cells()],
    }
    write(options.output, "jump", record, markdown(record))


if __name__ == "__main__":
    main()
