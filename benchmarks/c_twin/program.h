/* What allocators do outside oom_lock: start, touch pages, reclaim, retry (docs/model.md section 8). */
#ifndef TWIN_PROGRAM_H
#define TWIN_PROGRAM_H

#include "memory.h"
#include "placement.h"
#include "rng.h"
#include "times.h"

enum { MAX_RECLAIM_RETRIES = 16 };

static inline int64_t class_burst(const Episode *e, Task *t, int64_t fixed, int64_t varying, int64_t shape, int64_t purpose)
{
    return varying > 0 ? fixed + scaled(e, varying, shape, draw(t, purpose)) : fixed;
}

/* Let a task that is new or gated begin its program. */
static void start(Episode *e, int64_t now, Task *t)
{
    const Class *k = t->cls;
    if (k->program == PROGRAM_HOG)
        set_burst(t, now, PHASE_HOG, INF / 2);
    else
        set_burst(t, now, PHASE_FIRST, class_burst(e, t, k->first_ns, k->first_var_ns, k->first_shape, PURPOSE_FIRST));
    wake(e, now, t);
}

static inline void exit_begin(const Episode *e, int64_t now, Task *t)
{
    set_burst(t, now, PHASE_EXIT_START, e->m.exit_start_ns);
}

static inline void touch(const Episode *e, int64_t now, Task *t)
{
    const Class *k = t->cls;
    int64_t total = class_burst(e, t, k->touch_ns, k->touch_var_ns, k->touch_shape, PURPOSE_TOUCH);
    set_burst(t, now, PHASE_TOUCH, max64(1, total));
}

/* Leave the slow path: to its death if it is killed, else back to touching the page it got. */
static void leave_slow(Episode *e, int64_t now, Task *t)
{
    t->in_slow = 0;
    e->n.n_slow--;
    check_recovery(e, now);
    if (t->killed)
        exit_begin(e, now, t);
    else
        touch(e, now, t);
}

static inline void attempt(const Episode *e, int64_t now, Task *t)
{
    t->loops = 0;
    set_burst(t, now, PHASE_ENTRY, e->m.entry_ns);
}

/* Fault the next pages in; without free memory the task enters the slow path. */
static void try_touch(Episode *e, int64_t now, Task *t)
{
    const Class *k = t->cls;
    if (t->killed) {
        exit_begin(e, now, t);
        return;
    }
    if (k->limit_pages >= 0 && t->taken >= k->limit_pages) {
        stop(e, now, t, STATE_PARKED);
        return;
    }
    if (try_alloc(e, t, mark(e, t))) {
        touch(e, now, t);
        return;
    }
    t->in_slow = 1;
    e->n.n_slow++;
    t->nofs = k->nofs_frac > 0 && fraction(draw(t, PURPOSE_NOFS)) < k->nofs_frac;
    attempt(e, now, t);
}

static inline void begin_pass(const Episode *e, int64_t now, Task *t)
{
    int64_t total = e->m.pass_ns;
    if (total > 0)
        total = scaled(e, total, e->m.pass_shape, draw(t, PURPOSE_PASS));
    /* Kept apart from total, to which context switches are added. */
    t->pass_cost = max64(1, total);
    set_burst(t, now, PHASE_PASS, t->pass_cost);
}

/* Do what follows a reclaim pass; return whether the task must go to OOM. */
static inline bool end_pass(Episode *e, int64_t now, Task *t)
{
    bool progress = reclaim(e);
    e->n.n_pass++;
    if (!progress) {
        e->n.n_futile++;
        e->n.futile_ns += t->pass_cost;
    }
    t->loops = progress ? 0 : t->loops + 1;
    /* The free list is not looked at after the last futile pass. */
    if (t->loops > MAX_RECLAIM_RETRIES && !t->killed)
        return true;
    if (try_alloc(e, t, mark(e, t)) || t->killed) {
        leave_slow(e, now, t);
        return false;
    }
    if (available(e) <= mark(e, t))
        return true;
    begin_pass(e, now, t);
    return false;
}

/* Try the free list again; if that fails a new attempt begins. */
static void retry_top(Episode *e, int64_t now, Task *t)
{
    if (try_alloc(e, t, mark(e, t)) || t->killed)
        leave_slow(e, now, t);
    else
        attempt(e, now, t);
}

#endif
