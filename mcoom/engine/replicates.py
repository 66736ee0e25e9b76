"""Blocks of replicates: the driver above one episode.

Takes ``Inputs`` and a policy row, gives one row of outputs per replicate. Row r depends on replicate r alone, so any
cut of a range gives the same bytes. Must not know where blocks come from or go.
"""

import numpy as np

from mcoom._jit import entry
from mcoom.engine.fork import N_STAGES, run_shared, words_kept
from mcoom.engine.inputs import Inputs
from mcoom.engine.kin import find_kin
from mcoom.engine.layout import CLASS_FIELDS, MACHINE_FIELDS, OUT_FIELDS, POLICY_FIELDS, SHAPE_BINS
from mcoom.engine.setup import set_up
from mcoom.engine.state import CLASSES_AT, MACHINE_AT, TRACE_AT, TRACE_N, State, allocate, max_sizes
from mcoom.engine.table import as_tables
from mcoom.errors import EngineError

_N_OUT = len(OUT_FIELDS)


@entry
def run_rows(s, kept, machine, classes, policies, kin, seed, point, first, begin, stop, outputs):
    """Run rows ``begin`` to ``stop`` - 1 of a block, without the GIL; ``outputs`` is (P, R, len(OUT_FIELDS))."""
    s = as_tables(s)
    for r in range(begin, stop):
        for k in range(machine.shape[1]):
            s.g[MACHINE_AT + k] = machine[r, k]
        for k in range(classes.shape[1]):
            for column in range(classes.shape[2]):
                s.g[CLASSES_AT + k * classes.shape[2] + column] = classes[r, k, column]
        set_up(s, seed, point, first + r)
        run_shared(s, kept, policies, kin, r, outputs)


def _check(inputs: Inputs, policies: np.ndarray) -> None:
    n = inputs.machine.shape[0]
    wanted = {
        "machine": (inputs.machine, (n, len(MACHINE_FIELDS))),
        "classes": (inputs.classes, (n, inputs.classes.shape[1], len(CLASS_FIELDS))),
        "shapes": (inputs.shapes, (inputs.shapes.shape[0], SHAPE_BINS + 1)),
        "policies": (policies, (policies.shape[0], len(POLICY_FIELDS))),
    }
    for name, (array, shape) in wanted.items():
        if array.dtype != np.int64 or array.shape != shape or not array.flags.c_contiguous:
            raise EngineError(f"{name}: want C-contiguous int64 of shape {shape}, got {array.dtype} {array.shape}")


def run_policies(inputs: Inputs, policies: np.ndarray) -> np.ndarray:
    """Run every replicate of a block under every policy; what policies have in common is run once.

    Parameters
    ----------
    inputs : Inputs
        R replicates of one point.
    policies : (P, len(POLICY_FIELDS)) int64
        P >= 1.

    Returns
    -------
    (P, R, len(OUT_FIELDS)) int64
        One row per policy and replicate, whatever the other policies are; times in ns, -1 where not seen.

    Raises
    ------
    EngineError
        An array is not of the dtype, shape or order of ``mcoom.engine.layout``.
    """
    _check(inputs, policies)
    n = inputs.machine.shape[0]
    outputs = np.zeros((len(policies), n, _N_OUT), np.int64)
    _run(allocate(inputs), inputs, policies, range(n), outputs)
    return outputs


def run_block(inputs: Inputs, policy: np.ndarray) -> np.ndarray:
    """Run every replicate of a block under one policy, (len(POLICY_FIELDS),): one row of ``run_policies`` for each."""
    return run_policies(inputs, policy[None])[0]


def _run(s: State, inputs: Inputs, policies: np.ndarray, rows: range, outputs: np.ndarray) -> None:
    kin = np.stack(find_kin(policies, inputs.classes))
    n_kept = N_STAGES if len(policies) > 1 else 0
    kept = np.zeros((n_kept, words_kept(*max_sizes(inputs.machine, inputs.classes))), np.int64)
    with np.errstate(over="ignore"):
        run_rows(
            s,
            kept,
            inputs.machine,
            inputs.classes,
            policies,
            kin,
            inputs.seed,
            inputs.point,
            inputs.first,
            rows.start,
            rows.stop,
            outputs,
        )


def trace_replicate(
    inputs: Inputs, policy: np.ndarray, row: int, max_records: int = 1_000_000
) -> tuple[np.ndarray, np.ndarray]:
    """Run one replicate of a block again and record its events.

    Parameters
    ----------
    inputs : Inputs
    policy : (len(POLICY_FIELDS),) int64
    row : int
        Row of ``inputs``, 0 <= row < R.
    max_records : int
        Later events are not recorded; they change no output.

    Returns
    -------
    trace : (n, 5) int64
        (time in ns, ``mcoom.codes.Trace``, cpu, task, argument) in order.
    out : (len(OUT_FIELDS),) int64
        Equal to the row that ``run_block`` gives.

    Raises
    ------
    EngineError
        As ``run_policies``.
    """
    policies = policy[None]
    _check(inputs, policies)
    outputs = np.zeros((1, row + 1, _N_OUT), np.int64)
    s = allocate(inputs, max_records)
    _run(s, inputs, policies, range(row, row + 1), outputs)
    n = min(int(s.g[TRACE_N]), max_records)
    at = int(s.g[TRACE_AT])
    return s.g[at : at + 5 * n].reshape(n, 5).copy(), outputs[0, row]
