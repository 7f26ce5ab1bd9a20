/*
 * SHA-256, by OpenSSL.
 */
#ifndef HC_CODEC_DIGEST_H
#define HC_CODEC_DIGEST_H

#include "base/source.h"

enum { HC_SHA256_HEX_SIZE = 65 };

/* The digest of all that a source still gives, in lower-case hex. */
enum hc_code hc_sha256_of_source(struct hc_source *source, char out[HC_SHA256_HEX_SIZE],
				 struct hc_err *err) HC_MUST_USE;

#endif
