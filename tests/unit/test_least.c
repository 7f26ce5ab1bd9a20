/* The first few of many places: the same for any order and any split. */
#include "monitor/least.h"

#include <stdlib.h>

#include "check.h"

enum { MANY = 1000, PARTS = 4 };

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

/* A place that belongs to a key, so that a mix-up is seen. */
static uint64_t place_of(uint64_t key)
{
	return hc_mix64(key);
}

/* l holds the least of n keys, which are sorted here. */
static void check_least(const struct hc_least *l, uint64_t *keys, size_t n)
{
	size_t kept = n < HC_ACCOUNT_SAMPLES_MAX ? n : HC_ACCOUNT_SAMPLES_MAX;
	qsort(keys, n, sizeof *keys, by_value);
	assert_int_equal(l->count, n);
	assert_int_equal(l->n, kept);
	for (size_t i = 0; i < kept; i++) {
		assert_int_equal(l->list[i].key, keys[i]);
		assert_int_equal(l->list[i].place, place_of(keys[i]));
	}
}

static void test_orders(void **state)
{
	(void)state;
	uint64_t keys[MANY];
	static const size_t sizes[] = {
		0, 1, 2, HC_ACCOUNT_SAMPLES_MAX - 1, HC_ACCOUNT_SAMPLES_MAX, HC_ACCOUNT_SAMPLES_MAX + 1, MANY};
	for (size_t s = 0; s < COUNT(sizes); s++) {
		for (int order = 0; order < 3; order++) {
			struct hc_least l = {0};
			uint64_t random = s;
			for (size_t i = 0; i < sizes[s]; i++) {
				keys[i] = order == 0 ? i : order == 1 ? sizes[s] - i : check_random(&random);
				hc_least_add(&l, keys[i], place_of(keys[i]));
			}
			check_least(&l, keys, sizes[s]);
		}
	}
}

static void test_extremes(void **state)
{
	(void)state;
	struct hc_least l = {0};
	uint64_t keys[] = {UINT64_MAX, 0, UINT64_MAX - 1};
	for (size_t i = 0; i < COUNT(keys); i++)
		hc_least_add(&l, keys[i], place_of(keys[i]));
	check_least(&l, keys, COUNT(keys));
}

static void test_merged(void **state)
{
	(void)state;
	uint64_t keys[MANY], random = 11;
	for (unsigned round = 0; round < 50; round++) {
		struct hc_least parts[PARTS] = {0}, all = {0};
		size_t n = check_random(&random) % (round < 25 ? 2 * HC_ACCOUNT_SAMPLES_MAX : MANY);
		for (size_t i = 0; i < n; i++) {
			keys[i] = check_random(&random);
			hc_least_add(&parts[check_random(&random) % (1 + round % PARTS)], keys[i], place_of(keys[i]));
		}
		for (size_t i = 0; i < PARTS; i++)
			hc_least_merge(&all, &parts[(i + round) % PARTS]);
		check_least(&all, keys, n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_orders),
		cmocka_unit_test(test_extremes),
		cmocka_unit_test(test_merged),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
