"""From rows of outputs to samples of each kill."""

import numpy as np

from mcoom.engine.layout import OUT, OUT_FIELDS
from mcoom.validate.predict import kill_sample


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
    sample = kill_sample(out, np.full(5, 1000), 1)
    assert sample.time_ns.tolist() == [50, 1000, 600]
    assert sample.n_without_entry == 1
    assert sample.censored.tolist() == [False, True, True]
