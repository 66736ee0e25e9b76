/* Heaps of tasks with their keys beside them: runqueues, far timers, starts. A task is in one heap at most. */
#ifndef TWIN_HEAP_H
#define TWIN_HEAP_H

#include "state.h"

static inline Task *heap_first(const Heap *h) { return h->entries[0].task; }
static inline int64_t heap_first_key(const Heap *h) { return h->entries[0].key; }

/* Without a branch, which would be mispredicted half the time. */
static inline bool precedes(int64_t key_a, int64_t tie_a, int64_t key_b, int64_t tie_b)
{
    return (key_a < key_b) | ((key_a == key_b) & (tie_a < tie_b));
}

/* Whether task a comes before task b in the order of the heap they are in. */
static inline bool task_precedes(const Task *a, const Task *b) { return precedes(a->key, a->tie, b->key, b->tie); }

static inline void heap_clear(Heap *h)
{
    for (int64_t at = 0; at < h->size; at++)
        h->entries[at].key = INF;
    h->size = 0;
}

static inline void heap_put(Heap *h, int64_t at, Entry entry)
{
    h->entries[at] = entry;
    h->places[entry.task->number] = at;
}

static inline void sift_up(Heap *h, int64_t at, Entry entry)
{
    while (at > 0) {
        int64_t parent = (at - 1) >> 2;
        if (!precedes(entry.key, entry.tie, h->entries[parent].key, h->entries[parent].tie))
            break;
        heap_put(h, at, h->entries[parent]);
        at = parent;
    }
    heap_put(h, at, entry);
}

static inline int64_t earlier(const Entry *entries, int64_t a, int64_t b)
{
    return precedes(entries[b].key, entries[b].tie, entries[a].key, entries[a].tie) ? b : a;
}

static inline void sift_down(Heap *h, int64_t at, Entry entry)
{
    const Entry *entries = h->entries;
    while (4 * at + 1 < h->size) {
        /* All four are compared, as what is behind the last entry is never first. */
        int64_t child = 4 * at + 1;
        child = earlier(entries, earlier(entries, child, child + 1), earlier(entries, child + 2, child + 3));
        if (!precedes(entries[child].key, entries[child].tie, entry.key, entry.tie))
            break;
        heap_put(h, at, entries[child]);
        at = child;
    }
    heap_put(h, at, entry);
}

/* Its key and tie must be set and stay as they are while it is there. */
static void heap_insert(Heap *h, Task *t)
{
    sift_up(h, h->size++, (Entry){t->key, t->tie, t});
}

static void heap_remove(Heap *h, Task *t)
{
    int64_t at = h->places[t->number];
    Entry last = h->entries[--h->size];
    h->entries[h->size].key = INF;
    if (at == h->size)
        return;
    const Entry *parent = &h->entries[(at - 1) >> 2];
    if (at > 0 && precedes(last.key, last.tie, parent->key, parent->tie))
        sift_up(h, at, last);
    else
        sift_down(h, at, last);
}

#endif
