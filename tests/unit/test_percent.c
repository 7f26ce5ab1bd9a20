#include "codec/percent.h"

#include "check.h"

static void test_decode(void **state)
{
	(void)state;
	static const struct {
		const char *text, *plain, *form; /* NULL: refused */
	} table[] = {
		{"", "", ""},
		{"abc", "abc", "abc"},
		{"a+b", "a+b", "a b"},
		{"a%2Bb", "a+b", "a+b"},
		{"%20%2f%2F%7e", " //~", " //~"},
		{"%C3%BC", "\xC3\xBC", "\xC3\xBC"},
		{"%ff%FE", "\xFF\xFE", "\xFF\xFE"},
		{"%2541", "%41", "%41"},
		{"100%25", "100%", "100%"},
		{"%", NULL, NULL},
		{"%4", NULL, NULL},
		{"a%4", NULL, NULL},
		{"%%41", NULL, NULL},
		{"%4g", NULL, NULL},
		{"%G4", NULL, NULL},
		{"% 4", NULL, NULL},
		{"ok%41%+1", NULL, NULL},
	};
	for (size_t i = 0; i < 2 * COUNT(table); i++) {
		const char *expected = i % 2 ? table[i / 2].form : table[i / 2].plain;
		HC_BUF_SCOPED struct hc_buf out = HC_BUF(100);
		hc_buf_char(&out, '!');
		if (hc_percent_decode(hc_str(table[i / 2].text), i % 2, &out) != (expected != NULL))
			fail_msg("%s", table[i / 2].text);
		assert_int_equal(out.p[0], '!');
		struct hc_str decoded = {out.p + 1, out.n - 1};
		check_str(decoded, expected ? expected : "");
	}
	/* a NUL is a byte like others; what does not fit is not cut */
	HC_BUF_SCOPED struct hc_buf out = HC_BUF(3);
	assert_true(hc_percent_decode(HC_STR("a%00b"), false, &out));
	assert_memory_equal(out.p, "a\0b", 3);
	hc_buf_reset(&out);
	assert_true(hc_percent_decode(HC_STR("abcd"), false, &out));
	assert_int_equal(out.failed, HC_LIMIT);
	assert_int_equal(out.n, 0);
}

static void test_encode(void **state)
{
	(void)state;
	static const struct {
		const char *text, *all, *path;
	} table[] = {
		{"", "", ""},
		{"AZaz09-._~", "AZaz09-._~", "AZaz09-._~"},
		{"a b+c", "a%20b%2Bc", "a%20b%2Bc"},
		{"/a/%/", "%2Fa%2F%25%2F", "/a/%25/"},
		{"\xC3\xBC\x7F\x01", "%C3%BC%7F%01", "%C3%BC%7F%01"},
		{"!*'();:@&=$,?#[]", "%21%2A%27%28%29%3B%3A%40%26%3D%24%2C%3F%23%5B%5D",
		 "%21%2A%27%28%29%3B%3A%40%26%3D%24%2C%3F%23%5B%5D"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		HC_BUF_SCOPED struct hc_buf all = HC_BUF(100), path = HC_BUF(100);
		hc_percent_encode(hc_str(table[i].text), false, &all);
		hc_percent_encode(hc_str(table[i].text), true, &path);
		check_str(hc_buf_view(&all), table[i].all);
		check_str(hc_buf_view(&path), table[i].path);
	}
}

static void test_query(void **state)
{
	(void)state;
	static const struct {
		const char *query, *parts; /* parts: "[name=value]" or "[name]" */
	} table[] = {
		{"", ""},
		{"&", ""},
		{"&&&", ""},
		{"a", "[a]"},
		{"a=", "[a=]"},
		{"=", "[=]"},
		{"=b", "[=b]"},
		{"a=b", "[a=b]"},
		{"a=b=c", "[a=b=c]"},
		{"a=1&&b=2&", "[a=1][b=2]"},
		{"&acl&x=%26+&acl", "[acl][x=%26+][acl]"},
		{"a;b=1", "[a;b=1]"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		HC_BUF_SCOPED struct hc_buf out = HC_BUF(100);
		struct hc_str rest = hc_str(table[i].query), name, value;
		bool has_value;
		while (hc_query_next(&rest, &name, &value, &has_value)) {
			hc_buf_char(&out, '[');
			hc_buf_str(&out, name);
			if (has_value)
				hc_buf_char(&out, '=');
			hc_buf_str(&out, value);
			hc_buf_char(&out, ']');
		}
		check_str(hc_buf_view(&out), table[i].parts);
		assert_int_equal(rest.n, 0);
		assert_false(hc_query_next(&rest, &name, &value, &has_value));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_encode),
		cmocka_unit_test(test_query),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
