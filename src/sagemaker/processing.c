#include <stdio.h>

#include "sagemaker/check.h"
#include "sagemaker/common.h"
#include "sagemaker/handlers.h"
#include "sagemaker/image.h"
#include "sagemaker/list.h"
#include "sagemaker/monitoring.h"

/* Of the service model. */
enum { INPUTS_MAX = 10, OUTPUTS_MAX = 10 };
enum { MEMBER_MAX = 128 };

#define IN_PROGRESS "InProgress"
#define STOPPING "Stopping"

/* Names and folders that earlier inputs and outputs have taken. */
struct taken {
	struct hc_str list[INPUTS_MAX + OUTPUTS_MAX];
	size_t n;
};

/* False when s is there already; else takes it. */
static bool take(struct taken *t, struct hc_str s)
{
	for (size_t i = 0; i < t->n; i++)
		if (hc_str_eq(t->list[i], s))
			return false;
	assert(t->n < sizeof t->list / sizeof *t->list);
	t->list[t->n++] = s;
	return true;
}

/* Inputs and outputs are much alike: what each is called, and what of each is not supported. */
struct end {
	const char *list, *s3, *name, *same;
	const char *other, *why_other, *why_managed;
};
static const struct end input_end = {
	.list = "ProcessingInputs",
	.s3 = "S3Input",
	.name = "InputName",
	.same = "another input has the same name",
	.other = "DatasetDefinition",
	.why_other = "only S3Input is supported: no Athena, no Redshift",
	.why_managed = "only inputs that are downloaded for the job are supported",
};
static const struct end output_end = {
	.list = "ProcessingOutputConfig.Outputs",
	.s3 = "S3Output",
	.name = "OutputName",
	.same = "another output has the same name",
	.other = "FeatureStoreOutput",
	.why_other = "only S3Output is supported: no feature store",
	.why_managed = "only outputs that are uploaded for the job are supported",
};

/* One of them. */
struct place {
	const struct end *end;
	size_t index;
	const json_t *item;
};

/* "ProcessingInputs[3].S3Input.LocalPath"; `of` is "S3Input" or "". */
static const char *member_at(const struct place *p, const char *of, const char *name, char out[MEMBER_MAX])
{
	snprintf(out, MEMBER_MAX, "%s[%zu].%s%s%s", p->end->list, p->index, of, *of ? "." : "", name);
	return out;
}

static enum hc_code fail_at(struct hc_call *call, const struct place *p, const char *of, const char *name,
			    const char *what, struct hc_err *err)
{
	char member[MEMBER_MAX];
	return hc_check_fail(call, what, member_at(p, of, name, member), err);
}

/* The folder of an input or output: of its own, where AWS's containers have them. */
static enum hc_code check_folder(struct hc_call *call, const struct place *p, const json_t *s3, struct taken *folders,
				 struct hc_err *err)
{
	struct hc_str path = hc_tree_text(s3, "LocalPath");
	const char *what = NULL;
	if (!path.p)
		what = "missing required field";
	else if (!hc_check_is_below(path, HC_PROCESSING_FOLDER))
		what = "the path must be below " HC_PROCESSING_FOLDER ", without '.' and '..'";
	if (what)
		return fail_at(call, p, p->end->s3, "LocalPath", what, err);
	while (path.p[path.n - 1] == '/')
		path.n--;
	if (!take(folders, path))
		return fail_at(call, p, p->end->s3, "LocalPath", "another input or output has the same path", err);
	return HC_OK;
}

static enum hc_code check_end(struct hc_call *call, const struct place *p, struct taken *names, struct taken *folders,
			      struct hc_err *err)
{
	char member[MEMBER_MAX];
	const json_t *s3 = hc_tree_at(p->item, p->end->s3);
	struct hc_str name = hc_tree_text(p->item, p->end->name);
	if (!name.n)
		return fail_at(call, p, "", p->end->name, "missing required field", err);
	if (!take(names, name))
		return fail_at(call, p, "", p->end->name, p->end->same, err);
	if (hc_tree_at(p->item, p->end->other))
		return fail_at(call, p, "", p->end->other, p->end->why_other, err);
	if (hc_tree_bool(p->item, "AppManaged", false))
		return fail_at(call, p, "", "AppManaged", p->end->why_managed, err);
	if (!s3)
		return fail_at(call, p, "", p->end->s3, "missing required field", err);
	HC_TRY(hc_check_s3(call, member_at(p, p->end->s3, "S3Uri", member), hc_tree_text(s3, "S3Uri"), err));
	return check_folder(call, p, s3, folders, err);
}

/* The members of an S3Input that say how: one way is supported, the one that Model Monitor and the SDK use. */
static enum hc_code check_input_mode(struct hc_call *call, const struct place *p, struct hc_err *err)
{
	static const struct {
		const char *member, *supported, *what;
	} modes[] = {
		{"S3DataType", "S3Prefix", "only S3Prefix is supported: no manifests"},
		{"S3InputMode", "File", "only File is supported"},
		{"S3CompressionType", "None", "only None is supported; compressed files are read as they are"},
	};
	const json_t *s3 = hc_tree_at(p->item, p->end->s3);
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
		if (strcmp(hc_tree_cstring(s3, modes[i].member, modes[i].supported), modes[i].supported) != 0)
			return fail_at(call, p, p->end->s3, modes[i].member, modes[i].what, err);
	return HC_OK;
}

static enum hc_code check_data(struct hc_call *call, struct hc_err *err)
{
	struct taken folders = {0}, input_names = {0}, output_names = {0};
	const json_t *inputs = hc_tree_at(call->in, "ProcessingInputs");
	const json_t *outputs = hc_tree_at(call->in, "ProcessingOutputConfig.Outputs");
	/* The contract has counted them. */
	assert(json_array_size(inputs) <= INPUTS_MAX && json_array_size(outputs) <= OUTPUTS_MAX);
	for (size_t i = 0; i < json_array_size(inputs); i++) {
		const struct place p = {&input_end, i, json_array_get(inputs, i)};
		HC_TRY(check_end(call, &p, &input_names, &folders, err));
		HC_TRY(check_input_mode(call, &p, err));
	}
	for (size_t i = 0; i < json_array_size(outputs); i++) {
		const struct place p = {&output_end, i, json_array_get(outputs, i)};
		HC_TRY(check_end(call, &p, &output_names, &folders, err));
	}
	return HC_OK;
}

/* An empty variable counts as one that is not set, as in the container. */
static enum hc_code need(struct hc_call *call, const json_t *environment, const char *const *names, struct hc_err *err)
{
	for (; *names; names++) {
		char member[MEMBER_MAX];
		snprintf(member, sizeof member, "Environment.%s", *names);
		if (!hc_tree_text(environment, *names).n)
			return hc_check_fail(call, "missing required field", member, err);
	}
	return HC_OK;
}

static enum hc_code check_analysis(struct hc_call *call, const json_t *environment, struct hc_err *err)
{
	static const char *const needed[] = {"dataset_source", "output_path", "problem_type", NULL};
	if (!hc_tree_text(environment, "analysis_type").n)
		return hc_check_fail(call,
				     "without it the job is one of data quality, and only MODEL_QUALITY is supported",
				     "Environment.analysis_type", err);
	HC_TRY(need(call, environment, needed, err));
	return hc_check_variables(call, "Environment", environment, err);
}

/* The images of Model Monitor are told by their environment what to do; here they are this program itself, so that no other command can be run in them. */
static enum hc_code check_program(struct hc_call *call, enum hc_image image, const json_t *environment,
				  struct hc_err *err)
{
	static const char *const merger[] = {"dataset_source", "ground_truth_source", "output_path", NULL};
	static const char *const commands[] = {"AppSpecification.ContainerEntrypoint",
					       "AppSpecification.ContainerArguments"};
	if (image == HC_IMAGE_COMMAND)
		return HC_OK;
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (hc_tree_at(call->in, commands[i]))
			return hc_check_fail(call, "not supported for the images of Model Monitor", commands[i], err);
	if (image == HC_IMAGE_ANALYZER)
		return check_analysis(call, environment, err);
	HC_TRY(hc_check_variable_paths(call, "Environment", environment, err));
	return need(call, environment, merger, err);
}

static enum hc_code check_job(struct hc_call *call, struct hc_err *err)
{
	enum hc_image image;
	const json_t *environment = hc_tree_at(call->in, "Environment");
	HC_TRY(hc_image_check(call, "AppSpecification.ImageUri", hc_tree_text(call->in, "AppSpecification.ImageUri"),
			      &image, err));
	HC_TRY(hc_check_environment(call, "Environment", environment, err));
	HC_TRY(check_data(call, err));
	return check_program(call, image, environment, err);
}

/* The input without Tags, with the time that a job may take. */
static enum hc_code print_doc(struct hc_call *call, struct hc_str *out, struct hc_err *err)
{
	json_t *doc = NULL;
	HC_TRY(hc_common_input(call, &doc, err));
	bool ok = true;
	if (!hc_tree_at(doc, "StoppingCondition"))
		ok = hc_tree_set(doc, "StoppingCondition",
				 json_pack("{s:i}", "MaxRuntimeInSeconds", HC_JOB_RUNTIME_DEFAULT_S));
	enum hc_code code = ok ? hc_common_print(call, doc, out, err) : hc_fail_nomem(err, "a job");
	json_decref(doc);
	return code;
}

enum hc_code hc_create_processing_job(struct hc_call *call, struct hc_db *db, struct hc_err *err)
{
	struct hc_resource r = {.kind = HC_KIND_JOB,
				.name = hc_tree_text(call->in, "ProcessingJobName"),
				.status = HC_STR(IN_PROGRESS)};
	HC_TRY(check_job(call, err));
	HC_TRY(hc_monitoring_check_limit(call, db, HC_KIND_JOB, HC_JOBS_MAX, err));
	HC_TRY(print_doc(call, &r.doc, err));
	HC_TRY(hc_common_create(call, db, &r, err));
	return hc_common_answer(call, "ProcessingJobArn", r.arn, err);
}

static enum hc_code find(struct hc_call *call, struct hc_db *db, struct hc_resource *out, struct hc_err *err)
{
	return hc_common_find(call, db, HC_KIND_JOB, hc_tree_text(call->in, "ProcessingJobName"), out, err);
}

/* Members of `detail` as they are, those that are there. */
static bool set_detail(const struct hc_resource *r, const char *const *names, json_t *out)
{
	json_auto_t *detail = r->detail.p ? hc_tree_parse(r->detail) : NULL;
	bool ok = true;
	for (; *names; names++) {
		json_t *value = hc_tree_at(detail, *names);
		if (value)
			ok &= json_object_set(out, *names, value) == 0;
	}
	return ok;
}

static bool set_state(const struct hc_resource *r, json_t *out)
{
	return hc_tree_set_text(out, "ProcessingJobStatus", r->status) &&
	       hc_tree_set_instant(out, "LastModifiedTime", r->modified_us) &&
	       hc_tree_set_text(out, "FailureReason", r->failure);
}

enum hc_code hc_describe_processing_job(struct hc_call *call, struct hc_db *db, struct hc_err *err)
{
	static const char *const members[] = {"ExitMessage", "ProcessingStartTime", "ProcessingEndTime",
					      "MonitoringScheduleArn", NULL};
	struct hc_resource r;
	HC_TRY(find(call, db, &r, err));
	HC_TRY(hc_common_describe(call, &r, "ProcessingJobArn", err));
	if (!set_state(&r, call->out) || !set_detail(&r, members, call->out))
		return hc_fail_nomem(err, "a description");
	return HC_OK;
}

static bool has_ended(const struct hc_resource *r)
{
	return !hc_str_eq(r->status, HC_STR(IN_PROGRESS)) && !hc_str_eq(r->status, HC_STR(STOPPING));
}

enum hc_code hc_stop_processing_job(struct hc_call *call, struct hc_db *db, struct hc_err *err)
{
	struct hc_resource r;
	HC_TRY(find(call, db, &r, err));
	if (has_ended(&r))
		return hc_fault(call, err, 400, "ValidationException",
				"The request was rejected because the processing job is in status %.*s.",
				HC_STR_ARG(r.status));
	if (hc_str_eq(r.status, HC_STR(STOPPING)))
		return HC_OK;
	r.status = HC_STR(STOPPING);
	r.modified_us = hc_common_now(call);
	return hc_resource_update(db, &r, err);
}

enum hc_code hc_delete_processing_job(struct hc_call *call, struct hc_db *db, struct hc_err *err)
{
	struct hc_resource r;
	HC_TRY(find(call, db, &r, err));
	if (!has_ended(&r))
		return hc_fault(call, err, 400, "ResourceInUse",
				"The request was rejected because the processing job is in status %.*s: stop it first.",
				HC_STR_ARG(r.status));
	return hc_resource_delete(db, r.uid, err);
}

static bool summarise(const struct hc_call *call, const struct hc_resource *r, json_t *summary)
{
	static const char *const members[] = {"ExitMessage", "ProcessingEndTime", NULL};
	(void)call;
	return hc_tree_set_text(summary, "ProcessingJobName", r->name) &&
	       hc_tree_set_text(summary, "ProcessingJobArn", r->arn) &&
	       hc_tree_set_instant(summary, "CreationTime", r->created_us) && set_state(r, summary) &&
	       set_detail(r, members, summary);
}

enum hc_code hc_list_processing_jobs(struct hc_call *call, struct hc_db *db, struct hc_err *err)
{
	/* The one list that begins with the oldest. */
	const struct hc_resource_filter filter = hc_list_filter(call, HC_KIND_JOB, HC_LIST_DEFAULT, false);
	return hc_list_page(call, db, &filter, "ProcessingJobSummaries", summarise, err);
}
