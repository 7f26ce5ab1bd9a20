/*
 * A forward proxy for AWS's hosts: CONNECT HOST:443 is answered for names below amazonaws.com (and .amazonaws.com.cn, api.aws), TLS ends here with a
 * certificate of our own authority, made per host, and the bytes go on to our own HTTP server over loopback. So clients that ask a
 * hard-coded AWS host reach us. Anything else is refused with 403.
 *
 * Listens on loopback only. The authority (ca.pem, ca.key mode 0600) is made at first start and kept; host certificates live in memory.
 */
#ifndef HC_NET_PROXY_H
#define HC_NET_PROXY_H

#include "base/err.h"

struct hc_proxy_options {
	const char *listen;     /* a loopback address and port */
	unsigned upstream_port; /* of our HTTP server, on 127.0.0.1 (or as upstream_host says) */
	const char *upstream_host;
	const char *ca_certificate, *ca_key; /* paths; made when missing */
	unsigned connections_max;            /* HC_PROXY_CONNECTIONS_MAX: further ones are closed */
	unsigned idle_timeout_s;
};

struct hc_proxy;
enum hc_code hc_proxy_start(const struct hc_proxy_options *options, struct hc_proxy **out, struct hc_err *err) HC_MUST_USE;
unsigned hc_proxy_port(const struct hc_proxy *p);
void hc_proxy_stop(struct hc_proxy *p);

#endif
