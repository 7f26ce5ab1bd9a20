/*
 * Errors: what went wrong, where, and what to change.
 *
 * Every function that can fail returns an `enum hc_code` and fills a `struct hc_err` that its
 * caller owns. Out parameters are untouched on failure. The code says what a caller can do about
 * it; the message says what happened (for data: `path:LINE: what, the value`); the hint says what
 * to change. Codes become exit statuses and AWS errors at the edge only (src/cli, src/api).
 *
 * Threads: an hc_err belongs to one thread. Cost: fixed size, no allocation, so that running out
 * of memory can be reported.
 */
#ifndef HC_BASE_ERR_H
#define HC_BASE_ERR_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>

enum hc_code {
	HC_OK = 0,
	HC_USAGE,  /* the call itself is wrong: options that contradict, a bad duration */
	HC_INPUT,  /* the data is wrong: a bad record, an unreadable or missing file */
	HC_EMPTY,  /* nothing to do the work on: empty window, nothing matched */
	HC_LIMIT,  /* a named limit was reached */
	HC_IO,     /* the machine refused: disk full, no permission to write, read error */
	HC_NOMEM,  /* no memory left */
	HC_SCRIPT, /* a user's script failed */
};

enum { HC_ERR_MSG_MAX = 8192, HC_ERR_HINT_MAX = 1024 };

struct hc_err {
	enum hc_code code;
	char msg[HC_ERR_MSG_MAX];
	char hint[HC_ERR_HINT_MAX];
};

#define HC_MUST_USE __attribute__((warn_unused_result))
#define HC_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/*
 * These return the code of the error, never HC_OK: `return hc_fail(err, HC_INPUT, ...)`. They are
 * macros so that compilers and analyzers see that too, and with it that out parameters are set
 * wherever a call did not fail.
 */

/* hc_fail(err, code, fmt, ...) sets code and message, clears the hint. */
#define hc_fail(err, code_, ...)                               \
	({                                                     \
		const enum hc_code hc_fail_code_ = (code_);    \
		hc_err_set((err), hc_fail_code_, __VA_ARGS__); \
		hc_fail_code_;                                 \
	})

/* hc_hint(err, fmt, ...) adds what to change to an error that was just set. */
#define hc_hint(err, ...) (hc_err_set_hint((err), __VA_ARGS__), hc_err_code(err))

/* hc_err_at(err, fmt, ...) puts "PREFIX: " before the message: the place, which an inner function did not know. */
#define hc_err_at(err, ...) (hc_err_prefix((err), __VA_ARGS__), hc_err_code(err))

/* Memory that cannot be had. */
#define hc_fail_nomem(err, what) hc_fail((err), HC_NOMEM, "no memory left for %s", (what))

/* The code of an error that was set. */
static inline enum hc_code hc_err_code(const struct hc_err *err)
{
	assert(err->code != HC_OK);
	return err->code;
}

/* What the macros call. */
void hc_err_set(struct hc_err *err, enum hc_code code, const char *fmt, ...) HC_PRINTF(3, 4);
void hc_err_set_hint(struct hc_err *err, const char *fmt, ...) HC_PRINTF(2, 3);
void hc_err_prefix(struct hc_err *err, const char *fmt, ...) HC_PRINTF(2, 3);

/* HC_TRY(f(..., err)): returns the code of a failed call to the caller. */
#define HC_TRY(call)                           \
	do {                                   \
		enum hc_code hc_try_ = (call); \
		if (hc_try_ != HC_OK)          \
			return hc_try_;        \
	} while (0)

#endif
