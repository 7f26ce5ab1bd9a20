#include "sys/ranges.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/files.h"

enum hc_code hc_ranged_open(const char *path, struct hc_ranged *out, struct hc_err *err)
{
	/* O_NONBLOCK: a fifo is refused, not waited for */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	if (fd < 0) {
		/* the door to files knows how to say why */
		struct hc_source *source;
		HC_TRY(hc_file_open(path, &source, err));
		hc_source_close(source);
		return hc_fail(err, HC_IO, "%s: could not be opened a moment ago", path);
	}
	if (fstat(fd, &st) != 0) {
		hc_fail(err, HC_IO, "%s: cannot be read: %s", path, strerror(errno));
	} else if (S_ISDIR(st.st_mode)) {
		hc_fail(err, HC_INPUT, "%s: is a folder, a file is needed", path);
		hc_err_set_hint(err, "check the path");
	} else if (!S_ISREG(st.st_mode)) {
		hc_fail(err, HC_IO, "%s: cannot be read in pieces: is not a regular file", path);
	} else {
		*out = (struct hc_ranged){fd, (uint64_t)st.st_size};
		return HC_OK;
	}
	close(fd);
	return hc_err_code(err);
}

void hc_ranged_close(struct hc_ranged *f)
{
	if (f->fd >= 0)
		close(f->fd);
	*f = (struct hc_ranged){-1, 0};
}

enum hc_code hc_ranged_read(const struct hc_ranged *f, uint64_t at, void *p, size_t n, struct hc_err *err)
{
	assert(at <= f->size && n <= f->size - at);
	for (size_t done = 0; done < n;) {
		ssize_t got = pread(f->fd, (char *)p + done, n - done, (off_t)(at + done));
		if (got == 0) {
			hc_fail(err, HC_INPUT, "shrank while it was read");
			return hc_hint(err, "run again when nobody writes to the file");
		}
		if (got < 0 && errno != EINTR)
			return hc_fail(err, HC_IO, "cannot be read: %s", strerror(errno));
		done += got > 0 ? (size_t)got : 0;
	}
	return HC_OK;
}
