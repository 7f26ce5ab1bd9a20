#include "contract/tree.h"

#include <jansson.h>

#include "base/instant.h"
#include "check.h"

static json_t *tree_of(const char *text)
{
	json_t *tree = hc_tree_parse(hc_str(text));
	assert_non_null(tree);
	return tree;
}

static void test_at(void **state)
{
	(void)state;
	static const struct {
		const char *path, *text; /* NULL: nothing there */
	} table[] = {
		{"A", "a"},        {"B.C", "c"},      {"L.[0].N", "first"}, {"L.[1].N", "second"},
		{"L.[2].N", NULL}, {"L.[0]", NULL}, /* is there, but no text */
		{"L.[].N", NULL},  {"L.[x].N", NULL}, {"L.[0", NULL},       {"L.[99999999999].N", NULL},
		{"L.N", NULL},     {"A.B", NULL},     {"B.[0]", NULL},      {"NULL", NULL},
		{"NULL.A", NULL},  {"none", NULL},    {"", NULL},           {"I", NULL},
	};
	json_t *tree = tree_of("{\"A\":\"a\",\"B\":{\"C\":\"c\"},\"L\":[{\"N\":\"first\"},{\"N\":\"second\"}],"
			       "\"NULL\":null,\"I\":7}");
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_str text = hc_tree_text(tree, table[i].path);
		if (table[i].text == NULL ? text.p != NULL : text.p == NULL || !hc_str_eq(text, hc_str(table[i].text)))
			fail_msg("%s is \"%.*s\"", table[i].path, HC_STR_ARG(text));
	}
	assert_ptr_equal(hc_tree_at(tree, ""), tree);
	assert_true(json_is_object(hc_tree_at(tree, "L.[1]")));
	assert_null(hc_tree_at(NULL, "A"));
	assert_null(hc_tree_at(tree, "NULL"));
	assert_string_equal(hc_tree_cstring(tree, "B.C", "x"), "c");
	assert_string_equal(hc_tree_cstring(tree, "B.D", "x"), "x");
	assert_string_equal(hc_tree_cstring(tree, "I", "x"), "x");
	json_decref(tree);
}

static void test_scalars(void **state)
{
	(void)state;
	json_t *tree = tree_of("{\"I\":-7,\"R\":2.9,\"HUGE\":1e300,\"S\":\"5\",\"T\":true,\"F\":false}");
	assert_int_equal(hc_tree_int(tree, "I", 1), -7);
	assert_int_equal(hc_tree_int(tree, "R", 1), 2);
	assert_int_equal(hc_tree_int(tree, "HUGE", 1), 1);
	assert_int_equal(hc_tree_int(tree, "S", 1), 1);
	assert_int_equal(hc_tree_int(tree, "none", 1), 1);
	assert_true(hc_tree_bool(tree, "T", false));
	assert_false(hc_tree_bool(tree, "F", true));
	assert_true(hc_tree_bool(tree, "I", true));
	json_decref(tree);
}

static void test_instants(void **state)
{
	(void)state;
	static const struct {
		const char *seconds;
		int64_t us;
	} table[] = {
		{"0", 0},
		{"1621299600", 1621299600 * HC_SECOND_US},
		{"1621299600.729", 1621299600 * HC_SECOND_US + 729000},
		{"1621299600.7294999", 1621299600 * HC_SECOND_US + 729000},
		{"1621299600.7295001", 1621299600 * HC_SECOND_US + 730000},
		{"-0.5", -500000},
		{"-62135596800", -62135596800 * HC_SECOND_US},
		{"-1e300", -62135596800 * HC_SECOND_US},
		{"1e300", 253402300799 * HC_SECOND_US + 999000},
		{"253402300800", 253402300799 * HC_SECOND_US + 999000},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		json_t *tree = json_object();
		json_object_set_new(tree, "T", json_loads(table[i].seconds, JSON_DECODE_ANY, NULL));
		if (hc_tree_instant(tree, "T") != table[i].us)
			fail_msg("%s is %lld", table[i].seconds, (long long)hc_tree_instant(tree, "T"));
		json_decref(tree);
	}
	json_t *none = tree_of("{\"T\":\"2021-05-18T01:00:00Z\"}");
	assert_int_equal(hc_tree_instant(none, "T"), 0);
	assert_int_equal(hc_tree_instant(none, "U"), 0);
	json_decref(none);
}

static void test_set(void **state)
{
	(void)state;
	json_t *tree = json_object(), *more = tree_of("{\"X\":{\"Y\":1},\"I\":9}");
	bool good = hc_tree_set_text(tree, "S", HC_STR("a\"b"));
	good &= hc_tree_set_text(tree, "NONE", (struct hc_str){NULL, 0});
	good &= hc_tree_set_text(tree, "EMPTY", HC_STR(""));
	good &= hc_tree_set_int(tree, "I", INT64_MIN);
	good &= hc_tree_set_instant(tree, "T", 1621299600 * HC_SECOND_US);
	good &= hc_tree_set_instant(tree, "MS", 1621299600 * HC_SECOND_US + 250999);
	good &= hc_tree_set_instant(tree, "BEFORE", -1);
	good &= hc_tree_set(tree, "L", json_array());
	good &= hc_tree_set(tree, "N", NULL);
	assert_true(good);
	struct hc_arena arena = HC_ARENA(1 << 16);
	check_str(hc_tree_print(tree, &arena),
		  "{\"S\":\"a\\\"b\",\"EMPTY\":\"\",\"I\":-9223372036854775808,\"T\":1621299600,"
		  "\"MS\":1621299600.25,\"BEFORE\":-0.001,\"L\":[]}");
	assert_int_equal(hc_tree_instant(tree, "MS"), 1621299600 * HC_SECOND_US + 250000);
	assert_true(hc_tree_merge(tree, more));
	assert_int_equal(hc_tree_int(tree, "X.Y", 0), 1);
	assert_int_equal(hc_tree_int(tree, "I", 0), 9);
	assert_false(hc_tree_set_text(tree, "BAD", HC_STR("\xff")));
	assert_false(hc_tree_set_int(NULL, "I", 1));
	assert_false(hc_tree_merge(tree, NULL));
	json_decref(tree);
	json_decref(more);
	hc_arena_free(&arena);
}

static void test_print_and_parse(void **state)
{
	(void)state;
	static const char *const texts[] = {"{}", "[]", "[1,2.5,\"\\u0001\",null,true]", "{\"a\":{\"b\":[{}]}}",
					    "\"x\""};
	struct hc_arena arena = HC_ARENA(1 << 16), none = HC_ARENA(0);
	for (size_t i = 0; i < COUNT(texts); i++) {
		json_t *tree = tree_of(texts[i]);
		struct hc_str printed = hc_tree_print(tree, &arena);
		check_str(printed, texts[i]);
		assert_int_equal(printed.p[printed.n], '\0');
		assert_null(hc_tree_print(tree, &none).p);
		json_decref(tree);
	}
	hc_arena_free(&arena);
}

static void test_parse_refuses(void **state)
{
	(void)state;
	static const char *const texts[] = {"", "{", "{\"a\":1,\"a\":2}", "{} x", "\xff", "{a:1}"};
	for (size_t i = 0; i < COUNT(texts); i++)
		assert_null(hc_tree_parse(hc_str(texts[i])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_at),
		cmocka_unit_test(test_scalars),
		cmocka_unit_test(test_instants),
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_print_and_parse),
		cmocka_unit_test(test_parse_refuses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
