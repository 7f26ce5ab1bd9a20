/*
 * What a metric computation yields: values in AWS's order, with standard deviations and reasons.
 */
#ifndef HC_METRIC_METRICS_H
#define HC_METRIC_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

enum hc_problem_type {
	HC_BINARY,
	HC_MULTICLASS,
	HC_REGRESSION,
};

/* "BinaryClassification", "MulticlassClassification", "Regression". */
const char *hc_problem_name(enum hc_problem_type problem);
bool hc_problem_parse(struct hc_str s, enum hc_problem_type *out);

/*
 * The scalars of each problem type, in the order of statistics.json: indexes into hc_metric_table
 * and hc_metrics.values. CONSTANT: of the best constant classifier.
 */
enum hc_binary_metric {
	HC_BINARY_RECALL,
	HC_BINARY_PRECISION,
	HC_BINARY_ACCURACY,
	HC_BINARY_RECALL_CONSTANT,
	HC_BINARY_PRECISION_CONSTANT,
	HC_BINARY_ACCURACY_CONSTANT,
	HC_BINARY_TRUE_POSITIVE_RATE,
	HC_BINARY_TRUE_NEGATIVE_RATE,
	HC_BINARY_FALSE_POSITIVE_RATE,
	HC_BINARY_FALSE_NEGATIVE_RATE,
	HC_BINARY_AUC,
	HC_BINARY_AU_PRC,
	HC_BINARY_F0_5,
	HC_BINARY_F1,
	HC_BINARY_F2,
	HC_BINARY_F0_5_CONSTANT,
	HC_BINARY_F1_CONSTANT,
	HC_BINARY_F2_CONSTANT,
	HC_BINARY_METRICS,
};

enum hc_multiclass_metric {
	HC_MULTICLASS_ACCURACY,
	HC_MULTICLASS_WEIGHTED_RECALL,
	HC_MULTICLASS_WEIGHTED_PRECISION,
	HC_MULTICLASS_WEIGHTED_F0_5,
	HC_MULTICLASS_WEIGHTED_F1,
	HC_MULTICLASS_WEIGHTED_F2,
	HC_MULTICLASS_ACCURACY_CONSTANT,
	HC_MULTICLASS_WEIGHTED_RECALL_CONSTANT,
	HC_MULTICLASS_WEIGHTED_PRECISION_CONSTANT,
	HC_MULTICLASS_WEIGHTED_F0_5_CONSTANT,
	HC_MULTICLASS_WEIGHTED_F1_CONSTANT,
	HC_MULTICLASS_WEIGHTED_F2_CONSTANT,
	HC_MULTICLASS_METRICS,
};

enum hc_regression_metric {
	HC_REGRESSION_MAE,
	HC_REGRESSION_MSE,
	HC_REGRESSION_RMSE,
	HC_REGRESSION_R2,
	HC_REGRESSION_METRICS,
};

/*
 * One table describes every scalar of every problem type: its name in statistics.json, in
 * constraint_violations.json (camel case), whether a suggested constraint exists for it, in which
 * direction, and its place in the order in which AWS reports violations.
 */
struct hc_metric_info {
	const char *name;  /* true_positive_rate */
	const char *camel; /* truePositiveRate */
	bool needs_score;  /* auc, au_prc: only with a probability attribute */
	enum { HC_NOT_CONSTRAINED, HC_LESS_IS_WORSE, HC_GREATER_IS_WORSE } constraint;
	/* Ascending order of report, by what AWS does (reference 4.6). Metrics without suggested constraint
	 * all have HC_RANK_LAST: those stay in the order of the constraints file. */
	unsigned violation_rank;
	unsigned constraint_rank; /* order in constraints.json (reference 4.5); HC_RANK_LAST: not there */
};

/* The scalars of a problem type in the order of statistics.json; *n of them (at most
 * HC_METRICS_MAX). Static. Curves and the matrix are not among them. */
enum { HC_METRICS_MAX = 24, HC_RANK_LAST = HC_METRICS_MAX };
const struct hc_metric_info *hc_metric_table(enum hc_problem_type problem, size_t *n);

struct hc_metric {
	bool present;          /* false: not measured at all (no score) */
	double value;          /* NaN where undefined */
	double deviation;      /* NaN where undefined: under 200 records, or a sample without value */
	const char *undefined; /* why value is NaN: "no record is actually positive"; static; else NULL */
};

struct hc_curve {
	size_t n;
	double *x, *y;
};

struct hc_metrics {
	enum hc_problem_type problem;
	uint64_t n;                              /* records measured */
	struct hc_metric values[HC_METRICS_MAX]; /* parallel to hc_metric_table */

	/* Confusion matrix (classification): counts[actual * classes + predicted]. */
	size_t classes;
	uint64_t *counts;

	/* Binary with scores. roc: x = false positive rate, y = true positive rate.
	 * pr: x = recall, y = precision. Thinned to the number of points asked for. */
	bool has_curves;
	struct hc_curve roc, pr;
};

/* Below this many records standard deviations are NaN (AWS: "at least 200 samples"). */
enum { HC_DEVIATION_RECORDS_MIN = 200 };

#endif
