#include "jobs/run.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/instant.h"
#include "jobs/handover.h"
#include "jobs/program.h"
#include "sys/clock.h"

#define ARENA_BYTES (UINT64_C(512) << 20)
enum { REASON_BYTES = 16 << 10 };

/* How a job ended, as the API tells it. */
struct verdict {
	const char *status;
	struct hc_str exit_message, failure; /* p == NULL: none */
};

struct running {
	const struct hc_jobs *jobs;
	struct hc_str name;
	struct hc_arena *arena;
	struct hc_resource resource;
	bool found;
	struct hc_job job;
	struct hc_outputs outputs;
	struct verdict verdict;
	void *gathered;
	char (*old)[HC_CONTENT_ID_SIZE]; /* contents that nothing names any more */
	size_t n_old, old_max;
};

/* In whole milliseconds, as the API tells times. */
static int64_t now_us(void)
{
	int64_t now = hc_clock_now_us();
	return now - now % 1000;
}

/* --- begin -------------------------------------------------------------------------------------- */

static bool has_status(const struct hc_resource *job, const char *status)
{
	return hc_str_eq(job->status, hc_str(status));
}

/* Reads the job and records that it is begun; one that has ended, or is not to run any more, stays as it is. */
static enum hc_code begin(struct hc_db *db, void *arg, struct hc_err *err)
{
	struct running *r = arg;
	HC_TRY(hc_resource_get(db, HC_KIND_JOB, r->name, r->arena, &r->resource, &r->found, err));
	if (!r->found || !has_status(&r->resource, "InProgress"))
		return HC_OK;
	json_t *detail = hc_tree_parse(r->resource.detail.p ? r->resource.detail : HC_STR("{}"));
	int64_t begins = hc_tree_int(detail, "Begins", 0) + 1, now = now_us();
	bool fine = detail && hc_tree_set_int(detail, "Begins", begins) &&
		    hc_tree_set_instant(detail, "ProcessingStartTime", now);
	r->resource.detail = fine ? hc_tree_print(detail, r->arena) : (struct hc_str){NULL, 0};
	json_decref(detail);
	if (!r->resource.detail.p)
		return hc_fail_nomem(err, "a job");
	r->resource.modified_us = now;
	return hc_resource_update(db, &r->resource, err);
}

/* The server is going down and the job will be begun again: that does not count against it. */
static enum hc_code leave(struct hc_db *db, void *arg, struct hc_err *err)
{
	struct running *r = arg;
	struct hc_resource current;
	bool found;
	HC_TRY(hc_resource_get(db, HC_KIND_JOB, r->name, r->arena, &current, &found, err));
	if (!found)
		return HC_OK;
	json_t *detail = hc_tree_parse(current.detail);
	int64_t begins = hc_tree_int(detail, "Begins", 1);
	bool fine = detail && hc_tree_set_int(detail, "Begins", begins - 1);
	current.detail = fine ? hc_tree_print(detail, r->arena) : (struct hc_str){NULL, 0};
	json_decref(detail);
	return current.detail.p ? hc_resource_update(db, &current, err) : hc_fail_nomem(err, "a job");
}

/* --- the words ---------------------------------------------------------------------------------- */

/* A character that can stand in a path, so that what is around it is another name. */
static bool is_of_path(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("/._-", c);
}

/* The input whose path stands at text.p: the longest. A path of one name must go on, for the name alone may be a word. */
static const struct hc_job_end *input_at(const struct hc_job *job, struct hc_str text)
{
	const struct hc_job_end *best = NULL;
	for (size_t i = 0; i < job->n_inputs; i++) {
		const struct hc_job_end *input = &job->inputs[i];
		struct hc_str local = {input->local.p + 1, input->local.n - 1};
		if (text.n < local.n || memcmp(text.p, local.p, local.n) != 0 ||
		    (best && best->local.n >= input->local.n))
			continue;
		bool goes_on = text.n > local.n && text.p[local.n] == '/';
		bool ends = (text.n == local.n || !is_of_path(text.p[local.n])) && memchr(local.p, '/', local.n);
		if (goes_on || ends)
			best = input;
	}
	return best;
}

/* An input that is one object stands in its folder under its own name, which the address has already: "/NAME" that follows is passed over. */
static size_t own_name(const struct hc_job_end *input, struct hc_str behind)
{
	const char *slash = input->key.n ? memrchr(input->key.p, '/', input->key.n) : NULL;
	struct hc_str name = {slash ? slash + 1 : input->key.p, 0};
	name.n = input->key.n - (size_t)(name.p - input->key.p);
	bool stands =
		name.n > 0 && behind.n > name.n && behind.p[0] == '/' && memcmp(behind.p + 1, name.p, name.n) == 0;
	return stands && (behind.n == name.n + 1 || !is_of_path(behind.p[name.n + 1])) ? name.n + 1 : 0;
}

/* The paths of inputs and of what manifests name, relative as our program writes them or below the job's folder, replaced by the addresses that they came from. */
static void put_addresses(struct hc_buf *out, const struct running *r, struct hc_str text)
{
	HC_BUF_SCOPED struct hc_buf folder = HC_BUF(HC_PATH_LEN_MAX);
	bool begins = true; /* no path goes on from before */
	hc_buf_printf(&folder, "%s/%.*s/", r->jobs->folder, HC_STR_ARG(r->name));
	for (size_t at = 0; at < text.n;) {
		struct hc_str rest = {text.p + at, text.n - at};
		if (begins && rest.n > folder.n && memcmp(rest.p, folder.p, folder.n) == 0) {
			at += folder.n;
			continue;
		}
		size_t root = rest.p[0] == '/'; /* a path as in a container */
		const struct hc_job_end *input =
			begins ? input_at(&r->job, (struct hc_str){rest.p + root, rest.n - root}) : NULL;
		if (begins && !input && strcmp(hc_job_role(&r->job), "merge") == 0 &&
		    hc_str_starts(rest, HC_JOB_OBJECTS "/")) {
			hc_buf_cstr(out, "s3://");
			at += sizeof HC_JOB_OBJECTS;
		} else if (input) {
			struct hc_str uri = input->uri;
			while (uri.p[uri.n - 1] == '/')
				uri.n--; /* what follows begins with one */
			at += root + input->local.n - 1;
			hc_buf_str(out, uri);
			at += own_name(input, (struct hc_str){text.p + at, text.n - at});
		} else {
			hc_buf_char(out, text.p[at++]);
		}
		begins = !is_of_path(text.p[at - 1]);
	}
}

/* In the arena, cut to what the API may give, at a whole character. */
static struct hc_str cut(const struct hc_buf *text, struct hc_arena *arena)
{
	size_t n = text->n < HC_JOB_REASON_MAX ? text->n : HC_JOB_REASON_MAX;
	while (n > 0 && n < text->n && ((unsigned char)text->p[n] & 0xC0) == 0x80)
		n--;
	return hc_arena_copy(arena, (struct hc_str){text->p, n});
}

/* What AWS says stands first; our own program knows some of its words already. */
static bool is_aws_wording(struct hc_str message)
{
	static const char *const begins[] = {"Job inputs had no data", "There is an exception raised in",
					     "AlgorithmError", "No S3 objects found", NULL};
	for (const char *const *b = begins; *b; b++)
		if (hc_str_starts(message, *b))
			return true;
	return false;
}

/* The reason; its whole goes to the log, with the addresses of objects where the program's own lines have paths. */
static struct hc_str failure_of(const struct running *r, const struct hc_program_end *end, struct hc_log_writer *log)
{
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(REASON_BYTES);
	struct hc_str message = end->message.n ? end->message : end->last_line;
	if (!is_aws_wording(message))
		hc_buf_cstr(&text, "AlgorithmError: ");
	put_addresses(&text, r, message);
	if (end->by_signal)
		hc_buf_printf(&text, "%sthe program was ended by signal %d (%s)", message.n ? "; " : "", end->number,
			      strsignal(end->number));
	else if (message.n == 0)
		hc_buf_printf(&text, "the program ended with exit status %d", end->number);
	hc_buf_printf(&text, "; exit code: %d", end->by_signal ? 128 + end->number : end->number);
	hc_log_line(log, hc_clock_now_us(), "hindcast: the job failed: %.*s", HC_STR_ARG(hc_buf_view(&text)));
	return cut(&text, r->arena);
}

static struct hc_str reason_of(const struct running *r, const struct hc_err *why)
{
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(REASON_BYTES);
	if (!is_aws_wording(hc_str(why->msg)))
		hc_buf_cstr(&text,
			    why->code == HC_IO || why->code == HC_NOMEM ? "InternalServerError: " : "ClientError: ");
	hc_buf_cstr(&text, why->msg);
	if (why->hint[0])
		hc_buf_printf(&text, "; %s", why->hint);
	return cut(&text, r->arena);
}

static void judge(struct running *r, const struct hc_program_end *end, struct hc_log_writer *log)
{
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(REASON_BYTES);
	struct verdict v = {0};
	switch (end->how) {
	case HC_ENDED_WELL:
		v.status = "Completed";
		hc_buf_str(&text, end->message);
		if (text.n)
			v.exit_message = cut(&text, r->arena);
		break;
	case HC_ENDED_TOO_LONG:
		v.status = "Stopped";
		hc_buf_printf(&text,
			      "MaxRuntimeExceeded: the job ran longer than its MaxRuntimeInSeconds of %u; give it more "
			      "time, or a "
			      "smaller window",
			      r->job.max_runtime_s);
		v.failure = cut(&text, r->arena);
		break;
	case HC_ENDED_STOPPED:
	case HC_ENDED_LEFT:
		v.status = "Stopped";
		break;
	case HC_ENDED_BADLY:
		v.status = "Failed";
		v.failure = failure_of(r, end, log);
		break;
	}
	r->verdict = v;
}

/* --- end ---------------------------------------------------------------------------------------- */

static enum hc_code drop_later(struct running *r, const char *content, struct hc_err *err)
{
	if (!content[0])
		return HC_OK;
	if (r->n_old == r->old_max) {
		enum { FIRST = 256 };
		size_t max = r->old_max ? 2 * r->old_max : FIRST;
		char(*more)[HC_CONTENT_ID_SIZE] = hc_arena_take(r->arena, max * sizeof *more);
		if (!more)
			return hc_fail_nomem(err, "a job's outputs");
		if (r->n_old)
			memcpy(more, r->old, r->n_old * sizeof *more);
		r->old = more;
		r->old_max = max;
	}
	memcpy(r->old[r->n_old++], content, HC_CONTENT_ID_SIZE);
	return HC_OK;
}

static enum hc_code put_output(struct running *r, struct hc_db *db, const struct hc_output *o, int64_t at_us,
			       struct hc_err *err)
{
	char old[HC_CONTENT_ID_SIZE];
	struct hc_stored object = {.bucket = o->bucket,
				   .key = o->key,
				   .size = o->size,
				   .modified_us = at_us,
				   .etag = hc_str(o->md5),
				   .headers = HC_STR("{\"content-type\":\"binary/octet-stream\"}")};
	memcpy(object.content, o->content, sizeof object.content);
	enum hc_code code = hc_stored_put(db, &object, old, err);
	if (code == HC_EMPTY) {
		hc_fail(err, HC_EMPTY, "the bucket %.*s of the output does not exist", HC_STR_ARG(o->bucket));
		return hc_hint(err, "create it");
	}
	return code == HC_OK ? drop_later(r, old, err) : code;
}

static bool is_output(const struct running *r, struct hc_str key)
{
	for (size_t i = 0; i < r->outputs.n; i++)
		if (hc_str_eq(r->outputs.list[i].key, key))
			return true;
	return false;
}

/*
 * Merged records of an hour are what this merge found: parts of an earlier one, with fewer labels, go, or the records would count twice.
 */
static enum hc_code clear_hour(struct running *r, struct hc_db *db, const struct hc_job_end *output, const char *hour,
			       struct hc_err *err)
{
	enum { PARTS_PAGE = 1000 };
	HC_BUF_SCOPED struct hc_buf prefix = HC_BUF(HC_KEY_BYTES_MAX * 2), after = HC_BUF(HC_KEY_BYTES_MAX * 2);
	bool more = true;
	hc_buf_str(&prefix, output->key);
	hc_buf_printf(&prefix, "%s%s/part-", output->key.n ? "/" : "", hour);
	HC_TRY(hc_buf_check(&prefix, "a key", err));
	while (more) {
		struct hc_listing_query query = {.bucket = output->bucket,
						 .prefix = hc_buf_view(&prefix),
						 .after = hc_buf_view(&after),
						 .limit = PARTS_PAGE};
		struct hc_listing_entry *list;
		size_t n;
		HC_TRY(hc_listing(db, &query, r->arena, &list, &n, &more, err));
		for (size_t i = 0; i < n; i++) {
			char old[HC_CONTENT_ID_SIZE];
			if (is_output(r, list[i].key))
				continue;
			HC_TRY(hc_stored_delete(db, output->bucket, list[i].key, old, err));
			HC_TRY(drop_later(r, old, err));
		}
		hc_buf_reset(&after);
		if (n > 0)
			hc_buf_str(&after, list[n - 1].key);
	}
	return HC_OK;
}

static enum hc_code put_outputs(struct running *r, struct hc_db *db, int64_t at_us, struct hc_err *err)
{
	size_t i;
	json_t *hour;
	for (i = 0; i < r->outputs.n; i++)
		HC_TRY(put_output(r, db, &r->outputs.list[i], at_us, err));
	if (strcmp(hc_job_role(&r->job), "merge") != 0 || r->job.n_outputs == 0)
		return HC_OK;
	json_array_foreach(r->outputs.merged, i, hour)
		HC_TRY(clear_hour(r, db, &r->job.outputs[0], json_string_value(hour), err));
	return hc_handover_put(db, &r->job, &r->outputs, at_us, err);
}

static enum hc_code drop_content(void *arg, const char *content, struct hc_err *err)
{
	return drop_later(arg, content, err);
}

/* The job's end, its outputs and what follows, in one transaction. */
static enum hc_code end_job(struct hc_db *db, void *arg, struct hc_err *err)
{
	struct running *r = arg;
	const struct hc_job_hooks *hooks = &r->jobs->hooks;
	int64_t now = now_us();
	struct hc_resource current;
	bool found;
	r->n_old = 0;
	/* A stop may have come in between: what the catalog says now counts, but for an end that was reached. */
	HC_TRY(hc_resource_get(db, HC_KIND_JOB, r->name, r->arena, &current, &found, err));
	if (!found)
		return HC_OK;
	if (strcmp(r->verdict.status, "Completed") == 0)
		HC_TRY(put_outputs(r, db, now, err));
	if (strcmp(hc_job_role(&r->job), "monitoring") == 0)
		HC_TRY(hc_handover_remove(db, &r->job, drop_content, r, err));
	json_t *detail = r->job.detail;
	bool fine = hc_tree_set_instant(detail, "ProcessingEndTime", now);
	fine &= hc_tree_set_text(detail, "ExitMessage", r->verdict.exit_message);
	current.status = hc_str(r->verdict.status);
	current.failure = r->verdict.failure;
	current.modified_us = now;
	current.detail = fine ? hc_tree_print(detail, r->arena) : (struct hc_str){NULL, 0};
	if (!current.detail.p)
		return hc_fail_nomem(err, "a job");
	HC_TRY(hc_resource_update(db, &current, err));
	r->job.resource = current;
	return hooks->ended(hooks->arg, db, &r->job, r->outputs.merged, r->gathered, now, err);
}

static void fail_job(struct running *r, const struct hc_err *why)
{
	r->verdict = (struct verdict){.status = "Failed", .failure = reason_of(r, why)};
}

/* Records the end. What cannot be published (a bucket that is gone, a full disk) fails the job, once. */
static enum hc_code record_end(struct running *r, struct hc_log_writer *log, struct hc_err *err)
{
	struct hc_err why;
	const struct hc_jobs *jobs = r->jobs;
	enum hc_code code = hc_catalog_write(jobs->server->catalog, end_job, r, &why);
	bool recorded = code == HC_OK && strcmp(r->verdict.status, "Completed") == 0;
	if (code != HC_OK) {
		hc_log_line(log, hc_clock_now_us(), "hindcast: %s%s%s", why.msg, why.hint[0] ? "; " : "", why.hint);
		fail_job(r, &why);
		code = hc_catalog_write(jobs->server->catalog, end_job, r, err);
	}
	for (size_t i = 0; i < r->n_old && code == HC_OK; i++)
		hc_content_remove(jobs->server->contents, r->old[i]);
	hc_outputs_free(jobs->server, &r->outputs, recorded);
	return code;
}

/* --- in between ----------------------------------------------------------------------------------- */

/* Fills the folder, runs the program, takes its outputs. *left: the server is going down. */
static enum hc_code work(struct running *r, const char *folder, struct hc_log_writer *log, _Atomic int *stop,
			 bool *left, struct hc_err *err)
{
	const struct hc_jobs *jobs = r->jobs;
	struct hc_program_end end;
	const char *metrics;
	HC_TRY(hc_folder_fill(jobs->server, &r->job, folder, err));
	HC_TRY(hc_program_run(jobs, &r->job, folder, log, stop, r->arena, &end, &metrics, err));
	*left = end.how == HC_ENDED_LEFT;
	if (*left)
		return HC_OK;
	judge(r, &end, log);
	if (end.how != HC_ENDED_WELL)
		return HC_OK;
	HC_TRY(hc_folder_collect(jobs->server, &r->job, folder, r->arena, &r->outputs, err));
	if (jobs->hooks.gather)
		r->gathered = jobs->hooks.gather(jobs->hooks.arg, &r->job, metrics, log);
	return HC_OK;
}

static enum hc_code run_begun(struct running *r, struct hc_log_writer *log, _Atomic int *stop, struct hc_err *err)
{
	struct hc_err why;
	bool left = false;
	HC_BUF_SCOPED struct hc_buf folder = HC_BUF(HC_PATH_LEN_MAX);
	hc_buf_printf(&folder, "%s/%.*s", r->jobs->folder, HC_STR_ARG(r->name));
	HC_TRY(hc_buf_check(&folder, "a path", err));
	const char *path = hc_buf_cstring(&folder);
	enum hc_code code = hc_file_remove_tree(path, &why);
	if (code == HC_OK)
		code = hc_file_mkdirs(path, &why);
	if (code == HC_OK)
		code = work(r, path, log, stop, &left, &why);
	if (code != HC_OK) {
		hc_log_line(log, hc_clock_now_us(), "hindcast: %s%s%s", why.msg, why.hint[0] ? "; " : "", why.hint);
		fail_job(r, &why);
	}
	code = left ? hc_catalog_write(r->jobs->server->catalog, leave, r, err) : record_end(r, log, err);
	if (r->gathered && r->jobs->hooks.forget)
		r->jobs->hooks.forget(r->jobs->hooks.arg, r->gathered);
	if (hc_file_remove_tree(path, &why) != HC_OK)
		hc_log_line(log, hc_clock_now_us(), "hindcast: %s", why.msg);
	return code;
}

/* Ends a job that cannot even begin. */
static enum hc_code end_unbegun(struct running *r, const char *status, const struct hc_err *why, struct hc_err *err)
{
	r->job = (struct hc_job){.resource = r->resource,
				 .doc = hc_tree_parse(r->resource.doc),
				 .detail = hc_tree_parse(r->resource.detail.p ? r->resource.detail : HC_STR("{}"))};
	if (why)
		fail_job(r, why);
	else
		r->verdict = (struct verdict){.status = status};
	enum hc_code code = r->job.doc && r->job.detail ? hc_catalog_write(r->jobs->server->catalog, end_job, r, err)
							: hc_fail_nomem(err, "a job");
	hc_job_close(&r->job);
	return code;
}

static enum hc_code run_job(struct running *r, _Atomic int *stop, struct hc_err *err)
{
	struct hc_err why;
	struct hc_log_writer *log = NULL;
	if (has_status(&r->resource, "Stopping"))
		return end_unbegun(r, "Stopped", NULL, err);
	json_t *detail = hc_tree_parse(r->resource.detail);
	int64_t begins = hc_tree_int(detail, "Begins", 1);
	json_decref(detail);
	if (begins > HC_JOB_BEGINS_MAX) {
		(void)hc_fail(&why, HC_IO, "the server ended %d times while this job ran", HC_JOB_BEGINS_MAX);
		return end_unbegun(r, NULL, &why, err);
	}
	if (hc_job_read(r->jobs->server, &r->resource, r->arena, &r->job, &why) != HC_OK)
		return end_unbegun(r, NULL, &why, err);
	char *name = hc_arena_cstring(r->arena, r->name);
	enum hc_code code = name ? hc_log_create(r->jobs->server->logs, name, hc_clock_now_us(), &log, &why)
				 : hc_fail_nomem(&why, "a job");
	if (code == HC_OK) {
		code = run_begun(r, log, stop, err);
		hc_log_close(log, hc_clock_now_us());
		hc_job_close(&r->job);
		return code;
	}
	hc_job_close(&r->job);
	return end_unbegun(r, NULL, &why, err);
}

enum hc_code hc_job_run(const struct hc_jobs *jobs, struct hc_str name, _Atomic int *stop, struct hc_err *err)
{
	HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(ARENA_BYTES);
	struct running r = {.jobs = jobs, .name = name, .arena = &arena};
	HC_TRY(hc_catalog_write(jobs->server->catalog, begin, &r, err));
	if (!r.found || (!has_status(&r.resource, "InProgress") && !has_status(&r.resource, "Stopping")))
		return HC_OK;
	return run_job(&r, stop, err);
}
