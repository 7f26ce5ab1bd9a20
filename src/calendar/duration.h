/*
 * ISO 8601 durations as StartTimeOffset and EndTimeOffset use them.
 */
#ifndef HC_CALENDAR_DURATION_H
#define HC_CALENDAR_DURATION_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

/* Longest duration, either way: about 100 years. */
enum { HC_DURATION_DAYS_MAX = 36525 };

/*
 * [+-]P[nW][nD][T[nH][nM][nS]] with whole numbers, in microseconds: `-P8D`, `-PT7H`, `-PT0H`,
 * `-PT30M`; and AWS's own loose form with days behind the T (`-PT2D`). Years and months have no
 * fixed length and are refused (the hint names `-PT1M` for `-P1M`). HC_USAGE with a message that
 * shows the text.
 */
enum hc_code hc_duration_parse(struct hc_str text, int64_t *out_us, struct hc_err *err) HC_MUST_USE;

#endif
