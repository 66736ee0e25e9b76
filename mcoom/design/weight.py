"""Constants of the fair scheduler: weights of nice levels, and granularities by the number of CPUs.

Takes columns of integers, gives columns of integers. Must not know tasks or machines as objects.
"""

import numpy as np
from numpy.typing import NDArray

NICE_WEIGHTS = np.array(
    [
        88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916,
        9548, 7620, 6100, 4904, 3906, 3121, 2501, 1991, 1586, 1277,
        1024, 820, 655, 526, 423, 335, 272, 215, 172, 137,
        110, 87, 70, 56, 45, 36, 29, 23, 18, 15,
    ],
    np.int64,
)  # fmt: skip
"""Weights of nice -20..19 (kernel/sched/core.c: sched_prio_to_weight, v4.13 to v6.12)."""
IDLE_WEIGHT = 3
"""Weight of SCHED_IDLE (kernel/sched/sched.h: WEIGHT_IDLEPRIO)."""
IDLE_MIN_GRANULARITY_NS = 750_000
"""Least slice of SCHED_IDLE among others, unscaled (kernel/sched/fair.c: sysctl_sched_idle_min_granularity, v6.1)."""


def scaling_factor(n_cpus: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give the factor by which latency and granularities grow with the CPUs: 1 + floor(log2(min(cpus, 8))).

    Parameters
    ----------
    n_cpus : np.ndarray
        (R,) int64, 1..64.

    Returns
    -------
    np.ndarray
        (R,) int64, 1..4.

    Source
    ------
    kernel/sched/fair.c: get_update_sysctl_factor, v4.13 and v6.1 (SCHED_TUNABLESCALING_LOG).
    """
    return 1 + (n_cpus >= 2).astype(np.int64) + (n_cpus >= 4) + (n_cpus >= 8)
