#include "dataset/attribute.h"

#include "check.h"

static struct hc_attribute compile(const char *text, struct hc_arena *arena)
{
	struct hc_attribute a;
	struct hc_err err;
	if (hc_attribute_compile(text, "--inference-attribute", arena, &a, &err) != HC_OK)
		fail_msg("%s", err.msg);
	return a;
}

static void test_indexes(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool is_index;
		size_t index;
	} table[] = {
		{"0", true, 0},        {"7", true, 7},         {"_c0", true, 0},
		{"_c12", true, 12},    {"16383", true, 16383}, {"16384", false, 0},
		{"_c16384", false, 0}, {"-1", false, 0},       {"+1", false, 0},
		{" 1", false, 0},      {"1.0", false, 0},      {"_c", false, 0},
		{"_C0", false, 0},     {"c0", false, 0},       {"__c0", false, 0},
		{"score", false, 0},   {"$.score", false, 0},  {"99999999999999999999", false, 0},
	};
	struct hc_arena arena = HC_ARENA(1 << 20);
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_attribute a = compile(table[i].text, &arena);
		if (!a.given || a.is_index != table[i].is_index || (a.is_index && a.index != table[i].index))
			fail_msg("'%s': index %d, %zu", table[i].text, a.is_index, a.index);
		/* in a CSV without header an index is its column, nothing else has one */
		assert_true(a.column == (a.is_index ? a.index : SIZE_MAX));
		check_str(a.text, table[i].text);
	}
	hc_arena_free(&arena);
}

static void test_not_given(void **state)
{
	(void)state;
	struct hc_arena arena = HC_ARENA(1 << 20);
	struct hc_attribute a = compile(NULL, &arena);
	assert_false(a.given);
	assert_false(a.is_index);
	struct hc_str fields[] = {HC_STR("x")};
	struct hc_csv_row header = {.fields = fields, .n = 1};
	struct hc_err err;
	assert_int_equal(hc_attribute_resolve(&a, &header, &err), HC_OK);
	assert_false(a.given);
	hc_arena_free(&arena);
}

/* The text outlives what it was compiled from. */
static void test_copied(void **state)
{
	(void)state;
	struct hc_arena arena = HC_ARENA(1 << 20);
	char text[] = "score";
	struct hc_attribute a = compile(text, &arena);
	memset(text, 'x', 5);
	check_str(a.text, "score");
	hc_arena_free(&arena);
}

static void test_refused(void **state)
{
	(void)state;
	static const char *const table[] = {"", "$.", "$.a.", "$..a", "$[", "$[0", "$['a]", "$a", "$[x]", "\xff"};
	struct hc_arena arena = HC_ARENA(1 << 20);
	struct hc_attribute a = {.column = 77};
	struct hc_err err;
	for (size_t i = 0; i < COUNT(table); i++) {
		if (hc_attribute_compile(table[i], "--probability-attribute", &arena, &a, &err) != HC_USAGE)
			fail_msg("'%s' was taken", table[i]);
		assert_non_null(strstr(err.msg, "--probability-attribute"));
		assert_true(strlen(err.hint) > 0);
		assert_int_equal(a.column, 77);
	}
	char text[HC_ATTRIBUTE_LEN_MAX + 2];
	memset(text, 'x', sizeof text - 1);
	text[HC_ATTRIBUTE_LEN_MAX + 1] = '\0';
	assert_int_equal(hc_attribute_compile(text, "--x", &arena, &a, &err), HC_USAGE);
	text[HC_ATTRIBUTE_LEN_MAX] = '\0';
	text[HC_ATTRIBUTE_LEN_MAX / 2] = '.';
	assert_int_equal(hc_attribute_compile(text, "--x", &arena, &a, &err), HC_OK);
	hc_arena_free(&arena);
	struct hc_arena none = HC_ARENA(0);
	assert_int_equal(hc_attribute_compile("a", "--x", &none, &a, &err), HC_NOMEM);
}

static void test_headers(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t column; /* SIZE_MAX: refused */
	} table[] = {
		{"label", 0},       {"score", 1},         {"a b", 2},
		{"0", 3}, /* a column of that name comes before the index */
		{"1", 1},           {"_c2", 2},           {"3", 3},
		{"\xc3\xa4", 4},    {"x,y\"z", 5},        {"5", 5},
		{"6", SIZE_MAX},    {"_c6", SIZE_MAX},    {"Label", SIZE_MAX},
		{"labe", SIZE_MAX}, {"label ", SIZE_MAX}, {"$.label", SIZE_MAX},
	};
	struct hc_str fields[] = {HC_STR("label"), HC_STR("score"),    HC_STR("a b"),
				  HC_STR("0"),     HC_STR("\xc3\xa4"), HC_STR("x,y\"z")};
	struct hc_csv_row header = {.fields = fields, .n = COUNT(fields)};
	struct hc_arena arena = HC_ARENA(1 << 20);
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_err err;
		struct hc_attribute a = compile(table[i].text, &arena);
		size_t before = a.column;
		enum hc_code code = hc_attribute_resolve(&a, &header, &err);
		if (table[i].column != SIZE_MAX) {
			assert_int_equal(code, HC_OK);
			assert_int_equal(a.column, table[i].column);
			continue;
		}
		assert_int_equal(code, HC_INPUT);
		assert_true(a.column == before);
		assert_non_null(strstr(err.msg, table[i].text));
		assert_non_null(strstr(err.hint, "label, score, a b, 0"));
	}
	hc_arena_free(&arena);
}

/* A header of very many columns does not break the message. */
static void test_wide_header(void **state)
{
	(void)state;
	enum { COLUMNS = 1000 };
	struct hc_str fields[COLUMNS];
	for (size_t i = 0; i < COLUMNS; i++)
		fields[i] = HC_STR(
			"a rather long name of a column, \xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4");
	struct hc_csv_row header = {.fields = fields, .n = COLUMNS};
	struct hc_arena arena = HC_ARENA(1 << 20);
	struct hc_err err;
	struct hc_attribute a = compile("other", &arena);
	assert_int_equal(hc_attribute_resolve(&a, &header, &err), HC_INPUT);
	assert_non_null(strstr(err.hint, "a rather long name"));
	hc_arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_indexes), cmocka_unit_test(test_not_given), cmocka_unit_test(test_copied),
		cmocka_unit_test(test_refused), cmocka_unit_test(test_headers),   cmocka_unit_test(test_wide_header),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
