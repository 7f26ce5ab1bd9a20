#include "sign/sigv4.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/instant.h"
#include "base/number.h"

#define ALGORITHM "AWS4-HMAC-SHA256"
#define TERMINATOR "aws4_request"
#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

enum { HASH = SHA256_DIGEST_LENGTH, HEX = 2 * HASH, AMZ_DATE = 16, DATE = 8 };

/* Text */

static struct hc_str cut(struct hc_str s, size_t from, size_t n)
{
	return (struct hc_str){s.p + from, n};
}

/* Takes what stands before the next `end` (or all there is), and the `end`, from *rest; false at the end. */
static bool take_until(struct hc_str *rest, char end, struct hc_str *out)
{
	if (rest->n == 0)
		return false;
	const char *at = memchr(rest->p, end, rest->n);
	*out = cut(*rest, 0, at ? (size_t)(at - rest->p) : rest->n);
	size_t used = out->n + (at != NULL);
	*rest = cut(*rest, used, rest->n - used);
	return true;
}

/* "name=value"; without '=' the value is empty. */
static void halve(struct hc_str pair, struct hc_str *name, struct hc_str *value)
{
	*name = *value = (struct hc_str){"", 0};
	if (!take_until(&pair, '=', name))
		return;
	if (pair.n)
		*value = pair;
}

/* The byte of the %XX that text begins with; -1 if it does not. */
static int escaped(struct hc_str text)
{
	if (text.n < 3 || text.p[0] != '%')
		return -1;
	int high = hc_hex_digit(text.p[1]), low = hc_hex_digit(text.p[2]);
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_unreserved(int c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
	       c == '_' || c == '~';
}

static bool all_digits(struct hc_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_digit(s.p[i]))
			return false;
	return true;
}

static bool is_signature(struct hc_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_digit(s.p[i]) && (s.p[i] < 'a' || s.p[i] > 'f'))
			return false;
	return s.n == HEX;
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Every %XX as its byte; {NULL, 0} without memory. What is no escape stays. */
static struct hc_str decoded(struct hc_str text, struct hc_arena *arena)
{
	char *to = hc_arena_take_text(arena, text.n + 1);
	if (!to)
		return (struct hc_str){NULL, 0};
	size_t n = 0;
	for (size_t i = 0; i < text.n;) {
		int byte = escaped(cut(text, i, text.n - i));
		to[n++] = byte < 0 ? text.p[i] : (char)byte;
		i += byte < 0 ? 1 : 3;
	}
	return (struct hc_str){to, n};
}

static char *put_escape(char *to, int byte)
{
	static const char digits[] = "0123456789ABCDEF";
	*to++ = '%';
	*to++ = digits[byte >> 4];
	*to++ = digits[byte & 15];
	return to;
}

enum escaping {
	OF_PATH,  /* escapes in one spelling, '/' kept; an escaped slash stays escaped */
	OF_QUERY, /* the same, but '+' is a space and no '/' is kept */
	AGAIN,    /* every '%' is escaped: what services but S3 sign as their path */
};

/* The text in the one spelling that signatures are made over; {NULL, 0} without memory. */
static struct hc_str spelt(struct hc_str text, enum escaping how, struct hc_arena *arena)
{
	char *out = text.n < SIZE_MAX / 3 ? hc_arena_take_text(arena, 3 * text.n + 1) : NULL, *to = out;
	if (!out)
		return (struct hc_str){NULL, 0};
	for (size_t i = 0; i < text.n;) {
		int byte = how == AGAIN ? -1 : escaped(cut(text, i, text.n - i));
		bool was_escaped = byte >= 0;
		if (!was_escaped)
			byte = (unsigned char)text.p[i];
		i += was_escaped ? 3 : 1;
		if (!was_escaped && how == OF_QUERY && byte == '+')
			byte = ' ';
		if (is_unreserved(byte) || (byte == '/' && !was_escaped && how != OF_QUERY))
			*to++ = (char)byte;
		else
			to = put_escape(to, byte);
	}
	return (struct hc_str){out, (size_t)(to - out)};
}

/* Reading a claim */

struct reading {
	const struct hc_sigv4_request *request;
	struct hc_arena *arena;
	struct hc_sigv4_claim claim;
	const char *why;
};

static bool refuse(struct reading *r, const char *why)
{
	r->why = why;
	return false;
}

/* How many headers of that name there are; the first one's value, trimmed, in *out. */
static size_t find_header(const struct hc_sigv4_request *request, struct hc_str name, struct hc_str *out)
{
	size_t n = 0;
	for (size_t i = 0; i < request->n_headers; i++) {
		if (!hc_str_eq_nocase(request->headers[i].name, name))
			continue;
		if (n++ == 0)
			*out = hc_str_trim(request->headers[i].value);
	}
	return n;
}

/* ACCESS-KEY/date/region/service/aws4_request, where a key may itself hold slashes. */
static bool read_credential(struct reading *r, struct hc_str text)
{
	struct hc_str part[5] = {0};
	for (int i = 4; i > 0; i--) {
		size_t at = text.n;
		while (at > 0 && text.p[at - 1] != '/')
			at--;
		if (at == 0)
			return refuse(r, "Credential must be KEY/DATE/REGION/SERVICE/" TERMINATOR);
		part[i] = cut(text, at, text.n - at);
		text.n = at - 1;
	}
	part[0] = text;
	if (!hc_str_eq(part[4], HC_STR(TERMINATOR)))
		return refuse(r, "Credential must end with " TERMINATOR);
	if (part[1].n != DATE || !all_digits(part[1]))
		return refuse(r, "Credential must have a date of the form YYYYMMDD");
	for (int i = 0; i < 4; i++)
		if (part[i].n == 0 || part[i].n > (i == 0 ? HC_SIGV4_KEY_MAX : HC_SIGV4_SCOPE_PART_MAX))
			return refuse(r, "Credential has a part that is empty or too long");
	r->claim.access_key = part[0];
	r->claim.date = part[1];
	r->claim.region = part[2];
	r->claim.service = part[3];
	return true;
}

/* YYYYMMDDTHHMMSSZ */
static bool read_amz_date(struct hc_str s, int64_t *us)
{
	char text[32];
	if (s.n != AMZ_DATE || s.p[8] != 'T' || s.p[15] != 'Z' || !all_digits(cut(s, 0, 8)) ||
	    !all_digits(cut(s, 9, 6)))
		return false;
	snprintf(text, sizeof text, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", s.p, s.p + 4, s.p + 6, s.p + 9, s.p + 11,
		 s.p + 13);
	return hc_instant_parse(hc_str(text), us);
}

/* A Date header, "Fri, 24 May 2013 00:00:00 GMT" (RFC 9110), in the form of x-amz-date; {NULL, 0} if it is none. */
static struct hc_str date_of_header(struct hc_str s, struct hc_arena *arena)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	const struct hc_str none = {NULL, 0};
	if (s.n < 29 || memcmp(s.p + 3, ", ", 2) != 0 || s.p[7] != ' ' || s.p[11] != ' ' || s.p[16] != ' ' ||
	    s.p[19] != ':' || s.p[22] != ':' || s.p[25] != ' ')
		return none;
	struct hc_str zone = cut(s, 26, s.n - 26);
	if (!hc_str_eq(zone, HC_STR("GMT")) && !hc_str_eq(zone, HC_STR("UTC")) && !hc_str_eq(zone, HC_STR("+0000")) &&
	    !hc_str_eq(zone, HC_STR("-0000")))
		return none;
	unsigned month = 0;
	while (month < 12 && memcmp(months + (size_t)3 * month, s.p + 8, 3) != 0)
		month++;
	char *out = hc_arena_take_text(arena, AMZ_DATE + 1);
	if (!out || month == 12)
		return none;
	snprintf(out, AMZ_DATE + 1, "%.4s%02u%.2sT%.2s%.2s%.2sZ", s.p + 12, month + 1, s.p + 5, s.p + 17, s.p + 20,
		 s.p + 23);
	return (struct hc_str){out, strlen(out)};
}

static bool read_date(struct reading *r, struct hc_str text)
{
	r->claim.amz_date = text;
	if (!read_amz_date(text, &r->claim.signed_us))
		return refuse(r, "X-Amz-Date must be of the form YYYYMMDDTHHMMSSZ");
	if (memcmp(text.p, r->claim.date.p, DATE) != 0)
		return refuse(r, "the date of Credential is not that of X-Amz-Date");
	return true;
}

static bool read_header_date(struct reading *r)
{
	struct hc_str text;
	size_t n = find_header(r->request, HC_STR("x-amz-date"), &text);
	if (n > 1)
		return refuse(r, "X-Amz-Date is there twice");
	if (n == 0) {
		if (find_header(r->request, HC_STR("date"), &text) != 1)
			return refuse(r, "X-Amz-Date or Date is missing");
		if (text.n != AMZ_DATE)
			text = date_of_header(text, r->arena);
		if (!text.p)
			return refuse(r, "Date is no date");
	}
	return read_date(r, text);
}

static bool read_signed_headers(struct reading *r, struct hc_str text)
{
	bool host = false;
	size_t n = 0;
	r->claim.signed_headers = text;
	for (struct hc_str name, value; take_until(&text, ';', &name); n++) {
		for (size_t i = 0; i < name.n; i++)
			if (name.p[i] >= 'A' && name.p[i] <= 'Z')
				return refuse(r, "SignedHeaders must be in lower case");
		if (n >= HC_SIGV4_HEADERS_MAX)
			return refuse(r, "SignedHeaders names too many headers");
		if (name.n == 0 || find_header(r->request, name, &value) == 0)
			return refuse(r, "SignedHeaders names a header that the request does not have");
		host = host || hc_str_eq(name, HC_STR("host"));
	}
	return host || refuse(r, "SignedHeaders must have host");
}

static bool read_signature(struct reading *r, struct hc_str text)
{
	r->claim.signature = text;
	return is_signature(text) || refuse(r, "Signature must be 64 hexadecimal digits in lower case");
}

enum { CREDENTIAL, SIGNED_HEADERS, SIGNATURE, PARTS };

/* "AWS4-HMAC-SHA256 Credential=..., SignedHeaders=..., Signature=..." in any order. */
static bool read_authorization(struct reading *r, struct hc_str text)
{
	static const char *const names[PARTS] = {"Credential", "SignedHeaders", "Signature"};
	static const char *const missing[PARTS] = {"Authorization has no Credential",
						   "Authorization has no SignedHeaders",
						   "Authorization has no Signature"};
	struct hc_str part[PARTS] = {0}, algorithm, pair, name, value;
	if (!take_until(&text, ' ', &algorithm) || !hc_str_eq(algorithm, HC_STR(ALGORITHM)))
		return refuse(r, "Authorization must be of the algorithm " ALGORITHM);
	while (take_until(&text, ',', &pair)) {
		halve(hc_str_trim(pair), &name, &value);
		int i = 0;
		while (i < PARTS && !hc_str_eq(name, hc_str(names[i])))
			i++;
		if (i == PARTS || part[i].p)
			return refuse(r, "Authorization has a part that is unknown or there twice");
		part[i] = value;
	}
	for (int i = 0; i < PARTS; i++)
		if (!part[i].p)
			return refuse(r, missing[i]);
	r->claim.form = HC_SIGV4_BY_HEADER;
	return read_credential(r, part[CREDENTIAL]) && read_header_date(r) &&
	       read_signed_headers(r, part[SIGNED_HEADERS]) && read_signature(r, part[SIGNATURE]);
}

/* The parameters of a presigned URL. */
enum { Q_ALGORITHM, Q_CREDENTIAL, Q_DATE, Q_EXPIRES, Q_SIGNED_HEADERS, Q_SIGNATURE, Q_PARTS };

static const char *const query_names[Q_PARTS] = {"X-Amz-Algorithm", "X-Amz-Credential",    "X-Amz-Date",
						 "X-Amz-Expires",   "X-Amz-SignedHeaders", "X-Amz-Signature"};

/* Collects them, still encoded; one that is not there has a NULL pointer. */
static bool collect_query(struct reading *r, struct hc_str part[Q_PARTS])
{
	struct hc_str rest = r->request->query, pair, name, value;
	while (take_until(&rest, '&', &pair)) {
		halve(pair, &name, &value);
		for (int i = 0; i < Q_PARTS; i++) {
			if (!hc_str_eq(name, hc_str(query_names[i])))
				continue;
			if (part[i].p)
				return refuse(r, "the query has a parameter of the signature twice");
			part[i] = value;
		}
	}
	return true;
}

static bool read_expires(struct reading *r, struct hc_str text)
{
	uint64_t expires;
	if (!hc_u64_parse(text, &expires) || expires < 1 || expires > HC_SIGV4_PRESIGNED_MAX_S)
		return refuse(r, "X-Amz-Expires must be a number of seconds from 1 to 604800");
	r->claim.expires_s = (int64_t)expires;
	return true;
}

static bool read_presigned(struct reading *r, struct hc_str part[Q_PARTS])
{
	static const char *const missing[Q_PARTS] = {
		"the query has no X-Amz-Algorithm",     "the query has no X-Amz-Credential",
		"the query has no X-Amz-Date",          "the query has no X-Amz-Expires",
		"the query has no X-Amz-SignedHeaders", "the query has no X-Amz-Signature"};
	for (int i = 0; i < Q_PARTS; i++) {
		if (!part[i].p)
			return refuse(r, missing[i]);
		part[i] = decoded(part[i], r->arena);
		if (!part[i].p)
			return refuse(r, "no memory left for the query");
	}
	if (!hc_str_eq(part[Q_ALGORITHM], HC_STR(ALGORITHM)))
		return refuse(r, "X-Amz-Algorithm must be " ALGORITHM);
	r->claim.form = HC_SIGV4_PRESIGNED;
	return read_credential(r, part[Q_CREDENTIAL]) && read_date(r, part[Q_DATE]) &&
	       read_expires(r, part[Q_EXPIRES]) && read_signed_headers(r, part[Q_SIGNED_HEADERS]) &&
	       read_signature(r, part[Q_SIGNATURE]);
}

static bool within_limits(struct reading *r)
{
	struct hc_str rest = r->request->query, pair;
	size_t n = 0;
	while (take_until(&rest, '&', &pair))
		n++;
	if (n > HC_SIGV4_PARAMETERS_MAX)
		return refuse(r, "the query of a signed request has too many parameters");
	return r->request->n_headers <= HC_SIGV4_HEADERS_MAX || refuse(r, "a signed request has too many headers");
}

enum hc_sigv4_verdict hc_sigv4_read(const struct hc_sigv4_request *request, struct hc_arena *arena,
				    struct hc_sigv4_claim *out, const char **why)
{
	struct reading r = {.request = request, .arena = arena};
	struct hc_str authorization, part[Q_PARTS] = {0};
	size_t n = find_header(request, HC_STR("authorization"), &authorization);
	bool good = collect_query(&r, part);
	bool presigned = part[Q_ALGORITHM].p || part[Q_CREDENTIAL].p || part[Q_SIGNATURE].p;
	if (good && (n || presigned))
		good = within_limits(&r);
	if (good && n + presigned > 1)
		good = refuse(&r, "the request is signed twice");
	if (good && n)
		good = read_authorization(&r, authorization);
	else if (good && presigned)
		good = read_presigned(&r, part);
	if (!good) {
		*why = r.why;
		return HC_SIGV4_MALFORMED;
	}
	*out = r.claim;
	return HC_SIGV4_FINE;
}

/* Signing */

static bool hmac(const void *key, size_t n_key, struct hc_str text, unsigned char out[HASH])
{
	unsigned n = 0;
	return HMAC(EVP_sha256(), key, (int)n_key, (const unsigned char *)text.p, text.n, out, &n) && n == HASH;
}

static void print_hex(const unsigned char bytes[HASH], char out[HC_SIGV4_HEX_SIZE])
{
	for (size_t i = 0; i < HASH; i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

static bool signing_key(const struct hc_sigv4_claim *claim, struct hc_str secret, unsigned char out[HASH])
{
	char first[4 + HC_SIGV4_SECRET_MAX] = "AWS4";
	unsigned char key[HASH];
	assert(secret.n <= HC_SIGV4_SECRET_MAX);
	if (secret.n)
		memcpy(first + 4, secret.p, secret.n);
	bool good = hmac(first, 4 + secret.n, claim->date, key) && hmac(key, HASH, claim->region, out) &&
		    hmac(out, HASH, claim->service, key) && hmac(key, HASH, HC_STR(TERMINATOR), out);
	OPENSSL_cleanse(first, sizeof first);
	OPENSSL_cleanse(key, sizeof key);
	return good;
}

static bool same_signature(const char hex[HC_SIGV4_HEX_SIZE], struct hc_str signature)
{
	return signature.n == HEX && CRYPTO_memcmp(hex, signature.p, HEX) == 0;
}

static void put_scope(struct hc_buf *b, const struct hc_sigv4_claim *claim)
{
	hc_buf_str(b, claim->date);
	hc_buf_char(b, '/');
	hc_buf_str(b, claim->region);
	hc_buf_char(b, '/');
	hc_buf_str(b, claim->service);
	hc_buf_cstr(b, "/" TERMINATOR);
}

/* The canonical request */

struct pair {
	struct hc_str name, value;
};

static int compare_pairs(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	int order = hc_str_cmp(x->name, y->name);
	return order ? order : hc_str_cmp(x->value, y->value);
}

/* The query's parameters in order; as they were sent or in the one spelling. False without memory. */
static bool put_query(struct hc_buf *out, struct hc_str query, bool as_sent, struct hc_arena *arena)
{
	struct hc_str rest = query, text;
	size_t n = 0, bytes = 0;
	while (take_until(&rest, '&', &text))
		n++;
	struct pair *pairs = hc_arena_take(arena, (n + 1) * sizeof *pairs);
	if (!pairs)
		return false;
	n = 0;
	while (take_until(&query, '&', &text)) {
		struct pair pair;
		halve(text, &pair.name, &pair.value);
		if (hc_str_eq(pair.name, hc_str(query_names[Q_SIGNATURE])) || (text.n == 0 && !as_sent))
			continue;
		if (!as_sent) {
			pair.name = spelt(pair.name, OF_QUERY, arena);
			pair.value = spelt(pair.value, OF_QUERY, arena);
		}
		if (!pair.name.p || !pair.value.p)
			return false;
		bytes += pair.name.n + pair.value.n + 2;
		pairs[n++] = pair;
	}
	qsort(pairs, n, sizeof *pairs, compare_pairs);
	out->max = out->n + bytes;
	for (size_t i = 0; i < n; i++) {
		if (i)
			hc_buf_char(out, '&');
		hc_buf_str(out, pairs[i].name);
		hc_buf_char(out, '=');
		hc_buf_str(out, pairs[i].value);
	}
	return !out->failed;
}

/* Without dot segments and empty ones, and then escaped again. */
static struct hc_str path_of_service(struct hc_str path, struct hc_arena *arena)
{
	struct hc_str segment;
	char *out = hc_arena_take_text(arena, path.n + 2);
	size_t n = 1;
	if (!out)
		return (struct hc_str){NULL, 0};
	out[0] = '/';
	bool folder = path.n && path.p[path.n - 1] == '/';
	while (take_until(&path, '/', &segment)) {
		if (segment.n == 0 || hc_str_eq(segment, HC_STR(".")))
			continue;
		if (hc_str_eq(segment, HC_STR(".."))) {
			while (n > 1 && out[--n - 1] != '/')
				continue;
			continue;
		}
		memcpy(out + n, segment.p, segment.n);
		n += segment.n;
		out[n++] = '/';
	}
	if (n > 1 && !folder)
		n--;
	return spelt((struct hc_str){out, n}, AGAIN, arena);
}

/* The value with every run of white space as one space. */
static void put_collapsed(struct hc_buf *out, struct hc_str value)
{
	value = hc_str_trim(value);
	bool space = false;
	for (size_t i = 0; i < value.n; i++) {
		if (!is_space(value.p[i]))
			hc_buf_char(out, value.p[i]);
		else if (!space)
			hc_buf_char(out, ' ');
		space = is_space(value.p[i]);
	}
}

/* "name:value,value\n" for each signed header, an empty line, the names. */
static void put_headers(struct hc_buf *out, const struct hc_sigv4_request *request, struct hc_str names)
{
	struct hc_str rest = names, name;
	while (take_until(&rest, ';', &name)) {
		hc_buf_str(out, name);
		char before = ':';
		for (size_t i = 0; i < request->n_headers; i++) {
			if (!hc_str_eq_nocase(request->headers[i].name, name))
				continue;
			hc_buf_char(out, before);
			put_collapsed(out, request->headers[i].value);
			before = ',';
		}
		hc_buf_char(out, '\n');
	}
	hc_buf_char(out, '\n');
	hc_buf_str(out, names);
	hc_buf_char(out, '\n');
}

struct canonical {
	struct hc_str path[2], query[2]; /* the second one: as the request spells it */
	struct hc_str rest;              /* what follows, from the headers to the payload hash */
};

/* Makes the signature over one spelling and compares. */
static bool matches(const struct hc_sigv4_request *request, const struct hc_sigv4_claim *claim,
		    const unsigned char key[HASH], const struct canonical *c, size_t path, size_t query,
		    bool *no_memory)
{
	struct hc_str parts[] = {request->method, c->path[path], c->query[query], c->rest};
	size_t bytes = 0;
	for (size_t i = 0; i < 4; i++)
		bytes += parts[i].n + 1;
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(bytes), to_sign = HC_BUF(1024);
	for (size_t i = 0; i < 4; i++) {
		hc_buf_str(&text, parts[i]);
		if (i < 3)
			hc_buf_char(&text, '\n');
	}
	unsigned char bits[HASH];
	char hex[HC_SIGV4_HEX_SIZE];
	if (!text.failed && SHA256((const unsigned char *)text.p, text.n, bits)) {
		print_hex(bits, hex);
		hc_buf_cstr(&to_sign, ALGORITHM "\n");
		hc_buf_str(&to_sign, claim->amz_date);
		hc_buf_char(&to_sign, '\n');
		put_scope(&to_sign, claim);
		hc_buf_char(&to_sign, '\n');
		hc_buf_put(&to_sign, hex, HEX);
		if (!to_sign.failed && hmac(key, HASH, hc_buf_view(&to_sign), bits)) {
			print_hex(bits, hex);
			return same_signature(hex, claim->signature);
		}
	}
	*no_memory = true;
	return false;
}

static bool prepare(const struct hc_sigv4_request *request, const struct hc_sigv4_claim *claim,
		    struct hc_str payload_hash, struct hc_arena *arena, struct hc_buf buf[3], struct canonical *out)
{
	bool s3 = hc_str_eq(claim->service, HC_STR("s3"));
	out->path[0] = s3 ? spelt(request->path, OF_PATH, arena) : path_of_service(request->path, arena);
	out->path[1] = s3 ? request->path : out->path[0];
	for (size_t i = 0; i < 2; i++) {
		if (!out->path[i].p || !put_query(&buf[i], request->query, i == 1, arena))
			return false;
		out->query[i] = hc_buf_view(&buf[i]);
	}
	buf[2].max = SIZE_MAX / 4;
	put_headers(&buf[2], request, claim->signed_headers);
	hc_buf_str(&buf[2], payload_hash);
	out->rest = hc_buf_view(&buf[2]);
	return !buf[2].failed;
}

static enum hc_sigv4_verdict verify(const struct hc_sigv4_request *request, const struct hc_sigv4_claim *claim,
				    struct hc_str secret, const struct canonical *c)
{
	unsigned char key[HASH];
	bool no_memory = !signing_key(claim, secret, key), found = false;
	size_t paths = hc_str_eq(c->path[0], c->path[1]) ? 1 : 2, queries = hc_str_eq(c->query[0], c->query[1]) ? 1 : 2;
	for (size_t i = 0; i < paths * queries && !found && !no_memory; i++)
		found = matches(request, claim, key, c, i / queries, i % queries, &no_memory);
	OPENSSL_cleanse(key, sizeof key);
	return no_memory ? HC_SIGV4_MALFORMED : found ? HC_SIGV4_FINE : HC_SIGV4_WRONG_SIGNATURE;
}

enum hc_sigv4_verdict hc_sigv4_verify(const struct hc_sigv4_request *request, const struct hc_sigv4_claim *claim,
				      struct hc_str secret, struct hc_str payload_hash, struct hc_arena *arena)
{
	struct hc_buf buf[3] = {HC_BUF(0), HC_BUF(0), HC_BUF(0)};
	struct canonical canonical;
	assert(claim->form != HC_SIGV4_NONE);
	enum hc_sigv4_verdict verdict = HC_SIGV4_MALFORMED;
	if (prepare(request, claim, payload_hash, arena, buf, &canonical))
		verdict = verify(request, claim, secret, &canonical);
	for (size_t i = 0; i < 3; i++)
		hc_buf_free(&buf[i]);
	return verdict;
}

/* Chunks */

void hc_sigv4_chunks_open(struct hc_sigv4_chunks *c, const struct hc_sigv4_claim *claim, struct hc_str secret)
{
	*c = (struct hc_sigv4_chunks){0};
	assert(claim->amz_date.n == AMZ_DATE && claim->signature.n == HEX);
	HC_BUF_SCOPED struct hc_buf scope = HC_BUF(sizeof c->scope);
	put_scope(&scope, claim);
	if (scope.failed || scope.n >= sizeof c->scope || !signing_key(claim, secret, c->key))
		return; /* without a scope nothing is verified */
	memcpy(c->amz_date, claim->amz_date.p, AMZ_DATE);
	memcpy(c->previous, claim->signature.p, HEX);
	memcpy(c->scope, scope.p, scope.n);
}

static bool verify_next(struct hc_sigv4_chunks *c, const char *what, const char *middle, struct hc_str sha256_hex,
			struct hc_str signature)
{
	unsigned char bits[HASH];
	char hex[HC_SIGV4_HEX_SIZE], text[1024];
	if (!c->scope[0] || sha256_hex.n != HEX)
		return false;
	int n = snprintf(text, sizeof text, "%s\n%s\n%s\n%s\n%s%.*s", what, c->amz_date, c->scope, c->previous, middle,
			 HC_STR_ARG(sha256_hex));
	assert(n > 0 && (size_t)n < sizeof text);
	if (!hmac(c->key, HASH, (struct hc_str){text, (size_t)n}, bits))
		return false;
	print_hex(bits, hex);
	memcpy(c->previous, hex, sizeof hex);
	return same_signature(hex, signature);
}

bool hc_sigv4_chunk_verify(struct hc_sigv4_chunks *c, struct hc_str sha256_hex, struct hc_str signature)
{
	return verify_next(c, ALGORITHM "-PAYLOAD", EMPTY_SHA256 "\n", sha256_hex, signature);
}

bool hc_sigv4_trailer_verify(struct hc_sigv4_chunks *c, struct hc_str sha256_hex, struct hc_str signature)
{
	return verify_next(c, ALGORITHM "-TRAILER", "", sha256_hex, signature);
}
