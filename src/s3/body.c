#include "s3/body.h"

#include <stdlib.h>

#include "base/number.h"
#include "codec/base64.h"
#include "s3/session.h"

static const struct {
	const char *name, *header, *element;
	size_t bytes;
} kinds[HC_CHECKSUM_KINDS] = {
	[HC_CHECKSUM_MD5] = {"MD5", NULL, NULL, 16},
	[HC_CHECKSUM_SHA1] = {"SHA1", "x-amz-checksum-sha1", "ChecksumSHA1", 20},
	[HC_CHECKSUM_SHA256] = {"SHA256", "x-amz-checksum-sha256", "ChecksumSHA256", 32},
	[HC_CHECKSUM_CRC32] = {"CRC32", "x-amz-checksum-crc32", "ChecksumCRC32", 4},
	[HC_CHECKSUM_CRC32C] = {"CRC32C", "x-amz-checksum-crc32c", "ChecksumCRC32C", 4},
};

const char *hc_s3_checksum_header(enum hc_checksum_kind kind)
{
	return kinds[kind].header;
}

const char *hc_s3_checksum_element(enum hc_checksum_kind kind)
{
	return kinds[kind].element;
}

const char *hc_s3_checksum_name(enum hc_checksum_kind kind)
{
	return kinds[kind].name;
}

bool hc_s3_checksum_kind(struct hc_str name, enum hc_checksum_kind *out)
{
	for (unsigned kind = HC_CHECKSUM_MD5 + 1; kind < HC_CHECKSUM_KINDS; kind++)
		if (hc_str_eq_nocase(name, hc_str(kinds[kind].name))) {
			*out = (enum hc_checksum_kind)kind;
			return true;
		}
	return false;
}

static enum hc_code refuse_algorithm(struct hc_s3 *s, struct hc_str name, struct hc_err *err)
{
	char shown[HC_STR_SHOW_SIZE];
	return hc_s3_refuse(
		s, err, 501, "NotImplemented",
		"The checksum algorithm %s is not supported by this server. Use CRC32, CRC32C, SHA1 or SHA256.",
		hc_str_show(name, shown));
}

enum hc_code hc_s3_algorithm(struct hc_s3 *s, const char *header, unsigned *out, struct hc_err *err)
{
	struct hc_str name = hc_s3_header(s, header);
	enum hc_checksum_kind kind;
	if (!name.p)
		return HC_OK;
	if (hc_str_eq_nocase(name, HC_STR("MD5"))) /* some SDKs say so of Content-MD5 */
		return HC_OK;
	if (!hc_s3_checksum_kind(hc_str_trim(name), &kind))
		return refuse_algorithm(s, name, err);
	*out |= 1U << kind;
	return HC_OK;
}

/* A digest's text to its bytes, kept; *fine = false when it is none of that kind. */
static enum hc_code take_digest(struct hc_s3 *s, enum hc_checksum_kind kind, struct hc_str text, bool *fine,
				struct hc_err *err)
{
	HC_BUF_SCOPED struct hc_buf bytes = HC_BUF(HC_CHECKSUM_BYTES_MAX + 4);
	*fine = hc_base64_decode(hc_str_trim(text), &bytes) && !bytes.failed && bytes.n == kinds[kind].bytes;
	if (!*fine)
		return HC_OK;
	struct hc_str kept = hc_arena_copy(&s->arena, hc_buf_view(&bytes));
	if (!kept.p)
		return hc_fail_nomem(err, "a request");
	s->body.expected[kind] = kept;
	s->body.kinds |= 1U << kind;
	return HC_OK;
}

static enum hc_code read_checksums(struct hc_s3 *s, struct hc_err *err)
{
	bool fine;
	struct hc_str md5 = hc_s3_header(s, "Content-MD5");
	if (md5.p) {
		HC_TRY(take_digest(s, HC_CHECKSUM_MD5, md5, &fine, err));
		if (!fine)
			return hc_s3_refuse(s, err, 400, "InvalidDigest", "The Content-MD5 you specified was invalid.");
	}
	if (hc_s3_header(s, "x-amz-checksum-crc64nvme").p)
		return refuse_algorithm(s, HC_STR("CRC64NVME"), err);
	unsigned given = 0;
	for (unsigned kind = HC_CHECKSUM_MD5 + 1; kind < HC_CHECKSUM_KINDS; kind++) {
		struct hc_str value = hc_s3_header(s, kinds[kind].header);
		if (!value.p)
			continue;
		if (given++ > 0)
			return hc_s3_refuse(
				s, err, 400, "InvalidRequest",
				"Expecting a single x-amz-checksum- header. Multiple checksum Types are not "
				"allowed.");
		if (s->body.kind == HC_S3_BODY_NONE)
			continue; /* of the whole object, when an upload is completed */
		if (s->operation->run == hc_s3_complete_upload)
			continue;
		HC_TRY(take_digest(s, (enum hc_checksum_kind)kind, value, &fine, err));
		if (!fine)
			return hc_s3_refuse(s, err, 400, "InvalidRequest", "Value for %s header is invalid.",
					    kinds[kind].header);
	}
	return hc_s3_algorithm(s, "x-amz-sdk-checksum-algorithm", &s->body.kinds, err);
}

/* x-amz-trailer: the checksums that stand behind the last chunk. */
static enum hc_code read_promise(struct hc_s3 *s, struct hc_err *err)
{
	struct hc_str names = hc_s3_header(s, "x-amz-trailer");
	while (names.n > 0) {
		const char *comma = memchr(names.p, ',', names.n);
		struct hc_str name = {names.p, comma ? (size_t)(comma - names.p) : names.n};
		names.p += name.n + (comma != NULL);
		names.n -= name.n + (comma != NULL);
		name = hc_str_trim(name);
		unsigned kind = HC_CHECKSUM_MD5 + 1;
		while (kind < HC_CHECKSUM_KINDS && !hc_str_eq_nocase(name, hc_str(kinds[kind].header)))
			kind++;
		if (hc_str_eq_nocase(name, HC_STR("x-amz-checksum-crc64nvme")))
			return refuse_algorithm(s, HC_STR("CRC64NVME"), err);
		if (kind == HC_CHECKSUM_KINDS)
			return hc_s3_refuse(s, err, 400, "InvalidRequest",
					    "The value specified in the x-amz-trailer header is not supported");
		s->body.promised |= 1U << kind;
	}
	s->body.kinds |= s->body.promised;
	return HC_OK;
}

static bool is_hex64(struct hc_str s)
{
	if (s.n != HC_SIGV4_HEX_SIZE - 1)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f')))
			return false;
	return true;
}

static bool says_chunked(const struct hc_s3 *s)
{
	struct hc_str coding = hc_s3_header(s, "Content-Encoding");
	return coding.n > 0 && memmem(coding.p, coding.n, "aws-chunked", 11) &&
	       hc_s3_header(s, "x-amz-decoded-content-length").p;
}

/* What x-amz-content-sha256 says: the digest, no digest, or chunks. */
static enum hc_code read_payload_hash(struct hc_s3 *s, const struct hc_s3_request *request, struct hc_err *err)
{
	struct hc_s3_body *b = &s->body;
	struct hc_str hash = request->payload_hash;
	if (hash.n == 0)
		hash = hc_s3_header(s, "x-amz-content-sha256");
	if (hash.n == 0 || hc_str_eq(hash, HC_STR("UNSIGNED-PAYLOAD"))) {
		b->chunked = says_chunked(s);
		return HC_OK;
	}
	if (is_hex64(hash)) {
		b->payload_hash = hc_arena_copy(&s->arena, hash);
		return b->payload_hash.p ? hc_checksums_open(1U << HC_CHECKSUM_SHA256, &b->payload, err)
					 : hc_fail_nomem(err, "a request");
	}
	b->chunked = true;
	if (hc_str_eq(hash, HC_STR("STREAMING-UNSIGNED-PAYLOAD-TRAILER")))
		return HC_OK;
	if (hc_str_starts(hash, "STREAMING-AWS4-ECDSA-"))
		return hc_s3_refuse(s, err, 501, "NotImplemented",
				    "Signatures of version 4A are not supported by this server.");
	bool trailer = hc_str_eq(hash, HC_STR("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"));
	if (!trailer && !hc_str_eq(hash, HC_STR("STREAMING-AWS4-HMAC-SHA256-PAYLOAD")))
		return hc_s3_refuse(
			s, err, 400, "InvalidArgument",
			"x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, "
			"STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a "
			"valid sha256 value.");
	if (request->authenticated) {
		b->chunks_signed = true;
		b->trailer_signed = trailer;
		hc_sigv4_chunks_open(&b->chunks, request->claim, request->secret);
	}
	return HC_OK;
}

static enum hc_code read_length(struct hc_s3 *s, struct hc_err *err)
{
	struct hc_s3_body *b = &s->body;
	struct hc_str text = hc_s3_header(s, b->chunked ? "x-amz-decoded-content-length" : "Content-Length");
	if (text.p && !hc_u64_parse(hc_str_trim(text), &b->length))
		return hc_s3_refuse(s, err, 400, "InvalidArgument", "The length of the body is not a number.");
	b->has_length = text.p != NULL;
	if (b->kind != HC_S3_BODY_CONTENT)
		return HC_OK;
	if (!b->has_length)
		return hc_s3_refuse(s, err, 411, "MissingContentLength",
				    "You must provide the Content-Length HTTP header.");
	uint64_t max = s->server->object_bytes_max;
	if (max > 0 && b->length > max)
		return hc_s3_refuse(s, err, 400, "EntityTooLarge",
				    "Your proposed upload exceeds the maximum allowed size of %llu bytes.",
				    (unsigned long long)max);
	return HC_OK;
}

enum hc_code hc_s3_body_open(struct hc_s3 *s, const struct hc_s3_request *request, struct hc_err *err)
{
	struct hc_s3_body *b = &s->body;
	b->kind = s->operation->body;
	b->xml = HC_BUF(HC_S3_XML_MAX);
	HC_TRY(read_payload_hash(s, request, err));
	HC_TRY(read_length(s, err));
	HC_TRY(read_checksums(s, err));
	return b->chunked ? read_promise(s, err) : HC_OK;
}

static enum hc_code take(struct hc_s3 *s, const void *p, size_t n, struct hc_err *err)
{
	struct hc_s3_body *b = &s->body;
	b->got += n;
	if (b->has_length && b->got > b->length)
		return hc_s3_refuse(s, err, 400, "IncompleteBody", "The body is longer than its declared length.");
	if (b->sums)
		hc_checksums_add(b->sums, p, n);
	if (b->kind == HC_S3_BODY_CONTENT) {
		enum hc_code code = hc_content_write(&b->writer, p, n, err);
		return code == HC_LIMIT ? hc_s3_refuse_full(s, err) : code;
	}
	if (b->kind == HC_S3_BODY_NONE)
		return b->got <= HC_S3_IGNORED_MAX
			       ? HC_OK
			       : hc_s3_refuse(s, err, 400, "InvalidRequest", "This request has no body, and one came.");
	hc_buf_put(&b->xml, p, n);
	if (b->xml.failed == HC_LIMIT)
		return hc_s3_refuse(s, err, 400, "MaxMessageLengthExceeded", "Your request was too big.");
	return hc_buf_check(&b->xml, "a request's body", err);
}

static enum hc_code refuse_signature(struct hc_s3 *s, const char *of, struct hc_err *err)
{
	return hc_s3_refuse(
		s, err, 403, "SignatureDoesNotMatch",
		"The request signature we calculated does not match the signature you provided (of %s). Check "
		"your key and signing method.",
		of);
}

static enum hc_code open_sha256(struct hc_checksums **out, struct hc_err *err)
{
	hc_checksums_free(*out);
	*out = NULL;
	return hc_checksums_open(1U << HC_CHECKSUM_SHA256, out, err);
}

static enum hc_code on_chunk_end(void *arg, struct hc_err *err)
{
	struct hc_s3 *s = arg;
	struct hc_s3_body *b = &s->body;
	if (!b->chunks_signed)
		return HC_OK;
	char hex[HC_CHECKSUM_TEXT_SIZE];
	hc_checksums_hex(b->chunk, HC_CHECKSUM_SHA256, hex);
	if (!hc_sigv4_chunk_verify(&b->chunks, hc_str(hex), hc_str(b->chunk_signature)))
		return refuse_signature(s, "a chunk", err);
	return HC_OK;
}

static enum hc_code on_chunk(void *arg, uint64_t size, struct hc_str signature, struct hc_err *err)
{
	struct hc_s3 *s = arg;
	struct hc_s3_body *b = &s->body;
	if (size > b->length - b->got)
		return hc_s3_refuse(s, err, 400, "IncompleteBody",
				    "The body is longer than x-amz-decoded-content-length.");
	if (!b->chunks_signed)
		return HC_OK;
	if (signature.n != HC_SIGV4_HEX_SIZE - 1)
		return refuse_signature(s, "a chunk, which has none", err);
	memcpy(b->chunk_signature, signature.p, signature.n);
	b->chunk_signature[signature.n] = '\0';
	HC_TRY(open_sha256(&b->chunk, err));
	return size == 0 ? on_chunk_end(s, err) : HC_OK;
}

static enum hc_code on_bytes(void *arg, const void *p, size_t n, struct hc_err *err)
{
	struct hc_s3 *s = arg;
	if (s->body.chunks_signed)
		hc_checksums_add(s->body.chunk, p, n);
	return take(s, p, n, err);
}

static enum hc_code on_trailer(void *arg, struct hc_str name, struct hc_str value, struct hc_err *err)
{
	struct hc_s3 *s = arg;
	struct hc_s3_body *b = &s->body;
	if (hc_str_eq(name, HC_STR("x-amz-trailer-signature"))) {
		char hex[HC_CHECKSUM_TEXT_SIZE];
		if (!b->trailer_signed || b->trailer_verified)
			return HC_OK;
		hc_checksums_hex(b->trailer, HC_CHECKSUM_SHA256, hex);
		b->trailer_verified = hc_sigv4_trailer_verify(&b->chunks, hc_str(hex), value);
		return b->trailer_verified ? HC_OK : refuse_signature(s, "the trailer", err);
	}
	if (b->trailer_verified)
		return refuse_signature(s, "the trailer, behind which more stands", err);
	if (b->trailer) {
		hc_checksums_add(b->trailer, name.p, name.n);
		hc_checksums_add(b->trailer, ":", 1);
		hc_checksums_add(b->trailer, value.p, value.n);
		hc_checksums_add(b->trailer, "\n", 1);
	}
	for (unsigned kind = HC_CHECKSUM_MD5 + 1; kind < HC_CHECKSUM_KINDS; kind++) {
		if (!hc_str_eq(name, hc_str(kinds[kind].header)) || !(b->promised & 1U << kind))
			continue;
		bool fine;
		HC_TRY(take_digest(s, (enum hc_checksum_kind)kind, value, &fine, err));
		b->promised &= ~(1U << kind);
		return fine ? HC_OK
			    : hc_s3_refuse(s, err, 400, "InvalidRequest", "Value for %s trailing header is invalid.",
					   kinds[kind].header);
	}
	return hc_s3_refuse(
		s, err, 400, "MalformedTrailerError",
		"The request contained trailing data that was not well-formed or was not named in x-amz-trailer.");
}

enum hc_code hc_s3_body_start(struct hc_s3 *s, unsigned more, struct hc_err *err)
{
	static const struct hc_chunked_events events = {on_chunk, on_bytes, on_chunk_end, on_trailer};
	struct hc_s3_body *b = &s->body;
	b->kinds |= more;
	if (b->kind == HC_S3_BODY_CONTENT)
		b->kinds |= 1U << HC_CHECKSUM_MD5; /* the ETag */
	if (b->kinds)
		HC_TRY(hc_checksums_open(b->kinds, &b->sums, err));
	if (b->chunked) {
		b->decoder = malloc(sizeof *b->decoder);
		if (!b->decoder)
			return hc_fail_nomem(err, "a request's body");
		hc_chunked_open(b->decoder, &events, s);
		if (!b->has_length) /* XML in chunks: its own limit holds */
			b->length = HC_S3_XML_MAX;
	}
	if (b->trailer_signed)
		HC_TRY(open_sha256(&b->trailer, err));
	if (b->kind == HC_S3_BODY_CONTENT) {
		if (!hc_contents_have_room(s->server->contents, b->length))
			return hc_s3_refuse_full(s, err); /* before the client sends it */
		HC_TRY(hc_content_create(s->server->contents, &b->writer, err));
		b->writing = true;
	}
	return HC_OK;
}

/* What the decoder itself says becomes an answer of S3's. */
static enum hc_code refuse_form(struct hc_s3 *s, enum hc_code code, const char *fault, struct hc_err *err)
{
	if (s->fault.status != 0 || (code != HC_INPUT && code != HC_LIMIT))
		return code;
	char text[256];
	snprintf(text, sizeof text, "%s", err->msg);
	return hc_s3_refuse(s, err, 400, fault, "The aws-chunked body is malformed: %s.", text);
}

enum hc_code hc_s3_body_feed(struct hc_s3 *s, const void *p, size_t n, struct hc_err *err)
{
	struct hc_s3_body *b = &s->body;
	if (b->payload)
		hc_checksums_add(b->payload, p, n);
	if (!b->chunked)
		return take(s, p, n, err);
	enum hc_code code = hc_chunked_feed(b->decoder, p, n, err);
	return code == HC_OK ? HC_OK : refuse_form(s, code, "InvalidRequest", err);
}

static enum hc_code check_payload(struct hc_s3 *s, struct hc_err *err)
{
	struct hc_s3_body *b = &s->body;
	if (!b->payload)
		return HC_OK;
	char hex[HC_CHECKSUM_TEXT_SIZE];
	hc_checksums_hex(b->payload, HC_CHECKSUM_SHA256, hex);
	if (hc_equal_secretly(hc_str(hex), b->payload_hash))
		return HC_OK;
	HC_BUF_SCOPED struct hc_buf extra = HC_BUF(1024);
	hc_buf_printf(&extra,
		      "<ClientComputedContentSHA256>%.*s</ClientComputedContentSHA256>"
		      "<S3ComputedContentSHA256>%s</S3ComputedContentSHA256>",
		      HC_STR_ARG(b->payload_hash), hex);
	s->fault_extra = hc_arena_copy(&s->arena, hc_buf_view(&extra));
	return hc_s3_refuse(s, err, 400, "XAmzContentSHA256Mismatch",
			    "The provided 'x-amz-content-sha256' header does not match what was computed.");
}

static enum hc_code check_digests(struct hc_s3 *s, struct hc_err *err)
{
	struct hc_s3_body *b = &s->body;
	for (unsigned kind = 0; kind < HC_CHECKSUM_KINDS; kind++) {
		if (!b->expected[kind].p)
			continue;
		unsigned char is[HC_CHECKSUM_BYTES_MAX];
		size_t n = hc_checksums_get(b->sums, (enum hc_checksum_kind)kind, is);
		if (hc_str_eq((struct hc_str){(const char *)is, n}, b->expected[kind]))
			continue;
		if (kind == HC_CHECKSUM_MD5)
			return hc_s3_refuse(s, err, 400, "BadDigest",
					    "The Content-MD5 you specified did not match what we received.");
		return hc_s3_refuse(s, err, 400, "BadDigest",
				    "The %s you specified did not match the calculated checksum.", kinds[kind].name);
	}
	return HC_OK;
}

enum hc_code hc_s3_body_finish(struct hc_s3 *s, struct hc_err *err)
{
	struct hc_s3_body *b = &s->body;
	if (b->chunked) {
		enum hc_code code = hc_chunked_finish(b->decoder, err);
		if (code != HC_OK)
			return refuse_form(s, code, "IncompleteBody", err);
	}
	if (b->has_length && b->got != b->length && b->kind != HC_S3_BODY_NONE)
		return hc_s3_refuse(s, err, 400, "IncompleteBody",
				    "You did not provide the number of bytes specified by the %s HTTP header.",
				    b->chunked ? "x-amz-decoded-content-length" : "Content-Length");
	if (b->promised)
		return hc_s3_refuse(s, err, 400, "MalformedTrailerError",
				    "The trailer does not hold the checksum that x-amz-trailer names.");
	if (b->trailer_signed && !b->trailer_verified)
		return refuse_signature(s, "the trailer, which has none", err);
	HC_TRY(check_payload(s, err));
	HC_TRY(check_digests(s, err));
	if (b->writing) {
		b->writing = false;
		HC_TRY(hc_content_finish(&b->writer, err));
	}
	return HC_OK;
}

void hc_s3_body_close(struct hc_s3 *s)
{
	struct hc_s3_body *b = &s->body;
	if (b->writing)
		hc_content_abandon(&b->writer);
	b->writing = false;
	hc_buf_free(&b->xml);
	hc_checksums_free(b->sums);
	hc_checksums_free(b->payload);
	hc_checksums_free(b->chunk);
	hc_checksums_free(b->trailer);
	free(b->decoder);
}
