/* What is measured: invocations, recovery, and the end of the episode (docs/model.md section 11). */
#ifndef TWIN_TIMES_H
#define TWIN_TIMES_H

#include <string.h>

#include "memory.h"

static inline int64_t cpu_used(const Task *t, int64_t now)
{
    const Cpu *c = t->cpu;
    return t->sum_exec + (c->curr == t ? now - c->exec_start : 0);
}

/* Time, summed over CPUs, in which some task ran. */
static inline int64_t busy_ns(Episode *e, int64_t now)
{
    int64_t busy = 0;
    for (const Cpu *c = e->cpus; c < cpus_end(e); c++)
        busy += c->busy + (c->curr ? now - c->busy_since : 0);
    return busy;
}

/* Whether the open invocation ended in livelock: horizon, CPUs 99 % busy, no kill in the last half. */
static bool is_livelock(Episode *e, int64_t now, int64_t reason)
{
    if (reason != END_REASON_HORIZON || !e->n.inv_open || e->n.last_kill >= now - e->m.horizon_ns / 2)
        return false;
    int64_t elapsed = now - e->n.inv_t0;
    return 100 * (busy_ns(e, now) - e->n.inv_busy) >= 99 * e->m.n_cpus * elapsed;
}

/* End the episode: write the row of outputs. What the caller still does is not counted. */
static void end_episode(Episode *e, int64_t now, int64_t reason)
{
    const Counters *n = &e->n;
    if (n->done)
        return;
    *e->out = (Out){
        .end_reason = reason,
        .end_ns = now,
        .recovery_ns = n->recovery,
        .hold_max_ns = n->owner ? max64(n->hold_max, now - n->hold_start) : n->hold_max,
        .hold_open = n->owner != NULL,
        .livelock = is_livelock(e, now, reason) ? n->inv : -1,
        .n_inv = min64(n->inv + n->inv_open, e->m.n_kills),
        .n_kills_seen = n->kills,
        .needless = n->needless,
        .n_entry = n->n_entry,
        .n_tryfail = n->n_tryfail,
        .n_pass = n->n_pass,
        .n_futile = n->n_futile,
        .futile_ns = n->futile_ns,
        .n_switch = n->n_switch,
        .n_events = n->n_events,
        .busy_ns = busy_ns(e, now),
        .n_tasks = e->n_tasks,
    };
    memcpy(e->out->t0_ns, n->t0, sizeof n->t0);
    memcpy(e->out->kill_ns, n->kill, sizeof n->kill);
    memcpy(e->out->release_ns, n->release, sizeof n->release);
    memcpy(e->out->owner_cpu_ns, n->owner_cpu, sizeof n->owner_cpu);
    e->n.done = 1;
}

static void open_invocation(Episode *e, int64_t now)
{
    e->n.inv_open = 1;
    e->n.inv_t0 = now;
    e->n.inv_victim = NULL;
    e->n.inv_busy = busy_ns(e, now);
    e->n.limit = now + e->m.horizon_ns;
    if (e->n.inv < e->m.n_kills)
        e->n.t0[e->n.inv] = now;
}

/* Count a kill; the first one of an invocation is its time to kill. */
static void note_kill(Episode *e, int64_t now, const Task *killer, Task *victim)
{
    e->n.kills++;
    if (!e->n.inv_open || e->n.free > min_mark(e))
        e->n.needless++;
    e->n.last_kill = now;
    if (!e->n.inv_open)
        open_invocation(e, now);
    if (!e->n.inv_victim) {
        e->n.inv_victim = victim;
        if (e->n.inv < e->m.n_kills) {
            e->n.kill[e->n.inv] = now - e->n.inv_t0;
            e->n.owner_cpu[e->n.inv] = cpu_used(killer, now) - killer->cpu_at_acquire;
        }
    }
}

/* Note the recovery: free memory above the high mark, nobody in the slow path, a victim released. */
static void check_recovery(Episode *e, int64_t now)
{
    if (e->n.recovery >= 0 || e->n.inv == 0 || e->n.n_slow > 0)
        return;
    if (e->n.free > high_mark(e)) {
        e->n.recovery = now - e->n.t0[0];
        if (e->m.until == UNTIL_RECOVERY)
            end_episode(e, now, END_REASON_RECOVERED);
    }
}

/* Close the open invocation if this is the victim it killed first; the last one wanted ends the episode. */
static void note_release(Episode *e, int64_t now, const Task *victim)
{
    if (e->n.inv_open && e->n.inv_victim == victim) {
        if (e->n.inv < e->m.n_kills)
            e->n.release[e->n.inv] = now - e->n.inv_t0;
        e->n.inv_open = 0;
        e->n.inv++;
        e->n.limit = now + e->m.horizon_ns;
        if (e->n.inv == e->m.n_kills && e->m.until != UNTIL_RECOVERY)
            end_episode(e, now, END_REASON_KILLS_DONE);
    }
    check_recovery(e, now);
}

#endif
