/*
 * Scanning bytes with vector instructions (base/simd.h). Nothing here reads outside [p, end).
 *
 * For inner loops that want the same inlined: codec/scan_block.h.
 */
#ifndef HC_CODEC_SCAN_H
#define HC_CODEC_SCAN_H

#include <stdint.h>

/* The first byte that does not stand for itself in a JSON string: '"', '\\', below 0x20, or 0x80 and
 * above; `end` if there is none. */
const char *hc_scan_special(const char *p, const char *end);

/* Newlines (LF) in [p, end). */
uint64_t hc_scan_count_lines(const char *p, const char *end);

#endif
