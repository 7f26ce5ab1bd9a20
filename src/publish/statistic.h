/*
 * Datapoints -> statistics of periods, as CloudWatch makes them.
 *
 * A period [start, start + length) has the samples of the datapoints that stand in it: SampleCount and Sum are sums, Minimum and Maximum what
 * they say, Average = Sum / SampleCount. A percentile pNN is the smallest value that at least NN percent of the samples do not
 * exceed (nearest rank; CloudWatch does not say how it rounds); it needs the values themselves, so a period that holds a statistic set
 * of different values has none, as with CloudWatch.
 *
 * Periods begin at `from` of the query, not at round hours: whoever asks aligns it.
 */
#ifndef HC_PUBLISH_STATISTIC_H
#define HC_PUBLISH_STATISTIC_H

#include "catalog/telemetry.h"

struct hc_statistic {
	enum hc_statistic_kind {
		HC_STATISTIC_SAMPLE_COUNT,
		HC_STATISTIC_AVERAGE,
		HC_STATISTIC_SUM,
		HC_STATISTIC_MINIMUM,
		HC_STATISTIC_MAXIMUM,
		HC_STATISTIC_PERCENTILE,
	} kind;
	double percent; /* of a percentile: 0 .. 100 */
};

/* "Average", ..., "p99", "p99.9" (0 to 100, at most ten digits behind the point). False: another one (tm90, IQM, ...), which nobody here can make. */
bool hc_statistic_parse(struct hc_str text, struct hc_statistic *out);

struct hc_period {
	int64_t start_us;
	struct hc_str unit; /* in the arena */
	double samples, sum, minimum, maximum;
	bool has_values; /* every datapoint stands for one value: there are percentiles */
};

struct hc_period_query {
	int64_t series;
	int64_t from_us, until_us, period_us; /* period_us > 0 */
	struct hc_str unit;                   /* p == NULL: any */
	bool by_unit;                         /* units apart: a period may come several times */
	size_t limit;                         /* most periods: HC_LIMIT beyond */
};
/* Periods that have datapoints, in the order of time, then of first appearance of the unit. */
enum hc_code hc_periods_read(struct hc_db *db, const struct hc_period_query *query, struct hc_arena *arena,
			     struct hc_period **out, size_t *n, struct hc_err *err) HC_MUST_USE;

/* A statistic of one of them; *found = false: a percentile that cannot be known. */
enum hc_code hc_period_value(struct hc_db *db, const struct hc_period_query *query, const struct hc_period *period,
			     struct hc_statistic statistic, double *out, bool *found, struct hc_err *err) HC_MUST_USE;

#endif
