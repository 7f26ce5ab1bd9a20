/*
 * Merge: which prediction belongs to which label; what was left over, and why.
 *
 * Reads labels and captures (monitor/gather.h), joins them (monitor/join.h), and fills the account. What was
 * matched stays here for the merged records, which a second pass over the captures writes (monitor/merged.h).
 */
#ifndef HC_MONITOR_MERGE_H
#define HC_MONITOR_MERGE_H

#include "monitor/join.h"

struct hc_merge {
	const struct hc_request *request;
	struct hc_account *account;
	struct hc_reader reader;
	struct hc_gather gather;
	struct hc_joined joined;
};

/* HC_IO when another file than was listed stands in the place of one, or a shorter one. */
enum hc_code hc_merge_check_files(const struct hc_merge *m, unsigned workers, struct hc_err *err) HC_MUST_USE;

/*
 * `tally` (may be NULL) has outputs and labels read, to check them; `adds`: matches are added to it. `keeps_truth`:
 * merged records are wanted. HC_EMPTY when no capture is in the window or none found its label. Free it in any
 * case.
 */
enum hc_code hc_merge_run(struct hc_merge *m, const struct hc_request *request, const struct hc_input_files *files,
			  struct hc_tally *tally, bool adds, bool keeps_truth, struct hc_spill *spill, unsigned workers,
			  struct hc_tolerance *tolerance, struct hc_err *err) HC_MUST_USE;
void hc_merge_free(struct hc_merge *m);

#endif
