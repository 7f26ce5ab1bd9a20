/*
 * Merged records as files: <folder>/<path above the date>/YYYY/MM/DD/HH/part-0000N-<uuid>.c000.jsonl,
 * the hour being the capture's (reference 3.5). They can be made again from what was read, so a report does not
 * wait until the disk has them.
 */
#ifndef HC_MONITOR_PARTS_H
#define HC_MONITOR_PARTS_H

#include "monitor/plan.h"
#include "store/stage.h"

struct hc_parts {
	struct hc_stage *stage;
	const char *folder; /* below the output; "" for the output itself */
	char uuid[HC_UUID_SIZE];
	const struct hc_input_file *open; /* a capture whose part is open; NULL: none is */
	struct hc_writer writer;
};

void hc_parts_init(struct hc_parts *p, struct hc_stage *stage, const char *folder, const char *uuid);

/* True when the records of two capture files belong in one part. */
bool hc_parts_same(const struct hc_input_file *a, const struct hc_input_file *b);

/* Writes merged records, each with its newline, to the part of the capture file's hour. `capture` is kept by reference. */
enum hc_code hc_parts_write(struct hc_parts *p, const struct hc_input_file *capture, struct hc_str records,
			    struct hc_err *err) HC_MUST_USE;

/* Completes the open part. */
enum hc_code hc_parts_close(struct hc_parts *p, struct hc_err *err) HC_MUST_USE;
void hc_parts_abandon(struct hc_parts *p);

#endif
