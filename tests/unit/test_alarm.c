#include "publish/alarm.h"

#include <math.h>

#include "catalog/catalog.h"
#include "check_files.h"

/* 2021-05-18T12:00:00Z; datapoints stand at hours before. */
#define NOW (INT64_C(1621339200) * HC_SECOND_US)

static struct hc_catalog *catalog;
static struct hc_arena arena;
static struct hc_err err;
static const struct hc_series series = {{"n", 1}, {"f2", 2}, NULL, 0};

static int enter(void **state)
{
	arena = HC_ARENA(64 << 20);
	if (enter_folder(state) != 0)
		return -1;
	return hc_catalog_open(path_of("catalog.db"), &catalog, &err) == HC_OK ? 0 : -1;
}

static int leave(void **state)
{
	hc_catalog_close(catalog);
	hc_arena_free(&arena);
	return leave_folder(state);
}

static void write_all(hc_catalog_work *work)
{
	if (hc_catalog_write(catalog, work, NULL, &err) != HC_OK)
		fail_msg("%s", err.msg);
}

static void add(struct hc_db *db, int64_t at_us, double value, int64_t arrived_us)
{
	const struct hc_datapoint p = {at_us, HC_STR("None"), 1, value, value, value};
	if (hc_series_add(db, &series, &p, 1, arrived_us, &err) != HC_OK)
		fail_msg("%s", err.msg);
}

/* An alarm with " for ', on f2 of n; `more` are the members that differ. */
static void put(struct hc_db *db, const char *name, const char *more)
{
	char doc[1024];
	snprintf(doc, sizeof doc, "{'AlarmName':'%s','Namespace':'n','MetricName':'f2',%s}", name, more);
	for (char *c = doc; *c; c++)
		if (*c == '\'')
			*c = '"';
	const struct hc_alarm a = {.name = hc_str(name),
				   .doc = hc_str(doc),
				   .state = HC_STR("INSUFFICIENT_DATA"),
				   .reason = HC_STR(HC_ALARM_UNCHECKED),
				   .updated_us = 1,
				   .transitioned_us = 1};
	assert_int_equal(hc_alarm_put(db, &a, &err), HC_OK);
}

static struct hc_alarm evaluate(struct hc_db *db, const char *name, int64_t now_us)
{
	struct hc_alarm a, stored;
	bool found;
	assert_int_equal(hc_alarm_get(db, hc_str(name), &arena, &a, &found, &err), HC_OK);
	assert_true(found);
	if (hc_alarm_evaluate(db, &a, now_us, &arena, &err) != HC_OK)
		fail_msg("%s", err.msg);
	/* what is said is what is kept */
	assert_int_equal(hc_alarm_get(db, hc_str(name), &arena, &stored, &found, &err), HC_OK);
	assert_true(hc_str_eq(stored.state, a.state) && hc_str_eq(stored.reason, a.reason));
	assert_int_equal(stored.transitioned_us, a.transitioned_us);
	return a;
}

#define RULE "'Statistic':'Average','Threshold':0.5,'ComparisonOperator':'LessThanOrEqualToThreshold'"

/* The notebook's alarm: the window of the newest datapoint began two hours ago, and its reading matters all the same. */
static enum hc_code notebook(struct hc_db *db, void *arg, struct hc_err *failure)
{
	(void)arg;
	(void)failure;
	put(db, "a", RULE ",'Period':600,'EvaluationPeriods':1,'DatapointsToAlarm':1,'TreatMissingData':'breaching'");
	struct hc_alarm a = evaluate(db, "a", NOW);
	check_str(a.state, "ALARM");
	check_str(a.reason, "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was "
			    "treated as [Breaching].");
	assert_int_equal(a.transitioned_us, NOW);
	add(db, NOW - 2 * HC_HOUR_US, 0.75, NOW);
	a = evaluate(db, "a", NOW + 1);
	check_str(a.state, "OK");
	check_str(a.reason, "Threshold Crossed: 1 out of the last 1 datapoints [0.75 (18/05/21 10:00:00)] was not less "
			    "than or equal to the threshold (0.5) (minimum 1 datapoint for ALARM -> OK transition).");
	add(db, NOW - HC_HOUR_US, 0.5, NOW + HC_HOUR_US);
	a = evaluate(db, "a", NOW + HC_HOUR_US);
	check_str(a.state, "ALARM");
	check_str(a.reason,
		  "Threshold Crossed: 1 out of the last 1 datapoints [0.5 (18/05/21 11:00:00)] was less than or "
		  "equal to the threshold (0.5) (minimum 1 datapoint for OK -> ALARM transition).");
	check_str(a.reason_data,
		  "{\"version\":\"1.0\",\"queryDate\":\"2021-05-18T13:00:00.000+0000\",\"startDate\":"
		  "\"2021-05-18T11:00:00.000+0000\",\"statistic\":\"Average\",\"period\":600,\"recentDatapoints\":"
		  "[0.5],\"threshold\":0.5,\"evaluatedDatapoints\":[{\"timestamp\":\"2021-05-18T11:00:00.000+0000\","
		  "\"sampleCount\":1.0,\"value\":0.5}]}");
	/* nothing new: nothing is written */
	int64_t updated_us = a.updated_us;
	a = evaluate(db, "a", NOW + 2 * HC_HOUR_US);
	assert_int_equal(a.updated_us, updated_us);
	/* a new reading, the same state */
	add(db, NOW, 0.25, NOW + 2 * HC_HOUR_US);
	a = evaluate(db, "a", NOW + 2 * HC_HOUR_US);
	assert_int_equal(a.updated_us, NOW + 2 * HC_HOUR_US);
	assert_int_equal(a.transitioned_us, NOW + HC_HOUR_US);
	/* a day and two hours of silence */
	a = evaluate(db, "a", NOW + 2 * HC_HOUR_US + HC_ALARM_SLACK_US + 599 * HC_SECOND_US);
	assert_non_null(memmem(a.reason.p, a.reason.n, "0.25", 4));
	a = evaluate(db, "a", NOW + 2 * HC_HOUR_US + HC_ALARM_SLACK_US + 600 * HC_SECOND_US);
	assert_non_null(memmem(a.reason.p, a.reason.n, "no datapoints", 13));
	return HC_OK;
}

static void test_notebook(void **state)
{
	(void)state;
	write_all(notebook);
}

/* CloudWatch's two tables, "3 of 3" and "2 of 3": a letter a datapoint, oldest first, 0 fine, X breaching; "": none. */
static enum hc_code missing(struct hc_db *db, void *arg, struct hc_err *failure)
{
	static const struct {
		const char *points;
		int to_alarm;
		const char *expected[4]; /* missing, ignore, breaching, notBreaching */
	} table[] = {
		{"0XX", 3, {"OK", "OK", "OK", "OK"}},
		{"0", 3, {"OK", "OK", "OK", "OK"}},
		{"", 3, {"INSUFFICIENT_DATA", "kept", "ALARM", "OK"}},
		{"0XXX", 3, {"ALARM", "ALARM", "ALARM", "ALARM"}},
		{"X", 3, {"ALARM", "kept", "ALARM", "OK"}},
		{"0XX", 2, {"ALARM", "ALARM", "ALARM", "ALARM"}},
		{"00XX", 2, {"ALARM", "ALARM", "ALARM", "ALARM"}},
		{"0X", 2, {"OK", "OK", "ALARM", "OK"}},
		{"0", 2, {"OK", "OK", "ALARM", "OK"}},
		{"X", 2, {"ALARM", "kept", "ALARM", "OK"}},
		{"XX", 2, {"ALARM", "ALARM", "ALARM", "ALARM"}},
		{"X00", 1, {"ALARM", "ALARM", "ALARM", "ALARM"}},
		{"X000", 1, {"OK", "OK", "OK", "OK"}},
	};
	static const char *const treatments[] = {"missing", "ignore", "breaching", "notBreaching"};
	(void)failure;
	(void)arg;
	for (size_t i = 0; i < COUNT(table); i++) {
		assert_int_equal(hc_db_exec(db, "DELETE FROM datapoint; DELETE FROM alarm", &err), HC_OK);
		/* the gaps between datapoints are nothing: a monitor need not run in every period */
		for (size_t k = 0; table[i].points[k]; k++)
			add(db, NOW - (int64_t)(20 - 3 * k) * HC_HOUR_US, table[i].points[k] == 'X' ? 0 : 1, NOW);
		for (size_t t = 0; t < 4; t++) {
			char more[256];
			snprintf(more, sizeof more,
				 RULE
				 ",'Period':3600,'EvaluationPeriods':3,'DatapointsToAlarm':%d,'TreatMissingData':'%s'",
				 table[i].to_alarm, treatments[t]);
			put(db, "a", more);
			struct hc_alarm a = evaluate(db, "a", NOW);
			const char *expected = table[i].expected[t];
			bool kept = strcmp(expected, "kept") == 0;
			if (!hc_str_eq(a.state, hc_str(kept ? "INSUFFICIENT_DATA" : expected)) ||
			    kept != hc_str_eq(a.reason, HC_STR(HC_ALARM_UNCHECKED)))
				fail_msg("%s, %d of 3, %s: %.*s, not %s (%.*s)", table[i].points, table[i].to_alarm,
					 treatments[t], HC_STR_ARG(a.state), expected, HC_STR_ARG(a.reason));
		}
	}
	return HC_OK;
}

static void test_missing(void **state)
{
	(void)state;
	write_all(missing);
}

static enum hc_code comparisons(struct hc_db *db, void *arg, struct hc_err *failure)
{
	static const struct {
		const char *operator, * words;
		bool alarms[3]; /* below, at, above */
	} table[] = {
		{"GreaterThanThreshold", "greater than the", {false, false, true}},
		{"GreaterThanOrEqualToThreshold", "greater than or equal to the", {false, true, true}},
		{"LessThanThreshold", "less than the", {true, false, false}},
		{"LessThanOrEqualToThreshold", "less than or equal to the", {true, true, false}},
	};
	(void)arg;
	(void)failure;
	for (size_t i = 0; i < COUNT(table); i++)
		for (int k = 0; k < 3; k++) {
			char more[256];
			assert_int_equal(hc_db_exec(db, "DELETE FROM datapoint; DELETE FROM alarm", &err), HC_OK);
			add(db, NOW, k, NOW);
			snprintf(more, sizeof more,
				 "'Statistic':'Sum','Period':60,'EvaluationPeriods':1,'Threshold':1,"
				 "'ComparisonOperator':'%s'",
				 table[i].operator);
			put(db, "a", more);
			struct hc_alarm a = evaluate(db, "a", NOW);
			if (hc_str_eq(a.state, HC_STR("ALARM")) != table[i].alarms[k] ||
			    !memmem(a.reason.p, a.reason.n, table[i].words, strlen(table[i].words)))
				fail_msg("%d %s 1: %.*s", k, table[i].operator, HC_STR_ARG(a.reason));
		}
	return HC_OK;
}

static void test_comparisons(void **state)
{
	(void)state;
	write_all(comparisons);
}

static enum hc_code statistics(struct hc_db *db, void *arg, struct hc_err *failure)
{
	static const struct {
		const char *statistic;
		double value;
	} table[] = {
		{"'Statistic':'SampleCount'", 4},  {"'Statistic':'Average'", 2.75},    {"'Statistic':'Sum'", 11},
		{"'Statistic':'Minimum'", 1},      {"'Statistic':'Maximum'", 5},       {"'ExtendedStatistic':'p50'", 2},
		{"'ExtendedStatistic':'p75'", 3},  {"'ExtendedStatistic':'p75.1'", 5}, {"'ExtendedStatistic':'p0'", 1},
		{"'ExtendedStatistic':'p100'", 5},
	};
	(void)arg;
	(void)failure;
	static const double values[] = {3, 1, 5, 2};
	for (size_t i = 0; i < COUNT(values); i++)
		add(db, NOW + (int64_t)i * HC_SECOND_US, values[i], NOW);
	for (size_t i = 0; i < COUNT(table); i++) {
		char more[256], part[64];
		snprintf(more, sizeof more,
			 "%s,'Period':60,'EvaluationPeriods':1,'Threshold':-1,'ComparisonOperator':'LessThanThreshold'",
			 table[i].statistic);
		put(db, "a", more);
		struct hc_alarm a = evaluate(db, "a", NOW);
		snprintf(part, sizeof part, "1 datapoint [%g%s (18/05/21 12:00:00)]", table[i].value,
			 table[i].value == trunc(table[i].value) ? ".0" : "");
		if (!memmem(a.reason.p, a.reason.n, part, strlen(part)))
			fail_msg("%s: %.*s", table[i].statistic, HC_STR_ARG(a.reason));
	}
	/* a set of different values has no percentile: the period is missing */
	const struct hc_datapoint set = {NOW, HC_STR("None"), 2, 3, 1, 2};
	assert_int_equal(hc_series_add(db, &series, &set, 1, NOW, &err), HC_OK);
	struct hc_alarm a = evaluate(db, "a", NOW);
	check_str(a.state, "INSUFFICIENT_DATA");
	check_str(a.reason, "Insufficient Data: 1 datapoint was unknown.");
	return HC_OK;
}

static void test_statistics(void **state)
{
	(void)state;
	write_all(statistics);
}

static enum hc_code all_of_them(struct hc_db *db, void *arg, struct hc_err *failure)
{
	size_t changed;
	(void)arg;
	(void)failure;
	add(db, NOW, 0.1, NOW);
	for (int i = 0; i < 250; i++) {
		char name[32];
		snprintf(name, sizeof name, "alarm-%d", i);
		put(db, name, RULE ",'Period':60,'EvaluationPeriods':1");
	}
	assert_int_equal(hc_alarms_evaluate(db, NOW, &changed, &err), HC_OK);
	assert_int_equal(changed, 250);
	assert_int_equal(hc_alarms_evaluate(db, NOW, &changed, &err), HC_OK);
	assert_int_equal(changed, 0);
	assert_int_equal(hc_alarms_evaluate(db, NOW + 3 * HC_DAY_US, NULL, &err), HC_OK);
	check_str(evaluate(db, "alarm-249", NOW + 3 * HC_DAY_US).state, "INSUFFICIENT_DATA");
	return HC_OK;
}

static void test_all(void **state)
{
	(void)state;
	write_all(all_of_them);
}

static void test_statistic_names(void **state)
{
	(void)state;
	static const char *const good[] = {"Average", "SampleCount", "Sum",   "Minimum", "Maximum",
					   "p0",      "p99",         "p99.9", "p100",    "p0.0000000001"};
	static const char *const bad[] = {"",     "average", "p",    "p.5", "p5.",     "p101", "p-1", "pinf",
					  "pnan", "p1e1",    "tm99", "IQM", "PR(1:2)", "p 9",  "p9 ", "p1.2.3"};
	struct hc_statistic s;
	for (size_t i = 0; i < COUNT(good); i++)
		if (!hc_statistic_parse(hc_str(good[i]), &s))
			fail_msg("%s", good[i]);
	for (size_t i = 0; i < COUNT(bad); i++)
		if (hc_statistic_parse(hc_str(bad[i]), &s))
			fail_msg("%s", bad[i]);
	assert_true(hc_statistic_parse(HC_STR("p99.9"), &s));
	assert_true(s.kind == HC_STATISTIC_PERCENTILE && s.percent == 99.9);
}

#define test_in_catalog(test) cmocka_unit_test_setup_teardown(test, enter, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_in_catalog(test_notebook),   test_in_catalog(test_missing), test_in_catalog(test_comparisons),
		test_in_catalog(test_statistics), test_in_catalog(test_all),     cmocka_unit_test(test_statistic_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
