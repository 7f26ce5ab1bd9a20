/*
 * Addresses to listen on, as people write them: "127.0.0.1:8787", "[::1]:0", "localhost:8787".
 *
 * Names are not looked up: what we listen on must not depend on a resolver. "localhost" is 127.0.0.1.
 */
#ifndef HC_NET_ADDRESS_H
#define HC_NET_ADDRESS_H

#include <sys/socket.h>

#include "base/err.h"

struct hc_address {
	struct sockaddr_storage at;
	socklen_t size;
};

/* HC_USAGE with a hint for what is no address. Port 0 is one: the system chooses. */
enum hc_code hc_address_parse(const char *text, struct hc_address *out, struct hc_err *err) HC_MUST_USE;

/* 127.0.0.0/8, ::1, and the first written as IPv6. */
bool hc_address_is_loopback(const struct sockaddr *a);

/* A socket that listens there (non-blocking, closed on exec), and its port. HC_IO when the address is taken or not ours. */
enum hc_code hc_address_listen(const struct hc_address *a, int *out_fd, unsigned *out_port,
			       struct hc_err *err) HC_MUST_USE;

#endif
