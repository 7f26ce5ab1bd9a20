#include "metric/ordered.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "metric/packed.h"

enum {
	SPLIT_BITS = 8,      /* a bin is split into 2^SPLIT_BITS */
	COUNTED_BITS = 12,   /* so few different keys are counted, not sorted */
	SORTED_MAX = 1 << 20 /* records that are sorted at once */
};

/* What records are ordered by: the bits of the score, then the kind. */
typedef unsigned __int128 key;

struct ordering {
	struct hc_spill *spill;
	bool has_score;
	const uint16_t *numbers;
	size_t classes;
	unsigned kind_bits;
	uint64_t *keys, *scratch; /* [SORTED_MAX] each, once they are needed */
	hc_binary_group *take;
	void *arg;
};

static uint32_t kind_of(const struct ordering *o, const struct hc_binary_record *r)
{
	size_t kind = o->numbers[r->actual];
	if (r->predicted != HC_BINARY_BY_SCORE)
		kind = kind * o->classes + o->numbers[r->predicted];
	return (uint32_t)(kind << HC_SAMPLES | r->samples % (1u << HC_SAMPLES));
}

static key key_of(const struct ordering *o, const struct hc_binary_record *r)
{
	uint64_t bits = 0;
	double score = r->score + 0.0; /* -0.0 becomes 0.0 */
	if (o->has_score)
		memcpy(&bits, &score, sizeof bits);
	return (key)bits << o->kind_bits | kind_of(o, r);
}

static enum hc_code give(const struct ordering *o, key k, uint64_t n, struct hc_err *err)
{
	uint64_t bits = (uint64_t)(k >> o->kind_bits);
	return o->take(o->arg, bits, (uint32_t)((uint64_t)k & ((UINT64_C(1) << o->kind_bits) - 1)), n, err);
}

struct extent {
	key least, most;
};

static struct extent measure_extent(const struct ordering *o, const struct hc_bins_view *view)
{
	struct extent e = {~(key)0, 0};
	for (size_t run = 0; run < view->n_runs; run++) {
		const struct hc_binary_record *rows = view->runs[run].rows;
		for (size_t i = 0; i < view->runs[run].n; i++) {
			key k = key_of(o, &rows[i]);
			e.least = k < e.least ? k : e.least;
			e.most = k > e.most ? k : e.most;
		}
	}
	return e;
}

static unsigned bits_of(key range)
{
	uint64_t high = (uint64_t)(range >> 64), low = (uint64_t)range;
	return high ? 128 - (unsigned)__builtin_clzll(high) : low ? 64 - (unsigned)__builtin_clzll(low) : 0;
}

static enum hc_code give_counted(const struct ordering *o, const struct hc_bins_view *view, key least,
				 struct hc_err *err)
{
	uint64_t counts[1 << COUNTED_BITS] = {0};
	for (size_t run = 0; run < view->n_runs; run++) {
		const struct hc_binary_record *rows = view->runs[run].rows;
		for (size_t i = 0; i < view->runs[run].n; i++)
			counts[(size_t)(key_of(o, &rows[i]) - least)]++;
	}
	for (size_t i = 0; i < 1 << COUNTED_BITS; i++)
		if (counts[i])
			HC_TRY(give(o, least + i, counts[i], err));
	return HC_OK;
}

static enum hc_code give_sorted(struct ordering *o, const struct hc_bins_view *view, key least, struct hc_err *err)
{
	if (!o->keys) {
		o->keys = malloc(2 * SORTED_MAX * sizeof *o->keys);
		if (!o->keys)
			return hc_fail_nomem(err, "sorting the records by score");
		o->scratch = o->keys + SORTED_MAX;
	}
	size_t n = 0;
	for (size_t run = 0; run < view->n_runs; run++) {
		const struct hc_binary_record *rows = view->runs[run].rows;
		for (size_t i = 0; i < view->runs[run].n; i++)
			o->keys[n++] = (uint64_t)(key_of(o, &rows[i]) - least);
	}
	hc_packed_sort(o->keys, o->scratch, n, 0);
	for (size_t i = 0, first = 0; i < n; first = i) {
		while (i < n && o->keys[i] == o->keys[first])
			i++;
		HC_TRY(give(o, least + o->keys[first], i - first, err));
	}
	return HC_OK;
}

static enum hc_code split(const struct ordering *o, const struct hc_bins_view *view, struct extent extent,
			  struct hc_bins *finer, struct hc_err *err)
{
	struct hc_bin_cursor *cursors = hc_bins_cursors(finer, 0);
	unsigned bits = bits_of(extent.most - extent.least), shift = bits > SPLIT_BITS ? bits - SPLIT_BITS : 0;
	for (size_t run = 0; run < view->n_runs; run++) {
		const struct hc_binary_record *rows = view->runs[run].rows;
		for (size_t i = 0; i < view->runs[run].n; i++) {
			void *row;
			unsigned bin = (unsigned)((key_of(o, &rows[i]) - extent.least) >> shift);
			HC_TRY(hc_bins_row(finer, cursors, 0, bin, sizeof rows[i], &row, err));
			memcpy(row, &rows[i], sizeof rows[i]);
		}
	}
	return HC_OK;
}

/* *finer: what the records of the bin were split into, if they were. */
static enum hc_code give_bin(struct ordering *o, const struct hc_bins_view *view, struct hc_bins **finer,
			     struct hc_err *err)
{
	struct extent extent = measure_extent(o, view);
	unsigned bits = bits_of(extent.most - extent.least);
	if (bits <= COUNTED_BITS)
		return give_counted(o, view, extent.least, err);
	if (bits <= 64 && view->n <= SORTED_MAX)
		return give_sorted(o, view, extent.least, err);
	HC_TRY(hc_bins_open(o->spill, 1 << SPLIT_BITS, sizeof(struct hc_binary_record), 1, finer, err));
	HC_TRY(split(o, view, extent, *finer, err));
	hc_bins_flush(*finer);
	return HC_OK;
}

/* Depth: a split takes SPLIT_BITS from keys of at most 64 + kind_bits. */
static enum hc_code each_bin(struct ordering *o, struct hc_bins *bins, unsigned n_bins, struct hc_err *err)
{
	for (unsigned bin = 0; bin < n_bins; bin++) {
		struct hc_bins_view view;
		struct hc_bins *finer = NULL;
		if (hc_bins_count(bins, bin) == 0)
			continue;
		HC_TRY(hc_bins_load(bins, bin, &view, err));
		enum hc_code code = give_bin(o, &view, &finer, err);
		hc_bins_unload(bins, bin, &view, true);
		if (code == HC_OK && finer)
			code = each_bin(o, finer, 1 << SPLIT_BITS, err);
		hc_bins_free(finer);
		HC_TRY(code);
	}
	return HC_OK;
}

/* Without scores bins say nothing about the order: all records are sorted into other ones first. */
static enum hc_code each_kind(struct ordering *o, struct hc_bins *bins, unsigned n_bins, struct hc_err *err)
{
	struct hc_bins *finer;
	enum hc_code code = HC_OK;
	HC_TRY(hc_bins_open(o->spill, 1 << SPLIT_BITS, sizeof(struct hc_binary_record), 1, &finer, err));
	for (unsigned bin = 0; bin < n_bins && code == HC_OK; bin++) {
		struct hc_bins_view view;
		code = hc_bins_load(bins, bin, &view, err);
		if (code != HC_OK)
			break;
		code = split(o, &view, (struct extent){0, ((key)1 << o->kind_bits) - 1}, finer, err);
		hc_bins_unload(bins, bin, &view, true);
	}
	hc_bins_flush(finer);
	if (code == HC_OK)
		code = each_bin(o, finer, 1 << SPLIT_BITS, err);
	hc_bins_free(finer);
	return code;
}

enum hc_code hc_ordered_each(struct hc_bins *bins, unsigned n_bins, struct hc_spill *spill, bool has_score,
			     const uint16_t *numbers, size_t classes, hc_binary_group *take, void *arg,
			     struct hc_err *err)
{
	assert(classes < HC_BINARY_BY_SCORE);
	struct ordering o = {.spill = spill,
			     .has_score = has_score,
			     .numbers = numbers,
			     .classes = classes,
			     .take = take,
			     .arg = arg};
	o.kind_bits = bits_of((key)classes * classes << HC_SAMPLES);
	enum hc_code code = (has_score ? each_bin : each_kind)(&o, bins, n_bins, err);
	free(o.keys);
	return code;
}
