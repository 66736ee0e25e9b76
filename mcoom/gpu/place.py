"""The state of one slot, in a kernel or in the CUDA simulator.

Takes how the slots lie, gives the function that makes the ``State`` of one. Must know no rule of the kernel.
"""

from collections.abc import Callable

from numba import config, cuda

from mcoom.engine.state import N_CPU_COLUMNS, N_HEAP_COLUMNS, N_TASK_COLUMNS, State
from mcoom.gpu.memory import WARP, Interleaved, SharedTable, Table


def make_placer(interleaved: Interleaved) -> Callable:
    """Return the function (words, shapes, slot, sizes) -> ``State`` of kernels whose slots lie in this way.

    ``words`` and ``shapes`` are 1-D int64 arrays of the device, ``slot`` is the number of the thread, ``sizes`` are
    ``mcoom.gpu.memory.Sizes``.
    """
    steps = tuple(WARP if side_by_side else 1 for side_by_side in interleaved)
    state = _tables(steps) if config.ENABLE_CUDASIM else _compiled(steps)
    # From a slot to the next one of its warp it is one word, or all of the table.
    side_g, side_task, side_cpu, side_heap = interleaved

    def place(words, shapes, slot, sizes):
        lane = slot % WARP
        g = (slot - lane) * (sizes.g + sizes.task + sizes.cpu + sizes.heap)
        task = g + WARP * sizes.g
        cpu = task + WARP * sizes.task
        heap = cpu + WARP * sizes.cpu
        g += lane * (1 if side_g else sizes.g)
        task += lane * (1 if side_task else sizes.task)
        cpu += lane * (1 if side_cpu else sizes.cpu)
        heap += lane * (1 if side_heap else sizes.heap)
        return state(words, shapes, g, task, cpu, heap, sizes)

    return place if config.ENABLE_CUDASIM else cuda.jit(device=True)(place)


def _compiled(steps: tuple[int, ...]) -> Callable:
    from mcoom.gpu.table import make_state

    return make_state(steps)


def _tables(steps: tuple[int, ...]) -> Callable:
    def state(words, shapes, g, task, cpu, heap, sizes):
        return State(
            SharedTable(words, g, steps[0], sizes.g, shapes),
            Table(words, task, steps[1], sizes.task, N_TASK_COLUMNS),
            Table(words, cpu, steps[2], sizes.cpu, N_CPU_COLUMNS),
            Table(words, heap, steps[3], sizes.heap, N_HEAP_COLUMNS),
        )

    return state
