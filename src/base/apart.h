/*
 * Memory that threads write to apart from each other.
 *
 * Two threads that write to neighbouring bytes take the cache line from each other with every write, though they share
 * nothing. So what is a thread's own, in an array of a member for each thread, begins with HC_APART and comes from
 * hc_apart_alloc: members are multiples of HC_APART_BYTES then, and none has a line in common with anything else. Two
 * lines, because processors fetch them in pairs.
 */
#ifndef HC_BASE_APART_H
#define HC_BASE_APART_H

#include <stddef.h>

enum { HC_APART_BYTES = 128 };
#define HC_APART _Alignas(HC_APART_BYTES)

/* n members of `size` bytes, all zero; NULL: no memory. Freed by free(). */
void *hc_apart_alloc(size_t n, size_t size);

#endif
