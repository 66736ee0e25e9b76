/* Passes that cannot succeed: many bursts in a row without an event between them. Such a task touches nothing but its
 * own burst, its stream and some sums, so tasks of different CPUs may be taken one after the other. */
#ifndef TWIN_FUTILE_H
#define TWIN_FUTILE_H

#include "memory.h"
#include "program.h"
#include "rng.h"

/* Whether the running task is in a pass, or before or behind one, that changes nothing. */
static inline bool is_futile(const Episode *e, const Cpu *c)
{
    const Task *t = c->curr;
    if (!t || c->need || e->n.reclaimable > 0)
        return false;
    if (t->phase != PHASE_PASS && t->phase != PHASE_ENTRY && t->phase != PHASE_TRYLOCK)
        return false;
    return !t->killed && e->n.free <= mark(e, t);
}

/* Whether the futile pass that the running task is in is not the last one of its attempt. */
static inline bool passes_follow(const Episode *e, const Cpu *c)
{
    if (!e->m.stuck_lru_pages && !e->p.lru_fallback)
        return false; /* nothing looks reclaimable, and free memory is not above the mark */
    return c->curr->loops < MAX_RECLAIM_RETRIES && is_futile(e, c) && available(e) > mark(e, c->curr);
}

/* Whether a failed attempt is followed by the next one: the lock is taken, and its losers spin. */
static inline bool spins_on(const Episode *e)
{
    return e->p.lock == LOCK_TRYLOCK_SPIN && e->n.owner && e->n.inv_open;
}

/* Run a futile task on, as long as its bursts end before until and change nothing else; return how many ended. */
static int64_t run_futile(Episode *e, Cpu *c, int64_t until)
{
    Task *t = c->curr;
    const bool spins = spins_on(e);
    const bool again = available(e) > mark(e, t);
    const uint64_t stream = fold_key(t->stream, PURPOSE_PASS, 5);
    const int64_t *shape = shape_table(e, e->m.pass_shape);
    const int64_t pass_ns = e->m.pass_ns, entry_ns = e->m.entry_ns, trylock_ns = e->m.trylock_ns;
    int64_t phase = t->phase, end = c->end, cost = t->pass_cost;
    int64_t loops = t->loops, n_drawn = t->draws[PURPOSE_PASS];
    int64_t length = 0, n_events = 0, n_pass = 0, futile_ns = 0, n_entry = 0, n_fail = 0;
    while (end < until) {
        bool attempt_ends = phase == PHASE_PASS && (loops >= MAX_RECLAIM_RETRIES || !again);
        if ((attempt_ends || phase == PHASE_TRYLOCK) && !spins)
            break;
        n_events++;
        if (phase == PHASE_PASS) {
            n_pass++;
            futile_ns += cost;
            loops++;
        }
        n_entry += attempt_ends;
        if (attempt_ends && trylock_ns > 0) {
            phase = PHASE_TRYLOCK;
            length = trylock_ns;
        } else if (attempt_ends || phase == PHASE_TRYLOCK) {
            n_fail++;
            loops = 0;
            phase = PHASE_ENTRY;
            length = entry_ns;
        } else {
            cost = pass_ns > 0 ? max64(1, (pass_ns * quantile(shape, draw_number(stream, ++n_drawn))) >> 20) : 1;
            phase = PHASE_PASS;
            length = cost;
        }
        end += length;
    }
    if (n_events == 0)
        return 0;
    t->phase = phase;
    t->total = t->left = length;
    c->end = end;
    t->pass_cost = cost;
    t->loops = loops;
    t->draws[PURPOSE_PASS] = n_drawn;
    e->n.n_events += n_events;
    e->n.n_pass += n_pass;
    e->n.n_futile += n_pass;
    e->n.futile_ns += futile_ns;
    e->n.n_entry += n_entry;
    e->n.n_tryfail += n_fail;
    return n_events;
}

static inline int64_t shortest_pass(const Episode *e)
{
    return max64(1, (e->m.pass_ns * shape_table(e, e->m.pass_shape)[0]) >> 20);
}

/* An earlier time by which the event budget cannot be exhausted: a CPU ends at most three bursts in the time of the
 * shortest pass, and there are at most 64 CPUs. */
static inline int64_t within_budget(const Episode *e, int64_t now, int64_t until)
{
    return min64(until, now + ((e->m.max_events - e->n.n_events) / 256 - 1) * shortest_pass(e));
}

/* A time before which the futile attempt on a CPU cannot end: all its passes are the shortest. */
static inline int64_t attempt_ends(const Episode *e, const Cpu *c)
{
    const Task *t = c->curr;
    int64_t n_more = available(e) > mark(e, t) ? MAX_RECLAIM_RETRIES - t->loops : 0;
    if (t->phase == PHASE_ENTRY)
        n_more++;
    else if (t->phase == PHASE_TRYLOCK)
        n_more = 0;
    return c->end + n_more * shortest_pass(e);
}

/* Run every futile task on until something else happens; return whether any burst ended. Where losers do not spin, the
 * end of an attempt is something else. */
static bool run_all_futile(Episode *e, int64_t now, int64_t quiet_until)
{
    int64_t until = within_budget(e, now, min64(quiet_until, e->n.limit));
    const bool spins = spins_on(e);
    int64_t ran = 0;
    for (Cpu *c = e->cpus; c < cpus_end(e); c++) {
        if (c->need)
            until = min64(until, c->resched_at);
        if (!is_futile(e, c))
            until = min64(until, c->end);
        else if (!spins)
            until = min64(until, attempt_ends(e, c));
    }
    for (Cpu *c = e->cpus; c < cpus_end(e); c++)
        if (c->end < until && is_futile(e, c))
            ran += run_futile(e, c, until);
    return ran > 0;
}

#endif
