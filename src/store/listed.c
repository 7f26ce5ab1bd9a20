#include "store/listed.h"

#include <limits.h>

#include "codec/json.h"
#include "sys/files.h"

bool hc_listed_is_output(struct hc_str path)
{
	if (path.n == 0 || path.p[0] == '/' || path.p[path.n - 1] == '/' || path.n >= HC_PATH_LEN_MAX / 2 ||
	    memchr(path.p, '\0', path.n))
		return false;
	bool first = true;
	while (path.n > 0) {
		const char *slash = memchr(path.p, '/', path.n);
		struct hc_str part = {path.p, slash ? (size_t)(slash - path.p) : path.n};
		if (part.n == 0 || part.n > NAME_MAX || hc_str_eq(part, HC_STR(".")) || hc_str_eq(part, HC_STR("..")) ||
		    (first && hc_str_eq(part, HC_STR(HC_STAGING_FOLDER))))
			return false;
		first = false;
		path.p += part.n + (slash != NULL);
		path.n -= part.n + (slash != NULL);
	}
	return true;
}

/* One element of "outputs". */
static enum hc_code take_output(struct hc_json *j, hc_listed_take *take, void *arg, struct hc_err *err)
{
	struct hc_json_key key;
	struct hc_json_value value;
	HC_BUF_SCOPED struct hc_buf scratch = HC_BUF(HC_PATH_LEN_MAX);
	if (!hc_json_enter_object(j))
		return HC_OK;
	while (hc_json_member(j, &key) && hc_json_value(j, &value)) {
		if (!hc_json_key_is(&key, "path") || value.type != HC_JSON_STRING)
			continue;
		hc_buf_reset(&scratch);
		struct hc_str path = hc_json_text(&value, &scratch);
		if (!scratch.failed && hc_listed_is_output(path))
			HC_TRY(take(arg, path, err));
	}
	return HC_OK;
}

enum hc_code hc_listed_outputs(struct hc_str manifest, hc_listed_take *take, void *arg, struct hc_err *err)
{
	struct hc_json j;
	struct hc_json_key key;
	struct hc_json_value value;
	bool ours = false;
	hc_json_open(&j, manifest);
	if (!hc_json_enter_object(&j))
		return HC_OK;
	while (hc_json_member(&j, &key)) {
		ours = ours || hc_json_key_is(&key, "hindcast");
		if (ours && hc_json_key_is(&key, "outputs") && hc_json_enter_array(&j)) {
			while (hc_json_element(&j))
				HC_TRY(take_output(&j, take, arg, err));
		} else if (!hc_json_value(&j, &value)) {
			break;
		}
	}
	return HC_OK;
}
