#include "calendar/cron.h"

#include <assert.h>

#include "base/instant.h"

enum { FIELDS = 6, HOURS = 24, EXPRESSION_MAX = 256 };

static enum hc_code fail_form(struct hc_str text, const char *what, struct hc_err *err)
{
	char shown[HC_STR_SHOW_SIZE];
	hc_fail(err, HC_USAGE, "the schedule expression '%s' %s", hc_str_show(text, shown), what);
	return hc_hint(
		err,
		"forms are cron(0 * ? * * *) every hour, cron(0 H ? * * *) daily at hour H, cron(0 H/N ? * * *) every "
		"N hours from hour H, and NOW");
}

/* One or two digits. */
static bool read_number(struct hc_str s, unsigned *out)
{
	if (s.n == 0 || s.n > 2)
		return false;
	*out = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		*out = *out * 10 + (unsigned)(s.p[i] - '0');
	}
	return true;
}

static bool is(struct hc_str s, char c)
{
	return s.n == 1 && s.p[0] == c;
}

/* Cuts the text between the parentheses at its blanks. */
static bool cut_fields(struct hc_str inner, struct hc_str fields[FIELDS])
{
	size_t n = 0, i = 0;
	while (i < inner.n) {
		if (inner.p[i] == ' ') {
			i++;
			continue;
		}
		size_t from = i;
		while (i < inner.n && inner.p[i] != ' ')
			i++;
		if (n == FIELDS)
			return false;
		fields[n++] = (struct hc_str){inner.p + from, i - from};
	}
	return n == FIELDS;
}

/* The hour field: `*`, `H`, `H/N`. */
static bool read_hours(struct hc_str field, uint32_t *out)
{
	unsigned from = 0, step = HOURS;
	if (is(field, '*')) {
		*out = (UINT32_C(1) << HOURS) - 1;
		return true;
	}
	size_t slash = 0;
	while (slash < field.n && field.p[slash] != '/')
		slash++;
	if (!read_number((struct hc_str){field.p, slash}, &from) || from >= HOURS)
		return false;
	if (slash < field.n && (!read_number((struct hc_str){field.p + slash + 1, field.n - slash - 1}, &step) ||
				step == 0 || step > HOURS))
		return false;
	*out = 0;
	for (unsigned h = from; h < HOURS; h += step)
		*out |= UINT32_C(1) << h;
	return true;
}

enum hc_code hc_cron_parse(struct hc_str text, struct hc_cron *out, struct hc_err *err)
{
	struct hc_str f[FIELDS];
	uint32_t hours = 0;
	unsigned minute = 1;
	if (hc_str_eq(text, HC_STR("NOW"))) {
		*out = (struct hc_cron){.now = true};
		return HC_OK;
	}
	if (text.n > EXPRESSION_MAX || !hc_str_starts(text, "cron(") || !hc_str_ends(text, ")"))
		return fail_form(text, "is neither cron(...) nor NOW", err);
	if (!cut_fields((struct hc_str){text.p + 5, text.n - 6}, f))
		return fail_form(
			text, "does not have the six fields minute, hour, day of month, month, day of week, year", err);
	if (!read_number(f[0], &minute) || minute != 0)
		return fail_form(text, "does not fire at minute 0", err);
	if (!read_hours(f[1], &hours))
		return fail_form(text, "has an hour field that is not *, 0 to 23, or H/N with N from 1 to 24", err);
	bool days = (is(f[2], '?') && is(f[4], '*')) || (is(f[2], '*') && is(f[4], '?'));
	if (!days || !is(f[3], '*') || !is(f[5], '*'))
		return fail_form(text, "restricts days, months or years", err);
	*out = (struct hc_cron){.hours = hours};
	return HC_OK;
}

static bool fires(const struct hc_cron *c, int64_t hour_us)
{
	int64_t hour = hour_us / HC_HOUR_US % HOURS;
	return c->hours >> (hour < 0 ? hour + HOURS : hour) & 1;
}

int64_t hc_cron_next(const struct hc_cron *c, int64_t after_us)
{
	assert(c->hours != 0);
	int64_t at = hc_instant_floor_hour(after_us) + HC_HOUR_US;
	while (!fires(c, at))
		at += HC_HOUR_US;
	return at;
}

int64_t hc_cron_last(const struct hc_cron *c, int64_t at_us)
{
	assert(c->hours != 0);
	int64_t at = hc_instant_floor_hour(at_us);
	while (!fires(c, at))
		at -= HC_HOUR_US;
	return at;
}

int64_t hc_cron_period(const struct hc_cron *c, int64_t tick_us)
{
	return tick_us - hc_cron_last(c, tick_us - 1);
}

int64_t hc_cron_shortest_us(const struct hc_cron *c)
{
	int64_t shortest = HC_DAY_US, first = hc_cron_next(c, 0);
	for (int64_t at = first; at < first + HC_DAY_US; at = hc_cron_next(c, at)) {
		int64_t gap = hc_cron_next(c, at) - at;
		shortest = gap < shortest ? gap : shortest;
	}
	return shortest;
}
