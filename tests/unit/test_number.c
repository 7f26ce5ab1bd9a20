#include "base/number.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "check.h"

static uint64_t bits(double x)
{
	uint64_t u;
	memcpy(&u, &x, sizeof u);
	return u;
}

static double of_bits(uint64_t u)
{
	double x;
	memcpy(&x, &u, sizeof x);
	return x;
}

static void test_print(void **state)
{
	(void)state;
	static const struct {
		double x;
		const char *text;
	} table[] = {
		{0.0, "0.0"},
		{-0.0, "-0.0"},
		{1, "1.0"},
		{-1, "-1.0"},
		{0.1, "0.1"},
		{0.5, "0.5"},
		{0.012, "0.012"},
		{0.001, "0.001"},
		{0.00125, "0.00125"},
		{0.0009999999999999999, "9.999999999999998E-4"},
		{5.092682820403929e-4, "5.092682820403929E-4"},
		{1e-5, "1.0E-5"},
		{-1.5e-5, "-1.5E-5"},
		{10, "10.0"},
		{12.5, "12.5"},
		{100, "100.0"},
		{120, "120.0"},
		{123.456, "123.456"},
		{1234567, "1234567.0"},
		{9999999, "9999999.0"},
		{9999999.999999998, "9999999.999999998"},
		{1e7, "1.0E7"},
		{-1e7, "-1.0E7"},
		{12345678, "1.2345678E7"},
		{1e22, "1.0E22"},
		{1e23, "1.0E23"},
		{2e23, "2.0E23"},
		{9007199254740993.0, "9.007199254740992E15"},
		{0.1 + 0.2, "0.30000000000000004"},
		{1.0 / 3, "0.3333333333333333"},
		{2.0 / 3, "0.6666666666666666"},
		{0x1p-44, "5.684341886080802E-14"},
		{DBL_MAX, "1.7976931348623157E308"},
		{-DBL_MAX, "-1.7976931348623157E308"},
		{DBL_MIN, "2.2250738585072014E-308"},
		{4.9e-324, "4.9E-324"},
		{-4.9e-324, "-4.9E-324"},
		{9.9e-324, "9.9E-324"},
		{2e-323, "2.0E-323"},
		{NAN, "NaN"},
		{INFINITY, "Infinity"},
		{-INFINITY, "-Infinity"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		char out[HC_NUMBER_PRINT_SIZE];
		size_t n = hc_number_print(table[i].x, out);
		assert_string_equal(out, table[i].text);
		assert_int_equal(n, strlen(out));
	}
}

/* Java's form: digits within [0.001, 10^7), else d.dddE<n>; at least one digit behind the point, no idle zero. */
static void check_form(double x, const char *text)
{
	const char *p = text;
	if (*p == '-')
		p++;
	size_t whole = strspn(p, "0123456789");
	assert_int_equal(p[whole], '.');
	const char *fraction = p + whole + 1;
	size_t behind = strspn(fraction, "0123456789");
	assert_true(behind >= 1);
	assert_true(behind == 1 || fraction[behind - 1] != '0');
	bool fixed = fabs(x) >= 1e-3 && fabs(x) < 1e7;
	if (fixed || x == 0) {
		assert_int_equal(fraction[behind], '\0');
		assert_true(whole == 1 || p[0] != '0');
	} else {
		assert_int_equal(fraction[behind], 'E');
		assert_int_equal(whole, 1);
		assert_true(p[0] != '0');
		assert_true(fraction[behind + 1] != '+' && fraction[behind + 1] != '0');
	}
}

/* No text with fewer digits reads back as x: neither neighbour of x among those. */
static void check_shortest(double x, const char *text)
{
	size_t digits = 0;
	bool leading = true;
	for (const char *p = text; *p && *p != 'E'; p++) {
		leading = leading && (*p == '0' || *p == '.' || *p == '-');
		digits += !leading && *p != '.';
	}
	size_t zeros = 0; /* "120.0" has two digits that count */
	const char *point = strchr(text, '.');
	if (point[1] == '0' && (point[2] == '\0' || point[2] == 'E')) {
		zeros = 1;
		for (const char *p = point; p > text && p[-1] == '0'; p--)
			zeros++;
	}
	if (x == 0 || digits - zeros <= 2)
		return;
	char shorter[HC_NUMBER_PRINT_SIZE];
	snprintf(shorter, sizeof shorter, "%.*e", (int)(digits - zeros) - 2, x);
	if (strtod(shorter, NULL) == x)
		fail_msg("%a is printed as %s, but %s will do", x, text, shorter);
	char *e = strchr(shorter, 'e');
	if (e[-1] != '9') {
		e[-1]++;
		assert_true(strtod(shorter, NULL) != x);
		e[-1]--;
	}
	if (e[-1] != '0') {
		e[-1]--;
		assert_true(strtod(shorter, NULL) != x);
	}
}

static void check_round_trip(double x)
{
	char text[HC_NUMBER_PRINT_SIZE];
	size_t n = hc_number_print(x, text);
	double back;
	assert_int_equal(n, strlen(text));
	assert_true(hc_number_parse((struct hc_str){text, n}, &back));
	if (bits(back) != bits(x))
		fail_msg("%a is printed as %s, which reads %a", x, text, back);
	check_form(x, text);
	check_shortest(x, text);
}

static void test_round_trip(void **state)
{
	(void)state;
	uint64_t random = 2;
	for (int i = 0; i < 5000; i++) {
		double any = of_bits(check_random(&random));
		if (isfinite(any))
			check_round_trip(any);
		check_round_trip((double)(check_random(&random) >> 11) * 0x1p-53); /* a score */
		check_round_trip((double)(check_random(&random) % 100000) / 1000); /* few digits */
		check_round_trip((double)(check_random(&random) >> (check_random(&random) % 64)));
		check_round_trip(of_bits(check_random(&random) >> 12)); /* a denormal one */
	}
	for (int e = -1074; e < 1024; e++) {
		check_round_trip(ldexp(1, e));
		check_round_trip(nextafter(ldexp(1, e), 0));
		check_round_trip(nextafter(ldexp(1, e), INFINITY) * (e < 1023 ? 1 : 0.5));
	}
}

static void test_print_short(void **state)
{
	(void)state;
	static const struct {
		double x;
		const char *text;
	} table[] = {
		{0, "0"},
		{-0.0, "0"},
		{2, "2"},
		{-2, "-2"},
		{1e7, "10000000"},
		{0.5, "0.5"},
		{-1.25, "-1.25"},
		{9007199254740992.0, "9007199254740992"},
		{-9007199254740992.0, "-9007199254740992"},
		{9007199254740994.0, "9.007199254740994E15"},
		{1e-4, "1.0E-4"},
		{NAN, "NaN"},
		{INFINITY, "Infinity"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		char out[HC_NUMBER_PRINT_SIZE];
		assert_int_equal(hc_number_print_short(table[i].x, out), strlen(table[i].text));
		assert_string_equal(out, table[i].text);
	}
}

static void test_parse(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		double x;
	} table[] = {
		{"1", 1},
		{"-0.5", -0.5},
		{".5", 0.5},
		{"-.5", -0.5},
		{"5.", 5},
		{"1e-3", 1e-3},
		{"1E3", 1e3},
		{"+2", 2},
		{"+.5e+1", 5},
		{" 1\n", 1},
		{"0", 0.0},
		{"-0", -0.0},
		{"-0.0e5", -0.0},
		{"000000000000000000000000000001", 1},
		{"0.0000000000000000000001", 1e-22},
		{"0.00000000000000000000001", 1e-23},
		{"9007199254740992", 9007199254740992.0},
		{"9007199254740993", 9007199254740992.0},
		{"9007199254740993.0000000000000000000000001", 9007199254740994.0},
		{"123456789012345678901234567890", 123456789012345678901234567890.0},
		{"18446744073709551616", 0x1p64},
		{"1e400", INFINITY},
		{"-1e400", -INFINITY},
		{"1e-400", 0.0},
		{"4.9E-324", 0x1p-1074},
		{"inf", INFINITY},
		{"+Inf", INFINITY},
		{"-INFINITY", -INFINITY},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		double x = 77;
		if (!hc_number_parse(hc_str(table[i].text), &x) || bits(x) != bits(table[i].x))
			fail_msg("\"%s\" reads %a", table[i].text, x);
	}
	static const char *const nans[] = {"nan", "NaN", "-NAN", "+nan"};
	for (size_t i = 0; i < COUNT(nans); i++) {
		double x = 77;
		assert_true(hc_number_parse(hc_str(nans[i]), &x));
		assert_true(isnan(x));
	}
}

static void test_parse_refuses(void **state)
{
	(void)state;
	/* the last two: a no-break space is no white space here, an Arabic digit no digit */
	static const char *const table[] = {
		"",      " ",    ".",    "-",     "+",     "-.",           "+.",       "e5",    ".e5",
		"1e",    "1e+",  "1e-",  "1 2",   "1,5",   "1_0",          "0x10",     "0x1p3", "1f",
		"1.2.3", "--1",  "+-1",  "1-",    "nan0",  "na",           "nan(1)",   "infi",  "- 1",
		"1e1.5", "1e 5", "true", "1e5e5", "1\xff", "\xc2\xa0\x31", "\xd9\xa3",
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		double x = 77;
		if (hc_number_parse(hc_str(table[i]), &x))
			fail_msg("\"%s\" reads %a", table[i], x);
		assert_true(x == 77);
	}
	double x = 77;
	assert_false(hc_number_parse(HC_STR("1\0"), &x));
	assert_false(hc_number_parse(HC_STR("1\0002"), &x));
	assert_false(hc_number_parse((struct hc_str){NULL, 0}, &x));

	char text[HC_NUMBER_TEXT_MAX + 1];
	memset(text, '0', sizeof text);
	text[HC_NUMBER_TEXT_MAX - 1] = '7';
	assert_true(hc_number_parse((struct hc_str){text, HC_NUMBER_TEXT_MAX}, &x));
	assert_true(x == 7);
	assert_false(hc_number_parse((struct hc_str){text, HC_NUMBER_TEXT_MAX + 1}, &x));
}

/* Random decimals, some that the short way takes and some around its borders: as strtod has them. */
static void test_parse_against_strtod(void **state)
{
	(void)state;
	uint64_t random = 3;
	for (int i = 0; i < 50000; i++) {
		char text[80];
		size_t n = 0;
		uint64_t r = check_random(&random);
		if (r & 1)
			text[n++] = '-';
		size_t digits = 1 + (r >> 1) % 24, point = (r >> 8) % 30;
		for (size_t at = 0; at < digits; at++) {
			if (at == point)
				text[n++] = '.';
			text[n++] = (char)('0' + ((r >> 16 & 3) && at == 0 ? 0 : check_random(&random) % 10));
		}
		if ((r >> 20) % 4 == 0)
			n += (size_t)snprintf(text + n, 8, "e%d", (int)((r >> 24) % 700) - 350);
		text[n] = '\0';
		double x = 77, expected = strtod(text, NULL);
		if (!hc_number_parse((struct hc_str){text, n}, &x) || bits(x) != bits(expected))
			fail_msg("\"%s\" reads %a, not %a", text, x, expected);
	}
}

static void check_as_strtod(const char *text, size_t n)
{
	double x = 77, expected = strtod(text, NULL);
	if (!hc_number_parse((struct hc_str){text, n}, &x) || bits(x) != bits(expected))
		fail_msg("\"%s\" reads %a, not %a", text, x, expected);
}

/* mantissa * 10^exponent as a text, with a point behind digit `point` if there is one. */
static size_t print_decimal(char text[64], uint64_t mantissa, int exponent, size_t point)
{
	char digits[24];
	size_t n = 0, at = 0;
	do
		digits[n++] = (char)('0' + mantissa % 10);
	while ((mantissa /= 10) > 0);
	for (size_t i = n; i > 0; i--) {
		text[at++] = digits[i - 1];
		if (n - i + 1 == point)
			text[at++] = '.';
	}
	exponent += point <= n ? (int)(n - point) : 0;
	if (exponent || point % 2)
		at += (size_t)snprintf(text + at, 8, "%c%d", point % 3 ? 'e' : 'E', exponent);
	text[at] = '\0';
	return at;
}

/* What goes without strtod: up to 19 digits, small powers of ten. A million of them. */
static void test_parse_exactly(void **state)
{
	(void)state;
	static const uint64_t limits[] = {10000, 1ull << 53, 10000000000000000, 100000000000000000,
					  10000000000000000000u};
	uint64_t random = 4;
	for (int i = 0; i < 1000000; i++) {
		char text[64];
		uint64_t r = check_random(&random), mantissa = check_random(&random) % limits[r % COUNT(limits)];
		check_as_strtod(text, print_decimal(text, mantissa, (int)(r >> 8 & 63) - 31, 1 + (r >> 16) % 20));
	}
}

/* Halfway between two doubles and next to it: integers above 2^53 with one bit too many, times and over tens. */
static void test_parse_halfway(void **state)
{
	(void)state;
	uint64_t random = 5;
	for (int i = 0; i < 300000; i++) {
		char text[64];
		uint64_t r = check_random(&random), half = (check_random(&random) >> 10 | UINT64_C(1) << 53 | 1)
							   << r % 10;
		int tens = 0;
		for (uint64_t steps = (r >> 8) % 4; steps > 0 && half < UINT64_MAX / 10; steps--, tens--)
			half *= 10;
		if (half > 9999999999999999999u)
			half /= 2;
		check_as_strtod(text, print_decimal(text, half + (r >> 16) % 3 - 1, tens, 1 + (r >> 24) % 20));
	}
	static const char *const zeros[] = {"00000000000000000000000000.5",
					    "0.00000000000000000000000000012345678",
					    "12345678901234567890",
					    "0.12345678901234567890",
					    "1234567890123456789e27",
					    "1234567890123456789e28",
					    "1e-27",
					    "1e-28",
					    "00012345678.87654321000",
					    "9999999999999999999",
					    "18446744073709551615e0"};
	for (size_t i = 0; i < COUNT(zeros); i++)
		check_as_strtod(zeros[i], strlen(zeros[i]));
}

static void test_u64(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint64_t v;
	} good[] = {
		{"0", 0},
		{"00012", 12},
		{"9999999999999999999", 9999999999999999999u},
		{"18446744073709551615", UINT64_MAX},
	};
	for (size_t i = 0; i < COUNT(good); i++) {
		uint64_t v = 77;
		assert_true(hc_u64_parse(hc_str(good[i].text), &v));
		assert_int_equal(v, good[i].v);
	}
	static const char *const bad[] = {
		"", " 1", "1 ", "+1", "-1", "1.", "1e3", "a", "18446744073709551616", "99999999999999999999"};
	for (size_t i = 0; i < COUNT(bad); i++) {
		uint64_t v = 77;
		assert_false(hc_u64_parse(hc_str(bad[i]), &v));
		assert_int_equal(v, 77);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_print),         cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_print_short),   cmocka_unit_test(test_parse),
		cmocka_unit_test(test_parse_refuses), cmocka_unit_test(test_parse_against_strtod),
		cmocka_unit_test(test_parse_exactly), cmocka_unit_test(test_parse_halfway),
		cmocka_unit_test(test_u64),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
