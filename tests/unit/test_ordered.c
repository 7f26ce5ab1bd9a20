#include "metric/binary.h"

#include <math.h>
#include <stdlib.h>

#include "check_files.h"
#include "check_metric.h"
#include "metric/exact.h"

enum { CLASSES = 3, WRITERS = 2 };

static struct hc_err err;

/* --- records in order -------------------------------------------------------------------------- */

struct group {
	uint64_t score_bits, n;
	uint32_t kind;
};

struct groups {
	struct group *list;
	size_t n, cap;
};

static enum hc_code take(void *arg, uint64_t score_bits, uint32_t kind, uint64_t n, struct hc_err *e)
{
	struct groups *g = arg;
	(void)e;
	if (g->n == g->cap) {
		g->cap = g->cap ? 2 * g->cap : 64;
		g->list = realloc(g->list, g->cap * sizeof *g->list);
		assert_non_null(g->list);
	}
	g->list[g->n++] = (struct group){score_bits, n, kind};
	return HC_OK;
}

static int compare(const void *a, const void *b)
{
	const struct group *x = a, *y = b;
	if (x->score_bits != y->score_bits)
		return x->score_bits < y->score_bits ? -1 : 1;
	return (x->kind > y->kind) - (x->kind < y->kind);
}

/* Sorted by comparison, equal ones counted. */
static void sort_plainly(struct groups *g)
{
	size_t n = 0;
	if (g->n)
		qsort(g->list, g->n, sizeof *g->list, compare);
	for (size_t i = 0; i < g->n; i++) {
		if (n > 0 && compare(&g->list[n - 1], &g->list[i]) == 0)
			g->list[n - 1].n++;
		else
			g->list[n++] = g->list[i];
	}
	g->n = n;
}

static const uint16_t numbers[CLASSES] = {2, 0, 1}; /* what classes are called */

static double any(uint64_t r)
{
	return (double)(r >> 11) * 0x1p-53;
}

static double near_half(uint64_t r)
{
	return 0.5 + (double)(r >> 24) * 0x1p-93;
}

static double few(uint64_t r)
{
	return (double)(r >> 60) / 16;
}

static double one(uint64_t r)
{
	(void)r;
	return 1;
}

static double zeros(uint64_t r)
{
	return r >> 63 ? 0.0 : -0.0;
}

static double tiny(uint64_t r)
{
	return ldexp(1 + any(r), -(int)(r & 1023));
}

static double none(uint64_t r)
{
	(void)r;
	return NAN;
}

static void check_order(double (*score_of)(uint64_t), bool by_score, size_t n, uint64_t budget)
{
	struct hc_spill spill;
	struct hc_binary *b;
	struct groups want = {0}, got = {0};
	uint64_t random = n;
	bool has_score = score_of != none;
	assert_int_equal(hc_spill_init(&spill, budget, check_folder, &err), HC_OK);
	assert_int_equal(hc_binary_open(has_score, &spill, WRITERS, &b, &err), HC_OK);
	for (size_t i = 0; i < n; i++) {
		uint64_t r = check_random(&random), bits = 0;
		struct hc_binary_record record = {score_of(check_random(&random)), (uint16_t)(r % CLASSES),
						  by_score ? HC_BINARY_BY_SCORE : (uint16_t)(r >> 8 & 1),
						  (uint8_t)(r >> 16 & 31)};
		assert_int_equal(hc_binary_add(b, (unsigned)(r >> 40 & 1), record, &err), HC_OK);
		double score = record.score == 0 ? 0.0 : record.score;
		if (has_score)
			memcpy(&bits, &score, sizeof bits);
		uint32_t kind = numbers[record.actual];
		if (!by_score)
			kind = kind * CLASSES + numbers[record.predicted];
		assert_int_equal(take(&want, bits, kind << 5 | record.samples, 1, &err), HC_OK);
	}
	sort_plainly(&want);
	assert_int_equal(hc_binary_ordered(b, numbers, CLASSES, take, &got, &err), HC_OK);
	assert_int_equal(got.n, want.n);
	for (size_t i = 0; i < got.n; i++)
		if (compare(&got.list[i], &want.list[i]) != 0 || got.list[i].n != want.list[i].n)
			fail_msg("group %zu of %zu", i, got.n);
	free(want.list);
	free(got.list);
	hc_binary_free(b);
	hc_spill_free(&spill);
}

static void test_records_come_in_order(void **state)
{
	(void)state;
	static double (*const scores[])(uint64_t) = {any, near_half, few, one, zeros, tiny, none};
	static const size_t sizes[] = {0, 1, 2, 1000, 100000};
	static const uint64_t budgets[] = {0, UINT64_C(1) << 30};
	for (size_t i = 0; i < COUNT(scores); i++)
		for (size_t j = 0; j < COUNT(sizes); j++)
			for (size_t k = 0; k < COUNT(budgets); k++)
				for (int by_score = 0; by_score < 2; by_score++)
					check_order(scores[i], by_score && scores[i] != none, sizes[j], budgets[k]);
}

/* A bin of more records than are sorted at once. */
static void test_a_bin_that_is_split(void **state)
{
	(void)state;
	check_order(near_half, true, 1200000, UINT64_C(1) << 30);
	check_order(near_half, false, 1200000, 1 << 20);
	check_order(one, false, 1200000, 1 << 20);
}

static enum hc_code refuse(void *arg, uint64_t score_bits, uint32_t kind, uint64_t n, struct hc_err *e)
{
	(void)score_bits, (void)kind, (void)n;
	++*(int *)arg;
	return hc_fail(e, HC_IO, "enough");
}

static void test_a_failure_ends_it(void **state)
{
	(void)state;
	struct hc_spill spill;
	struct hc_binary *b;
	int calls = 0;
	assert_int_equal(hc_spill_init(&spill, 1 << 20, check_folder, &err), HC_OK);
	assert_int_equal(hc_binary_open(true, &spill, 1, &b, &err), HC_OK);
	for (int i = 0; i < 100; i++) {
		struct hc_binary_record record = {i / 100.0, 0, 1, 0};
		assert_int_equal(hc_binary_add(b, 0, record, &err), HC_OK);
	}
	assert_int_equal(hc_binary_ordered(b, numbers, CLASSES, refuse, &calls, &err), HC_IO);
	assert_int_equal(calls, 1);
	hc_binary_free(b);
	hc_spill_free(&spill);
}

/* --- sums in their canonical form ----------------------------------------------------------------- */

static void check_number(struct hc_exact *a)
{
	struct hc_exact_number x, again;
	struct hc_exact b, sum;
	double before = hc_exact_round(a);
	hc_exact_get(a, &x);
	assert_true(x.n == 0 ? !x.negative && x.first == 0 : x.digits[0] && x.digits[x.n - 1]);
	assert_true(x.first + x.n <= HC_EXACT_DIGITS);
	hc_exact_set(&b, &x);
	check_same(hc_exact_round(&b), before);
	hc_exact_get(&b, &again);
	assert_int_equal(x.first, again.first);
	assert_int_equal(x.n, again.n);
	assert_int_equal(x.negative, again.negative);
	assert_memory_equal(x.digits, again.digits, x.n * sizeof *x.digits);
	/* a - a is zero */
	sum = b;
	x.negative = !x.negative;
	hc_exact_set(&b, &x);
	hc_exact_merge(&sum, &b);
	check_same(hc_exact_round(&sum), 0.0);
}

static void test_sums_are_written_in_one_way(void **state)
{
	(void)state;
	static const double terms[] = {0, 1, -1, 0.1, -0.1, 1e300, -1e300, 5e-324, -5e-324, 4294967296.0, -1e-300};
	struct hc_exact a = {0};
	check_number(&a);
	for (size_t i = 0; i < COUNT(terms); i++) {
		struct hc_exact alone = {0}, square = {0};
		hc_exact_add(&alone, terms[i]);
		check_number(&alone);
		hc_exact_add_square(&square, terms[i]);
		check_number(&square);
		hc_exact_add(&a, terms[i]);
		check_number(&a);
	}
}

/* The same terms in another order, carried at other times. */
static void test_equal_sums_are_equal_digits(void **state)
{
	(void)state;
	enum { N = 500 };
	double terms[N];
	uint64_t random = 4;
	struct hc_exact a = {0}, b = {0};
	struct hc_exact_number x, y;
	for (int i = 0; i < N; i++)
		terms[i] = ldexp(any(check_random(&random)) - 0.5, (int)(check_random(&random) % 400) - 200);
	for (int i = 0; i < N; i++) {
		hc_exact_add(&a, terms[i]);
		hc_exact_add(&b, terms[N - 1 - i]);
		if (i % 7 == 0)
			(void)hc_exact_round(&b);
	}
	hc_exact_get(&a, &x);
	hc_exact_get(&b, &y);
	assert_int_equal(x.negative, y.negative);
	assert_int_equal(x.first, y.first);
	assert_int_equal(x.n, y.n);
	assert_memory_equal(x.digits, y.digits, x.n * sizeof *x.digits);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records_come_in_order),       cmocka_unit_test(test_a_bin_that_is_split),
		cmocka_unit_test(test_a_failure_ends_it),           cmocka_unit_test(test_sums_are_written_in_one_way),
		cmocka_unit_test(test_equal_sums_are_equal_digits),
	};
	return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
