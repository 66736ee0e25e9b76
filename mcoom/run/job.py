"""From a design to a result file, however often the way there is interrupted.

Takes a design and where things go, gives a result file, or the share of a run that was asked for. The folder of the run
is the only memory: what it holds is checked and counts, what it lacks is done. Must know nothing of signals, of
terminals and of what a count means.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mcoom.design.build import Design
from mcoom.errors import SpecError, StoreError
from mcoom.run.cut import missing_ranges, ranges_text
from mcoom.run.device import blocks_per_task
from mcoom.run.execute import Work, work_off
from mcoom.run.executor import ExecutorSettings
from mcoom.run.manifest import block_plan, run_manifest, tally_plan
from mcoom.run.rounds import RoundPlan, run_rounds
from mcoom.run.shard import Shard
from mcoom.run.stop import StopRequest
from mcoom.run.watch import Watch
from mcoom.run.work import describe_run
from mcoom.store.folder import Rejected, RunFolder, Scan, scan_parts
from mcoom.store.lock import LockedError, hold_lock
from mcoom.store.manifest import DamagedManifestError, Manifest, read_manifest, write_manifest
from mcoom.store.read import stored_plan_id


@dataclass(frozen=True)
class Job:
    """One call of ``mcoom run``."""

    output: Path
    """The result file."""
    folder: Path
    """Folder of the run."""
    shard: Shard
    """What of it is done here."""
    settings: ExecutorSettings
    """Who does it."""
    is_fresh: bool = False
    """Whether earlier results and parts are thrown away."""
    keeps_parts: bool = False
    """Whether the parts stay when the result file is written."""
    rounds: RoundPlan | None = None
    """What is run in which order, where earlier counts decide; None: all blocks."""


@dataclass(frozen=True)
class Finished:
    """What a job came to."""

    plan_id: str
    """Identity of the plan."""
    scan: Scan | None = None
    """All parts of the run, if it is complete and its result file is to be written; else None."""
    work: Work = field(default_factory=Work)
    """What was done here."""
    n_found: int = 0
    """Blocks that had been done before."""
    was_complete: bool = False
    """Whether the result file was there already, of the same plan."""
    n_done: tuple[int, ...] | None = None
    """Replicates of each point, where rounds decided them; None: all of the design."""


def run_job(design: Design, job: Job, watch: Watch, stop: StopRequest, finish: Callable[[Finished], None]) -> Finished:
    """Do what a job lacks, and call ``finish`` while the folder is still ours.

    Parameters
    ----------
    design : Design
        What is run.
    job : Job
        What of it, and where.
    watch : Watch
        Is told.
    stop : StopRequest
        Asks for an early end.
    finish : callable
        Called once all blocks of the share are done.

    Returns
    -------
    Finished

    Raises
    ------
    InterruptedRunError
        Asked to stop; the folder holds what is done.
    SpecError
        The folder holds parts of another run.
    LockedError
        Another process does the same.
    StoreError
        Something cannot be read or written.
    """
    manifest = run_manifest(design)
    folder = RunFolder(job.folder)
    if _is_complete(job, manifest) and not job.folder.exists():
        return Finished(manifest.plan_id, was_complete=True)
    folder.make()
    try:
        with hold_lock(folder.lock_file(job.shard.name)):
            _check_owners(folder, job.shard)
            # Asked again: whoever held the lock before may have finished it.
            if _is_complete(job, manifest):
                finished = Finished(manifest.plan_id, was_complete=True)
            else:
                finished = _resume(design, manifest, folder, job, watch, stop)
                stop.can_wait = True
                finish(finished)
            if job.shard.is_whole and not job.keeps_parts and _is_of(folder, manifest):
                folder.clear()
            return finished
    except LockedError as error:
        raise LockedError(f"{error}, which does the same run; allowed: one at a time") from error
    finally:
        folder.remove_if_empty()


def _is_complete(job: Job, manifest: Manifest) -> bool:
    is_wanted = job.shard.is_whole and not job.is_fresh
    return is_wanted and job.output.is_file() and stored_plan_id(job.output) == manifest.plan_id


def _is_of(folder: RunFolder, manifest: Manifest) -> bool:
    try:
        there = read_manifest(folder.plan_file)
    except StoreError:
        return False
    return there is not None and there.plan_id == manifest.plan_id


def _check_owners(folder: RunFolder, shard: Shard) -> None:
    for name, owner in folder.owners().items():
        if int(name.partition("of")[2]) != shard.count:
            raise StoreError(
                f"{folder.lock_file(name)}: held by {owner}, which does shard {name} of another cut; "
                "allowed: one cut at a time"
            )


def _resume(
    design: Design, manifest: Manifest, folder: RunFolder, job: Job, watch: Watch, stop: StopRequest
) -> Finished:
    shard = job.shard
    if job.is_fresh:
        folder.clear()
    _settle_plan(folder, manifest, watch)
    folder.remove_orphans(shard.name)
    n_blocks = len(block_plan(design))
    if job.rounds is not None:
        return _resume_rounds(design, manifest, folder, job, job.rounds, watch, stop)
    scan = scan_parts(folder.part_files(shard.name), manifest.plan_id, n_blocks)
    set_aside(folder, scan, watch)
    missing = missing_ranges(scan.done, shard.index, shard.count)
    n_missing, n_mine = sum(map(len, missing)), len(range(shard.index, n_blocks, shard.count))
    facts = {"plan": manifest.plan_id, "shard": str(shard), "n_blocks": n_mine, "n_done": n_mine - n_missing}
    text = f"going on: {n_mine - n_missing:,} of {n_mine:,} blocks are done" if n_missing < n_mine else ""
    watch.note("begin", text, **facts)
    n_left = _n_episodes(design, missing)
    watch.progress.expect(n_left)
    work = Work()
    if missing:
        work = _work_off(design, manifest, folder, job, missing, watch, stop)
    if not shard.is_whole:
        return Finished(manifest.plan_id, None, work, n_mine - n_missing)
    whole = scan_parts(folder.part_files(), manifest.plan_id, n_blocks)
    set_aside(folder, whole, watch)
    if not whole.done.all():
        raise StoreError(
            f"{folder.path}: blocks {ranges_text(missing_ranges(whole.done))} are damaged although just written; "
            "the disk is not to be trusted; the same command does them again"
        )
    return Finished(manifest.plan_id, whole, work, n_mine - n_missing)


def _work_off(
    design: Design,
    manifest: Manifest,
    folder: RunFolder,
    job: Job,
    missing: list[range],
    watch: Watch,
    stop: StopRequest,
) -> Work:
    """Do missing blocks, all of them."""
    work = work_off(
        folder,
        job.shard.name,
        missing,
        plan=tally_plan(design),
        context=describe_run(design, manifest, job.settings.device),
        n_blocks=blocks_per_task(job.settings.device, design.scenario.block, len(design.scenario.policies)),
        settings=job.settings,
        watch=watch,
        stop=stop,
    )
    n_missing = sum(map(len, missing))
    if work.n_blocks < n_missing:
        stop.check()
        raise StoreError(f"{folder.path}: {n_missing - work.n_blocks} blocks were not done; a defect of mcoom")
    return work


def _resume_rounds(
    design: Design,
    manifest: Manifest,
    folder: RunFolder,
    job: Job,
    rounds: RoundPlan,
    watch: Watch,
    stop: StopRequest,
) -> Finished:
    """Do what the rounds ask for; blocks that are there from an earlier call count when their round comes."""
    n_blocks = len(block_plan(design))
    total = Work()
    n_expected = 0

    def scan() -> Scan:
        found = scan_parts(folder.part_files(), manifest.plan_id, n_blocks)
        set_aside(folder, found, watch)
        return found

    def work_off_round(missing: list[range]) -> None:
        nonlocal n_expected
        n_expected += _n_episodes(design, missing)
        watch.progress.expect(n_expected)
        work = _work_off(design, manifest, folder, job, missing, watch, stop)
        total.n_blocks += work.n_blocks
        total.n_episodes += work.n_episodes
        total.compile_s = max(total.compile_s, work.compile_s)

    n_there = int(scan().done.sum())
    text = f"going on: {n_there:,} blocks are done" if n_there else ""
    watch.note("begin", text, plan=manifest.plan_id, shard=str(job.shard), n_blocks=n_blocks, n_done=n_there)
    found = run_rounds(rounds, block_plan(design), tally_plan(design), scan=scan, work_off=work_off_round)
    return Finished(manifest.plan_id, found, total, n_there, n_done=tuple(rounds.n_done))


def _settle_plan(folder: RunFolder, manifest: Manifest, watch: Watch) -> None:
    """Make sure that the folder is of this plan."""
    try:
        there = read_manifest(folder.plan_file)
    except DamagedManifestError as error:
        for line in folder.set_aside([Rejected(folder.plan_file, str(error).partition(": ")[2])]):
            watch.set_aside(line)
        there = None
    if there is None:
        write_manifest(folder.plan_file, manifest)
        return
    differences = manifest.differences(there)
    if differences:
        raise SpecError(
            f"{folder.path}: holds another run: there {'; there '.join(differences)}; allowed: the same run, another "
            "--work or -o, or --fresh to throw it away"
        )


def set_aside(folder: RunFolder, scan: Scan, watch: Watch) -> None:
    """Move what a scan rejected to the quarantine, and say so line by line."""
    for line in folder.set_aside(scan.rejected):
        watch.set_aside(line)


def _n_episodes(design: Design, ranges: list[range]) -> int:
    """Count the episodes of some blocks: all of equal size but the last one of each point."""
    blocks = block_plan(design)
    full, last = blocks.block, blocks[blocks.per_point - 1].n_replicates
    n = 0
    for r in ranges:
        n += len(r) * full
        if last != full:
            numbers: NDArray[np.int64] = np.arange(r.start, r.stop, r.step)
            n -= int((numbers % blocks.per_point == blocks.per_point - 1).sum()) * (full - last)
    return n * len(design.scenario.policies)
