"""Blocks of replicates: the driver above one episode.

Takes ``Inputs`` and a policy row, gives one row of outputs per replicate. Row r depends on replicate r alone, so any
cut of a range gives the same bytes. Must not know where blocks come from or go.
"""

import functools

import numba
import numpy as np
from numba import config

from mcoom._jit import cache_dir, entry
from mcoom.engine.episode import end_rare_burst, handle_burst_ends, handle_tick, run_episode, run_on
from mcoom.engine.inputs import Inputs
from mcoom.engine.layout import CLASS_FIELDS, MACHINE_FIELDS, OUT_FIELDS, POLICY_FIELDS, SHAPE_BINS
from mcoom.engine.setup import set_up
from mcoom.engine.state import CLASSES_AT, MACHINE_AT, OUT_AT, POLICY_AT, TRACE_AT, TRACE_N, allocate
from mcoom.engine.table import as_tables, tables_type
from mcoom.errors import EngineError

_N_OUT = len(OUT_FIELDS)


@entry
def run_rows(s, machine, classes, seed, point, first, begin, stop, outputs):
    """Run rows ``begin`` to ``stop`` - 1 of a block, without the GIL; ``outputs`` is (R, len(OUT_FIELDS))."""
    s = as_tables(s)
    for r in range(begin, stop):
        for k in range(machine.shape[1]):
            s.g[MACHINE_AT + k] = machine[r, k]
        for k in range(classes.shape[1]):
            for column in range(classes.shape[2]):
                s.g[CLASSES_AT + k * classes.shape[2] + column] = classes[r, k, column]
        set_up(s, seed, point, first + r)
        run_episode(s)
        for k in range(outputs.shape[1]):
            outputs[r, k] = s.g[OUT_AT + k]


@functools.cache
def _compile_kernels() -> None:
    """Compile the large kernels on their own before their callers, unless they are in the cache.

    Reached from within the compilation of its caller a kernel takes LLVM some ten times as long: 95 s of CPU in all
    instead of 33.
    """
    if config.DISABLE_JIT or any(cache_dir().rglob("replicates.run_rows-*.nbc")):
        return
    state = tables_type()
    for kernel, n_numbers in ((end_rare_burst, 3), (handle_tick, 2), (handle_burst_ends, 3), (run_on, 1)):
        kernel.compile((state, *[numba.int64] * n_numbers))


def _check(inputs: Inputs, policy: np.ndarray) -> None:
    n = inputs.machine.shape[0]
    wanted = {
        "machine": (inputs.machine, (n, len(MACHINE_FIELDS))),
        "classes": (inputs.classes, (n, inputs.classes.shape[1], len(CLASS_FIELDS))),
        "shapes": (inputs.shapes, (inputs.shapes.shape[0], SHAPE_BINS + 1)),
        "policy": (policy, (len(POLICY_FIELDS),)),
    }
    for name, (array, shape) in wanted.items():
        if array.dtype != np.int64 or array.shape != shape or not array.flags.c_contiguous:
            raise EngineError(f"{name}: want C-contiguous int64 of shape {shape}, got {array.dtype} {array.shape}")


def run_block(inputs: Inputs, policy: np.ndarray) -> np.ndarray:
    """Run every replicate of a block under one policy.

    Parameters
    ----------
    inputs : Inputs
        R replicates of one point.
    policy : (len(POLICY_FIELDS),) int64

    Returns
    -------
    (R, len(OUT_FIELDS)) int64
        One row per replicate; times in ns, -1 where not seen.

    Raises
    ------
    EngineError
        An array is not of the dtype, shape or order of ``mcoom.engine.layout``.
    """
    _check(inputs, policy)
    n = inputs.machine.shape[0]
    outputs = np.zeros((n, _N_OUT), np.int64)
    _compile_kernels()
    s = allocate(inputs)
    s.g[POLICY_AT:CLASSES_AT] = policy
    with np.errstate(over="ignore"):
        run_rows(s, inputs.machine, inputs.classes, inputs.seed, inputs.point, inputs.first, 0, n, outputs)
    return outputs


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
        As ``run_block``.
    """
    _check(inputs, policy)
    outputs = np.zeros((row + 1, _N_OUT), np.int64)
    _compile_kernels()
    s = allocate(inputs, max_records)
    s.g[POLICY_AT:CLASSES_AT] = policy
    with np.errstate(over="ignore"):
        run_rows(s, inputs.machine, inputs.classes, inputs.seed, inputs.point, inputs.first, row, row + 1, outputs)
    n = min(int(s.g[TRACE_N]), max_records)
    at = int(s.g[TRACE_AT])
    return s.g[at : at + 5 * n].reshape(n, 5).copy(), outputs[row]
