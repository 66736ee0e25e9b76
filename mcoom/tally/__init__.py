"""Integer tallies of the outputs of the engine.

Takes rows of outputs, gives histograms, counts and exact sums that merge in any order. Must know nothing about files,
statistics or how a replicate was simulated.
"""

from mcoom.tally.edges import latency_edges_ns
from mcoom.tally.plan import TallyPlan
from mcoom.tally.tally import PointTally

__all__ = ["PointTally", "TallyPlan", "latency_edges_ns"]
