#include "metric/exact.h"

#include <float.h>

#include "check_metric.h"

/*
 * The slow oracle: a number in two's complement to which single bits are added, each with its carry
 * passed on at once. A rounding is right when the number lies between the midpoints to the neighbours
 * of what was returned.
 */
enum { LIMBS = 152, LOWEST = -2240 };

struct slow {
	uint32_t limbs[LIMBS]; /* limb i counts 2^(32 i + LOWEST) */
};

static void slow_add_bit(struct slow *s, int exponent, bool negative)
{
	int at = exponent - LOWEST, i = at / 32;
	uint32_t bit = UINT32_C(1) << at % 32;
	for (; i < LIMBS; i++, bit = 1) {
		uint32_t before = s->limbs[i];
		s->limbs[i] = negative ? before - bit : before + bit;
		if (negative ? before >= bit : s->limbs[i] >= bit)
			return;
	}
}

static uint64_t mantissa(double x, int *exponent)
{
	double m = frexp(fabs(x), exponent);
	*exponent -= 53;
	return (uint64_t)ldexp(m, 53);
}

/* x * y, or its opposite */
static void slow_add_product(struct slow *s, double x, double y, bool opposite)
{
	int ex, ey;
	unsigned __int128 product = (unsigned __int128)mantissa(x, &ex) * mantissa(y, &ey);
	bool negative = (signbit(x) != 0) ^ (signbit(y) != 0) ^ opposite;
	for (int i = 0; i < 106; i++)
		if (product >> i & 1)
			slow_add_bit(s, ex + ey + i, negative);
}

/* Infinities count as 2^1024, where the range of doubles would go on. */
static void slow_add(struct slow *s, double x, bool opposite)
{
	if (isinf(x))
		slow_add_bit(s, 1024, (x < 0) ^ opposite);
	else
		slow_add_product(s, x, 1, opposite);
}

static int slow_sign(const struct slow *s)
{
	if (s->limbs[LIMBS - 1] >> 31)
		return -1;
	for (int i = 0; i < LIMBS; i++)
		if (s->limbs[i])
			return 1;
	return 0;
}

static struct slow slow_twice(const struct slow *s)
{
	struct slow t;
	uint32_t carry = 0;
	for (int i = 0; i < LIMBS; i++) {
		t.limbs[i] = s->limbs[i] << 1 | carry;
		carry = s->limbs[i] >> 31;
	}
	return t;
}

/* The sign of 2 s - (a + b). */
static int against_midpoint(const struct slow *s, double a, double b)
{
	struct slow t = slow_twice(s);
	slow_add(&t, a, true);
	slow_add(&t, b, true);
	return slow_sign(&t);
}

static bool is_even(double x)
{
	uint64_t bits;
	memcpy(&bits, &x, sizeof bits);
	return (bits & 1) == 0;
}

static void check_rounded(const struct slow *s, double got)
{
	assert_true(got == got); /* not NaN */
	int above = got == INFINITY ? -1 : against_midpoint(s, got, nextafter(got, INFINITY));
	int below = got == -INFINITY ? 1 : against_midpoint(s, got, nextafter(got, -INFINITY));
	assert_true(above < 0 || (above == 0 && is_even(got)));
	assert_true(below > 0 || (below == 0 && is_even(got)));
}

/* ---- the tests ---- */

static void test_table(void **state)
{
	(void)state;
	enum { TERMS = 4 };
	const double tiny = 0x1p-1074, big = DBL_MAX;
	const struct {
		double terms[TERMS], sum;
	} table[] = {
		{{0}, 0.0},
		{{-0.0}, 0.0},
		{{1, 1e100, 1, -1e100}, 2},
		{{0.1, 0.2, 0.3, -0.6}, 0x1p-55}, /* not 0: the decimals are not exact */
		{{1e308, 1e308, -1e308}, 1e308},
		{{big, big}, INFINITY},
		{{-big, -big}, -INFINITY},
		{{big, big, -big, -big}, 0.0},
		{{big, 0x1p970}, INFINITY},          /* the midpoint to 2^1024: ties to even */
		{{big, 0x1p970, -tiny}, big},        /* just below it */
		{{0x1p53, 1}, 0x1p53},               /* a tie, to even */
		{{0x1p53, 1, tiny}, 0x1p53 + 2},     /* just above a tie */
		{{0x1p53, 2, 1}, 0x1p53 + 4},        /* a tie, to even, upwards */
		{{-0x1p53, -1, -tiny}, -0x1p53 - 2}, /* below zero alike */
		{{0x1p53, 3, -tiny}, 0x1p53 + 2},    /* just below a tie */
		{{0x1p54 - 1, 0.5}, 0x1p54},         /* the mantissa carries into the exponent */
		{{tiny, tiny, tiny}, 3 * tiny},      /* subnormal */
		{{DBL_MIN, -tiny}, DBL_MIN - tiny},  /* the largest subnormal */
		{{1, -1 + 0x1p-53, tiny}, 0x1p-53 + tiny},
		{{INFINITY, 1}, INFINITY},
		{{-INFINITY, big}, -INFINITY},
		{{INFINITY, -INFINITY}, NAN},
		{{NAN, 1}, NAN},
		{{NAN, INFINITY}, NAN},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_exact a = {0};
		for (size_t j = 0; j < TERMS; j++)
			hc_exact_add(&a, table[i].terms[j]);
		check_same(hc_exact_round(&a), table[i].sum);
		check_same(hc_exact_round(&a), table[i].sum); /* rounding does not change the sum */
	}
}

enum kind { ANY, UNIT, OFFSET, SUBNORMAL, INTEGERS, CANCELLING, NEAR_ONE_EXPONENT, KINDS };

static void fill(double *x, size_t n, enum kind kind, uint64_t *random)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t r = check_random(random);
		switch (kind) {
		case UNIT:
			x[i] = random_unit(random);
			break;
		case OFFSET:
			x[i] = 1e15 + random_unit(random);
			break;
		case SUBNORMAL:
			x[i] = ldexp((double)(r >> 40), -1074) * (r & 1 ? 1 : -1);
			break;
		case INTEGERS:
			x[i] = (double)(r % 7) - 3;
			break;
		case CANCELLING:
			x[i] = i % 2 ? -x[i - 1] * (r % 3 ? 1 : 1 + DBL_EPSILON) : random_double(random) / 2;
			break;
		case NEAR_ONE_EXPONENT:
			x[i] = ldexp(random_unit(random) - 0.5, (int)(r % 60));
			break;
		default:
			x[i] = random_double(random);
		}
	}
}

static void test_sums_against_oracle(void **state)
{
	(void)state;
	enum { CASES = 3000, TERMS = 40 };
	uint64_t random = 1;
	for (int c = 0; c < CASES; c++) {
		double x[TERMS];
		size_t n = check_random(&random) % (TERMS + 1);
		fill(x, n, (enum kind)(c % KINDS), &random);
		struct hc_exact a = {0};
		struct slow s = {0};
		for (size_t i = 0; i < n; i++) {
			hc_exact_add(&a, x[i]);
			slow_add(&s, x[i], false);
		}
		check_rounded(&s, hc_exact_round(&a));
	}
}

static void test_squares_against_oracle(void **state)
{
	(void)state;
	enum { CASES = 1500, TERMS = 12 };
	uint64_t random = 2;
	for (int c = 0; c < CASES; c++) {
		double x[TERMS];
		size_t n = check_random(&random) % (TERMS + 1);
		fill(x, n, (enum kind)(c % KINDS), &random);
		struct hc_exact a = {0};
		struct slow s = {0};
		for (size_t i = 0; i < n; i++) {
			hc_exact_add_square(&a, x[i]);
			slow_add_product(&s, x[i], x[i], false);
		}
		check_rounded(&s, hc_exact_round(&a));
	}
}

/* n sum x^2 - (sum x)^2 is the sum of x_i^2 - x_i x_j over all pairs. */
static void test_scatter_against_oracle(void **state)
{
	(void)state;
	enum { CASES = 1500, TERMS = 8 };
	uint64_t random = 3;
	for (int c = 0; c < CASES; c++) {
		double x[TERMS];
		size_t n = check_random(&random) % (TERMS + 1);
		fill(x, n, (enum kind)(c % KINDS), &random);
		struct hc_exact squares = {0}, sum = {0};
		struct slow s = {0};
		for (size_t i = 0; i < n; i++) {
			hc_exact_add_square(&squares, x[i]);
			hc_exact_add(&sum, x[i]);
			for (size_t j = 0; j < n; j++) {
				slow_add_product(&s, x[i], x[i], false);
				slow_add_product(&s, x[i], x[j], true);
			}
		}
		double got = hc_exact_scatter(n, &squares, &sum);
		assert_true(got >= 0);
		check_rounded(&s, got);
	}
}

/* The same for arguments that do not belong together, where the result has either sign. */
static void test_scatter_of_any_arguments(void **state)
{
	(void)state;
	enum { CASES = 1000 };
	uint64_t random = 4;
	int negative = 0;
	for (int c = 0; c < CASES; c++) {
		double x[3];
		fill(x, 3, (enum kind)(c % KINDS), &random);
		uint64_t n = check_random(&random) >> check_random(&random) % 64;
		struct hc_exact q = {0}, sum = {0};
		struct slow s = {0};
		hc_exact_add(&q, x[0]);
		hc_exact_add(&sum, x[1]);
		hc_exact_add(&sum, x[2]);
		for (int i = 0; i < 64; i++)
			if (n >> i & 1)
				slow_add_product(&s, x[0], ldexp(1, i), false);
		for (int i = 1; i <= 2; i++)
			for (int j = 1; j <= 2; j++)
				slow_add_product(&s, x[i], x[j], true);
		double got = hc_exact_scatter(n, &q, &sum);
		negative += got < 0;
		check_rounded(&s, got);
	}
	assert_in_range(negative, CASES / 10, CASES);
}

static void test_scatter_special(void **state)
{
	(void)state;
	const double bad[] = {NAN, INFINITY, -INFINITY};
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct hc_exact q = {0}, sum = {0};
		hc_exact_add_square(&q, bad[i]);
		hc_exact_add(&sum, bad[i]);
		check_same(hc_exact_scatter(1, &q, &sum), NAN);
	}
	/* one value a million times, and a million with one that differs in its last bit */
	struct hc_exact q = {0}, sum = {0};
	for (int i = 0; i < 1000000; i++) {
		hc_exact_add_square(&q, 1e9 / 3);
		hc_exact_add(&sum, 1e9 / 3);
	}
	check_same(hc_exact_scatter(1000000, &q, &sum), 0.0);
	double other = nextafter(1e9 / 3, INFINITY), d = other - 1e9 / 3;
	hc_exact_add_square(&q, other);
	hc_exact_add(&sum, other);
	check_same(hc_exact_scatter(1000001, &q, &sum), 1000000 * d * d);
}

/* Any order and any split into accumulators, merged in any order, gives the same bits. */
static void test_split_and_order(void **state)
{
	(void)state;
	enum { CASES = 300, TERMS = 300, PARTS = 5 };
	uint64_t random = 5;
	for (int c = 0; c < CASES; c++) {
		static double x[TERMS];
		fill(x, TERMS, (enum kind)(c % KINDS), &random);
		if (c % 50 == 49)
			x[check_random(&random) % TERMS] = c % 100 == 99 ? NAN : INFINITY;
		struct hc_exact whole = {0}, whole_squares = {0};
		for (size_t i = 0; i < TERMS; i++) {
			hc_exact_add(&whole, x[i]);
			hc_exact_add_square(&whole_squares, x[i]);
		}
		struct hc_exact parts[PARTS] = {0}, squares[PARTS] = {0}, sum = {0}, sum_squares = {0};
		for (size_t i = TERMS; i > 0; i--) {
			size_t pick = check_random(&random) % i, part = check_random(&random) % PARTS;
			hc_exact_add(&parts[part], x[pick]);
			hc_exact_add_square(&squares[part], x[pick]);
			if (c % 3 == 0 && check_random(&random) % 8 == 0)
				hc_exact_round(&parts[part]); /* looking on the way changes nothing */
			x[pick] = x[i - 1];
		}
		size_t first = check_random(&random) % PARTS;
		for (size_t p = 0; p < PARTS; p++) {
			hc_exact_merge(&sum, &parts[(first + p) % PARTS]);
			hc_exact_merge(&sum_squares, &squares[(first + p) % PARTS]);
		}
		check_same(hc_exact_round(&sum), hc_exact_round(&whole));
		check_same(hc_exact_round(&sum_squares), hc_exact_round(&whole_squares));
		check_same(hc_exact_scatter(TERMS, &sum_squares, &sum),
			   hc_exact_scatter(TERMS, &whole_squares, &whole));
	}
}

/* 2^62 times the same: carries are passed on before a digit overflows. */
static void test_carries(void **state)
{
	(void)state;
	const double terms[] = {1, -1, 1 / 3.0, -DBL_MAX * 0x1p-64, 0x1.fffffffffffffp0, 0x1p-1074};
	for (size_t i = 0; i < COUNT(terms); i++) {
		struct hc_exact a = {0};
		hc_exact_add(&a, terms[i]);
		for (int doubling = 0; doubling < 62; doubling++) {
			struct hc_exact same = a;
			hc_exact_merge(&a, &same);
		}
		check_same(hc_exact_round(&a), ldexp(terms[i], 62));
	}
	struct hc_exact a = {0}, b = {0};
	for (int doubling = 0; doubling < 29; doubling++) {
		hc_exact_add(&a, 1);
		hc_exact_add_square(&b, -3);
		struct hc_exact same = a;
		hc_exact_merge(&a, &same);
		same = b;
		hc_exact_merge(&b, &same);
	}
	/* as many additions as fit before carries have to be passed on, and some more */
	for (int i = 0; i < 100; i++) {
		hc_exact_add(&a, 1);
		hc_exact_add_square(&b, -3);
	}
	check_same(hc_exact_round(&a), 0x1p30 - 2 + 100);
	check_same(hc_exact_round(&b), 9 * (0x1p30 - 2 + 100));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_sums_against_oracle),
		cmocka_unit_test(test_squares_against_oracle),
		cmocka_unit_test(test_scatter_against_oracle),
		cmocka_unit_test(test_scatter_of_any_arguments),
		cmocka_unit_test(test_scatter_special),
		cmocka_unit_test(test_split_and_order),
		cmocka_unit_test(test_carries),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
