#include "service/service.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/utf8.h"

enum { ARN_MAX = 2048 };

void hc_fault_set(struct hc_fault *fault, unsigned status, const char *code, const char *fmt, ...)
{
	va_list args;
	fault->status = status;
	fault->code = code;
	va_start(args, fmt);
	int n = vsnprintf(fault->text, sizeof fault->text, fmt, args);
	va_end(args);
	if (n < 0)
		fault->text[0] = '\0';
	/* The text goes into JSON or XML: a value that was cut must not end within a character. */
	fault->text[hc_utf8_valid_prefix(fault->text, strlen(fault->text))] = '\0';
}

struct hc_str hc_call_arn(const struct hc_call *call, const char *service, const char *kind, struct hc_str name)
{
	struct hc_buf HC_BUF_SCOPED b = HC_BUF(ARN_MAX);
	hc_buf_printf(&b, "arn:aws:%s:%s:%s:%s/", service, call->server->region, call->server->account, kind);
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		hc_buf_char(&b, (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c));
	}
	if (b.failed)
		return (struct hc_str){0};
	char *p = hc_arena_cstring(call->arena, hc_buf_view(&b));
	return (struct hc_str){p, p ? b.n : 0};
}
