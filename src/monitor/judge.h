/*
 * Judge: which constraints are broken, and which could not be judged. Pure.
 *
 * Reference 4.6: strict comparison, no allowance for the standard deviation, AWS's order. A metric that
 * is NaN or was not measured breaks nothing: it is listed as not judged, with the reason. f0_5 is judged
 * like the others; with aws_quirks AWS's silence on it is kept. Metrics that are NaN are listed so
 * also without a constraint on them; without constraints at all (NULL) nothing is judged.
 */
#ifndef HC_MONITOR_JUDGE_H
#define HC_MONITOR_JUDGE_H

#include "report/report.h"

void hc_judge(const struct hc_metrics *metrics, const struct hc_constraints *constraints, bool aws_quirks,
	      struct hc_verdict *out);

#endif
