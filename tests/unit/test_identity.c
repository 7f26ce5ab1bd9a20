#include "identity/identity.h"

#include "check_service.h"

static void test_caller(void **state)
{
	(void)state;
	check_under_test = &hc_sts;
	call_ok("GetCallerIdentity", "{}");
	check_member("Account", "'123456789012'");
	check_member("Arn", "'arn:aws:sts::123456789012:assumed-role/hindcast/hindcast'");
	struct hc_str id = hc_tree_text(check_out, "UserId");
	assert_int_equal(id.n, 21 + strlen(":hindcast"));
	assert_true(hc_str_starts(id, "AROA"));
	assert_string_equal(id.p + 21, ":hindcast");
}

static void test_role(void **state)
{
	(void)state;
	char first[64];
	check_under_test = &hc_iam;
	call_ok("GetRole", "{'RoleName':'My_Role+=,.@-1'}");
	check_member("Role.Arn", "'arn:aws:iam::123456789012:role/My_Role+=,.@-1'");
	check_member("Role.RoleName", "'My_Role+=,.@-1'");
	check_member("Role.Path", "'/'");
	check_member("Role.CreateDate", "1577836800");
	check_member("Role.AssumeRolePolicyDocument",
		     "'%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22"
		     "Principal%22%3A%7B%22Service%22%3A%22sagemaker.amazonaws.com%22%7D%2C%22Action%22%3A%22sts%3A"
		     "AssumeRole%22%7D%5D%7D'");
	struct hc_str id = hc_tree_text(check_out, "Role.RoleId");
	assert_int_equal(id.n, 21);
	assert_true(hc_str_starts(id, "AROA"));
	/* the same role has the same id, another one another */
	snprintf(first, sizeof first, "%.*s", HC_STR_ARG(id));
	call_ok("GetRole", "{'RoleName':'My_Role+=,.@-1'}");
	check_str(hc_tree_text(check_out, "Role.RoleId"), first);
	call_ok("GetRole", "{'RoleName':'My_Role+=,.@-2'}");
	assert_false(hc_str_eq(hc_tree_text(check_out, "Role.RoleId"), hc_str(first)));
}

static void test_refused(void **state)
{
	(void)state;
	struct hc_err err;
	check_under_test = &hc_iam;
	static const char *const inputs[] = {"{}", "{'RoleName':''}", "{'RoleName':'a/b'}", "{'RoleName':'a b'}",
					     "{'RoleName':'a\\u00e4'}"};
	for (size_t i = 0; i < COUNT(inputs); i++)
		if (try_call("GetRole", inputs[i], &err) || check_fault.status != 400)
			fail_msg("%s", inputs[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_service(test_caller),
		in_service(test_role),
		in_service(test_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
