"""What a parameter counts: its unit, its range, and how it is written.

Takes the raw TOML value of one parameter, gives its integer. Must not know which parameter it is, nor that a value
may be drawn (``law.py`` does).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from mcoom.units import (
    RATIO_ONE,
    closest,
    format_ns,
    format_pages,
    parse_count,
    parse_pages,
    parse_ratio,
    parse_time_ns,
)

NO_WORDS: Mapping[str, int] = MappingProxyType({})
"""Words of a kind that has none."""


@dataclass(frozen=True)
class Kind:
    """One way to write a parameter.

    Attributes
    ----------
    name
        Word for messages and documentation: ``time``, ``size``, ``count``, ``ratio``, ``word``.
    low, high
        Least and greatest integer.
    parse
        Reads a raw value that is not one of ``words``; None if only words are allowed.
    words
        Words that stand for an integer; they need not lie between ``low`` and ``high``.
    show
        Writes an integer for messages.
    levels
        If not empty: the only integers allowed.
    """

    name: str
    low: int = 0
    high: int = 0
    parse: Callable[[object], int] | None = None
    words: Mapping[str, int] = field(default_factory=lambda: NO_WORDS)
    show: Callable[[int], str] = str
    levels: tuple[int, ...] = ()

    @property
    def allowed(self) -> str:
        """What may be written, for messages."""
        parts = [", ".join(str(level) for level in self.levels)] if self.levels else []
        if self.parse is not None and not self.levels:
            parts.append(f"{self.show(self.low)} to {self.show(self.high)}")
        parts.extend(repr(word) for word in self.words)
        return ", ".join(parts)

    def read(self, raw: object) -> int:
        """Read one value.

        Parameters
        ----------
        raw : object
            What TOML gave.

        Returns
        -------
        int
            In the unit of the kind: ns, pages, parts per million, or a code.

        Raises
        ------
        ValueError
            If it is the wrong type, has a wrong unit, or is out of range; the text says what is allowed.
        """
        if isinstance(raw, bool):
            if "true" not in self.words:
                raise ValueError(f"true and false do not belong here; allowed: {self.allowed}")
            return self.words["true" if raw else "false"]
        if isinstance(raw, str) and raw in self.words:
            return self.words[raw]
        if self.parse is None:
            if not isinstance(raw, str):
                raise ValueError(f"not a word in quotes; allowed: {self.allowed}")
            raise ValueError(f"unknown word{closest(raw, self.words)}; allowed: {self.allowed}")
        value = self.parse(raw)
        if (self.levels and value not in self.levels) or not self.low <= value <= self.high:
            raise ValueError(f"out of range; allowed: {self.allowed}")
        return value


def time(high_s: int = 1000, low: int = 0, words: Mapping[str, int] = NO_WORDS) -> Kind:
    """Make a kind for times.

    Parameters
    ----------
    high_s : int
        Greatest value, s.
    low : int
        Least value, ns.
    words : Mapping[str, int]
        Words that stand for a special value.

    Returns
    -------
    Kind
        Values in ns.
    """
    return Kind("time", low, high_s * 10**9, parse_time_ns, words, format_ns)


def size(low: int = 0, words: Mapping[str, int] = NO_WORDS) -> Kind:
    """Make a kind for amounts of memory up to 4 TiB.

    Parameters
    ----------
    low : int
        Least value, pages.
    words : Mapping[str, int]
        Words that stand for a special value.

    Returns
    -------
    Kind
        Values in pages.
    """
    return Kind("size", low, 1 << 30, parse_pages, words, format_pages)


def count(low: int, high: int, levels: tuple[int, ...] = ()) -> Kind:
    """Make a kind for whole numbers.

    Parameters
    ----------
    low, high : int
        Least and greatest value.
    levels : tuple[int, ...]
        If not empty: the only values allowed.

    Returns
    -------
    Kind
        Values as written.
    """
    return Kind("count", low, high, parse_count, levels=levels)


def ratio(low: float, high: float) -> Kind:
    """Make a kind for dimensionless numbers.

    Parameters
    ----------
    low, high : float
        Least and greatest value.

    Returns
    -------
    Kind
        Values in parts per million.
    """
    return Kind("ratio", parse_ratio(low), parse_ratio(high), parse_ratio, show=lambda v: f"{v / RATIO_ONE:g}")


def word(**words: int) -> Kind:
    """Make a kind for words.

    Parameters
    ----------
    **words : int
        Each word and its code.

    Returns
    -------
    Kind
        Values are the codes.
    """
    return Kind("word", words=MappingProxyType(words))


FLAG = Kind("flag", words=MappingProxyType({"false": 0, "true": 1}))
"""Kind of a switch: ``true`` or ``false``."""
