"""Pages: marks, allocation, reclaim.

Takes a task that wants pages, moves pages between free and held. Must not know what the task does when it gets none.
docs/model.md section 7; mm/page_alloc.c (__zone_watermark_ok, ALLOC_HARDER, ALLOC_OOM).
"""

from mcoom._jit import leaf
from mcoom.engine.record import emit
from mcoom.engine.state import (
    BOOST,
    C_FAULT_PAGES,
    CPU,
    FAIR,
    FREE,
    HIGH_PAGES,
    KILLED,
    LRU_FALLBACK,
    MIN_PAGES,
    PCP,
    PCP_PAGES,
    RECLAIMABLE,
    RESERVES,
    ROW,
    RSS,
    RT_RESERVE,
    STUCK_LRU_PAGES,
    TAKEN,
)
from mcoom.engine.words import RESERVES_FULL, RESERVES_HALF, T_ALLOC

_SWAP_CLUSTER_MAX = 32


@leaf
def min_mark(s):
    """Return the min mark as it stands: with the boost once that is on."""
    return s.g[MIN_PAGES] + s.g[BOOST]


@leaf
def high_mark(s):
    """Return the high mark as it stands."""
    return s.g[HIGH_PAGES] + s.g[BOOST]


@leaf
def mark(s, i):
    """Return the number of free pages that task ``i`` must leave."""
    base = min_mark(s)
    if s.task[i, KILLED] == 1:
        if s.g[RESERVES] == RESERVES_FULL:
            return 0
        if s.g[RESERVES] == RESERVES_HALF:
            return base - base // 2
    if s.task[i, FAIR] == 0:
        return base - base // s.g[RT_RESERVE]
    return base


@leaf
def available(s):
    """Return the pages that the retry test counts on (should_reclaim_retry): free ones and those on the LRUs."""
    on_lru = s.g[RECLAIMABLE] + s.g[STUCK_LRU_PAGES]
    if on_lru == 0 and s.g[LRU_FALLBACK] == 1:
        return 2 * s.g[FREE]
    return on_lru + s.g[FREE]


@leaf
def try_alloc(s, now, i, mark_pages):
    """Give task ``i`` the pages of one fault, or what there is above ``mark_pages``; return whether it got any.

    Pages on per-CPU lists are handed out first, but only while the free list is above the mark.
    """
    above = s.g[FREE] - mark_pages
    if above <= 0:
        return False
    pages = min(s.g[s.task[i, ROW] + C_FAULT_PAGES], above + s.g[PCP])
    listed = min(pages, s.g[PCP])
    s.g[PCP] -= listed
    s.g[FREE] -= pages - listed
    s.task[i, RSS] += pages
    s.task[i, TAKEN] += pages
    emit(s, now, T_ALLOC, s.task[i, CPU], i, s.g[FREE])
    return True


@leaf
def give_back(s, pages):
    """Free ``pages`` pages: the first fill the per-CPU lists, out of reach while the free list is below the mark."""
    listed = min(pages, s.g[PCP_PAGES] - s.g[PCP])
    s.g[PCP] += listed
    s.g[FREE] += pages - listed


@leaf
def reclaim(s):
    """Reclaim what one pass reclaims (SWAP_CLUSTER_MAX pages at most); return whether that was anything."""
    pages = min(_SWAP_CLUSTER_MAX, s.g[RECLAIMABLE])
    s.g[RECLAIMABLE] -= pages
    s.g[FREE] += pages
    return pages > 0
