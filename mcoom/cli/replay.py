"""``replay``: the events of one replicate, in words.

Takes a result file and the name of one episode in it, gives its trace. The scenario is read from the file itself; must
know nothing of what the events mean.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mcoom.cli.options import file_argument, json_option
from mcoom.cli.output import give, give_json
from mcoom.cli.read import note_engine
from mcoom.errors import DataError, SpecError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mcoom.store.record import Results


@click.command()
@file_argument
@click.option("--cell", required=True, metavar="C", help="Point (number or label), or POINT/POLICY.")
@click.option("--replicate", required=True, type=click.IntRange(0), metavar="R", help="Number of the replicate.")
@click.option("--policy", metavar="P", help="Policy. [the baseline]")
@click.option("--all", "has_all", is_flag=True, help="A line for every allocation too.")
@json_option
def replay(file: Path, cell: str, replicate: int, policy: str | None, has_all: bool, as_json: bool) -> None:
    """Simulate one replicate of F.h5 again and print its events."""
    import numpy as np

    from mcoom.design.build import build_design
    from mcoom.engine.replicates import trace_replicate
    from mcoom.lower import lower_block, lower_policy
    from mcoom.report.trace import outputs_json, task_names, trace_json, trace_lines
    from mcoom.spec.load import parse_scenario
    from mcoom.store.read import read_results

    results = read_results(file)
    point, name = parse_cell(results, cell, policy)
    record = results.provenance
    note_engine(file, results)
    scenario = parse_scenario(str(record["scenario_text"]), str(record["scenario_name"]))
    design = build_design(scenario, int(record["replicates"]), int(record["seed"]))
    block = lower_block(design, point, replicate, 1)
    chosen = next(p for p in scenario.policies if p.name == name)
    trace, outputs = trace_replicate(block.inputs, lower_policy(chosen), 0)
    stored = stored_row(results, point, name, replicate)
    agrees = None if stored is None else bool(np.array_equal(stored, outputs))
    names = task_names(block.inputs.classes[0])
    if as_json:
        give_json(
            {
                "cell": {"point": point, "policy": name, **results.points[point].values},
                "replicate": replicate,
                "equals_stored_row": agrees,
                "outputs": outputs_json(outputs),
                "events": trace_json(trace, names),
            }
        )
        return
    label = results.points[point].label
    give(f"{record['scenario_name']}, point {point} ({label}), policy {name}, replicate {replicate}")
    for line in trace_lines(trace, names, has_all=has_all):
        give(line)
    for key, value in outputs_json(outputs).items():
        give(f"{key:<16} {value}")
    if agrees is not None:
        give("equal to the stored row" if agrees else "DIFFERENT from the stored row")


def parse_cell(results: "Results", cell: str, policy: str | None) -> tuple[int, str]:
    """Find the point and the policy that ``--cell`` and ``--policy`` name.

    Parameters
    ----------
    results : Results
        The file.
    cell : str
        ``POINT`` or ``POINT/POLICY``; a point is a number or a label.
    policy : str or None
        Policy given apart.

    Returns
    -------
    tuple of int and str
        Number of the point, name of the policy.

    Raises
    ------
    SpecError
        If there is no such point or policy, or two policies are named.
    """
    labels = [point.label for point in results.points]
    place, _, named = (cell, "", "") if cell in labels else cell.partition("/")
    if named and policy and named != policy:
        raise SpecError(f"--cell {cell}: names policy {named}, --policy names {policy}; allowed: one of them")
    name = named or policy or results.plan.baseline
    if name not in results.plan.policies:
        raise SpecError(f"policy {name}: not in the file; allowed: {', '.join(results.plan.policies)}")
    if place in labels:
        return labels.index(place), name
    if place.isdecimal() and int(place) < len(labels):
        return int(place), name
    raise SpecError(f"--cell {cell}: no such point; allowed: 0..{len(labels) - 1} or a label of 'mcoom show'")


def stored_row(results: "Results", point: int, policy: str, replicate: int) -> "NDArray[np.int64] | None":
    """Return the outputs that the file holds of one replicate, None where it holds none.

    Raises
    ------
    DataError
        If the run did not have that replicate.
    """
    import numpy as np

    tally = results.points[point].tally
    n = int(results.provenance["replicates"])
    if replicate >= n:
        raise DataError(f"--replicate {replicate}: the run had {n:,}; allowed: 0..{n - 1}")
    at = np.flatnonzero(tally.rows.replicates == replicate)
    return tally.rows.outputs[results.plan.policies.index(policy), at[0]] if at.size else None
