#include "sched/slot.h"

#include "base/instant.h"
#include "check.h"

static int64_t at(const char *text)
{
	int64_t us = 0;
	if (*text && !hc_instant_parse(hc_str(text), &us))
		fail_msg("%s is no instant", text);
	return us;
}

static struct hc_cron cron_of(const char *text)
{
	struct hc_err err;
	struct hc_cron c = {0};
	assert_int_equal(hc_cron_parse(hc_str(text), &c, &err), HC_OK);
	return c;
}

#define HOURLY "cron(0 * ? * * *)"
#define DAILY "cron(0 5 ? * * *)"

static void test_due(void **state)
{
	(void)state;
	static const struct {
		const char *cron, *last, *now;
		const char *slot; /* "": none */
		unsigned passed_over;
	} table[] = {
		/* in step: at the tick, not before it, not twice */
		{HOURLY, "2026-03-01T05:00Z", "2026-03-01T05:00Z", "", 0},
		{HOURLY, "2026-03-01T05:00Z", "2026-03-01T05:59:59.999999Z", "", 0},
		{HOURLY, "2026-03-01T05:00Z", "2026-03-01T06:00Z", "2026-03-01T06:00Z", 0},
		{HOURLY, "2026-03-01T05:00Z", "2026-03-01T06:59Z", "2026-03-01T06:00Z", 0},
		/* made between ticks: the first is the next one */
		{HOURLY, "2026-03-01T05:17:31Z", "2026-03-01T05:59Z", "", 0},
		{HOURLY, "2026-03-01T05:17:31Z", "2026-03-01T06:00Z", "2026-03-01T06:00Z", 0},
		{DAILY, "2026-03-01T05:00:01Z", "2026-03-02T04:59Z", "", 0},
		{DAILY, "2026-03-01T05:00:01Z", "2026-03-02T05:00Z", "2026-03-02T05:00Z", 0},
		/* missed: oldest first */
		{HOURLY, "2026-03-01T05:00Z", "2026-03-01T08:30Z", "2026-03-01T06:00Z", 0},
		{DAILY, "2026-03-01T05:00Z", "2026-03-11T06:00Z", "2026-03-02T05:00Z", 0},
		/* 24 are made up, no more */
		{HOURLY, "2026-03-01T05:00Z", "2026-03-02T05:00Z", "2026-03-01T06:00Z", 0},
		{HOURLY, "2026-03-01T05:00Z", "2026-03-02T06:00Z", "2026-03-01T07:00Z", 1},
		{HOURLY, "2026-03-01T05:00Z", "2026-03-11T05:10Z", "2026-03-10T06:00Z", 216},
		{DAILY, "2025-03-01T05:00Z", "2026-03-01T05:00Z", "2026-02-06T05:00Z", 341},
		/* the count has an end */
		{HOURLY, "2000-01-01T00:00Z", "2026-03-01T05:00Z", "2026-02-28T06:00Z", 10000},
		/* the clock went back: nothing is claimed twice */
		{HOURLY, "2026-03-01T05:00Z", "2026-03-01T04:00Z", "", 0},
		{HOURLY, "2026-03-01T05:00Z", "2025-03-01T04:00Z", "", 0},
		{HOURLY, "2026-03-01T05:00Z", "1969-03-01T04:00Z", "", 0},
		/* the first of a schedule that has none yet: the last tick, nothing before it */
		{HOURLY, "", "2026-03-01T05:30Z", "2026-03-01T05:00Z", 0},
		{DAILY, "", "2026-03-01T04:30Z", "2026-02-28T05:00Z", 0},
		/* NOW: once */
		{"NOW", "", "2026-03-01T05:17:31.999999Z", "2026-03-01T05:17:31Z", 0},
		{"NOW", "2026-03-01T05:17:31Z", "2026-03-01T05:17:31Z", "", 0},
		{"NOW", "2026-03-01T05:17:31Z", "2027-03-01T05:17:31Z", "", 0},
		{"NOW", "2026-03-01T05:17:31Z", "2025-03-01T05:17:31Z", "", 0},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_cron c = cron_of(table[i].cron);
		int64_t slot = -1;
		unsigned passed_over = 77;
		bool due = hc_slot_due(&c, at(table[i].last), at(table[i].now), &slot, &passed_over);
		char shown[HC_INSTANT_SIZE] = "none";
		if (due)
			hc_instant_print(slot, shown);
		if (due != (table[i].slot[0] != 0) || (due && slot != at(table[i].slot)) ||
		    passed_over != table[i].passed_over)
			fail_msg("row %zu (%s after %s at %s): %s, %u passed over", i, table[i].cron, table[i].last,
				 table[i].now, shown, passed_over);
	}
}

static void test_next(void **state)
{
	(void)state;
	struct hc_cron hourly = cron_of(HOURLY), daily = cron_of(DAILY), now = cron_of("NOW");
	assert_int_equal(hc_slot_next(&hourly, at("2026-03-01T05:00Z")), at("2026-03-01T06:00Z"));
	assert_int_equal(hc_slot_next(&hourly, at("2026-03-01T05:00:01Z")), at("2026-03-01T06:00Z"));
	assert_int_equal(hc_slot_next(&daily, at("2026-03-01T05:00Z")), at("2026-03-02T05:00Z"));
	assert_int_equal(hc_slot_next(&now, 0), 0);
	assert_int_equal(hc_slot_next(&now, at("2026-03-01T05:00Z")), INT64_MAX);
}

/*
 * A clock that goes on, stands still, jumps and goes back: every slot is claimed once at most, in ascending order, is a tick not in the future, and
 * while the clock only goes forward by less than 24 periods, none is left out.
 */
static void test_jumps(void **state)
{
	(void)state;
	uint64_t random = 11;
	for (int round = 0; round < 200; round++) {
		struct hc_cron c = {.hours = (uint32_t)check_random(&random) & 0xffffff};
		c.hours |= 1;
		bool tame = round % 2 == 0;
		int64_t now = at("2026-03-01T05:17Z") + (int64_t)(check_random(&random) % 86400) * HC_SECOND_US;
		int64_t last = now;
		for (int i = 0; i < 300; i++) {
			uint64_t span = (uint64_t)(tame ? 10 * HC_HOUR_US : 60 * HC_DAY_US);
			int64_t step = (int64_t)(check_random(&random) % span);
			now += !tame && i % 3 == 0 ? -step : step;
			int64_t slot;
			unsigned passed_over;
			while (hc_slot_due(&c, last, now, &slot, &passed_over)) {
				assert_true(slot > last && slot <= now);
				assert_int_equal(hc_cron_last(&c, slot), slot);
				int64_t expected = hc_cron_next(&c, last);
				for (unsigned k = 0; k < passed_over; k++)
					expected = hc_cron_next(&c, expected);
				assert_int_equal(slot, expected);
				assert_true(!tame || passed_over == 0);
				last = slot;
			}
			assert_true(hc_slot_next(&c, last) > now);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_due),
		cmocka_unit_test(test_next),
		cmocka_unit_test(test_jumps),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
