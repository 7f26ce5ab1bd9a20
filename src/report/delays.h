/*
 * Label delays: seconds from an inference to its label, counted so that quantiles are exact and millions of them
 * take little room.
 *
 * Delays below HC_DELAYS_DENSE seconds (24 days) are counted by the second, in memory that is only touched where
 * there are any; longer ones are listed, 8 bytes each. All zero is empty.
 */
#ifndef HC_REPORT_DELAYS_H
#define HC_REPORT_DELAYS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { HC_DELAYS_DENSE = 1 << 21 };

struct hc_delays {
	uint64_t n;
	uint64_t *counts; /* [HC_DELAYS_DENSE] or NULL */
	size_t end;       /* behind the longest that is counted there */
	int64_t *far;
	size_t n_far, cap_far;
};

void hc_delays_free(struct hc_delays *d);

/* Seconds are at least 0. */
enum hc_code hc_delays_add(struct hc_delays *d, int64_t seconds, struct hc_err *err) HC_MUST_USE;
enum hc_code hc_delays_merge(struct hc_delays *d, const struct hc_delays *from, struct hc_err *err) HC_MUST_USE;

/* Call once when all delays are in, before a quantile is asked for. */
void hc_delays_sort(struct hc_delays *d);
/* Quantile by nearest rank, q in 0..1. 0 without any. */
int64_t hc_delays_quantile(const struct hc_delays *d, double q);

#endif
