/*
 * A trail: the full blocks that one writer has left behind, oldest first; the older ones in the scratch file, the newer
 * ones in memory. What bins and spools have in common; nobody else needs it.
 *
 * When the budget is used up, the oldest blocks in memory are written together, so that the disk gets large writes and
 * reads. Threads: a trail is added to by one thread at a time, then read by any.
 */
#ifndef HC_SPILL_TRAIL_H
#define HC_SPILL_TRAIL_H

#include "spill/spill.h"

struct hc_trail {
	union hc_leg {
		char *block;
		uint64_t at; /* in the scratch file */
	} * legs;
	size_t n, cap;
	size_t spilled; /* the first so many are in the scratch file */
};

/*
 * Adds a full block, every byte of which has been set, and gives the writer the block to go on with. The block is the
 * trail's, on failure too. Blocks are written whole, so that the scratch file is written in whole pages. HC_IO, HC_NOMEM.
 */
enum hc_code hc_trail_add(struct hc_trail *t, struct hc_spill *spill, char *block, char **next,
			  struct hc_err *err) HC_MUST_USE;

/* Reads the blocks that were spilled, one behind the other. */
enum hc_code hc_trail_read(const struct hc_trail *t, struct hc_spill *spill, char *out, struct hc_err *err) HC_MUST_USE;

/* Gives all blocks back; the trail is empty then. */
void hc_trail_clear(struct hc_trail *t, struct hc_spill *spill);

#endif
