#include "base/buf.h"

#include <stdio.h>

#include "check.h"

static void test_appends(void **state)
{
	(void)state;
	struct hc_buf b HC_BUF_SCOPED = HC_BUF(1 << 20);
	hc_buf_put(&b, NULL, 0);
	hc_buf_str(&b, HC_STR("a\0b"));
	hc_buf_cstr(&b, " text ");
	hc_buf_char(&b, '!');
	hc_buf_u64(&b, 0);
	hc_buf_char(&b, ' ');
	hc_buf_u64(&b, UINT64_MAX);
	hc_buf_printf(&b, " %d%%%s", -7, "");
	static const char expected[] = "a\0b text !0 18446744073709551615 -7%";
	assert_int_equal(b.n, sizeof expected - 1);
	assert_memory_equal(b.p, expected, b.n);
	assert_memory_equal(hc_buf_cstring(&b), expected, sizeof expected);
	assert_int_equal(b.n, sizeof expected - 1);

	struct hc_err err;
	assert_int_equal(hc_buf_check(&b, "text", &err), HC_OK);
}

static void test_reset_keeps_memory(void **state)
{
	(void)state;
	struct hc_buf b HC_BUF_SCOPED = HC_BUF(1000);
	hc_buf_cstr(&b, "first");
	char *p = b.p;
	hc_buf_reset(&b);
	assert_int_equal(b.n, 0);
	hc_buf_cstr(&b, "second");
	assert_ptr_equal(b.p, p);
	check_str(hc_buf_view(&b), "second");
}

/* Whatever the maximum and the pieces: all of it up to the maximum, and not a byte more. */
static void test_maximum(void **state)
{
	(void)state;
	static const size_t maxima[] = {0, 1, 2, 7, 255, 256, 257, 300, 511, 512, 513, 1000, 4096};
	static const size_t pieces[] = {1, 3, 64, 100, 257};
	char piece[257];
	memset(piece, 'x', sizeof piece);
	for (size_t i = 0; i < COUNT(maxima); i++)
		for (size_t j = 0; j < COUNT(pieces); j++) {
			struct hc_buf b HC_BUF_SCOPED = HC_BUF(maxima[i]);
			struct hc_err err;
			size_t n = 0;
			for (; n + pieces[j] <= maxima[i]; n += pieces[j]) {
				hc_buf_put(&b, piece, pieces[j]);
				assert_int_equal(hc_buf_check(&b, "text", &err), HC_OK);
				assert_int_equal(b.n, n + pieces[j]);
			}
			hc_buf_put(&b, piece, pieces[j]);
			assert_int_equal(b.failed, HC_LIMIT);
			assert_int_equal(b.n, n);
			assert_true(b.cap <= b.max);

			/* what follows is ignored, even if it would fit */
			hc_buf_put(&b, piece, 0);
			hc_buf_char(&b, 'y');
			hc_buf_printf(&b, "y");
			assert_int_equal(b.n, n);
			assert_string_equal(hc_buf_cstring(&b), "");
			assert_int_equal(hc_buf_check(&b, "the text", &err), HC_LIMIT);
			char expected[80];
			snprintf(expected, sizeof expected, "the text is larger than its limit of %zu bytes",
				 maxima[i]);
			assert_string_equal(err.msg, expected);

			hc_buf_reset(&b);
			assert_int_equal(hc_buf_check(&b, "text", &err), HC_OK);
		}
}

static void test_no_memory(void **state)
{
	(void)state;
	struct hc_buf b HC_BUF_SCOPED = HC_BUF(SIZE_MAX / 2);
	struct hc_err err;
	hc_buf_cstr(&b, "kept");
	assert_null(hc_buf_room(&b, SIZE_MAX / 4)); /* more than any machine has */
	assert_int_equal(hc_buf_check(&b, "the table", &err), HC_NOMEM);
	assert_string_equal(err.msg, "no memory left for the table");
	check_str(hc_buf_view(&b), "kept");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_appends),
		cmocka_unit_test(test_reset_keeps_memory),
		cmocka_unit_test(test_maximum),
		cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
