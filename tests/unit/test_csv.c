#include "codec/csv.h"

#include <stdio.h>
#include <stdlib.h>

#include "check.h"

/* All rows as text: fields between <>, rows ended by /, then the problem and its place. */
static void read_all(struct hc_str text, struct hc_buf *out)
{
	struct hc_csv_row row = {0};
	struct hc_str rest = text;
	const char *problem;
	while (hc_csv_next(&rest, &row, &problem)) {
		for (size_t i = 0; i < row.n; i++) {
			hc_buf_char(out, '<');
			hc_buf_str(out, row.fields[i]);
			hc_buf_char(out, '>');
		}
		hc_buf_char(out, '/');
	}
	if (problem)
		hc_buf_printf(out, "!%s@%zu", problem, text.n - rest.n);
	else
		assert_int_equal(rest.n, 0);
	hc_csv_row_free(&row);
}

static void test_rows(void **state)
{
	(void)state;
	static const char *const table[][2] = {
		{"", ""},
		{"a", "<a>/"},
		{"a\n", "<a>/"},
		{"a,b\nc,d", "<a><b>/<c><d>/"},
		{"a,b\r\nc,d\r\n", "<a><b>/<c><d>/"},
		{"\n", "<>/"},
		{"\r\n\n", "<>/<>/"},
		{",\n,,", "<><>/<><><>/"},
		{"a,\n", "<a><>/"},
		{" a , b ", "< a >< b >/"},
		{"\"a\",\"b,c\"\n", "<a><b,c>/"},
		{"\"\"", "<>/"},
		{"\"\"\"\"", "<\">/"},
		{"\"a\"\"b\"\"\",x,\"\"\"\"\"\"\n", "<a\"b\"><x><\"\">/"},
		{"\"a\nb\",\"c\r\nd\"\r\ne", "<a\nb><c\r\nd>/<e>/"},
		{"a\rb,\r\r\n", "<a\rb><\r>/"},
		{"a\r", "<a\r>/"},
		{"\xc3\xa4,\xf0\x9f\x98\x80", "<\xc3\xa4><\xf0\x9f\x98\x80>/"},
		{"1,0.98,-3e-4\n", "<1><0.98><-3e-4>/"},
		{"a\nb\"c", "<a>/!a quote inside an unquoted field@3"},
		{"a, \"b\"", "!a quote inside an unquoted field@3"},
		{"\"a\"b", "!text after a closing quote@3"},
		{"\"a\"\r", "!text after a closing quote@3"},
		{"x,\"abc\n", "!a quoted field that never ends@2"},
		{"\"a\"\"", "!a quoted field that never ends@0"},
		{"\"", "!a quoted field that never ends@0"},
		{"a\n\xff,b", "<a>/!text is not UTF-8@2"},
		{"ab,\xc3\n", "!text is not UTF-8@3"},
	};
	HC_BUF_SCOPED struct hc_buf out = HC_BUF(1000);
	for (size_t i = 0; i < COUNT(table); i++) {
		hc_buf_reset(&out);
		read_all(hc_str(table[i][0]), &out);
		check_str(hc_buf_view(&out), table[i][1]);
	}
	hc_buf_reset(&out);
	read_all(HC_STR("a,b\0c\n"), &out);
	check_str(hc_buf_view(&out), "!a NUL byte@3");
	hc_buf_reset(&out);
	read_all((struct hc_str){NULL, 0}, &out);
	check_str(hc_buf_view(&out), "");
}

static void test_raw(void **state)
{
	(void)state;
	struct hc_csv_row row = {0};
	const char *problem;
	struct hc_str text = HC_STR("\"a\"\"\",b\r\n\"c\nd\"");
	assert_true(hc_csv_next(&text, &row, &problem));
	check_str(row.raw, "\"a\"\"\",b");
	check_str(text, "\"c\nd\"");
	assert_true(hc_csv_next(&text, &row, &problem));
	check_str(row.raw, "\"c\nd\"");
	assert_false(hc_csv_next(&text, &row, &problem));
	assert_null(problem);
	hc_csv_row_free(&row);
}

static void test_limits(void **state)
{
	(void)state;
	struct hc_csv_row row = {0};
	const char *problem;
	char *commas = malloc(HC_CSV_FIELDS_MAX);
	assert_non_null(commas);
	memset(commas, ',', HC_CSV_FIELDS_MAX);
	struct hc_str text = {commas, HC_CSV_FIELDS_MAX - 1};
	assert_true(hc_csv_next(&text, &row, &problem));
	assert_int_equal(row.n, HC_CSV_FIELDS_MAX);
	text = (struct hc_str){commas, HC_CSV_FIELDS_MAX};
	assert_false(hc_csv_next(&text, &row, &problem));
	assert_string_equal(problem, "too many fields");
	free(commas);
	hc_csv_row_free(&row);
}

/* Decoded fields stay where they are while the row's other fields are decoded. */
static void test_many_doubled(void **state)
{
	(void)state;
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(1 << 20);
	for (int i = 0; i < 2000; i++)
		hc_buf_printf(&text, "%s\"%d\"\"\"", i ? "," : "", i);
	struct hc_csv_row row = {0};
	const char *problem;
	struct hc_str rest = hc_buf_view(&text);
	assert_true(hc_csv_next(&rest, &row, &problem));
	assert_int_equal(row.n, 2000);
	for (int i = 0; i < 2000; i++) {
		char expected[16];
		sprintf(expected, "%d\"", i);
		check_str(row.fields[i], expected);
	}
	hc_csv_row_free(&row);
}

static void test_open_quote(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool before, after;
	} table[] = {
		{"", false, false},         {"", true, true},
		{"a,b\n", false, false},    {"\"a\n", false, true},
		{"x,\"a\n", false, true},   {"b\n", true, true},
		{"b\",c\n", true, false},   {"b\",\"c\n", true, true},
		{"\"a\"\"\n", false, true}, {"\"\"\n", true, true},
		{"\"\"\n", false, false},   {"\"\n", true, false},
		{"a\"b\n", false, false},   {"\"a\"b\"\n", false, false},
		{"a\n\"b\n", false, true},
	};
	for (size_t i = 0; i < COUNT(table); i++)
		assert_int_equal(hc_csv_open_quote(hc_str(table[i].text), table[i].before), table[i].after);
	assert_true(hc_csv_open_quote((struct hc_str){NULL, 0}, true));
}

static void test_quote(void **state)
{
	(void)state;
	static const char *const table[][2] = {
		{"", ""},           {"a", "a"},         {"a b", "a b"},           {" a", "\" a\""},
		{"a ", "\"a \""},   {"a,b", "\"a,b\""}, {"\"", "\"\"\"\""},       {"a\"b", "\"a\"\"b\""},
		{"a\n", "\"a\n\""}, {"\r", "\"\r\""},   {"\xc3\xa4", "\xc3\xa4"}, {"1.5", "1.5"},
	};
	HC_BUF_SCOPED struct hc_buf out = HC_BUF(100);
	for (size_t i = 0; i < COUNT(table); i++) {
		hc_buf_reset(&out);
		hc_csv_quote(&out, hc_str(table[i][0]));
		check_str(hc_buf_view(&out), table[i][1]);
	}
	hc_buf_reset(&out);
	hc_csv_quote(&out, (struct hc_str){NULL, 0});
	assert_int_equal(out.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),         cmocka_unit_test(test_raw),        cmocka_unit_test(test_limits),
		cmocka_unit_test(test_many_doubled), cmocka_unit_test(test_open_quote), cmocka_unit_test(test_quote),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
