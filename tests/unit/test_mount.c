#include "store/store.h"

#include "check.h"

static const char *resolve(const char *uri, struct hc_arena *arena, struct hc_err *err)
{
	const char *path = NULL;
	enum hc_code code = hc_store_resolve(uri, arena, &path, err);
	assert_int_equal(code, path ? HC_OK : HC_USAGE);
	return path;
}

static void test_mount(void **state)
{
	(void)state;
	struct hc_err err;
	HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(1 << 20);
	assert_false(hc_store_is_mounted());
	assert_null(resolve("s3://b/k", &arena, &err));
	hc_store_mount("objects");
	assert_true(hc_store_is_mounted());
	static const struct {
		const char *uri, *path; /* NULL: refused */
	} table[] = {
		{"s3://b/k", "objects/b/k"},
		{"s3://b/k/..x/y../...", "objects/b/k/..x/y../..."},
		{"s3://b", "objects/b"},
		{"s3:///etc/passwd", "objects//etc/passwd"},
		{"s3://", NULL},
		{"s3://..", NULL},
		{"s3://../etc", NULL},
		{"s3://b/..", NULL},
		{"s3://b/../../etc", NULL},
		{"S3://b/k", NULL},
		{"https://b/k", NULL},
		{"plain/path", "plain/path"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		const char *path = resolve(table[i].uri, &arena, &err);
		if ((path == NULL) != (table[i].path == NULL) || (path && strcmp(path, table[i].path) != 0))
			fail_msg("%s: %s", table[i].uri, path ? path : "refused");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_mount)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
