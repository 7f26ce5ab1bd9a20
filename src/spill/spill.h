/*
 * Memory within a budget, and the disk behind it: what bins (spill/bins.h) and spools (spill/spool.h) are made of.
 *
 * Memory comes in blocks of HC_SPILL_BLOCK bytes, taken from the system in larger pieces (of which the pages that were
 * never touched cost nothing), counted against the budget, and used again when given back; the system gets it back at
 * the end. Whoever is refused a block writes one of its own to the scratch file (sys/scratch.h), which is made when it
 * is first needed, in `folder`. One spill serves a whole run. Threads: any number.
 */
#ifndef HC_SPILL_SPILL_H
#define HC_SPILL_SPILL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "sys/scratch.h"

enum { HC_SPILL_BLOCK = 1 << 13 };

struct hc_spill_piece;

struct hc_spill {
	uint64_t budget;               /* bytes */
	_Atomic uint64_t used;         /* bytes in use: blocks, and what others that share the budget add here */
	pthread_mutex_t lock;          /* guards what follows */
	void *free_blocks;             /* a list through their first bytes */
	char *fresh, *fresh_end;       /* what was never given out of the newest piece */
	struct hc_spill_piece *pieces; /* what was taken from the system */
	struct hc_scratch scratch;
	char *folder;
};

/* `folder` (copied) must exist when the budget is reached, not before. */
enum hc_code hc_spill_init(struct hc_spill *s, uint64_t budget, const char *folder, struct hc_err *err) HC_MUST_USE;
/* Frees all blocks too, given back or not: bins and spools of this spill are freed first. */
void hc_spill_free(struct hc_spill *s);

/*
 * A block, its content undefined, aligned to its size; or NULL: with `must` only when the machine has no memory, else
 * also when the budget is used up (each writer must have a block to write into, so the budget is passed by those).
 */
void *hc_spill_take(struct hc_spill *s, bool must) HC_MUST_USE;
void hc_spill_give(struct hc_spill *s, void *block);

/* True while a block more is within the budget. */
bool hc_spill_has_room(const struct hc_spill *s);

/* Writes bytes to the scratch file, reads them again; errors as hc_scratch_put. */
enum hc_code hc_spill_put(struct hc_spill *s, const void *p, size_t n, uint64_t *at, struct hc_err *err) HC_MUST_USE;
enum hc_code hc_spill_put_pieces(struct hc_spill *s, struct iovec *pieces, int n, uint64_t *at,
				 struct hc_err *err) HC_MUST_USE;
enum hc_code hc_spill_get(struct hc_spill *s, uint64_t at, void *p, size_t n, struct hc_err *err) HC_MUST_USE;

#endif
