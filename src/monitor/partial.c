#include "monitor/partial.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "codec/checksum.h"
#include "monitor/measure.h"
#include "sys/interrupt.h"

#define MAGIC "HCPART"

enum {
	MAGIC_BYTES = 6,
	FLUSH_BYTES = 1 << 16,
	SUM_BYTES = 1 << 20,     /* checksummed at a time, while they are in the cache */
	ADDED_AT_ONCE = 1 << 20, /* records of a group, after which the wish to stop is looked at */
	PATTERNS = 1 << HC_SAMPLES,
	VARINT_BYTES = 10,
	FILE_BYTES_MIN = 1 + 3 * 4 + 8 + 8,
	CLASS_BYTES_MIN = 4 + 2 * 8 + 2 * (4 + 8),
};
#define SCORE_BITS_MAX UINT64_C(0x3ff0000000000000) /* of 1.0; NaN and numbers below 0 have greater ones */
#define NO_FILE UINT32_MAX

enum {
	GIVEN_INFERENCE = 1,
	GIVEN_PROBABILITY = 2,
	GIVEN_TRUTH = 4,
	GIVEN_THRESHOLD = 8,
	GIVEN_POSITIVE = 16,
	GIVEN_PREPROCESSOR = 32,
	GIVEN_ALL = 63,
};

enum { SOURCES = 5 };
const char *const hc_partial_sources[] = {"merged", "labels", "capture", "manifests", "baseline", NULL};
_Static_assert(sizeof hc_partial_sources / sizeof *hc_partial_sources == SOURCES + 1, "the table ends with NULL");

/* --- writing -------------------------------------------------------------------------------- */

struct writer {
	hc_partial_put *put;
	void *arg;
	struct hc_checksums *sums;
	struct hc_buf out;   /* that waits to be put */
	struct hc_buf block; /* groups of records */
	uint32_t groups;     /* in it */
	uint64_t score_bits; /* of the last of them */
};

static void flush(struct writer *w)
{
	if (w->out.failed)
		return; /* what was put after it is not all of it */
	hc_checksums_add(w->sums, w->out.p, w->out.n);
	if (w->out.n)
		w->put(w->arg, w->out.p, w->out.n);
	hc_buf_reset(&w->out);
}

static void put_int(struct hc_buf *out, uint64_t v, int bytes)
{
	for (; bytes > 0; bytes--, v >>= 8)
		hc_buf_char(out, (char)(v & 0xff));
}

static void put_text(struct hc_buf *out, struct hc_str s)
{
	put_int(out, s.n, 4);
	hc_buf_str(out, s);
}

static void put_varint(struct hc_buf *out, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		hc_buf_char(out, (char)(v | 0x80));
	hc_buf_char(out, (char)v);
}

static void put_double(struct hc_buf *out, double x)
{
	uint64_t bits;
	memcpy(&bits, &x, sizeof bits);
	put_int(out, bits, 8);
}

static void put_options(struct hc_buf *out, const struct hc_partial *p)
{
	const struct hc_measure_options *o = &p->options;
	unsigned given = (o->inference.given ? GIVEN_INFERENCE : 0) | (o->probability.given ? GIVEN_PROBABILITY : 0) |
			 (o->truth.given ? GIVEN_TRUTH : 0) | (o->has_threshold ? GIVEN_THRESHOLD : 0) |
			 (o->positive_label.p ? GIVEN_POSITIVE : 0) | (p->preprocessor ? GIVEN_PREPROCESSOR : 0);
	put_int(out, o->problem, 1);
	put_int(out, given, 1);
	put_int(out, o->seed, 8);
	put_double(out, o->has_threshold ? o->threshold + 0.0 : 0);
	const struct hc_attribute *attributes[] = {&o->inference, &o->probability, &o->truth};
	for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++)
		put_text(out, attributes[i]->given ? attributes[i]->text : HC_STR(""));
	put_text(out, o->positive_label);
	put_text(out, p->preprocessor ? hc_str(p->preprocessor) : HC_STR(""));
}

static uint8_t source_of(const struct hc_input_file *f)
{
	uint8_t source = 0;
	while (source < SOURCES && strcmp(hc_partial_sources[source], f->source) != 0)
		source++;
	assert(source < SOURCES);
	return source;
}

static enum hc_code put_files(struct writer *w, const struct hc_partial *p, struct hc_err *err)
{
	if (p->n_files > HC_PARTIAL_FILES_MAX)
		return hc_fail(err, HC_LIMIT, "more than %d files in one partial result", HC_PARTIAL_FILES_MAX);
	put_int(&w->out, p->n_files, 4);
	for (size_t i = 0; i < p->n_files; i++) {
		const struct hc_input_file *f = &p->files[i];
		int order = i > 0 ? strcmp(p->files[i - 1].path, f->path) : -1;
		if (order == 0) {
			hc_fail(err, HC_INPUT, "%s: is read twice", f->path);
			return hc_hint(err, "name each input once");
		}
		assert(order < 0); /* else first places would not be first */
		put_int(&w->out, source_of(f), 1);
		put_text(&w->out, hc_str(f->path));
		put_text(&w->out, hc_str(f->key));
		put_text(&w->out, hc_str(f->above));
		put_int(&w->out, (uint64_t)f->hour_us, 8);
		put_int(&w->out, f->size, 8);
		if (w->out.n >= FLUSH_BYTES)
			flush(w);
	}
	return HC_OK;
}

static void put_place(struct hc_buf *out, const struct hc_place_resolver *places, uint64_t place)
{
	struct hc_class_place at = {NO_FILE, 0};
	if (place != UINT64_MAX)
		at = places->where(places->arg, place);
	put_int(out, at.file, 4);
	put_int(out, at.line, 8);
}

static void put_classes(struct writer *w, const struct hc_met_class *met, size_t n,
			const struct hc_place_resolver *places)
{
	put_int(&w->out, n, 4);
	for (size_t i = 0; i < n; i++) {
		put_text(&w->out, met[i].text);
		put_int(&w->out, met[i].labels, 8);
		put_int(&w->out, met[i].predictions, 8);
		put_place(&w->out, places, met[i].first_label);
		put_place(&w->out, places, met[i].first_prediction);
	}
}

static void end_block(struct writer *w)
{
	put_int(&w->out, w->block.n, 4);
	put_int(&w->out, w->groups, 4);
	hc_buf_str(&w->out, hc_buf_view(&w->block));
	hc_buf_reset(&w->block);
	w->groups = 0;
	w->score_bits = 0;
	if (w->out.n >= FLUSH_BYTES)
		flush(w);
}

static enum hc_code put_group(void *arg, uint64_t score_bits, uint32_t kind, uint64_t records, struct hc_err *err)
{
	struct writer *w = arg;
	if (w->groups == HC_PARTIAL_BLOCK_GROUPS) {
		HC_TRY(hc_buf_check(&w->block, "a block of records", err));
		end_block(w);
		HC_TRY(hc_interrupt_check(err));
	}
	put_varint(&w->block, score_bits - w->score_bits);
	put_varint(&w->block, kind);
	put_varint(&w->block, records);
	w->score_bits = score_bits;
	w->groups++;
	return HC_OK;
}

static enum hc_code put_records(struct writer *w, struct hc_tally *t, const uint16_t *map, size_t classes,
				struct hc_err *err)
{
	HC_TRY(hc_binary_ordered(t->binary, map, classes, put_group, w, err));
	HC_TRY(hc_buf_check(&w->block, "a block of records", err));
	if (w->groups)
		end_block(w);
	end_block(w);
	return HC_OK;
}

static uint64_t count_in(const struct hc_multiclass *m, size_t set, size_t actual, size_t predicted)
{
	return m->counts[(set * m->stride + actual) * m->stride + predicted];
}

static enum hc_code put_matrix(struct writer *w, struct hc_tally *t, const uint16_t *map, struct hc_err *err)
{
	struct hc_multiclass m;
	uint32_t pairs = 0;
	HC_TRY(hc_tally_matrix(t, map, &m, err));
	for (size_t i = 0; i < m.stride * m.stride; i++)
		pairs += m.counts[i] > 0;
	put_int(&w->out, pairs, 4);
	for (size_t actual = 0; actual < m.stride; actual++) {
		for (size_t predicted = 0; predicted < m.stride; predicted++) {
			if (!count_in(&m, 0, actual, predicted))
				continue;
			put_int(&w->out, actual, 2);
			put_int(&w->out, predicted, 2);
			for (size_t set = 0; set <= HC_SAMPLES; set++)
				put_int(&w->out, count_in(&m, set, actual, predicted), 8);
			if (w->out.n >= FLUSH_BYTES)
				flush(w);
		}
	}
	hc_multiclass_free(&m);
	return HC_OK;
}

static void put_sum(struct hc_buf *out, struct hc_exact *sum)
{
	struct hc_exact_number x;
	hc_exact_get(sum, &x);
	put_int(out, sum->nan, 8);
	put_int(out, sum->plus_inf, 8);
	put_int(out, sum->minus_inf, 8);
	put_int(out, x.negative, 1);
	put_int(out, x.first, 1);
	put_int(out, x.n, 1);
	for (unsigned i = 0; i < x.n; i++)
		put_int(out, x.digits[i], 4);
}

static void put_sums(struct writer *w, struct hc_tally *t)
{
	struct hc_regression *r = hc_tally_sums(t);
	uint32_t patterns = 0;
	for (size_t i = 0; i < PATTERNS; i++)
		patterns += r->patterns[i].n > 0;
	put_int(&w->out, patterns, 4);
	for (size_t i = 0; i < PATTERNS; i++) {
		struct hc_regression_sums *s = &r->patterns[i];
		if (!s->n)
			continue;
		put_int(&w->out, i, 1);
		put_int(&w->out, s->n, 8);
		put_sum(&w->out, &s->abs_error);
		put_sum(&w->out, &s->square_error);
		put_sum(&w->out, &s->actual);
		put_sum(&w->out, &s->square_actual);
	}
}

static enum hc_code put_all(struct writer *w, const struct hc_partial *p, struct hc_tally *t,
			    const struct hc_place_resolver *places, struct hc_arena *arena, struct hc_err *err)
{
	struct hc_met_class *met;
	size_t n;
	uint64_t place;
	if (hc_tally_met(t, arena, &met, &n, &place, err) != HC_OK) {
		if (place == HC_PLACE_NONE)
			return hc_err_code(err);
		struct hc_class_place at = places->where(places->arg, place);
		return hc_err_at(err, "%s:%llu", p->files[at.file].path, (unsigned long long)at.line);
	}
	uint16_t *map = hc_arena_take(arena, (t->spellings.n + 1) * sizeof *map);
	if (!map)
		return hc_fail_nomem(err, "the classes");
	memset(map, 0, (t->spellings.n + 1) * sizeof *map);
	for (size_t i = 0; i < n; i++)
		map[met[i].number] = (uint16_t)i;
	hc_buf_cstr(&w->out, MAGIC);
	put_int(&w->out, HC_PARTIAL_VERSION, 2);
	put_options(&w->out, p);
	put_int(&w->out, p->tolerated, 8);
	put_int(&w->out, p->dropped, 8);
	put_int(&w->out, hc_tally_rows(t), 8);
	HC_TRY(put_files(w, p, err));
	put_classes(w, met, n, places);
	if (p->options.problem == HC_BINARY)
		HC_TRY(put_records(w, t, map, n, err));
	else if (p->options.problem == HC_MULTICLASS)
		HC_TRY(put_matrix(w, t, map, err));
	else
		put_sums(w, t);
	HC_TRY(hc_buf_check(&w->out, "a partial result", err));
	flush(w);
	unsigned char sum[HC_CHECKSUM_BYTES_MAX];
	if (hc_checksums_get(w->sums, HC_CHECKSUM_SHA256, sum) != HC_PARTIAL_CHECKSUM_BYTES)
		return hc_fail(err, HC_IO, "the checksum of the partial result could not be computed");
	w->put(w->arg, sum, HC_PARTIAL_CHECKSUM_BYTES);
	return HC_OK;
}

enum hc_code hc_partial_write(const struct hc_partial *p, struct hc_tally *t, const struct hc_place_resolver *places,
			      hc_partial_put *put, void *arg, struct hc_err *err)
{
	struct hc_checksums *sums;
	uint64_t most = t->options.problem == HC_BINARY ? HC_BINARY_RECORDS_MAX : HC_PARTIAL_ROWS_MAX;
	if (hc_tally_rows(t) > most)
		return hc_fail(err, HC_LIMIT, "more than %llu records in one partial result", (unsigned long long)most);
	if (p->options.positive_label.n > HC_PARTIAL_TEXT_MAX)
		return hc_fail(err, HC_LIMIT, "the positive label is longer than %d bytes", HC_PARTIAL_TEXT_MAX);
	HC_TRY(hc_checksums_open(1U << HC_CHECKSUM_SHA256, &sums, err));
	HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(UINT64_C(1) << 34);
	struct writer w = {.put = put,
			   .arg = arg,
			   .sums = sums,
			   .out = HC_BUF(UINT64_C(1) << 30),
			   .block = HC_BUF(HC_PARTIAL_BLOCK_GROUPS * 3 * VARINT_BYTES)};
	enum hc_code code = put_all(&w, p, t, places, &arena, err);
	hc_buf_free(&w.out);
	hc_buf_free(&w.block);
	hc_checksums_free(sums);
	return code;
}

/* --- reading: bytes ------------------------------------------------------------------------- */

/* The bytes of a file but for its checksum, and how far they were read. */
struct cursor {
	const unsigned char *p;
	size_t n, at;
	struct hc_err *err;
};

static enum hc_code fail_at(const struct cursor *c, size_t at, const char *what)
{
	hc_fail(c->err, HC_INPUT, "at byte %zu: %s", at, what);
	hc_hint(c->err, "this is no partial result as this program writes it: make it again");
	return HC_INPUT;
}

static size_t left(const struct cursor *c)
{
	return c->n - c->at;
}

static enum hc_code take_int(struct cursor *c, unsigned bytes, uint64_t *out)
{
	if (left(c) < bytes)
		return fail_at(c, c->n, "the file ends too early");
	uint64_t v = 0;
	for (unsigned i = 0; i < bytes; i++)
		v |= (uint64_t)c->p[c->at + i] << 8 * i;
	c->at += bytes;
	*out = v;
	return HC_OK;
}

/* A number from 0 to `most`. */
static enum hc_code take_up_to(struct cursor *c, unsigned bytes, uint64_t most, const char *what, uint64_t *out)
{
	size_t at = c->at;
	uint64_t v;
	HC_TRY(take_int(c, bytes, &v));
	if (v > most)
		return fail_at(c, at, what);
	*out = v;
	return HC_OK;
}

static enum hc_code take_bytes(struct cursor *c, size_t most, const char *what, struct hc_str *out)
{
	uint64_t n;
	HC_TRY(take_up_to(c, 4, most, what, &n));
	if (left(c) < n)
		return fail_at(c, c->n, "the file ends too early");
	*out = (struct hc_str){(const char *)c->p + c->at, (size_t)n};
	c->at += (size_t)n;
	return HC_OK;
}

/* A text without NUL, in the arena. */
static enum hc_code take_text(struct cursor *c, size_t most, const char *what, struct hc_arena *arena, const char **out)
{
	struct hc_str s;
	size_t at = c->at;
	HC_TRY(take_bytes(c, most, what, &s));
	if (s.n && memchr(s.p, '\0', s.n))
		return fail_at(c, at, "a text with a NUL in it");
	const char *copy = hc_arena_cstring(arena, s);
	if (!copy)
		return hc_fail_nomem(c->err, "a partial result");
	*out = copy;
	return HC_OK;
}

static enum hc_code take_varint(struct cursor *c, uint64_t *out)
{
	size_t at = c->at;
	uint64_t v = 0;
	for (unsigned shift = 0; at < c->n; shift += 7) {
		uint64_t byte = c->p[at++];
		bool last = byte < 0x80;
		if (shift == 63 && byte > 1)
			break; /* more than 64 bits */
		v |= (byte & 0x7f) << shift;
		if (!last)
			continue;
		if (byte == 0 && shift > 0)
			break; /* it could be shorter */
		c->at = at;
		*out = v;
		return HC_OK;
	}
	return fail_at(c, c->at,
		       at == c->n ? "the block ends too early" : "a number that is not written as it should be");
}

/* --- reading: the head ---------------------------------------------------------------------- */

static enum hc_code take_attribute(struct cursor *c, bool given, struct hc_arena *arena, struct hc_attribute *out)
{
	size_t at = c->at;
	const char *text = NULL;
	HC_TRY(take_text(c, HC_ATTRIBUTE_LEN_MAX, "an attribute that is too long", arena, &text));
	if (given != (*text != '\0'))
		return fail_at(c, at, given ? "an attribute that is empty" : "an attribute that was not given");
	*out = (struct hc_attribute){.given = given, .text = hc_str(text), .column = SIZE_MAX};
	return HC_OK;
}

static enum hc_code take_threshold(struct cursor *c, struct hc_measure_options *o)
{
	size_t at = c->at;
	uint64_t bits;
	HC_TRY(take_int(c, 8, &bits));
	if (bits > (o->has_threshold ? SCORE_BITS_MAX : 0))
		return fail_at(c, at, "a threshold that is none");
	memcpy(&o->threshold, &bits, sizeof bits);
	return HC_OK;
}

static enum hc_code take_preprocessor(struct cursor *c, bool given, struct hc_arena *arena, const char **out)
{
	size_t at = c->at;
	const char *hex = NULL;
	HC_TRY(take_text(c, HC_SHA256_HEX_SIZE - 1, "a digest that is too long", arena, &hex));
	if (strspn(hex, "0123456789abcdef") != (given ? HC_SHA256_HEX_SIZE - 1 : 0))
		return fail_at(c, at, "a digest that is none");
	*out = given ? hex : NULL;
	return HC_OK;
}

static enum hc_code take_options(struct cursor *c, struct hc_arena *arena, struct hc_partial *p)
{
	struct hc_measure_options *o = &p->options;
	uint64_t problem = 0, given = 0;
	size_t at = c->at;
	const char *positive = NULL;
	HC_TRY(take_up_to(c, 1, HC_REGRESSION, "an unknown problem type", &problem));
	HC_TRY(take_up_to(c, 1, GIVEN_ALL, "unknown options", &given));
	o->problem = (enum hc_problem_type)problem;
	o->has_threshold = given & GIVEN_THRESHOLD;
	HC_TRY(take_int(c, 8, &o->seed));
	HC_TRY(take_threshold(c, o));
	HC_TRY(take_attribute(c, given & GIVEN_INFERENCE, arena, &o->inference));
	HC_TRY(take_attribute(c, given & GIVEN_PROBABILITY, arena, &o->probability));
	HC_TRY(take_attribute(c, given & GIVEN_TRUTH, arena, &o->truth));
	size_t label_at = c->at;
	HC_TRY(take_text(c, HC_PARTIAL_TEXT_MAX, "a positive label that is too long", arena, &positive));
	if (given & GIVEN_POSITIVE)
		o->positive_label = hc_str(positive);
	else if (*positive)
		return fail_at(c, label_at, "a positive label that was not given");
	HC_TRY(take_preprocessor(c, given & GIVEN_PREPROCESSOR, arena, &p->preprocessor));
	struct hc_err why;
	if (hc_measure_options_check(o, &why) != HC_OK)
		return fail_at(c, at, why.msg);
	return HC_OK;
}

static enum hc_code take_file(struct cursor *c, struct hc_arena *arena, struct hc_input_file *f)
{
	static const char too_long[] = "a path that is too long";
	uint64_t source = 0, hour = 0;
	size_t at = c->at;
	HC_TRY(take_up_to(c, 1, SOURCES - 1, "an unknown source of a file", &source));
	HC_TRY(take_text(c, HC_PARTIAL_TEXT_MAX, too_long, arena, &f->path));
	HC_TRY(take_text(c, HC_PARTIAL_TEXT_MAX, too_long, arena, &f->key));
	HC_TRY(take_text(c, HC_PARTIAL_TEXT_MAX, too_long, arena, &f->above));
	HC_TRY(take_int(c, 8, &hour));
	HC_TRY(take_int(c, 8, &f->size));
	if (!*f->path)
		return fail_at(c, at, "a file without a path");
	f->source = hc_partial_sources[source];
	f->hour_us = (int64_t)hour;
	return HC_OK;
}

static enum hc_code take_files(struct cursor *c, struct hc_arena *arena, struct hc_partial *p)
{
	size_t at = c->at;
	uint64_t n = 0;
	HC_TRY(take_up_to(c, 4, HC_PARTIAL_FILES_MAX, "too many files", &n));
	if (n > left(c) / FILE_BYTES_MIN)
		return fail_at(c, at, "more files than the bytes that follow can hold");
	struct hc_input_file *list = hc_arena_take(arena, ((size_t)n + 1) * sizeof *list);
	if (!list)
		return hc_fail_nomem(c->err, "a partial result");
	for (size_t i = 0; i < n; i++) {
		at = c->at;
		list[i] = (struct hc_input_file){0};
		HC_TRY(take_file(c, arena, &list[i]));
		if (i > 0 && strcmp(list[i - 1].path, list[i].path) >= 0)
			return fail_at(c, at, "files out of order, or one twice");
	}
	p->files = list;
	p->n_files = (size_t)n;
	return HC_OK;
}

/* A place: there is one where rows were counted, and only there. */
static enum hc_code take_place(struct cursor *c, size_t n_files, uint64_t rows, struct hc_class_place *out)
{
	size_t at = c->at;
	uint64_t file = 0, line = 0;
	HC_TRY(take_int(c, 4, &file));
	HC_TRY(take_int(c, 8, &line));
	bool none = file == NO_FILE && line == 0;
	if (rows ? file >= n_files || line == 0 || line > HC_PLACE_LINES_MAX : !none)
		return fail_at(c, at, "a place that is in no file");
	*out = (struct hc_class_place){none ? UINT64_MAX : file, line};
	return HC_OK;
}

static enum hc_code take_class(struct cursor *c, struct hc_arena *arena, const struct hc_partial *p,
			       struct hc_partial_class *out)
{
	static const char too_many[] = "more rows of a class than there are";
	size_t at = c->at;
	struct hc_str text;
	HC_TRY(take_bytes(c, HC_CLASS_NAME_MAX, "a class with a name that is too long", &text));
	HC_TRY(take_up_to(c, 8, p->rows, too_many, &out->labels));
	HC_TRY(take_up_to(c, 8, p->rows, too_many, &out->predictions));
	HC_TRY(take_place(c, p->n_files, out->labels, &out->first_label));
	HC_TRY(take_place(c, p->n_files, out->predictions, &out->first_prediction));
	if (out->labels + out->predictions == 0)
		return fail_at(c, at, "a class that no row has");
	out->text = hc_arena_copy(arena, text);
	return out->text.p ? HC_OK : hc_fail_nomem(c->err, "a partial result");
}

static enum hc_code take_classes(struct cursor *c, struct hc_arena *arena, struct hc_partial *p)
{
	size_t at = c->at, most = p->options.problem == HC_REGRESSION ? 0 : HC_PARTIAL_CLASSES_MAX;
	uint64_t n = 0, labels = 0, predictions = 0;
	HC_TRY(take_up_to(c, 4, most, "too many classes", &n));
	if (n > left(c) / CLASS_BYTES_MIN)
		return fail_at(c, at, "more classes than the bytes that follow can hold");
	struct hc_partial_class *list = hc_arena_take(arena, ((size_t)n + 1) * sizeof *list);
	if (!list)
		return hc_fail_nomem(c->err, "a partial result");
	for (size_t i = 0; i < n; i++) {
		size_t class_at = c->at;
		HC_TRY(take_class(c, arena, p, &list[i]));
		if (i > 0 && hc_str_cmp(list[i - 1].text, list[i].text) >= 0)
			return fail_at(c, class_at, "classes out of order, or one twice");
		labels += list[i].labels;
		predictions += list[i].predictions;
	}
	bool classifies = p->options.problem != HC_REGRESSION;
	if (labels != (classifies ? p->rows : 0) ||
	    predictions != (classifies && hc_measure_uses_class(&p->options) ? p->rows : 0))
		return fail_at(c, at, "the rows of the classes do not add up to all rows");
	p->classes = list;
	p->n_classes = (size_t)n;
	return HC_OK;
}

static enum hc_code take_head(struct cursor *c, struct hc_arena *arena, struct hc_partial *p)
{
	HC_TRY(take_options(c, arena, p));
	HC_TRY(take_up_to(c, 8, HC_PARTIAL_ROWS_MAX, "more bad records than can be", &p->tolerated));
	HC_TRY(take_up_to(c, 8, HC_PARTIAL_ROWS_MAX, "more dropped records than can be", &p->dropped));
	size_t at = c->at;
	uint64_t most = p->options.problem == HC_BINARY ? HC_BINARY_RECORDS_MAX : HC_PARTIAL_ROWS_MAX;
	HC_TRY(take_up_to(c, 8, most, "more rows than can be measured", &p->rows));
	HC_TRY(take_files(c, arena, p));
	if (p->rows && !p->n_files)
		return fail_at(c, at, "rows that are of no file");
	return take_classes(c, arena, p);
}

/* Magic and version: what every version has. */
static enum hc_code take_version(struct cursor *c)
{
	uint64_t version = 0;
	if (left(c) < MAGIC_BYTES || memcmp(c->p, MAGIC, MAGIC_BYTES) != 0) {
		hc_fail(c->err, HC_INPUT, "at byte 0: this is no partial result, it does not begin with " MAGIC);
		return hc_hint(c->err, "name what analyze --partial or combine --partial wrote");
	}
	c->at = MAGIC_BYTES;
	HC_TRY(take_int(c, 2, &version));
	if (version == HC_PARTIAL_VERSION)
		return HC_OK;
	hc_fail(c->err, HC_INPUT, "at byte %d: a partial result of version %llu, known is version %d", MAGIC_BYTES,
		(unsigned long long)version, HC_PARTIAL_VERSION);
	return hc_hint(c->err, "make it again with this version of the program, or combine with the one that made it");
}

static bool checksum_fits(struct hc_str bytes)
{
	char hex[HC_CHECKSUM_TEXT_SIZE], digit[3];
	size_t n = bytes.n - HC_PARTIAL_CHECKSUM_BYTES;
	hc_checksum_hex_of(HC_CHECKSUM_SHA256, (struct hc_str){bytes.p, n}, hex);
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < HC_PARTIAL_CHECKSUM_BYTES; i++) {
		unsigned char byte = (unsigned char)bytes.p[n + i];
		digit[0] = digits[byte >> 4];
		digit[1] = digits[byte & 15];
		if (memcmp(digit, hex + 2 * i, 2) != 0)
			return false;
	}
	return true;
}

static enum hc_code fail_damaged(const char *seen, struct hc_err *err)
{
	hc_fail(err, HC_INPUT, "the file is damaged or cut off, its checksum is not that of its bytes%s%s",
		seen[0] ? "; first seen " : "", seen);
	return hc_hint(err, "copy it again from where it was made, or make it again");
}

/* Something is wrong with the bytes: says so, if they are not those that were written. */
static enum hc_code diagnose(struct hc_str bytes, struct hc_err *err)
{
	if (hc_err_code(err) != HC_INPUT || checksum_fits(bytes))
		return hc_err_code(err);
	struct hc_err seen = *err;
	return fail_damaged(seen.msg, err);
}

enum hc_code hc_partial_open(struct hc_str bytes, struct hc_arena *arena, struct hc_partial *out, struct hc_err *err)
{
	struct hc_partial p = {0};
	struct cursor c = {.p = (const unsigned char *)bytes.p, .n = bytes.n, .err = err};
	HC_TRY(take_version(&c));
	if (left(&c) < HC_PARTIAL_CHECKSUM_BYTES)
		return fail_at(&c, bytes.n, "the file ends too early");
	c.n -= HC_PARTIAL_CHECKSUM_BYTES;
	if (take_head(&c, arena, &p) != HC_OK)
		return diagnose(bytes, err);
	p.body = c.at;
	p.size = bytes.n;
	memcpy(p.checksum, bytes.p + c.n, HC_PARTIAL_CHECKSUM_BYTES);
	*out = p;
	return HC_OK;
}

/* --- reading: the counts -------------------------------------------------------------------- */

struct feeding {
	struct cursor c;
	const struct hc_partial *partial;
	struct hc_tally *tally;
	unsigned worker;
	uint16_t numbers[HC_PARTIAL_CLASSES_MAX]; /* of the tally */
	struct hc_checksums *sums;
	size_t summed; /* bytes of them */
	uint64_t rows;
	uint64_t labels[HC_PARTIAL_CLASSES_MAX], predictions[HC_PARTIAL_CLASSES_MAX];
};

static uint64_t place_of(const struct hc_class_place *at, const size_t *file_of)
{
	return at->file == UINT64_MAX ? UINT64_MAX : hc_place(file_of[at->file], at->line - 1);
}

static enum hc_code feed_classes(struct feeding *f, const size_t *file_of, struct hc_err *err)
{
	for (size_t i = 0; i < f->partial->n_classes; i++) {
		const struct hc_partial_class *c = &f->partial->classes[i];
		struct hc_met_class met = {.text = c->text, .labels = c->labels, .predictions = c->predictions};
		met.first_label = place_of(&c->first_label, file_of);
		met.first_prediction = place_of(&c->first_prediction, file_of);
		uint64_t place = c->labels ? met.first_label : met.first_prediction;
		if (!hc_tally_class(f->tally, f->worker, c->text, place, &met.number))
			continue; /* there are too many, and what is counted of this one is not used */
		HC_TRY(hc_tally_add_class(f->tally, f->worker, &met, err));
		f->numbers[i] = met.number;
	}
	return HC_OK;
}

static void sum_up_to(struct feeding *f, size_t at)
{
	hc_checksums_add(f->sums, f->c.p + f->summed, at - f->summed);
	f->summed = at;
}

/* Counts rows of two classes, against what the head says of them. */
static enum hc_code count_rows(struct feeding *f, size_t at, size_t actual, size_t predicted, uint64_t rows)
{
	if (rows == 0 || rows > f->partial->rows - f->rows)
		return fail_at(&f->c, at, rows ? "more rows than there are" : "no rows");
	f->rows += rows;
	f->labels[actual] += rows;
	if (predicted != HC_BINARY_BY_SCORE)
		f->predictions[predicted] += rows;
	return HC_OK;
}

static enum hc_code check_rows(const struct feeding *f)
{
	const struct hc_partial *p = f->partial;
	bool same = f->rows == p->rows;
	for (size_t i = 0; i < p->n_classes; i++)
		same = same && f->labels[i] == p->classes[i].labels && f->predictions[i] == p->classes[i].predictions;
	return same ? HC_OK : fail_at(&f->c, f->c.at, "the records are not those that the classes count");
}

/* Where in the order of groups the reading is. */
struct group {
	uint64_t score_bits, kind, n;
};

static enum hc_code take_group(struct cursor *block, bool first, const struct group *before, struct group *out)
{
	size_t at = block->at;
	uint64_t step, from = first ? 0 : before->score_bits;
	HC_TRY(take_varint(block, &step));
	HC_TRY(take_varint(block, &out->kind));
	HC_TRY(take_varint(block, &out->n));
	if (step > SCORE_BITS_MAX - from)
		return fail_at(block, at, "a score outside 0 to 1");
	out->score_bits = from + step;
	return HC_OK;
}

static enum hc_code feed_group(struct feeding *f, size_t at, const struct group *g)
{
	const struct hc_measure_options *o = &f->partial->options;
	size_t classes = f->partial->n_classes, pair = (size_t)(g->kind >> HC_SAMPLES);
	bool by_score = !hc_measure_uses_class(o), scores = hc_measure_uses_score(o);
	if (g->kind >> HC_SAMPLES >= (by_score ? classes : classes * classes))
		return fail_at(&f->c, at, "a class that is not there");
	if (!scores && g->score_bits)
		return fail_at(&f->c, at, "a score where there are none");
	size_t actual = by_score ? pair : pair / classes, predicted = by_score ? HC_BINARY_BY_SCORE : pair % classes;
	HC_TRY(count_rows(f, at, actual, predicted, g->n));
	struct hc_binary_record record = {.score = NAN,
					  .actual = f->numbers[actual],
					  .predicted = by_score ? HC_BINARY_BY_SCORE : f->numbers[predicted],
					  .samples = (uint8_t)(g->kind % PATTERNS)};
	if (scores)
		memcpy(&record.score, &g->score_bits, sizeof record.score);
	for (uint64_t left_over = g->n; left_over > 0;) {
		uint64_t n = left_over < ADDED_AT_ONCE ? left_over : ADDED_AT_ONCE;
		HC_TRY(hc_tally_add_records(f->tally, f->worker, record, n, f->c.err));
		left_over -= n;
		if (left_over > 0)
			HC_TRY(hc_interrupt_check(f->c.err));
	}
	return HC_OK;
}

static enum hc_code feed_block(struct feeding *f, size_t bytes, uint64_t groups, struct group *last)
{
	struct cursor block = f->c;
	block.n = block.at + bytes;
	for (uint64_t i = 0; i < groups; i++) {
		struct group g = {0};
		size_t at = block.at;
		HC_TRY(take_group(&block, i == 0, last, &g));
		if (f->rows &&
		    (g.score_bits < last->score_bits || (g.score_bits == last->score_bits && g.kind <= last->kind)))
			return fail_at(&block, at, "records out of order");
		HC_TRY(feed_group(f, at, &g));
		*last = g;
	}
	if (block.at != block.n)
		return fail_at(&block, block.at, "a block that is longer than its groups");
	f->c.at = block.n;
	return HC_OK;
}

static enum hc_code feed_records(struct feeding *f)
{
	struct group last = {0};
	bool full = true;
	for (;;) {
		size_t at = f->c.at;
		uint64_t bytes = 0, groups = 0;
		HC_TRY(take_int(&f->c, 4, &bytes));
		HC_TRY(take_up_to(&f->c, 4, HC_PARTIAL_BLOCK_GROUPS, "too many groups in a block", &groups));
		if (bytes > left(&f->c))
			return fail_at(&f->c, at, "a block that is longer than the file");
		if (groups == 0 && bytes == 0)
			return HC_OK;
		if (groups == 0 || !full)
			return fail_at(&f->c, at, "a block that is not as full as it should be");
		full = groups == HC_PARTIAL_BLOCK_GROUPS;
		HC_TRY(feed_block(f, (size_t)bytes, groups, &last));
		if (f->c.at - f->summed >= SUM_BYTES) {
			sum_up_to(f, f->c.at);
			HC_TRY(hc_interrupt_check(f->c.err));
		}
	}
}

static enum hc_code take_pair(struct feeding *f, struct hc_multiclass *m, int64_t *before)
{
	size_t at = f->c.at, classes = m->stride;
	uint64_t actual = 0, predicted = 0, rows = 0;
	HC_TRY(take_up_to(&f->c, 2, classes - 1, "a class that is not there", &actual));
	HC_TRY(take_up_to(&f->c, 2, classes - 1, "a class that is not there", &predicted));
	int64_t pair = (int64_t)(actual * classes + predicted);
	if (pair <= *before)
		return fail_at(&f->c, at, "pairs of classes out of order");
	*before = pair;
	for (size_t set = 0; set <= HC_SAMPLES; set++) {
		uint64_t n = 0;
		HC_TRY(take_up_to(&f->c, 8, set ? rows : UINT64_MAX, "a sample with more rows than there are", &n));
		rows = set ? rows : n;
		m->counts[set * classes * classes + (size_t)pair] = n;
	}
	return count_rows(f, at, actual, predicted, rows);
}

static enum hc_code feed_matrix(struct feeding *f)
{
	size_t classes = f->partial->n_classes, at = f->c.at;
	uint64_t pairs = 0;
	HC_TRY(take_up_to(&f->c, 4, classes * classes, "more pairs than there are classes for", &pairs));
	if (pairs == 0)
		return HC_OK;
	if (pairs > left(&f->c) / (2 + 2 + (HC_SAMPLES + 1) * 8))
		return fail_at(&f->c, at, "more pairs than the bytes that follow can hold");
	struct hc_multiclass m = {calloc((HC_SAMPLES + 1) * classes * classes, sizeof *m.counts), classes};
	enum hc_code code = m.counts ? HC_OK : hc_fail_nomem(f->c.err, "the confusion matrix");
	int64_t before = -1;
	for (uint64_t i = 0; i < pairs && code == HC_OK; i++)
		code = take_pair(f, &m, &before);
	if (code == HC_OK)
		code = hc_tally_add_matrix(f->tally, f->worker, &m, f->numbers, classes, f->rows, f->c.err);
	hc_multiclass_free(&m);
	return code;
}

enum { PLAIN = 1, SIGNED = 2 }; /* what a sum is of: doubles, not squares; of any sign */

static enum hc_code take_sum(struct feeding *f, uint64_t rows, unsigned traits, struct hc_exact *out)
{
	struct cursor *c = &f->c;
	size_t at = c->at;
	uint64_t counts[3] = {0}, negative = 0, first = 0, n = 0, digit = 0;
	for (size_t i = 0; i < 3; i++)
		HC_TRY(take_up_to(c, 8, rows, "more terms that are no numbers than rows", &counts[i]));
	HC_TRY(take_up_to(c, 1, (traits & SIGNED) != 0, "a sign that cannot be", &negative));
	HC_TRY(take_up_to(c, 1, HC_PARTIAL_DIGITS, "a digit too high", &first));
	HC_TRY(take_up_to(c, 1, HC_PARTIAL_DIGITS - first, "too many digits", &n));
	struct hc_exact_number x = {.negative = negative, .first = (unsigned)first, .n = (unsigned)n};
	for (size_t i = 0; i < n; i++) {
		HC_TRY(take_int(c, 4, &digit));
		x.digits[i] = (uint32_t)digit;
	}
	if (n && traits & PLAIN && first < HC_EXACT_DIGITS_OF_SQUARES)
		return fail_at(c, at, "a sum with digits that no double has");
	if (n ? !x.digits[0] || !x.digits[n - 1] : negative || first)
		return fail_at(c, at, "a sum that is not written as it should be");
	hc_exact_set(out, &x);
	out->nan = counts[0];
	out->plus_inf = counts[1];
	out->minus_inf = counts[2];
	return HC_OK;
}

static enum hc_code take_pattern(struct feeding *f, struct hc_regression *r, int *before)
{
	struct cursor *c = &f->c;
	size_t at = c->at;
	uint64_t pattern = 0, rows = 0;
	HC_TRY(take_up_to(c, 1, PATTERNS - 1, "samples that there are not", &pattern));
	if ((int)pattern <= *before)
		return fail_at(c, at, "samples out of order");
	*before = (int)pattern;
	HC_TRY(take_up_to(c, 8, f->partial->rows - f->rows, "more rows than there are", &rows));
	if (rows == 0)
		return fail_at(c, at, "no rows");
	f->rows += rows;
	struct hc_regression_sums *s = &r->patterns[pattern];
	s->n = rows;
	HC_TRY(take_sum(f, rows, PLAIN, &s->abs_error));
	HC_TRY(take_sum(f, rows, 0, &s->square_error));
	HC_TRY(take_sum(f, rows, PLAIN | SIGNED, &s->actual));
	HC_TRY(take_sum(f, rows, 0, &s->square_actual));
	/* Else a variance would be negative. */
	if (signbit(hc_exact_scatter(rows, &s->square_actual, &s->actual)))
		return fail_at(c, at, "sums that no rows have");
	return HC_OK;
}

static enum hc_code feed_sums(struct feeding *f)
{
	uint64_t patterns = 0;
	int before = -1;
	HC_TRY(take_up_to(&f->c, 4, PATTERNS, "more samples than there are", &patterns));
	struct hc_regression *r = calloc(1, sizeof *r);
	enum hc_code code = r ? HC_OK : hc_fail_nomem(f->c.err, "the sums");
	for (uint64_t i = 0; i < patterns && code == HC_OK; i++)
		code = take_pattern(f, r, &before);
	if (code == HC_OK)
		hc_tally_add_sums(f->tally, f->worker, r, f->rows);
	free(r);
	return code;
}

static enum hc_code feed_body(struct feeding *f)
{
	switch (f->partial->options.problem) {
	case HC_BINARY:
		HC_TRY(feed_records(f));
		break;
	case HC_MULTICLASS:
		HC_TRY(feed_matrix(f));
		break;
	default:
		HC_TRY(feed_sums(f));
	}
	HC_TRY(check_rows(f));
	return left(&f->c) ? fail_at(&f->c, f->c.at, "more bytes than there should be") : HC_OK;
}

static enum hc_code check_sum(struct feeding *f, struct hc_err *err)
{
	unsigned char sum[HC_CHECKSUM_BYTES_MAX];
	sum_up_to(f, f->c.n);
	if (hc_checksums_get(f->sums, HC_CHECKSUM_SHA256, sum) != HC_PARTIAL_CHECKSUM_BYTES)
		return hc_fail(err, HC_IO, "the checksum could not be computed");
	return memcmp(sum, f->partial->checksum, HC_PARTIAL_CHECKSUM_BYTES) == 0 ? HC_OK : fail_damaged("", err);
}

enum hc_code hc_partial_feed(struct hc_str bytes, const struct hc_partial *partial, const size_t *file_of,
			     struct hc_tally *tally, unsigned worker, struct hc_err *err)
{
	size_t end = partial->size - HC_PARTIAL_CHECKSUM_BYTES;
	if (bytes.n != partial->size || memcmp(bytes.p + end, partial->checksum, HC_PARTIAL_CHECKSUM_BYTES) != 0) {
		hc_fail(err, HC_INPUT, "changed while it was read");
		return hc_hint(err, "run again when it is complete");
	}
	struct feeding *f = calloc(1, sizeof *f);
	if (!f)
		return hc_fail_nomem(err, "reading a partial result");
	f->c = (struct cursor){.p = (const unsigned char *)bytes.p, .n = end, .at = partial->body, .err = err};
	f->partial = partial;
	f->tally = tally;
	f->worker = worker;
	enum hc_code code = hc_checksums_open(1U << HC_CHECKSUM_SHA256, &f->sums, err);
	if (code == HC_OK)
		code = feed_classes(f, file_of, err);
	if (code == HC_OK && feed_body(f) != HC_OK)
		code = diagnose(bytes, err);
	if (code == HC_OK)
		code = check_sum(f, err);
	hc_checksums_free(f->sums);
	free(f);
	return code;
}
