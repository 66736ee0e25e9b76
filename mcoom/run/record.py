"""What a run hands to the store: one record per point.

Takes a design and what was counted, gives the records. Must know nothing of files.
"""

from mcoom.design.build import Design
from mcoom.run.execute import RunResult
from mcoom.store.record import PointRecord


def point_records(design: Design, result: RunResult) -> list[PointRecord]:
    """Return the records of all points, in order.

    Parameters
    ----------
    design : Design
        What was run.
    result : RunResult
        What was counted.

    Returns
    -------
    list of PointRecord
        One per point.
    """
    return [
        PointRecord(index=point.index, label=point.label, values=point.values, tally=tally)
        for point, tally in zip(design.points, result.tallies, strict=True)
    ]
