"""How much was run, and whether the data themselves decided it.

Takes stored results, gives text for the head of a table or a page. Must know nothing of estimates.
"""

import json

from mcoom.store.record import Results

FIXED_N = "* for a number of replicates fixed beforehand: this run stopped by its own data (docs/stopping.md)"
"""Footnote to what does not hold at any time of stopping."""


def replicates_text(results: Results) -> str:
    """Return how many replicates a cell has, a range where points differ."""
    counts = [point.tally.n_replicates for point in results.points]
    low, high = min(counts), max(counts)
    return f"{low:,} replicates per cell" if low == high else f"{low:,} to {high:,} replicates per cell"


def stopping_text(results: Results) -> str:
    """Return what to know of a run that stopped by itself, empty for any other."""
    stored = results.provenance.get("stopping")
    if not stored:
        return ""
    how = json.loads(str(stored))
    n_open = how["n_conditions_open"]
    met = "all conditions are met" if not n_open else f"{n_open:,} condition(s) are not met"
    return (
        f"stopped by its own data (until {how['until']}; {met}): intervals of whole points, and tests of means, pairs "
        "and livelocks, hold at any time of stopping; what is marked with * (log-rank tests, curves, strata, all "
        "points together) is for a number of replicates fixed beforehand (docs/stopping.md)"
    )
