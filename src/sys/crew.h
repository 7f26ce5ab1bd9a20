/*
 * A crew: threads that do one piece of work together and are gone when it is done.
 *
 * The caller is worker 0; with one worker no thread is made. Nothing here orders what workers do: whoever needs an
 * order numbers the pieces (hc_crew_next) and puts the results together by their numbers. Signals are taken by the
 * caller's thread; the others take only those that they cause themselves (a fault: sys/map.h counts on that). No worker
 * is left when hc_crew_run returns, so a process that forks between two runs is single-threaded.
 */
#ifndef HC_SYS_CREW_H
#define HC_SYS_CREW_H

#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>

#include "base/err.h"

enum { HC_CREW_MAX = 1024, HC_CREW_STACK_BYTES = 4 << 20 };

/* Cores that this process may use (its affinity), 1 to HC_CREW_MAX. */
unsigned hc_crew_cores(void);

/* What a worker does; `worker` is its number, from 0. */
typedef void hc_crew_work(void *arg, unsigned worker);

/*
 * Runs work(arg, 0) to work(arg, workers - 1) at the same time and waits for all. Where the machine gives fewer threads
 * (HC_CREW_MAX, limits of the process), only as many are run, those with the lowest numbers: work must not count on the
 * others. What was written before is seen by the workers, and what they wrote by the caller behind.
 */
void hc_crew_run(unsigned workers, hc_crew_work *work, void *arg);

/* For threads that are about to be made: blocks all but the signals of faults (blocked, those would end the process
 * whatever handler it has). *before: what to set again. */
void hc_crew_block_signals(sigset_t *before);

/* Pieces numbered from 0, handed out in order. */
struct hc_crew_pieces {
	_Atomic uint64_t next;
	uint64_t n;
};

/* Takes the next piece; false when all were taken. */
static inline bool hc_crew_next(struct hc_crew_pieces *p, uint64_t *piece)
{
	*piece = atomic_fetch_add_explicit(&p->next, 1, memory_order_relaxed);
	return *piece < p->n;
}

#endif
