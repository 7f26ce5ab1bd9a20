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

#include <stdint.h>

enum { HC_EXACT_DIGITS = 136 };

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

#endif
