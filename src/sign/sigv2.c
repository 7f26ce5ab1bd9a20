#include "sign/sigv2.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/number.h"

enum { STRING_MAX = 128 << 10, AMZ_HEADERS_MAX = 128, PARAMETERS_MAX = 64, SHA1_BYTES = 20 };

/* Decoded, in the arena; p == NULL when it is no percent-encoding, or without memory. */
static struct hc_str decode(struct hc_str raw, struct hc_arena *arena)
{
	char *out = hc_arena_take_text(arena, raw.n + 1);
	size_t n = 0;
	for (size_t i = 0; out && i < raw.n; i++) {
		char c = raw.p[i];
		if (c == '%') {
			int high = i + 2 < raw.n ? hc_hex_digit(raw.p[i + 1]) : -1,
			    low = i + 2 < raw.n ? hc_hex_digit(raw.p[i + 2]) : -1;
			if (high < 0 || low < 0)
				return (struct hc_str){NULL, 0};
			c = (char)(high * 16 + low);
			i += 2;
		}
		out[n++] = c == '+' && raw.p[i] == '+' ? ' ' : c;
	}
	return (struct hc_str){out, out ? n : 0};
}

struct parameter {
	struct hc_str name, value; /* raw */
	bool has_value;
};

/* The next parameter of a query; false at its end. */
static bool next_parameter(struct hc_str *rest, struct parameter *out)
{
	if (rest->n == 0)
		return false;
	const char *end = memchr(rest->p, '&', rest->n);
	struct hc_str part = {rest->p, end ? (size_t)(end - rest->p) : rest->n};
	rest->p += part.n + (end != NULL);
	rest->n -= part.n + (end != NULL);
	const char *equals = part.n ? memchr(part.p, '=', part.n) : NULL;
	out->has_value = equals != NULL;
	out->name = (struct hc_str){part.p, equals ? (size_t)(equals - part.p) : part.n};
	out->value = equals ? (struct hc_str){equals + 1, part.n - out->name.n - 1} : (struct hc_str){part.p, 0};
	return true;
}

enum hc_sigv4_verdict hc_sigv2_read(const struct hc_sigv4_request *request, struct hc_arena *arena, bool *is,
				    struct hc_sigv2_claim *out, const char **why)
{
	struct hc_sigv2_claim claim = {0};
	struct hc_str rest = request->query, expires = {NULL, 0};
	struct parameter p;
	*is = false;
	while (next_parameter(&rest, &p)) {
		struct hc_str *to = hc_str_eq(p.name, HC_STR("AWSAccessKeyId")) ? &claim.access_key
				    : hc_str_eq(p.name, HC_STR("Signature"))    ? &claim.signature
				    : hc_str_eq(p.name, HC_STR("Expires"))      ? &expires
										: NULL;
		if (!to)
			continue;
		*is = *is || to != &expires;
		if (to->p) {
			*why = "a parameter of the signature stands there twice";
			return HC_SIGV4_MALFORMED;
		}
		*to = decode(p.value, arena);
		if (!to->p) {
			*why = "a parameter of the signature is no percent-encoding";
			return HC_SIGV4_MALFORMED;
		}
	}
	uint64_t seconds = 0;
	if (!*is)
		return HC_SIGV4_FINE;
	if (!claim.access_key.n || !claim.signature.n || !expires.p || !hc_u64_parse(expires, &seconds) ||
	    seconds > INT64_MAX / 2000000) {
		*why = "AWSAccessKeyId, Signature and Expires (seconds since 1970) are needed";
		return HC_SIGV4_MALFORMED;
	}
	claim.expires_s = (int64_t)seconds;
	*out = claim;
	return HC_SIGV4_FINE;
}

/* --- the string to sign ------------------------------------------------------------------------- */

static struct hc_str header(const struct hc_sigv4_request *r, struct hc_str name)
{
	for (size_t i = 0; i < r->n_headers; i++)
		if (hc_str_eq_nocase(r->headers[i].name, name))
			return hc_str_trim(r->headers[i].value);
	return (struct hc_str){"", 0};
}

static int compare_names(const void *a, const void *b)
{
	const struct hc_sigv4_header *const *x = a, *const *y = b;
	size_t n = (*x)->name.n < (*y)->name.n ? (*x)->name.n : (*y)->name.n;
	int order = strncasecmp((*x)->name.p, (*y)->name.p, n);
	if (order == 0 && (*x)->name.n != (*y)->name.n)
		order = (*x)->name.n < (*y)->name.n ? -1 : 1;
	/* as they came, where the names are the same */
	return order ? order : (*x > *y) - (*x < *y);
}

/* x-amz-* headers: lower case, sorted, those of one name joined by commas. */
static bool put_amz_headers(const struct hc_sigv4_request *r, struct hc_buf *out)
{
	const struct hc_sigv4_header *list[AMZ_HEADERS_MAX];
	size_t n = 0;
	for (size_t i = 0; i < r->n_headers; i++) {
		if (r->headers[i].name.n < 6 || strncasecmp(r->headers[i].name.p, "x-amz-", 6) != 0)
			continue;
		if (n == AMZ_HEADERS_MAX)
			return false;
		list[n++] = &r->headers[i];
	}
	qsort(list, n, sizeof *list, compare_names);
	for (size_t i = 0; i < n; i++) {
		bool again = i > 0 && hc_str_eq_nocase(list[i - 1]->name, list[i]->name);
		for (size_t k = 0; k < list[i]->name.n && !again; k++) {
			char c = list[i]->name.p[k];
			hc_buf_char(out, c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c);
		}
		hc_buf_char(out, again ? ',' : ':');
		hc_buf_str(out, hc_str_trim(list[i]->value));
		if (i + 1 == n || !hc_str_eq_nocase(list[i]->name, list[i + 1]->name))
			hc_buf_char(out, '\n');
	}
	return true;
}

/* Parameters that are part of the resource. */
static bool is_of_resource(struct hc_str name)
{
	static const char *const names[] = {"accelerate",
					    "acl",
					    "analytics",
					    "cors",
					    "defaultObjectAcl",
					    "delete",
					    "encryption",
					    "intelligent-tiering",
					    "inventory",
					    "lifecycle",
					    "location",
					    "logging",
					    "metrics",
					    "notification",
					    "object-lock",
					    "partNumber",
					    "policy",
					    "policyStatus",
					    "publicAccessBlock",
					    "replication",
					    "requestPayment",
					    "response-cache-control",
					    "response-content-disposition",
					    "response-content-encoding",
					    "response-content-language",
					    "response-content-type",
					    "response-expires",
					    "restore",
					    "retention",
					    "select",
					    "select-type",
					    "tagging",
					    "torrent",
					    "uploadId",
					    "uploads",
					    "versionId",
					    "versioning",
					    "versions",
					    "website"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (hc_str_eq(name, hc_str(names[i])))
			return true;
	return false;
}

static int compare_parameters(const void *a, const void *b)
{
	const struct parameter *x = a, *y = b;
	return hc_str_cmp(x->name, y->name);
}

static bool put_resource(const struct hc_sigv4_request *r, struct hc_str host_bucket, struct hc_arena *arena,
			 struct hc_buf *out)
{
	struct parameter list[PARAMETERS_MAX], p;
	size_t n = 0;
	struct hc_str rest = r->query;
	if (host_bucket.n) {
		hc_buf_char(out, '/');
		hc_buf_str(out, host_bucket);
	}
	hc_buf_str(out, r->path);
	while (next_parameter(&rest, &p)) {
		if (!is_of_resource(p.name))
			continue;
		if (n == PARAMETERS_MAX)
			return false;
		list[n++] = p;
	}
	qsort(list, n, sizeof *list, compare_parameters);
	for (size_t i = 0; i < n; i++) {
		hc_buf_char(out, i ? '&' : '?');
		hc_buf_str(out, list[i].name);
		struct hc_str value = decode(list[i].value, arena);
		if (!value.p)
			return false;
		if (value.n) {
			hc_buf_char(out, '=');
			hc_buf_str(out, value);
		}
	}
	return true;
}

enum hc_sigv4_verdict hc_sigv2_verify(const struct hc_sigv4_request *request, const struct hc_sigv2_claim *claim,
				      struct hc_str host_bucket, struct hc_str secret, struct hc_arena *arena)
{
	unsigned char mac[EVP_MAX_MD_SIZE], text[4 * ((SHA1_BYTES + 2) / 3) + 1];
	unsigned n_mac = 0;
	HC_BUF_SCOPED struct hc_buf string = HC_BUF(STRING_MAX);
	hc_buf_str(&string, request->method);
	hc_buf_char(&string, '\n');
	hc_buf_str(&string, header(request, HC_STR("Content-MD5")));
	hc_buf_char(&string, '\n');
	hc_buf_str(&string, header(request, HC_STR("Content-Type")));
	hc_buf_printf(&string, "\n%lld\n", (long long)claim->expires_s);
	if (!put_amz_headers(request, &string) || !put_resource(request, host_bucket, arena, &string) || string.failed)
		return HC_SIGV4_WRONG_SIGNATURE;
	if (!HMAC(EVP_sha1(), secret.p, (int)secret.n, (const unsigned char *)string.p, string.n, mac, &n_mac) ||
	    n_mac != SHA1_BYTES)
		return HC_SIGV4_WRONG_SIGNATURE;
	int n = EVP_EncodeBlock(text, mac, (int)n_mac);
	bool same = n > 0 && (size_t)n == claim->signature.n &&
		    CRYPTO_memcmp(text, claim->signature.p, claim->signature.n) == 0;
	return same ? HC_SIGV4_FINE : HC_SIGV4_WRONG_SIGNATURE;
}
