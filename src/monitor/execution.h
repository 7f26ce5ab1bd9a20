/*
 * One execution: plan, merge, measure, judge -> report.
 *
 * Data goes one way: hc_plan lists files; merge reads labels, then captures, and hands each matched record
 * to the sinks (merged files, preprocessor, measure); measure yields metrics; judge compares them with
 * constraints; what comes out is one hc_report, whose files appear together in the output folder or not
 * at all (src/store/stage.h).
 */
#ifndef HC_MONITOR_EXECUTION_H
#define HC_MONITOR_EXECUTION_H

#include "monitor/request.h"

/* The memory behind a report and everything it points to. */
struct hc_execution;

/*
 * Does what the request asks, writes the output, and returns the report (valid until hc_execution_free).
 * `passed_over` of the report's files tells of files that were not read. Errors: HC_USAGE, HC_INPUT, HC_EMPTY:
 * nothing was written, an earlier report stands untouched; HC_IO, HC_NOMEM, HC_LIMIT, HC_SCRIPT likewise.
 */
enum hc_code hc_execution_run(const struct hc_request *request, struct hc_execution **out,
			      const struct hc_report **report, struct hc_err *err) HC_MUST_USE;
void hc_execution_free(struct hc_execution *e);

#endif
