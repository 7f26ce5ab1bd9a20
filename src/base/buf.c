#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void hc_buf_free(struct hc_buf *b)
{
	free(b->p);
	b->p = NULL;
	b->n = b->cap = 0;
}

char *hc_buf_room(struct hc_buf *b, size_t n)
{
	if (b->failed)
		return NULL;
	if (n <= b->cap - b->n)
		return b->p + b->n;
	if (n > b->max - b->n) {
		b->failed = HC_LIMIT;
		return NULL;
	}
	size_t cap = b->cap ? b->cap : b->max < 256 ? b->max : 256;
	while (cap - b->n < n)
		cap = cap > b->max / 2 ? b->max : cap * 2;
	char *p = realloc(b->p, cap);
	if (!p) {
		b->failed = HC_NOMEM;
		return NULL;
	}
	b->p = p;
	b->cap = cap;
	return p + b->n;
}

void hc_buf_put(struct hc_buf *b, const void *p, size_t n)
{
	if (n == 0)
		return;
	char *room = hc_buf_room(b, n);
	if (room) {
		memcpy(room, p, n);
		b->n += n;
	}
}

void hc_buf_str(struct hc_buf *b, struct hc_str s)
{
	hc_buf_put(b, s.p, s.n);
}

void hc_buf_cstr(struct hc_buf *b, const char *s)
{
	hc_buf_put(b, s, strlen(s));
}

void hc_buf_char(struct hc_buf *b, char c)
{
	hc_buf_put(b, &c, 1);
}

void hc_buf_u64(struct hc_buf *b, uint64_t v)
{
	char digits[20];
	size_t at = sizeof digits;
	do
		digits[--at] = (char)('0' + v % 10);
	while (v /= 10);
	hc_buf_put(b, digits + at, sizeof digits - at);
}

void hc_buf_printf(struct hc_buf *b, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	char *room = n >= 0 ? hc_buf_room(b, (size_t)n + 1) : NULL;
	if (!room)
		return;
	va_start(ap, fmt);
	vsnprintf(room, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->n += (size_t)n;
}

const char *hc_buf_cstring(struct hc_buf *b)
{
	char *room = hc_buf_room(b, 1);
	if (!room)
		return "";
	*room = '\0';
	return b->p;
}

enum hc_code hc_buf_check(const struct hc_buf *b, const char *what, struct hc_err *err)
{
	switch (b->failed) {
	case HC_OK:
		return HC_OK;
	case HC_LIMIT:
		return hc_fail(err, HC_LIMIT, "%s is larger than its limit of %zu bytes", what, b->max);
	default:
		return hc_fail_nomem(err, what);
	}
}
