/*
 * The heads that the forward proxy reads.
 */
#include "net/connect.h"
#include "target.h"

/* Only letters that cannot end a name in a certificate's extension, or mean anything in one. */
static void check_host(const char *host)
{
	size_t n = strlen(host);
	must(n > 0 && n <= HC_CONNECT_HOST_MAX);
	must(strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == n);
	must(host[0] != '.' && host[n - 1] != '.' && !strstr(host, ".."));
	must(hc_connect_is_aws((struct hc_str){host, n}));
	must(hc_str_ends((struct hc_str){host, n}, "amazonaws.com") ||
	     hc_str_ends((struct hc_str){host, n}, "amazonaws.com.cn") ||
	     hc_str_ends((struct hc_str){host, n}, "api.aws"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hc_str text = input_text(data, size);
	struct hc_connect c = {"untouched"};
	size_t n = hc_connect_head(text);
	must(n <= size && (n == 0 || n >= 4));
	/* the end is found at the same place when less is there */
	must(n == 0 || (hc_connect_head((struct hc_str){text.p, n}) == n &&
			hc_connect_head((struct hc_str){text.p, n - 1}) == 0));
	hc_connect_is_aws(text);
	switch (hc_connect_parse(text, &c)) {
	case HC_CONNECT_FINE:
		must(n > 0 && strncmp(text.p, "CONNECT ", 8) == 0);
		check_host(c.host);
		break;
	case HC_CONNECT_MALFORMED:
	case HC_CONNECT_REFUSED:
		must(strcmp(c.host, "untouched") == 0);
		break;
	default:
		must(false);
	}
	return 0;
}
