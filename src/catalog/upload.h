/*
 * Multipart uploads: objects that come in parts. An upload is named by a text of 32 hex digits; its parts are contents of their own
 * (store/content.h) until it is completed or aborted.
 *
 * As in object.h, what is replaced or deleted hands its content ids back, to be removed from disk when the transaction is there.
 */
#ifndef HC_CATALOG_UPLOAD_H
#define HC_CATALOG_UPLOAD_H

#include "catalog/object.h"

enum { HC_UPLOAD_NAME_SIZE = 33 };

struct hc_upload {
	int64_t id;
	struct hc_str name, key;
	int64_t initiated_us;
	struct hc_str headers; /* as of hc_stored: what the object will have */
};
/* HC_EMPTY when there is no such bucket. */
enum hc_code hc_upload_create(struct hc_db *db, struct hc_str bucket, struct hc_str key, struct hc_str name,
			      struct hc_str headers, int64_t now_us, struct hc_err *err) HC_MUST_USE;
/* The upload of that name, if it is one of this key. */
enum hc_code hc_upload_get(struct hc_db *db, struct hc_str bucket, struct hc_str key, struct hc_str name,
			   struct hc_arena *arena, struct hc_upload *out, bool *found, struct hc_err *err) HC_MUST_USE;
/* With all its parts; their contents are listed first, by hc_parts. */
enum hc_code hc_upload_delete(struct hc_db *db, int64_t upload, struct hc_err *err) HC_MUST_USE;

/* Uploads under way in a bucket, by key and name, behind (after_key, after_name); with an empty after_name behind all of after_key. */
struct hc_uploads_query {
	struct hc_str bucket, prefix, after_key, after_name;
	size_t limit;
};
enum hc_code hc_upload_list(struct hc_db *db, const struct hc_uploads_query *query, struct hc_arena *arena,
			    struct hc_upload **out, size_t *n, bool *truncated, struct hc_err *err) HC_MUST_USE;

struct hc_part {
	unsigned number; /* 1 .. HC_UPLOAD_PARTS_MAX */
	char content[HC_CONTENT_ID_SIZE];
	uint64_t size;
	int64_t modified_us;
	struct hc_str etag;      /* hex MD5 */
	struct hc_str checksums; /* JSON object: "x-amz-checksum-crc32": base64, ... */
};
/* Puts or replaces; `old` as of hc_stored_put. */
enum hc_code hc_part_put(struct hc_db *db, int64_t upload, const struct hc_part *part, char old[HC_CONTENT_ID_SIZE],
			 struct hc_err *err) HC_MUST_USE;
/* Parts with numbers above `after`, in their order, at most `limit`. */
enum hc_code hc_part_list(struct hc_db *db, int64_t upload, unsigned after, size_t limit, struct hc_arena *arena,
			  struct hc_part **out, size_t *n, bool *truncated, struct hc_err *err) HC_MUST_USE;

/* The contents of all parts of all uploads in a bucket, at most `limit`: what goes when the bucket does. */
enum hc_code hc_bucket_parts(struct hc_db *db, struct hc_str bucket, size_t limit, struct hc_arena *arena,
			     char (**out)[HC_CONTENT_ID_SIZE], size_t *n, struct hc_err *err) HC_MUST_USE;

#endif
