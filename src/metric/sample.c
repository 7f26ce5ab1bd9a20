#include "metric/sample.h"

#include <math.h>
#include <string.h>

#include "base/hash.h"
#include "base/simd.h"

#define GOLDEN_GAMMA UINT64_C(0x9e3779b97f4a7c15) /* the step of SplitMix64 */
#define FOUR_FIFTHS UINT64_C(0xcccccccccccccccd)  /* of 2^64 */

enum { ROW_BYTES = 8 };

static uint8_t bits_of(uint64_t h)
{
	unsigned bits = 0;
	for (unsigned k = 0; k < HC_SAMPLES; k++)
		bits |= (unsigned)(hc_mix64(h + (k + 1) * GOLDEN_GAMMA) < FOUR_FIFTHS) << k;
	return (uint8_t)bits;
}

static void bits_of_lanes(const uint64_t h[HC_HASH_LANES], uint8_t out[HC_HASH_LANES])
{
	for (int i = 0; i < HC_HASH_LANES; i++)
		out[i] = bits_of(h[i]);
}

#ifdef __x86_64__
/* The same; this machine multiplies eight words at once. */
__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,bmi,bmi2"))) static void
bits_of_lanes_avx512(const uint64_t h[HC_HASH_LANES], uint8_t out[HC_HASH_LANES])
{
	uint64_t bits[HC_HASH_LANES] = {0};
	for (unsigned k = 0; k < HC_SAMPLES; k++)
		for (int i = 0; i < HC_HASH_LANES; i++)
			bits[i] |= (uint64_t)(hc_mix64(h[i] + (k + 1) * GOLDEN_GAMMA) < FOUR_FIFTHS) << k;
	for (int i = 0; i < HC_HASH_LANES; i++)
		out[i] = (uint8_t)bits[i];
}
#endif

static void put_row(char bytes[ROW_BYTES], uint64_t row)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	row = __builtin_bswap64(row);
#endif
	memcpy(bytes, &row, ROW_BYTES);
}

uint8_t hc_sample_bits(const struct hc_sampler *sampler, struct hc_str inference_id, struct hc_str event_id,
		       uint64_t row)
{
	char row_bytes[ROW_BYTES];
	put_row(row_bytes, row);
	uint64_t h = hc_siphash((struct hc_hash_key){sampler->seed, 0}, inference_id.p, inference_id.n);
	h = hc_siphash((struct hc_hash_key){h, 1}, event_id.p, event_id.n);
	h = hc_siphash((struct hc_hash_key){h, 2}, row_bytes, sizeof row_bytes);
	return bits_of(h);
}

/* h = the hash of the texts under the keys (h, step) */
static void hash_on(uint64_t h[HC_HASH_LANES], uint64_t step, const struct hc_str texts[HC_HASH_LANES])
{
	struct hc_hash_key keys[HC_HASH_LANES];
	const char *p[HC_HASH_LANES];
	size_t n[HC_HASH_LANES];
	for (int i = 0; i < HC_HASH_LANES; i++) {
		keys[i] = (struct hc_hash_key){h[i], step};
		p[i] = texts[i].p;
		n[i] = texts[i].n;
	}
	hc_siphash_lanes(keys, p, n, h);
}

void hc_sample_bits_lanes(const struct hc_sampler *sampler, const struct hc_str inference_id[HC_HASH_LANES],
			  const struct hc_str event_id[HC_HASH_LANES], const uint64_t row[HC_HASH_LANES],
			  uint8_t out[HC_HASH_LANES])
{
	char row_bytes[HC_HASH_LANES][ROW_BYTES];
	struct hc_str rows[HC_HASH_LANES];
	uint64_t h[HC_HASH_LANES];
	for (int i = 0; i < HC_HASH_LANES; i++) {
		put_row(row_bytes[i], row[i]);
		rows[i] = (struct hc_str){row_bytes[i], ROW_BYTES};
		h[i] = sampler->seed;
	}
	hash_on(h, 0, inference_id);
	hash_on(h, 1, event_id);
	hash_on(h, 2, rows);
#ifdef __x86_64__
	if (hc_simd_kind() == HC_SIMD_AVX512) {
		bits_of_lanes_avx512(h, out);
		return;
	}
#endif
	bits_of_lanes(h, out);
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
