"""``validate``: predictions against measured episodes.

Takes files of measured episodes (default: those that mcoom ships), gives text, JSON or a folder with a page. Must know
nothing of how the prediction is made.
"""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mcoom.cli.options import available_cpus, json_option, quiet_option, threads_option
from mcoom.cli.output import give, give_json
from mcoom.errors import SpecError, StoreError
from mcoom.validate import DEFAULT_REPLICATES

if TYPE_CHECKING:
    from mcoom.validate.report import Report

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("measured", metavar="[MEASURED.csv]...", nargs=-1, type=click.Path())
@click.option("--replicates", type=click.IntRange(1, 10**6), help=f"Boots per configuration. [{DEFAULT_REPLICATES}]")
@click.option("--seed", type=click.IntRange(0, 2**62), help="Root seed. [1]")
@click.option("--save-predictions", "save", metavar="P.npz", type=_FILE, help="Keep the predictions in a file.")
@click.option("--predictions", "load", metavar="P.npz", type=_FILE, help="Score kept predictions; simulate nothing.")
@click.option("-o", "--output", metavar="DIR", type=click.Path(path_type=Path), help="Write the report there.")
@click.option("--html", "as_html", is_flag=True, help="With -o: a page with figures and all cells too.")
@threads_option
@quiet_option
@json_option
def validate(
    measured: tuple[str, ...],
    replicates: int | None,
    seed: int | None,
    save: Path | None,
    load: Path | None,
    output: Path | None,
    as_html: bool,
    threads: int | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Predict measured episodes from stage costs, and score the predictions.

    MEASURED.csv are files of the form of the shipped one (the default), plain, .gz or .xz; several are taken as one.
    With -o, the report is written to validation.txt and validation.json (and validation.html) in DIR, and its
    summary printed.
    """
    if as_html and output is None:
        raise SpecError("--html: needs a folder; allowed: --html with -o DIR")
    if load is not None and (replicates is not None or seed is not None):
        raise SpecError(
            "--predictions: replicates and seed are those of the file; allowed: without --replicates, --seed"
        )
    _prepare(output, save, as_html)
    from mcoom.run.progress import Progress
    from mcoom.validate.main import Settings
    from mcoom.validate.main import validate as run_validation

    settings = Settings(
        DEFAULT_REPLICATES if replicates is None else replicates,
        1 if seed is None else seed,
        threads or available_cpus(),
        load,
        save,
    )
    progress = Progress(None, None if quiet else sys.stderr, "validate")
    try:
        report = run_validation(measured, settings, progress)
    finally:
        progress.close()
    _give(report, output, as_html, as_json)


def _prepare(output: Path | None, save: Path | None, as_html: bool) -> None:
    """Find out before the work whether its results can be written."""
    if as_html:
        import mcoom.validate.web  # noqa: F401 - says at once if the extra is missing
    if save is not None and not save.absolute().parent.is_dir():
        raise StoreError(f"{save}: folder {save.absolute().parent} does not exist")
    if save is not None and not os.access(save.absolute().parent, os.W_OK):
        raise StoreError(f"{save}: folder {save.absolute().parent} may not be written")
    if output is not None:
        try:
            output.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{output}: cannot be made: {error.strerror}") from error


def _give(report: "Report", output: Path | None, as_html: bool, as_json: bool) -> None:
    """Write the files that were asked for, and print what belongs on standard output."""
    import json

    from mcoom.validate.text import report_text, summary_text

    data = report.to_json()
    if output is not None:
        files = {
            "validation.txt": report_text(report) + "\n",
            "validation.json": json.dumps(data, indent=1, allow_nan=False) + "\n",
        }
        if as_html:
            from mcoom.validate.web import report_html

            files["validation.html"] = report_html(report)
        for name, text in files.items():
            try:
                (output / name).write_text(text, encoding="utf-8")
            except OSError as error:
                raise StoreError(f"{output / name}: cannot be written: {error.strerror}") from error
    if as_json:
        give_json(data)
    elif output is not None:
        give(summary_text(report))
    else:
        give(report_text(report))
