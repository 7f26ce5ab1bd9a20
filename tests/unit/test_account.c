#include "report/account.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "check.h"

static struct hc_arena arena;

static int setup(void **state)
{
	struct hc_account *a = calloc(1, sizeof *a);
	arena = HC_ARENA(1 << 20);
	if (a)
		a->arena = &arena;
	*state = a;
	return a ? 0 : -1;
}

static int teardown(void **state)
{
	hc_account_free(*state);
	free(*state);
	hc_arena_free(&arena);
	return 0;
}

static void count(struct hc_account *a, enum hc_account_line line, int times)
{
	for (int i = 0; i < times; i++)
		hc_account_count(a, line, HC_STR("id"), "file", 1, NULL);
}

static void test_names(void **state)
{
	(void)state;
	/* the keys of join_report.json, in the order of the contract */
	static const char *const names[] = {
		"captured",
		"labelled",
		"matched",
		"captures_without_label",
		"labels_without_capture",
		"duplicate_labels",
		"conflicting_labels",
		"repeated_captures",
		"after_window",
		"unreadable",
	};
	assert_int_equal(COUNT(names), HC_ACCOUNT_LINES);
	for (int i = 0; i < HC_ACCOUNT_LINES; i++)
		assert_string_equal(hc_account_name((enum hc_account_line)i), names[i]);
}

static void test_samples(void **state)
{
	struct hc_account *a = *state;
	static const char path[] = "a/b.jsonl";
	for (uint64_t i = 0; i < 50; i++) {
		char id[16];
		snprintf(id, sizeof id, "id-%d", (int)i);
		hc_account_count(a, HC_MATCHED, hc_str(id), path, i + 1, NULL);
		memset(id, 'x', sizeof id); /* the id was copied */
	}
	assert_int_equal(a->lines[HC_MATCHED].count, 50);
	assert_int_equal(a->lines[HC_MATCHED].n_samples, 20);
	for (size_t i = 0; i < 20; i++) {
		const struct hc_account_sample *s = &a->lines[HC_MATCHED].samples[i];
		char id[16];
		snprintf(id, sizeof id, "id-%d", (int)i);
		check_str(((struct hc_str){s->id, s->id_n}), id);
		assert_string_equal(s->path, path);
		assert_int_equal(s->line, i + 1);
		assert_null(s->why);
	}
	/* one line's records are none of another's */
	for (int i = 0; i < HC_ACCOUNT_LINES; i++)
		if (i != HC_MATCHED)
			assert_int_equal(a->lines[i].count + a->lines[i].n_samples, 0);

	hc_account_count(a, HC_UNREADABLE, (struct hc_str){0}, path, 7, "not valid JSON");
	assert_null(a->lines[HC_UNREADABLE].samples[0].id);
	assert_string_equal(a->lines[HC_UNREADABLE].samples[0].why, "not valid JSON");
}

/* Ids and reasons are cut between characters; what is no character does not get through. */
static void test_long_texts(void **state)
{
	struct hc_account *a = *state;
	char id[HC_ACCOUNT_ID_SHOWN_MAX + 10], why[HC_ACCOUNT_WHY_MAX + 10];
	memset(id, 'x', sizeof id);
	memcpy(id + HC_ACCOUNT_ID_SHOWN_MAX - 1, "\xc3\xa4", 2);
	memset(why, 'y', sizeof why);
	memcpy(why + HC_ACCOUNT_WHY_MAX - 2, "\xe2\x82\xac", 3);
	why[sizeof why - 1] = '\0';
	hc_account_count(a, HC_UNREADABLE, (struct hc_str){id, sizeof id}, "f", 1, why);
	const struct hc_account_sample *s = &a->lines[HC_UNREADABLE].samples[0];
	assert_int_equal(s->id_n, HC_ACCOUNT_ID_SHOWN_MAX - 1);
	assert_memory_equal(s->id, id, s->id_n);
	assert_int_equal(strlen(s->why), HC_ACCOUNT_WHY_MAX - 2);

	hc_account_count(a, HC_CAPTURED, (struct hc_str){id, HC_ACCOUNT_ID_SHOWN_MAX - 1}, "f", 1, NULL);
	assert_int_equal(a->lines[HC_CAPTURED].samples[0].id_n, HC_ACCOUNT_ID_SHOWN_MAX - 1);
	hc_account_count(a, HC_CAPTURED, HC_STR("a\0b"), "f", 1, NULL);
	assert_int_equal(a->lines[HC_CAPTURED].samples[1].id_n, 3);
	assert_memory_equal(a->lines[HC_CAPTURED].samples[1].id, "a\0b", 3);
}

/* Counts without samples: those that came before stay, and further ones find room. */
static void test_added(void **state)
{
	struct hc_account *a = *state;
	struct hc_err err;
	count(a, HC_MATCHED, 3);
	hc_account_add(a, HC_MATCHED, UINT64_C(1) << 40);
	hc_account_add(a, HC_MATCHED, 0);
	assert_int_equal(a->lines[HC_MATCHED].count, (UINT64_C(1) << 40) + 3);
	assert_int_equal(a->lines[HC_MATCHED].n_samples, 3);
	count(a, HC_MATCHED, 1);
	assert_int_equal(a->lines[HC_MATCHED].n_samples, 4);
	assert_int_equal(a->lines[HC_CAPTURED].count, 0);
	/* the account owns its delays */
	assert_int_equal(hc_delays_add(&a->delays, 5, &err), HC_OK);
	hc_account_free(a);
	assert_int_equal(a->delays.n, 0);
	assert_null(a->delays.counts);
}

static void check_share(const struct hc_account *a, enum hc_account_line line, double expected)
{
	double share = hc_account_share(a, line);
	if (share != expected)
		fail_msg("%s: %g is not %g", hc_account_name(line), share, expected);
}

static void test_shares(void **state)
{
	struct hc_account *a = *state;
	for (int i = 0; i < HC_ACCOUNT_LINES; i++)
		check_share(a, (enum hc_account_line)i, 0);
	count(a, HC_CAPTURED, 8);
	count(a, HC_LABELLED, 16);
	count(a, HC_MATCHED, 6);
	count(a, HC_CAPTURES_WITHOUT_LABEL, 2);
	count(a, HC_LABELS_WITHOUT_CAPTURE, 4);
	count(a, HC_DUPLICATE_LABELS, 2);
	count(a, HC_CONFLICTING_LABELS, 1);
	count(a, HC_REPEATED_CAPTURES, 1);
	count(a, HC_AFTER_WINDOW, 2);
	count(a, HC_UNREADABLE, 6);
	check_share(a, HC_CAPTURED, 1);
	check_share(a, HC_LABELLED, 1);
	check_share(a, HC_MATCHED, 6.0 / 8);
	check_share(a, HC_CAPTURES_WITHOUT_LABEL, 2.0 / 8);
	check_share(a, HC_LABELS_WITHOUT_CAPTURE, 4.0 / 16);
	check_share(a, HC_DUPLICATE_LABELS, 2.0 / 16);
	check_share(a, HC_CONFLICTING_LABELS, 1.0 / 16);
	check_share(a, HC_REPEATED_CAPTURES, 1.0 / 8);
	check_share(a, HC_AFTER_WINDOW, 2.0 / 10);
	check_share(a, HC_UNREADABLE, 6.0 / 32);
}

int main(void)
{
#define ON_ACCOUNT(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names), ON_ACCOUNT(test_samples), ON_ACCOUNT(test_long_texts),
		ON_ACCOUNT(test_shares),      ON_ACCOUNT(test_added),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
