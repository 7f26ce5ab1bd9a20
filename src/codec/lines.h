/*
 * A source as lines.
 *
 * Lines end with LF or CRLF (neither is part of the line), the last one may lack it. A UTF-8 byte
 * order mark at the start is passed over; one of UTF-16 or UTF-32 is an error that says so. A line
 * is valid until the next call. No allocation per line: one buffer of up to max_line bytes.
 */
#ifndef HC_CODEC_LINES_H
#define HC_CODEC_LINES_H

#include <stdint.h>

#include "base/source.h"
#include "base/str.h"

struct hc_lines;

enum hc_line_state {
	HC_LINE,      /* a line */
	HC_LINE_LONG, /* longer than max_line: passed over; text holds its first bytes */
	HC_LINE_END,
};

/* What is kept of a line that was passed over (or max_line bytes, if that is less). */
enum { HC_LINE_HEAD_MAX = 1024 };

struct hc_line {
	enum hc_line_state state;
	struct hc_str text;
	uint64_t number; /* from 1 */
};

/* Takes over `source` (closed with the lines, also on failure). max_line >= 1. */
enum hc_code hc_lines_open(struct hc_source *source, size_t max_line, struct hc_lines **out,
			   struct hc_err *err) HC_MUST_USE;
void hc_lines_close(struct hc_lines *l);

enum hc_code hc_lines_next(struct hc_lines *l, struct hc_line *out, struct hc_err *err) HC_MUST_USE;

/*
 * Reads on until `more(fresh, arg)` is false at the end of a line: for rows whose quoted fields hold newlines.
 * The line's text then holds them with their LF or CRLF, its number is the first one's. The end of the
 * source ends it as well. HC_LINE_LONG when that is longer than max_line.
 * `fresh` is what came in since the last call, so that a check can go on where it stopped: a whole
 * line with its newline, or a part of one where a row longer than max_line is passed over.
 */
enum hc_code hc_lines_next_while(struct hc_lines *l, bool (*more)(struct hc_str fresh, void *arg), void *arg,
				 struct hc_line *out, struct hc_err *err) HC_MUST_USE;

/* What a byte order mark at the start of a text says: how many bytes to pass over (0 or 3), or the error. `head` holds the first 4 bytes, or all. */
enum hc_code hc_lines_mark(struct hc_str head, size_t *skip, struct hc_err *err) HC_MUST_USE;

/* Bytes handed out so far, for progress. */
uint64_t hc_lines_bytes(const struct hc_lines *l);

#endif
