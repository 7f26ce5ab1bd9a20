#include "spill/bins.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/apart.h"
#include "spill/trail.h"

/* One writer's part of one bin. */
struct part {
	struct hc_trail trail;
	char *block;      /* being written to; NULL: none yet */
	size_t tail_rows; /* in it, after the flush */
};

struct writer {
	struct hc_bin_cursor *cursors; /* [bins] */
	struct part *parts;            /* [bins] */
};

struct hc_bins {
	struct hc_spill *spill;
	unsigned n_bins, n_writers;
	size_t row_bytes, block_rows, block_bytes; /* block_bytes: of a block that rows fill */
	bool flushed;
	uint64_t total;
	uint64_t *counts; /* [bins] */
	struct writer *writers;
};

static bool open_parts(struct hc_bins *b)
{
	b->counts = calloc(b->n_bins, sizeof *b->counts);
	b->writers = calloc(b->n_writers, sizeof *b->writers);
	if (!b->counts || !b->writers)
		return false;
	for (unsigned w = 0; w < b->n_writers; w++) {
		b->writers[w].cursors = hc_apart_alloc(b->n_bins, sizeof *b->writers[w].cursors);
		b->writers[w].parts = hc_apart_alloc(b->n_bins, sizeof *b->writers[w].parts);
		if (!b->writers[w].cursors || !b->writers[w].parts)
			return false;
	}
	return true;
}

enum hc_code hc_bins_open(struct hc_spill *spill, unsigned bins, size_t row_bytes, unsigned writers,
			  struct hc_bins **out, struct hc_err *err)
{
	assert(bins >= 1 && bins <= HC_BINS_MAX && row_bytes >= 1 && row_bytes <= HC_BINS_ROW_MAX && writers >= 1);
	struct hc_bins *b = malloc(sizeof *b);
	if (!b)
		return hc_fail_nomem(err, "bins of rows");
	size_t rows = HC_SPILL_BLOCK / row_bytes;
	*b = (struct hc_bins){.spill = spill,
			      .n_bins = bins,
			      .n_writers = writers,
			      .row_bytes = row_bytes,
			      .block_rows = rows,
			      .block_bytes = rows * row_bytes};
	if (!open_parts(b)) {
		hc_bins_free(b);
		return hc_fail_nomem(err, "bins of rows");
	}
	*out = b;
	return HC_OK;
}

static void clear_part(struct hc_bins *b, struct part *p)
{
	hc_trail_clear(&p->trail, b->spill);
	if (p->block)
		hc_spill_give(b->spill, p->block);
	*p = (struct part){0};
}

void hc_bins_free(struct hc_bins *b)
{
	if (!b)
		return;
	for (unsigned w = 0; b->writers && w < b->n_writers; w++) {
		for (unsigned bin = 0; b->writers[w].parts && bin < b->n_bins; bin++)
			clear_part(b, &b->writers[w].parts[bin]);
		free(b->writers[w].cursors);
		free(b->writers[w].parts);
	}
	free(b->writers);
	free(b->counts);
	free(b);
}

struct hc_bin_cursor *hc_bins_cursors(struct hc_bins *b, unsigned writer)
{
	assert(writer < b->n_writers);
	return b->writers[writer].cursors;
}

enum hc_code hc_bins_renew(struct hc_bins *b, unsigned writer, unsigned bin, struct hc_err *err)
{
	assert(writer < b->n_writers && bin < b->n_bins && !b->flushed);
	struct part *p = &b->writers[writer].parts[bin];
	char *full = p->block, *next = NULL;
	if (full) {
		p->block = NULL; /* the trail's from here */
		HC_TRY(hc_trail_add(&p->trail, b->spill, full, &next, err));
	} else if (!(next = hc_spill_take(b->spill, true))) {
		return hc_fail_nomem(err, "a block of rows");
	}
	p->block = next;
	memset(next + b->block_bytes, 0, HC_SPILL_BLOCK - b->block_bytes); /* it may go to disk */
	b->writers[writer].cursors[bin] = (struct hc_bin_cursor){next, next + b->block_bytes};
	return HC_OK;
}

void hc_bins_flush(struct hc_bins *b)
{
	for (unsigned w = 0; !b->flushed && w < b->n_writers; w++) {
		for (unsigned bin = 0; bin < b->n_bins; bin++) {
			struct part *p = &b->writers[w].parts[bin];
			struct hc_bin_cursor *c = &b->writers[w].cursors[bin];
			if (p->block)
				p->tail_rows = (size_t)(c->at - p->block) / b->row_bytes;
			*c = (struct hc_bin_cursor){0};
			uint64_t rows = p->trail.n * b->block_rows + p->tail_rows;
			b->counts[bin] += rows;
			b->total += rows;
		}
	}
	b->flushed = true;
}

uint64_t hc_bins_count(const struct hc_bins *b, unsigned bin)
{
	assert(b->flushed && bin < b->n_bins);
	return b->counts[bin];
}

uint64_t hc_bins_total(const struct hc_bins *b)
{
	assert(b->flushed);
	return b->total;
}

/* The runs that a view of the bin has, and how many blocks it has in the scratch file. */
static size_t count_runs(const struct hc_bins *b, unsigned bin, size_t *spilled)
{
	size_t runs = 0;
	*spilled = 0;
	for (unsigned w = 0; w < b->n_writers; w++) {
		const struct part *p = &b->writers[w].parts[bin];
		*spilled += p->trail.spilled;
		runs += p->trail.n + (p->tail_rows > 0);
	}
	return runs;
}

static void add_run(struct hc_bins_view *v, const void *rows, size_t n, unsigned writer)
{
	assert(v->runs); /* count_runs has counted this one */
	v->runs[v->n_runs++] = (struct hc_bins_run){rows, n, writer};
	v->n += n;
}

/* A writer's runs; what it spilled is read to *memory, which is moved on. */
static enum hc_code load_part(struct hc_bins *b, unsigned writer, unsigned bin, char **memory, struct hc_bins_view *v,
			      struct hc_err *err)
{
	const struct part *p = &b->writers[writer].parts[bin];
	const struct hc_trail *t = &p->trail;
	if (t->spilled)
		HC_TRY(hc_trail_read(t, b->spill, *memory, err));
	for (size_t i = 0; i < t->spilled; i++, *memory += HC_SPILL_BLOCK)
		add_run(v, *memory, b->block_rows, writer);
	for (size_t i = t->spilled; i < t->n; i++)
		add_run(v, t->legs[i].block, b->block_rows, writer);
	if (p->tail_rows)
		add_run(v, p->block, p->tail_rows, writer);
	return HC_OK;
}

enum hc_code hc_bins_load(struct hc_bins *b, unsigned bin, struct hc_bins_view *out, struct hc_err *err)
{
	assert(b->flushed && bin < b->n_bins);
	struct hc_bins_view view = {0};
	size_t spilled, runs = count_runs(b, bin, &spilled);
	if (runs > 0)
		view.runs = malloc(runs * sizeof *view.runs);
	if (spilled > 0)
		view.memory = malloc(spilled * HC_SPILL_BLOCK);
	enum hc_code code = HC_OK;
	if ((runs > 0 && !view.runs) || (spilled > 0 && !view.memory))
		code = hc_fail_nomem(err, "a bin of spilled rows");
	char *memory = view.memory;
	for (unsigned w = 0; code == HC_OK && w < b->n_writers; w++)
		code = load_part(b, w, bin, &memory, &view, err);
	if (code != HC_OK) {
		free(view.runs);
		free(view.memory);
		return code;
	}
	*out = view;
	return HC_OK;
}

void hc_bins_unload(struct hc_bins *b, unsigned bin, struct hc_bins_view *view, bool drop)
{
	free(view->runs);
	free(view->memory);
	*view = (struct hc_bins_view){0};
	if (!drop)
		return;
	for (unsigned w = 0; w < b->n_writers; w++)
		clear_part(b, &b->writers[w].parts[bin]);
	b->counts[bin] = 0;
}
