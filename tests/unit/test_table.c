#include "dataset/table.h"
#include <stdio.h>

#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#include "check.h"
#include "codec/parquet.h"

/* A source that gives at most `step` bytes at a time, as pipes do; counts how often it was closed. */
struct slow_source {
	struct hc_source source;
	const char *p;
	size_t n, step;
	enum hc_code fails_at_end;
};
static int closed;

static enum hc_code slow_read(struct hc_source *s, void *buf, size_t cap, size_t *got, struct hc_err *err)
{
	struct slow_source *slow = (struct slow_source *)s;
	size_t n = slow->n < slow->step ? slow->n : slow->step;
	if (n == 0 && slow->fails_at_end)
		return hc_fail(err, slow->fails_at_end, "the wire broke");
	n = n < cap ? n : cap;
	if (n)
		memcpy(buf, slow->p, n);
	slow->p += n;
	slow->n -= n;
	*got = n;
	return HC_OK;
}

static void slow_close(struct hc_source *s)
{
	closed++;
	free(s);
}

static struct hc_source *source_of(const char *p, size_t n, size_t step)
{
	struct slow_source *s = calloc(1, sizeof *s);
	assert_non_null(s);
	*s = (struct slow_source){{slow_read, slow_close}, p, n, step, HC_OK};
	return &s->source;
}

/* "LINE:text" of each row, '\n' behind each. A row that is JSON has a 'j' before it. */
static enum hc_code tell(struct hc_table *t, struct hc_buf *out, struct hc_err *err)
{
	for (;;) {
		struct hc_table_row row;
		bool got;
		HC_TRY(hc_table_next(t, &row, &got, err));
		if (!got)
			return HC_OK;
		hc_buf_printf(out, "%s%d:", row.format == HC_PAYLOAD_JSON ? "j" : "", (int)row.line);
		if (row.too_long)
			hc_buf_cstr(out, "too long");
		else
			hc_buf_str(out, row.text);
		hc_buf_char(out, '\n');
	}
}

static void tell_header(const struct hc_table *t, struct hc_buf *out)
{
	const struct hc_csv_row *header = hc_table_header(t);
	hc_buf_cstr(out, header ? "header" : "");
	for (size_t i = 0; header && i < header->n; i++)
		hc_buf_printf(out, "|%.*s", HC_STR_ARG(header->fields[i]));
	hc_buf_cstr(out, header ? "\n" : "");
}

struct sample {
	const char *name;
	enum hc_table_format format;
	bool header;
	const char *text, *rows;
};

static void check_table(const char *bytes, size_t n, const struct sample *s, size_t step)
{
	struct hc_table *t;
	struct hc_err err;
	struct hc_buf out = HC_BUF(1 << 20);
	int before = closed;
	if (hc_table_open(source_of(bytes, n, step), s->name, s->format, s->header, 1000, &t, &err) != HC_OK)
		fail_msg("%s", err.msg);
	tell_header(t, &out);
	if (tell(t, &out, &err) != HC_OK)
		fail_msg("%s", err.msg);
	check_str(hc_buf_view(&out), s->rows);
	/* the end stays the end */
	struct hc_table_row row;
	bool got = true;
	assert_int_equal(hc_table_next(t, &row, &got, &err), HC_OK);
	assert_false(got);
	hc_table_close(t);
	assert_int_equal(closed, before + 1);
	hc_buf_free(&out);
}

static const struct sample samples[] = {
	/* CSV with header and without, whatever ends its lines */
	{"x.csv", HC_TABLE_GUESS, true, "a,b\n1,2\n3,4\n", "header|a|b\n2:1,2\n3:3,4\n"},
	{"x.csv", HC_TABLE_GUESS, false, "1,2\n3,4", "1:1,2\n2:3,4\n"},
	{"x.csv", HC_TABLE_GUESS, true, "a,b\r\n1,2\r\n\r\n3,4\r\n", "header|a|b\n2:1,2\n4:3,4\n"},
	{"x.csv", HC_TABLE_GUESS, true, "\n \na,b\n\n1,2\n\n", "header|a|b\n5:1,2\n"},
	{"x.csv", HC_TABLE_GUESS, true, "a,b\n", "header|a|b\n"},
	{"x.csv", HC_TABLE_GUESS, false, "", ""},
	{"x.csv", HC_TABLE_GUESS, false, "\n\r\n \n", ""},
	/* a byte order mark is no part of the first name */
	{"x.csv", HC_TABLE_GUESS, true,
	 "\xef\xbb\xbf"
	 "a,b\n1,2\n",
	 "header|a|b\n2:1,2\n"},
	{"x.csv", HC_TABLE_GUESS, true, "\xef\xbb\xbf\"a\",b\n1,2\n", "header|a|b\n2:1,2\n"},
	/* newlines inside quotes belong to the row; lines are counted on */
	{"x.csv", HC_TABLE_GUESS, true, "\"a\nb\",c\n\"1\n2\r\n3\",4\n5,6\n",
	 "header|a\nb|c\n3:\"1\n2\r\n3\",4\n6:5,6\n"},
	{"x.csv", HC_TABLE_GUESS, false, "\"x\"\"\n\",1\n2,\"\"\n3,\"\n\n\"\n",
	 "1:\"x\"\"\n\",1\n3:2,\"\"\n4:3,\"\n\n\"\n"},
	{"x.csv", HC_TABLE_GUESS, true, "\"a,\"\"b\",c\n1,2\n", "header|a,\"b|c\n2:1,2\n"},
	/* JSON lines */
	{"x.jsonl", HC_TABLE_GUESS, true, "{\"a\":1}\n\n{\"a\":2}", "j1:{\"a\":1}\nj3:{\"a\":2}\n"},
	{"x.ndjson", HC_TABLE_GUESS, true, "[1,2]\r\n[3,4]\r\n", "j1:[1,2]\nj2:[3,4]\n"},
	{"x.jsonl", HC_TABLE_GUESS, true, "\xef\xbb\xbf{\"a\":1}\n", "j1:{\"a\":1}\n"},
	/* a document: an array of rows, one row, several values */
	{"x.json", HC_TABLE_GUESS, true, "[{\"a\":1},\n {\"a\":2},\n\n{\"a\":\n3}]",
	 "j1:{\"a\":1}\nj2:{\"a\":2}\nj4:{\"a\":\n3}\n"},
	{"x.json", HC_TABLE_GUESS, true, "\n{\"a\":1}\n", "j2:{\"a\":1}\n"},
	{"x.json", HC_TABLE_GUESS, true, "{\"a\":1} {\"a\":2}\n[{\"a\":3}]",
	 "j1:{\"a\":1}\nj1:{\"a\":2}\nj2:{\"a\":3}\n"},
	{"x.json", HC_TABLE_GUESS, true, "[[1,0.9],[0,0.2]]", "j1:[1,0.9]\nj1:[0,0.2]\n"},
	{"x.json", HC_TABLE_GUESS, true, "[]", ""},
	{"x.json", HC_TABLE_GUESS, true, "[ ]\n[1]\n[\n]\n", "j2:1\n"},
	{"x.json", HC_TABLE_GUESS, true, " \n", ""},
	{"x.json", HC_TABLE_GUESS, true, "", ""},
	{"x.json", HC_TABLE_GUESS, true, "\xef\xbb\xbf[1]", "j1:1\n"},
	/* the format that was asked for, whatever the name says */
	{"x.json", HC_TABLE_CSV, false, "{\"a\":1}\n", "1:{\"a\":1}\n"},
	{"x.csv", HC_TABLE_JSONL, true, "{\"a\":1}\n", "j1:{\"a\":1}\n"},
	{"x.csv", HC_TABLE_JSON, true, "[1,2]", "j1:1\nj1:2\n"},
	/* a name that says nothing: by the first character */
	{"-", HC_TABLE_GUESS, true, "a,b\n1,2\n", "header|a|b\n2:1,2\n"},
	{"-", HC_TABLE_GUESS, true, " \n\t{\"a\":1}\n{\"a\":2}\n", "j2:\t{\"a\":1}\nj3:{\"a\":2}\n"},
	{"x.out", HC_TABLE_GUESS, true, "\xef\xbb\xbf {\"a\":1}\n", "j1: {\"a\":1}\n"},
	{"x", HC_TABLE_GUESS, true, "[\n1,\n2]", "j2:1\nj3:2\n"},
	{"x.txt", HC_TABLE_GUESS, false, "\"q\",1\n", "1:\"q\",1\n"},
};

static void test_rows(void **state)
{
	(void)state;
	static const size_t steps[] = {1 << 20, 1, 3};
	for (size_t i = 0; i < COUNT(samples); i++)
		for (size_t k = 0; k < COUNT(steps); k++)
			check_table(samples[i].text, strlen(samples[i].text), &samples[i], steps[k]);
}

static void test_packed(void **state)
{
	(void)state;
	static const struct sample table[] = {
		{"x.csv.gz", HC_TABLE_GUESS, true, "a,b\n1,2\n", "header|a|b\n2:1,2\n"},
		{"x.jsonl.zst", HC_TABLE_GUESS, true, "{\"a\":1}\n", "j1:{\"a\":1}\n"},
		{"x.json", HC_TABLE_GUESS, true, "[1]", "j1:1\n"},
		{"-", HC_TABLE_GUESS, true, "{\"a\":1}\n", "j1:{\"a\":1}\n"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		char packed[1000];
		size_t n = ZSTD_compress(packed, sizeof packed, table[i].text, strlen(table[i].text), 3);
		assert_false(ZSTD_isError(n));
		check_table(packed, n, &table[i], 5);

		z_stream z = {0};
		assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
		z.next_in = (Bytef *)(uintptr_t)table[i].text;
		z.avail_in = (uInt)strlen(table[i].text);
		z.next_out = (Bytef *)packed;
		z.avail_out = sizeof packed;
		assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
		check_table(packed, z.total_out, &table[i], 5);
		deflateEnd(&z);
	}
}

static void test_long_lines(void **state)
{
	(void)state;
	char text[4096];
	struct hc_table *t;
	struct hc_err err;
	struct hc_buf out = HC_BUF(1 << 20);
	memset(text, 'x', sizeof text);
	memcpy(text, "a\n1\n", 4);
	memcpy(text + 2000, "\n2\n", 3);
	memcpy(text + 2003, "\"in\nside", 8);
	memcpy(text + 4000, "\"\n3\n", 4);
	assert_int_equal(hc_table_open(source_of(text, 4004, 7), "x.csv", HC_TABLE_GUESS, true, 100, &t, &err), HC_OK);
	tell_header(t, &out);
	assert_int_equal(tell(t, &out, &err), HC_OK);
	check_str(hc_buf_view(&out), "header|a\n2:1\n3:too long\n4:2\n5:too long\n7:3\n");
	hc_table_close(t);
	hc_buf_free(&out);
	/* a header that is too long is none */
	memset(text, 'x', sizeof text);
	assert_int_equal(hc_table_open(source_of(text, 500, 7), "x.csv", HC_TABLE_GUESS, true, 100, &t, &err),
			 HC_INPUT);
	assert_non_null(strstr(err.msg, "too long"));
}

static void test_refused(void **state)
{
	(void)state;
	static const struct {
		struct sample sample;
		const char *why;
	} table[] = {
		{{"x.csv", HC_TABLE_GUESS, true, "", ""}, "empty"},
		{{"x.csv", HC_TABLE_GUESS, true, " \n\n", ""}, "empty"},
		{{"x.csv", HC_TABLE_GUESS, true, "\xef\xbb\xbf", ""}, "empty"},
		{{"x.csv", HC_TABLE_GUESS, true, "a\"b,c\n", ""}, "not a CSV header (line 1)"},
		{{"x.csv", HC_TABLE_GUESS, true, "\n\"a\n", ""}, "not a CSV header (line 2)"},
		{{"x.csv", HC_TABLE_GUESS, true, "a,\xff\n", ""}, "not a CSV header (line 1)"},
		{{"x.csv", HC_TABLE_GUESS, true,
		  "\xff\xfe"
		  "a\n",
		  ""},
		 "UTF-16"},
		/* documents, with the line on which they go wrong */
		{{"x.json", HC_TABLE_GUESS, true, "[1,\n2", ""}, "2: the document ends before it is complete"},
		{{"x.json", HC_TABLE_GUESS, true, "[1,\n2}", ""}, "2: not valid JSON"},
		{{"x.json", HC_TABLE_GUESS, true, "[\n\n{'a':1}]", ""}, "3: not valid JSON"},
		{{"x.json", HC_TABLE_GUESS, true, "[1] text", ""}, "1: not valid JSON"},
		{{"x.json", HC_TABLE_GUESS, true, "[1,]", ""}, "1: not valid JSON"},
		{{"x.json", HC_TABLE_GUESS, true, "text", ""}, "1: not valid JSON"},
		{{"x.json", HC_TABLE_GUESS, true, "a,b\n1,2\n", ""}, "1: not valid JSON"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		const struct sample *s = &table[i].sample;
		struct hc_table *t = NULL;
		struct hc_err err = {0};
		struct hc_buf out = HC_BUF(1 << 20);
		int before = closed;
		enum hc_code code = hc_table_open(source_of(s->text, strlen(s->text), 4), s->name, s->format, s->header,
						  1000, &t, &err);
		if (code == HC_OK)
			code = tell(t, &out, &err);
		if (code != HC_INPUT)
			fail_msg("'%s' was taken", s->text);
		char told[1024];
		snprintf(told, sizeof told, "%llu: %s", t ? (unsigned long long)hc_table_line(t) : 1, err.msg);
		if (!strstr(told, table[i].why))
			fail_msg("'%s': %s", s->text, told);
		hc_table_close(t);
		assert_int_equal(closed, before + 1);
		hc_buf_free(&out);
	}
}

/* What the machine refused is told as such, and the source is closed in any case. */
static void test_broken_source(void **state)
{
	(void)state;
	static const char *const names[] = {"x.csv", "x.jsonl", "x.json", "-"};
	for (size_t i = 0; i < COUNT(names); i++) {
		char text[3000];
		memset(text, '1', sizeof text);
		for (size_t k = 99; k < sizeof text; k += 100)
			text[k] = '\n';
		struct hc_source *source = source_of(text, i % 2 ? 10 : sizeof text, 64);
		((struct slow_source *)source)->fails_at_end = HC_IO;
		struct hc_table *t = NULL;
		struct hc_err err;
		struct hc_buf out = HC_BUF(1 << 20);
		int before = closed;
		enum hc_code code = hc_table_open(source, names[i], HC_TABLE_GUESS, true, 1000, &t, &err);
		if (code == HC_OK)
			code = tell(t, &out, &err);
		assert_int_equal(code, HC_IO);
		hc_table_close(t);
		assert_int_equal(closed, before + 1);
		hc_buf_free(&out);
	}
}

static void test_names(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		enum hc_table_format format;
	} table[] = {
		{"x.csv", HC_TABLE_CSV},
		{"a/b.c/x.csv", HC_TABLE_CSV},
		{"x.jsonl", HC_TABLE_JSONL},
		{"x.ndjson", HC_TABLE_JSONL},
		{"x.json", HC_TABLE_JSON},
		{"x.csv.gz", HC_TABLE_CSV},
		{"x.csv.zst", HC_TABLE_CSV},
		{"x.csv.out", HC_TABLE_CSV},
		{"x.json.out", HC_TABLE_JSON},
		{"x.jsonl.out.gz", HC_TABLE_JSONL},
		{"x.csv.out.zst", HC_TABLE_CSV},
		{"x.out", HC_TABLE_GUESS},
		{"x.gz", HC_TABLE_GUESS},
		{"x", HC_TABLE_GUESS},
		{"-", HC_TABLE_GUESS},
		{"", HC_TABLE_GUESS},
		{"csv", HC_TABLE_GUESS},
		{"x.csv.bz2", HC_TABLE_GUESS},
		{"part-0.snappy.parquet", HC_TABLE_PARQUET},
		{"x.parquet.out.gz", HC_TABLE_PARQUET},
		{"x.csv/part-0", HC_TABLE_GUESS},
	};
	for (size_t i = 0; i < COUNT(table); i++)
		if (hc_table_format_of_name(table[i].name) != table[i].format)
			fail_msg("%s", table[i].name);
	enum hc_table_format format = HC_TABLE_GUESS;
	assert_true(hc_table_format_parse(HC_STR("csv"), &format) && format == HC_TABLE_CSV);
	assert_true(hc_table_format_parse(HC_STR("JSONL"), &format) && format == HC_TABLE_JSONL);
	assert_true(hc_table_format_parse(HC_STR("json"), &format) && format == HC_TABLE_JSON);
	static const char *const bad[] = {"", "parquets", "csv ", "jsonlines", "guess", ".csv"};
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(hc_table_format_parse(hc_str(bad[i]), &format));
	assert_int_equal(format, HC_TABLE_JSON);
	assert_true(hc_table_format_parse(HC_STR("parquet"), &format) && format == HC_TABLE_PARQUET);
}

/* Parquet is what its bytes say; tests/e2e/test_parquet.py reads files that are in order. */
static void test_parquet(void **state)
{
	(void)state;
	enum hc_code damaged = hc_parquet_is_built() ? HC_INPUT : HC_USAGE;
	const char *says = hc_parquet_is_built() ? "not a Parquet file that can be read" : "built without Parquet";
	const struct {
		const char *name;
		enum hc_table_format format;
		const char *text;
		enum hc_code code;
		const char *says;
	} table[] = {
		{"x.parquet", HC_TABLE_GUESS, "", HC_INPUT, "the file is empty"},
		{"x.parquet", HC_TABLE_GUESS, "a,b\n1,2\n", HC_INPUT, "would begin with PAR1: 'a,b"},
		{"x.csv", HC_TABLE_PARQUET, "a,b\n1,2\n", HC_INPUT, "would begin with PAR1"},
		{"x.parquet", HC_TABLE_GUESS, "PAR1,b\n1,2\n", HC_INPUT, "would begin with PAR1"},
		{"x.parquet", HC_TABLE_GUESS, "PAR1\x15", damaged, says},
		{"x.csv", HC_TABLE_CSV, "PAR1\x15\x04PAR1", damaged, says},
		{"x.jsonl", HC_TABLE_GUESS, "PAR1\x01rest", damaged, says},
		{"-", HC_TABLE_GUESS, "PAR1\x15\xff\xff\xff\xff\xff\x7fPAR1", damaged, says},
		/* a column may be called so */
		{"x.csv", HC_TABLE_GUESS, "PAR1,\tb\r\n1,2\r\n", HC_OK, NULL},
		{"-", HC_TABLE_GUESS, "PAR1", HC_OK, NULL},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_table *t = NULL;
		struct hc_err err = {0};
		int before = closed;
		enum hc_code code = hc_table_open(source_of(table[i].text, strlen(table[i].text), 3), table[i].name,
						  table[i].format, HC_HEADER_FIRST_ROW, 1000, &t, &err);
		if (code != table[i].code || (code != HC_OK && (!strstr(err.msg, table[i].says) || !err.hint[0])))
			fail_msg("%s: %s (%s)", table[i].text, err.msg, err.hint);
		if (code == HC_OK)
			assert_false(hc_table_is_parquet(t));
		hc_table_close(t);
		assert_int_equal(closed, before + 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),    cmocka_unit_test(test_packed),        cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_refused), cmocka_unit_test(test_broken_source), cmocka_unit_test(test_names),
		cmocka_unit_test(test_parquet),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
