#include "metric/regression.h"

#include "check_metric.h"

static void check_values(const struct hc_metrics *m, double mae, double mse, double rmse, double r2)
{
	check_same(m->values[HC_REGRESSION_MAE].value, mae);
	check_same(m->values[HC_REGRESSION_MSE].value, mse);
	check_same(m->values[HC_REGRESSION_RMSE].value, rmse);
	check_same(m->values[HC_REGRESSION_R2].value, r2);
}

static void test_aws_example(void **state)
{
	(void)state;
	static struct hc_regression r; /* 2096 labels of which 406 are 1; 778 predictions are wrong */
	for (int i = 0; i < 2096; i++)
		hc_regression_add(&r, i < 406, i < 268 || i >= 2096 - 510 ? i >= 406 : i < 406, 31);
	struct hc_metrics m;
	hc_regression_finish(&r, &m);
	assert_int_equal(m.n, 2096);
	assert_int_equal(m.problem, HC_REGRESSION);
	check_values(&m, 0.3711832061068702, 0.3711832061068702, 0.609248066149471, -1.3766111872212665);
	for (size_t i = 0; i < HC_REGRESSION_METRICS; i++) {
		assert_true(m.values[i].present);
		assert_null(m.values[i].undefined);
		check_same(m.values[i].deviation, 0); /* every record is in every sample */
	}
}

static void test_degenerate(void **state)
{
	(void)state;
	enum { ROWS = 3 };
	const struct {
		size_t n;
		double rows[ROWS][2]; /* actual, predicted */
		double mae, mse, rmse, r2;
		const char *why_r2;
	} table[] = {
		{0, {{0}}, NAN, NAN, NAN, NAN, "there is no record"},
		{1, {{5, 5}}, 0, 0, 0, NAN, "one record alone has no spread"},
		{1, {{5, 8}}, 3, 9, 3, NAN, "one record alone has no spread"},
		{2, {{5, 8}, {5, 2}}, 3, 9, 3, NAN, "all actual values are equal"},
		{3, {{0.1, 0.1}, {0.1, 0.1}, {0.1, 0.1}}, 0, 0, 0, NAN, "all actual values are equal"},
		{2, {{1, 1}, {2, 2}}, 0, 0, 0, 1, NULL},
		{2, {{1, 2}, {2, 1}}, 1, 1, 1, -3, NULL},
		{2, {{1e15, 1e15}, {1e15 + 1, 1e15 + 1}}, 0, 0, 0, 1, NULL},
		{2, {{0x1p-1070, 0}, {0, 0}}, 0x1p-1071, 0, 0, NAN, "all actual values are equal"},
		{2,
		 {{1e200, 1e200}, {-1e200, -1e200}},
		 0,
		 0,
		 0,
		 NAN,
		 "the spread of the actual values is beyond the largest double"},
		{2, {{1, 1e200}, {2, 2}}, 5e199, INFINITY, INFINITY, -INFINITY, NULL},
		{2, {{1, NAN}, {2, 2}}, NAN, NAN, NAN, NAN, "a value is not a finite number"},
		{2, {{INFINITY, 1}, {2, 2}}, INFINITY, INFINITY, INFINITY, NAN, "a value is not a finite number"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		static struct hc_regression r;
		memset(&r, 0, sizeof r);
		for (size_t j = 0; j < table[i].n; j++)
			hc_regression_add(&r, table[i].rows[j][0], table[i].rows[j][1], 0);
		struct hc_metrics m;
		hc_regression_finish(&r, &m);
		assert_int_equal(m.n, table[i].n);
		check_values(&m, table[i].mae, table[i].mse, table[i].rmse, table[i].r2);
		const char *why = m.values[HC_REGRESSION_R2].undefined;
		assert_int_equal(why != NULL, table[i].why_r2 != NULL);
		if (why)
			assert_string_equal(why, table[i].why_r2);
		for (size_t k = 0; k < HC_REGRESSION_METRICS; k++) {
			check_same(m.values[k].deviation, NAN);
			assert_int_equal(m.values[k].undefined != NULL, isnan(m.values[k].value));
		}
	}
}

struct rows {
	size_t n;
	double actual[1000], predicted[1000];
	uint8_t samples[1000];
};

static void random_rows(struct rows *rows, size_t n, uint64_t *random)
{
	double offset = check_random(random) % 3 ? 0 : 1e9, scale = ldexp(1, (int)(check_random(random) % 40) - 20);
	rows->n = n;
	for (size_t i = 0; i < n; i++) {
		rows->actual[i] = offset + scale * random_unit(random);
		rows->predicted[i] = rows->actual[i] + scale * (random_unit(random) - 0.5);
		rows->samples[i] = check_random(random) % 32;
	}
}

/* Shuffled, split over accumulators and merged: the same bits. */
static void test_split_and_order(void **state)
{
	(void)state;
	enum { PARTS = 3 };
	static struct hc_regression whole, parts[PARTS];
	static struct rows rows;
	uint64_t random = 1;
	for (int c = 0; c < 30; c++) {
		random_rows(&rows, 150 + (size_t)c * 10, &random);
		memset(&whole, 0, sizeof whole);
		memset(parts, 0, sizeof parts);
		for (size_t i = 0; i < rows.n; i++)
			hc_regression_add(&whole, rows.actual[i], rows.predicted[i], rows.samples[i]);
		for (size_t i = rows.n; i-- > 0;)
			hc_regression_add(&parts[check_random(&random) % PARTS], rows.actual[i], rows.predicted[i],
					  rows.samples[i]);
		hc_regression_merge(&parts[1], &parts[2]);
		hc_regression_merge(&parts[1], &parts[0]);
		struct hc_metrics a, b;
		hc_regression_finish(&whole, &a);
		hc_regression_finish(&parts[1], &b);
		check_same_metrics(&a, &b);
	}
}

/* The deviation is that of five measurements of the samples alone; from 200 records on. */
static void test_deviations(void **state)
{
	(void)state;
	static struct hc_regression whole, sample;
	static struct rows rows;
	uint64_t random = 2;
	static const size_t sizes[] = {199, 200, 700};
	for (size_t s = 0; s < COUNT(sizes); s++) {
		random_rows(&rows, sizes[s], &random);
		memset(&whole, 0, sizeof whole);
		double values[HC_REGRESSION_METRICS][HC_SAMPLES];
		for (size_t i = 0; i < rows.n; i++)
			hc_regression_add(&whole, rows.actual[i], rows.predicted[i], rows.samples[i]);
		for (int k = 0; k < HC_SAMPLES; k++) {
			memset(&sample, 0, sizeof sample);
			for (size_t i = 0; i < rows.n; i++)
				if (rows.samples[i] >> k & 1)
					hc_regression_add(&sample, rows.actual[i], rows.predicted[i], 0);
			struct hc_metrics m;
			hc_regression_finish(&sample, &m);
			for (size_t i = 0; i < HC_REGRESSION_METRICS; i++)
				values[i][k] = m.values[i].value;
		}
		struct hc_metrics m;
		hc_regression_finish(&whole, &m);
		for (size_t i = 0; i < HC_REGRESSION_METRICS; i++)
			check_same(m.values[i].deviation, rows.n < 200 ? NAN : hc_sample_deviation(values[i]));
	}
}

/* Against plain long double sums in two passes, of differences to the first value, which are exact here. */
static void test_against_two_passes(void **state)
{
	(void)state;
	static struct hc_regression r;
	static struct rows rows;
	uint64_t random = 3;
	for (int c = 0; c < 300; c++) {
		random_rows(&rows, 2 + check_random(&random) % 500, &random);
		memset(&r, 0, sizeof r);
		long double n = rows.n, absolute = 0, sse = 0, sum = 0, sst = 0;
		for (size_t i = 0; i < rows.n; i++) {
			hc_regression_add(&r, rows.actual[i], rows.predicted[i], rows.samples[i]);
			double error = rows.predicted[i] - rows.actual[i];
			absolute += fabs(error);
			sse += (long double)error * error;
			sum += (long double)rows.actual[i] - rows.actual[0];
		}
		for (size_t i = 0; i < rows.n; i++) {
			long double d = (long double)rows.actual[i] - rows.actual[0] - sum / n;
			sst += d * d;
		}
		struct hc_metrics m;
		hc_regression_finish(&r, &m);
		check_near(m.values[HC_REGRESSION_MAE].value, (double)(absolute / n));
		check_near(m.values[HC_REGRESSION_MSE].value, (double)(sse / n));
		check_near(m.values[HC_REGRESSION_RMSE].value, (double)sqrtl(sse / n));
		check_near(m.values[HC_REGRESSION_R2].value, (double)(1 - sse / sst));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aws_example),        cmocka_unit_test(test_degenerate),
		cmocka_unit_test(test_split_and_order),    cmocka_unit_test(test_deviations),
		cmocka_unit_test(test_against_two_passes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
