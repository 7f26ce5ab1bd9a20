/* The reader: every line is taken exactly once, in its place, however files are cut and whoever reads them. */
#include "monitor/reader.h"

#include <stdatomic.h>
#include <zlib.h>

#include "check_files.h"

enum { WORKERS_MAX = 7, SEEN_MAX = 4096, MAX_LINE = 150, MANY_BAD = 1000 };

static size_t max_line = MAX_LINE;

/* --- what is read ---------------------------------------------------------------------------- */

struct bench {
	struct hc_arena arena;
	struct hc_input_files files;
	struct hc_request request;
	struct hc_account account;
	struct hc_reader reader;
};

static void open_bench(struct bench *b)
{
	*b = (struct bench){.arena = HC_ARENA(1 << 24)};
	b->files.arena = b->account.arena = &b->arena;
	b->request = (struct hc_request){.max_line = max_line, .max_bad_records = MANY_BAD, .format = HC_TABLE_CSV};
}

static void close_bench(struct bench *b)
{
	hc_reader_free(&b->reader);
	hc_input_files_free(&b->files);
	hc_account_free(&b->account);
	hc_arena_free(&b->arena);
}

static void add_file(struct bench *b, const char *source, const char *name, struct hc_str bytes)
{
	struct hc_err err;
	make_file_of(name, bytes.p, bytes.n);
	struct hc_input_file f = {.source = source, .size = bytes.n, .above = "", .key = name};
	f.path = hc_arena_cstring(&b->arena, hc_str(path_of(name)));
	assert_non_null(f.path);
	assert_int_equal(hc_input_files_add(&b->files, f, &err), HC_OK);
}

static void cut(struct bench *b, const char *source, bool rows)
{
	struct hc_err err;
	if (!b->reader.files)
		hc_reader_init(&b->reader, &b->request, &b->files);
	if (hc_reader_cut(&b->reader, source, rows, &err) != HC_OK)
		fail_msg("%s", err.msg);
}

static void pack(struct hc_str text, struct hc_buf *out)
{
	size_t room = text.n + text.n / 2 + 1024;
	char *to = hc_buf_room(out, room);
	assert_non_null(to);
	z_stream z = {.next_in = (Bytef *)(uintptr_t)text.p, .avail_in = (uInt)text.n};
	z.next_out = (Bytef *)to;
	z.avail_out = (uInt)room;
	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	out->n += z.total_out;
	deflateEnd(&z);
}

/* --- who takes it ---------------------------------------------------------------------------- */

static _Atomic int ended; /* how many lines have ended the reading */

/*
 * What a worker was given. Lines that begin with '!' are bad, with '*' they end the reading; with '+' the worker waits
 * (not forever) for another one to be ended so.
 */
struct seen {
	struct hc_buf text; /* all of it, one behind the other */
	struct {
		uint64_t place, line; /* line: of a row; 0: it is a line */
		size_t at, n;
	} list[SEEN_MAX];
	size_t n, headers, quick, passed;
	size_t unpassed; /* taken since the last call of `passed` */
};

static enum hc_code take(struct seen *s, struct hc_str text, uint64_t place, uint64_t line, struct hc_err *err)
{
	assert_true(s->n < SEEN_MAX);
	if (text.n && *text.p == '*') {
		ended++;
		return hc_fail(err, HC_USAGE, "refused");
	}
	for (int tries = 0; text.n && *text.p == '+' && !ended && tries < 2000; tries++)
		usleep(1000);
	if (text.n && *text.p == '!') {
		char shown[HC_STR_SHOW_SIZE];
		return hc_fail(err, HC_INPUT, "bad: '%s'", hc_str_show(text, shown));
	}
	s->list[s->n].place = place;
	s->list[s->n].line = line;
	s->list[s->n].at = s->text.n;
	s->list[s->n++].n = text.n;
	hc_buf_str(&s->text, text);
	s->unpassed++;
	return HC_OK;
}

static enum hc_code take_full(void *arg, struct hc_str line, uint64_t place, struct hc_err *err)
{
	return take(arg, line, place, 0, err);
}

/* Takes lines that begin with 'q', whole ones and the last. */
static enum hc_taken take_quick(void *arg, const char *p, const char *end, uint64_t place, const char **next,
				struct hc_err *err)
{
	struct seen *s = arg;
	assert_true(p < end);
	const char *newline = memchr(p, '\n', (size_t)(end - p));
	struct hc_str text = {p, (size_t)((newline ? newline : end) - p)};
	if (*p == '*' && take(s, text, place, 0, err) != HC_OK)
		return HC_TAKING_FAILED;
	if (*p != 'q' || text.n > max_line || text.p[text.n - 1] == '\r')
		return HC_NOT_TAKEN;
	assert_int_equal(take(s, text, place, 0, err), HC_OK);
	s->quick++;
	*next = newline ? newline + 1 : end;
	return HC_TAKEN;
}

static enum hc_code take_header(void *arg, const struct hc_csv_row *header, struct hc_err *err)
{
	struct seen *s = arg;
	s->headers++;
	if (header && hc_str_eq(header->fields[0], HC_STR("*")))
		return hc_fail(err, HC_INPUT, "refused");
	return HC_OK;
}

static enum hc_code take_row(void *arg, const struct hc_table_row *row, uint64_t place, struct hc_err *err)
{
	return take(arg, row->text, place, row->line, err);
}

static enum hc_code pass(void *arg, struct hc_err *err)
{
	struct seen *s = arg;
	(void)err;
	s->passed += s->unpassed;
	s->unpassed = 0;
	return HC_OK;
}

static const struct hc_taker slow = {.full = take_full, .passed = pass},
			     quick = {.quick = take_quick, .full = take_full, .passed = pass},
			     of_rows = {.header = take_header, .row = take_row, .passed = pass};

static struct seen workers[WORKERS_MAX];

static void reset_seen(void)
{
	for (unsigned i = 0; i < WORKERS_MAX; i++) {
		hc_buf_free(&workers[i].text);
		workers[i] = (struct seen){.text = HC_BUF(1 << 25)};
	}
}

static enum hc_code run(struct bench *b, const struct hc_taker *taker, unsigned n, struct hc_err *err)
{
	void *args[WORKERS_MAX];
	reset_seen();
	for (unsigned i = 0; i < n; i++)
		args[i] = &workers[i];
	return hc_reader_run(&b->reader, 0, b->reader.n_chunks, taker, args, n, err);
}

static void must_run(struct bench *b, const struct hc_taker *taker, unsigned n)
{
	struct hc_err err;
	if (run(b, taker, n, &err) != HC_OK)
		fail_msg("%s", err.msg);
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(workers[i].unpassed, 0);
		assert_int_equal(workers[i].passed, workers[i].n);
	}
}

/* --- what should be read, by a plain look at the bytes ---------------------------------------- */

struct line {
	struct hc_str text;
	uint64_t number;
	bool bad;
};

static size_t split(struct hc_str bytes, struct line *out)
{
	size_t n = 0;
	uint64_t number = 0;
	if (hc_str_starts(bytes, "\xef\xbb\xbf"))
		bytes = (struct hc_str){bytes.p + 3, bytes.n - 3};
	while (bytes.n) {
		size_t end = 0;
		while (end < bytes.n && bytes.p[end] != '\n')
			end++;
		bool newline = end < bytes.n;
		struct hc_str text = {bytes.p, end};
		if (newline && text.n && text.p[text.n - 1] == '\r')
			text.n--;
		number++;
		if (text.n > max_line || hc_str_trim(text).n)
			out[n++] = (struct line){text, number, text.n > max_line || *text.p == '!'};
		bytes.p += end + newline;
		bytes.n -= end + newline;
	}
	return n;
}

/* Where each line went: worker and index there, by a search through all. */
static bool find_place(uint64_t place, struct hc_str *text, uint64_t *line)
{
	bool found = false;
	for (unsigned w = 0; w < WORKERS_MAX; w++) {
		for (size_t i = 0; i < workers[w].n; i++) {
			if (workers[w].list[i].place != place)
				continue;
			assert_false(found); /* taken twice */
			found = true;
			*text = (struct hc_str){workers[w].text.p + workers[w].list[i].at, workers[w].list[i].n};
			*line = workers[w].list[i].line;
		}
	}
	return found;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

static size_t all_places(uint64_t *out)
{
	size_t n = 0;
	for (unsigned w = 0; w < WORKERS_MAX; w++)
		for (size_t i = 0; i < workers[w].n; i++)
			out[n++] = workers[w].list[i].place;
	if (n)
		qsort(out, n, sizeof *out, by_value);
	return n;
}

static void check_where(const struct bench *b, uint64_t place, size_t file, uint64_t line)
{
	struct hc_class_place where = hc_reader_where(&b->reader, place);
	if (where.file != file || where.line != line)
		fail_msg("%d:%d is not %d:%d", (int)where.file, (int)where.line, (int)file, (int)line);
	assert_string_equal(hc_reader_path(&b->reader, place), b->files.list[file].path);
}

/* The lines of all files were taken, the bad ones listed, in the order of the files. */
static void check_all(const struct bench *b, const struct hc_str *bytes, size_t files)
{
	static struct line lines[SEEN_MAX];
	static uint64_t places[SEEN_MAX];
	size_t n_places = all_places(places), at = 0, bad = 0;
	for (size_t file = 0; file < files; file++) {
		size_t n = split(bytes[file], lines);
		for (size_t i = 0; i < n; i++) {
			if (lines[i].bad) {
				assert_true(bad < b->reader.bad.n);
				check_where(b, b->reader.bad.places[bad++], file, lines[i].number);
				continue;
			}
			struct hc_str text = {0};
			uint64_t row = 0;
			assert_true(at < n_places);
			assert_true(find_place(places[at], &text, &row));
			if (!hc_str_eq(text, lines[i].text))
				fail_msg("\"%.*s\" is not \"%.*s\"", HC_STR_ARG(text), HC_STR_ARG(lines[i].text));
			check_where(b, places[at++], file, lines[i].number);
		}
	}
	assert_int_equal(at, n_places);
	assert_int_equal(bad, b->reader.bad.n);
}

/* --- texts ------------------------------------------------------------------------------------ */

/* Lines of any length around the borders of small chunks; '\1' stands for a long line. */
static void make_text(uint64_t *random, const char *start, const char *end, bool bad, struct hc_buf *out)
{
	hc_buf_cstr(out, start);
	for (int i = 0; i < 60; i++) {
		uint64_t r = check_random(random);
		size_t n = r % 5 == 0 ? 0 : r % 5 == 1 ? r % 7 : r % 5 == 2 ? MAX_LINE - 2 + r / 8 % 5 : r % 90;
		if (!bad && n > MAX_LINE)
			n = MAX_LINE;
		for (size_t k = 0; k < n; k++)
			hc_buf_char(out, k > 0           ? (char)(' ' + check_random(random) % 90)
					 : r % 16 > 5    ? 'q'
					 : r % 16 > 1    ? 'x'
					 : r % 16 && bad ? '!'
							 : ' ');
		hc_buf_cstr(out, r % 3 ? "\n" : "\r\n");
	}
	hc_buf_cstr(out, end);
}

static const char *const ends[] = {"", "q", "x without newline", "\r", "q\r", "\n\n\n", " \t", "! bad", "\r\n"};

/* --- tests ------------------------------------------------------------------------------------ */

static void test_any_cut(void **state)
{
	(void)state;
	static const unsigned crews[] = {1, 2, WORKERS_MAX};
	for (uint64_t bytes = 64; bytes <= 200; bytes++) {
		struct bench b;
		uint64_t random = bytes;
		struct hc_buf text = HC_BUF(1 << 20), more = HC_BUF(1 << 20);
		make_text(&random, bytes % 2 ? "\xef\xbb\xbf" : "", ends[bytes % COUNT(ends)], true, &text);
		make_text(&random, "", ends[(bytes + 1) % COUNT(ends)], true, &more);
		const struct hc_str files[] = {hc_buf_view(&text), HC_STR(""), hc_buf_view(&more), HC_STR("q")};
		open_bench(&b);
		b.request.chunk_bytes = bytes;
		for (size_t i = 0; i < COUNT(files); i++) {
			char name[] = "a.jsonl";
			name[0] = (char)('a' + i);
			add_file(&b, "capture", name, files[i]);
		}
		for (size_t i = 0; i < 2 * COUNT(crews); i++) {
			hc_reader_free(&b.reader);
			cut(&b, "capture", false);
			assert_true(b.reader.n_chunks > 10);
			must_run(&b, i % 2 ? &quick : &slow, crews[i / 2]);
			check_all(&b, files, COUNT(files));
			size_t by_quick = 0;
			for (unsigned w = 0; w < WORKERS_MAX; w++)
				by_quick += workers[w].quick;
			assert_int_equal(by_quick > 0, i % 2);
		}
		close_bench(&b);
		hc_buf_free(&text);
		hc_buf_free(&more);
	}
}

/* Whole files: small ones, large ones, packed ones; the same lines. */
static void test_whole_files(void **state)
{
	(void)state;
	for (size_t large = 0; large < 2; large++) {
		for (size_t i = 0; i < COUNT(ends); i++) {
			struct bench b;
			uint64_t random = i;
			struct hc_buf text = HC_BUF(1 << 22), packed = HC_BUF(1 << 22);
			open_bench(&b);
			make_text(&random, i % 2 ? "\xef\xbb\xbf" : "", ends[i], true, &text);
			/* blank lines, so that the file is large and its lines few */
			while (large && text.n <= HC_READER_SLURPED_MAX)
				hc_buf_cstr(&text, "\n");
			pack(hc_buf_view(&text), &packed);
			const struct hc_str files[] = {hc_buf_view(&text), hc_buf_view(&text)};
			add_file(&b, "capture", "plain", files[0]);
			add_file(&b, "capture", "packed", hc_buf_view(&packed));
			cut(&b, "capture", false);
			assert_int_equal(b.reader.n_chunks, 2);
			for (int k = 0; k < 2; k++) {
				b.reader.bad.n = 0;
				must_run(&b, k ? &quick : &slow, 1 + (unsigned)i % 2);
				check_all(&b, files, 2);
			}
			close_bench(&b);
			hc_buf_free(&text);
			hc_buf_free(&packed);
		}
	}
}

/* A packed file that is larger than what is read at once, and is never cut. */
static void test_large_packed(void **state)
{
	(void)state;
	struct bench b;
	struct hc_buf text = HC_BUF(1 << 24), packed = HC_BUF(1 << 24);
	uint64_t random = 3;
	for (int i = 0; i < 2000; i++)
		hc_buf_printf(&text, "q%016llx%016llx%016llx%016llx%016llx\n",
			      (unsigned long long)check_random(&random), (unsigned long long)check_random(&random),
			      (unsigned long long)check_random(&random), (unsigned long long)check_random(&random),
			      (unsigned long long)check_random(&random));
	for (int i = 0; i < 300000; i++) {
		char noise[] = {(char)(' ' + check_random(&random) % 2), '\n'};
		noise[0] = noise[0] == '!' ? '\t' : ' ';
		hc_buf_put(&text, noise, check_random(&random) % 3 ? 1 : 2);
	}
	hc_buf_cstr(&text, "\nx");
	pack(hc_buf_view(&text), &packed);
	open_bench(&b);
	b.request.chunk_bytes = 1000;
	const struct hc_str files[] = {hc_buf_view(&text)};
	add_file(&b, "capture", "packed", hc_buf_view(&packed));
	cut(&b, "capture", false);
	assert_int_equal(b.reader.n_chunks, 1);
	must_run(&b, &quick, 2);
	check_all(&b, files, 1);
	/* a damaged one is an error about the file, however many bad records are tolerated */
	struct hc_err err;
	make_file_of("packed", packed.p, packed.n - 9);
	b.files.list[0].size = packed.n - 9;
	assert_int_equal(run(&b, &quick, 2, &err), HC_INPUT);
	assert_non_null(strstr(err.msg, b.files.list[0].path));
	close_bench(&b);
	hc_buf_free(&text);
	hc_buf_free(&packed);
}

/* Lines longer than what is read at once, within the limit and beyond it. */
static void test_long_lines(void **state)
{
	(void)state;
	static const size_t lengths[] = {10, 700000, 0, 1 << 20, (1 << 20) + 1, 5, (1 << 20) + 2, 3 << 20, 1, 300000};
	struct hc_buf text = HC_BUF(1 << 25), packed = HC_BUF(1 << 25);
	for (size_t i = 0; i < COUNT(lengths); i++) {
		for (size_t k = 0; k < lengths[i]; k++)
			hc_buf_char(&text, k ? (char)('a' + k % 26) : 'q');
		if (i + 1 < COUNT(lengths))
			hc_buf_cstr(&text, i % 3 ? "\n" : "\r\n");
	}
	pack(hc_buf_view(&text), &packed);
	max_line = 1 << 20;
	for (uint64_t bytes = 100000; bytes <= 100000000; bytes *= 10) {
		struct bench b;
		const struct hc_str files[] = {hc_buf_view(&text), hc_buf_view(&text)};
		open_bench(&b);
		b.request.chunk_bytes = bytes;
		add_file(&b, "capture", "plain", files[0]);
		add_file(&b, "capture", "packed", hc_buf_view(&packed));
		cut(&b, "capture", false);
		for (int k = 0; k < 2; k++) {
			b.reader.bad.n = 0;
			must_run(&b, k ? &quick : &slow, 2);
			assert_int_equal(b.reader.bad.n, 6);
			check_all(&b, files, 2);
		}
		close_bench(&b);
	}
	max_line = MAX_LINE;
	hc_buf_free(&text);
	hc_buf_free(&packed);
}

/* The error is about the first bad record beyond those that are tolerated, whoever finds which one when. */
static void test_bad_records(void **state)
{
	(void)state;
	enum { BAD = 12 };
	static uint64_t bad_lines[BAD];
	static const unsigned crews[] = {1, 2, WORKERS_MAX};
	struct hc_buf text = HC_BUF(1 << 20);
	uint64_t random = 9, line = 0;
	for (int i = 0; i < BAD; i++) {
		for (uint64_t good = check_random(&random) % 12; good > 0; good--, line++)
			hc_buf_cstr(&text, good % 3 ? "q a good one\n" : "\r\n");
		hc_buf_printf(&text, "! number %d\n", i);
		bad_lines[i] = ++line;
	}
	for (uint64_t max = 0; max <= BAD; max++) {
		for (size_t i = 0; i < 3 * COUNT(crews); i++) {
			static const uint64_t cuts[] = {64, 100, 1 << 20};
			struct bench b;
			struct hc_err err = {0};
			char place[CHECK_PATH_MAX];
			open_bench(&b);
			b.request.chunk_bytes = cuts[i % 3];
			b.request.max_bad_records = max;
			add_file(&b, "capture", "a", hc_buf_view(&text));
			cut(&b, "capture", false);
			enum hc_code code = run(&b, &quick, crews[i / 3], &err);
			if (max == BAD) {
				assert_int_equal(code, HC_OK);
				assert_int_equal(b.reader.bad.n, BAD);
			} else {
				assert_int_equal(code, HC_INPUT);
				snprintf(place, sizeof place, "%s:%d: bad: '! number %d'", b.files.list[0].path,
					 (int)bad_lines[max], (int)max);
				assert_string_equal(err.msg, place);
				snprintf(place, sizeof place, "this is bad record %d, --max-bad-records is %d",
					 (int)max + 1, (int)max);
				assert_string_equal(err.hint, max ? place : "");
			}
			close_bench(&b);
		}
	}
	hc_buf_free(&text);
}

/* What ends the reading has its place, also where a later piece failed first; bad records before it count first. */
static void test_failures(void **state)
{
	(void)state;
	static const struct {
		uint64_t max;
		const char *text;
		int line; /* of the failure */
		enum hc_code code;
	} table[] = {
		{0, "q\nx\n*\n*\n", 3, HC_USAGE},         {5, "! bad\nq\n*\n! bad\n", 3, HC_USAGE},
		{0, "! bad\nq\n*\n! bad\n", 1, HC_INPUT}, {1, "! a\n! b\n*\n", 2, HC_INPUT},
		{0, "*\n! bad\n", 1, HC_USAGE},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		for (unsigned k = 0; k < 4; k++) {
			struct bench b;
			struct hc_err err = {0};
			char place[CHECK_PATH_MAX];
			struct hc_buf text = HC_BUF(1 << 20);
			/* blank lines in between, so that lines are in pieces of their own */
			for (const char *p = table[i].text; *p; p++) {
				hc_buf_char(&text, *p);
				for (int n = 0; *p == '\n' && k % 2 && n < 100; n++)
					hc_buf_char(&text, ' ');
			}
			open_bench(&b);
			b.request.chunk_bytes = 64;
			b.request.max_bad_records = table[i].max;
			/* lines begin with blanks then: the taker looks at their first byte */
			add_file(&b, "capture", "a", hc_buf_view(&text));
			if (k % 2) {
				hc_buf_reset(&text);
				for (const char *p = table[i].text; *p; p++) {
					hc_buf_char(&text, *p);
					if (*p == '\n')
						hc_buf_printf(&text, "%*s\n", 99, "");
				}
				b.files.n = 0;
				add_file(&b, "capture", "a", hc_buf_view(&text));
			}
			cut(&b, "capture", false);
			assert_int_equal(run(&b, k / 2 ? &quick : &slow, 1 + k, &err), table[i].code);
			snprintf(place, sizeof place, "%s:%d: %s", b.files.list[0].path,
				 k % 2 ? 2 * table[i].line - 1 : table[i].line,
				 table[i].code == HC_USAGE ? "refused" : "bad");
			if (strncmp(err.msg, place, strlen(place)) != 0)
				fail_msg("%s is not %s", err.msg, place);
			close_bench(&b);
			hc_buf_free(&text);
		}
	}
}

/* A failure in the first piece, which is found only when a later piece has failed. */
static void test_late_failure(void **state)
{
	(void)state;
	for (int bad = 0; bad < 2; bad++) {
		struct bench b;
		struct hc_err err;
		struct hc_buf text = HC_BUF(1 << 20);
		hc_buf_printf(&text, "+\n%*s\n%s\n%*s\n*\n", 10, "", bad ? "!" : "*", 100, "");
		open_bench(&b);
		b.request.chunk_bytes = 64;
		b.request.max_bad_records = 0;
		add_file(&b, "capture", "a", hc_buf_view(&text));
		cut(&b, "capture", false);
		assert_int_equal(b.reader.n_chunks, 2);
		ended = 0;
		assert_int_equal(run(&b, &slow, 2, &err), bad ? HC_INPUT : HC_USAGE);
		assert_non_null(strstr(err.msg, "/a:3: "));
		close_bench(&b);
		hc_buf_free(&text);
	}
}

/* Bytes that are no text, and files that are not there, are no bad records. */
static void test_unreadable_files(void **state)
{
	(void)state;
	struct bench b;
	struct hc_err err;
	open_bench(&b);
	add_file(&b, "capture", "wide", (struct hc_str){"\xff\xfe{\0", 4});
	cut(&b, "capture", false);
	assert_int_equal(run(&b, &slow, 2, &err), HC_INPUT);
	assert_non_null(strstr(err.msg, "/wide:1: "));
	assert_non_null(strstr(err.msg, "UTF-16"));
	remove(path_of("wide"));
	assert_int_equal(run(&b, &slow, 2, &err), HC_INPUT);
	assert_non_null(strstr(err.msg, "/wide"));
	/* the same of one that would be cut, and of a large one */
	for (uint64_t bytes = 64; bytes <= 1 << 20; bytes += (1 << 20) - 64) {
		hc_reader_free(&b.reader);
		b.request.chunk_bytes = bytes;
		b.files.list[0].size = 300 << 10;
		cut(&b, "capture", false);
		assert_int_equal(run(&b, &slow, 2, &err), HC_INPUT);
		assert_non_null(strstr(err.msg, "/wide"));
	}
	close_bench(&b);
}

/* A taker that cuts the file short when it is first called. */
static enum hc_code take_and_cut(void *arg, struct hc_str line, uint64_t place, struct hc_err *err)
{
	(void)line;
	(void)place;
	(void)err;
	return truncate(arg, 0) == 0 ? HC_OK : hc_fail(err, HC_IO, "cannot be cut");
}

/* A file that becomes shorter while it is read is an error that says so, not a crash and not fewer records. */
static void test_shrinking(void **state)
{
	(void)state;
	static const struct hc_taker cutting = {.full = take_and_cut};
	struct hc_buf text = HC_BUF(1 << 22);
	while (text.n < 1 << 20)
		hc_buf_printf(&text, "q line %zu\n", text.n);
	struct hc_buf packed = HC_BUF(1 << 24);
	uint64_t random = 3;
	while (packed.n < 1 << 22) /* what does not pack well is as long packed */
		hc_buf_printf(&packed, "q %llx\n", (unsigned long long)check_random(&random));
	struct hc_buf plain = packed;
	packed = HC_BUF(1 << 24);
	pack(hc_buf_view(&plain), &packed);
	hc_buf_free(&plain);
	/* in pieces, whole, packed */
	static const uint64_t chunks[] = {100000, 200000, 1 << 24, 1 << 24};
	for (size_t i = 0; i < COUNT(chunks); i++) {
		struct bench b;
		struct hc_err err;
		open_bench(&b);
		b.request.chunk_bytes = chunks[i];
		add_file(&b, "capture", "a", i < 3 ? hc_buf_view(&text) : hc_buf_view(&packed));
		assert_true(b.files.list[0].size > HC_READER_SLURPED_MAX);
		cut(&b, "capture", false);
		void *args[2];
		args[0] = args[1] = (void *)(uintptr_t)b.files.list[0].path;
		assert_int_equal(hc_reader_run(&b.reader, 0, b.reader.n_chunks, &cutting, args, 2, &err), HC_IO);
		assert_non_null(strstr(err.msg, "/a"));
		/* a packed stream may also know by itself that it is not all */
		assert_non_null(strstr(err.msg, "shrank while it was read"));
		close_bench(&b);
	}
	hc_buf_free(&text);
	hc_buf_free(&packed);
}

/* Single records again: those that were asked for and no other, good and bad. */
static void test_again(void **state)
{
	(void)state;
	uint64_t random = 31;
	for (int round = 0; round < 60; round++) {
		static uint64_t places[SEEN_MAX], wanted[SEEN_MAX];
		static struct seen again;
		struct bench b;
		struct hc_err err;
		struct hc_buf text = HC_BUF(1 << 20), packed = HC_BUF(1 << 20);
		make_text(&random, round % 2 ? "\xef\xbb\xbf" : "", ends[(size_t)round % COUNT(ends)], true, &text);
		pack(hc_buf_view(&text), &packed);
		open_bench(&b);
		b.request.chunk_bytes = round % 3 ? 64 + check_random(&random) % 1000 : 1 << 20;
		add_file(&b, "labels", "a", hc_buf_view(&text));
		add_file(&b, "labels", "b", hc_buf_view(&packed));
		add_file(&b, "labels", "c", hc_buf_view(&text));
		cut(&b, "labels", false);
		must_run(&b, &quick, 2);
		size_t n = all_places(places), n_wanted = 0;
		for (size_t i = 0; i < n; i++)
			if (check_random(&random) % 8 == 0)
				wanted[n_wanted++] = places[i];
		hc_buf_free(&again.text);
		again = (struct seen){.text = HC_BUF(1 << 20)};
		/* the quick way is not for this */
		assert_int_equal(hc_reader_again(&b.reader, wanted, n_wanted, &quick, &again, &err), HC_OK);
		assert_int_equal(again.n, n_wanted);
		assert_int_equal(again.quick, 0);
		for (size_t i = 0; i < n_wanted; i++) {
			struct hc_str line = {0};
			uint64_t row = 0;
			assert_int_equal(again.list[i].place, wanted[i]);
			assert_true(find_place(wanted[i], &line, &row));
			assert_true(hc_str_eq(line, (struct hc_str){again.text.p + again.list[i].at, again.list[i].n}));
		}
		/* why a record is bad */
		size_t n_bad = b.reader.bad.n;
		assert_true(n_bad > 0);
		struct hc_err *reasons = calloc(n_bad, sizeof *reasons);
		assert_non_null(reasons);
		again.n = 0;
		assert_int_equal(
			hc_reader_explain(&b.reader, b.reader.bad.places, n_bad, &quick, &again, reasons, &err), HC_OK);
		assert_int_equal(again.n, 0);
		for (size_t i = 0; i < n_bad; i++) {
			assert_int_equal(reasons[i].code, HC_INPUT);
			assert_true(strncmp(reasons[i].msg, "bad: '!", 7) == 0 ||
				    strstr(reasons[i].msg, "the line is longer than 150 bytes"));
		}
		free(reasons);
		/* a record that is good by now */
		if (n) {
			struct hc_err reason = {0};
			assert_int_equal(hc_reader_explain(&b.reader, places, 1, &quick, &again, &reason, &err), HC_OK);
			assert_int_equal(reason.code, HC_OK);
		}
		close_bench(&b);
		hc_buf_free(&text);
		hc_buf_free(&packed);
		hc_buf_free(&again.text);
	}
}

/* One chunk after the other, by whoever asks. */
static void test_single_chunks(void **state)
{
	(void)state;
	struct bench b;
	struct hc_err err;
	uint64_t random = 5;
	struct hc_buf text = HC_BUF(1 << 20);
	make_text(&random, "", "q", false, &text);
	const struct hc_str files[] = {hc_buf_view(&text)};
	open_bench(&b);
	b.request.chunk_bytes = 100;
	add_file(&b, "capture", "a", files[0]);
	cut(&b, "capture", false);
	must_run(&b, &slow, 1);
	reset_seen();
	for (size_t i = b.reader.n_chunks; i-- > 0;)
		assert_int_equal(hc_reader_chunk(&b.reader, i, &quick, &workers[i % 3], &err), HC_OK);
	check_all(&b, files, 1);
	close_bench(&b);
	/* a failure has its place */
	hc_buf_cstr(&text, "\n! bad");
	open_bench(&b);
	b.request.chunk_bytes = 100;
	add_file(&b, "capture", "a", hc_buf_view(&text));
	cut(&b, "capture", false);
	must_run(&b, &slow, 1);
	assert_int_equal(hc_reader_chunk(&b.reader, b.reader.n_chunks - 1, &slow, &workers[0], &err), HC_INPUT);
	assert_non_null(strstr(err.msg, "/a:62: bad"));
	close_bench(&b);
	hc_buf_free(&text);
}

/* Two sources, cut one after the other: places of the first are less. */
static void test_sources(void **state)
{
	(void)state;
	struct bench b;
	static uint64_t places[SEEN_MAX];
	open_bench(&b);
	add_file(&b, "capture", "c", HC_STR("q c\n"));
	add_file(&b, "labels", "l", HC_STR("q l\nq m\n"));
	add_file(&b, "other", "o", HC_STR("q o\n"));
	cut(&b, "labels", false);
	cut(&b, "capture", false);
	assert_int_equal(b.reader.n_chunks, 2);
	must_run(&b, &quick, 2);
	assert_int_equal(all_places(places), 3);
	check_where(&b, places[0], 1, 1);
	check_where(&b, places[1], 1, 2);
	check_where(&b, places[2], 0, 1);
	close_bench(&b);
}

/* Tables: a row's line is where it begins, also behind rows of several lines. */
static void test_rows(void **state)
{
	(void)state;
	struct bench b;
	struct hc_err err;
	static uint64_t places[SEEN_MAX];
	static const struct {
		const char *text;
		uint64_t line;
	} rows[] = {{"1,a", 2}, {"2,\"b\nstill b\"", 3}, {"3,c", 6}};
	open_bench(&b);
	b.request.header = HC_HEADER_FIRST_ROW;
	add_file(&b, "capture", "a.csv", HC_STR("n,x\n1,a\n2,\"b\nstill b\"\n\n3,c\n! bad,1\n"));
	add_file(&b, "capture", "b.csv", HC_STR("n,x\n7,z\n"));
	b.request.chunk_bytes = 64; /* tables are not cut */
	cut(&b, "capture", true);
	assert_int_equal(b.reader.n_chunks, 2);
	for (unsigned crew = 1; crew <= 2; crew++) {
		b.reader.bad.n = 0;
		must_run(&b, &of_rows, crew);
		assert_int_equal(workers[0].headers + workers[1].headers, 2);
		assert_int_equal(all_places(places), 4);
		for (size_t i = 0; i < COUNT(rows); i++) {
			struct hc_str text = {0};
			uint64_t line = 0;
			assert_true(find_place(places[i], &text, &line));
			check_str(text, rows[i].text);
			assert_int_equal(line, rows[i].line);
			check_where(&b, places[i], 0, rows[i].line);
		}
		check_where(&b, places[3], 1, 2);
		assert_int_equal(b.reader.bad.n, 1);
		check_where(&b, b.reader.bad.places[0], 0, 7);
	}
	/* again */
	static struct seen again;
	again = (struct seen){.text = HC_BUF(1 << 20)};
	const uint64_t wanted[] = {places[1], places[3]};
	assert_int_equal(hc_reader_again(&b.reader, wanted, 2, &of_rows, &again, &err), HC_OK);
	assert_int_equal(again.n, 2);
	check_str(hc_buf_view(&again.text), "2,\"b\nstill b\"7,z");
	struct hc_err reason = {0};
	assert_int_equal(hc_reader_explain(&b.reader, b.reader.bad.places, 1, &of_rows, &again, &reason, &err), HC_OK);
	assert_int_equal(reason.code, HC_INPUT);
	assert_string_equal(reason.msg, "bad: '! bad,1'");
	hc_buf_free(&again.text);
	/* not tolerated, and a header that will not do */
	b.reader.bad.n = 0;
	b.request.max_bad_records = 0;
	assert_int_equal(run(&b, &of_rows, 2, &err), HC_INPUT);
	assert_non_null(strstr(err.msg, "/a.csv:7: bad"));
	make_file("b.csv", "*,x\n7,z\n");
	make_file("a.csv", "n,x\n");
	b.files.list[0].size = 4;
	b.reader.bad.n = 0;
	assert_int_equal(run(&b, &of_rows, 2, &err), HC_INPUT);
	assert_non_null(strstr(err.msg, "/b.csv:1: refused"));
	close_bench(&b);
}

static int whys; /* how often it was asked */

static enum hc_code why(void *arg, const uint64_t *places, size_t n, struct hc_err *reasons, struct hc_err *err)
{
	struct bench *b = arg;
	whys++;
	HC_TRY(hc_reader_explain(&b->reader, places, n, &slow, &workers[0], reasons, err));
	for (size_t i = 0; i < n; i++)
		if (hc_place_line(places[i]) == 4)
			(void)!hc_fail(&reasons[i], HC_INPUT, "found later");
	return HC_OK;
}

/* Bad records in the account, those among them that were found later. */
static void test_settled(void **state)
{
	(void)state;
	for (uint64_t max = 0; max <= 3; max++) {
		struct bench b;
		struct hc_err err;
		open_bench(&b);
		b.request.max_bad_records = 2;
		add_file(&b, "capture", "a", HC_STR("q\n! one\nq\nq\nq a pair\n! two\n"));
		cut(&b, "capture", false);
		must_run(&b, &slow, 1);
		const uint64_t later[] = {hc_place(0, 4)};
		assert_int_equal(hc_reader_add_bad(&b.reader, later, 1, &err), HC_OK);
		assert_int_equal(hc_reader_add_bad(&b.reader, NULL, 0, &err), HC_OK);
		b.request.max_bad_records = max;
		struct hc_tolerance tolerance = {.max = max, .account = &b.account};
		enum hc_code code = hc_reader_settle(&b.reader, &tolerance, why, &b, &err);
		assert_int_equal(code, max < 3 ? HC_INPUT : HC_OK);
		static const char *const reasons[] = {"bad: '! one'", "found later", "bad: '! two'"};
		static const int lines[] = {2, 5, 6};
		char place[CHECK_PATH_MAX];
		snprintf(place, sizeof place, "%s:%d: %s", b.files.list[0].path, lines[max % 3], reasons[max % 3]);
		if (code != HC_OK)
			assert_string_equal(err.msg, place);
		for (size_t i = 0; i < 3 && code == HC_OK; i++) {
			const struct hc_account_sample *s = &b.account.lines[HC_UNREADABLE].samples[i];
			assert_string_equal(s->path, b.files.list[0].path);
			assert_int_equal(s->line, lines[i]);
			assert_string_equal(s->why, reasons[i]);
		}
		assert_int_equal(b.account.lines[HC_UNREADABLE].count, max < 3 ? 0 : 3);
		assert_int_equal(tolerance.seen, max < 3 ? 0 : 3);
		close_bench(&b);
	}
}

/* More than the account shows. */
static void test_many_settled(void **state)
{
	(void)state;
	struct bench b;
	struct hc_err err;
	struct hc_buf text = HC_BUF(1 << 20);
	for (int i = 0; i < 100; i++)
		hc_buf_printf(&text, "! %d\nq\n", i);
	open_bench(&b);
	b.request.chunk_bytes = 64;
	add_file(&b, "capture", "a", hc_buf_view(&text));
	cut(&b, "capture", false);
	must_run(&b, &slow, 3);
	struct hc_tolerance tolerance = {.max = MANY_BAD, .account = &b.account};
	whys = 0;
	assert_int_equal(hc_reader_settle(&b.reader, &tolerance, why, &b, &err), HC_OK);
	assert_int_equal(whys, 1); /* a packed file is read from its beginning each time */
	assert_int_equal(b.account.lines[HC_UNREADABLE].count, 100);
	assert_int_equal(b.account.lines[HC_UNREADABLE].n_samples, HC_ACCOUNT_SAMPLES_MAX);
	assert_int_equal(b.account.lines[HC_UNREADABLE].samples[19].line, 39);
	assert_int_equal(tolerance.seen, 100);
	/* they are good by now */
	struct hc_buf mended = HC_BUF(1 << 20);
	for (int i = 0; i < 100; i++)
		hc_buf_printf(&mended, "q %d\nq\n", i);
	make_file_of("a", hc_buf_view(&mended).p, mended.n);
	hc_buf_free(&mended);
	assert_int_equal(hc_reader_settle(&b.reader, &tolerance, why, &b, &err), HC_IO);
	assert_non_null(strstr(err.msg, "/a: changed while it was read"));
	close_bench(&b);
	hc_buf_free(&text);
}

static void test_places(void **state)
{
	(void)state;
	static const size_t chunks[] = {0, 1, HC_CHUNKS_MAX - 1};
	static const uint64_t lines[] = {0, 1, HC_PLACE_LINES_MAX - 1};
	uint64_t before = 0;
	for (size_t c = 0; c < COUNT(chunks); c++) {
		for (size_t l = 0; l < COUNT(lines); l++) {
			uint64_t place = hc_place(chunks[c], lines[l]);
			assert_int_equal(hc_place_chunk(place), chunks[c]);
			assert_int_equal(hc_place_line(place), lines[l]);
			assert_true(place < UINT64_C(1) << HC_PLACE_BITS);
			assert_true(place > before || (c == 0 && l == 0));
			before = place;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_folder(test_shrinking),     in_folder(test_any_cut),       in_folder(test_whole_files),
		in_folder(test_large_packed),  in_folder(test_long_lines),    in_folder(test_bad_records),
		in_folder(test_failures),      in_folder(test_late_failure),  in_folder(test_unreadable_files),
		in_folder(test_again),         in_folder(test_single_chunks), in_folder(test_sources),
		in_folder(test_rows),          in_folder(test_settled),       in_folder(test_many_settled),
		cmocka_unit_test(test_places),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
