#include "sign/sigv2.h"

#include <stdio.h>

#include "check.h"

#define SECRET "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

/* Made by botocore 1.29.27 (HmacV1QueryAuth) with this secret, but for the last: that is AWS's own example. */
struct vector {
	const char *method, *path, *query, *bucket; /* bucket: of the host */
	const char *headers[6];                     /* name, value, ... */
};
static const struct vector vectors[] = {
	{"GET",
	 "/bkt/x",
	 "AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=BRYh%2F%2FcWBUHFi9SldNs%2BKf13Ruc%3D&Expires=1795403600",
	 "",
	 {NULL}},
	{"GET",
	 "/bkt/a/b%20c%2Bd%25%C3%A9.txt",
	 "response-content-type=text%2Fx%20y&other=1&AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature="
	 "P7RwMs50cokX6xMg62AheMPm7qc%3D&Expires=1795403600",
	 "",
	 {NULL}},
	{"PUT",
	 "/bkt/up",
	 "AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=Mc56sbGF%2F5jn2rvSdQWFy1tlFhs%3D&content-type=text%2Fplain&x-"
	 "amz-meta-b=2&x-amz-meta-a=%201%20&Expires=1795403600",
	 "",
	 {"Content-Type", "text/plain", "x-amz-meta-b", "2", "X-Amz-Meta-A", " 1 "}},
	{"PUT",
	 "/bkt/up",
	 "partNumber=3&uploadId=a%20b%2Bc&AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=stEOoUoatJSO0j1ltIr7i4Uo%2FsU%"
	 "3D&content-md5=1B2M2Y8AsgTpgAmY7PhCfg%3D%3D&Expires=1795403600",
	 "",
	 {"Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg=="}},
	{"GET",
	 "/bkt/",
	 "versions&prefix=p&AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=giS4%2BwdSK1Iir4lEkjXlLUyO3Vw%3D&Expires="
	 "1795403600",
	 "",
	 {NULL}},
	{"HEAD",
	 "/k%2Fx",
	 "AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=7ud7VsAIh2AikhkQ8ALhysTT8QM%3D&Expires=1795403600",
	 "virtual",
	 {NULL}},
	{"GET",
	 "/photos/puppy.jpg",
	 "AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D&Expires=1175139620",
	 "johnsmith",
	 {NULL}},
};

static enum hc_sigv4_verdict verify(const struct vector *v, const char *secret, const char *path)
{
	struct hc_sigv4_header headers[3];
	size_t n = 0;
	bool is;
	const char *why = "";
	struct hc_sigv2_claim claim;
	HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(1 << 20);
	for (; n < 3 && v->headers[2 * n]; n++)
		headers[n] = (struct hc_sigv4_header){hc_str(v->headers[2 * n]), hc_str(v->headers[2 * n + 1])};
	struct hc_sigv4_request r = {hc_str(v->method), hc_str(path), hc_str(v->query), headers, n};
	enum hc_sigv4_verdict verdict = hc_sigv2_read(&r, &arena, &is, &claim, &why);
	assert_true(is);
	if (verdict != HC_SIGV4_FINE)
		return verdict;
	return hc_sigv2_verify(&r, &claim, hc_str(v->bucket), hc_str(secret), &arena);
}

static void test_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(vectors); i++) {
		const struct vector *v = &vectors[i];
		char other[256];
		if (verify(v, SECRET, v->path) != HC_SIGV4_FINE)
			fail_msg("%zu: %s %s?%s", i, v->method, v->path, v->query);
		snprintf(other, sizeof other, "%sx", v->path);
		assert_int_equal(verify(v, SECRET, other), HC_SIGV4_WRONG_SIGNATURE);
		assert_int_equal(verify(v, SECRET "x", v->path), HC_SIGV4_WRONG_SIGNATURE);
		struct vector put = *v;
		put.method = "DELETE";
		assert_int_equal(verify(&put, SECRET, v->path), HC_SIGV4_WRONG_SIGNATURE);
		struct vector more = *v;
		more.headers[0] = "x-amz-copy-source";
		more.headers[1] = "b/k";
		assert_int_equal(verify(&more, SECRET, v->path), HC_SIGV4_WRONG_SIGNATURE);
	}
}

static void test_reading(void **state)
{
	(void)state;
	static const struct {
		const char *query;
		bool is, fine;
	} table[] = {
		{"", false, true},
		{"Expires=1", false, true},
		{"response-expires=1&x", false, true},
		{"AWSAccessKeyId=A&Signature=S&Expires=1", true, true},
		{"AWSAccessKeyId=A&Signature=S", true, false},
		{"AWSAccessKeyId=A&Expires=1", true, false},
		{"Signature=S&Expires=1", true, false},
		{"AWSAccessKeyId=A&Signature=S&Expires=-1", true, false},
		{"AWSAccessKeyId=A&Signature=S&Expires=1e9", true, false},
		{"AWSAccessKeyId=A&Signature=S&Expires=99999999999999999999", true, false},
		{"AWSAccessKeyId=A&Signature=%zz&Expires=1", true, false},
		{"AWSAccessKeyId=A&Signature=%2&Expires=1", true, false},
		{"AWSAccessKeyId=A&Signature=S&Signature=S&Expires=1", true, false},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		bool is = !table[i].is;
		const char *why = NULL;
		struct hc_sigv2_claim claim;
		struct hc_sigv4_request r = {HC_STR("GET"), HC_STR("/"), hc_str(table[i].query), NULL, 0};
		HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(1 << 16);
		bool fine = hc_sigv2_read(&r, &arena, &is, &claim, &why) == HC_SIGV4_FINE;
		if (is != table[i].is || fine != table[i].fine || (!fine && !why))
			fail_msg("%s", table[i].query);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_reading),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
