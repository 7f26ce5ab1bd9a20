#include "base/number.h"
#include "codec/xml.h"
#include "s3/headers.h"
#include "s3/upload.h"
#include "sys/entropy.h"

enum hc_code hc_s3_need_upload(struct hc_s3 *s, struct hc_db *db, struct hc_upload *out, struct hc_err *err)
{
	bool found;
	struct hc_str name = hc_s3_parameter(s, "uploadId");
	HC_TRY(hc_s3_check_text(s, "upload id", name, err));
	HC_TRY(hc_s3_need_bucket(s, db, err));
	HC_TRY(hc_upload_get(db, s->bucket, s->key, name, &s->arena, out, &found, err));
	if (!found)
		return hc_s3_refuse(
			s, err, 404, "NoSuchUpload",
			"The specified upload does not exist. The upload ID may be invalid, or the upload may have "
			"been aborted or completed.");
	return HC_OK;
}

/* --- begin of an upload --- */

struct creation {
	struct hc_s3 *s;
	char name[HC_UPLOAD_NAME_SIZE];
	struct hc_str headers;
};

static enum hc_code create(struct hc_db *db, void *arg, struct hc_err *err)
{
	struct creation *c = arg;
	HC_TRY(hc_s3_need_bucket(c->s, db, err));
	return hc_upload_create(db, c->s->bucket, c->s->key, hc_str(c->name), c->headers, c->s->now_us, err);
}

/* The checksum that the parts will have, and what it will be for the whole object. */
static enum hc_code read_checksum_type(struct hc_s3 *s, json_t *headers, struct hc_err *err)
{
	struct hc_str type = hc_s3_header(s, "x-amz-checksum-type");
	unsigned kinds = 0;
	HC_TRY(hc_s3_algorithm(s, "x-amz-checksum-algorithm", &kinds, err));
	bool whole = hc_str_eq_nocase(type, HC_STR("FULL_OBJECT"));
	if (type.n > 0 && !whole && !hc_str_eq_nocase(type, HC_STR("COMPOSITE")))
		return hc_s3_refuse(s, err, 400, "InvalidRequest", "Value for x-amz-checksum-type header is invalid.");
	if (whole && !(kinds & (1U << HC_CHECKSUM_CRC32 | 1U << HC_CHECKSUM_CRC32C)))
		return hc_s3_refuse(s, err, 400, "InvalidRequest",
				    "The FULL_OBJECT checksum type can only be used with the CRC32 and CRC32C checksum "
				    "algorithms.");
	bool fine = true;
	for (unsigned kind = HC_CHECKSUM_MD5 + 1; kind < HC_CHECKSUM_KINDS; kind++)
		if (kinds & 1U << kind)
			fine = hc_tree_set_text(headers, HC_S3_UPLOAD_ALGORITHM,
						hc_str(hc_s3_checksum_name((enum hc_checksum_kind)kind))) &&
			       hc_tree_set_text(headers, HC_S3_UPLOAD_TYPE,
						whole ? HC_STR("FULL_OBJECT") : HC_STR("COMPOSITE"));
	return fine ? HC_OK : hc_fail_nomem(err, "an upload");
}

static enum hc_code read_creation(struct hc_s3 *s, json_t *headers, struct creation *c, struct hc_err *err)
{
	HC_TRY(hc_s3_headers_describe(s, headers, err));
	HC_TRY(hc_s3_headers_keeping(s, headers, err));
	HC_TRY(hc_s3_headers_tags(s, headers, err));
	HC_TRY(read_checksum_type(s, headers, err));
	HC_TRY(hc_random_hex(c->name, sizeof c->name - 1, err));
	return hc_s3_headers_print(s, headers, &c->headers, err);
}

static void give_algorithm(const json_t *headers, struct hc_http_reply *reply)
{
	const char *algorithm = json_string_value(json_object_get(headers, HC_S3_UPLOAD_ALGORITHM));
	const char *type = json_string_value(json_object_get(headers, HC_S3_UPLOAD_TYPE));
	if (algorithm)
		hc_http_reply_header(reply, "x-amz-checksum-algorithm", "%s", algorithm);
	if (type)
		hc_http_reply_header(reply, "x-amz-checksum-type", "%s", type);
}

enum hc_code hc_s3_create_upload(struct hc_s3 *s, struct hc_http_reply *reply, struct hc_err *err)
{
	json_t *headers = json_object();
	if (!headers)
		return hc_fail_nomem(err, "an upload");
	struct creation c = {.s = s};
	enum hc_code code = read_creation(s, headers, &c, err);
	if (code == HC_OK)
		code = hc_catalog_write(s->server->catalog, create, &c, err);
	if (code == HC_OK) {
		hc_s3_headers_give_stored(headers, false, reply);
		give_algorithm(headers, reply);
	}
	json_decref(headers);
	HC_TRY(code);
	hc_s3_open_xml(reply, "InitiateMultipartUploadResult");
	hc_xml_element(&reply->body, "Bucket", s->bucket);
	hc_xml_element(&reply->body, "Key", s->key);
	hc_xml_element(&reply->body, "UploadId", hc_str(c.name));
	return hc_s3_close_xml(reply, "InitiateMultipartUploadResult", err);
}

/* --- parts --- */

enum hc_code hc_s3_part_number(struct hc_s3 *s, unsigned *out, struct hc_err *err)
{
	uint64_t number;
	struct hc_str text = hc_s3_parameter(s, "partNumber");
	if (!text.p || !hc_u64_parse(text, &number) || number < 1 || number > HC_UPLOAD_PARTS_MAX)
		return hc_s3_refuse(s, err, 400, "InvalidArgument",
				    "Part number must be an integer between 1 and %d, inclusive", HC_UPLOAD_PARTS_MAX);
	*out = (unsigned)number;
	return HC_OK;
}

static enum hc_code find_upload(struct hc_db *db, void *arg, struct hc_err *err)
{
	struct hc_s3 *s = arg;
	struct hc_upload upload;
	HC_TRY(hc_s3_need_upload(s, db, &upload, err));
	s->headers = upload.headers;
	return HC_OK;
}

enum hc_code hc_s3_upload_algorithm(struct hc_s3 *s, struct hc_err *err)
{
	json_t *headers;
	HC_TRY(hc_catalog_read(s->server->catalog, find_upload, s, err));
	HC_TRY(hc_s3_headers_parse(s->headers, &headers, err));
	struct hc_str algorithm = hc_tree_text(headers, HC_S3_UPLOAD_ALGORITHM);
	enum hc_checksum_kind kind;
	if (algorithm.p && hc_s3_checksum_kind(algorithm, &kind))
		s->body.kinds |= 1U << kind; /* also if the client sends none */
	json_decref(headers);
	return HC_OK;
}

enum hc_code hc_s3_part_begin(struct hc_s3 *s, struct hc_http_reply *reply, struct hc_err *err)
{
	unsigned number;
	(void)reply;
	HC_TRY(hc_s3_part_number(s, &number, err));
	return hc_s3_upload_algorithm(s, err);
}

struct part_put {
	struct hc_s3 *s;
	struct hc_part part;
	char old[HC_CONTENT_ID_SIZE];
};

static enum hc_code put_part(struct hc_db *db, void *arg, struct hc_err *err)
{
	struct part_put *p = arg;
	struct hc_upload upload;
	HC_TRY(hc_s3_need_upload(p->s, db, &upload, err));
	return hc_part_put(db, upload.id, &p->part, p->old, err);
}

enum hc_code hc_s3_store_part(struct hc_s3 *s, const json_t *checksums, char etag[HC_CHECKSUM_TEXT_SIZE],
			      struct hc_err *err)
{
	struct part_put p = {.s = s, .part = {.size = s->body.writer.size, .modified_us = s->now_us}};
	HC_TRY(hc_s3_part_number(s, &p.part.number, err));
	hc_checksums_hex(s->body.sums, HC_CHECKSUM_MD5, etag);
	p.part.etag = hc_str(etag);
	memcpy(p.part.content, s->body.writer.id, HC_CONTENT_ID_SIZE);
	HC_TRY(hc_s3_headers_print(s, checksums, &p.part.checksums, err));
	HC_TRY(hc_catalog_write(s->server->catalog, put_part, &p, err));
	hc_content_remove(s->server->contents, p.old);
	return HC_OK;
}

enum hc_code hc_s3_put_part(struct hc_s3 *s, struct hc_http_reply *reply, struct hc_err *err)
{
	char etag[HC_CHECKSUM_TEXT_SIZE];
	json_t *checksums = json_object();
	enum hc_code code = checksums ? hc_s3_headers_checksums(s, checksums, err) : hc_fail_nomem(err, "a part");
	if (code == HC_OK) {
		json_object_del(checksums, "x-amz-checksum-type"); /* parts have none */
		code = hc_s3_store_part(s, checksums, etag, err);
	}
	if (code == HC_OK) {
		hc_s3_headers_give_stored(checksums, true, reply);
		hc_http_reply_header(reply, "ETag", "\"%s\"", etag);
	} else {
		hc_s3_forget(s, s->body.writer.id, err);
	}
	json_decref(checksums);
	return code;
}

/* --- abort --- */

struct abortion {
	struct hc_s3 *s;
	struct hc_part *parts;
	size_t n;
};

static enum hc_code abort_upload(struct hc_db *db, void *arg, struct hc_err *err)
{
	struct abortion *a = arg;
	struct hc_upload upload;
	bool truncated;
	HC_TRY(hc_s3_need_upload(a->s, db, &upload, err));
	HC_TRY(hc_part_list(db, upload.id, 0, HC_UPLOAD_PARTS_MAX, &a->s->arena, &a->parts, &a->n, &truncated, err));
	return hc_upload_delete(db, upload.id, err);
}

enum hc_code hc_s3_abort_upload(struct hc_s3 *s, struct hc_http_reply *reply, struct hc_err *err)
{
	struct abortion a = {.s = s};
	HC_TRY(hc_catalog_write(s->server->catalog, abort_upload, &a, err));
	for (size_t i = 0; i < a.n; i++)
		hc_content_remove(s->server->contents, a.parts[i].content);
	reply->status = 204;
	return HC_OK;
}

/* --- lists --- */

struct part_page {
	struct hc_s3 *s;
	uint64_t after, limit;
	struct hc_upload upload;
	struct hc_part *list;
	size_t n;
	bool truncated;
};

static enum hc_code read_parts(struct hc_db *db, void *arg, struct hc_err *err)
{
	struct part_page *p = arg;
	HC_TRY(hc_s3_need_upload(p->s, db, &p->upload, err));
	return hc_part_list(db, p->upload.id, (unsigned)p->after, (size_t)p->limit, &p->s->arena, &p->list, &p->n,
			    &p->truncated, err);
}

static void write_part(const struct hc_part *part, struct hc_buf *out)
{
	hc_buf_cstr(out, "<Part>");
	hc_s3_xml_number(out, "PartNumber", part->number);
	hc_s3_xml_instant(out, "LastModified", part->modified_us);
	hc_s3_xml_etag(out, part->etag);
	hc_s3_xml_number(out, "Size", part->size);
	json_t *checksums = hc_tree_parse(part->checksums);
	hc_s3_headers_xml_checksums(checksums, out);
	json_decref(checksums);
	hc_buf_cstr(out, "</Part>");
}

/* Who began it, how it will be kept, what checksum it will have. */
static void write_upload(const struct hc_s3 *s, const struct hc_upload *upload, struct hc_buf *out)
{
	json_t *headers = hc_tree_parse(upload->headers);
	const char *class = json_string_value(json_object_get(headers, "x-amz-storage-class"));
	const char *algorithm = json_string_value(json_object_get(headers, HC_S3_UPLOAD_ALGORITHM));
	const char *type = json_string_value(json_object_get(headers, HC_S3_UPLOAD_TYPE));
	hc_s3_xml_owner(s, "Initiator", out);
	hc_s3_xml_owner(s, "Owner", out);
	hc_xml_element(out, "StorageClass", hc_str(class ? class : "STANDARD"));
	if (algorithm)
		hc_xml_element(out, "ChecksumAlgorithm", hc_str(algorithm));
	if (type)
		hc_xml_element(out, "ChecksumType", hc_str(type));
	json_decref(headers);
}

enum hc_code hc_s3_list_parts(struct hc_s3 *s, struct hc_http_reply *reply, struct hc_err *err)
{
	struct part_page p = {.s = s};
	bool url;
	HC_TRY(hc_s3_parameter_number(s, "max-parts", hc_s3_page_max(s), HC_S3_PAGE_MAX, &p.limit, err));
	HC_TRY(hc_s3_parameter_number(s, "part-number-marker", HC_UPLOAD_PARTS_MAX, 0, &p.after, err));
	HC_TRY(hc_s3_wants_url(s, &url, err));
	HC_TRY(hc_catalog_read(s->server->catalog, read_parts, &p, err));
	struct hc_buf *out = &reply->body;
	hc_s3_open_xml(reply, "ListPartsResult");
	hc_xml_element(out, "Bucket", s->bucket);
	hc_s3_xml_key(out, "Key", s->key, url);
	hc_xml_element(out, "UploadId", p.upload.name);
	write_upload(s, &p.upload, out);
	hc_s3_xml_number(out, "PartNumberMarker", p.after);
	hc_s3_xml_number(out, "NextPartNumberMarker", p.n ? p.list[p.n - 1].number : 0);
	hc_s3_xml_number(out, "MaxParts", p.limit);
	hc_s3_xml_bool(out, "IsTruncated", p.truncated);
	for (size_t i = 0; i < p.n; i++)
		write_part(&p.list[i], out);
	return hc_s3_close_xml(reply, "ListPartsResult", err);
}

struct upload_page {
	struct hc_s3 *s;
	struct hc_uploads_query query;
	struct hc_upload *list;
	size_t n;
	bool truncated;
};

static enum hc_code read_uploads(struct hc_db *db, void *arg, struct hc_err *err)
{
	struct upload_page *p = arg;
	HC_TRY(hc_s3_need_bucket(p->s, db, err));
	return hc_upload_list(db, &p->query, &p->s->arena, &p->list, &p->n, &p->truncated, err);
}

enum hc_code hc_s3_list_uploads(struct hc_s3 *s, struct hc_http_reply *reply, struct hc_err *err)
{
	struct upload_page p = {.s = s, .query = {.bucket = s->bucket}};
	uint64_t limit;
	bool url;
	if (hc_s3_parameter(s, "delimiter").n > 0)
		return hc_s3_refuse(
			s, err, 501, "NotImplemented",
			"A query you provided implies functionality that is not implemented: uploads&delimiter");
	HC_TRY(hc_s3_parameter_number(s, "max-uploads", hc_s3_page_max(s), HC_S3_PAGE_MAX, &limit, err));
	HC_TRY(hc_s3_wants_url(s, &url, err));
	p.query.limit = (size_t)limit;
	p.query.prefix = hc_s3_parameter(s, "prefix");
	p.query.after_key = hc_s3_parameter(s, "key-marker");
	if (p.query.after_key.n > 0)
		p.query.after_name = hc_s3_parameter(s, "upload-id-marker");
	HC_TRY(hc_s3_check_text(s, "prefix", p.query.prefix, err));
	HC_TRY(hc_s3_check_text(s, "key-marker", p.query.after_key, err));
	HC_TRY(hc_s3_check_text(s, "upload-id-marker", p.query.after_name, err));
	HC_TRY(hc_catalog_read(s->server->catalog, read_uploads, &p, err));
	struct hc_buf *out = &reply->body;
	hc_s3_open_xml(reply, "ListMultipartUploadsResult");
	hc_xml_element(out, "Bucket", s->bucket);
	hc_s3_xml_key(out, "KeyMarker", p.query.after_key, url);
	hc_xml_element(out, "UploadIdMarker", p.query.after_name);
	if (p.truncated && p.n > 0) {
		hc_s3_xml_key(out, "NextKeyMarker", p.list[p.n - 1].key, url);
		hc_xml_element(out, "NextUploadIdMarker", p.list[p.n - 1].name);
	}
	hc_s3_xml_key(out, "Prefix", p.query.prefix, url);
	if (url)
		hc_xml_element(out, "EncodingType", HC_STR("url"));
	hc_s3_xml_number(out, "MaxUploads", limit);
	hc_s3_xml_bool(out, "IsTruncated", p.truncated && p.n > 0);
	for (size_t i = 0; i < p.n; i++) {
		hc_buf_cstr(out, "<Upload>");
		hc_s3_xml_key(out, "Key", p.list[i].key, url);
		hc_xml_element(out, "UploadId", p.list[i].name);
		write_upload(s, &p.list[i], out);
		hc_s3_xml_instant(out, "Initiated", p.list[i].initiated_us);
		hc_buf_cstr(out, "</Upload>");
	}
	return hc_s3_close_xml(reply, "ListMultipartUploadsResult", err);
}
