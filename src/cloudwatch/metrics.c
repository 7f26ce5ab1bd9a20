/* Metric data in; which metrics there are. */
#include <math.h>
#include <stdio.h>

#include "base/number.h"
#include "cloudwatch/common.h"
#include "publish/metrics_file.h"

enum { DATA_MAX = 1000, VALUES_MAX = 150, PAGE = 500 };

/* AWS takes what stands within two weeks in the past and two hours in the future. */
#define PAST_US (14 * HC_DAY_US)
#define FUTURE_US (2 * HC_HOUR_US)
#define RECENTLY_US (3 * HC_HOUR_US)

struct datum {
	const json_t *in;
	char place[HC_CLOUDWATCH_PLACE_MAX]; /* "MetricData.member.1." */
	struct hc_series series;
	int64_t at_us;
	struct hc_str unit;
	struct hc_datapoint *points;
	size_t n;
};

/* A finite number in CloudWatch's range. */
static enum hc_code read_number(struct hc_call *call, const json_t *from, const char *place, const char *name,
				double *out, struct hc_err *err)
{
	double x = json_number_value(from);
	char shown[HC_STR_SHOW_SIZE];
	if (!from)
		return hc_cloudwatch_missing(call, err, place, name);
	if (!json_is_number(from))
		return hc_cloudwatch_invalid(call, err, "The value %s for parameter %s%s is invalid.",
					     json_is_string(from) ? hc_str_show(hc_cloudwatch_text(from), shown)
								  : "of that type",
					     place, name);
	if (!(fabs(x) <= HC_METRIC_VALUE_MAX))
		return hc_cloudwatch_invalid(call, err, "The value %g for parameter %s%s is invalid.", x, place, name);
	*out = x;
	return HC_OK;
}

static enum hc_code read_set(struct hc_call *call, struct datum *d, struct hc_err *err)
{
	struct hc_datapoint *p = &d->points[0];
	static const char *const names[] = {"SampleCount", "Sum", "Minimum", "Maximum"};
	double *const members[] = {&p->samples, &p->sum, &p->minimum, &p->maximum};
	char place[HC_CLOUDWATCH_PLACE_MAX];
	snprintf(place, sizeof place, "%sStatisticValues.", d->place);
	const json_t *set = hc_tree_at(d->in, "StatisticValues");
	for (size_t i = 0; i < 4; i++)
		HC_TRY(read_number(call, hc_tree_at(set, names[i]), place, names[i], members[i], err));
	if (!(p->samples > 0))
		return hc_cloudwatch_invalid(call, err, "The parameter %sSampleCount must be greater than 0.", place);
	if (p->minimum > p->maximum)
		return hc_cloudwatch_invalid(call, err, "The parameter %sMaximum must be greater than %sMinimum.",
					     place, place);
	return HC_OK;
}

static enum hc_code read_values(struct hc_call *call, struct datum *d, const json_t *values, const json_t *counts,
				struct hc_err *err)
{
	char name[32];
	for (size_t i = 0; i < d->n; i++) {
		double value = 0, count = 1;
		snprintf(name, sizeof name, "Values.member.%zu", i + 1);
		HC_TRY(read_number(call, json_array_get(values, i), d->place, name, &value, err));
		snprintf(name, sizeof name, "Counts.member.%zu", i + 1);
		if (counts)
			HC_TRY(read_number(call, json_array_get(counts, i), d->place, name, &count, err));
		if (!(count > 0))
			return hc_cloudwatch_invalid(call, err, "The parameter %s%s must be greater than 0.", d->place,
						     name);
		if (!(fabs(value * count) <= HC_METRIC_VALUE_MAX))
			return hc_cloudwatch_invalid(call, err, "The value %g for parameter %s%s is invalid.", count,
						     d->place, name);
		d->points[i] = (struct hc_datapoint){
			.samples = count, .sum = value * count, .minimum = value, .maximum = value};
	}
	return HC_OK;
}

/* Exactly one of Value, Values (with Counts) and StatisticValues. */
static enum hc_code read_points(struct hc_call *call, struct datum *d, struct hc_err *err)
{
	const json_t *value = hc_tree_at(d->in, "Value"), *values = hc_tree_at(d->in, "Values");
	const json_t *counts = hc_tree_at(d->in, "Counts"), *set = hc_tree_at(d->in, "StatisticValues");
	const char *const first = value ? "Value" : "Values", *const second = set ? "StatisticValues" : "Values";
	if (!value && !values && !set)
		return hc_cloudwatch_combination(
			call, err,
			"At least one of the parameters %sValue, %sValues and %sStatisticValues must be specified.",
			d->place, d->place, d->place);
	if ((value != NULL) + (values != NULL) + (set != NULL) > 1)
		return hc_cloudwatch_combination(
			call, err, "The parameters %s%s and %s%s are mutually exclusive and you have specified both.",
			d->place, first, d->place, second);
	d->n = values ? json_array_size(values) : 1;
	if (counts && (!values || json_array_size(counts) != d->n))
		return hc_cloudwatch_invalid(call, err,
					     "The parameters %sValues and %sCounts must be of the same size.", d->place,
					     d->place);
	if (d->n == 0 || d->n > VALUES_MAX)
		return hc_cloudwatch_invalid(call, err, "The collection %sValues must have a size between 1 and %d.",
					     d->place, VALUES_MAX);
	d->points = hc_arena_take(call->arena, d->n * sizeof *d->points);
	if (!d->points)
		return hc_fail_nomem(err, "metric data");
	if (set)
		return read_set(call, d, err);
	if (values)
		return read_values(call, d, values, counts, err);
	double x = 0;
	HC_TRY(read_number(call, value, d->place, "Value", &x, err));
	d->points[0] = (struct hc_datapoint){.samples = 1, .sum = x, .minimum = x, .maximum = x};
	return HC_OK;
}

static enum hc_code read_time(struct hc_call *call, struct datum *d, struct hc_err *err)
{
	d->at_us = call->now_us;
	if (!hc_tree_at(d->in, "Timestamp"))
		return HC_OK;
	d->at_us = hc_tree_instant(d->in, "Timestamp");
	if (d->at_us < call->now_us - PAST_US)
		return hc_cloudwatch_invalid(
			call, err, "The parameter %sTimestamp must specify a time no more than two weeks in the past.",
			d->place);
	if (d->at_us > call->now_us + FUTURE_US)
		return hc_cloudwatch_invalid(
			call, err,
			"The parameter %sTimestamp must specify a time no more than two hours in the future.",
			d->place);
	return HC_OK;
}

static enum hc_code put_datum(struct hc_call *call, struct hc_db *db, struct datum *d, struct hc_err *err)
{
	struct hc_str unit = hc_tree_text(d->in, "Unit");
	int64_t resolution = hc_tree_int(d->in, "StorageResolution", 60);
	HC_TRY(hc_cloudwatch_name(call, d->in, d->place, "MetricName", &d->series.name, err));
	HC_TRY(hc_cloudwatch_dimensions(call, hc_tree_at(d->in, "Dimensions"), d->place, false, &d->series, err));
	d->unit = unit.p ? hc_unit_known(unit) : HC_STR("None");
	if (!d->unit.p)
		return hc_cloudwatch_invalid(call, err, "The value for parameter %sUnit is invalid.", d->place);
	if (resolution != 1 && resolution != 60)
		return hc_cloudwatch_invalid(call, err, "The parameter %sStorageResolution must be 1 or 60.", d->place);
	HC_TRY(read_time(call, d, err));
	HC_TRY(read_points(call, d, err));
	for (size_t i = 0; i < d->n; i++) {
		d->points[i].at_us = d->at_us;
		d->points[i].unit = d->unit;
	}
	return hc_series_add(db, &d->series, d->points, d->n, call->now_us, err);
}

enum hc_code hc_cloudwatch_put_metric_data(struct hc_call *call, struct hc_db *db, struct hc_err *err)
{
	const json_t *data = hc_tree_at(call->in, "MetricData"), *one;
	struct hc_str space = hc_tree_text(call->in, "Namespace");
	char shown[HC_STR_SHOW_SIZE];
	size_t i;
	if (hc_tree_at(call->in, "EntityMetricData") || hc_tree_bool(call->in, "StrictEntityValidation", false))
		return hc_cloudwatch_invalid(
			call, err, "EntityMetricData and StrictEntityValidation are not supported by this server.");
	if (!space.p)
		return hc_cloudwatch_missing(call, err, "", "Namespace");
	if (!hc_cloudwatch_is_name(space) || hc_str_starts(space, HC_CLOUDWATCH_RESERVED))
		return hc_cloudwatch_invalid(call, err, "The value %s for parameter Namespace is invalid.",
					     hc_str_show(space, shown));
	if (json_array_size(data) == 0)
		return hc_cloudwatch_missing(call, err, "", "MetricData");
	if (json_array_size(data) > DATA_MAX)
		return hc_cloudwatch_invalid(
			call, err, "The collection MetricData must not have a size greater than %d.", DATA_MAX);
	json_array_foreach(data, i, one)
	{
		struct datum d = {.in = one, .series.space = space};
		snprintf(d.place, sizeof d.place, "MetricData.member.%zu.", i + 1);
		HC_TRY(put_datum(call, db, &d, err));
	}
	call->no_output = true;
	return HC_OK;
}

/* Tokens of ListMetrics: "m" and the last series' number. */
static bool read_token(struct hc_str token, int64_t *out)
{
	uint64_t id = 0;
	if (!token.p)
		return true;
	if (token.n < 2 || token.p[0] != 'm' || !hc_u64_parse((struct hc_str){token.p + 1, token.n - 1}, &id) ||
	    id > INT64_MAX)
		return false;
	*out = (int64_t)id;
	return true;
}

static json_t *listed_json(const struct hc_series *s)
{
	json_t *one = json_object();
	bool all = one && hc_tree_set_text(one, "Namespace", s->space) &&
		   hc_tree_set_text(one, "MetricName", s->name) &&
		   json_object_set_new(one, "Dimensions", hc_cloudwatch_dimensions_json(s)) == 0;
	if (!all) {
		json_decref(one);
		return NULL;
	}
	return one;
}

enum hc_code hc_cloudwatch_list_metrics(struct hc_call *call, struct hc_db *db, struct hc_err *err)
{
	struct hc_series_filter filter = {.limit = PAGE};
	struct hc_series dimensions = {0};
	struct hc_series_listed *list;
	struct hc_str owner = hc_tree_text(call->in, "OwningAccount");
	size_t n;
	bool more;
	if (hc_tree_bool(call->in, "IncludeLinkedAccounts", false) ||
	    (owner.p && !hc_str_eq(owner, hc_str(call->server->account))))
		return hc_cloudwatch_invalid(call, err, "Metrics of linked accounts are not supported by this server.");
	if (!read_token(hc_tree_text(call->in, "NextToken"), &filter.after_id))
		return hc_cloudwatch_invalid(call, err, "The value for parameter NextToken is invalid.");
	HC_TRY(hc_cloudwatch_dimensions(call, hc_tree_at(call->in, "Dimensions"), "", true, &dimensions, err));
	filter.space = hc_tree_text(call->in, "Namespace");
	filter.name = hc_tree_text(call->in, "MetricName");
	filter.dimensions = dimensions.dimensions;
	filter.n_dimensions = dimensions.n_dimensions;
	if (hc_tree_text(call->in, "RecentlyActive").p)
		filter.arrived_after_us = call->now_us - RECENTLY_US;
	HC_TRY(hc_series_list(db, &filter, call->arena, &list, &n, &more, err));
	json_t *metrics = json_array();
	bool all = json_object_set_new(call->out, "Metrics", metrics) == 0;
	for (size_t i = 0; all && i < n; i++)
		all = json_array_append_new(metrics, listed_json(&list[i].series)) == 0;
	if (all && more) {
		char token[32];
		snprintf(token, sizeof token, "m%lld", (long long)list[n - 1].id);
		all = hc_tree_set_text(call->out, "NextToken", hc_str(token));
	}
	return all ? HC_OK : hc_fail_nomem(err, "a list of metrics");
}
