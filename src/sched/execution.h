/*
 * Executions: a slot that was claimed, and what becomes of it.
 *
 * Invariants:
 *   1. A slot of a schedule's revision is claimed once: the execution's name holds uid, slot and revision, and names are unique.
 *   2. One execution of a schedule at a time.
 *   3. What an execution needs of its schedule and definition is copied into it when it is claimed: deleting or changing them does not
 *      touch it.
 *   4. A job's end and what follows from it (the next job, the execution's end, the alert) stand in one transaction.
 *
 * But for hc_sched_look all functions run inside a write transaction of the catalog; none waits for anything else.
 *
 * An execution's doc: {"Definition", "ScheduleConfig", "Schedule", "Capture", "PeriodSeconds", "Hex"}. A job's detail, for jobs of executions:
 * {"MonitoringScheduleArn", "Role": "merge" | "monitoring"}; on the merge job also "ReportS3Uri" and "MergedBelow", see jobs/run.h. Such jobs have
 * their execution's slot_us, those created by hand 0.
 */
#ifndef HC_SCHED_EXECUTION_H
#define HC_SCHED_EXECUTION_H

#include "catalog/resource.h"
#include "sched/compose.h"

struct hc_sched {
	const char *account, *region;
	/* What the operator should know; one line. May be NULL. */
	void (*say)(void *arg, const char *line);
	void *arg;
};

struct hc_claimed {
	unsigned claimed; /* executions begun (also those that failed at once) */
	int64_t next_us;  /* when to look again at the latest; INT64_MAX: when something changes */
};

/* The same without claiming, over a snapshot: out->claimed counts what would be. So that only what is due makes the writer busy. */
enum hc_code hc_sched_look(struct hc_db *db, const struct hc_sched *sched, int64_t now_us, struct hc_claimed *out,
			   struct hc_err *err) HC_MUST_USE;

/* Claims every slot that is due at now_us, of schedules that have no execution under way. */
enum hc_code hc_sched_claim(struct hc_db *db, const struct hc_sched *sched, int64_t now_us, struct hc_claimed *out,
			    struct hc_err *err) HC_MUST_USE;

/*
 * What follows when a job ended; `job` is as it stands in the catalog now. Nothing for jobs that belong to no execution. `merged`: the hour folders that a merge
 * job wrote (json array of texts), else NULL.
 */
enum hc_code hc_sched_job_ended(struct hc_db *db, const struct hc_sched *sched, const struct hc_resource *job,
				const json_t *merged, int64_t now_us, struct hc_err *err) HC_MUST_USE;

#endif
