/*
 * A forward proxy for AWS's hosts: CONNECT HOST:443 is answered for names below amazonaws.com (and amazonaws.com.cn, api.aws), TLS ends
 * here with a certificate of our own authority, made per host, and the bytes go on to our own HTTP server over loopback. So clients that
 * ask a hard-coded AWS host reach us. Anything else is refused with 403, what is no HTTP with 400; without our server it is 502.
 *
 * Listens on loopback only. The authority (ca.pem, ca.key mode 0600; net/authority.h) is made at first start and kept; host
 * certificates live in memory.
 *
 * Threads: one accepts, each connection has one; all block signals. Start and stop are the owner's.
 */
#ifndef HC_NET_PROXY_H
#define HC_NET_PROXY_H

#include "base/err.h"

struct hc_proxy_options {
	const char *listen;                  /* a loopback address and port */
	unsigned upstream_port;              /* of our HTTP server */
	const char *upstream_host;           /* an address without brackets; NULL: 127.0.0.1 */
	const char *ca_certificate, *ca_key; /* paths; made when missing, their folder must be there */
	unsigned connections_max;            /* further ones are closed at once */
	/* A connection on which nothing comes or goes for so long ends: more than the server's longest request takes. */
	unsigned idle_timeout_s;
};

struct hc_proxy;

/* HC_USAGE for an address that is none or is not loopback, HC_IO when it is taken; HC_INPUT, HC_IO of the authority. */
enum hc_code hc_proxy_start(const struct hc_proxy_options *options, struct hc_proxy **out,
			    struct hc_err *err) HC_MUST_USE;
unsigned hc_proxy_port(const struct hc_proxy *p);
/* Ends all connections at once, waits for their threads and frees all: stop the HTTP server first. NULL is fine. */
void hc_proxy_stop(struct hc_proxy *p);

#endif
