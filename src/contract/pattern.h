/*
 * The patterns of the contract, compiled once (at the first use, about 2 ms) and kept while the process lives.
 *
 * PCRE2 with UTF, anchored at both ends, every Unicode line end a line end for the dot. Not with UCP: AWS's service is written in Java,
 * whose \d, \w and \s are ASCII. No JIT: its stack and limits are others. Any thread.
 */
#ifndef HC_CONTRACT_PATTERN_H
#define HC_CONTRACT_PATTERN_H

#include <stdbool.h>

#include "base/str.h"

/* Steps of one match, and KiB of memory for its way back. 2,048 characters of the worst pattern take 10,000 steps. */
enum { HC_PATTERN_STEPS_MAX = 200000, HC_PATTERN_KIB_MAX = 16384 };

/* True if the whole text (UTF-8) matches; false also when that takes more than the limits. index: hc_shape.pattern_index. */
bool hc_pattern_matches(unsigned index, struct hc_str text);

#endif
