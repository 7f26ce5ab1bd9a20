/*
 * From an order (what a schedule and its definition ask of one slot) to the two processing jobs that carry it out: the documents that
 * CreateProcessingJob would have been given. Names, inputs, outputs and environment are those of AWS (reference 3.3 to 3.5).
 *
 * The merge job reads hour folders of captures and of labels and writes merged records below OUTPUT/merge; the monitoring job reads
 * those and writes the report below OUTPUT/[ENDPOINT/]SCHEDULE/YYYY/MM/DD/HH, the hour of the tick.
 */
#ifndef HC_SCHED_COMPOSE_H
#define HC_SCHED_COMPOSE_H

#include <jansson.h>

#include "calendar/window.h"
#include "sched/hours.h"

/* Inputs of one job: a year of hours, twice. Documents of that size fit into what the scheduler may take of memory for one schedule. */
enum { HC_ORDER_HEX = 24, HC_ORDER_INPUTS_MAX = 20000 };

/* Slices live in the trees, or in the arena that the order was made with. */
struct hc_order {
	const json_t *definition;      /* the definition's document */
	const json_t *schedule_config; /* ScheduleConfig */
	struct hc_str schedule;        /* its name */
	struct hc_str endpoint;        /* p == NULL: batch transform */
	struct hc_str capture;         /* s3:// where captures are: the endpoint's, or the batch input's */
	int64_t slot_us, period_us;
	struct hc_str hex;
	/* By hc_order_plan: */
	bool offsets;
	struct hc_str start_offset, end_offset; /* ISO 8601; with offsets */
	struct hc_window window;
};

/* The window. HC_USAGE when the offsets are none. */
enum hc_code hc_order_plan(struct hc_order *order, struct hc_arena *arena, struct hc_err *err) HC_MUST_USE;

/* "groundtruth-merge-202105180100-<hex>", "model-quality-monitoring-..."; NUL-terminated, in the arena. */
struct hc_str hc_order_merge_name(const struct hc_order *order, struct hc_arena *arena);
struct hc_str hc_order_monitoring_name(const struct hc_order *order, struct hc_arena *arena);
/* Where the report goes: s3://... */
struct hc_str hc_order_report_uri(const struct hc_order *order, struct hc_arena *arena);

/* The merge job's document. HC_EMPTY when there is nothing to read: the message begins with AWS's words, and says where was looked and what there is. */
enum hc_code hc_compose_merge(struct hc_db *db, const struct hc_order *order, struct hc_arena *arena, json_t **out,
			      struct hc_err *err) HC_MUST_USE;

/* The monitoring job's document; `merged` are the hour folders below OUTPUT/merge that the merge job wrote: "ep/AllTraffic/2021/05/18/00". */
enum hc_code hc_compose_monitoring(const struct hc_order *order, const json_t *merged, struct hc_arena *arena,
				   json_t **out, struct hc_err *err) HC_MUST_USE;

#endif
