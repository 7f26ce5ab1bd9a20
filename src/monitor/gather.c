#include "monitor/gather.h"

#include <stdlib.h>
#include <string.h>

#include "base/apart.h"
#include "base/instant.h"
#include "base/number.h"
#include "dataset/batch.h"
#include "dataset/label_row.h"
#include "sys/entropy.h"

#define TEXT_MAX (UINT64_C(1) << 30)

enum {
	MEMO_SLOTS = 64,
	MEMO_TEXT = 24, /* bytes of a label that is remembered */
	SAME_BITS = 48,
};

/* What a label's data came to the last time. */
struct memo {
	char text[MEMO_TEXT];
	size_t n; /* 0: nothing is remembered */
	enum hc_encoding encoding;
	uint64_t value;
};

/* A worker's own. */
struct hc_gatherer {
	HC_APART struct hc_gather *gather;
	unsigned worker;
	bool only_checks; /* nothing is put anywhere any more */
	struct hc_bin_cursor *label_cursors, *capture_cursors;
	struct hc_measure measure; /* where gather->tally is */
	struct hc_record record;
	struct hc_skeletons *labels, *captures;
	struct hc_measured_rows rows;
	struct hc_csv_row csv;
	struct hc_buf line, text, wide;
	struct hc_spelling_cache truths;
	struct memo memos[MEMO_SLOTS];
	struct hc_least labelled, after_window;
	/* Records whose ids wait for being hashed together; all labels, or all captures. */
	size_t n_waiting;
	struct hc_str keys[HC_HASH_LANES], inference_ids[HC_HASH_LANES], event_ids[HC_HASH_LANES];
	struct hc_label_row label_rows[HC_HASH_LANES];
	struct hc_capture_row capture_rows[HC_HASH_LANES];
};

/* --- rows into bins ------------------------------------------------------------------------- */

static enum hc_code put(struct hc_gatherer *w, struct hc_bins *bins, struct hc_bin_cursor *cursors, const void *row,
			size_t bytes, struct hc_hash128 id, struct hc_err *err)
{
	void *to;
	unsigned bin = (unsigned)(id.low >> w->gather->bin_shift);
	HC_TRY(hc_bins_row(bins, cursors, w->worker, bin, bytes, &to, err));
	memcpy(to, row, bytes);
	__builtin_prefetch((char *)to + bytes + 64, 1); /* for the next row of that bin */
	return HC_OK;
}

/* Hashes the ids that wait; those of a full set together. */
static void hash_keys(const struct hc_gatherer *w, struct hc_hash128 ids[HC_HASH_LANES])
{
	const char *p[HC_HASH_LANES];
	size_t n[HC_HASH_LANES];
	for (size_t i = 0; i < w->n_waiting; i++) {
		p[i] = w->keys[i].p;
		n[i] = w->keys[i].n;
	}
	if (w->n_waiting == HC_HASH_LANES) {
		hc_siphash128_lanes(w->gather->key, p, n, ids);
		return;
	}
	for (size_t i = 0; i < w->n_waiting; i++)
		ids[i] = hc_siphash128(w->gather->key, p[i], n[i]);
}

static void draw_samples(const struct hc_gatherer *w, uint8_t samples[HC_HASH_LANES])
{
	static const uint64_t rows[HC_HASH_LANES];
	struct hc_sampler sampler = {w->measure.options.seed};
	if (w->n_waiting == HC_HASH_LANES) {
		hc_sample_bits_lanes(&sampler, w->inference_ids, w->event_ids, rows, samples);
		return;
	}
	for (size_t i = 0; i < w->n_waiting; i++)
		samples[i] = hc_sample_bits(&sampler, w->inference_ids[i], w->event_ids[i], 0);
}

static enum hc_code pass_labels(void *arg, struct hc_err *err)
{
	struct hc_gatherer *w = arg;
	struct hc_gather *g = w->gather;
	struct hc_hash128 ids[HC_HASH_LANES];
	hash_keys(w, ids);
	for (size_t i = 0; i < w->n_waiting; i++) {
		w->label_rows[i].id = ids[i];
		HC_TRY(put(w, g->labels, w->label_cursors, &w->label_rows[i], g->label_row_bytes, ids[i], err));
	}
	w->n_waiting = 0;
	return HC_OK;
}

static enum hc_code pass_captures(void *arg, struct hc_err *err)
{
	struct hc_gatherer *w = arg;
	struct hc_gather *g = w->gather;
	struct hc_hash128 ids[HC_HASH_LANES];
	uint8_t samples[HC_HASH_LANES] = {0};
	hash_keys(w, ids);
	if (w->gather->tally)
		draw_samples(w, samples);
	for (size_t i = 0; i < w->n_waiting; i++) {
		struct hc_capture_row *row = &w->capture_rows[i];
		row->id = ids[i];
		row->samples = samples[i];
		HC_TRY(put(w, g->captures, w->capture_cursors, row, sizeof *row, ids[i], err));
	}
	w->n_waiting = 0;
	return HC_OK;
}

/* Whether a text lies in the bytes being read, which stay; ids with escapes were decoded to elsewhere. */
static bool stays(struct hc_str s, const char *from, const char *to)
{
	return s.n == 0 || ((uintptr_t)s.p >= (uintptr_t)from && (uintptr_t)s.p < (uintptr_t)to);
}

/* --- labels --------------------------------------------------------------------------------- */

/*
 * Equal for two labels that say the same: `1`, `1.0` and ` 1`, a CSV field and a JSON number that are equal; else
 * the same text in the same encoding.
 */
static uint64_t hash_meaning(const struct hc_gatherer *w, struct hc_str text, enum hc_encoding encoding)
{
	double x;
	text = hc_str_trim(text);
	struct hc_hash_key key = {w->gather->key.k1, w->gather->key.k0};
	if (hc_number_parse(text, &x) && x == x) {
		x += 0.0;
		return hc_siphash(key, &x, sizeof x) >> (64 - SAME_BITS);
	}
	key.k0 += 1 + (uint64_t)encoding;
	return hc_siphash(key, text.p, text.n) >> (64 - SAME_BITS);
}

static enum hc_code put_wide(struct hc_gatherer *w, const struct hc_wide *wide, uint64_t *place, struct hc_err *err)
{
	if (w->only_checks)
		return HC_OK;
	hc_buf_reset(&w->wide);
	hc_wide_write(&w->wide, wide, &w->rows);
	HC_TRY(hc_buf_check(&w->wide, "a record", err));
	return hc_spools_put(w->gather->spools, w->worker, hc_buf_view(&w->wide), place, err);
}

/* The number of a class; false: the dictionary has none for it. */
static bool number_class(struct hc_gatherer *w, struct hc_str text, uint16_t *out)
{
	struct hc_tally *t = w->gather->tally;
	return hc_spellings_number(&t->spellings, &t->shares[w->worker].spellings, text, out);
}

/* The value of a label of one row, if it fits: a class with a number, a quantity that is all there is. */
static bool fits(struct hc_gatherer *w, struct hc_str text, uint64_t same, uint64_t *value)
{
	uint16_t class = 0;
	if (w->gather->tally && w->rows.n != 1)
		return false;
	if (w->gather->tally && w->measure.options.problem == HC_REGRESSION) {
		double whole, x = w->rows.list[0].number + 0.0;
		memcpy(value, &x, sizeof x);
		return hc_number_parse(text, &whole) && whole == x;
	}
	if (w->gather->tally && !number_class(w, hc_measured_rows_text(&w->rows, 0), &class))
		return false;
	*value = same << 16 | class;
	return true;
}

/* Reads what the record's label says, by the general way. */
static enum hc_code read_label(struct hc_gatherer *w, uint64_t *value, bool *wide, struct hc_err *err)
{
	const struct hc_part_data *truth = &w->record.truth;
	w->rows.n = 0;
	if (w->gather->tally)
		HC_TRY(hc_measure_read_labels(&w->measure, truth, &w->rows, err));
	hc_buf_reset(&w->text);
	struct hc_str text = hc_json_text(&truth->data, &w->text);
	HC_TRY(hc_buf_check(&w->text, "a label", err));
	uint64_t same = hash_meaning(w, text, truth->encoding);
	*wide = !fits(w, text, same, value);
	return *wide ? put_wide(w, &(struct hc_wide){.same = same}, value, err) : HC_OK;
}

static struct memo *memo_of(struct hc_gatherer *w, struct hc_str raw)
{
	unsigned at = (unsigned)raw.n + 7 * (unsigned char)raw.p[1] + 31 * (unsigned char)raw.p[raw.n - 2];
	return &w->memos[at % MEMO_SLOTS];
}

/* The same, where most labels are: equal to one that was read a moment ago, or a plain number of a regression. */
static enum hc_code value_of_label(struct hc_gatherer *w, uint64_t *value, bool *wide, struct hc_err *err)
{
	const struct hc_part_data *truth = &w->record.truth;
	struct hc_str raw = truth->data.raw;
	struct hc_plain_cells plain;
	bool regression = w->gather->tally && w->measure.options.problem == HC_REGRESSION;
	*wide = false;
	if (regression && !w->measure.options.truth.given && hc_measure_plain_label(&w->measure, truth, &plain)) {
		double x = plain.number + 0.0;
		memcpy(value, &x, sizeof x);
		return HC_OK;
	}
	if (regression || raw.n > MEMO_TEXT || truth->encoding == HC_ENCODING_BASE64)
		return read_label(w, value, wide, err);
	struct memo *memo = memo_of(w, raw);
	if (memo->n != raw.n || memo->encoding != truth->encoding || memcmp(memo->text, raw.p, raw.n) != 0) {
		HC_TRY(read_label(w, value, wide, err));
		if (*wide)
			return HC_OK;
		memcpy(memo->text, raw.p, raw.n);
		memo->n = raw.n;
		memo->encoding = truth->encoding;
		memo->value = *value;
	}
	*value = memo->value;
	return HC_OK;
}

#define TRUTH_IN_SPOOL (UINT64_C(1) << 63)

static enum hc_code keep_truth(struct hc_gatherer *w, bool by_skeleton, uint64_t *truth, struct hc_err *err)
{
	uint16_t number;
	hc_buf_reset(&w->text);
	if (by_skeleton)
		hc_skeletons_write_truth(w->labels, &w->text);
	else
		hc_record_write_truth(&w->record, &w->text);
	HC_TRY(hc_buf_check(&w->text, "a label", err));
	if (hc_spellings_number(&w->gather->truths, &w->truths, hc_buf_view(&w->text), &number)) {
		*truth = number;
		return HC_OK;
	}
	HC_TRY(hc_spools_put(w->gather->spools, w->worker, hc_buf_view(&w->text), truth, err));
	*truth |= TRUTH_IN_SPOOL;
	return HC_OK;
}

enum hc_code hc_gather_truth(struct hc_gather *g, uint64_t truth, struct hc_buf *scratch, struct hc_str *out,
			     struct hc_err *err)
{
	if (truth & TRUTH_IN_SPOOL)
		return hc_spools_get(g->spools, truth & ~TRUTH_IN_SPOOL, scratch, out, err);
	*out = g->truths.list[truth].text; /* nobody adds to them any more */
	return HC_OK;
}

/* The label in w->record, whose bytes are [from, to). */
static enum hc_code take_label(struct hc_gatherer *w, bool by_skeleton, uint64_t place, const char *from,
			       const char *to, struct hc_err *err)
{
	struct hc_label_row *row = &w->label_rows[w->n_waiting];
	bool wide;
	HC_TRY(value_of_label(w, &row->value, &wide, err));
	if (w->only_checks)
		return HC_OK;
	if (w->gather->keeps_truth)
		HC_TRY(keep_truth(w, by_skeleton, &row->truth, err));
	row->at = place << HC_ROW_FLAGS | (wide ? HC_ROW_WIDE : 0);
	w->keys[w->n_waiting++] = w->record.key;
	hc_least_add(&w->labelled, place, place);
	if (w->n_waiting == HC_HASH_LANES || !stays(w->record.key, from, to))
		return pass_labels(w, err);
	return HC_OK;
}

static enum hc_taken quick_label(void *arg, const char *p, const char *end, uint64_t place, const char **next,
				 struct hc_err *err)
{
	struct hc_gatherer *w = arg;
	if (!hc_skeletons_match(w->labels, p, end, w->gather->request->max_line, &w->record, next))
		return HC_NOT_TAKEN;
	enum hc_code code = take_label(w, true, place, p, *next, err);
	return code == HC_OK ? HC_TAKEN : code == HC_INPUT ? HC_NOT_TAKEN : HC_TAKING_FAILED;
}

static enum hc_code full_label(void *arg, struct hc_str line, uint64_t place, struct hc_err *err)
{
	struct hc_gatherer *w = arg;
	HC_TRY(hc_record_parse(line, HC_RECORD_LABEL, &w->record, err));
	HC_TRY(take_label(w, false, place, line.p, line.p + line.n, err));
	hc_skeletons_learn(w->labels, line, &w->record);
	return HC_OK;
}

/* Of a file of rows: Parquet. */
static enum hc_code take_label_row(void *arg, const struct hc_table_row *row, uint64_t place, struct hc_err *err)
{
	struct hc_gatherer *w = arg;
	hc_buf_reset(&w->line);
	HC_TRY(hc_label_of_row(row->text, w->gather->request->measure.truth.text, &w->line, err));
	HC_TRY(hc_buf_check(&w->line, "a label", err));
	return full_label(w, hc_buf_view(&w->line), place, err);
}

const struct hc_taker hc_gather_labels = {
	.quick = quick_label, .full = full_label, .row = take_label_row, .passed = pass_labels};

/* --- captures ------------------------------------------------------------------------------- */

static bool is_after_window(const struct hc_gatherer *w)
{
	const struct hc_request *q = w->gather->request;
	return q->has_window && q->window.has_cutoff && !q->aws_quirks && w->record.has_time &&
	       w->record.time_us >= q->window.cutoff_us;
}

/* Seconds from the hour of the file to the inference, rounded up; false: too many for the row. */
static bool time_of_row(const struct hc_gatherer *w, uint64_t place, struct hc_capture_row *row)
{
	const struct hc_reader *r = w->gather->reader;
	int64_t hour_us = r->files->list[r->chunks[hc_place_chunk(place)].file].hour_us;
	int64_t time_us = w->record.time_us - hour_us;
	int64_t time_s = time_us / HC_SECOND_US + (time_us % HC_SECOND_US > 0);
	if (time_s != (int32_t)time_s)
		return false;
	row->time = (int32_t)time_s;
	row->flags = HC_ROW_HAS_TIME;
	return true;
}

static bool class_of_row(struct hc_gatherer *w, struct hc_str text, struct hc_capture_row *row)
{
	row->predicted = HC_BINARY_BY_SCORE;
	return !w->measure.uses_class || w->measure.options.problem == HC_REGRESSION ||
	       number_class(w, text, &row->predicted);
}

/* Fills a row from the capture's output, if it is one row and all of it fits. */
static enum hc_code read_output(struct hc_gatherer *w, struct hc_capture_row *row, bool *fits_row, struct hc_err *err)
{
	struct hc_plain_cells plain;
	w->rows.n = 0;
	*fits_row = true;
	if (!w->gather->tally)
		return HC_OK;
	if (hc_measure_plain_output(&w->measure, &w->record.output, &plain) && class_of_row(w, plain.text, row)) {
		row->number = plain.number;
		return HC_OK;
	}
	HC_TRY(hc_measure_read_output(&w->measure, &w->record.output, &w->rows, err));
	*fits_row = w->rows.n == 1 && class_of_row(w, hc_measured_rows_text(&w->rows, 0), row);
	row->number = w->rows.list[0].number;
	return HC_OK;
}

static enum hc_code put_wide_capture(struct hc_gatherer *w, struct hc_capture_row *row, struct hc_err *err)
{
	struct hc_wide wide = {.has_time = w->record.has_time,
			       .time_us = w->record.time_us,
			       .inference_id = w->record.inference_id,
			       .event_id = w->record.event_id};
	if (w->gather->tally && w->rows.n == 0)
		HC_TRY(hc_measure_read_output(&w->measure, &w->record.output, &w->rows, err));
	HC_TRY(put_wide(w, &wide, &row->wide, err));
	row->at |= HC_ROW_WIDE;
	return HC_OK;
}

/* The capture in w->record, whose bytes are [from, to). */
static enum hc_code take_capture(struct hc_gatherer *w, uint64_t place, const char *from, const char *to,
				 struct hc_err *err)
{
	struct hc_capture_row *row = &w->capture_rows[w->n_waiting];
	const struct hc_record *r = &w->record;
	bool fits_row;
	*row = (struct hc_capture_row){.at = place << HC_ROW_FLAGS};
	HC_TRY(read_output(w, row, &fits_row, err));
	if (is_after_window(w)) {
		hc_least_add(&w->after_window, place, place);
		return HC_OK;
	}
	if (r->has_time)
		fits_row &= time_of_row(w, place, row);
	if (!fits_row)
		HC_TRY(put_wide_capture(w, row, err));
	if (w->only_checks)
		return HC_OK;
	w->keys[w->n_waiting] = r->key;
	w->inference_ids[w->n_waiting] = r->inference_id;
	w->event_ids[w->n_waiting++] = r->event_id;
	bool all_stay = stays(r->inference_id, from, to) && stays(r->event_id, from, to);
	return w->n_waiting == HC_HASH_LANES || !all_stay ? pass_captures(w, err) : HC_OK;
}

static enum hc_taken quick_capture(void *arg, const char *p, const char *end, uint64_t place, const char **next,
				   struct hc_err *err)
{
	struct hc_gatherer *w = arg;
	if (!hc_skeletons_match(w->captures, p, end, w->gather->request->max_line, &w->record, next))
		return HC_NOT_TAKEN;
	enum hc_code code = take_capture(w, place, p, *next, err);
	return code == HC_OK ? HC_TAKEN : code == HC_INPUT ? HC_NOT_TAKEN : HC_TAKING_FAILED;
}

static enum hc_code full_capture(void *arg, struct hc_str line, uint64_t place, struct hc_err *err)
{
	struct hc_gatherer *w = arg;
	HC_TRY(hc_record_parse(line, HC_RECORD_CAPTURE, &w->record, err));
	HC_TRY(take_capture(w, place, line.p, line.p + line.n, err));
	hc_skeletons_learn(w->captures, line, &w->record);
	return HC_OK;
}

/* The attributes of a batch output may be names of its header. */
static enum hc_code take_header(void *arg, const struct hc_csv_row *header, struct hc_err *err)
{
	struct hc_gatherer *w = arg;
	if (!w->gather->tally)
		return HC_OK;
	w->measure.options = w->gather->tally->options; /* as they were before another file's header */
	if (!header)
		return HC_OK;
	if (w->measure.uses_class)
		HC_TRY(hc_attribute_resolve(&w->measure.options.inference, header, err));
	return hc_attribute_resolve(&w->measure.options.probability, header, err);
}

static enum hc_code take_batch_row(void *arg, const struct hc_table_row *row, uint64_t place, struct hc_err *err)
{
	struct hc_gatherer *w = arg;
	hc_buf_reset(&w->line);
	HC_TRY(hc_batch_capture(row->text, row->format, &w->csv, &w->line, err));
	struct hc_str line = hc_buf_view(&w->line);
	HC_TRY(hc_record_parse(line, HC_RECORD_CAPTURE, &w->record, err));
	return take_capture(w, place, line.p, line.p + line.n, err);
}

static const struct hc_taker endpoint_captures = {
	.quick = quick_capture, .full = full_capture, .passed = pass_captures};
static const struct hc_taker batch_captures = {.header = take_header, .row = take_batch_row, .passed = pass_captures};

const struct hc_taker *hc_gather_captures(const struct hc_gather *g)
{
	return g->request->endpoint_input ? &endpoint_captures : &batch_captures;
}

/* --- the whole ------------------------------------------------------------------------------ */

static enum hc_code open_gatherer(struct hc_gather *g, unsigned worker, struct hc_err *err)
{
	struct hc_gatherer *w = &g->gatherers[worker];
	w->gather = g;
	w->worker = worker;
	w->label_cursors = hc_bins_cursors(g->labels, worker);
	w->capture_cursors = hc_bins_cursors(g->captures, worker);
	w->line = w->text = w->wide = HC_BUF(TEXT_MAX);
	hc_record_init(&w->record);
	hc_measured_rows_init(&w->rows);
	if (g->tally)
		HC_TRY(hc_measure_init(&w->measure, &g->tally->options, g->tally, worker, err));
	HC_TRY(hc_skeletons_open(HC_RECORD_LABEL, &w->labels, err));
	return hc_skeletons_open(HC_RECORD_CAPTURE, &w->captures, err);
}

static void free_gatherer(struct hc_gatherer *w)
{
	if (!w->gather)
		return;
	if (w->gather->tally)
		hc_measure_free(&w->measure);
	hc_record_free(&w->record);
	hc_measured_rows_free(&w->rows);
	hc_csv_row_free(&w->csv);
	hc_skeletons_free(w->labels);
	hc_skeletons_free(w->captures);
	hc_buf_free(&w->line);
	hc_buf_free(&w->text);
	hc_buf_free(&w->wide);
}

enum hc_code hc_gather_open(struct hc_gather *g, const struct hc_request *request, struct hc_reader *reader,
			    struct hc_tally *tally, struct hc_spill *spill, unsigned workers, bool keeps_truth,
			    struct hc_err *err)
{
	bool many = reader->bytes_all >= HC_JOIN_MANY_BYTES;
	*g = (struct hc_gather){.request = request,
				.reader = reader,
				.tally = tally,
				.spill = spill,
				.workers = workers,
				.keeps_truth = keeps_truth,
				.n_bins = many ? HC_JOIN_BINS_MANY : HC_JOIN_BINS,
				.label_row_bytes = HC_LABEL_ROW_BYTES(keeps_truth)};
	g->bin_shift = 64 - (unsigned)__builtin_ctz(g->n_bins);
	hc_spellings_init(&g->truths);
	g->gatherers = hc_apart_alloc(workers, sizeof *g->gatherers);
	if (!g->gatherers)
		return hc_fail_nomem(err, "the join");
	HC_TRY(hc_random_fill(&g->key, sizeof g->key, err));
	HC_TRY(hc_bins_open(spill, g->n_bins, g->label_row_bytes, workers, &g->labels, err));
	HC_TRY(hc_bins_open(spill, g->n_bins, sizeof(struct hc_capture_row), workers, &g->captures, err));
	HC_TRY(hc_spools_open(spill, workers, &g->spools, err));
	for (unsigned i = 0; i < workers; i++)
		HC_TRY(open_gatherer(g, i, err));
	return HC_OK;
}

void hc_gather_free(struct hc_gather *g)
{
	if (!g->request)
		return;
	for (unsigned i = 0; g->gatherers && i < g->workers; i++)
		free_gatherer(&g->gatherers[i]);
	free(g->gatherers);
	hc_bins_free(g->labels);
	hc_bins_free(g->captures);
	hc_spools_free(g->spools);
	hc_spellings_free(&g->truths);
	*g = (struct hc_gather){0};
}

void *hc_gather_arg(struct hc_gather *g)
{
	g->gatherers[0].only_checks = true; /* the bins are closed */
	g->gatherers[0].n_waiting = 0;
	return &g->gatherers[0];
}

static void collect(struct hc_gather *g)
{
	for (unsigned i = 0; i < g->workers; i++) {
		hc_least_merge(&g->labelled, &g->gatherers[i].labelled);
		hc_least_merge(&g->after_window, &g->gatherers[i].after_window);
	}
}

/*
 * Labels that nobody asks for fill the dictionary, too. There must be room for the classes of those that count, as many
 * as there may be, or it would depend on the threads whether these get their numbers.
 */
static void keep_room(struct hc_gather *g, size_t classes)
{
	if (g->tally)
		g->tally->spellings.kept_back = classes;
}

enum hc_code hc_gather_run(struct hc_gather *g, struct hc_err *err)
{
	struct hc_reader *r = g->reader;
	void **args = calloc(g->workers, sizeof *args);
	if (!args)
		return hc_fail_nomem(err, "the threads");
	for (unsigned i = 0; i < g->workers; i++)
		args[i] = &g->gatherers[i];
	keep_room(g, 2 * HC_CLASSES_MAX);
	enum hc_code code = hc_reader_cut(r, "labels", false, err);
	g->first_capture = r->n_chunks;
	if (code == HC_OK)
		code = hc_reader_cut(r, "capture", !g->request->endpoint_input, err);
	if (code == HC_OK)
		code = hc_reader_run(r, 0, g->first_capture, &hc_gather_labels, args, g->workers, err);
	if (code == HC_OK) {
		code = hc_reader_run(r, g->first_capture, r->n_chunks, hc_gather_captures(g), args, g->workers, err);
		g->too_many_bad = code != HC_OK && r->too_many_bad;
	}
	free(args);
	keep_room(g, 0);
	hc_bins_flush(g->labels);
	hc_bins_flush(g->captures);
	hc_spools_flush(g->spools);
	collect(g);
	return code;
}
