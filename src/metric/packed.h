/*
 * Sorting packed keys: 64-bit numbers whose upper bits are what they are ordered by. Private to src/metric.
 *
 * Radix sort over the 22 highest bits that differ, then over those that follow in stretches that share them: a few
 * passes for any distribution, no comparison of records that are far apart.
 */
#ifndef HC_METRIC_PACKED_H
#define HC_METRIC_PACKED_H

#include <stddef.h>
#include <stdint.h>

/* Sorts ascending by keys[i] >> payload_bits; `scratch` has room for n as well. */
void hc_packed_sort(uint64_t *keys, uint64_t *scratch, size_t n, unsigned payload_bits);

#endif
