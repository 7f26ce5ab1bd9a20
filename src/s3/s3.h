/*
 * S3: buckets and objects over REST and XML. A request's body streams into a content file while its digests are taken; when
 * all of them are right one transaction makes it the object's.
 *
 * The caller (src/api) has authenticated the request's headers; what the payload hash and the chunks' signatures say is checked here.
 */
#ifndef HC_S3_S3_H
#define HC_S3_S3_H

#include "net/http.h"
#include "service/service.h"
#include "sign/sigv4.h"

struct hc_s3_request {
	const struct hc_server *server;
	const struct hc_http_request *http;
	int64_t now_us;
	const char *request_id;
	/* Bucket and key: decoded, from path or host; empty key for a bucket's own operations, both empty for the service's. */
	struct hc_str bucket, key;
	bool authenticated;                 /* false: --no-auth; nothing of the payload's signature is checked */
	struct hc_str payload_hash;         /* x-amz-content-sha256, or UNSIGNED-PAYLOAD for presigned requests */
	const struct hc_sigv4_claim *claim; /* with authenticated */
	struct hc_str secret;
};

struct hc_s3;
/* As hc_http_app's begin: NULL after filling the reply. Copies what it keeps of the request but http, whose strings outlive the exchange. */
struct hc_s3 *hc_s3_begin(const struct hc_s3_request *request, struct hc_http_reply *reply);
bool hc_s3_body(struct hc_s3 *s, const void *p, size_t n, struct hc_http_reply *reply); /* false: freed, reply filled */
void hc_s3_finish(struct hc_s3 *s, struct hc_http_reply *reply);
void hc_s3_drop(struct hc_s3 *s);

/* An error as S3 writes it: <Error><Code>..., status; also for what src/api finds (signatures). */
void hc_s3_fault(struct hc_http_reply *reply, unsigned status, const char *code, const char *text,
		 struct hc_str resource, const char *request_id);

#endif
