"""``literature``: reported stalls of real machines beside what is predicted of them.

Takes numbers of reports (default: all), gives text or JSON. Must know nothing of how a prediction is made.
"""

import sys

import click

from mcoom.cli.options import available_cpus, json_option, quiet_option, threads_option
from mcoom.cli.output import give, give_json
from mcoom.literature import DEFAULT_REPLICATES


@click.command()
@click.argument("ids", metavar="[REPORT]...", nargs=-1)
@click.option(
    "--replicates", type=click.IntRange(1, 10**6), default=DEFAULT_REPLICATES, show_default=True, help="Per report."
)
@click.option("--seed", type=click.IntRange(0, 2**62), default=1, show_default=True, help="Root seed.")
@click.option("--list", "is_list", is_flag=True, help="Only what was reported; simulate nothing.")
@threads_option
@quiet_option
@json_option
def literature(
    ids: tuple[str, ...], replicates: int, seed: int, is_list: bool, threads: int | None, quiet: bool, as_json: bool
) -> None:
    """Hold reported stalls (REPORT is a number such as T1; default: all) against predictions.

    For a stall whose end nobody saw: the probability of one at least as long. For one that ended: the central 95 %
    range. What a mail does not say is drawn from stated distributions.
    """
    from mcoom.literature.listing import listing_json, listing_text
    from mcoom.literature.report import choose, load_reports

    reports = choose(load_reports(), ids)
    if is_list:
        if as_json:
            give_json(listing_json(reports))
        else:
            give(listing_text(reports))
        return
    from mcoom._jit import engine_digest
    from mcoom.literature.main import judge_reports
    from mcoom.literature.table import judgements_json, literature_text
    from mcoom.run.progress import Progress

    progress = Progress(None, None if quiet else sys.stderr, "literature")
    try:
        judgements = judge_reports(reports, replicates, seed, threads or available_cpus(), progress)
    finally:
        progress.close()
    data = judgements_json(judgements, replicates, seed, engine_digest())
    if as_json:
        give_json(data)
    else:
        give(literature_text(data))
