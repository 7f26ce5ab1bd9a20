/*
 * Logs of jobs: what a job's process wrote, line by line, each with the time when it came. One file a stream,
 * "EPOCH-MS TEXT\n" a line (bytes that are not UTF-8 as U+FFFD, NUL and a CR at the end left out; what is longer than HC_LOG_LINE_MAX bytes becomes several lines). Read by CloudWatch Logs' operations.
 *
 * FOLDER/JOB/algo-1-EPOCH.log. Job names come from the API, checked against their pattern before (no '/' or '.').
 */
#ifndef HC_STORE_JOBLOG_H
#define HC_STORE_JOBLOG_H

#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "sys/files.h"

enum { HC_LOG_LINE_MAX = 16 << 10, HC_LOG_STREAM_NAME_MAX = 256 };
#define HC_LOG_STREAM_BYTES_MAX (UINT64_C(1) << 30) /* what comes behind is left out, and a line says so */

/* Writing: one writer a stream. */
struct hc_log_writer;
enum hc_code hc_log_create(const char *folder, const char *job, int64_t now_us, struct hc_log_writer **out,
			   struct hc_err *err) HC_MUST_USE;
/* Bytes as they came; whole lines are written with the time given, the rest waits for its newline (or close). Never fails: a log that cannot be written ends no job. */
void hc_log_write(struct hc_log_writer *w, int64_t now_us, struct hc_str bytes);
/* A line of our own. */
void hc_log_line(struct hc_log_writer *w, int64_t now_us, const char *fmt, ...) HC_PRINTF(3, 4);
void hc_log_close(struct hc_log_writer *w, int64_t now_us); /* NULL is fine */

/* Streams whose names ("JOB/algo-1-EPOCH") begin with `prefix`, in byte order, behind `after`, at most `limit`. */
struct hc_log_stream {
	struct hc_str name;
	int64_t created_us, first_event_us, last_event_us; /* 0: no event yet */
	uint64_t bytes;
};
enum hc_code hc_log_streams(const char *folder, struct hc_str prefix, struct hc_str after, size_t limit,
			    struct hc_arena *arena, struct hc_log_stream **out, size_t *n, bool *more,
			    struct hc_err *err) HC_MUST_USE;

struct hc_log_event {
	int64_t at_us;
	struct hc_str text;
};
/*
 * HC_USAGE when no line begins at that offset (tokens come from outside). Lines that are none of ours (a file changed by hand) are passed over, so that
 * n may be 0 while *next moves on.
 *
 * Events of one stream from byte `offset` on (0: the start), at most `limit` and about 1 MB; *next is the offset behind them. Only whole
 * lines are seen. With `backward` those before `offset` (UINT64_MAX: the end, and *offset is set to where that is), in their order; *next is then where they begin. *found = false: no such stream.
 */
enum hc_code hc_log_read(const char *folder, struct hc_str stream, uint64_t *offset, bool backward, size_t limit,
			 struct hc_arena *arena, struct hc_log_event **out, size_t *n, uint64_t *next, bool *found,
			 struct hc_err *err) HC_MUST_USE;

#endif
