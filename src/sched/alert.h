/*
 * Alerts of schedules: the rule by which an alert goes up and comes down again.
 *
 * A schedule has one alert, made with it (src/sagemaker/alert.c): a resource of HC_KIND_ALERT whose name is "SCHEDULE-UID/NAME" and whose parent is
 * the schedule. Its doc: {"DatapointsToAlert": n, "EvaluationPeriod": m}, n <= m; its status: "OK" or "InAlert".
 *
 * The rule (reference 1.4): of the last EvaluationPeriod executions that gave a verdict, in the order of their scheduled times, DatapointsToAlert or more
 * CompletedWithViolations: InAlert; fewer: OK. A window that is not full yet alerts all the same. An execution that Failed or was Stopped gave no verdict:
 * it neither raises an alert nor hides one, so a night without captures does not clear an alarm of the day before.
 *
 * AWS does not publish its default alert's name, nor its numbers; ours are below.
 */
#ifndef HC_SCHED_ALERT_H
#define HC_SCHED_ALERT_H

#include "catalog/resource.h"

#define HC_ALERT_NAME "DefaultMonitoringAlert"
#define HC_ALERT_OK "OK"
#define HC_ALERT_IN_ALERT "InAlert"
enum { HC_ALERT_DATAPOINTS_DEFAULT = 1, HC_ALERT_PERIOD_DEFAULT = 1, HC_ALERT_PERIOD_MAX = 100 };

/* The name of a resource of HC_KIND_ALERT; p == NULL without memory. And the part of it that the API calls the alert's name. */
struct hc_str hc_alert_resource_name(int64_t schedule_uid, struct hc_str alert, struct hc_arena *arena);
struct hc_str hc_alert_api_name(const struct hc_resource *alert);

/* The numbers of an alert, from its doc; what is missing there is the default. */
struct hc_alert_rule {
	int64_t datapoints, period;
};
struct hc_alert_rule hc_alert_rule(const struct hc_resource *alert);

/*
 * Evaluates the alerts of a schedule; a change of status is written and goes into the history (hc_alert_change_add). In the writer's transaction: whoever
 * ends an execution calls it there, behind the update of that execution. Cost: it reads at most 2 * HC_ALERT_PERIOD_MAX executions an alert.
 */
enum hc_code hc_alert_evaluate(struct hc_db *db, const struct hc_resource *schedule, int64_t now_us,
			       struct hc_arena *arena, struct hc_err *err) HC_MUST_USE;

#endif
