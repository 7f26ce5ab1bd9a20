#include "codec/base64.h"
#include "codec/xml.h"
#include "s3/headers.h"

struct page {
	struct hc_s3 *s;
	struct hc_listing_query query;
	struct hc_listing_entry *list;
	size_t n;
	bool truncated, url, owner;
};

static enum hc_code read_page(struct hc_db *db, void *arg, struct hc_err *err)
{
	struct page *p = arg;
	HC_TRY(hc_s3_need_bucket(p->s, db, err));
	return hc_listing(db, &p->query, &p->s->arena, &p->list, &p->n, &p->truncated, err);
}

/* A text to look for; longer than any key it is cut, which changes nothing but its own echo. */
static enum hc_code text_parameter(struct hc_s3 *s, const char *name, struct hc_str *out, struct hc_err *err)
{
	struct hc_str text = hc_s3_parameter(s, name);
	HC_TRY(hc_s3_check_text(s, name, text, err));
	if (text.n > HC_KEY_BYTES_MAX)
		return hc_s3_refuse(s, err, 400, "InvalidArgument", "The %s is longer than %d bytes.", name,
				    HC_KEY_BYTES_MAX);
	*out = text;
	return HC_OK;
}

static enum hc_code open_page(struct page *p, struct hc_err *err)
{
	struct hc_s3 *s = p->s;
	uint64_t limit;
	HC_TRY(text_parameter(s, "prefix", &p->query.prefix, err));
	HC_TRY(text_parameter(s, "delimiter", &p->query.delimiter, err));
	HC_TRY(hc_s3_wants_url(s, &p->url, err));
	HC_TRY(hc_s3_parameter_number(s, "max-keys", hc_s3_page_max(s), HC_S3_PAGE_MAX, &limit, err));
	p->query.bucket = s->bucket;
	p->query.limit = (size_t)limit;
	return HC_OK;
}

static void write_object(const struct page *p, const struct hc_listing_entry *e, struct hc_buf *out)
{
	hc_buf_cstr(out, "<Contents>");
	hc_s3_xml_key(out, "Key", e->key, p->url);
	hc_s3_xml_instant(out, "LastModified", e->modified_us);
	hc_s3_xml_etag(out, e->etag);
	json_t *headers = hc_tree_parse(e->headers);
	for (unsigned kind = HC_CHECKSUM_MD5 + 1; kind < HC_CHECKSUM_KINDS; kind++)
		if (json_object_get(headers, hc_s3_checksum_header((enum hc_checksum_kind)kind)))
			hc_xml_element(out, "ChecksumAlgorithm",
				       hc_str(hc_s3_checksum_name((enum hc_checksum_kind)kind)));
	const char *type = json_string_value(json_object_get(headers, "x-amz-checksum-type"));
	if (type)
		hc_xml_element(out, "ChecksumType", hc_str(type));
	hc_s3_xml_number(out, "Size", e->size);
	if (p->owner)
		hc_s3_xml_owner(p->s, "Owner", out);
	const char *class = json_string_value(json_object_get(headers, "x-amz-storage-class"));
	hc_xml_element(out, "StorageClass", hc_str(class ? class : "STANDARD"));
	hc_buf_cstr(out, "</Contents>");
	json_decref(headers);
}

static void write_entries(const struct page *p, struct hc_buf *out)
{
	for (size_t i = 0; i < p->n; i++) {
		if (!p->list[i].is_prefix) {
			write_object(p, &p->list[i], out);
			continue;
		}
		hc_buf_cstr(out, "<CommonPrefixes>");
		hc_s3_xml_key(out, "Prefix", p->list[i].key, p->url);
		hc_buf_cstr(out, "</CommonPrefixes>");
	}
}

static void write_head(const struct page *p, struct hc_buf *out)
{
	hc_xml_element(out, "Name", p->s->bucket);
	hc_s3_xml_key(out, "Prefix", p->query.prefix, p->url);
	hc_s3_xml_number(out, "MaxKeys", p->query.limit);
	if (p->query.delimiter.n > 0)
		hc_s3_xml_key(out, "Delimiter", p->query.delimiter, p->url);
	if (p->url)
		hc_xml_element(out, "EncodingType", HC_STR("url"));
	hc_s3_xml_bool(out, "IsTruncated", p->truncated);
}

enum hc_code hc_s3_list_v1(struct hc_s3 *s, struct hc_http_reply *reply, struct hc_err *err)
{
	struct page p = {.s = s, .owner = true};
	HC_TRY(open_page(&p, err));
	HC_TRY(text_parameter(s, "marker", &p.query.after, err));
	HC_TRY(hc_catalog_read(s->server->catalog, read_page, &p, err));
	hc_s3_open_xml(reply, "ListBucketResult");
	write_head(&p, &reply->body);
	hc_s3_xml_key(&reply->body, "Marker", p.query.after, p.url);
	if (p.truncated && p.query.delimiter.n > 0)
		hc_s3_xml_key(&reply->body, "NextMarker", p.list[p.n - 1].key, p.url);
	write_entries(&p, &reply->body);
	return hc_s3_close_xml(reply, "ListBucketResult", err);
}

/* A token is the last key of the page before, in base64 so that it survives any client. */
static enum hc_code read_token(struct hc_s3 *s, struct hc_str token, struct hc_str *after, struct hc_err *err)
{
	HC_BUF_SCOPED struct hc_buf key = HC_BUF(HC_KEY_BYTES_MAX);
	if (!hc_base64_decode(token, &key) || key.failed || key.n == 0 ||
	    hc_s3_check_text(s, "token", hc_buf_view(&key), err) != HC_OK)
		return hc_s3_refuse(s, err, 400, "InvalidArgument", "The continuation token provided is incorrect");
	*after = hc_arena_copy(&s->arena, hc_buf_view(&key));
	return after->p ? HC_OK : hc_fail_nomem(err, "a listing");
}

enum hc_code hc_s3_list_v2(struct hc_s3 *s, struct hc_http_reply *reply, struct hc_err *err)
{
	struct page p = {.s = s, .owner = hc_s3_is_true(hc_s3_parameter(s, "fetch-owner"))};
	struct hc_str token = hc_s3_parameter(s, "continuation-token"), start;
	if (!hc_str_eq(hc_s3_parameter(s, "list-type"), HC_STR("2")))
		return hc_s3_refuse(s, err, 400, "InvalidArgument", "Invalid List Type specified in Request");
	HC_TRY(open_page(&p, err));
	HC_TRY(text_parameter(s, "start-after", &start, err));
	p.query.after = start;
	if (token.p)
		HC_TRY(read_token(s, token, &p.query.after, err));
	HC_TRY(hc_catalog_read(s->server->catalog, read_page, &p, err));
	struct hc_buf *out = &reply->body;
	hc_s3_open_xml(reply, "ListBucketResult");
	write_head(&p, out);
	if (token.p)
		hc_xml_element(out, "ContinuationToken", token);
	if (start.n > 0)
		hc_s3_xml_key(out, "StartAfter", start, p.url);
	hc_s3_xml_number(out, "KeyCount", p.n);
	if (p.truncated) {
		hc_buf_cstr(out, "<NextContinuationToken>");
		hc_base64_encode(p.list[p.n - 1].key, out);
		hc_buf_cstr(out, "</NextContinuationToken>");
	}
	write_entries(&p, out);
	return hc_s3_close_xml(reply, "ListBucketResult", err);
}
