"""Exact sums wider than 64 bits.

Takes non-negative int64 values, gives sums and sums of products as two unsigned 64-bit limbs (high, low) on the last
axis; 1e12 ns squared, summed over 1e7 replicates, does not fit in one. Must know nothing about what is summed.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

_MASK = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_TOP = 1 << 128


def add_limbs(a: NDArray[np.uint64], b: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Add two arrays of limbs.

    Parameters
    ----------
    a, b : uint64[..., 2]
        High and low limb.

    Returns
    -------
    uint64[..., 2]
        The sums, modulo 2**128.
    """
    out = np.empty(np.broadcast_shapes(a.shape, b.shape), dtype=np.uint64)
    out[..., 1] = a[..., 1] + b[..., 1]
    out[..., 0] = a[..., 0] + b[..., 0] + (out[..., 1] < a[..., 1])
    return out


def limbs_from_ints(values: Iterable[int]) -> NDArray[np.uint64]:
    """Split Python integers into limbs.

    Returns
    -------
    uint64[n, 2]

    Raises
    ------
    OverflowError
        A value is negative or needs more than 128 bits.
    """
    rows = []
    for value in values:
        if not 0 <= value < _TOP:
            raise OverflowError(f"{value} does not fit in 128 bits")
        rows.append((value >> 64, value & 0xFFFFFFFFFFFFFFFF))
    return np.array(rows, dtype=np.uint64).reshape(-1, 2)


def ints_from_limbs(limbs: NDArray[np.uint64]) -> list[int]:
    """Join limbs into Python integers.

    Parameters
    ----------
    limbs : uint64[..., 2]

    Returns
    -------
    list of int
        One per pair of limbs, in C order.
    """
    return [(int(high) << 64) | int(low) for high, low in limbs.reshape(-1, 2)]


def int_from_limbs(limbs: NDArray[np.uint64]) -> int:
    """Join the limbs of an array and add them all up.

    Parameters
    ----------
    limbs : uint64[..., 2]

    Returns
    -------
    int
        The exact total.
    """
    return sum(ints_from_limbs(limbs))


def _shifted(sums: NDArray[np.uint64], shift: int) -> NDArray[np.uint64]:
    """Limbs of ``sums * 2**shift`` for shift in 0, 32, 64, 96."""
    out = np.zeros((*sums.shape, 2), dtype=np.uint64)
    if shift == 0:
        out[..., 1] = sums
    elif shift == 32:
        out[..., 1] = sums << _HALF
        out[..., 0] = sums >> _HALF
    elif shift == 64:
        out[..., 0] = sums
    else:
        out[..., 0] = sums << _HALF
    return out


def _sum_shifted(values: NDArray[np.uint64], starts: NDArray[np.int64], shift: int) -> NDArray[np.uint64]:
    """Limbs of the group sums of ``values * 2**shift``; the 32-bit halves are summed apart, so that none wraps."""
    low = np.add.reduceat(values & _MASK, starts, axis=-1)
    high = np.add.reduceat(values >> _HALF, starts, axis=-1)
    return add_limbs(_shifted(low, shift), _shifted(high, shift + 32))


def sum_limbs(values: NDArray[np.int64], starts: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Sum groups of consecutive values exactly.

    Parameters
    ----------
    values : int64[..., R]
        Non-negative; R < 2**32.
    starts : int64[G]
        First index of each group on the last axis, strictly increasing (as for ``numpy.add.reduceat``).

    Returns
    -------
    uint64[..., G, 2]
    """
    return _sum_shifted(values.astype(np.uint64), starts, 0)


def sum_product_limbs(x: NDArray[np.int64], y: NDArray[np.int64], starts: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Sum the products of groups of consecutive values exactly.

    Parameters
    ----------
    x, y : int64[..., R]
        Non-negative, of one shape; R < 2**32; the sums stay below 2**128.
    starts : int64[G]
        First index of each group on the last axis, strictly increasing.

    Returns
    -------
    uint64[..., G, 2]
    """
    x_all, y_all = x.astype(np.uint64), y.astype(np.uint64)
    x_low, x_high = x_all & _MASK, x_all >> _HALF
    y_low, y_high = y_all & _MASK, y_all >> _HALF
    total = _sum_shifted(x_low * y_low, starts, 0)
    # Most times are below 4.3 s: the high halves are then all zero and the three other products may be left out.
    if x_high.any():
        total = add_limbs(total, _sum_shifted(x_high * y_low, starts, 32))
    if y_high.any():
        total = add_limbs(total, _sum_shifted(x_low * y_high, starts, 32))
        total = add_limbs(total, _sum_shifted(x_high * y_high, starts, 64))
    return total
