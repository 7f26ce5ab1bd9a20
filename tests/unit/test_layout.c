#include "dataset/layout.h"

#include "base/instant.h"
#include "check_files.h"

static const char *const jsonl[] = {".jsonl", NULL};
static const char *const any_record[] = {".jsonl", ".json", "", NULL};

static int64_t at(const char *text)
{
	int64_t us;
	if (!hc_instant_parse(hc_str(text), &us))
		fail_msg("no time: %s", text);
	return us;
}

/* "above|YYYY-MM-DDTHH|key|size " of each file, in their order. */
static void tell(const struct hc_input_files *files, struct hc_buf *out)
{
	for (size_t i = 0; i < files->n; i++) {
		const struct hc_input_file *f = &files->list[i];
		char hour[HC_INSTANT_SIZE];
		hc_instant_print(f->hour_us, hour);
		hc_buf_printf(out, "%s|%.13s|%s|%d\n", f->above, hour, f->key, (int)f->size);
		assert_true(hc_str_ends(hc_str(f->path), f->key));
		assert_int_equal(access(f->path, R_OK), 0);
		assert_string_equal(f->source, "capture");
	}
}

static void check_collected(const char *root, size_t above_max, const char *first, const char *last,
			    const char *const *suffixes, const char *expected, size_t passed_over)
{
	struct hc_arena arena = HC_ARENA(1 << 20);
	struct hc_input_files files = {.arena = &arena};
	struct hc_buf out = HC_BUF(1 << 20);
	struct hc_err err;
	if (hc_layout_collect(path_of(root), "capture", above_max, at(first), at(last), suffixes, &files, NULL, &err) !=
	    HC_OK)
		fail_msg("%s", err.msg);
	tell(&files, &out);
	check_str(hc_buf_view(&out), expected);
	assert_int_equal(files.passed_over, passed_over);
	assert_int_equal(files.passed_over_example != NULL, passed_over > 0);
	hc_buf_free(&out);
	hc_input_files_free(&files);
	hc_arena_free(&arena);
}

/* Date folders directly below the root, one and two folders deeper. */
static void test_above(void **state)
{
	(void)state;
	make_file("in/2021/05/18/00/a.jsonl", "1");
	make_file("in/v1/2021/05/18/00/b.jsonl", "12");
	make_file("in/ep/v2/2021/05/18/00/c.jsonl", "123");
	make_file("in/ep/v1/2021/05/18/00/d.jsonl", "");
	make_file("in/too/deep/by/2021/05/18/00/e.jsonl", "");
	make_file("in/2021/05/18/f.jsonl", "");
	make_file("in/g.jsonl", "");
	make_file("in/ep/h.jsonl", "");
	check_collected("in", 2, "2021-05-18T00:00", "2021-05-18T00:00", jsonl,
			"|2021-05-18T00|2021/05/18/00/a.jsonl|1\n"
			"ep/v1|2021-05-18T00|ep/v1/2021/05/18/00/d.jsonl|0\n"
			"ep/v2|2021-05-18T00|ep/v2/2021/05/18/00/c.jsonl|3\n"
			"v1|2021-05-18T00|v1/2021/05/18/00/b.jsonl|2\n",
			0);
	check_collected("in/", 1, "2021-05-18T00:00", "2021-05-18T00:00", jsonl,
			"|2021-05-18T00|2021/05/18/00/a.jsonl|1\n"
			"v1|2021-05-18T00|v1/2021/05/18/00/b.jsonl|2\n",
			0);
	check_collected("in", 0, "2021-05-18T00:00", "2021-05-18T00:00", jsonl,
			"|2021-05-18T00|2021/05/18/00/a.jsonl|1\n", 0);
	/* named by the endpoint or by the variant, the records are the same ones */
	check_collected("in/ep", 2, "2021-05-18T00:00", "2021-05-18T00:00", jsonl,
			"v1|2021-05-18T00|v1/2021/05/18/00/d.jsonl|0\n"
			"v2|2021-05-18T00|v2/2021/05/18/00/c.jsonl|3\n",
			0);
	check_collected("in/ep/v2//", 2, "2021-05-18T00:00", "2021-05-18T00:00", jsonl,
			"|2021-05-18T00|2021/05/18/00/c.jsonl|3\n", 0);
}

static void test_range(void **state)
{
	(void)state;
	static const char *const hours[] = {
		"2020/02/29/23", "2020/03/01/00", "2020/12/31/23", "2021/01/01/00",
		"2021/05/18/00", "2021/05/18/09", "2021/05/18/10", "2021/10/01/00",
	};
	for (size_t i = 0; i < COUNT(hours); i++) {
		char name[64];
		snprintf(name, sizeof name, "in/%s/x.jsonl", hours[i]);
		make_file(name, "");
	}
	static const struct {
		const char *first, *last;
		size_t from, to; /* of `hours` */
	} table[] = {
		{"0001-01-01T00:00", "9999-12-31T23:00", 0, 8}, {"2020-02-29T23:00", "2020-02-29T23:00", 0, 1},
		{"2020-02-29T22:00", "2020-03-01T00:00", 0, 2}, {"2020-03-01T00:00", "2020-12-31T22:00", 1, 2},
		{"2020-12-31T23:00", "2021-01-01T00:00", 2, 4}, {"2021-05-18T00:00", "2021-05-18T09:00", 4, 6},
		{"2021-05-18T01:00", "2021-05-18T08:00", 0, 0}, {"2021-05-18T09:00", "2021-05-18T10:00", 5, 7},
		{"2021-05-18T10:00", "2021-05-18T09:00", 0, 0}, {"2022-01-01T00:00", "2022-12-31T23:00", 0, 0},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_arena arena = HC_ARENA(1 << 20);
		struct hc_input_files files = {.arena = &arena};
		struct hc_err err;
		assert_int_equal(hc_layout_collect(path_of("in"), "capture", 2, at(table[i].first), at(table[i].last),
						   jsonl, &files, NULL, &err),
				 HC_OK);
		if (files.n != table[i].to - table[i].from)
			fail_msg("%s to %s: %zu files", table[i].first, table[i].last, files.n);
		for (size_t k = 0; k < files.n; k++) {
			char hour[HC_HOUR_PATH_SIZE];
			hc_instant_hour_path(files.list[k].hour_us, hour);
			assert_string_equal(hour, hours[table[i].from + k]);
			assert_true(hc_str_starts(hc_str(files.list[k].key), hour));
		}
		hc_input_files_free(&files);
		hc_arena_free(&arena);
	}
}

/* Folders that look like dates and are none; files that hold no records. */
static void test_passed_over(void **state)
{
	(void)state;
	static const char *const none[] = {
		"in/2021/13/18/00/a.jsonl",    "in/2021/00/18/00/a.jsonl",  "in/2021/05/32/00/a.jsonl",
		"in/2021/02/29/00/a.jsonl",    "in/2021/05/18/24/a.jsonl",  "in/2021/5/18/00/a.jsonl",
		"in/2021/05/18/0/a.jsonl",     "in/21/05/18/00/a.jsonl",    "in/02021/05/18/00/a.jsonl",
		"in/2021/05/18/x/a.jsonl",     "in/2021/May/18/00/a.jsonl", "in/0000/01/01/00/a.jsonl",
		"in/2021/05/18/00/.a.jsonl",   "in/2021/05/18/00/_a.jsonl", "in/2021/05/18/00/_t/a.jsonl",
		"in/.x/2021/05/18/00/a.jsonl", "in/2021/+5/18/00/a.jsonl",
	};
	for (size_t i = 0; i < COUNT(none); i++)
		make_file(none[i], "");
	make_file("in/2021/05/18/00/a.jsonl", "");
	make_file("in/2021/05/18/00/a.jsonl.gz", "");
	make_file("in/2021/05/18/00/a.jsonl.zst", "");
	make_file("in/2021/05/18/00/b.csv", "");
	make_file("in/2021/05/18/00/b.jsonl.bz2", "");
	make_file("in/2021/05/18/00/jsonl", "");
	make_file("in/2021/05/18/00/deeper/c.jsonl", "");
	check_collected("in", 2, "0001-01-01T00:00", "9999-12-31T23:00", jsonl,
			"|2021-05-18T00|2021/05/18/00/a.jsonl|0\n"
			"|2021-05-18T00|2021/05/18/00/a.jsonl.gz|0\n"
			"|2021-05-18T00|2021/05/18/00/a.jsonl.zst|0\n"
			"|2021-05-18T00|2021/05/18/00/deeper/c.jsonl|0\n",
			3);
}

static void test_suffixes(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		bool jsonl, any_record;
	} table[] = {
		{"a.jsonl", true, true},           {"a.jsonl.gz", true, true},
		{"a.jsonl.zst", true, true},       {"a.json", false, true},
		{"a.json.gz", false, true},        {"a.jsonl.gz.gz", false, false},
		{"part-00000", false, true},       {"part-00000.gz", false, true},
		{"a.csv", false, false},           {"a.jsonlx", false, false},
		{"a.JSONL", false, false},         {"a.bz2", false, false},
		{"x.y/part", false, true},         {"x/y.z/a.jsonl", true, true},
		{"x/y.jsonl/z.csv", false, false}, {"05-12-345-abc.jsonl", true, true},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		if (hc_layout_holds_records(table[i].name, jsonl) != table[i].jsonl ||
		    hc_layout_holds_records(table[i].name, any_record) != table[i].any_record)
			fail_msg("%s", table[i].name);
	}
}

static void test_seen(void **state)
{
	(void)state;
	struct hc_arena arena = HC_ARENA(1 << 20);
	struct hc_input_files files = {.arena = &arena};
	struct hc_layout_seen seen = {0};
	struct hc_err err;
	make_folder("in/2021");
	assert_int_equal(hc_layout_collect(path_of("in"), "capture", 2, at("2024-01-01T00:00"), at("2024-01-01T00:00"),
					   jsonl, &files, &seen, &err),
			 HC_OK);
	assert_false(seen.any);
	make_file("in/2021/05/18/00/a.jsonl", "");
	make_file("in/v/2019/05/18/07/a.jsonl", "");
	make_file("in/v/2020/12/31/23/x.csv", "");
	make_file("in/v/2022/99/99/99/a.jsonl", "");
	/* what there is, though nothing of it is in the range */
	assert_int_equal(hc_layout_collect(path_of("in"), "capture", 2, at("2024-01-01T00:00"), at("2024-01-01T00:00"),
					   jsonl, &files, &seen, &err),
			 HC_OK);
	assert_int_equal(files.n, 0);
	assert_true(seen.any);
	assert_int_equal(seen.first_us, at("2019-05-18T07:00"));
	assert_int_equal(seen.last_us, at("2021-05-18T00:00"));
	hc_input_files_free(&files);
	hc_arena_free(&arena);
}

static void test_no_root(void **state)
{
	(void)state;
	struct hc_arena arena = HC_ARENA(1 << 20);
	struct hc_input_files files = {.arena = &arena};
	struct hc_err err;
	make_file("file", "");
	static const char *const names[] = {"nowhere", "file"};
	for (size_t i = 0; i < COUNT(names); i++) {
		assert_int_equal(
			hc_layout_collect(path_of(names[i]), "capture", 2, 0, HC_DAY_US, jsonl, &files, NULL, &err),
			HC_INPUT);
		assert_non_null(strstr(err.msg, path_of(names[i])));
		assert_non_null(strstr(err.hint, "YYYY/MM/DD/HH"));
	}
	assert_int_equal(files.n, 0);
	hc_input_files_free(&files);
	hc_arena_free(&arena);
}

/* Files are added to those that are there; the list grows as it must. */
static void test_growing(void **state)
{
	(void)state;
	struct hc_arena arena = HC_ARENA(1 << 20);
	struct hc_input_files files = {.arena = &arena};
	struct hc_err err;
	for (size_t i = 0; i < 1000; i++) {
		struct hc_input_file file = {.key = "x", .size = i};
		assert_int_equal(hc_input_files_add(&files, file, &err), HC_OK);
	}
	make_file("in/2021/05/18/00/a.jsonl", "123");
	assert_int_equal(hc_layout_collect(path_of("in"), "capture", 2, at("2021-05-18T00:00"), at("2021-05-18T00:00"),
					   jsonl, &files, NULL, &err),
			 HC_OK);
	assert_int_equal(files.n, 1001);
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(files.list[i].size, i);
	assert_string_equal(files.list[1000].key, "2021/05/18/00/a.jsonl");
	hc_input_files_free(&files);
	assert_int_equal(files.n, 0);
	hc_arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_folder(test_above),           in_folder(test_range), in_folder(test_passed_over),
		cmocka_unit_test(test_suffixes), in_folder(test_seen),  in_folder(test_no_root),
		in_folder(test_growing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
