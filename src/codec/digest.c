#include "codec/digest.h"

#include <stdlib.h>

#include "codec/checksum.h"

enum { STEP = 1 << 16 };

static enum hc_code add_all(struct hc_checksums *sum, struct hc_source *source, char *step, struct hc_err *err)
{
	for (size_t got = 1; got > 0;) {
		HC_TRY(source->read(source, step, STEP, &got, err));
		hc_checksums_add(sum, step, got);
	}
	return HC_OK;
}

enum hc_code hc_sha256_of_source(struct hc_source *source, char out[HC_SHA256_HEX_SIZE], struct hc_err *err)
{
	struct hc_checksums *sum = NULL;
	char *step = malloc(STEP), hex[HC_CHECKSUM_TEXT_SIZE];
	enum hc_code code =
		step ? hc_checksums_open(1u << HC_CHECKSUM_SHA256, &sum, err) : hc_fail_nomem(err, "a digest");
	if (code == HC_OK)
		code = add_all(sum, source, step, err);
	if (code == HC_OK) {
		hc_checksums_hex(sum, HC_CHECKSUM_SHA256, hex);
		if (!hex[0])
			code = hc_fail(err, HC_IO, "the cryptographic library refused SHA-256");
		else
			memcpy(out, hex, HC_SHA256_HEX_SIZE);
	}
	hc_checksums_free(sum);
	free(step);
	return code;
}
