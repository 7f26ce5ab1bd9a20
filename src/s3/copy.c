#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "codec/percent.h"
#include "codec/xml.h"
#include "s3/conditions.h"
#include "s3/headers.h"
#include "s3/upload.h"

enum { STEP = 1 << 18 };

enum hc_code hc_s3_copy_bytes(struct hc_s3 *s, int fd, uint64_t offset, uint64_t length, struct hc_content_writer *w,
			      struct hc_checksums *sums, struct hc_err *err)
{
	(void)s;
	char *buf = malloc(STEP);
	if (!buf)
		return hc_fail_nomem(err, "copying");
	enum hc_code code = HC_OK;
	while (code == HC_OK && length > 0) {
		ssize_t n = pread(fd, buf, length < STEP ? (size_t)length : STEP, (off_t)offset);
		if (n == 0)
			break;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			code = hc_fail(err, HC_IO, "a content cannot be read: %s", strerror(errno));
			break;
		}
		if (sums)
			hc_checksums_add(sums, buf, (size_t)n);
		if (w)
			code = hc_content_write(w, buf, (size_t)n, err);
		offset += (uint64_t)n;
		length -= (uint64_t)n;
	}
	free(buf);
	return code;
}

/* Where a copy comes from. */
struct source {
	struct hc_s3 *s;
	struct hc_str bucket, key;
	struct hc_stored stored;
	int fd;
	bool lost;
};

/* x-amz-copy-source: [/]BUCKET/KEY[?versionId=null], percent-encoded. */
static enum hc_code read_source(struct hc_s3 *s, struct source *from, struct hc_err *err)
{
	struct hc_str text = hc_str_trim(hc_s3_header(s, "x-amz-copy-source"));
	const char *query = text.n ? memchr(text.p, '?', text.n) : NULL;
	if (query) {
		struct hc_str rest = {query + 1, text.n - (size_t)(query + 1 - text.p)};
		if (hc_str_starts(rest, "versionId=") && !hc_str_eq(rest, HC_STR("versionId=null")))
			return hc_s3_refuse(s, err, 400, "InvalidArgument", "Invalid version id specified");
		if (hc_str_starts(rest, "versionId="))
			text.n = (size_t)(query - text.p);
	}
	HC_BUF_SCOPED struct hc_buf buf = HC_BUF(8 << 10);
	struct hc_str path = {NULL, 0};
	if (hc_percent_decode(text, false, &buf) && !buf.failed)
		path = hc_arena_copy(&s->arena, hc_buf_view(&buf));
	if (path.n > 0 && path.p[0] == '/')
		path = (struct hc_str){path.p + 1, path.n - 1};
	if (hc_str_starts(path, "arn:"))
		return hc_s3_refuse(s, err, 501, "NotImplemented", "Copying from access points is not implemented.");
	const char *slash = path.n ? memchr(path.p, '/', path.n) : NULL;
	size_t n = slash ? (size_t)(slash - path.p) : 0;
	if (n == 0 || n + 1 == path.n)
		return hc_s3_refuse(s, err, 400, "InvalidArgument",
				    "Copy Source must mention the source bucket and key: sourcebucket/sourcekey");
	from->bucket = (struct hc_str){path.p, n};
	from->key = (struct hc_str){slash + 1, path.n - n - 1};
	if (!hc_s3_is_bucket_name(from->bucket))
		return hc_s3_refuse(s, err, 400, "InvalidBucketName", "The specified bucket is not valid.");
	return hc_s3_check_key(s, from->key, err);
}

static enum hc_code check_source(struct source *from, struct hc_err *err)
{
	const struct hc_s3_conditions c = {
		.if_match = hc_s3_header(from->s, "x-amz-copy-source-if-match"),
		.if_none_match = hc_s3_header(from->s, "x-amz-copy-source-if-none-match"),
		.if_modified_since = hc_s3_header(from->s, "x-amz-copy-source-if-modified-since"),
		.if_unmodified_since = hc_s3_header(from->s, "x-amz-copy-source-if-unmodified-since"),
	};
	if (hc_s3_conditions_judge(&c, from->stored.etag, from->stored.modified_us) != HC_S3_HOLDS)
		return hc_s3_refuse(from->s, err, 412, "PreconditionFailed",
				    "At least one of the pre-conditions you specified did not hold");
	return HC_OK;
}

static enum hc_code look_up(struct source *from, struct hc_db *db, struct hc_err *err)
{
	struct hc_s3 *s = from->s;
	bool there;
	int64_t created_us;
	HC_TRY(hc_stored_get(db, from->bucket, from->key, &s->arena, &from->stored, &there, err));
	if (there)
		return check_source(from, err);
	HC_TRY(hc_bucket_get(db, from->bucket, &created_us, &there, err));
	if (!there)
		return hc_s3_refuse(s, err, 404, "NoSuchBucket", "The specified bucket does not exist");
	return hc_s3_refuse(s, err, 404, "NoSuchKey", "The specified key does not exist.");
}

static enum hc_code open_source(struct hc_db *db, void *arg, struct hc_err *err)
{
	struct source *from = arg;
	HC_TRY(look_up(from, db, err));
	enum hc_code code = hc_content_open(from->s->server->contents, from->stored.content, &from->fd, err);
	from->lost = code == HC_IO;
	return code;
}

/* Looks the source up and opens it in one snapshot; *from->fd is the caller's. */
static enum hc_code find_source(struct source *from, struct hc_err *err)
{
	enum hc_code code = HC_IO;
	from->fd = -1;
	from->lost = true;
	for (int i = 0; i < HC_S3_OPEN_TRIES && from->lost; i++) {
		from->lost = false;
		code = hc_catalog_read(from->s->server->catalog, open_source, from, err);
	}
	if (code != HC_OK && from->fd >= 0) {
		close(from->fd);
		from->fd = -1;
	}
	return code;
}

static void reply_copy(const char *root, int64_t modified_us, struct hc_str etag, const json_t *checksums,
		       struct hc_http_reply *reply)
{
	hc_s3_open_xml(reply, root);
	hc_s3_xml_instant(&reply->body, "LastModified", modified_us);
	hc_s3_xml_etag(&reply->body, etag);
	hc_s3_headers_xml_checksums(checksums, &reply->body);
}

/* --- CopyObject: the content is shared, only the index changes --- */

struct copy {
	struct source from;
	struct hc_s3_put put;
	bool replace, replace_tags;
	json_t *given;   /* what the request says */
	json_t *headers; /* what the object gets */
	unsigned kinds;
	struct hc_checksums *sums; /* of a checksum that the source has not */
	char summed[HC_CONTENT_ID_SIZE];
};

static enum hc_code directive(struct hc_s3 *s, const char *header, bool *replace, struct hc_err *err)
{
	struct hc_str value = hc_s3_header(s, header);
	*replace = hc_str_eq(value, HC_STR("REPLACE"));
	if (value.n > 0 && !*replace && !hc_str_eq(value, HC_STR("COPY")))
		return hc_s3_refuse(s, err, 400, "InvalidArgument", "Unknown %s directive.", header + 6);
	return HC_OK;
}

static enum hc_code read_copy(struct copy *c, struct hc_err *err)
{
	struct hc_s3 *s = c->from.s;
	HC_TRY(read_source(s, &c->from, err));
	HC_TRY(directive(s, "x-amz-metadata-directive", &c->replace, err));
	HC_TRY(directive(s, "x-amz-tagging-directive", &c->replace_tags, err));
	HC_TRY(hc_s3_algorithm(s, "x-amz-checksum-algorithm", &c->kinds, err));
	HC_TRY(hc_s3_headers_keeping(s, c->given, err));
	bool changes = json_object_size(c->given) > 0 || c->replace || c->replace_tags || c->kinds != 0 ||
		       hc_s3_header(s, "x-amz-storage-class").n > 0;
	if (!changes && hc_str_eq(c->from.bucket, s->bucket) && hc_str_eq(c->from.key, s->key))
		return hc_s3_refuse(
			s, err, 400, "InvalidRequest",
			"This copy request is illegal because it is trying to copy an object to itself without "
			"changing the object's metadata, storage class, website redirect location or encryption "
			"attributes.");
	if (c->replace)
		HC_TRY(hc_s3_headers_describe(s, c->given, err));
	return c->replace_tags ? hc_s3_headers_tags(s, c->given, err) : HC_OK;
}

/* True if a header of the source goes along with the copy. */
static bool goes_along(const struct copy *c, const char *name)
{
	if (strcmp(name, "x-amz-tagging") == 0)
		return !c->replace_tags;
	if (strncmp(name, "x-amz-checksum-", 15) == 0)
		return c->kinds == 0;
	if (name[0] == '=' || strncmp(name, "x-amz-server-side-encryption", 28) == 0 ||
	    strcmp(name, "x-amz-storage-class") == 0 || strcmp(name, "x-amz-website-redirect-location") == 0)
		return false;
	return !c->replace;
}

static enum hc_code merge_headers(struct copy *c, struct hc_err *err)
{
	json_t *source = NULL, *value;
	const char *name;
	HC_TRY(hc_s3_headers_parse(c->from.stored.headers, &source, err));
	json_decref(c->headers);
	c->headers = json_copy(c->given);
	bool fine = c->headers != NULL;
	json_object_foreach(source, name, value)
	{
		if (fine && goes_along(c, name))
			fine = json_object_set(c->headers, name, value) == 0;
	}
	json_decref(source);
	for (unsigned kind = HC_CHECKSUM_MD5 + 1; kind < HC_CHECKSUM_KINDS && fine; kind++) {
		char text[HC_CHECKSUM_TEXT_SIZE];
		if (!(c->kinds & 1U << kind))
			continue;
		hc_checksums_base64(c->sums, (enum hc_checksum_kind)kind, text);
		fine = hc_tree_set_text(c->headers, hc_s3_checksum_header((enum hc_checksum_kind)kind), hc_str(text)) &&
		       hc_tree_set_text(c->headers, "x-amz-checksum-type", HC_STR("FULL_OBJECT"));
	}
	return fine ? HC_OK : hc_fail_nomem(err, "an object's headers");
}

static enum hc_code put_copy(struct hc_db *db, void *arg, struct hc_err *err)
{
	struct copy *c = arg;
	struct hc_s3 *s = c->from.s;
	struct hc_stored before;
	bool there;
	HC_TRY(hc_s3_need_bucket(s, db, err));
	HC_TRY(look_up(&c->from, db, err));
	if (c->kinds && strcmp(c->summed, c->from.stored.content) != 0)
		return hc_s3_refuse(s, err, 409, "OperationAborted", "The source was replaced while it was copied.");
	HC_TRY(hc_stored_get(db, s->bucket, s->key, &s->arena, &before, &there, err));
	HC_TRY(hc_s3_check_put(s, there ? &before : NULL, err));
	HC_TRY(merge_headers(c, err));
	struct hc_stored *o = &c->put.object;
	*o = c->from.stored;
	o->bucket = s->bucket;
	o->key = s->key;
	o->modified_us = s->now_us;
	HC_TRY(hc_s3_headers_print(s, c->headers, &o->headers, err));
	return hc_stored_put(db, o, c->put.old, err);
}

/* A checksum asked for is taken beforehand: the writer's thread must not read objects. */
static enum hc_code sum_source(struct copy *c, struct hc_err *err)
{
	if (!c->kinds)
		return HC_OK;
	HC_TRY(find_source(&c->from, err));
	memcpy(c->summed, c->from.stored.content, HC_CONTENT_ID_SIZE);
	enum hc_code code = hc_checksums_open(c->kinds, &c->sums, err);
	if (code == HC_OK)
		code = hc_s3_copy_bytes(c->from.s, c->from.fd, 0, UINT64_MAX, NULL, c->sums, err);
	close(c->from.fd);
	return code;
}

enum hc_code hc_s3_copy_object(struct hc_s3 *s, struct hc_http_reply *reply, struct hc_err *err)
{
	struct copy c = {.from = {.s = s, .fd = -1}, .put = {.s = s}, .given = json_object()};
	enum hc_code code = c.given ? read_copy(&c, err) : hc_fail_nomem(err, "a copy");
	if (code == HC_OK)
		code = sum_source(&c, err);
	if (code == HC_OK)
		code = hc_catalog_write(s->server->catalog, put_copy, &c, err);
	if (code == HC_OK) {
		hc_content_remove(s->server->contents, c.put.old);
		hc_s3_headers_give_stored(c.headers, false, reply);
		reply_copy("CopyObjectResult", s->now_us, c.put.object.etag, c.headers, reply);
		code = hc_s3_close_xml(reply, "CopyObjectResult", err);
	}
	hc_checksums_free(c.sums);
	json_decref(c.given);
	json_decref(c.headers);
	return code;
}

/* --- UploadPartCopy --- */

/* x-amz-copy-source-range: bytes=A-B, both given and inside of the source. */
static enum hc_code read_part_range(struct source *from, uint64_t *offset, uint64_t *length, struct hc_err *err)
{
	struct hc_s3 *s = from->s;
	struct hc_str range = hc_s3_header(s, "x-amz-copy-source-range");
	uint64_t all, size = from->stored.size;
	*offset = 0;
	*length = size;
	if (!range.p)
		return HC_OK;
	enum hc_s3_range kind = hc_s3_range_read(range, UINT64_MAX, offset, &all);
	if (kind != HC_S3_RANGE_FINE || range.p[range.n - 1] == '-' || hc_str_starts(hc_str_trim(range), "bytes=-"))
		return hc_s3_refuse(
			s, err, 400, "InvalidArgument",
			"The x-amz-copy-source-range value must be of the form bytes=first-last where first and last "
			"are the zero-based offsets of the first and last bytes to copy");
	if (*offset >= size || all > size - *offset)
		return hc_s3_refuse(s, err, 400, "InvalidArgument",
				    "Range specified is not valid for source object of size: %llu",
				    (unsigned long long)size);
	*length = all;
	return HC_OK;
}

static enum hc_code fill_part(struct source *from, struct hc_err *err)
{
	struct hc_s3 *s = from->s;
	uint64_t offset, length, max = s->server->object_bytes_max;
	HC_TRY(read_part_range(from, &offset, &length, err));
	if (max > 0 && length > max)
		return hc_s3_refuse(s, err, 400, "EntityTooLarge",
				    "Your proposed upload exceeds the maximum allowed size of %llu bytes.",
				    (unsigned long long)max);
	s->body.kinds |= 1U << HC_CHECKSUM_MD5;
	hc_checksums_free(s->body.sums);
	s->body.sums = NULL;
	HC_TRY(hc_checksums_open(s->body.kinds, &s->body.sums, err));
	HC_TRY(hc_content_create(s->server->contents, &s->body.writer, err));
	s->body.writing = true;
	HC_TRY(hc_s3_copy_bytes(s, from->fd, offset, length, &s->body.writer, s->body.sums, err));
	s->body.writing = false;
	return hc_content_finish(&s->body.writer, err);
}

static enum hc_code store_copied(struct hc_s3 *s, json_t *checksums, char etag[HC_CHECKSUM_TEXT_SIZE],
				 struct hc_err *err)
{
	HC_TRY(hc_s3_headers_checksums(s, checksums, err));
	json_object_del(checksums, "x-amz-checksum-type");
	return hc_s3_store_part(s, checksums, etag, err);
}

enum hc_code hc_s3_copy_part(struct hc_s3 *s, struct hc_http_reply *reply, struct hc_err *err)
{
	struct source from = {.s = s, .fd = -1};
	unsigned number;
	HC_TRY(hc_s3_part_number(s, &number, err));
	HC_TRY(read_source(s, &from, err));
	HC_TRY(hc_s3_upload_algorithm(s, err));
	HC_TRY(find_source(&from, err));
	enum hc_code code = fill_part(&from, err);
	close(from.fd);
	HC_TRY(code); /* a content that is not finished goes with the session */
	char etag[HC_CHECKSUM_TEXT_SIZE];
	json_t *checksums = json_object();
	code = checksums ? store_copied(s, checksums, etag, err) : hc_fail_nomem(err, "a part");
	if (code == HC_OK) {
		reply_copy("CopyPartResult", s->now_us, hc_str(etag), checksums, reply);
		code = hc_s3_close_xml(reply, "CopyPartResult", err);
	} else {
		hc_s3_forget(s, s->body.writer.id, err);
	}
	json_decref(checksums);
	return code;
}
