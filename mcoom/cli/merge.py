"""``merge`` and ``status``: the folders of a run that many jobs share.

Takes folders, gives a result file, or the state of the run. Must not load the engine.
"""

import time
from datetime import UTC, datetime
from pathlib import Path

import click

from mcoom.cli.options import json_option, quiet_option
from mcoom.cli.output import give, give_json, say

_folders = click.argument(
    "folders", metavar="DIR...", nargs=-1, required=True, type=click.Path(path_type=Path, file_okay=True)
)


@click.command()
@_folders
@click.option("-o", "--output", metavar="F.h5", required=True, type=click.Path(path_type=Path), help="Result file.")
@quiet_option
@json_option
def merge(folders: tuple[Path, ...], output: Path, quiet: bool, as_json: bool) -> None:
    """Make one result file of the finished blocks in DIR... (folders of one run or of its shards).

    Nothing is written unless every block is there. The folders stay as they are, but for files that are damaged,
    foreign or double: these are set aside and named.
    """
    from mcoom.cli.simulate import check_output, scenario_record
    from mcoom.provenance import collect, command_line
    from mcoom.run.assemble import assemble
    from mcoom.run.merge import check_complete, open_parts
    from mcoom.run.stop import StopRequest

    started, clock = datetime.now(UTC), time.perf_counter()
    check_output(output)
    with StopRequest() as stop:
        parts = open_parts(folders)
        aside = parts.folders[0].set_aside(parts.scan.rejected)
        for line in aside:
            say(f"mcoom: note: {line}")
        check_complete(parts)
        entries = parts.manifest.entries
        record = collect(
            scenario=scenario_record(parts.design),
            seed=parts.design.seed,
            replicates=parts.design.replicates,
            threads=0,
            engine_digest=str(entries["engine_digest"]),
            command=command_line(),
            started=started,
            compile_s=0.0,
            elapsed_s=time.perf_counter() - clock,
        )
        n_blocks = len(parts.scan.done)
        record |= {"plan_id": parts.manifest.plan_id, "blocks_found": n_blocks}
        stop.can_wait = True
        assemble(parts.design, parts.scan, output, record, stop.check)
    summary = {
        "file": str(output),
        "plan_id": parts.manifest.plan_id,
        "n_blocks": n_blocks,
        "n_parts": len(parts.scan.parts),
        "set_aside": aside,
    }
    if as_json:
        give_json(summary)
    elif not quiet:
        say(f"wrote {output}: {n_blocks:,} blocks out of {len(parts.scan.parts):,} files")


@click.command()
@_folders
@json_option
def status(folders: tuple[Path, ...], as_json: bool) -> None:
    """Say how far the run in DIR... is: blocks done, missing and set aside, rate, time left. Changes nothing."""
    from mcoom.run.merge import open_parts
    from mcoom.run.status import status_of

    state = status_of(open_parts(folders))
    if as_json:
        give_json(state.to_json())
    else:
        give(state.to_text())
