/*
 * What the fuzz targets share.
 */
#ifndef HC_FUZZ_TARGET_H
#define HC_FUZZ_TARGET_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void must(bool holds)
{
	if (!holds)
		abort();
}

/* The input as text, never NULL. */
static inline struct hc_str input_text(const uint8_t *data, size_t size)
{
	return (struct hc_str){size ? (const char *)data : "", size};
}

/* Takes what stands before the next `end` (or all there is), and the `end`, from *rest. */
static inline struct hc_str take_until(struct hc_str *rest, char end)
{
	const char *at = rest->n ? memchr(rest->p, end, rest->n) : NULL;
	struct hc_str taken = {rest->p, at ? (size_t)(at - rest->p) : rest->n};
	size_t used = taken.n + (at != NULL);
	rest->p += used;
	rest->n -= used;
	return taken;
}

/* The same double: every NaN is one, -0.0 is not 0.0. */
static inline bool same_double(double a, double b)
{
	return (a != a && b != b) || memcmp(&a, &b, sizeof a) == 0;
}

/* An error says what happened and, but for limits and failures of the machine, what to do. */
static inline void must_explain(enum hc_code code, const struct hc_err *err)
{
	must(err->code == code && err->msg[0]);
	must(err->hint[0] || code == HC_LIMIT || code == HC_NOMEM || code == HC_IO);
}

#endif
