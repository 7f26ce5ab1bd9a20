#include "base/instant.h"

#include <stdio.h>

/* Days since 1970-01-01 (Hinnant, "chrono-compatible low-level date algorithms"). */
static int64_t days_from_civil(int y, int m, int d)
{
	y -= m <= 2;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
	return era * 146097 + doe - 719468;
}

static void civil_from_days(int64_t z, int *y, int *m, int *d)
{
	z += 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	*d = (int)(doy - (153 * mp + 2) / 5 + 1);
	*m = (int)(mp < 10 ? mp + 3 : mp - 9);
	*y = (int)(yoe + era * 400 + (*m <= 2));
}

static bool date_exists(int y, int m, int d)
{
	static const int length[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	if (y < HC_YEAR_MIN || y > HC_YEAR_MAX || m < 1 || m > 12 || d < 1)
		return false;
	bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
	return d <= length[m - 1] + (m == 2 && leap);
}

/* Takes exactly n digits from *s. */
static bool take_digits(struct hc_str *s, size_t n, int *out)
{
	if (s->n < n)
		return false;
	int v = 0;
	for (size_t i = 0; i < n; i++) {
		if (s->p[i] < '0' || s->p[i] > '9')
			return false;
		v = v * 10 + (s->p[i] - '0');
	}
	s->p += n;
	s->n -= n;
	*out = v;
	return true;
}

static bool take_char(struct hc_str *s, char c)
{
	if (s->n == 0 || s->p[0] != c)
		return false;
	s->p++;
	s->n--;
	return true;
}

static bool take_fraction(struct hc_str *s, int64_t *us)
{
	int64_t scale = HC_SECOND_US / 10;
	size_t seen = 0;
	*us = 0;
	for (; s->n && s->p[0] >= '0' && s->p[0] <= '9'; s->p++, s->n--, seen++) {
		*us += (s->p[0] - '0') * scale;
		scale /= 10;
	}
	return seen > 0;
}

static bool take_zone(struct hc_str *s, int64_t *offset_us)
{
	*offset_us = 0;
	if (s->n == 0 || take_char(s, 'Z') || take_char(s, 'z'))
		return true;
	int sign = take_char(s, '+') ? 1 : take_char(s, '-') ? -1 : 0;
	int hours, minutes;
	if (sign == 0 || !take_digits(s, 2, &hours) || !take_char(s, ':') || !take_digits(s, 2, &minutes) ||
	    hours > 23 || minutes > 59)
		return false;
	*offset_us = sign * (hours * HC_HOUR_US + minutes * 60 * HC_SECOND_US);
	return true;
}

bool hc_instant_parse(struct hc_str s, int64_t *out_us)
{
	int year, month, day, hour, minute, second = 0;
	int64_t fraction_us = 0, offset_us;
	if (!take_digits(&s, 4, &year) || !take_char(&s, '-') || !take_digits(&s, 2, &month) || !take_char(&s, '-') ||
	    !take_digits(&s, 2, &day))
		return false;
	if (!take_char(&s, 'T') && !take_char(&s, 't') && !take_char(&s, ' '))
		return false;
	if (!take_digits(&s, 2, &hour) || !take_char(&s, ':') || !take_digits(&s, 2, &minute))
		return false;
	if (take_char(&s, ':')) {
		if (!take_digits(&s, 2, &second))
			return false;
		if (take_char(&s, '.') && !take_fraction(&s, &fraction_us))
			return false;
	}
	if (!take_zone(&s, &offset_us) || s.n != 0)
		return false;
	if (!date_exists(year, month, day) || hour > 23 || minute > 59 || second > 60)
		return false;
	int64_t us = days_from_civil(year, month, day) * HC_DAY_US + hour * HC_HOUR_US +
		     (minute * 60 + second) * HC_SECOND_US + fraction_us - offset_us;
	/* The zone, or second 60, may lead out of the years that can be written. */
	if (us < days_from_civil(HC_YEAR_MIN, 1, 1) * HC_DAY_US ||
	    us >= days_from_civil(HC_YEAR_MAX + 1, 1, 1) * HC_DAY_US)
		return false;
	*out_us = us;
	return true;
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* What is left of a / b rounded down: from 0 to b - 1. */
static int64_t floor_rest(int64_t a, int64_t b)
{
	int64_t rest = a % b;
	return rest < 0 ? rest + b : rest;
}

/* What "%02u" prints as two digits, so that the compiler sees that the text fits. */
static unsigned two(int v)
{
	return (unsigned)v % 100;
}

static void print(int64_t us, bool with_ms, char out[HC_INSTANT_SIZE])
{
	int y, m, d;
	int64_t rest = floor_rest(us, HC_DAY_US);
	civil_from_days(floor_div(us, HC_DAY_US), &y, &m, &d);
	int hour = (int)(rest / HC_HOUR_US), second = (int)(rest % HC_HOUR_US / HC_SECOND_US);
	int ms = (int)(rest % HC_SECOND_US / 1000);
	char fraction[8] = "";
	if (with_ms)
		snprintf(fraction, sizeof fraction, ".%03d", ms % 1000);
	snprintf(out, HC_INSTANT_SIZE, "%04d-%02u-%02uT%02u:%02u:%02u%sZ", y % 10000, two(m), two(d), two(hour),
		 two(second / 60), two(second % 60), fraction);
}

void hc_instant_print(int64_t us, char out[HC_INSTANT_SIZE])
{
	print(us, false, out);
}

void hc_instant_print_ms(int64_t us, char out[HC_INSTANT_SIZE])
{
	print(us, true, out);
}

bool hc_instant_of_hour(int year, int month, int day, int hour, int64_t *out_us)
{
	if (!date_exists(year, month, day) || hour < 0 || hour > 23)
		return false;
	*out_us = days_from_civil(year, month, day) * HC_DAY_US + hour * HC_HOUR_US;
	return true;
}

void hc_instant_hour_path(int64_t us, char out[HC_HOUR_PATH_SIZE])
{
	int y, m, d;
	civil_from_days(floor_div(us, HC_DAY_US), &y, &m, &d);
	int hour = (int)(floor_rest(us, HC_DAY_US) / HC_HOUR_US);
	snprintf(out, HC_HOUR_PATH_SIZE, "%04d/%02u/%02u/%02u", y % 10000, two(m), two(d), two(hour));
}

int64_t hc_instant_floor_hour(int64_t us)
{
	return floor_div(us, HC_HOUR_US) * HC_HOUR_US;
}
