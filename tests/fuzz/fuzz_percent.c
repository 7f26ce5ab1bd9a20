/*
 * Percent-encoding: encoded text decodes to itself; what decodes has the bytes of its encoding; the parts of a query make
 * up the query again.
 */
#include "codec/percent.h"
#include "target.h"

static void check_round(struct hc_str input, bool keep_slash, bool plus)
{
	struct hc_buf first = HC_BUF(3 * input.n + 1), second = HC_BUF(input.n + 1);
	hc_percent_encode(input, keep_slash, &first);
	must(!first.failed && hc_percent_decode(hc_buf_view(&first), plus, &second));
	must(!second.failed && hc_str_eq(hc_buf_view(&second), input));
	hc_buf_free(&first);
	hc_buf_free(&second);
}

static void check_decoded(struct hc_str input)
{
	struct hc_buf plain = HC_BUF(input.n + 1), form = HC_BUF(input.n + 1);
	bool good = hc_percent_decode(input, false, &plain);
	must(good == hc_percent_decode(input, true, &form) && plain.n == form.n);
	must(!plain.failed && !form.failed && (good || plain.n == 0));
	for (size_t i = 0; i < plain.n; i++)
		must(plain.p[i] == form.p[i] || (plain.p[i] == '+' && form.p[i] == ' '));
	hc_buf_free(&plain);
	hc_buf_free(&form);
}

static void check_query(struct hc_str input)
{
	struct hc_str rest = input, name, value;
	const char *at = input.p;
	bool has_value;
	while (hc_query_next(&rest, &name, &value, &has_value)) {
		for (; at < name.p; at++)
			must(*at == '&');
		must(name.p == at && value.p == at + name.n + has_value && (has_value || value.n == 0));
		must(!has_value || value.p[-1] == '=');
		must(!name.n || (!memchr(name.p, '=', name.n) && !memchr(name.p, '&', name.n)));
		must(!value.n || !memchr(value.p, '&', value.n));
		at = value.p + value.n;
		must(rest.p == at);
	}
	for (; at < input.p + input.n; at++)
		must(*at == '&');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hc_str input = input_text(data, size);
	check_round(input, false, false);
	check_round(input, true, true);
	check_decoded(input);
	check_query(input);
	return 0;
}
