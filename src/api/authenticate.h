/*
 * Authentication: is the request signed by our key, now, for us.
 *
 * In two steps, for the digest of a body is known only when it has come: hc_authenticate_headers looks at the claim (key, time, scope);
 * hc_authenticate_signature compares the signature over request and payload hash. S3 sends the hash in a header and can be
 * verified before its body; other services after.
 */
#ifndef HC_API_AUTHENTICATE_H
#define HC_API_AUTHENTICATE_H

#include "net/http.h"
#include "service/service.h"
#include "sign/sigv4.h"

/* A request's time may be that far from ours, as with AWS. */
enum { HC_SKEW_MAX_S = 15 * 60 };

struct hc_authentication {
	struct hc_str access_key, secret, region;
	bool off; /* --no-auth: whoever comes is believed */
};

/* The request as src/sign reads it, in the arena; false without memory. */
bool hc_authenticate_request(const struct hc_http_request *http, struct hc_arena *arena, struct hc_sigv4_request *out);

/*
 * Reads the claim and looks at all of it but the signature. False: `fault` says why in the words of S3 (`s3`) or of the other services. With authentication off anything that can be read
 * is fine.
 */
bool hc_authenticate_headers(const struct hc_authentication *a, const struct hc_sigv4_request *request, int64_t now_us,
			     struct hc_arena *arena, struct hc_sigv4_claim *claim, bool *s3, struct hc_fault *fault);

/* False: the signature is not of this request, or not by our secret. */
bool hc_authenticate_signature(const struct hc_authentication *a, const struct hc_sigv4_request *request,
			       const struct hc_sigv4_claim *claim, struct hc_str payload_hash, struct hc_arena *arena,
			       bool s3, struct hc_fault *fault);

#endif
