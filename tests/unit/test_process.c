#include "sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/instant.h"
#include "check.h"
#include "sys/clock.h"

enum { MUCH = 8 << 20, LEAKED_FD = 77 };

/* A PATH too, for a shell without one would set its own. */
static const char *const environment[] = {"PATH=/usr/bin:/bin", "COLOUR=blue", NULL};

static struct hc_process *start(const char *shell_text, unsigned timeout_s)
{
	const char *const argv[] = {"sh", "-c", shell_text, NULL};
	struct hc_process_spec spec = {.argv = argv, .env = environment, .timeout_s = timeout_s};
	struct hc_process *p = NULL;
	struct hc_err err;
	enum hc_code code = hc_process_start(&spec, &p, &err);
	if (code != HC_OK)
		print_error("%s\n", err.msg);
	assert_int_equal(code, HC_OK);
	return p;
}

/* All that the child says until it closes its end. */
static struct hc_str hear(struct hc_process *p, char *buf, size_t size)
{
	struct hc_err err;
	size_t got;
	assert_int_equal(hc_process_read(p, buf, size, &got, &err), HC_OK);
	return (struct hc_str){buf, got};
}

/* Gone, or a zombie that waits for its new parent, which is not us. */
static bool is_dead(pid_t pid)
{
	char path[64], state = 'Z';
	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	FILE *f = fopen(path, "r");
	if (!f)
		return true;
	int n = fscanf(f, "%*d %*s %c", &state);
	fclose(f);
	return n != 1 || state == 'Z' || state == 'X';
}

static bool dies(pid_t pid)
{
	for (int i = 0; i < 500 && !is_dead(pid); i++)
		usleep(10 * 1000);
	return is_dead(pid);
}

static void test_what_a_child_sees(void **state)
{
	(void)state;
	static const struct {
		const char *shell_text, *said;
	} cases[] = {
		{"env -u PWD -u _ -u SHLVL -u OLDPWD | LC_ALL=C sort >&3", "COLOUR=blue\nPATH=/usr/bin:/bin\n"},
		{"readlink /proc/$$/fd/0 >&3", "/dev/null\n"},
		{"test /proc/$$/fd/1 -ef /proc/$$/fd/2 && echo same >&3", "same\n"},
		{"f=0; while test $f -lt 100; do test -e /proc/$$/fd/$f && s=$s$f,; f=$((f + 1)); done; echo $s >&3",
		 "0,1,2,3,4,\n"},
		{"ulimit -c >&3", "0\n"},
		{"test $$ = $(cut -d' ' -f5 /proc/$$/stat) && echo leader >&3", "leader\n"},
		{"exec grep SigBlk /proc/self/status >&3", "SigBlk:\t0000000000000000\n"},
		/* signals 1 to 31: 32 belongs to the C library, and some ways to get here leave it ignored */
		{"i=$(sed -n 's/^SigIgn:.//p' /proc/self/status); echo $((0x$i & 0x7fffffff)) >&3", "0\n"},
	};
	struct rlimit core;
	assert_int_equal(getrlimit(RLIMIT_CORE, &core), 0);
	core.rlim_cur = core.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_CORE, &core), 0);
	assert_int_equal(dup2(STDERR_FILENO, LEAKED_FD), LEAKED_FD);
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < COUNT(cases); i++) {
		char buf[1024];
		struct hc_process *p = start(cases[i].shell_text, 60);
		check_str(hear(p, buf, sizeof buf), cases[i].said);
		hc_process_close(p);
	}
	signal(SIGPIPE, SIG_DFL);
	close(LEAKED_FD);
}

static void test_memory_limit(void **state)
{
	(void)state;
	const char *const argv[] = {"sh", "-c", "ulimit -v >&3; ulimit -H -v >&3", NULL};
	struct hc_process_spec spec = {
		.argv = argv, .env = environment, .timeout_s = 60, .memory_bytes = UINT64_C(256) << 20};
	struct hc_process *p;
	struct hc_err err;
	char buf[100];
	assert_int_equal(hc_process_start(&spec, &p, &err), HC_OK);
	check_str(hear(p, buf, sizeof buf), "262144\n262144\n");
	hc_process_close(p);
}

static void test_programs_that_cannot_start(void **state)
{
	(void)state;
	static const struct {
		const char *program, *message;
	} cases[] = {
		{"hindcast-no-such-program", "hindcast-no-such-program: no such program in PATH"},
		{"/nowhere/program", "/nowhere/program: cannot be started: No such file or directory"},
		{"/dev/null", "/dev/null: cannot be started: Permission denied"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *const argv[] = {cases[i].program, NULL};
		struct hc_process_spec spec = {.argv = argv, .env = environment, .timeout_s = 60};
		struct hc_process *p = NULL;
		struct hc_err err;
		assert_int_equal(hc_process_start(&spec, &p, &err), HC_IO);
		assert_string_equal(err.msg, cases[i].message);
		assert_null(p);
	}
}

static void test_ends(void **state)
{
	(void)state;
	static const struct {
		const char *shell_text;
		struct hc_process_end end;
	} cases[] = {
		{"exit 0", {false, 0}},
		{"exit 3", {false, 3}},
		{"kill -SEGV $$", {true, SIGSEGV}},
		{"kill -KILL $$", {true, SIGKILL}},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct hc_process *p = start(cases[i].shell_text, 60);
		struct hc_process_end end;
		assert_true(hc_process_wait(p, UINT32_MAX, &end));
		assert_int_equal(end.by_signal, cases[i].end.by_signal);
		assert_int_equal(end.number, cases[i].end.number);
		assert_true(hc_process_wait(p, 0, &end));
		hc_process_close(p);
	}
}

static void test_waiting_is_patient_only_so_long(void **state)
{
	(void)state;
	struct hc_process *p = start("sleep 1000", 60);
	struct hc_process_end end = {false, 42};
	assert_false(hc_process_wait(p, 50, &end));
	assert_int_equal(end.number, 42);
	hc_process_signal(p, SIGUSR1);
	assert_true(hc_process_wait(p, UINT32_MAX, &end));
	assert_true(end.by_signal);
	assert_int_equal(end.number, SIGUSR1);
	hc_process_close(p);
}

static void test_talk_both_ways(void **state)
{
	(void)state;
	char *much = calloc(1, MUCH), buf[100];
	struct hc_process *p = start("wc -c <&3 >&3", 60);
	struct hc_err err;
	bool taken = false;
	assert_non_null(much);
	assert_int_equal(hc_process_write(p, much, MUCH, &taken, &err), HC_OK);
	assert_true(taken);
	hc_process_finish(p);
	check_str(hear(p, buf, sizeof buf), "8388608\n");
	hc_process_close(p);

	p = start("head -c 8388608 /dev/zero >&3", 60);
	memset(much, 'x', MUCH);
	assert_int_equal(hear(p, much, MUCH).n, MUCH);
	assert_int_equal(much[0], 0);
	assert_int_equal(much[MUCH - 1], 0);
	check_str(hear(p, buf, sizeof buf), "");
	hc_process_close(p);
	free(much);
}

static void test_page(void **state)
{
	(void)state;
	char buf[10];
	struct hc_process *p = start("read x <&3; printf '\\005\\001\\0\\0' >&4", 60);
	struct hc_err err;
	bool taken;
	hc_process_page_set(p, 12345);
	assert_int_equal(hc_process_page_get(p), 12345);
	assert_int_equal(hc_process_write(p, "\n", 1, &taken, &err), HC_OK);
	check_str(hear(p, buf, sizeof buf), "");
	uint32_t number = hc_process_page_get(p);
	assert_memory_equal(&number, "\005\001\0\0", 4);
	hc_process_close(p);
}

static void test_deadline(void **state)
{
	(void)state;
	char *much = calloc(1, MUCH), buf[1];
	int64_t start_us = hc_clock_steady_us();
	struct hc_process *reads = start("trap '' TERM INT; while :; do sleep 1000; done", 1);
	struct hc_process *writes = start("sleep 1000", 1);
	struct hc_err err;
	size_t got = 99;
	bool taken = true;
	assert_non_null(much);
	assert_int_equal(hc_process_read(reads, buf, 1, &got, &err), HC_LIMIT);
	assert_string_equal(err.msg, "the process ran longer than its limit of 1 s");
	assert_int_equal(got, 99);
	assert_int_equal(hc_process_write(writes, much, MUCH, &taken, &err), HC_LIMIT);
	assert_true(taken);
	struct hc_process_end end;
	assert_false(hc_process_wait(reads, UINT32_MAX, &end));
	assert_true(hc_clock_steady_us() - start_us >= HC_SECOND_US);
	hc_process_close(reads);
	hc_process_close(writes);
	free(much);
}

static void test_writing_to_the_dead(void **state)
{
	(void)state;
	char *much = calloc(1, MUCH);
	static const char *const texts[] = {"exit 0", "exec 3>&-; sleep 1000", "sleep 1000 & exit 0"};
	assert_non_null(much);
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct hc_process *p = start(texts[i], 60);
		struct hc_err err;
		bool taken = true;
		assert_int_equal(hc_process_write(p, much, MUCH, &taken, &err), HC_OK);
		assert_false(taken);
		hc_process_close(p);
	}
	free(much);
}

/* A child of the child holds the channel open for ever, in the background. */
static void test_grandchildren(void **state)
{
	(void)state;
	struct hc_process *p = start("sleep 1000 & echo $! >&3; exit 0", 60);
	char buf[100];
	struct hc_str said = hear(p, buf, sizeof buf - 1);
	buf[said.n] = '\0';
	pid_t grandchild = (pid_t)atoi(buf);
	assert_true(grandchild > 1);
	assert_false(is_dead(grandchild));
	hc_process_close(p);
	assert_true(dies(grandchild));
}

static void test_dies_with_its_parent(void **state)
{
	(void)state;
	int fds[2];
	pid_t grandchild = 0;
	assert_int_equal(pipe(fds), 0);
	pid_t child = fork();
	if (child == 0) {
		char buf[100];
		struct hc_process *p = start("echo $$ >&3; exec sleep 1000", 60);
		size_t got = 0;
		struct hc_err err;
		while (got == 0 || buf[got - 1] != '\n') {
			size_t one;
			if (hc_process_read(p, buf + got, 1, &one, &err) != HC_OK || one == 0)
				_exit(1);
			got++;
		}
		pid_t pid = (pid_t)atoi(buf);
		if (write(fds[1], &pid, sizeof pid) == sizeof pid)
			raise(SIGKILL);
		_exit(1);
	}
	assert_true(child > 0);
	assert_int_equal(read(fds[0], &grandchild, sizeof grandchild), sizeof grandchild);
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_true(grandchild > 1);
	assert_true(dies(grandchild));
	close(fds[0]);
	close(fds[1]);
}

static int count_fds(void)
{
	int n = 0;
	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void test_nothing_stays(void **state)
{
	(void)state;
	int before = count_fds();
	for (int i = 0; i < 20; i++)
		hc_process_close(start(i % 2 ? "exit 0" : "trap '' TERM; while :; do :; done", 60));
	hc_process_close(NULL);
	assert_int_equal(count_fds(), before);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_a_child_sees),
		cmocka_unit_test(test_memory_limit),
		cmocka_unit_test(test_programs_that_cannot_start),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_waiting_is_patient_only_so_long),
		cmocka_unit_test(test_talk_both_ways),
		cmocka_unit_test(test_page),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_writing_to_the_dead),
		cmocka_unit_test(test_grandchildren),
		cmocka_unit_test(test_dies_with_its_parent),
		cmocka_unit_test(test_nothing_stays),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
