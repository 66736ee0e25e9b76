"""Where a family of cells gets stuck, and where its misses may come from."""

import dataclasses

import pytest

from mcoom.validate.cause import likely_causes, verdict_probability
from mcoom.validate.cells import Cell
from mcoom.validate.counts import NOTHING, Counts
from mcoom.validate.score import CellScore, score_cell
from mcoom.validate.transition import find_transitions
from tests.unit.test_validate_build import SLEEP
from tests.unit.test_validate_score import MS, cell, predicted, sample


def score(n: int, seen_ms: float, predicted_ms: float, **changes: object) -> CellScore:
    factors = dataclasses.replace(SLEEP, n=n, **changes)
    time_ns, flags = sample([seen_ms])
    return score_cell(Cell(0, factors, 1, time_ns, flags, 1, 4_000 * MS), predicted([predicted_ms]))


def test_crossing_lies_between_two_sizes():
    (found,) = find_transitions([score(16, 800, 90), score(4, 5, 5), score(8, 50, 60), score(32, 900, 900)])
    assert found.sizes == (4, 8, 16, 32)
    assert (found.observed.below, found.observed.above) == (8, 16)
    # 50 ms at 8 and 800 ms at 16: a factor of 4 of 16 is half of the way in the logarithm.
    assert found.observed.between == pytest.approx(8 * 2**0.5)
    assert (found.predicted.below, found.predicted.above) == (16, 32)
    assert not found.agrees
    assert found.sleeps_under_lock
    assert found.crosses


def test_never_and_from_the_first():
    (found,) = find_transitions([score(1, 300, 1), score(2, 300, 2), score(4, 300, 4)])
    assert (found.observed.below, found.observed.above, found.observed.between) == (None, 1, None)
    assert (found.predicted.below, found.predicted.above) == (4, None)


def test_families_differ_in_any_other_factor_and_need_three_sizes():
    scores = [score(n, 1, 1, hold=hold) for n in (1, 2, 4) for hold in (0, 1)]
    assert len(find_transitions(scores)) == 2
    assert find_transitions(scores[:4]) == ()


KNOWN = Counts(3, 1.0 * MS, 1.0 * MS, 1.0 * MS, 1.0, 4.0, 17.0)


@pytest.mark.parametrize(
    ("seen", "other", "word"),
    [
        ({}, {"holder_kills": 0.0}, "who kills"),
        ({"passes_per_attempt": 1.0}, {}, "retries"),
        ({"lockwait_ns": 900.0 * MS}, {}, "stage: before the lock"),
        ({"crit_ns": 900.0 * MS}, {}, "stage: with the lock, off the CPU"),
        ({"crit_ns": 900.0 * MS, "killer_cpu_ns": 900.0 * MS}, {}, "stage: with the lock, on the CPU"),
        ({"n_fail": 0.0}, {}, "contention"),
    ],
)
def test_rules_name_what_differs(seen, other, word):
    one = score_cell(cell([900]), predicted([1]))
    causes = likely_causes(one, dataclasses.replace(KNOWN, **seen), dataclasses.replace(KNOWN, **other))
    assert causes[0].startswith(word)


def test_equal_counts_name_nothing():
    one = score_cell(cell([900]), predicted([1]))
    assert likely_causes(one, KNOWN, KNOWN)[0].startswith("no rule applies")
    assert "nothing counted" in likely_causes(one, NOTHING, NOTHING)[0]


def test_chance_threshold_and_nothing_predicted():
    mixed = predicted([1, 1, 1, 900])
    lucky = score_cell(cell([900]), mixed)
    assert verdict_probability(lucky) == pytest.approx(0.25)
    assert likely_causes(lucky, NOTHING, NOTHING)[0].startswith("chance: 25 %")
    # Two of three boots late: 3 p^2 (1 - p) + p^3 with p = 1/4.
    three = score_cell(cell([900, 900, 1], boots=3), mixed)
    assert verdict_probability(three) == pytest.approx(10 / 64)
    near = score_cell(cell([190]), predicted([210]))
    assert likely_causes(near, NOTHING, NOTHING)[0].startswith("threshold")
    assert likely_causes(score_cell(cell([1]), predicted([])), NOTHING, NOTHING)[0].startswith("never reached")
    entry = score_cell(cell([900]), predicted([], None, 3))
    assert likely_causes(entry, NOTHING, NOTHING)[0].startswith("no entry")
