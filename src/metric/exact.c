#include "metric/exact.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum {
	DIGIT_BITS = 32,
	BASE_BITS = 2176,                             /* digit 0 counts 2^-BASE_BITS */
	HALF = BASE_BITS / 2 / DIGIT_BITS,            /* sums of doubles are multiples of 2^-(BASE_BITS / 2) */
	SQUARE_DIGITS = 2 * (HC_EXACT_DIGITS - HALF), /* of the square of a sum; more than n * sum needs */
	PENDING_MAX = 1 << 29,                        /* additions between carries; twice as many still fit 63 bits */
};

#define DIGIT_MASK UINT64_C(0xffffffff)

_Static_assert((int)HALF == (int)HC_EXACT_DIGITS_OF_SQUARES, "what the header says");
_Static_assert(BASE_BITS % (2 * DIGIT_BITS) == 0 && BASE_BITS >= 2148, "squares of subnormals have a place");
_Static_assert((int)SQUARE_DIGITS >= (int)HC_EXACT_DIGITS + 2, "64 bits times a sum has a place");

/* Passes carries on. Afterwards every digit but the last, which has the sign, is below 2^32. */
static void carry(struct hc_exact *a)
{
	int64_t c = 0;
	for (int i = 0; i < HC_EXACT_DIGITS - 1; i++) {
		int64_t digit = a->digits[i] + c;
		c = digit >> DIGIT_BITS;
		a->digits[i] = digit & (int64_t)DIGIT_MASK;
	}
	a->digits[HC_EXACT_DIGITS - 1] += c;
	a->pending = 0;
}

static void count_non_finite(struct hc_exact *a, double x)
{
	if (isnan(x))
		a->nan++;
	else if (x > 0)
		a->plus_inf++;
	else
		a->minus_inf++;
}

/* |x| = *mantissa * 2^(*exponent - 1075) with 1 <= *exponent; false if x is not finite. */
static inline bool split(uint64_t bits, uint64_t *mantissa, unsigned *exponent)
{
	unsigned e = (unsigned)(bits >> 52) & 0x7ff;
	uint64_t fraction = bits & ((UINT64_C(1) << 52) - 1);
	*mantissa = fraction | (uint64_t)(e != 0) << 52;
	*exponent = e + (e == 0);
	return e != 0x7ff;
}

void hc_exact_add(struct hc_exact *a, double x)
{
	uint64_t bits, mantissa;
	unsigned exponent;
	memcpy(&bits, &x, sizeof bits);
	if (!split(bits, &mantissa, &exponent)) {
		count_non_finite(a, x);
		return;
	}
	unsigned at = exponent + BASE_BITS - 1075, shift = at % DIGIT_BITS;
	int64_t sign = -(int64_t)(bits >> 63); /* 0 or -1: (v ^ sign) - sign is v or -v */
	int64_t low = (int64_t)((mantissa << shift) & DIGIT_MASK);
	uint64_t rest = mantissa >> (DIGIT_BITS - shift);
	int64_t middle = (int64_t)(rest & DIGIT_MASK), high = (int64_t)(rest >> DIGIT_BITS);
	int64_t *digit = a->digits + at / DIGIT_BITS;
	digit[0] += (low ^ sign) - sign;
	digit[1] += (middle ^ sign) - sign;
	digit[2] += (high ^ sign) - sign;
	if (++a->pending >= PENDING_MAX)
		carry(a);
}

void hc_exact_add_square(struct hc_exact *a, double x)
{
	uint64_t bits, mantissa;
	unsigned exponent;
	memcpy(&bits, &x, sizeof bits);
	if (!split(bits, &mantissa, &exponent)) {
		count_non_finite(a, fabs(x));
		return;
	}
	unsigned at = 2 * exponent + BASE_BITS - 2 * 1075, shift = at % DIGIT_BITS;
	unsigned __int128 square = (unsigned __int128)mantissa * mantissa;
	int64_t *digit = a->digits + at / DIGIT_BITS;
	uint64_t top = (uint64_t)(square >> 64) >> 1 >> (63 - shift);
	square <<= shift;
	digit[0] += (int64_t)((uint64_t)square & DIGIT_MASK);
	digit[1] += (int64_t)((uint64_t)square >> DIGIT_BITS);
	digit[2] += (int64_t)((uint64_t)(square >> 64) & DIGIT_MASK);
	digit[3] += (int64_t)((uint64_t)(square >> 64) >> DIGIT_BITS);
	digit[4] += (int64_t)top;
	if (++a->pending >= PENDING_MAX)
		carry(a);
}

void hc_exact_merge(struct hc_exact *a, const struct hc_exact *b)
{
	for (int i = 0; i < HC_EXACT_DIGITS; i++)
		a->digits[i] += b->digits[i];
	a->nan += b->nan;
	a->plus_inf += b->plus_inf;
	a->minus_inf += b->minus_inf;
	a->pending += b->pending + 1;
	if (a->pending >= PENDING_MAX)
		carry(a);
}

static bool is_finite(const struct hc_exact *a)
{
	return !a->nan && !a->plus_inf && !a->minus_inf;
}

/* The absolute value of `a`, after a carry; true if it was negative. */
static bool magnitude(struct hc_exact *a, uint32_t out[HC_EXACT_DIGITS])
{
	carry(a);
	bool negative = a->digits[HC_EXACT_DIGITS - 1] < 0;
	int64_t c = 0;
	for (int i = 0; i < HC_EXACT_DIGITS; i++) {
		c += negative ? -a->digits[i] : a->digits[i];
		out[i] = (uint32_t)c;
		c >>= DIGIT_BITS;
	}
	return negative;
}

/* Up to 64 bits of a natural number, from bit `at` up. */
static uint64_t bits_from(const uint32_t *digits, int n, int at)
{
	int i = at / DIGIT_BITS, shift = at % DIGIT_BITS;
	uint64_t low = i < n ? digits[i] : 0, middle = i + 1 < n ? digits[i + 1] : 0,
		 high = i + 2 < n ? digits[i + 2] : 0;
	low |= middle << DIGIT_BITS;
	return shift ? low >> shift | high << (64 - shift) : low;
}

static bool any_below(const uint32_t *digits, int at)
{
	int i = at / DIGIT_BITS;
	if (digits[i] & ((UINT32_C(1) << at % DIGIT_BITS) - 1))
		return true;
	while (i-- > 0)
		if (digits[i])
			return true;
	return false;
}

/* A natural number of n digits, in units of 2^-BASE_BITS, as the nearest double, ties to even. */
static double round_digits(const uint32_t *digits, int n)
{
	int top = n - 1;
	while (top >= 0 && !digits[top])
		top--;
	if (top < 0)
		return 0.0;
	int last = top * DIGIT_BITS + 31 - __builtin_clz(digits[top]) - 52; /* the last bit of 53 */
	if (last < BASE_BITS - 1074)
		last = BASE_BITS - 1074;
	uint64_t mantissa = bits_from(digits, n, last) & ((UINT64_C(1) << 53) - 1);
	bool half = bits_from(digits, n, last - 1) & 1;
	if (half && ((mantissa & 1) || any_below(digits, last - 1)))
		mantissa++;
	return ldexp((double)mantissa, last - BASE_BITS);
}

double hc_exact_round(struct hc_exact *a)
{
	if (a->nan || (a->plus_inf && a->minus_inf))
		return NAN;
	if (a->plus_inf || a->minus_inf)
		return a->plus_inf ? INFINITY : -INFINITY;
	uint32_t digits[HC_EXACT_DIGITS];
	bool negative = magnitude(a, digits);
	double x = round_digits(digits, HC_EXACT_DIGITS);
	return negative ? -x : x;
}

/* out = a * n, of SQUARE_DIGITS digits. */
static void times(const uint32_t a[HC_EXACT_DIGITS], uint64_t n, uint32_t out[SQUARE_DIGITS])
{
	unsigned __int128 c = 0;
	for (int i = 0; i < SQUARE_DIGITS; i++) {
		if (i < HC_EXACT_DIGITS)
			c += (unsigned __int128)a[i] * n;
		out[i] = (uint32_t)c;
		c >>= DIGIT_BITS;
	}
}

/* out = a^2, where a is a multiple of 2^-(BASE_BITS / 2): its lower digits are zero. */
static void square(const uint32_t a[HC_EXACT_DIGITS], uint32_t out[SQUARE_DIGITS])
{
	const uint32_t *p = a + HALF;
	int n = HC_EXACT_DIGITS - HALF;
	while (n > 0 && !p[n - 1])
		n--;
	int first = 0;
	while (first < n && !p[first])
		first++;
	memset(out, 0, SQUARE_DIGITS * sizeof *out);
	for (int i = first; i < n; i++) {
		uint64_t c = 0;
		for (int j = first; j < n; j++) {
			c += (uint64_t)p[i] * p[j] + out[i + j];
			out[i + j] = (uint32_t)c;
			c >>= DIGIT_BITS;
		}
		out[i + n] = (uint32_t)c;
	}
}

static int compare(const uint32_t a[SQUARE_DIGITS], const uint32_t b[SQUARE_DIGITS])
{
	for (int i = SQUARE_DIGITS - 1; i >= 0; i--)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return 0;
}

/* a += b, or a -= b where a >= b. */
static void accumulate(uint32_t a[SQUARE_DIGITS], const uint32_t b[SQUARE_DIGITS], bool subtract)
{
	int64_t c = 0;
	for (int i = 0; i < SQUARE_DIGITS; i++) {
		c += (int64_t)a[i] + (subtract ? -(int64_t)b[i] : (int64_t)b[i]);
		a[i] = (uint32_t)c;
		c >>= DIGIT_BITS;
	}
}

double hc_exact_scatter(uint64_t n, struct hc_exact *sum_of_squares, struct hc_exact *sum)
{
	if (!is_finite(sum_of_squares) || !is_finite(sum))
		return NAN;
	uint32_t digits[HC_EXACT_DIGITS], left[SQUARE_DIGITS], right[SQUARE_DIGITS];
	bool negative = magnitude(sum_of_squares, digits);
	times(digits, n, left);
	magnitude(sum, digits);
	square(digits, right);
	if (negative) {
		accumulate(left, right, false);
		return -round_digits(left, SQUARE_DIGITS);
	}
	if (compare(left, right) < 0) {
		accumulate(right, left, true);
		return -round_digits(right, SQUARE_DIGITS);
	}
	accumulate(left, right, true);
	return round_digits(left, SQUARE_DIGITS);
}

void hc_exact_get(struct hc_exact *a, struct hc_exact_number *out)
{
	uint32_t digits[HC_EXACT_DIGITS];
	*out = (struct hc_exact_number){.negative = magnitude(a, digits), .n = HC_EXACT_DIGITS};
	while (out->n > 0 && !digits[out->n - 1])
		out->n--;
	while (out->first < out->n && !digits[out->first])
		out->first++;
	out->n -= out->first;
	memcpy(out->digits, digits + out->first, out->n * sizeof *digits);
	if (out->n == 0)
		*out = (struct hc_exact_number){0};
}

void hc_exact_set(struct hc_exact *a, const struct hc_exact_number *x)
{
	*a = (struct hc_exact){.pending = 1};
	for (unsigned i = 0; i < x->n; i++)
		a->digits[x->first + i] = x->negative ? -(int64_t)x->digits[i] : (int64_t)x->digits[i];
}
