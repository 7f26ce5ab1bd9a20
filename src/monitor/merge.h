/*
 * Merge: which prediction belongs to which label; what was left over, and why.
 *
 * Reads the labels, then the captures, in the order of the plan; joins them; gives each matched record
 * to a sink as it comes. Every record is checked, also one that nothing will match. The account tells what was
 * joined and what was not.
 */
#ifndef HC_MONITOR_MERGE_H
#define HC_MONITOR_MERGE_H

#include "monitor/request.h"
#include "monitor/tolerance.h"

/* A capture that found its label. */
struct hc_match {
	const struct hc_record *capture;
	struct hc_str truth;                    /* groundTruthData, as merged records hold it */
	const struct hc_measured_rows *outputs; /* its predictions; NULL when they are not read here */
	struct hc_class_place place;            /* of the capture: file in the plan, line */
	struct hc_class_place label;            /* of the label */
};

struct hc_merge_sink {
	enum hc_code (*take)(void *arg, const struct hc_match *match, struct hc_err *err);
	void *arg;
};

/*
 * `measure` (may be NULL) reads outputs and labels to check them; the sink decides what becomes of a
 * match. HC_EMPTY when no capture is in the window or none found its label.
 */
enum hc_code hc_merge(const struct hc_request *request, struct hc_input_files *files, struct hc_measure *measure,
		      struct hc_tolerance *tolerance, struct hc_merge_sink sink, struct hc_err *err) HC_MUST_USE;

#endif
