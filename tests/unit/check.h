/*
 * What every unit test includes: cmocka with the headers it wants first, and a few helpers.
 */
#ifndef HC_TEST_CHECK_H
#define HC_TEST_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/str.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* s is the text `expected`, byte for byte. */
#define check_str(s, expected) check_str_at((s), (expected), __FILE__, __LINE__)

static inline void check_str_at(struct hc_str s, const char *expected, const char *file, int line)
{
	if (!hc_str_eq(s, hc_str(expected))) {
		print_error("\"%.*s\" is not \"%s\"\n", HC_STR_ARG(s), expected);
		_fail(file, line);
	}
}

/* The next random number of a fixed sequence (SplitMix64): the same tests in every run. */
static inline uint64_t check_random(uint64_t *state)
{
	return hc_mix64(*state += UINT64_C(0x9e3779b97f4a7c15));
}

#endif
