"""The CUDA kernel: every thread simulates one replicate after another, an event at a time.

Takes a batch of episodes in the memory of the device, leaves one row of outputs for each. Must not know where they come
from or go.

A launch is bounded: what a thread has not finished it goes on with at the next one. A thread whose episode is over
waits for the others of its warp for a few turns at most, then takes the next episode of the queue.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numba import config, cuda

from mcoom.engine.episode import run_on
from mcoom.engine.layout import INF
from mcoom.engine.setup import set_up
from mcoom.engine.state import (
    AT_KEY,
    CLASSES_AT,
    DONE,
    HEAP_STRIDE,
    MACHINE_AT,
    N_CLASSES,
    OUT_AT,
    PLACES_AT,
    POLICY_AT,
    SHAPES_AT,
    TRACE_AT,
    TRACE_CAP,
    TURNS,
)
from mcoom.gpu.device import DeviceEngine
from mcoom.gpu.memory import Interleaved
from mcoom.gpu.place import make_placer


class Batch(NamedTuple):
    """Arrays of the device, all int64, for E episodes of R replicates under P policies."""

    machine: Any
    """(R, len(MACHINE_FIELDS))."""
    classes: Any
    """(R, C, len(CLASS_FIELDS))."""
    shapes: Any
    """(W,) all shape tables."""
    keys: Any
    """(R, 4): seed, point, number of the replicate, entry of ``shapes`` at which its tables begin."""
    policies: Any
    """(P, len(POLICY_FIELDS))."""
    episodes: Any
    """(E, 2): row of the replicate and of the policy, in the order in which they are begun."""
    outputs: Any
    """(E, len(OUT_FIELDS)): in the same order."""


class Kernels(NamedTuple):
    """What is launched: ``clear`` once for all slots of a batch, then ``run`` until all episodes are done."""

    clear: Any
    """(words, shapes, sizes, progress)."""
    run: Any
    """(words, sizes, progress, counts, batch, n_rounds, n_turns): ``progress`` is (slots, 2), time and episode;
    ``counts`` is episodes begun and done; ``n_rounds`` times ``n_turns`` turns of each thread at most."""


def make_kernels(interleaved: Interleaved, max_registers: int | None = None) -> Kernels:
    """Return the kernels for slots that lie in this way; they are compiled when they are first launched."""
    engine = DeviceEngine()
    place = make_placer(interleaved)
    go_on, begin = engine.twin(run_on), engine.twin(set_up)
    if config.ENABLE_CUDASIM:
        # Streams are made of products modulo 2**64; warnings are a matter of each thread.
        go_on, begin = (np.errstate(over="ignore")(twin) for twin in (go_on, begin))
    load = _device(_load)

    def clear(words, shapes, sizes, progress):
        slot = cuda.grid(1)
        s = place(words, shapes, slot, sizes)
        for at in range(sizes.g):
            s.g[at] = 0
        lines = sizes.heap // 3
        for line in range(lines):
            is_header = line < sizes.places_at and line % sizes.stride == 0
            s.heap[line, AT_KEY] = 0 if is_header else INF
        s.g[N_CLASSES] = sizes.n_classes
        s.g[HEAP_STRIDE] = sizes.stride
        s.g[PLACES_AT] = sizes.places_at
        s.g[TRACE_AT] = 0
        s.g[TRACE_CAP] = 0
        progress[slot, 0] = 0
        progress[slot, 1] = -1

    def run(words, sizes, progress, counts, batch, n_rounds, n_turns):
        slot = cuda.grid(1)
        s = place(words, batch.shapes, slot, sizes)
        now, episode = progress[slot, 0], progress[slot, 1]
        for _ in range(n_rounds):
            if episode < 0 or s.g[DONE] == 1:
                if episode >= 0:
                    for k in range(batch.outputs.shape[1]):
                        batch.outputs[episode, k] = s.g[OUT_AT + k]
                    cuda.atomic.add(counts, 1, 1)
                episode = cuda.atomic.add(counts, 0, 1)
                if episode >= batch.episodes.shape[0]:
                    episode = -1
                    break
                row = batch.episodes[episode, 0]
                load(s, batch, row, batch.episodes[episode, 1], sizes.g)
                begin(s, batch.keys[row, 0], batch.keys[row, 1], batch.keys[row, 2])
                now = 0
            s.g[TURNS] = n_turns
            now = go_on(s, now)
        progress[slot, 0] = now
        progress[slot, 1] = episode

    options = {} if config.ENABLE_CUDASIM else {"max_registers": max_registers}
    return Kernels(cuda.jit(clear), cuda.jit(**options)(run))


def _load(s, batch, row, policy, shapes_at):
    """Put the inputs of one replicate into its state."""
    for k in range(batch.machine.shape[1]):
        s.g[MACHINE_AT + k] = batch.machine[row, k]
    for k in range(batch.policies.shape[1]):
        s.g[POLICY_AT + k] = batch.policies[policy, k]
    columns = batch.classes.shape[2]
    for k in range(batch.classes.shape[1]):
        for column in range(columns):
            s.g[CLASSES_AT + k * columns + column] = batch.classes[row, k, column]
    s.g[SHAPES_AT] = shapes_at + batch.keys[row, 3]


def _device(function: Callable) -> Callable:
    return function if config.ENABLE_CUDASIM else cuda.jit(device=True)(function)
