/*
 * The tape: all measured records in descending order of scores, a byte each. Private to src/metric.
 *
 * It is made from rows in bins by score (binary.c), bin by bin, and is all that the areas and curves need: where a
 * score ends, and of each record its class and samples. Of a bin's records only packed keys are sorted, 8 bytes each
 * in memory of one worker: the distance of the score from the highest of the bin, and the byte. A bin that has too many
 * records for that, or scores too far apart, is split into finer ones first, again by score, until it fits or has one
 * score only. Each bin is dropped when its part of the tape is done.
 *
 * The tape is cut into segments of at most HC_TAPE_SEGMENT records, counted each, so that a walk can begin at any.
 * They are in memory within the budget of the spill, else in its scratch file.
 *
 * Threads: hc_tape_make uses several, then any number may read. Order among records of one score depends on writers and
 * threads; nothing that is computed does.
 */
#ifndef HC_METRIC_TAPE_H
#define HC_METRIC_TAPE_H

#include "metric/binary.h"
#include "spill/bins.h"

enum {
	HC_TAPE_POSITIVE = 1 << HC_SAMPLES,  /* the record is actually positive; below it the sample bits */
	HC_TAPE_LAST = 2 * HC_TAPE_POSITIVE, /* the last one of its score */
	HC_TAPE_SEGMENT = 1 << 14,
	HC_TAPE_LANES = 8, /* all records, the samples, and none: what a vector holds */
};

/* Records by set. Doubles: they are what the walk counts with, exact below 2^53. */
struct hc_tape_sums {
	double positive[HC_TAPE_LANES], negative[HC_TAPE_LANES];
};

struct hc_tape_segment {
	unsigned char *bytes;                 /* NULL: in the scratch file */
	uint64_t at;                          /* where there */
	uint32_t n, points;                   /* records; scores that end here */
	struct hc_tape_sums all, until_point; /* of the records up to the end; up to the last that ends a score */
};

struct hc_tape {
	struct hc_spill *spill;
	struct hc_tape_segment *segments;
	size_t n;
	uint64_t points; /* distinct scores */
};

/* What class numbers mean: the role of each. */
struct hc_tape_roles {
	double threshold;
	uint8_t role[1 << 16]; /* enum hc_binary_role */
};

enum { HC_ROLES = HC_ROLE_POSITIVE + 1 };

/* Records by samples, actual and predicted role. */
struct hc_tape_counts {
	uint64_t n[1 << HC_SAMPLES][HC_ROLES][HC_ROLES];
};

/*
 * Counts the records of `bins`, which are n_bins and ascend with the scores, and uses them up. With `scores` the
 * records that have both roles go onto *tape, which is otherwise empty. *tape is to be freed in any case.
 */
enum hc_code hc_tape_make(struct hc_bins *bins, unsigned n_bins, struct hc_spill *spill,
			  const struct hc_tape_roles *roles, bool scores, unsigned threads, struct hc_tape *tape,
			  struct hc_tape_counts *counts, struct hc_err *err) HC_MUST_USE;
void hc_tape_free(struct hc_tape *tape);

/* The bytes of a segment, read into `buffer` if they are on disk. */
enum hc_code hc_tape_read(const struct hc_tape *tape, size_t segment, unsigned char buffer[HC_TAPE_SEGMENT],
			  const unsigned char **bytes, struct hc_err *err) HC_MUST_USE;

#endif
