#include "metric/sample.h"

#include <math.h>

#include "base/hash.h"

#define GOLDEN_GAMMA UINT64_C(0x9e3779b97f4a7c15) /* the step of SplitMix64 */
#define FOUR_FIFTHS UINT64_C(0xcccccccccccccccd)  /* of 2^64 */

uint8_t hc_sample_bits(const struct hc_sampler *sampler, struct hc_str inference_id, struct hc_str event_id,
		       uint64_t row)
{
	unsigned char row_bytes[8];
	for (int i = 0; i < 8; i++)
		row_bytes[i] = (unsigned char)(row >> 8 * i);
	uint64_t h = hc_siphash((struct hc_hash_key){sampler->seed, 0}, inference_id.p, inference_id.n);
	h = hc_siphash((struct hc_hash_key){h, 1}, event_id.p, event_id.n);
	h = hc_siphash((struct hc_hash_key){h, 2}, row_bytes, sizeof row_bytes);
	unsigned bits = 0;
	for (unsigned k = 0; k < HC_SAMPLES; k++)
		bits |= (unsigned)(hc_mix64(h + (k + 1) * GOLDEN_GAMMA) < FOUR_FIFTHS) << k;
	return (uint8_t)bits;
}

double hc_sample_deviation(const double values[HC_SAMPLES])
{
	/* Differences to one of the values: five equal ones deviate by exactly 0. Scaled by a power of
	 * two, so that no square overflows or vanishes. */
	double largest = 0, mean = 0, sum = 0;
	for (int k = 0; k < HC_SAMPLES; k++) {
		double d = fabs(values[k] - values[0]);
		if (!isfinite(d) || !isfinite(values[k]))
			return NAN;
		largest = fmax(largest, d);
	}
	int exponent;
	frexp(largest, &exponent);
	for (int k = 0; k < HC_SAMPLES; k++)
		mean += ldexp(values[k] - values[0], -exponent) / HC_SAMPLES;
	for (int k = 0; k < HC_SAMPLES; k++) {
		double d = ldexp(values[k] - values[0], -exponent) - mean;
		sum += d * d;
	}
	return ldexp(sqrt(sum / (HC_SAMPLES - 1)), exponent);
}
