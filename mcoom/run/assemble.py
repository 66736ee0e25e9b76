"""From the parts of a complete run to its result file.

Takes a design and all parts, gives one file; the same bytes in every dataset however the parts came about. Must know
nothing of who made them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from mcoom.design.build import Design
from mcoom.errors import StoreError
from mcoom.run.manifest import tally_plan
from mcoom.store.atomic import remove_orphans
from mcoom.store.folder import Scan
from mcoom.store.join import point_tallies
from mcoom.store.record import ProvenanceValue
from mcoom.store.write import stream_results
from mcoom.tally.tally import PointTally


def assemble(
    design: Design,
    scan: Scan,
    output: Path,
    provenance: Mapping[str, ProvenanceValue],
    check: Callable[[], None] = lambda: None,
    n_done: Sequence[int] | None = None,
) -> None:
    """Write the result file of a complete run.

    Parameters
    ----------
    design : Design
        What was run.
    scan : Scan
        All of its parts.
    output : Path
        The file; an existing one is replaced when the new one is whole.
    provenance : mapping
        Root attributes.
    check : callable
        Called between points; may raise.
    n_done : sequence of int, optional
        Replicates of each point; default: those of the design.

    Raises
    ------
    StoreError
        A part cannot be read, its counts are not those of all replicates, or the file cannot be written.
    """
    remove_orphans(output.parent, output.name)
    stream_results(
        output,
        plan=tally_plan(design),
        heads=design.points,
        tallies=_complete_tallies(design, scan, check, n_done),
        n_rows=min(design.scenario.raw_rows, design.replicates),
        provenance=provenance,
    )


def _complete_tallies(
    design: Design, scan: Scan, check: Callable[[], None], n_done: Sequence[int] | None
) -> Iterator[PointTally]:
    expected = 0
    for point, tally in point_tallies(scan.parts, tally_plan(design)):
        check()
        n = tally.n_replicates if point == expected else 0
        wanted = design.replicates if n_done is None else n_done[expected]
        if n != wanted:
            raise StoreError(f"point {expected}: {n} replicates are counted, not {wanted}; no file is written")
        expected += 1
        yield tally
    if expected != len(design.points):
        raise StoreError(f"point {expected}: nothing is counted; no file is written")
