#include "jobs/job.h"

#include <string.h>

/* The API lets paths of 256 bytes in; the scheduler puts endpoint, variant and hour behind them. */
enum { MAX_RUNTIME_DEFAULT_S = 86400, LOCAL_PATH_MAX = 2048, LOCAL_PARTS_MAX = 32 };

/* Absolute, and every part a name. */
static bool is_container_path(struct hc_str path)
{
	unsigned parts = 0;
	if (path.n < 2 || path.p[0] != '/' || path.n > LOCAL_PATH_MAX || memchr(path.p, '\0', path.n))
		return false;
	for (size_t i = 0; i < path.n; i++) {
		struct hc_str part = {path.p + i + 1, 0};
		if (path.p[i] != '/')
			continue;
		while (i + 1 + part.n < path.n && part.p[part.n] != '/')
			part.n++;
		if (hc_str_eq(part, HC_STR(".")) || hc_str_eq(part, HC_STR("..")) ||
		    (part.n && ++parts > LOCAL_PARTS_MAX))
			return false;
	}
	return true;
}

static enum hc_code read_end(const json_t *item, const char *name, const char *s3, struct hc_job_end *out,
			     struct hc_err *err)
{
	char shown[HC_STR_SHOW_SIZE];
	struct hc_job_end end = {.name = hc_tree_text(item, name)};
	const json_t *place = hc_tree_at(item, s3);
	end.uri = hc_tree_text(place, "S3Uri");
	end.local = hc_tree_text(place, "LocalPath");
	if (!end.uri.p || !hc_str_starts(end.uri, "s3://")) {
		hc_fail(err, HC_USAGE, "'%s' is no s3:// address", hc_str_show(end.uri, shown));
		return hc_hint(err, "inputs and outputs stand in this server's object store: s3://BUCKET/KEY");
	}
	if (!is_container_path(end.local)) {
		hc_fail(err, HC_USAGE, "'%s' is no path of a container", hc_str_show(end.local, shown));
		return hc_hint(err, "write an absolute path without '..', such as /opt/ml/processing/input");
	}
	struct hc_str rest = {end.uri.p + 5, end.uri.n - 5};
	while (rest.n && rest.p[rest.n - 1] == '/')
		rest.n--;
	const char *slash = memchr(rest.p, '/', rest.n);
	end.bucket = (struct hc_str){rest.p, slash ? (size_t)(slash - rest.p) : rest.n};
	end.key = slash ? (struct hc_str){slash + 1, rest.n - end.bucket.n - 1} : (struct hc_str){"", 0};
	*out = end;
	return HC_OK;
}

static enum hc_code read_ends(const json_t *list, const char *name, const char *s3, struct hc_arena *arena,
			      struct hc_job_end **out, size_t *n, struct hc_err *err)
{
	size_t i, all = json_array_size(list);
	const json_t *item;
	struct hc_job_end *ends = hc_arena_take(arena, (all + 1) * sizeof *ends);
	if (!ends)
		return hc_fail_nomem(err, "a job");
	json_array_foreach(list, i, item) HC_TRY(read_end(item, name, s3, &ends[i], err));
	*out = ends;
	*n = all;
	return HC_OK;
}

static enum hc_code read_document(const struct hc_server *server, struct hc_arena *arena, struct hc_job *job,
				  struct hc_err *err)
{
	struct hc_str image = hc_tree_text(job->doc, "AppSpecification.ImageUri");
	if (!job->doc || !job->detail)
		return hc_fail_nomem(err, "a job");
	if (!hc_image_kind(server, image, &job->image, &job->command)) {
		hc_fail(err, HC_USAGE, "nothing here stands for the image %.*s", HC_STR_ARG(image));
		return hc_hint(err, "map it to a command (hindcast serve --image-command)");
	}
	job->max_runtime_s =
		(unsigned)hc_tree_int(job->doc, "StoppingCondition.MaxRuntimeInSeconds", MAX_RUNTIME_DEFAULT_S);
	HC_TRY(read_ends(hc_tree_at(job->doc, "ProcessingInputs"), "InputName", "S3Input", arena, &job->inputs,
			 &job->n_inputs, err));
	return read_ends(hc_tree_at(job->doc, "ProcessingOutputConfig.Outputs"), "OutputName", "S3Output", arena,
			 &job->outputs, &job->n_outputs, err);
}

enum hc_code hc_job_read(const struct hc_server *server, const struct hc_resource *resource, struct hc_arena *arena,
			 struct hc_job *out, struct hc_err *err)
{
	struct hc_job job = {.resource = *resource,
			     .doc = hc_tree_parse(resource->doc),
			     .detail = hc_tree_parse(resource->detail.p ? resource->detail : HC_STR("{}"))};
	enum hc_code code = read_document(server, arena, &job, err);
	if (code != HC_OK) {
		hc_job_close(&job);
		return code;
	}
	*out = job;
	return HC_OK;
}

void hc_job_close(struct hc_job *job)
{
	json_decref(job->doc);
	json_decref(job->detail);
	job->doc = job->detail = NULL;
}

const char *hc_job_role(const struct hc_job *job)
{
	return hc_tree_cstring(job->detail, "Role", "");
}
