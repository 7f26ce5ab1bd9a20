#include "codec/digest.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

enum { STEP = 1 << 16, SHA256_BYTES = 32 };

static enum hc_code digest(EVP_MD_CTX *context, struct hc_source *source, char *step, unsigned char *out,
			   struct hc_err *err)
{
	bool good = EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1;
	for (size_t got = 1; good && got > 0;) {
		HC_TRY(source->read(source, step, STEP, &got, err));
		good = EVP_DigestUpdate(context, step, got) == 1;
	}
	if (good && EVP_DigestFinal_ex(context, out, NULL) == 1)
		return HC_OK;
	return hc_fail(err, HC_IO, "the cryptographic library refused SHA-256");
}

enum hc_code hc_sha256_of_source(struct hc_source *source, char out[HC_SHA256_HEX_SIZE], struct hc_err *err)
{
	unsigned char bytes[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	char *step = malloc(STEP);
	enum hc_code code =
		context && step ? digest(context, source, step, bytes, err) : hc_fail_nomem(err, "a digest");
	EVP_MD_CTX_free(context);
	free(step);
	for (int i = 0; code == HC_OK && i < SHA256_BYTES; i++)
		sprintf(out + 2 * (size_t)i, "%02x", bytes[i]);
	return code;
}
