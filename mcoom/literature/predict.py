"""What the model says of a reported stall: a sample of the reported quantity.

Takes a setting and a quantity, gives times, each seen or censored. Must know nothing of what was reported.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from mcoom.design.build import Design, build_design
from mcoom.engine.layout import OUT
from mcoom.engine.replicates import run_block
from mcoom.literature.report import Setting
from mcoom.lower import lower_block, lower_policy
from mcoom.spec.load import load_scenario
from mcoom.units import format_ns

MAX_EVENTS = 2_000_000_000
"""Event budget of an episode: 1000 s of futile passes on four CPUs are some 1e8."""
BLOCK = 4
"""Replicates that a thread takes at a time: one may take seconds."""


@dataclass(frozen=True)
class Stalls:
    """Predicted durations."""

    time_ns: np.ndarray
    """int64[n]: duration, or how long it was watched."""
    censored: np.ndarray
    """bool[n]: whether the watching ended first."""
    n_episodes: int
    """Simulated episodes."""
    n_unknown: int
    """Episodes that gave no duration at all."""


def build_setting(setting: Setting, replicates: int, seed: int) -> Design:
    """Return the design of a setting.

    Raises
    ------
    SpecError
        If its scenario, policy or an assumption is wrong.
    """
    overrides = (
        f'scenario.policies=["{setting.policy}"]',
        f'scenario.baseline="{setting.policy}"',
        "scenario.estimands=",
        f"scenario.kills={setting.kills}",
        f'scenario.horizon="{format_ns(setting.horizon_ns)}"',
        f"scenario.max_events={MAX_EVENTS}",
        *setting.assume,
    )
    return build_design(load_scenario(setting.scenario, overrides), replicates, seed)


def predict_outputs(design: Design, threads: int, advance: Callable[[int], None] | None = None) -> np.ndarray:
    """Simulate all replicates of a design of one point and one policy.

    Parameters
    ----------
    design : Design
        Of ``build_setting``.
    threads : int
        Worker threads; the result does not depend on it.
    advance : callable, optional
        Told how many replicates are done, block by block.

    Returns
    -------
    ndarray
        int64[R, len(OUT_FIELDS)].
    """
    policy = lower_policy(design.scenario.policies[0])

    def work(first: int) -> np.ndarray:
        count = min(BLOCK, design.replicates - first)
        return run_block(lower_block(design, 0, first, count).inputs, policy)

    pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="mcoom")
    try:
        parts = []
        for part in pool.map(work, range(0, design.replicates, BLOCK)):
            parts.append(part)
            if advance is not None:
                advance(len(part))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return np.concatenate(parts)


def stalls_of(out: np.ndarray, n_kills: int, quantity: str, over: str) -> Stalls:
    """Return the sample of a quantity from rows of outputs.

    Parameters
    ----------
    out : ndarray
        int64[R, len(OUT_FIELDS)], in the order of ``mcoom.engine.layout``.
    n_kills : int
        Kills of an episode.
    quantity, over : str
        As in ``StallReport``.
    """
    measure = {"gap": _gaps, "reap": _reaps}[quantity]
    times: list[int] = []
    flags: list[bool] = []
    n_unknown = 0
    for row in out:
        found = measure(row, n_kills)
        if over == "longest" and found:
            # The longest is censored if one that was cut off may have become it.
            longest = max(found)
            found = [(longest[0], any(cut and time >= longest[0] for time, cut in found))]
        times += [time for time, _ in found]
        flags += [cut for _, cut in found]
        n_unknown += not found
    return Stalls(np.array(times, np.int64), np.array(flags, bool), len(out), n_unknown)


def _gaps(row: np.ndarray, n_kills: int) -> list[tuple[int, bool]]:
    """Return the times without a kill: start to first kill, kill to kill, and the one cut off by the end."""
    last, gaps = int(row[OUT["t0_ns_0"]]), []
    if last < 0:
        return []
    for j in range(n_kills):
        start, kill = int(row[OUT[f"t0_ns_{j}"]]), int(row[OUT[f"kill_ns_{j}"]])
        if start < 0 or kill < 0:
            gaps.append((int(row[OUT["end_ns"]]) - last, True))
            break
        gaps.append((start + kill - last, False))
        last = start + kill
    return gaps


def _reaps(row: np.ndarray, n_kills: int) -> list[tuple[int, bool]]:
    """Return the times from SIGKILL to memory free."""
    found = []
    for j in range(n_kills):
        start, kill = int(row[OUT[f"t0_ns_{j}"]]), int(row[OUT[f"kill_ns_{j}"]])
        release = int(row[OUT[f"release_ns_{j}"]])
        if start < 0 or kill < 0:
            break
        if release < 0:
            found.append((int(row[OUT["end_ns"]]) - start - kill, True))
        else:
            found.append((release - kill, False))
    return found
