/*
 * The supervisor: what is due is claimed, what is claimed is run, what is to stop is stopped.
 *
 * One turn of its loop (every HC_TURN_MS, or at once when woken): claim due slots; tell running jobs that were asked to stop; start waiting
 * jobs, each in a thread of its own, while fewer than `jobs` run. Jobs of schedules and jobs that somebody created by hand take turns, each
 * kind in the order of creation, so that neither keeps the other waiting. Alarms are evaluated once a minute; old datapoints go once an hour.
 *
 * Nothing is remembered here that the catalog does not know: after a crash the next supervisor goes on where this one was.
 */
#ifndef HC_DAEMON_SUPERVISOR_H
#define HC_DAEMON_SUPERVISOR_H

#include "daemon/serve.h"
#include "jobs/run.h"
#include "sched/execution.h"

enum { HC_TURN_MS = 250, HC_RUNNING_MAX = HC_JOBS_MAX };

struct hc_supervisor;

/* Everything that is pointed to outlives it. The hooks of `jobs` are set here. */
enum hc_code hc_supervisor_open(struct hc_jobs *jobs, unsigned at_once, struct hc_supervisor **out,
				struct hc_err *err) HC_MUST_USE;
/* Something changed: the next turn comes at once. Any thread. */
void hc_supervisor_wake(struct hc_supervisor *s);
/* One turn; waits up to HC_TURN_MS for a reason to take it. In one thread only. */
void hc_supervisor_turn(struct hc_supervisor *s);
/* Ends the children of all running jobs, which stay InProgress and are begun again at the next start; frees all. NULL is fine. */
void hc_supervisor_close(struct hc_supervisor *s);

#endif
