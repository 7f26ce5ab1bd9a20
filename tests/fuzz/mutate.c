#include "mutate.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

#define TOKEN(text)                      \
	{                                \
		(text), sizeof(text) - 1 \
	}
#define RAW "@RAW@" /* stands in a tree for what jansson cannot write */

static uint64_t state;

void mutate_seed(uint64_t seed)
{
	state = hc_mix64(seed);
}

uint64_t mutate_random(void)
{
	state += UINT64_C(0x9e3779b97f4a7c15);
	return hc_mix64(state);
}

size_t mutate_below(size_t n)
{
	return n ? (size_t)(mutate_random() % n) : 0;
}

static bool one_in(size_t n)
{
	return mutate_below(n) == 0;
}

void mutate_free(struct mutate_request *r)
{
	hc_buf_free(&r->method);
	hc_buf_free(&r->path);
	hc_buf_free(&r->query);
	hc_buf_free(&r->body);
	for (size_t i = 0; i < r->n_headers; i++) {
		hc_buf_free(&r->headers[i].name);
		hc_buf_free(&r->headers[i].value);
	}
	*r = (struct mutate_request){.n_headers = 0};
}

void mutate_add_header(struct mutate_request *r, struct hc_str name, struct hc_str value)
{
	if (r->n_headers == MUTATE_HEADERS_MAX)
		return;
	struct mutate_header *h = &r->headers[r->n_headers++];
	*h = (struct mutate_header){HC_BUF(MUTATE_TEXT_MAX), HC_BUF(MUTATE_TEXT_MAX)};
	hc_buf_str(&h->name, name);
	hc_buf_str(&h->value, value);
}

/* --- bytes -------------------------------------------------------------------------------------- */

static const struct hc_str tokens[] = {
	TOKEN("\0"),
	TOKEN("%00"),
	TOKEN("%2e%2e%2f"),
	TOKEN(".."),
	TOKEN("../"),
	TOKEN("/"),
	TOKEN("//"),
	TOKEN("%"),
	TOKEN("%zz"),
	TOKEN("%F0%9F%98%80"),
	TOKEN("%ff"),
	TOKEN("%C0%80"),
	TOKEN("\xff\xfe"),
	TOKEN("\xc0\x80"),
	TOKEN("\xed\xa0\x80"),
	TOKEN("\xc3\xa9"),
	TOKEN("\xe2\x80\xae"),
	TOKEN("\xf0\x9f\x98\x80"),
	TOKEN("\\u0000"),
	TOKEN("\\ud800"),
	TOKEN("\\"),
	TOKEN("\""),
	TOKEN("{"),
	TOKEN("}"),
	TOKEN("["),
	TOKEN("]"),
	TOKEN(","),
	TOKEN(":"),
	TOKEN("null"),
	TOKEN("true"),
	TOKEN("-1"),
	TOKEN("0"),
	TOKEN("1"),
	TOKEN("10001"),
	TOKEN("1e999"),
	TOKEN("-0.0"),
	TOKEN("99999999999999999999"),
	TOKEN("2147483648"),
	TOKEN("4294967296"),
	TOKEN("9223372036854775807"),
	TOKEN("-9223372036854775808"),
	TOKEN("18446744073709551615"),
	TOKEN("NaN"),
	TOKEN("Infinity"),
	TOKEN("s3://"),
	TOKEN("s3://bkt/../x"),
	TOKEN("s3://bkt/a"),
	TOKEN("arn:aws:sagemaker:us-west-2:123456789012:endpoint/ep"),
	TOKEN("cron(0 * ? * * *)"),
	TOKEN("cron(0/5 25 ? * * *)"),
	TOKEN("NOW"),
	TOKEN("-PT1H"),
	TOKEN("-P99999999999D"),
	TOKEN("2026-01-01T00:00:00Z"),
	TOKEN("9999-12-31T23:59:60Z"),
	TOKEN("&"),
	TOKEN("="),
	TOKEN("+"),
	TOKEN(";"),
	TOKEN("<"),
	TOKEN(">"),
	TOKEN("</"),
	TOKEN("<!DOCTYPE a [<!ENTITY b \"c\">]>"),
	TOKEN("<![CDATA["),
	TOKEN("]]>"),
	TOKEN("&amp;"),
	TOKEN("&#0;"),
	TOKEN("&#x110000;"),
	TOKEN("&b;"),
	TOKEN("<Object><Key>a</Key></Object>"),
	TOKEN("<Part><PartNumber>1</PartNumber><ETag>x</ETag></Part>"),
	TOKEN(".member.1"),
	TOKEN(".member.0"),
	TOKEN(".member.999999999999"),
	TOKEN(".entry.1.key"),
	TOKEN("&MetricData.member.2.Value="),
	TOKEN("\r\n"),
	TOKEN("\n"),
	TOKEN("0\r\n\r\n"),
	TOKEN("0\r\n"),
	TOKEN("5\r\n"),
	TOKEN("ffffffffffffffff\r\n"),
	TOKEN(";chunk-signature="),
	TOKEN("x-amz-checksum-crc32:AAAAAA==\r\n"),
	TOKEN("bytes="),
	TOKEN("bytes=-0"),
	TOKEN("bytes=5-1"),
	TOKEN("bytes=0-18446744073709551615"),
	TOKEN("bytes=0-0,2-3"),
	TOKEN("*"),
	TOKEN("W/\"\""),
	TOKEN("?"),
	TOKEN("#"),
	TOKEN(" "),
	TOKEN("x-amz-meta-"),
	TOKEN("hindcast_max_bad_records"),
	TOKEN("hindcast_"),
	TOKEN("ep"),
	TOKEN("def"),
	TOKEN("now"),
	TOKEN("job"),
	TOKEN("bkt"),
};

static struct hc_str token(void)
{
	return tokens[mutate_below(sizeof tokens / sizeof *tokens)];
}

/* Puts `piece` in place of b's bytes [from, to). */
static void splice(struct hc_buf *b, size_t from, size_t to, struct hc_str piece)
{
	struct hc_buf out = HC_BUF(MUTATE_TEXT_MAX);
	hc_buf_put(&out, b->p, from);
	hc_buf_str(&out, piece);
	hc_buf_put(&out, b->n > to ? b->p + to : "", b->n - to);
	if (out.failed) {
		hc_buf_free(&out);
		return;
	}
	hc_buf_free(b);
	*b = out;
}

static void repeat(struct hc_buf *out, struct hc_str piece, size_t times)
{
	for (size_t i = 0; i < times && out->n < MUTATE_TEXT_MAX / 2; i++)
		hc_buf_str(out, piece);
}

/* Long ones are rare, for they take time. */
static size_t length_of_many(void)
{
	static const size_t lengths[] = {2, 16, 64, 65, 255, 256, 257, 1024, 1025, 2049, 5000, 20000, 200000};
	return lengths[mutate_below(one_in(20) ? sizeof lengths / sizeof *lengths : 10)];
}

static void mutate_bytes_once(struct hc_buf *b)
{
	size_t from = mutate_below(b->n + 1), most = b->n - from;
	size_t span = mutate_below((most < 40 || one_in(8) ? most : 40) + 1);
	HC_BUF_SCOPED struct hc_buf piece = HC_BUF(MUTATE_TEXT_MAX);
	switch (mutate_below(8)) {
	case 0:
		if (most)
			b->p[from] = (char)(b->p[from] ^ (1 << mutate_below(8)));
		return;
	case 1:
		splice(b, from, from + span, HC_STR(""));
		return;
	case 2:
		for (size_t n = mutate_below(8) + 1; n > 0; n--)
			hc_buf_char(&piece, (char)mutate_random());
		splice(b, from, from, hc_buf_view(&piece));
		return;
	case 3:
		if (span == 0)
			return;
		repeat(&piece, (struct hc_str){b->p + from, span}, one_in(10) ? length_of_many() / span + 1 : 1);
		splice(b, from, from, hc_buf_view(&piece));
		return;
	case 4:
		if (one_in(3))
			b->n = from;
		return;
	case 5:
		repeat(&piece, token(), one_in(20) ? length_of_many() : 1);
		splice(b, from, from, hc_buf_view(&piece));
		return;
	default:
		splice(b, from, from + span, token());
		return;
	}
}

static void mutate_bytes(struct hc_buf *b)
{
	for (size_t n = mutate_below(4) + 1; n > 0; n--)
		mutate_bytes_once(b);
}

/* --- JSON ----------------------------------------------------------------------------------------- */

static const char *const raws[] = {
	"1e999",
	"-1e999",
	"01",
	"-",
	"+1",
	".5",
	"NaN",
	"Infinity",
	"99999999999999999999",
	"-9223372036854775809",
	"1.0",
	"5.5",
	"1E+2",
	"\"\\u0000\"",
	"\"a\\u0000b\"",
	"\"\\ud800\"",
	"\"\\udc00\\ud800\"",
	"\"\\ud83d\\ude00\"",
	"\"\xff\"",
	"\"\xc0\x80\"",
	"\"\n\"",
	"\"\\x\"",
	"\"open",
	"{\"a\":1,\"a\":2}",
	"{\"\":0}",
	"{a:1}",
	"{\"a\":1,}",
	"[1,]",
	"[,]",
	"tru",
	"",
	"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"
	"]]]]]]]]]]"
	"]]]]]]]]]]]]]]]]]]]]]",
	"{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}}}}}}}",
	"/* */1",
	"1 2",
	"\xef\xbb\xbf{}",
};

enum { PLACES_MAX = 4096 };
struct place {
	json_t *parent;
	const char *key;
	size_t index;
};

static size_t find_places(json_t *tree, struct place *out, size_t n)
{
	const char *key;
	json_t *value;
	size_t i;
	json_object_foreach(tree, key, value)
	{
		if (n < PLACES_MAX)
			out[n++] = (struct place){tree, key, 0};
		n = find_places(value, out, n);
	}
	if (json_is_array(tree)) {
		json_array_foreach(tree, i, value)
		{
			if (n < PLACES_MAX)
				out[n++] = (struct place){tree, NULL, i};
			n = find_places(value, out, n);
		}
	}
	return n;
}

static json_t *get(const struct place *p)
{
	return p->key ? json_object_get(p->parent, p->key) : json_array_get(p->parent, p->index);
}

static void set(const struct place *p, json_t *value)
{
	if (p->key)
		json_object_set_new_nocheck(p->parent, p->key, value);
	else
		json_array_set_new(p->parent, p->index, value);
}

static json_t *long_text(void)
{
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(MUTATE_TEXT_MAX);
	static const char *const letters[] = {"a", "0", "-", "\xc3\xa9", "\xf0\x9f\x98\x80", "a-", "/", " ", "."};
	repeat(&text, hc_str(letters[mutate_below(9)]), length_of_many());
	return json_stringn_nocheck(text.p, text.n);
}

/* Not many of what is large: that takes the time of thousands of others. */
static json_t *many(json_t *of)
{
	static struct place inside[PLACES_MAX];
	json_t *list = json_array();
	size_t most = 4000 / (find_places(of, inside, 0) + 1);
	for (size_t n = length_of_many() % (most + 1); n > 0; n--)
		json_array_append(list, of);
	return list;
}

static json_t *deep(void)
{
	json_t *at = json_integer(1);
	for (size_t n = mutate_below(200); n > 0; n--)
		at = one_in(2) ? json_pack("[o]", at) : json_pack("{so}", "a", at);
	return at;
}

/* A changed text: of the same kind, but for a few bytes. */
static json_t *near_text(json_t *old)
{
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(MUTATE_TEXT_MAX);
	if (json_is_string(old))
		hc_buf_put(&text, json_string_value(old), json_string_length(old));
	mutate_bytes(&text);
	for (size_t i = 0; i < text.n; i++) {
		/* jansson writes UTF-8 only; other bytes are made below the tree */
		if ((unsigned char)text.p[i] >= 0x80)
			text.p[i] = '~';
	}
	return json_stringn_nocheck(text.n ? text.p : "", text.n);
}

static json_t *near_number(json_t *old)
{
	static const double steps[] = {0, -1, 1, 0.5, 1e6, -1e6, 1e300, -1e300, 2147483647, 1e18, 1e-320};
	double value = json_is_number(old) ? json_number_value(old) : 0;
	value += steps[mutate_below(sizeof steps / sizeof *steps)];
	if (one_in(2) && value > -9e18 && value < 9e18)
		return json_integer((json_int_t)value);
	return json_real(value);
}

static json_t *other_value(json_t *old, struct place *places, size_t n)
{
	struct hc_str t;
	switch (mutate_below(14)) {
	case 0:
		return json_null();
	case 1:
		return json_boolean(one_in(2));
	case 2:
		return json_integer((json_int_t)mutate_random());
	case 3:
		return json_array();
	case 4:
		return json_object();
	case 5:
		return long_text();
	case 6:
		return many(old);
	case 7:
		return deep();
	case 8:
		return json_deep_copy(get(&places[mutate_below(n)]));
	case 9:
		t = token();
		return json_stringn_nocheck(t.p, (unsigned char)t.p[0] < 0x80 ? t.n : 0);
	case 10:
		return json_string(RAW);
	case 11:
		return near_number(old);
	default:
		return json_is_number(old) ? near_number(old) : near_text(old);
	}
}

static void change_tree(json_t *tree)
{
	static struct place places[PLACES_MAX];
	size_t n = find_places(tree, places, 0);
	char name[32];
	if (n == 0)
		return;
	const struct place *p = &places[mutate_below(n)];
	switch (mutate_below(8)) {
	case 0:
		if (p->key)
			json_object_del(p->parent, p->key);
		else
			json_array_remove(p->parent, p->index);
		return;
	case 1:
		if (!p->key)
			return;
		snprintf(name, sizeof name, "%s", one_in(3) ? RAW : one_in(2) ? "Unknown" : "tags");
		json_object_set(p->parent, name, get(p));
		return;
	case 2:
		if (json_is_array(p->parent))
			json_array_insert_new(p->parent, p->index, json_deep_copy(get(&places[mutate_below(n)])));
		return;
	default:
		set(p, other_value(get(p), places, n));
		return;
	}
}

/* Where the placeholder is a value its quotes go; as a name it doubles the one beside it. */
static void put_raws(struct hc_buf *text)
{
	for (;;) {
		hc_buf_cstring(text);
		const char *at = text->n ? memmem(text->p, text->n, "\"" RAW "\"", 7) : NULL;
		if (!at)
			return;
		size_t from = (size_t)(at - text->p);
		const char *raw = raws[mutate_below(sizeof raws / sizeof *raws)];
		if (from + 7 < text->n && text->p[from + 7] == ':')
			raw = one_in(2) ? "\"Tags\"" : "\"\\u0000\"";
		splice(text, from, from + 7, hc_str(raw));
	}
}

static void mutate_json(struct hc_buf *body)
{
	json_t *tree = json_loadb(body->n ? body->p : "", body->n, 0, NULL);
	if (!tree) {
		mutate_bytes(body);
		return;
	}
	for (size_t n = mutate_below(3) + 1; n > 0; n--)
		change_tree(tree);
	char *text = json_dumps(tree, JSON_COMPACT | (one_in(2) ? JSON_ENSURE_ASCII : 0));
	json_decref(tree);
	if (!text)
		return;
	hc_buf_reset(body);
	hc_buf_cstr(body, text);
	free(text);
	put_raws(body);
}

/* --- headers --------------------------------------------------------------------------------------- */

static const char *const odd_headers[][2] = {
	{"Content-Encoding", "gzip"},
	{"Content-Encoding", "aws-chunked"},
	{"Content-Encoding", "aws-chunked, gzip,,"},
	{"Content-MD5", "XrY7u+Ae7tCTyyK7j1rNww=="},
	{"Content-MD5", "x"},
	{"Content-Type", "application/x-www-form-urlencoded"},
	{"Content-Type", "multipart/form-data; boundary=x"},
	{"x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"},
	{"x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"},
	{"x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"},
	{"x-amz-content-sha256", "UNSIGNED-PAYLOAD"},
	{"x-amz-content-sha256", "0000000000000000000000000000000000000000000000000000000000000000"},
	{"x-amz-decoded-content-length", "11"},
	{"x-amz-decoded-content-length", "99999999999999999999"},
	{"x-amz-decoded-content-length", "-1"},
	{"x-amz-trailer", "x-amz-checksum-crc32"},
	{"x-amz-trailer", "x-amz-checksum-crc32c,x-amz-checksum-sha256, nothing"},
	{"x-amz-checksum-crc32", "DUoRhQ=="},
	{"x-amz-checksum-crc32c", "AAAAAA=="},
	{"x-amz-checksum-sha1", "?"},
	{"x-amz-checksum-sha256", ""},
	{"x-amz-checksum-crc64nvme", "AAAAAAAAAAA="},
	{"x-amz-checksum-type", "COMPOSITE"},
	{"x-amz-checksum-algorithm", "SHA256"},
	{"x-amz-sdk-checksum-algorithm", "CRC64NVME"},
	{"x-amz-sdk-checksum-algorithm", "nothing"},
	{"x-amz-copy-source", "/bkt/a"},
	{"x-amz-copy-source", "bkt/no%2fsuch?versionId=%00"},
	{"x-amz-copy-source", "/"},
	{"x-amz-copy-source", "arn:aws:s3:us-west-2:123456789012:accesspoint/x/object/y"},
	{"x-amz-copy-source-range", "bytes=0-99999999999"},
	{"x-amz-copy-source-if-match", "\""},
	{"x-amz-metadata-directive", "REPLACE"},
	{"x-amz-meta-", "empty name"},
	{"x-amz-meta-a", "\xc3\xa9\xff"},
	{"x-amz-meta-A", "twice"},
	{"x-amz-tagging", "a=b&a=c&=&%"},
	{"x-amz-server-side-encryption", "aws:kms"},
	{"x-amz-server-side-encryption-customer-algorithm", "AES256"},
	{"x-amz-acl", "public-read"},
	{"x-amz-grant-read", "id=x"},
	{"x-amz-object-lock-mode", "GOVERNANCE"},
	{"x-amz-website-redirect-location", "/x"},
	{"x-amz-storage-class", "GLACIER"},
	{"x-amz-expected-bucket-owner", "000000000000"},
	{"x-amz-mp-object-size", "-5"},
	{"x-amz-write-offset-bytes", "5"},
	{"x-amz-rename-source", "/bkt/a"},
	{"Range", "bytes=5-1"},
	{"Range", "bytes=-99999999999999999999"},
	{"Range", "lines=1-2"},
	{"If-Match", "*"},
	{"If-None-Match", "*"},
	{"If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 GMT"},
	{"If-Unmodified-Since", "yesterday"},
	{"Expires", "never"},
	{"Expect", "100-continue"},
	{"Authorization", "AWS4-HMAC-SHA256 Credential=a/b/c/s3/aws4_request, SignedHeaders=host, Signature=0"},
	{"Authorization",
	 "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-west-2/sagemaker/aws4_request, SignedHeaders=host;x-amz-date, "
	 "Signature=0000000000000000000000000000000000000000000000000000000000000000"},
	{"Authorization", "Basic eDp5"},
	{"x-amz-date", "20260101T000000Z"},
	{"x-amz-date", "20261332T250000Z"},
	{"x-amz-security-token", "x"},
	{"X-Amz-Target", "SageMaker.DescribeModel"},
	{"X-Amz-Target", "SageMaker.CreateTrainingJob"},
	{"X-Amz-Target", "SageMaker."},
	{"X-Amz-Target", ""},
	{"X-Amz-Target", "GraniteServiceVersion20100801.ListMetrics"},
	{"Host", "bkt.s3.us-west-2.amazonaws.com"},
	{"Host", "bkt.localhost:8787"},
	{"Host", "..localhost"},
	{"Host", ".s3.amazonaws.com"},
	{"Host", "[::1]:8787"},
	{"Host", ""},
};

static struct mutate_header *find_header(struct mutate_request *r, struct hc_str name)
{
	for (size_t i = 0; i < r->n_headers; i++)
		if (hc_str_eq_nocase(hc_buf_view(&r->headers[i].name), name))
			return &r->headers[i];
	return NULL;
}

static void put_odd_header(struct mutate_request *r)
{
	const char *const *odd = odd_headers[mutate_below(sizeof odd_headers / sizeof *odd_headers)];
	struct mutate_header *old = find_header(r, hc_str(odd[0]));
	/* There is never more than one Host */
	if (old && (strcmp(odd[0], "Host") == 0 || one_in(2))) {
		hc_buf_reset(&old->value);
		hc_buf_cstr(&old->value, odd[1]);
		return;
	}
	mutate_add_header(r, hc_str(odd[0]), hc_str(odd[1]));
}

static void remove_header(struct mutate_request *r, size_t i)
{
	hc_buf_free(&r->headers[i].name);
	hc_buf_free(&r->headers[i].value);
	memmove(&r->headers[i], &r->headers[i + 1], (r->n_headers - i - 1) * sizeof *r->headers);
	r->n_headers--;
}

static void mutate_headers(struct mutate_request *r)
{
	size_t i = mutate_below(r->n_headers);
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(MUTATE_TEXT_MAX);
	if (r->n_headers == 0 || one_in(2)) {
		put_odd_header(r);
		return;
	}
	struct mutate_header *h = &r->headers[i];
	bool host = hc_str_eq_nocase(hc_buf_view(&h->name), HC_STR("Host"));
	switch (mutate_below(6)) {
	case 0:
		if (!host || one_in(4))
			remove_header(r, i);
		return;
	case 1:
		if (!host)
			mutate_add_header(r, hc_buf_view(&h->name), hc_buf_view(&h->value));
		return;
	case 2:
		repeat(&text, token(), length_of_many() % 5000);
		splice(&h->value, 0, h->value.n, hc_buf_view(&text));
		return;
	case 3:
		if (!host)
			mutate_bytes_once(&h->name);
		return;
	default:
		mutate_bytes(&h->value);
		return;
	}
}

/* --- targets ---------------------------------------------------------------------------------------- */

static const char *const odd_keys[] = {
	"..",
	"../../etc/passwd",
	"%2e%2e/%2e%2e/x",
	"a%00b",
	"/absolute",
	"//",
	"%",
	"%4",
	"a/./b",
	"%E2%80%AE",
	"%ED%A0%80",
	"%FF",
	"\xff",
	"a%0Ab",
	"%5C..%5C",
	".",
	"%F0%9F%98%80",
	"b/",
	"%20",
	"+",
	"objects/incoming/x",
	"catalog.db",
	"a%01%1f%7f",
	"%EF%BF%BE",
	"%EF%BF%BF",
};
static const char *const odd_parameters[] = {
	"list-type=2",
	"prefix=%00",
	"prefix=b%2F",
	"delimiter=%2F",
	"delimiter=ab",
	"delimiter=%FF",
	"marker=%FF",
	"start-after=%F4%8F%BF%BF",
	"continuation-token=",
	"continuation-token=%00",
	"continuation-token=AAAA",
	"max-keys=0",
	"max-keys=-1",
	"max-keys=99999999999999999999",
	"encoding-type=url",
	"encoding-type=x",
	"uploadId=x",
	"uploadId=00000000000000000000000000000000",
	"partNumber=0",
	"partNumber=10001",
	"partNumber=1",
	"uploads",
	"delete",
	"acl",
	"tagging",
	"versions",
	"versionId=null",
	"versionId=x",
	"location",
	"policy",
	"torrent",
	"restore",
	"response-content-type=%0D%0Ax:%20y",
	"response-expires=%00",
	"response-cache-control=%C3%A9",
	"x-id=GetObject",
	"X-Amz-Algorithm=AWS4-HMAC-SHA256",
	"X-Amz-Signature=0",
	"X-Amz-Credential=x",
	"max-parts=0",
	"part-number-marker=-1",
	"max-uploads=0",
	"key-marker=%FF",
	"upload-id-marker=%00",
	"fetch-owner=maybe",
	"=",
	"&&",
	"%=%",
};
static const char *const odd_methods[] = {"GET",   "PUT",   "POST", "DELETE",   "HEAD", "OPTIONS",
					  "PATCH", "TRACE", "get",  "PROPFIND", "X",    "DELETEDELETEDELETEDELETE"};

static void mutate_path(struct mutate_request *r)
{
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(MUTATE_TEXT_MAX);
	switch (mutate_below(5)) {
	case 0:
		hc_buf_cstr(&text, "/bkt/");
		repeat(&text, hc_str(odd_keys[mutate_below(sizeof odd_keys / sizeof *odd_keys)]),
		       one_in(5) ? length_of_many() % 1500 : 1);
		splice(&r->path, 0, r->path.n, hc_buf_view(&text));
		return;
	case 1:
		hc_buf_cstr(&text, "/");
		hc_buf_cstr(&text, odd_keys[mutate_below(sizeof odd_keys / sizeof *odd_keys)]);
		splice(&r->path, 0, r->path.n, hc_buf_view(&text));
		return;
	case 2:
		hc_buf_char(&r->path, '/');
		hc_buf_cstr(&r->path, odd_keys[mutate_below(sizeof odd_keys / sizeof *odd_keys)]);
		return;
	default:
		mutate_bytes(&r->path);
		return;
	}
}

static void mutate_query(struct mutate_request *r)
{
	const char *odd = odd_parameters[mutate_below(sizeof odd_parameters / sizeof *odd_parameters)];
	if (one_in(3)) {
		mutate_bytes(&r->query);
		return;
	}
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(MUTATE_TEXT_MAX);
	hc_buf_cstr(&text, odd);
	hc_buf_char(&text, '&');
	if (one_in(2))
		splice(&r->query, 0, 0, hc_buf_view(&text));
	else {
		hc_buf_char(&r->query, '&');
		repeat(&r->query, hc_str(odd), one_in(20) ? 100 : 1);
	}
}

/* --- all ------------------------------------------------------------------------------------------------ */

/* Elements of XML within each other, or beside. */
static void mutate_xml(struct hc_buf *body)
{
	HC_BUF_SCOPED struct hc_buf piece = HC_BUF(MUTATE_TEXT_MAX);
	const char *open = body->n ? memchr(body->p, '<', body->n) : NULL;
	if (!open || one_in(2)) {
		mutate_bytes(body);
		return;
	}
	size_t from = mutate_below(body->n), to;
	while (from > 0 && body->p[from] != '<')
		from--;
	to = from;
	while (to < body->n && body->p[to] != '>')
		to++;
	to += to < body->n;
	struct hc_str element = {body->p + from, to - from};
	repeat(&piece, element, one_in(3) ? length_of_many() % 3000 : mutate_below(3));
	splice(body, from, to, hc_buf_view(&piece));
}

/* What the HTTP server refuses is not there. */
static void make_passable(struct mutate_request *r)
{
	for (size_t i = 0; i < r->n_headers; i++) {
		struct mutate_header *h = &r->headers[i];
		/* A limit of the server on all headers */
		h->name.n = h->name.n < 200 ? h->name.n : 200;
		h->value.n = h->value.n < 20000 ? h->value.n : 20000;
		for (size_t k = 0; k < h->name.n; k++) {
			unsigned char c = (unsigned char)h->name.p[k];
			if (c <= ' ' || c >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", c))
				h->name.p[k] = 'x';
		}
		if (h->name.n == 0)
			hc_buf_cstr(&h->name, "x");
		for (size_t k = 0; k < h->value.n; k++) {
			unsigned char c = (unsigned char)h->value.p[k];
			if ((c < ' ' && c != '\t') || c == 0x7f)
				h->value.p[k] = '.';
		}
		struct hc_str name = hc_buf_view(&h->name);
		if (hc_str_eq_nocase(name, HC_STR("content-length")) ||
		    hc_str_eq_nocase(name, HC_STR("transfer-encoding")))
			h->name.p[0] = 'x';
	}
	struct hc_buf *parts[] = {&r->path, &r->query};
	for (size_t i = 0; i < 2; i++) {
		for (size_t k = 0; k < parts[i]->n; k++) {
			unsigned char c = (unsigned char)parts[i]->p[k];
			if (c <= ' ' || c == 0x7f || (i == 0 && c == '?'))
				parts[i]->p[k] = '_';
		}
		parts[i]->n = parts[i]->n < 15000 ? parts[i]->n : 15000;
	}
	if (r->path.n == 0 || r->path.p[0] != '/')
		splice(&r->path, 0, 0, HC_STR("/"));
}

static void mutate_body(struct mutate_request *r)
{
	char first = r->body.n ? r->body.p[0] : '\0';
	if (first == '{' && !one_in(4))
		mutate_json(&r->body);
	else if (first == '<')
		mutate_xml(&r->body);
	else
		mutate_bytes(&r->body);
}

static void mutate_once(struct mutate_request *r)
{
	size_t choice = mutate_below(100);
	if (!r->is_s3) {
		if (choice < 80)
			mutate_body(r);
		else if (choice < 96)
			mutate_headers(r);
		else if (choice < 98)
			mutate_query(r);
		else
			mutate_path(r);
		return;
	}
	if (choice < 30 && r->body.n)
		mutate_body(r);
	else if (choice < 60)
		mutate_headers(r);
	else if (choice < 78)
		mutate_query(r);
	else if (choice < 97)
		mutate_path(r);
	else {
		hc_buf_reset(&r->method);
		hc_buf_cstr(&r->method, odd_methods[mutate_below(sizeof odd_methods / sizeof *odd_methods)]);
	}
}

void mutate(struct mutate_request *r)
{
	for (size_t n = one_in(3) ? mutate_below(4) + 1 : 1; n > 0; n--)
		mutate_once(r);
	make_passable(r);
}
