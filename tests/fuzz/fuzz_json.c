/*
 * The record scanner against jansson: the same texts are JSON to both, and mean the same; taking a
 * value whole and walking through it agree, also on where the first error is; what hc_json_quote
 * writes reads back as it was.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "codec/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static struct hc_str decoded(const struct hc_json_value *string, struct hc_buf *scratch)
{
	struct hc_str text = hc_json_text(string, scratch);
	must(!scratch->failed);
	must(hc_utf8_valid_prefix(text.p, text.n) == text.n);
	return text;
}

static json_t *number(struct hc_str raw)
{
	char *text = strndup(raw.p, raw.n);
	bool real = strpbrk(text, ".eE") != NULL;
	json_t *made = real ? json_real(strtod(text, NULL)) : json_integer(strtoll(text, NULL, 10));
	free(text);
	return made ? made : json_null(); /* an infinity, which jansson's parser refuses as well */
}

static json_t *scalar(struct hc_json *j)
{
	struct hc_json_value value;
	if (!hc_json_value(j, &value))
		return NULL;
	switch (value.type) {
	case HC_JSON_NULL:
		return json_null();
	case HC_JSON_FALSE:
		return json_false();
	case HC_JSON_TRUE:
		return json_true();
	case HC_JSON_NUMBER:
		return number(value.raw);
	default: {
		struct hc_buf scratch = HC_BUF(value.raw.n);
		struct hc_str text = decoded(&value, &scratch);
		json_t *made = json_stringn(text.p, text.n);
		hc_buf_free(&scratch);
		return made;
	}
	}
}

static json_t *build(struct hc_json *j);

static bool build_members(struct hc_json *j, json_t *object)
{
	struct hc_json_key key;
	while (hc_json_member(j, &key)) {
		struct hc_buf scratch = HC_BUF(key.raw.n + 1);
		struct hc_str name = hc_json_key_text(&key, &scratch);
		must(!scratch.failed && hc_json_key_eq(&key, name));
		json_t *inner = build(j);
		if (inner)
			json_object_setn_new(object, name.n ? name.p : "", name.n, inner);
		hc_buf_free(&scratch);
		if (!inner)
			return false;
	}
	return !j->problem;
}

static bool build_elements(struct hc_json *j, json_t *array)
{
	while (hc_json_element(j)) {
		json_t *inner = build(j);
		if (!inner)
			return false;
		json_array_append_new(array, inner);
	}
	return !j->problem;
}

/* The next value by way of the pull functions; NULL on an error in the text. */
static json_t *build(struct hc_json *j)
{
	enum hc_json_type type;
	if (!hc_json_peek(j, &type) || (type != HC_JSON_OBJECT && type != HC_JSON_ARRAY))
		return scalar(j);
	bool object = type == HC_JSON_OBJECT;
	if (!(object ? hc_json_enter_object(j) : hc_json_enter_array(j)))
		return NULL;
	json_t *made = object ? json_object() : json_array();
	if (object ? build_members(j, made) : build_elements(j, made))
		return made;
	json_decref(made);
	return NULL;
}

static bool is_jansson_limit(const json_error_t *error)
{
	switch (json_error_code(error)) {
	case json_error_numeric_overflow:
	case json_error_null_byte_in_key:
		return true;
	default:
		return false;
	}
}

static void check_against_jansson(struct hc_str text)
{
	struct hc_json j, whole;
	hc_json_open(&j, text);
	json_t *ours = build(&j);
	bool good = hc_json_finish(&j);
	must(!good || ours);
	must(hc_json_offset(&j) <= text.n);

	struct hc_json_value value;
	hc_json_open(&whole, text);
	if (hc_json_value(&whole, &value))
		must(value.raw.p >= text.p && value.raw.p + value.raw.n <= text.p + text.n);
	must(hc_json_finish(&whole) == good);
	must(hc_json_offset(&whole) == hc_json_offset(&j));
	must(whole.problem == j.problem);

	json_error_t error;
	json_t *theirs = json_loadb(text.p, text.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
	size_t at = hc_json_offset(&j);
	if (theirs && !good) /* jansson takes a NUL byte behind the value for the end of the text */
		must(at < text.n && text.p[at] == '\0');
	else if (theirs)
		must(json_equal(ours, theirs));
	else
		must(!good || is_jansson_limit(&error));
	json_decref(theirs);
	json_decref(ours);
}

static void check_quote(struct hc_str text)
{
	if (hc_utf8_valid_prefix(text.p, text.n) < text.n)
		return;
	struct hc_buf quoted = HC_BUF(6 * text.n + 2), scratch = HC_BUF(6 * text.n + 2);
	hc_json_quote(&quoted, text);
	must(!quoted.failed);
	struct hc_json j;
	struct hc_json_value value;
	hc_json_open(&j, hc_buf_view(&quoted));
	must(hc_json_value(&j, &value) && hc_json_finish(&j));
	must(hc_str_eq(decoded(&value, &scratch), text));
	hc_buf_free(&quoted);
	hc_buf_free(&scratch);
}

static void check_row_of_values(struct hc_str text)
{
	struct hc_json j;
	struct hc_json_value value;
	hc_json_open(&j, text);
	size_t before = 0;
	while (!hc_json_at_end(&j) && hc_json_value(&j, &value)) {
		must(hc_json_offset(&j) > before);
		before = hc_json_offset(&j);
	}
	must(hc_json_at_end(&j) == !j.problem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hc_str text = {size ? (const char *)data : "", size};
	check_against_jansson(text);
	check_quote(text);
	check_row_of_values(text);
	return 0;
}
