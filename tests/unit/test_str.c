#include "base/str.h"

#include "check.h"

static int sign(int x)
{
	return (x > 0) - (x < 0);
}

static void test_order(void **state)
{
	(void)state;
	/* in ascending order; every pair is compared both ways */
	static const char *const sorted[] = {"",  "\x01", " ", "0",    "1",    "10",  "1A",
					     "A", "AA",   "a", "\x7f", "\x80", "\xff"};
	for (size_t i = 0; i < COUNT(sorted); i++)
		for (size_t j = 0; j < COUNT(sorted); j++) {
			struct hc_str a = hc_str(sorted[i]), b = hc_str(sorted[j]);
			assert_int_equal(sign(hc_str_cmp(a, b)), (i > j) - (i < j));
			assert_int_equal(hc_str_eq(a, b), i == j);
		}
	struct hc_str none = {NULL, 0};
	assert_int_equal(hc_str_cmp(none, HC_STR("")), 0);
	assert_true(hc_str_eq(none, HC_STR("")));
	assert_true(hc_str_cmp(none, HC_STR("a")) < 0);
	/* a NUL is a byte like another */
	assert_true(hc_str_cmp(HC_STR("a\0b"), HC_STR("a\0c")) < 0);
	assert_false(hc_str_eq(HC_STR("a\0b"), HC_STR("a\0c")));
}

static void test_nocase(void **state)
{
	(void)state;
	static const struct {
		const char *a, *b;
		bool equal;
	} table[] = {
		{"", "", true},    {"a", "A", true},   {"NaN", "nAn", true},
		{"a", "b", false}, {"ab", "a", false}, {"\xc3\x84", "\xc3\xa4", false},
		{"[", "{", false}, {"@", "`", false},
	};
	for (size_t i = 0; i < COUNT(table); i++)
		assert_int_equal(hc_str_eq_nocase(hc_str(table[i].a), hc_str(table[i].b)), table[i].equal);
}

static void test_ends(void **state)
{
	(void)state;
	static const struct {
		const char *s, *part;
		bool starts, ends;
	} table[] = {
		{"", "", true, true},          {"a", "", true, true},
		{"", "a", false, false},       {"abc", "abc", true, true},
		{"abc", "ab", true, false},    {"abc", "bc", false, true},
		{"abc", "abcd", false, false}, {"a.jsonl.gz", ".gz", false, true},
		{"abc", "b", false, false},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		assert_int_equal(hc_str_starts(hc_str(table[i].s), table[i].part), table[i].starts);
		assert_int_equal(hc_str_ends(hc_str(table[i].s), table[i].part), table[i].ends);
	}
}

static void test_trim(void **state)
{
	(void)state;
	static const char *const table[][2] = {
		{"", ""},           {" ", ""},   {" \t\r\n\v\f", ""},        {"a", "a"},
		{"  a b\t", "a b"}, {"a ", "a"}, {"\xc2\xa0z", "\xc2\xa0z"}, {"\x1fz", "\x1fz"},
	};
	for (size_t i = 0; i < COUNT(table); i++)
		check_str(hc_str_trim(hc_str(table[i][0])), table[i][1]);
	assert_int_equal(hc_str_trim((struct hc_str){NULL, 0}).n, 0);
}

static void test_show(void **state)
{
	(void)state;
#define TEN "0123456789"
#define FIFTY TEN TEN TEN TEN TEN
	static const char *const table[][2] = {
		{"", ""},
		{"plain", "plain"},
		{"a\nb\x7f", "a\\x0ab\\x7f"},
		{"\xffz", "\\xffz"},
		{"\xc3\xa4", "\xc3\xa4"},
		{"\xc3", "\\xc3"},
		{"\xed\xa0\x80", "\\xed\\xa0\\x80"},
		{FIFTY TEN, FIFTY TEN},
		{FIFTY TEN "x", FIFTY TEN "..."},
		{FIFTY "012345678\xc3\xa4", FIFTY "012345678..."},
		{FIFTY "01234567\xc3\xa4", FIFTY "01234567\xc3\xa4"},
		{FIFTY "01234567\xc3\xa4z", FIFTY "01234567\xc3\xa4..."},
	};
	char out[HC_STR_SHOW_SIZE];
	for (size_t i = 0; i < COUNT(table); i++)
		assert_string_equal(hc_str_show(hc_str(table[i][0]), out), table[i][1]);

	/* the longest there is fits */
	char worst[100];
	memset(worst, 0xff, sizeof worst);
	assert_string_equal(hc_str_show((struct hc_str){worst, sizeof worst}, out) + (size_t)(4 * HC_STR_SHOWN_MAX),
			    "...");
	assert_int_equal(strlen(out), 4 * HC_STR_SHOWN_MAX + 3);
}

static void test_distance(void **state)
{
	(void)state;
	static const struct {
		const char *a, *b;
		size_t distance;
	} table[] = {
		{"", "", 0},
		{"", "abc", 3},
		{"abc", "abc", 0},
		{"kitten", "sitting", 3},
		{"f0_5", "f0_6", 1},
		{"recall", "recal", 1},
		{"ab", "ba", 2},
		{"flaw", "lawn", 2},
		{"auc", "accuracy", 5},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		assert_int_equal(hc_str_distance(hc_str(table[i].a), hc_str(table[i].b)), table[i].distance);
		assert_int_equal(hc_str_distance(hc_str(table[i].b), hc_str(table[i].a)), table[i].distance);
	}
	char text[65];
	memset(text, 'a', sizeof text);
	assert_int_equal(hc_str_distance((struct hc_str){text, 64}, (struct hc_str){text, 64}), 0);
	assert_int_equal(hc_str_distance((struct hc_str){text, 64}, HC_STR("")), 64);
	assert_int_equal(hc_str_distance((struct hc_str){text, 65}, (struct hc_str){text, 65}), 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order), cmocka_unit_test(test_nocase), cmocka_unit_test(test_ends),
		cmocka_unit_test(test_trim),  cmocka_unit_test(test_show),   cmocka_unit_test(test_distance),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
