#include "calendar/duration.h"

#include "base/instant.h"
#include "check.h"

#define MINUTE_US (60 * HC_SECOND_US)

static void test_lengths(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t us;
	} table[] = {
		/* as the AWS guide and its notebooks write them */
		{"-P8D", -8 * HC_DAY_US},
		{"-P1D", -HC_DAY_US},
		{"-PT7H", -7 * HC_HOUR_US},
		{"-PT0H", 0},
		{"-PT30M", -30 * MINUTE_US},
		{"PT1H", HC_HOUR_US},
		{"+PT1H", HC_HOUR_US},
		/* every unit, alone and together */
		{"P1W", 7 * HC_DAY_US},
		{"P1D", HC_DAY_US},
		{"PT1M", MINUTE_US},
		{"PT1S", HC_SECOND_US},
		{"P1W2DT3H4M5S", 9 * HC_DAY_US + 3 * HC_HOUR_US + 4 * MINUTE_US + 5 * HC_SECOND_US},
		{"-P1DT12H", -36 * HC_HOUR_US},
		{"P1DT1S", HC_DAY_US + HC_SECOND_US},
		/* the loose form: days behind the T */
		{"-PT2D", -2 * HC_DAY_US},
		{"-PT1D6H", -30 * HC_HOUR_US},
		{"P1WT1D", 8 * HC_DAY_US},
		/* more than a day's hours, leading zeros, nothing */
		{"PT36H", 36 * HC_HOUR_US},
		{"PT90M", 90 * MINUTE_US},
		{"PT007H", 7 * HC_HOUR_US},
		{"P0D", 0},
		{"-P0W", 0},
		/* the longest there is */
		{"P36525D", HC_DURATION_DAYS_MAX * HC_DAY_US},
		{"-P36525D", -(HC_DURATION_DAYS_MAX * HC_DAY_US)},
		{"PT876600H", HC_DURATION_DAYS_MAX * HC_DAY_US},
		{"P36524DT86400S", HC_DURATION_DAYS_MAX * HC_DAY_US},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_err err;
		int64_t us = 1;
		if (hc_duration_parse(hc_str(table[i].text), &us, &err) != HC_OK)
			fail_msg("%s: %s", table[i].text, err.msg);
		if (us != table[i].us)
			fail_msg("%s is %lld us", table[i].text, (long long)us);
	}
}

static void test_refused(void **state)
{
	(void)state;
	static const char *const table[] = {
		"",
		"-",
		"+",
		"P",
		"-P",
		"PT",
		"-PT",
		"T1H",
		"1H",
		"-1H",
		"--P1D",
		"+-P1D",
		" P1D",
		"P1D ",
		"P 1D",
		"p1d",
		"PT1h",
		"pt1H",
		"P1",
		"PT1",
		"PTH",
		"P1DT",
		"P1WT",
		"P1H",
		"P1S",
		"PT1W",
		"P1X",
		"PT1Y",
		"P1DD",
		"P1D1D",
		"PT1H1H",
		"PT1M1H",
		"PT1S1M",
		"P1D1W",
		"P1DT1D",
		"PTT1H",
		"PT1HT1M",
		"P-1D",
		"PT+1H",
		"P1.5D",
		"P1,5D",
		"PT0.5H",
		"P1D\n",
		/* too long, and far too long for 64 bits */
		"P36526D",
		"-P36526D",
		"PT876601H",
		"P36525DT1S",
		"P5218W",
		"P99999999999D",
		"PT18446744073709551617S",
		"PT99999999999999999999999999999999999999H",
		"P36525DT876600H",
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_err err = {0};
		int64_t us = 77;
		if (hc_duration_parse(hc_str(table[i]), &us, &err) != HC_USAGE)
			fail_msg("'%s' was taken as %lld us", table[i], (long long)us);
		assert_int_equal(us, 77);
		assert_int_equal(err.code, HC_USAGE);
		assert_true(strlen(err.hint) > 0);
	}
	/* the message shows what was given, whatever it is */
	struct hc_err err;
	int64_t us;
	assert_int_equal(hc_duration_parse(HC_STR("P1D\0"), &us, &err), HC_USAGE);
	assert_int_equal(hc_duration_parse(HC_STR("one\x1bhour"), &us, &err), HC_USAGE);
	assert_non_null(strstr(err.msg, "one\\x1bhour"));
}

static void test_years_and_months(void **state)
{
	(void)state;
	static const struct {
		const char *text, *in_hint;
	} table[] = {
		{"-P1M", " -PT1M "},   {"P1M", " PT1M "},  {"+P1M", " PT1M "}, {"-P30M", " -PT30M "},
		{"-P2W3M", " -PT3M "}, {"-P1Y", "-P365D"}, {"P1Y", " P365D"},  {"-P1Y2M", "-P365D"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_err err = {0};
		int64_t us = 77;
		assert_int_equal(hc_duration_parse(hc_str(table[i].text), &us, &err), HC_USAGE);
		assert_int_equal(us, 77);
		assert_non_null(strstr(err.msg, table[i].text));
		if (!strstr(err.hint, table[i].in_hint))
			fail_msg("%s: the hint is \"%s\"", table[i].text, err.hint);
	}
}

/* A text that was cut off or has a byte changed is never taken for more than it says; nothing is read past its end. */
static void test_any_bytes(void **state)
{
	(void)state;
	static const char letters[] = "PT0123456789WDHMSY-+.";
	uint64_t random = 1;
	for (int i = 0; i < 20000; i++) {
		char text[12];
		size_t n = check_random(&random) % (sizeof text + 1);
		for (size_t k = 0; k < n; k++)
			text[k] = letters[check_random(&random) % (sizeof letters - 1)];
		struct hc_err err;
		int64_t us = 77;
		if (hc_duration_parse((struct hc_str){text, n}, &us, &err) != HC_OK) {
			assert_int_equal(us, 77);
			continue;
		}
		assert_true(us >= -HC_DURATION_DAYS_MAX * HC_DAY_US && us <= HC_DURATION_DAYS_MAX * HC_DAY_US);
		assert_int_equal(us % HC_SECOND_US, 0);
		assert_true(text[0] != '-' || us <= 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_years_and_months),
		cmocka_unit_test(test_any_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
