/* Counter-based streams of random numbers, and shape tables (docs/model.md section 2). */
#ifndef TWIN_RNG_H
#define TWIN_RNG_H

#include "state.h"

#define GOLDEN UINT64_C(0x9E3779B97F4A7C15)

static inline uint64_t mix64(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static inline uint64_t fold_key(uint64_t key, int64_t value, int64_t level)
{
    return mix64(key ^ mix64((uint64_t)value + GOLDEN * (uint64_t)(level + 1)));
}

/* Draw number n = 1, 2, ... of a stream. */
static inline uint64_t draw_number(uint64_t key, int64_t n) { return mix64(key + GOLDEN * (uint64_t)n); }

static inline uint64_t draw(Task *t, int64_t purpose)
{
    return draw_number(fold_key(t->stream, purpose, 5), ++t->draws[purpose]);
}

static inline const int64_t *shape_table(const Episode *e, int64_t shape) { return e->shapes + shape * (SHAPE_BINS + 1); }

static inline int64_t quantile(const int64_t *table, uint64_t bits)
{
    const int64_t *at = table + (bits >> 56);
    int64_t f = (int64_t)((bits >> 36) & 0xFFFFF);
    return (at[0] * (SHAPE_ONE - f) + at[1] * f) >> 20;
}

static inline int64_t scaled(const Episode *e, int64_t value, int64_t shape, uint64_t bits)
{
    return (value * quantile(shape_table(e, shape), bits)) >> 20;
}

static inline int64_t index_below(uint64_t bits, int64_t m) { return (int64_t)(((bits >> 32) * (uint64_t)m) >> 32); }

static inline int64_t fraction(uint64_t bits) { return (int64_t)(bits >> 44); }

#endif
