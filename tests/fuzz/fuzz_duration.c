/*
 * Durations and the windows made of them. The input is two durations and an instant, one a line.
 */
#include <stdio.h>

#include "base/instant.h"
#include "calendar/duration.h"
#include "calendar/window.h"
#include "target.h"

static struct hc_err err;

/* The same length in seconds alone, and with the other sign. */
static void check_same(int64_t us)
{
	char text[64];
	int64_t back = 0, seconds = us / HC_SECOND_US;
	must(us % HC_SECOND_US == 0);
	int n = snprintf(text, sizeof text, "%sPT%lldS", us < 0 ? "-" : "", (long long)(us < 0 ? -seconds : seconds));
	must(hc_duration_parse((struct hc_str){text, (size_t)n}, &back, &err) == HC_OK && back == us);
	n = snprintf(text, sizeof text, "%sPT%lldS", us < 0 ? "+" : "-", (long long)(us < 0 ? -seconds : seconds));
	must(hc_duration_parse((struct hc_str){text, (size_t)n}, &back, &err) == HC_OK && back == -us);
}

static bool parse(struct hc_str text, int64_t *out)
{
	const int64_t max = HC_DURATION_DAYS_MAX * HC_DAY_US;
	int64_t us = 42;
	enum hc_code code = hc_duration_parse(text, &us, &err);
	if (code != HC_OK) {
		must(code == HC_USAGE && us == 42);
		must_explain(code, &err);
		return false;
	}
	must(us >= -max && us <= max);
	check_same(us);
	*out = us;
	return true;
}

static bool whole_hour(int64_t us)
{
	return us % HC_HOUR_US == 0;
}

static void check_window(enum hc_code code, const struct hc_window *w)
{
	if (code != HC_OK) {
		must(code == HC_USAGE);
		must_explain(code, &err);
		return;
	}
	must(w->start_us <= w->end_us);
	must(whole_hour(w->capture_first_us) && whole_hour(w->capture_last_us));
	must(whole_hour(w->label_first_us) && whole_hour(w->label_last_us));
	must(w->capture_first_us <= w->start_us && w->start_us - w->capture_first_us < HC_HOUR_US);
	must(w->label_first_us == w->capture_first_us && w->capture_last_us <= w->end_us);
	must((w->capture_last_us - w->capture_first_us) / HC_HOUR_US < HC_WINDOW_HOURS_MAX);
	must((w->label_last_us - w->label_first_us) / HC_HOUR_US < HC_WINDOW_HOURS_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hc_str rest = input_text(data, size), one = take_until(&rest, '\n'), two = take_until(&rest, '\n');
	int64_t start, end, tick;
	bool has_start = parse(one, &start), has_end = parse(two, &end);
	if (!has_start || !has_end || !hc_instant_parse(rest, &tick))
		return 0;
	struct hc_window w;
	check_window(hc_window_of_offsets(tick, start, end, &w, &err), &w);
	check_window(hc_window_of_period(tick, start, &w, &err), &w);
	check_window(hc_window_of_hours(tick, tick + start, true, tick + end, &w, &err), &w);
	check_window(hc_window_of_hours(tick, tick + start, false, 0, &w, &err), &w);
	return 0;
}
