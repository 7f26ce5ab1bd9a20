/*
 * `hindcast serve`: wires everything together over one folder, and takes it apart again.
 *
 * Order: lock DIR, key pair, catalog, content, HTTP, proxy, supervisor; then one line on standard output says where. Signals (SIGTERM, SIGINT, SIGHUP) end
 * the loop; then no new request is taken, those under way end, running jobs are left for the next start, all is closed.
 */
#ifndef HC_DAEMON_SERVE_H
#define HC_DAEMON_SERVE_H

#include <stdint.h>

#include "base/err.h"
#include "daemon/place.h"

#define HC_LISTEN_DEFAULT "127.0.0.1:8787"
#define HC_ACCOUNT_DEFAULT "123456789012"
#define HC_REGION_DEFAULT "us-west-2"
enum {
	HC_CONNECTIONS_DEFAULT = 512,
	HC_IDLE_DEFAULT_S = 60,
	HC_HEADERS_BYTES_DEFAULT = 32 << 10,
	HC_LISTING_DEFAULT = 1000,
	HC_STOP_GRACE_S = 10,
	HC_JOBS_MAX = 256,           /* at once */
	HC_BODY_BYTES_MAX = 4 << 20, /* of requests that are no objects; also the default */
};
#define HC_OBJECT_BYTES_DEFAULT (UINT64_C(5) << 40)

struct hc_serve_options {
	const char *listen, *proxy; /* proxy NULL: none */
	const char *account, *region;
	bool no_auth;
	unsigned jobs; /* at once; 0: number of cores */
	unsigned connections, idle_timeout_s;
	uint64_t headers_bytes, body_bytes, object_bytes, listing;
	const char *image_commands; /* "REPOSITORY=COMMAND" a line; NULL: none */
};

/* Returns when it was told to stop. */
enum hc_code hc_serve(const struct hc_place *place, const struct hc_serve_options *options,
		      struct hc_err *err) HC_MUST_USE;

#endif
