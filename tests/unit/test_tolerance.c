#include "monitor/tolerance.h"

#include <stdio.h>
#include <stdlib.h>

#include "check.h"

struct bench {
	struct hc_arena arena;
	struct hc_account account;
	struct hc_tolerance tolerance;
};

static int setup(void **state)
{
	struct bench *b = calloc(1, sizeof *b);
	if (!b)
		return -1;
	b->arena = HC_ARENA(1 << 20);
	b->account.arena = &b->arena;
	b->tolerance.account = &b->account;
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;
	hc_account_free(&b->account);
	hc_arena_free(&b->arena);
	free(b);
	return 0;
}

static uint64_t counted(const struct bench *b)
{
	return b->account.lines[HC_UNREADABLE].count;
}

/* A bad record ends the run with its place; nothing is counted. */
static void test_none_tolerated(void **state)
{
	struct bench *b = *state;
	struct hc_err err;
	hc_fail(&err, HC_INPUT, "not valid JSON");
	hc_hint(&err, "mend it");
	assert_int_equal(hc_tolerance_of(&b->tolerance, "dir/a.jsonl", 7, &err), HC_INPUT);
	assert_int_equal(err.code, HC_INPUT);
	assert_string_equal(err.msg, "dir/a.jsonl:7: not valid JSON");
	assert_string_equal(err.hint, "mend it");
	assert_int_equal(counted(b), 0);
	/* on its way out it meets the same function again and stays as it is */
	assert_int_equal(hc_tolerance_of(&b->tolerance, "dir/b.jsonl", 8, &err), HC_INPUT);
	assert_string_equal(err.msg, "dir/a.jsonl:7: not valid JSON");
}

/* As many as allowed are left out and accounted for, with place and reason; the next one ends the run. */
static void test_some_tolerated(void **state)
{
	struct bench *b = *state;
	struct hc_err err;
	b->tolerance.max = 3;
	for (uint64_t i = 1; i <= 3; i++) {
		hc_fail(&err, HC_INPUT, "bad in way %d", (int)i);
		assert_int_equal(hc_tolerance_of(&b->tolerance, "f", i * 10, &err), HC_OK);
		assert_int_equal(counted(b), i);
		assert_int_equal(b->tolerance.seen, i);
		const struct hc_account_sample *s = &b->account.lines[HC_UNREADABLE].samples[i - 1];
		char why[32];
		sprintf(why, "bad in way %d", (int)i);
		assert_string_equal(s->why, why);
		assert_string_equal(s->path, "f");
		assert_int_equal(s->line, i * 10);
		assert_null(s->id);
	}
	hc_fail(&err, HC_INPUT, "bad in way 4");
	hc_hint(&err, "mend it");
	assert_int_equal(hc_tolerance_of(&b->tolerance, "f", 40, &err), HC_INPUT);
	assert_string_equal(err.msg, "f:40: bad in way 4");
	assert_non_null(strstr(err.hint, "mend it"));
	assert_non_null(strstr(err.hint, "--max-bad-records is 3"));
	assert_int_equal(counted(b), 3);
}

/* Only what is wrong with a record can be tolerated. */
static void test_other_failures(void **state)
{
	struct bench *b = *state;
	static const struct {
		enum hc_code code;
		bool has_place; /* the message needs the record's place */
	} table[] = {
		{HC_USAGE, true},  {HC_LIMIT, true},   {HC_IO, false},
		{HC_NOMEM, false}, {HC_SCRIPT, false}, {HC_EMPTY, false},
	};
	b->tolerance.max = 1000;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_err err;
		b->tolerance.refused = false;
		hc_fail(&err, table[i].code, "a failure");
		assert_int_equal(hc_tolerance_of(&b->tolerance, "f", 7, &err), table[i].code);
		assert_string_equal(err.msg, table[i].has_place ? "f:7: a failure" : "a failure");
		assert_int_equal(counted(b), 0);
		assert_int_equal(b->tolerance.seen, 0);
	}
}

int main(void)
{
#define ON_BENCH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		ON_BENCH(test_none_tolerated),
		ON_BENCH(test_some_tolerated),
		ON_BENCH(test_other_failures),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
