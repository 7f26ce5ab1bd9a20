#include "store/stage.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codec/jsonw.h"
#include "store/listed.h"

#define OUT_NAME "out"
#define MANIFEST "manifest.json"
/* While outputs are moved into DIR: the list of them, and the manifest of the report that they replace. */
#define INTENT "publishing.json"
#define REPLACED "replaced-manifest.json"

enum { MANIFEST_BYTES_MAX = 1 << 30 };

struct hc_stage {
	struct hc_arena arena;
	const char *dir, *staging, *out, *manifest, *intent, *replaced;
	bool made_dir;
	int lock;
	const char *written[HC_FILES_SYNCED]; /* reports, to be synced together with the list of outputs */
	size_t n_written;
};

static enum hc_code is_file_below(struct hc_stage *s, const char *folder, const char *name, const char **path,
				  bool *out, struct hc_err *err)
{
	struct hc_file_info info;
	*path = hc_path_join(&s->arena, folder, name);
	if (!*path)
		return hc_fail_nomem(err, "a path");
	HC_TRY(hc_file_look(*path, &info, err));
	*out = info.kind == HC_FILE_REGULAR;
	return HC_OK;
}

struct retiring {
	struct hc_stage *stage;
	bool only_moved; /* only what has left the stage goes */
};

static enum hc_code retire_output(void *arg, struct hc_str output, struct hc_err *err)
{
	const struct retiring *r = arg;
	struct hc_stage *s = r->stage;
	const char *name = hc_arena_cstring(&s->arena, output), *path;
	bool there, staged = false;
	if (!name)
		return hc_fail_nomem(err, "a path");
	if (r->only_moved)
		HC_TRY(is_file_below(s, s->out, name, &path, &staged, err));
	HC_TRY(is_file_below(s, s->dir, name, &path, &there, err));
	return there && !staged ? hc_file_remove_and_prune(path, s->dir, err) : HC_OK;
}

/*
 * Removes the outputs that a manifest of ours lists. One that cannot be read as such is not ours:
 * then only itself goes, as any file whose name an output takes.
 */
static enum hc_code retire(struct hc_stage *s, const char *manifest, bool only_moved, struct hc_err *err)
{
	struct hc_file_info info;
	struct retiring retiring = {s, only_moved};
	HC_TRY(hc_file_look(manifest, &info, err));
	if (info.kind != HC_FILE_REGULAR)
		return HC_OK;
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(MANIFEST_BYTES_MAX);
	HC_TRY(hc_file_slurp(manifest, &text, err));
	return hc_listed_outputs(hc_buf_view(&text), retire_output, &retiring, err);
}

/*
 * What a publication that did not come to its end left behind. With nothing left in the stage all
 * was moved; else both reports go. The list of outputs is read against the stage, so it goes first.
 */
static enum hc_code recover(struct hc_stage *s, struct hc_err *err)
{
	struct hc_file_info info;
	struct hc_objects staged;
	HC_TRY(hc_file_look(s->intent, &info, err));
	if (info.kind == HC_FILE_REGULAR) {
		HC_TRY(hc_store_list(s->out, 1, &s->arena, &staged, err));
		bool all_moved = staged.n == 0;
		hc_objects_free(&staged);
		if (!all_moved) {
			HC_TRY(retire(s, s->replaced, false, err));
			HC_TRY(retire(s, s->intent, true, err));
		}
	}
	HC_TRY(hc_file_remove(s->replaced, err));
	HC_TRY(hc_file_remove(s->intent, err));
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
	s->staging = s->dir ? hc_path_join(&s->arena, s->dir, HC_STAGING_FOLDER) : NULL;
	s->out = s->staging ? hc_path_join(&s->arena, s->staging, OUT_NAME) : NULL;
	s->manifest = s->out ? hc_path_join(&s->arena, s->dir, MANIFEST) : NULL;
	s->intent = s->manifest ? hc_path_join(&s->arena, s->staging, INTENT) : NULL;
	s->replaced = s->intent ? hc_path_join(&s->arena, s->staging, REPLACED) : NULL;
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
	const char *full = hc_arena_cstring(&s->arena, hc_str(w.path));
	/* One place is left for the list of outputs. */
	w.unsynced = full && s->n_written + 1 < HC_FILES_SYNCED;
	if (w.unsynced)
		s->written[s->n_written++] = full;
	hc_writer_put(&w, content.p, content.n);
	return hc_writer_close(&w, err);
}

enum hc_code hc_stage_adopt(struct hc_stage *s, const char *path, struct hc_err *err)
{
	const char *from = hc_path_join(&s->arena, s->dir, path);
	const char *to = from ? hc_path_join(&s->arena, s->out, path) : NULL;
	return to ? hc_file_link(from, to, err) : hc_fail_nomem(err, "a path");
}

const char *hc_stage_folder(const struct hc_stage *s)
{
	return s->out;
}

enum hc_code hc_stage_outputs(struct hc_stage *s, struct hc_arena *arena, struct hc_objects *out, struct hc_err *err)
{
	return hc_store_list(s->out, 1, arena, out, err);
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

/* Lists what will be moved, as a manifest does; it and the reports are on the disk then. */
static enum hc_code write_intent(struct hc_stage *s, const struct hc_objects *outputs, struct hc_err *err)
{
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(MANIFEST_BYTES_MAX);
	struct hc_writer writer;
	struct hc_jsonw w;
	hc_jsonw_open(&w, &text);
	hc_jsonw_object(&w);
	hc_jsonw_member_cstr(&w, "hindcast", HC_VERSION);
	hc_jsonw_key(&w, "outputs");
	hc_jsonw_array(&w);
	for (size_t i = 0; i < outputs->n; i++) {
		hc_jsonw_object(&w);
		hc_jsonw_member_cstr(&w, "path", outputs->list[i].key);
		hc_jsonw_object_end(&w);
	}
	hc_jsonw_array_end(&w);
	hc_jsonw_object_end(&w);
	HC_TRY(hc_buf_check(&text, "the list of outputs", err));
	HC_TRY(hc_writer_open(s->intent, &writer, err));
	writer.unsynced = true;
	hc_writer_put(&writer, text.p, text.n);
	HC_TRY(hc_writer_close(&writer, err));
	s->written[s->n_written++] = s->intent;
	HC_TRY(hc_file_sync(s->written, s->n_written, err));
	return hc_file_sync_folder(s->staging, err);
}

/* What stands in the way of an output is found before anything is touched. */
static enum hc_code check_place(struct hc_stage *s, const char *key, struct hc_err *err)
{
	struct hc_file_info info = {.kind = HC_FILE_MISSING};
	char *part = hc_path_join(&s->arena, s->dir, key);
	if (!part)
		return hc_fail_nomem(err, "a path");
	for (char *at = part + strlen(part) - strlen(key); *at; at++) {
		if (*at != '/')
			continue;
		*at = '\0';
		HC_TRY(hc_file_look(part, &info, err));
		if (info.kind != HC_FILE_FOLDER && info.kind != HC_FILE_MISSING) {
			hc_fail(err, HC_IO, "%s: is a file, the output needs a folder there", part);
			return hc_hint(err, "move it away, or name another folder with -o; nothing was changed");
		}
		*at = '/';
	}
	HC_TRY(hc_file_look(part, &info, err));
	if (info.kind != HC_FILE_FOLDER)
		return HC_OK;
	hc_fail(err, HC_IO, "%s: is a folder, the output needs a file there", part);
	return hc_hint(err, "move it away, or name another folder with -o; nothing was changed");
}

static enum hc_code replace_report(struct hc_stage *s, const struct hc_objects *outputs, struct hc_err *err)
{
	struct hc_file_info info;
	HC_TRY(hc_file_look(s->manifest, &info, err));
	for (size_t i = 0; i < outputs->n; i++)
		HC_TRY(check_place(s, outputs->list[i].key, err));
	HC_TRY(write_intent(s, outputs, err));
	if (info.kind == HC_FILE_REGULAR) {
		HC_TRY(hc_file_move(s->manifest, s->replaced, err));
		HC_TRY(retire(s, s->replaced, false, err));
	}
	HC_TRY(move_outputs(s, outputs, err));
	HC_TRY(hc_file_remove(s->replaced, err));
	return hc_file_remove(s->intent, err);
}

enum hc_code hc_stage_publish(struct hc_stage *s, struct hc_err *err)
{
	struct hc_objects outputs;
	struct hc_err ignored;
	enum hc_code code = hc_stage_outputs(s, &s->arena, &outputs, err);
	if (code == HC_OK) {
		code = replace_report(s, &outputs, err);
		hc_objects_free(&outputs);
	}
	/* No half of a report stays; where that fails too the list of outputs does, for the next stage. */
	if (code != HC_OK)
		(void)recover(s, &ignored);
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
		assert(s->replaced); /* the last of the names, without which nothing was locked */
		/* A publication that failed half way keeps its intent for the next stage. */
		bool open = hc_file_look(s->intent, &info, &ignored) == HC_OK && info.kind != HC_FILE_MISSING;
		if (!open && hc_file_remove_tree(s->staging, &ignored) == HC_OK && s->made_dir)
			rmdir(s->dir);
		hc_file_unlock(s->lock);
	}
	hc_arena_free(&s->arena);
	free(s);
}
