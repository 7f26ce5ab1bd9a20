#include "sys/map.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/files.h"

/*
 * What the handler looks things up in. A slot is free while its length is 0. The handler runs in the thread that read
 * the missing page, so the slot that it looks for does not change meanwhile; others may.
 */
static struct slot {
	_Atomic uintptr_t start;
	_Atomic size_t n; /* whole pages */
	atomic_bool shrank;
} slots[HC_MAPS_MAX];

static atomic_int slots_end;                             /* slots from here on were never used */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards what follows, and who takes a slot */
static int first_free;                                   /* none before it */
static bool listening;
static size_t page_bytes; /* set before the handler is */
static struct sigaction former;

/* The slot of an address; NULL: not ours. */
static struct slot *find_slot(uintptr_t address, uintptr_t *end)
{
	int n_slots = atomic_load(&slots_end);
	for (int i = 0; i < n_slots; i++) {
		struct slot *s = &slots[i];
		size_t n = atomic_load(&s->n);
		uintptr_t start = atomic_load(&s->start);
		/* n is the same behind: start belongs to it, not to a mapping that took the slot in between */
		if (n == 0 || address < start || address - start >= n || atomic_load(&s->n) != n)
			continue;
		*end = start + n;
		return s;
	}
	return NULL;
}

/* Async-signal-safe: atomics and system calls only. */
static void on_bus_error(int signal, siginfo_t *info, void *context)
{
	(void)context;
	int error = errno;
	uintptr_t address = (uintptr_t)info->si_addr & ~(uintptr_t)(page_bytes - 1), end;
	struct slot *s = info->si_code == BUS_ADRERR ? find_slot(address, &end) : NULL;
	if (s) {
		atomic_store(&s->shrank, true);
		/* all that follows is behind the end of the file too */
		void *zeros =
			mmap((void *)address, end - address, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		if (zeros != MAP_FAILED) {
			errno = error;
			return;
		}
	}
	/* A fault comes again when we return, and finds who was there before us; a signal that was sent does not. */
	sigaction(SIGBUS, &former, NULL);
	if (info->si_code <= 0)
		raise(signal);
	errno = error;
}

static bool listen_once(void)
{
	if (listening)
		return true;
	page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	struct sigaction action = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO | SA_ONSTACK};
	sigemptyset(&action.sa_mask);
	listening = sigaction(SIGBUS, &action, &former) == 0;
	return listening;
}

/* A slot for n bytes at p, which nobody reads yet; -1: all are taken. */
static int take_slot(const void *p, size_t n)
{
	int i = first_free;
	while (i < HC_MAPS_MAX && atomic_load(&slots[i].n) != 0)
		i++;
	if (i == HC_MAPS_MAX)
		return -1;
	first_free = i + 1;
	atomic_store(&slots[i].shrank, false);
	atomic_store(&slots[i].start, (uintptr_t)p);
	atomic_store(&slots[i].n, n);
	if (i >= atomic_load(&slots_end))
		atomic_store(&slots_end, i + 1);
	return i;
}

static void give_slot(int i)
{
	atomic_store(&slots[i].n, 0);
	if (i < first_free)
		first_free = i;
}

static size_t whole_pages(size_t n)
{
	return (n + page_bytes - 1) & ~(page_bytes - 1);
}

/* n > 0 bytes of an open file. */
static enum hc_code map_file(int fd, size_t n, const char *path, struct hc_map *out, struct hc_err *err)
{
	/* Mapping and unmapping under the lock: what one thread gives back another one may be given at once. */
	pthread_mutex_lock(&lock);
	char *p = listen_once() ? mmap(NULL, n, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
	int error = errno, slot = p == MAP_FAILED ? -1 : take_slot(p, whole_pages(n));
	if (slot < 0 && p != MAP_FAILED)
		munmap(p, n);
	pthread_mutex_unlock(&lock);
	if (p == MAP_FAILED)
		return hc_fail(err, error == ENOMEM ? HC_NOMEM : HC_IO, "%s: cannot be mapped: %s", path,
			       strerror(error));
	if (slot < 0)
		return hc_fail(err, HC_LIMIT, "%s: more than %d files would be mapped at once", path, HC_MAPS_MAX);
	*out = (struct hc_map){p, n, slot};
	return HC_OK;
}

/* Opens a regular file; anything else is an error that says what it is. */
static enum hc_code open_regular(const char *path, int *out_fd, uint64_t *out_size, struct hc_err *err)
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
		hc_fail(err, HC_INPUT, "%s: is not a regular file", path);
		hc_err_set_hint(err, "copy what comes from it to a file, and name that");
	} else {
		*out_fd = fd;
		*out_size = (uint64_t)st.st_size;
		return HC_OK;
	}
	close(fd);
	return hc_err_code(err);
}

enum hc_code hc_map_open(const char *path, struct hc_map *out, struct hc_err *err)
{
	int fd;
	uint64_t size;
	HC_TRY(open_regular(path, &fd, &size, err));
	enum hc_code code = HC_OK;
	if (size == 0)
		*out = (struct hc_map){"", 0, -1};
	else
		code = map_file(fd, size, path, out, err);
	close(fd);
	return code;
}

void hc_map_close(struct hc_map *m)
{
	if (m->slot >= 0) {
		/* before the memory goes, which another mapping may be given */
		pthread_mutex_lock(&lock);
		give_slot(m->slot);
		munmap((void *)m->p, m->n);
		pthread_mutex_unlock(&lock);
	}
	*m = (struct hc_map){"", 0, -1};
}

enum hc_code hc_map_check(const struct hc_map *m, struct hc_err *err)
{
	if (m->slot < 0 || !atomic_load(&slots[m->slot].shrank))
		return HC_OK;
	hc_fail(err, HC_INPUT, "shrank while it was read, or its disk has an error");
	return hc_hint(err, "run again when nobody writes to the file");
}
