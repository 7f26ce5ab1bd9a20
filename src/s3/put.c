#include "codec/xml.h"
#include "s3/conditions.h"
#include "s3/headers.h"

/* Whether an object may be put where there is one, or none (before == NULL). */
enum hc_code hc_s3_check_put(struct hc_s3 *s, const struct hc_stored *before, struct hc_err *err)
{
	struct hc_str none = hc_s3_header(s, "If-None-Match"), match = hc_s3_header(s, "If-Match");
	if (none.p && !hc_str_eq(hc_str_trim(none), HC_STR("*")))
		return hc_s3_refuse(
			s, err, 501, "NotImplemented",
			"A header you provided implies functionality that is not implemented: If-None-Match "
			"with anything but *");
	if (match.p && !before)
		return hc_s3_refuse(s, err, 404, "NoSuchKey", "The specified key does not exist.");
	if ((none.p && before) || (match.p && !hc_s3_etag_matches(match, before->etag)))
		return hc_s3_refuse(s, err, 412, "PreconditionFailed",
				    "At least one of the pre-conditions you specified did not hold");
	return HC_OK;
}

static enum hc_code check_there(struct hc_db *db, void *arg, struct hc_err *err)
{
	struct hc_s3 *s = arg;
	HC_TRY(hc_s3_need_bucket(s, db, err));
	struct hc_stored before;
	bool there;
	HC_TRY(hc_stored_get(db, s->bucket, s->key, &s->arena, &before, &there, err));
	return hc_s3_check_put(s, there ? &before : NULL, err);
}

/* What can be refused is refused before the body comes. */
enum hc_code hc_s3_put_begin(struct hc_s3 *s, struct hc_http_reply *reply, struct hc_err *err)
{
	(void)reply;
	json_t *headers = json_object();
	if (!headers)
		return hc_fail_nomem(err, "an object's headers");
	enum hc_code code = hc_s3_headers_describe(s, headers, err);
	if (code == HC_OK)
		code = hc_s3_headers_keeping(s, headers, err);
	if (code == HC_OK)
		code = hc_s3_headers_tags(s, headers, err);
	if (code == HC_OK)
		code = hc_s3_headers_print(s, headers, &s->headers, err);
	json_decref(headers);
	HC_TRY(code);
	HC_TRY(hc_s3_algorithm(s, "x-amz-checksum-algorithm", &s->body.kinds, err));
	return hc_catalog_read(s->server->catalog, check_there, s, err);
}

static enum hc_code put(struct hc_db *db, void *arg, struct hc_err *err)
{
	struct hc_s3_put *p = arg;
	struct hc_stored before;
	bool there;
	HC_TRY(hc_s3_need_bucket(p->s, db, err));
	HC_TRY(hc_stored_get(db, p->object.bucket, p->object.key, &p->s->arena, &before, &there, err));
	HC_TRY(hc_s3_check_put(p->s, there ? &before : NULL, err));
	return hc_stored_put(db, &p->object, p->old, err);
}

static enum hc_code store(struct hc_s3 *s, json_t *headers, struct hc_http_reply *reply, struct hc_err *err)
{
	char etag[HC_CHECKSUM_TEXT_SIZE];
	hc_checksums_hex(s->body.sums, HC_CHECKSUM_MD5, etag);
	struct hc_s3_put p = {.s = s, .object = {.bucket = s->bucket, .key = s->key, .size = s->body.writer.size}};
	memcpy(p.object.content, s->body.writer.id, HC_CONTENT_ID_SIZE);
	p.object.modified_us = s->now_us;
	p.object.etag = hc_str(etag);
	HC_TRY(hc_s3_headers_checksums(s, headers, err));
	HC_TRY(hc_s3_headers_print(s, headers, &p.object.headers, err));
	HC_TRY(hc_catalog_write(s->server->catalog, put, &p, err));
	hc_content_remove(s->server->contents, p.old);
	hc_http_reply_header(reply, "ETag", "\"%s\"", etag);
	hc_s3_headers_give_stored(headers, true, reply);
	return HC_OK;
}

enum hc_code hc_s3_put_object(struct hc_s3 *s, struct hc_http_reply *reply, struct hc_err *err)
{
	json_t *headers = NULL;
	enum hc_code code = hc_s3_headers_parse(s->headers, &headers, err);
	if (code == HC_OK)
		code = store(s, headers, reply, err);
	json_decref(headers);
	if (code != HC_OK)
		hc_s3_forget(s, s->body.writer.id, err);
	return code;
}
