#include "sched/slot.h"

#include "base/instant.h"

bool hc_slot_due(const struct hc_cron *cron, int64_t last_us, int64_t now_us, int64_t *slot_us, unsigned *passed_over)
{
	*passed_over = 0;
	if (cron->now) {
		*slot_us = now_us - now_us % HC_SECOND_US;
		return last_us == 0;
	}
	int64_t tick = hc_cron_last(cron, now_us);
	if (tick <= last_us)
		return false;
	for (unsigned i = 1; last_us > 0 && i < HC_SLOT_CATCH_UP_MAX && hc_cron_last(cron, tick - 1) > last_us; i++)
		tick = hc_cron_last(cron, tick - 1);
	for (int64_t missed = hc_cron_last(cron, tick - 1); last_us > 0 && missed > last_us && *passed_over < 10000;
	     missed = hc_cron_last(cron, missed - 1))
		++*passed_over;
	*slot_us = tick;
	return true;
}

int64_t hc_slot_next(const struct hc_cron *cron, int64_t last_us)
{
	if (cron->now)
		return last_us == 0 ? 0 : INT64_MAX;
	return hc_cron_next(cron, last_us);
}
