#include <unistd.h>

#include "codec/xml.h"
#include "s3/conditions.h"
#include "s3/headers.h"

/* An object that was found, and the descriptor by which it is read whatever becomes of its name. */
struct found {
	struct hc_s3 *s;
	struct hc_stored stored;
	bool open; /* a descriptor is wanted */
	bool lost; /* found and gone: replaced in between, to be tried again */
	int fd;
};

static enum hc_code find(struct hc_db *db, void *arg, struct hc_err *err)
{
	struct found *f = arg;
	struct hc_s3 *s = f->s;
	bool there;
	HC_TRY(hc_stored_get(db, s->bucket, s->key, &s->arena, &f->stored, &there, err));
	if (!there) {
		HC_TRY(hc_s3_need_bucket(s, db, err));
		return hc_s3_refuse(s, err, 404, "NoSuchKey", "The specified key does not exist.");
	}
	if (!f->open)
		return HC_OK;
	enum hc_code code = hc_content_open(s->server->contents, f->stored.content, &f->fd, err);
	f->lost = code == HC_IO;
	return code;
}

enum hc_code hc_s3_find_object(struct hc_s3 *s, bool open, struct hc_stored *out, int *fd, struct hc_err *err)
{
	struct found f = {.s = s, .open = open, .fd = -1};
	enum hc_code code = HC_IO;
	f.lost = true;
	for (int i = 0; i < HC_S3_OPEN_TRIES && f.lost; i++) {
		f.lost = false;
		code = hc_catalog_read(s->server->catalog, find, &f, err);
	}
	if (code != HC_OK) {
		if (f.fd >= 0)
			close(f.fd);
		return code;
	}
	*out = f.stored;
	if (open)
		*fd = f.fd;
	return HC_OK;
}

static enum hc_s3_verdict judge(const struct hc_s3 *s, const struct hc_stored *o)
{
	const struct hc_s3_conditions c = {
		.if_match = hc_s3_header(s, "If-Match"),
		.if_none_match = hc_s3_header(s, "If-None-Match"),
		.if_modified_since = hc_s3_header(s, "If-Modified-Since"),
		.if_unmodified_since = hc_s3_header(s, "If-Unmodified-Since"),
	};
	return hc_s3_conditions_judge(&c, o->etag, o->modified_us);
}

/* A range counts only while the object is the one that the client knows. */
static bool range_counts(const struct hc_s3 *s, const struct hc_stored *o)
{
	struct hc_str known = hc_s3_header(s, "If-Range");
	int64_t date_us;
	if (!known.p)
		return true;
	if (hc_s3_date_parse(known, &date_us))
		return o->modified_us / 1000000 == date_us / 1000000;
	return hc_s3_etag_matches(known, o->etag);
}

static enum hc_code refuse_range(struct hc_s3 *s, struct hc_str range, uint64_t size, struct hc_err *err)
{
	HC_BUF_SCOPED struct hc_buf extra = HC_BUF(64 << 10);
	hc_xml_element(&extra, "RangeRequested", range);
	hc_s3_xml_number(&extra, "ActualObjectSize", size);
	s->fault_extra = hc_arena_copy(&s->arena, hc_buf_view(&extra));
	return hc_s3_refuse(s, err, 416, "InvalidRange", "The requested range is not satisfiable");
}

/* What of the object is asked for: all, a range, or a part (of which an object that came in one piece has one). */
static enum hc_code choose(struct hc_s3 *s, const struct hc_stored *o, struct hc_http_reply *reply, struct hc_err *err)
{
	uint64_t offset = 0, length = o->size, part;
	struct hc_str range = hc_s3_header(s, "Range");
	HC_TRY(hc_s3_parameter_number(s, "partNumber", HC_UPLOAD_PARTS_MAX + 1, 0, &part, err));
	bool partial = false;
	if (part > 0) {
		if (memchr(o->etag.p, '-', o->etag.n))
			return hc_s3_refuse(
				s, err, 501, "NotImplemented",
				"The parts of an object cannot be read one by one (partNumber): use Range.");
		if (part > 1)
			return hc_s3_refuse(s, err, 416, "InvalidPartNumber",
					    "The requested partnumber is not satisfiable");
		partial = o->size > 0;
	} else if (range.p && range_counts(s, o)) {
		switch (hc_s3_range_read(range, o->size, &offset, &length)) {
		case HC_S3_RANGE_OUTSIDE:
			return refuse_range(s, range, o->size, err);
		case HC_S3_RANGE_FINE:
			partial = true;
			break;
		default:
			break;
		}
	}
	if (partial) {
		reply->status = 206;
		hc_http_reply_header(reply, "Content-Range", "bytes %llu-%llu/%llu", (unsigned long long)offset,
				     (unsigned long long)(offset + length - 1), (unsigned long long)o->size);
	}
	reply->offset = offset;
	reply->length = length;
	return HC_OK;
}

static void give_identity(const struct hc_stored *o, struct hc_http_reply *reply)
{
	char date[HC_S3_DATE_SIZE];
	hc_s3_date_print(o->modified_us, date);
	hc_http_reply_header(reply, "Last-Modified", "%s", date);
	hc_http_reply_header(reply, "ETag", "\"%.*s\"", HC_STR_ARG(o->etag));
}

static enum hc_code give(struct hc_s3 *s, const struct hc_stored *o, struct hc_http_reply *reply, struct hc_err *err)
{
	switch (judge(s, o)) {
	case HC_S3_FAILED:
		return hc_s3_refuse(s, err, 412, "PreconditionFailed",
				    "At least one of the pre-conditions you specified did not hold");
	case HC_S3_NOT_MODIFIED:
		reply->status = 304;
		give_identity(o, reply);
		return HC_OK;
	default:
		break;
	}
	json_t *headers;
	HC_TRY(hc_s3_headers_parse(o->headers, &headers, err));
	enum hc_code code = choose(s, o, reply, err);
	if (code == HC_OK)
		code = hc_s3_headers_give(s, headers, reply, err);
	json_decref(headers);
	HC_TRY(code);
	give_identity(o, reply);
	hc_http_reply_header(reply, "Accept-Ranges", "bytes");
	return HC_OK;
}

enum hc_code hc_s3_get_object(struct hc_s3 *s, struct hc_http_reply *reply, struct hc_err *err)
{
	struct hc_stored o;
	int fd = -1;
	HC_TRY(hc_s3_find_object(s, !s->is_head, &o, &fd, err));
	enum hc_code code = give(s, &o, reply, err);
	if (code == HC_OK && reply->status != 304 && !s->is_head) {
		reply->fd = fd;
		return HC_OK;
	}
	if (fd >= 0)
		close(fd);
	if (s->is_head) {
		reply->head = true;
		reply->head_length = reply->length;
	}
	return code;
}

enum hc_code hc_s3_object_acl(struct hc_s3 *s, struct hc_http_reply *reply, struct hc_err *err)
{
	struct hc_stored o;
	HC_TRY(hc_s3_find_object(s, false, &o, NULL, err));
	return hc_s3_reply_acl(s, reply, err);
}

enum hc_code hc_s3_object_tagging(struct hc_s3 *s, struct hc_http_reply *reply, struct hc_err *err)
{
	struct hc_stored o;
	json_t *headers;
	HC_TRY(hc_s3_find_object(s, false, &o, NULL, err));
	HC_TRY(hc_s3_headers_parse(o.headers, &headers, err));
	struct hc_str rest = hc_tree_text(headers, "x-amz-tagging"), key, value;
	bool malformed = false;
	hc_s3_open_xml(reply, "Tagging");
	hc_buf_cstr(&reply->body, "<TagSet>");
	while (rest.n > 0 && hc_s3_tag_next(s, &rest, &key, &value, &malformed)) {
		hc_buf_cstr(&reply->body, "<Tag>");
		hc_xml_element(&reply->body, "Key", key);
		hc_xml_element(&reply->body, "Value", value);
		hc_buf_cstr(&reply->body, "</Tag>");
	}
	hc_buf_cstr(&reply->body, "</TagSet>");
	json_decref(headers);
	return hc_s3_close_xml(reply, "Tagging", err);
}
