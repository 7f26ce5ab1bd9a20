/*
 * Base64, RFC 4648 section 4, strictly: the standard alphabet, padding required, no white space,
 * unused bits zero.
 */
#ifndef HC_CODEC_BASE64_H
#define HC_CODEC_BASE64_H

#include "base/buf.h"

/* Appends the decoded bytes to out; false if text is not valid base64 (out is then as before). */
bool hc_base64_decode(struct hc_str text, struct hc_buf *out);
void hc_base64_encode(struct hc_str bytes, struct hc_buf *out);

#endif
