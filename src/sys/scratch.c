#include "sys/scratch.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum hc_code fail(const char *folder, const char *what, int error, struct hc_err *err)
{
	hc_fail(err, HC_IO, "%s: the temporary file for what does not fit into memory cannot be %s: %s", folder, what,
		strerror(error));
	if (error == ENOSPC || error == EDQUOT || error == EFBIG)
		return hc_hint(err, "make room in %s, or raise --memory so that less is written there", folder);
	if (error == EACCES || error == EPERM || error == EROFS || error == ENOENT || error == ENOTDIR)
		return hc_hint(err, "choose a folder that is there and that this user may write to, "
				    "or raise --memory so that none is needed");
	return err->code;
}

/* A file with a name, for the moment that it takes to remove it. */
static int open_and_unlink(const char *folder)
{
	char *path;
	if (asprintf(&path, "%s/.hindcast-scratch-XXXXXX", folder) < 0) {
		errno = ENOMEM;
		return -1;
	}
	int fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0 && unlink(path) != 0) {
		int error = errno;
		close(fd);
		fd = -1;
		errno = error;
	}
	free(path);
	return fd;
}

enum hc_code hc_scratch_open(const char *folder, struct hc_scratch *out, struct hc_err *err)
{
	int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	/* EISDIR: a kernel that does not know O_TMPFILE */
	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL))
		fd = open_and_unlink(folder);
	if (fd < 0)
		return fail(folder, "made", errno, err);
	char *copy = strdup(folder);
	if (!copy) {
		close(fd);
		return hc_fail_nomem(err, "a temporary file");
	}
	out->fd = fd;
	atomic_init(&out->end, 0);
	out->folder = copy;
	return HC_OK;
}

void hc_scratch_close(struct hc_scratch *s)
{
	if (s->fd >= 0)
		close(s->fd);
	free(s->folder);
	s->fd = -1;
	s->folder = NULL;
}

/* Drops the first n bytes of the pieces. */
static void advance(struct iovec **pieces, int *n_pieces, size_t n)
{
	while (*n_pieces > 0 && n >= (*pieces)->iov_len) {
		n -= (*pieces)->iov_len;
		++*pieces;
		--*n_pieces;
	}
	if (*n_pieces > 0) {
		(*pieces)->iov_base = (char *)(*pieces)->iov_base + n;
		(*pieces)->iov_len -= n;
	}
}

enum hc_code hc_scratch_put_pieces(struct hc_scratch *s, struct iovec *pieces, int n, uint64_t *at, struct hc_err *err)
{
	assert(n <= HC_SCRATCH_PIECES_MAX);
	uint64_t size = 0;
	for (int i = 0; i < n; i++)
		size += pieces[i].iov_len;
	uint64_t start = atomic_fetch_add_explicit(&s->end, size, memory_order_relaxed), end = start + size;
	for (uint64_t to = start; to < end;) {
		ssize_t wrote = pwritev(s->fd, pieces, n, (off_t)to);
		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			return fail(s->folder, "written", wrote < 0 ? errno : ENOSPC, err);
		to += (uint64_t)wrote;
		advance(&pieces, &n, (size_t)wrote);
	}
	*at = start;
	return HC_OK;
}

enum hc_code hc_scratch_put(struct hc_scratch *s, const void *p, size_t n, uint64_t *at, struct hc_err *err)
{
	struct iovec piece = {(void *)p, n};
	return hc_scratch_put_pieces(s, &piece, 1, at, err);
}

enum hc_code hc_scratch_get(const struct hc_scratch *s, uint64_t at, void *p, size_t n, struct hc_err *err)
{
	for (size_t done = 0; done < n;) {
		ssize_t got = pread(s->fd, (char *)p + done, n - done, (off_t)(at + done));
		if (got < 0 && errno == EINTR)
			continue;
		/* the end of the file: what was written is gone */
		if (got <= 0)
			return fail(s->folder, "read", got < 0 ? errno : EIO, err);
		done += (size_t)got;
	}
	return HC_OK;
}
