#include <stdio.h>

#include "base/instant.h"
#include "calendar/cron.h"
#include "calendar/duration.h"
#include "sagemaker/check.h"
#include "sagemaker/common.h"
#include "sagemaker/handlers.h"
#include "sagemaker/list.h"
#include "sagemaker/monitoring.h"

enum { WARNING_MAX = 512 };

#define CONFIG "MonitoringScheduleConfig"
#define SCHEDULED "Scheduled"
#define STOPPED "Stopped"
/* The service model: without an expression SageMaker picks a time for running every day. Here its window is the day itself. */
#define DAILY "cron(0 0 ? * * *)"

/* A configuration that was checked. */
struct config {
	const json_t *tree; /* MonitoringScheduleConfig */
	struct hc_cron cron;
	struct hc_resource definition;
	char warning[WARNING_MAX]; /* "": none */
};

/* Which monitor: model quality, by the name of its definition. */
static enum hc_code check_type(struct hc_call *call, const json_t *tree, struct hc_err *err)
{
	if (hc_tree_at(tree, "MonitoringJobDefinition"))
		return hc_check_fail(call,
				     "an inline definition is for data quality, and only ModelQuality is supported: "
				     "create a model quality job definition and give its name as "
				     "MonitoringJobDefinitionName",
				     CONFIG ".MonitoringJobDefinition", err);
	if (!hc_tree_at(tree, "MonitoringType"))
		return hc_check_fail(call, "missing required field", CONFIG ".MonitoringType", err);
	if (strcmp(hc_tree_cstring(tree, "MonitoringType", ""), "ModelQuality") != 0)
		return hc_check_fail(call, "only ModelQuality is supported", CONFIG ".MonitoringType", err);
	if (!hc_tree_at(tree, "MonitoringJobDefinitionName"))
		return hc_check_fail(call, "missing required field", CONFIG ".MonitoringJobDefinitionName", err);
	return HC_OK;
}

static enum hc_code read_offset(struct hc_call *call, const json_t *schedule, const char *name, int64_t *out,
				struct hc_err *err)
{
	char member[64];
	struct hc_str text = hc_tree_text(schedule, name);
	snprintf(member, sizeof member, CONFIG ".ScheduleConfig.%s", name);
	if (!text.p)
		return hc_check_fail(call,
				     "missing required field (with NOW both DataAnalysisStartTime and "
				     "DataAnalysisEndTime are needed, else both or none)",
				     member, err);
	if (hc_duration_parse(text, out, err) != HC_OK)
		return hc_check_fail_why(call, err, member, err);
	if (*out > 0)
		return hc_check_fail(call, "the offset leads behind the scheduled time", member, err);
	return HC_OK;
}

/* The window that the schedule itself sets: at most a day, before the tick. */
static enum hc_code check_analysis(struct hc_call *call, const json_t *schedule, bool now, struct hc_err *err)
{
	int64_t start_us = 0, end_us = 0;
	if (!now && !hc_tree_at(schedule, "DataAnalysisStartTime") && !hc_tree_at(schedule, "DataAnalysisEndTime"))
		return HC_OK;
	HC_TRY(read_offset(call, schedule, "DataAnalysisStartTime", &start_us, err));
	HC_TRY(read_offset(call, schedule, "DataAnalysisEndTime", &end_us, err));
	if (start_us >= end_us)
		return hc_check_fail(call, "DataAnalysisStartTime is not before DataAnalysisEndTime",
				     CONFIG ".ScheduleConfig.DataAnalysisStartTime", err);
	if (end_us - start_us > HC_ANALYSIS_MAX_US)
		return hc_check_fail(call, "DataAnalysisStartTime is more than 24 hours before DataAnalysisEndTime",
				     CONFIG ".ScheduleConfig.DataAnalysisStartTime", err);
	return HC_OK;
}

static enum hc_code check_schedule(struct hc_call *call, const json_t *tree, struct hc_cron *cron, struct hc_err *err)
{
	const json_t *schedule = hc_tree_at(tree, "ScheduleConfig");
	if (hc_cron_parse(hc_tree_text(schedule, "ScheduleExpression"), cron, err) != HC_OK)
		return hc_check_fail_why(call, err, CONFIG ".ScheduleConfig.ScheduleExpression", err);
	return check_analysis(call, schedule, cron->now, err);
}

/* AWS models no ResourceNotFound for the definition of a schedule. */
static enum hc_code find_definition(struct hc_call *call, struct hc_db *db, const json_t *tree, struct hc_resource *out,
				    struct hc_err *err)
{
	bool found = false;
	struct hc_str name = hc_tree_text(tree, "MonitoringJobDefinitionName");
	HC_TRY(hc_resource_get(db, HC_KIND_DEFINITION, name, call->arena, out, &found, err));
	if (found)
		return HC_OK;
	struct hc_str arn = hc_common_arn(call, HC_KIND_DEFINITION, name);
	return hc_fault(call, err, 400, "ValidationException", "Could not find model quality job definition \"%.*s\".",
			HC_STR_ARG(arn));
}

/* The captures of an endpoint lie where its configuration says: without that there is nothing to monitor. */
static enum hc_code check_endpoint(struct hc_call *call, struct hc_db *db, struct hc_str name, struct hc_err *err)
{
	struct hc_resource endpoint;
	bool found = false;
	HC_TRY(hc_resource_get(db, HC_KIND_ENDPOINT, name, call->arena, &endpoint, &found, err));
	if (!found)
		return hc_fault(call, err, 400, "ValidationException",
				"Could not find endpoint \"%.*s\", which the job definition monitors. Register it: "
				"CreateModel, CreateEndpointConfig with a DataCaptureConfig, CreateEndpoint.",
				HC_STR_ARG(hc_common_arn(call, HC_KIND_ENDPOINT, name)));
	json_auto_t *detail = endpoint.detail.p ? hc_tree_parse(endpoint.detail) : NULL;
	if (!hc_tree_at(detail, "DataCaptureConfig.DestinationS3Uri"))
		return hc_fault(call, err, 400, "ValidationException",
				"Data capture is not enabled for endpoint \"%.*s\": its configuration has no "
				"DataCaptureConfig, so there is nothing to monitor. Create an endpoint configuration "
				"with one (DestinationS3Uri: where the captures are) and UpdateEndpoint to it.",
				HC_STR_ARG(endpoint.arn));
	return HC_OK;
}

/* Each of an execution's two jobs may take MaxRuntimeInSeconds. */
static enum hc_code check_runtime(struct hc_call *call, struct config *c, struct hc_err *err)
{
	json_t *tree = NULL;
	HC_TRY(hc_common_parse(c->definition.doc, &tree, err));
	int64_t most_s = hc_tree_int(tree, "StoppingCondition.MaxRuntimeInSeconds", HC_EXECUTION_RUNTIME_DEFAULT_S);
	json_decref(tree);
	if (c->cron.now)
		return HC_OK;
	int64_t period_s = hc_cron_shortest_us(&c->cron) / HC_SECOND_US;
	if (most_s > period_s)
		return hc_fault(call, err, 400, "ValidationException",
				"StoppingCondition.MaxRuntimeInSeconds of job definition \"%.*s\" is %lld, more than "
				"the %lld seconds between two executions of the schedule.",
				HC_STR_ARG(c->definition.name), (long long)most_s, (long long)period_s);
	if (period_s == HC_HOUR_US / HC_SECOND_US && most_s > HC_HOURLY_RUNTIME_MAX_S)
		snprintf(
			c->warning, sizeof c->warning,
			"MaxRuntimeInSeconds of job definition \"%.*s\" is %lld: an hourly execution has two jobs, and "
			"each may take that long; with more than %d an execution can last beyond the next tick",
			HC_STR_ARG(c->definition.name), (long long)most_s, HC_HOURLY_RUNTIME_MAX_S);
	return HC_OK;
}

static enum hc_code check_config(struct hc_call *call, struct hc_db *db, const json_t *tree, struct config *out,
				 struct hc_err *err)
{
	*out = (struct config){.tree = tree};
	HC_TRY(check_type(call, tree, err));
	HC_TRY(check_schedule(call, tree, &out->cron, err));
	HC_TRY(find_definition(call, db, tree, &out->definition, err));
	if (out->definition.endpoint.p)
		HC_TRY(check_endpoint(call, db, out->definition.endpoint, err));
	return check_runtime(call, out, err);
}

/* Only ticks that come are due; NOW is due once more. */
static int64_t slot_of(const struct hc_cron *cron, int64_t now_us)
{
	return cron->now ? 0 : hc_cron_last(cron, now_us);
}

/* What a schedule has from its configuration. */
static enum hc_code set_config(struct hc_call *call, const struct config *c, struct hc_resource *r, struct hc_err *err)
{
	r->detail = (struct hc_str){NULL, 0};
	HC_TRY(hc_common_print(call, c->tree, &r->doc, err));
	if (c->warning[0]) {
		json_auto_t *detail = json_object();
		if (!hc_tree_set_text(detail, "Warning", hc_str(c->warning)))
			return hc_fail_nomem(err, "a warning");
		HC_TRY(hc_common_print(call, detail, &r->detail, err));
	}
	r->type = HC_STR("ModelQuality");
	r->definition = c->definition.name;
	r->endpoint = c->definition.endpoint;
	r->status = HC_STR(SCHEDULED);
	r->failure = (struct hc_str){NULL, 0};
	r->slot_us = slot_of(&c->cron, call->now_us);
	r->revision++;
	return HC_OK;
}

enum hc_code hc_monitoring_check_limit(struct hc_call *call, struct hc_db *db, enum hc_kind kind, int64_t max,
				       struct hc_err *err)
{
	int64_t n = 0;
	HC_TRY(hc_resource_count(db, kind, &n, err));
	if (n >= max)
		return hc_fault(call, err, 400, "ResourceLimitExceeded",
				"The limit of %lld such resources in this account is reached: delete some first.",
				(long long)max);
	return HC_OK;
}

/*
 * The configuration of the input, completed: without a ScheduleConfig, which the SDK leaves out where it has nothing to say of it, an update (`before`: the document)
 * keeps what there was, and a new schedule runs daily. The caller's.
 */
static enum hc_code read_config(struct hc_call *call, const struct hc_str *before, json_t **out, struct hc_err *err)
{
	json_t *old = NULL;
	json_t *config = json_copy(hc_tree_at(call->in, CONFIG));
	if (config && hc_tree_at(config, "ScheduleConfig")) {
		*out = config;
		return HC_OK;
	}
	enum hc_code code = before ? hc_common_parse(*before, &old, err) : HC_OK;
	json_t *schedule = before ? json_incref(json_object_get(old, "ScheduleConfig"))
				  : json_pack("{s:s}", "ScheduleExpression", DAILY);
	if (code == HC_OK && (!config || json_object_set(config, "ScheduleConfig", schedule) != 0))
		code = hc_fail_nomem(err, "a schedule");
	json_decref(schedule);
	json_decref(old);
	if (code == HC_OK)
		*out = config;
	else
		json_decref(config);
	return code;
}

static enum hc_code create(struct hc_call *call, struct hc_db *db, const json_t *tree, struct hc_err *err)
{
	struct config config;
	struct hc_resource r = {.kind = HC_KIND_SCHEDULE, .name = hc_tree_text(call->in, "MonitoringScheduleName")};
	HC_TRY(check_config(call, db, tree, &config, err));
	HC_TRY(hc_monitoring_check_limit(call, db, HC_KIND_SCHEDULE, HC_SCHEDULES_MAX, err));
	HC_TRY(set_config(call, &config, &r, err));
	HC_TRY(hc_common_create(call, db, &r, err));
	HC_TRY(hc_alert_create(call, db, &r, err));
	return hc_common_answer(call, "MonitoringScheduleArn", r.arn, err);
}

enum hc_code hc_create_monitoring_schedule(struct hc_call *call, struct hc_db *db, struct hc_err *err)
{
	json_t *tree = NULL;
	HC_TRY(read_config(call, NULL, &tree, err));
	enum hc_code code = create(call, db, tree, err);
	json_decref(tree);
	return code;
}

static enum hc_code find(struct hc_call *call, struct hc_db *db, struct hc_resource *out, struct hc_err *err)
{
	return hc_common_find(call, db, HC_KIND_SCHEDULE, hc_tree_text(call->in, "MonitoringScheduleName"), out, err);
}

enum hc_code hc_update_monitoring_schedule(struct hc_call *call, struct hc_db *db, struct hc_err *err)
{
	struct hc_resource r;
	struct config config;
	json_t *tree = NULL;
	HC_TRY(find(call, db, &r, err));
	HC_TRY(read_config(call, &r.doc, &tree, err));
	enum hc_code code = check_config(call, db, tree, &config, err);
	if (code == HC_OK)
		code = set_config(call, &config, &r, err);
	json_decref(tree);
	HC_TRY(code);
	r.modified_us = hc_common_now(call);
	HC_TRY(hc_resource_update(db, &r, err));
	return hc_common_answer(call, "MonitoringScheduleArn", r.arn, err);
}

enum hc_code hc_start_monitoring_schedule(struct hc_call *call, struct hc_db *db, struct hc_err *err)
{
	struct hc_resource r;
	struct hc_cron cron;
	json_t *config = NULL;
	HC_TRY(find(call, db, &r, err));
	if (hc_str_eq(r.status, HC_STR(SCHEDULED)))
		return HC_OK;
	HC_TRY(hc_common_parse(r.doc, &config, err));
	enum hc_code code = hc_cron_parse(hc_tree_text(config, "ScheduleConfig.ScheduleExpression"), &cron, err);
	json_decref(config);
	HC_TRY(code);
	/* Ticks that passed while it was stopped are not made up; a NOW that has run has run. */
	if (!cron.now)
		r.slot_us = slot_of(&cron, call->now_us);
	r.status = HC_STR(SCHEDULED);
	r.modified_us = hc_common_now(call);
	return hc_resource_update(db, &r, err);
}

enum hc_code hc_stop_monitoring_schedule(struct hc_call *call, struct hc_db *db, struct hc_err *err)
{
	struct hc_resource r;
	HC_TRY(find(call, db, &r, err));
	if (hc_str_eq(r.status, HC_STR(STOPPED)))
		return HC_OK;
	r.status = HC_STR(STOPPED);
	r.modified_us = hc_common_now(call);
	return hc_resource_update(db, &r, err);
}

enum hc_code hc_delete_monitoring_schedule(struct hc_call *call, struct hc_db *db, struct hc_err *err)
{
	struct hc_resource r;
	HC_TRY(find(call, db, &r, err));
	HC_TRY(hc_alert_remove(call, db, &r, err));
	return hc_resource_delete(db, r.uid, err);
}

/* The newest execution, by its scheduled time. */
static enum hc_code describe_last(struct hc_call *call, struct hc_db *db, const struct hc_resource *r,
				  struct hc_err *err)
{
	const struct hc_resource_filter filter = {
		.kind = HC_KIND_EXECUTION, .parent_uid = r->uid, .sort = HC_SORT_SLOT, .descending = true, .limit = 1};
	struct hc_resources last = {0};
	HC_TRY(hc_resource_list(db, &filter, call->arena, &last, err));
	if (last.n == 0)
		return HC_OK;
	json_t *summary = json_object();
	if (!summary || !hc_tree_set(call->out, "LastMonitoringExecutionSummary", summary) ||
	    !hc_execution_summary(call, &last.list[0], summary))
		return hc_fail_nomem(err, "a description");
	return HC_OK;
}

/* What descriptions and summaries have in common. */
static bool set_state(const struct hc_resource *r, json_t *out)
{
	bool ok = true;
	ok &= hc_tree_set_text(out, "MonitoringScheduleName", r->name);
	ok &= hc_tree_set_text(out, "MonitoringScheduleArn", r->arn);
	ok &= hc_tree_set_instant(out, "CreationTime", r->created_us);
	ok &= hc_tree_set_instant(out, "LastModifiedTime", r->modified_us);
	ok &= hc_tree_set_text(out, "MonitoringScheduleStatus", r->status);
	ok &= hc_tree_set_text(out, "EndpointName", r->endpoint);
	ok &= hc_tree_set_text(out, "MonitoringType", r->type);
	return ok;
}

enum hc_code hc_describe_monitoring_schedule(struct hc_call *call, struct hc_db *db, struct hc_err *err)
{
	struct hc_resource r;
	json_t *config = NULL;
	HC_TRY(find(call, db, &r, err));
	HC_TRY(hc_common_parse(r.doc, &config, err));
	bool ok = hc_tree_set(call->out, CONFIG, config) && set_state(&r, call->out) &&
		  hc_tree_set_text(call->out, "FailureReason", r.failure);
	if (!ok)
		return hc_fail_nomem(err, "a description");
	return describe_last(call, db, &r, err);
}

static bool summarise(const struct hc_call *call, const struct hc_resource *r, json_t *summary)
{
	(void)call;
	return set_state(r, summary) && hc_tree_set_text(summary, "MonitoringJobDefinitionName", r->definition);
}

enum hc_code hc_list_monitoring_schedules(struct hc_call *call, struct hc_db *db, struct hc_err *err)
{
	const struct hc_resource_filter filter = hc_list_filter(call, HC_KIND_SCHEDULE, HC_LIST_DEFAULT, true);
	return hc_list_page(call, db, &filter, "MonitoringScheduleSummaries", summarise, err);
}
