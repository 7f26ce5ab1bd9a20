/*
 * Scratch: one temporary file that has no name, so that it cannot outlive the process, whatever ends it (O_TMPFILE;
 * where the file system has none, a file that is unlinked before anything is written to it).
 *
 * Written at offsets that hc_scratch_put hands out and read back from there. Threads: any number at the same time.
 */
#ifndef HC_SYS_SCRATCH_H
#define HC_SYS_SCRATCH_H

#include <stdatomic.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/err.h"

/* Pieces that are written at once. */
enum { HC_SCRATCH_PIECES_MAX = 64 };

struct hc_scratch {
	int fd; /* -1: none */
	_Atomic uint64_t end;
	char *folder; /* for messages */
};

/* HC_IO when no file can be made in the folder, which must exist. */
enum hc_code hc_scratch_open(const char *folder, struct hc_scratch *out, struct hc_err *err) HC_MUST_USE;
void hc_scratch_close(struct hc_scratch *s);

/*
 * Writes n bytes, *at says where. HC_IO: the disk is full (the hint says which folder, and that --memory makes it
 * need less), ...
 */
enum hc_code hc_scratch_put(struct hc_scratch *s, const void *p, size_t n, uint64_t *at,
			    struct hc_err *err) HC_MUST_USE;
/* The same with up to HC_SCRATCH_PIECES_MAX pieces, one behind the other; `pieces` is used up. */
enum hc_code hc_scratch_put_pieces(struct hc_scratch *s, struct iovec *pieces, int n, uint64_t *at,
				   struct hc_err *err) HC_MUST_USE;
/* Reads n bytes that were written at `at`. */
enum hc_code hc_scratch_get(const struct hc_scratch *s, uint64_t at, void *p, size_t n, struct hc_err *err) HC_MUST_USE;

#endif
