/*
 * What does not fit a row of the join (monitor/gather.h): several rows in one record, a class that the dictionary
 * has no number for, a time far from its hour. Kept as text in a spool (spill/spool.h). Only this process reads
 * what it wrote.
 */
#ifndef HC_MONITOR_WIDE_H
#define HC_MONITOR_WIDE_H

#include "monitor/measure.h"

struct hc_wide {
	uint64_t same; /* of a label: equal for labels that say the same */
	bool has_time; /* of a capture */
	int64_t time_us;
	struct hc_str inference_id, event_id; /* of a capture */
};

/* Appends the text of a record and its rows. */
void hc_wide_write(struct hc_buf *out, const struct hc_wide *wide, const struct hc_measured_rows *rows);
/* Reads it back; ids are slices of the text. HC_NOMEM. */
enum hc_code hc_wide_read(struct hc_str text, struct hc_wide *wide, struct hc_measured_rows *rows,
			  struct hc_err *err) HC_MUST_USE;

#endif
