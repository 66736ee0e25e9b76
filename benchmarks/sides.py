"""The same episodes on the CPU and on the GPU.

Takes blocks of a workload, gives as many episodes of them as are wanted, and their rows from either. Must not know what
is compared or written.
"""

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from benchmarks.workloads import Block
from mcoom.engine.layout import MACHINE
from mcoom.engine.replicates import run_block
from mcoom.gpu.replicates import Launch, Work, run_works

LOWERED = 2048
"""Replicates that are lowered; more have their inputs."""
CPU_SECONDS = 0.6
"""What a timing of the CPU takes, about."""


class TimeIsUp(Exception):  # noqa: N818
    """A run of the GPU was given up."""


def with_cap(blocks: list[Block], cap: int) -> list[Block]:
    """End episodes after ``cap`` events."""
    for block in blocks:
        events = block.inputs.machine[:, MACHINE["max_events"]]
        np.minimum(events, cap, out=events)
    return blocks


def many(blocks: list[Block], n_episodes: int) -> list[Work]:
    """Return ``n_episodes`` or a few more episodes: blocks again and again, with other numbers of replicates."""
    works: list[Work] = []
    n = turn = 0
    while n < n_episodes:
        for block in blocks:
            rows = min(block.n_replicates, n_episodes - n)
            if rows <= 0:
                break
            i = block.inputs
            inputs = i._replace(machine=i.machine[:rows], classes=i.classes[:rows], first=i.first + turn * LOWERED)
            works.append(Work(inputs, block.policy[None, :]))
            n += rows
        turn += 1
    return works


def n_episodes(works: list[Work]) -> int:
    """Count the episodes of works, each of one policy."""
    return sum(len(work.inputs.machine) for work in works)


def run_cpu(works: list[Work], pool: ThreadPoolExecutor | None, n_threads: int) -> list[NDArray[np.int64]]:
    """Run works on the CPU, in pieces over all threads if there is a pool."""
    pieces = []
    for inputs, policies in works:
        n = len(inputs.machine)
        size = n if pool is None else max(1, n // (4 * n_threads))
        for at in range(0, n, size):
            rows = slice(at, at + size)
            piece = inputs._replace(machine=inputs.machine[rows], classes=inputs.classes[rows], first=inputs.first + at)
            pieces.append((piece, policies[0]))
    return list((map if pool is None else pool.map)(lambda piece: run_block(*piece), pieces))


def run_gpu(works: list[Work], launch: Launch, most_s: float) -> tuple[list[NDArray[np.int64]], float, float]:
    """Run works on the GPU; return the rows, the seconds in all, and those from the first launch to the last one."""
    begun = time.perf_counter()
    looks: list[float] = []

    def watch(n_done: int, n_episodes: int) -> None:
        looks.append(time.perf_counter())
        if looks[-1] - begun > most_s:
            raise TimeIsUp(f"{n_done} of {n_episodes} episodes in {looks[-1] - begun:.1f} s")

    rows = run_works(works, launch, watch)
    # The result of the last launch has been awaited, but copies follow: an upper limit.
    ended = time.perf_counter()
    return [row[0] for row in rows], ended - begun, ended - looks[0] if looks else 0.0


def cpu_sample(blocks: list[Block]) -> list[Work]:
    """Return works that take one core about ``CPU_SECONDS``."""
    n = 64
    while True:
        works = many(blocks, n)
        start = time.perf_counter()
        run_cpu(works, None, 1)
        seconds = time.perf_counter() - start
        if seconds > CPU_SECONDS / 4 or n >= 1 << 17:
            return many(blocks, max(64, int(n * CPU_SECONDS / seconds)))
        n *= 4
