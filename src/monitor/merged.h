/*
 * Merged records: a second pass over the captures, after the join, in the order of the input.
 *
 * Reads the captures again and puts those that found a label together with it, as one record each (reference 3.5).
 * Workers format stretches of the input at the same time; what they made is written in order, one worker at a time,
 * so that a part is one file written from front to back while the next stretch is being formatted.
 */
#ifndef HC_MONITOR_MERGED_H
#define HC_MONITOR_MERGED_H

#include "monitor/merge.h"
#include "monitor/parts.h"

/* Merged text that a worker holds before it waits for its turn to write. */
enum {
	HC_MERGED_HELD_BYTES = 16 << 20,
	HC_MERGED_LINES_MAX = 1 << 27, /* of a file that is not cut, blank ones too: 8 bytes each */
};

/* Writes all merged records to parts, with `workers` threads. */
enum hc_code hc_merged_write(struct hc_merge *m, struct hc_parts *parts, unsigned workers,
			     struct hc_err *err) HC_MUST_USE;

/* Hands each merged record (without newline) to `take`, one after the other, with the place of its capture. */
typedef enum hc_code hc_merged_take(void *arg, struct hc_str record, uint64_t place, struct hc_err *err);
enum hc_code hc_merged_each(struct hc_merge *m, hc_merged_take *take, void *arg, struct hc_err *err) HC_MUST_USE;

#endif
