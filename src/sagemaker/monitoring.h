/*
 * Schedules, their executions and alerts, and processing jobs: what lies where in the catalog (catalog/resource.h), and what these
 * operations share. handlers.h says the same of the other kinds.
 *
 *   SCHEDULE   doc: MonitoringScheduleConfig itself, with ScheduleConfig always there (without one an update keeps the old, a new schedule is daily). type: "ModelQuality".
 *              definition: the job definition's name; endpoint: its endpoint, not set for batch. status: "Scheduled" or "Stopped"; AWS passes through
 *              Pending for some seconds, which clients wait out: here a change is done when it is answered. revision: 1, and one more with each update.
 *              slot_us: of a cron expression, the last tick at or before creation, update or start, so that only ticks that come are due; of NOW 0 until it
 *              has run, and 0 again with each update: then it runs once more. detail: not set, or {"Warning": "..."}, which the server should log.
 *   EXECUTION  made by the scheduler. parent_uid, parent: the schedule. slot_us: ScheduledTime. status as the API spells it, failure, job_arn, endpoint,
 *              definition, type. They outlive their schedule, and then no name of a schedule leads to them, also not that of a new one.
 *   ALERT      sched/alert.h. parent_uid, parent: the schedule, with which it goes.
 *   JOB        doc: CreateProcessingJob's input without Tags, StoppingCondition always there (86400 s). status: "InProgress" at once; "Stopping" when a stop was
 *              asked for: who runs jobs makes it "Stopped". detail: not set, or an object of "ExitMessage", "ProcessingStartTime", "ProcessingEndTime"
 *              (numbers, seconds since 1970) and "MonitoringScheduleArn", as far as they are known. A job InProgress without ProcessingStartTime waits to be run.
 */
#ifndef HC_SAGEMAKER_MONITORING_H
#define HC_SAGEMAKER_MONITORING_H

#include "base/instant.h"
#include "catalog/resource.h"
#include "service/service.h"

/* More of a kind: ResourceLimitExceeded. Jobs that have ended do not go by themselves. */
enum { HC_SCHEDULES_MAX = 10000, HC_JOBS_MAX = 10000000 };

/* What a definition without StoppingCondition, and a processing job without one, may take (reference 1.4). */
enum { HC_EXECUTION_RUNTIME_DEFAULT_S = 3600, HC_JOB_RUNTIME_DEFAULT_S = 86400 };

/* Above this an hourly schedule's two jobs may not both fit into the hour: AWS refuses it, here it is a warning. */
enum { HC_HOURLY_RUNTIME_MAX_S = 1800 };

/* DataAnalysisStartTime may not precede DataAnalysisEndTime by more. */
#define HC_ANALYSIS_MAX_US (24 * HC_HOUR_US)

/* ResourceLimitExceeded when there are `max` of a kind. */
enum hc_code hc_monitoring_check_limit(struct hc_call *call, struct hc_db *db, enum hc_kind kind, int64_t max,
				       struct hc_err *err) HC_MUST_USE;

/* The members of a MonitoringExecutionSummary (a hc_list_summary). */
bool hc_execution_summary(const struct hc_call *call, const struct hc_resource *execution, json_t *summary);

/* Makes a schedule's alert; removes its alerts. */
enum hc_code hc_alert_create(struct hc_call *call, struct hc_db *db, const struct hc_resource *schedule,
			     struct hc_err *err) HC_MUST_USE;
enum hc_code hc_alert_remove(struct hc_call *call, struct hc_db *db, const struct hc_resource *schedule,
			     struct hc_err *err) HC_MUST_USE;

#endif
