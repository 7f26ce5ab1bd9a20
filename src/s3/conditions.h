/*
 * Conditions and ranges of HTTP (RFC 9110, sections 13 and 14) as S3 has them. Pure.
 */
#ifndef HC_S3_CONDITIONS_H
#define HC_S3_CONDITIONS_H

#include <stdint.h>

#include "base/str.h"

/* The conditions of a request; p == NULL: not there. */
struct hc_s3_conditions {
	struct hc_str if_match, if_none_match, if_modified_since, if_unmodified_since;
};

enum hc_s3_verdict { HC_S3_HOLDS, HC_S3_NOT_MODIFIED, HC_S3_FAILED };

/*
 * If-Match that holds makes If-Unmodified-Since void, If-None-Match that holds If-Modified-Since. NOT_MODIFIED: 304 to GET and
 * HEAD, 412 to others. Dates that are none are passed over. Times are compared in whole seconds, as they are shown.
 */
enum hc_s3_verdict hc_s3_conditions_judge(const struct hc_s3_conditions *c, struct hc_str etag, int64_t modified_us);

/* One of "ETAG", W/"ETAG", ETAG in a list, or *. */
bool hc_s3_etag_matches(struct hc_str list, struct hc_str etag);
/* Without quotes and W/. */
struct hc_str hc_s3_etag_bare(struct hc_str text);

enum hc_s3_range { HC_S3_RANGE_NONE, HC_S3_RANGE_FINE, HC_S3_RANGE_OUTSIDE };
/*
 * "bytes=A-B", "bytes=A-", "bytes=-N" over `size` bytes. NONE: another unit, several ranges (S3 gives the whole object then), or malformed.
 * OUTSIDE: begins behind the end, or is empty.
 */
enum hc_s3_range hc_s3_range_read(struct hc_str text, uint64_t size, uint64_t *offset, uint64_t *length);

/* A date of HTTP in its three forms, or of RFC 3339; whole seconds. */
bool hc_s3_date_parse(struct hc_str text, int64_t *out_us);
/* "Sun, 06 Nov 1994 08:49:37 GMT" */
enum { HC_S3_DATE_SIZE = 40 };
void hc_s3_date_print(int64_t us, char out[HC_S3_DATE_SIZE]);

#endif
