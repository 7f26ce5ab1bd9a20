/* The smaller doors to the world: the clock that tests move, random bytes, where a child starts and where its words go. */
#include "sys/clock.h"

#include <fcntl.h>
#include <time.h>

#include "base/instant.h"
#include "check_files.h"
#include "sys/entropy.h"
#include "sys/process.h"

static int64_t ahead_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	int64_t apart = hc_clock_now_us() - ((int64_t)t.tv_sec * HC_SECOND_US + t.tv_nsec / 1000);
	return (apart + (apart < 0 ? -HC_SECOND_US : HC_SECOND_US) / 2) / HC_SECOND_US;
}

static void check_ahead(const char *text, int64_t seconds)
{
	make_file("clock", text);
	int64_t apart = ahead_s() - seconds;
	if (apart < -1 || apart > 1)
		fail_msg("'%s' is %lld s", text, (long long)ahead_s());
}

static void test_follow(void **state)
{
	(void)state;
	static char path[CHECK_PATH_MAX];
	strcpy(path, path_of("clock"));
	assert_in_range(ahead_s() + 1, 0, 2);
	hc_clock_follow(path);
	/* without a file, nothing is moved */
	assert_in_range(ahead_s() + 1, 0, 2);
	int64_t steady = hc_clock_steady_us();
	check_ahead("3600\n", 3600);
	check_ahead("86400000", 86400000);
	check_ahead("-7200\n", -7200);
	/* cut off or gone: the last word holds */
	check_ahead("", -7200);
	assert_int_equal(unlink(path), 0);
	int64_t apart = ahead_s() + 7200;
	assert_true(apart >= -1 && apart <= 1);
	check_ahead("0", 0);
	/* more than can be: the clock stays a time that can be written */
	make_file("clock", "9223372036854775807");
	char shown[HC_INSTANT_SIZE];
	hc_instant_print(hc_clock_now_us(), shown);
	assert_true(shown[0] >= '0' && shown[0] <= '9');
	check_ahead("0", 0);
	/* the steady clock knows nothing of it */
	assert_true(hc_clock_steady_us() - steady < 10 * HC_SECOND_US);
}

static void test_random(void **state)
{
	(void)state;
	struct hc_err err;
	char one[HC_RANDOM_HEX_MAX + 1], two[HC_RANDOM_HEX_MAX + 1], none[] = "x";
	for (size_t n = 2; n <= HC_RANDOM_HEX_MAX; n += 2) {
		memset(one, 'x', sizeof one);
		assert_int_equal(hc_random_hex(one, n, &err), HC_OK);
		assert_int_equal(strlen(one), n);
		assert_int_equal(strspn(one, "0123456789abcdef"), n);
	}
	assert_int_equal(hc_random_hex(two, HC_RANDOM_HEX_MAX, &err), HC_OK);
	assert_string_not_equal(one, two);
	assert_int_equal(hc_random_hex(none, 0, &err), HC_OK);
	assert_string_equal(none, "");
	/* every byte is filled: over so many each bit is seen both ways */
	unsigned char bytes[300], all_or = 0, all_and = 0xff, last_or = 0;
	for (int i = 0; i < 64; i++) {
		memset(bytes, 0, sizeof bytes);
		assert_int_equal(hc_random_fill(bytes, sizeof bytes, &err), HC_OK);
		all_or |= bytes[0];
		all_and &= bytes[0];
		last_or |= bytes[sizeof bytes - 1];
	}
	assert_int_equal(all_or, 0xff);
	assert_int_equal(all_and, 0);
	assert_int_equal(last_or, 0xff);
}

static void run_child(const char *text, const char *folder, int output)
{
	const char *const argv[] = {"sh", "-c", text, NULL}, *const env[] = {"PATH=/usr/bin:/bin", NULL};
	struct hc_process_spec spec = {
		.argv = argv, .env = env, .folder = folder, .output_fd = output, .timeout_s = 10};
	struct hc_process *p;
	struct hc_process_end end;
	struct hc_err err;
	assert_int_equal(hc_process_start(&spec, &p, &err), HC_OK);
	assert_true(hc_process_wait(p, 10000, &end));
	hc_process_close(p);
	assert_int_equal(end.number, 0);
}

static void test_child(void **state)
{
	(void)state;
	char folder[CHECK_PATH_MAX];
	make_folder("there");
	strcpy(folder, path_of("there"));
	int fd = open(path_of("out"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd > 0);
	run_child("echo out; echo err >&2; basename $PWD; echo made > here", folder, fd);
	/* the descriptor stays open here, and is the child's under its two names only */
	run_child("ls /proc/self/fd | wc -w; test -e /proc/self/fd/0", folder, fd);
	assert_int_equal(write(fd, "ours\n", 5), 5);
	close(fd);
	check_files("", "out=out\nerr\nthere\n6\nours\n there/here=made\n ");
	/* a folder that is not there */
	const char *const argv[] = {"sh", NULL}, *const env[] = {NULL};
	struct hc_process_spec spec = {.argv = argv, .env = env, .folder = "/nowhere/at/all"};
	struct hc_process *p = NULL;
	struct hc_err err;
	assert_int_equal(hc_process_start(&spec, &p, &err), HC_IO);
	assert_null(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {in_folder(test_follow), in_folder(test_random), in_folder(test_child)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
