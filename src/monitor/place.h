/*
 * Places: where a record stands, as one number whose order is the order of the input.
 *
 * A chunk (monitor/reader.h) and how many lines of it are before the record. hc_reader_where makes file and line of it.
 */
#ifndef HC_MONITOR_PLACE_H
#define HC_MONITOR_PLACE_H

#include <stddef.h>
#include <stdint.h>

enum { HC_PLACE_LINE_BITS = 38, HC_PLACE_BITS = 62, HC_CHUNKS_MAX = 1 << (HC_PLACE_BITS - HC_PLACE_LINE_BITS) };
#define HC_PLACE_LINES_MAX (UINT64_C(1) << HC_PLACE_LINE_BITS)
#define HC_PLACE_NONE UINT64_MAX

static inline uint64_t hc_place(size_t chunk, uint64_t line)
{
	return (uint64_t)chunk << HC_PLACE_LINE_BITS | line;
}

static inline size_t hc_place_chunk(uint64_t place)
{
	return (size_t)(place >> HC_PLACE_LINE_BITS);
}

static inline uint64_t hc_place_line(uint64_t place)
{
	return place & (HC_PLACE_LINES_MAX - 1);
}

/* The order of places, for qsort and bsearch. */
static inline int hc_place_compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

#endif
