/* The state of one episode: tasks, CPUs, heaps, counters. docs/model.md says what they mean; times in ns, memory in pages. */
#ifndef TWIN_STATE_H
#define TWIN_STATE_H

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>

#include "layout.h" /* made of mcoom/engine/layout.py and mcoom/codes.py by build.py */

enum {
    N_BUCKETS = 16,  /* ticks ahead, a power of two, within which timers are kept in buckets and not in a heap */
    N_PURPOSES = 7,
    MAX_CPUS = 64,
    LINE = 64,
};

typedef struct Task Task;
typedef struct Cpu Cpu;

typedef struct {
    int64_t key, tie;
    Task *task;
} Entry;

/* Entries ordered by (key, tie), four children to a parent; behind the last one all keys are INF. */
typedef struct {
    int64_t *places; /* of tasks in their heaps, by number: close together, as a walk writes those of many */
    int64_t size;
    Entry entries[];
} Heap;

/* Those fields first that a pass or a wake-up touches. */
struct Task {
    alignas(LINE) int64_t state;
    int64_t phase, left, total;
    Cpu *cpu;
    int64_t weight, vruntime, sum_exec, key, tie, fair, sclass, number;
    const Class *cls;
    int64_t killed, loops;
    uint64_t stream;
    int64_t pass_cost, draws[N_PURPOSES];
    int64_t affinity, prio;
    Task **bucket; /* of its timer, NULL: it is in the heap */
    Task *later, *sooner;
    int64_t killable, in_slow, nofs, waits;
    Task *before, *after;
    int64_t rss, taken, adj, rr_left, mm_exiting, released, skipped;
    Task *victim;
    int64_t cpu_at_acquire, opens;
    Task *gate_next;
    int64_t gate_pos;
};

struct Cpu {
    alignas(LINE) Task *curr; /* NULL: idle */
    int64_t need, resched_at, end, min_v, load, nr, nr_idle;
    Task *next, *last;
    int64_t exec_start, slice_start, rt_time, throttled, rt_next, busy, busy_since;
    Task *shown; /* the task of the last switch that was counted */
    Heap *fair, *rt;
    int64_t number;
    Task *buckets[N_BUCKETS]; /* the last armed timer of each */
};

typedef struct {
    Task *victim;
    int64_t ready;
} ReaperEntry;

/* What there is one of. The first part is set to 0 for each episode. */
typedef struct {
    int64_t free, pcp, boost, reclaimable, hold_start, hold_max, handoff, stamp, done;
    int64_t n_busy, n_rt_queued, n_slow, n_live, n_dying, n_near, n_need, n_idle;
    int64_t tick_at, tick_cpu, limit;
    int64_t inv, inv_open, inv_t0, inv_busy, last_kill, recovery;
    int64_t reports, report_since, gates_open, reap_head, reap_tail;
    int64_t kills, needless, n_entry, n_tryfail, n_pass, n_futile, futile_ns, n_switch, n_events;
    Task *owner, *first_waiter, *last_waiter, *inv_victim;
    int64_t t0[MAX_KILLS], kill[MAX_KILLS], release[MAX_KILLS], owner_cpu[MAX_KILLS];
} Counters;

typedef struct {
    Counters n;
    Machine m;
    Policy p;
    int64_t n_tasks, n_classes;
    const Class *classes;
    const int64_t *shapes;
    Task *tasks; /* the last one is the reaper */
    Cpu *cpus;
    ReaperEntry *reap;
    int64_t *places;
    Heap *timers, *starts;
    Out *out;
} Episode;

static inline int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t max64(int64_t a, int64_t b) { return a > b ? a : b; }

/* Quotient rounded down, for a dividend of any sign and a divisor > 0. */
static inline int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

static inline Cpu *cpus_end(Episode *e) { return e->cpus + e->m.n_cpus; }
static inline Task *reaper(Episode *e) { return e->tasks + e->n_tasks - 1; }
static inline int64_t new_stamp(Episode *e) { return ++e->n.stamp; }

#endif
