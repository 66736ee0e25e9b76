"""Running every block of a design on a pool of threads.

Takes a design and a number of threads, gives one tally per point. Blocks are merged in their own order whatever order
they finish in, and only a few are in flight, so neither the result nor the memory depends on the threads; must know
nothing of files and of analysis.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from mcoom.design.build import Design
from mcoom.engine.layout import MACHINE
from mcoom.engine.replicates import run_block
from mcoom.lower import lower_block, lower_policy
from mcoom.run.plan import WorkBlock, plan_blocks
from mcoom.tally.plan import TallyPlan
from mcoom.tally.tally import PointTally

_IN_FLIGHT_PER_THREAD = 3


@dataclass(frozen=True)
class RunResult:
    """What a run leaves."""

    plan: TallyPlan
    """What was counted."""
    tallies: tuple[PointTally, ...]
    """One per point of the design, in order."""
    compile_s: float
    """Seconds until the engine had answered its first episode: compilation, or loading of the cache."""


def tally_plan(design: Design) -> TallyPlan:
    """Return what the tallies of a design count."""
    scenario = design.scenario
    return TallyPlan(
        policies=tuple(policy.name for policy in scenario.policies),
        baseline=scenario.baseline,
        estimands=scenario.estimands,
        stratum_labels=design.stratum_labels,
        raw_rows=scenario.raw_rows,
    )


def run_work_block(design: Design, plan: TallyPlan, block: WorkBlock) -> PointTally:
    """Simulate one block under every policy, on the same inputs, and count it.

    Parameters
    ----------
    design : Design
        What is run.
    plan : TallyPlan
        What is counted.
    block : WorkBlock
        Which replicates of which point.

    Returns
    -------
    PointTally
        Counts of these replicates alone.
    """
    lowered = lower_block(design, block.point, block.first, block.n_replicates)
    outputs = np.stack([run_block(lowered.inputs, lower_policy(policy)) for policy in design.scenario.policies])
    horizons_ns = lowered.inputs.machine[:, MACHINE["horizon_ns"]]
    return PointTally.from_outputs(plan, outputs, horizons_ns, lowered.strata, block.first)


def warm_up(design: Design) -> float:
    """Run one replicate of the first point, so that the engine is compiled or loaded; return the seconds it took."""
    start = time.perf_counter()
    lowered = lower_block(design, 0, 0, 1)
    run_block(lowered.inputs, lower_policy(design.scenario.policies[0]))
    return time.perf_counter() - start


def run_design(
    design: Design, *, threads: int, advance: Callable[[int], None], ready: Callable[[], None] = lambda: None
) -> RunResult:
    """Run a whole design.

    Parameters
    ----------
    design : Design
        Points, policies, replicates.
    threads : int
        Worker threads, at least 1. Results do not depend on it.
    advance : callable
        Called with the number of episodes of each block that is done, in block order.
    ready : callable
        Called once, when the engine is compiled and the work begins.

    Returns
    -------
    RunResult
        The tallies, one per point.

    Raises
    ------
    KeyboardInterrupt
        On Ctrl-C: blocks not begun are dropped, nothing is returned.
    """
    plan = tally_plan(design)
    compile_s = warm_up(design)
    ready()
    blocks = plan_blocks(len(design.points), design.replicates, design.scenario.block)
    tallies = [PointTally.empty(plan) for _ in design.points]
    n_policies = len(plan.policies)
    for block, tally in _in_order(blocks, lambda block: run_work_block(design, plan, block), threads):
        tallies[block.point] = tallies[block.point].merge(tally)
        advance(block.n_replicates * n_policies)
    return RunResult(plan, tuple(tallies), compile_s)


def _in_order(
    blocks: tuple[WorkBlock, ...], work: Callable[[WorkBlock], PointTally], threads: int
) -> Iterator[tuple[WorkBlock, PointTally]]:
    """Yield each block with its tally, in the order of ``blocks``, with a bounded number in flight."""
    waiting: deque[tuple[WorkBlock, Future[PointTally]]] = deque()
    pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="mcoom")
    try:
        for block in blocks:
            waiting.append((block, pool.submit(work, block)))
            if len(waiting) >= threads * _IN_FLIGHT_PER_THREAD:
                head, future = waiting.popleft()
                yield head, future.result()
        while waiting:
            head, future = waiting.popleft()
            yield head, future.result()
    finally:
        # On an error or Ctrl-C a block that has begun cannot be stopped; waiting for it would only delay the message.
        pool.shutdown(wait=False, cancel_futures=True)
