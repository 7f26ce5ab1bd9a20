#include "metric/regression.h"

#include <math.h>

#include "metric/formula.h"

enum { PATTERNS = 1 << HC_SAMPLES };

void hc_regression_add(struct hc_regression *r, double actual, double predicted, uint8_t samples)
{
	struct hc_regression_sums *sums = &r->patterns[samples % PATTERNS];
	double error = predicted - actual;
	sums->n++;
	hc_exact_add(&sums->abs_error, fabs(error));
	hc_exact_add_square(&sums->square_error, error);
	hc_exact_add(&sums->actual, actual);
	hc_exact_add_square(&sums->square_actual, actual);
}

static void merge_sums(struct hc_regression_sums *s, const struct hc_regression_sums *from)
{
	s->n += from->n;
	hc_exact_merge(&s->abs_error, &from->abs_error);
	hc_exact_merge(&s->square_error, &from->square_error);
	hc_exact_merge(&s->actual, &from->actual);
	hc_exact_merge(&s->square_actual, &from->square_actual);
}

void hc_regression_merge(struct hc_regression *r, const struct hc_regression *from)
{
	for (int i = 0; i < PATTERNS; i++)
		merge_sums(&r->patterns[i], &from->patterns[i]);
}

/* The sums over the patterns that contain all bits of `wanted`. */
static struct hc_regression_sums sums_of(const struct hc_regression *r, unsigned wanted)
{
	struct hc_regression_sums s = {0};
	for (unsigned i = 0; i < PATTERNS; i++)
		if ((i & wanted) == wanted && r->patterns[i].n)
			merge_sums(&s, &r->patterns[i]);
	return s;
}

/* 1 - SSE / SST; NaN where SST is zero or no finite number. */
static double r_squared(double sse, double sst)
{
	return sst > 0 && isfinite(sst) ? 1 - sse / sst : NAN;
}

static void measure(struct hc_regression_sums *s, double values[HC_METRICS_MAX], double *sst)
{
	double n = (double)s->n, sse = hc_exact_round(&s->square_error);
	*sst = s->n ? hc_exact_scatter(s->n, &s->square_actual, &s->actual) / n : NAN;
	values[HC_REGRESSION_MAE] = s->n ? hc_exact_round(&s->abs_error) / n : NAN;
	values[HC_REGRESSION_MSE] = s->n ? sse / n : NAN;
	values[HC_REGRESSION_RMSE] = sqrt(values[HC_REGRESSION_MSE]);
	values[HC_REGRESSION_R2] = r_squared(sse, *sst);
}

static const char *reason(enum hc_regression_metric metric, uint64_t n, double sst)
{
	if (n == 0)
		return HC_NO_RECORD;
	if (metric == HC_REGRESSION_R2 && sst == 0)
		return n == 1 ? "one record alone has no spread" : "all actual values are equal";
	if (metric == HC_REGRESSION_R2 && isinf(sst))
		return "the spread of the actual values is beyond the largest double";
	return "a value is not a finite number";
}

void hc_regression_finish(const struct hc_regression *r, struct hc_metrics *out)
{
	struct hc_metrics m = {.problem = HC_REGRESSION};
	struct hc_measured measured = {0};
	double sst[HC_SAMPLES + 1];
	for (unsigned set = 0; set <= HC_SAMPLES; set++) {
		struct hc_regression_sums sums = sums_of(r, set ? 1u << (set - 1) : 0);
		measure(&sums, measured.values[set], &sst[set]);
		if (set == 0)
			m.n = sums.n;
	}
	hc_metrics_enter(&m, HC_REGRESSION_METRICS, &measured);
	for (size_t i = 0; i < HC_REGRESSION_METRICS; i++)
		if (isnan(m.values[i].value))
			m.values[i].undefined = reason((enum hc_regression_metric)i, m.n, sst[0]);
	*out = m;
}
