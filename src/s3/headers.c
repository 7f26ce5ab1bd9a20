#include "s3/headers.h"

#include <stdlib.h>

#include "base/utf8.h"
#include "codec/percent.h"
#include "codec/xml.h"

enum { TAG_KEY_MAX = 128, TAG_VALUE_MAX = 256, TAG_BYTES_MAX = 4 * TAG_VALUE_MAX, NAME_MAX_BYTES = 256 };

#define META "x-amz-meta-"
#define SSE "x-amz-server-side-encryption"

static const struct {
	const char *name, *override; /* the parameter that sets it for one reply */
} described[] = {
	{"content-type", "response-content-type"},
	{"cache-control", "response-cache-control"},
	{"content-disposition", "response-content-disposition"},
	{"content-encoding", "response-content-encoding"},
	{"content-language", "response-content-language"},
	{"expires", "response-expires"},
};

static enum hc_code put_text(struct hc_s3 *s, json_t *into, const char *name, struct hc_str value, struct hc_err *err)
{
	HC_TRY(hc_s3_check_text(s, name, value, err));
	return hc_tree_set_text(into, name, value) ? HC_OK : hc_fail_nomem(err, "an object's headers");
}

static bool is_meta(struct hc_str name)
{
	size_t n = sizeof META - 1;
	return name.n > n && hc_str_eq_nocase((struct hc_str){name.p, n}, HC_STR(META));
}

/* The name in lower case; false when it cannot be one of a header. */
static bool meta_name(struct hc_str name, char out[NAME_MAX_BYTES])
{
	if (name.n >= NAME_MAX_BYTES)
		return false;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		if (c <= ' ' || c >= 0x7f || c == ':' || c == '"')
			return false;
		out[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	out[name.n] = '\0';
	return true;
}

/* Headers of one name are joined by commas, as HTTP has it. */
static enum hc_code put_meta(struct hc_s3 *s, json_t *into, const char *name, struct hc_str value, struct hc_err *err)
{
	const char *before = json_string_value(json_object_get(into, name));
	if (!before)
		return put_text(s, into, name, value, err);
	HC_BUF_SCOPED struct hc_buf joined = HC_BUF(2 * HC_METADATA_BYTES_MAX);
	hc_buf_cstr(&joined, before);
	hc_buf_char(&joined, ',');
	hc_buf_str(&joined, value);
	HC_TRY(hc_buf_check(&joined, "an object's metadata", err));
	return put_text(s, into, name, hc_buf_view(&joined), err);
}

static enum hc_code take_meta(struct hc_s3 *s, json_t *into, struct hc_err *err)
{
	size_t bytes = 0, n = 0;
	for (size_t i = 0; i < s->http->n_headers; i++) {
		const struct hc_http_header *h = &s->http->headers[i];
		if (!is_meta(h->name))
			continue;
		char name[NAME_MAX_BYTES];
		if (!meta_name(h->name, name))
			return hc_s3_refuse(s, err, 400, "InvalidArgument",
					    "The name of a metadata header is not valid.");
		struct hc_str value = hc_str_trim(h->value);
		bytes += h->name.n - (sizeof META - 1) + value.n;
		if (bytes > HC_METADATA_BYTES_MAX)
			return hc_s3_refuse(
				s, err, 400, "MetadataTooLarge",
				"Your metadata headers exceed the maximum allowed metadata size of %d bytes.",
				HC_METADATA_BYTES_MAX);
		if (++n > HC_S3_METADATA_MAX)
			return hc_s3_refuse(s, err, 400, "MetadataTooLarge",
					    "Your request has more than %d metadata headers.", HC_S3_METADATA_MAX);
		HC_TRY(put_meta(s, into, name, value, err));
	}
	return HC_OK;
}

/* Content-Encoding without aws-chunked, which was of the transport. */
static void strip_chunked(struct hc_str value, struct hc_buf *out)
{
	while (value.n > 0) {
		const char *comma = memchr(value.p, ',', value.n);
		struct hc_str one = {value.p, comma ? (size_t)(comma - value.p) : value.n};
		value.p += one.n + (comma != NULL);
		value.n -= one.n + (comma != NULL);
		one = hc_str_trim(one);
		if (one.n == 0 || hc_str_eq_nocase(one, HC_STR("aws-chunked")))
			continue;
		if (out->n > 0)
			hc_buf_char(out, ',');
		hc_buf_str(out, one);
	}
}

enum hc_code hc_s3_headers_describe(struct hc_s3 *s, json_t *into, struct hc_err *err)
{
	for (size_t i = 0; i < sizeof described / sizeof *described; i++) {
		struct hc_str value = hc_s3_header(s, described[i].name);
		if (!value.p || value.n == 0)
			continue;
		if (strcmp(described[i].name, "content-encoding") != 0) {
			HC_TRY(put_text(s, into, described[i].name, value, err));
			continue;
		}
		HC_BUF_SCOPED struct hc_buf coding = HC_BUF(64 << 10);
		strip_chunked(value, &coding);
		HC_TRY(hc_buf_check(&coding, "a Content-Encoding", err));
		if (coding.n > 0)
			HC_TRY(put_text(s, into, described[i].name, hc_buf_view(&coding), err));
	}
	return take_meta(s, into, err);
}

static bool is_one_of(struct hc_str value, const char *const *list)
{
	for (; *list; list++)
		if (hc_str_eq(value, hc_str(*list)))
			return true;
	return false;
}

static enum hc_code take_encryption(struct hc_s3 *s, json_t *into, struct hc_err *err)
{
	static const char *const methods[] = {"AES256", "aws:kms", "aws:kms:dsse", NULL};
	struct hc_str method = hc_s3_header(s, SSE), key = hc_s3_header(s, SSE "-aws-kms-key-id");
	struct hc_str bucket_key = hc_s3_header(s, SSE "-bucket-key-enabled");
	if (method.p && !is_one_of(method, methods))
		return hc_s3_refuse(
			s, err, 400, "InvalidEncryptionAlgorithmError",
			"The encryption request you specified is not valid. The valid value is AES256, aws:kms or "
			"aws:kms:dsse.");
	if (key.p && !hc_str_starts(method, "aws:kms"))
		return hc_s3_refuse(s, err, 400, "InvalidArgument",
				    "Server Side Encryption with AWS KMS managed key requires HTTP header "
				    "x-amz-server-side-encryption : aws:kms");
	if (method.p)
		HC_TRY(put_text(s, into, SSE, method, err));
	if (key.p)
		HC_TRY(put_text(s, into, SSE "-aws-kms-key-id", key, err));
	if (bucket_key.p && hc_str_starts(method, "aws:kms"))
		HC_TRY(put_text(s, into, SSE "-bucket-key-enabled",
				hc_s3_is_true(bucket_key) ? HC_STR("true") : HC_STR("false"), err));
	return HC_OK;
}

enum hc_code hc_s3_headers_keeping(struct hc_s3 *s, json_t *into, struct hc_err *err)
{
	static const char *const classes[] = {"STANDARD",     "REDUCED_REDUNDANCY",  "STANDARD_IA",
					      "ONEZONE_IA",   "INTELLIGENT_TIERING", "GLACIER",
					      "DEEP_ARCHIVE", "GLACIER_IR",          NULL};
	HC_TRY(take_encryption(s, into, err));
	struct hc_str class = hc_s3_header(s, "x-amz-storage-class");
	if (class.n > 0 && !is_one_of(class, classes))
		return hc_s3_refuse(s, err, 400, "InvalidStorageClass", "The storage class you specified is not valid");
	if (class.n > 0 && !hc_str_eq(class, HC_STR("STANDARD")))
		HC_TRY(put_text(s, into, "x-amz-storage-class", class, err));
	struct hc_str redirect = hc_s3_header(s, "x-amz-website-redirect-location");
	if (redirect.n > 0)
		HC_TRY(put_text(s, into, "x-amz-website-redirect-location", redirect, err));
	return HC_OK;
}

bool hc_s3_tag_next(struct hc_s3 *s, struct hc_str *rest, struct hc_str *key, struct hc_str *value, bool *malformed)
{
	struct hc_str raw[2];
	bool has_value;
	if (!hc_query_next(rest, &raw[0], &raw[1], &has_value))
		return false;
	struct hc_str *const out[2] = {key, value};
	for (int i = 0; i < 2; i++) {
		HC_BUF_SCOPED struct hc_buf text = HC_BUF(TAG_BYTES_MAX);
		if (!hc_percent_decode(raw[i], true, &text) || text.failed)
			*malformed = true;
		else
			*out[i] = hc_arena_copy(&s->arena, hc_buf_view(&text));
		if (*malformed || !out[i]->p) {
			*malformed = true;
			return false;
		}
	}
	return true;
}

static size_t characters(struct hc_str s)
{
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++)
		n += (s.p[i] & 0xc0) != 0x80;
	return n;
}

enum hc_code hc_s3_headers_tags(struct hc_s3 *s, json_t *into, struct hc_err *err)
{
	struct hc_str text = hc_s3_header(s, "x-amz-tagging"), rest = text;
	if (text.n == 0)
		return HC_OK;
	struct hc_str keys[HC_S3_TAGS_MAX], value;
	size_t n = 0;
	bool malformed = false;
	for (struct hc_str key; hc_s3_tag_next(s, &rest, &key, &value, &malformed);) {
		if (n == HC_S3_TAGS_MAX)
			return hc_s3_refuse(s, err, 400, "BadRequest", "Object tags cannot be greater than %d",
					    HC_S3_TAGS_MAX);
		HC_TRY(hc_s3_check_text(s, "tag", key, err));
		HC_TRY(hc_s3_check_text(s, "tag", value, err));
		if (key.n == 0 || characters(key) > TAG_KEY_MAX)
			return hc_s3_refuse(s, err, 400, "InvalidTag", "The TagKey you have provided is invalid");
		if (characters(value) > TAG_VALUE_MAX)
			return hc_s3_refuse(s, err, 400, "InvalidTag", "The TagValue you have provided is invalid");
		for (size_t i = 0; i < n; i++)
			if (hc_str_eq(keys[i], key))
				return hc_s3_refuse(
					s, err, 400, "InvalidArgument",
					"The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded "
					"URL query parameters without tag name duplicates.");
		keys[n++] = key;
	}
	if (malformed)
		return hc_s3_refuse(s, err, 400, "InvalidArgument", "The header 'x-amz-tagging' is not valid.");
	return put_text(s, into, "x-amz-tagging", text, err);
}

enum hc_code hc_s3_headers_checksums(struct hc_s3 *s, json_t *into, struct hc_err *err)
{
	bool fine = true, any = false;
	for (unsigned kind = HC_CHECKSUM_MD5 + 1; kind < HC_CHECKSUM_KINDS; kind++) {
		char text[HC_CHECKSUM_TEXT_SIZE];
		if (!(s->body.kinds & 1U << kind))
			continue;
		hc_checksums_base64(s->body.sums, (enum hc_checksum_kind)kind, text);
		fine &= hc_tree_set_text(into, hc_s3_checksum_header((enum hc_checksum_kind)kind), hc_str(text));
		any = true;
	}
	if (any)
		fine &= hc_tree_set_text(into, "x-amz-checksum-type", HC_STR("FULL_OBJECT"));
	return fine ? HC_OK : hc_fail_nomem(err, "an object's checksums");
}

enum hc_code hc_s3_headers_parse(struct hc_str text, json_t **out, struct hc_err *err)
{
	json_t *tree = hc_tree_parse(text);
	if (!json_is_object(tree)) {
		json_decref(tree);
		return hc_fail(err, HC_IO, "the catalog has headers of an object that are no JSON object");
	}
	*out = tree;
	return HC_OK;
}

enum hc_code hc_s3_headers_print(struct hc_s3 *s, const json_t *headers, struct hc_str *out, struct hc_err *err)
{
	struct hc_str text = hc_tree_print(headers, &s->arena);
	if (!text.p)
		return hc_fail_nomem(err, "an object's headers");
	*out = text;
	return HC_OK;
}

static bool is_checksum(const char *name)
{
	return strncmp(name, "x-amz-checksum-", 15) == 0;
}

static const char *override_of(const char *name)
{
	for (size_t i = 0; i < sizeof described / sizeof *described; i++)
		if (strcmp(described[i].name, name) == 0)
			return described[i].override;
	return NULL;
}

static void give_tag_count(struct hc_s3 *s, const json_t *headers, struct hc_http_reply *reply)
{
	struct hc_str rest = hc_tree_text(headers, "x-amz-tagging"), key, value;
	unsigned n = 0;
	bool malformed = false;
	while (rest.n > 0 && hc_s3_tag_next(s, &rest, &key, &value, &malformed))
		n++;
	if (n > 0)
		hc_http_reply_header(reply, "x-amz-tagging-count", "%u", n);
}

enum hc_code hc_s3_headers_give(struct hc_s3 *s, const json_t *headers, struct hc_http_reply *reply, struct hc_err *err)
{
	bool checksums =
		hc_str_eq_nocase(hc_s3_header(s, "x-amz-checksum-mode"), HC_STR("ENABLED")) && reply->status == 200;
	for (size_t i = 0; i < sizeof described / sizeof *described; i++) {
		struct hc_str value = hc_s3_parameter(s, described[i].override);
		HC_TRY(hc_s3_check_text(s, described[i].override, value, err));
		if (value.n == 0)
			value = hc_tree_text(headers, described[i].name);
		if (value.n == 0 && i == 0)
			value = HC_STR("binary/octet-stream");
		if (value.n > 0)
			hc_http_reply_header(reply, described[i].name, "%.*s", HC_STR_ARG(value));
	}
	const char *name;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)headers, name, value)
	{
		if (!json_is_string(value) || override_of(name) || strcmp(name, "x-amz-tagging") == 0)
			continue;
		if (name[0] == '=' || (is_checksum(name) && !checksums))
			continue;
		hc_http_reply_header(reply, name, "%s", json_string_value(value));
	}
	give_tag_count(s, headers, reply);
	return HC_OK;
}

void hc_s3_headers_give_stored(const json_t *headers, bool checksums, struct hc_http_reply *reply)
{
	const char *name;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)headers, name, value)
	{
		bool wanted = strncmp(name, SSE, sizeof SSE - 1) == 0 || (checksums && is_checksum(name));
		if (wanted && json_is_string(value))
			hc_http_reply_header(reply, name, "%s", json_string_value(value));
	}
}

void hc_s3_headers_xml_checksums(const json_t *headers, struct hc_buf *out)
{
	for (unsigned kind = HC_CHECKSUM_MD5 + 1; kind < HC_CHECKSUM_KINDS; kind++) {
		struct hc_str value = hc_tree_text(headers, hc_s3_checksum_header((enum hc_checksum_kind)kind));
		if (value.p)
			hc_xml_element(out, hc_s3_checksum_element((enum hc_checksum_kind)kind), value);
	}
}
