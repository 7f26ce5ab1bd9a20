#include "sched/alert.h"

#include "base/buf.h"
#include "contract/tree.h"

/* More alerts of one schedule than this are not made by anything. */
enum { ALERTS_MAX = 100, NAME_MAX_BYTES = 128 };

struct hc_str hc_alert_resource_name(int64_t schedule_uid, struct hc_str alert, struct hc_arena *arena)
{
	HC_BUF_SCOPED struct hc_buf name = HC_BUF(NAME_MAX_BYTES);
	hc_buf_u64(&name, (uint64_t)schedule_uid);
	hc_buf_char(&name, '/');
	hc_buf_str(&name, alert);
	if (name.failed != HC_OK)
		return (struct hc_str){NULL, 0};
	return hc_arena_copy(arena, hc_buf_view(&name));
}

struct hc_str hc_alert_api_name(const struct hc_resource *alert)
{
	const char *slash = memchr(alert->name.p, '/', alert->name.n);
	if (!slash)
		return alert->name;
	return (struct hc_str){slash + 1, alert->name.n - (size_t)(slash + 1 - alert->name.p)};
}

struct hc_alert_rule hc_alert_rule(const struct hc_resource *alert)
{
	json_t *doc = alert->doc.p ? hc_tree_parse(alert->doc) : NULL;
	struct hc_alert_rule rule = {hc_tree_int(doc, "DatapointsToAlert", HC_ALERT_DATAPOINTS_DEFAULT),
				     hc_tree_int(doc, "EvaluationPeriod", HC_ALERT_PERIOD_DEFAULT)};
	json_decref(doc);
	return rule;
}

/* The newest executions of one outcome, by their scheduled time. */
static enum hc_code newest(struct hc_db *db, int64_t schedule_uid, struct hc_str status, int64_t n,
			   struct hc_arena *arena, struct hc_resources *out, struct hc_err *err)
{
	const struct hc_resource_filter filter = {.kind = HC_KIND_EXECUTION,
						  .parent_uid = schedule_uid,
						  .status = status,
						  .sort = HC_SORT_SLOT,
						  .descending = true,
						  .limit = (size_t)n};
	return hc_resource_list(db, &filter, arena, out, err);
}

static bool is_newer(const struct hc_resource *a, const struct hc_resource *b)
{
	return a->slot_us != b->slot_us ? a->slot_us > b->slot_us : a->uid > b->uid;
}

/* How many of the newest `period` executions that gave a verdict found violations. */
static enum hc_code count_violating(struct hc_db *db, int64_t schedule_uid, int64_t period, struct hc_arena *arena,
				    int64_t *out, struct hc_err *err)
{
	struct hc_resources violating = {0}, fine = {0};
	HC_TRY(newest(db, schedule_uid, HC_STR("CompletedWithViolations"), period, arena, &violating, err));
	HC_TRY(newest(db, schedule_uid, HC_STR("Completed"), period, arena, &fine, err));
	size_t v = 0, f = 0;
	while ((int64_t)(v + f) < period && v < violating.n) {
		if (f < fine.n && is_newer(&fine.list[f], &violating.list[v]))
			f++;
		else
			v++;
	}
	*out = (int64_t)v;
	return HC_OK;
}

static enum hc_code evaluate_one(struct hc_db *db, const struct hc_resource *schedule, struct hc_resource *alert,
				 int64_t now_us, struct hc_arena *arena, struct hc_err *err)
{
	struct hc_alert_rule rule = hc_alert_rule(alert);
	int64_t violating = 0, period = rule.period;
	if (period < 1 || period > HC_ALERT_PERIOD_MAX)
		period = period < 1 ? 1 : HC_ALERT_PERIOD_MAX;
	HC_TRY(count_violating(db, schedule->uid, period, arena, &violating, err));
	struct hc_str status = violating >= rule.datapoints ? HC_STR(HC_ALERT_IN_ALERT) : HC_STR(HC_ALERT_OK);
	if (hc_str_eq(status, alert->status))
		return HC_OK;
	alert->status = status;
	alert->modified_us = now_us;
	HC_TRY(hc_resource_update(db, alert, err));
	const struct hc_alert_change change = {
		.at_us = now_us, .schedule = schedule->name, .alert = hc_alert_api_name(alert), .status = status};
	return hc_alert_change_add(db, &change, err);
}

enum hc_code hc_alert_evaluate(struct hc_db *db, const struct hc_resource *schedule, int64_t now_us,
			       struct hc_arena *arena, struct hc_err *err)
{
	struct hc_resources alerts = {0};
	const struct hc_resource_filter filter = {
		.kind = HC_KIND_ALERT, .parent_uid = schedule->uid, .limit = ALERTS_MAX};
	HC_TRY(hc_resource_list(db, &filter, arena, &alerts, err));
	for (size_t i = 0; i < alerts.n; i++)
		HC_TRY(evaluate_one(db, schedule, &alerts.list[i], now_us, arena, err));
	return HC_OK;
}
