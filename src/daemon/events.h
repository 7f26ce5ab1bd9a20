/*
 * The server's own log: one event a line on standard error, "TIME LEVEL event=NAME key=value ...".
 */
#ifndef HC_DAEMON_EVENTS_H
#define HC_DAEMON_EVENTS_H

#include "base/err.h"

enum hc_level { HC_LEVEL_INFO, HC_LEVEL_WARN, HC_LEVEL_ERROR };

/* `fmt` begins with event=...; line breaks and control characters are made visible. Any thread. */
void hc_event(enum hc_level level, const char *fmt, ...) HC_PRINTF(2, 3);
/* An error, as the value of error="...". */
void hc_event_error(const char *event, const struct hc_err *err);

#endif
