#include "calendar/duration.h"

#include "base/instant.h"

#define MAX_US (HC_DURATION_DAYS_MAX * HC_DAY_US)

static enum hc_code fail(struct hc_str text, const char *why, struct hc_err *err)
{
	char shown[HC_STR_SHOW_SIZE];
	hc_fail(err, HC_USAGE, "'%s' is not a duration: %s", hc_str_show(text, shown), why);
	return hc_hint(err, "write an ISO 8601 duration such as -PT1H, -P8D or -PT30M");
}

static enum hc_code fail_calendar_unit(struct hc_str text, char sign, int64_t n, char unit, struct hc_err *err)
{
	char shown[HC_STR_SHOW_SIZE];
	const char *minus = sign == '-' ? "-" : "";
	if (unit == 'Y') {
		hc_fail(err, HC_USAGE, "'%s': years have no fixed length and cannot be used", hc_str_show(text, shown));
		return hc_hint(err, "write days, such as %sP365D", minus);
	}
	hc_fail(err, HC_USAGE, "'%s': months have no fixed length and cannot be used", hc_str_show(text, shown));
	return hc_hint(err, "write %sPT%lldM if minutes were meant, or days, such as %sP30D", minus, (long long)n,
		       minus);
}

/* Length of a unit; 0 if it has none in this place. Order: the place in W D H M S. */
static int64_t unit_us(char unit, bool in_time, int *order)
{
	switch (unit) {
	case 'W':
		*order = 0;
		return in_time ? 0 : 7 * HC_DAY_US;
	case 'D':
		*order = 1;
		return HC_DAY_US;
	case 'H':
		*order = 2;
		return in_time ? HC_HOUR_US : 0;
	case 'M':
		*order = 3;
		return in_time ? 60 * HC_SECOND_US : 0;
	case 'S':
		*order = 4;
		return in_time ? HC_SECOND_US : 0;
	default:
		return 0;
	}
}

enum hc_code hc_duration_parse(struct hc_str text, int64_t *out_us, struct hc_err *err)
{
	const char *p = text.p, *end = text.p + text.n;
	char sign = '+';
	if (p < end && (*p == '-' || *p == '+'))
		sign = *p++;
	if (p == end || *p++ != 'P')
		return fail(text, "it does not begin with P or -P", err);
	bool in_time = false, any = false;
	int last_order = -1;
	int64_t total = 0;
	while (p < end) {
		if (*p == 'T' && !in_time) {
			in_time = true;
			any = false;
			p++;
			continue;
		}
		int64_t n = 0;
		const char *digits = p;
		for (; p < end && *p >= '0' && *p <= '9'; p++)
			if (n <= MAX_US)
				n = n * 10 + (*p - '0');
		if (p == digits)
			return fail(text, "a number is missing before a unit", err);
		if (p == end)
			return fail(text, "the unit after its last number is missing", err);
		char unit = *p++;
		if (!in_time && (unit == 'Y' || unit == 'M'))
			return fail_calendar_unit(text, sign, n > MAX_US ? MAX_US : n, unit, err);
		int order = 0;
		int64_t length = unit_us(unit, in_time, &order);
		if (length == 0)
			return fail(text, "units are W, D and behind the T also H, M, S", err);
		if (order <= last_order)
			return fail(text, "its units are out of order", err);
		last_order = order;
		if (n > MAX_US / length || total + n * length > MAX_US)
			return fail(text, "it is longer than 100 years", err);
		total += n * length;
		any = true;
	}
	if (!any)
		return fail(text, "it has no number and unit", err);
	*out_us = sign == '-' ? -total : total;
	return HC_OK;
}
