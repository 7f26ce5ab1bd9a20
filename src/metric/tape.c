#include "metric/tape.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "metric/packed.h"
#include "sys/crew.h"

enum {
	PAYLOAD_BITS = HC_SAMPLES + 1,     /* class and samples */
	DISTANCE_BITS = 64 - PAYLOAD_BITS, /* what is left for the score in a packed key */
	SPLIT_BITS = 8,                    /* a bin is split into 2^SPLIT_BITS */
	SPLIT = 1 << SPLIT_BITS,
	SORTED_MIN = 1 << 14,    /* records that are sorted at once, whatever the budget, */
	SORTED_SHARED = 1 << 16, /* beyond which they are shared out among threads, */
	SORTED_MAX = 1 << 20,    /* and at most */
	SORTED_BYTES = 2 * sizeof(uint64_t) + 1,
	BUDGET_SHARE = 4, /* a fourth of the budget is for sorting */
};

/* A part of the tape: what it is made from, then what it became. */
struct part {
	struct hc_bins *bins;
	unsigned bin;
	bool counted; /* its records were, and are all measured */
	bool done;
	struct hc_bins *split; /* its records are in these SPLIT bins now */
	struct hc_tape_segment *segments;
	size_t n_segments, cap_segments;
};

struct making {
	struct hc_spill *spill;
	const struct hc_tape_roles *roles;
	bool scores;
	uint64_t sorted_max; /* records that a worker sorts at once */
	struct part *parts;
	size_t n_parts;
	struct hc_bins **splits; /* all bins that were made here */
	size_t n_splits;

	size_t *order; /* parts, the largest first */
	struct hc_crew_pieces pieces;
	_Atomic bool failed;
	pthread_mutex_t lock; /* guards what follows */
	struct hc_tape_counts counts;
	struct hc_err *err;
};

struct worker {
	struct making *making;
	struct hc_tape_counts counts;
	uint64_t *keys, *scratch; /* [cap] */
	unsigned char *payloads;  /* [cap] */
	size_t cap;
	size_t n_segment;
	unsigned char segment[HC_TAPE_SEGMENT];
};

/* Ascending keys are descending scores; -0.0 and 0.0 have the same one. */
static inline uint64_t sort_key(double score)
{
	uint64_t bits;
	score += 0.0;
	memcpy(&bits, &score, sizeof bits);
	return bits >> 63 ? bits : ~bits & ~(UINT64_C(1) << 63);
}

/* The measured records of a bin: how many, and between which keys. */
struct extent {
	size_t n;
	uint64_t least, most;
};

static inline void extend(struct extent *e, uint64_t key)
{
	e->least = e->n == 0 || key < e->least ? key : e->least;
	e->most = e->n == 0 || key > e->most ? key : e->most;
	e->n++;
}

static inline unsigned role_of(const struct hc_tape_roles *roles, uint16_t class)
{
	return roles->role[class];
}

static inline unsigned predicted_role(const struct hc_tape_roles *roles, const struct hc_binary_record *r)
{
	if (r->predicted == HC_BINARY_BY_SCORE)
		return r->score > roles->threshold ? HC_ROLE_POSITIVE : HC_ROLE_NEGATIVE;
	return role_of(roles, r->predicted);
}

static inline unsigned char payload_of(const struct hc_tape_roles *roles, const struct hc_binary_record *r)
{
	bool positive = role_of(roles, r->actual) == HC_ROLE_POSITIVE;
	return (unsigned char)(r->samples % HC_TAPE_POSITIVE | (positive ? HC_TAPE_POSITIVE : 0));
}

/* Counts a record, unless its part was counted; true if it is measured. */
static inline bool count(struct worker *w, const struct part *part, const struct hc_binary_record *r)
{
	if (part->counted)
		return true;
	unsigned actual = role_of(w->making->roles, r->actual), predicted = predicted_role(w->making->roles, r);
	w->counts.n[r->samples % HC_TAPE_POSITIVE][actual][predicted]++;
	return actual != HC_ROLE_NONE && predicted != HC_ROLE_NONE;
}

/* ---- segments ---- */

static void count_sums(const uint32_t counts[2 * HC_TAPE_POSITIVE], struct hc_tape_sums *sums)
{
	*sums = (struct hc_tape_sums){0};
	for (unsigned payload = 0; payload < 2 * HC_TAPE_POSITIVE; payload++) {
		double *sets = payload & HC_TAPE_POSITIVE ? sums->positive : sums->negative;
		sets[0] += counts[payload];
		for (unsigned k = 0; k < HC_SAMPLES; k++)
			sets[k + 1] += payload >> k & 1 ? counts[payload] : 0;
	}
}

/* Counts what is in the segment: up to its end, and up to the last record that ends a score. */
static void describe(const unsigned char *bytes, size_t n, struct hc_tape_segment *segment)
{
	uint32_t halves[2][2 * HC_TAPE_LAST] = {0}, counts[2 * HC_TAPE_POSITIVE] = {0};
	for (size_t i = 0; i < n; i++)
		halves[i % 2][bytes[i]]++; /* in turn: equal ones do not wait for each other */
	for (unsigned b = 0; b < 2 * HC_TAPE_LAST; b++) {
		counts[b % HC_TAPE_LAST] += halves[0][b] + halves[1][b];
		segment->points += b & HC_TAPE_LAST ? halves[0][b] + halves[1][b] : 0;
	}
	segment->n = (uint32_t)n;
	count_sums(counts, &segment->all);
	for (; n > 0 && !(bytes[n - 1] & HC_TAPE_LAST); n--)
		counts[bytes[n - 1]]--;
	count_sums(counts, &segment->until_point);
}

static enum hc_code keep(struct hc_spill *spill, const unsigned char *bytes, size_t n, struct hc_tape_segment *segment,
			 struct hc_err *err)
{
	if (!hc_spill_has_room(spill))
		return hc_spill_put(spill, bytes, n, &segment->at, err);
	segment->bytes = malloc(n);
	if (!segment->bytes)
		return hc_fail_nomem(err, "the records in the order of their scores");
	memcpy(segment->bytes, bytes, n);
	atomic_fetch_add(&spill->used, n);
	return HC_OK;
}

static void discard(struct hc_spill *spill, struct hc_tape_segment *segments, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (segments[i].bytes)
			atomic_fetch_sub(&spill->used, segments[i].n);
		free(segments[i].bytes);
	}
	free(segments);
}

/* Ends the segment that the worker filled, if it has any record. */
static enum hc_code end_segment(struct worker *w, struct part *part, struct hc_err *err)
{
	if (w->n_segment == 0)
		return HC_OK;
	if (part->n_segments == part->cap_segments) {
		size_t cap = part->cap_segments ? 2 * part->cap_segments : 1;
		struct hc_tape_segment *segments = realloc(part->segments, cap * sizeof *segments);
		if (!segments)
			return hc_fail_nomem(err, "the segments of the sorted records");
		part->segments = segments;
		part->cap_segments = cap;
	}
	struct hc_tape_segment *segment = &part->segments[part->n_segments];
	*segment = (struct hc_tape_segment){0};
	describe(w->segment, w->n_segment, segment);
	HC_TRY(keep(w->making->spill, w->segment, w->n_segment, segment, err));
	part->n_segments++;
	w->n_segment = 0;
	return HC_OK;
}

static inline enum hc_code put(struct worker *w, struct part *part, unsigned byte, struct hc_err *err)
{
	w->segment[w->n_segment++] = (unsigned char)byte;
	return w->n_segment == HC_TAPE_SEGMENT ? end_segment(w, part, err) : HC_OK;
}

/* Puts n sorted keys onto the tape. */
static enum hc_code put_sorted(struct worker *w, struct part *part, const uint64_t *keys, size_t n, struct hc_err *err)
{
	for (size_t i = 0; i + 1 < n; i++) {
		bool last = keys[i] >> PAYLOAD_BITS != keys[i + 1] >> PAYLOAD_BITS;
		unsigned payload = (unsigned)keys[i] % (1u << PAYLOAD_BITS);
		HC_TRY(put(w, part, payload | (last ? HC_TAPE_LAST : 0), err));
	}
	HC_TRY(put(w, part, (unsigned)keys[n - 1] % (1u << PAYLOAD_BITS) | HC_TAPE_LAST, err));
	return end_segment(w, part, err);
}

/* ---- a part that fits ---- */

static enum hc_code make_room(struct worker *w, size_t n, struct hc_err *err)
{
	if (n <= w->cap)
		return HC_OK;
	free(w->keys);
	w->cap = 0;
	w->keys = malloc(n * SORTED_BYTES);
	if (!w->keys)
		return hc_fail_nomem(err, "sorting the records by score");
	w->scratch = w->keys + n;
	w->payloads = (unsigned char *)(w->scratch + n);
	w->cap = n;
	return HC_OK;
}

static struct extent gather(struct worker *w, const struct part *part, const struct hc_bins_view *view)
{
	struct extent extent = {0};
	assert(w->keys && view->n <= w->cap);
	for (size_t run = 0; run < view->n_runs; run++) {
		const struct hc_binary_record *rows = view->runs[run].rows;
		for (size_t i = 0; i < view->runs[run].n; i++) {
			if (!count(w, part, &rows[i]))
				continue;
			uint64_t key = sort_key(rows[i].score);
			w->keys[extent.n] = key;
			w->payloads[extent.n] = payload_of(w->making->roles, &rows[i]);
			extend(&extent, key);
		}
	}
	return extent;
}

static enum hc_code put_packed(struct worker *w, struct part *part, const struct extent *extent, struct hc_err *err)
{
	for (size_t i = 0; i < extent->n; i++)
		w->keys[i] = (w->keys[i] - extent->least) << PAYLOAD_BITS | w->payloads[i];
	hc_packed_sort(w->keys, w->scratch, extent->n, PAYLOAD_BITS);
	return put_sorted(w, part, w->keys, extent->n, err);
}

/* ---- one that does not ---- */

static struct extent measure_extent(struct worker *w, const struct part *part, const struct hc_bins_view *view)
{
	struct extent extent = {0};
	for (size_t run = 0; run < view->n_runs; run++) {
		const struct hc_binary_record *rows = view->runs[run].rows;
		for (size_t i = 0; i < view->runs[run].n; i++)
			if (count(w, part, &rows[i]))
				extend(&extent, sort_key(rows[i].score));
	}
	return extent;
}

static bool is_measured(const struct making *m, const struct hc_binary_record *r)
{
	return role_of(m->roles, r->actual) != HC_ROLE_NONE && predicted_role(m->roles, r) != HC_ROLE_NONE;
}

/* All have one score: their order does not matter. */
static enum hc_code put_one_score(struct worker *w, struct part *part, const struct hc_bins_view *view, size_t n,
				  struct hc_err *err)
{
	for (size_t run = 0; run < view->n_runs; run++) {
		const struct hc_binary_record *rows = view->runs[run].rows;
		for (size_t i = 0; i < view->runs[run].n; i++) {
			if (!is_measured(w->making, &rows[i]))
				continue;
			unsigned last = --n == 0 ? HC_TAPE_LAST : 0;
			HC_TRY(put(w, part, payload_of(w->making->roles, &rows[i]) | last, err));
		}
	}
	return end_segment(w, part, err);
}

static enum hc_code split(struct worker *w, struct part *part, const struct hc_bins_view *view,
			  const struct extent *extent, struct hc_err *err)
{
	HC_TRY(hc_bins_open(w->making->spill, SPLIT, sizeof(struct hc_binary_record), 1, &part->split, err));
	struct hc_bin_cursor *cursors = hc_bins_cursors(part->split, 0);
	unsigned bits = 64 - (unsigned)__builtin_clzll(extent->most - extent->least);
	unsigned shift = bits > SPLIT_BITS ? bits - SPLIT_BITS : 0;
	for (size_t run = 0; run < view->n_runs; run++) {
		const struct hc_binary_record *rows = view->runs[run].rows;
		for (size_t i = 0; i < view->runs[run].n; i++) {
			if (!is_measured(w->making, &rows[i]))
				continue;
			void *row;
			unsigned bin = (unsigned)((sort_key(rows[i].score) - extent->least) >> shift);
			HC_TRY(hc_bins_row(part->split, cursors, 0, bin, sizeof rows[i], &row, err));
			memcpy(row, &rows[i], sizeof rows[i]);
		}
	}
	hc_bins_flush(part->split);
	return HC_OK;
}

/* ---- parts ---- */

static enum hc_code make_part(struct worker *w, struct part *part, const struct hc_bins_view *view, struct hc_err *err)
{
	const struct making *m = w->making;
	bool fits = m->scores && view->n <= m->sorted_max;
	if (fits)
		HC_TRY(make_room(w, view->n, err));
	struct extent extent = fits ? gather(w, part, view) : measure_extent(w, part, view);
	if (!m->scores || extent.n == 0)
		return HC_OK;
	if (extent.least == extent.most)
		return put_one_score(w, part, view, extent.n, err);
	if (fits && (extent.most - extent.least) >> DISTANCE_BITS == 0)
		return put_packed(w, part, &extent, err);
	return split(w, part, view, &extent, err);
}

static enum hc_code load_part(struct worker *w, struct part *part, struct hc_err *err)
{
	struct hc_bins_view view;
	HC_TRY(hc_bins_load(part->bins, part->bin, &view, err));
	enum hc_code code = make_part(w, part, &view, err);
	hc_bins_unload(part->bins, part->bin, &view, true);
	part->done = true;
	return code;
}

static void make_parts(void *arg, unsigned number)
{
	(void)number;
	struct making *m = arg;
	struct hc_err err;
	struct worker *w = calloc(1, sizeof *w);
	enum hc_code code = w ? HC_OK : hc_fail_nomem(&err, "sorting the records by score");
	uint64_t piece;
	if (w)
		w->making = m;
	while (code == HC_OK && !atomic_load(&m->failed) && hc_crew_next(&m->pieces, &piece))
		code = load_part(w, &m->parts[m->order[piece]], &err);
	pthread_mutex_lock(&m->lock);
	if (code != HC_OK && !atomic_exchange(&m->failed, true))
		*m->err = err;
	for (size_t i = 0; w && i < sizeof m->counts / sizeof(uint64_t); i++)
		(&m->counts.n[0][0][0])[i] += (&w->counts.n[0][0][0])[i];
	pthread_mutex_unlock(&m->lock);
	if (w)
		free(w->keys);
	free(w);
}

struct size_of_part {
	uint64_t n;
	size_t part;
};

static int compare_sizes(const void *a, const void *b)
{
	const struct size_of_part *x = a, *y = b;
	return x->n != y->n ? (x->n < y->n ? 1 : -1) : x->part < y->part ? -1 : x->part > y->part;
}

/* Orders the parts that are not done, the largest first: no thread is left with one at the end. */
static enum hc_code order_parts(struct making *m, struct hc_err *err)
{
	struct size_of_part *sizes = malloc((m->n_parts + 1) * sizeof *sizes);
	size_t *order = malloc((m->n_parts + 1) * sizeof *order), n = 0;
	free(m->order);
	m->order = order;
	if (!sizes || !order) {
		free(sizes);
		return hc_fail_nomem(err, "the bins of scores");
	}
	for (size_t i = 0; i < m->n_parts; i++)
		if (!m->parts[i].done)
			sizes[n++] = (struct size_of_part){hc_bins_count(m->parts[i].bins, m->parts[i].bin), i};
	qsort(sizes, n, sizeof *sizes, compare_sizes);
	for (size_t i = 0; i < n; i++)
		order[i] = sizes[i].part;
	free(sizes);
	m->pieces = (struct hc_crew_pieces){.n = n};
	return HC_OK;
}

/* A part that was split makes place for those that it was split into, if they have records. */
static enum hc_code replace_split(struct making *m, struct hc_err *err)
{
	size_t splits = 0, n = 0;
	for (size_t i = 0; i < m->n_parts; i++)
		splits += m->parts[i].split != NULL;
	struct part *parts = malloc((m->n_parts + splits * SPLIT + 1) * sizeof *parts);
	struct hc_bins **all = realloc(m->splits, (m->n_splits + splits + 1) * sizeof(struct hc_bins *));
	m->splits = all ? all : m->splits;
	if (!parts || !all) {
		free(parts);
		return hc_fail_nomem(err, "the bins of scores");
	}
	for (size_t i = 0; i < m->n_parts; i++) {
		struct hc_bins *bins = m->parts[i].split;
		if (!bins) {
			parts[n++] = m->parts[i];
			continue;
		}
		m->splits[m->n_splits++] = bins;
		for (unsigned bin = 0; bin < SPLIT; bin++)
			if (hc_bins_count(bins, bin) > 0)
				parts[n++] = (struct part){.bins = bins, .bin = bin, .counted = true};
	}
	free(m->parts);
	m->parts = parts;
	m->n_parts = n;
	return HC_OK;
}

/* Rounds over the parts that are not done: those of a round may leave finer ones for the next. */
static enum hc_code make_all(struct making *m, unsigned threads, struct hc_err *err)
{
	for (;;) {
		HC_TRY(order_parts(m, err));
		if (m->pieces.n == 0)
			return HC_OK;
		hc_crew_run(threads < m->pieces.n ? threads : (unsigned)m->pieces.n, make_parts, m);
		if (atomic_load(&m->failed))
			return hc_err_code(err);
		HC_TRY(replace_split(m, err));
	}
}

static enum hc_code join_parts(struct making *m, struct hc_tape *tape, struct hc_err *err)
{
	size_t n = 0;
	for (size_t i = 0; i < m->n_parts; i++)
		n += m->parts[i].n_segments;
	tape->segments = malloc((n + 1) * sizeof *tape->segments);
	if (!tape->segments)
		return hc_fail_nomem(err, "the segments of the sorted records");
	for (size_t i = 0; i < m->n_parts; i++) {
		struct part *part = &m->parts[i];
		for (size_t j = 0; j < part->n_segments; j++) {
			tape->points += part->segments[j].points;
			tape->segments[tape->n++] = part->segments[j];
		}
		free(part->segments);
	}
	m->n_parts = 0; /* they are the tape's */
	return HC_OK;
}

static uint64_t sorted_max(const struct hc_spill *spill, uint64_t records, unsigned threads)
{
	uint64_t fair = records / threads / 2, affordable = spill->budget / BUDGET_SHARE / threads / SORTED_BYTES;
	if (fair < SORTED_SHARED)
		fair = SORTED_SHARED;
	uint64_t n = fair < affordable ? fair : affordable;
	return n < SORTED_MIN ? SORTED_MIN : n > SORTED_MAX ? SORTED_MAX : n;
}

enum hc_code hc_tape_make(struct hc_bins *bins, unsigned n_bins, struct hc_spill *spill,
			  const struct hc_tape_roles *roles, bool scores, unsigned threads, struct hc_tape *tape,
			  struct hc_tape_counts *counts, struct hc_err *err)
{
	struct making m = {.spill = spill, .roles = roles, .scores = scores, .err = err};
	*tape = (struct hc_tape){.spill = spill};
	m.sorted_max = sorted_max(spill, hc_bins_total(bins), threads);
	m.parts = calloc(n_bins, sizeof *m.parts);
	if (!m.parts)
		return hc_fail_nomem(err, "the bins of scores");
	m.n_parts = n_bins;
	for (unsigned i = 0; i < n_bins; i++) {
		unsigned bin = n_bins - 1 - i; /* the highest scores first */
		m.parts[i] = (struct part){.bins = bins, .bin = bin, .done = hc_bins_count(bins, bin) == 0};
	}
	pthread_mutex_init(&m.lock, NULL);
	enum hc_code code = make_all(&m, threads, err);
	if (code == HC_OK)
		code = join_parts(&m, tape, err);
	if (code == HC_OK)
		*counts = m.counts;
	for (size_t i = 0; i < m.n_parts; i++) {
		discard(spill, m.parts[i].segments, m.parts[i].n_segments);
		if (m.parts[i].split)
			hc_bins_free(m.parts[i].split);
	}
	for (size_t i = 0; i < m.n_splits; i++)
		hc_bins_free(m.splits[i]);
	free(m.splits);
	free(m.parts);
	free(m.order);
	pthread_mutex_destroy(&m.lock);
	return code;
}

void hc_tape_free(struct hc_tape *tape)
{
	discard(tape->spill, tape->segments, tape->n);
	*tape = (struct hc_tape){0};
}

enum hc_code hc_tape_read(const struct hc_tape *tape, size_t segment, unsigned char buffer[HC_TAPE_SEGMENT],
			  const unsigned char **bytes, struct hc_err *err)
{
	const struct hc_tape_segment *s = &tape->segments[segment];
	if (!s->bytes)
		HC_TRY(hc_spill_get(tape->spill, s->at, buffer, s->n, err));
	*bytes = s->bytes ? s->bytes : buffer;
	return HC_OK;
}
