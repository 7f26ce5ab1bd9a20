#include "sagemaker/common.h"

static const struct named {
	enum hc_kind kind;
	const char *arn_kind, *what;
	bool modelled; /* its operations model ResourceNotFound and ResourceInUse */
} kinds[] = {
	{HC_KIND_DEFINITION, "model-quality-job-definition", "model quality job definition", true},
	{HC_KIND_SCHEDULE, "monitoring-schedule", "monitoring schedule", true},
	{HC_KIND_EXECUTION, "monitoring-execution", "monitoring execution", true},
	{HC_KIND_JOB, "processing-job", "processing job", true},
	{HC_KIND_MODEL, "model", "model", false},
	{HC_KIND_ENDPOINT_CONFIG, "endpoint-config", "endpoint configuration", false},
	{HC_KIND_ENDPOINT, "endpoint", "endpoint", false},
	{HC_KIND_ALERT, "monitoring-schedule-alert", "monitoring alert", true},
};

static const struct named *named_of(enum hc_kind kind)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (kinds[i].kind == kind)
			return &kinds[i];
	assert(false);
	return NULL;
}

struct hc_str hc_common_arn(const struct hc_call *call, enum hc_kind kind, struct hc_str name)
{
	return hc_call_arn(call, "sagemaker", named_of(kind)->arn_kind, name);
}

enum hc_code hc_common_missing(struct hc_call *call, enum hc_kind kind, struct hc_str name, struct hc_err *err)
{
	const struct named *n = named_of(kind);
	struct hc_str arn = hc_common_arn(call, kind, name);
	return hc_fault(call, err, 400, n->modelled ? "ResourceNotFound" : "ValidationException",
			"Could not find %s \"%.*s\".", n->what, HC_STR_ARG(arn));
}

enum hc_code hc_common_missing_arn(struct hc_call *call, struct hc_str arn, struct hc_err *err)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		struct hc_str start = hc_call_arn(call, "sagemaker", kinds[i].arn_kind, HC_STR(""));
		if (!start.p)
			return hc_fail_nomem(err, "an ARN");
		if (hc_str_starts(arn, start.p))
			return hc_common_missing(call, kinds[i].kind, (struct hc_str){arn.p + start.n, arn.n - start.n},
						 err);
	}
	return hc_fault(call, err, 400, "ValidationException", "Could not find resource \"%.*s\".", HC_STR_ARG(arn));
}

enum hc_code hc_common_exists(struct hc_call *call, enum hc_kind kind, struct hc_str name, struct hc_err *err)
{
	const struct named *n = named_of(kind);
	struct hc_str arn = hc_common_arn(call, kind, name);
	if (n->modelled)
		return hc_fault(call, err, 400, "ResourceInUse", "Resource Already Exists: %.*s", HC_STR_ARG(arn));
	return hc_fault(call, err, 400, "ValidationException", "Cannot create already existing %s \"%.*s\".", n->what,
			HC_STR_ARG(arn));
}

enum hc_code hc_common_find(struct hc_call *call, struct hc_db *db, enum hc_kind kind, struct hc_str name,
			    struct hc_resource *out, struct hc_err *err)
{
	bool found = false;
	HC_TRY(hc_resource_get(db, kind, name, call->arena, out, &found, err));
	return found ? HC_OK : hc_common_missing(call, kind, name, err);
}

enum hc_code hc_common_input(struct hc_call *call, json_t **out, struct hc_err *err)
{
	json_t *doc = json_deep_copy(call->in);
	if (!doc)
		return hc_fail_nomem(err, "a document");
	json_object_del(doc, "Tags");
	*out = doc;
	return HC_OK;
}

enum hc_code hc_common_print(struct hc_call *call, const json_t *tree, struct hc_str *out, struct hc_err *err)
{
	struct hc_str text = hc_tree_print(tree, call->arena);
	if (!text.p)
		return hc_fail_nomem(err, "a document");
	*out = text;
	return HC_OK;
}

static enum hc_code doc_of_input(struct hc_call *call, struct hc_str *out, struct hc_err *err)
{
	json_t *doc = NULL;
	HC_TRY(hc_common_input(call, &doc, err));
	enum hc_code code = hc_common_print(call, doc, out, err);
	json_decref(doc);
	return code;
}

int64_t hc_common_now(const struct hc_call *call)
{
	return call->now_us - call->now_us % 1000;
}

enum hc_code hc_common_create(struct hc_call *call, struct hc_db *db, struct hc_resource *r, struct hc_err *err)
{
	r->arn = hc_common_arn(call, r->kind, r->name);
	if (!r->arn.p)
		return hc_fail_nomem(err, "an ARN");
	if (!r->doc.p)
		HC_TRY(doc_of_input(call, &r->doc, err));
	r->created_us = r->modified_us = hc_common_now(call);
	enum hc_code code = hc_resource_insert(db, r, err);
	if (code == HC_INPUT)
		return hc_common_exists(call, r->kind, r->name, err);
	if (code != HC_OK)
		return code;
	return hc_common_tags(call, db, r->arn, hc_tree_at(call->in, "Tags"), err);
}

enum hc_code hc_common_delete(struct hc_call *call, struct hc_db *db, enum hc_kind kind, struct hc_str name,
			      struct hc_err *err)
{
	struct hc_resource r;
	HC_TRY(hc_common_find(call, db, kind, name, &r, err));
	return hc_resource_delete(db, r.uid, err);
}

enum hc_code hc_common_parse(struct hc_str text, json_t **out, struct hc_err *err)
{
	json_t *tree = hc_tree_parse(text);
	if (json_is_object(tree)) {
		*out = tree;
		return HC_OK;
	}
	json_decref(tree);
	return hc_fail(err, HC_IO, "a document of the catalog is no JSON object");
}

enum hc_code hc_common_describe(struct hc_call *call, const struct hc_resource *r, const char *arn_member,
				struct hc_err *err)
{
	json_t *doc = NULL;
	HC_TRY(hc_common_parse(r->doc, &doc, err));
	bool done = hc_tree_merge(call->out, doc);
	json_decref(doc);
	done = done && hc_tree_set_text(call->out, arn_member, r->arn) &&
	       hc_tree_set_instant(call->out, "CreationTime", r->created_us);
	return done ? HC_OK : hc_fail_nomem(err, "a description");
}

enum hc_code hc_common_answer(struct hc_call *call, const char *member, struct hc_str text, struct hc_err *err)
{
	return hc_tree_set_text(call->out, member, text) ? HC_OK : hc_fail_nomem(err, "an answer");
}

/* The tags of an input as the catalog takes them. */
static enum hc_code read_tags(struct hc_call *call, const json_t *tags, struct hc_tag **out, struct hc_err *err)
{
	size_t n = json_array_size(tags);
	struct hc_tag *list = hc_arena_take(call->arena, (n + 1) * sizeof *list);
	if (!list)
		return hc_fail_nomem(err, "tags");
	for (size_t i = 0; i < n; i++) {
		const json_t *tag = json_array_get(tags, i);
		struct hc_tag t = {hc_tree_text(tag, "Key"), hc_tree_text(tag, "Value")};
		if (t.key.n >= 4 && hc_str_eq_nocase((struct hc_str){t.key.p, 4}, HC_STR("aws:")))
			return hc_fault(call, err, 400, "ValidationException",
					"Tag keys that start with 'aws:' are reserved: '%.*s'", HC_STR_ARG(t.key));
		for (size_t j = 0; j < i; j++)
			if (hc_str_eq(list[j].key, t.key))
				return hc_fault(call, err, 400, "ValidationException",
						"Duplicate tag keys are not allowed: '%.*s'", HC_STR_ARG(t.key));
		list[i] = t;
	}
	*out = list;
	return HC_OK;
}

static bool has_key(const struct hc_tag *tags, size_t n, struct hc_str key)
{
	for (size_t i = 0; i < n; i++)
		if (hc_str_eq(tags[i].key, key))
			return true;
	return false;
}

enum hc_code hc_common_tags(struct hc_call *call, struct hc_db *db, struct hc_str arn, const json_t *tags,
			    struct hc_err *err)
{
	struct hc_tag *added, *present;
	size_t n = json_array_size(tags), n_present, n_all;
	if (n == 0)
		return HC_OK;
	HC_TRY(read_tags(call, tags, &added, err));
	HC_TRY(hc_tags_get(db, arn, call->arena, &present, &n_present, err));
	n_all = n_present;
	for (size_t i = 0; i < n; i++)
		n_all += !has_key(present, n_present, added[i].key);
	if (n_all > HC_TAGS_MAX)
		return hc_fault(call, err, 400, "ResourceLimitExceeded",
				"A resource can have %d tags; \"%.*s\" would have %zu.", HC_TAGS_MAX, HC_STR_ARG(arn),
				n_all);
	return hc_tags_set(db, arn, added, n, err);
}
