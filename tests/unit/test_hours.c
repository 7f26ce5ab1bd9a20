#include "sched/hours.h"

#include "check_sched.h"

static void test_locations(void **state)
{
	(void)state;
	static const struct {
		const char *uri, *bucket, *key, *printed; /* with "x/y" below it */
	} table[] = {
		{"s3://b", "b", "", "s3://b/x/y"},
		{"s3://b/", "b", "", "s3://b/x/y"},
		{"s3://b/k", "b", "k", "s3://b/k/x/y"},
		{"s3://b/k/l", "b", "k/l", "s3://b/k/l/x/y"},
		{"s3://b/k/l/", "b", "k/l", "s3://b/k/l/x/y"},
		{"s3://b/k//l///", "b", "k//l", "s3://b/k//l/x/y"},
		{"s3://b///", "b", "", "s3://b/x/y"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_location l;
		assert_true(hc_location_parse(hc_str(table[i].uri), &l));
		check_str(l.bucket, table[i].bucket);
		check_str(l.key, table[i].key);
		check_str(hc_location_print(&l, "x/y", &check_arena), table[i].printed);
	}
	static const char *const none[] = {"", "s3:/", "s3://", "s3:///k", "S3://b", "https://b/k", "/b/k", "b"};
	for (size_t i = 0; i < COUNT(none); i++) {
		struct hc_location l;
		if (hc_location_parse(hc_str(none[i]), &l))
			fail_msg("%s was taken", none[i]);
	}
}

static struct hc_hours hours_of(const char *uri, const char *above, const char *first, const char *last)
{
	struct hc_location l;
	struct hc_hours h = {0};
	assert_true(hc_location_parse(hc_str(uri), &l));
	ok(hc_hours_with_data(check_db, &l, hc_str(above), at(first), at(last), &check_arena, &h, &check_err));
	return h;
}

/* "01T05 01T06", days and hours; "; 28T23" behind it: the newest. */
static void check_hours(const char *uri, const char *above, const char *first, const char *last, const char *expected)
{
	char text[512] = "", one[HC_INSTANT_SIZE];
	struct hc_hours h = hours_of(uri, above, first, last);
	for (size_t i = 0; i < h.n; i++) {
		hc_instant_print(h.list[i], one);
		snprintf(text + strlen(text), sizeof text - strlen(text), "%s%.5s", i ? " " : "", one + 8);
	}
	if (h.newest_us != INT64_MIN) {
		hc_instant_print(h.newest_us, one);
		snprintf(text + strlen(text), sizeof text - strlen(text), "; %.5s", one + 8);
	}
	check_str(hc_str(text), expected);
}

static void test_range(void **state)
{
	(void)state;
	PUT("b/k/2026/02/28/23/a.jsonl", "b/k/2026/03/01/00/a", "b/k/2026/03/01/00/b", "b/k/2026/03/01/02/deep/er/a",
	    "b/k/2026/03/01/23/a", "b/k/2026/03/02/00/a", "b/2026/03/01/05/top", "b/kk/2026/03/01/07/other",
	    "c/k/2026/03/01/08/other");
	check_hours("s3://b/k", "", "2026-03-01T00:00Z", "2026-03-01T23:00Z", "01T00 01T02 01T23");
	check_hours("s3://b/k/", "", "2026-03-01T00:00Z", "2026-03-01T00:00Z", "01T00");
	check_hours("s3://b/k", "", "2026-02-28T23:00Z", "2026-03-02T00:00Z", "28T23 01T00 01T02 01T23 02T00");
	check_hours("s3://b", "k", "2026-03-01T02:00Z", "2026-03-01T03:00Z", "01T02");
	check_hours("s3://b", "", "2026-03-01T00:00Z", "2026-03-02T00:00Z", "01T05");
	/* nothing in the range: the newest of all is told, before it and behind it */
	check_hours("s3://b/k", "", "2026-03-01T03:00Z", "2026-03-01T22:00Z", "; 02T00");
	check_hours("s3://b/k", "", "2027-03-01T03:00Z", "2027-03-01T22:00Z", "; 02T00");
	check_hours("s3://b/k", "", "2020-03-01T03:00Z", "2020-03-01T22:00Z", "; 02T00");
	/* nothing at all */
	check_hours("s3://b/none", "", "2026-03-01T00:00Z", "2026-03-02T00:00Z", "");
	check_hours("s3://none", "", "2026-03-01T00:00Z", "2026-03-02T00:00Z", "");
	/* a range that is none */
	check_hours("s3://b/k", "", "2026-03-02T00:00Z", "2026-03-01T00:00Z", "; 02T00");
}

static void test_odd_keys(void **state)
{
	(void)state;
	PUT("b/k/", "b/k//a", "b/k/2026/03/01/00", "b/k/2026/03/01/", "b/k/2026/03/01/00/", "b/k/2026/03/01/01x/a",
	    "b/k/2026/03/01/1/a", "b/k/2026/03/01/24/a", "b/k/2026/13/01/00/a", "b/k/2026/02/30/00/a",
	    "b/k/26/03/01/00/a", "b/k/2026-03-01/00/a", "b/k/_SUCCESS", "b/k/2026/03/01/05/", "b/k/2026/03/01/05/in/",
	    "b/k/2026/03/01/05/in/a", "b/k/2026/03/01/06/", "b/k/+026/03/01/00/a", "b/k/2026/03/01/07/a");
	/* a folder's marker is no data; one that has data beside it has */
	check_hours("s3://b/k", "", "2026-03-01T00:00Z", "2026-03-01T23:00Z", "01T05 01T07");
	check_hours("s3://b/k", "", "2026-03-01T06:00Z", "2026-03-01T06:00Z", "; 01T07");
	check_hours("s3://b/k", "", "2026-03-01T08:00Z", "2026-03-01T09:00Z", "; 01T07");
}

/* Folders of other things, and what comes behind all years, do not hide hours, however much is in them. */
static void test_many_odd(void **state)
{
	(void)state;
	char key[64];
	make_bucket("b");
	ok(hc_db_exec(check_db, "BEGIN", &check_err));
	for (int i = 0; i < 3000; i++) {
		snprintf(key, sizeof key, "k/2026/03/01/02-old/%d", i);
		put_object("b", hc_str(key));
		snprintf(key, sizeof key, "k/2026.bak/%d", i);
		put_object("b", hc_str(key));
		snprintf(key, sizeof key, "k/zz%d", i);
		put_object("b", hc_str(key));
	}
	ok(hc_db_exec(check_db, "COMMIT", &check_err));
	check_hours("s3://b/k", "", "2025-01-01T00:00Z", "2027-01-01T00:00Z", "");
	PUT("b/k/2026/03/01/05/a");
	check_hours("s3://b/k", "", "2025-01-01T00:00Z", "2027-01-01T00:00Z", "01T05");
	check_hours("s3://b/k", "", "2027-01-01T00:00Z", "2027-01-01T00:00Z", "; 01T05");
	/* files beside the hours are looked at one by one, and that has an end that is told */
	ok(hc_db_exec(check_db, "BEGIN", &check_err));
	for (int i = 0; i < 1500; i++) {
		snprintf(key, sizeof key, "k/2026/03/01/02-%d", i);
		put_object("b", hc_str(key));
	}
	ok(hc_db_exec(check_db, "COMMIT", &check_err));
	struct hc_hours h = {.n = 77};
	struct hc_location l = {HC_STR("b"), HC_STR("k")};
	assert_int_equal(hc_hours_with_data(check_db, &l, HC_STR(""), at("2026-03-01T00:00Z"), at("2026-03-01T09:00Z"),
					    &check_arena, &h, &check_err),
			 HC_LIMIT);
	assert_int_equal(h.n, 77);
}

/* Over a year of hours: all of them, within bounds of memory; more than HC_HOURS_MAX are refused. */
static void test_many_hours(void **state)
{
	(void)state;
	char path[HC_HOUR_PATH_SIZE], key[64];
	int64_t first = at("2024-01-01T00:00Z");
	make_bucket("b");
	ok(hc_db_exec(check_db, "BEGIN", &check_err));
	for (int64_t i = 0; i <= HC_HOURS_MAX; i++) {
		hc_instant_hour_path(first + i * HC_HOUR_US, path);
		snprintf(key, sizeof key, "k/%s/a", path);
		put_object("b", hc_str(key));
	}
	ok(hc_db_exec(check_db, "COMMIT", &check_err));
	HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(1 << 20);
	struct hc_hours h = {0};
	struct hc_location l = {HC_STR("b"), HC_STR("k")};
	int64_t last = first + (HC_HOURS_MAX - 1) * HC_HOUR_US;
	ok(hc_hours_with_data(check_db, &l, HC_STR(""), first, last, &arena, &h, &check_err));
	assert_int_equal(h.n, HC_HOURS_MAX);
	for (size_t i = 0; i < h.n; i++)
		assert_int_equal(h.list[i], first + (int64_t)i * HC_HOUR_US);
	assert_int_equal(hc_hours_with_data(check_db, &l, HC_STR(""), first, last + HC_HOUR_US, &arena, &h, &check_err),
			 HC_LIMIT);
	/* the newest of so many, from before them and from behind */
	ok(hc_hours_with_data(check_db, &l, HC_STR(""), at("2030-01-01T00:00Z"), at("2030-01-01T01:00Z"), &arena, &h,
			      &check_err));
	assert_int_equal(h.newest_us, last + HC_HOUR_US);
}

/* Against the plain way: every object's hour, sorted and made unique. */
static void test_random(void **state)
{
	(void)state;
	uint64_t random = 5;
	make_bucket("b");
	for (int round = 0; round < 30; round++) {
		bool has[100] = {false};
		char folder[32], key[96], path[HC_HOUR_PATH_SIZE];
		int64_t start = at("2026-02-27T00:00Z");
		snprintf(folder, sizeof folder, "r%d", round);
		for (uint64_t i = check_random(&random) % 40; i > 0; i--) {
			size_t hour = check_random(&random) % COUNT(has);
			has[hour] = true;
			hc_instant_hour_path(start + (int64_t)hour * HC_HOUR_US, path);
			snprintf(key, sizeof key, "%s/%s/%d", folder, path, (int)(check_random(&random) % 3));
			put_object("b", hc_str(key));
		}
		struct hc_location l = {HC_STR("b"), hc_str(folder)};
		size_t from = check_random(&random) % COUNT(has), to = check_random(&random) % COUNT(has), n = 0;
		struct hc_hours h;
		ok(hc_hours_with_data(check_db, &l, HC_STR(""), start + (int64_t)from * HC_HOUR_US,
				      start + (int64_t)to * HC_HOUR_US, &check_arena, &h, &check_err));
		for (size_t i = from; i <= to && from <= to; i++) {
			if (!has[i])
				continue;
			assert_true(n < h.n);
			assert_int_equal(h.list[n++], start + (int64_t)i * HC_HOUR_US);
		}
		assert_int_equal(n, h.n);
		int64_t newest = INT64_MIN;
		for (size_t i = 0; i < COUNT(has); i++)
			newest = has[i] ? start + (int64_t)i * HC_HOUR_US : newest;
		if (h.n == 0)
			assert_int_equal(h.newest_us, newest);
	}
}

static void check_variants(const char *uri, const char *above, const char *expected)
{
	struct hc_location l;
	struct hc_str *list;
	size_t n;
	char text[256] = "";
	assert_true(hc_location_parse(hc_str(uri), &l));
	ok(hc_hours_variants(check_db, &l, hc_str(above), &check_arena, &list, &n, &check_err));
	for (size_t i = 0; i < n; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "%s%.*s", i ? " " : "", HC_STR_ARG(list[i]));
	check_str(hc_str(text), expected);
}

static void test_variants(void **state)
{
	(void)state;
	PUT("b/cap/ep/B/2026/03/01/00/a", "b/cap/ep/A/2026/03/01/00/a", "b/cap/ep/file", "b/cap/ep2/C/x", "b/cap/ep//x",
	    "b/cap//ep/D/x", "b/ep/E/x", "b//ep/F/x");
	check_variants("s3://b/cap", "ep", "A B");
	check_variants("s3://b/cap/", "ep", "A B");
	check_variants("s3://b/cap", "/ep", "D");
	check_variants("s3://b", "ep", "E");
	check_variants("s3://b/", "/ep", "F");
	check_variants("s3://b/cap", "none", "");
	check_variants("s3://none/cap", "ep", "");
	/* files beside them hide none; there is an end */
	char key[64];
	ok(hc_db_exec(check_db, "BEGIN", &check_err));
	for (int i = 0; i < 2500; i++) {
		snprintf(key, sizeof key, "many/ep/0%d", i);
		put_object("b", hc_str(key));
	}
	for (int i = 0; i <= HC_VARIANTS_MAX; i++) {
		snprintf(key, sizeof key, "over/ep/v%d/x", i);
		put_object("b", hc_str(key));
	}
	ok(hc_db_exec(check_db, "COMMIT", &check_err));
	PUT("b/many/ep/A/x");
	check_variants("s3://b/many", "ep", "A");
	struct hc_location l = {HC_STR("b"), HC_STR("over")};
	struct hc_str *list;
	size_t n;
	assert_int_equal(hc_hours_variants(check_db, &l, HC_STR("ep"), &check_arena, &list, &n, &check_err), HC_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_sched(test_locations),  in_sched(test_range),  in_sched(test_odd_keys), in_sched(test_many_odd),
		in_sched(test_many_hours), in_sched(test_random), in_sched(test_variants),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
