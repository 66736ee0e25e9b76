"""Families of cells, for people who look at many at a time.

Takes cell scores, gives groups in a fixed order and short names. Must know nothing of drawing.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from mcoom.validate.score import CellScore

FAMILY_COLUMNS = ("accel", "vcpu", "fail", "hold", "preempt")
"""Columns that make a family; the others and k tell its members apart."""
ALWAYS_NAMED = ("preempt", "fail", "hold", "hpol", "n", "k")
"""Columns that a short name always has."""
_RULES = ("sleep", "spin", "mutex", "pi")


@dataclass(frozen=True)
class Naming:
    """Short names: columns that hold what is usual in the file are left out."""

    usual: dict[str, str | int]
    """Column -> its commonest value."""
    varying: tuple[str, ...]
    """Columns that have several values."""

    @classmethod
    def of(cls, scores: Sequence[CellScore]) -> "Naming":
        """Return the naming of at least one cell."""
        labels = [score.cell.labels() for score in scores]
        counts = {column: Counter(label[column] for label in labels) for column in labels[0]}
        # On a tie the smaller value, so that the order of rows changes no name.
        usual = {
            column: min(count, key=lambda value: (-count[value], str(value))) for column, count in counts.items()
        }  # fmt: skip
        return cls(usual, tuple(column for column, count in counts.items() if len(count) > 1))

    def name(self, labels: dict[str, str | int], leave_out: Sequence[str] = ()) -> str:
        """Return the name of a cell or family.

        Parameters
        ----------
        labels : dict
            Column -> value.
        leave_out : sequence of str
            Columns that are named elsewhere.
        """
        shown = [
            f"{column}={value}"
            for column, value in labels.items()
            if column not in leave_out
            and value != ""
            and (column in ALWAYS_NAMED or (column in self.varying and value != self.usual.get(column)))
        ]
        return " ".join(shown) or "-"

    def usual_text(self) -> str:
        """Return what names leave out."""
        return " ".join(
            f"{column}={self.usual[column]}"
            for column in self.varying
            if column not in ALWAYS_NAMED and self.usual[column] != ""
        )


@dataclass(frozen=True)
class Family:
    """Cells that share machine, lock rule, hold and preemption."""

    title: str
    scores: tuple[CellScore, ...]
    """By the other factors, storm size last, then k."""

    @property
    def n_wrong(self) -> int:
        """Cells whose verdict is wrong."""
        return sum(not score.verdict_agrees for score in self.scores)


def find_families(scores: Sequence[CellScore]) -> tuple[Family, ...]:
    """Return the families of some cells: one CPU in instruction-counted time first, then by rule, hold, preemption."""
    groups: dict[tuple[str | int, ...], list[CellScore]] = {}
    for score in scores:
        labels = score.cell.labels()
        groups.setdefault(tuple(labels[column] for column in FAMILY_COLUMNS), []).append(score)
    families = []
    for key in sorted(groups, key=lambda key: (key[0], key[1], _RULES.index(str(key[2])), -int(key[3]), key[4])):
        accel, vcpu, fail, hold, preempt = key
        families.append(
            Family(
                f"fail={fail} hold={hold} preempt={preempt}, {accel} with {vcpu} CPU{'' if vcpu == 1 else 's'}",
                tuple(sorted(groups[key], key=_order)),
            )
        )
    return tuple(families)


def _order(score: CellScore) -> tuple[tuple[str, str], ...]:
    """Return where a cell stands in its family."""
    labels = score.cell.labels()
    last = ("vkb", "n", "k")
    columns = [column for column in labels if column not in last] + list(last)
    return tuple((column, f"{labels[column]:>12}") for column in columns)
