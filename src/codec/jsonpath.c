#include "codec/jsonpath.h"

#include "base/number.h"
#include "base/utf8.h"

/* A path being compiled. */
struct compiler {
	struct hc_str text;
	size_t at;
	struct hc_arena *arena;
	struct hc_jsonpath *path;
	struct hc_err *err;
};

static enum hc_code fail_at(struct compiler *c, size_t at, const char *problem)
{
	char shown[HC_STR_SHOW_SIZE];
	hc_fail(c->err, HC_USAGE, "the path '%s' is wrong at byte %zu: %s", hc_str_show(c->text, shown), at + 1,
		problem);
	return hc_hint(c->err, "a path is a key, or $ followed by .key, ['key'], [3], [-1], [*] or .*");
}

static enum hc_code keep_key(struct compiler *c, struct hc_str key, struct hc_jsonpath_step *step)
{
	struct hc_str kept = hc_arena_copy(c->arena, key);
	if (!kept.p)
		return hc_fail_nomem(c->err, "a path");
	*step = (struct hc_jsonpath_step){.kind = HC_STEP_KEY, .key = kept};
	return HC_OK;
}

static bool at_char(const struct compiler *c, char expected)
{
	return c->at < c->text.n && c->text.p[c->at] == expected;
}

static void skip_spaces(struct compiler *c)
{
	while (at_char(c, ' '))
		c->at++;
}

/* .key or .*, the dot already taken. */
static enum hc_code dot_step(struct compiler *c, struct hc_jsonpath_step *step)
{
	size_t start = c->at;
	while (c->at < c->text.n && !at_char(c, '.') && !at_char(c, '['))
		c->at++;
	struct hc_str key = {c->text.p + start, c->at - start};
	if (key.n == 0)
		return fail_at(c, start, at_char(c, '.') ? "'..' is not supported" : "no key after the dot");
	if (hc_str_eq(key, HC_STR("*"))) {
		*step = (struct hc_jsonpath_step){.kind = HC_STEP_ALL};
		return HC_OK;
	}
	return keep_key(c, key, step);
}

/* The key between two quotes as a JSON string: what differs is which quote needs its backslash. */
static void as_json_string(struct hc_str inside, char quote, struct hc_buf *out)
{
	hc_buf_char(out, '"');
	for (size_t i = 0; i < inside.n; i++) {
		char ch = inside.p[i];
		bool pair = ch == '\\' && i + 1 < inside.n;
		if (pair && inside.p[i + 1] == '\'' && quote == '\'')
			hc_buf_char(out, inside.p[++i]);
		else if (pair)
			hc_buf_put(out, inside.p + i++, 2);
		else if (ch == '"')
			hc_buf_cstr(out, "\\\"");
		else
			hc_buf_char(out, ch);
	}
	hc_buf_char(out, '"');
}

static enum hc_code decode_key(struct compiler *c, size_t start, struct hc_str inside, char quote,
			       struct hc_jsonpath_step *step)
{
	HC_BUF_SCOPED struct hc_buf json = HC_BUF(2 * inside.n + 2), text = HC_BUF(2 * inside.n + 2);
	as_json_string(inside, quote, &json);
	HC_TRY(hc_buf_check(&json, "a path", c->err));
	struct hc_json j;
	struct hc_json_value value;
	hc_json_open(&j, hc_buf_view(&json));
	if (!hc_json_value(&j, &value) || !hc_json_finish(&j))
		return fail_at(c, start, j.problem);
	struct hc_str key = hc_json_text(&value, &text);
	HC_TRY(hc_buf_check(&text, "a path", c->err));
	return keep_key(c, key, step);
}

/* 'key' or "key", at the opening quote. */
static enum hc_code quoted_step(struct compiler *c, struct hc_jsonpath_step *step)
{
	char quote = c->text.p[c->at];
	size_t start = ++c->at;
	while (c->at < c->text.n && !at_char(c, quote))
		c->at += at_char(c, '\\') ? 2 : 1;
	if (c->at >= c->text.n)
		return fail_at(c, start - 1, "the quote is not closed");
	struct hc_str inside = {c->text.p + start, c->at - start};
	c->at++;
	return decode_key(c, start, inside, quote, step);
}

static enum hc_code index_step(struct compiler *c, struct hc_jsonpath_step *step)
{
	size_t start = c->at;
	bool negative = at_char(c, '-');
	c->at += negative;
	size_t first = c->at;
	while (c->at < c->text.n && c->text.p[c->at] >= '0' && c->text.p[c->at] <= '9')
		c->at++;
	uint64_t v;
	if (first == c->at)
		return fail_at(c, start, "no 'key', index or * between the brackets");
	if (!hc_u64_parse((struct hc_str){c->text.p + first, c->at - first}, &v) || v > INT64_MAX)
		return fail_at(c, start, "the index is too large");
	*step = (struct hc_jsonpath_step){.kind = HC_STEP_INDEX, .index = negative ? -(int64_t)v : (int64_t)v};
	return HC_OK;
}

/* [...], the opening bracket already taken. */
static enum hc_code bracket_step(struct compiler *c, struct hc_jsonpath_step *step)
{
	skip_spaces(c);
	if (at_char(c, '\'') || at_char(c, '"')) {
		HC_TRY(quoted_step(c, step));
	} else if (at_char(c, '*')) {
		c->at++;
		*step = (struct hc_jsonpath_step){.kind = HC_STEP_ALL};
	} else {
		HC_TRY(index_step(c, step));
	}
	skip_spaces(c);
	if (!at_char(c, ']'))
		return fail_at(c, c->at, "no ] where one should stand");
	c->at++;
	return HC_OK;
}

static enum hc_code compile_steps(struct compiler *c)
{
	while (c->at < c->text.n) {
		if (c->path->n == HC_JSONPATH_STEPS_MAX)
			return fail_at(c, c->at, "too many steps");
		struct hc_jsonpath_step *step = &c->path->steps[c->path->n];
		bool dot = at_char(c, '.');
		if (!dot && !at_char(c, '['))
			return fail_at(c, c->at, "no . or [ where one should stand");
		c->at++;
		HC_TRY(dot ? dot_step(c, step) : bracket_step(c, step));
		c->path->n++;
		c->path->many |= step->kind == HC_STEP_ALL;
	}
	return HC_OK;
}

enum hc_code hc_jsonpath_compile(struct hc_str text, struct hc_arena *arena, struct hc_jsonpath *out,
				 struct hc_err *err)
{
	struct hc_jsonpath path = {0};
	struct compiler c = {text, 0, arena, &path, err};
	if (text.n == 0)
		return fail_at(&c, 0, "it is empty");
	size_t valid = hc_utf8_valid_prefix(text.p, text.n);
	if (valid < text.n)
		return fail_at(&c, valid, "it is not UTF-8");
	if (text.p[0] == '$') {
		c.at = 1;
		HC_TRY(compile_steps(&c));
	} else {
		HC_TRY(keep_key(&c, text, &path.steps[0]));
		path.n = 1;
	}
	*out = path;
	return HC_OK;
}

/* --- Finding ------------------------------------------------------------------------------- */

/* A search under way. */
struct search {
	const struct hc_jsonpath *path;
	struct hc_json_value *out;
	size_t max, found;
};

static void find(struct search *s, size_t step, const struct hc_json_value *value);

static void find_key(struct search *s, size_t step, struct hc_json *j)
{
	struct hc_str wanted = s->path->steps[step].key;
	struct hc_json_key key;
	struct hc_json_value value, last;
	bool any = false;
	if (!hc_json_enter_object(j))
		return;
	while (hc_json_member(j, &key) && hc_json_value(j, &value)) {
		if (hc_json_key_eq(&key, wanted)) {
			last = value;
			any = true;
		}
	}
	if (any)
		find(s, step + 1, &last);
}

static uint64_t count_elements(struct hc_str array)
{
	struct hc_json j;
	struct hc_json_value value;
	uint64_t n = 0;
	hc_json_open(&j, array);
	if (hc_json_enter_array(&j))
		while (hc_json_element(&j) && hc_json_value(&j, &value))
			n++;
	return n;
}

static void find_index(struct search *s, size_t step, struct hc_json *j, struct hc_str array)
{
	int64_t index = s->path->steps[step].index;
	uint64_t at = (uint64_t)index;
	if (index < 0) {
		uint64_t n = count_elements(array), back = 0 - at;
		if (back > n)
			return;
		at = n - back;
	}
	struct hc_json_value value;
	if (!hc_json_enter_array(j))
		return;
	for (uint64_t i = 0; hc_json_element(j) && hc_json_value(j, &value); i++) {
		if (i == at) {
			find(s, step + 1, &value);
			return;
		}
	}
}

static void find_all(struct search *s, size_t step, struct hc_json *j, bool object)
{
	struct hc_json_key key;
	struct hc_json_value value;
	if (!(object ? hc_json_enter_object(j) : hc_json_enter_array(j)))
		return;
	while ((object ? hc_json_member(j, &key) : hc_json_element(j)) && hc_json_value(j, &value))
		find(s, step + 1, &value);
}

/* Follows the path from its step number `step` on; as deep as a path has steps. */
static void find(struct search *s, size_t step, const struct hc_json_value *value)
{
	if (step == s->path->n) {
		if (s->found < s->max)
			s->out[s->found] = *value;
		s->found++;
		return;
	}
	bool object = value->type == HC_JSON_OBJECT, array = value->type == HC_JSON_ARRAY;
	struct hc_json j;
	hc_json_open(&j, value->raw);
	switch (s->path->steps[step].kind) {
	case HC_STEP_KEY:
		if (object)
			find_key(s, step, &j);
		break;
	case HC_STEP_INDEX:
		if (array)
			find_index(s, step, &j, value->raw);
		break;
	case HC_STEP_ALL:
		if (object || array)
			find_all(s, step, &j, object);
		break;
	}
}

size_t hc_jsonpath_find(const struct hc_jsonpath *path, struct hc_str json, struct hc_json_value *out, size_t max)
{
	struct search s = {path, out, max, 0};
	struct hc_json j;
	struct hc_json_value value;
	hc_json_open(&j, json);
	if (hc_json_value(&j, &value))
		find(&s, 0, &value);
	return s.found;
}
