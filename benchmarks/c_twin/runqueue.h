/* The runqueue of one CPU: who is queued, who stops, who is picked, who moves (docs/model.md section 5). */
#ifndef TWIN_RUNQUEUE_H
#define TWIN_RUNQUEUE_H

#include "fair.h"

static inline bool allowed(const Task *t, const Cpu *c) { return (t->affinity >> c->number) & 1; }

/* Insert a runnable task into its queue, behind its equals if fresh. */
static inline void queue_task(Episode *e, Cpu *c, Task *t, bool fresh)
{
    if (t->fair) {
        t->key = t->vruntime;
        t->tie = new_stamp(e);
        heap_insert(c->fair, t);
        return;
    }
    t->key = 99 - t->prio;
    if (fresh)
        t->tie = new_stamp(e);
    heap_insert(c->rt, t);
    e->n.n_rt_queued++;
}

static inline void unqueue_task(Episode *e, Cpu *c, Task *t)
{
    if (t->fair) {
        heap_remove(c->fair, t);
    } else {
        heap_remove(c->rt, t);
        e->n.n_rt_queued--;
    }
}

static inline void count_in(Episode *e, Cpu *c, const Task *t)
{
    c->nr++;
    c->load += t->weight;
    if (t->sclass == SCHED_CLASS_IDLE) {
        c->nr_idle++;
        e->n.n_idle++;
    }
}

static inline void count_out(Episode *e, Cpu *c, const Task *t)
{
    c->nr--;
    c->load -= t->weight;
    if (t->sclass == SCHED_CLASS_IDLE) {
        c->nr_idle--;
        e->n.n_idle--;
    }
    clear_buddies(c, t);
}

/* Ask for a reschedule if task t, just queued, should run instead of the present one. */
static void check_preempt(Episode *e, int64_t now, Cpu *c, Task *t)
{
    const Task *curr = c->curr;
    if (!curr) {
        need(e, now, c);
    } else if (!t->fair) {
        if (curr->fair || curr->prio < t->prio)
            need(e, now, c);
    } else if (curr->fair) {
        wakeup_check(e, now, c, t);
    }
}

/* Queue a task that wakes: a sleeper ahead by its credit, a new task behind by a slice. */
static void enqueue_woken(Episode *e, int64_t now, Task *t, Cpu *c)
{
    if (t->fair && t->cpu != c)
        t->vruntime += c->min_v - t->cpu->min_v;
    t->cpu = c;
    update_curr(e, now, c);
    bool is_new = t->state == STATE_NEW;
    t->state = STATE_RUNNABLE;
    if (t->fair && is_new) {
        int64_t debit = delta_v(slice_ns(e, c, t, 1), t->weight);
        t->vruntime = max64(t->vruntime, c->min_v + debit);
        count_in(e, c, t);
    } else if (t->fair) {
        bool light = e->p.sched == SCHED_CFS61 && e->m.groups == 1 && t->sclass == SCHED_CLASS_IDLE;
        int64_t credit = (light ? e->m.min_gran_ns : e->m.latency_ns) / 2;
        t->vruntime = max64(t->vruntime, c->min_v - credit);
        count_in(e, c, t);
    }
    queue_task(e, c, t, true);
    check_preempt(e, now, c, t);
}

static inline void leave_cpu(Episode *e, int64_t now, Cpu *c)
{
    c->curr = NULL;
    c->end = INF;
    c->busy += now - c->busy_since;
    e->n.n_busy--;
}

/* Take a running task off its CPU for good or for a while. */
static void stop(Episode *e, int64_t now, Task *t, int64_t state)
{
    Cpu *c = t->cpu;
    update_curr(e, now, c);
    t->state = state;
    leave_cpu(e, now, c);
    if (t->fair) {
        count_out(e, c, t);
        update_min(c);
    }
    raise_flag(e, c);
    c->resched_at = now;
}

/* Move a queued fair task; its vruntime keeps its distance from min_v. */
static void migrate(Episode *e, int64_t now, Task *t, Cpu *source, Cpu *target)
{
    update_curr(e, now, source);
    unqueue_task(e, source, t);
    count_out(e, source, t);
    update_min(source);
    t->vruntime += target->min_v - source->min_v;
    update_curr(e, now, target);
    t->cpu = target;
    queue_task(e, target, t, true);
    count_in(e, target, t);
}

/* Move the most urgent RT task that waits elsewhere to CPU c; return it or NULL. */
static Task *pull_rt(Episode *e, Cpu *c)
{
    Task *best = NULL;
    Cpu *best_cpu = NULL;
    if (e->n.n_rt_queued == 0)
        return NULL;
    for (Cpu *other = e->cpus; other < cpus_end(e); other++) {
        for (int64_t k = 0; other != c && k < other->rt->size; k++) {
            Task *t = other->rt->entries[k].task;
            if (allowed(t, c) && (!best || task_precedes(t, best))) {
                best = t;
                best_cpu = other;
            }
        }
    }
    if (best) {
        unqueue_task(e, best_cpu, best);
        best->cpu = c;
        queue_task(e, c, best, false);
    }
    return best;
}

/* The first task of the fair queue of source that may run on CPU c, or NULL. */
static Task *first_allowed(const Cpu *source, const Cpu *c)
{
    const Heap *queue = source->fair;
    Task *best = NULL;
    if (queue->size == 0)
        return NULL;
    if (allowed(heap_first(queue), c))
        return heap_first(queue);
    for (int64_t k = 1; k < queue->size; k++) {
        Task *t = queue->entries[k].task;
        if (allowed(t, c) && (!best || task_precedes(t, best)))
            best = t;
    }
    return best;
}

/* Move one waiting fair task from the CPU with most of them to idle CPU c; return whether one came. */
static bool pull_fair(Episode *e, int64_t now, Cpu *c)
{
    Task *best = NULL;
    Cpu *source = NULL;
    for (Cpu *other = e->cpus; other < cpus_end(e); other++) {
        if (other != c && other->nr >= 2 && (!source || other->nr > source->nr)) {
            Task *t = first_allowed(other, c);
            if (t) {
                best = t;
                source = other;
            }
        }
    }
    if (!best)
        return false;
    migrate(e, now, best, source, c);
    return true;
}

static inline void put_back(Episode *e, int64_t now, Cpu *c)
{
    Task *t = c->curr;
    update_curr(e, now, c);
    t->left = c->end - now;
    leave_cpu(e, now, c);
    queue_task(e, c, t, false);
}

/* The task that CPU c should run now, still queued there, or NULL. */
static Task *pick(Episode *e, int64_t now, Cpu *c)
{
    if (!c->throttled) {
        if (c->rt->size > 0)
            return heap_first(c->rt);
        Task *t = pull_rt(e, c);
        if (t)
            return t;
    }
    if (c->fair->size == 0 && !pull_fair(e, now, c))
        return NULL;
    return pick_fair(e, c);
}

/* Put back the running task, pick the next one and run it. */
static void schedule(Episode *e, int64_t now, Cpu *c)
{
    Task *prev = c->curr;
    if (prev)
        put_back(e, now, c);
    lower_flag(e, c);
    Task *t = pick(e, now, c);
    if (t) {
        unqueue_task(e, c, t);
        if (t != prev) {
            t->left += e->m.switch_ns;
            t->total += e->m.switch_ns;
            e->n.n_events++;
        }
        c->curr = t;
        c->exec_start = now;
        /* With groups compiled in, a fair task that is picked again goes on with its slice. */
        if (t != prev || e->m.groups == 0 || !t->fair)
            c->slice_start = t->sum_exec;
        c->busy_since = now;
        c->end = now + t->left;
        e->n.n_busy++;
    }
    if (t != c->shown) {
        c->shown = t;
        e->n.n_switch++;
    }
    if (c->need)
        plan(e, now, c);
}

#endif
