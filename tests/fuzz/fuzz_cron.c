/*
 * Schedule expressions and the slots that follow from them. The input is an expression and, on a second line, an instant.
 */
#include "base/instant.h"
#include "calendar/cron.h"
#include "target.h"

static struct hc_err err;

static void check_ticks(const struct hc_cron *c, int64_t at)
{
	int64_t last = hc_cron_last(c, at), next = hc_cron_next(c, at);
	must(last <= at && at < next && next - last <= HC_DAY_US);
	must(last % HC_HOUR_US == 0 && next % HC_HOUR_US == 0);
	must(hc_cron_next(c, last) == next && hc_cron_last(c, next - 1) == last && hc_cron_last(c, last) == last);
	must(hc_cron_period(c, next) == next - last);
	must(hc_cron_shortest_us(c) >= HC_HOUR_US && hc_cron_shortest_us(c) <= next - last);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hc_str rest = input_text(data, size), text = take_until(&rest, '\n');
	struct hc_cron c = {.hours = 42};
	int64_t at = 0;
	enum hc_code code = hc_cron_parse(text, &c, &err);
	if (code != HC_OK) {
		must(code == HC_USAGE && c.hours == 42 && !c.now);
		must_explain(code, &err);
		return 0;
	}
	must(c.now ? hc_str_eq(text, HC_STR("NOW")) : c.hours != 0 && c.hours < UINT32_C(1) << 24);
	if (!c.now) {
		check_ticks(&c, at);
		if (hc_instant_parse(rest, &at))
			check_ticks(&c, at);
	}
	return 0;
}
