"""What nobody measured of the machine: drawn from stated ranges, once per simulated machine.

Takes factors and a seed, gives one value per machine and unknown. Must know nothing of outcomes. A prediction is made
for several machines, so that its intervals hold this ignorance beside the randomness of the boots.
"""

from dataclasses import dataclass

import numpy as np

from mcoom.design.stream import draw, stream_key

MACHINES = 40
"""Simulated machines per configuration. Every unknown is drawn once from each of as many equal parts of its
range (Latin hypercube)."""

MIN_PAGES = (154, 210)
"""Min mark (README of the data); it follows the size of the memory, which no column says."""
PCP_PAGES = (166, 202)
"""Freed pages that sit on per-CPU lists (README of the data)."""
OWN_PAGES = (0, 40)
"""Pages of a victim besides the ``vkb`` KiB that it touches, as far as a page fault can have them again (assumed; no
column says): stack, data and page tables of a small static program, less what stays on per-CPU lists of its kind."""
BOOST_PAGES = 1024
"""Watermark boost, one page block (README of the data; mm/page_alloc.c:boost_watermark@v6.1)."""
BOOST_SHARE = 0.13
"""Share of machines whose first round is boosted. A boost needs the kernel's own (unmovable) pages to use up a page
block while a round begins, wherever in the block they stood: the seven processes of a round take some 18 pages each (4
of stack, 2 to 3 of task, 8 or 9 of page tables, the rest slab), and 130 of 1,024 is 0.13. The README of the data says
"in some boots"."""
PATH_SPAN = 2.0
"""A path through the kernel that nobody measured costs between nothing and this many times the shortest one that was
measured, ``lock_to_kill_beside_selection``."""

PATHS = ("trylock", "post_kill", "exit_start", "switch")
"""Paths not measured: entry to trylock, SIGKILL to unlock, SIGKILL to the exit, and a context switch."""
QUANTILES = ("pass", "attempt", "gate_wake", "report", "cold")
"""Stages of which a machine has one cost, somewhere among the measured ones."""
_UNKNOWNS = ("min", "pcp", "own", "boost", *QUANTILES, *PATHS, "fault")
_PURPOSE = 32
"""Purpose of the first unknown in the keys of the streams; the others follow."""


@dataclass(frozen=True)
class Unknowns:
    """Values of ``MACHINES`` simulated machines."""

    min_pages: np.ndarray
    """int64[MACHINES]."""
    pcp_pages: np.ndarray
    """int64[MACHINES]."""
    own_pages: np.ndarray
    """int64[MACHINES]: pages of a victim besides those that it touches."""
    boosted: np.ndarray
    """bool[MACHINES]: whether the first round is boosted from its first kill on."""
    quantiles: dict[str, np.ndarray]
    """float64[MACHINES] in 0..1 per stage of ``QUANTILES``: which of its quantiles holds."""
    fault_share: np.ndarray
    """float64[MACHINES] in 0..1: how much of a page fault comes before the page is allocated. No column divides it."""
    paths: dict[str, np.ndarray]
    """float64[MACHINES] per path: its cost as a multiple of the shortest measured path."""


def draw_unknowns(seed: int, point: int) -> Unknowns:
    """Draw the unknowns of the machines of one configuration.

    Parameters
    ----------
    seed, point : int
        Root seed and the number of the configuration (``Factors.point``): nothing else enters.

    Returns
    -------
    Unknowns
        For each unknown, one value in each of ``MACHINES`` equal parts of its range, in random order.
    """
    u = {}
    for i, name in enumerate(_UNKNOWNS):
        keys = stream_key(seed, point, np.arange(MACHINES), 0, 0, _PURPOSE + i)
        order = np.argsort(draw(keys, 0), kind="stable")
        u[name] = (order + draw(keys, 1) / 2.0**64) / MACHINES
    return Unknowns(
        min_pages=_pages(MIN_PAGES, u["min"]),
        pcp_pages=_pages(PCP_PAGES, u["pcp"]),
        own_pages=_pages(OWN_PAGES, u["own"]),
        boosted=u["boost"] < BOOST_SHARE,
        fault_share=u["fault"],
        quantiles={name: u[name] for name in QUANTILES},
        paths={name: PATH_SPAN * u[name] for name in PATHS},
    )


def _pages(span: tuple[int, int], u: np.ndarray) -> np.ndarray:
    """Return whole pages, uniform on a range that includes both ends."""
    low, high = span
    return low + np.minimum(high - low, (u * (high - low + 1)).astype(np.int64))
