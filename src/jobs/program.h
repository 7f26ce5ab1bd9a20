/*
 * The program of a job: its arguments and environment, and its life as a child process.
 */
#ifndef HC_JOBS_PROGRAM_H
#define HC_JOBS_PROGRAM_H

#include "jobs/run.h"

/* How it ended. `message`: what it left in output_message_file. */
struct hc_program_end {
	enum { HC_ENDED_WELL, HC_ENDED_BADLY, HC_ENDED_STOPPED, HC_ENDED_LEFT, HC_ENDED_TOO_LONG } how;
	struct hc_str message;   /* exit message or reason, in the arena; empty if there is none */
	struct hc_str last_line; /* of its output */
	bool by_signal;
	int number; /* exit status or signal */
};

/* Runs it to its end. `metrics` gets the path of its CloudWatch metrics folder. */
enum hc_code hc_program_run(const struct hc_jobs *jobs, const struct hc_job *job, const char *folder,
			    struct hc_log_writer *log, _Atomic int *stop, struct hc_arena *arena,
			    struct hc_program_end *out, const char **metrics, struct hc_err *err) HC_MUST_USE;

#endif
