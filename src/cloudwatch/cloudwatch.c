#include "cloudwatch/cloudwatch.h"

#include "cloudwatch/common.h"

static const struct hc_handled operations[] = {
	{"PutMetricData", hc_cloudwatch_put_metric_data, true},
	{"ListMetrics", hc_cloudwatch_list_metrics, false},
	{"GetMetricStatistics", hc_cloudwatch_get_metric_statistics, false},
	{"GetMetricData", hc_cloudwatch_get_metric_data, false},
	{"PutMetricAlarm", hc_cloudwatch_put_metric_alarm, true},
	/* It evaluates what it shows. */
	{"DescribeAlarms", hc_cloudwatch_describe_alarms, true},
	{"DeleteAlarms", hc_cloudwatch_delete_alarms, true},
};

const struct hc_service hc_cloudwatch = {"monitoring", operations, sizeof operations / sizeof *operations};

bool hc_cloudwatch_is_name(struct hc_str text)
{
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] < 0x20 || text.p[i] == 0x7f)
			return false;
	return hc_str_trim(text).n > 0;
}

enum hc_code hc_cloudwatch_dimensions(struct hc_call *call, const json_t *list, const char *place, bool filters,
				      struct hc_series *out, struct hc_err *err)
{
	const size_t n = json_array_size(list), most = filters ? HC_DIMENSION_FILTERS_MAX : HC_DIMENSIONS_MAX;
	struct hc_dimension *dimensions = hc_arena_take(call->arena, (n + 1) * sizeof *dimensions);
	const json_t *d;
	size_t i;
	if (!dimensions)
		return hc_fail_nomem(err, "dimensions");
	if (n > most)
		return hc_cloudwatch_invalid(
			call, err, "The collection %sDimensions must not have a size greater than %zu.", place, most);
	json_array_foreach(list, i, d)
	{
		struct hc_dimension one = {hc_tree_text(d, "Name"), hc_tree_text(d, "Value")};
		if (!one.name.p || (!one.value.p && !filters))
			return hc_fault(call, err, 400, "MissingParameter",
					"The parameter %sDimensions.member.%zu.%s is required.", place, i + 1,
					one.name.p ? "Value" : "Name");
		if (!hc_cloudwatch_is_name(one.name) || (one.value.p && !hc_cloudwatch_is_name(one.value)))
			return hc_cloudwatch_invalid(
				call, err,
				"The value for parameter %sDimensions.member.%zu must not be blank or "
				"hold control characters.",
				place, i + 1);
		for (size_t k = 0; k < i && !filters; k++)
			if (hc_str_eq(dimensions[k].name, one.name))
				return hc_cloudwatch_invalid(call, err,
							     "The parameter %sDimensions must not name %.*s twice.",
							     place, HC_STR_ARG(one.name));
		dimensions[i] = one;
	}
	out->dimensions = dimensions;
	out->n_dimensions = n;
	return HC_OK;
}

enum hc_code hc_cloudwatch_name(struct hc_call *call, const json_t *from, const char *place, const char *member,
				struct hc_str *out, struct hc_err *err)
{
	struct hc_str text = hc_tree_text(from, member);
	if (!text.p)
		return hc_cloudwatch_missing(call, err, place, member);
	if (!hc_cloudwatch_is_name(text))
		return hc_cloudwatch_invalid(
			call, err, "The value for parameter %s%s must not be blank or hold control characters.", place,
			member);
	*out = text;
	return HC_OK;
}

enum hc_code hc_cloudwatch_metric(struct hc_call *call, const json_t *from, const char *place, struct hc_series *out,
				  struct hc_err *err)
{
	HC_TRY(hc_cloudwatch_name(call, from, place, "Namespace", &out->space, err));
	HC_TRY(hc_cloudwatch_name(call, from, place, "MetricName", &out->name, err));
	return hc_cloudwatch_dimensions(call, hc_tree_at(from, "Dimensions"), place, false, out, err);
}

json_t *hc_cloudwatch_dimensions_json(const struct hc_series *series)
{
	json_t *list = json_array();
	for (size_t i = 0; list && i < series->n_dimensions; i++) {
		const struct hc_dimension *d = &series->dimensions[i];
		json_t *one = json_object();
		if (!one || !hc_tree_set_text(one, "Name", d->name) || !hc_tree_set_text(one, "Value", d->value) ||
		    json_array_append(list, one) != 0) {
			json_decref(list);
			list = NULL;
		}
		json_decref(one);
	}
	return list;
}

bool hc_cloudwatch_is_period(int64_t seconds)
{
	static const int64_t year = INT64_C(365) * 86400;
	if (seconds == 1 || seconds == 5 || seconds == 10 || seconds == 20 || seconds == 30)
		return true;
	return seconds > 0 && seconds % 60 == 0 && seconds <= year;
}

int64_t hc_cloudwatch_align(int64_t start_us, int64_t period_us)
{
	const int64_t to = period_us < 60 * HC_SECOND_US ? period_us : 60 * HC_SECOND_US;
	const int64_t rest = start_us % to;
	return start_us - (rest < 0 ? rest + to : rest);
}
