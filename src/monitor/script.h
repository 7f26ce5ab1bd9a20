/*
 * Users' Python scripts: the record preprocessor and the post-analytics processor.
 *
 * Each runs as `python3` in a process of its own: own process group, an environment that holds
 * nothing of ours (PATH, HOME, LANG, TZ and what `extra_env` names; no credentials), no open files
 * but its pipes, limits on time and address space. When the run ends, whichever way, the whole
 * group is killed and reaped. What the scripts print on standard output or error goes to our
 * standard error (the job's log); the records travel over pipes of their own, so printing cannot
 * corrupt them.
 *
 * Contract of the AWS guide ("Preprocessing and Postprocessing"):
 *   preprocess_handler(inference_record) or preprocess_handler(inference_record, logger)
 *     -> a dict (one row), a list of dicts (several), or [] / None (the record is dropped)
 *   postprocess_handler()
 *
 * Records are exchanged in batches: a whole batch is sent, then a whole batch of answers is read,
 * so neither side can wait for the other; the order is kept.
 *
 * An exception in a script, or an answer outside the contract, ends the run: HC_SCRIPT, with the
 * record's place and (cut) data and the script's own traceback in the message. So do the ways in
 * which an interpreter can go: killed, out of time or memory, ended by the script; the message
 * names the record that was at work. After any failure a preprocessor can only be closed.
 *
 * Rows are JSON objects of scalars; numbers that are not finite come as the strings "NaN",
 * "Infinity" and "-Infinity". Threads: as sys/process.h.
 */
#ifndef HC_MONITOR_SCRIPT_H
#define HC_MONITOR_SCRIPT_H

#include <stdint.h>

#include "base/buf.h"

enum {
	HC_SCRIPT_TIMEOUT_S = 3600,      /* default for a script's whole run, wall clock */
	HC_SCRIPT_BATCH_BYTES = 1 << 20, /* a batch is sent when it holds this much ... */
	HC_SCRIPT_BATCH_RECORDS = 1000,  /* ... or this many records */
	HC_SCRIPT_ROWS_MAX = 100000,     /* rows one record may fan out to */
};
#define HC_SCRIPT_MEMORY (UINT64_C(4) << 30)     /* default address space */
#define HC_SCRIPT_ANSWER_MAX (UINT64_C(1) << 30) /* bytes of one batch of answers */

/* 0: the default. */
struct hc_script_limits {
	unsigned timeout_s;    /* from the start of the script to its end, wall clock */
	uint64_t memory_bytes; /* of address space */
};

struct hc_preprocessor;

/* One row that the script made of a record. */
struct hc_script_row {
	struct hc_str record; /* the merged record (a JSON line) it was made from */
	struct hc_str row;    /* a JSON object */
	size_t index;         /* of this row among the record's rows */
	size_t file;          /* what was passed to hc_preprocessor_put */
	uint64_t line;
};

struct hc_preprocessor_io {
	/* takes one row, in the order in which records were put; called from put and finish */
	enum hc_code (*take)(void *arg, const struct hc_script_row *row, struct hc_err *err);
	/* called for each record that the script dropped */
	void (*dropped)(void *arg, size_t file, uint64_t line);
	/* writes "path:LINE" of a place for messages */
	void (*place)(void *arg, size_t file, uint64_t line, struct hc_buf *out);
	void *arg;
};

/*
 * Starts the script. HC_INPUT when it cannot be read; HC_SCRIPT when it has no preprocess_handler, or
 * when it cannot be imported (with the traceback), HC_IO when python3 cannot be started. `path`
 * is copied.
 */
enum hc_code hc_preprocessor_start(const char *path, struct hc_script_limits limits, struct hc_preprocessor_io io,
				   struct hc_preprocessor **out, struct hc_err *err) HC_MUST_USE;

/* Queues one merged record; sends the batch when it is full. */
enum hc_code hc_preprocessor_put(struct hc_preprocessor *p, struct hc_str record, size_t file, uint64_t line,
				 struct hc_err *err) HC_MUST_USE;

/* Sends what is queued, ends the script, waits for it. */
enum hc_code hc_preprocessor_finish(struct hc_preprocessor *p, struct hc_err *err) HC_MUST_USE;

/* Ends the script whatever it does, frees everything. NULL is fine. */
void hc_preprocessor_close(struct hc_preprocessor *p);

/* Runs postprocess_handler() of the script once. extra_env: NULL-terminated "NAME=value" strings. */
enum hc_code hc_postprocessor_run(const char *path, struct hc_script_limits limits, const char *const *extra_env,
				  struct hc_err *err) HC_MUST_USE;

#endif
