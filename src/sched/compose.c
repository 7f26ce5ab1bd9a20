#include "sched/compose.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/instant.h"
#include "base/number.h"
#include "calendar/duration.h"
#include "conf/own.h"
#include "contract/tree.h"

#define ANALYZER "sagemaker-model-monitor-analyzer"
#define MERGER "sagemaker-model-monitor-groundtruth-merger"
#define CONTAINER "/opt/ml/processing"

/* Text put together, in the arena; p == NULL without memory. */
static struct hc_str HC_PRINTF(2, 3) text_of(struct hc_arena *arena, const char *fmt, ...)
{
	char text[4096];
	va_list args;
	va_start(args, fmt);
	int n = vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof text)
		return (struct hc_str){NULL, 0};
	char *copy = hc_arena_cstring(arena, (struct hc_str){text, (size_t)n});
	return (struct hc_str){copy, copy ? (size_t)n : 0};
}

static const json_t *input_of(const struct hc_order *o)
{
	const json_t *endpoint = hc_tree_at(o->definition, "ModelQualityJobInput.EndpointInput");
	return endpoint ? endpoint : hc_tree_at(o->definition, "ModelQualityJobInput.BatchTransformInput");
}

/* --- window --------------------------------------------------------------------------------- */

/* The schedule's own offsets win over those of the definition. */
static struct hc_str offset_of(const struct hc_order *o, const char *of_schedule, const char *of_input)
{
	struct hc_str text = hc_tree_text(o->schedule_config, of_schedule);
	return text.p ? text : hc_tree_text(input_of(o), of_input);
}

enum hc_code hc_order_plan(struct hc_order *o, struct hc_arena *arena, struct hc_err *err)
{
	int64_t start = -o->period_us, end = 0;
	o->start_offset = offset_of(o, "DataAnalysisStartTime", "StartTimeOffset");
	o->end_offset = offset_of(o, "DataAnalysisEndTime", "EndTimeOffset");
	o->offsets = o->start_offset.p || o->end_offset.p;
	if (!o->offsets)
		return hc_window_of_period(o->slot_us, o->period_us, &o->window, err);
	if (!o->start_offset.p)
		o->start_offset = text_of(arena, "-PT%lldS", (long long)(o->period_us / HC_SECOND_US));
	if (!o->end_offset.p)
		o->end_offset = HC_STR("PT0H");
	if (!o->start_offset.p)
		return hc_fail_nomem(err, "a window");
	HC_TRY(hc_duration_parse(o->start_offset, &start, err));
	HC_TRY(hc_duration_parse(o->end_offset, &end, err));
	return hc_window_of_offsets(o->slot_us, start, end, &o->window, err);
}

/* --- names ---------------------------------------------------------------------------------- */

static struct hc_str job_name(const struct hc_order *o, const char *kind, struct hc_arena *arena)
{
	char t[HC_INSTANT_SIZE];
	hc_instant_print(o->slot_us, t);
	return text_of(arena, "%s-%.4s%.2s%.2s%.2s%.2s-%.*s", kind, t, t + 5, t + 8, t + 11, t + 14,
		       HC_STR_ARG(o->hex));
}

struct hc_str hc_order_merge_name(const struct hc_order *o, struct hc_arena *arena)
{
	return job_name(o, "groundtruth-merge", arena);
}

struct hc_str hc_order_monitoring_name(const struct hc_order *o, struct hc_arena *arena)
{
	return job_name(o, "model-quality-monitoring", arena);
}

/* OUTPUT, without slashes at its end. */
static struct hc_str output_uri(const struct hc_order *o)
{
	struct hc_str uri =
		hc_tree_text(o->definition, "ModelQualityJobOutputConfig.MonitoringOutputs.[0].S3Output.S3Uri");
	while (uri.n && uri.p[uri.n - 1] == '/')
		uri.n--;
	return uri;
}

static struct hc_str output_path(const struct hc_order *o)
{
	struct hc_str path =
		hc_tree_text(o->definition, "ModelQualityJobOutputConfig.MonitoringOutputs.[0].S3Output.LocalPath");
	return path.p ? path : HC_STR(CONTAINER "/output");
}

/* When outputs are to be uploaded: taken over, though here it is always at the end. */
static const char *output_mode(const struct hc_order *o)
{
	return hc_tree_cstring(o->definition, "ModelQualityJobOutputConfig.MonitoringOutputs.[0].S3Output.S3UploadMode",
			       "Continuous");
}

struct hc_str hc_order_report_uri(const struct hc_order *o, struct hc_arena *arena)
{
	char hour[HC_HOUR_PATH_SIZE];
	hc_instant_hour_path(o->slot_us, hour);
	struct hc_str output = output_uri(o);
	if (!o->endpoint.p)
		return text_of(arena, "%.*s/%.*s/%s", HC_STR_ARG(output), HC_STR_ARG(o->schedule), hour);
	return text_of(arena, "%.*s/%.*s/%.*s/%s", HC_STR_ARG(output), HC_STR_ARG(o->endpoint), HC_STR_ARG(o->schedule),
		       hour);
}

/* --- pieces of a document ------------------------------------------------------------------- */

static json_t *json_of(struct hc_str s)
{
	return s.p ? json_stringn(s.p, s.n) : NULL;
}

static bool add_input(json_t *inputs, struct hc_str name, struct hc_str uri, struct hc_str path)
{
	json_t *input = json_pack("{s:o,s:b,s:{s:o,s:o,s:s,s:s,s:s,s:s}}", "InputName", json_of(name), "AppManaged", 0,
				  "S3Input", "S3Uri", json_of(uri), "LocalPath", json_of(path), "S3DataType",
				  "S3Prefix", "S3InputMode", "File", "S3DataDistributionType", "FullyReplicated",
				  "S3CompressionType", "None");
	return input && json_array_append_new(inputs, input) == 0;
}

static json_t *output_of(struct hc_str uri, struct hc_str path, const char *mode)
{
	return json_pack("{s:[{s:s,s:b,s:{s:o,s:o,s:s}}]}", "Outputs", "OutputName", "result", "AppManaged", 0,
			 "S3Output", "S3Uri", json_of(uri), "LocalPath", json_of(path), "S3UploadMode", mode);
}

/* "ACCOUNT.dkr.../sagemaker-model-monitor-analyzer[:TAG]" -> the merger beside it; another image stays. */
static struct hc_str merger_image(struct hc_str image, struct hc_arena *arena)
{
	const char *at = memmem(image.p, image.n, ANALYZER, sizeof ANALYZER - 1);
	if (!at)
		return HC_STR(MERGER);
	size_t before = (size_t)(at - image.p), behind = before + sizeof ANALYZER - 1;
	return text_of(arena, "%.*s" MERGER "%.*s", (int)before, image.p, (int)(image.n - behind), image.p + behind);
}

static json_t *application_of(const struct hc_order *o, bool merge, struct hc_arena *arena)
{
	struct hc_str image = hc_tree_text(o->definition, "ModelQualityAppSpecification.ImageUri");
	json_t *app = json_object();
	if (!app || !hc_tree_set(app, "ImageUri", json_of(merge ? merger_image(image, arena) : image)))
		goto broken;
	if (merge)
		return app;
	json_t *entry = hc_tree_at(o->definition, "ModelQualityAppSpecification.ContainerEntrypoint");
	json_t *arguments = hc_tree_at(o->definition, "ModelQualityAppSpecification.ContainerArguments");
	if ((entry && json_object_set(app, "ContainerEntrypoint", entry) != 0) ||
	    (arguments && json_object_set(app, "ContainerArguments", arguments) != 0))
		goto broken;
	return app;
broken:
	json_decref(app);
	return NULL;
}

/* What both jobs have; inputs, output and environment are taken over. */
static enum hc_code finish(const struct hc_order *o, struct hc_str name, bool merge, json_t *inputs, json_t *output,
			   json_t *environment, struct hc_arena *arena, json_t **out, struct hc_err *err)
{
	json_t *doc = json_object();
	json_t *cluster = hc_tree_at(o->definition, "JobResources.ClusterConfig");
	json_t *network = hc_tree_at(o->definition, "NetworkConfig");
	int64_t seconds = hc_tree_int(o->definition, "StoppingCondition.MaxRuntimeInSeconds", 3600);
	bool fine = doc && name.p;
	fine &= hc_tree_set(doc, "ProcessingJobName", json_of(name));
	fine &= hc_tree_set(doc, "ProcessingInputs", inputs);
	fine &= hc_tree_set(doc, "ProcessingOutputConfig", output);
	fine &= hc_tree_set(doc, "Environment", environment);
	fine &= hc_tree_set(doc, "AppSpecification", application_of(o, merge, arena));
	fine &= hc_tree_set(doc, "ProcessingResources", json_pack("{s:O}", "ClusterConfig", cluster));
	fine &= hc_tree_set(doc, "RoleArn", json_of(hc_tree_text(o->definition, "RoleArn")));
	fine &= hc_tree_set(doc, "StoppingCondition", json_pack("{s:I}", "MaxRuntimeInSeconds", (json_int_t)seconds));
	if (network)
		fine &= hc_tree_set(doc, "NetworkConfig", json_incref(network));
	if (!fine || !inputs || !output || !environment) {
		json_decref(doc);
		return hc_fail_nomem(err, "a job");
	}
	*out = doc;
	return HC_OK;
}

/* Our own settings of the definition go to both jobs, with the window that the scheduler says. */
static bool add_own(const struct hc_order *o, json_t *environment, bool window)
{
	const char *key;
	json_t *value;
	char slot[HC_INSTANT_SIZE], period[48];
	bool fine = true;
	json_t *given = hc_tree_at(o->definition, "ModelQualityAppSpecification.Environment");
	json_object_foreach(given, key, value) if (strncmp(key, HC_OWN_PREFIX, sizeof HC_OWN_PREFIX - 1) == 0) fine &=
		json_object_set(environment, key, value) == 0;
	if (!window)
		return fine;
	hc_instant_print(o->slot_us, slot);
	snprintf(period, sizeof period, "PT%lldS", (long long)(o->period_us / HC_SECOND_US));
	fine &= hc_tree_set_text(environment, "hindcast_scheduled_time", hc_str(slot));
	if (!o->offsets)
		return fine && hc_tree_set_text(environment, "hindcast_period", hc_str(period));
	fine &= hc_tree_set_text(environment, "hindcast_start_time_offset", o->start_offset);
	return fine && hc_tree_set_text(environment, "hindcast_end_time_offset", o->end_offset);
}

/* --- the merge job -------------------------------------------------------------------------- */

static enum hc_code add_hours(json_t *inputs, unsigned *number, const char *name, const struct hc_location *location,
			      const struct hc_hours *hours, struct hc_str local, struct hc_arena *arena,
			      struct hc_err *err)
{
	if (json_array_size(inputs) + hours->n > HC_ORDER_INPUTS_MAX) {
		hc_fail(err, HC_LIMIT,
			"the window's hour folders with data, of captures and of ground truth, are more than %d",
			HC_ORDER_INPUTS_MAX);
		return hc_hint(err, "choose offsets that span less time");
	}
	for (size_t i = 0; i < hours->n; i++) {
		char hour[HC_HOUR_PATH_SIZE];
		hc_instant_hour_path(hours->list[i], hour);
		struct hc_str below =
			text_of(arena, "%.*s%s%s", HC_STR_ARG(hours->above), hours->above.n ? "/" : "", hour);
		if (!below.p || !add_input(inputs, text_of(arena, "%s_%u", name, ++*number),
					   hc_location_print(location, below.p, arena),
					   text_of(arena, "%.*s/%s", HC_STR_ARG(local), below.p + (below.p[0] == '/'))))
			return hc_fail_nomem(err, "a job's inputs");
	}
	return HC_OK;
}

/* "Job inputs had no data", and where was looked, and what there is. */
static enum hc_code fail_empty(const char *what, struct hc_str uri, int64_t first_us, int64_t last_us,
			       int64_t newest_us, struct hc_err *err)
{
	char first[HC_HOUR_PATH_SIZE], last[HC_HOUR_PATH_SIZE], newest[HC_HOUR_PATH_SIZE] = "";
	hc_instant_hour_path(first_us, first);
	hc_instant_hour_path(last_us, last);
	if (newest_us != INT64_MIN)
		hc_instant_hour_path(newest_us, newest);
	hc_fail(err, HC_EMPTY, "Job inputs had no data: no %s below %.*s in the hour folders %s to %s", what,
		HC_STR_ARG(uri), first, last);
	if (!newest[0])
		return hc_hint(err, "there is no hour folder YYYY/MM/DD/HH with data at all: check the address");
	return hc_hint(err, "the last hour folder with data is %s: check the schedule's time and the offsets", newest);
}

/* One variant's hours, or a batch input's. */
static enum hc_code add_captures(struct hc_db *db, const struct hc_order *o, const struct hc_location *at,
				 struct hc_str above, json_t *inputs, unsigned *number, int64_t *newest_us,
				 struct hc_arena *arena, struct hc_err *err)
{
	struct hc_hours hours;
	const struct hc_window *w = &o->window;
	struct hc_str local = hc_tree_text(input_of(o), "LocalPath");
	HC_TRY(hc_hours_with_data(db, at, above, w->capture_first_us, w->capture_last_us, arena, &hours, err));
	*newest_us = hours.newest_us > *newest_us ? hours.newest_us : *newest_us;
	return add_hours(inputs, number, o->endpoint.p ? "endpoint_input" : "batch_transform_input", at, &hours, local,
			 arena, err);
}

static enum hc_code add_endpoint(struct hc_db *db, const struct hc_order *o, const struct hc_location *at,
				 json_t *inputs, int64_t *newest_us, struct hc_arena *arena, struct hc_err *err)
{
	unsigned number = 0;
	/* A destination that ends with a slash gives keys with two of them, on AWS and with us. */
	for (int slashes = 0; slashes < 2 && number == 0; slashes++) {
		struct hc_str *variants;
		size_t n;
		struct hc_str above = text_of(arena, "%s%.*s", slashes ? "/" : "", HC_STR_ARG(o->endpoint));
		if (!above.p)
			return hc_fail_nomem(err, "a job's inputs");
		HC_TRY(hc_hours_variants(db, at, above, arena, &variants, &n, err));
		for (size_t i = 0; i < n; i++) {
			struct hc_str both = text_of(arena, "%.*s/%.*s", HC_STR_ARG(above), HC_STR_ARG(variants[i]));
			if (!both.p)
				return hc_fail_nomem(err, "a job's inputs");
			HC_TRY(add_captures(db, o, at, both, inputs, &number, newest_us, arena, err));
		}
	}
	return HC_OK;
}

static enum hc_code add_inputs(struct hc_db *db, const struct hc_order *o, json_t *inputs, struct hc_arena *arena,
			       struct hc_err *err)
{
	struct hc_location capture, truth;
	struct hc_hours hours;
	unsigned number = 0;
	int64_t newest_us = INT64_MIN;
	const struct hc_window *w = &o->window;
	struct hc_str truth_uri = hc_tree_text(o->definition, "ModelQualityJobInput.GroundTruthS3Input.S3Uri");
	if (!hc_location_parse(o->capture, &capture) || !truth_uri.p || !hc_location_parse(truth_uri, &truth)) {
		hc_fail(err, HC_USAGE, "captures (%.*s) and ground truth (%.*s) must be s3:// addresses",
			HC_STR_ARG(o->capture), HC_STR_ARG(truth_uri));
		return hc_hint(err, "correct the definition, or the endpoint's data capture configuration");
	}
	if (o->endpoint.p)
		HC_TRY(add_endpoint(db, o, &capture, inputs, &newest_us, arena, err));
	else
		HC_TRY(add_captures(db, o, &capture, HC_STR("output"), inputs, &number, &newest_us, arena, err));
	if (json_array_size(inputs) == 0) {
		struct hc_str uri = hc_location_print(&capture, "", arena);
		if (o->endpoint.p)
			uri = text_of(arena, "%.*s/%.*s", HC_STR_ARG(uri), HC_STR_ARG(o->endpoint));
		return fail_empty(o->endpoint.p ? "captured data" : "manifests of captured batch transforms", uri,
				  w->capture_first_us, w->capture_last_us, newest_us, err);
	}
	HC_TRY(hc_hours_with_data(db, &truth, HC_STR(""), w->label_first_us, w->label_last_us, arena, &hours, err));
	if (hours.n == 0)
		return fail_empty("ground truth", truth_uri, w->label_first_us, w->label_last_us, hours.newest_us, err);
	number = 0;
	return add_hours(inputs, &number, "groundtruth_input", &truth, &hours, HC_STR(CONTAINER "/groundtruth"), arena,
			 err);
}

enum hc_code hc_compose_merge(struct hc_db *db, const struct hc_order *o, struct hc_arena *arena, json_t **out,
			      struct hc_err *err)
{
	json_t *inputs = json_array();
	if (!inputs)
		return hc_fail_nomem(err, "a job's inputs");
	enum hc_code code = add_inputs(db, o, inputs, arena, err);
	if (code != HC_OK) {
		json_decref(inputs);
		return code;
	}
	struct hc_str output = output_uri(o);
	json_t *environment =
		json_pack("{s:o,s:s,s:s}", "dataset_source", json_of(hc_tree_text(input_of(o), "LocalPath")),
			  "ground_truth_source", CONTAINER "/groundtruth", "output_path", CONTAINER "/output");
	if (environment && !add_own(o, environment, true)) {
		json_decref(environment);
		environment = NULL;
	}
	return finish(
		o, hc_order_merge_name(o, arena), true, inputs,
		output_of(text_of(arena, "%.*s/merge", HC_STR_ARG(output)), HC_STR(CONTAINER "/output"), "EndOfJob"),
		environment, arena, out, err);
}

/* --- the monitoring job --------------------------------------------------------------------- */

/* The name of a script in the container, behind the last slash of its address. */
static struct hc_str base_name(struct hc_str uri)
{
	const char *slash = memrchr(uri.p, '/', uri.n);
	return slash ? (struct hc_str){slash + 1, uri.n - (size_t)(slash + 1 - uri.p)} : uri;
}

/* An input that is one object, and the variable that names it in the container. */
static bool add_file(const struct hc_order *o, const char *member, const char *input, const char *variable,
		     const char *folder, json_t *inputs, json_t *environment, struct hc_arena *arena)
{
	struct hc_str uri = hc_tree_text(o->definition, member);
	if (!uri.p)
		return true;
	return add_input(inputs, hc_str(input), uri, hc_str(folder)) &&
	       hc_tree_set_text(environment, variable, text_of(arena, "%s/%.*s", folder, HC_STR_ARG(base_name(uri))));
}

static bool add_merged(const struct hc_order *o, const json_t *merged, json_t *inputs, struct hc_arena *arena)
{
	struct hc_str output = output_uri(o), local = hc_tree_text(input_of(o), "LocalPath");
	size_t i;
	json_t *hour;
	bool fine = true;
	json_array_foreach(merged, i, hour)
	{
		const char *below = json_string_value(hour);
		fine &= add_input(inputs, text_of(arena, "%s_%zu", "endpoint_input", i + 1),
				  text_of(arena, "%.*s/merge/%s", HC_STR_ARG(output), below),
				  text_of(arena, "%.*s/%s", HC_STR_ARG(local), below));
	}
	return fine;
}

static bool add_attributes(const struct hc_order *o, json_t *environment)
{
	static const struct {
		const char *member, *variable;
	} table[] = {{"InferenceAttribute", "inference_attribute"}, {"ProbabilityAttribute", "probability_attribute"}};
	bool fine = true;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		fine &= hc_tree_set_text(environment, table[i].variable, hc_tree_text(input_of(o), table[i].member));
	json_t *threshold = hc_tree_at(input_of(o), "ProbabilityThresholdAttribute");
	if (!threshold)
		return fine;
	char text[HC_NUMBER_PRINT_SIZE];
	hc_number_print(json_number_value(threshold), text);
	return fine && hc_tree_set_text(environment, "probability_threshold_attribute", hc_str(text));
}

static bool add_window(const struct hc_order *o, json_t *environment)
{
	char start[HC_INSTANT_SIZE], end[HC_INSTANT_SIZE];
	hc_instant_print(o->window.start_us, start);
	hc_instant_print(o->window.end_us, end);
	return hc_tree_set_text(environment, "start_time", hc_str(start)) &&
	       hc_tree_set_text(environment, "end_time", hc_str(end)) &&
	       hc_tree_set_text(environment, "metric_time", hc_str(start));
}

static bool add_environment(const struct hc_order *o, json_t *environment)
{
	const char *data = o->endpoint.p ? "endpointOutput" : "batchTransformOutput";
	char format[96];
	snprintf(format, sizeof format, "{\"sagemakerMergeJson\":{\"captureIndexNames\":[\"%s\"]}}", data);
	bool fine = hc_tree_set_text(environment, "analysis_type", HC_STR("MODEL_QUALITY"));
	fine &= hc_tree_set_text(environment, "problem_type",
				 hc_tree_text(o->definition, "ModelQualityAppSpecification.ProblemType"));
	fine &= hc_tree_set_text(environment, "dataset_format", hc_str(format));
	fine &= hc_tree_set_text(environment, "dataset_source", hc_tree_text(input_of(o), "LocalPath"));
	fine &= hc_tree_set_text(environment, "output_path", output_path(o));
	fine &= hc_tree_set_text(environment, "sagemaker_endpoint_name", o->endpoint);
	fine &= hc_tree_set_text(environment, "sagemaker_monitoring_schedule_name", o->schedule);
	fine &= add_window(o, environment) && add_attributes(o, environment);
	/* What the definition says comes last and wins, as with AWS. */
	json_t *given = hc_tree_at(o->definition, "ModelQualityAppSpecification.Environment");
	return fine && (!given || json_object_update(environment, given) == 0);
}

enum hc_code hc_compose_monitoring(const struct hc_order *o, const json_t *merged, struct hc_arena *arena, json_t **out,
				   struct hc_err *err)
{
	json_t *inputs = json_array(), *environment = json_object();
	bool fine = inputs && environment && add_environment(o, environment);
	fine = fine && add_file(o, "ModelQualityBaselineConfig.ConstraintsResource.S3Uri", "constraints",
				"baseline_constraints", CONTAINER "/baseline/constraints", inputs, environment, arena);
	fine = fine &&
	       add_file(o, "ModelQualityAppSpecification.RecordPreprocessorSourceUri", "pre_processor_script",
			"record_preprocessor_script", CONTAINER "/code/preprocessing", inputs, environment, arena);
	fine = fine && add_file(o, "ModelQualityAppSpecification.PostAnalyticsProcessorSourceUri",
				"post_processor_script", "post_analytics_processor_script",
				CONTAINER "/code/postprocessing", inputs, environment, arena);
	fine = fine && add_merged(o, merged, inputs, arena);
	struct hc_str uri = hc_order_report_uri(o, arena);
	if (!fine || !uri.p) {
		json_decref(inputs);
		json_decref(environment);
		return hc_fail_nomem(err, "a job");
	}
	return finish(o, hc_order_monitoring_name(o, arena), false, inputs,
		      output_of(uri, output_path(o), output_mode(o)), environment, arena, out, err);
}
