/*
 * Schedule expressions, as SageMaker takes them: cron(0 * ? * * *) every hour, cron(0 H ? * * *) daily, cron(0 H/N ? * * *) every N hours from
 * H on each day (N 1 to 24), and NOW; also with the two day fields the other way round (cron(0 * * * ? *)). UTC. Pure.
 */
#ifndef HC_CALENDAR_CRON_H
#define HC_CALENDAR_CRON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct hc_cron {
	bool now;       /* once, at once */
	uint32_t hours; /* bit h: fires at hour h, minute 0 */
};

/* HC_USAGE with AWS-like words for anything else (the hint lists the forms). */
enum hc_code hc_cron_parse(struct hc_str text, struct hc_cron *out, struct hc_err *err) HC_MUST_USE;

/* The first tick after `after_us` (exclusive). Not for NOW. */
int64_t hc_cron_next(const struct hc_cron *c, int64_t after_us);
/* The last tick at or before `at_us` (inclusive). */
int64_t hc_cron_last(const struct hc_cron *c, int64_t at_us);
/* The time between the tick at `tick_us` and the one before it: what a window without offsets covers. */
int64_t hc_cron_period(const struct hc_cron *c, int64_t tick_us);
/* The shortest time between two ticks. */
int64_t hc_cron_shortest_us(const struct hc_cron *c);

#endif
