/*
 * Routing of S3 requests. The input is a host, a path and a header's value, one a line.
 */
#include "api/route.h"
#include "codec/percent.h"
#include "target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hc_str rest = input_text(data, size), host = take_until(&rest, '\n'), path = take_until(&rest, '\n');
	struct hc_http_header headers[] = {{HC_STR("Host"), host}, {HC_STR("Content-Type"), rest}};
	struct hc_http_request http = {.method = HC_STR("POST"), .path = path, .headers = headers, .n_headers = 2};
	struct hc_sigv4_claim claim = {0};
	struct hc_route route;
	struct hc_str bucket, key;
	HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(1 << 20);

	hc_route_find(&http, &claim, &route);
	must(route.target.p == NULL && route.protocol != HC_USES_JSON);
	must((route.protocol == HC_USES_S3) == hc_str_eq(route.service, HC_STR("s3")));

	bool fine = hc_route_s3(&http, HC_STR("us-west-2"), &arena, &bucket, &key);
	if (!fine)
		return 0;
	must(bucket.n + key.n <= host.n + path.n && (key.p || key.n == 0) && (bucket.p || bucket.n == 0));
	/* Nothing is lost: from the path alone both come back by escaping them again. */
	headers[0].name = HC_STR("X");
	if (!hc_route_s3(&http, HC_STR("us-west-2"), &arena, &bucket, &key))
		return 0;
	HC_BUF_SCOPED struct hc_buf again = HC_BUF(1 << 18);
	hc_buf_char(&again, '/');
	hc_percent_encode(bucket, false, &again);
	hc_buf_char(&again, '/');
	hc_percent_encode(key, true, &again);
	must(again.failed == HC_OK);
	struct hc_str bucket2, key2;
	http.path = hc_buf_view(&again);
	must(hc_route_s3(&http, HC_STR("us-west-2"), &arena, &bucket2, &key2));
	must(hc_str_eq(bucket, bucket2) && hc_str_eq(key, key2));
	return 0;
}
