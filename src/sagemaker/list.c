#include "sagemaker/list.h"

/* A time of a filter; 0 means none there, so the epoch itself becomes the instant behind it. */
static int64_t time_of(const struct hc_call *call, const char *member)
{
	int64_t us = hc_tree_instant(call->in, member);
	return us == 0 && hc_tree_at(call->in, member) ? 1 : us;
}

static enum hc_resource_sort sort_of(struct hc_str name)
{
	if (hc_str_eq(name, HC_STR("Name")))
		return HC_SORT_NAME;
	if (hc_str_eq(name, HC_STR("Status")))
		return HC_SORT_STATUS;
	if (hc_str_eq(name, HC_STR("ScheduledTime")))
		return HC_SORT_SLOT;
	return HC_SORT_CREATED;
}

/* An empty text filters nothing. */
static struct hc_str text_of(const struct hc_call *call, const char *member)
{
	struct hc_str text = hc_tree_text(call->in, member);
	return text.n ? text : (struct hc_str){0};
}

struct hc_resource_filter hc_list_filter(const struct hc_call *call, enum hc_kind kind, size_t otherwise,
					 bool descending)
{
	struct hc_str order = text_of(call, "SortOrder");
	return (struct hc_resource_filter){
		.kind = kind,
		.name_contains = text_of(call, "NameContains"),
		.status = text_of(call, "StatusEquals"),
		.endpoint = text_of(call, "EndpointName"),
		.definition = text_of(call, "MonitoringJobDefinitionName"),
		.type = text_of(call, "MonitoringTypeEquals"),
		.created_before_us = time_of(call, "CreationTimeBefore"),
		.created_after_us = time_of(call, "CreationTimeAfter"),
		.modified_before_us = time_of(call, "LastModifiedTimeBefore"),
		.modified_after_us = time_of(call, "LastModifiedTimeAfter"),
		.slot_before_us = time_of(call, "ScheduledTimeBefore"),
		.slot_after_us = time_of(call, "ScheduledTimeAfter"),
		.sort = sort_of(text_of(call, "SortBy")),
		.descending = order.p ? hc_str_eq(order, HC_STR("Descending")) : descending,
		.limit = (size_t)hc_tree_int(call->in, "MaxResults", (int64_t)otherwise),
		.token = text_of(call, "NextToken"),
	};
}

void hc_list_after_or_at(struct hc_resource_filter *filter)
{
	if (filter->created_after_us)
		filter->created_after_us--;
	if (filter->modified_after_us)
		filter->modified_after_us--;
}

enum hc_code hc_list_bad_token(struct hc_call *call, struct hc_err *err)
{
	return hc_fault(call, err, 400, "ValidationException",
			"Invalid NextToken: %s gave none like it for this order of results.", call->operation->name);
}

enum hc_code hc_list_take_token(struct hc_call *call, char list, struct hc_str *token, struct hc_err *err)
{
	if (token->n == 0) {
		*token = (struct hc_str){NULL, 0};
		return HC_OK;
	}
	if (token->n < 2 || token->p[0] != list)
		return hc_list_bad_token(call, err);
	token->p++;
	token->n--;
	return HC_OK;
}

enum hc_code hc_list_put_token(struct hc_call *call, char list, struct hc_str next, struct hc_err *err)
{
	if (!next.p)
		return HC_OK;
	char *token = hc_arena_take(call->arena, next.n + 1);
	if (!token)
		return hc_fail_nomem(err, "a page of results");
	token[0] = list;
	memcpy(token + 1, next.p, next.n);
	return hc_tree_set_text(call->out, "NextToken", (struct hc_str){token, next.n + 1})
		       ? HC_OK
		       : hc_fail_nomem(err, "a page of results");
}

static char letter_of(enum hc_kind kind)
{
	return (char)('A' + kind);
}

/* One more summary at the end of a list. */
static bool add_summary(const struct hc_call *call, const struct hc_resource *r, hc_list_summary *summarise,
			json_t *list)
{
	json_t *summary = json_object();
	if (summary && summarise(call, r, summary))
		return json_array_append_new(list, summary) == 0;
	json_decref(summary);
	return false;
}

enum hc_code hc_list_page(struct hc_call *call, struct hc_db *db, const struct hc_resource_filter *filter,
			  const char *member, hc_list_summary *summarise, struct hc_err *err)
{
	struct hc_resources page = {0};
	struct hc_resource_filter f = *filter;
	HC_TRY(hc_list_take_token(call, letter_of(f.kind), &f.token, err));
	enum hc_code code = hc_resource_list(db, &f, call->arena, &page, err);
	if (code == HC_USAGE)
		return hc_list_bad_token(call, err);
	HC_TRY(code);
	json_t *list = json_array();
	bool done = list != NULL;
	for (size_t i = 0; i < page.n && done; i++)
		done = add_summary(call, &page.list[i], summarise, list);
	if (!done) {
		json_decref(list);
		return hc_fail_nomem(err, "a page of results");
	}
	if (!hc_tree_set(call->out, member, list))
		return hc_fail_nomem(err, "a page of results");
	return hc_list_put_token(call, letter_of(f.kind), page.next, err);
}
