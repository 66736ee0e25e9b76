"""At what storm size a family of cells gets stuck, observed and predicted.

Takes cell scores, gives for each family (all factors but n, and k) the storm sizes between which the median crosses
200 ms. Must know nothing of drawing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from mcoom.validate.cells import STUCK_NS
from mcoom.validate.score import CellScore, Side

MIN_SIZES = 3
"""Storm sizes that a family must have: fewer show no transition."""


@dataclass(frozen=True)
class Crossing:
    """Where one side of a family crosses 200 ms for the first time."""

    below: int | None
    """Largest storm size measured before it that is not stuck; None if the smallest is stuck."""
    above: int | None
    """First storm size that is stuck; None if none is."""
    between: float | None
    """Storm size between the two at which a power law through their medians gives 200 ms; None if a median is only a
    bound or the crossing lies at an end."""


@dataclass(frozen=True)
class Transition:
    """One family."""

    labels: dict[str, str | int]
    """Column -> value, without n."""
    sizes: tuple[int, ...]
    observed: Crossing
    predicted: Crossing

    @property
    def agrees(self) -> bool:
        """Whether both sides cross between the same two storm sizes, or neither does."""
        return (self.observed.below, self.observed.above) == (self.predicted.below, self.predicted.above)

    @property
    def sleeps_under_lock(self) -> bool:
        """Whether it is of the rule whose transition is best known: losers sleep, the owner too."""
        return self.labels["fail"] == "sleep" and int(self.labels["hold"]) > 0

    @property
    def crosses(self) -> bool:
        """Whether either side is stuck at some storm size."""
        return self.observed.above is not None or self.predicted.above is not None


def find_transitions(scores: Sequence[CellScore]) -> tuple[Transition, ...]:
    """Return the transitions of all families with at least ``MIN_SIZES`` storm sizes, in the order of their cells."""
    families: dict[tuple[tuple[str, str | int], ...], list[CellScore]] = {}
    for score in scores:
        labels = score.cell.labels()
        labels.pop("n")
        families.setdefault(tuple(labels.items()), []).append(score)
    found = []
    for family, members in families.items():
        members.sort(key=lambda score: score.cell.factors.n)
        if len(members) >= MIN_SIZES:
            sizes = tuple(score.cell.factors.n for score in members)
            observed = _crossing(sizes, [(score.observed.stuck, score.observed) for score in members])
            predicted = _crossing(sizes, [(score.predicted_stuck, score.predicted) for score in members])
            found.append(Transition(dict(family), sizes, observed, predicted))
    return tuple(found)


def _crossing(sizes: Sequence[int], sides: Sequence[tuple[bool, Side | None]]) -> Crossing:
    """Return the first crossing of one side."""
    first = next((i for i, (stuck, _) in enumerate(sides) if stuck), None)
    if first is None:
        return Crossing(sizes[-1], None, None)
    if first == 0:
        return Crossing(None, sizes[0], None)
    below, above = sides[first - 1][1], sides[first][1]
    return Crossing(sizes[first - 1], sizes[first], _power_law(sizes[first - 1 : first + 1], below, above))


def _power_law(sizes: Sequence[int], below: Side | None, above: Side | None) -> float | None:
    """Return the storm size at which the line through two medians in log-log gives 200 ms."""
    if below is None or above is None or below.median.at_least or above.median.at_least or sizes[0] < 1:
        return None
    low, high = below.median.value_ns, above.median.value_ns
    if not 0 < low < STUCK_NS <= high:
        return None
    share = log(STUCK_NS / low) / log(high / low)
    return float(sizes[0] * (sizes[1] / sizes[0]) ** share)
