#include "conf/own.h"

#include "check.h"

static void test_fine(void **state)
{
	(void)state;
	static const struct {
		const char *variable, *value;
	} table[] = {
		/* not ours */
		{"problem_type", "anything"},
		{"", ""},
		{"hindcast", "x"},
		{"HINDCAST_SEED", "x"},
		{"my_hindcast_seed", "x"},
		/* ours */
		{"hindcast_max_bad_records", "0"},
		{"hindcast_max_bad_records", "18446744073709551615"},
		{"hindcast_on_conflict", "last"},
		{"hindcast_on_conflict", "first"},
		{"hindcast_on_conflict", "error"},
		{"hindcast_aws_quirks", "true"},
		{"hindcast_checksums", "false"},
		{"hindcast_script_timeout", "60"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_err err;
		if (hc_own_check(hc_str(table[i].variable), hc_str(table[i].value), &err) != HC_OK)
			fail_msg("%s=%s: %s", table[i].variable, table[i].value, err.msg);
	}
}

static void test_refused(void **state)
{
	(void)state;
	static const struct {
		const char *variable, *value, *says, *hint;
	} table[] = {
		{"hindcast_", "1", "no setting of hindcast",
		 "behind hindcast_ may stand: max_bad_records, on_conflict"},
		{"hindcast_jobs", "1", "no setting of hindcast", "script_memory"},
		{"hindcast_max_bad_record", "1", "hindcast_max_bad_record,", "hindcast_max_bad_records"},
		{"hindcast_seeds", "1", "hindcast_seeds", "hindcast_seed "},
		{"hindcast_Seed", "1", "hindcast_Seed", "hindcast_seed "},
		{"hindcast_max_bad_records", "", "=", "whole number"},
		{"hindcast_max_bad_records", "-1", "=-1", "whole number"},
		{"hindcast_max_bad_records", "1.0", "=1.0", "whole number"},
		{"hindcast_max_bad_records", " 1", "= 1", "whole number"},
		{"hindcast_max_bad_records", "18446744073709551616", "=184", "whole number"},
		{"hindcast_on_conflict", "Last", "=Last", "last, first, error"},
		{"hindcast_on_conflict", "", "=", "last, first, error"},
		{"hindcast_aws_quirks", "1", "=1", "true or false"},
		{"hindcast_aws_quirks", "True", "=True", "true or false"},
		/* the scheduler's, and what the runner sets */
		{"hindcast_scheduled_time", "2026-01-01T00:00Z", "no setting", "the scheduler sets it"},
		{"hindcast_period", "PT1H", "no setting", "the scheduler sets it"},
		{"hindcast_start_time_offset", "-PT1H", "no setting", "the scheduler sets it"},
		{"hindcast_end_time_offset", "-PT1H", "no setting", "the scheduler sets it"},
		{"hindcast_objects", "/", "no setting", "may stand"},
		{"hindcast_container_root", "/", "no setting", "may stand"},
		/* control characters are shown, not passed on */
		{"hindcast_\x1b[2J", "1", "hindcast_\\x1b", "may stand"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_err err = {0};
		if (hc_own_check(hc_str(table[i].variable), hc_str(table[i].value), &err) != HC_USAGE)
			fail_msg("%s=%s was taken", table[i].variable, table[i].value);
		assert_int_equal(err.code, HC_USAGE);
		if (!strstr(err.msg, table[i].says) || !strstr(err.hint, table[i].hint))
			fail_msg("%s: %s (%s)", table[i].variable, err.msg, err.hint);
	}
}

/* What the table says holds for itself; what the scheduler sets is not proposed to anybody. */
static void test_table(void **state)
{
	(void)state;
	size_t n;
	const struct hc_own *table = hc_own_table(&n);
	assert_true(n > 0);
	for (size_t i = 0; i < n; i++) {
		struct hc_err err = {0};
		assert_true(hc_str_starts(hc_str(table[i].variable), HC_OWN_PREFIX));
		assert_true(table[i].help && table[i].help[0]);
		assert_int_equal(table[i].form == HC_OWN_WORD, table[i].words != NULL);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(table[i].variable, table[k].variable);
		char typed[96];
		strcpy(typed, table[i].variable);
		strcat(typed, "x");
		assert_int_equal(hc_own_check(hc_str(typed), HC_STR("1"), &err), HC_USAGE);
		bool named = strstr(err.hint, table[i].variable) != NULL;
		if (named == table[i].of_scheduler)
			fail_msg("%s: %s", typed, err.hint);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fine),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
