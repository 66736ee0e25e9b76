"""The GPU beside the CPU: the same episodes, the same bytes, in turns.

Takes storms and built-in scenarios, gives a JSON record and a Markdown table. Needs a GPU and the extra ``gpu``; what
fails is said and left out. Must know nothing of how the kernels work.

Replicates beyond the first few thousand have the inputs of those and streams of their own. Episodes that are longer
than ``--cap`` events end there on both sides: one thread of a GPU is slow.
"""

import argparse
import statistics
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import RESULTS, in_words, machine
from benchmarks.record import write, write_json
from benchmarks.sides import LOWERED, TimeIsUp, cpu_sample, many, n_episodes, run_cpu, run_gpu, with_cap
from benchmarks.workloads import Workload, built_in, storm
from mcoom.cli.options import available_cpus
from mcoom.codes import Engine
from mcoom.engine.layout import MACHINE, OUT
from mcoom.gpu.memory import Interleaved
from mcoom.gpu.replicates import DEFAULT, Launch, Work
from mcoom.report.table import table_lines

LAYOUTS = {
    "side by side": Interleaved(),
    "mixed": Interleaved(g=True, task=False, cpu=True, heap=False),
    "own pieces": Interleaved(g=False, task=False, cpu=False, heap=False),
}
"""How states lie in memory: entries of a warp's threads side by side, tasks and heaps each on their own, all so."""
WHOLE = ("desktop, linux-6.1", "population, linux-4.19")
"""What is measured without a cap too."""


@dataclass
class Clock:
    """What is left of the time."""

    seconds: float
    start: float = field(default_factory=time.perf_counter)

    def left(self) -> float:
        """Return the seconds left."""
        return self.seconds - (time.perf_counter() - self.start)


def say(text: str, clock: Clock) -> None:
    """Print a line with the seconds since the start."""
    print(f"[{time.perf_counter() - clock.start:6.1f}] {text}", flush=True)


def check_bytes(workload: Workload, n: int, cap: int, engine: Engine) -> dict[str, Any]:
    """Compare the rows of the GPU with those of the CPU."""
    works = many(with_cap(workload.blocks(n), cap), n * len(workload.points))
    for work in works:
        work.inputs.machine[:, MACHINE["engine"]] = engine
    got, _, _ = run_gpu(works, DEFAULT._replace(n_turns=16, n_rounds=64), 60.0)
    wanted = run_cpu(works, None, 1)
    equal = all(a.tobytes() == b.tobytes() for a, b in zip(got, wanted, strict=True))
    n_rows = sum(map(len, got))
    n_wrong = sum(int(np.any(a != b, axis=1).sum()) for a, b in zip(got, wanted, strict=True))
    return {"what": workload.name, "engine": engine.name.lower(), "rows": n_rows, "equal": equal, "wrong": n_wrong}


@dataclass
class Bench:
    """What is measured with."""

    clock: Clock
    pool: ThreadPoolExecutor
    n_threads: int
    cap: int

    def cell(
        self, workload: Workload, ways: dict[str, tuple[Launch, int]], rounds: int, cap: int | None = None
    ) -> dict[str, Any]:
        """Time one workload: one core, all cores, and the GPU in each way (how, episodes at once), in turns.

        With a ``cap`` of its own all cores run as many episodes as the GPU: the longest ones decide.
        """
        blocks = with_cap(workload.blocks(max(1, LOWERED // len(workload.points))), cap or self.cap)
        sample = cpu_sample(blocks)
        n_sample = n_episodes(sample)
        most = max(n for _, n in ways.values())
        wide = many(blocks, most if cap else min(n_sample * self.n_threads, most))
        record: dict[str, Any] = {"what": workload.name, "cap": cap or self.cap, "sample": n_sample, "wrong": 0}
        record |= {"wide": n_episodes(wide), "one_core_us": [], "all_cores_us": [], "gpu": {name: [] for name in ways}}
        for _ in range(rounds):
            seconds, _ = timed(lambda: run_cpu(sample, None, 1))
            record["one_core_us"].append(1e6 * seconds / n_sample)
            seconds, rows = timed(lambda: run_cpu(wide, self.pool, self.n_threads))
            wanted = np.concatenate(rows)
            record["all_cores_us"].append(1e6 * seconds / len(wanted))
            record["events"] = float(wanted[:, OUT["n_events"]].mean())
            for name, (launch, n) in ways.items():
                self._time_gpu(record, name, many(blocks, n), launch, wanted)
            if self.clock.left() < 10:
                break
        self._tell(record)
        return record

    def _time_gpu(
        self, record: dict[str, Any], name: str, works: list[Work], launch: Launch, wanted: NDArray[np.int64]
    ) -> None:
        n = n_episodes(works)
        try:
            rows, total_s, launches_s = run_gpu(works, launch, min(40.0, max(2.0, self.clock.left())))
        except TimeIsUp as error:
            say(f"  {record['what']}, {name}, given up: {error}", self.clock)
            return
        got = np.concatenate(rows)
        both = min(len(got), len(wanted))
        record["wrong"] += int(np.any(got[:both] != wanted[:both], axis=1).sum())
        record["gpu"][name].append({"n": n, "total_us": 1e6 * total_s / n, "launches_us": 1e6 * launches_s / n})

    def _tell(self, record: dict[str, Any]) -> None:
        one, every = cpu_us(record)
        say(
            f"{record['what']}: {record['events']:,.0f} events, {record['wrong']} wrong rows, "
            f"one core {one:,.1f} us, all {every:,.2f} us",
            self.clock,
        )
        for name, times in record["gpu"].items():
            if times:
                total, launches = gpu_us(times)
                ratios = f"{one / total:,.1f} x one, {every / total:,.2f} x all"
                say(f"    {name}: {total:,.2f} us, launches {launches:,.2f}: {ratios}", self.clock)


def cpu_us(record: dict[str, Any]) -> tuple[float, float]:
    """Return the microseconds per episode of one core and of all, medians."""
    return statistics.median(record["one_core_us"]), statistics.median(record["all_cores_us"])


def gpu_us(times: list[dict[str, float]]) -> tuple[float, float]:
    """Return the microseconds per episode of the GPU in all and from the first launch on, medians."""
    return statistics.median(t["total_us"] for t in times), statistics.median(t["launches_us"] for t in times)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the seconds that a call took, and its result."""
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def workloads() -> dict[str, Workload]:
    """Return what is measured, what matters most first."""
    named = {workload.name: workload for workload in built_in() if not workload.name.startswith("handa-2017")}
    first = ("desktop, linux-6.1",)
    storms = [storm(rule, "small", threads) for threads in (32, 256) for rule in ("sleep", "mutex", "spin")]
    return {name: named[name] for name in first} | {s.name: s for s in storms} | named


def launches() -> dict[str, Launch]:
    """Return other ways to use the device, by what is different."""
    return {
        **{name: DEFAULT._replace(interleaved=way) for name, way in LAYOUTS.items() if way != DEFAULT.interleaved},
        **{f"{n or 255} registers": DEFAULT._replace(registers=n) for n in (64, 128, None) if n != DEFAULT.registers},
        **{f"{n:,} slots": DEFAULT._replace(slots=n) for n in (1 << 14, 1 << 15, 1 << 16) if n != DEFAULT.slots},
        "16 steps": DEFAULT._replace(n_turns=16, n_rounds=256),
        "256 steps": DEFAULT._replace(n_turns=256, n_rounds=16),
    }


def gpu_in_words() -> dict[str, str]:
    """Describe the GPU and what compiles for it."""
    from importlib import metadata

    from numba import cuda

    device = cuda.get_current_device()
    memory = cuda.current_context().get_memory_info()
    name = device.name.decode() if isinstance(device.name, bytes) else str(device.name)
    found = {"gpu": name, "gpu_memory": f"{memory.total >> 20} MiB"}
    found["capability"] = ".".join(map(str, device.compute_capability))
    for package in ("numba-cuda", "cuda-bindings", "cuda-toolkit"):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "-"
    return found


def page(record: dict[str, Any]) -> str:
    """Return the record as a page."""
    header = ("workload", "GPU", "events", "one core us", "all us", "GPU us", "launches us", "x one", "x all")
    rows = []
    for cell in record["cells"]:
        one, every = cpu_us(cell)
        for name, times in cell["gpu"].items():
            start = (cell["what"], name, f"{cell['events']:,.0f}", f"{one:,.1f}", f"{every:,.2f}")
            if not times:
                rows.append((*start, "-", "-", "-", "-"))
                continue
            total, launches = gpu_us(times)
            rows.append((*start, f"{total:,.2f}", f"{launches:,.2f}", f"{one / total:,.1f}", f"{every / total:,.2f}"))
    checks = record["bytes"]
    n_rows, n_wrong = sum(c["rows"] for c in checks), sum(c["wrong"] for c in (*checks, *record["cells"]))
    gpu = ", ".join(f"{key} {value}" for key, value in record.get("gpu", {}).items())
    return "\n".join(
        [
            "# The GPU beside the CPU",
            "",
            in_words(record["machine"]),
            f"{gpu}. {record['threads']} threads are all cores.",
            f"Microseconds per episode, medians of runs in turns; episodes end after {record['cap']:,} events at most, "
            "whole ones do not. GPU us: from the arrays of inputs to those of outputs; launches us: without what "
            "is done before the first launch; x: times as fast as one core, as all cores.",
            f"Compared byte for byte: {n_rows:,} rows of {len(checks)} blocks, and what both ran of the cells; "
            f"{n_wrong:,} rows differ. Compilation for the GPU, and its first episode: {record['compile_s']:.0f} s.",
            "",
            "```",
            *table_lines(header, rows, left=2),
            "```",
            "",
        ]
    )


def _stage(name: str, clock: Clock, work: Callable[[], Any]) -> Any:
    """Do one stage; what fails is said and the next one follows."""
    try:
        return work()
    except Exception:  # noqa: BLE001
        say(f"{name} FAILED", clock)
        traceback.print_exc()
        print(flush=True)
        return None


def main() -> None:
    """Check, measure, print, write."""
    parser = argparse.ArgumentParser(description="Benchmark the GPU.")
    parser.add_argument("--seconds", type=float, default=240.0, help="Nothing is begun after these.")
    parser.add_argument("--cap", type=int, default=20_000, help="Events of an episode at most.")
    parser.add_argument("--quick", action="store_true", help="Compare bytes and time two workloads.")
    parser.add_argument("--output", type=Path, default=RESULTS)
    options = parser.parse_args()
    clock = Clock(options.seconds)
    n_threads = available_cpus()
    record: dict[str, Any] = {"machine": machine(), "threads": n_threads, "cap": options.cap, "bytes": [], "cells": []}
    say(f"{record['machine']}", clock)
    record["gpu"] = _stage("the GPU", clock, gpu_in_words) or {}
    say(f"{record['gpu']}", clock)
    found = workloads()
    with ThreadPoolExecutor(n_threads) as pool:
        bench = Bench(clock, pool, n_threads, options.cap)
        if _compile(next(iter(found.values())), record, clock):
            _compare(found, record, bench, 0.6 if options.quick else 0.15)
            for cell in _cells(found, bench, options.quick):
                made = _stage(cell.workload.name, clock, lambda c=cell: bench.cell(c.workload, c.ways, c.rounds, c.cap))
                record["cells"] += [made] if made else []
                write_json(options.output, "gpu", record)
    _stage("writing", clock, lambda: write(options.output, "gpu", record, page(record)))


def _compile(first: Workload, record: dict[str, Any], clock: Clock) -> bool:
    """Run an episode on either side."""
    works = many(first.blocks(2), 2)
    for side, work in (("CPU", lambda: run_cpu(works, None, 1)), ("GPU", lambda: run_gpu(works, DEFAULT, 120))):
        seconds, ran = timed(lambda side=side, work=work: _stage(f"compiling for the {side}", clock, work))
        record["compile_s"] = seconds
        say(f"the {side} has compiled and run: {seconds:.1f} s", clock)
    return ran is not None


def _compare(found: dict[str, Workload], record: dict[str, Any], bench: Bench, share: float) -> None:
    """Compare the bytes of each workload, as long as that takes no more than its share of the time."""
    for name, workload in found.items():
        for engine in (Engine.EXACT, Engine.SKIP) if "spin" in name else (Engine.EXACT,):
            if bench.clock.left() < (1 - share) * bench.clock.seconds:
                return
            check = _stage(name, bench.clock, lambda w=workload, e=engine: check_bytes(w, 64, bench.cap, e))
            if check:
                record["bytes"].append(check)
                say(f"{check}", bench.clock)


class Cell(NamedTuple):
    """What is timed together."""

    workload: Workload
    ways: dict[str, tuple[Launch, int]]
    """How the device is used, and episodes at once."""
    rounds: int
    cap: int | None = None


def _cells(found: dict[str, Workload], bench: Bench, is_quick: bool) -> Iterator[Cell]:
    """Give what to time as long as there is time, what matters most first."""
    names = list(found)
    sizes = {f"{n:,} episodes": (DEFAULT, n) for n in (4096, 32768, 131072)}
    for name in names[:2]:
        yield Cell(found[name], sizes, 1)
    if is_quick:
        return
    for name in names[2:8]:
        if bench.clock.left() > 15:
            yield Cell(found[name], {"131,072 episodes": (DEFAULT, 131072)}, 2)
    # Compiled before they are timed.
    ways = {"as is": (DEFAULT, 65536)}
    first = many(found[names[0]].blocks(2), 2)
    for name, launch in launches().items():
        if bench.clock.left() > 60:
            if _stage(name, bench.clock, lambda how=launch: run_gpu(first, how, 60)) is not None:
                ways[name] = (launch, 65536)
    for name in names[:2]:
        yield Cell(found[name], ways, 1)
    for name in WHOLE:
        if bench.clock.left() > 50:
            yield Cell(found[name], {"whole episodes": (DEFAULT, 16384)}, 1, 50_000_000)
    for name in names[8:]:
        if bench.clock.left() > 15:
            yield Cell(found[name], {"131,072 episodes": (DEFAULT, 131072)}, 2)


if __name__ == "__main__":
    main()
