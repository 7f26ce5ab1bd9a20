#include "store/joblog.h"

#include "base/instant.h"
#include "check_files.h"

#define T0 (INT64_C(1621299600) * HC_SECOND_US)

static struct hc_arena arena;
static struct hc_err err;

static int enter(void **state)
{
	arena = HC_ARENA(256 << 20);
	return enter_folder(state);
}

static int leave(void **state)
{
	hc_arena_free(&arena);
	return leave_folder(state);
}

static struct hc_log_writer *create(const char *job, int64_t now_us)
{
	struct hc_log_writer *w = NULL;
	if (hc_log_create(check_folder, job, now_us, &w, &err) != HC_OK)
		fail_msg("%s", err.msg);
	return w;
}

struct page {
	struct hc_log_event *list;
	size_t n;
	uint64_t from, next;
	bool found;
};

static struct page read_page(const char *stream, uint64_t offset, bool backward, size_t limit)
{
	struct page p = {.from = offset};
	if (hc_log_read(check_folder, hc_str(stream), &p.from, backward, limit, &arena, &p.list, &p.n, &p.next,
			&p.found, &err) != HC_OK)
		fail_msg("%s", err.msg);
	return p;
}

/* "SECONDS TEXT|" of each event, seconds from T0. */
static void check_events(const struct page *p, const char *expected)
{
	struct hc_buf out = HC_BUF(1 << 20);
	for (size_t i = 0; i < p->n; i++)
		hc_buf_printf(&out, "%lld %.*s|", (long long)((p->list[i].at_us - T0) / HC_SECOND_US),
			      HC_STR_ARG(p->list[i].text));
	check_str(hc_buf_view(&out), expected);
	hc_buf_free(&out);
}

static void write_at(struct hc_log_writer *w, int seconds, const char *text)
{
	hc_log_write(w, T0 + seconds * HC_SECOND_US, hc_str(text));
}

static void test_lines(void **state)
{
	(void)state;
	static const char stream[] = "job-1/algo-1-1621299600";
	struct hc_log_writer *w = create("job-1", T0);
	write_at(w, 0, "one\ntw");
	struct page p = read_page(stream, 0, false, 100);
	check_events(&p, "0 one|");
	write_at(w, 1, "o\r\n\nthree");
	hc_log_line(w, T0 + 2 * HC_SECOND_US, "ours: %d", 4);
	write_at(w, 3, "no newline");
	hc_log_close(w, T0 + 4 * HC_SECOND_US);
	hc_log_close(NULL, 0);
	p = read_page(stream, 0, false, 100);
	check_events(&p, "0 one|1 two|1 |2 three|2 ours: 4|4 no newline|");
	/* where it ended, nothing is left, and the place stays */
	struct page end = read_page(stream, p.next, false, 100);
	assert_int_equal(end.n, 0);
	assert_int_equal(end.next, p.next);
}

static void test_pages_both_ways(void **state)
{
	(void)state;
	static const char stream[] = "j/algo-1-1621299600";
	struct hc_log_writer *w = create("j", T0);
	write_at(w, 0, "a\nb\nc\nd\ne\nunder way");
	struct page p = read_page(stream, 0, false, 2);
	check_events(&p, "0 a|0 b|");
	p = read_page(stream, p.next, false, 2);
	check_events(&p, "0 c|0 d|");
	struct page back = read_page(stream, p.next, true, 3);
	check_events(&back, "0 b|0 c|0 d|");
	back = read_page(stream, back.next, true, 3);
	check_events(&back, "0 a|");
	assert_int_equal(back.next, 0);
	back = read_page(stream, 0, true, 3);
	assert_int_equal(back.n, 0);
	/* from the end: whole lines only, and it says where that is */
	back = read_page(stream, UINT64_MAX, true, 2);
	check_events(&back, "0 d|0 e|");
	struct page all = read_page(stream, 0, false, 100);
	assert_int_equal(back.from, all.next);
	hc_log_close(w, T0);
}

static void test_bad_offsets(void **state)
{
	(void)state;
	static const char stream[] = "j/algo-1-1621299600";
	struct hc_log_writer *w = create("j", T0);
	write_at(w, 0, "hello\n");
	hc_log_close(w, T0);
	static const uint64_t offsets[] = {1, 5, 1000000, INT64_MAX};
	for (size_t i = 0; i < COUNT(offsets); i++)
		for (int backward = 0; backward < 2; backward++) {
			struct page p = {.from = offsets[i]};
			assert_int_equal(hc_log_read(check_folder, hc_str(stream), &p.from, backward, 10, &arena,
						     &p.list, &p.n, &p.next, &p.found, &err),
					 HC_USAGE);
		}
	static const char *const strangers[] = {"",
						"j",
						"j/",
						"/algo-1-1621299600",
						"j/algo-1-1621299601",
						"j/algo-1-",
						"../j/algo-1-1621299600",
						"./algo-1-1621299600",
						"j/../j/algo-1-1621299600",
						"j/algo-1-1621299600.log",
						"j/algo-2-1621299600"};
	for (size_t i = 0; i < COUNT(strangers); i++)
		assert_false(read_page(strangers[i], 0, false, 10).found);
}

static void test_any_bytes(void **state)
{
	(void)state;
	static const char stream[] = "j/algo-1-1621299600";
	struct hc_log_writer *w = create("j", T0);
	hc_log_write(w, T0,
		     HC_STR("a\xff"
			    "b\0c\xc3\n"));
	write_at(w, 0, "\xe2\x82");
	write_at(w, 0, "\xac\n");
	hc_log_close(w, T0);
	struct page p = read_page(stream, 0, false, 10);
	check_events(&p, "0 a\xef\xbf\xbd"
			 "bc\xef\xbf\xbd|0 \xe2\x82\xac|");
}

/* A line that is too long becomes several, none of which ends within a character. */
static void test_long_lines(void **state)
{
	(void)state;
	static const char stream[] = "j/algo-1-1621299600";
	struct hc_log_writer *w = create("j", T0);
	for (int i = 0; i < HC_LOG_LINE_MAX; i++)
		write_at(w, 0, i == 0 ? "x" : "\xc3\xa4");
	write_at(w, 0, "\n");
	hc_log_close(w, T0);
	struct page p = read_page(stream, 0, false, 10);
	size_t bytes = 0;
	assert_int_equal(p.n, 2);
	for (size_t i = 0; i < p.n; i++) {
		assert_true(p.list[i].text.n <= HC_LOG_LINE_MAX);
		assert_null(memmem(p.list[i].text.p, p.list[i].text.n, "\xef\xbf\xbd", 3));
		bytes += p.list[i].text.n;
	}
	assert_int_equal(bytes, 1 + 2 * (HC_LOG_LINE_MAX - 1));
}

/* More than one read holds: pages of about 1 MB, forward and backward, and every line once. */
static void test_large(void **state)
{
	(void)state;
	static const char stream[] = "j/algo-1-1621299600";
	enum { LINES = 40000 };
	struct hc_log_writer *w = create("j", T0);
	for (int i = 0; i < LINES; i++)
		hc_log_line(w, T0 + i * HC_SECOND_US, "%06d %060d", i, 0);
	hc_log_close(w, T0);
	int seen = 0, pages = 0;
	struct page p = {0};
	do {
		p = read_page(stream, p.next, false, 1000000);
		for (size_t i = 0; i < p.n; i++)
			assert_int_equal(atoi(p.list[i].text.p), seen++);
	} while (p.n > 0 && pages++ < 100);
	assert_int_equal(seen, LINES);
	assert_true(pages > 2);
	for (p.next = UINT64_MAX; p.next > 0;) {
		p = read_page(stream, p.next, true, 1000000);
		assert_true(p.n > 0);
		for (size_t i = p.n; i > 0; i--)
			assert_int_equal(atoi(p.list[i - 1].text.p), --seen);
	}
	assert_int_equal(seen, 0);
}

static void check_streams(const char *prefix, const char *after, size_t limit, const char *expected)
{
	struct hc_log_stream *list;
	size_t n;
	bool more;
	struct hc_buf out = HC_BUF(1 << 16);
	if (hc_log_streams(check_folder, hc_str(prefix), hc_str(after), limit, &arena, &list, &n, &more, &err) != HC_OK)
		fail_msg("%s", err.msg);
	for (size_t i = 0; i < n; i++)
		hc_buf_printf(&out, "%.*s ", HC_STR_ARG(list[i].name));
	hc_buf_cstr(&out, more ? "+" : "");
	check_str(hc_buf_view(&out), expected);
	hc_buf_free(&out);
}

static void test_streams(void **state)
{
	(void)state;
	hc_log_close(create("a", T0), T0);
	hc_log_close(create("a", T0), T0); /* again within the second */
	hc_log_close(create("a-b", T0), T0);
	hc_log_close(create("b", T0), T0);
	make_file("b/notes.txt", "");
	make_file("b/algo-1-x.log", "");
	make_file("stray", "");
	/* '-' is before '/' */
	check_streams("", "", 10, "a-b/algo-1-1621299600 a/algo-1-1621299600 a/algo-1-1621299601 b/algo-1-1621299600 ");
	check_streams("", "", 2, "a-b/algo-1-1621299600 a/algo-1-1621299600 +");
	check_streams("", "a/algo-1-1621299600", 10, "a/algo-1-1621299601 b/algo-1-1621299600 ");
	check_streams("a", "", 10, "a-b/algo-1-1621299600 a/algo-1-1621299600 a/algo-1-1621299601 ");
	check_streams("a/", "", 10, "a/algo-1-1621299600 a/algo-1-1621299601 ");
	check_streams("a/algo-1-16212996", "", 10, "a/algo-1-1621299600 a/algo-1-1621299601 ");
	check_streams("a/algo-1-1621299601", "", 10, "a/algo-1-1621299601 ");
	check_streams("c", "", 10, "");
	check_streams("c/", "", 10, "");
	check_streams("../", "", 10, "");
	check_streams("/", "", 10, "");
}

static void test_stream_times(void **state)
{
	(void)state;
	struct hc_log_stream *list;
	size_t n;
	bool more;
	struct hc_log_writer *w = create("j", T0 + 500000);
	hc_log_close(create("empty", T0), T0);
	write_at(w, 1, "first\n");
	write_at(w, 2, "second\n");
	write_at(w, 3, "last\nnot yet");
	assert_int_equal(hc_log_streams(check_folder, HC_STR(""), HC_STR(""), 10, &arena, &list, &n, &more, &err),
			 HC_OK);
	assert_int_equal(n, 2);
	assert_int_equal(list[0].first_event_us, 0);
	assert_int_equal(list[0].created_us, T0);
	assert_int_equal(list[1].created_us, T0);
	assert_int_equal(list[1].first_event_us, T0 + HC_SECOND_US);
	assert_int_equal(list[1].last_event_us, T0 + 3 * HC_SECOND_US);
	assert_true(list[1].bytes > 0);
	hc_log_close(w, T0);
}

#define test_in_folder(test) cmocka_unit_test_setup_teardown(test, enter, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_in_folder(test_lines),     test_in_folder(test_pages_both_ways), test_in_folder(test_bad_offsets),
		test_in_folder(test_any_bytes), test_in_folder(test_long_lines),      test_in_folder(test_large),
		test_in_folder(test_streams),   test_in_folder(test_stream_times),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
