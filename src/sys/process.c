#include "sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/interrupt.h"

enum {
	SLICE_MS = 100,           /* how often a silent child is looked after */
	FDS_FREE = 10,            /* descriptors from here up collide with none that the child keeps */
	FDS_MARKED_MAX = 1 << 16, /* where close_range() is missing: descriptors marked one by one */
	TIMEOUT_MAX_S = 366 * 86400,
};

struct hc_process {
	pid_t pid; /* also the group's */
	int channel;
	uint32_t *page;
	int64_t deadline_us; /* of the steady clock */
	bool ended;
	bool reaped; /* by somebody else: the pid is no longer ours to signal */
	struct hc_process_end end;
	unsigned timeout_s;
};

/* What the child needs between fork and exec; everything in it is ready to use. */
struct launch {
	const char *program;
	const struct hc_process_spec *spec;
	int channel, page, null, report;
	int output; /* -1: our standard error */
	pid_t parent;
};

/* Looks a program up in PATH as the shell does, but for empty entries, which would mean the
 * current folder. */
static bool find_program(const char *name, char out[PATH_MAX])
{
	struct stat st;
	const char *path = getenv("PATH");
	if (strchr(name, '/'))
		return (size_t)snprintf(out, PATH_MAX, "%s", name) < PATH_MAX;
	for (const char *at = path ? path : "/usr/local/bin:/usr/bin:/bin"; at; at = strchr(at, ':')) {
		at += *at == ':';
		size_t n = strcspn(at, ":");
		if (n == 0 || n + strlen(name) + 2 > PATH_MAX)
			continue;
		snprintf(out, PATH_MAX, "%.*s/%s", (int)n, at, name);
		if (access(out, X_OK) == 0 && stat(out, &st) == 0 && S_ISREG(st.st_mode))
			return true;
	}
	return false;
}

/*
 * The child, between fork and exec: async-signal-safe calls only.
 */

static bool limit(int resource, rlim_t most)
{
	struct rlimit l;
	if (getrlimit((__rlimit_resource_t)resource, &l) != 0)
		return false;
	if (l.rlim_max == RLIM_INFINITY || l.rlim_max > most)
		l.rlim_max = most;
	l.rlim_cur = l.rlim_max;
	return setrlimit((__rlimit_resource_t)resource, &l) == 0;
}

static bool close_others_on_exec(void)
{
	unsigned first = HC_PROCESS_PAGE_FD + 1;
	if (close_range(first, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
		return true;
	struct rlimit l;
	if (getrlimit(RLIMIT_NOFILE, &l) != 0)
		return false;
	for (int fd = (int)first; fd < FDS_MARKED_MAX && (rlim_t)fd < l.rlim_cur; fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
	return true;
}

static bool lift(int *fd)
{
	return (*fd = fcntl(*fd, F_DUPFD_CLOEXEC, FDS_FREE)) >= 0;
}

static bool place_fds(struct launch *l)
{
	if (!lift(&l->channel) || !lift(&l->page) || !lift(&l->null))
		return false;
	if (fcntl(STDERR_FILENO, F_GETFD) < 0 && dup2(l->null, STDERR_FILENO) < 0)
		return false;
	if (l->output >= 0 && (!lift(&l->output) || dup2(l->output, STDERR_FILENO) < 0))
		return false;
	return dup2(l->null, STDIN_FILENO) >= 0 && dup2(STDERR_FILENO, STDOUT_FILENO) >= 0 &&
	       dup2(l->channel, HC_PROCESS_CHANNEL_FD) >= 0 && dup2(l->page, HC_PROCESS_PAGE_FD) >= 0 &&
	       close_others_on_exec();
}

static void reset_signals(void)
{
	for (int s = 1; s < NSIG; s++)
		signal(s, SIG_DFL);
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static bool settle(struct launch *l)
{
	if (!lift(&l->report))
		return false;
	if (setpgid(0, 0) != 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
		return false;
	if (getppid() != l->parent) /* died before it could be watched */
		raise(SIGKILL);
	reset_signals();
	if (!place_fds(l) || !limit(RLIMIT_CORE, 0))
		return false;
	if (l->spec->folder && chdir(l->spec->folder) != 0)
		return false;
	return l->spec->memory_bytes == 0 || limit(RLIMIT_AS, l->spec->memory_bytes);
}

_Noreturn static void become(struct launch *l)
{
	if (settle(l))
		execve(l->program, (char *const *)l->spec->argv, (char *const *)l->spec->env);
	int error = errno;
	ssize_t sent = write(l->report, &error, sizeof error);
	_exit(sent == (ssize_t)sizeof error ? 127 : 126);
}

/*
 * The parent.
 */

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Opens what the child will hold; the parent's ends go to p. */
static bool open_ends(struct hc_process *p, struct launch *l, int *report_in)
{
	int pair[2], report[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return false;
	p->channel = pair[0];
	l->channel = pair[1];
	if (pipe2(report, O_CLOEXEC) != 0)
		return false;
	*report_in = report[0];
	l->report = report[1];
	l->null = open("/dev/null", O_RDWR | O_CLOEXEC);
	l->page = memfd_create("hindcast", MFD_CLOEXEC);
	if (l->null < 0 || l->page < 0 || ftruncate(l->page, HC_PROCESS_PAGE_BYTES) != 0)
		return false;
	void *page = mmap(NULL, HC_PROCESS_PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, l->page, 0);
	if (page == MAP_FAILED)
		return false;
	p->page = page;
	return true;
}

static bool split(struct hc_process *p, struct launch *l)
{
	sigset_t all, before;
	sigfillset(&all);
	/* no handler of ours may run in the child */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	l->parent = getpid();
	p->pid = fork();
	if (p->pid == 0)
		become(l);
	int error = errno;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = error;
	if (p->pid > 0)
		setpgid(p->pid, p->pid); /* the child does so too; who comes first does not matter */
	return p->pid > 0;
}

/* The errno that stopped the child before exec, 0 if it got there. */
static int failure_of(int report_in)
{
	int error = 0;
	ssize_t n;
	do
		n = read(report_in, &error, sizeof error);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof error ? error : 0;
}

static int launch(struct hc_process *p, struct launch *l)
{
	int report_in = -1;
	int error = open_ends(p, l, &report_in) && split(p, l) ? 0 : errno;
	close_fd(&l->channel);
	close_fd(&l->page);
	close_fd(&l->null);
	close_fd(&l->report);
	if (error == 0)
		error = failure_of(report_in);
	close_fd(&report_in);
	return error;
}

enum hc_code hc_process_start(const struct hc_process_spec *spec, struct hc_process **out, struct hc_err *err)
{
	char program[PATH_MAX];
	if (!find_program(spec->argv[0], program)) {
		hc_fail(err, HC_IO, "%s: no such program in PATH", spec->argv[0]);
		return hc_hint(err, "install it, or put its folder into PATH");
	}
	struct hc_process *p = calloc(1, sizeof *p);
	if (!p)
		return hc_fail_nomem(err, "a process");
	p->channel = -1;
	p->timeout_s = spec->timeout_s < TIMEOUT_MAX_S ? spec->timeout_s : TIMEOUT_MAX_S;
	p->deadline_us = hc_clock_steady_us() + (int64_t)p->timeout_s * 1000000;
	struct launch l = {.program = program,
			   .spec = spec,
			   .channel = -1,
			   .page = -1,
			   .null = -1,
			   .report = -1,
			   .output = spec->output_fd > 0 ? spec->output_fd : -1};
	int error = launch(p, &l);
	if (error != 0) {
		hc_process_close(p);
		return hc_fail(err, HC_IO, "%s: cannot be started: %s", program, strerror(error));
	}
	*out = p;
	return HC_OK;
}

/* Looks without reaping: as long as the child is a zombie its pid, and so its group's, is ours. */
static bool has_ended(struct hc_process *p)
{
	siginfo_t info = {0};
	if (p->ended)
		return true;
	if (waitid(P_PID, (id_t)p->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0)
		return p->ended = p->reaped = errno == ECHILD;
	if (info.si_pid == 0)
		return false;
	p->end = (struct hc_process_end){.by_signal = info.si_code != CLD_EXITED, .number = info.si_status};
	return p->ended = true;
}

static int ms_left(int64_t deadline_us)
{
	int64_t left = (deadline_us - hc_clock_steady_us() + 999) / 1000;
	return left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

/*
 * Waits until the channel is ready, or the child has ended (*over): what it forked may hold the
 * other end open for ever.
 */
static enum hc_code await(struct hc_process *p, short events, bool *over, struct hc_err *err)
{
	struct pollfd fd = {.fd = p->channel, .events = events};
	for (;;) {
		int left = ms_left(p->deadline_us);
		if (left == 0)
			return hc_fail(err, HC_LIMIT, "the process ran longer than its limit of %u s", p->timeout_s);
		HC_TRY(hc_interrupt_check(err));
		int n = poll(&fd, 1, left < SLICE_MS ? left : SLICE_MS);
		if (n > 0)
			return HC_OK;
		if (n < 0 && errno != EINTR)
			return hc_fail(err, HC_IO, "waiting for a process: %s", strerror(errno));
		if (has_ended(p)) {
			*over = true;
			return HC_OK;
		}
	}
}

static enum hc_code fail_channel(struct hc_err *err)
{
	return hc_fail(err, HC_IO, "the channel to a process: %s", strerror(errno));
}

enum hc_code hc_process_write(struct hc_process *p, const void *data, size_t n, bool *taken, struct hc_err *err)
{
	const char *at = data, *end = at + n;
	bool over = false;
	while (at < end && !over) {
		ssize_t sent = send(p->channel, at, (size_t)(end - at), MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent >= 0)
			at += sent;
		else if (errno == EPIPE || errno == ECONNRESET)
			over = true;
		else if (errno == EAGAIN)
			HC_TRY(await(p, POLLOUT, &over, err));
		else if (errno != EINTR)
			return fail_channel(err);
	}
	*taken = at == end;
	return HC_OK;
}

enum hc_code hc_process_read(struct hc_process *p, void *data, size_t n, size_t *got, struct hc_err *err)
{
	char *at = data, *end = at + n;
	bool over = false;
	while (at < end) {
		ssize_t received = recv(p->channel, at, (size_t)(end - at), MSG_DONTWAIT);
		if (received > 0)
			at += received;
		else if (received == 0 || errno == ECONNRESET || (errno == EAGAIN && over))
			break;
		else if (errno == EAGAIN)
			HC_TRY(await(p, POLLIN, &over, err));
		else if (errno != EINTR)
			return fail_channel(err);
	}
	*got = (size_t)(at - (char *)data);
	return HC_OK;
}

void hc_process_finish(struct hc_process *p)
{
	shutdown(p->channel, SHUT_WR);
}

bool hc_process_wait(struct hc_process *p, unsigned patience_ms, struct hc_process_end *out)
{
	int64_t patience_us = hc_clock_steady_us() + (int64_t)patience_ms * 1000;
	int64_t until_us = patience_us < p->deadline_us ? patience_us : p->deadline_us;
	int nap_ms = 1;
	while (!has_ended(p)) {
		int left = ms_left(until_us);
		if (left == 0)
			return false;
		poll(NULL, 0, left < nap_ms ? left : nap_ms);
		nap_ms = nap_ms * 2 < SLICE_MS ? nap_ms * 2 : SLICE_MS;
	}
	*out = p->end;
	return true;
}

void hc_process_signal(struct hc_process *p, int signal)
{
	if (!has_ended(p))
		kill(p->pid, signal);
}

uint32_t hc_process_page_get(const struct hc_process *p)
{
	return __atomic_load_n(p->page, __ATOMIC_RELAXED);
}

void hc_process_page_set(struct hc_process *p, uint32_t value)
{
	__atomic_store_n(p->page, value, __ATOMIC_RELAXED);
}

static void end_group(struct hc_process *p)
{
	has_ended(p);
	if (p->reaped)
		return;
	kill(-p->pid, SIGKILL);
	kill(p->pid, SIGKILL); /* if it went over to another group */
	while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
		continue;
}

void hc_process_close(struct hc_process *p)
{
	if (!p)
		return;
	if (p->pid > 0)
		end_group(p);
	close_fd(&p->channel);
	if (p->page)
		munmap(p->page, HC_PROCESS_PAGE_BYTES);
	free(p);
}
