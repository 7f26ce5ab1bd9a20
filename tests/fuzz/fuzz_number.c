/*
 * Numbers: what is read is what strtod reads, where the grammars agree; what is printed reads back.
 * The input is a text; its first eight bytes are also taken as a double,
 * and as a mantissa of up to 19 digits with the ninth as an exponent: what is read without strtod.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/number.h"
#include "target.h"

/* strtod's opinion of the trimmed text, without its hexadecimal numbers and named NaNs. */
static bool expected_number(struct hc_str s, double *out)
{
	static char text[HC_NUMBER_TEXT_MAX + 1];
	s = hc_str_trim(s);
	if (s.n == 0 || s.n > HC_NUMBER_TEXT_MAX || memchr(s.p, 'x', s.n) || memchr(s.p, 'X', s.n) ||
	    memchr(s.p, '(', s.n))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	char *end;
	*out = strtod(text, &end);
	return end == text + s.n;
}

static bool expected_u64(struct hc_str s, uint64_t *out)
{
	static char text[64];
	size_t zeros = 0;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	while (zeros + 1 < s.n && s.p[zeros] == '0')
		zeros++;
	if (s.n == 0 || s.n - zeros >= sizeof text)
		return false;
	memcpy(text, s.p + zeros, s.n - zeros);
	text[s.n - zeros] = '\0';
	errno = 0;
	*out = strtoull(text, NULL, 10);
	return errno == 0;
}

static void check_shape(double x, struct hc_str s)
{
	size_t significant = 0;
	bool leading = true, scientific = memchr(s.p, 'E', s.n) != NULL;
	must(memchr(s.p, '.', s.n) != NULL);
	for (size_t i = 0; i < s.n && s.p[i] != 'E'; i++) {
		bool digit = s.p[i] >= '0' && s.p[i] <= '9';
		leading = leading && (!digit || s.p[i] == '0');
		significant += digit && !leading;
	}
	must(significant <= 17);
	must(scientific == (x != 0 && (fabs(x) < 1e-3 || fabs(x) >= 1e7)));
}

static void check_print(double x)
{
	char text[HC_NUMBER_PRINT_SIZE], brief[HC_NUMBER_PRINT_SIZE];
	double back;
	size_t n = hc_number_print(x, text);
	must(n < sizeof text && strlen(text) == n);
	must(hc_number_parse((struct hc_str){text, n}, &back) && same_double(back, x));
	if (isfinite(x))
		check_shape(x, (struct hc_str){text, n});
	size_t n_brief = hc_number_print_short(x, brief);
	must(n_brief < sizeof brief && strlen(brief) == n_brief);
	must(hc_number_parse((struct hc_str){brief, n_brief}, &back) && (back == x || isnan(x)));
}

static void check_decimal(const uint8_t *data)
{
	uint64_t mantissa;
	char text[64];
	double got, expected;
	memcpy(&mantissa, data, sizeof mantissa);
	size_t n = (size_t)snprintf(text, sizeof text, "%" PRIu64 "e%d", mantissa, (int8_t)data[8] / 4);
	must(hc_number_parse((struct hc_str){text, n}, &got));
	must(expected_number((struct hc_str){text, n}, &expected) && same_double(got, expected));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hc_str text = input_text(data, size);
	double got = 4.25, expected = 4.25;
	bool is = hc_number_parse(text, &got);
	must(is == expected_number(text, &expected));
	must(is ? same_double(got, expected) : got == 4.25);
	if (is)
		check_print(got);

	uint64_t integer = 7, expected_integer = 7;
	bool is_integer = hc_u64_parse(text, &integer);
	must(is_integer == expected_u64(text, &expected_integer));
	must(is_integer ? integer == expected_integer : integer == 7);

	if (size > sizeof got)
		check_decimal(data);
	if (size >= sizeof got && !is) {
		memcpy(&got, data, sizeof got);
		check_print(got);
	}
	return 0;
}
