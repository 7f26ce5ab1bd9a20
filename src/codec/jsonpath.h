/*
 * JSONPath, the part that attributes of a monitor use: a bare key (`score`), or `$` followed by
 * `.key`, `['key']`, `["key"]`, `[3]`, `[-1]`, `[*]`, `.*`. A bare text without leading `$` is one
 * key as it stands, dots and all; a caller that finds no such key may compile it again as
 * "$.<text>".
 *
 * With a wildcard a path has several results, in document order.
 */
#ifndef HC_CODEC_JSONPATH_H
#define HC_CODEC_JSONPATH_H

#include "base/arena.h"
#include "codec/json.h"

enum { HC_JSONPATH_STEPS_MAX = 32 };

struct hc_jsonpath_step {
	enum { HC_STEP_KEY, HC_STEP_INDEX, HC_STEP_ALL } kind;
	struct hc_str key; /* decoded */
	int64_t index;     /* negative counts from the end */
};

struct hc_jsonpath {
	size_t n;
	struct hc_jsonpath_step steps[HC_JSONPATH_STEPS_MAX];
	bool many; /* holds a wildcard */
};

/* Compiles text; keys live in `arena`. HC_USAGE with a message that shows text and position. */
enum hc_code hc_jsonpath_compile(struct hc_str text, struct hc_arena *arena, struct hc_jsonpath *out,
				 struct hc_err *err) HC_MUST_USE;

/*
 * Finds up to `max` values at the path in one JSON value (already validated text). Returns how
 * many there are in all (which may be more than max; the first max are in out). Duplicate keys:
 * the last wins (but a wildcard gives every member as written). 0 when nothing is there. No
 * allocation; each step reads its value once more (a negative index twice).
 */
size_t hc_jsonpath_find(const struct hc_jsonpath *path, struct hc_str json, struct hc_json_value *out, size_t max);

#endif
