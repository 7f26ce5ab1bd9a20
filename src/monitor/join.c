#include "monitor/join.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/apart.h"
#include "base/instant.h"
#include "sys/crew.h"
#include "sys/interrupt.h"

enum {
	AHEAD = 8, /* rows that memory is asked for in advance */
	SLOTS_MIN = 64,
	UNPAIRED_MIN = 16,
};

#define WIDE_MAX (UINT64_C(1) << 31)

/* What is known of one id. */
struct entry {
	struct hc_hash128 id;
	const struct hc_label_row *label; /* that counts; NULL: none */
	uint64_t first_label;             /* place */
	uint64_t first_capture;           /* place; HC_PLACE_NONE: none */
};

/* A further label of an id that has one. */
struct again {
	uint32_t entry;
	const struct hc_label_row *label;
};

/* A worker's own. */
struct joiner {
	HC_APART struct hc_gather *gather;
	unsigned worker;
	bool adds;
	const int32_t *hours; /* by chunk; close together, for every match looks two of them up */
	struct hc_joined found;
	struct hc_measure measure;
	struct hc_measured_rows outputs, labels;
	struct hc_buf capture_text, label_text;
	struct entry *entries;
	size_t n, cap;
	uint32_t *slots; /* 1 + index of an entry; 0: empty */
	size_t n_slots, cap_slots;
	struct again *again;
	size_t n_again, cap_again;
	struct hc_bin_cursor *match_cursors;
	enum hc_code code;
	struct hc_err err;
};

/* --- the table of a bin ---------------------------------------------------------------------- */

static enum hc_code clear_table(struct joiner *j, uint64_t rows, struct hc_err *err)
{
	size_t slots = SLOTS_MIN;
	while (slots < 2 * rows)
		slots *= 2;
	if (rows >= UINT32_MAX)
		return hc_fail(err, HC_LIMIT, "more than %u records whose ids fall together", UINT32_MAX);
	if (slots > j->cap_slots) {
		free(j->slots);
		j->slots = malloc(slots * sizeof *j->slots);
		j->cap_slots = j->slots ? slots : 0;
	}
	if (rows > j->cap) {
		free(j->entries);
		j->entries = malloc(rows * sizeof *j->entries);
		j->cap = j->entries ? rows : 0;
	}
	if (!j->slots || (rows && !j->entries))
		return hc_fail_nomem(err, "the join");
	memset(j->slots, 0, slots * sizeof *j->slots);
	j->n_slots = slots;
	j->n = j->n_again = 0;
	return HC_OK;
}

static void fetch_slot(const struct joiner *j, const struct hc_hash128 *id)
{
	__builtin_prefetch(&j->slots[id->high & (j->n_slots - 1)]);
}

/* The entry of an id, made if it is new. The table has room for all rows of the bin. */
static struct entry *find(struct joiner *j, const struct hc_hash128 *id)
{
	size_t mask = j->n_slots - 1, at = id->high & mask;
	for (; j->slots[at]; at = (at + 1) & mask) {
		struct entry *e = &j->entries[j->slots[at] - 1];
		if (e->id.high == id->high && e->id.low == id->low)
			return e;
	}
	assert(j->n < j->cap);
	struct entry *e = &j->entries[j->n++];
	*e = (struct entry){.id = *id, .first_label = HC_PLACE_NONE, .first_capture = HC_PLACE_NONE};
	j->slots[at] = (uint32_t)j->n;
	return e;
}

/* --- labels ---------------------------------------------------------------------------------- */

static enum hc_code note_again(struct joiner *j, const struct entry *e, const struct hc_label_row *label,
			       struct hc_err *err)
{
	if (j->n_again == j->cap_again) {
		size_t cap = j->cap_again ? j->cap_again * 2 : SLOTS_MIN;
		struct again *more = realloc(j->again, cap * sizeof *more);
		if (!more)
			return hc_fail_nomem(err, "the join");
		j->again = more;
		j->cap_again = cap;
	}
	j->again[j->n_again++] = (struct again){(uint32_t)(e - j->entries), label};
	return HC_OK;
}

static const void *row_at(const struct hc_bins_run *run, size_t i, size_t bytes)
{
	return (const char *)run->rows + i * bytes;
}

static enum hc_code enter_labels(struct joiner *j, const struct hc_bins_view *view, struct hc_err *err)
{
	size_t bytes = j->gather->label_row_bytes;
	for (size_t r = 0; r < view->n_runs; r++) {
		const struct hc_bins_run *run = &view->runs[r];
		for (size_t i = 0; i < run->n; i++) {
			const struct hc_label_row *label = row_at(run, i, bytes);
			if (i + AHEAD < run->n)
				fetch_slot(j, row_at(run, i + AHEAD, bytes));
			struct entry *e = find(j, &label->id);
			if (e->label) {
				HC_TRY(note_again(j, e, label, err));
				continue;
			}
			e->label = label;
			e->first_label = hc_row_place(label->at);
		}
	}
	return HC_OK;
}

static enum hc_code read_wide(struct joiner *j, uint64_t place, struct hc_buf *scratch, struct hc_wide *wide,
			      struct hc_measured_rows *rows, struct hc_err *err)
{
	struct hc_str text;
	HC_TRY(hc_spools_get(j->gather->spools, place, scratch, &text, err));
	return hc_wide_read(text, wide, rows, err);
}

/* What tells whether two labels say the same. */
static enum hc_code meaning(struct joiner *j, const struct hc_label_row *label, uint64_t *out, struct hc_err *err)
{
	const struct hc_tally *t = j->gather->tally;
	if (!(label->at & HC_ROW_WIDE)) {
		*out = t && t->options.problem == HC_REGRESSION ? label->value : label->value >> 16;
		return HC_OK;
	}
	struct hc_wide wide;
	HC_TRY(read_wide(j, label->value, &j->label_text, &wide, &j->labels, err));
	*out = wide.same;
	return HC_OK;
}

/* Labels of one regression may be plain numbers and wide ones: those differ unless both are of a kind. */
static enum hc_code same_label(struct joiner *j, const struct hc_label_row *a, const struct hc_label_row *b, bool *same,
			       struct hc_err *err)
{
	uint64_t x, y;
	HC_TRY(meaning(j, a, &x, err));
	HC_TRY(meaning(j, b, &y, err));
	*same = x == y;
	return HC_OK;
}

static int by_entry_and_place(const void *a, const void *b)
{
	const struct again *x = a, *y = b;
	if (x->entry != y->entry)
		return x->entry < y->entry ? -1 : 1;
	return (x->label->at > y->label->at) - (x->label->at < y->label->at);
}

static void note_conflict(struct joiner *j, const struct hc_label_row *label, const struct hc_label_row *kept)
{
	struct hc_conflict *c = &j->found.conflict;
	if (hc_row_place(label->at) < c->place)
		*c = (struct hc_conflict){hc_row_place(label->at), hc_row_place(kept->at)};
}

/* Settles n > 1 labels of one id, in the order of their places. */
static enum hc_code settle_labels(struct joiner *j, struct entry *e, const struct again *labels, size_t n,
				  struct hc_err *err)
{
	enum hc_on_conflict policy = j->gather->request->on_conflict;
	e->label = labels[0].label;
	e->first_label = hc_row_place(e->label->at);
	for (size_t i = 1; i < n; i++) {
		const struct hc_label_row *label = labels[i].label;
		uint64_t place = hc_row_place(label->at);
		bool same;
		HC_TRY(same_label(j, e->label, label, &same, err));
		if (!same && policy == HC_CONFLICT_ERROR) {
			note_conflict(j, label, e->label);
			return HC_OK;
		}
		hc_least_add(&j->found.lines[same ? HC_DUPLICATE_LABELS : HC_CONFLICTING_LABELS], place, place);
		if (!same && policy == HC_CONFLICT_LAST)
			e->label = label;
	}
	return HC_OK;
}

static enum hc_code settle_again(struct joiner *j, struct hc_err *err)
{
	size_t further = j->n_again;
	if (further == 0)
		return HC_OK;
	/* With the labels that they come in addition to, once each. */
	for (size_t i = 0; i < further; i++) {
		struct entry *e = &j->entries[j->again[i].entry];
		if (e->label)
			HC_TRY(note_again(j, e, e->label, err));
		e->label = NULL;
	}
	qsort(j->again, j->n_again, sizeof *j->again, by_entry_and_place);
	for (size_t i = 0, n; i < j->n_again; i += n) {
		for (n = 1; i + n < j->n_again && j->again[i + n].entry == j->again[i].entry;)
			n++;
		HC_TRY(settle_labels(j, &j->entries[j->again[i].entry], j->again + i, n, err));
	}
	return HC_OK;
}

/* --- matches --------------------------------------------------------------------------------- */

static int by_place(const void *a, const void *b)
{
	const struct hc_unpaired *x = a, *y = b;
	return (x->place > y->place) - (x->place < y->place);
}

/* Forgets unpaired records that cannot be the first one beyond those that are tolerated. */
static void keep_first_unpaired(struct hc_joined *f, uint64_t tolerated)
{
	if (f->n_unpaired == 0)
		return;
	qsort(f->unpaired, f->n_unpaired, sizeof *f->unpaired, by_place);
	if (f->n_unpaired - 1 > tolerated)
		f->n_unpaired = (size_t)tolerated + 1;
}

static enum hc_code note_unpaired(struct joiner *j, struct hc_unpaired unpaired, struct hc_err *err)
{
	struct hc_joined *f = &j->found;
	bool full = f->n_unpaired == f->cap_unpaired;
	if (full)
		keep_first_unpaired(f, j->gather->request->max_bad_records);
	if (full && f->n_unpaired >= f->cap_unpaired / 2) {
		size_t cap = f->cap_unpaired ? f->cap_unpaired * 2 : UNPAIRED_MIN;
		struct hc_unpaired *more = realloc(f->unpaired, cap * sizeof *more);
		if (!more)
			return hc_fail_nomem(err, "the list of bad records");
		f->unpaired = more;
		f->cap_unpaired = cap;
	}
	f->unpaired[f->n_unpaired++] = unpaired;
	return HC_OK;
}

/* The rows of a label, however it is kept. */
static enum hc_code rows_of_label(struct joiner *j, const struct hc_label_row *label, struct hc_err *err)
{
	struct hc_tally *t = j->gather->tally;
	struct hc_wide wide;
	struct hc_row row = {0};
	struct hc_str text = {0};
	if (label->at & HC_ROW_WIDE)
		return read_wide(j, label->value, &j->label_text, &wide, &j->labels, err);
	if (t->options.problem == HC_REGRESSION)
		memcpy(&row.number, &label->value, sizeof row.number);
	else
		text = hc_spellings_text(&t->spellings, (uint16_t)label->value);
	row.text_n = text.n;
	return hc_measured_rows_set(&j->labels, &row, 1, text, err);
}

/* One row of each: the capture's is plain, the label's may be wide. */
static enum hc_code add_plain_capture(struct joiner *j, const struct hc_label_row *label,
				      const struct hc_capture_row *capture, struct hc_err *err)
{
	struct hc_tally *t = j->gather->tally;
	struct hc_tally_row row = {.predicted = capture->predicted,
				   .samples = capture->samples,
				   .score = capture->number,
				   .label = hc_row_place(label->at),
				   .output = hc_row_place(capture->at)};
	double actual;
	bool wide = label->at & HC_ROW_WIDE;
	if (t->options.problem == HC_REGRESSION) {
		memcpy(&actual, &label->value, sizeof actual);
		hc_tally_add_values(t, j->worker, wide ? j->labels.list[0].number : actual, capture->number,
				    capture->samples);
		return HC_OK;
	}
	row.actual = (uint16_t)label->value;
	if (wide && !hc_tally_class(t, j->worker, hc_measured_rows_text(&j->labels, 0), row.label, &row.actual))
		return HC_OK;
	return hc_tally_add(t, j->worker, &row, err);
}

static enum hc_code add_wide(struct joiner *j, const struct hc_label_row *label, const struct hc_capture_row *capture,
			     const struct hc_wide *wide, bool *paired, struct hc_err *err)
{
	bool is_wide = capture->at & HC_ROW_WIDE;
	struct hc_identity who = {.inference_id = wide->inference_id,
				  .event_id = wide->event_id,
				  .label = hc_row_place(label->at),
				  .output = hc_row_place(capture->at)};
	HC_TRY(rows_of_label(j, label, err));
	size_t outputs = is_wide ? j->outputs.n : 1;
	*paired = outputs == j->labels.n;
	if (!*paired)
		return note_unpaired(j, (struct hc_unpaired){hc_row_place(capture->at), outputs, j->labels.n}, err);
	return is_wide ? hc_measure_add(&j->measure, &j->outputs, &j->labels, &who, err)
		       : add_plain_capture(j, label, capture, err);
}

/* Of the chunk's file, in seconds. */
static int64_t hour_s(const struct joiner *j, uint64_t place)
{
	return (int64_t)j->hours[hc_place_chunk(place)] * (HC_HOUR_US / HC_SECOND_US);
}

/* From the inference to the hour in which the label was collected. */
static enum hc_code count_delay(struct joiner *j, const struct hc_label_row *label,
				const struct hc_capture_row *capture, const struct hc_wide *wide, struct hc_err *err)
{
	int64_t label_s = hour_s(j, hc_row_place(label->at)), delay_s;
	if (capture->at & HC_ROW_WIDE) {
		if (!wide->has_time)
			return HC_OK;
		delay_s = (label_s * HC_SECOND_US - wide->time_us) / HC_SECOND_US;
	} else {
		if (!(capture->flags & HC_ROW_HAS_TIME))
			return HC_OK;
		delay_s = label_s - hour_s(j, hc_row_place(capture->at)) - capture->time;
	}
	return hc_delays_add(&j->found.delays, delay_s > 0 ? delay_s : 0, err);
}

static enum hc_code put_match(struct joiner *j, const struct hc_label_row *label, uint64_t place, struct hc_err *err)
{
	struct hc_match_row row = {place, label->truth};
	struct hc_gather *g = j->gather;
	size_t chunks = g->reader->n_chunks - g->first_capture, chunk = hc_place_chunk(place) - g->first_capture;
	unsigned bins = j->found.match_bins;
	/* the bin whose first chunk is the last one at or before this chunk */
	unsigned bin = (unsigned)(((unsigned __int128)(chunk + 1) * bins - 1) / chunks);
	void *to;
	HC_TRY(hc_bins_row(j->found.matches, j->match_cursors, j->worker, bin, sizeof row, &to, err));
	memcpy(to, &row, sizeof row);
	return HC_OK;
}

/* A capture that found its label; *paired = false: it is a bad record. */
static enum hc_code take_match(struct joiner *j, const struct hc_label_row *label, const struct hc_capture_row *capture,
			       bool *paired, struct hc_err *err)
{
	struct hc_wide wide = {0};
	uint64_t place = hc_row_place(capture->at);
	*paired = true;
	if (capture->at & HC_ROW_WIDE)
		HC_TRY(read_wide(j, capture->wide, &j->capture_text, &wide, &j->outputs, err));
	if (j->adds && ((capture->at | label->at) & HC_ROW_WIDE))
		HC_TRY(add_wide(j, label, capture, &wide, paired, err));
	else if (j->adds)
		HC_TRY(add_plain_capture(j, label, capture, err));
	if (!*paired)
		return HC_OK;
	hc_least_add(&j->found.lines[HC_MATCHED], place, place);
	if (j->found.matches)
		HC_TRY(put_match(j, label, place, err));
	return count_delay(j, label, capture, &wide, err);
}

/* Of two captures of one id the later one is the repeated one, whichever comes first here. */
static void count_capture(struct joiner *j, struct entry *e, uint64_t place)
{
	hc_least_add(&j->found.lines[HC_CAPTURED], place, place);
	uint64_t later = place;
	if (e->first_capture == HC_PLACE_NONE) {
		e->first_capture = place;
		return;
	}
	if (place < e->first_capture) {
		later = e->first_capture;
		e->first_capture = place;
	}
	hc_least_add(&j->found.lines[HC_REPEATED_CAPTURES], later, later);
}

static enum hc_code take_capture(struct joiner *j, const struct hc_capture_row *capture, struct hc_err *err)
{
	struct entry *e = find(j, &capture->id);
	uint64_t place = hc_row_place(capture->at);
	bool paired = true;
	if (e->label)
		HC_TRY(take_match(j, e->label, capture, &paired, err));
	else
		hc_least_add(&j->found.lines[HC_CAPTURES_WITHOUT_LABEL], place, place);
	if (paired)
		count_capture(j, e, place);
	return HC_OK;
}

static enum hc_code take_captures(struct joiner *j, const struct hc_bins_view *view, struct hc_err *err)
{
	for (size_t r = 0; r < view->n_runs; r++) {
		const struct hc_capture_row *rows = view->runs[r].rows;
		size_t n = view->runs[r].n;
		for (size_t i = 0; i < n; i++) {
			if (i + AHEAD < n)
				fetch_slot(j, &rows[i + AHEAD].id);
			HC_TRY(take_capture(j, &rows[i], err));
		}
	}
	return HC_OK;
}

static void count_left_labels(struct joiner *j)
{
	for (size_t i = 0; i < j->n; i++) {
		const struct entry *e = &j->entries[i];
		if (e->label && e->first_capture == HC_PLACE_NONE)
			hc_least_add(&j->found.lines[HC_LABELS_WITHOUT_CAPTURE], e->first_label,
				     hc_row_place(e->label->at));
	}
}

/* --- bins ------------------------------------------------------------------------------------ */

static enum hc_code join_loaded(struct joiner *j, const struct hc_bins_view *labels,
				const struct hc_bins_view *captures, struct hc_err *err)
{
	HC_TRY(clear_table(j, labels->n + captures->n, err));
	HC_TRY(enter_labels(j, labels, err));
	HC_TRY(settle_again(j, err));
	HC_TRY(take_captures(j, captures, err));
	count_left_labels(j);
	return HC_OK;
}

static enum hc_code join_bin(struct joiner *j, unsigned bin, struct hc_err *err)
{
	struct hc_gather *g = j->gather;
	struct hc_bins_view labels, captures;
	HC_TRY(hc_bins_load(g->labels, bin, &labels, err));
	enum hc_code code = hc_bins_load(g->captures, bin, &captures, err);
	if (code == HC_OK) {
		code = join_loaded(j, &labels, &captures, err);
		hc_bins_unload(g->captures, bin, &captures, true);
	}
	hc_bins_unload(g->labels, bin, &labels, true);
	return code;
}

struct crew {
	struct hc_crew_pieces bins;
	struct joiner *joiners;
	_Atomic bool failed;
};

static void work(void *arg, unsigned worker)
{
	struct crew *crew = arg;
	struct joiner *j = &crew->joiners[worker];
	uint64_t bin;
	while (j->code == HC_OK && !atomic_load(&crew->failed) && hc_crew_next(&crew->bins, &bin))
		if ((j->code = hc_interrupt_check(&j->err)) == HC_OK)
			j->code = join_bin(j, (unsigned)bin, &j->err);
	if (j->code != HC_OK)
		atomic_store(&crew->failed, true);
}

static enum hc_code open_joiner(struct joiner *j, struct hc_gather *g, unsigned worker, bool adds, const int32_t *hours,
				const struct hc_joined *shared, struct hc_err *err)
{
	*j = (struct joiner){.gather = g, .worker = worker, .adds = adds, .hours = hours};
	j->found.conflict = (struct hc_conflict){HC_PLACE_NONE, HC_PLACE_NONE};
	j->found.matches = shared->matches;
	j->found.match_bins = shared->match_bins;
	if (shared->matches)
		j->match_cursors = hc_bins_cursors(shared->matches, worker);
	hc_measured_rows_init(&j->outputs);
	hc_measured_rows_init(&j->labels);
	j->capture_text = j->label_text = HC_BUF(WIDE_MAX);
	return adds ? hc_measure_init(&j->measure, &g->tally->options, g->tally, worker, err) : HC_OK;
}

static void free_joiner(struct joiner *j)
{
	if (!j->gather)
		return;
	if (j->adds)
		hc_measure_free(&j->measure);
	hc_measured_rows_free(&j->outputs);
	hc_measured_rows_free(&j->labels);
	hc_buf_free(&j->capture_text);
	hc_buf_free(&j->label_text);
	hc_delays_free(&j->found.delays);
	free(j->found.unpaired);
	free(j->entries);
	free(j->slots);
	free(j->again);
}

static enum hc_code put_together(struct hc_joined *all, const struct joiner *j, struct hc_err *err)
{
	for (int i = 0; i < HC_ACCOUNT_LINES; i++)
		hc_least_merge(&all->lines[i], &j->found.lines[i]);
	HC_TRY(hc_delays_merge(&all->delays, &j->found.delays, err));
	if (j->found.conflict.place < all->conflict.place)
		all->conflict = j->found.conflict;
	size_t n = all->n_unpaired + j->found.n_unpaired;
	if (n == all->n_unpaired)
		return HC_OK;
	struct hc_unpaired *more = realloc(all->unpaired, n * sizeof *more);
	if (!more)
		return hc_fail_nomem(err, "the list of bad records");
	memcpy(more + all->n_unpaired, j->found.unpaired, j->found.n_unpaired * sizeof *more);
	all->unpaired = more;
	all->n_unpaired = n;
	keep_first_unpaired(all, j->gather->request->max_bad_records);
	return HC_OK;
}

static int32_t *list_hours(const struct hc_reader *r)
{
	int32_t *hours = malloc((r->n_chunks + 1) * sizeof *hours);
	for (size_t i = 0; hours && i < r->n_chunks; i++)
		hours[i] = (int32_t)(r->files->list[r->chunks[i].file].hour_us / HC_HOUR_US);
	return hours;
}

static enum hc_code open_matches(struct hc_gather *g, struct hc_joined *out, struct hc_err *err)
{
	size_t chunks = g->reader->n_chunks - g->first_capture;
	if (!g->keeps_truth || chunks == 0)
		return HC_OK;
	out->match_bins = chunks < HC_MATCH_BINS_MAX ? (unsigned)chunks : HC_MATCH_BINS_MAX;
	return hc_bins_open(g->spill, out->match_bins, sizeof(struct hc_match_row), g->workers, &out->matches, err);
}

enum hc_code hc_join_run(struct hc_gather *g, bool adds, struct hc_joined *out, struct hc_err *err)
{
	*out = (struct hc_joined){.conflict = {HC_PLACE_NONE, HC_PLACE_NONE}};
	struct crew crew = {.bins = {.n = g->n_bins}, .joiners = hc_apart_alloc(g->workers, sizeof *crew.joiners)};
	int32_t *hours = list_hours(g->reader);
	enum hc_code code = crew.joiners && hours ? open_matches(g, out, err) : hc_fail_nomem(err, "the join");
	for (unsigned i = 0; i < g->workers && code == HC_OK; i++)
		code = open_joiner(&crew.joiners[i], g, i, adds, hours, out, err);
	if (code == HC_OK)
		hc_crew_run(g->workers, work, &crew);
	for (unsigned i = 0; i < g->workers && code == HC_OK; i++) {
		code = crew.joiners[i].code;
		if (code != HC_OK)
			*err = crew.joiners[i].err;
	}
	for (unsigned i = 0; i < g->workers && code == HC_OK; i++)
		code = put_together(out, &crew.joiners[i], err);
	for (unsigned i = 0; i < g->workers && crew.joiners; i++)
		free_joiner(&crew.joiners[i]);
	free(crew.joiners);
	free(hours);
	if (out->matches)
		hc_bins_flush(out->matches);
	hc_least_merge(&out->lines[HC_LABELLED], &g->labelled);
	hc_least_merge(&out->lines[HC_AFTER_WINDOW], &g->after_window);
	hc_delays_sort(&out->delays);
	return code;
}

void hc_joined_free(struct hc_joined *j)
{
	hc_delays_free(&j->delays);
	free(j->unpaired);
	hc_bins_free(j->matches);
	*j = (struct hc_joined){0};
}
