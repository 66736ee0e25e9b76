"""``report`` and ``plot``: a results file as a page, or as one figure.

Takes a results file, gives a folder with a page and its figures, or one figure. Must know nothing of what is drawn.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mcoom.cli.options import file_argument, json_option, quiet_option
from mcoom.cli.output import give, give_json, say
from mcoom.cli.read import check_names, note_engine
from mcoom.errors import SpecError, StoreError

if TYPE_CHECKING:
    from mcoom.analysis.verdict import Analysis
    from mcoom.report.plate import Plate
    from mcoom.report.study import Study
    from mcoom.store.record import PointRecord, Results

KINDS = ("curves", "ridges", "map", "forest", "sensitivity")
"""Figures that ``plot`` draws."""
PAGE_NAME = "index.html"
FIGURES = "figures"

baseline_option = click.option("--baseline", metavar="POLICY", help="Policy to compare with. [the run's]")
estimand_option = click.option(
    "--estimand", "estimands", multiple=True, metavar="NAME", help="Of the run's; may be repeated. [all]"
)


@click.command()
@file_argument
@click.option(
    "-o", "--output", metavar="DIR", type=click.Path(path_type=Path), help="Folder to write to. [F-report beside F.h5]"
)
@baseline_option
@estimand_option
@quiet_option
@json_option
def report(
    file: Path, output: Path | None, baseline: str | None, estimands: tuple[str, ...], quiet: bool, as_json: bool
) -> None:
    """Write a report of F.h5: one page that needs no network, and its figures as SVG and PNG.

    Open DIR/index.html in any browser; it prints, too.
    """
    from mcoom.report.study import build_study

    results, analysis = _read(file, baseline, estimands)
    folder = output if output is not None else file.with_name(f"{file.stem}-report")
    _make_folder(folder / FIGURES)
    study = build_study(results, analysis)
    written = _write(study, folder)
    if as_json:
        findings = [finding.to_json() for finding in study.findings]
        give_json({"page": str(written[-1]), "files": [str(path) for path in written], "findings": findings})
        return
    for finding in study.findings:
        give(f"=> {finding.text}")
    if not quiet:
        say(f"wrote {written[-1]} and {len(written) - 1} figures")


_OF_MAPS = ("map",)
_OF_POINTS = ("curves", "ridges", "forest")


@click.command()
@click.argument("kind", type=click.Choice(KINDS), metavar="KIND")
@file_argument
@click.option(
    "-o", "--output", metavar="FILE", type=click.Path(path_type=Path), help="Ends in .svg, .png or .pdf. [KIND.svg]"
)
@click.option("--cell", metavar="C", help="Point (number or label), for curves, ridges and forest. [the first]")
@baseline_option
@estimand_option
@click.option("--x", metavar="KEY", help="Horizontal axis of a map, a swept parameter.")
@click.option("--y", metavar="KEY", help="Vertical axis of a map, a swept parameter.")
@quiet_option
def plot(
    kind: str,
    file: Path,
    output: Path | None,
    cell: str | None,
    baseline: str | None,
    estimands: tuple[str, ...],
    x: str | None,
    y: str | None,
    quiet: bool,
) -> None:
    """Draw one figure of F.h5.

    KIND is curves, ridges, map, forest or sensitivity.
    """
    path = output if output is not None else Path(f"{kind}.svg")
    from mcoom.figure.style import check_suffix, save

    check_suffix(path)
    for option, value, kinds in (("--x", x, _OF_MAPS), ("--y", y, _OF_MAPS), ("--cell", cell, _OF_POINTS)):
        if value is not None and kind not in kinds:
            raise SpecError(f"{option}: {kind} has no such choice; allowed: with {', '.join(kinds)}")
    if kind == "map" and len(estimands) > 1:
        raise SpecError(f"--estimand: {len(estimands)} of them; allowed for a map: one")
    results, analysis = _read(file, baseline, estimands)
    plate = _plate(kind, results, analysis, cell, (x, y), estimands)
    save(plate.drawn, path)
    give(plate.alt)
    if not quiet:
        say(f"wrote {path}")


def _read(file: Path, baseline: str | None, estimands: Sequence[str]) -> "tuple[Results, Analysis]":
    """Read and analyse a file, once it is known that figures can be drawn at all."""
    import mcoom.figure  # noqa: F401
    from mcoom.analysis.verdict import analyse
    from mcoom.report.declared import declared_of, sequential_of
    from mcoom.store.read import read_results

    results = read_results(file)
    note_engine(file, results)
    check_names("--baseline", (baseline,) if baseline is not None else (), results.plan.policies)
    check_names("--estimand", tuple(estimands), results.plan.estimands)
    declared, sequential = declared_of(results), sequential_of(results)
    analysis = analyse(
        results, baseline=baseline, estimands=estimands or None, declared=declared, sequential=sequential
    )
    return results, analysis


def _plate(
    kind: str,
    results: "Results",
    analysis: "Analysis",
    cell: str | None,
    axes: tuple[str | None, str | None],
    estimands: Sequence[str],
) -> "Plate":
    from mcoom.analysis.verdict import Analysis
    from mcoom.report.plate import (
        curves_plate,
        forest_plate,
        map_of,
        map_plate,
        ridges_plate,
        sensitivity_plate,
    )

    names = list(estimands or results.plan.estimands)
    if kind == "map":
        return map_plate(map_of(results, estimands[0] if estimands else None, *axes, level=analysis.level))
    if kind == "sensitivity":
        return sensitivity_plate(results, analysis, names)
    point = _point(results, cell)
    if kind == "curves":
        return curves_plate(results, analysis, point, names)
    if kind == "ridges":
        return ridges_plate(results, point, names)
    contrasts = tuple(c for c in analysis.contrasts if c.cell["point"] == point.index)
    return forest_plate(Analysis(analysis.estimates, contrasts, analysis.level), results.plan.policies, "estimand")


def _point(results: "Results", cell: str | None) -> "PointRecord":
    from mcoom.cli.replay import parse_cell

    return results.points[parse_cell(results, cell, None)[0] if cell is not None else 0]


def _make_folder(folder: Path) -> None:
    """Find out before the work whether its result can be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder}: folder cannot be made: {error.strerror}") from error


def _write(study: "Study", folder: Path) -> list[Path]:
    """Write figures, then the page: whoever sees the page finds its figures. Other files are left alone."""
    from mcoom.figure.style import save
    from mcoom.store.atomic import write_atomic

    written = []
    for plate in study.plates:
        stem = folder / FIGURES / plate.name
        written += [stem.with_name(f"{plate.name}.svg"), stem.with_name(f"{plate.name}.png")]
        write_atomic(written[-2], plate.svg.encode())
        save(plate.drawn, written[-1])
    page = folder / PAGE_NAME
    write_atomic(page, study.page.html().encode())
    return [*written, page]
