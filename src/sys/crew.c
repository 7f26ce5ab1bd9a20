#include "sys/crew.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

struct worker {
	pthread_t thread;
	hc_crew_work *work;
	void *arg;
	unsigned number;
};

/* The affinity of a machine with more cores than a cpu_set_t holds; 0 when it cannot be had. */
static unsigned count_many_cores(void)
{
	enum { CORES_MAX = 1 << 16 };
	cpu_set_t *set = CPU_ALLOC(CORES_MAX);
	size_t size = CPU_ALLOC_SIZE(CORES_MAX);
	int n = set && sched_getaffinity(0, size, set) == 0 ? CPU_COUNT_S(size, set) : 0;
	CPU_FREE(set);
	return (unsigned)n;
}

unsigned hc_crew_cores(void)
{
	cpu_set_t set;
	unsigned n = sched_getaffinity(0, sizeof set, &set) == 0 ? (unsigned)CPU_COUNT(&set) : count_many_cores();
	return n < 1 ? 1 : n > HC_CREW_MAX ? HC_CREW_MAX : n;
}

static void *start(void *arg)
{
	struct worker *w = arg;
	w->work(w->arg, w->number);
	return NULL;
}

void hc_crew_block_signals(sigset_t *before)
{
	static const int faults[] = {SIGBUS, SIGSEGV, SIGFPE, SIGILL, SIGTRAP, SIGSYS};
	sigset_t set;
	sigfillset(&set);
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
		sigdelset(&set, faults[i]);
	pthread_sigmask(SIG_BLOCK, &set, before);
}

/* Starts workers 1 to n - 1; gives how many there are with the caller. */
static unsigned start_others(struct worker *list, unsigned n, hc_crew_work *work, void *arg)
{
	pthread_attr_t attr;
	if (pthread_attr_init(&attr) != 0)
		return 1;
	pthread_attr_setstacksize(&attr, HC_CREW_STACK_BYTES);
	sigset_t before;
	hc_crew_block_signals(&before); /* inherited by the threads */
	unsigned started = 1;
	for (; started < n; started++) {
		struct worker *w = &list[started];
		*w = (struct worker){.work = work, .arg = arg, .number = started};
		if (pthread_create(&w->thread, &attr, start, w) != 0)
			break;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return started;
}

void hc_crew_run(unsigned workers, hc_crew_work *work, void *arg)
{
	unsigned n = workers > HC_CREW_MAX ? HC_CREW_MAX : workers;
	struct worker *list = n > 1 ? malloc(n * sizeof *list) : NULL;
	unsigned started = list ? start_others(list, n, work, arg) : 1;
	work(arg, 0);
	for (unsigned i = 1; i < started; i++)
		pthread_join(list[i].thread, NULL);
	free(list);
}
