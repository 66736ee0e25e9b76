"""The interval of a median: randomness of boots within a machine, ignorance between machines."""

import numpy as np
import pytest

from mcoom.validate.interval import median_interval
from mcoom.validate.machine import MACHINES
from mcoom.validate.predict import Sample


def sample(times, boot):
    """Uncensored sample of these times, int64, of these boots."""
    times = np.asarray(times, dtype=np.int64)
    return Sample(times, np.zeros(len(times), dtype=bool), np.asarray(boot))


def test_equal_times_give_a_point():
    assert median_interval(sample([7] * 40, np.arange(40)), 5) == (7, 7)


def test_more_boots_narrow_what_is_random_but_not_what_is_unknown():
    random = np.random.default_rng(1)
    boot = np.arange(20 * MACHINES)
    noise = random.integers(0, 1000, len(boot))
    few, many = (median_interval(sample(noise, boot), n) for n in (1, 40))
    assert many[1] - many[0] < 0.6 * (few[1] - few[0])
    unknown = 100_000 * (boot % MACHINES)
    few, many = (median_interval(sample(noise + unknown, boot), n) for n in (1, 40))
    widths = [high - low for low, high in (few, many)]
    assert widths[1] == pytest.approx(widths[0], rel=0.01)
    assert widths[1] > 0.85 * 100_000 * MACHINES


def test_rounds_of_a_boot_are_drawn_together():
    boot = np.repeat([0, MACHINES], 3)  # two boots of one machine
    assert median_interval(sample([1, 1, 1, 9, 9, 9], boot), 1) == (1, 9)
    assert median_interval(sample([1, 1, 9, 1, 9, 9], boot), 1) == (1, 9)
    assert median_interval(sample([1, 5, 9, 9, 5, 1], boot), 1) == (5, 5)


def test_coverage_of_machines_from_the_same_law():
    """Cells from other machines of the law lie inside about as often as said. Twin: half the width must fail.

    Binomial, 400 cells, error rate 1e-4: 90 % less what 20 machines cannot know (18 of 21).
    """
    random = np.random.default_rng(2)
    boot = np.arange(6 * MACHINES)
    inside = inside_twin = 0
    for _ in range(400):
        machine = random.normal(0, 1000, MACHINES + 1)
        times = 10_000 + machine[boot % MACHINES] + random.normal(0, 100, len(boot))
        low, high = median_interval(sample(times, boot), 5)
        observed = np.median(10_000 + machine[-1] + random.normal(0, 100, 5))
        inside += low <= observed <= high
        middle, half = (low + high) / 2, (high - low) / 4
        inside_twin += abs(observed - middle) <= half
    assert inside / 400 == pytest.approx(0.87, abs=0.065)
    assert inside_twin / 400 < 0.87 - 0.065
