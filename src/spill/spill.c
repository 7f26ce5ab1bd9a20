#include "spill/spill.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/*
 * Pieces double from the first, which small runs need only, to the last, which keeps the calls few. Those of HUGE and
 * more ask for huge pages: blocks are written in many places at once, and small pages would cost a fault each and miss
 * the translation buffer.
 */
#define PIECE_FIRST ((size_t)1 << 20)
#define PIECE_LAST ((size_t)32 << 20)
#define HUGE_PAGE ((size_t)2 << 20)

struct hc_spill_piece {
	struct hc_spill_piece *next;
	char *p;
	size_t n;
};

enum hc_code hc_spill_init(struct hc_spill *s, uint64_t budget, const char *folder, struct hc_err *err)
{
	char *copy = strdup(folder);
	if (!copy)
		return hc_fail_nomem(err, "the name of a folder");
	*s = (struct hc_spill){.budget = budget, .scratch = {.fd = -1}, .folder = copy};
	int failed = pthread_mutex_init(&s->lock, NULL);
	assert(!failed);
	(void)failed;
	return HC_OK;
}

void hc_spill_free(struct hc_spill *s)
{
	for (struct hc_spill_piece *p = s->pieces, *next; p; p = next) {
		next = p->next;
		munmap(p->p, p->n);
		free(p);
	}
	hc_scratch_close(&s->scratch);
	pthread_mutex_destroy(&s->lock);
	free(s->folder);
	*s = (struct hc_spill){.scratch = {.fd = -1}};
}

/* n bytes of fresh memory, aligned as huge pages are; NULL without. */
static char *take_from_system(size_t n)
{
	size_t mapped = n + HUGE_PAGE;
	char *p = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return NULL;
	size_t before = -(uintptr_t)p & (HUGE_PAGE - 1);
	if (before)
		munmap(p, before);
	p += before;
	munmap(p + n, mapped - before - n);
	if (n >= HUGE_PAGE)
		madvise(p, n, MADV_HUGEPAGE);
	return p;
}

static bool add_piece(struct hc_spill *s)
{
	size_t n = s->pieces ? s->pieces->n * 2 : PIECE_FIRST;
	if (n > PIECE_LAST)
		n = PIECE_LAST;
	struct hc_spill_piece *piece = malloc(sizeof *piece);
	char *p = piece ? take_from_system(n) : NULL;
	if (!p) {
		free(piece);
		return false;
	}
	*piece = (struct hc_spill_piece){s->pieces, p, n};
	s->pieces = piece;
	s->fresh = p;
	s->fresh_end = p + n;
	return true;
}

static void *take_locked(struct hc_spill *s)
{
	void *block = s->free_blocks;
	if (block) {
		memcpy(&s->free_blocks, block, sizeof s->free_blocks);
		return block;
	}
	if (s->fresh == s->fresh_end && !add_piece(s))
		return NULL;
	block = s->fresh;
	s->fresh += HC_SPILL_BLOCK;
	return block;
}

void *hc_spill_take(struct hc_spill *s, bool must)
{
	uint64_t before = atomic_fetch_add_explicit(&s->used, HC_SPILL_BLOCK, memory_order_relaxed);
	void *block = NULL;
	if (must || before + HC_SPILL_BLOCK <= s->budget) {
		pthread_mutex_lock(&s->lock);
		block = take_locked(s);
		pthread_mutex_unlock(&s->lock);
	}
	if (!block)
		atomic_fetch_sub_explicit(&s->used, HC_SPILL_BLOCK, memory_order_relaxed);
	return block;
}

void hc_spill_give(struct hc_spill *s, void *block)
{
	pthread_mutex_lock(&s->lock);
	memcpy(block, &s->free_blocks, sizeof s->free_blocks);
	s->free_blocks = block;
	pthread_mutex_unlock(&s->lock);
	atomic_fetch_sub_explicit(&s->used, HC_SPILL_BLOCK, memory_order_relaxed);
}

bool hc_spill_has_room(const struct hc_spill *s)
{
	return atomic_load_explicit(&s->used, memory_order_relaxed) + HC_SPILL_BLOCK <= s->budget;
}

static enum hc_code open_once(struct hc_spill *s, struct hc_err *err)
{
	pthread_mutex_lock(&s->lock);
	enum hc_code code = s->scratch.fd >= 0 ? HC_OK : hc_scratch_open(s->folder, &s->scratch, err);
	pthread_mutex_unlock(&s->lock);
	return code;
}

enum hc_code hc_spill_put_pieces(struct hc_spill *s, struct iovec *pieces, int n, uint64_t *at, struct hc_err *err)
{
	HC_TRY(open_once(s, err));
	return hc_scratch_put_pieces(&s->scratch, pieces, n, at, err);
}

enum hc_code hc_spill_put(struct hc_spill *s, const void *p, size_t n, uint64_t *at, struct hc_err *err)
{
	HC_TRY(open_once(s, err));
	return hc_scratch_put(&s->scratch, p, n, at, err);
}

enum hc_code hc_spill_get(struct hc_spill *s, uint64_t at, void *p, size_t n, struct hc_err *err)
{
	/* whoever reads has an offset, so the file was opened before */
	return hc_scratch_get(&s->scratch, at, p, n, err);
}
