/*
 * Handover: the merged records of an execution, from its merge job to its monitoring job.
 *
 * The monitoring job's inputs name OUTPUT/merge/... as with AWS, where anybody can write, another schedule's merge job among them. What is measured must be what
 * was merged: so the merge job's records are also recorded under the execution's uid in a bucket that no request can name (its
 * name is no bucket's), sharing their content, and the monitoring job reads them there. They go with the end of the execution. All in the transactions of the jobs' ends.
 */
#ifndef HC_JOBS_HANDOVER_H
#define HC_JOBS_HANDOVER_H

#include "jobs/folder.h"

#define HC_HANDOVER_BUCKET "=merged"

/* Records the outputs of a merge job that ended well. */
enum hc_code hc_handover_put(struct hc_db *db, const struct hc_job *job, const struct hc_outputs *outputs,
			     int64_t now_us, struct hc_err *err) HC_MUST_USE;

/* Removes all of the job's execution; `dropped` is told of contents that nothing names any more. */
enum hc_code hc_handover_remove(struct hc_db *db, const struct hc_job *job,
				enum hc_code (*dropped)(void *arg, const char *content, struct hc_err *err), void *arg,
				struct hc_err *err) HC_MUST_USE;

/* Where an input of the job is really read: itself, but for the merged records of a monitoring job. Text in the arena. */
enum hc_code hc_handover_input(const struct hc_job *job, const struct hc_job_end *input, struct hc_arena *arena,
			       struct hc_job_end *out, struct hc_err *err) HC_MUST_USE;

#endif
