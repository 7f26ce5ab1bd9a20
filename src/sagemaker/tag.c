/*
 * Tags of whatever has an ARN.
 */
#include "sagemaker/common.h"
#include "sagemaker/handlers.h"
#include "sagemaker/list.h"

/* The ARN of the input, folded, of a resource that is there. */
static enum hc_code find_arn(struct hc_call *call, struct hc_db *db, struct hc_str *out, struct hc_err *err)
{
	struct hc_resource r;
	bool found = false;
	struct hc_str arn = hc_arena_copy(call->arena, hc_tree_text(call->in, "ResourceArn"));
	if (!arn.p)
		return hc_fail_nomem(err, "an ARN");
	for (char *c = (char *)(uintptr_t)arn.p; c < arn.p + arn.n; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	HC_TRY(hc_resource_get_arn(db, arn, call->arena, &r, &found, err));
	if (!found)
		return hc_common_missing_arn(call, arn, err);
	*out = arn;
	return HC_OK;
}

/* All tags of a resource into the answer. */
static enum hc_code answer_all(struct hc_call *call, struct hc_db *db, struct hc_str arn, struct hc_err *err)
{
	struct hc_tag *tags;
	size_t n;
	HC_TRY(hc_tags_get(db, arn, call->arena, &tags, &n, err));
	json_t *list = json_array();
	bool done = list != NULL;
	for (size_t i = 0; i < n && done; i++) {
		json_t *tag = json_object();
		done = tag && hc_tree_set_text(tag, "Key", tags[i].key) &&
		       hc_tree_set_text(tag, "Value", tags[i].value) && json_array_append(list, tag) == 0;
		json_decref(tag);
	}
	if (!done) {
		json_decref(list);
		return hc_fail_nomem(err, "tags");
	}
	return hc_tree_set(call->out, "Tags", list) ? HC_OK : hc_fail_nomem(err, "tags");
}

enum hc_code hc_add_tags(struct hc_call *call, struct hc_db *db, struct hc_err *err)
{
	struct hc_str arn = {0};
	HC_TRY(find_arn(call, db, &arn, err));
	HC_TRY(hc_common_tags(call, db, arn, hc_tree_at(call->in, "Tags"), err));
	return answer_all(call, db, arn, err);
}

/* One page holds all: a resource has at most HC_TAGS_MAX tags, and no smaller page can be asked for. So no token is one of ours. */
enum hc_code hc_list_tags(struct hc_call *call, struct hc_db *db, struct hc_err *err)
{
	struct hc_str arn = {0};
	_Static_assert((int)HC_TAGS_MAX <= (int)HC_LIST_TAGS_MIN, "the tags of a resource fit in the smallest page");
	if (hc_tree_text(call->in, "NextToken").n > 0)
		return hc_list_bad_token(call, err);
	HC_TRY(find_arn(call, db, &arn, err));
	return answer_all(call, db, arn, err);
}

enum hc_code hc_delete_tags(struct hc_call *call, struct hc_db *db, struct hc_err *err)
{
	struct hc_str arn = {0};
	const json_t *keys = hc_tree_at(call->in, "TagKeys");
	size_t n = json_array_size(keys);
	struct hc_str *list = hc_arena_take(call->arena, (n + 1) * sizeof *list);
	if (!list)
		return hc_fail_nomem(err, "keys of tags");
	for (size_t i = 0; i < n; i++) {
		const json_t *key = json_array_get(keys, i);
		list[i] = (struct hc_str){json_string_value(key), json_string_length(key)};
	}
	HC_TRY(find_arn(call, db, &arn, err));
	return hc_tags_remove(db, arn, list, n, err);
}
