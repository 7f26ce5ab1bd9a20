/*
 * Buckets, objects and uploads: the index of the object store. The bytes of an object are a content file (store/content.h), named here by
 * its content id; this index says which content is which key's, with the metadata.
 *
 * A key is any bytes of UTF-8 but NUL, up to HC_KEY_BYTES_MAX; order is by bytes. An object whose content is replaced or deleted hands
 * its old content id back: it is removed from disk by the caller after the transaction is on disk.
 */
#ifndef HC_CATALOG_OBJECT_H
#define HC_CATALOG_OBJECT_H

#include "db/db.h"
#include "store/content.h"

enum { HC_KEY_BYTES_MAX = 1024, HC_METADATA_BYTES_MAX = 2048, HC_UPLOAD_PARTS_MAX = 10000 };

struct hc_bucket {
	struct hc_str name;
	int64_t created_us;
};
enum hc_code hc_bucket_get(struct hc_db *db, struct hc_str name, int64_t *created_us, bool *found,
			   struct hc_err *err) HC_MUST_USE;
/* *made = false when it was there. */
enum hc_code hc_bucket_create(struct hc_db *db, struct hc_str name, int64_t now_us, bool *made,
			      struct hc_err *err) HC_MUST_USE;
/* *empty = false: it holds objects and stays. Open uploads go with it. */
enum hc_code hc_bucket_delete(struct hc_db *db, struct hc_str name, bool *empty, struct hc_err *err) HC_MUST_USE;
/* Those whose names begin with '=' are the server's own and not listed. */
enum hc_code hc_bucket_list(struct hc_db *db, struct hc_arena *arena, struct hc_bucket **out, size_t *n,
			    struct hc_err *err) HC_MUST_USE;

struct hc_stored {
	struct hc_str bucket, key;
	char content[HC_CONTENT_ID_SIZE];
	uint64_t size;
	int64_t modified_us;
	struct hc_str etag; /* without quotes: hex MD5, or "HEX-N" of a multipart upload */
	struct hc_str
		headers; /* JSON object: what is given back as headers (content-type, cache-control, x-amz-meta-..., checksums) */
};
enum hc_code hc_stored_get(struct hc_db *db, struct hc_str bucket, struct hc_str key, struct hc_arena *arena,
			   struct hc_stored *out, bool *found, struct hc_err *err) HC_MUST_USE;
/* Puts or replaces; `old` gets the content id that nobody names any more ("" if none): copies share a content. HC_EMPTY when there is
 * no such bucket. */
enum hc_code hc_stored_put(struct hc_db *db, const struct hc_stored *object, char old[HC_CONTENT_ID_SIZE],
			   struct hc_err *err) HC_MUST_USE;
/* `old` as above; a bucket or key that is not there is fine. */
enum hc_code hc_stored_delete(struct hc_db *db, struct hc_str bucket, struct hc_str key, char old[HC_CONTENT_ID_SIZE],
			      struct hc_err *err) HC_MUST_USE;

/*
 * A page of a listing: objects and common prefixes together in the order of their keys, as S3 lists them. Cost: proportional
 * to the page, not to what a common prefix stands for. A bucket that is not there has nothing in it.
 */
struct hc_listing_query {
	struct hc_str bucket, prefix;
	struct hc_str delimiter; /* empty: none */
	struct hc_str after;     /* keys behind this one (exclusive); a common prefix is given when it is behind it */
	size_t limit;
};
struct hc_listing_entry {
	bool is_prefix;
	struct hc_str key; /* of the object, or the common prefix with its delimiter */
	char content[HC_CONTENT_ID_SIZE];
	uint64_t size;
	int64_t modified_us;
	struct hc_str etag;
	struct hc_str headers;
};
enum hc_code hc_listing(struct hc_db *db, const struct hc_listing_query *query, struct hc_arena *arena,
			struct hc_listing_entry **out, size_t *n, bool *truncated, struct hc_err *err) HC_MUST_USE;

/* Multipart uploads, and their parts, stand in upload.h. */

/* True if some object, part or copy still names this content: what the sweep after a crash asks. */
enum hc_code hc_content_is_used(struct hc_db *db, const char *content, bool *out, struct hc_err *err) HC_MUST_USE;

#endif
