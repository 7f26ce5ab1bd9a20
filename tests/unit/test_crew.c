/* Threads that do one piece of work together; what the machine says it has. */
#include "sys/crew.h"

#include "check_files.h"
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>

#include "sys/machine.h"

struct job {
	struct hc_crew_pieces pieces;
	unsigned char *taken; /* [pieces.n], plain: each piece is one worker's */
	unsigned char ran[HC_CREW_MAX];
	pthread_t caller;
	bool caller_is_0;
	_Atomic unsigned blocked;
};

static void work(void *arg, unsigned worker)
{
	struct job *job = arg;
	sigset_t set;
	job->ran[worker]++;
	if (worker == 0)
		job->caller_is_0 = pthread_equal(pthread_self(), job->caller);
	else if (pthread_sigmask(SIG_SETMASK, NULL, &set) == 0 && sigismember(&set, SIGTERM) == 1 &&
		 sigismember(&set, SIGCHLD) == 1 && sigismember(&set, SIGBUS) == 0)
		job->blocked++;
	/* a stack that is large enough; valgrind takes a frame of 2 MB for another stack */
	volatile char room[HC_CREW_STACK_BYTES / 4];
	for (size_t i = 0; i < sizeof room; i += 4096)
		room[i] = 1;
	for (uint64_t piece; hc_crew_next(&job->pieces, &piece);)
		job->taken[piece]++;
}

static void check_crew(unsigned workers, uint64_t pieces)
{
	static struct job job;
	unsigned expected = workers > HC_CREW_MAX ? HC_CREW_MAX : workers;
	job = (struct job){.pieces = {.n = pieces}, .taken = calloc(pieces + 1, 1), .caller = pthread_self()};
	hc_crew_run(workers, work, &job);
	for (uint64_t i = 0; i < pieces; i++)
		assert_int_equal(job.taken[i], 1);
	for (unsigned i = 0; i < HC_CREW_MAX; i++)
		assert_int_equal(job.ran[i], i < expected);
	assert_true(job.caller_is_0);
	assert_int_equal(job.blocked, expected - 1);
	free(job.taken);
	/* the caller's own mask is as before */
	sigset_t set;
	assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &set), 0);
	assert_int_equal(sigismember(&set, SIGTERM), 0);
}

static void test_run(void **state)
{
	(void)state;
	check_crew(1, 0);
	check_crew(1, 10);
	check_crew(2, 100000);
	check_crew(7, 3);
	check_crew(64, 100000);
	check_crew(HC_CREW_MAX + 7, 100);
}

/* Fewer threads than were asked for: the pieces are done all the same. */
static void test_few(void **state)
{
	(void)state;
#ifdef __SANITIZE_ADDRESS__
	skip(); /* its own stacks count against the limit */
#endif
	static struct job job;
	struct rlimit before, limit;
	assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
	if (before.rlim_cur != RLIM_INFINITY)
		skip();
	/* what is there, and some stacks more */
	unsigned long long pages;
	FILE *f = fopen("/proc/self/statm", "r");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%llu", &pages), 1);
	fclose(f);
	limit = before;
	limit.rlim_cur = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + 10 * (rlim_t)HC_CREW_STACK_BYTES;
	job = (struct job){.pieces = {.n = 1000}, .taken = calloc(1000, 1), .caller = pthread_self()};
	if (setrlimit(RLIMIT_AS, &limit) != 0)
		skip();
	hc_crew_run(500, work, &job);
	assert_true(hc_machine_memory() <= limit.rlim_cur);
	assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
	unsigned ran = 0;
	while (ran < HC_CREW_MAX && job.ran[ran])
		ran++;
	for (unsigned i = ran; i < HC_CREW_MAX; i++)
		assert_int_equal(job.ran[i], 0);
	assert_in_range(ran, 1, 499);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(job.taken[i], 1);
	free(job.taken);
}

static void test_cores(void **state)
{
	(void)state;
	cpu_set_t before, one;
	assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
	assert_int_equal(hc_crew_cores(), CPU_COUNT(&before));
	CPU_ZERO(&one);
	for (size_t i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; i++)
		if (CPU_ISSET(i, &before))
			CPU_SET(i, &one);
	assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
	assert_int_equal(hc_crew_cores(), 1);
	assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
}

static void check_groups(const char *groups, uint64_t expected)
{
	make_file("groups", groups);
	assert_int_equal(hc_machine_group_memory(path_of("groups"), path_of("mounts")), expected);
}

static void test_memory(void **state)
{
	(void)state;
	uint64_t all = hc_machine_memory();
	assert_true(all >= (uint64_t)1 << 24);
	assert_true(all <= (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE));
	assert_int_equal(hc_machine_group_memory(path_of("groups"), path_of("mounts")), UINT64_MAX);

	make_file("mounts/memory.max", "4096000\n");
	make_file("mounts/a/memory.max", "max\n");
	make_file("mounts/a/b/memory.max", "2000000\n");
	make_file("mounts/a/bc/memory.max", "9000000\n");
	make_file("mounts/memory/x/memory.limit_in_bytes", "3000000\n");
	make_file("mounts/memory/memory.limit_in_bytes", "9223372036854771712\n");
	make_file("mounts/unified/u/memory.max", "1000000\n");
	make_file("mounts/odd/memory.max", "\n");
	check_groups("", UINT64_MAX);
	check_groups("0::/\n", 4096000);
	check_groups("0::/a\n", 4096000);
	check_groups("0::/a/b\n", 2000000);
	check_groups("0::/a/b/c", 2000000);
	check_groups("0::/a/bc\n", 4096000);
	check_groups("0::/a/bcd\n", 4096000);
	check_groups("0::/odd\n", 4096000);
	check_groups("0::/u\n", 1000000);
	/* a path from outside of the container */
	check_groups("0::/../other/scope\n", 4096000);
	check_groups("4:memory:/x/y\n1:cpu:/\n", 3000000);
	check_groups("4:cpu,memory:/x\n", 3000000);
	check_groups("4:memory,cpu:/docker/0123\n", UINT64_C(9223372036854771712));
	check_groups("4:memoryless,nomemory:/x\n", UINT64_MAX);
	check_groups("4:cpu:/x\n0::/a\n5:memory:/x\n", 3000000);
	check_groups("nonsense\n:\n\n4:memory\n", UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {in_folder(test_run), in_folder(test_few), in_folder(test_cores),
					   in_folder(test_memory)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
