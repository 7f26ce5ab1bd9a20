/*
 * The account of a join: what was captured, labelled, matched, left over, and where to look.
 *
 * Meanings:
 *   captured                readable capture records of the window
 *   labelled                readable label records
 *   matched                 capture records that found a label
 *   captures_without_label  the other capture records: captured = matched + captures_without_label
 *   labels_without_capture  distinct ids with a label that no capture of the window has
 *   duplicate_labels        label records beyond the first of an id that say the same again
 *   conflicting_labels      label records beyond the first of an id that say something else
 *   repeated_captures       capture records beyond the first of an id (all are kept)
 *   after_window            capture records left out because their time is at or after the scheduled one
 *   unreadable              bad records that were tolerated
 * Shares: of captured for what is counted in captures, of labelled for labels; after_window of
 * captured and after_window together, unreadable of all records read. 0 when there is nothing to be a share of.
 */
#ifndef HC_REPORT_ACCOUNT_H
#define HC_REPORT_ACCOUNT_H

#include <stdint.h>

#include "base/arena.h"
#include "report/delays.h"

enum { HC_ACCOUNT_SAMPLES_MAX = 20, HC_ACCOUNT_ID_SHOWN_MAX = 256, HC_ACCOUNT_WHY_MAX = 512 };

enum hc_account_line {
	HC_CAPTURED,
	HC_LABELLED,
	HC_MATCHED,
	HC_CAPTURES_WITHOUT_LABEL,
	HC_LABELS_WITHOUT_CAPTURE,
	HC_DUPLICATE_LABELS,
	HC_CONFLICTING_LABELS,
	HC_REPEATED_CAPTURES,
	HC_AFTER_WINDOW,
	HC_UNREADABLE,
	HC_ACCOUNT_LINES,
};

/* The key of a line in join_report.json. */
const char *hc_account_name(enum hc_account_line line);

struct hc_account_sample {
	const char *id; /* NULL: not known */
	size_t id_n;
	const char *path;
	uint64_t line;
	const char *why; /* NULL but for unreadable records */
};

struct hc_account {
	struct hc_arena *arena;
	struct {
		uint64_t count;
		struct hc_account_sample samples[HC_ACCOUNT_SAMPLES_MAX];
		size_t n_samples;
	} lines[HC_ACCOUNT_LINES];
	struct hc_delays delays; /* from inference to the label's collection hour */
};

void hc_account_free(struct hc_account *a);

/* Counts one record; keeps id and place of the first HC_ACCOUNT_SAMPLES_MAX. `path` is kept by reference. */
void hc_account_count(struct hc_account *a, enum hc_account_line line, struct hc_str id, const char *path, uint64_t at,
		      const char *why);

/* Counts n records more, without samples. */
void hc_account_add(struct hc_account *a, enum hc_account_line line, uint64_t n);

double hc_account_share(const struct hc_account *a, enum hc_account_line line);

#endif
