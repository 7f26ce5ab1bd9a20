#include "calendar/window.h"

#include "base/instant.h"

/* The last hour folder that begins before `end`. */
static int64_t last_hour_before(int64_t end_us)
{
	return hc_instant_floor_hour(end_us - 1);
}

static enum hc_code check_size(const struct hc_window *w, struct hc_err *err)
{
	int64_t first = w->capture_first_us, last = w->capture_last_us;
	if (w->label_last_us > last)
		last = w->label_last_us;
	if ((last - first) / HC_HOUR_US < HC_WINDOW_HOURS_MAX)
		return HC_OK;
	hc_fail(err, HC_USAGE, "the window holds more than %d hours", HC_WINDOW_HOURS_MAX);
	return hc_hint(err, "choose a shorter window");
}

enum hc_code hc_window_of_period(int64_t tick_us, int64_t period_us, struct hc_window *out, struct hc_err *err)
{
	if (period_us <= 0) {
		hc_fail(err, HC_USAGE, "the period must be longer than nothing");
		return hc_hint(err, "write it without a minus, such as PT1H");
	}
	struct hc_window w = {
		.start_us = tick_us - period_us, .end_us = tick_us, .has_cutoff = true, .cutoff_us = tick_us};
	w.capture_first_us = w.label_first_us = hc_instant_floor_hour(w.start_us);
	w.capture_last_us = w.label_last_us = last_hour_before(tick_us);
	HC_TRY(check_size(&w, err));
	*out = w;
	return HC_OK;
}

enum hc_code hc_window_of_offsets(int64_t tick_us, int64_t start_offset_us, int64_t end_offset_us,
				  struct hc_window *out, struct hc_err *err)
{
	struct hc_window w = {.start_us = tick_us + start_offset_us,
			      .end_us = tick_us + end_offset_us,
			      .has_cutoff = true,
			      .cutoff_us = tick_us};
	if (w.start_us > w.end_us) {
		char start[HC_INSTANT_SIZE], end[HC_INSTANT_SIZE];
		hc_instant_print(w.start_us, start);
		hc_instant_print(w.end_us, end);
		hc_fail(err, HC_USAGE, "the window would start at %s, after its end at %s", start, end);
		return hc_hint(err,
			       "the start offset must reach further back than the end offset, such as -PT2H and -PT1H");
	}
	w.capture_first_us = w.label_first_us = hc_instant_floor_hour(w.start_us);
	w.capture_last_us = hc_instant_floor_hour(w.end_us);
	w.label_last_us = hc_instant_floor_hour(tick_us);
	HC_TRY(check_size(&w, err));
	*out = w;
	return HC_OK;
}

enum hc_code hc_window_of_hours(int64_t start_us, int64_t end_us, bool has_until, int64_t labels_until_us,
				struct hc_window *out, struct hc_err *err)
{
	if (start_us % HC_HOUR_US || end_us % HC_HOUR_US) {
		hc_fail(err, HC_USAGE, "start and end of the window must be whole hours");
		return hc_hint(err, "write them such as 2026-03-01T05:00Z");
	}
	if (start_us >= end_us) {
		hc_fail(err, HC_USAGE, "the window's start is not before its end");
		return hc_hint(err, "the end is not part of the window: one hour is 05:00 to 06:00");
	}
	if (has_until && labels_until_us < end_us) {
		hc_fail(err, HC_USAGE, "labels are to be read until before the window's end");
		return hc_hint(err, "leave it out, or name a later time");
	}
	struct hc_window w = {.start_us = start_us, .end_us = end_us};
	w.capture_first_us = w.label_first_us = start_us;
	w.capture_last_us = last_hour_before(end_us);
	w.label_last_us = has_until ? last_hour_before(labels_until_us) : w.capture_last_us;
	HC_TRY(check_size(&w, err));
	*out = w;
	return HC_OK;
}
