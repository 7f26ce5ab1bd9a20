/*
 * What CloudWatch's operations share: its faults, and metrics as requests name them.
 *
 * Codes are those of the Query protocol ("InvalidParameterValue"); in JSON the names of the model's shapes stand for some of them (the contract knows).
 */
#ifndef HC_CLOUDWATCH_COMMON_H
#define HC_CLOUDWATCH_COMMON_H

#include "cloudwatch/cloudwatch.h"
#include "publish/statistic.h"

#define hc_cloudwatch_invalid(call, err, ...) hc_fault((call), (err), 400, "InvalidParameterValue", __VA_ARGS__)
#define hc_cloudwatch_combination(call, err, ...) \
	hc_fault((call), (err), 400, "InvalidParameterCombination", __VA_ARGS__)
#define hc_cloudwatch_validation(call, err, ...) hc_fault((call), (err), 400, "ValidationError", __VA_ARGS__)
/* `place` is what stands before the name: "MetricData.member.1." */
#define hc_cloudwatch_missing(call, err, place, name) \
	hc_fault((call), (err), 400, "MissingParameter", "The parameter %s%s is required.", (place), (name))

enum { HC_CLOUDWATCH_PLACE_MAX = 128 };

/* Namespaces that begin so are AWS's own services'. */
#define HC_CLOUDWATCH_RESERVED "AWS/"

/* False: no text that may name something: control characters, nothing but space. */
bool hc_cloudwatch_is_name(struct hc_str text);

/* A string of a list; p == NULL: it is none. */
static inline struct hc_str hc_cloudwatch_text(const json_t *string)
{
	return (struct hc_str){json_string_value(string), json_string_length(string)};
}

/* A member that is needed and names something; `place` is what faults put before its name ("MetricData.member.1."). */
enum hc_code hc_cloudwatch_name(struct hc_call *call, const json_t *from, const char *place, const char *member,
				struct hc_str *out, struct hc_err *err) HC_MUST_USE;
/* The members MetricName and Namespace that a structure holds, and its Dimensions. */
enum hc_code hc_cloudwatch_metric(struct hc_call *call, const json_t *from, const char *place, struct hc_series *out,
				  struct hc_err *err) HC_MUST_USE;
/* The list of dimensions alone. `filters`: a value may be missing. */
enum hc_code hc_cloudwatch_dimensions(struct hc_call *call, const json_t *list, const char *place, bool filters,
				      struct hc_series *out, struct hc_err *err) HC_MUST_USE;

/* The list [{"Name":, "Value":}]; NULL without memory. */
json_t *hc_cloudwatch_dimensions_json(const struct hc_series *series);

/* A period in seconds: 1, 5, 10, 20, 30 or a multiple of 60, at most a year. */
bool hc_cloudwatch_is_period(int64_t seconds);
/* Where the first period begins: StartTime cut to the minute, or to the period when that is shorter. */
int64_t hc_cloudwatch_align(int64_t start_us, int64_t period_us);

hc_handler hc_cloudwatch_put_metric_data, hc_cloudwatch_list_metrics, hc_cloudwatch_get_metric_statistics,
	hc_cloudwatch_get_metric_data, hc_cloudwatch_put_metric_alarm, hc_cloudwatch_describe_alarms,
	hc_cloudwatch_delete_alarms;

#endif
