"""``submit``: batch scripts that run a scenario as an array of shards and merge it.

Takes a scenario and what the jobs may use, gives two files and the command that submits them. Must know nothing of how
a scenario is run.
"""

import sys
from pathlib import Path

import click

from mcoom.cli.options import json_option, replicates_option, seed_option, set_option
from mcoom.cli.output import give, give_json, say
from mcoom.errors import SpecError, StoreError

MAX_SHARDS = 1_000_000


@click.command()
@click.argument("scenario")
@click.option("--slurm", "is_slurm", is_flag=True, help="Write scripts for Slurm (the only batch system so far).")
@click.option("--shards", required=True, type=click.IntRange(1, MAX_SHARDS), help="Tasks of the array.")
@click.option("-o", "--output", metavar="F.h5", type=click.Path(path_type=Path), help="Result file. [SCENARIO.h5]")
@click.option("--work", type=click.Path(path_type=Path), metavar="DIR", help="Folder of finished blocks. [F.parts]")
@click.option(
    "--output-dir", type=click.Path(path_type=Path), metavar="DIR", help="Folder of scripts and logs. [F.slurm]"
)
@click.option("--time", default="60", show_default=True, help="Time limit of a task, as Slurm has it.")
@click.option("--cpus", default=1, show_default=True, type=click.IntRange(1, 1024), help="CPUs per task.")
@click.option("--partition", help="Partition of both jobs. [Slurm's]")
@click.option(
    "--warn",
    default=120,
    show_default=True,
    type=click.IntRange(1, 3600),
    metavar="SECONDS",
    help="So long before its limit a task finishes what it does, and is queued again.",
)
@click.option("--max-requeues", default=10, show_default=True, type=click.IntRange(0, 1000), help="How often, at most.")
@click.option(
    "--sbatch", "options", multiple=True, metavar="KEY=VALUE", help="Another option of sbatch; may be repeated."
)
@replicates_option
@seed_option
@set_option
@json_option
def submit(
    scenario: str,
    is_slurm: bool,
    shards: int,
    output: Path | None,
    work: Path | None,
    output_dir: Path | None,
    time: str,
    cpus: int,
    partition: str | None,
    warn: int,
    max_requeues: int,
    options: tuple[str, ...],
    replicates: int | None,
    seed: int | None,
    overrides: tuple[str, ...],
    as_json: bool,
) -> None:
    """Write batch scripts that run SCENARIO as an array of shards and merge them; print how to submit them."""
    from mcoom.run.slurm import SlurmJob, array_script, merge_script, submit_command
    from mcoom.spec.load import load_scenario

    if not is_slurm:
        raise SpecError("submit: for which batch system? allowed: --slurm")
    loaded = load_scenario(scenario, overrides)
    target = (output if output is not None else Path(f"{loaded.name}.h5")).absolute()
    folder = (output_dir if output_dir is not None else target.with_suffix(".slurm")).absolute()
    job = SlurmJob(
        name=f"mcoom-{loaded.name}",
        program=(sys.executable, "-m", "mcoom"),
        run=tuple(_what(scenario, replicates, seed, overrides)),
        output=target,
        work=(work if work is not None else target.with_suffix(".parts")).absolute(),
        logs=folder,
        chdir=Path.cwd(),
        n_shards=shards,
        cpus=cpus,
        time=time,
        warn_s=warn,
        max_requeues=max_requeues,
        options=(*((f"partition={partition}",) if partition else ()), *options),
    )
    array, merge = folder / f"{job.name}.sbatch", folder / f"{job.name}-merge.sbatch"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        array.write_text(array_script(job))
        merge.write_text(merge_script(job))
    except OSError as error:
        raise StoreError(f"{error.filename or folder}: cannot be written: {error.strerror or error}") from error
    command = submit_command(array, merge)
    if as_json:
        give_json({"array_script": str(array), "merge_script": str(merge), "work": str(job.work), "command": command})
    else:
        say(f"wrote {array} and {merge}; submit them with")
        give(command)


def _what(scenario: str, replicates: int | None, seed: int | None, overrides: tuple[str, ...]) -> list[str]:
    """The arguments of ``run`` that say what is run; the jobs run in this folder, so paths stay as they are."""
    words = [scenario]
    if replicates is not None:
        words += ["--replicates", str(replicates)]
    if seed is not None:
        words += ["--seed", str(seed)]
    for override in overrides:
        words += ["--set", override]
    return words
