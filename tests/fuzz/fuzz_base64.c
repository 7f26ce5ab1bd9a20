/*
 * Base64: every text that decodes is the one text of its bytes, and every bytes read back.
 */
#include <stdlib.h>

#include "codec/base64.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hc_str input = {(const char *)data, size};
	struct hc_buf first = HC_BUF(2 * size + 8), second = HC_BUF(2 * size + 8);

	hc_buf_char(&first, '!');
	if (hc_base64_decode(input, &first)) {
		must(!first.failed && first.n - 1 <= size / 4 * 3);
		hc_base64_encode((struct hc_str){first.p + 1, first.n - 1}, &second);
		must(!second.failed && hc_str_eq(hc_buf_view(&second), input));
	}
	must(first.p[0] == '!' && (first.n == 1 || size >= 4));

	hc_buf_reset(&first);
	hc_buf_reset(&second);
	hc_base64_encode(input, &first);
	must(!first.failed && first.n == (size + 2) / 3 * 4);
	must(hc_base64_decode(hc_buf_view(&first), &second));
	must(!second.failed && hc_str_eq(hc_buf_view(&second), input));

	hc_buf_free(&first);
	hc_buf_free(&second);
	return 0;
}
