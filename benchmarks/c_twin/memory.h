/* Pages: marks, allocation, reclaim (docs/model.md section 7). */
#ifndef TWIN_MEMORY_H
#define TWIN_MEMORY_H

#include "state.h"

enum { SWAP_CLUSTER_MAX = 32 };

static inline int64_t min_mark(const Episode *e) { return e->m.min_pages + e->n.boost; }
static inline int64_t high_mark(const Episode *e) { return e->m.high_pages + e->n.boost; }

/* The free pages that a task must leave. */
static inline int64_t mark(const Episode *e, const Task *t)
{
    int64_t base = min_mark(e);
    if (t->killed) {
        if (e->p.reserves == RESERVES_FULL)
            return 0;
        if (e->p.reserves == RESERVES_HALF)
            return base - base / 2;
    }
    return t->fair ? base : base - base / e->p.rt_reserve;
}

/* The pages that the retry test counts on. */
static inline int64_t available(const Episode *e)
{
    int64_t on_lru = e->n.reclaimable + e->m.stuck_lru_pages;
    return on_lru == 0 && e->p.lru_fallback ? 2 * e->n.free : on_lru + e->n.free;
}

/* Give a task the pages of one fault, or what there is above the mark; return whether it got any. */
static inline bool try_alloc(Episode *e, Task *t, int64_t mark_pages)
{
    int64_t above = e->n.free - mark_pages;
    if (above <= 0)
        return false;
    int64_t pages = min64(t->cls->fault_pages, above + e->n.pcp);
    int64_t listed = min64(pages, e->n.pcp);
    e->n.pcp -= listed;
    e->n.free -= pages - listed;
    t->rss += pages;
    t->taken += pages;
    return true;
}

/* Free pages: the first fill the per-CPU lists. */
static inline void give_back(Episode *e, int64_t pages)
{
    int64_t listed = min64(pages, e->m.pcp_pages - e->n.pcp);
    e->n.pcp += listed;
    e->n.free += pages - listed;
}

/* Reclaim what one pass reclaims; return whether that was anything. */
static inline bool reclaim(Episode *e)
{
    int64_t pages = min64(SWAP_CLUSTER_MAX, e->n.reclaimable);
    e->n.reclaimable -= pages;
    e->n.free += pages;
    return pages > 0;
}

#endif
