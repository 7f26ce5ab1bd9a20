/*
 * The join: bins of rows (monitor/gather.h) become matches, and the account of what was left over.
 *
 * Bins are joined one by one, by all threads, each in memory that fits a core's cache: the rows of an id are in one
 * bin. Repeated and conflicting labels are settled in the order of their places, whatever the order in which rows
 * came. A match goes to the tally at once.
 */
#ifndef HC_MONITOR_JOIN_H
#define HC_MONITOR_JOIN_H

#include "monitor/gather.h"

/* A capture whose output and label have different numbers of rows: a bad record. */
struct hc_unpaired {
	uint64_t place;
	size_t outputs, labels;
};

/* Two labels that differ, where that is not tolerated. */
struct hc_conflict {
	uint64_t place, kept; /* of the label, and of the one before it; HC_PLACE_NONE: there is none */
};

/* A matched capture and the text of its label: what merged records are made of. */
struct hc_match_row {
	uint64_t place, truth; /* hc_gather_truth */
};

enum { HC_MATCH_BINS_MAX = 1024 };

struct hc_joined {
	struct hc_least lines[HC_ACCOUNT_LINES];
	struct hc_delays delays;
	struct hc_conflict conflict;
	struct hc_unpaired
		*unpaired; /* in order of places; at most one more than bad records are tolerated, the first ones */
	size_t n_unpaired, cap_unpaired;
	/* Where the gather keeps truths: matches in bins by the place of the capture. */
	struct hc_bins *matches;
	unsigned match_bins;
};

/* The chunks whose matches are in a bin: first..last (not included), counted from the first capture's. */
static inline size_t hc_match_bin_first(size_t chunks, unsigned bins, unsigned bin)
{
	return (size_t)((unsigned __int128)chunks * bin / bins);
}

/* Joins all that was gathered; uses the bins up. `adds`: matches are added to the tally. */
enum hc_code hc_join_run(struct hc_gather *g, bool adds, struct hc_joined *out, struct hc_err *err) HC_MUST_USE;
void hc_joined_free(struct hc_joined *j);

#endif
