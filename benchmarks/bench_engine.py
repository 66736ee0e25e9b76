"""How fast the engine is: events and replicates per second on one core, and what compilation costs.

Takes built-in scenarios, gives a JSON record and a Markdown table in benchmarks/results/. Times the compiled kernel
alone (``run_block``), after checking that two runs give the same bytes; must know nothing of how the engine works.

Repeats are interleaved over the scenarios, so that a busy moment of the machine does not fall on one of them, and the
median is reported with the fastest and the slowest beside it. Compilation is timed in processes of their own, with an
empty cache folder (cold) and with the same folder again (warm).
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import numpy as np

from mcoom._jit import engine_digest
from mcoom.design.build import build_design
from mcoom.engine.layout import OUT
from mcoom.engine.replicates import run_block
from mcoom.lower import lower_block, lower_policy
from mcoom.report.table import table_lines
from mcoom.spec.load import load_scenario

SCENARIOS = {"population": 2000, "handa-2017": 8, "desktop": 2000}
"""Replicates of one repeat, by scenario: about a second of work each."""
REPEATS = 5
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


def machine() -> dict[str, str | int]:
    """Describe what it ran on."""
    model = platform.processor()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        named = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = named[0].split(":", 1)[1].strip() if named else model
    return {
        "cpu": model or platform.machine(),
        "cpus": os.cpu_count() or 1,
        "load_average": f"{os.getloadavg()[0]:.2f}",
        "platform": platform.platform(),
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in ("numba", "numpy", "llvmlite")},
        "engine_digest": engine_digest(),
    }


def prepare(name: str, replicates: int) -> list[tuple[str, object, np.ndarray]]:
    """Lower the first point of a scenario; return (policy, inputs, policy row) for each policy, checked and warm."""
    design = build_design(load_scenario(name), replicates)
    inputs = lower_block(design, 0, 0, replicates).inputs
    work = [(policy.name, inputs, lower_policy(policy)) for policy in design.scenario.policies]
    for policy, block, row in work:
        if run_block(block, row).tobytes() != run_block(block, row).tobytes():
            raise SystemExit(f"{name} {policy}: two runs differ")
    return work


def measure(scale: float, repeats: int) -> list[dict[str, object]]:
    """Time every scenario and policy, interleaved; return one record each."""
    counts = {name: max(1, round(n * scale)) for name, n in SCENARIOS.items()}
    work = {name: prepare(name, n) for name, n in counts.items()}
    seconds: dict[tuple[str, str], list[float]] = {}
    events: dict[tuple[str, str], int] = {}
    for _ in range(repeats):
        for name, policies in work.items():
            for policy, inputs, row in policies:
                start = time.perf_counter()
                out = run_block(inputs, row)
                seconds.setdefault((name, policy), []).append(time.perf_counter() - start)
                events[name, policy] = int(out[:, OUT["n_events"]].sum())
    return [
        {
            "scenario": name,
            "policy": policy,
            "replicates": counts[name],
            "events": events[name, policy],
            "events_per_replicate": events[name, policy] / counts[name],
            "seconds": times,
            "events_per_s": events[name, policy] / statistics.median(times),
            "replicates_per_s": counts[name] / statistics.median(times),
        }
        for (name, policy), times in seconds.items()
    ]


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


def markdown(record: dict) -> str:
    """Return the record as a page."""
    rows = [
        (
            str(r["scenario"]),
            str(r["policy"]),
            f"{r['events_per_replicate']:,.0f}",
            f"{r['events_per_s'] / 1e6:.2f}",
            f"{r['replicates_per_s']:,.0f}",
            f"{min(r['seconds']) / statistics.median(r['seconds']):.2f} .. "
            f"{max(r['seconds']) / statistics.median(r['seconds']):.2f}",
        )
        for r in record["engine"]
    ]
    header = ("scenario", "policy", "events / replicate", "million events/s", "replicates/s", "spread of the time")
    compile_times = record["first_call"]
    about = record["machine"]
    return "\n".join(
        [
            "# Engine on one core",
            "",
            f"{about['cpu']}, {about['cpus']} CPUs (load {about['load_average']}), Python {about['python']}, "
            f"Numba {about['numba']}; {record['date']}, engine {str(about['engine_digest'])[:12]}.",
            f"Median of {record['repeats']} interleaved repeats; spread is the fastest and slowest over the median.",
            "",
            "```",
            *table_lines(header, rows, left=2),
            "```",
            "",
            f"First call: {compile_times['cold_first_call_s']:.1f} s with an empty cache (compilation), "
            f"{compile_times['warm_first_call_s']:.2f} s with a full one; "
            f"imports {compile_times['warm_import_s']:.2f} s.",
            "",
        ]
    )


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description="Benchmark the engine.")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the usual replicates")
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results")
    options = parser.parse_args()
    record = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
        "repeats": options.repeats,
        "engine": measure(options.scale, options.repeats),
        "first_call": first_call(),
    }
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "engine.json").write_text(json.dumps(record, indent=2) + "\n")
    (options.output / "engine.md").write_text(markdown(record))
    print(markdown(record))


if __name__ == "__main__":
    main()
