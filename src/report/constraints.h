/*
 * constraints.json: what a baseline promised, and what users made of it.
 *
 *   {"version":0.0,"binary_classification_constraints":{"auc":{"threshold":0.94,
 *    "comparison_operator":"LessThanThreshold"},...}}
 *
 * A file may hold fewer metrics than are known, edited thresholds, and members that we do not know beside
 * threshold and comparison_operator (`additional_properties`).
 */
#ifndef HC_REPORT_CONSTRAINTS_H
#define HC_REPORT_CONSTRAINTS_H

#include "base/buf.h"
#include "metric/metrics.h"

#define HC_CONSTRAINTS_BYTES_MAX (UINT64_C(16) << 20)

enum hc_operator { HC_LESS_THAN_THRESHOLD, HC_GREATER_THAN_THRESHOLD };

const char *hc_operator_name(enum hc_operator op);

struct hc_constraint {
	size_t metric; /* index in hc_metric_table(problem) */
	double threshold;
	enum hc_operator op;
};

struct hc_constraints {
	struct hc_constraint list[HC_METRICS_MAX];
	size_t n;
};

/* "binary_classification_constraints" and "binary_classification_metrics". */
const char *hc_constraints_key(enum hc_problem_type problem);
const char *hc_statistics_key(enum hc_problem_type problem);

/*
 * Reads a constraints file's text; `path` is for messages: `path:LINE: ...`. HC_INPUT on what is not one: not JSON, of
 * another problem type, unknown metric names or operators (the hint names the nearest known one), thresholds that are no
 * finite numbers. Of a metric that comes twice the last one counts.
 */
enum hc_code hc_constraints_parse(struct hc_str text, const char *path, enum hc_problem_type problem,
				  struct hc_constraints *out, struct hc_err *err) HC_MUST_USE;

#endif
