"""Blocks of replicates on the device: the counterpart of ``mcoom.engine.replicates``.

Takes blocks of inputs with their policies, gives the rows of outputs of each, byte for byte those of ``run_block``.
Must not know where blocks come from or go, nor how the kernel works.

Episodes that are alike run side by side: threads of a warp that do different things do them one after the other.
"""

import functools
import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numba import cuda
from numpy.typing import NDArray

from mcoom.codes import Engine
from mcoom.engine.inputs import Inputs
from mcoom.engine.layout import CLASS, CLASS_FIELDS, MACHINE, OUT_FIELDS
from mcoom.engine.state import max_sizes
from mcoom.errors import EngineError, SpecError
from mcoom.gpu.kernel import Batch, Kernels, make_kernels
from mcoom.gpu.memory import WARP, Interleaved, Sizes, sizes_of

_WORD_BYTES = 8
_SHARE_OF_MEMORY = 0.8
"""Of what is free on the device, for the states."""
_ONE_AT_A_TIME = threading.Lock()
"""Held while the device works: two batches would halve the memory of each, and share its threads."""
_MOST_BYTES = 1 << 40
"""The memory of the simulator, which says that it has infinitely much."""


class Work(NamedTuple):
    """Replicates of one point under some policies."""

    inputs: Inputs
    """R replicates."""
    policies: NDArray[np.int64]
    """(P, len(POLICY_FIELDS))."""


class Launch(NamedTuple):
    """How the device is used; no number depends on it, and results do not either."""

    interleaved: Interleaved = Interleaved()
    """How states lie in memory."""
    registers: int | None = 128
    """Registers of a thread at most: with fewer, more threads wait for memory at the same time."""
    block: int = 64
    """Threads of a CUDA block, a multiple of 32."""
    slots: int = 1 << 15
    """Threads at most, a multiple of ``block``."""
    n_turns: int = 64
    """Turns of ``run_on`` after which the threads of a warp see whose episode is over: so long one waits at most."""
    n_rounds: int = 64
    """How often they see that in one launch, at most."""
    memory_bytes: int | None = None
    """Memory for states, at most; None: most of what is free."""


DEFAULT = Launch()
"""How, where nothing else is said; measured beside others by ``benchmarks.bench_gpu``."""


@functools.cache
def _kernels(interleaved: Interleaved, registers: int | None) -> Kernels:
    return make_kernels(interleaved, registers)


def _look_on(n_done: int, n_episodes: int) -> None:
    """Do nothing between launches."""


def run_works(
    works: Sequence[Work], launch: Launch = DEFAULT, watch: Callable[[int, int], None] = _look_on
) -> list[NDArray[np.int64]]:
    """Run every replicate of every block under each of its policies.

    Parameters
    ----------
    works : sequence of Work
        Together they should have some hundred thousand episodes: a device is fast only when it is full.
    launch : Launch
        How.
    watch : callable
        Is told between launches how many episodes of how many are done; may raise.

    Returns
    -------
    list of (P, R, len(OUT_FIELDS)) int64
        By block; equal to what ``run_block`` gives for each policy.

    Raises
    ------
    SpecError
        The engine of a replicate is ``fast``: its floating point numbers are not the same on both machines.
    EngineError
        The device has not enough memory for the states of one warp.
    """
    for work in works:
        if np.any(work.inputs.machine[:, MACHINE["engine"]] == Engine.FAST):
            raise SpecError("--device gpu: engine fast is not the same on a GPU; allowed: exact, skip")
    results = [np.zeros((len(w.policies), len(w.inputs.machine), len(OUT_FIELDS)), np.int64) for w in works]
    with _ONE_AT_A_TIME:
        for numbers in _alike(works):
            _run_group([works[k] for k in numbers], [results[k] for k in numbers], launch, watch)
    return results


def _alike(works: Sequence[Work]) -> list[list[int]]:
    """Group blocks whose states are about equally large (within a factor of 2), the largest first."""
    groups: dict[int, list[int]] = {}
    for number, work in enumerate(works):
        groups.setdefault(_sizes([work]).words.bit_length(), []).append(number)
    return [groups[size] for size in sorted(groups, reverse=True)]


def _sizes(works: Sequence[Work]) -> Sizes:
    most = np.array([max_sizes(work.inputs.machine, work.inputs.classes) for work in works]).max(axis=0)
    return sizes_of(int(most[0]), int(most[1]), max(work.inputs.classes.shape[1] for work in works))


def _run_group(
    works: list[Work], results: list[NDArray[np.int64]], launch: Launch, watch: Callable[[int, int], None]
) -> None:
    """Run blocks in one batch and write their results."""
    sizes = _sizes(works)
    episodes, owner = _episodes(works)
    batch = _batch(works, episodes, sizes)
    slots = _n_slots(len(episodes), sizes, launch)
    block = min(launch.block, slots)
    kernels = _kernels(launch.interleaved, launch.registers)
    words = cuda.device_array(slots * sizes.words, np.int64)
    progress = cuda.device_array((slots, 2), np.int64)
    counts = cuda.to_device(np.zeros(2, np.int64))
    grid = slots // block
    kernels.clear[grid, block](words, batch.shapes, sizes, progress)
    while (n_done := int(counts.copy_to_host()[1])) < len(episodes):
        watch(n_done, len(episodes))
        kernels.run[grid, block](words, sizes, progress, counts, batch, launch.n_rounds, launch.n_turns)
    rows = np.empty((len(episodes), len(OUT_FIELDS)), np.int64)
    rows[owner] = batch.outputs.copy_to_host()
    at = 0
    for result in results:
        n = result.shape[0] * result.shape[1]
        result[...] = rows[at : at + n].reshape(result.shape)
        at += n


def _episodes(works: list[Work]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the episodes, (E, 2) rows of replicates and of policies, in the order in which they are begun.

    The second array is the number of each when they are counted block by block, policy by policy. First the policy,
    which decides what losers of the lock do, then the size, the longest first, so that none is begun last.
    """
    _, policy_of = _distinct([work.policies for work in works])
    columns = []
    row = policy = 0
    for work in works:
        n, machine = len(work.inputs.machine), work.inputs.machine
        n_tasks = work.inputs.classes[:, :, CLASS["count"]].sum(axis=1)
        for _ in work.policies:
            rows = np.arange(row, row + n)
            columns.append((rows, np.full(n, policy_of[policy]), machine[:, MACHINE["n_cpus"]], n_tasks))
            policy += 1
        row += n
    rows, policies, n_cpus, n_tasks = (np.concatenate(parts) for parts in zip(*columns, strict=True))
    owner = np.lexsort((rows, -n_cpus, -n_tasks, policies))
    return np.stack([rows[owner], policies[owner]], axis=1).astype(np.int64), owner


def _distinct(tables: list[NDArray[np.int64]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the distinct rows of tables, and which of them each row is."""
    distinct, inverse = np.unique(np.concatenate(tables), axis=0, return_inverse=True)
    return distinct, inverse.reshape(-1)


def _batch(works: list[Work], episodes: NDArray[np.int64], sizes: Sizes) -> Batch:
    """Put what a batch reads, and room for what it writes, into the memory of the device."""
    shapes, shapes_at = _shapes(works)
    keys = [
        np.stack(np.broadcast_arrays(i.seed, i.point, i.first + np.arange(len(i.machine)), at), axis=1)
        for (i, _), at in zip(works, shapes_at, strict=True)
    ]
    classes = np.zeros((sum(map(len, keys)), sizes.n_classes, len(CLASS_FIELDS)), np.int64)
    row = 0
    for inputs, _ in works:
        n, n_classes, _ = inputs.classes.shape
        classes[row : row + n, :n_classes] = inputs.classes
        row += n
    arrays = {
        "machine": np.concatenate([work.inputs.machine for work in works]),
        "classes": classes,
        "shapes": shapes,
        "keys": np.concatenate(keys).astype(np.int64),
        "policies": _distinct([work.policies for work in works])[0],
        "episodes": episodes,
        "outputs": np.zeros((len(episodes), len(OUT_FIELDS)), np.int64),
    }
    return Batch(**{name: cuda.to_device(np.ascontiguousarray(array)) for name, array in arrays.items()})


def _shapes(works: list[Work]) -> tuple[NDArray[np.int64], list[int]]:
    """Return the shape tables of all blocks, each set of them once, and where those of each block begin."""
    starts: dict[bytes, int] = {}
    parts: list[NDArray[np.int64]] = []
    n = 0
    for inputs, _ in works:
        name = inputs.shapes.tobytes()
        if name not in starts:
            starts[name] = n
            parts.append(inputs.shapes.ravel())
            n += inputs.shapes.size
    return np.concatenate(parts), [starts[inputs.shapes.tobytes()] for inputs, _ in works]


def _n_slots(n_episodes: int, sizes: Sizes, launch: Launch) -> int:
    """Return how many threads are used: a multiple of a warp, and of a CUDA block if there is more than one."""
    memory = launch.memory_bytes
    if memory is None:
        memory = int(min(_SHARE_OF_MEMORY * cuda.current_context().get_memory_info().free, _MOST_BYTES))
    slots = min(launch.slots, memory // (sizes.words * _WORD_BYTES), -(-n_episodes // WARP) * WARP)
    slots -= slots % (launch.block if slots > launch.block else WARP)
    if slots < WARP:
        raise EngineError(f"--device gpu: {WARP} states of {sizes.words * _WORD_BYTES:,} bytes do not fit its memory")
    return slots
