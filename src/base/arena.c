#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK_MIN = 1 << 12, BLOCK_MAX = 1 << 20, ALIGN = _Alignof(max_align_t) };

struct hc_arena_block {
	struct hc_arena_block *next;
	size_t used, cap;
	_Alignas(max_align_t) char bytes[];
};

void hc_arena_free(struct hc_arena *a)
{
	while (a->blocks) {
		struct hc_arena_block *next = a->blocks->next;
		free(a->blocks);
		a->blocks = next;
	}
	a->used = 0;
}

static struct hc_arena_block *grow(struct hc_arena *a, size_t n)
{
	size_t cap = a->blocks ? a->blocks->cap * 2 : BLOCK_MIN;
	if (cap > BLOCK_MAX)
		cap = BLOCK_MAX;
	if (cap < n)
		cap = n;
	if (cap > a->budget - a->used)
		cap = n;
	if (cap > a->budget - a->used)
		return NULL;
	struct hc_arena_block *block = malloc(sizeof *block + cap);
	if (!block)
		return NULL;
	*block = (struct hc_arena_block){.next = a->blocks, .cap = cap};
	a->blocks = block;
	a->used += cap;
	return block;
}

static void *take(struct hc_arena *a, size_t n, size_t align)
{
	struct hc_arena_block *block = a->blocks;
	size_t at = block ? (block->used + align - 1) & ~(align - 1) : 0;
	if (!block || at > block->cap || n > block->cap - at) {
		block = grow(a, n);
		if (!block)
			return NULL;
		at = 0;
	}
	block->used = at + n;
	return block->bytes + at;
}

void *hc_arena_take(struct hc_arena *a, size_t n)
{
	return take(a, n, ALIGN);
}

char *hc_arena_take_text(struct hc_arena *a, size_t n)
{
	return take(a, n, 1);
}

struct hc_str hc_arena_copy(struct hc_arena *a, struct hc_str s)
{
	char *p = hc_arena_take_text(a, s.n);
	if (p && s.n)
		memcpy(p, s.p, s.n);
	return (struct hc_str){p, p ? s.n : 0};
}

char *hc_arena_cstring(struct hc_arena *a, struct hc_str s)
{
	char *p = hc_arena_take_text(a, s.n + 1);
	if (!p)
		return NULL;
	if (s.n)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return p;
}
