"""``run``: from a scenario to a result file and its table.

Takes a scenario and how much of it, gives one HDF5 file and the comparison on standard output. Joins the stations; must
know nothing of what any of them does.
"""

import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mcoom.cli.options import (
    available_cpus,
    json_option,
    quiet_option,
    replicates_option,
    seed_option,
    set_option,
    threads_option,
)
from mcoom.cli.output import give, give_json, say
from mcoom.errors import StoreError

if TYPE_CHECKING:
    from mcoom.design.build import Design
    from mcoom.run.execute import RunResult

DEFAULT_SCENARIO = "population"
DEFAULT_FOLDER = Path("results")


@click.command()
@click.argument("scenario", default=DEFAULT_SCENARIO)
@click.option(
    "-o", "--output", metavar="F.h5", type=click.Path(path_type=Path), help="Result file. [results/SCENARIO.h5]"
)
@replicates_option
@seed_option
@threads_option
@set_option
@quiet_option
@json_option
def run(
    scenario: str,
    output: Path | None,
    replicates: int | None,
    seed: int | None,
    threads: int | None,
    overrides: tuple[str, ...],
    quiet: bool,
    as_json: bool,
) -> None:
    """Simulate SCENARIO (a path or a built-in name; default: population) and compare its policies.

    Results go to one HDF5 file; the comparison goes to standard output, progress to standard error.
    """
    from mcoom.design.build import build_design
    from mcoom.spec.load import load_scenario

    loaded = load_scenario(scenario, overrides)
    design = build_design(loaded, replicates, seed)
    path = output if output is not None else _default_output(loaded.name)
    check_output(path)
    result = simulate(design, path, threads=threads or available_cpus(), quiet=quiet)
    if not quiet:
        say(f"wrote {path}")
    _show(path, result, as_json)


def simulate(design: "Design", path: Path, *, threads: int, quiet: bool) -> "RunResult":
    """Run a design, write its file and return what was counted.

    Parameters
    ----------
    design : Design
        What to run.
    path : Path
        Result file; replaced when the run is done.
    threads : int
        Worker threads.
    quiet : bool
        No progress.

    Returns
    -------
    RunResult
        As written.
    """
    from mcoom._jit import engine_digest
    from mcoom.provenance import collect, command_line
    from mcoom.run.execute import run_design
    from mcoom.run.progress import Progress
    from mcoom.run.record import point_records
    from mcoom.store.write import write_results

    scenario = design.scenario
    started, clock = datetime.now(UTC), time.perf_counter()
    total = len(design.points) * len(scenario.policies) * design.replicates
    progress = Progress(total, None if quiet else sys.stderr, scenario.name)
    progress.note(f"{scenario.name}: {total:,} episodes, {threads} thread(s); the engine compiles on its first use")
    try:
        result = run_design(design, threads=threads, advance=progress.advance, ready=progress.restart)
    finally:
        progress.close()
    provenance = collect(
        scenario={
            "scenario_name": scenario.name,
            "scenario_title": scenario.title,
            "scenario_text": scenario.text,
            "spec_id": scenario.spec_id,
        },
        seed=design.seed,
        replicates=design.replicates,
        threads=threads,
        engine_digest=engine_digest(),
        command=command_line(),
        started=started,
        compile_s=result.compile_s,
        elapsed_s=time.perf_counter() - clock,
    )
    write_results(path, plan=result.plan, points=point_records(design, result), provenance=provenance)
    return result


def check_output(path: Path) -> None:
    """Find out before the work whether its result can be written.

    Raises
    ------
    StoreError
        If the folder is missing or the path is a folder.
    """
    if path.is_dir():
        raise StoreError(f"{path}: is a folder; allowed: the name of a file")
    if not path.absolute().parent.is_dir():
        raise StoreError(f"{path}: folder {path.absolute().parent} does not exist")


def _default_output(name: str) -> Path:
    DEFAULT_FOLDER.mkdir(exist_ok=True)
    return DEFAULT_FOLDER / f"{name}.h5"


def _show(path: Path, result: "RunResult", as_json: bool) -> None:
    from mcoom.analysis.verdict import analyse
    from mcoom.report.printout import page_text
    from mcoom.store.read import read_results

    stored = read_results(path)
    analysis = analyse(stored)
    if as_json:
        give_json(analysis.to_json())
    else:
        give(page_text(stored, analysis))
