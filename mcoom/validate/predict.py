"""Predicted episodes of a configuration.

Takes a configuration and stage costs, gives a sample of times for each k, each with its own censoring. Must know
nothing of outcomes, and nothing of cells other than the one it predicts.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from mcoom.codes import EndReason
from mcoom.engine.layout import MACHINE, OUT
from mcoom.engine.replicates import run_block
from mcoom.validate.build import build_inputs, build_policy, simulated_rounds
from mcoom.validate.measured import Configuration
from mcoom.validate.stages import StageCosts


@dataclass(frozen=True)
class Sample:
    """Times of one kill, seen or censored."""

    time_ns: np.ndarray
    """int64[n]: time to kill, or time watched if censored."""
    censored: np.ndarray
    """bool[n]: whether the watching ended first."""
    boot: np.ndarray
    """int64[n]: simulated boot of each."""
    n_without_entry: int = 0
    """Kills by a waiter that came to own the lock before anybody entered anew. They have no first entry to count from
    and no row in a measured file, so their times are not in the sample."""


@dataclass(frozen=True)
class Prediction:
    """What is predicted of one configuration."""

    samples: tuple[Sample, ...]
    """One for k = 1..V; a replicate that never got to its k-th episode is not in the k-th."""
    n_replicates: int
    n_budget: int
    """Replicates that ran out of events: censored as by a horizon, at the time they had reached."""


def predict_configuration(configuration: Configuration, stages: StageCosts, replicates: int, seed: int) -> Prediction:
    """Simulate a configuration and cut its replicates into one sample per k.

    Parameters
    ----------
    configuration : Configuration
        Factors and boots; no outcome.
    stages : StageCosts
        Costs of the standard machine.
    replicates : int
        Episodes of V kills each, at least 1.
    seed : int
        Root seed.

    Returns
    -------
    Prediction
        The same for any other content of the measured file.
    """
    inputs = build_inputs(configuration, stages, replicates, seed)
    out = run_block(inputs, build_policy(configuration.factors))
    horizon_ns = inputs.machine[:, MACHINE["horizon_ns"]]
    rows = rows_watched(out[:, OUT["end_reason"]] == EndReason.KILLS_DONE, configuration)
    boot = rows // simulated_rounds(configuration)
    out = out[rows]
    if configuration.factors.gate == 1:
        out[:, OUT["kill_ns_0"]] = since_gate(out[:, OUT["kill_ns_0"]], inputs.machine[rows, MACHINE["trylock_ns"]])
    samples = tuple(kill_sample(out, horizon_ns[rows], boot, k) for k in range(configuration.factors.kills))
    n_budget = int(np.count_nonzero(out[:, OUT["end_reason"]] == EndReason.BUDGET))
    return Prediction(samples, replicates, n_budget)


def since_gate(kill_ns: np.ndarray, trylock_ns: np.ndarray) -> np.ndarray:
    """Return times of a first kill from the opening of a gate at the first lock, where they are measured from.

    The engine counts them from the entry of the holder, which is alone then and owns the lock ``trylock_ns`` later.
    """
    return np.where(kill_ns > 0, np.maximum(1, kill_ns - trylock_ns), kill_ns)


def rows_watched(done: np.ndarray, configuration: Configuration) -> np.ndarray:
    """Return the rows of outputs that stand for the rounds of all boots, boot after boot.

    A boot goes on to its next round only where the one before came to its end; rounds beyond the simulated ones repeat
    the later of these in turn.

    Parameters
    ----------
    done : ndarray
        bool[R], whether the round of each row saw its last kill.
    configuration : Configuration
        Says how many rounds there are and how many are simulated.

    Returns
    -------
    ndarray
        int64, row numbers; a row appears as often as it stands for a round.
    """
    simulated = simulated_rounds(configuration)
    rows = []
    for first in range(0, len(done), simulated):
        for r in range(configuration.rounds):
            row = first + (r if r < simulated else 1 + (r - 1) % (simulated - 1))
            rows.append(row)
            if not done[row]:
                break
    return np.array(rows, dtype=np.int64)


def kill_sample(out: np.ndarray, horizon_ns: np.ndarray, boot: np.ndarray, j: int) -> Sample:
    """Return the sample of invocation ``j`` (0-based) from output rows: those in which a task entered to open it.

    A kill not seen is censored at the end of the episode, at most at the horizon. The engine gives a kill without entry
    the time 0.
    """
    kill_ns = out[:, OUT[f"kill_ns_{j}"]]
    without_entry = kill_ns == 0
    opened = (out[:, OUT["n_inv"]] > j) & ~without_entry
    kill_ns = kill_ns[opened]
    watched_ns = np.minimum(out[opened, OUT["end_ns"]] - out[opened, OUT[f"t0_ns_{j}"]], horizon_ns[opened])
    censored = kill_ns < 0
    return Sample(np.where(censored, watched_ns, kill_ns), censored, boot[opened], int(np.count_nonzero(without_entry)))


def predict_all(
    configurations: tuple[Configuration, ...],
    stages: StageCosts,
    replicates: int,
    seed: int,
    threads: int,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Prediction, ...]:
    """Predict configurations on a pool of threads.

    Parameters
    ----------
    configurations : tuple of Configuration
        What was measured.
    stages : StageCosts
        Costs of the standard machine.
    replicates, seed : int
        As for ``predict_configuration``.
    threads : int
        Worker threads, at least 1; the result does not depend on it.
    progress : callable, optional
        Called with (configurations done, of how many) after each.

    Returns
    -------
    tuple of Prediction
        In the order of ``configurations``.
    """
    pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="mcoom")
    try:
        futures = [pool.submit(predict_configuration, item, stages, replicates, seed) for item in configurations]
        predictions = []
        for done, future in enumerate(futures, start=1):
            predictions.append(future.result())
            if progress is not None:
                progress(done, len(futures))
    finally:
        # On an error or Ctrl-C, configurations not begun are dropped; one that has begun cannot be stopped.
        pool.shutdown(wait=False, cancel_futures=True)
    return tuple(predictions)
