/*
 * A source of bytes that is read once, front to back: a file, standard input, an object of a
 * store, or another source unpacked.
 *
 * An implementation embeds `struct hc_source` as its first member. Ownership: whoever opened it
 * closes it with hc_source_close (which accepts NULL); a source that wraps another owns that one.
 * One thread at a time.
 */
#ifndef HC_BASE_SOURCE_H
#define HC_BASE_SOURCE_H

#include "base/err.h"

struct hc_source {
	/* Up to cap bytes to buf; *got = 0 means the end. Errors: HC_INPUT (the data cannot be
	 * what it claims to be), HC_IO (the machine failed to read). Messages do not name the
	 * source; the caller, who knows its name, adds it with hc_err_at. */
	enum hc_code (*read)(struct hc_source *s, void *buf, size_t cap, size_t *got, struct hc_err *err);
	void (*close)(struct hc_source *s);
};

static inline void hc_source_close(struct hc_source *s)
{
	if (s)
		s->close(s);
}

/* A source over memory that outlives it (tests, fuzzing, small documents). NULL: no memory. */
struct hc_source *hc_source_of_memory(const void *p, size_t n);

#endif
