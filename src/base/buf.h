/*
 * A growing buffer, born with a maximum.
 *
 * Appending never returns an error: a buffer that could not grow, or would have passed its
 * maximum, remembers why and ignores what follows. Whoever uses the content asks
 * hc_buf_check() once. hc_buf_reset() empties it and keeps the memory, for reuse per record.
 */
#ifndef HC_BASE_BUF_H
#define HC_BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct hc_buf {
	char *p;
	size_t n, cap, max;
	enum hc_code failed; /* HC_OK, HC_LIMIT or HC_NOMEM */
};

#define HC_BUF(maximum) ((struct hc_buf){.max = (maximum)})

void hc_buf_free(struct hc_buf *b);
#define HC_BUF_SCOPED __attribute__((cleanup(hc_buf_free)))

static inline void hc_buf_reset(struct hc_buf *b)
{
	b->n = 0;
	b->failed = HC_OK;
}

/* Makes room for n more bytes behind p + n; NULL if that failed. Does not change n. */
char *hc_buf_room(struct hc_buf *b, size_t n);
void hc_buf_put(struct hc_buf *b, const void *p, size_t n);
void hc_buf_str(struct hc_buf *b, struct hc_str s);
void hc_buf_cstr(struct hc_buf *b, const char *s);
void hc_buf_char(struct hc_buf *b, char c);
void hc_buf_u64(struct hc_buf *b, uint64_t v);
void hc_buf_printf(struct hc_buf *b, const char *fmt, ...) HC_PRINTF(2, 3);

/* The content as a NUL-terminated string (the NUL is not counted in n); "" if it failed. */
const char *hc_buf_cstring(struct hc_buf *b);

static inline struct hc_str hc_buf_view(const struct hc_buf *b)
{
	return (struct hc_str){b->p, b->n};
}

/* HC_OK if every append so far arrived; else the failure, with `what` naming the content. */
enum hc_code hc_buf_check(const struct hc_buf *b, const char *what, struct hc_err *err) HC_MUST_USE;

#endif
