"""How much one swept parameter moves an estimate, the others averaged out.

Takes the estimates of a sweep, gives for each parameter the mean at each of its values. Must know nothing of drawings;
it describes the grid that was run, and says nothing of parameters beyond it or of their interactions.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from mcoom.analysis.result import Estimate

_NOT_SWEPT = ("point", "label", "stratum")


@dataclass(frozen=True)
class Marginal:
    """The means of one parameter."""

    parameter: str
    """Path of the swept parameter."""
    values: tuple[int | float | str, ...]
    """Its values, in the order of the run."""
    means: tuple[float, ...]
    """Mean of the livelock probability over all points with that value at which something counts, 0..1."""

    @property
    def spread(self) -> float:
        """Largest mean minus smallest."""
        return max(self.means) - min(self.means)


def livelock_marginals(estimates: Sequence[Estimate]) -> tuple[Marginal, ...]:
    """Average the livelock probability over a sweep, parameter by parameter.

    Parameters
    ----------
    estimates : sequence of Estimate
        Of one policy and one estimand, one per point. Points at which nothing counts are left out.

    Returns
    -------
    tuple of Marginal
        One per parameter that takes at least two values, the largest spread first. Each point weighs the same, however
        many replicates it has: the design is described, not a population.
    """
    known = [(e.cell, e.livelock_prob.value) for e in estimates if e.livelock_prob.value is not None]
    found = []
    for name in dict.fromkeys(name for cell, _ in known for name in cell if name not in _NOT_SWEPT):
        groups: dict[int | float | str, list[float]] = {}
        for cell, value in known:
            if name in cell:
                groups.setdefault(cell[name], []).append(value)
        if len(groups) > 1:
            means = tuple(sum(values) / len(values) for values in groups.values())
            found.append(Marginal(name, tuple(groups), means))
    return tuple(sorted(found, key=lambda marginal: -marginal.spread))
