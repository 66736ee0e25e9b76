/* The mutex oom_lock: owner, waiters, hand-off (docs/model.md section 9). */
#ifndef TWIN_LOCK_H
#define TWIN_LOCK_H

#include "placement.h"
#include "times.h"

static inline void join_waiters(Episode *e, Task *t)
{
    if (t->waits)
        return;
    t->waits = 1;
    t->before = e->n.last_waiter;
    t->after = NULL;
    if (t->before)
        t->before->after = t;
    else
        e->n.first_waiter = t;
    e->n.last_waiter = t;
}

/* The hand-off flag goes with the last of the waiters. */
static inline void leave_waiters(Episode *e, Task *t)
{
    t->waits = 0;
    if (t->before)
        t->before->after = t->after;
    else
        e->n.first_waiter = t->after;
    if (t->after)
        t->after->before = t->before;
    else
        e->n.last_waiter = t->before;
    if (!e->n.first_waiter)
        e->n.handoff = 0;
}

/* Let a running task wait for the lock; woken, it tries again. */
static void block(Episode *e, int64_t now, Task *t)
{
    join_waiters(e, t);
    set_burst(t, now, PHASE_LOCKTRY, 0);
    stop(e, now, t, STATE_BLOCKED);
}

static inline void note_hold(Episode *e, int64_t now) { e->n.hold_max = max64(e->n.hold_max, now - e->n.hold_start); }

static void take(Episode *e, int64_t now, Task *t)
{
    if (e->n.owner == t)
        note_hold(e, now);
    e->n.owner = t;
    e->n.handoff = 0;
    e->n.hold_start = now;
    t->cpu_at_acquire = cpu_used(t, now);
}

/* Give up the lock: hand it over if the first waiter asked for that; wake that one. */
static void unlock(Episode *e, int64_t now)
{
    Task *first = e->n.first_waiter;
    note_hold(e, now);
    e->n.owner = NULL;
    if (!first)
        return;
    if (e->n.handoff) {
        e->n.owner = first;
        e->n.hold_start = now;
        e->n.handoff = 0;
    }
    if (first->state == STATE_BLOCKED)
        wake(e, now, first);
}

#endif
