#include <stdio.h>
#include <unistd.h>

#include "base/number.h"
#include "codec/base64.h"
#include "s3/conditions.h"
#include "s3/headers.h"
#include "s3/upload.h"

/* A part as the request names it, and as it is. */
struct named {
	unsigned number;
	struct hc_str etag;
	const struct hc_xml *xml;
	const struct hc_part *part;
};

struct completion {
	struct hc_s3 *s;
	struct hc_upload upload;
	struct hc_part *parts; /* all that came */
	size_t n_parts;
	struct named *named; /* those that make the object */
	size_t n;
	uint64_t size;
	bool has_algorithm, whole;
	enum hc_checksum_kind kind;
	char content[HC_CONTENT_ID_SIZE];
	bool made;       /* it is not the only part's */
	json_t *headers; /* the object's */
	char etag[HC_CHECKSUM_TEXT_SIZE + 8];
	struct hc_s3_put put;
};

static enum hc_code malformed(struct hc_s3 *s, struct hc_err *err)
{
	return hc_s3_refuse(
		s, err, 400, "MalformedXML",
		"The XML you provided was not well-formed or did not validate against our published schema");
}

static enum hc_code read_named(struct completion *c, const struct hc_xml *xml, struct hc_err *err)
{
	struct hc_s3 *s = c->s;
	const struct hc_xml *number = hc_xml_child(xml, "PartNumber"), *etag = hc_xml_child(xml, "ETag");
	uint64_t value;
	if (!hc_str_eq(xml->name, HC_STR("Part")) || !number || !etag ||
	    !hc_u64_parse(hc_str_trim(number->text), &value))
		return malformed(s, err);
	if (value < 1 || value > HC_UPLOAD_PARTS_MAX)
		return hc_s3_refuse(s, err, 400, "InvalidArgument",
				    "Part number must be an integer between 1 and %d, inclusive", HC_UPLOAD_PARTS_MAX);
	if (c->n > 0 && value <= c->named[c->n - 1].number)
		return hc_s3_refuse(
			s, err, 400, "InvalidPartOrder",
			"The list of parts was not in ascending order. Parts must be ordered by part number.");
	c->named[c->n++] = (struct named){(unsigned)value, hc_s3_etag_bare(etag->text), xml, NULL};
	return HC_OK;
}

static enum hc_code read_list(struct completion *c, struct hc_err *err)
{
	struct hc_xml *root;
	HC_TRY(hc_s3_read_xml(c->s, "CompleteMultipartUpload", &root, err));
	c->named = hc_arena_take(&c->s->arena, HC_UPLOAD_PARTS_MAX * sizeof *c->named);
	if (!c->named)
		return hc_fail_nomem(err, "a list of parts");
	for (const struct hc_xml *at = root->first; at;
	     at = at->next) /* numbers rise, so that they cannot be too many */
		HC_TRY(read_named(c, at, err));
	return c->n > 0 ? HC_OK : malformed(c->s, err);
}

static enum hc_code read_upload(struct hc_db *db, void *arg, struct hc_err *err)
{
	struct completion *c = arg;
	bool truncated;
	HC_TRY(hc_s3_need_upload(c->s, db, &c->upload, err));
	return hc_part_list(db, c->upload.id, 0, HC_UPLOAD_PARTS_MAX, &c->s->arena, &c->parts, &c->n_parts, &truncated,
			    err);
}

/* The checksum that the request names for a part is that which came. */
static bool checksum_agrees(const struct named *n, const json_t *checksums)
{
	for (unsigned kind = HC_CHECKSUM_MD5 + 1; kind < HC_CHECKSUM_KINDS; kind++) {
		const struct hc_xml *said = hc_xml_child(n->xml, hc_s3_checksum_element((enum hc_checksum_kind)kind));
		struct hc_str is = hc_tree_text(checksums, hc_s3_checksum_header((enum hc_checksum_kind)kind));
		if (said && is.p && !hc_str_eq(hc_str_trim(said->text), is))
			return false;
	}
	return true;
}

static enum hc_code match_parts(struct completion *c, struct hc_err *err)
{
	struct hc_s3 *s = c->s;
	size_t at = 0;
	for (size_t i = 0; i < c->n; i++) {
		struct named *n = &c->named[i];
		while (at < c->n_parts && c->parts[at].number < n->number)
			at++;
		bool fine =
			at < c->n_parts && c->parts[at].number == n->number && hc_str_eq(c->parts[at].etag, n->etag);
		if (fine) {
			json_t *checksums = hc_tree_parse(c->parts[at].checksums);
			fine = checksum_agrees(n, checksums);
			json_decref(checksums);
		}
		if (!fine)
			return hc_s3_refuse(
				s, err, 400, "InvalidPart",
				"One or more of the specified parts could not be found. The part may not have been "
				"uploaded, or the specified entity tag may not match the part's entity tag. (part "
				"%u)",
				n->number);
		n->part = &c->parts[at];
		if (i + 1 < c->n && n->part->size < HC_S3_PART_BYTES_MIN)
			return hc_s3_refuse(s, err, 400, "EntityTooSmall",
					    "Your proposed upload is smaller than the minimum allowed size (part %u)",
					    n->number);
		c->size += n->part->size;
	}
	uint64_t max = s->server->object_bytes_max, said;
	if (max > 0 && c->size > max)
		return hc_s3_refuse(s, err, 400, "EntityTooLarge",
				    "Your proposed upload exceeds the maximum allowed size of %llu bytes.",
				    (unsigned long long)max);
	struct hc_str size = hc_s3_header(s, "x-amz-mp-object-size");
	if (size.p && (!hc_u64_parse(size, &said) || said != c->size))
		return hc_s3_refuse(s, err, 400, "InvalidRequest",
				    "The provided 'x-amz-mp-object-size' header does not match what was computed.");
	return HC_OK;
}

/* ETag: the MD5 of the parts' MD5s. */
static enum hc_code make_etag(struct completion *c, struct hc_err *err)
{
	struct hc_checksums *sum;
	HC_TRY(hc_checksums_open(1U << HC_CHECKSUM_MD5, &sum, err));
	for (size_t i = 0; i < c->n; i++) {
		const struct hc_str hex = c->named[i].etag;
		unsigned char bytes[HC_CHECKSUM_BYTES_MAX] = {0};
		for (size_t k = 0; k + 1 < hex.n && k / 2 < sizeof bytes; k += 2) {
			unsigned byte = 0;
			char pair[3] = {hex.p[k], hex.p[k + 1]};
			sscanf(pair, "%2x", &byte);
			bytes[k / 2] = (unsigned char)byte;
		}
		hc_checksums_add(sum, bytes, hex.n / 2 < sizeof bytes ? hex.n / 2 : sizeof bytes);
	}
	char hex[HC_CHECKSUM_TEXT_SIZE];
	hc_checksums_hex(sum, HC_CHECKSUM_MD5, hex);
	hc_checksums_free(sum);
	snprintf(c->etag, sizeof c->etag, "%s-%zu", hex, c->n);
	return HC_OK;
}

/* The checksum of the parts' checksums, "BASE64-N"; nothing when a part has none. */
static enum hc_code make_composite(struct completion *c, struct hc_err *err)
{
	struct hc_checksums *sum;
	HC_TRY(hc_checksums_open(1U << c->kind, &sum, err));
	bool fine = true;
	for (size_t i = 0; i < c->n && fine; i++) {
		HC_BUF_SCOPED struct hc_buf bytes = HC_BUF(HC_CHECKSUM_BYTES_MAX + 4);
		json_t *checksums = hc_tree_parse(c->named[i].part->checksums);
		struct hc_str text = hc_tree_text(checksums, hc_s3_checksum_header(c->kind));
		fine = text.p && hc_base64_decode(text, &bytes);
		hc_checksums_add(sum, bytes.p, bytes.n);
		json_decref(checksums);
	}
	char base64[HC_CHECKSUM_TEXT_SIZE], text[HC_CHECKSUM_TEXT_SIZE + 8];
	hc_checksums_base64(sum, c->kind, base64);
	hc_checksums_free(sum);
	snprintf(text, sizeof text, "%s-%zu", base64, c->n);
	if (fine && !(hc_tree_set_text(c->headers, hc_s3_checksum_header(c->kind), hc_str(text)) &&
		      hc_tree_set_text(c->headers, HC_S3_UPLOAD_TYPE, HC_STR("COMPOSITE"))))
		return hc_fail_nomem(err, "a checksum");
	return HC_OK;
}

/* One part after the other through memory, so that the whole object's checksum can be taken. */
static enum hc_code append_summed(struct completion *c, struct hc_content_writer *w, const char *id,
				  struct hc_checksums *sum, struct hc_err *err)
{
	int fd;
	HC_TRY(hc_content_open(w->contents, id, &fd, err));
	enum hc_code code = hc_s3_copy_bytes(c->s, fd, 0, UINT64_MAX, w, sum, err);
	close(fd);
	return code;
}

static enum hc_code append_parts(struct completion *c, struct hc_content_writer *w, struct hc_checksums *sum,
				 struct hc_err *err)
{
	for (size_t i = 0; i < c->n; i++) {
		const char *id = c->named[i].part->content;
		HC_TRY(sum ? append_summed(c, w, id, sum, err) : hc_content_append(w, id, err));
	}
	if (w->size != c->size)
		return hc_fail(err, HC_IO, "the parts of an upload are not as long as they were");
	if (sum) {
		char base64[HC_CHECKSUM_TEXT_SIZE];
		hc_checksums_base64(sum, c->kind, base64);
		if (!hc_tree_set_text(c->headers, hc_s3_checksum_header(c->kind), hc_str(base64)) ||
		    !hc_tree_set_text(c->headers, HC_S3_UPLOAD_TYPE, HC_STR("FULL_OBJECT")))
			return hc_fail_nomem(err, "a checksum");
	}
	return HC_OK;
}

static enum hc_code assemble(struct completion *c, struct hc_err *err)
{
	bool summed = c->has_algorithm && c->whole;
	if (c->n == 1 && !summed) { /* the part becomes the object */
		memcpy(c->content, c->named[0].part->content, HC_CONTENT_ID_SIZE);
		return HC_OK;
	}
	struct hc_content_writer w;
	struct hc_checksums *sum = NULL;
	if (summed)
		HC_TRY(hc_checksums_open(1U << c->kind, &sum, err));
	enum hc_code code = hc_content_create(c->s->server->contents, &w, err);
	if (code == HC_OK) {
		code = append_parts(c, &w, sum, err);
		if (code == HC_OK)
			code = hc_content_finish(&w, err);
		else
			hc_content_abandon(&w);
	}
	hc_checksums_free(sum);
	HC_TRY(code);
	memcpy(c->content, w.id, HC_CONTENT_ID_SIZE);
	c->made = true;
	return HC_OK;
}

/* What the client says the object's checksum is. */
static enum hc_code check_whole(struct completion *c, struct hc_err *err)
{
	for (unsigned kind = HC_CHECKSUM_MD5 + 1; kind < HC_CHECKSUM_KINDS; kind++) {
		const char *header = hc_s3_checksum_header((enum hc_checksum_kind)kind);
		struct hc_str said = hc_s3_header(c->s, header), is = hc_tree_text(c->headers, header);
		if (!said.p)
			continue;
		if (!is.p)
			return hc_s3_refuse(c->s, err, 400, "InvalidRequest",
					    "The upload was created without this checksum (%s).", header);
		if (!hc_str_eq(hc_str_trim(said), is))
			return hc_s3_refuse(c->s, err, 400, "BadDigest",
					    "The %s you specified did not match the calculated checksum.",
					    hc_s3_checksum_name((enum hc_checksum_kind)kind));
	}
	return HC_OK;
}

/* Nothing of the upload may have changed since it was looked at. */
static enum hc_code put(struct hc_db *db, void *arg, struct hc_err *err)
{
	struct completion *c = arg;
	struct hc_s3 *s = c->s;
	struct hc_upload upload;
	bool truncated, there;
	HC_TRY(hc_s3_need_upload(s, db, &upload, err));
	HC_TRY(hc_part_list(db, upload.id, 0, HC_UPLOAD_PARTS_MAX, &s->arena, &c->parts, &c->n_parts, &truncated, err));
	for (size_t i = 0, at = 0; i < c->n; i++) {
		const struct hc_part *part = c->named[i].part;
		while (at < c->n_parts && c->parts[at].number < part->number)
			at++;
		if (at == c->n_parts || strcmp(c->parts[at].content, part->content) != 0)
			return hc_s3_refuse(s, err, 400, "InvalidPart",
					    "Part %u was replaced while the upload was completed.", part->number);
	}
	struct hc_stored before;
	HC_TRY(hc_stored_get(db, s->bucket, s->key, &s->arena, &before, &there, err));
	HC_TRY(hc_s3_check_put(s, there ? &before : NULL, err));
	HC_TRY(hc_upload_delete(db, upload.id, err));
	return hc_stored_put(db, &c->put.object, c->put.old, err);
}

static enum hc_code read_headers(struct completion *c, struct hc_err *err)
{
	HC_TRY(hc_s3_headers_parse(c->upload.headers, &c->headers, err));
	struct hc_str algorithm = hc_tree_text(c->headers, HC_S3_UPLOAD_ALGORITHM);
	c->has_algorithm = algorithm.p && hc_s3_checksum_kind(algorithm, &c->kind);
	c->whole = hc_str_eq(hc_tree_text(c->headers, HC_S3_UPLOAD_TYPE), HC_STR("FULL_OBJECT"));
	json_object_del(c->headers, HC_S3_UPLOAD_ALGORITHM);
	json_object_del(c->headers, HC_S3_UPLOAD_TYPE);
	if (!hc_tree_set_text(c->headers, HC_S3_COMPLETED, c->upload.name))
		return hc_fail_nomem(err, "an object's headers");
	return HC_OK;
}

static enum hc_code store(struct completion *c, struct hc_err *err)
{
	struct hc_s3 *s = c->s;
	c->put = (struct hc_s3_put){.s = s, .object = {.bucket = s->bucket, .key = s->key, .size = c->size}};
	c->put.object.modified_us = s->now_us;
	c->put.object.etag = hc_str(c->etag);
	HC_TRY(assemble(c, err));
	enum hc_code code = c->has_algorithm && !c->whole ? make_composite(c, err) : HC_OK;
	if (code == HC_OK)
		code = check_whole(c, err);
	if (code == HC_OK)
		code = hc_s3_headers_print(s, c->headers, &c->put.object.headers, err);
	memcpy(c->put.object.content, c->content, HC_CONTENT_ID_SIZE);
	if (code == HC_OK)
		code = hc_catalog_write(s->server->catalog, put, c, err);
	if (code != HC_OK) {
		if (c->made)
			hc_s3_forget(s, c->content, err);
		return code;
	}
	hc_content_remove(s->server->contents, c->put.old);
	for (size_t i = 0; i < c->n_parts; i++)
		if (strcmp(c->parts[i].content, c->content) != 0)
			hc_content_remove(s->server->contents, c->parts[i].content);
	return HC_OK;
}

static enum hc_code reply_complete(struct hc_s3 *s, struct hc_str etag, const json_t *headers,
				   struct hc_http_reply *reply, struct hc_err *err)
{
	struct hc_buf *out = &reply->body;
	hc_s3_open_xml(reply, "CompleteMultipartUploadResult");
	hc_buf_cstr(out, "<Location>");
	hc_xml_text(out, HC_STR("/"));
	hc_xml_text(out, s->bucket);
	hc_xml_text(out, HC_STR("/"));
	hc_xml_text(out, s->key);
	hc_buf_cstr(out, "</Location>");
	hc_xml_element(out, "Bucket", s->bucket);
	hc_xml_element(out, "Key", s->key);
	hc_s3_xml_etag(out, etag);
	hc_s3_headers_xml_checksums(headers, out);
	const char *type = json_string_value(json_object_get(headers, HC_S3_UPLOAD_TYPE));
	if (type)
		hc_xml_element(out, "ChecksumType", hc_str(type));
	HC_TRY(hc_s3_close_xml(reply, "CompleteMultipartUploadResult", err));
	hc_s3_headers_give_stored(headers, false, reply);
	return HC_OK;
}

/* A client that did not hear the answer asks again: the upload is gone, and the object is the one that it became. */
static bool was_completed(struct hc_s3 *s, struct hc_stored *o, json_t **headers)
{
	const struct hc_fault fault = s->fault;
	struct hc_err err;
	if (strcmp(fault.code, "NoSuchUpload") != 0)
		return false;
	s->fault.status = 0;
	if (hc_s3_find_object(s, false, o, NULL, &err) == HC_OK &&
	    hc_s3_headers_parse(o->headers, headers, &err) == HC_OK) {
		if (hc_str_eq(hc_tree_text(*headers, HC_S3_COMPLETED), hc_s3_parameter(s, "uploadId")))
			return true;
		json_decref(*headers);
	}
	s->fault = fault;
	return false;
}

enum hc_code hc_s3_complete_upload(struct hc_s3 *s, struct hc_http_reply *reply, struct hc_err *err)
{
	struct completion c = {.s = s};
	HC_TRY(read_list(&c, err));
	enum hc_code code = hc_catalog_read(s->server->catalog, read_upload, &c, err);
	struct hc_stored o;
	if (code != HC_OK && s->fault.status != 0 && was_completed(s, &o, &c.headers)) {
		code = reply_complete(s, o.etag, c.headers, reply, err);
		json_decref(c.headers);
		return code;
	}
	HC_TRY(code);
	HC_TRY(match_parts(&c, err));
	HC_TRY(make_etag(&c, err));
	code = read_headers(&c, err);
	if (code == HC_OK)
		code = store(&c, err);
	if (code == HC_OK)
		code = reply_complete(s, hc_str(c.etag), c.headers, reply, err);
	json_decref(c.headers);
	return code;
}
