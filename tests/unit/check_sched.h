/*
 * What the tests of the scheduler share: a catalog of their own, open for writing in this thread, with objects and resources put into it by one line each.
 *
 * JSON is written with ' in place of " here.
 */
#ifndef HC_TEST_CHECK_SCHED_H
#define HC_TEST_CHECK_SCHED_H

#include "check_files.h"

#include <jansson.h>

#include "base/instant.h"
#include "catalog/catalog.h"
#include "catalog/object.h"
#include "catalog/resource.h"
#include "contract/tree.h"

static struct hc_db *check_db;
static struct hc_arena check_arena; /* of one test */
static struct hc_err check_err;

#define ok(call)                                                  \
	do {                                                      \
		if ((call) != HC_OK)                              \
			fail_msg("%s: %s", #call, check_err.msg); \
	} while (0)

static inline int open_sched(void **state)
{
	struct hc_catalog *c;
	if (enter_folder(state) != 0)
		return -1;
	check_arena = HC_ARENA(512 << 20);
	if (hc_catalog_open(path_of("catalog.db"), &c, &check_err) != HC_OK)
		return -1;
	hc_catalog_close(c);
	return hc_db_open(path_of("catalog.db"), HC_DB_WRITER, &check_db, &check_err) == HC_OK ? 0 : -1;
}

static inline int close_sched(void **state)
{
	hc_db_close(check_db);
	hc_arena_free(&check_arena);
	return leave_folder(state);
}

#define in_sched(test) cmocka_unit_test_setup_teardown(test, open_sched, close_sched)

static inline int64_t at(const char *text)
{
	int64_t us = 0;
	if (!hc_instant_parse(hc_str(text), &us))
		fail_msg("%s is no instant", text);
	return us;
}

/* The text with " for '. */
static inline struct hc_str quoted(const char *text)
{
	char *copy = hc_arena_cstring(&check_arena, hc_str(text));
	assert_non_null(copy);
	for (char *c = copy; *c; c++)
		if (*c == '\'')
			*c = '"';
	return hc_str(copy);
}

static inline json_t *tree_of(const char *text)
{
	json_t *tree = hc_tree_parse(quoted(text));
	if (!tree)
		fail_msg("no JSON: %s", text);
	return tree;
}

static inline void make_bucket(const char *name)
{
	bool made;
	ok(hc_bucket_create(check_db, hc_str(name), 1, &made, &check_err));
}

static inline void put_object(const char *bucket, struct hc_str key)
{
	char old[HC_CONTENT_ID_SIZE];
	struct hc_stored o = {.bucket = hc_str(bucket),
			      .key = key,
			      .content = "00000000000000000000000000000000",
			      .etag = HC_STR("x"),
			      .headers = HC_STR("{}")};
	ok(hc_stored_put(check_db, &o, old, &check_err));
}

/* "BUCKET/KEY" of each; the list ends with NULL. */
static inline void put_objects(const char *const *names)
{
	for (; *names; names++) {
		const char *slash = strchr(*names, '/');
		char bucket[64] = "";
		assert_non_null(slash);
		memcpy(bucket, *names, (size_t)(slash - *names));
		make_bucket(bucket);
		put_object(bucket, hc_str(slash + 1));
	}
}
#define PUT(...) put_objects((const char *const[]){__VA_ARGS__, NULL})

/* A part of a tree as compact JSON with sorted keys and ' for "; "" when it is not there. */
#define check_tree_is(tree, path, expected) check_tree_is_at((tree), (path), (expected), __FILE__, __LINE__)

static inline void check_tree_is_at(const json_t *tree, const char *path, const char *expected, const char *file,
				    int line)
{
	const json_t *part = hc_tree_at(tree, path);
	char *text = part ? json_dumps(part, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY) : NULL;
	char *wanted = hc_arena_cstring(&check_arena, quoted(expected));
	struct hc_str got = hc_str(text ? text : "");
	assert_non_null(wanted);
	if (!hc_str_eq(got, hc_str(wanted)))
		print_error("%s:\n", path);
	check_str_at(got, wanted, file, line);
	free(text);
}

#endif
