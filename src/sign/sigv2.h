/*
 * AWS signature version 2 of presigned S3 URLs: ?AWSAccessKeyId=...&Signature=...&Expires=... Pure.
 *
 * AWS's clients still make these by default for older regions (boto3's generate_presigned_url for us-west-2), so programs have them. Only this
 * form is read; source: "Signing and authenticating REST requests (AWS signature version 2)", query string authentication.
 */
#ifndef HC_SIGN_SIGV2_H
#define HC_SIGN_SIGV2_H

#include "sign/sigv4.h"

struct hc_sigv2_claim {
	struct hc_str access_key, signature; /* decoded, in the arena */
	int64_t expires_s;                   /* seconds since 1970 */
};

/* *is: the query has a signature of version 2. MALFORMED, with a static text in *why, when it has and cannot be read. */
enum hc_sigv4_verdict hc_sigv2_read(const struct hc_sigv4_request *request, struct hc_arena *arena, bool *is,
				    struct hc_sigv2_claim *out, const char **why) HC_MUST_USE;

/* Whether it was made with `secret` over this request. `host_bucket`: the bucket that the host names, empty when the path does. */
enum hc_sigv4_verdict hc_sigv2_verify(const struct hc_sigv4_request *request, const struct hc_sigv2_claim *claim,
				      struct hc_str host_bucket, struct hc_str secret,
				      struct hc_arena *arena) HC_MUST_USE;

#endif
