#include "catalog/telemetry.h"

#include "catalog/catalog.h"
#include "check_files.h"

#define T0 (INT64_C(1621296000) * HC_SECOND_US)
#define SPACE "aws/sagemaker/Endpoints/model-metrics"

static struct hc_catalog *catalog;
static struct hc_arena arena;
static struct hc_err err;

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

/* Runs a test's work in the writer's transaction. */
static void write_all(hc_catalog_work *work)
{
	if (hc_catalog_write(catalog, work, NULL, &err) != HC_OK)
		fail_msg("%s", err.msg);
}

static const struct hc_dimension churn[] = {{{"Endpoint", 8}, {"churn", 5}}, {{"MonitoringSchedule", 18}, {"s1", 2}}};
static const struct hc_dimension turned[] = {{{"MonitoringSchedule", 18}, {"s1", 2}}, {{"Endpoint", 8}, {"churn", 5}}};

static struct hc_series series_of(const char *name, const struct hc_dimension *dimensions, size_t n)
{
	return (struct hc_series){HC_STR(SPACE), hc_str(name), dimensions, n};
}

static struct hc_datapoint point(int64_t at_us, double value)
{
	return (struct hc_datapoint){at_us, HC_STR("None"), 1, value, value, value};
}

static void add(struct hc_db *db, struct hc_series series, int64_t at_us, double value, int64_t now_us)
{
	struct hc_datapoint p = point(at_us, value);
	if (hc_series_add(db, &series, &p, 1, now_us, &err) != HC_OK)
		fail_msg("%s", err.msg);
}

static int64_t find(struct hc_db *db, struct hc_series series)
{
	int64_t id = -1;
	assert_int_equal(hc_series_find(db, &series, &id, &err), HC_OK);
	return id;
}

static bool tell_point(void *arg, const struct hc_datapoint *p)
{
	hc_buf_printf(arg, "%lld:%g ", (long long)((p->at_us - T0) / HC_SECOND_US), p->sum);
	return true;
}

static void check_points(struct hc_db *db, struct hc_datapoint_query q, const char *expected)
{
	struct hc_buf out = HC_BUF(1 << 16);
	assert_int_equal(hc_datapoints_visit(db, &q, tell_point, &out, &err), HC_OK);
	check_str(hc_buf_view(&out), expected);
	hc_buf_free(&out);
}

static enum hc_code one_series(struct hc_db *db, void *arg, struct hc_err *failure)
{
	(void)arg;
	(void)failure;
	/* the order of dimensions means nothing, their values do */
	add(db, series_of("f2", churn, 2), T0, 0.5, T0 + 100);
	int64_t id = find(db, series_of("f2", turned, 2));
	assert_true(id > 0);
	add(db, series_of("f2", turned, 2), T0, 0.25, T0 + 200);
	assert_int_equal(find(db, series_of("f2", churn, 2)), id);
	assert_int_equal(find(db, series_of("f2", churn, 1)), 0);
	assert_int_equal(find(db, series_of("f1", churn, 2)), 0);
	assert_int_equal(find(db, series_of("f2", NULL, 0)), 0);
	add(db, series_of("f2", NULL, 0), T0, 1, T0);
	assert_true(find(db, series_of("f2", NULL, 0)) != id);
	check_points(db, (struct hc_datapoint_query){.series = id, .from_us = T0, .until_us = T0 + 1}, "0:0.5 0:0.25 ");
	/* "ab" + "c" is not "a" + "bc" */
	const struct hc_dimension one[] = {{HC_STR("ab"), HC_STR("c")}}, other[] = {{HC_STR("a"), HC_STR("bc")}};
	add(db, series_of("x", one, 1), T0, 1, T0);
	assert_int_equal(find(db, series_of("x", other, 1)), 0);
	const struct hc_dimension twice[] = {{HC_STR("a"), HC_STR("1")}, {HC_STR("a"), HC_STR("2")}};
	struct hc_series bad = series_of("x", twice, 2);
	struct hc_datapoint p = point(T0, 1);
	assert_int_equal(hc_series_add(db, &bad, &p, 1, T0, &err), HC_INPUT);
	return HC_OK;
}

static void test_series(void **state)
{
	(void)state;
	write_all(one_series);
}

static enum hc_code visits(struct hc_db *db, void *arg, struct hc_err *failure)
{
	(void)arg;
	(void)failure;
	struct hc_series s = series_of("m", churn, 2);
	add(db, s, T0 + 2 * HC_SECOND_US, 5, T0 + 10);
	add(db, s, T0 + HC_SECOND_US, 7, T0 + 20);
	add(db, s, T0 + 3 * HC_SECOND_US, 6, T0 + 30);
	struct hc_datapoint count = {T0, HC_STR("Count"), 2, 9, 4, 5};
	assert_int_equal(hc_series_add(db, &s, &count, 1, T0 + 40, &err), HC_OK);
	struct hc_datapoint_query q = {.series = find(db, s), .from_us = T0, .until_us = T0 + HC_HOUR_US};
	check_points(db, q, "0:9 1:7 2:5 3:6 ");
	q.order = HC_DATAPOINTS_NEWEST_FIRST;
	check_points(db, q, "3:6 2:5 1:7 0:9 ");
	q.order = HC_DATAPOINTS_SMALLEST_FIRST;
	check_points(db, q, "0:9 2:5 3:6 1:7 ");
	q.order = HC_DATAPOINTS_OLDEST_FIRST;
	q.unit = HC_STR("Count");
	check_points(db, q, "0:9 ");
	q.unit = HC_STR("None");
	q.arrived_after_us = T0 + 20;
	check_points(db, q, "3:6 ");
	/* from is in, until is not */
	q = (struct hc_datapoint_query){
		.series = q.series, .from_us = T0 + HC_SECOND_US, .until_us = T0 + 3 * HC_SECOND_US};
	check_points(db, q, "1:7 2:5 ");
	return HC_OK;
}

static void test_visits(void **state)
{
	(void)state;
	write_all(visits);
}

static void check_list(struct hc_db *db, struct hc_series_filter f, const char *expected)
{
	struct hc_series_listed *list;
	size_t n;
	bool more;
	struct hc_buf out = HC_BUF(1 << 16);
	if (f.limit == 0)
		f.limit = 100;
	assert_int_equal(hc_series_list(db, &f, &arena, &list, &n, &more, &err), HC_OK);
	for (size_t i = 0; i < n; i++) {
		hc_buf_printf(&out, "%.*s", HC_STR_ARG(list[i].series.name));
		for (size_t k = 0; k < list[i].series.n_dimensions; k++)
			hc_buf_printf(&out, ",%.*s=%.*s", HC_STR_ARG(list[i].series.dimensions[k].name),
				      HC_STR_ARG(list[i].series.dimensions[k].value));
		hc_buf_char(&out, ' ');
	}
	hc_buf_cstr(&out, more ? "+" : "");
	check_str(hc_buf_view(&out), expected);
	hc_buf_free(&out);
}

static enum hc_code lists(struct hc_db *db, void *arg, struct hc_err *failure)
{
	(void)arg;
	(void)failure;
	add(db, series_of("f1", turned, 2), T0, 1, T0);
	add(db, series_of("f2", churn, 1), T0, 1, T0 + 50);
	add(db, series_of("f2", NULL, 0), T0, 1, T0 + 100);
	struct hc_series other = {HC_STR("mine"), HC_STR("f1"), NULL, 0};
	add(db, other, T0, 1, T0);
	check_list(db, (struct hc_series_filter){0},
		   "f1,Endpoint=churn,MonitoringSchedule=s1 f2,Endpoint=churn f2 f1 ");
	check_list(db, (struct hc_series_filter){.space = HC_STR("mine")}, "f1 ");
	check_list(db, (struct hc_series_filter){.space = HC_STR("min")}, "");
	check_list(db, (struct hc_series_filter){.name = HC_STR("f2")}, "f2,Endpoint=churn f2 ");
	check_list(db, (struct hc_series_filter){.arrived_after_us = T0 + 50}, "f2 ");
	check_list(db, (struct hc_series_filter){.dimensions = turned, .n_dimensions = 2},
		   "f1,Endpoint=churn,MonitoringSchedule=s1 ");
	check_list(db, (struct hc_series_filter){.dimensions = churn, .n_dimensions = 1},
		   "f1,Endpoint=churn,MonitoringSchedule=s1 f2,Endpoint=churn ");
	const struct hc_dimension any = {HC_STR("MonitoringSchedule"), {NULL, 0}};
	check_list(db, (struct hc_series_filter){.dimensions = &any, .n_dimensions = 1},
		   "f1,Endpoint=churn,MonitoringSchedule=s1 ");
	check_list(db, (struct hc_series_filter){.limit = 2},
		   "f1,Endpoint=churn,MonitoringSchedule=s1 f2,Endpoint=churn +");
	check_list(db, (struct hc_series_filter){.limit = 2, .after_id = 2}, "f2 f1 ");
	return HC_OK;
}

static void test_lists(void **state)
{
	(void)state;
	write_all(lists);
}

static enum hc_code prunes(struct hc_db *db, void *arg, struct hc_err *failure)
{
	(void)arg;
	(void)failure;
	int64_t removed;
	for (int i = 0; i < 5; i++)
		add(db, series_of("old", churn, 2), T0 + i, i, T0 + i);
	add(db, series_of("old2", churn, 2), T0, 1, T0);
	add(db, series_of("new", churn, 2), T0 + 100, 1, T0 + 100);
	assert_int_equal(hc_datapoints_prune(db, T0 + 3, 3, &removed, &err), HC_OK);
	assert_int_equal(removed, 3);
	assert_int_equal(hc_datapoints_prune(db, T0 + 3, 3, &removed, &err), HC_OK);
	assert_int_equal(removed, 1);
	check_points(db,
		     (struct hc_datapoint_query){
			     .series = find(db, series_of("old", churn, 2)), .from_us = T0, .until_us = T0 + 100},
		     "0:3 0:4 ");
	assert_int_equal(find(db, series_of("old2", churn, 2)), 0);
	check_list(db, (struct hc_series_filter){.dimensions = churn, .n_dimensions = 1},
		   "old,Endpoint=churn,MonitoringSchedule=s1 new,Endpoint=churn,MonitoringSchedule=s1 ");
	return HC_OK;
}

static void test_prune(void **state)
{
	(void)state;
	write_all(prunes);
}

static void put_alarm(struct hc_db *db, const char *name, const char *state)
{
	const struct hc_alarm a = {.name = hc_str(name),
				   .doc = HC_STR("{}"),
				   .configured_us = 1,
				   .state = hc_str(state),
				   .reason = HC_STR("why"),
				   .updated_us = 2,
				   .transitioned_us = 3};
	assert_int_equal(hc_alarm_put(db, &a, &err), HC_OK);
}

static void check_alarms(struct hc_db *db, const char *prefix, const char *after, size_t limit, const char *expected)
{
	struct hc_alarm *list;
	size_t n;
	struct hc_buf out = HC_BUF(1 << 16);
	assert_int_equal(hc_alarm_list(db, hc_str(prefix), hc_str(after), limit, &arena, &list, &n, &err), HC_OK);
	for (size_t i = 0; i < n; i++)
		hc_buf_printf(&out, "%.*s:%.*s ", HC_STR_ARG(list[i].name), HC_STR_ARG(list[i].state));
	check_str(hc_buf_view(&out), expected);
	hc_buf_free(&out);
}

static enum hc_code alarms(struct hc_db *db, void *arg, struct hc_err *failure)
{
	struct hc_alarm a;
	int64_t count;
	bool found;
	(void)arg;
	(void)failure;
	put_alarm(db, "b%_", "OK");
	put_alarm(db, "a", "OK");
	put_alarm(db, "b%", "OK");
	put_alarm(db, "bx", "OK");
	put_alarm(db, "bx", "ALARM");
	check_alarms(db, "", "", 10, "a:OK b%:OK b%_:OK bx:ALARM ");
	check_alarms(db, "b", "", 2, "b%:OK b%_:OK ");
	check_alarms(db, "b", "b%_", 2, "bx:ALARM ");
	check_alarms(db, "b%", "", 10, "b%:OK b%_:OK ");
	check_alarms(db, "B", "", 10, "");
	assert_int_equal(hc_alarm_count(db, &count, &err), HC_OK);
	assert_int_equal(count, 4);
	assert_int_equal(hc_alarm_get(db, HC_STR("bx"), &arena, &a, &found, &err), HC_OK);
	assert_true(found);
	check_str(a.state, "ALARM");
	assert_null(a.reason_data.p);
	assert_int_equal(a.configured_us + 10 * a.updated_us + 100 * a.transitioned_us, 321);
	assert_int_equal(hc_alarm_delete(db, HC_STR("bx"), &found, &err), HC_OK);
	assert_true(found);
	assert_int_equal(hc_alarm_delete(db, HC_STR("bx"), &found, &err), HC_OK);
	assert_false(found);
	return HC_OK;
}

static void test_alarms(void **state)
{
	(void)state;
	write_all(alarms);
}

#define test_in_catalog(test) cmocka_unit_test_setup_teardown(test, enter, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_in_catalog(test_series), test_in_catalog(test_visits), test_in_catalog(test_lists),
		test_in_catalog(test_prune),  test_in_catalog(test_alarms),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
