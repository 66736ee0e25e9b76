/* One episode: take the next event, hand it to its handler, until it ends. The order of events is (time, kind, number);
 * CPUs are few and timers fire on ticks, so no event queue is needed. */
#ifndef TWIN_EPISODE_H
#define TWIN_EPISODE_H

#include "futile.h"
#include "oom.h"
#include "tick.h"

typedef enum { BURST_END, RESCHED, TIMER, START, TICK, NOTHING } EventKind;

typedef struct {
    int64_t at;
    EventKind kind;
    Cpu *cpu;
    int64_t other;  /* time of the first event that is no end of a burst, reschedules left out */
    int64_t second; /* time of the first of all but the event itself; 0 where that may change on the way */
} Event;

static void end_gate(Episode *e, int64_t now, Task *t)
{
    if (end_wake(e, now, t))
        return;
    if (t->opens == START_KIND_FIRST_LOCK)
        last_attempt(e, now, t);
    else if (t->opens == START_KIND_FIRST_KILL)
        set_burst(t, now, PHASE_POST_KILL, e->m.post_kill_ns);
    else
        exit_done(e, now, t);
}

static void end_exit_mm(Episode *e, int64_t now, Task *t)
{
    release(e, now, t);
    if (!open_gate(e, now, t, START_KIND_FIRST_EXIT))
        exit_done(e, now, t);
}

static void end_rare_burst(Episode *e, int64_t now, Task *t, int64_t phase)
{
    switch (phase) {
    case PHASE_TRYLOCK: try_lock(e, now, t); break;
    case PHASE_OOM: may_oom(e, now, t); break;
    case PHASE_LOCKTRY: try_lock_again(e, now, t); break;
    case PHASE_GATE: end_gate(e, now, t); break;
    case PHASE_SELECT: end_select(e, now, t); break;
    case PHASE_REPORT: kill_victim(e, now, t); break;
    case PHASE_POST_KILL: end_post_kill(e, now, t); break;
    case PHASE_EXIT_START: begin_exit_mm(e, now, t); break;
    case PHASE_EXIT_MM: end_exit_mm(e, now, t); break;
    case PHASE_REAP_WAKE: reap_next(e, now); break;
    case PHASE_REAP: end_reap(e, now); break;
    case PHASE_HOG: exit_begin(e, now, t); break;
    default: unlock_and_go_on(e, now, t); break; /* HELD */
    }
}

/* The time of the next tick event; ticks at which nothing can happen are skipped. */
static inline int64_t next_tick(Episode *e, int64_t now)
{
    if (e->n.tick_cpu > 0)
        return e->n.tick_at;
    if (e->n.tick_at < now)
        e->n.tick_at = (now + e->m.tick_ns - 1) / e->m.tick_ns * e->m.tick_ns;
    if (e->n.n_busy > 0 || e->n.n_rt_queued > 0)
        return e->n.tick_at;
    /* tick_at stays: a start before that timer fires makes the earlier ticks exist. */
    return e->m.timer_mode == 0 ? next_timer(e, e->n.tick_at) : INF;
}

static inline Event next_event(Episode *e, int64_t now)
{
    Event v = {.at = INF, .kind = NOTHING, .cpu = e->cpus, .other = INF, .second = INF};
    EventKind other_kind = NOTHING;
    for (Cpu *c = e->cpus; c < cpus_end(e); c++) {
        if (c->end >= v.second)
            continue;
        v.second = c->end;
        if (c->end < v.at) {
            v.second = v.at;
            v.at = c->end;
            v.kind = BURST_END;
            v.cpu = c;
        }
    }
    if (e->m.timer_mode == 1)
        v.second = 0;
    if (e->n.n_need > 0) {
        v.second = 0;
        for (Cpu *c = e->cpus; c < cpus_end(e); c++) {
            if (c->need && c->resched_at < v.at) {
                v.at = c->resched_at;
                v.kind = RESCHED;
                v.cpu = c;
            }
        }
    }
    if (e->m.timer_mode == 1 && e->timers->size > 0) {
        v.other = heap_first_key(e->timers);
        other_kind = TIMER;
    }
    if (e->starts->size > 0 && heap_first_key(e->starts) < v.other) {
        v.other = heap_first_key(e->starts);
        other_kind = START;
    }
    int64_t tick_at = next_tick(e, now);
    if (tick_at < v.other) {
        v.other = tick_at;
        other_kind = TICK;
    }
    if (v.other < v.at) {
        v.at = v.other;
        v.kind = other_kind;
        v.cpu = e->cpus + e->n.tick_cpu;
    }
    v.second = min64(v.second, v.other);
    return v;
}

/* Whether a task is alone with itself in this phase: its end disturbs no other event. Where it does after all, a
 * reschedule is pending, or the episode is over. */
static inline bool is_frequent(int64_t phase)
{
    return phase == PHASE_PASS || phase == PHASE_ENTRY || phase == PHASE_RETRY || phase == PHASE_TOUCH ||
           phase == PHASE_FIRST;
}

/* Set when the pending reschedule of a CPU takes effect whose task goes on after a burst of a phase. */
static void plan_after(Episode *e, int64_t now, Cpu *c, int64_t phase)
{
    if (c->curr->phase == PHASE_GATE && c->curr->gate_pos > 0)
        c->resched_at = INF; /* a batch of wake-ups is one section without interrupts */
    else if (e->m.preempt == PREEMPT_FULL || has_end_point(phase))
        c->resched_at = now;
    else
        plan(e, now, c);
}

/* Handle the end of the burst on a CPU, and those that follow there before until; return the time of the last one.
 * Nothing else may happen before until but what these ends bring about. */
static int64_t handle_burst_ends(Episode *e, int64_t now, Cpu *c, int64_t until)
{
    for (;;) {
        Task *t = c->curr;
        int64_t phase = t->phase;
        if (phase == PHASE_PASS && passes_follow(e, c) && run_futile(e, c, within_budget(e, now, until)) > 0) {
            if (c->end >= until)
                return now;
            now = c->end;
            phase = t->phase;
        }
        e->n.n_events++;
        switch (phase) {
        case PHASE_PASS:
            if (end_pass(e, now, t))
                go_to_oom(e, now, t);
            break;
        case PHASE_ENTRY: begin_pass(e, now, t); break;
        case PHASE_RETRY: retry_top(e, now, t); break;
        case PHASE_TOUCH:
        case PHASE_FIRST: try_touch(e, now, t); break;
        default: end_rare_burst(e, now, t, phase); break;
        }
        if (c->need && c->curr == t)
            plan_after(e, now, c, phase);
        if (e->n.n_need == 1 && c->need && c->resched_at <= now && !e->n.done)
            schedule(e, now, c);
        if (e->n.n_need > 0 || e->n.done || c->end >= until || !is_frequent(phase))
            return now;
        if (e->n.n_events >= e->m.max_events)
            return now;
        now = c->end;
    }
}

static void handle_tick(Episode *e, int64_t now, Cpu *c)
{
    bool is_last = c + 1 == cpus_end(e);
    e->n.tick_at = is_last ? now + e->m.tick_ns : now;
    e->n.tick_cpu = is_last ? 0 : c->number + 1;
    tick(e, now, c);
}

static void reschedule(Episode *e, int64_t now)
{
    for (Cpu *c = e->cpus; c < cpus_end(e); c++)
        if (c->need && c->resched_at <= now)
            schedule(e, now, c);
}

static bool burst_is_due(Episode *e, int64_t now)
{
    for (Cpu *c = e->cpus; c < cpus_end(e); c++)
        if (c->end <= now)
            return true;
    return false;
}

/* The tick of a CPU and, as long as nothing comes between, those of the CPUs behind it. */
static void handle_ticks(Episode *e, int64_t now, Cpu *c)
{
    handle_tick(e, now, c);
    while (e->n.tick_cpu > 0 && !e->n.done) {
        if (e->n.n_need > 0)
            reschedule(e, now);
        if (e->n.n_events >= e->m.max_events || burst_is_due(e, now))
            return;
        handle_tick(e, now, e->cpus + e->n.tick_cpu);
    }
}

static void handle_start(Episode *e, int64_t now)
{
    Task *t = heap_first(e->starts);
    heap_remove(e->starts, t);
    start(e, now, t);
}

static void run_episode(Episode *e)
{
    int64_t now = 0;
    while (!e->n.done) {
        Event v = next_event(e, now);
        if (v.at >= e->n.limit) {
            end_episode(e, e->n.limit, END_REASON_HORIZON);
            return;
        }
        if (e->n.n_events >= e->m.max_events) {
            end_episode(e, now, END_REASON_BUDGET);
            return;
        }
        now = v.at;
        switch (v.kind) {
        case BURST_END:
            if (spins_on(e) ? is_futile(e, v.cpu) : e->m.n_cpus > 1 && passes_follow(e, v.cpu))
                if (run_all_futile(e, now, v.other))
                    continue;
            now = handle_burst_ends(e, now, v.cpu, min64(v.second, e->n.limit));
            break;
        case TICK: handle_ticks(e, now, v.cpu); break;
        case TIMER: fire_first(e, now); break;
        case START:
            e->n.n_events++;
            handle_start(e, now);
            break;
        default: break;
        }
        if (e->n.done)
            return;
        if (e->n.n_need > 0)
            reschedule(e, now);
    }
}

#endif
