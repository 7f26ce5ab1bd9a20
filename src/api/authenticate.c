#include "api/authenticate.h"

#include <string.h>

#include "api/route.h"
#include "base/instant.h"
#include "codec/checksum.h"
#include "sign/sigv2.h"

bool hc_authenticate_request(const struct hc_http_request *http, struct hc_arena *arena, struct hc_sigv4_request *out)
{
	struct hc_sigv4_header *headers = hc_arena_take(arena, (http->n_headers + 1) * sizeof *headers);
	if (!headers)
		return false;
	for (size_t i = 0; i < http->n_headers; i++)
		headers[i] = (struct hc_sigv4_header){http->headers[i].name, http->headers[i].value};
	*out = (struct hc_sigv4_request){.method = http->method,
					 .path = http->path,
					 .query = http->query,
					 .headers = headers,
					 .n_headers = http->n_headers};
	return true;
}

static bool fail_skew(const struct hc_sigv4_claim *claim, int64_t now_us, bool s3, struct hc_fault *fault)
{
	char now[HC_INSTANT_SIZE];
	hc_instant_print(now_us, now);
	if (s3)
		hc_fault_set(fault, 403, "RequestTimeTooSkewed",
			     "The difference between the request time (%.*s) and the current time (%s) is too large. "
			     "Check the "
			     "clock of the client's machine, and of the server's.",
			     HC_STR_ARG(claim->amz_date), now);
	else
		hc_fault_set(fault, 403, "InvalidSignatureException",
			     "Signature expired: %.*s is not within %d minutes of %s. Check the clock of the client's "
			     "machine, "
			     "and of the server's.",
			     HC_STR_ARG(claim->amz_date), HC_SKEW_MAX_S / 60, now);
	return false;
}

/* Presigned URLs hold from their date on for as long as they say; others close to it. */
static bool check_time(const struct hc_sigv4_claim *claim, int64_t now_us, bool s3, struct hc_fault *fault)
{
	const int64_t skew_us = HC_SKEW_MAX_S * HC_SECOND_US;
	if (claim->form == HC_SIGV4_PRESIGNED) {
		if (now_us > claim->signed_us + claim->expires_s * HC_SECOND_US) {
			hc_fault_set(fault, 403, s3 ? "AccessDenied" : "InvalidSignatureException",
				     "Request has expired: it was signed at %.*s for %lld seconds.",
				     HC_STR_ARG(claim->amz_date), (long long)claim->expires_s);
			return false;
		}
		return claim->signed_us <= now_us + skew_us || fail_skew(claim, now_us, s3, fault);
	}
	int64_t apart = claim->signed_us > now_us ? claim->signed_us - now_us : now_us - claim->signed_us;
	return apart <= skew_us || fail_skew(claim, now_us, s3, fault);
}

/* STS and IAM are asked in whatever region the client has. */
static bool check_region(const struct hc_authentication *a, const struct hc_sigv4_claim *claim, bool s3,
			 struct hc_fault *fault)
{
	if (hc_str_eq(claim->region, a->region) || hc_str_eq(claim->service, HC_STR("sts")) ||
	    hc_str_eq(claim->service, HC_STR("iam")))
		return true;
	char shown[HC_STR_SHOW_SIZE];
	hc_str_show(claim->region, shown);
	if (s3)
		hc_fault_set(fault, 400, "AuthorizationHeaderMalformed",
			     "The authorization header is malformed; the region '%s' is wrong; expecting '%.*s'", shown,
			     HC_STR_ARG(a->region));
	else
		hc_fault_set(fault, 403, "InvalidSignatureException",
			     "Credential should be scoped to a valid region: this server is '%.*s', the request is for "
			     "'%s'. Set "
			     "AWS_REGION and AWS_DEFAULT_REGION, or start the server with --region.",
			     HC_STR_ARG(a->region), shown);
	return false;
}

static bool check_key(const struct hc_authentication *a, const struct hc_sigv4_claim *claim, bool s3,
		      struct hc_fault *fault)
{
	if (hc_equal_secretly(claim->access_key, a->access_key))
		return true;
	if (s3)
		hc_fault_set(
			fault, 403, "InvalidAccessKeyId",
			"The AWS Access Key Id you provided does not exist in our records. This server's key is in "
			"DIR/credentials (hindcast env --data DIR).");
	else
		hc_fault_set(fault, 403, "UnrecognizedClientException",
			     "The security token included in the request is invalid. This server's key is in "
			     "DIR/credentials "
			     "(hindcast env --data DIR).");
	return false;
}

/* A name among "a;b;c". */
static bool is_signed(struct hc_str name, struct hc_str signed_headers)
{
	while (signed_headers.n > 0) {
		const char *end = memchr(signed_headers.p, ';', signed_headers.n);
		size_t n = end ? (size_t)(end - signed_headers.p) : signed_headers.n;
		if (hc_str_eq_nocase(name, (struct hc_str){signed_headers.p, n}))
			return true;
		signed_headers.p += n + (end != NULL);
		signed_headers.n -= n + (end != NULL);
	}
	return false;
}

/* As S3 does: whoever holds a presigned URL must not add what it does not say (a copy's source, metadata). */
static bool check_signed_headers(const struct hc_sigv4_request *request, const struct hc_sigv4_claim *claim,
				 struct hc_fault *fault)
{
	for (size_t i = 0; i < request->n_headers; i++) {
		struct hc_str name = request->headers[i].name;
		char shown[HC_STR_SHOW_SIZE];
		if (name.n <= 6 || !hc_str_eq_nocase((struct hc_str){name.p, 6}, HC_STR("x-amz-")) ||
		    is_signed(name, claim->signed_headers))
			continue;
		hc_fault_set(fault, 403, "AccessDenied",
			     "There were headers present in the request which were not signed: %s",
			     hc_str_show(name, shown));
		return false;
	}
	return true;
}

/*
 * Presigned URLs of version 2: S3 only. They are verified whole, here: nothing of them depends on the body. True: the request has one and it is fine, *claim
 * says so, or it has none; false with a fault.
 */
static bool authenticate_v2(const struct hc_authentication *a, const struct hc_sigv4_request *request, int64_t now_us,
			    struct hc_arena *arena, struct hc_sigv4_claim *claim, struct hc_fault *fault)
{
	bool is = false;
	const char *why = "";
	struct hc_sigv2_claim v2 = {0};
	enum hc_sigv4_verdict verdict = hc_sigv2_read(request, arena, &is, &v2, &why);
	if (!is)
		return true;
	*claim = (struct hc_sigv4_claim){
		.form = HC_SIGV2_PRESIGNED, .access_key = v2.access_key, .region = a->region, .service = HC_STR("s3")};
	if (a->off)
		return true;
	if (verdict != HC_SIGV4_FINE) {
		hc_fault_set(fault, 403, "AccessDenied", "The URL's signature cannot be read: %s.", why);
		return false;
	}
	if (!check_key(a, claim, true, fault))
		return false;
	if (now_us / HC_SECOND_US >= v2.expires_s) {
		hc_fault_set(fault, 403, "AccessDenied", "Request has expired");
		return false;
	}
	struct hc_str bucket = hc_route_host_bucket(request, a->region);
	if (hc_sigv2_verify(request, &v2, bucket, a->secret, arena) == HC_SIGV4_FINE)
		return true;
	hc_fault_set(
		fault, 403, "SignatureDoesNotMatch",
		"The request signature we calculated does not match the signature you provided. Check your key and "
		"signing method.");
	return false;
}

bool hc_authenticate_headers(const struct hc_authentication *a, const struct hc_sigv4_request *request, int64_t now_us,
			     struct hc_arena *arena, struct hc_sigv4_claim *claim, bool *s3, struct hc_fault *fault)
{
	const char *why = "";
	struct hc_sigv4_claim read = {0};
	enum hc_sigv4_verdict verdict = hc_sigv4_read(request, arena, &read, &why);
	if (verdict != HC_SIGV4_FINE)
		read = (struct hc_sigv4_claim){.form = HC_SIGV4_NONE};
	*claim = read;
	*s3 = hc_str_eq(read.service, HC_STR("s3"));
	if (verdict == HC_SIGV4_FINE && read.form == HC_SIGV4_NONE) {
		bool fine = authenticate_v2(a, request, now_us, arena, claim, fault);
		*s3 = claim->form == HC_SIGV2_PRESIGNED;
		if (*s3)
			return fine;
	}
	if (a->off)
		return true;
	if (verdict != HC_SIGV4_FINE) {
		hc_fault_set(fault, 403, "IncompleteSignature", "The request's signature cannot be read: %s.", why);
		return false;
	}
	if (read.form == HC_SIGV4_NONE) {
		hc_fault_set(fault, 403, "MissingAuthenticationToken", "Request is missing Authentication Token");
		return false;
	}
	return check_key(a, &read, *s3, fault) && check_region(a, &read, *s3, fault) &&
	       check_time(&read, now_us, *s3, fault) && (!*s3 || check_signed_headers(request, &read, fault));
}

bool hc_authenticate_signature(const struct hc_authentication *a, const struct hc_sigv4_request *request,
			       const struct hc_sigv4_claim *claim, struct hc_str payload_hash, struct hc_arena *arena,
			       bool s3, struct hc_fault *fault)
{
	/* Version 2 was verified with the headers. */
	if (a->off || claim->form == HC_SIGV2_PRESIGNED ||
	    hc_sigv4_verify(request, claim, a->secret, payload_hash, arena) == HC_SIGV4_FINE)
		return true;
	hc_fault_set(
		fault, 403, s3 ? "SignatureDoesNotMatch" : "InvalidSignatureException",
		"The request signature we calculated does not match the signature you provided. Check your AWS Secret "
		"Access Key and signing method.");
	return false;
}
