"""Which points get more replicates, and when a run may stop.

Takes the tallies of complete rounds in order, gives the ranges of replicates to run next; no range: stop. Must know
nothing about threads, files or blocks in flight: a decision is a function of the tallies of whole rounds, so it is the
same for any number of threads, and after any restart that feeds the same rounds again. docs/stopping.md.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from mcoom.analysis.binned import CellView
from mcoom.analysis.sequential import MeanSequence
from mcoom.analysis.standing import MeanKey, Standing, feed_means, standings
from mcoom.spec.until import StoppingRule
from mcoom.tally.status import Case
from mcoom.tally.tally import PointTally

FIRST_REPLICATES = 64
"""Replicates of the first round, rounded up to whole blocks: enough to show where the times lie."""
GROWTH = 2.0
"""No round more than doubles the replicates of a point: nothing is bet on an early, rough projection."""
LEAST_GROWTH = 1.1
"""A round adds at least a tenth: each look costs time, and looking more often gains nothing."""

_SHOWN = 10
_RECORDED = 100
_MEANS_RECORDED = 400
"""Some 100 bytes each: all of them fit an attribute of an HDF5 file."""


class Extent(NamedTuple):
    """Replicates ``first .. first + n_replicates - 1`` of one point, every policy."""

    point: int
    """Number of the point."""
    first: int
    """Number of the first replicate."""
    n_replicates: int
    """Replicates, at least 1."""


@dataclass(frozen=True)
class Budget:
    """How much may be run."""

    per_point: int
    """Most replicates of a point, at least 1."""
    total: int | None = None
    """Most replicates of all points together; None: as many as ``per_point`` allows."""


@dataclass
class SequentialPlan:
    """The rounds of a run that stops when it knows enough.

    Use: run what ``next_round`` gives, ``take`` the tally of each of its points, and again, until it gives nothing.
    """

    rule: StoppingRule
    """What every cell has to meet."""
    n_points: int
    """Points of the design."""
    block: int
    """Replicates of a block; rounds are cut into whole blocks, but for the last one of a point."""
    budget: Budget
    """How much may be run."""
    n_done: list[int] = field(init=False)
    """Replicates taken of each point."""
    _standings: dict[int, list[Standing]] = field(init=False, default_factory=dict)
    _means: dict[int, Mapping[MeanKey, MeanSequence]] = field(init=False, default_factory=dict)
    _has_exact_mean: dict[int, set[tuple[str, str]]] = field(init=False, default_factory=dict)
    _asked: dict[int, int] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Begin with nothing taken."""
        self.n_done = [0] * self.n_points

    def next_round(self) -> tuple[Extent, ...]:
        """Give the replicates of the next round, in order of the points; none if the run is over.

        Returns
        -------
        tuple of Extent
            The first round gives every point the same, an equal share of a total budget that is short. Then a point
            whose cells all meet the rule gets nothing; any other gets what it is projected to need, at most as many
            again as it has. If the total budget does not suffice for a round, the points that are projected to finish
            with least come first.

        Raises
        ------
        RuntimeError
            If a point of the round before was not taken.
        """
        if self._asked:
            raise RuntimeError(f"points {sorted(self._asked)} of the last round were not taken")
        wanted = {p: n for p in range(self.n_points) if (n := self._wanted(p)) > 0}
        left = math.inf if self.budget.total is None else self.budget.total - sum(self.n_done)
        if not any(self.n_done) and sum(wanted.values()) > left:
            share = max(1, int(left) // self.n_points // self.block) * self.block
            wanted = {point: min(n, share) for point, n in wanted.items()}
        granted: dict[int, int] = {}
        for point in sorted(wanted, key=lambda p: (self._to_finish(p), p)):
            grant = wanted[point] if wanted[point] <= left else int(left) // self.block * self.block
            if grant > 0:
                granted[point] = grant
                left -= grant
        self._asked = granted
        return tuple(Extent(point, self.n_done[point], granted[point]) for point in sorted(granted))

    def take(self, point: int, fresh: PointTally, so_far: PointTally) -> None:
        """Take the tally of one point of the round.

        Parameters
        ----------
        point : int
            Number of the point.
        fresh : PointTally
            All replicates of this round's extent, merged.
        so_far : PointTally
            All replicates of the point, ``fresh`` included.

        Raises
        ------
        RuntimeError
            If that is not what the round asked for.
        """
        asked = self._asked.pop(point, 0)
        if fresh.n_replicates != asked or so_far.n_replicates != self.n_done[point] + asked:
            raise RuntimeError(f"point {point}: {fresh.n_replicates} replicates taken, {asked} asked for")
        clauses = self.rule.clauses
        self.n_done[point] += asked
        self._means[point] = feed_means(self._means.get(point, {}), fresh)
        self._has_exact_mean[point] = {
            (policy, estimand)
            for policy in so_far.plan.policies
            for estimand in so_far.plan.estimands
            if CellView(so_far, policy, estimand).has_exact_mean
        }
        self._standings[point] = standings(so_far, self._means[point], clauses, 1 - self.rule.level)

    def standings(self, point: int) -> list[Standing]:
        """Give where every cell of a point stands; empty before its first round."""
        return self._standings.get(point, [])

    @property
    def n_open(self) -> int:
        """Points with a cell that does not meet the rule."""
        return sum(not self._is_met(point) for point in range(self.n_points))

    def summary(self) -> str:
        """Say in one line, or a few, how it ended."""
        n_cells = sum(len(self.standings(point)) for point in range(self.n_points))
        missed = self._missed()
        head = f"until {self.rule.text}: {n_cells - len(missed):,} of {n_cells:,} conditions are met"
        head += f", {sum(self.n_done):,} replicates of {self.n_points:,} point(s)"
        lines = [head]
        for point, standing in missed[:_SHOWN]:
            metric = "none yet" if math.isinf(standing.metric) else _metric_text(standing)
            why = f" ({standing.reason})" if standing.reason else ""
            lines.append(f"  point {point}, {standing.policy}: {standing.clause.text}: {metric}{why}")
        if len(missed) > _SHOWN:
            lines.append(f"  and {len(missed) - _SHOWN:,} more")
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        """Return how the run stopped: the rule, and the conditions that are not met, the first hundred of them."""
        missed = self._missed()
        return {
            "until": self.rule.text,
            "level": self.rule.level,
            "max_replicates": self.budget.per_point,
            "max_total": self.budget.total,
            "n_points_open": self.n_open,
            "n_conditions_open": len(missed),
            "open": [{"point": point, **standing.to_json()} for point, standing in missed[:_RECORDED]],
            "rmst": self._means_json(),
        }

    def _means_json(self) -> list[list[Any]]:
        """Limits of restricted means that the tallies alone do not give, of the first cells: point, policy, estimand,
        low and high at the error rate of the rule, low and high at half of it.
        """
        rows: list[list[Any]] = []
        alpha = 1 - self.rule.level
        for point, means in sorted(self._means.items()):
            for policy, estimand in sorted(self._has_exact_mean[point]):
                best, worst = (means[policy, estimand, case] for case in (Case.BEST, Case.WORST))
                limits = [x for a in (alpha, alpha / 2) for x in (best.interval(a)[0], worst.interval(a)[1])]
                rows.append([point, policy, estimand, *limits])
                if len(rows) == _MEANS_RECORDED:
                    return rows
        return rows

    def _missed(self) -> list[tuple[int, Standing]]:
        return [(p, s) for p in range(self.n_points) for s in self.standings(p) if not s.is_met]

    def _is_met(self, point: int) -> bool:
        found = self.standings(point)
        return bool(found) and all(standing.is_met for standing in found)

    def _to_finish(self, point: int) -> float:
        """Replicates that a point is projected to need yet; infinite if no number is in sight."""
        worst = max((standing.ratio for standing in self.standings(point)), default=math.inf)
        return self.n_done[point] * (worst * worst - 1)

    def _wanted(self, point: int) -> int:
        """Replicates that a point would get in this round, whole blocks within its own budget."""
        done = self.n_done[point]
        if self._is_met(point):
            return 0
        if done == 0:
            more = float(FIRST_REPLICATES)
        else:
            more = min(max(self._to_finish(point), (LEAST_GROWTH - 1) * done), (GROWTH - 1) * done)
        whole = math.ceil(more / self.block) * self.block
        return min(whole, self.budget.per_point - done)


def _metric_text(standing: Standing) -> str:
    """Give a metric with its unit: times in ms, ratios and probabilities as they are."""
    clause = standing.clause
    is_time = clause.metric != "relative_error" and clause.quantity not in ("livelock_prob", "p_reached")
    return f"{standing.metric / 1e6:.4g} ms" if is_time else f"{standing.metric:.4g}"
