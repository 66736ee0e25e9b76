"""Options that several commands share.

Takes nothing, gives click decorators and defaults. Must know nothing of what the commands do with them.
"""

import os
from pathlib import Path

import click

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON on standard output.")
threads_option = click.option(
    "--threads", type=click.IntRange(1, 1024), help="Worker threads; results do not depend on it. [all CPUs]"
)
seed_option = click.option("--seed", type=click.IntRange(0, 2**62), help="Root seed. [the scenario's]")
replicates_option = click.option(
    "--replicates", type=click.IntRange(1, 10**9), help="Replicates per cell. [the scenario's]"
)
quiet_option = click.option("-q", "--quiet", is_flag=True, help="No progress on standard error.")
set_option = click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a key of the scenario; may be repeated."
)
file_argument = click.argument("file", metavar="F.h5", type=click.Path(path_type=Path))


def available_cpus() -> int:
    """Return the CPUs that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
