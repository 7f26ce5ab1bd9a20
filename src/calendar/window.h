/*
 * Windows: which hours of captures and of labels one execution reads. Pure.
 *
 * Reference 3.3. Hour folders hold what began in that hour; whole folders are read, and a record
 * is left out only when its inference time is at or after `cutoff_us` (the scheduled time), so that
 * a run now and a run next week see the same records.
 */
#ifndef HC_CALENDAR_WINDOW_H
#define HC_CALENDAR_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct hc_window {
	int64_t start_us, end_us;
	/* Hour folders, first and last, both included. last < first: none. */
	int64_t capture_first_us, capture_last_us;
	int64_t label_first_us, label_last_us;
	bool has_cutoff; /* windows of a scheduled time */
	int64_t cutoff_us;
};

/* More hour folders than this are refused: 100 years. */
enum { HC_WINDOW_HOURS_MAX = 876600 };

/*
 * The window of a tick without offsets: [tick - period, tick); label folders are the capture's.
 */
enum hc_code hc_window_of_period(int64_t tick_us, int64_t period_us, struct hc_window *out,
				 struct hc_err *err) HC_MUST_USE;

/*
 * With offsets: start = tick + start offset, end = tick + end offset. Capture folders from
 * floor(start) to floor(end), label folders from floor(start) to floor(tick), all included.
 * HC_USAGE when start is after end.
 */
enum hc_code hc_window_of_offsets(int64_t tick_us, int64_t start_offset_us, int64_t end_offset_us,
				  struct hc_window *out, struct hc_err *err) HC_MUST_USE;

/*
 * Whole hours, half open; labels from the same folders, further when labels_until is given (has_until), up to
 * the folder before it. HC_USAGE when start or end is not a whole hour, or start is not before end.
 */
enum hc_code hc_window_of_hours(int64_t start_us, int64_t end_us, bool has_until, int64_t labels_until_us,
				struct hc_window *out, struct hc_err *err) HC_MUST_USE;

#endif
