/*
 * Routing: which service a request is for, and for S3 which bucket and key. Pure.
 *
 * The service of the SigV4 scope decides; without a signature (--no-auth) X-Amz-Target, a form's content type, or else S3. What is for no service of ours, or
 * for none of its operations (REST paths such as /endpoints/NAME/invocations), goes to dispatch as JSON, the form in which SDKs read errors of services like these.
 */
#ifndef HC_API_ROUTE_H
#define HC_API_ROUTE_H

#include "net/http.h"
#include "sign/sigv4.h"

enum hc_protocol_used { HC_USES_S3, HC_USES_JSON, HC_USES_QUERY };

struct hc_route {
	enum hc_protocol_used protocol;
	struct hc_str service; /* "s3", "sagemaker", ...; p == NULL: to be found by Action and Version of the form */
	struct hc_str target;  /* X-Amz-Target */
};
void hc_route_find(const struct hc_http_request *http, const struct hc_sigv4_claim *claim, struct hc_route *out);

/*
 * Bucket and key of an S3 request, decoded, in the arena: from the path (/BUCKET/KEY), or from the host where it is BUCKET.s3.REGION.amazonaws.com,
 * BUCKET.s3.amazonaws.com, BUCKET.localhost and the like. False when the path is no percent-encoding, or without memory.
 */
bool hc_route_s3(const struct hc_http_request *http, struct hc_str region, struct hc_arena *arena,
		 struct hc_str *bucket, struct hc_str *key);

/* The bucket that a request's host names; empty when it names none. A slice of the header. */
struct hc_str hc_route_host_bucket(const struct hc_sigv4_request *request, struct hc_str region);

#endif
