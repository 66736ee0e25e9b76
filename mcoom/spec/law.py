"""The law of one parameter: constant, drawn once per replicate, or an axis of the sweep.

Takes the raw TOML value and its kind, gives a frozen ``Law`` of integers. Must not know streams or arrays: how a law
is sampled is the business of ``mcoom.design``.
"""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from math import isfinite

from mcoom.spec.kind import Kind
from mcoom.units import RATIO_ONE, closest, format_ns

FORMS = ("choice", "uniform", "loguniform", "integers", "lognormal", "axis")
"""Keys that make a table a law."""
TAIL_Z = Decimal("3.8")
"""An unbounded lognormal is cut at this many sigmas of its logarithm (one value in 14,000 lies beyond)."""
SIGMA_MAX = 1.5
"""Greatest sigma of a lognormal law or shape."""


@dataclass(frozen=True)
class Law:
    """One parameter, ready to be drawn.

    Attributes
    ----------
    form
        ``constant`` or one of ``FORMS`` (``integers`` becomes ``uniform``).
    values
        constant: the value. choice, axis: the values in order. uniform, loguniform: least and greatest value, both
        included. lognormal: the median.
    thresholds
        choice only: value i is taken where u < thresholds[i], u uniform on 0..2^64 - 1.
    sigma
        lognormal only: of the natural logarithm.
    low, high
        Least and greatest value that can come out.
    written
        choice, axis: the values as the user wrote them.
    kind
        Name of the kind of the parameter, for writing its values; no part of what the law is.
    """

    form: str
    values: tuple[int, ...]
    low: int
    high: int
    thresholds: tuple[int, ...] = ()
    sigma: Decimal = Decimal(0)
    written: tuple[str | int | float, ...] = ()
    kind: str = field(default="", compare=False)

    @property
    def levels(self) -> tuple[int, ...] | None:
        """Every value that can come out, if they are listed."""
        return self.values if self.form in ("constant", "choice", "axis") else None

    def canonical(self) -> list[object]:
        """Give the content as plain JSON values, for ``spec_id``."""
        return [self.form, list(self.values), list(self.thresholds), str(self.sigma), self.low, self.high]


def constant(value: int) -> Law:
    """Make the law of a constant.

    Parameters
    ----------
    value : int
        Its value.

    Returns
    -------
    Law
        Of form ``constant``.
    """
    return Law("constant", (value,), value, value)


def parse_law(kind: Kind, raw: object) -> Law:
    """Read the law of a parameter.

    Parameters
    ----------
    kind : Kind
        What the parameter counts.
    raw : object
        A plain value, or a table with one of the keys in ``FORMS``.

    Returns
    -------
    Law
        With all values in the unit of the kind.

    Raises
    ------
    ValueError
        If a value, range, weight or key is wrong; the text says what is allowed.
    """
    return replace(_parse(kind, raw), kind=kind.name)


def write_code(law: Law, code: int) -> str | int | float:
    """Write a value of a law as a user would.

    Parameters
    ----------
    law : Law
        Of a parameter.
    code : int
        A value that it can take, in the unit of the parameter.

    Returns
    -------
    str | int | float
        Reads back to the same value.
    """
    if law.written:
        return law.written[law.values.index(code)]
    if law.kind == "time":
        return format_ns(code)
    if law.kind == "size":
        return f"{code} pages"
    return code / RATIO_ONE if law.kind == "ratio" else code


def _parse(kind: Kind, raw: object) -> Law:
    """Read the law of a parameter."""
    if not isinstance(raw, dict):
        if isinstance(raw, list):
            raise ValueError(f"a list is not a value; allowed: {kind.allowed}, or a table such as {{choice = [...]}}")
        return constant(kind.read(raw))
    form = _form(raw)
    extra = {"choice": {"weights"}, "lognormal": {"min", "max"}}.get(form, set())
    for key in raw:
        if key != form and key not in extra:
            raise ValueError(
                f"unknown key {key!r} beside {form!r}{closest(key, extra)}; "
                f"allowed beside it: {', '.join(sorted(extra)) or 'nothing'}"
            )
    body = raw[form]
    if form == "lognormal":
        return _lognormal(kind, body, raw)
    if not isinstance(body, list):
        raise ValueError(f"{form} needs a list; allowed: {form} = [...]")
    if form in ("choice", "axis"):
        return _listed(kind, form, body, raw.get("weights"))
    return _range(kind, form, body)


def _form(raw: dict[str, object]) -> str:
    """Find the one key that names the law."""
    forms = [key for key in raw if key in FORMS]
    if len(forms) > 1:
        raise ValueError(f"{' and '.join(forms)} contradict each other; allowed: one of {', '.join(FORMS)}")
    if not forms:
        first = next(iter(raw), "")
        raise ValueError(f"unknown law {first!r}{closest(first, FORMS)}; allowed: a value, or {', '.join(FORMS)}")
    return forms[0]


def _listed(kind: Kind, form: str, body: list[object], weights: object) -> Law:
    """Read a choice or an axis."""
    if not body:
        raise ValueError(f"{form} is empty; allowed: at least one value")
    values = tuple(kind.read(item) for item in body)
    if form == "axis" and len(set(values)) != len(values):
        raise ValueError("axis has the same value twice; allowed: different values")
    thresholds = _thresholds(len(values), weights) if form == "choice" else ()
    written = tuple(item if isinstance(item, (str, int, float)) else str(item) for item in body)
    return Law(form, values, min(values), max(values), thresholds, written=written)


def _thresholds(n: int, weights: object) -> tuple[int, ...]:
    """Turn the weights of a choice into exact thresholds of a 64-bit draw."""
    if weights is None:
        weights = [1] * n
    if not isinstance(weights, list) or len(weights) != n:
        found = len(weights) if isinstance(weights, list) else 0
        raise ValueError(f"{found} weights for {n} values; allowed: one weight for each value")
    parts = []
    for weight in weights:
        if isinstance(weight, bool) or not isinstance(weight, (int, float)) or not isfinite(weight) or weight < 0:
            raise ValueError(f"weight {weight!r} is wrong; allowed: numbers of at least 0")
        parts.append(Fraction(str(weight)))
    total = sum(parts)
    if total == 0:
        raise ValueError("all weights are 0; allowed: at least one above 0")
    cumulative = Fraction(0)
    edges = []
    for part in parts:
        cumulative += part
        edges.append(int(cumulative / total * 2**64))
    return tuple(edges)


def _range(kind: Kind, form: str, body: list[object]) -> Law:
    """Read uniform, integers or loguniform."""
    if kind.parse is None:
        raise ValueError(f"{form} of words; allowed: choice or axis")
    if len(body) != 2:
        raise ValueError(f"{form} needs two ends, not {len(body)}; allowed: {form} = [least, greatest]")
    low, high = kind.read(body[0]), kind.read(body[1])
    if low > high or any(isinstance(item, str) and item in kind.words for item in body):
        raise ValueError(f"the ends of {form} are no range; allowed: [least, greatest]")
    if form == "integers" and kind.name != "count":
        raise ValueError(f"integers of a {kind.name}; allowed: uniform")
    if form == "loguniform" and low < 1:
        raise ValueError("loguniform from 0 or less; allowed: a least value above 0")
    return Law("loguniform" if form == "loguniform" else "uniform", (low, high), low, high)


def _lognormal(kind: Kind, body: object, raw: dict[str, object]) -> Law:
    """Read a lognormal, perhaps cut off at min and max."""
    if kind.parse is None:
        raise ValueError("lognormal of words; allowed: choice or axis")
    if not isinstance(body, dict) or set(body) != {"median", "sigma"}:
        raise ValueError("lognormal needs median and sigma; allowed: lognormal = {median = ..., sigma = ...}")
    median = kind.read(body["median"])
    sigma = read_sigma(body["sigma"])
    spread = (TAIL_Z * sigma).exp()
    low = kind.read(raw["min"]) if "min" in raw else int(median / spread)
    high = kind.read(raw["max"]) if "max" in raw else int(median * spread) + 1
    if median < 1 or not low < high:
        raise ValueError(f"no range is left, median {median}, min {low}, max {high}; allowed: min < max, median > 0")
    if not kind.low <= low <= high <= kind.high:
        raise ValueError(f"its tails reach {kind.show(low)} to {kind.show(high)}; allowed: {kind.allowed}, by min, max")
    return Law("lognormal", (median,), low, high, sigma=sigma)


def read_sigma(raw: object) -> Decimal:
    """Read the sigma of a lognormal.

    Parameters
    ----------
    raw : object
        A number.

    Returns
    -------
    Decimal
        Exactly as written.

    Raises
    ------
    ValueError
        If it is not a number above 0 and at most ``SIGMA_MAX``.
    """
    if isinstance(raw, bool) or not isinstance(raw, (int, float)) or not 0 < raw <= SIGMA_MAX:
        raise ValueError(f"sigma {raw!r} is wrong; allowed: above 0, at most {SIGMA_MAX}")
    return Decimal(str(raw))
