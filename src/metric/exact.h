/*
 * Exact sums of doubles, rounded once.
 *
 * A fixed-point number wide enough for every double and for every square of one (multiples of
 * 2^-2176 below 2^2048, and 127 bits of carry), so addition never rounds: any order and any split
 * give the same bits. After the "small superaccumulator" of Neal, "Fast exact summation using small
 * and large superaccumulators" (2015).
 *
 * All bytes zero is the empty sum. Plain data: copied and written out as it is. Non-finite terms
 * are counted apart; the sum is then what IEEE 754 would give (inf, or NaN for inf - inf or any NaN).
 * Cost: an addition is a handful of integer operations (about 2 ns), a rounding some 200.
 */
#ifndef HC_METRIC_EXACT_H
#define HC_METRIC_EXACT_H

#include <stdbool.h>
#include <stdint.h>

enum {
	HC_EXACT_DIGITS = 136,
	HC_EXACT_DIGITS_OF_SQUARES = 34, /* the lowest ones, which a sum of doubles has not: they are zero */
};

struct hc_exact {
	int64_t digits[HC_EXACT_DIGITS]; /* digit i counts 2^(32 i - 2176): 32 bits and room for carries */
	uint32_t pending;                /* additions since carries were last passed on */
	uint64_t nan, plus_inf, minus_inf;
};

void hc_exact_add(struct hc_exact *a, double x);
/* Adds x * x, not rounded: the mantissa is squared as an integer. */
void hc_exact_add_square(struct hc_exact *a, double x);
void hc_exact_merge(struct hc_exact *a, const struct hc_exact *b);

/* The sum, rounded to nearest even; past the largest double an infinity, and zero is always +0.0. */
double hc_exact_round(struct hc_exact *a);

/*
 * n * sum_of_squares - sum^2, all exact, rounded once: the scatter n * SST. Zero or positive when
 * both come from the same n values; past the largest double an infinity. Infinite or NaN terms give NaN.
 */
double hc_exact_scatter(uint64_t n, struct hc_exact *sum_of_squares, struct hc_exact *sum);

/*
 * A finite sum in its one canonical form, to be written out and read again: sign and magnitude, the digits first to
 * first + n - 1 of which the first and the last are not zero, the others being zero. Zero has no digits.
 */
struct hc_exact_number {
	bool negative;
	unsigned first, n;
	uint32_t digits[HC_EXACT_DIGITS]; /* [n]: digit first + i counts 2^(32 (first + i) - 2176) */
};
/* The finite part of a sum (non-finite terms are counted apart). Passes carries on, the sum stays the same. */
void hc_exact_get(struct hc_exact *a, struct hc_exact_number *out);
/* The sum of that value, non-finite terms none. Digits must be in range; canonical they need not be. */
void hc_exact_set(struct hc_exact *a, const struct hc_exact_number *x);

#endif
