/*
 * Binary classification: confusion matrix, ratios, ROC and precision-recall curves.
 *
 * The accumulator keeps 16 bytes a record, in bins by score (spill/bins.h: beyond the budget on
 * disk), put there by many writers. Which class is positive may be known only when all labels were
 * seen, so records carry class numbers of the caller's table (src/metric/classes.h) and
 * hc_binary_finish is told what each number means. It sorts the bins into a tape of a byte a record
 * (metric/tape.h), dropping them, and walks along it in descending order of scores with one vector
 * lane a set, all records and each sample (metric/walk.h); both by several threads.
 *
 * Memory of hc_binary_finish beside the rows: the tape, within the budget of the spill; for each
 * thread a fourth of its share of the budget at most (and at least 300 KB) for sorting, 1 MB for the
 * walk, and the rows of one bin where they are on disk.
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
#include "spill/spill.h"

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

struct hc_binary;

/* More cannot be measured at once: the exactness of au_prc rests on it. */
#define HC_BINARY_RECORDS_MAX (UINT64_C(1) << 33)

/* For records that have scores in 0..1, or (has_score false) have none. `spill` outlives it. */
enum hc_code hc_binary_open(bool has_score, struct hc_spill *spill, unsigned writers, struct hc_binary **out,
			    struct hc_err *err) HC_MUST_USE;
void hc_binary_free(struct hc_binary *b); /* NULL is fine */

/* Adds a record as writer `writer`, which one thread at a time is. */
enum hc_code hc_binary_add(struct hc_binary *b, unsigned writer, struct hc_binary_record record,
			   struct hc_err *err) HC_MUST_USE;

/*
 * Hands out all records in ascending order of their scores, then of their kinds, equal ones at once, and uses them
 * up: for partial results, after the last hc_binary_add. numbers[c] is what class number c of the records is to be
 * called, below `classes`. kind = (actual * classes + predicted) * 32 + samples, or actual * 32 + samples where the
 * class follows from the score. score_bits: of the double, 0 where there are no scores; -0.0 is 0.0. One thread.
 * HC_IO, HC_NOMEM.
 */
typedef enum hc_code hc_binary_group(void *arg, uint64_t score_bits, uint32_t kind, uint64_t records,
				     struct hc_err *err);
enum hc_code hc_binary_ordered(struct hc_binary *b, const uint16_t *numbers, size_t classes, hc_binary_group *take,
			       void *arg, struct hc_err *err) HC_MUST_USE;

/*
 * Computes everything. roles[c] says what class number c means, n_roles of them. A score above
 * `threshold` (strictly) predicts the positive class for records with HC_BINARY_BY_SCORE.
 * With scores areas are present, and curves if there is a record. Curves are
 * thinned evenly to curve_points points, first and last kept (at least 2). Arrays of *out live in
 * `arena`. Records whose actual or predicted class has no role are not measured. Uses up the
 * records. out->n = 0 when no record is left (values then NaN or 0.0). `threads` (at least 1) share
 * the work; the result does not depend on them. HC_IO when the disk behind the budget is full,
 * HC_LIMIT beyond HC_BINARY_RECORDS_MAX, HC_NOMEM.
 */
enum hc_code hc_binary_finish(struct hc_binary *b, const enum hc_binary_role *roles, size_t n_roles, double threshold,
			      size_t curve_points, unsigned threads, struct hc_arena *arena, struct hc_metrics *out,
			      struct hc_err *err) HC_MUST_USE;

#endif
