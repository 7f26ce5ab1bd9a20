#include "monitor/join.h"

#include <stdio.h>
#include <stdlib.h>

#include "check.h"

static void init(struct hc_join *j)
{
	struct hc_err err;
	assert_int_equal(hc_join_init(j, &err), HC_OK);
}

static struct hc_join_entry *find(struct hc_join *j, struct hc_str key, bool expect_new)
{
	struct hc_join_entry *e = NULL;
	struct hc_err err;
	bool is_new = !expect_new;
	assert_int_equal(hc_join_find(j, key, &e, &is_new, &err), HC_OK);
	assert_non_null(e);
	assert_int_equal(is_new, expect_new);
	return e;
}

static void set_label(struct hc_join *j, struct hc_join_entry *e, const char *truth, size_t file, uint64_t line)
{
	struct hc_err err;
	assert_int_equal(hc_join_set_label(j, e, hc_str(truth), file, line, &err), HC_OK);
}

static void check_label(const struct hc_join_entry *e, const char *truth, size_t file, uint64_t line)
{
	assert_non_null(e->truth);
	check_str(((struct hc_str){e->truth, e->truth_n}), truth);
	assert_int_equal(e->file, file);
	assert_int_equal(e->line, line);
}

/* Keys are equal when their bytes are: no prefix, no case, a NUL is a byte. */
static void test_keys(void **state)
{
	(void)state;
	static const struct hc_str
		keys[] =
			{
				{"a", 1},    {"A", 1},        {"ab", 2},        {"b", 1}, {"a\0", 2},
				{"a\0b", 3}, {"a\0c", 3},     {"\0", 1},        {"", 0},  {" a", 2},
				{"a ", 2},   {"\xc3\xa4", 2}, {"a\xcc\x88", 3}, /* the same letter in two ways */
				{"95", 2},   {"095", 3},
			};
	struct hc_join j;
	init(&j);
	for (size_t i = 0; i < COUNT(keys); i++)
		find(&j, keys[i], true)->line = i;
	for (size_t i = COUNT(keys); i-- > 0;)
		assert_int_equal(find(&j, keys[i], false)->line, i);
	assert_int_equal(j.n, COUNT(keys));
	hc_join_free(&j);
}

/* A key and a label are copied; a new entry has neither label nor capture. */
static void test_entries(void **state)
{
	(void)state;
	struct hc_join j;
	init(&j);
	char key[] = "key", truth[] = "truth";
	struct hc_join_entry *e = find(&j, hc_str(key), true);
	assert_null(e->truth);
	assert_false(e->captured);
	check_str(((struct hc_str){e->key, e->key_n}), "key");
	set_label(&j, e, truth, 3, UINT64_C(1) << 40);
	memset(key, 'x', 3);
	memset(truth, 'x', 5);
	e = find(&j, HC_STR("key"), false);
	check_str(((struct hc_str){e->key, e->key_n}), "key");
	check_label(e, "truth", 3, UINT64_C(1) << 40);
	/* again: the later one counts, longer, shorter or empty */
	set_label(&j, e, "another one, longer", 4, 5);
	check_label(find(&j, HC_STR("key"), false), "another one, longer", 4, 5);
	set_label(&j, e, "", 6, 7);
	check_label(find(&j, HC_STR("key"), false), "", 6, 7);
	hc_join_free(&j);
}

/* Very many keys, asked for while the table grows: nothing is lost, nothing found that is not there. */
static void test_many(void **state)
{
	(void)state;
	enum { MANY = 100000 };
	struct hc_join j;
	uint64_t random = 7;
	init(&j);
	for (int i = 0; i < MANY; i++) {
		char key[64], truth[32];
		/* keys that differ at their beginning, end, or length */
		int n = i % 3 == 0   ? sprintf(key, "%d-the-same-long-end-of-every-key-there-is", i)
			: i % 3 == 1 ? sprintf(key, "the-same-long-beginning-%d", i)
				     : sprintf(key, "%0*d", 1 + i % 40, i);
		struct hc_join_entry *e = find(&j, (struct hc_str){key, (size_t)n}, true);
		sprintf(truth, "%d", i);
		if (i % 5)
			set_label(&j, e, truth, (size_t)i, (uint64_t)i + 1);
		else
			e->captured = true;
		/* one of those that came before */
		int k = (int)(check_random(&random) % (uint64_t)(i + 1));
		e = &j.entries[k];
		assert_ptr_equal(find(&j, (struct hc_str){e->key, e->key_n}, false), e);
	}
	assert_int_equal(j.n, MANY);
	for (int i = 0; i < MANY; i++) {
		/* in the order in which they came */
		const struct hc_join_entry *e = &j.entries[i];
		char truth[32];
		sprintf(truth, "%d", i);
		if (i % 5)
			check_label(e, truth, (size_t)i, (uint64_t)i + 1);
		assert_int_equal(e->captured, i % 5 == 0);
		assert_ptr_equal(find(&j, (struct hc_str){e->key, e->key_n}, false), e);
	}
	find(&j, HC_STR("one more"), true);
	hc_join_free(&j);
}

static void test_freed(void **state)
{
	(void)state;
	struct hc_join j;
	init(&j);
	hc_join_free(&j); /* nothing was put in */
	init(&j);
	find(&j, HC_STR("a"), true);
	hc_join_free(&j);
	hc_join_free(&j);
}

/* Two tables do not hash alike: nobody can make keys that collide. */
static void test_keyed(void **state)
{
	(void)state;
	struct hc_join a, b;
	init(&a);
	init(&b);
	int same = 0;
	for (int i = 0; i < 64; i++) {
		char key[16];
		sprintf(key, "%d", i);
		same += find(&a, hc_str(key), true)->hash == find(&b, hc_str(key), true)->hash;
	}
	assert_int_equal(same, 0);
	hc_join_free(&a);
	hc_join_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),  cmocka_unit_test(test_entries), cmocka_unit_test(test_many),
		cmocka_unit_test(test_freed), cmocka_unit_test(test_keyed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
