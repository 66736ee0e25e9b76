"""What the engine costs beside its speed on one core (bench_twin): compilation, and what a second thread gains.

Takes built-in scenarios, gives benchmarks/results/engine.{json,md}. Compilation is timed in processes of their own,
with an empty cache folder (cold) and with the same folder again (warm). Threads are those of ``mcoom run``: the whole
way from a scenario to a result file, with 1 and 2 threads in turn; datasets have to be equal to the byte.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.machine import RESULTS, in_words, machine
from benchmarks.record import write
from benchmarks.result_file import check_equal, write_as_run_does
from benchmarks.rounds import interleave, ratio
from mcoom.design.build import build_design
from mcoom.report.table import table_lines
from mcoom.spec.load import load_scenario

SCALED = {"desktop": 10_000, "population": 400, "handa-2017": 40}
"""Replicates of one round, by scenario: a second or two with one thread."""
ROUNDS = 7
FIRST_CALL = """
import time; start = time.perf_counter()
from mcoom.design.build import build_design
from mcoom.engine.replicates import run_block
from mcoom.lower import lower_block, lower_policy
from mcoom.spec.load import load_scenario
imported = time.perf_counter()
design = build_design(load_scenario("desktop"), 1)
inputs = lower_block(design, 0, 0, 1).inputs
lowered = time.perf_counter()
run_block(inputs, lower_policy(design.scenario.policies[0]))
print(imported - start, time.perf_counter() - lowered)
"""


def first_call() -> dict[str, float]:
    """Time import and first call with an empty cache folder, then with the same folder again, seconds."""
    result = {}
    with tempfile.TemporaryDirectory() as folder:
        for state in ("cold", "warm"):
            done = subprocess.run(
                [sys.executable, "-c", FIRST_CALL],
                env={**os.environ, "NUMBA_CACHE_DIR": folder},
                capture_output=True,
                text=True,
                check=True,
            )
            imported, called = map(float, done.stdout.split())
            result[f"{state}_import_s"], result[f"{state}_first_call_s"] = imported, called
    return result


def scaling(scenario: str, replicates: int, rounds: int) -> dict[str, object]:
    """Run a scenario with 1 and 2 threads in turn."""
    design = build_design(load_scenario(scenario), replicates)
    with tempfile.TemporaryDirectory() as folder:
        paths = {f"{n}": Path(folder) / f"{n}.h5" for n in (1, 2)}
        ways = {n: lambda n=n, path=path: write_as_run_does(design, path, int(n)) for n, path in paths.items()}
        interleave(ways, 1)  # the first use of each loads what it needs
        times = interleave(ways, rounds)
        check_equal(paths["1"], paths["2"])
    return {
        "scenario": scenario,
        "replicates": replicates,
        "seconds": {n: [round(t, 3) for t in taken] for n, taken in times.items()},
        "gain": ratio(times, "1", "2")._asdict(),
    }


def page(record: dict) -> str:
    """Return the results as Markdown."""
    compile_times = record["first_call"]
    rows = [
        (
            r["scenario"],
            f"{r['replicates']:,}",
            *(f"{statistics.median(r['seconds'][n]):.2f}" for n in ("1", "2")),
            f"{r['gain']['median']:.2f}",
            f"{r['gain']['low']:.2f} .. {r['gain']['high']:.2f}",
        )
        for r in record["scaling"]
    ]
    header = ("scenario", "replicates", "1 thread, s", "2 threads, s", "times as fast", "its quartiles")
    return "\n".join(
        [
            "# Compilation and threads",
            "",
            in_words(record["machine"]),
            "",
            f"First call: {compile_times['cold_first_call_s']:.1f} s with an empty cache (compilation), "
            f"{compile_times['warm_first_call_s']:.2f} s with a full one; "
            f"imports {compile_times['warm_import_s']:.2f} s.",
            "",
            f"A whole run, from the scenario to the result file; median of {record['rounds']} interleaved rounds.",
            "Datasets equal to the byte.",
            "",
            "```",
            *table_lines(header, rows, left=1),
            "```",
            "",
        ]
    )


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--output", type=Path, default=RESULTS)
    given = parser.parse_args()
    record = {
        "machine": machine(),
        "rounds": given.rounds,
        "first_call": first_call(),
        "scaling": [scaling(name, n, given.rounds) for name, n in SCALED.items()],
    }
    write(given.output, "engine", record, page(record))


if __name__ == "__main__":
    main()
