#include "metric/sample.h"

#include "base/simd.h"
#include "check_metric.h"

/* The bits are part of the contract; these come from another implementation of what sample.h says. */
static void test_bits(void **state)
{
	(void)state;
	static const struct {
		uint64_t seed;
		const char *inference_id, *event_id;
		uint64_t row;
		int bits;
	} table[] = {
		{0, "", "", 0, 29},
		{0, "", "", 1, 31},
		{0, "", "", 7, 15},
		{1, "", "", 0, 23},
		{0, "42", "", 0, 31},
		{0, "ab", "c", 0, 21},
		{0, "a", "bc", 0, 15},
		{0, "", "abc", 0, 31},
		{UINT64_MAX, "inférence-Ω", "00000000-0000-4000-8000-000000000001", UINT64_MAX, 31},
		{5, "9e5a0c9c-9d4e-4d3f-8f2f-2d0f2f1a7b11", "b8a1", 3, 31},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_sampler sampler = {table[i].seed};
		int bits = hc_sample_bits(&sampler, hc_str(table[i].inference_id), hc_str(table[i].event_id),
					  table[i].row);
		assert_int_equal(bits, table[i].bits);
	}
	struct hc_sampler sampler = {0};
	assert_int_equal(hc_sample_bits(&sampler, (struct hc_str){NULL, 0}, (struct hc_str){NULL, 0}, 0), 29);
}

/* Eight records at once have the bits that each has alone. */
static void check_lanes(uint64_t *random)
{
	char texts[HC_HASH_LANES][2][40];
	struct hc_str ids[2][HC_HASH_LANES];
	struct hc_sampler sampler = {check_random(random)};
	uint64_t rows[HC_HASH_LANES], shape = check_random(random);
	uint8_t bits[HC_HASH_LANES];
	for (int i = 0; i < HC_HASH_LANES; i++) {
		for (int id = 0; id < 2; id++) {
			for (size_t j = 0; j < sizeof texts[i][id]; j++)
				texts[i][id][j] = (char)check_random(random);
			size_t n = (shape >> id & 1 ? check_random(random) : shape >> 8) % 41;
			ids[id][i] = (struct hc_str){n ? texts[i][id] : NULL, n};
		}
		rows[i] = check_random(random) >> (shape >> 16) % 64;
	}
	hc_sample_bits_lanes(&sampler, ids[0], ids[1], rows, bits);
	for (int i = 0; i < HC_HASH_LANES; i++)
		assert_int_equal(bits[i], hc_sample_bits(&sampler, ids[0][i], ids[1][i], rows[i]));
}

static void test_lanes(void **state)
{
	(void)state;
	static const char *const kinds[] = {"plain", "avx2", "avx512", "neon", "auto"};
	uint64_t random = 6;
	for (size_t k = 0; k < COUNT(kinds); k++) {
		struct hc_err err;
		if (hc_simd_choose(kinds[k], &err) != HC_OK)
			continue; /* this machine lacks it */
		for (int i = 0; i < 500; i++)
			check_lanes(&random);
	}
}

/* Samples hold four fifths, each pair of samples 16 of 25, whichever part of the identity varies. */
static void test_shares(void **state)
{
	(void)state;
	enum { RECORDS = 50000 };
	for (int varies = 0; varies < 3; varies++) {
		int single[HC_SAMPLES] = {0}, both[HC_SAMPLES][HC_SAMPLES] = {0};
		for (unsigned i = 0; i < RECORDS; i++) {
			char id[16];
			snprintf(id, sizeof id, "%u", i);
			struct hc_sampler sampler = {42};
			struct hc_str none = HC_STR("");
			uint8_t bits = hc_sample_bits(&sampler, varies == 0 ? hc_str(id) : none,
						      varies == 1 ? hc_str(id) : none, varies == 2 ? i : 0);
			assert_true(bits < 1 << HC_SAMPLES);
			for (int k = 0; k < HC_SAMPLES; k++) {
				single[k] += bits >> k & 1;
				for (int l = 0; l < k; l++)
					both[k][l] += bits >> k & bits >> l & 1;
			}
		}
		/* five deviations of the binomial distribution either way */
		for (int k = 0; k < HC_SAMPLES; k++) {
			assert_true(abs(single[k] - RECORDS * 4 / 5) < 450);
			for (int l = 0; l < k; l++)
				assert_true(abs(both[k][l] - RECORDS * 16 / 25) < 540);
		}
	}
}

static void test_deviation(void **state)
{
	(void)state;
	const struct {
		double values[HC_SAMPLES], deviation;
	} table[] = {
		{{0, 0, 0, 0, 0}, 0},
		{{0.1, 0.1, 0.1, 0.1, 0.1}, 0},
		{{1, 2, 3, 4, 5}, 1.5811388300841898},
		{{5, 1, 4, 2, 3}, 1.5811388300841898},
		{{-1, -2, -3, -4, -5}, 1.5811388300841898},
		{{1e15 + 1, 1e15 + 2, 1e15 + 3, 1e15 + 4, 1e15 + 5}, 1.5811388300841898},
		{{0x1p1000, 0, 0, 0, 0}, 0x1p1000 * 0.44721359549995793},
		{{0, 0x1p-1000, 0, 0, 0}, 0x1p-1000 * 0.44721359549995793},
		{{1, 2, NAN, 4, 5}, NAN},
		{{NAN, 2, 3, 4, 5}, NAN},
		{{1, 2, 3, 4, INFINITY}, NAN},
		{{INFINITY, INFINITY, INFINITY, INFINITY, INFINITY}, NAN},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		double got = hc_sample_deviation(table[i].values), expected = table[i].deviation;
		assert_true(is_same(got, expected) || fabs(got - expected) <= 4e-16 * expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bits),
		cmocka_unit_test(test_lanes),
		cmocka_unit_test(test_shares),
		cmocka_unit_test(test_deviation),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
