/*
 * The one door to time.
 *
 * Whoever needs the time reads it here once and passes it down; nothing below src/monitor asks.
 */
#ifndef HC_SYS_CLOCK_H
#define HC_SYS_CLOCK_H

#include <stdint.h>

#include "base/err.h"

/* Wall clock, microseconds since 1970, moved by what hc_clock_follow's file says. */
int64_t hc_clock_now_us(void);

/*
 * For tests of the server: from now on the wall clock is that many seconds ahead that the file `path` holds as text
 * ("3600\n"; a minus before it: behind). The file is read anew at each look at the clock; while it cannot be read,
 * or says more than 100 years, its last word holds.
 */
void hc_clock_follow(const char *path);

/* The machine's own wall clock, never moved: what the times of files go by. */
int64_t hc_clock_of_files_us(void);

/* A clock that only goes forward, for deadlines and progress; its zero means nothing. */
int64_t hc_clock_steady_us(void);

/*
 * The evaluation time of a report: now, or what SOURCE_DATE_EPOCH says (seconds since 1970, see
 * reproducible-builds.org), so that the same inputs give the same bytes. HC_USAGE when that
 * variable is set to something else.
 */
enum hc_code hc_clock_evaluation_us(int64_t *out, struct hc_err *err) HC_MUST_USE;

#endif
