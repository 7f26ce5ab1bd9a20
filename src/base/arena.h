/*
 * An arena: many small pieces that are freed together, within a byte budget.
 *
 * Pieces are never moved, so pointers into the arena hold until it is freed. Not for one thread's
 * use by another without a lock.
 */
#ifndef HC_BASE_ARENA_H
#define HC_BASE_ARENA_H

#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

struct hc_arena_block;

struct hc_arena {
	struct hc_arena_block *blocks;
	size_t used, budget; /* bytes taken from the system, and how many may be */
};

#define HC_ARENA(bytes) ((struct hc_arena){.budget = (bytes)})

void hc_arena_free(struct hc_arena *a);
#define HC_ARENA_SCOPED __attribute__((cleanup(hc_arena_free)))

/* n bytes, aligned for any type, not cleared; NULL when budget or memory is used up. */
void *hc_arena_take(struct hc_arena *a, size_t n) HC_MUST_USE;
/* The same, without alignment: for text. */
char *hc_arena_take_text(struct hc_arena *a, size_t n) HC_MUST_USE;

/* A copy of s; p is NULL on failure (s empty: a non-NULL empty slice). */
struct hc_str hc_arena_copy(struct hc_arena *a, struct hc_str s) HC_MUST_USE;
/* The same, NUL-terminated. */
char *hc_arena_cstring(struct hc_arena *a, struct hc_str s) HC_MUST_USE;

#endif
