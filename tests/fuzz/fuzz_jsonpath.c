/*
 * Paths over JSON against a plain walk through jansson's tree. The input is a path, a newline and
 * a JSON text.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "codec/jsonpath.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { RESULTS_MAX = 8 };

static void must(bool holds)
{
	if (!holds)
		abort();
}

struct results {
	json_t *at[RESULTS_MAX];
	size_t n;
};

static void walk(const struct hc_jsonpath *path, size_t step, json_t *value, struct results *results)
{
	if (step == path->n) {
		if (results->n < RESULTS_MAX)
			results->at[results->n] = value;
		results->n++;
		return;
	}
	const struct hc_jsonpath_step *s = &path->steps[step];
	json_t *inner = NULL;
	const char *key;
	size_t i;
	if (s->kind == HC_STEP_KEY && json_is_object(value)) {
		inner = json_object_getn(value, s->key.p, s->key.n);
	} else if (s->kind == HC_STEP_INDEX && json_is_array(value)) {
		int64_t n = (int64_t)json_array_size(value), at = s->index < 0 ? n + s->index : s->index;
		inner = at >= 0 && at < n ? json_array_get(value, (size_t)at) : NULL;
	} else if (s->kind == HC_STEP_ALL && json_is_object(value)) {
		json_object_foreach(value, key, inner) walk(path, step + 1, inner, results);
		return;
	} else if (s->kind == HC_STEP_ALL && json_is_array(value)) {
		json_array_foreach(value, i, inner) walk(path, step + 1, inner, results);
		return;
	}
	if (inner)
		walk(path, step + 1, inner, results);
}

static void check_find(const struct hc_jsonpath *path, struct hc_str json)
{
	struct hc_json j;
	struct hc_json_value value, found[RESULTS_MAX];
	hc_json_open(&j, json);
	if (!hc_json_value(&j, &value) || !hc_json_finish(&j))
		return;
	size_t n = hc_jsonpath_find(path, json, found, RESULTS_MAX);
	must(path->many || n <= 1);
	for (size_t i = 0; i < n && i < RESULTS_MAX; i++)
		must(found[i].raw.p >= json.p && found[i].raw.p + found[i].raw.n <= json.p + json.n);

	json_error_t error;
	size_t flags = JSON_DECODE_ANY | JSON_ALLOW_NUL;
	json_t *tree = json_loadb(json.p, json.n, flags | (path->many ? JSON_REJECT_DUPLICATES : 0), &error);
	if (!tree)
		return;
	struct results expected = {.n = 0};
	walk(path, 0, tree, &expected);
	must(n == expected.n);
	for (size_t i = 0; i < n && i < RESULTS_MAX; i++) {
		json_t *one = json_loadb(found[i].raw.p, found[i].raw.n, flags, &error);
		must(one && json_equal(one, expected.at[i]));
		json_decref(one);
	}
	json_decref(tree);
}

/* The keys of a path, written with quotes and brackets, compile to the same path. */
static void check_spelling(const struct hc_jsonpath *path)
{
	static struct hc_err err;
	struct hc_buf text = HC_BUF(1 << 20);
	hc_buf_char(&text, '$');
	for (size_t i = 0; i < path->n; i++) {
		const struct hc_jsonpath_step *s = &path->steps[i];
		hc_buf_char(&text, '[');
		if (s->kind == HC_STEP_KEY)
			hc_json_quote(&text, s->key);
		else if (s->kind == HC_STEP_INDEX)
			hc_buf_printf(&text, "%lld", (long long)s->index);
		else
			hc_buf_char(&text, '*');
		hc_buf_char(&text, ']');
	}
	must(!text.failed);
	struct hc_arena arena = HC_ARENA(1 << 20);
	struct hc_jsonpath again;
	must(hc_jsonpath_compile(hc_buf_view(&text), &arena, &again, &err) == HC_OK);
	must(again.n == path->n && again.many == path->many);
	for (size_t i = 0; i < path->n; i++) {
		const struct hc_jsonpath_step *a = &path->steps[i], *b = &again.steps[i];
		must(a->kind == b->kind && a->index == b->index && hc_str_eq(a->key, b->key));
	}
	hc_arena_free(&arena);
	hc_buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct hc_err err;
	struct hc_str all = {size ? (const char *)data : "", size};
	const char *newline = memchr(all.p, '\n', all.n);
	struct hc_str text = {all.p, newline ? (size_t)(newline - all.p) : all.n}, json = {"", 0};
	if (newline)
		json = (struct hc_str){newline + 1, all.n - text.n - 1};

	struct hc_arena arena = HC_ARENA(1 << 20);
	struct hc_jsonpath path;
	if (hc_jsonpath_compile(text, &arena, &path, &err) == HC_OK) {
		must(path.n <= HC_JSONPATH_STEPS_MAX);
		check_find(&path, json);
		check_spelling(&path);
	} else {
		must(err.code == HC_USAGE && err.msg[0] && err.hint[0]);
	}
	hc_arena_free(&arena);
	return 0;
}
