#include "base/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t digits(const char *p, const char *end)
{
	const char *q = p;
	while (q < end && *q >= '0' && *q <= '9')
		q++;
	return (size_t)(q - p);
}

static bool parse_named(struct hc_str s, double *out)
{
	bool negative = s.n && s.p[0] == '-';
	if (s.n && (s.p[0] == '-' || s.p[0] == '+'))
		s.p++, s.n--;
	if (hc_str_eq_nocase(s, HC_STR("nan")))
		*out = NAN;
	else if (hc_str_eq_nocase(s, HC_STR("inf")) || hc_str_eq_nocase(s, HC_STR("infinity")))
		*out = negative ? -INFINITY : INFINITY;
	else
		return false;
	return true;
}

static bool is_decimal(struct hc_str s)
{
	const char *p = s.p, *end = s.p + s.n;
	if (p < end && (*p == '-' || *p == '+'))
		p++;
	size_t whole = digits(p, end), fraction = 0;
	p += whole;
	if (p < end && *p == '.') {
		p++;
		fraction = digits(p, end);
		p += fraction;
	}
	if (whole + fraction == 0)
		return false;
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		if (p < end && (*p == '-' || *p == '+'))
			p++;
		size_t exponent = digits(p, end);
		if (exponent == 0)
			return false;
		p += exponent;
	}
	return p == end;
}

/* Up to 19 digits and a small power of ten are exact in doubles (Clinger 1990): no strtod. */
static bool parse_fast(struct hc_str s, double *out)
{
	static const double power[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
				       1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
	size_t i = 0;
	bool negative = s.n && s.p[0] == '-';
	if (negative)
		i++;
	uint64_t mantissa = 0;
	size_t fraction = 0, seen = 0;
	bool point = false;
	for (; i < s.n; i++) {
		char c = s.p[i];
		if (c == '.' && !point) {
			point = true;
		} else if (c >= '0' && c <= '9' && seen < 19) {
			mantissa = mantissa * 10 + (uint64_t)(c - '0');
			seen += mantissa != 0;
			fraction += point;
		} else {
			return false;
		}
	}
	if (i == 0 || (i == 1 && (negative || point)) || mantissa > (1ull << 53) || fraction > 22 ||
	    (negative && point && s.n == 2))
		return false;
	double x = (double)mantissa / power[fraction];
	*out = negative ? -x : x;
	return true;
}

bool hc_number_parse(struct hc_str s, double *out)
{
	s = hc_str_trim(s);
	if (s.n == 0 || s.n > HC_NUMBER_TEXT_MAX)
		return false;
	if (parse_fast(s, out))
		return true;
	if (!is_decimal(s))
		return parse_named(s, out);
	char text[HC_NUMBER_TEXT_MAX + 1];
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	*out = strtod(text, NULL);
	return true;
}

bool hc_u64_parse(struct hc_str s, uint64_t *out)
{
	uint64_t v = 0;
	for (size_t i = 0; i < s.n; i++) {
		unsigned d = (unsigned char)s.p[i] - '0';
		if (d > 9 || v > (UINT64_MAX - d) / 10)
			return false;
		v = v * 10 + d;
	}
	if (s.n == 0)
		return false;
	*out = v;
	return true;
}

/* d[0].d[1]d[2]... * 10^exponent, n digits of which the last is not zero (or n is 1). */
struct decimal {
	char d[HC_NUMBER_PRINT_SIZE];
	size_t n;
	int exponent;
};

/* Adds one to the last digit of "d.ddde-xx"; false if there is a carry out of the first. */
static bool step_up(char *text)
{
	for (char *p = strchr(text, 'e') - 1; p >= text; p--) {
		if (*p == '.')
			continue;
		if (*p != '9') {
			++*p;
			return true;
		}
		*p = '0';
	}
	return false;
}

/*
 * The shortest decimal of at least two digits (Java: 4.9E-324, not 5.0E-324) that reads back as x,
 * the nearest to x of those. What rounds to a power of two lies up to twice as far above it as
 * below, so there the one above may do where the nearest does not (2^-44 = 5.684341886080802E-14).
 */
static struct decimal shortest(double x)
{
	char text[HC_NUMBER_PRINT_SIZE]; /* d.ddde-xxx */
	int unused;
	bool power_of_two = frexp(x, &unused) == 0.5;
	for (int precision = 1; precision < 17; precision++) {
		snprintf(text, sizeof text, "%.*e", precision, x);
		if (strtod(text, NULL) == x || (power_of_two && step_up(text) && strtod(text, NULL) == x))
			break;
	}
	struct decimal v = {.exponent = (int)strtol(strchr(text, 'e') + 1, NULL, 10)};
	for (const char *p = text; *p != 'e'; p++)
		if (*p != '.')
			v.d[v.n++] = *p;
	while (v.n > 1 && v.d[v.n - 1] == '0')
		v.n--;
	return v;
}

static size_t put(char *out, const char *p, size_t n)
{
	memcpy(out, p, n);
	return n;
}

/* 0.00ddd, ddd.ddd or ddd000.0 */
static size_t put_fixed(const struct decimal *v, char *out)
{
	static const char zeros[] = "0000000";
	size_t at = 0;
	if (v->exponent < 0) {
		at += put(out, "0.", 2);
		at += put(out + at, zeros, (size_t)-v->exponent - 1);
		return at + put(out + at, v->d, v->n);
	}
	size_t whole = (size_t)v->exponent + 1, known = v->n < whole ? v->n : whole;
	at += put(out, v->d, known);
	at += put(out + at, zeros, whole - known);
	out[at++] = '.';
	return at + (v->n > whole ? put(out + at, v->d + whole, v->n - whole) : put(out + at, "0", 1));
}

/* d.dddE-xx */
static size_t put_scientific(const struct decimal *v, char *out)
{
	size_t at = 0;
	out[at++] = v->d[0];
	out[at++] = '.';
	at += v->n > 1 ? put(out + at, v->d + 1, v->n - 1) : put(out + at, "0", 1);
	return at + (size_t)sprintf(out + at, "E%d", v->exponent);
}

size_t hc_number_print(double x, char out[HC_NUMBER_PRINT_SIZE])
{
	if (isnan(x))
		return (size_t)sprintf(out, "NaN");
	size_t at = 0;
	if (signbit(x))
		out[at++] = '-';
	if (isinf(x))
		return at + (size_t)sprintf(out + at, "Infinity");
	if (x == 0)
		return at + (size_t)sprintf(out + at, "0.0");
	struct decimal v = shortest(fabs(x));
	bool fixed = v.exponent >= -3 && v.exponent < 7;
	at += fixed ? put_fixed(&v, out + at) : put_scientific(&v, out + at);
	out[at] = '\0';
	return at;
}

size_t hc_number_print_short(double x, char out[HC_NUMBER_PRINT_SIZE])
{
	if (x == floor(x) && fabs(x) <= 9007199254740992.0)
		return (size_t)sprintf(out, "%.0f", x == 0 ? 0.0 : x);
	return hc_number_print(x, out);
}
