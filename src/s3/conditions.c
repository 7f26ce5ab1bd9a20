#include "s3/conditions.h"

#include <stdio.h>

#include "base/instant.h"
#include "base/number.h"

static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
static const char days[7][4] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"}; /* from 1970-01-01 on */

struct hc_str hc_s3_etag_bare(struct hc_str text)
{
	text = hc_str_trim(text);
	if (hc_str_starts(text, "W/"))
		text = (struct hc_str){text.p + 2, text.n - 2};
	if (text.n >= 2 && text.p[0] == '"' && text.p[text.n - 1] == '"')
		text = (struct hc_str){text.p + 1, text.n - 2};
	return text;
}

bool hc_s3_etag_matches(struct hc_str list, struct hc_str etag)
{
	if (hc_str_eq(hc_str_trim(list), HC_STR("*")))
		return true;
	while (list.n > 0) { /* our ETags have no commas in them */
		const char *comma = memchr(list.p, ',', list.n);
		struct hc_str one = {list.p, comma ? (size_t)(comma - list.p) : list.n};
		list.p += one.n + (comma != NULL);
		list.n -= one.n + (comma != NULL);
		if (hc_str_eq(hc_s3_etag_bare(one), etag))
			return true;
	}
	return false;
}

static int64_t whole_seconds(int64_t us)
{
	return us - (us % HC_SECOND_US + HC_SECOND_US) % HC_SECOND_US;
}

enum hc_s3_verdict hc_s3_conditions_judge(const struct hc_s3_conditions *c, struct hc_str etag, int64_t modified_us)
{
	int64_t date_us, at_us = whole_seconds(modified_us);
	if (c->if_match.p) {
		if (!hc_s3_etag_matches(c->if_match, etag))
			return HC_S3_FAILED;
	} else if (c->if_unmodified_since.p && hc_s3_date_parse(c->if_unmodified_since, &date_us) && at_us > date_us) {
		return HC_S3_FAILED;
	}
	if (c->if_none_match.p)
		return hc_s3_etag_matches(c->if_none_match, etag) ? HC_S3_NOT_MODIFIED : HC_S3_HOLDS;
	if (c->if_modified_since.p && hc_s3_date_parse(c->if_modified_since, &date_us) && at_us <= date_us)
		return HC_S3_NOT_MODIFIED;
	return HC_S3_HOLDS;
}

/* Digits to a number; too large ones are the largest. False for none, or something else. */
static bool position(struct hc_str digits, uint64_t *out)
{
	if (digits.n == 0)
		return false;
	for (size_t i = 0; i < digits.n; i++)
		if (digits.p[i] < '0' || digits.p[i] > '9')
			return false;
	if (!hc_u64_parse(digits, out))
		*out = UINT64_MAX;
	return true;
}

enum hc_s3_range hc_s3_range_read(struct hc_str text, uint64_t size, uint64_t *offset, uint64_t *length)
{
	text = hc_str_trim(text);
	if (text.n < 6 || !hc_str_eq_nocase((struct hc_str){text.p, 6}, HC_STR("bytes=")))
		return HC_S3_RANGE_NONE;
	text = hc_str_trim((struct hc_str){text.p + 6, text.n - 6});
	const char *dash = text.n ? memchr(text.p, '-', text.n) : NULL;
	if (!dash)
		return HC_S3_RANGE_NONE;
	struct hc_str first = {text.p, (size_t)(dash - text.p)}, last = {dash + 1, text.n - first.n - 1};
	uint64_t from, to = UINT64_MAX;
	if (first.n == 0) {
		if (!position(last, &to))
			return HC_S3_RANGE_NONE;
		if (to == 0 || size == 0)
			return HC_S3_RANGE_OUTSIDE;
		*length = to < size ? to : size;
		*offset = size - *length;
		return HC_S3_RANGE_FINE;
	}
	if (!position(first, &from) || (last.n > 0 && !position(last, &to)) || to < from)
		return HC_S3_RANGE_NONE;
	if (from >= size)
		return HC_S3_RANGE_OUTSIDE;
	*offset = from;
	*length = (to < size ? to : size - 1) - from + 1;
	return HC_S3_RANGE_FINE;
}

static int month_of(const char *name)
{
	for (int i = 0; i < 12; i++)
		if (strcmp(name, months[i]) == 0)
			return i + 1;
	return 0;
}

bool hc_s3_date_parse(struct hc_str text, int64_t *out_us)
{
	char s[64], month[4] = "";
	int day, year, hour, minute, second, end = 0;
	text = hc_str_trim(text);
	if (text.n >= sizeof s || (text.n && memchr(text.p, '\0', text.n)))
		return false;
	if (text.n)
		memcpy(s, text.p, text.n);
	s[text.n] = '\0';
	if (sscanf(s, "%*3[A-Za-z], %2d %3s %4d %2d:%2d:%2d GMT%n", &day, month, &year, &hour, &minute, &second,
		   &end) == 6 &&
	    end > 0) {
	} else if (sscanf(s, "%*[A-Za-z], %2d-%3[A-Za-z]-%2d %2d:%2d:%2d GMT%n", &day, month, &year, &hour, &minute,
			  &second, &end) == 6 &&
		   end > 0) {
		year += year < 70 ? 2000 : 1900;
	} else if (sscanf(s, "%*3[A-Za-z] %3s %2d %2d:%2d:%2d %4d%n", month, &day, &hour, &minute, &second, &year,
			  &end) != 6 ||
		   end == 0) {
		return hc_instant_parse(text, out_us);
	}
	int64_t us;
	if ((size_t)end != text.n || day < 1 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
	    second > 60 || year < HC_YEAR_MIN || year > HC_YEAR_MAX ||
	    !hc_instant_of_hour(year, month_of(month), day, hour, &us))
		return false;
	*out_us = us + (minute * 60 + second) * HC_SECOND_US;
	return true;
}

void hc_s3_date_print(int64_t us, char out[HC_S3_DATE_SIZE])
{
	char iso[HC_INSTANT_SIZE]; /* "2021-05-18T01:00:00Z" */
	hc_instant_print(us, iso);
	int64_t day = (us - (us % HC_DAY_US + HC_DAY_US) % HC_DAY_US) / HC_DAY_US;
	int month = (iso[5] - '0') * 10 + iso[6] - '0';
	snprintf(out, HC_S3_DATE_SIZE, "%s, %.2s %s %.4s %.8s GMT", days[(day % 7 + 7) % 7], iso + 8,
		 months[month >= 1 && month <= 12 ? month - 1 : 0], iso, iso + 11);
}
