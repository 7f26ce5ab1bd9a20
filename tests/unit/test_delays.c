/* Delays: quantiles against a sorted array, whatever is near or far and however they came together. */
#include "report/delays.h"

#include <stdlib.h>

#include "check.h"

static void add(struct hc_delays *d, int64_t seconds)
{
	struct hc_err err;
	assert_int_equal(hc_delays_add(d, seconds, &err), HC_OK);
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

/* The quantiles of a report are those of n values, by nearest rank. */
static void check_quantiles(const struct hc_delays *d, int64_t *values, size_t n)
{
	static const size_t percents[] = {0, 10, 25, 50, 75, 90, 99, 100};
	qsort(values, n, sizeof *values, by_value);
	assert_int_equal(d->n, n);
	for (size_t i = 0; i < COUNT(percents); i++) {
		size_t percent = percents[i];
		size_t rank = (n * percent + 99) / 100;
		int64_t got = hc_delays_quantile(d, (double)percent / 100.0), expected = values[rank ? rank - 1 : 0];
		if (got != expected)
			fail_msg("%d %% of %d: %lld is not %lld", (int)percent, (int)n, (long long)got,
				 (long long)expected);
	}
}

static void test_few(void **state)
{
	(void)state;
	struct hc_delays d = {0};
	static const struct {
		double q;
		int64_t of_one, of_two, of_ten;
	} table[] = {
		{0, 30, 20, 1},    {0.1, 30, 20, 1}, {0.25, 30, 20, 3},  {0.5, 30, 20, 5},
		{0.75, 30, 30, 8}, {0.9, 30, 30, 9}, {0.99, 30, 30, 10}, {1, 30, 30, 10},
	};
	assert_int_equal(hc_delays_quantile(&d, 0.5), 0);
	add(&d, 30);
	hc_delays_sort(&d);
	for (size_t i = 0; i < COUNT(table); i++)
		assert_int_equal(hc_delays_quantile(&d, table[i].q), table[i].of_one);
	add(&d, 20);
	hc_delays_sort(&d);
	for (size_t i = 0; i < COUNT(table); i++)
		assert_int_equal(hc_delays_quantile(&d, table[i].q), table[i].of_two);
	hc_delays_free(&d);
	assert_int_equal(d.n, 0);
	static const int64_t ten[] = {7, 1, 10, 3, 9, 2, 8, 4, 6, 5};
	for (size_t i = 0; i < COUNT(ten); i++)
		add(&d, ten[i]);
	hc_delays_sort(&d);
	for (size_t i = 0; i < COUNT(table); i++)
		assert_int_equal(hc_delays_quantile(&d, table[i].q), table[i].of_ten);
	hc_delays_free(&d);
	hc_delays_free(&d);
}

/* Nearest rank: the least delay that a share q of all reach not at all or no later. */
static void test_nearest_rank(void **state)
{
	(void)state;
	struct hc_delays d = {0};
	static int64_t values[1200];
	for (size_t n = 1; n <= COUNT(values); n++) {
		values[n - 1] = (int64_t)(n * 7919) % 1201; /* 1201 is prime: all differ */
		add(&d, values[n - 1]);
		if (n % 100 > 3)
			continue;
		hc_delays_sort(&d);
		check_quantiles(&d, values, n);
		for (size_t k = 1; k < n; k++)
			assert_true(values[k - 1] < values[k]);
	}
	hc_delays_free(&d);
}

/* Where the counted delays end and the listed ones begin. */
static void test_border(void **state)
{
	(void)state;
	struct hc_delays d = {0};
	int64_t values[] = {HC_DELAYS_DENSE + 1, HC_DELAYS_DENSE, HC_DELAYS_DENSE - 1, INT64_MAX, 0,
			    HC_DELAYS_DENSE,     INT64_MAX - 1};
	for (size_t i = 0; i < COUNT(values); i++)
		add(&d, values[i]);
	assert_int_equal(d.n_far, 5);
	hc_delays_sort(&d);
	check_quantiles(&d, values, COUNT(values));
	hc_delays_free(&d);
	/* nothing but far ones */
	int64_t far[] = {INT64_MAX, HC_DELAYS_DENSE};
	add(&d, far[0]);
	add(&d, far[1]);
	assert_null(d.counts);
	hc_delays_sort(&d);
	check_quantiles(&d, far, COUNT(far));
	hc_delays_free(&d);
}

static int64_t random_delay(uint64_t *random, unsigned kind)
{
	uint64_t r = check_random(random);
	switch (kind) {
	case 0: /* near ones that repeat */
		return (int64_t)(r % 5) * 3600;
	case 1: /* anywhere near */
		return (int64_t)(r % HC_DELAYS_DENSE);
	case 2: /* around the border */
		return HC_DELAYS_DENSE - 3 + (int64_t)(r % 6);
	case 3: /* far */
		return (int64_t)(r >> 1) | HC_DELAYS_DENSE;
	default:
		return random_delay(random, (unsigned)(r % 4));
	}
}

/* However many parts they are in, and whichever of them is merged into which: the same quantiles. */
static void test_merged(void **state)
{
	(void)state;
	enum { PARTS = 5, VALUES = 3000 };
	static int64_t values[VALUES];
	uint64_t random = 5;
	for (unsigned round = 0; round < 20; round++) {
		struct hc_delays parts[PARTS] = {0}, all = {0};
		size_t n = round < 5 ? round : check_random(&random) % VALUES;
		for (size_t i = 0; i < n; i++) {
			values[i] = random_delay(&random, round % 5);
			add(&parts[check_random(&random) % PARTS], values[i]);
		}
		for (size_t i = 0; i < PARTS; i++) {
			struct hc_err err;
			size_t part = (i + round) % PARTS;
			assert_int_equal(hc_delays_merge(&all, &parts[part], &err), HC_OK);
			hc_delays_free(&parts[part]);
		}
		hc_delays_sort(&all);
		if (n)
			check_quantiles(&all, values, n);
		else
			assert_int_equal(hc_delays_quantile(&all, 0.5), 0);
		hc_delays_free(&all);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_few),
		cmocka_unit_test(test_nearest_rank),
		cmocka_unit_test(test_border),
		cmocka_unit_test(test_merged),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
