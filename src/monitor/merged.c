#include "monitor/merged.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/apart.h"
#include "dataset/batch.h"
#include "sys/crew.h"

#define TEXT_MAX (UINT64_C(1) << 40)
#define TRUTH_TEXT_MAX (UINT64_C(1) << 31)
#define NOT_MATCHED UINT64_MAX

/* Workers write in the order of bins. */
struct turns {
	pthread_mutex_t lock;
	pthread_cond_t passed;
	unsigned next; /* bin whose turn it is */
	bool failed;
};

/* A worker's own. */
struct formatter {
	HC_APART struct hc_merge *merge;
	struct hc_parts *parts; /* where records are written; NULL: they are handed to `take` */
	struct turns *turns;
	hc_merged_take *take;
	void *take_arg;
	unsigned bin;
	bool my_turn;
	size_t first, last; /* chunks of the bin */
	uint64_t *bases;    /* of each of them: lines of the bin before it */
	uint64_t *truths;   /* by line of the bin; NOT_MATCHED: none */
	struct hc_record record;
	struct hc_skeletons *skeletons;
	struct hc_csv_row row;
	struct hc_buf out, line, truth;
	size_t file; /* of the last record in `out`; all of them belong in one part */
	enum hc_code code;
	struct hc_err err;
};

/* --- taking turns ------------------------------------------------------------------------------ */

/* False: another worker failed. */
static bool wait_for_turn(struct formatter *f)
{
	struct turns *t = f->turns;
	pthread_mutex_lock(&t->lock);
	while (!t->failed && t->next != f->bin)
		pthread_cond_wait(&t->passed, &t->lock);
	f->my_turn = !t->failed;
	pthread_mutex_unlock(&t->lock);
	return f->my_turn;
}

static void pass_turn(struct formatter *f, bool failed)
{
	struct turns *t = f->turns;
	pthread_mutex_lock(&t->lock);
	t->failed |= failed;
	t->next = f->bin + 1;
	f->my_turn = false;
	pthread_cond_broadcast(&t->passed);
	pthread_mutex_unlock(&t->lock);
}

static enum hc_code flush(struct formatter *f, struct hc_err *err)
{
	HC_TRY(hc_buf_check(&f->out, "merged records", err));
	if (f->out.n == 0 || !f->parts)
		return HC_OK;
	if (!f->my_turn && !wait_for_turn(f)) {
		f->bin = UINT_MAX; /* its failure is the other's */
		return hc_fail(err, HC_IO, "another thread failed");
	}
	HC_TRY(hc_parts_write(f->parts, &f->merge->reader.files->list[f->file], hc_buf_view(&f->out), err));
	hc_buf_reset(&f->out);
	return HC_OK;
}

/* --- records ------------------------------------------------------------------------------------- */

/* Lines that were not there when the file was read first have none. */
static uint64_t truth_at(const struct formatter *f, uint64_t place)
{
	if (hc_place_line(place) >= f->merge->reader.chunks[hc_place_chunk(place)].lines)
		return NOT_MATCHED;
	return f->truths[f->bases[hc_place_chunk(place) - f->first] + hc_place_line(place)];
}

static bool is_of_other_part(const struct formatter *f, size_t file)
{
	const struct hc_input_file *files = f->merge->reader.files->list;
	return file != f->file && !hc_parts_same(&files[file], &files[f->file]);
}

/* What is done before and after a record is appended to f->out. */
static enum hc_code find_truth(struct formatter *f, uint64_t place, uint64_t truth, struct hc_str *text,
			       struct hc_err *err)
{
	size_t file = f->merge->reader.chunks[hc_place_chunk(place)].file;
	if (is_of_other_part(f, file) || f->out.n >= HC_MERGED_HELD_BYTES)
		HC_TRY(flush(f, err));
	f->file = file;
	return hc_gather_truth(&f->merge->gather, truth, &f->truth, text, err);
}

static enum hc_code finish_record(struct formatter *f, uint64_t place, struct hc_err *err)
{
	if (f->parts) {
		hc_buf_char(&f->out, '\n');
		return HC_OK;
	}
	HC_TRY(hc_buf_check(&f->out, "a merged record", err));
	enum hc_code code = f->take(f->take_arg, hc_buf_view(&f->out), place, err);
	hc_buf_reset(&f->out);
	return code;
}

static enum hc_taken quick(void *arg, const char *p, const char *end, uint64_t place, const char **next,
			   struct hc_err *err)
{
	struct formatter *f = arg;
	uint64_t truth = truth_at(f, place);
	struct hc_str text;
	if (truth == NOT_MATCHED) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		*next = newline ? newline + 1 : end;
		return HC_TAKEN;
	}
	if (!hc_skeletons_match(f->skeletons, p, end, f->merge->request->max_line, &f->record, next))
		return HC_NOT_TAKEN;
	if (find_truth(f, place, truth, &text, err) != HC_OK)
		return HC_TAKING_FAILED;
	hc_skeletons_write_merged(f->skeletons, text, &f->out);
	return finish_record(f, place, err) == HC_OK ? HC_TAKEN : HC_TAKING_FAILED;
}

static enum hc_code full(void *arg, struct hc_str line, uint64_t place, struct hc_err *err)
{
	struct formatter *f = arg;
	uint64_t truth = truth_at(f, place);
	struct hc_str text;
	if (truth == NOT_MATCHED)
		return HC_OK;
	if (hc_record_parse(line, HC_RECORD_CAPTURE, &f->record, err) != HC_OK)
		return hc_reader_fail_changed(&f->merge->reader, place, err);
	HC_TRY(find_truth(f, place, truth, &text, err));
	hc_record_write_merged(&f->record, text, &f->out);
	hc_skeletons_learn(f->skeletons, line, &f->record);
	return finish_record(f, place, err);
}

static enum hc_code row(void *arg, const struct hc_table_row *row, uint64_t place, struct hc_err *err)
{
	struct formatter *f = arg;
	if (truth_at(f, place) == NOT_MATCHED)
		return HC_OK;
	hc_buf_reset(&f->line);
	if (hc_batch_capture(row->text, row->format, &f->row, &f->line, err) != HC_OK)
		return hc_reader_fail_changed(&f->merge->reader, place, err);
	return full(f, hc_buf_view(&f->line), place, err);
}

/* It was no match when it was as long. */
static enum hc_code too_long(void *arg, uint64_t place, struct hc_err *err)
{
	struct formatter *f = arg;
	return truth_at(f, place) == NOT_MATCHED ? HC_OK : hc_reader_fail_changed(&f->merge->reader, place, err);
}

/* What a preprocessor says of a record, or of one before it, has its place. */
static const struct hc_taker formatting = {
	.names_places = true, .quick = quick, .full = full, .row = row, .too_long = too_long};

/* --- bins ---------------------------------------------------------------------------------------- */

/* Spreads the matches of a bin over the lines of its chunks. */
static enum hc_code spread(struct formatter *f, const struct hc_bins_view *view, struct hc_err *err)
{
	const struct hc_reader *r = &f->merge->reader;
	uint64_t lines = 0;
	free(f->bases);
	free(f->truths);
	f->truths = NULL;
	f->bases = malloc((f->last - f->first + 1) * sizeof *f->bases);
	for (size_t i = f->first; i < f->last && f->bases; i++) {
		f->bases[i - f->first] = lines;
		lines += r->chunks[i].lines;
	}
	if (lines > HC_MERGED_LINES_MAX) {
		hc_fail(err, HC_LIMIT, "%s: merged records of more than %d lines",
			hc_reader_path(r, hc_place(f->first, 0)), HC_MERGED_LINES_MAX);
		return hc_hint(err, "split the file, or do without them (--no-merged-output)");
	}
	if (f->bases)
		f->truths = malloc((lines + 1) * sizeof *f->truths);
	if (!f->truths)
		return hc_fail_nomem(err, "merged records");
	memset(f->truths, 0xff, (lines + 1) * sizeof *f->truths);
	for (size_t i = 0; i < view->n_runs; i++) {
		const struct hc_match_row *rows = view->runs[i].rows;
		for (size_t k = 0; k < view->runs[i].n; k++)
			f->truths[f->bases[hc_place_chunk(rows[k].place) - f->first] + hc_place_line(rows[k].place)] =
				rows[k].truth;
	}
	return HC_OK;
}

static enum hc_code format_bin(struct formatter *f, unsigned bin, struct hc_err *err)
{
	struct hc_merge *m = f->merge;
	struct hc_bins_view view;
	size_t chunks = m->reader.n_chunks - m->gather.first_capture;
	f->bin = bin;
	f->first = m->gather.first_capture + hc_match_bin_first(chunks, m->joined.match_bins, bin);
	f->last = m->gather.first_capture + hc_match_bin_first(chunks, m->joined.match_bins, bin + 1);
	HC_TRY(hc_bins_load(m->joined.matches, bin, &view, err));
	enum hc_code code = spread(f, &view, err);
	hc_bins_unload(m->joined.matches, bin, &view, true);
	for (size_t i = f->first; i < f->last && code == HC_OK; i++)
		code = hc_reader_chunk(&m->reader, i, &formatting, f, err);
	return code == HC_OK ? flush(f, err) : code;
}

static enum hc_code open_formatter(struct formatter *f, struct hc_merge *m, struct hc_err *err)
{
	*f = (struct formatter){
		.merge = m, .out = HC_BUF(TEXT_MAX), .line = HC_BUF(TRUTH_TEXT_MAX), .truth = HC_BUF(TRUTH_TEXT_MAX)};
	hc_record_init(&f->record);
	return hc_skeletons_open(HC_RECORD_CAPTURE, &f->skeletons, err);
}

static void free_formatter(struct formatter *f)
{
	if (!f->merge)
		return;
	hc_record_free(&f->record);
	hc_skeletons_free(f->skeletons);
	hc_csv_row_free(&f->row);
	hc_buf_free(&f->out);
	hc_buf_free(&f->line);
	hc_buf_free(&f->truth);
	free(f->bases);
	free(f->truths);
}

struct crew {
	struct hc_crew_pieces bins;
	struct formatter *formatters;
};

static void work(void *arg, unsigned worker)
{
	struct crew *crew = arg;
	struct formatter *f = &crew->formatters[worker];
	uint64_t bin;
	while (f->code == HC_OK && hc_crew_next(&crew->bins, &bin)) {
		f->code = format_bin(f, (unsigned)bin, &f->err);
		if (f->code == HC_OK && !f->my_turn && !wait_for_turn(f))
			return;
		pass_turn(f, f->code != HC_OK);
	}
}

/* A worker that was kept from its turn by another's failure says nothing of its own. */
static const struct formatter *first_failure(const struct crew *crew, unsigned workers)
{
	const struct formatter *first = NULL;
	for (unsigned i = 0; i < workers; i++) {
		const struct formatter *f = &crew->formatters[i];
		if (f->code != HC_OK && (!first || f->bin < first->bin))
			first = f;
	}
	return first;
}

static enum hc_code format_all(struct hc_merge *m, struct crew *crew, unsigned workers, struct hc_err *err)
{
	m->reader.what = "writing";
	hc_crew_run(workers, work, crew);
	const struct formatter *failed = first_failure(crew, workers);
	if (!failed)
		return hc_merge_check_files(m, workers, err);
	*err = failed->err;
	return hc_err_code(err);
}

static enum hc_code run(struct hc_merge *m, const struct formatter *how, unsigned workers, struct hc_err *err)
{
	struct turns turns = {.lock = PTHREAD_MUTEX_INITIALIZER, .passed = PTHREAD_COND_INITIALIZER};
	struct crew crew = {.bins = {.n = m->joined.match_bins}, .formatters = hc_apart_alloc(workers, sizeof *how)};
	if (!crew.formatters)
		return hc_fail_nomem(err, "merged records");
	enum hc_code code = HC_OK;
	for (unsigned i = 0; i < workers && code == HC_OK; i++) {
		struct formatter *f = &crew.formatters[i];
		code = open_formatter(f, m, err);
		f->parts = how->parts;
		f->take = how->take;
		f->take_arg = how->take_arg;
		f->turns = &turns;
	}
	if (code == HC_OK)
		code = format_all(m, &crew, workers, err);
	for (unsigned i = 0; i < workers; i++)
		free_formatter(&crew.formatters[i]);
	free(crew.formatters);
	pthread_mutex_destroy(&turns.lock);
	pthread_cond_destroy(&turns.passed);
	return code;
}

enum hc_code hc_merged_write(struct hc_merge *m, struct hc_parts *parts, unsigned workers, struct hc_err *err)
{
	struct formatter how = {.parts = parts};
	return run(m, &how, workers, err);
}

enum hc_code hc_merged_each(struct hc_merge *m, hc_merged_take *take, void *arg, struct hc_err *err)
{
	struct formatter how = {.take = take, .take_arg = arg};
	return run(m, &how, 1, err);
}
