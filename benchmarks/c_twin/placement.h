/* Which CPU a task goes to: wake-up placement and the periodic balance (docs/model.md section 5). */
#ifndef TWIN_PLACEMENT_H
#define TWIN_PLACEMENT_H

#include "runqueue.h"

enum { IMBALANCE_PCT = 125, NR_MIGRATE = 32 };

/* Whether a waking fair task would run at once: idle, or (6.1) with SCHED_IDLE tasks only. */
static inline bool idle_like(const Episode *e, const Cpu *c)
{
    if (!c->curr && c->fair->size == 0 && c->rt->size == 0)
        return true;
    if (e->p.sched != SCHED_CFS61 || c->nr == 0 || c->nr != c->nr_idle || c->rt->size > 0)
        return false;
    return !c->curr || c->curr->fair;
}

/* Whether it is plain that no CPU is idle-like: all have a task to run, and none a SCHED_IDLE one. */
static inline bool nobody_is_idle(const Episode *e)
{
    return e->n.n_busy == e->m.n_cpus && (e->p.sched != SCHED_CFS61 || e->n.n_idle == 0);
}

static inline Cpu *next_cpu(Episode *e, Cpu *c) { return c + 1 == cpus_end(e) ? e->cpus : c + 1; }

static Cpu *select_cpu_fair(Episode *e, const Task *t)
{
    Cpu *prev = t->cpu;
    if (e->m.n_cpus == 1 || nobody_is_idle(e) || idle_like(e, prev))
        return prev;
    for (Cpu *c = next_cpu(e, prev); c != prev; c = next_cpu(e, c))
        if (allowed(t, c) && idle_like(e, c))
            return c;
    return prev;
}

static Cpu *select_cpu_rt(Episode *e, const Task *t)
{
    Cpu *best = t->cpu, *c = t->cpu;
    int64_t best_prio = t->prio;
    do {
        if (allowed(t, c)) {
            int64_t prio = !c->curr ? -1 : c->curr->fair ? 0 : c->curr->prio;
            if (prio < best_prio) {
                if (c == t->cpu)
                    return c;
                best = c;
                best_prio = prio;
            }
        }
        c = next_cpu(e, c);
    } while (c != t->cpu);
    return best;
}

/* Make a task runnable whose burst is set. No effect if it is runnable. */
static void wake(Episode *e, int64_t now, Task *t)
{
    if (t->state == STATE_RUNNABLE || t->state == STATE_EXITED)
        return;
    enqueue_woken(e, now, t, t->fair ? select_cpu_fair(e, t) : select_cpu_rt(e, t));
}

/* The task of a heap that follows (key, tie) in its order, or NULL. */
static Task *next_in_order(const Heap *h, int64_t key, int64_t tie)
{
    Task *best = NULL;
    for (int64_t k = 0; k < h->size; k++) {
        Task *t = h->entries[k].task;
        if (precedes(key, tie, t->key, t->tie) && (!best || task_precedes(t, best)))
            best = t;
    }
    return best;
}

/* Pull tasks to a busy CPU from the most loaded one until half of the difference in load is moved. */
static void balance_busy(Episode *e, int64_t now, Cpu *c)
{
    Cpu *source = NULL;
    for (Cpu *other = e->cpus; other < cpus_end(e); other++)
        if (other != c && (!source || other->load > source->load))
            source = other;
    if (100 * source->load <= IMBALANCE_PCT * c->load)
        return;
    int64_t imbalance = (source->load - c->load) / 2;
    int64_t moved = 0;
    Task *t = next_in_order(source->fair, -INF, -1);
    while (t && imbalance > 0 && moved < NR_MIGRATE) {
        int64_t key = t->key, tie = t->tie;
        if (allowed(t, c) && t->weight / 2 <= imbalance) {
            migrate(e, now, t, source, c);
            imbalance -= t->weight;
            moved++;
            check_preempt(e, now, c, t);
        }
        t = next_in_order(source->fair, key, tie);
    }
}

static void balance(Episode *e, int64_t now, Cpu *c)
{
    int64_t n = e->m.n_cpus;
    if (n == 1)
        return;
    int64_t every = max64(1, n * e->m.hz / 1000);
    if (c->curr)
        every *= e->p.sched == SCHED_CFS61 ? 16 : 32;
    if (now / e->m.tick_ns % every != c->number % every)
        return;
    if (c->curr)
        balance_busy(e, now, c);
    else if (!c->need && c->fair->size == 0 && pull_fair(e, now, c))
        need(e, now, c);
}

#endif
