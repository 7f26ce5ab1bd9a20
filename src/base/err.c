#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void hc_err_set(struct hc_err *err, enum hc_code code, const char *fmt, ...)
{
	err->code = code;
	err->hint[0] = '\0';
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof err->msg, fmt, ap);
	va_end(ap);
}

void hc_err_set_hint(struct hc_err *err, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(err->hint, sizeof err->hint, fmt, ap);
	va_end(ap);
}

void hc_err_prefix(struct hc_err *err, const char *fmt, ...)
{
	char place[HC_ERR_MSG_MAX / 2];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(place, sizeof place - 2, fmt, ap);
	va_end(ap);
	strcat(place, ": ");
	size_t n = strlen(place), kept = strlen(err->msg);
	if (kept >= sizeof err->msg - n)
		kept = sizeof err->msg - n - 1;
	memmove(err->msg + n, err->msg, kept);
	memcpy(err->msg, place, n);
	err->msg[n + kept] = '\0';
}
