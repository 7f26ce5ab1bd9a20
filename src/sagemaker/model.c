/*
 * Models: registrations. What they hold is stored and given back; nothing is pulled or loaded.
 */
#include "sagemaker/common.h"
#include "sagemaker/handlers.h"
#include "sagemaker/list.h"

enum hc_code hc_create_model(struct hc_call *call, struct hc_db *db, struct hc_err *err)
{
	struct hc_resource r = {.kind = HC_KIND_MODEL, .name = hc_tree_text(call->in, "ModelName")};
	if (hc_tree_at(call->in, "PrimaryContainer") && hc_tree_at(call->in, "Containers"))
		return hc_fault(call, err, 400, "ValidationException",
				"Only one of PrimaryContainer and Containers can be specified.");
	HC_TRY(hc_common_create(call, db, &r, err));
	return hc_common_answer(call, "ModelArn", r.arn, err);
}

enum hc_code hc_describe_model(struct hc_call *call, struct hc_db *db, struct hc_err *err)
{
	struct hc_resource r;
	HC_TRY(hc_common_find(call, db, HC_KIND_MODEL, hc_tree_text(call->in, "ModelName"), &r, err));
	return hc_common_describe(call, &r, "ModelArn", err);
}

enum hc_code hc_delete_model(struct hc_call *call, struct hc_db *db, struct hc_err *err)
{
	return hc_common_delete(call, db, HC_KIND_MODEL, hc_tree_text(call->in, "ModelName"), err);
}

static bool summarise(const struct hc_call *call, const struct hc_resource *r, json_t *summary)
{
	(void)call;
	return hc_tree_set_text(summary, "ModelName", r->name) && hc_tree_set_text(summary, "ModelArn", r->arn) &&
	       hc_tree_set_instant(summary, "CreationTime", r->created_us);
}

enum hc_code hc_list_models(struct hc_call *call, struct hc_db *db, struct hc_err *err)
{
	struct hc_resource_filter filter = hc_list_filter(call, HC_KIND_MODEL, HC_LIST_DEFAULT, true);
	hc_list_after_or_at(&filter);
	return hc_list_page(call, db, &filter, "Models", summarise, err);
}
