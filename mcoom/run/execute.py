"""Working off the blocks that are missing.

Takes the folder of a run and what is missing in it, gives a folder in which it is not: every result is written, synced
and renamed as soon as it is there, by this process alone. Must know nothing of what is in a result, and of how the
folder came to be as it is.
"""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mcoom.run.cut import TaskCutter
from mcoom.run.executor import ExecutorSettings, completed
from mcoom.run.stop import StopRequest
from mcoom.run.watch import Watch
from mcoom.run.work import Counted, Task, count_blocks, prepare
from mcoom.store.folder import RunFolder
from mcoom.store.join import join_parts
from mcoom.tally.plan import TallyPlan

MOST_FILES = 128
"""Part files of one process; when there are as many, they are joined into one."""
_LARGE_BYTES = 8 << 20
_JOINED_BYTES = 64 << 20


@dataclass
class Work:
    """What was done."""

    n_blocks: int = 0
    """Blocks."""
    n_episodes: int = 0
    """Episodes."""
    compile_s: float = 0.0
    """Seconds until the slowest worker's engine had answered its first episode."""
    files: list[tuple[int, Path]] = field(default_factory=list)
    """Small part files written and not joined since, with their lengths: a heap, the smallest first."""


def work_off(
    folder: RunFolder,
    shard: str,
    missing: Iterable[range],
    *,
    plan: TallyPlan,
    context: bytes,
    n_blocks: int,
    settings: ExecutorSettings,
    watch: Watch,
    stop: StopRequest,
) -> Work:
    """Carry out missing blocks and write each result.

    Parameters
    ----------
    folder, shard : RunFolder, str
        Where to, and the name of the share; the caller holds its lock.
    missing : iterable of range
        Numbers of the blocks.
    plan : TallyPlan
        What is counted.
    context : bytes
        Description of the run, for the workers.
    n_blocks : int
        Blocks of a task; 0: as many as suit its duration.
    settings : ExecutorSettings
        Who does it.
    watch : Watch
        Is told of every result that is safe.
    stop : StopRequest
        Once asked to stop nothing more is begun; what has begun is finished and written.

    Returns
    -------
    Work
        What was done; less than all of it only if asked to stop.

    Raises
    ------
    StoreError
        A result cannot be written. What was written before is there.
    """
    work = Work()
    cutter = TaskCutter(missing, settings.workers, n_blocks)
    results = completed(
        _announced(cutter, stop), settings, prepare=prepare, context=context, work=count_blocks, stop=stop
    )
    for task, counted in results:
        cutter.learn(len(task.blocks), counted.seconds)
        if not work.n_blocks:
            watch.progress.restart()
        _keep(folder, shard, plan, task, counted, work)
        watch.progress.advance(counted.n_episodes)
        facts = {"n_episodes": counted.n_episodes, "seconds": round(counted.seconds, 3), "bytes": len(counted.content)}
        watch.record("part", blocks=list(task), n_blocks=len(task.blocks), **facts)
    return work


def _announced(tasks: Iterable[Task], stop: StopRequest) -> Iterator[Task]:
    """Pass tasks on; from the first one on there is something to wait for."""
    for task in tasks:
        stop.can_wait = True
        yield task


def _keep(folder: RunFolder, shard: str, plan: TallyPlan, task: Task, counted: Counted, work: Work) -> None:
    path = folder.write_part(shard, task.first, len(task.blocks), counted.content)
    work.n_blocks += len(task.blocks)
    work.n_episodes += counted.n_episodes
    work.compile_s = max(work.compile_s, counted.compile_s)
    _remember(work, len(counted.content), path)
    if len(work.files) >= MOST_FILES:
        _join(folder, shard, plan, work)


def _join(folder: RunFolder, shard: str, plan: TallyPlan, work: Work) -> None:
    """Join our small files into one: a folder of a million files is nobody's friend."""
    small = []
    n_bytes = 0
    while work.files and n_bytes + work.files[0][0] <= _JOINED_BYTES:
        length, path = heapq.heappop(work.files)
        small.append(path)
        n_bytes += length
    first, n_blocks, content = join_parts(small, plan)
    # A kill between the two steps leaves blocks twice; whoever reads them next takes the larger file.
    path = folder.write_part(shard, first, n_blocks, content)
    folder.remove(small)
    _remember(work, len(content), path)


def _remember(work: Work, length: int, path: Path) -> None:
    if length < _LARGE_BYTES:
        heapq.heappush(work.files, (length, path))
