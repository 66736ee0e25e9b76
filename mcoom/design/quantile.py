"""Integer sampling of a law.

Takes a ``Law`` and 64-bit draws, gives int64 values by integer arithmetic alone: exact thresholds, exact ranges, and
tables of quantiles made once in decimal arithmetic. Must not know where the draws come from.
"""

from decimal import Decimal, localcontext
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mcoom.design.normal import DIGITS, cdf, quantile
from mcoom.spec.law import Law

BINS = 1024
"""Intervals of a quantile table; between two quantiles a value is interpolated linearly."""
WIDTH = 42
"""Bits of the largest entry of a quantile table, fraction included: then no product exceeds 62 bits."""


def sample_law(law: Law, u: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Turn draws into values.

    Parameters
    ----------
    law : Law
        Of any form but ``axis``.
    u : np.ndarray
        (R,) uint64 draws.

    Returns
    -------
    np.ndarray
        (R,) int64 in the unit of the parameter, from ``law.low`` to ``law.high``.

    Raises
    ------
    ValueError
        If the law is an axis.
    """
    if law.form == "constant":
        return np.full(u.shape, law.values[0], np.int64)
    if law.form == "choice":
        return _choice(law, u)
    if law.form == "uniform":
        return law.low + _high_product(u, law.high - law.low + 1).astype(np.int64)
    if law.form in ("loguniform", "lognormal"):
        return _interpolate(law, u)
    raise ValueError(f"a law of form {law.form} is not drawn")


def _choice(law: Law, u: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Pick among values; those of weight 0 never."""
    edges, values = [], []
    below = 0
    for edge, value in zip(law.thresholds, law.values, strict=True):
        if edge > below:
            edges.append(edge)
            values.append(value)
            below = edge
    index = np.searchsorted(np.array(edges[:-1], np.uint64), u, side="right")
    picked: NDArray[np.int64] = np.array(values, np.int64)[index]
    return picked


def _high_product(u: NDArray[np.uint64], m: int) -> NDArray[np.uint64]:
    """Give (u * m) >> 64 for 0 < m < 2**63."""
    shift, mask = np.uint64(32), np.uint64(0xFFFFFFFF)
    u_high, u_low = u >> shift, u & mask
    m_high, m_low = np.uint64(m >> 32), np.uint64(m & 0xFFFFFFFF)
    middle = u_high * m_low + ((u_low * m_low) >> shift)
    lower = u_low * m_high + (middle & mask)
    high: NDArray[np.uint64] = u_high * m_high + (middle >> shift) + (lower >> shift)
    return high


def _interpolate(law: Law, u: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Look draws up in the quantile table: 10 bits of index, 20 bits of fraction."""
    table, bits = quantile_table(law)
    i = (u >> np.uint64(54)).astype(np.int64)
    f = ((u >> np.uint64(34)) & np.uint64(0xFFFFF)).astype(np.int64)
    value: NDArray[np.int64] = (table[i] + (((table[i + 1] - table[i]) * f) >> 20)) >> bits
    clipped: NDArray[np.int64] = np.clip(value, law.low, law.high)
    return clipped


@lru_cache(maxsize=1024)
def quantile_table(law: Law) -> tuple[NDArray[np.int64], int]:
    """Make the quantile table of a continuous law.

    The law is that of a real number from ``low`` up to, but not including, ``high + 1``, rounded down.

    Parameters
    ----------
    law : Law
        Of form ``loguniform`` or ``lognormal``.

    Returns
    -------
    tuple[NDArray[np.int64], int]
        (BINS + 1,) int64 quantiles at i / BINS in units of 2**-bits, and bits.
    """
    bits = max(0, WIDTH - (law.high + 1).bit_length())
    with localcontext() as context:
        context.prec = DIGITS
        low, high = Decimal(law.low), Decimal(law.high + 1)
        if law.form == "loguniform":
            span = (high / low).ln()
            exact = [low * (span * i / BINS).exp() for i in range(BINS + 1)]
        else:
            exact = _lognormal(Decimal(law.values[0]), law.sigma, low, high)
        scaled = [int((x * (1 << bits)).to_integral_value()) for x in exact]
    return np.array(scaled, np.int64), bits


def _lognormal(median: Decimal, sigma: Decimal, low: Decimal, high: Decimal) -> list[Decimal]:
    """Give the quantiles of a lognormal cut off at low and high."""
    bound = Decimal(6)
    z_low = max(-bound, (low / median).ln() / sigma) if low > 0 else -bound
    z_high = min(bound, (high / median).ln() / sigma)
    below, above = cdf(z_low), cdf(z_high)
    inner = [below + (above - below) * i / BINS for i in range(1, BINS)]
    floor = Decimal("1e-6")
    points = [median * (sigma * quantile(min(max(p, floor), 1 - floor))).exp() for p in inner]
    clipped = [min(max(x, low), high) for x in points]
    return [max(low, median * (sigma * z_low).exp()), *clipped, min(high, median * (sigma * z_high).exp())]
