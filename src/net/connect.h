/*
 * The head of a request to a forward proxy: which host and port a CONNECT asks for, and whether that is a host of AWS. Pure.
 *
 * Source: RFC 9110, 9.3.6; RFC 9112, 3.2.3.
 */
#ifndef HC_NET_CONNECT_H
#define HC_NET_CONNECT_H

#include "base/str.h"

enum {
	HC_CONNECT_HEAD_MAX = 8192, /* bytes of a request's head, with the empty line */
	HC_CONNECT_HOST_MAX = 253,
	HC_CONNECT_LABEL_MAX = 63,
};

struct hc_connect {
	char host[HC_CONNECT_HOST_MAX + 1]; /* in lower case */
};

enum hc_connect_verdict {
	HC_CONNECT_FINE,
	HC_CONNECT_MALFORMED, /* no head of HTTP/1.x: 400 */
	HC_CONNECT_REFUSED,   /* another method, host or port: 403 */
};

/* The length of the head at the start of s, with its empty line; 0 when its end has not come yet. */
size_t hc_connect_head(struct hc_str s);

/* Reads a whole head. Only with FINE `out` is set. */
enum hc_connect_verdict hc_connect_parse(struct hc_str head, struct hc_connect *out);

/* A name (lower case) of AWS: amazonaws.com, amazonaws.com.cn, api.aws and what is below them, of well-formed labels. */
bool hc_connect_is_aws(struct hc_str host);

#endif
