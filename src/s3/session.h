/*
 * One request under way: what is known of it, what it asks for, what comes back. Inside of src/s3.
 *
 * Begin finds the operation and, where a body becomes an object, looks at what can be refused before it comes; the operation's work is done when the
 * body is complete. What goes wrong is said once, by hc_s3_refuse, and becomes the reply at the end.
 */
#ifndef HC_S3_SESSION_H
#define HC_S3_SESSION_H

#include "base/arena.h"
#include "catalog/upload.h"
#include "codec/xml.h"
#include "s3/body.h"
#include "s3/s3.h"

enum {
	HC_S3_ARENA_MAX =
		64 << 20,        /* memory of one request: a page of a listing with its keys and headers is the most */
	HC_S3_XML_MAX = 2 << 20, /* an XML body, in */
	HC_S3_REPLY_MAX = 32 << 20,   /* and out */
	HC_S3_QUERY_MAX = 64,         /* parameters */
	HC_S3_DRAINED_MAX = 64 << 20, /* of a refused body: read on, so that the client sees the answer */
	HC_S3_IGNORED_MAX = 1 << 20,  /* of a body that the operation has no use for */
	HC_S3_PAGE_MAX = 1000,        /* keys, parts or uploads in one page */
	HC_S3_DELETED_MAX = 1000,     /* keys in one DeleteObjects */
	HC_S3_METADATA_MAX = 32,      /* x-amz-meta-* headers of one object: they must fit in a reply */
	HC_S3_TAGS_MAX = 10,
	HC_S3_OPEN_TRIES = 16, /* an object may be replaced between being looked up and opened */
};
#define HC_S3_PART_BYTES_MIN (UINT64_C(5) << 20)
#define HC_S3_NAMESPACE "http://s3.amazonaws.com/doc/2006-03-01/"

struct hc_s3_parameter {
	struct hc_str name, value; /* decoded */
};

struct hc_s3;
/* Does the work and fills the reply. Not HC_OK: refused, or an error of the machine. */
typedef enum hc_code hc_s3_run(struct hc_s3 *s, struct hc_http_reply *reply, struct hc_err *err);

struct hc_s3_operation {
	const char *method;
	const char *parameter; /* there in the query; NULL: nothing special is */
	bool of_key;           /* of an object, else of a bucket */
	enum hc_s3_body_kind body;
	hc_s3_run *begin; /* before the body comes; may be NULL */
	hc_s3_run *run;
	const char *name; /* as AWS calls it */
};

struct hc_s3 {
	const struct hc_server *server;
	const struct hc_http_request *http;
	int64_t now_us;
	const char *request_id;
	struct hc_str bucket, key;
	struct hc_arena arena;
	struct hc_s3_parameter query[HC_S3_QUERY_MAX];
	size_t n_query;
	const struct hc_s3_operation *operation;
	bool is_head;

	struct hc_s3_body body;
	struct hc_str headers; /* JSON, found at begin: what the object will have, or the upload of a part has */

	/* What is wrong: status 0 while nothing is. */
	struct hc_fault fault;
	struct hc_str fault_extra; /* XML, put behind the message */
	uint64_t drained;
	struct hc_err err;
};

/* Says what is wrong, once: a later one is not heard. Sets err too; HC_USAGE. */
enum hc_code hc_s3_refuse_set(struct hc_s3 *s, struct hc_err *err, unsigned status, const char *code, const char *fmt,
			      ...) HC_PRINTF(5, 6);
#define hc_s3_refuse(s, err, status, code, ...) \
	(hc_s3_refuse_set((s), (err), (status), (code), __VA_ARGS__), hc_err_code(err))

/* The disk is full: 507. */
enum hc_code hc_s3_refuse_full(struct hc_s3 *s, struct hc_err *err);

/* The reply for what came of a request; code HC_OK: it is filled. */
void hc_s3_answer(struct hc_s3 *s, enum hc_code code, struct hc_http_reply *reply);
/* S3's rules for names of general purpose buckets. */
bool hc_s3_is_bucket_name(struct hc_str name);

/* A parameter of the query; p == NULL when it is not there. */
struct hc_str hc_s3_parameter(const struct hc_s3 *s, const char *name);
/* One that is a number in [0, max]: larger ones are cut, `otherwise` without one. Others are refused: InvalidArgument. */
enum hc_code hc_s3_parameter_number(struct hc_s3 *s, const char *name, uint64_t max, uint64_t otherwise, uint64_t *out,
				    struct hc_err *err) HC_MUST_USE;
/* A header of the request; p == NULL when it is not there. */
static inline struct hc_str hc_s3_header(const struct hc_s3 *s, const char *name)
{
	return hc_http_header_get(s->http, name);
}
/* "true" in any case. */
bool hc_s3_is_true(struct hc_str s);

/* The page size that the server allows. */
uint64_t hc_s3_page_max(const struct hc_s3 *s);

/* A text from outside to be a key: its length, UTF-8, no NUL. */
enum hc_code hc_s3_check_key(struct hc_s3 *s, struct hc_str key, struct hc_err *err) HC_MUST_USE;
enum hc_code hc_s3_check_text(struct hc_s3 *s, const char *what, struct hc_str text, struct hc_err *err) HC_MUST_USE;

/* Refuses NoSuchBucket when the request's is not there. */
enum hc_code hc_s3_need_bucket(struct hc_s3 *s, struct hc_db *db, struct hc_err *err) HC_MUST_USE;

/* A document of the reply: the declaration and <NAME xmlns=...>; the other ends it and says what type it is. */
void hc_s3_open_xml(struct hc_http_reply *reply, const char *name);
enum hc_code hc_s3_close_xml(struct hc_http_reply *reply, const char *name, struct hc_err *err) HC_MUST_USE;
void hc_s3_xml_number(struct hc_buf *out, const char *name, uint64_t value);
void hc_s3_xml_bool(struct hc_buf *out, const char *name, bool value);
void hc_s3_xml_instant(struct hc_buf *out, const char *name, int64_t us);
/* "ETAG" with its quotes, escaped. */
void hc_s3_xml_etag(struct hc_buf *out, struct hc_str etag);
/* A key or prefix, percent-encoded with `url` (encoding-type=url). */
void hc_s3_xml_key(struct hc_buf *out, const char *name, struct hc_str key, bool url);
/* encoding-type=url was asked for; another value is refused. */
enum hc_code hc_s3_wants_url(struct hc_s3 *s, bool *out, struct hc_err *err) HC_MUST_USE;

/* New content that a transaction did not take: removed, unless nobody knows if the transaction is on disk (the sweep does, later). */
void hc_s3_forget(struct hc_s3 *s, const char *content, const struct hc_err *err);

/* The XML body's root, which must have that name; MalformedXML. */
enum hc_code hc_s3_read_xml(struct hc_s3 *s, const char *root, struct hc_xml **out, struct hc_err *err) HC_MUST_USE;
/* <ELEMENT> with ID and name of the account, to which everything belongs. */
void hc_s3_xml_owner(const struct hc_s3 *s, const char *element, struct hc_buf *out);
enum hc_code hc_s3_reply_acl(struct hc_s3 *s, struct hc_http_reply *reply, struct hc_err *err) HC_MUST_USE;

/* The request's object, its texts in the session's arena; with `open` its content too, found and opened in one snapshot so that *fd is
 * the bytes of *out. NoSuchBucket, NoSuchKey. */
enum hc_code hc_s3_find_object(struct hc_s3 *s, bool open, struct hc_stored *out, int *fd,
			       struct hc_err *err) HC_MUST_USE;
/* If-None-Match and If-Match of a request that puts an object where there is `before` (NULL: none). */
enum hc_code hc_s3_check_put(struct hc_s3 *s, const struct hc_stored *before, struct hc_err *err) HC_MUST_USE;
/* An object on its way into the catalog. */
struct hc_s3_put {
	struct hc_s3 *s;
	struct hc_stored object;
	char old[HC_CONTENT_ID_SIZE]; /* what it replaced */
};

/* Bytes [offset, offset + length) of a file, up to its end, into a content and the digests (may be NULL). */
enum hc_code hc_s3_copy_bytes(struct hc_s3 *s, int fd, uint64_t offset, uint64_t length, struct hc_content_writer *w,
			      struct hc_checksums *sums, struct hc_err *err) HC_MUST_USE;

/* The operations; each in the file of its matter. */
hc_s3_run hc_s3_list_buckets, hc_s3_create_bucket, hc_s3_head_bucket, hc_s3_delete_bucket, hc_s3_bucket_location;
hc_s3_run hc_s3_bucket_versioning, hc_s3_bucket_acl, hc_s3_bucket_absent, hc_s3_bucket_empty, hc_s3_request_payment;
hc_s3_run hc_s3_object_acl, hc_s3_object_tagging;
hc_s3_run hc_s3_list_v1, hc_s3_list_v2;
hc_s3_run hc_s3_get_object, hc_s3_put_begin, hc_s3_put_object, hc_s3_delete_object, hc_s3_delete_objects;
hc_s3_run hc_s3_copy_object, hc_s3_copy_part;
hc_s3_run hc_s3_create_upload, hc_s3_part_begin, hc_s3_put_part, hc_s3_complete_upload, hc_s3_abort_upload;
hc_s3_run hc_s3_list_parts, hc_s3_list_uploads;

#endif
