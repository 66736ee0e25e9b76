/* What happens at and under oom_lock: entry, lock rule, last attempt, selection, report, kill, unlock (docs/model.md
 * sections 8 to 10). */
#ifndef TWIN_OOM_H
#define TWIN_OOM_H

#include "gate.h"
#include "lock.h"
#include "reaper.h"
#include "victim.h"

/* Let a task sleep that will retry. */
static void sleep_and_retry(Episode *e, int64_t now, Task *t, int64_t jiffies, bool killable)
{
    set_burst(t, now, PHASE_RETRY, 0);
    sleep_jiffies(e, now, t, jiffies, killable);
}

/* Let an owner unlock and either sleep (H2) or retry its allocation. */
static void unlock_and_go_on(Episode *e, int64_t now, Task *t)
{
    unlock(e, now);
    if (e->p.holder == HOLDER_SLEEP_AFTER_UNLOCK)
        sleep_and_retry(e, now, t, e->p.holder_k, true);
    else
        retry_top(e, now, t);
}

/* Let an owner try the free list at the high mark, bail out, or begin the selection. */
static void last_attempt(Episode *e, int64_t now, Task *t)
{
    if (try_alloc(e, t, high_mark(e))) {
        unlock(e, now);
        leave_slow(e, now, t);
        return;
    }
    if (t->killed || t->nofs) {
        unlock_and_go_on(e, now, t);
        return;
    }
    int64_t cost = e->m.select_base_ns;
    if (e->p.selection != SELECTION_ALLOCATING_TASK || t->adj <= ADJ_NEVER) {
        cost += e->m.select_task_ns * (e->n.n_live + e->m.other_tasks);
        if (e->m.select_candidate_ns > 0)
            cost += e->m.select_candidate_ns * n_candidates(e);
    }
    set_burst(t, now, PHASE_SELECT, cost);
}

/* Make an allocator the owner and go on under the lock, by way of the gate that opens at the first lock. */
static void own(Episode *e, int64_t now, Task *t)
{
    take(e, now, t);
    if (!open_gate(e, now, t, START_KIND_FIRST_LOCK))
        last_attempt(e, now, t);
}

static void try_lock(Episode *e, int64_t now, Task *t)
{
    if (!e->n.owner) {
        own(e, now, t);
        return;
    }
    e->n.n_tryfail++;
    if (e->p.lock == LOCK_TRYLOCK_SPIN)
        retry_top(e, now, t);
    else if (e->p.lock == LOCK_TRYLOCK_SLEEP)
        sleep_and_retry(e, now, t, e->p.lock_k, false);
    else
        block(e, now, t);
}

/* Let a task whose attempt failed come to the lock. */
static void may_oom(Episode *e, int64_t now, Task *t)
{
    e->n.n_entry++;
    if (!e->n.inv_open)
        open_invocation(e, now);
    if (e->m.trylock_ns > 0)
        set_burst(t, now, PHASE_TRYLOCK, e->m.trylock_ns);
    else
        try_lock(e, now, t);
}

/* Let a task enter whose last pass has ended: a pending reschedule comes first, as that end is its point. */
static inline void go_to_oom(Episode *e, int64_t now, Task *t)
{
    if (t->cpu->need)
        set_burst(t, now, PHASE_OOM, 0);
    else
        may_oom(e, now, t);
}

/* Let a waiter that was woken take the lock, give up if killed, or ask for the hand-over and wait on. */
static void try_lock_again(Episode *e, int64_t now, Task *t)
{
    if (e->n.owner == t || !e->n.owner) {
        leave_waiters(e, t);
        if (t == reaper(e)) {
            take(e, now, t);
            reap_next(e, now);
        } else {
            own(e, now, t);
        }
    } else if (t->killed && t != reaper(e)) {
        leave_waiters(e, t);
        if (e->p.lock_k > 0)
            sleep_and_retry(e, now, t, e->p.lock_k, false);
        else
            retry_top(e, now, t);
    } else {
        if (e->n.first_waiter == t)
            e->n.handoff = 1;
        block(e, now, t);
    }
}

/* Whether the rate limit allows an OOM report now; it is counted. */
static bool report_is_due(Episode *e, int64_t now)
{
    if (e->n.report_since < 0 || now - e->n.report_since >= e->m.report_interval_ns) {
        e->n.report_since = now;
        e->n.reports = 0;
    }
    if (e->n.reports >= e->m.report_burst)
        return false;
    e->n.reports++;
    return true;
}

/* Let an owner send SIGKILL to its victim and tell the reaper. */
static void kill_victim(Episode *e, int64_t now, Task *t)
{
    Task *victim = t->victim;
    note_kill(e, now, t, victim);
    e->n.boost = e->m.boost_pages;
    victim->killed = 1;
    e->n.n_dying++;
    queue_victim(e, now, victim, t);
    send_sigkill(e, now, victim);
    if (!open_gate(e, now, t, START_KIND_FIRST_KILL))
        set_burst(t, now, PHASE_POST_KILL, e->m.post_kill_ns);
}

/* Let an owner bail out because somebody is dying already, or choose its victim. */
static void end_select(Episode *e, int64_t now, Task *t)
{
    if (e->n.n_dying > 0) {
        unlock_and_go_on(e, now, t);
        return;
    }
    t->victim = select_victim(e, t);
    if (!t->victim) {
        end_episode(e, now, END_REASON_NO_VICTIM);
        return;
    }
    int64_t cost_ns = e->p.report ? e->m.report_ns + e->m.report_task_ns * e->n.n_live : 0;
    if (cost_ns > 0 && report_is_due(e, now))
        set_burst(t, now, PHASE_REPORT, cost_ns);
    else
        kill_victim(e, now, t);
}

/* Let an owner whose victim is dying sleep under the lock (H1) or unlock. */
static void end_post_kill(Episode *e, int64_t now, Task *t)
{
    if (e->p.holder == HOLDER_SLEEP_UNDER_LOCK && !t->killed) {
        set_burst(t, now, PHASE_HELD, 0);
        sleep_jiffies(e, now, t, e->p.holder_k, true);
    } else {
        unlock_and_go_on(e, now, t);
    }
}

#endif
