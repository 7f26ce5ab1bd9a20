/*
 * The samples behind standard deviations: five of 80 %, without replacement.
 *
 * A record is in sample k by a hash of the seed, k and the record's identity, never by its
 * position: no split of the data and no thread changes a sample. What follows is part of the contract
 * "same input, same bytes" and may not change:
 *
 *   a = SipHash-2-4 under the key (seed, 0) of the bytes of the inference id
 *   b = SipHash-2-4 under the key (a, 1) of the bytes of the event id
 *   h = SipHash-2-4 under the key (b, 2) of the row number, 8 bytes, little-endian
 *   the record is in sample k (0 to 4) when
 *   hc_mix64(h + (k + 1) * 0x9e3779b97f4a7c15 mod 2^64) < 0xcccccccccccccccd, which is 0.8 * 2^64
 *
 * that is: by the first five numbers of SplitMix64 from state h. An id that is missing counts as
 * empty. One hash keyed with the one before keeps ("ab", "c") and ("a", "bc") apart without a copy.
 */
#ifndef HC_METRIC_SAMPLE_H
#define HC_METRIC_SAMPLE_H

#include <stdint.h>

#include "base/hash.h"
#include "base/str.h"

enum { HC_SAMPLES = 5 };

struct hc_sampler {
	uint64_t seed;
};

/*
 * Bit k is set when the record is in sample k. `inference_id` and `event_id` are what the record
 * has of the two (n = 0: none), `row` tells records apart that share both or have neither: the row
 * number of a baseline, the line inside one invocation.
 */
uint8_t hc_sample_bits(const struct hc_sampler *sampler, struct hc_str inference_id, struct hc_str event_id,
		       uint64_t row);

/* The same for HC_HASH_LANES records at once. */
void hc_sample_bits_lanes(const struct hc_sampler *sampler, const struct hc_str inference_id[HC_HASH_LANES],
			  const struct hc_str event_id[HC_HASH_LANES], const uint64_t row[HC_HASH_LANES],
			  uint8_t out[HC_HASH_LANES]);

/* Standard deviation of five values, divisor n - 1; NaN when one of them is not finite. */
double hc_sample_deviation(const double values[HC_SAMPLES]);

#endif
