"""``verify``: published answers through the code that users run.

Takes files of answers (default: those that mcoom ships), gives pass or fail with the differences, as text or JSON. Must
know nothing of how an answer is computed.
"""

from pathlib import Path

import click

from mcoom.cli.options import json_option
from mcoom.cli.output import give, give_json

EXIT_FAILED = 4
"""An answer was not reproduced."""


@click.command()
@click.argument("tables", metavar="[TABLES.toml]...", nargs=-1, type=click.Path(path_type=Path))
@json_option
def verify(tables: tuple[Path, ...], as_json: bool) -> int:
    """Check mcoom's statistics against published answers.

    TABLES.toml are files of answers of your own (docs/statistics.md); by default those that mcoom ships. Exit code 4 if
    an answer is not reproduced.
    """
    from mcoom.verify.main import verify as run_verification

    report = run_verification(tables)
    if as_json:
        give_json(report.to_json())
    else:
        give(report.to_text())
    return 0 if report.passed else EXIT_FAILED
