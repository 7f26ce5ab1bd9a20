/*
 * Gather: labels and captures, as they are read, become rows in bins by the hash of their ids.
 *
 * The first half of the merge. Every record is checked, also one that nothing will match. A row holds the id's
 * hash, the record's place, and what of the record is measured; the id itself is not kept: rows of equal hashes are
 * records of one id. Hashes are 128 bits under a key of the process's own (base/hash.h): n ids make two of them
 * meet by chance with a probability of n^2 / 2^129 (10^9 ids: 1.5 * 10^-21), and nobody can make them meet on
 * purpose. Equal labels are told by 48 bits of such a hash: two different labels of one id count as the same with a
 * chance of 2^-48.
 *
 * What does not fit a row is kept in spools, and so are the labels' texts where merged records are wanted.
 */
#ifndef HC_MONITOR_GATHER_H
#define HC_MONITOR_GATHER_H

#include "base/hash.h"
#include "dataset/skeleton.h"
#include "monitor/least.h"
#include "monitor/reader.h"
#include "monitor/wide.h"
#include "spill/bins.h"
#include "spill/spool.h"

/* Bins of a join: few thousand rows each for millions of records, and more for more. */
enum { HC_JOIN_BINS = 256, HC_JOIN_BINS_MANY = 2048 };
#define HC_JOIN_MANY_BYTES (UINT64_C(8) << 30) /* of input, from which there are many */

/* at = place << 2 | flags. */
enum { HC_ROW_FLAGS = 2, HC_ROW_WIDE = 1 };

static inline uint64_t hc_row_place(uint64_t at)
{
	return at >> HC_ROW_FLAGS;
}

struct hc_label_row {
	struct hc_hash128 id;
	uint64_t at;
	uint64_t value; /* wide: place in the spool; regression: the double; else class | 48 bits of a hash << 16 */
	uint64_t truth; /* of its text, see hc_gather_truth; the last member, left out where texts are not wanted */
};
#define HC_LABEL_ROW_BYTES(with_truth) \
	((with_truth) ? sizeof(struct hc_label_row) : offsetof(struct hc_label_row, truth))

struct hc_capture_row {
	struct hc_hash128 id;
	uint64_t at;
	union {
		double number; /* the score (binary), the value (regression) */
		uint64_t wide; /* place in the spool */
	};
	int32_t time;       /* HC_ROW_HAS_TIME: seconds from the file's hour to the inference, rounded up */
	uint16_t predicted; /* class, or HC_BINARY_BY_SCORE */
	uint8_t samples, flags;
};
enum { HC_ROW_HAS_TIME = 1 };

_Static_assert(sizeof(struct hc_capture_row) == 40, "what a captured record costs in memory");

struct hc_gather {
	const struct hc_request *request;
	struct hc_reader *reader;
	struct hc_tally *tally; /* NULL: outputs and labels are not read */
	struct hc_spill *spill;
	unsigned workers;
	bool keeps_truth; /* merged records are wanted */
	unsigned n_bins, bin_shift;
	size_t label_row_bytes;
	struct hc_hash_key key;
	struct hc_bins *labels, *captures;
	struct hc_spools *spools;
	struct hc_spellings truths; /* label texts that come again and again */
	struct hc_gatherer *gatherers;
	size_t first_capture; /* chunk; before it are labels */
	struct hc_least labelled, after_window;
	bool too_many_bad; /* captures, which ended the reading; those before them were gathered */
};

/* Opens the bins. `tally` NULL: nothing is measured. */
enum hc_code hc_gather_open(struct hc_gather *g, const struct hc_request *request, struct hc_reader *reader,
			    struct hc_tally *tally, struct hc_spill *spill, unsigned workers, bool keeps_truth,
			    struct hc_err *err) HC_MUST_USE;
void hc_gather_free(struct hc_gather *g);

/* Reads all files of the plan. */
enum hc_code hc_gather_run(struct hc_gather *g, struct hc_err *err) HC_MUST_USE;

/* The text of a label, as merged records hold it: a slice that stays or of `scratch`. */
enum hc_code hc_gather_truth(struct hc_gather *g, uint64_t truth, struct hc_buf *scratch, struct hc_str *out,
			     struct hc_err *err) HC_MUST_USE;

/*
 * The takers of labels and of captures, and an argument for hc_reader_again with which they only check. After
 * hc_gather_run.
 */
extern const struct hc_taker hc_gather_labels;
const struct hc_taker *hc_gather_captures(const struct hc_gather *g);
void *hc_gather_arg(struct hc_gather *g);

#endif
