#include "s3/session.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/instant.h"
#include "base/number.h"
#include "base/utf8.h"
#include "codec/percent.h"
#include "codec/xml.h"

enum { QUERY_TEXT_MAX = 64 << 10 };

/* The special operations come first, each with the parameter that asks for it; those without one are tried last. */
static const struct hc_s3_operation operations[] = {
	{"GET", "location", false, HC_S3_BODY_NONE, NULL, hc_s3_bucket_location, "GetBucketLocation"},
	{"GET", "versioning", false, HC_S3_BODY_NONE, NULL, hc_s3_bucket_empty, "VersioningConfiguration"},
	{"GET", "logging", false, HC_S3_BODY_NONE, NULL, hc_s3_bucket_empty, "BucketLoggingStatus"},
	{"GET", "notification", false, HC_S3_BODY_NONE, NULL, hc_s3_bucket_empty, "NotificationConfiguration"},
	{"GET", "accelerate", false, HC_S3_BODY_NONE, NULL, hc_s3_bucket_empty, "AccelerateConfiguration"},
	{"GET", "requestPayment", false, HC_S3_BODY_NONE, NULL, hc_s3_request_payment, "GetBucketRequestPayment"},
	{"GET", "acl", false, HC_S3_BODY_NONE, NULL, hc_s3_bucket_acl, "GetBucketAcl"},
	{"GET", "encryption", false, HC_S3_BODY_NONE, NULL, hc_s3_bucket_absent,
	 "ServerSideEncryptionConfigurationNotFoundError"},
	{"GET", "policy", false, HC_S3_BODY_NONE, NULL, hc_s3_bucket_absent, "NoSuchBucketPolicy"},
	{"GET", "policyStatus", false, HC_S3_BODY_NONE, NULL, hc_s3_bucket_absent, "NoSuchBucketPolicy"},
	{"GET", "tagging", false, HC_S3_BODY_NONE, NULL, hc_s3_bucket_absent, "NoSuchTagSet"},
	{"GET", "cors", false, HC_S3_BODY_NONE, NULL, hc_s3_bucket_absent, "NoSuchCORSConfiguration"},
	{"GET", "lifecycle", false, HC_S3_BODY_NONE, NULL, hc_s3_bucket_absent, "NoSuchLifecycleConfiguration"},
	{"GET", "website", false, HC_S3_BODY_NONE, NULL, hc_s3_bucket_absent, "NoSuchWebsiteConfiguration"},
	{"GET", "replication", false, HC_S3_BODY_NONE, NULL, hc_s3_bucket_absent,
	 "ReplicationConfigurationNotFoundError"},
	{"GET", "publicAccessBlock", false, HC_S3_BODY_NONE, NULL, hc_s3_bucket_absent,
	 "NoSuchPublicAccessBlockConfiguration"},
	{"GET", "object-lock", false, HC_S3_BODY_NONE, NULL, hc_s3_bucket_absent,
	 "ObjectLockConfigurationNotFoundError"},
	{"GET", "ownershipControls", false, HC_S3_BODY_NONE, NULL, hc_s3_bucket_absent,
	 "OwnershipControlsNotFoundError"},
	{"GET", "uploads", false, HC_S3_BODY_NONE, NULL, hc_s3_list_uploads, "ListMultipartUploads"},
	{"GET", "list-type", false, HC_S3_BODY_NONE, NULL, hc_s3_list_v2, "ListObjectsV2"},
	{"POST", "delete", false, HC_S3_BODY_XML, NULL, hc_s3_delete_objects, "DeleteObjects"},
	{"GET", "uploadId", true, HC_S3_BODY_NONE, NULL, hc_s3_list_parts, "ListParts"},
	{"GET", "acl", true, HC_S3_BODY_NONE, NULL, hc_s3_object_acl, "GetObjectAcl"},
	{"GET", "tagging", true, HC_S3_BODY_NONE, NULL, hc_s3_object_tagging, "GetObjectTagging"},
	{"PUT", "uploadId", true, HC_S3_BODY_CONTENT, hc_s3_part_begin, hc_s3_put_part, "UploadPart"},
	{"POST", "uploads", true, HC_S3_BODY_NONE, NULL, hc_s3_create_upload, "CreateMultipartUpload"},
	{"POST", "uploadId", true, HC_S3_BODY_XML, NULL, hc_s3_complete_upload, "CompleteMultipartUpload"},
	{"DELETE", "uploadId", true, HC_S3_BODY_NONE, NULL, hc_s3_abort_upload, "AbortMultipartUpload"},
	{"GET", NULL, false, HC_S3_BODY_NONE, NULL, hc_s3_list_v1, "ListObjects"},
	{"HEAD", NULL, false, HC_S3_BODY_NONE, NULL, hc_s3_head_bucket, "HeadBucket"},
	{"PUT", NULL, false, HC_S3_BODY_XML, NULL, hc_s3_create_bucket, "CreateBucket"},
	{"DELETE", NULL, false, HC_S3_BODY_NONE, NULL, hc_s3_delete_bucket, "DeleteBucket"},
	{"GET", NULL, true, HC_S3_BODY_NONE, NULL, hc_s3_get_object, "GetObject"},
	{"HEAD", NULL, true, HC_S3_BODY_NONE, NULL, hc_s3_get_object, "HeadObject"},
	{"PUT", NULL, true, HC_S3_BODY_CONTENT, hc_s3_put_begin, hc_s3_put_object, "PutObject"},
	{"DELETE", NULL, true, HC_S3_BODY_NONE, NULL, hc_s3_delete_object, "DeleteObject"},
};
static const struct hc_s3_operation list_buckets = {
	"GET", NULL, false, HC_S3_BODY_NONE, NULL, hc_s3_list_buckets, "ListBuckets"};
static const struct hc_s3_operation copy_object = {"PUT",       NULL, true, HC_S3_BODY_NONE, NULL, hc_s3_copy_object,
						   "CopyObject"};
static const struct hc_s3_operation copy_part = {"PUT",           NULL, true, HC_S3_BODY_NONE, NULL, hc_s3_copy_part,
						 "UploadPartCopy"};

/* What AWS has and this server has not, or not with every method. */
static const char *const subresources[] = {
	"accelerate",
	"acl",
	"analytics",
	"append",
	"attributes",
	"cors",
	"delete",
	"encryption",
	"intelligent-tiering",
	"inventory",
	"legal-hold",
	"lifecycle",
	"location",
	"logging",
	"metadataConfiguration",
	"metadataTable",
	"metrics",
	"notification",
	"object-lock",
	"ownershipControls",
	"policy",
	"policyStatus",
	"publicAccessBlock",
	"renameObject",
	"replication",
	"requestPayment",
	"restore",
	"retention",
	"select",
	"session",
	"tagging",
	"torrent",
	"uploads",
	"versioning",
	"versions",
	"website",
};

/* Headers that ask for what this server has not: to pass over them would be to promise it. */
static const char *const refused_headers[] = {
	"x-amz-server-side-encryption-customer-algorithm",
	"x-amz-server-side-encryption-customer-key",
	"x-amz-copy-source-server-side-encryption-customer-algorithm",
	"x-amz-copy-source-server-side-encryption-customer-key",
	"x-amz-object-lock-mode",
	"x-amz-object-lock-retain-until-date",
	"x-amz-object-lock-legal-hold",
	"x-amz-write-offset-bytes",
	"x-amz-mfa",
};

struct hc_str hc_s3_parameter(const struct hc_s3 *s, const char *name)
{
	for (size_t i = 0; i < s->n_query; i++)
		if (hc_str_eq(s->query[i].name, hc_str(name)))
			return s->query[i].value;
	return (struct hc_str){NULL, 0};
}

enum hc_code hc_s3_parameter_number(struct hc_s3 *s, const char *name, uint64_t max, uint64_t otherwise, uint64_t *out,
				    struct hc_err *err)
{
	struct hc_str text = hc_s3_parameter(s, name);
	uint64_t value = otherwise;
	if (text.n > 0 && (!hc_u64_parse(text, &value) || value > INT32_MAX))
		return hc_s3_refuse(s, err, 400, "InvalidArgument",
				    "Provided %s not an integer or within integer range", name);
	*out = value < max ? value : max;
	return HC_OK;
}

bool hc_s3_is_true(struct hc_str s)
{
	return hc_str_eq_nocase(hc_str_trim(s), HC_STR("true"));
}

uint64_t hc_s3_page_max(const struct hc_s3 *s)
{
	uint64_t max = s->server->listing_max;
	return max > 0 && max < HC_S3_PAGE_MAX ? max : HC_S3_PAGE_MAX;
}

enum hc_code hc_s3_check_text(struct hc_s3 *s, const char *what, struct hc_str text, struct hc_err *err)
{
	if (text.n > 0 && (memchr(text.p, '\0', text.n) || hc_utf8_valid_prefix(text.p, text.n) != text.n))
		return hc_s3_refuse(s, err, 400, "InvalidArgument", "The %s is not valid UTF-8, or has a NUL in it.",
				    what);
	return HC_OK;
}

enum hc_code hc_s3_check_key(struct hc_s3 *s, struct hc_str key, struct hc_err *err)
{
	if (key.n > HC_KEY_BYTES_MAX)
		return hc_s3_refuse(s, err, 400, "KeyTooLongError", "Your key is too long: %zu bytes, at most %d.",
				    key.n, HC_KEY_BYTES_MAX);
	return hc_s3_check_text(s, "key", key, err);
}

enum hc_code hc_s3_need_bucket(struct hc_s3 *s, struct hc_db *db, struct hc_err *err)
{
	int64_t created_us;
	bool found;
	HC_TRY(hc_bucket_get(db, s->bucket, &created_us, &found, err));
	if (!found)
		return hc_s3_refuse(s, err, 404, "NoSuchBucket", "The specified bucket does not exist");
	return HC_OK;
}

void hc_s3_forget(struct hc_s3 *s, const char *content, const struct hc_err *err)
{
	if (content[0] && (s->fault.status != 0 || err->code != HC_IO))
		hc_content_remove(s->server->contents, content);
}

static enum hc_code decoded(struct hc_s3 *s, struct hc_str text, struct hc_str *out, struct hc_err *err)
{
	HC_BUF_SCOPED struct hc_buf buf = HC_BUF(QUERY_TEXT_MAX);
	if (!hc_percent_decode(text, true, &buf))
		return hc_s3_refuse(s, err, 400, "InvalidURI", "Couldn't parse the specified URI.");
	HC_TRY(hc_buf_check(&buf, "a query", err));
	*out = hc_arena_copy(&s->arena, hc_buf_view(&buf));
	return out->p ? HC_OK : hc_fail_nomem(err, "a request");
}

static enum hc_code read_query(struct hc_s3 *s, struct hc_err *err)
{
	struct hc_str rest = s->http->query, name, value;
	if (rest.n > QUERY_TEXT_MAX)
		return hc_s3_refuse(s, err, 400, "InvalidURI", "The query is longer than %d bytes.", QUERY_TEXT_MAX);
	for (bool has_value; hc_query_next(&rest, &name, &value, &has_value);) {
		if (s->n_query == HC_S3_QUERY_MAX)
			return hc_s3_refuse(s, err, 400, "InvalidURI", "The query has more than %d parameters.",
					    HC_S3_QUERY_MAX);
		struct hc_s3_parameter *q = &s->query[s->n_query];
		HC_TRY(decoded(s, name, &q->name, err));
		HC_TRY(decoded(s, value, &q->value, err));
		s->n_query++;
	}
	return HC_OK;
}

static bool is_label_end(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool looks_like_ip(struct hc_str name)
{
	size_t dots = 0;
	for (size_t i = 0; i < name.n; i++) {
		dots += name.p[i] == '.';
		if (name.p[i] != '.' && (name.p[i] < '0' || name.p[i] > '9'))
			return false;
	}
	return dots == 3;
}

bool hc_s3_is_bucket_name(struct hc_str name)
{
	if (name.n < 3 || name.n > 63 || !is_label_end(name.p[0]) || !is_label_end(name.p[name.n - 1]))
		return false;
	for (size_t i = 0; i < name.n; i++) {
		if (!is_label_end(name.p[i]) && name.p[i] != '-' && name.p[i] != '.')
			return false;
		if (name.p[i] == '.' && name.p[i - 1] == '.')
			return false;
	}
	return !looks_like_ip(name) && !hc_str_starts(name, "xn--") && !hc_str_starts(name, "sthree-") &&
	       !hc_str_ends(name, "-s3alias") && !hc_str_ends(name, "--ol-s3") && !hc_str_ends(name, "--x-s3") &&
	       !hc_str_ends(name, ".mrap");
}

static enum hc_code check_names(struct hc_s3 *s, struct hc_err *err)
{
	if (s->bucket.n > 0 && !hc_s3_is_bucket_name(s->bucket))
		return hc_s3_refuse(s, err, 400, "InvalidBucketName", "The specified bucket is not valid.");
	HC_TRY(hc_s3_check_key(s, s->key, err));
	static const char *const owners[] = {"x-amz-expected-bucket-owner", "x-amz-source-expected-bucket-owner"};
	for (size_t i = 0; i < sizeof owners / sizeof *owners; i++) {
		struct hc_str owner = hc_s3_header(s, owners[i]);
		if (owner.p && !hc_str_eq(hc_str_trim(owner), hc_str(s->server->account)))
			return hc_s3_refuse(s, err, 403, "AccessDenied", "Access Denied");
	}
	for (size_t i = 0; i < sizeof refused_headers / sizeof *refused_headers; i++)
		if (hc_s3_header(s, refused_headers[i]).p)
			return hc_s3_refuse(s, err, 501, "NotImplemented",
					    "A header you provided implies functionality that is not implemented: %s",
					    refused_headers[i]);
	struct hc_str version = hc_s3_parameter(s, "versionId");
	if (version.p && !hc_str_eq(version, HC_STR("null")))
		return hc_s3_refuse(s, err, 400, "InvalidArgument", "Invalid version id specified");
	return HC_OK;
}

static const struct hc_s3_operation *find_row(const struct hc_s3 *s, bool special)
{
	for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
		const struct hc_s3_operation *o = &operations[i];
		if (o->of_key != (s->key.n > 0) || !hc_str_eq(s->http->method, hc_str(o->method)))
			continue;
		if (special ? o->parameter && hc_s3_parameter(s, o->parameter).p : !o->parameter)
			return o;
	}
	return NULL;
}

static enum hc_code find_operation(struct hc_s3 *s, struct hc_err *err)
{
	bool copies = hc_s3_header(s, "x-amz-copy-source").p != NULL;
	if (s->bucket.n == 0) {
		s->operation = &list_buckets;
		if (hc_str_eq(s->http->method, HC_STR("GET")))
			return HC_OK;
	} else {
		s->operation = find_row(s, true);
		if (s->operation && s->operation->run == hc_s3_put_part && copies)
			s->operation = &copy_part;
		if (s->operation)
			return HC_OK;
		for (size_t i = 0; i < sizeof subresources / sizeof *subresources; i++)
			if (hc_s3_parameter(s, subresources[i]).p)
				return hc_s3_refuse(
					s, err, 501, "NotImplemented",
					"A query you provided implies functionality that is not implemented: "
					"%.*s ?%s",
					HC_STR_ARG(s->http->method), subresources[i]);
		s->operation = find_row(s, false);
		if (s->operation && s->operation->run == hc_s3_put_object && copies)
			s->operation = &copy_object;
		if (s->operation)
			return HC_OK;
		if (hc_str_eq(s->http->method, HC_STR("POST")) && s->key.n == 0)
			return hc_s3_refuse(s, err, 501, "NotImplemented",
					    "Uploads by a browser's form (POST) are not implemented.");
	}
	return hc_s3_refuse(s, err, 405, "MethodNotAllowed",
			    "The specified method is not allowed against this resource.");
}

static enum hc_code copy_in(struct hc_s3 *s, const struct hc_s3_request *request, struct hc_err *err)
{
	s->request_id = hc_arena_cstring(&s->arena, hc_str(request->request_id));
	s->bucket = hc_arena_copy(&s->arena, request->bucket);
	s->key = hc_arena_copy(&s->arena, request->key);
	return s->request_id && s->bucket.p && s->key.p ? HC_OK : hc_fail_nomem(err, "a request");
}

static enum hc_code begin(struct hc_s3 *s, const struct hc_s3_request *request, struct hc_http_reply *reply,
			  struct hc_err *err)
{
	HC_TRY(read_query(s, err));
	HC_TRY(find_operation(s, err));
	HC_TRY(check_names(s, err));
	HC_TRY(hc_s3_body_open(s, request, err));
	if (s->operation->begin)
		HC_TRY(s->operation->begin(s, reply, err));
	return hc_s3_body_start(s, 0, err);
}

static void end(struct hc_s3 *s)
{
	hc_s3_body_close(s);
	hc_arena_free(&s->arena);
	free(s);
}

/* A refused body that is short is read all the same: a client that is still sending may not see an answer. */
static bool is_worth_reading(const struct hc_s3 *s)
{
	uint64_t length = 0;
	struct hc_str text = hc_s3_header(s, "Content-Length");
	if (hc_s3_header(s, "Expect").p || hc_s3_header(s, "Transfer-Encoding").p)
		return false;
	return !text.p || (hc_u64_parse(text, &length) && length <= HC_S3_DRAINED_MAX);
}

struct hc_s3 *hc_s3_begin(const struct hc_s3_request *request, struct hc_http_reply *reply)
{
	struct hc_s3 *s = calloc(1, sizeof *s);
	if (!s) {
		hc_s3_fault(reply, 503, "SlowDown", "The server has no memory left for this request.", HC_STR("/"),
			    request->request_id);
		return NULL;
	}
	s->server = request->server;
	s->http = request->http;
	s->now_us = request->now_us;
	s->request_id = request->request_id;
	s->arena = HC_ARENA(HC_S3_ARENA_MAX);
	s->is_head = hc_str_eq(request->http->method, HC_STR("HEAD"));
	enum hc_code code = copy_in(s, request, &s->err);
	if (code == HC_OK)
		code = begin(s, request, reply, &s->err);
	if (code == HC_OK)
		return s;
	if (s->fault.status != 0 && is_worth_reading(s))
		return s;
	hc_s3_answer(s, code, reply);
	end(s);
	return NULL;
}

bool hc_s3_body(struct hc_s3 *s, const void *p, size_t n, struct hc_http_reply *reply)
{
	enum hc_code code = HC_USAGE;
	if (s->fault.status == 0) {
		code = hc_s3_body_feed(s, p, n, &s->err);
		if (code == HC_OK)
			return true;
	}
	s->drained += n;
	if (s->fault.status != 0 && s->drained <= HC_S3_DRAINED_MAX)
		return true;
	hc_s3_answer(s, code, reply);
	end(s);
	return false;
}

void hc_s3_finish(struct hc_s3 *s, struct hc_http_reply *reply)
{
	enum hc_code code = HC_USAGE;
	if (s->fault.status == 0) {
		code = hc_s3_body_finish(s, &s->err);
		if (code == HC_OK)
			code = s->operation->run(s, reply, &s->err);
	}
	hc_s3_answer(s, code, reply);
	end(s);
}

void hc_s3_drop(struct hc_s3 *s)
{
	end(s);
}

/* --- documents of replies --- */

void hc_s3_open_xml(struct hc_http_reply *reply, const char *name)
{
	if (reply->body.max < HC_S3_REPLY_MAX)
		reply->body.max = HC_S3_REPLY_MAX;
	hc_buf_printf(&reply->body, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<%s xmlns=\"" HC_S3_NAMESPACE "\">",
		      name);
}

enum hc_code hc_s3_close_xml(struct hc_http_reply *reply, const char *name, struct hc_err *err)
{
	hc_buf_printf(&reply->body, "</%s>", name);
	HC_TRY(hc_buf_check(&reply->body, "a reply", err));
	hc_http_reply_header(reply, "Content-Type", "application/xml");
	return HC_OK;
}

void hc_s3_xml_number(struct hc_buf *out, const char *name, uint64_t value)
{
	hc_buf_printf(out, "<%s>%llu</%s>", name, (unsigned long long)value, name);
}

void hc_s3_xml_bool(struct hc_buf *out, const char *name, bool value)
{
	hc_buf_printf(out, "<%s>%s</%s>", name, value ? "true" : "false", name);
}

void hc_s3_xml_instant(struct hc_buf *out, const char *name, int64_t us)
{
	char text[HC_INSTANT_SIZE];
	hc_instant_print_ms(us, text);
	hc_xml_element(out, name, hc_str(text));
}

void hc_s3_xml_etag(struct hc_buf *out, struct hc_str etag)
{
	hc_buf_cstr(out, "<ETag>&quot;");
	hc_xml_text(out, etag);
	hc_buf_cstr(out, "&quot;</ETag>");
}

void hc_s3_xml_key(struct hc_buf *out, const char *name, struct hc_str key, bool url)
{
	if (!url) {
		hc_xml_element(out, name, key);
		return;
	}
	hc_buf_printf(out, "<%s>", name);
	hc_percent_encode(key, true, out);
	hc_buf_printf(out, "</%s>", name);
}

enum hc_code hc_s3_wants_url(struct hc_s3 *s, bool *out, struct hc_err *err)
{
	struct hc_str type = hc_s3_parameter(s, "encoding-type");
	if (type.n > 0 && !hc_str_eq_nocase(type, HC_STR("url")))
		return hc_s3_refuse(s, err, 400, "InvalidArgument", "Invalid Encoding Method specified in Request");
	*out = type.n > 0;
	return HC_OK;
}
