/*
 * The first few of many places, whatever the order in which they come: what an account shows of a line
 * (report/account.h).
 */
#ifndef HC_MONITOR_LEAST_H
#define HC_MONITOR_LEAST_H

#include <stddef.h>
#include <stdint.h>

#include "report/account.h"

struct hc_least {
	uint64_t count; /* of all that were added */
	struct hc_least_entry {
		uint64_t key, place; /* ordered by key; `place` is what is shown */
	} list[HC_ACCOUNT_SAMPLES_MAX];
	size_t n;
};

void hc_least_keep(struct hc_least *l, struct hc_least_entry entry);

static inline void hc_least_add(struct hc_least *l, uint64_t key, uint64_t place)
{
	l->count++;
	if (l->n < HC_ACCOUNT_SAMPLES_MAX || key < l->list[HC_ACCOUNT_SAMPLES_MAX - 1].key)
		hc_least_keep(l, (struct hc_least_entry){key, place});
}

void hc_least_merge(struct hc_least *l, const struct hc_least *from);

#endif
