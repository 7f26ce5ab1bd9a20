#include "codec/lines.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM_START = 1 << 20, NEWLINE_MAX = 2, BOM_MAX = 4 };

/*
 * The buffer, from left to right: what was handed out, the current line from `at`, of which
 * `searched` is known to hold no further newline, up to `end`; then room. While a line is passed
 * over, its first bytes stay at the start of the buffer and the rest goes through behind them.
 */
struct hc_lines {
	struct hc_source *source;
	char *buf;
	size_t cap, cap_max, max_line;
	size_t at, searched, end;
	size_t head; /* bytes kept of a line that is passed over; 0: none is */
	bool started, ended;
	uint64_t number; /* newlines before `at` */
	uint64_t bytes;
};

enum hc_code hc_lines_open(struct hc_source *source, size_t max_line, struct hc_lines **out, struct hc_err *err)
{
	struct hc_lines *l = calloc(1, sizeof *l);
	if (!l) {
		hc_source_close(source);
		return hc_fail_nomem(err, "reading lines");
	}
	if (max_line == 0)
		max_line = 1;
	if (max_line > SIZE_MAX / 2)
		max_line = SIZE_MAX / 2;
	*l = (struct hc_lines){.source = source, .max_line = max_line, .cap_max = max_line + NEWLINE_MAX};
	if (l->cap_max < 2 * HC_LINE_HEAD_MAX)
		l->cap_max = 2 * HC_LINE_HEAD_MAX;
	l->cap = l->cap_max < ROOM_START ? l->cap_max : ROOM_START;
	l->buf = malloc(l->cap);
	if (!l->buf) {
		hc_lines_close(l);
		return hc_fail_nomem(err, "reading lines");
	}
	*out = l;
	return HC_OK;
}

void hc_lines_close(struct hc_lines *l)
{
	if (!l)
		return;
	hc_source_close(l->source);
	free(l->buf);
	free(l);
}

uint64_t hc_lines_bytes(const struct hc_lines *l)
{
	return l->bytes;
}

static enum hc_code grow(struct hc_lines *l, struct hc_err *err)
{
	size_t cap = l->cap > l->cap_max / 2 ? l->cap_max : l->cap * 2;
	assert(cap > l->cap); /* at the limit a line is passed over instead */
	char *buf = realloc(l->buf, cap);
	if (!buf)
		return hc_fail_nomem(err, "a long line");
	l->buf = buf;
	l->cap = cap;
	return HC_OK;
}

static void move_to_front(struct hc_lines *l)
{
	memmove(l->buf, l->buf + l->at, l->end - l->at);
	l->searched -= l->at;
	l->end -= l->at;
	l->at = 0;
}

/* Reads more behind `end`, where the caller has seen to it that there is or can be room. */
static enum hc_code fill(struct hc_lines *l, struct hc_err *err)
{
	if (l->at && l->cap - l->end < l->cap / 2)
		move_to_front(l);
	if (l->end == l->cap)
		HC_TRY(grow(l, err));
	size_t got = 0;
	HC_TRY(l->source->read(l->source, l->buf + l->end, l->cap - l->end, &got, err));
	l->end += got;
	l->ended = got == 0;
	return HC_OK;
}

static bool begins(struct hc_str head, const char *bytes, size_t n)
{
	return head.n >= n && memcmp(head.p, bytes, n) == 0;
}

static enum hc_code fail_wide(const char *name, struct hc_err *err)
{
	hc_fail(err, HC_INPUT, "the text is %s, by its byte order mark", name);
	return hc_hint(err, "convert it to UTF-8");
}

enum hc_code hc_lines_mark(struct hc_str head, size_t *skip, struct hc_err *err)
{
	if (begins(head, "\x00\x00\xFE\xFF", 4) || begins(head, "\xFF\xFE\x00\x00", 4))
		return fail_wide("UTF-32", err);
	if (begins(head, "\xFE\xFF", 2) || begins(head, "\xFF\xFE", 2))
		return fail_wide("UTF-16", err);
	*skip = begins(head, "\xEF\xBB\xBF", 3) ? 3 : 0;
	return HC_OK;
}

static enum hc_code start(struct hc_lines *l, struct hc_err *err)
{
	size_t skip;
	while (l->end < BOM_MAX && !l->ended)
		HC_TRY(fill(l, err));
	HC_TRY(hc_lines_mark((struct hc_str){l->buf, l->end}, &skip, err));
	l->at = l->searched = l->bytes = skip;
	l->started = true;
	return HC_OK;
}

/* Passes over what is buffered of a line that is too long, but for its head. */
static void shed(struct hc_lines *l)
{
	if (!l->head) {
		move_to_front(l);
		l->head = l->max_line < HC_LINE_HEAD_MAX ? l->max_line : HC_LINE_HEAD_MAX;
		l->at = l->head;
		l->bytes += l->head;
	}
	l->bytes += l->end - l->at;
	l->end = l->searched = l->at;
}

/* Hands out the text from `at` to `to` and goes on at `next`. */
static void take(struct hc_lines *l, size_t to, size_t next, uint64_t number, struct hc_line *out)
{
	struct hc_line line = {HC_LINE, {l->buf + l->at, to - l->at}, number};
	if (l->head) {
		line.state = HC_LINE_LONG;
		line.text = (struct hc_str){l->buf, l->head};
	} else if (line.text.n > l->max_line) {
		line.state = HC_LINE_LONG;
		line.text.n = l->max_line < HC_LINE_HEAD_MAX ? l->max_line : HC_LINE_HEAD_MAX;
	}
	l->bytes += next - l->at;
	l->head = 0;
	l->at = l->searched = next;
	*out = line;
}

/* The end of the text before the newline at `newline`. */
static size_t without_cr(const struct hc_lines *l, size_t newline)
{
	return newline > l->at && l->buf[newline - 1] == '\r' ? newline - 1 : newline;
}

enum hc_code hc_lines_next_while(struct hc_lines *l, bool (*more)(struct hc_str fresh, void *arg), void *arg,
				 struct hc_line *out, struct hc_err *err)
{
	if (!l->started)
		HC_TRY(start(l, err));
	uint64_t number = l->number + 1;
	size_t checked = l->searched - l->at; /* up to here `more` knows the text, from `at` */
	for (;;) {
		const char *from = l->buf + l->searched;
		const char *newline = memchr(from, '\n', l->end - l->searched);
		if (newline) {
			size_t at = (size_t)(newline - l->buf);
			struct hc_str fresh = {l->buf + l->at + checked, at + 1 - l->at - checked};
			l->number++;
			l->searched = at + 1;
			checked += fresh.n;
			if (more && more(fresh, arg))
				continue;
			take(l, without_cr(l, at), at + 1, number, out);
			return HC_OK;
		}
		l->searched = l->end;
		if (l->ended)
			break;
		if (l->head || l->end - l->at >= l->max_line + NEWLINE_MAX) {
			struct hc_str fresh = {l->buf + l->at + checked, l->end - l->at - checked};
			if (more && fresh.n)
				more(fresh, arg);
			shed(l);
			checked = 0;
		}
		HC_TRY(fill(l, err));
	}
	if (l->at == l->end && !l->head)
		*out = (struct hc_line){.state = HC_LINE_END, .number = number};
	else
		take(l, l->end, l->end, number, out);
	return HC_OK;
}

enum hc_code hc_lines_next(struct hc_lines *l, struct hc_line *out, struct hc_err *err)
{
	return hc_lines_next_while(l, NULL, NULL, out, err);
}
