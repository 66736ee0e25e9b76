"""The engine beside what one would write instead: the oracle in plain Python, and a model in SimPy.

Takes storms, gives benchmarks/results/peers.{json,md}. The oracle's outputs have to equal the engine's. The SimPy model
is of the same family, not the same (benchmarks/peers/simpy_model.py says what it leaves out), so the medians of its
times to kill stand beside the engine's. Rounds are interleaved on one core; what is compared is time per replicate.
"""

import argparse
import importlib.util
import statistics
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.machine import RESULTS, in_words, machine, pin
from benchmarks.record import write
from benchmarks.rounds import interleave, ratio
from benchmarks.workloads import Block, storm
from mcoom.engine.layout import CLASS_FIELDS, MACHINE_FIELDS, OUT, OUT_FIELDS, POLICY_FIELDS
from mcoom.engine.replicates import run_block
from mcoom.report.table import table_lines

WORK = {
    ("spin", "small", 4): 40,
    ("sleep", "small", 4): 40,
    ("spin", "big", 32): 1,
    ("sleep", "big", 32): 6,
    ("mutex", "big", 32): 20,
}
"""Storms, and replicates of a peer in one round."""
FACTOR = 100
"""Replicates of the engine to one of a peer, so that its time can be read off a clock."""
ROUNDS = 7


def fields(block: Block, row: int) -> tuple[dict[str, int], dict[str, int], list[dict[str, int]]]:
    """Return machine, policy and classes of one replicate, by name."""
    machine_row = dict(zip(MACHINE_FIELDS, block.inputs.machine[row].tolist(), strict=True))
    policy = dict(zip(POLICY_FIELDS, block.policy.tolist(), strict=True))
    classes = [dict(zip(CLASS_FIELDS, columns, strict=True)) for columns in block.inputs.classes[row].tolist()]
    return machine_row, policy, classes


def oracle_rows(block: Block, n: int) -> list[list[int]]:
    """Run the first ``n`` replicates in the oracle; return rows of outputs."""
    from tests.oracle import run_episode  # plain Python, no part of mcoom

    i = block.inputs
    shapes = i.shapes.tolist()
    results = [run_episode(*fields(block, r), shapes, i.seed, i.point, i.first + r) for r in range(n)]
    return [[result.out[name] for name in OUT_FIELDS] for result in results]


def simpy_kills(block: Block, n: int) -> list[int]:
    """Run ``n`` replicates in SimPy; return times to kill (ns)."""
    from benchmarks.peers.simpy_model import Storm  # an optional package

    return [Storm(*fields(block, 0), seed=r).run() for r in range(n)]


def measure(rule: str, kill: str, threads: int, n: int, rounds: int, has_simpy: bool) -> dict[str, object]:
    """Time one storm in every way."""
    workload = storm(rule, kill, threads)
    (block,) = workload.blocks(FACTOR * n)
    ways: dict[str, Callable[[], object]] = {
        "engine": lambda: run_block(block.inputs, block.policy),
        "oracle": lambda: oracle_rows(block, n),
    }
    out = run_block(block.inputs, block.policy)
    if oracle_rows(block, n) != out[:n].tolist():
        raise SystemExit(f"{workload.name}: outputs of the oracle differ from the engine's")
    record: dict[str, object] = {"workload": workload.name, "replicates": n, "engine_replicates": FACTOR * n}
    kill_ns = out[:, OUT["kill_ns_0"]] + out[:, OUT["t0_ns_0"]]
    record["median_kill_ms"] = {"engine": float(np.median(kill_ns)) / 1e6}
    if has_simpy:
        ways["simpy"] = lambda: simpy_kills(block, n)
        record["median_kill_ms"]["simpy"] = statistics.median(simpy_kills(block, max(n, 21))) / 1e6
    times = interleave(ways, rounds)
    record["seconds"] = {way: [round(t, 6) for t in taken] for way, taken in times.items()}
    record["times_as_fast"] = {way: ratio(times, way, "engine").median * FACTOR for way in ways if way != "engine"}
    return record


def page(record: dict) -> str:
    """Return the results as Markdown."""
    peers = [way for way in ("oracle", "simpy") if way in record["workloads"][0]["times_as_fast"]]
    rows = []
    for r in record["workloads"]:
        rate = {way: statistics.median(taken) for way, taken in r["seconds"].items()}
        rows.append(
            (
                r["workload"],
                f"{r['engine_replicates'] / rate['engine']:,.0f}",
                *(f"{r['replicates'] / rate[way]:,.2f}" for way in peers),
                *(f"{r['times_as_fast'][way]:,.0f}" for way in peers),
                *(f"{ms:.2f}" for ms in r["median_kill_ms"].values()),
            )
        )
    kill_columns = [f"median kill, {way}, ms" for way in record["workloads"][0]["median_kill_ms"]]
    header = ("storm", "engine, replicates/s", *peers, *(f"{way} / engine" for way in peers), *kill_columns)
    return "\n".join(
        [
            "# The engine beside its peers",
            "",
            in_words(record["machine"]),
            f"One core, {record['rounds']} interleaved rounds, medians; `x / engine`: how many times as long x takes.",
            *([] if "simpy" in peers else ["SimPy is not installed: `pip install mcoom[bench]`."]),
            "",
            "```",
            *table_lines(header, rows, left=1),
            "```",
            "",
        ]
    )


def main() -> None:
    """Measure and write benchmarks/results/peers.{json,md}."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--output", type=Path, default=RESULTS)
    given = parser.parse_args()
    about = machine()
    pin()
    has_simpy = importlib.util.find_spec("simpy") is not None
    records = [measure(*key, n, given.rounds, has_simpy) for key, n in WORK.items()]
    record = {"machine": about, "rounds": given.rounds, "workloads": records}
    write(given.output, "peers", record, page(record))


if __name__ == "__main__":
    main()
