#include "sys/interrupt.h"

#include <signal.h>
#include <string.h>

static volatile sig_atomic_t came;

static void note(int signal)
{
	came = signal;
}

void hc_interrupt_listen(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
		struct sigaction old, action = {.sa_handler = note, .sa_flags = (int)SA_RESETHAND};
		sigemptyset(&action.sa_mask);
		/* Who started us with nohup meant it. */
		if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
	}
	signal(SIGXFSZ, SIG_IGN);
}

enum hc_code hc_interrupt_check(struct hc_err *err)
{
	int signal = came;
	return signal ? hc_fail(err, HC_IO, "stopped by %s; nothing was written", strsignal(signal)) : HC_OK;
}
