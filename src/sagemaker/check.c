#include "sagemaker/check.h"

#include <stdio.h>

#include "base/number.h"
#include "calendar/duration.h"
#include "conf/own.h"

enum { MEMBER_MAX = 256, WHAT_MAX = 512 };

#define CONTAINER_FOLDER "/opt/ml/"

enum hc_code hc_check_fail(struct hc_call *call, const char *what, const char *member, struct hc_err *err)
{
	return hc_fault(call, err, 400, "ValidationException",
			"InvalidParameter: 1 validation error(s) found.\n- %s, %sInput.%s.\n", what,
			call->operation->name, member);
}

enum hc_code hc_check_fail_why(struct hc_call *call, const struct hc_err *why, const char *member, struct hc_err *err)
{
	char what[HC_ERR_MSG_MAX + HC_ERR_HINT_MAX + 4];
	snprintf(what, sizeof what, "%s%s%s", why->msg, why->hint[0] ? "; " : "", why->hint);
	return hc_check_fail(call, what, member, err);
}

enum hc_code hc_check_s3(struct hc_call *call, const char *member, struct hc_str uri, struct hc_err *err)
{
	if (!uri.p || (hc_str_starts(uri, "s3://") && uri.n > 5 && uri.p[5] != '/' && !memchr(uri.p, '\0', uri.n)))
		return HC_OK;
	return hc_check_fail(call, "only s3://BUCKET/KEY is supported", member, err);
}

bool hc_check_is_below(struct hc_str path, const char *folder)
{
	size_t start = strlen(folder);
	if (!hc_str_starts(path, folder) || memchr(path.p, '\0', path.n))
		return false;
	for (size_t i = start; i <= path.n; i++) {
		if (i < path.n && path.p[i] != '/')
			continue;
		struct hc_str part = {path.p + start, i - start};
		bool at_end = i == path.n && start > strlen(folder);
		if ((part.n == 0 && !at_end) || hc_str_eq(part, HC_STR(".")) || hc_str_eq(part, HC_STR("..")))
			return false;
		start = i + 1;
	}
	return true;
}

enum hc_code hc_check_local_path(struct hc_call *call, const char *member, struct hc_str path, struct hc_err *err)
{
	if (!path.p || hc_check_is_below(path, "/"))
		return HC_OK;
	return hc_check_fail(call, "the path must be absolute, without '.', '..' and empty parts", member, err);
}

enum hc_code hc_check_environment(struct hc_call *call, const char *member, const json_t *environment,
				  struct hc_err *err)
{
	const char *key;
	json_t *value;
	/* jansson iterates over what it does not change; its macro wants it without const. */
	json_object_foreach((json_t *)environment, key, value)
	{
		struct hc_str text = {json_string_value(value), json_string_length(value)};
		if (memchr(text.p, '\0', text.n))
			return hc_check_fail(call, "a value holds a NUL", member, err);
		if (hc_own_check(hc_str(key), text, err) != HC_OK)
			return hc_check_fail_why(call, err, member, err);
	}
	return HC_OK;
}

/* "MEMBER.NAME: WHAT". */
static enum hc_code fail_variable(struct hc_call *call, const char *member, const char *name, const char *what,
				  struct hc_err *err)
{
	char path[MEMBER_MAX];
	snprintf(path, sizeof path, "%s.%s", member, name);
	return hc_check_fail(call, what, path, err);
}

enum hc_code hc_check_variable_paths(struct hc_call *call, const char *member, const json_t *environment,
				     struct hc_err *err)
{
	static const struct {
		const char *name, *folder;
	} paths[] = {
		{"dataset_source", HC_PROCESSING_FOLDER},
		{"ground_truth_source", HC_PROCESSING_FOLDER},
		{"output_path", HC_PROCESSING_FOLDER},
		{"baseline_constraints", HC_PROCESSING_FOLDER},
		{"baseline_statistics", HC_PROCESSING_FOLDER},
		{"record_preprocessor_script", HC_PROCESSING_FOLDER},
		{"post_analytics_processor_script", HC_PROCESSING_FOLDER},
		{"output_message_file", CONTAINER_FOLDER},
		{"cloudwatch_metrics_directory", CONTAINER_FOLDER},
	};
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		struct hc_str path = hc_tree_text(environment, paths[i].name);
		char what[WHAT_MAX];
		if (!path.n || hc_check_is_below(path, paths[i].folder))
			continue;
		snprintf(what, sizeof what, "the path must be below %s, without '.' and '..'", paths[i].folder);
		return fail_variable(call, member, paths[i].name, what, err);
	}
	return HC_OK;
}

static bool is_problem(struct hc_str name)
{
	return hc_str_eq(name, HC_STR("BinaryClassification")) || hc_str_eq(name, HC_STR("MulticlassClassification")) ||
	       hc_str_eq(name, HC_STR("Regression"));
}

static bool is_format(struct hc_str text)
{
	json_auto_t *format = hc_tree_parse(text);
	return hc_tree_at(format, "csv") || hc_tree_at(format, "json") || hc_tree_at(format, "sagemakerMergeJson");
}

enum hc_code hc_check_variables(struct hc_call *call, const char *member, const json_t *environment, struct hc_err *err)
{
	struct hc_str type = hc_tree_text(environment, "analysis_type");
	struct hc_str problem = hc_tree_text(environment, "problem_type");
	struct hc_str threshold = hc_tree_text(environment, "probability_threshold_attribute");
	struct hc_str format = hc_tree_text(environment, "dataset_format");
	double number;
	HC_TRY(hc_check_variable_paths(call, member, environment, err));
	if (type.n && !hc_str_eq(type, HC_STR("MODEL_QUALITY")))
		return fail_variable(call, member, "analysis_type", "only MODEL_QUALITY is supported", err);
	if (problem.n && !is_problem(problem))
		return fail_variable(call, member, "problem_type",
				     "must be one of BinaryClassification, MulticlassClassification and Regression",
				     err);
	if (threshold.n && !hc_number_parse(threshold, &number))
		return fail_variable(call, member, "probability_threshold_attribute", "must be a number", err);
	if (format.n && !is_format(format))
		return fail_variable(call, member, "dataset_format",
				     "known formats are {\"csv\":{\"header\":true}}, {\"json\":{\"lines\":true}} and "
				     "{\"sagemakerMergeJson\":{\"captureIndexNames\":[\"endpointOutput\"]}}",
				     err);
	return HC_OK;
}

static enum hc_code read_offset(struct hc_call *call, const char *member, const char *name, struct hc_str text,
				int64_t *out_us, struct hc_err *err)
{
	char path[MEMBER_MAX];
	*out_us = 0;
	if (!text.p || hc_duration_parse(text, out_us, err) == HC_OK)
		return HC_OK;
	snprintf(path, sizeof path, "%s.%s", member, name);
	return hc_check_fail_why(call, err, path, err);
}

enum hc_code hc_check_offsets(struct hc_call *call, const char *member, struct hc_str start, struct hc_str end,
			      struct hc_err *err)
{
	int64_t start_us, end_us;
	HC_TRY(read_offset(call, member, "StartTimeOffset", start, &start_us, err));
	HC_TRY(read_offset(call, member, "EndTimeOffset", end, &end_us, err));
	if (start_us > 0)
		return hc_check_fail(call, "StartTimeOffset leads behind the scheduled time; look back with -PT1H",
				     member, err);
	if (start.p && start_us > end_us)
		return hc_check_fail(call, "StartTimeOffset lies behind EndTimeOffset", member, err);
	return HC_OK;
}
