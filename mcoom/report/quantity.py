"""Numbers as people read them.

Takes integers and floats with their unit, gives short text with three significant digits. Must know nothing of what is
measured; text that has to be read back exactly is made by ``mcoom.units``.
"""

import math

from mcoom.analysis.result import Interval

_STEPS = ((1e9, "s"), (1e6, "ms"), (1e3, "us"), (1.0, "ns"))


def time_text(ns: float | None) -> str:
    """Return a time with a unit that suits it.

    Parameters
    ----------
    ns : float or None
        Nanoseconds; None or a value that is not finite is "not estimable".

    Returns
    -------
    str
        Three significant digits and ns, us, ms or s; ``"-"`` where there is nothing to say.

    Examples
    --------
    >>> time_text(1_234_567), time_text(-5e9), time_text(0), time_text(None)
    ('1.23 ms', '-5 s', '0 s', '-')
    """
    if ns is None or not math.isfinite(ns):
        return "-"
    if ns == 0:
        return "0 s"
    for size, unit in _STEPS:
        if abs(ns) >= 0.9995 * size or unit == "ns":
            return f"{_digits(ns / size)} {unit}"
    raise AssertionError("the steps end with ns")


def share_text(share: float | None) -> str:
    """Return a probability as a percentage.

    Examples
    --------
    >>> share_text(0.12345), share_text(1.0), share_text(0.00001), share_text(None)
    ('12.3 %', '100 %', '0.001 %', '-')
    """
    if share is None or not math.isfinite(share):
        return "-"
    return f"{_digits(100 * share)} %"


def time_interval(interval: Interval, *, signed: bool = False, short: bool = False) -> str:
    """Return a time with its interval, all in the unit of the value.

    Parameters
    ----------
    interval : Interval
        In ns. Without a value its lower limit is shown, if there is one: "more than".
    signed : bool
        Show the sign of a positive value: it is a difference.
    short : bool
        The value alone.

    Examples
    --------
    >>> time_interval(Interval(1.5e6, 1.25e6, 2e6, "km"))
    '1.5 ms [1.25, 2]'
    >>> time_interval(Interval(None, 9e9, None, "km", "more than half censored"))
    '> 9 s'
    >>> time_interval(Interval(-8_220.0, -1.7e8, 1.7e8, "sequence"), signed=True)
    '-0.00822 ms [-170, 170]'
    """
    value = interval.value
    if value is None or not math.isfinite(value):
        return "-" if interval.low is None or signed else f"> {time_text(interval.low)}"
    text = _sign(value, signed) + time_text(value)
    if short:
        return text
    size = next((size for size, unit in _STEPS if text.endswith(f" {unit}")), 1.0)
    largest = max(abs(interval.low or 0.0), abs(interval.high or 0.0))
    # Limits far beyond the value would be long numbers in its unit: the value is what is small then.
    if value == 0 or largest >= 1000 * max(abs(value), size):
        size, unit = next(((size, unit) for size, unit in _STEPS if largest >= size), _STEPS[-1])
        text = f"{_sign(value, signed and value != 0)}{value / size:.3g} {unit}" if value else f"0 {unit}"
    return f"{text} [{_limit(interval.low, size)}, {_limit(interval.high, size)}]"


def share_interval(interval: Interval, *, signed: bool = False, short: bool = False) -> str:
    """Return a probability, or a difference of two, with its interval, in percent.

    Examples
    --------
    >>> share_interval(Interval(0.125, 0.1, 0.15, "exact"))
    '12.5 % [10, 15]'
    """
    if interval.value is None:
        return "-"
    text = _sign(interval.value, signed) + share_text(interval.value)
    if short:
        return text
    return f"{text} [{_limit(interval.low, 0.01)}, {_limit(interval.high, 0.01)}]"


def _sign(value: float, signed: bool) -> str:
    return "+" if signed and value > 0 else ""


def _limit(value: float | None, size: float) -> str:
    return "-" if value is None or not math.isfinite(value) else _digits(value / size)


def p_text(p: float | None) -> str:
    """Return a p-value; very small ones as a bound.

    Examples
    --------
    >>> p_text(0.0312), p_text(1e-30), p_text(None)
    ('0.031', '< 1e-16', '-')
    """
    if p is None or not math.isfinite(p):
        return "-"
    if p < 1e-16:
        return "< 1e-16"
    return f"{p:.2g}"


def _digits(value: float) -> str:
    """Three significant digits, without an exponent between 1e-6 and 1e6."""
    if value == 0:
        return "0"
    magnitude = math.floor(math.log10(abs(value)))
    if magnitude >= 6 or magnitude < -6:
        return f"{value:.3g}"
    text = f"{round(value, 2 - magnitude):.{max(0, 2 - magnitude)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
