#include "codec/lines.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "check.h"
#include "codec/csv.h"

static struct hc_err err;

/* A source that hands out `step` bytes a call, fails at `fail_at` and counts its closing. */
struct stepping {
	struct hc_source source;
	struct hc_str left;
	size_t step, fail_at, done;
	int closed;
};

static enum hc_code stepping_read(struct hc_source *s, void *buf, size_t cap, size_t *got, struct hc_err *e)
{
	struct stepping *st = (struct stepping *)s;
	if (st->done >= st->fail_at)
		return hc_fail(e, HC_IO, "read error");
	size_t n = st->step < cap ? st->step : cap;
	if (n > st->left.n)
		n = st->left.n;
	memcpy(buf, st->left.p, n);
	st->left.p += n;
	st->left.n -= n;
	st->done += n;
	*got = n;
	return HC_OK;
}

static void stepping_close(struct hc_source *s)
{
	((struct stepping *)s)->closed++;
}

static struct stepping stepping(struct hc_str text, size_t step)
{
	return (struct stepping){{stepping_read, stepping_close}, text, step, SIZE_MAX, 0, 0};
}

static bool in_quote(struct hc_str fresh, void *arg)
{
	bool *open = arg;
	return *open = hc_csv_open_quote(fresh, *open);
}

/* All lines as NUMBER:TEXT; with ! behind the number of a long one. */
static void read_all(struct hc_source *source, size_t max_line, bool rows, struct hc_buf *out)
{
	struct hc_lines *l;
	struct hc_line line;
	assert_int_equal(hc_lines_open(source, max_line, &l, &err), HC_OK);
	for (;;) {
		bool open = false;
		enum hc_code code =
			rows ? hc_lines_next_while(l, in_quote, &open, &line, &err) : hc_lines_next(l, &line, &err);
		assert_int_equal(code, HC_OK);
		if (line.state == HC_LINE_END)
			break;
		hc_buf_printf(out, "%u%s:%.*s;", (unsigned)line.number, line.state == HC_LINE_LONG ? "!" : "",
			      HC_STR_ARG(line.text));
	}
	hc_buf_printf(out, "(%u)", (unsigned)hc_lines_bytes(l));
	assert_int_equal(hc_lines_next(l, &line, &err), HC_OK);
	assert_int_equal(line.state, HC_LINE_END);
	hc_lines_close(l);
}

static void test_lines(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t max_line;
		bool rows;
		const char *lines;
	} table[] = {
		{"", 10, false, "(0)"},
		{"a", 10, false, "1:a;(1)"},
		{"a\n", 10, false, "1:a;(2)"},
		{"a\nb", 10, false, "1:a;2:b;(3)"},
		{"a\r\n\r\n\nb\r\n", 10, false, "1:a;2:;3:;4:b;(9)"},
		{"\n", 10, false, "1:;(1)"},
		{"a\rb\r", 10, false, "1:a\rb\r;(4)"},
		{"\r\r\n", 10, false, "1:\r;(3)"},
		{"\xef\xbb\xbf"
		 "a\n\xef\xbb\xbf"
		 "b",
		 10, false,
		 "1:a;2:\xef\xbb\xbf"
		 "b;(9)"},
		{"\xef\xbb\xbf", 10, false, "(3)"},
		{"\xef\xbb", 10, false, "1:\xef\xbb;(2)"},
		{"abc\nabcd\nab\n", 3, false, "1:abc;2!:abc;3:ab;(12)"},
		{"abc\r\nabcd\r\nab", 3, false, "1:abc;2!:abc;3:ab;(13)"},
		{"abc\r", 3, false, "1!:abc;(4)"},
		{"abcdefghi", 3, false, "1!:abc;(9)"},
		{"abcdefghi\n\nx", 1, false, "1!:a;2:;3:x;(12)"},
		{"a,\"b\nc\"\nd\n", 10, true, "1:a,\"b\nc\";3:d;(10)"},
		{"\"a\r\nb\"\r\nc\r\n", 10, true, "1:\"a\r\nb\";3:c;(11)"},
		{"\"a\nb\nc\nd\"\nx", 5, true, "1!:\"a\nb\n;5:x;(11)"},
		{"x\n\"a\nb", 10, true, "1:x;2:\"a\nb;(6)"},
		{"\"a\n", 10, true, "1:\"a\n;(3)"},
	};
	for (size_t i = 0; i < COUNT(table); i++)
		for (size_t step = 1; step <= 20; step++) {
			struct hc_str text = hc_str(table[i].text);
			HC_BUF_SCOPED struct hc_buf out = HC_BUF(1000);
			struct stepping s = stepping(text, step);
			read_all(&s.source, table[i].max_line, table[i].rows, &out);
			check_str(hc_buf_view(&out), table[i].lines);
			assert_int_equal(s.closed, 1);
		}
}

/* Lines of `len` bytes, some longer than the first buffer, each made of its own letter. */
static void test_long_lines(void **state)
{
	(void)state;
	static const size_t lens[] = {700000, 1 << 20, 5, 3500000, 0, 3 << 20, 4000000, 2000000, 10, 1048574};
	enum { MAX_LINE = 3500000 };
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(1 << 26);
	for (size_t i = 0; i < COUNT(lens); i++) {
		char *room = hc_buf_room(&text, lens[i] + 2);
		assert_non_null(room);
		memset(room, 'a' + (int)i, lens[i]);
		memcpy(room + lens[i], "\r\n", 2);
		text.n += lens[i] + 2;
	}
	static const size_t steps[] = {SIZE_MAX, 1 << 16, 99991};
	for (size_t k = 0; k < COUNT(steps); k++) {
		struct stepping s = stepping(hc_buf_view(&text), steps[k]);
		struct hc_lines *l;
		struct hc_line line;
		assert_int_equal(hc_lines_open(&s.source, MAX_LINE, &l, &err), HC_OK);
		for (size_t i = 0; i < COUNT(lens); i++) {
			assert_int_equal(hc_lines_next(l, &line, &err), HC_OK);
			bool too_long = lens[i] > MAX_LINE;
			assert_int_equal(line.state, too_long ? HC_LINE_LONG : HC_LINE);
			assert_int_equal(line.number, i + 1);
			assert_int_equal(line.text.n, too_long ? HC_LINE_HEAD_MAX : lens[i]);
			for (size_t at = 0; at < line.text.n; at++)
				if (line.text.p[at] != 'a' + (int)i)
					fail_msg("line %zu is wrong at %zu", i + 1, at);
		}
		assert_int_equal(hc_lines_next(l, &line, &err), HC_OK);
		assert_int_equal(line.state, HC_LINE_END);
		assert_int_equal(hc_lines_bytes(l), text.n);
		hc_lines_close(l);
	}
}

static void test_wide(void **state)
{
	(void)state;
	static const struct {
		struct hc_str text;
		const char *name;
	} table[] = {
		{{"\xff\xfe"
		  "a\0",
		  4},
		 "UTF-16"},
		{{"\xfe\xff\0a", 4}, "UTF-16"},
		{{"\xff\xfe", 2}, "UTF-16"},
		{{"\xff\xfe\0\0a\0\0\0", 8}, "UTF-32"},
		{{"\0\0\xfe\xff\0\0\0a", 8}, "UTF-32"},
	};
	for (size_t i = 0; i < COUNT(table); i++)
		for (size_t step = 1; step <= 4; step++) {
			struct stepping s = stepping(table[i].text, step);
			struct hc_lines *l;
			struct hc_line line;
			assert_int_equal(hc_lines_open(&s.source, 100, &l, &err), HC_OK);
			assert_int_equal(hc_lines_next(l, &line, &err), HC_INPUT);
			assert_non_null(strstr(err.msg, table[i].name));
			assert_string_equal(err.hint, "convert it to UTF-8");
			hc_lines_close(l);
			assert_int_equal(s.closed, 1);
		}
}

/* An error of the source comes after the lines that were read before it, and stays. */
static void test_read_error(void **state)
{
	(void)state;
	struct stepping s = stepping(HC_STR("one\ntwo\nthr"), 4);
	s.fail_at = 8;
	struct hc_lines *l;
	struct hc_line line = {.number = 77};
	assert_int_equal(hc_lines_open(&s.source, 100, &l, &err), HC_OK);
	assert_int_equal(hc_lines_next(l, &line, &err), HC_OK);
	check_str(line.text, "one");
	assert_int_equal(hc_lines_next(l, &line, &err), HC_OK);
	check_str(line.text, "two");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(hc_lines_next(l, &line, &err), HC_IO);
		assert_string_equal(err.msg, "read error");
		assert_int_equal(line.number, 2);
	}
	hc_lines_close(l);
	assert_int_equal(s.closed, 1);
	hc_lines_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_wide),
		cmocka_unit_test(test_read_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
