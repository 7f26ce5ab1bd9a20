#include "metric/spellings.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

enum { SLOT_EMPTY = 0xffff, SLOTS_MIN = 64, LIST_MIN = 32 };

#define ARENA_BUDGET (UINT64_C(1) << 28)

_Static_assert((int)HC_SPELLINGS_MAX < (int)SLOT_EMPTY, "numbers fit 16 bits");

void hc_spellings_init(struct hc_spellings *s)
{
	*s = (struct hc_spellings){.arena = HC_ARENA(ARENA_BUDGET)};
	pthread_mutex_init(&s->lock, NULL);
}

void hc_spellings_free(struct hc_spellings *s)
{
	hc_arena_free(&s->arena);
	free(s->list);
	free(s->slots);
	pthread_mutex_destroy(&s->lock);
	*s = (struct hc_spellings){0};
}

/* The slot of a text, or the empty one where it belongs. */
static size_t slot_of(const struct hc_spellings *s, struct hc_str text, uint64_t hash)
{
	size_t at = hash & (s->n_slots - 1);
	while (s->slots[at] != SLOT_EMPTY) {
		const struct hc_spelling *known = &s->list[s->slots[at]];
		if (known->hash == hash && hc_str_eq(known->text, text))
			break;
		at = (at + 1) & (s->n_slots - 1);
	}
	return at;
}

static bool grow_slots(struct hc_spellings *s)
{
	size_t n = s->n_slots ? s->n_slots * 2 : SLOTS_MIN;
	uint16_t *slots = malloc(n * sizeof *slots);
	if (!slots)
		return false;
	memset(slots, 0xff, n * sizeof *slots);
	free(s->slots);
	s->slots = slots;
	s->n_slots = n;
	for (size_t i = 0; i < s->n; i++)
		s->slots[slot_of(s, s->list[i].text, s->list[i].hash)] = (uint16_t)i;
	return true;
}

static bool grow_list(struct hc_spellings *s)
{
	size_t cap = s->cap ? s->cap * 2 : LIST_MIN;
	struct hc_spelling *list = realloc(s->list, cap * sizeof *list);
	if (!list)
		return false;
	s->list = list;
	s->cap = cap;
	return true;
}

static bool add(struct hc_spellings *s, struct hc_str text, uint64_t hash)
{
	if (s->n >= HC_SPELLINGS_MAX - s->kept_back || (s->n == s->cap && !grow_list(s)))
		return false;
	if (2 * (s->n + 1) > s->n_slots && !grow_slots(s))
		return false;
	struct hc_str copy = hc_arena_copy(&s->arena, text);
	if (!copy.p)
		return false;
	s->slots[slot_of(s, text, hash)] = (uint16_t)s->n;
	s->list[s->n++] = (struct hc_spelling){copy, hash};
	return true;
}

static bool look_up(struct hc_spellings *s, struct hc_str text, struct hc_str *kept, uint16_t *out)
{
	/* A fixed key: with at most HC_SPELLINGS_MAX texts a flood of collisions gains little. */
	uint64_t hash = hc_siphash((struct hc_hash_key){0, 0}, text.p, text.n);
	pthread_mutex_lock(&s->lock);
	size_t at = s->n_slots ? slot_of(s, text, hash) : 0;
	bool known = (s->n_slots && s->slots[at] != SLOT_EMPTY) || add(s, text, hash);
	if (known) {
		*out = s->slots[slot_of(s, text, hash)];
		*kept = s->list[*out].text;
	}
	pthread_mutex_unlock(&s->lock);
	return known;
}

bool hc_spellings_number(struct hc_spellings *s, struct hc_spelling_cache *cache, struct hc_str text, uint16_t *out)
{
	if (text.n > HC_SPELLING_TEXT_MAX)
		return false;
	size_t at = text.n;
	if (text.n)
		at += 7U * (unsigned char)text.p[0] + 31U * (unsigned char)text.p[text.n - 1];
	__auto_type entry = &cache->entries[at % HC_SPELLINGS_CACHED];
	if (!entry->text.p || !hc_str_eq(entry->text, text)) {
		uint16_t number;
		if (!look_up(s, text, &entry->text, &number))
			return false;
		entry->number = number;
	}
	*out = entry->number;
	return true;
}

struct hc_str hc_spellings_text(struct hc_spellings *s, uint16_t number)
{
	pthread_mutex_lock(&s->lock);
	struct hc_str text = s->list[number].text;
	pthread_mutex_unlock(&s->lock);
	return text;
}
