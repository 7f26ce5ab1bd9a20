#include "sched/execution.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/instant.h"
#include "contract/tree.h"
#include "sched/alert.h"
#include "sched/slot.h"
#include "sys/entropy.h"

enum { SCHEDULES_PAGE = 100, REASON_MAX = 1024, NAME_SIZE = 96, TOKEN_MAX = 8192 };
#define ARENA_BYTES (UINT64_C(256) << 20)

#define DEFINITION "Definition"

/* --- an order from what an execution holds ---------------------------------------------------- */

static enum hc_code read_order(const json_t *doc, int64_t slot_us, struct hc_arena *arena, struct hc_order *out,
			       struct hc_err *err)
{
	struct hc_order o = {.definition = hc_tree_at(doc, DEFINITION),
			     .schedule_config = hc_tree_at(doc, "ScheduleConfig"),
			     .schedule = hc_tree_text(doc, "Schedule"),
			     .capture = hc_tree_text(doc, "Capture"),
			     .hex = hc_tree_text(doc, "Hex"),
			     .slot_us = slot_us,
			     .period_us = hc_tree_int(doc, "PeriodSeconds", 3600) * HC_SECOND_US};
	o.endpoint = hc_tree_text(o.definition, "ModelQualityJobInput.EndpointInput.EndpointName");
	HC_TRY(hc_order_plan(&o, arena, err));
	*out = o;
	return HC_OK;
}

/* Where an endpoint's captures are: its own detail keeps that, so that the configuration may go (sagemaker/endpoint.c). */
static enum hc_code find_capture(struct hc_db *db, struct hc_str endpoint, struct hc_arena *arena, struct hc_str *out,
				 struct hc_err *err)
{
	struct hc_resource e;
	bool found;
	HC_TRY(hc_resource_get(db, HC_KIND_ENDPOINT, endpoint, arena, &e, &found, err));
	if (!found) {
		hc_fail(err, HC_EMPTY, "Job inputs had no data: there is no endpoint %.*s", HC_STR_ARG(endpoint));
		return hc_hint(err, "register it (CreateEndpointConfig with DataCaptureConfig, CreateEndpoint)");
	}
	json_t *detail = hc_tree_parse(e.detail);
	struct hc_str uri = hc_tree_text(detail, "DataCaptureConfig.DestinationS3Uri");
	*out = uri.p ? hc_arena_copy(arena, uri) : uri;
	bool given = uri.p != NULL;
	json_decref(detail);
	if (given)
		return out->p ? HC_OK : hc_fail_nomem(err, "an address");
	hc_fail(err, HC_EMPTY, "Job inputs had no data: the endpoint %.*s has no DataCaptureConfig",
		HC_STR_ARG(endpoint));
	return hc_hint(err, "update it to a configuration with one");
}

/*
 * A definition may name the baselining job alone, as the SDK does behind suggest_baseline: its constraints are those that the job suggested.
 */
static enum hc_code find_constraints(struct hc_db *db, json_t *definition, struct hc_arena *arena, struct hc_err *err)
{
	struct hc_resource job;
	bool found;
	json_t *config = hc_tree_at(definition, "ModelQualityBaselineConfig");
	struct hc_str name = hc_tree_text(config, "BaseliningJobName");
	if (!name.p || hc_tree_at(config, "ConstraintsResource.S3Uri"))
		return HC_OK;
	HC_TRY(hc_resource_get(db, HC_KIND_JOB, name, arena, &job, &found, err));
	if (!found) {
		hc_fail(err, HC_EMPTY, "there is no baselining job %.*s, whose constraints this definition asks for",
			HC_STR_ARG(name));
		return hc_hint(err, "name ConstraintsResource, or run the baseline again");
	}
	json_t *doc = hc_tree_parse(job.doc);
	struct hc_str output = hc_tree_text(doc, "ProcessingOutputConfig.Outputs.[0].S3Output.S3Uri");
	struct hc_location at;
	struct hc_str uri = {NULL, 0};
	if (output.p && hc_location_parse(output, &at))
		uri = hc_location_print(&at, "constraints.json", arena);
	json_decref(doc);
	json_t *resource = uri.p ? json_pack("{s:s%}", "S3Uri", uri.p, uri.n) : NULL;
	return hc_tree_set(config, "ConstraintsResource", resource) ? HC_OK : hc_fail_nomem(err, "an execution");
}

/* --- claiming --------------------------------------------------------------------------------- */

struct claim {
	struct hc_db *db;
	const struct hc_sched *sched;
	struct hc_arena *arena;
	int64_t now_us;
	bool looks_only; /* counts what is due, writes nothing */
};

static void say(const struct hc_sched *sched, const char *line)
{
	if (sched->say)
		sched->say(sched->arg, line);
}

static enum hc_code is_running(const struct claim *c, int64_t schedule_uid, bool *out, struct hc_err *err)
{
	static const char *const under_way[] = {"InProgress", "Pending", "Stopping"};
	*out = false;
	for (size_t i = 0; i < sizeof under_way / sizeof *under_way && !*out; i++) {
		struct hc_resource_filter filter = {.kind = HC_KIND_EXECUTION,
						    .parent_uid = schedule_uid,
						    .status = hc_str(under_way[i]),
						    .limit = 1};
		struct hc_resources found;
		HC_TRY(hc_resource_list(c->db, &filter, c->arena, &found, err));
		*out = found.n > 0;
	}
	return HC_OK;
}

/* The reason as the API gives it: message and remedy, cut to 1,024 characters at a whole one. */
static struct hc_str reason_of(const struct hc_err *why, struct hc_arena *arena)
{
	char text[HC_ERR_MSG_MAX + HC_ERR_HINT_MAX + 4];
	int n = snprintf(text, sizeof text, "%s%s%s", why->msg, why->hint[0] ? "; " : "", why->hint);
	size_t cut = n < REASON_MAX ? (size_t)n : REASON_MAX;
	while (cut > 0 && cut < (size_t)n && ((unsigned char)text[cut] & 0xC0) == 0x80)
		cut--;
	return hc_arena_copy(arena, (struct hc_str){text, cut});
}

static enum hc_code insert_job(const struct claim *c, const struct hc_resource *execution, struct hc_str name,
			       const json_t *doc, json_t *detail, struct hc_str *arn, struct hc_err *err)
{
	char text[256];
	snprintf(text, sizeof text, "arn:aws:sagemaker:%s:%s:processing-job/%.*s", c->sched->region, c->sched->account,
		 HC_STR_ARG(name));
	*arn = hc_arena_copy(c->arena, hc_str(text));
	struct hc_resource job = {.kind = HC_KIND_JOB,
				  .name = name,
				  .arn = *arn,
				  .created_us = c->now_us,
				  .modified_us = c->now_us,
				  .status = HC_STR("InProgress"),
				  .parent_uid = execution->uid,
				  .parent = execution->parent,
				  .slot_us = execution->slot_us,
				  .doc = hc_tree_print(doc, c->arena),
				  .detail = hc_tree_print(detail, c->arena)};
	if (!arn->p || !job.doc.p || !job.detail.p)
		return hc_fail_nomem(err, "a job");
	return hc_resource_insert(c->db, &job, err);
}

static enum hc_code insert_merge(const struct claim *c, struct hc_resource *execution, const struct hc_order *order,
				 struct hc_str schedule_arn, struct hc_err *err)
{
	json_t *doc = NULL;
	HC_TRY(hc_compose_merge(c->db, order, c->arena, &doc, err));
	struct hc_str report = hc_order_report_uri(order, c->arena);
	json_t *detail = json_pack("{s:s%,s:s,s:s%,s:s%}", "MonitoringScheduleArn", schedule_arn.p, schedule_arn.n,
				   "Role", "merge", "ReportS3Uri", report.p ? report.p : "", report.n, "MergedBelow",
				   order->endpoint.p ? "" : order->schedule.p,
				   order->endpoint.p ? (size_t)0 : order->schedule.n);
	enum hc_code code = detail ? insert_job(c, execution, hc_order_merge_name(order, c->arena), doc, detail,
						&execution->job_arn, err)
				   : hc_fail_nomem(err, "a job");
	json_decref(doc);
	json_decref(detail);
	return code;
}

/* What the execution is to know, and the order that follows. */
static enum hc_code write_order(const struct claim *c, const struct hc_resource *schedule, const json_t *config,
				const struct hc_cron *cron, int64_t slot_us, json_t *doc, struct hc_err *err)
{
	char hex[HC_ORDER_HEX + 1];
	struct hc_resource definition;
	struct hc_str capture = {NULL, 0};
	bool found;
	int64_t period_us = cron->now ? HC_HOUR_US : hc_cron_period(cron, slot_us);
	HC_TRY(hc_random_hex(hex, HC_ORDER_HEX, err));
	HC_TRY(hc_resource_get(c->db, HC_KIND_DEFINITION, schedule->definition, c->arena, &definition, &found, err));
	if (!found) {
		hc_fail(err, HC_EMPTY, "the job definition %.*s is gone", HC_STR_ARG(schedule->definition));
		return hc_hint(err, "create it again, or update the schedule to another one");
	}
	json_t *given = hc_tree_parse(definition.doc);
	json_t *slot_config = hc_tree_at(config, "ScheduleConfig");
	bool fine = given && hc_tree_set(doc, DEFINITION, given);
	if (slot_config)
		fine &= hc_tree_set(doc, "ScheduleConfig", json_incref(slot_config));
	fine &= hc_tree_set_text(doc, "Schedule", schedule->name) && hc_tree_set_text(doc, "Hex", hc_str(hex)) &&
		hc_tree_set_int(doc, "PeriodSeconds", period_us / HC_SECOND_US);
	if (!fine)
		return hc_fail_nomem(err, "an execution");
	HC_TRY(find_constraints(c->db, given, c->arena, err));
	struct hc_str endpoint = hc_tree_text(given, "ModelQualityJobInput.EndpointInput.EndpointName");
	if (endpoint.p)
		HC_TRY(find_capture(c->db, endpoint, c->arena, &capture, err));
	else
		capture = hc_tree_text(given, "ModelQualityJobInput.BatchTransformInput.DataCapturedDestinationS3Uri");
	return hc_tree_set_text(doc, "Capture", capture) ? HC_OK : hc_fail_nomem(err, "an execution");
}

static enum hc_code insert_execution(const struct claim *c, const struct hc_resource *schedule, int64_t slot_us,
				     struct hc_resource *out, struct hc_err *err)
{
	char name[NAME_SIZE];
	snprintf(name, sizeof name, "%lld/%lld/%lld", (long long)schedule->uid, (long long)slot_us,
		 (long long)schedule->revision);
	*out = (struct hc_resource){.kind = HC_KIND_EXECUTION,
				    .name = hc_arena_copy(c->arena, hc_str(name)),
				    .arn = hc_arena_copy(c->arena, hc_str(name)),
				    .created_us = c->now_us,
				    .modified_us = c->now_us,
				    .status = HC_STR("InProgress"),
				    .parent_uid = schedule->uid,
				    .parent = schedule->name,
				    .slot_us = slot_us,
				    .revision = schedule->revision,
				    .endpoint = schedule->endpoint,
				    .definition = schedule->definition,
				    .type = schedule->type,
				    .doc = HC_STR("{}"),
				    .detail = HC_STR("{}")};
	if (!out->name.p || !out->arn.p)
		return hc_fail_nomem(err, "an execution");
	return hc_resource_insert(c->db, out, err);
}

/* Claims one slot: the execution, and its first job or the reason why there is none. */
static enum hc_code claim_slot(const struct claim *c, struct hc_resource *schedule, const json_t *config,
			       const struct hc_cron *cron, int64_t slot_us, struct hc_err *err)
{
	struct hc_resource execution;
	struct hc_order order;
	struct hc_err why;
	enum hc_code code = insert_execution(c, schedule, slot_us, &execution, err);
	schedule->slot_us = slot_us;
	/* Claimed already, before the clock went back: never twice, and nobody else's slots wait for it. */
	if (code == HC_INPUT)
		return hc_resource_update(c->db, schedule, err);
	HC_TRY(code);
	json_t *doc = json_object();
	if (!doc)
		return hc_fail_nomem(err, "an execution");
	code = write_order(c, schedule, config, cron, slot_us, doc, &why);
	if (code == HC_OK)
		code = read_order(doc, slot_us, c->arena, &order, &why);
	if (code == HC_OK)
		code = insert_merge(c, &execution, &order, schedule->arn, &why);
	execution.doc = hc_tree_print(doc, c->arena);
	json_decref(doc);
	if (code == HC_IO || code == HC_NOMEM) { /* the catalog's trouble, not the schedule's */
		*err = why;
		return code;
	}
	if (code != HC_OK) {
		execution.status = HC_STR("Failed");
		execution.failure = reason_of(&why, c->arena);
	}
	if (!execution.doc.p || (code != HC_OK && !execution.failure.p))
		return hc_fail_nomem(err, "an execution");
	HC_TRY(hc_resource_update(c->db, &execution, err));
	return hc_resource_update(c->db, schedule, err);
}

static enum hc_code claim_due(const struct claim *c, struct hc_resource *schedule, struct hc_claimed *out,
			      struct hc_err *err)
{
	struct hc_cron cron;
	struct hc_err ignored;
	int64_t slot_us;
	unsigned passed_over;
	bool running;
	json_t *config = hc_tree_parse(schedule->doc);
	struct hc_str expression = hc_tree_text(config, "ScheduleConfig.ScheduleExpression");
	enum hc_code code = HC_OK;
	if (!expression.p || hc_cron_parse(expression, &cron, &ignored) != HC_OK)
		goto done; /* cannot be: it was checked when the schedule was made */
	if (!hc_slot_due(&cron, schedule->slot_us, c->now_us, &slot_us, &passed_over)) {
		int64_t next = hc_slot_next(&cron, schedule->slot_us);
		out->next_us = next < out->next_us ? next : out->next_us;
		goto done;
	}
	code = is_running(c, schedule->uid, &running, err);
	if (code != HC_OK || running)
		goto done; /* its end wakes us */
	if (c->looks_only) {
		out->claimed++;
		goto done;
	}
	if (passed_over) {
		char line[256];
		snprintf(line, sizeof line, "event=ticks_passed_over schedule=%.*s ticks=%u",
			 HC_STR_ARG(schedule->name), passed_over);
		say(c->sched, line);
	}
	code = claim_slot(c, schedule, config, &cron, slot_us, err);
	out->claimed += code == HC_OK;
	out->next_us = c->now_us; /* another tick of it may be due */
done:
	json_decref(config);
	return code;
}

static enum hc_code walk(struct hc_db *db, const struct hc_sched *sched, int64_t now_us, bool looks_only,
			 struct hc_claimed *out, struct hc_err *err)
{
	struct hc_claimed claimed = {.next_us = INT64_MAX};
	struct hc_resource_filter filter = {
		.kind = HC_KIND_SCHEDULE, .status = HC_STR("Scheduled"), .limit = SCHEDULES_PAGE};
	HC_ARENA_SCOPED struct hc_arena pages = HC_ARENA(ARENA_BYTES);
	do {
		struct hc_resources page;
		HC_TRY(hc_resource_list(db, &filter, &pages, &page, err));
		for (size_t i = 0; i < page.n; i++) {
			HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(ARENA_BYTES);
			struct claim c = {db, sched, &arena, now_us, looks_only};
			HC_TRY(claim_due(&c, &page.list[i], &claimed, err));
		}
		filter.token = page.next;
	} while (filter.token.p);
	*out = claimed;
	return HC_OK;
}

enum hc_code hc_sched_look(struct hc_db *db, const struct hc_sched *sched, int64_t now_us, struct hc_claimed *out,
			   struct hc_err *err)
{
	return walk(db, sched, now_us, true, out, err);
}

enum hc_code hc_sched_claim(struct hc_db *db, const struct hc_sched *sched, int64_t now_us, struct hc_claimed *out,
			    struct hc_err *err)
{
	return walk(db, sched, now_us, false, out, err);
}

/* --- when a job ended ------------------------------------------------------------------------- */

static bool is(struct hc_str s, const char *text)
{
	return hc_str_eq(s, hc_str(text));
}

static enum hc_code begin_monitoring(const struct claim *c, struct hc_resource *execution, const json_t *merged,
				     struct hc_str schedule_arn, struct hc_err *err)
{
	struct hc_order order;
	json_t *job = NULL, *doc = hc_tree_parse(execution->doc);
	enum hc_code code =
		doc ? read_order(doc, execution->slot_us, c->arena, &order, err) : hc_fail_nomem(err, "an execution");
	if (code == HC_OK)
		code = hc_compose_monitoring(&order, merged, c->arena, &job, err);
	if (code == HC_OK) {
		json_t *detail = json_pack("{s:s%,s:s}", "MonitoringScheduleArn", schedule_arn.p, schedule_arn.n,
					   "Role", "monitoring");
		code = detail ? insert_job(c, execution, hc_order_monitoring_name(&order, c->arena), job, detail,
					   &execution->job_arn, err)
			      : hc_fail_nomem(err, "a job");
		json_decref(detail);
	}
	json_decref(job);
	json_decref(doc);
	return code;
}

/* The execution's status after its last job. */
static void end_execution(struct hc_resource *execution, const struct hc_resource *job, const json_t *detail)
{
	if (!is(job->status, "Completed")) {
		execution->status = job->status; /* Failed, Stopped */
		execution->failure = job->failure;
		return;
	}
	bool violations =
		hc_str_starts(hc_tree_text(detail, "ExitMessage").p ? hc_tree_text(detail, "ExitMessage") : HC_STR(""),
			      "CompletedWithViolations");
	execution->status = violations ? HC_STR("CompletedWithViolations") : HC_STR("Completed");
}

static enum hc_code advance(const struct claim *c, struct hc_resource *execution, const struct hc_resource *job,
			    const json_t *detail, const json_t *merged, struct hc_err *err)
{
	bool found;
	struct hc_resource schedule;
	struct hc_str arn = hc_tree_text(detail, "MonitoringScheduleArn");
	execution->modified_us = c->now_us;
	if (is(hc_tree_text(detail, "Role"), "merge") && is(job->status, "Completed")) {
		HC_TRY(begin_monitoring(c, execution, merged, arn.p ? arn : HC_STR(""), err));
		return hc_resource_update(c->db, execution, err);
	}
	end_execution(execution, job, detail);
	HC_TRY(hc_resource_update(c->db, execution, err));
	HC_TRY(hc_resource_get_uid(c->db, execution->parent_uid, c->arena, &schedule, &found, err));
	return found ? hc_alert_evaluate(c->db, &schedule, c->now_us, c->arena, err) : HC_OK;
}

enum hc_code hc_sched_job_ended(struct hc_db *db, const struct hc_sched *sched, const struct hc_resource *job,
				const json_t *merged, int64_t now_us, struct hc_err *err)
{
	HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(ARENA_BYTES);
	struct claim c = {db, sched, &arena, now_us, false};
	struct hc_resource execution;
	bool found;
	if (job->parent_uid == 0)
		return HC_OK;
	HC_TRY(hc_resource_get_uid(db, job->parent_uid, &arena, &execution, &found, err));
	if (!found || execution.kind != HC_KIND_EXECUTION)
		return HC_OK;
	json_t *detail = hc_tree_parse(job->detail);
	enum hc_code code = advance(&c, &execution, job, detail, merged, err);
	json_decref(detail);
	return code;
}
