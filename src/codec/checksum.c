#include "codec/checksum.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>
#include <zlib.h>

#include "codec/base64.h"

enum { DIGESTS = HC_CHECKSUM_SHA256 + 1 };

struct hc_checksums {
	unsigned kinds;
	EVP_MD_CTX *digests[DIGESTS], *copy; /* copy: what is finished in the place of the one that goes on */
	uint32_t crc32, crc32c;
	bool failed;
};

static const EVP_MD *digest_of(enum hc_checksum_kind kind)
{
	switch (kind) {
	case HC_CHECKSUM_MD5:
		return EVP_md5();
	case HC_CHECKSUM_SHA1:
		return EVP_sha1();
	case HC_CHECKSUM_SHA256:
		return EVP_sha256();
	default:
		return NULL;
	}
}

/*
 * CRC32C (Castagnoli, RFC 3720), eight bytes at a time: steps[k][b] is what byte b does to the
 * remainder when k bytes follow it.
 */
static uint32_t steps[8][256];
static pthread_once_t steps_once = PTHREAD_ONCE_INIT;

static void make_steps(void)
{
	for (uint32_t b = 0; b < 256; b++) {
		uint32_t crc = b;
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0x82F63B78) : 0);
		steps[0][b] = crc;
	}
	for (size_t k = 1; k < 8; k++)
		for (size_t b = 0; b < 256; b++)
			steps[k][b] = steps[k - 1][b] >> 8 ^ steps[0][steps[k - 1][b] & 255];
}

static uint32_t crc32c_add(uint32_t crc, const unsigned char *p, size_t n)
{
	crc = ~crc;
	for (; n >= 8; n -= 8, p += 8) {
		crc ^= p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
		crc = steps[7][crc & 255] ^ steps[6][crc >> 8 & 255] ^ steps[5][crc >> 16 & 255] ^ steps[4][crc >> 24] ^
		      steps[3][p[4]] ^ steps[2][p[5]] ^ steps[1][p[6]] ^ steps[0][p[7]];
	}
	for (; n > 0; n--, p++)
		crc = crc >> 8 ^ steps[0][(crc ^ *p) & 255];
	return ~crc;
}

enum hc_code hc_checksums_open(unsigned kinds, struct hc_checksums **out, struct hc_err *err)
{
	assert(kinds < 1u << HC_CHECKSUM_KINDS);
	struct hc_checksums *c = calloc(1, sizeof *c);
	if (!c)
		return hc_fail_nomem(err, "checksums");
	pthread_once(&steps_once, make_steps);
	c->kinds = kinds;
	c->crc32 = (uint32_t)crc32_z(0, NULL, 0);
	bool good = (c->copy = EVP_MD_CTX_new()) != NULL;
	for (unsigned k = 0; k < DIGESTS && good; k++) {
		if (!(kinds & 1u << k))
			continue;
		c->digests[k] = EVP_MD_CTX_new();
		good = c->digests[k] && EVP_DigestInit_ex(c->digests[k], digest_of(k), NULL) == 1;
	}
	if (!good) {
		hc_checksums_free(c);
		return hc_fail(err, HC_IO, "the cryptographic library refused a digest");
	}
	*out = c;
	return HC_OK;
}

void hc_checksums_add(struct hc_checksums *c, const void *p, size_t n)
{
	if (n == 0)
		return;
	for (unsigned k = 0; k < DIGESTS; k++)
		if (c->digests[k] && EVP_DigestUpdate(c->digests[k], p, n) != 1)
			c->failed = true;
	if (c->kinds & 1u << HC_CHECKSUM_CRC32)
		c->crc32 = (uint32_t)crc32_z(c->crc32, p, n);
	if (c->kinds & 1u << HC_CHECKSUM_CRC32C)
		c->crc32c = crc32c_add(c->crc32c, p, n);
}

static size_t put_big_endian(uint32_t v, unsigned char *out)
{
	for (int i = 0; i < 4; i++)
		out[i] = (unsigned char)(v >> (24 - 8 * i));
	return 4;
}

size_t hc_checksums_get(const struct hc_checksums *c, enum hc_checksum_kind kind,
			unsigned char out[HC_CHECKSUM_BYTES_MAX])
{
	assert(c->kinds & 1u << kind);
	if (kind == HC_CHECKSUM_CRC32)
		return put_big_endian(c->crc32, out);
	if (kind == HC_CHECKSUM_CRC32C)
		return put_big_endian(c->crc32c, out);
	unsigned n = 0;
	if (c->failed || EVP_MD_CTX_copy_ex(c->copy, c->digests[kind]) != 1 ||
	    EVP_DigestFinal_ex(c->copy, out, &n) != 1)
		return 0;
	return n;
}

static void print_hex(const unsigned char *bytes, size_t n, char out[HC_CHECKSUM_TEXT_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 15];
	}
	out[2 * n] = '\0';
}

void hc_checksums_hex(const struct hc_checksums *c, enum hc_checksum_kind kind, char out[HC_CHECKSUM_TEXT_SIZE])
{
	unsigned char bytes[HC_CHECKSUM_BYTES_MAX];
	print_hex(bytes, hc_checksums_get(c, kind, bytes), out);
}

void hc_checksums_base64(const struct hc_checksums *c, enum hc_checksum_kind kind, char out[HC_CHECKSUM_TEXT_SIZE])
{
	unsigned char bytes[HC_CHECKSUM_BYTES_MAX];
	size_t n = hc_checksums_get(c, kind, bytes);
	/* A buffer that is there already and large enough: nothing is allocated. */
	struct hc_buf text = {.p = out, .cap = HC_CHECKSUM_TEXT_SIZE, .max = HC_CHECKSUM_TEXT_SIZE};
	hc_base64_encode((struct hc_str){(const char *)bytes, n}, &text);
	out[text.n] = '\0';
}

void hc_checksums_free(struct hc_checksums *c)
{
	if (!c)
		return;
	for (unsigned k = 0; k < DIGESTS; k++)
		EVP_MD_CTX_free(c->digests[k]);
	EVP_MD_CTX_free(c->copy);
	free(c);
}

void hc_checksum_hex_of(enum hc_checksum_kind kind, struct hc_str bytes, char out[HC_CHECKSUM_TEXT_SIZE])
{
	unsigned char bits[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	pthread_once(&steps_once, make_steps);
	if (kind == HC_CHECKSUM_CRC32)
		n = (unsigned)put_big_endian(
			(uint32_t)crc32_z(0, (const unsigned char *)(bytes.n ? bytes.p : ""), bytes.n), bits);
	else if (kind == HC_CHECKSUM_CRC32C)
		n = (unsigned)put_big_endian(crc32c_add(0, (const unsigned char *)bytes.p, bytes.n), bits);
	else if (EVP_Digest(bytes.n ? bytes.p : "", bytes.n, bits, &n, digest_of(kind), NULL) != 1)
		n = 0;
	print_hex(bits, n, out);
}

bool hc_equal_secretly(struct hc_str a, struct hc_str b)
{
	return a.n == b.n && (a.n == 0 || CRYPTO_memcmp(a.p, b.p, a.n) == 0);
}
