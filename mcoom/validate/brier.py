"""The integrated Brier score on log time: one proper score of a whole predicted curve.

Takes a predicted survival curve and what was observed, gives decades. Must know nothing of cells.

For each observed time y the score is the integral of (S(t) - 1[y > t])^2 over log10 t, from a floor up to the time that
was watched. It is the continuous ranked probability score of log10 of the time, weighted by 1 between floor and horizon
and by 0 elsewhere. A horizon is set before an episode begins, so cutting there keeps the score proper: nobody expects
to do better by stating another curve than the one believed. A curve that is wrong by one decade everywhere scores 1.

Source: Graf, Schmoor, Sauerbrei, Schumacher, Stat. Med. 18 (1999) 2529-2545; Gneiting and Ranjan, J. Bus. Econ.
Stat. 29 (2011) 411-422 (weights keep it proper).
"""

from dataclasses import dataclass

import numpy as np

from mcoom.validate.curve import Curve

END_NS = 1 << 62
"""Later than anything that is watched."""


@dataclass(frozen=True)
class BrierIntegral:
    """Integrals over log10 t of a curve's squared distance from 0 and from 1, up to each of its steps."""

    log10_ns: np.ndarray
    """float64[m]: floor, steps, end; rising."""
    above: np.ndarray
    """float64[m]: integral of (S - 1)^2 from the floor: what it costs while the kill has not come."""
    below: np.ndarray
    """float64[m]: integral of S^2 from the floor: what it costs after the kill."""

    @classmethod
    def of(cls, curve: Curve, low_ns: int, high_ns: int = END_NS) -> "BrierIntegral":
        """Integrate a curve from ``low_ns`` to ``high_ns``, both above 0, the second the larger."""
        steps = curve.times_ns[(curve.times_ns > low_ns) & (curve.times_ns < high_ns)]
        knots = np.concatenate([[low_ns], steps, [high_ns]])
        survival = curve.at(knots[:-1])
        width = np.diff(np.log10(knots))

        def total(square: np.ndarray) -> np.ndarray:
            return np.concatenate([[0.0], np.cumsum(square * width)])

        return cls(np.log10(knots), total((1.0 - survival) ** 2), total(survival**2))

    def score(self, time_ns: np.ndarray, watched_ns: np.ndarray) -> np.ndarray:
        """Return the score of each observed time, decades.

        Parameters
        ----------
        time_ns : ndarray
            int64[n]: time to kill; of a censored one, anything from ``watched_ns`` on.
        watched_ns : ndarray
            int64[n]: where the watching of each would end, or did.

        Returns
        -------
        ndarray
            float64[n], at least 0; 0 where watching ends at the floor.
        """
        floor, end = self.log10_ns[0], self.log10_ns[-1]
        until = np.clip(np.log10(np.maximum(watched_ns, 1)), floor, end)
        ends = np.minimum(np.clip(np.log10(np.maximum(time_ns, 1)), floor, end), until)
        after = np.interp(until, self.log10_ns, self.below) - np.interp(ends, self.log10_ns, self.below)
        return np.asarray(np.interp(ends, self.log10_ns, self.above) + after)


def at_once() -> Curve:
    """Return the curve of what happens at time 0."""
    return Curve(np.zeros(1, np.int64), np.zeros(1), 0)


def never(horizon_ns: int) -> Curve:
    """Return the curve of what does not happen up to a horizon."""
    return Curve(np.zeros(0, np.int64), np.zeros(0), horizon_ns)


def mixture(curves: list[Curve]) -> Curve:
    """Return the mean of some curves: what somebody would say who knows them all but not which one is meant."""
    times = np.unique(np.concatenate([curve.times_ns for curve in curves]))
    survival = np.zeros(len(times))
    for curve in curves:
        survival += curve.at(times)
    return Curve(times, survival / len(curves), max(curve.horizon_ns for curve in curves))
