/*
 * Model quality job definitions: what is to be monitored, how, and where to. All that can be known to go wrong in every execution is
 * refused here, where somebody sees it.
 */
#include <stdio.h>

#include "sagemaker/check.h"
#include "sagemaker/common.h"
#include "sagemaker/handlers.h"
#include "sagemaker/image.h"
#include "sagemaker/list.h"
#include "sagemaker/monitoring.h"

enum { MEMBER_MAX = 256 };

/* AWS's own message has an s more than the member's name. */
#define SPELT_INPUTS "ModelQualityJobInputs"

/* Names the one of the two inputs that is there. */
static enum hc_code pick_input(struct hc_call *call, const char **out, struct hc_err *err)
{
	bool endpoint = hc_tree_at(call->in, "ModelQualityJobInput.EndpointInput") != NULL;
	bool batch = hc_tree_at(call->in, "ModelQualityJobInput.BatchTransformInput") != NULL;
	if (endpoint && batch)
		return hc_check_fail(call, "only one of EndpointInput and BatchTransformInput can be specified",
				     SPELT_INPUTS, err);
	if (!endpoint && !batch)
		return hc_check_fail(call,
				     "missing required field, one of EndpointInput and BatchTransformInput must be "
				     "specified",
				     SPELT_INPUTS, err);
	*out = endpoint ? "EndpointInput" : "BatchTransformInput";
	return HC_OK;
}

/* The problem type may come by the member or, as the SDK's own tests have it, by the environment; the analyzer needs one. */
static enum hc_code find_problem(struct hc_call *call, enum hc_image image, struct hc_str *out, struct hc_err *err)
{
	struct hc_str member = hc_tree_text(call->in, "ModelQualityAppSpecification.ProblemType");
	struct hc_str variable = hc_tree_text(call->in, "ModelQualityAppSpecification.Environment.problem_type");
	*out = member;
	if (image == HC_IMAGE_COMMAND)
		return HC_OK;
	if (member.p && variable.n && !hc_str_eq(member, variable))
		return hc_check_fail(call, "is not what ProblemType says",
				     "ModelQualityAppSpecification.Environment.problem_type", err);
	if (!member.p && !variable.n)
		return hc_check_fail(call, "missing required field", "ModelQualityAppSpecification.ProblemType", err);
	*out = member.p ? member : variable;
	return HC_OK;
}

static enum hc_code check_attributes(struct hc_call *call, const char *input, const json_t *in, struct hc_str problem,
				     struct hc_err *err)
{
	char member[MEMBER_MAX];
	bool binary = hc_str_eq(problem, HC_STR("BinaryClassification"));
	snprintf(member, sizeof member, SPELT_INPUTS ".%s.InferenceAttribute", input);
	if (!problem.p || hc_tree_text(in, "InferenceAttribute").n > 0)
		return HC_OK;
	if (!binary)
		return hc_check_fail(call, "missing required field", member, err);
	if (hc_tree_text(in, "ProbabilityAttribute").n > 0)
		return HC_OK;
	return hc_check_fail(call,
			     "missing required field, InferenceAttribute or ProbabilityAttribute must be specified",
			     member, err);
}

/* What only a batch input has. */
static enum hc_code check_batch(struct hc_call *call, const json_t *in, struct hc_err *err)
{
	if (hc_tree_at(in, "DatasetFormat.Parquet"))
		return hc_check_fail(call, "Parquet is not supported, use Csv or Json",
				     SPELT_INPUTS ".BatchTransformInput.DatasetFormat.Parquet", err);
	if (!hc_tree_at(in, "DatasetFormat.Csv") == !hc_tree_at(in, "DatasetFormat.Json"))
		return hc_check_fail(call, "exactly one of Csv and Json must be specified",
				     SPELT_INPUTS ".BatchTransformInput.DatasetFormat", err);
	return hc_check_s3(call, SPELT_INPUTS ".BatchTransformInput.DataCapturedDestinationS3Uri",
			   hc_tree_text(in, "DataCapturedDestinationS3Uri"), err);
}

static enum hc_code check_input(struct hc_call *call, const char *input, const json_t *in, struct hc_str problem,
				struct hc_err *err)
{
	char at[MEMBER_MAX], member[MEMBER_MAX];
	snprintf(at, sizeof at, SPELT_INPUTS ".%s", input);
	HC_TRY(check_attributes(call, input, in, problem, err));
	HC_TRY(hc_check_offsets(call, at, hc_tree_text(in, "StartTimeOffset"), hc_tree_text(in, "EndTimeOffset"), err));
	snprintf(member, sizeof member, SPELT_INPUTS ".%s.LocalPath", input);
	HC_TRY(hc_check_local_path(call, member, hc_tree_text(in, "LocalPath"), err));
	if (hc_str_eq(hc_tree_text(in, "S3InputMode"), HC_STR("Pipe"))) {
		snprintf(member, sizeof member, SPELT_INPUTS ".%s.S3InputMode", input);
		return hc_check_fail(call, "Pipe is not supported, use File", member, err);
	}
	if (strcmp(input, "BatchTransformInput") == 0)
		HC_TRY(check_batch(call, in, err));
	return hc_check_s3(call, SPELT_INPUTS ".GroundTruthS3Input.S3Uri",
			   hc_tree_text(call->in, "ModelQualityJobInput.GroundTruthS3Input.S3Uri"), err);
}

/* Our own program is not told what to run. */
static enum hc_code check_program(struct hc_call *call, enum hc_image image, struct hc_err *err)
{
	static const char *const members[] = {"ModelQualityAppSpecification.ContainerEntrypoint",
					      "ModelQualityAppSpecification.ContainerArguments"};
	if (image == HC_IMAGE_MERGER)
		return hc_check_fail(call, "the merge job's image cannot analyze, use sagemaker-model-monitor-analyzer",
				     "ModelQualityAppSpecification.ImageUri", err);
	for (size_t i = 0; i < 2 && image != HC_IMAGE_COMMAND; i++)
		if (hc_tree_at(call->in, members[i]))
			return hc_check_fail(call,
					     "not supported for sagemaker-model-monitor-analyzer, only for images "
					     "that a setting maps to a command",
					     members[i], err);
	const json_t *environment = hc_tree_at(call->in, "ModelQualityAppSpecification.Environment");
	HC_TRY(hc_check_environment(call, "ModelQualityAppSpecification.Environment", environment, err));
	/* It wins over what the scheduler says to the analyzer. */
	return image == HC_IMAGE_ANALYZER
		       ? hc_check_variables(call, "ModelQualityAppSpecification.Environment", environment, err)
		       : hc_check_variable_paths(call, "ModelQualityAppSpecification.Environment", environment, err);
}

static enum hc_code check_places(struct hc_call *call, struct hc_err *err)
{
	static const struct {
		const char *path, *member;
	} uris[] = {
		{"ModelQualityAppSpecification.RecordPreprocessorSourceUri", NULL},
		{"ModelQualityAppSpecification.PostAnalyticsProcessorSourceUri", NULL},
		{"ModelQualityBaselineConfig.ConstraintsResource.S3Uri", NULL},
		{"ModelQualityJobOutputConfig.MonitoringOutputs.[0].S3Output.S3Uri",
		 "ModelQualityJobOutputConfig.MonitoringOutputs[0].S3Output.S3Uri"},
	};
	for (size_t i = 0; i < sizeof uris / sizeof *uris; i++)
		HC_TRY(hc_check_s3(call, uris[i].member ? uris[i].member : uris[i].path,
				   hc_tree_text(call->in, uris[i].path), err));
	return hc_check_local_path(
		call, "ModelQualityJobOutputConfig.MonitoringOutputs[0].S3Output.LocalPath",
		hc_tree_text(call->in, "ModelQualityJobOutputConfig.MonitoringOutputs.[0].S3Output.LocalPath"), err);
}

static bool set_otherwise(json_t *object, const char *key, json_t *value)
{
	if (!hc_tree_at(object, key))
		return hc_tree_set(object, key, value);
	json_decref(value);
	return true;
}

/* What Describe shows although nobody gave it. */
static bool complete(json_t *doc, const char *input)
{
	json_t *in = hc_tree_at(hc_tree_at(doc, "ModelQualityJobInput"), input);
	json_t *network = hc_tree_at(doc, "NetworkConfig");
	/* The SDK's attach() reads both switches when there is any. */
	bool done = !network || (set_otherwise(network, "EnableInterContainerTrafficEncryption", json_false()) &&
				 set_otherwise(network, "EnableNetworkIsolation", json_false()));
	return done && set_otherwise(in, "S3InputMode", json_string("File")) &&
	       set_otherwise(in, "S3DataDistributionType", json_string("FullyReplicated")) &&
	       set_otherwise(doc, "StoppingCondition",
			     json_pack("{s:i}", "MaxRuntimeInSeconds", (int)HC_EXECUTION_RUNTIME_DEFAULT_S));
}

static enum hc_code make_doc(struct hc_call *call, const char *input, struct hc_str *out, struct hc_err *err)
{
	json_t *doc = NULL;
	HC_TRY(hc_common_input(call, &doc, err));
	enum hc_code code =
		complete(doc, input) ? hc_common_print(call, doc, out, err) : hc_fail_nomem(err, "a definition");
	json_decref(doc);
	return code;
}

enum hc_code hc_create_model_quality_job_definition(struct hc_call *call, struct hc_db *db, struct hc_err *err)
{
	struct hc_resource r = {.kind = HC_KIND_DEFINITION, .name = hc_tree_text(call->in, "JobDefinitionName")};
	const char *input = "";
	enum hc_image image;
	struct hc_str problem;
	HC_TRY(pick_input(call, &input, err));
	HC_TRY(hc_image_check(call, "ModelQualityAppSpecification.ImageUri",
			      hc_tree_text(call->in, "ModelQualityAppSpecification.ImageUri"), &image, err));
	HC_TRY(check_program(call, image, err));
	HC_TRY(find_problem(call, image, &problem, err));
	const json_t *in = hc_tree_at(hc_tree_at(call->in, "ModelQualityJobInput"), input);
	HC_TRY(check_input(call, input, in, problem, err));
	HC_TRY(check_places(call, err));
	HC_TRY(make_doc(call, input, &r.doc, err));
	r.endpoint = hc_tree_text(in, "EndpointName");
	r.type = HC_STR("ModelQuality");
	HC_TRY(hc_common_create(call, db, &r, err));
	return hc_common_answer(call, "JobDefinitionArn", r.arn, err);
}

enum hc_code hc_describe_model_quality_job_definition(struct hc_call *call, struct hc_db *db, struct hc_err *err)
{
	struct hc_resource r;
	HC_TRY(hc_common_find(call, db, HC_KIND_DEFINITION, hc_tree_text(call->in, "JobDefinitionName"), &r, err));
	return hc_common_describe(call, &r, "JobDefinitionArn", err);
}

/* Also one that a schedule uses: AWS models no error for that, and its SDK deletes the schedule first. */
enum hc_code hc_delete_model_quality_job_definition(struct hc_call *call, struct hc_db *db, struct hc_err *err)
{
	return hc_common_delete(call, db, HC_KIND_DEFINITION, hc_tree_text(call->in, "JobDefinitionName"), err);
}

static bool summarise(const struct hc_call *call, const struct hc_resource *r, json_t *summary)
{
	(void)call;
	return hc_tree_set_text(summary, "MonitoringJobDefinitionName", r->name) &&
	       hc_tree_set_text(summary, "MonitoringJobDefinitionArn", r->arn) &&
	       hc_tree_set_instant(summary, "CreationTime", r->created_us) &&
	       /* Required by the shape; a batch definition has none. */
	       hc_tree_set_text(summary, "EndpointName", r->endpoint.p ? r->endpoint : HC_STR(""));
}

enum hc_code hc_list_model_quality_job_definitions(struct hc_call *call, struct hc_db *db, struct hc_err *err)
{
	const struct hc_resource_filter filter = hc_list_filter(call, HC_KIND_DEFINITION, HC_LIST_DEFAULT, true);
	return hc_list_page(call, db, &filter, "JobDefinitionSummaries", summarise, err);
}
