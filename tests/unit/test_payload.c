#include "dataset/payload.h"

#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "codec/base64.h"

/* Attributes of a test: texts separated by ';', "-" for one that was not given. */
struct attributes {
	struct hc_arena arena;
	struct hc_attribute list[HC_PAYLOAD_CELLS_MAX];
	const struct hc_attribute *pointers[HC_PAYLOAD_CELLS_MAX];
	size_t n;
};

static void compile(struct attributes *a, const char *texts)
{
	char copy[HC_ATTRIBUTE_LEN_MAX], *rest = copy;
	a->arena = HC_ARENA(1 << 20);
	a->n = 0;
	assert_true(strlen(texts) < sizeof copy);
	strcpy(copy, texts);
	for (char *text; (text = strsep(&rest, ";")) != NULL; a->n++) {
		struct hc_err err;
		assert_true(a->n < HC_PAYLOAD_CELLS_MAX);
		if (hc_attribute_compile(strcmp(text, "-") == 0 ? NULL : text, "--x", &a->arena, &a->list[a->n],
					 &err) != HC_OK)
			fail_msg("%s", err.msg);
		a->pointers[a->n] = &a->list[a->n];
	}
}

/* Appends what is left of a payload: cells joined by '|', a newline behind each row. */
static enum hc_code tell_rows(struct hc_payload *p, size_t cells, struct hc_buf *out, struct hc_err *err)
{
	for (;;) {
		bool got;
		HC_TRY(hc_payload_next(p, &got, err));
		if (!got)
			return HC_OK;
		struct hc_str cell[HC_PAYLOAD_CELLS_MAX];
		for (size_t i = 0; i < cells; i++)
			HC_TRY(hc_payload_cell(p, i, &cell[i], err));
		/* all cells of a row are valid at once */
		for (size_t i = 0; i < cells; i++) {
			hc_buf_cstr(out, i ? "|" : "");
			hc_buf_str(out, cell[i]);
		}
		hc_buf_char(out, '\n');
	}
}

static struct hc_json_value string_of(const char *json)
{
	return (struct hc_json_value){
		.type = HC_JSON_STRING, .raw = hc_str(json), .escaped = strchr(json, '\\') != NULL};
}

static struct hc_part_data data_of(const char *json_string, enum hc_encoding encoding, const char *content_type)
{
	struct hc_part_data d = {.data = string_of(json_string), .encoding = encoding};
	if (content_type)
		d.content_type = string_of(content_type);
	return d;
}

struct sample {
	const char *attributes;
	enum hc_encoding encoding;
	const char *data; /* as a JSON string */
	const char *rows; /* NULL: refused ... */
	const char *why;  /* ... with a message that holds this */
};

static void check_samples(const struct sample *table, size_t n)
{
	struct hc_payload p;
	struct hc_buf out = HC_BUF(1 << 20);
	hc_payload_init(&p);
	for (size_t i = 0; i < n; i++) {
		struct attributes a;
		struct hc_err err = {0};
		struct hc_part_data data = data_of(table[i].data, table[i].encoding, NULL);
		compile(&a, table[i].attributes);
		hc_buf_reset(&out);
		enum hc_code code = hc_payload_open(&p, &data, "the output", a.pointers, a.n, &err);
		if (code == HC_OK)
			code = tell_rows(&p, a.n, &out, &err);
		if (table[i].rows) {
			if (code != HC_OK)
				fail_msg("%s of %s: %s", table[i].attributes, table[i].data, err.msg);
			check_str(hc_buf_view(&out), table[i].rows);
		} else {
			if (code != HC_INPUT)
				fail_msg("%s of %s was taken", table[i].attributes, table[i].data);
			if (!strstr(err.msg, table[i].why))
				fail_msg("%s of %s: %s", table[i].attributes, table[i].data, err.msg);
		}
		hc_arena_free(&a.arena);
	}
	hc_buf_free(&out);
	hc_payload_free(&p);
}

static void test_csv(void **state)
{
	(void)state;
	static const struct sample table[] = {
		{"0", HC_ENCODING_CSV, "\"0.01584203727543354\"", "0.01584203727543354\n", NULL},
		{"0;1", HC_ENCODING_CSV, "\"0.9,1\"", "0.9|1\n", NULL},
		{"1;0", HC_ENCODING_CSV, "\"0.9,1\"", "1|0.9\n", NULL},
		{"0;0", HC_ENCODING_CSV, "\"0.9,1\"", "0.9|0.9\n", NULL},
		{"_c1", HC_ENCODING_CSV, "\"0.9,1\"", "1\n", NULL},
		/* each line is a row, whatever ends it */
		{"0", HC_ENCODING_CSV, "\"0.9,1\\n0.1,0\\n\"", "0.9\n0.1\n", NULL},
		{"0", HC_ENCODING_CSV, "\"0.9,1\\r\\n0.1,0\"", "0.9\n0.1\n", NULL},
		{"1", HC_ENCODING_CSV, "\"0.9,1\\r\\n0.1,0\\r\\n\"", "1\n0\n", NULL},
		/* quotes, commas and newlines inside, blanks as they are */
		{"0;1", HC_ENCODING_CSV, "\"\\\"a,\\\"\\\"b\\\"\\\"\\\",c\"", "a,\"b\"|c\n", NULL},
		{"0", HC_ENCODING_CSV, "\"\\\"a\\nb\\\",c\"", "a\nb\n", NULL},
		{"0;1", HC_ENCODING_CSV, "\" a ,\\\" b \\\"\"", " a | b \n", NULL},
		{"0", HC_ENCODING_CSV, "\"\\u00e4\\ud83d\\ude00,1\"", "\xc3\xa4\xf0\x9f\x98\x80\n", NULL},
		/* an attribute that was not given stands for the only column */
		{"-", HC_ENCODING_CSV, "\"1\"", "1\n", NULL},
		{"-", HC_ENCODING_CSV, "\"\\\"a,b\\\"\"", "a,b\n", NULL},
		{"-", HC_ENCODING_CSV, "\"1\\n0\\n1\"", "1\n0\n1\n", NULL},
		{"-", HC_ENCODING_CSV, "\"1,0\"", NULL, "2 columns"},
		/* what is not there, or nothing */
		{"2", HC_ENCODING_CSV, "\"0.9,1\"", NULL, "no column 2, there are 2"},
		{"score", HC_ENCODING_CSV, "\"0.9,1\"", NULL, "'score' is not the index"},
		{"$.score", HC_ENCODING_CSV, "\"0.9,1\"", NULL, "'$.score' is not the index"},
		{"0", HC_ENCODING_CSV, "\",1\"", NULL, "empty"},
		{"0", HC_ENCODING_CSV, "\" \\t,1\"", NULL, "empty"},
		{"0", HC_ENCODING_CSV, "\"\\\"\\\",1\"", NULL, "empty"},
		{"-", HC_ENCODING_CSV, "\"\\\"\\\"\"", NULL, "empty"},
		/* a blank line is no row */
		{"-", HC_ENCODING_CSV, "\" \"", "", NULL},
		{"0", HC_ENCODING_CSV, "\"0.9\\n\\n\"", "0.9\n", NULL},
		{"0", HC_ENCODING_CSV, "\"\\r\\n0.9\\n \\n0.1\"", "0.9\n0.1\n", NULL},
		{"0;1", HC_ENCODING_CSV, "\"0.9,1\\n0.1\"", NULL, "no column 1, there are 1"},
		{"0", HC_ENCODING_CSV, "\"\\\"a\"", NULL, "not valid CSV"},
		{"0", HC_ENCODING_CSV, "\"\\\"a\\\"b\"", NULL, "not valid CSV"},
		{"0", HC_ENCODING_CSV, "\"a\\u0000b\"", NULL, "not valid CSV"},
	};
	check_samples(table, COUNT(table));
}

static void test_json(void **state)
{
	(void)state;
	static const struct sample table[] = {
		/* a key, a path, an index */
		{"score", HC_ENCODING_JSON, "\"{\\\"predicted_label\\\":1,\\\"score\\\":0.989977359771728}\\n\"",
		 "0.989977359771728\n", NULL},
		{"score;predicted_label", HC_ENCODING_JSON, "\"{\\\"predicted_label\\\":1,\\\"score\\\":0.5}\"",
		 "0.5|1\n", NULL},
		{"$.predictions[0].score", HC_ENCODING_JSON, "\"{\\\"predictions\\\":[{\\\"score\\\":0.25}]}\"",
		 "0.25\n", NULL},
		{"$['a b']", HC_ENCODING_JSON, "\"{\\\"a b\\\":1}\"", "1\n", NULL},
		{"$[-1]", HC_ENCODING_JSON, "\"[0.1,0.9]\"", "0.9\n", NULL},
		{"0", HC_ENCODING_JSON, "\"0.3\"", "0.3\n", NULL},
		{"0;1", HC_ENCODING_JSON, "\"[0.9,1]\"", "0.9|1\n", NULL},
		{"_c1", HC_ENCODING_JSON, "\"[0.9,1]\"", "1\n", NULL},
		{"1", HC_ENCODING_JSON, "\"0.3\"", NULL, "nothing at '1'"},
		{"2", HC_ENCODING_JSON, "\"[0.9,1]\"", NULL, "nothing at '2'"},
		/* a key with the digits of an index is a key first */
		{"0", HC_ENCODING_JSON, "\"{\\\"0\\\":5}\"", "5\n", NULL},
		/* dots: the key as it stands, else the path */
		{"a.b", HC_ENCODING_JSON, "\"{\\\"a.b\\\":1,\\\"a\\\":{\\\"b\\\":2}}\"", "1\n", NULL},
		{"a.b", HC_ENCODING_JSON, "\"{\\\"a\\\":{\\\"b\\\":2}}\"", "2\n", NULL},
		{"a[1]", HC_ENCODING_JSON, "\"{\\\"a\\\":[3,4]}\"", "4\n", NULL},
		{"[1]", HC_ENCODING_JSON, "\"[3,4]\"", "4\n", NULL},
		/* text decoded, numbers as written, true and false as such */
		{"a", HC_ENCODING_JSON, "\"{\\\"a\\\":\\\"x\\\\u00e4\\\\\\\"y\\\"}\"", "x\xc3\xa4\"y\n", NULL},
		{"a;b", HC_ENCODING_JSON, "\"{\\\"a\\\":\\\"\\\\u0041\\\",\\\"b\\\":\\\"\\\\u0042\\\"}\"", "A|B\n",
		 NULL},
		{"a", HC_ENCODING_JSON, "\"{\\\"a\\\":1.50E+2}\"", "1.50E+2\n", NULL},
		{"a;b", HC_ENCODING_JSON, "\"{\\\"a\\\":true,\\\"b\\\":false}\"", "true|false\n", NULL},
		{"a", HC_ENCODING_JSON, "\"{\\\"a\\\":\\\" b \\\"}\"", " b \n", NULL},
		/* one value in arrays is that value; models answer so */
		{"a", HC_ENCODING_JSON, "\"{\\\"a\\\":[[0.3]]}\"", "0.3\n", NULL},
		{"0", HC_ENCODING_JSON, "\"[[0.3],[0.7]]\"", "0.3\n", NULL},
		/* many rows: JSON lines, values in a row, wildcards */
		{"a", HC_ENCODING_JSON, "\"{\\\"a\\\":1}\\n{\\\"a\\\":2}\\n\"", "1\n2\n", NULL},
		{"a", HC_ENCODING_JSON, "\"{\\\"a\\\":1}\\r\\n\\r\\n{\\\"a\\\":2}\"", "1\n2\n", NULL},
		{"a", HC_ENCODING_JSON, "\"{\\\"a\\\":1} {\\\"a\\\":2}{\\\"a\\\":3}\"", "1\n2\n3\n", NULL},
		{"$.p[*].s", HC_ENCODING_JSON, "\"{\\\"p\\\":[{\\\"s\\\":1},{\\\"s\\\":2},{\\\"s\\\":3}]}\"",
		 "1\n2\n3\n", NULL},
		{"$.p[*].s;$.p[*].l", HC_ENCODING_JSON,
		 "\"{\\\"p\\\":[{\\\"s\\\":1,\\\"l\\\":\\\"a\\\"},{\\\"s\\\":2,\\\"l\\\":\\\"b\\\"}]}\"", "1|a\n2|b\n",
		 NULL},
		{"$[*]", HC_ENCODING_JSON, "\"[1,2]\\n[3]\"", "1\n2\n3\n", NULL},
		{"$.p[*].s;$.p[*].l", HC_ENCODING_JSON, "\"{\\\"p\\\":[{\\\"s\\\":1,\\\"l\\\":2},{\\\"s\\\":3}]}\"",
		 NULL, "finds 1 values where another attribute finds 2"},
		{"$.p[*].s;l", HC_ENCODING_JSON, "\"{\\\"p\\\":[{\\\"s\\\":1},{\\\"s\\\":3}],\\\"l\\\":1}\"", NULL,
		 "finds 1"},
		/* of a key that comes twice the last one counts */
		{"a", HC_ENCODING_JSON, "\"{\\\"a\\\":1,\\\"\\\\u0061\\\":2}\"", "2\n", NULL},
		/* not given: the only value there is */
		{"-", HC_ENCODING_JSON, "\"1\"", "1\n", NULL},
		{"-", HC_ENCODING_JSON, "\"\\\"x\\\"\"", "x\n", NULL},
		{"-", HC_ENCODING_JSON, "\"{\\\"label\\\": 0}\"", "0\n", NULL},
		{"-", HC_ENCODING_JSON, "\"[1]\"", "1\n", NULL},
		{"-", HC_ENCODING_JSON, "\"{\\\"a\\\":1,\\\"b\\\":2}\"", NULL, "not a single value"},
		{"-", HC_ENCODING_JSON, "\"{}\"", NULL, "not a single value"},
		{"-", HC_ENCODING_JSON, "\"[1,2]\"", NULL, "not a single value"},
		{"-", HC_ENCODING_JSON, "\"null\"", NULL, "not a single value"},
		/* no value at all, or more than one */
		{"b", HC_ENCODING_JSON, "\"{\\\"a\\\":1}\"", NULL, "nothing at 'b' in {\"a\":1}"},
		{"$.p[*]", HC_ENCODING_JSON, "\"{\\\"p\\\":[]}\"", NULL, "nothing at"},
		{"a", HC_ENCODING_JSON, "\"[1]\"", NULL, "nothing at 'a'"},
		{"a", HC_ENCODING_JSON, "\"{\\\"a\\\":null}\"", NULL, "'a' is not a single value: null"},
		{"a", HC_ENCODING_JSON, "\"{\\\"a\\\":{\\\"b\\\":1}}\"", NULL, "not a single value"},
		{"a", HC_ENCODING_JSON, "\"{\\\"a\\\":[1,2]}\"", NULL, "not a single value"},
		{"a", HC_ENCODING_JSON, "\"{\\\"a\\\":[]}\"", NULL, "not a single value"},
		{"a", HC_ENCODING_JSON, "\"{\\\"a\\\":\\\"\\\"}\"", NULL, "the value of 'a' is empty"},
		{"a", HC_ENCODING_JSON, "\"{\\\"a\\\":\\\" \\\\t\\\"}\"", NULL, "empty"},
		/* not JSON, also behind a good row */
		{"a", HC_ENCODING_JSON, "\"{\\\"a\\\":1\"", NULL, "not valid JSON"},
		{"a", HC_ENCODING_JSON, "\"{\\\"a\\\":1}x\"", NULL, "not valid JSON"},
		{"0", HC_ENCODING_JSON, "\"0.9,1\"", NULL, "not valid JSON"},
		{"a", HC_ENCODING_JSON, "\"{'a':1}\"", NULL, "not valid JSON"},
	};
	check_samples(table, COUNT(table));
}

/* Blank text holds no row; that it should is for the caller to say. */
static void test_no_rows(void **state)
{
	(void)state;
	static const struct sample table[] = {
		{"a", HC_ENCODING_JSON, "\" \\n\\t \"", "", NULL},
		{"a", HC_ENCODING_JSON, "\"\"", "", NULL},
		{"0", HC_ENCODING_CSV, "\"\"", "", NULL},
	};
	check_samples(table, COUNT(table));
}

static void test_base64(void **state)
{
	(void)state;
	static const struct {
		const char *type, *attributes, *bytes, *rows;
	} table[] = {
		{"\"text/csv\"", "0;1", "0.9,1\n", "0.9|1\n"},
		{"\"text/csv; charset=utf-8\"", "0", "\xc3\xa4", "\xc3\xa4\n"},
		{"\"TEXT/CSV\"", "0", "1", "1\n"},
		{"\"text\\/csv\"", "0", "1", "1\n"},
		{"\" text/csv ;x=y\"", "0", "1", "1\n"},
		{"\"application/json\"", "a", "{\"a\":2}", "2\n"},
		{"\"application/json;charset=UTF-8\"", "a", "{\"a\":2}", "2\n"},
		{"\"application/jsonlines\"", "a", "{\"a\":2}\n{\"a\":3}", "2\n3\n"},
		{"\"application/vnd.model+json\"", "a", "{\"a\":2}", "2\n"},
		{"\"application/vnd.model+JSON\"", "a", "{\"a\":2}", "2\n"},
		/* of another type, or of none */
		{"\"application/x-npy\"", "0", "1", NULL},
		{"\"text/plain\"", "0", "1", NULL},
		{"\"application/octet-stream\"", "0", "1", NULL},
		{"\"csv\"", "0", "1", NULL},
		{"\"\"", "0", "1", NULL},
		{NULL, "0", "1", NULL},
		/* not text */
		{"\"text/csv\"", "0", "\xff\xfe", NULL},
		{"\"application/json\"", "a", "{\"a\":\"\xc3\"}", NULL},
	};
	struct hc_payload p;
	struct hc_buf out = HC_BUF(1 << 20), data = HC_BUF(1 << 20);
	hc_payload_init(&p);
	for (size_t i = 0; i < COUNT(table); i++) {
		struct attributes a;
		struct hc_err err = {0};
		hc_buf_reset(&out);
		hc_buf_reset(&data);
		hc_buf_char(&data, '"');
		hc_base64_encode(hc_str(table[i].bytes), &data);
		hc_buf_char(&data, '"');
		struct hc_part_data d = data_of(hc_buf_cstring(&data), HC_ENCODING_BASE64, table[i].type);
		compile(&a, table[i].attributes);
		enum hc_code code = hc_payload_open(&p, &d, "endpointOutput", a.pointers, a.n, &err);
		if (code == HC_OK)
			code = tell_rows(&p, a.n, &out, &err);
		if (table[i].rows) {
			if (code != HC_OK)
				fail_msg("%s: %s", table[i].type, err.msg);
			check_str(hc_buf_view(&out), table[i].rows);
		} else {
			assert_int_equal(code, HC_INPUT);
			assert_non_null(strstr(err.msg, "endpointOutput"));
			assert_non_null(strstr(err.hint, "--record-preprocessor-script"));
		}
		hc_arena_free(&a.arena);
	}
	static const char *const bad[] = {"\"MQ\"", "\"M===\"", "\"M Q==\"", "\"0.9,1\"", "\"MR==\""};
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct attributes a;
		struct hc_err err = {0};
		struct hc_part_data d = data_of(bad[i], HC_ENCODING_BASE64, "\"text/csv\"");
		compile(&a, "0");
		assert_int_equal(hc_payload_open(&p, &d, "groundTruthData", a.pointers, a.n, &err), HC_INPUT);
		assert_non_null(strstr(err.msg, "groundTruthData.data is not valid BASE64"));
		hc_arena_free(&a.arena);
	}
	hc_buf_free(&out);
	hc_buf_free(&data);
	hc_payload_free(&p);
}

/* A row of a file must have as many columns as its header. */
static void test_columns(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool good;
	} table[] = {{"1,2,3", true}, {"1,2", false}, {"1,2,3,4", false}, {"1,\"2,3\",4", true}, {"1,,", true}};
	struct hc_payload p;
	struct attributes a;
	hc_payload_init(&p);
	compile(&a, "0");
	p.columns = 3;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_err err;
		bool got;
		hc_payload_open_text(&p, hc_str(table[i].text), HC_PAYLOAD_CSV, a.pointers, a.n);
		assert_int_equal(hc_payload_next(&p, &got, &err), table[i].good ? HC_OK : HC_INPUT);
	}
	hc_arena_free(&a.arena);
	hc_payload_free(&p);
}

/* Rows of preprocessors: the key itself, else behind a prefix, the first that has it. */
static void test_prefixes(void **state)
{
	(void)state;
	static const char *const prefixes[] = {"endpointOutput_", "batchTransformOutput_", NULL};
	static const struct {
		const char *attribute, *text, *rows;
	} table[] = {
		{"0", "{\"endpointOutput_0\":0.9}", "0.9\n"},
		{"score", "{\"score\":1,\"endpointOutput_score\":2}", "1\n"},
		{"score", "{\"batchTransformOutput_score\":3,\"endpointOutput_score\":2}", "2\n"},
		{"score", "{\"batchTransformOutput_score\":3}", "3\n"},
		{"score", "{\"endpointOutput_score\":2,\"endpointOutput_score\":4}", "4\n"},
		{"\xc3\xa4", "{\"endpointOutput_\xc3\xa4\":2}", "2\n"},
		{"score", "{\"endpointInput_score\":2}", NULL},
		{"score", "{\"endpointOutput_scores\":2,\"endpointOutput_scor\":1,\"endpointOutput_\":1}", NULL},
		{"0", "[]", NULL},
	};
	struct hc_payload p;
	struct hc_buf out = HC_BUF(1 << 20);
	hc_payload_init(&p);
	for (size_t i = 0; i < COUNT(table); i++) {
		struct attributes a;
		struct hc_err err;
		compile(&a, table[i].attribute);
		hc_buf_reset(&out);
		p.prefixes = prefixes;
		assert_int_equal(hc_payload_holds(&p, hc_str(table[i].text), a.pointers[0]), table[i].rows != NULL);
		hc_payload_open_text(&p, hc_str(table[i].text), HC_PAYLOAD_JSON, a.pointers, a.n);
		assert_int_equal(tell_rows(&p, a.n, &out, &err), table[i].rows ? HC_OK : HC_INPUT);
		if (table[i].rows)
			check_str(hc_buf_view(&out), table[i].rows);
		/* without prefixes only the key itself is found */
		p.prefixes = NULL;
		bool itself = strncmp(table[i].text, "{\"score\"", 8) == 0;
		assert_int_equal(hc_payload_holds(&p, hc_str(table[i].text), a.pointers[0]), itself);
		hc_arena_free(&a.arena);
	}
	hc_buf_free(&out);
	hc_payload_free(&p);
}

/* HC_PAYLOAD_ROWS_MAX values of one wildcard are rows, one more is refused. */
static void test_many_rows(void **state)
{
	(void)state;
	for (size_t n = HC_PAYLOAD_ROWS_MAX; n <= HC_PAYLOAD_ROWS_MAX + 1; n++) {
		struct hc_payload p;
		struct attributes a;
		struct hc_err err;
		struct hc_buf text = HC_BUF(1 << 20), rows = HC_BUF(1 << 20), out = HC_BUF(1 << 20);
		for (size_t i = 0; i < n; i++) {
			hc_buf_printf(&text, "%c%zu", i ? ',' : '[', i);
			hc_buf_printf(&rows, "%zu\n", i);
		}
		hc_buf_char(&text, ']');
		hc_payload_init(&p);
		compile(&a, "$[*]");
		hc_payload_open_text(&p, hc_buf_view(&text), HC_PAYLOAD_JSON, a.pointers, a.n);
		enum hc_code code = tell_rows(&p, a.n, &out, &err);
		assert_int_equal(code, n == HC_PAYLOAD_ROWS_MAX ? HC_OK : HC_INPUT);
		if (code == HC_OK)
			check_str(hc_buf_view(&out), hc_buf_cstring(&rows));
		hc_buf_free(&text);
		hc_buf_free(&rows);
		hc_buf_free(&out);
		hc_arena_free(&a.arena);
		hc_payload_free(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_csv),       cmocka_unit_test(test_json),    cmocka_unit_test(test_no_rows),
		cmocka_unit_test(test_base64),    cmocka_unit_test(test_columns), cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_many_rows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
