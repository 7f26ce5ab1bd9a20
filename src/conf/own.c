#include "conf/own.h"

#include <stdint.h>

#include "base/buf.h"
#include "base/instant.h"
#include "base/number.h"

static const char *const conflicts[] = {"last", "first", "error", NULL};

static const struct hc_own table[] = {
	{"hindcast_max_bad_records", "max-bad-records", HC_OWN_NUMBER, NULL,
	 "leave out and count up to so many records that cannot be read", false},
	{"hindcast_on_conflict", "on-conflict", HC_OWN_WORD, conflicts,
	 "which of several different labels for one id counts: last, first, error", false},
	{"hindcast_max_line_bytes", "max-line-bytes", HC_OWN_NUMBER, NULL, "longest line of an input", false},
	{"hindcast_aws_quirks", "aws-quirks", HC_OWN_SWITCH, NULL, "do as SageMaker did also where that is a fault",
	 false},
	{"hindcast_seed", "seed", HC_OWN_NUMBER, NULL, "seed of the samples behind the standard deviations", false},
	{"hindcast_curve_points", "curve-points", HC_OWN_NUMBER, NULL, "most points of a curve in statistics.json",
	 false},
	{"hindcast_checksums", "checksums", HC_OWN_SWITCH, NULL, "add the SHA-256 of every input to manifest.json",
	 false},
	{"hindcast_script_timeout", "script-timeout", HC_OWN_NUMBER, NULL, "seconds that a script may take", false},
	{"hindcast_script_memory", "script-memory", HC_OWN_NUMBER, NULL, "megabytes that a script may take", false},
	{"hindcast_scheduled_time", "scheduled-time", HC_OWN_INSTANT, NULL,
	 "records made at or after it are left out; set by the scheduler", true},
	{"hindcast_period", "period", HC_OWN_TEXT, NULL, "length of the window; set by the scheduler", true},
	{"hindcast_start_time_offset", "start-time-offset", HC_OWN_TEXT, NULL,
	 "where the window starts; set by the scheduler", true},
	{"hindcast_end_time_offset", "end-time-offset", HC_OWN_TEXT, NULL,
	 "where the window ends; set by the scheduler", true},
};

const struct hc_own *hc_own_table(size_t *n)
{
	*n = sizeof table / sizeof *table;
	return table;
}

static enum hc_code fail_unknown(struct hc_str variable, struct hc_err *err)
{
	char shown[HC_STR_SHOW_SIZE];
	const struct hc_own *nearest = NULL;
	/* A misspelt name differs in fewer than half of the letters behind the prefix. */
	size_t best = (variable.n - (sizeof HC_OWN_PREFIX - 1) + 1) / 2;
	HC_BUF_SCOPED struct hc_buf all = HC_BUF(HC_ERR_HINT_MAX);
	hc_fail(err, HC_USAGE, "the environment has %s, which is no setting of hindcast", hc_str_show(variable, shown));
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		size_t d = hc_str_distance(variable, hc_str(table[i].variable));
		if (table[i].of_scheduler) {
			if (d == 0)
				return hc_hint(err, "the scheduler sets it, leave it out");
			continue;
		}
		hc_buf_printf(&all, "%s%s", all.n ? ", " : "", table[i].variable + sizeof HC_OWN_PREFIX - 1);
		if (d < best) {
			best = d;
			nearest = &table[i];
		}
	}
	if (nearest)
		return hc_hint(err, "did you mean %s (%s)?", nearest->variable, nearest->help);
	return hc_hint(err, "behind " HC_OWN_PREFIX " may stand: %s", hc_buf_cstring(&all));
}

static enum hc_code check_value(const struct hc_own *own, struct hc_str value, struct hc_err *err)
{
	char shown[HC_STR_SHOW_SIZE];
	uint64_t number;
	int64_t instant;
	bool fits = false;
	const char *expected = "";
	switch (own->form) {
	case HC_OWN_TEXT:
		return HC_OK;
	case HC_OWN_NUMBER:
		fits = hc_u64_parse(value, &number);
		expected = "a whole number";
		break;
	case HC_OWN_SWITCH:
		fits = hc_str_eq(value, HC_STR("true")) || hc_str_eq(value, HC_STR("false"));
		expected = "true or false";
		break;
	case HC_OWN_INSTANT:
		fits = hc_instant_parse(value, &instant);
		expected = "a time, as 2026-03-01T05:00Z";
		break;
	case HC_OWN_WORD:
		for (const char *const *w = own->words; *w; w++)
			fits = fits || hc_str_eq(value, hc_str(*w));
		expected = own->help;
		break;
	}
	if (fits)
		return HC_OK;
	hc_fail(err, HC_USAGE, "the environment has %s=%s", own->variable, hc_str_show(value, shown));
	return hc_hint(err, "it %s %s", own->form == HC_OWN_WORD ? "says" : "is", expected);
}

enum hc_code hc_own_check(struct hc_str variable, struct hc_str value, struct hc_err *err)
{
	if (!hc_str_starts(variable, HC_OWN_PREFIX))
		return HC_OK;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (!table[i].of_scheduler && hc_str_eq(variable, hc_str(table[i].variable)))
			return check_value(&table[i], value, err);
	return fail_unknown(variable, err);
}
