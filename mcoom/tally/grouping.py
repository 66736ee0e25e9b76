"""Replicates sorted by stratum.

Takes the stratum of each replicate, gives counts and exact sums per policy and stratum. Must know nothing about what
is summed.
"""

import numpy as np
from numpy.typing import NDArray

from mcoom.tally.limbs import sum_limbs, sum_product_limbs


class Grouping:
    """Where each stratum starts, once replicates are sorted by stratum.

    Parameters
    ----------
    strata : int64[R]
        Stratum 0..K - 1 of each replicate, sorted; R >= 1.
    n_strata : int
        K.
    """

    def __init__(self, strata: NDArray[np.int64], n_strata: int) -> None:
        self.strata = strata
        self.n_strata = n_strata
        self.starts = np.flatnonzero(np.concatenate(([True], strata[1:] != strata[:-1])))
        self.present = strata[self.starts]

    def count(self, mask: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Count the true values: bool[P, R] to int64[P, K]."""
        out = np.zeros((mask.shape[0], self.n_strata), dtype=np.int64)
        out[:, self.present] = np.add.reduceat(mask, self.starts, axis=-1, dtype=np.int64)
        return out

    def count_codes(self, codes: NDArray[np.int64], n_codes: int) -> NDArray[np.int64]:
        """Count codes 0..n_codes - 1: int64[P, R] to int64[P, K, n_codes]; negative codes are left out."""
        n_policies = codes.shape[0]
        rows = np.arange(n_policies)[:, None] * self.n_strata + self.strata
        flat = (rows * n_codes + codes)[codes >= 0]
        counts = np.bincount(flat, minlength=n_policies * self.n_strata * n_codes)
        return counts.astype(np.int64).reshape(n_policies, self.n_strata, n_codes)

    def sum(self, values: NDArray[np.int64]) -> NDArray[np.uint64]:
        """Sum exactly: int64[P, R] >= 0 to uint64[P, K, 2]."""
        return self._place(sum_limbs(values, self.starts))

    def sum_product(self, x: NDArray[np.int64], y: NDArray[np.int64]) -> NDArray[np.uint64]:
        """Sum products exactly: int64[P, R] >= 0 each to uint64[P, K, 2]."""
        return self._place(sum_product_limbs(x, y, self.starts))

    def _place(self, sums: NDArray[np.uint64]) -> NDArray[np.uint64]:
        out = np.zeros((sums.shape[0], self.n_strata, 2), dtype=np.uint64)
        out[:, self.present] = sums
        return out
