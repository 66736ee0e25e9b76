"""Shape tables: the quantiles of a burst's variation, as the engine reads them.

Takes a ``Shape``, gives 257 integers with 2**20 = 1.0. Must not know which burst it varies; made in decimal arithmetic,
so the same on every machine.
"""

from decimal import Decimal, localcontext
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

from mcoom.design.normal import DIGITS, quantile
from mcoom.spec.shape import Shape

BINS = 256
"""Intervals of a shape table."""
ONE = 1 << 20
"""The factor 1."""


@lru_cache(maxsize=256)
def shape_table(shape: Shape) -> tuple[int, ...]:
    """Make the table of a shape.

    Parameters
    ----------
    shape : Shape
        Any form.

    Returns
    -------
    tuple[int, ...]
        Quantiles at i / 256 for i = 0..256, in units of 2**-20. ``uniform`` and ``exponential`` have mean 1 and
        ``lognormal`` has median 1 and the mean exp(sigma**2 / 2): the last entry is set so that the mean under linear
        interpolation, between quantiles, is the exact one.
    """
    if shape.form == "constant":
        return (ONE,) * (BINS + 1)
    if shape.form == "uniform":
        return tuple(2 * ONE * i // BINS for i in range(BINS + 1))
    if shape.form == "quantiles":
        return tuple(round(_between(shape.points, Fraction(i, BINS)) * ONE) for i in range(BINS + 1))
    with localcontext() as context:
        context.prec = DIGITS
        if shape.form == "exponential":
            inner = [-(1 - Decimal(i) / BINS).ln() for i in range(BINS)]
            return _with_mean(inner, Decimal(1))
        inner = [(shape.sigma * quantile(_inside(i))).exp() for i in range(BINS)]
        return _with_mean(inner, (shape.sigma * shape.sigma / 2).exp())


def _inside(i: int) -> Decimal:
    """Give the probability of entry i; entry 0 stands for an eighth of its interval."""
    return Decimal(i) / BINS if i else Decimal(1) / (8 * BINS)


def _with_mean(inner: list[Decimal], mean: Decimal) -> tuple[int, ...]:
    """Add the last entry so that the trapezoids have the given mean, and round."""
    table = [int((x * ONE).to_integral_value()) for x in inner]
    last = 2 * BINS * int((mean * ONE).to_integral_value()) - 2 * sum(table) + table[0]
    return (*table, max(last, table[-1]))


def _between(points: tuple[tuple[Fraction, Fraction], ...], p: Fraction) -> Fraction:
    """Interpolate stated quantiles linearly."""
    for (p0, q0), (p1, q1) in pairwise(points):
        if p <= p1:
            return q0 + (q1 - q0) * (p - p0) / (p1 - p0)
    return points[-1][1]
