#include "jobs/folder.h"

#include <stdio.h>
#include <string.h>

#include "base/instant.h"
#include "base/utf8.h"
#include "codec/checksum.h"
#include "dataset/batch.h"
#include "jobs/handover.h"
#include "store/store.h"

enum { PAGE = 1000, PART_MAX = 255, OUTPUTS_MAX = 100000, HOUR_PARTS = 4 };
#define PAGE_ARENA_BYTES (UINT64_C(64) << 20)
#define MANIFEST_ARENA_BYTES (UINT64_C(512) << 20)
#define COPY_BYTES (1 << 16)

/* --- inputs ----------------------------------------------------------------------------------- */

struct filling {
	const struct hc_server *server;
	const struct hc_job *job;
	const char *folder;
};

/* Reading one page of a listing: the work of hc_catalog_read. */
struct page {
	struct hc_listing_query query;
	struct hc_arena *arena;
	struct hc_listing_entry *list;
	size_t n;
	bool more;
};

static enum hc_code read_page(struct hc_db *db, void *arg, struct hc_err *err)
{
	struct page *p = arg;
	return hc_listing(db, &p->query, p->arena, &p->list, &p->n, &p->more, err);
}

struct lookup {
	struct hc_str bucket, key;
	struct hc_arena *arena;
	struct hc_stored object;
	bool found;
};

static enum hc_code look_up(struct hc_db *db, void *arg, struct hc_err *err)
{
	struct lookup *l = arg;
	return hc_stored_get(db, l->bucket, l->key, l->arena, &l->object, &l->found, err);
}

/* Appends a key's part below its input as a path; false for one that cannot be: '..', a part too long, too many. Empty parts are passed over. */
static bool put_path(struct hc_buf *out, struct hc_str below)
{
	unsigned parts = 0;
	while (below.n > 0) {
		const char *slash = memchr(below.p, '/', below.n);
		struct hc_str part = {below.p, slash ? (size_t)(slash - below.p) : below.n};
		below.p += part.n + (slash != NULL);
		below.n -= part.n + (slash != NULL);
		if (hc_str_eq(part, HC_STR(".")) || hc_str_eq(part, HC_STR("..")) || part.n > PART_MAX)
			return false;
		if (part.n && ++parts > HC_JOB_KEY_PARTS_MAX)
			return false;
		if (part.n) {
			hc_buf_char(out, '/');
			hc_buf_str(out, part);
		}
	}
	return true;
}

static enum hc_code fail_key(struct hc_str bucket, struct hc_str key, struct hc_err *err)
{
	char shown[HC_STR_SHOW_SIZE];
	hc_fail(err, HC_INPUT,
		"the object s3://%.*s/%s cannot be a file: its key has a part that is '.', '..' or too long, or too "
		"many",
		HC_STR_ARG(bucket), hc_str_show(key, shown));
	return hc_hint(err, "store it under another key");
}

/* Whether a file stands at a path or above it, up to the job's folder. */
static bool is_taken(const struct filling *f, const char *path)
{
	struct hc_err ignored;
	struct hc_file_info info;
	HC_BUF_SCOPED struct hc_buf above = HC_BUF(HC_PATH_LEN_MAX);
	hc_buf_cstr(&above, path);
	bool taken = hc_file_look(path, &info, &ignored) == HC_OK && info.kind != HC_FILE_MISSING;
	while (!taken && above.n > strlen(f->folder)) {
		const char *slash = memrchr(above.p, '/', above.n);
		above.n = slash ? (size_t)(slash - above.p) : 0;
		taken = hc_file_look(hc_buf_cstring(&above), &info, &ignored) == HC_OK && info.kind == HC_FILE_REGULAR;
	}
	return taken;
}

/* An object may be replaced between the listing and here; then its new content is taken, or none if it is gone. */
static enum hc_code link_object(const struct filling *f, struct hc_str bucket, struct hc_str key, const char *content,
				const char *path, struct hc_err *err)
{
	HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(PAGE_ARENA_BYTES);
	struct lookup l = {.bucket = bucket, .key = key, .arena = &arena};
	struct hc_err first;
	/* Our own program only reads; another's may not. */
	bool copies = f->job->image == HC_IMAGE_COMMAND;
	if (hc_content_give(f->server->contents, content, path, copies, &first) == HC_OK)
		return HC_OK;
	if (is_taken(f, path)) {
		char shown[HC_STR_SHOW_SIZE];
		hc_fail(err, HC_INPUT,
			"the object s3://%.*s/%s cannot be a file: its path is taken by another one, or goes on below "
			"it",
			HC_STR_ARG(bucket), hc_str_show(key, shown));
		return hc_hint(err, "store it under another key, or give the inputs other local paths");
	}
	HC_TRY(hc_catalog_read(f->server->catalog, look_up, &l, err));
	if (!l.found)
		return HC_OK;
	if (strcmp(l.object.content, content) == 0) {
		*err = first;
		return first.code;
	}
	return hc_content_give(f->server->contents, l.object.content, path, copies, err);
}

static enum hc_code link_entry(const struct filling *f, const struct hc_job_end *input, struct hc_str key,
			       struct hc_str below, const char *content, struct hc_err *err)
{
	HC_BUF_SCOPED struct hc_buf path = HC_BUF(HC_PATH_LEN_MAX);
	hc_buf_printf(&path, "%s%.*s", f->folder, HC_STR_ARG(input->local));
	if (!put_path(&path, below))
		return fail_key(input->bucket, key, err);
	HC_TRY(hc_buf_check(&path, "a path", err));
	return link_object(f, input->bucket, key, content, hc_buf_cstring(&path), err);
}

static enum hc_code fail_none(const struct filling *f, const struct hc_job_end *input, struct hc_err *err)
{
	struct hc_str role = hc_tree_text(f->job->doc, "RoleArn");
	return hc_fail(
		err, HC_EMPTY,
		"No S3 objects found under S3 URL \"%.*s\" given in input data source. Please ensure that the bucket "
		"exists in the selected region (%s), that objects exist under that S3 prefix, and that the role "
		"\"%.*s\" has \"s3:ListBucket\" permissions on bucket \"%.*s\".",
		HC_STR_ARG(input->uri), f->server->region, HC_STR_ARG(role), HC_STR_ARG(input->bucket));
}

static struct hc_str base_name(struct hc_str key)
{
	const char *slash = memrchr(key.p, '/', key.n);
	return slash ? (struct hc_str){slash + 1, key.n - (size_t)(slash + 1 - key.p)} : key;
}

/* All objects below "KEY/", page by page. */
static enum hc_code fill_below(const struct filling *f, const struct hc_job_end *input, size_t *linked,
			       struct hc_err *err)
{
	HC_BUF_SCOPED struct hc_buf prefix = HC_BUF(HC_KEY_BYTES_MAX * 4), after = HC_BUF(HC_KEY_BYTES_MAX * 4);
	bool more = true;
	hc_buf_str(&prefix, input->key);
	if (input->key.n)
		hc_buf_char(&prefix, '/');
	HC_TRY(hc_buf_check(&prefix, "a key", err));
	while (more) {
		HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(PAGE_ARENA_BYTES);
		struct page page = {.arena = &arena,
				    .query = {.bucket = input->bucket,
					      .prefix = hc_buf_view(&prefix),
					      .after = hc_buf_view(&after),
					      .limit = PAGE}};
		HC_TRY(hc_catalog_read(f->server->catalog, read_page, &page, err));
		for (size_t i = 0; i < page.n; i++) {
			struct hc_str key = page.list[i].key;
			if (key.n && key.p[key.n - 1] == '/')
				continue; /* a folder's marker */
			HC_TRY(link_entry(f, input, key, (struct hc_str){key.p + prefix.n, key.n - prefix.n},
					  page.list[i].content, err));
			++*linked;
		}
		more = page.more && page.n > 0;
		if (page.n > 0) {
			hc_buf_reset(&after);
			hc_buf_str(&after, page.list[page.n - 1].key);
		}
	}
	return HC_OK;
}

static enum hc_code fill_input(const struct filling *f, const struct hc_job_end *named, struct hc_err *err)
{
	size_t linked = 0;
	struct hc_job_end place, *input = &place;
	HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(PAGE_ARENA_BYTES);
	HC_TRY(hc_handover_input(f->job, named, &arena, &place, err));
	struct lookup l = {.bucket = input->bucket, .key = input->key, .arena = &arena};
	if (input->key.n) {
		HC_TRY(hc_catalog_read(f->server->catalog, look_up, &l, err));
		if (l.found) {
			HC_TRY(link_entry(f, input, input->key, base_name(input->key), l.object.content, err));
			linked++;
		}
	}
	HC_TRY(fill_below(f, input, &linked, err));
	return linked ? HC_OK : fail_none(f, input, err);
}

/* --- what batch manifests name ------------------------------------------------------------------ */

/* `path` is "objects/BUCKET/KEY", as hc_store_mount's folder makes of s3://BUCKET/KEY. */
static enum hc_code link_named(void *arg, const char *path, const char *name, struct hc_err *err)
{
	const struct filling *f = arg;
	HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(PAGE_ARENA_BYTES);
	struct hc_str rest = hc_str(path + sizeof HC_JOB_OBJECTS);
	const char *slash = memchr(rest.p, '/', rest.n);
	struct lookup l = {.bucket = {rest.p, slash ? (size_t)(slash - rest.p) : rest.n}, .arena = &arena};
	(void)name;
	if (!slash)
		return HC_OK; /* names no object; the merge will say so */
	l.key = (struct hc_str){slash + 1, rest.n - l.bucket.n - 1};
	if (l.key.n == 0 || l.key.p[l.key.n - 1] == '/')
		return HC_OK; /* a folder's marker: likewise */
	HC_TRY(hc_catalog_read(f->server->catalog, look_up, &l, err));
	if (!l.found)
		return HC_OK; /* likewise, with the manifest's name and line */
	HC_BUF_SCOPED struct hc_buf target = HC_BUF(HC_PATH_LEN_MAX);
	hc_buf_printf(&target, "%s/" HC_JOB_OBJECTS "/%.*s", f->folder, HC_STR_ARG(l.bucket));
	if (!put_path(&target, l.key))
		return fail_key(l.bucket, l.key, err);
	HC_TRY(hc_buf_check(&target, "a path", err));
	struct hc_file_info info;
	HC_TRY(hc_file_look(hc_buf_cstring(&target), &info, err));
	if (info.kind != HC_FILE_MISSING)
		return HC_OK; /* another manifest named it */
	return link_object(f, l.bucket, l.key, l.object.content, target.p, err);
}

static enum hc_code fill_manifest(struct filling *f, const char *path, struct hc_err *err)
{
	HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(MANIFEST_ARENA_BYTES);
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(HC_MANIFEST_BYTES_MAX);
	struct hc_batch_outputs outputs = {link_named, f};
	struct hc_err ignored;
	HC_TRY(hc_file_slurp(path, &text, err));
	enum hc_code code = hc_batch_manifest_read(hc_buf_view(&text), "", path, &arena, &outputs, err);
	/* A manifest that is none is the merge's to report, in the job's own log. */
	ignored = *err;
	(void)ignored;
	return code == HC_INPUT || code == HC_USAGE ? HC_OK : code;
}

static enum hc_code fill_named(struct filling *f, struct hc_err *err)
{
	for (size_t i = 0; i < f->job->n_inputs; i++) {
		const struct hc_job_end *input = &f->job->inputs[i];
		if (!hc_str_starts(input->name, "batch_transform_input_"))
			continue;
		HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(MANIFEST_ARENA_BYTES);
		HC_BUF_SCOPED struct hc_buf folder = HC_BUF(HC_PATH_LEN_MAX);
		struct hc_names names;
		hc_buf_printf(&folder, "%s%.*s", f->folder, HC_STR_ARG(input->local));
		HC_TRY(hc_file_names(hc_buf_cstring(&folder), &arena, &names, err));
		for (size_t n = 0; n < names.n; n++) {
			const char *path = hc_path_join(&arena, folder.p, names.list[n]);
			if (!path)
				return hc_fail_nomem(err, "a path");
			HC_TRY(fill_manifest(f, path, err));
		}
	}
	return HC_OK;
}

enum hc_code hc_folder_fill(const struct hc_server *server, const struct hc_job *job, const char *folder,
			    struct hc_err *err)
{
	struct filling f = {server, job, folder};
	for (size_t i = 0; i < job->n_inputs; i++)
		HC_TRY(fill_input(&f, &job->inputs[i], err));
	return strcmp(hc_job_role(job), "merge") == 0 ? fill_named(&f, err) : HC_OK;
}

/* --- outputs ------------------------------------------------------------------------------------ */

struct collecting {
	const struct hc_server *server;
	const struct hc_job *job;
	struct hc_arena *arena;
	struct hc_outputs *out;
	bool merge;
};

static enum hc_code import(const struct collecting *c, struct hc_output *o, struct hc_err *err)
{
	char buf[COPY_BYTES];
	struct hc_source *source;
	struct hc_content_writer w;
	struct hc_checksums *sums = NULL;
	HC_TRY(hc_file_open(o->path.p, &source, err));
	enum hc_code code = hc_content_create(c->server->contents, &w, err);
	if (code != HC_OK) {
		hc_source_close(source);
		return code;
	}
	code = hc_checksums_open(1U << HC_CHECKSUM_MD5, &sums, err);
	for (size_t got = 1; code == HC_OK && got > 0;) {
		code = source->read(source, buf, sizeof buf, &got, err);
		if (code == HC_OK && got > 0) {
			hc_checksums_add(sums, buf, got);
			code = hc_content_write(&w, buf, got, err);
		}
	}
	hc_source_close(source);
	if (code == HC_OK) {
		char hex[HC_CHECKSUM_TEXT_SIZE];
		hc_checksums_hex(sums, HC_CHECKSUM_MD5, hex);
		snprintf(o->md5, sizeof o->md5, "%s", hex);
		o->size = w.size;
		hc_checksums_free(sums);
		memcpy(o->content, w.id, sizeof o->content);
		code = hc_content_finish(&w, err);
		if (code != HC_OK)
			o->content[0] = '\0';
		return code;
	}
	hc_checksums_free(sums);
	hc_content_abandon(&w);
	return code;
}

/* "ep/AllTraffic/2021/05/18/00/part-...": the hour folder in front of the name, once each. */
static bool note_hour(const struct collecting *c, struct hc_str key)
{
	const char *slash = memrchr(key.p, '/', key.n);
	if (!slash)
		return true;
	size_t n = (size_t)(slash - key.p), last = json_array_size(c->out->merged);
	json_t *before = last ? json_array_get(c->out->merged, last - 1) : NULL;
	if (before && json_string_length(before) == n && memcmp(json_string_value(before), key.p, n) == 0)
		return true; /* files come in the order of their folders */
	return json_array_append_new(c->out->merged, json_stringn(key.p, n)) == 0;
}

/* Where a file of an output goes; key.p == NULL: nowhere. */
static enum hc_code place(const struct collecting *c, const struct hc_job_end *output, const char *file,
			  struct hc_output *o, struct hc_err *err)
{
	HC_BUF_SCOPED struct hc_buf key = HC_BUF(HC_KEY_BYTES_MAX);
	struct hc_str bucket = output->bucket;
	hc_buf_str(&key, output->key);
	if (key.n)
		hc_buf_char(&key, '/');
	if (c->merge && strcmp(file, "manifest.json") == 0) {
		o->key = (struct hc_str){NULL, 0};
		return HC_OK;
	}
	if (c->merge && strcmp(file, "join_report.json") == 0) {
		struct hc_str uri = hc_tree_text(c->job->detail, "ReportS3Uri");
		size_t skip = sizeof "s3://" - 1 + output->bucket.n + 1;
		hc_buf_reset(&key);
		if (uri.n > skip)
			hc_buf_printf(&key, "%.*s/%s", (int)(uri.n - skip), uri.p + skip, file);
	} else if (c->merge) {
		HC_BUF_SCOPED struct hc_buf below = HC_BUF(HC_KEY_BYTES_MAX);
		struct hc_str schedule = hc_tree_text(c->job->detail, "MergedBelow");
		if (schedule.n)
			hc_buf_printf(&below, "%.*s/", HC_STR_ARG(schedule));
		hc_buf_cstr(&below, file);
		hc_buf_str(&key, hc_buf_view(&below));
		if (!note_hour(c, hc_buf_view(&below)))
			return hc_fail_nomem(err, "a job's outputs");
	} else {
		hc_buf_cstr(&key, file);
	}
	if (hc_buf_check(&key, "an object's key", err) != HC_OK)
		return hc_err_at(err, "the output %s", file);
	if (hc_utf8_valid_prefix(key.p, key.n) != key.n) {
		char shown[HC_STR_SHOW_SIZE];
		hc_fail(err, HC_INPUT, "the output %s has a name that is not UTF-8", hc_str_show(hc_str(file), shown));
		return hc_hint(err, "keys of objects are UTF-8: let the job name it so");
	}
	o->bucket = bucket;
	o->key = hc_arena_copy(c->arena, hc_buf_view(&key));
	return o->key.p ? HC_OK : hc_fail_nomem(err, "a job's outputs");
}

static enum hc_code collect_output(const struct collecting *c, const struct hc_job_end *output, const char *folder,
				   struct hc_err *err)
{
	HC_BUF_SCOPED struct hc_buf root = HC_BUF(HC_PATH_LEN_MAX);
	struct hc_objects files = {0};
	hc_buf_printf(&root, "%s%.*s", folder, HC_STR_ARG(output->local));
	HC_TRY(hc_buf_check(&root, "a path", err));
	enum hc_code code = hc_store_list(hc_buf_cstring(&root), 1, c->arena, &files, err);
	for (size_t i = 0; code == HC_OK && i < files.n; i++) {
		struct hc_output *o = &c->out->list[c->out->n];
		if (c->out->n == OUTPUTS_MAX) {
			code = hc_fail(err, HC_LIMIT, "the job wrote more than %d files", OUTPUTS_MAX);
			break;
		}
		*o = (struct hc_output){0};
		const char *path = hc_path_join(c->arena, root.p, files.list[i].key);
		if (!path) {
			code = hc_fail_nomem(err, "a path");
			break;
		}
		o->path = hc_str(path);
		code = place(c, output, files.list[i].key, o, err);
		if (code == HC_OK && o->key.p) {
			code = import(c, o, err);
			c->out->n++;
		}
	}
	hc_objects_free(&files);
	return code;
}

enum hc_code hc_folder_collect(const struct hc_server *server, const struct hc_job *job, const char *folder,
			       struct hc_arena *arena, struct hc_outputs *out, struct hc_err *err)
{
	struct hc_outputs outputs = {.list = hc_arena_take(arena, OUTPUTS_MAX * sizeof *outputs.list),
				     .merged = json_array()};
	struct collecting c = {server, job, arena, &outputs, strcmp(hc_job_role(job), "merge") == 0};
	if (!outputs.list || !outputs.merged) {
		json_decref(outputs.merged);
		return hc_fail_nomem(err, "a job's outputs");
	}
	for (size_t i = 0; i < job->n_outputs; i++) {
		enum hc_code code = collect_output(&c, &job->outputs[i], folder, err);
		if (code != HC_OK) {
			hc_outputs_free(server, &outputs, false);
			return code;
		}
	}
	*out = outputs;
	return HC_OK;
}

void hc_outputs_free(const struct hc_server *server, struct hc_outputs *o, bool recorded)
{
	for (size_t i = 0; i < o->n && !recorded; i++)
		if (o->list[i].content[0])
			hc_content_remove(server->contents, o->list[i].content);
	json_decref(o->merged);
	*o = (struct hc_outputs){0};
}
