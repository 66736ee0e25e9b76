"""What one block of replicates is made of, policy excluded.

Takes the arrays that ``mcoom.lower`` made, gives them a name. Must stay free of Numba and know nothing of scenarios.
"""

from typing import NamedTuple

import numpy as np


class Inputs(NamedTuple):
    """Read-only inputs of R replicates of one point; the columns are named in ``mcoom.engine.layout``."""

    machine: np.ndarray
    """(R, len(MACHINE_FIELDS)) int64, C order."""
    classes: np.ndarray
    """(R, C, len(CLASS_FIELDS)) int64, C order."""
    shapes: np.ndarray
    """(S, 257) int64, C order: quantiles at i / 256, 2**20 = 1.0."""
    seed: int
    """Root seed, 0 <= seed < 2**63."""
    point: int
    """Number of the point, >= 0."""
    first: int
    """Number of the first replicate; row r is replicate ``first + r``."""
