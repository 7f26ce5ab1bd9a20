#include "api/route.h"

#include "check.h"

enum { HEADERS = 4 };

struct request {
	struct hc_http_request http;
	struct hc_http_header headers[HEADERS];
};

/* "NAME: VALUE" of each header, NULL behind the last. */
static void fill(struct request *r, const char *method, const char *path, const char *const *headers)
{
	*r = (struct request){.http = {.method = hc_str(method), .path = hc_str(path), .headers = r->headers}};
	for (size_t i = 0; i < HEADERS && headers[i]; i++) {
		const char *colon = strchr(headers[i], ':');
		r->headers[i].name = (struct hc_str){headers[i], (size_t)(colon - headers[i])};
		r->headers[i].value = hc_str(colon + 2);
		r->http.n_headers++;
	}
}

#define FORM "Content-Type: application/x-www-form-urlencoded"
#define TARGET "X-Amz-Target: SageMaker.ListModels"

static void test_services(void **state)
{
	(void)state;
	static const struct {
		const char *signed_for; /* NULL: not signed */
		const char *method, *path, *headers[HEADERS];
		enum hc_protocol_used protocol;
		const char *service; /* NULL: to be found */
		const char *target;
	} table[] = {
		/* the scope of the signature decides */
		{"s3", "GET", "/b/k", {NULL}, HC_USES_S3, "s3", ""},
		{"s3", "POST", "/", {FORM, TARGET}, HC_USES_S3, "s3", "SageMaker.ListModels"},
		{"sagemaker", "POST", "/", {TARGET}, HC_USES_JSON, "sagemaker", "SageMaker.ListModels"},
		{"monitoring", "POST", "/", {"x-amz-target: G.X", FORM}, HC_USES_JSON, "monitoring", "G.X"},
		{"monitoring", "POST", "/", {FORM}, HC_USES_QUERY, "monitoring", ""},
		{"sts", "POST", "/", {FORM}, HC_USES_QUERY, "sts", ""},
		{"iam", "GET", "/", {NULL}, HC_USES_QUERY, "iam", ""},
		{"other", "POST", "/", {TARGET}, HC_USES_JSON, "other", "SageMaker.ListModels"},
		/* for no operation that we have: errors as SDKs of REST and JSON services read them, forms in XML */
		{"sagemaker",
		 "POST",
		 "/endpoints/ep/invocations",
		 {"Content-Type: text/csv"},
		 HC_USES_JSON,
		 "sagemaker",
		 ""},
		{"lambda", "GET", "/2015-03-31/functions", {NULL}, HC_USES_JSON, "lambda", ""},
		{"ec2", "POST", "/", {FORM}, HC_USES_QUERY, "ec2", ""},
		/* not signed: target, form, else an object */
		{NULL, "POST", "/", {TARGET}, HC_USES_JSON, NULL, "SageMaker.ListModels"},
		{NULL, "POST", "/", {TARGET, FORM}, HC_USES_JSON, NULL, "SageMaker.ListModels"},
		{NULL, "POST", "/", {FORM}, HC_USES_QUERY, NULL, ""},
		{NULL, "POST", "/", {FORM "; charset=utf-8"}, HC_USES_QUERY, NULL, ""},
		{NULL, "POST", "/", {"content-type: APPLICATION/X-WWW-FORM-URLENCODED"}, HC_USES_QUERY, NULL, ""},
		{NULL, "GET", "/", {NULL}, HC_USES_S3, "s3", ""},
		{NULL, "PUT", "/b/k", {"Content-Type: text/csv"}, HC_USES_S3, "s3", ""},
		/* curl --data-binary @file -X PUT */
		{NULL, "PUT", "/b/k", {FORM}, HC_USES_S3, "s3", ""},
		{NULL, "POST", "/b?delete", {FORM}, HC_USES_S3, "s3", ""},
		{NULL, "PUT", "/b", {FORM}, HC_USES_S3, "s3", ""},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct request r;
		struct hc_route route;
		struct hc_sigv4_claim claim = {0};
		if (table[i].signed_for) {
			claim.form = i % 2 ? HC_SIGV4_PRESIGNED : HC_SIGV4_BY_HEADER;
			claim.service = hc_str(table[i].signed_for);
		}
		fill(&r, table[i].method, table[i].path, table[i].headers);
		hc_route_find(&r.http, &claim, &route);
		if (route.protocol != table[i].protocol)
			fail_msg("row %zu: protocol %d", i, (int)route.protocol);
		assert_int_equal(route.service.p != NULL, table[i].service != NULL);
		check_str(route.service, table[i].service ? table[i].service : "");
		check_str(route.target, table[i].target);
	}
}

static void test_buckets(void **state)
{
	(void)state;
	static const struct {
		const char *host, *path, *bucket, *key;
	} table[] = {
		/* path style */
		{"127.0.0.1:8787", "/", "", ""},
		{"127.0.0.1:8787", "/b", "b", ""},
		{"127.0.0.1:8787", "/b/", "b", ""},
		{"127.0.0.1:8787", "/b/k", "b", "k"},
		{"127.0.0.1:8787", "/b//k/", "b", "/k/"},
		{"127.0.0.1:8787", "/b/a%2Fb%20c%2B+d", "b", "a/b c++d"},
		{"127.0.0.1:8787", "/b/..%2F../x", "b", "../../x"},
		{"127.0.0.1:8787", "/%62/k", "b", "k"},
		{"127.0.0.1:8787", "/b/%C3%A4", "b", "\xc3\xa4"},
		{"[::1]:8787", "/b/k", "b", "k"},
		{"localhost:8787", "/b/k", "b", "k"},
		{"localhost", "/b/k", "b", "k"},
		{"s3.localhost:8787", "/b/k", "b", "k"},
		{"s3.amazonaws.com", "/b/k", "b", "k"},
		{"s3.us-west-2.amazonaws.com", "/b/k", "b", "k"},
		{"s3-us-west-2.amazonaws.com:443", "/b/k", "b", "k"},
		{"s3.dualstack.us-west-2.amazonaws.com", "/b/k", "b", "k"},
		{"example.org", "/b/k", "b", "k"},
		{"", "/b/k", "b", "k"},
		/* virtual host style */
		{"b.s3.amazonaws.com", "/k/l", "b", "k/l"},
		{"b.s3.us-west-2.amazonaws.com", "/", "b", ""},
		{"b.s3.us-west-2.amazonaws.com:443", "/k", "b", "k"},
		{"b.s3-us-west-2.amazonaws.com", "/k", "b", "k"},
		{"b.s3.dualstack.us-west-2.amazonaws.com", "/k", "b", "k"},
		{"my.dotted.bucket.s3.us-west-2.amazonaws.com", "/k", "my.dotted.bucket", "k"},
		{"B.S3.Us-West-2.AmazonAWS.com", "/k", "B", "k"},
		{"b.localhost:8787", "/k", "b", "k"},
		{"b.s3.localhost:8787", "/k", "b", "k"},
		{"my.dotted.s3.localhost", "//k", "my.dotted", "/k"},
		/* what only looks like one of ours */
		{".s3.amazonaws.com", "/b/k", "b", "k"},
		{".localhost", "/b/k", "b", "k"},
		{"bs3.amazonaws.com", "/b/k", "b", "k"},
		{"blocalhost", "/b/k", "b", "k"},
		{"b.s3.amazonaws.com.example.org", "/b/k", "b", "k"},
		{":8787", "/b/k", "b", "k"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct request r;
		struct hc_str bucket, key;
		char host[128] = "Host: ";
		HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(1 << 20);
		strcat(host, table[i].host);
		fill(&r, "GET", table[i].path, (const char *const[HEADERS]){host});
		if (!hc_route_s3(&r.http, HC_STR("us-west-2"), &arena, &bucket, &key))
			fail_msg("row %zu was refused", i);
		if (!hc_str_eq(bucket, hc_str(table[i].bucket)) || !hc_str_eq(key, hc_str(table[i].key)))
			fail_msg("%s%s: '%.*s' '%.*s'", table[i].host, table[i].path, HC_STR_ARG(bucket),
				 HC_STR_ARG(key));
	}
}

static void test_refused(void **state)
{
	(void)state;
	static const char *const table[] = {"/b/%", "/b/%4", "/b/%zz", "/%/k", "/b%2/k", "/b/a%-1"};
	struct request r;
	struct hc_str bucket, key;
	HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(1 << 20);
	for (size_t i = 0; i < COUNT(table); i++) {
		fill(&r, "GET", table[i], (const char *const[HEADERS]){NULL});
		if (hc_route_s3(&r.http, HC_STR("us-west-2"), &arena, &bucket, &key))
			fail_msg("%s was taken", table[i]);
	}
	/* longer than any key may be, and a NUL that is kept for the store to refuse */
	static char path[1 << 18];
	memset(path, 'k', sizeof path - 1);
	memcpy(path, "/b/", 3);
	fill(&r, "GET", path, (const char *const[HEADERS]){NULL});
	assert_false(hc_route_s3(&r.http, HC_STR("us-west-2"), &arena, &bucket, &key));
	fill(&r, "GET", "/b/a%00b", (const char *const[HEADERS]){NULL});
	assert_true(hc_route_s3(&r.http, HC_STR("us-west-2"), &arena, &bucket, &key));
	assert_int_equal(key.n, 3);
	assert_memory_equal(key.p, "a\0b", 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_services),
		cmocka_unit_test(test_buckets),
		cmocka_unit_test(test_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
