#include "codec/base64.h"

#include "check.h"

/* RFC 4648 section 10, and the two digits that differ between alphabets. */
static const char *const vectors[][2] = {
	{"", ""},
	{"f", "Zg=="},
	{"fo", "Zm8="},
	{"foo", "Zm9v"},
	{"foob", "Zm9vYg=="},
	{"fooba", "Zm9vYmE="},
	{"foobar", "Zm9vYmFy"},
	{"\xfb\xff\xbf", "+/+/"},
};

/* What a buffer holds behind the ">" that it began with. */
static struct hc_str behind_mark(const struct hc_buf *out)
{
	assert_int_equal(out->p[0], '>');
	return (struct hc_str){out->p + 1, out->n - 1};
}

static void test_vectors(void **state)
{
	(void)state;
	HC_BUF_SCOPED struct hc_buf out = HC_BUF(100);
	for (size_t i = 0; i < COUNT(vectors); i++) {
		hc_buf_reset(&out);
		hc_buf_cstr(&out, ">");
		hc_base64_encode(hc_str(vectors[i][0]), &out);
		check_str(behind_mark(&out), vectors[i][1]);
		hc_buf_reset(&out);
		hc_buf_cstr(&out, ">");
		assert_true(hc_base64_decode(hc_str(vectors[i][1]), &out));
		check_str(behind_mark(&out), vectors[i][0]);
	}
}

static void test_bad(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"Z",     "Zg",     "Zg=",  "Zg===", "====", "Z===",     "Zh==",    "Zm9=", "Zg==Zg==", "Zm9v ",
		" Zm9v", "Zm9v\n", "Zm 9", "-_-_",  "Zm=v", "Zm9vZ===", "Zm9\x80", "=Zm9", "Zm9vZg",   "Zm9v====",
	};
	HC_BUF_SCOPED struct hc_buf out = HC_BUF(100);
	hc_buf_cstr(&out, "kept");
	for (size_t i = 0; i < COUNT(bad); i++) {
		if (hc_base64_decode(hc_str(bad[i]), &out))
			fail_msg("%s is taken", bad[i]);
		check_str(hc_buf_view(&out), "kept");
	}
	assert_false(hc_base64_decode(HC_STR("Zm9\0"), &out));
}

/* Of all 256 last digits before padding, those with unused bits zero are taken, and no others. */
static void test_every_byte(void **state)
{
	(void)state;
	HC_BUF_SCOPED struct hc_buf out = HC_BUF(100);
	size_t one = 0, two = 0, full = 0;
	for (int c = 0; c < 256; c++) {
		char text[4] = {'A', (char)c, '=', '='};
		one += hc_base64_decode((struct hc_str){text, 4}, &out);
		memcpy(text, (char[]){'A', 'A', (char)c, '='}, 4);
		two += hc_base64_decode((struct hc_str){text, 4}, &out);
		memcpy(text, (char[]){'A', 'A', 'A', (char)c}, 4);
		full += hc_base64_decode((struct hc_str){text, 4}, &out);
		hc_buf_reset(&out);
	}
	assert_int_equal(one, 4);
	assert_int_equal(two, 16 + 1); /* 16 digits, and the padding that makes it "AA==" */
	assert_int_equal(full, 64 + 1);
}

static void test_all_lengths(void **state)
{
	(void)state;
	uint64_t random = 1;
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(1000), back = HC_BUF(1000);
	for (size_t n = 0; n < 300; n++) {
		char bytes[300];
		for (size_t i = 0; i < n; i++)
			bytes[i] = (char)check_random(&random);
		hc_buf_reset(&text);
		hc_buf_reset(&back);
		hc_base64_encode((struct hc_str){bytes, n}, &text);
		assert_int_equal(text.n, (n + 2) / 3 * 4);
		assert_true(hc_base64_decode(hc_buf_view(&text), &back));
		assert_int_equal(back.n, n);
		assert_true(hc_str_eq(hc_buf_view(&back), (struct hc_str){bytes, n}));
	}
}

static void test_limit(void **state)
{
	(void)state;
	struct hc_err err;
	HC_BUF_SCOPED struct hc_buf small = HC_BUF(2);
	assert_true(hc_base64_decode(HC_STR("Zm9v"), &small));
	assert_int_equal(hc_buf_check(&small, "data", &err), HC_LIMIT);
	hc_buf_reset(&small);
	hc_base64_encode(HC_STR("foo"), &small);
	assert_int_equal(hc_buf_check(&small, "data", &err), HC_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),     cmocka_unit_test(test_bad),   cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_all_lengths), cmocka_unit_test(test_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
