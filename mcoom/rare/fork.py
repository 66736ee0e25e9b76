"""Episodes that stop on the way, are copied, and go on with other random numbers.

Takes the engine's inputs, gives a stack of episodes that can be run until an invocation has waited for a given time.
The only file beside the engine that knows its scratch memory; must know nothing of splitting.

An episode stops at its limit, before the event that would come next. All it is made of is in its ``State``, so it goes
on from there as if it had never stopped. A copy gets stream keys with a branch of its own (docs/determinism.md): what
was drawn stays, what is drawn from now on is independent of every other copy.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mcoom._jit import entry
from mcoom.design.stream import GOLDEN, MASK, Words, mix64
from mcoom.engine.episode import run_episode
from mcoom.engine.inputs import Inputs
from mcoom.engine.layout import MAX_KILLS, OUT
from mcoom.engine.replicates import run_block
from mcoom.engine.setup import set_up
from mcoom.engine.state import (
    CLASSES_AT,
    DONE,
    HORIZON_NS,
    INV,
    INV_OPEN,
    INV_T0,
    INVOCATIONS,
    LIMIT,
    MACHINE_AT,
    N_EVENTS,
    N_KILLS,
    OUT_AT,
    POLICY_AT,
    STREAM,
    State,
    allocate,
)
from mcoom.engine.table import as_tables
from mcoom.engine.words import BUDGET, HORIZON
from mcoom.errors import SpecError

_END_REASON = OUT_AT + OUT["end_reason"]
_LIVELOCK = OUT_AT + OUT["livelock"]
_KILL_AT = INVOCATIONS + MAX_KILLS


@entry
def begin_episode(s, seed, point, replicate):  # type: ignore[no-untyped-def]
    """Bring a ``State`` whose inputs are in place to its first instant."""
    set_up(as_tables(s), seed, point, replicate)


@entry
def run_until(s, invocation, level_ns, full_ns):  # type: ignore[no-untyped-def]
    """Run on until ``invocation`` has been open for ``level_ns``, or the episode ends.

    Limits of other invocations, and of the time between them, are those of the horizon ``full_ns``.
    """
    s = as_tables(s)
    s.g[HORIZON_NS] = level_ns
    if s.g[INV] == invocation and s.g[INV_OPEN] == 1:
        s.g[LIMIT] = s.g[INV_T0] + level_ns
    # An episode at its first instant waits for its first invocation for the whole horizon already.
    before, was_open = s.g[INV], s.g[INV_OPEN]
    while True:
        s.g[DONE] = 0
        run_episode(s)
        if s.g[_END_REASON] != HORIZON or s.g[INV] > invocation:
            return
        if s.g[INV] == invocation and s.g[INV_OPEN] == 1:
            return
        if s.g[INV] == before and s.g[INV_OPEN] == was_open:
            return
        before, was_open = s.g[INV], s.g[INV_OPEN]
        s.g[LIMIT] += full_ns - level_ns


class Episodes:
    """A stack of n episodes of one point and policy, each somewhere on its way.

    Parameters
    ----------
    arrays : State
        The engine's arrays with one more axis in front, (n, ...).
    replicates : int64[n]
        Numbers of the replicates that they come from.
    """

    def __init__(self, arrays: State, replicates: NDArray[np.int64]) -> None:
        self.arrays = arrays
        self.replicates = replicates

    def __len__(self) -> int:
        return len(self.replicates)

    def __getitem__(self, index: Any) -> "Episodes":
        """Give copies of the episodes at some positions (int64[n] or a slice)."""
        return Episodes(State(*(array[index].copy() for array in self.arrays)), self.replicates[index])

    def state(self, i: int) -> State:
        """Give one episode, as views."""
        return State(*(array[i] for array in self.arrays))


class Waited(NamedTuple):
    """What became of n episodes."""

    kill_ns: NDArray[np.int64]
    """int64[n], time to kill of the invocation, -1 if not killed."""
    is_open: NDArray[np.bool_]
    """bool[n], whether the invocation has been open for the whole time without a kill."""
    is_livelock: NDArray[np.bool_]
    """bool[n], whether that is a livelock (docs/model.md section 11), the time taken for its horizon."""
    n_events: int
    """Events simulated."""


def begin_episodes(inputs: Inputs, policy: NDArray[np.int64], invocation: int) -> Episodes:
    """Bring replicates to their first instant.

    Parameters
    ----------
    inputs : Inputs
        n replicates of one point.
    policy : int64[len(POLICY_FIELDS)]
        Row of the policy.
    invocation : int
        The invocation that is of interest, 0, 1, ...: the episodes end when it is over.

    Returns
    -------
    Episodes
    """
    n = inputs.machine.shape[0]
    _load_engine(inputs, policy)
    one = allocate(inputs)
    stack = Episodes(
        State(*(np.repeat(array[None], n, axis=0) for array in one)),
        np.arange(inputs.first, inputs.first + n, dtype=np.int64),
    )
    g = stack.arrays.g
    g[:, POLICY_AT:CLASSES_AT] = policy
    g[:, MACHINE_AT:POLICY_AT] = inputs.machine
    g[:, N_KILLS] = invocation + 1
    classes = inputs.classes.reshape(n, -1)
    g[:, CLASSES_AT : CLASSES_AT + classes.shape[1]] = classes
    for i, replicate in enumerate(stack.replicates.tolist()):
        begin_episode(stack.state(i), inputs.seed, inputs.point, replicate)
    return stack


def _load_engine(inputs: Inputs, policy: NDArray[np.int64]) -> None:
    """Have the engine compiled in its own order, which is much quicker than from here."""
    if inputs.machine.shape[0]:
        one = Inputs(inputs.machine[:1], inputs.classes[:1], inputs.shapes, inputs.seed, inputs.point, inputs.first)
        quick = one.machine.copy()
        quick[:, HORIZON_NS - MACHINE_AT] = 1
        run_block(one._replace(machine=quick), policy)


def rekey(episodes: Episodes, seed: int, point: int, branches: Words) -> None:
    """Give every episode streams of its own from now on.

    Parameters
    ----------
    episodes : Episodes
        Changed in place.
    seed, point : int
        As in their inputs.
    branches : uint64[n]
        A number for each; its low 63 bits are the branch. 0 would be the streams of the replicate itself.
    """
    replicates = episodes.replicates.astype(np.uint64)
    key = np.zeros(len(episodes), np.uint64)
    levels = (np.full_like(replicates, seed), np.full_like(replicates, point), replicates, branches >> np.uint64(1))
    for j, level in enumerate(levels):
        key = _fold(key, level, j)
    tasks = np.arange(episodes.arrays.task.shape[1], dtype=np.uint64)
    streams = _fold(key[:, None], tasks[None, :], len(levels))
    episodes.arrays.task[:, :, STREAM] = streams.view(np.int64)


def _fold(key: Words, value: Words, level: int) -> Words:
    return mix64(key ^ mix64(value + np.uint64((GOLDEN * (level + 1)) & MASK)))


def wait(episodes: Episodes, invocation: int, level_ns: NDArray[np.int64], full_ns: int) -> Waited:
    """Run every episode on until an invocation has been open for a time, or it ends.

    Parameters
    ----------
    episodes : Episodes
        Changed in place.
    invocation : int
        Which invocation.
    level_ns : int64[n]
        The time, for each; at most ``full_ns``.
    full_ns : int
        Horizon of the scenario.

    Returns
    -------
    Waited

    Raises
    ------
    SpecError
        An episode ran out of its budget of events: what it would have done is not known.
    """
    g = episodes.arrays.g
    before = int(g[:, N_EVENTS].sum())
    with np.errstate(over="ignore"):
        for i, level in enumerate(level_ns.tolist()):
            run_until(episodes.state(i), invocation, level, full_ns)
    reason = g[:, _END_REASON]
    if (reason == BUDGET).any():
        raise SpecError("scenario.max_events: an episode ran out of events; allowed: a larger number")
    kill_ns = g[:, _KILL_AT + invocation].copy()
    is_there = (reason == HORIZON) & (g[:, INV] == invocation) & (g[:, INV_OPEN] == 1)
    is_open = is_there & (kill_ns < 0)
    return Waited(kill_ns, is_open, is_open & (g[:, _LIVELOCK] == invocation), int(g[:, N_EVENTS].sum()) - before)
