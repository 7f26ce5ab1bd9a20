/*
 * A source as blocks of whole lines, to be read in place: as codec/lines.h, without a copy of each line.
 *
 * A block holds one line or many, each with its LF (the last line of the source may lack it); it is valid until the
 * next call. A line longer than max_line bytes (without its LF or CRLF) that does not fit the buffer is passed over
 * and told of. The buffer fits a core's cache and is used again for the next source.
 */
#ifndef HC_CODEC_BLOCKS_H
#define HC_CODEC_BLOCKS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/source.h"
#include "base/str.h"

enum { HC_BLOCK_BYTES = 256 << 10 };

enum hc_block_state {
	HC_BLOCK_LINES,
	HC_BLOCK_LONG, /* one line that is too long: passed over */
	HC_BLOCK_END,
};

struct hc_blocks {
	struct hc_source *source;
	size_t max_line;
	uint64_t limit;  /* beyond this offset only the rest of a line is wanted */
	uint64_t offset; /* of p in the source */
	char *p;
	size_t n, cap;
	size_t taken;      /* bytes of the block that was handed out */
	bool ended;        /* the source */
	bool started;      /* a byte order mark was looked for, the first line found */
	bool begins_late;  /* the source begins in the middle of a file: its first line belongs to the piece before */
	bool passes_over;  /* the rest of a line that is too long */
	enum hc_code code; /* of a failure, which comes after the lines before it */
	struct hc_err err;
};

/*
 * Begins with a source (owned from here on, closed by the next hc_blocks_begin or hc_blocks_free), whose first byte
 * is at `offset` of its file. With offset > 0 what is before the first LF is not handed out: a piece that owns the
 * lines which begin at offset + 1 or later. All zero before the first call. max_line >= 1.
 */
void hc_blocks_begin(struct hc_blocks *b, struct hc_source *source, uint64_t offset, uint64_t limit, size_t max_line);
/* Closes the source: what it reads from may go. */
void hc_blocks_end(struct hc_blocks *b);
void hc_blocks_free(struct hc_blocks *b);

/*
 * The next block; *offset: where it begins in the file. Errors of the source come after the whole lines before
 * them. HC_INPUT for UTF-16 and UTF-32.
 */
enum hc_code hc_blocks_next(struct hc_blocks *b, enum hc_block_state *state, struct hc_str *lines, uint64_t *offset,
			    struct hc_err *err) HC_MUST_USE;

#endif
