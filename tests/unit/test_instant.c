#include "base/instant.h"

#include <stdio.h>

#include "check.h"

#define AT(seconds) ((seconds)*HC_SECOND_US)

static void test_parse(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t us;
	} table[] = {
		{"1970-01-01T00:00:00Z", 0},
		{"1970-01-01T00:00Z", 0},
		{"1970-01-01T00:00", 0},
		{"1970-01-01 00:00:01", AT(1)},
		{"1970-01-01t00:00:00z", 0},
		{"1969-12-31T23:59:59.999999Z", -1},
		{"1970-01-01T00:00:00.5Z", AT(1) / 2},
		{"1970-01-01T00:00:00.000001Z", 1},
		{"1970-01-01T00:00:00.0000019999Z", 1},
		{"1970-01-01T00:00:00.123456789012345678901234567890", 123456},
		{"2021-05-18T01:00:00Z", AT(INT64_C(1621299600))},
		{"2021-05-18T01:00:00+02:00", AT(INT64_C(1621292400))},
		{"2021-05-18T01:00:00-02:30", AT(INT64_C(1621308600))},
		{"2021-05-18T01:00-02:30", AT(INT64_C(1621308600))},
		{"2021-05-18T01:00:00-00:00", AT(INT64_C(1621299600))},
		{"2021-05-18T01:00:00+23:59", AT(INT64_C(1621213260))},
		{"2016-12-31T23:59:60Z", AT(INT64_C(1483228800))},
		{"2000-02-29T00:00Z", AT(INT64_C(951782400))},
		{"2024-02-29T00:00Z", AT(INT64_C(1709164800))},
		{"2024-12-31T23:59:59Z", AT(INT64_C(1735689599))},
		{"1900-02-28T00:00Z", AT(INT64_C(-2203977600))},
		{"0001-01-01T00:00Z", AT(INT64_C(-62135596800))},
		{"9999-12-31T23:59:59.999999Z", AT(INT64_C(253402300800)) - 1},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		int64_t us = 77;
		if (!hc_instant_parse(hc_str(table[i].text), &us) || us != table[i].us)
			fail_msg("\"%s\" is %lld", table[i].text, (long long)us);
	}
}

static void test_parse_refuses(void **state)
{
	(void)state;
	static const char *const table[] = {
		"",
		"2021",
		"2021-05-18",
		"2021-05-18T",
		"2021-05-18T01",
		"2021-05-18T01Z",
		"2021-05-18T01:0",
		"2021-05-18T01:00:",
		"2021-05-18T01:00:0",
		"2021-05-18T01:00:00.",
		"2021-05-18T01:00:00.Z",
		"2021-05-18T01:00.5Z",
		"2021-05-18T01:00:00,5Z",
		"2021-05-18T01:00:00ZZ",
		"2021-05-18T01:00:00Z ",
		" 2021-05-18T01:00:00Z",
		"2021-05-18T01:00:00 Z",
		"2021-05-18T01:00:00+02",
		"2021-05-18T01:00:00+0200",
		"2021-05-18T01:00:00+24:00",
		"2021-05-18T01:00:00+02:60",
		"2021-05-18T01:00:00+2:00",
		"2021-05-18T24:00:00Z",
		"2021-05-18T23:60:00Z",
		"2021-05-18T23:59:61Z",
		"2021-00-18T01:00:00Z",
		"2021-13-18T01:00:00Z",
		"2021-05-00T01:00:00Z",
		"2021-05-32T01:00:00Z",
		"2021-04-31T01:00:00Z",
		"2021-02-29T01:00:00Z",
		"1900-02-29T01:00:00Z",
		"2100-02-29T01:00:00Z",
		"0000-01-01T00:00:00Z",
		"-001-01-01T00:00:00Z",
		"10000-01-01T00:00:00Z",
		"21-05-18T01:00:00Z",
		"2021/05/18T01:00:00Z",
		"2021-5-18T01:00:00Z",
		"2021-05-18_01:00:00Z",
		"20210518T010000Z",
		"2021-05-18T0a:00:00Z",
		"2021-05-18T-1:00:00Z",
		"+021-05-18T01:00:00Z",
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		int64_t us = 77;
		if (hc_instant_parse(hc_str(table[i]), &us))
			fail_msg("\"%s\" is %lld", table[i], (long long)us);
		assert_int_equal(us, 77);
	}
}

static void check_path(int64_t us, int y, int m, int d)
{
	char expected[HC_HOUR_PATH_SIZE], path[HC_HOUR_PATH_SIZE];
	snprintf(expected, sizeof expected, "%04d/%02u/%02u/00", y % 10000, (unsigned)m % 100, (unsigned)d % 100);
	hc_instant_hour_path(us, path);
	assert_string_equal(path, expected);
}

/* Every day there is, one after the other, by the calendar's own rules. */
static void test_every_day(void **state)
{
	(void)state;
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int64_t expected = AT(INT64_C(-62135596800));
	for (int y = HC_YEAR_MIN; y <= HC_YEAR_MAX; y++)
		for (int m = 1; m <= 12; m++) {
			bool leap = y % 400 == 0 || (y % 4 == 0 && y % 100 != 0);
			int days = lengths[m - 1] + (leap && m == 2);
			int64_t us = 77;
			assert_false(hc_instant_of_hour(y, m, days + 1, 0, &us));
			for (int d = 1; d <= days; d++, expected += HC_DAY_US) {
				assert_true(hc_instant_of_hour(y, m, d, 0, &us));
				if (us != expected)
					fail_msg("%d-%d-%d is %lld", y, m, d, (long long)us);
				if (d == 1 || d == days)
					check_path(us, y, m, d);
			}
		}
}

static void test_of_hour_refuses(void **state)
{
	(void)state;
	static const int table[][4] = {
		{0, 1, 1, 0},     {10000, 1, 1, 0}, {2021, 0, 1, 0},  {2021, 13, 1, 0}, {2021, 1, 0, 0},
		{2021, 1, 32, 0}, {2021, 1, 1, -1}, {2021, 1, 1, 24}, {-1, 1, 1, 0},    {2021, -1, 1, 0},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		int64_t us = 77;
		assert_false(hc_instant_of_hour(table[i][0], table[i][1], table[i][2], table[i][3], &us));
		assert_int_equal(us, 77);
	}
}

static void test_print(void **state)
{
	(void)state;
	static const struct {
		int64_t us;
		const char *text, *text_ms, *hour_path;
	} table[] = {
		{0, "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z", "1970/01/01/00"},
		{-1, "1969-12-31T23:59:59Z", "1969-12-31T23:59:59.999Z", "1969/12/31/23"},
		{AT(INT64_C(1680210514)) + 729999, "2023-03-30T21:08:34Z", "2023-03-30T21:08:34.729Z", "2023/03/30/21"},
		{AT(INT64_C(253402300800)) - 1, "9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999Z", "9999/12/31/23"},
		{AT(INT64_C(-62135596800)), "0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z", "0001/01/01/00"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		char out[HC_INSTANT_SIZE], path[HC_HOUR_PATH_SIZE];
		hc_instant_print(table[i].us, out);
		assert_string_equal(out, table[i].text);
		hc_instant_print_ms(table[i].us, out);
		assert_string_equal(out, table[i].text_ms);
		hc_instant_hour_path(table[i].us, path);
		assert_string_equal(path, table[i].hour_path);
	}
	/* an instant that no text can name still stays within its array */
	char out[HC_INSTANT_SIZE], path[HC_HOUR_PATH_SIZE];
	hc_instant_print_ms(INT64_MIN, out);
	hc_instant_hour_path(INT64_MIN, path);
	hc_instant_print_ms(INT64_MAX, out);
	hc_instant_hour_path(INT64_MAX, path);
}

static void test_round_trip(void **state)
{
	(void)state;
	uint64_t random = 4;
	for (int i = 0; i < 20000; i++) {
		uint64_t span = 9999ull * 365 * (uint64_t)HC_DAY_US;
		int64_t us = AT(INT64_C(-62135596800)) + (int64_t)(check_random(&random) % span), back;
		char out[HC_INSTANT_SIZE];
		hc_instant_print_ms(us, out);
		assert_true(hc_instant_parse(hc_str(out), &back));
		int64_t cut = us - back;
		assert_true(cut >= 0 && cut < 1000);
		assert_true(back % 1000 == 0);
	}
}

static void test_floor_hour(void **state)
{
	(void)state;
	static const int64_t table[][2] = {
		{0, 0},
		{1, 0},
		{HC_HOUR_US - 1, 0},
		{HC_HOUR_US, HC_HOUR_US},
		{-1, -HC_HOUR_US},
		{-HC_HOUR_US, -HC_HOUR_US},
		{-HC_HOUR_US - 1, -2 * HC_HOUR_US},
	};
	for (size_t i = 0; i < COUNT(table); i++)
		assert_int_equal(hc_instant_floor_hour(table[i][0]), table[i][1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),      cmocka_unit_test(test_parse_refuses),
		cmocka_unit_test(test_every_day),  cmocka_unit_test(test_of_hour_refuses),
		cmocka_unit_test(test_print),      cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_floor_hour),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
