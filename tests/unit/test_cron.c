#include "calendar/cron.h"

#include <stdio.h>

#include "base/instant.h"
#include "check.h"

#define EVERY UINT32_C(0xffffff)
#define MINUTE_US (60 * HC_SECOND_US)

static int64_t at(const char *text)
{
	int64_t us = 0;
	if (!hc_instant_parse(hc_str(text), &us))
		fail_msg("%s is no instant", text);
	return us;
}

static struct hc_cron cron_of(const char *text)
{
	struct hc_err err;
	struct hc_cron c = {0};
	if (hc_cron_parse(hc_str(text), &c, &err) != HC_OK)
		fail_msg("%s: %s", text, err.msg);
	return c;
}

static void test_hours(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint32_t hours;
	} table[] = {
		/* as the SDK's CronExpressionGenerator and the AWS guide write them */
		{"cron(0 * ? * * *)", EVERY},
		{"cron(0 0 ? * * *)", 1},
		{"cron(0 12 ? * * *)", 1 << 12},
		{"cron(0 17/5 ? * * *)", 1 << 17 | 1 << 22},
		{"cron(0 0/6 ? * * *)", 1 | 1 << 6 | 1 << 12 | 1 << 18},
		/* the two day fields the other way round */
		{"cron(0 * * * ? *)", EVERY},
		{"cron(0 5 * * ? *)", 1 << 5},
		/* bounds, leading zeros, steps that end the day */
		{"cron(0 23 ? * * *)", 1 << 23},
		{"cron(00 05 ? * * *)", 1 << 5},
		{"cron(0 0/1 ? * * *)", EVERY},
		{"cron(0 0/24 ? * * *)", 1},
		{"cron(0 23/1 ? * * *)", 1 << 23},
		{"cron(0 3/24 ? * * *)", 1 << 3},
		{"cron(0 1/07 ? * * *)", 1 << 1 | 1 << 8 | 1 << 15 | 1 << 22},
		/* blanks between fields and inside the parentheses do not matter */
		{"cron(  0   *  ?  * *  * )", EVERY},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_cron c = cron_of(table[i].text);
		if (c.now || c.hours != table[i].hours)
			fail_msg("%s: hours %x", table[i].text, c.hours);
	}
	struct hc_cron now = cron_of("NOW");
	assert_true(now.now);
	assert_int_equal(now.hours, 0);
}

static void test_refused(void **state)
{
	(void)state;
	static const struct {
		const char *text, *says;
	} table[] = {
		{"", "neither"},
		{"now", "neither"},
		{"NOW ", "neither"},
		{" NOW", "neither"},
		{"0 * ? * * *", "neither"},
		{"CRON(0 * ? * * *)", "neither"},
		{"cron(0 * ? * * *", "neither"},
		{"cron(0 * ? * * *) ", "neither"},
		{"cron (0 * ? * * *)", "neither"},
		{"rate(1 hour)", "neither"},
		{"at(2026-01-01T00:00:00)", "neither"},
		{"cron()", "six fields"},
		{"cron)", "neither"},
		{"cron(", "neither"},
		{"cron(0 * ? * *)", "six fields"},
		{"cron(0 * ? * * * *)", "six fields"},
		{"cron(0\t*\t?\t*\t*\t*)", "six fields"},
		{"cron(* * ? * * *)", "minute 0"},
		{"cron(30 * ? * * *)", "minute 0"},
		{"cron(0/15 * ? * * *)", "minute 0"},
		{"cron(000 * ? * * *)", "minute 0"},
		{"cron(-0 * ? * * *)", "minute 0"},
		{"cron(0 24 ? * * *)", "hour field"},
		{"cron(0 100 ? * * *)", "hour field"},
		{"cron(0 -1 ? * * *)", "hour field"},
		{"cron(0 ? ? * * *)", "hour field"},
		{"cron(0 */2 ? * * *)", "hour field"},
		{"cron(0 1,2 ? * * *)", "hour field"},
		{"cron(0 1-2 ? * * *)", "hour field"},
		{"cron(0 0/0 ? * * *)", "hour field"},
		{"cron(0 0/25 ? * * *)", "hour field"},
		{"cron(0 0/ ? * * *)", "hour field"},
		{"cron(0 /2 ? * * *)", "hour field"},
		{"cron(0 1/2/3 ? * * *)", "hour field"},
		{"cron(0 ** ? * * *)", "hour field"},
		{"cron(0 * * * * *)", "restricts"},
		{"cron(0 * ? * ? *)", "restricts"},
		{"cron(0 * 1 * ? *)", "restricts"},
		{"cron(0 * ? * MON *)", "restricts"},
		{"cron(0 * ? 1 * *)", "restricts"},
		{"cron(0 * ? * * 2026)", "restricts"},
		{"cron(0 * ? * * ?)", "restricts"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_err err = {0};
		struct hc_cron c = {.hours = 77};
		if (hc_cron_parse(hc_str(table[i].text), &c, &err) != HC_USAGE)
			fail_msg("'%s' was taken", table[i].text);
		assert_int_equal(c.hours, 77);
		assert_int_equal(err.code, HC_USAGE);
		if (!strstr(err.msg, table[i].says))
			fail_msg("'%s': %s", table[i].text, err.msg);
		assert_non_null(strstr(err.hint, "NOW"));
	}
	/* bytes that end no C text, and a text that goes on and on */
	struct hc_err err;
	struct hc_cron c;
	static char blanks[400];
	memset(blanks, ' ', sizeof blanks);
	memcpy(blanks, "cron(0 * ? * * *", 16);
	blanks[sizeof blanks - 1] = ')';
	assert_int_equal(hc_cron_parse((struct hc_str){blanks, sizeof blanks}, &c, &err), HC_USAGE);
	assert_int_equal(hc_cron_parse((struct hc_str){"NOW\0", 4}, &c, &err), HC_USAGE);
	assert_int_equal(hc_cron_parse((struct hc_str){NULL, 0}, &c, &err), HC_USAGE);
}

static void test_ticks(void **state)
{
	(void)state;
	static const struct {
		const char *cron, *at, *last, *next;
		int period_h; /* before `last` */
	} table[] = {
		{"cron(0 * ? * * *)", "2021-05-18T01:00:00Z", "2021-05-18T01:00:00Z", "2021-05-18T02:00:00Z", 1},
		{"cron(0 * ? * * *)", "2021-05-18T01:59:59.999999Z", "2021-05-18T01:00:00Z", "2021-05-18T02:00:00Z", 1},
		{"cron(0 * ? * * *)", "2021-05-18T00:59:59.999999Z", "2021-05-18T00:00:00Z", "2021-05-18T01:00:00Z", 1},
		{"cron(0 * ? * * *)", "2021-12-31T23:30:00Z", "2021-12-31T23:00:00Z", "2022-01-01T00:00:00Z", 1},
		{"cron(0 5 ? * * *)", "2024-02-28T05:00:00Z", "2024-02-28T05:00:00Z", "2024-02-29T05:00:00Z", 24},
		{"cron(0 5 ? * * *)", "2024-03-01T04:59:59Z", "2024-02-29T05:00:00Z", "2024-03-01T05:00:00Z", 24},
		/* H/N fires at H, H+N, ... <= 23 each day: the night is longer */
		{"cron(0 17/5 ? * * *)", "2021-05-18T18:00:00Z", "2021-05-18T17:00:00Z", "2021-05-18T22:00:00Z", 19},
		{"cron(0 17/5 ? * * *)", "2021-05-18T22:00:00Z", "2021-05-18T22:00:00Z", "2021-05-19T17:00:00Z", 5},
		{"cron(0 17/5 ? * * *)", "2021-05-18T00:00:00Z", "2021-05-17T22:00:00Z", "2021-05-18T17:00:00Z", 5},
		{"cron(0 0/7 ? * * *)", "2021-05-18T00:00:00Z", "2021-05-18T00:00:00Z", "2021-05-18T07:00:00Z", 3},
		/* before 1970 */
		{"cron(0 * ? * * *)", "1969-12-31T23:59:59Z", "1969-12-31T23:00:00Z", "1970-01-01T00:00:00Z", 1},
		{"cron(0 22 ? * * *)", "1969-12-31T21:59:59Z", "1969-12-30T22:00:00Z", "1969-12-31T22:00:00Z", 24},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_cron c = cron_of(table[i].cron);
		int64_t now = at(table[i].at), last = hc_cron_last(&c, now), next = hc_cron_next(&c, now);
		if (last != at(table[i].last) || next != at(table[i].next) ||
		    hc_cron_period(&c, last) != table[i].period_h * HC_HOUR_US)
			fail_msg("row %zu: last %lld, next %lld, period %lld", i, (long long)last, (long long)next,
				 (long long)hc_cron_period(&c, last));
	}
}

static void test_shortest(void **state)
{
	(void)state;
	static const struct {
		const char *cron;
		int hours;
	} table[] = {
		{"cron(0 * ? * * *)", 1},     {"cron(0 9 ? * * *)", 24},  {"cron(0 0/6 ? * * *)", 6},
		{"cron(0 17/5 ? * * *)", 5},  {"cron(0 0/7 ? * * *)", 3}, {"cron(0 1/22 ? * * *)", 2},
		{"cron(0 0/24 ? * * *)", 24},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_cron c = cron_of(table[i].cron);
		if (hc_cron_shortest_us(&c) != table[i].hours * HC_HOUR_US)
			fail_msg("%s: %lld us", table[i].cron, (long long)hc_cron_shortest_us(&c));
	}
}

/* Property: next and last are what a walk from minute to minute finds. */
static bool is_tick(const struct hc_cron *c, int64_t us)
{
	char text[HC_INSTANT_SIZE];
	hc_instant_print(us, text);
	unsigned hour = (unsigned)(text[11] - '0') * 10 + (unsigned)(text[12] - '0');
	return us % HC_HOUR_US == 0 && (c->hours >> hour & 1) != 0;
}

static int64_t walk(const struct hc_cron *c, int64_t us, int64_t step_us)
{
	while (!is_tick(c, us))
		us += step_us;
	return us;
}

static int64_t floor_minute(int64_t us)
{
	return us - ((us % MINUTE_US) + MINUTE_US) % MINUTE_US;
}

static void test_minute_walk(void **state)
{
	(void)state;
	uint64_t random = 7;
	const int64_t span = 200 * 365 * HC_DAY_US;
	for (int i = 0; i < 400; i++) {
		struct hc_cron c = {.hours = (uint32_t)(check_random(&random) & check_random(&random)) & EVERY};
		c.hours |= UINT32_C(1) << check_random(&random) % 24;
		int64_t now = (int64_t)(check_random(&random) % (uint64_t)span) - span / 4;
		if (i % 4 == 0)
			now = hc_instant_floor_hour(now) - i % 3 + 1;
		int64_t last = walk(&c, floor_minute(now), -MINUTE_US);
		int64_t next = walk(&c, floor_minute(now) + MINUTE_US, MINUTE_US);
		if (hc_cron_last(&c, now) != last || hc_cron_next(&c, now) != next)
			fail_msg("hours %x at %lld", c.hours, (long long)now);
		assert_int_equal(hc_cron_period(&c, next), next - last);
		assert_true(hc_cron_shortest_us(&c) <= next - last);
		/* last and next are the two ends of one gap */
		assert_int_equal(hc_cron_next(&c, last), next);
		assert_int_equal(hc_cron_last(&c, next - 1), last);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hours),    cmocka_unit_test(test_refused),     cmocka_unit_test(test_ticks),
		cmocka_unit_test(test_shortest), cmocka_unit_test(test_minute_walk),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
