/* The victim: selection, SIGKILL, exit, and the return of its memory (docs/model.md section 10). */
#ifndef TWIN_VICTIM_H
#define TWIN_VICTIM_H

#include "program.h"
#include "timer.h"

enum { ADJ_NEVER = -1000 };

static inline bool is_candidate(const Task *t)
{
    return !t->killed && t->state != STATE_EXITED && t->adj > ADJ_NEVER && t->rss > 0;
}

static int64_t n_candidates(Episode *e)
{
    int64_t n = 0;
    for (const Task *t = e->tasks; t < reaper(e); t++)
        n += is_candidate(t);
    return n;
}

static Task *select_random(Episode *e, Task *chooser)
{
    int64_t n = n_candidates(e);
    if (n == 0)
        return NULL;
    int64_t left = index_below(draw(chooser, PURPOSE_SELECT), n);
    for (Task *t = e->tasks; t < reaper(e); t++)
        if (is_candidate(t) && left-- == 0)
            return t;
    return NULL;
}

/* The task to kill by the policy's rule, or NULL. */
static Task *select_victim(Episode *e, Task *chooser)
{
    int64_t rule = e->p.selection;
    if (rule == SELECTION_ALLOCATING_TASK && is_candidate(chooser))
        return chooser;
    if (rule == SELECTION_RANDOM)
        return select_random(e, chooser);
    Task *best = NULL;
    int64_t most = 0;
    for (Task *t = e->tasks; t < reaper(e); t++) {
        if (!is_candidate(t))
            continue;
        int64_t points = t->rss + floor_div(t->adj * e->m.total_pages, 1000);
        if (rule != SELECTION_BADNESS_5_9)
            points = max64(1, points);
        if (!best || points > most || (points == most && rule == SELECTION_BADNESS_5_9)) {
            best = t;
            most = points;
        }
    }
    return best;
}

/* Let the SIGKILL reach a task: a killable sleeper wakes, a computing task stops, others find out later. */
static void send_sigkill(Episode *e, int64_t now, Task *t)
{
    if (t->state == STATE_PARKED || t->state == STATE_NEW || t->state == STATE_GATED) {
        if (t->state == STATE_NEW)
            heap_remove(e->starts, t);
        exit_begin(e, now, t);
        wake(e, now, t);
    } else if (t->state == STATE_BLOCKED) {
        wake(e, now, t);
    } else if (t->state == STATE_SLEEPING && t->killable) {
        disarm(e, t);
        wake(e, now, t);
    } else if (t->state == STATE_RUNNABLE && (t->phase == PHASE_HOG || t->phase == PHASE_FIRST)) {
        t->left = 0;
        if (t->cpu->curr == t)
            t->cpu->end = now;
    }
}

static void begin_exit_mm(const Episode *e, int64_t now, Task *t)
{
    t->mm_exiting = 1;
    set_burst(t, now, PHASE_EXIT_MM, e->m.exit_base_ns + e->m.exit_page_ns * t->rss);
}

/* Return the memory of a victim; the first time counts as its release, pages taken after the reap follow at its exit. */
static void release(Episode *e, int64_t now, Task *t)
{
    int64_t pages = t->rss;
    if (pages == 0 && t->released)
        return;
    give_back(e, pages);
    t->rss = 0;
    if (t->released) {
        check_recovery(e, now);
        return;
    }
    t->released = 1;
    if (!t->skipped)
        e->n.n_dying--;
    note_release(e, now, t);
}

static void exit_done(Episode *e, int64_t now, Task *t)
{
    e->n.n_live--;
    stop(e, now, t, STATE_EXITED);
}

#endif
