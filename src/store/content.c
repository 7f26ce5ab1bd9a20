#include "store/content.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "sys/entropy.h"

enum { COPY_STEP = 1 << 18, COPY_RANGE_MAX = 1 << 30 };

/* Where a file grows until it is complete. */
#define INCOMING "incoming"

struct hc_contents {
	int fd; /* the folder, so that moving it away or a change of the working directory does not matter */
	char folder[HC_PATH_LEN_MAX];
};

/* "XX/ID", or "incoming/ID". */
enum { NAME_SIZE = sizeof INCOMING + HC_CONTENT_ID_SIZE };

static bool is_id(const char *id)
{
	size_t n = strspn(id, "0123456789abcdef");
	return n == HC_CONTENT_ID_SIZE - 1 && id[n] == '\0';
}

static void final_name(const char *id, char out[NAME_SIZE])
{
	snprintf(out, NAME_SIZE, "%.2s/%s", id, id);
}

static void incoming_name(const char *id, char out[NAME_SIZE])
{
	snprintf(out, NAME_SIZE, INCOMING "/%s", id);
}

static enum hc_code fail(const struct hc_contents *c, const char *what, int error, struct hc_err *err)
{
	switch (error) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		hc_fail(err, HC_LIMIT, "%s: the disk is full: %s", c->folder, strerror(error));
		return hc_hint(err, "make room on that disk");
	case ENOMEM:
		return hc_fail_nomem(err, c->folder);
	default:
		return hc_fail(err, HC_IO, "%s: %s: %s", c->folder, what, strerror(error));
	}
}

static enum hc_code sync_at(const struct hc_contents *c, const char *folder, struct hc_err *err)
{
	int fd = openat(c->fd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail(c, "a folder cannot be opened", errno, err);
	int error = fsync(fd) != 0 ? errno : 0;
	close(fd);
	return error ? fail(c, "a folder cannot be synced", error, err) : HC_OK;
}

/* All folders are made at once, so that no write has to sync more than the one that its file stands in. */
static enum hc_code make_folders(struct hc_contents *c, struct hc_err *err)
{
	bool made = false;
	for (int i = -1; i < 256; i++) {
		char name[NAME_SIZE] = INCOMING;
		if (i >= 0)
			snprintf(name, sizeof name, "%02x", (unsigned)i);
		if (mkdirat(c->fd, name, 0700) == 0)
			made = true;
		else if (errno != EEXIST)
			return fail(c, "a folder cannot be made", errno, err);
	}
	return made ? sync_at(c, ".", err) : HC_OK;
}

enum hc_code hc_contents_open(const char *folder, struct hc_contents **out, struct hc_err *err)
{
	if (strlen(folder) >= HC_PATH_LEN_MAX)
		return hc_fail(err, HC_USAGE, "the folder's name is longer than %d bytes", HC_PATH_LEN_MAX - 1);
	HC_TRY(hc_file_mkdirs(folder, err));
	struct hc_contents *c = malloc(sizeof *c);
	if (!c)
		return hc_fail_nomem(err, "the store");
	snprintf(c->folder, sizeof c->folder, "%s", folder);
	c->fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum hc_code code = c->fd < 0 ? fail(c, "cannot be opened", errno, err) : make_folders(c, err);
	if (code != HC_OK) {
		hc_contents_close(c);
		return code;
	}
	*out = c;
	return HC_OK;
}

void hc_contents_close(struct hc_contents *c)
{
	if (!c)
		return;
	if (c->fd >= 0)
		close(c->fd);
	free(c);
}

bool hc_contents_have_room(const struct hc_contents *c, uint64_t bytes)
{
	struct statvfs fs;
	if (fstatvfs(c->fd, &fs) != 0 || fs.f_blocks == 0 || fs.f_frsize == 0)
		return true;
	uint64_t blocks = geteuid() == 0 ? fs.f_bfree : fs.f_bavail; /* what is reserved is root's */
	return bytes / fs.f_frsize < blocks || bytes == 0;
}

enum hc_code hc_content_create(struct hc_contents *c, struct hc_content_writer *out, struct hc_err *err)
{
	struct hc_content_writer w = {.contents = c};
	HC_TRY(hc_random_hex(w.id, sizeof w.id - 1, err));
	char name[NAME_SIZE];
	incoming_name(w.id, name);
	/* not writable by anybody from the start: hard links share the mode */
	w.fd = openat(c->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
	if (w.fd < 0)
		return fail(c, "a file cannot be made", errno, err);
	*out = w;
	return HC_OK;
}

enum hc_code hc_content_write(struct hc_content_writer *w, const void *p, size_t n, struct hc_err *err)
{
	const char *at = p;
	while (n > 0) {
		ssize_t done = write(w->fd, at, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return fail(w->contents, "cannot be written", errno, err);
		at += done;
		n -= (size_t)done;
		w->size += (uint64_t)done;
	}
	return HC_OK;
}

static enum hc_code copy_by_reading(struct hc_content_writer *w, int from, struct hc_err *err)
{
	char *buf = malloc(COPY_STEP);
	if (!buf)
		return hc_fail_nomem(err, "copying");
	enum hc_code code = HC_OK;
	while (code == HC_OK) {
		ssize_t n = read(from, buf, COPY_STEP);
		if (n == 0)
			break;
		if (n > 0)
			code = hc_content_write(w, buf, (size_t)n, err);
		else if (errno != EINTR)
			code = fail(w->contents, "cannot be read", errno, err);
	}
	free(buf);
	return code;
}

/* The kernel copies where it can; what is left is read and written. */
static enum hc_code copy_all(struct hc_content_writer *w, int from, struct hc_err *err)
{
	for (;;) {
		ssize_t n = copy_file_range(from, NULL, w->fd, NULL, COPY_RANGE_MAX, 0);
		if (n > 0)
			w->size += (uint64_t)n;
		else if (n == 0 || /* the end, or a file system that only says so */
			 errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP || errno == EPERM)
			return copy_by_reading(w, from, err);
		else if (errno != EINTR)
			return fail(w->contents, "cannot be copied", errno, err);
	}
}

enum hc_code hc_content_append(struct hc_content_writer *w, const char *id, struct hc_err *err)
{
	int from;
	HC_TRY(hc_content_open(w->contents, id, &from, err));
	enum hc_code code = copy_all(w, from, err);
	close(from);
	return code;
}

/*
 * Renamed before it is synced: one commit of the file system's journal then holds both, and syncing the folder finds
 * nothing left to do. A crash in between leaves a torn file that nobody knows, for the sweep.
 */
enum hc_code hc_content_finish(struct hc_content_writer *w, struct hc_err *err)
{
	const struct hc_contents *c = w->contents;
	char from[NAME_SIZE], to[NAME_SIZE], folder[3] = {w->id[0], w->id[1]};
	incoming_name(w->id, from);
	final_name(w->id, to);
	enum hc_code code = HC_OK;
	if (renameat(c->fd, from, c->fd, to) != 0)
		code = fail(c, "a file cannot be moved", errno, err);
	else if (fsync(w->fd) != 0)
		code = fail(c, "a file cannot be synced", errno, err);
	else
		code = sync_at(c, folder, err);
	int error = close(w->fd) != 0 ? errno : 0;
	w->fd = -1;
	if (code == HC_OK && error)
		code = fail(c, "a file cannot be closed", error, err);
	if (code != HC_OK) {
		unlinkat(c->fd, from, 0);
		unlinkat(c->fd, to, 0);
	}
	return code;
}

void hc_content_abandon(struct hc_content_writer *w)
{
	if (w->fd < 0)
		return;
	close(w->fd);
	w->fd = -1;
	char name[NAME_SIZE];
	incoming_name(w->id, name);
	unlinkat(w->contents->fd, name, 0);
}

enum hc_code hc_content_import(struct hc_contents *c, const char *path, struct hc_content_writer *out,
			       struct hc_err *err)
{
	int from = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (from < 0)
		return hc_fail(err, HC_INPUT, "%s: cannot be opened: %s", path, strerror(errno));
	struct hc_content_writer w;
	enum hc_code code = hc_content_create(c, &w, err);
	if (code == HC_OK) {
		code = copy_all(&w, from, err);
		if (code == HC_OK)
			code = hc_content_finish(&w, err);
		else
			hc_content_abandon(&w);
	}
	close(from);
	if (code == HC_OK)
		*out = w;
	else
		hc_err_at(err, "%s", path);
	return code;
}

enum hc_code hc_content_open(struct hc_contents *c, const char *id, int *fd, struct hc_err *err)
{
	if (!is_id(id))
		return hc_fail(err, HC_IO, "%s: a content without a proper id", c->folder);
	char name[NAME_SIZE];
	final_name(id, name);
	int opened = openat(c->fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (opened < 0)
		return fail(c, id, errno, err);
	*fd = opened;
	return HC_OK;
}

static enum hc_code copy_out(struct hc_contents *c, const char *id, const char *path, struct hc_err *err)
{
	int from;
	HC_TRY(hc_content_open(c, id, &from, err));
	int to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
	enum hc_code code = HC_OK;
	if (to < 0) {
		code = hc_fail(err, HC_IO, "%s: cannot be made: %s", path, strerror(errno));
	} else {
		struct hc_content_writer w = {.contents = c, .fd = to};
		code = copy_all(&w, from, err);
		if (close(to) != 0 && code == HC_OK)
			code = fail(c, path, errno, err);
		if (code != HC_OK)
			unlink(path);
	}
	close(from);
	return code;
}

enum hc_code hc_content_give(struct hc_contents *c, const char *id, const char *path, bool copies, struct hc_err *err)
{
	if (!is_id(id))
		return hc_fail(err, HC_IO, "%s: a content without a proper id", c->folder);
	const char *slash = strrchr(path, '/');
	if (slash && slash != path) {
		char above[HC_PATH_LEN_MAX];
		size_t n = (size_t)(slash - path);
		if (n >= sizeof above)
			return hc_fail(err, HC_LIMIT, "the path of an input is longer than %d bytes",
				       HC_PATH_LEN_MAX - 1);
		memcpy(above, path, n);
		above[n] = '\0';
		HC_TRY(hc_file_mkdirs(above, err));
	}
	if (copies)
		return copy_out(c, id, path, err);
	char name[NAME_SIZE];
	final_name(id, name);
	if (linkat(c->fd, name, AT_FDCWD, path, 0) == 0)
		return HC_OK;
	if (errno == EXDEV || errno == EPERM || errno == EMLINK || errno == EOPNOTSUPP)
		return copy_out(c, id, path, err);
	if (errno == ENOENT)
		return fail(c, id, errno, err);
	return fail(c, path, errno, err);
}

void hc_content_remove(struct hc_contents *c, const char *id)
{
	if (!is_id(id))
		return;
	char name[NAME_SIZE];
	final_name(id, name);
	unlinkat(c->fd, name, 0); /* one that stays is swept later */
}

struct sweep {
	struct hc_contents *contents;
	int64_t before_us;
	enum hc_code (*is_used)(void *arg, const char *id, bool *used, struct hc_err *err);
	void *arg;
	uint64_t removed;
};

static enum hc_code sweep_file(struct sweep *s, int folder, const char *name, bool incoming, struct hc_err *err)
{
	struct stat st;
	if (!is_id(name) || fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode))
		return HC_OK;
	int64_t changed_us = (int64_t)st.st_mtim.tv_sec * 1000000 + st.st_mtim.tv_nsec / 1000;
	if (changed_us >= s->before_us)
		return HC_OK;
	bool used = false;
	if (!incoming)
		HC_TRY(s->is_used(s->arg, name, &used, err));
	if (!used && unlinkat(folder, name, 0) == 0)
		s->removed++;
	return HC_OK;
}

static enum hc_code sweep_folder(struct sweep *s, const char *folder, struct hc_err *err)
{
	const struct hc_contents *c = s->contents;
	int fd = openat(c->fd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		int error = errno;
		if (fd >= 0)
			close(fd);
		return fail(c, "a folder cannot be read", error, err);
	}
	enum hc_code code = HC_OK;
	bool incoming = strcmp(folder, INCOMING) == 0;
	while (code == HC_OK) {
		errno = 0;
		const struct dirent *entry = readdir(dir);
		if (!entry) {
			if (errno != 0)
				code = fail(c, "a folder cannot be read", errno, err);
			break;
		}
		code = sweep_file(s, fd, entry->d_name, incoming, err);
	}
	closedir(dir);
	return code;
}

enum hc_code hc_content_sweep(struct hc_contents *c, int64_t before_us,
			      enum hc_code (*is_used)(void *arg, const char *id, bool *used, struct hc_err *err),
			      void *arg, uint64_t *removed, struct hc_err *err)
{
	struct sweep s = {c, before_us, is_used, arg, 0};
	HC_TRY(sweep_folder(&s, INCOMING, err));
	for (unsigned i = 0; i < 256; i++) {
		char folder[3];
		snprintf(folder, sizeof folder, "%02x", i);
		HC_TRY(sweep_folder(&s, folder, err));
	}
	*removed = s.removed;
	return HC_OK;
}
