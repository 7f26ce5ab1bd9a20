/*
 * What the three kinds of metrics share. Private to src/metric.
 */
#ifndef HC_METRIC_FORMULA_H
#define HC_METRIC_FORMULA_H

#include <math.h>

#include "metric/metrics.h"
#include "metric/sample.h"

#define HC_NO_RECORD "there is no record"

/* NaN without denominator. */
static inline double hc_ratio(uint64_t part, uint64_t whole)
{
	return whole ? (double)part / (double)whole : NAN;
}

/* 0.0 without denominator, as AWS has it for precision. */
static inline double hc_ratio_or_zero(uint64_t part, uint64_t whole)
{
	return whole ? (double)part / (double)whole : 0.0;
}

/* F_beta from precision and recall in the order of operations of AWS; 0.0 where undefined. */
static inline double hc_f_score(double beta, double precision, double recall)
{
	double b2 = beta * beta, denominator = b2 * precision + recall;
	return denominator > 0 ? (1 + b2) * precision * recall / denominator : 0.0;
}

/* The scalars of all records (0) and of sample k (k + 1). */
struct hc_measured {
	double values[HC_SAMPLES + 1][HC_METRICS_MAX];
};

/* Enters `count` values with their deviations; m->n says whether there are enough records for those. */
void hc_metrics_enter(struct hc_metrics *m, size_t count, const struct hc_measured *measured);

#endif
