#include "api/route.h"

#include <stdio.h>
#include <string.h>

#include "codec/percent.h"

enum { PATH_MAX_BYTES = 1 << 16 };

/* A form of the Query protocol; curl gives its type to every body, also to one that it puts into a bucket. */
static bool is_form(const struct hc_http_request *http)
{
	static const char type[] = "application/x-www-form-urlencoded";
	struct hc_str given = hc_http_header_get(http, "content-type");
	if (given.n > sizeof type - 1)
		given.n = sizeof type - 1; /* ; charset=utf-8 */
	return hc_str_eq(http->method, HC_STR("POST")) && hc_str_eq(http->path, HC_STR("/")) &&
	       hc_str_eq_nocase(given, hc_str(type));
}

/* Services of the Query protocol; CloudWatch speaks JSON too, then with a target. */
static bool speaks_query(struct hc_str service)
{
	return hc_str_eq(service, HC_STR("sts")) || hc_str_eq(service, HC_STR("iam")) ||
	       hc_str_eq(service, HC_STR("monitoring"));
}

void hc_route_find(const struct hc_http_request *http, const struct hc_sigv4_claim *claim, struct hc_route *out)
{
	struct hc_route r = {.target = hc_http_header_get(http, "x-amz-target")};
	bool signed_for = claim->form != HC_SIGV4_NONE;
	if (signed_for)
		r.service = claim->service;
	else if (r.target.p == NULL && !is_form(http))
		r.service = HC_STR("s3");
	if (hc_str_eq(r.service, HC_STR("s3")))
		r.protocol = HC_USES_S3;
	else if (!r.target.p && (speaks_query(r.service) || is_form(http)))
		r.protocol = HC_USES_QUERY;
	else
		r.protocol = HC_USES_JSON;
	*out = r;
}

/* The bucket in front of a host that is ours; empty when the host names none. */
static struct hc_str bucket_of_host(struct hc_str host, struct hc_str region)
{
	char regional[3][160];
	/* A name that ends with another one stands before it. */
	const char *bases[8] = {"s3.amazonaws.com", "s3.localhost", "localhost"};
	size_t n = 3;
	const char *colon = host.n ? memrchr(host.p, ':', host.n) : NULL;
	if (colon && !memchr(host.p, ']', host.n))
		host.n = (size_t)(colon - host.p);
	snprintf(regional[0], sizeof regional[0], "s3.%.*s.amazonaws.com", HC_STR_ARG(region));
	snprintf(regional[1], sizeof regional[1], "s3-%.*s.amazonaws.com", HC_STR_ARG(region));
	snprintf(regional[2], sizeof regional[2], "s3.dualstack.%.*s.amazonaws.com", HC_STR_ARG(region));
	for (size_t i = 0; i < 3; i++)
		bases[n++] = regional[i];
	for (size_t i = 0; i < n; i++) {
		size_t base = strlen(bases[i]);
		if (host.n > base + 1 && host.p[host.n - base - 1] == '.' &&
		    hc_str_eq_nocase((struct hc_str){host.p + host.n - base, base}, hc_str(bases[i]))) {
			struct hc_str bucket = {host.p, host.n - base - 1};
			/* "s3.localhost" itself is no bucket called s3 */
			return hc_str_eq_nocase(bucket, HC_STR("s3")) ? (struct hc_str){NULL, 0} : bucket;
		}
	}
	return (struct hc_str){NULL, 0};
}

static bool decode(struct hc_str raw, struct hc_arena *arena, struct hc_str *out)
{
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(PATH_MAX_BYTES);
	if (!hc_percent_decode(raw, false, &text) || text.failed)
		return false;
	*out = hc_arena_copy(arena, (struct hc_str){text.n ? text.p : "", text.n});
	return out->p != NULL;
}

bool hc_route_s3(const struct hc_http_request *http, struct hc_str region, struct hc_arena *arena,
		 struct hc_str *bucket, struct hc_str *key)
{
	struct hc_str path = http->path, host = bucket_of_host(hc_http_header_get(http, "host"), region);
	if (path.n && path.p[0] == '/') {
		path.p++;
		path.n--;
	}
	if (host.n) {
		*bucket = host;
		return decode(path, arena, key);
	}
	const char *slash = path.n ? memchr(path.p, '/', path.n) : NULL;
	struct hc_str first = {path.p, slash ? (size_t)(slash - path.p) : path.n};
	struct hc_str rest = {path.p + first.n + (slash != NULL), path.n - first.n - (slash != NULL)};
	return decode(first, arena, bucket) && decode(rest, arena, key);
}

struct hc_str hc_route_host_bucket(const struct hc_sigv4_request *request, struct hc_str region)
{
	for (size_t i = 0; i < request->n_headers; i++)
		if (hc_str_eq_nocase(request->headers[i].name, HC_STR("host")))
			return bucket_of_host(request->headers[i].value, region);
	return (struct hc_str){NULL, 0};
}
