/* Statistics out: of one metric (GetMetricStatistics), of several (GetMetricData). */
#include <stdio.h>

#include "base/number.h"
#include "cloudwatch/common.h"

enum {
	DATAPOINTS_MAX = 1440,         /* of GetMetricStatistics */
	QUERIES_MAX = 500,             /* of GetMetricData, */
	VALUES_MAX = 100800,           /* its values in one page, */
	PERIODS_MAX = 10 * VALUES_MAX, /* and the periods with datapoints that one query looks at */
	PERIODS_BYTES = 256 << 20,
	STATISTICS_MAX = 10,
	PLACE_MAX = HC_CLOUDWATCH_PLACE_MAX,
};

/* 1234567 as "1,234,567". */
static void put_grouped(int64_t n, char out[32])
{
	char digits[24];
	int length = snprintf(digits, sizeof digits, "%lld", (long long)n);
	for (int i = 0; i < length; i++) {
		*out++ = digits[i];
		if ((length - i) % 3 == 1 && i + 1 < length)
			*out++ = ',';
	}
	*out = '\0';
}

struct wanted {
	struct hc_statistic statistics[STATISTICS_MAX];
	struct hc_str names[STATISTICS_MAX];
	size_t n;
	bool extended;
};

static enum hc_code read_wanted(struct hc_call *call, struct wanted *w, struct hc_err *err)
{
	const json_t *plain = hc_tree_at(call->in, "Statistics"),
		     *extended = hc_tree_at(call->in, "ExtendedStatistics");
	const json_t *list = plain ? plain : extended, *one;
	size_t i;
	char shown[HC_STR_SHOW_SIZE];
	if (!plain && !extended)
		return hc_cloudwatch_combination(
			call, err,
			"At least one of the parameters ExtendedStatistics and Statistics must be specified.");
	if (plain && extended)
		return hc_cloudwatch_combination(call, err,
						 "The parameters ExtendedStatistics and Statistics are mutually "
						 "exclusive and you have specified both.");
	if (json_array_size(list) == 0 || json_array_size(list) > STATISTICS_MAX)
		return hc_cloudwatch_invalid(call, err, "The collection %s must have a size between 1 and %d.",
					     plain ? "Statistics" : "ExtendedStatistics", STATISTICS_MAX);
	*w = (struct wanted){.n = json_array_size(list), .extended = extended != NULL};
	json_array_foreach(list, i, one)
	{
		w->names[i] = hc_cloudwatch_text(one);
		if (!w->names[i].p || !hc_statistic_parse(w->names[i], &w->statistics[i]) ||
		    (w->statistics[i].kind == HC_STATISTIC_PERCENTILE) != w->extended)
			return hc_cloudwatch_invalid(
				call, err, "The value %s for parameter %s.member.%zu is %s.",
				w->names[i].p ? hc_str_show(w->names[i], shown) : "given",
				plain ? "Statistics" : "ExtendedStatistics", i + 1,
				plain ? "invalid"
				      : "not supported by this server, which knows percentiles (p0 to p100)");
	}
	return HC_OK;
}

/* Where and when: what both operations ask of a metric. */
static enum hc_code read_range(struct hc_call *call, int64_t period, struct hc_period_query *q, struct hc_err *err)
{
	int64_t start_us = hc_tree_instant(call->in, "StartTime"), end_us = hc_tree_instant(call->in, "EndTime");
	q->period_us = period * HC_SECOND_US;
	q->from_us = hc_cloudwatch_align(start_us, q->period_us);
	q->until_us = end_us;
	if (start_us >= end_us)
		return hc_fault(call, err, 400,
				strcmp(call->operation->name, "GetMetricData") == 0 ? "ValidationError"
										    : "InvalidParameterValue",
				"The parameter StartTime must be less than the parameter EndTime.");
	return HC_OK;
}

static enum hc_code read_query(struct hc_call *call, struct hc_period_query *q, struct hc_err *err)
{
	int64_t period = hc_tree_int(call->in, "Period", 0);
	if (!hc_cloudwatch_is_period(period))
		return hc_cloudwatch_invalid(call, err,
					     "The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60.");
	HC_TRY(read_range(call, period, q, err));
	int64_t count = (q->until_us - q->from_us + q->period_us - 1) / q->period_us;
	if (count > DATAPOINTS_MAX) {
		char grouped[32];
		put_grouped(count, grouped);
		return hc_cloudwatch_combination(call, err,
						 "You have requested up to %s datapoints, which exceeds the limit of "
						 "1,440. You may reduce the datapoints requested by increasing Period, "
						 "or decreasing the time range.",
						 grouped);
	}
	q->unit = hc_tree_text(call->in, "Unit");
	q->by_unit = true;
	q->limit = (size_t)DATAPOINTS_MAX * 32; /* units apart */
	return HC_OK;
}

static enum hc_code put_datapoint(struct hc_db *db, const struct hc_period_query *q, const struct hc_period *p,
				  const struct wanted *w, json_t *list, struct hc_err *err)
{
	json_t *one = json_object();
	bool all = json_array_append_new(list, one) == 0 && hc_tree_set_instant(one, "Timestamp", p->start_us) &&
		   hc_tree_set_text(one, "Unit", p->unit);
	json_t *into = w->extended ? json_object() : one;
	if (w->extended)
		all = all && json_object_set_new(one, "ExtendedStatistics", into) == 0;
	for (size_t i = 0; all && i < w->n; i++) {
		double value;
		bool found;
		HC_TRY(hc_period_value(db, q, p, w->statistics[i], &value, &found, err));
		all = !found || json_object_setn_new(into, w->names[i].p, w->names[i].n, json_real(value)) == 0;
	}
	return all ? HC_OK : hc_fail_nomem(err, "datapoints");
}

enum hc_code hc_cloudwatch_get_metric_statistics(struct hc_call *call, struct hc_db *db, struct hc_err *err)
{
	struct hc_period_query q = {0};
	struct hc_period *periods = NULL;
	struct hc_series series;
	struct wanted wanted;
	size_t n = 0;
	HC_TRY(hc_cloudwatch_metric(call, call->in, "", &series, err));
	HC_TRY(read_wanted(call, &wanted, err));
	HC_TRY(read_query(call, &q, err));
	HC_TRY(hc_series_find(db, &series, &q.series, err));
	if (q.series != 0)
		HC_TRY(hc_periods_read(db, &q, call->arena, &periods, &n, err));
	json_t *list = json_array();
	if (!hc_tree_set_text(call->out, "Label", series.name) ||
	    json_object_set_new(call->out, "Datapoints", list) != 0)
		return hc_fail_nomem(err, "datapoints");
	for (size_t i = 0; i < n; i++) {
		/* What no percentile can be told of is no datapoint. */
		if (!wanted.extended || periods[i].has_values)
			HC_TRY(put_datapoint(db, &q, &periods[i], &wanted, list, err));
	}
	return HC_OK;
}

/* One element of MetricDataQueries, read. */
struct query {
	struct hc_str id, label;
	struct hc_series series;
	struct hc_statistic statistic;
	struct hc_period_query range;
	bool returned;
};

static bool is_id(struct hc_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool lower = c >= 'a' && c <= 'z', other = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
		if (!lower && (i == 0 || !other))
			return false;
	}
	return s.n > 0;
}

/* What CloudWatch can and we cannot: refused, never passed over. */
static enum hc_code refuse_unsupported(struct hc_call *call, const json_t *in, const char *place, struct hc_err *err)
{
	struct hc_str account = hc_tree_text(in, "AccountId"), label = hc_tree_text(in, "Label");
	if (hc_tree_at(in, "Expression"))
		return hc_cloudwatch_validation(
			call, err,
			"%sExpression: metric math and queries are not supported by this server; use MetricStat.",
			place);
	if (account.p && !hc_str_eq(account, hc_str(call->server->account)))
		return hc_cloudwatch_validation(
			call, err, "%sAccountId: metrics of linked accounts are not supported by this server.", place);
	if (label.p && memmem(label.p, label.n, "${", 2))
		return hc_cloudwatch_validation(call, err, "%sLabel: dynamic labels are not supported by this server.",
						place);
	if (!hc_tree_at(in, "MetricStat"))
		return hc_cloudwatch_validation(
			call, err, "The parameters %sExpression and %sMetricStat: exactly one must be specified.",
			place, place);
	if (hc_tree_at(in, "Period"))
		return hc_cloudwatch_validation(
			call, err, "%sPeriod must not be specified together with MetricStat, which has its own.",
			place);
	return HC_OK;
}

static enum hc_code read_data_query(struct hc_call *call, const json_t *in, const char *place, struct query *q,
				    struct hc_err *err)
{
	char inner[PLACE_MAX + 32], shown[HC_STR_SHOW_SIZE];
	struct hc_str stat = hc_tree_text(in, "MetricStat.Stat");
	int64_t period = hc_tree_int(in, "MetricStat.Period", 0);
	*q = (struct query){.id = hc_tree_text(in, "Id"), .label = hc_tree_text(in, "Label")};
	if (!is_id(q->id))
		return hc_cloudwatch_validation(call, err,
						"The value for parameter %sId is not matching the expected pattern "
						"^[a-z][a-zA-Z0-9_]*$.",
						place);
	HC_TRY(refuse_unsupported(call, in, place, err));
	snprintf(inner, sizeof inner, "%sMetricStat.Metric.", place);
	HC_TRY(hc_cloudwatch_metric(call, hc_tree_at(in, "MetricStat.Metric"), inner, &q->series, err));
	if (!stat.p || !hc_statistic_parse(stat, &q->statistic))
		return hc_cloudwatch_validation(call, err,
						"The value %s for parameter %sMetricStat.Stat is not supported by this "
						"server: SampleCount, Average, Sum, Minimum, Maximum or a percentile.",
						stat.p ? hc_str_show(stat, shown) : "missing", place);
	if (!hc_cloudwatch_is_period(period))
		return hc_cloudwatch_validation(
			call, err, "The parameter %sMetricStat.Period must be 1, 5, 10, 20, 30 or a multiple of 60.",
			place);
	HC_TRY(read_range(call, period, &q->range, err));
	q->range.unit = hc_tree_text(in, "MetricStat.Unit");
	q->range.limit = PERIODS_MAX;
	q->returned = hc_tree_bool(in, "ReturnData", true);
	if (!q->label.p)
		q->label = q->series.name;
	return HC_OK;
}

/* A page: it begins with a query, behind one of its timestamps. */
struct page {
	size_t first, left;
	bool has_at, full, descending;
	int64_t at_us;
};

/* Tokens of GetMetricData: "QUERY" or "QUERY-SECONDS", the last timestamp given of that query. */
static enum hc_code read_page(struct hc_call *call, struct page *p, struct hc_err *err)
{
	struct hc_str token = hc_tree_text(call->in, "NextToken");
	int64_t most = hc_tree_int(call->in, "MaxDatapoints", VALUES_MAX);
	uint64_t first = 0, at = 0;
	if (most < 1 || most > VALUES_MAX)
		return hc_cloudwatch_validation(call, err, "The parameter MaxDatapoints must be between 1 and %d.",
						VALUES_MAX);
	*p = (struct page){.left = (size_t)most};
	p->descending = strcmp(hc_tree_cstring(call->in, "ScanBy", "TimestampDescending"), "TimestampAscending") != 0;
	if (!token.p)
		return HC_OK;
	const char *dash = memchr(token.p, '-', token.n);
	struct hc_str head = {token.p, dash ? (size_t)(dash - token.p) : token.n};
	bool good = hc_u64_parse(head, &first) && first < QUERIES_MAX;
	if (dash)
		good = good && hc_u64_parse((struct hc_str){dash + 1, token.n - head.n - 1}, &at) &&
		       at < UINT64_C(253402300800);
	if (!good)
		return hc_fault(call, err, 400, "InvalidNextToken", "The value for parameter NextToken is invalid.");
	p->first = (size_t)first;
	p->has_at = dash != NULL;
	p->at_us = (int64_t)at * HC_SECOND_US;
	return HC_OK;
}

static bool put_next_token(struct hc_call *call, size_t query, bool has_at, int64_t at_us)
{
	char token[64];
	int n = snprintf(token, sizeof token, "%zu", query);
	if (has_at)
		snprintf(token + n, sizeof token - (size_t)n, "-%lld", (long long)(at_us / HC_SECOND_US));
	return hc_tree_set_text(call->out, "NextToken", hc_str(token));
}

/* The values of one query, as far as the page has room; *last is the timestamp behind which it was full. */
static enum hc_code put_values(struct hc_call *call, struct hc_db *db, const struct query *q, struct page *page,
			       bool continued, json_t *timestamps, json_t *values, int64_t *last, struct hc_err *err)
{
	struct hc_arena arena HC_ARENA_SCOPED = HC_ARENA(PERIODS_BYTES);
	struct hc_period *periods = NULL;
	size_t n = 0;
	struct hc_period_query range = q->range;
	HC_TRY(hc_series_find(db, &q->series, &range.series, err));
	if (range.series != 0) {
		enum hc_code code = hc_periods_read(db, &range, &arena, &periods, &n, err);
		if (code == HC_LIMIT)
			return hc_cloudwatch_validation(
				call, err,
				"A query of this server looks at %d periods at most. You may reduce them by "
				"increasing Period, or decreasing the time range.",
				PERIODS_MAX);
		HC_TRY(code);
	}
	for (size_t i = 0; i < n; i++) {
		const struct hc_period *p = &periods[page->descending ? n - 1 - i : i];
		double value = 0;
		bool found, before = page->descending ? p->start_us >= page->at_us : p->start_us <= page->at_us;
		if (continued && before)
			continue;
		HC_TRY(hc_period_value(db, &range, p, q->statistic, &value, &found, err));
		if (!found)
			continue;
		if (page->left == 0) {
			page->full = true;
			return HC_OK;
		}
		json_t *second = json_integer(p->start_us / HC_SECOND_US);
		if (json_array_append_new(timestamps, second) != 0 ||
		    json_array_append_new(values, json_real(value)) != 0)
			return hc_fail_nomem(err, "metric data");
		page->left--;
		*last = p->start_us;
	}
	return HC_OK;
}

static enum hc_code put_result(struct hc_call *call, struct hc_db *db, const struct query *q, size_t index,
			       struct page *page, json_t *results, struct hc_err *err)
{
	json_t *one = json_object(), *timestamps = json_array(), *values = json_array();
	bool continued = page->has_at && index == page->first;
	int64_t last = 0;
	bool all = json_array_append_new(results, one) == 0 && hc_tree_set_text(one, "Id", q->id) &&
		   hc_tree_set_text(one, "Label", q->label);
	all = (json_object_set_new(one, "Timestamps", timestamps) == 0) & all;
	all = (json_object_set_new(one, "Values", values) == 0) & all;
	if (!all)
		return hc_fail_nomem(err, "metric data");
	HC_TRY(put_values(call, db, q, page, continued, timestamps, values, &last, err));
	all = hc_tree_set_text(one, "StatusCode", page->full ? HC_STR("PartialData") : HC_STR("Complete"));
	if (page->full)
		/* Nothing of this one had room: the next page begins with it, or where it stood. */
		all = all && put_next_token(call, index, last || continued, last ? last : page->at_us);
	return all ? HC_OK : hc_fail_nomem(err, "metric data");
}

static enum hc_code read_queries(struct hc_call *call, struct query **out, size_t *n, struct hc_err *err)
{
	const json_t *list = hc_tree_at(call->in, "MetricDataQueries"), *one;
	size_t i, count = json_array_size(list);
	if (count == 0 || count > QUERIES_MAX)
		return hc_cloudwatch_validation(
			call, err, "The collection MetricDataQueries must have a size between 1 and %d.", QUERIES_MAX);
	struct query *queries = hc_arena_take(call->arena, count * sizeof *queries);
	if (!queries)
		return hc_fail_nomem(err, "queries");
	json_array_foreach(list, i, one)
	{
		char place[PLACE_MAX];
		snprintf(place, sizeof place, "MetricDataQueries.member.%zu.", i + 1);
		HC_TRY(read_data_query(call, one, place, &queries[i], err));
		for (size_t k = 0; k < i; k++)
			if (hc_str_eq(queries[k].id, queries[i].id))
				return hc_cloudwatch_validation(
					call, err, "The values for parameter Id in MetricDataQueries are not unique.");
	}
	*out = queries;
	*n = count;
	return HC_OK;
}

enum hc_code hc_cloudwatch_get_metric_data(struct hc_call *call, struct hc_db *db, struct hc_err *err)
{
	struct query *queries;
	struct page page;
	size_t n;
	json_t *results = json_array();
	if (json_object_set_new(call->out, "MetricDataResults", results) != 0 ||
	    json_object_set_new(call->out, "Messages", json_array()) != 0)
		return hc_fail_nomem(err, "metric data");
	HC_TRY(read_queries(call, &queries, &n, err));
	HC_TRY(read_page(call, &page, err));
	if (page.first >= n)
		return hc_fault(call, err, 400, "InvalidNextToken", "The value for parameter NextToken is invalid.");
	for (size_t i = page.first; i < n && !page.full; i++)
		if (queries[i].returned)
			HC_TRY(put_result(call, db, &queries[i], i, &page, results, err));
	return HC_OK;
}
