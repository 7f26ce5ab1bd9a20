/*
 * Digests and checksums over a stream of bytes, several at once: MD5, SHA-1, SHA-256 (OpenSSL), CRC32 (zlib), CRC32C (ours).
 *
 * S3's requests carry them, its ETag is one. Checksums are handed out as base64 of the big-endian bytes, as x-amz-checksum-* are.
 *
 * An object belongs to one thread at a time, for reading too. Only HC_IO (the library has no such digest, or no memory)
 * can happen when it is opened; should the library fail later, there are 0 bytes and empty texts, which equal no checksum.
 */
#ifndef HC_CODEC_CHECKSUM_H
#define HC_CODEC_CHECKSUM_H

#include <stdint.h>

#include "base/buf.h"

enum hc_checksum_kind {
	HC_CHECKSUM_MD5,
	HC_CHECKSUM_SHA1,
	HC_CHECKSUM_SHA256,
	HC_CHECKSUM_CRC32,
	HC_CHECKSUM_CRC32C,
	HC_CHECKSUM_KINDS,
};

enum { HC_CHECKSUM_BYTES_MAX = 32, HC_CHECKSUM_TEXT_SIZE = 72 };

struct hc_checksums; /* one or several kinds over one stream */

/* `kinds`: bits 1 << kind. */
enum hc_code hc_checksums_open(unsigned kinds, struct hc_checksums **out, struct hc_err *err) HC_MUST_USE;
void hc_checksums_add(struct hc_checksums *c, const void *p, size_t n);
/* The bytes of one kind over all that was added so far, and how many; may be asked again after more was added. */
size_t hc_checksums_get(const struct hc_checksums *c, enum hc_checksum_kind kind,
			unsigned char out[HC_CHECKSUM_BYTES_MAX]);
/* The same as lower-case hex, or as base64, NUL-terminated. */
void hc_checksums_hex(const struct hc_checksums *c, enum hc_checksum_kind kind, char out[HC_CHECKSUM_TEXT_SIZE]);
void hc_checksums_base64(const struct hc_checksums *c, enum hc_checksum_kind kind, char out[HC_CHECKSUM_TEXT_SIZE]);
/* NULL is fine. */
void hc_checksums_free(struct hc_checksums *c);

/* One text's SHA-256 or MD5 and the like in one call, as hex. */
void hc_checksum_hex_of(enum hc_checksum_kind kind, struct hc_str bytes, char out[HC_CHECKSUM_TEXT_SIZE]);

/* Equal without telling by the time taken where they differ; texts of different lengths differ. */
bool hc_equal_secretly(struct hc_str a, struct hc_str b);

#endif
