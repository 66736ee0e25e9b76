"""From rows of outputs to samples of each kill."""

import numpy as np

from mcoom.engine.layout import OUT, OUT_FIELDS
from mcoom.validate.measured import Boot, Configuration
from mcoom.validate.predict import kill_sample, rows_watched, since_gate
from tests.unit.test_validate_build import SLEEP


def out_rows(*rows: dict[str, int]) -> np.ndarray:
    out = np.full((len(rows), len(OUT_FIELDS)), -1, dtype=np.int64)
    for line, row in zip(out, rows, strict=True):
        for name, value in row.items():
            line[OUT[name]] = value
    return out


def test_seen_censored_unopened_and_without_entry():
    out = out_rows(
        {"n_inv": 2, "t0_ns_1": 100, "kill_ns_1": 50, "end_ns": 900},
        {"n_inv": 2, "t0_ns_1": 100, "kill_ns_1": -1, "end_ns": 1100},
        {"n_inv": 2, "t0_ns_1": 100, "kill_ns_1": -1, "end_ns": 700},
        {"n_inv": 1, "end_ns": 2000},
        {"n_inv": 2, "t0_ns_1": 100, "kill_ns_1": 0, "end_ns": 900},
    )
    sample = kill_sample(out, np.full(5, 1000), np.array([0, 0, 1, 1, 2]), 1)
    assert sample.boot.tolist() == [0, 0, 1]
    assert sample.time_ns.tolist() == [50, 1000, 600]
    assert sample.n_without_entry == 1
    assert sample.censored.tolist() == [False, True, True]


def test_a_boot_ends_with_the_round_that_does_not_and_later_rounds_repeat():
    def watched(rounds, *done):
        configuration = Configuration(SLEEP, (Boot("A", 1, None),), rounds)
        return rows_watched(np.array(done, dtype=bool), configuration).tolist()

    assert watched(1, True, True) == [0, 1]
    assert watched(2, True, True, False, True) == [0, 1, 2]
    assert watched(6, True, True, True, True, False, True) == [0, 1, 2, 1, 2, 1, 3, 4]


def test_a_gate_at_the_first_lock_opens_after_the_trylock():
    kill_ns = np.array([5000, -1, 0, 700])
    assert since_gate(kill_ns, np.full(4, 800)).tolist() == [4200, -1, 0, 1]
