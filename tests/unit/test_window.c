#include "calendar/window.h"

#include <stdio.h>

#include "base/instant.h"
#include "calendar/duration.h"
#include "check.h"

/* "2021-05-18T01:00" as an instant; the tables below read so. */
static int64_t at(const char *text)
{
	int64_t us;
	if (!hc_instant_parse(hc_str(text), &us))
		fail_msg("no time: %s", text);
	return us;
}

static int64_t length(const char *text)
{
	int64_t us = 0;
	struct hc_err err;
	assert_int_equal(hc_duration_parse(hc_str(text), &us, &err), HC_OK);
	return us;
}

/* "START..END captures FIRST..LAST labels FIRST..LAST", and "cutoff T". */
static const char *tell(const struct hc_window *w, char out[256])
{
	char t[6][HC_INSTANT_SIZE], cutoff[HC_INSTANT_SIZE] = "none";
	const int64_t times[6] = {w->start_us,        w->end_us,         w->capture_first_us,
				  w->capture_last_us, w->label_first_us, w->label_last_us};
	for (int i = 0; i < 6; i++)
		hc_instant_print(times[i], t[i]);
	if (w->has_cutoff)
		hc_instant_print(w->cutoff_us, cutoff);
	snprintf(out, 256, "%.16s..%.16s captures %.13s..%.13s labels %.13s..%.13s cutoff %.16s", t[0], t[1], t[2],
		 t[3], t[4], t[5], cutoff);
	return out;
}

/* Without offsets: [tick - period, tick), the same hours of labels (reference 3.3). */
static void test_periods(void **state)
{
	(void)state;
	static const struct {
		const char *tick, *period, *window;
	} table[] = {
		/* the executions of May 2021: exactly one hour folder each */
		{"2021-05-18T01:00", "PT1H",
		 "2021-05-18T00:00..2021-05-18T01:00 captures 2021-05-18T00..2021-05-18T00 "
		 "labels 2021-05-18T00..2021-05-18T00 cutoff 2021-05-18T01:00"},
		/* over midnight, a month, a leap day, a year */
		{"2021-06-01T00:00", "PT1H",
		 "2021-05-31T23:00..2021-06-01T00:00 captures 2021-05-31T23..2021-05-31T23 "
		 "labels 2021-05-31T23..2021-05-31T23 cutoff 2021-06-01T00:00"},
		{"2024-03-01T00:00", "P1D",
		 "2024-02-29T00:00..2024-03-01T00:00 captures 2024-02-29T00..2024-02-29T23 "
		 "labels 2024-02-29T00..2024-02-29T23 cutoff 2024-03-01T00:00"},
		{"2022-01-01T00:00", "P1W",
		 "2021-12-25T00:00..2022-01-01T00:00 captures 2021-12-25T00..2021-12-31T23 "
		 "labels 2021-12-25T00..2021-12-31T23 cutoff 2022-01-01T00:00"},
		/* half hours: every folder that holds a part of it */
		{"2021-05-18T05:30", "PT1H",
		 "2021-05-18T04:30..2021-05-18T05:30 captures 2021-05-18T04..2021-05-18T05 "
		 "labels 2021-05-18T04..2021-05-18T05 cutoff 2021-05-18T05:30"},
		{"2021-05-18T05:30", "PT30M",
		 "2021-05-18T05:00..2021-05-18T05:30 captures 2021-05-18T05..2021-05-18T05 "
		 "labels 2021-05-18T05..2021-05-18T05 cutoff 2021-05-18T05:30"},
		{"2021-05-18T05:00", "PT30M",
		 "2021-05-18T04:30..2021-05-18T05:00 captures 2021-05-18T04..2021-05-18T04 "
		 "labels 2021-05-18T04..2021-05-18T04 cutoff 2021-05-18T05:00"},
		/* one microsecond past the hour opens the next folder */
		{"2021-05-18T05:00:00.000001", "PT1H",
		 "2021-05-18T04:00..2021-05-18T05:00 captures 2021-05-18T04..2021-05-18T05 "
		 "labels 2021-05-18T04..2021-05-18T05 cutoff 2021-05-18T05:00"},
		/* before 1970 hours are floored as well */
		{"1970-01-01T00:30", "PT1H",
		 "1969-12-31T23:30..1970-01-01T00:30 captures 1969-12-31T23..1970-01-01T00 "
		 "labels 1969-12-31T23..1970-01-01T00 cutoff 1970-01-01T00:30"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_window w;
		struct hc_err err;
		char out[256];
		assert_int_equal(hc_window_of_period(at(table[i].tick), length(table[i].period), &w, &err), HC_OK);
		assert_string_equal(tell(&w, out), table[i].window);
		assert_true(w.has_cutoff);
		assert_int_equal(w.cutoff_us, at(table[i].tick));
	}
	/* the exact bounds of the microsecond case, which tell() cuts */
	struct hc_window w;
	struct hc_err err;
	assert_int_equal(hc_window_of_period(at("2021-05-18T05:00:00.000001"), HC_HOUR_US, &w, &err), HC_OK);
	assert_int_equal(w.start_us, at("2021-05-18T04:00:00.000001"));
	assert_int_equal(w.end_us, at("2021-05-18T05:00:00.000001"));
}

/* With offsets the end hour is included, labels go on to the tick's hour (reference 3.3). */
static void test_offsets(void **state)
{
	(void)state;
	static const struct {
		const char *tick, *start, *end, *window;
	} table[] = {
		/* tick 06:00, -PT6H/-PT0H: AWS's output contains capture hour 06 */
		{"2023-01-19T06:00", "-PT6H", "-PT0H",
		 "2023-01-19T00:00..2023-01-19T06:00 captures 2023-01-19T00..2023-01-19T06 "
		 "labels 2023-01-19T00..2023-01-19T06 cutoff 2023-01-19T06:00"},
		/* the guide's example; labels up to the tick */
		{"2020-01-09T13:00", "-P8D", "-P1D",
		 "2020-01-01T13:00..2020-01-08T13:00 captures 2020-01-01T13..2020-01-08T13 "
		 "labels 2020-01-01T13..2020-01-09T13 cutoff 2020-01-09T13:00"},
		{"2020-01-09T13:00", "-PT2D", "PT0H",
		 "2020-01-07T13:00..2020-01-09T13:00 captures 2020-01-07T13..2020-01-09T13 "
		 "labels 2020-01-07T13..2020-01-09T13 cutoff 2020-01-09T13:00"},
		/* an empty window still takes the folder it stands in */
		{"2020-01-09T13:00", "-PT1H", "-PT1H",
		 "2020-01-09T12:00..2020-01-09T12:00 captures 2020-01-09T12..2020-01-09T12 "
		 "labels 2020-01-09T12..2020-01-09T13 cutoff 2020-01-09T13:00"},
		{"2020-01-09T13:00", "PT0H", "PT0H",
		 "2020-01-09T13:00..2020-01-09T13:00 captures 2020-01-09T13..2020-01-09T13 "
		 "labels 2020-01-09T13..2020-01-09T13 cutoff 2020-01-09T13:00"},
		/* half hours are floored */
		{"2020-01-09T13:00", "-PT90M", "-PT30M",
		 "2020-01-09T11:30..2020-01-09T12:30 captures 2020-01-09T11..2020-01-09T12 "
		 "labels 2020-01-09T11..2020-01-09T13 cutoff 2020-01-09T13:00"},
		{"2020-01-09T13:30", "-PT1H", "-PT0H",
		 "2020-01-09T12:30..2020-01-09T13:30 captures 2020-01-09T12..2020-01-09T13 "
		 "labels 2020-01-09T12..2020-01-09T13 cutoff 2020-01-09T13:30"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_window w;
		struct hc_err err;
		char out[256];
		assert_int_equal(
			hc_window_of_offsets(at(table[i].tick), length(table[i].start), length(table[i].end), &w, &err),
			HC_OK);
		assert_string_equal(tell(&w, out), table[i].window);
	}
}

static void test_offsets_refused(void **state)
{
	(void)state;
	static const char *const table[][2] = {
		{"-PT1H", "-PT2H"},
		{"PT0H", "-PT1H"},
		{"PT1H", "PT0H"},
		{"-PT1S", "-PT2S"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_window w = {.start_us = 77};
		struct hc_err err = {0};
		assert_int_equal(hc_window_of_offsets(at("2020-01-09T13:00"), length(table[i][0]), length(table[i][1]),
						      &w, &err),
				 HC_USAGE);
		assert_int_equal(w.start_us, 77);
	}
	/* the message says which times those are */
	struct hc_window w;
	struct hc_err err;
	assert_int_equal(hc_window_of_offsets(at("2020-01-09T13:00"), -HC_HOUR_US, -2 * HC_HOUR_US, &w, &err),
			 HC_USAGE);
	assert_non_null(strstr(err.msg, "2020-01-09T12:00:00Z"));
	assert_non_null(strstr(err.msg, "2020-01-09T11:00:00Z"));
}

static void test_hours(void **state)
{
	(void)state;
	static const struct {
		const char *start, *end, *until, *window;
	} table[] = {
		{"2021-05-18T00:00", "2021-05-18T01:00", NULL,
		 "2021-05-18T00:00..2021-05-18T01:00 captures 2021-05-18T00..2021-05-18T00 "
		 "labels 2021-05-18T00..2021-05-18T00 cutoff none"},
		{"2021-05-31T22:00", "2021-06-01T02:00", NULL,
		 "2021-05-31T22:00..2021-06-01T02:00 captures 2021-05-31T22..2021-06-01T01 "
		 "labels 2021-05-31T22..2021-06-01T01 cutoff none"},
		{"2021-05-18T00:00", "2021-05-18T01:00", "2021-05-19T00:00",
		 "2021-05-18T00:00..2021-05-18T01:00 captures 2021-05-18T00..2021-05-18T00 "
		 "labels 2021-05-18T00..2021-05-18T23 cutoff none"},
		{"2021-05-18T00:00", "2021-05-18T01:00", "2021-05-18T01:00",
		 "2021-05-18T00:00..2021-05-18T01:00 captures 2021-05-18T00..2021-05-18T00 "
		 "labels 2021-05-18T00..2021-05-18T00 cutoff none"},
		/* labels may be asked for until the middle of an hour: its folder is read */
		{"2021-05-18T00:00", "2021-05-18T01:00", "2021-05-18T03:30",
		 "2021-05-18T00:00..2021-05-18T01:00 captures 2021-05-18T00..2021-05-18T00 "
		 "labels 2021-05-18T00..2021-05-18T03 cutoff none"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_window w;
		struct hc_err err;
		char out[256];
		int64_t until = table[i].until ? at(table[i].until) : 0;
		assert_int_equal(hc_window_of_hours(at(table[i].start), at(table[i].end), table[i].until != NULL, until,
						    &w, &err),
				 HC_OK);
		assert_string_equal(tell(&w, out), table[i].window);
	}
}

static void test_hours_refused(void **state)
{
	(void)state;
	static const char *const table[][3] = {
		/* not whole hours */
		{"2021-05-18T00:30", "2021-05-18T01:00", NULL},
		{"2021-05-18T00:00", "2021-05-18T01:00:01", NULL},
		{"2021-05-18T00:00", "2021-05-18T01:00:00.000001", NULL},
		/* start not before end */
		{"2021-05-18T01:00", "2021-05-18T01:00", NULL},
		{"2021-05-18T02:00", "2021-05-18T01:00", NULL},
		/* labels until before the end */
		{"2021-05-18T00:00", "2021-05-18T02:00", "2021-05-18T01:00"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_window w = {.start_us = 77};
		struct hc_err err = {0};
		int64_t until = table[i][2] ? at(table[i][2]) : 0;
		assert_int_equal(
			hc_window_of_hours(at(table[i][0]), at(table[i][1]), table[i][2] != NULL, until, &w, &err),
			HC_USAGE);
		assert_int_equal(w.start_us, 77);
		assert_true(strlen(err.hint) > 0);
	}
}

static void test_periods_refused(void **state)
{
	(void)state;
	static const int64_t periods[] = {0, -1, -HC_HOUR_US};
	for (size_t i = 0; i < COUNT(periods); i++) {
		struct hc_window w = {.start_us = 77};
		struct hc_err err;
		assert_int_equal(hc_window_of_period(at("2021-05-18T01:00"), periods[i], &w, &err), HC_USAGE);
		assert_int_equal(w.start_us, 77);
	}
}

/* HC_WINDOW_HOURS_MAX folders are a window, one more is not; labels count as well. */
static void test_longest(void **state)
{
	(void)state;
	const int64_t tick = at("2021-05-18T00:00"), longest = HC_WINDOW_HOURS_MAX * HC_HOUR_US;
	struct hc_window w;
	struct hc_err err;
	assert_int_equal(hc_window_of_period(tick, longest, &w, &err), HC_OK);
	assert_int_equal((w.capture_last_us - w.capture_first_us) / HC_HOUR_US + 1, HC_WINDOW_HOURS_MAX);
	assert_int_equal(hc_window_of_period(tick, longest + 1, &w, &err), HC_USAGE);
	assert_int_equal(hc_window_of_offsets(tick, -longest + HC_HOUR_US, 0, &w, &err), HC_OK);
	assert_int_equal(hc_window_of_offsets(tick, -longest, 0, &w, &err), HC_USAGE);
	assert_int_equal(hc_window_of_offsets(tick, -longest, -longest, &w, &err), HC_USAGE);
	assert_int_equal(hc_window_of_hours(tick - longest, tick, false, 0, &w, &err), HC_OK);
	assert_int_equal(hc_window_of_hours(tick - longest - HC_HOUR_US, tick, false, 0, &w, &err), HC_USAGE);
	assert_int_equal(hc_window_of_hours(tick, tick + HC_HOUR_US, true, tick + longest, &w, &err), HC_OK);
	assert_int_equal(hc_window_of_hours(tick, tick + HC_HOUR_US, true, tick + longest + 1, &w, &err), HC_USAGE);
	/* the ends of the calendar do not overflow */
	assert_int_equal(hc_window_of_period(at("0001-01-01T00:00"), longest, &w, &err), HC_OK);
	assert_int_equal(hc_window_of_offsets(at("9999-12-31T23:59"), 0, longest - HC_HOUR_US, &w, &err), HC_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_periods),         cmocka_unit_test(test_offsets),
		cmocka_unit_test(test_offsets_refused), cmocka_unit_test(test_hours),
		cmocka_unit_test(test_hours_refused),   cmocka_unit_test(test_periods_refused),
		cmocka_unit_test(test_longest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
