/* Gates: classes of tasks that wait for the first lock, the first kill or the first exit (docs/model.md section 10). */
#ifndef TWIN_GATE_H
#define TWIN_GATE_H

#include "program.h"

/* The first task from t on that waits at a gate, or NULL. */
static Task *next_at(Episode *e, int64_t kind, Task *t)
{
    for (; t < reaper(e); t++)
        if (t->cls->start_kind == kind && t->cls->program != PROGRAM_SLEEPER)
            return t;
    return NULL;
}

/* Let task t open a gate if it is shut and somebody waits there; return whether it has begun to. */
static bool open_gate(Episode *e, int64_t now, Task *t, int64_t kind)
{
    if ((e->n.gates_open >> kind) & 1)
        return false;
    e->n.gates_open |= INT64_C(1) << kind;
    Task *first = next_at(e, kind, e->tasks);
    if (!first)
        return false;
    t->opens = kind;
    t->gate_next = first;
    t->gate_pos = 0;
    set_burst(t, now, PHASE_GATE, e->m.gate_wake_ns);
    return true;
}

/* Start the task that the opener has paid for; return whether the burst for another one has begun. */
static bool end_wake(Episode *e, int64_t now, Task *t)
{
    if (t->gate_next->state == STATE_GATED)
        start(e, now, t->gate_next);
    Task *following = next_at(e, t->opens, t->gate_next + 1);
    if (!following)
        return false;
    t->gate_next = following;
    t->gate_pos = (t->gate_pos + 1) % e->m.gate_batch;
    set_burst(t, now, PHASE_GATE, e->m.gate_wake_ns);
    return true;
}

#endif
