/* The exact engine once more in C, to measure by: the same algorithm on the same data structures, the same outputs to
 * the bit, no trace. One translation unit, so that the compiler sees everything. Never a part of mcoom. */
#include <stdlib.h>

#include "episode.h"
#include "setup.h"

static void *aligned(size_t bytes)
{
    void *memory = aligned_alloc(LINE, (bytes + LINE - 1) / LINE * LINE);
    if (!memory)
        abort();
    memset(memory, 0, bytes);
    return memory;
}

static Heap *new_heap(int64_t n_tasks, int64_t *places)
{
    size_t n = (size_t)n_tasks + 4;
    Heap *h = aligned(sizeof(Heap) + n * sizeof(Entry));
    h->places = places;
    for (size_t at = 0; at < n; at++)
        h->entries[at].key = INF;
    return h;
}

static void allocate(Episode *e, int64_t n_tasks, int64_t n_cpus)
{
    e->tasks = aligned((size_t)n_tasks * sizeof(Task));
    e->cpus = aligned((size_t)n_cpus * sizeof(Cpu));
    e->reap = aligned((size_t)n_tasks * sizeof(ReaperEntry));
    e->places = aligned((size_t)n_tasks * sizeof(int64_t));
    e->timers = new_heap(n_tasks, e->places);
    e->starts = new_heap(n_tasks, e->places);
    for (Cpu *c = e->cpus; c < e->cpus + n_cpus; c++) {
        c->fair = new_heap(n_tasks, e->places);
        c->rt = new_heap(n_tasks, e->places);
    }
}

static void deallocate(Episode *e, int64_t n_cpus)
{
    for (Cpu *c = e->cpus; c < e->cpus + n_cpus; c++) {
        free(c->fair);
        free(c->rt);
    }
    free(e->starts);
    free(e->timers);
    free(e->places);
    free(e->reap);
    free(e->cpus);
    free(e->tasks);
}

/* Run n_rows replicates under one policy. The arrays are those of mcoom/engine/layout.py, C order: machine (n_rows,),
 * classes (n_rows, n_classes), shapes (n_shapes, SHAPE_BINS + 1), outputs (n_rows,), each entry a row of columns. */
void run_rows(const int64_t *machine, const int64_t *classes, const int64_t *shapes, const int64_t *policy, int64_t n_rows,
              int64_t n_classes, int64_t n_shapes, int64_t seed, int64_t point, int64_t first, int64_t *outputs)
{
    const Machine *machines = (const Machine *)machine;
    const Class *all_classes = (const Class *)classes;
    int64_t most_tasks = 0, most_cpus = 0;
    Episode e = {.shapes = shapes, .p = *(const Policy *)policy, .n_classes = n_classes};
    (void)n_shapes;
    for (int64_t r = 0; r < n_rows; r++) {
        int64_t n_tasks = 1;
        for (int64_t k = 0; k < n_classes; k++)
            n_tasks += all_classes[r * n_classes + k].count;
        most_tasks = max64(most_tasks, n_tasks);
        most_cpus = max64(most_cpus, machines[r].n_cpus);
    }
    allocate(&e, most_tasks, most_cpus);
    for (int64_t r = 0; r < n_rows; r++) {
        e.m = machines[r];
        e.classes = all_classes + r * n_classes;
        e.out = (Out *)outputs + r;
        set_up(&e, seed, point, first + r);
        run_episode(&e);
    }
    deallocate(&e, most_cpus);
}
