/*
 * Spools: texts of any length, appended by many writers, each to a spool of its own, and read back by their places. For
 * what does not fit rows of one size. The same budget and scratch file as bins.
 *
 * Threads: spool w is appended to by one thread at a time; after hc_spools_flush any thread reads anything.
 */
#ifndef HC_SPILL_SPOOL_H
#define HC_SPILL_SPOOL_H

#include "base/buf.h"
#include "spill/spill.h"

struct hc_spools;

/* A place: writer and offset in one number below 2^HC_SPOOL_PLACE_BITS; never 0. A writer's places ascend. */
enum { HC_SPOOL_PLACE_BITS = 60, HC_SPOOL_WRITERS_MAX = 1024 };
#define HC_SPOOL_TEXT_MAX (UINT64_C(1) << 32)

enum hc_code hc_spools_open(struct hc_spill *spill, unsigned writers, struct hc_spools **out,
			    struct hc_err *err) HC_MUST_USE;
/* Gives all blocks back; NULL is fine. */
void hc_spools_free(struct hc_spools *s);

/*
 * Appends a text (its length is kept with it). HC_LIMIT past HC_SPOOL_TEXT_MAX, or 2^50 bytes of one writer; HC_IO and
 * HC_NOMEM, after which the spools are good for nothing but hc_spools_free.
 */
enum hc_code hc_spools_put(struct hc_spools *s, unsigned writer, struct hc_str text, uint64_t *place,
			   struct hc_err *err) HC_MUST_USE;
void hc_spools_flush(struct hc_spools *s);

/*
 * The text at a place that hc_spools_put gave: a slice of memory that stays, or read into `scratch` (reset before) when
 * it was spilled or is in two blocks. HC_IO; HC_LIMIT and HC_NOMEM when `scratch` cannot take it.
 */
enum hc_code hc_spools_get(struct hc_spools *s, uint64_t place, struct hc_buf *scratch, struct hc_str *out,
			   struct hc_err *err) HC_MUST_USE;

#endif
