/* The file without a name. */
#include "sys/scratch.h"

#include "check_files.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

/* In the place of the C library's: one that writes a few bytes only, and is interrupted every other time. */
static size_t most = SIZE_MAX;
static bool interrupts;

ssize_t pwritev(int fd, const struct iovec *pieces, int n, off_t at)
{
	static _Atomic unsigned calls;
	size_t done = 0;
	if (interrupts && calls++ % 2 == 0) {
		errno = EINTR;
		return -1;
	}
	for (int i = 0; i < n && done < most; i++) {
		size_t size = pieces[i].iov_len < most - done ? pieces[i].iov_len : most - done;
		ssize_t wrote = pwrite(fd, pieces[i].iov_base, size, at + (off_t)done);
		if (wrote < 0)
			return done ? (ssize_t)done : -1;
		done += (size_t)wrote;
		if ((size_t)wrote < size)
			break;
	}
	return (ssize_t)done;
}

static void test_put(void **state)
{
	(void)state;
	struct hc_err err;
	struct hc_scratch s;
	uint64_t a = 9, b = 9, c = 9, d = 9;
	char text[32] = {0};
	assert_int_equal(hc_scratch_open(check_folder, &s, &err), HC_OK);
	assert_int_equal(fcntl(s.fd, F_GETFD), FD_CLOEXEC);
	check_files("", "");
	assert_int_equal(hc_scratch_put(&s, "one", 3, &a, &err), HC_OK);
	assert_int_equal(hc_scratch_put(&s, "", 0, &b, &err), HC_OK);
	struct iovec pieces[] = {{"tw", 2}, {"", 0}, {"o,three", 7}};
	assert_int_equal(hc_scratch_put_pieces(&s, pieces, 3, &c, &err), HC_OK);
	assert_int_equal(hc_scratch_put(&s, "four", 4, &d, &err), HC_OK);
	assert_int_equal(a, 0);
	assert_int_equal(b, 3);
	assert_int_equal(c, 3);
	assert_int_equal(d, 12);
	assert_int_equal(hc_scratch_get(&s, 0, text, 16, &err), HC_OK);
	assert_string_equal(text, "onetwo,threefour");
	assert_int_equal(hc_scratch_get(&s, d, text, 4, &err), HC_OK);
	assert_memory_equal(text, "four", 4);
	check_files("", "");
	/* what was never written */
	assert_int_equal(hc_scratch_get(&s, d, text, 5, &err), HC_IO);
	assert_memory_equal(err.msg, check_folder, strlen(check_folder));
	hc_scratch_close(&s);
	assert_int_equal(s.fd, -1);
	check_files("", "");
}

static void test_no_folder(void **state)
{
	(void)state;
	struct hc_err err;
	struct hc_scratch s = {.fd = 77};
	assert_int_equal(hc_scratch_open(path_of("nowhere"), &s, &err), HC_IO);
	assert_non_null(strstr(err.msg, path_of("nowhere")));
	assert_int_equal(s.fd, 77);
	/* a file system that has no files to write */
	assert_int_equal(hc_scratch_open("/proc/self", &s, &err), HC_IO);
	assert_non_null(strstr(err.msg, "/proc/self"));
}

/* A write that the file's size limit cuts short: what fits is written, the rest is the error. */
static void test_short(void **state)
{
	(void)state;
	struct hc_err err;
	struct hc_scratch s;
	struct rlimit before, limit;
	uint64_t at = 5;
	char text[6] = {0};
	assert_int_equal(hc_scratch_open(check_folder, &s, &err), HC_OK);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = (struct rlimit){.rlim_cur = 5, .rlim_max = before.rlim_max};
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	struct iovec pieces[] = {{"ab", 2}, {"cdef", 4}};
	enum hc_code code = hc_scratch_put_pieces(&s, pieces, 2, &at, &err);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(code, HC_IO);
	assert_non_null(strstr(err.hint, check_folder));
	assert_non_null(strstr(err.hint, "--memory"));
	assert_int_equal(at, 5);
	assert_int_equal(hc_scratch_get(&s, 0, text, 5, &err), HC_OK);
	assert_string_equal(text, "abcde");
	hc_scratch_close(&s);
}

/* Writes that take several calls arrive as one. */
static void test_parts(void **state)
{
	(void)state;
	struct hc_err err;
	struct hc_scratch s;
	assert_int_equal(hc_scratch_open(check_folder, &s, &err), HC_OK);
	interrupts = true;
	for (most = 1; most < 13; most++) {
		struct iovec pieces[] = {{"abc", 3}, {"", 0}, {"d", 1}, {"efgh", 4}, {"ijk", 3}};
		char text[12] = {0};
		uint64_t at = 1;
		assert_int_equal(hc_scratch_put_pieces(&s, pieces, COUNT(pieces), &at, &err), HC_OK);
		assert_int_equal(at, (most - 1) * 11);
		assert_int_equal(hc_scratch_get(&s, at, text, 11, &err), HC_OK);
		assert_string_equal(text, "abcdefghijk");
	}
	most = SIZE_MAX;
	interrupts = false;
	hc_scratch_close(&s);
}

struct job {
	struct hc_scratch *scratch;
	uint64_t seed;
	bool failed;
};

static void *put_many(void *arg)
{
	enum { N = 500 };
	struct job *job = arg;
	struct hc_err err;
	uint64_t at[N];
	unsigned char text[300], back[300];
	for (int i = 0; i < N; i++) {
		memset(text, (int)(job->seed * 50 + (unsigned)i), sizeof text);
		job->failed |= hc_scratch_put(job->scratch, text, (size_t)(i % 300), &at[i], &err) != HC_OK;
	}
	for (int i = 0; i < N; i++) {
		memset(text, (int)(job->seed * 50 + (unsigned)i), sizeof text);
		job->failed |= hc_scratch_get(job->scratch, at[i], back, (size_t)(i % 300), &err) != HC_OK;
		job->failed |= memcmp(text, back, (size_t)(i % 300)) != 0;
	}
	return NULL;
}

static void test_threads(void **state)
{
	(void)state;
	enum { THREADS = 4 };
	struct hc_err err;
	struct hc_scratch s;
	pthread_t threads[THREADS];
	struct job jobs[THREADS];
	assert_int_equal(hc_scratch_open(check_folder, &s, &err), HC_OK);
	for (unsigned i = 0; i < THREADS; i++) {
		jobs[i] = (struct job){&s, i, false};
		assert_int_equal(pthread_create(&threads[i], NULL, put_many, &jobs[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_false(jobs[i].failed);
	}
	hc_scratch_close(&s);
}

/* kill -9 in the middle leaves nothing. */
static void test_kill(void **state)
{
	(void)state;
	int ready[2];
	assert_int_equal(pipe(ready), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct hc_err err;
		struct hc_scratch s;
		uint64_t at;
		if (hc_scratch_open(check_folder, &s, &err) == HC_OK &&
		    hc_scratch_put(&s, "text", 4, &at, &err) == HC_OK && write(ready[1], "y", 1) == 1)
			pause();
		_exit(1);
	}
	char c = 'n';
	assert_int_equal(read(ready[0], &c, 1), 1);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	close(ready[0]);
	close(ready[1]);
	check_files("", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {in_folder(test_put),   in_folder(test_no_folder), in_folder(test_short),
					   in_folder(test_parts), in_folder(test_threads),   in_folder(test_kill)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
