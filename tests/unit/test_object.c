#include "catalog/object.h"

#include <time.h>

#include "catalog/catalog.h"
#include "catalog/upload.h"
#include "check_files.h"

static struct hc_err err;

#define ok(call)                                            \
	do {                                                \
		if ((call) != HC_OK)                        \
			fail_msg("%s: %s", #call, err.msg); \
	} while (0)

#define S(text) HC_STR(text)

/* Each test's calls run as one work in the writer's transaction: failures jump out of main's thread, so that they are told, not asserted, there. */
typedef void body(struct hc_db *db);

static enum hc_code run(struct hc_db *db, void *arg, struct hc_err *e)
{
	(void)e;
	(*(body **)arg)(db);
	return HC_OK;
}

/* cmocka's failures must not leave the writer's thread: what a body finds is noted here. */
static char found_wrong[512];
#define expect(condition)                                                                                           \
	do {                                                                                                        \
		if (!(condition) && !found_wrong[0])                                                                \
			snprintf(found_wrong, sizeof found_wrong, "%s:%d: %s (%s)", __FILE__, __LINE__, #condition, \
				 err.code ? err.msg : "");                                                          \
	} while (0)
#define good(call) expect((call) == HC_OK)

static void with_catalog(body *b)
{
	struct hc_catalog *c;
	found_wrong[0] = '\0';
	ok(hc_catalog_open(path_of("catalog"), &c, &err));
	struct hc_err e;
	enum hc_code code = hc_catalog_write(c, run, &b, &e);
	hc_catalog_close(c);
	if (code != HC_OK)
		fail_msg("%s", e.msg);
	if (found_wrong[0])
		fail_msg("%s", found_wrong);
}

static enum hc_code put(struct hc_db *db, const char *bucket, struct hc_str key, unsigned content,
			char old[HC_CONTENT_ID_SIZE])
{
	struct hc_stored o = {.bucket = hc_str(bucket), .key = key, .size = content, .modified_us = 5, .etag = S("e")};
	snprintf(o.content, sizeof o.content, "%032x", content);
	return hc_stored_put(db, &o, old, &err);
}

static void buckets(struct hc_db *db)
{
	struct hc_arena arena = HC_ARENA(1 << 20);
	bool made, found, empty;
	int64_t created;
	struct hc_bucket *list;
	size_t n;
	char old[HC_CONTENT_ID_SIZE];
	good(hc_bucket_create(db, S("b"), 7, &made, &err));
	expect(made);
	good(hc_bucket_create(db, S("b"), 8, &made, &err));
	expect(!made);
	good(hc_bucket_create(db, S("a"), 9, &made, &err));
	good(hc_bucket_get(db, S("b"), &created, &found, &err));
	expect(found && created == 7);
	good(hc_bucket_get(db, S("c"), &created, &found, &err));
	expect(!found);
	good(hc_bucket_list(db, &arena, &list, &n, &err));
	expect(n == 2 && hc_str_eq(list[0].name, S("a")) && hc_str_eq(list[1].name, S("b")));
	good(put(db, "b", S("k"), 1, old));
	good(hc_bucket_delete(db, S("b"), &empty, &err));
	expect(!empty);
	good(hc_stored_delete(db, S("b"), S("k"), old, &err));
	good(hc_bucket_delete(db, S("b"), &empty, &err));
	expect(empty);
	good(hc_bucket_get(db, S("b"), &created, &found, &err));
	expect(!found);
	expect(put(db, "b", S("k"), 1, old) == HC_EMPTY);
	hc_arena_free(&arena);
}

static void objects(struct hc_db *db)
{
	struct hc_arena arena = HC_ARENA(1 << 20);
	bool made, found, used;
	char old[HC_CONTENT_ID_SIZE];
	struct hc_stored o;
	good(hc_bucket_create(db, S("b"), 7, &made, &err));
	good(put(db, "b", S("k"), 1, old));
	expect(old[0] == '\0');
	good(put(db, "b", S("k"), 2, old));
	expect(strcmp(old, "00000000000000000000000000000001") == 0);
	good(hc_stored_get(db, S("b"), S("k"), &arena, &o, &found, &err));
	expect(found && o.size == 2 && o.modified_us == 5 && hc_str_eq(o.etag, S("e")) &&
	       hc_str_eq(o.headers, S("{}")));
	/* a copy shares the content: the last one to go hands it out */
	good(put(db, "b", S("copy"), 2, old));
	good(hc_stored_delete(db, S("b"), S("k"), old, &err));
	expect(old[0] == '\0');
	good(hc_content_is_used(db, "00000000000000000000000000000002", &used, &err));
	expect(used);
	good(put(db, "b", S("copy"), 2, old)); /* over itself */
	expect(old[0] == '\0');
	good(hc_stored_delete(db, S("b"), S("copy"), old, &err));
	expect(strcmp(old, "00000000000000000000000000000002") == 0);
	good(hc_content_is_used(db, old, &used, &err));
	expect(!used);
	good(hc_stored_delete(db, S("b"), S("copy"), old, &err));
	expect(old[0] == '\0');
	good(hc_stored_delete(db, S("nowhere"), S("copy"), old, &err));
	good(hc_stored_get(db, S("b"), S("K"), &arena, &o, &found, &err));
	expect(!found);
	hc_arena_free(&arena);
}

static void uploads(struct hc_db *db)
{
	struct hc_arena arena = HC_ARENA(1 << 20);
	bool made, found, truncated, used;
	struct hc_upload u, *list;
	struct hc_part part = {.number = 2, .size = 9, .etag = S("x")}, *parts;
	char old[HC_CONTENT_ID_SIZE], (*contents)[HC_CONTENT_ID_SIZE];
	size_t n;
	good(hc_bucket_create(db, S("b"), 7, &made, &err));
	expect(hc_upload_create(db, S("c"), S("k"), S("u0"), S("{}"), 1, &err) == HC_EMPTY);
	good(hc_upload_create(db, S("b"), S("k"), S("u2"), S("{}"), 1, &err));
	good(hc_upload_create(db, S("b"), S("k"), S("u1"), S("{}"), 1, &err));
	good(hc_upload_create(db, S("b"), S("a/x"), S("u3"), S("{}"), 1, &err));
	good(hc_upload_get(db, S("b"), S("other"), S("u1"), &arena, &u, &found, &err));
	expect(!found);
	good(hc_upload_get(db, S("b"), S("k"), S("u1"), &arena, &u, &found, &err));
	expect(found && u.initiated_us == 1);
	struct hc_uploads_query q = {.bucket = S("b"), .limit = 2};
	good(hc_upload_list(db, &q, &arena, &list, &n, &truncated, &err));
	expect(n == 2 && truncated && hc_str_eq(list[0].name, S("u3")) && hc_str_eq(list[1].name, S("u1")));
	q.after_key = S("k");
	q.after_name = S("u1");
	good(hc_upload_list(db, &q, &arena, &list, &n, &truncated, &err));
	expect(n == 1 && !truncated && hc_str_eq(list[0].name, S("u2")));
	q = (struct hc_uploads_query){.bucket = S("b"), .prefix = S("a/"), .limit = 2};
	good(hc_upload_list(db, &q, &arena, &list, &n, &truncated, &err));
	expect(n == 1 && hc_str_eq(list[0].key, S("a/x")));

	snprintf(part.content, sizeof part.content, "%032x", 1U);
	good(hc_part_put(db, u.id, &part, old, &err));
	expect(!old[0]);
	part.number = 1;
	snprintf(part.content, sizeof part.content, "%032x", 2U);
	good(hc_part_put(db, u.id, &part, old, &err));
	snprintf(part.content, sizeof part.content, "%032x", 3U);
	good(hc_part_put(db, u.id, &part, old, &err));
	expect(strcmp(old, "00000000000000000000000000000002") == 0);
	good(hc_part_list(db, u.id, 0, 1, &arena, &parts, &n, &truncated, &err));
	expect(n == 1 && truncated && parts[0].number == 1 && parts[0].size == 9);
	good(hc_part_list(db, u.id, 1, 1, &arena, &parts, &n, &truncated, &err));
	expect(n == 1 && !truncated && parts[0].number == 2);
	good(hc_content_is_used(db, "00000000000000000000000000000003", &used, &err));
	expect(used);
	good(hc_bucket_parts(db, S("b"), 10, &arena, &contents, &n, &err));
	expect(n == 2);
	good(hc_upload_delete(db, u.id, &err));
	good(hc_content_is_used(db, "00000000000000000000000000000003", &used, &err));
	expect(!used);
	/* a bucket's uploads go with it */
	good(hc_bucket_delete(db, S("b"), &made, &err));
	expect(made);
	good(hc_upload_get(db, S("b"), S("k"), S("u2"), &arena, &u, &found, &err));
	expect(!found);
	hc_arena_free(&arena);
}

static void test_buckets(void **state)
{
	(void)state;
	with_catalog(buckets);
}

static void test_objects(void **state)
{
	(void)state;
	with_catalog(objects);
}

static void test_uploads(void **state)
{
	(void)state;
	with_catalog(uploads);
}

/* --- listing, against a naive model --- */

enum { KEYS = 120, KEY_MAX = 8 };

struct model {
	struct hc_str keys[KEYS]; /* sorted */
	size_t n;
};

static int by_bytes(const void *a, const void *b)
{
	return hc_str_cmp(*(const struct hc_str *)a, *(const struct hc_str *)b);
}

/* What a listing from the start gives, all of it: common prefixes and keys, in order, each once. */
static size_t model_entries(const struct model *m, struct hc_str prefix, struct hc_str delimiter, struct hc_str *out)
{
	size_t n = 0;
	for (size_t i = 0; i < m->n; i++) {
		struct hc_str key = m->keys[i];
		if (key.n < prefix.n || memcmp(key.p, prefix.p, prefix.n) != 0)
			continue;
		for (size_t at = prefix.n; delimiter.n > 0 && at + delimiter.n <= m->keys[i].n; at++)
			if (memcmp(key.p + at, delimiter.p, delimiter.n) == 0) {
				key.n = at + delimiter.n;
				break;
			}
		if (n == 0 || !hc_str_eq(out[n - 1], key))
			out[n++] = key;
	}
	return n;
}

/* A text of few letters, so that prefixes are shared; some of more than one byte. */
static struct hc_str random_text(uint64_t *random, size_t max, struct hc_arena *arena)
{
	static const char *const letters[] = {"a",    "b",   "/", "/", "-", "0", "\xc3\xbf", "\xf4\x8f\xbf\xbf",
					      "\x01", "\x7f"};
	char text[64];
	size_t n = 0;
	for (size_t left = check_random(random) % (max + 1); left > 0; left--) {
		const char *letter = letters[check_random(random) % COUNT(letters)];
		memcpy(text + n, letter, strlen(letter));
		n += strlen(letter);
	}
	return hc_arena_copy(arena, (struct hc_str){text, n});
}

static void check_page(struct hc_db *db, const struct model *m, uint64_t *random)
{
	struct hc_arena arena = HC_ARENA(1 << 20);
	struct hc_str all[KEYS];
	struct hc_listing_query q = {.bucket = S("b"), .prefix = random_text(random, 2, &arena)};
	q.delimiter = random_text(random, check_random(random) % 3, &arena);
	q.limit = 1 + check_random(random) % 9;
	if (check_random(random) % 2)
		q.after = random_text(random, 4, &arena);
	size_t n_all = model_entries(m, q.prefix, q.delimiter, all), at = 0, n;
	while (at < n_all && q.after.n > 0 && hc_str_cmp(all[at], q.after) <= 0)
		at++;
	for (bool truncated = true; truncated;) { /* page by page */
		struct hc_listing_entry *list;
		good(hc_listing(db, &q, &arena, &list, &n, &truncated, &err));
		expect(n == (n_all - at < q.limit ? n_all - at : q.limit));
		expect(truncated == (n_all - at > q.limit));
		for (size_t i = 0; i < n && at < n_all; i++, at++) {
			bool is_key = bsearch(&all[at], m->keys, m->n, sizeof *m->keys, by_bytes) != NULL;
			expect(hc_str_eq(list[i].key, all[at]));
			expect(is_key || list[i].is_prefix);
		}
		if (found_wrong[0])
			break;
		if (n > 0)
			q.after = list[n - 1].key;
	}
	expect(at == n_all);
	hc_arena_free(&arena);
}

static void listings(struct hc_db *db)
{
	uint64_t random = 1;
	bool made;
	char old[HC_CONTENT_ID_SIZE];
	good(hc_bucket_create(db, S("a"), 7, &made, &err));
	good(hc_bucket_create(db, S("b"), 7, &made, &err));
	good(hc_bucket_create(db, S("c"), 7, &made, &err));
	good(put(db, "a", S("zzz"), 1, old)); /* neighbours must not be seen */
	good(put(db, "c", S("/"), 1, old));
	for (int round = 0; round < 20 && !found_wrong[0]; round++) {
		struct hc_arena arena = HC_ARENA(1 << 20);
		struct model m = {.n = 0};
		for (int i = 0; i < KEYS; i++) {
			struct hc_str key = random_text(&random, KEY_MAX, &arena);
			if (key.n == 0)
				continue;
			good(put(db, "b", key, 3, old));
			bool there = false;
			for (size_t k = 0; k < m.n; k++)
				there |= hc_str_eq(m.keys[k], key);
			if (!there)
				m.keys[m.n++] = key;
		}
		qsort(m.keys, m.n, sizeof *m.keys, by_bytes);
		for (int i = 0; i < 100 && !found_wrong[0]; i++)
			check_page(db, &m, &random);
		for (size_t i = 0; i < m.n; i++)
			good(hc_stored_delete(db, S("b"), m.keys[i], old, &err));
		hc_arena_free(&arena);
	}
}

static void test_listings(void **state)
{
	(void)state;
	with_catalog(listings);
}

static void odd_listings(struct hc_db *db)
{
	struct hc_arena arena = HC_ARENA(1 << 20);
	struct hc_listing_entry *list;
	size_t n;
	bool truncated, made;
	char old[HC_CONTENT_ID_SIZE];
	struct hc_listing_query q = {.bucket = S("nowhere"), .limit = 5};
	good(hc_listing(db, &q, &arena, &list, &n, &truncated, &err));
	expect(n == 0 && !truncated);
	good(hc_bucket_create(db, S("b"), 7, &made, &err));
	good(put(db, "b", S("k"), 3, old));
	q = (struct hc_listing_query){.bucket = S("b"), .limit = 0};
	good(hc_listing(db, &q, &arena, &list, &n, &truncated, &err));
	expect(n == 0 && !truncated);
	q = (struct hc_listing_query){.bucket = S("b"),
				      .prefix = S("\xff\xff"),
				      .delimiter = S("\xff"),
				      .after = S("\xff\xff\xff"),
				      .limit = 5};
	good(hc_listing(db, &q, &arena, &list, &n, &truncated, &err));
	expect(n == 0 && !truncated);
	hc_arena_free(&arena);
}

static void test_odd_listings(void **state)
{
	(void)state;
	with_catalog(odd_listings);
}

/* --- a million keys, by hand: HC_TEST_KEYS=1000000 test_object --- */

static double seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void million(struct hc_db *db)
{
	const char *asked = getenv("HC_TEST_KEYS");
	long keys = asked ? strtol(asked, NULL, 10) : 0;
	bool made, truncated;
	char key[64], old[HC_CONTENT_ID_SIZE];
	good(hc_bucket_create(db, S("b"), 7, &made, &err));
	double begun = seconds();
	for (long i = 0; i < keys; i++) {
		snprintf(key, sizeof key, "%03ld/%02ld/object-%07ld.jsonl", i % 997, i % 31, i);
		good(put(db, "b", hc_str(key), (unsigned)i, old));
	}
	print_message("%ld keys in %.1f s\n", keys, seconds() - begun);
	static const struct {
		const char *what;
		struct hc_str prefix, delimiter, after;
	} pages[] = {
		{"first page", {"", 0}, {"", 0}, {"", 0}},
		{"a page in the middle", {"", 0}, {"", 0}, {"500/", 4}},
		{"the folders of the top", {"", 0}, {"/", 1}, {"", 0}},
		{"the folders of one folder", {"500/", 4}, {"/", 1}, {"", 0}},
		{"behind the last", {"", 0}, {"", 0}, {"~", 1}},
	};
	for (size_t i = 0; i < COUNT(pages); i++) {
		struct hc_arena arena = HC_ARENA(16 << 20);
		struct hc_listing_query q = {S("b"), pages[i].prefix, pages[i].delimiter, pages[i].after, 1000};
		struct hc_listing_entry *list;
		size_t n = 0;
		begun = seconds();
		good(hc_listing(db, &q, &arena, &list, &n, &truncated, &err));
		print_message("%s: %zu entries in %.2f ms\n", pages[i].what, n, 1e3 * (seconds() - begun));
		hc_arena_free(&arena);
	}
}

static void test_million(void **state)
{
	(void)state;
	if (getenv("HC_TEST_KEYS"))
		with_catalog(million);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_folder(test_buckets),  in_folder(test_objects),      in_folder(test_uploads),
		in_folder(test_listings), in_folder(test_odd_listings), in_folder(test_million),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
