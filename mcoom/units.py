"""Quantities that people write, and the integers that mcoom computes with.

Takes text such as ``"1.5 ms"`` or ``"64 KiB"``, gives int64 nanoseconds or 4 KiB pages, and back again for messages.
Must not know what a quantity is for, nor any unit outside its closed lists.
"""

import difflib
import re
from fractions import Fraction

PAGE_BYTES = 4096
"""Bytes of a page."""
RATIO_ONE = 1_000_000
"""The ratio 1 in the integers that ``parse_ratio`` returns (parts per million)."""

TIME_UNITS = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": 1_000_000_000, "min": 60_000_000_000}
"""Units of time and their length, ns."""
SIZE_UNITS = {
    "page": PAGE_BYTES,
    "pages": PAGE_BYTES,
    "KiB": 1 << 10,
    "kB": 1 << 10,
    "MiB": 1 << 20,
    "GiB": 1 << 30,
    "TiB": 1 << 40,
}
"""Units of memory and their size, bytes; ``kB`` is the kernel's word for KiB."""

_QUANTITY = re.compile(r"([+-]?[0-9][0-9_]*(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,2})?)\s*([A-Za-z%]*)")


def closest(word: str, known: object) -> str:
    """Say which known word was probably meant.

    Parameters
    ----------
    word : str
        What was written.
    known : iterable of str
        What is allowed.

    Returns
    -------
    str
        ``", did you mean 'x'?"`` or an empty string.
    """
    match = difflib.get_close_matches(word, [str(k) for k in known], n=1, cutoff=0.55)  # type: ignore[attr-defined]
    return f", did you mean {match[0]!r}?" if match else ""


def _split(text: object, units: dict[str, int], example: str) -> Fraction:
    """Read number and unit; the value in the base unit, exact."""
    allowed = f"allowed: a number and a unit of {', '.join(units)}, such as {example}"
    if not isinstance(text, str):
        raise ValueError(f"a quantity needs its unit in quotes; {allowed}")
    match = _QUANTITY.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"not a number with a unit; {allowed}")
    number, unit = match.groups()
    if unit not in units:
        why = f"unknown unit {unit!r}{closest(unit, units)}" if unit else "the unit is missing"
        raise ValueError(f"{why}; {allowed}")
    return Fraction(number.replace("_", "")) * units[unit]


def parse_time_ns(text: object) -> int:
    """Read a time.

    Parameters
    ----------
    text : object
        A string of a number and a unit: ns, us, ms, s, min.

    Returns
    -------
    int
        Nanoseconds, exact.

    Raises
    ------
    ValueError
        If it is not such a string, or not a whole number of nanoseconds.

    Examples
    --------
    >>> parse_time_ns("1.5 ms")
    1500000
    """
    value = _split(text, TIME_UNITS, '"1.5 ms"')
    if value.denominator != 1:
        raise ValueError("not a whole number of nanoseconds; allowed: multiples of 1 ns")
    return value.numerator


def parse_pages(text: object) -> int:
    """Read an amount of memory.

    Parameters
    ----------
    text : object
        A string of a number and a unit: page, pages, KiB, kB, MiB, GiB, TiB.

    Returns
    -------
    int
        Pages of 4 KiB, exact.

    Raises
    ------
    ValueError
        If it is not such a string, or not a whole number of pages.

    Examples
    --------
    >>> parse_pages("64 KiB")
    16
    """
    value = _split(text, SIZE_UNITS, '"16 pages" or "64 KiB"') / PAGE_BYTES
    if value.denominator != 1:
        raise ValueError("not a whole number of 4 KiB pages; allowed: multiples of 4 KiB")
    return value.numerator


def parse_ratio(raw: object) -> int:
    """Read a dimensionless number.

    Parameters
    ----------
    raw : object
        A number, or a string such as ``"25 %"``.

    Returns
    -------
    int
        Parts per million, rounded to the nearest.

    Raises
    ------
    ValueError
        If it is neither.
    """
    if isinstance(raw, str):
        value = _split(raw, {"%": 1}, '"25 %"') / 100
    elif isinstance(raw, (int, float)) and not isinstance(raw, bool) and raw == raw and abs(raw) < 1e12:
        value = Fraction(str(raw))
    else:
        raise ValueError('not a number; allowed: a number such as 0.25, or "25 %"')
    return round(value * RATIO_ONE)


def parse_count(raw: object) -> int:
    """Read a whole number without a unit.

    Parameters
    ----------
    raw : object
        An int (not a bool).

    Returns
    -------
    int
        The same.

    Raises
    ------
    ValueError
        If it is anything else.
    """
    if isinstance(raw, bool) or not isinstance(raw, int):
        raise ValueError("not a whole number; allowed: an integer without quotes or unit")
    return raw


def format_ns(value: int) -> str:
    """Write a time in its largest unit up to seconds.

    Parameters
    ----------
    value : int
        Nanoseconds.

    Returns
    -------
    str
        Such as ``"1.5 ms"``; reads back to the same number.
    """
    for unit in ("s", "ms", "us"):
        if value % TIME_UNITS[unit] == 0 or abs(value) >= 10 * TIME_UNITS[unit]:
            return f"{_decimal(value, TIME_UNITS[unit])} {unit}" if value else "0 ns"
    return f"{value} ns"


def _decimal(value: int, unit: int) -> str:
    """Write value / unit, where unit is a power of ten, without rounding."""
    whole, rest = divmod(abs(value), unit)
    digits = f"{rest:0{len(str(unit)) - 1}d}".rstrip("0")
    return ("-" if value < 0 else "") + (f"{whole}.{digits}" if digits else f"{whole}")


def format_pages(value: int) -> str:
    """Write an amount of memory.

    Parameters
    ----------
    value : int
        Pages of 4 KiB.

    Returns
    -------
    str
        Such as ``"64 KiB"``; reads back to the same number.
    """
    for unit in ("GiB", "MiB", "KiB"):
        if value and value * PAGE_BYTES % SIZE_UNITS[unit] == 0:
            return f"{value * PAGE_BYTES // SIZE_UNITS[unit]} {unit}"
    return f"{value} pages"
