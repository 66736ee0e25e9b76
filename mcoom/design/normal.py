"""The normal distribution in decimal arithmetic.

Takes and gives ``Decimal``; the same digits on every machine, which binary ``exp`` and ``log`` of the C library do not
promise. Must not know what it is used for.
"""

from decimal import Decimal, localcontext
from statistics import NormalDist

DIGITS = 34
"""Digits carried."""
_ROOT_TWO_PI = Decimal("2.506628274631000502415765284811045253")


def cdf(z: Decimal) -> Decimal:
    """Give the probability below z.

    Parameters
    ----------
    z : Decimal
        At most 10 in absolute value.

    Returns
    -------
    Decimal
        Within 1e-20.
    """
    with localcontext() as context:
        context.prec = DIGITS
        term = z
        total = z
        k = 1
        while abs(term) > Decimal("1e-30"):
            k += 2
            term = term * z * z / k
            total += term
        return Decimal("0.5") + total * (-z * z / 2).exp() / _ROOT_TWO_PI


def quantile(p: Decimal) -> Decimal:
    """Give the z below which the probability is p.

    Parameters
    ----------
    p : Decimal
        Between 1e-6 and 1 - 1e-6.

    Returns
    -------
    Decimal
        Rounded to 20 decimals: one Newton step in decimals from the double, which is right to some 15 digits.
    """
    with localcontext() as context:
        context.prec = DIGITS
        z = Decimal(NormalDist().inv_cdf(float(p)))
        density = (-z * z / 2).exp() / _ROOT_TWO_PI
        return (z - (cdf(z) - p) / density).quantize(Decimal("1e-20"))
