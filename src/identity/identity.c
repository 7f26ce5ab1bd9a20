#include "identity/identity.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/hash.h"
#include "codec/percent.h"

enum { ROLE_NAME_MAX = 64, ID_LETTERS = 17 };

/* What any role of SageMaker's trusts. */
#define POLICY                                                                                         \
	"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Service\":" \
	"\"sagemaker.amazonaws.com\"},\"Action\":\"sts:AssumeRole\"}]}"

/* Role and session of whoever asks. */
#define CALLER "hindcast"

/* A role of this server is as old as the epoch of its account: 2020-01-01T00:00:00Z, always the same. */
#define CREATED_S INT64_C(1577836800)

/* The id of a role as AWS makes them, "AROA" and 17 letters and digits: always the same for the same name. */
static void make_id(const char *account, struct hc_str name, char out[4 + ID_LETTERS + 1])
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	const struct hc_hash_key key = {hc_siphash((struct hc_hash_key){1, 2}, account, strlen(account)), 3};
	uint64_t bits = hc_siphash(key, name.p, name.n);
	memcpy(out, "AROA", 4);
	for (size_t i = 0; i < ID_LETTERS; i++) {
		if (i == 12)
			bits = hc_mix64(bits + 1);
		out[4 + i] = letters[bits >> (5 * (i % 12)) & 31];
	}
	out[4 + ID_LETTERS] = '\0';
}

/*
 * Whoever has the key acts in a role, as people and notebooks do on AWS: the SDK's get_execution_role() makes the role's ARN of this one, and refuses that of a user.
 */
static enum hc_code get_caller_identity(struct hc_call *call, struct hc_db *db, struct hc_err *err)
{
	char id[4 + ID_LETTERS + 1], user[64], arn[128];
	const char *account = call->server->account;
	(void)db;
	make_id(account, HC_STR(CALLER), id);
	snprintf(user, sizeof user, "%s:%s", id, CALLER);
	snprintf(arn, sizeof arn, "arn:aws:sts::%s:assumed-role/%s/%s", account, CALLER, CALLER);
	bool all = hc_tree_set_text(call->out, "UserId", hc_str(user)) &&
		   hc_tree_set_text(call->out, "Account", hc_str(account)) &&
		   hc_tree_set_text(call->out, "Arn", hc_str(arn));
	return all ? HC_OK : hc_fail_nomem(err, "an identity");
}

/* The pattern of the service model, [\w+=,.@-]+, of ASCII. */
static bool is_role_name(struct hc_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
		if (!letter && (c == '\0' || !strchr("_+=,.@-", c)))
			return false;
	}
	return s.n > 0 && s.n <= ROLE_NAME_MAX;
}

static enum hc_code get_role(struct hc_call *call, struct hc_db *db, struct hc_err *err)
{
	struct hc_str name = hc_tree_text(call->in, "RoleName");
	char id[4 + ID_LETTERS + 1], arn[128 + ROLE_NAME_MAX], shown[HC_STR_SHOW_SIZE];
	HC_BUF_SCOPED struct hc_buf policy = HC_BUF(1024);
	(void)db;
	if (!name.p || !is_role_name(name))
		return hc_fault(call, err, 400, "ValidationError",
				"The specified value for roleName is invalid. It must contain only alphanumeric "
				"characters and/or the following: +=,.@_- (%s)",
				name.p ? hc_str_show(name, shown) : "none given");
	make_id(call->server->account, name, id);
	snprintf(arn, sizeof arn, "arn:aws:iam::%s:role/%.*s", call->server->account, HC_STR_ARG(name));
	hc_percent_encode(HC_STR(POLICY), false, &policy);
	json_t *role = json_object();
	bool all = json_object_set_new(call->out, "Role", role) == 0 && hc_tree_set_text(role, "Path", HC_STR("/")) &&
		   hc_tree_set_text(role, "RoleName", name) && hc_tree_set_text(role, "RoleId", hc_str(id)) &&
		   hc_tree_set_text(role, "Arn", hc_str(arn)) && hc_tree_set_int(role, "CreateDate", CREATED_S) &&
		   hc_tree_set_text(role, "AssumeRolePolicyDocument", hc_buf_view(&policy)) &&
		   hc_tree_set_int(role, "MaxSessionDuration", 3600);
	return all && !policy.failed ? HC_OK : hc_fail_nomem(err, "a role");
}

static const struct hc_handled sts_operations[] = {{"GetCallerIdentity", get_caller_identity, false}};
static const struct hc_handled iam_operations[] = {{"GetRole", get_role, false}};

const struct hc_service hc_sts = {"sts", sts_operations, 1};
const struct hc_service hc_iam = {"iam", iam_operations, 1};
