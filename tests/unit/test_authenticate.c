#include "api/authenticate.h"

#include <stdio.h>

#include "base/instant.h"
#include "check.h"

enum { HEADERS = 6 };
#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define SIGNATURE "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"

static const struct hc_authentication ours = {.access_key = HC_STR("AKIDEXAMPLE"),
					      .secret = HC_STR("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
					      .region = HC_STR("us-east-1")};

static struct hc_http_header headers[HEADERS];
static struct hc_http_request http;
static struct hc_arena arena;
static struct hc_sigv4_claim claim;
static struct hc_fault fault;
static bool s3;

static int64_t at(const char *text)
{
	int64_t us = 0;
	assert_true(hc_instant_parse(hc_str(text), &us));
	return us;
}

static void add_header(const char *name, const char *value)
{
	assert_true(http.n_headers < HEADERS);
	headers[http.n_headers++] = (struct hc_http_header){hc_str(name), hc_str(value)};
}

static void begin(const char *method, const char *query)
{
	http = (struct hc_http_request){.method = hc_str(method),
					.path = HC_STR("/"),
					.query = hc_str(query),
					.has_query = *query,
					.headers = headers};
	add_header("Host", "iam.amazonaws.com");
}

/* Signed at 2015-08-30T12:36:00Z, by the header. */
static void sign(const char *key, const char *region, const char *service)
{
	static char text[512];
	snprintf(text, sizeof text,
		 "AWS4-HMAC-SHA256 Credential=%s/20150830/%s/%s/aws4_request, "
		 "SignedHeaders=content-type;host;x-amz-date, "
		 "Signature=" SIGNATURE,
		 key, region, service);
	begin("GET", "Action=ListUsers&Version=2010-05-08");
	add_header("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
	add_header("X-Amz-Date", "20150830T123600Z");
	add_header("Authorization", text);
}

/* The same in the query, good for so many seconds. */
static void presign(const char *service, int seconds)
{
	static char text[512];
	snprintf(text, sizeof text,
		 "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%%2F20150830%%2Fus-east-1%%2F%s%%2F"
		 "aws4_request&X-Amz-Date=20150830T123600Z&X-Amz-Expires=%d&X-Amz-SignedHeaders=host&X-Amz-"
		 "Signature=" SIGNATURE,
		 service, seconds);
	begin("GET", text);
}

static bool ask(const struct hc_authentication *a, const char *now)
{
	struct hc_sigv4_request request;
	fault = (struct hc_fault){0};
	hc_arena_free(&arena);
	arena = HC_ARENA(1 << 20);
	assert_true(hc_authenticate_request(&http, &arena, &request));
	return hc_authenticate_headers(a, &request, at(now), &arena, &claim, &s3, &fault);
}

/* `code` NULL: let in. */
static void check_answer(bool in, unsigned status, const char *code, const char *says, size_t row)
{
	if (in != (code == NULL) ||
	    (code && (fault.status != status || strcmp(fault.code, code) != 0 || !strstr(fault.text, says))))
		fail_msg("row %zu: %s %u %s: %s", row, in ? "in" : "out", fault.status, fault.code ? fault.code : "",
			 fault.text);
	if (in)
		assert_int_equal(fault.status, 0);
}

static void test_claims(void **state)
{
	(void)state;
	static const struct {
		const char *key, *region, *service, *now;
		unsigned status;
		const char *code, *says;
	} table[] = {
#define NOW "2015-08-30T12:36:00Z"
		{"AKIDEXAMPLE", "us-east-1", "sagemaker", NOW, 0, NULL, NULL},
		{"AKIDEXAMPLE", "us-east-1", "s3", NOW, 0, NULL, NULL},
		/* the key */
		{"AKIDEXAMPLF", "us-east-1", "sagemaker", NOW, 403, "UnrecognizedClientException", "security token"},
		{"AKIDEXAMPL", "us-east-1", "sagemaker", NOW, 403, "UnrecognizedClientException", "security token"},
		{"AKIDEXAMPLEE", "us-east-1", "sagemaker", NOW, 403, "UnrecognizedClientException", "security token"},
		{"other", "us-east-1", "s3", NOW, 403, "InvalidAccessKeyId", "hindcast env"},
		/* the region; STS and IAM have none of their own */
		{"AKIDEXAMPLE", "us-west-2", "sagemaker", NOW, 403, "InvalidSignatureException", "'us-west-2'"},
		{"AKIDEXAMPLE", "us-west-2", "s3", NOW, 400, "AuthorizationHeaderMalformed", "expecting 'us-east-1'"},
		{"AKIDEXAMPLE", "us-west-2", "sts", NOW, 0, NULL, NULL},
		{"AKIDEXAMPLE", "us-west-2", "iam", NOW, 0, NULL, NULL},
		/* the time: 15 minutes either way, and not a microsecond more */
		{"AKIDEXAMPLE", "us-east-1", "sagemaker", "2015-08-30T12:51:00Z", 0, NULL, NULL},
		{"AKIDEXAMPLE", "us-east-1", "sagemaker", "2015-08-30T12:21:00Z", 0, NULL, NULL},
		{"AKIDEXAMPLE", "us-east-1", "sagemaker", "2015-08-30T12:51:00.000001Z", 403,
		 "InvalidSignatureException", "Signature expired: 20150830T123600Z"},
		{"AKIDEXAMPLE", "us-east-1", "sagemaker", "2015-08-30T12:20:59.999999Z", 403,
		 "InvalidSignatureException", "clock"},
		{"AKIDEXAMPLE", "us-east-1", "s3", "2015-08-30T12:52:00Z", 403, "RequestTimeTooSkewed",
		 "20150830T123600Z"},
		{"AKIDEXAMPLE", "us-east-1", "s3", "2025-08-30T12:52:00Z", 403, "RequestTimeTooSkewed",
		 "2025-08-30T12:52:00Z"},
		/* the key is looked at first: a stranger learns no more */
		{"other", "us-west-2", "sagemaker", "2025-08-30T12:52:00Z", 403, "UnrecognizedClientException", ""},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		sign(table[i].key, table[i].region, table[i].service);
		bool in = ask(&ours, table[i].now);
		check_answer(in, table[i].status, table[i].code, table[i].says, i);
		assert_int_equal(s3, strcmp(table[i].service, "s3") == 0);
		check_str(claim.service, table[i].service);
		/* with authentication off whatever can be read is fine */
		struct hc_authentication off = ours;
		off.off = true;
		assert_true(ask(&off, table[i].now));
		assert_int_equal(fault.status, 0);
		assert_int_equal(s3, strcmp(table[i].service, "s3") == 0);
	}
}

static void test_presigned(void **state)
{
	(void)state;
	static const struct {
		const char *service;
		int seconds;
		const char *now;
		const char *code, *says;
	} table[] = {
		{"s3", 60, "2015-08-30T12:36:00Z", NULL, NULL},
		{"s3", 60, "2015-08-30T12:37:00Z", NULL, NULL},
		{"s3", 60, "2015-08-30T12:37:00.000001Z", "AccessDenied", "Request has expired"},
		{"sts", 60, "2015-08-30T12:38:00Z", "InvalidSignatureException", "Request has expired"},
		{"s3", 604800, "2015-09-06T12:36:00Z", NULL, NULL},
		{"s3", 604800, "2015-09-06T12:36:01Z", "AccessDenied", "604800 seconds"},
		/* from the future: within the skew only */
		{"s3", 60, "2015-08-30T12:21:00Z", NULL, NULL},
		{"s3", 60, "2015-08-30T12:20:59Z", "RequestTimeTooSkewed", "20150830T123600Z"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		presign(table[i].service, table[i].seconds);
		check_answer(ask(&ours, table[i].now), 403, table[i].code, table[i].says, i);
		assert_int_equal(claim.form, HC_SIGV4_PRESIGNED);
	}
}

static void test_unreadable(void **state)
{
	(void)state;
	static const char *const table[] = {"Bearer x", "AWS AK:sig", "AWS4-HMAC-SHA256",
					    "AWS4-HMAC-SHA256 Credential=a"};
	struct hc_authentication off = ours;
	off.off = true;
	begin("GET", "");
	assert_false(ask(&ours, NOW));
	assert_string_equal(fault.code, "MissingAuthenticationToken");
	assert_int_equal(fault.status, 403);
	assert_true(ask(&off, NOW));
	for (size_t i = 0; i < COUNT(table); i++) {
		begin("GET", "");
		add_header("X-Amz-Date", "20150830T123600Z");
		add_header("authorization", table[i]);
		assert_false(ask(&ours, NOW));
		if (fault.status != 403 || strcmp(fault.code, "IncompleteSignature") != 0)
			fail_msg("%s: %s %s", table[i], fault.code, fault.text);
		/* nothing of what cannot be read is used */
		assert_int_equal(claim.form, HC_SIGV4_NONE);
		assert_int_equal(claim.access_key.n + claim.service.n + claim.signature.n, 0);
		assert_true(ask(&off, NOW));
		assert_int_equal(claim.form, HC_SIGV4_NONE);
	}
}

/* The signing process's own example: ListUsers. */
static void test_signature(void **state)
{
	(void)state;
	struct hc_sigv4_request request;
	struct hc_authentication other = ours, off = ours;
	other.secret = HC_STR("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEZ");
	off.secret = HC_STR("");
	off.off = true;
	sign("AKIDEXAMPLE", "us-east-1", "iam");
	assert_true(ask(&ours, NOW));
	assert_true(hc_authenticate_request(&http, &arena, &request));
	assert_true(hc_authenticate_signature(&ours, &request, &claim, HC_STR(EMPTY), &arena, false, &fault));
	assert_int_equal(fault.status, 0);
	assert_true(hc_authenticate_signature(&off, &request, &claim, HC_STR("x"), &arena, false, &fault));
	assert_false(hc_authenticate_signature(&other, &request, &claim, HC_STR(EMPTY), &arena, false, &fault));
	assert_string_equal(fault.code, "InvalidSignatureException");
	assert_false(hc_authenticate_signature(&ours, &request, &claim, HC_STR(SIGNATURE), &arena, true, &fault));
	assert_string_equal(fault.code, "SignatureDoesNotMatch");
	assert_int_equal(fault.status, 403);
	request.method = HC_STR("PUT");
	assert_false(hc_authenticate_signature(&ours, &request, &claim, HC_STR(EMPTY), &arena, false, &fault));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_claims),
		cmocka_unit_test(test_presigned),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_signature),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	hc_arena_free(&arena);
	return failed;
}
