/*
 * CloudWatch's metric files of the processing-container contract: what a job writes below cloudwatch_metrics_directory (reference 5;
 * AWS's guide "CloudWatch metrics for bring your own containers"). JSON lines:
 *
 *   {"MetricName": "f2", "Timestamp": "2021-05-18T00:00:00Z", "Dimensions": [{"Name": "Endpoint", "Value": "churn"}], "Value": 0.13}
 *   {"MetricName": "rows", "Dimensions": [...], "StatisticValues": {"SampleCount": 2, "Sum": 3, "Minimum": 1, "Maximum": 2}, "Unit": "Count"}
 *
 * Timestamp is RFC 3339 or seconds since 1970; without one it is the time that the caller gives. Dimensions may be left out. Anything
 * else in a line makes it a wrong one: wrong lines are told ("PATH:LINE: why") and left out, the others are taken. Empty lines are nothing.
 *
 * Files come from users' scripts and containers: every size has a limit. Threads: any; cost: one pass.
 */
#ifndef HC_PUBLISH_METRICS_FILE_H
#define HC_PUBLISH_METRICS_FILE_H

#include "base/source.h"
#include "catalog/telemetry.h"

enum {
	HC_METRICS_LINE_BYTES_MAX = 64 << 10,
	HC_METRICS_LINES_MAX = 100000, /* in all files of a job; what comes behind is told, once, and left out */
	HC_METRICS_FILES_MAX = 1000,
	HC_METRICS_TOLD_MAX = 100, /* wrong lines of a job; of the others only the number is told */
	HC_METRIC_NAME_MAX = 255,  /* characters, as in the service model */
	HC_DIMENSION_VALUE_MAX = 1024,
};
/* CloudWatch's range of values: -2^360 to 2^360. */
#define HC_METRIC_VALUE_MAX 0x1p360

/* The unit if it is one of the service model's ("None", "Count", "Bytes/Second", ...), static; p == NULL: it is none. */
struct hc_str hc_unit_known(struct hc_str text);

struct hc_published {
	struct hc_str name;
	const struct hc_dimension *dimensions;
	size_t n_dimensions;
	struct hc_datapoint point;
};

/* One line. HC_INPUT: what is wrong with it. Texts in the arena. */
enum hc_code hc_metrics_line_parse(struct hc_str line, int64_t otherwise_us, struct hc_arena *arena,
				   struct hc_published *out, struct hc_err *err) HC_MUST_USE;

struct hc_metrics {
	struct hc_published *list; /* in the arena */
	size_t n;
	size_t wrong; /* lines that were left out */
};
/* Told: a whole message, without newline. */
typedef void hc_metrics_tell(void *arg, const char *text);
/*
 * All files of a folder in byte order of their names; hidden ones (".", "_" first), folders and what is no regular file are not looked at. A folder that is not there
 * holds none. A file that cannot be read is told as well: only memory ends it.
 */
enum hc_code hc_metrics_read(const char *folder, int64_t otherwise_us, struct hc_arena *arena, hc_metrics_tell *tell,
			     void *arg, struct hc_metrics *out, struct hc_err *err) HC_MUST_USE;

/* Puts them into a namespace. In the writer's transaction. */
enum hc_code hc_metrics_put(struct hc_db *db, struct hc_str space, const struct hc_metrics *metrics, int64_t now_us,
			    struct hc_err *err) HC_MUST_USE;

#endif
