"""Exact apportionment of threads to groups.

Takes totals and shares, gives whole numbers that add up. Must not know what a group is.
"""

import numpy as np
from numpy.typing import NDArray


def apportion(total: NDArray[np.int64], n_groups: NDArray[np.int64], shares: NDArray[np.int64]) -> NDArray[np.int64]:
    """Split totals over groups in proportion to shares, at least 1 to each group.

    One goes to each present group; the rest by largest remainder, the lower group first on ties.

    Parameters
    ----------
    total : np.ndarray
        (R,) int64, at least 1, below 2**20.
    n_groups : np.ndarray
        (R,) int64, 1..G; where it exceeds ``total``, only ``total`` groups are present.
    shares : np.ndarray
        (R, G) int64, above 0, below 2**40.

    Returns
    -------
    np.ndarray
        (R, G) int64; rows add up to ``total``, groups that are not present have 0.
    """
    n_rows, n_columns = shares.shape
    present = np.arange(n_columns)[None, :] < np.minimum(n_groups, total)[:, None]
    weights = np.where(present, shares, 0)
    weight_sum = weights.sum(axis=1)
    rest = total - present.sum(axis=1)
    product = rest[:, None] * weights
    quota = product // weight_sum[:, None]
    remainder = np.where(present, product % weight_sum[:, None], -1)
    left = rest - quota.sum(axis=1)
    order = np.argsort(-remainder, axis=1, kind="stable")
    rank = np.empty_like(order)
    rank[np.arange(n_rows)[:, None], order] = np.arange(n_columns)[None, :]
    counts: NDArray[np.int64] = present + quota + (rank < left[:, None])
    return counts
