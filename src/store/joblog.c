#include "store/joblog.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/instant.h"
#include "base/utf8.h"

#define SUFFIX ".log"
#define REPLACEMENT "\xef\xbf\xbd"

enum {
	/* "EPOCH-MS " before a line's text. */
	STAMP_MAX = 24,
	/* Three bytes of replacement for one that is not UTF-8. */
	STORED_LINE_MAX = STAMP_MAX + 3 * HC_LOG_LINE_MAX + 1,
	/* What one read of a stream looks at; a line fits more than once. */
	READ_BYTES = 1 << 20,
	PROBE_BYTES = STORED_LINE_MAX + 1,
	CREATE_TRIES = 1000,
};

struct hc_log_writer {
	int fd;
	bool full; /* HC_LOG_STREAM_BYTES_MAX was reached, and a line said so */
	uint64_t size;
	size_t n; /* bytes of a line that waits for its end */
	char line[HC_LOG_LINE_MAX];
	struct hc_buf out;
};

enum hc_code hc_log_create(const char *folder, const char *job, int64_t now_us, struct hc_log_writer **out,
			   struct hc_err *err)
{
	char path[HC_PATH_LEN_MAX];
	int fd = -1;
	if (snprintf(path, sizeof path, "%s/%s", folder, job) >= HC_PATH_LEN_MAX - 64)
		return hc_fail(err, HC_LIMIT, "the path of the log of job %s is too long", job);
	HC_TRY(hc_file_mkdirs(path, err));
	/* A job of this name may have been deleted and made again within the second. */
	for (int64_t epoch = now_us / HC_SECOND_US, last = epoch + CREATE_TRIES; fd < 0; epoch++) {
		snprintf(path, sizeof path, "%s/%s/algo-1-%" PRId64 SUFFIX, folder, job, epoch);
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
		if (fd < 0 && (errno != EEXIST || epoch == last))
			return hc_fail(err, HC_IO, "%s: cannot make the log: %s", path, strerror(errno));
	}
	struct hc_log_writer *w = calloc(1, sizeof *w);
	if (!w) {
		close(fd);
		return hc_fail_nomem(err, "a log");
	}
	w->fd = fd;
	w->out = HC_BUF(2 * STORED_LINE_MAX + READ_BYTES);
	*out = w;
	return HC_OK;
}

/* Bytes at the end of a text that may be the begin of a UTF-8 sequence whose rest is yet to come. */
static size_t unfinished(const char *p, size_t n)
{
	for (size_t back = 1; back <= 3 && back <= n; back++) {
		unsigned char c = (unsigned char)p[n - back];
		if (c >= 0xc0)
			return (c >= 0xf0 ? 4U : c >= 0xe0 ? 3U : 2U) > back ? back : 0;
		if (c < 0x80)
			return 0;
	}
	return 0;
}

static void put_clean(struct hc_buf *out, const char *p, size_t n)
{
	while (n > 0) {
		size_t good = hc_utf8_valid_prefix(p, n);
		for (size_t i = 0; i < good; i++)
			if (p[i] != '\0')
				hc_buf_char(out, p[i]);
		p += good;
		n -= good;
		if (n > 0) {
			hc_buf_cstr(out, REPLACEMENT);
			p++;
			n--;
		}
	}
}

static void flush(struct hc_log_writer *w)
{
	/* Several lines in one call of the system; what a full disk cuts off is lost, for a log ends no job. */
	const char *p = w->out.p;
	size_t left = w->out.failed ? 0 : w->out.n;
	while (left > 0) {
		ssize_t put = write(w->fd, p, left);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			break;
		p += put;
		left -= (size_t)put;
		w->size += (uint64_t)put;
	}
	hc_buf_reset(&w->out);
}

static void put_line(struct hc_log_writer *w, int64_t now_us, const char *p, size_t n)
{
	if (w->full)
		return;
	if (w->out.n >= READ_BYTES)
		flush(w);
	w->full = w->size + w->out.n + STORED_LINE_MAX + 128 > HC_LOG_STREAM_BYTES_MAX;
	hc_buf_printf(&w->out, "%" PRId64 " ", now_us / 1000);
	if (w->full)
		hc_buf_printf(&w->out, "[hindcast] this log has reached %" PRIu64 " bytes; the rest is left out",
			      HC_LOG_STREAM_BYTES_MAX);
	else
		put_clean(&w->out, p, n > 0 && p[n - 1] == '\r' ? n - 1 : n);
	hc_buf_char(&w->out, '\n');
}

/* Writes what waits as a line of its own, but for a character that is not there as a whole. */
static void put_waiting(struct hc_log_writer *w, int64_t now_us, size_t kept)
{
	put_line(w, now_us, w->line, w->n - kept);
	memmove(w->line, w->line + w->n - kept, kept);
	w->n = kept;
}

void hc_log_write(struct hc_log_writer *w, int64_t now_us, struct hc_str bytes)
{
	const char *p = bytes.p, *end = bytes.p + bytes.n;
	while (p < end) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		size_t n = (size_t)((newline ? newline : end) - p);
		if (n > HC_LOG_LINE_MAX - w->n) {
			n = HC_LOG_LINE_MAX - w->n;
			memcpy(w->line + w->n, p, n);
			w->n += n;
			put_waiting(w, now_us, unfinished(w->line, w->n));
			p += n;
			continue;
		}
		memcpy(w->line + w->n, p, n);
		w->n += n;
		p += n;
		if (newline) {
			put_waiting(w, now_us, 0);
			p++;
		}
	}
	flush(w);
}

void hc_log_line(struct hc_log_writer *w, int64_t now_us, const char *fmt, ...)
{
	char text[HC_LOG_LINE_MAX];
	va_list args;
	va_start(args, fmt);
	int n = vsnprintf(text, sizeof text - 1, fmt, args);
	va_end(args);
	if (n < 0)
		return;
	size_t used = (size_t)n < sizeof text - 1 ? (size_t)n : sizeof text - 2;
	if (w->n > 0)
		put_waiting(w, now_us, 0);
	text[used] = '\n';
	hc_log_write(w, now_us, (struct hc_str){text, used + 1});
}

void hc_log_close(struct hc_log_writer *w, int64_t now_us)
{
	if (!w)
		return;
	if (w->n > 0)
		put_waiting(w, now_us, 0);
	flush(w);
	close(w->fd);
	hc_buf_free(&w->out);
	free(w);
}

/* A line as it is stored, without its newline. False: not one of ours (a file that was changed by hand). */
static bool parse_line(const char *p, size_t n, struct hc_log_event *out)
{
	int64_t ms = 0;
	size_t i = 0;
	while (i < n && i < 15 && p[i] >= '0' && p[i] <= '9')
		ms = ms * 10 + (p[i++] - '0');
	if (i == 0 || i >= n || p[i] != ' ')
		return false;
	*out = (struct hc_log_event){ms * 1000, {p + i + 1, n - i - 1}};
	return true;
}

/* Bytes of a file from an offset, as many as there are. */
static enum hc_code read_at(int fd, const char *path, uint64_t offset, char *buf, size_t cap, size_t *got,
			    struct hc_err *err)
{
	size_t n = 0;
	while (n < cap) {
		ssize_t more = pread(fd, buf + n, cap - n, (off_t)(offset + n));
		if (more < 0 && errno == EINTR)
			continue;
		if (more < 0)
			return hc_fail(err, HC_IO, "%s: cannot be read: %s", path, strerror(errno));
		if (more == 0)
			break;
		n += (size_t)more;
	}
	*got = n;
	return HC_OK;
}

/* The times of the first and the last event. */
static enum hc_code look_at_ends(int fd, const char *path, uint64_t size, struct hc_log_stream *s, struct hc_err *err)
{
	char head[STAMP_MAX + 1], *tail;
	struct hc_log_event event;
	size_t n, start = 0;
	HC_TRY(read_at(fd, path, 0, head, sizeof head, &n, err));
	if (parse_line(head, n, &event))
		s->first_event_us = s->last_event_us = event.at_us;
	uint64_t from = size > PROBE_BYTES ? size - PROBE_BYTES : 0;
	tail = malloc(PROBE_BYTES);
	if (!tail)
		return hc_fail_nomem(err, "a log");
	enum hc_code code = read_at(fd, path, from, tail, PROBE_BYTES, &n, err);
	while (code == HC_OK && n > 0 && tail[n - 1] != '\n')
		n--;
	for (size_t i = 0; code == HC_OK && i + 1 < n; i++)
		if (tail[i] == '\n')
			start = i + 1;
	if (code == HC_OK && n > start && parse_line(tail + start, n - start - 1, &event))
		s->last_event_us = event.at_us;
	free(tail);
	return code;
}

static enum hc_code look_at_stream(const char *path, struct hc_str name, struct hc_log_stream *out, bool *found,
				   struct hc_err *err)
{
	struct hc_log_stream s = {.name = name};
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	*found = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	if (!*found) {
		if (fd >= 0)
			close(fd);
		return HC_OK; /* it went in the meantime, with its job */
	}
	s.bytes = (uint64_t)st.st_size;
	const char *dash = memrchr(name.p, '-', name.n);
	for (const char *p = dash + 1; p < name.p + name.n; p++)
		s.created_us = s.created_us * 10 + (*p - '0');
	s.created_us *= HC_SECOND_US;
	enum hc_code code = look_at_ends(fd, path, s.bytes, &s, err);
	close(fd);
	if (code == HC_OK)
		*out = s;
	return code;
}

/* "algo-1-EPOCH.log": the only files that are streams. Digits few enough for microseconds. */
static bool is_stream_file(const char *name)
{
	size_t lead = sizeof "algo-1-" - 1, digits;
	if (strncmp(name, "algo-1-", lead) != 0)
		return false;
	digits = strspn(name + lead, "0123456789");
	return digits > 0 && digits <= 12 && strcmp(name + lead + digits, SUFFIX) == 0;
}

static bool is_job_name(struct hc_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!memchr("-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", s.p[i], 63))
			return false;
	return s.n > 0 && s.n < HC_LOG_STREAM_NAME_MAX / 2;
}

/* Streams stand in the order of "JOB/...", and '/' is behind '-': the folders' own order is another one. */
static int by_stream(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;
	size_t n = strlen(*x), m = strlen(*y), same = 0;
	while (same < n && same < m && (*x)[same] == (*y)[same])
		same++;
	unsigned char c = same < n ? (unsigned char)(*x)[same] : '/';
	unsigned char d = same < m ? (unsigned char)(*y)[same] : '/';
	return c < d ? -1 : c > d;
}

struct listing {
	const char *folder;
	struct hc_str prefix, after;
	size_t limit, cap;
	struct hc_arena *arena;
	struct hc_log_stream *list;
	size_t n;
	bool more;
};

static bool starts(struct hc_str s, struct hc_str prefix)
{
	return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

static enum hc_code list_file(struct listing *l, const char *job, const char *file, struct hc_err *err)
{
	char name[HC_LOG_STREAM_NAME_MAX], path[HC_PATH_LEN_MAX];
	bool found;
	int n = snprintf(name, sizeof name, "%s/%.*s", job, (int)(strlen(file) - sizeof SUFFIX + 1), file);
	struct hc_str s = {name, (size_t)n};
	if (n >= (int)sizeof name || !starts(s, l->prefix) || (l->after.n > 0 && hc_str_cmp(s, l->after) <= 0))
		return HC_OK;
	if (l->n == l->limit) {
		l->more = true;
		return HC_OK;
	}
	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 64;
		struct hc_log_stream *list = hc_arena_take(l->arena, cap * sizeof *list);
		if (!list)
			return hc_fail_nomem(err, "a list of logs");
		if (l->n)
			memcpy(list, l->list, l->n * sizeof *list);
		l->list = list;
		l->cap = cap;
	}
	if (snprintf(path, sizeof path, "%s/%s/%s", l->folder, job, file) >= (int)sizeof path)
		return HC_OK;
	s.p = hc_arena_cstring(l->arena, s);
	if (!s.p)
		return hc_fail_nomem(err, "a list of logs");
	HC_TRY(look_at_stream(path, s, &l->list[l->n], &found, err));
	l->n += found;
	return HC_OK;
}

static enum hc_code list_job(struct listing *l, const char *job, struct hc_err *err)
{
	char path[HC_PATH_LEN_MAX];
	struct hc_file_info info;
	struct hc_arena names_arena HC_ARENA_SCOPED = HC_ARENA(16 << 20);
	struct hc_names names;
	if (snprintf(path, sizeof path, "%s/%s", l->folder, job) >= (int)sizeof path)
		return HC_OK;
	HC_TRY(hc_file_look(path, &info, err));
	if (info.kind != HC_FILE_FOLDER)
		return HC_OK;
	HC_TRY(hc_file_names(path, &names_arena, &names, err));
	for (size_t i = 0; i < names.n && !l->more; i++)
		if (is_stream_file(names.list[i]))
			HC_TRY(list_file(l, job, names.list[i], err));
	return HC_OK;
}

static enum hc_code list_jobs(struct listing *l, struct hc_err *err)
{
	struct hc_arena names_arena HC_ARENA_SCOPED = HC_ARENA(1 << 30);
	struct hc_names names;
	struct hc_file_info info;
	HC_TRY(hc_file_look(l->folder, &info, err));
	if (info.kind != HC_FILE_FOLDER)
		return HC_OK;
	HC_TRY(hc_file_names(l->folder, &names_arena, &names, err));
	if (names.n > 0)
		qsort(names.list, names.n, sizeof *names.list, by_stream);
	for (size_t i = 0; i < names.n && !l->more; i++) {
		struct hc_str job = hc_str(names.list[i]);
		size_t same = job.n < l->prefix.n ? job.n : l->prefix.n;
		/* "JOB/~" is behind all streams of the job. */
		char last[HC_LOG_STREAM_NAME_MAX];
		snprintf(last, sizeof last, "%s/~", names.list[i]);
		if (is_job_name(job) && (same == 0 || memcmp(job.p, l->prefix.p, same) == 0) &&
		    (l->after.n == 0 || hc_str_cmp(hc_str(last), l->after) > 0))
			HC_TRY(list_job(l, names.list[i], err));
	}
	return HC_OK;
}

enum hc_code hc_log_streams(const char *folder, struct hc_str prefix, struct hc_str after, size_t limit,
			    struct hc_arena *arena, struct hc_log_stream **out, size_t *n, bool *more,
			    struct hc_err *err)
{
	struct listing l = {.folder = folder, .prefix = prefix, .after = after, .limit = limit, .arena = arena};
	const char *slash = prefix.n ? memchr(prefix.p, '/', prefix.n) : NULL;
	if (slash) {
		/* One job's: what clients ask for again and again while they wait. */
		struct hc_str job = {prefix.p, (size_t)(slash - prefix.p)};
		const char *name = is_job_name(job) ? hc_arena_cstring(arena, job) : "";
		if (!name)
			return hc_fail_nomem(err, "a name");
		if (*name)
			HC_TRY(list_job(&l, name, err));
	} else {
		HC_TRY(list_jobs(&l, err));
	}
	*out = l.list;
	*n = l.n;
	*more = l.more;
	return HC_OK;
}

/* The path of a stream's file; false when the name cannot be one of ours. */
static bool path_of_stream(const char *folder, struct hc_str stream, char path[HC_PATH_LEN_MAX])
{
	const char *slash = stream.n ? memchr(stream.p, '/', stream.n) : NULL;
	char file[HC_LOG_STREAM_NAME_MAX];
	if (!slash || stream.n >= sizeof file - sizeof SUFFIX || memchr(stream.p, '\0', stream.n))
		return false;
	struct hc_str job = {stream.p, (size_t)(slash - stream.p)};
	snprintf(file, sizeof file, "%.*s" SUFFIX, (int)(stream.n - job.n - 1), slash + 1);
	return is_job_name(job) && is_stream_file(file) &&
	       snprintf(path, HC_PATH_LEN_MAX, "%s/%.*s/%s", folder, HC_STR_ARG(job), file) < HC_PATH_LEN_MAX;
}

struct reading {
	char *p; /* whole lines, in the arena */
	size_t n;
	struct hc_log_event *list;
	size_t n_events;
	size_t taken; /* bytes of p that the events stand in: from its start, or its end */
};

static enum hc_code reserve_events(struct reading *r, size_t limit, struct hc_arena *arena, struct hc_err *err)
{
	size_t lines = 0;
	for (size_t i = 0; i < r->n && lines < limit; i++)
		lines += r->p[i] == '\n';
	r->list = hc_arena_take(arena, (lines + 1) * sizeof *r->list);
	return r->list ? HC_OK : hc_fail_nomem(err, "a log");
}

static void take_forward(struct reading *r, size_t limit)
{
	while (r->n_events < limit) {
		const char *p = r->p + r->taken;
		const char *newline = r->n > r->taken ? memchr(p, '\n', r->n - r->taken) : NULL;
		if (!newline)
			return;
		size_t n = (size_t)(newline - p);
		if (parse_line(p, n, &r->list[r->n_events]))
			r->n_events++;
		r->taken += n + 1;
	}
}

static void take_backward(struct reading *r, size_t limit)
{
	size_t end = r->n, n = 0;
	while (end > 0 && n < limit) {
		size_t start = end - 1;
		while (start > 0 && r->p[start - 1] != '\n')
			start--;
		if (parse_line(r->p + start, end - start - 1, &r->list[n]))
			n++;
		end = start;
	}
	r->taken = r->n - end;
	r->n_events = n;
	for (size_t i = 0; i < n / 2; i++) {
		struct hc_log_event swapped = r->list[i];
		r->list[i] = r->list[n - 1 - i];
		r->list[n - 1 - i] = swapped;
	}
}

/* Reads what lies behind (or before) the offset, whole lines only; *base is where p begins in the file. */
static enum hc_code read_lines(int fd, const char *path, uint64_t size, uint64_t *offset, bool backward,
			       struct hc_arena *arena, struct reading *r, uint64_t *base, struct hc_err *err)
{
	char before = '\n';
	size_t got;
	bool at_end = backward && *offset == UINT64_MAX;
	if (at_end)
		*offset = size;
	if (*offset > size)
		return hc_fail(err, HC_USAGE, "the log is not that long");
	if (*offset > 0 && !at_end)
		HC_TRY(read_at(fd, path, *offset - 1, &before, 1, &got, err));
	if (before != '\n')
		return hc_fail(err, HC_USAGE, "no line of the log begins there");
	*base = !backward ? *offset : *offset > READ_BYTES ? *offset - READ_BYTES : 0;
	uint64_t there = backward ? *offset - *base : size - *base;
	size_t want = there > READ_BYTES ? READ_BYTES : (size_t)there;
	r->p = hc_arena_take_text(arena, want + 1);
	if (!r->p)
		return hc_fail_nomem(err, "a log");
	HC_TRY(read_at(fd, path, *base, r->p, want, &r->n, err));
	while (r->n > 0 && r->p[r->n - 1] != '\n')
		r->n--; /* a line under way */
	if (at_end)
		*offset = *base + r->n;
	if (backward && *base > 0) {
		const char *newline = memchr(r->p, '\n', r->n);
		size_t cut = newline ? (size_t)(newline - r->p) + 1 : r->n;
		r->p += cut;
		r->n -= cut;
		*base += cut;
	}
	return HC_OK;
}

static enum hc_code read_stream(int fd, const char *path, uint64_t *offset, bool backward, size_t limit,
				struct hc_arena *arena, struct reading *r, uint64_t *next, struct hc_err *err)
{
	struct stat st;
	uint64_t base = 0;
	if (fstat(fd, &st) != 0)
		return hc_fail(err, HC_IO, "%s: cannot be read: %s", path, strerror(errno));
	HC_TRY(read_lines(fd, path, (uint64_t)st.st_size, offset, backward, arena, r, &base, err));
	HC_TRY(reserve_events(r, limit, arena, err));
	if (backward)
		take_backward(r, limit);
	else
		take_forward(r, limit);
	*next = backward ? *offset - r->taken : *offset + r->taken;
	return HC_OK;
}

enum hc_code hc_log_read(const char *folder, struct hc_str stream, uint64_t *offset, bool backward, size_t limit,
			 struct hc_arena *arena, struct hc_log_event **out, size_t *n, uint64_t *next, bool *found,
			 struct hc_err *err)
{
	char path[HC_PATH_LEN_MAX];
	struct reading r = {0};
	int fd = path_of_stream(folder, stream, path) ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) : -1;
	if (fd < 0) {
		*found = false;
		return HC_OK;
	}
	enum hc_code code = read_stream(fd, path, offset, backward, limit, arena, &r, next, err);
	close(fd);
	if (code != HC_OK)
		return code;
	*out = r.list;
	*n = r.n_events;
	*found = true;
	return HC_OK;
}
