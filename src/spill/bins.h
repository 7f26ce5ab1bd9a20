/*
 * Bins: rows of one size, sorted into numbered bins by many writers, read back bin by bin.
 *
 * Each writer has a block a bin of its own, so putting a row takes no lock and writes memory in sequence. When the
 * budget of the spill is used up, full blocks go to the scratch file instead of being kept. A bin's rows come back in
 * no order but this: rows of one writer in the order in which it put them.
 *
 * Threads: writer w is used by one thread at a time; hc_bins_flush after all have written (it makes what they wrote
 * readable); from then on different bins may be loaded and dropped by different threads. Cost: a row is a pointer's
 * increment; a block in 8 KiB of rows. Each writer holds a block for each bin that it has put rows into, whatever the
 * budget says. Rows lie at multiples of their size from an aligned block: with a size that is a multiple of 8, 64-bit
 * members are aligned.
 */
#ifndef HC_SPILL_BINS_H
#define HC_SPILL_BINS_H

#include "spill/spill.h"

enum { HC_BINS_MAX = 4096, HC_BINS_ROW_MAX = 256 };

struct hc_bins;

/* Where a writer's next row of a bin goes. */
struct hc_bin_cursor {
	char *at, *end; /* at == end: a new block is due */
};

enum hc_code hc_bins_open(struct hc_spill *spill, unsigned bins, size_t row_bytes, unsigned writers,
			  struct hc_bins **out, struct hc_err *err) HC_MUST_USE;
/* Gives all blocks back; NULL is fine. Views must have been unloaded. */
void hc_bins_free(struct hc_bins *b);

/* The cursors of a writer, [bins]. */
struct hc_bin_cursor *hc_bins_cursors(struct hc_bins *b, unsigned writer);

/* Gives a cursor of that writer a new block. HC_IO, HC_NOMEM: the bins are good for nothing but hc_bins_free then. */
enum hc_code hc_bins_renew(struct hc_bins *b, unsigned writer, unsigned bin, struct hc_err *err) HC_MUST_USE;

/* Room for one row in *row: `cursors` are the writer's own. */
static inline enum hc_code hc_bins_row(struct hc_bins *b, struct hc_bin_cursor *cursors, unsigned writer, unsigned bin,
				       size_t row_bytes, void **row, struct hc_err *err)
{
	struct hc_bin_cursor *c = &cursors[bin];
	if (__builtin_expect(c->at == c->end, 0))
		HC_TRY(hc_bins_renew(b, writer, bin, err));
	*row = c->at;
	c->at += row_bytes;
	return HC_OK;
}

/* Ends the writing: the cursors give nothing any more. */
void hc_bins_flush(struct hc_bins *b);

/* Rows in a bin (0 once it was dropped), and all that were put; after the flush. */
uint64_t hc_bins_count(const struct hc_bins *b, unsigned bin);
uint64_t hc_bins_total(const struct hc_bins *b);

/* A stretch of rows in memory. */
struct hc_bins_run {
	const void *rows;
	size_t n;
	unsigned writer;
};

/* A bin in memory: runs by writer, each writer's in the order of its rows. An empty bin has none. */
struct hc_bins_view {
	struct hc_bins_run *runs;
	size_t n_runs;
	uint64_t n;   /* rows */
	void *memory; /* what was spilled, read again */
};

/*
 * What is in memory is given without a copy. What was spilled is read into memory of its own, which the budget does not
 * count: as many bytes as the bin has rows in the scratch file, until it is unloaded. HC_IO, HC_NOMEM.
 */
enum hc_code hc_bins_load(struct hc_bins *b, unsigned bin, struct hc_bins_view *out, struct hc_err *err) HC_MUST_USE;
/* Frees a view and, with `drop`, the bin's rows: its blocks go back to the spill. */
void hc_bins_unload(struct hc_bins *b, unsigned bin, struct hc_bins_view *view, bool drop);

#endif
