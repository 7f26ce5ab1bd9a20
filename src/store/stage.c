#include "store/stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codec/json.h"

#define STAGING ".hindcast-staging"
#define OUT_NAME "out"
#define MANIFEST "manifest.json"
/* The manifest of the report that is being replaced, while it is. */
#define REPLACED "replaced-manifest.json"

enum { MANIFEST_BYTES_MAX = 1 << 30 };

struct hc_stage {
	struct hc_arena arena;
	const char *dir, *staging, *out, *manifest, *replaced;
	bool made_dir;
	int lock;
};

/* A path below a folder that cannot leave it. */
static bool stays_below(struct hc_str path)
{
	if (path.n == 0 || path.p[0] == '/' || path.n >= HC_PATH_LEN_MAX / 2 || memchr(path.p, '\0', path.n))
		return false;
	while (path.n > 0) {
		const char *slash = memchr(path.p, '/', path.n);
		size_t part = slash ? (size_t)(slash - path.p) : path.n;
		if (part == 0 || (part == 1 && path.p[0] == '.') || (part == 2 && memcmp(path.p, "..", 2) == 0))
			return false;
		path.p += part + (slash != NULL);
		path.n -= part + (slash != NULL);
	}
	return true;
}

/* Removes the outputs listed in one element of "outputs". */
static enum hc_code retire_output(struct hc_stage *s, struct hc_json *j, struct hc_err *err)
{
	struct hc_json_key key;
	struct hc_json_value value;
	HC_BUF_SCOPED struct hc_buf scratch = HC_BUF(HC_PATH_LEN_MAX);
	if (!hc_json_enter_object(j))
		return HC_OK;
	while (hc_json_member(j, &key)) {
		if (!hc_json_value(j, &value))
			break;
		if (!hc_json_key_is(&key, "path") || value.type != HC_JSON_STRING)
			continue;
		struct hc_str path = hc_json_text(&value, &scratch);
		if (!stays_below(path))
			continue;
		char *name = hc_arena_cstring(&s->arena, path);
		char *full = name ? hc_path_join(&s->arena, s->dir, name) : NULL;
		if (!full)
			return hc_fail_nomem(err, "a path");
		HC_TRY(hc_file_remove_and_prune(full, s->dir, err));
	}
	return HC_OK;
}

/*
 * Removes the outputs that a manifest of ours lists. One that cannot be read as such is not ours:
 * then only itself goes, as any file whose name an output takes.
 */
static enum hc_code retire(struct hc_stage *s, const char *manifest, struct hc_err *err)
{
	struct hc_file_info info;
	HC_TRY(hc_file_look(manifest, &info, err));
	if (info.kind != HC_FILE_REGULAR)
		return HC_OK;
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(MANIFEST_BYTES_MAX);
	HC_TRY(hc_file_slurp(manifest, &text, err));
	struct hc_json j;
	hc_json_open(&j, hc_buf_view(&text));
	struct hc_json_key key;
	struct hc_json_value value;
	bool ours = false;
	if (!hc_json_enter_object(&j))
		return HC_OK;
	while (hc_json_member(&j, &key)) {
		ours = ours || hc_json_key_is(&key, "hindcast");
		if (ours && hc_json_key_is(&key, "outputs") && hc_json_enter_array(&j)) {
			while (hc_json_element(&j))
				HC_TRY(retire_output(s, &j, err));
		} else if (!hc_json_value(&j, &value)) {
			break;
		}
	}
	return HC_OK;
}

/* What a stage that was killed while publishing left behind: both its reports go. */
static enum hc_code recover(struct hc_stage *s, struct hc_err *err)
{
	struct hc_file_info info;
	HC_TRY(hc_file_look(s->replaced, &info, err));
	if (info.kind == HC_FILE_REGULAR) {
		const char *staged = hc_path_join(&s->arena, s->out, MANIFEST);
		if (!staged)
			return hc_fail_nomem(err, "a path");
		HC_TRY(retire(s, s->replaced, err));
		HC_TRY(retire(s, staged, err));
		HC_TRY(hc_file_remove(s->replaced, err));
	}
	return hc_file_remove_tree(s->out, err);
}

static enum hc_code prepare(struct hc_stage *s, struct hc_err *err)
{
	struct hc_file_info info;
	HC_TRY(hc_file_look(s->dir, &info, err));
	if (info.kind != HC_FILE_MISSING && info.kind != HC_FILE_FOLDER) {
		hc_fail(err, HC_IO, "%s: is not a folder, the output needs one", s->dir);
		return hc_hint(err, "name another folder with -o");
	}
	s->made_dir = info.kind == HC_FILE_MISSING;
	HC_TRY(hc_file_mkdirs(s->dir, err));
	bool got = false;
	HC_TRY(hc_file_lock_folder(s->dir, &s->lock, &got, err));
	if (!got) {
		hc_fail(err, HC_IO, "%s: another run is writing there", s->dir);
		return hc_hint(err, "wait for it, or name another folder with -o");
	}
	HC_TRY(recover(s, err));
	return hc_file_mkdirs(s->out, err);
}

enum hc_code hc_stage_open(const char *dir, struct hc_stage **out, struct hc_err *err)
{
	enum { STAGE_ARENA = 1 << 30 };
	struct hc_stage *s = calloc(1, sizeof *s);
	if (!s)
		return hc_fail_nomem(err, "the output");
	s->arena = HC_ARENA(STAGE_ARENA);
	s->lock = -1;
	s->dir = hc_arena_cstring(&s->arena, hc_str(dir));
	s->staging = s->dir ? hc_path_join(&s->arena, s->dir, STAGING) : NULL;
	s->out = s->staging ? hc_path_join(&s->arena, s->staging, OUT_NAME) : NULL;
	s->manifest = s->out ? hc_path_join(&s->arena, s->dir, MANIFEST) : NULL;
	s->replaced = s->manifest ? hc_path_join(&s->arena, s->staging, REPLACED) : NULL;
	enum hc_code code = s->replaced ? prepare(s, err) : hc_fail_nomem(err, "the output");
	if (code != HC_OK) {
		hc_stage_abandon(s);
		return code;
	}
	*out = s;
	return HC_OK;
}

enum hc_code hc_stage_file(struct hc_stage *s, const char *path, struct hc_writer *out, struct hc_err *err)
{
	const char *full = hc_path_join(&s->arena, s->out, path);
	if (!full)
		return hc_fail_nomem(err, "a path");
	return hc_writer_open(full, out, err);
}

enum hc_code hc_stage_write(struct hc_stage *s, const char *path, struct hc_str content, struct hc_err *err)
{
	struct hc_writer w;
	HC_TRY(hc_stage_file(s, path, &w, err));
	hc_writer_put(&w, content.p, content.n);
	return hc_writer_close(&w, err);
}

const char *hc_stage_folder(const struct hc_stage *s)
{
	return s->out;
}

enum hc_code hc_stage_outputs(struct hc_stage *s, struct hc_arena *arena, struct hc_objects *out, struct hc_err *err)
{
	return hc_store_list(s->out, arena, out, err);
}

static enum hc_code move_output(struct hc_stage *s, const char *key, struct hc_err *err)
{
	const char *from = hc_path_join(&s->arena, s->out, key);
	const char *to = from ? hc_path_join(&s->arena, s->dir, key) : NULL;
	return to ? hc_file_move(from, to, err) : hc_fail_nomem(err, "a path");
}

static enum hc_code move_outputs(struct hc_stage *s, const struct hc_objects *outputs, struct hc_err *err)
{
	bool has_manifest = false;
	for (size_t i = 0; i < outputs->n; i++) {
		bool is_manifest = strcmp(outputs->list[i].key, MANIFEST) == 0;
		has_manifest = has_manifest || is_manifest;
		if (!is_manifest)
			HC_TRY(move_output(s, outputs->list[i].key, err));
	}
	HC_TRY(hc_file_sync_folder(s->dir, err));
	if (has_manifest)
		HC_TRY(move_output(s, MANIFEST, err));
	return hc_file_sync_folder(s->dir, err);
}

static enum hc_code publish(struct hc_stage *s, struct hc_err *err)
{
	struct hc_objects outputs;
	HC_TRY(hc_stage_outputs(s, &s->arena, &outputs, err));
	struct hc_file_info info;
	enum hc_code code = hc_file_look(s->manifest, &info, err);
	if (code == HC_OK && info.kind == HC_FILE_REGULAR) {
		code = hc_file_move(s->manifest, s->replaced, err);
		if (code == HC_OK)
			code = retire(s, s->replaced, err);
	}
	if (code == HC_OK)
		code = move_outputs(s, &outputs, err);
	if (code == HC_OK)
		code = hc_file_remove(s->replaced, err);
	hc_objects_free(&outputs);
	return code;
}

enum hc_code hc_stage_publish(struct hc_stage *s, struct hc_err *err)
{
	enum hc_code code = publish(s, err);
	s->made_dir = s->made_dir && code != HC_OK;
	hc_stage_abandon(s);
	return code;
}

void hc_stage_abandon(struct hc_stage *s)
{
	if (!s)
		return;
	struct hc_err ignored;
	struct hc_file_info info;
	if (s->lock >= 0) {
		/* A publication that failed half way keeps its intent for the next stage. */
		bool intent = hc_file_look(s->replaced, &info, &ignored) == HC_OK && info.kind != HC_FILE_MISSING;
		if (!intent && hc_file_remove_tree(s->staging, &ignored) == HC_OK && s->made_dir)
			rmdir(s->dir);
		hc_file_unlock(s->lock);
	}
	hc_arena_free(&s->arena);
	free(s);
}
