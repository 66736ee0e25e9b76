/* The arithmetic of CFS: vruntime, min_vruntime, slices, wake-up preemption, buddies (docs/model.md section 5). */
#ifndef TWIN_FAIR_H
#define TWIN_FAIR_H

#include "burst.h"
#include "heap.h"

enum { NICE_0_WEIGHT = 1024, NR_LATENCY = 8 };

static inline int64_t delta_v(int64_t delta_ns, int64_t weight)
{
    return weight == NICE_0_WEIGHT ? delta_ns : (delta_ns * ((INT64_C(1) << 32) / weight)) >> 22;
}

static inline void update_min(Cpu *c)
{
    const Task *t = c->curr;
    int64_t v;
    if (t && t->fair) {
        v = t->vruntime;
        if (c->fair->size > 0)
            v = min64(v, heap_first_key(c->fair));
    } else if (c->fair->size > 0) {
        v = heap_first_key(c->fair);
    } else {
        return;
    }
    c->min_v = max64(c->min_v, v);
}

/* Charge the running task for the time since it was last charged. */
static void update_curr(Episode *e, int64_t now, Cpu *c)
{
    Task *t = c->curr;
    if (!t)
        return;
    int64_t delta = now - c->exec_start;
    c->exec_start = now;
    t->sum_exec += delta;
    if (t->fair) {
        t->vruntime += delta_v(delta, t->weight);
        update_min(c);
        return;
    }
    c->rt_time += delta;
    if (e->m.rt_runtime_ns >= 0 && c->rt_time > e->m.rt_runtime_ns && !c->throttled) {
        c->throttled = 1;
        need(e, now, c);
    }
}

/* -1, 0 or 1: b is behind a, ahead of it within the wake-up granularity, or ahead beyond it. */
static inline int wakeup_preempts(const Episode *e, const Task *a, const Task *b)
{
    int64_t behind = a->vruntime - b->vruntime;
    if (behind <= 0)
        return -1;
    return behind > delta_v(e->m.wakeup_gran_ns, b->weight);
}

static inline bool may_be_buddy(const Episode *e, const Task *t)
{
    return t->sclass != SCHED_CLASS_IDLE || (e->p.sched == SCHED_CFS61 && e->m.groups == 0);
}

static inline void clear_buddies(Cpu *c, const Task *t)
{
    if (c->last == t)
        c->last = NULL;
    if (c->next == t)
        c->next = NULL;
}

/* Decide whether fair task t, just queued, preempts the fair task that runs there. */
static void wakeup_check(Episode *e, int64_t now, Cpu *c, Task *t)
{
    Task *curr = c->curr;
    if (c->need)
        return;
    if (!(curr->sclass == SCHED_CLASS_IDLE && t->sclass != SCHED_CLASS_IDLE)) {
        if (t->sclass != SCHED_CLASS_OTHER)
            return;
        update_curr(e, now, c);
        if (wakeup_preempts(e, curr, t) != 1)
            return;
        if (may_be_buddy(e, t))
            c->next = t;
    }
    need(e, now, c);
    if (c->nr >= NR_LATENCY && may_be_buddy(e, curr))
        c->last = curr;
}

/* The ideal runtime of a task that runs, or (extra 1) is not yet counted. */
static int64_t slice_ns(const Episode *e, const Cpu *c, const Task *t, int64_t extra)
{
    int64_t nr = c->nr + extra;
    int64_t period = nr > NR_LATENCY ? nr * e->m.min_gran_ns : e->m.latency_ns;
    int64_t ideal = period * t->weight / (c->load + extra * t->weight);
    if (e->p.sched == SCHED_CFS61) {
        bool light = e->m.groups == 1 && t->sclass == SCHED_CLASS_IDLE && c->nr_idle + extra < nr;
        ideal = max64(ideal, light ? e->m.idle_min_gran_ns : e->m.min_gran_ns);
    }
    return ideal;
}

static void check_tick(Episode *e, int64_t now, Cpu *c)
{
    Task *t = c->curr;
    int64_t ideal = slice_ns(e, c, t, 0);
    int64_t ran = t->sum_exec - c->slice_start;
    if (ran > ideal) {
        need(e, now, c);
        clear_buddies(c, t);
    } else if (ran >= e->m.min_gran_ns && c->fair->size > 0) {
        if (t->vruntime - heap_first_key(c->fair) > ideal)
            need(e, now, c);
    }
}

/* The fair task to run next, whose queue is not empty; it is cleared as a buddy. */
static Task *pick_fair(Episode *e, Cpu *c)
{
    Task *head = heap_first(c->fair);
    Task *chosen = head;
    if (c->last && wakeup_preempts(e, c->last, head) < 1)
        chosen = c->last;
    if (c->next && wakeup_preempts(e, c->next, head) < 1)
        chosen = c->next;
    clear_buddies(c, chosen);
    return chosen;
}

#endif
