#include "s3/s3.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

#include "base/instant.h"
#include "check_files.h"
#include "codec/base64.h"
#include "codec/checksum.h"
#include "codec/percent.h"
#include "s3/conditions.h"

#define NOW_US INT64_C(1700000000123456) /* Tue, 14 Nov 2023 22:13:20 GMT */
#define HELLO_MD5 "5eb63bbbe01eeed093cb22bb8f5acdc3"

enum { HEADERS_MAX = 64, OBJECT_BYTES_MAX = 32 << 20 };

static struct hc_server server;
static struct hc_http_reply reply;
static struct hc_buf body; /* of the last reply: what was in its buffer or its file */
static const struct hc_sigv4_claim *claim;
static uint64_t pieces = 1;

static int open_server(void **state)
{
	struct hc_err err;
	if (enter_folder(state) != 0)
		return -1;
	server = (struct hc_server){
		.account = "123456789012", .region = "us-west-2", .object_bytes_max = OBJECT_BYTES_MAX};
	body = HC_BUF(64 << 20);
	reply = HC_HTTP_REPLY(1 << 20);
	if (hc_contents_open(path_of("content"), &server.contents, &err) != HC_OK ||
	    hc_catalog_open(path_of("catalog"), &server.catalog, &err) != HC_OK)
		return -1;
	return 0;
}

static int close_server(void **state)
{
	hc_catalog_close(server.catalog);
	hc_contents_close(server.contents);
	hc_http_reply_free(&reply);
	hc_buf_free(&body);
	return leave_folder(state);
}

/* The reply's body to `body`, wherever it was. */
static void take_reply(void)
{
	hc_buf_reset(&body);
	hc_buf_str(&body, hc_buf_view(&reply.body));
	if (reply.fd >= 0) {
		assert_int_equal(reply.body.n, 0);
		char *room = hc_buf_room(&body, reply.length + 1);
		assert_non_null(room);
		assert_int_equal(pread(reply.fd, room, reply.length, (off_t)reply.offset), reply.length);
		body.n += reply.length;
		close(reply.fd);
		reply.fd = -1;
	}
}

static size_t cut_headers(const char *text, struct hc_http_header *out)
{
	size_t n = 0;
	for (const char *end; *text; text = end + 1) {
		end = strchr(text, '\n');
		const char *colon = memchr(text, ':', (size_t)(end - text));
		assert_true(colon && n < HEADERS_MAX);
		out[n++] = (struct hc_http_header){{text, (size_t)(colon - text)},
						   hc_str_trim((struct hc_str){colon + 1, (size_t)(end - colon - 1)})};
	}
	return n;
}

static void decode(struct hc_str text, struct hc_buf *out)
{
	assert_true(hc_percent_decode(text, false, out));
}

/* One request: "METHOD /bucket/key?query", headers a line each (Content-Length is added), its body in pieces. */
static unsigned ask_of(const char *line, const char *headers, struct hc_str sent)
{
	struct hc_http_header list[HEADERS_MAX];
	struct hc_buf bucket = HC_BUF(1 << 16), key = HC_BUF(1 << 16);
	char length[32];
	const char *path = strchr(line, ' ') + 1, *query = strchr(path, '?');
	struct hc_http_request http = {.method = {line, (size_t)(path - 1 - line)}, .headers = list};
	http.path = (struct hc_str){path, query ? (size_t)(query - path) : strlen(path)};
	http.query = hc_str(query ? query + 1 : "");
	http.has_query = query != NULL;
	http.n_headers = cut_headers(headers, list);
	if (sent.n > 0 && !hc_http_header_get(&http, "Content-Length").p) {
		snprintf(length, sizeof length, "%zu", sent.n);
		list[http.n_headers++] = (struct hc_http_header){HC_STR("Content-Length"), hc_str(length)};
	}
	const char *slash = memchr(path + 1, '/', http.path.n - 1);
	decode((struct hc_str){path + 1, slash ? (size_t)(slash - path - 1) : http.path.n - 1}, &bucket);
	if (slash)
		decode((struct hc_str){slash + 1, http.path.n - (size_t)(slash + 1 - path)}, &key);
	const struct hc_s3_request request = {
		.server = &server,
		.http = &http,
		.now_us = NOW_US,
		.request_id = "REQUEST",
		.bucket = hc_buf_view(&bucket),
		.key = hc_buf_view(&key),
		.authenticated = claim != NULL,
		.claim = claim,
		.secret = HC_STR("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
		.payload_hash = hc_http_header_get(&http, "x-amz-content-sha256"),
	};
	hc_http_reply_free(&reply);
	reply = HC_HTTP_REPLY(1 << 20);
	struct hc_s3 *s = hc_s3_begin(&request, &reply);
	if (bucket.n > 0)
		memset(bucket.p, 'x', bucket.n); /* it may not be needed any more */
	for (size_t at = 0; s && at < sent.n;) {
		size_t n = 1 + check_random(&pieces) % 70000;
		n = n < sent.n - at ? n : sent.n - at;
		if (!hc_s3_body(s, sent.p + at, n, &reply))
			s = NULL;
		at += n;
	}
	if (s)
		hc_s3_finish(s, &reply);
	hc_buf_free(&bucket);
	hc_buf_free(&key);
	take_reply();
	return reply.status;
}

static unsigned ask(const char *line, const char *headers, const char *sent)
{
	return ask_of(line, headers, hc_str(sent));
}

/* The status, and for errors the code: "404 NoSuchKey". */
static const char *outcome(unsigned status)
{
	static char text[128];
	const char *begin = body.n ? memmem(body.p, body.n, "<Error><Code>", 13) : NULL;
	const char *end = begin ? memmem(begin, body.n - (size_t)(begin - body.p), "</Code>", 7) : NULL;
	if (end)
		snprintf(text, sizeof text, "%u %.*s", status, (int)(end - begin - 13), begin + 13);
	else
		snprintf(text, sizeof text, "%u", status);
	return text;
}

#define check_ask(line, headers, sent, expected) \
	check_outcome(outcome(ask((line), (headers), (sent))), (expected), (line), __FILE__, __LINE__)

static void check_outcome(const char *is, const char *expected, const char *line, const char *file, int at)
{
	if (strcmp(is, expected) == 0)
		return;
	print_error("%s: %s, not %s: %.*s\n", line, is, expected, HC_STR_ARG(hc_buf_view(&body)));
	_fail(file, at);
}

/* The value of a header of the reply; "" if there is none. */
static const char *header(const char *name)
{
	for (size_t i = 0; i < reply.n_headers; i++) {
		size_t n = strlen(name);
		if (strncasecmp(reply.headers[i], name, n) == 0 && reply.headers[i][n] == ':')
			return reply.headers[i] + n + 2;
	}
	return "";
}

static bool says(const char *text)
{
	return body.n > 0 && memmem(body.p, body.n, text, strlen(text));
}

#define check_says(text)                                                                   \
	do {                                                                               \
		if (!says(text))                                                           \
			fail_msg("no %s in %.*s", (text), HC_STR_ARG(hc_buf_view(&body))); \
	} while (0)

static size_t count_contents(void)
{
	size_t n = 0;
	for (int i = -1; i < 256; i++) {
		char name[32] = "content/incoming";
		if (i >= 0)
			snprintf(name, sizeof name, "content/%02x", (unsigned)i);
		struct dirent **list;
		int found = scandir(path_of(name), &list, NULL, alphasort);
		assert_true(found >= 2);
		n += (size_t)found - 2;
		for (int k = 0; k < found; k++)
			free(list[k]);
		free(list);
	}
	return n;
}

static void test_buckets(void **state)
{
	(void)state;
	static const struct {
		const char *line, *sent, *expected;
	} table[] = {
		{"PUT /one", "", "200"},
		{"PUT /one", "", "409 BucketAlreadyOwnedByYou"},
		{"PUT /two",
		 "<CreateBucketConfiguration><LocationConstraint>us-west-2</LocationConstraint></"
		 "CreateBucketConfiguration>",
		 "200"},
		{"PUT /three",
		 "<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></"
		 "CreateBucketConfiguration>",
		 "400 IllegalLocationConstraintException"},
		{"PUT /three", "<CreateBucketConfiguration>", "400 MalformedXML"},
		{"PUT /three", "<Other/>", "400 MalformedXML"},
		{"PUT /ab", "", "400 InvalidBucketName"},
		{"PUT /Abc", "", "400 InvalidBucketName"},
		{"PUT /a..b", "", "400 InvalidBucketName"},
		{"PUT /a_b", "", "400 InvalidBucketName"},
		{"PUT /-ab", "", "400 InvalidBucketName"},
		{"PUT /ab-", "", "400 InvalidBucketName"},
		{"PUT /192.168.5.4", "", "400 InvalidBucketName"},
		{"PUT /xn--abc", "", "400 InvalidBucketName"},
		{"PUT /abc-s3alias", "", "400 InvalidBucketName"},
		{"PUT /aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "", "400 InvalidBucketName"},
		{"PUT /%2e%2e%2fetc", "", "400 InvalidBucketName"},
		{"HEAD /one", "", "200"},
		{"HEAD /none", "", "404"},
		{"GET /none", "", "404 NoSuchBucket"},
		{"GET /one?location", "", "200"},
		{"GET /none?location", "", "404 NoSuchBucket"},
		{"GET /one?versioning", "", "200"},
		{"GET /one?encryption", "", "404 ServerSideEncryptionConfigurationNotFoundError"},
		{"GET /one?policy", "", "404 NoSuchBucketPolicy"},
		{"GET /one?versions", "", "501 NotImplemented"},
		{"PUT /one?policy", "{}", "501 NotImplemented"},
		{"POST /one", "form", "501 NotImplemented"},
		{"PATCH /one", "", "405 MethodNotAllowed"},
		{"PUT /", "", "405 MethodNotAllowed"},
		{"GET /one?a=%zz", "", "400 InvalidURI"},
		{"DELETE /two", "", "204"},
		{"DELETE /two", "", "404 NoSuchBucket"},
	};
	for (size_t i = 0; i < COUNT(table); i++)
		check_ask(table[i].line, "", table[i].sent, table[i].expected);
	check_ask("GET /one?location", "", "", "200");
	check_says(">us-west-2</LocationConstraint>");
	check_ask("GET /", "", "", "200");
	check_says("<Bucket><Name>one</Name><CreationDate>2023-11-14T22:13:20.123Z</CreationDate>");
	assert_string_equal(header("x-amz-request-id"), "REQUEST");
	check_ask("GET /none", "", "", "404 NoSuchBucket");
	check_says("<Resource>/none</Resource><RequestId>REQUEST</RequestId></Error>");
	assert_string_equal(header("x-amz-request-id"), "REQUEST");
	check_ask("HEAD /one", "x-amz-expected-bucket-owner: 999999999999\n", "", "403");
	check_ask("GET /one", "x-amz-expected-bucket-owner: 999999999999\n", "", "403 AccessDenied");
	check_ask("GET /one", "x-amz-expected-bucket-owner: 123456789012\n", "", "200");
	check_ask("PUT /lock", "x-amz-bucket-object-lock-enabled: true\n", "", "501 NotImplemented");
	check_ask("PUT /one/k", "", "x", "200");
	check_ask("DELETE /one", "", "", "409 BucketNotEmpty");
	server.region = "us-east-1";
	check_ask("GET /one?location", "", "", "200");
	check_says("2006-03-01/\"></LocationConstraint>");
}

static void test_put_and_get(void **state)
{
	(void)state;
	check_ask("PUT /buck", "", "", "200");
	check_ask("PUT /buck/k",
		  "Content-Type: text/csv\nCache-Control: no-cache\nContent-Encoding: aws-chunked, gzip\n"
		  "X-Amz-Meta-One: 1\nx-amz-meta-one: 2\nx-amz-meta-ü: ä\nx-amz-storage-class: STANDARD_IA\n"
		  "x-amz-server-side-encryption: aws:kms\nx-amz-server-side-encryption-aws-kms-key-id: k\n"
		  "x-amz-acl: private\nx-amz-tagging: a=1&b=%C3%A4\n",
		  "hello world", "400 InvalidArgument"); /* a header's name is ASCII */
	check_ask("PUT /buck/k",
		  "Content-Type: text/csv\nCache-Control: no-cache\nContent-Encoding: aws-chunked, gzip\n"
		  "X-Amz-Meta-One: 1\nx-amz-meta-one: 2\nx-amz-meta-two: ä\nx-amz-storage-class: STANDARD_IA\n"
		  "x-amz-server-side-encryption: aws:kms\nx-amz-server-side-encryption-aws-kms-key-id: k\n"
		  "x-amz-acl: private\nx-amz-tagging: a=1&b=%C3%A4\n",
		  "hello world", "200");
	assert_string_equal(header("ETag"), "\"" HELLO_MD5 "\"");
	assert_string_equal(header("x-amz-server-side-encryption"), "aws:kms");
	assert_string_equal(header("x-amz-server-side-encryption-aws-kms-key-id"), "k");
	check_ask("GET /buck/k", "", "", "200");
	check_str(hc_buf_view(&body), "hello world");
	static const char *const given[][2] = {
		{"Content-Type", "text/csv"},
		{"Cache-Control", "no-cache"},
		{"Content-Encoding", "gzip"},
		{"x-amz-meta-one", "1,2"},
		{"x-amz-meta-two", "ä"},
		{"x-amz-storage-class", "STANDARD_IA"},
		{"x-amz-server-side-encryption", "aws:kms"},
		{"x-amz-tagging-count", "2"},
		{"x-amz-tagging", ""},
		{"ETag", "\"" HELLO_MD5 "\""},
		{"Last-Modified", "Tue, 14 Nov 2023 22:13:20 GMT"},
		{"Accept-Ranges", "bytes"},
		{"x-amz-request-id", "REQUEST"},
	};
	for (size_t i = 0; i < COUNT(given); i++)
		assert_string_equal(header(given[i][0]), given[i][1]);
	check_ask("HEAD /buck/k", "", "", "200");
	assert_true(reply.head && reply.head_length == 11 && body.n == 0);
	assert_string_equal(header("Content-Type"), "text/csv");
	check_ask("HEAD /buck/none", "", "", "404");
	assert_true(reply.head && body.n == 0);
	check_ask("GET /buck/k?tagging", "", "", "200");
	check_says("<TagSet><Tag><Key>a</Key><Value>1</Value></Tag><Tag><Key>b</Key><Value>ä</Value></Tag></TagSet>");
	check_ask("GET /buck/k?response-content-type=a%2Fb&response-content-disposition=x", "", "", "200");
	assert_string_equal(header("Content-Type"), "a/b");
	assert_string_equal(header("Content-Disposition"), "x");
	/* replaced as a whole, and the old content is gone */
	check_ask("PUT /buck/k", "Content-Length: 0\n", "", "200");
	check_ask("GET /buck/k", "", "", "200");
	assert_string_equal(header("Content-Type"), "binary/octet-stream");
	assert_string_equal(header("x-amz-meta-one"), "");
	assert_int_equal(body.n, 0);
	assert_int_equal(count_contents(), 1);
	check_ask("DELETE /buck/k", "", "", "204");
	check_ask("DELETE /buck/k", "", "", "204");
	check_ask("GET /buck/k", "", "", "404 NoSuchKey");
	check_ask("GET /none/k", "", "", "404 NoSuchBucket");
	assert_int_equal(count_contents(), 0);
}

/* Names are just names. */
static void test_keys(void **state)
{
	(void)state;
	static const char *const fine[] = {
		"..",
		"../../etc/passwd",
		"/",
		"//",
		"a//b",
		"a/",
		"./a",
		"%C3%A4",
		"%F0%9F%98%80",
		"%0A",
		"%01",
		"a+b",
		"a%20b",
		"a%25b",
		"%22%3C%26",
		"\\",
		"C:%5Cx",
		"%E2%80%AE",
		".",
		"a/../a",
		"CON",
		"%EF%BF%BF",
		"uploads",
	};
	char line[8192];
	check_ask("PUT /buck", "", "", "200");
	for (size_t i = 0; i < COUNT(fine); i++) {
		char text[8];
		snprintf(line, sizeof line, "PUT /buck/%s", fine[i]);
		snprintf(text, sizeof text, "%zu", i);
		check_ask(line, "", text, "200");
	}
	for (size_t i = 0; i < COUNT(fine); i++) {
		char text[8];
		snprintf(line, sizeof line, "GET /buck/%s", fine[i]);
		snprintf(text, sizeof text, "%zu", i);
		check_ask(line, "", "", "200");
		check_str(hc_buf_view(&body), text);
	}
	check_ask("GET /buck?list-type=2&encoding-type=url", "", "", "200");
	check_says("<Key>..</Key>");
	check_says("<Key>../../etc/passwd</Key>");
	check_says("<Key>%01</Key>");
	check_says("<Key>a%2Bb</Key>");
	check_ask("PUT /buck/a%00b", "", "x", "400 InvalidArgument");
	check_ask("PUT /buck/%FF", "", "x", "400 InvalidArgument");
	check_ask("PUT /buck/%C0%80", "", "x", "400 InvalidArgument");
	check_ask("PUT /buck/%ED%A0%80", "", "x", "400 InvalidArgument");
	memcpy(line, "PUT /buck/", 10);
	memset(line + 10, 'k', 1025);
	line[10 + 1024] = '\0';
	check_ask(line, "", "x", "200");
	line[10 + 1024] = 'k';
	line[10 + 1025] = '\0';
	check_ask(line, "", "x", "400 KeyTooLongError");
}

static void test_ranges_and_conditions(void **state)
{
	(void)state;
	static const struct {
		const char *headers, *expected, *body, *range;
	} table[] = {
		{"Range: bytes=0-4\n", "206", "hello", "bytes 0-4/11"},
		{"Range: bytes=6-\n", "206", "world", "bytes 6-10/11"},
		{"Range: bytes=-5\n", "206", "world", "bytes 6-10/11"},
		{"Range: bytes=-50\n", "206", "hello world", "bytes 0-10/11"},
		{"Range: bytes=4-99999999999999999999999\n", "206", "o world", "bytes 4-10/11"},
		{"Range: bytes=10-10\n", "206", "d", "bytes 10-10/11"},
		{"Range: bytes=11-\n", "416 InvalidRange", NULL, ""},
		{"Range: bytes=-0\n", "416 InvalidRange", NULL, ""},
		{"Range: bytes=99999999999999999999999-\n", "416 InvalidRange", NULL, ""},
		{"Range: bytes=5-4\n", "200", "hello world", ""},
		{"Range: bytes=0-1,3-4\n", "200", "hello world", ""},
		{"Range: bytes=\n", "200", "hello world", ""},
		{"Range: bytes=-\n", "200", "hello world", ""},
		{"Range: lines=0-1\n", "200", "hello world", ""},
		{"Range: bytes=0-4\nIf-Range: \"" HELLO_MD5 "\"\n", "206", "hello", "bytes 0-4/11"},
		{"Range: bytes=0-4\nIf-Range: \"other\"\n", "200", "hello world", ""},
		{"If-Match: \"" HELLO_MD5 "\"\n", "200", "hello world", ""},
		{"If-Match: " HELLO_MD5 "\n", "200", "hello world", ""},
		{"If-Match: \"x\", \"" HELLO_MD5 "\"\n", "200", "hello world", ""},
		{"If-Match: *\n", "200", "hello world", ""},
		{"If-Match: \"x\"\n", "412 PreconditionFailed", NULL, ""},
		{"If-None-Match: \"" HELLO_MD5 "\"\n", "304", "", ""},
		{"If-None-Match: W/\"" HELLO_MD5 "\"\n", "304", "", ""},
		{"If-None-Match: *\n", "304", "", ""},
		{"If-None-Match: \"x\"\n", "200", "hello world", ""},
		{"If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT\n", "304", "", ""},
		{"If-Modified-Since: Tue, 14 Nov 2023 22:13:19 GMT\n", "200", "hello world", ""},
		{"If-Modified-Since: yesterday\n", "200", "hello world", ""},
		{"If-Unmodified-Since: Tue, 14 Nov 2023 22:13:20 GMT\n", "200", "hello world", ""},
		{"If-Unmodified-Since: Tue, 14 Nov 2023 22:13:19 GMT\n", "412 PreconditionFailed", NULL, ""},
		{"If-Match: *\nIf-Unmodified-Since: Tue, 14 Nov 2023 22:13:19 GMT\n", "200", "hello world", ""},
		{"If-None-Match: \"x\"\nIf-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT\n", "200", "hello world", ""},
	};
	check_ask("PUT /buck", "", "", "200");
	check_ask("PUT /buck/k", "", "hello world", "200");
	check_ask("PUT /buck/empty", "Content-Length: 0\n", "", "200");
	for (size_t i = 0; i < COUNT(table); i++) {
		check_ask("GET /buck/k", table[i].headers, "", table[i].expected);
		if (table[i].body)
			check_str(hc_buf_view(&body), table[i].body);
		assert_string_equal(header("Content-Range"), table[i].range);
		char status[4] = {table[i].expected[0], table[i].expected[1], table[i].expected[2]};
		check_ask("HEAD /buck/k", table[i].headers, "", status);
		if (table[i].body && status[0] == '2')
			assert_int_equal(reply.head_length, strlen(table[i].body));
	}
	check_ask("GET /buck/k", "Range: bytes=11-\n", "", "416 InvalidRange");
	check_says("<RangeRequested>bytes=11-</RangeRequested><ActualObjectSize>11</ActualObjectSize>");
	check_ask("GET /buck/empty", "Range: bytes=0-\n", "", "416 InvalidRange");
	check_ask("GET /buck/empty", "Range: bytes=-1\n", "", "416 InvalidRange");
	check_ask("GET /buck/k?partNumber=1", "", "", "206");
	check_ask("GET /buck/k?partNumber=2", "", "", "416 InvalidPartNumber");
	/* conditions on what is put or deleted */
	check_ask("PUT /buck/k", "If-None-Match: *\n", "x", "412 PreconditionFailed");
	check_ask("PUT /buck/k", "If-Match: \"x\"\n", "x", "412 PreconditionFailed");
	check_ask("PUT /buck/k", "If-None-Match: \"x\"\n", "x", "501 NotImplemented");
	check_ask("PUT /buck/none", "If-Match: \"x\"\n", "x", "404 NoSuchKey");
	check_ask("PUT /buck/new", "If-None-Match: *\n", "x", "200");
	check_ask("PUT /buck/k", "If-Match: \"" HELLO_MD5 "\"\n", "x", "200");
	check_ask("DELETE /buck/k", "If-Match: \"" HELLO_MD5 "\"\n", "", "412 PreconditionFailed");
	assert_int_equal(count_contents(), 3);
}

static void test_dates(void **state)
{
	(void)state;
	static const char *const same[] = {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
					   "Sun Nov  6 08:49:37 1994", "1994-11-06T08:49:37Z"};
	static const char *const none[] = {"",
					   "Sun, 06 Nov 1994 08:49:37",
					   "Sun, 06 Nov 1994 08:49:37 GMT x",
					   "Sun, 32 Nov 1994 08:49:37 GMT",
					   "Sun, 06 Nix 1994 08:49:37 GMT",
					   "Sun, 06 Nov 1994 24:49:37 GMT",
					   "Sun, 06 Nov 1994 -8:49:37 GMT",
					   "now"};
	char text[HC_S3_DATE_SIZE];
	int64_t us;
	for (size_t i = 0; i < COUNT(same); i++) {
		us = 0;
		assert_true(hc_s3_date_parse(hc_str(same[i]), &us));
		assert_int_equal(us, 784111777 * HC_SECOND_US);
		hc_s3_date_print(us, text);
		assert_string_equal(text, same[0]);
	}
	for (size_t i = 0; i < COUNT(none); i++)
		if (hc_s3_date_parse(hc_str(none[i]), &us))
			fail_msg("\"%s\" is a date", none[i]);
	hc_s3_date_print(-1, text);
	assert_string_equal(text, "Wed, 31 Dec 1969 23:59:59 GMT");
}

static void test_digests(void **state)
{
	(void)state;
	static const struct {
		const char *headers, *expected;
	} table[] = {
		{"Content-MD5: XrY7u+Ae7tCTyyK7j1rNww==\n", "200"},
		{"Content-MD5: XrY7u+Ae7tCTyyK7j1rNwA==\n", "400 BadDigest"},
		{"Content-MD5: XrY7\n", "400 InvalidDigest"},
		{"Content-MD5: \n", "400 InvalidDigest"},
		{"x-amz-checksum-crc32: DUoRhQ==\n", "200"},
		{"x-amz-checksum-crc32: DUoRhA==\n", "400 BadDigest"},
		{"x-amz-checksum-crc32: nonsense\n", "400 InvalidRequest"},
		{"x-amz-checksum-crc32c: yZRlqg==\n", "200"},
		{"x-amz-checksum-crc32c: yZRlqh==\n", "400 InvalidRequest"},
		{"x-amz-checksum-sha1: Kq5sNclPz7QV2+lfQIuc6R7oRu0=\n", "200"},
		{"x-amz-checksum-sha1: Kq5sNclPz7QV2+lfQIuc6R7oRu1=\n", "400 InvalidRequest"},
		{"x-amz-checksum-sha256: uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=\n", "200"},
		{"x-amz-checksum-sha256: uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzec=\n", "400 BadDigest"},
		{"x-amz-checksum-crc64nvme: AAAAAAAAAAA=\n", "501 NotImplemented"},
		{"x-amz-checksum-crc32: DUoRhQ==\nx-amz-checksum-crc32c: yZRlqg==\n", "400 InvalidRequest"},
		{"x-amz-sdk-checksum-algorithm: CRC32\n", "200"},
		{"x-amz-sdk-checksum-algorithm: CRC64NVME\n", "501 NotImplemented"},
		{"x-amz-content-sha256: b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9\n", "200"},
		{"x-amz-content-sha256: b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde0\n",
		 "400 XAmzContentSHA256Mismatch"},
		{"x-amz-content-sha256: UNSIGNED-PAYLOAD\n", "200"},
		{"x-amz-content-sha256: whatever\n", "400 InvalidArgument"},
		{"x-amz-content-sha256: STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD\n", "501 NotImplemented"},
		{"Content-Length: 12\n", "400 IncompleteBody"},
		{"Content-Length: 10\n", "400 IncompleteBody"},
		{"Content-Length: 999999999\n", "400 EntityTooLarge"},
		{"Content-Length: x\n", "400 InvalidArgument"},
		{"x-amz-server-side-encryption: rot13\n", "400 InvalidEncryptionAlgorithmError"},
		{"x-amz-server-side-encryption-aws-kms-key-id: k\n", "400 InvalidArgument"},
		{"x-amz-server-side-encryption-customer-algorithm: AES256\n", "501 NotImplemented"},
		{"x-amz-object-lock-mode: GOVERNANCE\n", "501 NotImplemented"},
		{"x-amz-storage-class: CHEAP\n", "400 InvalidStorageClass"},
		{"x-amz-tagging: a=1&a=2\n", "400 InvalidArgument"},
		{"x-amz-tagging: =1\n", "400 InvalidTag"},
		{"x-amz-tagging: a=%zz\n", "400 InvalidArgument"},
		{"x-amz-tagging: a&b&c&d&e&f&g&h&i&j&k\n", "400 BadRequest"},
		{"x-amz-meta-a: \xff\n", "400 InvalidArgument"},
	};
	check_ask("PUT /buck", "", "", "200");
	check_ask("PUT /buck/k", "", "before", "200");
	for (size_t i = 0; i < COUNT(table); i++) {
		check_outcome(outcome(ask("PUT /buck/k", table[i].headers, "hello world")), table[i].expected,
			      table[i].headers, __FILE__, __LINE__);
		bool stored = table[i].expected[0] == '2';
		check_ask("GET /buck/k", "", "", "200");
		check_str(hc_buf_view(&body), stored ? "hello world" : "before");
		assert_int_equal(count_contents(), 1); /* nothing half stored */
		check_ask("PUT /buck/k", "", "before", "200");
	}
	check_ask("PUT /buck/k", "Transfer-Encoding: chunked\n", "", "411 MissingContentLength");
	char large[4096] = "x-amz-meta-large: ";
	memset(large + strlen(large), 'x', 2048);
	strcat(large, "\n");
	check_ask("PUT /buck/k", large, "x", "400 MetadataTooLarge");
	/* what was checked is given back, when asked for */
	check_ask("PUT /buck/k", "x-amz-checksum-crc32: DUoRhQ==\n", "hello world", "200");
	assert_string_equal(header("x-amz-checksum-crc32"), "DUoRhQ==");
	check_ask("GET /buck/k", "", "", "200");
	assert_string_equal(header("x-amz-checksum-crc32"), "");
	check_ask("GET /buck/k", "x-amz-checksum-mode: ENABLED\n", "", "200");
	assert_string_equal(header("x-amz-checksum-crc32"), "DUoRhQ==");
	assert_string_equal(header("x-amz-checksum-type"), "FULL_OBJECT");
}

#define UNSIGNED_TRAILER "x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\nContent-Encoding: aws-chunked\n"

static void test_chunked(void **state)
{
	(void)state;
	static const struct {
		const char *headers, *sent, *expected;
	} table[] = {
		{UNSIGNED_TRAILER "x-amz-decoded-content-length: 11\nx-amz-trailer: x-amz-checksum-crc32\n",
		 "6\r\nhello \r\n5\r\nworld\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n", "200"},
		{UNSIGNED_TRAILER "x-amz-decoded-content-length: 11\nx-amz-trailer: x-amz-checksum-crc32\n",
		 "b\r\nhello world\r\n0\r\nx-amz-checksum-crc32:DUoRhA==\r\n\r\n", "400 BadDigest"},
		{UNSIGNED_TRAILER "x-amz-decoded-content-length: 11\nx-amz-trailer: x-amz-checksum-crc32\n",
		 "b\r\nhello world\r\n0\r\nx-amz-checksum-crc32:zz\r\n\r\n", "400 InvalidRequest"},
		{UNSIGNED_TRAILER "x-amz-decoded-content-length: 11\nx-amz-trailer: x-amz-checksum-crc32\n",
		 "b\r\nhello world\r\n0\r\n\r\n", "400 MalformedTrailerError"},
		{UNSIGNED_TRAILER "x-amz-decoded-content-length: 11\n",
		 "b\r\nhello world\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n", "400 MalformedTrailerError"},
		{UNSIGNED_TRAILER "x-amz-decoded-content-length: 11\nx-amz-trailer: x-amz-checksum-crc64nvme\n",
		 "b\r\nhello world\r\n0\r\n\r\n", "501 NotImplemented"},
		{UNSIGNED_TRAILER "x-amz-decoded-content-length: 11\nx-amz-trailer: x-other\n", "0\r\n\r\n",
		 "400 InvalidRequest"},
		{UNSIGNED_TRAILER "x-amz-decoded-content-length: 11\n", "b\r\nhello world\r\n0\r\n\r\n", "200"},
		{UNSIGNED_TRAILER "x-amz-decoded-content-length: 10\n", "b\r\nhello world\r\n0\r\n\r\n",
		 "400 IncompleteBody"},
		{UNSIGNED_TRAILER "x-amz-decoded-content-length: 12\n", "b\r\nhello world\r\n0\r\n\r\n",
		 "400 IncompleteBody"},
		{UNSIGNED_TRAILER "x-amz-decoded-content-length: 11\n", "b\r\nhello world\r\n", "400 IncompleteBody"},
		{UNSIGNED_TRAILER "x-amz-decoded-content-length: 11\n", "hello world", "400 IncompleteBody"},
		{UNSIGNED_TRAILER "x-amz-decoded-content-length: 11\n", "hello world\r\n", "400 InvalidRequest"},
		{UNSIGNED_TRAILER "x-amz-decoded-content-length: 11\n", "b\r\nhello world\r\n0\r\n\r\nmore",
		 "400 InvalidRequest"},
		{UNSIGNED_TRAILER "x-amz-decoded-content-length: 99999999999999\n", "b\r\n", "400 EntityTooLarge"},
		{UNSIGNED_TRAILER, "b\r\nhello world\r\n0\r\n\r\n", "411 MissingContentLength"},
	};
	check_ask("PUT /buck", "", "", "200");
	for (size_t i = 0; i < COUNT(table); i++) {
		bool stored = table[i].expected[0] == '2';
		for (int k = 0; k < 3; k++)
			check_outcome(outcome(ask("PUT /buck/k", table[i].headers, table[i].sent)), table[i].expected,
				      table[i].headers, __FILE__, __LINE__);
		assert_int_equal(count_contents(), stored);
		if (!stored)
			continue;
		check_ask("GET /buck/k", "", "", "200");
		check_str(hc_buf_view(&body), "hello world");
		assert_string_equal(header("Content-Encoding"), "");
		check_ask("DELETE /buck/k", "", "", "204");
	}
}

/* The S3 reference's examples of signed chunks, 65536 and 1024 times 'a', without and with a trailer. */
static void test_signed_chunks(void **state)
{
	(void)state;
	static const struct {
		const char *seed, *chunks[3], *trailer, *headers;
	} examples[] = {
		{"4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
		 {"ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
		  "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
		  "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"},
		 NULL,
		 "x-amz-content-sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD\nx-amz-decoded-content-length: 66560\n"},
		{"106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
		 {"b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
		  "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
		  "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992"},
		 "x-amz-checksum-crc32c:sOO8/Q==\r\n"
		 "x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n",
		 "x-amz-content-sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER\n"
		 "x-amz-decoded-content-length: 66560\nx-amz-trailer: x-amz-checksum-crc32c\n"},
	};
	check_ask("PUT /buck", "", "", "200");
	for (size_t i = 0; i < COUNT(examples); i++) {
		const struct hc_sigv4_claim signed_by = {
			.form = HC_SIGV4_BY_HEADER,
			.date = HC_STR("20130524"),
			.region = HC_STR("us-east-1"),
			.service = HC_STR("s3"),
			.amz_date = HC_STR("20130524T000000Z"),
			.signature = hc_str(examples[i].seed),
		};
		struct hc_buf sent = HC_BUF(1 << 20);
		static char a[65536];
		memset(a, 'a', sizeof a);
		static const size_t sizes[] = {65536, 1024, 0};
		for (size_t k = 0; k < 3; k++) {
			hc_buf_printf(&sent, "%zx;chunk-signature=%s\r\n", sizes[k], examples[i].chunks[k]);
			hc_buf_put(&sent, a, sizes[k]);
			hc_buf_cstr(&sent, sizes[k] ? "\r\n" : "");
		}
		if (examples[i].trailer)
			hc_buf_cstr(&sent, examples[i].trailer);
		hc_buf_cstr(&sent, "\r\n");
		claim = &signed_by;
		check_outcome(outcome(ask_of("PUT /buck/k", examples[i].headers, hc_buf_view(&sent))), "200", "signed",
			      __FILE__, __LINE__);
		/* a byte changed anywhere is found */
		uint64_t random = 5;
		for (int k = 0; k < 60; k++) {
			size_t at = k < 30 ? check_random(&random) % sent.n : sent.n - 1 - (size_t)(k - 30) * 9;
			if (sent.p[at] == '\r' || sent.p[at] == '\n')
				continue;
			char was = sent.p[at];
			sent.p[at] = (char)(was ^ 2);
			ask_of("PUT /buck/changed", examples[i].headers, hc_buf_view(&sent));
			if (reply.status == 200)
				fail_msg("a change of byte %zu of %zu is not seen", at, sent.n);
			sent.p[at] = was;
		}
		/* nor may the trailer's signature be left out */
		char *signature = memmem(sent.p, sent.n, "x-amz-trailer-signature", 23);
		if (signature) {
			memcpy(signature, "\r\n", 2);
			sent.n = (size_t)(signature + 2 - sent.p);
			check_outcome(outcome(ask_of("PUT /buck/changed", examples[i].headers, hc_buf_view(&sent))),
				      "403 SignatureDoesNotMatch", "without signature", __FILE__, __LINE__);
		}
		claim = NULL;
		assert_int_equal(count_contents(), 1);
		hc_buf_free(&sent);
	}
	check_ask("GET /buck/k", "x-amz-checksum-mode: ENABLED\n", "", "200");
	assert_string_equal(header("x-amz-checksum-crc32c"), "sOO8/Q==");
	assert_int_equal(body.n, 66560);
}

static void test_listing(void **state)
{
	(void)state;
	static const char *const keys[] = {"a", "b/1", "b/2", "b/c/3", "d&<", "e"};
	char line[64];
	check_ask("PUT /buck", "", "", "200");
	for (size_t i = 0; i < COUNT(keys); i++) {
		snprintf(line, sizeof line, "PUT /buck/%s", keys[i]);
		check_ask(line, "", "x", "200");
	}
	check_ask("GET /buck", "", "", "200");
	check_says("<Name>buck</Name><Prefix></Prefix><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>");
	check_says("<Contents><Key>d&amp;&lt;</Key><LastModified>2023-11-14T22:13:20.123Z</LastModified>"
		   "<ETag>&quot;9dd4e461268c8034f5c8564e155c67a6&quot;</ETag><Size>1</Size><Owner>");
	check_ask("GET /buck?delimiter=/&max-keys=2", "", "", "200");
	check_says("<IsTruncated>true</IsTruncated>");
	check_says("<NextMarker>b/</NextMarker>");
	check_ask("GET /buck?delimiter=/&max-keys=2&marker=b/", "", "", "200");
	check_says("<Key>d&amp;&lt;</Key>");
	assert_false(says("b/</Prefix>"));
	check_ask("GET /buck?list-type=2&delimiter=/&max-keys=2", "", "", "200");
	check_says("<KeyCount>2</KeyCount><NextContinuationToken>Yi8=</NextContinuationToken>");
	assert_false(says("<Owner>"));
	check_ask("GET /buck?list-type=2&delimiter=/&continuation-token=Yi8%3D&fetch-owner=true&encoding-type=url", "",
		  "", "200");
	check_says("<KeyCount>2</KeyCount>");
	check_says("<Key>d%26%3C</Key>");
	check_says("<Owner><ID>123456789012</ID>");
	check_ask("GET /buck?list-type=2&start-after=b/2&prefix=b/", "", "", "200");
	check_says("<KeyCount>1</KeyCount>");
	check_says("<Key>b/c/3</Key>");
	check_ask("GET /buck?list-type=2&max-keys=0", "", "", "200");
	check_says("<IsTruncated>false</IsTruncated><KeyCount>0</KeyCount>");
	static const char *const refused[] = {"max-keys=-1",         "max-keys=x",      "max-keys=99999999999",
					      "encoding-type=other", "prefix=%00",      "prefix=%FF",
					      "delimiter=%FF",       "start-after=%FF", "continuation-token=%21",
					      "continuation-token="};
	for (size_t i = 0; i < COUNT(refused); i++) {
		snprintf(line, sizeof line, "GET /buck?list-type=2&%s", refused[i]);
		check_ask(line, "", "", "400 InvalidArgument");
	}
	check_ask("GET /buck?list-type=3", "", "", "400 InvalidArgument");
	server.listing_max = 2;
	check_ask("GET /buck?list-type=2&max-keys=1000", "", "", "200");
	check_says("<KeyCount>2</KeyCount>");
}

static void test_delete_objects(void **state)
{
	(void)state;
	check_ask("PUT /buck", "", "", "200");
	check_ask("PUT /buck/a", "", "x", "200");
	check_ask("PUT /buck/b", "", "x", "200");
	static const char two[] = "<Delete><Object><Key>a</Key></Object><Object><Key>none</Key></Object></Delete>";
	check_ask("POST /buck?delete", "", two, "400 InvalidRequest");
	check_ask("POST /buck?delete", "Content-MD5: XrY7u+Ae7tCTyyK7j1rNww==\n", two, "400 BadDigest");
	char headers[256], sum[HC_CHECKSUM_TEXT_SIZE];
	static const char *const malformed[] = {"<Delete></Delete>", "<Delete><Object/></Delete>",    "<Delete>",
						"nothing",           "<Delete><Key>a</Key></Delete>", "<Other/>"};
	for (size_t i = 0; i <= COUNT(malformed); i++) {
		const char *sent = i < COUNT(malformed) ? malformed[i] : two;
		struct hc_checksums *c;
		struct hc_err err;
		assert_int_equal(hc_checksums_open(1U << HC_CHECKSUM_CRC32, &c, &err), HC_OK);
		hc_checksums_add(c, sent, strlen(sent));
		hc_checksums_base64(c, HC_CHECKSUM_CRC32, sum);
		hc_checksums_free(c);
		snprintf(headers, sizeof headers, "x-amz-checksum-crc32: %s\n", sum);
		check_ask("POST /buck?delete", headers, sent, i < COUNT(malformed) ? "400 MalformedXML" : "200");
	}
	check_says("<Deleted><Key>a</Key></Deleted><Deleted><Key>none</Key></Deleted></DeleteResult>");
	check_ask("GET /buck/a", "", "", "404 NoSuchKey");
	check_ask("POST /none?delete", headers, two, "404 NoSuchBucket");
	assert_int_equal(count_contents(), 1);
	/* too many, too long */
	struct hc_buf many = HC_BUF(8 << 20);
	hc_buf_cstr(&many, "<Delete>");
	for (int i = 0; i < 1001; i++)
		hc_buf_printf(&many, "<Object><Key>%d</Key></Object>", i);
	hc_buf_cstr(&many, "</Delete>");
	char md5[64];
	struct hc_buf base64 = HC_BUF(64);
	hc_checksum_hex_of(HC_CHECKSUM_MD5, hc_buf_view(&many), sum);
	for (int i = 0; i < 16; i++) {
		unsigned byte;
		sscanf(sum + 2 * i, "%2x", &byte);
		md5[i] = (char)byte;
	}
	hc_base64_encode((struct hc_str){md5, 16}, &base64);
	snprintf(headers, sizeof headers, "Content-MD5: %s\n", hc_buf_cstring(&base64));
	check_outcome(outcome(ask_of("POST /buck?delete", headers, hc_buf_view(&many))), "400 MalformedXML",
		      "1001 keys", __FILE__, __LINE__);
	while (many.n < 3 << 20)
		hc_buf_cstr(&many, "                                        ");
	check_outcome(outcome(ask_of("POST /buck?delete", headers, hc_buf_view(&many))), "400 MaxMessageLengthExceeded",
		      "3 MB", __FILE__, __LINE__);
	hc_buf_free(&many);
	hc_buf_free(&base64);
}

/* The text between two others in the last reply. */
static const char *between(const char *before, const char *after)
{
	static char text[256];
	const char *begin = memmem(body.p, body.n, before, strlen(before));
	assert_non_null(begin);
	begin += strlen(before);
	const char *end = memmem(begin, body.n - (size_t)(begin - body.p), after, strlen(after));
	assert_non_null(end);
	snprintf(text, sizeof text, "%.*s", (int)(end - begin), begin);
	return text;
}

static void test_multipart(void **state)
{
	(void)state;
	enum { PART = 5 << 20 };
	char id[64], line[256], etag[3][64], sent[1024];
	char *part = malloc(PART);
	memset(part, 'p', PART);
	check_ask("PUT /buck", "", "", "200");
	check_ask("POST /none/k?uploads", "", "", "404 NoSuchBucket");
	check_ask("POST /buck/k?uploads", "Content-Type: a/b\nx-amz-meta-m: v\nx-amz-checksum-algorithm: CRC32\n", "",
		  "200");
	snprintf(id, sizeof id, "%s", between("<UploadId>", "</UploadId>"));
	check_ask("GET /buck?uploads", "", "", "200");
	check_says(id);
#define LINE(format, ...) (snprintf(line, sizeof line, format, __VA_ARGS__), line)
	check_ask(LINE("PUT /buck/k?uploadId=%s&partNumber=0", id), "", "x", "400 InvalidArgument");
	check_ask(LINE("PUT /buck/k?uploadId=%s&partNumber=10001", id), "", "x", "400 InvalidArgument");
	check_ask(LINE("PUT /buck/k?uploadId=%s", id), "", "x", "400 InvalidArgument");
	check_ask(LINE("PUT /buck/other?uploadId=%s&partNumber=1", id), "", "x", "404 NoSuchUpload");
	check_ask(LINE("PUT /buck/k?uploadId=%s&partNumber=1", id), "Content-MD5: XrY7u+Ae7tCTyyK7j1rNww==\n", "x",
		  "400 BadDigest");
	assert_int_equal(count_contents(), 0);
	for (int i = 0; i < 3; i++) {
		struct hc_str bytes = {part, i == 1 ? 10 : PART};
		assert_int_equal(ask_of(LINE("PUT /buck/k?uploadId=%s&partNumber=%d", id, 2 * i + 1), "", bytes), 200);
		snprintf(etag[i], sizeof etag[i], "%s", header("ETag"));
		assert_int_equal(strlen(header("x-amz-checksum-crc32")),
				 8); /* the upload's, though the client sent none */
	}
	check_ask(LINE("PUT /buck/k?uploadId=%s&partNumber=1", id), "", "again", "200"); /* replaces */
	assert_int_equal(count_contents(), 3);
	assert_int_equal(ask_of(LINE("PUT /buck/k?uploadId=%s&partNumber=1", id), "", (struct hc_str){part, PART}),
			 200);
	check_ask(LINE("GET /buck/k?uploadId=%s&max-parts=2", id), "", "", "200");
	check_says(
		"<NextPartNumberMarker>3</NextPartNumberMarker><MaxParts>2</MaxParts><IsTruncated>true</IsTruncated>");
	check_ask("GET /buck/k", "", "", "404 NoSuchKey");

	const char *complete = LINE("POST /buck/k?uploadId=%s", id);
#define PARTS(a, i, b, j)                                                                       \
	(snprintf(sent, sizeof sent,                                                            \
		  "<CompleteMultipartUpload><Part><PartNumber>%d</PartNumber><ETag>%s</ETag></" \
		  "Part><Part><PartNumber>%d"                                                   \
		  "</PartNumber><ETag>%s</ETag></Part></CompleteMultipartUpload>",              \
		  (a), etag[i], (b), etag[j]),                                                  \
	 sent)
	check_ask(complete, "", "<CompleteMultipartUpload/>", "400 MalformedXML");
	check_ask(complete, "", PARTS(3, 1, 1, 0), "400 InvalidPartOrder");
	check_ask(complete, "", PARTS(1, 0, 1, 0), "400 InvalidPartOrder");
	check_ask(complete, "", PARTS(1, 0, 2, 1), "400 InvalidPart");
	check_ask(complete, "", PARTS(1, 0, 3, 0), "400 InvalidPart");
	check_ask(complete, "", PARTS(3, 1, 5, 2), "400 EntityTooSmall");
	check_ask(complete, "If-Match: \"x\"\n", PARTS(1, 0, 5, 2), "404 NoSuchKey");
	check_ask(complete, "x-amz-mp-object-size: 1\n", PARTS(1, 0, 5, 2), "400 InvalidRequest");
	check_ask(complete, "x-amz-checksum-crc32: AAAAAA==-2\n", PARTS(1, 0, 5, 2), "400 BadDigest");
	assert_int_equal(count_contents(), 3);
	check_ask(complete, "", PARTS(1, 0, 5, 2), "200");
	check_says("-2&quot;</ETag><ChecksumCRC32>");
	check_says("<ChecksumType>COMPOSITE</ChecksumType>");
	assert_int_equal(count_contents(), 1);
	check_ask(complete, "", PARTS(1, 0, 5, 2), "200"); /* the answer was lost, and the client asks again */
	check_ask("GET /buck/k", "Range: bytes=5242870-5242889\n", "", "206");
	check_str(hc_buf_view(&body), "pppppppppppppppppppp");
	check_ask("HEAD /buck/k", "x-amz-checksum-mode: ENABLED\n", "", "200");
	assert_int_equal(reply.head_length, 2 * PART);
	assert_string_equal(header("Content-Type"), "a/b");
	assert_string_equal(header("x-amz-meta-m"), "v");
	assert_string_equal(header("x-amz-checksum-type"), "COMPOSITE");
	assert_string_equal(header("x-amz-checksum-algorithm"), "");
	check_ask("PUT /buck/k", "", "x", "200");
	check_ask(complete, "", PARTS(1, 0, 5, 2), "404 NoSuchUpload");

	free(part);
}

/* A checksum of the whole; an abort; a bucket that goes with its uploads. */
static void test_multipart_ends(void **state)
{
	(void)state;
	char id[64], line[256], sent[1024];
	check_ask("PUT /buck", "", "", "200");
	check_ask("POST /buck/w?uploads", "x-amz-checksum-algorithm: CRC32\nx-amz-checksum-type: FULL_OBJECT\n", "",
		  "200");
	snprintf(id, sizeof id, "%s", between("<UploadId>", "</UploadId>"));
	check_ask(LINE("PUT /buck/w?uploadId=%s&partNumber=7", id), "", "hello world", "200");
	snprintf(sent, sizeof sent,
		 "<CompleteMultipartUpload><Part><PartNumber>7</PartNumber><ETag>" HELLO_MD5
		 "</ETag></Part></CompleteMultipartUpload>");
	check_ask(LINE("POST /buck/w?uploadId=%s", id), "x-amz-checksum-crc32: DUoRhA==\n", sent, "400 BadDigest");
	check_ask(LINE("POST /buck/w?uploadId=%s", id), "x-amz-checksum-crc32: DUoRhQ==\n", sent, "200");
	check_says("<ChecksumCRC32>DUoRhQ==</ChecksumCRC32><ChecksumType>FULL_OBJECT</ChecksumType>");
	check_ask("DELETE /buck/w", "", "", "204");
	assert_int_equal(count_contents(), 0);
	for (int i = 0; i < 2; i++) {
		check_ask("POST /buck/w?uploads", "", "", "200");
		snprintf(id, sizeof id, "%s", between("<UploadId>", "</UploadId>"));
		check_ask(LINE("PUT /buck/w?uploadId=%s&partNumber=7", id), "", "hello world", "200");
		if (i == 0)
			check_ask(LINE("DELETE /buck/w?uploadId=%s", id), "", "", "204");
		else
			check_ask("DELETE /buck", "", "", "204");
		check_ask(LINE("PUT /buck/w?uploadId=%s&partNumber=7", id), "", "x",
			  i == 0 ? "404 NoSuchUpload" : "404 NoSuchBucket");
		assert_int_equal(count_contents(), 0);
	}
}

static void test_copy(void **state)
{
	(void)state;
	char line[256];
	check_ask("PUT /buck", "", "", "200");
	check_ask("PUT /other", "", "", "200");
	check_ask("PUT /buck/a%20%C3%A4+",
		  "Content-Type: a/b\nx-amz-meta-m: v\nx-amz-tagging: t=1\nx-amz-storage-class: GLACIER\n",
		  "hello world", "200");
	static const struct {
		const char *headers, *expected;
	} table[] = {
		{"x-amz-copy-source: /buck/a%20%C3%A4+\n", "200"},
		{"x-amz-copy-source: buck/a%20%C3%A4%2B\n", "200"},
		{"x-amz-copy-source: buck/a%20%C3%A4+?versionId=null\n", "200"},
		{"x-amz-copy-source: buck/a%20%C3%A4+?versionId=7\n", "400 InvalidArgument"},
		{"x-amz-copy-source: buck/none\n", "404 NoSuchKey"},
		{"x-amz-copy-source: none/none\n", "404 NoSuchBucket"},
		{"x-amz-copy-source: buck\n", "400 InvalidArgument"},
		{"x-amz-copy-source: buck/\n", "400 InvalidArgument"},
		{"x-amz-copy-source: /\n", "400 InvalidArgument"},
		{"x-amz-copy-source: \n", "400 InvalidArgument"},
		{"x-amz-copy-source: buck/%zz\n", "400 InvalidArgument"},
		{"x-amz-copy-source: buck/%00\n", "400 InvalidArgument"},
		{"x-amz-copy-source: ../../x\n", "400 InvalidBucketName"},
		{"x-amz-copy-source: buck/a%20%C3%A4+\nx-amz-metadata-directive: MIX\n", "400 InvalidArgument"},
		{"x-amz-copy-source: buck/a%20%C3%A4+\nx-amz-copy-source-if-match: \"x\"\n", "412 PreconditionFailed"},
		{"x-amz-copy-source: buck/a%20%C3%A4+\nx-amz-copy-source-if-none-match: " HELLO_MD5 "\n",
		 "412 PreconditionFailed"},
		{"x-amz-copy-source: buck/a%20%C3%A4+\nx-amz-checksum-algorithm: CRC32\n", "200"},
	};
	for (size_t i = 0; i < COUNT(table); i++)
		check_outcome(outcome(ask("PUT /other/copy", table[i].headers, "")), table[i].expected,
			      table[i].headers, __FILE__, __LINE__);
	check_says("<ETag>&quot;" HELLO_MD5 "&quot;</ETag><ChecksumCRC32>DUoRhQ==</ChecksumCRC32></CopyObjectResult>");
	check_ask("GET /other/copy", "", "", "200");
	check_str(hc_buf_view(&body), "hello world");
	assert_string_equal(header("Content-Type"), "a/b");
	assert_string_equal(header("x-amz-meta-m"), "v");
	assert_string_equal(header("x-amz-tagging-count"), "1");
	assert_string_equal(header("x-amz-storage-class"), "");
	assert_int_equal(count_contents(), 1); /* shared */
	check_ask("PUT /other/new",
		  "x-amz-copy-source: other/copy\nx-amz-metadata-directive: REPLACE\nx-amz-meta-n: w\n"
		  "x-amz-tagging-directive: REPLACE\n",
		  "", "200");
	check_ask("GET /other/new", "", "", "200");
	assert_string_equal(header("Content-Type"), "binary/octet-stream");
	assert_string_equal(header("x-amz-meta-m"), "");
	assert_string_equal(header("x-amz-meta-n"), "w");
	assert_string_equal(header("x-amz-tagging-count"), "");
	/* onto itself: only with a change */
	check_ask("PUT /other/new", "x-amz-copy-source: other/new\n", "", "400 InvalidRequest");
	check_ask("PUT /other/new", "x-amz-copy-source: other/new\nx-amz-storage-class: STANDARD_IA\n", "", "200");
	check_ask("GET /other/new", "", "", "200");
	assert_string_equal(header("x-amz-meta-n"), "w");
	check_str(hc_buf_view(&body), "hello world");
	/* the last one takes the content along */
	check_ask("DELETE /buck/a%20%C3%A4+", "", "", "204");
	check_ask("DELETE /other/new", "", "", "204");
	check_ask("GET /other/copy", "", "", "200");
	check_str(hc_buf_view(&body), "hello world");

	check_ask("POST /buck/mp?uploads", "", "", "200");
	LINE("PUT /buck/mp?partNumber=1&uploadId=%s", between("<UploadId>", "</UploadId>"));
	check_ask(line, "x-amz-copy-source: other/copy\nx-amz-copy-source-range: bytes=6-10\n", "", "200");
	check_says("<ETag>&quot;7d793037a0760186574b0282f2f435e7&quot;</ETag></CopyPartResult>");
	static const char *const ranges[] = {"bytes=6-11", "bytes=6-", "bytes=-5", "6-10", "bytes=11-12", "bytes=3-2"};
	for (size_t i = 0; i < COUNT(ranges); i++) {
		char headers[128];
		snprintf(headers, sizeof headers, "x-amz-copy-source: other/copy\nx-amz-copy-source-range: %s\n",
			 ranges[i]);
		check_ask(line, headers, "", "400 InvalidArgument");
	}
	check_ask("DELETE /other/copy", "", "", "204");
	check_ask("DELETE /buck", "", "", "204");
	assert_int_equal(count_contents(), 0);
}

static void test_dropped_and_full(void **state)
{
	(void)state;
	check_ask("PUT /buck", "", "", "200");
	/* the client goes away in the middle */
	const struct hc_http_header list[] = {{HC_STR("Content-Length"), HC_STR("100")}};
	const struct hc_http_request http = {
		.method = HC_STR("PUT"), .path = HC_STR("/buck/k"), .headers = list, .n_headers = 1};
	const struct hc_s3_request request = {&server,     &http, NOW_US, "R",  HC_STR("buck"),
					      HC_STR("k"), false, {0},    NULL, {0}};
	struct hc_s3 *s = hc_s3_begin(&request, &reply);
	assert_non_null(s);
	assert_true(hc_s3_body(s, "half", 4, &reply));
	hc_s3_drop(s);
	assert_int_equal(count_contents(), 0);
	/* a disk that is full */
	enum { ROOM = 1 << 20 };
	struct rlimit before, little;
	getrlimit(RLIMIT_FSIZE, &before);
	little = (struct rlimit){ROOM, before.rlim_max};
	signal(SIGXFSZ, SIG_IGN);
	char *large = calloc(1, 2 * ROOM);
	setrlimit(RLIMIT_FSIZE, &little);
	unsigned status = ask_of("PUT /buck/k", "", (struct hc_str){large, 2 * ROOM});
	setrlimit(RLIMIT_FSIZE, &before);
	free(large);
	assert_string_equal(outcome(status), "507 InsufficientStorage");
	check_says("disk");
	assert_int_equal(count_contents(), 0);
	check_ask("GET /buck/k", "", "", "404 NoSuchKey");
	check_ask("PUT /buck/k", "", "x", "200");
}

static const char *const methods[] = {"GET", "PUT", "POST", "DELETE", "HEAD", "PATCH"};
static const char *const paths[] = {"/", "/buck", "/buck/k", "/buck/k/", "/none", "/none/k", "/B", "/buck/%00"};
static const char *const queries[] = {
	"uploads",
	"uploadId=x",
	"partNumber=1",
	"delete",
	"list-type=2",
	"location",
	"prefix=k",
	"delimiter=/",
	"max-keys=1",
	"versionId=x",
	"versionId=null",
	"tagging",
	"acl",
	"versions",
	"encoding-type=url",
	"marker=k",
	"continuation-token=aw%3D%3D",
	"response-expires=%0A",
	"key-marker=k",
	"part-number-marker=1",
	"x-id=GetObject",
	"partNumber=",
};
static const char *const headers[] = {
	"x-amz-copy-source: buck/k",
	"x-amz-copy-source: buck",
	"x-amz-copy-source-range: bytes=0-1",
	"x-amz-metadata-directive: REPLACE",
	"x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER",
	"x-amz-content-sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
	"x-amz-content-sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	"x-amz-decoded-content-length: 5",
	"x-amz-trailer: x-amz-checksum-crc32",
	"x-amz-checksum-crc32: DUoRhQ==",
	"x-amz-checksum-algorithm: SHA256",
	"x-amz-checksum-type: FULL_OBJECT",
	"Content-MD5: XrY7u+Ae7tCTyyK7j1rNww==",
	"Range: bytes=0-1",
	"If-Match: *",
	"If-None-Match: *",
	"x-amz-meta-a: b",
	"x-amz-tagging: a=b",
	"x-amz-checksum-mode: ENABLED",
	"Content-Length: 3",
	"Expect: 100-continue",
	"Content-Encoding: aws-chunked",
};
static const char one_part[] = "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>x</ETag></"
			       "Part></CompleteMultipartUpload>";
static const char *const bodies[] = {
	"",
	"x",
	"hello world",
	"5\r\nhello\r\n0\r\n\r\n",
	"0\r\n\r\n",
	"<Delete><Object><Key>k</Key></Object></Delete>",
	one_part,
	"<CreateBucketConfiguration/>",
	"<a",
};

/* Whatever is asked, there is an answer. */
static void test_nonsense(void **state)
{
	(void)state;
	const char *rounds = getenv("HC_TEST_ROUNDS");
	uint64_t random = 9;
	check_ask("PUT /buck", "", "", "200");
	for (long i = rounds ? strtol(rounds, NULL, 10) : 3000; i > 0; i--) {
		char line[512], text[2048] = "";
		snprintf(line, sizeof line, "%s %s", methods[check_random(&random) % COUNT(methods)],
			 paths[check_random(&random) % COUNT(paths)]);
		for (uint64_t k = check_random(&random) % 4, n = 0; n < k; n++) {
			strcat(line, n ? "&" : "?");
			strcat(line, queries[check_random(&random) % COUNT(queries)]);
		}
		for (uint64_t k = check_random(&random) % 5; k > 0; k--) {
			strcat(text, headers[check_random(&random) % COUNT(headers)]);
			strcat(text, "\n");
		}
		unsigned status = ask(line, text, bodies[check_random(&random) % COUNT(bodies)]);
		if (status < 200 || status == 500 || status > 507)
			fail_msg("%s\n%s: %u %.*s", line, text, status, HC_STR_ARG(hc_buf_view(&body)));
		assert_false(reply.failed);
		if (strncmp(line, "HEAD", 4) == 0)
			assert_true(reply.head && body.n == 0);
	}
}

#define with_server(test) cmocka_unit_test_setup_teardown(test, open_server, close_server)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_server(test_buckets),    with_server(test_put_and_get),
		with_server(test_keys),       with_server(test_ranges_and_conditions),
		cmocka_unit_test(test_dates), with_server(test_digests),
		with_server(test_chunked),    with_server(test_signed_chunks),
		with_server(test_listing),    with_server(test_delete_objects),
		with_server(test_multipart),  with_server(test_multipart_ends),
		with_server(test_copy),       with_server(test_dropped_and_full),
		with_server(test_nonsense),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
