/* The OOM reaper: a kernel thread that frees the memory of victims (docs/model.md section 10). */
#ifndef TWIN_REAPER_H
#define TWIN_REAPER_H

#include "lock.h"
#include "timer.h"
#include "victim.h"

static void queue_victim(Episode *e, int64_t now, Task *victim, const Task *killer)
{
    Task *r = reaper(e);
    int64_t ready = now;
    if (e->p.release == RELEASE_EXIT_ONLY)
        return;
    if (e->p.release == RELEASE_REAPER_DELAYED)
        ready = fire_time(e, now, e->p.reap_delay_ms * e->m.hz / 1000);
    e->reap[e->n.reap_tail++] = (ReaperEntry){victim, ready};
    if (r->state != STATE_PARKED)
        return;
    set_burst(r, now, PHASE_REAP_WAKE, 0);
    if (ready > now) {
        r->state = STATE_SLEEPING;
        arm(e, now, r, ready, killer->cpu);
    } else {
        wake(e, now, r);
    }
}

/* Be done with the first victim of the queue: others may be killed. */
static inline void drop_head(Episode *e)
{
    Task *victim = e->reap[e->n.reap_head++].victim;
    victim->skipped = 1;
    if (!victim->released)
        e->n.n_dying--;
}

/* Let the reaper, which runs, turn to the next victim, wait for its time or for the lock, or go to sleep. */
static void reap_next(Episode *e, int64_t now)
{
    Task *r = reaper(e);
    bool with_lock = e->p.release == RELEASE_REAPER_WITH_LOCK;
    while (e->n.reap_head < e->n.reap_tail) {
        const ReaperEntry *head = &e->reap[e->n.reap_head];
        const Task *victim = head->victim;
        if (head->ready > now) {
            set_burst(r, now, PHASE_REAP_WAKE, 0);
            stop(e, now, r, STATE_SLEEPING);
            arm(e, now, r, head->ready, r->cpu);
            return;
        }
        if (with_lock && e->n.owner != r) {
            if (e->n.owner) {
                block(e, now, r);
                return;
            }
            take(e, now, r);
        }
        /* It leaves its victim alone if memory is free, or (up to 4.13) if it is exiting. */
        if (!victim->released && !(victim->mm_exiting && !e->p.reap_exiting)) {
            set_burst(r, now, PHASE_REAP, e->m.reap_base_ns + e->m.reap_page_ns * victim->rss);
            return;
        }
        if (with_lock)
            unlock(e, now);
        drop_head(e);
    }
    stop(e, now, r, STATE_PARKED);
}

static void end_reap(Episode *e, int64_t now)
{
    release(e, now, e->reap[e->n.reap_head].victim);
    drop_head(e);
    if (e->p.release == RELEASE_REAPER_WITH_LOCK)
        unlock(e, now);
    reap_next(e, now);
}

#endif
