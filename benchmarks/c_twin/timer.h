/* Sleeping for jiffies (docs/model.md section 6): near timers in a bucket of their CPU and tick, the last armed first,
 * far and unsynchronised ones in a heap. */
#ifndef TWIN_TIMER_H
#define TWIN_TIMER_H

#include "placement.h"
#include "rng.h"

enum { CPU_SHIFT = 40 };

/* When a timer armed now fires: on a tick, coarser the longer it is. */
static inline int64_t fire_time(const Episode *e, int64_t now, int64_t jiffies)
{
    int shift = jiffies >= 32256 ? 12 : jiffies >= 4032 ? 9 : jiffies >= 504 ? 6 : jiffies >= 63 ? 3 : 0;
    int64_t expires = now / e->m.tick_ns + jiffies;
    return ((expires + (INT64_C(1) << shift)) >> shift << shift) * e->m.tick_ns;
}

static inline Task **bucket_of(const Episode *e, Cpu *c, int64_t at_ns)
{
    return &c->buckets[(uint64_t)(at_ns / e->m.tick_ns) % N_BUCKETS];
}

static inline void add_to_bucket(Episode *e, Task *t, Task **bucket)
{
    t->bucket = bucket;
    t->later = NULL;
    t->sooner = *bucket;
    if (*bucket)
        (*bucket)->later = t;
    *bucket = t;
    e->n.n_near++;
}

static inline void arm(Episode *e, int64_t now, Task *t, int64_t at_ns, Cpu *c)
{
    t->key = at_ns;
    t->tie = new_stamp(e);
    if (e->m.timer_mode == 0) {
        if (at_ns - now < N_BUCKETS * e->m.tick_ns) {
            add_to_bucket(e, t, bucket_of(e, c, at_ns));
            return;
        }
        /* All timers of one tick: CPU by CPU, and of one CPU the last armed first. */
        t->tie = (c->number << CPU_SHIFT) - t->tie;
    }
    t->bucket = NULL;
    heap_insert(e->timers, t);
}

static void disarm(Episode *e, Task *t)
{
    if (!t->bucket) {
        heap_remove(e->timers, t);
        return;
    }
    if (t->sooner)
        t->sooner->later = t->later;
    if (t->later)
        t->later->sooner = t->sooner;
    else
        *t->bucket = t->sooner;
    e->n.n_near--;
}

/* Let a running task, whose next burst is set, sleep. */
static void sleep_jiffies(Episode *e, int64_t now, Task *t, int64_t jiffies, bool killable)
{
    int64_t at = fire_time(e, now, jiffies);
    if (e->m.timer_mode == 1)
        at = now + jiffies * e->m.tick_ns + ((fraction(draw(t, PURPOSE_SLEEP)) * e->m.tick_ns) >> 20);
    t->killable = killable;
    stop(e, now, t, STATE_SLEEPING);
    arm(e, now, t, at, t->cpu);
}

/* When the next timer fires, INF if none is armed; no tick before tick_at has one. */
static int64_t next_timer(Episode *e, int64_t tick_at)
{
    int64_t at = e->timers->size > 0 ? heap_first_key(e->timers) : INF;
    if (e->n.n_near == 0)
        return at;
    for (int64_t ahead = 0; ahead < N_BUCKETS; ahead++) {
        int64_t here = tick_at + ahead * e->m.tick_ns;
        if (here >= at)
            break;
        for (Cpu *c = e->cpus; c < cpus_end(e); c++)
            if (*bucket_of(e, c, here))
                return here;
    }
    return at;
}

static void fire_first(Episode *e, int64_t now)
{
    Task *t = heap_first(e->timers);
    heap_remove(e->timers, t);
    wake(e, now, t);
}

/* Wake the sleepers of a CPU whose timers fire at this tick, the last armed first. Those in no bucket were armed before
 * all that are in one. */
static void fire_tick(Episode *e, int64_t now, Cpu *c)
{
    if (e->n.n_near > 0) {
        Task **bucket = bucket_of(e, c, now);
        Task *t = *bucket;
        *bucket = NULL;
        while (t) {
            Task *sooner = t->sooner;
            e->n.n_near--;
            wake(e, now, t);
            t = sooner;
        }
    }
    while (e->timers->size > 0) {
        const Entry *head = &e->timers->entries[0];
        int64_t armed_on = (head->tie + (INT64_C(1) << CPU_SHIFT) - 1) >> CPU_SHIFT;
        if (head->key != now || armed_on != c->number)
            break;
        fire_first(e, now);
    }
}

#endif
