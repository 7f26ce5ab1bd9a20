#include "daemon/events.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/instant.h"
#include "sys/clock.h"

enum { LINE_MAX_BYTES = 16 << 10 };

void hc_event(enum hc_level level, const char *fmt, ...)
{
	static const char *const names[] = {"info", "warn", "error"};
	char text[LINE_MAX_BYTES], now[HC_INSTANT_SIZE];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	for (char *p = text; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = ' ';
	hc_instant_print_ms(hc_clock_now_us(), now);
	/* one call, so that lines of several threads do not mix */
	fprintf(stderr, "%s %s %s\n", now, names[level], text);
}

void hc_event_error(const char *event, const struct hc_err *err)
{
	hc_event(HC_LEVEL_ERROR, "event=%s error=\"%s%s%s\"", event, err->msg, err->hint[0] ? "; " : "", err->hint);
}
