#include "codec/blocks.h"

#include <stdlib.h>
#include <string.h>

#include "codec/lines.h"

enum {
	HEAD_BYTES = 4,       /* enough to know a byte order mark */
	TAIL_BYTES = 4 << 10, /* read at a time to end the last line of a piece */
};

void hc_blocks_begin(struct hc_blocks *b, struct hc_source *source, uint64_t offset, uint64_t limit, size_t max_line)
{
	hc_source_close(b->source);
	b->source = source;
	b->max_line = max_line;
	b->limit = limit;
	b->offset = offset;
	b->n = b->taken = 0;
	b->ended = b->started = b->passes_over = false;
	b->begins_late = offset > 0;
	b->code = HC_OK;
}

void hc_blocks_end(struct hc_blocks *b)
{
	hc_source_close(b->source);
	b->source = NULL;
}

void hc_blocks_free(struct hc_blocks *b)
{
	hc_source_close(b->source);
	free(b->p);
	*b = (struct hc_blocks){0};
}

static enum hc_code grow(struct hc_blocks *b, struct hc_err *err)
{
	size_t most = b->max_line + HC_BLOCK_BYTES, cap = b->cap ? b->cap * 2 : HC_BLOCK_BYTES;
	cap = cap < most ? cap : most;
	char *more = realloc(b->p, cap);
	if (!more)
		return hc_fail_nomem(err, "a long line");
	b->p = more;
	b->cap = cap;
	return HC_OK;
}

/*
 * How many bytes to ask for: what is left of the piece; to end its last line a little, then as many again as there
 * are.
 */
static size_t wanted(const struct hc_blocks *b)
{
	size_t room = b->cap - b->n;
	uint64_t end = b->offset + b->n, more = b->n > TAIL_BYTES ? b->n : TAIL_BYTES;
	uint64_t most = end < b->limit ? b->limit - end : more;
	return room < most ? room : (size_t)most;
}

/* Reads until the buffer is full, the piece is whole, or the source ends. */
static enum hc_code fill(struct hc_blocks *b, struct hc_err *err)
{
	if (b->n == b->cap)
		HC_TRY(grow(b, err));
	do {
		size_t got = 0;
		b->code = b->source->read(b->source, b->p + b->n, wanted(b), &got, &b->err);
		b->n += got;
		b->ended = b->code == HC_OK && got == 0;
	} while (b->n < b->cap && !b->ended && b->code == HC_OK && b->offset + b->n < b->limit);
	return HC_OK;
}

static void drop(struct hc_blocks *b, size_t n)
{
	if (n == 0)
		return;
	memmove(b->p, b->p + n, b->n - n);
	b->n -= n;
	b->offset += n;
}

/* Drops the rest of a line that is not handed out; false: its end is not there yet. */
static bool drop_line(struct hc_blocks *b)
{
	const char *newline = b->n ? memchr(b->p, '\n', b->n) : NULL;
	drop(b, newline ? (size_t)(newline + 1 - b->p) : b->n);
	return newline != NULL;
}

static enum hc_code start(struct hc_blocks *b, struct hc_err *err)
{
	size_t skip = 0;
	b->started = true;
	b->passes_over = b->begins_late;
	if (!b->begins_late)
		HC_TRY(hc_lines_mark((struct hc_str){b->p, b->n < HEAD_BYTES ? b->n : HEAD_BYTES}, &skip, err));
	drop(b, skip);
	return HC_OK;
}

/*
 * Bytes of the whole lines that are there. The buffer at least doubles while there are none: no byte is looked at
 * often.
 */
static size_t whole_lines(const struct hc_blocks *b)
{
	if (b->ended || b->n == 0)
		return b->n;
	const char *newline = memrchr(b->p, '\n', b->n);
	return newline ? (size_t)(newline + 1 - b->p) : 0;
}

enum hc_code hc_blocks_next(struct hc_blocks *b, enum hc_block_state *state, struct hc_str *lines, uint64_t *offset,
			    struct hc_err *err)
{
	drop(b, b->taken);
	b->taken = 0;
	for (;;) {
		if (b->started && b->passes_over)
			b->passes_over = !drop_line(b);
		if (b->passes_over && b->offset >= b->limit) { /* no line begins here any more */
			*state = HC_BLOCK_END;
			return HC_OK;
		}
		size_t whole = b->started && !b->passes_over ? whole_lines(b) : 0;
		if (whole) {
			*state = HC_BLOCK_LINES;
			*lines = (struct hc_str){b->p, whole};
			*offset = b->offset;
			b->taken = whole;
			return HC_OK;
		}
		if (b->started && b->n > b->max_line + 1) { /* and a CR */
			*state = HC_BLOCK_LONG;
			*offset = b->offset;
			b->passes_over = true;
			return HC_OK;
		}
		if (b->code != HC_OK) {
			*err = b->err;
			return hc_err_code(err);
		}
		if (b->ended) {
			*state = HC_BLOCK_END;
			return HC_OK;
		}
		HC_TRY(fill(b, err));
		if (!b->started)
			HC_TRY(start(b, err));
	}
}
