#include "base/number.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* A decimal number: +-mantissa * 10^exponent where `exact`. */
struct decimal_text {
	bool negative, exact;
	uint64_t mantissa;
	int64_t exponent;
};

enum {
	DIGITS_EXACT = 19,      /* any 19 digits are below 2^64 */
	EXPONENT_SEEN = 100000, /* exponents beyond it are all alike, and far beyond what is exact here */
};

static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The value of eight digits, first in the lowest byte; false if a byte is none. */
static inline bool eight_digits(const char *p, uint64_t *value)
{
	uint64_t v;
	memcpy(&v, p, sizeof v);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap64(v);
#endif
	v ^= UINT64_C(0x3030303030303030);
	if ((((v & UINT64_C(0x7f7f7f7f7f7f7f7f)) + UINT64_C(0x7676767676767676)) | v) & UINT64_C(0x8080808080808080))
		return false;
	v = v * 10 + (v >> 8);                                                /* pairs, in every second byte */
	v = (v & UINT64_C(0x00ff00ff00ff00ff)) * ((UINT64_C(100) << 16) + 1); /* fours, above each second of them */
	*value = (v >> 16 & UINT64_C(0x0000ffff0000ffff)) * ((UINT64_C(10000) << 32) + 1) >> 32;
	return true;
}

/* Reads digits on to `value`, modulo 2^64; returns where they end. */
static inline const char *read_digits(const char *p, const char *end, uint64_t *value)
{
	uint64_t v = *value, eight;
	while (end - p >= 8 && eight_digits(p, &eight)) {
		v = v * 100000000 + eight;
		p += 8;
	}
	for (; p < end && is_digit(*p); p++)
		v = v * 10 + (uint64_t)(*p - '0');
	*value = v;
	return p;
}

static inline const char *skip_zeros(const char *p, const char *end)
{
	while (p < end && *p == '0')
		p++;
	return p;
}

/* Adds what follows an 'e'; false if it is no exponent. */
static bool read_exponent(const char *p, const char *end, int64_t *exponent)
{
	bool negative = p < end && *p == '-';
	if (p < end && (*p == '-' || *p == '+'))
		p++;
	if (p == end)
		return false;
	int64_t e = 0;
	for (; p < end; p++) {
		if (!is_digit(*p))
			return false;
		e = e < EXPONENT_SEEN ? e * 10 + (*p - '0') : EXPONENT_SEEN;
	}
	*exponent += negative ? -e : e;
	return true;
}

/* False if s is no decimal number. Zeros in front are no digits of the mantissa. */
static bool read_decimal(struct hc_str s, struct decimal_text *out)
{
	const char *p = s.p, *end = s.p + s.n;
	struct decimal_text d = {.negative = *p == '-'};
	if (*p == '-' || *p == '+')
		p++;
	const char *whole = p, *significant = p = skip_zeros(p, end);
	p = read_digits(p, end, &d.mantissa);
	ptrdiff_t digits = p - whole, in_mantissa = p - significant;
	if (p < end && *p == '.') {
		const char *fraction = ++p;
		significant = p = in_mantissa ? p : skip_zeros(p, end);
		p = read_digits(p, end, &d.mantissa);
		digits += p - fraction;
		in_mantissa += p - significant;
		d.exponent = fraction - p;
	}
	if (digits == 0)
		return false;
	if (p < end && ((*p != 'e' && *p != 'E') || !read_exponent(p + 1, end, &d.exponent)))
		return false;
	d.exact = in_mantissa <= DIGITS_EXACT;
	*out = d;
	return true;
}

enum { FIVES_MAX = 27 }; /* 5^27 is the last below 2^63 */

static const uint64_t fives[FIVES_MAX + 1] = {
	UINT64_C(1),
	UINT64_C(5),
	UINT64_C(25),
	UINT64_C(125),
	UINT64_C(625),
	UINT64_C(3125),
	UINT64_C(15625),
	UINT64_C(78125),
	UINT64_C(390625),
	UINT64_C(1953125),
	UINT64_C(9765625),
	UINT64_C(48828125),
	UINT64_C(244140625),
	UINT64_C(1220703125),
	UINT64_C(6103515625),
	UINT64_C(30517578125),
	UINT64_C(152587890625),
	UINT64_C(762939453125),
	UINT64_C(3814697265625),
	UINT64_C(19073486328125),
	UINT64_C(95367431640625),
	UINT64_C(476837158203125),
	UINT64_C(2384185791015625),
	UINT64_C(11920928955078125),
	UINT64_C(59604644775390625),
	UINT64_C(298023223876953125),
	UINT64_C(1490116119384765625),
	UINT64_C(7450580596923828125),
};

/* `bits`, below 2^63 and not below 2^61, and more behind them if `more`, times 2^exponent; rounded once: the last bit
 * set for what is behind it is all that rounding to 53 bits asks for. */
static double round_bits(uint64_t bits, bool more, int exponent)
{
	uint64_t power_bits = (uint64_t)(1023 + exponent) << 52;
	double power;
	memcpy(&power, &power_bits, sizeof power);
	return (double)(int64_t)(bits | more) * power;
}

/* mantissa / 5^n * 2^-n */
static double divide_by_ten(uint64_t mantissa, int n)
{
	int up = __builtin_clzll(mantissa), up_five = __builtin_clzll(fives[n]);
	unsigned __int128 dividend = (unsigned __int128)(mantissa << up) << 62;
	uint64_t five = fives[n] << up_five, quotient = (uint64_t)(dividend / five);
	bool more = (uint64_t)dividend != quotient * five; /* the remainder is below 2^64 */
	return round_bits(quotient, more, up_five - up - 62 - n);
}

/* mantissa * 5^n * 2^n */
static double times_ten(uint64_t mantissa, int n)
{
	int up = __builtin_clzll(mantissa) + __builtin_clzll(fives[n]); /* leaves 127 or 128 bits */
	unsigned __int128 product = (unsigned __int128)mantissa * fives[n] << up;
	bool more = (product & (((unsigned __int128)1 << 65) - 1)) != 0;
	return round_bits((uint64_t)(product >> 65), more, 65 - up + n);
}

/* mantissa * 10^exponent, |exponent| at most FIVES_MAX, correctly rounded. */
static double scale(uint64_t mantissa, int exponent)
{
	if (mantissa == 0)
		return 0;
	return exponent < 0 ? divide_by_ten(mantissa, -exponent) : times_ten(mantissa, exponent);
}

static double scale_long(struct hc_str s)
{
	char text[HC_NUMBER_TEXT_MAX + 1];
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	return strtod(text, NULL);
}

bool hc_number_parse(struct hc_str s, double *out)
{
	struct decimal_text d;
	s = hc_str_trim(s);
	if (s.n == 0 || s.n > HC_NUMBER_TEXT_MAX)
		return false;
	if (!read_decimal(s, &d))
		return parse_named(s, out);
	if (!d.exact || d.exponent < -FIVES_MAX || d.exponent > FIVES_MAX) {
		*out = scale_long(s);
		return true;
	}
	double x = scale(d.mantissa, (int)d.exponent);
	*out = d.negative ? -x : x;
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
 *
 * A decimal of DBL_DIG digits survives the way through a double that is not denormal and back; so if any of at most so
 * many digits reads back as x, it is what x is printed as with DBL_DIG digits, but for idle zeros.
 */
static struct decimal shortest(double x)
{
	char text[HC_NUMBER_PRINT_SIZE]; /* d.ddde-xxx */
	int unused;
	bool power_of_two = frexp(x, &unused) == 0.5;
	for (int precision = x < DBL_MIN ? 1 : DBL_DIG - 1; precision < 17; precision++) {
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
