"""``validate``: predictions against measured episodes.

Takes a file of measured episodes (default: those that mcoom ships), gives text or JSON. Must know nothing of how the
prediction is made.
"""

import sys

import click

from mcoom.cli.options import available_cpus, json_option, quiet_option, threads_option
from mcoom.cli.output import give, give_json
from mcoom.validate import DEFAULT_REPLICATES


@click.command()
@click.argument("measured", metavar="[MEASURED.csv]", required=False, type=click.Path())
@click.option("--replicates", type=click.IntRange(1, 10**6), default=DEFAULT_REPLICATES, help="Per configuration.")
@click.option("--seed", type=click.IntRange(0, 2**62), default=1, show_default=True, help="Root seed.")
@threads_option
@quiet_option
@json_option
def validate(measured: str | None, replicates: int, seed: int, threads: int | None, quiet: bool, as_json: bool) -> None:
    """Predict measured episodes from stage costs, and score the predictions.

    MEASURED.csv is a file of the form of the shipped one (the default).
    """
    from mcoom.run.progress import Progress
    from mcoom.validate.main import validate as run_validation

    progress = Progress(None, None if quiet else sys.stderr, "validate")
    try:
        report = run_validation(measured, replicates, seed, threads or available_cpus(), progress)
    finally:
        progress.close()
    if as_json:
        give_json(report.to_json())
    else:
        give(report.to_text())
