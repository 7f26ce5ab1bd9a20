/*
 * aws-chunked bodies: the same events, the same end and the same message whether the body comes whole, byte by byte or in
 * pieces of the size that the first byte says.
 */
#include "base/buf.h"
#include "codec/chunked.h"
#include "target.h"

static enum hc_code on_chunk(void *arg, uint64_t size, struct hc_str signature, struct hc_err *err)
{
	(void)err;
	must(size <= HC_CHUNK_BYTES_MAX && (signature.n == 0 || signature.n == 64));
	hc_buf_printf(arg, "<%llu;%.*s>", (unsigned long long)size, HC_STR_ARG(signature));
	return HC_OK;
}

static enum hc_code on_bytes(void *arg, const void *p, size_t n, struct hc_err *err)
{
	(void)err;
	must(n > 0);
	hc_buf_put(arg, p, n);
	return HC_OK;
}

static enum hc_code on_chunk_end(void *arg, struct hc_err *err)
{
	(void)err;
	hc_buf_char(arg, '|');
	return HC_OK;
}

static enum hc_code on_trailer(void *arg, struct hc_str name, struct hc_str value, struct hc_err *err)
{
	(void)err;
	must(name.n > 0 && !memchr(name.p, ':', name.n));
	hc_buf_printf(arg, "{%.*s=%.*s}", HC_STR_ARG(name), HC_STR_ARG(value));
	return HC_OK;
}

static const struct hc_chunked_events events = {on_chunk, on_bytes, on_chunk_end, on_trailer};

static enum hc_code feed(struct hc_str body, size_t step, struct hc_buf *heard, struct hc_err *err)
{
	struct hc_chunked c;
	hc_chunked_open(&c, &events, heard);
	for (size_t at = 0; at < body.n; at += step) {
		enum hc_code code = hc_chunked_feed(&c, body.p + at, body.n - at < step ? body.n - at : step, err);
		if (code != HC_OK)
			return code;
	}
	return hc_chunked_finish(&c, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct hc_err first, other;
	if (size == 0)
		return 0;
	struct hc_str body = input_text(data + 1, size - 1);
	struct hc_buf whole = HC_BUF(32 * size + 256), pieces = HC_BUF(32 * size + 256);
	enum hc_code code = feed(body, size, &whole, &first);
	must(!whole.failed && (code == HC_OK || code == HC_INPUT || code == HC_LIMIT));
	const size_t steps[] = {1, (size_t)data[0] + 1};
	for (size_t i = 0; i < 2; i++) {
		hc_buf_reset(&pieces);
		must(feed(body, steps[i], &pieces, &other) == code);
		must(hc_str_eq(hc_buf_view(&whole), hc_buf_view(&pieces)));
		must(code == HC_OK || strcmp(first.msg, other.msg) == 0);
	}
	hc_buf_free(&whole);
	hc_buf_free(&pieces);
	return 0;
}
