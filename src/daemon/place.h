/*
 * DIR: where everything of a server stands.
 *
 *   DIR/hindcast.conf   settings (optional)          DIR/credentials     the key pair
 *   DIR/catalog.db      the catalog                  DIR/objects/        content of the object store
 *   DIR/logs/           logs of jobs                 DIR/work/           folders of running jobs
 *   DIR/server          how to reach the server that runs on DIR, or ran last: "name = value" lines (url, region, account, proxy)
 *   DIR/ca.pem, ca.key  the proxy's authority
 */
#ifndef HC_DAEMON_PLACE_H
#define HC_DAEMON_PLACE_H

#include "base/arena.h"

/* All paths absolute, in the arena. */
struct hc_place {
	const char *dir, *settings, *credentials, *catalog, *objects, *logs, *work, *server, *ca_certificate, *ca_key;
};

/* Makes DIR (mode 0700) with its folders if `make`; else it must be there. HC_USAGE when it is none. */
enum hc_code hc_place_open(const char *dir, bool make, struct hc_arena *arena, struct hc_place *out,
			   struct hc_err *err) HC_MUST_USE;

struct hc_reach {
	const char *url, *region, *account, *proxy; /* proxy NULL: none */
};
enum hc_code hc_reach_write(const struct hc_place *place, const struct hc_reach *reach, struct hc_err *err) HC_MUST_USE;
/* HC_USAGE when no server was ever started there. */
enum hc_code hc_reach_read(const struct hc_place *place, struct hc_arena *arena, struct hc_reach *out,
			   struct hc_err *err) HC_MUST_USE;

#endif
