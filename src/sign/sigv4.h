/*
 * AWS signature version 4: what a request says of its signature, and whether it is the right one. Pure.
 *
 * Source: "Signature Version 4 signing process" and "Authenticating requests" (S3) of the AWS documentation.
 * Both forms are read: the Authorization header, and presigned URLs (X-Amz-Algorithm, X-Amz-Credential, ... in the query).
 * Reading a claim checks form only; hc_sigv4_verify computes the signature from the request as it came (raw
 * path and query) and compares in constant time. The caller looks at times, scope and payload hash.
 *
 *     claim -> (who is that access key, is it now, is it our region) -> verify
 */
#ifndef HC_SIGN_SIGV4_H
#define HC_SIGN_SIGV4_H

#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

enum { HC_SIGV4_HEADERS_MAX = 256, HC_SIGV4_HEX_SIZE = 65, HC_SIGV4_PRESIGNED_MAX_S = 7 * 86400 };
/* Parameters of a signed request's query; bytes of an access key, of a part of the scope, of a secret. */
enum {
	HC_SIGV4_PARAMETERS_MAX = 1024,
	HC_SIGV4_KEY_MAX = 128,
	HC_SIGV4_SCOPE_PART_MAX = 64,
	HC_SIGV4_SECRET_MAX = 256,
};

struct hc_sigv4_header {
	struct hc_str name, value; /* name in any case, value as it came */
};

/* A request as it came over the wire. */
struct hc_sigv4_request {
	struct hc_str method;
	struct hc_str path;  /* raw, still percent-encoded, "/" at least */
	struct hc_str query; /* raw, without '?', may be empty */
	const struct hc_sigv4_header *headers;
	size_t n_headers;
};

enum hc_sigv4_form {
	HC_SIGV4_NONE,
	HC_SIGV4_BY_HEADER,
	HC_SIGV4_PRESIGNED,
	HC_SIGV2_PRESIGNED, /* never read here: by sigv2.h, which also verifies it */
};

/* What a request says. Slices point into the request or the arena. */
struct hc_sigv4_claim {
	enum hc_sigv4_form form;
	struct hc_str access_key, date, region, service; /* the scope: date is YYYYMMDD */
	struct hc_str signed_headers;                    /* as written: lower case names, ';' between */
	struct hc_str signature;                         /* 64 hex digits */
	struct hc_str amz_date;                          /* YYYYMMDDTHHMMSSZ */
	int64_t signed_us;                               /* the same as an instant */
	int64_t expires_s;                               /* presigned: 1 .. HC_SIGV4_PRESIGNED_MAX_S; else 0 */
};

enum hc_sigv4_verdict {
	HC_SIGV4_FINE,
	HC_SIGV4_MALFORMED,       /* `why` says what; nothing of the claim is to be used */
	HC_SIGV4_WRONG_SIGNATURE, /* well formed, and not made with this secret over this request */
};

/*
 * Reads what a request says of its signature. A request without any is FINE with form NONE. Both forms at once, an
 * unknown algorithm, a missing part, a date that is none or is not that of the scope, `host` not signed, a header signed that is
 * not there: MALFORMED, with a static text in *why that names the part.
 */
enum hc_sigv4_verdict hc_sigv4_read(const struct hc_sigv4_request *request, struct hc_arena *arena,
				    struct hc_sigv4_claim *out, const char **why) HC_MUST_USE;

/*
 * Whether the claim's signature was made with `secret` over this request. `payload_hash` is what stands on the last line of the
 * canonical request: the hex SHA-256 of the body, or the value of x-amz-content-sha256 (UNSIGNED-PAYLOAD, STREAMING-...).
 *
 * For service "s3" the path is not normalized, but clients differ in what they escape. So two spellings are tried of path and of
 * query: the one of AWS's documentation (everything but A-Z a-z 0-9 - . _ ~ as %XX; '+' in a query is a space; an escaped slash
 * of a path stays escaped), and the one that was sent, which botocore signs. Both say the same to whoever decodes them so: a
 * reader of the query must take '+' for a space. For all other services the path is what AWS has for them: without dot
 * and empty segments, escaped again. `secret` has HC_SIGV4_SECRET_MAX bytes at most. MALFORMED only without memory.
 */
enum hc_sigv4_verdict hc_sigv4_verify(const struct hc_sigv4_request *request, const struct hc_sigv4_claim *claim,
				      struct hc_str secret, struct hc_str payload_hash,
				      struct hc_arena *arena) HC_MUST_USE;

/*
 * The chunks of a body sent as STREAMING-AWS4-HMAC-SHA256-PAYLOAD[-TRAILER]: each chunk's signature follows from the one
 * before, the first from the claim's. Opened after hc_sigv4_verify said FINE. Without memory no chunk is the right one.
 */
struct hc_sigv4_chunks {
	unsigned char key[32];
	char previous[HC_SIGV4_HEX_SIZE];
	char amz_date[17], scope[256];
};
void hc_sigv4_chunks_open(struct hc_sigv4_chunks *c, const struct hc_sigv4_claim *claim, struct hc_str secret);
/* The next chunk's signature is the right one; `sha256_hex` is that of its bytes. */
bool hc_sigv4_chunk_verify(struct hc_sigv4_chunks *c, struct hc_str sha256_hex, struct hc_str signature) HC_MUST_USE;
/* The trailer's; `sha256_hex` is that of its canonical lines "name:value\n". */
bool hc_sigv4_trailer_verify(struct hc_sigv4_chunks *c, struct hc_str sha256_hex, struct hc_str signature) HC_MUST_USE;

#endif
