/*
 * The walk along the tape: areas and curves. Private to src/metric.
 *
 * One point a distinct score and set, formulas in metric/binary.h. Rates are formed from counts, so every segment of
 * the tape is walked by itself, by any thread, with one vector lane a set: its terms of the areas do not depend on what
 * came before but for the counts there. The terms of AUC are then added one after the other in the order of the tape,
 * segment by segment; those of the precision-recall area are summed exactly, in any order.
 */
#ifndef HC_METRIC_WALK_H
#define HC_METRIC_WALK_H

#include "metric/tape.h"

enum { HC_SETS = HC_SAMPLES + 1 }; /* all records, then the samples */

/* A curve that keeps `kept` of its `full` points, evenly, the first and the last among them. */
struct hc_thinning {
	uint64_t full;
	size_t kept; /* at least 2 */
	struct hc_curve curve;
};

struct hc_walk_areas {
	double auc[HC_SETS], au_prc[HC_SETS]; /* as they come; the caller knows which are defined */
};

/*
 * Walks the whole tape, which has at least one record. positives and negatives: of each set, in all. Fills the
 * curves' points, whose arrays have room for them.
 */
enum hc_code hc_walk(const struct hc_tape *tape, const uint64_t positives[HC_SETS], const uint64_t negatives[HC_SETS],
		     unsigned threads, struct hc_thinning *roc, struct hc_thinning *pr, struct hc_walk_areas *out,
		     struct hc_err *err) HC_MUST_USE;

#endif
