/*
 * Percent-encoding of URLs (RFC 3986), and query strings and forms.
 */
#ifndef HC_CODEC_PERCENT_H
#define HC_CODEC_PERCENT_H

#include "base/buf.h"

/* Appends text decoded; `plus` turns '+' into a space (forms). False, nothing appended, when a % is not followed by two hex digits. */
bool hc_percent_decode(struct hc_str text, bool plus, struct hc_buf *out);

/* Appends text encoded: all but A-Z a-z 0-9 - . _ ~ as %XX in upper case; '/' is kept with `keep_slash`. */
void hc_percent_encode(struct hc_str text, bool keep_slash, struct hc_buf *out);

/*
 * The next "name=value" of a query or form, still encoded; *rest moves behind it. A part without '=' has an empty value and
 * *has_value false. False at the end. Empty parts ("a=1&&b=2") are passed over.
 */
bool hc_query_next(struct hc_str *rest, struct hc_str *name, struct hc_str *value, bool *has_value);

#endif
