#include "monitor/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/instant.h"
#include "dataset/batch.h"
#include "store/store.h"
#include "sys/files.h"

/* Captures are written by machines under one name; labels by people's jobs, whose names AWS never minded. */
static const char *const capture_suffixes[] = {".jsonl", NULL};
static const char *const label_suffixes[] = {".jsonl", ".json", ".ndjson", ".parquet", "", NULL};
static const char *const manifest_suffixes[] = {".json", NULL};
static const char *const merged_suffixes[] = {".jsonl", NULL};
static const char *const table_suffixes[] = {".csv", ".jsonl", ".ndjson", ".json", ".parquet", ".out", "", NULL};

struct range {
	int64_t first_us, last_us;
};

static enum hc_code fail_empty(const struct hc_request *q, const char *what, const char *root, size_t above_max,
			       struct range range, const char *const *suffixes, struct hc_input_files *files,
			       struct hc_err *err)
{
	struct hc_layout_seen seen = {0};
	struct range nothing = {INT64_MAX, INT64_MIN};
	HC_TRY(hc_layout_collect(root, what, above_max, nothing.first_us, nothing.last_us, suffixes, files, &seen,
				 err));
	char first[HC_HOUR_PATH_SIZE], last[HC_HOUR_PATH_SIZE];
	if (!seen.any) {
		hc_fail(err, HC_EMPTY, "Job inputs had no data: %s: no %s below it", root, what);
		return hc_hint(err, "it must hold hour folders, %sYYYY/MM/DD/HH/*%s",
			       above_max ? "directly or up to two folders deeper, " : "", suffixes[0]);
	}
	if (q->has_window) {
		hc_instant_hour_path(range.first_us, first);
		hc_instant_hour_path(range.last_us, last);
		hc_fail(err, HC_EMPTY, "Job inputs had no data: %s: no %s in the hour folders %s to %s", root, what,
			first, last);
	} else {
		hc_fail(err, HC_EMPTY, "Job inputs had no data: %s: no %s in its hour folders", root, what);
	}
	hc_instant_hour_path(seen.first_us, first);
	hc_instant_hour_path(seen.last_us, last);
	if (files->passed_over)
		return hc_hint(err,
			       "there are hour folders from %s to %s, and files that are no record files, such as %s",
			       first, last, files->passed_over_example);
	return hc_hint(err, "there are hour folders from %s to %s: check the time and the offsets", first, last);
}

/* Adds the files of one input; at least one, or HC_EMPTY. `what` names them for people. */
static enum hc_code add_hours(const struct hc_request *q, const char *what, const char *source, const char *root,
			      size_t above_max, struct range range, const char *const *suffixes,
			      struct hc_input_files *files, struct hc_err *err)
{
	size_t before = files->n;
	HC_TRY(hc_layout_collect(root, source, above_max, range.first_us, range.last_us, suffixes, files, NULL, err));
	return files->n > before ? HC_OK : fail_empty(q, what, root, above_max, range, suffixes, files, err);
}

static enum hc_code add_batch(const struct hc_request *q, const char *root, struct range range,
			      struct hc_input_files *files, struct hc_err *err)
{
	const char *manifests = hc_path_join(files->arena, root, "output");
	if (!manifests)
		return hc_fail_nomem(err, "a path");
	size_t from = files->n;
	HC_TRY(add_hours(q, "manifests", "manifests", manifests, 0, range, manifest_suffixes, files, err));
	size_t to = files->n;
	for (size_t i = from; i < to; i++)
		HC_TRY(hc_batch_manifest(root, &files->list[i], files, err));
	if (files->n > to)
		return HC_OK;
	hc_fail(err, HC_EMPTY, "Job inputs had no data: the manifests below %s name no output", manifests);
	return hc_hint(err, "check the manifests of the transform jobs");
}

static enum hc_code resolve(const char *uri, const char *option, struct hc_input_files *files, const char **path,
			    struct hc_err *err)
{
	enum hc_code code = hc_store_resolve(uri, files->arena, path, err);
	return code == HC_OK ? HC_OK : hc_err_at(err, "%s", option);
}

static enum hc_code plan_join(const struct hc_request *q, struct hc_input_files *files, struct hc_err *err)
{
	const struct hc_window *w = &q->window;
	struct range all = {INT64_MIN, INT64_MAX};
	struct range labels = q->has_window ? (struct range){w->label_first_us, w->label_last_us} : all;
	struct range capture = q->has_window ? (struct range){w->capture_first_us, w->capture_last_us} : all;
	const char *truth, *root;
	HC_TRY(resolve(q->ground_truth_input, "--ground-truth-input", files, &truth, err));
	if (q->endpoint_input)
		HC_TRY(resolve(q->endpoint_input, "--endpoint-input", files, &root, err));
	else
		HC_TRY(resolve(q->batch_input, "--batch-transform-input", files, &root, err));
	HC_TRY(add_hours(q, "ground truth", "labels", truth, 0, labels, label_suffixes, files, err));
	if (!q->endpoint_input)
		return add_batch(q, root, capture, files, err);
	return add_hours(q, "captured data", "capture", root, HC_LAYOUT_ABOVE_MAX, capture, capture_suffixes, files,
			 err);
}

/* Adds a file, or the files of a folder that hold rows. */
static enum hc_code add_path(const char *source, const char *uri, const char *const *suffixes,
			     struct hc_input_files *files, struct hc_err *err)
{
	const char *path;
	struct hc_file_info info;
	struct hc_objects objects;
	HC_TRY(hc_store_resolve(uri, files->arena, &path, err));
	HC_TRY(hc_file_look(path, &info, err));
	if (info.kind == HC_FILE_MISSING) {
		hc_fail(err, HC_INPUT, "%s: no such file or folder", path);
		return hc_hint(err, "check the path");
	}
	if (info.kind != HC_FILE_FOLDER) {
		const char *slash = strrchr(path, '/');
		return hc_input_files_add(
			files,
			(struct hc_input_file){source, path, slash ? slash + 1 : path, "", 0, info.size, info.id}, err);
	}
	size_t before = files->n;
	HC_TRY(hc_store_list(path, files->workers, files->arena, &objects, err));
	enum hc_code code = HC_OK;
	for (size_t i = 0; i < objects.n && code == HC_OK; i++) {
		const char *full = hc_path_join(files->arena, path, objects.list[i].key);
		struct hc_input_file file = {
			source, full, objects.list[i].key, "", 0, objects.list[i].size, objects.list[i].id};
		if (!full)
			code = hc_fail_nomem(err, "the list of files");
		else if (hc_layout_holds_records(objects.list[i].key, suffixes))
			code = hc_input_files_add(files, file, err);
	}
	hc_objects_free(&objects);
	if (code == HC_OK && files->n == before) {
		hc_fail(err, HC_EMPTY, "%s: no file with records in this folder", path);
		return hc_hint(err, "name a folder with files whose names end in %s", suffixes[0]);
	}
	return code;
}

static enum hc_code plan_tables(const struct hc_request *q, struct hc_input_files *files, struct hc_err *err)
{
	for (size_t i = 0; i < q->n_tables; i++) {
		if (strcmp(q->tables[i], "-") == 0) {
			struct hc_input_file standard_input = {"baseline", "-", "-", "", 0, 0, 0};
			HC_TRY(hc_input_files_add(files, standard_input, err));
		} else {
			HC_TRY(add_path("baseline", q->tables[i], table_suffixes, files, err));
		}
	}
	return HC_OK;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct hc_input_file *)a)->path, ((const struct hc_input_file *)b)->path);
}

/* Several inputs are one, in whatever order they are named. */
static enum hc_code plan_merged(const struct hc_request *q, struct hc_input_files *files, struct hc_err *err)
{
	for (size_t i = 0; i < q->n_merged_inputs; i++) {
		if (hc_layout_is_parquet(q->merged_inputs[i])) {
			hc_fail(err, HC_USAGE, "%s: merged records are lines of JSON, not Parquet",
				q->merged_inputs[i]);
			return hc_hint(err, HC_RECORD_MERGED_REMEDY);
		}
		HC_TRY(add_path("merged", q->merged_inputs[i], merged_suffixes, files, err));
	}
	if (q->n_merged_inputs == 1)
		return HC_OK;
	qsort(files->list, files->n, sizeof *files->list, by_path);
	for (size_t i = 1; i < files->n; i++) {
		if (by_path(&files->list[i - 1], &files->list[i]) != 0)
			continue;
		hc_fail(err, HC_USAGE, "%s is named twice", files->list[i].path);
		return hc_hint(err, "name each input once, and none that is below another");
	}
	return HC_OK;
}

enum hc_code hc_plan(const struct hc_request *q, struct hc_input_files *files, struct hc_err *err)
{
	if (q->n_merged_inputs)
		return plan_merged(q, files, err);
	return q->n_tables ? plan_tables(q, files, err) : plan_join(q, files, err);
}

void hc_plan_uuid(const struct hc_input_files *files, char out[HC_UUID_SIZE])
{
	uint64_t high = 0, low = 0;
	for (size_t i = 0; i < files->n; i++) {
		const struct hc_input_file *f = &files->list[i];
		uint64_t numbers[] = {f->size, (uint64_t)f->hour_us};
		struct hc_hash_key key = {high, low};
		high = hc_siphash(key, f->key, strlen(f->key));
		low = hc_siphash((struct hc_hash_key){high, low}, f->source, strlen(f->source));
		high ^= hc_siphash((struct hc_hash_key){high, low}, numbers, sizeof numbers);
	}
	high = (high & ~UINT64_C(0xf000)) | 0x8000;
	low = (low & ~(UINT64_C(3) << 62)) | UINT64_C(2) << 62;
	snprintf(out, HC_UUID_SIZE, "%08x-%04x-%04x-%04x-%012llx", (unsigned)(high >> 32),
		 (unsigned)(high >> 16 & 0xffff), (unsigned)(high & 0xffff), (unsigned)(low >> 48),
		 (unsigned long long)(low & UINT64_C(0xffffffffffff)));
}
