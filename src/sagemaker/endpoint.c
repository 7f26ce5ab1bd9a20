/*
 * Endpoint configurations and endpoints: registrations, by which a monitor finds where an endpoint's captures lie. An endpoint is
 * in service as soon as it is created, so the clients' waiters see at their first look what they wait for.
 */
#include "sagemaker/check.h"
#include "sagemaker/common.h"
#include "sagemaker/handlers.h"
#include "sagemaker/list.h"

/* Names of variants are used once, and their models are there. */
static enum hc_code check_variants(struct hc_call *call, struct hc_db *db, const char *member, struct hc_err *err)
{
	const json_t *variants = hc_tree_at(call->in, member);
	for (size_t i = 0; i < json_array_size(variants); i++) {
		struct hc_resource model_found;
		const json_t *variant = json_array_get(variants, i);
		struct hc_str name = hc_tree_text(variant, "VariantName");
		struct hc_str model = hc_tree_text(variant, "ModelName");
		for (size_t j = 0; j < i; j++)
			if (hc_str_eq(hc_tree_text(json_array_get(variants, j), "VariantName"), name))
				return hc_fault(call, err, 400, "ValidationException",
						"The names of %s must be unique: \"%.*s\".", member, HC_STR_ARG(name));
		if (model.p)
			HC_TRY(hc_common_find(call, db, HC_KIND_MODEL, model, &model_found, err));
	}
	return HC_OK;
}

enum hc_code hc_create_endpoint_config(struct hc_call *call, struct hc_db *db, struct hc_err *err)
{
	struct hc_resource r = {.kind = HC_KIND_ENDPOINT_CONFIG, .name = hc_tree_text(call->in, "EndpointConfigName")};
	HC_TRY(check_variants(call, db, "ProductionVariants", err));
	HC_TRY(check_variants(call, db, "ShadowProductionVariants", err));
	HC_TRY(hc_check_s3(call, "DataCaptureConfig.DestinationS3Uri",
			   hc_tree_text(call->in, "DataCaptureConfig.DestinationS3Uri"), err));
	HC_TRY(hc_common_create(call, db, &r, err));
	return hc_common_answer(call, "EndpointConfigArn", r.arn, err);
}

enum hc_code hc_describe_endpoint_config(struct hc_call *call, struct hc_db *db, struct hc_err *err)
{
	struct hc_resource r;
	HC_TRY(hc_common_find(call, db, HC_KIND_ENDPOINT_CONFIG, hc_tree_text(call->in, "EndpointConfigName"), &r,
			      err));
	return hc_common_describe(call, &r, "EndpointConfigArn", err);
}

enum hc_code hc_delete_endpoint_config(struct hc_call *call, struct hc_db *db, struct hc_err *err)
{
	return hc_common_delete(call, db, HC_KIND_ENDPOINT_CONFIG, hc_tree_text(call->in, "EndpointConfigName"), err);
}

static bool summarise_config(const struct hc_call *call, const struct hc_resource *r, json_t *summary)
{
	(void)call;
	return hc_tree_set_text(summary, "EndpointConfigName", r->name) &&
	       hc_tree_set_text(summary, "EndpointConfigArn", r->arn) &&
	       hc_tree_set_instant(summary, "CreationTime", r->created_us);
}

enum hc_code hc_list_endpoint_configs(struct hc_call *call, struct hc_db *db, struct hc_err *err)
{
	struct hc_resource_filter filter = hc_list_filter(call, HC_KIND_ENDPOINT_CONFIG, HC_LIST_DEFAULT, true);
	hc_list_after_or_at(&filter);
	return hc_list_page(call, db, &filter, "EndpointConfigs", summarise_config, err);
}

/* Sets a member to a value that stays the tree's it is borrowed from; NULL sets nothing. */
static bool set_borrowed(json_t *object, const char *key, json_t *value)
{
	return !value || hc_tree_set(object, key, json_incref(value));
}

/* What a variant of a configuration looks like in an endpoint. */
static bool describe_variant(json_t *variant, json_t *out)
{
	json_t *weight = hc_tree_at(variant, "InitialVariantWeight");
	json_t *count = hc_tree_at(variant, "InitialInstanceCount");
	json_t *serverless = hc_tree_at(variant, "ServerlessConfig");
	json_t *one = weight ? json_incref(weight) : json_real(1);
	bool done = one != NULL && set_borrowed(out, "VariantName", hc_tree_at(variant, "VariantName")) &&
		    set_borrowed(out, "CurrentWeight", one) && set_borrowed(out, "DesiredWeight", one) &&
		    set_borrowed(out, "CurrentInstanceCount", count) &&
		    set_borrowed(out, "DesiredInstanceCount", count) &&
		    set_borrowed(out, "CurrentServerlessConfig", serverless) &&
		    set_borrowed(out, "DesiredServerlessConfig", serverless) &&
		    set_borrowed(out, "ManagedInstanceScaling", hc_tree_at(variant, "ManagedInstanceScaling")) &&
		    set_borrowed(out, "RoutingConfig", hc_tree_at(variant, "RoutingConfig"));
	json_decref(one);
	return done;
}

static bool describe_variants(const json_t *config, const char *member, json_t *detail)
{
	const json_t *variants = hc_tree_at(config, member);
	if (!variants)
		return true;
	json_t *list = json_array();
	bool done = list != NULL;
	for (size_t i = 0; i < json_array_size(variants) && done; i++) {
		json_t *one = json_object();
		done = one && describe_variant(json_array_get(variants, i), one) && json_array_append(list, one) == 0;
		json_decref(one);
	}
	done = done && hc_tree_set(detail, member, json_incref(list));
	json_decref(list);
	return done;
}

/* What an endpoint takes over from its configuration. */
static bool take_config(const json_t *config, json_t *detail)
{
	static const char *const members[] = {"DataCaptureConfig", "AsyncInferenceConfig", "ExplainerConfig",
					      "MetricsConfig"};
	bool done = describe_variants(config, "ProductionVariants", detail) &&
		    describe_variants(config, "ShadowProductionVariants", detail);
	for (size_t i = 0; i < sizeof members / sizeof *members && done; i++)
		done = set_borrowed(detail, members[i], hc_tree_at(config, members[i]));
	return done;
}

/* Whether UpdateEndpoint keeps a property of the variants as it is. */
static bool retains(const struct hc_call *call, const char *property)
{
	const json_t *excluded = hc_tree_at(call->in, "ExcludeRetainedVariantProperties");
	if (!hc_tree_bool(call->in, "RetainAllVariantProperties", false))
		return false;
	for (size_t i = 0; i < json_array_size(excluded); i++)
		if (hc_str_eq(hc_tree_text(json_array_get(excluded, i), "VariantPropertyType"), hc_str(property)))
			return false;
	return true;
}

/* The variant of the old detail with this name. */
static const json_t *find_variant(const json_t *before, struct hc_str name)
{
	const json_t *variants = hc_tree_at(before, "ProductionVariants");
	for (size_t i = 0; i < json_array_size(variants); i++)
		if (hc_str_eq(hc_tree_text(json_array_get(variants, i), "VariantName"), name))
			return json_array_get(variants, i);
	return NULL;
}

static bool retain_variant(const struct hc_call *call, const json_t *before, json_t *variant)
{
	static const struct {
		const char *property, *members[2];
	} kept[] = {{"DesiredWeight", {"CurrentWeight", "DesiredWeight"}},
		    {"DesiredInstanceCount", {"CurrentInstanceCount", "DesiredInstanceCount"}}};
	const json_t *old = find_variant(before, hc_tree_text(variant, "VariantName"));
	bool done = true;
	for (size_t i = 0; i < 2 && old; i++)
		for (size_t j = 0; j < 2 && done && retains(call, kept[i].property); j++)
			done = set_borrowed(variant, kept[i].members[j], hc_tree_at(old, kept[i].members[j]));
	return done;
}

/* Puts back into the new detail what is to be kept of the one before. */
static bool retain(const struct hc_call *call, const json_t *before, json_t *detail)
{
	const json_t *variants = hc_tree_at(detail, "ProductionVariants");
	bool done = true;
	for (size_t i = 0; i < json_array_size(variants) && done; i++)
		done = retain_variant(call, before, json_array_get(variants, i));
	if (done && retains(call, "DataCaptureConfig"))
		done = set_borrowed(detail, "DataCaptureConfig", hc_tree_at(before, "DataCaptureConfig"));
	return done;
}

/* The endpoint's new detail, from the configuration that the input names and, with an update, what it was before. */
static enum hc_code make_detail(struct hc_call *call, struct hc_db *db, const json_t *before, struct hc_resource *r,
				struct hc_err *err)
{
	struct hc_resource config;
	json_t *doc = NULL;
	HC_TRY(hc_common_find(call, db, HC_KIND_ENDPOINT_CONFIG, hc_tree_text(call->in, "EndpointConfigName"), &config,
			      err));
	HC_TRY(hc_common_parse(config.doc, &doc, err));
	json_t *detail = json_object();
	bool done = detail && take_config(doc, detail) && (!before || retain(call, before, detail));
	enum hc_code code = done ? hc_common_print(call, detail, &r->detail, err) : hc_fail_nomem(err, "an endpoint");
	r->definition = config.name;
	json_decref(detail);
	json_decref(doc);
	return code;
}

enum hc_code hc_create_endpoint(struct hc_call *call, struct hc_db *db, struct hc_err *err)
{
	struct hc_resource r = {.kind = HC_KIND_ENDPOINT,
				.name = hc_tree_text(call->in, "EndpointName"),
				.status = HC_STR("InService")};
	HC_TRY(make_detail(call, db, NULL, &r, err));
	HC_TRY(hc_common_create(call, db, &r, err));
	return hc_common_answer(call, "EndpointArn", r.arn, err);
}

/* The input of the update becomes the document; the deployment's settings stay when it says so. */
static enum hc_code update_doc(struct hc_call *call, const json_t *before, struct hc_resource *r, struct hc_err *err)
{
	json_t *doc = NULL;
	HC_TRY(hc_common_input(call, &doc, err));
	bool done = true;
	if (hc_tree_bool(call->in, "RetainDeploymentConfig", false) && !hc_tree_at(doc, "DeploymentConfig"))
		done = set_borrowed(doc, "DeploymentConfig", hc_tree_at(before, "DeploymentConfig"));
	enum hc_code code = done ? hc_common_print(call, doc, &r->doc, err) : hc_fail_nomem(err, "an endpoint");
	json_decref(doc);
	return code;
}

enum hc_code hc_update_endpoint(struct hc_call *call, struct hc_db *db, struct hc_err *err)
{
	struct hc_resource r;
	json_t *detail = NULL, *doc = NULL;
	HC_TRY(hc_common_find(call, db, HC_KIND_ENDPOINT, hc_tree_text(call->in, "EndpointName"), &r, err));
	HC_TRY(hc_common_parse(r.detail, &detail, err));
	enum hc_code code = hc_common_parse(r.doc, &doc, err);
	if (code == HC_OK)
		code = make_detail(call, db, detail, &r, err);
	if (code == HC_OK)
		code = update_doc(call, doc, &r, err);
	json_decref(detail);
	json_decref(doc);
	if (code != HC_OK)
		return code;
	r.modified_us = hc_common_now(call);
	r.revision++;
	HC_TRY(hc_resource_update(db, &r, err));
	return hc_common_answer(call, "EndpointArn", r.arn, err);
}

/* The shape wants a key id; without one it is empty. */
static bool describe_capture(const json_t *capture, json_t *out)
{
	bool on = hc_tree_bool(capture, "EnableCapture", true);
	return hc_tree_set(out, "EnableCapture", json_boolean(on)) &&
	       hc_tree_set_text(out, "CaptureStatus", hc_str(on ? "Started" : "Stopped")) &&
	       hc_tree_set_int(out, "CurrentSamplingPercentage",
			       hc_tree_int(capture, "InitialSamplingPercentage", 0)) &&
	       hc_tree_set_text(out, "DestinationS3Uri", hc_tree_text(capture, "DestinationS3Uri")) &&
	       hc_tree_set_text(out, "KmsKeyId", hc_str(hc_tree_cstring(capture, "KmsKeyId", "")));
}

/* The configuration's part of an endpoint, as Describe shows it. */
static bool describe_detail(const json_t *detail, json_t *out)
{
	const json_t *capture = hc_tree_at(detail, "DataCaptureConfig");
	if (!hc_tree_merge(out, detail))
		return false;
	if (!capture)
		return true;
	json_t *summary = json_object();
	bool done = summary && describe_capture(capture, summary) && set_borrowed(out, "DataCaptureConfig", summary);
	json_decref(summary);
	return done;
}

enum hc_code hc_describe_endpoint(struct hc_call *call, struct hc_db *db, struct hc_err *err)
{
	struct hc_resource r;
	json_t *detail = NULL, *doc = NULL;
	HC_TRY(hc_common_find(call, db, HC_KIND_ENDPOINT, hc_tree_text(call->in, "EndpointName"), &r, err));
	HC_TRY(hc_common_parse(r.detail, &detail, err));
	bool done = describe_detail(detail, call->out) && hc_tree_set_text(call->out, "EndpointName", r.name) &&
		    hc_tree_set_text(call->out, "EndpointArn", r.arn) &&
		    hc_tree_set_text(call->out, "EndpointConfigName", r.definition) &&
		    hc_tree_set_text(call->out, "EndpointStatus", r.status) &&
		    hc_tree_set_text(call->out, "FailureReason", r.failure) &&
		    hc_tree_set_instant(call->out, "CreationTime", r.created_us) &&
		    hc_tree_set_instant(call->out, "LastModifiedTime", r.modified_us);
	json_decref(detail);
	HC_TRY(hc_common_parse(r.doc, &doc, err));
	done = done && set_borrowed(call->out, "LastDeploymentConfig", hc_tree_at(doc, "DeploymentConfig"));
	json_decref(doc);
	return done ? HC_OK : hc_fail_nomem(err, "an endpoint");
}

enum hc_code hc_delete_endpoint(struct hc_call *call, struct hc_db *db, struct hc_err *err)
{
	return hc_common_delete(call, db, HC_KIND_ENDPOINT, hc_tree_text(call->in, "EndpointName"), err);
}

static bool summarise_endpoint(const struct hc_call *call, const struct hc_resource *r, json_t *summary)
{
	(void)call;
	return hc_tree_set_text(summary, "EndpointName", r->name) && hc_tree_set_text(summary, "EndpointArn", r->arn) &&
	       hc_tree_set_instant(summary, "CreationTime", r->created_us) &&
	       hc_tree_set_instant(summary, "LastModifiedTime", r->modified_us) &&
	       hc_tree_set_text(summary, "EndpointStatus", r->status);
}

enum hc_code hc_list_endpoints(struct hc_call *call, struct hc_db *db, struct hc_err *err)
{
	struct hc_resource_filter filter = hc_list_filter(call, HC_KIND_ENDPOINT, HC_LIST_DEFAULT, true);
	hc_list_after_or_at(&filter);
	return hc_list_page(call, db, &filter, "Endpoints", summarise_endpoint, err);
}
