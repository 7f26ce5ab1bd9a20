/*
 * The one door to other programs: a child in a process group of its own, which cannot outlive us.
 *
 * The child gets the environment that it is given and nothing else: standard input is /dev/null,
 * standard output and error are our standard error or the descriptor that the caller names, HC_PROCESS_CHANNEL_FD
 * is its end of a two-way channel (a stream socket pair), HC_PROCESS_PAGE_FD a page of memory shared with us, every
 * other descriptor is closed. No core is dumped.
 *
 * Whoever started a process closes it. Closing kills the whole group, whatever it does, and reaps
 * the child, so that nothing that it started stays either, but for what left the group on purpose
 * (setsid). If we die, by kill -9 too, the child is killed by the system.
 *
 * Threads: one at a time; the thread that starts a process must live as long as it, for the
 * system kills the child when that thread ends. SIGCHLD must not be ignored.
 */
#ifndef HC_SYS_PROCESS_H
#define HC_SYS_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* The child's descriptors beyond the standard three. */
enum { HC_PROCESS_CHANNEL_FD = 3, HC_PROCESS_PAGE_FD = 4, HC_PROCESS_PAGE_BYTES = 4096 };

struct hc_process;

struct hc_process_spec {
	const char *const *argv; /* NULL-terminated; argv[0] is looked up in our PATH */
	const char *const *env;  /* NULL-terminated "NAME=value" */
	const char *folder;      /* where it starts; NULL: where we are */
	int output_fd;           /* its standard output and error; 0: our standard error. Stays open here */
	uint64_t memory_bytes;   /* limit of its address space; 0: none */
	unsigned timeout_s;      /* wall clock, from its start; then the calls below say HC_LIMIT */
};

/* HC_IO when there is no such program or it cannot be started. */
enum hc_code hc_process_start(const struct hc_process_spec *spec, struct hc_process **out,
			      struct hc_err *err) HC_MUST_USE;

/*
 * All n bytes to the channel; *taken = false when the child closed it or ended before that (no
 * SIGPIPE is raised). HC_LIMIT at the deadline, HC_IO when the machine fails, or we are asked to stop
 * (sys/interrupt.h).
 */
enum hc_code hc_process_write(struct hc_process *p, const void *data, size_t n, bool *taken,
			      struct hc_err *err) HC_MUST_USE;

/* n bytes from the channel; *got < n when the child closed it or ended before that. Errors as above. */
enum hc_code hc_process_read(struct hc_process *p, void *data, size_t n, size_t *got, struct hc_err *err) HC_MUST_USE;

/* Nothing more will be written: the child reads the end of its input. */
void hc_process_finish(struct hc_process *p);

/* How a child ended: by exit(number) or by signal `number`. */
struct hc_process_end {
	bool by_signal;
	int number;
};

/* Waits until the child ended (true), or its deadline or patience_ms are over (false). */
bool hc_process_wait(struct hc_process *p, unsigned patience_ms, struct hc_process_end *out);

/* Sends a signal to the child alone. */
void hc_process_signal(struct hc_process *p, int signal);

/* A number at the start of the shared page, as the child last set it; whole, but not trusted. */
uint32_t hc_process_page_get(const struct hc_process *p);
void hc_process_page_set(struct hc_process *p, uint32_t value);

/* Kills the group, reaps the child, frees everything. NULL is fine. */
void hc_process_close(struct hc_process *p);

#endif
