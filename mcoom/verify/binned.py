"""Raw times on the way that replicates go: outputs, tally, cell.

Takes samples, gives the life tables that a results file would give: times in bins of 2 %. Must know nothing about
answers.
"""

from dataclasses import replace

import numpy as np

from mcoom.analysis.binned import CellView
from mcoom.analysis.sample import Sample
from mcoom.analysis.survival import LifeTable
from mcoom.codes import EndReason
from mcoom.engine.layout import OUT, OUT_FIELDS
from mcoom.tally import PointTally, TallyPlan

LONGEST_NS = 500_000_000_000
"""The longest time of the data becomes this: within the bins, with room for a horizon after it."""


def binned_tables(samples: list[Sample]) -> list[LifeTable]:
    """Return the life tables of samples after they were counted as replicates.

    Parameters
    ----------
    samples : list of Sample
        Groups; they become the strata of one point.

    Returns
    -------
    list of LifeTable
        With the same rows, in the unit of the samples.
    """
    times = np.concatenate([sample.times for sample in samples])
    events = np.concatenate([sample.events for sample in samples])
    scale = LONGEST_NS / max(float(times.max(initial=0.0)), 1e-300)
    nanoseconds = np.rint(times * scale).astype(np.int64)
    rows = np.zeros((1, times.size, len(OUT_FIELDS)), dtype=np.int64)
    for name in OUT_FIELDS:
        if name[:-1].endswith("_ns_") or name in ("recovery_ns", "livelock"):
            rows[..., OUT[name]] = -1
    rows[..., OUT["t0_ns_0"]] = 0
    rows[..., OUT["n_inv"]] = 1
    rows[..., OUT["kill_ns_0"]] = np.where(events, nanoseconds, -1)
    rows[..., OUT["end_reason"]] = np.where(events, EndReason.KILLS_DONE, EndReason.HORIZON)
    rows[..., OUT["end_ns"]] = nanoseconds
    # Who is censored has his own horizon; the others a far one, in a bin of its own.
    horizons = np.where(events, 2 * LONGEST_NS, nanoseconds)
    plan = TallyPlan(("data",), "data", ("kill",), tuple(str(i) for i in range(len(samples))))
    strata = np.repeat(np.arange(len(samples)), [sample.n for sample in samples])
    tally = PointTally.from_outputs(plan, rows, horizons, strata, 0)
    views = (CellView(tally, "data", "kill", i) for i in range(len(samples)))
    return [_rescale(view.life_table(), scale) for view in views]


def _rescale(table: LifeTable, scale: float) -> LifeTable:
    return replace(table, low_ns=table.low_ns / scale, mid_ns=table.mid_ns / scale, high_ns=table.high_ns / scale)
