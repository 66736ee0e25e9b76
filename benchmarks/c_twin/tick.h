/* The tick of one CPU: throttling period, slices, timers, balance, in this order (docs/model.md section 5). */
#ifndef TWIN_TICK_H
#define TWIN_TICK_H

#include "timer.h"

#define RT_PERIOD_NS INT64_C(1000000000)

static void roll_rt_period(Episode *e, int64_t now, Cpu *c)
{
    int64_t runtime = e->m.rt_runtime_ns;
    if (now < c->rt_next)
        return;
    int64_t periods = (now - c->rt_next) / RT_PERIOD_NS + 1;
    c->rt_next += periods * RT_PERIOD_NS;
    if (runtime < 0)
        return;
    c->rt_time = max64(0, c->rt_time - periods * runtime);
    if (c->throttled && c->rt_time < runtime) {
        c->throttled = 0;
        if (c->rt->size > 0 && (!c->curr || c->curr->fair))
            need(e, now, c);
    }
}

/* Count down the slice of a running RR task; at 0 it goes behind its equals. */
static void tick_rr(Episode *e, int64_t now, Cpu *c, Task *t)
{
    if (--t->rr_left > 0)
        return;
    t->rr_left = e->m.rr_slice_ticks;
    for (int64_t k = 0; k < c->rt->size; k++) {
        if (c->rt->entries[k].task->prio == t->prio) {
            t->tie = new_stamp(e);
            need(e, now, c);
            return;
        }
    }
}

static void tick(Episode *e, int64_t now, Cpu *c)
{
    Task *t = c->curr;
    roll_rt_period(e, now, c);
    if (t) {
        update_curr(e, now, c);
        if (t->fair) {
            if (c->nr >= 2)
                check_tick(e, now, c);
        } else if (t->sclass == SCHED_CLASS_RR) {
            tick_rr(e, now, c, t);
        }
    }
    if (e->m.timer_mode == 0)
        fire_tick(e, now, c);
    balance(e, now, c);
}

#endif
