/* Files as memory, and by ranges: what is read is what is there, and a file that shrinks is an error, not the end. */
#include "sys/map.h"

#include "check_files.h"
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

/* The handler; cmocka sets its own at the start of each test. */
static struct sigaction handler;

static void make_bytes(const char *name, size_t n)
{
	char *p = malloc(n + 1);
	for (size_t i = 0; i < n; i++)
		p[i] = (char)('a' + i % 23);
	make_file_of(name, p, n);
	free(p);
}

static void check_bytes(const char *p, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (p[i] != (char)('a' + i % 23))
			fail_msg("byte %zu is %d", i, p[i]);
}

static void test_open(void **state)
{
	(void)state;
	static const size_t sizes[] = {0, 1, 4095, 4096, 4097, 100000};
	struct hc_err err;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		struct hc_map map;
		make_bytes("f", sizes[i]);
		assert_int_equal(hc_map_open(path_of("f"), &map, &err), HC_OK);
		assert_non_null(map.p);
		assert_int_equal(map.n, sizes[i]);
		check_bytes(map.p, 0, map.n);
		/* the name goes, the bytes stay */
		assert_int_equal(unlink(path_of("f")), 0);
		check_bytes(map.p, 0, map.n);
		assert_int_equal(hc_map_check(&map, &err), HC_OK);
		hc_map_close(&map);
		assert_int_equal(map.n, 0);
		hc_map_close(&map);
	}
}

static void check_refused(const char *path, enum hc_code code, const char *message)
{
	struct hc_err err;
	struct hc_map map = {.slot = 77};
	assert_int_equal(hc_map_open(path, &map, &err), code);
	assert_non_null(strstr(err.msg, path));
	assert_non_null(strstr(err.msg, message));
	assert_int_equal(map.slot, 77);
}

static void test_refused(void **state)
{
	(void)state;
	check_refused(path_of("nowhere"), HC_INPUT, "no such file");
	check_refused(check_folder, HC_INPUT, "is a folder");
	check_refused("/dev/zero", HC_INPUT, "not a regular file");
	assert_int_equal(mkfifo(path_of("fifo"), 0600), 0);
	check_refused(path_of("fifo"), HC_INPUT, "not a regular file");
}

/* Each slot once, one more is refused, and one that came back is used again. */
static void test_many(void **state)
{
	(void)state;
	static struct hc_map maps[HC_MAPS_MAX];
	struct hc_err err;
	struct hc_map more;
	make_bytes("f", 10);
	for (int i = 0; i < HC_MAPS_MAX; i++)
		assert_int_equal(hc_map_open(path_of("f"), &maps[i], &err), HC_OK);
	assert_int_equal(hc_map_open(path_of("f"), &more, &err), HC_LIMIT);
	hc_map_close(&maps[1234]);
	assert_int_equal(hc_map_open(path_of("f"), &maps[1234], &err), HC_OK);
	assert_int_equal(hc_map_open(path_of("f"), &more, &err), HC_LIMIT);
	for (int i = 0; i < HC_MAPS_MAX; i++) {
		check_bytes(maps[i].p, 0, 10);
		hc_map_close(&maps[i]);
	}
}

struct reader {
	const struct hc_map *map;
	size_t from;
	uint64_t sum;
};

/* Every byte, from different ends, so that several threads find the hole at once. */
static void *read_all(void *arg)
{
	struct reader *r = arg;
	for (size_t i = 0; i < r->map->n; i++)
		r->sum += (unsigned char)r->map->p[(r->from + i) % r->map->n];
	return NULL;
}

static void check_shrunk(off_t left)
{
	enum { BYTES = 3000000, THREADS = 4 };
	struct hc_err err;
	struct hc_map map, other;
	pthread_t threads[THREADS];
	struct reader readers[THREADS];
	make_bytes("f", BYTES);
	make_bytes("other", BYTES);
	assert_int_equal(hc_map_open(path_of("f"), &map, &err), HC_OK);
	assert_int_equal(hc_map_open(path_of("other"), &other, &err), HC_OK);
	check_bytes(map.p, 0, 10000);
	assert_int_equal(truncate(path_of("f"), left), 0);
	assert_int_equal(hc_map_check(&map, &err), HC_OK);
	for (unsigned i = 0; i < THREADS; i++) {
		readers[i] = (struct reader){&map, i * (BYTES / THREADS), 0};
		assert_int_equal(pthread_create(&threads[i], NULL, read_all, &readers[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	check_bytes(map.p, 0, (size_t)left);
	for (size_t i = (size_t)left; i < BYTES; i++)
		assert_int_equal(map.p[i], 0);
	assert_int_equal(hc_map_check(&map, &err), HC_INPUT);
	assert_non_null(strstr(err.msg, "shrank while it was read"));
	/* the others do not suffer */
	check_bytes(other.p, 0, BYTES);
	assert_int_equal(hc_map_check(&other, &err), HC_OK);
	hc_map_close(&map);
	hc_map_close(&other);
	/* nor does who has the slot next */
	assert_int_equal(hc_map_open(path_of("other"), &map, &err), HC_OK);
	assert_int_equal(hc_map_check(&map, &err), HC_OK);
	hc_map_close(&map);
}

static void test_shrunk(void **state)
{
	(void)state;
	assert_int_equal(sigaction(SIGBUS, &handler, NULL), 0);
	check_shrunk(0);
	check_shrunk(1);
	check_shrunk(4096 * 100);
	check_shrunk(1234567);
}

/* Open, shrink, read, close, by several threads over the same few slots: each finds its own file out. */
static void *churn(void *arg)
{
	unsigned number = *(unsigned *)arg;
	char path[CHECK_PATH_MAX + 16];
	struct hc_err err;
	bool wrong = false;
	snprintf(path, sizeof path, "%s/churn%u", check_folder, number);
	for (int i = 0; i < 200; i++) {
		int fd = open(path, O_RDWR | O_CREAT, 0600);
		struct hc_map map;
		wrong |= fd < 0 || ftruncate(fd, 40960) != 0 || hc_map_open(path, &map, &err) != HC_OK;
		if (wrong)
			break;
		bool shrinks = (i + (int)number) % 2 == 0;
		if (shrinks)
			wrong |= ftruncate(fd, 4096) != 0;
		wrong |= map.p[20000] != 0;
		wrong |= hc_map_check(&map, &err) != (shrinks ? HC_INPUT : HC_OK);
		hc_map_close(&map);
		close(fd);
	}
	*(unsigned *)arg = wrong;
	return NULL;
}

static void test_churn(void **state)
{
	(void)state;
	assert_int_equal(sigaction(SIGBUS, &handler, NULL), 0);
	enum { THREADS = 4 };
	pthread_t threads[THREADS];
	unsigned numbers[THREADS];
	for (unsigned i = 0; i < THREADS; i++) {
		numbers[i] = i;
		assert_int_equal(pthread_create(&threads[i], NULL, churn, &numbers[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(numbers[i], 0);
	}
}

/* A SIGBUS that is not ours ends the process: by a page of somebody else's mapping, or sent. */
static int end_of_child(bool sent)
{
	make_bytes("f", 10);
	make_bytes("foreign", 10000);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct hc_err err;
		struct hc_map map;
		struct rlimit none = {0, 0};
		setrlimit(RLIMIT_CORE, &none);
		int fd = open(path_of("foreign"), O_RDWR);
		const volatile char *p = mmap(NULL, 10000, PROT_READ, MAP_SHARED, fd, 0);
		if (p == MAP_FAILED || hc_map_open(path_of("f"), &map, &err) != HC_OK || ftruncate(fd, 0) != 0)
			_exit(1);
		if (sent)
			raise(SIGBUS);
		else
			_exit(p[5000] + 2);
		_exit(3);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void test_foreign(void **state)
{
	(void)state;
	assert_int_equal(sigaction(SIGBUS, &handler, NULL), 0);
	int fault = end_of_child(false), sent = end_of_child(true);
	assert_true(WIFSIGNALED(fault) && WTERMSIG(fault) == SIGBUS);
	assert_true(WIFSIGNALED(sent) && WTERMSIG(sent) == SIGBUS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {in_folder(test_open),   in_folder(test_refused), in_folder(test_many),
					   in_folder(test_shrunk), in_folder(test_churn),   in_folder(test_foreign)};
	/* the former is the system's, not a sanitizer's */
	signal(SIGBUS, SIG_DFL);
	struct hc_err err;
	struct hc_map map;
	if (hc_map_open("/proc/self/exe", &map, &err) != HC_OK || sigaction(SIGBUS, NULL, &handler) != 0)
		return 1;
	hc_map_close(&map);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
