/*
 * Multiclass classification: confusion matrix, accuracy and means weighted by actual counts.
 *
 * The accumulator counts (actual, predicted) pairs of class numbers, once for all records and once
 * for each sample; merged by adding. Formulas: reference 4.4: weighted X = sum over classes of
 * (X_c * count_c) / n in class order; a class without records counts 0, never NaN.
 * Best constant classifier: the most frequent actual class (ties: the first), its metrics weighted likewise.
 */
#ifndef HC_METRIC_MULTICLASS_H
#define HC_METRIC_MULTICLASS_H

#include "metric/metrics.h"
#include "metric/sample.h"

struct hc_multiclass {
	uint64_t *counts; /* [(HC_SAMPLES + 1)][stride][stride]; 0 = all records, k + 1 = sample k */
	size_t stride;    /* class numbers < stride have room */
};

void hc_multiclass_free(struct hc_multiclass *m);
enum hc_code hc_multiclass_add(struct hc_multiclass *m, uint16_t actual, uint16_t predicted, uint8_t samples,
			       struct hc_err *err) HC_MUST_USE;
/* class_of_from maps class numbers of `from` to those of m. */
enum hc_code hc_multiclass_merge(struct hc_multiclass *m, const struct hc_multiclass *from,
				 const uint16_t *class_of_from, struct hc_err *err) HC_MUST_USE;

/*
 * place[c] is the row and column, below `classes`, of class number c in the matrix: spellings
 * of one class share a place (`2` and `2.0`). n_place class numbers were given out. Arrays of *out
 * live in `arena`.
 */
enum hc_code hc_multiclass_finish(const struct hc_multiclass *m, const uint16_t *place, size_t n_place, size_t classes,
				  struct hc_arena *arena, struct hc_metrics *out, struct hc_err *err) HC_MUST_USE;

#endif
