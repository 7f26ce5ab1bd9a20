#include "sys/files.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/crew.h"

enum {
	WRITER_BUF = 1 << 18,
	REMOVE_DEPTH_MAX = 64,
	LOOKS_PER_PIECE = 256, /* names that a worker takes at a time */
};

/* The input is at fault when it is not there or not ours to read; else the machine is. */
static enum hc_code fail_reading(const char *path, int error, struct hc_err *err)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		hc_fail(err, HC_INPUT, "%s: no such file or folder", path);
		return hc_hint(err, "check the path");
	case EACCES:
	case EPERM:
		hc_fail(err, HC_INPUT, "%s: not readable, permission denied", path);
		return hc_hint(err, "give this user the right to read it");
	case EISDIR:
		hc_fail(err, HC_INPUT, "%s: is a folder, a file is needed", path);
		return hc_hint(err, "check the path");
	case ENAMETOOLONG:
	case ELOOP:
		return hc_fail(err, HC_INPUT, "%s: %s", path, strerror(error));
	case ENOMEM:
		return hc_fail_nomem(err, path);
	default:
		return hc_fail(err, HC_IO, "%s: cannot be read: %s", path, strerror(error));
	}
}

static enum hc_code fail_writing(const char *path, int error, struct hc_err *err)
{
	hc_fail(err, HC_IO, "%s: cannot be written: %s", path, strerror(error));
	if (error == ENOSPC || error == EDQUOT)
		return hc_hint(err, "make room on that disk and run again; nothing there was changed");
	if (error == EACCES || error == EPERM || error == EROFS)
		return hc_hint(err, "choose an output folder that this user may write to");
	return err->code;
}

enum hc_code hc_folder_open(const char *path, int *out_fd, struct hc_err *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail_reading(path, errno, err);
	*out_fd = fd;
	return HC_OK;
}

void hc_folder_close(int fd)
{
	close(fd);
}

enum hc_code hc_file_look_in(int folder_fd, const char *name, const char *path, struct hc_file_info *out,
			     struct hc_err *err)
{
	struct stat st;
	if (fstatat(folder_fd, name, &st, 0) != 0) {
		if (errno != ENOENT && errno != ENOTDIR)
			return fail_reading(path, errno, err);
		*out = (struct hc_file_info){.kind = HC_FILE_MISSING};
		return HC_OK;
	}
	enum hc_file_kind kind = S_ISREG(st.st_mode)   ? HC_FILE_REGULAR
				 : S_ISDIR(st.st_mode) ? HC_FILE_FOLDER
						       : HC_FILE_OTHER;
	*out = (struct hc_file_info){kind, kind == HC_FILE_REGULAR ? (uint64_t)st.st_size : 0, st.st_ino};
	return HC_OK;
}

enum hc_code hc_file_look(const char *path, struct hc_file_info *out, struct hc_err *err)
{
	return hc_file_look_in(AT_FDCWD, path, path, out, err);
}

struct looks {
	struct hc_crew_pieces pieces;
	int folder_fd;
	const char *const *names;
	size_t n;
	struct hc_file_info *infos;
};

static void look_at_pieces(void *arg, unsigned worker)
{
	struct looks *l = arg;
	uint64_t piece;
	(void)worker;
	while (hc_crew_next(&l->pieces, &piece)) {
		size_t first = (size_t)piece * LOOKS_PER_PIECE, last = first + LOOKS_PER_PIECE;
		for (size_t i = first; i < last && i < l->n; i++) {
			struct hc_err unheard;
			if (hc_file_look_in(l->folder_fd, l->names[i], l->names[i], &l->infos[i], &unheard) != HC_OK)
				l->infos[i] = (struct hc_file_info){.kind = HC_FILE_MISSING};
		}
	}
}

void hc_file_look_all(int folder_fd, const char *const *names, size_t n, unsigned workers, struct hc_file_info *infos)
{
	struct looks l = {.pieces = {.n = (n + LOOKS_PER_PIECE - 1) / LOOKS_PER_PIECE},
			  .folder_fd = folder_fd < 0 ? AT_FDCWD : folder_fd,
			  .names = names,
			  .n = n,
			  .infos = infos};
	hc_crew_run(workers < l.pieces.n ? workers : (unsigned)l.pieces.n, look_at_pieces, &l);
}

struct file_source {
	struct hc_source source;
	int fd;
	off_t from, forgotten; /* so many bytes from there, at the end */
};

static enum hc_code file_read(struct hc_source *s, void *buf, size_t cap, size_t *got, struct hc_err *err)
{
	struct file_source *f = (struct file_source *)s;
	for (;;) {
		ssize_t n = read(f->fd, buf, cap);
		if (n >= 0) {
			*got = (size_t)n;
			return HC_OK;
		}
		if (errno == EISDIR)
			return hc_fail(err, HC_INPUT, "is a folder, a file is needed");
		if (errno != EINTR)
			return hc_fail(err, HC_IO, "cannot be read: %s", strerror(errno));
	}
}

static void file_close(struct hc_source *s)
{
	struct file_source *f = (struct file_source *)s;
	if (f->forgotten)
		posix_fadvise(f->fd, f->from, f->forgotten, POSIX_FADV_DONTNEED);
	if (f->fd > 2)
		close(f->fd);
	free(f);
}

static enum hc_code source_of(struct file_source file, struct hc_source **out, struct hc_err *err)
{
	struct file_source *f = malloc(sizeof *f);
	if (!f) {
		if (file.fd > 2)
			close(file.fd);
		return hc_fail_nomem(err, "reading a file");
	}
	*f = file;
	f->source = (struct hc_source){file_read, file_close};
	*out = &f->source;
	return HC_OK;
}

enum hc_code hc_file_open(const char *path, struct hc_source **out, struct hc_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return fail_reading(path, errno, err);
	posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	return source_of((struct file_source){.fd = fd}, out, err);
}

enum hc_code hc_file_open_at(const char *path, uint64_t from, uint64_t n, bool passing, struct hc_source **out,
			     struct hc_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return fail_reading(path, errno, err);
	if (lseek(fd, (off_t)from, SEEK_SET) < 0) {
		int error = errno;
		close(fd);
		return fail_reading(path, error, err);
	}
	posix_fadvise(fd, (off_t)from, 0, POSIX_FADV_SEQUENTIAL);
	if (passing)
		posix_fadvise(fd, (off_t)from, (off_t)n, POSIX_FADV_WILLNEED);
	return source_of((struct file_source){.fd = fd, .from = (off_t)from, .forgotten = passing ? (off_t)n : 0}, out,
			 err);
}

enum hc_code hc_file_open_stdin(struct hc_source **out, struct hc_err *err)
{
	return source_of((struct file_source){.fd = STDIN_FILENO}, out, err);
}

static enum hc_code slurp_fd(int fd, const char *path, uint64_t size, struct hc_buf *buf, struct hc_err *err)
{
	enum { STEP = 1 << 16, STEP_MAX = 1 << 24 };
	uint64_t seen = 0;
	for (;;) {
		size_t step = seen == 0 && size > STEP && size < STEP_MAX ? (size_t)size : STEP;
		char *room = hc_buf_room(buf, step);
		if (!room)
			return hc_buf_check(buf, path, err);
		ssize_t got = read(fd, room, step);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail_reading(path, errno, err);
		buf->n += (size_t)got;
		seen += (uint64_t)got;
		if (got == 0 || seen == size)
			return HC_OK;
	}
}

enum hc_code hc_file_slurp_sized(const char *path, uint64_t size, struct hc_buf *buf, struct hc_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return fail_reading(path, errno, err);
	enum hc_code code = slurp_fd(fd, path, size, buf, err);
	close(fd);
	return code;
}

enum hc_code hc_file_slurp(const char *path, struct hc_buf *buf, struct hc_err *err)
{
	return hc_file_slurp_sized(path, UINT64_MAX, buf, err);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum hc_code read_names(DIR *dir, const char *folder, struct hc_arena *arena, const char ***list, size_t *n,
			       struct hc_err *err)
{
	size_t cap = 0;
	for (;;) {
		errno = 0;
		const struct dirent *entry = readdir(dir);
		if (!entry)
			return errno ? fail_reading(folder, errno, err) : HC_OK;
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (*n == cap) {
			if (cap >= HC_FOLDER_NAMES_MAX)
				return hc_fail(err, HC_LIMIT, "%s: more than %d names in one folder", folder,
					       HC_FOLDER_NAMES_MAX);
			cap = cap ? cap * 2 : 64;
			const char **more = realloc(*list, cap * sizeof *more);
			if (!more)
				return hc_fail_nomem(err, "the names in a folder");
			*list = more;
		}
		char *name = hc_arena_cstring(arena, hc_str(entry->d_name));
		if (!name)
			return hc_fail_nomem(err, "the names in a folder");
		(*list)[(*n)++] = name;
	}
}

enum hc_code hc_file_names(const char *folder, struct hc_arena *arena, struct hc_names *out, struct hc_err *err)
{
	DIR *dir = opendir(folder);
	if (!dir)
		return fail_reading(folder, errno, err);
	const char **list = NULL;
	size_t n = 0;
	enum hc_code code = read_names(dir, folder, arena, &list, &n, err);
	closedir(dir);
	const char **kept = NULL;
	if (code == HC_OK && n > 0) {
		qsort(list, n, sizeof *list, by_name);
		kept = hc_arena_take(arena, n * sizeof *kept);
		if (kept)
			memcpy(kept, list, n * sizeof *kept);
		else
			code = hc_fail_nomem(err, "the names in a folder");
	}
	free(list);
	if (code == HC_OK)
		*out = (struct hc_names){kept, n};
	return code;
}

char *hc_path_join(struct hc_arena *arena, const char *dir, const char *name)
{
	size_t d = strlen(dir), n = strlen(name);
	while (d > 1 && dir[d - 1] == '/')
		d--;
	char *path = hc_arena_take_text(arena, d + n + 2);
	if (!path)
		return NULL;
	memcpy(path, dir, d);
	size_t at = d;
	if (d > 0 && dir[d - 1] != '/')
		path[at++] = '/';
	memcpy(path + at, name, n + 1);
	return path;
}

enum hc_code hc_file_mkdirs(const char *path, struct hc_err *err)
{
	char part[HC_PATH_LEN_MAX];
	size_t n = strlen(path);
	if (n >= sizeof part)
		return fail_writing(path, ENAMETOOLONG, err);
	memcpy(part, path, n + 1);
	for (size_t i = 1; i <= n; i++) {
		if (part[i] != '/' && part[i] != '\0')
			continue;
		part[i] = '\0';
		struct stat st;
		if (mkdir(part, 0777) != 0 && errno != EEXIST)
			return fail_writing(part, errno, err);
		if (i == n && (stat(part, &st) != 0 || !S_ISDIR(st.st_mode)))
			return fail_writing(part, ENOTDIR, err);
		part[i] = path[i];
	}
	return HC_OK;
}

static enum hc_code mkdirs_above(const char *path, struct hc_err *err)
{
	char above[HC_PATH_LEN_MAX];
	if (strlen(path) >= sizeof above)
		return fail_writing(path, ENAMETOOLONG, err);
	strcpy(above, path);
	char *slash = strrchr(above, '/');
	if (!slash || slash == above)
		return HC_OK;
	*slash = '\0';
	return hc_file_mkdirs(above, err);
}

enum hc_code hc_writer_open(const char *path, struct hc_writer *out, struct hc_err *err)
{
	HC_TRY(mkdirs_above(path, err));
	char *buf = malloc(WRITER_BUF);
	if (!buf)
		return hc_fail_nomem(err, "writing a file");
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0) {
		free(buf);
		return fail_writing(path, errno, err);
	}
	out->fd = fd;
	out->buf = buf;
	out->n = 0;
	out->size = 0;
	out->failed = 0;
	out->unsynced = false;
	strcpy(out->path, path); /* its length was checked by mkdirs_above */
	return HC_OK;
}

static void write_all(struct hc_writer *w, const char *p, size_t n)
{
	while (n > 0 && !w->failed) {
		ssize_t done = write(w->fd, p, n);
		if (done >= 0) {
			p += done;
			n -= (size_t)done;
		} else if (errno != EINTR) {
			w->failed = errno;
		}
	}
}

void hc_writer_put(struct hc_writer *w, const void *p, size_t n)
{
	w->size += n;
	if (n > WRITER_BUF - w->n) {
		write_all(w, w->buf, w->n);
		w->n = 0;
	}
	if (n >= WRITER_BUF) {
		write_all(w, p, n);
	} else if (n > 0) {
		memcpy(w->buf + w->n, p, n);
		w->n += n;
	}
}

enum hc_code hc_writer_close(struct hc_writer *w, struct hc_err *err)
{
	write_all(w, w->buf, w->n);
	if (!w->failed && !w->unsynced && fsync(w->fd) != 0 && errno != EINVAL && errno != EROFS)
		w->failed = errno;
	if (close(w->fd) != 0 && !w->failed)
		w->failed = errno;
	free(w->buf);
	w->buf = NULL;
	w->fd = -1;
	return w->failed ? fail_writing(w->path, w->failed, err) : HC_OK;
}

void hc_writer_abandon(struct hc_writer *w)
{
	if (w->fd >= 0)
		close(w->fd);
	free(w->buf);
	w->buf = NULL;
	w->fd = -1;
}

enum hc_code hc_file_move(const char *from, const char *to, struct hc_err *err)
{
	HC_TRY(mkdirs_above(to, err));
	if (rename(from, to) != 0)
		return fail_writing(to, errno, err);
	return HC_OK;
}

enum hc_code hc_file_link(const char *from, const char *to, struct hc_err *err)
{
	HC_TRY(mkdirs_above(to, err));
	if (link(from, to) != 0)
		return fail_writing(to, errno, err);
	return HC_OK;
}

enum hc_code hc_file_remove(const char *path, struct hc_err *err)
{
	if (unlink(path) != 0 && errno != ENOENT)
		return fail_writing(path, errno, err);
	return HC_OK;
}

enum hc_code hc_file_remove_and_prune(const char *path, const char *top, struct hc_err *err)
{
	HC_TRY(hc_file_remove(path, err));
	char above[HC_PATH_LEN_MAX];
	if (strlen(path) >= sizeof above)
		return HC_OK;
	strcpy(above, path);
	for (char *slash; (slash = strrchr(above, '/')) != NULL;) {
		*slash = '\0';
		if (strlen(above) <= strlen(top) || rmdir(above) != 0)
			break;
	}
	return HC_OK;
}

/* Programs of others leave folders that may not be read or written: ours all the same, so they can be made so. */
static int open_to_empty(int parent, const char *name)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	struct stat st;
	int fd = openat(parent, name, flags);
	if (fd < 0 && errno == EACCES) {
		if (fchmodat(parent, name, S_IRWXU, 0) != 0)
			errno = EACCES;
		else
			fd = openat(parent, name, flags);
	}
	if (fd >= 0 && fstat(fd, &st) == 0 && (st.st_mode & S_IRWXU) != S_IRWXU)
		(void)!fchmod(fd, S_IRWXU); /* else removing what is in it will say why not */
	return fd;
}

static enum hc_code remove_below(int parent, const char *name, const char *shown, int depth, struct hc_err *err)
{
	if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
		return HC_OK;
	if (errno != EISDIR && errno != EPERM)
		return fail_writing(shown, errno, err);
	if (depth > REMOVE_DEPTH_MAX)
		return hc_fail(err, HC_LIMIT, "%s: folders nested deeper than %d", shown, REMOVE_DEPTH_MAX);
	int fd = open_to_empty(parent, name);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (!dir) {
		if (fd >= 0)
			close(fd);
		return fail_writing(shown, errno, err);
	}
	enum hc_code code = HC_OK;
	for (const struct dirent *entry; code == HC_OK && (entry = readdir(dir)) != NULL;)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			code = remove_below(dirfd(dir), entry->d_name, shown, depth + 1, err);
	closedir(dir);
	if (code == HC_OK && unlinkat(parent, name, AT_REMOVEDIR) != 0)
		return fail_writing(shown, errno, err);
	return code;
}

enum hc_code hc_file_remove_tree(const char *path, struct hc_err *err)
{
	return remove_below(AT_FDCWD, path, path, 0, err);
}

enum hc_code hc_file_sync(const char *const *paths, size_t n, struct hc_err *err)
{
	int fds[HC_FILES_SYNCED], errors[HC_FILES_SYNCED];
	assert(n <= HC_FILES_SYNCED);
	for (size_t i = 0; i < n; i++) {
		fds[i] = open(paths[i], O_WRONLY | O_CLOEXEC);
		errors[i] = errno;
		if (fds[i] >= 0)
			sync_file_range(fds[i], 0, 0, SYNC_FILE_RANGE_WRITE); /* only a hint */
	}
	enum hc_code code = HC_OK;
	for (size_t i = 0; i < n; i++) {
		if (fds[i] >= 0)
			errors[i] = fsync(fds[i]) == 0 || errno == EINVAL || errno == EROFS ? 0 : errno;
		/* what is gone again needs no sync */
		if (errors[i] && errors[i] != ENOENT && code == HC_OK)
			code = fail_writing(paths[i], errors[i], err);
		if (fds[i] >= 0)
			close(fds[i]);
	}
	return code;
}

enum hc_code hc_file_sync_folder(const char *path, struct hc_err *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail_writing(path, errno, err);
	bool bad = fsync(fd) != 0 && errno != EINVAL && errno != EROFS;
	int error = errno;
	close(fd);
	return bad ? fail_writing(path, error, err) : HC_OK;
}

enum hc_code hc_file_lock_folder(const char *path, int *out_fd, bool *got, struct hc_err *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail_writing(path, errno, err);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		int error = errno;
		close(fd);
		if (error != EWOULDBLOCK)
			return fail_writing(path, error, err);
		*got = false;
		return HC_OK;
	}
	*got = true;
	*out_fd = fd;
	return HC_OK;
}

void hc_file_unlock(int fd)
{
	close(fd);
}
