"""The cost of a selection: one number for the other processes, one per thread, one more per candidate.

The constants of ``mcoom.validate.build`` are the least-squares fit of that line to the quantiles of the stage
``selection_per_task`` over the numbers of threads of the public boots. Only factor columns and k are read here.
"""

import re

import numpy as np
from scipy.optimize import least_squares

from mcoom.validate.build import SELECT_CANDIDATE_NS, SELECT_OTHERS_NS, SELECT_TASK_NS
from mcoom.validate.measured import read_measured
from mcoom.validate.stages import read_stage_costs

COLUMNS = {0.05: 1, 0.25: 2, 0.5: 3, 0.75: 4, 0.95: 5}
"""Quantiles compared, and their place among ``StageRow.values``."""
OTHERS = 23
"""Other processes on one CPU at which the fit is best."""


def boots_of_one_cpu():
    """(threads, candidates) of each public episode on an instruction-counted machine, two int64 arrays."""
    rows = [
        (e.factors.n + e.factors.hogs, e.factors.kills + 3 - e.k)
        for e in read_measured().episodes
        if e.factors.accel == "icount"
    ]
    return np.array(rows, dtype=np.int64).T


def relative_errors(costs, others, threads, candidates):
    """Fitted over measured quantiles minus one, bin after bin."""
    base_ns, thread_ns, candidate_ns = costs
    tasks = others + threads + candidates
    per_task = (base_ns + thread_ns * threads + candidate_ns * candidates) / tasks
    errors = []
    for row in read_stage_costs().rows:
        match = re.fullmatch(r"tasks=(\d+)\.\.(\d+)", row.covariate)
        if row.stage != "selection_per_task" or match is None:
            continue
        there = (tasks >= int(match[1])) & (tasks <= int(match[2]))
        measured = [row.values[place] for place in COLUMNS.values()]
        errors.extend(np.quantile(per_task[there], list(COLUMNS)) / measured - 1)
    return np.array(errors)


def fit(others, threads, candidates):
    """Least squares with a soft loss: the outer quantiles of the small bins hold interrupts."""
    return least_squares(
        relative_errors, (500.0, 150.0, 300.0), loss="soft_l1", f_scale=0.02, args=(others, threads, candidates)
    )


def test_the_constants_are_the_fit():
    """Twin: a fit with three processes more or fewer is worse by more than half."""
    threads, candidates = boots_of_one_cpu()
    best = fit(OTHERS, threads, candidates)
    np.testing.assert_allclose(
        best.x, (SELECT_OTHERS_NS, SELECT_TASK_NS, SELECT_TASK_NS + SELECT_CANDIDATE_NS), rtol=0.01
    )
    assert np.abs(relative_errors(best.x, OTHERS, threads, candidates)).max() < 0.02
    for others in (OTHERS - 3, OTHERS + 3):
        assert fit(others, threads, candidates).cost > 1.5 * best.cost
