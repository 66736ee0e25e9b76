"""Whether the fast engine has the law of the exact one, with as many replicates as one has time for.

Takes the cells of tests/fast_engine, gives benchmarks/results/law.{json,md}: for each cell and output a two-sample
Kolmogorov-Smirnov test, ties broken at random, all of them under one family error by Holm; for each cell also whether
a bias of one percent in the cost of a pass is seen. The engines share no replicate. Spin storms and hogs: horizon 10 s,
20,000 replicates of each engine, 1,000,000 where one takes the exact engine less than 100 us. Sleep storms: 6,000, and
horizons of 1 to 8 s, as the exact engine takes up to a second for ten.
"""

import argparse
import os
import time
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path

import numpy as np

from benchmarks.machine import RESULTS, in_words, machine
from benchmarks.record import write
from mcoom.codes import Engine
from mcoom.engine.layout import MACHINE, OUT
from mcoom.engine.replicates import run_block
from mcoom.report.table import table_lines
from tests.fast_engine.cells import (
    COMPARED,
    Cell,
    cells,
    herd_cells,
    inputs_of,
    outputs,
    p_value,
    rejected,
    with_engine,
)

FAMILY = 1e-3
HERD, FEW, MANY = 6_000, 20_000, 1_000_000
QUICK_S = 100e-6
PART = 2_000
"""Replicates of one task of a worker."""
COLUMNS = [OUT[name] for name in COMPARED]
WAYS = ("exact", "fast", "biased")


def part(cell: Cell, way: str, first: int) -> np.ndarray:
    """Run PART replicates of a cell from number ``first`` on; return the columns that are compared."""
    inputs, policy = inputs_of(cell, PART, first)
    columns = {"pass_ns": inputs.machine[:, MACHINE["pass_ns"]] * 101 // 100} if way == "biased" else {}
    engine = Engine.EXACT if way == "exact" else Engine.FAST
    return run_block(with_engine(inputs, engine, **columns), policy)[:, COLUMNS]


def seconds(cell: Cell) -> float:
    """Return what a replicate takes the exact engine on this core."""
    outputs(cell, Engine.EXACT, 1)
    start = time.perf_counter()
    outputs(cell, Engine.EXACT, 20)
    return (time.perf_counter() - start) / 20


def replicates(cell: Cell) -> int:
    """Return how many replicates are asked for."""
    if cell in herd_cells():
        return HERD
    return MANY if seconds(cell) < QUICK_S else FEW


def submit(cell: Cell, n: int, scale: float, pool: ProcessPoolExecutor) -> dict[str, list[Future]]:
    """Submit ``n`` replicates of each way, or a share of them; the biased one has no more than FEW."""
    n = max(PART, int(n * scale) // PART * PART)
    return {
        way: [pool.submit(part, cell, way, k * n + at) for at in range(0, min(n, FEW) if way == "biased" else n, PART)]
        for k, way in enumerate(WAYS)
    }


def tests(exact: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> dict[str, float]:
    """Test each output that is not the same constant in both."""
    varies = [
        np.ptp(exact[:, k]) > 0 or exact[0, k] != other[0, k] or np.ptp(other[:, k]) > 0 for k in range(len(COLUMNS))
    ]
    return {name: p_value(exact[:, k], other[:, k], rng) for k, name in enumerate(COMPARED) if varies[k]}


def compare(cell: Cell, running: dict[str, list[Future]]) -> dict[str, object]:
    """Compare what was submitted."""
    rows = {way: np.concatenate([task.result() for task in tasks]) for way, tasks in running.items()}
    rng = np.random.default_rng(1)
    return {
        "policy": cell.policy,
        "changes": list(cell.changes),
        "replicates": len(rows["exact"]),
        "passes": float(rows["exact"][:, COMPARED.index("n_pass")].mean()),
        "p": tests(rows["exact"], rows["fast"], rng),
        "p_biased": min(tests(rows["exact"][:FEW], rows["biased"], rng).values()),
    }


def line(cell: dict) -> tuple[str, ...]:
    """Return a cell as a row of the table."""
    return (
        f"{cell['policy']}, {' '.join(change.partition('.')[2].replace(' ', '') for change in cell['changes'])}",
        f"{cell['replicates']:,}",
        f"{cell['passes']:,.0f}",
        f"{len(cell['p'])}",
        f"{min(cell['p'].values()):.2g}",
        f"{cell['p_biased']:.1g}",
    )


def page(record: dict) -> str:
    """Return the results as Markdown."""
    found = record["cells"]
    every = sorted(p for cell in found for p in cell["p"].values())
    header = ("cell", "replicates", "passes", "tests", "smallest p", "with 1 %")
    return "\n".join(
        [
            "# The fast engine beside the exact one, in law",
            "",
            in_words(record["machine"]),
            f"{len(found)} cells, {len(every)} tests. Rejected by Holm at a family error of {FAMILY}: "
            f"{len(record['rejected'])}. Smallest p {every[0]:.2g}.",
            "The last column is the smallest p of a cell whose fast engine has passes that cost one percent more.",
            "",
            "```",
            *table_lines(header, [line(cell) for cell in found], left=1),
            "```",
            "",
        ]
    )


def main() -> None:
    """Compare and write benchmarks/results/law.{json,md}."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no further cell after these")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the replicates")
    parser.add_argument("--only", default="", help="cells whose policy or changes contain this")
    parser.add_argument("--output", type=Path, default=RESULTS)
    given = parser.parse_args()
    chosen = [Cell(cell.policy, (*cell.changes, "scenario.horizon=10 s")) for cell in cells()] + herd_cells()
    chosen = [cell for cell in chosen if given.only in " ".join((cell.policy, *cell.changes))]
    start, found = time.perf_counter(), []
    with ProcessPoolExecutor(given.processes) as pool:
        submitted = [(cell, submit(cell, replicates(cell), given.scale, pool)) for cell in chosen]
        for cell, running in submitted:
            if time.perf_counter() - start > given.seconds:
                pool.shutdown(cancel_futures=True)
                break
            found.append(compare(cell, running))
            print(*line(found[-1]), sep="  ", flush=True)
    if len(found) < len(chosen):
        print(f"{len(found)} of {len(chosen)} cells in the time given")
    p = {(k, name): value for k, cell in enumerate(found) for name, value in cell["p"].items()}
    record = {"machine": machine(), "cells": found, "rejected": [list(key) for key in rejected(p, FAMILY)]}
    write(given.output, "law", record, page(record))


if __name__ == "__main__":
    main()
