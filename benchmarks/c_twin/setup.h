/* The first instant of an episode: every task, CPU, queue and counter at its initial value. */
#ifndef TWIN_SETUP_H
#define TWIN_SETUP_H

#include <string.h>

#include "program.h"
#include "tick.h"

static void reset_counters(Episode *e)
{
    Counters *n = &e->n;
    *n = (Counters){
        .recovery = -1,
        .report_since = -1,
        .free = e->m.free_pages,
        .reclaimable = e->m.reclaimable_pages,
        .boost = e->m.boost_from == BOOST_FROM_START ? e->m.boost_pages : 0,
        .limit = e->m.horizon_ns,
        .tick_at = e->m.tick_ns,
    };
    for (int k = 0; k < MAX_KILLS; k++)
        n->t0[k] = n->kill[k] = n->release[k] = n->owner_cpu[k] = -1;
}

static void reset_cpus(Episode *e)
{
    int64_t number = 0;
    for (Cpu *c = e->cpus; c < cpus_end(e); c++) {
        *c = (Cpu){
            .number = number++,
            .fair = c->fair,
            .rt = c->rt,
            .end = INF,
            .resched_at = INF,
            .rt_next = RT_PERIOD_NS,
        };
        heap_clear(c->fair);
        heap_clear(c->rt);
    }
    heap_clear(e->timers);
    heap_clear(e->starts);
}

/* A task that never ran, on the first CPU allowed from its number mod n_cpus on. */
static void reset_task(Episode *e, int64_t i, uint64_t prefix, const Class *cls, int64_t sclass, int64_t weight,
                       int64_t affinity)
{
    Task *t = e->tasks + i;
    *t = (Task){
        .number = i,
        .cls = cls,
        .sclass = sclass,
        .fair = sclass < SCHED_CLASS_FIFO,
        .weight = weight,
        .affinity = affinity,
        .vruntime = LONG_AGO,
        .rr_left = e->m.rr_slice_ticks,
        .stream = fold_key(prefix, i, 4),
        .cpu = e->cpus,
    };
    for (int64_t step = 0; step < e->m.n_cpus; step++) {
        Cpu *c = e->cpus + (i + step) % e->m.n_cpus;
        if (allowed(t, c)) {
            t->cpu = c;
            break;
        }
    }
}

static int64_t add_class(Episode *e, const Class *k, int64_t i, uint64_t prefix)
{
    for (int64_t end = i + k->count; i < end; i++) {
        Task *t = e->tasks + i;
        reset_task(e, i, prefix, k, k->sclass, k->weight, k->affinity);
        t->prio = k->rt_prio;
        t->rss = k->rss_pages;
        t->adj = k->adj;
        if (k->program == PROGRAM_SLEEPER) {
            t->state = STATE_PARKED;
            t->vruntime = k->gate_vruntime_ns;
        } else if (k->start_kind != START_KIND_TIME) {
            t->state = STATE_GATED;
            t->vruntime = k->gate_vruntime_ns;
        } else {
            t->state = STATE_NEW;
            t->key = class_burst(e, t, k->start_ns, k->start_var_ns, k->start_shape, PURPOSE_START);
            t->tie = i;
            heap_insert(e->starts, t);
        }
    }
    return i;
}

static void set_up(Episode *e, int64_t seed, int64_t point, int64_t replicate)
{
    uint64_t prefix = fold_key(fold_key(fold_key(fold_key(0, seed, 0), point, 1), replicate, 2), 0, 3);
    int64_t i = 0;
    reset_counters(e);
    reset_cpus(e);
    for (int64_t k = 0; k < e->n_classes; k++)
        i = add_class(e, e->classes + k, i, prefix);
    e->n.n_live = i;
    reset_task(e, i, prefix, e->classes, SCHED_CLASS_OTHER, NICE_0_WEIGHT, -1);
    e->tasks[i].state = STATE_PARKED;
    e->n_tasks = i + 1;
}

#endif
