#include "contract/tree.h"

#include <math.h>

#include "base/instant.h"

/* The element of a list that "[N]" names; NULL when there is none. */
static json_t *element_at(const json_t *list, struct hc_str index)
{
	size_t n = 0;
	if (!json_is_array(list) || index.n < 3 || index.n > 8 || index.p[index.n - 1] != ']')
		return NULL;
	for (size_t i = 1; i + 1 < index.n; i++) {
		if (index.p[i] < '0' || index.p[i] > '9')
			return NULL;
		n = n * 10 + (size_t)(index.p[i] - '0');
	}
	return json_array_get(list, n);
}

json_t *hc_tree_at(const json_t *tree, const char *path)
{
	/* jansson's lookups do not change the tree; they only hand out what may be changed. */
	json_t *at = (json_t *)(uintptr_t)tree;
	while (at != NULL && *path != '\0') {
		const size_t n = strcspn(path, ".");
		at = path[0] == '[' ? element_at(at, (struct hc_str){path, n}) : json_object_getn(at, path, n);
		if (json_is_null(at))
			return NULL;
		path += n;
		if (*path == '.')
			path++;
	}
	return json_is_null(at) ? NULL : at;
}

struct hc_str hc_tree_text(const json_t *tree, const char *path)
{
	const json_t *at = hc_tree_at(tree, path);
	if (!json_is_string(at))
		return (struct hc_str){NULL, 0};
	return (struct hc_str){json_string_value(at), json_string_length(at)};
}

const char *hc_tree_cstring(const json_t *tree, const char *path, const char *otherwise)
{
	const json_t *at = hc_tree_at(tree, path);
	return json_is_string(at) ? json_string_value(at) : otherwise;
}

int64_t hc_tree_int(const json_t *tree, const char *path, int64_t otherwise)
{
	const json_t *at = hc_tree_at(tree, path);
	if (json_is_integer(at))
		return json_integer_value(at);
	/* 2^63 is the first double that no int64_t holds. */
	if (json_is_real(at) && fabs(json_real_value(at)) < 0x1p63)
		return (int64_t)json_real_value(at);
	return otherwise;
}

bool hc_tree_bool(const json_t *tree, const char *path, bool otherwise)
{
	const json_t *at = hc_tree_at(tree, path);
	return json_is_boolean(at) ? json_is_true(at) : otherwise;
}

int64_t hc_tree_instant(const json_t *tree, const char *path)
{
	/* 0001-01-01T00:00:00Z and the last millisecond of 9999. */
	static const double ms_min = -62135596800000.0, ms_max = 253402300799999.0;
	const json_t *at = hc_tree_at(tree, path);
	if (!json_is_number(at))
		return 0;
	const double ms = round(json_number_value(at) * 1000);
	return (int64_t)fmin(fmax(ms, ms_min), ms_max) * 1000;
}

bool hc_tree_set_text(json_t *object, const char *key, struct hc_str text)
{
	return text.p == NULL || json_object_set_new(object, key, json_stringn(text.p, text.n)) == 0;
}

bool hc_tree_set_int(json_t *object, const char *key, int64_t value)
{
	return json_object_set_new(object, key, json_integer(value)) == 0;
}

bool hc_tree_set_instant(json_t *object, const char *key, int64_t us)
{
	int64_t ms = us / 1000;
	if (us % 1000 < 0)
		ms--;
	json_t *seconds = ms % 1000 == 0 ? json_integer(ms / 1000) : json_real((double)ms / 1000);
	return json_object_set_new(object, key, seconds) == 0;
}

bool hc_tree_set(json_t *object, const char *key, json_t *value)
{
	return value == NULL || json_object_set_new(object, key, value) == 0;
}

bool hc_tree_merge(json_t *object, const json_t *from)
{
	return json_object_update(object, (json_t *)(uintptr_t)from) == 0;
}

json_t *hc_tree_parse(struct hc_str text)
{
	return json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY, NULL);
}

struct hc_str hc_tree_print(const json_t *tree, struct hc_arena *arena)
{
	const struct hc_str none = {NULL, 0};
	const size_t flags = JSON_COMPACT | JSON_ENCODE_ANY;
	const size_t n = json_dumpb(tree, NULL, 0, flags);
	char *text = n == 0 ? NULL : hc_arena_take_text(arena, n + 1);
	if (text == NULL)
		return none;
	if (json_dumpb(tree, text, n, flags) != n)
		return none;
	text[n] = '\0';
	return (struct hc_str){text, n};
}
