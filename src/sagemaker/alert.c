#include "sched/alert.h"

#include "sagemaker/common.h"
#include "sagemaker/handlers.h"
#include "sagemaker/list.h"
#include "sagemaker/monitoring.h"

enum { ALERTS_MAX = 100 };

static struct hc_str print_rule(struct hc_alert_rule rule, struct hc_arena *arena)
{
	const struct hc_str none = {NULL, 0};
	json_auto_t *doc = json_object();
	if (!hc_tree_set_int(doc, "DatapointsToAlert", rule.datapoints) ||
	    !hc_tree_set_int(doc, "EvaluationPeriod", rule.period))
		return none;
	return hc_tree_print(doc, arena);
}

enum hc_code hc_alert_create(struct hc_call *call, struct hc_db *db, const struct hc_resource *schedule,
			     struct hc_err *err)
{
	const struct hc_alert_rule rule = {HC_ALERT_DATAPOINTS_DEFAULT, HC_ALERT_PERIOD_DEFAULT};
	struct hc_resource alert = {
		.kind = HC_KIND_ALERT,
		.name = hc_alert_resource_name(schedule->uid, HC_STR(HC_ALERT_NAME), call->arena),
		.created_us = hc_common_now(call),
		.modified_us = hc_common_now(call),
		.status = HC_STR(HC_ALERT_OK),
		.parent_uid = schedule->uid,
		.parent = schedule->name,
		.doc = print_rule(rule, call->arena),
	};
	if (!alert.name.p || !alert.doc.p)
		return hc_fail_nomem(err, "an alert");
	return hc_resource_insert(db, &alert, err);
}

enum hc_code hc_alert_remove(struct hc_call *call, struct hc_db *db, const struct hc_resource *schedule,
			     struct hc_err *err)
{
	const struct hc_resource_filter filter = {
		.kind = HC_KIND_ALERT, .parent_uid = schedule->uid, .limit = ALERTS_MAX};
	struct hc_resources alerts = {0};
	HC_TRY(hc_resource_list(db, &filter, call->arena, &alerts, err));
	for (size_t i = 0; i < alerts.n; i++)
		HC_TRY(hc_resource_delete(db, alerts.list[i].uid, err));
	return HC_OK;
}

static enum hc_code find_alert(struct hc_call *call, struct hc_db *db, const struct hc_resource *schedule,
			       struct hc_str name, struct hc_resource *out, struct hc_err *err)
{
	bool found = false;
	struct hc_str full = hc_alert_resource_name(schedule->uid, name, call->arena);
	if (!full.p)
		return hc_fail_nomem(err, "a name");
	HC_TRY(hc_resource_get(db, HC_KIND_ALERT, full, call->arena, out, &found, err));
	if (!found)
		return hc_fault(call, err, 400, "ResourceNotFound",
				"Could not find monitoring alert \"%.*s\" of monitoring schedule \"%.*s\".",
				HC_STR_ARG(name), HC_STR_ARG(schedule->arn));
	return HC_OK;
}

static bool summarise_alert(const struct hc_call *call, const struct hc_resource *alert, json_t *summary)
{
	(void)call;
	struct hc_alert_rule rule = hc_alert_rule(alert);
	bool ok = true;
	ok &= hc_tree_set_text(summary, "MonitoringAlertName", hc_alert_api_name(alert));
	ok &= hc_tree_set_instant(summary, "CreationTime", alert->created_us);
	ok &= hc_tree_set_instant(summary, "LastModifiedTime", alert->modified_us);
	ok &= hc_tree_set_text(summary, "AlertStatus", alert->status);
	ok &= hc_tree_set_int(summary, "DatapointsToAlert", rule.datapoints);
	ok &= hc_tree_set_int(summary, "EvaluationPeriod", rule.period);
	json_t *actions = json_pack("{s:{s:b}}", "ModelDashboardIndicator", "Enabled", 1);
	ok &= actions != NULL && hc_tree_set(summary, "Actions", actions);
	return ok;
}

enum hc_code hc_list_monitoring_alerts(struct hc_call *call, struct hc_db *db, struct hc_err *err)
{
	struct hc_resource schedule;
	struct hc_resource_filter filter = hc_list_filter(call, HC_KIND_ALERT, HC_LIST_ALERTS_DEFAULT, true);
	HC_TRY(hc_common_find(call, db, HC_KIND_SCHEDULE, hc_tree_text(call->in, "MonitoringScheduleName"), &schedule,
			      err));
	filter.parent_uid = schedule.uid;
	return hc_list_page(call, db, &filter, "MonitoringAlertSummaries", summarise_alert, err);
}

/*
 * The filter of a history. A schedule's begins with the schedule: changes of one that had its name before are not its own. Times are inclusive here
 * ("on or before"), to the millisecond that clients see.
 */
static enum hc_code history_filter(struct hc_call *call, struct hc_db *db, struct hc_alert_change_filter *out,
				   struct hc_err *err)
{
	const json_t *in = call->in;
	const bool has_before = hc_tree_at(in, "CreationTimeBefore"), has_after = hc_tree_at(in, "CreationTimeAfter");
	const int64_t before_us = has_before ? hc_tree_instant(in, "CreationTimeBefore") + 1000 : 0; /* 0: no limit */
	struct hc_alert_change_filter f = {
		.alert = hc_tree_text(in, "MonitoringAlertName"),
		.status = hc_tree_text(in, "StatusEquals"),
		.before_us = before_us == 0 && has_before ? 1 : before_us,
		.after_us = has_after ? hc_tree_instant(in, "CreationTimeAfter") - 1 : 0,
		.by_status = strcmp(hc_tree_cstring(in, "SortBy", "CreationTime"), "Status") == 0,
		.descending = strcmp(hc_tree_cstring(in, "SortOrder", "Descending"), "Descending") == 0,
		.limit = (size_t)hc_tree_int(in, "MaxResults", HC_LIST_ALERTS_DEFAULT),
		.token = hc_tree_text(in, "NextToken"),
	};
	struct hc_str name = hc_tree_text(in, "MonitoringScheduleName");
	if (name.p) {
		struct hc_resource schedule, alert;
		HC_TRY(hc_common_find(call, db, HC_KIND_SCHEDULE, name, &schedule, err));
		if (f.alert.p) {
			HC_TRY(find_alert(call, db, &schedule, f.alert, &alert, err));
			f.alert = hc_alert_api_name(&alert);
		}
		f.schedule = schedule.name;
		if (f.after_us < schedule.created_us - 1)
			f.after_us = schedule.created_us - 1;
	}
	*out = f;
	return HC_OK;
}

static bool add_change(json_t *list, const struct hc_alert_change *change)
{
	json_t *summary = json_object();
	bool ok = summary != NULL && json_array_append_new(list, summary) == 0;
	ok = ok && hc_tree_set_text(summary, "MonitoringScheduleName", change->schedule);
	ok = ok && hc_tree_set_text(summary, "MonitoringAlertName", change->alert);
	ok = ok && hc_tree_set_instant(summary, "CreationTime", change->at_us);
	return ok && hc_tree_set_text(summary, "AlertStatus", change->status);
}

enum hc_code hc_list_monitoring_alert_history(struct hc_call *call, struct hc_db *db, struct hc_err *err)
{
	struct hc_alert_change_filter filter;
	struct hc_alert_change *changes = NULL;
	struct hc_str next = {NULL, 0};
	size_t n = 0;
	HC_TRY(history_filter(call, db, &filter, err));
	HC_TRY(hc_list_take_token(call, HC_LIST_OF_CHANGES, &filter.token, err));
	enum hc_code code = hc_alert_change_list(db, &filter, call->arena, &changes, &n, &next, err);
	if (code == HC_USAGE)
		return hc_list_bad_token(call, err);
	HC_TRY(code);
	json_t *list = json_array();
	bool ok = list != NULL && hc_tree_set(call->out, "MonitoringAlertHistory", list);
	for (size_t i = 0; i < n && ok; i++)
		ok = add_change(list, &changes[i]);
	if (!ok)
		return hc_fail_nomem(err, "a list");
	return hc_list_put_token(call, HC_LIST_OF_CHANGES, next, err);
}

enum hc_code hc_update_monitoring_alert(struct hc_call *call, struct hc_db *db, struct hc_err *err)
{
	struct hc_resource schedule, alert;
	const struct hc_alert_rule rule = {hc_tree_int(call->in, "DatapointsToAlert", 0),
					   hc_tree_int(call->in, "EvaluationPeriod", 0)};
	HC_TRY(hc_common_find(call, db, HC_KIND_SCHEDULE, hc_tree_text(call->in, "MonitoringScheduleName"), &schedule,
			      err));
	HC_TRY(find_alert(call, db, &schedule, hc_tree_text(call->in, "MonitoringAlertName"), &alert, err));
	if (rule.datapoints > rule.period)
		return hc_fault(call, err, 400, "ValidationException",
				"DatapointsToAlert (%lld) is more than EvaluationPeriod (%lld): the alert could never "
				"go up.",
				(long long)rule.datapoints, (long long)rule.period);
	alert.doc = print_rule(rule, call->arena);
	alert.modified_us = hc_common_now(call);
	if (!alert.doc.p)
		return hc_fail_nomem(err, "an alert");
	HC_TRY(hc_resource_update(db, &alert, err));
	HC_TRY(hc_alert_evaluate(db, &schedule, call->now_us, call->arena, err));
	HC_TRY(hc_common_answer(call, "MonitoringScheduleArn", schedule.arn, err));
	return hc_common_answer(call, "MonitoringAlertName", hc_alert_api_name(&alert), err);
}
