"""What a worker does: blocks of replicates to the bytes of a part file.

Takes the description of a run as bytes, once, and ranges of block numbers; gives checksummed bytes that travel well
between processes. The only place below the command line that joins lowering, engine and tallies; must know nothing of
folders, and of who asks.
"""

import functools
import json
import socket
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from mcoom.design.build import Design, build_design
from mcoom.engine.inputs import Inputs
from mcoom.engine.layout import MACHINE
from mcoom.errors import McoomError
from mcoom.lower import Block as LoweredBlock
from mcoom.lower import lower_block, lower_policy
from mcoom.run.device import run_blocks
from mcoom.run.manifest import block_plan, run_manifest, tally_plan
from mcoom.run.plan import BlockPlan, WorkBlock
from mcoom.spec.load import parse_scenario
from mcoom.store.manifest import Manifest
from mcoom.store.part import encode_part
from mcoom.tally.pack import pack_tally
from mcoom.tally.plan import TallyPlan
from mcoom.tally.tally import PointTally


class Task(NamedTuple):
    """Numbers of some blocks: ``range(first, stop, step)``."""

    first: int
    """The first number."""
    stop: int
    """Beyond the last one."""
    step: int
    """From one to the next."""

    @property
    def blocks(self) -> range:
        """The numbers."""
        return range(self.first, self.stop, self.step)


class Counted(NamedTuple):
    """What a task gives back."""

    content: bytes
    """A part file."""
    n_episodes: int
    """Episodes simulated."""
    seconds: float
    """Time it took."""
    compile_s: float
    """Seconds until the engine of this worker had answered its first episode: compilation, or loading of the cache."""


@dataclass(frozen=True)
class Worker:
    """A process that is ready to work."""

    design: Design
    """What is run."""
    plan: TallyPlan
    """What is counted."""
    blocks: BlockPlan
    """The cut."""
    plan_id: str
    """Identity of the run."""
    compile_s: float
    """As in ``Counted``."""
    device: str
    """One of ``mcoom.run.device.DEVICES``."""


class StrangeWorkerError(McoomError):
    """A worker would give other numbers than the process that asks it."""


def describe_run(design: Design, manifest: Manifest, device: str = "cpu") -> bytes:
    """Return what ``prepare`` takes: all that a worker needs to know; ``device`` is of ``mcoom.run.device.DEVICES``."""
    return json.dumps(
        {
            "name": design.scenario.name,
            "replicates": design.replicates,
            "seed": design.seed,
            "device": device,
            "manifest": dict(manifest.entries),
        }
    ).encode()


@functools.lru_cache(maxsize=1)
def prepare(context: bytes) -> Worker:
    """Make a worker ready.

    Parameters
    ----------
    context : bytes
        What ``describe_run`` gave.

    Raises
    ------
    StrangeWorkerError
        The mcoom or the libraries of this worker give another plan.
    """
    told = json.loads(context)
    manifest = Manifest(told["manifest"])
    scenario = parse_scenario(manifest.entries["scenario_text"], told["name"])
    design = build_design(scenario, told["replicates"], told["seed"])
    differences = manifest.differences(run_manifest(design))
    if differences:
        raise StrangeWorkerError(f"worker on {socket.gethostname()}: not the same run: {'; '.join(differences)}")
    compile_s = warm_up(design, told["device"])
    return Worker(design, tally_plan(design), block_plan(design), manifest.plan_id, compile_s, told["device"])


def warm_up(design: Design, device: str = "cpu") -> float:
    """Run one replicate of the first point, so that the engine is compiled or loaded; return the seconds it took."""
    start = time.perf_counter()
    lowered = lower_block(design, 0, 0, 1)
    list(run_blocks(device, [lowered.inputs], lower_policy(design.scenario.policies[0])[None, :]))
    return time.perf_counter() - start


def count_blocks(worker: Worker, task: Task) -> Counted:
    """Simulate and count the blocks of a task.

    Returns
    -------
    Counted
        The same bytes wherever it is done.
    """
    start = time.perf_counter()
    tallies: dict[int, PointTally] = {}
    n_replicates = 0
    for block, tally in count_each(worker, [worker.blocks[number] for number in task.blocks]):
        tallies[block.point] = tallies[block.point].merge(tally) if block.point in tallies else tally
        n_replicates += block.n_replicates
    packed = {point: pack_tally(tally) for point, tally in tallies.items()}
    content = encode_part(worker.plan_id, [task.blocks], packed)
    n_episodes = n_replicates * len(worker.plan.policies)
    return Counted(content, n_episodes, time.perf_counter() - start, worker.compile_s)


def count_each(worker: Worker, blocks: Sequence[WorkBlock]) -> Iterator[tuple[WorkBlock, PointTally]]:
    """Simulate blocks under every policy, on the same inputs, and count each.

    Parameters
    ----------
    worker : Worker
        What is run, where, and what is counted.
    blocks : sequence of WorkBlock
        Which replicates of which points.

    Yields
    ------
    WorkBlock, PointTally
        In order; counts of these replicates alone.
    """
    policies = np.stack([lower_policy(policy) for policy in worker.design.scenario.policies])
    waiting: deque[LoweredBlock] = deque()

    def inputs() -> Iterator[Inputs]:
        for block in blocks:
            waiting.append(lower_block(worker.design, block.point, block.first, block.n_replicates))
            yield waiting[-1].inputs

    for block, outputs in zip(blocks, run_blocks(worker.device, inputs(), policies), strict=True):
        lowered = waiting.popleft()
        horizons_ns = lowered.inputs.machine[:, MACHINE["horizon_ns"]]
        yield block, PointTally.from_outputs(worker.plan, outputs, horizons_ns, lowered.strata, block.first)
