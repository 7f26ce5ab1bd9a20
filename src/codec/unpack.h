/*
 * Unpacks gzip and zstd on the way, recognised by their first bytes, not by name; anything else
 * passes through unchanged. Several members or frames in a row are one stream, as gzip and zstd
 * themselves read them. A stream that ends before its end, or whose check does not fit, is HC_INPUT.
 * Memory: the window of a zstd frame is limited to HC_UNPACK_WINDOW_LOG_MAX.
 */
#ifndef HC_CODEC_UNPACK_H
#define HC_CODEC_UNPACK_H

#include <stdbool.h>

#include "base/source.h"

enum { HC_UNPACK_WINDOW_LOG_MAX = 27 };

/* Whether data that begin so (4 bytes, or all) are packed. */
bool hc_unpack_is_packed(const void *head, size_t n);

/* *out reads `packed` unpacked and owns it from here on, also on failure (it is then closed). */
enum hc_code hc_unpack_open(struct hc_source *packed, struct hc_source **out, struct hc_err *err) HC_MUST_USE;

#endif
