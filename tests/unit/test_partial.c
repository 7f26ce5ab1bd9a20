#include "monitor/partial.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "check_metric.h"
#include "codec/checksum.h"
#include "monitor/measure.h"

enum { FILES = 3, WORKERS = 4, KINDS = 5 };

static struct hc_err err;

/* --- tallies, and what is written of them ------------------------------------------------------ */

static const struct hc_input_file input_files[FILES] = {
	{"capture", "data/a.jsonl", "a.jsonl", "ep/v", 1772341200000000, 200, 0},
	{"merged", "data/b.jsonl", "b.jsonl", "", 0, 100, 0},
	{"merged", "data/c.jsonl.gz", "c.jsonl.gz", "", -1, 300, 0},
};

static struct hc_attribute attribute(const char *text)
{
	return (struct hc_attribute){.given = true, .text = hc_str(text), .column = SIZE_MAX};
}

static struct hc_measure_options options_of(int kind)
{
	struct hc_measure_options o = {.seed = 42, .curve_points = 100};
	o.problem = kind == 3 ? HC_MULTICLASS : kind == 4 ? HC_REGRESSION : HC_BINARY;
	if (kind != 0)
		o.inference = attribute("$.predicted");
	if (kind <= 1)
		o.probability = attribute("score");
	if (kind == 1) {
		o.has_threshold = false;
		o.truth = attribute("label");
	}
	if (kind == 0) {
		o.has_threshold = true;
		o.threshold = 0.25;
	}
	if (kind == 2)
		o.positive_label = HC_STR("b");
	return o;
}

static struct hc_spill *spill(void)
{
	static struct hc_spill s;
	if (!s.folder)
		assert_int_equal(hc_spill_init(&s, UINT64_C(1) << 30, "/tmp", &err), HC_OK);
	return &s;
}

static struct hc_class_place where_is(void *arg, uint64_t place)
{
	(void)arg;
	return (struct hc_class_place){hc_place_chunk(place), hc_place_line(place) + 1};
}

static const struct hc_place_resolver places = {where_is, NULL};

static struct hc_tally *open_tally(const struct hc_measure_options *o, unsigned workers)
{
	struct hc_tally *t;
	assert_int_equal(hc_tally_open(o, spill(), workers, &t, &err), HC_OK);
	return t;
}

/* Row number i, which is the same whoever adds it. */
static void add_row(struct hc_tally *t, unsigned worker, uint64_t i)
{
	static const char *const texts[] = {"a", "b", "b ", "", "a\n"}, *const numbers[] = {"0", "1"};
	uint64_t random = i;
	uint64_t r = check_random(&random);
	const struct hc_measure_options *o = &t->options;
	size_t classes = o->problem == HC_MULTICLASS ? COUNT(texts) : 2;
	const char *const *names = o->problem == HC_BINARY && !o->positive_label.p ? numbers : texts;
	uint8_t samples = (uint8_t)(r >> 8 & 31);
	uint64_t place = hc_place(i % FILES, i / FILES);
	if (o->problem == HC_REGRESSION) {
		double actual = ldexp((double)(int64_t)r, (int)(r >> 20 & 255) - 128);
		hc_tally_add_values(t, worker, actual, r & 1 ? actual * 1.5 : (double)(r >> 40), samples);
		return;
	}
	struct hc_tally_row row = {
		.predicted = HC_BINARY_BY_SCORE, .samples = samples, .label = place, .output = place, .score = NAN};
	if (hc_measure_uses_score(o))
		row.score = r & 64 ? (double)(r >> 32 & 7) / 7 : (double)(r >> 12) * 0x1p-52;
	if (r % 97 == 0 && hc_measure_uses_score(o))
		row.score = -0.0;
	assert_true(hc_tally_class(t, worker, hc_str(names[(r >> 3) % classes]), 0, &row.actual));
	if (hc_measure_uses_class(o))
		assert_true(hc_tally_class(t, worker, hc_str(names[r % classes]), 0, &row.predicted));
	assert_int_equal(hc_tally_add(t, worker, &row, &err), HC_OK);
}

static struct hc_partial head_of(const struct hc_measure_options *o)
{
	return (struct hc_partial){.options = *o,
				   .tolerated = 7,
				   .dropped = 9,
				   .files = input_files,
				   .n_files = FILES,
				   .preprocessor = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"};
}

static void put(void *arg, const void *p, size_t n)
{
	hc_buf_put(arg, p, n);
}

static void write_tally(const struct hc_partial *p, struct hc_tally *t, struct hc_buf *out)
{
	*out = HC_BUF(1 << 28);
	if (hc_partial_write(p, t, &places, put, out, &err) != HC_OK)
		fail_msg("%s", err.msg);
	assert_int_equal(hc_buf_check(out, "it", &err), HC_OK);
}

/* Rows 0 to n - 1, by workers in turn, from the first to the last or the other way. */
static void write_rows(int kind, uint64_t n, unsigned workers, bool backwards, struct hc_buf *out)
{
	struct hc_measure_options o = options_of(kind);
	struct hc_partial p = head_of(&o);
	struct hc_tally *t = open_tally(&o, workers);
	for (uint64_t i = 0; i < n; i++)
		add_row(t, (unsigned)(i % workers), backwards ? n - 1 - i : i);
	write_tally(&p, t, out);
	hc_tally_free(t);
}

/* Opens and feeds; the tally, or NULL after a failure, of which `err` tells. */
static struct hc_tally *read_bytes(struct hc_str bytes, struct hc_arena *arena, struct hc_partial *p)
{
	static const size_t file_of[FILES] = {0, 1, 2};
	if (hc_partial_open(bytes, arena, p, &err) != HC_OK)
		return NULL;
	if (p->n_files > FILES)
		fail_msg("%zu files", p->n_files);
	struct hc_tally *t = open_tally(&p->options, 1);
	if (hc_partial_feed(bytes, p, file_of, t, 0, &err) == HC_OK)
		return t;
	hc_tally_free(t);
	return NULL;
}

/* --- the same bytes ------------------------------------------------------------------------------ */

static void test_the_same_bytes_however_it_was_counted(void **state)
{
	(void)state;
	static const uint64_t sizes[] = {0, 1, 2, 50, 10000};
	for (int kind = 0; kind < KINDS; kind++) {
		for (size_t i = 0; i < COUNT(sizes); i++) {
			struct hc_buf one, other;
			write_rows(kind, sizes[i], 1, false, &one);
			write_rows(kind, sizes[i], WORKERS, true, &other);
			assert_int_equal(one.n, other.n);
			assert_memory_equal(one.p, other.p, one.n);
			hc_buf_free(&one);
			hc_buf_free(&other);
		}
	}
}

static void test_what_is_read_is_what_was_written(void **state)
{
	(void)state;
	for (int kind = 0; kind < KINDS; kind++) {
		struct hc_buf one, again;
		struct hc_partial p;
		struct hc_arena arena = HC_ARENA(1 << 24);
		struct hc_measure_options o = options_of(kind);
		write_rows(kind, 9000, 2, false, &one);
		struct hc_tally *t = read_bytes(hc_buf_view(&one), &arena, &p);
		if (!t)
			fail_msg("%s", err.msg);
		assert_int_equal(p.rows, 9000);
		assert_int_equal(p.tolerated, 7);
		assert_int_equal(p.dropped, 9);
		assert_int_equal(p.options.seed, 42);
		assert_int_equal(p.options.problem, o.problem);
		assert_int_equal(p.options.has_threshold, o.has_threshold);
		check_same(p.options.threshold, o.threshold);
		assert_true(hc_str_eq(p.options.positive_label, o.positive_label));
		assert_true(hc_str_eq(p.options.inference.text, o.inference.text));
		assert_string_equal(p.files[0].path, "data/a.jsonl");
		assert_string_equal(p.files[0].source, "capture");
		assert_string_equal(p.files[0].above, "ep/v");
		assert_int_equal(p.files[0].hour_us, 1772341200000000);
		assert_int_equal(p.files[2].hour_us, -1);
		assert_int_equal(p.files[1].size, 100);
		write_tally(&p, t, &again);
		assert_int_equal(one.n, again.n);
		assert_memory_equal(one.p, again.p, one.n);
		hc_tally_free(t);
		hc_buf_free(&one);
		hc_buf_free(&again);
		hc_arena_free(&arena);
	}
}

/* Two halves that are read into one tally, by two workers, measure as the whole does. */
static void test_parts_measure_as_the_whole(void **state)
{
	(void)state;
	static const size_t file_of[FILES] = {0, 1, 2};
	for (int kind = 0; kind < KINDS; kind++) {
		struct hc_measure_options o = options_of(kind);
		struct hc_arena arena = HC_ARENA(1 << 26);
		struct hc_tally *whole = open_tally(&o, 1), *all = open_tally(&o, 2);
		for (unsigned half = 0; half < 2; half++) {
			struct hc_tally *part = open_tally(&o, 1);
			struct hc_partial p = head_of(&o);
			struct hc_buf bytes;
			for (uint64_t i = half; i < 3000; i += 2) {
				add_row(part, 0, i);
				add_row(whole, 0, i);
			}
			write_tally(&p, part, &bytes);
			hc_tally_free(part);
			assert_int_equal(hc_partial_open(hc_buf_view(&bytes), &arena, &p, &err), HC_OK);
			assert_int_equal(hc_partial_feed(hc_buf_view(&bytes), &p, file_of, all, half, &err), HC_OK);
			hc_buf_free(&bytes);
		}
		struct hc_measured want, got;
		struct hc_class_place where;
		assert_int_equal(hc_tally_finish(whole, &places, 1, &arena, &want, &where, &err), HC_OK);
		assert_int_equal(hc_tally_finish(all, &places, 1, &arena, &got, &where, &err), HC_OK);
		check_same_metrics(&want.metrics, &got.metrics);
		hc_tally_free(whole);
		hc_tally_free(all);
		hc_arena_free(&arena);
	}
}

/* --- the format, byte by byte ---------------------------------------------------------------------- */

/* What docs/partial-format.md says, for three records. */
static void test_the_bytes_of_the_format(void **state)
{
	(void)state;
	static const char want[] =
		"HCPART\x01\0"
		"\0\x12"                               /* binary; probability, positive label */
		"\x05\0\0\0\0\0\0\0"                   /* seed */
		"\0\0\0\0\0\0\0\0"                     /* no threshold */
		"\0\0\0\0\x01\0\0\0p\0\0\0\0"          /* attributes */
		"\x03\0\0\0yes\0\0\0\0"                /* positive label, no preprocessor */
		"\x02\0\0\0\0\0\0\0"                   /* tolerated */
		"\0\0\0\0\0\0\0\0"                     /* dropped */
		"\x03\0\0\0\0\0\0\0"                   /* rows */
		"\x01\0\0\0"                           /* files */
		"\0\x03\0\0\0x/f\x01\0\0\0f\0\0\0\0"   /* merged, path, key, above */
		"\0\0\0\0\0\0\0\0\x2c\x01\0\0\0\0\0\0" /* hour, size 300 */
		"\x02\0\0\0"                           /* classes */
		"\x02\0\0\0no\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0\xff\xff\xff\xff\0\0\0\0\0\0\0"
		"\0"
		"\x03\0\0\0yes\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x09\0\0\0\0\0\0\0\xff\xff\xff\xff\0\0\0\0\0\0"
		"\0\0"
		"\x15\0\0\0\x02\0\0\0"                         /* a block of 21 bytes, 2 groups */
		"\x80\x80\x80\x80\x80\x80\x80\xf0\x3f\x03\x02" /* 0.5, no in samples 0 and 1, twice */
		"\x80\x80\x80\x80\x80\x80\x80\x04\x20\x01"     /* 0.75, yes in no sample, once */
		"\0\0\0\0\0\0\0\0";
	struct hc_measure_options o = {.problem = HC_BINARY, .seed = 5, .positive_label = HC_STR("yes")};
	o.probability = attribute("p");
	static const struct hc_input_file file = {"merged", "x/f", "f", "", 0, 300, 0};
	struct hc_partial p = {.options = o, .tolerated = 2, .files = &file, .n_files = 1};
	struct hc_tally *t = open_tally(&o, 1);
	static const struct {
		const char *label;
		double score;
		uint8_t samples;
		uint64_t line;
	} rows[] = {{"yes", 0.75, 0, 9}, {"no", 0.5, 3, 4}, {"no", 0.5, 3, 2}};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct hc_tally_row row = {.predicted = HC_BINARY_BY_SCORE,
					   .score = rows[i].score,
					   .samples = rows[i].samples,
					   .label = hc_place(0, rows[i].line - 1)};
		assert_true(hc_tally_class(t, 0, hc_str(rows[i].label), 0, &row.actual));
		assert_int_equal(hc_tally_add(t, 0, &row, &err), HC_OK);
	}
	struct hc_buf got;
	write_tally(&p, t, &got);
	size_t n = sizeof want - 1;
	assert_int_equal(got.n, n + HC_PARTIAL_CHECKSUM_BYTES);
	for (size_t i = 0; i < n; i++)
		if (got.p[i] != want[i])
			fail_msg("byte %zu is %02x, not %02x", i, (unsigned char)got.p[i], (unsigned char)want[i]);
	hc_buf_free(&got);
	hc_tally_free(t);
}

/* --- damage ---------------------------------------------------------------------------------------- */

static void refuse(struct hc_str bytes, const char *what, size_t at)
{
	struct hc_arena arena = HC_ARENA(1 << 24);
	struct hc_partial p;
	struct hc_tally *t = read_bytes(bytes, &arena, &p);
	if (t)
		fail_msg("%s at byte %zu was not found", what, at);
	assert_int_equal(err.code, HC_INPUT);
	assert_true(err.msg[0] && err.hint[0]);
	hc_arena_free(&arena);
}

static void test_every_corruption_is_found(void **state)
{
	(void)state;
	static const unsigned char masks[] = {0x01, 0x80, 0xff, 0x10};
	for (int kind = 0; kind < KINDS; kind++) {
		struct hc_buf b;
		write_rows(kind, 12, 1, false, &b);
		for (size_t at = 0; at < b.n; at++) {
			for (size_t m = 0; m < COUNT(masks); m++) {
				b.p[at] = (char)(b.p[at] ^ (char)masks[m]);
				refuse(hc_buf_view(&b), "a change", at);
				b.p[at] = (char)(b.p[at] ^ (char)masks[m]);
			}
			char *copy = malloc(at + 1); /* so that a sanitizer sees what is read behind the end */
			assert_non_null(copy);
			memcpy(copy, b.p, at);
			refuse((struct hc_str){copy, at}, "the end", at);
			free(copy);
		}
		hc_buf_char(&b, 0);
		refuse(hc_buf_view(&b), "a byte too many", b.n);
		hc_buf_free(&b);
	}
}

static void seal(char *p, size_t n)
{
	struct hc_checksums *sums;
	unsigned char sum[HC_CHECKSUM_BYTES_MAX];
	assert_int_equal(hc_checksums_open(1U << HC_CHECKSUM_SHA256, &sums, &err), HC_OK);
	hc_checksums_add(sums, p, n - HC_PARTIAL_CHECKSUM_BYTES);
	assert_int_equal(hc_checksums_get(sums, HC_CHECKSUM_SHA256, sum), HC_PARTIAL_CHECKSUM_BYTES);
	memcpy(p + n - HC_PARTIAL_CHECKSUM_BYTES, sum, HC_PARTIAL_CHECKSUM_BYTES);
	hc_checksums_free(sums);
}

/* Bytes with a right checksum: refused with a place, or they are what would be written. */
static void check_sealed(const struct hc_buf *b, size_t at, size_t *accepted)
{
	struct hc_arena arena = HC_ARENA(1 << 24);
	struct hc_partial p;
	struct hc_buf again;
	struct hc_tally *t = read_bytes(hc_buf_view(b), &arena, &p);
	if (t) {
		write_tally(&p, t, &again);
		if (again.n != b->n || memcmp(again.p, b->p, b->n) != 0)
			fail_msg("accepted, but not canonical: byte %zu", at);
		hc_buf_free(&again);
		hc_tally_free(t);
		++*accepted;
	} else if (err.code != HC_INPUT || !strstr(err.msg, "at byte ")) {
		fail_msg("byte %zu: %s", at, err.msg);
	}
	hc_arena_free(&arena);
}

static void test_what_is_accepted_is_canonical(void **state)
{
	(void)state;
	size_t accepted = 0, all = 0;
	for (int kind = 0; kind < KINDS; kind++) {
		struct hc_buf b;
		write_rows(kind, 12, 1, false, &b);
		for (size_t at = 0; at + HC_PARTIAL_CHECKSUM_BYTES < b.n; at++) {
			for (unsigned bit = 0; bit < 8; bit++, all++) {
				b.p[at] = (char)(b.p[at] ^ (1 << bit));
				seal(b.p, b.n);
				check_sealed(&b, at, &accepted);
				b.p[at] = (char)(b.p[at] ^ (1 << bit));
			}
		}
		hc_buf_free(&b);
	}
	/* A seed, a path or a score may well be another one. */
	assert_in_range(accepted, all / 50, all / 2);
}

/* --- limits ------------------------------------------------------------------------------------------ */

static void test_limits_of_writing(void **state)
{
	(void)state;
	struct hc_buf out = HC_BUF(1 << 20);
	struct hc_measure_options o = options_of(2);
	struct hc_tally *t = open_tally(&o, 1);
	struct hc_partial p = head_of(&o);
	char label[HC_PARTIAL_TEXT_MAX + 1];
	memset(label, 'x', sizeof label);
	p.options.positive_label = (struct hc_str){label, sizeof label};
	assert_int_equal(hc_partial_write(&p, t, &places, put, &out, &err), HC_LIMIT);
	struct hc_input_file twice[] = {input_files[0], input_files[0]};
	p = head_of(&o);
	p.files = twice;
	p.n_files = 2;
	assert_int_equal(hc_partial_write(&p, t, &places, put, &out, &err), HC_INPUT);
	assert_true(strstr(err.msg, "read twice"));
	hc_tally_free(t);
	hc_buf_free(&out);
}

static void test_a_file_that_changes_between_head_and_counts(void **state)
{
	(void)state;
	static const size_t file_of[FILES] = {0, 1, 2};
	struct hc_buf one, other;
	struct hc_partial p;
	struct hc_arena arena = HC_ARENA(1 << 24);
	write_rows(0, 12, 1, false, &one);
	write_rows(0, 13, 1, false, &other);
	assert_int_equal(hc_partial_open(hc_buf_view(&one), &arena, &p, &err), HC_OK);
	struct hc_tally *t = open_tally(&p.options, 1);
	assert_int_equal(hc_partial_feed(hc_buf_view(&other), &p, file_of, t, 0, &err), HC_INPUT);
	assert_true(strstr(err.msg, "changed while it was read"));
	hc_tally_free(t);
	hc_buf_free(&one);
	hc_buf_free(&other);
	hc_arena_free(&arena);
}

static int end_spill(void **state)
{
	(void)state;
	hc_spill_free(spill());
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_same_bytes_however_it_was_counted),
		cmocka_unit_test(test_what_is_read_is_what_was_written),
		cmocka_unit_test(test_parts_measure_as_the_whole),
		cmocka_unit_test(test_the_bytes_of_the_format),
		cmocka_unit_test(test_every_corruption_is_found),
		cmocka_unit_test(test_what_is_accepted_is_canonical),
		cmocka_unit_test(test_limits_of_writing),
		cmocka_unit_test(test_a_file_that_changes_between_head_and_counts),
	};
	return cmocka_run_group_tests(tests, NULL, end_spill);
}
