"""Pages: marks, allocation, reclaim.

Takes a task that wants pages, moves pages between free and held. Must not know what the task does when it gets none.
docs/model.md section 7; mm/page_alloc.c (__zone_watermark_ok, ALLOC_HARDER, ALLOC_OOM).
"""

from mcoom._jit import leaf
from mcoom.engine.record import emit
from mcoom.engine.state import (
    BOOST_PAGES,
    C_FAULT_PAGES,
    CPU,
    FAIR,
    FREE,
    KILLED,
    MIN_PAGES,
    RECLAIMABLE,
    RESERVES,
    ROW,
    RSS,
    RT_RESERVE,
    TAKEN,
)
from mcoom.engine.words import RESERVES_FULL, RESERVES_HALF, T_ALLOC

_SWAP_CLUSTER_MAX = 32


@leaf
def mark(s, i):
    """Return the number of free pages that task ``i`` must leave."""
    base = s.g[MIN_PAGES] + s.g[BOOST_PAGES]
    if s.task[i, KILLED] == 1:
        if s.g[RESERVES] == RESERVES_FULL:
            return 0
        if s.g[RESERVES] == RESERVES_HALF:
            return base - base // 2
    if s.task[i, FAIR] == 0:
        return base - base // s.g[RT_RESERVE]
    return base


@leaf
def try_alloc(s, now, i, mark_pages):
    """Give task ``i`` the pages of one fault, or what there is above ``mark_pages``; return whether it got any."""
    pages = min(s.g[s.task[i, ROW] + C_FAULT_PAGES], s.g[FREE] - mark_pages)
    if pages <= 0:
        return False
    s.g[FREE] -= pages
    s.task[i, RSS] += pages
    s.task[i, TAKEN] += pages
    emit(s, now, T_ALLOC, s.task[i, CPU], i, s.g[FREE])
    return True


@leaf
def reclaim(s):
    """Reclaim what one pass reclaims (SWAP_CLUSTER_MAX pages at most); return whether that was anything."""
    pages = min(_SWAP_CLUSTER_MAX, s.g[RECLAIMABLE])
    s.g[RECLAIMABLE] -= pages
    s.g[FREE] += pages
    return pages > 0
