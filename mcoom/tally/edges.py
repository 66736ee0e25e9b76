"""The fixed edges on which all times are counted.

Takes times in ns, gives bin numbers; the edges are integers made by one integer rule, so they are the same on every
machine. Must know nothing about what the times mean.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

FIRST_EDGE_NS = 100
"""Lower edge of the first bin; shorter times are in the underflow bin."""
LAST_EDGE_NS = 2_000_000_000_000
"""The last edge is the first one at or above this; longer times are in the overflow bin."""
WIDTH_DIVISOR = 50
"""A bin that starts at ``e`` is ``e // 50`` wide: never more than 2 % of its lower edge."""


@lru_cache(maxsize=1)
def _edges() -> NDArray[np.int64]:
    edges = [FIRST_EDGE_NS]
    while edges[-1] < LAST_EDGE_NS:
        edges.append(edges[-1] + edges[-1] // WIDTH_DIVISOR)
    array = np.array(edges, dtype=np.int64)
    array.flags.writeable = False
    return array


def latency_edges_ns() -> NDArray[np.int64]:
    """Return the edges of the bins of time.

    Returns
    -------
    int64[B + 1]
        Increasing edges in ns, from 100 ns to at least 2000 s, read-only. Bin ``b`` (1..B) holds the times
        ``edges[b - 1] <= t < edges[b]``, bin 0 those below, bin B + 1 those at or above the last edge.
    """
    return _edges()


def n_bins() -> int:
    """Return the number of bins, underflow and overflow included (B + 2)."""
    return len(_edges()) + 1


def bin_of_ns(times_ns: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the bin number of each time.

    Parameters
    ----------
    times_ns : int64[...]
        Times >= 0 in ns.

    Returns
    -------
    int64[...]
        Numbers 0..B + 1.
    """
    return np.searchsorted(_edges(), times_ns, side="right").astype(np.int64)
