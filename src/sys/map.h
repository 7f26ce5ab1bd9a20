/*
 * Files as memory, for reading.
 *
 * A mapped file that becomes shorter while it is read makes the kernel send SIGBUS. A handler (installed with the first
 * mapping, kept from then on) puts pages of zeros in the place of those that are gone, remembers that it did, and the
 * reader goes on: it reads nonsense and must ask hc_map_check before it believes what it read. The same for a page that
 * the disk does not give. A SIGBUS anywhere else ends the process as before. After systemd's sigbus.c.
 *
 * Threads: a mapping may be read by many threads, none of which blocks SIGBUS; open and close may be called by any, at
 * the same time for different mappings. At most HC_MAPS_MAX mappings at once.
 *
 * Cost: a fault for every 64 KiB that is touched. Whoever reads a file once, from its start to its end, is faster
 * with a buffer that stays in the cache: adding up 1.5 GB in the page cache (Linux 6.18, Zen 5) took 0.07 s so,
 * 0.10 s mapped.
 */
#ifndef HC_SYS_MAP_H
#define HC_SYS_MAP_H

#include <stdint.h>

#include "base/err.h"

enum { HC_MAPS_MAX = 4096 };

struct hc_map {
	const char *p; /* n bytes; never NULL, also for an empty file */
	size_t n;
	int slot; /* in the handler's table; -1: nothing is mapped */
};

/*
 * Maps a regular file. HC_INPUT and HC_IO as hc_file_open, the path in the message; also HC_IO for what cannot be
 * mapped (fifos, devices). HC_LIMIT past HC_MAPS_MAX.
 */
enum hc_code hc_map_open(const char *path, struct hc_map *out, struct hc_err *err) HC_MUST_USE;
/* The map is empty then; closing it again is fine. */
void hc_map_close(struct hc_map *m);

/*
 * HC_INPUT "shrank while it was read" once part of the file was found missing, though it be there again. The caller
 * adds the path.
 */
enum hc_code hc_map_check(const struct hc_map *m, struct hc_err *err) HC_MUST_USE;

#endif
