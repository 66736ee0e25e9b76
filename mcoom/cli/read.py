"""``show`` and ``compare``: what a result file holds, and what follows from it.

Takes a result file, gives text or JSON. Must not load the engine.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mcoom.cli.options import file_argument, json_option
from mcoom.cli.output import give, give_json, say
from mcoom.errors import SpecError
from mcoom.units import closest

if TYPE_CHECKING:
    from mcoom.store.record import Results


@click.command()
@file_argument
@json_option
def show(file: Path, as_json: bool) -> None:
    """Say what F.h5 holds: scenario, cells, counts, provenance."""
    from mcoom.report.contents import contents_json, contents_text
    from mcoom.store.read import read_results

    results = read_results(file)
    if as_json:
        give_json(contents_json(results))
    else:
        give(contents_text(results))


@click.command()
@file_argument
@click.option("--baseline", metavar="POLICY", help="Policy that the others are compared with. [the run's]")
@click.option(
    "--estimand",
    "estimands",
    multiple=True,
    metavar="NAME",
    help="kill, kill_2 .. kill_8, release, recovery or hold_max; may be repeated. [all of the run]",
)
@click.option("--by-stratum", is_flag=True, help="Add every stratum as a cell of its own.")
@click.option("--curves", is_flag=True, help="Add the Kaplan-Meier curves (JSON only).")
@click.option(
    "--adjust",
    type=click.Choice(["holm", "bh", "by"]),
    help="Adjust p-values within their families: Holm, Benjamini-Hochberg or Benjamini-Yekutieli. [the scenario's]",
)
@json_option
def compare(
    file: Path,
    baseline: str | None,
    estimands: tuple[str, ...],
    by_stratum: bool,
    curves: bool,
    adjust: str | None,
    as_json: bool,
) -> None:
    """Compare the policies of F.h5: estimates with intervals, contrasts with adjusted p-values."""
    from dataclasses import replace

    from mcoom.analysis.verdict import analyse
    from mcoom.report.declared import declared_of, sequential_of
    from mcoom.report.printout import page_text
    from mcoom.store.read import read_results

    results = read_results(file)
    note_engine(file, results)
    check_names("--baseline", (baseline,) if baseline is not None else (), results.plan.policies)
    check_names("--estimand", estimands, results.plan.estimands)
    declared = declared_of(results)
    if adjust is not None and adjust != declared.adjust:
        say(f"mcoom: note: --adjust {adjust}: the scenario declared {declared.adjust}")
        declared = replace(declared, adjust=adjust)
    analysis = analyse(
        results,
        baseline=baseline,
        estimands=estimands or None,
        by_stratum=by_stratum,
        has_curves=curves and as_json,
        declared=declared,
        sequential=sequential_of(results),
    )
    if as_json:
        give_json(analysis.to_json())
    else:
        give(page_text(results, analysis))


def note_engine(file: Path, results: "Results") -> None:
    """Say in one line that a file was made by another engine than this one."""
    from mcoom._jit import engine_digest

    made_by = str(results.provenance.get("engine_digest", ""))
    if made_by and made_by != engine_digest():
        say(f"mcoom: note: {file} was made by another engine ({made_by[:12]}); numbers of a new run may differ")


def check_names(option: str, given: tuple[str, ...], known: tuple[str, ...]) -> None:
    """Check that a file has what an option names.

    Raises
    ------
    SpecError
        Naming the first that it has not, and what is allowed.
    """
    for name in given:
        if name not in known:
            raise SpecError(f"{option} {name}: not in the file{closest(name, known)}; allowed: {', '.join(known)}")
