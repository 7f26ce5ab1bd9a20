#include "monitor/tolerance.h"

#include <stdio.h>

void hc_tolerance_hint(uint64_t max, struct hc_err *err)
{
	size_t n = strlen(err->hint);
	if (max > 0)
		snprintf(err->hint + n, sizeof err->hint - n, "%sthis is bad record %llu, --max-bad-records is %llu",
			 n ? "; " : "", (unsigned long long)max + 1, (unsigned long long)max);
}

enum hc_code hc_tolerance_of(struct hc_tolerance *t, const char *path, uint64_t line, struct hc_err *err)
{
	bool about_record = err->code == HC_INPUT || err->code == HC_USAGE || err->code == HC_LIMIT;
	if (t->refused || !about_record)
		return hc_err_code(err);
	if (err->code != HC_INPUT) {
		t->refused = true;
		return hc_err_at(err, "%s:%llu", path, (unsigned long long)line);
	}
	t->seen++;
	if (t->seen <= t->max) {
		hc_account_count(t->account, HC_UNREADABLE, (struct hc_str){0}, path, line, err->msg);
		return HC_OK;
	}
	t->refused = true;
	hc_err_prefix(err, "%s:%llu", path, (unsigned long long)line);
	hc_tolerance_hint(t->max, err);
	return HC_INPUT;
}
