#include "catalog/resource.h"

#include "base/buf.h"
#include "catalog/catalog.h"
#include "check_files.h"
#include "codec/base64.h"

static struct hc_err err;
static struct hc_db *db;
static struct hc_arena arena;

#define ok(call)                                            \
	do {                                                \
		if ((call) != HC_OK)                        \
			fail_msg("%s: %s", #call, err.msg); \
	} while (0)

static int enter(void **state)
{
	if (enter_folder(state) != 0)
		return -1;
	struct hc_catalog *c;
	if (hc_catalog_open(path_of("catalog"), &c, &err) != HC_OK)
		return -1;
	hc_catalog_close(c);
	arena = HC_ARENA(256 << 20);
	return hc_db_open(path_of("catalog"), HC_DB_WRITER, &db, &err) == HC_OK ? 0 : -1;
}

static int leave(void **state)
{
	hc_db_close(db);
	hc_arena_free(&arena);
	return leave_folder(state);
}

#define with_catalog(test) cmocka_unit_test_setup_teardown(test, enter, leave)

static struct hc_str text(const char *s)
{
	return s ? hc_str(s) : (struct hc_str){0};
}

static bool same_text(struct hc_str a, struct hc_str b)
{
	return (a.p != NULL) == (b.p != NULL) && hc_str_eq(a, b);
}

static bool same(const struct hc_resource *a, const struct hc_resource *b)
{
	return a->uid == b->uid && a->kind == b->kind && same_text(a->name, b->name) && same_text(a->arn, b->arn) &&
	       a->created_us == b->created_us && a->modified_us == b->modified_us && same_text(a->status, b->status) &&
	       same_text(a->failure, b->failure) && a->parent_uid == b->parent_uid && same_text(a->parent, b->parent) &&
	       a->slot_us == b->slot_us && a->revision == b->revision && same_text(a->endpoint, b->endpoint) &&
	       same_text(a->definition, b->definition) && same_text(a->type, b->type) &&
	       same_text(a->job_arn, b->job_arn) && same_text(a->doc, b->doc) && same_text(a->detail, b->detail);
}

static const struct hc_resource whole = {
	.kind = HC_KIND_EXECUTION,
	.name = {"Name", 4},
	.arn = {"arn:aws:x/name", 14},
	.created_us = 1,
	.modified_us = 2,
	.status = {"Pending", 7},
	.failure = {"it failed", 9},
	.parent_uid = 3,
	.parent = {"Parent", 6},
	.slot_us = 4,
	.revision = 5,
	.endpoint = {"endpoint", 8},
	.definition = {"definition", 10},
	.type = {"ModelQuality", 12},
	.job_arn = {"arn:aws:job", 11},
	.doc = {"{\"a\":1}", 7},
	.detail = {"{}", 2},
};

static void test_one(void **state)
{
	(void)state;
	struct hc_resource a = whole, b = {.kind = HC_KIND_JOB, .name = HC_STR("Name")}, out;
	bool found;
	int64_t n;
	ok(hc_resource_insert(db, &a, &err));
	ok(hc_resource_insert(db, &b, &err)); /* another kind */
	assert_true(a.uid > 0 && b.uid > a.uid);
	ok(hc_resource_get(db, HC_KIND_EXECUTION, HC_STR("nAME"), &arena, &out, &found, &err));
	assert_true(found && same(&a, &out));
	ok(hc_resource_get(db, HC_KIND_JOB, HC_STR("Name"), &arena, &out, &found, &err));
	assert_true(found && same(&b, &out));
	ok(hc_resource_get_uid(db, a.uid, &arena, &out, &found, &err));
	assert_true(found && same(&a, &out));
	ok(hc_resource_get_arn(db, HC_STR("ARN:aws:x/NAME"), &arena, &out, &found, &err));
	assert_true(found && same(&a, &out));
	/* not there */
	ok(hc_resource_get(db, HC_KIND_MODEL, HC_STR("Name"), &arena, &out, &found, &err));
	assert_false(found);
	ok(hc_resource_get(db, HC_KIND_JOB, HC_STR("Nam_"), &arena, &out, &found, &err));
	assert_false(found);
	ok(hc_resource_get_uid(db, 99, &arena, &out, &found, &err));
	assert_false(found);
	ok(hc_resource_get_arn(db, HC_STR("arn"), &arena, &out, &found, &err));
	assert_false(found);
	assert_true(same(&a, &out));
	/* every member of it */
	struct hc_resource c = {.uid = a.uid, .kind = a.kind, .name = a.name, .created_us = a.created_us};
	ok(hc_resource_update(db, &c, &err));
	ok(hc_resource_get_uid(db, a.uid, &arena, &out, &found, &err));
	assert_true(found && same(&c, &out));
	ok(hc_resource_update(db, &a, &err));
	ok(hc_resource_get_uid(db, a.uid, &arena, &out, &found, &err));
	assert_true(found && same(&a, &out));
	ok(hc_resource_get_uid(db, b.uid, &arena, &out, &found, &err));
	assert_true(same(&b, &out)); /* not another's */
	ok(hc_resource_count(db, HC_KIND_JOB, &n, &err));
	assert_int_equal(n, 1);
	ok(hc_resource_delete(db, b.uid, &err));
	ok(hc_resource_delete(db, b.uid, &err));
	assert_int_equal(hc_resource_update(db, &b, &err), HC_EMPTY);
	ok(hc_resource_count(db, HC_KIND_JOB, &n, &err));
	assert_int_equal(n, 0);
	/* its uid is never used again */
	c = (struct hc_resource){.kind = HC_KIND_JOB, .name = HC_STR("x")};
	ok(hc_resource_insert(db, &c, &err));
	assert_true(c.uid > b.uid);
}

static void test_unique(void **state)
{
	(void)state;
	struct hc_resource a = whole, b = whole;
	ok(hc_resource_insert(db, &a, &err));
	b.uid = 77;
	b.arn = text("other");
	b.name = text("nAmE");
	assert_int_equal(hc_resource_insert(db, &b, &err), HC_INPUT);
	assert_int_equal(b.uid, 77);
	b.name = text("other");
	b.arn = text("arn:aws:X/Name");
	assert_int_equal(hc_resource_insert(db, &b, &err), HC_INPUT);
	b.arn = text(NULL);
	ok(hc_resource_insert(db, &b, &err));
	b.name = text("third");
	ok(hc_resource_insert(db, &b, &err)); /* two without an ARN */
	b.arn = a.arn;
	assert_int_equal(hc_resource_update(db, &b, &err), HC_INPUT);
}

static void test_arena_too_small(void **state)
{
	(void)state;
	struct hc_resource a = whole, out = {.uid = 77};
	struct hc_resources page = {.n = 77};
	struct hc_arena small = HC_ARENA(20);
	bool found = true;
	ok(hc_resource_insert(db, &a, &err));
	assert_int_equal(hc_resource_get_uid(db, a.uid, &small, &out, &found, &err), HC_NOMEM);
	assert_int_equal(out.uid, 77);
	assert_int_equal(hc_resource_list(db, &(struct hc_resource_filter){.kind = a.kind}, &small, &page, &err),
			 HC_NOMEM);
	assert_int_equal(page.n, 77);
	assert_true(hc_db_is_idle(db));
	hc_arena_free(&small);
}

/* "name name |name .." of all pages. */
static void check_list(struct hc_resource_filter filter, const char *expected)
{
	struct hc_buf out = HC_BUF(1 << 20);
	struct hc_resources page;
	do {
		ok(hc_resource_list(db, &filter, &arena, &page, &err));
		for (size_t i = 0; i < page.n; i++) {
			hc_buf_str(&out, page.list[i].name);
			hc_buf_char(&out, ' ');
		}
		filter.token = page.next;
		if (page.next.p)
			hc_buf_char(&out, '|');
	} while (page.next.p);
	check_str(hc_buf_view(&out), expected);
	hc_buf_free(&out);
}

static void add(const char *name, int64_t created_us, const char *status)
{
	struct hc_resource r = {
		.kind = HC_KIND_MODEL, .name = text(name), .created_us = created_us, .status = text(status)};
	ok(hc_resource_insert(db, &r, &err));
}

static void test_names(void **state)
{
	(void)state;
	static const char *const names[] = {"a%b", "a_b",   "A-b",      "axb", "a*b",
					    "a?b", "a[x]b", "\xc3\xa4", "'\"", "a\\b"};
	for (size_t i = 0; i < COUNT(names); i++)
		add(names[i], 1, NULL);
	static const struct {
		const char *part, *expected;
	} table[] = {
		{"%", "a%b "},     {"_", "a_b "},    {"*", "a*b "},   {"?", "a?b "},
		{"[x]", "a[x]b "}, {"A-B", "A-b "},  {"AX", "axb "},  {"\xc3\xa4", "\xc3\xa4 "},
		{"'", "'\" "},     {"\\", "a\\b "},  {"nothing", ""}, {"a%b", "a%b "},
		{"' OR 1 --", ""}, {"\xc3\x84", ""},
	};
	for (size_t i = 0; i < COUNT(table); i++)
		check_list((struct hc_resource_filter){.kind = HC_KIND_MODEL, .name_contains = text(table[i].part)},
			   table[i].expected);
	check_list(
		(struct hc_resource_filter){.kind = HC_KIND_MODEL, .name_contains = HC_STR("b"), .sort = HC_SORT_NAME},
		"a%b a*b A-b a?b a[x]b a\\b a_b axb ");
	check_list((struct hc_resource_filter){.kind = HC_KIND_JOB}, "");
}

static void test_order(void **state)
{
	(void)state;
	add("c", 5, "Up");
	add("B", 5, NULL);
	add("a", 9, "Down");
	add("d", 1, "Up");
	struct hc_resource_filter f = {.kind = HC_KIND_MODEL, .limit = 2};
	check_list(f, "d c |B a ");
	f.descending = true;
	check_list(f, "a B |c d ");
	f.sort = HC_SORT_NAME;
	check_list(f, "d c |B a ");
	f.descending = false;
	check_list(f, "a B |c d ");
	f.sort = HC_SORT_STATUS;
	check_list(f, "B a |c d ");
	f.descending = true;
	f.limit = 1;
	check_list(f, "d |c |a |B ");
	f.sort = HC_SORT_SLOT;
	f.limit = 3;
	check_list(f, "d a B |c ");
	f.limit = 0;
	check_list(f, "d a B c ");
	f.limit = SIZE_MAX;
	check_list(f, "d a B c ");
	f.limit = 4; /* all of them: no token of an empty page */
	check_list(f, "d a B c ");
	/* times exclude their ends */
	f = (struct hc_resource_filter){.kind = HC_KIND_MODEL, .created_after_us = 1, .created_before_us = 9};
	check_list(f, "c B ");
}

static void test_rows_come_and_go(void **state)
{
	(void)state;
	struct hc_resources page;
	for (int i = 0; i < 6; i++)
		add((char[]){(char)('a' + i), 0}, 10 * i, NULL);
	struct hc_resource_filter f = {.kind = HC_KIND_MODEL, .limit = 2};
	ok(hc_resource_list(db, &f, &arena, &page, &err));
	f.token = page.next;
	/* what the token names goes, others come on both sides */
	ok(hc_resource_delete(db, page.list[1].uid, &err));
	add("before", 5, NULL);
	add("behind", 15, NULL);
	add("same", 10, NULL);
	check_list(f, "same behind |c d |e f ");
}

static void check_token(struct hc_resource_filter f, struct hc_str token, enum hc_code code)
{
	struct hc_resources page = {.n = 77};
	f.token = token;
	enum hc_code got = hc_resource_list(db, &f, &arena, &page, &err);
	if (got != code)
		fail_msg("%.*s: %d, not %d", HC_STR_ARG(token), (int)got, (int)code);
	if (code != HC_OK)
		assert_int_equal(page.n, 77);
}

static void test_tokens(void **state)
{
	(void)state;
	static char long_name[9000];
	struct hc_resource_filter f = {.kind = HC_KIND_MODEL, .limit = 1}, g;
	struct hc_resources page;
	add("a", 1, NULL);
	add("b", INT64_MIN + 1, NULL);
	add("c", INT64_MAX, NULL);
	check_list(f, "b |a |c ");
	ok(hc_resource_list(db, &f, &arena, &page, &err));
	check_token(f, page.next, HC_OK);
	g = f;
	g.descending = true;
	check_token(g, page.next, HC_USAGE);
	g = f;
	g.sort = HC_SORT_NAME;
	check_token(g, page.next, HC_USAGE);
	static const struct {
		const char *plain;
		enum hc_code code;
	} table[] = {
		{"1ca5:5", HC_OK},
		{"1ca-5:-5", HC_OK},
		{"1ca9223372036854775807:0", HC_OK},
		{"", HC_USAGE},
		{"1", HC_USAGE},
		{"1ca", HC_USAGE},
		{"1ca5", HC_USAGE},
		{"1ca5:", HC_USAGE},
		{"1ca:5", HC_USAGE},
		{"1ca5:5x", HC_USAGE},
		{"1ca5:5:", HC_USAGE},
		{"2ca5:5", HC_USAGE},
		{"1cx5:5", HC_USAGE},
		{"1ca5:--5", HC_USAGE},
		{"1ca5:-", HC_USAGE},
		{"1ca 5:5", HC_USAGE},
		{"1ca5:+5", HC_USAGE},
		{"1ca5:9223372036854775808", HC_USAGE},
		{"1ca5: OR 1", HC_USAGE},
		{"1ca99999999999999999999:5", HC_USAGE},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_buf coded = HC_BUF(1000);
		hc_base64_encode(hc_str(table[i].plain), &coded);
		check_token(f, (struct hc_str){coded.p ? coded.p : "", coded.n}, table[i].code);
		hc_buf_free(&coded);
	}
	check_token(f, HC_STR("not base64!"), HC_USAGE);
	memset(long_name, 'A', sizeof long_name);
	check_token(f, (struct hc_str){long_name, sizeof long_name}, HC_USAGE);
	/* any bytes */
	uint64_t random = 3;
	for (int i = 0; i < 2000; i++) {
		char bytes[24];
		struct hc_buf coded = HC_BUF(1000);
		size_t n = (size_t)snprintf(bytes, sizeof bytes, "1na1:");
		for (; n < sizeof bytes && check_random(&random) % 16; n++)
			bytes[n] = (char)check_random(&random);
		g = f;
		g.sort = HC_SORT_NAME;
		hc_base64_encode((struct hc_str){bytes, n}, &coded);
		check_token(g, hc_buf_view(&coded), HC_OK);
		bytes[check_random(&random) % 5] = (char)check_random(&random);
		hc_buf_reset(&coded);
		hc_base64_encode((struct hc_str){bytes, n}, &coded);
		g.token = hc_buf_view(&coded);
		enum hc_code code = hc_resource_list(db, &g, &arena, &page, &err);
		assert_true(code == HC_OK || code == HC_USAGE);
		hc_buf_free(&coded);
	}
}

/* -- random rows, filters and orders against a plain list */

enum { ROWS = 300, CASES = 400 };

static struct hc_resource model[ROWS];
static size_t n_model;
static uint64_t seed = 11;

static size_t pick(size_t n)
{
	return (size_t)(check_random(&seed) % n);
}

static const char *const statuses[] = {NULL, "Up", "Down", "down", "InProgress"};
static const char *const words[] = {NULL, "one", "One", "two", "2"};

static void insert_random(void)
{
	static const char letters[] = "aAbB-9";
	char *name = hc_arena_take(&arena, 16);
	assert_non_null(name);
	struct hc_resource r = {
		.kind = pick(4) ? HC_KIND_EXECUTION : HC_KIND_SCHEDULE,
		.created_us = (int64_t)pick(20) + 1,
		.modified_us = (int64_t)pick(20) + 1,
		.slot_us = (int64_t)pick(20),
		.status = text(statuses[pick(5)]),
		.endpoint = text(words[pick(5)]),
		.definition = text(words[pick(5)]),
		.parent = text(words[pick(5)]),
		.type = text(words[pick(5)]),
		.parent_uid = (int64_t)pick(4),
	};
	size_t n = 1 + pick(6);
	for (size_t i = 0; i < n; i++)
		name[i] = letters[pick(sizeof letters - 1)];
	r.name = (struct hc_str){name, n};
	bool there = false;
	for (size_t i = 0; i < n_model; i++)
		there = there || (model[i].kind == r.kind && hc_str_eq_nocase(model[i].name, r.name));
	enum hc_code code = hc_resource_insert(db, &r, &err);
	assert_int_equal(code, there ? HC_INPUT : HC_OK);
	if (!there)
		model[n_model++] = r;
}

static bool contains(struct hc_str s, struct hc_str part)
{
	for (size_t i = 0; i + part.n <= s.n; i++)
		if (hc_str_eq_nocase((struct hc_str){s.p + i, part.n}, part))
			return true;
	return false;
}

static bool equals(struct hc_str s, struct hc_str wanted, bool fold)
{
	return !wanted.p || (s.p && (fold ? hc_str_eq_nocase(s, wanted) : hc_str_eq(s, wanted)));
}

static bool between(int64_t t, int64_t after, int64_t before)
{
	return (!after || t > after) && (!before || t < before);
}

static bool matches(const struct hc_resource *r, const struct hc_resource_filter *f)
{
	return r->kind == f->kind && (!f->name_contains.p || contains(r->name, f->name_contains)) &&
	       equals(r->status, f->status, false) && equals(r->endpoint, f->endpoint, true) &&
	       equals(r->definition, f->definition, true) && equals(r->parent, f->parent, true) &&
	       equals(r->type, f->type, false) && (!f->parent_uid || r->parent_uid == f->parent_uid) &&
	       between(r->created_us, f->created_after_us, f->created_before_us) &&
	       between(r->modified_us, f->modified_after_us, f->modified_before_us) &&
	       between(r->slot_us, f->slot_after_us, f->slot_before_us);
}

static int compare_nocase(struct hc_str a, struct hc_str b)
{
	int c = strncasecmp(a.p, b.p, a.n < b.n ? a.n : b.n);
	return c ? c : (a.n > b.n) - (a.n < b.n);
}

static struct hc_resource_filter sorted_by;

static int compare_rows(const void *x, const void *y)
{
	const struct hc_resource *a = *(const struct hc_resource *const *)x, *b = *(const struct hc_resource *const *)y;
	int c = 0;
	switch (sorted_by.sort) {
	case HC_SORT_CREATED:
		c = (a->created_us > b->created_us) - (a->created_us < b->created_us);
		break;
	case HC_SORT_SLOT:
		c = (a->slot_us > b->slot_us) - (a->slot_us < b->slot_us);
		break;
	case HC_SORT_NAME:
		c = compare_nocase(a->name, b->name);
		break;
	case HC_SORT_STATUS:
		c = hc_str_cmp(a->status, b->status);
		break;
	}
	if (c == 0)
		c = (a->uid > b->uid) - (a->uid < b->uid);
	return sorted_by.descending ? -c : c;
}

static struct hc_resource_filter random_filter(void)
{
	struct hc_resource_filter f = {
		.kind = pick(4) ? HC_KIND_EXECUTION : HC_KIND_SCHEDULE,
		.sort = (enum hc_resource_sort)pick(4),
		.descending = pick(2),
		.limit = 1 + pick(9),
	};
	static const char *const parts[] = {"", "a", "B-", "9", "aA"};
	if (!pick(3))
		f.name_contains = text(parts[pick(5)]);
	if (!pick(4))
		f.status = text(statuses[pick(5)]);
	if (!pick(4))
		f.endpoint = text(words[pick(5)]);
	if (!pick(6))
		f.definition = text(words[pick(5)]);
	if (!pick(4))
		f.parent = text(words[pick(5)]);
	if (!pick(6))
		f.type = text(words[pick(5)]);
	if (!pick(4))
		f.parent_uid = (int64_t)pick(4);
	int64_t *const times[] = {&f.created_before_us, &f.created_after_us, &f.modified_before_us,
				  &f.modified_after_us, &f.slot_before_us,   &f.slot_after_us};
	for (size_t i = 0; i < COUNT(times); i++)
		if (!pick(6))
			*times[i] = (int64_t)pick(22);
	return f;
}

static void test_against_model(void **state)
{
	(void)state;
	size_t rows_seen = 0;
	n_model = 0;
	for (int round = 0; round < CASES; round++) {
		for (size_t i = pick(4); i-- && n_model < ROWS;)
			insert_random();
		if (n_model && !pick(4)) {
			size_t gone = pick(n_model);
			ok(hc_resource_delete(db, model[gone].uid, &err));
			model[gone] = model[--n_model];
		}
		struct hc_resource_filter f = random_filter();
		const struct hc_resource *expected[ROWS];
		size_t n = 0, seen = 0;
		for (size_t i = 0; i < n_model; i++)
			if (matches(&model[i], &f))
				expected[n++] = &model[i];
		sorted_by = f;
		qsort(expected, n, sizeof *expected, compare_rows);
		struct hc_resources page;
		do {
			ok(hc_resource_list(db, &f, &arena, &page, &err));
			assert_true(page.n <= f.limit && (page.n == f.limit || !page.next.p));
			for (size_t i = 0; i < page.n; i++, seen++)
				assert_true(seen < n && same(&page.list[i], expected[seen]));
			assert_int_equal(page.next.p != NULL, seen < n);
			f.token = page.next;
		} while (page.next.p);
		assert_int_equal(seen, n);
		rows_seen += n;
	}
	assert_true(rows_seen > CASES); /* the filters let something through */
}

/* -- tags */

static void check_tags(struct hc_str arn, const char *expected)
{
	struct hc_buf out = HC_BUF(1 << 16);
	struct hc_tag *tags;
	size_t n;
	ok(hc_tags_get(db, arn, &arena, &tags, &n, &err));
	for (size_t i = 0; i < n; i++)
		hc_buf_printf(&out, "%s=%s ", tags[i].key.p, tags[i].value.p);
	check_str(hc_buf_view(&out), expected);
	hc_buf_free(&out);
}

static void test_tags(void **state)
{
	(void)state;
	struct hc_resource r = whole;
	ok(hc_resource_insert(db, &r, &err));
	const struct hc_tag first[] = {
		{HC_STR("b"), HC_STR("1")}, {HC_STR("a"), {NULL, 0}}, {HC_STR("B"), HC_STR("2")}};
	const struct hc_tag second[] = {{HC_STR("b"), HC_STR("3")}, {HC_STR("c"), HC_STR("4")}};
	ok(hc_tags_set(db, r.arn, first, COUNT(first), &err));
	ok(hc_tags_set(db, HC_STR("other"), first, 1, &err));
	check_tags(r.arn, "B=2 a= b=1 ");
	ok(hc_tags_set(db, HC_STR("ARN:AWS:X/name"), second, COUNT(second), &err));
	check_tags(r.arn, "B=2 a= b=3 c=4 ");
	ok(hc_tags_remove(db, r.arn, (struct hc_str[]){HC_STR("a"), HC_STR("nothing"), HC_STR("c")}, 3, &err));
	check_tags(r.arn, "B=2 b=3 ");
	ok(hc_resource_delete(db, r.uid, &err));
	check_tags(r.arn, "");
	check_tags(HC_STR("other"), "b=1 ");
	/* the most there can be */
	char keys[HC_TAGS_MAX + 1][8];
	struct hc_tag many[HC_TAGS_MAX + 1];
	for (int i = 0; i <= HC_TAGS_MAX; i++) {
		snprintf(keys[i], sizeof keys[i], "k%d", i);
		many[i] = (struct hc_tag){hc_str(keys[i]), HC_STR("v")};
	}
	ok(hc_tags_set(db, r.arn, many, HC_TAGS_MAX, &err));
	ok(hc_tags_set(db, r.arn, many, HC_TAGS_MAX, &err));
	assert_int_equal(hc_tags_set(db, r.arn, &many[HC_TAGS_MAX], 1, &err), HC_LIMIT);
	assert_false(hc_db_is_full(&err));
}

/* -- alerts */

static void check_changes(struct hc_alert_change_filter f, const char *expected)
{
	struct hc_buf out = HC_BUF(1 << 16);
	struct hc_alert_change *list;
	size_t n;
	do {
		ok(hc_alert_change_list(db, &f, &arena, &list, &n, &f.token, &err));
		for (size_t i = 0; i < n; i++)
			hc_buf_printf(&out, "%s%d ", list[i].status.p, (int)list[i].at_us);
		if (f.token.p)
			hc_buf_char(&out, '|');
	} while (f.token.p);
	check_str(hc_buf_view(&out), expected);
	hc_buf_free(&out);
}

static void test_alert_changes(void **state)
{
	(void)state;
	static const char *const was[] = {"InAlert", "OK", "InAlert", "OK"};
	for (int i = 0; i < 4; i++)
		ok(hc_alert_change_add(
			db,
			&(struct hc_alert_change){
				.at_us = i + 1, .schedule = HC_STR("S"), .alert = HC_STR("A"), .status = text(was[i])},
			&err));
	ok(hc_alert_change_add(
		db,
		&(struct hc_alert_change){
			.at_us = 9, .schedule = HC_STR("T"), .alert = HC_STR("B"), .status = HC_STR("OK")},
		&err));
	check_changes((struct hc_alert_change_filter){.limit = 2}, "InAlert1 OK2 |InAlert3 OK4 |OK9 ");
	check_changes((struct hc_alert_change_filter){.descending = true}, "OK9 OK4 InAlert3 OK2 InAlert1 ");
	check_changes((struct hc_alert_change_filter){.schedule = HC_STR("s"), .descending = true, .limit = 3},
		      "OK4 InAlert3 OK2 |InAlert1 ");
	check_changes((struct hc_alert_change_filter){.alert = HC_STR("B")}, "OK9 ");
	check_changes((struct hc_alert_change_filter){.status = HC_STR("InAlert")}, "InAlert1 InAlert3 ");
	check_changes((struct hc_alert_change_filter){.after_us = 1, .before_us = 4}, "OK2 InAlert3 ");
	check_changes((struct hc_alert_change_filter){.by_status = true, .limit = 1},
		      "InAlert1 |InAlert3 |OK2 |OK4 |OK9 ");
	check_changes((struct hc_alert_change_filter){.by_status = true, .descending = true, .limit = 3},
		      "OK9 OK4 OK2 |InAlert3 InAlert1 ");
	struct hc_alert_change_filter f = {.limit = 1, .token = HC_STR("xxxx")};
	struct hc_alert_change *list;
	struct hc_str next;
	size_t n;
	assert_int_equal(hc_alert_change_list(db, &f, &arena, &list, &n, &next, &err), HC_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_catalog(test_one),           with_catalog(test_unique),        with_catalog(test_arena_too_small),
		with_catalog(test_names),         with_catalog(test_order),         with_catalog(test_rows_come_and_go),
		with_catalog(test_tokens),        with_catalog(test_against_model), with_catalog(test_tags),
		with_catalog(test_alert_changes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
