/*
 * Running one processing job: claim, run, publish.
 *
 *   1. The job stands in the catalog as InProgress before anything is started. Starting it is recorded (ProcessingStartTime, and how often it was begun).
 *   2. Its folder is filled, its program runs in a child process with the folder as its world, its output goes to the job's log.
 *   3. One transaction records all outputs as objects, the job's end, and what follows from it (the hook): a report appears once and whole, or not at all.
 *
 * After a crash of the server the job is begun again from 1; after HC_JOB_BEGINS_MAX times it is failed instead (a server that was told to stop does not count). The program of our own images is this very
 * program (`merge`, `analyze`, under the processing-container contract); a mapped image's is the command of the setting, run by /bin/sh with the container's
 * entry point and arguments behind it.
 *
 * Our own program starts inside the folder and is given relative paths, so that its messages and the manifest name files as a container would ("opt/ml/processing/...");
 * in FailureReason the paths of inputs are replaced by the addresses that they came from.
 *
 * Threads: hc_job_run works in the calling thread until the job has ended; several may run at once, each in its own thread (the system ends the child when
 * the thread that started it ends).
 */
#ifndef HC_JOBS_RUN_H
#define HC_JOBS_RUN_H

#include <stdatomic.h>

#include "jobs/folder.h"
#include "store/joblog.h"

enum { HC_JOB_BEGINS_MAX = 3, HC_JOB_GRACE_S = 10, HC_JOB_REASON_MAX = 1024 };

enum hc_job_stop { HC_JOB_GO_ON, HC_JOB_STOP, HC_JOB_LEAVE };

struct hc_job_hooks {
	void *arg;
	/* What the job's program left in its folder of CloudWatch metrics, read before the transaction; NULL: nothing. */
	void *(*gather)(void *arg, const struct hc_job *job, const char *metrics_folder, struct hc_log_writer *log);
	/* In the transaction of the job's end: what follows from it. `job` is as it now stands. */
	enum hc_code (*ended)(void *arg, struct hc_db *db, const struct hc_job *job, const json_t *merged,
			      void *gathered, int64_t now_us, struct hc_err *err);
	void (*forget)(void *arg, void *gathered);
};

struct hc_jobs {
	const struct hc_server *server;
	const char *folder; /* work folders stand below it; removed when a job ended */
	/* For programs of mapped images: how they reach this server. */
	const char *endpoint_url, *credentials_file;
	struct hc_job_hooks hooks;
};

/*
 * Runs the job of that name to its end and records it. `stop` is looked at all the time: HC_JOB_STOP ends it as Stopped, HC_JOB_LEAVE ends the child and leaves the
 * job InProgress (the server is going down). Errors are the server's own (catalog, disk); a job that fails is no error.
 */
enum hc_code hc_job_run(const struct hc_jobs *jobs, struct hc_str name, _Atomic int *stop,
			struct hc_err *err) HC_MUST_USE;

#endif
