"""``run``: from a scenario to a result file and its table.

Takes a scenario and how much of it, gives one HDF5 file and the comparison on standard output. Joins the stations; must
know nothing of what any of them does.
"""

import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcoom.cli.executor import executor_options, executor_settings
from mcoom.cli.options import json_option, quiet_option, replicates_option, seed_option, set_option
from mcoom.cli.output import give, give_json, say
from mcoom.errors import McoomError, SpecError, StoreError, WorkerLostError
from mcoom.spec.until import FORM

if TYPE_CHECKING:
    from mcoom.analysis.stopping import SequentialPlan
    from mcoom.design.build import Design
    from mcoom.run.job import Finished, Job
    from mcoom.run.shard import Shard
    from mcoom.run.watch import Watch
    from mcoom.spec.scenario import Scenario

DEFAULT_SCENARIO = "population"
DEFAULT_FOLDER = Path("results")
MOST_COMPARED = 30_000
"""Entries (points x policies x estimands) that ``run`` compares at its end; a larger file is for ``compare``."""


@click.command()
@click.argument("scenario", default=DEFAULT_SCENARIO)
@click.option(
    "-o", "--output", metavar="F.h5", type=click.Path(path_type=Path), help="Result file. [results/SCENARIO.h5]"
)
@replicates_option
@seed_option
@executor_options
@set_option
@click.option(
    "--engine",
    type=click.Choice(["exact", "skip", "fast"]),
    help="exact: event by event. skip: the same bytes sooner. fast: equal in law, sooner still. [the scenario's]",
)
@click.option(
    "--until", metavar="CONDITION", help="Stop each cell when it knows enough: 'livelock_prob ci_width < 1e-3'."
)
@click.option("--max-replicates", type=click.IntRange(1, 10**9), help="Most replicates per cell with --until.")
@click.option("--max-total", type=click.IntRange(1, 10**12), help="Most replicates of all points with --until.")
@click.option("--shard", metavar="I/N", help="Do share I of N (0 <= I < N) only; auto: as the batch system says.")
@click.option(
    "--work", metavar="DIR", type=click.Path(path_type=Path), help="Folder of finished blocks; is kept. [F.parts]"
)
@click.option("--keep-parts", is_flag=True, help="Keep the finished blocks when the result file is written.")
@click.option("--fresh", is_flag=True, help="Throw away what an earlier run left, and start anew.")
@click.option("--log", metavar="FILE", type=click.Path(path_type=Path), help="Append what happens, as JSON lines.")
@quiet_option
@json_option
def run(scenario: str, output: Path | None, as_json: bool, quiet: bool, **options: Any) -> None:
    """Simulate SCENARIO (a path or a built-in name; default: population) and compare its policies.

    Results go to one HDF5 file; the comparison goes to standard output, progress to standard error. A run that was
    stopped or killed goes on where it was when the same command is given again.
    """
    # First of all: with MPI this process starts anew.
    settings = executor_settings(options["executor"], options["threads"], options["dask_scheduler"], options["device"])
    from mcoom.design.build import build_design
    from mcoom.run.job import Job
    from mcoom.run.shard import Shard, parse_shard

    shard = parse_shard(options["shard"], os.environ) if options["shard"] else Shard()
    if options["fresh"] and not shard.is_whole:
        raise SpecError("--fresh with --shard: would throw away the work of other shards; remove the folder instead")
    loaded = _load(scenario, options)
    design = build_design(loaded, options["max_replicates"] or options["replicates"], options["seed"])
    rounds = _rounds(design)
    if rounds is not None and not shard.is_whole:
        raise SpecError("--shard with --until: what is run next depends on all shards; allowed: --executor dask or mpi")
    path = output if output is not None else _default_output(loaded.name)
    check_output(path, shard)
    folder = options["work"] or path.with_name(path.name.removesuffix(".h5") + ".parts")
    keeps = options["keep_parts"] or options["work"] is not None
    job = Job(path, folder, shard, settings, is_fresh=options["fresh"], keeps_parts=keeps, rounds=rounds)
    finished = simulate(design, job, quiet=quiet, log=options["log"])
    if not shard.is_whole:
        if as_json:
            n = {"n_blocks": finished.work.n_blocks + finished.n_found, "n_found": finished.n_found}
            give_json({"shard": str(shard), "folder": str(folder), "plan_id": finished.plan_id, **n})
        elif not quiet:
            say(f"shard {shard} is done; when all are: mcoom merge {folder} -o {path}")
        return
    if not quiet:
        done = f"{path}: complete already; nothing to do (--fresh runs it again)"
        say(done if finished.was_complete else f"wrote {path}")
    # What was asked for and not got is no progress message: -q does not hide it.
    if rounds is not None and not finished.was_complete and (not quiet or rounds.n_open):
        say(rounds.summary())
    _show(design, path, as_json)


def _load(scenario: str, options: Mapping[str, Any]) -> "Scenario":
    """Load the scenario with its overrides; what is wrong with --until is said of --until."""
    from mcoom.spec.load import load_scenario

    try:
        return load_scenario(
            scenario, (*options["overrides"], *_engine_override(options), *_stopping_overrides(options))
        )
    except SpecError as error:
        given = f"--set stopping.until={options['until']}: stopping.until = "
        head, found, tail = str(error).partition(given)
        if options["until"] is None or not found:
            raise
        # The value is quoted after the key once more, perhaps shortened.
        raise SpecError(f"{head}--until {options['until']!r}:{tail.partition(':')[2]}") from None


def _engine_override(options: Mapping[str, Any]) -> list[str]:
    """Write ``--engine`` as a change of the scenario: it is part of the plan, so that runs of two engines never mix."""
    return [f"scenario.engine={options['engine']}"] if options["engine"] else []


def _stopping_overrides(options: Mapping[str, Any]) -> list[str]:
    """Give what --until says as keys of the scenario, so that a stored run knows why it stopped."""
    if options["max_replicates"] is not None and options["replicates"] is not None:
        raise SpecError("--max-replicates with --replicates: the same thing twice; allowed: one of them")
    if options["until"] is None and (options["max_total"] is not None or options["max_replicates"] is not None):
        named = "--max-total" if options["max_total"] is not None else "--max-replicates"
        if not any(override.startswith("stopping.until=") for override in options["overrides"]):
            raise SpecError(f"{named} without --until; allowed: --replicates, or --until CONDITION")
    if options["until"] is not None and not options["until"].strip():
        raise SpecError(f"--until {options['until']!r}: is empty; allowed: {FORM}")
    given = {"until": options["until"], "max_total": options["max_total"]}
    return [f"stopping.{key}={value}" for key, value in given.items() if value is not None]


def _rounds(design: "Design") -> "SequentialPlan | None":
    """Give the rounds of a run that stops by itself."""
    scenario = design.scenario
    if scenario.stopping is None:
        return None
    from mcoom.analysis.stopping import Budget, SequentialPlan

    least = len(design.points) * min(scenario.block, design.replicates)
    if scenario.max_total is not None and scenario.max_total < least:
        n = len(design.points)
        raise SpecError(
            f"--max-total {scenario.max_total}: no block for each of {n} point(s); allowed: at least {least}"
        )
    budget = Budget(design.replicates, scenario.max_total)
    return SequentialPlan(scenario.stopping, len(design.points), scenario.block, budget)


def simulate(design: "Design", job: "Job", *, quiet: bool, log: Path | None = None) -> "Finished":
    """Do what a job lacks and write its file.

    Parameters
    ----------
    design : Design
        What to run.
    job : Job
        What of it, and where.
    quiet : bool
        No progress.
    log : Path or None
        File for JSON lines.

    Returns
    -------
    Finished
        What was done.

    Raises
    ------
    InterruptedRunError
        Stopped by a signal; says how to go on.
    StoreError
        As ``run_job``; says how to go on.
    """
    from mcoom.run.assemble import assemble
    from mcoom.run.job import run_job
    from mcoom.run.progress import Progress
    from mcoom.run.stop import StopRequest
    from mcoom.run.watch import Watch

    started, clock = datetime.now(UTC), time.perf_counter()
    total = len(design.points) * len(design.scenario.policies) * design.replicates
    most = "up to " if job.rounds is not None else ""
    watch = Watch(Progress(total, None if quiet else sys.stderr, design.scenario.name), log, _warn)
    workers = f"{job.settings.workers} {job.settings.name if job.settings.name != 'threads' else 'thread(s)'}"
    watch.progress.note(
        f"{design.scenario.name}: {most}{total:,} episodes, {workers}; the engine compiles on its first use"
    )
    stop = StopRequest()

    def finish(finished: "Finished") -> None:
        if finished.scan is None:
            return
        record = _provenance(design, job, finished, started, time.perf_counter() - clock)
        if job.rounds is not None:
            record = {**record, "stopping": json.dumps(job.rounds.to_json(), allow_nan=False)}
        assemble(design, finished.scan, job.output, record, stop.check, finished.n_done)
        watch.record("wrote", file=str(job.output))

    with _told(watch, job.folder), stop:
        finished = run_job(design, job, watch, stop, finish)
        watch.record("end", elapsed_s=round(time.perf_counter() - clock, 3))
    return finished


def _warn(text: str) -> None:
    say(f"mcoom: note: {text}")


@contextmanager
def _told(watch: "Watch", folder: Path) -> Iterator[None]:
    """Log why a run ended early, and say how to go on."""
    from mcoom.run.stop import InterruptedRunError

    try:
        yield
    except McoomError as error:
        watch.record("stop", reason=str(error))
        if isinstance(error, InterruptedRunError | StoreError | WorkerLostError) and (folder / "plan.json").exists():
            text = f"{error}; what is done is safe in {folder}, the same command goes on from there"
            raise type(error)(text) from error
        raise
    finally:
        watch.close()


def _provenance(
    design: "Design", job: "Job", finished: "Finished", started: datetime, elapsed_s: float
) -> Mapping[str, str | int | float]:
    from mcoom._jit import engine_digest
    from mcoom.provenance import collect, command_line

    record = collect(
        scenario=scenario_record(design),
        seed=design.seed,
        replicates=design.replicates,
        threads=job.settings.workers,
        engine_digest=engine_digest(),
        command=command_line(),
        started=started,
        compile_s=finished.work.compile_s,
        elapsed_s=elapsed_s,
    )
    return record | {"plan_id": finished.plan_id, "blocks_found": finished.n_found}


def scenario_record(design: "Design") -> dict[str, str]:
    """Return what a result file says of its scenario."""
    scenario = design.scenario
    return {
        "scenario_name": scenario.name,
        "scenario_title": scenario.title,
        "scenario_text": scenario.text,
        "spec_id": scenario.spec_id,
    }


def check_output(path: Path, shard: "Shard | None" = None) -> None:
    """Find out before the work whether its result can be written.

    Raises
    ------
    StoreError
        If the folder is missing or may not be searched or written, or the path is a folder.
    """
    folder = path.absolute().parent
    try:
        is_folder = path.is_dir()
    except OSError as error:  # a folder on the way may not be searched
        raise StoreError(f"{path}: {error.strerror}") from error
    if is_folder:
        raise StoreError(f"{path}: is a folder; allowed: the name of a file")
    if not folder.is_dir():
        raise StoreError(f"{path}: folder {folder} does not exist")
    if (shard is None or shard.is_whole) and not os.access(folder, os.W_OK):
        raise StoreError(f"{path}: folder {folder} may not be written")


def _default_output(name: str) -> Path:
    DEFAULT_FOLDER.mkdir(exist_ok=True)
    return DEFAULT_FOLDER / f"{name}.h5"


def _show(design: "Design", path: Path, as_json: bool) -> None:
    from mcoom.analysis.verdict import analyse
    from mcoom.report.declared import declared_of, sequential_of
    from mcoom.report.printout import page_text
    from mcoom.store.read import read_results

    n = len(design.points) * len(design.scenario.policies) * len(design.scenario.estimands)
    if n > MOST_COMPARED:
        if as_json:
            give_json({"file": str(path), "n_points": len(design.points), "n_estimates": n, "compared": False})
        else:
            give(f"{n:,} estimates are too many for a table; mcoom compare {path} makes them")
        return
    stored = read_results(path)
    analysis = analyse(stored, declared=declared_of(stored), sequential=sequential_of(stored))
    if as_json:
        give_json(analysis.to_json())
    else:
        give(page_text(stored, analysis))
