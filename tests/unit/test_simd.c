#include "base/simd.h"

#include "check.h"

/* Each kind that is there can be chosen, and is then the one; the others are refused with a list. */
static void test_choose(void **state)
{
	(void)state;
	struct hc_err err;
	for (int i = 0; i < HC_SIMD_KINDS; i++) {
		enum hc_simd_kind kind = (enum hc_simd_kind)i;
		if (hc_simd_has(kind)) {
			assert_int_equal(hc_simd_choose(hc_simd_name(kind), &err), HC_OK);
			assert_int_equal(hc_simd_kind(), kind);
		} else {
			enum hc_simd_kind before = hc_simd_kind();
			assert_int_equal(hc_simd_choose(hc_simd_name(kind), &err), HC_USAGE);
			assert_non_null(strstr(err.msg, hc_simd_name(kind)));
			assert_non_null(strstr(err.hint, "plain"));
			assert_null(strstr(err.hint, hc_simd_name(kind)));
			assert_int_equal(hc_simd_kind(), before);
		}
	}
}

/* At the start, and with "auto", it is the last kind that is there. */
static void test_auto(void **state)
{
	struct hc_err err;
	enum hc_simd_kind first = (enum hc_simd_kind)(intptr_t)*state;
	for (int kind = (int)first + 1; kind < HC_SIMD_KINDS; kind++)
		assert_false(hc_simd_has((enum hc_simd_kind)kind));
	assert_true(hc_simd_has(first));
	assert_true(hc_simd_has(HC_SIMD_PLAIN));
	assert_int_equal(hc_simd_choose("plain", &err), HC_OK);
	assert_int_equal(hc_simd_kind(), HC_SIMD_PLAIN);
	assert_int_equal(hc_simd_choose("auto", &err), HC_OK);
	assert_int_equal(hc_simd_kind(), first);
}

static void test_unknown(void **state)
{
	(void)state;
	static const char *const names[] = {"", "sse", "AVX2", "avx512 ", "auto,plain"};
	struct hc_err err;
	for (size_t i = 0; i < COUNT(names); i++) {
		assert_int_equal(hc_simd_choose(names[i], &err), HC_USAGE);
		assert_non_null(strstr(err.msg, names[i]));
		assert_non_null(strstr(err.hint, "auto, plain"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(test_auto, (void *)(intptr_t)hc_simd_kind()),
		cmocka_unit_test(test_choose),
		cmocka_unit_test(test_unknown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
