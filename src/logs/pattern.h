/*
 * Filter patterns of CloudWatch Logs, those of terms: "ERROR", "job failed" in double quotes (with \" and \\ in them), several terms (a message
 * has all of them), ?TERM (it has at least one of those), -TERM (it has none of those). A term is found anywhere in a message, byte by
 * byte, upper and lower case apart. No term at all: every message.
 *
 * AWS advises against ?TERM beside other terms and ignores its mark then; here each term goes on to mean what it says.
 *
 * Not here, and refused by name: { $.member = value } over JSON, [fields, by, spaces], %regular expressions%.
 *
 * Source: "Filter pattern syntax" of AWS's guide. Terms point into the text or the arena. Matching costs one pass over the message a term.
 */
#ifndef HC_LOGS_PATTERN_H
#define HC_LOGS_PATTERN_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum { HC_LOG_PATTERN_TERMS_MAX = 32 };

struct hc_log_term {
	struct hc_str text; /* never empty */
	char sign;          /* '+': must be there; '?'; '-' */
};

struct hc_log_pattern {
	struct hc_log_term terms[HC_LOG_PATTERN_TERMS_MAX];
	size_t n;
};

/* HC_USAGE: the message is for the client. */
enum hc_code hc_log_pattern_parse(struct hc_str text, struct hc_arena *arena, struct hc_log_pattern *out,
				  struct hc_err *err) HC_MUST_USE;
bool hc_log_pattern_match(const struct hc_log_pattern *pattern, struct hc_str message);

#endif
