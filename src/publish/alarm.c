#include "publish/alarm.h"

#include <time.h>

#include "base/buf.h"
#include "base/number.h"

enum { BATCH = 100, ARENA_BYTES = 64 << 20, SHOWN_DATAPOINTS_MAX = 10 };

enum treatment { MISSING, IGNORE, BREACHING, NOT_BREACHING };

/* An alarm's document, read. */
struct rule {
	struct hc_dimension dimensions[HC_DIMENSIONS_MAX];
	struct hc_series series;
	struct hc_statistic statistic;
	struct hc_str statistic_text;
	int64_t period_us;
	size_t periods, to_alarm;
	bool says_to_alarm;
	double threshold;
	int comparison; /* index of `comparisons` */
	enum treatment treatment;
	struct hc_str unit;
};

static const struct {
	const char *name, *words;
} comparisons[] = {
	{"GreaterThanThreshold", "greater than"},
	{"GreaterThanOrEqualToThreshold", "greater than or equal to"},
	{"LessThanThreshold", "less than"},
	{"LessThanOrEqualToThreshold", "less than or equal to"},
};

static bool breaches(const struct rule *r, double value)
{
	switch (r->comparison) {
	case 0:
		return value > r->threshold;
	case 1:
		return value >= r->threshold;
	case 2:
		return value < r->threshold;
	default:
		return value <= r->threshold;
	}
}

static bool read_dimensions(const json_t *doc, struct rule *r)
{
	const json_t *list = hc_tree_at(doc, "Dimensions"), *d;
	size_t i;
	if (json_array_size(list) > HC_DIMENSIONS_MAX)
		return false;
	json_array_foreach(list, i, d)
	{
		r->dimensions[i] = (struct hc_dimension){hc_tree_text(d, "Name"), hc_tree_text(d, "Value")};
		if (!r->dimensions[i].name.p || !r->dimensions[i].value.p)
			return false;
	}
	r->series.dimensions = r->dimensions;
	r->series.n_dimensions = json_array_size(list);
	return true;
}

static bool read_judgement(const json_t *doc, struct rule *r)
{
	static const char *const treatments[] = {"missing", "ignore", "breaching", "notBreaching"};
	struct hc_str comparison = hc_tree_text(doc, "ComparisonOperator");
	const char *treatment = hc_tree_cstring(doc, "TreatMissingData", "missing");
	const json_t *threshold = hc_tree_at(doc, "Threshold");
	bool known = false, treated = false;
	for (int i = 0; i < 4; i++) {
		if (hc_str_eq(comparison, hc_str(comparisons[i].name))) {
			r->comparison = i;
			known = true;
		}
		if (strcmp(treatment, treatments[i]) == 0) {
			r->treatment = (enum treatment)i;
			treated = true;
		}
	}
	r->threshold = json_number_value(threshold);
	return known && treated && json_is_number(threshold);
}

/* False: not what PutMetricAlarm writes. */
static bool read_rule(const json_t *doc, struct rule *r)
{
	int64_t period = hc_tree_int(doc, "Period", 0), periods = hc_tree_int(doc, "EvaluationPeriods", 0);
	int64_t to_alarm = hc_tree_int(doc, "DatapointsToAlarm", 0);
	*r = (struct rule){.says_to_alarm = to_alarm > 0};
	r->series.space = hc_tree_text(doc, "Namespace");
	r->series.name = hc_tree_text(doc, "MetricName");
	r->unit = hc_tree_text(doc, "Unit");
	r->statistic_text = hc_tree_text(doc, "Statistic");
	if (!r->statistic_text.p)
		r->statistic_text = hc_tree_text(doc, "ExtendedStatistic");
	if (period < 1 || period > 7 * 86400 || periods < 1 || periods > HC_ALARM_PERIODS_MAX || to_alarm > periods)
		return false;
	r->period_us = period * HC_SECOND_US;
	r->periods = (size_t)periods;
	r->to_alarm = (size_t)(to_alarm ? to_alarm : periods);
	return r->series.space.p && r->series.name.p && r->statistic_text.p &&
	       hc_statistic_parse(r->statistic_text, &r->statistic) && read_dimensions(doc, r) &&
	       read_judgement(doc, r);
}

struct evaluated {
	int64_t at_us;
	double samples, value;
};

struct found {
	struct evaluated *list; /* newest first */
	size_t n, breaching;
};

struct newest {
	const struct rule *rule;
	int64_t *starts; /* newest first, without repeats */
	size_t n;
};

static int64_t floor_to(int64_t us, int64_t period_us)
{
	int64_t rest = us % period_us;
	return us - (rest < 0 ? rest + period_us : rest);
}

static bool take_start(void *arg, const struct hc_datapoint *d)
{
	struct newest *s = arg;
	int64_t start_us = floor_to(d->at_us, s->rule->period_us);
	if (s->n > 0 && s->starts[s->n - 1] == start_us)
		return true;
	if (s->n == s->rule->periods)
		return false;
	s->starts[s->n++] = start_us;
	return true;
}

static enum hc_code value_of_period(struct hc_db *db, const struct rule *r, int64_t series, int64_t start_us,
				    struct hc_arena *arena, struct evaluated *out, bool *found, struct hc_err *err)
{
	const struct hc_period_query q = {.series = series,
					  .from_us = start_us,
					  .until_us = start_us + r->period_us,
					  .period_us = r->period_us,
					  .unit = r->unit,
					  .limit = 1};
	struct hc_period *period;
	size_t n;
	HC_TRY(hc_periods_read(db, &q, arena, &period, &n, err));
	*found = false;
	if (n == 0)
		return HC_OK;
	out->at_us = start_us;
	out->samples = period->samples;
	return hc_period_value(db, &q, period, r->statistic, &out->value, found, err);
}

/* The newest periods with datapoints that came in time. */
static enum hc_code look(struct hc_db *db, const struct rule *r, int64_t now_us, struct hc_arena *arena,
			 struct found *out, struct hc_err *err)
{
	struct newest newest = {.rule = r, .starts = hc_arena_take(arena, r->periods * sizeof *newest.starts)};
	int64_t series;
	*out = (struct found){.list = hc_arena_take(arena, r->periods * sizeof *out->list)};
	if (!newest.starts || !out->list)
		return hc_fail_nomem(err, "an alarm");
	HC_TRY(hc_series_find(db, &r->series, &series, err));
	if (series == 0)
		return HC_OK;
	const struct hc_datapoint_query q = {
		.series = series,
		.from_us = now_us - HC_ALARM_LATE_US,
		.until_us = INT64_MAX,
		.arrived_after_us = now_us - (int64_t)r->periods * r->period_us - HC_ALARM_SLACK_US,
		.unit = r->unit,
		.order = HC_DATAPOINTS_NEWEST_FIRST,
	};
	HC_TRY(hc_datapoints_visit(db, &q, take_start, &newest, err));
	for (size_t i = 0; i < newest.n; i++) {
		bool found;
		struct evaluated *e = &out->list[out->n];
		HC_TRY(value_of_period(db, r, series, newest.starts[i], arena, e, &found, err));
		if (!found)
			continue;
		out->breaching += breaches(r, e->value);
		out->n++;
	}
	return HC_OK;
}

/* The table of the header; NULL: the state stays. */
static const char *judge(const struct rule *r, const struct found *f)
{
	size_t missing = r->periods - f->n, enough = r->to_alarm;
	bool alarm = f->breaching >= enough;
	switch (r->treatment) {
	case MISSING:
		if (f->n == 0)
			return "INSUFFICIENT_DATA";
		return f->breaching >= (enough < f->n ? enough : f->n) ? "ALARM" : "OK";
	case IGNORE:
		if (!alarm && missing > 0 && f->breaching == f->n)
			return NULL;
		break;
	case BREACHING:
		alarm = f->breaching + missing >= enough;
		break;
	case NOT_BREACHING:
		break;
	}
	return alarm ? "ALARM" : "OK";
}

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

/* "18/05/21 01:00:00" */
static void put_day(struct hc_buf *out, int64_t us)
{
	time_t t = (time_t)(floor_to(us, HC_SECOND_US) / HC_SECOND_US);
	struct tm tm;
	gmtime_r(&t, &tm);
	hc_buf_printf(out, "%02d/%02d/%02d %02d:%02d:%02d", tm.tm_mday, tm.tm_mon + 1, tm.tm_year % 100, tm.tm_hour,
		      tm.tm_min, tm.tm_sec);
}

static void put_number(struct hc_buf *out, double x)
{
	char text[HC_NUMBER_PRINT_SIZE];
	hc_number_print(x, text);
	hc_buf_cstr(out, text);
}

/* "[0.5 (18/05/21 01:00:00), ...]" of those that breach, or do not. */
static void put_datapoints(const struct rule *r, const struct found *f, bool breaching, struct hc_buf *out)
{
	size_t shown = 0;
	hc_buf_char(out, '[');
	for (size_t i = 0; i < f->n; i++) {
		if (breaches(r, f->list[i].value) != breaching)
			continue;
		if (shown == SHOWN_DATAPOINTS_MAX) {
			hc_buf_cstr(out, ", ...");
			break;
		}
		if (shown++ > 0)
			hc_buf_cstr(out, ", ");
		put_number(out, f->list[i].value);
		hc_buf_cstr(out, " (");
		put_day(out, f->list[i].at_us);
		hc_buf_char(out, ')');
	}
	hc_buf_char(out, ']');
}

/* In AWS's words: "Threshold Crossed: 1 datapoint [0.3 (18/05/21 01:00:00)] was less than the threshold (0.5)." */
static void put_reason(const struct rule *r, const struct found *f, const char *state, struct hc_buf *out)
{
	bool alarm = strcmp(state, "ALARM") == 0;
	size_t missing = r->periods - f->n, shown = alarm ? f->breaching : f->n - f->breaching;
	if (strcmp(state, "INSUFFICIENT_DATA") == 0) {
		hc_buf_printf(out, "Insufficient Data: %zu datapoint%s %s unknown.", missing, plural(missing),
			      missing == 1 ? "was" : "were");
		return;
	}
	hc_buf_cstr(out, "Threshold Crossed: ");
	if (shown == 0) {
		hc_buf_printf(out, "no datapoints were received for %zu period%s", missing, plural(missing));
	} else {
		if (r->says_to_alarm)
			hc_buf_printf(out, "%zu out of the last %zu datapoints ", shown, r->periods);
		else
			hc_buf_printf(out, "%zu datapoint%s ", shown, plural(shown));
		put_datapoints(r, f, alarm, out);
		hc_buf_printf(out, " %s %s%s the threshold (", shown == 1 ? "was" : "were", alarm ? "" : "not ",
			      comparisons[r->comparison].words);
		put_number(out, r->threshold);
		hc_buf_char(out, ')');
	}
	if (missing > 0 && (shown == 0 || (r->treatment == BREACHING) == alarm) &&
	    (r->treatment == BREACHING || r->treatment == NOT_BREACHING))
		hc_buf_printf(out, " and %zu missing datapoint%s %s treated as [%s]", missing, plural(missing),
			      missing == 1 ? "was" : "were", r->treatment == BREACHING ? "Breaching" : "NonBreaching");
	if (r->says_to_alarm && shown > 0) {
		size_t least = alarm ? r->to_alarm : r->periods - r->to_alarm + 1;
		hc_buf_printf(out, " (minimum %zu datapoint%s for %s transition)", least, plural(least),
			      alarm ? "OK -> ALARM" : "ALARM -> OK");
	}
	hc_buf_char(out, '.');
}

/* "2021-05-18T01:00:00.000+0000", as StateReasonData has it. */
static void put_date(struct hc_buf *out, const char *key, int64_t us)
{
	char text[HC_INSTANT_SIZE];
	hc_instant_print_ms(us, text);
	hc_buf_printf(out, "\"%s\":\"%.*s+0000\"", key, (int)strlen(text) - 1, text);
}

static void put_reason_data(const struct rule *r, const struct found *f, int64_t now_us, struct hc_buf *out)
{
	size_t shown = f->n < SHOWN_DATAPOINTS_MAX ? f->n : SHOWN_DATAPOINTS_MAX;
	hc_buf_cstr(out, "{\"version\":\"1.0\",");
	put_date(out, "queryDate", now_us);
	if (f->n > 0) {
		hc_buf_char(out, ',');
		put_date(out, "startDate", f->list[f->n - 1].at_us);
	}
	hc_buf_printf(out, ",\"statistic\":\"%.*s\",\"period\":%lld,\"recentDatapoints\":[",
		      HC_STR_ARG(r->statistic_text), (long long)(r->period_us / HC_SECOND_US));
	for (size_t i = shown; i > 0; i--) {
		put_number(out, f->list[i - 1].value);
		hc_buf_cstr(out, i > 1 ? "," : "");
	}
	hc_buf_cstr(out, "],\"threshold\":");
	put_number(out, r->threshold);
	hc_buf_cstr(out, ",\"evaluatedDatapoints\":[");
	for (size_t i = 0; i < shown; i++) {
		hc_buf_cstr(out, i > 0 ? ",{" : "{");
		put_date(out, "timestamp", f->list[i].at_us);
		hc_buf_cstr(out, ",\"sampleCount\":");
		put_number(out, f->list[i].samples);
		hc_buf_cstr(out, ",\"value\":");
		put_number(out, f->list[i].value);
		hc_buf_char(out, '}');
	}
	hc_buf_cstr(out, "]}");
}

static enum hc_code enter_state(struct hc_db *db, struct hc_alarm *alarm, const char *state, const struct rule *r,
				const struct found *f, int64_t now_us, struct hc_arena *arena, struct hc_err *err)
{
	HC_BUF_SCOPED struct hc_buf reason = HC_BUF(HC_ALARM_REASON_MAX), data = HC_BUF(HC_ALARM_REASON_DATA_MAX);
	struct hc_alarm a = *alarm;
	put_reason(r, f, state, &reason);
	HC_TRY(hc_buf_check(&reason, "the reason of an alarm's state", err));
	bool same = hc_str_eq(alarm->state, hc_str(state));
	if (same && hc_str_eq(alarm->reason, hc_buf_view(&reason)))
		return HC_OK;
	put_reason_data(r, f, now_us, &data);
	HC_TRY(hc_buf_check(&data, "the reason of an alarm's state", err));
	a.state = hc_str(state);
	a.reason = hc_arena_copy(arena, hc_buf_view(&reason));
	a.reason_data = hc_arena_copy(arena, hc_buf_view(&data));
	a.updated_us = now_us;
	a.transitioned_us = same ? alarm->transitioned_us : now_us;
	if (!a.reason.p || !a.reason_data.p)
		return hc_fail_nomem(err, "an alarm");
	HC_TRY(hc_alarm_put(db, &a, err));
	*alarm = a;
	return HC_OK;
}

enum hc_code hc_alarm_evaluate(struct hc_db *db, struct hc_alarm *alarm, int64_t now_us, struct hc_arena *arena,
			       struct hc_err *err)
{
	struct rule rule;
	struct found found;
	json_t *doc = hc_tree_parse(alarm->doc);
	enum hc_code code = HC_OK;
	if (!doc || !read_rule(doc, &rule))
		code = hc_fail(err, HC_IO, "the catalog holds an alarm that is none: %.*s", HC_STR_ARG(alarm->name));
	if (code == HC_OK)
		code = look(db, &rule, now_us, arena, &found, err);
	if (code == HC_OK) {
		const char *state = judge(&rule, &found);
		if (state)
			code = enter_state(db, alarm, state, &rule, &found, now_us, arena, err);
	}
	json_decref(doc);
	return code;
}

static enum hc_code evaluate_batch(struct hc_db *db, int64_t now_us, struct hc_buf *after, size_t *changed, bool *more,
				   struct hc_err *err)
{
	struct hc_arena arena HC_ARENA_SCOPED = HC_ARENA(ARENA_BYTES);
	struct hc_alarm *list;
	size_t n;
	HC_TRY(hc_alarm_list(db, HC_STR(""), hc_buf_view(after), BATCH, &arena, &list, &n, err));
	for (size_t i = 0; i < n; i++) {
		int64_t transitioned_us = list[i].transitioned_us;
		struct hc_str state = list[i].state;
		HC_TRY(hc_alarm_evaluate(db, &list[i], now_us, &arena, err));
		*changed += list[i].transitioned_us != transitioned_us || !hc_str_eq(list[i].state, state);
	}
	*more = n == BATCH;
	if (n > 0) {
		hc_buf_reset(after);
		hc_buf_str(after, list[n - 1].name);
	}
	return hc_buf_check(after, "the name of an alarm", err);
}

enum hc_code hc_alarms_evaluate(struct hc_db *db, int64_t now_us, size_t *changed, struct hc_err *err)
{
	HC_BUF_SCOPED struct hc_buf after = HC_BUF(4096);
	size_t count = 0;
	bool more = true;
	while (more)
		HC_TRY(evaluate_batch(db, now_us, &after, &count, &more, err));
	if (changed)
		*changed = count;
	return HC_OK;
}
