#include "monitor/join.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { ENTRIES_FIRST = 1024 };

enum hc_code hc_join_init(struct hc_join *j, struct hc_err *err)
{
	*j = (struct hc_join){.text = HC_ARENA(HC_JOIN_TEXT_MAX)};
	if (getrandom(&j->hash_key, sizeof j->hash_key, 0) != (ssize_t)sizeof j->hash_key)
		return hc_fail(err, HC_IO, "the system gives no random bytes");
	return HC_OK;
}

void hc_join_free(struct hc_join *j)
{
	hc_arena_free(&j->text);
	free(j->entries);
	free(j->slots);
	j->entries = NULL;
	j->slots = NULL;
}

static void place(struct hc_join *j, size_t index)
{
	size_t mask = j->n_slots - 1, at = j->entries[index].hash & mask;
	while (j->slots[at])
		at = (at + 1) & mask;
	j->slots[at] = (uint32_t)index + 1;
}

/* Room for one more entry; slots are kept at most half full. */
static enum hc_code grow(struct hc_join *j, struct hc_err *err)
{
	if (j->n == HC_JOIN_IDS_MAX)
		return hc_fail(err, HC_LIMIT, "more than %d ids in one window", HC_JOIN_IDS_MAX);
	size_t cap = j->cap ? j->cap * 2 : ENTRIES_FIRST;
	struct hc_join_entry *entries = realloc(j->entries, cap * sizeof *entries);
	if (!entries)
		return hc_fail_nomem(err, "the join");
	j->entries = entries;
	uint32_t *slots = calloc(cap * 2, sizeof *slots);
	if (!slots)
		return hc_fail_nomem(err, "the join");
	free(j->slots);
	j->slots = slots;
	j->n_slots = cap * 2;
	j->cap = cap;
	for (size_t i = 0; i < j->n; i++)
		place(j, i);
	return HC_OK;
}

enum hc_code hc_join_find(struct hc_join *j, struct hc_str key, struct hc_join_entry **out, bool *is_new,
			  struct hc_err *err)
{
	uint64_t hash = hc_siphash(j->hash_key, key.p, key.n);
	size_t mask = j->n_slots - 1;
	for (size_t at = hash & mask; j->n_slots && j->slots[at]; at = (at + 1) & mask) {
		struct hc_join_entry *e = &j->entries[j->slots[at] - 1];
		if (e->hash == hash && e->key_n == key.n && memcmp(e->key, key.p, key.n) == 0) {
			*out = e;
			*is_new = false;
			return HC_OK;
		}
	}
	if (j->n == j->cap)
		HC_TRY(grow(j, err));
	struct hc_str copy = hc_arena_copy(&j->text, key);
	if (!copy.p)
		return hc_fail_nomem(err, "the ids of the join");
	j->entries[j->n] = (struct hc_join_entry){.hash = hash, .key = copy.p, .key_n = (uint32_t)copy.n};
	place(j, j->n);
	*out = &j->entries[j->n++];
	*is_new = true;
	return HC_OK;
}

enum hc_code hc_join_set_label(struct hc_join *j, struct hc_join_entry *entry, struct hc_str truth, size_t file,
			       uint64_t line, struct hc_err *err)
{
	struct hc_str copy = hc_arena_copy(&j->text, truth);
	if (!copy.p || truth.n > UINT32_MAX)
		return hc_fail_nomem(err, "the labels of the join");
	entry->truth = copy.p;
	entry->truth_n = (uint32_t)copy.n;
	entry->file = (uint32_t)file;
	entry->line = line;
	return HC_OK;
}
