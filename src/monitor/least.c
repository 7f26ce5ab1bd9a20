#include "monitor/least.h"

void hc_least_keep(struct hc_least *l, struct hc_least_entry entry)
{
	size_t at = l->n < HC_ACCOUNT_SAMPLES_MAX ? l->n++ : l->n - 1;
	for (; at > 0 && entry.key < l->list[at - 1].key; at--)
		l->list[at] = l->list[at - 1];
	l->list[at] = entry;
}

void hc_least_merge(struct hc_least *l, const struct hc_least *from)
{
	uint64_t count = l->count + from->count;
	for (size_t i = 0; i < from->n; i++)
		hc_least_add(l, from->list[i].key, from->list[i].place);
	l->count = count;
}
