"""The columns of a measured file: what each may hold, which are factors and which are outcomes.

Takes nothing, gives the tables of columns and a check of one field. Must know nothing of files and of the engine, so
that the border between what a prediction may read and what it may not is in one place.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """What the fields of one column may hold."""

    kind: str
    """``int``, ``float``, ``choice`` or ``text``."""
    low: int | None = None
    """Smallest number allowed; None: any."""
    high: int | None = None
    """Largest number allowed; None: any."""
    choices: tuple[str, ...] = ()
    """Words or numbers allowed, as text; empty: any in range."""
    empty: bool = False
    """Whether the field may be empty."""

    def allowed(self) -> str:
        """Return what is allowed, in words for an error message."""
        if self.choices:
            words = "one of " + ", ".join(self.choices)
        elif self.kind == "text":
            words = "any text but none"
        else:
            noun = "a whole number" if self.kind == "int" else "a number"
            words = f"{noun}{_range_text(self.low, self.high)}"
        return f"{words}, or empty" if self.empty else words

    def accepts(self, text: str) -> bool:
        """Return whether a field may hold ``text``."""
        if not text:
            return self.empty
        if self.choices:
            return text in self.choices
        if self.kind == "text":
            return True
        try:
            value = int(text) if self.kind == "int" else float(text)
        except ValueError:
            return False
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)


def _range_text(low: int | None, high: int | None) -> str:
    """Return a range in words, empty if there is none."""
    if low is not None and high is not None:
        return f" {low}..{high}"
    if low is not None:
        return f" of at least {low}"
    return "" if high is None else f" of at most {high}"


_CLASSES = ("i", "o", "b", "f", "r")
_FLAG = Column("choice", choices=("0", "1"))
_COUNT = Column("int", 0, 4096)

FACTOR_COLUMNS: dict[str, Column] = {
    "accel": Column("choice", choices=("icount", "mttcg")),
    "shift": Column("int", 0, 10, empty=True),
    "vcpu": Column("int", 1, 64),
    "hz": Column("choice", choices=("100", "250", "300", "1000")),
    "preempt": Column("choice", choices=("none", "full")),
    "fail": Column("choice", choices=("sleep", "spin", "mutex", "pi")),
    "hold": Column("int", 0, 32),
    "hpol": Column("choice", choices=_CLASSES),
    "hnice": Column("int", -20, 99),
    "n": _COUNT,
    "spol": Column("choice", choices=_CLASSES),
    "snice": Column("int", -20, 99),
    "hogs": _COUNT,
    "gpol": Column("choice", choices=_CLASSES),
    "gate": Column("choice", choices=("0", "1", "2", "3")),
    "V": Column("int", 1, 8),
    "vkb": Column("int", 4, 1 << 30),
    "vpol": Column("choice", choices=_CLASSES),
    "reaper": _FLAG,
    "reapdelay": Column("int", 0, 1_000_000),
    "dump": Column("choice", choices=("0", "1", "2")),
    "uart": Column("int", 0, 1_000_000),
    "npthrottle": _FLAG,
    "uwork": Column("int", 0, 1_000_000),
}
"""Columns that a prediction may read, in the order that identifies a configuration."""

DESIGN_COLUMNS: dict[str, Column] = {
    "boot_id": Column("text"),
    "round": Column("int", 1),
    "k": Column("int", 1, 8),
    "horizon_ms": Column("int", 1, 10_000_000),
}
"""Columns that say which episode it is and how long it was watched; a prediction may read them."""

OUTCOME_COLUMNS: dict[str, Column] = {
    "censored": Column("choice", choices=("0", "1", "2")),
    "ttk_ns": Column("int", empty=True),
}
"""Columns that only scoring may read."""

PASS_COST_COLUMN = "np_mean_ns"
"""The one cost that a prediction may take from an episode, and only from an ``mttcg`` one (README of the data)."""

PASS_COST = Column("float", 1, 1_000_000_000, empty=True)
"""What ``np_mean_ns`` may hold."""

REQUIRED_COLUMNS = (*FACTOR_COLUMNS, *DESIGN_COLUMNS, *OUTCOME_COLUMNS, PASS_COST_COLUMN)
"""Columns that a measured file must have, in any order; further columns are not read."""
