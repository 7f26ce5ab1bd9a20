#include "sagemaker/check.h"

#include <stdio.h>

#include "calendar/duration.h"
#include "conf/own.h"

enum { MEMBER_MAX = 256 };

enum hc_code hc_check_fail(struct hc_call *call, const char *what, const char *member, struct hc_err *err)
{
	return hc_fault(call, err, 400, "ValidationException",
			"InvalidParameter: 1 validation error(s) found.\n- %s, %sInput.%s.\n", what,
			call->operation->name, member);
}

enum hc_code hc_check_fail_why(struct hc_call *call, const struct hc_err *why, const char *member, struct hc_err *err)
{
	char what[HC_ERR_MSG_MAX + HC_ERR_HINT_MAX + 4];
	snprintf(what, sizeof what, "%s%s%s", why->msg, why->hint[0] ? "; " : "", why->hint);
	return hc_check_fail(call, what, member, err);
}

enum hc_code hc_check_s3(struct hc_call *call, const char *member, struct hc_str uri, struct hc_err *err)
{
	if (!uri.p || (hc_str_starts(uri, "s3://") && uri.n > 5 && uri.p[5] != '/' && !memchr(uri.p, '\0', uri.n)))
		return HC_OK;
	return hc_check_fail(call, "only s3://BUCKET/KEY is supported", member, err);
}

/* One of the parts between slashes is `..`. */
static bool goes_up(struct hc_str path)
{
	size_t start = 0;
	for (size_t i = 0; i <= path.n; i++) {
		if (i < path.n && path.p[i] != '/')
			continue;
		if (i - start == 2 && memcmp(path.p + start, "..", 2) == 0)
			return true;
		start = i + 1;
	}
	return false;
}

enum hc_code hc_check_local_path(struct hc_call *call, const char *member, struct hc_str path, struct hc_err *err)
{
	if (!path.p)
		return HC_OK;
	if (path.n == 0 || path.p[0] != '/' || goes_up(path) || memchr(path.p, '\0', path.n))
		return hc_check_fail(call, "the path must be absolute, without '..'", member, err);
	return HC_OK;
}

enum hc_code hc_check_environment(struct hc_call *call, const char *member, const json_t *environment,
				  struct hc_err *err)
{
	const char *key;
	json_t *value;
	/* jansson iterates over what it does not change; its macro wants it without const. */
	json_object_foreach((json_t *)environment, key, value)
	{
		struct hc_str text = {json_string_value(value), json_string_length(value)};
		if (memchr(text.p, '\0', text.n))
			return hc_check_fail(call, "a value holds a NUL", member, err);
		if (hc_own_check(hc_str(key), text, err) != HC_OK)
			return hc_check_fail_why(call, err, member, err);
	}
	return HC_OK;
}

static enum hc_code read_offset(struct hc_call *call, const char *member, const char *name, struct hc_str text,
				int64_t *out_us, struct hc_err *err)
{
	char path[MEMBER_MAX];
	*out_us = 0;
	if (!text.p || hc_duration_parse(text, out_us, err) == HC_OK)
		return HC_OK;
	snprintf(path, sizeof path, "%s.%s", member, name);
	return hc_check_fail_why(call, err, path, err);
}

enum hc_code hc_check_offsets(struct hc_call *call, const char *member, struct hc_str start, struct hc_str end,
			      struct hc_err *err)
{
	int64_t start_us, end_us;
	HC_TRY(read_offset(call, member, "StartTimeOffset", start, &start_us, err));
	HC_TRY(read_offset(call, member, "EndTimeOffset", end, &end_us, err));
	if (start.p && start_us > end_us)
		return hc_check_fail(call, "StartTimeOffset lies behind EndTimeOffset", member, err);
	return HC_OK;
}
