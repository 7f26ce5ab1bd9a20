/*
 * Binary classification: confusion matrix, ratios, ROC and precision-recall curves.
 *
 * The accumulator keeps 16 bytes a record and is merged by joining. Which class is positive may be
 * known only when all labels were seen, so records carry class numbers of the caller's table
 * (src/metric/classes.h) and hc_binary_finish is told what each number means.
 *
 * Formulas: issue text 4 and reference 4.4. recall = tpr = TP/(TP+FN), precision = TP/(TP+FP),
 * accuracy = (TP+TN)/n, fpr = FP/(FP+TN), tnr = 1 - fpr, fnr = 1 - tpr,
 * F_b = (1+b^2) p r / (b^2 p + r) from p and r. Precision and F are 0.0 where undefined, other
 * ratios NaN. Best constant classifier: the class with more records (ties: negative).
 * Curves and areas as Spark MLlib's BinaryClassificationMetrics (2.3): one point a distinct score,
 * descending (-0.0 and 0.0 are one); ROC starts at (0,0) and ends at (1,1), appended even where
 * already reached; PR starts at (0, precision of the first point); a rate without denominator is 0.0 there.
 * AUC, au_prc: trapezoids in that order over rates formed from merged integer counts; AUC summed one after
 * the other, as AWS's digits want it, au_prc exactly. AUC of one class is NaN, au_prc where no record is
 * actually positive.
 */
#ifndef HC_METRIC_BINARY_H
#define HC_METRIC_BINARY_H

#include "metric/metrics.h"
#include "metric/sample.h"

/* What a class number means. */
enum hc_binary_role {
	HC_ROLE_NONE, /* a third class: its records are not measured */
	HC_ROLE_NEGATIVE,
	HC_ROLE_POSITIVE,
};

enum { HC_BINARY_BY_SCORE = 0xffff }; /* `predicted` of a record whose class follows from its score */

struct hc_binary_record {
	double score;       /* NaN: none */
	uint16_t actual;    /* class number */
	uint16_t predicted; /* class number, or HC_BINARY_BY_SCORE */
	uint8_t samples;    /* hc_sample_bits */
};

#define HC_BINARY_RECORDS_MAX ((size_t)1 << 36)

struct hc_binary {
	struct hc_binary_record *records;
	size_t n, cap;
};

void hc_binary_free(struct hc_binary *b);
/* HC_LIMIT past HC_BINARY_RECORDS_MAX records. */
enum hc_code hc_binary_add(struct hc_binary *b, struct hc_binary_record record, struct hc_err *err) HC_MUST_USE;
enum hc_code hc_binary_merge(struct hc_binary *b, const struct hc_binary *from, struct hc_err *err) HC_MUST_USE;

/*
 * Computes everything. roles[c] says what class number c means, n_roles of them. A score above
 * `threshold` (strictly) predicts the positive class for records with HC_BINARY_BY_SCORE.
 * has_score: every record has a score; areas are present, and curves if there is a record. Curves are
 * thinned evenly to curve_points points, first and last kept (at least 2). Arrays of *out live in
 * `arena`. Records whose actual or predicted class has no role are not measured. Reorders the records;
 * with scores takes as much memory again to sort them. out->n = 0 when no record is left (values then
 * NaN or 0.0).
 */
enum hc_code hc_binary_finish(struct hc_binary *b, const enum hc_binary_role *roles, size_t n_roles, double threshold,
			      bool has_score, size_t curve_points, struct hc_arena *arena, struct hc_metrics *out,
			      struct hc_err *err) HC_MUST_USE;

#endif
