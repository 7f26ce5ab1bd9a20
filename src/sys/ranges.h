/*
 * Ranges of files: a regular file that is read here and there into memory of the caller.
 *
 * For whoever reads pieces of one file with many threads, each into a buffer that it uses again. Adding up all bytes of
 * 1.5 GB in the page cache (Linux 6.18, Zen 5, best of 8) took 0.07 s through buffers of 64 KiB to 2 MiB, 0.08 s to
 * 0.1 s through 8 MiB, and 0.10 s to 0.12 s mapped: a buffer that stays in the cache costs no faults.
 *
 * Threads: a file may be read by many at the same time.
 */
#ifndef HC_SYS_RANGES_H
#define HC_SYS_RANGES_H

#include <stdint.h>

#include "base/err.h"

struct hc_ranged {
	int fd;        /* -1: closed */
	uint64_t size; /* when it was opened */
};

/* HC_INPUT and HC_IO as hc_file_open, the path in the message; also HC_IO for what has no ranges (fifos, devices). */
enum hc_code hc_ranged_open(const char *path, struct hc_ranged *out, struct hc_err *err) HC_MUST_USE;
void hc_ranged_close(struct hc_ranged *f);

/*
 * Reads the n bytes from `at` on, all within the size. HC_INPUT "shrank while it was read"; HC_IO. The caller adds the
 * path.
 */
enum hc_code hc_ranged_read(const struct hc_ranged *f, uint64_t at, void *p, size_t n, struct hc_err *err) HC_MUST_USE;

#endif
