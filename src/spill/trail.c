#include "spill/trail.h"

#include <assert.h>
#include <stdlib.h>

static bool grow(struct hc_trail *t)
{
	size_t cap = t->cap ? t->cap * 2 : 8;
	union hc_leg *legs = realloc(t->legs, cap * sizeof *legs);
	if (!legs)
		return false;
	t->legs = legs;
	t->cap = cap;
	return true;
}

/* Writes the oldest blocks in memory; the first of them is the next to write into, the others are given back. */
static enum hc_code spill_oldest(struct hc_trail *t, struct hc_spill *spill, char **next, struct hc_err *err)
{
	struct iovec pieces[HC_SCRATCH_PIECES_MAX];
	union hc_leg *legs = t->legs + t->spilled;
	size_t n = t->n - t->spilled;
	if (n > HC_SCRATCH_PIECES_MAX)
		n = HC_SCRATCH_PIECES_MAX;
	assert(n > 0);
	for (size_t i = 0; i < n; i++)
		pieces[i] = (struct iovec){legs[i].block, HC_SPILL_BLOCK};
	uint64_t at;
	HC_TRY(hc_spill_put_pieces(spill, pieces, (int)n, &at, err));
	*next = legs[0].block;
	for (size_t i = 1; i < n; i++)
		hc_spill_give(spill, legs[i].block);
	for (size_t i = 0; i < n; i++)
		legs[i].at = at + i * HC_SPILL_BLOCK;
	t->spilled += n;
	return HC_OK;
}

enum hc_code hc_trail_add(struct hc_trail *t, struct hc_spill *spill, char *block, char **next, struct hc_err *err)
{
	if (t->n == t->cap && !grow(t)) {
		hc_spill_give(spill, block);
		return hc_fail_nomem(err, "the places of spilled rows");
	}
	t->legs[t->n++].block = block;
	char *fresh = hc_spill_take(spill, false);
	if (!fresh)
		return spill_oldest(t, spill, next, err);
	*next = fresh;
	return HC_OK;
}

enum hc_code hc_trail_read(const struct hc_trail *t, struct hc_spill *spill, char *out, struct hc_err *err)
{
	for (size_t i = 0; i < t->spilled;) {
		/* what was written together is read together */
		size_t n = 1;
		while (i + n < t->spilled && t->legs[i + n].at == t->legs[i].at + n * HC_SPILL_BLOCK)
			n++;
		HC_TRY(hc_spill_get(spill, t->legs[i].at, out + i * HC_SPILL_BLOCK, n * HC_SPILL_BLOCK, err));
		i += n;
	}
	return HC_OK;
}

void hc_trail_clear(struct hc_trail *t, struct hc_spill *spill)
{
	for (size_t i = t->spilled; i < t->n; i++)
		hc_spill_give(spill, t->legs[i].block);
	free(t->legs);
	*t = (struct hc_trail){0};
}
