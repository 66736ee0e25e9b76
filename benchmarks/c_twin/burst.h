/* CPU bursts and resched points (docs/model.md section 4). */
#ifndef TWIN_BURST_H
#define TWIN_BURST_H

#include "state.h"

static inline void set_burst(Task *t, int64_t now, int64_t phase, int64_t total_ns)
{
    t->phase = phase;
    t->total = total_ns;
    t->left = total_ns;
    if (t->cpu->curr == t)
        t->cpu->end = now + total_ns;
}

/* The time between resched points of the burst of t; 0: there are none. */
static inline int64_t segment_ns(const Episode *e, const Task *t)
{
    if (t->phase == PHASE_PASS)
        return max64(1, t->pass_cost / e->m.pass_points);
    if (t->phase == PHASE_EXIT_MM || t->phase == PHASE_REAP)
        return e->m.exit_seg_ns;
    return 0;
}

/* Whether the end of such a burst is a resched point of a kernel without preemption. */
static inline bool has_end_point(int64_t phase)
{
    return phase == PHASE_PASS || phase == PHASE_TOUCH || phase == PHASE_ENTRY || phase == PHASE_FIRST ||
           phase == PHASE_EXIT_MM || phase == PHASE_REAP;
}

/* Set the next moment at which the pending reschedule of a CPU can take effect. */
static void plan(const Episode *e, int64_t now, Cpu *c)
{
    const Task *t = c->curr;
    int64_t at = now;
    if (t) {
        if (t->phase == PHASE_GATE) {
            at = INF;
        } else if (e->m.preempt != PREEMPT_FULL && t->phase != PHASE_FIRST && t->phase != PHASE_HOG) {
            int64_t seg = segment_ns(e, t);
            at = INF;
            if (seg > 0) {
                int64_t used = t->total - (c->end - now);
                int64_t point = max64(1, (used + seg - 1) / seg) * seg;
                if (point < t->total)
                    at = now + (point - used);
            }
        }
    }
    c->resched_at = at;
}

static inline void raise_flag(Episode *e, Cpu *c)
{
    e->n.n_need += 1 - c->need;
    c->need = 1;
}

static inline void lower_flag(Episode *e, Cpu *c)
{
    e->n.n_need -= c->need;
    c->need = 0;
    c->resched_at = INF;
}

static inline void need(Episode *e, int64_t now, Cpu *c)
{
    if (!c->need) {
        raise_flag(e, c);
        plan(e, now, c);
    }
}

#endif
