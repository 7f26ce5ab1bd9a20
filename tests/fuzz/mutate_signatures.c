/*
 * Signed requests, changed in one place behind the signer's back: none may be accepted.
 *
 *     mutate_signatures COUNT SEED
 *
 * A signer of its own, written after AWS's documentation and not after src/sign, signs requests to JSON services and to S3, by header, in the
 * query, and chunk by chunk. As they stand all are accepted. Then COUNT times for each, something that the signature holds is changed:
 * it must be refused with 4xx, and nothing of it may be stored. Bytes of the Authorization header are changed at random too: what is
 * accepted then must say the same as before.
 */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "api/api.h"
#include "base/hash.h"
#include "sys/clock.h"
#include "sys/files.h"

#define KEY "AKIDEXAMPLE"
#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define REGION "us-west-2"
#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

enum { PAIRS_MAX = 24, TEXT = 2048 };

struct pair {
	char name[64], value[TEXT];
};
struct request {
	const char *service;
	char method[16], path[256], body[1024];
	struct pair query[PAIRS_MAX], headers[PAIRS_MAX];
	size_t n_query, n_headers;
	bool presigned, chunked;
};

static char folder[128];
static struct hc_server server;
static struct hc_api api;
static struct hc_http_app app;
static uint64_t state;

static size_t below(size_t n)
{
	state += UINT64_C(0x9e3779b97f4a7c15);
	return n ? (size_t)(hc_mix64(state) % n) : 0;
}

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "%s\n", what);
	exit(2);
}

/* --- the signer ------------------------------------------------------------------------------------- */

static void to_hex(const unsigned char *p, char out[65])
{
	for (size_t i = 0; i < 32; i++)
		snprintf(out + 2 * i, 3, "%02x", p[i]);
}

static void sha256(const char *p, size_t n, char out[65])
{
	unsigned char bits[32];
	unsigned size;
	must(EVP_Digest(p, n, bits, &size, EVP_sha256(), NULL) == 1, "sha256");
	to_hex(bits, out);
}

static void mac(const void *key, size_t n_key, const char *text, unsigned char out[32])
{
	unsigned size;
	must(HMAC(EVP_sha256(), key, (int)n_key, (const unsigned char *)text, strlen(text), out, &size) != NULL,
	     "hmac");
}

static void sign_text(const char *date, const char *service, const char *text, char out[65])
{
	unsigned char a[32], b[32];
	mac("AWS4" SECRET, strlen("AWS4" SECRET), date, a);
	mac(a, 32, REGION, b);
	mac(b, 32, service, a);
	mac(a, 32, "aws4_request", b);
	mac(b, 32, text, a);
	to_hex(a, out);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct pair *)a)->name, ((const struct pair *)b)->name);
}

static void add(struct pair *pairs, size_t *n, const char *name, const char *value)
{
	must(*n < PAIRS_MAX, "too many");
	snprintf(pairs[*n].name, sizeof pairs->name, "%s", name);
	snprintf(pairs[(*n)++].value, sizeof pairs->value, "%s", value);
}

static struct pair *find(struct pair *pairs, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(pairs[i].name, name) == 0)
			return &pairs[i];
	return NULL;
}

static void print_query(const struct request *r, char *out, size_t size)
{
	size_t at = 0;
	out[0] = '\0';
	for (size_t i = 0; i < r->n_query; i++)
		at += (size_t)snprintf(out + at, size - at, "%s%s=%s", i ? "&" : "", r->query[i].name,
				       r->query[i].value);
}

static void name_headers(const struct request *r, char *out, size_t size)
{
	size_t at = 0;
	for (size_t i = 0; i < r->n_headers; i++)
		at += (size_t)snprintf(out + at, size - at, "%s%s", i ? ";" : "", r->headers[i].name);
}

/* All headers are in lower case, and all are signed. */
static void print_canonical(const struct request *r, const char *payload, char *out, size_t size)
{
	char query[8192], names[1024];
	size_t at = 0;
	print_query(r, query, sizeof query);
	name_headers(r, names, sizeof names);
	at += (size_t)snprintf(out + at, size - at, "%s\n%s\n%s\n", r->method, r->path, query);
	for (size_t i = 0; i < r->n_headers; i++)
		at += (size_t)snprintf(out + at, size - at, "%s:%s\n", r->headers[i].name, r->headers[i].value);
	snprintf(out + at, size - at, "\n%s\n%s", names, payload);
}

static void sign_canonical(const struct request *r, const char *date, const char *payload, char out[65])
{
	static char canonical[65536];
	char hash[65], text[512];
	print_canonical(r, payload, canonical, sizeof canonical);
	sha256(canonical, strlen(canonical), hash);
	snprintf(text, sizeof text, "AWS4-HMAC-SHA256\n%s\n%.8s/" REGION "/%s/aws4_request\n%s", date, date, r->service,
		 hash);
	char day[9];
	snprintf(day, sizeof day, "%.8s", date);
	sign_text(day, r->service, text, out);
}

/* The body becomes chunks, each signed. */
static void sign_chunks(struct request *r, const char *date, const char *seed)
{
	static const char *const pieces[] = {"hello ", "world", ""};
	char previous[65], hash[65], text[512], day[9];
	size_t at = 0;
	snprintf(previous, sizeof previous, "%s", seed);
	snprintf(day, sizeof day, "%.8s", date);
	for (size_t i = 0; i < 3; i++) {
		sha256(pieces[i], strlen(pieces[i]), hash);
		snprintf(text, sizeof text,
			 "AWS4-HMAC-SHA256-PAYLOAD\n%s\n%s/" REGION "/s3/aws4_request\n%s\n" EMPTY_SHA256 "\n%s", date,
			 day, previous, hash);
		sign_text(day, "s3", text, previous);
		at += (size_t)snprintf(r->body + at, sizeof r->body - at, "%zx;chunk-signature=%s\r\n%s\r\n",
				       strlen(pieces[i]), previous, pieces[i]);
	}
}

static void print_date(int64_t at_s, char out[17])
{
	struct tm tm;
	time_t t = (time_t)at_s;
	gmtime_r(&t, &tm);
	must(strftime(out, 17, "%Y%m%dT%H%M%SZ", &tm) == 16, "a date");
}

static void sign(struct request *r)
{
	char date[17], hash[65], signature[65], text[TEXT], names[1024];
	print_date(hc_clock_now_us() / 1000000, date);
	sha256(r->body, strlen(r->body), hash);
	if (r->presigned) {
		snprintf(text, sizeof text, KEY "%%2F%.8s%%2F" REGION "%%2F%s%%2Faws4_request", date, r->service);
		add(r->query, &r->n_query, "X-Amz-Algorithm", "AWS4-HMAC-SHA256");
		add(r->query, &r->n_query, "X-Amz-Credential", text);
		add(r->query, &r->n_query, "X-Amz-Date", date);
		add(r->query, &r->n_query, "X-Amz-Expires", "600");
		name_headers(r, names, sizeof names);
		snprintf(text, sizeof text, "%s", names);
		for (char *semicolon; (semicolon = strchr(text, ';')) != NULL;) {
			char rest[TEXT];
			snprintf(rest, sizeof rest, "%s", semicolon + 1);
			snprintf(semicolon, sizeof text - (size_t)(semicolon - text), "%%3B%s", rest);
		}
		add(r->query, &r->n_query, "X-Amz-SignedHeaders", text);
		qsort(r->query, r->n_query, sizeof *r->query, by_name);
		sign_canonical(r, date, "UNSIGNED-PAYLOAD", signature);
		add(r->query, &r->n_query, "X-Amz-Signature", signature);
		return;
	}
	if (strcmp(r->service, "s3") == 0)
		add(r->headers, &r->n_headers, "x-amz-content-sha256",
		    r->chunked ? "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" : hash);
	add(r->headers, &r->n_headers, "x-amz-date", date);
	qsort(r->query, r->n_query, sizeof *r->query, by_name);
	qsort(r->headers, r->n_headers, sizeof *r->headers, by_name);
	sign_canonical(r, date, r->chunked ? "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" : hash, signature);
	if (r->chunked)
		sign_chunks(r, date, signature);
	name_headers(r, names, sizeof names);
	snprintf(text, sizeof text,
		 "AWS4-HMAC-SHA256 Credential=" KEY "/%.8s/" REGION "/%s/aws4_request, SignedHeaders=%s, Signature=%s",
		 date, r->service, names, signature);
	add(r->headers, &r->n_headers, "authorization", text);
}

/* --- requests ------------------------------------------------------------------------------------------ */

static const char *const kinds[] = {"json POST",     "query POST",    "s3 GET",          "s3 PUT",
				    "presigned GET", "presigned PUT", "s3 PUT in chunks"};
enum { KINDS = sizeof kinds / sizeof *kinds };

static void make(size_t kind, const char *key, struct request *r)
{
	*r = (struct request){.service = kind == 0 ? "sagemaker" : kind == 1 ? "sts" : "s3"};
	add(r->headers, &r->n_headers, "host", "127.0.0.1:8787");
	snprintf(r->path, sizeof r->path, kind < 2 ? "/" : "/bkt/%s", key);
	snprintf(r->method, sizeof r->method, kind < 2 ? "POST" : kind == 2 || kind == 4 ? "GET" : "PUT");
	if (kind == 0) {
		add(r->headers, &r->n_headers, "content-type", "application/x-amz-json-1.1");
		add(r->headers, &r->n_headers, "x-amz-target", "SageMaker.ListModels");
		snprintf(r->body, sizeof r->body, "{\"MaxResults\":10}");
	} else if (kind == 1) {
		add(r->headers, &r->n_headers, "content-type", "application/x-www-form-urlencoded");
		snprintf(r->body, sizeof r->body, "Action=GetCallerIdentity&Version=2011-06-15");
	} else if (kind == 3 || kind == 5) {
		add(r->headers, &r->n_headers, "content-type", "text/plain");
		add(r->headers, &r->n_headers, "x-amz-meta-a", "some thing");
		snprintf(r->body, sizeof r->body, "hello world");
	} else if (kind == 6) {
		add(r->headers, &r->n_headers, "content-encoding", "aws-chunked");
		add(r->headers, &r->n_headers, "x-amz-decoded-content-length", "11");
		r->chunked = true;
	} else {
		add(r->query, &r->n_query, "response-cache-control", "no-store");
		add(r->query, &r->n_query, "response-content-type", "text%2Fcss");
	}
	r->presigned = kind == 4 || kind == 5;
	sign(r);
}

static unsigned send(const struct request *r, struct hc_buf *body)
{
	static char query[65536];
	char length[24];
	struct hc_http_header headers[PAIRS_MAX + 1];
	struct hc_http_reply reply = HC_HTTP_REPLY(1 << 20);
	print_query(r, query, sizeof query);
	struct hc_http_request http = {.method = hc_str(r->method),
				       .path = hc_str(r->path),
				       .query = hc_str(query),
				       .has_query = query[0] != '\0',
				       .headers = headers,
				       .n_headers = r->n_headers,
				       .from_loopback = true};
	for (size_t i = 0; i < r->n_headers; i++)
		headers[i] = (struct hc_http_header){hc_str(r->headers[i].name), hc_str(r->headers[i].value)};
	snprintf(length, sizeof length, "%zu", strlen(r->body));
	headers[http.n_headers++] = (struct hc_http_header){HC_STR("Content-Length"), hc_str(length)};
	void *exchange = app.begin(app.arg, &http, &reply);
	if (exchange && (!r->body[0] || app.body(exchange, r->body, strlen(r->body), &reply)))
		app.finish(exchange, &reply);
	if (body) {
		hc_buf_reset(body);
		hc_buf_str(body, hc_buf_view(&reply.body));
	}
	unsigned status = reply.status;
	hc_http_reply_free(&reply);
	return status;
}

/* --- changes ---------------------------------------------------------------------------------------------- */

/* Another letter or digit in place of one; false where there is none. */
static bool change_letter(char *text, size_t from, size_t to)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	for (size_t tries = 0; tries < 64 && to > from; tries++) {
		char *at = &text[from + below(to - from)];
		char other = letters[below(sizeof letters - 1)];
		/* Behind a '%' it is another byte, and so it is with two spellings of one */
		if (!strchr(letters, *at) || other == *at || (at > text && at[-1] == '%') ||
		    (at > text + 1 && at[-2] == '%'))
			continue;
		*at = other;
		return true;
	}
	return false;
}

static bool change_any_letter(char *text)
{
	return change_letter(text, 0, strlen(text));
}

static void remove_pair(struct pair *pairs, size_t *n, size_t i)
{
	memmove(&pairs[i], &pairs[i + 1], (*n - i - 1) * sizeof *pairs);
	(*n)--;
}

static bool change_date(char *date)
{
	struct tm tm = {0};
	static const int64_t far[] = {1, -1, 60, 800, -800, 1000, 86400, -86400, 700000, -700000};
	if (!strptime(date, "%Y%m%dT%H%M%SZ", &tm))
		return false;
	print_date((int64_t)timegm(&tm) + far[below(sizeof far / sizeof *far)], date);
	return true;
}

static bool change_header(struct request *r)
{
	size_t i = below(r->n_headers);
	struct pair *h = &r->headers[i];
	if (strcmp(h->name, "authorization") == 0) {
		if (below(8) == 0) {
			remove_pair(r->headers, &r->n_headers, i);
			return true;
		}
		/* Key, scope, names or signature; not the words around */
		const char *from = strchr(h->value, '=');
		return from && change_letter(h->value, (size_t)(from - h->value),
					     strlen(h->value)) /* "SignedHeaders", "Signature" too */;
	}
	switch (below(4)) {
	case 0:
		remove_pair(r->headers, &r->n_headers, i);
		return true;
	case 1:
		add(r->headers, &r->n_headers, h->name, "another");
		return true;
	case 2:
		if (strcmp(h->name, "x-amz-date") == 0)
			return change_date(h->value);
		if (strcmp(h->name, "x-amz-content-sha256") == 0) {
			snprintf(h->value, sizeof h->value,
				 below(2) ? "UNSIGNED-PAYLOAD" : "STREAMING-UNSIGNED-PAYLOAD-TRAILER");
			return true;
		}
		snprintf(h->value + strlen(h->value), sizeof h->value - strlen(h->value), "x");
		return true;
	default:
		return change_any_letter(h->value);
	}
}

static bool change_query(struct request *r)
{
	if (r->n_query == 0 || below(4) == 0) {
		static const char *const more[] = {"versionId", "partNumber", "response-expires",
						   "X-Amz-Security-Token"};
		add(r->query, &r->n_query, more[below(4)], "1");
		return true;
	}
	size_t i = below(r->n_query);
	struct pair *q = &r->query[i];
	switch (below(4)) {
	case 0:
		remove_pair(r->query, &r->n_query, i);
		return true;
	case 1:
		add(r->query, &r->n_query, q->name, "1");
		return true;
	case 2:
		if (strcmp(q->name, "X-Amz-Date") == 0)
			return change_date(q->value);
		if (strcmp(q->name, "X-Amz-Expires") == 0) {
			static const char *const lives[] = {"601", "6000", "604800", "604801",
							    "0",   "-600", "600.0",  "99999999999999999999"};
			snprintf(q->value, sizeof q->value, "%s", lives[below(8)]);
			return true;
		}
		return change_any_letter(q->name);
	default:
		return change_any_letter(q->value);
	}
}

static bool change_path(struct request *r)
{
	if (below(2))
		return change_letter(r->path, strlen(r->path) > 5 ? 5 : 0, strlen(r->path));
	snprintf(r->path + strlen(r->path), sizeof r->path - strlen(r->path), below(2) ? "x" : "%%2E");
	return true;
}

/* True when something was changed that the signature holds. */
static bool change(struct request *r)
{
	switch (below(8)) {
	case 0:
		/* The payload of a presigned request is not signed, as with AWS */
		if (r->presigned)
			return false;
		if (below(4) == 0) {
			snprintf(r->body + strlen(r->body), sizeof r->body - strlen(r->body), " ");
			return true;
		}
		return change_any_letter(r->body);
	case 1:
		return change_path(r);
	case 2:
		return change_query(r);
	case 3:
		snprintf(r->method, sizeof r->method, "%s",
			 strcmp(r->method, "PUT") == 0   ? "DELETE"
			 : strcmp(r->method, "GET") == 0 ? "HEAD"
							 : "PUT");
		return true;
	case 4:
		if (strcmp(r->service, "s3") != 0)
			return false;
		add(r->headers, &r->n_headers, below(2) ? "x-amz-copy-source" : "x-amz-acl", "/bkt/good");
		return true;
	default:
		return change_header(r);
	}
}

/* --- what must hold ------------------------------------------------------------------------------------------ */

static void show(const struct request *r, unsigned status, const struct hc_buf *body)
{
	static char query[65536];
	print_query(r, query, sizeof query);
	fprintf(stderr, "WRONG: it got %u\n%s %s?%s\n", status, r->method, r->path, query);
	for (size_t i = 0; i < r->n_headers; i++)
		fprintf(stderr, "%s: %s\n", r->headers[i].name, r->headers[i].value);
	fprintf(stderr, "\n%s\n---\n%.*s\n", r->body, (int)body->n, body->n ? body->p : "");
}

static bool one_change(size_t kind, size_t i)
{
	struct request r;
	HC_BUF_SCOPED struct hc_buf body = HC_BUF(1 << 20);
	char key[32];
	snprintf(key, sizeof key, kind == 2 || kind == 4 ? "good" : "bad%zu", i);
	make(kind, key, &r);
	if (!change(&r))
		return true;
	unsigned status = send(&r, &body);
	if (status >= 400 && status < 500)
		return true;
	show(&r, status, &body);
	return false;
}

static bool read_claim(const struct request *r, struct hc_arena *arena, struct hc_sigv4_claim *out)
{
	struct hc_sigv4_header *headers = hc_arena_take(arena, PAIRS_MAX * sizeof *headers);
	const char *why;
	for (size_t i = 0; headers && i < r->n_headers; i++)
		headers[i] = (struct hc_sigv4_header){hc_str(r->headers[i].name), hc_str(r->headers[i].value)};
	struct hc_sigv4_request request = {.method = hc_str(r->method),
					   .path = hc_str(r->path),
					   .query = HC_STR(""),
					   .headers = headers,
					   .n_headers = r->n_headers};
	return headers && hc_sigv4_read(&request, arena, out, &why) == HC_SIGV4_FINE;
}

/* Bytes of the Authorization header at random: accepted only if it says the same. */
static bool one_scramble(size_t kind)
{
	struct request good, r;
	HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(1 << 20);
	HC_BUF_SCOPED struct hc_buf body = HC_BUF(1 << 20);
	struct hc_sigv4_claim a, b;
	make(kind, "good", &good);
	r = good;
	struct pair *h = find(r.headers, r.n_headers, "authorization");
	for (size_t n = below(3) + 1; h && n > 0; n--) {
		size_t length = strlen(h->value), at = below(length);
		if (below(3) == 0)
			memmove(h->value + at, h->value + at + 1, length - at);
		else
			h->value[at] = (char)(' ' + below(95));
	}
	unsigned status = send(&r, &body);
	if (status >= 400 && status < 500)
		return true;
	if (status == 200 && read_claim(&good, &arena, &a) && read_claim(&r, &arena, &b) &&
	    hc_str_eq(a.access_key, b.access_key) && hc_str_eq(a.date, b.date) && hc_str_eq(a.service, b.service) &&
	    hc_str_eq(a.signed_headers, b.signed_headers) && hc_str_eq(a.signature, b.signature))
		return true;
	show(&r, status, &body);
	return false;
}

static bool nothing_stored(void)
{
	char path[192];
	sqlite3 *db;
	sqlite3_stmt *s = NULL;
	snprintf(path, sizeof path, "%s/catalog.db", folder);
	must(sqlite3_open(path, &db) == SQLITE_OK &&
		     sqlite3_prepare_v2(db, "SELECT count(*) FROM object WHERE key <> CAST('good' AS BLOB)", -1, &s,
					NULL) == SQLITE_OK &&
		     sqlite3_step(s) == SQLITE_ROW,
	     "the catalog");
	int64_t n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	sqlite3_close(db);
	if (n)
		fprintf(stderr, "WRONG: %lld objects of refused requests\n", (long long)n);
	return n == 0;
}

static void open_server(void)
{
	struct hc_err err;
	char path[192];
	snprintf(folder, sizeof folder, "%s/signatures-XXXXXX",
		 access("/dev/shm", W_OK) == 0 ? "/dev/shm"
		 : getenv("TMPDIR")            ? getenv("TMPDIR")
					       : "/tmp");
	must(mkdtemp(folder) != NULL, "a folder");
	server = (struct hc_server){.account = "123456789012",
				    .region = REGION,
				    .access_key = KEY,
				    .object_bytes_max = 1 << 20,
				    .listing_max = 1000,
				    .logs = folder};
	snprintf(path, sizeof path, "%s/catalog.db", folder);
	must(hc_catalog_open(path, &server.catalog, &err) == HC_OK, "the catalog");
	snprintf(path, sizeof path, "%s/objects", folder);
	must(hc_contents_open(path, &server.contents, &err) == HC_OK, "the contents");
	api = (struct hc_api){
		.server = &server,
		.authentication = {.access_key = HC_STR(KEY), .secret = HC_STR(SECRET), .region = HC_STR(REGION)},
		.body_max = HC_API_BODY_MAX};
	must(hc_api_open(&api, &err) == HC_OK, "the api");
	app = hc_api_app(&api);
}

/* As it stands each kind is accepted. */
static bool all_good(void)
{
	struct request r = {.service = "s3", .method = "PUT", .path = "/bkt"};
	HC_BUF_SCOPED struct hc_buf body = HC_BUF(1 << 20);
	bool fine = true;
	add(r.headers, &r.n_headers, "host", "127.0.0.1:8787");
	sign(&r);
	must(send(&r, NULL) == 200, "the bucket");
	static const size_t order[] = {3, 0, 1, 2, 4, 5, 6};
	for (size_t i = 0; i < KINDS; i++) {
		make(order[i], "good", &r);
		unsigned status = send(&r, &body);
		if (status != 200)
			show(&r, status, &body);
		fine &= status == 200;
	}
	return fine;
}

int main(int argc, char **argv)
{
	struct hc_err err;
	if (argc != 3) {
		fprintf(stderr, "mutate_signatures COUNT SEED\n");
		return 2;
	}
	size_t count = strtoul(argv[1], NULL, 10), wrong = 0;
	state = hc_mix64(strtoull(argv[2], NULL, 10));
	open_server();
	wrong += !all_good();
	for (size_t kind = 0; kind < KINDS && wrong < 20; kind++) {
		for (size_t i = 0; i < count && wrong < 20; i++)
			wrong += (size_t)!one_change(kind, i) + (size_t)(i % 4 == 0 && !one_scramble(kind));
		printf("%s: %zu changes\n", kinds[kind], count);
	}
	hc_catalog_close(server.catalog);
	hc_contents_close(server.contents);
	wrong += !nothing_stored();
	must(hc_file_remove_tree(folder, &err) == HC_OK, "the folder");
	return wrong ? 1 : 0;
}
