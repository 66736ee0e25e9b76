"""What blocks and checkpoints cost, and what a run needs of memory.

Takes a built-in scenario, gives a JSON record and a Markdown page in benchmarks/results/. Compares two ways to the same
result file, in one process with the engine loaded: merging the tallies of all blocks in memory and writing the file at
the end, as one would without checkpoints; and the run as it is (tasks of blocks, packed, checksummed, written, synced,
renamed, read back, checked, assembled). Datasets have to be equal to the byte. Rounds are interleaved, the order turns,
and the share is the median of the rounds' ratios.

Memory is the largest resident size of ``mcoom run`` in a process of its own: over replicates, and for a million cells.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.machine import RESULTS, in_words, machine
from benchmarks.record import write
from benchmarks.result_file import check_equal, write_as_run_does
from mcoom._jit import engine_digest
from mcoom.design.build import Design, build_design
from mcoom.report.table import table_lines
from mcoom.run.manifest import run_manifest
from mcoom.run.work import count_each, describe_run, prepare
from mcoom.spec.load import load_scenario
from mcoom.store.record import PointRecord
from mcoom.store.write import write_results
from mcoom.tally.tally import PointTally

MEMORY_REPLICATES = (2_000, 20_000)
CELLS = "1,000,000 cells, 1 replicate"
MILLION = """schema_version = 1
[scenario]
title = "A million cells"
source = "made up"
horizon = "100 ms"
kills = 1
replicates = 1
seed = 1
block = 1
raw_rows = 0
estimands = ["kill"]
policies = ["linux-4.13", "linux-4.13+seed", "linux-4.19", "linux-6.1", "linux-6.12", "trylock_spin",
            "p1", "p2", "p3", "p4"]
{policies}
[machine]
cpus = 1
hz = 250
preempt = "full"
[memory]
managed = "1 GiB"
free_above_min = {{ axis = {pages} }}
[costs]
use = "literature"
other_tasks = {{ axis = {tasks} }}
[[class]]
name = "owner"
rss = "1 MiB"
[[class]]
name = "victim"
program = "sleeper"
count = 1
rss = "1 MiB"
oom_score_adj = 1000
"""


def in_memory(design: Design, path: Path, threads: int) -> None:
    """Count everything in memory, then write the file."""
    worker = prepare(describe_run(design, run_manifest(design)))
    tallies = [PointTally.empty(worker.plan) for _ in design.points]
    with ThreadPoolExecutor(threads) as pool:
        for block, tally in pool.map(lambda block: next(count_each(worker, [block])), worker.blocks):
            tallies[block.point] = tallies[block.point].merge(tally)
    records = [PointRecord(p.index, p.label, p.values, t) for p, t in zip(design.points, tallies, strict=True)]
    write_results(path, plan=worker.plan, points=records, provenance={})


def timed(way: Callable[[Design, Path, int], None], design: Design, path: Path, threads: int) -> tuple[float, float]:
    """Return wall seconds and CPU seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    way(design, path, threads)
    return time.perf_counter() - wall, time.process_time() - cpu


def overhead(scenario: str, replicates: int, threads: int, rounds: int) -> dict[str, object]:
    """Measure both ways in turn."""
    design = build_design(load_scenario(scenario), replicates)
    ways = {"in_memory": in_memory, "checkpointed": write_as_run_does}
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    with tempfile.TemporaryDirectory(dir=RESULTS) as folder:
        paths = {name: Path(folder) / f"{name}.h5" for name in ways}
        small = build_design(load_scenario(scenario), 8)
        for name, way in ways.items():  # the first use of each loads what it needs
            way(small, paths[name], threads)
        for i in range(rounds):
            for name in list(ways)[:: 1 if i % 2 else -1]:
                times[name].append(timed(ways[name], design, paths[name], threads))
        check_equal(paths["in_memory"], paths["checkpointed"])
    ratios = [
        tuple(b / a for a, b in zip(plain, kept, strict=True))
        for plain, kept in zip(times["in_memory"], times["checkpointed"], strict=True)
    ]
    return {
        "scenario": scenario,
        "replicates": replicates,
        "threads": threads,
        "rounds": rounds,
        "in_memory_s": [round(wall, 3) for wall, _ in times["in_memory"]],
        "checkpointed_s": [round(wall, 3) for wall, _ in times["checkpointed"]],
        "overhead_wall": round(statistics.median(r[0] for r in ratios) - 1, 4),
        "overhead_cpu": round(statistics.median(r[1] for r in ratios) - 1, 4),
        "overhead_fastest": round(min(times["checkpointed"])[0] / min(times["in_memory"])[0] - 1, 4),
    }


def memory_of(*arguments: object) -> dict[str, float]:
    """Return the largest resident size (MB) and the seconds of one command."""
    with tempfile.TemporaryDirectory(dir=RESULTS) as folder:
        command = [sys.executable, "-m", "mcoom", "run", *map(str, arguments), "-o", f"{folder}/F.h5", "--quiet"]
        start = time.perf_counter()
        nowhere = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
        pid = os.posix_spawn(sys.executable, command, os.environ, file_actions=nowhere)
        _, state, usage = os.wait4(pid, 0)
        if state:
            sys.exit(f"{command} ended with {os.waitstatus_to_exitcode(state)}")
        seconds = time.perf_counter() - start
        size = (Path(folder) / "F.h5").stat().st_size
    return {"mb": round(usage.ru_maxrss / 1024), "seconds": round(seconds, 1), "file_mb": round(size / 1e6, 2)}


def million_cells() -> str:
    """Return a scenario of 100,000 points and ten policies, as short as an episode can be."""
    policies = "".join(f'[[policy]]\nname = "p{i}"\nbase = "linux-4.13"\nlock_k = {i + 3}\n' for i in range(1, 5))
    pages = json.dumps([f"{i} pages" for i in range(1, 1001)])
    return MILLION.format(policies=policies, pages=pages, tasks=json.dumps(list(range(1, 101))))


def page(record: dict[str, object]) -> str:
    """Return the results as Markdown."""
    cost, sizes = record["overhead"], record["memory"]
    lines = [
        "# Blocks and checkpoints",
        "",
        in_words(record["machine"]),
        "",
        f"`{cost['scenario']}`, {cost['replicates']:,} replicates, {cost['threads']} threads, {cost['rounds']} "
        f"interleaved rounds against merging in memory, result file included: **{cost['overhead_wall']:+.1%} wall, "
        f"{cost['overhead_cpu']:+.1%} CPU time** (median of the rounds' ratios); fastest round against fastest round "
        f"{cost['overhead_fastest']:+.1%}. Datasets equal to the byte.",
        "",
        "Largest resident size of `mcoom run`, engine and libraries included:",
        "",
        "```",
        *table_lines(
            ("run", "MB", "seconds", "result file, MB"),
            [(name, str(m["mb"]), str(m["seconds"]), str(m["file_mb"])) for name, m in sizes.items()],
            left=1,
        ),
        "```",
        "",
    ]
    if CELLS in sizes:
        lines += [f"The million cells (100,000 points, ten policies): engine {sizes[CELLS]['engine_digest'][:12]}.", ""]
    return "\n".join(lines)


def main() -> None:
    """Measure and write benchmarks/results/blocks.{json,md}."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenario", default="desktop")
    parser.add_argument("--replicates", type=int, default=8_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cells", action="store_true", help="run a million cells too (minutes)")
    given = parser.parse_args()
    about = machine()
    cost = overhead(given.scenario, given.replicates, given.threads, given.rounds)
    sizes = {
        f"{given.scenario}, {n:,} replicates": memory_of(given.scenario, "--replicates", n, "--threads", given.threads)
        for n in MEMORY_REPLICATES
    }
    old = RESULTS / "blocks.json"
    kept = json.loads(old.read_text())["memory"].get(CELLS) if old.exists() else None
    if given.cells:
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            file.write(million_cells())
            file.flush()
            sizes[CELLS] = {**memory_of(file.name, "--threads", given.threads), "engine_digest": engine_digest()}
    elif kept:
        sizes[CELLS] = kept
    record = {"machine": about, "overhead": cost, "memory": sizes}
    write(RESULTS, "blocks", record, page(record))


if __name__ == "__main__":
    main()
