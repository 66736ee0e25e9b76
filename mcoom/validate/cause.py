"""Where the miss of a cell may come from: rules on counts of both sides.

Takes a cell's score and its counts, observed and predicted, gives sentences, the most telling first. Must know nothing
of how either was counted. A rule says what differs, in numbers; it proves nothing.
"""

from collections.abc import Callable

import numpy as np

from mcoom.validate.cells import STUCK_NS
from mcoom.validate.counts import Counts
from mcoom.validate.score import CellScore

CHANCE = 0.05
"""A verdict that the predicted mixture gives with at least this probability is put down to chance."""
NEAR = 2.0
"""Medians this factor or less from 200 ms, on both sides, are near the threshold."""
APART = 2.0
"""Counts that differ by this factor differ."""
SHORT_NS = 200_000
"""Times below this are not compared: they are at once."""


def likely_causes(score: CellScore, seen: Counts, predicted: Counts) -> tuple[str, ...]:
    """Return sentences on what differs between the two sides of a cell, at least one.

    Parameters
    ----------
    score : CellScore
        Of the cell.
    seen, predicted : Counts
        Of its two sides.

    Returns
    -------
    tuple of str
        Such as "who kills: ..."; the rules in their order.
    """
    rules: tuple[Callable[[CellScore, Counts, Counts], str | None], ...] = (
        _nothing_predicted,
        _chance,
        _near_threshold,
        _killer,
        _retries,
        _place,
        _contention,
    )
    found = [sentence for rule in rules if (sentence := rule(score, seen, predicted)) is not None]
    return tuple(found) or (_what_is_known(seen, predicted),)


def verdict_probability(score: CellScore) -> float | None:
    """Return the probability that as many predicted kills as the cell has boots give the observed verdict."""
    if score.predicted is None:
        return None
    from scipy.stats import binom

    late = _late(score)
    n = score.cell.n_boots
    stuck = float(binom.sf((n + 1) // 2 - 1, n, late))
    return stuck if score.observed.stuck else 1.0 - stuck


def _late(score: CellScore) -> float:
    """Return the predicted probability of 200 ms or more."""
    return float(score.expected.at(np.array([STUCK_NS - 1]))[0])


def _nothing_predicted(score: CellScore, seen: Counts, predicted: Counts) -> str | None:
    if score.predicted is not None:
        return None
    if score.without_entry:
        return "no entry: predicted kills all come from a waiter that owns the lock before anybody enters anew"
    return "never reached: no replicate came to this kill, as a kill or a release before it never ended"


def _chance(score: CellScore, seen: Counts, predicted: Counts) -> str | None:
    chance = verdict_probability(score)
    if score.verdict_agrees or chance is None or chance < CHANCE:
        return None
    return (
        f"chance: {100 * _late(score):.0f} % of the predicted kills take 200 ms or more; "
        f"{score.cell.n_boots} boot(s) then give the "
        f"observed verdict with probability {chance:.2f}"
    )


def _near_threshold(score: CellScore, seen: Counts, predicted: Counts) -> str | None:
    if score.verdict_agrees or score.predicted is None or score.observed.median.at_least:
        return None
    medians = (score.observed.median.value_ns, score.predicted.median.value_ns)
    if not all(STUCK_NS / NEAR <= median <= STUCK_NS * NEAR for median in medians):
        return None
    return f"threshold: both medians are within a factor of {NEAR:g} of 200 ms"


def _killer(score: CellScore, seen: Counts, predicted: Counts) -> str | None:
    if seen.holder_kills is None or predicted.holder_kills is None:
        return None
    if abs(seen.holder_kills - predicted.holder_kills) < 0.5:
        return None
    return (
        f"who kills: the holder in {100 * seen.holder_kills:.0f} % of the observed kills, in "
        f"{100 * predicted.holder_kills:.0f} % of the predicted; the two sides differ in who gets the lock after the "
        "release"
    )


def _retries(score: CellScore, seen: Counts, predicted: Counts) -> str | None:
    a, b = seen.passes_per_attempt, predicted.passes_per_attempt
    if a is None or b is None or min(a, b) <= 0 or max(a, b) / min(a, b) < APART:
        return None
    return f"retries: {a:.1f} reclaim passes per attempt observed, {b:.1f} predicted; the retry test goes another way"


def _place(score: CellScore, seen: Counts, predicted: Counts) -> str | None:
    """Say in which stage of the slower side the difference lies."""
    stages = {
        "before the lock": (seen.lockwait_ns, predicted.lockwait_ns),
        "with the lock, off the CPU": (seen.starved_ns, predicted.starved_ns),
        "with the lock, on the CPU": (seen.killer_cpu_ns, predicted.killer_cpu_ns),
    }
    known = {name: (a, b) for name, (a, b) in stages.items() if a is not None and b is not None}
    if not known:
        return None
    name, (a, b) = max(known.items(), key=lambda item: abs(item[1][0] - item[1][1]))
    if max(a, b) < SHORT_NS or max(a, b) < APART * max(min(a, b), 1.0):
        return None
    why = {
        "before the lock": "who owns the lock in that time, and how long it sleeps or starves with it",
        "with the lock, off the CPU": "the vruntime that the owner brings along and what preempts it",
        "with the lock, on the CPU": "what the owner is charged for",
    }[name]
    return f"stage: {name}, {_ms(a)} ms observed and {_ms(b)} ms predicted (medians); look at {why}"


def _contention(score: CellScore, seen: Counts, predicted: Counts) -> str | None:
    if seen.n_fail is None or predicted.n_fail is None:
        return None
    if (seen.n_fail == 0) == (predicted.n_fail == 0):
        return None
    first, other = ("observed", "predicted") if seen.n_fail == 0 else ("predicted", "observed")
    count = max(seen.n_fail, predicted.n_fail)
    return (
        f"contention: in the median the first to enter kills on the {first} side, {count:.0f} failed trylock(s) on the "
        f"{other} one"
    )


def _what_is_known(seen: Counts, predicted: Counts) -> str:
    """Return the counts where no rule applies."""
    sides = []
    for name, counts in (("observed", seen), ("predicted", predicted)):
        if counts.lockwait_ns is None or counts.crit_ns is None:
            sides.append(f"{name}: nothing counted")
        else:
            sides.append(f"{name}: {_ms(counts.lockwait_ns)} ms before the lock, {_ms(counts.crit_ns)} ms with it")
    return "no rule applies; " + ", ".join(sides)


def _ms(value: float) -> str:
    return f"{value / 1e6:.4g}"
