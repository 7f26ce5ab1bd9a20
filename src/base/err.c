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
	char inner[HC_ERR_MSG_MAX];
	memcpy(inner, err->msg, sizeof inner);
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(err->msg, sizeof err->msg, fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof err->msg)
		snprintf(err->msg + n, sizeof err->msg - (size_t)n, ": %s", inner);
}
