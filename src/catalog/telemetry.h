/*
 * Metrics and alarms: what CloudWatch remembers.
 *
 * A series is a metric: namespace, name and dimensions (without regard to their order). Its datapoints are kept as they came, each a
 * statistic set (samples, sum, minimum, maximum; one value has all of them from itself), so that every period and percentile can
 * be made of them later (publish/statistic.h). Nothing is made coarser with age; the daemon removes what is older than HC_TELEMETRY_KEEP_US.
 *
 * A datapoint has two times: where it stands (at_us; the window's start for an execution's metrics, maybe days ago) and when it came (arrived_us).
 *
 * An alarm is a document (the members of PutMetricAlarm) and its state. What state it should be in is publish/alarm.h's to say.
 */
#ifndef HC_CATALOG_TELEMETRY_H
#define HC_CATALOG_TELEMETRY_H

#include "base/instant.h"
#include "db/db.h"

enum {
	HC_DIMENSIONS_MAX = 30,
	HC_DIMENSION_FILTERS_MAX = 10,
	HC_ALARMS_MAX = 5000, /* AWS's quota per region */
};
/* 455 days, as CloudWatch does. */
#define HC_TELEMETRY_KEEP_US (455 * HC_DAY_US)

struct hc_dimension {
	struct hc_str name, value; /* of a filter: value.p == NULL for any */
};

struct hc_series {
	struct hc_str space, name; /* namespace and metric name */
	const struct hc_dimension *dimensions;
	size_t n_dimensions;
};

struct hc_datapoint {
	int64_t at_us;
	struct hc_str unit; /* "None" unless it was given */
	double samples, sum, minimum, maximum;
};

/* Adds datapoints; makes the series with its first one. HC_INPUT when a dimension's name comes twice. Anybody may add any time. */
enum hc_code hc_series_add(struct hc_db *db, const struct hc_series *series, const struct hc_datapoint *points,
			   size_t n, int64_t now_us, struct hc_err *err) HC_MUST_USE;
/* *id = 0 when there is none. */
enum hc_code hc_series_find(struct hc_db *db, const struct hc_series *series, int64_t *id,
			    struct hc_err *err) HC_MUST_USE;

/* Series in the order in which they first came. What is not set filters nothing; each filter needs a dimension that fits. */
struct hc_series_filter {
	struct hc_str space, name;
	const struct hc_dimension *dimensions;
	size_t n_dimensions;
	int64_t arrived_after_us;
	int64_t after_id; /* behind this one */
	size_t limit;
};
struct hc_series_listed {
	int64_t id;
	struct hc_series series;
};
/* All texts in the arena. */
enum hc_code hc_series_list(struct hc_db *db, const struct hc_series_filter *filter, struct hc_arena *arena,
			    struct hc_series_listed **out, size_t *n, bool *more, struct hc_err *err) HC_MUST_USE;

enum hc_datapoint_order { HC_DATAPOINTS_OLDEST_FIRST, HC_DATAPOINTS_NEWEST_FIRST, HC_DATAPOINTS_SMALLEST_FIRST };
struct hc_datapoint_query {
	int64_t series;
	int64_t from_us, until_us; /* from <= at < until */
	int64_t arrived_after_us;  /* 0: any */
	struct hc_str unit;        /* p == NULL: any */
	enum hc_datapoint_order order;
};
/* Hands out each; its texts hold for the call only. False: enough. */
typedef bool hc_datapoint_visit(void *arg, const struct hc_datapoint *point);
enum hc_code hc_datapoints_visit(struct hc_db *db, const struct hc_datapoint_query *query, hc_datapoint_visit *visit,
				 void *arg, struct hc_err *err) HC_MUST_USE;

/* Removes datapoints that stand before `before_us`, at most `limit` of them: called again until *removed < limit, so that no
 * transaction is long. Then series without any, that got none since, go too. */
enum hc_code hc_datapoints_prune(struct hc_db *db, int64_t before_us, size_t limit, int64_t *removed,
				 struct hc_err *err) HC_MUST_USE;

struct hc_alarm {
	struct hc_str name;
	struct hc_str doc; /* JSON object: what PutMetricAlarm was given */
	int64_t configured_us;
	struct hc_str state, reason, reason_data; /* reason_data: p == NULL without */
	int64_t updated_us, transitioned_us;
};
enum hc_code hc_alarm_get(struct hc_db *db, struct hc_str name, struct hc_arena *arena, struct hc_alarm *out,
			  bool *found, struct hc_err *err) HC_MUST_USE;
/* Makes it, or replaces all of it. */
enum hc_code hc_alarm_put(struct hc_db *db, const struct hc_alarm *alarm, struct hc_err *err) HC_MUST_USE;
enum hc_code hc_alarm_delete(struct hc_db *db, struct hc_str name, bool *found, struct hc_err *err) HC_MUST_USE;
enum hc_code hc_alarm_count(struct hc_db *db, int64_t *out, struct hc_err *err) HC_MUST_USE;
/* In the order of their names (bytes): those that begin with `prefix`, behind `after`, at most `limit`. */
enum hc_code hc_alarm_list(struct hc_db *db, struct hc_str prefix, struct hc_str after, size_t limit,
			   struct hc_arena *arena, struct hc_alarm **out, size_t *n, struct hc_err *err) HC_MUST_USE;

#endif
