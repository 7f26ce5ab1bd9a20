#include "codec/json.h"

#include <stdio.h>

#include "check.h"

/* NULL if the whole of text is one value, else the problem. */
static const char *problem_of(struct hc_str text, size_t *offset)
{
	struct hc_json j;
	struct hc_json_value value;
	hc_json_open(&j, text);
	bool good = hc_json_value(&j, &value) && hc_json_finish(&j);
	*offset = hc_json_offset(&j);
	assert_int_equal(good, j.problem == NULL);
	return j.problem;
}

static void test_good(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum hc_json_type type;
		const char *raw;
	} table[] = {
		{"null", HC_JSON_NULL, "null"},
		{" true\n", HC_JSON_TRUE, "true"},
		{"\tfalse", HC_JSON_FALSE, "false"},
		{"0", HC_JSON_NUMBER, "0"},
		{"-0", HC_JSON_NUMBER, "-0"},
		{"-12.50e+07 ", HC_JSON_NUMBER, "-12.50e+07"},
		{"1E5", HC_JSON_NUMBER, "1E5"},
		{"1e999", HC_JSON_NUMBER, "1e999"},
		{"\"\"", HC_JSON_STRING, "\"\""},
		{"\"a\x7f/\xf0\x9f\x98\x80\"", HC_JSON_STRING, "\"a\x7f/\xf0\x9f\x98\x80\""},
		{"\"\\ud83d\\uDE00\"", HC_JSON_STRING, "\"\\ud83d\\uDE00\""},
		{"[]", HC_JSON_ARRAY, "[]"},
		{" [ 1 , [ ] , { } ] ", HC_JSON_ARRAY, "[ 1 , [ ] , { } ]"},
		{"{\"a\":1,\"a\":{\"b\":[null]}}", HC_JSON_OBJECT, "{\"a\":1,\"a\":{\"b\":[null]}}"},
		{"\r\n{ \"\" : \"}\" }", HC_JSON_OBJECT, "{ \"\" : \"}\" }"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_json j;
		struct hc_json_value value;
		enum hc_json_type type;
		hc_json_open(&j, hc_str(table[i].text));
		assert_true(hc_json_peek(&j, &type));
		assert_true(hc_json_value(&j, &value));
		assert_true(hc_json_finish(&j));
		assert_int_equal(type, table[i].type);
		assert_int_equal(value.type, table[i].type);
		check_str(value.raw, table[i].raw);
		assert_int_equal(hc_json_offset(&j), strlen(table[i].text));
	}
}

static void test_bad(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t offset;
		const char *problem; /* holds this */
	} table[] = {
		{"", 0, "text ends"},
		{" \n", 2, "text ends"},
		{"x", 0, "no value"},
		{"nul", 0, "not a value"},
		{"nullx", 4, "not a value"},
		{"True", 0, "no value"},
		{"NaN", 0, "no value"},
		{"'a'", 0, "no value"},
		{"01", 0, "number"},
		{"-", 1, "number"},
		{"-a", 1, "number"},
		{"+1", 0, "no value"},
		{".5", 0, "no value"},
		{"1.", 2, "number"},
		{"1.e5", 2, "number"},
		{"1e", 2, "number"},
		{"1e+", 3, "number"},
		{"0x10", 1, "number"},
		{"1-2", 1, "number"},
		{"\"a", 2, "ends inside a string"},
		{"\"a\\", 2, "escape"},
		{"\"\\x41\"", 1, "escape"},
		{"\"\\u12\"", 1, "escape"},
		{"\"\\u12g4\"", 1, "escape"},
		{"\"\\ud83d\"", 1, "surrogate"},
		{"\"\\ud83dx\"", 1, "surrogate"},
		{"\"\\ud83d\\n\"", 1, "surrogate"},
		{"\"\\ude00\"", 1, "surrogate"},
		{"\"\\ud83d\\ud83d\\ude00\"", 1, "surrogate"},
		{"\"a\nb\"", 2, "control"},
		{"\"\x1f\"", 1, "control"},
		{"\"a\xff\"", 2, "UTF-8"},
		{"\"\xc0\x80\"", 1, "UTF-8"},
		{"\"\xed\xa0\x80\"", 1, "UTF-8"},
		{"\"\xf4\x90\x80\x80\"", 1, "UTF-8"},
		{"\"\xe2\x82", 1, "UTF-8"},
		{"\xef\xbb\xbf"
		 "1",
		 0, "no value"},
		{"[", 1, "inside an array"},
		{"[1", 2, "inside an array"},
		{"[1,", 3, "text ends"},
		{"[1,]", 3, "no value"},
		{"[,1]", 1, "no value"},
		{"[1 2]", 3, "comma or ]"},
		{"[1}", 2, "comma or ]"},
		{"[}", 1, "no value"},
		{"]", 0, "no value"},
		{"{", 1, "inside an object"},
		{"{\"a\"", 4, "colon"},
		{"{\"a\":", 5, "text ends"},
		{"{\"a\":}", 5, "no value"},
		{"{\"a\":1", 6, "inside an object"},
		{"{\"a\":1,}", 7, "key"},
		{"{,}", 1, "key"},
		{"{1:2}", 1, "key"},
		{"{\"a\" 1}", 5, "colon"},
		{"{\"a\":1]", 6, "comma or }"},
		{"{\"\\q\":1}", 2, "escape"},
		{"{} {}", 3, "text after"},
		{"1 ,", 2, "text after"},
		{"[\"\\u0000\xff\"]", 8, "UTF-8"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		size_t offset;
		const char *problem = problem_of(hc_str(table[i].text), &offset);
		if (!problem || offset != table[i].offset || !strstr(problem, table[i].problem))
			fail_msg("%s: %s at %zu", table[i].text, problem ? problem : "no problem", offset);
	}
	size_t offset;
	assert_non_null(problem_of(HC_STR("1\0"), &offset));
	assert_int_equal(offset, 1);
	assert_non_null(problem_of((struct hc_str){NULL, 0}, &offset));
}

/* Each kind of odd byte at each place of a string, before, in and behind a full stride. */
static void test_every_place(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		bool good;
	} odd[] = {{"\\\"", true}, {"\x01", false}, {"\xc3\xa4", true}, {"\xff", false}, {"\\", false}, {"\x7f", true}};
	for (size_t n = 0; n < 70; n++)
		for (size_t at = 0; at <= n; at++)
			for (size_t k = 0; k < COUNT(odd); k++) {
				char text[128];
				size_t len = strlen(odd[k].bytes), offset;
				memset(text, 'x', sizeof text);
				text[0] = '"';
				memcpy(text + 1 + at, odd[k].bytes, len);
				text[1 + n + len] = '"';
				const char *problem = problem_of((struct hc_str){text, n + len + 2}, &offset);
				/* a lone backslash is good where it makes the escape \" of what follows... */
				bool swallowed = odd[k].bytes[0] == '\\' && len == 1 && at == n;
				assert_true(odd[k].good ? !problem : problem != NULL);
				if (!odd[k].good && !swallowed)
					assert_int_equal(offset, 1 + at);
			}
}

static void test_depth(void **state)
{
	(void)state;
	static char text[200000];
	size_t offset;
	memset(text, '[', HC_JSON_DEPTH_MAX);
	memset(text + HC_JSON_DEPTH_MAX, ']', HC_JSON_DEPTH_MAX);
	assert_null(problem_of((struct hc_str){text, 2 * (size_t)HC_JSON_DEPTH_MAX}, &offset));
	memset(text, '[', 100000);
	memset(text + 100000, ']', 100000);
	const char *problem = problem_of((struct hc_str){text, sizeof text}, &offset);
	assert_non_null(problem);
	assert_string_equal(problem, "nested too deep");
	assert_int_equal(offset, HC_JSON_DEPTH_MAX);

	/* objects and arrays in turn: each level remembers its own kind */
	size_t n = 0;
	for (int i = 0; i < 200; i++)
		n += (size_t)sprintf(text + n, i % 3 ? "{\"k\":" : "[");
	text[n++] = '1';
	for (int i = 199; i >= 0; i--)
		text[n++] = i % 3 ? '}' : ']';
	assert_null(problem_of((struct hc_str){text, n}, &offset));
	text[n - 100] = text[n - 100] == '}' ? ']' : '}';
	assert_non_null(problem_of((struct hc_str){text, n}, &offset));
	assert_int_equal(offset, n - 100);
}

static void test_pull(void **state)
{
	(void)state;
	struct hc_json j;
	struct hc_json_key key;
	struct hc_json_value value;
	hc_json_open(&j, HC_STR("{\"skip\":{\"x\":[1,{\"y\":2}]}, \"list\":[10, [], 30], \"\\u0061b\":\"z\"}"));
	assert_true(hc_json_enter_object(&j));
	assert_true(hc_json_member(&j, &key));
	assert_true(hc_json_key_is(&key, "skip"));
	assert_true(hc_json_value(&j, &value));
	check_str(value.raw, "{\"x\":[1,{\"y\":2}]}");
	assert_true(hc_json_member(&j, &key));
	assert_true(hc_json_enter_array(&j));
	assert_true(hc_json_element(&j));
	assert_true(hc_json_value(&j, &value));
	check_str(value.raw, "10");
	assert_true(hc_json_element(&j));
	assert_true(hc_json_enter_array(&j));
	assert_false(hc_json_element(&j));
	assert_true(hc_json_element(&j));
	assert_true(hc_json_value(&j, &value));
	assert_false(hc_json_element(&j));
	assert_true(hc_json_member(&j, &key));
	assert_true(key.escaped);
	assert_true(hc_json_key_is(&key, "ab"));
	assert_false(hc_json_key_is(&key, "a"));
	assert_false(hc_json_key_is(&key, "abc"));
	assert_true(hc_json_value(&j, &value));
	assert_false(hc_json_member(&j, &key));
	assert_true(hc_json_finish(&j));
}

/* Calls that do not fit the place are errors, and no way around the grammar. */
static void test_out_of_order(void **state)
{
	(void)state;
	struct hc_json j;
	struct hc_json_key key;
	struct hc_json_value value;
	enum hc_json_type type;

	hc_json_open(&j, HC_STR("{\"a\":,\"b\":1}"));
	assert_true(hc_json_enter_object(&j) && hc_json_member(&j, &key));
	assert_false(hc_json_member(&j, &key)); /* the value of "a" was not taken */
	assert_false(hc_json_finish(&j));

	hc_json_open(&j, HC_STR("{\"a\":1}"));
	assert_true(hc_json_enter_object(&j));
	assert_false(hc_json_peek(&j, &type));
	assert_null(j.problem);
	assert_false(hc_json_value(&j, &value));
	assert_non_null(j.problem);

	hc_json_open(&j, HC_STR("[1]"));
	assert_false(hc_json_enter_object(&j));
	assert_string_equal(j.problem, "not an object");
	assert_int_equal(hc_json_offset(&j), 0);
	assert_false(hc_json_enter_array(&j)); /* errors stick */
	assert_string_equal(j.problem, "not an object");

	hc_json_open(&j, HC_STR("{}"));
	assert_false(hc_json_element(&j));
	hc_json_open(&j, HC_STR("{}"));
	assert_true(hc_json_enter_object(&j));
	assert_false(hc_json_element(&j));
	assert_non_null(j.problem);

	hc_json_open(&j, HC_STR("1"));
	assert_false(hc_json_finish(&j)); /* nothing was taken */

	hc_json_open(&j, HC_STR("[1"));
	assert_true(hc_json_enter_array(&j) && hc_json_element(&j) && hc_json_value(&j, &value));
	assert_false(hc_json_finish(&j));
	assert_false(hc_json_at_end(&j));
}

static void test_values_in_a_row(void **state)
{
	(void)state;
	struct hc_json j;
	struct hc_json_value value;
	enum hc_json_type type;
	static const char *const expected[] = {"{\"a\":1}", "2", "\"x\"", "[]"};
	hc_json_open(&j, HC_STR("{\"a\":1}\n2 \"x\"[]\n\n"));
	for (size_t i = 0; i < COUNT(expected); i++) {
		assert_false(hc_json_at_end(&j));
		assert_true(hc_json_value(&j, &value));
		check_str(value.raw, expected[i]);
	}
	assert_true(hc_json_at_end(&j));
	assert_false(hc_json_peek(&j, &type));
	assert_true(hc_json_finish(&j));

	hc_json_open(&j, HC_STR("{} x"));
	assert_true(hc_json_value(&j, &value));
	assert_false(hc_json_at_end(&j));
	assert_false(hc_json_value(&j, &value));
	assert_int_equal(hc_json_offset(&j), 3);
}

static void test_text(void **state)
{
	(void)state;
	static const char *const table[][2] = {
		{"\"\"", ""},
		{"\"plain\"", "plain"},
		{"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"},
		{"\"\\u0041\\u00e4\\u20AC\\ud83d\\ude00\"", "A\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"},
		{"\"\\uffff\\ud7ff\\ue000\\u007f\\u0080\\u07ff\\u0800\"",
		 "\xef\xbf\xbf\xed\x9f\xbf\xee\x80\x80\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80"},
		{"\"\xc3\xa4\\n\xe2\x82\xac\"", "\xc3\xa4\n\xe2\x82\xac"},
		{"\"0123456789abcdef0123456789\\\\0123456789abcdef\\n\"",
		 "0123456789abcdef0123456789\\0123456789abcdef\n"},
	};
	HC_BUF_SCOPED struct hc_buf scratch = HC_BUF(1000);
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_json j;
		struct hc_json_value value;
		struct hc_str text = hc_str(table[i][0]);
		hc_buf_reset(&scratch);
		hc_buf_cstr(&scratch, "before");
		hc_json_open(&j, text);
		assert_true(hc_json_value(&j, &value) && hc_json_finish(&j));
		assert_int_equal(value.escaped, strchr(table[i][0], '\\') != NULL);
		struct hc_str decoded = hc_json_text(&value, &scratch);
		check_str(decoded, table[i][1]);
		if (!value.escaped)
			assert_ptr_equal(decoded.p, text.p + 1);
		else
			assert_int_equal(scratch.n, 6 + decoded.n);

		struct hc_json_key key = {{text.p + 1, text.n - 2}, value.escaped};
		assert_true(hc_json_key_eq(&key, hc_str(table[i][1])));
		assert_false(hc_json_key_eq(&key, HC_STR("other")));
		check_str(hc_json_key_text(&key, &scratch), table[i][1]);
	}

	struct hc_json_value nul = {HC_JSON_STRING, true, HC_STR("\"a\\u0000b\"")};
	struct hc_str decoded = hc_json_text(&nul, &scratch);
	assert_int_equal(decoded.n, 3);
	assert_memory_equal(decoded.p, "a\0b", 3);

	HC_BUF_SCOPED struct hc_buf small = HC_BUF(2);
	struct hc_err err;
	assert_int_equal(hc_json_text(&nul, &small).n, 0);
	assert_int_equal(hc_buf_check(&small, "a string", &err), HC_LIMIT);
}

static void test_quote(void **state)
{
	(void)state;
	static const char *const table[][2] = {
		{"", "\"\""},
		{"plain", "\"plain\""},
		{"a\"b\\c/d", "\"a\\\"b\\\\c/d\""},
		{"\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\""},
		{"\x01\x0b\x1f\x7f", "\"\\u0001\\u000B\\u001F\x7f\""},
		{"\xc3\xa4\"\xf0\x9f\x98\x80", "\"\xc3\xa4\\\"\xf0\x9f\x98\x80\""},
	};
	HC_BUF_SCOPED struct hc_buf out = HC_BUF(1000);
	for (size_t i = 0; i < COUNT(table); i++) {
		hc_buf_reset(&out);
		hc_json_quote(&out, hc_str(table[i][0]));
		check_str(hc_buf_view(&out), table[i][1]);
	}
	hc_buf_reset(&out);
	hc_json_quote(&out, HC_STR("a\0b"));
	check_str(hc_buf_view(&out), "\"a\\u0000b\"");
	hc_buf_reset(&out);
	hc_json_quote(&out, (struct hc_str){NULL, 0});
	check_str(hc_buf_view(&out), "\"\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_every_place),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_pull),
		cmocka_unit_test(test_out_of_order),
		cmocka_unit_test(test_values_in_a_row),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_quote),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
