"""The variation of one kind of burst from burst to burst, as the user states it.

Takes the raw TOML value of a shape, gives a frozen ``Shape``; the engine multiplies each burst's scale by a draw.
Must not know how the table of quantiles is made (``mcoom.design.shape_table`` does).
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import isfinite

from mcoom.spec.law import read_sigma
from mcoom.units import closest

WORDS = ("constant", "uniform", "exponential")
"""Shapes without a parameter; their mean is 1."""
TABLES = ("lognormal", "quantiles")
"""Shapes with parameters; their median is 1 (quantiles: where ``one`` says)."""


@dataclass(frozen=True)
class Shape:
    """A distribution of factors around 1.

    Attributes
    ----------
    form
        ``constant`` (1), ``uniform`` (0..2, mean 1), ``exponential`` (mean 1), ``lognormal`` (median 1) or
        ``quantiles`` (linear between the stated ones).
    sigma
        lognormal: of the natural logarithm.
    points
        quantiles: (probability, factor), probabilities from 0 to 1.
    """

    form: str
    sigma: Decimal = Decimal(0)
    points: tuple[tuple[Fraction, Fraction], ...] = ()

    def canonical(self) -> list[object]:
        """Give the content as plain JSON values, for ``spec_id``."""
        return [self.form, str(self.sigma), [[str(p), str(q)] for p, q in self.points]]


CONSTANT = Shape("constant")
"""The shape that does not vary."""


def parse_shape(raw: object) -> Shape:
    """Read a shape.

    Parameters
    ----------
    raw : object
        A word of ``WORDS``, ``{lognormal = sigma}``, or ``{quantiles = [[p, value], ...], one = value}``.

    Returns
    -------
    Shape
        With exact numbers.

    Raises
    ------
    ValueError
        If it is none of these; the text says what is allowed.
    """
    allowed = "allowed: 'constant', 'uniform', 'exponential', {lognormal = sigma}, {quantiles = [[p, value], ...]}"
    if isinstance(raw, str):
        if raw not in WORDS:
            raise ValueError(f"unknown shape{closest(raw, (*WORDS, *TABLES))}; {allowed}")
        return Shape(raw)
    if not isinstance(raw, dict):
        raise ValueError(f"not a shape; {allowed}")
    if set(raw) == {"lognormal"}:
        return Shape("lognormal", read_sigma(raw["lognormal"]))
    if "quantiles" in raw and set(raw) <= {"quantiles", "one"}:
        return Shape("quantiles", points=_points(raw["quantiles"], raw.get("one", 1)))
    first = next((key for key in raw if key not in (*TABLES, "one")), "")
    raise ValueError(f"unknown shape {first!r}{closest(first, TABLES)}; {allowed}")


def _points(raw: object, one: object) -> tuple[tuple[Fraction, Fraction], ...]:
    """Read the quantiles and divide them by ``one``."""
    allowed = "allowed: [[0, q0], [p, q], ..., [1, q1]], p and q rising, q from 0 to 100 times `one`"
    if not _is_number(one) or one <= 0:  # type: ignore[operator]
        raise ValueError(f"one {one!r} is wrong; allowed: a number above 0")
    if not isinstance(raw, list) or not all(isinstance(x, list) and len(x) == 2 for x in raw):
        raise ValueError(f"quantiles are no pairs; {allowed}")
    if not all(_is_number(number) for pair in raw for number in pair):
        raise ValueError(f"quantiles are no numbers; {allowed}")
    points = tuple((Fraction(str(p)), Fraction(str(q)) / Fraction(str(one))) for p, q in raw)
    if len(points) < 2 or points[0][0] != 0 or points[-1][0] != 1:
        raise ValueError(f"quantiles do not go from probability 0 to 1; {allowed}")
    rising = all(a[0] < b[0] and a[1] <= b[1] for a, b in pairwise(points))
    if not rising or points[0][1] < 0 or points[-1][1] > 100:
        raise ValueError(f"quantiles do not rise or are out of range; {allowed}")
    return points


def _is_number(raw: object) -> bool:
    return isinstance(raw, (int, float)) and not isinstance(raw, bool) and isfinite(raw)
