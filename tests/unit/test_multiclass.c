#include "metric/multiclass.h"

#include "check_metric.h"
#include "metric/classes.h"

enum { ARENA = 64 << 20, MAX = 12 };

static const uint16_t straight[MAX] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};

static void add(struct hc_multiclass *m, size_t actual, size_t predicted, uint64_t times, unsigned samples)
{
	struct hc_err err;
	for (uint64_t i = 0; i < times; i++)
		assert_int_equal(hc_multiclass_add(m, (uint16_t)actual, (uint16_t)predicted, (uint8_t)samples, &err),
				 HC_OK);
}

static struct hc_metrics finish(const struct hc_multiclass *m, const uint16_t *place, size_t n_place, size_t classes,
				struct hc_arena *arena)
{
	struct hc_metrics out;
	struct hc_err err;
	assert_int_equal(hc_multiclass_finish(m, place, n_place, classes, arena, &out, &err), HC_OK);
	return out;
}

static void check_values(const struct hc_metrics *m, const double expected[HC_MULTICLASS_METRICS])
{
	for (size_t i = 0; i < HC_MULTICLASS_METRICS; i++) {
		assert_true(m->values[i].present);
		check_same(m->values[i].value, expected[i]);
		assert_int_equal(m->values[i].undefined != NULL, isnan(expected[i]) != 0);
	}
}

/* The example of the AWS guide, but for its best constant classifier, which comes from an older bug. */
static void test_aws_example(void **state)
{
	(void)state;
	struct hc_arena arena HC_ARENA_SCOPED = HC_ARENA(ARENA);
	struct hc_multiclass m = {0};
	add(&m, 0, 0, 1180, 31);
	add(&m, 0, 1, 510, 31);
	add(&m, 1, 0, 268, 31);
	add(&m, 1, 1, 138, 31);
	struct hc_metrics out = finish(&m, straight, 2, 2, &arena);
	double share = 1690 / 2096.0, weight = 1690;
	const double expected[HC_MULTICLASS_METRICS] = {
		[HC_MULTICLASS_ACCURACY] = 0.6288167938931297,
		[HC_MULTICLASS_WEIGHTED_RECALL] = 0.6288167938931297,
		[HC_MULTICLASS_WEIGHTED_PRECISION] = 0.6983172269629505,
		[HC_MULTICLASS_WEIGHTED_F0_5] = 0.6803947317178771,
		[HC_MULTICLASS_WEIGHTED_F1] = 0.6571162346664904,
		[HC_MULTICLASS_WEIGHTED_F2] = 0.6384024354394601,
		[HC_MULTICLASS_ACCURACY_CONSTANT] = share,
		[HC_MULTICLASS_WEIGHTED_RECALL_CONSTANT] = share,
		[HC_MULTICLASS_WEIGHTED_PRECISION_CONSTANT] = share * weight / 2096,
		[HC_MULTICLASS_WEIGHTED_F0_5_CONSTANT] = 1.25 * share / (0.25 * share + 1) * weight / 2096,
		[HC_MULTICLASS_WEIGHTED_F1_CONSTANT] = 2 * share / (share + 1) * weight / 2096,
		[HC_MULTICLASS_WEIGHTED_F2_CONSTANT] = 5 * share / (4 * share + 1) * weight / 2096,
	};
	check_values(&out, expected);
	static const uint64_t counts[] = {1180, 510, 268, 138};
	assert_int_equal(out.n, 2096);
	assert_int_equal(out.problem, HC_MULTICLASS);
	assert_int_equal(out.classes, 2);
	assert_memory_equal(out.counts, counts, sizeof counts);
	for (size_t i = 0; i < HC_MULTICLASS_METRICS; i++)
		check_same(out.values[i].deviation, 0); /* every record is in every sample */
	hc_multiclass_free(&m);
}

static void test_degenerate(void **state)
{
	(void)state;
	const struct {
		size_t classes;
		uint64_t counts[3][3]; /* [actual][predicted] */
		double values[HC_MULTICLASS_METRICS];
	} table[] = {
		/* no record */
		{0, {{0}}, {NAN, NAN, 0, 0, 0, 0, NAN, NAN, 0, 0, 0, 0}},
		{3, {{0}}, {NAN, NAN, 0, 0, 0, 0, NAN, NAN, 0, 0, 0, 0}},
		/* one record, right and wrong */
		{1, {{1}}, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}},
		{2, {{0, 1}}, {0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1}},
		/* one class; classes without records, without predictions */
		{3, {{0}, {0, 9, 0}}, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}},
		{3, {{0, 0, 4}, {0, 0, 4}}, {0, 0, 0, 0, 0, 0, 0.5, 0.5, 0.25, 0.25 / 0.9, 1 / 3.0, 2.5 / 6}},
		/* a tie: the first class is the constant */
		{3,
		 {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
		 {1, 1, 1, 1, 1, 1, 1 / 3.0, 1 / 3.0, 1 / 3.0 / 3, NAN, 0.5 / 3, NAN}},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_arena arena HC_ARENA_SCOPED = HC_ARENA(ARENA);
		struct hc_multiclass m = {0};
		for (size_t a = 0; a < 3; a++)
			for (size_t p = 0; p < 3; p++)
				add(&m, a, p, table[i].counts[a][p], 0);
		struct hc_metrics out = finish(&m, straight, table[i].classes, table[i].classes, &arena);
		for (size_t v = 0; v < HC_MULTICLASS_METRICS; v++) {
			check_same(out.values[v].deviation, NAN);
			/* the last row leaves two values to the other tests */
			if (!(isnan(table[i].values[v]) && out.n > 0))
				check_near(out.values[v].value, table[i].values[v]);
			assert_int_equal(out.values[v].undefined != NULL, isnan(out.values[v].value) != 0);
		}
		hc_multiclass_free(&m);
	}
}

/* Spellings of one class share a place: `2` and `2.0` are one row and one column. */
static void test_places(void **state)
{
	(void)state;
	struct hc_arena arena HC_ARENA_SCOPED = HC_ARENA(ARENA);
	struct hc_multiclass spelt = {0}, plain = {0};
	static const uint16_t place[] = {1, 0, 1};
	add(&spelt, 0, 0, 5, 3);
	add(&spelt, 0, 2, 7, 3); /* the same class: right */
	add(&spelt, 1, 2, 2, 1);
	add(&spelt, 2, 1, 3, 2);
	add(&spelt, 1, 1, 200, 31);
	add(&plain, 1, 1, 12, 3);
	add(&plain, 0, 1, 2, 1);
	add(&plain, 1, 0, 3, 2);
	add(&plain, 0, 0, 200, 31);
	struct hc_metrics a = finish(&spelt, place, 3, 2, &arena), b = finish(&plain, straight, 2, 2, &arena);
	check_same_metrics(&a, &b);
	assert_int_equal(a.counts[3], 12);
	assert_true(a.values[HC_MULTICLASS_ACCURACY].deviation > 0);
	hc_multiclass_free(&spelt);
	hc_multiclass_free(&plain);
}

struct rows {
	size_t n;
	uint16_t actual[1000], predicted[1000];
	uint8_t samples[1000];
};

static void random_rows(struct rows *rows, size_t n, size_t classes, uint64_t *random)
{
	uint64_t noise = check_random(random) % 100;
	rows->n = n;
	for (size_t i = 0; i < n; i++) {
		/* the square of a uniform number: small classes are frequent, large ones rare */
		double u = random_unit(random), v = random_unit(random);
		rows->actual[i] = (uint16_t)(u * u * (double)classes);
		bool wrong = check_random(random) % 100 < noise;
		rows->predicted[i] = wrong ? (uint16_t)(v * (double)classes) : rows->actual[i];
		rows->samples[i] = check_random(random) % 32;
	}
}

/* Weighted means from their definitions, class by class over all rows. */
static void slow_values(const struct rows *rows, int sample, size_t classes, double values[HC_MULTICLASS_METRICS])
{
	double n = 0, right = 0, sums[5] = {0}, most = 0;
	for (size_t c = 0; c < classes; c++) {
		double actual = 0, predicted = 0, both = 0;
		n = 0;
		for (size_t i = 0; i < rows->n; i++) {
			if (sample >= 0 && !(rows->samples[i] >> sample & 1))
				continue;
			n++;
			actual += rows->actual[i] == c;
			predicted += rows->predicted[i] == c;
			both += rows->actual[i] == c && rows->predicted[i] == c;
		}
		right += both;
		most = fmax(most, actual);
		double r = actual > 0 ? both / actual : 0, p = predicted > 0 ? both / predicted : 0;
		sums[0] += r * actual;
		sums[1] += p * actual;
		sums[2] += p + r > 0 ? 1.25 * p * r / (0.25 * p + r) * actual : 0;
		sums[3] += p + r > 0 ? 2 * p * r / (p + r) * actual : 0;
		sums[4] += p + r > 0 ? 5 * p * r / (4 * p + r) * actual : 0;
	}
	double p = most / n;
	const double constant[] = {p, p * p, 1.25 * p / (0.25 * p + 1) * p, 2 * p / (p + 1) * p,
				   5 * p / (4 * p + 1) * p};
	values[HC_MULTICLASS_ACCURACY] = right / n;
	values[HC_MULTICLASS_ACCURACY_CONSTANT] = p;
	for (int i = 0; i < 5; i++) {
		values[HC_MULTICLASS_WEIGHTED_RECALL + i] = sums[i] / n;
		values[HC_MULTICLASS_WEIGHTED_RECALL_CONSTANT + i] = constant[i];
	}
}

static void test_against_definitions(void **state)
{
	(void)state;
	static struct rows rows;
	uint64_t random = 1;
	for (int c = 0; c < 200; c++) {
		size_t classes = 1 + check_random(&random) % MAX;
		static const size_t sizes[] = {1, 2, 10, 199, 200, 900};
		random_rows(&rows, sizes[c % (int)COUNT(sizes)], classes, &random);
		struct hc_arena arena HC_ARENA_SCOPED = HC_ARENA(ARENA);
		struct hc_multiclass m = {0};
		for (size_t i = 0; i < rows.n; i++)
			add(&m, rows.actual[i], rows.predicted[i], 1, rows.samples[i]);
		struct hc_metrics out = finish(&m, straight, classes, classes, &arena);
		double values[HC_MULTICLASS_METRICS], samples[HC_SAMPLES][HC_MULTICLASS_METRICS];
		slow_values(&rows, -1, classes, values);
		for (int k = 0; k < HC_SAMPLES; k++)
			slow_values(&rows, k, classes, samples[k]);
		for (size_t i = 0; i < HC_MULTICLASS_METRICS; i++) {
			double of_samples[HC_SAMPLES];
			for (int k = 0; k < HC_SAMPLES; k++)
				of_samples[k] = samples[k][i];
			check_near(out.values[i].value, values[i]);
			check_near(out.values[i].deviation, rows.n < 200 ? NAN : hc_sample_deviation(of_samples));
		}
		hc_multiclass_free(&m);
	}
}

/* Split over accumulators that number the classes in different ways, and merged: the same bits. */
static void test_split_and_order(void **state)
{
	(void)state;
	static struct rows rows;
	uint64_t random = 2;
	for (int c = 0; c < 50; c++) {
		size_t classes = 1 + check_random(&random) % MAX;
		random_rows(&rows, check_random(&random) % 1000, classes, &random);
		uint16_t turned[MAX], back[MAX];
		for (size_t i = 0; i < classes; i++) {
			turned[i] = (uint16_t)((i + 5) % classes);
			back[turned[i]] = (uint16_t)i;
		}
		struct hc_arena arena HC_ARENA_SCOPED = HC_ARENA(ARENA);
		struct hc_multiclass whole = {0}, a = {0}, b = {0};
		for (size_t i = 0; i < rows.n; i++) {
			add(&whole, rows.actual[i], rows.predicted[i], 1, rows.samples[i]);
			if (check_random(&random) & 1)
				add(&a, rows.actual[i], rows.predicted[i], 1, rows.samples[i]);
			else
				add(&b, turned[rows.actual[i]], turned[rows.predicted[i]], 1, rows.samples[i]);
		}
		struct hc_err err;
		assert_int_equal(hc_multiclass_merge(&a, &b, back, &err), HC_OK);
		struct hc_metrics x = finish(&whole, straight, classes, classes, &arena);
		struct hc_metrics y = finish(&a, straight, classes, classes, &arena);
		check_same_metrics(&x, &y);
		hc_multiclass_free(&whole);
		hc_multiclass_free(&a);
		hc_multiclass_free(&b);
	}
}

static void test_limits(void **state)
{
	(void)state;
	struct hc_multiclass m = {0};
	struct hc_err err;
	add(&m, HC_CLASSES_MAX - 1, 3, 2, 31);
	assert_int_equal(hc_multiclass_add(&m, HC_CLASSES_MAX, 0, 0, &err), HC_LIMIT);
	assert_int_equal(hc_multiclass_add(&m, 0, UINT16_MAX, 0, &err), HC_LIMIT);
	assert_true(strstr(err.hint, "Regression") != NULL);

	static uint16_t place[HC_CLASSES_MAX];
	for (size_t i = 0; i < HC_CLASSES_MAX; i++)
		place[i] = (uint16_t)i;
	struct hc_arena arena HC_ARENA_SCOPED = HC_ARENA(ARENA), small HC_ARENA_SCOPED = HC_ARENA(1000);
	struct hc_metrics out = finish(&m, place, HC_CLASSES_MAX, HC_CLASSES_MAX, &arena), before = out;
	assert_int_equal(out.n, 2);
	assert_int_equal(out.counts[(HC_CLASSES_MAX - 1) * HC_CLASSES_MAX + 3], 2);
	assert_int_equal(hc_multiclass_finish(&m, place, HC_CLASSES_MAX, HC_CLASSES_MAX, &small, &out, &err), HC_NOMEM);
	assert_memory_equal(&out, &before, sizeof out);
	hc_multiclass_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aws_example),     cmocka_unit_test(test_degenerate),
		cmocka_unit_test(test_places),          cmocka_unit_test(test_against_definitions),
		cmocka_unit_test(test_split_and_order), cmocka_unit_test(test_limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
