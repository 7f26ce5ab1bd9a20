#include "api/api.h"

#include <stdlib.h>
#include <string.h>

#include "cloudwatch/cloudwatch.h"
#include "codec/checksum.h"
#include "codec/unpack.h"
#include "identity/identity.h"
#include "logs/logs.h"
#include "s3/s3.h"
#include "sagemaker/sagemaker.h"
#include "sys/clock.h"
#include "sys/entropy.h"

#define EXCHANGE_ARENA_BYTES (UINT64_C(4) << 20)

/* One request under way: either S3's, or one whose body is kept. */
struct exchange {
	struct hc_api *api;
	struct hc_arena arena;
	struct hc_http_request http;
	struct hc_sigv4_request request;
	struct hc_sigv4_claim claim;
	struct hc_route route;
	int64_t now_us;
	char request_id[37];
	struct hc_buf body;
	struct hc_s3 *s3; /* takes over; frees itself */
};

static void exchange_free(struct exchange *x)
{
	hc_buf_free(&x->body);
	hc_arena_free(&x->arena);
	free(x);
}

enum hc_code hc_api_open(struct hc_api *api, struct hc_err *err)
{
	static const struct hc_service *const services[] = {&hc_sagemaker, &hc_cloudwatch, &hc_logs, &hc_sts, &hc_iam};
	return hc_dispatch_open(services, sizeof services / sizeof *services, &api->dispatch, err);
}

/* A request's id looks like AWS's: a UUID. */
static bool make_id(char out[37])
{
	char hex[33];
	struct hc_err err;
	if (hc_random_hex(hex, 32, &err) != HC_OK)
		return false;
	size_t at = 0;
	for (size_t i = 0; i < 32; i++) {
		if (i == 8 || i == 12 || i == 16 || i == 20)
			out[at++] = '-';
		out[at++] = hex[i];
	}
	out[at] = '\0';
	return true;
}

static void refuse(const struct exchange *x, const struct hc_fault *fault, struct hc_http_reply *reply)
{
	if (x->route.protocol == HC_USES_S3) {
		hc_s3_fault(reply, fault->status, fault->code, fault->text, x->http.path, x->request_id);
		return;
	}
	hc_http_reply_header(reply, "x-amzn-RequestId", "%s", x->request_id);
	hc_dispatch_fault(fault, x->route.protocol, NULL, x->request_id, reply);
}

/* --- S3 ------------------------------------------------------------------------------------------- */

static bool find_payload_hash(struct exchange *x, struct hc_str *out, struct hc_fault *fault)
{
	*out = hc_http_header_get(&x->http, "x-amz-content-sha256");
	if (out->p || x->api->authentication.off)
		return true;
	if (x->claim.form == HC_SIGV4_PRESIGNED || x->claim.form == HC_SIGV2_PRESIGNED) {
		*out = HC_STR("UNSIGNED-PAYLOAD");
		return true;
	}
	hc_fault_set(fault, 400, "MissingSecurityHeader",
		     "Missing required header for this request: x-amz-content-sha256");
	return false;
}

static bool begin_s3(struct exchange *x, struct hc_http_reply *reply)
{
	struct hc_fault fault = {0};
	const struct hc_authentication *a = &x->api->authentication;
	struct hc_s3_request q = {.server = x->api->server,
				  .http = &x->http,
				  .now_us = x->now_us,
				  .request_id = x->request_id,
				  .authenticated = !a->off,
				  .claim = &x->claim,
				  .secret = a->secret};
	if (!hc_route_s3(&x->http, a->region, &x->arena, &q.bucket, &q.key))
		hc_fault_set(&fault, 400, "InvalidURI", "Couldn't parse the specified URI.");
	else if (find_payload_hash(x, &q.payload_hash, &fault))
		hc_authenticate_signature(a, &x->request, &x->claim, q.payload_hash, &x->arena, true, &fault);
	if (fault.status) {
		refuse(x, &fault, reply);
		return false;
	}
	x->s3 = hc_s3_begin(&q, reply);
	return x->s3 != NULL;
}

/* --- the application ------------------------------------------------------------------------------ */

/* A target is obeyed by POST only, a form also by GET; whatever else comes is told by dispatch that it is nothing of ours. */
static bool is_method_fine(const struct exchange *x)
{
	if (hc_str_eq(x->http.method, HC_STR("POST")))
		return true;
	return x->route.protocol == HC_USES_QUERY ? hc_str_eq(x->http.method, HC_STR("GET")) : !x->route.target.p;
}

/* False: refused, or answered at once. */
static bool begin_exchange(struct exchange *x, struct hc_http_reply *reply)
{
	struct hc_fault fault = {0};
	bool s3 = false;
	x->now_us = hc_clock_now_us();
	if (!make_id(x->request_id) || !hc_authenticate_request(&x->http, &x->arena, &x->request)) {
		reply->status = 500;
		return false;
	}
	bool fine = hc_authenticate_headers(&x->api->authentication, &x->request, x->now_us, &x->arena, &x->claim, &s3,
					    &fault);
	hc_route_find(&x->http, &x->claim, &x->route);
	if (!fine) {
		/* S3's words for what all services find */
		if (x->route.protocol == HC_USES_S3 && strcmp(fault.code, "MissingAuthenticationToken") == 0)
			hc_fault_set(&fault, 403, "AccessDenied", "Access Denied: the request is not signed.");
		refuse(x, &fault, reply);
		return false;
	}
	if (x->route.protocol == HC_USES_S3)
		return begin_s3(x, reply);
	if (is_method_fine(x))
		return true;
	hc_fault_set(&fault, 405, "MethodNotAllowed", "This service is asked with POST.");
	refuse(x, &fault, reply);
	return false;
}

static void *begin(void *arg, const struct hc_http_request *http, struct hc_http_reply *reply)
{
	struct hc_api *api = arg;
	struct exchange *x = calloc(1, sizeof *x);
	if (!x) {
		reply->status = 500;
		return NULL;
	}
	x->api = api;
	x->arena = HC_ARENA(EXCHANGE_ARENA_BYTES);
	x->body = HC_BUF(api->body_max);
	x->http = *http;
	if (begin_exchange(x, reply))
		return x;
	exchange_free(x);
	return NULL;
}

static bool take_body(void *exchange, const void *p, size_t n, struct hc_http_reply *reply)
{
	struct exchange *x = exchange;
	struct hc_fault fault = {0};
	if (x->s3) {
		if (hc_s3_body(x->s3, p, n, reply))
			return true;
		exchange_free(x);
		return false;
	}
	hc_buf_put(&x->body, p, n);
	if (!x->body.failed)
		return true;
	hc_fault_set(&fault, 413, "RequestEntityTooLarge", "The request's body is larger than %llu bytes.",
		     (unsigned long long)x->api->body_max);
	refuse(x, &fault, reply);
	exchange_free(x);
	return false;
}

/* Content-Encoding: gzip, as CloudWatch's clients send large PutMetricData. The signature is over what was sent. */
static bool unpack(struct exchange *x, struct hc_fault *fault)
{
	struct hc_err err;
	struct hc_source *source, *packed;
	if (!hc_str_eq_nocase(hc_http_header_get(&x->http, "content-encoding"), HC_STR("gzip")))
		return true;
	struct hc_buf plain = HC_BUF(x->api->body_max);
	packed = hc_source_of_memory(x->body.p, x->body.n);
	enum hc_code code = packed ? hc_unpack_open(packed, &source, &err) : HC_NOMEM;
	if (code == HC_OK) {
		size_t got = 1;
		while (code == HC_OK && got > 0 && !plain.failed) {
			enum { PIECE = 1 << 16 };
			char *room = hc_buf_room(&plain, PIECE);
			code = room ? source->read(source, room, PIECE, &got, &err) : HC_LIMIT;
			plain.n += code == HC_OK ? got : 0;
		}
		hc_source_close(source);
	}
	if (code != HC_OK) {
		hc_buf_free(&plain);
		hc_fault_set(fault, 400, "SerializationException",
			     "The body cannot be unpacked as gzip, or is too large.");
		return false;
	}
	hc_buf_free(&x->body);
	x->body = plain;
	return true;
}

static struct hc_str plain_body(const struct exchange *x)
{
	return (struct hc_str){x->body.n ? x->body.p : "", x->body.n};
}

/* The Query protocol may also put its form into the URL: presigned URLs of STS do, for GET or POST. */
static struct hc_str find_form(const struct exchange *x)
{
	return x->route.protocol == HC_USES_QUERY && x->body.n == 0 ? x->http.query : plain_body(x);
}

static void finish(void *exchange, struct hc_http_reply *reply)
{
	struct exchange *x = exchange;
	struct hc_fault fault = {0};
	char hash[HC_CHECKSUM_TEXT_SIZE];
	if (x->s3) {
		hc_s3_finish(x->s3, reply);
		exchange_free(x);
		return;
	}
	hc_checksum_hex_of(HC_CHECKSUM_SHA256, plain_body(x), hash);
	if (!hc_authenticate_signature(&x->api->authentication, &x->request, &x->claim, hc_str(hash), &x->arena, false,
				       &fault) ||
	    !unpack(x, &fault)) {
		refuse(x, &fault, reply);
	} else {
		struct hc_inquiry q = {.server = x->api->server,
				       .route = &x->route,
				       .path = x->http.path,
				       .body = find_form(x),
				       .now_us = x->now_us,
				       .request_id = x->request_id};
		hc_dispatch_answer(&x->api->dispatch, &q, reply);
	}
	exchange_free(x);
}

static void drop(void *exchange)
{
	struct exchange *x = exchange;
	if (x->s3)
		hc_s3_drop(x->s3);
	exchange_free(x);
}

struct hc_http_app hc_api_app(struct hc_api *api)
{
	return (struct hc_http_app){.arg = api, .begin = begin, .body = take_body, .finish = finish, .drop = drop};
}
