/* Alarms: kept as documents, evaluated by publish/alarm.h. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "cloudwatch/common.h"
#include "codec/base64.h"
#include "publish/alarm.h"
#include "publish/metrics_file.h"

enum { PAGE_DEFAULT = 50, PAGE_MAX = 100, BATCH = 100, BATCH_BYTES = 64 << 20, NAME_BYTES_MAX = 4 * 255 };

static enum hc_code refuse_unsupported(struct hc_call *call, struct hc_err *err)
{
	static const struct {
		const char *member, *why;
	} members[] = {
		{"Metrics", "metric math in alarms"},
		{"ThresholdMetricId", "anomaly detection in alarms"},
		{"EvaluationCriteria", "PromQL in alarms"},
		{"EvaluationInterval", "PromQL in alarms"},
	};
	for (size_t i = 0; i < sizeof members / sizeof *members; i++)
		if (hc_tree_at(call->in, members[i].member))
			return hc_cloudwatch_validation(call, err, "%s: %s is not supported by this server.",
							members[i].member, members[i].why);
	if (strcmp(hc_tree_cstring(call->in, "EvaluateLowSampleCountPercentile", "evaluate"), "evaluate") != 0)
		return hc_cloudwatch_validation(call, err,
						"EvaluateLowSampleCountPercentile: only 'evaluate' is supported by "
						"this server, which is the default.");
	return HC_OK;
}

static enum hc_code check_statistic(struct hc_call *call, struct hc_err *err)
{
	struct hc_str plain = hc_tree_text(call->in, "Statistic"),
		      extended = hc_tree_text(call->in, "ExtendedStatistic");
	struct hc_str text = plain.p ? plain : extended;
	struct hc_statistic statistic;
	char shown[HC_STR_SHOW_SIZE];
	if (plain.p && extended.p)
		return hc_cloudwatch_combination(call, err,
						 "The parameters ExtendedStatistic and Statistic are mutually "
						 "exclusive and you have specified both.");
	if (!text.p)
		return hc_fault(call, err, 400, "MissingParameter",
				"At least one of the parameters ExtendedStatistic and Statistic must be specified.");
	if (!hc_statistic_parse(text, &statistic) ||
	    (statistic.kind == HC_STATISTIC_PERCENTILE) != (extended.p != NULL))
		return hc_cloudwatch_validation(call, err,
						"The value %s for parameter %s is not supported by this server%s.",
						hc_str_show(text, shown), plain.p ? "Statistic" : "ExtendedStatistic",
						plain.p ? "" : ", which knows percentiles (p0 to p100)");
	return HC_OK;
}

static enum hc_code check_periods(struct hc_call *call, struct hc_err *err)
{
	int64_t period = hc_tree_int(call->in, "Period", 0), periods = hc_tree_int(call->in, "EvaluationPeriods", 0);
	int64_t to_alarm = hc_tree_int(call->in, "DatapointsToAlarm", periods);
	static const int64_t day = 86400;
	if (!(period == 10 || period == 20 || period == 30 || (period > 0 && period % 60 == 0)))
		return hc_cloudwatch_validation(call, err, "Period must be 10, 20, 30 or a multiple of 60");
	if (periods < 1)
		return hc_cloudwatch_validation(call, err, "EvaluationPeriods must be at least 1.");
	if (period < 3600 && (periods > day || period * periods > day))
		return hc_cloudwatch_validation(call, err,
						"Metrics cannot be checked across more than a day (EvaluationPeriods * "
						"Period must be <= 86400).");
	if (periods > day || period > 7 * day || period * periods > 7 * day)
		return hc_cloudwatch_validation(call, err,
						"Metrics cannot be checked across more than a week "
						"(EvaluationPeriods * Period must be <= 604800).");
	if (to_alarm < 1 || to_alarm > periods)
		return hc_cloudwatch_validation(
			call, err, "DatapointsToAlarm must be at least 1 and not be greater than EvaluationPeriods.");
	return HC_OK;
}

static enum hc_code check_judgement(struct hc_call *call, struct hc_err *err)
{
	static const char *const treatments[] = {"missing", "ignore", "breaching", "notBreaching"};
	const char *comparison = hc_tree_cstring(call->in, "ComparisonOperator", NULL);
	const char *treatment = hc_tree_cstring(call->in, "TreatMissingData", "missing");
	const json_t *threshold = hc_tree_at(call->in, "Threshold");
	bool known = false;
	if (!threshold)
		return hc_cloudwatch_missing(call, err, "", "Threshold");
	if (!json_is_number(threshold) || !isfinite(json_number_value(threshold)))
		return hc_cloudwatch_validation(call, err, "The value for parameter Threshold is invalid.");
	if (!comparison)
		return hc_cloudwatch_missing(call, err, "", "ComparisonOperator");
	if (strstr(comparison, "LowerThreshold") || strstr(comparison, "UpperThreshold") ||
	    strstr(comparison, "GreaterThanUpper"))
		return hc_cloudwatch_validation(
			call, err,
			"ComparisonOperator: %s needs anomaly detection, which is not supported by this server.",
			comparison);
	for (size_t i = 0; i < 4; i++)
		known = known || strcmp(treatment, treatments[i]) == 0;
	if (!known)
		return hc_cloudwatch_validation(
			call, err, "TreatMissingData must be one of breaching, notBreaching, ignore and missing.");
	return HC_OK;
}

/* All that an alarm needs, whatever the contract thinks of it; evaluation relies on it. */
static enum hc_code check_alarm(struct hc_call *call, struct hc_err *err)
{
	static const char *const needed[] = {"AlarmName", "MetricName", "Namespace", "Period", "EvaluationPeriods"};
	struct hc_series series;
	struct hc_str unit = hc_tree_text(call->in, "Unit");
	HC_TRY(refuse_unsupported(call, err));
	for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
		if (!hc_tree_at(call->in, needed[i]))
			return hc_cloudwatch_missing(call, err, "", needed[i]);
	struct hc_str name = hc_tree_text(call->in, "AlarmName");
	if (!hc_cloudwatch_is_name(name) || name.n > NAME_BYTES_MAX)
		return hc_cloudwatch_validation(
			call, err, "The value for parameter AlarmName must not be blank or hold control characters.");
	HC_TRY(hc_cloudwatch_metric(call, call->in, "", &series, err));
	if (unit.p && !hc_unit_known(unit).p)
		return hc_cloudwatch_validation(call, err, "The value for parameter Unit is invalid.");
	HC_TRY(check_statistic(call, err));
	HC_TRY(check_periods(call, err));
	return check_judgement(call, err);
}

enum hc_code hc_cloudwatch_put_metric_alarm(struct hc_call *call, struct hc_db *db, struct hc_err *err)
{
	struct hc_alarm alarm;
	bool found;
	int64_t count;
	HC_TRY(check_alarm(call, err));
	struct hc_str name = hc_tree_text(call->in, "AlarmName");
	HC_TRY(hc_alarm_get(db, name, call->arena, &alarm, &found, err));
	if (!found) {
		HC_TRY(hc_alarm_count(db, &count, err));
		if (count >= HC_ALARMS_MAX)
			return hc_fault(call, err, 400, "LimitExceeded", "The maximum limit of %d alarms is reached.",
					HC_ALARMS_MAX);
		alarm = (struct hc_alarm){.name = name,
					  .state = HC_STR("INSUFFICIENT_DATA"),
					  .reason = HC_STR(HC_ALARM_UNCHECKED),
					  .updated_us = call->now_us,
					  .transitioned_us = call->now_us};
	}
	/* The state of an alarm that is changed stays until its evaluation says something else. */
	alarm.configured_us = call->now_us;
	alarm.doc = hc_tree_print(call->in, call->arena);
	if (!alarm.doc.p)
		return hc_fail_nomem(err, "an alarm");
	call->no_output = true;
	return hc_alarm_put(db, &alarm, err);
}

static bool put_arn(const struct hc_call *call, struct hc_str name, json_t *out)
{
	HC_BUF_SCOPED struct hc_buf arn = HC_BUF(NAME_BYTES_MAX + 256);
	hc_buf_printf(&arn, "arn:aws:cloudwatch:%s:%s:alarm:", call->server->region, call->server->account);
	hc_buf_str(&arn, name);
	return !arn.failed && hc_tree_set_text(out, "AlarmArn", hc_buf_view(&arn));
}

/* What was given, what is the default, and the state. */
static json_t *alarm_json(const struct hc_call *call, const struct hc_alarm *a)
{
	static const char *const lists[] = {"OKActions", "AlarmActions", "InsufficientDataActions", "Dimensions"};
	json_t *out = hc_tree_parse(a->doc);
	bool all = out != NULL;
	if (!all)
		return NULL;
	json_object_del(out, "Tags");
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		if (!hc_tree_at(out, lists[i]))
			all = json_object_set_new(out, lists[i], json_array()) == 0 && all;
	if (!hc_tree_at(out, "ActionsEnabled"))
		all = json_object_set_new(out, "ActionsEnabled", json_true()) == 0 && all;
	all = all && put_arn(call, a->name, out);
	all = all && hc_tree_set_instant(out, "AlarmConfigurationUpdatedTimestamp", a->configured_us);
	all = all && hc_tree_set_text(out, "StateValue", a->state) && hc_tree_set_text(out, "StateReason", a->reason);
	all = all && hc_tree_set_text(out, "StateReasonData", a->reason_data);
	all = all && hc_tree_set_instant(out, "StateUpdatedTimestamp", a->updated_us);
	all = all && hc_tree_set_instant(out, "StateTransitionedTimestamp", a->transitioned_us);
	if (!all) {
		json_decref(out);
		return NULL;
	}
	return out;
}

/* DescribeAlarms, read. */
struct describing {
	struct hc_call *call;
	struct hc_db *db;
	struct hc_str *names; /* in order; NULL: all */
	size_t n_names;
	struct hc_str prefix, state, action_prefix;
	size_t limit;
	struct hc_buf after; /* the name of the last alarm looked at */
	struct hc_buf last;  /* and of the last one given */
	json_t *list;
	bool more;
};

static int by_text(const void *a, const void *b)
{
	const struct hc_str *x = a, *y = b;
	return hc_str_cmp(*x, *y);
}

static enum hc_code read_names(struct describing *d, struct hc_err *err)
{
	const json_t *list = hc_tree_at(d->call->in, "AlarmNames"), *one;
	size_t i;
	if (!list || json_array_size(list) == 0)
		return HC_OK;
	if (json_array_size(list) > PAGE_MAX)
		return hc_cloudwatch_validation(
			d->call, err, "The collection AlarmNames must not have a size greater than %d.", PAGE_MAX);
	d->n_names = json_array_size(list);
	d->names = hc_arena_take(d->call->arena, d->n_names * sizeof *d->names);
	if (!d->names)
		return hc_fail_nomem(err, "names");
	json_array_foreach(list, i, one) d->names[i] = hc_cloudwatch_text(one);
	qsort(d->names, d->n_names, sizeof *d->names, by_text);
	return HC_OK;
}

static enum hc_code read_describing(struct describing *d, struct hc_err *err)
{
	const json_t *in = d->call->in;
	struct hc_str token = hc_tree_text(in, "NextToken");
	int64_t limit = hc_tree_int(in, "MaxRecords", PAGE_DEFAULT);
	if (hc_tree_at(in, "ChildrenOfAlarmName") || hc_tree_at(in, "ParentsOfAlarmName"))
		return hc_cloudwatch_validation(d->call, err, "Composite alarms are not supported by this server.");
	if (limit < 1 || limit > PAGE_MAX)
		return hc_cloudwatch_validation(d->call, err, "MaxRecords must be between 1 and %d.", PAGE_MAX);
	d->limit = (size_t)limit;
	d->prefix = hc_tree_text(in, "AlarmNamePrefix");
	d->state = hc_tree_text(in, "StateValue");
	d->action_prefix = hc_tree_text(in, "ActionPrefix");
	HC_TRY(read_names(d, err));
	if (d->names && d->prefix.p)
		return hc_cloudwatch_combination(d->call, err,
						 "The parameters AlarmNames and AlarmNamePrefix are mutually exclusive "
						 "and you have specified both.");
	if (token.p && (!hc_base64_decode(token, &d->after) || d->after.failed || d->after.n == 0 ||
			hc_utf8_valid_prefix(d->after.p, d->after.n) != d->after.n))
		return hc_fault(d->call, err, 400, "InvalidNextToken", "The value for parameter NextToken is invalid.");
	return HC_OK;
}

static bool has_action(const json_t *alarm, struct hc_str prefix)
{
	static const char *const lists[] = {"OKActions", "AlarmActions", "InsufficientDataActions"};
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		const json_t *one;
		size_t k;
		json_array_foreach(hc_tree_at(alarm, lists[i]), k, one)
		{
			struct hc_str action = hc_cloudwatch_text(one);
			if (action.n >= prefix.n && memcmp(action.p, prefix.p, prefix.n) == 0)
				return true;
		}
	}
	return false;
}

/* Evaluates an alarm and gives it if it is asked for. */
static enum hc_code look_at_alarm(struct describing *d, struct hc_alarm *a, struct hc_arena *arena, struct hc_err *err)
{
	hc_buf_reset(&d->after);
	hc_buf_str(&d->after, a->name);
	HC_TRY(hc_alarm_evaluate(d->db, a, d->call->now_us, arena, err));
	if (d->state.p && !hc_str_eq(a->state, d->state))
		return HC_OK;
	json_t *one = alarm_json(d->call, a);
	if (!one)
		return hc_fail_nomem(err, "alarms");
	if (d->action_prefix.p && !has_action(one, d->action_prefix)) {
		json_decref(one);
		return HC_OK;
	}
	if (json_array_size(d->list) == d->limit) {
		json_decref(one);
		d->more = true;
		return HC_OK;
	}
	hc_buf_reset(&d->last);
	hc_buf_str(&d->last, a->name);
	return json_array_append_new(d->list, one) == 0 ? HC_OK : hc_fail_nomem(err, "alarms");
}

static enum hc_code look_by_name(struct describing *d, struct hc_err *err)
{
	for (size_t i = 0; i < d->n_names && !d->more; i++) {
		struct hc_arena arena HC_ARENA_SCOPED = HC_ARENA(BATCH_BYTES);
		struct hc_alarm a;
		bool found;
		if (hc_str_cmp(d->names[i], hc_buf_view(&d->after)) <= 0)
			continue;
		HC_TRY(hc_alarm_get(d->db, d->names[i], &arena, &a, &found, err));
		if (found)
			HC_TRY(look_at_alarm(d, &a, &arena, err));
	}
	return HC_OK;
}

static enum hc_code look_at_all(struct describing *d, struct hc_err *err)
{
	for (size_t n = BATCH; n == BATCH && !d->more;) {
		struct hc_arena arena HC_ARENA_SCOPED = HC_ARENA(BATCH_BYTES);
		struct hc_alarm *list;
		HC_TRY(hc_alarm_list(d->db, d->prefix, hc_buf_view(&d->after), BATCH, &arena, &list, &n, err));
		for (size_t i = 0; i < n && !d->more; i++)
			HC_TRY(look_at_alarm(d, &list[i], &arena, err));
	}
	return HC_OK;
}

static bool wants_metric_alarms(const json_t *types)
{
	const json_t *one;
	size_t i;
	json_array_foreach(types, i, one) if (hc_str_eq(hc_cloudwatch_text(one), HC_STR("MetricAlarm"))) return true;
	return json_array_size(types) == 0;
}

enum hc_code hc_cloudwatch_describe_alarms(struct hc_call *call, struct hc_db *db, struct hc_err *err)
{
	HC_BUF_SCOPED struct hc_buf token = HC_BUF(2 * NAME_BYTES_MAX);
	struct describing d = {.call = call, .db = db, .list = json_array()};
	d.after = HC_BUF(NAME_BYTES_MAX);
	d.last = HC_BUF(NAME_BYTES_MAX);
	bool all = json_object_set_new(call->out, "MetricAlarms", d.list) == 0;
	all = json_object_set_new(call->out, "CompositeAlarms", json_array()) == 0 && all;
	enum hc_code code = all ? read_describing(&d, err) : hc_fail_nomem(err, "alarms");
	if (code == HC_OK && wants_metric_alarms(hc_tree_at(call->in, "AlarmTypes")))
		code = d.names ? look_by_name(&d, err) : look_at_all(&d, err);
	if (code == HC_OK && d.more) {
		hc_base64_encode(hc_buf_view(&d.last), &token);
		if (token.failed || !hc_tree_set_text(call->out, "NextToken", hc_buf_view(&token)))
			code = hc_fail_nomem(err, "alarms");
	}
	hc_buf_free(&d.after);
	hc_buf_free(&d.last);
	return code;
}

enum hc_code hc_cloudwatch_delete_alarms(struct hc_call *call, struct hc_db *db, struct hc_err *err)
{
	const json_t *list = hc_tree_at(call->in, "AlarmNames"), *one;
	size_t i;
	json_array_foreach(list, i, one)
	{
		struct hc_str name = hc_cloudwatch_text(one);
		struct hc_alarm alarm;
		char shown[HC_STR_SHOW_SIZE];
		bool found;
		HC_TRY(hc_alarm_get(db, name, call->arena, &alarm, &found, err));
		/* The fault undoes what was deleted before it: none or all. */
		if (!found)
			return hc_fault(call, err, 404, "ResourceNotFound", "Alarm %s does not exist.",
					hc_str_show(name, shown));
	}
	json_array_foreach(list, i, one)
	{
		bool found;
		HC_TRY(hc_alarm_delete(db, hc_cloudwatch_text(one), &found, err));
	}
	call->no_output = true;
	return HC_OK;
}
