/*
 * Being asked to stop: SIGINT, SIGTERM and SIGHUP set a flag that long loops look at, so that a run ends by
 * its own cleaning up. A second signal of the kind ends the process at once.
 */
#ifndef HC_SYS_INTERRUPT_H
#define HC_SYS_INTERRUPT_H

#include "base/err.h"

/* Once, at the start of the program. A limit of the size of files (SIGXFSZ) is an error of writing from then on. */
void hc_interrupt_listen(void);

/* HC_IO when a signal has come. Cheap enough for every few records. */
enum hc_code hc_interrupt_check(struct hc_err *err) HC_MUST_USE;

#endif
