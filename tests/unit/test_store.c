#include "store/store.h"

#include "check_files.h"
#include "sys/files.h"

/* "key=size " of each object, in the order of the listing. */
static void check_listing(const char *name, const char *expected)
{
	struct hc_arena arena = HC_ARENA(1 << 20);
	struct hc_buf out = HC_BUF(1 << 20);
	struct hc_objects objects = {0};
	struct hc_err err;
	assert_int_equal(hc_store_list(path_of(name), 2, &arena, &objects, &err), HC_OK);
	for (size_t i = 0; i < objects.n; i++)
		hc_buf_printf(&out, "%s=%d ", objects.list[i].key, (int)objects.list[i].size);
	check_str(hc_buf_view(&out), expected);
	hc_objects_free(&objects);
	assert_int_equal(objects.n, 0);
	hc_buf_free(&out);
	hc_arena_free(&arena);
}

static void test_order(void **state)
{
	(void)state;
	/* by the bytes of the whole key, as S3 lists: '-' and '.' come before '/', capitals before the rest */
	static const char *const names[] = {"b", "a/c", "a-b", "a.b", "a/b/x", "a0", "B", "a/b.x", "\xc3\xa4", "a/ "};
	for (size_t i = 0; i < COUNT(names); i++) {
		char name[32];
		snprintf(name, sizeof name, "order/%s", names[i]);
		make_file(name, "x");
	}
	check_listing("order", "B=1 a-b=1 a.b=1 a/ =1 a/b.x=1 a/b/x=1 a/c=1 a0=1 b=1 \xc3\xa4=1 ");
	check_listing("order/", "B=1 a-b=1 a.b=1 a/ =1 a/b.x=1 a/b/x=1 a/c=1 a0=1 b=1 \xc3\xa4=1 ");
	check_listing("order/a", " =1 b.x=1 b/x=1 c=1 ");
}

static void test_what_is_listed(void **state)
{
	(void)state;
	make_file("data/a.jsonl", "12345");
	make_file("data/.hidden", "");
	make_file("data/_SUCCESS", "");
	make_file("data/.git/config", "");
	make_file("data/_temporary/0/part", "");
	make_file("data/deep/_x/y", "");
	make_file("data/deep/x_", "1");
	make_file("data/x.", "");
	make_folder("data/empty/folders");
	make_file("elsewhere/b", "12");
	assert_int_equal(symlink("../elsewhere", path_of("data/link")), 0);
	check_listing("data", "a.jsonl=5 deep/x_=1 link/b=2 x.=0 ");
	/* a name that was asked for is not hidden */
	check_listing("data/_temporary", "0/part=0 ");
	/* an object is a listing of one; nothing is one of none */
	check_listing("data/a.jsonl", "=5 ");
	check_listing("data/empty", "");
	check_listing("nowhere", "");
	check_listing("data/a.jsonl/below", "");
	/* a link that leads nowhere is told of */
	struct hc_arena arena = HC_ARENA(1 << 20);
	struct hc_objects objects = {.n = 77};
	struct hc_err err;
	assert_int_equal(symlink("nowhere", path_of("data/dangling")), 0);
	assert_int_equal(hc_store_list(path_of("data"), 2, &arena, &objects, &err), HC_INPUT);
	assert_non_null(strstr(err.msg, "data/dangling: is a link that leads nowhere"));
	assert_int_equal(objects.n, 77);
	hc_arena_free(&arena);
}

/* More names than one worker looks at: the same listing, and the same error, for any number of workers. */
static void test_large_folder(void **state)
{
	(void)state;
	enum { FILES = 3000 };
	struct hc_err err;
	char name[64];
	for (int i = 0; i < FILES; i++) {
		snprintf(name, sizeof name,
			 i % 1000 == 7   ? "large/%05d/in"
			 : i % 1000 == 8 ? "large/.%05d"
					 : "large/%05d",
			 i);
		make_file_of(name, "0123456789", (size_t)i % 10);
	}
	for (unsigned workers = 0; workers < 5; workers++) {
		struct hc_arena arena = HC_ARENA(1 << 22);
		struct hc_objects objects;
		assert_int_equal(hc_store_list(path_of("large"), workers, &arena, &objects, &err), HC_OK);
		assert_int_equal(objects.n, FILES - 3);
		for (int i = 0, k = 0; i < FILES; i++) {
			if (i % 1000 == 8)
				continue;
			snprintf(name, sizeof name, i % 1000 == 7 ? "%05d/in" : "%05d", i);
			assert_string_equal(objects.list[k].key, name);
			assert_int_equal(objects.list[k++].size, i % 10);
		}
		hc_objects_free(&objects);
		hc_arena_free(&arena);
	}
	assert_int_equal(symlink("nowhere", path_of("large/01500-first")), 0);
	assert_int_equal(symlink("nowhere", path_of("large/02500-second")), 0);
	for (unsigned workers = 1; workers < 5; workers++) {
		struct hc_arena arena = HC_ARENA(1 << 22);
		struct hc_objects objects;
		assert_int_equal(hc_store_list(path_of("large"), workers, &arena, &objects, &err), HC_INPUT);
		assert_non_null(strstr(err.msg, "large/01500-first: is a link that leads nowhere"));
		hc_arena_free(&arena);
	}
}

static void test_too_deep(void **state)
{
	(void)state;
	struct hc_arena arena = HC_ARENA(1 << 20);
	struct hc_objects objects = {.n = 77};
	struct hc_err err;
	char name[1024] = "deep";
	for (int i = 0; i < HC_STORE_DEPTH_MAX; i++)
		strcat(name, "/d");
	make_folder(name);
	strcat(name, "/file");
	make_file(name, "x");
	assert_int_equal(hc_store_list(path_of("deep"), 2, &arena, &objects, &err), HC_OK);
	assert_int_equal(objects.n, 1);
	hc_objects_free(&objects);
	/* a link to a folder above has no end */
	assert_int_equal(symlink("..", path_of("deep/loop")), 0);
	objects.n = 77;
	assert_int_not_equal(hc_store_list(path_of("deep"), 2, &arena, &objects, &err), HC_OK);
	assert_int_equal(objects.n, 77);
	hc_arena_free(&arena);
}

static void test_prefixes(void **state)
{
	(void)state;
	struct hc_arena arena = HC_ARENA(1 << 20);
	struct hc_prefixes prefixes;
	struct hc_err err;
	make_file("top/b/x", "");
	make_file("top/a/x", "");
	make_file("top/a-b/c/x", "");
	make_file("top/.hidden/x", "");
	make_file("top/_temporary/x", "");
	make_file("top/file", "");
	assert_int_equal(hc_store_prefixes(path_of("top"), &arena, &prefixes, &err), HC_OK);
	assert_int_equal(prefixes.n, 3);
	assert_string_equal(prefixes.list[0], "a");
	assert_string_equal(prefixes.list[1], "a-b");
	assert_string_equal(prefixes.list[2], "b");
	static const char *const none[] = {"nowhere", "top/file", "top/b"};
	for (size_t i = 0; i < COUNT(none); i++) {
		assert_int_equal(hc_store_prefixes(path_of(none[i]), &arena, &prefixes, &err), HC_OK);
		assert_int_equal(prefixes.n, 0);
	}
	hc_arena_free(&arena);
}

static void test_opening(void **state)
{
	(void)state;
	struct hc_source *source = NULL;
	struct hc_err err;
	char buf[10];
	size_t got;
	make_file("file", "text");
	assert_int_equal(hc_store_open(path_of("file"), &source, &err), HC_OK);
	assert_int_equal(source->read(source, buf, sizeof buf, &got, &err), HC_OK);
	check_str(((struct hc_str){buf, got}), "text");
	hc_source_close(source);
	assert_int_equal(hc_store_open(path_of("nowhere"), &source, &err), HC_INPUT);
	assert_non_null(strstr(err.msg, path_of("nowhere")));
}

static void test_addresses(void **state)
{
	(void)state;
	static const struct {
		const char *uri, *path;
	} good[] = {
		{"relative", "relative"},
		{"./a/b", "./a/b"},
		{"/absolute/path", "/absolute/path"},
		{"file:///", "/"},
		{"file:///a/b.csv", "/a/b.csv"},
		{"a b", "a b"},
		{"file.csv", "file.csv"},
		{"file:odd", "file:odd"},
		{"..", ".."},
		{"\xc3\xa4.csv", "\xc3\xa4.csv"},
	};
	static const char *const bad[] = {
		"",          "s3://bucket/prefix", "S3://bucket",     "https://host/path",
		"file://",   "file://host/path",   "file://relative", "gs://b",
		"s3a://b/c",
	};
	struct hc_arena arena = HC_ARENA(1 << 20);
	struct hc_err err;
	const char *path;
	for (size_t i = 0; i < COUNT(good); i++) {
		assert_int_equal(hc_store_resolve(good[i].uri, &arena, &path, &err), HC_OK);
		assert_string_equal(path, good[i].path);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		path = "untouched";
		assert_int_equal(hc_store_resolve(bad[i], &arena, &path, &err), HC_USAGE);
		assert_string_equal(path, "untouched");
		assert_true(strlen(err.hint) > 0);
		if (*bad[i])
			assert_non_null(strstr(err.msg, bad[i]));
	}
	char long_path[HC_PATH_LEN_MAX + 1];
	memset(long_path, 'x', sizeof long_path - 1);
	long_path[sizeof long_path - 1] = '\0';
	assert_int_equal(hc_store_resolve(long_path, &arena, &path, &err), HC_USAGE);
	hc_arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_folder(test_order),
		in_folder(test_what_is_listed),
		in_folder(test_large_folder),
		in_folder(test_too_deep),
		in_folder(test_prefixes),
		in_folder(test_opening),
		cmocka_unit_test(test_addresses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
