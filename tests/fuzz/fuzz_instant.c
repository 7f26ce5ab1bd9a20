/*
 * Instants: what is read can be written, and what is written is the C library's date of that
 * instant and reads back.
 */
#include <time.h>

#include "base/instant.h"
#include "target.h"

static bool expect_digits(const char **p, size_t n, int v)
{
	for (size_t i = n; i-- > 0; v /= 10)
		if ((*p)[i] != '0' + v % 10)
			return false;
	*p += n;
	return v == 0;
}

static void check_date(const char *text, const struct tm *tm, const char *separators)
{
	const int parts[] = {tm->tm_year + 1900, tm->tm_mon + 1, tm->tm_mday, tm->tm_hour, tm->tm_min, tm->tm_sec};
	for (size_t i = 0; separators[i]; i++) {
		must(expect_digits(&text, i ? 2 : 4, parts[i]));
		must(*text == separators[i] || (separators[i] == '$' && *text == '\0'));
		text++;
	}
}

static void check_written(int64_t us)
{
	char text[HC_INSTANT_SIZE], with_ms[HC_INSTANT_SIZE], path[HC_HOUR_PATH_SIZE];
	int64_t back, ms = us / 1000 - (us % 1000 < 0), s = ms / 1000 - (ms % 1000 < 0);
	time_t seconds = (time_t)s;
	struct tm tm;
	must(gmtime_r(&seconds, &tm) != NULL);
	must(tm.tm_year + 1900 >= HC_YEAR_MIN && tm.tm_year + 1900 <= HC_YEAR_MAX);
	hc_instant_print(us, text);
	check_date(text, &tm, "--T::Z");
	must(hc_instant_parse(hc_str(text), &back) && back == s * HC_SECOND_US);
	hc_instant_print_ms(us, with_ms);
	check_date(with_ms, &tm, "--T::.");
	must(hc_instant_parse(hc_str(with_ms), &back) && back == ms * 1000);
	hc_instant_hour_path(us, path);
	check_date(path, &tm, "///$");
	must(hc_instant_of_hour(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, &back));
	must(back == hc_instant_floor_hour(us) && back <= us && us - back < HC_HOUR_US);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hc_str text = input_text(data, size);
	int64_t us = 42;
	if (hc_instant_parse(text, &us)) {
		must(text.n >= sizeof "2021-05-18T01:00" - 1);
		check_written(us);
	} else {
		must(us == 42);
	}
	return 0;
}
