/*
 * The record scanner: JSON (RFC 8259) as a strict pull parser over text in memory.
 *
 * Nothing is allocated and nothing is copied: keys and values are slices of the text as written.
 * One pass validates everything it passes over, also what the caller skips: grammar, numbers,
 * escapes, surrogate pairs (a lone surrogate is an error), UTF-8, no control characters inside
 * strings, nesting up to HC_JSON_DEPTH_MAX (so 100,000 braces are an error, not a stack).
 * Fast enough for records by the million, and small documents (constraints, manifests) are read by it too.
 *
 *     struct hc_json j;
 *     hc_json_open(&j, line);
 *     if (hc_json_enter_object(&j)) {
 *             struct hc_json_key key;
 *             struct hc_json_value value;
 *             while (hc_json_member(&j, &key))
 *                     if (hc_json_key_is(&key, "data")) ... hc_json_value(&j, &value)
 *                     else hc_json_value(&j, &value);      // skip
 *     }
 *     if (!hc_json_finish(&j)) ... j.problem, hc_json_offset(&j)
 *
 * Errors stick: after the first one every call returns false and moves nothing, so that a caller
 * may check once, at hc_json_finish. Duplicate keys are handed out each time; the customary
 * meaning (last wins) is the caller's to give.
 */
#ifndef HC_CODEC_JSON_H
#define HC_CODEC_JSON_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

enum { HC_JSON_DEPTH_MAX = 512 };

enum hc_json_type {
	HC_JSON_NULL,
	HC_JSON_FALSE,
	HC_JSON_TRUE,
	HC_JSON_NUMBER,
	HC_JSON_STRING,
	HC_JSON_ARRAY,
	HC_JSON_OBJECT,
};

struct hc_json_value {
	enum hc_json_type type;
	bool escaped;      /* string with at least one backslash */
	struct hc_str raw; /* as written: strings with their quotes, objects with their braces */
};

struct hc_json_key {
	struct hc_str raw; /* between the quotes, as written */
	bool escaped;
};

struct hc_json {
	const char *start, *p, *end;
	const char *problem; /* what is wrong at p; NULL while all is well. Static text. */
	unsigned depth;
	bool first;                                 /* nothing was taken yet from the innermost container */
	bool due;                                   /* a key or an element was announced, its value not yet taken */
	unsigned char kinds[HC_JSON_DEPTH_MAX / 8]; /* one bit a level: object */
};

void hc_json_open(struct hc_json *j, struct hc_str text);

/* Type of the next value, without taking it; false on error or where no value can stand. */
bool hc_json_peek(struct hc_json *j, enum hc_json_type *type);

/* Takes (validates, passes over) the next value whole. */
bool hc_json_value(struct hc_json *j, struct hc_json_value *out);

/* Enters the next value, which must be an object; then hc_json_member until it says false. */
bool hc_json_enter_object(struct hc_json *j);
/* The next member's key; the caller then takes or enters its value. False: the object was left
 * (its brace is taken), or an error. */
bool hc_json_member(struct hc_json *j, struct hc_json_key *key);

/* Enters the next value, which must be an array; then hc_json_element until it says false. */
bool hc_json_enter_array(struct hc_json *j);
/* True: an element stands next, to be taken or entered. False: left, or an error. */
bool hc_json_element(struct hc_json *j);

/* True if a value was taken whole, no container is open, only white space is left, and no error. */
bool hc_json_finish(struct hc_json *j);
/* True if only white space is left and no error: for texts that hold several values in a row
 * (JSON lines in one string). Skips that white space. */
bool hc_json_at_end(struct hc_json *j);

/* Where the parser stands, or the error: bytes from the start. */
size_t hc_json_offset(const struct hc_json *j);

/* Compares a key, decoded, with plain ASCII text. No allocation. */
bool hc_json_key_is(const struct hc_json_key *key, const char *ascii);
/* Compares a key, decoded, with decoded text. */
bool hc_json_key_eq(const struct hc_json_key *key, struct hc_str text);

/*
 * The decoded text of a string value that was taken without error: a slice of `raw` when it has
 * no escapes, else decoded to the end of `scratch` (whose content may move: decode into one
 * buffer a field, or copy). Never fails but for the buffer's own limit (hc_buf_check).
 */
struct hc_str hc_json_text(const struct hc_json_value *string, struct hc_buf *scratch);
struct hc_str hc_json_key_text(const struct hc_json_key *key, struct hc_buf *scratch);

/*
 * For scanners of their own: passes over what stands at p inside a string and is not plain, an escape (of a
 * surrogate pair, both) or all characters beyond ASCII up to the next that is not. NULL where that
 * is not valid, at a quote or control character, and at the end.
 */
const char *hc_json_skip_special(const char *p, const char *end);

/* Appends text as a JSON string with its quotes: escapes only what must be (quote, backslash,
 * control characters as \b \f \n \r \t or \u00XX). Bytes that are not UTF-8 (a file's name may hold
 * them) are written as U+FFFD, so the result is always valid JSON. */
void hc_json_quote(struct hc_buf *out, struct hc_str text);

#endif
