/*
 * What the tests of src/metric share: comparing doubles, random ones, files of numbers.
 */
#ifndef HC_TEST_CHECK_METRIC_H
#define HC_TEST_CHECK_METRIC_H

#include "check.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "metric/metrics.h"

/* The same double, NaN equal to NaN, 0.0 not to -0.0. */
#define check_same(got, expected) check_same_at((got), (expected), __FILE__, __LINE__)

static inline bool is_same(double a, double b)
{
	return (isnan(a) && isnan(b)) || (a == b && signbit(a) == signbit(b));
}

static inline void check_same_at(double got, double expected, const char *file, int line)
{
	if (!is_same(got, expected)) {
		print_error("%.17g (%a) is not %.17g (%a)\n", got, got, expected, expected);
		_fail(file, line);
	}
}

/* Within 1e-12 max(1, |expected|), the tolerance that the metrics promise; NaN near NaN. */
#define check_near(got, expected) check_near_at((got), (expected), __FILE__, __LINE__)

static inline void check_near_at(double got, double expected, const char *file, int line)
{
	if (!is_same(got, expected) && !(fabs(got - expected) <= 1e-12 * fmax(1, fabs(expected)))) {
		print_error("%.17g is not near %.17g\n", got, expected);
		_fail(file, line);
	}
}

/* Every value, deviation, reason and count of two results, bit for bit. */
static inline void check_same_metrics(const struct hc_metrics *a, const struct hc_metrics *b)
{
	size_t n;
	hc_metric_table(a->problem, &n);
	assert_int_equal(a->n, b->n);
	assert_int_equal(a->classes, b->classes);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(a->values[i].present, b->values[i].present);
		check_same(a->values[i].value, b->values[i].value);
		check_same(a->values[i].deviation, b->values[i].deviation);
		assert_ptr_equal(a->values[i].undefined, b->values[i].undefined);
	}
	for (size_t i = 0; i < a->classes * a->classes; i++)
		assert_int_equal(a->counts[i], b->counts[i]);
}

/* From 0 to below 1. */
static inline double random_unit(uint64_t *random)
{
	return (double)(check_random(random) >> 11) * 0x1p-53;
}

/* Any finite double: all exponents are as likely. */
static inline double random_double(uint64_t *random)
{
	for (;;) {
		uint64_t bits = check_random(random);
		double x;
		memcpy(&x, &bits, sizeof x);
		if (isfinite(x))
			return x;
	}
}

/* Reads tests/data/churn/NAME, a header and lines of three numbers; returns how many lines. */
static inline size_t read_churn(const char *name, double rows[][3], size_t max)
{
	const char *root = getenv("HC_SOURCE_ROOT");
	assert_non_null(root); /* set by the build */
	char path[4096], line[256];
	snprintf(path, sizeof path, "%s/tests/data/churn/%s", root, name);
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof line, f));
	size_t n = 0;
	while (fgets(line, sizeof line, f)) {
		assert_true(n < max);
		assert_int_equal(sscanf(line, "%lf,%lf,%lf", &rows[n][0], &rows[n][1], &rows[n][2]), 3);
		n++;
	}
	fclose(f);
	return n;
}

#endif
