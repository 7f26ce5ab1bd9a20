#include "codec/jsonpath.h"

#include "check.h"

static struct hc_err err;

static void compile(const char *text, struct hc_arena *arena, struct hc_jsonpath *path)
{
	if (hc_jsonpath_compile(hc_str(text), arena, path, &err) != HC_OK)
		fail_msg("%s: %s", text, err.msg);
}

static void test_find(void **state)
{
	(void)state;
	static const struct {
		const char *path, *json;
		const char *found; /* what is there, each ended by ; */
	} table[] = {
		{"score", "{\"score\":0.5}", "0.5;"},
		{"score", " { \"x\" : 1 , \"score\" : \"a\" } ", "\"a\";"},
		{"a.b", "{\"a\":{\"b\":1},\"a.b\":2}", "2;"},
		{"a[0]", "{\"a\":[1]}", ""},
		{"\xc3\xa4", "{\"\\u00e4\":1}", "1;"},
		{"$", " [1] ", "[1];"},
		{"$.a.b", "{\"a\":{\"b\":1},\"a.b\":2}", "1;"},
		{"$['a.b']", "{\"a\":{\"b\":1},\"a.b\":2}", "2;"},
		{"$[\"a\"]['b']", "{\"a\":{\"b\":1}}", "1;"},
		{"$.a b", "{\"a b\":1}", "1;"},
		{"$.0", "{\"0\":1}", "1;"},
		{"$['']", "{\"\":1}", "1;"},
		{"$['it\\'s']", "{\"it's\":1}", "1;"},
		{"$['a\"b']", "{\"a\\\"b\":1}", "1;"},
		{"$[\"a\\\"b\"]", "{\"a\\\"b\":1}", "1;"},
		{"$['\\u00e4\\n\\\\']", "{\"\xc3\xa4\\n\\\\\":1}", "1;"},
		{"$['*']", "{\"*\":1,\"a\":2}", "1;"},
		{"$[0]", "[1,2,3]", "1;"},
		{"$[2]", "[1,2,3]", "3;"},
		{"$[3]", "[1,2,3]", ""},
		{"$[-1]", "[1,2,3]", "3;"},
		{"$[-3]", "[1,2,3]", "1;"},
		{"$[-4]", "[1,2,3]", ""},
		{"$[-1]", "[]", ""},
		{"$[ 1 ]", "[1,2,3]", "2;"},
		{"$[9223372036854775807]", "[1]", ""},
		{"$[-9223372036854775807]", "[1]", ""},
		{"$.predictions[*].score", "{\"predictions\":[{\"score\":1},{},{\"score\":[2]}]}", "1;[2];"},
		{"$.*", "{\"a\":1,\"b\":{\"c\":2}}", "1;{\"c\":2};"},
		{"$.*", "[1,[2]]", "1;[2];"},
		{"$[*][*]", "[[1,2],[],3,{\"a\":4}]", "1;2;4;"},
		{"$[*]", "5", ""},
		{"$.a", "{\"a\":1,\"b\":2,\"a\":3}", "3;"},
		{"$.a.b", "{\"a\":{\"b\":1},\"a\":{}}", ""},
		{"$.a", "[{\"a\":1}]", ""},
		{"$[0]", "{\"0\":1}", ""},
		{"$.a", "\"a\"", ""},
		{"$.a", "", ""},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_arena arena = HC_ARENA(1 << 16);
		struct hc_jsonpath path;
		struct hc_json_value found[8];
		compile(table[i].path, &arena, &path);
		assert_int_equal(path.many, strchr(table[i].path, '*') && !strchr(table[i].path, '\''));
		size_t n = hc_jsonpath_find(&path, hc_str(table[i].json), found, COUNT(found));
		HC_BUF_SCOPED struct hc_buf out = HC_BUF(1000);
		for (size_t k = 0; k < n; k++) {
			hc_buf_str(&out, found[k].raw);
			hc_buf_char(&out, ';');
		}
		check_str(hc_buf_view(&out), table[i].found);
		hc_arena_free(&arena);
	}
}

static void test_more_than_asked(void **state)
{
	(void)state;
	HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(1 << 16);
	struct hc_jsonpath path;
	struct hc_json_value found[2];
	compile("$[*]", &arena, &path);
	assert_int_equal(hc_jsonpath_find(&path, HC_STR("[1,\"\\n\",3]"), found, 2), 3);
	check_str(found[0].raw, "1");
	assert_int_equal(found[0].type, HC_JSON_NUMBER);
	assert_int_equal(found[1].type, HC_JSON_STRING);
	assert_true(found[1].escaped);
	assert_int_equal(hc_jsonpath_find(&path, HC_STR("[1,2,3]"), NULL, 0), 3);
}

static void test_steps(void **state)
{
	(void)state;
	HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(1 << 16);
	struct hc_jsonpath path;
	compile("$.a[-2]['b'].*", &arena, &path);
	assert_int_equal(path.n, 4);
	assert_int_equal(path.steps[0].kind, HC_STEP_KEY);
	check_str(path.steps[0].key, "a");
	assert_int_equal(path.steps[1].kind, HC_STEP_INDEX);
	assert_int_equal(path.steps[1].index, -2);
	check_str(path.steps[2].key, "b");
	assert_int_equal(path.steps[3].kind, HC_STEP_ALL);
	assert_true(path.many);
}

static void test_bad(void **state)
{
	(void)state;
	static const struct {
		const char *path, *message;
	} table[] = {
		{"", "the path '' is wrong at byte 1: it is empty"},
		{"$.", "the path '$.' is wrong at byte 3: no key after the dot"},
		{"$..a", "the path '$..a' is wrong at byte 3: '..' is not supported"},
		{"$.a.", "the path '$.a.' is wrong at byte 5: no key after the dot"},
		{"$.[0]", "the path '$.[0]' is wrong at byte 3: no key after the dot"},
		{"$a", "the path '$a' is wrong at byte 2: no . or [ where one should stand"},
		{"$[", "the path '$[' is wrong at byte 3: no 'key', index or * between the brackets"},
		{"$[]", "the path '$[]' is wrong at byte 3: no 'key', index or * between the brackets"},
		{"$[a]", "the path '$[a]' is wrong at byte 3: no 'key', index or * between the brackets"},
		{"$[-]", "the path '$[-]' is wrong at byte 3: no 'key', index or * between the brackets"},
		{"$[0", "the path '$[0' is wrong at byte 4: no ] where one should stand"},
		{"$[1:2]", "the path '$[1:2]' is wrong at byte 4: no ] where one should stand"},
		{"$['a'", "the path '$['a'' is wrong at byte 6: no ] where one should stand"},
		{"$['a", "the path '$['a' is wrong at byte 3: the quote is not closed"},
		{"$['a\\']", "the path '$['a\\']' is wrong at byte 3: the quote is not closed"},
		{"$['a\\", "the path '$['a\\' is wrong at byte 3: the quote is not closed"},
		{"$['\\x']", "the path '$['\\x']' is wrong at byte 4: bad escape in a string"},
		{"$[\"\\'\"]", "the path '$[\"\\'\"]' is wrong at byte 4: bad escape in a string"},
		{"$[9223372036854775808]",
		 "the path '$[9223372036854775808]' is wrong at byte 3: the index is too large"},
		{"a\xff", "the path 'a\\xff' is wrong at byte 2: it is not UTF-8"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(1 << 16);
		struct hc_jsonpath path = {.n = 77};
		assert_int_equal(hc_jsonpath_compile(hc_str(table[i].path), &arena, &path, &err), HC_USAGE);
		assert_string_equal(err.msg, table[i].message);
		assert_true(err.hint[0] != '\0');
		assert_int_equal(path.n, 77);
	}
}

static void test_limits(void **state)
{
	(void)state;
	HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(1 << 16), small = HC_ARENA(0);
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(1000);
	struct hc_jsonpath path;
	hc_buf_char(&text, '$');
	for (int i = 0; i < HC_JSONPATH_STEPS_MAX; i++)
		hc_buf_cstr(&text, ".a");
	assert_int_equal(hc_jsonpath_compile(hc_buf_view(&text), &arena, &path, &err), HC_OK);
	assert_int_equal(path.n, HC_JSONPATH_STEPS_MAX);
	hc_buf_cstr(&text, "[0]");
	assert_int_equal(hc_jsonpath_compile(hc_buf_view(&text), &arena, &path, &err), HC_USAGE);
	assert_non_null(strstr(err.msg, "too many steps"));
	assert_int_equal(hc_jsonpath_compile(HC_STR("a"), &small, &path, &err), HC_NOMEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find), cmocka_unit_test(test_more_than_asked), cmocka_unit_test(test_steps),
		cmocka_unit_test(test_bad),  cmocka_unit_test(test_limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
