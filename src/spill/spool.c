#include "spill/spool.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/apart.h"
#include "spill/trail.h"

/*
 * A spool is a stream of bytes cut into blocks: each text behind its length, 7 bits a byte, the lowest first, the
 * highest bit set in all but the last (LEB128). A place is (writer, offset) + 1.
 */
enum { OFFSET_BITS = 50, LENGTH_MAX = 5 };
#define SPOOL_MAX (UINT64_C(1) << OFFSET_BITS)

struct spool {
	HC_APART struct hc_trail trail;
	char *block; /* being written to; NULL: none yet */
	uint64_t n;  /* bytes */
};

struct hc_spools {
	struct hc_spill *spill;
	unsigned n;
	bool flushed;
	struct spool *list;
};

enum hc_code hc_spools_open(struct hc_spill *spill, unsigned writers, struct hc_spools **out, struct hc_err *err)
{
	assert(writers >= 1 && writers <= HC_SPOOL_WRITERS_MAX);
	struct hc_spools *s = malloc(sizeof *s);
	struct spool *list = hc_apart_alloc(writers, sizeof *list);
	if (!s || !list) {
		free(s);
		free(list);
		return hc_fail_nomem(err, "spools of texts");
	}
	*s = (struct hc_spools){.spill = spill, .n = writers, .list = list};
	*out = s;
	return HC_OK;
}

void hc_spools_free(struct hc_spools *s)
{
	if (!s)
		return;
	for (unsigned w = 0; w < s->n; w++) {
		hc_trail_clear(&s->list[w].trail, s->spill);
		if (s->list[w].block)
			hc_spill_give(s->spill, s->list[w].block);
	}
	free(s->list);
	free(s);
}

static enum hc_code renew(struct spool *spool, struct hc_spill *spill, struct hc_err *err)
{
	char *full = spool->block, *next = NULL;
	if (full) {
		spool->block = NULL; /* the trail's from here */
		HC_TRY(hc_trail_add(&spool->trail, spill, full, &next, err));
	} else if (!(next = hc_spill_take(spill, true))) {
		return hc_fail_nomem(err, "a block of texts");
	}
	spool->block = next;
	return HC_OK;
}

static enum hc_code append(struct spool *spool, struct hc_spill *spill, const char *p, size_t n, struct hc_err *err)
{
	while (n > 0) {
		size_t in_block = spool->n % HC_SPILL_BLOCK, part = HC_SPILL_BLOCK - in_block;
		if (in_block == 0)
			HC_TRY(renew(spool, spill, err));
		if (part > n)
			part = n;
		memcpy(spool->block + in_block, p, part);
		spool->n += part;
		p += part;
		n -= part;
	}
	return HC_OK;
}

enum hc_code hc_spools_put(struct hc_spools *s, unsigned writer, struct hc_str text, uint64_t *place,
			   struct hc_err *err)
{
	assert(writer < s->n && !s->flushed);
	struct spool *spool = &s->list[writer];
	if (text.n > HC_SPOOL_TEXT_MAX)
		return hc_fail(err, HC_LIMIT, "a text of %zu bytes: at most %llu are kept", text.n,
			       (unsigned long long)HC_SPOOL_TEXT_MAX);
	if (spool->n + LENGTH_MAX + text.n > SPOOL_MAX)
		return hc_fail(err, HC_LIMIT, "more than %llu bytes of texts", (unsigned long long)SPOOL_MAX);
	char length[LENGTH_MAX];
	size_t n = 0;
	for (uint64_t rest = text.n;; rest >>= 7) {
		length[n++] = (char)((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
		if (rest <= 0x7f)
			break;
	}
	uint64_t at = spool->n;
	HC_TRY(append(spool, s->spill, length, n, err));
	HC_TRY(append(spool, s->spill, text.p, text.n, err));
	*place = ((uint64_t)writer << OFFSET_BITS | at) + 1;
	return HC_OK;
}

void hc_spools_flush(struct hc_spools *s)
{
	s->flushed = true;
}

/* The bytes at `at` if they are in memory, up to the end of their block (or of the text in it); else NULL. */
static const char *in_memory(const struct spool *spool, uint64_t at)
{
	uint64_t i = at / HC_SPILL_BLOCK;
	if (i < spool->trail.spilled)
		return NULL;
	return (i < spool->trail.n ? spool->trail.legs[i].block : spool->block) + at % HC_SPILL_BLOCK;
}

/* Copies n bytes from `at` on; what was written together is read together. */
static enum hc_code copy(struct hc_spools *s, const struct spool *spool, uint64_t at, char *out, size_t n,
			 struct hc_err *err)
{
	while (n > 0) {
		size_t part = HC_SPILL_BLOCK - at % HC_SPILL_BLOCK;
		const char *p = in_memory(spool, at);
		if (!p) {
			const union hc_leg *legs = spool->trail.legs;
			size_t i = at / HC_SPILL_BLOCK, next = i + 1;
			for (; part < n && next < spool->trail.spilled; next++, part += HC_SPILL_BLOCK)
				if (legs[next].at != legs[next - 1].at + HC_SPILL_BLOCK)
					break;
		}
		if (part > n)
			part = n;
		if (p)
			memcpy(out, p, part);
		else
			HC_TRY(hc_spill_get(s->spill, spool->trail.legs[at / HC_SPILL_BLOCK].at + at % HC_SPILL_BLOCK,
					    out, part, err));
		out += part;
		at += part;
		n -= part;
	}
	return HC_OK;
}

/* Reads a length from at most n bytes; gives how many it took. */
static size_t read_length(const char *p, size_t n, uint64_t *length)
{
	*length = 0;
	size_t i = 0;
	for (bool more = true; more && i < n; i++) {
		*length |= (uint64_t)(p[i] & 0x7f) << (7 * i);
		more = (p[i] & 0x80) != 0;
	}
	return i;
}

/* A text that is whole in one block in memory. */
static bool find_slice(const struct spool *spool, uint64_t at, struct hc_str *out)
{
	const char *p = in_memory(spool, at);
	if (!p)
		return false;
	size_t in_block = HC_SPILL_BLOCK - at % HC_SPILL_BLOCK;
	if (in_block > spool->n - at)
		in_block = (size_t)(spool->n - at);
	uint64_t length;
	size_t taken = read_length(p, in_block < LENGTH_MAX ? in_block : LENGTH_MAX, &length);
	/* the length itself may go on in the next block */
	if ((p[taken - 1] & 0x80) || length > in_block - taken)
		return false;
	*out = (struct hc_str){p + taken, (size_t)length};
	return true;
}

enum hc_code hc_spools_get(struct hc_spools *s, uint64_t place, struct hc_buf *scratch, struct hc_str *out,
			   struct hc_err *err)
{
	enum { GUESS = 256 }; /* most texts are read with their length, in one call */
	assert(s->flushed && place > 0 && (place - 1) >> OFFSET_BITS < s->n);
	const struct spool *spool = &s->list[(place - 1) >> OFFSET_BITS];
	uint64_t at = (place - 1) & (SPOOL_MAX - 1), length;
	assert(at < spool->n);
	if (find_slice(spool, at, out))
		return HC_OK;

	char head[GUESS];
	size_t got = spool->n - at < GUESS ? (size_t)(spool->n - at) : GUESS;
	HC_TRY(copy(s, spool, at, head, got, err));
	size_t taken = read_length(head, got < LENGTH_MAX ? got : LENGTH_MAX, &length);
	size_t known = got - taken < length ? got - taken : (size_t)length;
	hc_buf_reset(scratch);
	hc_buf_put(scratch, head + taken, known);
	char *room = known < length ? hc_buf_room(scratch, (size_t)length - known) : NULL;
	if (room) {
		HC_TRY(copy(s, spool, at + got, room, (size_t)length - known, err));
		scratch->n = (size_t)length;
	}
	HC_TRY(hc_buf_check(scratch, "a spilled text", err));
	*out = hc_buf_view(scratch);
	return HC_OK;
}
